// The local cloud from a shell. See HELP.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startCloud } from './cloud.mjs';

const HELP = `serve.mjs [OPTIONS] [-- COMMAND ARGUMENT...]

Starts the local cloud: S3 and SQS with signatures verified, on a free port of 127.0.0.1. With a
COMMAND: runs it with AWS_ENDPOINT_URL, credentials, AWS_REGION and LOCAL_CONTROL_URL in its
environment, ends when it ends, with its status. Without: prints one line of JSON with the addresses
and the environment, and stays until SIGINT or SIGTERM.

  --bucket NAME            create a bucket; may be repeated
  --versioned              buckets keep versions
  --queue NAME             create a queue; may be repeated
  --function NAME=PATH     a function; PATH is a binary for provided.al2023; may be repeated
  --env NAME:KEY=VALUE     a variable of that function's environment; may be repeated
  --memory-mb N            memory told to functions (default 1024)
  --timeout-ms N           their timeout (default 60000)
  --notify BUCKET/PREFIX=NAME   objects created there are told to that function
  --map QUEUE=NAME         messages of that queue go to that function
  --tls CERT,KEY           HTTPS with these PEM files
  --ses                    with SES v2 and its inbox
  --database               with MariaDB
  --logs                   the functions' logs on standard error
  --help`;

const many = { type: 'string', multiple: true, default: [] };
const flag = { type: 'boolean', default: false };
const OPTIONS = {
  bucket: many,
  versioned: flag,
  queue: many,
  function: many,
  env: many,
  'memory-mb': { type: 'string', default: '1024' },
  'timeout-ms': { type: 'string', default: '60000' },
  notify: many,
  map: many,
  tls: { type: 'string' },
  ses: flag,
  database: flag,
  logs: flag,
  help: flag,
};

// "LEFT=RIGHT" at the last or first "=".
function pair(text, last = false) {
  const at = last ? text.lastIndexOf('=') : text.indexOf('=');
  if (at < 1) throw new TypeError(`${text} has no "="`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function furnish(cloud, values) {
  values.bucket.forEach((name) => cloud.createBucket(name, { versioned: values.versioned }));
  const queues = new Map(values.queue.map((name) => [name, cloud.createQueue(name)]));
  for (const [name, command] of values.function.map((text) => pair(text))) {
    const own = values.env.filter((text) => text.startsWith(`${name}:`)).map((text) => pair(text.slice(name.length + 1)));
    cloud.addFunction({
      name,
      command,
      memory_mb: Number(values['memory-mb']),
      timeout_ms: Number(values['timeout-ms']),
      environment: Object.fromEntries(own),
    });
  }
  const target = (name) => {
    const one = cloud.functions.get(name);
    if (!one) throw new TypeError(`there is no function ${name}`);
    return one;
  };
  for (const [where, name] of values.notify.map((text) => pair(text, true))) {
    const [bucket, ...prefix] = where.split('/');
    cloud.notify(bucket, prefix.join('/'), target(name));
  }
  for (const [queue, name] of values.map.map((text) => pair(text))) {
    if (!queues.has(queue)) throw new TypeError(`there is no queue ${queue}`);
    cloud.mapQueue(queues.get(queue), target(name));
  }
}

async function runCommand(cloud, command) {
  const child = spawn(command[0], command.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, ...cloud.clientEnvironment() },
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
    ses: values.ses,
    database: values.database,
    on_line: (name, line) => values.logs && process.stderr.write(`${line}\n`),
  });
  try {
    furnish(cloud, values);
    if (command.length > 0) return await runCommand(cloud, command);
    const asked = new Promise((done) => process.once('SIGINT', done).once('SIGTERM', done));
    console.log(JSON.stringify(cloud.describe()));
    await asked;
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
