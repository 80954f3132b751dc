// Traces as the X-Ray daemon receives them: one image invocation drawn from its UDP documents; and that
// tracing changes nothing: off, without a daemon, with more spans than are kept, with calls that fail.
// All four functions are traced in test_market.mjs.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { s3Event } from '../../lambda/local/events.mjs';
import { tracePage, treeOf } from '../../lambda/local/trace_page.mjs';
import { readDatagram } from '../../lambda/local/xray.mjs';
import { ImageCloud, SIZES, logs, picture, summary } from '../support/image.mjs';
import { IMAGE_PROCESSOR, run } from '../support/lambda.mjs';

const PARENT = '53995c3f42cd8ad8';
let one;
let number = 0;
const photo = picture('a.jpg', '1600x1000', 'noise');
before(async () => {
  one = await ImageCloud.start();
});
after(() => one.stop());
beforeEach(() => one.forget());

const nextRoot = () => `1-5759e988-${(number += 1).toString(16).padStart(24, '0')}`;
const header = (root, sampled = 1) => `Root=${root};Parent=${PARENT};Sampled=${sampled};Lineage=1:a87bd80c:0`;

// Invokes with a trace of its own: {result, root, datagrams (of that trace), rows, texts}.
async function trace(created, { target = one.image, sampled = 1, root = nextRoot() } = {}) {
  const result = await target.invoke(s3Event(created), { trace_id: header(root, sampled) });
  const { xray } = one.cloud;
  await xray.flush();
  assert.deepEqual(xray.problems(), []);
  const datagrams = xray.datagrams.filter(({ document }) => document.trace_id === root);
  const rows = treeOf(xray.spans(root));
  return { result, root, datagrams, rows, names: rows.map(({ span }) => span.name) };
}

const operations = (rows) => rows.map(({ span }) => span.aws?.operation).filter(Boolean);
const upload = (name = `uploads/products/trace-${number}.jpg`, body = photo) => one.put(name, body);

test('one image invocation, drawn from the segments received', async () => {
  const { result, root, datagrams, rows, names } = await trace(await upload());
  assert.deepEqual([result.error, result.payload], [false, summary({ made: 1 })]);
  assert.equal(datagrams.length, 1);
  const [{ document }] = datagrams;
  assert.equal(document.parent_id, PARENT);
  assert.deepEqual(document.annotations, { function: 'image-processor-1', cold_start: 1 });
  assert.deepEqual(names.slice(0, 2), ['handler', 'image']);
  // Every call that the front counted, and every stage of every size.
  assert.deepEqual(operations(rows).sort(), [...Array(5).fill('HeadObject'), 'GetObject', ...Array(4).fill('PutObject')].sort());
  const stages = names.filter((name) => /^(decode|resize|encode) ?/.test(name)).sort();
  assert.deepEqual(stages, ['decode', ...Object.keys(SIZES).flatMap((size) => [`resize ${size}`, `encode ${size}`])].sort());
  const spans = new Map(rows.map(({ span }) => [span.name, span]));
  assert.deepEqual([spans.get('encode small').annotations.width, spans.get('encode small').annotations.height], [400, 250]);
  assert.equal(spans.get('image').annotations.outcome, 'made');
  // Stages happen inside of the invocation, encoding after all decoding, and busy is part of the span.
  for (const { span } of rows) {
    assert.ok(span.start_time >= document.start_time && span.end_time <= document.end_time, span.name);
    const busy = span.annotations?.busy_us ?? 0;
    assert.ok(busy <= (span.end_time - span.start_time) * 1e6 + 5, span.name);
    if (span.name.startsWith('encode')) assert.ok(span.start_time >= spans.get('decode').end_time - 2e-6, span.name);
  }
  // The page: a bar for each, in a row of its own.
  const page = tracePage({ name: 'image-processor', trace_id: root, spans: one.cloud.xray.spans(root) });
  assert.equal(page.match(/<rect class="(local|aws|remote|bad)"/g).length, rows.length);
  assert.equal(page.match(/<rect class="aws"/g).length, 10);
  for (const name of names) assert.ok(page.includes(`<title>${name}`), name);
  assert.ok(!page.includes('NaN') && !page.includes('undefined'));
});

test('nothing in a trace tells the object, the bucket or a credential', async () => {
  const { datagrams } = await trace(await upload('uploads/김철수 passport.jpg'));
  const text = JSON.stringify(datagrams);
  const { accessKeyId, secretAccessKey, sessionToken } = one.cloud.credentials[0];
  for (const word of ['김철수', '%EA%B9', 'passport', 'photos', 'uploads', accessKeyId, secretAccessKey, sessionToken]) assert.ok(!text.includes(word), word);
});

test('not sampled, without a header, with a header that is none: no datagram', async () => {
  const { xray } = one.cloud;
  const before_count = xray.datagrams.length;
  const created = await upload();
  for (const trace_id of [header(nextRoot(), 0), '', `Root=${nextRoot()}`, `Root=${nextRoot()};Parent=${PARENT}`, 'Root=1-x;Parent=y;Sampled=1']) {
    assert.equal((await one.image.invoke(s3Event(created), { trace_id })).error, false);
  }
  await xray.flush();
  assert.equal(xray.datagrams.length, before_count);
  // And the next one that is sampled has nothing of them.
  const { names } = await trace(created);
  assert.deepEqual(names.filter((name) => name === 'image'), ['image']);
});

test('retries are counted, and what fails is marked with its code alone', async () => {
  one.fault({ operation: 'GetObject', action: 'status', status: 500, times: 1 });
  const { result, rows } = await trace(await upload());
  assert.equal(result.error, false);
  const get = rows.find(({ span }) => span.aws?.operation === 'GetObject').span;
  assert.deepEqual([get.aws.retries, get.http.response.status, get.fault, get.error], [1, 200, undefined, undefined]);
  one.fault({ operation: 'PutObject', key: 'processed/small', action: 'throttle', times: -1 });
  const throttled = await trace(await upload());
  assert.equal(throttled.result.error, true);
  const failed = throttled.rows.filter(({ span }) => span.error || span.fault).map(({ span }) => [span.name, span.throttle ?? false, span.cause.exceptions[0].type]);
  assert.deepEqual(failed, [['handler', false, throttled.result.payload.errorType], ['image', false, 'THROTTLED'], ['S3', true, 'SlowDown']]);
  const put = throttled.rows.find(({ span }) => span.throttle).span;
  assert.deepEqual([put.aws.retries, put.http.response.status], [2, 503]);
  assert.ok(tracePage({ name: 'x', trace_id: throttled.root, spans: one.cloud.xray.spans(throttled.root) }).includes('<b>SlowDown</b>'));
});

test('objects that are not there are a result, no error', async () => {
  const { rows } = await trace({ bucket: 'photos', key: 'uploads/never.jpg', size: 1 });
  const heads = rows.filter(({ span }) => span.http?.response.status === 404);
  assert.ok(heads.length >= 4);
  assert.ok(heads.every(({ span }) => !span.error && !span.fault));
});

test('a rejected picture is an error with its reason', async () => {
  const { result, rows } = await trace(await upload('uploads/damaged.jpg', photo.subarray(0, 20000)));
  assert.deepEqual(result.payload, summary({ rejected: 1 }));
  const { span } = rows.find((row) => row.span.name === 'image');
  assert.deepEqual([span.error, span.cause.exceptions[0].type, span.annotations.outcome], [true, 'TRUNCATED', 'rejected']);
});

test('an event with more objects than spans are kept for: every datagram is within 64 kB, the rest is counted', async () => {
  const small = picture('s.jpg', '64x40');
  const all = [];
  for (let i = 0; i < 20; i += 1) all.push(await upload(`uploads/many/${i}.jpg`, small));
  const { result, datagrams, rows } = await trace(all);
  assert.deepEqual(result.payload, summary({ made: 20 }));
  assert.equal(rows.length, 256);
  assert.ok(datagrams.length > 1);
  assert.ok(datagrams.every(({ bytes }) => bytes <= 65507));
  const [{ document }] = datagrams;
  // Of each picture: itself, 10 calls, 4 + 4 stages, decode, and shrink where rows are halved.
  const each = 1 + 10 + 8 + 1;
  assert.ok([20 * each, 20 * (each + 1)].includes(256 - 1 + document.annotations.spans_dropped), String(document.annotations.spans_dropped));
});

test('warm invocations reuse the memory: each has its own spans', async () => {
  const created = await upload();
  const first = await trace(created);
  const again = await trace(created);
  assert.equal(again.datagrams[0].document.annotations.cold_start, 0);
  assert.ok(again.names.length < first.names.length, 'the outputs were current');
  const ids = new Set([...first.rows, ...again.rows].map(({ span }) => span.id));
  assert.equal(ids.size, first.rows.length + again.rows.length);
});

test('no daemon, and an address that is none: the results are the same', async () => {
  // A port that was just free; nobody listens to it.
  const socket = createSocket('udp4');
  await new Promise((done) => { socket.bind(0, '127.0.0.1', done); });
  const { port } = socket.address();
  await new Promise((done) => { socket.close(done); });
  for (const address of [`127.0.0.1:${port}`, `tcp:127.0.0.1:${port} udp:127.0.0.1:${port}`, 'daemon.example:2000', 'x', '']) {
    const target = one.add({ environment: { AWS_XRAY_DAEMON_ADDRESS: address } });
    const created = await upload();
    for (let i = 0; i < 3; i += 1) {
      const result = await target.invoke(s3Event(created), { trace_id: header(nextRoot()) });
      assert.deepEqual([result.error, result.payload], [false, summary(i === 0 ? { made: 1 } : { alreadyMade: 1 })]);
      const warnings = logs(result).filter(({ level }) => level === 'WARN');
      assert.equal(warnings.length, i === 0 && ['daemon.example:2000', 'x'].includes(address) ? 1 : 0);
    }
  }
});

test('the address in both of its forms, and an event from a file', async () => {
  const { xray } = one.cloud;
  const target = one.add({ environment: { AWS_XRAY_DAEMON_ADDRESS: `tcp:127.0.0.1:1 udp:${xray.address}` } });
  assert.equal((await trace(await upload(), { target })).datagrams.length, 1);
  const folder = mkdtempSync(join(tmpdir(), 'trace-'));
  try {
    const root = nextRoot();
    const path = join(folder, 'event.json');
    writeFileSync(path, JSON.stringify(s3Event(await upload())));
    assert.ok(readFileSync(path).length > 0);
    const env = { ...one.cloud.clientEnvironment(), ...one.cloud.endpoints(), AWS_XRAY_DAEMON_ADDRESS: xray.address, _X_AMZN_TRACE_ID: header(root) };
    const { status, stderr } = await run(IMAGE_PROCESSOR, ['--event', path], { env });
    assert.equal(status, 0, stderr);
    await xray.flush();
    assert.ok(xray.traces().includes(root));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the daemon finds what is wrong with a document', () => {
  const good = { name: 'a', id: '0123456789abcdef', type: 'subsegment', trace_id: '1-5759e988-bd862e3fe1be46a994272793', parent_id: PARENT, start_time: 1.5e9, end_time: 1.5e9 };
  const read = (document, first = '{"format":"json","version":1}') => readDatagram(Buffer.from(`${first}\n${JSON.stringify(document)}`)).problems;
  assert.deepEqual(read(good), []);
  const wrong = [
    { id: '0123' }, { trace_id: 'x' }, { parent_id: undefined }, { type: 'segment' }, { end_time: 1.4e9 }, { start_time: 1500000000000 }, { name: 'a<b' }, { name: 'a'.repeat(201) },
    { namespace: 'local' }, { aws: { operation: 'x' } }, { namespace: 'aws', aws: { bucket: 'x' } }, { sql: {} }, { namespace: 'remote', sql: { sanitized_query: 'a'.repeat(251) } },
    { throttle: true }, { fault: 1 }, { cause: { exceptions: [{ message: 'no id' }] } }, { http: { response: { status: '200' } } }, { annotations: { 'a-b': 1 } }, { annotations: { a: [] } },
    { subsegments: [{ ...good }] }, { subsegments: [{ name: 'b' }] }, { unknown: 1 }, { metadata: 1 },
  ];
  for (const change of wrong) assert.ok(read({ ...good, ...change }).length > 0, JSON.stringify(change));
  assert.ok(read(good, '{"format":"json"}').length > 0);
  assert.ok(readDatagram(Buffer.from('{}')).problems.length > 0);
  assert.ok(readDatagram(Buffer.from('{"format":"json","version":1}\n{')).problems.length > 0);
  assert.ok(read({ ...good, metadata: { default: { a: 'a'.repeat(65536) } } }).length > 0);
});
