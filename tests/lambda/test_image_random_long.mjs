// 1,000 keys with recurring pictures, in a random run: see tests/support/image_random.mjs. Takes
// minutes: `make test-long`. RANDOM_SEED=N repeats the choices of a run, though not its timing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRandomly } from '../support/image_random.mjs';

const seed = Number(process.env.RANDOM_SEED ?? Date.now() % 2 ** 31);

test('1,000 keys at random: every output is of the source as it is at the end', async () => {
  const { problems, counts } = await runRandomly({ keys: 1000, seed });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.kills > 10 && counts.made > 1000, 'the run had work to do');
});
