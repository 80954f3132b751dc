// The Runtime API server and the life of an execution environment, with a function that does what its
// event states.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { LambdaFunction } from '../../lambda/local/function.mjs';
import { MAX_RESPONSE_BYTES } from '../../lambda/local/runtime_api.mjs';
import { NO_HURRY, TINY, isAlive, run, sleep, until, TOP } from '../support/lambda.mjs';

const made = [];
const make = (config = {}) => {
  const one = new LambdaFunction({ command: TINY, name: 'tiny', ...NO_HURRY, ...config });
  made.push(one);
  return one;
};
after(() => Promise.all(made.map((one) => one.stop())));
const logged = (result) => result.logs.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

test('an event goes in and its result comes out, cold then warm', async () => {
  const tiny = make();
  const cold = await tiny.invoke({ do: 'result', value: { 한국: 'a+b', n: 1 } });
  assert.deepEqual([cold.error, cold.payload], [false, { 한국: 'a+b', n: 1 }]);
  assert.ok(cold.init_ms > 0);
  const warm = await tiny.invoke({ do: 'raw', text: 'no JSON at all' });
  assert.deepEqual([warm.error, warm.payload, warm.init_ms], [false, 'no JSON at all', null]);
  assert.equal(tiny.all.size, 1);
});

test('next carries request id, deadline, ARN and trace id', async () => {
  const tiny = make({ timeout_ms: 7000, region: 'eu-west-1' });
  const before = Date.now();
  const { payload, request_id } = await tiny.invoke({ do: 'headers' });
  assert.equal(payload['lambda-runtime-aws-request-id'], request_id);
  const deadline_ms = Number(payload['lambda-runtime-deadline-ms']);
  assert.ok(deadline_ms >= before + 7000 && deadline_ms <= Date.now() + 7000);
  assert.equal(payload['lambda-runtime-invoked-function-arn'], 'arn:aws:lambda:eu-west-1:000000000000:function:tiny');
  assert.match(payload['lambda-runtime-trace-id'], /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=/);
});

test('the environment is Lambda\'s and nothing else', async () => {
  process.env.CANARY = 'must not be seen';
  const { payload } = await make({ memory_mb: 256, environment: { MINE: '1' } }).invoke({ do: 'environment' });
  assert.equal(payload.CANARY, undefined);
  assert.equal(payload.MINE, '1');
  assert.equal(payload.AWS_LAMBDA_FUNCTION_MEMORY_SIZE, '256');
  assert.equal(payload.AWS_LAMBDA_INITIALIZATION_TYPE, 'on-demand');
  for (const name of ['AWS_LAMBDA_RUNTIME_API', 'AWS_LAMBDA_FUNCTION_NAME', '_HANDLER', 'LAMBDA_TASK_ROOT', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_LAMBDA_LOG_FORMAT', 'AWS_LAMBDA_LOG_LEVEL']) {
    assert.ok(payload[name], name);
  }
});

test('an error is the function\'s result and leaves it warm', async () => {
  const tiny = make();
  const failed = await tiny.invoke({ do: 'error', type: 'Tiny.Bad', message: '나쁜 것' });
  assert.deepEqual([failed.error, failed.error_type, failed.payload], [true, 'Tiny.Bad', { errorType: 'Tiny.Bad', errorMessage: '나쁜 것' }]);
  const next = await tiny.invoke({ do: 'result', value: 1 });
  assert.deepEqual([next.error, next.init_ms], [false, null]);
});

test('a wrong id is 400 InvalidRequestID', async () => {
  const result = await make().invoke({ do: 'wrong_id' });
  assert.equal(result.payload, 'right');
  assert.deepEqual(logged(result)[0], { status: 400, errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' });
});

test('a second result and a next without a result are 403 InvalidStateTransition', async () => {
  const tiny = make();
  const twice = await tiny.invoke({ do: 'twice' });
  assert.equal(twice.payload, 'first');
  assert.deepEqual([logged(twice)[0].status, logged(twice)[0].errorType], [403, 'InvalidStateTransition']);
  const skipped = await tiny.invoke({ do: 'skip_result' });
  assert.equal(skipped.payload, 'late');
  assert.deepEqual([logged(skipped)[0].status, logged(skipped)[0].errorType], [403, 'InvalidStateTransition']);
});

test('an event waits for the next request for work when the last one was given up', async () => {
  const tiny = make({ environment: { TINY_IMPATIENT: '1' } });
  for (let i = 0; i < 3; i += 1) {
    const { error, payload } = await tiny.invoke({ do: 'result', value: i });
    assert.deepEqual([error, payload], [false, i]);
    // By now its first request for work is gone and the second has not come yet.
    await until(() => [...tiny.all].every((one) => one.waiting_next === null), 'it has given up');
  }
});

test('the largest result passes, one byte more is 413 and the function goes on', async () => {
  const tiny = make();
  const fits = await tiny.invoke({ do: 'oversize', bytes: MAX_RESPONSE_BYTES });
  assert.deepEqual([fits.error, fits.raw.length, logged(fits)[0].status], [false, MAX_RESPONSE_BYTES, 202]);
  const over = await tiny.invoke({ do: 'oversize', bytes: MAX_RESPONSE_BYTES + 1 });
  assert.deepEqual([over.error, over.payload.errorType], [true, 'Function.ResponseSizeTooLarge']);
  assert.deepEqual([logged(over)[0].status, logged(over)[0].errorType], [413, 'RequestEntityTooLarge']);
  assert.equal((await tiny.invoke({ do: 'result', value: 5 })).payload, 5);
});

test('a timeout kills the process, and the next event gets a fresh one', async () => {
  const tiny = make({ timeout_ms: 300 });
  await tiny.invoke({ do: 'result', value: 0 });
  const [{ pid }] = tiny.all;
  const late = await tiny.invoke({ do: 'sleep', ms: 60000 });
  assert.deepEqual([late.error, late.payload.errorType], [true, 'Sandbox.Timedout']);
  assert.match(late.payload.errorMessage, /Task timed out after 0\.30 seconds/);
  assert.ok(late.duration_ms >= 290 && late.duration_ms < 60000);
  await until(() => !isAlive(pid), 'the process is gone');
  assert.ok((await tiny.invoke({ do: 'result', value: 1 })).init_ms > 0);
});

test('a crash is Runtime.ExitError, and the next event gets a fresh process', async () => {
  const tiny = make();
  const exit = await tiny.invoke({ do: 'exit', code: 7 });
  assert.deepEqual([exit.error, exit.payload.errorType], [true, 'Runtime.ExitError']);
  assert.match(exit.payload.errorMessage, /Error: Runtime exited with error: exit status 7/);
  const quiet = await tiny.invoke({ do: 'exit', code: 0 });
  assert.match(quiet.payload.errorMessage, /Runtime exited without providing a reason/);
  const killed = await tiny.invoke({ do: 'kill' });
  assert.match(killed.payload.errorMessage, /signal: SIGSEGV/);
  const fresh = await tiny.invoke({ do: 'result', value: 1 });
  assert.ok(!fresh.error && fresh.init_ms > 0);
});

test('an init error, an exit and a hang in init are distinguished', async () => {
  const failing = await make({ environment: { TINY_INIT: 'error' } }).invoke({});
  assert.deepEqual(failing.payload, { errorType: 'Tiny.Config', errorMessage: 'no such thing' });
  assert.ok(failing.logs.includes('init/error 202'));
  const exiting = await make({ environment: { TINY_INIT: 'exit' } }).invoke({});
  assert.deepEqual(exiting.payload, { errorType: 'Runtime.ExitError', errorMessage: 'Runtime exited with error: exit status 3' });
  const hanging = await make({ environment: { TINY_INIT: 'sleep' }, init_timeout_ms: 300 }).invoke({});
  assert.equal(hanging.payload.errorType, 'Sandbox.Timedout');
  const absent = await make({ command: '/no/such/bootstrap' }).invoke({});
  assert.equal(absent.payload.errorType, 'Runtime.InvalidEntrypoint');
});

test('the log has the lines of the function between START, END and REPORT', async () => {
  const { logs, request_id } = await make({ memory_mb: 512 }).invoke({ do: 'result', value: 1, log: 'one\ntwo' });
  assert.deepEqual(logs.slice(0, 4), [`START RequestId: ${request_id} Version: $LATEST`, 'one', 'two', `END RequestId: ${request_id}`]);
  assert.match(logs[4], /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$/);
});

test('an asynchronous event is tried three times, then kept aside', async () => {
  const tiny = make({ retry_delays_ms: [5, 10] });
  tiny.invokeAsync({ do: 'error', type: 'Tiny.Again', message: 'x' });
  await tiny.settle();
  const starts = tiny.log.filter((line) => line.startsWith('START'));
  assert.equal(starts.length, 3);
  assert.equal(new Set(starts).size, 1, 'the same request id each time');
  assert.equal(tiny.dead_letters.length, 1);
});

test('events beyond the concurrency wait their turn, and none is lost', async () => {
  const tiny = make({ concurrency: 2 });
  const results = await Promise.all(Array.from({ length: 40 }, (_, i) => tiny.invoke({ do: 'result', value: i })));
  assert.deepEqual(results.map((result) => result.payload), Array.from({ length: 40 }, (_, i) => i));
  assert.ok(tiny.all.size <= 2);
});

test('stop is SIGTERM; a process that stays is killed', async () => {
  const polite = make();
  await polite.invoke({ do: 'result', value: 1 });
  assert.equal((await polite.stop())[0].signal, 'SIGTERM');
  const stubborn = make({ environment: { TINY_STUBBORN: '1' } });
  await stubborn.invoke({ do: 'result', value: 1 });
  const [end] = await stubborn.stop(200);
  assert.equal(end.signal, 'SIGKILL');
  assert.ok(end.ms >= 190 && stubborn.log.includes('not now'));
});

test('the command line invokes once and reports the result', async () => {
  const invoke = (...args) => run(process.execPath, [`${TOP}/lambda/local/invoke.mjs`, ...args]);
  const done = await run(process.execPath, [`${TOP}/lambda/local/invoke.mjs`, '--json', '--event', '-', ...TINY], { input: '{"do":"result","value":3}' });
  assert.equal(done.status, 0);
  assert.deepEqual([JSON.parse(done.stdout).payload, JSON.parse(done.stdout).invocations], [3, 1]);
  assert.equal((await invoke('/no/such/bootstrap')).status, 1);
  assert.equal((await invoke()).status, 2);
  assert.equal((await invoke('--nonsense')).status, 2);
  assert.equal((await invoke('--help')).status, 0);
});

test('a stopped function takes no more', async () => {
  const tiny = make();
  await tiny.stop();
  await sleep(1);
  await assert.rejects(tiny.invoke({ do: 'result' }), /has been stopped/);
});
