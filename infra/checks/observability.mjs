// Whether what is watched exists: each metric and dimension that an alarm or the dashboard names is one that a function
// wrote in the local cloud (log-shapes.jsonl, by tests/support/record_lines.mjs) or a listed one of AWS; each field of a
// saved query stands in such a line; each alarm states what it does with missing data, calls the topic or CodeDeploy, and
// has its section in the guide.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKS, INFRA } from './tree.mjs';
import { list } from './values.mjs';

export const SHAPES = join(CHECKS, 'log-shapes.jsonl');
export const GUIDE = join(INFRA, 'guides/on_call.md');

// What AWS writes: names, and the dimensions of each namespace. Sources, all below docs.aws.amazon.com:
// AWS/Lambda: lambda/latest/dg/monitoring-metrics-types.html, monitoring-metrics-view.html, urls-monitoring.html
// AWS/SQS: AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
// AWS/SES: ses/latest/dg/reputationdashboard-cloudwatch-alarm.html (of the account, so without dimensions)
const AWS_METRICS = {
  'AWS/Lambda': {
    names: ['Invocations', 'Errors', 'Throttles', 'Duration', 'ConcurrentExecutions', 'AsyncEventsDropped', 'AsyncEventAge', 'DestinationDeliveryFailures', 'UrlRequestCount', 'Url4xxCount', 'Url5xxCount', 'UrlRequestLatency'],
    dimensions: [['FunctionName'], ['FunctionName', 'Resource'], ['ExecutedVersion', 'FunctionName', 'Resource']],
  },
  'AWS/SQS': { names: ['ApproximateNumberOfMessagesVisible', 'ApproximateAgeOfOldestMessage'], dimensions: [['QueueName']] },
  'AWS/SES': { names: ['Reputation.BounceRate', 'Reputation.ComplaintRate'], dimensions: [[]] },
};

// Fields of Lambda's own JSON lines (lambda/latest/dg/telemetry-schema-reference.html, platform.report), and those that
// Logs Insights adds to each line.
const PLATFORM_FIELDS = ['type', 'record.requestId', ...['durationMs', 'billedDurationMs', 'maxMemoryUsedMB', 'memorySizeMB', 'initDurationMs'].map((name) => `record.metrics.${name}`)];
const ADDED_FIELDS = ['@timestamp', '@message', '@log', '@logStream'];

export const readShapes = (file = SHAPES) => readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));

// ---------------------------------------------------------------------- the names in a plan

// {name: program} of the functions; the program is that of the zip.
const programsOf = (plan) => Object.fromEntries(plan.resources.filter(({ type }) => type === 'aws_lambda_function')
  .map(({ values }) => [values.function_name, values.filename.split('/').pop().replace(/\.zip$/, '')]));

// [{namespace, name, dimensions}] of an alarm.
function metricsOfAlarm({ values }) {
  const queries = (values.metric_query ?? []).map(({ metric }) => list(metric)[0]).filter(Boolean);
  const own = values.metric_name ? [values] : [];
  return [...own, ...queries].map((one) => ({ namespace: one.namespace, name: one.metric_name, dimensions: one.dimensions ?? {} }));
}

function metricsOfWidget({ properties }) {
  return (properties.metrics ?? []).filter(([first]) => typeof first === 'string').map(([namespace, name, ...rest]) => {
    const texts = rest.filter((one) => typeof one === 'string');
    return { namespace, name, dimensions: Object.fromEntries(texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1]]] : []))) };
  });
}

// ---------------------------------------------------------------------- metrics

function faultOfAwsMetric({ namespace, name, dimensions }, plan) {
  const known = AWS_METRICS[namespace];
  if (!known?.names.includes(name)) return `${namespace} has no metric ${name}`;
  const keys = Object.keys(dimensions).sort().join();
  if (!known.dimensions.some((list) => list.join() === keys)) return `${namespace} ${name} has no dimensions ${keys}`;
  const names = plan.resources.filter(({ type }) => ['aws_lambda_function', 'aws_sqs_queue'].includes(type)).map(({ values }) => values.function_name ?? values.name);
  const value = dimensions.FunctionName ?? dimensions.QueueName;
  return value === undefined || names.includes(value) ? null : `${namespace} ${name}: there is no ${value}`;
}

function faultOfOwnMetric({ namespace, name, dimensions }, programs, shapes) {
  const { FunctionName, ...others } = dimensions;
  const program = programs[FunctionName];
  if (!program) return `${namespace} ${name}: there is no function ${FunctionName}`;
  const written = shapes.filter((one) => one.function === program && one.metric === name);
  if (written.length === 0) return `${program} writes no metric ${name}`;
  if (!written.some((one) => one.namespace === namespace)) return `${program} writes ${name} into another namespace than ${namespace}`;
  const text = JSON.stringify(others);
  return written.some((one) => JSON.stringify(one.dimensions) === text) ? null : `${program} writes ${name} without the dimensions ${text}`;
}

function checkMetrics(plan, shapes, address, metrics) {
  const programs = programsOf(plan);
  return metrics.map((metric) => (metric.namespace?.startsWith('AWS/') ? faultOfAwsMetric(metric, plan) : faultOfOwnMetric(metric, programs, shapes)))
    .filter((fault) => fault !== null).map((fault) => `${address}: ${fault}`);
}

// ---------------------------------------------------------------------- queries

const WORDS = new Set(['and', 'or', 'not', 'like', 'in', 'as', 'by', 'asc', 'desc', 'fields', 'filter', 'stats', 'sort', 'limit', 'parse',
  'count', 'sum', 'avg', 'max', 'min', 'pct', 'latest', 'earliest', 'bin', 'ispresent']);

// Fields that a query reads: names that are no word of the language and were not made by the query itself (as NAME).
export function fieldsOf(query) {
  const bare = query.replace(/"[^"]*"/g, '""');
  const made = new Set([...bare.matchAll(/\bas\s+(\w+)/g)].map(([, name]) => name));
  return [...new Set(bare.match(/(?<![\w.])@?[A-Za-z_][\w.]*/g) ?? [])].filter((name) => !WORDS.has(name) && !made.has(name));
}

// The texts that a query compares a field with.
export function comparedOf(query, field) {
  return [...query.matchAll(new RegExp(`\\b${field} = "([^"]*)"`, 'g'))].map(([, text]) => text);
}

function checkQuery({ address, values }, programs, shapes) {
  const read = values.log_group_names.map((group) => programs[group.split('/').pop()]);
  const lines = shapes.filter((one) => read.includes(one.function));
  const known = new Set([...ADDED_FIELDS, ...PLATFORM_FIELDS, 'FunctionName', ...lines.flatMap((one) => one.fields ?? [one.metric])]);
  const faults = read.includes(undefined) ? [`reads a log group that is no function's: ${values.log_group_names}`] : [];
  for (const field of fieldsOf(values.query_string)) if (!known.has(field)) faults.push(`no line has the field ${field}`);
  const messages = comparedOf(values.query_string, 'message');
  for (const text of messages) if (!lines.some((one) => one.message === text)) faults.push(`no line has the message "${text}"`);
  // What is shown of the lines chosen has to stand in one of them.
  const shown = messages.length > 0 ? new Set(lines.filter((one) => messages.includes(one.message)).flatMap((one) => one.fields)) : known;
  for (const field of fieldsOf(values.query_string)) {
    if (known.has(field) && !shown.has(field) && !field.startsWith('@')) faults.push(`the lines that it filters have no field ${field}`);
  }
  return faults.map((fault) => `${address}: ${fault}`);
}

// ---------------------------------------------------------------------- alarms and the guide

// GitHub's anchor of a heading.
export const anchorOf = (heading) => heading.toLowerCase().replace(/[^\w\- ]/g, '').replace(/ /g, '-');
export const anchorsOf = (guide) => [...guide.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading));

function checkAlarm({ address, values }, anchors, used) {
  const faults = [];
  const anchor = /#([\w-]+)$/.exec(values.alarm_description ?? '')?.[1];
  if (!anchor || !anchors.includes(anchor)) faults.push(`its description ends with no section of guides/on_call.md: ${anchor}`);
  else used.add(anchor);
  if (anchor && !values.alarm_name.endsWith(`-${anchor}`)) faults.push(`the name ${values.alarm_name} does not end with its section ${anchor}`);
  if (!['missing', 'ignore', 'breaching', 'notBreaching'].includes(values.treat_missing_data)) faults.push('it does not state what missing data means');
  const is_canary = values.alarm_name.includes('-canary-');
  const is_calling = (values.alarm_actions ?? []).length === 1 && (values.ok_actions ?? []).length === 1;
  if (is_canary === is_calling) faults.push(is_canary ? 'an alarm of a canary calls nobody' : 'it does not call the topic');
  const periods = values.metric_query ? values.metric_query.map(({ metric }) => list(metric)[0]?.period).filter(Boolean) : [values.period];
  if (new Set(periods).size !== 1) faults.push(`its metrics have several periods: ${periods}`);
  if (is_canary && (periods[0] !== 60 || values.evaluation_periods !== 1)) faults.push('a canary is watched in one period of 60 s');
  const whole = periods[0] * values.evaluation_periods;
  if (whole > (periods[0] < 3600 ? 86400 : 604800)) faults.push(`CloudWatch evaluates no ${whole} s in periods of ${periods[0]} s`);
  const metrics = (values.metric_query ?? []).filter(({ metric }) => list(metric)[0]);
  if (metrics.length > 10) faults.push('a metric math alarm has at most ten metrics');
  const ids = metrics.map(({ id }) => id);
  const expression = (values.metric_query ?? []).map((one) => one.expression).filter(Boolean).join(' ');
  for (const id of ids) if (!new RegExp(`\\b${id}\\b`).test(expression)) faults.push(`the expression does not use ${id}`);
  return faults.map((fault) => `${address}: ${fault}`);
}

// Sections below "## Alarms" that no alarm links to.
function unusedSections(guide, used) {
  const part = /^## Alarms\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(guide)?.[1] ?? '';
  return [...part.matchAll(/^### (.+)$/gm)].map(([, heading]) => anchorOf(heading)).filter((anchor) => !used.has(anchor)).map((anchor) => `guides/on_call.md: no alarm has the section ${anchor}`);
}

// Links of the guide to its own sections, saved queries that it names, and links of the dashboard.
function checkGuide(plan, guide, anchors) {
  const board = JSON.stringify(plan.resources.filter(({ type }) => type === 'aws_cloudwatch_dashboard').map(({ values }) => values.dashboard_body));
  const links = [...guide.matchAll(/\]\(#([\w-]+)\)/g), ...board.matchAll(/on_call\.md#([\w-]+)/g)].map(([, anchor]) => anchor);
  const queries = plan.resources.filter(({ type }) => type === 'aws_cloudwatch_query_definition').map(({ values }) => values.name.split('/').slice(1).join('/'));
  const named = [...guide.matchAll(/`((?:all|image|email|webhook|settlement)\/[a-z0-9-]+)`/g)].map(([, name]) => name);
  return [
    ...links.filter((anchor) => !anchors.includes(anchor)).map((anchor) => `guides/on_call.md has no section ${anchor}, which is linked`),
    ...named.filter((name) => !queries.includes(name)).map((name) => `guides/on_call.md names the query ${name}, which is not saved`),
    ...queries.filter((name) => !named.includes(name)).map((name) => `the saved query ${name} stands nowhere in guides/on_call.md`),
  ];
}

// Sentences about all that is wrong. plan: rendered (rendered/dev.json).
export function checkObservability(plan, shapes = readShapes(), guide = readFileSync(GUIDE, 'utf8')) {
  const of = (type) => plan.resources.filter((one) => one.type === type);
  const anchors = anchorsOf(guide);
  const programs = programsOf(plan);
  const used = new Set();
  return [
    ...of('aws_cloudwatch_metric_alarm').flatMap((alarm) => [...checkAlarm(alarm, anchors, used), ...checkMetrics(plan, shapes, alarm.address, metricsOfAlarm(alarm))]),
    ...of('aws_cloudwatch_dashboard').flatMap(({ address, values }) => checkMetrics(plan, shapes, address, values.dashboard_body.widgets.flatMap(metricsOfWidget))),
    ...of('aws_cloudwatch_query_definition').flatMap((query) => checkQuery(query, programs, shapes)),
    ...unusedSections(guide, used),
    ...checkGuide(plan, guide, anchors),
  ];
}
