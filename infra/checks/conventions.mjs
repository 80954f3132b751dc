// How modules are written: variables and outputs described, typed and validated, versions stated, alarms that say how
// missing data counts, no secret's value, policies by jsonencode.
import { basename, join } from 'node:path';
import { at } from './report.mjs';

const PROVIDER = '>= 6.29, < 7';

const header = ({ kind, labels }) => [kind, ...labels];
const fault = (one, argument, text) => at(one.file, one.file.lineOf(header(one), argument), text);
const isModule = (module) => /\/modules\/[^/]+$/.test(module.folder);

// A value that goes to another module as it is, or as a field of an object, is validated there.
function isPassedOn(module, name) {
  const whole = `\${var.${name}}`;
  return module.of('module').some(({ body }) => Object.values(body).some((value) => JSON.stringify(value ?? '').includes(`"${whole}"`)));
}

function checkVariable(module, one) {
  const [name] = one.labels;
  const faults = [];
  const { type, description, validation } = one.body;
  const bad = (text) => faults.push(fault(one, null, `variable ${name} ${text}`));
  if (!type) bad('has no type');
  else if (/^\$\{\s*any\s*\}$|\bany\b/.test(type)) bad('has the type any');
  if (!description || description.length < 10) bad('has no description');
  else if (!/[.)]$/.test(description.trim())) bad('has a description that does not end with a full stop');
  // A bool has no value to refuse, and a map of tags none that AWS does not refuse itself.
  const is_free = /\bbool\}?$|map\(string\)/.test(String(type)) || ['tags', 'variables'].includes(name);
  if (isModule(module) && !validation && !is_free && !isPassedOn(module, name)) bad('has no validation');
  return faults;
}

function checkVersions(module) {
  const terraform = module.of('terraform').find(({ body }) => body.required_version);
  const providers = module.of('terraform').flatMap(({ body }) => [body.required_providers ?? []].flat());
  if (!terraform) return [at(module.files[0], 1, 'no required_version in this module')];
  const uses_aws = module.blocks.some(({ kind, labels }) => (kind === 'resource' || kind === 'data') && labels[0].startsWith('aws_'));
  const aws = providers.map((one) => one.aws).find(Boolean);
  if (!uses_aws && !aws) return [];
  return aws?.source === 'hashicorp/aws' && aws?.version === PROVIDER ? [] : [at(terraform.file, terraform.file.lineOf(['terraform']), `the provider aws is not hashicorp/aws ${PROVIDER}`)];
}

// The modules that make log groups, queues, ... are checked by their plans; here is what a plan does not show.
function checkResource(one) {
  const [type, name] = one.labels;
  const faults = [];
  if (type === 'aws_cloudwatch_metric_alarm' && one.body.treat_missing_data === undefined) faults.push(fault(one, null, `alarm ${name} does not state treat_missing_data`));
  if (type === 'aws_secretsmanager_secret_version') faults.push(fault(one, null, `${type}.${name} puts a secret's value into the state`));
  if (type === 'random_password' || type === 'tls_private_key') faults.push(fault(one, null, `${type}.${name} keeps a secret in the state`));
  for (const argument of ['policy', 'assume_role_policy']) {
    const value = one.body[argument];
    if (typeof value === 'string' && !/^\$\{/.test(value)) faults.push(fault(one, argument, `${type}.${name}: ${argument} is written as text; use jsonencode`));
  }
  return faults;
}

// What `terraform fmt` would change and is found without it.
function checkLayout(file) {
  const faults = [];
  file.text.split('\n').forEach((line, i) => {
    if (/\t/.test(line)) faults.push(at(file, i + 1, 'a tab: Terraform files are indented by two spaces'));
    if (/[ \r]+$/.test(line)) faults.push(at(file, i + 1, 'blanks at the end of the line'));
    if (/^( {2})* [^ *]/.test(line) && !file.bare.split('\n')[i].trim() === false && /^( {2})* [a-z_]+ += /.test(line)) faults.push(at(file, i + 1, 'indented by an odd number of spaces'));
  });
  if (file.text.length > 0 && !/[^\n]\n$/.test(file.text)) faults.push(at(file, file.text.split('\n').length, 'the file does not end with one line end'));
  return faults;
}

// Environments have the same files, by links, but for what is each one's own.
const OWN = ['environment.tf', 'backend.tf'];

export function checkSameFiles(modules) {
  const [first, ...others] = [...modules.values()].filter(({ folder }) => /\/environments\/[^/]+$/.test(folder));
  const textsOf = ({ files }) => new Map(files.map((file) => [basename(file.path), file]));
  return others.flatMap((other) => {
    const [one, two] = [textsOf(first), textsOf(other)];
    return [...new Set([...one.keys(), ...two.keys()])].filter((name) => (OWN.includes(name) ? !one.has(name) || !two.has(name) : one.get(name)?.text !== two.get(name)?.text))
      .map((name) => at(two.get(name) ?? join(other.folder, name), 1, `is not that of ${basename(first.folder)}: environments differ in ${OWN.join(' and ')} alone`));
  });
}

export function checkConventions(module) {
  return [
    ...module.of('variable').flatMap((one) => checkVariable(module, one)),
    ...module.of('output').filter(({ body }) => !body.description).map((one) => fault(one, null, `output ${one.labels[0]} has no description`)),
    ...module.of('resource').flatMap(checkResource),
    ...module.files.flatMap(checkLayout),
    ...checkVersions(module),
  ];
}
