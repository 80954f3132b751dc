// What the image function costs: billed time and memory of one photograph at several memory sizes, what
// the invocations by its own outputs add, and from that the price of 10,000 photographs a month with
// either trigger. Run by `make lambda-cost`.
//
//   cost.mjs FUNCTION PHOTO...   FUNCTION is the packaged `bootstrap`, or build/.../image-processor
//
// Lambda gives CPU in proportion to memory, 1,769 MB being one CPU. Here a CPU quota of the kernel
// (cgroup, period 20 ms) does the same, so the times are measured, not scaled. S3 is on loopback:
// what its network adds on AWS is not included, and is added in the price (prices.mjs).
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { cpuGroup, inGroup } from './cpu_group.mjs';
import { startCloud } from './local/cloud.mjs';
import { uploadsPattern } from './local/eventbridge.mjs';
import { s3Event } from './local/events.mjs';
import { EVENTS_PER_UPLOAD, IMAGES, NODE_USD, SESSION_UPLOADS, USD_PER_LOG_GB, billed, prices } from './prices.mjs';

const MEMORY_MB = [128, 256, 512, 1024, 1769];
// The size of the table that compares the triggers.
const COMPARED_MB = 256;
const ROUNDS = 7;
// How many uploads of a session are run to count the environments that it starts.
const COUNTED_UPLOADS = 10;
const MAX_ENVIRONMENTS = 20;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const upload = (cloud, key, body) =>
  cloud.s3.handle({ method: 'PUT', bucket: 'photos', key, query: {}, headers: {}, trailers: {}, body });
const bytes = (lines) => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);

// One event on a fresh environment, then two on the warm one, ROUNDS times. prepare(key) puts the source
// there; count is the name that the result has for what was done. Medians.
async function measureKind(cloud, config, { keyOf, prepare, count }) {
  const cold_ms = [];
  const warm_ms = [];
  const log_bytes = [];
  let peak_kib = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const image = cloud.addFunction({ ...config, name: `${count}-${round}` });
    for (const kind of [cold_ms, warm_ms, warm_ms]) {
      const key = keyOf(`${round}-${cold_ms.length}-${warm_ms.length}`);
      await prepare(key);
      const result = await image.invoke(s3Event({ bucket: 'photos', key }));
      if (result.error || result.payload[count] !== 1) throw new Error(result.raw);
      kind.push(result.duration_ms + (result.init_ms ?? 0));
      log_bytes.push(bytes(result.logs));
      peak_kib = Math.max(peak_kib, result.peak_kib);
    }
    await image.stop();
  }
  return { cold_ms: median(cold_ms), warm_ms: median(warm_ms), log_bytes: median(log_bytes), peak_mb: peak_kib / 1024 };
}

// The environments that a session starts, and the invocations of an upload, with a trigger.
async function measureSession(cloud, config, photo, trigger) {
  const image = cloud.addFunction({ ...config, name: trigger, concurrency: MAX_ENVIRONMENTS });
  if (trigger === 'rule') cloud.addRule(uploadsPattern('photos'), image);
  else cloud.notify('photos', 'uploads/', image);
  try {
    for (let i = 0; i < COUNTED_UPLOADS; i++) {
      await upload(cloud, `uploads/${trigger}-${i}.jpg`, photo);
      await cloud.settle();
    }
    const starts = image.log.filter((line) => line.startsWith('START')).length;
    return { environments: image.all.size, invocations: starts / COUNTED_UPLOADS };
  } finally {
    cloud.rules.length = 0;
    cloud.triggers.length = 0;
    await image.stop();
  }
}

async function measure(command, photo, memory_mb) {
  const group = cpuGroup(memory_mb);
  if (!group) throw new Error('this needs root and the kernel\'s CPU control group');
  const cloud = await startCloud();
  try {
    cloud.createBucket('photos');
    const config = { command: inGroup(group, command), memory_mb, timeout_ms: 60000 };
    const made = await measureKind(cloud, config, { keyOf: (name) => `uploads/${name}.jpg`, prepare: (key) => upload(cloud, key, photo), count: 'made' });
    const skip = await measureKind(cloud, config, { keyOf: (name) => `uploads/processed/large/${name}.jpg`, prepare: () => {}, count: 'skipped' });
    const notification = await measureSession(cloud, config, photo, 'notification');
    const rule = await measureSession(cloud, config, photo, 'rule');
    return { made, skip, notification, rule };
  } finally {
    await cloud.stop();
    group.remove();
  }
}

const usd = (value) => `$${value.toFixed(3)}`;
const print = (...cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const printHead = (...cells) => {
  print(...cells);
  process.stdout.write(`${'|---'.repeat(cells.length)}|\n`);
};

function printSizes(results) {
  printHead('memory MB', 'cold ms', 'warm ms', 'peak MB', 'billed ms', 'skip: cold ms', 'warm ms', 'billed ms', 'x86_64', 'arm64');
  for (const [memory_mb, measured] of results) {
    const { made, skip } = measured;
    const { made_ms, skip_ms, skips } = billed(measured);
    const [x86, arm] = ['x86_64', 'arm64'].map((machine) => prices(measured, memory_mb, machine));
    print(
      memory_mb, made.cold_ms.toFixed(0), made.warm_ms.toFixed(0), made.peak_mb.toFixed(0), (made_ms / IMAGES).toFixed(0),
      skip.cold_ms.toFixed(1), skip.warm_ms.toFixed(1), (skip_ms / skips).toFixed(1),
      usd(x86.notification), usd(arm.notification),
    );
  }
}

function printTriggers(measured) {
  const { notification, rule } = measured;
  const { cold_skips } = billed(measured);
  const price = prices(measured, COMPARED_MB, 'x86_64');
  const sessions = IMAGES / SESSION_UPLOADS;
  printHead(`${IMAGES} uploads, ${COMPARED_MB} MB, x86_64`, 'S3 notification, prefix `uploads/`', 'EventBridge rule without `/processed/`');
  print('invocations an upload', notification.invocations, rule.invocations);
  print('environments a session starts', notification.environments, rule.environments);
  print('cold starts', sessions + cold_skips, sessions);
  print('uploads: compute and requests', usd(price.made), usd(price.made));
  print('skips: requests', usd(price.skip_requests), '');
  print('skips: compute', usd(price.skip_compute), '');
  print(`EventBridge, ${EVENTS_PER_UPLOAD} events an upload`, '', usd(price.events));
  print('**together**', `**${usd(price.notification)}**`, `**${usd(price.rule)}**`);
  print(`log at $${USD_PER_LOG_GB} per GB, ${measured.made.log_bytes} bytes an upload, ${measured.skip.log_bytes} a skip`, usd(price.notification_logs), usd(price.rule_logs));
  print('**together with the log**', `**${usd(price.notification + price.notification_logs)}**`, `**${usd(price.rule + price.rule_logs)}**`);
}

const [program, ...photos] = process.argv.slice(2);
if (!program || photos.length === 0) {
  process.stderr.write('usage: cost.mjs FUNCTION PHOTO...\n');
  process.exit(2);
}
for (const path of photos) {
  const photo = readFileSync(path);
  const results = new Map();
  for (const memory_mb of MEMORY_MB) results.set(memory_mb, await measure(resolve(program), photo, memory_mb));
  process.stdout.write(`\n${basename(path)}, ${(photo.length / 1e6).toFixed(1)} MB\n\n`);
  printSizes(results);
  process.stdout.write('\n');
  printTriggers(results.get(COMPARED_MB));
}
process.stdout.write(`\nNode + sharp, 3 s at 1024 MB: 10,000 x (3 s x 1 GB x $0.0000166667 + $0.0000002) = ${usd(NODE_USD)} with requests\n`);
