// Writes infra/checks/calls.jsonl: record_calls.mjs [SCENARIO...]; without a name all are run anew, else the lines of
// the other functions stay.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECORDED, readCalls, toLines } from '../../infra/checks/recorded.mjs';
import { SCENARIOS } from './scenarios.mjs';

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SCENARIOS);
const folder = mkdtempSync(join(tmpdir(), 'calls-'));
try {
  for (const name of names) await SCENARIOS[name](join(folder, `${name}.jsonl`));
  const calls = readCalls(folder);
  const made = new Set(calls.map((call) => call.function));
  const kept = process.argv.length > 2 ? readCalls(RECORDED).filter((call) => !made.has(call.function)) : [];
  writeFileSync(RECORDED, `${toLines([...kept, ...calls]).join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
