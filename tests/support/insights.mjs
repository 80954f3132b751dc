// Runs a saved query of Logs Insights over log lines: the commands and functions that the queries of
// infra/modules/observability use, and no other. Syntax and meaning: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
// CWL_QuerySyntax.html and the pages of its commands. true is 1 and false is 0 there:
// github.com/aws-powertools/powertools-lambda-dotnet/issues/667.

const TOKEN = /\s*(?:("[^"]*")|([@A-Za-z_][\w.]*)|(\d+(?:\.\d+)?[smhd]?)|(<=|>=|!=|[=<>(),*]))/y;

function tokensOf(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (/\S/.test(text.slice(TOKEN.lastIndex))) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw new Error(`cannot be read: ${text.slice(at)}`);
    const [, quoted, name, number, sign] = found;
    tokens.push(quoted !== undefined ? { text: quoted.slice(1, -1) } : number !== undefined ? { number } : { word: name ?? sign });
  }
  return tokens;
}

class Reader {
  constructor(text, known) {
    Object.assign(this, { text, known, tokens: tokensOf(text), at: 0 });
  }

  get next() { return this.tokens[this.at]?.word; }

  get isAtEnd() { return this.at === this.tokens.length; }

  take() { return this.tokens[this.at++] ?? {}; }

  has(word) {
    if (this.next !== word) return false;
    this.at += 1;
    return true;
  }

  need(word) {
    if (!this.has(word)) throw new Error(`no ${word} where it is needed: ${this.text}`);
  }

  name() {
    const { word } = this.take();
    if (!/^[@A-Za-z_]/.test(word ?? '')) throw new Error(`no name where one is needed: ${this.text}`);
    return word;
  }

  field() {
    const name = this.name();
    if (!this.known.has(name)) throw new Error(`no line has the field ${name}`);
    return name;
  }

  list(read) {
    const all = [read()];
    while (this.has(',')) all.push(read());
    return all;
  }
}

// ---------------------------------------------------------------------- filter

const OPERATORS = { '=': (a, b) => a === b, '!=': (a, b) => a !== b, '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b };

function comparison(reader) {
  if (reader.has('(')) {
    const inner = anyOf(reader);
    reader.need(')');
    return inner;
  }
  if (reader.has('ispresent')) {
    reader.need('(');
    const field = reader.field();
    reader.need(')');
    return (row) => row[field] !== undefined;
  }
  const field = reader.field();
  const { word } = reader.take();
  const compare = OPERATORS[word];
  const { text, number } = reader.take();
  if (!compare || (text === undefined && number === undefined)) throw new Error(`no comparison: ${reader.text}`);
  const value = text ?? Number(number);
  // What is missing is like nothing.
  return (row) => row[field] !== undefined && compare(text === undefined ? Number(row[field]) : String(row[field]), value);
}

function allOf(reader) {
  const parts = [comparison(reader)];
  while (reader.has('and')) parts.push(comparison(reader));
  return (row) => parts.every((part) => part(row));
}

function anyOf(reader) {
  const parts = [allOf(reader)];
  while (reader.has('or')) parts.push(allOf(reader));
  return (row) => parts.some((part) => part(row));
}

// ---------------------------------------------------------------------- stats

const numbers = (rows, field) => rows.map((row) => row[field]).filter((value) => value !== undefined).map(Number);
const orNone = (values, of) => (values.length === 0 ? undefined : of(values));
const sum = (values) => values.reduce((a, b) => a + b, 0);
const FUNCTIONS = {
  count: (rows) => rows.length,
  sum: (rows, field) => orNone(numbers(rows, field), sum),
  avg: (rows, field) => orNone(numbers(rows, field), (values) => sum(values) / values.length),
  max: (rows, field) => orNone(numbers(rows, field), (values) => Math.max(...values)),
  pct: (rows, field, percent) => orNone(numbers(rows, field).sort((a, b) => a - b), (values) => values[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)]),
  latest: (rows, field) => rows.filter((row) => row[field] !== undefined).toSorted((a, b) => a['@timestamp'] - b['@timestamp']).at(-1)?.[field],
};
const UNITS_MS = { s: 1000, m: 60000, h: 3600000, d: 86400000 };

function aggregate(reader) {
  const name = reader.name();
  const run = FUNCTIONS[name];
  if (!run) throw new Error(`no function of stats is called ${name}`);
  reader.need('(');
  const field = reader.has('*') ? null : reader.field();
  const percent = reader.has(',') ? Number(reader.take().number) : null;
  reader.need(')');
  reader.need('as');
  return { as: reader.name(), run: (rows) => run(rows, field, percent) };
}

function groupKey(reader) {
  if (!reader.has('bin')) {
    const field = reader.field();
    return { as: field, of: (row) => row[field] };
  }
  reader.need('(');
  const { number } = reader.take();
  reader.need(')');
  const step_ms = parseInt(number, 10) * UNITS_MS[number.at(-1)];
  return { as: `bin(${number})`, of: (row) => Math.floor(row['@timestamp'] / step_ms) * step_ms };
}

function stats(reader) {
  const aggregates = reader.list(() => aggregate(reader));
  reader.need('by');
  const keys = reader.list(() => groupKey(reader));
  reader.known.clear();
  for (const { as } of [...keys, ...aggregates]) reader.known.add(as);
  return (rows) => [...Map.groupBy(rows, (row) => JSON.stringify(keys.map(({ of }) => of(row) ?? null))).values()].map((group) => Object.fromEntries([
    ...keys.map(({ as, of }) => [as, of(group[0])]), ...aggregates.map(({ as, run }) => [as, run(group)])]));
}

// ---------------------------------------------------------------------- the commands

const escaped = (text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

// Each star of the pattern is a field; a line that it does not fit stays without them.
function parse(reader) {
  const field = reader.field();
  const { text } = reader.take();
  reader.need('as');
  const names = reader.list(() => reader.name());
  if (text?.split('*').length !== names.length + 1) throw new Error(`as many names as stars: ${reader.text}`);
  names.forEach((name) => reader.known.add(name));
  const pattern = new RegExp(escaped(text).replaceAll('*', '(.*?)') + (text.endsWith('*') ? '$' : ''));
  return (rows) => rows.map((row) => {
    const found = pattern.exec(row[field] ?? '');
    return found ? { ...row, ...Object.fromEntries(names.map((name, i) => [name, found[i + 1]])) } : row;
  });
}

function sort(reader) {
  const field = reader.field();
  const sign = reader.has('desc') ? -1 : (reader.has('asc'), 1);
  const order = (a, b) => (a === b ? 0 : a === undefined ? -1 : b === undefined || a > b ? 1 : -1);
  return (rows) => rows.toSorted((a, b) => sign * order(a[field], b[field]));
}

const COMMANDS = {
  filter: (reader) => { const is_it = anyOf(reader); return (rows) => rows.filter(is_it); },
  stats,
  parse,
  sort,
  limit: (reader) => { const { number } = reader.take(); return (rows) => rows.slice(0, Number(number)); },
};

// The lines as Logs Insights has them: flat, with what it adds. true and false are 1 and 0, null is no field.
export function flat(value, path = '') {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object') return { [path]: typeof value === 'boolean' ? Number(value) : value };
  return Object.assign({}, ...Object.entries(value).map(([name, one]) => flat(one, path === '' ? name : `${path}.${name}`)));
}

// The rows of a query's result, each with the columns that it shows. Throws where the query cannot be read, or names a
// field that none of the lines has.
export function runQuery(query, lines) {
  const known = new Set(lines.flatMap((line) => Object.keys(line)));
  let columns = null;
  let rows = lines;
  for (const command of query.split('|').map((text) => text.trim())) {
    const [, name, rest] = /^(\w+)\s+([\s\S]*)$/.exec(command) ?? [];
    const reader = new Reader(rest ?? '', known);
    if (name === 'fields') columns = [...columns ?? [], ...reader.list(() => reader.field())];
    else if (COMMANDS[name]) rows = COMMANDS[name](reader)(rows);
    else throw new Error(`no command is called ${name}`);
    if (!reader.isAtEnd) throw new Error(`too much: ${command}`);
  }
  return columns ? rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))) : rows;
}
