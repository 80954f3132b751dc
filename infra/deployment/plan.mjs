// What infra/deploy works on: the output `deploy` of an environment.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const INFRA = dirname(dirname(fileURLToPath(import.meta.url)));

export class PlanError extends Error {}

const isText = (value) => typeof value === 'string' && value !== '';
const isVersion = (value) => /^[1-9]\d*$/.test(value ?? '');

function checkFunction(key, one) {
  const faults = ['function_name', 'alias', 'group', 'strategy'].filter((name) => !isText(one?.[name]));
  if (!isVersion(one?.published_version)) faults.push('published_version');
  if (!Array.isArray(one?.alarms) || !one.alarms.every(isText)) faults.push('alarms');
  if (faults.length > 0) throw new PlanError(`the output deploy is not that of this release: functions.${key}: ${faults.join(', ')}`);
  return { key, ...one };
}

function outputsOf(environment, file) {
  if (file) return readFileSync(file, 'utf8');
  return execFileSync('terraform', [`-chdir=${join(INFRA, 'environments', environment)}`, 'output', '-json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

// {application, hook, functions: [{key, function_name, alias, published_version, group, strategy, alarms, is_checked,
// migrates}]} of an environment. file: what `terraform output -json` wrote; null: it is run.
export function readPlan(environment, file) {
  let outputs;
  try {
    outputs = JSON.parse(outputsOf(environment, file));
  } catch (error) {
    throw new PlanError(`the outputs of ${environment} cannot be read: ${error.message}`);
  }
  const plan = outputs.deploy?.value;
  if (!isText(plan?.application) || !isText(plan?.hook) || typeof plan?.functions !== 'object') {
    throw new PlanError('there is no output deploy: run terraform apply first');
  }
  if (!plan.application.endsWith(`-${environment}`)) throw new PlanError(`the outputs are those of ${plan.application}, not of ${environment}`);
  return { ...plan, functions: Object.entries(plan.functions).map(([key, one]) => checkFunction(key, one)) };
}

// The functions to deploy, each with its `target`: the published version, or the one that `to` names for its key.
export function chooseTargets(plan, keys, to) {
  const known = plan.functions.map(({ key }) => key);
  for (const key of [...keys, ...Object.keys(to)]) {
    if (!known.includes(key)) throw new PlanError(`no function ${key}: there are ${known.join(', ')}`);
  }
  for (const [key, version] of Object.entries(to)) {
    if (!isVersion(version)) throw new PlanError(`--to ${key}=${version}: a version is a number`);
  }
  const wanted = new Set([...keys, ...Object.keys(to)]);
  return plan.functions.filter(({ key }) => wanted.size === 0 || wanted.has(key)).map((one) => ({ ...one, target: to[one.key] ?? one.published_version }));
}
