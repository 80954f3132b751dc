// 240 webhooks by four senders at once: all stored, their mails sent, memory flat. And the prices in the
// function's README follow from the times that stand beside them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runLoad, runStarts, runTimed } from '../../lambda/webhook_load.mjs';
import { ORIGINAL_USD, WEBHOOKS, billedMs, webhookPrices } from '../../lambda/webhook_prices.mjs';
import { TOP } from '../support/lambda.mjs';

// Of a warm process, in which every kind of event has been stored.
const MAX_GROWTH_KIB = 256;
const MAX_PEAK_KIB = 24 * 1024;
// Begin and commit, the inbox, the order, its states, the history; the parcel or refund; the platform's
// procedure; the mail's contents, the outbox, and what marks it sent. A statement that is prepared for the
// first time takes another round trip.
const MOST = { 'payment completed': [9, 13], 'shipping in_transit': [10, 15], 'shipping delivered': [5, 8], 'refund completed': [6, 9], 'payment completed, repeated': [1, 3] };

let load;

test('240 webhooks of 60 orders, four at once: all stored, each mail sent', async (t) => {
  load = await runLoad({ orders: 60, steps: [20, 60] });
  assert.deepEqual([load.events, load.stored, load.mails], [240, 240, 120]);
  t.diagnostic(`${load.second} a second, p50 ${load.p50} ms, p99 ${load.p99} ms, peak ${(load.peak_kib / 1024).toFixed(1)} MB`);
});

test('memory stays as it is from webhook 80 to 240, and below 24 MB', () => {
  const [first, last] = load.rss_kib;
  assert.ok(last.kib - first.kib <= MAX_GROWTH_KIB, `${first.kib} KiB, ${last.kib} KiB`);
  assert.ok(load.peak_kib < MAX_PEAK_KIB, `${load.peak_kib} KiB`);
});

test('no event takes more statements and round trips than are counted in README.md', async () => {
  const rows = await runTimed({ orders: 3 });
  for (const { event, statements, round_trips, database_ms } of rows) {
    const [most_statements, most_round_trips] = MOST[event];
    assert.ok(statements <= most_statements && round_trips <= most_round_trips, `${event}: ${statements} statements, ${round_trips} round trips`);
    assert.ok(database_ms > 0, event);
  }
  assert.deepEqual(rows.map(({ event }) => event), Object.keys(MOST));
});

test('a start, and the first webhook with all connections', async (t) => {
  const { init_ms, first_ms, warm_ms } = await runStarts({ starts: 3 });
  assert.ok(init_ms > 0 && first_ms > 0 && warm_ms > 0);
  t.diagnostic(`start ${init_ms.toFixed(1)} ms, first ${first_ms.toFixed(1)} ms, second ${warm_ms.toFixed(1)} ms`);
});

test('the README\'s table of costs', () => {
  const readme = readFileSync(join(TOP, 'lambda/handlers/webhook/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| (\d+) \| (\d+) \| ([\d.]+) \| (\d+) \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \| (\d+) \| (\$.*) \|$/gm)];
  assert.deepEqual(rows.map(([, memory]) => memory), ['128', '256', '512']);
  const usd = (value) => `$${value.toFixed(3)}`;
  for (const [, memory, cold, warm, round_trips, mails, billed, log_bytes, prices] of rows) {
    const measured = { cold_ms: Number(cold), warm_ms: Number(warm), round_trips: Number(round_trips), mails: Number(mails), log_bytes: Number(log_bytes) };
    const [x86, arm] = ['x86_64', 'arm64'].map((machine) => webhookPrices(measured, Number(memory), machine));
    assert.equal(billed, (billedMs(measured) / WEBHOOKS).toFixed(1));
    assert.deepEqual(prices.split(' | '), [x86.lambda, arm.lambda, x86.sqs, x86.logs, x86.together, arm.together].map(usd), `${memory} MB`);
  }
  assert.ok(readme.includes(`$${ORIGINAL_USD.toFixed(2)}`));
});
