// The webhook function at one event, disturbed at every step of it: the connection to the database cut
// before a packet reaches the server, and after the server has replied to it; the function killed at the
// same points, and around its request to the queue. Then the event comes again, as senders do, and the
// sweep runs. Always the same end: the event once, its mail once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CuttingProxy } from '../support/tcp_proxy.mjs';
import { WebhookCloud, orderId, payment, refund, shipping, totalOf } from '../support/webhook.mjs';
import { queuedMails } from '../support/webhook_random.mjs';

const ORDERS = 400;
const MAX_PACKETS = 80;
let one;
let proxy;
let order = 1; // the first one warms the function up

before(async () => {
  one = await WebhookCloud.start({ orders: ORDERS });
  proxy = await CuttingProxy.start(one.cloud.database.port);
  const { secret } = one.cloud.database;
  one.cloud.createSecret('openmarket/test/proxied', { ...secret, username: 'webhook', password: one.password, port: proxy.port });
  one.handler = one.add({ environment: { DB_SECRET_NAME: 'openmarket/test/proxied' } });
  one.url = await one.cloud.addUrl(one.handler);
});
after(async () => {
  await one?.stop();
  await proxy?.stop();
});

const kill = () => [...one.handler.all].filter(({ state }) => state === 'busy').forEach((environment) => environment.process.kill('SIGKILL'));

// Until it is accepted: the same bytes, as a sender repeats them.
async function deliver(event) {
  const statuses = [];
  while (statuses.at(-1) !== 200) {
    assert.ok(statuses.length < 5, `${event.type}: ${statuses}`);
    statuses.push((await one.post(event)).status);
  }
  return statuses;
}

async function warmUp() {
  await deliver(payment(1));
}

// What must be there of the orders, whatever happened to them: [{order, what, ...expected}]. The sweep
// has sent what was still owed.
async function check(all) {
  await one.query("UPDATE outbox SET claimed_until = '2026-01-01' WHERE sent_at IS NULL");
  const swept = await one.sweep();
  assert.ok(!swept.error && swept.payload.left === 0, swept.raw);
  const of = async (columns, table, sort = 'order_id') => Map.groupBy(await one.query(`SELECT order_id, ${columns} FROM ${table} ORDER BY ${sort}`), ([id]) => id);
  const states = await of('payment_state, paid_won, refunded_won, is_shipped', 'order_states');
  const [parcels, refunds, history] = [await of('state', 'order_parcels'), await of('state', 'order_refunds'), await of('event', 'order_history', 'id')];
  const [inbox, owed] = [await of('event_key', 'inbox'), await of('message_id', 'outbox', 'id')];
  const queued = new Set(queuedMails(one).map(({ messageId }) => messageId));
  for (const { order: i, what, ...expected } of all) {
    const id = orderId(i);
    const texts = (map) => (map.get(id) ?? []).flatMap((row) => row.slice(1));
    assert.deepEqual({
      state: texts(states), parcels: texts(parcels), refunds: texts(refunds), history: texts(history), inbox: texts(inbox).length, mails: texts(owed),
    }, { parcels: [], refunds: [], ...expected }, what);
    assert.deepEqual(expected.mails.filter((mail) => !queued.has(mail)), [], `${what}: queued`);
  }
  const known = new Set([...owed.values()].flat().map(([, mail]) => mail));
  assert.deepEqual([...queued].filter((mail) => !known.has(mail)), [], 'no other mails');
}

// Disturbs the delivery of make(order) at each packet in turn, until there is none with that number; gives
// the statuses of the first attempts. A function that is killed after a reply is one that is killed before
// the next packet.
async function disturbEverywhere(ways, prepare, make, expect) {
  const outcomes = {};
  const expected = [];
  for (const [action, when] of ways) {
    const statuses = (outcomes[`${action} ${when}`] = []);
    for (let at = 0; ; at += 1) {
      assert.ok(at < MAX_PACKETS, 'the number of packets has a bound');
      order += 1;
      assert.ok(order <= ORDERS, 'there are orders enough');
      for (const event of prepare(order)) await deliver(event);
      await warmUp();
      const armed = proxy.arm(at, when, action === 'kill' ? kill : () => {});
      const { status } = await one.post(make(order));
      proxy.armed = null;
      // A 200 is a promise: nobody sends it again.
      if (status !== 200) await deliver(make(order));
      expected.push({ order, what: `${action} ${when} packet ${at}`, ...expect(order) });
      if (!armed.is_hit) break;
      statuses.push(status);
    }
    assert.ok(statuses.length > 5, `${action} ${when}`);
  }
  await check(expected);
  return outcomes;
}

const CUTS = [['cut', 'before'], ['cut', 'after']];
const KILLS = [['kill', 'before']];

test('a payment: stored once, one mail', async () => {
  const outcomes = await disturbEverywhere([...CUTS, ...KILLS], () => [], (i) => payment(i), (i) => ({
    state: ['paid', String(totalOf(i)), '0', '0'], history: ['completed'], inbox: 1, mails: [`order-${orderId(i)}-paid`],
  }));
  console.log(`# payment: ${JSON.stringify(outcomes)}`);
  const { 'kill before': killed, ...cut } = outcomes;
  assert.ok(killed.every((status) => status === 502));
  // The connection is made again, except where the outcome of COMMIT decides.
  for (const statuses of Object.values(cut)) assert.ok(statuses.filter((status) => status !== 200).length <= 1 && statuses.every((status) => [200, 500].includes(status)));
});

test('a parcel: stored once, one mail', async () => {
  const outcomes = await disturbEverywhere([...CUTS, ...KILLS], (i) => [payment(i)], (i) => shipping(i), (i) => ({
    state: ['paid', String(totalOf(i)), '0', '1'], history: ['completed', 'in_transit'], inbox: 2, parcels: ['in_transit'],
    mails: [`order-${orderId(i)}-paid`, `order-${orderId(i)}-shipped-1Z${i}`],
  }));
  console.log(`# parcel: ${JSON.stringify(outcomes)}`);
});

test('a refund: summed once', async () => {
  const outcomes = await disturbEverywhere(CUTS, (i) => [payment(i)], (i) => refund(i), (i) => ({
    state: ['paid', String(totalOf(i)), '1000', '0'], history: ['completed', 'completed'], inbox: 2, refunds: ['completed'], mails: [`order-${orderId(i)}-paid`],
  }));
  console.log(`# refund: ${JSON.stringify(outcomes)}`);
});

test('killed before and after the queue has the mail: it comes with one id', async () => {
  const { services } = one.cloud.front;
  const { sqs } = services;
  const expected = [];
  for (const when of ['before', 'after']) {
    order += 1;
    await warmUp();
    services.sqs = async (request) => {
      services.sqs = sqs;
      const reply = when === 'after' ? await sqs(request) : null;
      kill();
      return reply ?? new Promise(() => {});
    };
    assert.equal((await one.post(payment(order))).status, 502);
    services.sqs = sqs;
    assert.equal((await one.post(payment(order))).status, 200, 'it was stored before the mail was sent');
    expected.push({ order, what: when, state: ['paid', String(totalOf(order)), '0', '0'], history: ['completed'], inbox: 1, mails: [`order-${orderId(order)}-paid`] });
  }
  await check(expected);
});
