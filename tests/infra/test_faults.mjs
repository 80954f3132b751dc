// Planted faults: a copy of infra/ with one fault each, and the checks are red and name it. Everywhere on the text of
// the files and on the committed plans; where terraform is installed also by Terraform's own engine.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { Module } from '../../infra/checks/configuration.mjs';
import { checkRendered, checkText, loadModules, withTerraform } from '../../infra/checks/infra_check.mjs';
import { checkScripts, checkWorkflows, hasShellcheck } from '../../infra/checks/others.mjs';
import { digestOf, readRendered, renderPlan } from '../../infra/checks/plans.mjs';
import { format } from '../../infra/checks/report.mjs';
import { loadSchema } from '../../infra/checks/schema.mjs';
import { copyInfra, hasTerraform } from '../../infra/checks/terraform.mjs';

const SCHEMA = loadSchema();
const list = (value) => [value].flat();

async function withCopy(work) {
  const copy = copyInfra();
  try {
    return await work(copy.infra);
  } finally {
    copy.remove();
  }
}

function edit(infra, file, from, to) {
  const path = join(infra, file);
  const before = readFileSync(path, 'utf8');
  const after = before.replace(from, to);
  assert.notEqual(after, before, `${file} has no ${from}`);
  writeFileSync(path, after);
}

const foundIn = async (checks) => {
  const faults = [];
  for (const [, check] of checks) faults.push(...await check());
  return [...new Set(faults.map(format))];
};

// One copy for all faults of text, and its modules; a change is undone after its test.
const shared = copyInfra();
const modules = await loadModules(shared.infra);
after(shared.remove);

// ---------------------------------------------------------------------- in the text of the files

// [what, file, from, to, what the check says]. A place in a file stands before the sentence.
const TEXT = [
  ['a file that does not parse', 'modules/queue/main.tf', 'resource "aws_sqs_queue" "this" {', 'resource "aws_sqs_queue" "this" {{', /modules\/queue\/main\.tf:\d+/],
  ['a wrong argument name', 'modules/queue/main.tf', 'visibility_timeout_seconds        = var', 'visibility_timeout_second         = var', /modules\/queue\/main\.tf:\d+: aws_sqs_queue\.this: no argument is called visibility_timeout_second; is visibility_timeout_seconds meant\?/],
  ['an argument that AWS sets', 'modules/queue/main.tf', /(resource "aws_sqs_queue" "this" \{)/, '$1\n  arn = "x"', /aws_sqs_queue\.this: arn is set by AWS/],
  ['a required argument that is missing', 'modules/function/main.tf', /\n  role +=.*/, '', /aws_lambda_function\.this: the required argument role is missing/],
  ['a wrong block name', 'modules/function/main.tf', 'tracing_config {', 'tracing_configuration {', /aws_lambda_function\.this: no argument is called tracing_configuration; is tracing_config meant/],
  ['a wrong dynamic block', 'modules/function/main.tf', 'dynamic "vpc_config"', 'dynamic "vpc_configs"', /no block is called vpc_configs; is vpc_config meant/],
  ['a block as an argument', 'modules/function/main.tf', 'tracing_config {\n    mode', 'tracing_config = {\n    modes', /modes|tracing_config is a block/],
  ['a type that does not exist', 'modules/queue/main.tf', '"aws_sqs_queue" "this"', '"aws_sqs_queues" "this"', /aws_sqs_queues is not in the reduced schema/],
  ['a literal of the wrong type', 'modules/function/main.tf', 'publish = true', 'publish = "perhaps"', /publish is a bool, not "perhaps"/],
  ['a variable that is not declared', 'modules/queue/main.tf', 'var.max_receives', 'var.max_receive', /modules\/queue\/main\.tf:\d+: var\.max_receive is not declared/],
  ['a variable that is never used', 'modules/queue/main.tf', 'var.max_receives', '10', /variable max_receives is declared and never used/],
  ['a resource that is not declared', 'modules/queue/outputs.tf', 'aws_sqs_queue.this.url', 'aws_sqs_queue.that.url', /outputs\.tf:\d+: aws_sqs_queue\.that is not declared/],
  ['an attribute that does not exist', 'modules/queue/outputs.tf', 'aws_sqs_queue.this.url', 'aws_sqs_queue.this.uri', /aws_sqs_queue has no attribute uri/],
  ['a local that is not declared', 'modules/function/main.tf', 'local.full_name', 'local.fullname', /local\.fullname is not declared/],
  ['an output that a module does not have', 'modules/email/main.tf', 'module.function.alias_arn', 'module.function.alias', /module\.function has no output alias/],
  ['an input that a module does not have', 'modules/email/main.tf', '  timeout_s ', '  timeout_in_s ', /\.\.\/function has no input timeout_in_s/],
  ['an input that is missing', 'modules/email/main.tf', /\n  timeout_s .*/, '', /the input timeout_s of \.\.\/function is missing/],
  ['a variable without a description', 'modules/queue/variables.tf', /\n  description = "After so many.*/, '', /variable max_receives has no description/],
  ['a variable without a type', 'modules/queue/variables.tf', /(variable "max_receives" \{\n)  type.*\n/, '$1', /variable max_receives has no type/],
  ['a variable without a validation', 'modules/queue/variables.tf', /(variable "max_receives" \{[^}]*?)  validation \{[^}]*\}\n/, '$1', /variable max_receives has no validation/],
  ['an output without a description', 'modules/queue/outputs.tf', /\n  description = "URL of the queue."/, '', /output url has no description/],
  ['an alarm without treat_missing_data', 'modules/observability/alarms.tf', /\n +treat_missing_data.*/, '', /does not state treat_missing_data/],
  ['a secret in the state', 'modules/queue/main.tf', /$/, '\nresource "aws_secretsmanager_secret_version" "value" {\n  secret_id     = "x"\n  secret_string = "y"\n}\n', /puts a secret's value into the state/],
  ['another provider version', 'modules/queue/versions.tf', '>= 6.29, < 7', '>= 5.0', /the provider aws is not hashicorp\/aws >= 6\.29, < 7/],
  ['an environment with a file of its own', 'environments/prod/main.tf', 'image_trigger            = var.image_trigger', 'image_trigger            = "eventbridge"', /environments\/prod\/main\.tf:1: is not that of dev/],
  ['a tab', 'modules/queue/main.tf', '\n  name ', '\n\tname ', /main\.tf:\d+: a tab/],
  ['a table that is not current', 'modules/queue/README.md', '`max_receives`', '`max_receive`', /README\.md:\d+: the table of inputs and outputs is not current/],
];

test('text: no fault is found in infra/ as it is', async () => {
  assert.deepEqual(await foundIn(checkText(modules, SCHEMA)), []);
});

for (const [what, file, from, to, expected] of TEXT) {
  test(`text: ${what}`, async () => {
    const path = join(shared.infra, file);
    const before = readFileSync(path, 'utf8');
    edit(shared.infra, file, from, to);
    const changed = await Module.load(dirname(path));
    const found = await foundIn(checkText(new Map(modules).set(changed.folder, changed), SCHEMA, [changed]));
    writeFileSync(path, before);
    assert.ok(found.some((text) => expected.test(text)), `${found.join('\n')}\n\nhas no ${expected}`);
  });
}

// ---------------------------------------------------------------------- in the plans

// Faults with what they are in a plan, and in the files: [what, change of the plan, [file, from, to], expected].
const statementsOf = (plan, program) => plan.resources.find(({ type, address }) => type === 'aws_iam_role_policy' && address.includes(`module.${program}.`)).values.policy.Statement;
const statement = (plan, program, sid) => statementsOf(plan, program).find((one) => one.Sid === sid);
const valuesOf = (plan, type, text) => {
  const found = plan.resources.find((one) => one.type === type && JSON.stringify(one).includes(text));
  assert.ok(found, `${type} with ${text}`);
  return found.values;
};
const variablesOf = (plan, program) => plan.resources.find(({ type, values }) => type === 'aws_lambda_function' && values.function_name.endsWith(`-${program}`)).values.environment[0].variables;
const EMAIL = 'modules/email/main.tf';

const PLANNED = [
  ['a permission that is missing', (plan) => { const one = statement(plan, 'email', 'Record'); one.Action = list(one.Action).filter((name) => name !== 'dynamodb:DeleteItem'); },
    [EMAIL, ', "dynamodb:DeleteItem"', ''], /email-sender: calls dynamodb:DeleteItem on .*, which its role does not allow/],
  ['a permission too many', (plan) => { const one = statement(plan, 'email', 'Record'); one.Action = [...list(one.Action), 'dynamodb:Scan']; },
    [EMAIL, '"dynamodb:PutItem",', '"dynamodb:PutItem", "dynamodb:Scan",'], /email-sender: Record allows dynamodb:Scan on .*: nothing calls it/],
  ['a reserved key', (plan) => { variablesOf(plan, 'email-sender').AWS_REGION = 'ap-northeast-2'; },
    [EMAIL, '    FROM_EMAIL ', '    AWS_REGION = "ap-northeast-2"\n    FROM_EMAIL '], /email-sender: the key AWS_REGION is reserved/],
  ['a wildcard', (plan) => { statement(plan, 'email', 'DeadLetters').Resource = ['*']; },
    [EMAIL, 'resources = [var.dead_letters.arn]', 'resources = ["*"]'], /email-sender: DeadLetters: the resource \* has a wildcard/],
  ['a short visibility timeout', (plan) => { valuesOf(plan, 'aws_sqs_queue', '"openmarket-dev-email-queue"').visibility_timeout_seconds = 60; },
    ['modules/queue/main.tf', 'visibility_timeout_seconds        = var.visibility_s', 'visibility_timeout_seconds        = 60'], /visibility timeout of openmarket-dev-email-queue is 60 s, less than six times/],
  ['a bad cron expression', (plan) => { valuesOf(plan, 'aws_scheduler_schedule', 'weekly').schedule_expression = 'cron(0 9 ? * SUN *)'; },
    ['modules/settlement/schedules.tf', 'cron(0 9 ? * MON *)', 'cron(0 9 ? * SUN *)'], /cron\(0 9 \? \* SUN \*\) in Asia\/Seoul is not/],
  ['a variable that is never set', (plan) => { delete variablesOf(plan, 'email-sender').FROM_EMAIL; },
    [EMAIL, /\n +FROM_EMAIL.*/, ''], /FROM_EMAIL, which no environment sets/],
  ['a variable that nothing reads', (plan) => { variablesOf(plan, 'email-sender').FORM_EMAIL = 'x'; },
    [EMAIL, '    REPLY_TO_EMAIL ', '    FORM_EMAIL = "x"\n    REPLY_TO_EMAIL '], /email-sender: sets FORM_EMAIL, which no source/],
  ['a mapping without partial results', (plan) => { for (const { type, values } of plan.resources) if (type === 'aws_lambda_event_source_mapping') delete values.function_response_types; },
    ['modules/function/main.tf', /\n +function_response_types.*/, ''], /without ReportBatchItemFailures/],
  ['a function that any account may invoke', (plan) => { delete valuesOf(plan, 'aws_lambda_permission', '"invoked_via_function_url":true').invoked_via_function_url; },
    ['modules/webhook/url.tf', /\n +invoked_via_function_url.*/, ''], /lets any account invoke the function directly/],
  ['a schedule that does not invoke the alias', (plan) => { const { target } = valuesOf(plan, 'aws_scheduler_schedule', 'monthly'); target[0].arn = target[0].arn.replace(/:live$/, ''); },
    ['modules/settlement/schedules.tf', 'module.function.alias_arn', 'module.function.function_arn'], /it invokes another version than the alias "live"/],
  ['a schedule of no function', (plan) => { const { target } = valuesOf(plan, 'aws_scheduler_schedule', 'monthly'); target[0].arn = target[0].arn.replace('settlement-report', 'settlement'); },
    null, /which is no function of this plan/],
  ['a schedule that is never tried again', (plan) => { delete valuesOf(plan, 'aws_scheduler_schedule', 'monthly').target[0].retry_policy; },
    null, /states no retry policy/],
  ['a queue that is not encrypted', (plan) => { valuesOf(plan, 'aws_sqs_queue', '"openmarket-dev-email-queue"').sqs_managed_sse_enabled = false; },
    ['modules/queue/main.tf', /sqs_managed_sse_enabled .*/g, 'sqs_managed_sse_enabled = false'], /is not encrypted/],
  ['a bucket that may be public', (plan) => { valuesOf(plan, 'aws_s3_bucket_public_access_block', 'uploads').block_public_policy = false; },
    ['modules/buckets/main.tf', /block_public_policy .*/, 'block_public_policy = false'], /has block_public_policy off/],
  ['a role that any account can have the scheduler assume', (plan) => { for (const { type, values } of plan.resources) if (type === 'aws_iam_role' && JSON.stringify(values).includes('scheduler.amazonaws.com')) delete values.assume_role_policy.Statement[0].Condition; },
    null, /can be assumed by the service for any account/],
];

const plan = () => structuredClone(readRendered('dev'));
const planFaults = (rendered) => foundIn(checkRendered({ dev: rendered }));
// Settings that only prod has are not set in dev's plan alone.
const BEFORE = new Set(await planFaults(plan()));

test('plan: no fault is found in the committed plans', async () => {
  assert.deepEqual(await foundIn(checkRendered({ dev: plan(), prod: readRendered('prod'), bootstrap: readRendered('bootstrap') })), []);
});

for (const [what, change, , expected] of PLANNED) {
  test(`plan: ${what}`, async () => {
    const rendered = plan();
    change(rendered);
    const found = (await planFaults(rendered)).filter((text) => !BEFORE.has(text));
    assert.ok(found.some((text) => expected.test(text)), `${found.join('\n')}\n\nhas no ${expected}`);
  });
}

test('plan: a changed file makes the digest another one', () => withCopy(async (infra) => {
  const before = digestOf(infra);
  edit(infra, 'modules/queue/main.tf', 'maxReceiveCount', 'maxReceiveCount ');
  assert.notEqual(digestOf(infra), before);
}));

test('plan: policies are objects, and what AWS does not need is left out', () => {
  const resources = [{ mode: 'managed', address: 'a.b', type: 'a', name: 'b', values: { policy: '{"Statement":[]}', arn: 'x', tags: null, source_code_hash: 'y' } }, { mode: 'data' }];
  assert.deepEqual(renderPlan({ planned_values: { root_module: { child_modules: [{ resources }] } } }, 'd', 'p').resources, [{ address: 'a.b', type: 'a', name: 'b', values: { policy: { Statement: [] }, arn: 'x' } }]);
});

// ---------------------------------------------------------------------- by Terraform's own engine

// Each of these plans both environments again; make infra-check does it once.
const skip = !hasTerraform() ? 'terraform is not installed' : process.env.TEST_LONG ? false : 'in make test-long';

// What the modules' own validations refuse, and how.
const REFUSED = new Map([['a reserved key', /Lambda sets these variables itself/], ['a short visibility timeout', /visibility/], ['a schedule that does not invoke the alias', /alias/], ['a wildcard', /the resource \* is refused/]]);

async function byTerraform(infra) {
  const { faults, plans } = await withTerraform(infra, await loadModules(infra), '', ['dev']);
  return [...faults.map(format), ...(plans.dev ? await planFaults(plans.dev) : [])];
}

test('terraform: validate refuses a wrong argument and a resource that is not declared', { skip }, () => withCopy(async (infra) => {
  for (const what of ['a wrong argument name', 'a resource that is not declared']) {
    const [, file, from, to] = TEXT.find(([name]) => name === what);
    edit(infra, file, from, to);
  }
  const found = (await byTerraform(infra)).join('\n');
  for (const expected of [/Unsupported argument: An argument named "visibility_timeout_second"/, /Reference to undeclared resource/]) assert.match(found, expected);
}));

test('terraform: the faults of plans, planted in the files at once, are all found', { skip }, () => withCopy(async (infra) => {
  const planted = PLANNED.filter(([what, , place]) => place && !REFUSED.has(what));
  for (const [, , [file, from, to]] of planted) edit(infra, file, from, to);
  const found = (await byTerraform(infra)).join('\n');
  for (const [what, , , expected] of planted) assert.match(found, expected, what);
}));

for (const [what, expected] of REFUSED) {
  test(`terraform: ${what} is refused by the module itself`, { skip }, () => withCopy(async (infra) => {
    edit(infra, ...PLANNED.find(([name]) => name === what)[2]);
    assert.match((await byTerraform(infra)).join('\n'), expected);
  }));
}

// ---------------------------------------------------------------------- scripts and workflows

test('others: a workflow with a wrong key, an unknown expression, and an action by its tag', async () => {
  const root = mkdtempSync(join(tmpdir(), 'workflows-'));
  mkdirSync(join(root, '.github/workflows'), { recursive: true });
  const write = (text) => writeFileSync(join(root, '.github/workflows/one.yml'), text);
  const head = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n';
  write(`${head}      - uses: actions/checkout@${'a'.repeat(40)}\n`);
  assert.deepEqual(await checkWorkflows(root), []);
  write(`${head}      - uses: actions/checkout@v4\n      - ran: echo\n      - run: echo \${{ github.nothing }}\n`);
  const found = (await checkWorkflows(root)).map(format).join('\n');
  for (const expected of [/:6: actions\/checkout@v4 is not pinned/, /:7: .*"ran"/, /:8: .*"nothing"/]) assert.match(found, expected);
  rmSync(root, { recursive: true });
});

test('others: a fault of a shell script', { skip: hasShellcheck() ? false : 'shellcheck is not installed' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'scripts-'));
  writeFileSync(join(folder, 'deploy'), '#!/bin/sh\ncd "$1"\nrm -rf $unset/*\n');
  assert.match(checkScripts([folder]).map(format).join('\n'), /deploy:3: .*SC2154|deploy:2: .*SC2164/);
  rmSync(folder, { recursive: true });
});
