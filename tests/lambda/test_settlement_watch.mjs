// The settlement's watchdog: which runs were due on the day of its event, what counts as overdue, when the
// database's authorities end; and that it changes nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { metrics } from '../support/email.mjs';
import { SettlementCloud } from '../support/settlement.mjs';

// A Monday that is the first of a month: all three runs are due. 09:30 KST.
const MONDAY = '2025-09-01T00:30:00Z';
const SCHEDULED = '2025-09-01T00:00:00Z';
let one;
before(async () => (one = await SettlementCloud.start({ sellers: 2, orders: 1 })));
after(() => one?.stop());

const watch = async (time, target = one.handler) => {
  const result = await target.invoke({ task: 'watch', time });
  assert.ok(!result.error, `${result.raw}\n${target.log.slice(-8).join('\n')}`);
  return { ...result, found: metrics(result), runs: result.payload.runs.map(({ reportType, period, state, overdue }) => `${reportType} ${period} ${state}${overdue ? ' overdue' : ''}`) };
};
const settle = async (event) => {
  const result = await one.handler.invoke(event);
  assert.ok(!result.error, result.raw);
  return result.payload;
};
const overdueLines = ({ logs }) => logs.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)).filter(({ message }) => message === 'run overdue');

test('runs that are missing are overdue: a metric, and a line that names each', async () => {
  const { runs, found, logs } = await watch(MONDAY);
  assert.deepEqual(runs, ['daily 2025-08-31 missing overdue', 'weekly 2025-W35 missing overdue', 'monthly 2025-08 missing overdue']);
  assert.deepEqual([found.SettlementOverdue, found['SettlementOverdue/daily'], found['SettlementOverdue/weekly'], found['SettlementOverdue/monthly']], [3, 1, 1, 1]);
  assert.deepEqual(overdueLines({ logs }).map(({ level, period, state }) => [level, period, state]),
    [['ERROR', '2025-08-31', 'missing'], ['ERROR', '2025-W35', 'missing'], ['ERROR', '2025-08', 'missing']]);
});

test('a closed run is not overdue, whatever else is; nothing is due but the daily run on most days', async () => {
  await settle({ reportType: 'weekly', time: SCHEDULED });
  const { runs, found, logs } = await watch(MONDAY);
  assert.deepEqual(runs, ['daily 2025-08-31 missing overdue', 'weekly 2025-W35 closed', 'monthly 2025-08 missing overdue']);
  assert.deepEqual([found.SettlementOverdue, found['SettlementOverdue/weekly'], overdueLines({ logs }).length], [2, 0, 2]);
  await settle({ reportType: 'daily', time: SCHEDULED });
  await settle({ reportType: 'monthly', time: SCHEDULED });
  const all = await watch(MONDAY);
  assert.deepEqual([all.found.SettlementOverdue, overdueLines(all).length], [0, 0]);
  assert.ok('SettlementOverdue' in all.found, 'a 0 is written, so that an alarm has data');
  assert.deepEqual((await watch('2025-09-02T00:30:00Z')).runs, ['daily 2025-09-01 missing overdue']);
  assert.deepEqual((await watch('2025-10-01T00:30:00Z')).runs.map((run) => run.split(' ')[0]), ['daily', 'monthly']);
  assert.deepEqual((await watch('2025-09-08T00:30:00Z')).runs.map((run) => run.split(' ')[0]), ['daily', 'weekly']);
});

test('the day is that of KST', async () => {
  assert.deepEqual((await watch('2025-08-31T15:00:00Z')).runs.map((run) => run.split(' ')[0]), ['daily', 'weekly', 'monthly']);
  assert.deepEqual((await watch('2025-08-31T14:59:59Z')).runs, ['daily 2025-08-30 missing overdue']);
});

test('every state but closed is overdue', async () => {
  for (const state of ['running', 'incomplete', 'manual']) {
    await one.query(`UPDATE settlement_runs SET state = '${state}', open_sellers = 1 WHERE type = 'daily' AND first_day = '2025-08-31'`);
    const { runs, found, logs } = await watch(MONDAY);
    assert.equal(runs[0], `daily 2025-08-31 ${state} overdue`);
    assert.equal(found.SettlementOverdue, 1);
    assert.deepEqual(overdueLines({ logs }).map((line) => [line.state, line.openSellers]), [[state, 1]]);
  }
  await one.query("UPDATE settlement_runs SET state = 'closed', open_sellers = 0 WHERE type = 'daily'");
});

test('a run of the same days by hand is another one', async () => {
  await settle({ reportType: 'custom', startDate: '2025-09-10', endDate: '2025-09-10' });
  assert.deepEqual((await watch('2025-09-11T00:30:00Z')).runs, ['daily 2025-09-10 missing overdue']);
});

test('nothing is changed', async () => {
  const before = [one.writes(), one.mailIds(), await one.query('SELECT * FROM settlement_runs')];
  await watch(MONDAY);
  assert.deepEqual([one.writes(), one.mailIds(), await one.query('SELECT * FROM settlement_runs')], before);
});

test('the days until the first of the database\'s authorities ends', async () => {
  const { folder, ca } = one.cloud.database;
  // The cloud's own has two days; a bundle with another that has one.
  assert.equal((await watch(MONDAY)).found.DatabaseCaDaysLeft, 1);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', 'other-key.pem',
    '-out', 'other.pem', '-days', '1', '-subj', '/CN=one day'], { cwd: folder, stdio: 'ignore' });
  const bundle = join(folder, 'bundle.pem');
  writeFileSync(bundle, `# a bundle\n${readFileSync(ca)}\n${readFileSync(join(folder, 'other.pem'))}`);
  const { payload, found } = await watch(MONDAY, one.add({ environment: { DB_CA_FILE: bundle } }));
  assert.equal(found.DatabaseCaDaysLeft, 0);
  assert.deepEqual([payload.certificates.count, payload.certificates.first, payload.certificates.daysLeft], [2, 'one day', 0]);
  assert.ok(Math.abs(Date.parse(payload.certificates.ends) - Date.now() - 86400000) < 600000, payload.certificates.ends);
});

test('without the ledger there is no metric of overdue runs: the invocation fails', async () => {
  one.cloud.createSecret('openmarket/test/away', { ...one.cloud.database.secret, username: 'settlement', password: one.password, port: 1 });
  const result = await one.add({ environment: { DB_SECRET_NAME: 'openmarket/test/away' } }).invoke({ task: 'watch', time: MONDAY });
  assert.ok(result.error, result.raw);
  assert.match(result.payload.errorType, /^Settlement\.CONNECT_FAILED$/);
  const found = metrics(result);
  assert.deepEqual([found.SettlementOverdue, found.DatabaseCaDaysLeft, found.Failures], [undefined, 1, 1]);
});

test('an event that is not the watchdog\'s is refused', async () => {
  for (const [event, type] of [
    [{ task: 'watch' }, 'Settlement.MALFORMED'],
    [{ task: 'watch', time: 'yesterday' }, 'Settlement.MALFORMED'],
    [{ task: 'watch', time: MONDAY, reportType: 'daily' }, 'Settlement.MALFORMED'],
    [{ task: 'watch', time: '1960-01-01T00:00:00Z' }, 'Settlement.PERIOD'],
    [{ task: 'watches', time: MONDAY }, 'Settlement.UNKNOWN_TASK'],
  ]) {
    const result = await one.handler.invoke(event);
    assert.deepEqual([result.error, result.payload.errorType], [true, type], `${JSON.stringify(event)} ${result.raw}`);
  }
});
