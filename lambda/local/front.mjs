// The door of the local cloud: one HTTP(S) server on loopback for all services, told apart by the
// service that a request is signed for. Reads the request, judges its signature, injects the faults
// asked for, counts, and passes on to the service in this process.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Faults, isPerformed, replacement, send, spoil } from './faults.mjs';
import { Refusal, refusalAnswer } from './refusal.mjs';
import { s3Operation } from './s3.mjs';
import { SignatureJudge } from './signature.mjs';

const MAX_BODY_BYTES = 256 << 20;
const MAX_LOG = 10000;

// The request's parts, decoded; refuses what is not UTF-8.
function parse(incoming, body) {
  const [raw_path, raw_query = ''] = splitOnce(incoming.url, '?');
  const headers = { ...incoming.headers };
  // Node joins or drops repeated headers by its own rules; none of those that are signed repeat.
  const query = {};
  try {
    for (const pair of raw_query.split('&').filter(Boolean)) {
      const [name, value = ''] = splitOnce(pair, '=').map((text) => decodeURIComponent(text.replaceAll('+', ' ')));
      query[name] = query[name] === undefined ? value : [query[name], value].flat();
    }
    const path = decodeURIComponent(raw_path);
    const [, bucket, key] = path.match(/^\/([^/]*)\/?([\s\S]*)$/) ?? [null, '', ''];
    return { method: incoming.method, path, query, headers, body, bucket, key };
  } catch {
    throw new Refusal('InvalidURI', "Couldn't parse the specified URI.");
  }
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

// Read from the claim, before it is judged: only to name the service and form the answer.
function claimedService({ headers, query }) {
  const credential = headers.authorization?.match(/Credential=([^,\s]+)/)?.[1] ?? query['X-Amz-Credential'];
  const service = typeof credential === 'string' ? credential.split('/')[3] : undefined;
  if (service) return service;
  return headers['x-amz-target'] ? headers['x-amz-target'].split('.')[0].replace('AmazonSQS', 'sqs') : 's3';
}

function operationOf(service, request) {
  if (service === 's3') return s3Operation(request) ?? 'Unknown';
  const target = request.headers['x-amz-target'];
  if (target) return target.split('.').pop();
  return request.path === '/v2/email/outbound-emails' ? 'SendEmail' : `${request.method} ${request.path}`;
}

export class Front {
  // services: {s3, sqs, ses, ...}: async (request) => {status, headers, body}. credentials: see
  // SignatureJudge. tls: {key, cert} for HTTPS.
  constructor({ services, credentials, tls = null }) {
    this.services = services;
    this.faults = new Faults();
    this.tls = tls;
    this.clock_offset_s = 0;
    this.judge = new SignatureJudge(credentials, () => this.now_ms());
    this.connections = 0;
    this.forget();
  }

  // The clock of the whole local cloud: Date headers and the judgement of the requests' times.
  now_ms() {
    return Date.now() + this.clock_offset_s * 1000;
  }

  forget() {
    this.counts = {};
    this.log = [];
  }

  async start() {
    const serve = (incoming, response) => {
      this.#serve(incoming, response).catch(() => incoming.socket.destroy());
    };
    const options = { ...this.tls, keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: 65536 };
    this.server = this.tls ? createTlsServer(options, serve) : createServer(options, serve);
    this.server.on(this.tls ? 'secureConnection' : 'connection', (socket) => {
      this.connections += 1;
      socket.connection_number = this.connections;
      socket.setNoDelay(true);
    });
    await new Promise((done, failed) => this.server.once('error', failed).listen(0, '127.0.0.1', done));
    this.port = this.server.address().port;
    this.url = `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
    return this.url;
  }

  async stop() {
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await closed;
  }

  async #serve(incoming, response) {
    const parts = [];
    let size_bytes = 0;
    for await (const part of incoming) {
      size_bytes += part.length;
      if (size_bytes > MAX_BODY_BYTES) return incoming.socket.destroy();
      parts.push(part);
    }
    const entry = { at_ms: Date.now(), connection: incoming.socket.connection_number, bytes_in: size_bytes };
    let request;
    let service = 's3';
    let answer;
    let rule = null;
    try {
      request = parse(incoming, Buffer.concat(parts));
      service = claimedService(request);
      Object.assign(entry, { service, operation: operationOf(service, request), key: request.key });
      if (service === 's3') entry.bucket = request.bucket;
      this.#count(entry, 'requests');
      rule = this.faults.pick(entry);
      if (rule) {
        entry.fault = rule.action;
        this.#count(entry, 'faults');
      }
      answer = await this.#answer(rule, service, request);
    } catch (error) {
      rule = null;
      answer = this.#refuse(service, error, request, incoming);
    }
    if (incoming.method === 'HEAD' && answer.status >= 300) answer.body = Buffer.alloc(0);
    await this.#finish(rule, entry, incoming, response, answer);
    return undefined;
  }

  async #answer(rule, service, request) {
    const perform = this.services[service];
    const judged = await this.judge.verify(request);
    if (!perform) throw new Refusal('UnknownService', `There is no ${service} here.`, 501);
    const answer = isPerformed(rule) ? await perform({ ...request, ...judged }) : null;
    return (rule && replacement(rule, { service, path: request.path })) ?? answer ?? { status: 200, headers: {}, body: Buffer.alloc(0) };
  }

  // Our own refusals and fauxqs's errors (code, statusCode) become error documents; the rest is ours.
  #refuse(service, error, request, incoming) {
    let refusal = error;
    if (!(error instanceof Refusal)) {
      const known = error.code && error.statusCode;
      if (!known) process.stderr.write(`local cloud: ${error.stack}\n`);
      refusal = known ? new Refusal(error.code, error.message, error.statusCode) : new Refusal('InternalError', String(error), 500);
    }
    return refusalAnswer(service, refusal, request?.path ?? incoming.url);
  }

  async #finish(rule, entry, incoming, response, answer) {
    if (rule) spoil(rule, answer);
    answer.headers.date = new Date(this.now_ms()).toUTCString();
    if (answer.status !== 204 && answer.status !== 304) answer.headers['content-length'] ??= String(answer.body.length);
    entry.status = answer.status;
    if (answer.status >= 400) entry.code = answer.body.toString('utf8').match(/<Code>(\w+)|#(\w+)"/)?.slice(1).find(Boolean);
    this.#count(entry, answer.status < 400 ? 'ok' : 'refused');
    this.log.push(entry);
    if (this.log.length > MAX_LOG) this.log.splice(0, this.log.length - MAX_LOG);
    await send(rule, response, answer, incoming.method === 'HEAD');
  }

  #count({ service, operation }, what) {
    const name = `${service}.${operation}`;
    this.counts[name] ??= { requests: 0, ok: 0, refused: 0, faults: 0 };
    this.counts[name][what] += 1;
  }
}
