// Renders the plans of dev, prod and bootstrap into rendered/*.json (`make infra-plan`), for the checks that read values: with
// what AWS computes made up, so that each policy is concrete. A digest over all of Terraform's files says which
// tree a plan belongs to. Where Terraform is not installed, the committed plans are read.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PLANNED, renderedPath } from './plan.mjs';
import { Terraform } from './terraform.mjs';
import { CHECKS, filesBelow, INFRA } from './tree.mjs';

export const VALUES = 'terraform.tfvars.example';

// What a plan depends on: Terraform's files, the schema, and the values made up.
export function digestOf(infra = INFRA) {
  const hash = createHash('sha256');
  const files = [...filesBelow(infra, ['.tf', '.tfvars.example']), ...['data/aws-schema.json', 'newer-arguments.json', 'made_up.mjs', 'plans.mjs'].map((name) => join(CHECKS, name))];
  for (const file of files) hash.update(`${file.startsWith(infra) ? relative(infra, file) : relative(CHECKS, file)}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

// Arguments whose values are JSON are kept as objects.
const JSON_ARGUMENTS = ['policy', 'assume_role_policy', 'event_pattern', 'redrive_policy', 'redrive_allow_policy', 'dashboard_body'];

function reduced({ type, values: given }) {
  // With every computed value unknown, some resources have none.
  const values = given ?? {};
  const kept = {};
  for (const [name, value] of Object.entries(values)) {
    const is_empty = value === null || value === '' || (Array.isArray(value) && value.length === 0);
    if (is_empty || ['source_code_hash', 'timeouts', 'tags_all'].includes(name)) continue;
    kept[name] = JSON_ARGUMENTS.includes(name) && typeof value === 'string' ? JSON.parse(value) : value;
  }
  if (type === 'aws_lambda_function' && kept.filename) kept.filename = kept.filename.replace(/^.*build\/package/, 'build/package');
  return kept;
}

function resourcesOf(module) {
  const own = (module.resources ?? []).filter(({ mode }) => mode === 'managed')
    .map((one) => ({ address: one.address, type: one.type, name: one.name, values: reduced(one) }));
  return [...own, ...(module.child_modules ?? []).flatMap(resourcesOf)];
}

export function renderPlan(plan, digest, provider) {
  const resources = resourcesOf(plan.planned_values.root_module).sort((a, b) => (a.address < b.address ? -1 : 1));
  return { digest, provider, resources };
}

export function textOf(rendered) {
  const { resources, ...head } = rendered;
  // A resource a line: a change shows what it changes.
  return `${JSON.stringify(head).slice(0, -1)},"resources":[\n${resources.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`;
}

// One plan of PLANNED by a started Terraform; throws with Terraform's own words.
export async function plan(terraform, name, digest) {
  const folder = PLANNED[name];
  const steps = [() => terraform.init(folder), () => terraform.run(folder, ['plan', '-no-color', '-input=false', '-lock=false', `-var-file=${VALUES}`, '-out=plan.bin'])];
  for (const step of steps) {
    const { status, stdout, stderr } = await step();
    if (status !== 0) throw new Error(`terraform in ${folder}:\n${stderr || stdout}`);
  }
  const { status, stdout, stderr } = await terraform.run(folder, ['show', '-json', 'plan.bin']);
  if (status !== 0) throw new Error(stderr);
  return renderPlan(JSON.parse(stdout), digest, terraform.provider.name);
}

export const readRendered = (environment, infra = INFRA) => (existsSync(renderedPath(environment, infra)) ? JSON.parse(readFileSync(renderedPath(environment, infra), 'utf8')) : null);

async function main() {
  const terraform = await Terraform.start();
  const digest = digestOf();
  mkdirSync(join(INFRA, 'checks/rendered'), { recursive: true });
  try {
    for (const environment of Object.keys(PLANNED)) {
      const rendered = await plan(terraform, environment, digest);
      writeFileSync(renderedPath(environment), textOf(rendered));
      console.log(`infra/checks/rendered/${environment}.json: ${rendered.resources.length} resources, with ${rendered.provider}`);
    }
  } finally {
    terraform.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
