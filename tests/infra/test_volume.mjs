// The table of volumes in infra/README.md is the one that the measured times give.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { VOLUMES, volume, volumeTable, withTable } from '../../infra/volume.mjs';
import { TOP } from '../support/lambda.mjs';

const README = readFileSync(join(TOP, 'infra/README.md'), 'utf8');

test('the table of volumes is current', () => {
  assert.equal(withTable(README), README, 'run node infra/volume.mjs --write');
  assert.ok(README.includes(volumeTable()));
});

// The prices of a row of its table of triggers: of the notification, and of the rule.
function statedPrices(row) {
  const line = readFileSync(join(TOP, 'lambda/README.md'), 'utf8').split('\n').find((text) => text.startsWith(row));
  return [...line.slice(row.length).matchAll(/\| \**\$([0-9.]+)/g)].map(([, price]) => price);
}

test('10,000 images cost what lambda/README.md states', () => {
  const one = volume(VOLUMES[0]);
  assert.deepEqual([one.lambda_usd.toFixed(3), one.rule_usd.toFixed(3)], statedPrices('| **together**'));
  assert.equal(one.log_usd.toFixed(3), statedPrices('| log at')[0]);
});

test('costs and rates are proportional to the volume', () => {
  const [small, , large] = VOLUMES.map(volume);
  for (const key of ['lambda_usd', 's3_usd', 'peak', 'puts', 'at_once']) assert.ok(Math.abs(large[key] / small[key] - 1e4) < 1e-6, key);
});
