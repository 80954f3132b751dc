// The mail function killed at every one of its requests, before it is performed and after it, on each
// path that a message can take. Afterwards the message is delivered again until it is gone. What can
// double, and nothing else: the dead letter of a message whose result was not reported any more.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EmailCloud, message, refusal } from '../support/email.mjs';

let one;
// One attempt: where SES throttles, its client waits for seconds.
before(async () => (one = await EmailCloud.start({ environment: { AWS_MAX_ATTEMPTS: '1' } })));
after(() => one.stop());

// The requests that a delivery of what `prepare` queues makes.
async function requestsOf(prepare) {
  await one.forget();
  await prepare();
  const steps = [];
  one.after = ({ operation }) => void steps.push(operation);
  await one.deliver();
  one.after = null;
  return steps;
}

// Delivered until nothing is left. Time passes before each delivery: claims have ended.
async function deliverToTheEnd() {
  for (let n = 0; one.left() > 0; n += 1) {
    assert.ok(n < 6, 'the message is finished some time');
    await one.pass();
    await one.deliver();
  }
}

// Gives [mails, reasons of the dead letters] for a kill at each request: {'PutItem before': ...}.
async function killEverywhere(prepare, steps) {
  const outcomes = {};
  for (const [index, step] of steps.entries()) {
    for (const when of ['before', 'after']) {
      await one.forget();
      await prepare();
      one.killAt(index, when);
      const killed = await one.deliver();
      assert.equal(killed.payload.errorType, 'Runtime.ExitError', `${step} ${when}`);
      Object.assign(one, { before: null, after: null });
      await deliverToTheEnd();
      await one.checkInbox();
      outcomes[`${index} ${step} ${when}`] = [one.sent.length, (await one.letters()).map(({ reason }) => reason)];
    }
  }
  return outcomes;
}

test('a mail: sent once, or a dead letter, or both; never twice, never nothing', async () => {
  const prepare = () => one.put(message());
  const steps = await requestsOf(prepare);
  assert.deepEqual(steps, ['PutItem', 'UpdateItem', 'SendEmail', 'UpdateItem']);
  const unknown = ['UNKNOWN_OUTCOME'];
  assert.deepEqual(await killEverywhere(prepare, steps), {
    '0 PutItem before': [1, []],
    '0 PutItem after': [1, []],
    '1 UpdateItem before': [1, []],
    '1 UpdateItem after': [0, unknown], // about to be sent: nobody can tell that it was not
    '2 SendEmail before': [0, unknown],
    '2 SendEmail after': [1, unknown],
    '3 UpdateItem before': [1, unknown],
    '3 UpdateItem after': [1, []],
  });
});

test('the same in a batch: its other messages are sent once as well', async () => {
  const prepare = async () => {
    for (const name of ['a', 'b']) await one.put(message({ toEmail: `${name}@example.com` }));
  };
  const steps = await requestsOf(prepare);
  assert.equal(steps.length, 8);
  const outcomes = await killEverywhere(prepare, steps);
  for (const [where, [mails, letters]] of Object.entries(outcomes)) {
    const at = (Number(where.split(' ')[0]) % 4) * 2 + (where.endsWith('after') ? 1 : 0);
    assert.deepEqual([mails, letters.length], [at === 3 || at === 4 ? 1 : 2, at >= 3 && at <= 6 ? 1 : 0], where);
  }
});

test('a message that is refused: one dead letter, two if it was killed behind the first', async () => {
  const prepare = () => one.put('no json');
  const steps = await requestsOf(prepare);
  assert.deepEqual(steps, ['SendMessage']);
  assert.deepEqual(await killEverywhere(prepare, steps), {
    '0 SendMessage before': [0, ['BAD_JSON']],
    '0 SendMessage after': [0, ['BAD_JSON', 'BAD_JSON']],
  });
});

test('a message of unknown outcome: never a mail', async () => {
  const prepare = async () => {
    await one.put(message());
    one.killAt(2, 'before');
    await one.deliver();
    Object.assign(one, { before: null, after: null });
    await one.pass();
  };
  const steps = await requestsOf(prepare);
  assert.equal(steps.at(-1), 'SendMessage');
  const outcomes = Object.values(await killEverywhere(prepare, steps));
  assert.ok(outcomes.every(([mails]) => mails === 0));
  assert.deepEqual(outcomes.map(([, letters]) => letters), [...Array(outcomes.length - 1).fill(['UNKNOWN_OUTCOME']), ['UNKNOWN_OUTCOME', 'UNKNOWN_OUTCOME']]);
});

test('a mail that SES throttles: sent once when it may be', async () => {
  let is_throttled;
  const prepare = async () => {
    is_throttled = true;
    await one.put(message());
  };
  const { services } = one.cloud.front;
  const { ses } = services;
  services.ses = (request) => {
    if (is_throttled) throw refusal('LimitExceededException');
    return ses(request);
  };
  const steps = await requestsOf(prepare);
  assert.ok(steps.includes('ChangeMessageVisibilityBatch'), steps.join());
  for (const [index] of steps.entries()) {
    for (const when of ['before', 'after']) {
      await one.forget();
      await prepare();
      one.killAt(index, when);
      await one.deliver();
      is_throttled = false;
      Object.assign(one, { before: null, after: null });
      await deliverToTheEnd();
      const letters = await one.letters();
      // Killed between SENDING and the response of SES: the outcome is unknown.
      assert.ok(one.sent.length + letters.length === 1, `${index} ${when}: ${one.sent.length} ${letters.length}`);
    }
  }
  services.ses = ses;
});

test('the claim of an invocation that died is taken over when its time has passed, not before', async () => {
  await one.forget();
  const id = await one.put(message());
  one.killAt(1, 'before');
  await one.deliver();
  Object.assign(one, { before: null, after: null });
  one.show();
  const early = await one.deliver();
  assert.deepEqual([early.failed, one.sent.length], [[id], 0]);
  await one.pass();
  assert.deepEqual([(await one.deliver()).failed, one.sent.length], [[], 1]);
});
