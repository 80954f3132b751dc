// A folder of Terraform files as the checks read it: the parsed blocks (npm's @cdktf/hcl2json, HashiCorp's own parser
// in WebAssembly), and the bare text of each file, in which references are found with their lines.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadHcl } from './packages.mjs';

// The text with comments and literal text blanked, but for what stands in ${...} and %{...}; lines stay.
export function bareText(text) {
  let out = '';
  let at = 0;
  const blank = (until) => { out += text.slice(at, until).replace(/[^\n]/g, ' '); at = until; };
  const keep = (until) => { out += text.slice(at, until); at = until; };
  const endOf = (needle) => { const found = text.indexOf(needle, at); return found < 0 ? text.length : found; };
  // Literal text up to `isEnd`; templates inside are code.
  const literal = (isEnd) => {
    while (at < text.length && !isEnd()) {
      if (/^(\$\$\{|%%\{|\\.)/s.test(text.slice(at, at + 3))) blank(at + (text[at] === '\\' ? 2 : 3));
      else if (/^[$%]\{/.test(text.slice(at, at + 2))) { blank(at + 2); code('}'); } else blank(at + 1);
    }
  };
  const code = (closing) => {
    let depth = 0;
    while (at < text.length) {
      const here = text[at];
      if (here === '#' || text.startsWith('//', at)) blank(endOf('\n'));
      else if (text.startsWith('/*', at)) blank(Math.min(endOf('*/') + 2, text.length));
      else if (here === '"') { blank(at + 1); literal(() => text[at] === '"'); blank(at + 1); } else if (text.startsWith('<<', at)) {
        const word = text.slice(at).match(/^<<-?(\w+)\n/);
        if (!word) { keep(at + 1); continue; }
        blank(at + word[0].length);
        literal(() => text[at - 1] === '\n' && new RegExp(`^[ \\t]*${word[1]}\\b`).test(text.slice(at, at + 200)));
        blank(at + text.slice(at).match(/^[ \t]*\w*/)[0].length);
      } else {
        if (here === '{') depth += 1;
        if (here === '}' && closing && depth === 0) { blank(at + 1); return; }
        if (here === '}') depth -= 1;
        keep(at + 1);
      }
    }
  };
  code(null);
  return out;
}

const lineAt = (text, index) => text.slice(0, index).split('\n').length;
const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class File {
  constructor(path) {
    this.path = path;
    this.text = readFileSync(path, 'utf8');
    this.bare = bareText(this.text);
  }

  // The line of an argument in a block, as well as it can be found by text: [words of the header, argument].
  lineOf(header, argument) {
    const start = this.text.search(new RegExp(`^\\s*${header.map((word, i) => (i === 0 ? escaped(word) : `"?${escaped(word)}"?`)).join('\\s+')}\\s*\\{`, 'm'));
    if (start < 0) return 1;
    const head = lineAt(this.text, start + this.text.slice(start).search(/\S/));
    if (!argument) return head;
    const rest = this.text.slice(start);
    const end = rest.search(/^\}/m);
    const inside = rest.slice(0, end < 0 ? rest.length : end).search(new RegExp(`(^|\\{)\\s*(dynamic\\s+)?"?${escaped(argument)}"?\\s*(=|\\{|")`, 'm'));
    return inside < 0 ? head : lineAt(this.text, start + inside + rest.slice(inside).search(/[^\s{]/));
  }

  // Every a.b.c of the code: [{parts, line}].
  traversals() {
    return [...this.bare.matchAll(/(?<![\w.\])}*-])([a-z_][\w-]*)((?:\.[a-zA-Z_*][\w-]*|\[[^\][]*\])+)/g)]
      .map((found) => ({ parts: [found[1], ...found[2].replace(/\[[^\][]*\]/g, '').split('.').filter(Boolean)], line: lineAt(this.bare, found.index) }));
  }
}

export class Module {
  // Throws the parser's error, which names file and line.
  static async load(folder) {
    const module = new Module();
    module.folder = folder;
    module.files = readdirSync(folder).filter((name) => name.endsWith('.tf')).sort().map((name) => new File(join(folder, name)));
    // Each declared thing: {kind, labels, body, file}.
    module.blocks = [];
    module.errors = [];
    const hcl = loadHcl();
    for (const file of module.files) {
      try {
        module.#add(file, await hcl.parse(file.path, file.text));
      } catch (error) {
        module.errors.push({ file, line: Number(error.message.match(/:(\d+),\d+/)?.[1] ?? 1), text: error.message.replace(/^.*?\[/s, '').replace(/\]$/, '').replace(/^[^;]*?: /, '') });
      }
    }
    return module;
  }

  #add(file, parsed) {
    const push = (kind, labels, bodies) => { for (const body of [bodies].flat()) this.blocks.push({ kind, labels, body, file }); };
    for (const [kind, content] of Object.entries(parsed)) {
      if (kind === 'resource' || kind === 'data') {
        for (const [type, names] of Object.entries(content)) for (const [name, bodies] of Object.entries(names)) push(kind, [type, name], bodies);
      } else if (kind === 'locals') {
        for (const body of content) for (const [name, value] of Object.entries(body)) push('local', [name], { value });
      } else if (Array.isArray(content)) {
        push(kind, [], content);
      } else {
        for (const [name, bodies] of Object.entries(content)) push(kind, [name], bodies);
      }
    }
  }

  of(kind) { return this.blocks.filter((one) => one.kind === kind); }

  find(kind, ...labels) { return this.blocks.find((one) => one.kind === kind && labels.every((label, i) => one.labels[i] === label)); }
}
