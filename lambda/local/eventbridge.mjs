// EventBridge: which events a rule's pattern matches, and the input that a target gets of them: the
// event itself, or a template with parts of it (an input transformer).

const wildcard = (text) => {
  const escaped = text.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[\\s\\S]*');
  return new RegExp(`^${escaped}$`);
};
const each = (values) => [values].flat();
const isText = (value) => typeof value === 'string';

// Each comparison: (argument of the pattern, value in the event or undefined) => boolean.
const COMPARISONS = {
  prefix: (arg, value) => isText(value) && value.startsWith(arg),
  suffix: (arg, value) => isText(value) && value.endsWith(arg),
  wildcard: (arg, value) => isText(value) && wildcard(arg).test(value),
  'equals-ignore-case': (arg, value) => isText(value) && value.toLowerCase() === arg.toLowerCase(),
  exists: (arg, value) => (value !== undefined) === arg,
  'anything-but': (arg, value) => {
    if (value === undefined) return false;
    if (arg === null || typeof arg !== 'object' || Array.isArray(arg)) return !each(arg).includes(value);
    const [[name, args]] = Object.entries(arg);
    if (!['prefix', 'suffix', 'wildcard'].includes(name)) throw new TypeError(`anything-but ${name} is not implemented here`);
    return !each(args).some((one) => COMPARISONS[name](one, value));
  },
};

function matchesOne(condition, value) {
  if (condition === null || typeof condition !== 'object') return condition === value;
  return Object.entries(condition).every(([name, arg]) => {
    if (!Object.hasOwn(COMPARISONS, name)) throw new TypeError(`the comparison ${name} is not implemented here`);
    return COMPARISONS[name](arg, value);
  });
}

// pattern: as a rule holds it. A list of the event matches if any element does.
export function matchesPattern(pattern, event) {
  return Object.entries(pattern).every(([name, wanted]) => {
    const value = event?.[name];
    if (!Array.isArray(wanted)) return matchesPattern(wanted, value);
    return wanted.some((condition) => (Array.isArray(value) ? value.some((one) => matchesOne(condition, one)) : matchesOne(condition, value)));
  });
}

// The pattern that excludes the image function's own outputs. The source prefix is left to the
// function: EventBridge combines anything-but and prefix of one field by "or" only.
export const uploadsPattern = (bucket) => ({
  source: ['aws.s3'],
  'detail-type': ['Object Created'],
  detail: { bucket: { name: [bucket] }, object: { key: [{ 'anything-but': { wildcard: '*/processed/*' } }] } },
});

const atPath = (event, path) => path.replace(/^\$\.?/, '').split('.').filter(Boolean).reduce((value, name) => value?.[name], event);

// template: JSON text with <name>, each replaced by the part of the event that paths has for it
// ("$.detail.bucket.name"); in a string as it is, elsewhere as JSON. With names that paths has not:
// those of values, as EventBridge Scheduler has <aws.scheduler.scheduled-time>.
export function transformInput({ paths = {}, template }, event, values = {}) {
  const valueOf = (name) => {
    if (Object.hasOwn(paths, name)) return atPath(event, paths[name]);
    if (Object.hasOwn(values, name)) return values[name];
    throw new TypeError(`<${name}> of the template is no part of the event`);
  };
  let is_string = false;
  return template.replace(/\\.|"|<([\w.-]+)>/g, (found, name) => {
    if (found === '"') is_string = !is_string;
    if (!name) return found;
    const value = valueOf(name);
    if (!is_string) return JSON.stringify(value ?? '');
    return JSON.stringify(isText(value) ? value : (JSON.stringify(value) ?? '')).slice(1, -1);
  });
}
