// Alarms, dashboard, saved queries and the guide fit what the functions write; each fault that is planted is found; and
// what was recorded of the functions' lines is what their sources, and two of them at work, write.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ENVIRONMENTS } from '../../infra/checks/plan.mjs';
import { readRendered } from '../../infra/checks/plans.mjs';
import { GUIDE, anchorOf, checkObservability, comparedOf, fieldsOf, readShapes } from '../../infra/checks/observability.mjs';
import { filesBelow } from '../../infra/checks/tree.mjs';
import { shapesOf } from '../../lambda/local/lines.mjs';
import { ImageCloud, picture } from '../support/image.mjs';
import { TOP } from '../support/lambda.mjs';

const guide = readFileSync(GUIDE, 'utf8');
const shapes = readShapes();
const plan = (environment = 'prod') => structuredClone(readRendered(environment));
const resource = (from, type, suffix) => from.resources.find((one) => one.type === type && one.address.includes(suffix)).values;
const alarm = (from, name) => resource(from, 'aws_cloudwatch_metric_alarm', `-${name}"]`);
const query = (from, name) => resource(from, 'aws_cloudwatch_query_definition', `["${name}"]`);

test('the plans of dev and prod: everything watched is written by somebody', () => {
  for (const environment of ENVIRONMENTS) {
    const rendered = plan(environment);
    assert.deepEqual(checkObservability(rendered), [], environment);
    assert.ok(rendered.resources.filter(({ type }) => type === 'aws_cloudwatch_metric_alarm').length > 50);
    assert.ok(rendered.resources.filter(({ type }) => type === 'aws_cloudwatch_query_definition').length > 15);
  }
});

// What the check says of a change of a plan, of the shapes or of the guide.
function faultsOf(change) {
  const all = { plan: plan(), shapes: structuredClone(shapes), guide };
  change(all);
  return checkObservability(all.plan, all.shapes, all.guide);
}

const PLANTED = {
  'a metric that the code does not write': [({ plan: p }) => { alarm(p, 'mail-unknown').metric_name = 'MailsLost'; }, /email-sender writes no metric MailsLost/],
  'a metric of another function': [({ plan: p }) => { alarm(p, 'mail-unknown').dimensions.FunctionName = 'openmarket-prod-image-processor'; }, /image-processor writes no metric MailsUnknown/],
  'a metric renamed in the code': [(all) => { all.shapes = all.shapes.filter((one) => one.metric !== 'OutboxLeft'); }, /webhook-handler writes no metric OutboxLeft/],
  'a dimension that is missing': [({ plan: p }) => { delete alarm(p, 'incomplete').dimensions.Status; }, /writes SettlementRuns without the dimensions \{\}/],
  'a dimension\'s value that is never written': [({ plan: p }) => { alarm(p, 'incomplete').dimensions.Status = 'unfinished'; }, /without the dimensions \{"Status":"unfinished"\}/],
  'another namespace': [({ plan: p }) => { alarm(p, 'mail-unknown').namespace = 'Market'; }, /into another namespace than Market/],
  'a metric that AWS does not have': [({ plan: p }) => { alarm(p, 'throttles').metric_name = 'Throttled'; }, /AWS\/Lambda has no metric Throttled/],
  'dimensions that AWS does not have': [({ plan: p }) => { alarm(p, 'throttles').dimensions.Alias = 'live'; }, /no dimensions Alias,FunctionName/],
  'a queue that does not exist': [({ plan: p }) => { alarm(p, 'dead-letters').dimensions.QueueName = 'gone-dlq'; }, /there is no gone-dlq/],
  'a metric of the dashboard': [({ plan: p }) => { resource(p, 'aws_cloudwatch_dashboard', 'this').dashboard_body.widgets.find((w) => w.properties.title === 'Mails').properties.metrics[0][1] = 'MailSent'; }, /dashboard.*no metric MailSent/],
  'a link of the dashboard': [({ plan: p }) => { resource(p, 'aws_cloudwatch_dashboard', 'this').dashboard_body.widgets[0].properties.markdown = '(on_call.md#nowhere)'; }, /no section nowhere/],
  'a field that no line has': [({ plan: p }) => { query(p, 'webhook/failed').query_string = query(p, 'webhook/failed').query_string.replace('httpStatus >=', 'statusCode >='); }, /no line has the field statusCode/],
  'a field that only other lines have': [({ plan: p }) => { query(p, 'webhook/failed').query_string = query(p, 'webhook/failed').query_string.replace('sender,', 'rowsDeleted,'); }, /lines that it filters have no field rowsDeleted/],
  'a message that no line has': [({ plan: p }) => { query(p, 'image/failed-objects').query_string = 'fields key | filter message = "has failed"'; }, /no line has the message "has failed"/],
  'a query over another function\'s log': [({ plan: p }) => { query(p, 'settlement/runs').log_group_names = query(p, 'image/one-object').log_group_names; }, /no line has the message "run"/],
  'a query over no function\'s log': [({ plan: p }) => { query(p, 'settlement/runs').log_group_names = ['/aws/lambda/gone']; }, /no function's/],
  'an alarm without a section': [(all) => { all.guide = all.guide.replace('### overdue\n', '### late\n'); }, /ends with no section of guides\/on_call.md: overdue/],
  'a section without an alarm': [(all) => { all.guide = all.guide.replace('### overdue\n', '### overdue\n### noise\n'); }, /no alarm has the section noise/],
  'an alarm that calls nobody': [({ plan: p }) => { alarm(p, 'mail-unknown').alarm_actions = []; }, /email-mail-unknown"\]: it does not call the topic/],
  'a canary that calls a person': [({ plan: p }) => { Object.assign(alarm(p, 'canary-errors'), { alarm_actions: ['arn'], ok_actions: ['arn'] }); }, /an alarm of a canary calls nobody/],
  'a canary that is watched for ten minutes': [({ plan: p }) => { alarm(p, 'canary-duration').evaluation_periods = 10; }, /canary is watched in one period of 60 s/],
  'no word about missing data': [({ plan: p }) => { delete alarm(p, 'mail-unknown').treat_missing_data; }, /what missing data means/],
  'longer than CloudWatch looks back': [({ plan: p }) => { alarm(p, 'mail-unknown').evaluation_periods = 300; }, /evaluates no 90000 s in periods of 300/],
  'a metric that the expression does not use': [({ plan: p }) => { alarm(p, 'error-rate').metric_query.find((one) => one.expression).expression = '100 * errors'; }, /does not use invocations/],
  'a query that the guide does not name': [(all) => { all.guide = all.guide.replaceAll('`webhook/slowest`', 'it'); }, /saved query webhook\/slowest stands nowhere/],
  'a query that is named and not saved': [(all) => { all.guide += '\n`webhook/fastest`\n'; }, /names the query webhook\/fastest/],
};
for (const [name, [change, message]] of Object.entries(PLANTED)) {
  test(`found: ${name}`, () => {
    const faults = faultsOf(change);
    assert.ok(faults.some((fault) => message.test(fault)), JSON.stringify(faults));
  });
}

test('the recorded shapes are those of the sources: each metric, message and field stands there', () => {
  const sources = ['lambda', 'services'].flatMap((folder) => filesBelow(join(TOP, folder), ['.c', '.h'])).map((file) => readFileSync(file, 'utf8')).join('\n').replace(/"\s*\n\s*"/g, '');
  const texts = new Set([...sources.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(([, text]) => text));
  const names = new Set(shapes.flatMap((one) => [one.metric, ...(one.fields ?? []), ...Object.keys(one.dimensions ?? {})]).filter(Boolean));
  // A message may stand in a longer text.
  const messages = shapes.map((one) => one.message).filter(Boolean);
  assert.deepEqual([...[...names].filter((name) => !texts.has(name)), ...messages.filter((text) => !sources.includes(text))], [], 'record anew: tests/support/record_lines.mjs');
});

test('functions at work write what was recorded', async () => {
  const seen = [];
  const see = (program, result) => seen.push(...result.logs.flatMap((line) => shapesOf(program, line)));
  const image = await ImageCloud.start();
  try {
    see('image-processor', await image.invoke(await image.put('uploads/a.jpg', picture('a.jpg', '300x200'))));
    see('image-processor', await image.invoke(await image.put('uploads/b.jpg', Buffer.from('text'))));
  } finally {
    await image.stop();
  }
  assert.ok(seen.some(({ metric }) => metric === 'Made') && seen.some(({ message: text }) => text === 'rejected'));
  const known = new Set(shapes.filter(({ metric }) => metric).map((one) => JSON.stringify(one)));
  const fields = new Map(shapes.filter((one) => one.fields).map((one) => [`${one.function} ${one.message}`, one.fields]));
  for (const shape of seen) {
    if (shape.metric) assert.ok(known.has(JSON.stringify(shape)), JSON.stringify(shape));
    else assert.deepEqual(shape.fields, fields.get(`${shape.function} ${shape.message}`));
  }
});

test('fields and anchors are read as CloudWatch and GitHub read them', () => {
  assert.deepEqual(fieldsOf('fields @timestamp, a.b | filter message = "x y" and c >= 5 | stats count(*) as n, pct(d, 99) by bin(5m), e | sort n desc'), ['@timestamp', 'a.b', 'message', 'c', 'd', 'e']);
  assert.deepEqual(fieldsOf('parse @logStream "[*]" as version | stats sum(F) as f by version'), ['@logStream', 'F']);
  assert.deepEqual(comparedOf('filter message = "a" or message = "b" or event = "c"', 'message'), ['a', 'b']);
  assert.deepEqual(['By symptom', 'http-5xx', 'Reading the `board`'].map(anchorOf), ['by-symptom', 'http-5xx', 'reading-the-board']);
});
