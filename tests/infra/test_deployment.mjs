// infra/deploy against an AWS CLI of the tests' own, whose arguments the real CLI checks where it is installed; and
// that migrations only expand.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Aws, AwsError } from '../../infra/deployment/aws.mjs';
import { command } from '../../infra/deployment/main.mjs';
import { contractions, migrationFiles } from '../../infra/deployment/migrations.mjs';
import { fakeAws } from '../support/fake_aws.mjs';

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../..');
const FUNCTIONS = ['image', 'email', 'settlement', 'webhook'];
const REAL_AWS = '/usr/bin/aws';

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'deployment-'));
  symlinkSync(join(TOP, 'tests/support/fake_aws.mjs'), join(folder, 'aws'));
  symlinkSync(process.execPath, join(folder, 'node'));
});
after(() => rmSync(folder, { recursive: true }));

function planOf(change = {}) {
  const functions = Object.fromEntries(FUNCTIONS.map((key) => [key, {
    function_name: `openmarket-prod-${key}`, alias: 'live', published_version: '8', group: key, is_checked: true,
    strategy: key === 'settlement' ? 'all_at_once' : 'canary', alarms: key === 'settlement' ? [] : [`${key}-canary-errors`],
    migrates: key === 'settlement' || key === 'webhook', ...change[key],
  }]));
  return { deploy: { value: { application: 'openmarket-prod', hook: 'openmarket-prod-deploy-check', functions } } };
}

// State in which all four functions have version 7, and 8 is published.
function stateOf(change = {}) {
  return {
    aliases: Object.fromEntries(FUNCTIONS.map((key) => [`openmarket-prod-${key}:live`, { version: '7' }])),
    versions: Object.fromEntries(FUNCTIONS.flatMap((key) => ['6', '7', '8'].map((version) => [`openmarket-prod-${key}:${version}`, 'Active']))),
    alarms: Object.fromEntries(FUNCTIONS.map((key) => [`${key}-canary-errors`, 'OK'])),
    invokes: {},
    deployments: Object.fromEntries(FUNCTIONS.map((key) => [key, ['Created', 'InProgress', 'Succeeded']])),
    ...change,
  };
}

// {status, output, state} of infra/deploy with these arguments.
async function deploy(args, state, plan = planOf()) {
  const outputs = join(folder, 'outputs.json');
  writeFileSync(outputs, JSON.stringify(plan));
  const lines = [];
  const aws = new Aws(async (call) => {
    const { status, text } = fakeAws(state, call);
    if (status !== 0) throw new AwsError(call, text.trim());
    return text;
  });
  const say = (line) => lines.push(`${line}\n`);
  const status = await command([...args, '--outputs', outputs, '--poll', '0.001'], { aws, say, sayError: say });
  return { status, output: lines.join(''), state };
}

// The same as a program, with the AWS CLI as one.
function deployAsProgram(args, state) {
  const file = join(folder, 'state.json');
  const outputs = join(folder, 'outputs.json');
  writeFileSync(file, JSON.stringify(state));
  writeFileSync(outputs, JSON.stringify(planOf()));
  const env = { PATH: `${folder}:/usr/bin:/bin`, FAKE_AWS: file, TMPDIR: folder };
  const { status, stdout, stderr } = spawnSync(join(TOP, 'infra/deploy'), [...args, '--outputs', outputs, '--poll', '0.01'], { env, encoding: 'utf8' });
  return { status, output: stdout + stderr, state: JSON.parse(readFileSync(file, 'utf8')) };
}

const commandsOf = ({ state }) => state.calls.map((args) => args.slice(0, 2).join(' '));
const versionsOf = ({ state }) => FUNCTIONS.map((key) => state.aliases[`openmarket-prod-${key}:live`].version);

test('all functions: migrations of the new versions first, then traffic, with the hook in the appspec', async () => {
  const done = await deploy(['prod'], stateOf());
  assert.equal(done.status, 0, done.output);
  assert.deepEqual(versionsOf(done), ['8', '8', '8', '8']);
  assert.deepEqual(done.state.events, ['settlement', 'webhook'].map((key) => ({ function: `openmarket-prod-${key}`, version: '8', event: { migrate: true } })));
  const commands = commandsOf(done);
  assert.ok(commands.lastIndexOf('lambda invoke') < commands.indexOf('deploy create-deployment'), commands.join('\n'));
  const { properties, hooks } = done.state.started['d-webhook'];
  assert.deepEqual(properties, { Name: 'openmarket-prod-webhook', Alias: 'live', CurrentVersion: '7', TargetVersion: '8' });
  assert.deepEqual(hooks, [{ BeforeAllowTraffic: 'openmarket-prod-deploy-check' }]);
  assert.match(done.output, /webhook: migrations: 1 applied/);
  assert.match(done.output, /all done\n$/);
});

test('the program: a function by the CLI, and each exit status', () => {
  const done = deployAsProgram(['prod', 'webhook'], stateOf());
  assert.equal(done.status, 0, done.output);
  assert.deepEqual([versionsOf(done), done.state.events[0].event], [['7', '7', '7', '8'], { migrate: true }]);
  assert.match(done.output, /webhook: version 8 has the traffic\nall done\n$/);
  const refused = deployAsProgram(['prod', 'image'], stateOf({ alarms: { 'image-canary-errors': 'ALARM' } }));
  assert.deepEqual([refused.status, versionsOf(refused)[0]], [1, '7'], refused.output);
  const broken = deployAsProgram(['prod', 'image'], stateOf({ broken: 'lambda get-alias' }));
  assert.deepEqual([broken.status, /Unable to locate credentials/.test(broken.output)], [3, true], broken.output);
  assert.equal(deployAsProgram(['test'], stateOf()).status, 2);
  assert.equal(deployAsProgram(['--help'], stateOf()).status, 0);
});

test('again: nothing is left to do, and nothing is called but what reads', async () => {
  const again = await deploy(['prod'], stateOf({ aliases: Object.fromEntries(FUNCTIONS.map((key) => [`openmarket-prod-${key}:live`, { version: '8' }])) }));
  assert.equal(again.status, 0, again.output);
  assert.deepEqual([...new Set(commandsOf(again))], ['--version', 'lambda get-alias']);
  assert.match(again.output, /nothing to do/);
});

test('a dry run changes nothing, and its migrations are dry runs', async () => {
  const dry = await deploy(['prod', '--dry-run', '--platform', 'snake_case'], stateOf());
  assert.equal(dry.status, 0, dry.output);
  assert.deepEqual(versionsOf(dry), ['7', '7', '7', '7']);
  assert.ok(!commandsOf(dry).includes('deploy create-deployment'));
  assert.ok(dry.state.events.every(({ event }) => event.dryRun === true && event.platform === 'snake_case'));
});

test('a canary that an alarm ends: status 1, the old version has the traffic, the others are deployed', async () => {
  const error = { code: 'ALARM_ACTIVE', message: 'One or more alarms have been activated: webhook-canary-errors' };
  const state = stateOf();
  state.deployments.webhook = ['InProgress', { status: 'Stopped', error, rollback: 'd-BACK' }];
  const failed = await deploy(['prod'], state);
  assert.equal(failed.status, 1, failed.output);
  assert.deepEqual(versionsOf(failed), ['8', '8', '8', '7']);
  assert.match(failed.output, /webhook: NOT DEPLOYED: ALARM_ACTIVE: .*webhook-canary-errors; version 7 has the traffic \(rolled back by d-BACK\)/);
  assert.match(failed.output, /1 of 4 not deployed/);
});

test('refused before anything changes: an alarm that rings, a version that cannot start, a deployment under way, failed migrations', async () => {
  const cases = [
    [{ alarms: { ...stateOf().alarms, 'email-canary-errors': 'ALARM' } }, /email: CodeDeploy would roll back at once, because of email-canary-errors/],
    [{ versions: { ...stateOf().versions, 'openmarket-prod-image:8': 'Failed' } }, /image: version 8 cannot take traffic: its state is Failed/],
    [{ aliases: { ...stateOf().aliases, 'openmarket-prod-image:live': { version: '7', moving: true } } }, /image: a deployment is under way/],
    [{ invokes: { 'openmarket-prod-webhook:8': { FunctionError: 'Unhandled', payload: { errorType: 'Webhook.MIGRATION', errorMessage: '0008: lock' } } } }, /webhook: the migrations of version 8 failed: 0008: lock/],
    [{ invokes: { 'openmarket-prod-webhook:8': { payload: null } } }, /webhook: the migrations of version 8 failed: null/],
  ];
  for (const [change, message] of cases) {
    const refused = await deploy(['prod'], stateOf(change));
    assert.equal(refused.status, 1, refused.output);
    assert.match(refused.output, message);
    assert.ok(!commandsOf(refused).includes('deploy create-deployment'), refused.output);
  }
});

test('the CLI fails: status 3 with what it wrote; an alarm that does not exist and an old CLI as well', async () => {
  for (const [change, message] of [
    [{ broken: 'lambda get-alias' }, /Unable to locate credentials/],
    [{ alarms: {} }, /no such alarm: image-canary-errors/],
    [{ version: 'aws-cli/1.18.69 Python/3.8.10' }, /1\.18 is too old/],
    [{ versions: {} }, /ResourceNotFoundException/],
  ]) {
    const failed = await deploy(['prod'], stateOf(change));
    assert.equal(failed.status, 3, failed.output);
    assert.match(failed.output, message);
    assert.deepEqual(versionsOf(failed), ['7', '7', '7', '7']);
  }
  const version1 = await deploy(['prod', '--dry-run'], stateOf({ version: 'aws-cli/1.19.1 Python/3.9.2' }));
  assert.equal(version1.status, 0, version1.output);
});

test('a deployment group that is missing fails its function alone', async () => {
  const state = stateOf();
  delete state.deployments.image;
  const failed = await deploy(['prod'], state);
  assert.equal(failed.status, 1, failed.output);
  assert.deepEqual(versionsOf(failed), ['7', '8', '8', '8']);
});

test('back to an older version: no migrations', async () => {
  const aliases = { ...stateOf().aliases, 'openmarket-prod-webhook:live': { version: '8' } };
  const back = await deploy(['prod', '--to', 'webhook=7'], stateOf({ aliases }));
  assert.equal(back.status, 0, back.output);
  assert.deepEqual([versionsOf(back)[3], back.state.events], ['7', undefined]);
  assert.deepEqual(Object.keys(back.state.started), ['d-webhook']);
});

test('one that does not end in time is reported, and goes on', async () => {
  const state = stateOf();
  state.deployments.image = ['InProgress'];
  const late = await deploy(['prod', 'image', '--wait', '0.001'], state);
  assert.equal(late.status, 1, late.output);
  assert.match(late.output, /image: still InProgress .*get-deployment --deployment-id d-image/);
});

test('wrong use: status 2, and no call', async () => {
  const cases = [['test'], [], ['prod', 'nothing'], ['prod', '--to', 'image'], ['prod', '--to', 'image=live'], ['prod', '--to', 'x=3'], ['prod', '--wait', '0'], ['prod', '--bad'], ['dev']];
  for (const args of cases) {
    const wrong = await deploy(args, stateOf());
    assert.equal(wrong.status, 2, `${args}: ${wrong.output}`);
    assert.equal(wrong.state.calls, undefined, args.join(' '));
  }
  const old = await deploy(['prod'], stateOf(), planOf({ image: { published_version: '$LATEST' } }));
  assert.deepEqual([old.status, old.state.calls], [2, undefined], old.output);
  assert.match(old.output, /functions\.image: published_version/);
});

test('the real AWS CLI takes every call', { skip: existsSync(REAL_AWS) ? false : 'Debian\'s aws is not there' }, async () => {
  const { state } = await deploy(['prod'], stateOf());
  const one = new Map(state.calls.filter(([first]) => first !== '--version').map((args) => [args.slice(0, 2).join(' '), args]));
  assert.equal(one.size, 6);
  const env = { PATH: '/usr/bin:/bin', AWS_DEFAULT_REGION: 'ap-northeast-2', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_MAX_ATTEMPTS: '1', HOME: folder };
  await Promise.all([...one.values()].map(async (args) => {
    const real = args.map((arg) => (arg.startsWith('fileb://') ? `fileb://${join(folder, 'outputs.json')}` : arg));
    // It checks the arguments before it connects, here to a port where nothing listens.
    const stderr = await new Promise((done) => { execFile(REAL_AWS, [...real, '--endpoint-url', 'http://127.0.0.1:1'], { env }, (error, _, text) => done(text)); });
    assert.match(stderr, /Could not connect to the endpoint URL/, args.join(' '));
  }));
});

test('migrations only expand, so that the version before works with the new tables', () => {
  const files = migrationFiles(TOP);
  assert.ok(files.length >= 11, files.join('\n'));
  assert.deepEqual(files.flatMap((file) => contractions(readFileSync(file, 'utf8')).map((fault) => `${file}: ${fault}`)), []);
});

test('what contracts is found, unless it states since when nothing uses it', () => {
  const faults = [
    'ALTER TABLE a DROP COLUMN b', 'DROP TABLE a', 'alter table `a` drop b', 'ALTER TABLE a RENAME COLUMN b TO c', 'RENAME TABLE a TO b',
    'ALTER TABLE a MODIFY COLUMN b INT NOT NULL', 'ALTER TABLE a CHANGE b c INT', 'ALTER TABLE a ADD COLUMN b INT NOT NULL', 'TRUNCATE TABLE a',
    'ALTER TABLE a ADD COLUMN c INT NULL, ADD COLUMN b VARCHAR(3) NOT NULL', 'ALTER TABLE a ADD UNIQUE KEY u (b)', 'DROP VIEW v', 'DELETE FROM a',
    'ALTER TABLE a RENAME TO b', '/* a */ DROP\n  TABLE a', 'ALTER TABLE a ADD CONSTRAINT c CHECK (b > 0)', 'CREATE UNIQUE INDEX i ON a (b)',
  ];
  for (const sql of faults) assert.equal(contractions(`${sql};\n`).length, 1, sql);
  const good = [
    'CREATE TABLE a (b INT NOT NULL, PRIMARY KEY (b))', 'ALTER TABLE a ADD COLUMN b INT NULL', 'ALTER TABLE a ADD COLUMN b INT NOT NULL DEFAULT 0',
    'CREATE INDEX i ON a (b)', 'CREATE OR REPLACE VIEW v AS SELECT 1', '-- DROP TABLE a\nCREATE TABLE b (c INT)', 'INSERT INTO a VALUES (\'; DROP TABLE b\')',
    '-- contracts: nothing reads b since 1.4\nALTER TABLE a DROP COLUMN b', 'ALTER TABLE a ADD COLUMN b INT, ADD KEY k (b)',
  ];
  for (const sql of good) assert.deepEqual(contractions(`${sql};\n`), [], sql);
  assert.equal(contractions('-- contracts:\nDROP TABLE a;').length, 1, 'without a reason');
});
