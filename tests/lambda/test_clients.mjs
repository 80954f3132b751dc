// AWS's own clients, Debian's aws and boto3, against the local cloud: what they send is accepted, and
// their wrong secrets are refused. They sign with independent code.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { makeCertificates } from '../../lambda/local/database.mjs';
import { AWS, NODE, NO_HURRY, PYTHON, TINY, TOP, aws, run, until } from '../support/lambda.mjs';

let folder;
let plain;
let tls;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clients-'));
  await makeCertificates(folder);
  const read = (name) => readFileSync(join(folder, name));
  plain = await startCloud({ ses: true });
  tls = await startCloud({ tls: { cert: read('server.pem'), key: read('server-key.pem') } });
  for (const cloud of [plain, tls]) {
    cloud.createBucket('photos');
    cloud.createQueue('mails');
  }
});
after(async () => {
  await Promise.all([plain.stop(), tls.stop()]);
  rmSync(folder, { recursive: true });
});

const skip_aws = AWS ? false : 'Debian\'s aws is not there';

async function boto3(cloud, args, environment = {}) {
  const { status, stdout, stderr } = await run(PYTHON, [join(TOP, 'tests/lambda/clients_boto3.py'), ...args], {
    env: { PATH: '/usr/bin:/bin', ...cloud.clientEnvironment(), ...environment },
  });
  assert.equal(status, 0, stderr);
  return Object.fromEntries(stdout.trim().split('\n').map((line) => JSON.parse(line)).map(({ check, value }) => [check, value]));
}

const OBJECTS = {
  head: [5, 'image/jpeg', 'public, max-age=31536000', { a: 'b' }],
  get: 'bytes',
  list: true,
  'checksum CRC32': 'y/Q5Jg==',
  'checksum SHA1': '98O8HYCOBHMq32eZZczDTKeuNEE=',
  'checksum SHA256': 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=',
  tags: [{ Key: 'k', Value: 'v' }],
  'wrong etag': 'PreconditionFailed',
  absent: 'NoSuchKey',
  deleted: '404',
  'wrong secret': 'SignatureDoesNotMatch',
  'wrong secret, ses': 'InvalidSignatureException',
};

const MORE = {
  'put twice': 'ConditionalCheckFailedException',
  update: { N: '2' },
  item: true,
  'deleted item': false,
  'no table': 'ResourceNotFoundException',
  'wrong secret, dynamodb': 'InvalidSignatureException',
  secret: ['two', 'one', '\0three'],
  stages: [['AWSCURRENT', 'AWSPENDING'], ['AWSPREVIOUS']],
  'no secret': 'ResourceNotFoundException',
  'no value': 'InvalidParameterException',
  'wrong secret, secrets': 'InvalidSignatureException',
  virtual: ['virtual', true],
  'virtual hosts': true,
  'virtual, wrong secret': 'SignatureDoesNotMatch',
};

test('boto3 over HTTP, signed bodies: S3 in both styles of address, SQS, SES, DynamoDB, Secrets Manager', async () => {
  const { sqs, ses, ...others } = await boto3(plain, ['--all']);
  assert.deepEqual(others, { ...OBJECTS, ...MORE });
  assert.ok(['한 통', 'query protocol'].includes(sqs), sqs);
  assert.equal(ses, 'sent');
  const [mail] = await plain.ses.mails();
  assert.deepEqual([mail.subject, mail.destination.to], ['주문', ['customer@example.com']]);
});

test('boto3 over HTTPS, checksums in trailers of aws-chunked bodies', async () => {
  assert.deepEqual(await boto3(tls, [], { CA: join(folder, 'ca.pem') }), OBJECTS);
});

test('aws s3 cp there and back, small and in parts', { skip: skip_aws }, async () => {
  for (const [name, size_bytes] of [['small', 1000], ['empty', 0], ['parts', 20 << 20]]) {
    const bytes = randomBytes(size_bytes);
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const there = await aws(plain, ['s3', 'cp', '--quiet', path, `s3://photos/한 글/${name}+.jpg`]);
    assert.equal(there.status, 0, there.stderr);
    const back = await aws(plain, ['s3', 'cp', '--quiet', `s3://photos/한 글/${name}+.jpg`, `${path}.back`]);
    assert.equal(back.status, 0, back.stderr);
    const hash = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
    assert.equal(hash(`${path}.back`), hash(path));
  }
  assert.equal(plain.front.counts['s3.UploadPart'].ok, 3);
});

test('aws with a wrong secret is refused and leaves nothing', { skip: skip_aws }, async () => {
  writeFileSync(join(folder, 'x'), 'x');
  const wrong = await aws(plain, ['s3', 'cp', join(folder, 'x'), 's3://photos/wrong'], { AWS_SECRET_ACCESS_KEY: 'wrong' });
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /SignatureDoesNotMatch/);
  assert.equal(plain.s3.peek('photos', 'wrong'), null);
});

test('a URL presigned by aws works without it', { skip: skip_aws }, async () => {
  plain.s3.store.putObject('photos', 'a b/한.txt', Buffer.from('by URL'));
  const { stdout } = await aws(plain, ['s3', 'presign', 's3://photos/a b/한.txt']);
  assert.equal(await (await fetch(stdout.trim())).text(), 'by URL');
  assert.equal((await fetch(stdout.trim().replace(/.$/, (c) => (c === '0' ? '1' : '0')))).status, 403);
});

test('aws retries what the front spoils', { skip: skip_aws }, async () => {
  writeFileSync(join(folder, 'r'), 'retried');
  plain.front.forget();
  plain.front.faults.add({ operation: 'PutObject', action: 'status', status: 503 });
  plain.front.faults.add({ operation: 'PutObject', action: 'reset' });
  assert.equal((await aws(plain, ['s3', 'cp', '--quiet', join(folder, 'r'), 's3://photos/r'])).status, 0);
  assert.deepEqual(plain.front.counts['s3.PutObject'], { requests: 3, ok: 2, refused: 1, faults: 2 });
  assert.equal(plain.s3.peek('photos', 'r').body.toString(), 'retried');
});

test('an upload by aws is an event for the function, with the key as S3 encodes it', { skip: skip_aws }, async () => {
  const tiny = plain.addFunction({ name: 'tiny', command: [...TINY], ...NO_HURRY, retry_delays_ms: [] });
  plain.notify('photos', 'uploads/', tiny);
  writeFileSync(join(folder, 'p'), 'photo');
  assert.equal((await aws(plain, ['s3', 'cp', '--quiet', join(folder, 'p'), 's3://photos/uploads/a b+한.jpg'])).status, 0);
  await plain.settle();
  // The event has no "do": the function crashes on it, which keeps it aside.
  await until(() => tiny.dead_letters.length === 1, 'the event was delivered');
  const [record] = tiny.dead_letters[0].event.Records;
  assert.equal(record.s3.object.key, 'uploads/a+b%2B%ED%95%9C.jpg');
  assert.deepEqual([record.eventName, record.s3.bucket.name, record.s3.object.size], ['ObjectCreated:Put', 'photos', 5]);
  assert.equal(record.s3.object.eTag, createHash('md5').update('photo').digest('hex'));
});

test('a queue feeds a function, and only what it names stays', async () => {
  const queue = plain.createQueue('work', { VisibilityTimeout: '60' });
  const tiny = plain.addFunction({ name: 'worker', command: [process.execPath, join(TOP, 'tests/support/queue_worker.mjs')], ...NO_HURRY });
  const mapping = plain.mapQueue(queue, tiny);
  for (let i = 0; i < 12; i += 1) await plain.sqs.call('SendMessage', { QueueUrl: queue.url, MessageBody: i === 5 ? 'fail' : `m${i}` });
  const depth = (name) => plain.sqs.call('GetQueueAttributes', { QueueUrl: queue.url, AttributeNames: [name] }).then((out) => Number(out.Attributes[name]));
  await until(async () => (await depth('ApproximateNumberOfMessages')) === 0 && mapping.batches.reduce((n, b) => n + b.done, 0) === 11, 'eleven are done');
  assert.equal(await depth('ApproximateNumberOfMessagesNotVisible'), 1);
  assert.ok(mapping.batches.every((batch) => batch.received <= 10));
  await mapping.stop();

  const single = plain.createQueue('single', { VisibilityTimeout: '60' });
  const parallel = plain.addFunction({ name: 'parallel', command: tiny.config.command, ...NO_HURRY, concurrency: 2 });
  for (let i = 0; i < 8; i += 1) await plain.sqs.call('SendMessage', { QueueUrl: single.url, MessageBody: `m${i}` });
  const two = plain.mapQueue(single, parallel, { batch_size: 1, pollers: 2 });
  await two.settle();
  assert.deepEqual(two.batches, Array(8).fill({ received: 1, done: 1 }));
  assert.equal(parallel.all.size, 2);
  assert.throws(() => plain.mapQueue(single, parallel, { batch_size: 11 }), TypeError);
  await two.stop();
});

test('serve.mjs starts any function with any triggers', async () => {
  const program = join(folder, 'function');
  writeFileSync(program, `#!/bin/sh\nexec ${TINY.map((word) => `'${word}'`).join(' ')}\n`, { mode: 0o755 });
  const script = `
    curl -sS "$FUNCTION_URL"hello?a=1
    test "$FUNCTION_URL" = "$FUNCTION_URL_MY_FUNCTION"
    curl -sS -X POST -d '{"time":"2026-12-01T00:00:00Z"}' "$LOCAL_CONTROL_URL/schedules/my-function/fire"
    curl -sS -X POST -d '{"source":"mine"}' "$LOCAL_CONTROL_URL/events"
    curl -sS -X POST "$LOCAL_CONTROL_URL/settle"
    curl -sS "$LOCAL_CONTROL_URL/functions/my-function/log"`;
  const args = ['--function', `my-function=${program}`, '--env', 'my-function:TINY_ECHO=1', '--url', 'my-function', '--schedule', 'my-function=none',
    '--input', 'my-function={"time":"<time>"}', '--rule', '{"source":["mine"]}=my-function', '--rule', 'uploads:box=my-function', '--bucket', 'box', '--queue', 'q',
    '--map', 'q=my-function', '--table', 'sent:id', '--secret', 'db={"password":"p"}', '--ses-rate', '5'];
  const { status, stdout, stderr } = await run(NODE, [join(TOP, 'lambda/local/serve.mjs'), ...args, '--', 'sh', '-euc', script]);
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /"rawPath":"\/hello"/);
  assert.equal(stdout.match(/START RequestId/g).length, 3, stdout);
});

test('serve.mjs runs a command with the cloud around it and ends with its status', async () => {
  const serve = [join(TOP, 'lambda/local/serve.mjs'), '--bucket', 'box', '--'];
  const ok = await run(process.execPath, [...serve, 'sh', '-c', 'printenv AWS_ENDPOINT_URL LOCAL_CONTROL_URL; exit 7']);
  assert.equal(ok.status, 7);
  const [endpoint] = ok.stdout.trim().split('\n');
  await assert.rejects(fetch(endpoint), 'nothing listens any more');
  assert.equal((await run(process.execPath, [serve[0], '--nonsense'])).status, 2);
  assert.equal((await run(process.execPath, [serve[0], '--notify', 'box/=none'])).status, 2);
  for (const wrong of [['--url', 'none'], ['--function', `x=${TINY[0]}`, '--schedule', 'x=hourly'], ['--rule', '{"detail"=x'], ['--timeout-ms', '0', '--function', 'x=y']]) {
    const { status, stderr } = await run(NODE, [serve[0], ...wrong]);
    assert.deepEqual([status, stderr.split('\n').length], [2, 2], stderr);
  }
  assert.match(execFileSync(process.execPath, [serve[0], '--help'], { encoding: 'utf8' }), /--bucket NAME/);
});
