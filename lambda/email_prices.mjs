// The price of 100,000 mails from measured times: pure arithmetic, used by email_load.mjs and checked
// against the table of handlers/email/README.md by a test.

export const MAILS = 100000;
export const BATCH = 10;
// What the network adds to a mail on AWS: SES's response, and three writes to DynamoDB of 5 ms; assumed,
// in the function's region.
export const WAIT_MS = 60 + 3 * 5;
// Mails come in sessions of so many, between which the environment is gone; assumed.
export const SESSION_MAILS = 500;
const USD_PER_GB_S = { x86_64: 0.0000166667, arm64: 0.0000133334 };
const USD_PER_INVOCATION = 0.2 / 1e6;
// Standard queues: a send a mail, a receive and a delete a batch by Lambda's poller.
const USD_PER_SQS_REQUEST = 0.4 / 1e6;
// On demand, items below 1 KB, ap-northeast-2: claimed, sending, sent.
const USD_PER_WRITE = 0.678 / 1e6;
const WRITES = 3;
const USD_PER_LOG_GB = 0.76;
// Of the original, a Node function.
export const ORIGINAL_USD = 2.4;
// SES's own, which no function saves.
export const SES_USD = (MAILS / 1000) * 0.1;

// Milliseconds billed for all: {cold_ms, warm_ms} of a batch, without the network.
export function billedMs({ cold_ms, warm_ms }) {
  const batches = MAILS / BATCH;
  const cold = MAILS / SESSION_MAILS;
  const of = (ms) => Math.ceil(ms + BATCH * WAIT_MS);
  return cold * of(cold_ms) + (batches - cold) * of(warm_ms);
}

// In dollars; measured: billedMs's, and log_bytes of a warm batch.
export function emailPrices(measured, memory_mb, machine) {
  const batches = MAILS / BATCH;
  const lambda = (billedMs(measured) / 1000) * (memory_mb / 1024) * USD_PER_GB_S[machine] + batches * USD_PER_INVOCATION;
  const sqs = (MAILS + 2 * batches) * USD_PER_SQS_REQUEST;
  const dynamodb = MAILS * WRITES * USD_PER_WRITE;
  const logs = ((batches * measured.log_bytes) / 1e9) * USD_PER_LOG_GB;
  return { lambda, sqs, dynamodb, logs, together: lambda + sqs + dynamodb + logs };
}
