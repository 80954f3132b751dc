// The webhooks of a day at the market, about the last orders of market.sql: what each sender sends, in the
// order of arrival, with the response that is due. The customers confirm their purchases on the day after,
// and the schedules of the morning after that settle them: so the days do not depend on the hour of a run.

const DAY_MS = 24 * 3600 * 1000;
const KST_MS = 9 * 3600 * 1000;
const METHODS = { 1: 'card', 2: 'card', 3: 'transfer', 4: 'card', 5: 'card' };
export const AMOUNTS = { 1: 62900, 2: 26000, 3: 23331, 4: 29000, 5: 12000 };
const PAID = [1, 2, 3, 4];
const FORGED = 5;

const kstDate = (ms) => new Date(ms + KST_MS).toISOString().slice(0, 10);

const step = (what, body, { status = 200, times = 1, forged = false } = {}) => ({ what, path: `webhooks/${body.type}`, body, status, times, forged });

// {today ("20260208"), day ("2026-02-09": settled), morning (ms), confirmed (order -> UTC time for SQL),
// unpaid, payments, parcels, refunds, late_refunds}. The lists: {what, path, body, status, times, forged}.
export function marketDay(now_ms) {
  const today = kstDate(now_ms).replaceAll('-', '');
  const day = kstDate(now_ms + DAY_MS);
  const orderId = (i) => `${today}${String(i).padStart(6, '0')}`;
  const ago = (minutes) => new Date(now_ms - minutes * 60000).toISOString().replace(/\.\d+Z$/, 'Z');

  const payment = (i) => ({
    type: 'payment', orderId: orderId(i), status: 'completed', paymentMethod: METHODS[i], transactionId: `pay-${i}`, amount: AMOUNTS[i], paidAt: ago(240 - i),
  });
  const shipping = (i, status, timestamp) => ({
    type: 'shipping', orderId: orderId(i), trackingNumber: `68001234567${i}`, carrier: 'CJ대한통운', status, location: '서울', timestamp,
  });
  const refund = (i, id, amount, reason) => ({
    type: 'refund', orderId: orderId(i), refundId: id, amount, reason, status: 'completed', processedAt: ago(10),
  });

  return {
    today,
    day,
    morning_ms: Date.parse(`${day}T00:00:00Z`) + DAY_MS,
    // 10:31 in Korea and later.
    confirmed: new Map(PAID.map((i) => [orderId(i), `${day} 0${i}:3${i}:00`])),
    unpaid: orderId(FORGED),
    payments: [
      step('paid', payment(1)),
      step('paid, sent three times', payment(2), { times: 3 }),
      step('paid, sent twice', payment(3), { times: 2 }),
      step('paid', payment(4)),
      step('"paid", signed by somebody else', payment(FORGED), { status: 401, forged: true }),
    ],
    parcels: [
      ...PAID.flatMap((i) => [
        step('on its way', shipping(i, 'in_transit', ago(180 - i))),
        step(i === 1 ? 'delivered, sent twice' : 'delivered', shipping(i, 'delivered', ago(60 - i)), { times: i === 1 ? 2 : 1 }),
      ]),
      step('"preparing", hours late', shipping(4, 'preparing', ago(200))),
    ],
    refunds: [step('8,000 won refunded, sent twice', refund(2, 'refund-1', 8000, '소매 올 풀림'), { times: 2 })],
    late_refunds: [step('9,999 won refunded, reported after the settlement', refund(1, 'refund-2', 9999, '감귤 일부 파손'))],
  };
}

// What the seed of January is settled with.
export const JANUARY = { day: '2026-01-01', time_ms: Date.parse('2026-02-01T00:00:00Z') };
