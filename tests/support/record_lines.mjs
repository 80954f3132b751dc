// Writes infra/checks/log-shapes.jsonl: runs the tests of the functions, which drive them through all that they report,
// and keeps the shapes of the lines that they wrote (lambda/local/lines.mjs).
//
//   record_lines.mjs [FILE]      FILE: shapes that were recorded already
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../..');
const OUT = join(TOP, 'infra/checks/log-shapes.jsonl');
const TESTS = ['image', 'image_rejects', 'image_reread', 'image_events', 'image_faults', 'email', 'email_events', 'email_faults', 'webhook', 'webhook_toss', 'webhook_faults',
  'settlement', 'settlement_queue', 'settlement_faults', 'settlement_watch', 'deploy'];

// One line for each message of a function, with all fields that any of its lines had, and one for each metric.
export function merged(shapes) {
  const all = new Map();
  for (const shape of shapes) {
    const { fields, ...rest } = shape;
    const key = JSON.stringify(rest);
    all.set(key, fields ? { ...rest, fields: [...new Set([...(all.get(key)?.fields ?? []), ...fields])].sort() } : rest);
  }
  return [...all.keys()].sort().map((key) => all.get(key));
}

const folder = mkdtempSync(join(tmpdir(), 'lines-'));
try {
  let file = process.argv[2];
  if (!file) {
    file = join(folder, 'lines.jsonl');
    for (const name of TESTS) {
      const { status } = spawnSync(process.execPath, ['--test', join(TOP, `tests/lambda/test_${name}.mjs`)], { cwd: TOP, env: { ...process.env, RECORD_LINES: file }, stdio: ['ignore', 'ignore', 'inherit'] });
      if (status !== 0) throw new Error(`tests/lambda/test_${name}.mjs failed`);
    }
  }
  const shapes = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
  writeFileSync(OUT, `${merged(shapes).map((shape) => JSON.stringify(shape)).join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
