// The mail function in the local cloud: mails of all templates as SES gets them, batches, deliveries that
// come twice or at once, dead letters, what a person decides, by hand.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { domainToASCII } from 'node:url';
import { sqsEvent } from '../../lambda/local/events.mjs';
import { EmailCloud, SETTINGS, TEMPLATES, logs, message, metrics, refusal, sample } from '../support/email.mjs';
import { EMAIL_SENDER, run } from '../support/lambda.mjs';

let one;
before(async () => (one = await EmailCloud.start()));
after(() => one.stop());
beforeEach(() => one.forget());

const SUBJECTS = {
  ORDER_CONFIRMATION: '주문이 완료되었습니다 - OpenMarket',
  SHIPPING_NOTIFICATION: '상품이 발송되었습니다 - OpenMarket',
  PASSWORD_RESET: '비밀번호 재설정 - OpenMarket',
  PROMOTIONAL: '(광고) 가을맞이 최대 30% 할인, 이번 주말까지',
  SETTLEMENT_REPORT: '정산 리포트 - OpenMarket',
};
const tagsOf = ({ EmailTags }) => Object.fromEntries(EmailTags.map(({ Name, Value }) => [Name, Value]));

test('all templates in both languages arrive once, with their headers, tags and parts', async () => {
  for (const template of TEMPLATES) {
    for (const language of ['ko', 'en']) await one.put(message({ template, language, toEmail: `${template.toLowerCase()}.${language}@고객.example.com` }));
  }
  const result = await one.deliver();
  assert.deepEqual(result.failed, []);
  assert.equal(one.left(), 0);
  assert.equal(one.sent.length, 10);
  for (const mail of one.sent) {
    const { template } = tagsOf(mail);
    const [to] = mail.Destination.ToAddresses;
    const is_quiet = ['PASSWORD_RESET', 'PROMOTIONAL'].includes(template);
    assert.match(to, new RegExp(`^${template.toLowerCase()}\\.(ko|en)@${domainToASCII('고객.example.com')}$`));
    assert.deepEqual(mail.Destination.BccAddresses ?? [], is_quiet ? [] : ['copy@openmarket.example'], template);
    assert.equal(mail.FromEmailAddress, '=?UTF-8?B?7Jik7ZSI66eI7LyT?= <no-reply@openmarket.example>');
    assert.deepEqual(mail.ReplyToAddresses, ['help@openmarket.example']);
    assert.equal(mail.ConfigurationSetName, 'openmarket');
    assert.deepEqual(tagsOf(mail), { template, environment: 'test' });
    const { Subject, Body, Headers = [] } = mail.Content.Simple;
    if (to.includes('.ko@')) assert.equal(Subject.Data, SUBJECTS[template]);
    assert.equal(Subject.Data.split('(광고)').length - 1, template === 'PROMOTIONAL' ? 1 : 0);
    for (const part of [Subject, Body.Html, Body.Text]) assert.equal(part.Charset, 'UTF-8');
    assert.match(Body.Html.Data, /^<!doctype html>/i);
    assert.ok(!Body.Text.Data.includes('<'), 'no markup in the text');
    const headers = Object.fromEntries(Headers.map(({ Name, Value }) => [Name, Value]));
    assert.deepEqual(headers, template !== 'PROMOTIONAL' ? {} : {
      'List-Unsubscribe': `<${sample(template, to.includes('.ko@') ? 'ko' : 'en').unsubscribeUrl}>`,
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
  }
  await one.checkInbox();
  const counted = metrics(result);
  assert.equal(counted.MailsSent, 10);
  for (const template of TEMPLATES) assert.equal(counted[`MailsSent/${template}`], 2);
  const lines = logs(result).filter((line) => line.message === 'mail sent');
  assert.equal(lines.length, 10);
  for (const line of lines) {
    assert.match(line.to, /^[0-9a-f]{16}$/);
    assert.ok(line.sesMessageId && line.messageId && line.id && TEMPLATES.includes(line.template));
  }
});

test('a batch of ten with three bad ones and a throttled one', async () => {
  const bad = ['no json', { ...message(), template: 'NEWS' }, { ...message(), data: { carrier: 'CJ' } }];
  const ids = [];
  for (let n = 0; n < 10; n += 1) ids.push(await one.put(bad[[1, 4, 8].indexOf(n)] ?? message({ toEmail: `c${n}@example.com` })));
  one.before = ({ operation, input }) => {
    if (operation === 'SendEmail' && input.Destination.ToAddresses[0] === 'c5@example.com') throw refusal('TooManyRequestsException');
  };
  const result = await one.deliver(one.add({ environment: { AWS_MAX_ATTEMPTS: '1' } }));
  assert.deepEqual(result.failed, [ids[5]]);
  assert.deepEqual(one.recipients(), [0, 2, 3, 6, 7, 9].map((n) => `c${n}@example.com`));
  const letters = await one.letters();
  assert.deepEqual(letters.map(({ reason }) => reason), ['BAD_JSON', 'UNKNOWN_TEMPLATE', 'MISSING_FIELD']);
  assert.deepEqual(letters.map(({ body }) => body), bad.map((body) => (typeof body === 'string' ? body : JSON.stringify(body))));
  assert.deepEqual(letters.map(({ firstMessageId }) => firstMessageId), [ids[1], ids[4], ids[8]]);
  assert.deepEqual(letters.map(({ template }) => template), [undefined, undefined, 'SHIPPING_NOTIFICATION']);
  for (const letter of letters) {
    assert.equal(letter.sourceQueue, one.queue.arn);
    assert.ok(letter.detail.length > 0 && Number(letter.queuedAt) > 1.7e12 && letter.recordKey === undefined);
  }
  assert.deepEqual(Object.keys(one.hidden()), [ids[5]]);
  // Later it is sent, and only it.
  one.before = null;
  one.show();
  assert.deepEqual((await one.deliver()).failed, []);
  assert.deepEqual(one.recipients().slice(6), ['c5@example.com']);
  assert.equal(one.left(), 0);
  await one.checkInbox();
});

test('without a dead-letter queue, what cannot be sent comes again', async () => {
  const plain = one.add({ environment: { DEAD_LETTER_QUEUE_URL: null } });
  const id = await one.put('no json');
  const { failed } = await one.deliver(plain);
  assert.deepEqual([failed, one.left(), one.count('sqs.SendMessage')], [[id], 1, 0]);
});

test('a dead-letter queue that fails: the message stays where it is, until it is taken', async () => {
  for (const [rule, letters] of [
    [{ operation: 'SendMessage', action: 'status', status: 500, times: -1 }, 0],
    [{ operation: 'SendMessage', action: 'refuse', code: 'AWS.SimpleQueueService.NonExistentQueue', status: 400, message: 'no such queue', times: -1 }, 0],
  ]) {
    await one.forget();
    one.fault(rule);
    const id = await one.put('no json');
    const result = await one.deliver();
    assert.deepEqual(result.failed, [id]);
    assert.equal(metrics(result).DeadLettersFailed, 1);
    assert.ok(logs(result).some((line) => line.level === 'ERROR' && line.message.includes('dead-letter')));
    assert.equal((await one.letters()).length, letters);
    one.cloud.front.faults.clear();
    one.show();
    assert.deepEqual((await one.deliver()).failed, []);
    assert.deepEqual([one.left(), (await one.letters()).length], [0, 1]);
  }
});

test('a message that comes twice is sent once: in one batch, in the next, sent again by its producer', async () => {
  const body = message({ messageId: 'order-17-shipped', toEmail: 'twice@example.com' });
  await one.put(body);
  const messages = await one.receive();
  const [first] = messages;
  assert.deepEqual((await one.hand([first, { ...first, ReceiptHandle: 'another' }])).failed, []);
  assert.deepEqual((await one.hand(messages)).failed, []);
  // JSON of another form is the same message.
  await one.put(JSON.stringify({ ...body, messageId: body.messageId, language: 'ko' }, null, 2));
  const result = await one.deliver();
  assert.deepEqual(result.failed, []);
  assert.equal(metrics(result).MailsDuplicate, 1);
  assert.deepEqual(one.recipients(), ['twice@example.com']);
  assert.deepEqual(await one.letters(), []);
});

test('another message under the id of one that was sent is not dropped: a dead letter', async () => {
  await one.put(message({ messageId: 'reused', toEmail: 'first@example.com' }));
  await one.put(message({ messageId: 'reused', toEmail: 'second@example.com' }));
  assert.deepEqual((await one.deliver()).failed, []);
  assert.deepEqual(one.recipients(), ['first@example.com']);
  assert.deepEqual((await one.letters()).map(({ reason, body }) => [reason, JSON.parse(body).toEmail]), [['ID_REUSED', 'second@example.com']]);
});

test('two functions on one message at once: one mail, the other comes again and finds it sent', async () => {
  const pair = one.add({ concurrency: 2 });
  for (let n = 0; n < 5; n += 1) {
    await one.forget();
    await one.put(message({ toEmail: `pair${n}@example.com` }));
    const messages = await one.receive();
    const results = await Promise.all([one.hand(messages, pair), one.hand(messages, pair)]);
    assert.deepEqual(one.recipients(), [`pair${n}@example.com`]);
    assert.ok(results.every(({ error }) => !error));
    assert.ok(results.filter(({ failed }) => failed.length > 0).length <= 1);
    assert.deepEqual((await one.hand(messages, pair)).failed, []);
    assert.equal(one.sent.length, 1);
    assert.deepEqual(await one.letters(), []);
  }
});

// The second delivery comes while the first waits for SES.
test('a message that another invocation works on waits for the end of its claim', async () => {
  const pair = one.add({ concurrency: 2 });
  const id = await one.put(message());
  const messages = await one.receive();
  let second;
  one.before = async ({ operation }) => {
    if (operation !== 'SendEmail') return;
    one.before = null;
    second = await one.hand(messages, pair);
  };
  assert.deepEqual((await one.hand(messages, pair)).failed, []);
  assert.deepEqual(second.failed, [id]);
  const [line] = logs(second).filter((entry) => entry.messageId === id);
  assert.equal(line.reason, 'IN_PROGRESS');
  assert.equal(one.sent.length, 1);
});

test('an unknown outcome is sent again when a person decides so, and only then', async () => {
  one.fault({ operation: 'SendEmail', action: 'status', status: 502, times: 1 });
  const id = await one.put(message({ toEmail: 'unknown@example.com' }));
  assert.deepEqual((await one.deliver()).failed, []);
  const [letter] = await one.letters();
  assert.deepEqual([letter.reason, letter.firstMessageId, letter.recordKey, letter.template], ['UNKNOWN_OUTCOME', id, `q:${id}`, 'SHIPPING_NOTIFICATION']);
  const again = { firstMessageId: letter.firstMessageId, queuedAt: Number(letter.queuedAt) };
  // Without the decision, and with a word that is not "yes".
  for (const more of [{}, { overrideUnknown: 'no' }, { overrideUnknown: 'YES' }]) {
    await one.put(letter.body, { ...again, ...more });
    assert.deepEqual((await one.deliver()).failed, []);
    assert.equal(one.sent.length, 0);
  }
  assert.deepEqual((await one.letters()).map(({ reason, firstMessageId }) => [reason, firstMessageId]), Array(4).fill(['UNKNOWN_OUTCOME', id]));
  await one.put(letter.body, { ...again, overrideUnknown: 'yes' });
  assert.deepEqual((await one.deliver()).failed, []);
  assert.deepEqual(one.recipients(), ['unknown@example.com']);
  // Decided twice: it was sent meanwhile.
  await one.put(letter.body, { ...again, overrideUnknown: 'yes' });
  const result = await one.deliver();
  assert.deepEqual([result.failed, metrics(result).MailsDuplicate, one.sent.length], [[], 1, 1]);
});

test('a first id that is no id counts as none', async () => {
  for (const firstMessageId of ['two words', 'é', 'x'.repeat(129)]) {
    await one.forget();
    const id = await one.put(message(), { firstMessageId });
    const result = await one.deliver();
    assert.equal(logs(result).find((line) => line.message === 'mail sent').id, `q:${id}`);
  }
});

test('a password reset whose link no longer works is not sent, also when it comes again later', async () => {
  const data = { ...sample('PASSWORD_RESET'), expiresIn: 30 };
  const late = Date.now() - 31 * 60000;
  await one.put(message({ template: 'PASSWORD_RESET', data }), { queuedAt: late });
  await one.put(message({ template: 'PASSWORD_RESET', data, toEmail: 'intime@example.com' }), { queuedAt: late + 120000 });
  // A time in the future is none: the queue's own counts.
  await one.put(message({ template: 'PASSWORD_RESET', data, toEmail: 'future@example.com' }), { queuedAt: Date.now() + 1e9 });
  const result = await one.deliver();
  assert.deepEqual([result.failed, one.recipients(), metrics(result).MailsOutdated], [[], ['intime@example.com', 'future@example.com'], 1]);
  assert.deepEqual(await one.letters(), []);
});

test('without a table every delivery is sent', async () => {
  const plain = one.add({ environment: { IDEMPOTENCY_TABLE: null } });
  await one.put(message());
  const messages = await one.receive();
  await one.hand(messages, plain);
  await one.hand(messages, plain);
  assert.deepEqual([one.sent.length, one.count('dynamodb.PutItem')], [2, 0]);
});

test('a FIFO queue keeps the order of a group behind a message that comes again', async () => {
  const dead = one.cloud.createQueue('ordered-dead.fifo', { FifoQueue: 'true' });
  const ordered = one.add({ environment: { DEAD_LETTER_QUEUE_URL: dead.url, AWS_MAX_ATTEMPTS: '1' } });
  const mail = (name) => JSON.stringify(message({ toEmail: `${name}@example.com` }));
  const messages = [['a', mail('a1')], ['a', 'no json'], ['b', mail('b1')], ['a', mail('a2')], ['b', mail('b2')]].map(([MessageGroupId, Body], n) => ({
    MessageId: `m${n}`, ReceiptHandle: `r${n}`, Body, Attributes: { MessageGroupId },
  }));
  one.before = ({ operation, input }) => {
    if (operation === 'SendEmail' && input.Destination.ToAddresses[0] === 'b1@example.com') throw refusal('TooManyRequestsException');
  };
  const { payload } = await ordered.invoke(sqsEvent(messages, `${one.queue.arn}.fifo`, one.cloud.region));
  assert.deepEqual(payload.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), ['m2', 'm4']);
  assert.deepEqual(one.recipients(), ['a1@example.com', 'a2@example.com']);
  const [letter] = await one.receive(10, dead);
  assert.deepEqual([letter.Body, letter.Attributes.MessageGroupId], ['no json', 'a']);
});

test('by Lambda\'s own poller, to the end', async () => {
  for (let n = 0; n < 25; n += 1) await one.put(n % 5 === 4 ? '{}' : message({ toEmail: `p${n}@example.com` }));
  const mapping = one.cloud.mapQueue(one.queue, one.email, { pollers: 2 });
  while (one.left() > 0) await new Promise((done) => setTimeout(done, 20));
  await mapping.stop();
  assert.deepEqual([new Set(one.recipients()).size, one.sent.length, (await one.letters()).length], [20, 20, 5]);
  await one.checkInbox();
});

test('wrong settings: the function does not start, and its error names the variable', async () => {
  for (const [environment, text] of [
    [{ FROM_EMAIL: null }, 'FROM_EMAIL is not set'],
    [{ FROM_EMAIL: 'nobody' }, 'FROM_EMAIL is not'],
    [{ IDEMPOTENCY_DAYS: '7' }, 'IDEMPOTENCY_DAYS is not'],
    [{ SES_SEND_RATE: 'fast' }, 'SES_SEND_RATE is not'],
  ]) {
    const { error, payload } = await one.add({ environment }).invoke({ Records: [] });
    assert.equal(error, true);
    assert.ok(payload.errorMessage.startsWith(text), payload.errorMessage);
  }
});

test('by hand: the correct status, and all memory freed', async () => {
  const environment = { ...one.cloud.clientEnvironment(), ...SETTINGS, DEAD_LETTER_QUEUE_URL: one.dead.url, AWS_LAMBDA_LOG_LEVEL: 'DEBUG' };
  const record = (id, body) => ({ MessageId: id, ReceiptHandle: id, Body: typeof body === 'string' ? body : JSON.stringify(body), Attributes: {} });
  const event = { eventType: 'Send', mail: { messageId: 'a', destination: ['a@example.com'] } };
  for (const [input, status] of [
    [sqsEvent([record('m1', message()), record('m2', 'no json'), record('m3', event), record('m4', { eventType: 'Send' })], one.queue.arn), 0],
    [event, 0],
    [{ eventType: 'Send' }, 1],
    [{}, 1],
  ]) {
    const { status: actual, stdout, stderr } = await run(EMAIL_SENDER, ['--event', '-'], { env: environment, input: JSON.stringify(input) });
    assert.equal(actual, status, stdout + stderr);
    assert.ok(!stderr.includes('example.com'), stderr);
  }
  assert.deepEqual([one.sent.length, (await one.letters()).map(({ reason }) => reason)], [1, ['BAD_JSON', 'BAD_EVENT']]);
  // Nothing of AWS but the region, of which there is always one in Lambda.
  const bare = { FROM_EMAIL: SETTINGS.FROM_EMAIL, AWS_REGION: 'eu-west-1' };
  const { status, stdout } = await run(EMAIL_SENDER, ['--event', '-'], { env: bare, input: JSON.stringify(sqsEvent([record('m1', 'no json'), record('m2', event)], one.queue.arn)) });
  assert.deepEqual([status, JSON.parse(stdout)], [0, { batchItemFailures: [{ itemIdentifier: 'm1' }] }]);
});
