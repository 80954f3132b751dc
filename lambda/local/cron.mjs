// Schedule expressions of EventBridge, in UTC: rate(5 minutes), cron(0 0 ? * MON *). Beyond AWS's:
// rate(N seconds), for tests. Not here: W and # in cron.
const UNIT_MS = { second: 1000, minute: 60000, hour: 3600000, day: 86400000 };
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
// name, least, greatest, names and the number of the first of them.
const FIELDS = [
  ['minutes', 0, 59],
  ['hours', 0, 23],
  ['day of month', 1, 31],
  ['month', 1, 12, MONTHS, 1],
  ['day of week', 1, 7, DAYS, 1],
  ['year', 1970, 2199],
];
const SEARCH_DAYS = 366 * 8; // a 29 February may be eight years away

function numberOf(text, [name, least, greatest, names = [], first = 0]) {
  const at = names.indexOf(text.toUpperCase());
  const value = at >= 0 ? at + first : Number(text);
  if (!/^\w+$/.test(text) || !Number.isInteger(value) || value < least || value > greatest) {
    throw new TypeError(`${text} is no ${name} of a cron expression`);
  }
  return value;
}

// The set of values that a field allows; null: every one.
function valuesOf(text, field) {
  const [, least, greatest] = field;
  if (text === '*' || text === '?') return null;
  const values = new Set();
  for (const part of text.split(',')) {
    const [range, step] = part.split('/');
    const [from, to] = range === '*' ? [least, greatest] : range.split('-').map((one) => numberOf(one, field));
    const end = to ?? (step === undefined ? from : greatest);
    const by = step === undefined ? 1 : Number(step);
    if (!(Number.isInteger(by) && by > 0) || end < from) throw new TypeError(`${part} is no part of a cron expression`);
    for (let value = from; value <= end; value += by) values.add(value);
  }
  return values;
}

function cron(text) {
  const words = text.trim().split(/\s+/);
  if (words.length !== FIELDS.length) throw new TypeError('a cron expression has six fields: minutes, hours, day of month, month, day of week, year');
  if ((words[2] === '?') === (words[4] === '?')) throw new TypeError('either the day of month or the day of week of a cron expression is ?');
  const is_last_day = words[2] === 'L';
  const [minutes, hours, days, months, week_days, years] = words.map((word, i) => valuesOf(i === 2 && is_last_day ? '*' : word, FIELDS[i]));
  const allows = (values, value) => values === null || values.has(value);
  const isDay = (date) =>
    allows(years, date.getUTCFullYear()) &&
    allows(months, date.getUTCMonth() + 1) &&
    allows(days, date.getUTCDate()) &&
    allows(week_days, date.getUTCDay() + 1) &&
    (!is_last_day || new Date(date.getTime() + UNIT_MS.day).getUTCDate() === 1);
  return (after_ms) => {
    let day_ms = Math.floor(after_ms / UNIT_MS.day) * UNIT_MS.day;
    for (let i = 0; i < SEARCH_DAYS; i += 1, day_ms += UNIT_MS.day) {
      if (!isDay(new Date(day_ms))) continue;
      for (let minute = 0; minute < 24 * 60; minute += 1) {
        const at_ms = day_ms + minute * UNIT_MS.minute;
        if (at_ms > after_ms && allows(hours, Math.floor(minute / 60)) && allows(minutes, minute % 60)) return at_ms;
      }
    }
    return null;
  };
}

// Returns next(after_ms): the first time after that one, or null. A rate counts from begin_ms.
export function parseSchedule(expression, begin_ms = 0) {
  const [, kind, text] = expression.match(/^(rate|cron)\((.*)\)$/) ?? [];
  if (kind === 'cron') return cron(text);
  const [, count, unit] = (kind && text.match(/^([1-9]\d*) (second|minute|hour|day)s?$/)) ?? [];
  if (!count) throw new TypeError(`${expression} is neither rate(N minutes) nor cron(...)`);
  const interval_ms = Number(count) * UNIT_MS[unit];
  return (after_ms) => begin_ms + (Math.floor((after_ms - begin_ms) / interval_ms) + 1) * interval_ms;
}
