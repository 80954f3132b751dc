// The image function on events that need more than one shape read, S3 through SNS, on a back-fill of what
// does not exist, and on batches for which the time does not suffice. The readers have tests of their own in C.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { batchEvent, eventBridgeEvent, s3Event, sqsEvent } from '../../lambda/local/events.mjs';
import { ImageCloud, SIZES, logs, picture, summary } from '../support/image.mjs';

const QUEUE = 'arn:aws:sqs:ap-northeast-2:000000000000:uploads';
const small = picture('small.jpg', '64x40');
let one;

before(async () => (one = await ImageCloud.start()));
after(() => one.stop());

const message = (id, body) => ({ MessageId: id, ReceiptHandle: `receipt of ${id}`, Body: JSON.stringify(body) });
const failures = (...ids) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const levels = (result, level) => logs(result).filter((line) => line.level === level);

// What SNS puts around a message: into the event of a function, and into the body of an SQS message.
const envelope = (event) => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:ap-northeast-2:000000000000:uploads',
  Subject: 'Amazon S3 Notification',
  Message: JSON.stringify(event),
  Timestamp: '2026-01-02T03:04:05.678Z',
  SignatureVersion: '1',
});
const snsEvent = (event) => ({ Records: [{ EventVersion: '1.0', EventSource: 'aws:sns', EventSubscriptionArn: 'arn:aws:sns:x', Sns: envelope(event) }] });

test('S3 -> SNS -> function', async () => {
  for (const [name, shape] of [['notification', s3Event], ['bridge', eventBridgeEvent]]) {
    const created = await one.put(`uploads/sns ${name}+한.jpg`, small);
    const { error, payload } = await one.image.invoke(snsEvent(shape(created)));
    assert.deepEqual([error, payload], [false, summary({ made: 1 })]);
    assert.deepEqual(one.outputs(created.key), Object.keys(SIZES));
  }
});

test('S3 -> SNS -> SQS -> function, with the envelope and with raw delivery', async () => {
  const [enveloped, raw, bridge] = await Promise.all(['enveloped', 'raw', 'bridge'].map((name) => one.put(`uploads/sqs ${name}+한.jpg`, small)));
  const { error, payload } = await one.image.invoke(
    sqsEvent(
      [
        message('enveloped', envelope(s3Event(enveloped))),
        message('raw', s3Event(raw)),
        message('bridge', envelope(eventBridgeEvent(bridge))),
        message('confirmation', { ...envelope({}), Type: 'SubscriptionConfirmation' }),
        message('test', envelope({ Event: 's3:TestEvent' })),
      ],
      QUEUE,
    ),
  );
  assert.deepEqual([error, payload], [false, failures('confirmation')]);
  for (const { key } of [enveloped, raw, bridge]) assert.deepEqual(one.outputs(key), Object.keys(SIZES));
});

test('a back-fill with wrong keys and a wrong bucket succeeds nowhere', async () => {
  const wrong = [{ bucket: 'photos', key: 'uploads/absent.jpg' }, { bucket: 'no-such-bucket', key: 'uploads/absent.jpg' }];
  for (const schema of ['1.0', '2.0']) {
    const { error, payload } = await one.image.invoke(batchEvent(wrong, schema));
    assert.equal(error, false);
    assert.deepEqual(payload.results.map((result) => result.resultCode), ['PermanentFailure', 'PermanentFailure']);
    assert.match(payload.results[0].resultString, /^gone: GONE: /);
    assert.match(payload.results[1].resultString, /^no bucket: /);
  }
  // For every other event a bucket that does not exist is a wrong setting of its sender.
  assert.equal((await one.invoke(wrong[1])).error, true);
  assert.deepEqual((await one.image.invoke(sqsEvent([message('gone', s3Event(wrong[0])), message('bucket', s3Event(wrong[1]))], QUEUE))).payload, failures('bucket'));
});

// The first object never gets its source, and uses up all of the time; what follows is not started.
test('the objects for which no time is left come again, with one line of the log', async () => {
  const hurried = one.add({ timeout_ms: 3000 });
  const created = await Promise.all([0, 1, 2, 3].map((n) => one.put(`uploads/hurried ${n}.jpg`, small)));
  const check = (result) => {
    assert.equal(levels(result, 'WARN').filter((line) => line.count === 3 && line.of === 4).length, 1);
    assert.equal(levels(result, 'ERROR').filter((line) => line.message === 'failed').length, 1);
    for (const { key } of created) assert.deepEqual(one.outputs(key), []);
  };
  one.forget();
  one.fault({ operation: 'GetObject', action: 'stall', times: -1 });

  const queue = await hurried.invoke(sqsEvent(created.map((object, n) => message(`${n}`, s3Event(object))), QUEUE));
  assert.deepEqual([queue.error, queue.payload], [false, failures('0', '1', '2', '3')]);
  check(queue);

  const batch = await hurried.invoke(batchEvent(created));
  assert.deepEqual(batch.payload.results.map((result) => result.resultCode), Array(4).fill('TemporaryFailure'));
  assert.deepEqual(batch.payload.results.slice(1).map((result) => result.resultString), Array(3).fill('failed: DEADLINE: not started: too little time was left'));
  check(batch);

  const records = await hurried.invoke(s3Event(created));
  assert.equal(records.error, true);
  assert.match(records.payload.errorMessage, /^1 of 4 objects failed, 3 were not started; /);
  check(records);

  one.forget();
  assert.deepEqual((await one.invoke(...created)).payload, summary({ made: 4 }));
});
