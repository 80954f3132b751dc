// The command under failing system calls, one in each run: each call it makes fails once, or from one on.
// An output is complete and identical to that of an undisturbed run, or absent; status 0 means that all are
// there; what is missing has a reason on standard error; no temporary file is left; nothing crashes or hangs.
// TEST_LONG: every fault; otherwise a sample of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD } from '../support/lambda.mjs';
import { callsOf, failing, faultsOf, nameOf, sampleOf } from '../support/system_calls.mjs';

const COMMAND = join(BUILD, 'bin/imgcore');
const SAMPLE = 25;
const LIMIT_MS = 20000;
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

const filesBelow = (where) => (existsSync(where) ? readdirSync(where, { recursive: true }) : [])
  .filter((name) => statSync(join(where, name)).isFile()).sort();

// Checks one run of command(out) under a fault.
function check(fault, command, wanted, { is_report_lost }) {
  const out = join(folder, 'out');
  mkdirSync(out);
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
    for (const name of made.filter((one) => wanted.has(one))) {
      assert.ok(readFileSync(join(out, name)).equals(wanted.get(name)), `${what}: ${name} is not complete`);
    }
    if (status === 0) assert.equal(made.length, wanted.size, `${what}: an output is missing`);
    else if (!is_report_lost(fault)) assert.notEqual(stderr, '', `${what}: no reason`);
    return status;
  } finally {
    rmSync(out, { recursive: true });
  }
}

function checkAll(t, command) {
  const out = join(folder, 'undisturbed');
  mkdirSync(out);
  const counts = callsOf(command(out));
  const wanted = new Map(filesBelow(out).map((name) => [name, readFileSync(join(out, name))]));
  rmSync(out, { recursive: true });
  assert.ok(wanted.size > 0);
  const faults = faultsOf(counts);
  assert.ok(faults.length > 200, `${faults.length} faults`);
  const statuses = {};
  const failures = [];
  // Where writing fails, so does the report of it.
  const is_report_lost = ({ call, stays }) => call === 'write' || call === 'writev' || (stays && call === 'close');
  for (const fault of process.env.TEST_LONG ? faults : sampleOf(faults, SAMPLE)) {
    try {
      const status = check(fault, command, wanted, { is_report_lost });
      assert.ok([0, 1, 2, LOADER_FAILED].includes(status), `${nameOf(fault)}: status ${status}`);
      statuses[status] = (statuses[status] ?? 0) + 1;
    } catch (failure) {
      failures.push(failure.message);
      console.log(`# ${failure.message}`);
    }
  }
  assert.deepEqual(failures, []);
  t.diagnostic(`${faults.length} faults; by exit status: ${JSON.stringify(statuses)}`);
  assert.ok(statuses[0] > 0 && statuses[1] > 0, JSON.stringify(statuses));
}

test('a picture into one file', (t) => {
  checkAll(t, (out) => [COMMAND, 'resize', join(folder, 'a.jpg'), join(out, 'a.jpg'), '--size', '100x100', '--threads', '2']);
});

test('two pictures into four sizes each', (t) => {
  checkAll(t, (out) => [COMMAND, 'variants', '-o', out, join(folder, 'a.jpg'), join(folder, 'b.png')]);
});
