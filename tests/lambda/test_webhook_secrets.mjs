// Secrets of the webhook function: rotated in the middle of traffic, those of signatures and the database's
// login; and nothing of a secret or a person in any log, metric or response, whatever happens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SECRETS, WebhookCloud, orderId, payment, refund, shipping, sign } from '../support/webhook.mjs';
import { LocalToss, cancelled, depositCallback, payoutChanged, statusChanged, tossPayment } from '../support/webhook_toss.mjs';
import { FailingProxy } from '../support/tcp_proxy.mjs';

const short = ({ status, body }) => [status, body];

let one;
let toss;
let proxy;
before(async () => {
  toss = await LocalToss.start();
  one = await WebhookCloud.start({
    orders: 100, config: { concurrency: 3 },
    environment: { DB_SECRET_NAME: 'openmarket/test/proxied', TOSS_SECRET_NAME: 'openmarket/test/toss', TOSS_API_URL: toss.url, AWS_LAMBDA_LOG_LEVEL: 'TRACE' },
  });
  proxy = await FailingProxy.start(one.cloud.database.port);
  one.login = { ...one.cloud.database.secret, username: 'webhook', password: one.password, port: proxy.port };
  one.cloud.createSecret('openmarket/test/proxied', one.login);
  one.cloud.createSecret('openmarket/test/toss', { secretKey: SECRETS.toss_key });
});
after(async () => {
  await one?.stop();
  await proxy?.stop();
  await toss?.stop();
});

const secretOf = (more = {}) => ({
  platform: [SECRETS.platform], standard: [SECRETS.standard], toss: [SECRETS.toss], tossTokens: [SECRETS.token], internal: [SECRETS.internal], ...more,
});
const put = (name, value, stages) => one.cloud.secrets.call('PutSecretValue', { SecretId: name, SecretString: JSON.stringify(value), VersionStages: stages });

// Traffic of several senders until `done`; returns the responses that were not 200.
async function traffic(send, work) {
  const refused = [];
  let is_over = false;
  let count = 0;
  const senders = Array.from({ length: 3 }, async () => {
    while (!is_over) {
      const response = await send(count);
      count += 1;
      if (response.status !== 200) refused.push(response);
    }
  });
  const some = async (n = 12) => {
    const end = count + n;
    while (count < end) await new Promise((done) => setTimeout(done, 5));
  };
  try {
    await work(some);
  } finally {
    is_over = true;
    await Promise.all(senders);
  }
  return { refused, count };
}

test('a webhook secret is rotated in the middle of traffic without one refusal', async () => {
  const secrets = { platform: SECRETS.platform, standard: SECRETS.standard };
  const next = { platform: 'platform-secret-2', standard: `whsec_${Buffer.from('the-next-standard-secret-of-32-b').toString('base64')}` };
  const { refused, count } = await traffic((n) => {
    const scheme = n % 2 === 0 ? 'platform' : 'standard';
    return one.post(payment(1 + n % 5), { scheme, secret: secrets[scheme] });
  }, async (some) => {
    await some();
    put('openmarket/test/webhook', secretOf({ platform: [SECRETS.platform, next.platform], standard: [SECRETS.standard, next.standard] }));
    await some();
    secrets.platform = next.platform;
    await some();
    secrets.standard = next.standard;
    await some();
    put('openmarket/test/webhook', secretOf({ platform: [next.platform], standard: [next.standard] }));
    await some();
  });
  assert.deepEqual(refused.map(short), []);
  assert.ok(count >= 60, String(count));
  // Back to the first ones for the other tests, in the same way.
  put('openmarket/test/webhook', secretOf({ platform: [next.platform, SECRETS.platform] }));
  assert.equal((await one.post(payment(1))).status, 200);
});

test('a token of Toss\'s path is rotated without one refusal', async () => {
  const paid = toss.put(tossPayment(10));
  let token = SECRETS.token;
  const next = 'the-next-token-0123456789';
  const fresh = one.add({ environment: { TOSS_SECRET_NAME: 'openmarket/test/toss', TOSS_API_URL: toss.url }, concurrency: 3 });
  const url = await one.cloud.addUrl(fresh);
  const { refused } = await traffic(() => one.post(statusChanged(paid), { scheme: 'none', path: `/webhooks/toss/${token}`, url }), async (some) => {
    await some();
    put('openmarket/test/webhook', secretOf({ tossTokens: [SECRETS.token, next] }));
    token = next;
    await some();
    put('openmarket/test/webhook', secretOf({ tossTokens: [next] }));
    await some();
  });
  assert.deepEqual(refused.map(short), []);
  put('openmarket/test/webhook', secretOf({ tossTokens: [next, SECRETS.token] }));
});

test('the database\'s password is rotated as Secrets Manager does it, without one failure', async () => {
  const password = 'the-next-password-0123456789';
  const by_hand = 'a-password-by-hand-0123456789';
  const { refused } = await traffic((n) => one.post(payment(11 + n % 20)), async (some) => {
    const reconnect = async () => {
      proxy.cut();
      await some();
    };
    await some();
    const { VersionId: id } = put('openmarket/test/proxied', { ...one.login, password }, ['AWSPENDING']);
    await reconnect();
    await one.cloud.database.execute(`ALTER USER 'webhook'@'%' IDENTIFIED BY '${password}'`);
    await reconnect();
    const { VersionIdsToStages: stages } = one.cloud.secrets.call('DescribeSecret', { SecretId: 'openmarket/test/proxied' });
    const old = Object.keys(stages).find((version) => stages[version].includes('AWSCURRENT'));
    one.cloud.secrets.call('UpdateSecretVersionStage', { SecretId: 'openmarket/test/proxied', VersionStage: 'AWSCURRENT', RemoveFromVersionId: old, MoveToVersionId: id });
    await reconnect();
    // By hand, in one step: the version that is cached as the current one is refused, and so are the others.
    put('openmarket/test/proxied', { ...one.login, password: by_hand });
    await one.cloud.database.execute(`ALTER USER 'webhook'@'%' IDENTIFIED BY '${by_hand}'`);
    await reconnect();
  });
  // A connection that is cut in the middle of a COMMIT is asked about in the inbox, so even that is no failure.
  assert.deepEqual(refused.map(short), []);
  one.password = password;
  one.by_hand = by_hand;
});

test('no secret and no personal data in any log, metric or response', async () => {
  const canaries = [
    SECRETS.platform, SECRETS.standard, SECRETS.standard.slice(6), SECRETS.toss, SECRETS.token, SECRETS.internal.slice(6), SECRETS.toss_key, one.password, one.by_hand, one.login.password,
    Buffer.from(`${SECRETS.toss_key}:`).toString('base64'), 'the-next-token-0123456789',
    '고객', '@example.com', 'canary', '카나리아', 'ps_canary', one.handler.config.credentials.secretAccessKey, one.handler.config.credentials.sessionToken,
  ];
  const responses = [];
  const note = (response) => responses.push(`${response.status} ${JSON.stringify(response.headers)} ${response.body}`);
  const post = async (...args) => note(await one.post(...args));
  const secret = SECRETS.platform;
  const path = `/webhooks/toss/${SECRETS.token}`;
  const strange = { paymentMethod: '카나리아', transactionId: 'canary-1' };
  const all = async (i) => {
    await post(payment(i, strange), { secret });
    await post(payment(i, { ...strange, amount: 1 }), { secret });
    await post(payment(i, { orderId: 'canary-order' }), { secret });
    await post(payment(i, { paidAt: 'canary' }), { secret });
    await post(payment(i, { status: 'canary' }), { secret });
    await post(shipping(i, { trackingNumber: 'canary-2', carrier: '카나리아', location: 'canary@example.com' }), { secret });
    await post(refund(i, { reason: 'canary@example.com', refundId: 'canary-3' }), { secret });
    await post(refund(i, { refundId: 'canary-4', amount: 1e11 }), { secret });
    await post('{"canary":"canary', { secret, path: '/webhooks/payment' });
    await post(payment(i), { secret: 'canary' });
    await post(payment(i), { scheme: 'standard', id: 'canary.id' });
    await post(payment(i), { scheme: 'none', headers: { 'x-webhook-signature': 'canary' }, path: '/webhooks/payment' });
    await post(payment(i), { secret, path: '/webhooks/canary' });
    await post(payment(i), { secret, path: '/webhooks/toss/canary-token-012345678' });
    const paid = toss.put(tossPayment(i + 1, { secret: 'ps_canary', paymentKey: `canary-${i}`, method: '카나리아' }));
    await post(statusChanged(paid), { scheme: 'none', path });
    await post(depositCallback({ ...paid, secret: 'ps_canary_2' }), { scheme: 'none', path });
    toss.put(cancelled(i + 1, 2, 500, { secret: 'ps_canary', paymentKey: `canary-${i}` }));
    await post(statusChanged(paid), { scheme: 'none', path });
    await post(statusChanged(tossPayment(i, { paymentKey: 'canary-forged' })), { scheme: 'none', path });
    await post(payoutChanged(`canary-${i}`), { scheme: 'toss', path });
    await post(payoutChanged(`canary-${i}`), { scheme: 'toss', secret: 'canary', path });
    await post(JSON.stringify(paid), { scheme: 'internal', path: '/webhooks/toss-confirmed' });
    note(await one.send('/webhooks/payment?canary=canary', 'canary', { headers: { 'x-canary': 'canary', cookie: 'canary=canary', 'user-agent': 'canary' } }));
  };
  await all(50);
  for (const [index, spoil] of [
    () => one.cloud.front.faults.add({ service: 'sqs', action: 'status', status: 500, times: -1 }),
    () => one.cloud.front.faults.add({ service: 'sqs', action: 'corrupt', times: -1 }),
    () => (proxy.mode = 'refuse', proxy.cut()),
    () => (toss.fail = 500),
    () => (toss.fail = 401),
    // A platform whose data does not fit: the mail cannot be made, the row cannot be stored.
    () => one.query("UPDATE users SET email = CONCAT('canary', id, '@@example.com'), name = '카나리아'"),
    () => one.query("SET sql_mode = ''; ALTER TABLE order_states MODIFY payment_method VARCHAR(2) NULL"),
    () => one.query('REVOKE INSERT ON order_history FROM webhook').catch(() => {}),
    () => one.query('DROP TABLE order_refunds'),
  ].entries()) {
    await spoil();
    await all(60 + 2 * index);
    one.cloud.front.faults.clear();
    proxy.mode = 'open';
    toss.fail = null;
  }
  await one.sweep();
  const lines = [...one.cloud.functions.values()].flatMap(({ log }) => log);
  assert.ok(lines.length > 800 && responses.length > 200, `${lines.length} lines, ${responses.length} responses`);
  const seen = new Set(responses.map((response) => response.slice(0, 3)));
  for (const status of ['200', '400', '401', '404', '409', '500']) assert.ok(seen.has(status), `${status} in ${[...seen]}`);
  for (const canary of canaries) {
    for (const text of [...lines, ...responses]) assert.ok(!text.includes(canary), `${canary} in ${text}`);
  }
  for (const i of [50, 60, 65]) for (const text of responses) assert.ok(!text.includes(orderId(i)), text);
});
