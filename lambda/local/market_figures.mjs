// What sellers are owed, computed a second time from the platform's own tables (snake_case), independent of
// the settlement's views and code: to hold its reports against. Rules: services/settlement/README.md with
// their defaults. Amounts are BigInt.
const KST = 'INTERVAL 9 HOUR';
const DEFAULT_RATE_BP = 500n;
const KINDS = { sale: '판매', shipping: '배송비', refund: '환불', cancel: '취소', 'shipping back': '배송비 환불' };
const TAXES = { taxable: '과세', exempt: '면세' };
const PAYMENTS = { card: '카드', cash_receipt: '현금영수증', other: '기타' };

const won = (text) => {
  const [, whole] = text.match(/^(-?\d+)(?:\.0+)?$/) ?? [];
  if (whole === undefined) throw new Error(`${text} is not whole won`);
  return BigInt(whole);
};
const rateBp = (text) => BigInt(Math.round(Number(text) * 100));
const orNull = (text) => (text === 'NULL' ? null : text);
// Backslashes as the client's --batch writes them.
const unescape = (text) => text.replace(/\\([nt0\\])/g, (_, c) => ({ n: '\n', t: '\t', 0: '\0', '\\': '\\' })[c]);

// Rows of a SELECT as objects of texts; NULL is null.
async function rows(database, columns, rest) {
  const names = Object.keys(columns);
  const found = await database.execute(`SELECT ${Object.values(columns).join(', ')} ${rest};`, { database: database.name });
  return found.map((values) => Object.fromEntries(names.map((name, i) => [name, orNull(unescape(values[i]))])));
}

async function readTables(database) {
  const [orders, items, refunds] = await Promise.all([
    rows(database, {
      id: 'id', number: 'order_number', fee: 'shipping_fee', coupon: 'discount_amount', bearer: 'discount_bearer', points: 'points_used', status: 'status',
      method: 'payment_method', receipt: "COALESCE(cash_receipt_number, '')", ordered: `created_at + ${KST}`, confirmed: `confirmed_at + ${KST}`, cancelled: `cancelled_at + ${KST}`,
    }, 'FROM orders WHERE confirmed_at IS NOT NULL'),
    rows(database, {
      id: 'i.id', order: 'i.order_id', name: 'i.product_name', price: 'i.price', quantity: 'i.quantity', seller: 'p.seller_id', category: 'p.category_id', tax: 'p.tax_type',
      rate: 'COALESCE(p.commission_rate, s.commission_rate, c.commission_rate)',
    }, 'FROM order_items i JOIN products p ON p.id = i.product_id JOIN sellers s ON s.id = p.seller_id LEFT JOIN categories c ON c.id = p.category_id ORDER BY i.id'),
    rows(database, { id: 'id', order: 'order_id', item: 'order_item_id', amount: 'amount', processed: `processed_at + ${KST}` }, "FROM refunds WHERE status = 'completed'"),
  ]);
  return { orders, items: Map.groupBy(items, ({ order }) => order), refunds: Map.groupBy(refunds, ({ order }) => order) };
}

// ---------------------------------------------------------------------- one order

const NOTHING = { seller_coupon: 0n, platform_coupon: 0n, platform_points: 0n, paid: 0n };
const gross = (part) => part.paid + part.platform_coupon + part.platform_points;
const list = (part) => gross(part) + part.seller_coupon;
const halfUp = (value, divisor) => (value * 2n + divisor) / (divisor * 2n);

// All amounts of what remains of an item.
function amounts(part, rate_bp) {
  const commission = halfUp(gross(part) * rate_bp, 10000n);
  const vat = commission / 11n;
  return { ...part, list: list(part), gross: gross(part), commission, vat, supply: commission - vat, net: gross(part) - commission };
}

// Shares of an amount in proportion to weights: cumulative, rounded down.
function shares(amount, weights) {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  let upto = 0n;
  return weights.map((weight) => {
    const before = total === 0n ? 0n : (amount * upto) / total;
    upto += weight;
    return (total === 0n ? 0n : (amount * upto) / total) - before;
  });
}

function partsOf(order, items) {
  const lists = items.map(({ price, quantity }) => won(price) * BigInt(quantity));
  const coupons = shares(won(order.coupon), lists);
  const points = shares(won(order.points), lists.map((value, i) => value - coupons[i]));
  const is_sellers = order.bearer === 'seller';
  const parts = items.map((item, i) => ({
    item, id: item.id, is_fee: false, name: item.name, unit: won(item.price), rate_bp: item.rate === null ? DEFAULT_RATE_BP : rateBp(item.rate),
    sold: {
      seller_coupon: is_sellers ? coupons[i] : 0n, platform_coupon: is_sellers ? 0n : coupons[i], platform_points: points[i], paid: lists[i] - coupons[i] - points[i],
    },
  }));
  if (won(order.fee) > 0n) {
    parts.push({ item: { ...items[0], category: null }, id: 'shipping', is_fee: true, name: '', unit: won(order.fee), rate_bp: 0n, sold: { ...NOTHING, paid: won(order.fee) } });
  }
  return parts.map((part) => ({ ...part, remaining: part.sold }));
}

const later = (a, b) => (b !== null && b > a ? b : a);

// Refunds and the cancellation, by time.
function eventsOf(order, refunds) {
  const is_cancelled = order.status === 'cancelled';
  const events = refunds
    .filter(({ processed }) => !is_cancelled || processed < order.cancelled)
    .map(({ id, item, amount, processed }) => ({ id: Number(id), item, amount: won(amount), settled: later(order.confirmed, processed) }));
  events.sort((a, b) => (a.settled === b.settled ? a.id - b.id : a.settled < b.settled ? -1 : 1));
  if (is_cancelled) events.push({ item: null, amount: null, settled: later(order.confirmed, order.cancelled) });
  return events;
}

// What each part loses by an event: [part, what remains of it].
function takeBack(parts, { item, amount }) {
  if (amount === null) return parts.map((part) => [part, NOTHING]);
  const of = (part, paid) => {
    const after = part.remaining.paid - paid;
    const kept = (discount) => (part.sold[discount] * after) / part.sold.paid;
    return [part, { seller_coupon: kept('seller_coupon'), platform_coupon: kept('platform_coupon'), platform_points: kept('platform_points'), paid: after }];
  };
  if (item !== null) return parts.filter(({ id }) => id === item).map((part) => of(part, amount));
  const products = parts.filter(({ is_fee }) => !is_fee);
  const weights = products.map(({ remaining }) => remaining.paid);
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  const taken = shares(amount < total ? amount : total, weights);
  const result = products.map((part, i) => [part, taken[i]]);
  if (amount > total) result.push([parts.find(({ is_fee }) => is_fee), amount - total]);
  return result.filter(([, paid]) => paid > 0n).map(([part, paid]) => of(part, paid));
}

function linesOf(order, items, refunds) {
  const parts = partsOf(order, items);
  const payment = order.receipt !== '' ? 'cash_receipt' : ['card', '카드'].includes(order.method) ? 'card' : 'other';
  const lines = [];
  const put = (part, kind, settled, quantity, before, after) => {
    const [old, now] = [before, after].map((one) => amounts(one, part.rate_bp));
    const change = Object.fromEntries(Object.keys(now).map((name) => [name, now[name] - old[name]]));
    if (kind !== 'sale' && kind !== 'shipping' && change.list === 0n) return;
    lines.push({
      seller: part.item.seller, order: order.number, kind: KINDS[kind], ordered: order.ordered, settled, name: part.name, quantity, unit: part.unit, rate_bp: part.rate_bp,
      tax: TAXES[part.item.tax], payment: PAYMENTS[payment], category: part.item.category ?? '', ...change,
    });
  };
  for (const part of parts) put(part, part.is_fee ? 'shipping' : 'sale', order.confirmed, part.is_fee ? 1n : BigInt(part.item.quantity), NOTHING, part.sold);
  for (const event of eventsOf(order, refunds)) {
    for (const [part, after] of takeBack(parts, event)) {
      if (after.paid < 0n) throw new Error(`order ${order.number}: more is refunded than was paid`);
      const is_cancel = event.amount === null;
      const quantity = is_cancel && !part.is_fee ? -BigInt(part.item.quantity) : 0n;
      put(part, part.is_fee ? 'shipping back' : is_cancel ? 'cancel' : 'refund', event.settled, quantity, part.remaining, after);
      part.remaining = after;
    }
  }
  return lines;
}

// ---------------------------------------------------------------------- a period

// The lines of the KST days first to last by seller: Map(seller -> [line]).
export async function expectedLines(database, first_day, last_day) {
  const { orders, items, refunds } = await readTables(database);
  const lines = orders.flatMap((order) => linesOf(order, items.get(order.id), refunds.get(order.id) ?? []));
  const inside = lines.filter(({ settled }) => settled.slice(0, 10) >= first_day && settled.slice(0, 10) <= last_day);
  return Map.groupBy(inside, ({ seller }) => seller);
}

export const SUMS = ['list', 'gross', 'commission', 'supply', 'vat', 'net', 'seller_coupon', 'platform_coupon', 'platform_points', 'paid', 'quantity'];

// {lines, orders (of which something was sold), list, gross, ...} of lines.
export function sumOf(lines) {
  const sum = { lines: lines.length, orders: new Set(lines.filter(({ kind }) => kind === KINDS.sale).map(({ order }) => order)).size };
  for (const name of SUMS) sum[name] = lines.reduce((total, line) => total + line[name], 0n);
  return sum;
}

// The line as the columns of the CSV's rows, texts all.
export const cellsOf = (line) => [
  line.order, line.ordered, line.name, line.quantity, line.unit, line.gross, `${line.rate_bp / 100n}.${String(line.rate_bp % 100n).padStart(2, '0')}`, line.commission, line.net,
  line.kind, line.supply, line.vat, line.tax, line.payment, line.list, line.seller_coupon, 0n, line.platform_coupon, line.platform_points, line.paid, line.category, line.settled,
].map(String);
