// What the tests of the webhook function share: a cloud with a database that has a platform's tables and
// the webhooks' own, the function behind a Function URL, and senders that sign as the real ones do.
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { BUILD, NO_HURRY, TOP } from './lambda.mjs';

export const WEBHOOK_HANDLER = join(BUILD, 'lambda/webhook-handler');
export const SECRETS = {
  platform: 'platform-secret-1',
  standard: `whsec_${Buffer.from('a-standard-webhooks-secret-of-32').toString('base64')}`,
  toss: '7f6c5b4a39281706f5e4d3c2b1a09f8e',
  token: 'toss-token-0123456789',
  internal: `whsec_${Buffer.from('an-internal-secret-of-32-bytes!!').toString('base64')}`,
  toss_key: 'live_sk_0123456789abcdef',
};

const read = (path) => readFileSync(join(TOP, path), 'utf8');

// One statement each, in the order of their names.
const statements = (folder) => readdirSync(join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()
  .map((name) => `DELIMITER $$\n${read(join(folder, name))}\n$$\nDELIMITER ;\n`).join('');

// The rights of the accounts 'webhook_migration' and 'webhook', as they are documented.
export const grants = () => ['1_migration', '2_function'].map((name) => read(`services/webhook/sql/rights/${name}.sql`)).join('\n');

// All that a platform's database needs before the function starts.
export function schemaSql({ platform = 'snake_case', orders = 20 } = {}) {
  const fixtures = `tests/services/platforms/${platform}`;
  return [read(`${fixtures}/schema.sql`), statements('services/webhook/sql/migrations'), statements(`services/webhook/sql/platforms/${platform}`),
    `SET @orders = ${orders};\n`, read(`${fixtures}/seed.sql`)].join('\n');
}

// ---------------------------------------------------------------------- signatures

const hmac = (key, text) => createHmac('sha256', key).update(text);
export const sign = {
  platform: (body, { secret = SECRETS.platform } = {}) => ({ 'x-webhook-signature': hmac(secret, body).digest('hex') }),
  standard: (body, { secret = SECRETS.standard, id = `msg_${randomUUID()}`, time_s = Math.floor(Date.now() / 1000) } = {}) => ({
    'webhook-id': id,
    'webhook-timestamp': String(time_s),
    'webhook-signature': `v1,${hmac(Buffer.from(secret.slice('whsec_'.length), 'base64'), Buffer.concat([Buffer.from(`${id}.${time_s}.`), Buffer.from(body)])).digest('base64')}`,
  }),
  internal: (body, options = {}) => sign.standard(body, { secret: SECRETS.internal, ...options }),
  toss: (body, { secret = SECRETS.toss, time = new Date().toISOString() } = {}) => ({
    'tosspayments-webhook-transmission-time': time,
    'tosspayments-webhook-signature': `v1:${hmac(secret, `${body}:${time}`).digest('base64')}`,
  }),
  none: () => ({}),
};

// ---------------------------------------------------------------------- events

export const orderId = (i) => `ORD-${String(i).padStart(6, '0')}`;
// As tests/services/platforms/README.md has it.
export const totalOf = (i) => 10000 + 100 * (i % 50) + (i % 2 === 0 ? 5000 : 0);

export const payment = (i, more = {}) => ({
  type: 'payment', orderId: orderId(i), status: 'completed', paymentMethod: 'card', transactionId: `T-${i}`, amount: totalOf(i), paidAt: '2026-02-01T03:04:05+09:00', ...more,
});
export const shipping = (i, more = {}) => ({
  type: 'shipping', orderId: orderId(i), trackingNumber: `1Z${i}`, carrier: 'CJ대한통운', status: 'in_transit', location: '서울', timestamp: '2026-02-02T03:04:05+09:00', ...more,
});
export const refund = (i, more = {}) => ({
  type: 'refund', orderId: orderId(i), refundId: `R-${i}`, amount: 1000, reason: '단순 변심', status: 'completed', processedAt: '2026-02-03T03:04:05+09:00', ...more,
});

// ---------------------------------------------------------------------- the cloud

export class WebhookCloud {
  // options: {platform, orders, environment, function (LambdaFunction's config)}.
  static async start({ platform, orders, environment = {}, config = {} } = {}) {
    const one = new WebhookCloud();
    one.agent = new Agent({ keepAlive: true, maxSockets: 64 });
    one.cloud = await startCloud({ database: true });
    const { cloud } = one;
    try {
      const { name } = cloud.database;
      one.password = randomBytes(18).toString('base64url');
      await cloud.database.execute(`SET GLOBAL userstat = 1;\n${schemaSql({ platform, orders })}
        CREATE USER 'webhook'@'%' IDENTIFIED BY '${one.password}' REQUIRE SSL;
        CREATE USER 'webhook_migration'@'%' IDENTIFIED BY '${one.password}' REQUIRE SSL;\n${grants()}`, { database: name });
      one.mails_queue = cloud.createQueue('mails', { VisibilityTimeout: '180' });
      cloud.createSecret('openmarket/test/db', { ...cloud.database.secret, username: 'webhook', password: one.password });
      cloud.createSecret('openmarket/test/webhook', {
        platform: [SECRETS.platform], standard: [SECRETS.standard], toss: [SECRETS.toss], tossTokens: [SECRETS.token], internal: [SECRETS.internal],
      });
      one.handler = one.add({ environment, ...config });
      one.url = await cloud.addUrl(one.handler);
    } catch (error) {
      await cloud.stop();
      throw error;
    }
    return one;
  }

  // Another function with other settings; null removes one.
  add({ environment = {}, ...config } = {}) {
    const settings = {
      DB_SECRET_NAME: 'openmarket/test/db',
      DB_NAME: this.cloud.database.name,
      DB_CA_FILE: this.cloud.database.ca,
      EMAIL_QUEUE_URL: this.mails_queue.url,
      WEBHOOK_SECRET_NAME: 'openmarket/test/webhook',
      ...environment,
    };
    return this.cloud.addFunction({
      name: `webhook-handler-${this.cloud.functions.size + 1}`,
      command: WEBHOOK_HANDLER,
      memory_mb: 512,
      ...NO_HURRY,
      environment: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)),
      ...config,
    });
  }

  // Sends bytes to a path of the Function URL: {status, headers, body}. `url`: of another function.
  send(path, body = '', { method = 'POST', headers = {}, url = this.url } = {}) {
    const { hostname, port } = new URL(url);
    return new Promise((done, failed) => {
      const outgoing = request({ hostname, port, path, method, agent: this.agent, headers: { 'content-type': 'application/json', ...headers } }, (incoming) => {
        const parts = [];
        incoming.on('data', (part) => parts.push(part)).on('error', failed)
          .on('end', () => done({ status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(parts).toString() }));
      });
      outgoing.on('error', failed).end(body);
    });
  }

  // An event as a sender sends it. scheme: a name of `sign`.
  post(event, { scheme = 'platform', path = `/webhooks/${event.type}`, url, headers = {}, ...options } = {}) {
    const body = typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event);
    return this.send(path, body, { url, headers: { ...sign[scheme](body, options), ...headers } });
  }

  query(sql) {
    return this.cloud.database.execute(sql, { database: this.cloud.database.name });
  }

  async count(table, where = '1') {
    const [[number]] = await this.query(`SELECT COUNT(*) FROM ${table} WHERE ${where}`);
    return Number(number);
  }

  // Connections of the function's account that were ever made.
  async connections() {
    const [[number]] = await this.query(`SELECT COALESCE(SUM(TOTAL_CONNECTIONS), 0) FROM information_schema.USER_STATISTICS WHERE USER = 'webhook'`);
    return Number(number);
  }

  // Takes all mails out of the queue: their bodies, parsed.
  async mails() {
    const mails = [];
    for (;;) {
      const { Messages: messages = [] } = await this.cloud.sqs.call('ReceiveMessage', { QueueUrl: this.mails_queue.url, MaxNumberOfMessages: 10 });
      if (messages.length === 0) return mails;
      for (const { Body, ReceiptHandle } of messages) {
        mails.push(JSON.parse(Body));
        await this.cloud.sqs.call('DeleteMessage', { QueueUrl: this.mails_queue.url, ReceiptHandle });
      }
    }
  }

  // The function's lines about requests: the last one, or all.
  lines(target = this.handler, message = 'webhook') {
    return target.log.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)).filter((line) => line.message === message);
  }

  last(target = this.handler) {
    return this.lines(target).at(-1);
  }

  // Requests for a secret that the function has made.
  reads(secret) {
    return this.cloud.front.log.filter(({ service, key }) => service === 'secretsmanager' && key === secret).length;
  }

  sweep(target = this.handler) {
    return target.invoke({ task: 'sweep', time: new Date().toISOString().replace(/\.\d+/, '') });
  }

  async stop() {
    this.agent.destroy();
    await this.cloud.stop();
  }
}
