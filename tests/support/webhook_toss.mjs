// Toss Payments for tests of the webhook function: its query API on loopback, and the events it sends.
import { createServer } from 'node:http';
import { SECRETS, orderId, totalOf } from './webhook.mjs';

// A payment of order i, as Toss returns it.
export const tossPayment = (i, more = {}) => ({
  paymentKey: `pk_${i}`, orderId: orderId(i), status: 'DONE', method: '카드', lastTransactionKey: `TX-${i}`, currency: 'KRW',
  totalAmount: totalOf(i), balanceAmount: totalOf(i), approvedAt: '2026-02-01T12:04:05+09:00', secret: `ps_${i}`, cancels: null, ...more,
});
// `n` cancellations of `amount` each.
export const cancelled = (i, n, amount, more = {}) => tossPayment(i, {
  status: n * amount === totalOf(i) ? 'CANCELED' : 'PARTIAL_CANCELED', balanceAmount: totalOf(i) - n * amount, lastTransactionKey: `TX-${i}-${n}`,
  cancels: Array.from({ length: n }, (_, k) => ({ transactionKey: `TX-${i}-${k + 1}`, cancelAmount: amount, canceledAt: `2026-02-0${k + 2}T12:04:05+09:00`, cancelReason: '고객 요청', cancelStatus: 'DONE' })), ...more,
});

export const statusChanged = (data) => ({ eventType: 'PAYMENT_STATUS_CHANGED', createdAt: '2026-02-01T12:04:06.000000', data });
export const depositCallback = ({ orderId: order_id, status, secret, lastTransactionKey }) => ({ createdAt: '2026-02-01T12:04:06.000000', secret, orderId: order_id, status, transactionKey: lastTransactionKey });
export const payoutChanged = (n, status = 'COMPLETED', more = {}) => ({
  eventType: 'payout.changed', createdAt: '2026-02-01T12:04:06+09:00', eventId: `evt-${n}-${status}`, entityType: 'payout',
  entityBody: { id: `payout-${n}`, refPayoutId: `ref-${n}`, destination: 'seller-1', amount: { currency: 'KRW', value: 125000 }, status, payoutDate: '2026-02-01', ...more },
});

export class LocalToss {
  static async start() {
    const one = new LocalToss();
    one.payments = new Map(); // by payment key and order's id
    one.transactions = [];
    one.requests = [];
    one.fail = null; // an HTTP status for all, or 'hang'
    one.server = createServer((incoming, outgoing) => one.#serve(incoming, outgoing));
    await new Promise((done) => one.server.listen(0, '127.0.0.1', done));
    one.url = `http://127.0.0.1:${one.server.address().port}`;
    return one;
  }

  put(payment) {
    this.payments.set(`/v1/payments/${payment.paymentKey}`, payment);
    this.payments.set(`/v1/payments/orders/${payment.orderId}`, payment);
    return payment;
  }

  // What Toss lists of payments and their cancellations.
  list(...payments) {
    this.transactions.push(...payments.flatMap(({ paymentKey, orderId: order_id, method, lastTransactionKey, totalAmount, approvedAt, cancels }) => [
      { paymentKey, orderId: order_id, method, transactionKey: cancels ? `${lastTransactionKey}-0` : lastTransactionKey, status: 'DONE', currency: 'KRW', amount: totalAmount, transactionAt: approvedAt },
      ...(cancels ?? []).map(({ transactionKey, cancelAmount, canceledAt }) => ({ paymentKey, orderId: order_id, method, transactionKey, status: 'CANCELED', currency: 'KRW', amount: -cancelAmount, transactionAt: canceledAt })),
    ]));
  }

  #listed(url) {
    const query = new URL(url, this.url).searchParams;
    const found = this.transactions.filter(({ transactionAt: at }) => at.slice(0, 19) >= query.get('startDate') && at.slice(0, 19) <= query.get('endDate'));
    const from = found.findIndex(({ transactionKey }) => transactionKey === query.get('startingAfter')) + 1;
    return found.slice(from, from + Number(query.get('limit') ?? 100));
  }

  #serve({ method, url, headers }, outgoing) {
    this.requests.push(`${method} ${url}`);
    if (this.fail === 'hang') return;
    const reply = (status, value) => outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    const is_known = headers.authorization === `Basic ${Buffer.from(`${SECRETS.toss_key}:`).toString('base64')}`;
    const payment = url.startsWith('/v1/transactions?') ? this.#listed(url) : this.payments.get(url);
    if (this.fail) reply(this.fail, { code: 'FAILED_INTERNAL_SYSTEM_PROCESSING', message: '내부 오류' });
    else if (!is_known) reply(401, { code: 'UNAUTHORIZED_KEY', message: '인증되지 않은 시크릿 키' });
    else if (!payment) reply(404, { code: 'NOT_FOUND_PAYMENT', message: '존재하지 않는 결제' });
    else reply(200, payment);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
