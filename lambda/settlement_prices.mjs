// The price of a month of settlements of 100 sellers from measured times: pure arithmetic, used by
// settlement_load.mjs and checked against the table of handlers/settlement/README.md by a test.

export const SELLERS = 100;
// Each has all of them: a day's every day, a week's, a month's.
export const REPORTS = { daily: 365 / 12, weekly: 365 / 7 / 12, monthly: 1 };
// What the network adds to each round trip on AWS: to a database in the function's own zone, to SQS and to
// S3; assumed.
export const DATABASE_WAIT_MS = 0.5;
export const SQS_WAIT_MS = 10;
export const S3_WAIT_MS = 30;
// Of an environment that starts: TLS to the database, Secrets Manager; assumed.
export const COLD_WAIT_MS = 60;
const USD_PER_GB_S = { x86_64: 0.0000166667, arm64: 0.0000133334 };
const USD_PER_INVOCATION = 0.2 / 1e6;
const USD_PER_SQS_REQUEST = 0.4 / 1e6;
// S3 in ap-northeast-2: PUT, COPY, LIST; GET and HEAD.
const USD_PER_PUT = 0.0045 / 1000;
const USD_PER_GET = 0.00035 / 1000;
const USD_PER_LOG_GB = 0.76;
// Of the original, a Node function.
export const ORIGINAL_USD = 6.4;

// Milliseconds billed for a run for all sellers, by its parts as they were measured: {run_ms (all
// invocations together), cold_starts, round_trips, sqs, puts, gets}.
export function billedMs({ run_ms, cold_starts, round_trips, sqs, puts, gets }) {
  return Math.ceil(run_ms + cold_starts * COLD_WAIT_MS + round_trips * DATABASE_WAIT_MS + sqs * SQS_WAIT_MS + (puts + gets) * S3_WAIT_MS);
}

// In dollars. measured: {daily, weekly, monthly}, each as billedMs takes it, with invocations, sqs_requests
// (the mapping's and the mails' readers' ones too), log_bytes.
export function settlementPrices(measured, memory_mb, machine) {
  const sum = (of) => Object.entries(REPORTS).reduce((all, [type, times]) => all + times * of(measured[type]), 0);
  const lambda = sum((run) => (billedMs(run) / 1000) * (memory_mb / 1024) * USD_PER_GB_S[machine] + run.invocations * USD_PER_INVOCATION);
  const sqs = sum((run) => run.sqs_requests * USD_PER_SQS_REQUEST);
  const s3 = sum((run) => run.puts * USD_PER_PUT + run.gets * USD_PER_GET);
  const logs = sum((run) => (run.log_bytes / 1e9) * USD_PER_LOG_GB);
  return { lambda, sqs, s3, logs, together: lambda + sqs + s3 + logs };
}
