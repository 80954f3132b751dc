// The schedules against their contract, in UTC: the next times of each expression are computed and compared with
// times that are written down here another way. Korea has no summer time: 09:00 in Seoul is 00:00 UTC.
import { parseSchedule } from '../../lambda/local/cron.mjs';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const OFFSETS_MS = { UTC: 0, 'Asia/Seoul': 9 * HOUR_MS };
const KST_MS = 9 * HOUR_MS;

// From here so far: 2028 is a leap year, and the days begin with a Saturday.
const BEGIN_MS = Date.UTC(2028, 0, 1) - 1;
const DAYS = 400;
// The minutes of half a week suffice for what comes every minute.
const MOST = 5000;

const at = (hour, minute, isDay = () => true) => {
  const times = [];
  for (let day = 0; day < DAYS; day += 1) {
    const ms = BEGIN_MS + 1 + day * DAY_MS;
    if (isDay(new Date(ms))) times.push(ms + hour * HOUR_MS + minute * 60000);
  }
  return times;
};
const isDaily = (times) => times.length > DAYS - 2 && times.slice(1).every((ms, i) => ms - times[i] === DAY_MS);
const every = (ms) => (times) => times.length >= MOST && times.slice(1).every((one, i) => one - times[i] === ms);
const equals = (wanted) => (times) => JSON.stringify(times.slice(0, wanted.length)) === JSON.stringify(wanted.slice(0, times.length)) && times.length >= wanted.length - 1;

// kind: the function's; is: whether an input is this row's; fits: whether the times are right.
export const CONTRACT = [
  { name: 'daily settlement', kind: 'settlement-report', is: ({ reportType }) => reportType === 'daily', when: 'every day at 00:00 UTC', fits: equals(at(0, 0)) },
  { name: 'weekly settlement', kind: 'settlement-report', is: ({ reportType }) => reportType === 'weekly', when: 'every Monday at 00:00 UTC', fits: equals(at(0, 0, (day) => day.getUTCDay() === 1)) },
  { name: 'monthly settlement', kind: 'settlement-report', is: ({ reportType }) => reportType === 'monthly', when: 'on the first of each month at 00:00 UTC', fits: equals(at(0, 0, (day) => day.getUTCDate() === 1)) },
  { name: 'closing of settlements', kind: 'settlement-report', is: ({ task }) => task === 'close', when: 'every hour', fits: every(HOUR_MS) },
  { name: 'watch over settlements', kind: 'settlement-report', is: ({ task }) => task === 'watch', when: 'every day at 00:30 UTC', fits: equals(at(0, 30)) },
  { name: 'outbox sweep', kind: 'webhook-handler', is: ({ task }) => task === 'sweep', when: 'every minute', fits: every(60000) },
  {
    // Of the last whole day in KST that is over by an hour or more.
    name: 'reconciliation', kind: 'webhook-handler', is: ({ task }) => task === 'reconcile', when: 'once a day, from 01:00 KST on', optional: true,
    fits: (times) => isDaily(times) && (times[0] + KST_MS) % DAY_MS >= HOUR_MS,
  },
];

// The placeholders that a schedule's target fills in, replaced as it does. time: of the schedule.
export const fillInput = (text, time) => text.replaceAll('<aws.scheduler.scheduled-time>', time).replaceAll('<aws.scheduler.schedule-arn>', 'arn').replaceAll('<aws.scheduler.execution-id>', 'id')
  .replaceAll('<aws.scheduler.attempt-number>', '1').replaceAll(/<(\w+)>/g, time);

// The first times of an expression in a timezone, in UTC. Throws.
export function timesOf(expression, timezone) {
  const offset_ms = OFFSETS_MS[timezone];
  if (offset_ms === undefined) throw new TypeError(`the timezone ${timezone} is neither Asia/Seoul nor UTC`);
  const next = parseSchedule(expression, BEGIN_MS + 1);
  const times = [];
  for (let ms = next(BEGIN_MS + offset_ms); ms !== null && ms - offset_ms < BEGIN_MS + DAYS * DAY_MS && times.length < MOST; ms = next(ms)) times.push(ms - offset_ms);
  return times;
}

function inputOf({ input }, fault) {
  if (input === null) return fault('has no input: the function would get an event that does not say what to do');
  if (input.includes('\\u003c')) return fault('its placeholders are escaped (\\u003c): nothing fills them in');
  try {
    return JSON.parse(fillInput(input, '2026-01-02T03:04:05Z'));
  } catch {
    return fault(`its input is not JSON: ${input}`);
  }
}

function checkOne(one, schedule, found) {
  const faults = [];
  const fault = (text) => void faults.push(`${schedule.address}: ${text}`);
  const input = inputOf(schedule, fault);
  if (!input) return faults;
  const rows = CONTRACT.filter(({ kind, is }) => one.kind.startsWith(kind) && is(input));
  if (rows.length !== 1) fault(`no schedule of the contract has the input ${schedule.input}`);
  if (schedule.qualifier !== 'live') fault('it invokes another version than the alias "live"');
  // The time decides which days are settled or compared.
  if (input.reportType && input.time !== '2026-01-02T03:04:05Z') fault('its input has no "time" of the schedule');
  if (schedule.values.state === 'DISABLED' || schedule.values.is_enabled === false) fault('it is disabled');
  const window = [schedule.values.flexible_time_window].flat().filter(Boolean)[0];
  if (window && window.mode !== 'OFF') fault('its flexible time window makes the time a guess');
  if (![schedule.target.dead_letter_config].flat().filter(Boolean)[0]?.arn) fault('it has no dead-letter queue');
  for (const row of rows) {
    found.push(row);
    try {
      const times = timesOf(schedule.expression, schedule.timezone);
      const is_vague = schedule.expression.startsWith('rate') && !['every minute', 'every hour'].includes(row.when);
      if (is_vague || !row.fits(times)) {
        fault(`${schedule.expression} in ${schedule.timezone} is not ${row.when} (${row.name}); its next times: ${times.slice(0, 3).map((ms) => new Date(ms).toISOString()).join(', ')}`);
      }
    } catch (error) {
      fault(error.message);
    }
  }
  return faults;
}

// Returns the faults, as sentences.
export function checkSchedules(plan) {
  const found = [];
  const faults = plan.functions.flatMap((one) => one.schedules.flatMap((schedule) => checkOne(one, schedule, found)));
  for (const row of CONTRACT) {
    const count = found.filter((one) => one === row).length;
    if (count > 1) faults.push(`${count} schedules for the ${row.name}`);
    if (count === 0 && !row.optional) faults.push(`no schedule for the ${row.name}, ${row.when}`);
  }
  return faults;
}
