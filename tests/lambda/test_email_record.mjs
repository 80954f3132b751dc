// services/email/record.h against the local cloud's DynamoDB (dynalite), which evaluates its
// conditions: random calls of several processes judged by a model of the header's text, claims at
// once, lost responses.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { BUILD } from '../support/lambda.mjs';

const PROCESSES = 4;
const STEPS = Number(process.env.RECORD_STEPS ?? 150);
const KEEP = 600_000;
const MARGIN = 5_000;
const SEED = Number(process.env.RECORD_SEED ?? 573);

let cloud;
const deliveries = [];

// A process of test_email_record.c; call() returns its result.
function startDelivery() {
  const child = spawn(join(BUILD, 'tests/lambda/test_email_record'), [], { env: cloud.clientEnvironment(), stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const call = async (what) => {
    child.stdin.write(`${JSON.stringify(what)}\n`);
    const { value, done } = await lines.next();
    assert.ok(!done, 'the process ended');
    return JSON.parse(value);
  };
  return { child, call };
}

before(async () => {
  cloud = await startCloud();
  await cloud.dynamodb.createTable('sent', 'id');
  for (let n = 0; n < PROCESSES; n++) deliveries.push(startDelivery());
});
after(async () => {
  for (const { child } of deliveries) {
    const ended = new Promise((done) => child.once('exit', done));
    child.stdin.end();
    assert.equal(await ended, 0);
  }
  await cloud.stop();
});
beforeEach(() => cloud.front.faults.clear());

// The items by their ids.
async function table() {
  const items = await cloud.dynamodb.items('sent');
  return new Map(items.map(({ id, state, owner, digest, until, expires }) => [id.S, { state: state.S, owner: owner.S, digest: digest.S, until: Number(until.N), expires: Number(expires.N) }]));
}
const stored = async (id) => (await table()).get(id);

// mulberry32: the same run for the same seed.
function makeRandom(seed) {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

// The record as record.h describes it. An item is {state, owner, digest, until, expires}.
class Model {
  items = new Map();

  // The result, and the item if the claim succeeds; its owner is not known before.
  claim({ id, digest, overrides, left, now }) {
    const item = this.items.get(id);
    const is_over = item && item.until + MARGIN < now;
    const has_expired = item && item.expires < Math.floor(now / 1000);
    if (item && !has_expired) {
      const is_same = item.digest === digest;
      if (item.state === 'CLAIMED' && !is_over) return is_same ? 'BUSY' : 'REUSED';
      if (item.state !== 'CLAIMED' && !is_same) return 'REUSED';
      if (item.state === 'SENT') return 'SENT';
      if (item.state === 'SENDING' && !is_over) return 'BUSY';
      if (item.state === 'SENDING' && !overrides) return 'UNKNOWN';
    }
    const until = now + left;
    this.items.set(id, { state: 'CLAIMED', owner: null, digest, until, expires: Math.floor(Math.max(now + KEEP, until) / 1000) + 1 });
    return 'OURS';
  }

  change(what, { id, owner }, now) {
    const item = this.items.get(id);
    const is_ours = item && item.owner === owner;
    if (what === 'release') {
      if (is_ours && item.state !== 'SENT') this.items.delete(id);
      return 'OK';
    }
    if (!is_ours) return 'PRECONDITION_FAILED';
    if (what === 'sending' && item.state !== 'SENT' && item.until > now) item.state = 'SENDING';
    else if (what === 'sent' && item.state !== 'CLAIMED') item.state = 'SENT';
    else if (what === 'unknown' && item.state === 'SENDING') item.until = now - MARGIN - 1;
    else return 'PRECONDITION_FAILED';
    return 'OK';
  }
}

test(`${STEPS} random calls of ${PROCESSES} processes end as the model says`, async () => {
  const random = makeRandom(SEED);
  const model = new Model();
  const mine = deliveries.map(() => null);
  const seen = new Map();
  let now = 1_800_000_000_000;
  for (let step = 0; step < STEPS; step++) {
    const n = random(PROCESSES);
    now += [0, 0, 0, 1, 1_000, 1_000, 20_000, 40_000, KEEP / 4][random(9)] + random(7);
    // Clocks of environments differ.
    const here = now + [0, 0, 0, -3_000, 3_000, -60_000][random(6)];
    const what = mine[n] && random(3) > 0 ? ['sending', 'sending', 'sent', 'sent', 'release', 'unknown'][random(6)] : 'claim';
    let expected;
    let actual;
    if (what === 'claim') {
      const call = { do: what, id: `m:${random(3)}`, digest: `d${random(8) === 0 ? 2 : 1}`, overrides: random(4) === 0, left: 30_000, now: here };
      expected = model.claim(call);
      actual = await deliveries[n].call(call);
      if (expected === 'OURS' && actual.result === 'OURS') model.items.get(call.id).owner = actual.owner;
      if (expected === 'BUSY') assert.equal(actual.until, model.items.get(call.id).until + MARGIN);
      // Also one that failed: nothing of another's may be changed with it.
      mine[n] = { id: call.id, owner: actual.owner };
    } else {
      expected = model.change(what, mine[n], here);
      actual = await deliveries[n].call({ do: what, now: here });
    }
    seen.set(`${what} ${expected}`, (seen.get(`${what} ${expected}`) ?? 0) + 1);
    const where = `seed ${SEED}, step ${step}: ${what}`;
    assert.equal(actual.result, expected, where);
    assert.deepEqual(await table(), model.items, where);
  }
  const all = ['OURS', 'BUSY', 'SENT', 'UNKNOWN', 'REUSED'].map((result) => `claim ${result}`);
  for (const what of ['sending', 'sent', 'unknown']) all.push(`${what} OK`, `${what} PRECONDITION_FAILED`);
  assert.deepEqual([...seen.keys()].sort(), [...all, 'release OK'].sort(), 'every result came');
});

test('claims at once: one is ours, the others are busy', async () => {
  for (let round = 0; round < 10; round++) {
    const call = { do: 'claim', id: `m:race-${round}`, digest: 'd1', left: 30_000, now: 2_000_000_000_000 };
    const results = await Promise.all(deliveries.map((one) => one.call(call)));
    assert.deepEqual(results.map(({ result }) => result).sort(), [...Array(PROCESSES - 1).fill('BUSY'), 'OURS']);
    const [winner] = results.filter(({ result }) => result === 'OURS');
    assert.equal((await stored(call.id)).owner, winner.owner);
    // Only the one may go on.
    const sending = await Promise.all(deliveries.map((one) => one.call({ do: 'sending', now: call.now })));
    assert.deepEqual(sending.map(({ result }) => result), results.map(({ result }) => (result === 'OURS' ? 'OK' : 'PRECONDITION_FAILED')));
  }
});

test('each request whose response is lost is repeated, and finds its own write', async () => {
  const [{ call }] = deliveries;
  const now = 2_000_000_000_000;
  for (const [n, fault] of [{ action: 'status', status: 500 }, { action: 'reset' }].entries()) {
    const lose = (operation) => cloud.front.faults.add({ service: 'dynamodb', operation, done: true, ...fault });
    const claim = { do: 'claim', id: `m:lost-${n}`, digest: 'd1', left: 30_000, now };
    const steps = [['PutItem', claim, 'OURS', 'CLAIMED'], ['UpdateItem', { do: 'sending', now }, 'OK', 'SENDING'], ['UpdateItem', { do: 'unknown', now }, 'OK', 'SENDING'], ['UpdateItem', { do: 'sent', now }, 'OK', 'SENT']];
    for (const [operation, what, result, state] of steps) {
      lose(operation);
      const actual = await call(what);
      assert.deepEqual([actual.result, actual.attempts], [result, 2], what.do);
      assert.equal((await stored(claim.id)).state, state);
    }
    await call({ ...claim, id: 'm:gone' });
    lose('DeleteItem');
    assert.equal((await call({ do: 'release', now })).result, 'OK');
    assert.equal(await stored('m:gone'), undefined);
  }
});
