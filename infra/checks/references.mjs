// What the code of a module refers to: variables, locals, modules and their outputs, resources and their attributes
// exist; what is declared is used; each call of a module gives the inputs that it has, and all that it needs.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { at } from './report.mjs';

const header = ({ kind, labels }) => [kind, ...labels];

function checkTraversal(module, modules, schema, { parts, line }, file, used) {
  const bad = (text) => [at(file, line, text)];
  const [root, first, second] = parts;
  const use = (kind, ...labels) => used.add([kind, ...labels].join(' '));
  if (root === 'var' || root === 'local') {
    const kind = root === 'var' ? 'variable' : 'local';
    use(kind, first);
    return module.find(kind, first) ? [] : bad(`${root}.${first} is not declared in this module`);
  }
  if (root === 'module') {
    const call = module.find('module', first);
    if (!call) return bad(`module.${first} is not declared`);
    const target = modules.get(resolve(module.folder, String(call.body.source ?? '')));
    const is_one = !call.body.count && !call.body.for_each;
    return target && second && second !== '*' && is_one && !target.find('output', second) ? bad(`module.${first} has no output ${second}`) : [];
  }
  const is_data = root === 'data';
  const [type, name, attribute] = is_data ? parts.slice(1) : parts;
  if (!is_data && !/^aws_/.test(root)) return [];
  if (!name) return [];
  use(is_data ? 'data' : 'resource', type, name);
  if (!module.find(is_data ? 'data' : 'resource', type, name)) return bad(`${is_data ? 'data.' : ''}${type}.${name} is not declared in this module`);
  const known = schema[is_data ? 'data' : 'resource'][type];
  if (!known || !attribute || attribute === '*') return [];
  return known.attributes[attribute] || known.block_types[attribute] ? [] : bad(`${type} has no attribute ${attribute}`);
}

function checkCall(module, modules, call) {
  const { file, labels, body } = call;
  const bad = (argument, text) => at(file, file.lineOf(header(call), argument), `module.${labels[0]}: ${text}`);
  const folder = resolve(module.folder, String(body.source ?? ''));
  if (!body.source || !existsSync(folder)) return [bad('source', `there is no folder ${body.source}`)];
  const target = modules.get(folder);
  if (!target) return [bad('source', `${body.source} holds no Terraform files`)];
  const inputs = Object.keys(body).filter((name) => !['source', 'version', 'count', 'for_each', 'providers', 'depends_on'].includes(name));
  const unknown = inputs.filter((name) => !target.find('variable', name)).map((name) => bad(name, `${body.source} has no input ${name}`));
  const missing = target.of('variable').filter((one) => one.body.default === undefined && !inputs.includes(one.labels[0])).map((one) => bad(null, `the input ${one.labels[0]} of ${body.source} is missing`));
  return [...unknown, ...missing];
}

export function checkReferences(module, modules, schema) {
  const used = new Set();
  const faults = [];
  for (const file of module.files) for (const one of file.traversals()) faults.push(...checkTraversal(module, modules, schema, one, file, used));
  for (const call of module.of('module')) faults.push(...checkCall(module, modules, call));
  for (const one of module.blocks.filter(({ kind }) => ['variable', 'local', 'data'].includes(kind))) {
    // A variable's own validation reads it as well.
    const text = module.files.map((file) => file.bare).join('\n');
    const name = `var.${one.labels[0]}`;
    const own = one.kind === 'variable' ? JSON.stringify(one.body.validation ?? []).split(name).length - 1 : 0;
    const all = one.kind === 'variable' ? text.match(new RegExp(`\\bvar\\.${one.labels[0]}\\b`, 'g'))?.length ?? 0 : Infinity;
    if (!used.has(header(one).join(' ')) || all <= own) faults.push(at(one.file, one.kind === 'local' ? lineOfLocal(one) : one.file.lineOf(header(one)), `${one.kind} ${one.labels.join('.')} is declared and never used`));
  }
  return faults;
}

const lineOfLocal = ({ file, labels }) => file.lineOf(['locals'], labels[0]);
export const moduleFolder = (infra, name) => join(infra, 'modules', name);
