// A run of ten sellers, its statements counted, and the prices in the function's README, which follow from
// the times that stand beside them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runOnce } from '../../lambda/settlement_load.mjs';
import { ORIGINAL_USD, REPORTS, billedMs, settlementPrices } from '../../lambda/settlement_prices.mjs';
import { TOP } from '../support/lambda.mjs';

const SELLERS = 10;
const MAX_PEAK_KIB = 48 * 1024;
// Of a report with up to some hundred lines; the plan, the batch and the close.
const MOST_STATEMENTS_A_SELLER = 18;
const MOST_STATEMENTS_A_RUN = 12;

for (const has_queue of [true, false]) {
  test(`a month of ${SELLERS} sellers, ${has_queue ? 'through the queue' : 'without a queue'}`, async (t) => {
    const run = await runOnce({ sellers: SELLERS, lines: 2000, has_queue });
    t.diagnostic(`${run.lines} lines, ${run.seconds.toFixed(1)} s, ${run.statements} statements, peak ${(run.peak_kib / 1024).toFixed(1)} MB`);
    assert.deepEqual([run.sellers, run.made, run.failed], [SELLERS, SELLERS, 0]);
    assert.ok(run.statements <= SELLERS * MOST_STATEMENTS_A_SELLER + MOST_STATEMENTS_A_RUN, `${run.statements} statements`);
    assert.ok(run.peak_kib < MAX_PEAK_KIB, `${run.peak_kib} KiB`);
  });
}

test('the README\'s tables of costs', () => {
  const readme = readFileSync(join(TOP, 'lambda/handlers/settlement/README.md'), 'utf8');
  const runs = [...readme.matchAll(/^\| (\d+) \| (daily|weekly|monthly) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| [\d.]+ \| (\d+) \|$/gm)];
  assert.equal(runs.length, 3 * Object.keys(REPORTS).length);
  const measured = {};
  for (const [, memory, type, , ...cells] of runs) {
    const [invocations, run_ms, cold_starts, round_trips, puts, gets, sqs, log_bytes, billed] = cells.map(Number);
    const run = { invocations, run_ms, cold_starts, round_trips, puts, gets, sqs, sqs_requests: sqs, log_bytes };
    assert.equal(billedMs(run), billed, `${memory} MB, ${type}`);
    (measured[memory] ??= {})[type] = run;
  }
  const usd = (value) => `$${value.toFixed(3)}`;
  const prices = [...readme.matchAll(/^\| (\d+) \| (\$[\d.]+ \| .*) \|$/gm)];
  assert.deepEqual(prices.map(([, memory]) => memory), Object.keys(measured));
  for (const [, memory, cells] of prices) {
    const [x86, arm] = ['x86_64', 'arm64'].map((machine) => settlementPrices(measured[memory], Number(memory), machine));
    assert.deepEqual(cells.split(' | '), [x86.lambda, arm.lambda, x86.s3, x86.sqs, x86.logs, x86.together, arm.together].map(usd), `${memory} MB`);
  }
  assert.ok(readme.includes(`$${ORIGINAL_USD.toFixed(2)}`));
});
