// services/aws/dynamodb.h against the local cloud's DynamoDB (dynalite): conditional writes by several
// functions at once, refused items, lost responses.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { BUILD, NO_HURRY } from '../support/lambda.mjs';

const FUNCTIONS = 4;
const ITEM = { state: 'started', amount: '1234567890.1234567890123456789', tries: '9007199254740993', paid: true, digest: 'AP+AIg==' };

let cloud;
let store;
before(async () => {
  cloud = await startCloud();
  await cloud.dynamodb.createTable('mails');
  store = cloud.addFunction({ name: 'store', command: join(BUILD, 'tests/lambda/test_store'), concurrency: FUNCTIONS, ...NO_HURRY });
});
after(() => cloud.stop());
beforeEach(() => {
  cloud.front.forget();
  cloud.front.faults.clear();
});

// The result, its integer beyond 2^53 as text.
async function run(event) {
  const { error, raw } = await store.invoke({ table: 'mails', ...event });
  assert.equal(error, false, raw);
  return JSON.parse(raw.replace(/"tries":(-?\d+)/, '"tries":"$1"'));
}
const stored = async (id) => (await cloud.dynamodb.items('mails')).find((item) => item.id.S === id);

test('a conditional put of several functions at once: one wins, the others get its item', async () => {
  const owners = [...Array(3 * FUNCTIONS).keys()].map((n) => `owner-${n}`);
  const results = await Promise.all(owners.map((owner) => run({ do: 'put', id: 'once', owner })));
  const won = owners.filter((_, n) => results[n].status === 'OK');
  assert.equal(won.length, 1);
  assert.equal((await stored('once')).owner.S, won[0]);
  for (const result of results.filter(({ status }) => status !== 'OK')) {
    assert.deepEqual(result, { status: 'PRECONDITION_FAILED', code: 'ConditionalCheckFailedException', maybeDone: false, item: { id: 'once', owner: won[0], ...ITEM } });
  }
  assert.equal(store.all.size, FUNCTIONS, 'the functions did run at once');
});

test('every type comes back as it was put', async () => {
  const id = '한글 "\\ \u{1f600}';
  assert.deepEqual(await run({ do: 'put', id, owner: '' }), { status: 'OK', code: '', maybeDone: false, item: null });
  assert.deepEqual(await run({ do: 'get', id }), { status: 'OK', code: '', maybeDone: false, item: { id, owner: '', ...ITEM } });
  assert.deepEqual((await stored(id)).tries, { N: ITEM.tries });
  assert.equal((await run({ do: 'get', id: 'nonesuch' })).status, 'NOT_FOUND');
});

test('an update and a delete with a condition: from the right state only', async () => {
  await run({ do: 'put', id: 'state', owner: 'a' });
  const early = await run({ do: 'update', id: 'state', from: 'sent', to: 'opened' });
  assert.deepEqual([early.status, early.item.state], ['PRECONDITION_FAILED', 'started']);
  const all = await Promise.all([...Array(FUNCTIONS)].map(() => run({ do: 'update', id: 'state', from: 'started', to: 'sent' })));
  assert.deepEqual(all.map(({ status }) => status).sort(), ['OK', ...Array(FUNCTIONS - 1).fill('PRECONDITION_FAILED')]);
  assert.deepEqual(all.map(({ item }) => item.state), Array(FUNCTIONS).fill('sent'), 'the new item, and the refused one');
  const absent = await run({ do: 'update', id: 'nonesuch', from: 'started', to: 'sent' });
  assert.deepEqual([absent.status, absent.item], ['PRECONDITION_FAILED', null]);
  assert.equal((await run({ do: 'delete', id: 'state', from: 'started' })).item.state, 'sent');
  assert.ok(await stored('state'));
  const gone = await run({ do: 'delete', id: 'state', from: 'sent' });
  assert.deepEqual([gone.status, gone.item.owner], ['OK', 'a']);
  assert.equal(await stored('state'), undefined);
});

test('a table that does not exist is NO_RESOURCE, not NOT_FOUND', async () => {
  for (const event of [{ do: 'get' }, { do: 'put', owner: 'a' }, { do: 'update', from: 'a', to: 'b' }, { do: 'delete', from: 'a' }]) {
    const { status, code, item } = await run({ table: 'nonesuch', id: 'a', ...event });
    assert.deepEqual([status, code, item], ['NO_RESOURCE', 'ResourceNotFoundException', null], event.do);
  }
});

test('a put whose response is lost: refused by its own item, by which the owner sees its success', async () => {
  for (const [n, fault] of [{ action: 'status', status: 500 }, { action: 'reset' }].entries()) {
    cloud.front.faults.add({ service: 'dynamodb', operation: 'PutItem', done: true, ...fault });
    const { status, maybeDone: maybe_done, item } = await run({ do: 'put', id: `lost-${n}`, owner: 'me' });
    assert.deepEqual([status, maybe_done, item.owner], ['PRECONDITION_FAILED', true, 'me']);
  }
});

test('throttling is retried unnoticed; an item over 400 KiB is refused', async () => {
  cloud.front.faults.add({ service: 'dynamodb', operation: 'PutItem', action: 'refuse', code: 'ProvisionedThroughputExceededException', times: 2 });
  assert.equal((await run({ do: 'put', id: 'throttled', owner: 'a' })).status, 'OK');
  assert.equal((await run({ do: 'put', id: 'large', owner: 'x'.repeat(400 * 1024) })).status, 'TOO_LARGE');
  assert.equal(await stored('large'), undefined);
});
