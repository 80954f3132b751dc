// The part of a random run that comes from Toss: payments that go through their states while hints of
// them arrive in any order, forged hints, and payouts. A hint leads to what Toss states at that moment, so
// an order ends in the last state of its payment whichever hint came when.
import { SECRETS, orderId, totalOf } from './webhook.mjs';
import { depositCallback, payoutChanged, statusChanged, tossPayment } from './webhook_toss.mjs';
import { OrderModel } from './webhook_model.mjs';

const PATH = `/webhooks/toss/${SECRETS.token}`;
const BASE_MS = Date.parse('2026-02-01T00:00:00Z');
const PAYOUTS = { COMPLETED: 'paid', FAILED: 'failed', CANCELED: 'failed', REQUESTED: 'scheduled', IN_PROGRESS: 'scheduled' };

export class RandomToss {
  // Orders first to first + count - 1 are paid with Toss.
  constructor(random, toss, first, count) {
    Object.assign(this, { random, toss, first, count });
    this.payments = new Map(); // order -> {versions, at}
    this.payouts = new Map(); // id -> final state
    this.hints = [];
    this.signed = [];
    this.forged = [];
    for (let i = first; i < first + count; i += 1) this.#addPayment(i);
    for (let n = 0; n < count; n += 1) this.#addPayout(n);
  }

  #pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  #addPayment(i) {
    const total = totalOf(i);
    const unpaid = (status, key) => tossPayment(i, { status, lastTransactionKey: `TX-${i}-${key}`, approvedAt: null, method: '가상계좌' });
    const cancels = [1000, 2500, total - 3500].map((cancelAmount, k) => ({
      transactionKey: `TX-${i}-c${k}`, cancelAmount, canceledAt: `2026-02-0${k + 2}T12:04:05+09:00`, cancelReason: '고객 요청', cancelStatus: 'DONE',
    }));
    const after = (n) => tossPayment(i, {
      status: n === cancels.length ? 'CANCELED' : 'PARTIAL_CANCELED', lastTransactionKey: cancels[n - 1].transactionKey, cancels: cancels.slice(0, n),
      balanceAmount: total - cancels.slice(0, n).reduce((sum, { cancelAmount }) => sum + cancelAmount, 0),
    });
    const waiting = unpaid('WAITING_FOR_DEPOSIT', 'w');
    const stories = [
      [waiting, tossPayment(i), after(1), after(2), after(3)],
      [unpaid('READY', 'r'), tossPayment(i), after(1), after(2), after(3)],
      [tossPayment(i)],
      [waiting, unpaid('EXPIRED', 'e')],
      [unpaid('IN_PROGRESS', 'p'), unpaid('ABORTED', 'a')],
    ];
    const story = this.#pick(stories);
    const versions = story.slice(0, 1 + Math.floor(this.random() * story.length));
    this.payments.set(i, { versions, at: 0 });
    this.toss.put(versions[0]);
    for (const version of versions) {
      this.hints.push(statusChanged(version));
      if (version.method === '가상계좌') this.hints.push(depositCallback(version));
    }
    if (this.random() < 0.3) this.forged.push(statusChanged(tossPayment(i, { paymentKey: `pk_forged_${i}` })));
    if (this.random() < 0.2) this.forged.push(depositCallback({ ...versions[0], secret: 'ps_forged' }));
  }

  #addPayout(n) {
    const statuses = ['REQUESTED', 'IN_PROGRESS', this.#pick(['COMPLETED', 'FAILED', 'CANCELED'])].slice(0, 1 + Math.floor(this.random() * 3));
    statuses.forEach((status, k) => {
      const createdAt = new Date(BASE_MS + n * 60000 + k * 1000).toISOString();
      this.signed.push({ ...payoutChanged(n, status), createdAt });
    });
    this.payouts.set(`payout-${n}`, PAYOUTS[statuses.at(-1)]);
  }

  lines() {
    const line = (scheme) => (body) => JSON.stringify({ path: PATH, scheme, body });
    return [...this.hints, ...this.forged].map(line('none')).concat(this.signed.map(line('toss')));
  }

  // Toss goes on: with some payment, or with all of them to their last state.
  advance(to_end = false) {
    for (const payment of this.payments.values()) {
      if (!to_end && this.random() > 0.1) continue;
      payment.at = to_end ? payment.versions.length - 1 : Math.min(payment.at + 1, payment.versions.length - 1);
      this.toss.put(payment.versions[payment.at]);
    }
  }

  static #final(total, { status, approvedAt, cancels }) {
    const paid = approvedAt ? total : 0;
    const refunds = Object.fromEntries((cancels ?? []).map(({ transactionKey, cancelAmount }) => [transactionKey, { state: 'completed', amount: cancelAmount }]));
    const refunded = (cancels ?? []).reduce((sum, { cancelAmount }) => sum + cancelAmount, 0);
    const states = { READY: 'pending', IN_PROGRESS: 'pending', WAITING_FOR_DEPOSIT: 'pending', DONE: 'paid', PARTIAL_CANCELED: 'paid', CANCELED: 'cancelled', ABORTED: 'failed', EXPIRED: 'failed' };
    return { payment: states[status], paid, refunded, shipped: false, parcels: {}, refunds };
  }

  // The final states of order i, and its mails. rows: its history, [{subject, subject_id, name, outcome,
  // before, after, amount, key}]; expect(what, found, expected).
  expected(i, rows, expect) {
    const total = totalOf(i);
    const model = new OrderModel(total);
    const cancelled = new Set(rows.filter(({ name, outcome }) => name === 'cancelled' && outcome === 'moved').map(({ key }) => key));
    const mails = [];
    for (const { subject, subject_id, name, outcome, before, after, amount, key } of rows) {
      const applied = model.apply({ type: subject, status: name, refund: subject_id, amount });
      expect(`history of ${orderId(i)} ${subject} ${name}`, { outcome, before, after }, applied);
      // Nobody gets a confirmation of what the same news cancels.
      if (name === 'completed' && subject === 'payment' && outcome === 'moved' && !cancelled.has(key)) mails.push(`order-${orderId(i)}-paid`);
    }
    const final = RandomToss.#final(total, this.payments.get(i).versions.at(-1));
    expect(`${orderId(i)} after its history`, model.final, final);
    return { final, mails };
  }
}
