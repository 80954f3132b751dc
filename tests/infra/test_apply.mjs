// dev applied to the local cloud by Terraform's own engine (infra/checks/apply.mjs), and the functions at work there, with
// the settings, triggers and rights that Terraform gave them. What the look-alike itself promises is tested without
// Terraform as well.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe as group, test } from 'node:test';
import { Applied, CHANGED, MAY_CHANGE } from '../../infra/checks/apply.mjs';
import { LookAlike, reasonOf } from '../../infra/checks/look_alike.mjs';
import { readRendered } from '../../infra/checks/plans.mjs';
import { hasTerraform } from '../../infra/checks/terraform.mjs';
import { message } from '../support/email.mjs';
import { describe, outputKey, picture, SIZES } from '../support/image.mjs';
import { BUILD } from '../support/lambda.mjs';

const PROGRAMS = join(BUILD, 'lambda');

// ---------------------------------------------------------------------- the look-alike

async function withLookAlike(work) {
  const one = await LookAlike.start({ programs: PROGRAMS });
  const create = async (type, values) => {
    const state = { ...values, ...await one.create(type, values) };
    one.created(type, state);
    return state;
  };
  try {
    await work(one, create);
  } finally {
    await one.stop();
  }
}

test('a queue is made, read back, changed, and gone', () => withLookAlike(async (one, create) => {
  const state = await create('aws_sqs_queue', { name: 'mails', visibility_timeout_seconds: 180, message_retention_seconds: 1209600, redrive_policy: null });
  assert.equal(state.arn, 'arn:aws:sqs:ap-northeast-2:000000000000:mails');
  assert.deepEqual(await one.read('aws_sqs_queue', state), state);
  await one.cloud.sqs.call('SetQueueAttributes', { QueueUrl: state.url, Attributes: { VisibilityTimeout: '60' } });
  assert.equal((await one.read('aws_sqs_queue', state)).visibility_timeout_seconds, 60);
  await one.update('aws_sqs_queue', state, state);
  assert.deepEqual(await one.read('aws_sqs_queue', state), state);
  await one.remove('aws_sqs_queue', state);
  assert.equal(await one.read('aws_sqs_queue', state), null);
}));

test('what AWS refuses is refused: a queue twice with other values, a table twice, a bucket with objects', () => withLookAlike(async (one, create) => {
  await create('aws_sqs_queue', { name: 'mails', visibility_timeout_seconds: 180 });
  await assert.rejects(create('aws_sqs_queue', { name: 'mails', visibility_timeout_seconds: 60 }), /QueueNameExists|QueueAlreadyExists/);
  const table = { name: 'sent', billing_mode: 'PAY_PER_REQUEST', hash_key: 'id', attribute: [{ name: 'id', type: 'S' }] };
  await create('aws_dynamodb_table', table);
  await assert.rejects(create('aws_dynamodb_table', table), /ResourceInUse/);
  const bucket = await create('aws_s3_bucket', { bucket: 'photos', force_destroy: false });
  await one.requests.s3('PUT', '/photos/a', { body: 'x' });
  await assert.rejects(one.remove('aws_s3_bucket', bucket), /BucketNotEmpty/);
  await one.remove('aws_s3_bucket', { ...bucket, force_destroy: true });
  assert.equal(await one.read('aws_s3_bucket', bucket), null);
}));

test('a resource that is removed before what names it is noticed', () => withLookAlike(async (one, create) => {
  const queue = await create('aws_sqs_queue', { name: 'mails', visibility_timeout_seconds: 180 });
  const alarm = await create('aws_cloudwatch_metric_alarm', { name: 'a', alarm_actions: [queue.arn] });
  await one.remove('aws_sqs_queue', queue);
  assert.match(one.log.at(-1).used_by.join(), /aws_cloudwatch_metric_alarm/);
  await one.remove('aws_cloudwatch_metric_alarm', alarm);
  assert.equal(one.log.at(-1).used_by, undefined);
}));

test('each type of the plan is in the look-alike, or it is stated why not', () => withLookAlike(async (one) => {
  for (const { type } of readRendered('dev').resources) assert.ok(one.isApplied(type) || reasonOf(type), type);
}));

// ---------------------------------------------------------------------- by Terraform

const skip = !hasTerraform() ? 'terraform is not installed' : process.env.TEST_LONG ? false : 'in make test-long';

// Each step needs the one before.
group('terraform: dev is applied', { skip }, () => {
  let one;
  const uploads = 'openmarket-dev-uploads-000000000000';
  const queue = (name) => one.look_alike.cloud.sqs.store.getQueueByArn(`arn:aws:sqs:ap-northeast-2:000000000000:openmarket-dev-${name}`);
  before(async () => {
    one = await Applied.start({ programs: PROGRAMS });
    await one.apply();
  });
  after(() => one?.stop());

  test('terraform: the look-alike holds what is planned', async () => {
    for (const [kind, planned, found] of await one.holdings()) {
      assert.ok(planned.length > 0, kind);
      assert.deepEqual(found, planned, kind);
    }
  });

  test('terraform: a second plan has no changes', async () => {
    assert.deepEqual(await one.changes(), []);
  });

  test('terraform: a photograph that is uploaded is resized, with the rights of the role alone', async () => {
    await one.look_alike.requests.s3('PUT', `/${uploads}/uploads/a.jpg`, { body: picture('a.jpg', '1600x1200') });
    await one.look_alike.cloud.settle();
    assert.deepEqual(one.look_alike.denied, []);
    for (const [size, width] of Object.entries(SIZES)) {
      const output = one.look_alike.cloud.s3.peek(uploads, outputKey('uploads/a.jpg', size));
      assert.ok(output, size);
      assert.equal(describe(output.body).width, width);
    }
  });

  test('terraform: without its right to write the function is denied', async () => {
    const { policies } = one.look_alike;
    const [key, { role, policy }] = [...policies].find(([, { role: name }]) => name === 'openmarket-dev-image-processor');
    policies.set(key, { role, policy: { ...policy, Statement: policy.Statement.filter(({ Sid }) => Sid !== 'Outputs') } });
    await one.look_alike.requests.s3('PUT', `/${uploads}/uploads/b.jpg`, { body: picture('b.jpg', '800x600') });
    await one.look_alike.cloud.settle();
    policies.set(key, { role, policy });
    assert.match(one.look_alike.denied.splice(0).join('\n'), /openmarket-dev-image-processor: s3:PutObject on .*uploads\/processed/);
    assert.equal(one.look_alike.cloud.s3.peek(uploads, outputKey('uploads/b.jpg', 'large')), null);
  });

  test('terraform: a mail of the queue is sent once its secret has a value', async () => {
    const { cloud, requests } = one.look_alike;
    await cloud.ses.clear();
    const hash_key = [...cloud.secrets.secrets.values()].find(({ name }) => name.endsWith('/email-hash-key'));
    await requests.json('secretsmanager', 'PutSecretValue', { SecretId: hash_key.arn, SecretString: 'k'.repeat(44) });
    await requests.json('sqs', 'SendMessage', { QueueUrl: queue('email-queue').url, MessageBody: JSON.stringify(message()) });
    await cloud.mappings.find(({ queue: { name } }) => name === 'openmarket-dev-email-queue').settle();
    assert.deepEqual(one.look_alike.denied, []);
    const [mail, ...more] = await cloud.ses.mails();
    assert.deepEqual([mail?.destination.to, more], [['customer@example.com'], []]);
    assert.equal((await cloud.dynamodb.items('openmarket-dev-mails-sent')).length, 1);
  });

  test('terraform: what is changed behind its back is changed back, and nothing else', async () => {
    const { requests } = one.look_alike;
    await requests.json('sqs', 'SetQueueAttributes', { QueueUrl: queue('email-queue').url, Attributes: { VisibilityTimeout: '30' } });
    assert.deepEqual(await one.changes(), [{ address: 'module.platform.module.email_queue.aws_sqs_queue.this', actions: ['update'] }]);
    await one.apply();
    assert.deepEqual(await one.changes(), []);
    assert.equal(queue('email-queue').attributes.VisibilityTimeout, '180');
  });

  test('terraform: one variable changes what depends on it alone', async () => {
    const changes = await one.changes([CHANGED]);
    assert.ok(changes.some(({ address }) => address.endsWith('image.module.function.aws_lambda_function.this')));
    assert.deepEqual(changes.filter(({ address, actions }) => !MAY_CHANGE.test(address) || actions.join() !== 'update'), []);
    await one.apply([CHANGED]);
    // A version is published, and the alias is CodeDeploy's to move.
    const { cloud } = one.look_alike;
    assert.equal(cloud.functions.get('openmarket-dev-image-processor:2').config.memory_mb, 512);
    assert.equal(cloud.lambda.aliases.get('openmarket-dev-image-processor:live'), '1');
  });

  test('terraform: destroy leaves nothing, and removes nothing that is still used', async () => {
    await one.destroy();
    assert.deepEqual(one.wrongOrder(), []);
    assert.deepEqual((await one.holdings()).filter(([, , found]) => found.length > 0), []);
    assert.equal(one.look_alike.alive.size, 0);
  });
});
