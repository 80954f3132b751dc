// Webhooks through the local Function URL: how many a second, where the time of one goes, the function's
// memory on the way, its start; and what 50,000 cost, from the billed time at several memory sizes. Run by
// `make webhook-load`; see HELP.
//
// The database, SQS and the Function URL run on the same CPUs as the function: the rate is a lower bound,
// of the local cloud more than of the function. What the network adds on AWS is not included, and is added
// in the price (webhook_prices.mjs).
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BUILD, run } from '../tests/support/lambda.mjs';
import { TimingProxy } from '../tests/support/tcp_proxy.mjs';
import { SECRETS, WEBHOOK_HANDLER, WebhookCloud, payment, refund, shipping, sign } from '../tests/support/webhook.mjs';
import { numberOf } from './arguments.mjs';
import { cpuGroup, inGroup } from './cpu_group.mjs';
import { functionUrlEvent } from './local/function_url.mjs';
import { ORIGINAL_USD, WEBHOOKS, billedMs, webhookPrices } from './webhook_prices.mjs';

const HELP = `webhook_load.mjs [OPTIONS] [FUNCTION]

FUNCTION is the packaged \`bootstrap\`, or build/.../webhook-handler (default build/release/lambda/webhook-handler).

  --orders N        with four events each (default 2000)
  --jobs N          requests at once (default 4)
  --concurrency N   environments (default 2)
  --cost            billed time and price at 128, 256 and 512 MB as well (root)
  --json            one JSON document
  --help`;

const EVENTS_PER_ORDER = 4;
const TIMED_ORDERS = 50;
const STARTS = 9;
const COST_MEMORY_MB = [128, 256, 512];
const COST_ROUNDS = 7;
const COST_ORDERS = 8;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// An order is paid, leaves, arrives, and a part of it is refunded.
const STAGES = [(i) => payment(i), (i) => shipping(i), (i) => shipping(i, { status: 'delivered' }), (i) => refund(i)];
const linesOf = (first, count) =>
  STAGES.flatMap((make) => Array.from({ length: count }, (_, n) => make(first + n)))
    .map((body) => JSON.stringify({ path: `/webhooks/${body.type}`, body })).join('\n');

// The function's own lines of a request, and the times of Lambda's, parsed: {event, statements,
// roundTrips, mailsOwed, duration_ms}.
class LogReader {
  constructor(one) {
    this.events = [];
    this.open = new Map();
    one.cloud.on_line = (_, line) => this.#take(line);
  }

  #take(line) {
    if (line.startsWith('{') && line.includes('"message":"webhook"')) {
      const event = JSON.parse(line);
      this.open.set(event.requestId, event);
    }
    const report = line.match(/^REPORT RequestId: (\S+)\tDuration: ([\d.]+)/);
    const event = report && this.open.get(report[1]);
    if (event) {
      this.open.delete(report[1]);
      this.events.push({ ...event, duration_ms: Number(report[2]) });
    }
  }
}

async function withFile(lines, use) {
  const folder = await mkdtemp(join(tmpdir(), 'webhook-load-'));
  try {
    await Promise.all([writeFile(join(folder, 'events'), lines), writeFile(join(folder, 'secrets'), JSON.stringify(SECRETS))]);
    return await use(join(folder, 'events'), join(folder, 'secrets'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function send(one, lines, jobs) {
  return withFile(lines, async (file, secrets) => {
    const args = ['replay', '--json', '--secret-file', secrets, '--jobs', String(jobs), '--retry', '3', '--retry-refused', one.url, file];
    const { status, stdout, stderr } = await run(join(BUILD, 'bin/webhook-send'), args, { timeout: 3600000 });
    if (status !== 0) throw new Error(`webhook-send: ${status} ${stdout} ${stderr}`);
    return JSON.parse(stdout);
  });
}

// {requests, second: requests a second, p50, p99, max (ms), rss_kib: [{events, kib}], peak_kib, mails}. The
// events are sent in the steps (of orders) after which the memory is looked at.
export async function runLoad({ command = WEBHOOK_HANDLER, orders, jobs = 4, concurrency = 2, steps = [orders] }) {
  const one = await WebhookCloud.start({ orders, config: { command, concurrency, memory_mb: 256 } });
  try {
    const rss_kib = [];
    let begun = 0;
    let summary;
    let peak_kib = 0;
    for (const step of steps) {
      summary = await send(one, linesOf(begun + 1, step - begun), jobs);
      begun = step;
      const stats = one.handler.stats();
      rss_kib.push({ events: step * EVENTS_PER_ORDER, kib: Math.max(...stats.map((each) => each.rss_kib)) });
      peak_kib = Math.max(peak_kib, ...stats.map((each) => each.peak_kib));
    }
    const { requests, requestsPerSecond, latencyMs } = summary;
    return {
      events: orders * EVENTS_PER_ORDER, requests, jobs, concurrency, second: Math.round(requestsPerSecond), ...latencyMs, rss_kib, peak_kib,
      stored: await one.count('inbox'), mails: await one.count('outbox', 'sent_at IS NOT NULL'),
    };
  } finally {
    await one.stop();
  }
}

// One event after another: where the time of each kind goes. Means: [{event, statements, round_trips,
// function_ms, database_ms, sqs_ms, rest_ms}].
export async function runTimed({ command = WEBHOOK_HANDLER, orders = TIMED_ORDERS } = {}) {
  const one = await WebhookCloud.start({ orders: orders + 1, config: { command, memory_mb: 256 } });
  let proxy;
  try {
    proxy = await TimingProxy.start(one.cloud.database.port);
    one.cloud.createSecret('timed', { ...one.cloud.database.secret, username: 'webhook', password: one.password, port: proxy.port });
    one.handler = one.add({ command, environment: { DB_SECRET_NAME: 'timed' } });
    one.url = await one.cloud.addUrl(one.handler);
    const { services } = one.cloud.front;
    const { sqs } = services;
    let sqs_ms = 0;
    services.sqs = async (request) => {
      const begin_ms = performance.now();
      const reply = await sqs(request);
      sqs_ms += performance.now() - begin_ms;
      return reply;
    };
    const reader = new LogReader(one);
    for (const make of STAGES) await one.post(make(orders + 1)); // warm
    const rows = [];
    for (const make of [...STAGES, STAGES[0]]) {
      reader.events.length = 0;
      [proxy.waited_ms, sqs_ms] = [0, 0];
      for (let i = 1; i <= orders; i += 1) {
        const { status } = await one.post(make(i));
        if (status !== 200) throw new Error(`a webhook got ${status}`);
      }
      const of = (name) => mean(reader.events.map((event) => event[name]));
      const { type, status } = make(1);
      const [function_ms, database_ms, queue_ms] = [of('duration_ms'), proxy.waited_ms / orders, sqs_ms / orders];
      rows.push({
        event: `${type} ${status}${rows.length === STAGES.length ? ', repeated' : ''}`, statements: of('statements'), round_trips: of('roundTrips'),
        mails: of('mailsOwed'), function_ms, database_ms, sqs_ms: queue_ms, rest_ms: function_ms - database_ms - queue_ms,
      });
    }
    return rows;
  } finally {
    await one.stop();
    await proxy?.stop();
  }
}

// An event of the Function URL that carries a signed webhook.
function urlEvent(body) {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', ...sign.platform(text) };
  return functionUrlEvent({ method: 'POST', url: `/webhooks/${body.type}`, raw_headers: Object.entries(headers).flat(), body: Buffer.from(text) }, { domain: 'local' });
}

// Medians of fresh environments: {init_ms: from exec to the first request for an event, without the
// database; first_ms: of the first event, with connection, secrets and TLS; warm_ms}.
export async function runStarts({ command = WEBHOOK_HANDLER, starts = STARTS } = {}) {
  const one = await WebhookCloud.start({ orders: 2 * starts });
  try {
    const measured = { init_ms: [], first_ms: [], warm_ms: [] };
    for (let n = 0; n < starts; n += 1) {
      const fresh = one.add({ command });
      const cold = await fresh.invoke(urlEvent(payment(2 * n + 1)));
      const warm = await fresh.invoke(urlEvent(payment(2 * n + 2)));
      for (const { payload, raw } of [cold, warm]) if (payload?.statusCode !== 200) throw new Error(raw);
      measured.init_ms.push(cold.init_ms);
      measured.first_ms.push(cold.duration_ms);
      measured.warm_ms.push(warm.duration_ms);
      await fresh.stop();
    }
    return Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, median(values)]));
  } finally {
    await one.stop();
  }
}

// At one memory size: {cold_ms, warm_ms, round_trips, mails, log_bytes, peak_kib}, the mean of an order's
// events.
async function measureCost(command, memory_mb) {
  const group = cpuGroup(memory_mb);
  if (!group) throw new Error('the cost needs root and the kernel\'s CPU control group');
  const one = await WebhookCloud.start({ orders: COST_ROUNDS * (COST_ORDERS + 1) });
  const [cold_ms, warm_ms, log_bytes] = [[], [], []];
  let peak_kib = 0;
  let order = 0;
  try {
    const reader = new LogReader(one);
    for (let round = 0; round < COST_ROUNDS; round += 1) {
      const fresh = one.add({ command: inGroup(group, command), memory_mb, timeout_ms: 60000 });
      const invoke = async (body) => {
        const result = await fresh.invoke(urlEvent(body));
        if (result.payload?.statusCode !== 200) throw new Error(result.raw);
        peak_kib = Math.max(peak_kib, result.peak_kib);
        return result;
      };
      order += 1;
      const first = await invoke(payment(order));
      cold_ms.push(first.duration_ms + first.init_ms);
      for (let n = 0; n < COST_ORDERS; n += 1) {
        order += 1;
        for (const make of STAGES) {
          const result = await invoke(make(order));
          warm_ms.push(result.duration_ms);
          log_bytes.push(result.logs.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0));
        }
      }
      await fresh.stop();
    }
    const of = (name) => mean(reader.events.map((event) => event[name]));
    // As they are printed: the prices can be computed again from the table.
    return {
      memory_mb, cold_ms: Math.round(median(cold_ms)), warm_ms: Number(mean(warm_ms).toFixed(1)), round_trips: Math.round(of('roundTrips')),
      mails: Number(of('mailsOwed').toFixed(1)), log_bytes: Math.round(mean(log_bytes)), peak_kib,
    };
  } finally {
    await one.stop();
    group.remove();
  }
}

async function runCost(command) {
  const rows = [];
  for (const memory_mb of COST_MEMORY_MB) {
    const measured = await measureCost(command, memory_mb);
    rows.push({ ...measured, billed_ms: billedMs(measured) / WEBHOOKS, x86_64: webhookPrices(measured, memory_mb, 'x86_64'), arm64: webhookPrices(measured, memory_mb, 'arm64') });
  }
  return rows;
}

// ---------------------------------------------------------------------- printing

const printHead = (...cells) => process.stdout.write(`\n| ${cells.join(' | ')} |\n${'|---'.repeat(cells.length)}|\n`);
const print = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const usd = (value) => `$${value.toFixed(3)}`;
const mb = (kib) => (kib / 1024).toFixed(1);

function printLoad({ events, jobs, concurrency, second, p50, p99, max, rss_kib, peak_kib, stored, mails }) {
  printHead('events', 'requests at once', 'environments', 'requests a second', 'p50 ms', 'p99 ms', 'max ms', ...rss_kib.map((one) => `MB after ${one.events}`), 'peak MB', 'stored', 'mails');
  print(events, jobs, concurrency, second, p50.toFixed(1), p99.toFixed(1), max.toFixed(1), ...rss_kib.map((one) => mb(one.kib)), mb(peak_kib), stored, mails);
}

function printTimed(rows) {
  printHead('event', 'statements', 'round trips', 'function ms', 'of it database', 'SQS', 'own and the Runtime API');
  for (const { event, statements, round_trips, function_ms, database_ms, sqs_ms, rest_ms } of rows) {
    print(event, statements.toFixed(0), round_trips.toFixed(0), ...[function_ms, database_ms, sqs_ms, rest_ms].map((ms) => ms.toFixed(2)));
  }
}

function printCost(rows) {
  process.stdout.write(`\n${WEBHOOKS.toLocaleString('en')} webhooks\n`);
  printHead('memory MB', 'cold ms', 'warm ms', 'round trips', 'mails', 'peak MB', 'billed ms', 'log bytes', 'Lambda x86_64', 'arm64', 'SQS', 'log', 'together x86_64', 'arm64');
  for (const { memory_mb, cold_ms, warm_ms, round_trips, mails, peak_kib, billed_ms, log_bytes, x86_64, arm64 } of rows) {
    print(memory_mb, cold_ms, warm_ms, round_trips, mails, mb(peak_kib), billed_ms.toFixed(1), log_bytes, usd(x86_64.lambda), usd(arm64.lambda), usd(x86_64.sqs), usd(x86_64.logs), usd(x86_64.together), usd(arm64.together));
  }
  process.stdout.write(`\nThe original: $${ORIGINAL_USD.toFixed(2)}\n`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      orders: { type: 'string', default: '2000' }, jobs: { type: 'string', default: '4' }, concurrency: { type: 'string', default: '2' },
      cost: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const command = positionals[0] ? resolve(positionals[0]) : WEBHOOK_HANDLER;
  const orders = numberOf(values.orders, 'orders');
  const steps = [...new Set([Math.max(1, Math.floor(orders / 10)), orders])];
  const load = await runLoad({ command, orders, jobs: numberOf(values.jobs, 'jobs'), concurrency: numberOf(values.concurrency, 'concurrency'), steps });
  const timed = await runTimed({ command });
  const starts = await runStarts({ command });
  const cost = values.cost ? await runCost(command) : undefined;
  if (values.json) {
    console.log(JSON.stringify({ load, timed, starts, cost }));
    return;
  }
  printLoad(load);
  printTimed(timed);
  process.stdout.write(`\nstart ${starts.init_ms.toFixed(1)} ms without the database; the first webhook ${starts.first_ms.toFixed(1)} ms with it, the second ${starts.warm_ms.toFixed(1)} ms\n`);
  if (cost) printCost(cost);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`webhook_load.mjs: ${error.message}\n`);
      process.exit(error instanceof TypeError ? 2 : 1);
    },
  );
}
