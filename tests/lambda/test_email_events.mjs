// What SES reports of mails, on each way to the function: metrics by type, and a log line for each
// recipient with the address hashed.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { EmailCloud, logs, message, metrics } from '../support/email.mjs';

let one;
before(async () => (one = await EmailCloud.start()));
after(() => one.stop());
beforeEach(() => one.forget());

const TO = 'Kim@Bounce.example';
const MAIL = { messageId: '0100017c-abc', source: 'no-reply@openmarket.example', destination: [TO], tags: { template: ['PROMOTIONAL'], environment: ['test'] } };
const bounce = (bounceType, bounceSubType) => ({
  eventType: 'Bounce',
  mail: MAIL,
  bounce: { bounceType, bounceSubType, bouncedRecipients: [{ emailAddress: TO, status: '5.1.1', diagnosticCode: `smtp; 550 ${TO} unknown` }] },
});
const envelope = (text) => ({ Type: 'Notification', MessageId: 'm-1', TopicArn: 'arn:aws:sns:ap-northeast-2:000000000000:ses', Message: typeof text === 'string' ? text : JSON.stringify(text) });
const topic = (...texts) => ({ Records: texts.map((text) => ({ EventSource: 'aws:sns', EventVersion: '1.0', Sns: envelope(text) })) });
const bridge = (detail, type = 'Email Bounced') => ({ version: '0', id: 'e-1', source: 'aws.ses', 'detail-type': type, time: '2026-11-28T01:02:03Z', resources: [], detail });

// What every way must give for the same event.
function isReported(result, expected) {
  assert.equal(result.error, false, result.raw);
  const counted = metrics(result);
  for (const [name, value] of Object.entries(expected)) assert.equal(counted[name], value, name);
  const lines = logs(result).filter((line) => line.message === 'mail event');
  assert.equal(lines.length, 1);
  assert.match(lines[0].to, /^[0-9a-f]{16}$/);
  assert.deepEqual([lines[0].sesMessageId, lines[0].template], ['0100017c-abc', 'PROMOTIONAL']);
  assert.ok(!result.logs.join().toLowerCase().includes('bounce.example'));
  return lines[0];
}

test('a bounce by SNS, EventBridge and SQS, with and without an envelope', async () => {
  const event = bounce('Permanent', 'General');
  const expected = { 'MailEvents/Bounce': 1, 'MailBounces/Permanent.General': 1, MailsBounced: 1, MailsSuppressed: undefined };
  const hashes = new Set();
  for (const direct of [topic(event), topic(bridge(event)), bridge(event), event]) {
    const result = await one.email.invoke(direct);
    assert.deepEqual(result.payload, { events: 1 });
    hashes.add(isReported(result, expected).to);
  }
  for (const body of [event, envelope(event), bridge(event), envelope(bridge(event))]) {
    await one.put(body);
    const result = await one.deliver();
    assert.deepEqual([result.failed, one.left()], [[], 0]);
    hashes.add(isReported(result, expected).to);
  }
  // The line of the mail has the same hash, so that the two can be put together.
  await one.put(message({ toEmail: TO.toLowerCase() }));
  hashes.add(logs(await one.deliver()).find((line) => line.message === 'mail sent').to);
  assert.equal(hashes.size, 1);
});

test('bounces that suppression lists caused are counted apart, and complaints by their kind', async () => {
  isReported(await one.email.invoke(bridge(bounce('Permanent', 'OnAccountSuppressionList'))), { 'MailEvents/Suppressed': 1, MailsSuppressed: 1, MailsBounced: undefined, 'MailEvents/Bounce': undefined });
  isReported(await one.email.invoke(bridge(bounce('Transient', 'MailboxFull'))), { 'MailEvents/Bounce': 1, 'MailBounces/Transient.MailboxFull': 1, MailsBounced: undefined });
  const complaint = { eventType: 'Complaint', mail: MAIL, complaint: { complainedRecipients: [{ emailAddress: TO }], complaintFeedbackType: 'abuse' } };
  isReported(await one.email.invoke(bridge(complaint)), { 'MailEvents/Complaint': 1, MailsComplained: 1, 'MailComplaints/abuse': 1 });
});

test('the other types', async () => {
  for (const [eventType, name, more] of [
    ['Send', 'Send', { send: {} }], ['Delivery', 'Delivery', { delivery: { recipients: [TO] } }], ['Reject', 'Reject', { reject: { reason: 'Bad content' } }],
    ['Rendering Failure', 'RenderingFailure', { failure: { errorMessage: TO } }], ['Open', 'Open', { open: {} }], ['Click', 'Click', { click: { link: `https://a.b/${TO}` } }],
    ['DeliveryDelay', 'DeliveryDelay', { deliveryDelay: { delayedRecipients: [{ emailAddress: TO }] } }], ['Subscription', 'Subscription', { subscription: {} }], ['New', 'Other', {}],
  ]) {
    isReported(await one.email.invoke(bridge({ eventType, mail: MAIL, ...more })), { [`MailEvents/${name}`]: 1 });
  }
});

test('what cannot be read: an error for a direct invocation, and nothing else is lost', async () => {
  const mixed = await one.email.invoke(topic(bounce('Permanent', 'General'), `not json ${TO}`, { eventType: 'Bounce', mail: MAIL }));
  assert.deepEqual([mixed.error, mixed.payload.errorType, metrics(mixed).MailsBounced, metrics(mixed).MailEventsMalformed], [true, 'Email.MALFORMED', 1, 2]);
  assert.ok(!(mixed.raw + mixed.logs.join()).includes(TO));
  for (const bad of [bridge({ eventType: 'Bounce' }), topic({ a: 1 })]) {
    const result = await one.email.invoke(bad);
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Email.MALFORMED'], result.raw);
  }
  for (const other of [{}, { reportType: 'daily', time: '2026-11-28T00:00:00Z' }, { Records: [{ eventSource: 'aws:s3' }] }, message(), { ...bridge(bounce('Permanent', 'General')), source: 'aws.s3' }]) {
    const result = await one.email.invoke(other);
    assert.deepEqual([result.error, result.payload.errorType], [true, 'Email.UNKNOWN_EVENT'], result.raw);
  }
});

test('what cannot be read in a queue: a dead letter, and the mails around it are sent', async () => {
  await one.put(message({ toEmail: 'a@example.com' }));
  const id = await one.put(envelope({ eventType: 'Bounce', mail: MAIL }));
  await one.put(envelope(bounce('Permanent', 'NoEmail')));
  await one.put(message({ toEmail: 'b@example.com' }));
  const result = await one.deliver();
  assert.deepEqual([result.failed, one.recipients()], [[], ['a@example.com', 'b@example.com']]);
  const [letter, ...more] = await one.letters();
  assert.deepEqual([letter.reason, letter.firstMessageId, more.length], ['BAD_EVENT', id, 0]);
  assert.ok(!letter.detail.includes(TO));
  assert.deepEqual([metrics(result)['MailBounces/Permanent.NoEmail'], metrics(result).MailEventsMalformed], [1, 1]);
});

test('what SES sends to a topic that was just connected is no error', async () => {
  for (const text of ['Successfully validated SNS topic for Amazon SES event publishing.', { notificationType: 'AmazonSnsSubscriptionSucceeded', message: 'You have successfully subscribed' }]) {
    const result = await one.email.invoke(topic(text));
    assert.deepEqual([result.error, metrics(result)['MailEvents/Notice']], [false, 1]);
  }
});

test('a mail that mentions events of SES is a mail', async () => {
  const body = message({ toEmail: 'tricky@example.com' });
  body.data.carrier = '"eventType" "TopicArn" "detail-type"';
  await one.put({ ...body, eventType: 'Bounce', 'detail-type': 'x', TopicArn: 'y', Type: 'Notification', MessageId: 'z' });
  assert.deepEqual([(await one.deliver()).failed, one.recipients()], [[], ['tricky@example.com']]);
});
