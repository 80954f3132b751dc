// The X-Ray daemon's UDP side: receives segment documents, holds each against the documented format, and
// keeps them by trace. Nothing is forwarded. Sources: "AWS X-Ray segment documents" and "Sending trace data to
// AWS X-Ray" in the X-Ray developer guide (docs.aws.amazon.com/xray/latest/devguide); the header line in the
// README of github.com/aws/aws-xray-daemon.
import { createSocket } from 'node:dgram';

// A document's limit; UDP over IPv4 has 65,507.
export const MAX_DOCUMENT_BYTES = 64 * 1024;
const MAX_NAME = 200;
const MAX_TEXT = 250;
const MAX_ANNOTATION = 1000;
const MAX_ANNOTATIONS = 50; // of a trace

const ID = /^[0-9a-f]{16}$/;
const TRACE_ID = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/;
const NAME = /^[\p{L}\p{N}\s_.:/%&#=+\\\-@]+$/u;
const text = (max = MAX_TEXT) => (value) => (typeof value === 'string' && [...value].length <= max ? null : `is not a text of up to ${max} characters`);
const matches = (pattern) => (value) => (typeof value === 'string' && pattern.test(value) ? null : `is not ${pattern}`);
const whole = (low, high) => (value) => (Number.isInteger(value) && value >= low && value <= high ? null : `is not ${low} to ${high}`);
const flag = (value) => (typeof value === 'boolean' ? null : 'is not true or false');
const time = (value) => (typeof value === 'number' && value > 1e9 && value < 1e10 ? null : 'is not a time in seconds since 1970');
const one = (words) => (value) => (words.includes(value) ? null : `is none of ${words.join(', ')}`);
const object = (fields, required = []) => (value, path, problems) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'is not an object';
  check(value, fields, required, path, problems);
  return null;
};
const list = (item) => (value, path, problems) => {
  if (!Array.isArray(value)) return 'is not a list';
  value.forEach((each, i) => {
    const why = item(each, `${path}[${i}]`, problems);
    if (why) problems.push(`${path}[${i}] ${why}`);
  });
  return null;
};

function check(value, fields, required, path, problems) {
  for (const name of required) if (!(name in value)) problems.push(`${path}.${name} is missing`);
  for (const [name, given] of Object.entries(value)) {
    const why = Object.hasOwn(fields, name) ? fields[name](given, `${path}.${name}`, problems) : 'is not a field of the format';
    if (why) problems.push(`${path}.${name} ${why}`);
  }
}

const annotations = (value, path, problems) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return 'is not an object';
  for (const [name, given] of Object.entries(value)) {
    if (!/^[A-Za-z0-9_]{1,500}$/.test(name)) problems.push(`${path}.${name} is not a name that can be searched for`);
    const is_good = ['number', 'boolean'].includes(typeof given) || (typeof given === 'string' && [...given].length <= MAX_ANNOTATION);
    if (!is_good) problems.push(`${path}.${name} is neither a text of up to ${MAX_ANNOTATION} characters, a number nor a boolean`);
  }
  return null;
};

const EXCEPTION = {
  id: matches(ID), message: text(), type: text(), remote: flag, truncated: whole(0, 1e6), skipped: whole(0, 1e6), cause: matches(ID),
  stack: list(object({ path: text(), line: whole(0, 1e9), label: text() })),
};
const FIELDS = {
  name: (value) => text(MAX_NAME)(value) ?? matches(NAME)(value),
  id: matches(ID),
  start_time: time,
  end_time: time,
  namespace: one(['aws', 'remote']),
  http: object({
    request: object({ method: text(), url: text(), user_agent: text(), client_ip: text(), x_forwarded_for: flag, traced: flag }),
    response: object({ status: whole(100, 599), content_length: whole(0, Number.MAX_SAFE_INTEGER) }),
  }),
  // The guide names the first six; AWS's own SDKs write "retries" beside them.
  aws: object({ operation: text(), account_id: text(), region: text(), request_id: text(), queue_url: text(), table_name: text(), retries: whole(0, 1000) }),
  sql: object({
    connection_string: text(), url: text(), sanitized_query: text(), database_type: text(), database_version: text(),
    driver_version: text(), user: text(), preparation: one(['call', 'statement']),
  }),
  error: flag,
  throttle: flag,
  fault: flag,
  cause: object({ working_directory: text(), paths: list(text()), exceptions: list(object(EXCEPTION, ['id'])) }),
  annotations,
  metadata: (value) => (value !== null && typeof value === 'object' && !Array.isArray(value) ? null : 'is not an object'),
  precursor_ids: list(matches(ID)),
};
const NESTED = { ...FIELDS, subsegments: list((value, path, problems) => subsegment(NESTED, ['name', 'id', 'start_time', 'end_time'])(value, path, problems)) };
const INDEPENDENT = { ...NESTED, type: one(['subsegment']), trace_id: matches(TRACE_ID), parent_id: matches(ID) };

function subsegment(fields, required) {
  return (value, path, problems) => {
    const why = object(fields, required)(value, path, problems);
    if (why) return why;
    if (value.end_time < value.start_time) problems.push(`${path} ends before it begins`);
    if (value.throttle && !value.error) problems.push(`${path} is throttled, and no error`);
    if (value.aws && value.namespace !== 'aws') problems.push(`${path} has aws without its namespace`);
    if (value.sql && value.namespace !== 'remote') problems.push(`${path} has sql without the namespace remote`);
    return null;
  };
}

// Returns {document, problems}; document is null if it cannot be read.
export function readDatagram(bytes) {
  const problems = [];
  const end = bytes.indexOf(0x0a);
  if (end < 0) return { document: null, problems: ['there is no header line'] };
  let document;
  try {
    const header = JSON.parse(bytes.subarray(0, end).toString());
    if (header.format !== 'json' || header.version !== 1) problems.push('the header line is not {"format":"json","version":1}');
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(end + 1)));
  } catch (error) {
    return { document: null, problems: [`not JSON: ${error.message}`] };
  }
  if (bytes.length - end - 1 > MAX_DOCUMENT_BYTES) problems.push(`the document has more than ${MAX_DOCUMENT_BYTES} bytes`);
  const why = subsegment(INDEPENDENT, ['name', 'id', 'start_time', 'end_time', 'trace_id', 'parent_id', 'type'])(document, 'document', problems);
  if (why) problems.push(`document ${why}`);
  return { document, problems };
}

// Every subsegment of a document, the document first: [subsegment, id of its parent].
export function walk(document) {
  const all = [];
  const visit = (one_of, parent_id) => {
    all.push([one_of, parent_id]);
    (one_of.subsegments ?? []).forEach((child) => visit(child, one_of.id));
  };
  visit(document, document.parent_id);
  return all;
}

export class LocalXray {
  constructor() {
    this.datagrams = []; // {bytes: number, document, problems}
    this.marks = new Map();
    this.mark_count = 0;
  }

  async start() {
    this.socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    this.socket.on('message', (bytes) => this.#take(bytes));
    await new Promise((done, failed) => {
      this.socket.once('error', failed).bind(0, '127.0.0.1', done);
    });
    this.address = `127.0.0.1:${this.socket.address().port}`;
    return this;
  }

  #take(bytes) {
    const mark = this.marks.get(bytes.toString());
    if (mark) return mark();
    return this.datagrams.push({ bytes: bytes.length, ...readDatagram(bytes) });
  }

  // Waits until everything that was sent before the call has been received: datagrams on loopback keep their
  // order, so a mark is sent after them.
  async flush() {
    const name = `mark ${(this.mark_count += 1)}`;
    const { promise, resolve } = Promise.withResolvers();
    this.marks.set(name, resolve);
    const send = () => this.socket.send(name, this.socket.address().port, '127.0.0.1');
    const again = setInterval(send, 200); // a full buffer takes no datagram
    send();
    await promise;
    clearInterval(again);
    this.marks.delete(name);
  }

  // What is wrong with the documents so far: sentences.
  problems() {
    const wrong = this.datagrams.flatMap(({ problems }) => problems);
    for (const id of this.traces()) {
      const spans = this.spans(id);
      const ids = spans.map(([{ id: one_id }]) => one_id);
      if (new Set(ids).size !== ids.length) wrong.push(`${id} has an id twice`);
      const count = spans.reduce((sum, [{ annotations: given = {} }]) => sum + Object.keys(given).length, 0);
      if (count > MAX_ANNOTATIONS) wrong.push(`${id} has ${count} annotations, of which X-Ray indexes ${MAX_ANNOTATIONS}`);
    }
    return wrong;
  }

  // The ids of the traces, in the order of their arrival.
  traces() {
    return [...new Set(this.datagrams.map(({ document }) => document?.trace_id).filter(Boolean))];
  }

  // All subsegments of a trace, as walk() has them.
  spans(trace_id) {
    return this.datagrams.filter(({ document }) => document?.trace_id === trace_id).flatMap(({ document }) => walk(document));
  }

  async stop() {
    await new Promise((done) => {
      this.socket.close(done);
    });
  }
}
