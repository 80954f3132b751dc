// Planted faults of bootstrap: the deploy roles, the boundary of the roles that they make, and the plans that they apply.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBootstrap } from '../../infra/checks/bootstrap.mjs';
import { loadModules, withTerraform } from '../../infra/checks/infra_check.mjs';
import { checkLimits } from '../../infra/checks/limits.mjs';
import { readRendered } from '../../infra/checks/plans.mjs';
import { format } from '../../infra/checks/report.mjs';
import { copyInfra, hasTerraform } from '../../infra/checks/terraform.mjs';

const NAMES = ['bootstrap', 'dev', 'prod'];
const read = () => Object.fromEntries(NAMES.map((name) => [name, structuredClone(readRendered(name))]));
const faultsOf = ({ bootstrap, ...plans }) => [...checkBootstrap(bootstrap, plans), ...checkLimits(bootstrap)];

const list = (value) => [value].flat();
const valuesOf = ({ resources }, type, name) => {
  const found = resources.find(({ type: one, values }) => one === type && values.name === name);
  assert.ok(found, `${type} ${name}`);
  return found.values;
};
const policy = (bootstrap, name) => valuesOf(bootstrap, 'aws_iam_policy', `openmarket-${name}`).policy;
const statement = (bootstrap, name, sid) => {
  const found = policy(bootstrap, name).Statement.find(({ Sid }) => Sid === sid);
  assert.ok(found, `${name} ${sid}`);
  return found;
};
const without = (one, action) => { one.Action = list(one.Action).filter((name) => name !== action); };

test('no fault is found in the committed plans', () => {
  assert.deepEqual(faultsOf(read()), []);
});

const PLANTED = {
  'a right that the plan needs': [({ bootstrap }) => without(statement(bootstrap, 'dev-deploy-data', 'Queues'), 'sqs:CreateQueue'), /dev: the deploy role may not sqs:CreateQueue on .*openmarket-dev-email-queue/],
  'a role that cannot be passed': [({ bootstrap }) => { statement(bootstrap, 'prod-deploy-roles', 'PassRoles').Condition.StringEquals['iam:PassedToService'] = ['lambda.amazonaws.com']; }, /prod: the deploy role may not iam:PassRole on .*which module\.platform.*schedule/],
  'a policy that is not attached': [({ bootstrap }) => { bootstrap.resources = bootstrap.resources.filter(({ type, values }) => type !== 'aws_iam_role_policy_attachment' || !values.policy_arn.endsWith('dev-deploy-events')); }, /dev: the deploy role may not cloudwatch:PutMetricAlarm/],
  'a type that nobody has thought of': [({ dev }) => { dev.resources.push({ address: 'aws_new.this', type: 'aws_new', name: 'this', values: {} }); }, /states no action for aws_new/],
  'roles without a boundary': [({ bootstrap }) => { delete statement(bootstrap, 'dev-deploy-roles', 'BoundedRoles').Condition; }, /dev: the deploy role makes a role without the boundary: iam:CreateRole/],
  'roles with any boundary': [({ bootstrap }) => { const one = statement(bootstrap, 'dev-deploy-roles', 'BoundedRoles'); one.Condition = { Null: { 'iam:PermissionsBoundary': 'false' } }; }, /makes a role with another boundary/],
  'the right to take the boundary away': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-roles', 'Roles').Action.push('iam:DeleteRolePermissionsBoundary'); }, /takes the boundary away/],
  'managed policies for any role': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-roles', 'Roles').Action.push('iam:AttachRolePolicy'); }, /gives AdministratorAccess to a role/],
  'the right to change the boundary': [({ bootstrap }) => { policy(bootstrap, 'dev-deploy-roles').Statement.push({ Sid: 'Policies', Effect: 'Allow', Action: 'iam:CreatePolicyVersion', Resource: 'arn:aws:iam::123456789012:policy/openmarket-dev-*' }); }, /changes the boundary itself: iam:CreatePolicyVersion/],
  'a deploy role that changes itself': [({ bootstrap }) => { const one = policy(bootstrap, 'dev-deploy-roles'); one.Statement = one.Statement.filter(({ Sid }) => Sid !== 'NotItself'); }, /changes itself: iam:UpdateAssumeRolePolicy[^]*is passed to a function/],
  'a part of that denial': [({ bootstrap }) => without(statement(bootstrap, 'dev-deploy-roles', 'NotItself'), 'iam:PassRole'), /is passed to a function: iam:PassRole/],
  'roles that any service gets': [({ bootstrap }) => { delete statement(bootstrap, 'dev-deploy-roles', 'PassRoles').Condition; }, /passes a role to EC2/],
  'the other environment': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-functions', 'Functions').Resource.push('arn:aws:lambda:ap-northeast-2:123456789012:function:openmarket-*'); }, /changes a function of the other environment/],
  'the other environment\'s state': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-state', 'State').Resource = ['arn:aws:s3:::openmarket-terraform-123456789012/*']; }, /reads the other environment's state/],
  'secrets': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-data', 'Secrets').Action.push('secretsmanager:GetSecretValue'); }, /reads a secret/],
  'any branch and pull request': [({ bootstrap }) => { const [one] = valuesOf(bootstrap, 'aws_iam_role', 'openmarket-dev-deploy').assume_role_policy.Statement; one.Condition = { StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:example/openmarket:*' }, StringEquals: { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' } }; }, /its subject is undefined, not the environment dev/],
  'the environment of the other role': [({ bootstrap }) => { const [one] = valuesOf(bootstrap, 'aws_iam_role', 'openmarket-prod-deploy').assume_role_policy.Statement; one.Condition.StringEquals['token.actions.githubusercontent.com:sub'] = 'repo:example/openmarket:environment:dev'; }, /openmarket-prod-deploy: its subject is .*environment:dev/],
  'another audience': [({ bootstrap }) => { const [one] = valuesOf(bootstrap, 'aws_iam_role', 'openmarket-dev-deploy').assume_role_policy.Statement; delete one.Condition.StringEquals['token.actions.githubusercontent.com:aud']; }, /its audience is undefined|can be assumed by any subject/],
  'a role of the plan without the boundary': [({ dev }) => { delete valuesOf(dev, 'aws_iam_role', 'openmarket-dev-codedeploy').permissions_boundary; }, /module\.platform\.module\.deploy\.aws_iam_role\.this does not have the boundary/],
  'a role with the other environment\'s boundary': [({ dev }) => { valuesOf(dev, 'aws_iam_role', 'openmarket-dev-codedeploy').permissions_boundary = 'arn:aws:iam::123456789012:policy/openmarket-prod-boundary'; }, /does not have the boundary .*openmarket-dev-boundary/],
  'a policy beyond the boundary': [({ dev }) => { dev.resources.find(({ type, values }) => type === 'aws_iam_role_policy' && values.role === 'openmarket-dev-email-sender').values.policy.Statement.push({ Sid: 'More', Effect: 'Allow', Action: 'dynamodb:Scan', Resource: '*' }); }, /openmarket-dev-boundary does not allow dynamodb:Scan on \*, which the policy of openmarket-dev-email-sender does/],
  'a boundary that is too narrow': [({ bootstrap }) => without(statement(bootstrap, 'dev-boundary', 'Queues'), 'sqs:ChangeMessageVisibility'), /openmarket-dev-boundary does not allow sqs:ChangeMessageVisibility/],
  'a boundary that is too wide': [({ bootstrap }) => { statement(bootstrap, 'dev-boundary', 'Records').Action.push('dynamodb:DeleteTable'); }, /the boundary allows dynamodb:DeleteTable, which no role of a plan has/],
  'no boundary': [({ bootstrap }) => { bootstrap.resources = bootstrap.resources.filter(({ values }) => values.name !== 'openmarket-prod-boundary'); }, /prod has no deploy role with policies and a boundary/],
  'a wildcard': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-data', 'Queues').Resource = ['*']; }, /Queues: the resource \* is a wildcard that wildcards\.json gives no reason for/],
  'all actions of a service': [({ bootstrap }) => { statement(bootstrap, 'dev-deploy-data', 'Queues').Action = ['sqs:*']; }, /Queues: the action sqs:\* is a wildcard/],
  'a policy that is too long': [({ bootstrap }) => { const one = statement(bootstrap, 'dev-deploy-data', 'Queues'); one.Resource = Array(60).fill(0).map((_, i) => `arn:aws:sqs:ap-northeast-2:123456789012:openmarket-dev-${'queue'.repeat(10)}-${i}`); }, /characters, more than 6144/],
};
for (const [name, [change, message]] of Object.entries(PLANTED)) {
  test(`found: ${name}`, () => {
    const plans = read();
    change(plans);
    const faults = faultsOf(plans).join('\n');
    assert.match(faults, message);
  });
}

// As test_faults.mjs: by Terraform's own engine, in make test-long.
const skip = !hasTerraform() ? 'terraform is not installed' : process.env.TEST_LONG ? false : 'in make test-long';
test('terraform: faults planted in the files of bootstrap are found in its plan', { skip }, async () => {
  const copy = copyInfra();
  try {
    const path = join(copy.infra, 'bootstrap/rights.tf');
    const before = readFileSync(path, 'utf8');
    const after = before.replace(/\n +Condition = \{ StringEquals = \{ "iam:PermissionsBoundary".*/, '').replace('"iam:PassRole",\n            "iam:PutRolePermissionsBoundary"', '"iam:PutRolePermissionsBoundary"');
    assert.ok(before.length - after.length > 60);
    writeFileSync(path, after);
    const { faults, plans: { bootstrap } } = await withTerraform(copy.infra, await loadModules(copy.infra), '', ['bootstrap']);
    assert.deepEqual(faults.map(format), []);
    const found = checkBootstrap(bootstrap, { dev: readRendered('dev'), prod: readRendered('prod') }).join('\n');
    for (const expected of [/makes a role without the boundary/, /is passed to a function/]) assert.match(found, expected);
  } finally {
    copy.remove();
  }
});
