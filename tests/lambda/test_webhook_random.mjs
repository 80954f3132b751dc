// Webhooks at random: see tests/support/webhook_random.mjs. RANDOM_SEED=N repeats the choices of a run,
// though not its timing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomFrom } from '../support/random.mjs';
import { EventMaker, totalOf } from '../support/webhook_events.mjs';
import { deliverAll, finalOf } from '../support/webhook_model.mjs';
import { runRandomly } from '../support/webhook_random.mjs';

// With a sanitizer everything takes longer, and the long run has more.
const [ORDERS, WILD_ORDERS] = /san/.test(process.env.CONFIG) ? [12, 6] : [30, 12];
const seed = Number(process.env.RANDOM_SEED ?? Date.now() % 2 ** 31);

test('the model: the final states of an order depend on its events, not on their order', () => {
  const maker = new EventMaker(randomFrom(seed));
  const of_order = Map.groupBy(maker.make(300), ({ order }) => order);
  const finals = {};
  for (let order = 1; order <= 300; order += 1) {
    const events = of_order.get(order) ?? [];
    const final = finalOf(totalOf(order), events);
    finals[final?.payment] = (finals[final?.payment] ?? 0) + 1;
    for (let n = 0; n < 12; n += 1) {
      const model = deliverAll(totalOf(order), maker.shuffle(events));
      assert.ok(model.refunded <= model.paid, `seed ${seed}, order ${order}`);
      if (final) assert.deepEqual(model.final, final, `seed ${seed}, order ${order}`);
    }
  }
  assert.ok(['unpaid', 'pending', 'failed', 'paid', 'cancelled'].every((state) => finals[state] > 0), JSON.stringify(finals));
});

test('orders, their events shuffled, doubled and damaged by three senders: the states of the model, one mail for an effect', async () => {
  const { problems, counts } = await runRandomly({ orders: ORDERS, seed });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.accepted > counts.events / 3 && counts.mails > 0, 'the run had work to do');
});

test('the same with functions and the database killed, and a queue that refuses', async () => {
  const { problems, counts } = await runRandomly({ orders: WILD_ORDERS, seed, is_wild: true });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.accepted > counts.events / 3 && counts.mails > 0 && counts.kills > 0 && counts.queue_faults > 0, 'the run had work to do');
});
