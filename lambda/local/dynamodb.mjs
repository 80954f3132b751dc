// DynamoDB in this process: dynalite with its store in memory, called without an HTTP server of its
// own, so that every request passes the front. A table's TTL attribute is stored and never swept.
import { crc32 } from 'node:zlib';
import { ACCOUNT } from './environment.mjs';
import { inject, loadDynalite } from './packages.mjs';
import { JSON_TYPES } from './refusal.mjs';

const CONDITIONAL = ['PutItem', 'UpdateItem', 'DeleteItem'];

export class LocalDynamoDb {
  constructor(region) {
    this.region = region;
  }

  // dynalite is loaded with the first request: most clouds have no table.
  #listener() {
    this.listener ??= loadDynalite().then((dynalite) => {
      // It takes the parts of its ARNs from the environment while it is made.
      const { AWS_ACCOUNT_ID, AWS_REGION } = process.env;
      Object.assign(process.env, { AWS_ACCOUNT_ID: ACCOUNT, AWS_REGION: this.region });
      try {
        return dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 }).listeners('request')[0];
      } finally {
        restore('AWS_ACCOUNT_ID', AWS_ACCOUNT_ID);
        restore('AWS_REGION', AWS_REGION);
      }
    });
    return this.listener;
  }

  // A request of the front's.
  async handle({ headers, body }) {
    const [, operation] = (headers['x-amz-target'] ?? '').split('.');
    const response = await this.#perform(headers['x-amz-target'] ?? '', body);
    if (response.status === 400 && CONDITIONAL.includes(operation)) await this.#addItem(operation, body, response);
    return response;
  }

  async #perform(target, body) {
    const response = await inject(await this.#listener(), {
      method: 'POST',
      url: '/',
      // dynalite wants the form of a signature; the front has verified the real one.
      headers: { 'content-type': JSON_TYPES.dynamodb, 'x-amz-target': target, 'x-amz-date': '-', authorization: 'AWS4-HMAC-SHA256 Credential=-, SignedHeaders=-, Signature=-' },
      payload: body,
    });
    const { 'content-length': _, connection: __, date: ___, ...headers } = response.headers;
    return { status: response.statusCode, headers, body: response.rawPayload };
  }

  // ReturnValuesOnConditionCheckFailure, which dynalite does not have: the item goes into the error.
  async #addItem(operation, body, response) {
    const output = JSON.parse(response.body);
    if (!output.__type.endsWith('#ConditionalCheckFailedException')) return;
    const input = JSON.parse(body);
    if (input.ReturnValuesOnConditionCheckFailure !== 'ALL_OLD') return;
    let key = input.Key;
    if (operation === 'PutItem') {
      const { Table } = await this.call('DescribeTable', { TableName: input.TableName });
      key = Object.fromEntries(Table.KeySchema.map(({ AttributeName }) => [AttributeName, input.Item[AttributeName]]));
    }
    const { Item } = await this.call('GetItem', { TableName: input.TableName, Key: key, ConsistentRead: true });
    if (!Item) return;
    response.body = Buffer.from(JSON.stringify({ ...output, Item }));
    response.headers['x-amz-crc32'] = String(crc32(response.body));
  }

  // For tests, which look without sending requests.
  async call(operation, input) {
    const { status, body } = await this.#perform(`DynamoDB_20120810.${operation}`, JSON.stringify(input));
    const output = JSON.parse(body);
    if (status !== 200) throw new Error(`${operation}: ${output.__type} ${output.message}`);
    return output;
  }

  // key: a name (a string key) or DynamoDB's own KeySchema and AttributeDefinitions in more.
  async createTable(name, key = 'id', more = {}) {
    const schema = { KeySchema: [{ AttributeName: key, KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }] };
    await this.call('CreateTable', { TableName: name, BillingMode: 'PAY_PER_REQUEST', ...schema, ...more });
    // A new table becomes active in the next turn of the event loop.
    for (;;) {
      const { Table } = await this.call('DescribeTable', { TableName: name });
      if (Table.TableStatus === 'ACTIVE') return name;
      await new Promise(setImmediate);
    }
  }

  async items(name) {
    return (await this.call('Scan', { TableName: name })).Items;
  }
}

function restore(name, value) {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
