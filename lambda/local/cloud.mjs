// The local cloud as one object: the front with S3, SQS, SES, DynamoDB, Secrets Manager, Lambda's Invoke and
// CodeDeploy's hooks behind it, the functions, what triggers them, and the database. Everything on free ports of 127.0.0.1; stop()
// ends all of it. README.md has an example of each trigger.
import { Calls, roleCredentials } from './calls.mjs';
import { LocalDatabase } from './database.mjs';
import { LocalCodeDeploy } from './codedeploy.mjs';
import { Control } from './control.mjs';
import { LocalDynamoDb } from './dynamodb.mjs';
import { DEFAULT_CREDENTIALS, DEFAULT_REGION } from './environment.mjs';
import { matchesPattern, transformInput } from './eventbridge.mjs';
import { eventBridgeEvent, s3Event } from './events.mjs';
import { Front } from './front.mjs';
import { LambdaFunction } from './function.mjs';
import { FunctionUrl } from './function_url.mjs';
import { LocalLambda } from './lambda.mjs';
import { LocalS3 } from './s3.mjs';
import { Schedules } from './schedule.mjs';
import { LocalSecrets } from './secrets.mjs';
import { LocalSes } from './ses.mjs';
import { EventSourceMapping, LocalSqs } from './sqs.mjs';
import { LocalXray } from './xray.mjs';

export class LocalCloud {
  // options: {region, credentials (list), tls ({key, cert}), ses (bool), database (bool), tracing (bool:
  // every invocation), on_line(name, line): every line of the functions' logs, authorize (see Calls)}.
  constructor({
    region = DEFAULT_REGION, credentials = [DEFAULT_CREDENTIALS], tls = null, ses = false, database = false, tracing = false, on_line = () => {}, authorize,
  } = {}) {
    Object.assign(this, { region, credentials, tracing, on_line });
    this.functions = new Map();
    this.triggers = []; // S3 notifications
    this.rules = [];
    this.published = 0; // events that EventBridge got and charges for
    this.urls = [];
    this.mappings = [];
    const now_ms = () => this.front.now_ms();
    this.s3 = new LocalS3({ now_ms, on_created: (created) => this.#created(created) });
    this.sqs = new LocalSqs(region);
    this.dynamodb = new LocalDynamoDb(region);
    this.secrets = new LocalSecrets({ region, now_ms });
    this.lambda = new LocalLambda(this.functions);
    this.codedeploy = new LocalCodeDeploy();
    this.ses = ses ? new LocalSes({ now_ms }) : null;
    this.database = database ? new LocalDatabase() : null;
    this.schedules = new Schedules(now_ms);
    this.xray = new LocalXray();
    const parts = { s3: this.s3, sqs: this.sqs, dynamodb: this.dynamodb, secretsmanager: this.secrets, lambda: this.lambda, codedeploy: this.codedeploy, ses: this.ses };
    const services = Object.fromEntries(
      Object.entries(parts).filter(([, part]) => part).map(([name, part]) => [name, (request) => part.handle(request)]),
    );
    this.calls = new Calls({ region, secretArn: (id) => this.secrets.arnOf(id), ...(authorize === undefined ? {} : { authorize }) });
    this.front = new Front({ services, credentials, tls, calls: this.calls });
    this.control = new Control(this);
  }

  async start() {
    const parts = [this.front, this.control, this.sqs, this.ses, this.database, this.schedules, this.xray].filter(Boolean);
    this.started = [];
    const results = await Promise.allSettled(parts.map(async (part) => {
      await part.start();
      this.started.push(part);
    }));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      await this.stop();
      throw failed.reason;
    }
    return this;
  }

  #created(created) {
    for (const { bucket, prefix, target } of this.triggers) {
      if (bucket === created.bucket && created.key.startsWith(prefix)) {
        target.invokeAsync(s3Event(created, this.region));
      }
    }
    if (this.rules.length > 0) this.publish(eventBridgeEvent(created, this.region));
  }

  createBucket(name, options) {
    this.s3.createBucket(name, options);
  }

  createQueue(name, attributes) {
    return this.sqs.createQueue(name, this.front.url, attributes);
  }

  createTable(name, key, more) {
    return this.dynamodb.createTable(name, key, more);
  }

  // value: text, or an object that becomes JSON.
  createSecret(name, value) {
    return this.secrets.createSecret(name, value);
  }

  // The endpoints in a function's environment.
  endpoints() {
    const services = ['S3', 'SQS', 'SESV2', 'DYNAMODB', 'SECRETS_MANAGER', 'LAMBDA', 'CODEDEPLOY'];
    const { url } = this.front;
    return { AWS_ENDPOINT_URL: url, ...Object.fromEntries(services.map((name) => [`AWS_ENDPOINT_URL_${name}`, url])) };
  }

  // config: as LambdaFunction's; the endpoints of this cloud are added to its environment. It gets credentials of
  // its own, as from a role, unless it has some. With a version it is one of the versions of that name, which
  // Invoke alone reaches.
  addFunction(given) {
    const config = { name: `function-${this.functions.size + 1}`, ...given };
    const key = config.version === undefined ? config.name : `${config.name}:${config.version}`;
    if (this.functions.has(key)) throw new Error(`there is a function ${key} already`);
    const environment = { ...this.endpoints(), ...config.environment };
    const credentials = given.credentials ?? roleCredentials();
    const one = new LambdaFunction({ region: this.region, tracing: this.tracing, xray_address: this.xray.address, ...config, credentials, environment }, (line) =>
      this.on_line(key, line),
    );
    if (!given.credentials) {
      this.front.verifier.add(credentials);
      this.calls.add(credentials.accessKeyId, one.config);
    }
    this.functions.set(key, one);
    return one;
  }

  // S3 notification: every object created below the prefix is an event for the function.
  notify(bucket, prefix, target) {
    this.triggers.push({ bucket, prefix, target });
  }

  // EventBridge rule: every event that the pattern matches is one for the function; with input: as that
  // template, see transformInput. Objects created in any bucket are events.
  addRule(pattern, target, { input = null, paths = {} } = {}) {
    matchesPattern(pattern, eventBridgeEvent({ bucket: '', key: '' }, this.region)); // refuses comparisons that are not implemented
    this.rules.push({ pattern, target, input: input && { template: typeof input === 'string' ? input : JSON.stringify(input), paths } });
  }

  // An event on EventBridge's bus.
  publish(event) {
    this.published += 1;
    for (const { pattern, target, input } of this.rules) {
      if (matchesPattern(pattern, event)) target.invokeAsync(input ? transformInput(input, event) : event);
    }
  }

  // SQS: the messages of the queue, up to ten at once, are events for the function.
  mapQueue(queue, target, options) {
    const mapping = new EventSourceMapping(this.sqs, queue, target, options);
    this.mappings.push(mapping);
    return mapping;
  }

  // Function URL; returns its address, which ends with "/".
  async addUrl(target) {
    const one = new FunctionUrl(target, { region: this.region, now_ms: () => this.front.now_ms() });
    this.urls.push(one);
    return one.start();
  }

  // Schedule; options: see Schedule. Without an expression it is fired by hand.
  addSchedule(target, options = {}) {
    return this.schedules.add(target, { region: this.region, ...options });
  }

  // The environment for AWS's own clients.
  clientEnvironment() {
    const { accessKeyId, secretAccessKey, sessionToken } = this.credentials[0];
    const environment = {
      AWS_ENDPOINT_URL: this.front.url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_REGION: this.region,
      AWS_DEFAULT_REGION: this.region,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
      LOCAL_CONTROL_URL: this.control.url,
    };
    if (sessionToken) environment.AWS_SESSION_TOKEN = sessionToken;
    return environment;
  }

  describe() {
    return {
      endpoint: this.front.url,
      control: this.control.url,
      inbox: this.ses?.url ?? null,
      database: this.database?.port ? { ...this.database.secret, ca: this.database.ca } : null,
      region: this.region,
      functions: [...this.functions.keys()],
      urls: Object.fromEntries(this.urls.map(({ target, url }) => [target.config.name, url])),
      schedules: [...this.schedules.all.keys()],
      environment: this.clientEnvironment(),
    };
  }

  // Waits until no event is being processed.
  async settle() {
    await Promise.all([...this.functions.values()].map((one) => one.settle()));
  }

  async stop() {
    this.mappings.forEach((mapping) => {
      mapping.running = false;
    });
    this.schedules.stop();
    await Promise.all([...this.functions.values()].map((one) => one.stop()));
    await Promise.all(this.mappings.map((mapping) => mapping.stop().catch(() => {})));
    await Promise.allSettled([...this.started, ...this.urls].map((part) => part.stop()));
  }
}

export const startCloud = (options) => new LocalCloud(options).start();
