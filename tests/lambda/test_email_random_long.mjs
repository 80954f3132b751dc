// Messages at random: see tests/support/email_random.mjs. RANDOM_SEED=N repeats the choices of a run,
// though not its timing. Takes minutes: `make test-long`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRandomly } from '../support/email_random.mjs';

const seed = Number(process.env.RANDOM_SEED ?? Date.now() % 2 ** 31);

test('2,000 messages at random: each sent once, a dead letter with a true reason, or outdated', async () => {
  const { problems, counts } = await runRandomly({ messages: 2000, seed });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.kills > 20 && counts.faults > 150 && counts.doubled > 0 && counts.mails > 800, 'the run had work to do');
});
