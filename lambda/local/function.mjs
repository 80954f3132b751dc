// A function as Lambda runs it: environments started when needed and kept warm, synchronous and
// asynchronous invocation, retries of the latter, and the START, END and REPORT lines of the log.
import { randomBytes, randomUUID } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { DEFAULT_CREDENTIALS, DEFAULT_REGION } from './environment.mjs';
import { recordLine } from './lines.mjs';
import { ExecutionEnvironment } from './runtime_api.mjs';

// Environments at once, unless the config has another number.
const DEFAULT_CONCURRENCY = 1;
// Log lines kept.
const MAX_LOG_LINES = 20000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// What is not set gets Lambda's own default, or that of the local cloud.
function complete(config) {
  const command = typeof config.command === 'string' ? [config.command] : config.command;
  const path = command[0].includes('/') ? resolve(command[0]) : command[0];
  return {
    name: 'function',
    version: '$LATEST',
    handler: 'bootstrap',
    memory_mb: 128,
    timeout_ms: 3000,
    init_timeout_ms: 10000,
    region: DEFAULT_REGION,
    credentials: DEFAULT_CREDENTIALS,
    environment: {},
    concurrency: DEFAULT_CONCURRENCY,
    // AWS waits one and two minutes before it tries an asynchronous event again; here it is shorter.
    retry_delays_ms: [200, 400],
    task_root: dirname(path),
    cwd: path.includes('/') ? dirname(path) : undefined,
    ...config,
    command: [path, ...command.slice(1)],
  };
}

export class LambdaFunction {
  // config: {command: path or [path, argument...], name, version, memory_mb, timeout_ms, environment, handler,
  // region, credentials, concurrency, retry_delays_ms, task_root, cwd, tracing (every invocation is traced),
  // xray_address (of the X-Ray daemon)}; only command is needed.
  // on_line(line): called with each line of the log, the platform's own included.
  constructor(config, on_line = () => {}) {
    this.config = complete(config);
    this.on_line = on_line;
    this.log = [];
    this.idle = [];
    this.all = new Set();
    this.queue = [];
    this.running = 0;
    this.pending_async = new Set();
    this.dead_letters = [];
    this.stopped = false;
  }

  #line(line, into) {
    this.log.push(line);
    if (this.log.length > MAX_LOG_LINES) this.log.splice(0, this.log.length - MAX_LOG_LINES);
    into?.push(line);
    recordLine(this.config.command, line);
    this.on_line(line);
  }

  // Waits for its turn, invokes, and returns {error, payload (parsed, or text if it is no JSON), raw,
  // request_id, duration_ms, init_ms (null when warm), billed_ms, peak_kib, logs}.
  async invoke(event, options = {}) {
    if (this.stopped) throw new Error(`${this.config.name} has been stopped`);
    if (this.running >= this.config.concurrency) {
      const turn = Promise.withResolvers();
      this.queue.push(turn);
      await turn.promise;
    } else {
      this.running += 1;
    }
    try {
      return await this.#invokeNow(event, options);
    } finally {
      const next = this.queue.shift();
      if (next) next.resolve();
      else this.running -= 1;
    }
  }

  // A warm environment, or a new one that has asked for work.
  async #environment(lines) {
    while (this.idle.length > 0) {
      const environment = this.idle.pop();
      if (environment.state === 'idle') {
        environment.lines = lines;
        return { environment, init_ms: null };
      }
    }
    const environment = new ExecutionEnvironment(this.config, (line) => this.#line(line, environment.lines));
    environment.lines = lines;
    this.all.add(environment);
    environment.gone.promise.then(() => this.all.delete(environment));
    try {
      await environment.start();
    } catch (failure) {
      await environment.stop(0);
      throw failure;
    }
    return { environment, init_ms: environment.init_ms };
  }

  async #invokeNow(event, { request_id = randomUUID(), trace_id, client_context }) {
    const logs = [];
    const payload = typeof event === 'string' ? event : JSON.stringify(event);
    let environment;
    let init_ms;
    try {
      ({ environment, init_ms } = await this.#environment(logs));
    } catch (failure) {
      if (failure instanceof Error) throw failure;
      this.#line(`INIT_REPORT Status: error\tError Type: ${failure.errorType}\t${failure.errorMessage}`, logs);
      return this.#result(request_id, { error: true, payload: JSON.stringify(failure) }, null, logs);
    }
    this.#line(`START RequestId: ${request_id} Version: ${this.config.version}`, logs);
    const outcome = await environment.invoke(request_id, payload, {
      trace_id: trace_id === undefined ? traceId(this.config.tracing) : this.#completeTrace(trace_id),
      client_context,
    });
    // What the process wrote before its result may still be in the pipe.
    await new Promise(setImmediate);
    environment.lines = null;
    if (environment.state === 'idle') this.idle.push(environment);
    const result = this.#result(request_id, outcome, init_ms, logs);
    this.#line(`END RequestId: ${request_id}`, logs);
    this.#line(report(result, this.config), logs);
    return result;
  }

  // What a caller sends may be the root alone; Lambda adds its own segment and its decision.
  #completeTrace(trace_id) {
    const is_complete = !this.config.tracing || !trace_id || /Parent=/.test(trace_id);
    return is_complete ? trace_id : `${trace_id};Parent=${randomBytes(8).toString('hex')};Sampled=1`;
  }

  #result(request_id, outcome, init_ms, logs) {
    const duration_ms = outcome.duration_ms ?? 0;
    return {
      request_id,
      error: outcome.error,
      error_type: outcome.error_type ?? null,
      raw: outcome.payload,
      payload: parse(outcome.payload),
      duration_ms,
      init_ms,
      billed_ms: Math.ceil(duration_ms + (init_ms ?? 0)),
      peak_kib: outcome.peak_kib ?? null,
      logs,
    };
  }

  // As S3 and EventBridge invoke: returns at once; a failure is tried again twice, and what fails then
  // is kept in dead_letters. settle() waits for all.
  invokeAsync(event, options = {}) {
    const work = (async () => {
      const request_id = options.request_id ?? randomUUID();
      let result;
      for (const delay_ms of [0, ...this.config.retry_delays_ms]) {
        if (delay_ms) await sleep(delay_ms);
        if (this.stopped) return result;
        result = await this.invoke(event, { ...options, request_id });
        if (!result.error) return result;
      }
      this.dead_letters.push({ event, result });
      this.#line(`DROPPED RequestId: ${request_id} after ${this.config.retry_delays_ms.length} retries`);
      return result;
    })();
    work.catch(() => {});
    this.pending_async.add(work);
    const remove = () => this.pending_async.delete(work);
    work.then(remove, remove);
    return work;
  }

  // Waits until no asynchronous invocation is under way.
  async settle() {
    while (this.pending_async.size > 0) await Promise.allSettled(this.pending_async);
  }

  // Memory, descriptors and threads of the warm environments.
  stats() {
    return [...this.all].map((environment) => environment.stats()).filter(Boolean);
  }

  // Ends all its processes. Events that wait for their turn fail.
  async stop(grace_ms = 500) {
    this.stopped = true;
    this.queue.splice(0).forEach((turn) => turn.reject(new Error(`${this.config.name} has been stopped`)));
    const ends = await Promise.all([...this.all].map((environment) => environment.stop(grace_ms)));
    this.idle.length = 0;
    return ends;
  }
}

// tracing: the function's tracing is Active, so that Lambda decides; here every invocation is sampled.
function traceId(tracing) {
  const seconds = Math.floor(Date.now() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Parent=${randomBytes(8).toString('hex')};Sampled=${tracing ? 1 : 0};Lineage=1:${randomBytes(4).toString('hex')}:0`;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function report(result, config) {
  const fields = [
    `REPORT RequestId: ${result.request_id}`,
    `Duration: ${result.duration_ms.toFixed(2)} ms`,
    `Billed Duration: ${result.billed_ms} ms`,
    `Memory Size: ${config.memory_mb} MB`,
    `Max Memory Used: ${result.peak_kib === null ? '?' : Math.ceil(result.peak_kib / 1024)} MB`,
  ];
  if (result.init_ms !== null) fields.push(`Init Duration: ${result.init_ms.toFixed(2)} ms`);
  if (result.payload?.errorType === 'Sandbox.Timedout') fields.push('Status: timeout');
  else if (result.error) fields.push('Status: error', `Error Type: ${result.payload?.errorType ?? 'Unknown'}`);
  return fields.join('\t');
}
