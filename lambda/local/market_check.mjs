// A seller's report held against the lines that market_figures.mjs computes from the orders: each row of the
// CSV, its totals, the JSON's sums, and the figures on the page.
import { SUMS, cellsOf, sumOf } from './market_figures.mjs';

const MARK = '\ufeff';
const KIND_NAMES = { 판매: 'SALE', 배송비: 'SHIPPING', 환불: 'REFUND', 취소: 'CANCEL', '배송비 환불': 'SHIPPING_REFUND' };
const TAX_NAMES = { 과세: 'taxable', 면세: 'exempt' };
const PAYMENT_NAMES = { 카드: 'CARD', 현금영수증: 'CASH_RECEIPT', 기타: 'OTHER' };
// Columns of the CSV that hold texts; a leading apostrophe there is the report's own.
const TEXT_COLUMNS = [0, 2, 20];
const SUM_COLUMNS = { quantity: 3, gross: 5, commission: 7, net: 8, supply: 10, vat: 11, list: 14, seller_coupon: 15, platform_coupon: 17, platform_points: 18, paid: 19 };
const JSON_NAMES = {
  list: 'listWon', gross: 'grossWon', commission: 'commissionWon', supply: 'supplyWon', vat: 'vatWon', net: 'netWon',
  seller_coupon: 'sellerCouponWon', platform_coupon: 'platformCouponWon', platform_points: 'platformPointsWon', paid: 'paidWon', quantity: 'quantity',
};

// The cells of a CSV (RFC 4180, CRLF) behind its byte order mark.
export function parseCsv(text) {
  if (!text.startsWith(MARK)) throw new Error('the CSV has no byte order mark');
  const rows = [];
  let row = [];
  for (const [, quoted, plain, end] of text.slice(1).matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

const bare = (row) => row.map((cell, i) => (TEXT_COLUMNS.includes(i) ? cell.replace(/^'/, '') : cell));
const isTotal = ([name]) => ['소계', '합계', '검산'].includes(name);

// What is in only one of two lists of texts.
function difference(found, expected, what) {
  const left = new Map();
  for (const one of expected) left.set(one, (left.get(one) ?? 0) + 1);
  const extra = found.filter((one) => {
    const count = left.get(one) ?? 0;
    if (count > 0) left.set(one, count - 1);
    return count === 0;
  });
  const missing = [...left].flatMap(([one, count]) => Array(count).fill(one));
  return [...extra.map((one) => `${what} not of the orders: ${one}`), ...missing.map((one) => `${what} missing: ${one}`)];
}

function checkRows(rows, lines) {
  const found = rows.filter((row) => !isTotal(row)).map((row) => JSON.stringify(bare(row)));
  return difference(found, lines.map((line) => JSON.stringify(cellsOf(line))), 'a row of the CSV is');
}

function checkTotals(rows, lines) {
  const groups = [...Map.groupBy(lines, ({ kind }) => kind)].map(([kind, of_kind]) => ['소계', kind, of_kind]);
  return [...groups, ['합계', '전체', lines]].flatMap(([name, kind, of_kind]) => {
    const row = rows.find((one) => one[0] === name && one[9] === kind);
    const sum = sumOf(of_kind);
    if (!row) return [`the CSV has no ${name} ${kind}`];
    return Object.entries(SUM_COLUMNS).filter(([sum_name, column]) => row[column] !== String(sum[sum_name]))
      .map(([sum_name, column]) => `the CSV's ${name} ${kind} has ${sum_name} ${row[column]}; the orders have ${sum[sum_name]}`);
  });
}

const sumDifferences = (found, sum, what) => SUMS.filter((name) => found?.[JSON_NAMES[name]] !== Number(sum[name]))
  .map((name) => `${what}: ${JSON_NAMES[name]} is ${found?.[JSON_NAMES[name]]}; the orders have ${sum[name]}`);

function checkJson(report, lines) {
  const sum = sumOf(lines);
  const problems = sumDifferences(report.totals, sum, 'the JSON');
  if (report.orderCount !== sum.orders) problems.push(`the JSON counts ${report.orderCount} orders; there are ${sum.orders}`);
  for (const [kind, of_kind] of Map.groupBy(lines, ({ kind: name }) => name)) {
    problems.push(...sumDifferences(report.byKind.find((one) => one.kind === KIND_NAMES[kind]), sumOf(of_kind), `the JSON's ${KIND_NAMES[kind]}`));
  }
  for (const [day, of_day] of Map.groupBy(lines, ({ settled }) => settled.slice(0, 10))) {
    problems.push(...sumDifferences(report.byDay.find((one) => one.day === day), sumOf(of_day), `the JSON's ${day}`));
  }
  const backs = lines.filter(({ kind }) => !['판매', '배송비'].includes(kind)).length;
  const counts = [report.lines.count, report.refunds.count];
  if (counts[0] + counts[1] !== lines.length || counts[1] !== backs) problems.push(`the JSON lists ${counts} lines and refunds of ${lines.length}, ${backs} of them refunds`);
  const { balance } = report.payout;
  const due = sum.net > 0n ? [sum.net, 0n] : [0n, sum.net];
  if (balance && [balance.payableWon, balance.carriedOutWon].join() !== due.join()) {
    problems.push(`the JSON's balance is ${JSON.stringify(balance)}; the orders have ${sum.net}`);
  }
  for (const control of report.controls.filter(({ isEqual }) => !isEqual)) problems.push(`the JSON's control is not equal: ${JSON.stringify(control)}`);
  return [...problems, ...checkVatReturn(report.vatReturn, lines)];
}

// Sales by tax and payment: what the buyer paid is under its payment, what the platform bears under "other".
function checkVatReturn({ sales }, lines) {
  const sums = {};
  const add = (line, payment, amount) => {
    const name = `${payment} ${TAX_NAMES[line.tax]}Won`;
    sums[name] = (sums[name] ?? 0n) + amount;
  };
  for (const line of lines) {
    add(line, PAYMENT_NAMES[line.payment], line.paid);
    add(line, 'OTHER', line.gross - line.paid);
  }
  return Object.entries(sums).flatMap(([name, expected]) => {
    const [payment, tax] = name.split(' ');
    const found = sales.find((one) => one.payment === payment)?.[tax] ?? 0;
    return found === Number(expected) ? [] : [`the JSON's sales by ${payment}, ${tax}: ${found}; the orders have ${expected}`];
  });
}

// The page has the sums, and each order number that it has room for.
function checkPage(html, lines) {
  const sum = sumOf(lines);
  const figure = (name) => (sum[name] < 0n ? -sum[name] : sum[name]).toLocaleString('en-US');
  const problems = ['gross', 'commission', 'net', 'supply', 'vat', 'paid'].filter((name) => !html.includes(figure(name))).map((name) => `the page has no ${name} of ${figure(name)}`);
  if (/<script|<iframe|\son\w+=|javascript:/i.test(html)) problems.push('the page has a script in it');
  return problems;
}

// A seller's entry in the summary of a run.
export const summaryProblems = ({ summary }, sum) => [
  ...sumDifferences(summary, sum, 'the summary'),
  ...(summary.orders === sum.orders && summary.lines === sum.lines ? [] : [`the summary has ${summary.orders} orders and ${summary.lines} lines; there are ${sum.orders} and ${sum.lines}`]),
];

// files: {csv, html, json} as texts; null: missing. Returns sentences; none if all is equal.
export function reportProblems(files, lines) {
  const missing = Object.entries(files).filter(([, text]) => text === null).map(([format]) => `there is no ${format}`);
  if (missing.length > 0) return missing;
  const rows = parseCsv(files.csv).slice(1);
  return [...checkRows(rows, lines), ...checkTotals(rows, lines), ...checkJson(JSON.parse(files.json), lines), ...checkPage(files.html, lines)];
}
