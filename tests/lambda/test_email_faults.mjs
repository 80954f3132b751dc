// The mail function when SES, DynamoDB, SQS or Secrets Manager fail or refuse: what is sent, what waits
// and for how long, what becomes a dead letter; and that no log holds an address or a secret. Those of
// deadlines and rates are in test_email_time.mjs.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DEFAULT_CREDENTIALS } from '../../lambda/local/environment.mjs';
import { sqsEvent } from '../../lambda/local/events.mjs';
import { EmailCloud, logs, message, metrics, refusal, sample } from '../support/email.mjs';

const HASH_KEY = 'canary-hash-key-of-32-characters';
let one;
before(async () => {
  one = await EmailCloud.start({ environment: { AWS_LAMBDA_LOG_LEVEL: 'TRACE', ADDRESS_HASH_SECRET: 'hash-key' } });
  one.cloud.createSecret('hash-key', HASH_KEY);
});
after(() => one.stop());
// Where SES throttles: its client tries three times, over two seconds.
const single = () => one.add({ environment: { AWS_MAX_ATTEMPTS: '1' } });
beforeEach(() => one.forget());

const CANARIES = { name: '카나리아-이름', token: 'https://shop.example/reset?token=canary-token', to: 'canary.recipient@canary-domain.example' };
const canary = () => message({ template: 'PASSWORD_RESET', toEmail: CANARIES.to, data: { ...sample('PASSWORD_RESET'), userName: CANARIES.name, resetUrl: CANARIES.token } });

const refuseMails = (code, is_it = () => true) => {
  one.before = ({ operation, input }) => {
    if (operation === 'SendEmail' && is_it(input)) throw refusal(code);
  };
};
const line = (result, id) => logs(result).find((entry) => entry.messageId === id && entry.template);

test('SES fails after the work was done, or leaves it open: one mail at most, and a dead letter', async () => {
  for (const [rule, mails] of [
    [{ action: 'status', status: 502, done: true }, 1],
    [{ action: 'status', status: 500, done: true }, 1],
    [{ action: 'status', status: 504 }, 0],
    [{ action: 'reset', done: true }, 1],
    [{ action: 'reset' }, 0],
    [{ action: 'truncate', after_bytes: 5 }, 1],
    [{ action: 'corrupt' }, 1],
  ]) {
    await one.forget();
    one.fault({ operation: 'SendEmail', ...rule });
    const id = await one.put(canary());
    const result = await one.deliver();
    assert.deepEqual(result.failed, [], JSON.stringify(rule));
    // A corrupted response may still be read as an acceptance.
    if (rule.action === 'corrupt' && metrics(result).MailsSent === 1) continue;
    assert.equal(metrics(result).MailsUnknown, 1, JSON.stringify(rule));
    assert.equal(one.sent.length, mails);
    assert.deepEqual((await one.letters()).map(({ reason, recordKey }) => [reason, recordKey]), [['UNKNOWN_OUTCOME', `q:${id}`]]);
    assert.equal(one.count('ses.SendEmail'), 1, 'not repeated');
  }
});

test('SES throttles one mail: it waits by its visibility, the others are sent', async () => {
  refuseMails('TooManyRequestsException', (input) => input.Destination.ToAddresses[0] === 'b@example.com');
  const ids = [];
  for (const name of ['a', 'b', 'c']) ids.push(await one.put(message({ toEmail: `${name}@example.com` })));
  const result = await one.deliver(single());
  assert.deepEqual([result.failed, one.recipients()], [[ids[1]], ['a@example.com', 'c@example.com']]);
  const { reason, retryS: retry_s } = line(result, ids[1]);
  assert.equal(reason, 'SES_RATE');
  const [[id, seconds]] = Object.entries(one.hidden());
  assert.equal(id, ids[1]);
  assert.ok(seconds <= retry_s * 1.25 + 1, `${seconds} of ${retry_s}`);
  assert.equal(metrics(result).ThrottledBySes, 1);
  assert.deepEqual(await one.letters(), []);
});

test('a mail that is throttled again and again waits as long as the mailer asks for, or up to a quarter more', async () => {
  const target = single();
  const id = await one.put(message());
  const asked = [];
  one.before = ({ operation, input }) => {
    if (operation === 'ChangeMessageVisibilityBatch') asked.push(...input.Entries.map((entry) => entry.VisibilityTimeout));
    if (operation === 'SendEmail') throw refusal('TooManyRequestsException');
  };
  for (let n = 1; n < 10; n += 1) {
    const { reason, retryS: retry_s, receiveCount } = line(await one.deliver(target), id);
    assert.deepEqual([reason, receiveCount, asked.length], ['SES_RATE', n, n]);
    assert.ok(retry_s >= 1 && retry_s <= 600, String(retry_s));
    assert.ok(asked.at(-1) >= retry_s && asked.at(-1) <= retry_s * 1.25 + 1, `${asked.at(-1)} of ${retry_s}`);
    one.show();
  }
});

test('the quota is used up: the batch stops, and all of it waits without a request each', async () => {
  one.cloud.ses.setLimits({ max_24_hours: 4 }); // recipients: two mails with their copies
  const ids = [];
  for (let n = 0; n < 10; n += 1) ids.push(await one.put(message({ toEmail: `q${n}@example.com` })));
  const result = await one.deliver(single());
  assert.deepEqual([result.failed, one.sent.length], [ids.slice(2), 2]);
  assert.equal(line(result, ids[2]).reason, 'SES_QUOTA');
  assert.equal(one.count('ses.SendEmail', 'refused'), 1, 'one mail was tried');
  assert.equal(one.count('sqs.ChangeMessageVisibilityBatch'), 1);
  const hidden = one.hidden();
  assert.deepEqual(Object.keys(hidden).sort(), ids.slice(2).sort());
  // Ten receives of a pause of ten minutes each outlast an hour and a half.
  for (const seconds of Object.values(hidden)) assert.ok(seconds > 9 * 60 && seconds <= 13 * 60, String(seconds));
  assert.deepEqual(await one.letters(), []);
  // The next day.
  one.cloud.ses.setLimits();
  one.show();
  assert.deepEqual((await one.deliver()).failed, []);
  assert.equal(new Set(one.recipients()).size, 10);
});

test('what all mails need is missing: none is lost', async () => {
  for (const [code, reason] of [
    ['SendingPausedException', 'SES_PAUSED'],
    ['AccountSuspendedException', 'SES_SUSPENDED'],
    ['NotFoundException', 'SES_NO_CONFIGURATION_SET'],
  ]) {
    await one.forget();
    refuseMails(code);
    const ids = [await one.put(message()), await one.put(message())];
    const result = await one.deliver();
    assert.deepEqual(result.failed, ids);
    assert.equal(line(result, ids[0]).reason, reason);
    assert.equal(line(result, ids[1]), undefined, 'not tried');
    assert.equal(Object.keys(one.hidden()).length, 2);
    one.before = null;
    one.show();
    assert.deepEqual([(await one.deliver()).failed, one.sent.length, (await one.letters()).length], [[], 2, 0]);
  }
});

// In the sandbox it is a matter of each recipient.
test('an address that is not verified: the mail waits, the others are sent', async () => {
  refuseMails('MessageRejected', (input) => input.Destination.ToAddresses[0] === 'a@example.com');
  const id = await one.put(message({ toEmail: 'a@example.com' }));
  await one.put(message({ toEmail: 'b@example.com' }));
  const result = await one.deliver();
  assert.deepEqual([result.failed, one.recipients(), line(result, id).reason], [[id], ['b@example.com'], 'SES_NOT_VERIFIED']);
});

test('SES rejects the content of one mail: a dead letter, the others are sent', async () => {
  one.before = ({ operation, input }) => {
    if (operation === 'SendEmail' && input.Destination.ToAddresses[0] === 'b@example.com') {
      throw refusal('MessageRejected', 'The content is not allowed');
    }
  };
  for (const name of ['a', 'b', 'c']) await one.put(message({ toEmail: `${name}@example.com` }));
  assert.deepEqual((await one.deliver()).failed, []);
  assert.deepEqual(one.recipients(), ['a@example.com', 'c@example.com']);
  assert.deepEqual((await one.letters()).map(({ reason }) => reason), ['SES_REJECTED']);
});

test('the table fails: nothing is sent without a claim, and nothing is lost', async () => {
  for (const rule of [
    { operation: 'PutItem', action: 'status', status: 500, times: -1 },
    { operation: 'PutItem', action: 'throttle', times: -1 },
    { service: 'dynamodb', operation: 'PutItem', action: 'refuse', code: 'ResourceNotFoundException', times: -1 },
    { operation: 'UpdateItem', action: 'status', status: 500, times: -1 },
    { operation: 'UpdateItem', action: 'status', status: 500, times: -1, done: true },
    { service: 'dynamodb', action: 'reset', times: -1 },
  ]) {
    await one.forget();
    one.fault(rule);
    const id = await one.put(message());
    const result = await one.deliver(single());
    assert.deepEqual([result.error, result.failed, one.sent.length], [false, [id], 0], JSON.stringify(rule));
    one.cloud.front.faults.clear();
    await one.pass();
    assert.deepEqual((await one.deliver()).failed, []);
    // A write to SENDING that was carried out although it failed leaves the outcome open.
    assert.equal(one.sent.length + (await one.letters()).length, 1, JSON.stringify(rule));
  }
});

test('writes that are repeated because their responses are lost: the delivery\'s own claim is known', async () => {
  for (const rule of [{ operation: 'PutItem' }, { operation: 'UpdateItem' }, { operation: 'UpdateItem', skip: 1 }]) {
    for (const action of ['reset', 'status']) {
      await one.forget();
      one.fault({ action, done: true, ...rule });
      await one.put(message());
      assert.deepEqual([(await one.deliver()).failed, one.sent.length, (await one.letters()).length], [[], 1, 0], `${action} ${JSON.stringify(rule)}`);
    }
  }
});

test('the last write fails: the mail is sent, the record is incomplete, and the next delivery is unknown', async () => {
  one.fault({ operation: 'UpdateItem', action: 'status', status: 500, skip: 1, times: -1 });
  const id = await one.put(message());
  const messages = await one.receive();
  const result = await one.hand(messages);
  assert.deepEqual([result.failed, one.sent.length, metrics(result).RecordIncomplete], [[], 1, 1]);
  assert.equal(line(result, id).recordIncomplete, true);
  one.cloud.front.faults.clear();
  await one.pass();
  assert.deepEqual((await one.hand(messages)).failed, []);
  assert.deepEqual([one.sent.length, (await one.letters()).map(({ reason }) => reason)], [1, ['UNKNOWN_OUTCOME']]);
});

test('the visibility cannot be changed: a warning, and the message comes again all the same', async () => {
  refuseMails('TooManyRequestsException');
  one.fault({ operation: 'ChangeMessageVisibilityBatch', action: 'status', status: 500, times: -1 });
  const id = await one.put(message());
  const result = await one.deliver(single());
  assert.deepEqual([result.error, result.failed, metrics(result).VisibilityFailed], [false, [id], 1]);
  assert.ok(logs(result).some((entry) => entry.level === 'WARN' && entry.message.includes('visibility')));
});

test('a large batch that SES pauses: ten messages with one request, and one request if SQS fails', async () => {
  const target = single();
  const messages = [...Array(30).keys()].map((n) => ({ MessageId: `m${n}`, ReceiptHandle: `r${n}`, Body: JSON.stringify(message()), Attributes: {} }));
  for (const [fault, requests] of [[null, 1], [{ action: 'status', status: 500, times: -1 }, 1]]) {
    await one.forget();
    refuseMails('SendingPausedException');
    // The local SQS does not have these receipt handles: nothing is changed in either case.
    if (fault) one.fault({ operation: 'ChangeMessageVisibilityBatch', ...fault });
    const result = await target.invoke(sqsEvent(messages, one.queue.arn, one.cloud.region));
    assert.equal(result.payload.batchItemFailures.length, 30);
    assert.equal(one.count('sqs.ChangeMessageVisibilityBatch'), requests);
    assert.equal(metrics(result).VisibilityFailed, 1);
  }
  await one.forget();
  refuseMails('SendingPausedException');
  for (let n = 0; n < 30; n += 1) await one.put(message());
  const queued = [...await one.receive(), ...await one.receive(), ...await one.receive()];
  assert.equal((await one.hand(queued, target)).failed.length, 30);
  assert.deepEqual([one.count('sqs.ChangeMessageVisibilityBatch'), Object.values(one.hidden()).every((seconds) => seconds > 540)], [3, true]);
});

test('the key of the hashes: from the secret, and a warning where it is not there', async () => {
  const toOf = async (target) => {
    await one.forget();
    await one.put(canary());
    const result = await one.deliver(target);
    return { to: logs(result).find((entry) => entry.message === 'mail sent').to, warned: logs(result).some((entry) => entry.level === 'WARN' && entry.message.includes('ADDRESS_HASH_SECRET')) };
  };
  const keyed = (name) => one.add({ environment: { ADDRESS_HASH_SECRET: name } });
  const [first, second] = [await toOf(keyed('hash-key')), await toOf(keyed('hash-key'))];
  assert.deepEqual(first, { to: second.to, warned: false });
  one.cloud.createSecret('short', 'too short');
  for (const name of [null, 'absent', 'short']) {
    const random = await toOf(keyed(name));
    assert.match(random.to, /^[0-9a-f]{16}$/);
    assert.notEqual(random.to, first.to);
    assert.equal(random.warned, name !== null);
  }
  // One that hangs holds up no mail.
  one.fault({ service: 'secretsmanager', action: 'stall', times: -1 });
  const target = one.add({ timeout_ms: 9000, environment: { ADDRESS_HASH_SECRET: 'hash-key' } });
  await one.put(canary());
  assert.deepEqual((await one.deliver(target)).failed, []);
});

test('no address, no text of a mail and no secret is in any log or dead letter\'s reason', async () => {
  for (const body of [canary(), { ...canary(), toEmail: `${CANARIES.to}, ${CANARIES.to}` }, JSON.stringify(canary()).slice(0, -9), { ...canary(), data: { userName: CANARIES.name, resetUrl: `javascript:${CANARIES.token}`, expiresIn: 5 } }]) await one.put(body);
  refuseMails('TooManyRequestsException');
  await one.deliver();
  one.before = null;
  one.show();
  await one.deliver();
  // What SES states may name the recipient.
  for (const code of ['MessageRejected', 'BadRequestException', 'AccountSuspendedException']) {
    await one.put({ ...canary(), messageId: code });
    one.before = ({ operation }) => {
      if (operation === 'SendEmail') throw refusal(code, `Illegal address <${CANARIES.to}> in ${CANARIES.to}: ${CANARIES.to}`);
    };
    await one.deliver();
  }
  one.before = null;
  const letters = await one.letters();
  assert.deepEqual(letters.map(({ reason }) => reason), ['BAD_ADDRESS', 'BAD_JSON', 'BAD_FIELD', 'SES_REJECTED', 'SES_REJECTED']);
  for (const { body: _, ...attributes } of letters) {
    for (const text of Object.values(CANARIES)) assert.ok(!JSON.stringify(attributes).includes(text), JSON.stringify(attributes));
  }
  const logged = [...one.cloud.functions.values()].flatMap((target) => target.log).join('\n');
  assert.ok(logged.length > 20000);
  const { accessKeyId, secretAccessKey, sessionToken } = DEFAULT_CREDENTIALS;
  const secrets = [accessKeyId, secretAccessKey, sessionToken, HASH_KEY, 'Signature=', ...Object.values(CANARIES), 'canary', '카나리아', 'customer@', '@example.com', sample('SHIPPING_NOTIFICATION').trackingNumber];
  for (const secret of secrets) assert.ok(!logged.includes(secret), secret);
});
