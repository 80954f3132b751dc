// The command under failing system calls, one in each run: each call it makes fails once, or from one on.
// An output is complete and identical to that of an undisturbed run, or absent; status 0 means that all are
// there; what is missing has a reason on standard error; no temporary file is left; nothing crashes or hangs.
// TEST_LONG: every fault; otherwise a sample of them. And the calls that put the command into its sandbox.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD } from '../support/lambda.mjs';
import { callsOf, failing, faultsOf, nameOf, sampleOf } from '../support/system_calls.mjs';

const COMMAND = join(BUILD, 'bin/imgcore');
const SAMPLE = 25;
const LIMIT_MS = 20000;
// With these the renaming of several files is undone.
const UNDOING = new Set(['unlink', 'renameat2']);
// The dynamic loader ends a program with 127, and reports why.
const LOADER_FAILED = 127;

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'system-calls-'));
  for (const [name, ...spec] of [['a.jpg', '300x200', 'noise'], ['b.png', '120x90', 'rgba']]) {
    assert.equal(spawnSync(join(BUILD, 'tests/support/make_pictures'), [join(folder, name), ...spec]).status, 0);
  }
});
after(() => rmSync(folder, { recursive: true }));

// The outputs of a command, each by its path below the folder.
const contentsOf = (out) => new Map(filesBelow(out).map((name) => [name, readFileSync(join(out, name))]));

const filesBelow = (where) => (existsSync(where) ? readdirSync(where, { recursive: true }) : [])
  .filter((name) => statSync(join(where, name)).isFile()).sort();

// Checks one run of command(out) under a fault. `old`: the outputs that are there before.
function check(fault, command, wanted, { is_report_lost, old = new Map() }) {
  const out = join(folder, 'out');
  mkdirSync(out);
  for (const [name, content] of old) {
    mkdirSync(dirname(join(out, name)), { recursive: true });
    writeFileSync(join(out, name), content);
  }
  try {
    const [program, ...args] = failing(fault, command(out));
    // strace replaces the number of a call that it lets fail, and the sandbox's filter kills the process for the number.
    const env = { ...process.env, IMGCORE_SANDBOX: 'off' };
    const { status, signal, stderr, error } = spawnSync(program, args, { env, timeout: LIMIT_MS, killSignal: 'SIGKILL', encoding: 'utf8' });
    const what = `${nameOf(fault)}: status ${status}, ${signal ?? error?.code ?? ''} ${stderr}`;
    assert.ok(signal === null && !error, what);
    const made = filesBelow(out);
    // A file that cannot be removed stays.
    if (fault.call !== 'unlink') assert.deepEqual(made.filter((name) => !wanted.has(name)), [], `${what}: another file is left`);
    const inputs = new Map();
    for (const name of wanted.keys()) {
      const content = existsSync(join(out, name)) ? readFileSync(join(out, name)) : undefined;
      const is_new = content?.equals(wanted.get(name)) ?? false;
      assert.ok(is_new || (content === undefined ? !old.has(name) : old.get(name)?.equals(content)), `${what}: ${name} is not complete`);
      const states = inputs.get(basename(name)) ?? inputs.set(basename(name), new Set()).get(basename(name));
      states.add(is_new);
    }
    // What cannot be renamed or removed cannot be undone either.
    if (!fault.stays || !UNDOING.has(fault.call)) {
      for (const [input, states] of inputs) assert.equal(states.size, 1, `${what}: some outputs of ${input}, and not the others`);
    }
    if (status === 0) assert.ok([...inputs.values()].every((states) => !states.has(false)), `${what}: an output is missing`);
    else if (!is_report_lost(fault)) assert.notEqual(stderr, '', `${what}: no reason`);
    return status;
  } finally {
    rmSync(out, { recursive: true });
  }
}

// `calls`: those that fail, and all of their faults; `is_old`: the outputs are there before, with other content.
function checkAll(t, command, { calls, is_old = false } = {}) {
  const out = join(folder, 'undisturbed');
  mkdirSync(out);
  let counts = callsOf(command(out));
  const wanted = contentsOf(out);
  if (is_old) counts = callsOf(command(out));
  const old = new Map(is_old ? [...wanted.keys()].map((name) => [name, Buffer.from(`old ${name}`)]) : []);
  rmSync(out, { recursive: true });
  assert.ok(wanted.size > 0);
  const faults = faultsOf(counts).filter(({ call }) => !calls || calls.includes(call));
  if (calls) assert.ok(calls.every((call) => counts[call] >= 4), JSON.stringify(counts));
  else assert.ok(faults.length > 200, `${faults.length} faults`);
  const statuses = {};
  const failures = [];
  // Where writing fails, so does the report of it.
  const is_report_lost = ({ call, stays }) => call === 'write' || call === 'writev' || (stays && call === 'close');
  for (const fault of calls || process.env.TEST_LONG ? faults : sampleOf(faults, SAMPLE)) {
    try {
      const status = check(fault, command, wanted, { is_report_lost, old });
      assert.ok([0, 1, 2, LOADER_FAILED].includes(status), `${nameOf(fault)}: status ${status}`);
      statuses[status] = (statuses[status] ?? 0) + 1;
    } catch (failure) {
      failures.push(failure.message);
      console.log(`# ${failure.message}`);
    }
  }
  assert.deepEqual(failures, []);
  t.diagnostic(`${faults.length} faults; by exit status: ${JSON.stringify(statuses)}`);
  assert.ok(statuses[1] > 0 && (calls || statuses[0] > 0), JSON.stringify(statuses));
}

// The calls of a command, as strace writes them, with the first bytes that are read.
function trace(args) {
  const output = join(folder, 'trace');
  const env = { ...process.env, IMGCORE_SANDBOX: '' };
  const calls = 'trace=read,pread64,seccomp,landlock_create_ruleset,landlock_restrict_self';
  const { status, stderr } = spawnSync('strace', ['-f', '-qqq', '-o', output, '-e', calls, COMMAND, ...args], { env, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return readFileSync(output, 'latin1').split('\n');
}

test('each command is in the sandbox before it reads a byte of a picture', () => {
  const picture = join(folder, 'a.jpg');
  const out = join(folder, 'sandboxed');
  mkdirSync(out);
  for (const args of [['info', picture], ['resize', picture, join(out, 'a.jpg'), '--size', '100x100'], ['variants', '-o', out, picture]]) {
    const calls = trace(args);
    const at = (pattern) => calls.findIndex((line) => pattern.test(line));
    const read = at(/ p?read(64)?\(\d+, "\\377\\330/);
    assert.ok(read > 0, `${args[0]}: no picture was read`);
    const filter = at(/ seccomp\(SECCOMP_SET_MODE_FILTER, .* = 0$/);
    assert.ok(filter >= 0 && filter < read, `${args[0]}: no filter of system calls`);
    // A kernel without Landlock refuses to state its version.
    assert.ok(at(/ landlock_create_ruleset\(NULL, 0, /) >= 0, `${args[0]}: Landlock is not tried`);
    const rules = at(/ landlock_restrict_self\(\d+, 0\) += 0$/);
    if (at(/ landlock_create_ruleset\(NULL, 0, .* = -1 /) < 0) assert.ok(rules >= 0 && rules < read, `${args[0]}: no Landlock`);
  }
});

test('a picture into one file', (t) => {
  checkAll(t, (out) => [COMMAND, 'resize', join(folder, 'a.jpg'), join(out, 'a.jpg'), '--size', '100x100', '--threads', '2']);
});

test('two pictures into four sizes each', (t) => {
  checkAll(t, (out) => [COMMAND, 'variants', '-o', out, join(folder, 'a.jpg'), join(folder, 'b.png')]);
});

// One picture, so that one thread renames its four files.
test('a rename that fails changes none of the outputs', (t) => {
  checkAll(t, (out) => [COMMAND, 'variants', '-o', out, join(folder, 'a.jpg')], { calls: ['rename'] });
});

test('an exchange that fails leaves all of the old outputs', (t) => {
  checkAll(t, (out) => [COMMAND, 'variants', '-o', out, join(folder, 'a.jpg')], { calls: ['renameat2'], is_old: true });
});
