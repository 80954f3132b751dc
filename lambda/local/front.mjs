// The entrance of the local cloud: one HTTP(S) server on loopback for all services, which are
// distinguished by the service that a request is signed for. Reads the request, verifies its signature,
// records and authorizes it, injects the faults that were asked for, counts, and passes it on to the service in
// this process.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { s3Address } from './addresses.mjs';
import { Faults, isPerformed, replacement, send, spoil } from './faults.mjs';
import { invokedName, isInvoke } from './lambda.mjs';
import { JSON_TYPES, Refusal, errorResponse } from './refusal.mjs';
import { s3Operation } from './s3.mjs';
import { SignatureVerifier } from './signature.mjs';

const MAX_BODY_BYTES = 256 << 20;
const MAX_LOG = 10000;
// Signing names by the first word of X-Amz-Target.
const TARGETS = { AmazonSQS: 'sqs', DynamoDB_20120810: 'dynamodb', secretsmanager: 'secretsmanager', CodeDeploy_20141006: 'codedeploy' };

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
    return { method: incoming.method, path, query, headers, body, ...s3Address(headers.host, path) };
  } catch {
    throw new Refusal('InvalidURI', "Couldn't parse the specified URI.");
  }
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

// Read before the signature is verified: only to name the service and form the response.
function claimedService({ headers, query }) {
  const credential = headers.authorization?.match(/Credential=([^,\s]+)/)?.[1] ?? query['X-Amz-Credential'];
  const service = typeof credential === 'string' ? credential.split('/')[3] : undefined;
  if (service) return service;
  return headers['x-amz-target'] ? (TARGETS[headers['x-amz-target'].split('.')[0]] ?? 'unknown') : 's3';
}

function operationOf(service, request) {
  if (service === 's3') return s3Operation(request) ?? 'Unknown';
  if (service === 'lambda' && isInvoke(request)) return 'Invoke';
  const target = request.headers['x-amz-target'];
  if (target) return target.split('.').pop();
  return request.path === '/v2/email/outbound-emails' ? 'SendEmail' : `${request.method} ${request.path}`;
}

// What the request is about, for the log and for faults: the object's key, the function with its version, or
// the table, queue, secret or deployment. Nothing else of a body is ever logged.
function resourceOf(service, { key, path, query, body }) {
  if (service === 'lambda') return invokedName({ path, query });
  if (!JSON_TYPES[service]) return key;
  try {
    const { TableName, QueueUrl, QueueName, SecretId, Name, deploymentId } = JSON.parse(body);
    const name = TableName ?? QueueUrl ?? QueueName ?? SecretId ?? Name ?? deploymentId;
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

export class Front {
  // services: {s3, sqs, ses, ...} by signing name: async (request) => {status, headers, body}.
  // credentials: see SignatureVerifier. tls: {key, cert} for HTTPS. calls: see Calls; null: nothing is recorded,
  // and all is allowed.
  constructor({ services, credentials, tls = null, calls = null }) {
    this.services = services;
    this.calls = calls;
    this.faults = new Faults();
    this.tls = tls;
    this.clock_offset_s = 0;
    this.verifier = new SignatureVerifier(credentials, () => this.now_ms());
    this.connections = 0;
    this.forget();
  }

  // The clock of the entire local cloud: Date headers, the check of the requests' times, schedules.
  now_ms() {
    return Date.now() + this.clock_offset_s * 1000;
  }

  forget() {
    this.counts = {};
    this.log = [];
  }

  async start() {
    const serve = (incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch(() => incoming.socket.destroy());
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

  async #serve(incoming, outgoing) {
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
    let response;
    let rule = null;
    try {
      request = parse(incoming, Buffer.concat(parts));
      service = claimedService(request);
      Object.assign(entry, { service, operation: operationOf(service, request), key: resourceOf(service, request) });
      if (service === 's3') entry.bucket = request.bucket;
      this.#count(entry, 'requests');
      rule = this.faults.pick(entry);
      if (rule) {
        entry.fault = rule.action;
        this.#count(entry, 'faults');
      }
      response = await this.#respond(rule, service, request);
    } catch (error) {
      rule = null;
      response = this.#refuse(service, error, request, incoming);
    }
    if (incoming.method === 'HEAD' && response.status >= 300) response.body = Buffer.alloc(0);
    await this.#finish(rule, entry, incoming, outgoing, response);
    return undefined;
  }

  async #respond(rule, service, request) {
    const perform = this.services[service];
    const verified = await this.verifier.verify(request, service);
    if (!perform) throw new Refusal('UnknownService', `There is no ${service} here.`, 501);
    this.calls?.before(verified.access_key, service, request);
    const response = isPerformed(rule) ? await this.#perform(perform, service, request, verified) : null;
    return (rule && replacement(rule, { service, path: request.path })) ?? response ?? { status: 200, headers: {}, body: Buffer.alloc(0) };
  }

  async #perform(perform, service, request, verified) {
    let response;
    try {
      response = await perform({ ...request, ...verified });
    } catch (error) {
      this.calls?.after(verified.access_key, service, request, { status: error.statusCode ?? error.status });
      throw error;
    }
    this.calls?.after(verified.access_key, service, request, response);
    return response;
  }

  // Refusals, and fauxqs's errors (code, statusCode), become error documents; any other error is a
  // fault of the local cloud itself.
  #refuse(service, error, request, incoming) {
    let refusal = error;
    if (!(error instanceof Refusal)) {
      const known = error.code && error.statusCode;
      if (!known) process.stderr.write(`local cloud: ${error.stack}\n`);
      refusal = known ? new Refusal(error.code, error.message, error.statusCode) : new Refusal('InternalError', String(error), 500);
    }
    return errorResponse(service, refusal, request?.path ?? incoming.url);
  }

  async #finish(rule, entry, incoming, outgoing, response) {
    if (rule) spoil(rule, response);
    response.headers.date = new Date(this.now_ms()).toUTCString();
    if (response.status !== 204 && response.status !== 304) response.headers['content-length'] ??= String(response.body.length);
    entry.status = response.status;
    if (response.status >= 400) entry.code = errorCode(response);
    this.#count(entry, response.status < 400 ? 'ok' : 'refused');
    this.log.push(entry);
    if (this.log.length > MAX_LOG) this.log.splice(0, this.log.length - MAX_LOG);
    await send(rule, outgoing, response, incoming.method === 'HEAD');
  }

  #count({ service, operation }, what) {
    const name = `${service}.${operation}`;
    this.counts[name] ??= { requests: 0, ok: 0, refused: 0, faults: 0 };
    this.counts[name][what] += 1;
  }
}

const errorCode = ({ headers, body }) =>
  headers['x-amzn-errortype'] ?? body.toString('utf8').match(/<Code>(\w+)|"__type": ?"(?:[^"#]*#)?(\w+)"/)?.slice(1).find(Boolean);
