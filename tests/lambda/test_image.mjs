// The image function as its events, its keys and its outputs are in the contract: the shipped binary
// under a Runtime API server, with an S3 that verifies signatures.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { batchEvent, eventBridgeEvent, s3Event, s3Record } from '../../lambda/local/events.mjs';
import { ImageCloud, SIZES, describe, logs, outputKey, picture, summary } from '../support/image.mjs';
import { AWS, IMAGE_PROCESSOR, aws, run, until } from '../support/lambda.mjs';

let one;
const photo = picture('a.jpg', '1600x1000', 'noise');
const other = picture('a.jpg', '1000x1600', 'gradient');
before(async () => {
  one = await ImageCloud.start();
});
after(() => one.stop());
beforeEach(() => one.forget());

const made = { error: false, payload: summary({ made: 1 }) };
const already = { error: false, payload: summary({ alreadyMade: 1 }) };
const skipped = { error: false, payload: summary({ skipped: 1 }) };
const becomes = (result, expected) => assert.deepEqual({ error: result.error, payload: result.payload }, expected, result.raw);

function checkOutputs(key, { bucket = 'photos', type = 'image/jpeg', width = 1600, height = 1000, etag, version_id } = {}) {
  for (const [size, side] of Object.entries(SIZES)) {
    const output = one.output(key, size, bucket);
    assert.ok(output, `${size} of ${key}`);
    const scale = Math.min(1, side / Math.max(width, height));
    assert.deepEqual(describe(output.body), { type, width: Math.round(width * scale), height: Math.round(height * scale) });
    assert.equal(output.contentType, type);
    assert.equal(output.cacheControl, 'public, max-age=31536000');
    const { metadata } = output;
    assert.equal(decodeURIComponent(metadata['original-key']), key);
    assert.match(metadata['original-key'], /^[\x21-\x7e]+$/);
    assert.equal(metadata.size, size);
    assert.ok(Math.abs(Date.parse(metadata['processed-at']) - Date.now()) < 60000);
    assert.equal(metadata['source-etag'], etag);
    assert.equal(metadata['source-version'], version_id);
  }
}

test('an upload comes back in four sizes', async () => {
  const created = await one.put('uploads/products/a.jpg', photo);
  becomes(await one.invoke(created), made);
  checkOutputs(created.key, created);
  assert.deepEqual([one.count('HeadObject'), one.count('GetObject'), one.count('PutObject')], [5, 1, 4]);
});

test('keys of every kind: exactly that object, exactly that place', async () => {
  const names = ['한글 사진.jpg', 'a+b.jpg', 'a b.jpg', 'a%2Bb.jpg', '100%.jpg', 'no-extension', '.jpg', "q?a=b&c#d'(1)!*.jpg", 'tab\there.jpg', '\u{1F600}.png', '..', '%2e%2e'];
  const keys = [...names.map((name) => `uploads/${name}`), 'uploads/a/b/c/d.jpg', 'uploads/../x.jpg', 'uploads/./x.jpg', 'uploads//x.jpg', 'uploads/%2e%2e/x.jpg', 'uploads/processed.jpg', 'uploads/unprocessed/x.jpg'];
  const small = picture('s.jpg', '64x40');
  for (const key of keys) {
    const created = await one.put(key, small);
    becomes(await one.invoke(created), made);
    checkOutputs(key, { ...created, width: 64, height: 40 });
  }
  const all = one.cloud.s3.keys('photos');
  assert.ok(all.every((key) => key.startsWith('uploads/')), 'nothing lies elsewhere');
});

test('a key of 1,024 bytes whose outputs would be longer is recorded as such', async () => {
  const key = `uploads/${'a'.repeat(1012)}.jpg`;
  const result = await one.invoke(await one.put(key, photo));
  becomes(result, { error: false, payload: summary({ rejected: 1 }) });
  assert.equal(logs(result).find((line) => line.message === 'rejected').reason, 'KEY_TOO_LONG');
  const longest = `uploads/${'\uD55C'.repeat(330)}.jpg`;
  becomes(await one.invoke(await one.put(longest, photo)), made);
  // 2 KB of metadata do not hold this key; what the function lives by is there.
  const { metadata } = one.output(longest, 'thumbnail');
  assert.deepEqual([metadata['original-key'], metadata.size], [undefined, 'thumbnail']);
  becomes(await one.invoke({ bucket: 'photos', key: longest }), already);
});

test('PNG stays PNG, whatever its name and type are', async () => {
  const png = picture('a.png', '300x200', 'rgba');
  const created = await one.put('uploads/really-a-png.jpg', png, { headers: { 'content-type': 'image/jpeg' } });
  becomes(await one.invoke(created), made);
  checkOutputs(created.key, { ...created, type: 'image/png', width: 300, height: 200 });
  const jpeg = await one.put('uploads/really-a-jpeg.png', photo, { headers: { 'content-type': 'text/html' } });
  becomes(await one.invoke(jpeg), made);
  checkOutputs(jpeg.key, jpeg);
});

test('orientation is applied, metadata is gone', async () => {
  const created = await one.put('uploads/rotated.jpg', picture('t.jpg', '160x100', 'orientation=6', 'comment=canary-comment'));
  becomes(await one.invoke(created), made);
  checkOutputs(created.key, { ...created, width: 100, height: 160 });
  const bytes = one.output(created.key, 'large').body.toString('latin1');
  assert.ok(!bytes.includes('canary-comment') && !bytes.includes('Exif'));
});

test('a duplicate does nothing, by any kind of event', async () => {
  const created = await one.put('uploads/twice.jpg', photo);
  becomes(await one.invoke(created), made);
  one.forget();
  becomes(await one.invoke(created), already);
  becomes(await one.image.invoke(eventBridgeEvent(created)), already);
  assert.deepEqual([one.count('HeadObject'), one.count('GetObject'), one.count('PutObject')], [10, 0, 0]);
  // An event without an ETag is no different.
  becomes(await one.invoke({ bucket: 'photos', key: created.key }), already);
  assert.deepEqual([one.count('HeadObject'), one.count('GetObject'), one.count('PutObject')], [15, 0, 0]);
});

test('an older event that comes late does not undo newer work', async () => {
  for (const bucket of ['photos', 'kept']) {
    const old = await one.put('uploads/reordered.jpg', photo, { bucket });
    const young = await one.put('uploads/reordered.jpg', other, { bucket });
    becomes(await one.invoke(young), made);
    one.forget();
    becomes(await one.invoke(old), already);
    assert.equal(one.count('PutObject'), 0);
    checkOutputs(young.key, { ...young, bucket, width: 1000, height: 1600 });
  }
});

test('an older event that comes first makes the newest picture, and the newer one finds it', async () => {
  const old = await one.put('uploads/newest.jpg', photo, { bucket: 'kept' });
  const young = await one.put('uploads/newest.jpg', other, { bucket: 'kept' });
  becomes(await one.invoke(old), made);
  checkOutputs(young.key, { ...young, bucket: 'kept', width: 1000, height: 1600 });
  one.forget();
  becomes(await one.invoke(young), already);
  assert.equal(one.count('PutObject'), 0);
});

test('an overwrite is made anew; the same bytes as a new version too', async () => {
  becomes(await one.invoke(await one.put('uploads/over.jpg', photo)), made);
  const created = await one.put('uploads/over.jpg', other);
  becomes(await one.invoke(created), made);
  checkOutputs(created.key, { ...created, width: 1000, height: 1600 });
  becomes(await one.invoke(await one.put('uploads/over.jpg', other)), already);
  const first = await one.put('uploads/same.jpg', photo, { bucket: 'kept' });
  becomes(await one.invoke(first), made);
  const second = await one.put('uploads/same.jpg', photo, { bucket: 'kept' });
  assert.equal(first.etag, second.etag);
  becomes(await one.invoke(second), made);
  checkOutputs(second.key, { ...second, bucket: 'kept' });
});

test('only what is missing or stale is written again', async () => {
  const created = await one.put('uploads/missing.jpg', photo);
  becomes(await one.invoke(created), made);
  await one.remove(outputKey(created.key, 'small'));
  one.forget();
  becomes(await one.invoke(created), made);
  assert.equal(one.count('PutObject'), 1);
  checkOutputs(created.key, created);
});

test('own outputs, folders, other prefixes and other events send no request', async () => {
  const keys = ['uploads/processed/large/a.jpg', 'uploads/b/processed/x', 'processed/large/a.jpg', 'uploads/', 'uploads/b/', 'elsewhere/a.jpg', 'a.jpg'];
  for (const key of keys) becomes(await one.invoke({ bucket: 'photos', key, etag: 'x' }), skipped);
  for (const event_name of ['ObjectRemoved:Delete', 'ObjectTagging:Put', 'ObjectRestore:Completed']) {
    becomes(await one.invoke({ bucket: 'photos', key: 'uploads/a.jpg', event_name }), skipped);
  }
  becomes(await one.image.invoke({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'photos' }), { error: false, payload: summary({}) });
  assert.deepEqual(one.cloud.front.counts, {});
});

test('what the function writes does not start it again', async () => {
  one.cloud.notify('photos', 'uploads/', one.image);
  const lines = one.image.log.length;
  await one.put('uploads/loop/a.jpg', photo);
  await one.cloud.settle();
  one.cloud.triggers.length = 0;
  const logged = one.image.log.slice(lines).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  assert.equal(logged.filter((line) => line.message === 'made').length, 1);
  assert.equal(logged.filter((line) => line.message === 'skipped' && line.reason === 'OUTPUT').length, 4);
  assert.equal(one.count('PutObject'), 4);
});

test('a source that does not exist any more is no failure', async () => {
  becomes(await one.invoke({ bucket: 'photos', key: 'uploads/never-was.jpg', etag: 'x' }), { error: false, payload: summary({ gone: 1 }) });
});

test('a bucket that does not exist is a failure; a key that does not exist is not', async () => {
  const nowhere = { bucket: 'no-such-bucket', key: 'uploads/a.jpg', etag: 'x' };
  for (const event of [s3Event(nowhere), eventBridgeEvent(nowhere)]) {
    const result = await one.image.invoke(event);
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Image.NO_BUCKET'], result.raw);
    assert.match(result.payload.errorMessage, /the bucket does not exist/);
    const line = logs(result).find((entry) => entry.message === 'no bucket');
    assert.deepEqual([line.level, line.bucket, line.reason], ['ERROR', 'no-such-bucket', 'NO_BUCKET']);
  }
  const message = { messageId: 'nowhere', body: JSON.stringify(s3Event(nowhere)), eventSource: 'aws:sqs', receiptHandle: 'r', attributes: {}, eventSourceARN: 'arn:aws:sqs:x:1:q' };
  becomes(await one.image.invoke({ Records: [message] }), { error: false, payload: { batchItemFailures: [{ itemIdentifier: 'nowhere' }] } });
  const { payload } = await one.image.invoke(batchEvent([nowhere, { bucket: 'photos', key: 'uploads/never-was.jpg' }]));
  assert.deepEqual(payload.results.map(({ resultCode, resultString }) => [resultCode, resultString.split(':')[0]]), [['PermanentFailure', 'no bucket'], ['PermanentFailure', 'gone']]);
});

test('EventBridge: the key is not encoded', async () => {
  const created = await one.put('uploads/bridge a+b%2B 한글.jpg', photo);
  becomes(await one.image.invoke(eventBridgeEvent(created)), made);
  checkOutputs(created.key, created);
  becomes(await one.image.invoke({ ...eventBridgeEvent(created), 'detail-type': 'Object Deleted' }), skipped);
});

test('every record of an event is worked on, and bad ones stop no other', async () => {
  const small = picture('s.jpg', '64x40');
  const created = [];
  for (let n = 0; n < 5; n++) created.push(await one.put(`uploads/many-${n}.jpg`, small));
  const event = s3Event(created);
  event.Records[1].s3.object.key = 'uploads/%zz';
  event.Records[3] = { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put' };
  const result = await one.image.invoke(event);
  becomes(result, { error: false, payload: summary({ made: 3, rejected: 2 }) });
  assert.deepEqual(logs(result).filter((line) => line.message === 'rejected').map((line) => line.reason), ['INVALID_KEY', 'MALFORMED_RECORD']);
  for (const n of [0, 2, 4]) checkOutputs(created[n].key, { ...created[n], width: 64, height: 40 });
});

test('impossible keys and buckets are recorded without a request', async () => {
  const bad = ['uploads/%', 'uploads/%zz', 'uploads/%00.jpg', 'uploads/a\u0000b', 'uploads/%FF.jpg', `uploads/${'a'.repeat(1017)}`, '', 17, null];
  for (const key of bad) {
    const record = s3Record({ bucket: 'photos', key: 'x' });
    record.s3.object.key = key;
    becomes(await one.image.invoke({ Records: [record] }), { error: false, payload: summary({ rejected: 1 }) });
  }
  for (const bucket of ['..', 'a/b', '', 'UPPER CASE', 'x'.repeat(300)]) {
    becomes(await one.invoke({ bucket, key: 'uploads/a.jpg' }), { error: false, payload: summary({ rejected: 1 }) });
  }
  assert.deepEqual(one.cloud.front.counts, {});
});

test('an unknown event fails the invocation, for a dead-letter queue to keep', async () => {
  for (const event of ['', 'null', '[]', '{}', 'not json', '{"Records":17}', '{"Records":[{"eventSource":"aws:ses"}]}', '{"a":1,"a":2}', `{"Records":${'['.repeat(100)}`]) {
    const result = await one.image.invoke(event);
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Image.UnknownEvent'], event);
  }
});

test('messages of SQS: exactly those that failed are reported', async () => {
  const small = picture('s.jpg', '64x40');
  const good = await one.put('uploads/queued.jpg', small);
  const bad = await one.put('uploads/queued-bad.jpg', Buffer.from('text'));
  const later = await one.put('uploads/queued-later.jpg', small);
  const message = (messageId, body) => ({ messageId, body: typeof body === 'string' ? body : JSON.stringify(body), eventSource: 'aws:sqs', receiptHandle: 'r', attributes: {}, eventSourceARN: 'arn:aws:sqs:x:1:q' });
  one.fault({ operation: 'PutObject', key: 'queued-later', action: 'status', status: 500, times: -1 });
  const result = await one.image.invoke({
    Records: [
      message('good', s3Event([good])),
      message('bad picture', s3Event([bad])),
      message('no json', 'hello'),
      message('fails', s3Event([good, later])),
      message('test', { Event: 's3:TestEvent' }),
      message('bridge', eventBridgeEvent(good)),
      message('no event', { a: 1 }),
    ],
  });
  assert.equal(result.error, false);
  assert.deepEqual(result.payload, { batchItemFailures: ['no json', 'fails', 'no event'].map((itemIdentifier) => ({ itemIdentifier })) });
  assert.equal(one.tags(bad.key)['image-status'], 'rejected:UNSUPPORTED');
  checkOutputs(good.key, { ...good, width: 64, height: 40 });
  assert.deepEqual(one.outputs(later.key), []);
});

test('from a real queue: done messages are deleted, what cannot be read ends in the dead-letter queue', async () => {
  const dead = one.cloud.createQueue('dead');
  const queue = one.cloud.createQueue('uploads', { VisibilityTimeout: '1', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }) });
  const created = await one.put('uploads/real-queue.jpg', photo);
  const mapping = one.cloud.mapQueue(queue, one.image);
  const send = (body) => one.cloud.sqs.call('SendMessage', { QueueUrl: queue.url, MessageBody: body });
  await send(JSON.stringify(s3Event([created])));
  await send('not for us');
  const attributes = async (which) => (await one.cloud.sqs.call('GetQueueAttributes', { QueueUrl: which.url, AttributeNames: ['All'] })).Attributes;
  await until(async () => Number((await attributes(dead)).ApproximateNumberOfMessages) === 1, 'the bad message is given up', 15000);
  const left = await attributes(queue);
  assert.deepEqual([left.ApproximateNumberOfMessages, left.ApproximateNumberOfMessagesNotVisible], ['0', '0']);
  checkOutputs(created.key, created);
  await mapping.stop();
});

test('S3 Batch Operations, both schemas: a result for each task', async () => {
  for (const schema of ['1.0', '2.0']) {
    const good = await one.put(`uploads/batch ${schema} 한글+.jpg`, photo, { bucket: 'kept' });
    const bad = await one.put(`uploads/batch-bad-${schema}.jpg`, photo.subarray(0, 5000), { bucket: 'kept' });
    const later = await one.put(`uploads/batch-later-${schema}.jpg`, photo, { bucket: 'kept' });
    one.fault({ operation: 'GetObject', key: 'batch-later', action: 'status', status: 503, times: 3 });
    const gone = { bucket: 'kept', key: 'uploads/gone.jpg' };
    const own = { bucket: 'kept', key: 'uploads/processed/large/x.jpg' };
    const event = batchEvent([good, bad, later, gone, own], schema);
    const { error, payload } = await one.image.invoke(event);
    assert.equal(error, false);
    assert.deepEqual([payload.invocationSchemaVersion, payload.invocationId, payload.treatMissingKeysAs], [schema, event.invocationId, 'TemporaryFailure']);
    assert.deepEqual(payload.results.map((result) => result.taskId), event.tasks.map((task) => task.taskId));
    assert.deepEqual(payload.results.map((result) => result.resultCode), ['Succeeded', 'PermanentFailure', 'TemporaryFailure', 'PermanentFailure', 'Succeeded']);
    assert.match(payload.results[1].resultString, /^rejected: TRUNCATED: /);
    assert.match(payload.results[2].resultString, /SlowDown/);
    checkOutputs(good.key, { ...good, bucket: 'kept' });
    assert.equal(one.tags(bad.key, 'kept')['image-status'], 'rejected:TRUNCATED');
  }
  const failed = await one.image.invoke({ ...batchEvent([]), invocationSchemaVersion: '3.0' });
  assert.equal(failed.payload.errorType, 'Image.UnknownEvent');
});

test('sizes, quality, prefix, folder and formats can be set', async () => {
  const special = one.add({
    environment: {
      IMAGE_SIZES: 'wide=640x100,dot=8x8', IMAGE_QUALITY: '30', IMAGE_SOURCE_PREFIX: '*', IMAGE_OUTPUT_FOLDER: 'thumbs', IMAGE_CACHE_CONTROL: 'no-store', IMAGE_FORMATS: 'jpeg',
    },
  });
  const created = await one.put('anywhere.jpg', photo);
  becomes(await special.invoke(s3Event(created)), made);
  const wide = one.cloud.s3.peek('photos', 'thumbs/wide/anywhere.jpg');
  assert.deepEqual([describe(wide.body).width, wide.cacheControl], [160, 'no-store']);
  assert.equal(describe(one.cloud.s3.peek('photos', 'thumbs/dot/anywhere.jpg').body).width, 8);
  for (const key of ['thumbs/wide/anywhere.jpg', 'x/processed/large/a.jpg']) {
    becomes(await special.invoke(s3Event({ bucket: 'photos', key })), skipped);
  }
  const png = await one.put('picture.png', picture('p.png', '20x20'));
  becomes(await special.invoke(s3Event(png)), { error: false, payload: summary({ rejected: 1 }) });
  assert.equal(one.tags('picture.png')['image-status'], 'rejected:UNSUPPORTED');
});

test('outputs of other settings are made anew', async () => {
  const created = await one.put('uploads/settings.jpg', photo);
  becomes(await one.invoke(created), made);
  const better = one.add({ environment: { IMAGE_QUALITY: '95' } });
  const before_bytes = one.output(created.key, 'large').body.length;
  becomes(await better.invoke(s3Event(created)), made);
  assert.ok(one.output(created.key, 'large').body.length > before_bytes);
  becomes(await better.invoke(s3Event(created)), already);
});

test('CMYK without a profile has the colours of the one that is set', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const created = await one.put('uploads/inks.jpg', picture('inks.jpg', '64x40', 'cmyk'));
  becomes(await one.invoke(created), made);
  const by_formula = one.output(created.key, 'large').body;
  const profile = join(folder, 'press.icc');
  writeFileSync(profile, picture('press.icc'));
  const press = one.add({ environment: { IMAGE_CMYK_PROFILE: profile } });
  becomes(await press.invoke(s3Event(created)), made);
  assert.notDeepEqual(one.output(created.key, 'large').body, by_formula);
  becomes(await press.invoke(s3Event(created)), already);
});

test('outputs of another version of imgcore, or of a version that did not name it, are made anew', async () => {
  const created = await one.put('uploads/parameters.jpg', photo);
  becomes(await one.invoke(created), made);
  const key = outputKey(created.key, 'small');
  const rewrite = async (change) => {
    const { body, metadata } = one.output(created.key, 'small');
    const headers = Object.fromEntries(Object.entries(change(metadata)).map(([name, value]) => [`x-amz-meta-${name}`, value]));
    await one.put(key, body, { headers: { 'content-type': 'image/jpeg', ...headers } });
  };
  const { parameters } = one.output(created.key, 'small').metadata;
  assert.match(parameters, /^400x400 q80 balanced imgcore [0-9]+\.[0-9]+\.[0-9]+$/);
  const changes = [
    (metadata) => ({ ...metadata, parameters: parameters.replace(/[0-9.]+$/, '0.1.0') }),
    ({ parameters: _, ...metadata }) => ({ ...metadata, recipe: '400x400 q80 balanced' }),
  ];
  for (const change of changes) {
    await rewrite(change);
    one.forget();
    becomes(await one.image.invoke(s3Event(created)), made);
    assert.equal(one.count('PutObject'), 1);
    assert.equal(one.output(created.key, 'small').metadata.parameters, parameters);
    becomes(await one.image.invoke(s3Event(created)), already);
  }
});

test('a back-fill makes what is not current, and everything if it is forced', async () => {
  const created = await one.put('uploads/forced.jpg', photo);
  becomes(await one.invoke(created), made);
  const run_job = async (user_arguments) => {
    one.forget();
    const { payload } = await one.image.invoke(batchEvent([created], '2.0', user_arguments));
    return [payload.results[0].resultCode, payload.results[0].resultString, one.count('PutObject')];
  };
  assert.deepEqual(await run_job({}), ['Succeeded', 'already made', 0]);
  assert.deepEqual(await run_job({ force: 'false' }), ['Succeeded', 'already made', 0]);
  assert.deepEqual(await run_job({ force: 'true' }), ['Succeeded', 'made', 4]);
  await one.remove(outputKey(created.key, 'small'));
  assert.deepEqual(await run_job({ force: 'true' }), ['Succeeded', 'made', 4]);
  checkOutputs(created.key, created);
});

test('a setting that is not valid stops the start with its name', async () => {
  const bad = one.add({ environment: { IMAGE_SIZES: 'large=big' } });
  const result = await bad.invoke(s3Event({ bucket: 'photos', key: 'uploads/a.jpg' }));
  assert.deepEqual([result.error, result.payload.errorType], [true, 'Init.CONFIGURATION']);
  assert.match(result.payload.errorMessage, /IMAGE_SIZES/);
});

test('a profile that is damaged, or of other colours, stops the start, before any picture needs it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const profile = join(folder, 'press.icc');
  const damaged = picture('press.icc').subarray(0, 200);
  const colored = Buffer.from(picture('press.icc'));
  colored.write('RGB ', 16, 'latin1');
  const created = await one.put('uploads/no-inks.jpg', picture('s.jpg', '64x40'));
  for (const [bytes, why] of [[damaged, /^IMAGE_CMYK_PROFILE: .*damaged/], [colored, /^IMAGE_CMYK_PROFILE: .*no ICC profile of CMYK/]]) {
    writeFileSync(profile, bytes);
    const result = await one.add({ environment: { IMAGE_CMYK_PROFILE: profile } }).invoke(s3Event(created));
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Init.CONFIGURATION']);
    assert.match(result.payload.errorMessage, why);
  }
  becomes(await one.invoke(created), made);
});

test('the trace id goes with every call, its Lineage included', async () => {
  const seen = [];
  const { s3 } = one.cloud.front.services;
  one.cloud.front.services.s3 = (request) => {
    seen.push(request.headers['x-amzn-trace-id']);
    return s3(request);
  };
  const trace_id = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0';
  const created = await one.put('uploads/traced.jpg', photo);
  await one.image.invoke(s3Event(created), { trace_id });
  assert.equal(seen.length, 10);
  assert.ok(seen.every((value) => value === trace_id), seen[0]);
  seen.length = 0;
  await one.image.invoke(s3Event(created), { trace_id: '' });
  assert.ok(seen.every((value) => value === undefined), 'none of the last invocation\'s');
  one.cloud.front.services.s3 = s3;
});

test('metrics report the stages, the bytes and the outcome', async () => {
  const created = await one.put('uploads/metrics.jpg', photo);
  const metrics = (result) => logs(result).filter((line) => line._aws);
  const [line] = metrics(await one.invoke(created));
  for (const name of ['CheckTime', 'DownloadTime', 'TransformTime', 'WriteTime', 'Duration']) assert.ok(line[name] >= 0, name);
  assert.deepEqual([line.Made, line.BytesIn], [1, photo.length]);
  assert.equal(line.BytesOut, Object.keys(SIZES).reduce((sum, size) => sum + one.output(created.key, size).body.length, 0));
  const rejected = metrics(await one.invoke(await one.put('uploads/metrics-bad.jpg', Buffer.from('text'))));
  assert.equal(rejected[0].Rejected, 1);
  assert.deepEqual([rejected[1].Reason, rejected[1].Rejects], ['UNSUPPORTED', 1]);
  assert.deepEqual(rejected[1]._aws.CloudWatchMetrics[0].Dimensions, [['FunctionName', 'Reason']]);
});

test('by hand: one event from a file, and help', async () => {
  const created = await one.put('uploads/by hand.jpg', photo);
  const environment = { ...one.cloud.clientEnvironment(), AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256' };
  const good = await run(IMAGE_PROCESSOR, ['--event', '-'], { env: environment, input: JSON.stringify(s3Event([created])) });
  assert.deepEqual([good.status, JSON.parse(good.stdout)], [0, summary({ made: 1 })]);
  checkOutputs(created.key, created);
  const help = await run(IMAGE_PROCESSOR, ['--help'], { env: {} });
  assert.deepEqual([help.status, help.stderr], [0, '']);
  for (const name of ['IMAGE_SIZES', 'IMAGE_QUALITY', 'IMAGE_MEMORY_MB', '--event']) assert.ok(help.stdout.includes(name), name);
  assert.equal((await run(IMAGE_PROCESSOR, [], { env: {} })).status, 2);
});

test('uploaded by Debian\'s aws, four objects at once', { skip: AWS ? false : 'Debian\'s aws is not there' }, async () => {
  one.cloud.notify('photos', 'uploads/', one.image);
  const { writeFileSync, mkdtempSync, rmSync } = await import('node:fs');
  const folder = mkdtempSync('/tmp/aws-cp-');
  writeFileSync(`${folder}/사진 1+.jpg`, photo);
  let copied_ms = 0;
  const { s3 } = one.cloud;
  const done = new Promise((resolve) => {
    const before_created = s3.on_created;
    s3.on_created = (created) => {
      before_created(created);
      if (!created.key.includes('processed/')) copied_ms = Date.now();
      else if (one.outputs('uploads/cli/사진 1+.jpg').length === 4) resolve(Date.now() - copied_ms);
    };
  });
  const { status, stderr } = await aws(one.cloud, ['s3', 'cp', `${folder}/사진 1+.jpg`, 's3://photos/uploads/cli/']);
  assert.equal(status, 0, stderr);
  const took_ms = await done;
  await one.cloud.settle();
  one.cloud.triggers.length = 0;
  rmSync(folder, { recursive: true });
  // 150 ms on an idle machine. The bound only rules out that something waits for a timeout.
  assert.ok(took_ms < 20000, `${took_ms} ms`);
});
