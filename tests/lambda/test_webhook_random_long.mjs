// Webhooks at random: see tests/support/webhook_random.mjs. RANDOM_SEED=N repeats the choices of a run,
// though not its timing. Takes minutes: `make test-long`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRandomly } from '../support/webhook_random.mjs';

const seed = Number(process.env.RANDOM_SEED ?? Date.now() % 2 ** 31);

test('10,000 events of 1,000 orders, with kills in between: the states of the model, one mail for an effect', async () => {
  const { problems, counts } = await runRandomly({ orders: 1000, seed, is_wild: true, chaos: 0.02 });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.accepted > 7000 && counts.mails > 900 && counts.kills > 50 && counts.database_kills > 3 && counts.queue_faults > 20, 'the run had work to do');
});
