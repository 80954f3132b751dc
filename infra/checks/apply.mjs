// Applies dev to the look-alike (`make infra-apply`): Terraform's own engine, the provider's stub, and the local cloud.
// Each step must do what it is named after; what the look-alike holds afterwards is compared with the rendered plan.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ACCOUNT } from './made_up.mjs';
import { LookAlike, reasonOf } from './look_alike.mjs';
import { VALUES, readRendered } from './plans.mjs';
import { Terraform } from './terraform.mjs';
import { ROOT } from './tree.mjs';
import { block } from './values.mjs';

const FOLDER = 'environments/dev';
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

export class Applied {
  // programs: folder of the functions' binaries.
  static async start({ programs = join(ROOT, process.env.BUILD ?? 'build/release', 'lambda') } = {}) {
    const one = new Applied();
    const bootstrap = readRendered('bootstrap');
    const ofAccount = (value, account) => JSON.parse(JSON.stringify(value).replaceAll(ACCOUNT, account));
    one.look_alike = await LookAlike.start({ programs });
    const { account } = one.look_alike;
    one.rendered = ofAccount(readRendered('dev'), account);
    one.look_alike.boundary = ofAccount(bootstrap.resources.find(({ values }) => values.name === 'openmarket-dev-boundary').values.policy, account);
    one.variables = [`-var-file=${VALUES}`, `-var=account_id=${account}`, '-var=force_destroy=true'];
    try {
      one.terraform = await Terraform.start({ look_alike: one.look_alike });
      await one.#run('init', () => one.terraform.init(FOLDER));
    } catch (error) {
      await one.stop();
      throw error;
    }
    return one;
  }

  async stop() {
    this.terraform?.close();
    await this.look_alike.stop();
  }

  async #run(name, work, allowed = [0]) {
    const result = await work();
    if (!allowed.includes(result.status)) throw new Error(`terraform ${name}: ${result.stderr || result.stdout}`);
    return result;
  }

  apply(variables = []) {
    return this.#run('apply', () => this.terraform.run(FOLDER, ['apply', '-no-color', '-auto-approve', ...this.variables, ...variables]));
  }

  destroy() {
    return this.#run('destroy', () => this.terraform.run(FOLDER, ['destroy', '-no-color', '-auto-approve', ...this.variables]));
  }

  // The changes that a plan has: [{address, actions}].
  async changes(variables = []) {
    await this.#run('plan', () => this.terraform.run(FOLDER, ['plan', '-no-color', '-detailed-exitcode', '-out=changes.bin', ...this.variables, ...variables]), [0, 2]);
    const { stdout } = await this.#run('show', () => this.terraform.run(FOLDER, ['show', '-json', 'changes.bin']));
    return JSON.parse(stdout).resource_changes.filter(({ mode, change }) => mode === 'managed' && !same(change.actions, ['no-op']))
      .map(({ address, change }) => ({ address, actions: change.actions }));
  }

  // {type: count} of the plan, in the look-alike and recorded alone.
  counts() {
    const counts = { applied: {}, recorded: {} };
    for (const { type } of this.rendered.resources) {
      const kind = this.look_alike.isApplied(type) ? counts.applied : counts.recorded;
      kind[type] = (kind[type] ?? 0) + 1;
    }
    return counts;
  }

  // ---------------------------------------------------------------------- what is there, against the plan

  #of(type) {
    return this.rendered.resources.filter((one) => one.type === type).map(({ values }) => values);
  }

  // [kind, as planned, as found], each a sorted list of lines.
  async holdings() {
    const { cloud, requests } = this.look_alike;
    const sorted = (lines) => lines.map((line) => line.join(' ')).sort();
    const redrive = (policy) => (policy ? `${policy.maxReceiveCount} receives, then ${policy.deadLetterTargetArn.split(':').pop()}` : 'no redrive');
    const queues = [];
    for (const url of (await requests.json('sqs', 'ListQueues', {})).QueueUrls ?? []) {
      const { Attributes: one } = await requests.json('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] });
      queues.push([one.QueueArn.split(':').pop(), `${one.VisibilityTimeout} s`, `${one.MessageRetentionPeriod} s`, redrive(one.RedrivePolicy && JSON.parse(one.RedrivePolicy))]);
    }
    const buckets = [];
    for (const [, name] of (await requests.s3('GET', '/')).matchAll(/<Bucket>.*?<Name>([^<]+)<\/Name>/gs)) {
      buckets.push([name, (await requests.s3('GET', `/${name}`, { query: { versioning: '' } })).match(/<Status>(\w+)</)?.[1] ?? '-']);
    }
    const tables = [];
    for (const name of (await requests.json('dynamodb', 'ListTables', {})).TableNames) {
      const { Table: table } = await requests.json('dynamodb', 'DescribeTable', { TableName: name });
      tables.push([name, table.KeySchema[0].AttributeName]);
    }
    const functions = [...cloud.functions.values()].map(({ config }) => [config.name, `${config.memory_mb} MB`, `${config.timeout_ms / 1000} s`, Object.keys(config.environment).filter((name) => !name.startsWith('AWS_')).sort().join(',')]);
    const aliases = [...cloud.lambda.aliases].map(([name, version]) => [name, version]);
    const mappings = cloud.mappings.map(({ queue, target, batch_size }) => [queue.name, target.config.name, batch_size]);
    const schedules = [...cloud.schedules.all.values()].map(({ name, target, input }) => [name, target.config.name, input]);
    const triggers = cloud.triggers.map(({ bucket, prefix, target }) => [bucket, prefix, target.config.name]);
    const named = (arn) => arn.split(':')[6];
    return [
      ['queues', sorted(this.#of('aws_sqs_queue').map((v) => [v.name, `${v.visibility_timeout_seconds ?? 30} s`, `${v.message_retention_seconds} s`, redrive(v.redrive_policy)])), sorted(queues)],
      ['buckets', sorted(this.#of('aws_s3_bucket').map((v) => [v.bucket, block(this.#of('aws_s3_bucket_versioning').find((one) => one.bucket === v.bucket)?.versioning_configuration).status ?? '-'])), sorted(buckets)],
      ['tables', sorted(this.#of('aws_dynamodb_table').map((v) => [v.name, v.hash_key])), sorted(tables)],
      ['secrets', sorted(this.#of('aws_secretsmanager_secret').map((v) => [v.name])), sorted([...cloud.secrets.secrets.keys()].map((name) => [name]))],
      ['functions', sorted(this.#of('aws_lambda_function').map((v) => [v.function_name, `${v.memory_size} MB`, `${v.timeout} s`, Object.keys(block(v.environment).variables).sort().join(',')])), sorted(functions)],
      ['aliases', sorted(this.#of('aws_lambda_alias').map((v) => [`${v.function_name}:${v.name}`, v.function_version])), sorted(aliases)],
      ['mappings', sorted(this.#of('aws_lambda_event_source_mapping').map((v) => [v.event_source_arn.split(':').pop(), named(v.function_name), v.batch_size])), sorted(mappings)],
      ['schedules', sorted(this.#of('aws_scheduler_schedule').map((v) => [v.name, named(block(v.target).arn), block(v.target).input])), sorted(schedules)],
      ['notifications', sorted(this.#of('aws_s3_bucket_notification').flatMap((v) => v.lambda_function.map((one) => [v.bucket, one.filter_prefix, named(one.lambda_function_arn)]))), sorted(triggers)],
      ['policies', sorted(this.#of('aws_iam_role_policy').map((v) => [v.role, v.name])), sorted([...this.look_alike.policies.keys()].map((name) => name.split(' ')))],
    ];
  }

  // What is removed while something still names it.
  wrongOrder() {
    return this.look_alike.log.filter((one) => one.used_by).map(({ id, used_by: users }) => `${id} is removed before ${users.join(', ')}`);
  }
}

// What a change of the image function's memory may change: the function, and what watches its newest version.
export const CHANGED = '-var=image={memory_mb=512}';
export const MAY_CHANGE = /^module\.platform\.module\.(image\.module\.function\.aws_lambda_function\.this|observability\.aws_cloudwatch_metric_alarm\.this\["image-canary-[a-z]+"\])$/;

// ---------------------------------------------------------------------- the command

const print = (rows) => rows.forEach(([head, ...rest]) => console.log(`  ${String(head).padEnd(52)} ${rest.join('  ')}`));

function printCounts({ applied, recorded }) {
  const sum = (counts) => Object.values(counts).reduce((all, one) => all + one, 0);
  console.log(`\nin the look-alike: ${Object.keys(applied).length} types, ${sum(applied)} resources`);
  print(Object.entries(applied).sort());
  console.log(`\nin Terraform's state alone: ${Object.keys(recorded).length} types, ${sum(recorded)} resources`);
  print(Object.entries(recorded).sort().map(([type, count]) => [type, count, reasonOf(type)]));
  console.log('\nnot tried: the real provider\'s own requests, defaults and waits; a DynamoDB table\'s expiry and recovery; the replacement of a resource whose name changes; prod\n');
}

async function main() {
  let failed = 0;
  let passed = 0;
  const result = (name, faults) => {
    console.log([`${faults.length === 0 ? 'ok     ' : 'FAILED '} ${name}`, ...faults.map((text) => `        ${text}`)].join('\n'));
    if (faults.length === 0) passed += 1;
    else failed += 1;
  };
  const shown = (changes) => changes.map(({ address, actions }) => `${actions.join('+')} ${address}`);
  const applied = await Applied.start();
  try {
    console.log(`provider: ${applied.terraform.provider.name}, with the local cloud`);
    const { stdout } = await applied.apply();
    result(`apply: ${stdout.match(/Resources: .*/)?.[0]}`, []);
    for (const [kind, planned, found] of await applied.holdings()) {
      result(`${kind}: ${found.length}, as planned`, same(planned, found) ? [] : [...planned.filter((one) => !found.includes(one)).map((one) => `not there: ${one}`), ...found.filter((one) => !planned.includes(one)).map((one) => `not planned: ${one}`)]);
    }
    result('a second plan has no changes', shown(await applied.changes()));
    const changes = await applied.changes([CHANGED]);
    result(`another memory of the image function changes ${changes.length} resources`, changes.length === 0 ? ['no change'] : shown(changes.filter(({ address, actions }) => !MAY_CHANGE.test(address) || !same(actions, ['update']))));
    await applied.destroy();
    result('destroy, in the order of what is used', applied.wrongOrder());
    result('nothing is left', (await applied.holdings()).filter(([, , found]) => found.length > 0).map(([kind, , found]) => `${kind}: ${found.join(', ')}`));
    printCounts(applied.counts());
  } finally {
    await applied.stop();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main().catch((error) => {
    console.error(error.message);
    return 1;
  });
  process.exit();
}
