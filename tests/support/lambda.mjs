// What the tests of the Lambda side share: where things are, other programs, waiting.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const BUILD = join(TOP, process.env.BUILD ?? 'build/release');
export const IMAGE_PROCESSOR = join(BUILD, 'lambda/image-processor');
export const EMAIL_SENDER = join(BUILD, 'lambda/email-sender');
// The node of setup.sh, which does not warn of SQLite.
export const NODE = join(TOP, 'build/local/node');
export const TINY = [process.execPath, join(TOP, 'tests/support/tiny_runtime.mjs')];
// For functions in tests that are not about time limits: a loaded machine is no failure.
export const NO_HURRY = { timeout_ms: 60000, init_timeout_ms: 60000 };
// Debian's own is preferred to another one in PATH.
export const AWS = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : null;
export const PYTHON = '/usr/bin/python3';

// Runs a program to its end: {status, stdout, stderr}.
export function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20, timeout: 120000, ...options }, (error, stdout, stderr) => {
      done({ status: error ? (typeof error.code === 'number' ? error.code : 127) : 0, stdout, stderr });
    });
    child.stdin?.end(options.input);
  });
}

// Debian's aws against a cloud.
export const aws = (cloud, args, environment = {}) =>
  run(AWS, ['--endpoint-url', cloud.front.url, ...args], {
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8', ...cloud.clientEnvironment(), ...environment },
  });

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Waits until the condition holds; fails after limit_ms.
export async function until(condition, what, limit_ms = 60000) {
  const end_ms = Date.now() + limit_ms;
  while (!(await condition())) {
    if (Date.now() > end_ms) throw new Error(`gave up waiting until ${what}`);
    await sleep(10);
  }
}

export const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
