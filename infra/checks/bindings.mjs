// Reads the schema of one Terraform type out of CDK for Terraform's prebuilt bindings (npm's @cdktf/provider-aws),
// whose generated TypeScript states each argument's name, type, and whether it is required, optional or computed.

// The TypeScript is kept whole in the source map of the compiled file.
export function sourceOf(compiled) {
  const map = compiled.match(/sourceMappingURL=data:application\/json;base64,(\S+)/);
  return JSON.parse(Buffer.from(map[1], 'base64')).sourcesContent[0];
}

const SIMPLE = { string: 'string', number: 'number', 'boolean | cdktf.IResolvable': 'bool' };
const GETTERS = {
  getStringAttribute: 'string', getNumberAttribute: 'number', getBooleanAttribute: 'bool',
  getListAttribute: ['list', 'string'], getNumberListAttribute: ['list', 'number'], getAnyMapAttribute: ['map', 'dynamic'],
};
const MAPS = { StringMap: 'string', NumberMap: 'number', BooleanMap: 'bool' };

function typeOf(text) {
  const bare = text.trim();
  if (SIMPLE[bare]) return SIMPLE[bare];
  const list = bare.match(/^(string|number)\[\]$/);
  if (list) return ['list', SIMPLE[list[1]]];
  const map = bare.match(/^\{ \[key: string\]: (.*?) \}(?: \| cdktf\.IResolvable)?$/);
  if (map) return ['map', SIMPLE[map[1]] ?? SIMPLE[map[1].replace(/[()]/g, '')] ?? 'dynamic'];
  return null;
}

export class Bindings {
  constructor(source) {
    this.source = source;
    this.classes = new Map([...source.matchAll(/^export class (\w+) extends [\w.]+ \{\n([\s\S]*?)^\}/gm)].map((found) => [found[1], found[2]]));
    this.interfaces = new Map([...source.matchAll(/^export interface (\w+)[^{\n]* \{\n([\s\S]*?)^\}/gm)].map((found) => [found[1], found[2]]));
    this.main = [...this.classes.keys()].find((name) => /synthesizeHclAttributes/.test(this.classes.get(name)));
  }

  schema() {
    return this.#block(this.classes.get(this.main), this.classes.get(this.main).split('synthesizeHclAttributes')[1]);
  }

  // The bindings write lists and sets alike but for this function, which states which of them HCL takes.
  #hcl(struct) {
    const name = struct[0].toLowerCase() + struct.slice(1);
    return this.source.match(new RegExp(`^export function ${name}ToHclTerraform\\([\\s\\S]*?^\\}`, 'm'))?.[0] ?? '';
  }

  #nested(struct) {
    const own = this.classes.get(`${struct}OutputReference`);
    return own ? this.#block(own, this.#hcl(struct)) : this.#fields(struct);
  }

  #block(body, hcl) {
    const attributes = {};
    const block_types = {};
    const kinds = Object.fromEntries([...hcl.matchAll(/^\s+(\w+): \{\s+value: [\s\S]*?isBlock: \w+,\s+type: "(\w+)"/gm)].map((found) => [found[1], found[2]]));
    for (const [, name, computed, optional, required, declared] of body.matchAll(/\/\/ (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n((?:.*\n){2})/g)) {
      const how = { ...(required === 'true' && { required: true }), ...(optional === 'true' && { optional: true }), ...(computed === 'true' && { computed: true }) };
      this.#member(name, how, declared, kinds[name], attributes, block_types);
    }
    return { attributes, block_types };
  }

  #member(name, how, declared, kind, attributes, block_types) {
    const made = declared.match(/private _\w+ = new (cdktf\.)?(\w+)\(this/);
    const held = declared.match(/private _\w+[?!]?: (.*?);/);
    if (made && made[1]) {
      attributes[name] = { type: ['map', MAPS[made[2]] ?? 'string'], ...how };
    } else if (made) {
      const is_one = made[2].endsWith('OutputReference');
      const nested = this.#nested(made[2].replace(/(OutputReference|List|Map)$/, ''));
      // Blocks are never computed: this is an attribute that holds objects.
      if (how.computed) attributes[name] = { type: [kind === 'set' ? 'set' : 'list', ['object', objectType(nested)]], ...how };
      else block_types[name] = { nesting_mode: kind === 'struct' ? 'single' : (kind ?? 'list'), ...(how.required && { min_items: 1 }), ...(is_one && kind !== 'struct' && { max_items: 1 }), block: nested };
    } else if (held && typeOf(held[1])) {
      const type = typeOf(held[1]);
      attributes[name] = { type: kind === 'set' && Array.isArray(type) ? ['set', type[1]] : type, ...how };
    } else if (held) {
      const [, struct, many] = held[1].match(/^(\w+)(\[\])?/);
      block_types[name] = { nesting_mode: kind === 'set' ? 'set' : 'list', ...(how.required && { min_items: 1 }), ...(!many && { max_items: 1 }), block: this.#nested(struct) };
    } else {
      const getter = declared.match(/this\.(get\w+Attribute)\(|new cdktf\.(\w+Map)\(/);
      const type = getter?.[1] ? GETTERS[getter[1]] : ['map', MAPS[getter?.[2]] ?? 'string'];
      if (!type) throw new Error(`${this.main}: the type of ${name} is not understood: ${declared}`);
      attributes[name] = { type: /Fn\.tolist/.test(declared) && Array.isArray(type) ? ['set', type[1]] : type, ...how };
    }
  }

  // A structure that has no class, as those of the provider's own configuration.
  #fields(struct) {
    const attributes = {};
    for (const [, name, optional, type] of (this.interfaces.get(struct) ?? '').matchAll(/#(\w+) \w+#\w+\}[\s\S]*?readonly \w+(\??): (.*?);/g)) {
      attributes[name] = { type: typeOf(type) ?? 'dynamic', ...(optional ? { optional: true } : { required: true }) };
    }
    return { attributes, block_types: {} };
  }
}

function objectType({ attributes, block_types }) {
  const fields = Object.fromEntries(Object.entries(attributes).map(([name, { type }]) => [name, type]));
  for (const [name, { nesting_mode, block }] of Object.entries(block_types)) fields[name] = [nesting_mode === 'set' ? 'set' : 'list', ['object', objectType(block)]];
  return fields;
}
