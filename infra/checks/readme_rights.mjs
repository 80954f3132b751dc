// The policy of each function's role in its README, between <!-- BEGIN RIGHTS --> and <!-- END RIGHTS -->, as the plan
// of dev renders it. As a command: --write writes them anew.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Plan } from './plan.mjs';

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const READMES = {
  'image-processor': 'lambda/README.md',
  'email-sender': 'lambda/handlers/email/README.md',
  'settlement-report': 'lambda/handlers/settlement/README.md',
  'webhook-handler': 'lambda/handlers/webhook/README.md',
  'deploy-check': 'lambda/handlers/deploy/README.md',
};
const BLOCK = /<!-- BEGIN RIGHTS -->\n[\s\S]*?<!-- END RIGHTS -->/;
const WIDTH = 110;

// JSON with what fits into a line on one line.
function format(value, indent = '', before = 0) {
  const line = inLine(value);
  if (typeof value !== 'object' || value === null || indent.length + before + line.length < WIDTH) return line;
  const deeper = `${indent}  `;
  const parts = Array.isArray(value) ? value.map((one) => format(one, deeper)) : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${format(one, deeper, key.length + 4)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => `${deeper}${part}`).join(',\n')}\n${indent}${close}`;
}

function inLine(value) {
  if (Array.isArray(value)) return `[${value.map(inLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inLine(one)}`).join(', ')} }`;
}

const ORDER = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];
const ordered = (statement) => Object.fromEntries(ORDER.filter((key) => statement[key] !== undefined).map((key) => [key, statement[key]]));

// The text between the markers. Account, region and the endings of secrets are whatever they are deployed to.
export function rightsBlock(plan, one) {
  const { account, region } = plan.scope;
  const statements = one.policies.flatMap(({ policy }) => policy?.Statement ?? []);
  const text = format({ Version: '2012-10-17', Statement: statements.map(ordered) }).replaceAll('-AbCdEf"', '-??????"').replaceAll(account, 'ACCOUNT').replaceAll(`:${region}:`, ':REGION:');
  return `<!-- BEGIN RIGHTS -->\n\`\`\`json\n${text}\n\`\`\`\n<!-- END RIGHTS -->`;
}

const documented = (plan) => plan.functions.filter(({ kind }) => READMES[kind]).map((one) => ({ one, path: join(TOP, READMES[one.kind]), name: READMES[one.kind] }));

// Returns the faults, as sentences.
export function checkReadmes(plan, read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')) {
  return documented(plan).flatMap(({ one, path, name }) => {
    const [found] = read(path).match(BLOCK) ?? [];
    if (found === undefined) return `${name}: it has no policy between <!-- BEGIN RIGHTS --> and <!-- END RIGHTS -->`;
    return found === rightsBlock(plan, one) ? [] : `${name}: the policy is not the one that Terraform makes for ${one.name}; \`make infra-tables\` writes it`;
  });
}

export function writeReadmes(plan) {
  for (const { one, path } of documented(plan).filter((each) => existsSync(each.path))) {
    const text = readFileSync(path, 'utf8');
    if (BLOCK.test(text)) writeFileSync(path, text.replace(BLOCK, () => rightsBlock(plan, one)));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === '--write') writeReadmes(Plan.read('dev'));
