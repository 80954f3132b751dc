// Schedules: a function invoked at the times of an expression, or by hand. Driven by tick(), which
// start() calls every second with the clock of the local cloud.
import { randomUUID } from 'node:crypto';
import { parseSchedule } from './cron.mjs';
import { ACCOUNT } from './environment.mjs';
import { scheduledEvent } from './events.mjs';
import { transformInput } from './eventbridge.mjs';

const TICK_MS = 1000;

// EventBridge's times have no fractions of a second.
const timeText = (ms) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

export class Schedule {
  // target: LambdaFunction. expression: see cron.mjs; null: by hand only. input, paths: a template (see
  // transformInput) instead of the event; <time> needs no path. name: the rule's.
  constructor(target, { name, expression = null, input = null, paths = {}, region, now_ms = Date.now }) {
    Object.assign(this, { target, name, expression, input, region });
    this.paths = { time: '$.time', ...paths };
    this.next = expression ? parseSchedule(expression, now_ms()) : () => null;
    this.next_ms = this.next(now_ms());
    // A template that cannot be filled is refused here, not at its first hour.
    this.inputAt(now_ms());
  }

  // What the function gets at that time: JSON text.
  inputAt(time_ms) {
    const event = scheduledEvent(this.name, timeText(time_ms), this.region);
    if (this.input === null) return JSON.stringify(event);
    const template = typeof this.input === 'string' ? this.input : JSON.stringify(this.input);
    return transformInput({ paths: this.paths, template }, event, {
      'aws.scheduler.scheduled-time': event.time,
      'aws.scheduler.execution-id': randomUUID(),
      'aws.scheduler.attempt-number': '1',
      'aws.scheduler.schedule-arn': `arn:aws:scheduler:${this.region}:${ACCOUNT}:schedule/default/${this.name}`,
    });
  }

  // Delivers once, as if that were its time. Returns the promise of the invocation's result.
  fire(time_ms) {
    return this.target.invokeAsync(this.inputAt(time_ms));
  }

  // Delivers for every time that has come.
  tick(now_ms) {
    while (this.next_ms !== null && this.next_ms <= now_ms) {
      const due_ms = this.next_ms;
      this.next_ms = this.next(due_ms);
      this.fire(due_ms);
    }
  }
}

export class Schedules {
  constructor(now_ms = Date.now) {
    this.now_ms = now_ms;
    this.all = new Map();
  }

  add(target, options) {
    const name = options.name ?? `schedule-${this.all.size + 1}`;
    if (this.all.has(name)) throw new Error(`there is a schedule ${name} already`);
    const schedule = new Schedule(target, { ...options, name, now_ms: this.now_ms });
    this.all.set(name, schedule);
    return schedule;
  }

  // time: text of a date, or none for the present.
  fire(name, time) {
    const schedule = this.all.get(name);
    if (!schedule) throw new Error(`there is no schedule ${name}`);
    const time_ms = time === undefined ? this.now_ms() : Date.parse(time);
    if (!Number.isFinite(time_ms)) throw new Error(`${time} is no time`);
    return schedule.fire(time_ms);
  }

  tick() {
    const now_ms = this.now_ms();
    this.all.forEach((schedule) => schedule.tick(now_ms));
  }

  start() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop() {
    clearInterval(this.timer);
  }
}
