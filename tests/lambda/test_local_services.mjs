// DynamoDB, Secrets Manager and SES's limits in the local cloud, by raw signed requests.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { NO_HURRY, TINY } from '../support/lambda.mjs';
import { call, callJson, sendEmail } from '../support/sign.mjs';

let cloud;
before(async () => {
  cloud = await startCloud({ ses: true });
});
after(() => cloud.stop());
beforeEach(async () => {
  cloud.front.forget();
  cloud.front.faults.clear();
  cloud.front.clock_offset_s = 0;
  cloud.ses.setLimits();
  await cloud.ses.clear();
});

const dynamodb = (operation, input, options) => callJson(cloud, 'dynamodb', operation, input, options);
const secrets = (operation, input, options) => callJson(cloud, 'secretsmanager', operation, input, options);
const refused = ({ status, code }, wanted_status, wanted_code) => assert.deepEqual([status, code], [wanted_status, wanted_code]);
const wrong_secret = () => ({ credentials: { ...cloud.credentials[0], secretAccessKey: 'wrong' } });
const MINE = { id: { S: 'mail-1' }, state: { S: 'started' } };
const onlyNew = { TableName: 'sent', Item: MINE, ConditionExpression: 'attribute_not_exists(id)' };

test('DynamoDB: CreateTable, a conditional put that wins once, UpdateItem, GetItem, DeleteItem', async () => {
  const table = await dynamodb('CreateTable', {
    TableName: 'sent',
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  });
  assert.equal(table.status, 200);
  assert.equal(table.output.TableDescription.TableArn, 'arn:aws:dynamodb:ap-northeast-2:000000000000:table/sent');
  refused(await dynamodb('CreateTable', { TableName: 'sent', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] }), 400, 'ResourceInUseException');
  const all = await Promise.all(Array.from({ length: 10 }, () => dynamodb('PutItem', onlyNew)));
  assert.equal(all.filter((one) => one.status === 200).length, 1, 'one of ten at once wins');
  all.filter((one) => one.status !== 200).forEach((one) => refused(one, 400, 'ConditionalCheckFailedException'));
  const old = await dynamodb('PutItem', { ...onlyNew, Item: { id: { S: 'mail-1' } }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' });
  refused(old, 400, 'ConditionalCheckFailedException');
  assert.deepEqual(old.output.Item, MINE);
  const update = { TableName: 'sent', Key: { id: { S: 'mail-1' } }, UpdateExpression: 'SET #s = :new, expires = :t', ConditionExpression: '#s = :old', ExpressionAttributeNames: { '#s': 'state' }, ReturnValues: 'ALL_NEW' };
  const values = (from, to) => ({ ':old': { S: from }, ':new': { S: to }, ':t': { N: '1796000000' } });
  refused(await dynamodb('UpdateItem', { ...update, ExpressionAttributeValues: values('sent', 'x') }), 400, 'ConditionalCheckFailedException');
  const updated = await dynamodb('UpdateItem', { ...update, ExpressionAttributeValues: values('started', 'sent') });
  assert.deepEqual(updated.output.Attributes, { id: { S: 'mail-1' }, state: { S: 'sent' }, expires: { N: '1796000000' } });
  assert.deepEqual((await dynamodb('GetItem', { TableName: 'sent', Key: { id: { S: 'mail-1' } }, ConsistentRead: true })).output.Item, updated.output.Attributes);
  assert.deepEqual(await cloud.dynamodb.items('sent'), [updated.output.Attributes]);
  const remove = { TableName: 'sent', Key: { id: { S: 'mail-1' } }, ConditionExpression: '#s = :s', ExpressionAttributeNames: { '#s': 'state' } };
  refused(await dynamodb('DeleteItem', { ...remove, ExpressionAttributeValues: { ':s': { S: 'started' } } }), 400, 'ConditionalCheckFailedException');
  assert.equal((await dynamodb('DeleteItem', { ...remove, ExpressionAttributeValues: { ':s': { S: 'sent' } } })).status, 200);
  assert.deepEqual((await dynamodb('GetItem', { TableName: 'sent', Key: { id: { S: 'mail-1' } } })).output, {});
  refused(await dynamodb('GetItem', { TableName: 'nonesuch', Key: { id: { S: 'x' } } }), 400, 'ResourceNotFoundException');
  refused(await dynamodb('Explode', {}), 400, 'UnknownOperationException');
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' };
  refused(await call(cloud, { service: 'dynamodb', method: 'POST', headers, body: '{"TableName":' }), 400, 'SerializationException');
});

test('DynamoDB: wrong secrets and skewed clocks are refused, faults are injected, requests are counted', async () => {
  await cloud.createTable('guarded');
  const put = { TableName: 'guarded', Item: { id: { S: 'x' } } };
  refused(await dynamodb('PutItem', put, wrong_secret()), 400, 'InvalidSignatureException');
  refused(await dynamodb('PutItem', put, { credentials: { ...cloud.credentials[0], accessKeyId: 'AKIAUNKNOWN' } }), 400, 'UnrecognizedClientException');
  refused(await dynamodb('PutItem', put, { date: new Date(Date.now() - 910000) }), 400, 'InvalidSignatureException');
  assert.deepEqual(await cloud.dynamodb.items('guarded'), []);
  cloud.front.faults.add({ service: 'dynamodb', key: 'other', action: 'status', status: 500 });
  cloud.front.faults.add({ service: 'dynamodb', key: 'guarded', action: 'refuse', code: 'ProvisionedThroughputExceededException' });
  refused(await dynamodb('PutItem', put), 400, 'ProvisionedThroughputExceededException');
  cloud.front.faults.add({ operation: 'PutItem', action: 'reset', done: true });
  await assert.rejects(dynamodb('PutItem', put), { code: 'ECONNRESET' });
  assert.deepEqual(await cloud.dynamodb.items('guarded'), [put.Item], 'done, and only the response was lost');
  assert.deepEqual(cloud.front.counts['dynamodb.PutItem'], { requests: 5, ok: 1, refused: 4, faults: 2 });
  assert.deepEqual(cloud.front.log.map((entry) => entry.key), Array(5).fill('guarded'));
});

test('Secrets Manager: the labels move as AWS moves them', async () => {
  const { output: made } = await secrets('CreateSecret', { Name: 'db', SecretString: 'one' });
  assert.match(made.ARN, /^arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:db-\w{6}$/);
  const read = async (more = {}) => (await secrets('GetSecretValue', { SecretId: 'db', ...more })).output.SecretString;
  const labels = async () => (await secrets('DescribeSecret', { SecretId: 'db' })).output.VersionIdsToStages;
  assert.equal(await read(), 'one');
  refused(await secrets('GetSecretValue', { SecretId: 'db', VersionStage: 'AWSPREVIOUS' }), 400, 'ResourceNotFoundException');
  const { output: two } = await secrets('PutSecretValue', { SecretId: made.ARN, SecretString: 'two' });
  assert.deepEqual([await read(), await read({ VersionStage: 'AWSPREVIOUS' })], ['two', 'one']);
  const { output: three } = await secrets('PutSecretValue', { SecretId: 'db', SecretString: 'three' });
  assert.deepEqual(await labels(), { [two.VersionId]: ['AWSPREVIOUS'], [three.VersionId]: ['AWSCURRENT'] });
  assert.equal(await read({ VersionId: made.VersionId }), 'one', 'a version without a label is still there');

  // A rotation: a pending version that becomes the current one, then the way back.
  const { output: four } = await secrets('PutSecretValue', { SecretId: 'db', SecretString: 'four', VersionStages: ['AWSPENDING'] });
  assert.deepEqual([await read(), await read({ VersionStage: 'AWSPENDING' })], ['three', 'four']);
  const move = (from, to, stage = 'AWSCURRENT') => secrets('UpdateSecretVersionStage', { SecretId: 'db', VersionStage: stage, RemoveFromVersionId: from, MoveToVersionId: to });
  refused(await move(undefined, four.VersionId), 400, 'InvalidParameterException');
  refused(await move(two.VersionId, four.VersionId), 400, 'InvalidParameterException');
  refused(await move(three.VersionId, undefined), 400, 'InvalidParameterException');
  assert.equal((await move(three.VersionId, four.VersionId)).status, 200);
  assert.equal((await move(four.VersionId, undefined, 'AWSPENDING')).status, 200);
  assert.deepEqual(await labels(), { [three.VersionId]: ['AWSPREVIOUS'], [four.VersionId]: ['AWSCURRENT'] });
  assert.equal((await move(four.VersionId, three.VersionId)).status, 200);
  assert.deepEqual(await labels(), { [three.VersionId]: ['AWSCURRENT'], [four.VersionId]: ['AWSPREVIOUS'] });

  assert.equal(await read({ VersionId: four.VersionId, VersionStage: 'AWSPREVIOUS' }), 'four');
  refused(await secrets('GetSecretValue', { SecretId: 'db', VersionId: four.VersionId, VersionStage: 'AWSCURRENT' }), 400, 'InvalidRequestException');
});

test('Secrets Manager: what it refuses', async () => {
  const token = 'a'.repeat(32);
  await cloud.createSecret('taken', { password: 'p' });
  refused(await secrets('CreateSecret', { Name: 'taken', SecretString: 'x' }), 400, 'ResourceExistsException');
  refused(await secrets('GetSecretValue', { SecretId: 'nonesuch' }), 400, 'ResourceNotFoundException');
  refused(await secrets('GetSecretValue', { SecretId: 'taken', VersionId: 'b'.repeat(32) }), 400, 'ResourceNotFoundException');
  refused(await secrets('GetSecretValue', {}), 400, 'InvalidParameterException');
  refused(await secrets('PutSecretValue', { SecretId: 'taken' }), 400, 'InvalidParameterException');
  refused(await secrets('PutSecretValue', { SecretId: 'taken', SecretString: 'x', SecretBinary: 'eA==' }), 400, 'InvalidParameterException');
  refused(await secrets('PutSecretValue', { SecretId: 'taken', SecretString: 'x'.repeat(65537) }), 400, 'InvalidParameterException');
  refused(await secrets('PutSecretValue', { SecretId: 'taken', SecretString: 'x', ClientRequestToken: 'short' }), 400, 'InvalidParameterException');
  const put = (text) => secrets('PutSecretValue', { SecretId: 'taken', SecretString: text, ClientRequestToken: token });
  assert.deepEqual([(await put('y')).output.VersionId, (await put('y')).status], [token, 200]);
  refused(await put('z'), 400, 'ResourceExistsException');
  refused(await secrets('Explode', {}), 400, 'UnknownOperationException');
  refused(await secrets('GetSecretValue', { SecretId: 'taken' }, wrong_secret()), 400, 'InvalidSignatureException');
  assert.equal((await secrets('DeleteSecret', { SecretId: 'taken' })).status, 200);
  refused(await secrets('GetSecretValue', { SecretId: 'taken' }), 400, 'InvalidRequestException');
});

test('no value of a secret is in the log of requests, in the counts or in an error', async () => {
  const canary = 'canary-of-the-secret';
  await secrets('CreateSecret', { Name: 'canary', SecretString: canary });
  const repeated = await secrets('CreateSecret', { Name: 'canary', SecretString: canary });
  await secrets('PutSecretValue', { SecretId: 'canary', SecretString: canary, VersionStages: [7] });
  await secrets('GetSecretValue', { SecretId: 'canary' });
  const log = await (await fetch(`${cloud.control.url}/log`)).text();
  assert.equal(JSON.parse(log).filter((entry) => entry.key === 'canary').length, 4);
  for (const text of [log, JSON.stringify(cloud.front.counts), JSON.stringify(repeated)]) assert.ok(!text.includes(canary));
});

test('the functions find the endpoints in their environment', async () => {
  const tiny = cloud.addFunction({ name: 'environment', command: TINY, ...NO_HURRY });
  const { payload } = await tiny.invoke({ do: 'environment' });
  for (const name of ['', '_S3', '_SQS', '_SESV2', '_DYNAMODB', '_SECRETS_MANAGER']) {
    assert.equal(payload[`AWS_ENDPOINT_URL${name}`], cloud.front.url, name);
  }
});

const inbox = async () => (await cloud.ses.mails()).length;

test('SES refuses on demand with the codes that SES has, and nothing is in the inbox', async () => {
  const wanted = {
    TooManyRequestsException: [429, 'Maximum sending rate exceeded.'],
    LimitExceededException: [400, 'Daily message quota exceeded.'],
    MailFromDomainNotVerifiedException: [400, null],
    MessageRejected: [400, null],
    AccountSuspendedException: [400, null],
    SendingPausedException: [400, null],
  };
  for (const [code, [status, message]] of Object.entries(wanted)) {
    cloud.front.faults.add({ service: 'ses', operation: 'SendEmail', action: 'refuse', code });
    const response = await sendEmail(cloud, 'customer@example.com');
    refused(response, status, code);
    if (message) assert.equal(JSON.parse(response.text).message, message);
  }
  assert.equal(await inbox(), 0);
  assert.equal((await sendEmail(cloud, 'customer@example.com')).status, 200);
  assert.equal(await inbox(), 1);
  assert.throws(() => cloud.front.faults.add({ service: 'ses', action: 'refuse', code: 'NoSuchCode' }), /NoSuchCode/);
});

test('SES replies with a server error after it accepted the mail: the mail is in the inbox', async () => {
  for (const [i, status] of [500, 502, 503, 504].entries()) {
    cloud.front.faults.add({ operation: 'SendEmail', action: 'status', status, done: true });
    assert.equal((await sendEmail(cloud, `after-${status}@example.com`)).status, status);
    assert.equal(await inbox(), i + 1);
  }
  cloud.front.faults.add({ operation: 'SendEmail', action: 'status', status: 500 });
  assert.equal((await sendEmail(cloud, 'before@example.com')).status, 500);
  assert.equal(await inbox(), 4);
});

test('SES\'s send rate and daily quota, counted in recipients by the cloud\'s clock', async () => {
  let now_ms = Date.now();
  const real = cloud.ses.now_ms;
  cloud.ses.now_ms = () => now_ms;
  cloud.ses.setLimits({ max_send_rate: 3, max_24_hours: 8 });
  const send = (count) => sendEmail(cloud, Array.from({ length: count }, (_, i) => `r${i}@example.com`));
  assert.equal((await send(2)).status, 200);
  refused(await send(2), 429, 'TooManyRequestsException');
  assert.equal((await send(1)).status, 200);
  refused(await send(1), 429, 'TooManyRequestsException');
  now_ms += 1001;
  assert.equal((await send(3)).status, 200);
  now_ms += 1001;
  refused(await send(3), 400, 'LimitExceededException');
  assert.equal((await send(2)).status, 200);
  const account = await call(cloud, { service: 'ses', path: '/v2/email/account' });
  assert.deepEqual(JSON.parse(account.text).SendQuota, { Max24HourSend: 8, MaxSendRate: 3, SentLast24Hours: 8 });
  now_ms += 24 * 3600 * 1000;
  assert.equal((await send(3)).status, 200);
  assert.equal(await inbox(), 5);
  const limits = (body) => fetch(`${cloud.control.url}/ses-limits`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal((await limits({ max_send_rate: 0 })).status, 400);
  assert.equal((await limits({ max_send_rate: 1 })).status, 200);
  refused(await send(2), 429, 'TooManyRequestsException');
  cloud.ses.now_ms = real;
});

test('throttling has the form of the service', async () => {
  cloud.front.faults.add({ action: 'throttle', retry_after_ms: 1500 });
  const ses = await sendEmail(cloud, 'customer@example.com');
  refused(ses, 429, 'TooManyRequestsException');
  assert.equal(ses.headers['x-amz-retry-after'], '1500');
  cloud.front.faults.add({ action: 'throttle' });
  refused(await secrets('GetSecretValue', { SecretId: 'x' }), 400, 'ThrottlingException');
});
