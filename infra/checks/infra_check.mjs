// All checks of infra/ that need no account (`make infra-check`).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { checkArguments } from './arguments.mjs';
import { checkBootstrap } from './bootstrap.mjs';
import { Module } from './configuration.mjs';
import { checkConventions, checkSameFiles } from './conventions.mjs';
import { checkLimits } from './limits.mjs';
import { checkFormat, checkScripts, checkWorkflows, hasShellcheck, planUnknown, validate } from './others.mjs';
import { checkObservability } from './observability.mjs';
import { ENVIRONMENTS, Plan, PLANNED } from './plan.mjs';
import { digestOf, plan, readRendered, textOf } from './plans.mjs';
import { checkReferences } from './references.mjs';
import { at, format, inGeneral } from './report.mjs';
import { loadSchema } from './schema.mjs';
import { checkPlans } from './semantics.mjs';
import { checkTables, writeTables } from './tables.mjs';
import { hasTerraform, Terraform } from './terraform.mjs';
import { INFRA, ROOT } from './tree.mjs';

const HELP = `Use: infra_check.mjs [--json] [--no-terraform] [--tables]
Checks infra/ without an AWS account: Terraform's files against the provider's schema, references, conventions,
the rendered plans against AWS's limits and against the code, scripts, workflows, tables. Where terraform is
installed, Terraform's own validate and plan run as well, with the provider that is named.
  --json           one JSON object instead of lines: {passed, failed, skipped, checks: [{name, faults}]}
  --no-terraform   as on a machine without terraform
  --tables         write the tables of the modules' READMEs, and check nothing
INFRA_ROOT: check that folder instead of infra/.
Exit status: 0 all passed, 1 faults, 2 wrong usage or a check that could not run.`;

export async function loadModules(infra = INFRA) {
  const folders = ['modules', 'environments'].flatMap((kind) => (existsSync(join(infra, kind)) ? readdirSync(join(infra, kind)).sort().map((name) => join(infra, kind, name)) : []));
  const all = [...folders, join(infra, 'bootstrap')].filter((folder) => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.tf')));
  const modules = new Map();
  for (const folder of all) modules.set(folder, await Module.load(folder));
  return modules;
}

// ---------------------------------------------------------------------- the checks, each returning faults

// Both ways: what is checked everywhere, on the text of the files.
export function checkText(modules, schema, all = [...modules.values()]) {
  return [
    ['files parse', () => all.flatMap(({ errors }) => errors.map(({ file, line, text }) => at(file, line, text)))],
    ['arguments are those of the provider', () => all.flatMap((module) => checkArguments(module, schema))],
    ['references resolve, and what is declared is used', () => all.flatMap((module) => checkReferences(module, modules, schema))],
    ['variables, outputs and versions are stated', () => all.flatMap(checkConventions)],
    ['dev and prod are the same files', () => checkSameFiles(modules)],
    ['tables of inputs and outputs are current', () => all.flatMap(checkTables)],
  ];
}

// On plans: {name: rendered}. Those made from the files as they are, where Terraform is; else the committed ones.
export function checkRendered({ bootstrap = null, ...plans }) {
  const entries = Object.entries(plans);
  const all = bootstrap ? [...entries, ['bootstrap', bootstrap]] : entries;
  return [
    ['plans keep AWS\'s limits and the rules', () => all.flatMap(([name, rendered]) => checkLimits(rendered).map((text) => inGeneral(`${name}: ${text}`)))],
    ['plans fit the code: rights, settings, schedules, queues', () => checkPlans({ plans: entries.map(([name, rendered]) => new Plan(rendered, name)) }).map(inGeneral)],
    ['plans fit the functions\' lines: alarms, dashboard, saved queries', () => entries.flatMap(([name, rendered]) => checkObservability(rendered).map((text) => inGeneral(`${name}: ${text}`)))],
    ...(bootstrap ? [['deploy roles may make what is planned, and no administrator', () => checkBootstrap(bootstrap, plans).map(inGeneral)]] : []),
  ];
}

export async function withTerraform(infra, modules, digest, names = Object.keys(PLANNED)) {
  const terraform = await Terraform.start({ infra });
  const faults = [];
  const plans = {};
  try {
    for (const folder of [...modules.keys()].map((path) => path.slice(infra.length + 1)).filter((path) => /^(environments|bootstrap)/.test(path))) faults.push(...await validate(terraform, folder));
    if (faults.length === 0) for (const name of names) plans[name] = await plan(terraform, name, digest).catch((error) => { faults.push(inGeneral(error.message)); return null; });
  } finally {
    terraform.close();
  }
  return { faults, plans, provider: terraform.provider.name };
}

// Compared as text: with another version of Terraform the plan has the same resources.
function checkCurrent(infra, plans, digest) {
  return Object.keys(PLANNED).flatMap((name) => {
    const committed = readRendered(name, infra);
    const path = join(infra, 'checks/rendered', `${name}.json`);
    const is_current = committed?.digest === digest && (!plans[name] || textOf(committed) === textOf(plans[name]));
    return is_current ? [] : [at(path, 1, 'is not the plan of these files: run `make infra-plan` where terraform is installed')];
  });
}

// ---------------------------------------------------------------------- all of them

export async function checkAll({ infra = INFRA, has_terraform = hasTerraform(), report = () => {} } = {}) {
  const checks = [];
  const run = async (name, check, skipped = null) => {
    const faults = skipped ? [] : await check();
    checks.push({ name, skipped, faults });
    report(checks.at(-1));
    return faults;
  };
  const modules = await loadModules(infra);
  for (const [name, check] of checkText(modules, loadSchema())) await run(name, check);
  const digest = digestOf(infra);
  let plans = {};
  const missing = has_terraform ? null : 'terraform is not installed';
  await run('layout is terraform fmt\'s', () => checkFormat(infra), missing);
  await run('terraform validates and plans', async () => {
    const result = await withTerraform(infra, modules, digest);
    plans = Object.fromEntries(Object.entries(result.plans).filter(([, one]) => one !== null));
    report({ note: `Terraform ran with ${result.provider}` });
    return result.faults;
  }, missing);
  await run('plans need no value that is only known later', () => planUnknown(infra, Object.keys(PLANNED)), missing);
  await run('rendered plans are current', () => checkCurrent(infra, plans, digest));
  const used = Object.keys(plans).length === Object.keys(PLANNED).length ? plans : Object.fromEntries(Object.keys(PLANNED).map((name) => [name, readRendered(name, infra)]).filter(([, one]) => one));
  for (const [name, check] of checkRendered(used)) await run(name, check);
  await run('shell scripts', () => checkScripts([infra, join(ROOT, '.github')]), hasShellcheck() ? null : 'shellcheck is not installed');
  await run('workflows', () => checkWorkflows());
  return checks;
}

async function main() {
  let values;
  try {
    ({ values } = parseArgs({ options: { help: { type: 'boolean' }, json: { type: 'boolean' }, 'no-terraform': { type: 'boolean' }, tables: { type: 'boolean' } } }));
  } catch (error) {
    console.error(`${error.message}\n${HELP}`);
    return 2;
  }
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.tables) {
    for (const [folder, module] of await loadModules()) if (writeTables(module)) console.log(`${folder}/README.md`);
    return 0;
  }
  const show = ({ note, name, skipped, faults }) => {
    if (note) console.log(`        ${note}`);
    else if (skipped) console.log(`skipped infra infra-check: ${name} # ${skipped}`);
    else console.log([`${faults.length === 0 ? 'ok     ' : 'FAILED '} ${name}`, ...faults.map((one) => `        ${format(one)}`)].join('\n'));
  };
  const checks = await checkAll({ has_terraform: !values['no-terraform'] && hasTerraform(), report: values.json ? undefined : show });
  const failed = checks.filter(({ faults }) => faults.length > 0).length;
  const skipped = checks.filter((one) => one.skipped).length;
  const passed = checks.length - failed - skipped;
  if (values.json) console.log(JSON.stringify({ passed, failed, skipped, checks }, null, 2));
  else console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  return failed > 0 ? 1 : 0;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main().catch((error) => {
    console.error(error);
    return 2;
  });
  // The WebAssembly of Go leaves timers behind.
  process.exit();
}
