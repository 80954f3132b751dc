// The runtime (lambda/runtime) in the local cloud's Runtime API, with a function that does what its
// event states (tests/lambda/test_function.c). test_runtime_faults.mjs has a Runtime API that misbehaves.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LambdaFunction } from '../../lambda/local/function.mjs';
import { BUILD, NO_HURRY, run, until } from '../support/lambda.mjs';
import { failing } from '../support/system_calls.mjs';

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

test('an event goes in, its result comes out, cold then warm', async () => {
  const one = make();
  const value = { 한국: 'a+b "c" \\ \n', n: [1, -2.5, true, null], deep: { a: [] } };
  const cold = await one.invoke({ do: 'return', value });
  assert.deepEqual([cold.error, cold.payload], [false, value]);
  assert.ok(cold.init_ms > 0);
  const warm = await one.invoke({ do: 'return', value: 2 });
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

test('function ARN and client context reach the handler', async () => {
  const context = '{"client":{"app_title":"한글"}}';
  const { payload } = await make().invoke({ do: 'describe' }, { client_context: encodeURI(context) });
  assert.match(payload.functionArn, /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:test-function$/);
  assert.equal(decodeURI(payload.clientContext), context);
  assert.deepEqual([payload.cognitoIdentity, payload.tenantId], [null, null]);
});

test('the process leaves no core behind and cannot be read by others', async () => {
  const { payload } = await make().invoke({ do: 'describe' });
  assert.deepEqual([payload.coreLimit, payload.dumpable], [0, 0]);
});

test('no program that the process starts gets more privileges', async () => {
  const { payload, logs } = await make().invoke({ do: 'describe' });
  assert.equal(payload.noNewPrivs, 1);
  assert.equal(metrics(logs)[0].NoNewPrivsRefused, undefined);
});

test('where the system refuses that, the function works, and a metric of the cold start states it', async () => {
  const one = make({ ...NO_HURRY, command: failing({ call: 'prctl', error: 'EPERM', nth: 1, stays: true }, [TEST_FUNCTION]) });
  const cold = await one.invoke({ do: 'describe' });
  assert.deepEqual([cold.error, cold.payload.noNewPrivs], [false, -1]);
  assert.equal(metrics(cold.logs)[0].NoNewPrivsRefused, 1);
  assert.equal(metrics((await one.invoke({ do: 'return', value: 1 })).logs)[0].NoNewPrivsRefused, undefined);
});

test('a failure has its type and its message, whatever they are written in', async () => {
  const one = make();
  const message = '한글 "quoted" \\ back\nline\u0001 \u{1F600}';
  const failed = await one.invoke({ do: 'fail', type: 'Test.Bad', message });
  assert.deepEqual([failed.error, failed.error_type], [true, 'Test.Bad']);
  assert.deepEqual(failed.payload, { errorMessage: message, errorType: 'Test.Bad', stackTrace: [] });
  assert.match(failed.raw, /^[^\u0000-\u001f]+$/);
  const next = await one.invoke({ do: 'return', value: 1 });
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
  assert.equal(second.payload.traceId, null);
  assert.ok(events(first.logs).every((line) => line.requestId === first.request_id));
  assert.ok(metrics(third.logs).every((line) => line.requestId === third.request_id));
});

test('a result of 6 MiB goes through, a larger one is an error', async () => {
  const one = make();
  const limit = 6 * 1024 * 1024;
  const largest = await one.invoke({ do: 'large', bytes: limit - 2 });
  assert.deepEqual([largest.error, largest.payload.length], [false, limit - 2]);
  const larger = await one.invoke({ do: 'large', bytes: limit - 1 });
  assert.deepEqual([larger.error, larger.payload.errorType], [true, 'Function.ResponseSizeTooLarge']);
  assert.match(larger.payload.errorMessage, /6291456/);
  assert.deepEqual((await one.invoke({ do: 'return', value: 3 })).payload, 3);
});

test('logs are lines of JSON with a level and the request id', async () => {
  const one = make();
  const text = 'a\nb"}\u0085\u2028\u2029 forged {"level":"FATAL"}';
  const { logs, request_id } = await one.invoke({ do: 'log', level: 'WARN', text });
  const [line] = events(logs);
  assert.equal(line.level, 'WARN');
  assert.equal(line.requestId, request_id);
  assert.match(line.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(events(logs).length, 1);
  assert.equal(line.text, text);
  assert.doesNotMatch(logs.join('\n'), /[\u0080-\u009f\u2028\u2029]/);
});

test('the log level is obeyed, and the format', async () => {
  const quiet = make({ environment: { AWS_LAMBDA_LOG_LEVEL: 'ERROR' } });
  assert.deepEqual(events((await quiet.invoke({ do: 'log', level: 'WARN', text: 'x' })).logs), []);
  assert.equal(events((await quiet.invoke({ do: 'log', level: 'ERROR', text: 'x' })).logs).length, 1);
  const plain = make({ environment: { AWS_LAMBDA_LOG_FORMAT: 'Text' } });
  const { logs, request_id } = await plain.invoke({ do: 'log', level: 'WARN', text: '한글\u2028\u0085x' });
  const line = logs.find((one) => one.includes('a line'));
  assert.match(line, new RegExp(`^\\S+Z\\t${request_id}\\tWARN\\ta line\\ttext="한글\\\\u2028\\\\u0085x"$`));
});

test('metrics are a line in the embedded format, the cold start in the first only', async () => {
  const one = make({ environment: { METRICS_NAMESPACE: 'Shop' } });
  const [cold] = metrics((await one.invoke({ do: 'return', value: 1 })).logs);
  const [warm] = metrics((await one.invoke({ do: 'fail', type: 'T', message: 'm' })).logs);
  const directive = cold._aws.CloudWatchMetrics[0];
  assert.deepEqual([directive.Namespace, directive.Dimensions], ['Shop', [['FunctionName']]]);
  assert.deepEqual([cold.FunctionName, cold.ColdStarts, cold.Deeds, cold.Failures], ['test-function', 1, 1, 0]);
  assert.deepEqual([warm.ColdStarts, warm.Failures], [undefined, 1]);
  for (const line of [cold, warm]) {
    for (const { Name, Unit } of line._aws.CloudWatchMetrics[0].Metrics) {
      assert.equal(typeof line[Name], 'number', Name);
      assert.match(Unit, /^(Count|Milliseconds|Bytes)$/);
    }
  }
  const none = make({ environment: { METRICS_NAMESPACE: 'none' } });
  assert.deepEqual(metrics((await none.invoke({ do: 'return', value: 1 })).logs), []);
});

test('a metric by a dimension has a line of its own', async () => {
  const lines = metrics((await make().invoke({ do: 'count', kind: 'SMALL' })).logs);
  assert.deepEqual(lines.map((line) => line._aws.CloudWatchMetrics[0].Dimensions), [[['FunctionName']], [['FunctionName', 'Kind']]]);
  assert.deepEqual([lines[1].FunctionName, lines[1].Kind, lines[1].Things], ['test-function', 'SMALL', 1]);
  assert.equal(lines[0].MetricsDropped, undefined);
  const [line] = metrics((await make().invoke({ do: 'count', kind: '한글' })).logs);
  assert.equal(line.MetricsDropped, 1);
});

test('a failed start is posted to Lambda, and the process ends with status 1', async () => {
  const one = make({ environment: { TEST_FUNCTION_INIT: 'fail', TEST_FUNCTION_DETAIL: '설정이 없다' } });
  const failed = await one.invoke({ do: 'return', value: 1 });
  assert.equal(failed.error, true);
  assert.deepEqual(failed.payload, { errorType: 'Init.CONFIGURATION', errorMessage: '설정이 없다' });
  const [line] = events(failed.logs);
  assert.deepEqual([line.level, line.detail], ['FATAL', '설정이 없다']);
});

test('a setting of the runtime that is not valid fails the start', async () => {
  for (const [name, value] of [['AWS_LAMBDA_LOG_LEVEL', 'loud'], ['AWS_LAMBDA_LOG_FORMAT', 'xml'], ['METRICS_NAMESPACE', 'x'.repeat(300)]]) {
    const failed = await make({ environment: { [name]: value } }).invoke({ do: 'return', value: 1 });
    assert.deepEqual([failed.error, failed.payload.errorType], [true, 'Init.CONFIGURATION'], name);
    assert.match(failed.payload.errorMessage, new RegExp(`^${name} is not `));
    assert.ok(!failed.raw.includes(value), name);
  }
});

test('InitDuration is wall time from exec: waiting counts, in the start and before it', async () => {
  const initOf = async (config) => metrics((await make(config).invoke({ do: 'return', value: 1 })).logs)[0].InitDuration;
  const slow_ms = await initOf({ environment: { TEST_FUNCTION_WAIT: '120ms' } });
  assert.ok(slow_ms >= 120, `${slow_ms} ms`);
  // The process waits before main; the system states its start in ticks of 10 ms.
  const late_ms = await initOf({ command: ['/bin/sh', '-c', 'sleep 0.2; exec "$0"', TEST_FUNCTION] });
  assert.ok(late_ms >= 185, `${late_ms} ms`);
});

test('a crash fails the invocation and no other', async () => {
  const one = make();
  await one.invoke({ do: 'return', value: 1 });
  for (const event of [{ do: 'abort' }, { do: 'exit', status: 3 }]) {
    const crashed = await one.invoke(event);
    assert.deepEqual([crashed.error, crashed.payload.errorType], [true, 'Runtime.ExitError']);
    const next = await one.invoke({ do: 'describe' });
    assert.deepEqual([next.error, next.payload.events], [false, 1]);
  }
});

// An upper bound of a time that the machine's load can only lengthen: met once in so many attempts.
const ATTEMPTS = 20;
async function atMost(limit_ms, attempt) {
  const times_ms = [];
  for (let i = 0; i < ATTEMPTS; i += 1) {
    times_ms.push(await attempt());
    if (!IS_PLAIN || times_ms.at(-1) < limit_ms) return;
  }
  assert.fail(`never below ${limit_ms} ms: ${times_ms.map(Math.round).join(' ')}`);
}
// No SIGKILL from the test before this.
const PATIENCE_MS = 60000;

test('SIGTERM while waiting ends the process at once, with status 0', async () => {
  await atMost(200, async () => {
    const one = make();
    await one.invoke({ do: 'return', value: 1 });
    const [end] = await one.stop(PATIENCE_MS);
    assert.deepEqual([end.code, end.signal], [0, null]);
    return end.ms;
  });
});

// Sends SIGTERM while the handler runs: it has logged that it is at work, and works until the signal.
async function stopAtWork(finish) {
  const one = make();
  const working = one.invoke({ do: 'sigterm', finish });
  await until(() => one.log.some((line) => line.includes('at work')), 'the handler is at work', PATIENCE_MS);
  const [end] = await one.stop(PATIENCE_MS);
  return { end, result: await working };
}

test('SIGTERM in mid-work: short work is finished and its result posted', async () => {
  const { end, result } = await stopAtWork(true);
  assert.deepEqual([result.error, result.payload], [false, 'finished']);
  assert.deepEqual([end.code, end.signal], [0, null]);
});

test('SIGTERM in mid-work: long work is cut off in time, with status 0', async () => {
  // Lambda gives 300 to 500 ms; the work gets 250 of them.
  await atMost(300, async () => {
    const { end, result } = await stopAtWork(false);
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Runtime.ExitError']);
    assert.deepEqual([end.code, end.signal], [0, null]);
    assert.ok(end.ms >= 249, `${end.ms} ms`);
    assert.ok(result.logs.join().includes('ended by SIGTERM'));
    return end.ms;
  });
});

test('10,000 warm events: memory and descriptors stay as they are', { skip: !IS_PLAIN }, async () => {
  const one = make();
  const events = (n) => ({ do: n % 3 === 0 ? 'fail' : 'return', type: `T${n}`, message: `m${n}`, value: `v${n}` });
  for (let n = 0; n < 500; n++) await one.invoke(events(n));
  const [before] = one.stats();
  for (let n = 0; n < 9500; n++) await one.invoke(events(n));
  const [now] = one.stats();
  assert.equal(now.descriptors, before.descriptors);
  assert.equal(now.threads, 1);
  assert.ok(now.rss_kib <= before.rss_kib + 64, `${before.rss_kib} then ${now.rss_kib} KiB`);
});

// ---------------------------------------------------------------------- the command line

const cli = (args, environment = {}, input = undefined) =>
  run(TEST_FUNCTION, args, { env: { AWS_REGION: 'ap-northeast-2', ...environment }, input });

test('without Lambda it reports what is missing, with status 2', async () => {
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
  const good = await cli(['--event', '-'], {}, '{"do":"return","value":"한글"}');
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
