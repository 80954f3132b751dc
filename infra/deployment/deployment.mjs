// The steps of a deployment. All that can be refused is looked at before anything changes; then migrations; then
// traffic. Functions are deployed side by side: each version works with the version before of every other one.
import { appspec, revision } from './appspec.mjs';

const ENDED = ['Succeeded', 'Failed', 'Stopped'];

// Something that a person has to decide or mend first. Nothing was changed.
export class Refused extends Error {}

// The functions whose alias has another version, each with its `current` version.
export async function findChanges(aws, targets, say) {
  const changes = [];
  const faults = [];
  for (const target of targets) {
    const { version, is_moving } = await aws.alias(target.function_name, target.alias);
    if (is_moving) faults.push(`${target.key}: a deployment is under way; wait for it, or stop it`);
    else if (version === target.target) say(`${target.key}: version ${version} has the traffic already`);
    else changes.push({ ...target, current: version });
  }
  for (const change of changes) {
    const fault = await aws.versionFault(change.function_name, change.target);
    if (fault) faults.push(`${change.key}: version ${change.target} cannot take traffic: ${fault}`);
    const ringing = await aws.ringing(change.alarms);
    if (ringing.length > 0) faults.push(`${change.key}: CodeDeploy would roll back at once, because of ${ringing.join(', ')}`);
  }
  if (faults.length > 0) throw new Refused(faults.join('\n'));
  return changes;
}

// Forward only: an older version finds the newer tables, which it works with (infra/guides/on_call.md).
export const migratesFirst = (change) => change.migrates && Number(change.target) > Number(change.current);

// "7 current, 1 applied"
function countResults(migrations) {
  const counts = {};
  for (const { result } of migrations) counts[result] = (counts[result] ?? 0) + 1;
  return Object.entries(counts).map(([result, count]) => `${count} ${result}`).join(', ') || 'none';
}

// Runs the migrations of the new versions; platform null: the functions' own tables alone.
export async function migrate(aws, changes, { platform, dry_run }, say) {
  for (const change of changes.filter(migratesFirst)) {
    const event = { migrate: true, ...(platform ? { platform } : {}), ...(dry_run ? { dryRun: true } : {}) };
    const { failed, payload } = await aws.invoke(change.function_name, change.target, event);
    if (failed || !Array.isArray(payload?.migrations)) {
      throw new Refused(`${change.key}: the migrations of version ${change.target} failed: ${payload?.errorMessage ?? JSON.stringify(payload)}`);
    }
    say(`${change.key}: migrations${dry_run ? ' (dry run)' : ''}: ${countResults(payload.migrations)}`);
  }
}

export function describe(change) {
  const how = change.strategy === 'canary' ? '10 % for 15 minutes, then all' : 'all at once';
  const watched = change.alarms.length > 0 ? `, rolled back by ${change.alarms.join(', ')}` : '';
  return `${change.key}: version ${change.current} -> ${change.target}, ${how}${watched}`;
}

async function begin(aws, plan, change) {
  const spec = appspec(change, change.current, change.target, change.is_checked === false ? null : plan.hook);
  return aws.createDeployment(plan.application, change.group, revision(spec), `${change.key} ${change.current} -> ${change.target}`);
}

// Starts them all, then waits for each. Returns how many did not end with the new version.
export async function deploy(aws, plan, changes, { wait_ms, poll_ms, sleep }, say) {
  const running = [];
  let failures = 0;
  for (const change of changes) {
    try {
      running.push({ change, id: await begin(aws, plan, change), status: null });
      say(`${change.key}: deployment ${running.at(-1).id}`);
    } catch (error) {
      failures++;
      say(`${change.key}: NOT DEPLOYED: ${error.message}`);
    }
  }
  for (let waited = 0; running.some(({ is_done }) => !is_done); waited += poll_ms) {
    if (waited > wait_ms) {
      const open = running.filter(({ is_done }) => !is_done);
      for (const { change, id, status } of open) say(`${change.key}: still ${status} after ${Math.round(wait_ms / 60000)} minutes; it goes on: aws deploy get-deployment --deployment-id ${id}`);
      return failures + open.length;
    }
    for (const one of running.filter(({ is_done }) => !is_done)) failures += await look(aws, one, say);
    if (running.some(({ is_done }) => !is_done)) await sleep(poll_ms);
  }
  return failures;
}

// 1 if the deployment has ended with another version than the new one, else 0.
async function look(aws, one, say) {
  const { change, id } = one;
  const { status, error, rollback } = await aws.deployment(id);
  if (status !== one.status) say(`${change.key}: ${status}`);
  one.status = status;
  if (!ENDED.includes(status)) return 0;
  one.is_done = true;
  const { version } = await aws.alias(change.function_name, change.alias);
  if (status === 'Succeeded' && version === change.target) {
    say(`${change.key}: version ${version} has the traffic`);
    return 0;
  }
  say(`${change.key}: NOT DEPLOYED: ${error ?? `the deployment ended as ${status}`}; version ${version} has the traffic${rollback ? ` (rolled back by ${rollback})` : ''}`);
  return 1;
}
