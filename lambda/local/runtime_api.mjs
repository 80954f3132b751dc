// One execution environment: a process made from the function's binary, and the Runtime API server
// that it talks to, on a port of its own. Responds as AWS's emulator was measured to. Retries, queues and
// other environments are the business of LambdaFunction.
//
//   start() ──► process starts ──► GET next (init done) ──► invoke() delivers an event ──► response
//                                        ▲                                                   │
//                                        └───────────────────────────────────────────────────┘
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { functionArn, lambdaEnvironment } from './environment.mjs';
import { processStats } from './process_stats.mjs';

// The documented limit of a synchronous result, 6 MB, and what the emulator adds.
export const MAX_RESPONSE_BYTES = 6291556;
const PREFIX = '/2018-06-01/runtime/';

const failure = (errorType, errorMessage) => ({ errorType, errorMessage });

export class ExecutionEnvironment {
  // config: as LambdaFunction completes it; on_log(line): each line of its stdout and stderr.
  constructor(config, on_log) {
    this.config = config;
    this.on_log = on_log;
    this.state = 'new'; // new, init, idle, busy, dead
    this.init_ms = null; // from before fork to the first request for work
    this.init_failure = null; // what the process reported by init/error
    this.killed_by_us = null;
    this.waiting_next = null;
    this.current = null;
    this.ready = Promise.withResolvers();
    this.ready.promise.catch(() => {});
    this.gone = Promise.withResolvers();
  }

  get pid() {
    return this.process?.pid;
  }

  stats() {
    return this.pid && this.state !== 'dead' ? processStats(this.pid) : null;
  }

  // Starts the process; done when it has asked for work, fails with {errorType, errorMessage}.
  async start() {
    this.server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
      this.#serve(request, response).catch((error) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      });
    });
    await new Promise((done, failed) => {
      this.server.once('error', failed).listen(0, '127.0.0.1', done);
    });
    const { command, cwd, init_timeout_ms } = this.config;
    const api = `127.0.0.1:${this.server.address().port}`;
    this.state = 'init';
    this.started_ms = performance.now();
    // A process group of its own: what the function may have started ends with it.
    this.process = spawn(command[0], command.slice(1), {
      cwd,
      env: lambdaEnvironment(this.config, api),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.process.once('error', (error) => this.#ended(null, null, error));
    this.process.once('close', (code, signal) => this.#ended(code, signal));
    this.#collect(this.process.stdout);
    this.#collect(this.process.stderr);
    const timer = setTimeout(() => this.#kill('init'), init_timeout_ms);
    try {
      await this.ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #collect(stream) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      lines.forEach((line) => this.on_log(line));
    });
    stream.on('end', () => rest && this.on_log(rest));
  }

  // Delivers the event's text to the process. Returns {error: false, payload} or {error: true, payload}, with
  // duration_ms (until it asked for work again) and peak_kib; payload is the text of the result.
  async invoke(id, payload, { trace_id, client_context } = {}) {
    if (this.state !== 'idle') throw new Error(`the environment is ${this.state}, not idle`);
    this.state = 'busy';
    const { timeout_ms } = this.config;
    const current = { id, payload, trace_id, client_context, result: null, done: Promise.withResolvers() };
    current.begin_ms = performance.now();
    current.deadline_ms = Date.now() + timeout_ms;
    this.current = current;
    const timer = setTimeout(() => this.#kill('timeout'), timeout_ms);
    this.#deliver();
    await current.done.promise;
    clearTimeout(timer);
    this.current = null;
    return { ...current.result, duration_ms: current.end_ms - current.begin_ms, peak_kib: current.peak_kib };
  }

  // To the request for work that waits; if that was given up, #next does it for the following one.
  #deliver() {
    if (!this.waiting_next) return;
    const { id, payload, deadline_ms, trace_id, client_context } = this.current;
    this.current.is_delivered = true;
    const headers = {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': id,
      'Lambda-Runtime-Deadline-Ms': String(deadline_ms),
      'Lambda-Runtime-Invoked-Function-Arn': functionArn(this.config.name, this.config.region),
      'Content-Length': Buffer.byteLength(payload),
    };
    if (trace_id) headers['Lambda-Runtime-Trace-Id'] = trace_id;
    if (client_context) headers['Lambda-Runtime-Client-Context'] = client_context;
    const response = this.waiting_next;
    this.waiting_next = null;
    response.writeHead(200, headers).end(payload);
  }

  #finish() {
    const { current } = this;
    current.end_ms = performance.now();
    current.peak_kib = this.stats()?.peak_kib ?? null;
    current.done.resolve();
  }

  async #serve(request, response) {
    const respond = (status, body) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const path = request.url.startsWith(PREFIX) ? request.url.slice(PREFIX.length) : null;
    if (request.method === 'GET' && path === 'invocation/next') return this.#next(response, respond);
    const posted = request.method === 'POST' && path?.match(/^invocation\/([^/]+)\/(response|error)$/);
    if (!posted && !(request.method === 'POST' && path === 'init/error')) {
      return respond(404, failure('NotFound', 'page not found'));
    }
    const body = await readLimited(request, MAX_RESPONSE_BYTES);
    if (!posted) {
      this.init_failure = parseFailure(body, request.headers);
      return respond(202, { status: 'OK' });
    }
    return this.#take(posted[1], posted[2] === 'error', body, request.headers, respond);
  }

  #next(response, respond) {
    const is_waiting = this.state === 'busy' && !this.current.is_delivered;
    if (this.state === 'busy' && !is_waiting && !this.current.result) {
      return respond(403, failure('InvalidStateTransition', 'Transition from Running to Ready is not allowed'));
    }
    this.waiting_next = response;
    response.on('close', () => {
      if (this.waiting_next === response) this.waiting_next = null;
    });
    if (is_waiting) {
      this.#deliver();
    } else if (this.state === 'init') {
      this.init_ms = performance.now() - this.started_ms;
      this.state = 'idle';
      this.ready.resolve();
    } else if (this.state === 'busy') {
      this.state = 'idle';
      this.#finish();
    }
    return undefined;
  }

  #take(id, is_error, body, headers, respond) {
    const { current } = this;
    if (!current || id !== current.id) {
      return respond(400, failure('InvalidRequestID', 'Invalid request ID'));
    }
    if (current.result) {
      return respond(403, failure('InvalidStateTransition', 'the invocation has its result already'));
    }
    if (body === null) {
      const message = `payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
      current.result = {
        error: true,
        payload: JSON.stringify(failure('Function.ResponseSizeTooLarge', `Response ${message}`)),
      };
      return respond(413, failure('RequestEntityTooLarge', `Exceeded ${message}`));
    }
    current.result = { error: is_error, payload: body.toString('utf8') };
    if (is_error) current.result.error_type = headers['lambda-runtime-function-error-type'] ?? null;
    return respond(202, { status: 'OK' });
  }

  #kill(why) {
    this.killed_by_us = why;
    // Read now: afterwards /proc has nothing of it.
    this.last_stats = this.stats();
    signalGroup(this.pid, 'SIGKILL');
  }

  #ended(code, signal, error = null) {
    if (this.state === 'dead') return;
    const busy = this.state === 'busy';
    const what = error ? error.message : this.#reason(code, signal);
    this.exit = { code, signal };
    this.state = 'dead';
    this.server.close();
    this.server.closeAllConnections();
    const type = this.killed_by_us ? 'Sandbox.Timedout' : 'Runtime.ExitError';
    this.ready.reject(this.init_failure ?? failure(error ? 'Runtime.InvalidEntrypoint' : type, what));
    if (busy) {
      this.current.result ??= {
        error: true,
        payload: JSON.stringify(failure(type, `RequestId: ${this.current.id} Error: ${what}`)),
      };
      this.#finish();
      this.current.peak_kib ??= this.last_stats?.peak_kib ?? null;
    }
    this.gone.resolve();
  }

  #reason(code, signal) {
    if (this.killed_by_us === 'timeout') return `Task timed out after ${(this.config.timeout_ms / 1000).toFixed(2)} seconds`;
    if (this.killed_by_us === 'init') return `Init timed out after ${(this.config.init_timeout_ms / 1000).toFixed(2)} seconds`;
    if (signal) return `Runtime exited with error: signal: ${signal}`;
    return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
  }

  // SIGTERM, and SIGKILL to what is left after grace_ms. Returns {code, signal, ms}.
  async stop(grace_ms = 500) {
    if (this.state === 'new') return null;
    const begin_ms = performance.now();
    if (this.state !== 'dead') {
      if (!signalGroup(this.pid, 'SIGTERM')) this.#ended(null, null, new Error('never started'));
      const timer = setTimeout(() => signalGroup(this.pid, 'SIGKILL'), grace_ms);
      await this.gone.promise;
      clearTimeout(timer);
    }
    signalGroup(this.pid, 'SIGKILL');
    return { ...this.exit, ms: performance.now() - begin_ms };
  }
}

function signalGroup(pid, signal) {
  if (!pid) return false;
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

// The entire body, or null if it is longer; it is read to its end in any case, so that the response
// arrives.
async function readLimited(request, limit_bytes) {
  const parts = [];
  let size_bytes = 0;
  for await (const part of request) {
    size_bytes += part.length;
    if (size_bytes <= limit_bytes) parts.push(part);
    else parts.length = 0;
  }
  return size_bytes <= limit_bytes ? Buffer.concat(parts) : null;
}

function parseFailure(body, headers) {
  try {
    const { errorType, errorMessage } = JSON.parse(body.toString('utf8'));
    return { errorType, errorMessage };
  } catch {
    return failure(headers['lambda-runtime-function-error-type'] ?? 'Runtime.Unknown', 'init error without a JSON body');
  }
}
