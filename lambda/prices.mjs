// The price of a month of photographs from measured times, with either trigger: pure arithmetic, used by
// cost.mjs and checked against the tables of README.md by a test.

export const IMAGES = 10000;
// Uploads come in sessions of so many, one after another, between which the environments are gone;
// assumed.
export const SESSION_UPLOADS = 50;
// Four HEADs at once, first byte of a GET, four PUTs at once, a HEAD; assumed, for a bucket in the
// function's region.
const WAIT_MS = 120;
// The source and the four outputs.
export const EVENTS_PER_UPLOAD = 5;
const USD_PER_GB_S = { x86_64: 0.0000166667, arm64: 0.0000133334 };
const USD_PER_REQUEST = 0.2 / 1e6;
// EventBridge's for the events of an S3 bucket: every event, matched by a rule or not.
const USD_PER_EVENT = 1 / 1e6;
// CloudWatch Logs, ingested, in ap-northeast-2.
export const USD_PER_LOG_GB = 0.76;

// The Node function's: 3 s at 1024 MB.
export const NODE_USD = IMAGES * (3 * USD_PER_GB_S.x86_64 + USD_PER_REQUEST);

// Billed milliseconds of IMAGES uploads, and of the skips that follow them: each start of an
// environment is cold once. The first of a session is an upload's.
// made, skip: {cold_ms, warm_ms}; notification: {invocations (an upload), environments (a session)}.
export function billed({ made, skip, notification }) {
  const sessions = IMAGES / SESSION_UPLOADS;
  const skips = IMAGES * (notification.invocations - 1);
  const cold_skips = sessions * (notification.environments - 1);
  const of = ({ cold_ms, warm_ms }, count, cold, wait_ms) => cold * Math.ceil(cold_ms + wait_ms) + (count - cold) * Math.ceil(warm_ms + wait_ms);
  return { made_ms: of(made, IMAGES, sessions, WAIT_MS), skip_ms: of(skip, skips, cold_skips, 0), skips, cold_skips };
}

// In dollars. measured: as billed() takes it; made.log_bytes and skip.log_bytes for the logs.
export function prices(measured, memory_mb, machine) {
  const { made_ms, skip_ms, skips } = billed(measured);
  const compute = (ms) => (ms / 1000) * (memory_mb / 1024) * USD_PER_GB_S[machine];
  const logs = (count, { log_bytes = 0 }) => ((count * log_bytes) / 1e9) * USD_PER_LOG_GB;
  const made = compute(made_ms) + IMAGES * USD_PER_REQUEST;
  const skip_compute = compute(skip_ms);
  const skip_requests = skips * USD_PER_REQUEST;
  const events = IMAGES * EVENTS_PER_UPLOAD * USD_PER_EVENT;
  return {
    made,
    skip_compute,
    skip_requests,
    events,
    notification: made + skip_compute + skip_requests,
    rule: made + events,
    notification_logs: logs(IMAGES, measured.made) + logs(skips, measured.skip),
    rule_logs: logs(IMAGES, measured.made),
  };
}
