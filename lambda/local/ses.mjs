// SES v2 by aws-ses-v2-local, with its inbox for the browser. It accepts nearly everything: what a
// real SES refuses must be tested elsewhere. One in a process, because it keeps its mails globally.
import { request as httpRequest } from 'node:http';
import { startSes } from './packages.mjs';

export class LocalSes {
  async start() {
    this.server = await startSes({ host: '127.0.0.1', port: 0 });
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  // A request of the front's, passed on.
  handle({ method, path, headers, body }) {
    return new Promise((done, failed) => {
      const { host: _, 'content-length': __, expect: ___, connection: ____, ...rest } = headers;
      const outgoing = httpRequest({ host: '127.0.0.1', port: this.port, method, path, headers: { ...rest, 'content-length': body.length } });
      outgoing.on('error', failed);
      outgoing.on('response', async (incoming) => {
        const parts = [];
        for await (const part of incoming) parts.push(part);
        const { 'content-type': type = 'application/json' } = incoming.headers;
        done({ status: incoming.statusCode, headers: { 'content-type': type }, body: Buffer.concat(parts) });
      });
      outgoing.end(body);
    });
  }

  // The mails received, as the store lists them.
  async mails() {
    return (await (await fetch(`${this.url}/store`)).json()).emails;
  }

  async clear() {
    await fetch(`${this.url}/clear-store`, { method: 'POST' });
  }

  async stop() {
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await closed;
  }
}
