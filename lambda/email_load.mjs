// Many mails through the local cloud: how many a minute, the function's memory on the way, what was lost
// and what came twice; and what 100,000 mails cost, from the billed time of batches of ten. Run by `make
// email-load`; see HELP.
//
// SQS, DynamoDB and SES run in this process, on the same CPUs as the function: the figure is a lower
// bound, of the local cloud more than of the function. What the network adds on AWS is not included, and
// is added in the price (email_prices.mjs).
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { numberOf } from './arguments.mjs';
import { cpuGroup, inGroup } from './cpu_group.mjs';
import { BATCH, MAILS, ORIGINAL_USD, SES_USD, billedMs, emailPrices } from './email_prices.mjs';
import { startCloud } from './local/cloud.mjs';
import { sqsEvent } from './local/events.mjs';

const HELP = `email_load.mjs [OPTIONS] [FUNCTION]

FUNCTION is the packaged \`bootstrap\`, or build/.../email-sender (default build/release/lambda/email-sender).

  --mails N     how many mails (default 10000)
  --pollers N   batches at once, each in an environment of its own (default 1)
  --cost        billed time and price at 128 and 256 MB as well (root)
  --json        one JSON document
  --help`;

const TEMPLATES = ['ORDER_CONFIRMATION', 'SHIPPING_NOTIFICATION', 'PASSWORD_RESET', 'PROMOTIONAL', 'SETTLEMENT_REPORT'];
const COST_MEMORY_MB = [128, 256];
const COST_ROUNDS = 7;
// The inbox is emptied after so many mails, since it keeps all of them in memory.
const INBOX_MAILS = 500;
const LOOKS = 400;
const SETTINGS = {
  FROM_EMAIL: '오픈마켓 <no-reply@openmarket.example>',
  IDEMPOTENCY_TABLE: 'sent',
  SES_CONFIGURATION_SET: 'openmarket',
  SENDER_NAME: '오픈마켓',
  SENDER_EMAIL: 'help@openmarket.example',
  SENDER_PHONE: '02-0000-0000',
  SENDER_ADDRESS: '서울특별시 중구 세종대로 110',
};

const folder = fileURLToPath(new URL('../services/email/samples', import.meta.url));
const samples = TEMPLATES.flatMap((template) => ['ko', 'en'].map((language) => ({
  template, language, data: JSON.parse(readFileSync(`${folder}/${template.toLowerCase()}.${language}.json`, 'utf8')),
})));
const bodyOf = (n) => JSON.stringify({ ...samples[n % samples.length], toEmail: `customer${n}@example.com`, messageId: `load-${n}` });
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

// A cloud that counts the mails that SES accepted, by recipient, and drops them.
async function startCounting() {
  const cloud = await startCloud({ ses: true });
  const sent = new Map();
  let accepted = 0;
  const perform = cloud.front.services.ses;
  cloud.front.services.ses = async (request) => {
    const reply = await perform(request);
    if (reply.status === 200 && request.method === 'POST') {
      const [to] = JSON.parse(request.body).Destination.ToAddresses;
      sent.set(to, (sent.get(to) ?? 0) + 1);
      accepted += 1;
      if (accepted % INBOX_MAILS === 0) await cloud.ses.clear();
    }
    return reply;
  };
  const queue = cloud.createQueue('mails', { VisibilityTimeout: '180' });
  const dead = cloud.createQueue('mails-dead', {});
  await cloud.createTable('sent', 'id');
  await cloud.ses.clear();
  return { cloud, queue, dead, sent, environment: { ...SETTINGS, DEAD_LETTER_QUEUE_URL: dead.url } };
}

async function enqueue({ cloud, queue }, first, count) {
  for (let n = first; n < first + count; n += BATCH) {
    const entries = Array.from({ length: Math.min(BATCH, first + count - n) }, (_, i) => ({ Id: String(i), MessageBody: bodyOf(n + i) }));
    await cloud.sqs.call('SendMessageBatch', { QueueUrl: queue.url, Entries: entries });
  }
}

// {mails, pollers, minute: mails a minute, rss_kib: [{mails, kib}], peak_kib, lost, doubled, dead}. The
// mails are queued in the steps after which the memory is looked at.
export async function runLoad({ command, mails, pollers = 1, steps = [mails] }) {
  const counting = await startCounting();
  const { cloud, queue, dead, sent, environment } = counting;
  try {
    const config = { name: 'email-sender', command, memory_mb: 256, timeout_ms: 30000, concurrency: pollers };
    const email = cloud.addFunction({ ...config, environment });
    const rss_kib = [];
    let peak_kib = 0;
    let work_ms = 0;
    let queued = 0;
    for (const step of steps) {
      await enqueue(counting, queued, step - queued);
      queued = step;
      const begin_ms = performance.now();
      const mapping = cloud.mapQueue(queue, email, { pollers });
      const left = () => {
        const { ready, delayed, inflight } = cloud.sqs.store.getQueueByName('mails').inspectMessages();
        return ready.length + delayed.length + inflight.length;
      };
      // Looking into the queue copies it: only when it should be empty, or now and then.
      for (let looks = 0; ; looks += 1) {
        if ((sent.size >= step || looks % LOOKS === LOOKS - 1) && left() === 0) break;
        await new Promise((done) => setTimeout(done, 5));
      }
      work_ms += performance.now() - begin_ms;
      const stats = email.stats();
      rss_kib.push({ mails: step, kib: Math.max(...stats.map((one) => one.rss_kib)) });
      peak_kib = Math.max(peak_kib, ...stats.map((one) => one.peak_kib));
      await mapping.stop();
    }
    const { ready } = cloud.sqs.store.getQueueByName('mails-dead').inspectMessages();
    const all = Array.from({ length: mails }, (_, n) => sent.get(`customer${n}@example.com`) ?? 0);
    return {
      mails, pollers, minute: Math.round((mails / work_ms) * 60000), rss_kib, peak_kib, dead: ready.length,
      lost: all.filter((times) => times === 0).length, doubled: all.filter((times) => times > 1).length,
    };
  } finally {
    await cloud.stop();
  }
}

// Medians of a batch of ten, one of each template in each language: {cold_ms, warm_ms, log_bytes, peak_kib}.
async function measureBatch(program, memory_mb) {
  const group = cpuGroup(memory_mb);
  if (!group) throw new Error('the cost needs root and the kernel\'s CPU control group');
  const { cloud, queue, environment } = await startCounting();
  const cold_ms = [];
  const warm_ms = [];
  const log_bytes = [];
  let peak_kib = 0;
  let n = 0;
  try {
    for (let round = 0; round < COST_ROUNDS; round += 1) {
      const email = cloud.addFunction({ name: `round-${round}`, command: inGroup(group, program), memory_mb, timeout_ms: 60000, environment });
      for (const kind of [cold_ms, warm_ms, warm_ms]) {
        const messages = Array.from({ length: BATCH }, () => ({ MessageId: `m${n}`, ReceiptHandle: 'r', Attributes: {}, Body: bodyOf(n++) }));
        const result = await email.invoke(sqsEvent(messages, queue.arn, cloud.region));
        if (result.error || result.payload.batchItemFailures.length > 0) throw new Error(result.raw);
        kind.push(result.duration_ms + (result.init_ms ?? 0));
        if (kind === warm_ms) log_bytes.push(result.logs.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0));
        peak_kib = Math.max(peak_kib, result.peak_kib);
      }
      await email.stop();
    }
  } finally {
    await cloud.stop();
    group.remove();
  }
  // As they are printed: the prices can be computed again from the table.
  return { memory_mb, cold_ms: Math.round(median(cold_ms)), warm_ms: Math.round(median(warm_ms)), log_bytes: median(log_bytes), peak_kib };
}

async function runCost(program) {
  const rows = [];
  for (const memory_mb of COST_MEMORY_MB) {
    const measured = await measureBatch(program, memory_mb);
    rows.push({ ...measured, billed_ms: billedMs(measured) / (MAILS / BATCH), x86_64: emailPrices(measured, memory_mb, 'x86_64'), arm64: emailPrices(measured, memory_mb, 'arm64') });
  }
  return rows;
}

const print = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const usd = (value) => `$${value.toFixed(3)}`;
const mb = (kib) => (kib / 1024).toFixed(1);

function printLoad({ mails, pollers, minute, rss_kib, peak_kib, lost, doubled, dead }) {
  print('mails', 'batches at once', 'mails a minute', ...rss_kib.map((one) => `MB after ${one.mails}`), 'peak MB', 'lost', 'doubled', 'dead letters');
  process.stdout.write(`${'|---'.repeat(7 + rss_kib.length)}|\n`);
  print(mails, pollers, minute, ...rss_kib.map((one) => mb(one.kib)), mb(peak_kib), lost, doubled, dead);
}

function printCost(rows) {
  process.stdout.write(`\n${MAILS.toLocaleString('en')} mails, in batches of ten\n\n`);
  print('memory MB', 'cold ms', 'warm ms', 'peak MB', 'billed ms', 'log bytes', 'Lambda x86_64', 'arm64', 'SQS', 'DynamoDB', 'log', 'together x86_64', 'arm64');
  process.stdout.write(`${'|---'.repeat(13)}|\n`);
  for (const { memory_mb, cold_ms, warm_ms, peak_kib, billed_ms, log_bytes, x86_64, arm64 } of rows) {
    print(memory_mb, cold_ms, warm_ms, mb(peak_kib), billed_ms.toFixed(0), log_bytes, usd(x86_64.lambda), usd(arm64.lambda), usd(x86_64.sqs), usd(x86_64.dynamodb), usd(x86_64.logs), usd(x86_64.together), usd(arm64.together));
  }
  process.stdout.write(`\nThe original: ${usd(ORIGINAL_USD)}. SES itself, not included: ${usd(SES_USD)}\n`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      mails: { type: 'string', default: '10000' }, pollers: { type: 'string', default: '1' },
      cost: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const command = resolve(positionals[0] ?? 'build/release/lambda/email-sender');
  const mails = numberOf(values.mails, 'mails');
  const steps = [...new Set([Math.max(1, Math.floor(mails / 10)), mails])];
  const load = await runLoad({ command, mails, pollers: numberOf(values.pollers, 'pollers'), steps });
  const cost = values.cost ? await runCost(command) : undefined;
  if (values.json) console.log(JSON.stringify({ load, cost }));
  else {
    printLoad(load);
    if (cost) printCost(cost);
  }
  return load.lost + load.doubled + load.dead > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().then(
    (status) => process.exit(status),
    (error) => {
      process.stderr.write(`email_load.mjs: ${error.message}\n`);
      process.exit(error instanceof TypeError ? 2 : 1);
    },
  );
}
