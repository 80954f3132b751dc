// `make local`: the entire local cloud with the functions behind a bucket, a queue and a Function URL,
// shown at work on a photograph and a payment, then left running for play. See HELP.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startCloud } from './cloud.mjs';
import { Shop } from './shop.mjs';
import { contactSheet, shell, table } from './show.mjs';

const HELP = `local.mjs --function PATH [OPTIONS] PHOTO

Starts S3, SQS, SES, DynamoDB, Secrets Manager, MariaDB and the image function PATH on free ports of
127.0.0.1, puts PHOTO into a bucket with Debian's aws, shows the four results and keeps them below the
folder OUT. With --webhook, a payment is sent to the webhook function, and the mail that follows is
shown. Then stays until Ctrl-C, which ends all of it.

  --function PATH   the image function, a binary for provided.al2023
  --webhook PATH    the webhook function; with it:
  --mail PATH         the mail function
  --send PATH         the program webhook-send
  --platforms PATH    the folder with the tables of platforms
  --out FOLDER      default out/local
  --once            ends after the demonstration; the exit status reports how it went
  --help`;

const BUCKET = 'openmarket-photos';
const QUEUE = 'openmarket-dev-email-queue';
const SECRET = 'openmarket/dev/db';
const SIZES = ['large', 'medium', 'small', 'thumbnail'];
const CONFIG = { name: 'image-processor', memory_mb: 256, timeout_ms: 60000 };

// Debian's own is preferred to another one in PATH.
const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';

const copyCommand = (cloud, from) => ['--endpoint-url', cloud.front.url, 's3', 'cp', from, `s3://${BUCKET}/uploads/products/`];

function runAws(cloud, args) {
  return new Promise((done, failed) => {
    execFile(AWS, args, { env: { ...process.env, ...cloud.clientEnvironment() } }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') failed(new Error('there is no aws command; Debian has it as awscli'));
      else if (error) failed(new Error(stderr.trim() || error.message));
      else done(stdout.trim());
    });
  });
}

function addresses(cloud, shop) {
  const { database } = cloud;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = cloud.clientEnvironment();
  return `  AWS services   ${cloud.front.url}   (S3, SQS, SES, DynamoDB, Secrets Manager)
  SES's inbox    ${cloud.ses.url}
  MariaDB        ${database.host}:${database.port}  database ${database.name}, user ${database.user}, password ${database.password}
                 TLS by ${database.ca}; also the secret ${SECRET}
  control        ${cloud.control.url}   (counts, faults: lambda/local/README.md)
${shop ? `  webhooks       ${shop.url}webhooks/payment, /shipping, /refund\n` : ''}
In another terminal, before the aws command below:

  export AWS_ACCESS_KEY_ID=${id} AWS_SECRET_ACCESS_KEY=${secret} \\
      AWS_SESSION_TOKEN=${token} AWS_DEFAULT_REGION=${cloud.region}
`;
}

// Why one upload makes five invocations.
const SKIPS = `The first invocation is the upload's. The other four are those of the function's own outputs, which are
below uploads/ as well, so the S3 notification reports them, too: the function logs "skipped" for each
and makes no request. lambda/README.md ("What it costs") has their price and the trigger without them.`;

// The four results, saved below out: rows for the table, and what is missing.
async function collect(cloud, key, out) {
  const rows = [];
  const missing = [];
  for (const size of SIZES) {
    const result_key = `${dirname(key)}/processed/${size}/${basename(key)}`;
    const object = cloud.s3.peek(BUCKET, result_key);
    if (!object) {
      missing.push(result_key);
      continue;
    }
    const path = join(out, size, basename(key));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, object.body);
    rows.push({ size, key: result_key, path, object });
  }
  return { rows, missing };
}

async function demonstrate(cloud, photo, out) {
  const key = `uploads/products/${basename(photo)}`;
  const command = copyCommand(cloud, resolve(photo));
  console.log(`$ aws ${shell(command)}`);
  console.log(await runAws(cloud, [...command, '--no-progress']));
  await cloud.settle();
  const { rows, missing } = await collect(cloud, key, out);
  const log = cloud.functions.get(CONFIG.name).log.filter((line) => line.startsWith('REPORT'));
  console.log(`\n${log.join('\n')}\n\n${SKIPS}\n`);
  if (rows.length > 0) {
    console.log(table(rows));
    await writeFile(join(out, 'index.html'), contactSheet(rows, key));
    console.log(`\nLook at ${join(out, 'index.html')} in a browser.`);
  }
  if (missing.length > 0) {
    const tags = cloud.s3.tagsOf(BUCKET, key);
    console.error(`local: missing: ${missing.join(', ')}${tags['image-status'] ? `; the source is tagged ${tags['image-status']}` : ''}`);
    cloud.functions.get(CONFIG.name).log.slice(-20).forEach((line) => console.error(`  ${line}`));
  }
  return missing.length === 0;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      function: { type: 'string' },
      webhook: { type: 'string' },
      mail: { type: 'string' },
      send: { type: 'string' },
      platforms: { type: 'string' },
      out: { type: 'string', default: 'out/local' },
      once: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (!values.function || positionals.length !== 1) throw new TypeError('a function and one photograph are needed; see --help');
  const [photo] = positionals;
  const { webhook, mail, send, platforms } = values;
  if (webhook && !(mail && send && platforms)) throw new TypeError('--webhook needs --mail, --send and --platforms');
  for (const path of [values.function, photo, ...(webhook ? [webhook, mail, send, platforms] : [])]) {
    if (!existsSync(path)) throw new TypeError(`${path} does not exist`);
  }
  const interrupted = new Promise((done) => process.once('SIGINT', done).once('SIGTERM', done));
  let is_logging = false;
  const cloud = await startCloud({ ses: true, database: true, on_line: (_, line) => is_logging && console.log(line) });
  try {
    cloud.createBucket(BUCKET, { versioned: true });
    const queue = cloud.createQueue(QUEUE, { VisibilityTimeout: '180' });
    cloud.createSecret(SECRET, cloud.database.secret);
    const image = cloud.addFunction({ ...CONFIG, command: resolve(values.function) });
    cloud.notify(BUCKET, 'uploads/', image);
    const shop = webhook && await Shop.open(cloud, { queue, paths: { webhook, mail, send, platforms }, database_secret: SECRET });
    console.log(`The local cloud is up:\n\n${addresses(cloud, shop)}`);
    const show = async () => (await demonstrate(cloud, photo, values.out)) && (!shop || shop.demonstrate(values.out));
    // Ctrl-C ends it in the middle, too.
    const good = await Promise.race([show(), interrupted.then(() => false)]);
    if (values.once) return good ? 0 : 1;
    console.log('\nThe functions\' log follows. Ctrl-C ends everything.');
    is_logging = true;
    await interrupted;
    return 0;
  } finally {
    await cloud.stop();
  }
}

main().then(
  (status) => process.exit(status),
  (error) => {
    console.error(`local: ${error.message}`);
    process.exit(error instanceof TypeError ? 2 : 1);
  },
);
