// What the image function costs and needs at three volumes, as a table for infra/README.md: arithmetic on the
// times that lambda/README.md measured at 256 MB.
//
//   node infra/volume.mjs [--write]     prints the table; --write puts it into infra/README.md
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IMAGES, USD_PER_LOG_GB, billed, prices } from '../lambda/prices.mjs';

const README = new URL('README.md', import.meta.url);
const MEASURED = new URL('../lambda/README.md', import.meta.url);
const BEGIN = '<!-- BEGIN volume: written by `node infra/volume.mjs --write` -->';
const END = '<!-- END volume -->';

export const VOLUMES = [1e4, 1e6, 1e8];
const MEMORY_MB = 256;
const CPU_MB = 1769; // the memory with which Lambda gives one CPU
const MONTH_S = 30 * 86400;
const MONTH_H = 730;
// Assumed: the busiest second has ten times the mean.
const PEAK = 10;
// Bytes of log, measured by `make lambda-cost`: see lambda/README.md, "What it costs".
const LOG_BYTES = { made: 1175, skip: 874 };
// As lambda/README.md takes them: four PUTs; a GET and five HEADs.
const USD_S3 = (4 * 0.005 + 6 * 0.0004) / 1000;
const PUTS = 5; // the upload and the four outputs
const READS = 6;

// The row of a memory size: {made, skip}, each {cold_ms, warm_ms}.
function measured(memory_mb) {
  const text = readFileSync(MEASURED, 'utf8');
  const row = text.slice(text.indexOf('## What it costs')).split('\n').find((line) => line.startsWith(`| ${memory_mb} |`));
  const [, , cold, warm, , , skip_cold, skip_warm] = row.split('|').map((cell) => Number(cell));
  const notification = { invocations: 5, environments: 5 };
  return { made: { cold_ms: cold, warm_ms: warm, log_bytes: LOG_BYTES.made }, skip: { cold_ms: skip_cold, warm_ms: skip_warm, log_bytes: LOG_BYTES.skip }, notification };
}

export function volume(images) {
  const times = measured(MEMORY_MB);
  const price = prices(times, MEMORY_MB, 'x86_64');
  const { made_ms, skip_ms } = billed(times);
  const scale = images / IMAGES;
  const mean = images / MONTH_S;
  const cpu_s = measured(CPU_MB).made.warm_ms / 1000;
  const lambda_usd = price.notification * scale;
  const peak_cpus = Math.max(1, Math.ceil(mean * PEAK * cpu_s));
  return {
    images,
    lambda_usd,
    rule_usd: price.rule * scale,
    log_usd: price.notification_logs * scale,
    rule_log_usd: price.rule_logs * scale,
    s3_usd: images * USD_S3,
    mean,
    peak: mean * PEAK,
    // Little's law: arrivals a second by the time of each.
    at_once: (mean * PEAK * (made_ms + skip_ms)) / 1000 / IMAGES,
    puts: mean * PEAK * PUTS,
    reads: mean * PEAK * READS,
    mean_cpus: mean * cpu_s,
    peak_cpus,
    fleet_usd_per_cpu_hour: lambda_usd / MONTH_H / peak_cpus,
  };
}

const usd = (value) => `$${value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
const number = (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 });

const ROWS = [
  ['Lambda, S3 notification (4 skips an upload)', (v) => usd(v.lambda_usd)],
  ['Lambda and events, EventBridge rule', (v) => usd(v.rule_usd)],
  [`log at $${USD_PER_LOG_GB} per GB: notification / rule`, (v) => `${usd(v.log_usd)} / ${usd(v.rule_log_usd)}`],
  ['S3 requests', (v) => usd(v.s3_usd)],
  ['uploads a second, mean / peak', (v) => `${number(v.mean)} / ${number(v.peak)}`],
  ['environments at once at the peak', (v) => number(Math.ceil(v.at_once))],
  ['S3 at the peak: writes / reads a second', (v) => `${number(v.puts)} / ${number(v.reads)}`],
  ['CPUs kept busy, mean / peak', (v) => `${number(v.mean_cpus)} / ${v.peak_cpus}`],
  ['a fleet for the peak is cheaper below, a CPU-hour', (v) => `$${v.fleet_usd_per_cpu_hour.toPrecision(2)}`],
];

export function volumeTable() {
  const volumes = VOLUMES.map(volume);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(['images a month', ...volumes.map(({ images }) => images.toLocaleString('en'))]),
    line(['---', ...volumes.map(() => '---')]),
    ...ROWS.map(([name, cell]) => line([name, ...volumes.map(cell)])),
  ].join('\n');
}

// README.md's text with the table as it is now.
export function withTable(text) {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('infra/README.md has no place for the table');
  return `${text.slice(0, begin)}${BEGIN}\n${volumeTable()}\n${text.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--write')) writeFileSync(README, withTable(readFileSync(README, 'utf8')));
  else console.log(volumeTable());
}
