// A Terraform provider that knows the AWS provider's schema and no AWS: plans and applies return what the
// configuration says, with computed values made up (made_up.mjs) or left unknown. Terraform's own engine checks
// the configuration with it where the registry is out of reach. It listens on a unix socket, and Terraform is told
// of it by TF_REATTACH_PROVIDERS.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACCOUNT, DATA, madeUp } from './made_up.mjs';
import { loadGrpc, loadMsgpack } from './packages.mjs';
import { loadSchema } from './schema.mjs';
import { CHECKS } from './tree.mjs';

const NESTING = { single: 'SINGLE', list: 'LIST', set: 'SET', map: 'MAP' };
// Terraform's extension types of msgpack: unknown, and unknown with refinements.
const UNKNOWN_TYPE = 0;
const REFINED_TYPE = 12;
const UNKNOWN = Object.freeze({ unknown: true });

function makeCodec() {
  const { ExtensionCodec, ExtData, decode, encode } = loadMsgpack();
  const codec = new ExtensionCodec();
  for (const type of [UNKNOWN_TYPE, REFINED_TYPE]) codec.register({ type, encode: () => null, decode: () => UNKNOWN });
  const wrapped = (value) => {
    if (value === UNKNOWN) return new ExtData(UNKNOWN_TYPE, new Uint8Array(1));
    if (Array.isArray(value)) return value.map(wrapped);
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, wrapped(one)]));
    return value;
  };
  return {
    decode: (value) => (value?.msgpack?.length ? decode(value.msgpack, { extensionCodec: codec }) : value?.json?.length ? JSON.parse(value.json) : null),
    encode: (value) => ({ msgpack: Buffer.from(encode(wrapped(value), { extensionCodec: codec })) }),
  };
}

function describe({ attributes, block_types }) {
  return {
    attributes: Object.entries(attributes).map(([name, { type, required, optional, computed }]) => ({ name, type: Buffer.from(JSON.stringify(type)), required, optional, computed })),
    block_types: Object.entries(block_types).map(([type_name, { nesting_mode, min_items, max_items, block }]) => ({ type_name, block: describe(block), nesting: NESTING[nesting_mode], min_items: nesting_mode === 'single' ? 0 : min_items, max_items: nesting_mode === 'single' ? 0 : max_items })),
  };
}

const isSet = (value) => value !== null && value !== undefined;

// Computed attributes that have no value take the one of `value(name, attribute)`.
function complete(schema, values, value) {
  const result = { ...values };
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    if (attribute.computed && !isSet(result[name])) result[name] = value(name, attribute);
    else if (result[name] === undefined) result[name] = null;
  }
  for (const [name, { nesting_mode, block }] of Object.entries(schema.block_types)) {
    const inner = (one) => (one && one !== UNKNOWN ? complete(block, one, (field, attribute) => value(field, attribute)) : one);
    const given = result[name];
    if (given === UNKNOWN) continue;
    if (nesting_mode === 'single') result[name] = isSet(given) ? inner(given) : null;
    else result[name] = (given ?? []).map(inner);
  }
  return result;
}

// Blocks that the provider adds although the configuration has none, as an identity's DKIM tokens.
function addBlocks(type, schema, values, value) {
  for (const [name, { block }] of Object.entries(schema.block_types)) {
    const made = value(name, {});
    if (Array.isArray(made) && made.length > 0 && Array.isArray(values[name])) {
      const present = values[name].length > 0 ? values[name] : [{}];
      values[name] = present.map((one) => complete(block, { ...made[0], ...Object.fromEntries(Object.entries(one).filter(([, v]) => isSet(v) && v !== UNKNOWN && !(Array.isArray(v) && v.length === 0))) }, () => null));
    }
  }
  return values;
}

const resolveUnknown = (value) => {
  if (value === UNKNOWN) return null;
  if (Array.isArray(value)) return value.map(resolveUnknown);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolveUnknown(one)]));
  return value;
};

// Computed by AWS anew when anything of a function changes, because a version is published then.
const PUBLISHED = ['version', 'qualified_arn', 'qualified_invoke_arn'];

class Provider {
  // look_alike: what resources are made in (look_alike.mjs); null: in the state alone.
  constructor({ is_unknown, look_alike }) {
    this.schema = loadSchema();
    this.codec = makeCodec();
    this.is_unknown = is_unknown || look_alike !== null;
    this.look_alike = look_alike;
    this.default_tags = {};
  }

  // Made-up values are of the account that the look-alike has.
  #ofAccount(value) {
    return this.look_alike && isSet(value) ? JSON.parse(JSON.stringify(value).replaceAll(ACCOUNT, this.look_alike.account)) : value;
  }

  #made(type, values) {
    const known = resolveUnknown(values);
    const value = madeUp(type, known);
    return (name, attribute) => this.#ofAccount(name === 'tags_all' ? { ...this.default_tags, ...known.tags } : value(name, attribute));
  }

  GetSchema() {
    const all = (kind) => Object.fromEntries(Object.entries(this.schema[kind]).map(([type, schema]) => [type, { block: describe(schema) }]));
    return { provider: { block: describe(this.schema.configuration) }, resource_schemas: all('resource'), data_source_schemas: all('data') };
  }

  PrepareProviderConfig({ config }) { return { prepared_config: config }; }

  Configure({ config }) {
    this.default_tags = resolveUnknown(this.codec.decode(config)?.default_tags?.[0]?.tags ?? {});
    return {};
  }

  ValidateResourceTypeConfig() { return {}; }

  ValidateDataSourceConfig() { return {}; }

  UpgradeResourceState({ raw_state }) { return { upgraded_state: this.codec.encode(JSON.parse(raw_state.json)) }; }

  async ReadResource({ type_name, current_state, private: kept }) {
    if (!this.look_alike) return { new_state: current_state, private: kept };
    return { new_state: this.codec.encode(await this.look_alike.read(type_name, this.codec.decode(current_state))), private: kept };
  }

  // What was computed stays, but for what a change computes anew.
  #planChange(type, schema, prior, proposed) {
    const planned = complete(schema, proposed, () => null);
    if ('tags_all' in schema.attributes) planned.tags_all = { ...this.default_tags, ...proposed.tags };
    const is_changed = JSON.stringify(planned) !== JSON.stringify(complete(schema, prior, () => null));
    if (type === 'aws_lambda_function' && is_changed) for (const name of PUBLISHED.filter((one) => one in schema.attributes)) planned[name] = UNKNOWN;
    return planned;
  }

  PlanResourceChange({ type_name, prior_state, proposed_new_state }) {
    const proposed = this.codec.decode(proposed_new_state);
    if (proposed === null) return { planned_state: proposed_new_state, legacy_type_system: true };
    const schema = this.schema.resource[type_name];
    const prior = this.look_alike ? this.codec.decode(prior_state) : null;
    if (prior) return { planned_state: this.codec.encode(this.#planChange(type_name, schema, prior, proposed)), legacy_type_system: true };
    if (this.is_unknown) return { planned_state: this.codec.encode(complete(schema, proposed, () => UNKNOWN)), legacy_type_system: true };
    const value = this.#made(type_name, proposed);
    return { planned_state: this.codec.encode(addBlocks(type_name, schema, complete(schema, proposed, value), value)), legacy_type_system: true };
  }

  async ApplyResourceChange({ type_name, prior_state, planned_state }) {
    const planned = this.codec.decode(planned_state);
    const prior = this.look_alike ? this.codec.decode(prior_state) : null;
    if (planned === null) {
      if (prior) await this.look_alike.remove(type_name, prior);
      return { new_state: planned_state };
    }
    const schema = this.schema.resource[type_name];
    const known = resolveUnknown(planned);
    if (prior) return { new_state: this.codec.encode({ ...known, ...await this.look_alike.update(type_name, known, prior) }), legacy_type_system: true };
    Object.assign(known, await this.look_alike?.create(type_name, known));
    const value = this.#made(type_name, known);
    const state = addBlocks(type_name, schema, complete(schema, known, value), value);
    this.look_alike?.created(type_name, state);
    return { new_state: this.codec.encode(state), legacy_type_system: true };
  }

  ReadDataSource({ type_name, config }) {
    const given = this.codec.decode(config);
    const made = DATA[type_name]?.(given) ?? {};
    const value = this.#made(type_name, given);
    return { state: this.codec.encode(complete(this.schema.data[type_name], { ...given, ...this.#ofAccount(made) }, value)) };
  }

  Stop() { return {}; }
}

// Starts the provider; returns {environment, stop}.
export async function startProvider({ is_unknown = false, look_alike = null } = {}) {
  const { grpc, loader } = loadGrpc();
  const definition = loader.loadSync(join(CHECKS, 'tfplugin5.proto'), { keepCase: true, longs: Number, enums: String, defaults: true });
  const service = grpc.loadPackageDefinition(definition).tfplugin5.Provider.service;
  const provider = new Provider({ is_unknown, look_alike });
  const answer = (name) => async (call, callback) => {
    try {
      callback(null, await provider[name](call.request));
    } catch (error) {
      callback({ code: grpc.status.INTERNAL, message: `${name} ${call.request.type_name ?? ''}: ${error.stack}` });
    }
  };
  const server = new grpc.Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(service, Object.fromEntries(Object.keys(service).map((name) => [name, answer(name)])));
  const folder = mkdtempSync(join(tmpdir(), 'provider-'));
  const socket = join(folder, 'socket');
  await new Promise((resolve, reject) => { server.bindAsync(`unix:${socket}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())); });
  const reattach = { Protocol: 'grpc', ProtocolVersion: 5, Pid: process.pid, Test: true, Addr: { Network: 'unix', String: socket } };
  return {
    name: `the stub of ${provider.schema.provider.source} ${provider.schema.provider.version}'s schema`,
    environment: { TF_REATTACH_PROVIDERS: JSON.stringify({ 'registry.terraform.io/hashicorp/aws': reattach }) },
    stop: () => { server.forceShutdown(); rmSync(folder, { recursive: true, force: true }); },
  };
}
