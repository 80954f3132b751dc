// The stub of the AWS provider, called as Terraform calls it, over gRPC on its socket; and the parts that the checks
// are made of: reading HCL's text, the schema.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Bindings } from '../../infra/checks/bindings.mjs';
import { bareText } from '../../infra/checks/configuration.mjs';
import { loadGrpc, loadMsgpack } from '../../infra/checks/packages.mjs';
import { startProvider } from '../../infra/checks/provider.mjs';
import { loadSchema } from '../../infra/checks/schema.mjs';
import { CHECKS } from '../../infra/checks/tree.mjs';

const { ExtData, decode, encode } = loadMsgpack();
const UNKNOWN = new ExtData(0, new Uint8Array(1));
const packed = (value) => ({ msgpack: Buffer.from(encode(value)) });
const unpacked = ({ msgpack }) => decode(msgpack);

async function withProvider(options, work) {
  const { grpc, loader } = loadGrpc();
  const provider = await startProvider(options);
  const [[source, { Addr, Protocol, ProtocolVersion }]] = Object.entries(JSON.parse(provider.environment.TF_REATTACH_PROVIDERS));
  assert.deepEqual([source, Protocol, ProtocolVersion, Addr.Network], ['registry.terraform.io/hashicorp/aws', 'grpc', 5, 'unix']);
  const { tfplugin5 } = grpc.loadPackageDefinition(loader.loadSync(join(CHECKS, 'tfplugin5.proto'), { keepCase: true, longs: Number, enums: String, defaults: true }));
  const client = new tfplugin5.Provider(`unix:${Addr.String}`, grpc.credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
  const call = (name, request) => new Promise((resolve, reject) => { client[name](request, (error, response) => (error ? reject(error) : resolve(response))); });
  try {
    await work(call);
  } finally {
    client.close();
    provider.stop();
  }
}

test('the schema that is served is the reduced one, with the newer arguments', () => withProvider({}, async (call) => {
  const served = await call('GetSchema', {});
  assert.deepEqual(Object.keys(served.resource_schemas).sort(), Object.keys(loadSchema().resource).sort());
  const queue = served.resource_schemas.aws_sqs_queue.block.attributes.find(({ name }) => name === 'visibility_timeout_seconds');
  assert.deepEqual([String(queue.type), queue.optional, queue.required], ['"number"', true, false]);
  assert.ok(served.resource_schemas.aws_lambda_permission.block.attributes.some(({ name }) => name === 'invoked_via_function_url'));
  const vpc = served.resource_schemas.aws_lambda_function.block.block_types.find(({ type_name }) => type_name === 'vpc_config');
  assert.deepEqual([vpc.nesting, vpc.max_items], ['LIST', 1]);
}));

test('a plan returns the configuration, with ARNs made up from names and the default tags', () => withProvider({}, async (call) => {
  await call('Configure', { config: packed({ region: 'ap-northeast-2', default_tags: [{ tags: { project: 'p' } }] }) });
  const plan = async (values) => unpacked((await call('PlanResourceChange', { type_name: 'aws_sqs_queue', proposed_new_state: packed(values) })).planned_state);
  const planned = await plan({ name: 'mails', tags: { a: 'b' }, visibility_timeout_seconds: 180 });
  assert.deepEqual([planned.name, planned.visibility_timeout_seconds, planned.arn], ['mails', 180, 'arn:aws:sqs:ap-northeast-2:123456789012:mails']);
  assert.equal(planned.url, 'https://sqs.ap-northeast-2.amazonaws.com/123456789012/mails');
  assert.deepEqual(planned.tags_all, { project: 'p', a: 'b' });
  // An optional argument that is left to AWS stays unset.
  assert.equal(planned.policy, null);
  assert.deepEqual(await plan({ name: 'mails', tags: { a: 'b' }, visibility_timeout_seconds: 180 }), planned);
  assert.equal((await call('PlanResourceChange', { type_name: 'aws_sqs_queue', proposed_new_state: packed(null) })).planned_state.msgpack[0], 0xc0);
}));

test('with --unknown, what AWS computes is unknown, and known after the apply', () => withProvider({ is_unknown: true }, async (call) => {
  const { planned_state } = await call('PlanResourceChange', { type_name: 'aws_sqs_queue', proposed_new_state: packed({ name: 'mails' }) });
  assert.deepEqual([unpacked(planned_state).arn, unpacked(planned_state).name], [UNKNOWN, 'mails']);
  const { new_state } = await call('ApplyResourceChange', { type_name: 'aws_sqs_queue', planned_state });
  assert.equal(unpacked(new_state).arn, 'arn:aws:sqs:ap-northeast-2:123456789012:mails');
}));

test('an unknown value of the configuration stays unknown, also with refinements', () => withProvider({}, async (call) => {
  for (const value of [UNKNOWN, new ExtData(12, new Uint8Array([0x81, 1, 0xc2]))]) {
    const { planned_state } = await call('PlanResourceChange', { type_name: 'aws_sqs_queue', proposed_new_state: packed({ name: 'mails', policy: value }) });
    assert.deepEqual(unpacked(planned_state).policy, UNKNOWN);
  }
}));

test('data sources: the account, the region, a policy document', () => withProvider({}, async (call) => {
  const read = async (type_name, config) => unpacked((await call('ReadDataSource', { type_name, config: packed(config) })).state);
  assert.equal((await read('aws_caller_identity', {})).account_id, '123456789012');
  assert.equal((await read('aws_region', {})).region, 'ap-northeast-2');
  const { json } = await read('aws_iam_policy_document', { statement: [{ sid: 'One', actions: ['s3:GetObject'], resources: ['arn:aws:s3:::b/*'], condition: [{ test: 'Bool', variable: 'aws:SecureTransport', values: ['true'] }] }] });
  assert.deepEqual(JSON.parse(json), { Version: '2012-10-17', Statement: [{ Sid: 'One', Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } }] });
}));

test('a type that the schema does not have is an error, and the provider goes on', () => withProvider({}, async (call) => {
  await assert.rejects(call('PlanResourceChange', { type_name: 'aws_no_such', proposed_new_state: packed({ name: 'x' }) }), /PlanResourceChange aws_no_such/);
  assert.deepEqual(await call('ValidateResourceTypeConfig', { type_name: 'aws_sqs_queue', config: packed({}) }), { diagnostics: [] });
}));

test('bare text: comments and literals are blank, templates are code, lines stay', () => {
  const text = ['a = var.a # var.b', '/* var.c', '*/ b = "var.d ${var.e} \\"var.f\\" $${var.g}"', 'c = <<-END', '  var.h ${var.i["var.j"]}', '  END', 'd = { "x" = "${join(",", [for k, v in var.k : "${v}var.l"])}" } // var.m', ''].join('\n');
  const bare = bareText(text);
  assert.deepEqual(bare.match(/var\.\w/g), ['var.a', 'var.e', 'var.i', 'var.k']);
  assert.deepEqual(bare.split('\n').map((line) => line.length), text.split('\n').map((line) => line.length));
  // Whatever is cut off ends.
  for (let length = 0; length < text.length; length += 1) assert.equal(bareText(text.slice(0, length)).split('\n').length, text.slice(0, length).split('\n').length);
});

test('bindings: names, types and kinds are read, and what is not understood is an error', () => {
  const source = (getter) => `export class OneBlockOutputReference extends cdktf.ComplexObject {
  // size - computed: false, optional: false, required: true
  private _size?: number;${' '}
  public get size() {
}
export class One extends cdktf.TerraformResource {
  // arn - computed: true, optional: false, required: false
  public get arn() {
    return this.${getter}('arn');
  // names - computed: false, optional: true, required: false
  private _names?: string[];${' '}
  public get names() {
  // block - computed: false, optional: true, required: false
  private _block = new OneBlockOutputReference(this, "block");
  public get block() {
  synthesizeHclAttributes() {
      names: {
        value: cdktf.listMapperHcl(cdktf.stringToHclTerraform, false)(this._names),
        isBlock: false,
        type: "set",
}
`;
  assert.deepEqual(new Bindings(source('getStringAttribute')).schema(), {
    attributes: { arn: { type: 'string', computed: true }, names: { type: ['set', 'string'], optional: true } },
    block_types: { block: { nesting_mode: 'list', max_items: 1, block: { attributes: { size: { type: 'number', required: true } }, block_types: {} } } },
  });
  assert.throws(() => new Bindings(source('getStrangeAttribute')).schema(), /the type of arn is not understood/);
});
