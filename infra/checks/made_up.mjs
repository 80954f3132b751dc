// Values that AWS computes, made up from names so that they are the same in every plan: ARNs, ids, URLs.
// Formats: "Actions, resources, and condition keys for AWS services" of the Service Authorization Reference.
import { createHash } from 'node:crypto';
import { list } from './values.mjs';

export const ACCOUNT = '123456789012';
export const REGION = 'ap-northeast-2';
const hash = (text, digits = 17) => createHash('sha256').update(text).digest('hex').slice(0, digits);
const arn = (service, rest, region = REGION, account = ACCOUNT) => `arn:aws:${service}:${region}:${account}:${rest}`;
const lambda = (name) => (String(name).startsWith('arn:') ? name : arn('lambda', `function:${name}`));
const uuid = (text) => hash(text, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const ec2 = (prefix, kind) => (v, key) => ({ id: `${prefix}-${hash(key)}`, arn: arn('ec2', `${kind}/${prefix}-${hash(key)}`) });
const named = (service, prefix) => (v) => ({ arn: arn(service, `${prefix}${v.name}`), id: v.name });

// For each type: what the values of a resource compute to. The key is the same for the same values.
const TYPES = {
  aws_lambda_function: (v) => ({
    arn: lambda(v.function_name), id: v.function_name, version: '1', qualified_arn: `${lambda(v.function_name)}:1`,
    invoke_arn: arn('apigateway', `lambda:path/2015-03-31/functions/${lambda(v.function_name)}/invocations`).replace(`:${ACCOUNT}:`, ':'),
  }),
  aws_lambda_alias: (v) => ({
    arn: `${lambda(v.function_name)}:${v.name}`, id: `${lambda(v.function_name)}:${v.name}`,
    invoke_arn: arn('apigateway', `lambda:path/2015-03-31/functions/${lambda(v.function_name)}:${v.name}/invocations`).replace(`:${ACCOUNT}:`, ':'),
  }),
  aws_lambda_function_url: (v, key) => ({ function_arn: `${lambda(v.function_name)}:${v.qualifier}`, id: v.function_name, url_id: hash(key, 32), function_url: `https://${hash(key, 32)}.lambda-url.${REGION}.on.aws/` }),
  aws_lambda_event_source_mapping: (v, key) => ({ uuid: uuid(key), id: uuid(key), function_arn: lambda(v.function_name), arn: arn('lambda', `event-source-mapping:${uuid(key)}`) }),
  aws_sqs_queue: (v) => ({ arn: arn('sqs', v.name), id: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${v.name}`, url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${v.name}` }),
  aws_s3_bucket: (v) => ({ arn: `arn:aws:s3:::${v.bucket}`, id: v.bucket, bucket_domain_name: `${v.bucket}.s3.amazonaws.com`, bucket_regional_domain_name: `${v.bucket}.s3.${REGION}.amazonaws.com` }),
  aws_iam_role: (v) => ({ arn: arn('iam', `role/${v.name}`, ''), id: v.name, unique_id: hash(v.name) }),
  aws_iam_policy: (v) => ({ arn: arn('iam', `policy/${v.name}`, ''), id: arn('iam', `policy/${v.name}`, '') }),
  aws_iam_role_policy: (v) => ({ id: `${v.role}:${v.name}` }),
  aws_iam_openid_connect_provider: (v) => ({ arn: arn('iam', `oidc-provider/${String(v.url).replace('https://', '')}`, '') }),
  aws_cloudwatch_log_group: named('logs', 'log-group:'),
  aws_cloudwatch_metric_alarm: (v) => ({ arn: arn('cloudwatch', `alarm:${v.alarm_name}`), id: v.alarm_name }),
  aws_cloudwatch_composite_alarm: (v) => ({ arn: arn('cloudwatch', `alarm:${v.alarm_name}`), id: v.alarm_name }),
  aws_cloudwatch_dashboard: (v) => ({ dashboard_arn: arn('cloudwatch', `dashboard/${v.dashboard_name}`, ''), id: v.dashboard_name }),
  aws_cloudwatch_event_rule: named('events', 'rule/'),
  aws_dynamodb_table: named('dynamodb', 'table/'),
  aws_scheduler_schedule: (v) => ({ arn: arn('scheduler', `schedule/${v.group_name ?? 'default'}/${v.name}`), id: `${v.group_name ?? 'default'}/${v.name}` }),
  aws_scheduler_schedule_group: named('scheduler', 'schedule-group/'),
  // Secrets Manager appends six characters to the name.
  aws_secretsmanager_secret: (v) => ({ arn: arn('secretsmanager', `secret:${v.name}-AbCdEf`), id: arn('secretsmanager', `secret:${v.name}-AbCdEf`) }),
  aws_sns_topic: (v) => ({ arn: arn('sns', v.name), id: arn('sns', v.name) }),
  aws_sns_topic_subscription: (v, key) => ({ arn: `${v.topic_arn}:${uuid(key)}`, id: `${v.topic_arn}:${uuid(key)}` }),
  aws_sesv2_email_identity: (v) => ({
    arn: arn('ses', `identity/${v.email_identity}`), id: v.email_identity,
    dkim_signing_attributes: [{ tokens: ['one', 'two', 'three'].map((name) => hash(`${v.email_identity} ${name}`, 32)) }],
  }),
  aws_sesv2_configuration_set: (v) => ({ arn: arn('ses', `configuration-set/${v.configuration_set_name}`), id: v.configuration_set_name }),
  aws_codedeploy_app: (v) => ({ arn: arn('codedeploy', `application:${v.name}`), id: v.name }),
  aws_codedeploy_deployment_group: (v) => ({ arn: arn('codedeploy', `deploymentgroup:${v.app_name}/${v.deployment_group_name}`), id: uuid(`${v.app_name}${v.deployment_group_name}`) }),
  aws_kms_key: (v, key) => ({ arn: arn('kms', `key/${uuid(key)}`), id: uuid(key), key_id: uuid(key) }),
  aws_subnet: ec2('subnet', 'subnet'),
  aws_security_group: ec2('sg', 'security-group'),
  aws_route_table: ec2('rtb', 'route-table'),
  aws_nat_gateway: ec2('nat', 'natgateway'),
  aws_vpc_endpoint: ec2('vpce', 'vpc-endpoint'),
  aws_eip: (v, key) => ({ id: `eipalloc-${hash(key)}`, allocation_id: `eipalloc-${hash(key)}` }),
};

// What an attribute of that name holds where the type has no value of its own.
function common(name, { type, optional }, values, key) {
  // What the configuration leaves to AWS and nothing refers to.
  if (optional && !['id', 'region', 'name', 'bucket'].includes(name)) return null;
  if (type === 'number') return 0;
  if (type === 'bool') return false;
  if (Array.isArray(type)) return type[0] === 'map' ? {} : [];
  if (name === 'region') return REGION;
  if (name === 'arn' || name.endsWith('_arn')) return arn('made-up', `${key.split(' ')[0]}/${hash(key)}`);
  if (name === 'owner_id' || name === 'account_id') return ACCOUNT;
  return `${name.replaceAll('_', '-')}-${hash(key, 8)}`;
}

export function madeUp(type, values) {
  const key = `${type} ${JSON.stringify(values, (name, value) => (name === 'source_code_hash' ? undefined : value))}`;
  const own = TYPES[type]?.(values, key) ?? {};
  return (name, attribute) => (own[name] === undefined ? common(name, attribute, values, key) : own[name]);
}

function policyDocument(config) {
  const one = (values) => (values.length === 1 ? values[0] : values);
  const principals = (blocks) => (blocks.some(({ type }) => type === '*') ? '*' : Object.fromEntries(blocks.map(({ type, identifiers }) => [type, one(identifiers)])));
  return JSON.stringify({
    Version: config.version ?? '2012-10-17',
    Statement: list(config.statement).map((s) => ({
      ...(s.sid && { Sid: s.sid }), Effect: s.effect ?? 'Allow',
      ...(list(s.actions).length > 0 && { Action: one(s.actions) }), ...(list(s.not_actions).length > 0 && { NotAction: one(s.not_actions) }),
      ...(list(s.resources).length > 0 && { Resource: one(s.resources) }), ...(list(s.not_resources).length > 0 && { NotResource: one(s.not_resources) }),
      ...(list(s.principals).length > 0 && { Principal: principals(s.principals) }),
      ...(list(s.condition).length > 0 && { Condition: list(s.condition).reduce((all, { test, variable, values }) => ({ ...all, [test]: { ...all[test], [variable]: one(values) } }), {}) }),
    })),
  });
}

export const DATA = {
  aws_caller_identity: () => ({ account_id: ACCOUNT, id: ACCOUNT, user_id: 'AIDAMADEUP', arn: arn('iam', 'user/made-up', '') }),
  aws_region: () => ({ name: REGION, region: REGION, id: REGION, description: 'Asia Pacific (Seoul)', endpoint: `ec2.${REGION}.amazonaws.com` }),
  aws_partition: () => ({ partition: 'aws', id: 'aws', dns_suffix: 'amazonaws.com', reverse_dns_prefix: 'com.amazonaws' }),
  aws_iam_policy_document: (config) => ({ json: policyDocument(config), minified_json: policyDocument(config), id: hash(policyDocument(config), 10) }),
};
