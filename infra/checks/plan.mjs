// A rendered plan (rendered/dev.json, rendered/prod.json) as the checks need it: the functions with all that
// concerns each of them. A rendered plan is {digest, resources: [{address, type, name, values}]}; a nested block is
// a list of objects; policy documents are objects, or JSON text.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { INFRA } from './tree.mjs';
import { block } from './values.mjs';

export const ENVIRONMENTS = ['dev', 'prod'];
// What is planned, with its folder: the environments, and what an account has once.
export const PLANNED = { dev: 'environments/dev', prod: 'environments/prod', bootstrap: 'bootstrap' };
export const renderedPath = (environment, infra = INFRA) => join(infra, 'checks/rendered', `${environment}.json`);

export const document = (value) => (typeof value === 'string' ? JSON.parse(value) : value);
const isText = (value) => typeof value === 'string';
// The module that a resource is in.
const moduleOf = (address) => address.match(/^(?:module\.[^.[]+(?:\[[^\]]*\])?\.)*/)[0];

// NAME of arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS, or of NAME or NAME:ALIAS.
export const functionNameOf = (text) => (isText(text) ? text.replace(/^arn:aws:lambda:[^:]*:[^:]*:function:/, '').split(':')[0] : null);
export const qualifierOf = (text) => (isText(text) ? (text.replace(/^arn:aws:lambda:[^:]*:[^:]*:function:/, '').split(':')[1] ?? null) : null);
export const queueNameOf = (text) => (isText(text) ? text.split(/[:/]/).pop() : null);

// Deployed from the same zip, a function without a database that confirms Toss's hints is another one to IAM.
export const kindOf = (program, environment) => (program === 'webhook-handler' && environment.TOSS_CONFIRMED_URL && !environment.DB_SECRET_NAME ? 'webhook-handler twin' : program);

export class Plan {
  constructor(rendered, name) {
    this.name = name;
    this.resources = rendered.resources;
    this.functions = this.of('aws_lambda_function').map((one) => this.#function(one));
    this.queues = this.of('aws_sqs_queue').map(({ address, values }) => ({ address, values, name: values.name, arn: values.arn }));
  }

  static read(environment) {
    return new Plan(JSON.parse(readFileSync(renderedPath(environment), 'utf8')), environment);
  }

  of(type) {
    return this.resources.filter((one) => one.type === type);
  }

  // The account and region of the ARNs.
  get scope() {
    const arn = this.resources.map(({ values }) => values.arn).find((one) => isText(one) && /^arn:aws:[a-z0-9]+:[a-z0-9-]+:\d+:/.test(one));
    const [, , , region = 'ap-northeast-2', account = '123456789012'] = arn?.split(':') ?? [];
    return { region, account };
  }

  queue(name) {
    return this.queues.find((one) => one.name === name);
  }

  // The deployment groups whose new versions a function checks, as ARNs: IMAGE_FUNCTION is about the group "image".
  checkedGroups({ environment }) {
    const { region, account } = this.scope;
    const checked = Object.keys(environment).map((name) => name.match(/^([A-Z]+)_FUNCTION$/)?.[1].toLowerCase());
    return this.of('aws_codedeploy_deployment_group').map(({ values }) => values).filter(({ deployment_group_name: name }) => checked.includes(name))
      .map(({ app_name, deployment_group_name: name }) => `arn:aws:codedeploy:${region}:${account}:deploymentgroup:${app_name}/${name}`);
  }

  #function({ address, values }) {
    const name = values.function_name;
    const environment = block(values.environment).variables ?? {};
    const program = isText(values.filename) ? basename(values.filename, '.zip') : name.replace(/^[a-z0-9]+-(dev|prod)-/, '');
    const is_own = (text) => functionNameOf(text) === name;
    const invoke = this.of('aws_lambda_function_event_invoke_config').find((one) => is_own(one.values.function_name));
    return {
      address, name, values, environment, program,
      kind: kindOf(program, environment),
      timeout_s: values.timeout,
      memory_mb: values.memory_size,
      reserved: values.reserved_concurrent_executions ?? null,
      has_vpc: [block(values.vpc_config).subnet_ids].flat().filter(Boolean).length > 0,
      is_traced: block(values.tracing_config).mode === 'Active',
      log_group: block(values.logging_config).log_group ?? `/aws/lambda/${name}`,
      mappings: this.of('aws_lambda_event_source_mapping').filter((one) => is_own(one.values.function_name)),
      on_failure: block(block(block(invoke?.values.destination_config).on_failure)).destination ?? null,
      schedules: this.#schedules(is_own),
      buckets: this.#buckets(is_own),
      policies: this.#policies(address, values),
    };
  }

  // EventBridge Scheduler's, and rules with an expression: {address, name, expression, timezone, input, ...}.
  #schedules(is_own) {
    const scheduler = this.of('aws_scheduler_schedule').map(({ address, values }) => ({
      address, values, name: values.name, expression: values.schedule_expression, timezone: values.schedule_expression_timezone ?? 'UTC', target: block(values.target),
    }));
    const rules = this.of('aws_cloudwatch_event_rule').filter(({ values }) => values.schedule_expression).map(({ address, values }) => ({
      address, values, name: values.name, expression: values.schedule_expression, timezone: 'UTC',
      target: block(this.of('aws_cloudwatch_event_target').filter((one) => one.values.rule === values.name).map((one) => one.values)),
    }));
    return [...scheduler, ...rules].filter(({ target }) => is_own(target.arn)).map(({ target, ...rest }) => ({
      ...rest, target, input: block(target.input_transformer).input_template ?? target.input ?? null, qualifier: qualifierOf(target.arn),
    }));
  }

  // The buckets whose objects are events of the function.
  #buckets(is_own) {
    const notified = this.of('aws_s3_bucket_notification').filter(({ values }) => [values.lambda_function].flat().some((one) => one && is_own(one.lambda_function_arn))).map(({ values }) => values.bucket);
    const ruled = this.of('aws_cloudwatch_event_rule').filter(({ values }) => values.event_pattern
      && this.of('aws_cloudwatch_event_target').some((one) => one.values.rule === values.name && is_own(one.values.arn)));
    const named = ruled.flatMap(({ values }) => document(values.event_pattern).detail?.bucket?.name ?? []);
    // A given bucket's notification is its owner's: the permission to invoke names the bucket.
    const permitted = this.of('aws_lambda_permission').filter(({ values }) => values.principal === 's3.amazonaws.com' && is_own(values.function_name)).map(({ values }) => values.source_arn);
    return [...new Set([...notified, ...named, ...permitted.filter(isText).map((arn) => arn.split(':::')[1])].filter(isText))];
  }

  // Inline policies of the role, and managed ones that this plan makes. Others are given as {arn}.
  #policies(address, { role }) {
    const role_name = isText(role) ? role.split('/').pop() : null;
    const is_ours = (one) => (isText(one.values.role) && role_name !== null ? one.values.role.split('/').pop() === role_name : moduleOf(one.address) === moduleOf(address));
    const inline = this.of('aws_iam_role_policy').filter(is_ours).map((one) => ({ address: one.address, policy: document(one.values.policy) }));
    const attached = this.of('aws_iam_role_policy_attachment').filter(is_ours).map((one) => {
      const managed = this.of('aws_iam_policy').find(({ values }) => values.arn === one.values.policy_arn);
      return managed ? { address: managed.address, policy: document(managed.values.policy) } : { address: one.address, arn: one.values.policy_arn };
    });
    return [...inline, ...attached];
  }
}
