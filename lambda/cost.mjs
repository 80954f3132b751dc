// What the image function costs: billed time and memory of one photograph at several memory sizes,
// and from that the price of 10,000 a month. Run by `make lambda-cost`.
//
//   cost.mjs FUNCTION PHOTO...   FUNCTION is the packaged `bootstrap`, or build/.../image-processor
//
// Lambda gives CPU in proportion to memory, 1,769 MB being one CPU. Here a CPU quota of the kernel
// (cgroup, period 20 ms) does the same, so the times are measured, not scaled. S3 is on loopback:
// what its network adds on AWS is not in them, and is taken as WAIT_MS in the price.
import { accessSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { startCloud } from './local/cloud.mjs';
import { s3Event } from './local/events.mjs';

const MEMORY_MB = [128, 256, 512, 1024, 1769];
const ROUNDS = 7;
const IMAGES = 10000;
// HEADs at once, first byte of a GET, PUTs at once; assumed, for a bucket in the function's region.
const WAIT_MS = 120;
// Every how many-th invocation starts cold; assumed.
const COLD_SHARE = 0.02;
const USD_PER_GB_S = { x86_64: 0.0000166667, arm64: 0.0000133334 };
const USD_PER_REQUEST = 0.2 / 1e6;
const MB_PER_CPU = 1769;
const PERIOD_US = 20000;

// A group with the CPU that Lambda gives for this memory; null where the kernel or our rights do not
// allow it.
function cpuGroup(memory_mb) {
  const quota_us = Math.min(PERIOD_US, Math.round((PERIOD_US * memory_mb) / MB_PER_CPU));
  const name = `lambda-cost-${process.pid}-${memory_mb}`;
  for (const [folder, files, members] of [
    // The weight is for a machine that has other work too; the quota is what counts.
    ['/sys/fs/cgroup/cpu', { 'cpu.shares': 100000, 'cpu.cfs_period_us': PERIOD_US, 'cpu.cfs_quota_us': quota_us }, 'tasks'],
    ['/sys/fs/cgroup', { 'cpu.weight': 10000, 'cpu.max': `${quota_us} ${PERIOD_US}` }, 'cgroup.procs'],
  ]) {
    const path = `${folder}/${name}`;
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    try {
      // In a folder that is no control group these would be files like any.
      Object.keys(files).forEach((file) => accessSync(`${path}/${file}`));
      for (const [file, value] of Object.entries(files)) writeFileSync(`${path}/${file}`, String(value));
      return { tasks: `${path}/${members}`, remove: () => rmdirSync(path) };
    } catch {
      rmdirSync(path);
    }
  }
  return null;
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function measure(command, photo, memory_mb) {
  const group = cpuGroup(memory_mb);
  if (!group) throw new Error('this needs root and the kernel\'s CPU control group');
  const cloud = await startCloud();
  try {
    cloud.createBucket('photos');
    const start = ['/usr/bin/chrt', '-o', '0', '/bin/sh', '-c', `echo $$ >${group.tasks} && exec "$0"`, command];
    const cold_ms = [];
    const warm_ms = [];
    let peak_kib = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const image = cloud.addFunction({ name: `image-${round}`, command: start, memory_mb, timeout_ms: 60000 });
      for (const kind of [cold_ms, warm_ms, warm_ms]) {
        const key = `uploads/${round}-${cold_ms.length}-${warm_ms.length}.jpg`;
        await cloud.s3.handle({ method: 'PUT', bucket: 'photos', key, query: {}, headers: {}, trailers: {}, body: photo });
        const result = await image.invoke(s3Event({ bucket: 'photos', key }));
        if (result.error || result.payload.made !== 1) throw new Error(result.raw);
        kind.push(result.duration_ms + (result.init_ms ?? 0));
        peak_kib = Math.max(peak_kib, result.peak_kib);
      }
      await image.stop();
    }
    return { cold_ms: median(cold_ms), warm_ms: median(warm_ms), peak_mb: peak_kib / 1024 };
  } finally {
    await cloud.stop();
    group.remove();
  }
}

const usd = (value) => `$${value.toFixed(3)}`;
const [command, ...photos] = process.argv.slice(2);
if (!command || photos.length === 0) {
  process.stderr.write('usage: cost.mjs FUNCTION PHOTO...\n');
  process.exit(2);
}
for (const path of photos) {
  const photo = readFileSync(path);
  process.stdout.write(`\n${basename(path)}, ${(photo.length / 1e6).toFixed(1)} MB\n\n| memory MB | cold ms | warm ms | peak MB | billed ms | x86_64 | arm64 |\n|---|---|---|---|---|---|---|\n`);
  for (const memory_mb of MEMORY_MB) {
    const { cold_ms, warm_ms, peak_mb } = await measure(command, photo, memory_mb);
    const billed_ms = Math.ceil(warm_ms * (1 - COLD_SHARE) + cold_ms * COLD_SHARE + WAIT_MS);
    const price = (machine) => usd(IMAGES * ((billed_ms / 1000) * (memory_mb / 1024) * USD_PER_GB_S[machine] + USD_PER_REQUEST));
    process.stdout.write(`| ${memory_mb} | ${cold_ms.toFixed(0)} | ${warm_ms.toFixed(0)} | ${peak_mb.toFixed(0)} | ${billed_ms} | ${price('x86_64')} | ${price('arm64')} |\n`);
  }
}
const node_usd = IMAGES * (3 * USD_PER_GB_S.x86_64 + USD_PER_REQUEST);
process.stdout.write(`\nNode + sharp, 3 s at 1024 MB: 10,000 x (3 s x 1 GB x $0.0000166667 + $0.0000002) = ${usd(node_usd)} with requests\n`);
