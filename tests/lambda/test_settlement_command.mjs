// The commands of settlement-report, on a database with the views of a platform and a reading account: reports
// as files and figures, the check, help, and what makes no sense.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../support/lambda.mjs';
import { MONTHLY, SETTLEMENT_REPORT, SettlementCloud, expectedFigures, keyOf, orderId } from '../support/settlement.mjs';

const ORDERS = 3;
let one;
let folder;
let login;
before(async () => {
  one = await SettlementCloud.start({ sellers: 2, orders: ORDERS });
  folder = mkdtempSync(join(tmpdir(), 'settlement-'));
  login = join(folder, 'db.json');
  writeFileSync(login, JSON.stringify({ ...one.cloud.database.secret, username: 'settlement', password: one.password }));
});
after(async () => {
  await one?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const settle = (args, environment = {}) => run(SETTLEMENT_REPORT, args, { env: { PATH: '/usr/bin:/bin', ...environment } });
const withLogin = (args, environment) => settle([...args, '--secret-file', login, '--ca-file', one.cloud.database.ca], environment);
const report = (...more) => withLogin(['report', '--seller', '1', '--period', '2025-10', ...more]);

test('the figures on stdout', async () => {
  const { status, stdout, stderr } = await report();
  assert.equal(status, 0, stderr);
  const expected = expectedFigures(ORDERS);
  const figures = Object.fromEntries([...stdout.matchAll(/^ *([a-z][^\d\n-]*?) +(-?\d+)$/gmi)].map(([, name, number]) => [name, Number(number)]));
  assert.deepEqual([figures.orders, figures['sales (gross)'], figures.commission, figures.VAT, figures.net, figures.payable],
    [ORDERS, expected.grossWon, expected.commissionWon, expected.vatWon, expected.netWon, expected.netWon]);
});

test('the files are those of the function, byte for byte', async () => {
  const files = ['csv', 'html', 'json'].map((format) => [format, join(folder, `out.${format}`)]);
  const { status, stderr, stdout } = await report(...files.flatMap(([format, path]) => [`--${format}`, path]));
  assert.deepEqual([status, stdout, stderr], [0, '', '']);
  assert.equal((await one.handler.invoke(MONTHLY)).error, false);
  for (const [format, path] of files) assert.equal(readFileSync(path, 'utf8'), one.text(keyOf(1, format)), format);
  const json = await report('--json', '-');
  assert.equal(json.stdout, one.text(keyOf(1, 'json')));
});

test('another language, and other rules', async () => {
  assert.match((await report('--html', '-', '--language', 'en')).stdout, /<html lang="en"/);
  const { stdout } = await withLogin(['report', '--seller=2', '--period=2025-10', '--json=-'], { SETTLEMENT_DEFAULT_RATE: '10.00', SETTLEMENT_VAT: 'excluded' });
  assert.equal(JSON.parse(stdout).rules.text, '1 half-up down excluded gross 1000 0');
});

test('nothing is recorded', async () => {
  const before = await one.query('SELECT * FROM settlement_reports');
  assert.equal((await withLogin(['report', '--seller', '2', '--period', '2025-10-02'])).status, 0);
  assert.deepEqual(await one.query('SELECT * FROM settlement_reports'), before);
});

test('a login from Secrets Manager', async () => {
  const environment = { ...one.cloud.clientEnvironment(), ...one.cloud.endpoints(), DB_SECRET_NAME: 'openmarket/test/db', DB_CA_FILE: one.cloud.database.ca };
  const { status, stdout, stderr } = await settle(['report', '--seller', '1', '--period', '2025-10'], environment);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^net +\d+$/m);
});

test('the check: its differences, and its exit status', async () => {
  const agreed = await withLogin(['check', '--period', '2025-10']);
  assert.deepEqual([agreed.status, JSON.parse(agreed.stdout).orders], [0, 2 * ORDERS], agreed.stderr);
  await one.query('UPDATE orders SET paid_amount = paid_amount + 50 WHERE id = 2002');
  const { status, stdout } = await withLogin(['check', '--period', '2025-10']);
  const [difference, counts] = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual([status, difference.orderId, difference.paidWon - difference.settledPaidWon, counts.differenceCount], [1, orderId(2, 2), 50, 1]);
});

test('an account that may read the views alone', async () => {
  await one.query(`CREATE USER 'reader'@'%' IDENTIFIED BY '${one.password}' REQUIRE SSL;
    ${['lines', 'sellers', 'rates', 'payments'].map((view) => `GRANT SELECT ON settlement_${view} TO 'reader'@'%';`).join('\n')}`);
  const path = join(folder, 'reader.json');
  writeFileSync(path, JSON.stringify({ ...one.cloud.database.secret, username: 'reader', password: one.password }));
  const { status, stderr } = await settle(['report', '--seller', '1', '--period', '2025-10', '--secret-file', path, '--ca-file', one.cloud.database.ca]);
  assert.equal(status, 0, stderr);
});

test('what fails says why, and by its exit status', async () => {
  for (const [args, status, text] of [
    [['report', '--seller', '99', '--period', '2025-10'], 1, /seller/],
    [['report', '--seller', '1'], 2, /--period/],
    [['report', '--seller', "1' OR 1=1", '--period', '2025-10'], 2, /--seller/],
    [['report', '--seller', '1', '--period', '2025-13'], 2, /./],
    [['report', '--seller', '1', '--period', '2199-10'], 2, /./],
    [['report', '--seller', '1', '--period', '2025-10', '--language', 'fr'], 2, /--language/],
    [['report', '--seller', '1', '--seller', '2', '--period', '2025-10'], 2, /twice: --seller/],
    [['report', '--seller', '1', '--period', '2025-10', '--pdf', 'x'], 2, /no option --pdf/],
    [['report', '--seller', '1', '--period', '2025-10', '--csv', join(folder, 'no/such/folder')], 3, /No such file/],
    [['report', '--seller', '1', '--period', '2025-10', '--csv', '/dev/full'], 3, /cannot be written/],
    [['check'], 2, /--period/],
  ]) {
    const result = await withLogin(args);
    assert.equal(result.status, status, `${args}: ${result.stderr}`);
    assert.match(result.stderr, text, String(args));
    assert.ok(!result.stderr.includes(one.password));
  }
  const wrong = await withLogin(['report', '--seller', '1', '--period', '2025-10'], { SETTLEMENT_VAT: 'maybe' });
  assert.deepEqual([wrong.status, wrong.stderr], [3, 'settlement-report: SETTLEMENT_VAT is not included or excluded\n']);
  const none = await settle(['report', '--seller', '1', '--period', '2025-10', '--secret-file', join(folder, 'none.json'), '--ca-file', one.cloud.database.ca]);
  assert.equal(none.status, 1, none.stderr);
  assert.match(none.stderr, /none\.json cannot be read/);
  assert.equal((await settle(['report', '--seller', '1', '--period', '2025-10'])).status, 3);
});

test('help', async () => {
  for (const [args, text] of [[['--help'], /settlement-report check/], [['report', '--help'], /--secret-file/], [['check', '--help'], /--period/], [['migrate', '--help'], /migrate/]]) {
    const { status, stdout } = await settle(args);
    assert.equal(status, 0, String(args));
    assert.match(stdout, text);
    assert.ok(stdout.split('\n').every((line) => line.length <= 100), String(args));
  }
});
