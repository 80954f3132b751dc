// The deployment check: working versions of the four functions pass; those that fail, time out, return
// something else, or do something else than they report do not; CodeDeploy gets one status, whatever happens.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { DeployCloud, PREFIX, SIZES, UPLOADS } from '../support/deploy.mjs';
import { describe, outputKey } from '../support/image.mjs';
import { TINY } from '../support/lambda.mjs';

let one;
before(async () => (one = await DeployCloud.start()));
after(() => one?.stop());
afterEach(() => {
  one.cloud.front.faults.clear();
  one.cloud.triggers.length = 0;
});

const passes = async (...args) => {
  const { status, puts, result, ...rest } = await one.deploy(...args);
  assert.deepEqual([status, puts, result.error], ['Succeeded', 1, false], `${result.raw}\n${result.logs.join('\n')}`);
  return { result, ...rest };
};
const refuses = async (reason, text, ...args) => {
  const { status, puts, result, ...rest } = await one.deploy(...args);
  assert.deepEqual([status, puts, result.error, rest.reason], ['Failed', 1, false, reason], `${result.raw}\n${result.logs.join('\n')}`);
  assert.match(rest.detail, text);
  const [line] = result.logs.filter((text_line) => text_line.startsWith('{')).map((text_line) => JSON.parse(text_line)).filter(({ message }) => message === 'version refused');
  assert.deepEqual([line.level, line.reason, line.detail], ['ERROR', reason, rest.detail]);
  return rest;
};
const counted = async (work) => {
  one.cloud.front.forget();
  await work();
  return Object.fromEntries(Object.entries(one.cloud.front.counts).map(([name, { requests }]) => [name, requests]));
};

// ---------------------------------------------------------------------- versions that work

test('image: the known picture is rotated and fitted into every size, under a key of its own', async () => {
  const before = one.keys();
  const counts = await counted(() => passes('image', '2'));
  const [source, ...outputs] = one.keys().filter((key) => !before.includes(key)).sort((a, b) => a.includes('/processed/') - b.includes('/processed/'));
  assert.match(source, new RegExp(`^${PREFIX}d-[0-9A-F]{9}/[0-9a-f-]{36}/picture\\.jpg$`));
  assert.deepEqual(describe(one.peek(source).body), { type: 'image/jpeg', width: 1600, height: 1200 });
  assert.equal(outputs.length, 4);
  for (const [size, [width, height]] of Object.entries(SIZES)) {
    assert.deepEqual(describe(one.peek(outputKey(source, size)).body), { type: 'image/jpeg', width, height }, size);
  }
  // What the check itself asks for: its rights. The rest is the image function's.
  assert.deepEqual([counts['codedeploy.GetDeployment'], counts['codedeploy.PutLifecycleEventHookExecutionStatus'], counts['lambda.Invoke']], [1, 1, 1]);
  assert.equal(counts['s3.DeleteObject'] ?? 0, 0);
});

test('image: the live version works on the picture too, and the result is still the new one\'s', async () => {
  one.cloud.notify(UPLOADS, 'uploads/', one.live);
  const check = one.addCheck({ environment: { CHECK_LIVE_WAIT: '60s' } });
  const { result } = await passes('image', '2', { check });
  await one.cloud.settle();
  assert.ok(result.logs.some((line) => line.includes('"madeByLiveVersion":true')), result.logs.join('\n'));
  assert.ok(one.live.log.some((line) => line.includes('"message":"made"') && line.includes('deploy-check')));
  // A version that reports them as made, while all that is there is the live version's.
  const idle = one.version('image', ({ tasks: [{ taskId }] }) => JSON.stringify({ results: [{ taskId, resultCode: 'Succeeded', resultString: 'made' }] }));
  await refuses('OUTPUT', /^large is not made by the new version$/, 'image', idle, { check });
});

test('email: a batch that sends nothing, and names what has to come again', async () => {
  const counts = await counted(() => passes('email', '2'));
  assert.deepEqual(Object.keys(counts).filter((name) => !/^(codedeploy|lambda)\./.test(name)), [], 'no mail, no record, no dead letter');
  assert.deepEqual(one.settlement.queued('mails-dead'), []);
});

test('settlement: a dry run of yesterday writes nothing', async () => {
  await one.settlement.query("UPDATE orders SET confirmed_at = UTC_TIMESTAMP() - INTERVAL 1 DAY WHERE id = 1001");
  const { log } = one.settlement.handler;
  const [objects, lines] = [one.settlement.objects(), log.length];
  await passes('settlement', '2');
  assert.deepEqual([one.settlement.objects(), one.settlement.mailIds(), await one.settlement.count('settlement_runs')], [objects, [], 0]);
  assert.ok(log.slice(lines).some((line) => line.startsWith('REPORT')));
});

test('webhook: a forged signature is 401, GET is 405', async () => {
  await passes('webhook', '2');
  const { log } = one.cloud.functions.get('webhook:2');
  const statuses = log.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)).map(({ status, httpStatus }) => httpStatus ?? status).filter(Boolean);
  assert.deepEqual(statuses, [401, 405]);
});

// ---------------------------------------------------------------------- versions that do not

const FUNCTIONS = ['image', 'email', 'settlement', 'webhook'];

test('a version that fails, crashes or times out is refused', async () => {
  for (const name of FUNCTIONS) {
    const failing = one.version(name, () => {
      throw { errorType: 'Image.NO_MEMORY', errorMessage: 'out of\nmemory' }; // eslint-disable-line no-throw-literal
    });
    await refuses('FUNCTION_ERROR', /^the version failed: Image\.NO_MEMORY: out of.memory$/, name, failing);
  }
  one.cloud.addFunction({ name: 'image', version: '50', command: TINY, init_timeout_ms: 300, environment: { TINY_INIT: 'sleep' } });
  await refuses('FUNCTION_ERROR', /Sandbox\.Timedout/, 'image', '50');
  one.cloud.addFunction({ name: 'email', version: '50', command: TINY, init_timeout_ms: 60000, environment: { TINY_INIT: 'exit' } });
  await refuses('FUNCTION_ERROR', /Runtime\.ExitError/, 'email', '50');
  one.cloud.addFunction({ name: 'webhook', version: '50', command: ['/no/such/program'] });
  await refuses('FUNCTION_ERROR', /Runtime\.InvalidEntrypoint/, 'webhook', '50');
});

test('a version whose result is something else is refused', async () => {
  for (const name of FUNCTIONS) {
    for (const text of ['', 'null', 'oops', '{"a":', '"made"', '[]', '{}', '{"results":[{}],"batchItemFailures":{},"statusCode":"401","status":"closed"}', '{"x":"\xff"}']) {
      await refuses('RESULT', /./, name, one.version(name, () => text));
    }
    await refuses('INVOKE', /TOO_LARGE|larger/, name, one.version(name, () => JSON.stringify('x'.repeat(1 << 20))));
  }
});

test('image: wrong outputs are refused', async () => {
  await passes('image', '2');
  const good = one.keys().findLast((key) => key.includes('/processed/thumbnail/'));
  const bytesOf = (size) => one.peek(good.replace('/thumbnail/', `/${size}/`)).body;
  // Makes the outputs by hand, with one that is changed.
  const making = (size, { body, metadata = {}, type, is_missing, code = 'Succeeded', text = 'made' } = {}) => one.version('image', async ({ tasks: [{ taskId, s3Key }] }) => {
    const etag = one.peek(s3Key).etag.replaceAll('"', '');
    for (const name of Object.keys(SIZES)) {
      const changed = name === size;
      if (changed && is_missing) continue;
      await one.put(outputKey(s3Key, name), changed && body ? body : bytesOf(name),
        { 'processed-at': new Date().toISOString(), 'source-etag': etag, ...(changed ? metadata : {}) }, changed ? type : undefined);
    }
    return JSON.stringify({ results: [{ taskId, resultCode: code, resultString: text }] });
  });
  await passes('image', making());
  await refuses('OUTPUT', /^medium has 900x1200 pixels instead of 600x800$/, 'image', making('medium', { body: bytesOf('large') }));
  const turned = Buffer.from(bytesOf('small'));
  const frame = turned.indexOf(Buffer.from([0xff, 0xc0])) >= 0 ? turned.indexOf(Buffer.from([0xff, 0xc0])) : turned.indexOf(Buffer.from([0xff, 0xc2]));
  turned.writeUInt16BE(300, frame + 5);
  turned.writeUInt16BE(400, frame + 7);
  await refuses('OUTPUT', /^small has 400x300 pixels instead of 300x400$/, 'image', making('small', { body: turned }));
  await refuses('OUTPUT', /^large is not a JPEG$/, 'image', making('large', { body: Buffer.from('not a picture') }));
  await refuses('OUTPUT', /^large is not a JPEG$/, 'image', making('large', { body: bytesOf('large').subarray(0, 1000) }));
  await refuses('OUTPUT', /^thumbnail is not a JPEG$/, 'image', making('thumbnail', { type: 'image/png' }));
  await refuses('OUTPUT', /^small is not made from the picture$/, 'image', making('small', { metadata: { 'source-etag': 'another' } }));
  await refuses('OUTPUT', /NoSuchKey|AccessDenied/, 'image', making('thumbnail', { is_missing: true }));
  await refuses('RESULT', /^the picture is not made: PermanentFailure: rejected: TRUNCATED$/, 'image', making('', { code: 'PermanentFailure', text: 'rejected: TRUNCATED' }));
  await refuses('RESULT', /^the picture is not made: Succeeded: skipped: PREFIX$/, 'image', making('', { text: 'skipped: PREFIX' }));
});

test('email, settlement, webhook: wrong results are refused', async () => {
  const cases = [
    ['email', () => '{"batchItemFailures":[]}', /has 0 messages/],
    ['email', ({ Records }) => JSON.stringify({ batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) }), /has 2 messages/],
    ['email', ({ Records: [{ messageId }] }) => JSON.stringify({ batchItemFailures: [{ itemIdentifier: messageId }] }), /has 1 messages/],
    ['settlement', () => '{"status":"dryRun","reportType":"daily","sellers":2,"done":0,"failed":2,"left":0,"totals":{}}', /none of 2 sellers/],
    ['settlement', () => '{"status":"dryRun","reportType":"daily","sellers":2,"done":1,"failed":0,"left":0,"totals":{}}', /of 2 sellers 1 are done/],
    ['settlement', () => '{"status":"closed","reportType":"daily","sellers":2,"done":2,"failed":0,"left":0,"totals":{}}', /not that of a dry run/],
    ['settlement', () => '{"status":"dryRun","reportType":"daily","sellers":2,"done":2,"failed":0,"left":0}', /not that of a dry run/],
    ['webhook', () => '{"statusCode":200,"body":"{}"}', /POST .* has the status 200 instead of 401/],
    ['webhook', () => '{"statusCode":401,"body":"{}"}', /GET .* has the status 401 instead of 405/],
    ['webhook', () => '{"statusCode":500,"body":"{}"}', /POST .* has the status 500/],
  ];
  for (const [name, run, text] of cases) await refuses('RESULT', text, name, one.version(name, run));
  // Sellers whose own data is bad are no fault of the version; neither is a day without sellers.
  await passes('settlement', one.version('settlement', () => '{"status":"dryRun","reportType":"daily","sellers":3,"done":1,"failed":1,"left":1,"totals":{}}'));
  await passes('settlement', one.version('settlement', () => '{"status":"dryRun","reportType":"daily","sellers":0,"done":0,"failed":0,"left":0,"totals":{}}'));
});

test('another version than that of the deployment, and one that is not there', async () => {
  one.cloud.lambda.setAlias('webhook', '77', '2');
  await refuses('WRONG_VERSION', /^version "2" ran instead of 77$/, 'webhook', '77');
  await refuses('INVOKE', /ResourceNotFoundException/, 'webhook', '78');
});

// ---------------------------------------------------------------------- deployments

test('a deployment that names no function to check is refused', async () => {
  const spec = (change) => {
    const document = { version: 0.0, Resources: [{ x: { Type: 'AWS::Lambda::Function', Properties: { Name: 'webhook', Alias: 'live', CurrentVersion: '1', TargetVersion: '2' } } }] };
    change(document, document.Resources[0].x);
    return JSON.stringify(document);
  };
  const cases = [
    [{ function: 'other' }, 'UNKNOWN_FUNCTION', /^other is none/],
    [{ appspec: 'version: 0.0\nResources:\n  - x:\n      Type: AWS::Lambda::Function' }, 'APPSPEC', /not written as JSON/],
    [{ appspec: spec((document) => document.Resources.push(document.Resources[0])) }, 'APPSPEC', /exactly one/],
    [{ appspec: spec((document) => delete document.Resources) }, 'APPSPEC', /exactly one/],
    [{ appspec: spec((document, x) => (x.Type = 'AWS::ECS::Service')) }, 'APPSPEC', /no function/],
    [{ appspec: spec((document, x) => (x.Properties.Name = 'a/../b')) }, 'APPSPEC', /Name/],
    [{ appspec: spec((document, x) => (x.Properties.TargetVersion = '$LATEST')) }, 'APPSPEC', /TargetVersion/],
    [{ appspec: spec((document, x) => (x.Properties.TargetVersion = '')) }, 'APPSPEC', /TargetVersion/],
    [{ revision_type: 'S3' }, 'DEPLOYMENT', /no AppSpec/],
  ];
  for (const [more, reason, text] of cases) await refuses(reason, text, more.function ?? 'webhook', '2', more);
  // The version as a number, and the older kind of revision.
  await passes('webhook', '2', { appspec: spec((document, x) => (x.Properties.TargetVersion = 2)) });
  await passes('webhook', '2', { revision_type: 'String' });
});

test('the deadline: Failed is reported while there is still time', async () => {
  const held = Promise.withResolvers();
  const check = one.addCheck({ timeout_ms: 5000 });
  try {
    await refuses('DEADLINE', /the time given for the call is used up/, 'webhook', one.version('webhook', () => held.promise), { check });
  } finally {
    held.resolve('{}');
  }
});

test('calls that fail: what may have run is not invoked again, and one status is reported', async () => {
  const { faults } = one.cloud.front;
  const run = one.version('webhook', ({ requestContext: { http: { method } } }) => JSON.stringify({ statusCode: method === 'GET' ? 405 : 401 }));
  const { events } = one.cloud.functions.get(`webhook:${run}`);
  faults.add({ service: 'lambda', action: 'throttle', code: 'TooManyRequestsException', status: 429 });
  await passes('webhook', run);
  assert.equal(events.length, 2);
  faults.add({ service: 'lambda', action: 'status', status: 500, code: 'ServiceException', done: true });
  await refuses('INVOKE', /ServiceException/, 'webhook', run);
  assert.equal(events.length, 3, 'one invocation, whose result is lost');
  faults.add({ service: 'lambda', action: 'refuse', code: 'ResourceConflictException' });
  await refuses('INVOKE', /ResourceConflictException/, 'webhook', run);
  faults.add({ service: 'codedeploy', operation: 'GetDeployment', action: 'status', status: 500, times: -1 });
  await refuses('DEPLOYMENT', /500/, 'webhook', run);
  faults.clear();
  faults.add({ service: 's3', operation: 'PutObject', action: 'refuse', code: 'AccessDenied', status: 403, message: 'Access Denied' });
  await refuses('UPLOAD', /AccessDenied/, 'image', '2');
});

test('the status: put again after a lost response, kept if the event is delivered again, else the event comes again', async () => {
  const { faults } = one.cloud.front;
  const operation = 'PutLifecycleEventHookExecutionStatus';
  faults.add({ operation, action: 'reset', done: true });
  const lost = await one.deploy('webhook', '2');
  assert.deepEqual([lost.status, lost.puts, lost.result.error], ['Succeeded', 2, false]);
  // Delivered again, when the version would be refused: what was reported stays.
  faults.add({ service: 'lambda', action: 'status', status: 500, times: -1 });
  const again = await one.check.invoke(lost.event);
  assert.deepEqual([again.error, again.payload.status, one.outcome(lost.event).status], [false, 'Failed', 'Succeeded']);
  assert.ok(again.logs.some((line) => line.includes('the hook has a status already')));
  faults.clear();
  // CodeDeploy is away: a failure, which Lambda delivers again.
  faults.add({ operation, action: 'status', status: 500, times: 3 });
  const event = one.cloud.codedeploy.createDeployment({ function: 'webhook', to: '2' });
  const first = await one.check.invoke(event);
  assert.deepEqual([first.error, first.payload.errorType, one.outcome(event).status], [true, 'Deploy.NO_STATUS', null]);
  const second = await one.check.invoke(event);
  assert.deepEqual([second.error, one.outcome(event)], [false, { status: 'Succeeded', puts: 1 }]);
});

test('an event that is no hook\'s gets no status, and is a failure', async () => {
  const { puts } = one.cloud.codedeploy;
  const before = puts.length;
  for (const event of ['{}', '[]', 'null', '{"DeploymentId":"d-1"}', '{"DeploymentId":"","LifecycleEventHookExecutionId":"x"}',
    '{"DeploymentId":"../../x","LifecycleEventHookExecutionId":"x"}', '{"DeploymentId":7,"LifecycleEventHookExecutionId":"x"}', '{"DeploymentId":"d-1","LifecycleEventHookExecutionId":']) {
    const result = await one.check.invoke(event);
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Deploy.MALFORMED'], event);
  }
  assert.equal(puts.length, before);
  // A hook of a deployment that CodeDeploy does not have.
  const result = await one.check.invoke({ DeploymentId: 'd-0', LifecycleEventHookExecutionId: 'x' });
  assert.deepEqual([result.error, result.payload.errorType], [true, 'Deploy.NO_STATUS']);
});

test('settings that are missing or wrong are named', async () => {
  const cases = [
    [{ IMAGE_FUNCTION: null, EMAIL_FUNCTION: null, SETTLEMENT_FUNCTION: null, WEBHOOK_FUNCTION: null }, /IMAGE_FUNCTION, EMAIL_FUNCTION/],
    [{ UPLOADS_BUCKET: null }, /UPLOADS_BUCKET is not set/],
    [{ EMAIL_FUNCTION: 'arn:aws:lambda:x' }, /EMAIL_FUNCTION is not the name of a function/],
    [{ EMAIL_FUNCTION: 'image' }, /EMAIL_FUNCTION is not another function/],
    [{ CHECK_PREFIX: 'uploads/check' }, /CHECK_PREFIX/],
    [{ IMAGE_SIZES: 'large=1200' }, /IMAGE_SIZES/],
    [{ CHECK_LIVE_WAIT: '1h' }, /CHECK_LIVE_WAIT/],
  ];
  for (const [environment, text] of cases) {
    const result = await one.addCheck({ environment }).invoke({});
    assert.equal(result.payload.errorType, 'Init.CONFIGURATION');
    assert.match(result.payload.errorMessage, text);
  }
});
