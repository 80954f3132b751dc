// A day at the market: what happens in it, step by step, with what is wrong as sentences. Used by `make local`,
// which prints it, and by tests/lambda/test_market.mjs.
import { expectedLines, sumOf } from './market_figures.mjs';
import { JANUARY } from './market_day.mjs';
import { reportProblems, summaryProblems } from './market_check.mjs';
import { REPORTS } from './market.mjs';

export const FORMATS = ['html', 'csv', 'json'];
const NUMBER = new Intl.NumberFormat('en-US');
export const wonText = (amount) => NUMBER.format(amount);

export class Story {
  // market: Market. tell(line): for each line of the story.
  constructor(market, tell = () => {}) {
    Object.assign(this, { market, tell, problems: [], reports: new Map() });
  }

  // what: a sentence that must hold.
  expect(holds, what) {
    if (holds) return;
    this.problems.push(what);
    this.tell(`  PROBLEM: ${what}`);
  }

  async send(steps) {
    for (const one of steps) {
      const statuses = await this.market.send(one);
      this.tell(`  order ${one.body.orderId}  ${one.path.padEnd(17)} ${statuses.join(' ').padEnd(12)} ${one.what}`);
      this.expect(statuses.every((status) => status === one.status), `${one.path} "${one.what}" got ${statuses}, not ${one.status}`);
    }
  }

  async mailsSince(count) {
    await this.market.settled();
    return (await this.market.cloud.ses.mails()).slice(count);
  }

  // Payments, parcels and a refund, and the two mails of each order that was paid.
  async trade() {
    const { market, market: { day } } = this;
    const before = (await market.cloud.ses.mails()).length;
    this.tell('\nThe platform, the carrier and the refunds desk send their signed webhooks:');
    await this.send([...day.payments, ...day.parcels, ...day.refunds]);
    const mails = await this.mailsSince(before);
    this.tell('\nThe mails to the customers:');
    for (const { destination: { to }, subject } of mails) this.tell(`  ${to.join().padEnd(24)} ${subject}`);
    const expected = [...day.confirmed.keys()].flatMap((_, i) => [`customer${i + 1}@example.com`, `customer${i + 1}@example.com`]);
    const found = mails.map(({ destination: { to } }) => to.join());
    this.expect(found.sort().join() === expected.sort().join(), `the customers have ${mails.length} mails, not one each of order and parcel`);
    await this.#checkOrders();
    await market.confirm();
    this.tell(`\nThe customers confirm their purchases on ${day.day}.`);
  }

  async #checkOrders() {
    const { market, market: { day } } = this;
    const states = new Map((await market.query('SELECT order_number, status, payment_status, refunded_amount FROM orders WHERE id > 2000')).map(([order, ...state]) => [order, state.join(' ')]));
    const refunded = new Map(day.refunds.map(({ body }) => [body.orderId, body.amount]));
    for (const order of day.confirmed.keys()) {
      const amount = refunded.get(order) ?? 0;
      const due = `delivered ${amount ? 'partially_refunded' : 'completed'} ${amount}.00`;
      this.expect(states.get(order) === due, `order ${order} is ${states.get(order)}, not ${due}`);
    }
    this.expect(states.get(day.unpaid) === 'pending unpaid 0.00', `the forged payment left order ${day.unpaid} ${states.get(day.unpaid)}`);
  }

  #key(type, first_day, seller, format, version = 0) {
    return `settlements/${type}/${first_day}/seller-${seller}${version ? `.v${version}` : ''}.${format}`;
  }

  files(type, first_day, seller, version = 0) {
    return Object.fromEntries(FORMATS.map((format) => [format, this.market.report(this.#key(type, first_day, seller, format, version))]));
  }

  // Every report of a period against the orders. Remembers the files.
  async check(type, first_day, last_day) {
    const lines = await expectedLines(this.market.cloud.database, first_day, last_day);
    const sellers = [...lines.keys()].sort((a, b) => a - b);
    const reports = new Map(sellers.map((seller) => [seller, { files: this.files(type, first_day, seller), sum: sumOf(lines.get(seller)) }]));
    for (const [seller, { files }] of reports) {
      for (const problem of reportProblems(files, lines.get(seller))) this.expect(false, `${type} ${first_day}, seller ${seller}: ${problem}`);
    }
    const objects = this.market.cloud.s3.keys(REPORTS, `settlements/${type}/${first_day}/seller-`).filter((key) => !/\.v\d+\./.test(key)).length;
    this.expect(objects === sellers.length * FORMATS.length, `${objects} objects of ${sellers.length} sellers for ${type} ${first_day}`);
    await this.#checkLedger(type, first_day, reports);
    this.#checkSummary(type, first_day, reports);
    this.reports.set(type, reports);
    return reports;
  }

  // The newest version of each seller in the run ledger.
  async #checkLedger(type, first_day, reports) {
    const rows = await this.market.query(`SELECT v.seller_id, v.version, v.line_count, v.gross_won, v.commission_won, v.net_won, r.state
      FROM settlement_runs r JOIN settlement_reports p ON p.run_id = r.run_id JOIN settlement_versions v ON v.run_id = p.run_id AND v.seller_id = p.seller_id AND v.version = p.version
      WHERE r.type = '${type}' AND r.first_day = '${first_day}'`);
    const found = new Map(rows.map(([seller, ...rest]) => [seller, rest]));
    this.expect(found.size === reports.size, `the ledger has ${found.size} sellers of ${reports.size} for ${type} ${first_day}`);
    for (const [seller, report] of reports) {
      const [version, lines, gross, commission, net, state] = found.get(seller) ?? [];
      const kept = [lines, gross, commission, net].join();
      const due = ['lines', 'gross', 'commission', 'net'].map((name) => report.sum[name]).join();
      this.expect(kept === due, `the ledger has ${kept} for seller ${seller}; the orders have ${due}`);
      this.expect(state === 'closed', `the run of ${type} ${first_day} is ${state}`);
      report.version = Number(version);
    }
  }

  // The summary object of the run.
  #checkSummary(type, first_day, reports) {
    const text = this.market.report(`settlements/${type}/${first_day}/summary.json`);
    this.expect(text !== null, `there is no summary of ${type} ${first_day}`);
    if (text === null) return;
    const { status, sellers } = JSON.parse(text);
    this.expect(status === 'closed' && sellers.length === reports.size, `the summary of ${type} ${first_day} is ${status} with ${sellers.length} sellers`);
    for (const one of sellers) {
      for (const problem of reports.has(one.sellerId) ? summaryProblems(one, reports.get(one.sellerId).sum) : ['nothing was sold']) {
        this.expect(false, `${type} ${first_day}, seller ${one.sellerId}: ${problem}`);
      }
    }
  }

  #tellReports(reports) {
    this.tell('  seller  version  lines        gross   commission          net');
    for (const [seller, { version, sum }] of reports) {
      this.tell(`  ${seller.padEnd(6)}  ${String(version).padStart(7)}  ${String(sum.lines).padStart(5)} ${[sum.gross, sum.commission, sum.net].map((one) => wonText(one).padStart(12)).join(' ')}`);
    }
  }

  // The morning's schedule, its batches, its reports and its mails.
  async settleDay() {
    const { market, market: { day, batches } } = this;
    const before = (await market.cloud.ses.mails()).length;
    const batches_before = batches.batches.length;
    this.tell(`\nThe next morning the daily schedule fires: ${new Date(day.morning_ms).toISOString()}`);
    const result = await market.fire('daily', day.morning_ms);
    this.expect(!result.error, `the schedule's event failed: ${result.raw}`);
    const reports = await this.check('daily', day.day, day.day);
    this.tell(`It plans, and ${batches.batches.length - batches_before} batches of its queue make the reports, each figure of which is that of the orders:`);
    this.#tellReports(reports);
    this.expect(batches.batches.length - batches_before === reports.size, `${batches.batches.length - batches_before} batches for ${reports.size} sellers`);
    await this.#checkMails(await this.mailsSince(before), reports);
    return reports;
  }

  // A mail for each seller with its figures, and a link that opens the page.
  async #checkMails(mails, reports) {
    this.tell('\nThe mails to the sellers:');
    this.expect(mails.length === reports.size, `${mails.length} mails to ${reports.size} sellers`);
    for (const [seller, { sum, files }] of reports) {
      const mail = mails.find(({ destination: { to } }) => to.join() === `seller${seller}@example.com`);
      this.expect(mail, `seller ${seller} has no mail`);
      if (!mail) continue;
      for (const name of ['gross', 'commission', 'net']) this.expect(mail.body.text.includes(wonText(sum[name])), `the mail to seller ${seller} has no ${name} of ${wonText(sum[name])}`);
      const [link] = mail.body.html.match(/https:\/\/shop\.localhost:\d+\/[^"<\s]+/) ?? [];
      this.expect(link, `the mail to seller ${seller} has no link`);
      if (!link) continue;
      const opened = await this.market.page.get(link.replaceAll('&amp;', '&'));
      this.expect(opened.status === 200 && opened.body === files.html, `the link in the mail to seller ${seller} does not open the report: ${opened.status}`);
      this.tell(`  ${mail.destination.to.join().padEnd(24)} ${mail.subject}  ${link}`);
    }
  }

  #etags(prefix) {
    return new Map(this.market.cloud.s3.keys(REPORTS, prefix).map((key) => {
      const { etag, lastModified } = this.market.cloud.s3.peek(REPORTS, key);
      return [key, `${etag} ${Number(lastModified)}`];
    }));
  }

  // The event of the same day, by hand some hours after the schedule's.
  #later(hours) {
    return { reportType: 'daily', time: new Date(this.market.day.morning_ms + hours * 3600000).toISOString().replace('.000Z', 'Z') };
  }

  // The same day again: nothing is written, nobody gets a mail.
  async rerun() {
    const { market, market: { day } } = this;
    const prefix = `settlements/daily/${day.day}/seller-`;
    const before = this.#etags(prefix);
    const mails = (await market.cloud.ses.mails()).length;
    market.cloud.front.forget();
    const { error, raw } = await market.settle(this.#later(1));
    this.expect(!error, `the rerun failed: ${raw}`);
    const written = market.cloud.front.log.filter(({ operation, key }) => operation === 'PutObject' && key.startsWith(prefix)).map(({ key }) => key);
    this.expect(written.length === 0, `a rerun without a change wrote ${written}`);
    this.expect(JSON.stringify([...before]) === JSON.stringify([...this.#etags(prefix)]), 'a rerun without a change changed the objects');
    this.expect((await this.mailsSince(mails)).length === 0, 'a rerun without a change sent mails');
    this.tell('\nRun again by hand, nothing has changed: no object is written, no mail is sent.');
  }

  // A refund of that day that is reported after its settlement.
  async refundLate() {
    const { market, market: { day } } = this;
    const old = this.reports.get('daily');
    const mails = (await market.cloud.ses.mails()).length;
    this.tell('\nA refund arrives late, and the day is settled again:');
    await this.send(day.late_refunds);
    const { error, raw } = await market.settle(this.#later(2));
    this.expect(!error, `the rerun failed: ${raw}`);
    const reports = await this.check('daily', day.day, day.day);
    this.#tellReports(reports);
    for (const [seller, { version, sum }] of reports) {
      const { files, sum: old_sum } = old.get(seller);
      const is_changed = sum.paid !== old_sum.paid;
      const kept = this.files('daily', day.day, seller, 1);
      this.expect(version === (is_changed ? 2 : 1), `seller ${seller} has version ${version}`);
      for (const format of FORMATS) this.expect(kept[format] === (is_changed ? files[format] : null), `seller ${seller}: version 1 of the ${format} is not what it was`);
    }
    this.expect([...reports.values()].some(({ version }) => version === 2) && [...reports.values()].some(({ version }) => version === 1), 'the late refund concerns some sellers, not all');
    this.expect((await this.mailsSince(mails)).length === 0, 'a new version sent a mail that nobody asked for');
    this.tell('The old versions are kept beside the new ones; nobody gets a second mail.');
  }

  // Without a page of the platform the link is a presigned URL of the object.
  async presign() {
    const { market, market: { cloud } } = this;
    const [seller, { files }] = [...this.reports.get('daily')][0];
    const { SETTLEMENT_QUEUE_URL: _, REPORT_URL_TEMPLATE: __, ...environment } = market.settlementSettings();
    const one = cloud.addFunction({ ...market.settlement.config, name: 'settlement-report-presigning', environment });
    const { error, payload, raw } = await one.invoke({ ...this.#later(3), sellerId: seller });
    await one.stop();
    const link = payload?.htmlUrl;
    this.expect(!error && link, `there is no presigned link: ${raw}`);
    if (!link) return;
    const response = await fetch(link);
    this.expect(response.status === 200 && (await response.text()) === files.html, `the presigned link does not open: ${response.status}`);
    const forged = await fetch(link.replace(/.$/, (c) => (c === '0' ? '1' : '0')));
    this.expect(forged.status === 403, `a presigned link with another signature gets ${forged.status}`);
    this.presigned = link;
    this.tell(`\nWithout the platform's page the link is a presigned URL:\n  ${link}`);
  }

  // The month of the seed, for all sellers.
  async settleMonth() {
    const result = await this.market.fire('monthly', JANUARY.time_ms);
    this.expect(!result.error, `the monthly schedule's event failed: ${result.raw}`);
    this.tell('\nThe monthly schedule settles January, a thousand orders:');
    this.#tellReports(await this.check('monthly', JANUARY.day, '2026-01-31'));
  }

  async all() {
    await this.trade();
    await this.settleDay();
    await this.rerun();
    await this.refundLate();
    await this.presign();
    await this.settleMonth();
  }
}
