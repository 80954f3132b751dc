// The settlement function in the local cloud, without its queue: a scheduled run, its objects, figures,
// mails and summary; the same again; late refunds, forced runs, single sellers, dry runs; a seller whose
// data cannot be settled; custom days; wrong events.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { metrics } from '../support/email.mjs';
import { BUCKET, MONTHLY, SettlementCloud, expectedFigures, keyOf, orderId, refundSql } from '../support/settlement.mjs';

const SELLERS = 4;
const ORDERS = 3;
let one;
before(async () => (one = await SettlementCloud.start({ sellers: SELLERS, orders: ORDERS })));
after(() => one?.stop());

const invoke = async (event, target = one.handler) => {
  const result = await target.invoke(event);
  assert.ok(!result.error, `${JSON.stringify(event)}: ${result.raw}\n${target.log.slice(-10).join('\n')}`);
  return result.payload;
};
const refused = async (event, type, text = /./) => {
  const result = await one.handler.invoke(event);
  assert.ok(result.error, result.raw);
  assert.equal(result.payload.errorType, type, result.raw);
  assert.match(result.payload.errorMessage, text);
};
const pick = (figures, like) => Object.fromEntries(Object.keys(like).map((name) => [name, figures[name]]));
const bySeller = (results) => Object.fromEntries(results.map((result) => [result.sellerId, result]));
const versions = async (seller) => (await one.query(`SELECT v.version, v.reason FROM settlement_versions v JOIN settlement_runs r USING (run_id)
  WHERE r.type = 'monthly' AND seller_id = '${seller}' ORDER BY version`)).map(([version, reason]) => `${version} ${reason}`);

test('a scheduled run makes every report, its mails, and a summary', async () => {
  const result = await one.handler.invoke(MONTHLY);
  const { payload } = result;
  assert.ok(!result.error, `${result.raw}\n${one.handler.log.slice(-12).join('\n')}`);
  assert.deepEqual(pick(payload, { status: 0, reportType: 0, period: 0, sellers: 0, done: 0, failed: 0, left: 0, failures: 0 }),
    { status: 'closed', reportType: 'monthly', period: '2025-10', sellers: SELLERS, done: SELLERS, failed: 0, left: 0, failures: [] });
  const expected = expectedFigures(ORDERS);
  for (const [id, seller] of Object.entries(bySeller(payload.results))) {
    assert.deepEqual(pick(seller.summary, expected), expected);
    assert.deepEqual([seller.sellerName, seller.reportType, seller.period, seller.status, seller.version, seller.reason], [`판매자 ${id}`, 'monthly', '2025-10', 'done', 1, 'first']);
    assert.equal(seller.htmlUrl, `https://shop.example/sellers/${id}/settlements/monthly/2025-10?v=1`);
    assert.deepEqual([seller.summary.carriedInWon, seller.summary.payableWon, seller.summary.carriedOutWon], [0, expected.netWon, 0]);
  }
  assert.equal(payload.results.length, SELLERS);
  assert.equal(payload.totals.grossWon, SELLERS * expected.grossWon);
  assert.deepEqual(Object.keys(one.objects()).sort(),
    [...[1, 2, 3, 4].flatMap((seller) => ['csv', 'html', 'json'].map((format) => keyOf(seller, format))), 'settlements/monthly/2025-10-01/summary.json'].sort());
  assert.deepEqual(one.mailIds(), [1, 2, 3, 4].map((seller) => `settlement-${payload.runId}-${seller}-v1`));
  const found = metrics(result);
  assert.deepEqual([found['SettlementReports/made'], found['SettlementMails'], found['SettlementRuns/closed'], found.SettlementSellers, found.SettlementSellersFailed], [SELLERS, SELLERS, 1, SELLERS, 0]);
});

test('what the objects hold: the CSV, the JSON, the mail and the summary agree', async () => {
  const expected = expectedFigures(ORDERS);
  const csv = one.cloud.s3.peek(BUCKET, keyOf(2));
  assert.deepEqual([...csv.body.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.match(csv.body.toString(), /^\ufeff주문번호,.*\r\n/);
  for (let k = 1; k <= ORDERS; k += 1) assert.ok(csv.body.toString().includes(orderId(2, k)));
  assert.ok(!csv.body.toString().includes(orderId(1, 1)), 'of one seller alone');
  assert.equal(csv.contentType, 'text/csv; charset=utf-8');
  assert.equal(one.json(keyOf(2, 'json')).version, 1);
  assert.match(one.text(keyOf(2, 'html')), /<html lang="ko"/);
  const [mail] = one.queued().filter(({ toEmail }) => toEmail === 'seller2@example.com');
  assert.deepEqual([mail.template, mail.data.totalSales, mail.data.totalCommission, mail.data.netAmount, mail.data.totalOrders, mail.data.reportUrl],
    ['SETTLEMENT_REPORT', expected.grossWon, expected.commissionWon, expected.netWon, ORDERS, 'https://shop.example/sellers/2/settlements/monthly/2025-10?v=1']);
  const summary = one.json('settlements/monthly/2025-10-01/summary.json');
  assert.deepEqual([summary.status, summary.counts, summary.sellers.length, summary.totals.netWon],
    ['closed', { sellers: SELLERS, done: SELLERS, failed: 0, open: 0 }, SELLERS, SELLERS * expected.netWon]);
  assert.deepEqual(summary.sellers[0].files.csv, keyOf(1));
  await one.forgetMails();
});

test('the same event again changes nothing, and gives the same result', async () => {
  const [objects, writes] = [one.objects(), one.writes()];
  const { status, results, totals } = await invoke(MONTHLY);
  assert.deepEqual([status, results.length, totals.grossWon], ['closed', SELLERS, SELLERS * expectedFigures(ORDERS).grossWon]);
  assert.deepEqual([one.objects(), one.writes() - writes, one.mailIds()], [objects, 0, []]);
});

test('a rerun without a change writes the summary alone', async () => {
  const before = one.objects();
  const { generation, results } = await invoke({ reportType: 'monthly', date: '2025-10-15' });
  assert.equal(generation, 2);
  assert.ok(results.every(({ version }) => version === 1));
  const after = one.objects();
  delete before['settlements/monthly/2025-10-01/summary.json'];
  delete after['settlements/monthly/2025-10-01/summary.json'];
  assert.deepEqual(after, before);
  assert.deepEqual([await one.count('settlement_versions'), one.mailIds()], [SELLERS, []]);
});

test('an object that is missing is written again, the same', async () => {
  const before = one.objects();
  one.cloud.s3.store.deleteObject(BUCKET, keyOf(3, 'html'));
  const { outcome, version } = await invoke({ reportType: 'monthly', date: '2025-10-01', sellerId: '3' });
  assert.deepEqual([outcome, version], ['unchanged', 1]);
  assert.equal(one.objects()[keyOf(3, 'html')], before[keyOf(3, 'html')]);
});

test('a late refund makes version 2, keeps the old one, and sends no second mail', async () => {
  const before = one.objects();
  await one.query(refundSql(2, 1, 7777));
  const { results } = await invoke({ reportType: 'monthly', date: '2025-10-15' });
  const expected = expectedFigures(ORDERS, [[1, 7777]]);
  assert.deepEqual(pick(bySeller(results)[2].summary, expected), expected);
  assert.deepEqual(results.map(({ version, reason }) => `${version} ${reason}`), ['1 first', '2 lines', '1 first', '1 first']);
  const after = one.objects();
  for (const format of ['csv', 'html', 'json']) {
    assert.equal(after[keyOf(2, `v1.${format}`)], before[keyOf(2, format)], format);
    assert.notEqual(after[keyOf(2, format)], before[keyOf(2, format)], format);
    assert.equal(after[keyOf(1, format)], before[keyOf(1, format)], format);
  }
  assert.equal(one.json(keyOf(2, 'json')).version, 2);
  assert.deepEqual([await versions(2), one.mailIds()], [['1 first', '2 lines'], []]);
});

test('forced: a new version and a mail, for one seller or all', async () => {
  const single = await invoke({ reportType: 'monthly', date: '2025-10-15', sellerId: 1, force: true });
  assert.deepEqual([single.sellerId, single.version, single.reason, single.outcome], ['1', 2, 'forced', 'made']);
  const [run_id] = one.mailIds()[0].match(/(?<=settlement-)\d+/);
  assert.deepEqual(one.mailIds(), [`settlement-${run_id}-1-v2`]);
  await one.forgetMails();
  const { results } = await invoke({ reportType: 'monthly', date: '2025-10-15', force: true });
  assert.deepEqual(results.map(({ version, reason }) => `${version} ${reason}`), ['3 forced', '3 forced', '2 forced', '2 forced']);
  assert.deepEqual(one.mailIds(), [1, 2, 3, 4].map((seller) => `settlement-${run_id}-${seller}-v${seller < 3 ? 3 : 2}`));
  await one.forgetMails();
});

test('a dry run has the figures and leaves no trace', async () => {
  const trace = async () => [one.objects(), one.writes(), one.mailIds(), await one.query('SELECT * FROM settlement_reports'), await one.query('SELECT * FROM settlement_runs')];
  const before = await trace();
  const single = await invoke({ reportType: 'monthly', date: '2025-10-15', sellerId: '4', dryRun: true });
  const expected = expectedFigures(ORDERS);
  assert.deepEqual([single.status, single.outcome, single.csvUrl, pick(single.summary, expected)], ['dryRun', 'unchanged', null, expected]);
  const all = await invoke({ reportType: 'custom', startDate: '2025-10-01', endDate: '2025-10-02', dryRun: true });
  assert.deepEqual([all.status, all.sellers, all.left, all.totals.lines, all.results.length], ['dryRun', SELLERS, 0, 2 * SELLERS, SELLERS]);
  assert.deepEqual(await trace(), before);
});

test('a seller whose data cannot be settled fails, and the others do not', async () => {
  await one.query(`UPDATE order_items SET price = 1000.25, total_price = 2000.5 WHERE order_id = 3002`);
  const result = await one.handler.invoke({ reportType: 'weekly', date: '2025-10-02' });
  const { payload } = result;
  assert.ok(!result.error, result.raw);
  assert.deepEqual([payload.status, payload.sellers, payload.done, payload.failed, payload.left], ['closed', SELLERS, SELLERS - 1, 1, 0]);
  assert.deepEqual(payload.failures.map(({ sellerId }) => sellerId), ['3']);
  assert.match(payload.failures[0].failure, new RegExp(orderId(3, 2)));
  const failed = bySeller(payload.results)[3];
  assert.deepEqual([failed.status, failed.summary, failed.csvUrl, failed.version], ['failed', null, null, 0]);
  assert.equal(metrics(result)['SettlementFailures/MALFORMED'], 1);
  assert.deepEqual(one.objects('settlements/weekly/2025-09-29/seller-3'), {});
  assert.equal(one.mailIds().length, SELLERS - 1);
  // Corrected, and settled by hand.
  await one.query(`UPDATE order_items SET price = 10200, total_price = 20400 WHERE order_id = 3002`);
  const mended = await invoke({ reportType: 'weekly', date: '2025-10-02', sellerId: '3' });
  assert.deepEqual([mended.status, mended.outcome, mended.version], ['done', 'made', 1]);
  assert.deepEqual(await one.run(payload.runId), ['closed', SELLERS, 0, 0]);
  await one.forgetMails();
});

test('a seller without a mail address has a report, and no mail', async () => {
  await one.query(`UPDATE sellers SET email = 'nobody' WHERE id = 1`);
  const result = await one.handler.invoke({ reportType: 'daily', date: '2025-10-02' });
  assert.deepEqual([result.payload.status, result.payload.done], ['closed', SELLERS]);
  assert.equal(metrics(result).SettlementMailsNotMade, 1);
  assert.equal(one.mailIds().length, SELLERS - 1);
  await one.query(`UPDATE sellers SET email = 'seller1@example.com' WHERE id = 1`);
  await one.forgetMails();
});

test('a period in which nothing was settled is closed at once', async () => {
  const payload = await invoke({ reportType: 'daily', date: '2025-01-02' });
  assert.deepEqual([payload.status, payload.sellers, payload.left, payload.results], ['closed', 0, 0, []]);
  assert.deepEqual(one.json('settlements/daily/2025-01-02/summary.json').counts, { sellers: 0, done: 0, failed: 0, open: 0 });
});

test('custom days have a summary of their own name', async () => {
  await invoke({ reportType: 'custom', startDate: '2025-10-01', endDate: '2025-10-02' });
  assert.equal(one.json('settlements/custom/2025-10-01/summary.2025-10-02.json').totals.lines, 2 * SELLERS);
  await one.forgetMails();
});

test('events that are wrong fail with a type of their own', async () => {
  await refused({ reportType: 'yearly', time: '2025-11-01T00:00:00Z' }, 'Settlement.MALFORMED', /reportType/);
  await refused({ reportType: 'daily' }, 'Settlement.PERIOD');
  await refused({ reportType: 'daily', date: '2025-10-01', sellerID: '1' }, 'Settlement.MALFORMED', /a member other than/);
  await refused({ reportType: 'daily', date: '2198-10-01' }, 'Settlement.PERIOD');
  await refused({ reportType: 'custom', startDate: '2025-10-02', endDate: '2025-10-01' }, 'Settlement.PERIOD');
  await refused({ reportType: 'daily', date: '2025-10-01', sellerId: "1' OR '1'='1" }, 'Settlement.MALFORMED', /sellerId/);
  await refused({ reportType: 'daily', date: '2025-10-01', sellerId: '999' }, 'Settlement.UNKNOWN_SELLER', /999/);
  await refused({ task: 'reopen' }, 'Settlement.UNKNOWN_TASK');
  await refused({ task: 'close', runId: 1 }, 'Settlement.MALFORMED');
  await refused({ task: 'check', period: '2025-13' }, 'Settlement.MALFORMED');
  await refused({ task: 'check' }, 'Settlement.MALFORMED');
  await refused({}, 'Settlement.UNKNOWN_EVENT');
  await refused([], 'Settlement.UNKNOWN_EVENT');
  await refused('{', 'Settlement.MALFORMED');
  await refused({ source: 'aws.events', 'detail-type': 'Scheduled Event', time: '2025-11-01T00:00:00Z' }, 'Settlement.UNKNOWN_EVENT');
  await refused({ migrate: true }, 'Settlement.MIGRATION', /MIGRATION_SECRET_NAME/);
  assert.equal(await one.count('settlement_reports', "seller_id = '999'"), 0);
});

test('migrate: the tables and views, by an event with an account of its own', async () => {
  one.cloud.createSecret('openmarket/test/migration', { ...one.cloud.database.secret, username: 'settlement_migration', password: one.password });
  const target = one.add({ environment: { MIGRATION_SECRET_NAME: 'openmarket/test/migration' } });
  const { status, migrations } = await invoke({ migrate: true, platform: 'snake_case' }, target);
  assert.equal(status, 'ok');
  assert.ok(migrations.some(({ name }) => name.includes('settlement_lines')), JSON.stringify(migrations));
});

test('the check lists what payments and settled lines do not agree on', async () => {
  const agreed = await invoke({ task: 'check', period: '2025-10' });
  assert.deepEqual([agreed.orders, agreed.differenceCount, agreed.differences], [SELLERS * ORDERS, 0, []]);
  await one.query('UPDATE orders SET paid_amount = paid_amount - 1000 WHERE id = 1001');
  const { differences, differenceCount, object } = await invoke({ task: 'check', reportType: 'monthly', time: '2025-11-01T00:00:00Z' });
  assert.deepEqual([differenceCount, differences.map(({ orderId: id, paidWon, settledPaidWon }) => [id, settledPaidWon - paidWon])], [1, [[orderId(1, 1), 1000]]]);
  assert.deepEqual(one.json(object).differences, differences);
});
