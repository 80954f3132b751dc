// Invokes a binary for provided.al2023 once or many times, without a cloud around it. See HELP.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { LambdaFunction } from './function.mjs';

const HELP = `invoke.mjs [OPTIONS] BOOTSTRAP [ARGUMENT...]

Starts BOOTSTRAP as AWS Lambda would, delivers the event, prints the result; its log goes to standard
error. Exit status: 0 success, 1 the function failed, 2 a wrong command line.

  --event FILE        the event (JSON); "-" is standard input; default {}
  --env KEY=VALUE     a variable of its environment; may be repeated
  --name NAME         the function's name (default function)
  --memory-mb N       memory size reported to it (default 128)
  --timeout-ms N      default 3000
  --times N           so many invocations, one environment; the last result is printed
  --json              one JSON document: result, times, memory, log
  --quiet             without the log
  --help`;

const OPTIONS = {
  event: { type: 'string' },
  env: { type: 'string', multiple: true, default: [] },
  name: { type: 'string', default: 'function' },
  'memory-mb': { type: 'string', default: '128' },
  'timeout-ms': { type: 'string', default: '3000' },
  times: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function readEvent(path) {
  if (path === undefined) return '{}';
  return readFileSync(path === '-' ? 0 : path, 'utf8');
}

function commandLine() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) return { values };
  if (positionals.length === 0) throw new TypeError('a binary is needed; see --help');
  const environment = Object.fromEntries(
    values.env.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new TypeError(`--env ${text} has no "="`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
  const [memory_mb, timeout_ms, times] = ['memory-mb', 'timeout-ms', 'times'].map((name) => {
    const number = Number(values[name]);
    if (!(Number.isInteger(number) && number > 0)) throw new TypeError(`--${name} takes a whole number above 0`);
    return number;
  });
  return { values, config: { command: positionals, name: values.name, environment, memory_mb, timeout_ms }, times };
}

async function main() {
  const { values, config, times } = commandLine();
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const event = readEvent(values.event);
  const one = new LambdaFunction(config, (line) => values.json || values.quiet || process.stderr.write(`${line}\n`));
  let result;
  let init_ms = null;
  const durations_ms = [];
  try {
    for (let i = 0; i < times; i += 1) {
      result = await one.invoke(event);
      init_ms ??= result.init_ms;
      durations_ms.push(result.duration_ms);
      if (result.error) break;
    }
    result.stats = one.stats()[0] ?? null;
  } finally {
    await one.stop();
  }
  durations_ms.sort((a, b) => a - b);
  const median_ms = durations_ms[durations_ms.length >> 1];
  if (values.json) console.log(JSON.stringify({ ...result, init_ms, invocations: durations_ms.length, median_ms }));
  else console.log(result.raw);
  return result.error ? 1 : 0;
}

main().then(
  (status) => process.exit(status),
  (error) => {
    process.stderr.write(`invoke.mjs: ${error.message}\n`);
    process.exit(error instanceof TypeError || error.code === 'ENOENT' ? 2 : 1);
  },
);
