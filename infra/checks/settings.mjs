// The names of environment variables: those that each function's sources read against those that the plan sets, both
// ways. What no plan sets is listed, with the reason, in unset-settings.json. Keys that Lambda reserves are refused:
// an apply would fail.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const TOP = join(HERE, '../..');
export const UNSET = JSON.parse(readFileSync(join(HERE, 'unset-settings.json'), 'utf8')).settings;

// lambda/latest/dg/configuration-envvars.html, "Reserved environment variables"; the names of the log's level and
// format are set by logging_config. AWS_LAMBDA_EXEC_WRAPPER and AWS_XRAY_* besides are set by Lambda, too.
const RESERVED = /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|AWS_ACCESS_KEY(_ID)?|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AWS_XRAY_\w+|LAMBDA_\w+)$/;

// Shared by all functions, and what each library of lambda/functions.mk brings.
const COMMON = ['lambda/runtime', 'lambda/clients', 'lambda/events', 'services/aws', 'services/base'];
const LIBRARIES = { imgcore: [], email: ['services/email'], db: ['services/db'], webhook: ['services/webhook'], settlement: ['services/settlement'] };
// Commands for people, which no function runs.
const BY_HAND = /\/(tools|cli_|commands?[._]|command_|dead_letters_?)/;

const filesOf = (folder) => readdirSync(join(TOP, folder)).map((name) => `${folder}/${name}`)
  .flatMap((path) => (statSync(join(TOP, path)).isDirectory() ? filesOf(path) : path.endsWith('.c') ? [path] : []));

// A call of a reader, up to its end; the literals in it that look like a name. Readers of a function's own formats are
// in its settings.c.
const READER = /\b(?:svc_setting|db_settings_read)\w*\s*\(([^;{}]*)/g;
const OWN_READER = /\bread_\w+\s*\(([^;{}]*)|\b(?:\w+_)?names?\[[^\]]*\]\s*=\s*([^;]*)/g;
// A table of names that a loop reads.
const TABLE = /\bsettings\[\]\s*=\s*([^;]*)/g;
const LITERAL = /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"/g;

export function namesIn(path, text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  const matches = [...code.matchAll(READER), ...code.matchAll(TABLE), ...(path.endsWith('/settings.c') ? code.matchAll(OWN_READER) : [])];
  return matches.flatMap(([, call, name]) => [...(call ?? name).matchAll(LITERAL)].map((match) => match[1])).filter((name) => name.length > 2);
}

// program -> the folders of its sources.
function programs() {
  const lines = readFileSync(join(TOP, 'lambda/functions.mk'), 'utf8').matchAll(/^\$\(eval \$\(call function,([^,]+),([^,]+),[^,]*,[^,]*,([^)]*)\)\)/gm);
  return new Map([...lines].map(([, program, handler, libraries]) =>
    [program, [...COMMON, `lambda/handlers/${handler}`, ...libraries.trim().split(/\s+/).flatMap((name) => LIBRARIES[name] ?? [])]]));
}

export const sourcesOf = (program) => programs().get(program).flatMap(filesOf).filter((path) => !BY_HAND.test(path)).map((path) => join(TOP, path));

// program -> the names that its sources read.
export const readNames = () =>
  Object.fromEntries([...programs().keys()].map((program) => [program, new Set(sourcesOf(program).flatMap((path) => namesIn(path, readFileSync(path, 'utf8'))))]));

const isUnset = (kind, name) => UNSET.some(({ functions, names }) => (functions.includes('*') || functions.includes(kind)) && names.some((one) => one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1)))));

// plans: all environments; a setting that one of them sets is set. read: see readNames. Returns the faults.
export function checkSettings(plans, read = readNames()) {
  const faults = [];
  const set = new Map(); // kind -> names
  for (const plan of plans) {
    for (const one of plan.functions) {
      const names = read[one.program];
      if (!names) {
        faults.push(`${one.name}: no program is called ${one.program}`);
        continue;
      }
      set.set(one.kind, new Set([...(set.get(one.kind) ?? []), ...Object.keys(one.environment)]));
      for (const [name, value] of Object.entries(one.environment)) {
        if (RESERVED.test(name)) faults.push(`${one.name}: the key ${name} is reserved by Lambda`);
        else if (!names.has(name)) faults.push(`${one.name}: sets ${name}, which no source of ${one.program} reads`);
        if (value === '') faults.push(`${one.name}: ${name} is empty`);
      }
    }
  }
  for (const [kind, names] of set) {
    for (const name of read[kind.split(' ')[0]]) {
      if (!names.has(name) && !isUnset(kind, name)) faults.push(`${kind} reads ${name}, which no environment sets, and unset-settings.json has no reason for it`);
    }
  }
  return [...faults, ...stale(set, read)];
}

// Reasons for what is set, or for what nothing reads.
function stale(set, read) {
  const faults = [];
  for (const { functions, names } of UNSET) {
    for (const name of names.filter((one) => !one.endsWith('*'))) {
      const kinds = functions.includes('*') ? [...set.keys()] : functions.filter((kind) => set.has(kind));
      if (kinds.length > 0 && kinds.every((kind) => set.get(kind).has(name))) faults.push(`unset-settings.json: ${name} is set by all of ${kinds.join(', ')}`);
      if (kinds.length > 0 && !kinds.some((kind) => read[kind.split(' ')[0]]?.has(name))) faults.push(`unset-settings.json: nothing reads ${name} in ${kinds.join(', ')}`);
    }
  }
  return faults;
}
