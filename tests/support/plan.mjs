// A rendered plan of a platform with three functions, small enough to read, on which the checks of infra/checks are
// tried: each test changes one thing in a copy.
const SCOPE = 'ap-northeast-2:123456789012';
const arn = (service, rest) => `arn:aws:${service}:${SCOPE}:${rest}`;

const resource = (type, name, values) => ({ address: `module.platform.${type}.${name}`, type, name, values });
const allow = (sid, actions, resources, condition) => ({ Sid: sid, Effect: 'Allow', Action: actions, Resource: resources, ...(condition && { Condition: condition }) });

function deployed(program, { timeout, variables, statements, more = {}, vpc = false }) {
  const name = `openmarket-dev-${program}`;
  const log_group = `/aws/lambda/${name}`;
  const network = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface'];
  const own = [
    allow('LambdaLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], [`${arn('logs', `log-group:${log_group}`)}:*`]),
    allow('LambdaTraces', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], ['*']),
    ...(vpc ? [allow('LambdaNetwork', network, ['*'])] : []),
  ];
  return [
    resource('aws_iam_role', program, { name, arn: `arn:aws:iam::123456789012:role/${name}` }),
    resource('aws_iam_role_policy', program, { name, role: name, policy: { Version: '2012-10-17', Statement: [...statements, ...own] } }),
    resource('aws_lambda_function', program, {
      function_name: name, arn: arn('lambda', `function:${name}`), role: `arn:aws:iam::123456789012:role/${name}`, filename: `build/package/x86_64/${program}.zip`, timeout, memory_size: 256,
      environment: [{ variables }], tracing_config: [{ mode: 'Active' }], logging_config: [{ log_group }], vpc_config: vpc ? [{ subnet_ids: ['subnet-1'] }] : [], ...more,
    }),
  ];
}

const queue = (name, visibility) => [
  resource('aws_sqs_queue', name, {
    name: `openmarket-dev-${name}`, arn: arn('sqs', `openmarket-dev-${name}`), visibility_timeout_seconds: visibility, message_retention_seconds: 1209600,
    redrive_policy: JSON.stringify({ deadLetterTargetArn: arn('sqs', `openmarket-dev-${name}-dlq`), maxReceiveCount: 10 }),
  }),
  resource('aws_sqs_queue', `${name}-dlq`, { name: `openmarket-dev-${name}-dlq`, arn: arn('sqs', `openmarket-dev-${name}-dlq`), message_retention_seconds: 1209600 }),
];

const alias = (program) => arn('lambda', `function:openmarket-dev-${program}:live`);
const mapping = (program, name, batch_size) => resource('aws_lambda_event_source_mapping', name, {
  event_source_arn: arn('sqs', `openmarket-dev-${name}`), function_name: alias(program), batch_size, function_response_types: ['ReportBatchItemFailures'], scaling_config: [{ maximum_concurrency: 2 }],
});
const receives = (...names) => allow('LambdaQueues', ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], names.map((name) => arn('sqs', `openmarket-dev-${name}`)));

const schedule = (program, name, expression, input) => resource('aws_scheduler_schedule', name, {
  name: `openmarket-dev-${name}`, schedule_expression: expression, schedule_expression_timezone: 'Asia/Seoul', state: 'ENABLED', flexible_time_window: [{ mode: 'OFF' }],
  target: [{ arn: alias(program), input, dead_letter_config: [{ arn: arn('sqs', 'openmarket-dev-schedules-dlq') }] }],
});

const url = (name) => `https://sqs.ap-northeast-2.amazonaws.com/123456789012/openmarket-dev-${name}`;
const secret = (name) => arn('secretsmanager', `secret:${name}-??????`);
const TIME = '"time":"<aws.scheduler.scheduled-time>"';

export function samplePlan() {
  const uploads = 'arn:aws:s3:::openmarket-dev-uploads';
  const reports = 'arn:aws:s3:::openmarket-dev-reports';
  return { resources: [
    ...deployed('image-processor', {
      timeout: 60, variables: { IMAGE_QUALITY: '80' },
      statements: [
        allow('ReadSources', ['s3:GetObject', 's3:GetObjectTagging', 's3:GetObjectVersionTagging', 's3:PutObjectTagging', 's3:PutObjectVersionTagging'], [`${uploads}/uploads/*`]),
        allow('WriteImages', ['s3:PutObject'], [`${uploads}/uploads/processed/*`, `${uploads}/uploads/*/processed/*`]),
        allow('SeeWhatIsMissing', ['s3:ListBucket'], [uploads], { StringLike: { 's3:prefix': ['uploads/*'] } }),
      ],
    }),
    resource('aws_s3_bucket', 'uploads', { bucket: 'openmarket-dev-uploads', arn: uploads }),
    resource('aws_s3_bucket_versioning', 'uploads', { bucket: 'openmarket-dev-uploads', versioning_configuration: [{ status: 'Enabled' }] }),
    resource('aws_s3_bucket_notification', 'uploads', { bucket: 'openmarket-dev-uploads', lambda_function: [{ lambda_function_arn: alias('image-processor'), filter_prefix: 'uploads/' }] }),
    ...deployed('email-sender', {
      timeout: 30,
      variables: { FROM_EMAIL: 'OpenMarket <no-reply@shop.example>', SES_CONFIGURATION_SET: 'openmarket-dev', IDEMPOTENCY_TABLE: 'openmarket-dev-sent', DEAD_LETTER_QUEUE_URL: url('email-queue-dlq'), ADDRESS_HASH_SECRET: 'openmarket/dev/hash' },
      statements: [
        allow('SendMail', ['ses:SendEmail'], [arn('ses', 'identity/shop.example'), arn('ses', 'configuration-set/openmarket-dev')]),
        allow('DelayMessages', ['sqs:ChangeMessageVisibility'], [arn('sqs', 'openmarket-dev-email-queue'), arn('sqs', 'openmarket-dev-email-promotional-queue')]),
        allow('DeadLetters', ['sqs:SendMessage'], [arn('sqs', 'openmarket-dev-email-queue-dlq')]),
        allow('Record', ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'], [arn('dynamodb', 'table/openmarket-dev-sent')]),
        allow('HashKey', ['secretsmanager:GetSecretValue'], [secret('openmarket/dev/hash')]),
        receives('email-queue', 'email-promotional-queue'),
      ],
    }),
    ...queue('email-queue', 180), ...queue('email-promotional-queue', 180),
    mapping('email-sender', 'email-queue', 10), mapping('email-sender', 'email-promotional-queue', 10),
    ...deployed('settlement-report', {
      timeout: 300, vpc: true, more: { reserved_concurrent_executions: 5 },
      variables: { DB_SECRET_NAME: 'openmarket/dev/db', REPORTS_BUCKET: 'openmarket-dev-reports', EMAIL_QUEUE_URL: url('email-queue'), SETTLEMENT_QUEUE_URL: url('settlement-queue'), MIGRATION_SECRET_NAME: 'openmarket/dev/migration' },
      statements: [
        allow('Secrets', ['secretsmanager:GetSecretValue'], [secret('openmarket/dev/db'), secret('openmarket/dev/migration')]),
        allow('Reports', ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [`${reports}/settlements/*`]),
        allow('SeeWhatIsMissing', ['s3:ListBucket'], [reports], { StringLike: { 's3:prefix': ['settlements/*'] } }),
        allow('Queues', ['sqs:SendMessage'], [arn('sqs', 'openmarket-dev-email-queue'), arn('sqs', 'openmarket-dev-settlement-queue')]),
        receives('settlement-queue'),
      ],
    }),
    ...queue('settlement-queue', 1800), mapping('settlement-report', 'settlement-queue', 1),
    schedule('settlement-report', 'daily', 'cron(0 9 * * ? *)', `{"reportType":"daily",${TIME}}`),
    schedule('settlement-report', 'weekly', 'cron(0 9 ? * MON *)', `{"reportType":"weekly",${TIME}}`),
    schedule('settlement-report', 'monthly', 'cron(0 9 1 * ? *)', `{"reportType":"monthly",${TIME}}`),
    schedule('settlement-report', 'watch', 'cron(30 9 * * ? *)', `{"task":"watch",${TIME}}`),
    schedule('settlement-report', 'close', 'rate(1 hour)', '{"task":"close"}'),
    ...deployed('webhook-handler', {
      timeout: 30, vpc: true,
      variables: { DB_SECRET_NAME: 'openmarket/dev/db', EMAIL_QUEUE_URL: url('email-queue'), WEBHOOK_SECRET_NAME: 'openmarket/dev/webhook' },
      statements: [
        allow('Secrets', ['secretsmanager:GetSecretValue'], [secret('openmarket/dev/db'), secret('openmarket/dev/webhook')]),
        allow('Mails', ['sqs:SendMessage'], [arn('sqs', 'openmarket-dev-email-queue')]),
      ],
    }),
    schedule('webhook-handler', 'sweep', 'rate(1 minute)', `{"task":"sweep",${TIME}}`),
  ] };
}
