// Who called what: each function has an access key of its own, so the front can state the function of each
// request. Its calls are written to the file $RECORD_CALLS, one JSON object a line, and denied where a policy
// does not allow them.
//
// A line: {function, twin, action, resource, from, settings, context}. function: the program's name. twin: whether it
// is the webhook function that confirms Toss's hints for another one (its README). from: the settings
// of the function whose value names the resource; empty: the event named it. So a call in a test, where a queue
// is called "mails", is comparable with a policy about the queue as it is deployed. settings: those that decide
// which resources are used, where they are set.
import { appendFileSync, mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { randomBytes } from 'node:crypto';
import { callsOf, missingObjectCall } from './actions.mjs';
import { ACCOUNT } from './environment.mjs';
import { Refusal } from './refusal.mjs';

// Settings that change which keys a function reads or writes.
const DECIDING = ['IMAGE_SOURCE_PREFIX', 'IMAGE_OUTPUT_FOLDER', 'CHECK_PREFIX'];

// Credentials like those of a role.
export function roleCredentials() {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const id = [...randomBytes(16)].map((byte) => letters[byte % letters.length]).join('');
  return { accessKeyId: `ASIA${id}`, secretAccessKey: randomBytes(30).toString('base64'), sessionToken: randomBytes(48).toString('base64') };
}

// The program of a function: that of a zip is called bootstrap.
export function programOf({ command, name }) {
  const program = basename(command[0]);
  return program === 'bootstrap' ? name.replace(/-\d+$/, '') : program;
}

// The part of a resource that a setting may hold: a queue's URL, a bucket, a table, a secret.
const NAMES = {
  sqs: (resource) => resource.split(':').pop(),
  s3: (resource) => resource.split(':::')[1].split('/')[0],
  dynamodb: (resource) => resource.split(':table/').pop(),
  ses: (resource) => resource.split('/').slice(1).join('/'),
};

const isSecret = (value, resource) => value === resource || value === resource.slice(0, -7) || resource.split(':secret:').pop().slice(0, -7) === value;
const isNamed = {
  sqs: (value, name) => value.split('/').pop() === name && value.includes('/'),
  s3: (value, name) => value === name,
  dynamodb: (value, name) => value === name || value.endsWith(`:table/${name}`),
  ses: (value, name) => value === name || value.replace(/>\s*$/, '').endsWith(`@${name}`),
};
// Settings of other kinds may have the same text.
const KINDS = {
  sqs: /_URL$/, s3: /_BUCKET$/, dynamodb: /_TABLE$/, ses: /^(FROM_EMAIL|SES_CONFIGURATION_SET)$/, secretsmanager: /_(SECRET|SECRET_NAME)$/, lambda: /_(NAME|FUNCTION|ARN)$/,
};

// The names of the settings that hold the resource.
export function settingsOf(environment, resource) {
  const service = resource.split(':')[2];
  const named = Object.entries(environment).filter(([name]) => KINDS[service]?.test(name) && !name.startsWith('AWS_'));
  if (service === 'secretsmanager') return named.filter(([, value]) => isSecret(value, resource)).map(([name]) => name);
  if (service === 'lambda') return named.filter(([, value]) => value !== '' && resource.split(':').includes(value.split(':').pop())).map(([name]) => name);
  const name = NAMES[service]?.(resource);
  return named.filter(([, value]) => isNamed[service]?.(value, name)).map(([setting]) => setting);
}

// Calls that differ in the last segment of a key alone are written once: no policy here depends on it.
function shapeOf({ function: name, twin, action, resource, from, settings, context }) {
  const folder = (text) => (text.includes('/') ? dirname(text) : text);
  return JSON.stringify([name, twin, action, resource.startsWith('arn:aws:s3:::') ? folder(resource) : resource, folder(context['s3:prefix'] ?? ''), from, settings]);
}

const messageOf = (program, { action, resource }) =>
  `User: arn:aws:sts::${ACCOUNT}:assumed-role/${program}/${program} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`;

// Secrets Manager, DynamoDB and CodeDeploy refuse with 400, the others with 403.
const STATUS = { dynamodb: 400, secretsmanager: 400, codedeploy: 400 };

export class Calls {
  // region; secretArn(id); file: where calls are written, null: nowhere. authorize(call): whether a policy allows
  // {function, action, resource, from, context}; null: everything is allowed.
  constructor({ region, secretArn, file = process.env.RECORD_CALLS || null, authorize = Calls.authorize }) {
    Object.assign(this, { region, known: { secretArn }, file, authorize });
    this.owners = new Map(); // access key -> function's config
    this.written = new Set();
  }

  // What clouds without another one use: set by infra/checks/enforce.mjs.
  static authorize = null;

  add(access_key, config) {
    this.owners.set(access_key, config);
  }

  #describe(config, { action, resource, context }) {
    const settings = Object.fromEntries(DECIDING.filter((name) => config.environment[name]).map((name) => [name, config.environment[name]]));
    const twin = Boolean(config.environment.TOSS_CONFIRMED_URL && !config.environment.DB_SECRET_NAME);
    return { function: programOf(config), twin, action, resource, from: settingsOf(config.environment, resource), settings, context };
  }

  #note(call) {
    const shape = shapeOf(call);
    if (this.file === null || this.written.has(shape)) return;
    this.written.add(shape);
    mkdirSync(dirname(this.file), { recursive: true });
    appendFileSync(this.file, `${JSON.stringify(call)}\n`);
  }

  #check(service, config, one) {
    const call = this.#describe(config, one);
    this.#note(call);
    if (this.authorize && !this.authorize(call, config)) {
      throw new Refusal(service === 's3' ? 'AccessDenied' : 'AccessDeniedException', messageOf(call.function, call), STATUS[service] ?? 403);
    }
  }

  // Before a request is performed. Throws a Refusal.
  before(access_key, service, request) {
    const config = this.owners.get(access_key);
    if (config) callsOf(service, request, this.region, this.known).forEach((one) => this.#check(service, config, one));
  }

  // After it: whether the response may state that the object is missing. Throws a Refusal.
  after(access_key, service, request, response) {
    const config = this.owners.get(access_key);
    const one = config && service === 's3' ? missingObjectCall(request, response) : null;
    if (one) this.#check(service, config, one);
  }
}
