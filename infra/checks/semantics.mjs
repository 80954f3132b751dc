// The checks of the rendered plans against the code: rights, settings, schedules, queues, and the policies in the
// READMEs. As a command: semantics.mjs [--calls FOLDER], also against the calls that tests have recorded below
// FOLDER (build/CONFIG/calls); exit status 1 if anything is wrong, also if nothing was recorded.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENVIRONMENTS, Plan, renderedPath } from './plan.mjs';
import { checkQueues } from './queues.mjs';
import { checkReadmes } from './readme_rights.mjs';
import { RECORDED, readCalls } from './recorded.mjs';
import { checkRights } from './rights.mjs';
import { checkSchedules } from './schedules.mjs';
import { checkSettings } from './settings.mjs';

// plans: default: the rendered ones. calls: those of all functions; more: further ones, of which none may be
// forbidden. Returns the faults, as sentences that begin with the environment.
export function checkPlans({ plans = ENVIRONMENTS.filter((name) => existsSync(renderedPath(name))).map(Plan.read), calls = readCalls(RECORDED), more = [] } = {}) {
  const faults = plans.flatMap((plan) => {
    const all = [...checkRights(plan, calls), ...checkRights(plan, more, { is_whole: false }), ...checkSchedules(plan), ...checkQueues(plan)];
    return [...new Set(all)].map((text) => `${plan.name}: ${text}`);
  });
  return plans.length === 0 ? faults : [...faults, ...checkSettings(plans), ...checkReadmes(plans[0])];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { calls: { type: 'string' } } });
  const more = values.calls ? readCalls(values.calls) : [];
  const faults = values.calls && more.length === 0 ? [`no call was recorded below ${values.calls}: \`make test\` records them`] : checkPlans({ more });
  faults.forEach((text) => console.error(text));
  if (values.calls) console.log(`${more.length} recorded calls of ${new Set(more.map((call) => call.function)).size} programs\n${faults.length === 0 ? 1 : 0} passed, ${faults.length} failed`);
  process.exit(faults.length > 0 ? 1 : 0);
}
