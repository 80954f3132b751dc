// Settlements of many sellers and of many lines in the local cloud: time, statements, the function's memory,
// and how each grows; how MariaDB executes the statements; and what 100 sellers cost a month. Run by
// `make settlement-load`; see HELP.
//
// The database, S3 and SQS run on the same CPUs as the function: the times are upper bounds, of the local
// cloud more than of the function. What the network adds on AWS is not included, and is added in the price
// (settlement_prices.mjs).
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BUILD, PYTHON, TOP } from '../tests/support/lambda.mjs';
import { numberOf } from './arguments.mjs';
import { cpuGroup, inGroup } from './cpu_group.mjs';
import { startCloud } from './local/cloud.mjs';
import { ORIGINAL_USD, REPORTS, SELLERS, billedMs, settlementPrices } from './settlement_prices.mjs';

const HELP = `settlement_load.mjs [OPTIONS] [FUNCTION]

FUNCTION is the packaged \`bootstrap\`, or build/.../settlement-report (default build/release/lambda/settlement-report).

  --sellers N       of the largest run (default 1000); a tenth of them as well
  --lines N         of the largest run, and of the seller with the most (default 1000000); a tenth as well
  --concurrency N   environments that work through the queue (default 2)
  --cost            billed time and price of 100 sellers at 128, 256 and 512 MB as well (root)
  --json            one JSON document
  --help`;

export const SETTLEMENT_REPORT = join(BUILD, 'lambda/settlement-report');
// The platform's orders are of this month, with 2.2 sales and shipping fees each, 1.6 of which are settled in it.
const MONTH = '2026-09';
const LINES_PER_ORDER = 2.2;
const TIMES = { daily: '2026-09-16T00:00:00Z', weekly: '2026-09-21T00:00:00Z', monthly: '2026-10-01T00:00:00Z' };
const COST_MEMORY_MB = [128, 256, 512];
const COST_LINES = 30000;
const MAX_MS = 900000; // Lambda's
const POLL_MS = 50;

const mapping = (folder) => readdirSync(join(TOP, folder)).filter((name) => name.endsWith('.sql')).sort()
  .map((name) => `DELIMITER $$\n${readFileSync(join(TOP, folder, name), 'utf8')}\n$$\nDELIMITER ;\n`).join('');

// All output of a program, into another one; fails if one of them does.
function pipe([program, ...args], [to, ...to_args], environment) {
  const from = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const into = spawn(to, to_args, { stdio: [from.stdout, 'ignore', 'inherit'], env: { ...process.env, ...environment } });
  const end = (child, name) => new Promise((done, failed) => {
    // Not 'close': it waits for the end of a pipe that the other program reads.
    child.once('error', failed).once('exit', (status) => (status === 0 ? done() : failed(new Error(`${name} ended with ${status}`))));
  });
  return Promise.all([end(from, program), end(into, to)]);
}

export class SettlementCloud {
  // A platform of so many sellers and orders of one month, in a cloud with the function's bucket and queues.
  static async start({ sellers, orders, seed = 1, platform = 'snake_case' }) {
    const one = new SettlementCloud();
    one.cloud = await startCloud({ database: true });
    try {
      const { database } = one.cloud;
      one.password = randomBytes(18).toString('base64url');
      const schema = readFileSync(join(TOP, `tests/services/platforms/${platform}/schema.sql`), 'utf8');
      await one.query(`SET GLOBAL innodb_buffer_pool_size = 512 << 20, GLOBAL innodb_flush_log_at_trx_commit = 2;\n${schema}`);
      await pipe(
        [PYTHON, join(TOP, 'tests/settlement/random_platform.py'), `--platform=${platform}`, `--orders=${orders}`, `--sellers=${sellers}`, `--seed=${seed}`, `--first-month=${MONTH}`, '--months=1'],
        ['mariadb', '--no-defaults', '--host=127.0.0.1', `--port=${database.port}`, `--ssl-ca=${database.ca}`, `--user=${database.user}`, '--default-character-set=utf8mb4', database.name],
        { MYSQL_PWD: database.password },
      );
      await one.query(`${mapping('services/settlement/sql/migrations')}\n${mapping(`services/settlement/sql/platforms/${platform}`)}
        CREATE USER 'settlement'@'%' IDENTIFIED BY '${one.password}' REQUIRE SSL;
        ${readFileSync(join(TOP, 'services/settlement/sql/rights/2_function.sql'), 'utf8')}`);
      const tables = await one.query("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'");
      await one.query(`ANALYZE TABLE ${tables.map(([name]) => `\`${name}\``).join(', ')}`);
      one.cloud.createBucket('reports');
      one.mails = one.cloud.createQueue('mails', { VisibilityTimeout: '180' });
      one.batches = one.cloud.createQueue('settlements', { VisibilityTimeout: '5400' });
      one.cloud.createSecret('settlement', { ...database.secret, username: 'settlement', password: one.password });
      one.count();
    } catch (error) {
      await one.cloud.stop();
      throw error;
    }
    return one;
  }

  // Requests to S3 and SQS since the last reset.
  count() {
    this.requests = { puts: 0, gets: 0, sqs: 0, put_bytes: 0 };
    const { services } = this.cloud.front;
    const { s3, sqs } = services;
    services.s3 = (request) => {
      if (['PUT', 'POST'].includes(request.method)) this.requests.puts += 1;
      else this.requests.gets += 1;
      return s3(request);
    };
    services.sqs = (request) => {
      this.requests.sqs += 1;
      return sqs(request);
    };
  }

  query(sql) {
    return this.cloud.database.execute(sql, { database: this.cloud.database.name });
  }

  // has_queue: it plans alone, and works through the queue in `concurrency` environments.
  add({ has_queue, concurrency = 1, ...config }) {
    const settings = {
      DB_SECRET_NAME: 'settlement',
      DB_NAME: this.cloud.database.name,
      DB_CA_FILE: this.cloud.database.ca,
      REPORTS_BUCKET: 'reports',
      EMAIL_QUEUE_URL: this.mails.url,
      REPORT_URL_TEMPLATE: 'https://shop.example/reports/{sellerId}/{period}',
      ...(has_queue && { SETTLEMENT_QUEUE_URL: this.batches.url, SETTLEMENT_BATCH_SELLERS: '10' }),
    };
    const one = this.cloud.addFunction({
      name: `settlement-${this.cloud.functions.size + 1}`, memory_mb: 512, timeout_ms: MAX_MS, init_timeout_ms: 60000, environment: settings, concurrency, ...config,
    });
    const made = { invocations: 0, run_ms: 0, cold_starts: 0, log_bytes: 0, peak_kib: 0, failed: [] };
    const invoke = one.invoke.bind(one);
    one.measured = made;
    one.invoke = async (...given) => {
      const result = await invoke(...given);
      made.invocations += 1;
      made.run_ms += result.duration_ms + (result.init_ms ?? 0);
      made.cold_starts += result.init_ms === null ? 0 : 1;
      made.last_log = result.logs.slice(-20).join('\n');
      made.log_bytes += result.logs.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
      made.peak_kib = Math.max(made.peak_kib, result.peak_kib ?? 0);
      if (result.error) made.failed.push(result.raw);
      return result;
    };
    if (has_queue) one.mapping = this.cloud.mapQueue(this.batches, one, { batch_size: 1, pollers: concurrency });
    return one;
  }

  async statements() {
    const rows = await this.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_stmt_execute', 'Com_stmt_prepare', 'Com_begin', 'Com_commit', 'Com_query')");
    const of = Object.fromEntries(rows.map(([name, value]) => [name, Number(value)]));
    return { executed: of.Com_stmt_execute, round_trips: of.Com_stmt_execute + of.Com_stmt_prepare };
  }

  // A run of all sellers: what it took. One report a seller of the period.
  async run(one, reportType, time = TIMES[reportType]) {
    progress(`${reportType}, ${one.mapping ? 'through the queue' : 'without a queue'}`);
    const before = await this.statements();
    Object.assign(one.measured, { invocations: 0, run_ms: 0, cold_starts: 0, log_bytes: 0, peak_kib: 0 });
    Object.assign(this.requests, { puts: 0, gets: 0, sqs: 0 });
    const begin_ms = performance.now();
    let first_ms;
    for (;;) {
      const result = await one.invoke({ reportType, time });
      if (result.error) throw new Error(result.raw);
      first_ms ??= performance.now() - begin_ms;
      if (await this.closed(one, reportType)) break;
      if (one.mapping && one.measured.failed.length > 0) throw new Error(one.measured.failed[0]);
    }
    const seconds = (performance.now() - begin_ms) / 1000;
    const after = await this.statements();
    const [[sellers, lines, made, failed]] = await this.query(`SELECT r.sellers, COALESCE(SUM(v.line_count), 0), COUNT(v.run_id), r.failed_sellers
      FROM settlement_runs r LEFT JOIN settlement_versions v ON v.run_id = r.run_id WHERE r.type = '${reportType}'`);
    return {
      ...one.measured, run_ms: Math.ceil(one.measured.run_ms), reportType, sellers: Number(sellers), lines: Number(lines), made: Number(made), failed: Number(failed), seconds, first_ms,
      statements: after.executed - before.executed, round_trips: after.round_trips - before.round_trips, ...this.requests,
      sqs_requests: this.requests.sqs,
    };
  }

  // Without a queue: whether nothing is left; with it: waits for the last batch.
  async closed(one, reportType) {
    for (;;) {
      const [[state]] = await this.query(`SELECT state FROM settlement_runs WHERE type = '${reportType}'`);
      if (state === 'closed' || !one.mapping || one.measured.failed.length > 0) return state === 'closed';
      // It comes back when it is visible again, long after.
      if (one.mapping.batches.some(({ received, done }) => done < received)) throw new Error(`a batch of the ${reportType} run is not done: ${one.measured.last_log}`);
      await sleep(POLL_MS);
    }
  }

  // The plan of each kind of SELECT that the function executes for a report of one seller: [{statement, rows:
  // [{table, type, key, rows}]}], from the server's log, which has their values.
  async explain(one, event) {
    await this.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1");
    const result = await one.invoke(event);
    await this.query('SET GLOBAL general_log = 0');
    if (result.error) throw new Error(result.raw);
    const rows = await this.cloud.database.execute(
      "SELECT HEX(argument) FROM mysql.general_log WHERE command_type = 'Execute' AND user_host LIKE '%settlement%' AND argument LIKE '%settlement\\_%'", { database: this.cloud.database.name });
    const kinds = new Map();
    for (const [hex] of rows) {
      const text = Buffer.from(hex, 'hex').toString();
      const kind = text.replace(/'(?:[^'\\]|\\.|'')*'/g, '?').replace(/\b\d+\b/g, '?').replace(/\s+/g, ' ').replace(/(\?, ?)+\?/g, '?').replace(/(_utf8mb4 X\?, ?)+_utf8mb4 X\?/g, '_utf8mb4 X?');
      if (/^\s*(SELECT|INSERT[^(]*SELECT|INSERT INTO \S+ \([^)]*\) SELECT)/i.test(text) && !kinds.has(kind)) kinds.set(kind, text);
    }
    const plans = [];
    for (const [statement, text] of kinds) {
      const plan = await this.query(`EXPLAIN ${text}`);
      plans.push({ statement, rows: plan.filter((row) => row[2] !== 'NULL').map(([, select, table, type, , key, , , count, extra]) => ({ select, table, type, key, rows: count, extra })) });
    }
    return plans;
  }

  stop() {
    return this.cloud.stop();
  }
}

const progress = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);

async function withCloud(given, use) {
  progress(`a platform of ${given.sellers} sellers and ${given.orders} orders`);
  const one = await SettlementCloud.start(given);
  try {
    return await use(one);
  } finally {
    await one.stop();
  }
}

const ordersOf = (lines) => Math.ceil(lines / LINES_PER_ORDER);

// One monthly run, each way on a database of its own.
export async function runOnce({ command = SETTLEMENT_REPORT, sellers, lines, has_queue, concurrency = 1, reportType = 'monthly' }) {
  return withCloud({ sellers, orders: ordersOf(lines) }, (one) => one.run(one.add({ command, has_queue, concurrency }), reportType));
}

// {many: [...runs with the queue and without], growth of sellers and of lines}.
export async function runScale({ command = SETTLEMENT_REPORT, sellers, lines, concurrency }) {
  const rows = [];
  for (const part of [10, 1]) {
    for (const has_queue of [true, false]) {
      const measured = await runOnce({ command, sellers: Math.round(sellers / part), lines: Math.round(lines / part), has_queue, concurrency: has_queue ? concurrency : 1 });
      rows.push({ name: has_queue ? `queue, ${concurrency} environments` : 'without a queue', ...measured });
    }
  }
  for (const part of [10, 1]) {
    rows.push({ name: 'one seller', ...(await runOnce({ command, sellers: 1, lines: Math.round(lines / part), has_queue: false })) });
  }
  return rows;
}

// The platform's planned 100 sellers: a day, a week, a month.
export async function runPlanned({ command = SETTLEMENT_REPORT, lines = COST_LINES, concurrency = 1, memory_mb = 512, has_queue = true } = {}) {
  return withCloud({ sellers: SELLERS, orders: ordersOf(lines) }, async (one) => {
    const measured = {};
    for (const type of Object.keys(REPORTS)) {
      const fresh = one.add({ command, has_queue, concurrency, memory_mb }); // each run finds no warm environment
      measured[type] = await one.run(fresh, type);
      await fresh.mapping?.stop();
      await fresh.stop();
    }
    return measured;
  });
}

export async function runExplain({ command = SETTLEMENT_REPORT, sellers = SELLERS, lines = COST_LINES } = {}) {
  return withCloud({ sellers, orders: ordersOf(lines) }, (one) => one.explain(one.add({ command }), { reportType: 'monthly', time: TIMES.monthly }));
}

async function runCost(command) {
  const rows = [];
  for (const memory_mb of COST_MEMORY_MB) {
    const group = cpuGroup(memory_mb);
    if (!group) throw new Error('the cost needs root and the kernel\'s CPU control group');
    try {
      const measured = await runPlanned({ command: inGroup(group, command), memory_mb });
      rows.push({ memory_mb, measured, x86_64: settlementPrices(measured, memory_mb, 'x86_64'), arm64: settlementPrices(measured, memory_mb, 'arm64') });
    } finally {
      group.remove();
    }
  }
  return rows;
}

// ---------------------------------------------------------------------- printing

const printHead = (...cells) => process.stdout.write(`\n| ${cells.join(' | ')} |\n${'|---'.repeat(cells.length)}|\n`);
const print = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const usd = (value) => `$${value.toFixed(3)}`;
const mb = (kib) => (kib / 1024).toFixed(1);

function printRuns(rows) {
  printHead('', 'report', 'sellers', 'lines', 'seconds', 'first result ms', 'invocations', 'statements', 'round trips', 'PUT', 'GET and HEAD', 'SQS', 'peak MB');
  for (const { name, reportType, sellers, lines, seconds, first_ms, invocations, statements, round_trips, puts, gets, sqs, peak_kib } of rows) {
    print(name, reportType, sellers, lines, seconds.toFixed(1), first_ms.toFixed(0), invocations, statements, round_trips, puts, gets, sqs, mb(peak_kib));
  }
}

function printPlans(plans) {
  for (const { statement, rows } of plans) {
    process.stdout.write(`\n${statement.slice(0, 300)}\n`);
    printHead('select', 'table', 'access', 'key', 'rows', '');
    for (const { select, table, type, key, rows: count, extra } of rows) print(select, table, type, key, count, extra);
  }
}

function printCost(rows) {
  process.stdout.write(`\n${SELLERS} sellers\n`);
  printHead('memory MB', 'report', 'lines', 'invocations', 'function ms', 'cold starts', 'round trips', 'PUT', 'GET and HEAD', 'SQS', 'log bytes', 'peak MB', 'billed ms');
  for (const { memory_mb, measured } of rows) {
    for (const [type, run] of Object.entries(measured)) {
      print(memory_mb, type, run.lines, run.invocations, run.run_ms.toFixed(0), run.cold_starts, run.round_trips, run.puts, run.gets, run.sqs, run.log_bytes, mb(run.peak_kib), billedMs(run));
    }
  }
  process.stdout.write('\nA month\n');
  printHead('memory MB', 'Lambda x86_64', 'arm64', 'S3', 'SQS', 'log', 'together x86_64', 'arm64');
  for (const { memory_mb, x86_64, arm64 } of rows) {
    print(memory_mb, usd(x86_64.lambda), usd(arm64.lambda), usd(x86_64.s3), usd(x86_64.sqs), usd(x86_64.logs), usd(x86_64.together), usd(arm64.together));
  }
  process.stdout.write(`\nThe original: $${ORIGINAL_USD.toFixed(2)}\n`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sellers: { type: 'string', default: '1000' }, lines: { type: 'string', default: '1000000' }, concurrency: { type: 'string', default: '2' },
      cost: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const command = positionals[0] ? resolve(positionals[0]) : SETTLEMENT_REPORT;
  const [sellers, lines, concurrency] = ['sellers', 'lines', 'concurrency'].map((name) => numberOf(values[name], name));
  const planned = Object.entries(await runPlanned({ command, concurrency })).map(([, row]) => ({ name: 'planned', ...row }));
  const plans = await runExplain({ command });
  if (!values.json) {
    printRuns(planned);
    printPlans(plans);
  }
  const scale = await runScale({ command, sellers, lines, concurrency });
  if (!values.json) printRuns(scale);
  const cost = values.cost ? await runCost(command) : undefined;
  if (values.json) console.log(JSON.stringify({ planned, plans, scale, cost }));
  else if (cost) printCost(cost);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().then(
    () => process.exit(0),
    (error) => {
      process.stderr.write(`settlement_load.mjs: ${error.stack}\n`);
      process.exit(error instanceof TypeError ? 2 : 1);
    },
  );
}
