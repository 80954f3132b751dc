// The policy of each function's role against the calls that the function makes (recorded by lambda/local/calls.mjs),
// both ways: a call that is not allowed, and a right that no call needs, but for those of lambda-uses.json, are
// faults. Wildcards where a name could stand are faults as well.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluate, matchesAction, matchesPair, statementsOf } from './iam.mjs';
import { isComparable, translate } from './translate.mjs';
import { list } from './values.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
export const { uses: USES, denied: DENIED } = JSON.parse(readFileSync(join(HERE, 'lambda-uses.json'), 'utf8'));

const describe = ({ action, resource }, call) => `${action} on ${resource}${call.from.length > 0 ? ` (${call.from.join(', ')})` : ''}`;

// ---------------------------------------------------------------------- what is called

// The calls of a function as the plan's own: [{call, alternatives}].
function callsOf(plan, one, calls) {
  const isDenied = (call) => DENIED.some(({ function: name, actions }) => name === call.function && actions.includes(call.action));
  return calls.filter((call) => !isDenied(call) && `${call.function}${call.twin ? ' twin' : ''}` === one.kind && isComparable(call, one))
    .flatMap((call) => translate(plan, call, one).map((alternatives) => ({ call, alternatives })));
}

function forbidden(one, policies, made) {
  const messages = made.flatMap(({ call, alternatives }) => {
    const results = alternatives.map((request) => evaluate(policies, request));
    if (results.some(({ decision }) => decision === 'allow')) return [];
    return `${one.name}: calls ${describe(alternatives[0], call)}, which its role does not allow (${results[0].decision})`;
  });
  return [...new Set(messages)];
}

// ---------------------------------------------------------------------- what is allowed

// What a statement of lambda-uses.json may be about, by its word.
const ABOUT = {
  log_group: (one) => [`:log-group:${one.log_group}:*`],
  mapped_queues: (one) => one.mappings.map(({ values }) => values.event_source_arn),
  on_failure: (one) => [one.on_failure],
  any: () => ['*'],
};
const WHEN = {
  always: () => true,
  vpc: (one) => one.has_vpc,
  mapping: (one) => one.mappings.length > 0,
  tracing: (one) => one.is_traced,
  on_failure: (one) => one.on_failure !== null,
  key: (one) => Boolean(one.values.kms_key_arn),
  sandbox: (one) => one.environment.ENVIRONMENT !== 'prod',
};
const IS_ABOUT = {
  keys: (resource) => resource.startsWith('arn:aws:kms:') && !resource.includes('*'),
  recipients: (resource) => /^arn:aws:ses:[^:]+:\d+:identity\/[^*?]+$/.test(resource),
};

// Whether Lambda uses the right: null, or why not.
function useOf(one, statement, action, resource) {
  const use = USES.find(({ sid, actions }) => sid === statement.Sid && actions.some((name) => matchesAction(action, name)));
  if (!use) return 'nothing calls it';
  if (!WHEN[use.when](one)) return `Lambda does not need it: the function has no ${use.when}`;
  if (IS_ABOUT[use.resources]) return IS_ABOUT[use.resources](resource) ? null : `it is not about ${use.resources}`;
  const about = ABOUT[use.resources](one);
  return about.some((text) => text === resource || (text.startsWith(':') && resource.endsWith(text))) ? null : `Lambda needs it on ${about.join(', ')}`;
}

function tooMany(one, statements, made) {
  const sure = made.filter(({ alternatives }) => alternatives.length === 1).map(({ alternatives }) => alternatives[0]);
  const messages = [];
  for (const statement of statements.filter(({ Effect }) => Effect === 'Allow')) {
    for (const action of list(statement.Action)) {
      for (const resource of list(statement.Resource)) {
        if (sure.some((request) => matchesPair(statement, action, resource, request))) continue;
        const why = useOf(one, statement, action, resource);
        if (why) messages.push(`${one.name}: ${statement.Sid ?? 'a statement'} allows ${action} on ${resource}: ${why}`);
      }
    }
  }
  return messages;
}

// Both ends of a right have names: no wildcard in an action, none in the first fields of an ARN nor in the name of a
// bucket, queue, table, function or group; "*" alone only where lambda-uses.json has it.
function wildcards(one, statements) {
  const messages = [];
  const bad = (statement, text) => messages.push(`${one.name}: ${statement.Sid ?? 'a statement'}: ${text}`);
  for (const statement of statements.filter(({ Effect }) => Effect === 'Allow')) {
    if (statement.NotAction !== undefined || statement.NotResource !== undefined) bad(statement, 'NotAction and NotResource allow what has no name');
    for (const action of list(statement.Action)) if (/[*?]/.test(action)) bad(statement, `the action ${action} has a wildcard`);
    for (const resource of list(statement.Resource)) {
      const is_listed = resource === '*' && USES.some(({ sid, resources }) => sid === statement.Sid && resources === 'any');
      if (!is_listed && hasWildcard(resource)) bad(statement, `the resource ${resource} has a wildcard in place of a name`);
    }
  }
  return messages;
}

function hasWildcard(resource) {
  const [, , service, region, account, ...rest] = resource.split(':');
  const name = rest.join(':');
  if (resource === '*' || [service, region, account].some((field) => /[*?]/.test(field))) return true;
  // An object's key, the streams of a log group, the ending of a secret, the versions of a function.
  const bare = { s3: name.replace(/\/.*$/s, ''), logs: name.replace(/:\*$/, ''), secretsmanager: name.replace(/-\?{6}$/, ''), lambda: name.replace(/:\*$/, '') }[service] ?? name;
  return /[*?]/.test(bare) || (service === 's3' && /^[^/]*\/\*$/.test(name));
}

// ---------------------------------------------------------------------- all of it

// Returns the faults, as sentences. is_whole: the calls are all that the functions make; else only calls that are not
// allowed are faults, not rights that none of them needs.
export function checkRights(plan, calls, { is_whole = true } = {}) {
  return plan.functions.flatMap((one) => {
    const managed = one.policies.filter(({ arn }) => arn !== undefined).map(({ arn }) => `${one.name}: has the managed policy ${arn}, whose rights nobody here has named`);
    const policies = one.policies.filter(({ policy }) => policy !== undefined).map(({ policy }) => policy);
    if (policies.length === 0) return [...managed, `${one.name}: its role has no policy`];
    const statements = policies.flatMap(statementsOf);
    const made = callsOf(plan, one, calls);
    const unused = is_whole ? tooMany(one, statements, made) : [];
    return [...managed, ...forbidden(one, policies, made), ...unused, ...wildcards(one, statements)];
  });
}
