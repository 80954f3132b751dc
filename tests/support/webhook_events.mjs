// Events of many orders at random, as their senders make them: attempts that fail, cancellations, several
// parcels, partial refunds, refunds above what was paid, wrong amounts, orders that do not exist, bodies
// that are refused.

// As seed.sql of tests/services/platforms makes them.
export const orderId = (i) => `ORD-${String(i).padStart(6, '0')}`;
export const totalOf = (i) => 10000 + 100 * (i % 50) + (i % 2 === 0 ? 5000 : 0);

const BASE_MS = Date.parse('2026-03-01T00:00:00Z');
// In texts that no log may show.
export const CANARY = 'CANARY-PRIVATE';

const PARCEL_STATUSES = ['preparing', 'in_transit', 'out_for_delivery', 'failed', 'delivered'];

export class EventMaker {
  constructor(random) {
    Object.assign(this, { random, events: [] });
  }

  chance(probability) {
    return this.random() < probability;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  // Each event has a time of its own, by which the history's row is found again.
  #add(order, event) {
    const at_ms = BASE_MS + this.events.length * 1000 + 7;
    const scheme = this.pick(['platform', 'standard']);
    this.events.push({ order, at_ms, scheme, ...event });
  }

  #payments(order, total) {
    const add = (status, amount = total) => this.#add(order, { type: 'payment', status, amount });
    if (this.chance(0.5)) add('pending');
    while (this.chance(0.3)) add('failed');
    if (this.chance(0.12)) add('completed', this.pick([total - 1, total + 1, total * 10, 1]));
    if (this.chance(0.85)) add('completed');
    if (this.chance(0.1)) add('completed');
    if (this.chance(0.12)) add('cancelled');
  }

  #parcels(order) {
    const add = (tracking, status) => this.#add(order, { type: 'shipping', tracking, status });
    if (this.chance(0.3)) add('', 'preparing');
    for (let n = this.pick([0, 1, 1, 1, 2, 3]); n > 0; n -= 1) {
      for (const status of PARCEL_STATUSES) {
        if (this.chance({ failed: 0.35, delivered: 0.6 }[status] ?? 0.75)) add(`T${order}-${n}`, status);
        if (this.chance(0.08)) add(`T${order}-${n}`, status);
      }
    }
  }

  #refunds(order, total) {
    for (let n = this.pick([0, 0, 1, 1, 2, 3]); n > 0; n -= 1) {
      const part = this.pick([0.1, 0.25, 0.3, 0.5, 1]);
      const amount = Math.max(1, Math.floor(total * part)) + (this.chance(0.05) ? total : 0);
      const add = (status, won = amount) => this.#add(order, { type: 'refund', refund: `R${order}-${n}`, status, amount: won });
      if (this.chance(0.6)) add('pending');
      if (this.chance(0.6)) add('processing');
      if (this.chance(0.05)) add('pending', amount + 1);
      const rejected = this.chance(0.15);
      if (this.chance(0.9)) add(rejected ? 'rejected' : 'completed');
      if (this.chance(0.05)) add(rejected ? 'completed' : 'rejected');
    }
  }

  // All events of orders 1 to `count`, in a random order.
  make(count) {
    for (let i = 1; i <= count; i += 1) {
      this.#payments(i, totalOf(i));
      this.#parcels(i);
      this.#refunds(i, totalOf(i));
      if (this.chance(0.04)) this.#add(1e6 + i, { type: 'payment', status: 'completed', amount: totalOf(i) });
    }
    return this.shuffle(this.events);
  }

  shuffle(list) {
    const shuffled = [...list];
    for (let i = shuffled.length - 1; i > 0; i -= 1) {
      const other = Math.floor(this.random() * (i + 1));
      [shuffled[i], shuffled[other]] = [shuffled[other], shuffled[i]];
    }
    return shuffled;
  }
}

const bodies = {
  payment: ({ status, amount }, time) => ({ status, amount, paymentMethod: 'card', transactionId: `TX-${Date.parse(time)}`, paidAt: time }),
  shipping: ({ status, tracking }, time) => ({ status, timestamp: time, location: `${CANARY} 물류`, ...(tracking ? { trackingNumber: tracking, carrier: 'CJ대한통운' } : {}) }),
  refund: ({ status, refund, amount }, time) => ({ status, refundId: refund, amount, reason: `${CANARY} 변심`, processedAt: time }),
};

// The line of webhook-send's file.
export function lineOf(event) {
  const time = new Date(event.at_ms).toISOString();
  const body = { type: event.type, orderId: orderId(event.order), ...bodies[event.type](event, time) };
  return JSON.stringify({ path: `/webhooks/${event.type}`, scheme: event.scheme, id: `evt_${event.at_ms}`, body });
}

// Bodies that a sender signs and that are refused whatever happens: 400.
export function badLines(random, count) {
  const make = [
    () => ({ path: '/webhooks/payment', text: '{"type":"payment"' }),
    () => ({ path: '/webhooks/payment', text: '' }),
    () => ({ path: '/webhooks/refund', body: { type: 'payment', orderId: orderId(1), status: 'pending', amount: 5 } }),
    () => ({ path: '/webhooks/payment', body: { type: 'payment', orderId: orderId(1), status: 'done', amount: totalOf(1) } }),
    () => ({ path: '/webhooks/payment', body: { type: 'payment', orderId: orderId(1), status: 'pending', amount: 10.5 } }),
    () => ({ path: '/webhooks/payment', text: `{"type":"payment","orderId":"${orderId(1)}","orderId":"${orderId(2)}","status":"pending","amount":5}` }),
    () => ({ path: '/webhooks/shipping', body: { type: 'shipping', orderId: orderId(1), status: 'in_transit', timestamp: '2026-01-01T00:00:00Z' } }),
    () => ({ path: '/webhooks/refund', body: { type: 'refund', orderId: orderId(1), refundId: 'R', amount: 0, status: 'pending' } }),
  ];
  return Array.from({ length: count }, (_, n) => JSON.stringify({ scheme: 'standard', id: `bad_${n}`, ...make[Math.floor(random() * make.length)]() }));
}
