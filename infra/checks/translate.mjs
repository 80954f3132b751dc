// A call that was recorded in the local cloud, as the same call of the function in a rendered plan: the resource
// that a setting named there is the one that the setting names here, and what an event named is what the plan's
// triggers deliver.
import { queueNameOf } from './plan.mjs';

const isText = (value) => typeof value === 'string' && value !== '';
const addressOf = (text) => text.match(/<([^<>]*)>\s*$/)?.[1] ?? text.trim();

// The verified identity that SES takes for a sender: the address, its domain, or a domain above it.
function identityOf(plan, text) {
  const address = addressOf(text);
  const domain = address.split('@').pop();
  const known = plan.of('aws_sesv2_email_identity').map(({ values }) => values.email_identity).filter(isText);
  return known.find((one) => one === address) ?? known.filter((one) => domain === one || domain.endsWith(`.${one}`)).sort((a, b) => b.length - a.length)[0] ?? domain;
}

function secretArn(plan, { region, account }, value) {
  const of_plan = plan.of('aws_secretsmanager_secret').find(({ values }) => values.name === value || values.arn === value);
  if (of_plan && isText(of_plan.values.arn)) return of_plan.values.arn;
  const arn = value.startsWith('arn:') ? value : `arn:aws:secretsmanager:${region}:${account}:secret:${value}`;
  // Secrets Manager's own ending of six characters.
  return /-[A-Za-z0-9]{6}$/.test(arn) && value.startsWith('arn:') ? arn : `${arn}-AbCdEf`;
}

// By service: the ARN for a setting's value.
function named(plan, scope, { resource }, setting, value) {
  const { region, account } = scope;
  switch (resource.split(':')[2]) {
    case 's3': return `arn:aws:s3:::${value}${resource.split(':::')[1].replace(/^[^/]*/, '')}`;
    case 'sqs': return `arn:aws:sqs:${region}:${account}:${queueNameOf(value)}`;
    case 'dynamodb': return value.startsWith('arn:') ? value : `arn:aws:dynamodb:${region}:${account}:table/${value}`;
    case 'secretsmanager': return secretArn(plan, scope, value);
    case 'ses': return `arn:aws:ses:${region}:${account}:${setting === 'FROM_EMAIL' ? `identity/${identityOf(plan, value)}` : `configuration-set/${value}`}`;
    case 'lambda': {
      const [, , , , , , , qualifier] = resource.split(':');
      const arn = value.startsWith('arn:') ? value : `arn:aws:lambda:${region}:${account}:function:${value}`;
      return qualifier === undefined ? arn : `${arn.split(':').slice(0, 7).join(':')}:${qualifier}`;
    }
    default: return null;
  }
}

// Requests for a version are made only where the bucket keeps them. One of another owner may.
function isMade(plan, { action }, bucket) {
  if (!/^s3:(Get|Put|Delete)ObjectVersion/.test(action) || !plan.of('aws_s3_bucket').some(({ values }) => values.bucket === bucket)) return true;
  return plan.of('aws_s3_bucket_versioning').some(({ values }) => values.bucket === bucket && [values.versioning_configuration].flat()[0]?.status === 'Enabled');
}

// By service: the ARNs of what events name.
function fromEvent(plan, call, one) {
  const { resource } = call;
  switch (resource.split(':')[2]) {
    case 's3': return one.buckets.filter((bucket) => isMade(plan, call, bucket)).map((bucket) => `arn:aws:s3:::${bucket}${resource.split(':::')[1].replace(/^[^/]*/, '')}`);
    case 'sqs': return one.mappings.map(({ values }) => values.event_source_arn);
    case 'codedeploy': return plan.checkedGroups(one);
    default: return [];
  }
}

// The condition keys with the plan's own sender.
function contextOf({ context }, environment) {
  if (!isText(environment.FROM_EMAIL) || context['ses:FromAddress'] === undefined) return context;
  return { ...context, 'ses:FromAddress': addressOf(environment.FROM_EMAIL) };
}

// The settings that decide which keys are used, with their defaults.
const DECIDING = { IMAGE_SOURCE_PREFIX: 'uploads/', IMAGE_OUTPUT_FOLDER: 'processed' };
const CHECK_PREFIX = 'uploads/products/deploy-check/';

// Whether the function is deployed with the settings that the call depends on.
export const isComparable = ({ settings }, { environment }) =>
  Object.entries(DECIDING).every(([name, normal]) => (settings[name] ?? normal) === (environment[name] ?? normal));

// The keys of deploy-check begin with its setting.
function moved(call, { environment }) {
  const from = call.settings.CHECK_PREFIX ?? CHECK_PREFIX;
  const to = environment.CHECK_PREFIX ?? CHECK_PREFIX;
  const move = (text) => text.replace(from, () => to);
  const prefix = call.context['s3:prefix'];
  return { ...call, resource: move(call.resource), context: prefix === undefined ? call.context : { ...call.context, 's3:prefix': move(prefix) } };
}

// A list of what must be allowed, each a list of alternatives of which one suffices: several settings may have had
// the same value. Empty: the plan sets none of these settings, so the call is not made there.
export function translate(plan, recorded, one) {
  const call = recorded.function === 'deploy-check' ? moved(recorded, one) : recorded;
  const context = contextOf(call, one.environment);
  const request = (resource) => ({ action: call.action, resource, context });
  if (call.resource === '*') return [[request('*')]];
  if (call.from.length === 0) return fromEvent(plan, call, one).map((resource) => [request(resource)]);
  const set = call.from.filter((setting) => isText(one.environment[setting]));
  return set.length === 0 ? [] : [set.map((setting) => request(named(plan, plan.scope, call, setting, one.environment[setting])))];
}
