// Evaluates identity-based IAM policies as AWS documents it (IAM user guide: "Policy evaluation logic", "IAM JSON
// policy element reference", "Condition operators", "Policy variables", "Set operators for multivalued context
// keys"): an explicit Deny wins, then an Allow, else the request is denied. Anything in a policy that this file does
// not know is an error, never ignored.
//
// Not here: resource-based policies, permissions boundaries, service control policies, sessions.

const fail = (text) => {
  throw new TypeError(text);
};

const list = (value) => (value === undefined ? [] : [value].flat());

// ---------------------------------------------------------------------- text

// A pattern as a list of parts: text, '*' as {any: true}, '?' as {one: true}. ${*}, ${?} and ${$} are those
// characters; ${key} or ${key, 'default'} is the value of a context key. null: a key without value and default, by
// which the element matches nothing.
function partsOf(pattern, { context, has_variables, has_wildcards }) {
  const parts = [];
  const text = (value) => parts.push(value);
  for (let i = 0; i < pattern.length; i += 1) {
    const variable = has_variables ? pattern.slice(i).match(/^\$\{\s*([^{}]*?)\s*\}/) : null;
    if (variable) {
      const [, name, , fallback] = variable[1].match(/^([^,]*?)\s*(,\s*'([^']*)')?$/) ?? fail(`${variable[0]} is no policy variable`);
      const value = ['*', '?', '$'].includes(name) ? name : (list(context(name))[0] ?? fallback);
      if (value === undefined) return null;
      text(String(value));
      i += variable[0].length - 1;
    } else if (has_wildcards && pattern[i] === '*') parts.push({ any: true });
    else if (has_wildcards && pattern[i] === '?') parts.push({ one: true });
    else text(pattern[i]);
  }
  return parts;
}

// Without a regular expression, so that no pattern takes exponential time: the last * alone is tried again.
export function matchesParts(parts, text) {
  const flat = parts.flatMap((part) => (typeof part === 'string' ? [...part] : [part]));
  const letters = [...text];
  let at = 0;
  let star = -1;
  let star_at = 0;
  for (let i = 0; i < letters.length;) {
    const part = flat[at];
    if (part?.any) {
      star = at;
      star_at = i;
      at += 1;
    } else if (part !== undefined && (part.one || part === letters[i])) {
      at += 1;
      i += 1;
    } else if (star >= 0) {
      star_at += 1;
      i = star_at;
      at = star + 1;
    } else return false;
  }
  while (flat[at]?.any) at += 1;
  return at === flat.length;
}

// * and ? as in an Action.
export const matchesText = (pattern, text) => matchesParts(partsOf(pattern, { context: () => undefined, has_variables: false, has_wildcards: true }), text);

// Fields of an ARN are matched one by one; the last one, the resource, may have colons.
function arnFields(text) {
  const fields = [];
  let rest = text;
  while (fields.length < 5 && rest.includes(':')) {
    const at = colonAt(rest);
    if (at < 0) break;
    fields.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...fields, rest];
}

// Not a colon inside ${aws:...}.
function colonAt(text) {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text.startsWith('${', i)) depth += 1;
    else if (text[i] === '}' && depth > 0) depth -= 1;
    else if (text[i] === ':' && depth === 0) return i;
  }
  return -1;
}

function matchesArn(pattern, arn, scope) {
  if (pattern === '*') return true;
  const wanted = arnFields(pattern);
  const given = arnFields(arn);
  if (wanted.length !== 6) fail(`${pattern} is no ARN`);
  return given.length === 6 && wanted.every((field, i) => {
    const parts = partsOf(field, { ...scope, has_wildcards: true });
    return parts !== null && matchesParts(parts, given[i]);
  });
}

// ---------------------------------------------------------------------- conditions

const number = (text) => (/^[+-]?\d+(\.\d+)?$/.test(String(text)) ? Number(text) : fail(`${text} is no number`));
const time = (text) => {
  const ms = /^\d+$/.test(String(text)) ? Number(text) * 1000 : Date.parse(text);
  return Number.isFinite(ms) ? ms : fail(`${text} is no time`);
};

function ipRange(text) {
  const [address, bits = '32'] = text.split('/');
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255)) || !(bits >= 0 && bits <= 32)) fail(`${text} is no IPv4 range`);
  return { value: bytes.reduce((sum, byte) => sum * 256 + byte, 0), size: 2 ** (32 - bits) };
}
const isInRange = (wanted, given) => Math.floor(ipRange(given).value / ipRange(wanted).size) === Math.floor(ipRange(wanted).value / ipRange(wanted).size);

const plain = (wanted, scope) => {
  const parts = partsOf(String(wanted), { ...scope, has_wildcards: false });
  return parts === null ? null : parts.join('');
};
const equals = (wanted, given, scope) => plain(wanted, scope) === String(given);
const equalsAnyCase = (wanted, given, scope) => plain(wanted, scope)?.toLowerCase() === String(given).toLowerCase();
const like = (wanted, given, scope) => {
  const parts = partsOf(String(wanted), { ...scope, has_wildcards: true });
  return parts !== null && matchesParts(parts, String(given));
};
const arn = (wanted, given, scope) => matchesArn(String(wanted), String(given), scope);

// By name: whether a value of the policy matches one of the request. ArnEquals and ArnLike behave identically.
const OPERATORS = {
  StringEquals: equals,
  StringEqualsIgnoreCase: equalsAnyCase,
  StringLike: like,
  NumericEquals: (wanted, given) => number(given) === number(wanted),
  NumericLessThan: (wanted, given) => number(given) < number(wanted),
  NumericLessThanEquals: (wanted, given) => number(given) <= number(wanted),
  NumericGreaterThan: (wanted, given) => number(given) > number(wanted),
  NumericGreaterThanEquals: (wanted, given) => number(given) >= number(wanted),
  DateEquals: (wanted, given) => time(given) === time(wanted),
  DateLessThan: (wanted, given) => time(given) < time(wanted),
  DateLessThanEquals: (wanted, given) => time(given) <= time(wanted),
  DateGreaterThan: (wanted, given) => time(given) > time(wanted),
  DateGreaterThanEquals: (wanted, given) => time(given) >= time(wanted),
  Bool: (wanted, given) => String(given).toLowerCase() === String(wanted).toLowerCase(),
  BinaryEquals: (wanted, given) => String(given) === String(wanted),
  IpAddress: (wanted, given) => isInRange(String(wanted), String(given)),
  ArnEquals: arn,
  ArnLike: arn,
};
// The negated ones: true only if no value matches.
const NEGATED = {
  StringNotEquals: 'StringEquals', StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase', StringNotLike: 'StringLike', NumericNotEquals: 'NumericEquals',
  DateNotEquals: 'DateEquals', NotIpAddress: 'IpAddress', ArnNotEquals: 'ArnEquals', ArnNotLike: 'ArnLike',
};

// ["ForAnyValue" or "ForAllValues" or "", operator, is_negated, if_exists]
function parseOperator(name) {
  const [, set = '', base, if_exists] = name.match(/^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/) ?? fail(`${name} is no condition operator`);
  const is_negated = Object.hasOwn(NEGATED, base);
  const operator = is_negated ? NEGATED[base] : base;
  if (base !== 'Null' && !Object.hasOwn(OPERATORS, operator)) fail(`${name} is no condition operator`);
  if (base === 'Null' && (set || if_exists)) fail(`${name} is no condition operator`);
  return { set, base, operator, is_negated, if_exists: if_exists !== undefined };
}

function holds(name, wanted, given, scope) {
  const { set, base, operator, is_negated, if_exists } = parseOperator(name);
  if (base === 'Null') {
    const is_null = given.length === 0;
    return list(wanted).some((one) => (String(one) === 'true' ? is_null : String(one) === 'false' ? !is_null : fail(`Null is true or false, not ${one}`)));
  }
  const one = (value) => list(wanted).some((want) => OPERATORS[operator](want, value, scope)) !== is_negated;
  // A missing key: no match, unless the operator is negated, has IfExists, or asks for all of no values.
  if (given.length === 0) return if_exists || set === 'ForAllValues' || (is_negated && set !== 'ForAnyValue');
  if (set === 'ForAllValues') return given.every(one);
  if (set === 'ForAnyValue') return given.some(one);
  if (given.length > 1) return is_negated ? given.every(one) : given.some(one);
  return one(given[0]);
}

function conditionsHold(condition, scope) {
  return Object.entries(condition).every(([operator, keys]) => Object.entries(keys).every(([key, wanted]) => holds(operator, wanted, list(scope.context(key)), scope)));
}

// ---------------------------------------------------------------------- statements

const ELEMENTS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

// The statements of a policy; throws at what an identity-based policy cannot have.
export function statementsOf(policy) {
  const { Version: version, Id: _, Statement: statements, ...rest } = policy ?? {};
  if (Object.keys(rest).length > 0) fail(`a policy has no ${Object.keys(rest).join(', ')}`);
  if (!['2012-10-17', '2008-10-17', undefined].includes(version)) fail(`${version} is no version of the policy language`);
  const all = list(statements);
  const sids = all.map(({ Sid: sid }) => sid).filter((sid) => sid !== undefined);
  for (const sid of sids) {
    if (!/^[A-Za-z0-9]*$/.test(sid)) fail(`${sid} is no Sid: letters and digits`);
    if (sids.filter((one) => one === sid).length > 1) fail(`two statements are called ${sid}`);
  }
  for (const one of all) {
    const name = one.Sid ?? JSON.stringify(one);
    const unknown = Object.keys(one).filter((element) => !ELEMENTS.includes(element));
    if (unknown.length > 0) fail(`${name}: an identity-based policy has no ${unknown.join(', ')}`);
    if (!['Allow', 'Deny'].includes(one.Effect)) fail(`${name}: Effect is Allow or Deny`);
    if ((one.Action === undefined) === (one.NotAction === undefined)) fail(`${name}: either Action or NotAction`);
    if ((one.Resource === undefined) === (one.NotResource === undefined)) fail(`${name}: either Resource or NotResource`);
    for (const action of list(one.Action ?? one.NotAction)) if (!/^(\*|[a-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action)) fail(`${name}: ${action} is no action`);
    for (const resource of list(one.Resource ?? one.NotResource)) if (resource !== '*' && arnFields(resource).length !== 6) fail(`${name}: ${resource} is no ARN`);
    Object.keys(one.Condition ?? {}).forEach(parseOperator);
  }
  return all.map((one) => ({ ...one, has_variables: version === '2012-10-17' }));
}

// Actions are compared without regard to case.
export const matchesAction = (pattern, action) => matchesText(pattern.toLowerCase(), action.toLowerCase());

const scopeOf = (request, { has_variables }) => {
  const values = new Map(Object.entries(request.context ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
  return { context: (key) => values.get(key.toLowerCase()), has_variables };
};

// Whether one Action, Resource and the Condition of a statement hold for a request.
export const matchesPair = (statement, action, resource, request) => {
  const scope = scopeOf(request, statement);
  return matchesAction(action, request.action) && matchesArn(resource, request.resource, scope) && conditionsHold(statement.Condition ?? {}, scope);
};

export function statementMatches(statement, request) {
  const scope = scopeOf(request, statement);
  const of_action = list(statement.Action ?? statement.NotAction).some((one) => matchesAction(one, request.action));
  const of_resource = list(statement.Resource ?? statement.NotResource).some((one) => matchesArn(one, request.resource, scope));
  return of_action === (statement.Action !== undefined) && of_resource === (statement.Resource !== undefined) && conditionsHold(statement.Condition ?? {}, scope);
}

// request: {action, resource (ARN), context: {key: value or values}}. A request for a resource "*" is one about no
// resource in particular: only a Resource of "*" allows it. Returns {decision: 'allow', 'explicit deny' or 'implicit
// deny', statement}.
export function evaluate(policies, request) {
  const statements = list(policies).flatMap(statementsOf);
  const denied = statements.find((one) => one.Effect === 'Deny' && statementMatches(one, request));
  if (denied) return { decision: 'explicit deny', statement: denied };
  const allowed = statements.find((one) => one.Effect === 'Allow' && statementMatches(one, request));
  return allowed ? { decision: 'allow', statement: allowed } : { decision: 'implicit deny', statement: null };
}
