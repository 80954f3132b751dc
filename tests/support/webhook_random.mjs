// Random runs of the webhook function: events of many orders, sent by several processes of webhook-send
// at once, shuffled, doubled, with damaged copies, and sent again as senders do; in wild runs functions are
// killed, the database too, and the queue refuses. When nothing more is accepted, every order must have
// the states that the events have by the model, the history must explain them, and the queue must have
// one mail for each effect.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD, run, sleep, until } from './lambda.mjs';
import { randomFrom } from './random.mjs';
import { SECRETS, WebhookCloud } from './webhook.mjs';
import { RandomToss } from './webhook_random_toss.mjs';
import { LocalToss } from './webhook_toss.mjs';
import { CANARY, EventMaker, badLines, lineOf, orderId, totalOf } from './webhook_events.mjs';
import { OrderModel, finalOf } from './webhook_model.mjs';

export const WEBHOOK_SEND = join(BUILD, 'bin/webhook-send');
const SENDERS = 3;
const CONCURRENCY = 4;
const MAX_PASSES = 12;
// Of the disturbances.
const DATABASE_KILL = 0.04;
const TOSS_MS = 600;
const SEND_MS = 60 * 60000;

// Kills the server as a machine loses its power, and starts it again on the same files and port.
export async function killDatabase(database, down_ms) {
  const { spawnfile, spawnargs } = database.process;
  database.process.kill('SIGKILL');
  await database.gone;
  await sleep(down_ms);
  database.process = spawn(spawnfile, spawnargs.slice(1), { stdio: 'ignore', detached: true });
  database.gone = new Promise((done) => database.process.once('close', done));
}

// The messages that are in the queue of mails, parsed; none is received.
export function queuedMails({ cloud }) {
  const { ready, delayed, inflight } = cloud.sqs.store.getQueueByName('mails').inspectMessages();
  return [...ready, ...delayed, ...inflight.map((entry) => entry.message.message ?? entry.message)].map(({ body }) => JSON.parse(body));
}

class RandomRun {
  // chaos: the part of the invocations that a wild run disturbs.
  constructor({ seed, orders, is_wild, chaos = 0.1 }) {
    Object.assign(this, { seed, orders, is_wild, chaos });
    this.random = randomFrom(seed);
    this.events = new EventMaker(this.random).make(orders);
    this.by_time = new Map(this.events.map((event) => [event.at_ms, event]));
    this.bad = badLines(this.random, Math.ceil(orders / 10));
    this.counts = { events: this.events.length, kills: 0, database_kills: 0, queue_faults: 0, passes: 0 };
    this.problems = [];
  }

  chance(probability) {
    return this.random() < probability;
  }

  async start() {
    this.folder = await mkdtemp(join(tmpdir(), 'webhook-random-'));
    this.file = join(this.folder, 'events');
    this.secret_file = join(this.folder, 'secrets');
    this.local_toss = await LocalToss.start();
    this.toss = new RandomToss(this.random, this.local_toss, this.orders + 1, Math.ceil(this.orders / 5));
    const lines = [...this.events.map(lineOf), ...this.bad, ...this.toss.lines()];
    await writeFile(this.file, `${lines.sort(() => this.random() - 0.5).join('\n')}\n`);
    await writeFile(this.secret_file, JSON.stringify(SECRETS));
    const environment = { TOSS_SECRET_NAME: 'toss', TOSS_API_URL: this.local_toss.url };
    this.one = await WebhookCloud.start({ orders: this.orders + this.toss.count, environment, config: { concurrency: CONCURRENCY } });
    this.one.cloud.createSecret('toss', SECRETS.toss_key);
  }

  // Gives the summary of webhook-send.
  async #send(args) {
    const all = ['replay', '--json', '--secret-file', this.secret_file, '--timeout', '30000', ...args.map(String), this.one.url, this.file];
    const { status, stdout, stderr } = await run(WEBHOOK_SEND, all, { timeout: SEND_MS, env: {} });
    if (status > 1) throw new Error(`webhook-send: ${status} ${stderr}`);
    const summary = JSON.parse(stdout);
    if (summary.damagedAccepted > 0) this.problems.push(`${summary.damagedAccepted} damaged requests were accepted`);
    return summary;
  }

  // Several senders share the events, each in an order of its own.
  async #sendAll() {
    const retries = this.is_wild ? 8 : 2;
    const senders = Array.from({ length: SENDERS }, (_, i) =>
      this.#send(['--part', `${i + 1}/${SENDERS}`, '--shuffle', this.seed + i, '--double', 20, '--corrupt', 10, '--jobs', 4,
        '--retry', retries, '--retry-refused', '--retry-delay', 50]));
    let is_done = false;
    const all = Promise.all(senders).finally(() => (is_done = true));
    const others = [this.#advanceToss(() => is_done), this.is_wild ? this.#disturb(() => is_done) : null];
    this.summaries = await all;
    await Promise.all(others);
    this.toss.advance(true);
  }

  async #advanceToss(isDone) {
    while (!isDone()) {
      await sleep(this.random() * TOSS_MS);
      this.toss.advance();
    }
  }

  // At random invocations, so that there is as much of it on a slow machine as on a fast one.
  async #disturb(isDone) {
    const { cloud } = this.one;
    let restart = null;
    cloud.on_line = (_, line) => {
      if (isDone() || !line.startsWith('START') || !this.chance(this.chaos)) return;
      if (this.chance(DATABASE_KILL)) restart ??= this.#killDatabase().finally(() => (restart = null));
      else this.#disturbOnce();
    };
    await until(isDone, 'the senders are done', SEND_MS);
    await restart;
    cloud.front.faults.clear();
    this.local_toss.fail = null;
    // The circuit breaker of each would ask Toss again after 30 s only.
    for (const { process: running } of this.one.handler.all) running.kill('SIGKILL');
    await until(() => this.one.handler.all.size === 0, 'they are gone');
    await until(() => this.one.count('inbox').then(() => true, () => false), 'the database is back');
  }

  #disturbOnce() {
    const { cloud, handler } = this.one;
    const busy = [...handler.all].filter((environment) => environment.state === 'busy');
    const choice = this.random();
    if (choice < 0.6 && busy.length > 0) {
      busy[Math.floor(this.random() * busy.length)].process.kill('SIGKILL');
      this.counts.kills += 1;
    } else if (choice < 0.95) {
      cloud.front.faults.add({ operation: 'SendMessageBatch', action: 'status', status: 503, times: 1 + Math.floor(this.random() * 4), done: this.chance(0.5) });
      this.counts.queue_faults += 1;
    } else {
      this.local_toss.fail = this.local_toss.fail ? null : 500;
    }
  }

  async #killDatabase() {
    await sleep(this.random() * 20); // in mid-work
    await killDatabase(this.one.cloud.database, this.random() * 100);
    this.counts.database_kills += 1;
  }

  // All events again, and again until nothing new is accepted; then the mails that are still owed.
  async #deliverToTheEnd() {
    for (let before = -1; ; this.counts.passes += 1) {
      const count = await this.one.count('order_history');
      const has_failed = Object.keys(this.last?.statuses ?? {}).some((status) => status >= 500);
      if (count === before && !has_failed) break;
      if (this.counts.passes === MAX_PASSES) throw new Error(`events are accepted, or fail, without an end: ${JSON.stringify(this.last)}`);
      before = count;
      this.last = await this.#send(['--jobs', 8, '--retry', 1, '--retry-delay', 10]);
    }
    await this.one.query("UPDATE outbox SET claimed_until = '2026-01-01' WHERE sent_at IS NULL");
    const swept = await this.one.sweep();
    if (swept.error || swept.payload.failed > 0 || swept.payload.left > 0) this.problems.push(`the sweep: ${swept.raw}`);
  }

  async run() {
    await this.#sendAll();
    await this.#deliverToTheEnd();
    await this.#check();
  }

  // ---------------------------------------------------------------------- what must be there

  #expect(what, found, expected) {
    const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
    if (a !== b) this.problems.push(`${what}: ${a}, expected ${b}`);
  }

  // The history's rows by order; each must be an event that was sent, once.
  async #history() {
    const rows = await this.one.query(`SELECT order_id, sender, subject, subject_id, event, outcome, state_before, state_after, COALESCE(amount_won, 0),
      TIMESTAMPDIFF(MICROSECOND, '1970-01-01', happened_at) DIV 1000, event_key FROM order_history ORDER BY id`);
    const by_order = new Map();
    const seen = new Set();
    this.toss_rows = new Map();
    for (const [order, sender, subject, subject_id, name, outcome, before, after, amount, at_ms, key] of rows) {
      if (sender === 'toss') {
        this.toss_rows.set(order, [...(this.toss_rows.get(order) ?? []), { subject, subject_id, name, outcome, before, after, amount: Number(amount), key }]);
        continue;
      }
      const event = this.by_time.get(Number(at_ms));
      const { type, status, tracking, refund } = event ?? {};
      const won = type === 'shipping' ? 0 : event?.amount;
      this.#expect(`history of ${at_ms}`, [order, sender, subject, subject_id, name, Number(amount)],
        [orderId(event?.order), event?.scheme, type === 'shipping' ? 'parcel' : type, tracking ?? refund ?? '', status, won]);
      if (seen.has(key)) this.problems.push(`${key} is twice in the history`);
      seen.add(key);
      by_order.set(event?.order, [...(by_order.get(event?.order) ?? []), { event, outcome, before, after }]);
    }
    return by_order;
  }

  // The order after what the history lists, and no refused event that would be accepted now.
  #replay(order, rows) {
    const model = new OrderModel(totalOf(order));
    for (const { event, outcome, before, after } of rows) {
      this.#expect(`history of ${orderId(order)} ${event.type} ${event.status}`, { outcome, before, after }, model.apply(event));
    }
    const accepted = new Set(rows.map(({ event }) => event));
    for (const event of this.of_order.get(order) ?? []) {
      if (accepted.has(event)) continue;
      const { outcome } = model.apply(event);
      if (outcome !== 'refused') this.problems.push(`${orderId(order)}: ${JSON.stringify(event)} was refused, and is ${outcome}`);
    }
    return model;
  }

  async #stored() {
    const stored = new Map();
    const of = (id) => stored.get(id) ?? stored.set(id, { payment: 'unpaid', paid: 0, refunded: 0, shipped: false, parcels: {}, refunds: {} }).get(id);
    for (const [id, payment, paid, refunded, shipped] of await this.one.query('SELECT order_id, payment_state, paid_won, refunded_won, is_shipped FROM order_states')) {
      Object.assign(of(id), { payment, paid: Number(paid), refunded: Number(refunded), shipped: shipped === '1' });
    }
    for (const [id, number, state] of await this.one.query('SELECT order_id, tracking_number, state FROM order_parcels ORDER BY tracking_number')) of(id).parcels[number] = state;
    for (const [id, refund, state, amount] of await this.one.query('SELECT order_id, refund_id, state, amount_won FROM order_refunds ORDER BY refund_id')) of(id).refunds[refund] = { state, amount: Number(amount) };
    return of;
  }

  // What the platform's own table shows.
  static #platformStatus({ payment, paid, refunded }) {
    if (paid > 0 && refunded >= paid) return 'refunded';
    if (payment === 'paid') return refunded > 0 ? 'partially_refunded' : 'completed';
    return payment;
  }

  async #check() {
    this.of_order = Map.groupBy(this.events, ({ order }) => order);
    const history = await this.#history();
    const stored = await this.#stored();
    const platform = new Map((await this.one.query('SELECT order_number, payment_status, paid_amount, refunded_amount FROM orders')).map(([id, ...rest]) => [id, rest]));
    const mails = new Map();
    for (let order = 1; order <= this.orders; order += 1) {
      const id = orderId(order);
      const model = this.#replay(order, history.get(order) ?? []);
      const { final } = model;
      this.#expect(`${id} stored`, stored(id), final);
      const derived = finalOf(totalOf(order), this.of_order.get(order) ?? []);
      if (derived) this.#expect(`${id} by its events`, final, derived);
      const [status, paid, refunded] = platform.get(id);
      this.#expect(`${id} of the platform`, [status, Number(paid), Number(refunded)], [RandomRun.#platformStatus(final), final.paid, final.refunded]);
      for (const mail of model.mails) mails.set(mail === 'paid' ? `order-${id}-paid` : `order-${id}-shipped-${mail.split(' ')[1]}`, order);
    }
    for (let order = this.orders + 1; order <= this.orders + this.toss.count; order += 1) {
      const id = orderId(order);
      const expected = this.toss.expected(order, this.toss_rows.get(id) ?? [], (...args) => this.#expect(...args));
      this.#expect(`${id} stored`, stored(id), expected.final);
      expected.mails.forEach((mail) => mails.set(mail, order));
    }
    const payouts = await this.one.query('SELECT payout_id, state FROM payouts');
    this.#expect('payouts', Object.fromEntries(payouts.sort()), Object.fromEntries([...this.toss.payouts].sort()));
    this.#checkMails(mails);
    await this.#checkTables([...history.values()].flat().length, mails.size);
    this.#checkLog();
  }

  #checkMails(expected) {
    const queued = new Map();
    for (const mail of queuedMails(this.one)) {
      const before = queued.get(mail.messageId);
      this.counts.mails_doubled = (this.counts.mails_doubled ?? 0) + (before ? 1 : 0);
      if (before) this.#expect(`${mail.messageId} the second time`, mail, before);
      queued.set(mail.messageId, mail);
    }
    this.counts.mails = queued.size;
    if (!this.is_wild) this.#expect('mails queued twice', this.counts.mails_doubled ?? 0, 0);
    this.#expect('mails', [...queued.keys()].sort(), [...expected.keys()].sort());
    for (const [id, { template, toEmail, data }] of queued) {
      const order = expected.get(id);
      const is_paid = id.endsWith('-paid');
      this.#expect(id, [template, toEmail, is_paid ? data.orderNumber : data.trackingNumber],
        [is_paid ? 'ORDER_CONFIRMATION' : 'SHIPPING_NOTIFICATION', `customer${((order - 1) % 100) + 1}@example.com`, is_paid ? orderId(order) : id.split('-shipped-')[1]]);
    }
  }

  async #checkTables(accepted, mails) {
    this.counts.accepted = accepted;
    const { hints, signed, forged } = this.toss;
    const toss_keys = new Set([...this.toss_rows.values()].flat().map(({ key }) => key)).size;
    this.counts.toss = { keys: toss_keys, hints: hints.length, payouts: signed.length, forged: forged.length };
    this.#expect('rows of the inbox', await this.one.count('inbox'), accepted + toss_keys + signed.length);
    this.#expect('rows of the outbox', [await this.one.count('outbox'), await this.one.count('outbox', 'sent_at IS NULL OR body IS NOT NULL')], [mails, 0]);
    const unknown = this.events.filter(({ order }) => order > this.orders).length;
    const { statuses } = this.last;
    this.#expect('statuses of the last pass', { ...statuses, 404: statuses[404] ?? 0, 409: statuses[409] ?? 0 },
      { 200: accepted + hints.length + signed.length, 400: this.bad.length, 404: unknown + forged.length, 409: this.events.length - accepted - unknown });
  }

  #checkLog() {
    const log = this.one.handler.log.join('\n');
    for (const canary of [CANARY, ...Object.values(SECRETS), this.one.password, 'customer', '고객', '물류', '변심']) {
      if (log.includes(canary)) this.problems.push(`a log has ${canary}`);
    }
    this.counts.peak_kib = Math.max(...this.one.handler.stats().map(({ peak_kib }) => peak_kib));
  }

  async stop() {
    await this.one?.stop();
    await this.local_toss?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

// Gives {problems: ["what is wrong"], counts}.
export async function runRandomly(options) {
  const random = new RandomRun(options);
  try {
    await random.start();
    await random.run();
    return { problems: random.problems, counts: random.counts, summaries: random.summaries };
  } finally {
    await random.stop();
  }
}
