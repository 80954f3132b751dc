// email-sender dead-letters: what a person sees of the dead-letter queue, what is explained, what is
// sent again, and what happens when any of it fails or is ended.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, beforeEach, test } from 'node:test';
import { Refusal } from '../../lambda/local/refusal.mjs';
import { EmailCloud, message, sample } from '../support/email.mjs';
import { EMAIL_SENDER, run } from '../support/lambda.mjs';

let one;
const waits_s = new Set();
before(async () => {
  one = await EmailCloud.start();
  // An empty queue of this cloud has no other servers to ask: a receive need not wait for them.
  const { services } = one.cloud.front;
  const perform = services.sqs;
  services.sqs = (request) => {
    const input = JSON.parse(request.body);
    if (input.WaitTimeSeconds === undefined) return perform(request);
    waits_s.add(input.WaitTimeSeconds);
    return perform({ ...request, body: Buffer.from(JSON.stringify({ ...input, WaitTimeSeconds: 0 })) });
  };
});
after(() => one.stop());
beforeEach(() => one.forget());

const environment = (more = {}) => ({
  ...one.cloud.clientEnvironment(), DEAD_LETTER_QUEUE_URL: one.dead.url, EMAIL_QUEUE_URL: one.queue.url, IDEMPOTENCY_TABLE: 'sent', ...more,
});
const tool = (args, more) => run(EMAIL_SENDER, ['dead-letters', ...args], { env: environment(more) });
const lines = (text) => text.trimEnd().split('\n');
const list = async (...args) => lines((await tool(['list', '--json', ...args])).stdout).filter(Boolean).map((line) => JSON.parse(line));

const attributesOf = (attributes) =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]));

// A message that is in the dead-letter queue without the function's doing.
async function bury(body, attributes = {}) {
  const { MessageId } = await one.cloud.sqs.call('SendMessage', {
    QueueUrl: one.dead.url, MessageBody: typeof body === 'string' ? body : JSON.stringify(body), MessageAttributes: attributesOf(attributes),
  });
  return MessageId;
}

// Queues a message of which SES's response does not come, and lets the function bury it.
async function buryUnknown(more = {}) {
  one.fault({ operation: 'SendEmail', action: 'status', status: 502, times: 1 });
  const first_id = await one.put(message({ toEmail: 'unknown@example.com', ...more }));
  await one.deliver();
  const [letter] = (await list('--reason', 'UNKNOWN_OUTCOME')).slice(-1);
  assert.equal(letter.reason, 'UNKNOWN_OUTCOME');
  return { id: letter.id, first_id };
}

test('list shows every message once, why it is there, nothing of its data, and gives all back', async () => {
  for (const body of ['no json', { ...message(), template: 'NEWS' }, { ...message(), data: { carrier: 'CJ' } }]) await one.put(body);
  await one.deliver();
  const moved = await bury(message({ toEmail: 'moved@example.com' }));
  const { status, stdout } = await tool(['list']);
  assert.equal(status, 0);
  const [head, ...rows] = lines(stdout);
  assert.match(head, /^ID +AGE  REASON +TEMPLATE +RECEIVES$/);
  assert.deepEqual(rows.map((row) => row.slice(44, 91).trim().split(/ {2,}/)), [
    ['BAD_JSON', '-'], ['UNKNOWN_TEMPLATE', 'NEWS'], ['MISSING_FIELD', 'SHIPPING_NOTIFICATION'], ['moved by SQS', 'SHIPPING_NOTIFICATION'],
  ]);
  assert.ok(rows[3].startsWith(moved));
  assert.ok(!/customer|moved@|김/.test(stdout), stdout);
  assert.deepEqual(one.hidden('mails-dead'), {});
  assert.equal(one.left('mails-dead'), 4);
  assert.deepEqual((await list('--reason', 'moved-by-sqs')).map(({ id }) => id), [moved]);
  assert.deepEqual((await list('--template', 'shipping_notification')).length, 2);
  assert.deepEqual((await list('--template', 'SHIPPING_NOTIFICATION', '--limit', '1')).map(({ reason }) => reason), ['MISSING_FIELD']);
  assert.deepEqual(one.hidden('mails-dead'), {});
});

test('a queue of many batches, which repeats messages: each is shown once', async () => {
  const ids = new Set();
  for (let n = 0; n < 123; n += 1) ids.add(await bury(message(), { reason: 'BAD_FIELD' }));
  // After each receive, every second message of it is visible again.
  let count = 0;
  one.after = ({ operation }) => {
    count += operation === 'ReceiveMessage' ? 1 : 0;
    if (operation === 'ReceiveMessage' && count < 10) one.show('mails-dead');
  };
  const shown = await list();
  assert.deepEqual([shown.length, new Set(shown.map(({ id }) => id)).size], [123, 123]);
  assert.ok(shown.every(({ id }) => ids.has(id)));
  assert.deepEqual(one.hidden('mails-dead'), {});
});

test('messages are given back when SQS fails in the middle, and when SIGINT or SIGTERM comes', async () => {
  for (let n = 0; n < 25; n += 1) await bury(message());
  let count = 0;
  one.before = ({ operation }) => {
    if (operation === 'ReceiveMessage' && (count += 1) === 3) throw new Refusal('AccessDeniedException', 'no', 400);
  };
  const failed = await tool(['list']);
  assert.equal(failed.status, 3, failed.stderr);
  assert.match(failed.stderr, /sqs ReceiveMessage/);
  assert.equal(lines(failed.stdout).length, 1 + 20);
  assert.deepEqual(one.hidden('mails-dead'), {});
  for (const signal of ['SIGINT', 'SIGTERM']) {
    one.before = null;
    const child = spawn(EMAIL_SENDER, ['dead-letters', 'list'], { env: environment(), stdio: 'ignore' });
    const ended = new Promise((done) => child.once('exit', (status) => done(status)));
    count = 0;
    one.before = ({ operation }) => {
      if (operation === 'ReceiveMessage' && (count += 1) === 2) child.kill(signal);
    };
    assert.equal(await ended, 130);
    assert.deepEqual(one.hidden('mails-dead'), {}, signal);
    assert.equal(one.left('mails-dead'), 25);
  }
});

test('attributes that a stranger wrote do no harm to a terminal, or to JSON', async () => {
  await bury(message(), { reason: '\u001b[2J\u009bx "quoted"', detail: 'two\nlines', template: 'T'.repeat(300), firstMessageId: 'x y' });
  const { stdout } = await tool(['list']);
  assert.ok(!/[^\n\x20-\x7e]/.test(stdout), JSON.stringify(stdout));
  const [{ reason, detail }] = await list();
  assert.deepEqual([reason, detail], ['?[2J??x "quoted"', 'two?lines']);
});

test('explain states the reason, the record and what can be done', async () => {
  const { id, first_id } = await buryUnknown();
  const { status, stdout } = await tool(['explain', id]);
  assert.equal(status, 0);
  for (const text of ['UNKNOWN_OUTCOME', 'SENDING: SES was asked', `q:${first_id}`, 'u***@example.com', 'resend --override-unknown', one.queue.arn]) {
    assert.ok(stdout.replace(/\s+/g, ' ').includes(text), `${text}\n${stdout}`);
  }
  assert.ok(!stdout.includes('unknown@'), stdout);
  const bad = await bury({ ...message(), data: {} });
  const moved = (await tool(['explain', bad])).stdout.replace(/\s+/g, ' ');
  assert.match(moved, /reason moved by SQS/);
  assert.match(moved, /This program refuses the body: MISSING_FIELD: data\.customerName/);
  const without = await tool(['explain', id], { IDEMPOTENCY_TABLE: '' });
  assert.match(without.stdout, /No table is named/);
  assert.deepEqual(one.hidden('mails-dead'), {});
  assert.deepEqual([(await tool(['explain', 'none'])).status, (await tool(['explain', id], { IDEMPOTENCY_TABLE: 'no-table' })).status], [1, 3]);
});

test('an unknown outcome is resent with --override-unknown alone, and then is sent once', async () => {
  const { id, first_id } = await buryUnknown();
  const refused = await tool(['resend', id]);
  assert.deepEqual([refused.status, one.left('mails-dead'), one.left()], [1, 1, 0]);
  assert.match(refused.stderr, /--override-unknown/);
  const resent = await tool(['resend', id, '--override-unknown']);
  assert.equal(resent.status, 0, resent.stderr);
  assert.deepEqual([one.left('mails-dead'), one.left()], [0, 1]);
  const [queued] = await one.receive();
  one.show();
  const values = Object.fromEntries(Object.entries(queued.MessageAttributes).map(([name, { StringValue }]) => [name, StringValue]));
  assert.deepEqual([values.firstMessageId, values.overrideUnknown], [first_id, 'yes']);
  assert.ok(Number(values.queuedAt) > 1.7e12);
  await one.deliver();
  assert.deepEqual([one.recipients(), one.left(), one.left('mails-dead')], [['unknown@example.com'], 0, 0]);
});

test('killed between sending and deleting: in both queues, and one mail', async () => {
  const { id } = await buryUnknown({ messageId: 'order-1-shipped' });
  const child = spawn(EMAIL_SENDER, ['dead-letters', 'resend', id, '--override-unknown'], { env: environment(), stdio: 'ignore' });
  const ended = new Promise((done) => child.once('exit', (_, signal) => done(signal)));
  one.before = ({ operation }) => {
    if (operation === 'DeleteMessage') {
      child.kill('SIGKILL');
      throw new Refusal('InternalFailure', 'nobody waits for this', 500);
    }
  };
  assert.equal(await ended, 'SIGKILL');
  one.before = null;
  assert.deepEqual([one.left('mails-dead'), one.left()], [1, 1]);
  await one.deliver();
  assert.deepEqual(one.recipients(), ['unknown@example.com']);
  one.show('mails-dead');
  // The record has it as sent: the letter needs no decision any more, and no second mail comes of it.
  assert.match((await tool(['explain', id])).stdout, /SENT: SES accepted/);
  assert.equal((await tool(['resend', id])).status, 0);
  await one.deliver();
  assert.deepEqual([one.sent.length, one.left(), one.left('mails-dead')], [1, 0, 0]);
});

test('an override of which SQS\'s response is lost is not queued a second time by itself', async () => {
  const { id } = await buryUnknown();
  one.after = ({ operation }) => (operation === 'SendMessage' ? { status: 500, headers: {}, body: Buffer.from('{}') } : undefined);
  const { status, stderr } = await tool(['resend', id, '--override-unknown']);
  assert.equal(status, 3);
  assert.match(stderr, /was not sent, or was/);
  assert.deepEqual([one.left(), one.left('mails-dead')], [1, 1]);
});

test('what the function would refuse again is refused here, unless it is forced', async () => {
  const late = { ...sample('PASSWORD_RESET'), expiresIn: 30 };
  for (const [body, attributes, why] of [
    ['no json', { reason: 'BAD_JSON' }, /JSON/],
    [{ ...message(), data: {} }, {}, /data\.customerName/],
    [message(), { reason: 'ID_REUSED' }, /refused again/],
    [message(), { reason: 'SES_REJECTED' }, /refused again/],
    [message({ template: 'PASSWORD_RESET', data: late }), { reason: 'SES_PAUSED', queuedAt: String(Date.now() - 31 * 60000) }, /no longer works/],
    [message(), { sourceQueue: 'arn:aws:sqs:eu-west-1:999999999999:elsewhere' }, /another account/],
    [message(), { sourceQueue: one.dead.arn }, /dead-letter queue itself/],
  ]) {
    const id = await bury(body, attributes);
    const { status, stderr } = await tool(['resend', id]);
    assert.equal(status, 1, `${JSON.stringify(attributes)} ${stderr}`);
    assert.match(stderr, why);
    assert.equal(one.left(), 0);
  }
  assert.equal(one.left('mails-dead'), 7);
  assert.deepEqual(one.hidden('mails-dead'), {});
  // A message that this program accepts is resent, whatever an older one said of it.
  const outdated = await bury(message(), { reason: 'UNKNOWN_TEMPLATE' });
  assert.equal((await tool(['resend', outdated])).status, 0);
  const forced = await bury(message(), { reason: 'ID_REUSED' });
  assert.equal((await tool(['resend', forced, '--force'])).status, 0);
  assert.equal(one.left(), 2);
});

test('a message goes back to the queue it came from, to --to-queue, or to EMAIL_QUEUE_URL', async () => {
  const other = one.cloud.createQueue('promotions', {});
  const put = (sourceQueue) => bury(message(), sourceQueue ? { sourceQueue } : {});
  assert.equal((await tool(['resend', await put(other.arn)])).status, 0);
  assert.equal((await tool(['resend', await put(other.url)])).status, 0);
  assert.equal((await tool(['resend', await put(one.queue.arn), '--to-queue', other.url])).status, 0);
  assert.deepEqual([one.left(), one.left('promotions')], [0, 3]);
  assert.equal((await tool(['resend', await put()])).status, 0);
  assert.equal((await tool(['resend', await put()], { EMAIL_QUEUE_URL: '' })).status, 1);
  assert.deepEqual([one.left(), one.left('promotions'), one.left('mails-dead')], [1, 3, 1]);
});

test('by filter: with --yes alone, no more than --limit, others untouched, each once though it comes back', async () => {
  const ids = [];
  for (let n = 0; n < 30; n += 1) ids.push(await bury(message({ toEmail: `f${n}@example.com`, messageId: `filter-${n}` }), { reason: n % 3 ? 'SES_PAUSED' : 'UNKNOWN_OUTCOME' }));
  assert.equal((await tool(['resend', '--reason', 'SES_PAUSED'])).status, 2);
  const dry = await tool(['resend', '--reason', 'SES_PAUSED', '--dry-run']);
  assert.deepEqual([dry.status, lines(dry.stdout).length, one.left(), one.left('mails-dead')], [0, 20, 0, 30]);
  assert.equal((await tool(['resend', '--reason', 'SES_PAUSED', '--limit', '5', '--yes'])).status, 0);
  assert.deepEqual([one.left(), one.left('mails-dead')], [5, 25]);
  // What is resent fails at once and comes back, as another message with the same first id.
  let back = 0;
  one.after = async ({ operation, input }) => {
    if (operation !== 'SendMessage' || input.QueueUrl !== one.queue.url) return;
    back += 1;
    // One that is resent again and again would never end.
    if (back <= 40) await bury(input.MessageBody, { reason: 'SES_PAUSED', firstMessageId: input.MessageAttributes.firstMessageId.StringValue });
  };
  const all = await tool(['resend', '--reason', 'ses-paused', '--template', 'SHIPPING_NOTIFICATION', '--yes']);
  assert.deepEqual([all.status, back, one.left()], [0, 15, 20], all.stderr);
  assert.match(all.stderr, /15 sent, 0 refused/);
  one.after = null;
  const unknown = await tool(['resend', '--reason', 'UNKNOWN_OUTCOME', '--yes']);
  assert.deepEqual([unknown.status, one.left()], [1, 20]);
  assert.match(unknown.stderr, /0 sent, 10 refused/);
  assert.equal((await tool(['resend', '--reason', 'UNKNOWN_OUTCOME', '--override-unknown', '--yes'])).status, 0);
  assert.deepEqual([one.left(), one.left('mails-dead')], [30, 15]);
  while (one.left() > 0) assert.deepEqual((await one.deliver()).failed, []);
  assert.deepEqual([one.sent.length, new Set(one.recipients()).size], [30, 30]);
});

test('usage, missing settings, a queue that is not there', async () => {
  for (const [args, status, more] of [
    [[], 2], [['look'], 2], [['list', '--what'], 2], [['list', 'word'], 2], [['list', '--limit'], 2], [['list', '--limit', '0'], 2], [['list', '--limit', 'x'], 2],
    [['list', '--yes'], 2], [['explain'], 2], [['explain', 'a', 'b'], 2], [['resend'], 2], [['resend', 'a', '--reason', 'X', '--yes'], 2], [['resend', 'a', '--json'], 2],
    [['list'], 2, { DEAD_LETTER_QUEUE_URL: '' }], [['resend', 'none'], 1], [['resend', '--reason', 'NONE', '--yes'], 1], [['list'], 0],
    [['list', '--queue', `${one.dead.url}-none`], 3], [['list'], 3, { AWS_ACCESS_KEY_ID: '' }],
    [['--help'], 0], [['list', '--help'], 0], [['explain', '--help'], 0], [['resend', '--help'], 0],
  ]) {
    const { status: actual, stdout, stderr } = await tool(args, more);
    assert.equal(actual, status, `${args.join(' ')}: ${stderr}`);
    assert.ok((status === 0 ? stdout : stderr).length > 0, args.join(' '));
  }
});

test('the other commands of the function\'s program', async () => {
  const input = JSON.stringify(sample('ORDER_CONFIRMATION'));
  const rendered = await run(EMAIL_SENDER, ['render', 'ORDER_CONFIRMATION', '-', '--raw'], { env: { FROM_EMAIL: 'Shop <shop@openmarket.example>' }, input });
  assert.equal(rendered.status, 0);
  assert.match(rendered.stdout, /^From: Shop <shop@openmarket\.example>\r\n/);
  const checked = await run(EMAIL_SENDER, ['check'], { env: {}, input: `${JSON.stringify(message())}\n{}\n` });
  assert.deepEqual([checked.status, lines(checked.stdout).map((line) => line.split(':')[0])], [1, ['OK', 'MISSING_FIELD']]);
  assert.equal(JSON.parse((await run(EMAIL_SENDER, ['schema'], { env: {} })).stdout).$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal((await run(EMAIL_SENDER, ['nothing'], { env: {} })).status, 2);
});

test('a receive waits, so that all of SQS\'s servers are asked', () => assert.deepEqual([...waits_s], [1]));
