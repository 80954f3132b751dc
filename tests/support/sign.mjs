// Signed requests for the tests of the front, by @smithy/signature-v4, with every part open to
// tampering before it is sent.
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { SignatureV4 } from '../../lambda/local/packages.mjs';
import { encodePath, Sha256 } from '../../lambda/local/signature.mjs';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const signer = (cloud, service, credentials) =>
  new SignatureV4({
    service,
    region: cloud.region,
    credentials: credentials ?? cloud.credentials[0],
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    applyChecksum: service === 's3',
  });

function plain(cloud, { method = 'GET', path = '/', query = {}, headers = {}, body = '' }) {
  const { hostname, port, host, protocol } = new URL(cloud.front.url);
  // A Host of the caller's takes the place of the server's own.
  return { method, protocol, hostname, port: Number(port), path: encodePath(path), query, headers: { host, ...headers }, body };
}

// options: {service, method, path, query, headers, body, credentials, date}.
export const signed = (cloud, options) =>
  signer(cloud, options.service ?? 's3', options.credentials).sign(plain(cloud, options), { signingDate: options.date ?? new Date() });

// A body that is neither text nor bytes is signed as UNSIGNED-PAYLOAD, as S3's presigned URLs are.
export const presigned = (cloud, options) =>
  signer(cloud, 's3', options.credentials).presign({ ...plain(cloud, options), body: {} }, { signingDate: options.date ?? new Date(), expiresIn: options.expires_s ?? 60 });

// Sends it as it is: {status, headers, body (Buffer), text, code (of an error)}; rejects when the
// connection fails.
export function sendRaw(cloud, { method, path, query, headers, body }, { timeout_ms = 60000, agent } = {}) {
  const words = Object.entries(query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const url = words.length > 0 ? `${path}?${words.join('&')}` : path;
  const { hostname, port } = new URL(cloud.front.url);
  return new Promise((done, failed) => {
    const outgoing = request({ hostname, port, method, path: url, headers, agent, timeout: timeout_ms });
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', failed);
    outgoing.on('response', async (incoming) => {
      const parts = [];
      try {
        for await (const part of incoming) parts.push(part);
      } catch (error) {
        failed(error);
        return;
      }
      const all = Buffer.concat(parts);
      const text = all.toString();
      const code = incoming.headers['x-amzn-errortype'] ?? text.match(/<Code>(\w+)<|#(\w+)"/)?.slice(1).find(Boolean) ?? null;
      done({ status: incoming.statusCode, headers: incoming.headers, body: all, text, code });
    });
    outgoing.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : undefined);
  });
}

// A request of the JSON protocol: {status, code, output}.
const TARGETS = { dynamodb: 'DynamoDB_20120810', secretsmanager: 'secretsmanager', sqs: 'AmazonSQS' };
export async function callJson(cloud, service, operation, input, options = {}) {
  const type = service === 'secretsmanager' ? '1.1' : '1.0';
  const headers = { 'content-type': `application/x-amz-json-${type}`, 'x-amz-target': `${TARGETS[service]}.${operation}` };
  const { status, code, text } = await call(cloud, { service, method: 'POST', headers, body: JSON.stringify(input), ...options });
  return { status, code, output: text ? JSON.parse(text) : null };
}

export const sendEmail = (cloud, to, options = {}) => {
  const content = { Simple: { Subject: { Data: 'subject' }, Body: { Text: { Data: 'text' } } } };
  const body = JSON.stringify({ FromEmailAddress: 'shop@example.com', Destination: { ToAddresses: [to].flat() }, Content: content });
  return call(cloud, { service: 'ses', method: 'POST', path: '/v2/email/outbound-emails', headers: { 'content-type': 'application/json' }, body, ...options });
};

export const call = async (cloud, options, sending) => sendRaw(cloud, await signed(cloud, options), sending);
