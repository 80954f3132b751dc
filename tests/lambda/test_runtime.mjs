// The runtime of our own (lambda/runtime) under a Runtime API that behaves, and under one that does
// not, with a function that does what its event says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LambdaFunction } from '../../lambda/local/function.mjs';
import { BUILD, run, sleep, until } from '../support/lambda.mjs';

const TEST_FUNCTION = join(BUILD, 'tests/lambda/test_function');
// Sanitizers and valgrind are slow; only times near Lambda's own limits are checked.
const IS_PLAIN = !/asan|ubsan/.test(BUILD);

const made = [];
function make(config = {}) {
  const one = new LambdaFunction({ command: TEST_FUNCTION, name: 'test-function', timeout_ms: 10000, ...config });
  made.push(one);
  return one;
}
after(() => Promise.all(made.map((one) => one.stop())));

const objects = (lines) => lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const events = (lines) => objects(lines).filter((line) => line.message);
const metrics = (lines) => objects(lines).filter((line) => line._aws);

test('an event goes in, its answer comes out, cold then warm', async () => {
  const one = make();
  const value = { 한국: 'a+b "c" \\ \n', n: [1, -2.5, true, null], deep: { a: [] } };
  const cold = await one.invoke({ do: 'answer', value });
  assert.deepEqual([cold.error, cold.payload], [false, value]);
  assert.ok(cold.init_ms > 0);
  const warm = await one.invoke({ do: 'answer', value: 2 });
  assert.deepEqual([warm.error, warm.payload, warm.init_ms], [false, 2, null]);
});

test('request id, trace id and the time left reach the handler', async () => {
  const one = make({ timeout_ms: 5000 });
  const trace_id = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a87bd80c:0';
  const { payload, request_id } = await one.invoke({ do: 'describe' }, { trace_id });
  assert.equal(payload.requestId, request_id);
  assert.equal(payload.traceId, trace_id);
  assert.ok(payload.remainingMs > 3000 && payload.remainingMs <= 4700, String(payload.remainingMs));
});

test('the process leaves no core behind and cannot be read by others', async () => {
  const { payload } = await make().invoke({ do: 'describe' });
  assert.deepEqual([payload.coreLimit, payload.dumpable], [0, 0]);
});

test('a failure has its type and its message, whatever they are written in', async () => {
  const one = make();
  const message = '한글 "quoted" \\ back\nline\u0001 \u{1F600}';
  const failed = await one.invoke({ do: 'fail', type: 'Test.Bad', message });
  assert.deepEqual([failed.error, failed.error_type], [true, 'Test.Bad']);
  assert.deepEqual(failed.payload, { errorMessage: message, errorType: 'Test.Bad', stackTrace: [] });
  assert.match(failed.raw, /^[^\u0000-\u001f]+$/);
  const next = await one.invoke({ do: 'answer', value: 1 });
  assert.deepEqual([next.error, next.init_ms], [false, null]);
});

test('nothing of one invocation is left in the next', async () => {
  const one = make();
  const secret = 'canary-of-the-first-invocation';
  const first = await one.invoke({ do: 'fail', type: 'Test.First', message: secret });
  const second = await one.invoke({ do: 'describe' }, { trace_id: '' });
  const third = await one.invoke({ do: 'fail', type: 'T', message: 'm' });
  for (const later of [second, third]) {
    assert.ok(!later.raw.includes(secret) && !later.logs.join().includes(secret));
    assert.ok(!later.logs.join().includes(first.request_id));
  }
  assert.equal(second.payload.events, 2);
  assert.ok(events(first.logs).every((line) => line.requestId === first.request_id));
  assert.ok(metrics(third.logs).every((line) => line.requestId === third.request_id));
});

test('an answer of 6 MiB goes through, a larger one is an error', async () => {
  const one = make();
  const limit = 6 * 1024 * 1024;
  const largest = await one.invoke({ do: 'large', bytes: limit - 2 });
  assert.deepEqual([largest.error, largest.payload.length], [false, limit - 2]);
  const larger = await one.invoke({ do: 'large', bytes: limit - 1 });
  assert.deepEqual([larger.error, larger.payload.errorType], [true, 'Function.ResponseSizeTooLarge']);
  assert.match(larger.payload.errorMessage, /6291456/);
  assert.deepEqual((await one.invoke({ do: 'answer', value: 3 })).payload, 3);
});

test('logs are lines of JSON with a level and the request id', async () => {
  const one = make();
  const text = 'a\nb"}\u0000\u2028 forged {"level":"FATAL"}';
  const { logs, request_id } = await one.invoke({ do: 'log', level: 'WARN', text });
  const [line] = events(logs);
  assert.equal(line.level, 'WARN');
  assert.equal(line.requestId, request_id);
  assert.match(line.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(events(logs).length, 1);
});

test('the log level is obeyed, and the format', async () => {
  const quiet = make({ environment: { AWS_LAMBDA_LOG_LEVEL: 'ERROR' } });
  assert.deepEqual(events((await quiet.invoke({ do: 'log', level: 'WARN', text: 'x' })).logs), []);
  assert.equal(events((await quiet.invoke({ do: 'log', level: 'ERROR', text: 'x' })).logs).length, 1);
  const plain = make({ environment: { AWS_LAMBDA_LOG_FORMAT: 'Text' } });
  const { logs, request_id } = await plain.invoke({ do: 'log', level: 'WARN', text: '한글\nx' });
  const line = logs.find((one) => one.includes('told to log'));
  assert.match(line, new RegExp(`^\\S+Z\\t${request_id}\\tWARN\\ttold to log\\ttext="한글\\\\nx"$`));
});

test('metrics are a line in the embedded format, the cold start in the first only', async () => {
  const one = make({ environment: { METRICS_NAMESPACE: 'Shop' } });
  const [cold] = metrics((await one.invoke({ do: 'answer', value: 1 })).logs);
  const [warm] = metrics((await one.invoke({ do: 'fail', type: 'T', message: 'm' })).logs);
  const directive = cold._aws.CloudWatchMetrics[0];
  assert.deepEqual([directive.Namespace, directive.Dimensions], ['Shop', [['FunctionName']]]);
  assert.deepEqual([cold.FunctionName, cold.ColdStarts, cold.Told, cold.Failures], ['test-function', 1, 1, 0]);
  assert.deepEqual([warm.ColdStarts, warm.Failures], [undefined, 1]);
  for (const line of [cold, warm]) {
    for (const { Name, Unit } of line._aws.CloudWatchMetrics[0].Metrics) {
      assert.equal(typeof line[Name], 'number', Name);
      assert.match(Unit, /^(Count|Milliseconds|Bytes)$/);
    }
  }
  const none = make({ environment: { METRICS_NAMESPACE: 'none' } });
  assert.deepEqual(metrics((await none.invoke({ do: 'answer', value: 1 })).logs), []);
});

test('a start that fails is told to Lambda, and the process ends with status 1', async () => {
  const one = make({ environment: { TEST_FUNCTION_INIT: 'fail', TEST_FUNCTION_DETAIL: '설정이 없다' } });
  const failed = await one.invoke({ do: 'answer', value: 1 });
  assert.equal(failed.error, true);
  assert.deepEqual(failed.payload, { errorType: 'Init.CONFIGURATION', errorMessage: '설정이 없다' });
  const [line] = events(failed.logs);
  assert.deepEqual([line.level, line.detail], ['FATAL', '설정이 없다']);
});

test('a crash fails the invocation and no other', async () => {
  const one = make();
  await one.invoke({ do: 'answer', value: 1 });
  for (const event of [{ do: 'abort' }, { do: 'exit', status: 3 }]) {
    const crashed = await one.invoke(event);
    assert.deepEqual([crashed.error, crashed.payload.errorType], [true, 'Runtime.ExitError']);
    const next = await one.invoke({ do: 'describe' });
    assert.deepEqual([next.error, next.payload.events], [false, 1]);
  }
});

test('SIGTERM while waiting ends the process at once, with status 0', async () => {
  const one = make();
  await one.invoke({ do: 'answer', value: 1 });
  const [end] = await one.stop();
  assert.deepEqual([end.code, end.signal], [0, null]);
  if (IS_PLAIN) assert.ok(end.ms < 200, `${end.ms} ms`);
});

test('SIGTERM in mid-work: short work is finished and answered', async () => {
  const one = make();
  await one.invoke({ do: 'answer', value: 1 });
  const working = one.invoke({ do: 'sleep', ms: 120 });
  await sleep(40);
  const [end] = await one.stop();
  const result = await working;
  assert.deepEqual([result.error, result.payload], [false, null]);
  assert.deepEqual([end.code, end.signal], [0, null]);
});

test('SIGTERM in mid-work: long work is given up in time, with status 0', async () => {
  const one = make();
  await one.invoke({ do: 'answer', value: 1 });
  const working = one.invoke({ do: 'sleep', ms: 5000 });
  await sleep(40);
  const [end] = await one.stop();
  const result = await working;
  assert.deepEqual([result.error, result.payload.errorType], [true, 'Runtime.ExitError']);
  assert.deepEqual([end.code, end.signal], [0, null]);
  assert.ok(end.ms < 490, `${end.ms} ms`);
  assert.ok(result.logs.join().includes('ended by SIGTERM'));
});

test('10,000 warm events: memory and descriptors stay as they are', { skip: !IS_PLAIN }, async () => {
  const one = make();
  const events = (n) => ({ do: n % 3 === 0 ? 'fail' : 'answer', type: `T${n}`, message: `m${n}`, value: `v${n}` });
  for (let n = 0; n < 500; n++) await one.invoke(events(n));
  const [before] = one.stats();
  for (let n = 0; n < 9500; n++) await one.invoke(events(n));
  const [now] = one.stats();
  assert.equal(now.descriptors, before.descriptors);
  assert.equal(now.threads, 1);
  assert.ok(now.rss_kib <= before.rss_kib + 64, `${before.rss_kib} then ${now.rss_kib} KiB`);
});

// ---------------------------------------------------------------------- a Runtime API that misbehaves

// handlers: answer for each request by "METHOD path-end"; what it got is in `got`.
async function misbehaving(handlers, work) {
  const got = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const path = request.url.replace('/2018-06-01/runtime/', '');
      const entry = { what: `${request.method} ${path}`, headers: request.headers, body: Buffer.concat(parts).toString() };
      got.push(entry);
      const name = path.split('/').pop();
      handlers[name]({ response, count: got.filter((one) => one.what.endsWith(name)).length, entry });
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const child = spawn(TEST_FUNCTION, [], {
    env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${server.address().port}`, AWS_SECRET_ACCESS_KEY: 'canary-secret' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  const kill = setTimeout(() => child.kill('SIGKILL'), 10000);
  try {
    return await work({ got, child, ended, log: () => log });
  } finally {
    clearTimeout(kill);
    child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
  }
}

const give = (response, id, event) =>
  response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': id, 'Lambda-Runtime-Deadline-Ms': String(Date.now() + 5000) }).end(JSON.stringify(event));
const accept = ({ response }) => response.writeHead(202).end('{"status":"OK"}');
const whats = (got) => got.map((one) => one.what);

test('a 413 is answered with an error, and the next event is taken', async () => {
  for (const status of [202, 400, 403]) {
    await misbehaving({
      next: ({ response, count }) => count <= 2 && give(response, `id-${count}`, { do: 'answer', value: count }),
      response: ({ response, count }) => (count === 1 ? response.writeHead(413).end('{"errorType":"RequestEntityTooLarge"}') : accept({ response })),
      error: ({ response }) => response.writeHead(status).end('{}'),
    }, async ({ got }) => {
      await until(() => got.length === 6, 'all has been asked');
      assert.deepEqual(whats(got), [
        'GET invocation/next', 'POST invocation/id-1/response', 'POST invocation/id-1/error', 'GET invocation/next',
        'POST invocation/id-2/response', 'GET invocation/next',
      ]);
      assert.equal(JSON.parse(got[2].body).errorType, 'Function.ResponseSizeTooLarge');
      assert.equal(got[2].headers['lambda-runtime-function-error-type'], 'Function.ResponseSizeTooLarge');
    });
  }
});

test('an answer that is refused for another reason is no reason to end', async () => {
  await misbehaving({
    next: ({ response, count }) => count <= 2 && give(response, `id-${count}`, { do: 'answer', value: count }),
    response: ({ response }) => response.writeHead(400).end('{"errorType":"InvalidRequestID"}'),
  }, async ({ got, log }) => {
    await until(() => got.length === 5, 'the third event is asked for');
    assert.match(log(), /Lambda does not take the answer/);
  });
});

test('a Runtime API that fails ends the process with status 1', async () => {
  const bad_next = {
    'status 500': ({ response }) => response.writeHead(500).end(),
    'status 403': ({ response }) => response.writeHead(403).end(),
    'no request id': ({ response }) => response.writeHead(200).end('{}'),
    'an id with a slash': ({ response }) => give(response, '../../init/error', {}),
    'an id that is too long': ({ response }) => give(response, 'x'.repeat(129), {}),
    'no HTTP': ({ response }) => response.socket.end('hello\r\n\r\n'),
    'a lost connection': ({ response }) => response.socket.destroy(),
  };
  for (const [name, next] of Object.entries(bad_next)) {
    await misbehaving({ next, response: accept, error: accept }, async ({ ended, log, got }) => {
      assert.deepEqual(await ended, { code: 1, signal: null }, name);
      assert.match(log(), /"level":"FATAL"/, name);
      assert.ok(got.length <= 3 && got.every((one) => one.what === 'GET invocation/next'), name);
      assert.ok(!log().includes('canary'), name);
    });
  }
  await misbehaving({
    next: ({ response }) => give(response, 'id', { do: 'answer', value: 1 }),
    response: ({ response }) => response.writeHead(500).end(),
  }, async ({ ended }) => assert.deepEqual(await ended, { code: 1, signal: null }));
});

test('a kept connection that died while frozen is replaced', async () => {
  await misbehaving({
    next: ({ response, count }) => {
      if (count === 2) response.socket.destroy();
      else if (count <= 3) give(response, `id-${count}`, { do: 'answer', value: count });
    },
    response: accept,
  }, async ({ got }) => {
    await until(() => got.some((one) => one.what === 'POST invocation/id-3/response'), 'the event after it is answered');
  });
});

test('an event that is no JSON is the handler\'s to judge', async () => {
  await misbehaving({
    next: ({ response, count }) => count === 1 && response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': 'id' }).end('{broken'),
    error: accept,
  }, async ({ got }) => {
    await until(() => got.length === 3, 'the next event is asked for');
    assert.equal(JSON.parse(got[1].body).errorType, 'Test.Malformed');
  });
});

test('waiting for an event has no time limit', async () => {
  await misbehaving({
    next: ({ response, count }) => count === 1 && setTimeout(() => give(response, 'id', { do: 'answer', value: 1 }), 3500),
    response: accept,
  }, async ({ got }) => {
    await until(() => got.length === 3, 'the late event is answered');
    assert.equal(got[1].body, '1');
  });
});

// ---------------------------------------------------------------------- the command line

const cli = (args, environment = {}, input = undefined) =>
  run(TEST_FUNCTION, args, { env: { AWS_REGION: 'ap-northeast-2', ...environment }, input });

test('without Lambda it says what is missing, with status 2', async () => {
  const { status, stdout, stderr } = await cli([]);
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /AWS_LAMBDA_RUNTIME_API is not set/);
  for (const args of [['--frob'], ['--event'], ['--event', 'a', 'b'], ['x']]) {
    assert.equal((await cli(args)).status, 2, args.join(' '));
  }
});

test('--help is for people', async () => {
  const { status, stdout } = await cli(['--help']);
  assert.equal(status, 0);
  assert.match(stdout, /^usage: test-function/);
  assert.match(stdout, /--event FILE/);
});

test('--event handles one event from a file or standard input', async () => {
  const good = await cli(['--event', '-'], {}, '{"do":"answer","value":"한글"}');
  assert.deepEqual([good.status, good.stdout, good.stderr], [0, '"한글"\n', '']);
  const failed = await cli(['--event', '-'], {}, '{"do":"fail","type":"T","message":"한글"}');
  assert.deepEqual([failed.status, failed.stdout], [1, '']);
  assert.match(failed.stderr, /test-function: T: 한글/);
  const missing = await cli(['--event', '/nonexistent/event.json']);
  assert.equal(missing.status, 1);
  assert.match(missing.stderr, /cannot read \/nonexistent\/event.json/);
  assert.equal((await cli(['--event', '-'], { TEST_FUNCTION_INIT: 'fail' }, '{}')).status, 1);
});

test('an address of the Runtime API that is none is refused', async () => {
  for (const address of ['a b', 'host/path', 'user@host', 'x'.repeat(300), '%0d%0a']) {
    const { status, stderr } = await cli([], { AWS_LAMBDA_RUNTIME_API: address });
    assert.equal(status, 1, address);
    assert.match(stderr, /AWS_LAMBDA_RUNTIME_API is not HOST:PORT/, address);
  }
});
