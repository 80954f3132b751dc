// Faults on demand: rules that select requests, and what is done to the selected ones. The front asks
// for each request; the first matching rule that is not used up applies.
//
// A rule: {action, service, operation, key, skip, times, ...}. service (signing name), operation (API
// name) and key (part of the S3 key, or of the table, queue or secret) narrow the selection; skip lets
// that many requests pass first; times (default 1, -1 for ever) is how many it affects. Actions:
//   reset      the connection is reset; after_bytes: after so many bytes of the response
//   truncate   the response ends after after_bytes (default half), the connection is closed
//   stall      nothing more is sent (after after_bytes of the response), the connection stays open
//   delay      the response is sent delay_ms late
//   status     status (default 500) with code (InternalError, or SlowDown for 503)
//   throttle   the service's throttling error; retry_after_ms: with x-amz-retry-after
//   refuse     an error of the service by its code, with the status and message that AWS sends: see
//              ERRORS for those that need no status and message of their own
//   error_body 200, and an error document as the body
//   corrupt    one bit of the response's body is inverted
//   wrong_checksum   the response's checksum headers and ETag are wrong
//   wrong_length     Content-Length is one byte less than what is sent
// done: true performs the request before reset, stall, status, throttle, refuse and error_body: only
// the response is lost. {operation: 'SendEmail', action: 'status', status: 502, done: true} puts the
// mail into the inbox and replies 502.
import { Refusal, errorResponse, s3ErrorBody } from './refusal.mjs';

const ACTIONS = ['reset', 'truncate', 'stall', 'delay', 'status', 'throttle', 'refuse', 'error_body', 'corrupt', 'wrong_checksum', 'wrong_length'];
const FIELDS = ['action', 'service', 'operation', 'key', 'skip', 'times', 'after_bytes', 'delay_ms', 'status', 'code', 'message', 'retry_after_ms', 'done'];

// code -> [status, message], by service: what SES refuses mails with, and what the others throttle with.
export const ERRORS = {
  ses: {
    TooManyRequestsException: [429, 'Maximum sending rate exceeded.'],
    LimitExceededException: [400, 'Daily message quota exceeded.'],
    MailFromDomainNotVerifiedException: [400, 'The sender\'s custom MAIL FROM domain is not verified.'],
    MessageRejected: [400, 'Email address is not verified. The following identities failed the check in region AP-NORTHEAST-2: sender@example.com'],
    AccountSuspendedException: [400, 'The account\'s ability to send email has been permanently restricted.'],
    SendingPausedException: [400, 'Email sending is paused for the account.'],
    BadRequestException: [400, 'Illegal address'],
    NotFoundException: [404, 'Configuration set <openmarket> does not exist.'],
  },
  dynamodb: {
    ConditionalCheckFailedException: [400, 'The conditional request failed'],
    ProvisionedThroughputExceededException: [400, 'The level of configured provisioned throughput for the table was exceeded.'],
    RequestLimitExceeded: [400, 'Throughput exceeds the current throughput limit for your account.'],
    ResourceNotFoundException: [400, 'Requested resource not found'],
    TransactionConflictException: [400, 'Transaction is ongoing for the item'],
  },
  sqs: {
    InvalidMessageContents: [400, 'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF'],
    InvalidParameterValueException: [400, 'One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.'],
  },
  lambda: {
    TooManyRequestsException: [429, 'Rate Exceeded.'],
    ServiceException: [500, 'The Lambda service encountered an internal error.'],
    ResourceConflictException: [409, 'The operation cannot be performed at this time. The function is currently in the following state: Pending'],
  },
  codedeploy: {
    InvalidDeploymentIdException: [400, 'The deployment ID was specified in an invalid format.'],
  },
  secretsmanager: {
    ResourceNotFoundException: [400, 'Secrets Manager can\'t find the specified secret.'],
    DecryptionFailure: [400, 'Secrets Manager can\'t decrypt the protected secret text using the provided KMS key.'],
    InternalServiceError: [500, 'An error occurred on the server side.'],
    AccessDeniedException: [400, 'User is not authorized to perform: secretsmanager:GetSecretValue'],
  },
};

// Status and code of an overloaded service.
const THROTTLE = { s3: [503, 'SlowDown', 'Please reduce your request rate.'], ses: [429, 'TooManyRequestsException', 'Maximum sending rate exceeded.'] };
const DEFAULT_THROTTLE = [400, 'ThrottlingException', 'Rate exceeded'];

export class Faults {
  constructor() {
    this.rules = [];
  }

  add(rule) {
    if (!ACTIONS.includes(rule.action)) throw new Error(`no fault is called ${rule.action}`);
    const unknown = Object.keys(rule).filter((name) => !FIELDS.includes(name));
    if (unknown.length > 0) throw new Error(`a fault has no ${unknown.join(', ')}`);
    if (rule.action === 'refuse' && !(rule.status && rule.message) && !ERRORS[rule.service]?.[rule.code]) {
      throw new Error(`refuse needs a service and a code that is known, or a status and a message; not ${rule.service} ${rule.code}`);
    }
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

// [status, code, message] that the rule's error has; null where the rule makes none.
function errorOf(rule, service) {
  if (rule.action === 'status') {
    const status = rule.status ?? 500;
    return [status, { 503: service === 's3' ? 'SlowDown' : 'ServiceUnavailable' }[status] ?? 'InternalError', 'A fault on demand.'];
  }
  if (rule.action === 'throttle') return THROTTLE[service] ?? DEFAULT_THROTTLE;
  if (rule.action === 'refuse') {
    const [status, message] = ERRORS[service]?.[rule.code] ?? [];
    return [status, rule.code, message];
  }
  return null;
}

// The response that replaces the service's; null where that one stays.
export function replacement(rule, { service, path }) {
  const error = errorOf(rule, service);
  if (error) {
    const headers = rule.retry_after_ms === undefined ? {} : { 'x-amz-retry-after': String(rule.retry_after_ms) };
    const [status, code, message] = error;
    return errorResponse(service, new Refusal(rule.code ?? code, rule.message ?? message, rule.status ?? status, headers), path);
  }
  if (rule.action === 'error_body') {
    const type = service === 's3' ? 'application/xml' : 'application/json';
    const code = rule.code ?? 'InternalError';
    const text = service === 's3' ? s3ErrorBody(code, 'A fault on demand.', path) : JSON.stringify({ __type: code, message: 'A fault on demand.' });
    return { status: 200, headers: { 'content-type': type }, body: Buffer.from(text) };
  }
  return null;
}

// Changes the response in place as the rule states.
export function spoil(rule, response) {
  if (rule.action === 'corrupt' && response.body.length > 0) {
    response.body = Buffer.from(response.body);
    response.body[response.body.length >> 1] ^= 1;
  }
  if (rule.action === 'wrong_checksum') {
    for (const name of Object.keys(response.headers)) {
      if (name === 'etag') response.headers[name] = '"00000000000000000000000000000000"';
      if (/^x-amz-checksum-(crc|sha)/.test(name)) response.headers[name] = 'AAAAAA==';
    }
  }
}

// Sends the response as the rule states: entire, in part, or not at all. outgoing: node's own.
export async function send(rule, outgoing, response, is_head) {
  const { socket } = outgoing;
  const action = rule?.action;
  const size_bytes = response.body.length;
  if (action === 'delay') await new Promise((done) => setTimeout(done, rule.delay_ms ?? 1000));
  if (action === 'wrong_length') response.headers['content-length'] = String(Math.max(0, size_bytes - 1));
  if (action === 'reset' && !rule.after_bytes) return socket.resetAndDestroy();
  if (action === 'stall' && !rule.after_bytes) return undefined;
  outgoing.writeHead(response.status, response.headers);
  if (!['reset', 'truncate', 'stall'].includes(action)) return outgoing.end(is_head ? undefined : response.body);
  const part = response.body.subarray(0, rule.after_bytes ?? size_bytes >> 1);
  await new Promise((done) => outgoing.write(part, done));
  if (action === 'truncate') return socket.destroySoon();
  // What is written must leave before the reset, which throws away what has not been sent.
  if (action === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
  return undefined;
}
