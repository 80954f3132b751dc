// The front of the local cloud: which requests it refuses, which faults it injects, and the behaviour
// of S3 that the functions depend on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { bucketOfHost } from '../../lambda/local/addresses.mjs';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { formEncode } from '../../lambda/local/events.mjs';
import { call, presigned, sendRaw, sha256, signed } from '../support/sign.mjs';

let cloud;
before(async () => {
  cloud = await startCloud();
  cloud.createBucket('photos');
  cloud.createBucket('kept', { versioned: true });
});
after(() => cloud.stop());
beforeEach(() => {
  cloud.front.forget();
  cloud.front.faults.clear();
  cloud.front.clock_offset_s = 0;
});

const put = (key, body, headers = {}, more = {}) => call(cloud, { method: 'PUT', path: `/photos/${key}`, body, headers, ...more });
const get = (key, headers = {}, sending) => call(cloud, { path: `/photos/${key}`, headers }, sending);
const refused = (response, status, code) => assert.deepEqual([response.status, response.code], [status, code]);

test('a signed request is taken, and the key is exactly the one sent', async () => {
  const keys = ['uploads/한국어 사진+1 (2)!.jpg', 'uploads/../x', 'a//b', 'uploads/%2e%2e/%41', "q?a=b&c#d'*", 'tab\tnul\u0001', 'a'.repeat(1024), '.', '..'];
  for (const key of keys) {
    assert.equal((await put(key, `for ${key}`)).status, 200, key);
    assert.equal((await get(key)).text, `for ${key}`, key);
    assert.equal(cloud.s3.peek('photos', key).body.toString(), `for ${key}`);
  }
  refused(await put('a'.repeat(1025), 'x'), 400, 'KeyTooLongError');
});

test('a wrong secret, an unknown key and no signature are refused', async () => {
  const [own] = cloud.credentials;
  refused(await put('x', 'x', {}, { credentials: { ...own, secretAccessKey: 'wrong' } }), 403, 'SignatureDoesNotMatch');
  refused(await put('x', 'x', {}, { credentials: { ...own, accessKeyId: 'AKIAUNKNOWN' } }), 403, 'InvalidAccessKeyId');
  refused(await put('x', 'x', {}, { credentials: { ...own, sessionToken: undefined } }), 400, 'InvalidToken');
  refused(await put('x', 'x', {}, { credentials: { ...own, sessionToken: 'old' } }), 400, 'InvalidToken');
  refused(await sendRaw(cloud, { method: 'GET', path: '/photos/x' }), 403, 'AccessDenied');
  assert.equal(cloud.s3.peek('photos', 'x'), null);
  const body = '{"QueueUrl":"x"}';
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ReceiveMessage' };
  const sqs = await call(cloud, { service: 'sqs', method: 'POST', headers, body, credentials: { ...own, secretAccessKey: 'wrong' } });
  refused(sqs, 403, 'InvalidSignatureException');
  assert.equal(sqs.headers['x-amzn-errortype'], 'InvalidSignatureException');
});

test('whatever is changed after signing is noticed', async () => {
  const make = () => signed(cloud, { method: 'PUT', path: '/photos/t', body: 'true', query: { a: '1' }, headers: { 'x-amz-meta-a': 'b', 'cache-control': 'max-age=1' } });
  const change = {
    'the body': [(r) => (r.body = 'fake'), 400, 'XAmzContentSHA256Mismatch'],
    'body and its hash': [(r) => Object.assign(r, { body: 'fake', headers: { ...r.headers, 'x-amz-content-sha256': sha256('fake') } }), 403, 'SignatureDoesNotMatch'],
    'the key': [(r) => (r.path = '/photos/u'), 403, 'SignatureDoesNotMatch'],
    'the method': [(r) => (r.method = 'POST'), 403, 'SignatureDoesNotMatch'],
    'the query': [(r) => (r.query = { a: '2' }), 403, 'SignatureDoesNotMatch'],
    'metadata': [(r) => (r.headers['x-amz-meta-a'] = 'c'), 403, 'SignatureDoesNotMatch'],
    'metadata added': [(r) => (r.headers['x-amz-meta-new'] = 'c'), 403, 'AccessDenied'],
    'a signed header dropped': [(r) => delete r.headers['x-amz-meta-a'], 403, 'AccessDenied'],
    'the date': [(r) => (r.headers['x-amz-date'] = `${r.headers['x-amz-date'].slice(0, 13)}00Z`), 403, 'SignatureDoesNotMatch'],
    'the signature cut': [(r) => (r.headers.authorization = r.headers.authorization.slice(0, -1)), 403, 'SignatureDoesNotMatch'],
    'the header garbled': [(r) => (r.headers.authorization = 'AWS4-HMAC-SHA256 x'), 400, 'AuthorizationHeaderMalformed'],
  };
  // The date test is void in the first second of a minute.
  for (const [what, [tamper, status, code]] of Object.entries(change)) {
    const request = await make();
    const date = request.headers['x-amz-date'];
    tamper(request);
    if (what === 'the date' && request.headers['x-amz-date'] === date) continue;
    const response = await sendRaw(cloud, request);
    assert.deepEqual([response.status, response.code], [status, code], what);
  }
  assert.equal(cloud.s3.peek('photos', 't'), null);
});

test('the clock may differ by 15 minutes, no more; the Date header has the server\'s', async () => {
  const at = (offset_s) => put('clock', 'x', {}, { date: new Date(Date.now() + offset_s * 1000) });
  assert.equal((await at(890)).status, 200);
  assert.equal((await at(-890)).status, 200);
  refused(await at(910), 403, 'RequestTimeTooSkewed');
  refused(await at(-910), 403, 'RequestTimeTooSkewed');
  cloud.front.clock_offset_s = 3600;
  const response = await at(0);
  refused(response, 403, 'RequestTimeTooSkewed');
  assert.ok(Math.abs(Date.parse(response.headers.date) - Date.now() - 3600e3) < 5000);
  assert.equal((await at(3600)).status, 200);
});

test('a presigned URL is good until it expires and for what it was made', async () => {
  await put('p q', 'presigned');
  const make = (options = {}) => presigned(cloud, { path: '/photos/p q', ...options });
  assert.equal((await sendRaw(cloud, await make())).text, 'presigned');
  refused(await sendRaw(cloud, await make({ date: new Date(Date.now() - 61000) })), 403, 'AccessDenied');
  refused(await sendRaw(cloud, { ...(await make()), path: '/photos/x' }), 403, 'SignatureDoesNotMatch');
  const longer = await make();
  longer.query['X-Amz-Expires'] = '600';
  refused(await sendRaw(cloud, longer), 403, 'SignatureDoesNotMatch');
});

test('checksums and Content-MD5 of a body must be right', async () => {
  const md5 = createHash('md5').update('body').digest('base64');
  assert.equal((await put('c', 'body', { 'content-md5': md5 })).status, 200);
  refused(await put('d', 'bodz', { 'content-md5': md5 }), 400, 'BadDigest');
  refused(await put('d', 'body', { 'content-md5': 'nonsense' }), 400, 'InvalidDigest');
  // Check values of the algorithms for "123456789".
  const right = {
    'x-amz-checksum-crc32': 'y/Q5Jg==',
    'x-amz-checksum-crc32c': '4waSgw==',
    'x-amz-checksum-sha1': '98O8HYCOBHMq32eZZczDTKeuNEE=',
    'x-amz-checksum-sha256': 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
  };
  for (const [name, value] of Object.entries(right)) {
    const stored = await put(name, '123456789', { [name]: value });
    assert.deepEqual([name, stored.status, stored.code], [name, 200, null]);
    // fauxqs verifies none and forgets CRC32C.
    const returned = (await get(name, { 'x-amz-checksum-mode': 'ENABLED' })).headers[name];
    assert.equal(returned, name === 'x-amz-checksum-crc32c' ? undefined : value);
    refused(await put('d', '12345678', { [name]: value }), 400, 'BadDigest');
  }
  assert.equal(cloud.s3.peek('photos', 'd'), null);
});

test('a delete with If-Match deletes only this object', async () => {
  const remove = (etag) => call(cloud, { method: 'DELETE', path: '/photos/kept.jpg', headers: { 'if-match': etag } });
  const { headers } = await put('kept.jpg', 'new');
  refused(await remove('"00000000000000000000000000000000"'), 412, 'PreconditionFailed');
  assert.equal(cloud.s3.peek('photos', 'kept.jpg').body.toString(), 'new');
  assert.equal((await remove(headers.etag)).status, 204);
  assert.equal(cloud.s3.peek('photos', 'kept.jpg'), null);
  refused(await remove(headers.etag), 404, 'NoSuchKey');
});

test('the pages of a list: each key and each group once, in the order of bytes', async () => {
  cloud.createBucket('listed');
  const keys = ['a', 'B', 'b/1', 'b/2', 'b/3', 'c', 'd/1', 'd/x/2', 'e &+<.jpg', '한/1', '한/2', '\u{1f600}', '\uffee'];
  for (const key of keys) await call(cloud, { method: 'PUT', path: `/listed/${key}`, body: key });
  const pages = async (max_keys, query) => {
    const found = { keys: [], groups: [], pages: 0 };
    for (let token; found.pages === 0 || token; found.pages += 1) {
      assert.ok(found.pages < 20, 'it ends');
      const { status, text } = await call(cloud, { path: '/listed', query: { 'list-type': '2', 'encoding-type': 'url', 'max-keys': String(max_keys), ...query, ...(token ? { 'continuation-token': token } : {}) } });
      assert.equal(status, 200, text);
      const all = (pattern) => [...text.matchAll(pattern)].map(([, name]) => decodeURIComponent(name.replaceAll('+', ' ')));
      const [now, groups] = [all(/<Key>([^<]*)</g), all(/<CommonPrefixes><Prefix>([^<]*)</g)];
      assert.equal(text.match(/<KeyCount>(\d+)</)[1], String(now.length + groups.length));
      assert.ok(now.length + groups.length <= max_keys);
      found.keys.push(...now);
      found.groups.push(...groups);
      token = text.match(/<NextContinuationToken>([^<]+)</)?.[1];
      assert.equal(text.match(/<IsTruncated>(\w+)</)[1], String(token !== undefined));
    }
    return found;
  };
  const in_bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const max_keys of [1, 2, 3, 1000]) {
    assert.deepEqual((await pages(max_keys, {})).keys, in_bytes);
    const grouped = await pages(max_keys, { delimiter: '/' });
    assert.deepEqual([grouped.keys, grouped.groups], [in_bytes.filter((key) => !key.includes('/')), ['b/', 'd/', '한/']]);
    const below = await pages(max_keys, { delimiter: '/', prefix: 'd/' });
    assert.deepEqual([below.keys, below.groups], [['d/1'], ['d/x/']]);
    assert.deepEqual((await pages(max_keys, { prefix: 'b/', 'start-after': 'b/1' })).keys, ['b/2', 'b/3']);
  }
  refused(await call(cloud, { path: '/nonesuch', query: { 'list-type': '2' } }), 404, 'NoSuchBucket');
});

test('virtual-hosted addresses: the bucket is in the Host, and the Host is signed', async () => {
  const hosts = ['photos.s3.ap-northeast-2.amazonaws.com', 'photos.s3.amazonaws.com', 'photos.s3.dualstack.ap-northeast-2.amazonaws.com', 'photos.s3-fips.us-east-1.amazonaws.com', `photos.localhost:${cloud.front.port}`, `photos.s3.localhost:${cloud.front.port}`, 'PHOTOS.localhost'];
  for (const host of hosts) {
    const at = (method, body) => call(cloud, { method, path: '/photos/한+1.jpg', body, headers: { host } });
    assert.equal((await at('PUT', host)).status, 200, host);
    assert.equal((await at('GET')).text, host);
    assert.equal(cloud.s3.peek('photos', 'photos/한+1.jpg').body.toString(), host, 'the path is the entire key');
  }
  assert.equal(cloud.front.log.at(-1).bucket, 'photos');
  assert.match((await call(cloud, { path: '/', query: { 'list-type': '2' }, headers: { host: hosts[0] } })).text, /<Key>photos\/한\+1\.jpg</);
  const moved = await signed(cloud, { path: '/x', headers: { host: hosts[0] } });
  moved.headers.host = 'kept.s3.ap-northeast-2.amazonaws.com';
  refused(await sendRaw(cloud, moved), 403, 'SignatureDoesNotMatch');
  for (const host of ['s3.ap-northeast-2.amazonaws.com', 's3.amazonaws.com', 'localhost', 's3.localhost:1', '127.0.0.1:1']) assert.equal(bucketOfHost(host), null, host);
  assert.equal(bucketOfHost('a.b.c.s3.ap-northeast-2.amazonaws.com'), 'a.b.c');
});

test('If-Match and If-None-Match decide, quotes or not', async () => {
  const { headers: { etag } } = await put('cond', 'one');
  assert.equal((await get('cond', { 'if-match': etag })).status, 200);
  assert.equal((await get('cond', { 'if-match': etag.replaceAll('"', '') })).status, 200);
  refused(await get('cond', { 'if-match': '"0123"' }), 412, 'PreconditionFailed');
  const head = (etag_sent) => call(cloud, { method: 'HEAD', path: '/photos/cond', headers: { 'if-match': etag_sent } });
  assert.deepEqual([(await head(etag)).status, (await head('"0123"')).status], [200, 412]);
  refused(await put('uncond', 'x', { 'if-match': etag }), 404, 'NoSuchKey');
  refused(await put('cond', 'two', { 'if-none-match': '*' }), 412, 'PreconditionFailed');
  refused(await put('cond', 'two', { 'if-match': '"0123"' }), 412, 'PreconditionFailed');
  assert.equal((await put('cond', 'two', { 'if-match': etag })).status, 200);
  refused(await get('cond', { 'if-match': etag }), 412, 'PreconditionFailed');
});

test('tags are kept, checked, and go with the object that is overwritten', async () => {
  await put('tagged', 'x');
  const tagging = (tags) => `<Tagging><TagSet>${tags.map(([k, v]) => `<Tag><Key>${k}</Key><Value>${v}</Value></Tag>`).join('')}</TagSet></Tagging>`;
  const set = (tags) => call(cloud, { method: 'PUT', path: '/photos/tagged', query: { tagging: '' }, body: tagging(tags) });
  assert.equal((await set([['image-status', 'rejected:TRUNCATED'], ['한', 'a &amp; b'.replace('&amp; ', '')]])).status, 200);
  assert.deepEqual(cloud.s3.tagsOf('photos', 'tagged'), { 'image-status': 'rejected:TRUNCATED', 한: 'a b' });
  assert.equal((await get('tagged')).headers['x-amz-tagging-count'], '2');
  refused(await set(Array.from({ length: 11 }, (_, i) => [`k${i}`, 'v'])), 400, 'BadRequest');
  refused(await set([['a', 'x;y']]), 400, 'InvalidTag');
  refused(await set([['a', '1'], ['a', '2']]), 400, 'InvalidTag');
  refused(await call(cloud, { method: 'PUT', path: '/photos/tagged', query: { tagging: '' }, body: 'x' }), 400, 'MalformedXML');
  refused(await call(cloud, { method: 'PUT', path: '/photos/absent', query: { tagging: '' }, body: tagging([]) }), 404, 'NoSuchKey');
  assert.equal(cloud.s3.peek('photos', 'tagged').body.toString(), 'x');
  await put('tagged', 'y');
  assert.deepEqual(cloud.s3.tagsOf('photos', 'tagged'), {});
});

test('a versioned bucket returns every version', async () => {
  const version = async (body) => (await call(cloud, { method: 'PUT', path: '/kept/v', body })).headers['x-amz-version-id'];
  const [one, two] = [await version('one'), await version('two')];
  assert.notEqual(one, two);
  const read = (versionId) => call(cloud, { path: '/kept/v', query: versionId ? { versionId } : {} });
  assert.deepEqual([(await read(one)).text, (await read(two)).text, (await read()).text], ['one', 'two', 'two']);
  refused(await read('nonesuch'), 404, 'NoSuchVersion');
  assert.equal((await call(cloud, { method: 'DELETE', path: '/kept/v' })).headers['x-amz-delete-marker'], 'true');
  refused(await read(), 404, 'NoSuchKey');
  assert.equal((await read(one)).text, 'one');
});

test('faults: errors, throttling, an error in a 200, each as often as asked', async () => {
  cloud.front.faults.add({ operation: 'PutObject', action: 'status', status: 503, skip: 1, times: 2 });
  const seen = [];
  for (let i = 0; i < 4; i += 1) seen.push((await put('f', 'x')).code);
  assert.deepEqual(seen, [null, 'SlowDown', 'SlowDown', null]);
  cloud.front.faults.add({ action: 'status' });
  refused(await get('f'), 500, 'InternalError');
  cloud.front.faults.add({ action: 'throttle', retry_after_ms: 1500 });
  assert.equal((await get('f')).headers['x-amz-retry-after'], '1500');
  cloud.front.faults.add({ action: 'error_body' });
  refused(await get('f'), 200, 'InternalError');
  cloud.front.faults.add({ operation: 'PutObject', action: 'status', done: true });
  assert.equal((await put('done', 'it')).status, 500);
  assert.equal(cloud.s3.peek('photos', 'done').body.toString(), 'it');
  cloud.front.faults.add({ operation: 'PutObject', action: 'status' });
  await put('not-done', 'it');
  assert.equal(cloud.s3.peek('photos', 'not-done'), null);
  assert.deepEqual(cloud.front.counts['s3.PutObject'], { requests: 6, ok: 2, refused: 4, faults: 4 });
  assert.throws(() => cloud.front.faults.add({ action: 'explode' }), /no fault is called explode/);
  assert.throws(() => cloud.front.faults.add({ action: 'reset', tiems: 2 }), /has no tiems/);
});

test('faults: reset, truncation, stall, delay, corruption', async () => {
  const body = Buffer.alloc(100000, 'abcdefg');
  await put('big', body);
  const fault = (rule) => cloud.front.faults.add({ operation: 'GetObject', ...rule });
  fault({ action: 'reset' });
  await assert.rejects(get('big'), { code: 'ECONNRESET' });
  fault({ action: 'reset', after_bytes: 5000 });
  await assert.rejects(get('big'), /aborted|ECONNRESET/);
  fault({ action: 'truncate', after_bytes: 5000 });
  await assert.rejects(get('big'), /aborted|ECONNRESET/);
  fault({ action: 'stall' });
  await assert.rejects(get('big', {}, { timeout_ms: 200 }), /timeout/);
  fault({ action: 'stall', after_bytes: 10 });
  await assert.rejects(get('big', {}, { timeout_ms: 200 }), /timeout|aborted/);
  fault({ action: 'delay', delay_ms: 150 });
  const begin_ms = Date.now();
  assert.ok((await get('big')).body.equals(body) && Date.now() - begin_ms >= 149);
  fault({ action: 'corrupt' });
  const corrupt = await get('big');
  assert.equal(corrupt.body.length, body.length);
  assert.equal(corrupt.body.reduce((n, byte, i) => n + (byte !== body[i]), 0), 1);
  fault({ action: 'wrong_checksum' });
  assert.equal((await get('big')).headers.etag, '"00000000000000000000000000000000"');
  fault({ action: 'wrong_length' });
  assert.notEqual((await get('big').catch((error) => error)).body?.length, body.length);
  assert.ok((await get('big')).body.equals(body));
});

test('the log shows which requests shared a connection', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 3; i += 1) await call(cloud, { path: '/photos/clock' }, { agent });
  await get('clock');
  agent.destroy();
  const connections = cloud.front.log.map((entry) => entry.connection);
  assert.equal(new Set(connections.slice(0, 3)).size, 1);
  assert.equal(new Set(connections).size, 2);
});

test('a body that breaks off leaves nothing behind', async () => {
  const request = await signed(cloud, { method: 'PUT', path: '/photos/short', body: 'all of it.' });
  request.headers['content-length'] = '10';
  const short = sendRaw(cloud, { ...request, body: 'all' }, { timeout_ms: 200 });
  await assert.rejects(short);
  assert.equal(cloud.s3.peek('photos', 'short'), null);
});

test('keys in events are form-encoded as S3 does it', () => {
  assert.equal(formEncode("a b+c/한(1)~*-_.!'"), 'a+b%2Bc/%ED%95%9C%281%29%7E*-_.%21%27');
});

test('the control interface does the same from outside', async () => {
  const control = async (method, path, body) => {
    const response = await fetch(cloud.control.url + path, { method, body: body && JSON.stringify(body) });
    return [response.status, await response.json()];
  };
  assert.equal((await control('POST', '/faults', [{ action: 'status', status: 503 }]))[0], 200);
  assert.equal((await get('clock')).status, 503);
  assert.equal((await control('GET', '/counts'))[1]['s3.GetObject'].faults, 1);
  assert.equal((await control('POST', '/faults', { action: 'explode' }))[0], 400);
  await control('POST', '/clock', { offset_s: 3600 });
  refused(await get('clock'), 403, 'RequestTimeTooSkewed');
  assert.equal((await control('GET', '/nothing'))[0], 404);
  assert.equal((await control('GET', '/'))[1].endpoint, cloud.front.url);
});
