// 100 keys with recurring pictures, in a random run: see tests/support/image_random.mjs.
// RANDOM_SEED=N repeats the choices of a run, though not its timing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runRandomly } from '../support/image_random.mjs';

const seed = Number(process.env.RANDOM_SEED ?? 20240229);

test('100 keys at random: every output is of the source as it is at the end', async () => {
  const { problems, counts } = await runRandomly({ keys: 100, seed });
  console.log(`# seed ${seed}: ${JSON.stringify(counts)}`);
  assert.deepEqual(problems, []);
  assert.ok(counts.uploads > 200 && counts.deletes > 10 && counts.output_deletes > 10 && counts.made > 100, 'the run had work to do');
});
