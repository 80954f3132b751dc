// Random runs of the mail function: messages of every kind, some of them queued twice by their
// producers, delivered in any order, twice, and to several functions at once; requests that fail before
// or after they are carried out; functions that are killed. When the queue is empty, each message must
// be sent once, in the dead-letter queue with a reason that is true of it, or outdated. What is expected
// is derived from what was queued and which faults were injected, not from what the function reports.
import { Refusal } from '../../lambda/local/refusal.mjs';
import { EmailCloud, message, refusal, sample } from './email.mjs';
import { sleep, until } from './lambda.mjs';
import { randomFrom } from './random.mjs';

const WORKERS = 3;
const CHAOS_ROUNDS = 6;
const QUIET_ROUNDS = 12;
const MAX_SLOW_MS = 6;

// Faults by operation: [chance, before or after the work, what the response is].
const serverError = () => new Refusal('InternalFailure', 'A fault on demand.', 500);
const FAULTS = {
  SendEmail: [
    [0.02, 'before', () => refusal('TooManyRequestsException')],
    [0.01, 'before', () => refusal('LimitExceededException')],
    [0.03, 'before', serverError],
    [0.04, 'after', serverError],
  ],
  PutItem: [[0.03, 'before', serverError], [0.03, 'after', serverError]],
  UpdateItem: [[0.03, 'before', serverError], [0.03, 'after', serverError]],
  DeleteItem: [[0.2, 'before', serverError], [0.2, 'after', serverError]],
  SendMessage: [[0.15, 'before', serverError], [0.1, 'after', serverError]],
  ChangeMessageVisibilityBatch: [[0.2, 'before', serverError]],
};
const KILL_CHANCE = 0.02;

const BAD = [
  ['BAD_JSON', () => '{"template":'],
  ['UNKNOWN_TEMPLATE', (to) => JSON.stringify({ ...message({ toEmail: to }), template: 'NEWS' })],
  ['MISSING_FIELD', (to) => JSON.stringify({ ...message({ toEmail: to }), data: {} })],
  ['BAD_FIELD', (to) => JSON.stringify(message({ template: 'PASSWORD_RESET', toEmail: to, data: { ...sample('PASSWORD_RESET'), resetUrl: 'javascript:a' } }))],
  ['BAD_ADDRESS', (to) => JSON.stringify(message({ toEmail: `${to}, ${to}` }))],
];

class RandomRun {
  constructor(seed) {
    this.random = randomFrom(seed);
    this.plan = new Map(); // name -> {kind, ...}; the recipient is NAME@example.com
    this.names = new Map(); // body, or key of the record -> name
    this.touched = new Set(); // names whose outcome may be unknown: a fault or a kill met them
    this.in_hand = new Set(); // the batches that are being worked on
    this.under_way = 0; // requests
    this.counts = { queued: 0, deliveries: 0, doubled: 0, kills: 0, faults: 0 };
  }

  chance(probability) {
    return this.random() < probability;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  async start() {
    this.one = await EmailCloud.start({ concurrency: WORKERS, environment: { AWS_MAX_ATTEMPTS: '2' } });
  }

  // What is queued, in a random order; a message that its producer repeats is queued twice.
  #entries(count) {
    const entries = [];
    const add = (name, kind, body, attributes = {}, expected = null) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      this.plan.set(name, { kind, expected });
      entries.push({ name, text, attributes });
    };
    for (let n = 0; n < count; n += 1) {
      const to = `m${n}@example.com`;
      const choice = this.random();
      if (choice < 0.45) {
        add(`m${n}`, 'good', message({ toEmail: to, messageId: this.chance(0.7) ? `id-${n}` : undefined }));
      } else if (choice < 0.6) {
        // Twice by its producer.
        add(`m${n}`, 'good', message({ toEmail: to, messageId: `id-${n}` }));
        entries.push({ ...entries.at(-1) });
      } else if (choice < 0.67) {
        // Two messages under one id.
        for (const half of ['a', 'b']) add(`m${n}${half}`, 'reused', message({ toEmail: `m${n}${half}@example.com`, messageId: `id-${n}` }), {}, `m${n}${half === 'a' ? 'b' : 'a'}`);
      } else if (choice < 0.85) {
        const [reason, make] = this.pick(BAD);
        add(`m${n}`, 'bad', make(to), {}, reason);
      } else if (choice < 0.93) {
        add(`m${n}`, 'outdated', message({ template: 'PASSWORD_RESET', toEmail: to, data: { ...sample('PASSWORD_RESET'), expiresIn: 5 } }), { queuedAt: Date.now() - 6 * 60000 });
      } else {
        add(`m${n}`, 'rejected', message({ toEmail: to, messageId: `id-${n}` }));
      }
    }
    return entries.sort(() => this.random() - 0.5);
  }

  async #queue({ name, text, attributes }) {
    this.counts.queued += 1;
    const id = await this.one.put(text, attributes);
    this.names.set(id, name);
    const key = text.match(/"messageId":"([^"]*)"/)?.[1];
    if (key && this.plan.get(name).kind !== 'reused') this.names.set(key, name);
    else if (key) this.names.set(key, [...(this.names.get(key) ?? []), name]);
  }

  #touch(key) {
    [this.names.get(key)].flat().forEach((name) => this.touched.add(name));
  }

  // Faults and kills, around every request.
  #disturb() {
    const maybe = (step, when) => {
      const { operation, input } = step;
      const [to] = input.Destination?.ToAddresses ?? [];
      const name = to?.split('@')[0];
      if (name && when === 'before' && this.plan.get(name).kind === 'rejected') throw refusal('MessageRejected', 'The content is not allowed');
      if (!this.is_wild) return;
      if (this.chance(KILL_CHANCE)) this.#kill();
      for (const [probability, moment, make] of FAULTS[operation] ?? []) {
        if (moment !== when || !this.chance(probability)) continue;
        this.counts.faults += 1;
        if (name) this.touched.add(name);
        if (input.Key) this.#touch(input.Key.id.S);
        throw make();
      }
    };
    this.one.before = async (step) => {
      this.under_way += 1;
      try {
        if (this.is_wild) await sleep(this.random() * MAX_SLOW_MS);
        maybe(step, 'before');
      } catch (error) {
        this.under_way -= 1;
        throw error;
      }
    };
    this.one.after = (step) => {
      this.under_way -= 1;
      maybe(step, 'after');
    };
  }

  // One of those at work; what it has in hand may end as unknown.
  #kill() {
    const busy = [...this.one.email.all].filter((environment) => environment.state === 'busy');
    if (busy.length === 0) return;
    this.counts.kills += 1;
    for (const batch of this.in_hand) batch.forEach(({ MessageId }) => this.touched.add(this.names.get(MessageId)));
    this.pick(busy).process.kill('SIGKILL');
  }

  async #work() {
    for (;;) {
      if (this.is_wild && this.chance(0.25)) {
        // SQS delivers at least once: what others have in hand comes again.
        this.counts.doubled += 1;
        this.one.show();
      }
      const batch = await this.one.receive(1 + Math.floor(this.random() * 10));
      if (batch.length === 0) return;
      this.counts.deliveries += batch.length;
      batch.sort(() => this.random() - 0.5);
      this.in_hand.add(batch);
      await this.one.hand(batch);
      this.in_hand.delete(batch);
    }
  }

  async #round() {
    await Promise.all([...Array(WORKERS)].map(() => this.#work()));
    await until(() => this.under_way === 0, 'the requests of killed functions are done');
    await this.one.pass();
  }

  async run(count) {
    const entries = this.#entries(count);
    this.#disturb();
    this.is_wild = true;
    for (let round = 0; round < CHAOS_ROUNDS; round += 1) {
      const share = round === CHAOS_ROUNDS - 1 ? entries.length : Math.ceil(entries.length / 3);
      for (const entry of entries.splice(0, share)) await this.#queue(entry);
      await this.#round();
    }
    this.is_wild = false;
    for (let round = 0; this.one.left() > 0 && round < QUIET_ROUNDS; round += 1) await this.#round();
  }

  // null, or what is wrong with this message.
  problem(name, mails, reasons) {
    const { kind, expected } = this.plan.get(name);
    const only = (...allowed) => reasons.every((reason) => allowed.includes(reason));
    if (mails > 1) return `sent ${mails} times`;
    if (reasons.includes('UNKNOWN_OUTCOME') && !this.touched.has(name)) return 'unknown, and nothing happened to it';
    if (kind === 'outdated') return mails + reasons.length === 0 ? null : `outdated: ${mails} mails, ${reasons}`;
    if (kind === 'bad') return mails === 0 && reasons.length > 0 && only(expected) ? null : `${expected}: ${mails} mails, ${reasons}`;
    if (mails + reasons.length === 0) return 'lost';
    if (kind === 'rejected') return mails === 0 && only('SES_REJECTED', 'UNKNOWN_OUTCOME') ? null : `rejected: ${mails} mails, ${reasons}`;
    if (kind === 'reused') return only('ID_REUSED', 'UNKNOWN_OUTCOME') ? null : `reused: ${reasons}`;
    return only('UNKNOWN_OUTCOME') ? null : `good: ${mails} mails, ${reasons}`;
  }

  async problems() {
    const mails = {};
    const reasons = {};
    for (const to of this.one.recipients()) mails[to.split('@')[0]] = (mails[to.split('@')[0]] ?? 0) + 1;
    for (const { firstMessageId, reason } of await this.one.letters()) {
      // SQS's id, which no message states by itself.
      const name = this.names.get(firstMessageId);
      reasons[name] = [...(reasons[name] ?? []), reason];
      this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    }
    this.counts.mails = this.one.sent.length;
    const found = [];
    for (const [name, { kind, expected }] of this.plan) {
      const problem = this.problem(name, mails[name] ?? 0, reasons[name] ?? []);
      if (problem) found.push(`${name}: ${problem}`);
      // Of the two messages under one id one mail goes out at most.
      if (kind === 'reused' && (mails[name] ?? 0) + (mails[expected] ?? 0) > 1) found.push(`${name}: both are sent`);
    }
    if (this.one.left() > 0) found.push(`${this.one.left()} messages are left`);
    return found;
  }
}

// Gives {problems: ["message: what is wrong"], counts}.
export async function runRandomly({ messages, seed }) {
  const run = new RandomRun(seed);
  try {
    await run.start();
    await run.run(messages);
    const problems = await run.problems();
    await run.one.checkInbox();
    return { problems, counts: run.counts };
  } finally {
    await run.one?.stop();
  }
}
