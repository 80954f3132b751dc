// The mail function against the clock: an SES that hangs, a timeout that is too short, a rate, SIGTERM.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { EmailCloud, logs, message } from '../support/email.mjs';
import { until } from '../support/lambda.mjs';

let one;
before(async () => (one = await EmailCloud.start()));
after(() => one.stop());
beforeEach(() => one.forget());

test('SES hangs: an error in time, and the outcome is unknown; what found no time is sent later', async () => {
  const hurried = one.add({ timeout_ms: 7000 });
  await hurried.invoke({ Records: [] });
  one.fault({ operation: 'SendEmail', action: 'stall', times: -1 });
  const ids = [await one.put(message({ toEmail: 'a@example.com' })), await one.put(message({ toEmail: 'b@example.com' }))];
  const result = await one.deliver(hurried);
  assert.deepEqual([result.error, result.failed, one.sent.length], [false, [ids[1]], 0], result.raw);
  assert.ok(logs(result).some((entry) => entry.message.includes('untouched') && entry.count === 1));
  one.cloud.front.faults.clear();
  one.show(); // nobody has a claim on it
  assert.deepEqual([(await one.deliver()).failed, one.recipients()], [[], ['b@example.com']]);
  assert.deepEqual((await one.letters()).map(({ reason, firstMessageId }) => [reason, firstMessageId]), [['UNKNOWN_OUTCOME', ids[0]]]);
});

test('a timeout that is too short for any mail is an error in the log', async () => {
  const id = await one.put(message());
  const result = await one.deliver(one.add({ timeout_ms: 4000 }));
  assert.deepEqual([result.failed, one.sent.length], [[id], 0]);
  assert.ok(logs(result).some((entry) => entry.level === 'ERROR' && entry.message.includes('timeout is too short')));
  assert.equal(one.count('dynamodb.PutItem'), 0);
});

test('the rate is held: a second for so many mails', async () => {
  const slow = one.add({ environment: { SES_SEND_RATE: '5' } });
  const times = [];
  one.before = ({ operation }) => operation === 'SendEmail' && times.push(performance.now());
  for (let n = 0; n < 10; n += 1) await one.put(message({ toEmail: `r${n}@example.com` }));
  assert.deepEqual((await one.deliver(slow)).failed, []);
  // Five at once, and a fifth of a second for each of the others. The first may arrive late.
  assert.ok(times[9] - times[0] >= 850, String(times[9] - times[0]));
});

test('SIGTERM in mid-work: the mail that SES has is not sent again', async () => {
  const ending = one.add();
  await ending.invoke({ Records: [] });
  one.fault({ operation: 'SendEmail', action: 'stall', times: 1 });
  await one.put(message());
  const working = one.deliver(ending);
  await until(() => one.count('ses.SendEmail') === 1, 'SES is asked');
  const [end] = await ending.stop(5000);
  assert.deepEqual([end.code, end.signal], [0, null]);
  assert.equal((await working).error, true);
  await one.pass();
  await one.deliver();
  assert.deepEqual([one.sent.length, (await one.letters()).map(({ reason }) => reason)], [0, ['UNKNOWN_OUTCOME']]);
});
