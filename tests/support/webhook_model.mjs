// What webhooks do to an order, written from the rules of the contract and not from the C code: a state
// is a rank that never falls.
//
// OrderModel.apply gives what becomes of the next event. finalOf gives the final states from the events
// alone, whatever their order; null for what does depend on it.
//
// An event is {type: 'payment', status, amount} | {type: 'shipping', status, tracking} |
// {type: 'refund', status, refund, amount}.

const PAYMENT = ['unpaid', 'pending', 'failed', 'paid', 'cancelled'];
const PARCEL = ['unknown', 'preparing', 'in_transit', 'out_for_delivery', 'failed', 'delivered'];
const REFUND = ['unknown', 'pending', 'processing', 'completed'];
const LEFT = PARCEL.indexOf('in_transit');
const FINAL = REFUND.indexOf('completed');

const paymentRank = (status) => PAYMENT.indexOf(status === 'completed' ? 'paid' : status);
// completed and rejected are both final.
const refundRank = (status) => REFUND.indexOf(status === 'rejected' ? 'completed' : status);
const outcomeOf = (before, after) => (after > before ? 'moved' : after === before ? 'repeated' : 'late');

export class OrderModel {
  constructor(total) {
    Object.assign(this, { total, payment: 'unpaid', paid: 0, refunded: 0, shipped: false });
    this.parcels = new Map(); // tracking number -> state
    this.refunds = new Map(); // refund -> {state, amount}
    this.mails = new Set(); // 'paid', 'shipped TRACKING'
  }

  // {outcome, before, after}; outcome 'refused': nothing has changed.
  apply(event) {
    if (event.type === 'payment') return this.#pay(event);
    return event.type === 'shipping' ? this.#ship(event) : this.#refund(event);
  }

  #pay({ status, amount }) {
    if (status === 'completed' && amount !== this.total) return { outcome: 'refused' };
    const before = this.payment;
    const outcome = outcomeOf(paymentRank(before), paymentRank(status));
    if (outcome === 'moved') this.payment = PAYMENT[paymentRank(status)];
    if (status === 'completed') {
      this.paid = this.total;
      if (outcome === 'moved') this.mails.add('paid');
    }
    return { outcome, before, after: this.payment };
  }

  #ship({ status, tracking }) {
    const before = this.parcels.get(tracking) ?? 'unknown';
    const has_numbered = [...this.parcels.keys()].some((number) => number !== '');
    if (tracking === '' && has_numbered) return { outcome: 'late', before, after: before };
    const [from, to] = [PARCEL.indexOf(before), PARCEL.indexOf(status)];
    const outcome = outcomeOf(from, to);
    if (outcome !== 'moved') return { outcome, before, after: before };
    if (to >= LEFT && from < LEFT) {
      if (!['paid', 'cancelled'].includes(this.payment)) return { outcome: 'refused' };
      if (this.payment === 'paid' && ['in_transit', 'out_for_delivery'].includes(status)) this.mails.add(`shipped ${tracking}`);
    }
    this.shipped ||= to >= LEFT;
    this.parcels.set(tracking, status);
    // It has its number now.
    if (tracking !== '') this.parcels.delete('');
    return { outcome, before, after: status };
  }

  #refund({ status, refund, amount }) {
    const known = this.refunds.get(refund) ?? { state: 'unknown', amount };
    if (this.paid === 0 || amount > this.paid || amount !== known.amount) return { outcome: 'refused' };
    const before = known.state;
    const outcome = outcomeOf(refundRank(before), refundRank(status));
    if (refundRank(before) === FINAL && refundRank(status) === FINAL && before !== status) return { outcome: 'refused' };
    if (outcome !== 'moved') return { outcome, before, after: before };
    if (status === 'completed') {
      if (this.refunded + amount > this.paid) return { outcome: 'refused' };
      this.refunded += amount;
    }
    this.refunds.set(refund, { state: status, amount });
    return { outcome, before, after: status };
  }

  // As finalOf gives it.
  get final() {
    const { payment, paid, refunded, shipped } = this;
    const sorted = (map) => Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
    return { payment, paid, refunded, shipped, parcels: sorted(this.parcels), refunds: sorted(this.refunds) };
  }
}

// Whether the refunds end the same in any order.
function areRefundsClear(total, refunds) {
  const amounts = new Map();
  let completed = 0;
  for (const { refund, amount } of refunds) {
    if ((amounts.get(refund) ?? amount) !== amount || amount > total) return false;
    amounts.set(refund, amount);
  }
  for (const [refund, amount] of amounts) {
    const statuses = new Set(refunds.filter((one) => one.refund === refund).map(({ status }) => status));
    if (statuses.has('completed') && statuses.has('rejected')) return false;
    if (statuses.has('completed')) completed += amount;
  }
  return completed <= total;
}

const highest = (names, ranks) => names[Math.max(0, ...ranks)];

// The states in which an order ends when all of these events have arrived, those that were refused as
// often as it takes. null: it depends on their order.
export function finalOf(total, events) {
  const of = (type) => events.filter((event) => event.type === type);
  const payments = of('payment').filter(({ status, amount }) => status !== 'completed' || amount === total);
  const payment = highest(PAYMENT, payments.map(({ status }) => paymentRank(status)));
  const paid = payments.some(({ status }) => status === 'completed') ? total : 0;
  const may_leave = payment === 'paid' || payment === 'cancelled';

  const parcels = {};
  for (const { tracking, status } of of('shipping')) {
    if (!may_leave && status !== 'preparing') continue;
    parcels[tracking] = highest(PARCEL, [parcels[tracking] ?? 'unknown', status].map((state) => PARCEL.indexOf(state)));
  }
  if (Object.keys(parcels).some((tracking) => tracking !== '')) delete parcels[''];
  const shipped = Object.values(parcels).some((state) => PARCEL.indexOf(state) >= LEFT);

  const refunds = {};
  if (paid > 0 && !areRefundsClear(total, of('refund'))) return null;
  for (const { refund, status, amount } of paid > 0 ? of('refund') : []) {
    const before = refunds[refund]?.state ?? 'unknown';
    refunds[refund] = { state: refundRank(status) > refundRank(before) ? status : before, amount };
  }
  const refunded = Object.values(refunds).reduce((sum, { state, amount }) => sum + (state === 'completed' ? amount : 0), 0);
  const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { payment, paid, refunded, shipped, parcels: sorted(parcels), refunds: sorted(refunds) };
}

// The model after all events; those that are refused come again until none of them is accepted.
export function deliverAll(total, events) {
  const order = new OrderModel(total);
  let left = [...events];
  for (let count = -1; count !== left.length; ) {
    count = left.length;
    left = left.filter((event) => order.apply(event).outcome === 'refused');
  }
  return order;
}
