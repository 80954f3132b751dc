// The checks of rights, settings, schedules and queues on a small rendered plan: nothing to find in it, and one fault
// each in changed copies of it. Then the plans of this project, where they are rendered.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { authorizer } from '../../infra/checks/enforce.mjs';
import { ENVIRONMENTS, Plan, renderedPath } from '../../infra/checks/plan.mjs';
import { checkQueues } from '../../infra/checks/queues.mjs';
import { READMES, checkReadmes, rightsBlock } from '../../infra/checks/readme_rights.mjs';
import { RECORDED, readCalls } from '../../infra/checks/recorded.mjs';
import { checkRights } from '../../infra/checks/rights.mjs';
import { checkSchedules, timesOf } from '../../infra/checks/schedules.mjs';
import { checkSettings, readNames } from '../../infra/checks/settings.mjs';
import { samplePlan } from '../support/plan.mjs';

const CALLS = readCalls(RECORDED);

// The sample with one change: change(resource, name) gets the values of the one with this type and name.
function planWith(change = () => {}) {
  const rendered = samplePlan();
  change((type, name) => {
    const found = rendered.resources.find((one) => one.type === type && one.name === name);
    assert.ok(found, `${type}.${name}`);
    return found.values;
  }, rendered);
  return new Plan(rendered, 'sample');
}
const statement = (get, program, sid) => {
  const found = get('aws_iam_role_policy', program).policy.Statement.find((one) => one.Sid === sid);
  assert.ok(found, `${program} ${sid}`);
  return found;
};
// Exactly one fault, which names all of these.
function isFound(faults, ...words) {
  assert.equal(faults.length, 1, JSON.stringify(faults, null, 1));
  for (const word of words) assert.ok(faults[0].includes(word), `${faults[0]}\ndoes not name ${word}`);
}
const rightsOf = (change) => checkRights(planWith(change), CALLS);

test('rights: nothing is wrong with the sample, and it was held against calls of every function', () => {
  assert.deepEqual(rightsOf(), []);
  for (const program of ['image-processor', 'email-sender', 'settlement-report', 'webhook-handler']) assert.ok(CALLS.some((call) => call.function === program), program);
});

test('rights: a right that is missing is named with the function, the action and the resource', () => {
  const without = (program, sid, action) => rightsOf((get) => {
    const one = statement(get, program, sid);
    one.Action = one.Action.filter((name) => name !== action);
    assert.ok(one.Action.length > 0);
  });
  isFound(without('settlement-report', 'Reports', 's3:AbortMultipartUpload'), 'openmarket-dev-settlement-report', 's3:AbortMultipartUpload', 'arn:aws:s3:::openmarket-dev-reports/settlements/', 'REPORTS_BUCKET');
  isFound(without('email-sender', 'Record', 'dynamodb:DeleteItem'), 'openmarket-dev-email-sender', 'dynamodb:DeleteItem', 'table/openmarket-dev-sent');
  const tags = without('image-processor', 'ReadSources', 's3:PutObjectVersionTagging');
  assert.ok(tags.length > 0 && tags.every((text) => text.includes('s3:PutObjectVersionTagging on arn:aws:s3:::openmarket-dev-uploads/uploads/')), tags.join('\n'));
  isFound(rightsOf((get) => (statement(get, 'webhook-handler', 'Mails').Resource = ['arn:aws:sqs:ap-northeast-2:123456789012:openmarket-prod-email-queue'])).slice(0, 1), 'openmarket-dev-webhook-handler', 'sqs:SendMessage', 'openmarket-dev-email-queue');
});

test('rights: one for each of two queues, secrets, and the configuration set', () => {
  const drop = (program, sid, word) => rightsOf((get) => {
    const one = statement(get, program, sid);
    const before = one.Resource.length;
    one.Resource = one.Resource.filter((resource) => !resource.includes(word));
    assert.equal(one.Resource.length, before - 1);
  });
  isFound(drop('email-sender', 'DelayMessages', 'promotional'), 'sqs:ChangeMessageVisibility', 'promotional');
  isFound(drop('email-sender', 'SendMail', 'configuration-set'), 'ses:SendEmail', 'configuration-set/openmarket-dev', 'SES_CONFIGURATION_SET');
  isFound(drop('settlement-report', 'Secrets', 'migration'), 'secretsmanager:GetSecretValue', 'openmarket/dev/migration', 'MIGRATION_SECRET_NAME');
  isFound(drop('settlement-report', 'Queues', 'settlement-queue'), 'sqs:SendMessage', 'SETTLEMENT_QUEUE_URL');
});

test('rights: a condition that does not hold, and a Deny', () => {
  const narrow = rightsOf((get) => (statement(get, 'image-processor', 'SeeWhatIsMissing').Condition.StringLike['s3:prefix'] = ['uploads/none/*']));
  assert.ok(narrow.some((text) => text.includes('calls s3:ListBucket')) && narrow.some((text) => text.includes('allows s3:ListBucket')), narrow.join('\n'));
  isFound(rightsOf((get) => get('aws_iam_role_policy', 'webhook-handler').policy.Statement.push({ Sid: 'No', Effect: 'Deny', Action: 'sqs:*', Resource: '*' })), 'sqs:SendMessage', 'explicit deny');
});

test('rights: what nothing calls is too much', () => {
  const add = (program, one) => rightsOf((get) => get('aws_iam_role_policy', program).policy.Statement.push({ Effect: 'Allow', ...one }));
  isFound(add('image-processor', { Sid: 'More', Action: ['s3:DeleteObject'], Resource: ['arn:aws:s3:::openmarket-dev-uploads/uploads/*'] }), 'openmarket-dev-image-processor', 'More', 's3:DeleteObject', 'nothing calls it');
  isFound(rightsOf((get) => statement(get, 'settlement-report', 'Reports').Resource.push('arn:aws:s3:::openmarket-dev-reports/archive/*')).slice(0, 1), 's3:GetObject', '/archive/*', 'nothing calls it');
  // A setting that is not set: its rights are not needed.
  isFound(rightsOf((get) => delete get('aws_lambda_function', 'settlement-report').environment[0].variables.MIGRATION_SECRET_NAME), 'secret:openmarket/dev/migration-??????', 'nothing calls it');
  // Rights of Lambda itself, where Lambda has no use for them.
  isFound(rightsOf((get) => (get('aws_lambda_function', 'email-sender').tracing_config = [{ mode: 'PassThrough' }])).slice(0, 1), 'LambdaTraces', 'xray:PutTraceSegments', 'no tracing');
  isFound(add('email-sender', { Sid: 'LambdaNetwork', Action: ['ec2:DeleteNetworkInterface'], Resource: ['*'] }), 'ec2:DeleteNetworkInterface', 'no vpc');
  isFound(rightsOf((get) => statement(get, 'email-sender', 'LambdaLogs').Resource.splice(0, 1, 'arn:aws:logs:ap-northeast-2:123456789012:log-group:/aws/lambda/other:*')).slice(0, 1), 'LambdaLogs', '/aws/lambda/other');
  isFound(rightsOf((get) => statement(get, 'email-sender', 'LambdaQueues').Resource.push('arn:aws:sqs:ap-northeast-2:123456789012:openmarket-dev-settlement-queue')).slice(0, 1), 'sqs:ReceiveMessage', 'settlement-queue');
  isFound(add('email-sender', { Sid: 'LambdaLogs2', Action: ['logs:CreateLogGroup'], Resource: ['arn:aws:logs:ap-northeast-2:123456789012:log-group:x'] }), 'logs:CreateLogGroup');
});

test('rights: wildcards where a name could stand', () => {
  const set = (program, sid, more) => rightsOf((get) => Object.assign(statement(get, program, sid), more));
  const names = (faults, ...words) => assert.ok(faults.some((text) => words.every((word) => text.includes(word))), faults.join('\n'));
  names(set('email-sender', 'Record', { Action: ['dynamodb:*Item'] }), 'dynamodb:*Item', 'wildcard');
  names(set('webhook-handler', 'Mails', { Resource: ['*'] }), 'the resource *', 'wildcard');
  names(set('webhook-handler', 'Mails', { Resource: ['arn:aws:sqs:*:123456789012:openmarket-dev-email-queue'] }), 'wildcard');
  names(set('webhook-handler', 'Mails', { Resource: ['arn:aws:sqs:ap-northeast-2:123456789012:openmarket-dev-*'] }), 'wildcard');
  names(set('settlement-report', 'Reports', { Resource: ['arn:aws:s3:::openmarket-dev-reports/*'] }), 'wildcard');
  names(set('settlement-report', 'Reports', { Resource: ['arn:aws:s3:::openmarket-*/settlements/*'] }), 'wildcard');
  names(set('settlement-report', 'Secrets', { Resource: ['arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:openmarket/*'] }), 'wildcard');
  names(rightsOf((get, rendered) => rendered.resources.push({ address: 'a', type: 'aws_iam_role_policy_attachment', name: 'a', values: { role: 'openmarket-dev-email-sender', policy_arn: 'arn:aws:iam::aws:policy/AmazonSESFullAccess' } })), 'AmazonSESFullAccess');
});

test('rights: calls under other settings than the deployed ones prove nothing', () => {
  const plan = planWith();
  const call = { function: 'image-processor', twin: false, action: 's3:PutObject', from: [], resource: 'arn:aws:s3:::photos/elsewhere/NAME', context: {} };
  assert.equal(checkRights(plan, [...CALLS, { ...call, settings: {} }]).length, 1);
  assert.deepEqual(checkRights(plan, [...CALLS, { ...call, settings: { IMAGE_SOURCE_PREFIX: '*' } }]), []);
});

test('rights: in the local cloud a function has those of its role', () => {
  const call = { function: 'email-sender', twin: false, action: 'dynamodb:DeleteItem', from: ['IDEMPOTENCY_TABLE'], settings: {}, resource: 'arn:aws:dynamodb:ap-northeast-2:000000000000:table/sent', context: {} };
  assert.ok(authorizer(planWith())(call));
  const fewer = authorizer(planWith((get) => (statement(get, 'email-sender', 'Record').Action = ['dynamodb:PutItem'])));
  assert.ok(!fewer(call) && fewer({ ...call, action: 'dynamodb:PutItem' }));
  // Neither of another program, nor about what is not deployed.
  assert.ok(fewer({ ...call, function: 'node' }) && fewer({ ...call, from: ['OTHER_TABLE'] }));
  assert.ok(!authorizer(planWith())({ ...call, action: 'sqs:ReceiveMessage', from: ['DEAD_LETTER_QUEUE_URL'], resource: 'arn:aws:sqs:ap-northeast-2:000000000000:dead' }));
});

test('rights: the policy in each README is the one of the plan', () => {
  const plan = planWith();
  const block = (name) => rightsBlock(plan, plan.functions.find(({ kind }) => READMES[kind] && name.endsWith(READMES[kind])));
  assert.deepEqual(checkReadmes(plan, (path) => `# Rights\n\n${block(path)}\n`), []);
  isFound(checkReadmes(plan, (path) => (path.endsWith('email/README.md') ? block(path).replace('dynamodb:PutItem', 'dynamodb:GetItem') : block(path))), 'lambda/handlers/email/README.md', 'openmarket-dev-email-sender');
  isFound(checkReadmes(plan, (path) => (path.endsWith('settlement/README.md') ? '# Rights\n' : block(path))), 'lambda/handlers/settlement/README.md', 'no policy');
  const text = block('lambda/handlers/email/README.md');
  assert.ok(text.includes('"arn:aws:sqs:REGION:ACCOUNT:openmarket-dev-email-queue"') && !text.includes('123456789012'));
  assert.deepEqual(JSON.parse(text.split('```')[1].slice('json'.length)).Version, '2012-10-17');
});

// ---------------------------------------------------------------------- settings

const READ = Object.fromEntries(samplePlan().resources.filter(({ type }) => type === 'aws_lambda_function').map(({ name, values }) => [name, new Set(Object.keys(values.environment[0].variables))]));
const settingsOf = (change, read = READ) => checkSettings([planWith(change)], read).filter((text) => !text.startsWith('unset-settings.json'));
const variables = (get, program) => get('aws_lambda_function', program).environment[0].variables;

test('settings: what no source reads, what nothing sets, reserved keys', () => {
  assert.deepEqual(settingsOf(), []);
  isFound(settingsOf((get) => (variables(get, 'email-sender').IDEMPOTENCE_TABLE = 'x')), 'openmarket-dev-email-sender', 'IDEMPOTENCE_TABLE');
  isFound(settingsOf((get) => delete variables(get, 'webhook-handler').EMAIL_QUEUE_URL), 'webhook-handler', 'EMAIL_QUEUE_URL', 'no environment sets');
  for (const key of ['AWS_REGION', 'AWS_LAMBDA_FUNCTION_NAME', '_X_AMZN_TRACE_ID', 'LAMBDA_TASK_ROOT', 'AWS_SESSION_TOKEN']) {
    isFound(settingsOf((get) => (variables(get, 'email-sender')[key] = 'x')), key, 'reserved');
  }
  isFound(settingsOf((get) => (variables(get, 'email-sender').FROM_EMAIL = '')), 'FROM_EMAIL', 'empty');
});

test('settings: the names are read from the sources', () => {
  const read = readNames();
  assert.deepEqual(Object.keys(read).filter((name) => ['image-processor', 'email-sender', 'webhook-handler', 'settlement-report'].includes(name)).length, 4);
  const has = (program, ...names) => names.forEach((name) => assert.ok(read[program].has(name), `${program} ${name}`));
  has('image-processor', 'IMAGE_QUALITY', 'METRICS_NAMESPACE');
  has('email-sender', 'FROM_EMAIL', 'SES_SEND_RATE', 'ADDRESS_HASH_SECRET', 'SENDER_PHONE');
  has('webhook-handler', 'DB_SECRET_NAME', 'WEBHOOK_SECRET_NAME', 'TOSS_CONFIRMED_URL', 'INBOX_DAYS', 'UNSUBSCRIBE_SECRET_NAME');
  has('settlement-report', 'REPORT_URL_TEMPLATE', 'SETTLEMENT_CLOSE_AFTER', 'PAYOUT_DAY', 'DB_LOCK_WAIT');
  assert.ok(!read['image-processor'].has('DB_NAME') && !read['email-sender'].has('IMAGE_QUALITY') && !read['settlement-report'].has('INBOX_DAYS'));
});

// ---------------------------------------------------------------------- schedules

const schedulesOf = (change) => checkSchedules(planWith(change));
const scheduled = (get, name) => get('aws_scheduler_schedule', name);

test('schedules: times in UTC and in Seoul are the same, others are not', () => {
  const first = (expression, timezone, n = 3) => timesOf(expression, timezone).slice(0, n).map((ms) => new Date(ms).toISOString().slice(0, 16));
  assert.deepEqual(first('cron(0 9 * * ? *)', 'Asia/Seoul'), ['2028-01-01T00:00', '2028-01-02T00:00', '2028-01-03T00:00']);
  assert.deepEqual(first('cron(0 9 ? * MON *)', 'Asia/Seoul'), ['2028-01-03T00:00', '2028-01-10T00:00', '2028-01-17T00:00']);
  assert.deepEqual(first('cron(0 3 1 * ? *)', 'Asia/Seoul'), ['2028-01-31T18:00', '2028-02-29T18:00', '2028-03-31T18:00']);
  assert.deepEqual(timesOf('cron(0 9 1 * ? *)', 'Asia/Seoul'), timesOf('cron(0 0 1 * ? *)', 'UTC'));
  assert.throws(() => timesOf('cron(0 9 1 * ? *)', 'Asia/Tokyo'), /timezone/);
});

test('schedules: wrong hours, days, timezones, inputs, and missing ones', () => {
  assert.deepEqual(schedulesOf(), []);
  isFound(schedulesOf((get) => (scheduled(get, 'daily').schedule_expression = 'cron(0 0 * * ? *)')), 'daily', 'every day at 00:00 UTC', 'T15:00');
  isFound(schedulesOf((get) => (scheduled(get, 'weekly').schedule_expression = 'cron(0 9 ? * SUN *)')), 'weekly', 'every Monday');
  isFound(schedulesOf((get) => (scheduled(get, 'weekly').schedule_expression = 'cron(0 9 ? * 1 *)')), 'weekly', 'every Monday');
  isFound(schedulesOf((get) => (scheduled(get, 'monthly').schedule_expression = 'cron(0 9 L * ? *)')), 'monthly', 'first of each month');
  isFound(schedulesOf((get) => (scheduled(get, 'monthly').schedule_expression_timezone = 'UTC')), 'monthly', 'T09:00');
  isFound(schedulesOf((get) => (scheduled(get, 'daily').schedule_expression = 'rate(1 day)')), 'daily', 'every day at 00:00 UTC');
  isFound(schedulesOf((get) => (scheduled(get, 'daily').schedule_expression = 'cron(0 9 * * * *)')), 'daily', '?');
  isFound(schedulesOf((get) => (scheduled(get, 'daily').target[0].input = '{"reportType":"daily","time":"\\u003caws.scheduler.scheduled-time\\u003e"}')).slice(0, 1), 'daily', 'escaped');
  isFound(schedulesOf((get) => (scheduled(get, 'daily').target[0].input = '{"reportType":"daily"}')), 'daily', '"time"');
  isFound(schedulesOf((get) => (scheduled(get, 'sweep').target[0].input = '{"task":"sweep"')).slice(0, 1), 'sweep', 'not JSON');
  isFound(schedulesOf((get) => (scheduled(get, 'sweep').target[0].dead_letter_config = [])), 'sweep', 'dead-letter');
  isFound(schedulesOf((get) => (scheduled(get, 'sweep').target[0].arn = scheduled(get, 'sweep').target[0].arn.replace(':live', ''))), 'sweep', 'live');
  isFound(schedulesOf((get) => (scheduled(get, 'watch').schedule_expression = 'cron(0 9 * * ? *)')), 'watch', 'every day at 00:30 UTC');
  isFound(schedulesOf((get) => (scheduled(get, 'close').state = 'DISABLED')), 'close', 'disabled');
  isFound(schedulesOf((get, rendered) => rendered.resources.splice(rendered.resources.findIndex(({ name }) => name === 'close'), 1)), 'no schedule', 'closing');
  isFound(schedulesOf((get, rendered) => rendered.resources.push(rendered.resources.find(({ name }) => name === 'daily'))), '2 schedules', 'daily');
  const reconciles = (expression) => schedulesOf((get, rendered) => {
    const sweep = rendered.resources.find(({ name }) => name === 'sweep');
    const input = '{"task":"reconcile","time":"<aws.scheduler.scheduled-time>"}';
    rendered.resources.push({ ...sweep, name: 'reconcile', address: 'reconcile', values: { ...sweep.values, schedule_expression: expression, target: [{ ...sweep.values.target[0], input }] } });
  });
  assert.deepEqual(reconciles('cron(0 2 * * ? *)'), []);
  // The day before is not whole in Korea, or the hour is a guess.
  isFound(reconciles('cron(30 0 * * ? *)'), 'reconcile', '01:00 KST');
  isFound(reconciles('rate(1 day)'), 'reconcile', 'once a day');
});

// ---------------------------------------------------------------------- queues

const queuesOf = (change) => checkQueues(planWith(change));

test('queues: visibility, batches, concurrency, receives, dead letters', () => {
  assert.deepEqual(queuesOf(), []);
  isFound(queuesOf((get) => (get('aws_sqs_queue', 'email-queue').visibility_timeout_seconds = 179)), 'openmarket-dev-email-queue', '179 s', '180 s');
  isFound(queuesOf((get) => (get('aws_lambda_function', 'settlement-report').timeout = 301)), 'settlement-queue', '1806 s');
  isFound(queuesOf((get) => (get('aws_lambda_event_source_mapping', 'email-queue').maximum_batching_window_in_seconds = 5)), '185 s');
  isFound(queuesOf((get) => (get('aws_lambda_event_source_mapping', 'settlement-queue').batch_size = 10)), 'batch size is 10');
  isFound(queuesOf((get) => (get('aws_lambda_event_source_mapping', 'settlement-queue').scaling_config = [{ maximum_concurrency: 1 }])), 'maximum concurrency is 1');
  isFound(queuesOf((get) => (get('aws_lambda_event_source_mapping', 'settlement-queue').scaling_config = [{ maximum_concurrency: 6 }])), 'reserved 5');
  isFound(queuesOf((get) => (get('aws_lambda_event_source_mapping', 'email-queue').scaling_config = [])), 'maximum concurrency is undefined');
  isFound(queuesOf((get) => (get('aws_lambda_event_source_mapping', 'email-queue').function_response_types = [])), 'ReportBatchItemFailures');
  isFound(queuesOf((get) => (get('aws_sqs_queue', 'email-queue').redrive_policy = JSON.stringify({ deadLetterTargetArn: 'arn:aws:sqs:ap-northeast-2:123456789012:openmarket-dev-email-queue-dlq', maxReceiveCount: 3 }))), 'maxReceiveCount is 3');
  isFound(queuesOf((get) => (get('aws_sqs_queue', 'email-queue').redrive_policy = null)), 'no redrive policy');
  isFound(queuesOf((get) => (get('aws_sqs_queue', 'email-queue-dlq').message_retention_seconds = 345600)), '345600 s');
});

// ---------------------------------------------------------------------- this project's plans

const rendered = ENVIRONMENTS.filter((name) => existsSync(renderedPath(name)));
for (const name of rendered) {
  test(`the plan of ${name}: rights, schedules, queues`, () => {
    const plan = Plan.read(name);
    assert.ok(plan.functions.length >= 4);
    assert.deepEqual([...checkRights(plan, CALLS), ...checkSchedules(plan), ...checkQueues(plan)], []);
  });
}
if (rendered.length > 0) {
  test('the plans: settings', () => assert.deepEqual(checkSettings(rendered.map((name) => Plan.read(name))), []));
}
