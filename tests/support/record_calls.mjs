// Writes infra/checks/calls.jsonl: record_calls.mjs [SCENARIO...]; without a name all are run, else the lines of the
// other functions stay.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECORDED, readCalls, toLines } from '../../infra/checks/recorded.mjs';
import { PROGRAMS, SCENARIOS } from './scenarios.mjs';

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(SCENARIOS);
const folder = mkdtempSync(join(tmpdir(), 'calls-'));
try {
  const calls = [];
  for (const name of names) {
    const file = join(folder, `${name}.jsonl`);
    await SCENARIOS[name](file);
    calls.push(...readCalls(file).filter((call) => call.function === PROGRAMS[name]));
  }
  const kept = readCalls(RECORDED).filter((call) => !names.some((name) => PROGRAMS[name] === call.function));
  writeFileSync(RECORDED, `${toLines([...kept, ...calls]).join('\n')}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
