// The runtime (lambda/runtime) under a Runtime API that misbehaves, and under one whose events differ
// in their headers, with a function that does what its event names (tests/lambda/test_function.c).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BUILD, sleep, until } from '../support/lambda.mjs';

const TEST_FUNCTION = join(BUILD, 'tests/lambda/test_function');

// handlers: for each request, by the last segment of its path; what was requested is in `got`.
async function misbehaving(handlers, work, environment = {}) {
  const got = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const path = request.url.replace('/2018-06-01/runtime/', '');
      const entry = { what: `${request.method} ${path}`, headers: request.headers, body: Buffer.concat(parts).toString() };
      got.push(entry);
      const name = path.split('/').pop();
      handlers[name]({ response, count: got.filter((one) => one.what.endsWith(name)).length, entry });
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const child = spawn(TEST_FUNCTION, [], {
    env: {
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${server.address().port}`,
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: 'canary-key-id',
      AWS_SECRET_ACCESS_KEY: 'canary-secret',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
  let log = '';
  child.stderr.on('data', (text) => (log += text));
  const kill = setTimeout(() => child.kill('SIGKILL'), 30000);
  try {
    return await work({ got, child, ended, log: () => log });
  } finally {
    clearTimeout(kill);
    child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
  }
}

const give = (response, id, event, headers = {}) =>
  response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': id, 'Lambda-Runtime-Deadline-Ms': String(Date.now() + 5000), ...headers }).end(JSON.stringify(event));
const accept = ({ response }) => response.writeHead(202).end('{"status":"OK"}');
const whats = (got) => got.map((one) => one.what);

test('a response refused by 413 becomes an error, and the next event is taken', async () => {
  for (const status of [202, 400, 403]) {
    await misbehaving({
      next: ({ response, count }) => count <= 2 && give(response, `id-${count}`, { do: 'return', value: count }),
      response: ({ response, count }) => (count === 1 ? response.writeHead(413).end('{"errorType":"RequestEntityTooLarge"}') : accept({ response })),
      error: ({ response }) => response.writeHead(status).end('{}'),
    }, async ({ got }) => {
      await until(() => got.length === 6, 'all requests have come');
      assert.deepEqual(whats(got), [
        'GET invocation/next', 'POST invocation/id-1/response', 'POST invocation/id-1/error', 'GET invocation/next',
        'POST invocation/id-2/response', 'GET invocation/next',
      ]);
      assert.equal(JSON.parse(got[2].body).errorType, 'Function.ResponseSizeTooLarge');
      assert.equal(got[2].headers['lambda-runtime-function-error-type'], 'Function.ResponseSizeTooLarge');
    });
  }
});

test('a response refused for another reason does not end the process', async () => {
  await misbehaving({
    next: ({ response, count }) => count <= 2 && give(response, `id-${count}`, { do: 'return', value: count }),
    response: ({ response }) => response.writeHead(400).end('{"errorType":"InvalidRequestID"}'),
  }, async ({ got, log }) => {
    await until(() => got.length === 5, 'the third event is requested');
    assert.match(log(), /Lambda refuses the response/);
  });
});

test('a Runtime API that fails ends the process with status 1', async () => {
  const bad_next = {
    'status 500': ({ response }) => response.writeHead(500).end(),
    'status 403': ({ response }) => response.writeHead(403).end(),
    'no request id': ({ response }) => response.writeHead(200).end('{}'),
    'an id with a slash': ({ response }) => give(response, '../../init/error', {}),
    'an id that is too long': ({ response }) => give(response, 'x'.repeat(129), {}),
    'a tenant id that is too long': ({ response }) => give(response, 'id', {}, { 'Lambda-Runtime-Aws-Tenant-Id': 'x'.repeat(257) }),
    'an ARN that is too long': ({ response }) => give(response, 'id', {}, { 'Lambda-Runtime-Invoked-Function-Arn': 'x'.repeat(1025) }),
    'a client context that is too long': ({ response }) => give(response, 'id', {}, { 'Lambda-Runtime-Client-Context': 'x'.repeat(8193) }),
    'an identity that is too long': ({ response }) => give(response, 'id', {}, { 'Lambda-Runtime-Cognito-Identity': 'x'.repeat(8193) }),
    'no HTTP': ({ response }) => response.socket.end('hello\r\n\r\n'),
    'a lost connection': ({ response }) => response.socket.destroy(),
  };
  for (const [name, next] of Object.entries(bad_next)) {
    await misbehaving({ next, response: accept, error: accept }, async ({ ended, log, got }) => {
      assert.deepEqual(await ended, { code: 1, signal: null }, name);
      assert.match(log(), /"level":"FATAL"/, name);
      assert.ok(got.length <= 3 && got.every((one) => one.what === 'GET invocation/next'), name);
      assert.ok(!log().includes('canary'), name);
    });
  }
  await misbehaving({
    next: ({ response }) => give(response, 'id', { do: 'return', value: 1 }),
    response: ({ response }) => response.writeHead(500).end(),
  }, async ({ ended }) => assert.deepEqual(await ended, { code: 1, signal: null }));
});

test('a kept connection that died while frozen is replaced', async () => {
  await misbehaving({
    next: ({ response, count }) => {
      if (count === 2) response.socket.destroy();
      else if (count <= 3) give(response, `id-${count}`, { do: 'return', value: count });
    },
    response: accept,
  }, async ({ got }) => {
    await until(() => got.some((one) => one.what === 'POST invocation/id-3/response'), 'the result of the event after it is posted');
  });
});

test('an event that is not JSON reaches the handler', async () => {
  await misbehaving({
    next: ({ response, count }) => count === 1 && response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': 'id' }).end('{broken'),
    error: accept,
  }, async ({ got }) => {
    await until(() => got.length === 3, 'the next event is requested');
    assert.equal(JSON.parse(got[1].body).errorType, 'Test.Malformed');
  });
});

// lambda/runtime/api.h's LRT_API_STALL_MS is 5000.
const LONGER_THAN_A_STALL_MS = 6000;

test('waiting for an event has no time limit', async () => {
  await misbehaving({
    next: ({ response, count }) => count === 1 && setTimeout(() => give(response, 'id', { do: 'return', value: 1 }), LONGER_THAN_A_STALL_MS),
    response: accept,
  }, async ({ got }) => {
    await until(() => got.length === 3, 'the result of the late event is posted');
    assert.equal(got[1].body, '1');
  });
});

test('each event has its own tenant, identity and trace id, or none', async () => {
  const all = {
    'Lambda-Runtime-Trace-Id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1',
    'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:ap-northeast-2:123456789012:function:a:live',
    'Lambda-Runtime-Client-Context': '{"custom":{"a":"b"}}',
    'Lambda-Runtime-Cognito-Identity': '{"cognitoIdentityId":"id-1"}',
    'Lambda-Runtime-Aws-Tenant-Id': 'tenant-blue',
  };
  const names = ['traceId', 'functionArn', 'clientContext', 'cognitoIdentity', 'tenantId'];
  const nothing = Object.fromEntries(Object.keys(all).map((name) => [name, '']));
  await misbehaving({
    next: ({ response, count }) => count <= 4 && give(response, `id-${count}`, { do: 'describe' }, [all, {}, all, nothing][count - 1]),
    response: accept,
  }, async ({ got }) => {
    await until(() => got.length === 9, 'the fifth event is requested');
    const results = got.filter((one) => one.what.endsWith('/response')).map((one) => JSON.parse(one.body));
    for (const [i, result] of results.entries()) {
      assert.deepEqual(names.map((name) => result[name]), i % 2 ? names.map(() => null) : Object.values(all), `event ${i + 1}`);
    }
  });
});

test('a request to AWS carries the trace id of its own invocation, or none', async () => {
  const trace_ids = [];
  const s3 = createServer((request, response) => {
    trace_ids.push(request.headers['x-amzn-trace-id']);
    response.writeHead(200, { ETag: '"1"', 'Content-Length': '0' }).end();
  });
  after(() => {
    s3.closeAllConnections();
    s3.close();
  });
  await new Promise((done) => s3.listen(0, '127.0.0.1', done));
  const trace_id = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
  await misbehaving({
    next: ({ response, count }) => count <= 2 && give(response, `id-${count}`, { do: 'call' }, count === 1 ? { 'Lambda-Runtime-Trace-Id': trace_id } : {}),
    response: accept,
  }, async ({ got, log }) => {
    await until(() => got.length === 5, 'the third event is requested');
    assert.deepEqual([got[1].body, got[3].body], ['"OK"', '"OK"'], log());
    assert.deepEqual(trace_ids, [trace_id, undefined]);
  }, { AWS_ENDPOINT_URL: `http://127.0.0.1:${s3.address().port}` });
});

test('a response of the Runtime API that has begun and stalls ends the process', async () => {
  const head = 'HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id\r\n';
  const stalls = {
    'in the status line': 'HTTP/1.1 2',
    'in the headers': head,
    'before the body': `${head}Content-Length: 20\r\n\r\n`,
    'in a body shorter than its Content-Length': `${head}Content-Length: 200\r\n\r\n{"do":"return","value":1}`,
    'in a chunk': `${head}Transfer-Encoding: chunked\r\n\r\n40\r\n{"do":`,
  };
  await Promise.all(Object.entries(stalls).map(([name, text]) => misbehaving({ next: ({ response }) => response.socket.write(text) }, async ({ ended, log, got }) => {
    assert.deepEqual(await ended, { code: 1, signal: null }, name);
    assert.match(log(), /the Runtime API failed.*the connection stalled/, name);
    assert.equal(got.length, 1, name);
  })));
});

test('an event that comes slowly is taken', async () => {
  const event = JSON.stringify({ do: 'return', value: 'x'.repeat(4000) });
  await misbehaving({
    next: async ({ response, count }) => {
      if (count > 1) return;
      await sleep(1000);
      response.writeHead(200, { 'Lambda-Runtime-Aws-Request-Id': 'id', 'Content-Length': event.length });
      // Longer than the stall limit in all.
      for (let at = 0; at < event.length; at += 600) {
        response.write(event.slice(at, at + 600));
        await sleep(1000);
      }
      response.end();
    },
    response: accept,
  }, async ({ got }) => {
    await until(() => got.length === 3, 'the next event is requested', 20000);
    assert.equal(got[1].body.length, 4002);
  });
});
