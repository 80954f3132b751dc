// Requests of AWS's APIs, signed by the account's own key, to the local cloud's entrance. Throws what is refused.
import { request } from 'node:http';
import { SignatureV4 } from '../../lambda/local/packages.mjs';
import { encodePath, Sha256 } from '../../lambda/local/signature.mjs';

const TARGETS = { dynamodb: ['DynamoDB_20120810', '1.0'], secretsmanager: ['secretsmanager', '1.1'], sqs: ['AmazonSQS', '1.0'] };

export class Requests {
  constructor({ front, region, credentials: [credentials] }) {
    Object.assign(this, { front, region, credentials });
  }

  // Returns {status, headers, text}.
  async #send(service, { method = 'GET', path = '/', query = {}, headers = {}, body = '' }) {
    const { hostname, port, host, protocol } = new URL(this.front.url);
    const signer = new SignatureV4({ service, region: this.region, credentials: this.credentials, sha256: Sha256, uriEscapePath: service !== 's3', applyChecksum: service === 's3' });
    const signed = await signer.sign({ method, protocol, hostname, port: Number(port), path: encodePath(path), query, headers: { host, ...headers }, body });
    const words = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
    return new Promise((done, failed) => {
      const outgoing = request({ hostname, port, method, path: words ? `${signed.path}?${words}` : signed.path, headers: signed.headers });
      outgoing.on('error', failed);
      outgoing.on('response', async (incoming) => {
        const parts = [];
        for await (const part of incoming) parts.push(part);
        done({ status: incoming.statusCode, text: Buffer.concat(parts).toString() });
      });
      outgoing.end(body);
    });
  }

  // The output of an operation of the JSON protocol. is_missing: errors of these names are null.
  async json(service, operation, input, is_missing = null) {
    const [target, version] = TARGETS[service];
    const headers = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': `${target}.${operation}` };
    const { status, text } = await this.#send(service, { method: 'POST', headers, body: JSON.stringify(input) });
    if (status === 200) return text ? JSON.parse(text) : {};
    if (is_missing?.test(text)) return null;
    throw new Error(`${service} ${operation}: ${status} ${text}`);
  }

  // The text of S3's response; null for what is not there.
  async s3(method, path, { query, body } = {}) {
    const { status, text } = await this.#send('s3', { method, path, query, body });
    if (status === 404) return null;
    if (status >= 300) throw new Error(`s3 ${method} ${path}: ${status} ${text}`);
    return text;
  }
}
