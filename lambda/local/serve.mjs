// The local cloud from a shell. See HELP.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startCloud } from './cloud.mjs';
import { uploadsPattern } from './eventbridge.mjs';

const HELP = `serve.mjs [OPTIONS] [-- COMMAND ARGUMENT...]

Starts the local cloud on free ports of 127.0.0.1: S3, SQS, DynamoDB and Secrets Manager with
signatures verified. With a COMMAND: runs it with AWS_ENDPOINT_URL, credentials, AWS_REGION and
LOCAL_CONTROL_URL in its environment, ends when it ends, with its status. Without: prints one line of
JSON with the addresses and the environment, and stays until SIGINT or SIGTERM. Every option but the
last ones may be repeated.

What there is
  --bucket NAME            a bucket; --versioned: buckets keep versions
  --queue NAME             a queue
  --table NAME[:KEY]       a DynamoDB table; its key is a string, KEY (default id)
  --secret NAME=VALUE      a secret; VALUE may be @FILE
  --function NAME=PATH     a function; PATH is a binary for provided.al2023
  --env NAME:KEY=VALUE     a variable of that function's environment

What triggers a function
  --notify BUCKET/PREFIX=NAME   S3 notification: objects created there
  --rule PATTERN=NAME      EventBridge rule; PATTERN is JSON, @FILE, or uploads:BUCKET for the image
                           function's: objects created, but not its own outputs
  --map QUEUE[:N]=NAME     messages of that queue, up to N (default 10) at once
  --url NAME               Function URL; its address is in the JSON, and for a COMMAND in FUNCTION_URL
                           (of the first) and FUNCTION_URL_NAME (capitals, digits and _)
  --schedule NAME=EXPRESSION    rate(5 minutes), cron(0 0 * * ? *), or none: by hand only, through
                           the control interface (schedules/NAME/fire)
  --input NAME=TEMPLATE    what that function's schedules deliver, with <time> in it

All functions
  --memory-mb N            memory reported to them (default 1024)
  --timeout-ms N           their timeout (default 60000)
  --concurrency N          environments of each at once (default 1)
  --logs                   their logs on standard error

More parts
  --ses                    SES v2 and its inbox
  --ses-rate N             recipients a second; --ses-quota N: in 24 hours
  --database               MariaDB; also the secret openmarket/dev/db
  --tls CERT,KEY           HTTPS with these PEM files
  --help`;

const many = { type: 'string', multiple: true, default: [] };
const flag = { type: 'boolean', default: false };
const OPTIONS = {
  bucket: many,
  versioned: flag,
  queue: many,
  table: many,
  secret: many,
  function: many,
  env: many,
  notify: many,
  rule: many,
  map: many,
  url: many,
  schedule: many,
  input: many,
  'memory-mb': { type: 'string', default: '1024' },
  'timeout-ms': { type: 'string', default: '60000' },
  concurrency: { type: 'string', default: '1' },
  logs: flag,
  ses: flag,
  'ses-rate': { type: 'string' },
  'ses-quota': { type: 'string' },
  database: flag,
  tls: { type: 'string' },
  help: flag,
};

// "LEFT=RIGHT" at the last or first "=".
function pair(text, last = false) {
  const at = last ? text.lastIndexOf('=') : text.indexOf('=');
  if (at < 1) throw new TypeError(`${text} has no "="`);
  return [text.slice(0, at), text.slice(at + 1)];
}

const textOf = (value) => (value.startsWith('@') ? readFileSync(value.slice(1), 'utf8') : value);

function number(values, name) {
  const value = Number(values[name]);
  if (!(Number.isInteger(value) && value > 0)) throw new TypeError(`--${name} takes a whole number above 0`);
  return value;
}

function patternOf(text) {
  if (text.startsWith('uploads:')) return uploadsPattern(text.slice('uploads:'.length));
  try {
    return JSON.parse(textOf(text));
  } catch (error) {
    throw new TypeError(`--rule ${text}: ${error.message}`);
  }
}

function addFunctions(cloud, values) {
  for (const [name, command] of values.function.map((text) => pair(text))) {
    const own = values.env.filter((text) => text.startsWith(`${name}:`)).map((text) => pair(text.slice(name.length + 1)));
    cloud.addFunction({
      name,
      command,
      memory_mb: number(values, 'memory-mb'),
      timeout_ms: number(values, 'timeout-ms'),
      concurrency: number(values, 'concurrency'),
      environment: Object.fromEntries(own),
    });
  }
}

async function addTriggers(cloud, values, queues) {
  const target = (name) => {
    const one = cloud.functions.get(name);
    if (!one) throw new TypeError(`there is no function ${name}`);
    return one;
  };
  for (const [where, name] of values.notify.map((text) => pair(text, true))) {
    const [bucket, ...prefix] = where.split('/');
    cloud.notify(bucket, prefix.join('/'), target(name));
  }
  for (const [pattern, name] of values.rule.map((text) => pair(text, true))) cloud.addRule(patternOf(pattern), target(name));
  for (const [source, name] of values.map.map((text) => pair(text))) {
    const [queue, size = '10'] = source.split(':');
    if (!queues.has(queue)) throw new TypeError(`there is no queue ${queue}`);
    cloud.mapQueue(queues.get(queue), target(name), { batch_size: Number(size) });
  }
  for (const name of values.url) await cloud.addUrl(target(name));
  const inputs = Object.fromEntries(values.input.map((text) => pair(text)));
  for (const [name, expression] of values.schedule.map((text) => pair(text))) {
    const others = [...cloud.schedules.all.keys()].filter((one) => one === name || one.startsWith(`${name}-`)).length;
    const options = { name: others > 0 ? `${name}-${others + 1}` : name, input: inputs[name] ?? null };
    cloud.addSchedule(target(name), { ...options, expression: expression === 'none' ? null : expression });
  }
}

async function setUp(cloud, values) {
  values.bucket.forEach((name) => cloud.createBucket(name, { versioned: values.versioned }));
  const queues = new Map(values.queue.map((name) => [name, cloud.createQueue(name)]));
  for (const text of values.table) await cloud.createTable(...text.split(':'));
  values.secret.map((text) => pair(text)).forEach(([name, value]) => cloud.createSecret(name, textOf(value)));
  if (cloud.database) cloud.createSecret('openmarket/dev/db', cloud.database.secret);
  const rate = values['ses-rate'] && number(values, 'ses-rate');
  const quota = values['ses-quota'] && number(values, 'ses-quota');
  cloud.ses?.setLimits({ max_send_rate: rate, max_24_hours: quota });
  addFunctions(cloud, values);
  await addTriggers(cloud, values, queues);
}

// The addresses of Function URLs for the command.
function urlVariables({ urls }) {
  const named = urls.map(({ target, url }) => [`FUNCTION_URL_${target.config.name.replace(/\W/g, '_').toUpperCase()}`, url]);
  return urls.length > 0 ? { FUNCTION_URL: urls[0].url, ...Object.fromEntries(named) } : {};
}

async function runCommand(cloud, command) {
  const child = spawn(command[0], command.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, ...cloud.clientEnvironment(), ...urlVariables(cloud) },
  });
  const forward = (signal) => child.kill(signal);
  process.on('SIGTERM', forward).on('SIGINT', forward);
  return new Promise((done) => {
    child.once('error', (error) => {
      process.stderr.write(`${command[0]}: ${error.message}\n`);
      done(127);
    });
    child.once('close', (code, signal) => done(signal ? 128 : code));
  });
}

async function main() {
  const at = process.argv.indexOf('--');
  const own = process.argv.slice(2, at < 0 ? undefined : at);
  const command = at < 0 ? [] : process.argv.slice(at + 1);
  const { values } = parseArgs({ args: own, options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [cert, key] = values.tls?.split(',').map((path) => readFileSync(path)) ?? [];
  const cloud = await startCloud({
    tls: cert ? { cert, key } : null,
    ses: values.ses || values['ses-rate'] !== undefined || values['ses-quota'] !== undefined,
    database: values.database,
    on_line: (name, line) => values.logs && process.stderr.write(`${line}\n`),
  });
  try {
    await setUp(cloud, values);
    if (command.length > 0) return await runCommand(cloud, command);
    const interrupted = new Promise((done) => process.once('SIGINT', done).once('SIGTERM', done));
    console.log(JSON.stringify(cloud.describe()));
    await interrupted;
    return 0;
  } finally {
    await cloud.stop();
  }
}

main().then(
  (status) => process.exit(status),
  (error) => {
    process.stderr.write(`serve.mjs: ${error.message}\n`);
    process.exit(error instanceof TypeError ? 2 : 1);
  },
);
