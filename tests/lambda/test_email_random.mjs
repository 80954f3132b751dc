// Messages at random: see tests/support/email_random.mjs. RANDOM_SEED=N repeats the choices of a run,
// though not its timing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRandomly } from '../support/email_random.mjs';

const seed = Number(process.env.RANDOM_SEED ?? Date.now() % 2 ** 31);

test('120 messages at random: each sent once, a dead letter with a true reason, or outdated', async () => {
  const { problems, counts } = await runRandomly({ messages: 120, seed });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.kills > 0 && counts.faults > 10 && counts.doubled > 0 && counts.mails > 40, 'the run had work to do');
});
