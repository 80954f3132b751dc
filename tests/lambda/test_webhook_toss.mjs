// Toss's webhooks in the local cloud: hints that are confirmed by Toss's own API, here and by the twin outside
// of the VPC; events that Toss signs; what strangers who know the path can do.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { NO_HURRY } from '../support/lambda.mjs';
import { logs, metrics } from '../support/email.mjs';
import { SECRETS, WEBHOOK_HANDLER, WebhookCloud, orderId, payment, shipping, sign, totalOf } from '../support/webhook.mjs';
import { LocalToss, cancelled, depositCallback, payoutChanged, statusChanged, tossPayment } from '../support/webhook_toss.mjs';

const PATH = `/webhooks/toss/${SECRETS.token}`;
const OK = [200, '{"status":"ok"}'];
const short = ({ status, body }) => [status, body];

let one;
let toss;
before(async () => {
  toss = await LocalToss.start();
  one = await WebhookCloud.start({ orders: 40, environment: { TOSS_SECRET_NAME: 'openmarket/test/toss', TOSS_API_URL: toss.url } });
  one.cloud.createSecret('openmarket/test/toss', { secretKey: SECRETS.toss_key });
});
after(async () => {
  await one?.stop();
  await toss?.stop();
});
beforeEach(() => {
  toss.fail = null;
  toss.requests.length = 0;
});

const state = async (i) => (await one.query(`SELECT payment_state, paid_won, refunded_won FROM order_states WHERE order_id = '${orderId(i)}'`))[0];
const hint = (event, more = {}) => one.post(event, { scheme: 'none', path: PATH, ...more });

test('a hint is confirmed by Toss, stored once whichever event brings it, and owes one mail', async () => {
  const paid = toss.put(tossPayment(1));
  assert.deepEqual(short(await hint(statusChanged(paid))), OK, one.handler.log.slice(-8).join('\n'));
  assert.deepEqual([one.last().sender, one.last().event, one.last().outcome], ['toss', 'PAYMENT_STATUS_CHANGED', 'stored']);
  assert.deepEqual(await state(1), ['paid', String(totalOf(1)), '0']);
  assert.deepEqual(short(await hint(depositCallback(paid))), OK);
  assert.deepEqual([one.last().event, one.last().outcome], ['DEPOSIT_CALLBACK', 'repeated']);
  assert.deepEqual(toss.requests, ['GET /v1/payments/pk_1', `GET /v1/payments/orders/${orderId(1)}`]);
  assert.deepEqual((await one.mails()).map(({ template }) => template), ['ORDER_CONFIRMATION']);
  assert.deepEqual(await one.query(`SELECT sender, event_key FROM inbox WHERE order_id = '${orderId(1)}'`), [['toss', 'pk_1:DONE:TX-1']]);
});

test('what a hint says is not believed: only what Toss returns is stored', async () => {
  toss.put(tossPayment(2, { status: 'WAITING_FOR_DEPOSIT', approvedAt: null, lastTransactionKey: null }));
  assert.deepEqual(short(await hint(statusChanged(tossPayment(2)))), OK);
  assert.deepEqual(await state(2), ['pending', '0', '0']);
  toss.put(tossPayment(2));
  assert.deepEqual(short(await hint(depositCallback(tossPayment(2)))), OK);
  assert.deepEqual(await state(2), ['paid', String(totalOf(2)), '0']);
  await one.mails();
});

test('forged hints change nothing, are refused, and do not keep the real one out', async () => {
  const real = toss.put(tossPayment(3));
  const rows = await one.count('inbox');
  for (let n = 0; n < 12; n += 1) {
    for (const forged of [statusChanged(tossPayment(3, { paymentKey: `pk_forged_${n}` })), depositCallback({ ...real, secret: `guess_${n}` }), statusChanged({ ...real, secret: 'guess' }), statusChanged({ ...real, orderId: orderId(4) })]) {
      const response = await hint(forged);
      assert.deepEqual(short(response), [404, '{"status":"not found"}']);
      assert.equal(one.last().reason, 'TOSS_FORGED');
    }
  }
  assert.deepEqual([await one.count('inbox'), await state(3), await state(4)], [rows, undefined, undefined]);
  assert.deepEqual(short(await hint(statusChanged(real))), OK);
  assert.deepEqual(await state(3), ['paid', String(totalOf(3)), '0']);
  await one.mails();
});

test('another amount than the order\'s is a conflict', async () => {
  const wrong = toss.put(tossPayment(5, { totalAmount: totalOf(5) - 1, balanceAmount: totalOf(5) - 1 }));
  assert.deepEqual(short(await hint(statusChanged(wrong))), [409, '{"status":"conflict"}']);
  assert.equal(one.last().reason, 'AMOUNT_CONFLICT');
  assert.equal(await state(5), undefined);
});

test('cancellations are refunds, one for each transaction key', async () => {
  toss.put(tossPayment(6));
  assert.deepEqual(short(await hint(statusChanged(tossPayment(6)))), OK);
  for (const [n, refunded] of [[1, 1000], [3, 3000], [2, 3000]]) {
    const now = toss.put(cancelled(6, n, 1000));
    assert.deepEqual(short(await hint(statusChanged(now))), OK);
    assert.deepEqual(await state(6), ['paid', String(totalOf(6)), String(refunded)], String(n));
  }
  assert.equal(await one.count('order_refunds', `order_id = '${orderId(6)}' AND state = 'completed'`), 3);
  const all = toss.put(cancelled(8, 1, totalOf(8)));
  assert.deepEqual(short(await hint(statusChanged(all))), OK);
  assert.deepEqual(await state(8), ['cancelled', String(totalOf(8)), String(totalOf(8))]);
  await one.mails();
});

test('a hint that cannot be confirmed now is a 500, and nothing is stored until it can be', async () => {
  const paid = toss.put(tossPayment(9));
  toss.fail = 500;
  assert.deepEqual(short(await hint(statusChanged(paid))), [500, '{"status":"try again"}']);
  assert.equal(one.last().reason, 'TOSS_UNCONFIRMED');
  assert.equal(await state(9), undefined);
  toss.fail = null;
  assert.deepEqual(short(await hint(statusChanged(paid))), OK);
  assert.deepEqual(await state(9), ['paid', String(totalOf(9)), '0']);
  await one.mails();
});

test('a key that Toss refuses is read anew for the next hint', async () => {
  const fresh = one.add({ environment: { TOSS_SECRET_NAME: 'openmarket/test/toss-rotated', TOSS_API_URL: toss.url } });
  const url = await one.cloud.addUrl(fresh);
  one.cloud.createSecret('openmarket/test/toss-rotated', 'live_sk_old');
  const paid = toss.put(tossPayment(10));
  assert.equal((await hint(statusChanged(paid), { url })).status, 500);
  one.cloud.secrets.call('PutSecretValue', { SecretId: 'openmarket/test/toss-rotated', SecretString: SECRETS.toss_key });
  assert.deepEqual(short(await hint(statusChanged(paid), { url })), OK, fresh.log.slice(-8).join('\n'));
  await one.mails();
});

test('payouts are signed by Toss, whichever form of its key is the HMAC\'s', async () => {
  for (const [n, secret] of [[1, SECRETS.toss], [2, Buffer.from(SECRETS.toss, 'hex')]]) {
    assert.deepEqual(short(await one.post(payoutChanged(n, 'REQUESTED'), { scheme: 'toss', path: PATH, secret })), OK, one.last().reason);
    assert.deepEqual(short(await one.post(payoutChanged(n), { scheme: 'toss', path: PATH, secret })), OK);
    assert.deepEqual(short(await one.post(payoutChanged(n), { scheme: 'toss', path: PATH, secret })), OK);
    assert.equal(one.last().outcome, 'repeated');
    assert.deepEqual(await one.query(`SELECT state, amount_won FROM payouts WHERE payout_id = 'payout-${n}'`), [['paid', '125000']]);
  }
  assert.equal((await one.post(payoutChanged(1, 'FAILED'), { scheme: 'toss', path: PATH })).status, 409);
  for (const [scheme, options] of [['none'], ['toss', { secret: 'another' }], ['platform'], ['standard'], ['internal'], ['toss', { time: 'x'.repeat(41) }]]) {
    const response = await one.post(payoutChanged(3), { scheme, path: PATH, ...options });
    assert.deepEqual(short(response), [401, '{"status":"unauthorized"}'], scheme);
  }
  assert.equal(await one.count('payouts', "payout_id = 'payout-3'"), 0);
});

test('events that are of no use are answered with 200; what is no event, with 400; without the token, 404', async () => {
  const seller = { eventType: 'seller.changed', createdAt: '2026-02-01T12:04:06+09:00', eventId: 'evt-s', entityType: 'seller', entityBody: { id: 's-1', refSellerId: 'r-1', status: 'APPROVED' } };
  assert.deepEqual(short(await one.post(seller, { scheme: 'toss', path: PATH })), OK);
  assert.equal(one.last().outcome, 'ignored');
  assert.equal((await one.post(seller, { scheme: 'none', path: PATH })).status, 401);
  assert.deepEqual(short(await hint({ eventType: 'CUSTOMER_STATUS_CHANGED', createdAt: '2026-02-01T12:04:06.000000', data: {} })), OK);
  assert.deepEqual([one.last().outcome, one.last().event], ['ignored', null]);
  for (const body of ['{', '[]', '{}', '{"eventType":1}', JSON.stringify(statusChanged({}))]) {
    assert.equal((await hint(body)).status, 400, body);
  }
  for (const token of ['', SECRETS.token.slice(0, -1), `${SECRETS.token}0`, SECRETS.token.toUpperCase()]) {
    assert.equal((await hint(statusChanged(tossPayment(11)), { path: `/webhooks/toss/${token}` })).status, 404, token);
  }
  assert.deepEqual(toss.requests, []);
});

test('the reconciliation lists what Toss has and the webhooks have not, and changes nothing', async () => {
  one.cloud.createBucket('reports');
  const reconciler = one.add({ environment: { TOSS_SECRET_NAME: 'openmarket/test/toss', TOSS_API_URL: toss.url, REPORTS_BUCKET: 'reports' } });
  const on = { approvedAt: '2026-03-05T12:00:00+09:00' };
  const stored = toss.put(tossPayment(20, on));
  assert.deepEqual(short(await hint(statusChanged(stored))), OK);
  await one.mails();
  toss.list(stored, tossPayment(21, on), tossPayment(22, { approvedAt: '2026-03-04T12:00:00+09:00' }));
  const rows = [await one.count('order_states'), await one.count('inbox')];
  const result = await reconciler.invoke({ task: 'reconcile', time: '2026-03-05T17:00:00Z' });
  assert.equal(result.error, false, JSON.stringify(result.payload));
  assert.deepEqual(result.payload, { task: 'reconcile', date: '2026-03-05', payments: 2, refunds: 0, differences: { missing_here: 1, missing_at_toss: 0, different_amounts: 0 } });
  const counted = metrics(result);
  assert.deepEqual([counted.ReconciledPayments, counted['ReconciliationDifferences/missing_here']], [2, 1]);
  assert.ok(logs(result).some(({ level, message }) => level === 'WARN' && message.includes('differ')));
  const report = JSON.parse(one.cloud.s3.peek('reports', 'reconciliation/2026-03-05.json').body.toString());
  assert.ok(JSON.stringify(report).includes(orderId(21)) && !JSON.stringify(report).includes(orderId(20)));
  assert.deepEqual([await one.count('order_states'), await one.count('inbox')], rows);
  toss.fail = 500;
  const failed = await reconciler.invoke({ task: 'reconcile', time: '2026-03-05T17:00:00Z' });
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Webhook.RECONCILE']);
  const unset = await one.add().invoke({ task: 'reconcile', time: '2026-03-05T17:00:00Z' });
  assert.match(unset.payload.errorMessage, /TOSS_SECRET_NAME is not set/);
  await one.mails();
});

// ---------------------------------------------------------------------- the twin

async function addTwin({ confirmed_url }) {
  const queue = one.cloud.createQueue('hints', { VisibilityTimeout: '1' });
  const vpc = one.add({ environment: { TOSS_CONFIRM_QUEUE_URL: queue.url, TOSS_SECRET_NAME: null } });
  const url = await one.cloud.addUrl(vpc);
  const twin = one.cloud.addFunction({
    name: 'webhook-twin', vpc: vpc.config.name, command: WEBHOOK_HANDLER, memory_mb: 128, ...NO_HURRY,
    environment: {
      TOSS_CONFIRMED_URL: confirmed_url ?? `${url}webhooks/toss-confirmed`, TOSS_SECRET_NAME: 'openmarket/test/toss', TOSS_API_URL: toss.url,
      WEBHOOK_SECRET_NAME: 'openmarket/test/webhook',
    },
  });
  return { queue, vpc, url, twin, mapping: one.cloud.mapQueue(queue, twin) };
}

test('a function without a way out hands hints to its twin, and stores what that brings back', async () => {
  const { vpc, url, twin, mapping } = await addTwin({});
  const paid = toss.put(tossPayment(12));
  assert.deepEqual(short(await hint(statusChanged(paid), { url })), OK);
  assert.equal(one.last(vpc).outcome, 'queued');
  const forged = statusChanged(tossPayment(13, { paymentKey: 'pk_forged' }));
  assert.deepEqual(short(await hint(forged, { url })), OK);
  await mapping.settle();
  assert.deepEqual(await state(12), ['paid', String(totalOf(12)), '0'], twin.log.slice(-12).join('\n'));
  assert.equal(await state(13), undefined);
  assert.deepEqual([one.last(vpc).sender, one.last(vpc).event, one.last(vpc).outcome], ['internal', 'toss-confirmed', 'stored']);
  assert.deepEqual((await one.mails()).map(({ template, toEmail }) => [template, toEmail]), [['ORDER_CONFIRMATION', 'customer12@example.com']]);
  assert.deepEqual(one.lines(twin, 'hint').map(({ outcome }) => outcome).sort(), ['done', 'forged']);
  // Directly confirmed it would be the same event.
  assert.deepEqual(short(await hint(statusChanged(paid))), OK);
  assert.equal(one.last().outcome, 'repeated');
  // While Toss is away the message stays in the queue.
  toss.put(tossPayment(14));
  toss.fail = 503;
  assert.deepEqual(short(await hint(statusChanged(tossPayment(14)), { url })), OK);
  while (one.lines(twin, 'hint').length < 3) await new Promise((done) => setTimeout(done, 20));
  assert.equal(one.lines(twin, 'hint')[2].outcome, 'failed');
  assert.equal(await state(14), undefined);
  toss.fail = null;
  while (await state(14) === undefined) await new Promise((done) => setTimeout(done, 50));
  assert.deepEqual(await state(14), ['paid', String(totalOf(14)), '0']);
  await one.mails();
});

test('the internal path takes nothing but internal signatures', async () => {
  const body = JSON.stringify(toss.put(tossPayment(15)));
  const path = '/webhooks/toss-confirmed';
  for (const scheme of ['none', 'platform', 'standard', 'toss']) assert.equal((await one.post(body, { scheme, path })).status, 401, scheme);
  assert.equal((await one.post(body, { scheme: 'internal', path, time_s: Math.floor(Date.now() / 1000) - 302 })).status, 401);
  assert.equal((await one.post(payment(15), { scheme: 'internal' })).status, 401);
  assert.equal(await state(15), undefined);
  assert.deepEqual(short(await one.post(body, { scheme: 'internal', path })), OK);
  assert.deepEqual(await state(15), ['paid', String(totalOf(15)), '0']);
  assert.equal((await one.post('{}', { scheme: 'internal', path })).status, 400);
  await one.mails();
});

test('the twin lists transactions, and the function in the VPC compares them', async () => {
  const twin = one.cloud.functions.get('webhook-twin');
  const vpc = one.cloud.functions.get(twin.config.vpc);
  toss.transactions.length = 0;
  const on = { approvedAt: '2026-04-05T12:00:00+09:00' };
  const stored = toss.put(tossPayment(30, on));
  assert.deepEqual(short(await hint(statusChanged(stored))), OK);
  toss.list(stored, tossPayment(31, on));
  const listed = await twin.invoke({ task: 'reconcile', time: '2026-04-05T17:00:00Z' });
  assert.deepEqual([listed.error, listed.payload], [false, { task: 'reconcile', date: '2026-04-05', pages: 1, transactions: 2 }]);
  assert.deepEqual([one.last(vpc).event, one.last(vpc).outcome], ['toss-transactions', 'compared']);
  assert.ok(vpc.log.some((line) => line.includes('"ReconciliationDifferences":1') && line.includes('missing_here')));
  assert.equal(await state(31), undefined);
  for (const scheme of ['none', 'platform', 'standard', 'toss']) assert.equal((await one.post('[]', { scheme, path: '/webhooks/toss-transactions' })).status, 401, scheme);
  assert.equal((await one.post('{', { scheme: 'internal', path: '/webhooks/toss-transactions' })).status, 400);
  toss.fail = 500;
  const failed = await twin.invoke({ task: 'reconcile', time: '2026-04-05T17:00:00Z' });
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Webhook.RECONCILE']);
  await one.mails();
});

test('the twin takes nothing but its queue and its schedule', async () => {
  const twin = one.cloud.functions.get('webhook-twin');
  for (const [event, type] of [[{ task: 'sweep', time: '2026-01-02T03:04:05Z' }, 'Webhook.UNKNOWN_TASK'], [{ requestContext: { http: {} } }, 'Webhook.UNKNOWN_EVENT'], [{ migrate: true }, 'Webhook.UNKNOWN_EVENT']]) {
    const { error, payload } = await twin.invoke(event);
    assert.deepEqual([error, payload.errorType], [true, type]);
  }
});
