// 200 mails through the queue in a row: none lost, none doubled, memory flat. And the prices in
// the function's README follow from the times that stand beside them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLoad } from '../../lambda/email_load.mjs';
import { BATCH, MAILS, ORIGINAL_USD, SES_USD, billedMs, emailPrices } from '../../lambda/email_prices.mjs';
import { EMAIL_SENDER, TOP } from '../support/lambda.mjs';

// Of a warm process, in which every kind of mail has been sent.
const MAX_GROWTH_KIB = 256;
const MAX_PEAK_KIB = 24 * 1024;

let load;

test('200 mails by Lambda\'s poller: none lost, none doubled, no dead letter', async (t) => {
  load = await runLoad({ command: EMAIL_SENDER, mails: 200, pollers: 1, steps: [50, 200] });
  assert.deepEqual([load.lost, load.doubled, load.dead], [0, 0, 0]);
  t.diagnostic(`${load.minute} mails a minute, peak ${(load.peak_kib / 1024).toFixed(1)} MB`);
});

test('memory stays as it is from mail 50 to 200, and below 24 MB', () => {
  const [first, last] = load.rss_kib;
  assert.ok(last.kib - first.kib <= MAX_GROWTH_KIB, `${first.kib} KiB, ${last.kib} KiB`);
  assert.ok(load.peak_kib < MAX_PEAK_KIB, `${load.peak_kib} KiB`);
});

test('the README\'s table of costs', () => {
  const readme = readFileSync(join(TOP, 'lambda/handlers/email/README.md'), 'utf8');
  const lines = readme.slice(readme.indexOf('| memory MB')).split('\n');
  const rows = lines.slice(2, lines.findIndex((line) => !line.startsWith('|'))).map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(rows.map(([memory]) => memory), ['128', '256']);
  const usd = (value) => `$${value.toFixed(3)}`;
  for (const [memory, cold, warm, , billed, bytes, ...prices] of rows) {
    const measured = { cold_ms: Number(cold), warm_ms: Number(warm), log_bytes: Number(bytes) };
    const [x86, arm] = ['x86_64', 'arm64'].map((machine) => emailPrices(measured, Number(memory), machine));
    assert.equal(billed, (billedMs(measured) / (MAILS / BATCH)).toFixed(0));
    assert.deepEqual(prices, [x86.lambda, arm.lambda, x86.sqs, x86.dynamodb, x86.logs, x86.together, arm.together].map(usd), `${memory} MB`);
  }
  assert.ok(readme.includes(`$${ORIGINAL_USD.toFixed(2)}`) && readme.includes(`$${SES_USD.toFixed(0)}`));
});
