// What triggers a function in the local cloud: Function URLs, EventBridge rules, schedules.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { parseSchedule } from '../../lambda/local/cron.mjs';
import { matchesPattern, transformInput, uploadsPattern } from '../../lambda/local/eventbridge.mjs';
import { MAX_REQUEST_BYTES } from '../../lambda/local/function_url.mjs';
import { Schedules } from '../../lambda/local/schedule.mjs';
import { NO_HURRY, TINY, until } from '../support/lambda.mjs';

let cloud;
let echo;
let url;
before(async () => {
  cloud = await startCloud();
  cloud.createBucket('photos');
  echo = cloud.addFunction({ name: 'echo', command: TINY, ...NO_HURRY, environment: { TINY_ECHO: '1' }, retry_delays_ms: [] });
  url = await cloud.addUrl(echo);
});
after(() => cloud.stop());
beforeEach(() => {
  cloud.rules.length = 0;
});

// headers: [name, value, name, value, ...], sent as they are.
function send(path, { method = 'GET', headers = [], body, at = url } = {}) {
  const { hostname, port } = new URL(at);
  return new Promise((done, failed) => {
    const outgoing = request({ hostname, port, path, method, headers: ['Host', 'localhost', ...headers, ...(body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))])] });
    outgoing.on('error', failed);
    outgoing.on('response', async (incoming) => {
      const parts = [];
      for await (const part of incoming) parts.push(part);
      done({ status: incoming.statusCode, headers: incoming.headers, raw_headers: incoming.rawHeaders, text: Buffer.concat(parts).toString('latin1') });
    });
    outgoing.end(body);
  });
}
const ask = (deed, options = {}) => send('/', { ...options, headers: ['X-Do', JSON.stringify(deed)] });
const respond = (value) => ask({ do: 'result', value });

test('Function URL: a request becomes an event of payload format 2.0', async () => {
  const headers = ['X-Webhook-Signature', 'abc', 'X-Many', '1', 'x-many', '2', 'Cookie', 'a=1; b=2', 'Content-Type', 'application/json; charset=utf-8', 'User-Agent', 'Toss/1'];
  const { status, headers: got, text } = await send('/webhooks/%ED%95%9C?a=1&a=2&b=%ED%95%9C+x&c', { method: 'POST', headers, body: '{"n":"한"}' });
  assert.deepEqual([status, got['content-type']], [200, 'application/json']);
  const event = JSON.parse(Buffer.from(text, 'latin1').toString());
  assert.equal(event.version, '2.0');
  assert.equal(event.routeKey, '$default');
  assert.equal(event.rawPath, '/webhooks/%ED%95%9C');
  assert.equal(event.rawQueryString, 'a=1&a=2&b=%ED%95%9C+x&c');
  assert.deepEqual(event.queryStringParameters, { a: '1,2', b: '한 x', c: '' });
  assert.deepEqual(event.cookies, ['a=1', 'b=2']);
  assert.equal(event.headers['x-webhook-signature'], 'abc');
  assert.equal(event.headers['x-many'], '1,2');
  assert.equal(event.headers.cookie, undefined);
  assert.deepEqual([event.body, event.isBase64Encoded], ['{"n":"한"}', false]);
  const { requestContext: context } = event;
  assert.match(context.domainName, /^[0-9a-f]{32}\.lambda-url\.ap-northeast-2\.on\.aws$/);
  assert.equal(event.headers.host, context.domainName);
  assert.equal(context.apiId, context.domainName.slice(0, 32));
  assert.deepEqual(context.http, { method: 'POST', path: '/webhooks/%ED%95%9C', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'Toss/1' });
  assert.deepEqual([context.routeKey, context.stage], ['$default', '$default']);
  assert.match(context.time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.ok(Math.abs(context.timeEpoch - Date.now()) < 10000);
  assert.equal(got['x-amzn-requestid'], context.requestId);
  for (const [path, raw] of [['http://example.com/a?b', '/a'], ['http://example.com', '/'], ['/', '/'], ['/?x', '/'], ['//a//b', '//a//b']]) {
    assert.equal(JSON.parse((await send(path)).text).rawPath, raw, path);
  }
});

test('Function URL: only text types are text', async () => {
  const bytes = Buffer.from('a=1&b=\xff', 'latin1');
  const kinds = [
    ['text/plain', 'text', false], ['application/xml', '<x/>', false], ['application/vnd.a+json', '{}', false], ['application/javascript', '1', false],
    ['application/x-www-form-urlencoded', 'a=1', true], ['image/png', '\x89', true], ['text/plain', bytes, true], [null, 'text', true],
  ];
  for (const [type, body, is_base64] of kinds) {
    const { text } = await send('/', { method: 'POST', headers: type ? ['Content-Type', type] : [], body });
    const event = JSON.parse(text);
    assert.equal(event.isBase64Encoded, is_base64, `${type} ${body}`);
    assert.deepEqual(Buffer.from(event.body, is_base64 ? 'base64' : 'utf8'), Buffer.from(body), type);
  }
  const none = JSON.parse((await send('/')).text);
  assert.deepEqual([none.body, none.isBase64Encoded, none.cookies, none.queryStringParameters], [undefined, false, undefined, undefined]);
});

test('Function URL: the result becomes the response', async () => {
  const full = await respond({ statusCode: 201, headers: { 'X-One': 'a', 'Content-Type': 'text/html', Connection: 'x' }, cookies: ['a=1; Secure', 'b=2'], body: '<p>' });
  assert.deepEqual([full.status, full.headers['x-one'], full.headers['content-type'], full.text], [201, 'a', 'text/html', '<p>']);
  assert.deepEqual(full.headers['set-cookie'], ['a=1; Secure', 'b=2']);
  const binary = await respond({ statusCode: 200, body: Buffer.from([0, 255]).toString('base64'), isBase64Encoded: true });
  assert.equal(binary.text, '\x00\xff');
  const bare = await respond({ status: 'ok' });
  assert.deepEqual([bare.status, bare.headers['content-type'], bare.text], [200, 'application/json', '{"status":"ok"}']);
  const text = await respond('hello');
  assert.deepEqual([text.status, text.text], [200, '"hello"']);
  const empty = await respond({ statusCode: 204 });
  assert.deepEqual([empty.status, empty.text], [204, '']);
});

test('Function URL: failures of the function are 502 with nothing of them in it', async () => {
  const failed = { status: 502, text: '{"Message":"Internal Server Error"}' };
  const of = ({ status, text }) => ({ status, text });
  assert.deepEqual(of(await ask({ do: 'error', type: 'Tiny.Bad', message: 'the secret' })), failed);
  assert.deepEqual(of(await ask({ do: 'exit', code: 3 })), failed);
  assert.deepEqual(of(await ask({ do: 'raw', text: 'no JSON' })), failed);
  for (const value of [{ statusCode: 99 }, { statusCode: '200' }, { statusCode: 200, body: {} }, { statusCode: 200, cookies: 'a' }, { statusCode: 200, headers: { 'a b': '1' } }, { statusCode: 200, headers: { a: '1\r\nb: 2' } }]) {
    assert.deepEqual(of(await respond(value)), failed, JSON.stringify(value));
  }
  assert.equal((await respond({ statusCode: 200, body: 'still there' })).text, 'still there');
});

test('Function URL: over 6 MB is 413 and never reaches the function', async () => {
  const lines = echo.log.length;
  const post = (size_bytes, type) => send('/', { method: 'POST', headers: ['Content-Type', type, 'X-Do', '{"do":"result","value":1}'], body: Buffer.alloc(size_bytes, 'a') });
  assert.equal((await post(MAX_REQUEST_BYTES + 1, 'text/plain')).status, 413);
  // The growth by base64 counts.
  assert.equal((await post(5000000, 'image/png')).status, 413);
  assert.equal(echo.log.length, lines);
  assert.equal((await post(5000000, 'text/plain')).status, 200);
});

test('Function URL: requests at once run in environments of their own, one event at a time each', async () => {
  const many = cloud.addFunction({ name: 'many', command: TINY, ...NO_HURRY, concurrency: 3 });
  const at = await cloud.addUrl(many);
  const all = await Promise.all(Array.from({ length: 9 }, (_, i) => ask({ do: 'result', value: i }, { at })));
  assert.deepEqual(all.map((one) => one.text), Array.from({ length: 9 }, (_, i) => String(i)));
  assert.ok(many.all.size > 1 && many.all.size <= 3, `${many.all.size} environments`);
  assert.equal(cloud.describe().urls.many, at);
});

test('EventBridge: a pattern matches as AWS documents it', () => {
  const event = { source: 'aws.s3', detail: { bucket: { name: 'photos' }, object: { key: 'uploads/a.jpg', size: 5 } }, tags: ['x', 'y'] };
  const key = (...conditions) => matchesPattern({ detail: { object: { key: conditions } } }, event);
  assert.ok(key('uploads/a.jpg') && !key('uploads/b.jpg'));
  assert.ok(key({ prefix: 'uploads/' }) && !key({ prefix: 'a' }) && key({ suffix: '.jpg' }) && !key({ suffix: '.png' }));
  assert.ok(key({ wildcard: 'uploads/*.jpg' }) && !key({ wildcard: 'uploads/*.png' }) && key({ wildcard: '*' }) && !key({ wildcard: 'a.jpg' }));
  assert.ok(key({ 'anything-but': { wildcard: '*/processed/*' } }) && !key({ 'anything-but': { wildcard: ['*/x/*', 'up*'] } }));
  assert.ok(!key({ 'anything-but': 'uploads/a.jpg' }) && key({ 'anything-but': ['b', 'c'] }) && !key({ 'anything-but': { prefix: 'up' } }));
  assert.ok(key('no', { prefix: 'up' }), 'a list means "or"');
  assert.ok(matchesPattern({ tags: ['y'] }, event) && !matchesPattern({ tags: ['z'] }, event), 'a list in the event matches by one of its elements');
  assert.ok(matchesPattern({ none: [{ exists: false }] }, event) && !matchesPattern({ none: { deeper: ['x'] } }, event));
  assert.ok(matchesPattern({ detail: { object: { size: [5] } } }, event) && !matchesPattern({ detail: { object: { size: ['5'] } } }, event));
  assert.throws(() => key({ numeric: ['>', 1] }), /numeric is not implemented/);
  assert.throws(() => cloud.addRule({ detail: { object: { key: [{ cidr: '10.0.0.0/8' }] } } }, echo), /cidr is not implemented/);
});

test('EventBridge: the input transformer fills strings and values', () => {
  const event = { time: '2026-11-28T00:00:00Z', detail: { n: 5, text: 'a "b"' } };
  const paths = { time: '$.time', n: '$.detail.n', text: '$.detail.text', detail: '$.detail' };
  const fill = (template) => JSON.parse(transformInput({ paths, template }, event));
  assert.deepEqual(fill('{"time":"<time>","n":<n>,"text":"say <text>","bare":<text>,"all":<detail>}'), { time: event.time, n: 5, text: 'say a "b"', bare: 'a "b"', all: event.detail });
  assert.deepEqual(fill('{"quoted":"\\"<n>\\""}'), { quoted: '"5"' });
  assert.throws(() => fill('{"x":<unknown>}'), /<unknown>/);
});

test('an upload with a rule that excludes the outputs is one event; with a notification all are', async () => {
  const seen = cloud.addFunction({ name: 'seen', command: TINY, ...NO_HURRY, environment: { TINY_ECHO: '1' } });
  const starts = () => seen.log.filter((line) => line.startsWith('START')).length;
  const put = (key) => cloud.s3.handle({ method: 'PUT', bucket: 'photos', key, query: {}, headers: {}, trailers: {}, body: Buffer.from('x') });
  const upload = async () => {
    await put('uploads/a.jpg');
    for (const size of ['large', 'medium', 'small', 'thumbnail']) await put(`uploads/processed/${size}/a.jpg`);
    await cloud.settle();
  };
  cloud.addRule(uploadsPattern('photos'), seen);
  const published = cloud.published;
  await upload();
  assert.equal(starts(), 1);
  assert.equal(cloud.published - published, 5, 'EventBridge charges for all of them');
  cloud.rules.length = 0;
  cloud.notify('photos', 'uploads/', seen);
  await upload();
  cloud.triggers.length = 0;
  assert.equal(starts(), 6);
});

test('a rule delivers the event, or its input, and publish() delivers any event', async () => {
  const results = [];
  const target = { invokeAsync: (event) => results.push(event) };
  cloud.addRule({ source: ['mine'] }, target);
  cloud.addRule({ source: ['mine'] }, target, { input: { n: '<n>' }, paths: { n: '$.detail.n' } });
  cloud.publish({ source: 'mine', detail: { n: 3 } });
  cloud.publish({ source: 'other' });
  assert.deepEqual(results, [{ source: 'mine', detail: { n: 3 } }, '{"n":"3"}']);
});

const at = (text) => Date.parse(text);
const iso = (ms) => ms && new Date(ms).toISOString().slice(0, 16);

test('cron and rate expressions have the times that AWS has', () => {
  const times = (expression, from, count = 3) => {
    const next = parseSchedule(expression, at(from));
    const all = [];
    for (let ms = at(from); all.length < count; ) all.push(iso((ms = next(ms))));
    return all;
  };
  // The three of the settlement reports; 2026-11-28 is a Saturday.
  assert.deepEqual(times('cron(0 0 * * ? *)', '2026-11-28T00:00Z'), ['2026-11-29T00:00', '2026-11-30T00:00', '2026-12-01T00:00']);
  assert.deepEqual(times('cron(0 0 ? * MON *)', '2026-11-28T10:00Z'), ['2026-11-30T00:00', '2026-12-07T00:00', '2026-12-14T00:00']);
  assert.deepEqual(times('cron(0 0 1 * ? *)', '2026-11-28T10:00Z'), ['2026-12-01T00:00', '2027-01-01T00:00', '2027-02-01T00:00']);
  assert.deepEqual(times('cron(0/15 8-9,20 ? * 2-6 *)', '2026-11-27T09:30Z'), ['2026-11-27T09:45', '2026-11-27T20:00', '2026-11-27T20:15']);
  assert.deepEqual(times('cron(5 0 29 2 ? *)', '2026-11-28T00:00Z', 2), ['2028-02-29T00:05', '2032-02-29T00:05']);
  assert.deepEqual(times('cron(0 12 L * ? *)', '2026-11-28T00:00Z'), ['2026-11-30T12:00', '2026-12-31T12:00', '2027-01-31T12:00']);
  assert.deepEqual(times('rate(5 minutes)', '2026-11-28T00:01Z'), ['2026-11-28T00:06', '2026-11-28T00:11', '2026-11-28T00:16']);
  assert.deepEqual(times('rate(1 day)', '2026-11-28T00:01Z', 1), ['2026-11-29T00:01']);
  assert.equal(parseSchedule('cron(0 0 1 1 ? 2020)')(at('2026-11-28T00:00Z')), null, 'in the past');
  for (const wrong of ['cron(0 0 * * * *)', 'cron(0 0 ? * ? *)', 'cron(60 0 * * ? *)', 'cron(0 0 * * ?)', 'cron(0 0 ? * 2#1 *)', 'cron(5-1 0 * * ? *)', 'cron(0/0 0 * * ? *)', 'rate(0 minutes)', 'rate(5)', 'daily']) {
    assert.throws(() => parseSchedule(wrong), TypeError, wrong);
  }
});

test('schedules by an injected clock: every time once, with its own time in the event', () => {
  let now_ms = at('2026-11-28T00:00Z');
  const got = [];
  const target = { invokeAsync: (text) => got.push(JSON.parse(text)) };
  const schedules = new Schedules(() => now_ms);
  schedules.add(target, { name: 'daily', expression: 'cron(0 0 * * ? *)', input: '{"reportType":"daily","time":"<time>"}', region: 'ap-northeast-2' });
  schedules.tick();
  assert.deepEqual(got, []);
  now_ms += 25 * 3600 * 1000;
  schedules.tick();
  schedules.tick();
  assert.deepEqual(got.splice(0), [{ reportType: 'daily', time: '2026-11-29T00:00:00Z' }]);
  now_ms += 48 * 3600 * 1000;
  schedules.tick();
  assert.deepEqual(got.splice(0).map((event) => event.time), ['2026-11-30T00:00:00Z', '2026-12-01T00:00:00Z']);
  schedules.add(target, { name: 'sweep', expression: 'rate(5 minutes)', region: 'ap-northeast-2' });
  now_ms += 300000;
  schedules.tick();
  const [{ id, ...event }] = got.splice(0);
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(event, {
    version: '0', 'detail-type': 'Scheduled Event', source: 'aws.events', account: '000000000000', time: '2026-12-01T01:05:00Z',
    region: 'ap-northeast-2', resources: ['arn:aws:events:ap-northeast-2:000000000000:rule/sweep'], detail: {},
  });
  assert.throws(() => schedules.add(target, { name: 'sweep' }), /already/);
  assert.throws(() => schedules.add(target, { name: 'bad', input: '{"x":"<nothing>"}' }), /<nothing>/);
  assert.throws(() => schedules.add(target, { name: 'bad', expression: 'hourly' }), TypeError);
});

test('schedules by hand, from JS and from the control interface', async () => {
  const results = [];
  const target = cloud.addFunction({ name: 'scheduled', command: TINY, ...NO_HURRY, environment: { TINY_ECHO: '1' } });
  const byScheduler = { reportType: 'monthly', time: '<aws.scheduler.scheduled-time>' };
  const schedule = cloud.addSchedule(target, { name: 'monthly', input: byScheduler });
  results.push((await schedule.fire(at('2026-12-01T00:00:00Z'))).payload);
  const fire = (name, body) => fetch(`${cloud.control.url}/schedules/${name}/fire`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal((await fire('monthly', { time: '2027-01-01T00:00:00Z' })).status, 200);
  await cloud.settle();
  assert.equal((await fire('monthly', { time: 'tomorrow' })).status, 400);
  assert.equal((await fire('nonesuch', {})).status, 400);
  assert.deepEqual(results, [{ reportType: 'monthly', time: '2026-12-01T00:00:00Z' }]);
  assert.equal(target.log.filter((line) => line.startsWith('START')).length, 2);
});

test('a schedule follows the clock of the cloud, and runs by itself', async () => {
  const target = cloud.addFunction({ name: 'clocked', command: TINY, ...NO_HURRY, environment: { TINY_ECHO: '1' } });
  const starts = () => target.log.filter((line) => line.startsWith('START')).length;
  cloud.addSchedule(target, { name: 'nightly', expression: 'rate(1 day)' });
  await fetch(`${cloud.control.url}/clock`, { method: 'POST', body: '{"offset_s":86400}' });
  await cloud.settle();
  assert.equal(starts(), 1);
  cloud.addSchedule(target, { name: 'often', expression: 'rate(1 second)' });
  await until(() => starts() >= 3, 'it ran twice more by itself');
});

test('functions have names of their own', async () => {
  const [one, two] = [cloud.addFunction({ command: TINY }), cloud.addFunction({ command: TINY })];
  assert.notEqual(one.config.name, two.config.name);
  assert.throws(() => cloud.addFunction({ name: 'echo', command: TINY }), /there is a function echo already/);
});

test('nothing of a cloud is left after stop(): no port, no process, no timer that delivers', async () => {
  const other = await startCloud();
  const one = other.addFunction({ name: 'one', command: TINY, ...NO_HURRY, environment: { TINY_ECHO: '1' } });
  const address = await other.addUrl(one);
  let delivered = 0;
  other.addSchedule({ invokeAsync: () => (delivered += 1) }, { name: 'often', expression: 'rate(1 second)' });
  assert.equal((await send('/', { at: address })).status, 200);
  const [{ pid }] = one.all;
  // One that the function is still busy with.
  const pending = ask({ do: 'sleep', ms: 60000 }, { at: address }).catch((error) => error);
  await until(() => one.running === 1, 'it is busy');
  await other.stop();
  await pending;
  for (const gone of [address, other.front.url, other.control.url]) await assert.rejects(fetch(gone));
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  const before_stop = delivered;
  other.front.clock_offset_s = 3600;
  await new Promise((done) => setTimeout(done, 1200));
  assert.equal(delivered, before_stop);
});
