// What the tests of the mail function share: a cloud with the function, its queues and its table in
// it; messages; what SES accepted; deliveries of the queue one by one; requests that can be watched,
// refused, and at which the function can be killed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { sqsEvent } from '../../lambda/local/events.mjs';
import { ERRORS } from '../../lambda/local/faults.mjs';
import { Refusal } from '../../lambda/local/refusal.mjs';
import { doneOf } from '../../lambda/local/sqs.mjs';
import { EMAIL_SENDER, NO_HURRY, TOP } from './lambda.mjs';

export const TEMPLATES = ['ORDER_CONFIRMATION', 'SHIPPING_NOTIFICATION', 'PASSWORD_RESET', 'PROMOTIONAL', 'SETTLEMENT_REPORT'];
export const SETTINGS = {
  FROM_EMAIL: '오픈마켓 <no-reply@openmarket.example>',
  REPLY_TO_EMAIL: 'help@openmarket.example',
  BCC_EMAIL: 'copy@openmarket.example',
  SES_CONFIGURATION_SET: 'openmarket',
  ENVIRONMENT: 'test',
  IDEMPOTENCY_TABLE: 'sent',
  SENDER_NAME: '(주)오픈마켓',
  SENDER_EMAIL: 'shop@openmarket.example',
  SENDER_PHONE: '02-1234-5678',
  SENDER_ADDRESS: '서울특별시 중구 세종대로 1',
};

// The data of a template's sample, as services/email/samples has it.
export const sample = (template, language = 'ko') =>
  JSON.parse(readFileSync(join(TOP, `services/email/samples/${template.toLowerCase()}.${language}.json`), 'utf8'));

// A message of the queue; `more` replaces or adds members.
export const message = (more = {}) => {
  const { template = 'SHIPPING_NOTIFICATION', language = 'ko' } = more;
  return { template, language, toEmail: 'customer@example.com', data: sample(template, language), ...more };
};

export const refusal = (code, text = ERRORS.ses[code][1]) => new Refusal(code, text, ERRORS.ses[code][0]);

const operationOf = ({ headers, path }) =>
  headers['x-amz-target']?.split('.').pop() ?? (path === '/v2/email/outbound-emails' ? 'SendEmail' : path);

const attributesOf = (attributes) =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [
    name,
    typeof value === 'number' ? { DataType: 'Number', StringValue: String(value) } : { DataType: 'String', StringValue: value },
  ]));

export class EmailCloud {
  static async start(config = {}) {
    const one = new EmailCloud();
    one.cloud = await startCloud({ ses: true });
    await one.cloud.ses.clear();
    one.queue = one.cloud.createQueue('mails', { VisibilityTimeout: '180' });
    one.dead = one.cloud.createQueue('mails-dead', { VisibilityTimeout: '180' });
    await one.cloud.createTable('sent', 'id');
    one.sent = []; // SendEmail requests that SES accepted
    one.#watch();
    one.email = one.add(config);
    return one;
  }

  // before(step) and after(step, reply) are called around every request of a function: {service,
  // operation, input}. What one of them throws is the response.
  #watch() {
    const { services } = this.cloud.front;
    for (const service of ['ses', 'dynamodb', 'sqs', 'secretsmanager']) {
      const perform = services[service];
      services[service] = async (request) => {
        const step = { service, operation: operationOf(request), input: JSON.parse(request.body) };
        await this.before?.(step);
        const reply = await perform(request);
        if (step.operation === 'SendEmail' && reply.status === 200) this.sent.push(step.input);
        return (await this.after?.(step, reply)) ?? reply;
      };
    }
  }

  // Another function with other settings; null removes one.
  add({ environment = {}, ...config } = {}) {
    const settings = { ...SETTINGS, DEAD_LETTER_QUEUE_URL: this.dead.url, ...environment };
    return this.cloud.addFunction({
      name: `email-sender-${this.cloud.functions.size + 1}`,
      command: EMAIL_SENDER,
      memory_mb: 256,
      ...NO_HURRY,
      environment: Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)),
      ...config,
    });
  }

  stop() {
    return this.cloud.stop();
  }

  // Empty queues, nothing sent, no faults, no hooks; the records stay.
  async forget() {
    this.cloud.front.forget();
    this.cloud.front.faults.clear();
    this.cloud.ses.setLimits();
    Object.assign(this, { before: null, after: null });
    this.sent.length = 0;
    await this.cloud.ses.clear();
    for (const name of ['mails', 'mails-dead']) await this.cloud.sqs.call('PurgeQueue', { QueueUrl: this[name === 'mails' ? 'queue' : 'dead'].url });
  }

  fault(rule) {
    this.cloud.front.faults.add(rule);
  }

  count(operation, what = 'requests') {
    return this.cloud.front.counts[operation]?.[what] ?? 0;
  }

  // Queues a body (an object as JSON) with attributes, {name: text or number}; returns SQS's id.
  async put(body, attributes = {}) {
    const { MessageId } = await this.cloud.sqs.call('SendMessage', {
      QueueUrl: this.queue.url,
      MessageBody: typeof body === 'string' ? body : JSON.stringify(body),
      MessageAttributes: attributesOf(attributes),
    });
    return MessageId;
  }

  // Up to `most` messages that are visible.
  async receive(most = 10, queue = this.queue) {
    const { Messages = [] } = await this.cloud.sqs.call('ReceiveMessage', {
      QueueUrl: queue.url, MaxNumberOfMessages: most, WaitTimeSeconds: 0, AttributeNames: ['All'], MessageAttributeNames: ['All'],
    });
    return Messages;
  }

  // Invokes the function with these messages and deletes those that are done, as Lambda's poller does.
  // Returns its result with the ids that failed, in order.
  async hand(messages, target = this.email) {
    const result = await target.invoke(sqsEvent(messages, this.queue.arn, this.cloud.region));
    const done = doneOf(messages, result, true);
    for (const { ReceiptHandle } of done) await this.cloud.sqs.call('DeleteMessage', { QueueUrl: this.queue.url, ReceiptHandle });
    return { ...result, failed: result.error ? null : result.payload.batchItemFailures.map((item) => item.itemIdentifier) };
  }

  async deliver(target = this.email, most = 10) {
    return this.hand(await this.receive(most), target);
  }

  // Time passes: claims end, and messages become visible. Only while no function works.
  async pass() {
    for (const item of await this.cloud.dynamodb.items('sent')) {
      if (item.state.S === 'SENT') continue;
      await this.cloud.dynamodb.call('UpdateItem', {
        TableName: 'sent', Key: { id: item.id }, UpdateExpression: 'SET #until = :past',
        ExpressionAttributeNames: { '#until': 'until' }, ExpressionAttributeValues: { ':past': { N: '1' } },
      });
    }
    this.show();
  }

  #store(name) {
    return this.cloud.sqs.store.getQueueByName(name);
  }

  // All messages become visible at once.
  show(name = 'mails') {
    const queue = this.#store(name);
    for (const entry of queue.inflightMessages.values()) entry.visibilityDeadline = 0;
    queue.processTimers();
  }

  // {SQS's id: seconds until the message is visible} of those that are not.
  hidden(name = 'mails') {
    return Object.fromEntries([...this.#store(name).inflightMessages.values()].map(({ message: { messageId }, visibilityDeadline }) => [
      messageId, (visibilityDeadline - Date.now()) / 1000,
    ]));
  }

  // How many messages the queue holds, visible or not.
  left(name = 'mails') {
    const { ready, delayed, inflight } = this.#store(name).inspectMessages();
    return ready.length + delayed.length + inflight.length;
  }

  // The dead letters, in order: {body, reason, detail, template, ...}. They stay.
  async letters() {
    this.show('mails-dead');
    const letters = [];
    for (let some = await this.receive(10, this.dead); some.length > 0; some = await this.receive(10, this.dead)) {
      letters.push(...some.map(({ Body, MessageAttributes }) => ({
        body: Body,
        ...Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue }]) => [name, StringValue])),
      })));
    }
    this.show('mails-dead');
    return letters;
  }

  recipients() {
    return this.sent.map((mail) => mail.Destination.ToAddresses.join());
  }

  // Kills the processes of the function that are at work, and waits for their end.
  async kill(target = this.email) {
    const busy = [...target.all].filter((environment) => environment.state === 'busy');
    busy.forEach((environment) => environment.process.kill('SIGKILL'));
    await Promise.all(busy.map((environment) => environment.gone.promise));
    return busy.length;
  }

  // Kills it at the request number `index` from now (0: the next): before it is performed, or after.
  killAt(index, when, target = this.email) {
    let seen = 0;
    const at = async (is_before) => {
      const is_it = seen === index && is_before === (when === 'before');
      if (!is_before) seen += 1;
      if (!is_it) return;
      seen = Infinity;
      await this.kill(target);
      if (is_before) throw new Refusal('Killed', 'nobody waits for this', 500);
    };
    this.before = () => at(true);
    this.after = () => at(false);
  }

  // Every mail is in SES's inbox, and there is no other.
  async checkInbox() {
    const mails = await this.cloud.ses.mails();
    const addresses = (lists) => lists.map((to) => to.join()).sort();
    assert.deepEqual(addresses(mails.map((mail) => mail.destination.to)), addresses(this.sent.map((mail) => mail.Destination.ToAddresses)));
  }
}

export const logs = (result) => result.logs.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

// {metric: value} and {'metric/dimension value': value} of an invocation's log lines.
export function metrics(result) {
  const all = {};
  for (const line of logs(result).filter((one) => one._aws)) {
    for (const { Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
      const second = Dimensions[0].filter((name) => name !== 'FunctionName').map((name) => `/${line[name]}`).join('');
      for (const { Name } of Metrics) all[Name + second] = line[Name];
    }
  }
  return all;
}
