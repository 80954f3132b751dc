// The image function while S3 fails, while others write, while it is ended: nothing half-written
// passes for done, nothing is lost, no secret is logged.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { batchEvent, s3Event } from '../../lambda/local/events.mjs';
import { DEFAULT_CREDENTIALS } from '../../lambda/local/environment.mjs';
import { ImageCloud, SIZES, describe, outputKey, picture, summary } from '../support/image.mjs';
import { BUILD, IMAGE_PROCESSOR, run, sleep, until } from '../support/lambda.mjs';

const IS_PLAIN = !/asan|ubsan/.test(BUILD);
let one;
const photo = picture('a.jpg', '1600x1000', 'noise');
const other = picture('a.jpg', '1000x1600', 'noise');
before(async () => {
  one = await ImageCloud.start({ concurrency: 2, environment: { AWS_LAMBDA_LOG_LEVEL: 'DEBUG' } });
});
after(() => one.stop());
beforeEach(() => one.forget());

const isMade = (result) => assert.deepEqual([result.error, result.payload], [false, summary({ made: 1 })], result.raw);
const hasFailed = (result, type) => {
  assert.equal(result.error, true, result.raw);
  assert.match(result.payload.errorType, type);
};
// All outputs are of this source.
function isOf(created, portrait) {
  for (const size of Object.keys(SIZES)) {
    const output = one.output(created.key, size, created.bucket);
    const { width, height } = describe(output.body);
    assert.equal(height > width, portrait, size);
    assert.equal(output.metadata['source-etag'], created.etag, size);
  }
}
let number = 0;
const upload = (body = photo) => one.put(`uploads/fault-${++number}.jpg`, body);

test('a read that breaks goes on where it broke', async () => {
  for (const fault of [{ action: 'reset', after_bytes: 70000 }, { action: 'truncate', after_bytes: 70000 }, { action: 'reset' }]) {
    const created = await upload();
    one.fault({ operation: 'GetObject', ...fault });
    isMade(await one.invoke(created));
    isOf(created, false);
  }
});

test('a single 500, 503, reset is retried unnoticed', async () => {
  for (const operation of ['HeadObject', 'GetObject', 'PutObject']) {
    for (const fault of [{ action: 'status', status: 500 }, { action: 'status', status: 503 }, { action: 'reset' }]) {
      const created = await upload();
      one.fault({ operation, ...fault });
      isMade(await one.invoke(created));
      isOf(created, false);
    }
  }
});

test('a put with 200 and an error in the body is no success', async () => {
  const created = await upload();
  one.fault({ operation: 'PutObject', action: 'error_body', times: 1 });
  isMade(await one.invoke(created));
  isOf(created, false);
});

test('a put whose response is lost has been carried out: the retry finds it', async () => {
  const created = await upload();
  one.fault({ operation: 'PutObject', action: 'status', status: 500, done: true, times: 1 });
  // The second put finds an object where none was; looking again shows that it is its own.
  assert.deepEqual((await one.invoke(created)).payload, summary({ alreadyMade: 1 }));
  isOf(created, false);
});

test('reads that fail for long: no output, no tag, and the invocation fails', async () => {
  const faults = {
    '500': { action: 'status', status: 500 },
    '503': { action: 'status', status: 503 },
    'cut': { action: 'truncate', after_bytes: 50000 },
    'reset': { action: 'reset', after_bytes: 50000 },
    'error in a 200': { action: 'error_body' },
    'denied': { action: 'status', status: 403, code: 'AccessDenied' },
  };
  for (const [name, fault] of Object.entries(faults)) {
    const created = await upload();
    one.fault({ operation: 'GetObject', times: -1, ...fault });
    const result = await one.invoke(created);
    if (name === 'error in a 200') {
      // To a reader it is an object of this content, as long as it has no checksum that shows otherwise.
      assert.ok(result.error || result.payload.rejected === 1, result.raw);
    } else {
      hasFailed(result, /^Image\./);
      assert.ok(result.payload.errorMessage.includes('GetObject'), name);
      assert.deepEqual(one.tags(created.key), {}, name);
    }
    assert.deepEqual(one.outputs(created.key), [], name);
    assert.equal(one.count('PutObject'), 0, name);
    one.forget();
  }
});

test('a write that fails: the written outputs are right, the retry writes the others', async () => {
  const created = await upload();
  one.fault({ operation: 'PutObject', key: 'processed/small', action: 'status', status: 500, times: -1 });
  const failed = await one.invoke(created);
  hasFailed(failed, /^Image\.SERVER_ERROR$/);
  assert.deepEqual(one.outputs(created.key), ['large', 'medium', 'thumbnail']);
  one.forget();
  isMade(await one.invoke(created));
  assert.equal(one.count('PutObject'), 1);
  isOf(created, false);
});

test('as S3 invokes: a failure is tried again by Lambda until it is done', async () => {
  one.cloud.notify('photos', 'uploads/', one.image);
  one.fault({ operation: 'PutObject', key: 'uploads/fault-async', action: 'status', status: 500, times: 7 });
  const created = await one.put('uploads/fault-async.jpg', photo);
  await one.cloud.settle();
  one.cloud.triggers.length = 0;
  isOf(created, false);
  assert.equal(one.image.dead_letters.length, 0);
});

test('one object\'s failure stops no other, and the invocation fails', async () => {
  const created = [await upload(), await upload(), await upload()];
  one.fault({ operation: 'GetObject', key: created[1].key, action: 'status', status: 500, times: -1 });
  const result = await one.invoke(...created);
  hasFailed(result, /^Image\.SERVER_ERROR$/);
  assert.match(result.payload.errorMessage, /^1 of 3 objects failed; the first, uploads\/fault-\d+\.jpg: s3 GetObject: /);
  isOf(created[0], false);
  isOf(created[2], false);
  assert.deepEqual(one.outputs(created[1].key), []);
});

test('denied: the error names which right is missing, or what to check; nothing is recorded on the source', async () => {
  const denied = (operation, rest = {}) => one.fault({ operation, action: 'status', status: 403, code: 'AccessDenied', message: 'Access Denied', times: -1, ...rest });
  const named = (action) => ({ message: `User: arn:aws:sts::1:assumed-role/image/f is not authorized to perform: ${action} on resource: "arn:aws:s3:::photos/x" because no identity-based policy allows the ${action} action` });
  const cases = [
    // Without s3:ListBucket an output that does not exist yet is a bare 403.
    [/s3:ListBucket is denied/, () => ['HeadObject', 'GetObject', 'ListObjectsV2'].forEach((operation) => denied(operation))],
    [/s3:ListBucket is denied/, () => (denied('HeadObject'), denied('GetObject', named('s3:ListBucket')))],
    [/s3:GetObject or kms:Decrypt is denied/, () => (denied('HeadObject', { skip: 4 }), denied('GetObject'))],
    [/s3:GetObject is denied/, () => denied('GetObject', named('s3:GetObject'))],
    [/s3 HeadObject: .*s3:GetObject is denied/, () => (denied('HeadObject', { skip: 4 }), denied('GetObject', { skip: 1, ...named('s3:GetObject') }))],
    [/s3 PutObject: .*not authorized to perform: s3:PutObject/, () => denied('PutObject', named('s3:PutObject'))],
  ];
  for (const [expected, deny] of cases) {
    const created = await upload();
    deny();
    const result = await one.invoke(created);
    hasFailed(result, /^Image\.ACCESS_DENIED$/);
    assert.match(result.payload.errorMessage, expected);
    one.forget();
    assert.deepEqual(one.tags(created.key), {});
  }
});

test('an expired token: HEAD reports a bare 400, the error has the reason that a GET reports', async () => {
  const expired = { action: 'status', status: 400, code: 'ExpiredToken', message: 'The provided token has expired.', times: -1 };
  // First the outputs' HEADs fail; then only that of the source, after the outputs are written.
  for (const skip of [0, 4]) {
    const created = await upload();
    one.fault({ operation: 'HeadObject', skip, ...expired });
    one.fault({ operation: 'GetObject', skip: skip > 0 ? 1 : 0, ...expired });
    const result = await one.invoke(created);
    hasFailed(result, /^Image\.ACCESS_DENIED$/);
    assert.match(result.payload.errorMessage, /s3 HeadObject: .*ExpiredToken/);
    one.forget();
    assert.deepEqual(one.tags(created.key), {});
  }
});

test('overwritten while it is read: the newest wins', async () => {
  const created = await upload();
  one.fault({ operation: 'GetObject', action: 'truncate', after_bytes: 60000 });
  // The rest is asked for with If-Match, and is another object's by then.
  let newer;
  const { s3 } = one.cloud.front.services;
  one.cloud.front.services.s3 = async (request) => {
    if (request.headers.range && !newer) newer = await one.put(created.key, other);
    return s3(request);
  };
  const result = await one.invoke(created);
  one.cloud.front.services.s3 = s3;
  isMade(result);
  assert.ok(newer, 'the read did break');
  isOf(newer, true);
});

test('overwritten while the outputs are written: the newest wins, in whatever order they end', async () => {
  for (let round = 0; round < 4; round++) {
    const old = await upload();
    // The first function's puts are held up one by one; the second works in between.
    one.fault({ operation: 'PutObject', key: `processed/${Object.keys(SIZES)[round]}`, action: 'delay', delay_ms: 400, times: 1 });
    const first = one.invoke(old);
    await sleep(60 + 40 * round);
    const young = await one.put(old.key, other);
    const second = await one.invoke(young);
    const results = [await first, second];
    for (const result of results) assert.equal(result.error, false, result.raw);
    isOf(young, true);
    one.forget();
  }
});

test('a slow function with an old source does not overwrite newer work', async () => {
  const old = await upload();
  // Held up between reading the source and writing: its puts find other objects than it looked at.
  let newer;
  const { s3 } = one.cloud.front.services;
  one.cloud.front.services.s3 = async (request) => {
    if (request.method === 'PUT' && !newer) {
      newer = await one.put(old.key, other);
      const inner = await one.invoke(newer);
      assert.deepEqual(inner.payload, summary({ made: 1 }));
    }
    return s3(request);
  };
  const result = await one.invoke(old);
  one.cloud.front.services.s3 = s3;
  assert.deepEqual([result.error, result.payload], [false, summary({ alreadyMade: 1 })], result.raw);
  isOf(newer, true);
});

test('outputs that change in every round: given up after five, for Lambda to retry', async () => {
  const created = await upload();
  const { s3 } = one.cloud.front.services;
  let writes = 0;
  one.cloud.front.services.s3 = async (request) => {
    if (request.method === 'PUT' && request.key.includes('processed/small')) {
      writes += 1;
      await one.put(request.key, Buffer.from(`another writer's ${writes}`));
    }
    return s3(request);
  };
  const result = await one.invoke(created);
  one.cloud.front.services.s3 = s3;
  hasFailed(result, /^Image\.PRECONDITION_FAILED$/);
  assert.equal(writes, 5);
  // The other outputs were written in the first round and are not written again.
  assert.equal(one.count('PutObject'), 3 + writes);
  isMade(await one.invoke(created));
  isOf(created, false);
});

test('two at work on the same event leave one right set of outputs', async () => {
  for (let round = 0; round < 5; round++) {
    const created = await upload();
    const results = await Promise.all([one.invoke(created), one.invoke(created)]);
    for (const result of results) assert.equal(result.error, false, result.raw);
    isOf(created, false);
  }
});

test('deleted while it is worked on: gone', async () => {
  const created = await upload();
  one.fault({ operation: 'HeadObject', action: 'delay', delay_ms: 150, times: 4 });
  const working = one.invoke(created);
  await sleep(50);
  await one.remove(created.key);
  assert.deepEqual((await working).payload, summary({ gone: 1 }));
});

test('by hand, in every outcome: the correct status, and all memory freed', async () => {
  const [good, bad] = [await upload(), await upload(Buffer.from('text'))];
  const message = (body) => ({ messageId: 'm', body: JSON.stringify(body), eventSource: 'aws:sqs' });
  const events = [
    [s3Event([good, bad, { bucket: 'photos', key: 'uploads/gone.jpg' }, { bucket: 'photos', key: 'x' }]), 0],
    [s3Event([good]), 0],
    [{ Records: [message(s3Event([good, bad])), message({ a: 1 })] }, 0],
    [batchEvent([good, bad]), 0],
    [{ nothing: 'known' }, 1],
  ];
  const environment = { ...one.cloud.clientEnvironment(), AWS_LAMBDA_LOG_LEVEL: 'DEBUG' };
  const handle = (event) => run(IMAGE_PROCESSOR, ['--event', '-'], { env: environment, input: JSON.stringify(event) });
  for (const [event, status] of events) {
    const { status: actual, stderr } = await handle(event);
    assert.equal(actual, status, stderr);
  }
  for (const fault of [{ operation: 'GetObject', action: 'truncate', after_bytes: 50000 }, { operation: 'PutObject', action: 'status', status: 500 }, { operation: 'HeadObject', action: 'reset' }]) {
    const created = await upload();
    one.fault({ times: -1, ...fault });
    const { status, stderr } = await handle(s3Event([created]));
    assert.equal(status, 1, stderr);
    assert.match(stderr, /image-processor: Image\./);
    one.forget();
  }
});

test('an S3 that hangs: the function reports an error before Lambda kills the process', async () => {
  const hurried = one.add({ timeout_ms: 1500 });
  const created = await upload();
  for (const fault of [{ operation: 'GetObject', after_bytes: 50000 }, { operation: 'PutObject' }, { operation: 'HeadObject' }]) {
    one.fault({ action: 'stall', times: -1, ...fault });
    const result = await hurried.invoke(s3Event(created));
    // The function's own error: of a process that is killed at 1,500 ms it is Sandbox.Timedout.
    hasFailed(result, /^Image\.(DEADLINE|TIMED_OUT)$/);
    one.forget();
  }
  assert.equal((await hurried.invoke(s3Event(created))).payload.made, 1);
  assert.equal(hurried.all.size, 1, 'the same process');
});

test('work that would outlive the invocation: ended with an error, nothing written', async () => {
  // Many scans over many pixels in a small file: the time passes in decoding, not in reading.
  const created = await upload(picture('long.jpg', '4000x4000', 'flat', 'progressive', '444'));
  const patient = one.add({ timeout_ms: 300000 });
  const { duration_ms, payload } = await patient.invoke(s3Event(created));
  assert.deepEqual(payload, summary({ made: 1 }));
  for (const size of Object.keys(SIZES)) await one.remove(outputKey(created.key, size));
  one.forget();
  // Lambda's timeout: a third of that, and the 300 ms that the runtime keeps for reporting the error.
  const hurried = one.add({ timeout_ms: Math.round(300 + duration_ms / 3) });
  await hurried.invoke({ Records: [] });
  const result = await hurried.invoke(s3Event(created));
  hasFailed(result, /^Image\.DEADLINE$/);
  // The second, where the machine is so busy that the time passes in reading.
  assert.match(result.payload.errorMessage, /time of the invocation|time given for the call/);
  assert.deepEqual([one.outputs(created.key), one.count('PutObject')], [[], 0]);
  assert.equal(hurried.all.size, 1, 'the process lives');
});

test('SIGTERM in mid-work: ends in time with status 0; what it left is taken up by the next', async () => {
  const ending = one.add();
  await ending.invoke({ Records: [] });
  const created = await upload();
  one.fault({ operation: 'PutObject', key: 'processed/medium', action: 'stall', times: -1 });
  const working = ending.invoke(s3Event(created));
  await until(() => one.outputs(created.key).length === 3, 'the others are written');
  // It ends by its own timer, of 250 ms, not by what it waits for, which takes 10 s to be given up. Not
  // Lambda's 500 ms, for which a process of a loaded machine may get no CPU.
  const [end] = await ending.stop(5000);
  assert.deepEqual([end.code, end.signal], [0, null]);
  assert.equal((await working).error, true);
  one.forget();
  isMade(await one.invoke(created));
  isOf(created, false);
});

test('a wrong clock is corrected by the first replies, within the same invocation', async () => {
  const skewed = one.add();
  one.cloud.front.clock_offset_s = 3600;
  const created = await upload();
  const result = await skewed.invoke(s3Event(created));
  one.cloud.front.clock_offset_s = 0;
  isMade(result);
  isOf(created, false);
});

test('wrong credentials are refused, and none of their text is logged', async () => {
  const wrong = one.add({ credentials: { ...DEFAULT_CREDENTIALS, secretAccessKey: 'canary-secret-access-key' }, environment: { AWS_LAMBDA_LOG_LEVEL: 'TRACE' } });
  const created = await upload();
  const result = await wrong.invoke(s3Event(created));
  hasFailed(result, /^Image\.ACCESS_DENIED$/);
  assert.ok(!(result.raw + result.logs.join()).includes('canary'));
});

test('no secret is in any log or result of all these faults', () => {
  const logged = one.image.log.join('\n');
  assert.ok(logged.length > 10000);
  const { accessKeyId, secretAccessKey, sessionToken } = one.image.config.credentials;
  for (const secret of [accessKeyId, secretAccessKey, sessionToken, encodeURIComponent(secretAccessKey), 'Signature=', 'AWS4-HMAC']) {
    assert.ok(!logged.includes(secret), secret.slice(0, 6));
  }
});

test('warm invocations of all kinds: memory and descriptors stay as they are', { skip: !IS_PLAIN }, async () => {
  const warm = one.add();
  const sources = [
    await one.put('uploads/flat-a.jpg', photo), await one.put('uploads/flat-b.jpg', Buffer.from('text')),
    await one.put('uploads/flat-c.png', picture('c.png', '200x300', 'rgba')), await one.put('uploads/flat-d.jpg', photo.subarray(0, 9000)),
    { bucket: 'photos', key: 'uploads/flat-gone.jpg' },
  ];
  const round = async (n) => {
    const source = sources[n % sources.length];
    if (source.size && n % 3 === 0) await one.remove(outputKey(source.key, 'small'));
    if (n % 20 === 7) one.fault({ operation: 'GetObject', action: 'reset', after_bytes: 3000 });
    return warm.invoke(n % 11 === 0 ? '{"Records":"none"}' : s3Event(source));
  };
  for (let n = 0; n < 150; n++) await round(n);
  const [before_all] = warm.stats();
  for (let n = 0; n < 600; n++) await round(n);
  const [now] = warm.stats();
  assert.ok(now.descriptors <= before_all.descriptors + 2, `${before_all.descriptors} then ${now.descriptors}`);
  assert.ok(now.rss_kib <= before_all.rss_kib + 512, `${before_all.rss_kib} then ${now.rss_kib} KiB`);
  assert.equal(now.threads, 1);
});

test('a photo of 16 million pixels, and the entire process stays below 64 MB', { skip: !IS_PLAIN }, async () => {
  const fresh = one.add({ memory_mb: 128 });
  const created = await upload(picture('big.jpg', '4928x3279', 'noise'));
  const result = await fresh.invoke(s3Event(created));
  isMade(result);
  assert.ok(result.peak_kib < 64 * 1024, `${result.peak_kib} KiB`);
});
