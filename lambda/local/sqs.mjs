// SQS in this process (fauxqs, JSON protocol), and the event source mapping that feeds a function
// from a queue as Lambda's poller does.
import { randomUUID } from 'node:crypto';
import { ACCOUNT } from './environment.mjs';
import { sqsEvent } from './events.mjs';
import { INVALID_MESSAGE_BODY_CHAR, SqsStore, buildApp } from './packages.mjs';

const MAX_BATCH = 10;
const WAIT_S = 1;
const SETTLE_MS = 50;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// fauxqs refuses every character beyond U+FFFF, which SQS takes. What SQS allows is stated with SendMessage's
// MessageBody in its API reference.
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;
INVALID_MESSAGE_BODY_CHAR.test = (text) => FORBIDDEN.test(text);

export class LocalSqs {
  constructor(region) {
    this.region = region;
    this.store = new SqsStore();
    this.app = buildApp({ logger: false, defaultRegion: region, stores: { sqsStore: this.store } });
  }

  async start() {
    await this.app.ready();
  }

  async stop() {
    await this.app.close();
  }

  // url: the front's. Returns {name, url, arn}.
  createQueue(name, url, attributes = {}) {
    const arn = `arn:aws:sqs:${this.region}:${ACCOUNT}:${name}`;
    const queue_url = `${url}/${ACCOUNT}/${name}`;
    this.store.createQueue(name, queue_url, arn, attributes);
    return { name, url: queue_url, arn };
  }

  // A request of the front's.
  async handle({ headers, body }) {
    const kept = ['content-type', 'x-amz-target', 'host'];
    const response = await this.app.inject({
      method: 'POST',
      url: '/',
      headers: Object.fromEntries(kept.filter((name) => headers[name]).map((name) => [name, headers[name]])),
      payload: body,
    });
    const { 'content-length': _, connection: __, date: ___, ...rest } = response.headers;
    return { status: response.statusCode, headers: rest, body: response.rawPayload };
  }

  async call(operation, input) {
    const response = await this.handle({
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
      body: JSON.stringify(input),
    });
    const output = response.body.length > 0 ? JSON.parse(response.body) : {};
    if (response.status !== 200) throw new Error(`${operation}: ${output.__type} ${output.message}`);
    return output;
  }
}

// Polls a queue, invokes a function with up to ten records, deletes those that are done. With
// ReportBatchItemFailures: only the messages it names stay; an error or a result that cannot be read
// keeps all of them, as on AWS.
export class EventSourceMapping {
  // target: LambdaFunction; queue: as createQueue returned it. pollers: batches at once, if the function's
  // concurrency allows them.
  constructor(sqs, queue, target, { report_batch_item_failures = true, batch_size = MAX_BATCH, pollers = 1 } = {}) {
    if (!(batch_size >= 1 && batch_size <= MAX_BATCH)) throw new TypeError(`a batch has 1 to ${MAX_BATCH} messages here`);
    Object.assign(this, { sqs, queue, target, report_batch_item_failures, batch_size });
    this.running = true;
    this.batches = []; // {received, done} of each batch
    this.empty_polls = Array(pollers).fill(0);
    this.loops = this.empty_polls.map((_, poller) => this.#poll(poller));
  }

  async #poll(poller) {
    while (this.running) {
      const { Messages: messages = [] } = await this.sqs.call('ReceiveMessage', {
        QueueUrl: this.queue.url,
        MaxNumberOfMessages: this.batch_size,
        WaitTimeSeconds: WAIT_S,
        AttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      if (messages.length === 0) this.empty_polls[poller] += 1;
      else if (this.running) await this.#deliver(messages);
    }
  }

  // Waits until no message is visible and none is being processed: every poller has found the queue
  // empty twice, the second time in a poll that began after this call, and none had a batch meanwhile.
  async settle() {
    while (this.running) {
      const batches = this.batches.length;
      const before = [...this.empty_polls];
      while (this.running && !this.empty_polls.every((count, i) => count >= before[i] + 2)) await sleep(SETTLE_MS);
      if (this.batches.length === batches) return;
    }
  }

  async #deliver(messages) {
    let result;
    try {
      result = await this.target.invoke(sqsEvent(messages, this.queue.arn, this.sqs.region));
    } catch (error) {
      if (!this.target.stopped) throw error;
      return;
    }
    const done = doneOf(messages, result, this.report_batch_item_failures);
    this.batches.push({ received: messages.length, done: done.length });
    if (done.length === 0) return;
    await this.sqs.call('DeleteMessageBatch', {
      QueueUrl: this.queue.url,
      Entries: done.map((message) => ({ Id: randomUUID(), ReceiptHandle: message.ReceiptHandle })),
    });
  }

  async stop() {
    this.running = false;
    await Promise.all(this.loops);
  }
}

// The messages to delete.
export function doneOf(messages, result, report_batch_item_failures) {
  if (result.error) return [];
  const { payload } = result;
  if (!report_batch_item_failures || payload === null || payload === '' || payload?.batchItemFailures == null) return messages;
  if (!Array.isArray(payload.batchItemFailures)) return [];
  const known = new Set(messages.map((message) => message.MessageId));
  const failed = new Set(payload.batchItemFailures.map((item) => item?.itemIdentifier));
  // An identifier that was not in the batch: none can be taken as done.
  if ([...failed].some((id) => !known.has(id))) return [];
  return messages.filter((message) => !failed.has(message.MessageId));
}
