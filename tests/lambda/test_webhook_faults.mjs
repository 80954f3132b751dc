// The webhook function while what it needs is away, slow, or breaks in the middle: the sender gets 500 in
// time and its next attempt succeeds; nothing is stored twice, and each mail has one messageId in the queue.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { metrics } from '../support/email.mjs';
import { until } from '../support/lambda.mjs';
import { SECRETS, WebhookCloud, orderId, payment, shipping, sign } from '../support/webhook.mjs';
import { LocalToss, statusChanged, tossPayment } from '../support/webhook_toss.mjs';
import { FailingProxy } from '../support/tcp_proxy.mjs';

const TRY_AGAIN = [500, '{"status":"try again"}'];
const OK = [200, '{"status":"ok"}'];
const short = ({ status, body }) => [status, body];

let one;
let proxy;
before(async () => {
  one = await WebhookCloud.start({ orders: 60 });
  proxy = await FailingProxy.start(one.cloud.database.port);
  one.cloud.createSecret('openmarket/test/proxied', { ...one.cloud.database.secret, username: 'webhook', password: one.password, port: proxy.port });
});
after(async () => {
  await one?.stop();
  await proxy?.stop();
});
afterEach(() => {
  proxy.mode = 'open';
  one.cloud.front.faults.clear();
});

// A function of its own behind the proxy, warm unless `cold`.
async function add({ cold = false, warm = 60, ...config } = {}) {
  const target = one.add({ environment: { DB_SECRET_NAME: 'openmarket/test/proxied', DB_CONNECT_TIMEOUT: '2s', ...config.environment }, ...Object.fromEntries(Object.entries(config).filter(([name]) => name !== 'environment')) });
  const url = await one.cloud.addUrl(target);
  if (!cold) assert.deepEqual(short(await one.post(payment(warm), { url })), OK);
  return { target, url };
}

async function timed(request) {
  const begin_ms = Date.now();
  return { ...(await request), took_ms: Date.now() - begin_ms };
}
const dueNow = () => one.query('UPDATE outbox SET claimed_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE sent_at IS NULL');
const payments = (i) => one.count('order_history', `order_id = '${orderId(i)}' AND subject = 'payment'`);

test('the database refuses connections: 500, and the next attempt is stored', async () => {
  for (const cold of [true, false]) {
    const i = cold ? 1 : 2;
    const { target, url } = await add({ cold });
    proxy.mode = 'refuse';
    proxy.cut();
    assert.deepEqual(short(await one.post(payment(i), { url })), TRY_AGAIN);
    assert.match(one.last(target).reason, /CONNECT_FAILED|CONNECTION_LOST/);
    proxy.mode = 'open';
    assert.deepEqual(short(await one.post(payment(i), { url })), OK);
    assert.equal(await payments(i), 1);
  }
});

// All at once, because each of them takes its time.
test('what is silent: each request ends within its limit, and its next attempt is stored', async (t) => {
  const toss = await LocalToss.start();
  const held = await FailingProxy.start(one.cloud.database.port);
  t.after(() => Promise.all([toss.stop(), held.stop()]));
  const { secrets, front } = one.cloud;
  const name = (what) => `openmarket/test/${what}`;
  one.cloud.createSecret(name('toss'), SECRETS.toss_key);
  one.cloud.createSecret(name('held'), { ...JSON.parse(secrets.call('GetSecretValue', { SecretId: name('proxied') }).SecretString), port: held.port });
  one.cloud.createSecret(name('silent'), SECRETS.platform);
  const DB_SECRET_NAME = name('held');
  const targets = {
    warm: await add({ environment: { DB_SECRET_NAME } }),
    cold: await add({ cold: true, environment: { DB_SECRET_NAME, DB_CONNECT_TIMEOUT: '30s' } }),
    hurried: await add({ timeout_ms: 2000, environment: { DB_SECRET_NAME } }),
    queue: await add(),
    keys: await add({ cold: true, environment: { WEBHOOK_SECRET_NAME: name('silent') } }),
    toss: await add({ environment: { TOSS_SECRET_NAME: name('toss'), TOSS_API_URL: toss.url } }),
  };
  await one.mails();
  held.mode = 'hold';
  toss.fail = 'hang';
  front.faults.add({ service: 'sqs', action: 'stall', times: -1 });
  front.faults.add({ service: 'secretsmanager', key: name('silent'), action: 'stall', times: -1 });
  const path = `/webhooks/toss/${SECRETS.token}`;
  const post = (key, i) => one.post(payment(i), { url: targets[key].url });
  const hint = () => one.post(statusChanged(tossPayment(8)), { scheme: 'none', path, url: targets.toss.url });
  const all = [['warm', 3, 8000], ['cold', 4, 8000], ['hurried', 5, 2000], ['queue', 6, 4000], ['keys', 7, 5000], ['toss', 8, 8000]];
  const responses = await Promise.all(all.map(([key, i]) => timed(key === 'toss' ? hint() : post(key, i))));
  responses.forEach((response, at) => {
    const [key, , limit_ms] = all[at];
    assert.deepEqual(short(response), key === 'queue' ? OK : TRY_AGAIN, key);
    assert.ok(response.took_ms < limit_ms, `${key}: ${response.took_ms} ms`);
  });
  front.faults.clear();
  held.mode = 'open';
  held.cut();
  toss.fail = null;
  toss.put(tossPayment(8));
  for (const [key, i] of all) {
    await until(async () => (await (key === 'toss' ? hint() : post(key, i))).status === 200, `${key} is stored`);
    assert.equal(await payments(i), 1, key);
  }
  await dueNow();
  await one.sweep();
  assert.deepEqual((await one.mails()).map(({ toEmail }) => toEmail).sort(), [3, 4, 5, 6, 7, 8].map((i) => `customer${i}@example.com`));
});

test('the queue took the mail and its response is lost: perhaps twice in the queue, with one messageId', async () => {
  const { url } = await add();
  await one.mails();
  one.cloud.front.faults.add({ service: 'sqs', action: 'reset', done: true, times: -1 });
  assert.deepEqual(short(await one.post(payment(14), { url })), OK);
  one.cloud.front.faults.clear();
  await dueNow();
  await one.sweep();
  const mails = await one.mails();
  assert.ok(mails.length >= 1);
  assert.deepEqual([...new Set(mails.map(({ messageId }) => messageId))].length, 1);
  assert.equal(await one.count('outbox', 'sent_at IS NULL'), 0);
});

test('a sweep while the queue is away fails, and reports how old the oldest mail is', async () => {
  const { url } = await add();
  one.cloud.front.faults.add({ service: 'sqs', action: 'status', status: 500, times: -1 });
  assert.deepEqual(short(await one.post(payment(15), { url })), OK);
  await one.query('UPDATE outbox SET claimed_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND, created_at = UTC_TIMESTAMP(6) - INTERVAL 100 SECOND WHERE sent_at IS NULL');
  const failed = await one.sweep();
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Webhook.SWEEP']);
  const { OutboxOldestSeconds: oldest, MailsFailed: count } = metrics(failed);
  assert.ok(oldest >= 100 && oldest < 160, String(oldest));
  assert.equal(count, 1);
  one.cloud.front.faults.clear();
  await dueNow();
  assert.equal((await one.sweep()).payload.sent, 1);
});

test('Secrets Manager is away at the first request: 500 without a connection; later requests need it no more', async () => {
  const connections = await one.connections();
  one.cloud.front.faults.add({ service: 'secretsmanager', key: 'openmarket/test/webhook', action: 'status', status: 500, times: -1 });
  const { target, url } = await add({ cold: true, environment: { AWS_MAX_ATTEMPTS: '1' } });
  for (const [path, headers] of [['/webhooks/payment', {}], ['/webhooks/payment', sign.platform(JSON.stringify(payment(9)))]]) {
    assert.deepEqual(short(await one.send(path, JSON.stringify(payment(9)), { url, headers })), TRY_AGAIN);
  }
  assert.equal((await one.send('/nothing', '', { url })).status, 404);
  assert.equal(one.lines(target)[0].reason, 'NO_KEYS');
  assert.equal(await one.connections(), connections);
  one.cloud.front.faults.clear();
  await until(async () => (await one.post(payment(9), { url })).status === 200, 'the secrets are read');
  one.cloud.front.faults.add({ service: 'secretsmanager', action: 'status', status: 500, times: -1 });
  assert.deepEqual(short(await one.post(shipping(9), { url })), OK);
  assert.equal((await one.send('/webhooks/payment', '{}', { url, headers: sign.platform('{}', { secret: 'wrong' }) })).status, 401);
});

test('the login cannot be read: 500, and the next attempt is stored', async () => {
  one.cloud.front.faults.add({ service: 'secretsmanager', key: 'openmarket/test/proxied', action: 'refuse', code: 'AccessDeniedException', times: -1 });
  const { target, url } = await add({ cold: true });
  assert.deepEqual(short(await one.post(payment(11), { url })), TRY_AGAIN);
  assert.match(one.last(target).detail, /AccessDeniedException/);
  one.cloud.front.faults.clear();
  assert.deepEqual(short(await one.post(payment(11), { url })), OK);
});
