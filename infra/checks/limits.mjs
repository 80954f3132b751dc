// The rendered plans against AWS's own limits and this project's rules, beside what semantics.mjs compares with the
// code and observability.mjs with its lines: names, rules of events and permissions, encryption, public access, roles'
// trust, wildcards in what is no function's role. Mappings with their queues are queues.mjs's, schedules schedules.mjs's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { functionNameOf } from './plan.mjs';
import { CHECKS } from './tree.mjs';
import { block, list } from './values.mjs';

// Lengths and characters: the API reference of each service (CreateFunction, CreateQueue, CreateRole, CreateSchedule,
// CreateBucket, PutMetricAlarm, CreateSecret).
const NAMES = {
  aws_lambda_function: ['function_name', /^[A-Za-z0-9_-]{1,64}$/],
  aws_sqs_queue: ['name', /^[A-Za-z0-9_-]{1,80}$/],
  aws_iam_role: ['name', /^[\w+=,.@-]{1,64}$/],
  aws_iam_role_policy: ['name', /^[\w+=,.@-]{1,128}$/],
  aws_scheduler_schedule: ['name', /^[0-9A-Za-z_.-]{1,64}$/],
  aws_s3_bucket: ['bucket', /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/],
  aws_cloudwatch_metric_alarm: ['alarm_name', /^[^\s](.{0,253}[^\s])?$/],
  aws_cloudwatch_event_rule: ['name', /^[.\-_A-Za-z0-9]{1,64}$/],
  aws_secretsmanager_secret: ['name', /^[A-Za-z0-9/_+=.@-]{1,512}$/],
  aws_sns_topic: ['name', /^[A-Za-z0-9_-]{1,256}$/],
  aws_dynamodb_table: ['name', /^[a-zA-Z0-9_.-]{3,255}$/],
};
const KNOWN = JSON.parse(readFileSync(join(CHECKS, 'wildcards.json'), 'utf8')).statements;

function checkNames(resources) {
  return resources.flatMap(({ address, type, values }) => {
    const [argument, pattern] = NAMES[type] ?? [];
    return argument && values[argument] !== undefined && !pattern.test(values[argument]) ? [`${address}: AWS takes no ${argument} "${values[argument]}" (${pattern.source})`] : [];
  });
}

function checkDuplicates(resources) {
  const seen = new Map();
  return resources.flatMap(({ address, type, values }) => {
    const [argument] = NAMES[type] ?? [];
    if (!argument || type === 'aws_iam_role_policy' || values[argument] === undefined) return [];
    const key = `${type} ${values.group_name ?? ''} ${values[argument]}`;
    const other = seen.get(key);
    seen.set(key, address);
    return other ? [`${address} has the name of ${other}: ${values[argument]}`] : [];
  });
}

const isAlias = (arn) => /:function:[^:]+:live$/.test(arn ?? '');

// Each trigger invokes the alias, which CodeDeploy moves; it can fail nowhere without a trace.
const TRIGGERS = {
  aws_scheduler_schedule: (v) => [list(block(v.target).retry_policy).length === 0 && 'states no retry policy'],
  aws_cloudwatch_event_target: (v) => [
    /:function:/.test(v.arn ?? '') && !isAlias(v.arn) && 'does not invoke the alias live',
    list(v.dead_letter_config).length === 0 && 'has no dead-letter queue',
  ],
  aws_lambda_permission: (v) => [
    !v.source_arn && v.principal !== '*' && 'has no source_arn, so that any account may invoke through the service',
    v.principal === '*' && !v.function_url_auth_type && v.invoked_via_function_url !== true && 'lets any account invoke the function directly',
    v.principal === 's3.amazonaws.com' && !v.source_account && 'has no source_account, and a bucket\'s ARN names none',
    v.qualifier !== 'live' && !/:live$/.test(v.function_name) && 'is not for the alias live',
  ],
  aws_lambda_function_url: (v) => [v.qualifier !== 'live' && 'is not for the alias live'],
  aws_s3_bucket_notification: (v) => list(v.lambda_function).map((one) => !isAlias(one.lambda_function_arn) && 'does not invoke the alias live'),
};

// What is kept: encrypted, private, for a stated time.
const KEPT = {
  aws_sqs_queue: (v) => [!v.kms_master_key_id && v.sqs_managed_sse_enabled !== true && 'is not encrypted'],
  aws_cloudwatch_log_group: (v) => [!(v.retention_in_days > 0) && 'keeps logs without an end'],
  aws_lambda_function: (v) => [v.publish !== true && 'publishes no versions', v.runtime !== 'provided.al2023' && 'has another runtime than provided.al2023', !block(v.logging_config).log_group && 'has no log group of Terraform\'s'],
  aws_s3_bucket_public_access_block: (v) => ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'].map((name) => v[name] !== true && `has ${name} off`),
  aws_security_group: (v) => [list(v.ingress).length + list(v.egress).length > 0 && 'has rules within; they are resources of their own'],
  aws_vpc_security_group_ingress_rule: (v) => [[v.cidr_ipv4, v.cidr_ipv6].some((cidr) => cidr === '0.0.0.0/0' || cidr === '::/0') && 'is open to the world'],
};

function checkEach(resources, rules) {
  return resources.flatMap(({ address, type, values }) => (rules[type]?.(values) ?? []).filter(Boolean).map((text) => `${address} ${text}`));
}

// Each bucket of ours blocks public access and has a lifecycle; each trigger invokes a function of ours.
function checkTogether(resources) {
  const of = (type) => resources.filter((one) => one.type === type);
  const buckets = of('aws_s3_bucket').flatMap(({ address, values: { bucket } }) => ['aws_s3_bucket_public_access_block', 'aws_s3_bucket_lifecycle_configuration', 'aws_s3_bucket_versioning']
    .filter((type) => !of(type).some(({ values }) => values.bucket === bucket)).map((type) => `${address} has no ${type}`));
  // What no function's checks see.
  const names = of('aws_lambda_function').map(({ values }) => values.function_name);
  const targets = [...of('aws_lambda_event_source_mapping').map((one) => [one.address, one.values.function_name]), ...of('aws_scheduler_schedule').map((one) => [one.address, block(one.values.target).arn])];
  const lost = targets.filter(([, target]) => !names.includes(functionNameOf(target))).map(([address, target]) => `${address} invokes ${target}, which is no function of this plan`);
  // An alarm that has no action of its own rolls a deployment back.
  const watched = of('aws_codedeploy_deployment_group').flatMap(({ values }) => list(block(values.alarm_configuration).alarms));
  const silent = of('aws_cloudwatch_metric_alarm').filter(({ values }) => list(values.alarm_actions).length === 0 && !watched.includes(values.alarm_name)).map(({ address }) => `${address} notifies nobody and no deployment`);
  return [...buckets, ...lost, ...silent];
}

// Roles of functions are rights.mjs's. In all other policies a wildcard is listed in wildcards.json with its reason.
export function checkWildcards(resources, known = KNOWN) {
  const roles = new Set(resources.filter(({ type }) => type === 'aws_lambda_function').map(({ values }) => String(values.role).split('/').pop()));
  const policies = resources.filter(({ type, values }) => (type === 'aws_iam_role_policy' && !roles.has(values.role)) || ['aws_iam_policy', 'aws_sns_topic_policy', 'aws_sqs_queue_policy', 'aws_s3_bucket_policy', 'aws_kms_key'].includes(type)).filter(({ values }) => values.policy?.Statement);
  const faults = [];
  for (const { address, values } of policies) {
    for (const statement of list(values.policy.Statement).filter(({ Effect }) => Effect === 'Allow')) {
      for (const [field, value] of ['Action', 'Resource'].flatMap((name) => list(statement[name]).map((one) => [name, one]))) {
        const is_wild = field === 'Action' ? value.includes('*') : value === '*' || /\*/.test(value.split(':').slice(2, 5).join(':'));
        if (is_wild && !known.some((one) => one.sid === statement.Sid && one.values.includes(value) && one.reason)) faults.push(`${address}, ${statement.Sid ?? 'a statement without Sid'}: the ${field.toLowerCase()} ${value} is a wildcard that wildcards.json gives no reason for`);
      }
    }
  }
  return faults;
}

// A service that assumes a role does it for this account's resources only; Lambda's own is bound to its function.
function checkTrust(resources) {
  return resources.filter(({ type }) => type === 'aws_iam_role').flatMap(({ address, values }) => list(values.assume_role_policy?.Statement).flatMap((statement) => {
    const services = list(statement.Principal?.Service);
    const condition = JSON.stringify(statement.Condition ?? {});
    const confused = services.some((name) => ['scheduler.amazonaws.com', 'batchoperations.s3.amazonaws.com', 'events.amazonaws.com'].includes(name)) && !/aws:SourceAccount|aws:SourceArn/.test(condition);
    const open = statement.Principal === '*' || statement.Principal?.AWS === '*';
    const federated = statement.Principal?.Federated && !(/:sub"/.test(condition) && /:aud"/.test(condition));
    return [confused && 'can be assumed by the service for any account (no aws:SourceAccount)', open && 'can be assumed by anybody', federated && 'can be assumed by any subject of its identity provider'].filter(Boolean).map((text) => `${address} ${text}`);
  }));
}

// Returns faults as sentences that begin with an address.
export function checkLimits({ resources }) {
  return [...checkNames(resources), ...checkDuplicates(resources), ...checkEach(resources, TRIGGERS), ...checkEach(resources, KEPT), ...checkTogether(resources), ...checkWildcards(resources), ...checkTrust(resources)];
}
