// The local cloud states which function makes which call, on which resource, by which of its settings, writes it
// down, and denies what a policy does not allow, in the form of each service.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { callsOf } from '../../lambda/local/actions.mjs';
import { Calls, settingsOf } from '../../lambda/local/calls.mjs';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { signed } from '../support/sign.mjs';
import { TINY } from '../support/lambda.mjs';

const REGION = 'ap-northeast-2';
const s3 = (method, bucket, key, query = {}, headers = {}) =>
  callsOf('s3', { method, bucket, key, query, headers, body: Buffer.alloc(0) }, REGION).map(({ action, resource, context }) => [action.slice(3), resource.slice('arn:aws:s3:::'.length), context]);
const json = (service, target, input) => callsOf(service, { method: 'POST', path: '/', query: {}, headers: { 'x-amz-target': target }, body: JSON.stringify(input) }, REGION).map(({ action, resource }) => [action, resource]);

test('S3: the action and resource of each operation', () => {
  const one = (...args) => s3(...args).map(([action, resource]) => [action, resource]);
  assert.deepEqual(one('GET', 'b', 'k'), [['GetObject', 'b/k']]);
  assert.deepEqual(one('HEAD', 'b', 'a/b'), [['GetObject', 'b/a/b']]);
  assert.deepEqual(s3('GET', 'b', 'k', { versionId: 'v' }), [['GetObjectVersion', 'b/k', { 's3:VersionId': 'v' }]]);
  assert.deepEqual(one('PUT', 'b', 'k'), [['PutObject', 'b/k']]);
  assert.deepEqual(one('PUT', 'b', 'k', {}, { 'x-amz-tagging': 'a=b' }), [['PutObject', 'b/k'], ['PutObjectTagging', 'b/k']]);
  assert.deepEqual(one('POST', 'b', 'k', { uploads: '' }), [['PutObject', 'b/k']]);
  assert.deepEqual(one('PUT', 'b', 'k', { uploadId: 'u', partNumber: '1' }), [['PutObject', 'b/k']]);
  assert.deepEqual(one('POST', 'b', 'k', { uploadId: 'u' }), [['PutObject', 'b/k']]);
  assert.deepEqual(one('DELETE', 'b', 'k', { uploadId: 'u' }), [['AbortMultipartUpload', 'b/k']]);
  assert.deepEqual(one('DELETE', 'b', 'k'), [['DeleteObject', 'b/k']]);
  assert.deepEqual(one('DELETE', 'b', 'k', {}, { 'if-match': '"x"' }), [['DeleteObject', 'b/k'], ['GetObject', 'b/k']]);
  assert.deepEqual(one('DELETE', 'b', 'k', { versionId: 'v' }), [['DeleteObjectVersion', 'b/k']]);
  assert.deepEqual(one('GET', 'b', 'k', { tagging: '' }), [['GetObjectTagging', 'b/k']]);
  assert.deepEqual(one('PUT', 'b', 'k', { tagging: '', versionId: 'v' }), [['PutObjectTagging', 'b/k'], ['PutObjectVersionTagging', 'b/k']]);
  assert.deepEqual(s3('GET', 'b', '', { 'list-type': '2', prefix: 'p/', 'max-keys': '1' }), [['ListBucket', 'b', { 's3:prefix': 'p/', 's3:max-keys': '1' }]]);
});

test('the other services: the action and resource of each operation', () => {
  const arn = (rest) => `arn:aws:${rest.replace(':', `:${REGION}:000000000000:`)}`;
  const queue = 'http://127.0.0.1:1/000000000000/mails';
  for (const [operation, action] of [['SendMessage', 'SendMessage'], ['SendMessageBatch', 'SendMessage'], ['ChangeMessageVisibility', 'ChangeMessageVisibility'], ['DeleteMessageBatch', 'DeleteMessage']]) {
    assert.deepEqual(json('sqs', `AmazonSQS.${operation}`, { QueueUrl: queue }), [[`sqs:${action}`, arn('sqs:mails')]]);
  }
  assert.deepEqual(json('dynamodb', 'DynamoDB_20120810.UpdateItem', { TableName: 'sent' }), [['dynamodb:UpdateItem', arn('dynamodb:table/sent')]]);
  assert.deepEqual(json('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: 'a/b' }), [['secretsmanager:GetSecretValue', arn('secretsmanager:secret:a/b-AbCdEf')]]);
  assert.deepEqual(json('codedeploy', 'CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus', { deploymentId: 'd-1' }), [['codedeploy:PutLifecycleEventHookExecutionStatus', arn('codedeploy:deploymentgroup:application/group')]]);
  const send = { FromEmailAddress: '=?utf-8?q?x?= <a@shop.example>', Destination: { ToAddresses: ['b@example.com'] }, ConfigurationSetName: 'set', Content: {} };
  const mail = (input) => callsOf('ses', { method: 'POST', path: '/v2/email/outbound-emails', query: {}, headers: {}, body: JSON.stringify(input) }, REGION);
  assert.deepEqual(mail(send).map(({ action, resource }) => [action, resource]), [['ses:SendEmail', arn('ses:identity/shop.example')], ['ses:SendEmail', arn('ses:configuration-set/set')]]);
  assert.deepEqual(mail(send)[0].context, { 'ses:FromAddress': 'a@shop.example', 'ses:Recipients': ['b@example.com'], 'ses:ApiVersion': '2' });
  assert.equal(mail({ ...send, ConfigurationSetName: undefined }).length, 1);
  const invoke = (name, query = {}) => callsOf('lambda', { method: 'POST', path: `/2015-03-31/functions/${name}/invocations`, query, headers: {}, body: '{}' }, REGION)[0];
  assert.equal(invoke('f', { Qualifier: '7' }).resource, arn('lambda:function:f:7'));
  assert.equal(invoke(arn('lambda:function:f:live')).resource, arn('lambda:function:f:live'));
  assert.equal(invoke('f').resource, arn('lambda:function:f'));
  // What nothing makes is no empty list of calls, which everybody may make.
  assert.equal(callsOf('sns', { headers: {}, body: '' }, REGION).length, 1);
  assert.equal(s3('PUT', 'b', 'k', {}, { 'x-amz-copy-source': 'c/d' }).length, 1);
});

test('a resource is known by the settings that hold it', () => {
  const environment = {
    EMAIL_QUEUE_URL: 'http://x/0/mails', DEAD_LETTER_QUEUE_URL: 'http://x/0/mails-dead', REPORTS_BUCKET: 'reports', IDEMPOTENCY_TABLE: 'sent', DB_SECRET_NAME: 'a/db', MIGRATION_SECRET_NAME: 'a/db',
    FROM_EMAIL: '오픈마켓 <a@shop.example>', SES_CONFIGURATION_SET: 'set', METRICS_NAMESPACE: 'reports', AWS_ENDPOINT_URL: 'http://x',
  };
  assert.deepEqual(settingsOf(environment, 'arn:aws:sqs:r:0:mails'), ['EMAIL_QUEUE_URL']);
  assert.deepEqual(settingsOf(environment, 'arn:aws:sqs:r:0:other'), []);
  assert.deepEqual(settingsOf(environment, 'arn:aws:s3:::reports/a/b'), ['REPORTS_BUCKET']);
  assert.deepEqual(settingsOf(environment, 'arn:aws:s3:::reports'), ['REPORTS_BUCKET']);
  assert.deepEqual(settingsOf(environment, 'arn:aws:s3:::photos/a'), []);
  assert.deepEqual(settingsOf(environment, 'arn:aws:dynamodb:r:0:table/sent'), ['IDEMPOTENCY_TABLE']);
  assert.deepEqual(settingsOf(environment, 'arn:aws:secretsmanager:r:0:secret:a/db-AbCdEf'), ['DB_SECRET_NAME', 'MIGRATION_SECRET_NAME']);
  assert.deepEqual(settingsOf(environment, 'arn:aws:ses:r:0:identity/shop.example'), ['FROM_EMAIL']);
  assert.deepEqual(settingsOf(environment, 'arn:aws:ses:r:0:configuration-set/set'), ['SES_CONFIGURATION_SET']);
});

// ---------------------------------------------------------------------- a cloud that asks

const folder = mkdtempSync(join(tmpdir(), 'calls-'));
const file = join(folder, 'deep/calls.jsonl');
const asked = [];
let allowed = () => true;
let cloud;
let one;
before(async () => {
  cloud = await startCloud({ ses: true, authorize: (call) => { asked.push(call); return allowed(call); } });
  cloud.calls.file = file;
  cloud.createBucket('photos');
  cloud.createQueue('mails');
  await cloud.createTable('sent');
  cloud.createSecret('a/db', { x: 1 });
  one = cloud.addFunction({ name: 'tiny', command: TINY, environment: { REPORTS_BUCKET: 'photos' } });
});
after(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true });
});

// Signs as the function, or as the account.
async function send(options, credentials = one.config.credentials) {
  const { method, path, headers, body, query } = await signed(cloud, { method: 'POST', path: '/', headers: {}, body: '', credentials, ...options });
  const search = new URLSearchParams(query ?? {}).toString();
  const response = await fetch(`${cloud.front.url}${path}${search && `?${search}`}`, { method, headers, body: ['GET', 'HEAD'].includes(method) ? undefined : body });
  return { status: response.status, type: response.headers.get('x-amzn-errortype'), body: await response.text() };
}
const target = (service, name, input) => ({ service, headers: { 'x-amz-target': name, 'content-type': 'application/x-amz-json-1.0' }, body: JSON.stringify(input) });

test('calls of functions are recorded, once each, and those of others are not', async () => {
  await send({ method: 'PUT', path: '/photos/a/1', body: 'x' });
  await send({ method: 'PUT', path: '/photos/a/2', body: 'x' });
  await send({ method: 'PUT', path: '/photos/b/1', body: 'x' });
  await send({ method: 'PUT', path: '/photos/c/1', body: 'x' }, cloud.credentials[0]);
  assert.ok(existsSync(file));
  const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ function: name, action, resource, from }) => [name, action, resource, from]), [
    ['node', 's3:PutObject', 'arn:aws:s3:::photos/a/1', ['REPORTS_BUCKET']],
    ['node', 's3:PutObject', 'arn:aws:s3:::photos/b/1', ['REPORTS_BUCKET']],
  ]);
});

test('what is not allowed is refused in the form of each service', async () => {
  allowed = () => false;
  const sqs = target('sqs', 'AmazonSQS.SendMessage', { QueueUrl: `${cloud.front.url}/000000000000/mails`, MessageBody: 'x' });
  const message = /User: arn:aws:sts::000000000000:assumed-role\/node\/node is not authorized to perform: (\S+) on resource: \\?"(\S+?)\\?" because no identity-based policy allows the \1 action/;
  const cases = [
    [{ method: 'PUT', path: '/photos/denied', body: 'x' }, 403, null, 's3:PutObject'],
    [sqs, 403, 'AccessDeniedException', 'sqs:SendMessage'],
    [target('dynamodb', 'DynamoDB_20120810.GetItem', { TableName: 'sent', Key: { id: { S: '1' } } }), 400, 'AccessDeniedException', 'dynamodb:GetItem'],
    [target('secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: 'a/db' }), 400, 'AccessDeniedException', 'secretsmanager:GetSecretValue'],
    [{ service: 'ses', path: '/v2/email/outbound-emails', body: JSON.stringify({ FromEmailAddress: 'a@b.example', Destination: { ToAddresses: ['c@d.example'] }, Content: {} }) }, 403, 'AccessDeniedException', 'ses:SendEmail'],
  ];
  for (const [request, status, type, action] of cases) {
    const response = await send(request);
    assert.equal(response.status, status, response.body);
    assert.equal(response.type, type);
    const text = response.body.replaceAll('&#34;', '"');
    assert.equal(text.match(message)?.[1], action, text);
    if (type === null) assert.match(response.body, /<Code>AccessDenied<\/Code>/);
  }
  // The account itself may do everything.
  assert.equal((await send(sqs, cloud.credentials[0])).status, 200);
  allowed = () => true;
  assert.equal(cloud.s3.peek('photos', 'denied'), null);
  assert.deepEqual(await cloud.ses.mails(), []);
});

test('a missing object is reported only to those who may list the bucket', async () => {
  const get = { method: 'GET', path: '/photos/none' };
  assert.equal((await send(get)).status, 404);
  allowed = ({ action }) => action !== 's3:ListBucket';
  assert.equal((await send(get)).status, 403);
  assert.equal((await send({ ...get, method: 'HEAD' })).status, 403);
  assert.equal((await send({ ...get, path: '/photos/a/1' })).status, 200);
  assert.deepEqual(asked.filter(({ action }) => action === 's3:ListBucket')[0].context, { 's3:prefix': 'none' });
  allowed = () => true;
});

test('the default is what was set for all clouds', () => {
  // infra/checks/enforce.mjs, if this runs with it.
  assert.equal(new Calls({ region: REGION, file: null }).authorize, Calls.authorize);
  const given = new Calls({ region: REGION, file: null, authorize: () => false });
  given.add('ASIA', { command: ['x'], name: 'x', environment: {} });
  assert.throws(() => given.before('ASIA', 's3', { method: 'GET', bucket: 'b', key: 'k', query: {}, headers: {}, body: '' }), { code: 'AccessDenied', status: 403 });
  given.before('other', 's3', {});
});
