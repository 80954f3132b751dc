// A JPEG in which imgcore's own decoder finds anything but proper data is requested a second time, and libjpeg-turbo
// decides about it: the same results as without the own decoder, and the same object or none.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { s3Event } from '../../lambda/local/events.mjs';
import { ImageCloud, SIZES, describe, logs, picture, summary } from '../support/image.mjs';

let one, plain, has_own;
const photo = picture('a.jpg', '1600x1000', 'noise');
const other = picture('b.jpg', '1000x1600', 'noise');
const END = Buffer.from([0xff, 0xd9]);
const withoutEnd = (body) => body.subarray(0, body.length - 2);
// Bytes between the last block and the end marker: no proper data, but nothing that a decoder needs is damaged.
const padded = (body) => Buffer.concat([withoutEnd(body), Buffer.from([0x12, 0x34, 0x56]), END]);
// Nothing but ones is no code.
const damaged = (body, at) => Buffer.concat([body.subarray(0, at), Buffer.alloc(200, Buffer.from([0xff, 0])), body.subarray(at + 200)]);

const fallbacks = (result) => logs(result).filter((line) => line.Fallbacks).map((line) => [line.Reason, line.Fallbacks]);
const reads = () => one.count('GetObject');
let number = 0;
const upload = (body, options) => one.put(`uploads/reread-${++number}.jpg`, body, options);

before(async () => {
  one = await ImageCloud.start();
  plain = one.add({ environment: { IMGCORE_JPEG: 'libjpeg' } });
  const result = await one.invoke(await upload(padded(photo)));
  has_own = fallbacks(result).length === 1; // else the build or the CPU has no own decoder
});
after(() => one.stop());
beforeEach(() => one.forget());

// Both functions on the same file: the outcome, its reason, the tag and the outputs are the same.
async function isSameForBoth(body, counts, reason) {
  const [a, b] = [await upload(body), await upload(body)];
  const own = await one.invoke(a);
  const own_reads = reads();
  one.forget();
  const library = await plain.invoke(s3Event(b));
  assert.deepEqual([own.error, own.payload], [false, summary(counts)], own.raw);
  assert.deepEqual([library.error, library.payload], [false, summary(counts)], library.raw);
  assert.deepEqual(one.tags(a.key), one.tags(b.key));
  const details = [own, library].map((result) => logs(result).filter((line) => line.detail !== undefined).map((line) => [line.message, line.reason, line.detail]));
  assert.deepEqual(details[0], details[1]);
  assert.deepEqual(one.outputs(a.key), one.outputs(b.key));
  for (const size of one.outputs(a.key)) assert.ok(one.output(a.key, size).body.equals(one.output(b.key, size).body), size);
  assert.deepEqual(fallbacks(library), []);
  assert.equal(reads(), 1);
  if (has_own) {
    assert.deepEqual(fallbacks(own), reason ? [[reason, 1]] : []);
    assert.equal(own_reads, reason ? 2 : 1);
  }
}

test('a good file is read once', () => isSameForBoth(photo, { made: 1 }, null));
test('a file without its last bytes', () => isSameForBoth(withoutEnd(photo), { rejected: 1 }, 'MARKER'));
test('a file cut in its data', () => isSameForBoth(photo.subarray(0, photo.length - 20000), { rejected: 1 }, 'DATA_SHORT'));
test('a file whose last bytes are damaged', () => isSameForBoth(damaged(photo, photo.length - 300), { rejected: 1 }, 'CODE'));
test('a file that is as good, but not proper', () => isSameForBoth(padded(photo), { made: 1 }, 'DATA_LEFT'));

test('overwritten between the two readings: the newest wins', async () => {
  if (!has_own) return;
  const created = await upload(padded(photo));
  const { s3 } = one.cloud.front.services;
  let newer;
  let seen = 0;
  const statuses = [];
  one.cloud.front.services.s3 = async (request) => {
    const is_reading = request.method === 'GET' && request.key === created.key;
    if (is_reading && ++seen === 2) {
      assert.equal(request.headers['if-match'].replaceAll('"', ''), created.etag);
      newer = await one.put(created.key, other);
    }
    const reply = await s3(request);
    if (is_reading) statuses.push(reply.status);
    return reply;
  };
  const result = await one.invoke(created);
  one.cloud.front.services.s3 = s3;
  assert.deepEqual([result.error, result.payload], [false, summary({ made: 1 })], result.raw);
  assert.deepEqual(statuses, [200, 412, 200]);
  for (const size of Object.keys(SIZES)) {
    const output = one.output(created.key, size);
    const { width, height } = describe(output.body);
    assert.ok(height > width, size);
    assert.equal(output.metadata['source-etag'], newer.etag, size);
  }
});

test('deleted between the two readings: gone', async () => {
  if (!has_own) return;
  const created = await upload(padded(photo));
  const { s3 } = one.cloud.front.services;
  let seen = 0;
  one.cloud.front.services.s3 = async (request) => {
    if (request.method === 'GET' && request.key === created.key && ++seen === 2) await one.remove(created.key);
    return s3(request);
  };
  const result = await one.invoke(created);
  one.cloud.front.services.s3 = s3;
  assert.deepEqual([result.error, result.payload], [false, summary({ gone: 1 })], result.raw);
  assert.deepEqual(one.outputs(created.key), []);
});

test('the second reading breaks: it goes on where it broke; it fails for long: the invocation fails', async () => {
  if (!has_own) return;
  const created = await upload(padded(photo));
  one.fault({ operation: 'GetObject', action: 'truncate', after_bytes: 70000, times: 2 });
  const result = await one.invoke(created);
  assert.deepEqual([result.error, result.payload], [false, summary({ made: 1 })], result.raw);
  one.forget();
  const again = await upload(padded(photo));
  const { s3 } = one.cloud.front.services;
  let seen = 0;
  one.cloud.front.services.s3 = async (request) => {
    if (request.method === 'GET' && request.key === again.key && ++seen === 2) one.fault({ operation: 'GetObject', action: 'status', status: 503, times: -1 });
    return seen < 2 ? s3(request) : { status: 503, headers: {}, body: Buffer.alloc(0) };
  };
  const failed = await one.invoke(again);
  one.cloud.front.services.s3 = s3;
  assert.equal(failed.error, true, failed.raw);
  assert.match(failed.payload.errorType, /SERVER_ERROR|THROTTLED/);
  assert.deepEqual([one.outputs(again.key), one.tags(again.key)], [[], {}]);
});

test('the second reading has the deadline of the first', async () => {
  if (!has_own) return;
  const hurried = one.add({ timeout_ms: 1000 });
  await hurried.invoke(s3Event(await upload(photo))); // started
  const created = await upload(padded(photo));
  const { s3 } = one.cloud.front.services;
  let seen = 0;
  one.cloud.front.services.s3 = async (request) => {
    if (request.method === 'GET' && request.key === created.key && ++seen === 2) await new Promise((done) => setTimeout(done, 900));
    return s3(request);
  };
  const result = await hurried.invoke(s3Event(created));
  one.cloud.front.services.s3 = s3;
  assert.equal(result.error, true, result.raw);
  assert.match(result.payload.errorType ?? '', /DEADLINE|TIMED_OUT/, result.raw);
  assert.deepEqual([one.outputs(created.key), one.tags(created.key)], [[], {}]);
});

test('a word that is none stops the start', async () => {
  const wrong = one.add({ environment: { IMGCORE_JPEG: 'turbo' } });
  const result = await wrong.invoke(s3Event(await upload(photo)));
  assert.equal(result.error, true);
  assert.match(JSON.stringify(result), /IMGCORE_JPEG is neither own nor libjpeg/);
});
