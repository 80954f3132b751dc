// The page of a seller in the platform, to which the mails link: HTTPS with a certificate authority made for
// it, as mails take no other link. It stands for a page behind a login, and shows the report's object.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from './database.mjs';

// Browsers resolve names below localhost to this machine.
const HOST = 'shop.localhost';
const PATH = /^\/settlements\/(daily|weekly|monthly|custom)\/(\d{4}-\d\d-\d\d)\/([\w-]{1,64})\.(html|csv|json)$/;
const TYPES = { html: 'text/html; charset=utf-8', csv: 'text/csv; charset=utf-8', json: 'application/json' };

export class SellerPage {
  static async open(cloud, bucket) {
    const page = new SellerPage();
    page.folder = await mkdtemp(join(tmpdir(), 'market-page-'));
    try {
      await makeCertificates(page.folder, [`DNS:${HOST}`]);
      const [key, cert, ca] = await Promise.all(['server-key', 'server', 'ca'].map((name) => readFile(join(page.folder, `${name}.pem`))));
      page.ca = ca;
      page.server = createServer({ key, cert }, (incoming, outgoing) => respond(cloud, bucket, incoming, outgoing));
      await new Promise((done, failed) => page.server.once('error', failed).listen(0, '127.0.0.1', done));
    } catch (error) {
      await rm(page.folder, { recursive: true, force: true });
      throw error;
    }
    page.port = page.server.address().port;
    page.host = `${HOST}:${page.port}`;
    page.template = `https://${page.host}/settlements/{reportType}/{firstDay}/{sellerId}.html`;
    return page;
  }

  // Opens a link of this page as a browser that trusts its authority: {status, type, body}.
  get(link) {
    const url = new URL(link);
    if (url.hostname !== HOST || url.port !== String(this.port)) throw new Error(`${link} is not a link to ${HOST}`);
    return new Promise((done, failed) => {
      const options = { host: '127.0.0.1', port: url.port, path: url.pathname, servername: HOST, ca: this.ca, agent: false, headers: { host: url.host } };
      const outgoing = request(options, async (incoming) => {
        const parts = [];
        for await (const part of incoming) parts.push(part);
        done({ status: incoming.statusCode, type: incoming.headers['content-type'], body: Buffer.concat(parts).toString('utf8') });
      });
      outgoing.on('error', failed);
      outgoing.end();
    });
  }

  async close() {
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await closed;
    await rm(this.folder, { recursive: true, force: true });
  }
}

function respond(cloud, bucket, { method, url }, outgoing) {
  const [, type, day, seller, format] = url.match(PATH) ?? [];
  const object = method === 'GET' && type ? cloud.s3.peek(bucket, `settlements/${type}/${day}/seller-${seller}.${format}`) : null;
  if (!object) {
    outgoing.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such report.\n');
    return;
  }
  outgoing.writeHead(200, { 'content-type': TYPES[format], 'x-content-type-options': 'nosniff' }).end(object.body);
}
