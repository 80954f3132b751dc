// The prices in lambda/README.md follow from the times that stand beside them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { IMAGES, NODE_USD, billed, prices } from '../../lambda/prices.mjs';
import { TOP } from '../support/lambda.mjs';

const README = readFileSync(join(TOP, 'lambda/README.md'), 'utf8');
// The cells of the rows of the table whose head begins with these words.
function rowsOf(head) {
  const lines = README.slice(README.indexOf(`| ${head}`)).split('\n');
  const rows = lines.slice(2, lines.findIndex((line) => !line.startsWith('|')));
  return rows.map((line) => line.split('|').slice(1, -1).map((cell) => cell.replaceAll('**', '').trim()));
}
const usd = (value) => `$${value.toFixed(3)}`;
const measuredOf = ([, cold, warm, , , skip_cold, skip_warm]) => ({
  made: { cold_ms: Number(cold), warm_ms: Number(warm) },
  skip: { cold_ms: Number(skip_cold), warm_ms: Number(skip_warm) },
  notification: { invocations: 5, environments: 5 },
});

test('the table of memory sizes: billed times and prices', () => {
  const rows = rowsOf('memory MB').filter(([memory]) => /^\d+$/.test(memory));
  assert.deepEqual(rows.map(([memory]) => memory), ['128', '256', '512', '1024', '1769']);
  for (const row of rows) {
    const measured = measuredOf(row);
    const { made_ms, skip_ms, skips } = billed(measured);
    const [x86, arm] = ['x86_64', 'arm64'].map((machine) => usd(prices(measured, Number(row[0]), machine).notification));
    assert.deepEqual([row[4], row[7], row[8], row[9]], [(made_ms / IMAGES).toFixed(0), (skip_ms / skips).toFixed(1), x86, arm], `${row[0]} MB`);
  }
  assert.equal(rowsOf('memory MB').at(-1)[8], usd(NODE_USD));
});

test('the table of the triggers: every sum', () => {
  const measured = measuredOf(rowsOf('memory MB').find(([memory]) => memory === '256'));
  measured.made.log_bytes = 1175;
  measured.skip.log_bytes = 874;
  const price = prices(measured, 256, 'x86_64');
  const { cold_skips, skips } = billed(measured);
  const table = Object.fromEntries(rowsOf('10,000 uploads').map(([name, ...cells]) => [name.replace(/[:,].*| at \$.*/, ''), cells]));
  const both = (row, notification, rule) => assert.deepEqual(table[row], [notification, rule], row);
  both('invocations an upload', '5', '1');
  both('cold starts', (200 + cold_skips).toLocaleString('en'), '200');
  both('uploads', usd(price.made), usd(price.made));
  both('EventBridge', '', usd(price.events));
  both('together', usd(price.notification), usd(price.rule));
  both('log', usd(price.notification_logs), usd(price.rule_logs));
  both('together with the log', usd(price.notification + price.notification_logs), usd(price.rule + price.rule_logs));
  assert.match(README, new RegExp(`skips: ${skips.toLocaleString('en')} requests \\| \\${usd(price.skip_requests)} `));
  assert.match(README, new RegExp(`skips: compute \\| \\${usd(price.skip_compute)} `));
});

test('an environment that starts for a skip is billed once, its requests are all counted', () => {
  const measured = { made: { cold_ms: 99.5, warm_ms: 80 }, skip: { cold_ms: 30, warm_ms: 1 }, notification: { invocations: 5, environments: 5 } };
  assert.deepEqual(billed(measured), { made_ms: 200 * 220 + 9800 * 200, skip_ms: 800 * 30 + 39200, skips: 40000, cold_skips: 800 });
  const alone = { ...measured, notification: { invocations: 1, environments: 1 } };
  assert.deepEqual([billed(alone).skip_ms, prices(alone, 256, 'arm64').skip_requests], [0, 0]);
});
