// Faults on demand: rules that pick requests, and what is done to the picked ones. The front asks for
// each request; the first rule that fits and is not used up counts.
//
// A rule: {action, service, operation, key, skip, times, ...}. service (signing name), operation (API
// name) and key (a part of it) narrow the choice; skip lets that many go by; times (default 1, -1 for
// ever) is how many it hits. Actions:
//   reset      the connection is reset. after_bytes: after so many bytes of the answer
//   truncate   the answer breaks off after after_bytes (default half), the connection is closed
//   stall      nothing comes any more (after after_bytes of the answer), the connection stays open
//   delay      the answer comes delay_ms late
//   status     status (default 500) with code (InternalError, or SlowDown for 503)
//   throttle   the service's throttling error; retry_after_ms: with x-amz-retry-after
//   error_body 200, and an error document as the body
//   corrupt    one bit of the answer's body is wrong
//   wrong_checksum   the answer's checksum headers and ETag are wrong
//   wrong_length     Content-Length says one byte less than is sent
// done: true performs the request before reset, stall, status, throttle and error_body, so that only
// the answer is lost.
import { Refusal, refusalAnswer, s3ErrorBody } from './refusal.mjs';

const ACTIONS = ['reset', 'truncate', 'stall', 'delay', 'status', 'throttle', 'error_body', 'corrupt', 'wrong_checksum', 'wrong_length'];
const FIELDS = ['action', 'service', 'operation', 'key', 'skip', 'times', 'after_bytes', 'delay_ms', 'status', 'code', 'message', 'retry_after_ms', 'done'];

export class Faults {
  constructor() {
    this.rules = [];
  }

  add(rule) {
    if (!ACTIONS.includes(rule.action)) throw new Error(`no fault is called ${rule.action}`);
    const unknown = Object.keys(rule).filter((name) => !FIELDS.includes(name));
    if (unknown.length > 0) throw new Error(`a fault has no ${unknown.join(', ')}`);
    this.rules.push({ skip: 0, times: 1, ...rule });
  }

  clear() {
    this.rules = [];
  }

  // The rule for this request, or null. Counts it down.
  pick({ service, operation, key }) {
    for (const rule of this.rules) {
      if (rule.service && rule.service !== service) continue;
      if (rule.operation && rule.operation !== operation) continue;
      if (rule.key && !(key ?? '').includes(rule.key)) continue;
      if (rule.times === 0) continue;
      if (rule.skip > 0) {
        rule.skip -= 1;
        continue;
      }
      if (rule.times > 0) rule.times -= 1;
      return rule;
    }
    return null;
  }
}

// Whether the request is to be performed at all.
export const isPerformed = (rule) =>
  !rule || rule.done || ['truncate', 'delay', 'corrupt', 'wrong_checksum', 'wrong_length'].includes(rule.action) ||
  (['reset', 'stall'].includes(rule.action) && rule.after_bytes > 0);

// What is answered instead; null where the answer stays.
export function replacement(rule, { service, path }) {
  const headers = {};
  if (rule.retry_after_ms !== undefined) headers['x-amz-retry-after'] = String(rule.retry_after_ms);
  if (rule.action === 'status') {
    const status = rule.status ?? 500;
    const code = rule.code ?? ({ 503: service === 's3' ? 'SlowDown' : 'ServiceUnavailable' }[status] ?? 'InternalError');
    return refusalAnswer(service, new Refusal(code, rule.message ?? 'A fault on demand.', status, headers), path);
  }
  if (rule.action === 'throttle') {
    const code = rule.code ?? (service === 's3' ? 'SlowDown' : 'ThrottlingException');
    const status = rule.status ?? (service === 's3' ? 503 : 400);
    return refusalAnswer(service, new Refusal(code, rule.message ?? 'Please reduce your request rate.', status, headers), path);
  }
  if (rule.action === 'error_body') {
    const type = service === 's3' ? 'application/xml' : 'application/json';
    const code = rule.code ?? 'InternalError';
    const text = service === 's3' ? s3ErrorBody(code, 'A fault on demand.', path) : JSON.stringify({ __type: code, message: 'A fault on demand.' });
    return { status: 200, headers: { 'content-type': type }, body: Buffer.from(text) };
  }
  return null;
}

// Changes the answer in place as the rule says.
export function spoil(rule, answer) {
  if (rule.action === 'corrupt' && answer.body.length > 0) {
    answer.body = Buffer.from(answer.body);
    answer.body[answer.body.length >> 1] ^= 1;
  }
  if (rule.action === 'wrong_checksum') {
    for (const name of Object.keys(answer.headers)) {
      if (name === 'etag') answer.headers[name] = '"00000000000000000000000000000000"';
      if (/^x-amz-checksum-(crc|sha)/.test(name)) answer.headers[name] = 'AAAAAA==';
    }
  }
}

// Sends the answer as the rule says: whole, in part, or not at all.
export async function send(rule, response, answer, is_head) {
  const { socket } = response;
  const action = rule?.action;
  const size_bytes = answer.body.length;
  if (action === 'delay') await new Promise((done) => setTimeout(done, rule.delay_ms ?? 1000));
  if (action === 'wrong_length') answer.headers['content-length'] = String(Math.max(0, size_bytes - 1));
  if (action === 'reset' && !rule.after_bytes) return socket.resetAndDestroy();
  if (action === 'stall' && !rule.after_bytes) return undefined;
  response.writeHead(answer.status, answer.headers);
  if (!['reset', 'truncate', 'stall'].includes(action)) return response.end(is_head ? undefined : answer.body);
  const part = answer.body.subarray(0, rule.after_bytes ?? size_bytes >> 1);
  await new Promise((done) => response.write(part, done));
  if (action === 'truncate') return socket.destroySoon();
  // What is written must leave before the reset, which throws away what has not been sent.
  if (action === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
  return undefined;
}
