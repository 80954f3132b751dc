// Every resource and data source against the AWS provider's schema: unknown types, arguments and blocks, arguments
// that only AWS sets, required ones that are missing, literals of the wrong type.
import { at } from './report.mjs';

const META = ['count', 'for_each', 'provider', 'depends_on', 'lifecycle', 'provisioner', 'connection'];
const isExpression = (value) => typeof value === 'string' && /^\$\{[\s\S]*\}$/.test(value);

function nearest(name, names) {
  const distance = (a, b) => {
    const row = [...Array(b.length + 1).keys()];
    for (let i = 1; i <= a.length; i += 1) {
      let before = row[0];
      row[0] = i;
      for (let j = 1; j <= b.length; j += 1) [before, row[j]] = [row[j], Math.min(row[j] + 1, row[j - 1] + 1, before + (a[i - 1] === b[j - 1] ? 0 : 1))];
    }
    return row[b.length];
  };
  const [best] = names.map((one) => [distance(name, one), one]).sort((a, b) => a[0] - b[0]);
  return best && best[0] <= Math.max(2, name.length / 3) ? `; is ${best[1]} meant?` : '';
}

// Whether a literal can be what the schema wants. Text with templates and whole expressions are Terraform's to check.
function isWrong(type, value) {
  if (value === null || isExpression(value)) return false;
  const kind = Array.isArray(type) ? type[0] : type;
  if (kind === 'string') return typeof value === 'object';
  if (kind === 'number') return typeof value === 'boolean' || typeof value === 'object' || (typeof value === 'string' && !/^-?\d+(\.\d+)?$/.test(value) && !value.includes('${'));
  if (kind === 'bool') return typeof value !== 'boolean' && !['true', 'false'].includes(value);
  if (kind === 'map' || kind === 'object') return typeof value !== 'object' || (Array.isArray(value) && value.length !== 1);
  if (kind === 'list' || kind === 'set') return !Array.isArray(value) && typeof value !== 'object';
  return false;
}

function checkBody({ file, header, path, body, schema, faults }) {
  const where = path.length === 0 ? header.slice(1).join('.') : `${header.slice(1).join('.')}, block ${path.join('.')}`;
  const bad = (name, text) => faults.push(at(file, file.lineOf(header, name), text));
  const { attributes, block_types } = schema;
  const dynamic = Object.entries(body.dynamic ?? {});
  const given = new Set([...Object.keys(body).filter((name) => name !== 'dynamic'), ...dynamic.map(([name]) => name)]);
  for (const [name, value] of Object.entries(body)) {
    if (name === 'dynamic' || (path.length === 0 && META.includes(name))) continue;
    if (block_types[name]) checkBlocks({ file, header, path, name, bodies: [value].flat(), type: block_types[name], faults });
    else if (!attributes[name]) bad(name, `${where}: no argument is called ${name}${nearest(name, [...Object.keys(attributes), ...Object.keys(block_types)])}`);
    else if (!attributes[name].optional && !attributes[name].required) bad(name, `${where}: ${name} is set by AWS, not by an argument`);
    else if (isWrong(attributes[name].type, value)) bad(name, `${where}: ${name} is a ${[attributes[name].type].flat()[0]}, not ${JSON.stringify(value)}`);
  }
  for (const [name, bodies] of dynamic) {
    if (!block_types[name]) {
      bad(name, `${where}: no block is called ${name}${nearest(name, Object.keys(block_types))}`);
      continue;
    }
    for (const { content } of [bodies].flat()) for (const inner of [content].flat()) checkBody({ file, header, path: [...path, name], body: inner ?? {}, schema: block_types[name].block, faults });
  }
  for (const [name, { required }] of Object.entries(attributes)) if (required && !given.has(name)) bad(path.at(-1), `${where}: the required argument ${name} is missing`);
  for (const [name, { min_items }] of Object.entries(block_types)) if (min_items > 0 && !given.has(name)) bad(path.at(-1), `${where}: the required block ${name} is missing`);
}

function checkBlocks({ file, header, path, name, bodies, type, faults }) {
  if (bodies.some((body) => typeof body !== 'object' || body === null)) {
    faults.push(at(file, file.lineOf(header, name), `${header.slice(1).join('.')}: ${name} is a block, not an argument with =`));
    return;
  }
  if (type.max_items && bodies.length > type.max_items) faults.push(at(file, file.lineOf(header, name), `${header.slice(1).join('.')}: ${bodies.length} blocks ${name}, at most ${type.max_items}`));
  for (const body of bodies) checkBody({ file, header, path: [...path, name], body, schema: type.block, faults });
}

export function checkArguments(module, schema) {
  const faults = [];
  for (const { kind, labels, body, file } of module.blocks) {
    if (kind === 'provider' && labels[0] === 'aws') {
      checkBody({ file, header: ['provider', 'aws'], path: [], body: Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'alias' && name !== 'endpoints')), schema: schema.configuration, faults });
    }
    if (kind !== 'resource' && kind !== 'data') continue;
    const header = [kind, ...labels];
    const known = schema[kind][labels[0]];
    if (labels[0] === 'terraform_data') continue;
    if (!known) faults.push(at(file, file.lineOf(header), `${labels[0]} is not in the reduced schema: a wrong name, or run \`make infra-schema\``));
    else checkBody({ file, header, path: [], body, schema: known, faults });
  }
  return faults;
}
