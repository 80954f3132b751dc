// The local cloud as one object: the front with S3, SQS and SES behind it, the functions, what
// triggers them, and the database. Everything on free ports of 127.0.0.1; stop() ends all of it.
//
//   const cloud = await startCloud();
//   cloud.createBucket('photos');
//   const image = cloud.addFunction({ name: 'image-processor', command: 'build/release/lambda/image-processor' });
//   cloud.notify('photos', 'uploads/', image);
//   ... aws s3 cp with cloud.clientEnvironment() ...
//   await cloud.settle();
//   await cloud.stop();
import { LocalDatabase } from './database.mjs';
import { Control } from './control.mjs';
import { DEFAULT_CREDENTIALS, DEFAULT_REGION } from './environment.mjs';
import { s3Event } from './events.mjs';
import { Front } from './front.mjs';
import { LambdaFunction } from './function.mjs';
import { LocalS3 } from './s3.mjs';
import { LocalSes } from './ses.mjs';
import { EventSourceMapping, LocalSqs } from './sqs.mjs';

export class LocalCloud {
  // options: {region, credentials (list), tls ({key, cert}), ses (bool), database (bool), on_line(name,
  // line): every line of the functions' logs}.
  constructor({ region = DEFAULT_REGION, credentials = [DEFAULT_CREDENTIALS], tls = null, ses = false, database = false, on_line = () => {} } = {}) {
    Object.assign(this, { region, credentials, on_line });
    this.functions = new Map();
    this.triggers = [];
    this.mappings = [];
    this.s3 = new LocalS3({ now_ms: () => this.front.now_ms(), on_created: (created) => this.#created(created) });
    this.sqs = new LocalSqs(region);
    this.ses = ses ? new LocalSes() : null;
    this.database = database ? new LocalDatabase() : null;
    const services = { s3: (request) => this.s3.handle(request), sqs: (request) => this.sqs.handle(request) };
    if (this.ses) services.ses = (request) => this.ses.handle(request);
    this.front = new Front({ services, credentials, tls });
    this.control = new Control(this);
  }

  async start() {
    const parts = [this.front, this.control, this.sqs, this.ses, this.database].filter(Boolean);
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
  }

  createBucket(name, options) {
    this.s3.createBucket(name, options);
  }

  createQueue(name, attributes) {
    return this.sqs.createQueue(name, this.front.url, attributes);
  }

  // config: as LambdaFunction's; the endpoints of this cloud are added to its environment.
  addFunction(config) {
    const environment = { AWS_ENDPOINT_URL: this.front.url, ...config.environment };
    const credentials = this.credentials[0];
    const one = new LambdaFunction({ region: this.region, credentials, ...config, environment }, (line) =>
      this.on_line(config.name, line),
    );
    this.functions.set(config.name, one);
    return one;
  }

  // Every object created below the prefix is told to the function.
  notify(bucket, prefix, target) {
    this.triggers.push({ bucket, prefix, target });
  }

  mapQueue(queue, target, options) {
    const mapping = new EventSourceMapping(this.sqs, queue, target, options);
    this.mappings.push(mapping);
    return mapping;
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
      environment: this.clientEnvironment(),
    };
  }

  // Waits until no event is under way.
  async settle() {
    await Promise.all([...this.functions.values()].map((one) => one.settle()));
  }

  async stop() {
    this.mappings.forEach((mapping) => {
      mapping.running = false;
    });
    await Promise.all([...this.functions.values()].map((one) => one.stop()));
    await Promise.all(this.mappings.map((mapping) => mapping.stop().catch(() => {})));
    await Promise.allSettled(this.started.map((part) => part.stop()));
  }
}

export const startCloud = (options) => new LocalCloud(options).start();
