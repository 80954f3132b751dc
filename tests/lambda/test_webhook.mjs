// The webhook function in the local cloud: events of the platform and of Standard Webhooks over the Function
// URL, stored in MariaDB with their mails in the queue; each status that a sender can get; the sweep.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { functionUrlEvent } from '../../lambda/local/function_url.mjs';
import { metrics } from '../support/email.mjs';
import { WEBHOOK_HANDLER, WebhookCloud, orderId, payment, refund, shipping, sign, totalOf } from '../support/webhook.mjs';
import { BUILD, run } from '../support/lambda.mjs';

let one;
before(async () => (one = await WebhookCloud.start()));
after(() => one?.stop());

const OK = [200, '{"status":"ok"}'];
const UNAUTHORIZED = [401, '{"status":"unauthorized"}'];
const short = ({ status, body }) => [status, body];
const state = async (i) => (await one.query(`SELECT payment_state, paid_won, refunded_won, is_shipped FROM order_states WHERE order_id = '${orderId(i)}'`))[0];
const templates = (mails) => mails.map(({ template, toEmail }) => `${template} ${toEmail}`).sort();

test('a payment, its parcel and a refund are stored, and the two mails are in the queue', async () => {
  assert.deepEqual(short(await one.post(payment(1))), OK, one.handler.log.slice(-12).join('\n'));
  assert.deepEqual(short(await one.post(shipping(1))), OK);
  assert.deepEqual(short(await one.post(refund(1))), OK);
  assert.deepEqual(await state(1), ['paid', String(totalOf(1)), '1000', '1']);
  assert.deepEqual(await one.query(`SELECT payment_status, tracking_number FROM orders WHERE order_number = '${orderId(1)}'`), [['partially_refunded', '1Z1']]);
  const mails = await one.mails();
  assert.deepEqual(templates(mails), ['ORDER_CONFIRMATION customer1@example.com', 'SHIPPING_NOTIFICATION customer1@example.com']);
  assert.ok(mails.every(({ messageId }) => messageId.includes(orderId(1))));
  assert.equal(await one.count('outbox', 'sent_at IS NULL'), 0);
  assert.equal(await one.count('inbox', `sender = 'platform' AND event_key LIKE 'sha256:%' AND order_id = '${orderId(1)}'`), 3);
});

test('the same bytes again change nothing, and are answered alike', async () => {
  const rows = [await one.count('inbox'), await one.count('order_history'), await one.count('outbox')];
  for (const event of [payment(1), shipping(1), refund(1)]) {
    assert.deepEqual(short(await one.post(event)), OK);
    assert.equal(one.last().outcome, 'repeated');
  }
  assert.deepEqual([await one.count('inbox'), await one.count('order_history'), await one.count('outbox')], rows);
  assert.deepEqual(await one.mails(), []);
});

test('a parcel without a number yet becomes the one that has it', async () => {
  assert.deepEqual(short(await one.post(payment(10))), OK);
  assert.deepEqual(short(await one.post(shipping(10, { status: 'preparing', trackingNumber: undefined, carrier: undefined }))), OK);
  assert.deepEqual(short(await one.post(shipping(10))), OK, one.last().detail);
  assert.deepEqual(await one.query(`SELECT tracking_number, state FROM order_parcels WHERE order_id = '${orderId(10)}'`), [['1Z10', 'in_transit']]);
  await one.mails();
});

test('a late event is answered with 200 and leaves the state', async () => {
  assert.deepEqual(short(await one.post(shipping(1, { status: 'preparing' }))), OK);
  assert.equal(one.last().outcome, 'late');
  assert.deepEqual(await one.query(`SELECT state FROM order_parcels WHERE order_id = '${orderId(1)}'`), [['in_transit']]);
});

test('Standard Webhooks: an event by its id, in time', async () => {
  const id = 'msg_2Lm0vBIMZRKmLDQBRvXn';
  assert.deepEqual(short(await one.post(payment(2), { scheme: 'standard', id })), OK);
  assert.deepEqual([one.last().sender, one.last().outcome], ['standard', 'stored']);
  assert.equal(await one.count('inbox', `sender = 'standard' AND event_key = '${id}'`), 1);
  // Another body under the id of one that is stored is that one.
  assert.deepEqual(short(await one.post(shipping(2), { scheme: 'standard', id })), OK);
  assert.deepEqual([one.last().outcome, await one.count('order_parcels', `order_id = '${orderId(2)}'`)], ['repeated', 0]);
  const now_s = Math.floor(Date.now() / 1000);
  for (const [time_s, status] of [[now_s - 290, 200], [now_s + 290, 200], [now_s - 302, 401], [now_s + 310, 401]]) {
    assert.equal((await one.post(shipping(2, { status: 'preparing' }), { scheme: 'standard', time_s })).status, status, String(time_s - now_s));
  }
  assert.equal(one.last().reason, 'TIMESTAMP');
  assert.deepEqual(templates(await one.mails()), ['ORDER_CONFIRMATION customer2@example.com']);
});

test('the exact bytes count, delivered as text or in base64', async () => {
  const body = Buffer.from(JSON.stringify(payment(3, { paymentMethod: '카드 \u2028' })));
  const event = (bytes, is_base64) => ({
    ...functionUrlEvent({ method: 'POST', url: '/webhooks/payment', raw_headers: ['Content-Type', 'application/json', ...Object.entries(sign.platform(body)).flat()] }, { domain: 'x' }),
    body: is_base64 ? bytes.toString('base64') : bytes.toString(),
    isBase64Encoded: is_base64,
  });
  const statusOf = async (...args) => (await one.handler.invoke(event(...args))).payload.statusCode;
  assert.equal(await statusOf(Buffer.concat([body, Buffer.from(' ')]), true), 401);
  assert.equal(await statusOf(Buffer.concat([body, Buffer.from('\n')]), false), 401);
  assert.equal(await statusOf(body, true), 200);
  assert.equal(await statusOf(body, false), 200);
  assert.equal(one.last().outcome, 'repeated');
  assert.deepEqual(await one.query(`SELECT payment_method FROM order_states WHERE order_id = '${orderId(3)}'`), [['카드 \u2028']]);
  await one.mails();
});

test('who does not sign gets one answer, whatever is wrong', async () => {
  const body = JSON.stringify(payment(4));
  const good = sign.platform(body)['x-webhook-signature'];
  const standard = sign.standard(body);
  for (const [headers, reason] of [
    [{}, 'UNSIGNED'],
    [{ 'x-webhook-signature': '' }, 'MALFORMED'],
    [{ 'x-webhook-signature': good.slice(2) }, 'MALFORMED'],
    [{ 'x-webhook-signature': `${good.slice(0, -1)}${good.at(-1) === '0' ? '1' : '0'}` }, 'MISMATCH'],
    [{ 'x-webhook-signature': good.toUpperCase() }, 'MALFORMED'],
    [{ 'x-webhook-signature': `${good},${good}` }, 'AMBIGUOUS'],
    [{ 'x-webhook-signature': [good, good] }, 'AMBIGUOUS'],
    [{ 'x-webhook-signature': good, ...standard }, 'AMBIGUOUS'],
    [{ ...standard, 'webhook-id': 'msg_other' }, 'MISMATCH'],
    [{ ...standard, 'webhook-timestamp': undefined }, 'MALFORMED'],
    [sign.platform(body, { secret: 'another' }), 'MISMATCH'],
    [sign.platform(`${body} `), 'MISMATCH'],
    [sign.toss(body), 'WRONG_SCHEME'],
    [sign.internal(body), 'MISMATCH'],
  ]) {
    const present = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
    const response = await one.send('/webhooks/payment', body, { headers: present });
    assert.deepEqual(short(response), UNAUTHORIZED, JSON.stringify(headers));
    assert.equal(one.last().outcome, 'refused');
    // A header that node joins may be refused for its form as well.
    assert.ok(one.last().reason === reason || reason === 'AMBIGUOUS' && one.last().reason === 'MALFORMED', `${JSON.stringify(headers)}: ${one.last().reason}`);
    const sent = Object.keys(response.headers).filter((name) => !['connection', 'keep-alive', 'date', 'x-amzn-requestid'].includes(name));
    assert.deepEqual(sent.sort(), ['cache-control', 'content-length', 'content-type', 'x-request-id']);
  }
  assert.equal(await state(4), undefined);
});

test('what is refused has a constant body, and no trace in the inbox', async () => {
  const rows = await one.count('inbox');
  const json = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  const post = (path, value, more) => one.post(json(value), { path, ...more });
  for (const [response, status, reason] of [
    [await post('/webhooks/payment', '{"type":'), 400, 'BAD_JSON'],
    [await post('/webhooks/payment', '{"type":"payment","type":"payment"}'), 400, 'BAD_JSON'],
    [await post('/webhooks/payment', ''), 400, 'BAD_JSON'],
    [await post('/webhooks/payment', shipping(4)), 400, 'WRONG_TYPE'],
    [await post('/webhooks/shipping', payment(4)), 400, 'WRONG_TYPE'],
    [await post('/webhooks/payment', payment(4, { status: 'done' })), 400, 'UNKNOWN_STATUS'],
    [await post('/webhooks/payment', payment(4, { amount: 1000.5 })), 400, 'BAD_FIELD'],
    [await post('/webhooks/payment', payment(4, { amount: -1 })), 400, 'BAD_FIELD'],
    [await post('/webhooks/payment', payment(4, { orderId: "x' OR 1=1 --" })), 400, 'BAD_FIELD'],
    [await post('/webhooks/payment', payment(4, { transactionId: null })), 400, 'MISSING_FIELD'],
    [await post('/webhooks/payment', payment(4), { headers: { 'content-type': 'text/plain' } }), 415, 'CONTENT_TYPE'],
    [await post('/webhooks/payment', payment(4), { headers: { 'content-type': 'application/json; charset=euc-kr' } }), 415, 'CONTENT_TYPE'],
    [await post('/webhooks/payment', payment(4, { filler: 'x'.repeat(128 << 10) })), 413, 'BODY_SIZE'],
    [await post('/webhooks/payments', payment(4)), 404, 'PATH'],
    [await post('/webhooks/payment/', payment(4)), 404, 'PATH'],
    [await post('/webhooks/toss/another-token-0123', payment(4)), 404, 'PATH'],
    [await post('/unsubscribe', ''), 404, 'PATH'],
    [await post('/webhooks/payment', payment(999)), 404, 'NO_ORDER'],
    [await post('/webhooks/shipping', shipping(4)), 409, 'IMPOSSIBLE'],
    [await post('/webhooks/refund', refund(4)), 409, 'IMPOSSIBLE'],
    [await post('/webhooks/payment', payment(4, { amount: totalOf(4) - 1 })), 409, 'AMOUNT_CONFLICT'],
  ]) {
    assert.equal(response.status, status, reason);
    assert.match(response.body, /^\{"status":"(bad request|unsupported media type|too large|not found|conflict)"\}$/);
    assert.ok(one.lines().some((line) => line.requestId === response.headers['x-request-id'] && line.reason === reason && line.httpStatus === status), `${status} ${reason}: ${one.last().reason}`);
  }
  const wrong = await one.send('/webhooks/payment', '', { method: 'GET' });
  assert.deepEqual([...short(wrong), wrong.headers.allow], [405, '{"status":"method not allowed"}', 'POST']);
  assert.equal(await one.count('inbox'), rows);
  assert.equal(await state(4), undefined);
  // What was impossible then is possible later, under the same key.
  assert.deepEqual(short(await one.post(payment(4))), OK);
  assert.deepEqual(short(await one.post(shipping(4))), OK);
  assert.deepEqual(await state(4), ['paid', String(totalOf(4)), '0', '1']);
  await one.mails();
});

test('a request that is not let in opens no connection and reads no login', async () => {
  const fresh = one.add();
  const url = await one.cloud.addUrl(fresh);
  const [connections, reads] = [await one.connections(), one.reads('openmarket/test/db')];
  const body = JSON.stringify(payment(5));
  for (const [path, options] of [
    ['/webhooks/payment', {}],
    ['/webhooks/payment', { headers: { 'x-webhook-signature': 'a'.repeat(64) } }],
    ['/webhooks/payment', { method: 'GET' }],
    ['/webhooks/payment', { headers: { 'content-type': 'text/plain' } }],
    ['/webhooks/toss/another-token-0123', {}],
    ['/webhooks/toss-confirmed', {}],
    ['/nothing', {}],
  ]) {
    const { status } = await one.send(path, options.method ? '' : body, { ...options, url });
    assert.ok([401, 404, 405, 415].includes(status), `${path}: ${status}\n${fresh.log.join('\n')}`);
  }
  assert.deepEqual([await one.connections(), one.reads('openmarket/test/db')], [connections, reads]);
  // The measure works: one that is let in does both.
  assert.deepEqual(short(await one.post(payment(5), { url })), OK);
  assert.deepEqual([await one.connections(), one.reads('openmarket/test/db')], [connections + 1, reads + 1]);
  assert.deepEqual(short(await one.post(shipping(5), { url })), OK);
  assert.equal(await one.connections(), connections + 1, 'the connection is kept');
  await one.mails();
});

test('a parcel that leaves after its order was cancelled is counted and logged for people', async () => {
  await one.post(payment(15));
  assert.equal((await one.post(payment(15, { status: 'cancelled', transactionId: 'T-15-cancel' }))).status, 200);
  const left = await one.post(shipping(15));
  assert.deepEqual([left.status, one.last().alarm, one.last().level], [200, true, 'WARN']);
  const counted = one.handler.log.filter((line) => line.startsWith('{"_aws"')).map((line) => JSON.parse(line)).filter((line) => line.Alarms !== undefined);
  assert.deepEqual(counted.map(({ Alarms }) => Alarms), [1]);
  await one.mails();
});

test('the request id is in the header, the log and the inbox; metrics are by sender and outcome', async () => {
  const event = functionUrlEvent({ method: 'POST', url: '/webhooks/payment', raw_headers: ['Content-Type', 'application/json', ...Object.entries(sign.platform(JSON.stringify(payment(6)))).flat()], body: Buffer.from(JSON.stringify(payment(6))) }, { domain: 'x' });
  const stored = await one.handler.invoke(event);
  assert.equal(stored.payload.headers['x-request-id'], stored.request_id);
  assert.equal(one.last().requestId, stored.request_id);
  assert.equal(await one.count('inbox', `request_id = '${stored.request_id}'`), 1);
  const counted = metrics(stored);
  assert.deepEqual([counted['WebhooksStored/platform'], counted.MailsOwed, counted.MailsSent, counted.Alarms], [1, 1, 1, undefined]);
  assert.ok(counted.ResponseTime >= 0);
  assert.equal(metrics(await one.handler.invoke(event))['WebhooksRepeated/platform'], 1);
  delete event.headers['x-webhook-signature'];
  const refused = metrics(await one.handler.invoke(event));
  assert.deepEqual([refused.SignaturesRefused, refused['SignaturesRefused/UNSIGNED'], refused['WebhooksRefused/UNSIGNED']], [1, 1, undefined]);
  await one.mails();
});

test('a mail that the queue did not take is owed, and the sweep sends it', async () => {
  one.cloud.front.faults.add({ service: 'sqs', action: 'status', status: 500, times: -1 });
  assert.deepEqual(short(await one.post(payment(7))), OK);
  assert.deepEqual([one.last().mailsOwed, one.last().mailsSent], [1, 0]);
  one.cloud.front.faults.clear();
  assert.deepEqual(await one.mails(), []);
  // Its claim has to end first: nobody sends it twice at once.
  assert.equal((await one.sweep()).payload.sent, 0);
  await one.query('UPDATE outbox SET claimed_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE sent_at IS NULL');
  const swept = await one.sweep();
  assert.deepEqual([swept.error, swept.payload.task, swept.payload.sent, swept.payload.left], [false, 'sweep', 1, 0]);
  assert.equal(metrics(swept).OutboxOldestSeconds, 0);
  assert.deepEqual(templates(await one.mails()), ['ORDER_CONFIRMATION customer7@example.com']);
  assert.equal((await one.sweep()).payload.sent, 0);
});

test('a schedule without a task sweeps; old rows are deleted; other tasks and events fail', async () => {
  await one.query(`INSERT INTO inbox VALUES ('platform', 'sha256:old', NULL, 'r', UTC_TIMESTAMP(6) - INTERVAL 91 DAY)`);
  const schedule = one.cloud.addSchedule(one.handler, { name: 'minute', expression: 'rate(1 minute)' });
  await schedule.fire(Date.now());
  await one.cloud.settle();
  assert.equal(await one.count('inbox', "event_key = 'sha256:old'"), 0);
  assert.ok(one.lines(one.handler, 'sweep').at(-1).rowsDeleted >= 1);
  for (const [event, type] of [
    [{ task: 'sweeep', time: '2026-01-02T03:04:05Z' }, 'Webhook.UNKNOWN_TASK'],
    [{ task: 1, time: '2026-01-02T03:04:05Z' }, 'Webhook.UNKNOWN_TASK'],
    [{ task: 'sweep' }, 'Webhook.UNKNOWN_EVENT'],
    [{ task: 'sweep', time: 'now' }, 'Webhook.MALFORMED'],
    [{ Records: [] }, 'Webhook.UNKNOWN_EVENT'],
    ['{', 'Webhook.MALFORMED'],
  ]) {
    const { error, payload } = await one.handler.invoke(event);
    assert.deepEqual([error, payload.errorType], [true, type], JSON.stringify(event));
  }
});

test('requests that cannot be read are refused', async () => {
  const event = functionUrlEvent({ method: 'POST', url: '/webhooks/payment', body: Buffer.from('{}') }, { domain: 'x' });
  const answers = async (more) => (await one.handler.invoke({ ...event, ...more })).payload.statusCode;
  assert.equal(await answers({ isBase64Encoded: true, body: '%' }), 400);
  assert.equal(await answers({ version: '1.0' }), 400);
  assert.equal(await answers({ headers: Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`h${i}`, ''])) }), 413);
});

test('without a secret it does not start; the command prints the states', async () => {
  const { error, payload } = await one.add({ environment: { WEBHOOK_SECRET_NAME: null } }).invoke({});
  assert.deepEqual([error, payload.errorType, payload.errorMessage], [true, 'Init.CONFIGURATION', 'WEBHOOK_SECRET or WEBHOOK_SECRET_NAME is not set']);
  const states = await run(WEBHOOK_HANDLER, ['states']);
  assert.equal(states.status, 0);
  assert.equal(states.stdout.match(/^stateDiagram-v2$/gm).length, 3);
  assert.match(states.stdout, /^ {4}paid --> cancelled: cancelled/m);
  assert.equal((await run(WEBHOOK_HANDLER, ['states', 'x'])).status, 2);
});

// ---------------------------------------------------------------------- unsubscribing

const UNSUBSCRIBE_SECRET = 'an-unsubscribe-secret-0123';
function unsubscribeToken(email, { secret = UNSUBSCRIBE_SECRET, expires = Math.floor(Date.now() / 1000) + 3600 } = {}) {
  const text = Buffer.from(JSON.stringify({ email, expires })).toString('base64url');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

test('unsubscribing: a page that changes nothing, its button, one-click; no token, no database', async () => {
  one.cloud.createSecret('openmarket/test/unsubscribe', `an-older-secret-of-some-size ${UNSUBSCRIBE_SECRET}\n`);
  const people = one.add({ environment: { UNSUBSCRIBE_SECRET_NAME: 'openmarket/test/unsubscribe' } });
  const url = await one.cloud.addUrl(people);
  const connections = await one.connections();
  const ask = (token, { method = 'GET', body = '', type = 'application/x-www-form-urlencoded' } = {}) =>
    one.send(`/unsubscribe?token=${token}`, body, { method, url, headers: { 'content-type': type } });
  const good = unsubscribeToken('Gildong@Example.com'.toLowerCase());
  const page = await ask(good);
  assert.deepEqual([page.status, page.headers['content-type'], page.headers['referrer-policy']], [200, 'text/html; charset=utf-8', 'no-referrer']);
  assert.ok(page.body.includes('g***') && !page.body.includes('gildong'));
  for (const [token, status] of [['', 403], ['x', 403], [good.slice(0, -1), 403], [unsubscribeToken('a@example.com', { secret: 'another-secret-0123' }), 403], [unsubscribeToken('a@example.com', { expires: 1700000000 }), 410]]) {
    for (const options of [{}, { method: 'POST', body: 'List-Unsubscribe=One-Click' }]) assert.equal((await ask(token, options)).status, status, token);
  }
  assert.equal((await ask(good, { method: 'POST', body: 'a=b' })).status, 400);
  assert.equal((await ask(good, { method: 'POST', body: 'a'.repeat(5000) })).status, 413);
  assert.equal((await ask(good, { method: 'DELETE' })).status, 405);
  assert.deepEqual([await one.connections(), await one.count('unsubscribes')], [connections, 0]);
  for (let n = 0; n < 2; n += 1) assert.equal((await ask(good, { method: 'POST', body: 'List-Unsubscribe=One-Click' })).status, 200, people.log.slice(-6).join('\n'));
  assert.deepEqual(await one.query('SELECT email, source FROM unsubscribes'), [['gildong@example.com', 'one_click']]);
  const [, name, value] = page.body.match(/<(?:button|input)[^>]*name="([^"]+)"[^>]*value="([^"]+)"/);
  const button = await ask(unsubscribeToken('b@example.com'), { method: 'POST', body: `${name}=${value}` });
  assert.equal(button.status, 200);
  assert.equal(await one.count('unsubscribes', "email = 'b@example.com' AND source = 'page'"), 1);
  assert.ok(!people.log.join('').match(/gildong|example\.com|eyJ/));
});

// ---------------------------------------------------------------------- migrations

test('migrations by an event and by a command; the function goes on with the rights it has', async () => {
  one.cloud.createSecret('openmarket/test/migrate', { ...one.cloud.database.secret, username: 'webhook_migration', password: one.password });
  const environment = { MIGRATION_SECRET_NAME: 'openmarket/test/migrate' };
  const migrating = one.add({ environment });
  const dry = await migrating.invoke({ migrate: true, platform: 'snake_case', dryRun: true });
  assert.deepEqual([dry.error, dry.payload.dryRun, dry.payload.unchanged], [false, true, 0], JSON.stringify(dry.payload));
  const applied = await migrating.invoke({ migrate: true, platform: 'snake_case' });
  assert.deepEqual([applied.error, applied.payload.status, applied.payload.unchanged], [false, 'ok', 0], JSON.stringify(applied.payload));
  assert.equal(applied.payload.applied, dry.payload.applied);
  assert.deepEqual((await migrating.invoke({ migrate: true, platform: 'snake_case' })).payload.applied, 0);
  const again = await run(WEBHOOK_HANDLER, ['migrate', 'snake_case', '--json'], {
    env: { ...one.cloud.clientEnvironment(), ...one.cloud.endpoints(), ...environment, DB_NAME: one.cloud.database.name, DB_CA_FILE: one.cloud.database.ca },
  });
  assert.deepEqual([again.status, JSON.parse(again.stdout).applied], [0, 0], again.stderr);
  for (const [event, target] of [[{ migrate: true }, one.handler], [{ migrate: 1 }, migrating], [{ migrate: true, platform: 'other' }, migrating]]) {
    const { error, payload } = await target.invoke(event);
    assert.deepEqual([error, payload.errorType], [true, 'Webhook.MIGRATION'], JSON.stringify(event));
  }
  assert.deepEqual(short(await one.post(payment(9))), OK, one.handler.log.slice(-6).join('\n'));
  assert.deepEqual(short(await one.post(shipping(9))), OK);
  await one.mails();
});

test('memory, threads and descriptors stay flat over warm requests', async () => {
  const body = JSON.stringify(payment(8));
  const headers = sign.platform(body);
  for (let i = 0; i < 50; i += 1) await one.send('/webhooks/payment', body, { headers });
  const [begin] = await one.handler.stats();
  for (let i = 0; i < 300; i += 1) await one.send('/webhooks/payment', body, { headers });
  const [end] = await one.handler.stats();
  assert.deepEqual([end.threads, end.descriptors], [begin.threads, begin.descriptors]);
  // ASan keeps freed memory, and has its own.
  if (/asan|ubsan/.test(BUILD)) return;
  assert.ok(end.rss_kib - begin.rss_kib <= 256, `${begin.rss_kib} to ${end.rss_kib} KiB`);
  assert.ok(end.peak_kib < 24 * 1024, `${end.peak_kib} KiB`);
});
