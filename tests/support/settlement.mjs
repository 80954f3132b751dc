// What the tests of the settlement function share: a cloud with a database that has a platform's tables,
// the settlement's views and tables, a shop with orders of known amounts, and the function with its queue.
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { BUILD, NO_HURRY, TOP } from './lambda.mjs';

export const SETTLEMENT_REPORT = join(BUILD, 'lambda/settlement-report');
export const BUCKET = 'reports';
export const LINK = 'https://shop.example/sellers/{sellerId}/settlements/{reportType}/{period}?v={version}';
// A month that is over whenever the tests run, and the schedules that settle it or a day of it.
export const MONTH = '2025-10';
export const MONTHLY = { reportType: 'monthly', time: '2025-11-01T00:00:00Z' };

const read = (path) => readFileSync(join(TOP, path), 'utf8');

// One statement each, in the order of their names.
const statements = (folder) => readdirSync(join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()
  .map((name) => `DELIMITER $$\n${read(join(folder, name))}\n$$\nDELIMITER ;\n`).join('');

// The rights of the accounts 'settlement_migration' and 'settlement', as they are documented.
export const grants = () => ['1_migration', '2_function'].map((name) => read(`services/settlement/sql/rights/${name}.sql`)).join('\n');

export const schemaSql = (platform = 'snake_case') => [read(`tests/services/platforms/${platform}/schema.sql`),
  statements('services/settlement/sql/migrations'), statements(`services/settlement/sql/platforms/${platform}`)].join('\n');

// ---------------------------------------------------------------------- the shop

// The sellers 1 to `sellers` with a product each, and `orders` orders each: order k of seller s has the number
// ORD-ssssss-kkkk, is of 2 pieces at 10,000 + 100 k won, and was confirmed on day k (1 to 28) of MONTH.
export const orderId = (seller, k) => `ORD-${String(seller).padStart(6, '0')}-${String(k).padStart(4, '0')}`;
export const priceOf = (k) => 10000 + 100 * k;
export const RATE_BP = 500;

export const shopSql = ({ sellers, orders }) => `
  CREATE TEMPORARY TABLE digits (d INT NOT NULL PRIMARY KEY);
  INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
  CREATE TEMPORARY TABLE numbers (i INT NOT NULL PRIMARY KEY);
  INSERT INTO numbers SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d FROM digits a JOIN digits b JOIN digits c JOIN digits e;
  INSERT INTO users (id, email, name) VALUES (1, 'customer@example.com', '고객');
  INSERT INTO sellers (id, name, email, business_name, business_number, commission_rate, status)
    SELECT i, CONCAT('판매자 ', i), CONCAT('seller', i, '@example.com'), CONCAT('상점 ', i), '123-45-67890', NULL, 'active' FROM numbers WHERE i <= ${sellers};
  INSERT INTO products (id, seller_id, category_id, name, price) SELECT i, i, NULL, CONCAT('상품 ', i), 10000 FROM numbers WHERE i <= ${sellers};
  CREATE TEMPORARY TABLE orders_of (k INT NOT NULL PRIMARY KEY);
  INSERT INTO orders_of SELECT i FROM numbers WHERE i <= ${orders};
  INSERT INTO orders (id, order_number, user_id, total_amount, status, payment_status, payment_method, paid_amount, paid_at, confirmed_at, created_at)
    SELECT 1000 * s.i + o.k, CONCAT('ORD-', LPAD(s.i, 6, '0'), '-', LPAD(o.k, 4, '0')), 1, 2 * (10000 + 100 * o.k), 'confirmed', 'completed', 'card',
      2 * (10000 + 100 * o.k), '2025-09-20 01:00:00', '2025-09-30 16:00:00' + INTERVAL (o.k - 1) MOD 28 DAY, '2025-09-20 00:00:00'
    FROM numbers s JOIN orders_of o WHERE s.i <= ${sellers};
  INSERT INTO order_items (order_id, product_id, product_name, price, quantity, total_price)
    SELECT 1000 * s.i + o.k, s.i, CONCAT('상품 ', s.i), 10000 + 100 * o.k, 2, 2 * (10000 + 100 * o.k) FROM numbers s JOIN orders_of o WHERE s.i <= ${sellers};
  DROP TEMPORARY TABLE digits, numbers, orders_of;`;

// A part of an order's money, returned at a time.
export const refundSql = (seller, k, amount, time = '2025-10-29 03:00:00') => `INSERT INTO refunds (order_id, order_item_id, amount, status, processed_at)
  VALUES (${1000 * seller + k}, NULL, ${amount}, 'completed', '${time}');
  UPDATE orders SET payment_status = 'partially_refunded', refunded_amount = refunded_amount + ${amount} WHERE id = ${1000 * seller + k};`;

const half_up = (numerator, denominator) => Math.sign(numerator) * Math.floor((2 * Math.abs(numerator) + denominator) / (2 * denominator));
const fee = (gross) => half_up(gross * RATE_BP, 10000);
const vat = (one) => Math.trunc(one / 11);

// The figures of a seller of the shop whose orders 1 to `orders` were confirmed, with refunds [k, amount].
export function expectedFigures(orders, refunds = []) {
  const sums = { lines: 0, grossWon: 0, commissionWon: 0, vatWon: 0 };
  const left = new Map();
  const add = (k, gross) => {
    const before = left.get(k) ?? 0;
    sums.lines += 1;
    sums.grossWon += gross;
    sums.commissionWon += fee(before + gross) - fee(before);
    sums.vatWon += vat(fee(before + gross)) - vat(fee(before));
    left.set(k, before + gross);
  };
  for (let k = 1; k <= orders; k += 1) add(k, 2 * priceOf(k));
  for (const [k, amount] of refunds) add(k, -amount);
  return { orders, ...sums, supplyWon: sums.commissionWon - sums.vatWon, netWon: sums.grossWon - sums.commissionWon };
}

// ---------------------------------------------------------------------- the cloud

export class SettlementCloud {
  // options: {sellers, orders, platform, queue (bool: with SETTLEMENT_QUEUE_URL), environment, config}.
  static async start({ sellers = 4, orders = 3, platform, queue = false, environment = {}, config = {} } = {}) {
    const one = new SettlementCloud();
    one.cloud = await startCloud({ database: true });
    const { cloud } = one;
    try {
      one.password = randomBytes(18).toString('base64url');
      await cloud.database.execute(`SET GLOBAL userstat = 1;\n${schemaSql(platform)}\n${shopSql({ sellers, orders })}
        CREATE USER 'settlement'@'%' IDENTIFIED BY '${one.password}' REQUIRE SSL;
        CREATE USER 'settlement_migration'@'%' IDENTIFIED BY '${one.password}' REQUIRE SSL;\n${grants()}`, { database: cloud.database.name });
      cloud.createBucket(BUCKET);
      one.mails_queue = cloud.createQueue('mails', { VisibilityTimeout: '180' });
      one.dead_queue = cloud.createQueue('batches-dead', {});
      one.queue = cloud.createQueue('batches', {
        VisibilityTimeout: '1', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: one.dead_queue.arn, maxReceiveCount: 3 }),
      });
      cloud.createSecret('openmarket/test/db', { ...cloud.database.secret, username: 'settlement', password: one.password });
      one.has_queue = queue;
      one.handler = one.add({ environment, ...config });
    } catch (error) {
      await cloud.stop();
      throw error;
    }
    return one;
  }

  // Another function with other settings; null removes one.
  add({ environment = {}, queue = this.has_queue, ...config } = {}) {
    const settings = {
      DB_SECRET_NAME: 'openmarket/test/db',
      DB_NAME: this.cloud.database.name,
      DB_CA_FILE: this.cloud.database.ca,
      REPORTS_BUCKET: BUCKET,
      EMAIL_QUEUE_URL: this.mails_queue.url,
      SETTLEMENT_QUEUE_URL: queue ? this.queue.url : null,
      REPORT_URL_TEMPLATE: LINK,
      ...environment,
    };
    return this.cloud.addFunction({
      name: `settlement-report-${this.cloud.functions.size + 1}`,
      command: SETTLEMENT_REPORT,
      memory_mb: 512,
      ...NO_HURRY,
      environment: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)),
      ...config,
    });
  }

  query(sql) {
    return this.cloud.database.execute(sql, { database: this.cloud.database.name });
  }

  async count(table, where = '1') {
    const [[number]] = await this.query(`SELECT COUNT(*) FROM ${table} WHERE ${where}`);
    return Number(number);
  }

  // The state of a run: [state, sellers, open, failed], as numbers.
  async run(run_id) {
    const [[state, ...numbers]] = await this.query(`SELECT state, sellers, open_sellers, failed_sellers FROM settlement_runs WHERE run_id = ${run_id}`);
    return [state, ...numbers.map(Number)];
  }

  // The messages in a queue, parsed; none is received.
  queued(name = 'mails') {
    const { ready, delayed, inflight } = this.cloud.sqs.store.getQueueByName(name).inspectMessages();
    return [...ready, ...delayed, ...inflight.map((entry) => entry.message.message ?? entry.message)].map(({ body }) => JSON.parse(body));
  }

  mailIds() {
    return this.queued().map(({ messageId }) => messageId).sort();
  }

  async forgetMails() {
    await this.cloud.sqs.call('PurgeQueue', { QueueUrl: this.mails_queue.url });
  }

  // The objects of the bucket: key -> ETag.
  objects(prefix = '') {
    return Object.fromEntries(this.cloud.s3.keys(BUCKET, prefix).map((key) => [key, this.cloud.s3.peek(BUCKET, key).etag]));
  }

  text(key) {
    return this.cloud.s3.peek(BUCKET, key).body.toString();
  }

  json(key) {
    return JSON.parse(this.text(key));
  }

  // Requests of the functions that changed something in S3.
  writes() {
    return this.cloud.front.log.filter(({ service, operation }) => service === 's3' && /^(Put|Create|Upload|Complete|Delete|Copy)/.test(operation)).length;
  }

  // A batch as the event source mapping delivers it: its message, in a record of its own for each body.
  batchEvent(...bodies) {
    return {
      Records: bodies.map((body, i) => ({
        messageId: `message-${i}`, receiptHandle: `handle-${i}`, body: typeof body === 'string' ? body : JSON.stringify(body),
        attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1760000000000' }, messageAttributes: {}, eventSource: 'aws:sqs', eventSourceARN: this.queue.arn,
      })),
    };
  }

  lines(target, message) {
    return target.log.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)).filter((line) => line.message === message);
  }

  async stop() {
    await this.cloud.stop();
  }
}

export const keyOf = (seller, format = 'csv', period = 'monthly/2025-10-01') => `settlements/${period}/seller-${seller}.${format}`;
