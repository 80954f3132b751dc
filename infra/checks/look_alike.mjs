// What the local cloud (lambda/local) can stand for of AWS when a plan is applied: buckets, queues, a table and secrets
// by signed requests of their APIs; functions, aliases, what triggers them, roles and their policies by the local
// cloud's own calls, since it has no API of Lambda's, EventBridge Scheduler's or IAM's for making these. The policies
// are enforced on every request that a function makes. All other types exist in Terraform's state alone (RECORDED).
import { join } from 'node:path';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { ACCOUNT } from '../../lambda/local/environment.mjs';
import { evaluate } from './iam.mjs';
import { functionNameOf, qualifierOf } from './plan.mjs';
import { Requests } from './requests.mjs';
import { block } from './values.mjs';

// Why a type is not applied, by the beginning of its name; the longest that fits counts.
export const RECORDED = {
  aws_cloudwatch_: 'no CloudWatch: no alarm, dashboard, query or log group',
  aws_codedeploy_: 'of CodeDeploy the hook\'s status alone',
  aws_lambda_function_event_invoke_config: 'retries and dead letters of asynchronous events are the local cloud\'s own',
  aws_lambda_permission: 'whoever may start the local cloud may invoke: no resource-based policies',
  aws_s3_bucket_: 'no lifecycle, encryption, ownership or public access of buckets',
  aws_scheduler_schedule_group: 'schedules have no groups',
  aws_ses: 'SES here accepts every sender: no identities, sets and events',
  aws_sns_: 'no SNS',
  aws_: 'no network: everything listens on 127.0.0.1',
};
export const reasonOf = (type) => RECORDED[Object.keys(RECORDED).filter((prefix) => type.startsWith(prefix)).sort((a, b) => b.length - a.length)[0]];

const nameOf = (role) => String(role).split('/').pop();

// Attributes of a queue: Terraform's names and types, and SQS's, which are all text.
const ATTRIBUTES = {
  visibility_timeout_seconds: 'VisibilityTimeout', message_retention_seconds: 'MessageRetentionPeriod', delay_seconds: 'DelaySeconds',
  receive_wait_time_seconds: 'ReceiveMessageWaitTimeSeconds', redrive_policy: 'RedrivePolicy', sqs_managed_sse_enabled: 'SqsManagedSseEnabled', kms_master_key_id: 'KmsMasterKeyId',
};
const toSqs = (values) => Object.fromEntries(Object.entries(ATTRIBUTES).filter(([name]) => values[name] !== null && values[name] !== undefined).map(([name, key]) => [key, String(values[name])]));

// The values of a queue that the state has, as SQS has them.
function fromSqs(state, attributes) {
  const known = Object.entries(ATTRIBUTES).filter(([name, key]) => state[name] !== null && state[name] !== undefined && attributes[key] !== undefined);
  return Object.fromEntries(known.map(([name, key]) => [name, { number: Number, boolean: (text) => text === 'true', string: (text) => text }[typeof state[name]](attributes[key])]));
}

export class LookAlike {
  // programs: folder of the functions' binaries. boundary: policy that bounds all roles, or null.
  static async start({ programs, boundary = null }) {
    const one = new LookAlike();
    Object.assign(one, { programs, boundary, account: ACCOUNT, roles: new Map(), policies: new Map(), versions: new Map(), urls: new Map(), denied: [], log: [], alive: new Map() });
    one.cloud = await startCloud({ ses: true, authorize: (call, config) => one.#isAllowed(call, config) });
    one.requests = new Requests(one.cloud);
    return one;
  }

  stop() {
    return this.cloud.stop();
  }

  // By the policies of the role that the function was made with.
  #isAllowed({ action, resource, context }, { name }) {
    const role = this.roles.get(name);
    const request = { action, resource, context };
    const policies = [...this.policies.values()].filter((one) => one.role === role).map(({ policy }) => policy);
    const is_allowed = evaluate(policies, request).decision === 'allow' && (this.boundary === null || evaluate([this.boundary], request).decision === 'allow');
    if (!is_allowed) this.denied.push(`${name}: ${action} on ${resource}`);
    return is_allowed;
  }

  #target(arn) {
    return this.cloud.lambda.find(functionNameOf(arn), qualifierOf(arn) ?? undefined).target;
  }

  #remove(list, of) {
    const at = list.findIndex(of);
    if (at >= 0) list.splice(at, 1);
  }

  // By type: create(values) and update(values, before) return what AWS computes; read(state) returns what it holds
  // now of the state, null for nothing; remove(values).
  #types = {
    aws_s3_bucket: {
      create: async ({ bucket }) => void await this.requests.s3('PUT', `/${bucket}`),
      read: async ({ bucket }) => (await this.requests.s3('HEAD', `/${bucket}`) === null ? null : {}),
      remove: async ({ bucket, force_destroy: is_forced }) => {
        for (const key of is_forced ? this.cloud.s3.keys(bucket) : []) await this.requests.s3('DELETE', `/${bucket}/${key}`);
        await this.requests.s3('DELETE', `/${bucket}`);
      },
    },
    aws_s3_bucket_versioning: {
      create: ({ bucket, versioning_configuration: given }) => this.#setVersioning(bucket, block(given).status),
      update: ({ bucket, versioning_configuration: given }) => this.#setVersioning(bucket, block(given).status),
      read: async ({ bucket, versioning_configuration: [one] }) => {
        const text = await this.requests.s3('GET', `/${bucket}`, { query: { versioning: '' } });
        return text === null ? null : { versioning_configuration: [{ ...one, status: text.match(/<Status>(\w+)</)?.[1] ?? 'Disabled' }] };
      },
      // Versions cannot be turned off again.
      remove: ({ bucket }) => this.#setVersioning(bucket, 'Suspended'),
    },
    aws_s3_bucket_notification: {
      create: ({ bucket, lambda_function: given }) => given.forEach((one) => this.cloud.notify(bucket, one.filter_prefix ?? '', this.#target(one.lambda_function_arn))),
      remove: ({ bucket }) => { this.cloud.triggers = this.cloud.triggers.filter((one) => one.bucket !== bucket); },
    },
    aws_sqs_queue: {
      create: async (values) => {
        const { QueueUrl: url } = await this.requests.json('sqs', 'CreateQueue', { QueueName: values.name, Attributes: toSqs(values), tags: values.tags_all ?? {} });
        const { Attributes: { QueueArn: arn } } = await this.requests.json('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['QueueArn'] });
        return { url, arn, id: url };
      },
      update: async (values) => void await this.requests.json('sqs', 'SetQueueAttributes', { QueueUrl: values.url, Attributes: toSqs(values) }),
      read: async (state) => {
        const found = await this.requests.json('sqs', 'GetQueueAttributes', { QueueUrl: state.url, AttributeNames: ['All'] }, /QueueDoesNotExist|NonExistentQueue/);
        return found && fromSqs(state, found.Attributes);
      },
      remove: ({ url }) => this.requests.json('sqs', 'DeleteQueue', { QueueUrl: url }),
    },
    aws_sqs_queue_redrive_allow_policy: {
      create: async ({ queue_url: url, redrive_allow_policy: policy }) => void await this.requests.json('sqs', 'SetQueueAttributes', { QueueUrl: url, Attributes: { RedriveAllowPolicy: policy } }),
      read: async ({ queue_url: url }) => {
        const found = await this.requests.json('sqs', 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] }, /QueueDoesNotExist|NonExistentQueue/);
        return found?.Attributes.RedriveAllowPolicy ? { redrive_allow_policy: found.Attributes.RedriveAllowPolicy } : null;
      },
      remove: () => {},
    },
    aws_dynamodb_table: {
      create: async (values) => {
        const AttributeDefinitions = values.attribute.map(({ name, type }) => ({ AttributeName: name, AttributeType: type }));
        const { TableDescription: { TableArn: arn } } = await this.requests.json('dynamodb', 'CreateTable', {
          TableName: values.name, BillingMode: values.billing_mode, AttributeDefinitions, KeySchema: [{ AttributeName: values.hash_key, KeyType: 'HASH' }],
        });
        return { arn };
      },
      read: async ({ name }) => {
        const found = await this.requests.json('dynamodb', 'DescribeTable', { TableName: name }, /ResourceNotFound/);
        return found && { hash_key: found.Table.KeySchema[0].AttributeName, attribute: found.Table.AttributeDefinitions.map((one) => ({ name: one.AttributeName, type: one.AttributeType })) };
      },
      remove: ({ name }) => this.requests.json('dynamodb', 'DeleteTable', { TableName: name }),
    },
    aws_secretsmanager_secret: {
      create: async ({ name, description }) => {
        const { ARN: arn } = await this.requests.json('secretsmanager', 'CreateSecret', { Name: name, Description: description ?? '' });
        return { arn, id: arn };
      },
      read: async ({ arn }) => {
        const found = await this.requests.json('secretsmanager', 'DescribeSecret', { SecretId: arn }, /ResourceNotFound/);
        return found && { name: found.Name };
      },
      remove: ({ arn }) => this.requests.json('secretsmanager', 'DeleteSecret', { SecretId: arn, ForceDeleteWithoutRecovery: true }),
    },
    aws_iam_role: { create: () => {}, remove: () => {} },
    aws_iam_role_policy: {
      create: ({ role, name, policy }) => void this.policies.set(`${role} ${name}`, { role: nameOf(role), policy: JSON.parse(policy) }),
      remove: ({ role, name }) => void this.policies.delete(`${role} ${name}`),
    },
    aws_lambda_function: {
      create: (values) => this.#publish(values),
      update: (values) => this.#publish(values),
      remove: async ({ function_name: name }) => {
        for (const [key, one] of [...this.cloud.functions].filter(([text]) => text.split(':')[0] === name)) {
          await one.stop();
          this.cloud.functions.delete(key);
        }
      },
    },
    aws_lambda_alias: {
      create: ({ function_name: name, name: alias, function_version: version }) => this.cloud.lambda.setAlias(name, alias, version),
      read: ({ function_name: name, name: alias }) => (this.cloud.lambda.aliases.has(`${name}:${alias}`) ? { function_version: this.cloud.lambda.aliases.get(`${name}:${alias}`) } : null),
      remove: ({ function_name: name, name: alias }) => void this.cloud.lambda.aliases.delete(`${name}:${alias}`),
    },
    aws_lambda_event_source_mapping: {
      create: ({ event_source_arn: arn, function_name: target, batch_size }) => {
        const name = arn.split(':').pop();
        this.cloud.mapQueue({ name, url: this.cloud.sqs.store.getQueueByArn(arn).url, arn }, this.#target(target), { batch_size });
      },
      remove: async ({ event_source_arn: arn }) => {
        const found = this.cloud.mappings.find(({ queue }) => queue.arn === arn);
        await found?.stop();
        this.#remove(this.cloud.mappings, (one) => one === found);
      },
    },
    // Fired by hand: the local cloud's schedules know no time zone.
    aws_scheduler_schedule: {
      create: ({ name, target }) => void this.cloud.addSchedule(this.#target(block(target).arn), { name, input: block(target).input }),
      read: ({ name, target }) => (this.cloud.schedules.all.has(name) ? { target: [{ ...block(target), input: this.cloud.schedules.all.get(name).input }] } : null),
      remove: ({ name }) => void this.cloud.schedules.all.delete(name),
    },
    // The state has an address of AWS's form, because the twin takes no other; the real one is in urls.
    aws_lambda_function_url: {
      create: async ({ function_name: name, qualifier }) => {
        const target = this.cloud.lambda.find(name, qualifier).target;
        this.urls.set(name, await this.cloud.addUrl(target));
      },
      remove: async ({ function_name: name }) => {
        const found = this.cloud.urls.find(({ url }) => url === this.urls.get(name));
        await found?.stop();
        this.#remove(this.cloud.urls, (one) => one === found);
        this.urls.delete(name);
      },
    },
  };

  async #setVersioning(bucket, status) {
    await this.requests.s3('PUT', `/${bucket}`, { query: { versioning: '' }, body: `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>${status}</Status></VersioningConfiguration>` });
  }

  #publish({ function_name: name, role, filename, memory_size: memory_mb, timeout, environment }) {
    const version = String((this.versions.get(name) ?? 0) + 1);
    this.versions.set(name, Number(version));
    this.roles.set(name, nameOf(role));
    const program = filename.split('/').pop().replace(/\.zip$/, '');
    this.cloud.addFunction({ name, version, command: join(this.programs, program), memory_mb, timeout_ms: timeout * 1000, environment: block(environment).variables ?? {} });
    return { version, qualified_arn: `arn:aws:lambda:${this.cloud.region}:${ACCOUNT}:function:${name}:${version}` };
  }

  isApplied(type) {
    return type in this.#types;
  }

  #note(action, type, values) {
    const id = `${type} ${values.arn ?? values.id ?? ''} ${values.name ?? values.bucket ?? values.function_name ?? ''}`;
    this.log.push({ action, type, id });
    return id;
  }

  // Returns what AWS computes, as far as it is not made up. complete(values): the state.
  async create(type, values) {
    return await this.#types[type]?.create(values) ?? {};
  }

  created(type, state) {
    this.alive.set(this.#note('create', type, state), { type, state });
  }

  async update(type, values, before) {
    const { update, remove, create } = this.#types[type] ?? {};
    this.#note('update', type, values);
    if (update) return await update(values, before) ?? {};
    if (remove) await remove(before);
    return await create?.(values) ?? {};
  }

  async read(type, state) {
    const { read } = this.#types[type] ?? {};
    const found = read ? await read(state) : {};
    return found && { ...state, ...found };
  }

  // What is removed while something still names it by its ARN is in the wrong order.
  async remove(type, state) {
    const id = this.#note('delete', type, state);
    this.alive.delete(id);
    // A topic's policy has the topic's ARN.
    const arn = type === 'aws_sns_topic_policy' ? null : state.arn;
    const users = !arn ? [] : [...this.alive].filter(([, one]) => JSON.stringify(one.state).includes(`"${arn}"`)).map(([name]) => name);
    if (users.length > 0) this.log.at(-1).used_by = users;
    await this.#types[type]?.remove(state);
  }
}
