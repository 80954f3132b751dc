// The saved queries of Logs Insights on lines that the functions wrote at work: each returns the rows that
// infra/guides/on_call.md promises, and no column that it shows is empty in all of them.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readRendered } from '../../infra/checks/plans.mjs';
import { EmailCloud, message } from '../support/email.mjs';
import { ImageCloud, picture } from '../support/image.mjs';
import { flat, runQuery } from '../support/insights.mjs';
import { SettlementCloud } from '../support/settlement.mjs';
import { WebhookCloud, payment, shipping } from '../support/webhook.mjs';

const plan = readRendered('prod').resources;
const QUERIES = Object.fromEntries(plan.filter(({ type }) => type === 'aws_cloudwatch_query_definition')
  .map(({ values }) => [values.name.split('/').slice(1).join('/'), { text: values.query_string, groups: values.log_group_names }]));
const GROUPS = Object.fromEntries(plan.filter(({ type, values }) => type === 'aws_lambda_function' && values.filename)
  .map(({ values }) => [values.logging_config[0].log_group, values.filename.split('/').pop().replace(/\.zip$/, '')]));

// ---------------------------------------------------------------------- the lines

// REPORT as Lambda writes it where the log's format is JSON: docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
function platformReport(line) {
  const of = (name) => line.match(new RegExp(`\\t${name}: ([\\d.]+)`))?.[1];
  const metrics = { durationMs: of('Duration'), billedDurationMs: of('Billed Duration'), memorySizeMB: of('Memory Size'), maxMemoryUsedMB: of('Max Memory Used'), initDurationMs: of('Init Duration') };
  return {
    type: 'platform.report',
    record: {
      requestId: line.match(/^REPORT RequestId: (\S+)/)[1], status: /Status: (\w+)/.exec(line)?.[1] ?? 'success',
      metrics: Object.fromEntries(Object.entries(metrics).filter(([, value]) => value !== undefined).map(([name, value]) => [name, Number(value)])),
    },
  };
}

// What a function has written, as Logs Insights has it. A log stream is of an environment: the day, the version, an id.
function* linesOf({ log, config }) {
  const program = config.command[0].split('/').pop();
  const group = Object.keys(GROUPS).find((name) => GROUPS[name] === program);
  let time_ms = Date.now();
  for (const line of log) {
    const object = line.startsWith('{') ? JSON.parse(line) : line.startsWith('REPORT ') ? platformReport(line) : null;
    if (!object) continue;
    time_ms = object._aws?.Timestamp ?? (object.timestamp ? Date.parse(object.timestamp) : time_ms);
    yield { ...flat(object), '@timestamp': time_ms, '@message': line, '@log': `123456789012:${group}`, '@logStream': `2026/11/29/[${config.version}]0123456789abcdef` };
  }
}

const linesOfCloud = ({ functions }) => [...new Set(functions.values())].flatMap((one) => [...linesOf(one)]);

// A source that is made, one that is no picture, and one that S3 does not give.
async function image() {
  const one = await ImageCloud.start({ version: '7', environment: { AWS_MAX_ATTEMPTS: '1' } });
  try {
    await one.invoke(await one.put('uploads/good.jpg', picture('a.jpg', '300x200')));
    await one.invoke(await one.put('uploads/text.jpg', Buffer.from('text')));
    await one.invoke(await one.put('uploads/later.jpg', Buffer.from('text')));
    const [old, failing] = [one.image, one.add({ version: '8', environment: { AWS_MAX_ATTEMPTS: '1' } })];
    one.image = failing;
    one.fault({ service: 's3', action: 'status', status: 500, times: -1 });
    for (const key of ['uploads/one.jpg', 'uploads/two.jpg']) {
      const { error } = await one.invoke(await one.put(key, picture('a.jpg', '300x200')));
      assert.ok(error);
    }
    one.image = old;
    return linesOfCloud(one.cloud);
  } finally {
    await one.stop();
  }
}

const event = (eventType, { id = 'of-another-mail', ...more }) => ({ eventType, mail: { messageId: id, source: 'no-reply@openmarket.example', destination: ['a@example.com'], tags: { template: ['PROMOTIONAL'] } }, ...more });
const bounce = (id) => event('Bounce', { bounce: { bounceType: 'Permanent', bounceSubType: 'General', bouncedRecipients: [{ emailAddress: 'a@example.com', status: '5.1.1' }] }, id });
const complaint = event('Complaint', { complaint: { complainedRecipients: [{ emailAddress: 'a@example.com' }], complaintFeedbackType: 'abuse' } });

async function email() {
  const one = await EmailCloud.start({ environment: { AWS_MAX_ATTEMPTS: '1' } });
  const deliver = async (body, fault) => {
    await one.put(body);
    if (fault) one.fault({ service: 'ses', operation: 'SendEmail', ...fault });
    await one.deliver();
    await one.forget();
  };
  try {
    // Throttled, sent, and bounced.
    one.fault({ service: 'ses', operation: 'SendEmail', action: 'throttle' });
    await one.put(message({ messageId: 'sent' }));
    await one.deliver();
    one.show();
    await one.deliver();
    await one.forget();
    const { sesMessageId } = linesOfCloud(one.cloud).find((line) => line.message === 'mail sent');
    await deliver({ template: 'NONE', messageId: 'refused' });
    await deliver(message({ messageId: 'unknown' }), { action: 'status', status: 502, done: true });
    await deliver(message({ messageId: 'throttled' }), { action: 'throttle', times: -1 });
    await deliver(message({ messageId: 'paused' }), { action: 'refuse', code: 'SendingPausedException', times: -1 });
    for (const one_event of [bounce(sesMessageId), bounce(), complaint]) await one.email.invoke(one_event);
    return linesOfCloud(one.cloud);
  } finally {
    await one.stop();
  }
}

async function webhook() {
  const one = await WebhookCloud.start();
  try {
    const statuses = [];
    for (const [body, options] of [
      [payment(1)], [payment(1), { secret: 'another' }], [payment(2, { amount: -1 })],
      [payment(15)], [payment(15, { status: 'cancelled', transactionId: 'T-15-cancel' })], [shipping(15)],
      [payment(16, { status: 'cancelled', transactionId: 'T-16-cancel' })], [payment(16)],
    ]) statuses.push((await one.post(body, options)).status);
    one.cloud.front.faults.add({ service: 'secretsmanager', action: 'status', status: 500, times: -1 });
    const url = await one.cloud.addUrl(one.add({ environment: { AWS_MAX_ATTEMPTS: '1' } }));
    statuses.push((await one.post(payment(3), { url })).status);
    one.cloud.front.faults.clear();
    // The keys are read, and the login is not.
    one.cloud.front.faults.add({ service: 'secretsmanager', key: 'openmarket/test/db', action: 'refuse', code: 'AccessDeniedException', times: -1 });
    const locked_out = await one.cloud.addUrl(one.add({ environment: { AWS_MAX_ATTEMPTS: '1' } }));
    statuses.push((await one.post(payment(3), { url: locked_out })).status);
    assert.deepEqual(statuses, [200, 401, 400, 200, 200, 200, 200, 200, 500, 500]);
    return linesOfCloud(one.cloud);
  } finally {
    await one.stop();
  }
}

// Seller 3's data cannot be settled, seller 2's object is refused by S3; the closing schedule ends the run without it.
async function settlement() {
  const one = await SettlementCloud.start({ sellers: 3, orders: 2, queue: true, environment: { AWS_MAX_ATTEMPTS: '1' } });
  const invoke = async (input) => {
    const result = await one.handler.invoke(input);
    assert.ok(!result.error, result.raw);
    return result.payload;
  };
  try {
    await one.query('UPDATE order_items SET price = 1000.25, total_price = 2000.5 WHERE order_id = 3002');
    one.cloud.front.faults.add({ service: 's3', operation: 'PutObject', key: 'seller-2.', action: 'refuse', code: 'AccessDenied', message: 'no', status: 403, times: -1 });
    const { runId } = await invoke({ reportType: 'monthly', date: '2025-10-15' });
    for (const body of one.queued('batches')) await invoke(one.batchEvent(body));
    await one.query(`UPDATE settlement_runs SET planned_at = planned_at - INTERVAL 7 HOUR WHERE run_id = ${runId}`);
    await invoke({ task: 'close' });
    await invoke({ task: 'watch', time: '2025-11-01T00:30:00Z' });
    return linesOfCloud(one.cloud);
  } finally {
    await one.stop();
  }
}

let lines;
before(async () => { lines = (await Promise.all([image(), email(), webhook(), settlement()])).flat(); });

const linesIn = (groups) => lines.filter((line) => groups.some((group) => line['@log'].endsWith(`:${group}`)));
const rowsOf = (name, change = (text) => text) => runQuery(change(QUERIES[name].text), linesIn(QUERIES[name].groups));
const pick = (rows, ...names) => rows.map((row) => names.map((name) => row[name]));
const put = (from, to) => (text) => text.replaceAll(from, to);

// ---------------------------------------------------------------------- what each promises

// name: [what is put in, rows => what is promised]. A row's order is the query's.
const PROMISED = {
  'all/errors': [undefined, (rows) => {
    assert.ok(new Set(rows.map((row) => row['@log'])).size === 4, 'each function has failed');
    assert.ok(rows.every((row, i) => i === 0 || row['@timestamp'] <= rows[i - 1]['@timestamp']), 'the last first');
  }],
  'all/errors-by-reason': [undefined, (rows) => {
    const of = (group, text) => rows.filter((row) => row['@log'].includes(group) && row.message === text).reduce((total, row) => total + row.lines, 0);
    assert.deepEqual([of('image', 'failed'), of('image', 'rejected'), of('email', 'message refused'), of('settlement', 'run')], [2, 2, 1, 1]);
  }],
  'all/one-request': [() => put('PUT THE REQUEST ID HERE', lines.find((line) => line.key === 'uploads/one.jpg').requestId), (rows) => {
    assert.ok(rows.some((row) => row.message === 'failed' && row.durationMs > 0));
    assert.ok(rows.length >= 2 && new Set(rows.map((row) => row['@log'])).size === 1, 'and Lambda\'s own line');
  }],
  'all/errors-by-version': [undefined, (rows) => {
    const of = (version) => rows.filter((row) => row.FunctionName.startsWith('image') && row.version === version);
    assert.deepEqual([pick(of('7'), 'failures', 'invocations'), pick(of('8'), 'failures', 'invocations')], [[[0, 3]], [[2, 2]]]);
  }],
  'all/time-and-memory': [undefined, (rows) => {
    assert.equal(rows.length, 4);
    for (const row of rows) assert.ok(row.average_ms <= row.p99_ms && row.p99_ms <= row.longest_ms && row.memory_mb > 0 && row.init_ms > 0, JSON.stringify(row));
    assert.equal(rows.find((row) => row['@log'].includes('image')).invocations, 5);
  }],
  'image/failed-objects': [undefined, (rows) => assert.deepEqual(pick(rows, 'bucket', 'key'), [['photos', 'uploads/two.jpg'], ['photos', 'uploads/one.jpg']])],
  'image/rejects-by-reason': [undefined, (rows) => assert.deepEqual(pick(rows, 'objects', 'last_key'), [[2, 'uploads/later.jpg']])],
  'image/one-object': [() => put('uploads/PUT THE KEY HERE', 'uploads/text.jpg'), (rows) => assert.deepEqual(pick(rows, 'message'), [['rejected']])],
  'email/not-sent': [undefined, (rows) => assert.deepEqual(pick(rows, 'message', 'id').sort(), [
    ['mail may have been sent', 'm:unknown'], ['message refused', undefined], ['no mail can be sent now', 'm:paused']])],
  'email/retries-by-reason': [undefined, (rows) => assert.deepEqual(['SES_PAUSED', 'SES_RATE'].map((name) => rows.filter(({ reason }) => reason === name).reduce((total, { mails }) => total + mails, 0)), [1, 2])],
  'email/one-mail': [() => (text) => text.replace('PUT THE ID HERE', 'm:sent').replace('OR THAT OF SES', lines.find((line) => line.id === 'm:sent' && line.sesMessageId).sesMessageId),
    (rows) => assert.deepEqual(pick(rows, 'message', 'event'), [['mail is tried again later', undefined], ['mail sent', undefined], ['mail event', 'Bounce']])],
  'email/bounces-and-complaints': [undefined, (rows) => assert.deepEqual(pick(rows, 'event', 'template', 'bounceType', 'feedbackType', 'mails'), [
    ['Bounce', 'PROMOTIONAL', 'Permanent', undefined, 2], ['Complaint', 'PROMOTIONAL', undefined, 'abuse', 1]])],
  'webhook/failed': [undefined, (rows) => assert.deepEqual(pick(rows, 'event', 'reason'), [['payment', 'ACCESS_DENIED'], [undefined, 'NO_KEYS']])],
  'webhook/refused-by-reason': [undefined, (rows) => assert.deepEqual(pick(rows, 'httpStatus', 'requests').sort(), [[400, 1], [401, 1]])],
  'webhook/goods-and-money': [undefined, (rows) => assert.deepEqual(pick(rows, 'event', 'outcome'), [['payment', 'late'], ['shipping', 'stored']])],
  'webhook/slowest': [undefined, (rows) => {
    assert.equal(rows.length, 10);
    assert.ok(rows.every((row, i) => i === 0 || row.durationMs <= rows[i - 1].durationMs), 'the slowest first');
  }],
  'settlement/runs': [undefined, (rows) => assert.deepEqual(pick(rows, 'reportType', 'period', 'status', 'sellers', 'failed', 'open', 'openSellers'), [['monthly', '2025-10', 'incomplete', 3, 1, 1, '2']])],
  'settlement/sellers-not-settled': [undefined, (rows) => assert.deepEqual(pick(rows, 'sellerId', 'outcome').sort(), [['2', 'later'], ['3', 'failed']])],
  'settlement/overdue': [undefined, (rows) => assert.deepEqual(pick(rows, 'message', 'reportType', 'state', 'openSellers').sort(), [
    ['certificates', undefined, undefined, undefined], ['run overdue', 'daily', 'missing', 0], ['run overdue', 'monthly', 'incomplete', 1]])],
};
test('each saved query has its promise here', () => {
  assert.deepEqual(Object.keys(PROMISED).sort(), Object.keys(QUERIES).sort());
});

for (const [name, [change, promised]] of Object.entries(PROMISED)) {
  test(`${name}: the rows that it promises`, () => {
    const rows = rowsOf(name, change?.());
    assert.ok(rows.length > 0, 'no rows');
    try {
      promised(rows);
    } catch (error) {
      error.message += `\n${JSON.stringify(rows, null, 1)}`;
      throw error;
    }
    const empty = Object.keys(rows[0]).filter((column) => rows.every((row) => row[column] === undefined));
    assert.deepEqual(empty, [], `columns without a value\n${JSON.stringify(rows, null, 1)}`);
  });
}

test('a query with a field that no function logs, or that cannot be read, fails', () => {
  for (const [name, from, to, expected] of [
    ['webhook/failed', 'httpStatus >=', 'statusCode >=', /no line has the field statusCode/],
    ['image/one-object', 'durationMs', 'durationS', /no line has the field durationS/],
    ['image/rejects-by-reason', 'by reason', 'by cause', /no line has the field cause/],
    ['all/time-and-memory', 'sort longest_ms', 'sort @timestamp', /no line has the field @timestamp/],
    ['all/time-and-memory', 'pct(', 'percentile(', /no function of stats is called percentile/],
    ['image/one-object', '| limit', '| top', /no command is called top/],
    ['image/one-object', 'asc', 'ascending', /too much/],
    ['email/bounces-and-complaints', 'Complaint")', 'Complaint"', /no \) where it is needed/],
    ['all/errors-by-version', '"[*]"', '"[*]*"', /as many names as stars/],
  ]) assert.throws(() => rowsOf(name, put(from, to)), expected, `${name} with ${to}`);
});
