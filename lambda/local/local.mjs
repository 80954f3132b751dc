// `make local`: the entire local cloud with a market in it: the four functions behind a bucket, a Function URL,
// queues and schedules. A photograph and a day of orders are put through it, then it is left running for
// play. See HELP.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startCloud } from './cloud.mjs';
import { Market, PHOTOS } from './market.mjs';
import { Story } from './market_story.mjs';
import { savePages } from './show_pages.mjs';
import { shell, table } from './show.mjs';

const HELP = `local.mjs --programs FOLDER --platforms FOLDER [OPTIONS] PHOTO

Starts S3, SQS, SES, DynamoDB, Secrets Manager, MariaDB and the four functions on free ports of 127.0.0.1,
puts PHOTO into a bucket with Debian's aws, and lets a day at the market pass: orders are paid, shipped and
refunded by signed webhooks and settled the next morning; every figure is compared with the orders. What
came of it is kept below the folder OUT, with index.html as its first page. Then stays until Ctrl-C, which
ends all of it.

  --programs FOLDER   the build: lambda/image-processor, lambda/webhook-handler, lambda/email-sender,
                      lambda/settlement-report, bin/webhook-send
  --platforms FOLDER  the folder with the tables of platforms
  --out FOLDER        default out/local
  --once              ends after the demonstration; the exit status reports how it went
  --help`;

const SIZES = ['large', 'medium', 'small', 'thumbnail'];
const PROGRAMS = {
  image: 'lambda/image-processor', webhook: 'lambda/webhook-handler', mail: 'lambda/email-sender', settlement: 'lambda/settlement-report', send: 'bin/webhook-send',
};

// Debian's own is preferred to another one in PATH.
const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';

const copyCommand = (cloud, from) => ['--endpoint-url', cloud.front.url, 's3', 'cp', from, `s3://${PHOTOS}/uploads/products/`];

function runAws(cloud, args) {
  return new Promise((done, failed) => {
    execFile(AWS, args, { env: { ...process.env, ...cloud.clientEnvironment() } }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') failed(new Error('there is no aws command; Debian has it as awscli'));
      else if (error) failed(new Error(stderr.trim() || error.message));
      else done(stdout.trim());
    });
  });
}

function addresses(cloud, market) {
  const { database } = cloud;
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = cloud.clientEnvironment();
  return `  AWS services   ${cloud.front.url}   (S3, SQS, SES, DynamoDB, Secrets Manager)
  SES's inbox    ${cloud.ses.url}
  MariaDB        ${database.host}:${database.port}  database ${database.name}, user ${database.user}, password ${database.password}
                 TLS by ${database.ca}; also the secret openmarket/dev/db
  control        ${cloud.control.url}   (counts, faults: lambda/local/README.md)
  webhooks       ${market.url}webhooks/payment, /shipping, /refund
  sellers' page  https://${market.page.host}/   (the certificate authority is made at each start: a browser warns)

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
    const object = cloud.s3.peek(PHOTOS, result_key);
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

// Puts the photograph through the image function.
async function showPhoto(cloud, photo, out) {
  const key = `uploads/products/${basename(photo)}`;
  const command = copyCommand(cloud, resolve(photo));
  console.log(`$ aws ${shell(command)}`);
  console.log(await runAws(cloud, [...command, '--no-progress']));
  await cloud.settle();
  const { rows, missing } = await collect(cloud, key, out);
  const { log } = cloud.functions.get('image-processor');
  console.log(`\n${log.filter((line) => line.startsWith('REPORT')).join('\n')}\n\n${SKIPS}\n`);
  if (rows.length > 0) console.log(table(rows));
  const tags = cloud.s3.tagsOf(PHOTOS, key);
  const problems = missing.map((one) => `${one} is missing${tags['image-status'] ? `; the source is tagged ${tags['image-status']}` : ''}`);
  return { key, rows, problems };
}

// true: all went as it must.
async function demonstrate(market, photo, out) {
  const { cloud } = market;
  const pictures = await showPhoto(cloud, photo, out);
  const example = market.day.payments[0];
  console.log(`\nA webhook by hand, from a file with the event's JSON, such as ${JSON.stringify(example.body)}:`);
  console.log(`$ WEBHOOK_SECRET=${market.secret} ${shell([market.paths.send, market.url + example.path, 'payment.json'])}`);
  const story = new Story(market, console.log);
  await story.all();
  await cloud.xray.flush();
  const problems = [...pictures.problems, ...story.problems, ...cloud.xray.problems().map((one) => `X-Ray: ${one}`)];
  await savePages(out, { pictures, story, problems });
  console.log(`\nLook at ${join(out, 'index.html')} in a browser: the photographs, the mails and the reports.`);
  problems.forEach((one) => console.error(`local: ${one}`));
  if (problems.length > 0) for (const { config, log } of cloud.functions.values()) log.slice(-5).forEach((line) => console.error(`  ${config.name}: ${line}`));
  return problems.length === 0;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      programs: { type: 'string' },
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
  if (!values.programs || !values.platforms || positionals.length !== 1) throw new TypeError('the programs, the platforms and one photograph are needed; see --help');
  const [photo] = positionals;
  const paths = Object.fromEntries(Object.entries(PROGRAMS).map(([name, path]) => [name, join(values.programs, path)]));
  for (const path of [photo, values.platforms, ...Object.values(paths)]) {
    if (!existsSync(path)) throw new TypeError(`${path} does not exist`);
  }
  const interrupted = new Promise((done) => process.once('SIGINT', done).once('SIGTERM', done));
  let is_logging = false;
  let market;
  const cloud = await startCloud({ ses: true, database: true, tracing: true, on_line: (_, line) => is_logging && console.log(line) });
  try {
    market = await Market.open(cloud, { ...paths, platforms: values.platforms });
    console.log(`The local cloud is up:\n\n${addresses(cloud, market)}`);
    // Ctrl-C ends it in the middle, too.
    const good = await Promise.race([demonstrate(market, photo, values.out), interrupted.then(() => false)]);
    if (values.once) return good ? 0 : 1;
    console.log('\nThe functions\' log follows. Ctrl-C ends everything.');
    is_logging = true;
    await interrupted;
    return 0;
  } finally {
    await cloud.stop();
    await market?.close();
  }
}

main().then(
  (status) => process.exit(status),
  (error) => {
    console.error(`local: ${error.message}`);
    process.exit(error instanceof TypeError ? 2 : 1);
  },
);
