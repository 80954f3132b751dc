// A market in the local cloud: a platform's database, and the four functions as they are deployed: the image
// function behind a bucket, the webhook function behind a Function URL, the settlement function behind its
// schedules and its queue, and the mail function behind its own. market_show.mjs lets a day pass in it.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { marketDay } from './market_day.mjs';
import { SellerPage } from './market_page.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const PLATFORM = 'snake_case';
const DRAIN_MS = 60000;
const POLL_MS = 20;
const SEED_ORDERS = 1000;
const DATABASE_SECRET = 'openmarket/dev/db';
const WEBHOOK_SECRET = 'openmarket/dev/webhook';
export const PHOTOS = 'openmarket-photos';
export const REPORTS = 'openmarket-reports';
// The three schedules, 09:00 in Korea.
const SCHEDULES = { daily: 'cron(0 0 * * ? *)', weekly: 'cron(0 0 ? * MON *)', monthly: 'cron(0 0 1 * ? *)' };

export class Market {
  // paths: {image, webhook, mail, settlement, send: programs; platforms: the folder of platforms' tables}.
  // hurry: as deployed; without it the time limits suit a loaded machine.
  static async open(cloud, paths, { hurry = true } = {}) {
    const market = new Market();
    Object.assign(market, { cloud, paths, secret: randomBytes(24).toString('base64url'), day: marketDay(Date.now()), hurry });
    market.folder = await mkdtemp(join(tmpdir(), 'market-'));
    try {
      await market.#open();
    } catch (error) {
      await market.close();
      throw error;
    }
    return market;
  }

  async #open() {
    const { cloud, day } = this;
    await this.#fillDatabase();
    cloud.createBucket(PHOTOS, { versioned: true });
    cloud.createBucket(REPORTS, { versioned: true });
    cloud.createSecret(DATABASE_SECRET, cloud.database.secret);
    cloud.createSecret(WEBHOOK_SECRET, { platform: [this.secret] });
    await cloud.createTable('openmarket-mails-sent', 'id');
    this.mail_queue = cloud.createQueue('openmarket-dev-email-queue', { VisibilityTimeout: '180' });
    this.batch_queue = cloud.createQueue('openmarket-dev-settlement-queue', { VisibilityTimeout: '1800' });
    this.page = await SellerPage.open(cloud, REPORTS);
    this.image = this.#add('image-processor', this.paths.image, 256, 60, {});
    cloud.notify(PHOTOS, 'uploads/', this.image);
    this.mail = this.#add('email-sender', this.paths.mail, 256, 30, {
      FROM_EMAIL: 'OpenMarket <no-reply@openmarket.example>', IDEMPOTENCY_TABLE: 'openmarket-mails-sent',
    });
    this.mails = cloud.mapQueue(this.mail_queue, this.mail);
    this.webhook = this.#add('webhook-handler', this.paths.webhook, 512, 30, {
      ...this.#databaseSettings(), EMAIL_QUEUE_URL: this.mail_queue.url, WEBHOOK_SECRET_NAME: WEBHOOK_SECRET,
    });
    this.settlement = this.#add('settlement-report', this.paths.settlement, 512, 300, this.settlementSettings(), { concurrency: 2 });
    for (const one of [this.webhook, this.settlement]) await this.#migrate(one);
    this.batches = cloud.mapQueue(this.batch_queue, this.settlement, { batch_size: 1, pollers: 2 });
    this.schedules = Object.fromEntries(Object.entries(SCHEDULES).map(([type, expression]) => [
      type, cloud.addSchedule(this.settlement, { name: type, expression, input: `{"reportType":"${type}","time":"<time>"}` }),
    ]));
    this.url = await cloud.addUrl(this.webhook);
    return day;
  }

  #add(name, path, memory_mb, timeout_s, environment, more = {}) {
    const limits = this.hurry ? { timeout_ms: timeout_s * 1000 } : { timeout_ms: 300000, init_timeout_ms: 60000 };
    return this.cloud.addFunction({ name, command: resolve(path), memory_mb, ...limits, environment, ...more });
  }

  #databaseSettings() {
    return { DB_SECRET_NAME: DATABASE_SECRET, MIGRATION_SECRET_NAME: DATABASE_SECRET, DB_CA_FILE: this.cloud.database.ca };
  }

  settlementSettings() {
    return {
      ...this.#databaseSettings(),
      REPORTS_BUCKET: REPORTS,
      EMAIL_QUEUE_URL: this.mail_queue.url,
      SETTLEMENT_QUEUE_URL: this.batch_queue.url,
      SETTLEMENT_BATCH_SELLERS: '1',
      REPORT_URL_TEMPLATE: this.page.template,
      PAYOUT_CYCLE: 'monthly',
      PAYOUT_DAY: '10',
      PLATFORM_NAME: '오픈마켓',
      PLATFORM_BUSINESS_NUMBER: '110-81-00001',
      ENVIRONMENT: 'dev',
    };
  }

  async #fillDatabase() {
    const { database } = this.cloud;
    const files = [...['schema', 'seed'].map((name) => join(this.paths.platforms, PLATFORM, `${name}.sql`)), join(HERE, 'market.sql')];
    const sql = await Promise.all(files.map((path) => readFile(path, 'utf8')));
    await database.execute(`SET @orders = ${SEED_ORDERS}, @today = '${this.day.today}';\n${sql.join('\n')}`, { database: database.name });
  }

  async #migrate(one) {
    const { error, payload } = await one.invoke({ migrate: true, platform: PLATFORM });
    if (error || payload.status !== 'ok') throw new Error(`the tables of ${one.config.name}: ${payload.errorMessage ?? payload.error}`);
  }

  // Sends an event as often as it says, with webhook-send. Returns the statuses, and the command.
  async send({ path, body, times, forged }) {
    const file = join(this.folder, 'event.json');
    await writeFile(file, `${JSON.stringify(body)}\n`);
    const args = ['--json', this.url + path, file];
    const secret = forged ? 'a secret that is not the market\'s' : this.secret;
    const statuses = [];
    for (let i = 0; i < times; i += 1) statuses.push(await this.#sendOnce(args, secret));
    return statuses;
  }

  // webhook-send's exit status 1 is a refusal, which its result states.
  #sendOnce(args, secret) {
    return new Promise((done, failed) => {
      execFile(resolve(this.paths.send), args, { env: { WEBHOOK_SECRET: secret } }, (error, stdout, stderr) => {
        if (error && error.code !== 1) failed(new Error(`webhook-send: ${stderr.trim() || error.message}`));
        else done(JSON.parse(stdout).status);
      });
    });
  }

  // The customers confirm their purchases.
  async confirm() {
    const sql = [...this.day.confirmed].map(([order, at]) => `UPDATE orders SET status = 'confirmed', confirmed_at = '${at}' WHERE order_number = '${order}';`);
    await this.query(sql.join('\n'));
  }

  query(sql) {
    return this.cloud.database.execute(sql, { database: this.cloud.database.name });
  }

  // Fires a schedule as if it were that time, and waits for the batches and the mails that follow.
  async fire(type, time_ms) {
    const result = await this.schedules[type].fire(time_ms);
    await this.settled();
    return result;
  }

  // An event by hand.
  async settle(event) {
    const result = await this.settlement.invoke(event);
    await this.settled();
    return result;
  }

  async settled() {
    await this.cloud.settle();
    await this.#drained(this.batch_queue);
    await this.#drained(this.mail_queue);
    await this.cloud.settle();
  }

  // Until the queue has no message, neither a visible one nor one in work.
  async #drained(queue) {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'];
    const end_ms = Date.now() + DRAIN_MS;
    for (;;) {
      const { Attributes: counts } = await this.cloud.sqs.call('GetQueueAttributes', { QueueUrl: queue.url, AttributeNames: names });
      if (names.every((name) => counts[name] === '0')) return;
      if (Date.now() > end_ms) throw new Error(`${queue.name} still has messages: ${JSON.stringify(counts)}`);
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  // The text of an object of the reports' bucket; null if there is none.
  report(key) {
    return this.cloud.s3.peek(REPORTS, key)?.body.toString('utf8') ?? null;
  }

  async close() {
    await this.page?.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
