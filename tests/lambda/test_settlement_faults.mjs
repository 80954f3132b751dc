// The settlement function while what it needs is away, slow or short: what is not done is left, said, and done
// by the next invocation; nothing is done twice.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { metrics } from '../support/email.mjs';
import { FailingProxy } from '../support/tcp_proxy.mjs';
import { MONTHLY, SettlementCloud } from '../support/settlement.mjs';

const SELLERS = 8;
let one;
let proxy;
before(async () => {
  one = await SettlementCloud.start({ sellers: SELLERS, orders: 2 });
  proxy = await FailingProxy.start(one.cloud.database.port);
  one.cloud.createSecret('openmarket/test/proxied', { ...one.cloud.database.secret, username: 'settlement', password: one.password, port: proxy.port });
});
after(async () => {
  await one?.stop();
  await proxy?.stop();
});
afterEach(() => {
  proxy.mode = 'open';
  one.cloud.front.faults.clear();
});

const mailsOf = (run_id) => one.mailIds().filter((id) => id.startsWith(`settlement-${run_id}-`));

test('the deadline in the middle: the rest is left, and the next invocation finishes it', async () => {
  const target = one.add({ timeout_ms: 9000 });
  await target.invoke({ task: 'close' });
  one.cloud.front.faults.add({ service: 's3', operation: 'PutObject', key: 'seller-', action: 'delay', delay_ms: 1500, times: -1 });
  const first = await target.invoke(MONTHLY);
  assert.ok(!first.error, first.raw);
  const { status, left, done, runId } = first.payload;
  assert.equal(status, 'running');
  assert.ok(left > 0 && done > 0 && left + done === SELLERS, `${done} done, ${left} left`);
  assert.equal(first.payload.results.filter((seller) => seller.status === 'open').length, left);
  one.cloud.front.faults.clear();
  const second = await target.invoke(MONTHLY);
  assert.deepEqual([second.error, second.payload.status, second.payload.runId, second.payload.left], [false, 'closed', runId, 0]);
  assert.equal(metrics(second)['SettlementReports/made'], left);
  assert.deepEqual([new Set(mailsOf(runId)).size, mailsOf(runId).length], [SELLERS, SELLERS]);
});

test('S3 is away: the event fails after a few sellers, and its repetition finishes', async () => {
  const event = { reportType: 'weekly', time: '2025-10-06T00:00:00Z' };
  one.cloud.front.faults.add({ service: 's3', operation: 'PutObject', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403, times: -1 });
  const failed = await one.handler.invoke(event);
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Settlement.SERVER_ERROR']);
  assert.equal(metrics(failed)['SettlementsPostponed/ACCESS_DENIED'], 3);
  one.cloud.front.faults.clear();
  const { payload } = await one.handler.invoke(event);
  assert.deepEqual([payload.status, payload.done, payload.failed, payload.generation], ['closed', SELLERS, 0, 1]);
  assert.equal(mailsOf(payload.runId).length, SELLERS);
});

test('one seller has no luck: the others go on, and the run stays open for it', async () => {
  const event = { reportType: 'daily', time: '2025-10-02T00:00:00Z' };
  one.cloud.front.faults.add({ service: 's3', operation: 'PutObject', key: 'seller-5', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403, times: -1 });
  const { error, payload } = await one.handler.invoke(event);
  assert.deepEqual([error, payload.status, payload.done, payload.left], [false, 'running', SELLERS - 1, 1]);
  one.cloud.front.faults.clear();
  const again = await one.handler.invoke(event);
  assert.deepEqual([again.payload.status, again.payload.left], ['closed', 0]);
  assert.equal(mailsOf(payload.runId).length, SELLERS);
});

test('the summary cannot be written: the run stays open until it is', async () => {
  const event = { reportType: 'daily', time: '2025-10-03T00:00:00Z' };
  one.cloud.front.faults.add({ service: 's3', operation: 'PutObject', key: 'summary', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403, times: -1 });
  const failed = await one.handler.invoke(event);
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Settlement.ACCESS_DENIED']);
  one.cloud.front.faults.clear();
  const { payload } = await one.handler.invoke(event);
  assert.deepEqual([payload.status, payload.done], ['closed', SELLERS]);
  assert.equal(mailsOf(payload.runId).length, SELLERS);
});

test('the database refuses connections: the event fails with its reason', async () => {
  const target = one.add({ environment: { DB_SECRET_NAME: 'openmarket/test/proxied' } });
  proxy.mode = 'refuse';
  const event = { reportType: 'daily', time: '2025-10-04T00:00:00Z' };
  const failed = await target.invoke(event);
  assert.match(failed.payload.errorType, /^Settlement\.(CONNECT_FAILED|CONNECTION_LOST)$/);
  proxy.mode = 'open';
  assert.equal((await target.invoke(event)).error, false);
});

test('no secret and no text of a seller is in any log or result of all these faults', async () => {
  const logged = [...one.cloud.functions.values()].flatMap((target) => target.log).join('\n');
  assert.ok(logged.length > 10000);
  const { accessKeyId, secretAccessKey, sessionToken } = one.handler.config.credentials;
  for (const secret of [one.password, accessKeyId, secretAccessKey, sessionToken, 'Signature=', 'AWS4-HMAC', '@example.com']) {
    assert.ok(!logged.includes(secret), secret.slice(0, 6));
  }
});
