// A function for the tests of the local cloud: does what the event states, and misbehaves on request.
// A Function URL's request states it in its header x-do. TINY_INIT=exit, error or sleep: never gets as
// far as asking for work. TINY_ECHO: every event is its own result.
import { request } from 'node:http';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const PREFIX = '/2018-06-01/runtime/';

function call(method, path, body, headers = {}) {
  return new Promise((done, failed) => {
    const outgoing = request({ host, port, method, path: PREFIX + path, headers });
    outgoing.on('error', failed);
    outgoing.on('response', async (incoming) => {
      const parts = [];
      for await (const part of incoming) parts.push(part);
      done({ status: incoming.statusCode, headers: incoming.headers, body: Buffer.concat(parts).toString() });
    });
    outgoing.end(body);
  });
}

const json = (value) => JSON.stringify(value);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const deeds = {
  echo: (id, event) => call('POST', `invocation/${id}/response`, json(event)),
  result: (id, { value }) => call('POST', `invocation/${id}/response`, json(value)),
  raw: (id, { text }) => call('POST', `invocation/${id}/response`, text),
  environment: (id) => call('POST', `invocation/${id}/response`, json(process.env)),
  headers: (id, _, headers) => call('POST', `invocation/${id}/response`, json(headers)),
  exit: (_, { code }) => process.exit(code),
  kill: () => process.kill(process.pid, 'SIGSEGV'),
  sleep: async (id, { ms }) => {
    await sleep(ms);
    return call('POST', `invocation/${id}/response`, '"slept"');
  },
  error: (id, { type, message }) =>
    call('POST', `invocation/${id}/error`, json({ errorType: type, errorMessage: message }), {
      'Lambda-Runtime-Function-Error-Type': type,
    }),
  // Logs what a wrong id gets, then responds as it should.
  wrong_id: async (id) => {
    const { status, body } = await call('POST', 'invocation/no-such-id/response', '{}');
    console.log(json({ ...JSON.parse(body), status }));
    return call('POST', `invocation/${id}/response`, '"right"');
  },
  twice: async (id) => {
    await call('POST', `invocation/${id}/response`, '"first"');
    const { status, body } = await call('POST', `invocation/${id}/response`, '"second"');
    console.log(json({ ...JSON.parse(body), status }));
  },
  oversize: async (id, { bytes }) => {
    const { status, body } = await call('POST', `invocation/${id}/response`, Buffer.alloc(bytes, 0x20));
    console.log(json({ ...JSON.parse(body), status }));
  },
  skip_result: async (id) => {
    const { status, body } = await call('GET', 'invocation/next');
    console.log(json({ ...JSON.parse(body), status }));
    return call('POST', `invocation/${id}/response`, '"late"');
  },
};

if (process.env.TINY_INIT === 'exit') process.exit(3);
if (process.env.TINY_INIT === 'sleep') await sleep(60000);
if (process.env.TINY_INIT === 'error') {
  const { status } = await call('POST', 'init/error', json({ errorType: 'Tiny.Config', errorMessage: 'no such thing' }));
  console.log(`init/error ${status}`);
  process.exit(1);
}
if (process.env.TINY_STUBBORN) process.on('SIGTERM', () => console.log('not now'));
// After the first event: gives up each request for work once before it waits for one.
const giveUpOnce = () =>
  new Promise((done) => {
    const outgoing = request({ host, port, path: `${PREFIX}invocation/next` });
    outgoing.on('error', done);
    outgoing.end();
    setTimeout(() => outgoing.destroy(new Error('given up')), 20);
  });

for (let served = 0; ; served += 1) {
  if (process.env.TINY_IMPATIENT && served > 0) {
    await giveUpOnce();
    await sleep(100);
  }
  const { headers, body } = await call('GET', 'invocation/next');
  const event = JSON.parse(body);
  if (event.log) console.log(event.log);
  const id = headers['lambda-runtime-aws-request-id'];
  const asked = event.headers?.['x-do'];
  const wanted = asked ? JSON.parse(asked) : event;
  if (process.env.TINY_ECHO && !asked) await deeds.echo(id, event);
  else await deeds[wanted.do](id, wanted, headers);
}
