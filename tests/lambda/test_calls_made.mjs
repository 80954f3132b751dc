// Each function is driven through everything that it asks of AWS: its calls are those of infra/checks/calls.jsonl, with
// which the policies of the roles are compared (test_rights.mjs). `make infra-calls` writes that file anew. The inputs
// of the schedules, as Terraform has them, are given to the functions: none is an event that they do not know.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Plan, renderedPath } from '../../infra/checks/plan.mjs';
import { RECORDED, readCalls, toLines } from '../../infra/checks/recorded.mjs';
import { fillInput } from '../../infra/checks/schedules.mjs';
import { samplePlan } from '../support/plan.mjs';
import { PROGRAMS, SCENARIOS } from '../support/scenarios.mjs';

const folder = mkdtempSync(join(tmpdir(), 'calls-'));
after(() => rmSync(folder, { recursive: true }));

const plan = existsSync(renderedPath('dev')) ? Plan.read('dev') : new Plan(samplePlan(), 'sample');
const inputsOf = (kind) => plan.functions.filter((one) => one.kind === kind).flatMap(({ schedules }) => schedules).map(({ input }) => fillInput(input, '2025-11-03T00:00:00Z'));

for (const [name, run] of Object.entries(SCENARIOS)) {
  test(`the calls of ${PROGRAMS[name]} are those that are written down`, async () => {
    const file = join(folder, `${name}.jsonl`);
    await run(file, inputsOf(PROGRAMS[name]));
    // Calls of the functions that a deployment's check invokes are theirs.
    const lines = toLines(readCalls(file).filter((call) => call.function === PROGRAMS[name]));
    assert.ok(lines.length >= 2);
    const written = toLines(readCalls(RECORDED).filter((call) => call.function === PROGRAMS[name]));
    // One that only another order of threads or times makes is no difference: calls of the inputs of schedules go to
    // the same resources.
    assert.deepEqual(lines.filter((line) => !written.includes(line)), [], 'calls that infra/checks/calls.jsonl does not have');
    assert.deepEqual(written.filter((line) => !lines.includes(line)), [], 'calls that were not made');
  });
}

test('there are inputs of schedules', () => {
  assert.ok(inputsOf('settlement-report').length >= 4 && inputsOf('webhook-handler').length >= 1);
});
