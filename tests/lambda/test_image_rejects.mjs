// What no picture can be made of: recorded on the source with its reason, never tried again, and
// never with an output. And what makes it another's fault.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { batchEvent, s3Event } from '../../lambda/local/events.mjs';
import { ImageCloud, logs, picture, summary } from '../support/image.mjs';
import { until } from '../support/lambda.mjs';

let one;
const photo = picture('a.jpg', '1600x1000', 'noise');
before(async () => {
  one = await ImageCloud.start();
});
after(() => one.stop());
beforeEach(() => one.forget());

// A JPEG's header that claims a size, and nothing behind it.
function claims(width, height) {
  const bytes = Buffer.from(picture('c.jpg', '16x16', 'progressive'));
  const at = bytes.indexOf(Buffer.from([0xff, 0xc2]));
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

function pngChunk(type, data) {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let n = 0; n < 8; n++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}

function png(width, height, content) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', header), pngChunk('IDAT', content), pngChunk('IEND', Buffer.alloc(0))]);
}

async function isRejected(reason, body, { fn = one.image, key = `uploads/${reason}.jpg`, ...options } = {}) {
  const created = await one.put(key, body, options);
  one.forget();
  const result = await fn.invoke(s3Event(created));
  assert.deepEqual([result.error, result.payload], [false, summary({ rejected: 1 })], result.raw);
  const line = logs(result).find((entry) => entry.message === 'rejected');
  assert.deepEqual([line.level, line.reason], ['WARN', reason]);
  assert.ok(line.detail.length > 10, line.detail);
  assert.equal(one.tags(key, created.bucket)['image-status'], `rejected:${reason}`);
  assert.deepEqual(one.outputs(key, created.bucket), []);
  assert.equal(one.count('PutObject'), 0);
  return result;
}

test('files that are no pictures, whatever their names are', async () => {
  const files = {
    text: 'hello', gif: 'GIF89a\x01\0\x01\0', webp: 'RIFF\x10\0\0\0WEBPVP8 ', svg: '<svg xmlns="http://www.w3.org/2000/svg"/>', zip: 'PK\x03\x04', pdf: '%PDF-1.7', html: '<html><script>alert(1)</script>',
  };
  for (const [name, content] of Object.entries(files)) {
    await isRejected('UNSUPPORTED', Buffer.from(content.padEnd(600, ' '), 'latin1'), { key: `uploads/${name}.jpg`, headers: { 'content-type': 'image/jpeg' } });
  }
});

test('cut files', async () => {
  for (const size of [0, 1, 3, 200, 5000, photo.length - 400]) await isRejected('TRUNCATED', photo.subarray(0, size), { key: `uploads/cut-${size}.jpg` });
});

test('damaged files', async () => {
  const bad = png(64, 64, deflateSync(Buffer.alloc(64 * 65)));
  bad[50] ^= 0x55;
  await isRejected('CORRUPT', bad);
});

test('bombs: refused at once, in little memory', async () => {
  await isRejected('UNSUPPORTED', Buffer.from('started'), { key: 'uploads/started.jpg' });
  const [{ cpu_ms: cpu_before_ms }] = one.image.stats();
  await isRejected('TOO_LARGE', claims(65500, 65500));
  await isRejected('TOO_LARGE', png(0x7fffffff, 1, Buffer.alloc(8)), { key: 'uploads/wide.png' });
  await isRejected('BUDGET', claims(16000, 16000));
  const [{ peak_kib, cpu_ms }] = one.image.stats();
  // CPU time does not depend on what else runs here. Decoding 4,290 million pixels takes half a minute.
  assert.ok(cpu_ms - cpu_before_ms < 3000, `${cpu_ms - cpu_before_ms} ms of CPU`);
  assert.ok(peak_kib < 100 * 1024, `${peak_kib} KiB`);
});

test('a source over the limit is not even read', async () => {
  const small = one.add({ environment: { IMAGE_MAX_SOURCE_MB: '1' } });
  const body = Buffer.alloc((1 << 20) + 1);
  photo.copy(body);
  await isRejected('SOURCE_TOO_LARGE', body, { fn: small });
});

test('pixels over the limit that is set', async () => {
  const strict = one.add({ environment: { IMAGE_MAX_PIXELS: '1599999' } });
  await isRejected('TOO_LARGE', photo, { fn: strict, key: 'uploads/pixels.jpg' });
});

test('the budget follows the function\'s memory', async () => {
  const progressive = picture('p.jpg', '6000x4000', 'progressive', '444');
  const small = one.add({ memory_mb: 128 });
  await isRejected('BUDGET', progressive, { fn: small, key: 'uploads/budget.jpg' });
  const large = one.add({ memory_mb: 512 });
  const created = { bucket: 'photos', key: 'uploads/budget.jpg' };
  for (const expected of ['made', 'already made']) {
    await one.cloud.s3.handle({ method: 'PUT', bucket: 'photos', key: created.key, query: { tagging: '' }, headers: {}, trailers: {}, body: Buffer.from('<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag><Tag><Key>image-status</Key><Value>rejected:BUDGET</Value></Tag></TagSet></Tagging>') });
    const { payload } = await large.invoke(batchEvent([created]));
    assert.deepEqual([payload.results[0].resultCode, payload.results[0].resultString], ['Succeeded', expected]);
    assert.deepEqual(one.tags(created.key), { a: 'b' }, 'the tag of the rejection is taken off');
  }
});

test('the other tags stay, and a repeated rejection changes nothing', async () => {
  const headers = { 'x-amz-tagging': 'owner=%ED%95%9C%EA%B8%80&shop=a%2Bb' };
  await isRejected('UNSUPPORTED', Buffer.from('text'), { key: 'uploads/tagged.jpg', headers });
  assert.deepEqual(one.tags('uploads/tagged.jpg'), { owner: '한글', shop: 'a+b', 'image-status': 'rejected:UNSUPPORTED' });
  one.forget();
  const again = await one.invoke({ bucket: 'photos', key: 'uploads/tagged.jpg' });
  assert.deepEqual(again.payload, summary({ rejected: 1 }));
  assert.equal(one.count('PutObjectTagging'), 0);
});

// Waits until a request of that kind, the first since one.forget, is there.
async function arrived(operation) {
  while (one.count(operation) === 0) await new Promise((done) => setTimeout(done, 5));
}

test('in a bucket with versions the tag goes to the version that was read', async () => {
  const created = await one.put('uploads/versions.jpg', Buffer.from('text'), { bucket: 'kept' });
  one.fault({ operation: 'PutObjectTagging', action: 'delay', delay_ms: 200 });
  const working = one.invoke(created);
  await arrived('PutObjectTagging');
  const newer = await one.put('uploads/versions.jpg', photo, { bucket: 'kept' });
  assert.deepEqual((await working).payload, summary({ rejected: 1 }));
  assert.equal(one.cloud.s3.tagsOf('kept', created.key, created.version_id)['image-status'], 'rejected:UNSUPPORTED');
  assert.deepEqual(one.cloud.s3.tagsOf('kept', created.key, newer.version_id), {});
});

test('a source overwritten while it is tagged is not left with the old one\'s tag', async () => {
  const created = await one.put('uploads/retagged.jpg', Buffer.from('text'));
  one.fault({ operation: 'GetObjectTagging', action: 'delay', delay_ms: 200 });
  const working = one.invoke(created);
  await arrived('GetObjectTagging');
  await one.put('uploads/retagged.jpg', photo);
  const result = await working;
  assert.deepEqual(result.payload, summary({ made: 1 }), result.raw);
  assert.deepEqual(one.tags('uploads/retagged.jpg'), {});
});

test('with versioning suspended, where all versions are called "null", as well', async () => {
  const { s3 } = one.cloud.front.services;
  one.cloud.front.services.s3 = async (request) => {
    const { versionId, ...query } = request.query;
    const reply = await s3(versionId === 'null' ? { ...request, query } : request);
    if (reply.status < 300) reply.headers['x-amz-version-id'] = 'null';
    return reply;
  };
  const created = await one.put('uploads/suspended.jpg', Buffer.from('text'));
  one.fault({ operation: 'GetObjectTagging', action: 'delay', delay_ms: 200 });
  const working = one.invoke(created);
  await until(() => one.count('GetObjectTagging') === 1, 'the tags are read');
  await one.put(created.key, photo);
  const result = await working;
  one.cloud.front.services.s3 = s3;
  assert.deepEqual(result.payload, summary({ made: 1 }), result.raw);
  assert.deepEqual(one.tags(created.key), {});
});

test('a source with ten tags of its own stays as it is', async () => {
  const headers = { 'x-amz-tagging': [...Array(10).keys()].map((n) => `t${n}=x`).join('&') };
  const created = await one.put('uploads/ten.jpg', Buffer.from('text'), { headers });
  const result = await one.invoke(created);
  assert.deepEqual([result.error, result.payload], [false, summary({ rejected: 1 })], result.raw);
  assert.equal(Object.keys(one.tags(created.key)).length, 10);
  assert.ok(logs(result).some((line) => line.message === 'the source takes no more tags'));
});

test('the tenth tag of another client between reading and writing the tags: as with ten', async () => {
  const created = await one.put('uploads/eleven.jpg', Buffer.from('text'));
  one.fault({ operation: 'PutObjectTagging', action: 'status', status: 400, code: 'BadRequest', message: 'Object tags cannot be greater than 10' });
  const result = await one.invoke(created);
  assert.deepEqual([result.error, result.payload], [false, summary({ rejected: 1 })], result.raw);
  assert.ok(logs(result).some((line) => line.message === 'the source takes no more tags'));
});

test('a tag that S3 refuses for another reason is a failure', async () => {
  for (const [status, code] of [[400, 'InvalidTag'], [400, 'MalformedXML'], [400, 'BadRequest'], [403, 'AccessDenied']]) {
    const created = await one.put('uploads/invalid-tag.jpg', Buffer.from('text'));
    one.fault({ operation: 'PutObjectTagging', action: 'status', status, code });
    const result = await one.invoke(created);
    assert.deepEqual([result.error, result.payload.errorType], [true, status === 403 ? 'Image.ACCESS_DENIED' : 'Image.REJECTED'], result.raw);
    assert.ok(result.payload.errorMessage.includes(code), result.raw);
    assert.ok(!logs(result).some((line) => line.message === 'the source takes no more tags'));
  }
});

test('a rejection that cannot be recorded fails, so that it is tried again', async () => {
  const created = await one.put('uploads/untagged.jpg', Buffer.from('text'));
  one.fault({ operation: 'PutObjectTagging', action: 'status', status: 503, times: 3 });
  const result = await one.invoke(created);
  assert.deepEqual([result.error, result.payload.errorType], [true, 'Image.THROTTLED'], result.raw);
  assert.deepEqual((await one.invoke(created)).payload, summary({ rejected: 1 }));
});

test('damage on the way is not the picture\'s fault', async () => {
  const created = await one.put('uploads/damaged-on-the-way.jpg', photo, { headers: { 'x-amz-checksum-crc32': crcHeader(photo) } });
  one.fault({ operation: 'GetObject', action: 'corrupt', times: 1 });
  const result = await one.invoke(created);
  assert.deepEqual(result.payload, summary({ made: 1 }), result.raw);
  assert.deepEqual(one.tags(created.key), {});
  const again = await one.put('uploads/damaged-for-long.jpg', photo, { headers: { 'x-amz-checksum-crc32': crcHeader(photo) } });
  one.fault({ operation: 'GetObject', action: 'corrupt', times: -1 });
  const failed = await one.invoke(again);
  assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Image.CHECKSUM_MISMATCH'], failed.raw);
  assert.deepEqual([one.outputs(again.key), one.tags(again.key)], [[], {}]);
});

function crcHeader(bytes) {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc(bytes));
  return value.toString('base64');
}
