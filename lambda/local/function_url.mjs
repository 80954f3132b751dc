// A Function URL on loopback: an HTTP request becomes an event of payload format 2.0, the function's
// result becomes the HTTP response. Requests at the same time run in environments of their own, up to
// the function's concurrency; the others wait their turn.
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

// Of the event as it is delivered, the growth by base64 included.
export const MAX_REQUEST_BYTES = 6291456;
// Bodies of these types are delivered as text, all others in base64: forms, too.
const TEXT_TYPE = /^(text\/[^;\s]+|application\/(json|javascript|xml|[^;\s]+\+(json|xml)))\s*(;|$)/i;
// Those describe the connection, which is node's business.
const CONNECTION_HEADERS = ['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'upgrade'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// Repeated headers joined by commas, cookies apart. raw_headers: [name, value, name, value, ...].
function headersOf(raw_headers) {
  const headers = {};
  const cookies = [];
  for (let i = 0; i < raw_headers.length; i += 2) {
    const name = raw_headers[i].toLowerCase();
    const value = raw_headers[i + 1];
    if (name === 'cookie') cookies.push(...value.split(';').map((one) => one.trim()).filter(Boolean));
    else headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return { headers, cookies };
}

// The decoded parameters, repeated ones joined by commas; undefined where there is none.
function parametersOf(raw_query) {
  const parameters = {};
  for (const [name, value] of new URLSearchParams(raw_query)) {
    parameters[name] = parameters[name] === undefined ? value : `${parameters[name]},${value}`;
  }
  return Object.keys(parameters).length > 0 ? parameters : undefined;
}

// As the common log format has it: 12/Mar/2020:19:03:58 +0000.
function logTime(ms) {
  const [, year, month, day, time] = new Date(ms).toISOString().match(/^(\d+)-(\d\d)-(\d\d)T([\d:]+)/);
  return `${day}/${MONTHS[month - 1]}/${year}:${time} +0000`;
}

function bodyOf(bytes, type = '') {
  if (bytes.length === 0) return { isBase64Encoded: false };
  const text = bytes.toString('utf8');
  const is_text = TEXT_TYPE.test(type) && Buffer.from(text).equals(bytes);
  return { body: is_text ? text : bytes.toString('base64'), isBase64Encoded: !is_text };
}

// request: {method, url (path and query as sent), raw_headers, body (Buffer), source_ip, protocol}.
export function functionUrlEvent({ method, url, raw_headers = [], body = Buffer.alloc(0), source_ip = '127.0.0.1', protocol = 'HTTP/1.1' }, { domain, now_ms = Date.now() }) {
  // A proxy's form of request has scheme and host before the path.
  const target = url.replace(/^[a-z]+:\/\/[^/?]*/i, '');
  const at = target.indexOf('?');
  const [path, raw_query] = at < 0 ? [target || '/', ''] : [target.slice(0, at) || '/', target.slice(at + 1)];
  const { headers, cookies } = headersOf(raw_headers);
  Object.assign(headers, { host: domain, 'x-forwarded-for': source_ip, 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' });
  headers['x-amzn-trace-id'] ??= `Root=1-${Math.floor(now_ms / 1000).toString(16)}-${randomBytes(12).toString('hex')}`;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: raw_query,
    ...(cookies.length > 0 ? { cookies } : {}),
    headers,
    ...(raw_query ? { queryStringParameters: parametersOf(raw_query) } : {}),
    requestContext: {
      accountId: 'anonymous',
      apiId: domain.split('.')[0],
      domainName: domain,
      domainPrefix: domain.split('.')[0],
      http: { method, path, protocol, sourceIp: source_ip, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: logTime(now_ms),
      timeEpoch: now_ms,
    },
    ...bodyOf(body, headers['content-type']),
  };
}

const FAILED = { status: 502, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"Message":"Internal Server Error"}') };

// result: of LambdaFunction.invoke. Returns {status, headers (a list for set-cookie), body}.
export function functionUrlResponse(result) {
  if (result.error) return FAILED;
  let value;
  try {
    value = result.raw === '' ? null : JSON.parse(result.raw);
  } catch {
    return FAILED;
  }
  if (value === null || typeof value !== 'object' || value.statusCode === undefined) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(result.raw) };
  }
  const { statusCode: status, headers: given = {}, cookies = [], body = '', isBase64Encoded: is_base64 = false } = value;
  const is_right = Number.isInteger(status) && status >= 200 && status <= 599 && typeof given === 'object' && Array.isArray(cookies) && (typeof body === 'string' || body === null);
  if (!is_right) return FAILED;
  const headers = { 'content-type': 'application/json' };
  for (const [name, one] of Object.entries(given ?? {})) {
    if (!CONNECTION_HEADERS.includes(name.toLowerCase())) headers[name.toLowerCase()] = String(one);
  }
  if (cookies.length > 0) headers['set-cookie'] = cookies.map(String);
  return { status, headers, body: Buffer.from(body ?? '', is_base64 ? 'base64' : 'utf8') };
}

export class FunctionUrl {
  // target: LambdaFunction. region: a part of the domain name that the function sees.
  constructor(target, { region, now_ms = Date.now }) {
    Object.assign(this, { target, region, now_ms });
    // As long as AWS's: 32 characters.
    this.id = randomBytes(20).toString('hex').slice(0, 32);
    this.domain = `${this.id}.lambda-url.${region}.on.aws`;
  }

  async start() {
    this.server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: 65536 }, (incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch((error) => {
        // A header that the function made and HTTP does not allow is the function's fault.
        if (!outgoing.headersSent && error.code?.startsWith('ERR_')) send(outgoing, FAILED);
        else outgoing.destroy();
      });
    });
    await new Promise((done, failed) => this.server.once('error', failed).listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
    return this.url;
  }

  async #serve(incoming, outgoing) {
    const body = await readLimited(incoming);
    const event = body && functionUrlEvent(
      { method: incoming.method, url: incoming.url, raw_headers: incoming.rawHeaders, body, source_ip: incoming.socket.remoteAddress, protocol: `HTTP/${incoming.httpVersion}` },
      { domain: this.domain, now_ms: this.now_ms() },
    );
    const payload = event && JSON.stringify(event);
    if (!payload || Buffer.byteLength(payload) > MAX_REQUEST_BYTES) {
      const message = `Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the InvokeFunction operation`;
      return send(outgoing, { status: 413, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ Message: message })) });
    }
    const { requestId: request_id } = event.requestContext;
    let result;
    try {
      result = await this.target.invoke(payload, { request_id, trace_id: event.headers['x-amzn-trace-id'] });
    } catch (error) {
      if (!this.target.stopped) throw error;
      return outgoing.destroy();
    }
    const response = functionUrlResponse(result);
    response.headers = { ...response.headers, 'x-amzn-requestid': request_id };
    return send(outgoing, response);
  }

  async stop() {
    if (!this.server) return;
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await closed;
  }
}

function send(outgoing, { status, headers, body }) {
  const has_body = status !== 204 && status !== 304;
  outgoing.writeHead(status, has_body ? { ...headers, 'content-length': body.length } : headers);
  outgoing.end(has_body ? body : undefined);
}

// The entire body, or null if it is longer; it is read to its end in any case, so that the response
// arrives.
async function readLimited(incoming) {
  const parts = [];
  let size_bytes = 0;
  for await (const part of incoming) {
    size_bytes += part.length;
    if (size_bytes <= MAX_REQUEST_BYTES) parts.push(part);
    else parts.length = 0;
  }
  return size_bytes <= MAX_REQUEST_BYTES ? Buffer.concat(parts) : null;
}
