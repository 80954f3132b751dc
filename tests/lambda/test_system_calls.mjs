// The functions under failing system calls, one in the first process of each function: each call it makes in
// its start and one event fails, once or from there on. Then the event comes again, as Lambda repeats it. The
// end is always the same, judged by what the local cloud holds. A sample of the faults; a large one with TEST_LONG.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { s3Event } from '../../lambda/local/events.mjs';
import { EmailCloud, message } from '../support/email.mjs';
import { failingConfig, faultsAtWork, underEachFault } from '../support/failing_function.mjs';
import { ImageCloud, SIZES, outputKey, picture } from '../support/image.mjs';
import { EMAIL_SENDER, IMAGE_PROCESSOR } from '../support/lambda.mjs';

test('image: no output, or a complete one; its event repeated makes all four', async (t) => {
  const one = await ImageCloud.start();
  try {
    const body = picture('s.jpg', '120x90', 'noise');
    const reference = await one.put('uploads/reference.jpg', body);
    assert.equal((await one.invoke(reference)).payload.made, 1);
    const wanted = Object.fromEntries(Object.keys(SIZES).map((size) => [size, one.output(reference.key, size).body]));
    const faults = await faultsAtWork(IMAGE_PROCESSOR, async (config) => {
      const target = one.add(config);
      assert.equal((await target.invoke(s3Event(await one.put('uploads/calls.jpg', body)))).payload.made, 1);
      return target;
    });
    let n = 0;
    await underEachFault(t, faults, async (fault, flag) => {
      const target = one.add(failingConfig(fault, IMAGE_PROCESSOR, flag));
      const created = await one.put(`uploads/${(n += 1)}.jpg`, body);
      const isRight = (size) => one.output(created.key, size).body.equals(wanted[size]);
      const result = await target.invoke(s3Event(created));
      assert.ok(one.outputs(created.key).every(isRight), 'an output that is not complete');
      let last = result;
      for (let tries = 1; last.error && tries < 4; tries += 1) last = await (tries < 3 ? target : one.image).invoke(s3Event(created));
      assert.equal(last.payload.made + last.payload.alreadyMade, 1, last.raw);
      assert.deepEqual(one.outputs(created.key), Object.keys(SIZES));
      assert.ok(one.outputs(created.key).every(isRight), 'an output that is not right');
      assert.deepEqual(one.tags(created.key), {});
      // Only what belongs there.
      const keys = one.cloud.s3.keys('photos').filter((key) => key.endsWith(`/${n}.jpg`));
      assert.deepEqual(keys.sort(), [created.key, ...Object.keys(SIZES).map((size) => outputKey(created.key, size))].sort());
      return { result, target };
    });
  } finally {
    await one.stop();
  }
});

test('email: each mail once, or a dead letter that states that nobody knows', async (t) => {
  const one = await EmailCloud.start({ environment: { AWS_MAX_ATTEMPTS: '2' } });
  const put = async () => {
    await one.forget();
    for (const name of ['a', 'b']) await one.put(message({ toEmail: `${name}@example.com` }));
  };
  try {
    const faults = await faultsAtWork(EMAIL_SENDER, async (config) => {
      await put();
      const target = one.add(config);
      assert.deepEqual((await one.deliver(target)).failed, []);
      return target;
    });
    await underEachFault(t, faults, async (fault, flag) => {
      await put();
      const target = one.add(failingConfig(fault, EMAIL_SENDER, flag));
      const result = await one.deliver(target);
      for (let n = 1; one.left() > 0; n += 1) {
        assert.ok(n < 6, `the messages are finished some time: ${result.raw}`);
        await one.pass();
        await one.deliver(n < 3 ? target : one.email);
      }
      const letters = await one.letters();
      for (const address of ['a@example.com', 'b@example.com']) {
        const mails = one.recipients().filter((recipient) => recipient === address).length;
        const own = letters.filter(({ body }) => JSON.parse(body).toEmail === address);
        assert.ok(mails === 1 || (mails === 0 && own.length > 0), `${address}: ${mails} mails, ${own.length} dead letters`);
        assert.ok(own.every(({ reason }) => reason === 'UNKNOWN_OUTCOME'), `${address}: ${own.map(({ reason }) => reason)}`);
      }
      await one.checkInbox();
      return { result, target };
    });
  } finally {
    await one.stop();
  }
});
