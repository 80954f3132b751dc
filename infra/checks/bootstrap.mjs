// The deploy roles of bootstrap against the plans that they apply: each may make, change and remove every resource of
// its environment's plan, touches nothing of the other environment, and can make nothing that may more than the
// boundary, which the roles of the plan stay within.
// Actions and the ARNs that they are authorized on: Service Authorization Reference
// (docs.aws.amazon.com/service-authorization/latest/reference/). Which of them Terraform's provider calls is stated
// from its documentation and source as far as known; no apply has been tried.
import { evaluate, statementsOf } from './iam.mjs';
import { ENVIRONMENTS, functionNameOf, Plan } from './plan.mjs';
import { list } from './values.mjs';

const own = (...actions) => (v) => actions.map((action) => [action, v.arn]);
const on = (arn, ...actions) => (v, scope) => actions.map((action) => [action, arn(v, scope)]);
const lambdaOf = (v, { region, account }) => `arn:aws:lambda:${region}:${account}:function:${functionNameOf(v.function_name)}`;
const roleOf = (v, { account }) => `arn:aws:iam::${account}:role/${v.name && v.policy ? v.role : v.name}`;
const bucketOf = ({ bucket }) => `arn:aws:s3:::${bucket}`;
const queueOf = ({ queue_url: url }, { region, account }) => `arn:aws:sqs:${region}:${account}:${url.split('/').pop()}`;
const ec2 = (...actions) => on((v, { region, account }) => `arn:aws:ec2:${region}:${account}:made/up`, ...actions.map((name) => `ec2:${name}`));
const bucket = (...names) => on(bucketOf, ...names.map((name) => `s3:${name}`));

// What makes, changes and removes a resource of each type: (values, {region, account}) => [[action, ARN]].
const MAKES = {
  aws_cloudwatch_dashboard: (v) => ['PutDashboard', 'DeleteDashboards'].map((name) => [`cloudwatch:${name}`, v.dashboard_arn]),
  aws_cloudwatch_event_rule: own('events:PutRule', 'events:DeleteRule', 'events:TagResource'),
  aws_cloudwatch_event_target: on((v, { region, account }) => `arn:aws:events:${region}:${account}:rule/${v.rule}`, 'events:PutTargets', 'events:RemoveTargets'),
  aws_cloudwatch_log_group: own('logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:DeleteLogGroup', 'logs:TagResource'),
  aws_cloudwatch_metric_alarm: own('cloudwatch:PutMetricAlarm', 'cloudwatch:DeleteAlarms', 'cloudwatch:TagResource'),
  aws_cloudwatch_query_definition: on(() => '*', 'logs:PutQueryDefinition', 'logs:DeleteQueryDefinition'),
  aws_codedeploy_app: own('codedeploy:CreateApplication', 'codedeploy:DeleteApplication'),
  aws_codedeploy_deployment_group: own('codedeploy:CreateDeploymentGroup', 'codedeploy:UpdateDeploymentGroup', 'codedeploy:DeleteDeploymentGroup'),
  aws_dynamodb_table: own('dynamodb:CreateTable', 'dynamodb:UpdateTimeToLive', 'dynamodb:UpdateContinuousBackups', 'dynamodb:DeleteTable', 'dynamodb:TagResource'),
  aws_eip: ec2('AllocateAddress', 'ReleaseAddress'),
  aws_iam_role: on(roleOf, 'iam:CreateRole', 'iam:PutRolePermissionsBoundary', 'iam:UpdateAssumeRolePolicy', 'iam:TagRole', 'iam:DeleteRole', 'iam:PassRole'),
  aws_iam_role_policy: on(roleOf, 'iam:PutRolePolicy', 'iam:GetRolePolicy', 'iam:DeleteRolePolicy'),
  aws_lambda_alias: on(lambdaOf, 'lambda:CreateAlias', 'lambda:UpdateAlias', 'lambda:DeleteAlias'),
  aws_lambda_event_source_mapping: on(() => '*', 'lambda:CreateEventSourceMapping', 'lambda:UpdateEventSourceMapping', 'lambda:DeleteEventSourceMapping'),
  aws_lambda_function: own('lambda:CreateFunction', 'lambda:UpdateFunctionCode', 'lambda:UpdateFunctionConfiguration', 'lambda:PublishVersion', 'lambda:ListVersionsByFunction', 'lambda:PutFunctionConcurrency', 'lambda:DeleteFunction', 'lambda:TagResource'),
  aws_lambda_function_event_invoke_config: on(lambdaOf, 'lambda:PutFunctionEventInvokeConfig', 'lambda:DeleteFunctionEventInvokeConfig'),
  aws_lambda_function_url: on(lambdaOf, 'lambda:CreateFunctionUrlConfig', 'lambda:UpdateFunctionUrlConfig', 'lambda:DeleteFunctionUrlConfig'),
  aws_lambda_permission: on(lambdaOf, 'lambda:AddPermission', 'lambda:RemovePermission', 'lambda:GetPolicy'),
  aws_nat_gateway: ec2('CreateNatGateway', 'DeleteNatGateway'),
  aws_route: ec2('CreateRoute', 'DeleteRoute'),
  aws_route53_record: on(({ zone_id: zone }) => `arn:aws:route53:::hostedzone/${zone}`, 'route53:ChangeResourceRecordSets'),
  aws_route_table: ec2('CreateRouteTable', 'DeleteRouteTable', 'CreateTags'),
  aws_route_table_association: ec2('AssociateRouteTable', 'DisassociateRouteTable'),
  aws_s3_bucket: bucket('CreateBucket', 'DeleteBucket', 'PutBucketTagging'),
  aws_s3_bucket_lifecycle_configuration: bucket('PutLifecycleConfiguration', 'GetLifecycleConfiguration'),
  aws_s3_bucket_notification: bucket('PutBucketNotification', 'GetBucketNotification'),
  aws_s3_bucket_ownership_controls: bucket('PutBucketOwnershipControls', 'GetBucketOwnershipControls'),
  aws_s3_bucket_public_access_block: bucket('PutBucketPublicAccessBlock', 'GetBucketPublicAccessBlock'),
  aws_s3_bucket_server_side_encryption_configuration: bucket('PutEncryptionConfiguration', 'GetEncryptionConfiguration'),
  aws_s3_bucket_versioning: bucket('PutBucketVersioning', 'GetBucketVersioning'),
  aws_scheduler_schedule: own('scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule'),
  aws_scheduler_schedule_group: own('scheduler:CreateScheduleGroup', 'scheduler:DeleteScheduleGroup', 'scheduler:TagResource'),
  aws_secretsmanager_secret: own('secretsmanager:CreateSecret', 'secretsmanager:UpdateSecret', 'secretsmanager:DeleteSecret', 'secretsmanager:TagResource'),
  aws_security_group: ec2('CreateSecurityGroup', 'DeleteSecurityGroup', 'RevokeSecurityGroupEgress'),
  aws_sesv2_configuration_set: own('ses:CreateConfigurationSet', 'ses:DeleteConfigurationSet', 'ses:PutConfigurationSetSuppressionOptions', 'ses:TagResource'),
  aws_sesv2_configuration_set_event_destination: on((v, { region, account }) => `arn:aws:ses:${region}:${account}:configuration-set/${v.configuration_set_name}`, 'ses:CreateConfigurationSetEventDestination', 'ses:DeleteConfigurationSetEventDestination'),
  aws_sesv2_email_identity: own('ses:CreateEmailIdentity', 'ses:DeleteEmailIdentity', 'ses:TagResource'),
  aws_sesv2_email_identity_mail_from_attributes: on((v, { region, account }) => `arn:aws:ses:${region}:${account}:identity/${v.email_identity}`, 'ses:PutEmailIdentityMailFromAttributes'),
  aws_sns_topic: own('sns:CreateTopic', 'sns:SetTopicAttributes', 'sns:DeleteTopic', 'sns:TagResource'),
  aws_sns_topic_policy: (v) => [['sns:SetTopicAttributes', v.arn]],
  aws_sns_topic_subscription: (v) => ['Subscribe', 'Unsubscribe'].map((name) => [`sns:${name}`, v.topic_arn]),
  aws_sqs_queue: own('sqs:CreateQueue', 'sqs:SetQueueAttributes', 'sqs:GetQueueAttributes', 'sqs:DeleteQueue', 'sqs:TagQueue'),
  aws_sqs_queue_policy: on(queueOf, 'sqs:SetQueueAttributes'),
  aws_sqs_queue_redrive_allow_policy: on(queueOf, 'sqs:SetQueueAttributes'),
  aws_subnet: ec2('CreateSubnet', 'DeleteSubnet', 'CreateTags'),
  aws_vpc_endpoint: ec2('CreateVpcEndpoint', 'ModifyVpcEndpoint', 'DeleteVpcEndpoints'),
  aws_vpc_security_group_egress_rule: ec2('AuthorizeSecurityGroupEgress', 'RevokeSecurityGroupEgress'),
  aws_vpc_security_group_ingress_rule: ec2('AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress'),
};

// The services that a role of the plan is passed to, by its trust.
const passedTo = ({ assume_role_policy: trust }) => list(trust?.Statement).flatMap(({ Principal }) => list(Principal?.Service));
// A job of S3 Batch Operations is started by a person, with that person's right to pass its role.
const PASSED = ['lambda.amazonaws.com', 'scheduler.amazonaws.com', 'codedeploy.amazonaws.com'];

// One environment as bootstrap has it: its role, what the role may do, and the boundary.
function environmentOf({ resources }, name) {
  const of = (type) => resources.filter((one) => one.type === type).map(({ values }) => values);
  const role = of('aws_iam_role').find((one) => one.name.endsWith(`-${name}-deploy`));
  const attached = of('aws_iam_role_policy_attachment').filter((one) => one.role === role?.name).map(({ policy_arn: arn }) => arn);
  const policies = of('aws_iam_policy').filter(({ arn }) => attached.includes(arn));
  const boundary = of('aws_iam_policy').find((one) => one.name.endsWith(`-${name}-boundary`));
  return { role, attached, policies: policies.map(({ policy }) => policy), boundary };
}

// ---------------------------------------------------------------------- what the role may

// The context that Terraform's request has.
function contextOf(action, { boundary }, values) {
  if (action === 'iam:PassRole') return { 'iam:PassedToService': passedTo(values)[0] };
  if (/^iam:(Create|Put|DeleteRolePolicy)/.test(action)) return { 'iam:PermissionsBoundary': boundary.arn };
  return {};
}

function checkMakes(one, plan, scope) {
  return plan.resources.flatMap(({ type, address, values }) => {
    if (!MAKES[type]) return [`checks/bootstrap.mjs states no action for ${type}`];
    const needed = MAKES[type](values, scope).filter(([action]) => action !== 'iam:PassRole' || passedTo(values).some((service) => PASSED.includes(service)));
    return needed.filter(([action, resource]) => evaluate(one.policies, { action, resource, context: contextOf(action, one, values) }).decision !== 'allow')
      .map(([action, resource]) => `the deploy role may not ${action} on ${resource}, which ${address} needs`);
  });
}

// Ways to more rights than the boundary's, and into the other environment: none may be allowed.
function forbidden({ role, boundary }, name, { region, account }) {
  const prefix = role.name.replace(/-deploy$/, '');
  const other = prefix.replace(new RegExp(`${name}$`), ENVIRONMENTS.find((one) => one !== name));
  const iam = (kind, text) => `arn:aws:iam::${account}:${kind}/${text}`;
  const bounded = { 'iam:PermissionsBoundary': boundary.arn };
  const functions = iam('role', `${prefix}-email-sender`);
  const admin = { 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' };
  return [
    ['makes a role without the boundary', 'iam:CreateRole', functions, {}],
    ['makes a role with another boundary', 'iam:CreateRole', functions, { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    ['gives rights to a role without the boundary', 'iam:PutRolePolicy', functions, {}],
    ['gives AdministratorAccess to a role', 'iam:AttachRolePolicy', functions, admin],
    ['replaces the boundary of a role', 'iam:PutRolePermissionsBoundary', functions, { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    ['takes the boundary away', 'iam:DeleteRolePermissionsBoundary', functions, bounded],
    ...['CreatePolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicyVersion', 'DeletePolicy'].map((action) => ['changes the boundary itself', `iam:${action}`, boundary.arn, {}]),
    ...['PutRolePolicy', 'AttachRolePolicy', 'CreateRole', 'PutRolePermissionsBoundary', 'UpdateAssumeRolePolicy', 'DeleteRolePermissionsBoundary'].map((action) => ['changes itself', `iam:${action}`, iam('role', role.name), bounded]),
    ['is passed to a function', 'iam:PassRole', iam('role', role.name), { 'iam:PassedToService': 'lambda.amazonaws.com' }],
    ['passes a role to EC2', 'iam:PassRole', functions, { 'iam:PassedToService': 'ec2.amazonaws.com' }],
    ['makes a role of another name', 'iam:CreateRole', iam('role', 'administrator'), bounded],
    ['makes a user', 'iam:CreateUser', iam('user', `${prefix}-user`), bounded],
    ['assumes a role', 'sts:AssumeRole', iam('role', 'administrator'), {}],
    ['changes a role of the other environment', 'iam:PutRolePolicy', iam('role', `${other}-email-sender`), bounded],
    ['changes a function of the other environment', 'lambda:UpdateFunctionCode', `arn:aws:lambda:${region}:${account}:function:${other}-email-sender`, {}],
    ['reads the other environment\'s state', 's3:GetObject', `arn:aws:s3:::${prefix.replace(/-[a-z]+$/, '')}-terraform-${account}/${prefix.replace(/-[a-z]+$/, '')}/${other.split('-').pop()}/terraform.tfstate`, {}],
    ['reads a secret', 'secretsmanager:GetSecretValue', `arn:aws:secretsmanager:${region}:${account}:secret:${prefix.replace(/-[a-z]+$/, '')}/${name}/db-AbCdEf`, {}],
  ];
}

function checkForbidden(one, name, scope) {
  return forbidden(one, name, scope).filter(([, action, resource, context]) => evaluate(one.policies, { action, resource, context }).decision === 'allow')
    .map(([what, action, resource]) => `the deploy role ${what}: ${action} on ${resource} is allowed`);
}

// Who assumes it: workflows of one environment of one repository.
function checkTrust({ role }, name) {
  return list(role.assume_role_policy?.Statement).flatMap(({ Principal, Condition }) => {
    const equals = Condition?.StringEquals ?? {};
    const subject = Object.entries(equals).find(([key]) => key.endsWith(':sub'))?.[1];
    const audience = Object.entries(equals).find(([key]) => key.endsWith(':aud'))?.[1];
    return [
      !Principal?.Federated && `it is assumed by ${JSON.stringify(Principal)}, not by GitHub's tokens`,
      !new RegExp(`^repo:[^*/]+/[^*:]+:environment:${name}$`).test(subject ?? '') && `its subject is ${subject}, not the environment ${name} of one repository`,
      audience !== 'sts.amazonaws.com' && `its audience is ${audience}`,
    ].filter(Boolean).map((text) => `${role.name}: ${text}`);
  });
}

// ---------------------------------------------------------------------- the boundary

// [{role, action, resource}] of the policies of a plan's roles.
function rightsOf({ resources }) {
  return resources.filter(({ type }) => type === 'aws_iam_role_policy').flatMap(({ values }) => statementsOf(values.policy).filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) => list(statement.Action).flatMap((action) => list(statement.Resource).map((resource) => ({ role: values.role, action, resource })))));
}

function checkBoundary({ boundary }, plan) {
  const unbounded = plan.resources.filter(({ type, values }) => type === 'aws_iam_role' && values.permissions_boundary !== boundary.arn).map(({ address }) => `${address} does not have the boundary ${boundary.arn}`);
  const beyond = rightsOf(plan).filter(({ action, resource }) => evaluate([boundary.policy], { action, resource, context: {} }).decision !== 'allow')
    .map(({ role, action, resource }) => `${boundary.name} does not allow ${action} on ${resource}, which the policy of ${role} does`);
  return [...unbounded, ...beyond];
}

// Keys are no part of the boundaries as rendered.
function checkUnused(environments, plans) {
  const used = new Set(Object.values(plans).flatMap(rightsOf).map(({ action }) => action));
  const allowed = new Set(environments.flatMap(({ boundary }) => statementsOf(boundary.policy).flatMap(({ Action }) => list(Action))));
  return [...allowed].filter((action) => !used.has(action)).map((action) => `the boundary allows ${action}, which no role of a plan has`);
}

// AWS's quotas (docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html): characters of a managed policy
// without white space, and managed policies of a role unless the account has asked for more.
const MAX_POLICY = 6144;
const MAX_ATTACHED = 10;

function checkSizes({ resources }, environments) {
  const long = resources.filter(({ type, values }) => type === 'aws_iam_policy' && JSON.stringify(values.policy).length > MAX_POLICY)
    .map(({ address, values }) => `${address} has ${JSON.stringify(values.policy).length} characters, more than ${MAX_POLICY}`);
  const many = environments.filter(({ attached }) => attached.length > MAX_ATTACHED).map(({ role, attached }) => `${role.name} has ${attached.length} managed policies, more than ${MAX_ATTACHED}`);
  return [...long, ...many];
}

// bootstrap: rendered; plans: {dev, prod}, rendered. Returns the faults, as sentences.
export function checkBootstrap(bootstrap, plans) {
  const faults = [];
  const environments = [];
  for (const [name, plan] of Object.entries(plans)) {
    const one = environmentOf(bootstrap, name);
    const { scope } = new Plan(plan, name);
    if (!one.role || !one.boundary || one.policies.length === 0) {
      faults.push(`bootstrap: ${name} has no deploy role with policies and a boundary`);
      continue;
    }
    environments.push(one);
    faults.push(...[...checkTrust(one, name), ...checkMakes(one, plan, scope), ...checkForbidden(one, name, scope), ...checkBoundary(one, plan)].map((text) => `bootstrap: ${name}: ${text}`));
  }
  return [...faults, ...[...checkUnused(environments, plans), ...checkSizes(bootstrap, environments)].map((text) => `bootstrap: ${text}`)];
}
