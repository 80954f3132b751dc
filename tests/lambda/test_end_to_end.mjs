// The image function, the shipped program, in the local cloud: from an upload by Debian's aws to the
// four objects, and what must hold when events and networks misbehave.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { uploadsPattern } from '../../lambda/local/eventbridge.mjs';
import { batchEvent, eventBridgeEvent, s3Event, sqsEvent } from '../../lambda/local/events.mjs';
import { encodePath } from '../../lambda/local/signature.mjs';
import { AWS, BUILD, IMAGE_PROCESSOR, aws } from '../support/lambda.mjs';

const BOXES = { large: 1200, medium: 800, small: 400, thumbnail: 200 };
const CACHE = 'public, max-age=31536000';
const skip_aws = AWS ? false : 'Debian\'s aws is not there';

let folder;
let cloud;
let image;
const pictures = {};

function picture(name, ...spec) {
  const path = join(folder, name);
  execFileSync(join(BUILD, 'tests/support/make_pictures'), [path, ...spec]);
  pictures[name] = readFileSync(path);
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'image-'));
  picture('photo.jpg', '1600x1200', 'noise');
  picture('other.jpg', '1300x900', 'stripes');
  picture('tall.png', '500x900', 'rgba');
  picture('cut.jpg', '1600x1200', 'noise', 'cut=-5000');
  cloud = await startCloud();
  cloud.createBucket('photos');
  cloud.createBucket('kept', { versioned: true });
  image = cloud.addFunction({ name: 'image-processor', command: IMAGE_PROCESSOR, memory_mb: 256, timeout_ms: 60000, retry_delays_ms: [10, 20] });
});
after(async () => {
  await cloud?.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  cloud.front.forget();
  cloud.front.faults.clear();
  image.dead_letters.length = 0;
});
afterEach(async () => {
  cloud.triggers.length = 0;
  await cloud.settle(); // what a test set going is not the next one's
});

const outputKey = (key, size) => key.replace(/([^/]*)$/, `processed/${size}/$1`);
const outputs = (bucket, key) => Object.keys(BOXES).map((size) => cloud.s3.peek(bucket, outputKey(key, size)));
// Their ETags: what a failed comparison can print, unlike entire images.
const etags = (bucket, key) => outputs(bucket, key).map((object) => object?.etag ?? null);
const NONE = [null, null, null, null];
const puts = () => cloud.front.counts['s3.PutObject']?.requests ?? 0;

// Puts a source into the bucket without a request, and returns what S3 would report of it.
function source(key, name, bucket = 'photos') {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(pictures[name]));
  const checksum = { algorithm: 'CRC32', value: value.toString('base64'), type: 'FULL_OBJECT' };
  const object = cloud.s3.store.putObject(bucket, key, pictures[name], 'application/octet-stream', {}, {}, checksum);
  return { bucket, key, size: object.contentLength, etag: object.etag.replaceAll('"', '') };
}

async function invoke(event) {
  const result = await image.invoke(event);
  assert.equal(result.error, false, `${result.raw}\n${result.logs.join('\n')}`);
  return result;
}

// Width and height from the file's own header.
function sizeOf(bytes) {
  if (bytes.readUInt32BE(0) === 0x89504e47) return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  let at = 2;
  while (at < bytes.length) {
    const marker = bytes[at + 1];
    if (marker >= 0xc0 && marker <= 0xc2) return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  throw new Error('no frame');
}

function checkOutputs(made, { type = 'image/jpeg', ratio }) {
  for (const [size, box_px] of Object.entries(BOXES)) {
    const key = outputKey(made.key, size);
    const object = cloud.s3.peek(made.bucket, key);
    assert.ok(object, `${key} is missing`);
    assert.equal(object.contentType, type);
    assert.equal(object.cacheControl, CACHE);
    assert.equal(object.metadata.size, size);
    assert.equal(object.metadata['original-key'], encodePath(made.key));
    assert.equal(object.metadata['source-etag'], made.etag);
    assert.ok(Math.abs(Date.parse(object.metadata['processed-at']) - Date.now()) < 60000);
    const [width, height] = sizeOf(object.body);
    assert.ok(Math.max(width, height) <= box_px && Math.abs(width / height - ratio) < 0.02, `${size}: ${width}x${height}`);
  }
}

test('aws s3 cp, and there are four objects with type, cache header, metadata', { skip: skip_aws }, async () => {
  cloud.notify('photos', 'uploads/', image);
  await invoke({ Records: [] });
  const copied = await aws(cloud, ['s3', 'cp', '--quiet', join(folder, 'photo.jpg'), 's3://photos/uploads/products/']);
  const begin_ms = Date.now();
  assert.equal(copied.status, 0, copied.stderr);
  await cloud.settle();
  console.log(`# ${Date.now() - begin_ms} ms from the upload's end to the last event's`);
  const { etag } = cloud.s3.peek('photos', 'uploads/products/photo.jpg');
  checkOutputs({ bucket: 'photos', key: 'uploads/products/photo.jpg', etag: etag.replaceAll('"', '') }, { ratio: 4 / 3 });
  assert.deepEqual(image.dead_letters, []);
  // Own outputs lie below uploads/ as well and are events, too: none of them made work.
  assert.equal(cloud.s3.keys('photos', 'uploads/products/').length, 5);
});

test('an upload is 1 + 4 invocations by the S3 notification, and 1 by a rule without the outputs', async () => {
  const starts = (one) => one.log.filter((line) => line.startsWith('START')).length;
  const skips = (one) => one.log.filter((line) => line.includes('"message":"skipped"')).length;
  const config = { command: IMAGE_PROCESSOR, memory_mb: 256, timeout_ms: 60000, concurrency: 10 };
  const put = (key) => cloud.s3.handle({ method: 'PUT', bucket: 'photos', key, query: {}, headers: {}, trailers: {}, body: pictures['photo.jpg'] });
  const notified = cloud.addFunction({ ...config, name: 'notified' });
  cloud.notify('photos', 'uploads/notified/', notified);
  const { headers } = await put('uploads/notified/a.jpg');
  await cloud.settle();
  checkOutputs({ bucket: 'photos', key: 'uploads/notified/a.jpg', etag: headers.etag.replaceAll('"', '') }, { ratio: 4 / 3 });
  assert.deepEqual([starts(notified), skips(notified)], [5, 4]);
  cloud.triggers.length = 0;
  const ruled = cloud.addFunction({ ...config, name: 'ruled' });
  cloud.addRule(uploadsPattern('photos'), ruled);
  const response = await put('uploads/ruled/한+ 1.jpg');
  // Outside the source prefix: the rule does not see that, the function does.
  await put('elsewhere/a.jpg');
  await cloud.settle();
  cloud.rules.length = 0;
  checkOutputs({ bucket: 'photos', key: 'uploads/ruled/한+ 1.jpg', etag: response.headers.etag.replaceAll('"', '') }, { ratio: 4 / 3 });
  assert.deepEqual([starts(ruled), skips(ruled)], [2, 1]);
  assert.equal(cloud.s3.peek('photos', outputKey('elsewhere/a.jpg', 'large')), null);
});

test('a PNG stays a PNG and is never enlarged', async () => {
  const made = source('uploads/tall.jpg', 'tall.png');
  await invoke(s3Event(made));
  checkOutputs(made, { type: 'image/png', ratio: 500 / 900 });
  assert.deepEqual(sizeOf(cloud.s3.peek('photos', outputKey(made.key, 'large')).body), [500, 900]);
});

test('keys of every kind: Korean, plus, spaces, nested, percent, quotes, dots', async () => {
  const keys = ['uploads/상품 사진+1 (최종).jpg', 'uploads/a/b/c/d/e.jpg', 'uploads/100%25.jpg', "uploads/it's \"q\" & <x>.jpg", 'uploads/../up.jpg', 'uploads/a//b.jpg', 'uploads/%ED%95%9C.jpg', 'uploads/noext', `uploads/${'k'.repeat(300)}.jpg`];
  for (const key of keys) {
    const made = source(key, 'other.jpg');
    await invoke(s3Event(made));
    checkOutputs(made, { ratio: 1300 / 900 });
  }
});

test('a duplicate event does no work', async () => {
  const made = source('uploads/twice.jpg', 'photo.jpg');
  await invoke(s3Event(made));
  const before_all = etags('photos', made.key);
  cloud.front.forget();
  await invoke(s3Event(made));
  await invoke(s3Event([made, made]));
  assert.deepEqual([puts(), cloud.front.counts['s3.GetObject']], [0, undefined]);
  assert.deepEqual(etags('photos', made.key), before_all);
});

test('an older event that comes late does not undo the newer work', async () => {
  const old = source('uploads/reordered.jpg', 'photo.jpg');
  const now = source('uploads/reordered.jpg', 'other.jpg');
  await invoke(s3Event(now));
  checkOutputs(now, { ratio: 1300 / 900 });
  await invoke(s3Event(old));
  checkOutputs(now, { ratio: 1300 / 900 });
  // The other order: the old event first finds the new source.
  const late = source('uploads/overtaken.jpg', 'photo.jpg');
  const newer = source('uploads/overtaken.jpg', 'other.jpg');
  await invoke(s3Event(late));
  await invoke(s3Event(newer));
  checkOutputs(newer, { ratio: 1300 / 900 });
});

test('versions are distinguished and recorded', { skip: skip_aws }, async () => {
  cloud.notify('kept', 'uploads/', image);
  for (const name of ['photo.jpg', 'other.jpg']) {
    const copied = await aws(cloud, ['s3', 'cp', '--quiet', join(folder, name), 's3://kept/uploads/v.jpg']);
    assert.equal(copied.status, 0, copied.stderr);
    await cloud.settle();
    const version = cloud.s3.current.get('kept/uploads/v.jpg');
    for (const object of outputs('kept', 'uploads/v.jpg')) assert.equal(object.metadata['source-version'], version);
  }
  checkOutputs({ bucket: 'kept', key: 'uploads/v.jpg', etag: cloud.s3.peek('kept', 'uploads/v.jpg').etag.replaceAll('"', '') }, { ratio: 1300 / 900 });
});

test('what was uploaded in parts has the ETag and the checksum of its parts, and is taken', { skip: skip_aws }, async () => {
  cloud.notify('photos', 'uploads/parts', image);
  picture('huge.jpg', '4928x3264', 'noise');
  assert.ok(pictures['huge.jpg'].length > 8 << 20, `${pictures['huge.jpg'].length} bytes: too small for parts`);
  const copied = await aws(cloud, ['s3', 'cp', '--quiet', join(folder, 'huge.jpg'), 's3://photos/uploads/parts/huge.jpg']);
  assert.equal(copied.status, 0, copied.stderr);
  await cloud.settle();
  assert.ok(cloud.front.counts['s3.UploadPart'].ok > 1);
  const etag = cloud.s3.peek('photos', 'uploads/parts/huge.jpg').etag.replaceAll('"', '');
  assert.match(etag, /-\d+$/);
  checkOutputs({ bucket: 'photos', key: 'uploads/parts/huge.jpg', etag }, { ratio: 4928 / 3264 });
  const composite = { algorithm: 'CRC32', value: 'y/Q5Jg==-2', type: 'COMPOSITE', partChecksums: ['AAAAAA==', 'AAAAAA=='] };
  const object = cloud.s3.store.putObject('photos', 'uploads/composite.jpg', pictures['photo.jpg'], 'image/jpeg', {}, {}, composite);
  const made = { bucket: 'photos', key: 'uploads/composite.jpg', size: object.contentLength, etag: object.etag.replaceAll('"', '') };
  await invoke(s3Event(made));
  checkOutputs(made, { ratio: 4 / 3 });
});

test('its own output, a folder and what lies elsewhere make no request at all', async () => {
  for (const key of ['uploads/processed/large/a.jpg', 'uploads/x/processed/small/y.jpg', 'uploads/folder/', 'elsewhere/a.jpg']) {
    await invoke(s3Event({ bucket: 'photos', key, size: 1, etag: '0'.repeat(32) }));
  }
  assert.deepEqual(cloud.front.log, []);
});

test('what is no picture is tagged, leaves no output and does not fail', async () => {
  pictures['text.jpg'] = Buffer.from('GIF89a no picture of ours');
  pictures['empty.jpg'] = Buffer.alloc(0);
  for (const [name, reason] of [['text.jpg', 'UNSUPPORTED'], ['cut.jpg', 'TRUNCATED'], ['empty.jpg', /./]]) {
    const made = source(`uploads/bad/${name}`, name);
    await invoke(s3Event(made));
    assert.match(cloud.s3.tagsOf('photos', made.key)['image-status'], new RegExp(`^rejected:${reason.source ?? reason}`));
    assert.deepEqual(etags('photos', made.key), NONE);
  }
});

test('an object that is gone is no failure', async () => {
  await invoke(s3Event({ bucket: 'photos', key: 'uploads/gone.jpg', size: 1, etag: '0'.repeat(32) }));
  assert.equal(puts(), 0);
});

test('EventBridge and several records', async () => {
  const bridge = source('uploads/다리+1.jpg', 'photo.jpg');
  await invoke(eventBridgeEvent(bridge));
  checkOutputs(bridge, { ratio: 4 / 3 });
  const many = ['m1', 'm2', 'm3'].map((name) => source(`uploads/${name}.jpg`, 'other.jpg'));
  await invoke(s3Event(many));
  many.forEach((made) => checkOutputs(made, { ratio: 1300 / 900 }));
});

test('S3 events in SQS: only the message that failed is named', async () => {
  const [good, bad] = [source('uploads/q-good.jpg', 'photo.jpg'), source('uploads/q-bad.jpg', 'photo.jpg')];
  const message = (id, made) => ({ MessageId: id, ReceiptHandle: id, Body: JSON.stringify(s3Event(made)), MD5OfBody: '' });
  cloud.front.faults.add({ key: 'q-bad', action: 'status', status: 500, times: -1 });
  const { payload } = await invoke(sqsEvent([message('id-good', good), message('id-bad', bad)], 'arn:aws:sqs:ap-northeast-2:000000000000:q'));
  assert.deepEqual(payload.batchItemFailures, [{ itemIdentifier: 'id-bad' }]);
  checkOutputs(good, { ratio: 4 / 3 });
});

test('S3 Batch Operations, schemas 1.0 and 2.0: a result for each task', async () => {
  for (const schema of ['1.0', '2.0']) {
    const made = ['good', 'fails'].map((name) => source(`uploads/batch ${schema} ${name}.jpg`, 'photo.jpg'));
    const event = batchEvent([...made, { bucket: 'photos', key: `uploads/batch ${schema} absent.jpg` }], schema);
    cloud.front.faults.add({ key: 'fails', action: 'status', status: 503, times: -1 });
    const { payload } = await invoke(event);
    cloud.front.faults.clear();
    assert.equal(payload.invocationSchemaVersion, schema);
    assert.equal(payload.invocationId, event.invocationId);
    assert.deepEqual(payload.results.map((one) => one.taskId), event.tasks.map((one) => one.taskId));
    const codes = payload.results.map((one) => one.resultCode);
    // A key that does not exist: the manifest is wrong, and trying again does not help.
    assert.deepEqual(codes, ['Succeeded', 'TemporaryFailure', 'PermanentFailure']);
    checkOutputs(made[0], { ratio: 4 / 3 });
  }
});

test('passing faults are retried, counted, and leave complete objects', async () => {
  const faults = [
    ['GetObject', { action: 'status', status: 500 }],
    ['GetObject', { action: 'status', status: 503 }],
    ['GetObject', { action: 'reset' }],
    ['GetObject', { action: 'error_body' }],
    ['PutObject', { action: 'status', status: 503 }],
    ['PutObject', { action: 'reset' }],
    ['HeadObject', { action: 'status', status: 500 }],
  ];
  for (const [operation, rule] of faults) {
    const made = source(`uploads/fault ${operation} ${rule.action} ${rule.status ?? ''}.jpg`, 'photo.jpg');
    cloud.front.forget();
    cloud.front.faults.clear();
    cloud.front.faults.add({ operation, ...rule });
    const result = await image.invoke(s3Event(made));
    const what = `${operation} ${rule.action}: ${result.raw}\n${result.logs.join('\n')}`;
    // What broke off in mid-stream may be left to Lambda's retry, but never half done.
    if (result.error) await invoke(s3Event(made));
    assert.ok(!result.error || rule.action === 'error_body', what);
    checkOutputs(made, { ratio: 4 / 3 });
    assert.equal(cloud.front.counts[`s3.${operation}`].faults, 1, what);
  }
});

test('a download that breaks off, stalls or is corrupted never becomes a picture', async () => {
  for (const rule of [{ action: 'truncate' }, { action: 'reset', after_bytes: 20000 }, { action: 'corrupt' }]) {
    const made = source(`uploads/broken ${rule.action}.jpg`, 'photo.jpg');
    cloud.front.faults.clear();
    cloud.front.faults.add({ operation: 'GetObject', ...rule, times: -1 });
    await image.invoke(s3Event(made));
    assert.deepEqual(etags('photos', made.key), NONE, rule.action);
    assert.deepEqual(cloud.s3.tagsOf('photos', made.key), {}, `${rule.action} is not the picture's fault`);
    cloud.front.faults.clear();
    await invoke(s3Event(made));
    checkOutputs(made, { ratio: 4 / 3 });
  }
});

test('three tries and no more; then the event fails, is tried again by Lambda, and is kept', async () => {
  const made = source('uploads/down.jpg', 'photo.jpg');
  cloud.front.faults.add({ operation: 'GetObject', action: 'status', status: 500, times: -1 });
  const result = await image.invoke(s3Event(made));
  assert.equal(result.error, true);
  assert.equal(cloud.front.counts['s3.GetObject'].requests, 3);
  cloud.front.forget();
  image.invokeAsync(s3Event(made));
  await cloud.settle();
  assert.equal(image.dead_letters.length, 1);
  assert.deepEqual(etags('photos', made.key), NONE);
});

test('a skewed clock is found out and set right; one that is right again, when Lambda brings the event again', async () => {
  // A function of its own: the others' faults have used up its tokens for second attempts.
  const fresh = cloud.addFunction({ name: 'image-processor-skewed', command: IMAGE_PROCESSOR, memory_mb: 256, timeout_ms: 60000, retry_delays_ms: [10, 20] });
  const isMadeOf = (made) => outputs(made.bucket, made.key).forEach((object) => assert.equal(object?.metadata['source-etag'], made.etag));
  const ahead = source('uploads/skew.jpg', 'photo.jpg');
  cloud.front.clock_offset_s = 3600;
  const result = await fresh.invoke(s3Event(ahead));
  assert.equal(result.error, false, result.raw);
  isMadeOf(ahead);
  // The rule asks how wrong the clock is now, not how wrong the signature was.
  const right = source('uploads/skew back.jpg', 'photo.jpg');
  cloud.front.clock_offset_s = 0;
  fresh.invokeAsync(s3Event(right));
  await cloud.settle();
  assert.deepEqual(fresh.dead_letters, []);
  isMadeOf(right);
});

test('a source overwritten while it is being read ends as the new picture', async () => {
  cloud.notify('photos', 'uploads/race', image);
  source('uploads/race.jpg', 'photo.jpg');
  cloud.front.faults.add({ operation: 'GetObject', action: 'delay', delay_ms: 200 });
  const first = image.invoke(s3Event({ bucket: 'photos', key: 'uploads/race.jpg', size: 1, etag: cloud.s3.peek('photos', 'uploads/race.jpg').etag.replaceAll('"', '') }));
  await new Promise((done) => setTimeout(done, 100));
  const newer = source('uploads/race.jpg', 'other.jpg');
  await first;
  await invoke(s3Event(newer));
  checkOutputs(newer, { ratio: 1300 / 900 });
});

test('connections are kept from one invocation to the next', async () => {
  await invoke(s3Event(source('uploads/alive1.jpg', 'photo.jpg')));
  await invoke(s3Event(source('uploads/alive2.jpg', 'photo.jpg')));
  // Four requests at once and the source: how many of them really overlap is chance, so the second
  // invocation may open what the first did without; together they never have more.
  const used = new Set(cloud.front.log.map((entry) => entry.connection));
  assert.ok(cloud.front.log.length >= 18, `${cloud.front.log.length} requests`);
  assert.ok(used.size <= 5, `${used.size} connections`);
});

test('no secret is in its log, and no key of another invocation in a result', async () => {
  const { secretAccessKey, sessionToken } = image.config.credentials;
  const text = image.log.join('\n');
  assert.ok(text.length > 1000);
  assert.ok(!text.includes(secretAccessKey) && !text.includes(sessionToken));
});

test('a photograph of 16 megapixels takes at most 64 MB', async () => {
  picture('big.jpg', '4928x3264', 'noise');
  const fresh = cloud.addFunction({ name: 'fresh', command: IMAGE_PROCESSOR, memory_mb: 256, timeout_ms: 60000 });
  const made = source('uploads/big.jpg', 'big.jpg');
  const result = await fresh.invoke(s3Event(made));
  assert.equal(result.error, false, result.raw);
  checkOutputs(made, { ratio: 4928 / 3264 });
  console.log(`# 16 megapixels: ${result.peak_kib} KiB, ${result.duration_ms.toFixed(0)} ms, init ${result.init_ms.toFixed(1)} ms`);
  // A sanitizer's shadow memory is not the function's.
  if (!BUILD.includes('asan')) assert.ok(result.peak_kib <= 64 * 1024, `${result.peak_kib} KiB`);
});

test('SIGTERM ends it, without being killed', async () => {
  const [end] = (await image.stop(60000)).filter(Boolean);
  assert.notEqual(end.signal, 'SIGKILL');
  console.log(`# ${end.ms.toFixed(0)} ms from SIGTERM to its end`);
});
