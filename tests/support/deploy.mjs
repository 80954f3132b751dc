// What the tests of the deployment check share: a cloud with the four functions in a working version, the
// check itself, and versions that misbehave.
import { join } from 'node:path';
import { EMAIL_SENDER, BUILD, IMAGE_PROCESSOR, NO_HURRY } from './lambda.mjs';
import { SettlementCloud } from './settlement.mjs';

export const UPLOADS = 'uploads-bucket';
export const PREFIX = 'uploads/products/deploy-check/';
export const SIZES = { large: [900, 1200], medium: [600, 800], small: [300, 400], thumbnail: [150, 200] };
const NAMES = { IMAGE_FUNCTION: 'image', EMAIL_FUNCTION: 'email', SETTLEMENT_FUNCTION: 'settlement', WEBHOOK_FUNCTION: 'webhook' };

// A version in this process: run(event) returns the text of its result, or throws {errorType, errorMessage}.
class Version {
  constructor(name, run) {
    Object.assign(this, { run, events: [], config: { name } });
  }

  async invoke(text) {
    const event = JSON.parse(text);
    this.events.push(event);
    try {
      return { error: false, raw: await this.run(event) };
    } catch (failure) {
      if (failure instanceof Error) throw failure;
      return { error: true, raw: JSON.stringify(failure) };
    }
  }

  settle() {}

  stop() {}
}

export class DeployCloud {
  static async start() {
    const one = new DeployCloud();
    one.settlement = await SettlementCloud.start({ sellers: 2, orders: 1, config: { name: 'settlement', version: '2' } });
    one.cloud = one.settlement.cloud;
    const { cloud } = one;
    try {
      cloud.createBucket(UPLOADS);
      one.dead = cloud.createQueue('mails-dead', {});
      await cloud.createTable('sent', 'id');
      const add = (name, version, command, environment) => cloud.addFunction({ name, version, command, memory_mb: 256, ...NO_HURRY, environment });
      one.live = add('image', '1', IMAGE_PROCESSOR, {});
      add('image', '2', IMAGE_PROCESSOR, {});
      add('email', '2', EMAIL_SENDER, { FROM_EMAIL: 'shop@example.com', IDEMPOTENCY_TABLE: 'sent', DEAD_LETTER_QUEUE_URL: one.dead.url });
      add('webhook', '2', join(BUILD, 'lambda/webhook-handler'), {
        DB_SECRET_NAME: 'openmarket/test/db', EMAIL_QUEUE_URL: one.settlement.mails_queue.url, WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      });
      one.check = one.addCheck();
    } catch (error) {
      await cloud.stop();
      throw error;
    }
    return one;
  }

  // The function under test, with other settings; null removes one.
  addCheck({ environment = {}, ...config } = {}) {
    const settings = { ...NAMES, UPLOADS_BUCKET: UPLOADS, CHECK_LIVE_WAIT: '0s', ...environment };
    return this.cloud.addFunction({
      name: `deploy-check-${this.cloud.functions.size + 1}`, command: join(BUILD, 'lambda/deploy-check'), memory_mb: 128, ...NO_HURRY,
      environment: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)), ...config,
    });
  }

  // A new version of a function that does this; returns its number.
  version(name, run) {
    this.versions = (this.versions ?? 100) + 1;
    const to = String(this.versions);
    this.cloud.functions.set(`${name}:${to}`, new Version(name, run));
    return to;
  }

  // Deploys a version, and returns what became of it: {status (CodeDeploy's), puts, result, reason, detail}.
  async deploy(name, to, { check = this.check, ...more } = {}) {
    const event = this.cloud.codedeploy.createDeployment({ function: name, to, ...more });
    const result = await check.invoke(event);
    return { event, result, ...this.outcome(event), reason: result.payload?.reason, detail: result.payload?.detail };
  }

  outcome(event) {
    const { codedeploy } = this.cloud;
    return { status: codedeploy.statusOf(event), puts: codedeploy.puts.filter(({ deployment_id }) => deployment_id === event.DeploymentId).length };
  }

  async put(key, body, metadata = {}, type = 'image/jpeg') {
    const headers = { 'content-type': type, ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])) };
    await this.cloud.s3.handle({ method: 'PUT', bucket: UPLOADS, key, query: {}, headers, trailers: {}, body });
  }

  keys() {
    return this.cloud.s3.keys(UPLOADS, '');
  }

  peek(key) {
    return this.cloud.s3.peek(UPLOADS, key);
  }

  stop() {
    return this.settlement.stop();
  }
}
