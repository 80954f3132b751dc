// The tables of inputs and outputs in each module's README, between marks, from its variables and outputs.
// `make infra-tables` writes them; `make infra-check` is red if one is not current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { at } from './report.mjs';

const BEGIN = '<!-- BEGIN inputs and outputs: written by `make infra-tables` -->';
const END = '<!-- END inputs and outputs -->';

const cell = (text) => String(text).replace(/\s+/g, ' ').replaceAll('|', '\\|').trim();
const bare = (expression) => String(expression ?? '').replace(/^\$\{([\s\S]*)\}$/, '$1');
// A long object type is in variables.tf; the table says what it is.
const typeOf = (type) => (bare(type).length > 60 ? `${bare(type).match(/^(\w+\((object)?|object)/)?.[0].replace('(', ' of ') ?? 'object'}` : cell(bare(type)));
const defaultOf = ({ default: value }) => (value === undefined ? '' : `\`${cell(typeof value === 'string' && value.startsWith('${') ? bare(value) : JSON.stringify(value))}\``);

function table(head, rows) {
  return rows.length === 0 ? [] : [`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.join(' | ')} |`), ''];
}

export function tablesOf(module) {
  const byName = (a, b) => (a.labels[0] < b.labels[0] ? -1 : 1);
  const variables = [...module.of('variable')].sort((a, b) => (a.body.default === undefined) !== (b.body.default === undefined) ? (a.body.default === undefined ? -1 : 1) : byName(a, b));
  const inputs = variables.map(({ labels, body }) => [`\`${labels[0]}\``, `\`${typeOf(body.type)}\``, body.default === undefined ? 'required' : defaultOf(body), cell(body.description ?? '')]);
  const outputs = [...module.of('output')].sort(byName).map(({ labels, body }) => [`\`${labels[0]}\``, cell(body.description ?? '')]);
  return [BEGIN, '', ...table(['Input', 'Type', 'Default', 'Description'], inputs), ...table(['Output', 'Description'], outputs), END].join('\n');
}

const pathOf = (module) => join(module.folder, 'README.md');

function withTables(module, text) {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  return begin < 0 || end < begin ? `${text.trimEnd()}\n\n${tablesOf(module)}\n` : text.slice(0, begin) + tablesOf(module) + text.slice(end + END.length);
}

export function checkTables(module) {
  if (!existsSync(pathOf(module))) return [at(pathOf(module), 1, 'is missing: run `make infra-tables`')];
  const text = readFileSync(pathOf(module), 'utf8');
  return withTables(module, text) === text ? [] : [at(pathOf(module), text.slice(0, Math.max(0, text.indexOf(BEGIN))).split('\n').length, 'the table of inputs and outputs is not current: run `make infra-tables`')];
}

export function writeTables(module) {
  const path = pathOf(module);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : `# ${basename(module.folder)}\n`;
  const written = withTables(module, text);
  if (written === text) return false;
  writeFileSync(path, written);
  return true;
}
