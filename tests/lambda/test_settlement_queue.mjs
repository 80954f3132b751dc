// The settlement function with its queue: the schedule plans and sends batches, the batches make the reports,
// the last one closes the run, once. Batches delivered twice and at once, stale, malformed and dead-lettered;
// mails that the queue refuses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { metrics } from '../support/email.mjs';
import { until } from '../support/lambda.mjs';
import { MONTHLY, SettlementCloud, expectedFigures, keyOf } from '../support/settlement.mjs';

const SELLERS = 25;
const ORDERS = 2;
let one;
before(async () => (one = await SettlementCloud.start({ sellers: SELLERS, orders: ORDERS, queue: true, environment: { SETTLEMENT_BATCH_SELLERS: '10' }, config: { concurrency: 3 } })));
after(() => one?.stop());

const ids = Array.from({ length: SELLERS }, (_, i) => String(i + 1));
const closings = (target = one.handler) => one.lines(target, 'run');
const takeBatches = async () => {
  const bodies = one.queued('batches');
  await one.cloud.sqs.call('PurgeQueue', { QueueUrl: one.queue.url });
  return bodies;
};
const invoke = async (event, target = one.handler) => {
  const result = await target.invoke(event);
  assert.ok(!result.error, `${JSON.stringify(event)}: ${result.raw}\n${target.log.slice(-10).join('\n')}`);
  return result.payload;
};
const DONE = { batchItemFailures: [] };

test('a schedule plans, its batches make every report, and the run is closed once', async () => {
  const planned = await invoke(MONTHLY);
  assert.deepEqual([planned.status, planned.reportType, planned.period, planned.sellers, planned.batches], ['planned', 'monthly', '2025-10', SELLERS, 3]);
  assert.deepEqual(await one.run(planned.runId), ['running', SELLERS, SELLERS, 0]);
  // The schedule's event comes twice: nothing is planned anew, and the batches are sent again.
  const again = await invoke(MONTHLY);
  assert.deepEqual([again.runId, again.generation, again.batches], [planned.runId, 1, 3]);
  const mapping = one.cloud.mapQueue(one.queue, one.handler, { batch_size: 2, pollers: 3 });
  await until(async () => (await one.run(planned.runId))[0] === 'closed', 'the run is closed');
  await mapping.settle();
  await mapping.stop();
  one.cloud.mappings.pop();
  assert.deepEqual(await one.run(planned.runId), ['closed', SELLERS, 0, 0]);
  assert.deepEqual(one.mailIds(), ids.map((id) => `settlement-${planned.runId}-${id}-v1`).sort());
  assert.equal(closings().length, 1);
  assert.deepEqual([closings()[0].status, closings()[0].sellers, closings()[0].open], ['closed', SELLERS, 0]);
  const summary = one.json('settlements/monthly/2025-10-01/summary.json');
  assert.deepEqual([summary.counts.done, summary.totals.netWon], [SELLERS, SELLERS * expectedFigures(ORDERS).netWon]);
  assert.equal(Object.keys(one.objects()).length, 3 * SELLERS + 1);
  assert.equal(await one.count('settlement_versions'), SELLERS);
  // A result from the ledger alone.
  const done = await invoke(MONTHLY);
  assert.deepEqual([done.status, done.done, done.results.length], ['closed', SELLERS, SELLERS]);
  await one.forgetMails();
});

test('a batch delivered twice, one after the other and at once, does its work once', async () => {
  const { runId, batches } = await invoke({ reportType: 'daily', time: '2025-10-02T00:00:00Z' });
  assert.equal(batches, 3);
  const bodies = await takeBatches();
  const results = await Promise.all([bodies[0], bodies[0], bodies[0]].map((body) => one.handler.invoke(one.batchEvent(body))));
  // Who meets a seller that another one holds gives the message back.
  assert.ok(results.every(({ error }) => !error), results.map(({ raw }) => raw).join());
  for (const body of bodies) assert.deepEqual(await invoke(one.batchEvent(body)), DONE);
  assert.deepEqual(await one.run(runId), ['closed', SELLERS, 0, 0]);
  const before = [one.objects(), one.writes(), one.mailIds()];
  assert.equal(before[2].length, SELLERS);
  assert.equal(new Set(before[2]).size, SELLERS);
  for (const body of bodies) assert.deepEqual(await invoke(one.batchEvent(body)), DONE);
  assert.deepEqual([one.objects(), one.writes(), one.mailIds()], before);
  assert.equal(closings().filter(({ runId: id }) => id === runId).length, 1);
  await one.forgetMails();
});

test('batches of an earlier plan are left, malformed ones come again', async () => {
  const event = { reportType: 'daily', time: '2025-10-03T00:00:00Z' };
  const { runId } = await invoke(event);
  const old = await takeBatches();
  const rerun = await invoke({ reportType: 'daily', date: '2025-10-02', force: true });
  assert.deepEqual([rerun.runId, rerun.generation > 0], [runId, true]);
  const bodies = await takeBatches();
  const stale = { settlement: { ...old[0].settlement, generation: rerun.generation + 5 } };
  assert.deepEqual(await invoke(one.batchEvent(stale)), DONE);
  assert.deepEqual(await one.run(runId), ['running', SELLERS, SELLERS, 0]);
  const wrong = ['', '{', '{}', { settlement: { ...old[0].settlement, runId: 7 } }, { settlement: { ...old[0].settlement, upto: "1' OR 1=1" } },
    { settlement: { ...old[0].settlement, more: 1 } }, { settlement: { ...old[0].settlement, runId: '999999' } }];
  const { batchItemFailures } = await invoke(one.batchEvent(...wrong));
  assert.equal(batchItemFailures.length, wrong.length);
  for (const body of bodies) assert.deepEqual(await invoke(one.batchEvent(body)), DONE);
  assert.equal((await one.run(runId))[0], 'closed');
  await one.forgetMails();
});

test('a batch in the dead-letter queue: the closing schedule names it, and its redrive completes the run', async () => {
  const { runId } = await invoke({ reportType: 'daily', date: '2025-10-01', force: true });
  const bodies = await takeBatches();
  const [lost, ...others] = bodies;
  for (const body of others) assert.deepEqual(await invoke(one.batchEvent(body)), DONE);
  assert.deepEqual((await invoke({ task: 'close', time: '2025-10-02T06:00:00Z' })).runs, [], 'it is not overdue');
  await one.query(`UPDATE settlement_runs SET planned_at = planned_at - INTERVAL 7 HOUR WHERE run_id = ${runId}`);
  const result = await one.handler.invoke({ task: 'close' });
  const [ended] = result.payload.runs;
  assert.deepEqual([ended.runId, ended.status, ended.open], [runId, 'incomplete', 10]);
  assert.deepEqual(ended.openSellers, ids.toSorted().slice(0, 10));
  assert.deepEqual([metrics(result)['SettlementRuns/incomplete'], metrics(result).SettlementSellersOpen], [1, 10]);
  const line = one.lines(one.handler, 'run').at(-1);
  assert.deepEqual([line.level, line.status, line.openSellers.split(', ').length], ['ERROR', 'incomplete', 10]);
  const summary = () => one.json('settlements/daily/2025-10-01/summary.json');
  assert.deepEqual([summary().status, summary().counts.open], ['incomplete', 10]);
  assert.deepEqual((await invoke({ task: 'close' })).runs, [], 'once');
  assert.deepEqual(await invoke(one.batchEvent(lost)), DONE);
  assert.deepEqual(await one.run(runId), ['closed', SELLERS, 0, 0]);
  assert.deepEqual([summary().status, summary().counts.open], ['closed', 0]);
  await one.forgetMails();
});

// Moves what is in the dead-letter queue back, as the redrive of the console does.
async function redrive() {
  const { sqs } = one.cloud;
  const { Messages: messages = [] } = await sqs.call('ReceiveMessage', { QueueUrl: one.dead_queue.url, MaxNumberOfMessages: 10 });
  for (const { Body, ReceiptHandle } of messages) {
    await sqs.call('SendMessage', { QueueUrl: one.queue.url, MessageBody: Body });
    await sqs.call('DeleteMessage', { QueueUrl: one.dead_queue.url, ReceiptHandle });
  }
  return messages.length;
}

test('a batch that fails maxReceiveCount times is dead-lettered by the queue; redriven, it makes the run whole', async () => {
  const refusal = { service: 's3', operation: 'PutObject', key: 'seller-5.', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403 };
  one.cloud.front.faults.add({ ...refusal, times: -1 });
  const { runId, generation, batches } = await invoke({ reportType: 'daily', time: '2025-10-02T00:00:00Z', force: true });
  assert.equal(batches, 3);
  // One poller: on a slow machine another would be given a batch that is being worked on.
  const mapping = one.cloud.mapQueue(one.queue, one.handler, { batch_size: 1, pollers: 1 });
  await until(() => one.queued('batches-dead').length > 0, 'a batch is in the dead-letter queue');
  await mapping.settle();
  assert.equal(one.queued('batches').length, 0);
  const [dead, ...more] = one.queued('batches-dead');
  assert.equal(more.length, 0);
  assert.deepEqual([dead.settlement.runId, dead.settlement.after < '5', '5' <= dead.settlement.upto], [runId, true, true]);
  const tries = one.lines(one.handler, 'batch').filter((line) => line.runId === runId && line.generation === generation && line.outcome === 'sellers left');
  assert.deepEqual(tries.map(({ later }) => later), [1, 1, 1]);
  assert.deepEqual(await one.run(runId), ['running', SELLERS, 1, 0]);
  // Nobody comes again: the closing schedule ends the run and names the seller.
  await one.query(`UPDATE settlement_runs SET planned_at = planned_at - INTERVAL 7 HOUR WHERE run_id = ${runId}`);
  const [ended] = (await invoke({ task: 'close' })).runs;
  assert.deepEqual([ended.runId, ended.status, ended.openSellers], [runId, 'incomplete', ['5']]);
  assert.deepEqual([closings().at(-1).status, closings().at(-1).openSellers], ['incomplete', '5']);
  one.cloud.front.faults.clear();
  assert.equal(await redrive(), 1);
  await until(async () => (await one.run(runId))[0] === 'closed', 'the run is closed');
  await mapping.settle();
  await mapping.stop();
  one.cloud.mappings.pop();
  assert.deepEqual(await one.run(runId), ['closed', SELLERS, 0, 0]);
  const summary = one.json('settlements/daily/2025-10-01/summary.json');
  assert.deepEqual([summary.status, summary.counts], ['closed', { sellers: SELLERS, done: SELLERS, failed: 0, open: 0 }]);
  assert.deepEqual([one.queued('batches').length, one.queued('batches-dead').length], [0, 0]);
  assert.deepEqual([one.mailIds().length, new Set(one.mailIds()).size], [SELLERS, SELLERS]);
  await one.forgetMails();
});

test('a mail that the queue refuses stays due, and goes with the next delivery', async () => {
  const { runId, generation } = await invoke({ reportType: 'daily', date: '2025-10-01', force: true });
  const [body, ...others] = await takeBatches();
  one.cloud.front.faults.add({ service: 'sqs', operation: 'SendMessage', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403, times: 1, skip: 4 });
  const { batchItemFailures } = await invoke(one.batchEvent(body));
  one.cloud.front.faults.clear();
  assert.equal(batchItemFailures.length, 1);
  assert.equal(one.mailIds().length, 9);
  assert.equal(await one.count('settlement_reports', `run_id = ${runId} AND mail_due = 1`), 1);
  for (const next of [body, ...others]) assert.deepEqual(await invoke(one.batchEvent(next)), DONE);
  assert.equal(await one.count('settlement_reports', `run_id = ${runId} AND mail_due = 1`), 0);
  assert.equal(new Set(one.mailIds()).size, SELLERS);
  assert.equal(one.mailIds().length, SELLERS);
  assert.equal(generation > 1, true);
  assert.ok(keyOf(1, 'v2.csv', 'daily/2025-10-01') in one.objects());
  await one.forgetMails();
});

// More in a row than a batch stops after: such a mail is refused whenever it is sent.
test('mails refused for their content are named and given up, and stop no batch', async () => {
  const { runId } = await invoke({ reportType: 'daily', date: '2025-10-01', force: true });
  const [body, ...others] = await takeBatches();
  const codes = ['InvalidMessageContents', 'InvalidParameterValueException', 'InvalidMessageContents', 'InvalidMessageContents'];
  for (const code of codes) one.cloud.front.faults.add({ service: 'sqs', operation: 'SendMessage', action: 'refuse', code, times: 1 });
  const result = await one.handler.invoke(one.batchEvent(body));
  assert.deepEqual(result.payload, DONE);
  assert.equal(metrics(result).SettlementMailsNotMade, codes.length);
  assert.equal(metrics(result).SettlementMails, 10 - codes.length);
  const refused = one.lines(one.handler, 'the queue refuses a mail').map(({ level, sellerId, code }) => [level, sellerId, code]);
  assert.deepEqual(refused, codes.map((code, i) => ['ERROR', ids.toSorted()[i], code]));
  assert.equal(await one.count('settlement_reports', `run_id = ${runId} AND mail_due = 1`), 0);
  for (const next of [body, ...others]) assert.deepEqual(await invoke(one.batchEvent(next)), DONE);
  assert.deepEqual(await one.run(runId), ['closed', SELLERS, 0, 0]);
  assert.equal(one.mailIds().length, SELLERS - codes.length);
  // By hand it goes, once the reason is gone.
  const forced = await invoke({ reportType: 'daily', date: '2025-10-01', sellerId: refused[0][1], force: true });
  assert.equal(forced.outcome, 'made');
  assert.equal(one.mailIds().filter((id) => id.startsWith(`settlement-${runId}-${refused[0][1]}-`)).length, 1);
  await one.forgetMails();
});

test('the queue refuses a batch: the event fails, comes again, and nothing is planned twice', async () => {
  const event = { reportType: 'weekly', time: '2025-10-06T00:00:00Z' };
  one.cloud.front.faults.add({ service: 'sqs', operation: 'SendMessageBatch', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403, times: 1 });
  const failed = await one.handler.invoke(event);
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Settlement.ACCESS_DENIED']);
  const { generation, batches } = await invoke(event);
  assert.deepEqual([generation, batches], [1, 3]);
  for (const body of await takeBatches()) assert.deepEqual(await invoke(one.batchEvent(body)), DONE);
});
