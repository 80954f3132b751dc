// A function of the local cloud whose first process meets a failing system call (system_calls.mjs); the
// processes after it, as Lambda starts them, meet none.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countsOf, failing, faultsOf, nameOf, sampleOf } from './system_calls.mjs';

// $0: a folder that the first process makes; $1: the program; then the program under its fault.
const FIRST_FAILS = 'program=$1; shift; if mkdir "$0" 2>/dev/null; then exec "$@"; fi; exec "$program"';
// Of the thousands of faults, spread over them: TEST_FAULTS is their number, TEST_SEED (0 to 0.99) takes others.
const SAMPLE = Number(process.env.TEST_FAULTS ?? (process.env.TEST_LONG ? 300 : 6));
const SEED = Number(process.env.TEST_SEED ?? 0);
// Lambda's timeout: what waits for ever ends there, and enough for a machine that is loaded.
export const TIMEOUT_MS = 4000;

const place = (program) => ({ task_root: join(program, '..'), cwd: join(program, '..') });

// The config of a LambdaFunction whose first process has the fault; `flag` is a path that does not exist.
export const failingConfig = (fault, program, flag) => ({
  ...place(program),
  command: ['/bin/sh', '-c', FIRST_FAILS, flag, program, ...failing(fault, [program])],
  timeout_ms: TIMEOUT_MS,
  init_timeout_ms: TIMEOUT_MS,
});

// The faults of a program at some work: work(config) makes a function of the config and uses it.
export async function faultsAtWork(program, work) {
  const folder = mkdtempSync(join(tmpdir(), 'calls-'));
  try {
    const output = join(folder, 'calls');
    const target = await work({ ...place(program), command: ['/usr/bin/strace', '-f', '-D', '-qqq', '-o', output, program] });
    await target.stop(2000);
    const faults = faultsOf(countsOf(readFileSync(output, 'latin1')));
    assert.ok(faults.length > 300, `${faults.length} faults`);
    return sampleOf(faults, SAMPLE, SEED);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Calls job(fault, flag) for each fault, and fails with all that went wrong. A process may end for a fault,
// with a status; it must not crash.
export async function underEachFault(t, faults, job) {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  const failures = [];
  const counts = { done: 0, failed: 0 };
  try {
    for (const [i, fault] of faults.entries()) {
      try {
        const { result, target } = await job(fault, join(folder, String(i)));
        counts[result.error ? 'failed' : 'done'] += 1;
        const log = target.log.join('\n');
        assert.ok(!/signal: SIG(SEGV|ABRT|BUS|ILL|FPE)/.test(result.raw + log), result.raw);
        for (const secret of [target.config.credentials.secretAccessKey, target.config.credentials.sessionToken]) assert.ok(!log.includes(secret), 'a secret in the log');
        await target.stop(2000);
      } catch (failure) {
        failures.push(`${nameOf(fault)}: ${failure.message}`);
        console.log(`# ${failures.at(-1)}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  t.diagnostic(`${faults.length} faults; the first invocations: ${JSON.stringify(counts)}`);
  assert.deepEqual(failures, []);
  assert.ok(counts.done > 0 && counts.failed > 0, JSON.stringify(counts));
}
