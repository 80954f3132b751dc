// The price of 50,000 webhooks from measured times: pure arithmetic, used by webhook_load.mjs and checked
// against the table of handlers/webhook/README.md by a test.

export const WEBHOOKS = 50000;
// What the network adds to each round trip on AWS: to a database in the function's own zone, and to SQS;
// assumed.
export const DATABASE_WAIT_MS = 0.5;
export const SQS_WAIT_MS = 10;
// Of an environment that starts: TLS to the database, Secrets Manager twice; assumed.
export const COLD_WAIT_MS = 60;
// Webhooks come in sessions of so many, between which the environment is gone; assumed.
export const SESSION_WEBHOOKS = 50;
const USD_PER_GB_S = { x86_64: 0.0000166667, arm64: 0.0000133334 };
const USD_PER_INVOCATION = 0.2 / 1e6;
const USD_PER_SQS_REQUEST = 0.4 / 1e6;
const USD_PER_LOG_GB = 0.76;
// Of the original, a Node function of 512 MB.
export const ORIGINAL_USD = 2.04;

// Milliseconds billed for one, without a mean of fractions: {cold_ms, warm_ms} measured, {round_trips}
// and {mails} of an event on average.
export function billedMs({ cold_ms, warm_ms, round_trips, mails }) {
  const wait_ms = round_trips * DATABASE_WAIT_MS + mails * SQS_WAIT_MS;
  const cold = WEBHOOKS / SESSION_WEBHOOKS;
  return cold * Math.ceil(cold_ms + wait_ms + COLD_WAIT_MS) + (WEBHOOKS - cold) * Math.ceil(warm_ms + wait_ms);
}

// In dollars; measured: billedMs's, and log_bytes of an event.
export function webhookPrices(measured, memory_mb, machine) {
  const lambda = (billedMs(measured) / 1000) * (memory_mb / 1024) * USD_PER_GB_S[machine] + WEBHOOKS * USD_PER_INVOCATION;
  const sqs = WEBHOOKS * measured.mails * USD_PER_SQS_REQUEST;
  const logs = ((WEBHOOKS * measured.log_bytes) / 1e9) * USD_PER_LOG_GB;
  return { lambda, sqs, logs, together: lambda + sqs + logs };
}
