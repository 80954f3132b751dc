// A shop for `make local`: a platform's tables with a few orders, the webhook function behind a Function
// URL, and the mail function behind its queue; a payment's webhook shown from the signature to the mail.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { shell } from './show.mjs';

const run = promisify(execFile);
const SECRET = 'openmarket/dev/webhook';
const ORDERS = 10;
const PLATFORM = 'snake_case';
// The first order of the seed, as tests/services/platforms/README.md has it.
const PAYMENT = {
  type: 'payment', orderId: 'ORD-000001', status: 'completed', paymentMethod: 'card', transactionId: 'T-1', amount: 10100, paidAt: '2026-02-01T12:34:56+09:00',
};

export class Shop {
  // paths: {webhook, mail, send, platforms}; database_secret: the name of the database's.
  static async open(cloud, { queue, paths, database_secret }) {
    const shop = new Shop();
    const { database } = cloud;
    Object.assign(shop, { cloud, paths, secret: randomBytes(24).toString('base64url') });
    const sql = await Promise.all(['schema', 'seed'].map((name) => readFile(join(paths.platforms, PLATFORM, `${name}.sql`), 'utf8')));
    await database.execute(`SET @orders = ${ORDERS};\n${sql.join('\n')}`, { database: database.name });
    cloud.createSecret(SECRET, { platform: [shop.secret] });
    const webhook = cloud.addFunction({
      name: 'webhook-handler',
      command: resolve(paths.webhook),
      memory_mb: 512,
      timeout_ms: 30000,
      environment: {
        DB_SECRET_NAME: database_secret,
        MIGRATION_SECRET_NAME: database_secret,
        DB_CA_FILE: database.ca,
        EMAIL_QUEUE_URL: queue.url,
        WEBHOOK_SECRET_NAME: SECRET,
      },
    });
    const { error, payload } = await webhook.invoke({ migrate: true, platform: PLATFORM });
    if (error) throw new Error(`the webhooks' tables: ${payload.errorMessage}`);
    const mail = cloud.addFunction({
      name: 'email-sender',
      command: resolve(paths.mail),
      memory_mb: 256,
      timeout_ms: 30000,
      environment: { FROM_EMAIL: 'OpenMarket <no-reply@openmarket.example>' },
    });
    shop.mapping = cloud.mapQueue(queue, mail);
    shop.url = await cloud.addUrl(webhook);
    return shop;
  }

  // Pays the first order. true: the webhook was taken, and the customer has a mail.
  async demonstrate(out) {
    const file = join(out, 'payment.json');
    await writeFile(file, `${JSON.stringify(PAYMENT)}\n`);
    const args = [`${this.url}webhooks/payment`, file];
    console.log(`\n$ WEBHOOK_SECRET=${this.secret} ${shell([this.paths.send, ...args])}`);
    const { stdout } = await run(resolve(this.paths.send), args, { env: { WEBHOOK_SECRET: this.secret } });
    console.log(stdout.trim());
    await this.mapping.settle();
    const mails = await this.cloud.ses.mails();
    for (const mail of mails) console.log(`mail to ${mail.destination.to.join(', ')}: ${mail.subject}`);
    if (mails.length === 0) {
      console.error('local: the payment made no mail');
      for (const { log } of this.cloud.functions.values()) log.slice(-5).forEach((line) => console.error(`  ${line}`));
    }
    return mails.length > 0;
  }
}
