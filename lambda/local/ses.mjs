// SES v2 by aws-ses-v2-local, with its inbox for the browser, and SES's sending limits in front of it.
// It accepts nearly everything: what the real SES refuses is injected as a fault (faults.mjs) or tested
// elsewhere. One in a process, because it keeps its mails globally.
import { request as httpRequest } from 'node:http';
import { startSes } from './packages.mjs';
import { ERRORS } from './faults.mjs';
import { Refusal } from './refusal.mjs';

const SEND_PATHS = ['/v2/email/outbound-emails', '/v2/email/outbound-bulk-emails'];
const DAY_MS = 24 * 3600 * 1000;

// SES counts recipients, not calls.
function recipientsOf(body) {
  try {
    const { Destination = {}, BulkEmailEntries } = JSON.parse(body);
    if (BulkEmailEntries) return BulkEmailEntries.length;
    return Math.max(1, ['ToAddresses', 'CcAddresses', 'BccAddresses'].reduce((sum, name) => sum + (Destination[name]?.length ?? 0), 0));
  } catch {
    return 1;
  }
}

const refusal = (code) => new Refusal(code, ERRORS.ses[code][1], ERRORS.ses[code][0]);

export class LocalSes {
  constructor({ now_ms = Date.now } = {}) {
    this.now_ms = now_ms;
    this.setLimits();
  }

  // Recipients a second and in 24 hours; without an argument: no limit.
  setLimits({ max_send_rate = Infinity, max_24_hours = Infinity } = {}) {
    for (const limit of [max_send_rate, max_24_hours]) {
      if (!(limit > 0)) throw new Error(`${limit} is no sending limit`);
    }
    this.limits = { max_send_rate, max_24_hours };
    this.accepted = []; // {at_ms, count} of the last 24 hours
  }

  async start() {
    this.server = await startSes({ host: '127.0.0.1', port: 0 });
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  #sentSince(begin_ms) {
    return this.accepted.reduce((sum, { at_ms, count }) => sum + (at_ms > begin_ms ? count : 0), 0);
  }

  // Refuses what goes beyond the limits, and counts what does not.
  #accept(count) {
    const now_ms = this.now_ms();
    this.accepted = this.accepted.filter(({ at_ms }) => at_ms > now_ms - DAY_MS);
    if (this.#sentSince(now_ms - DAY_MS) + count > this.limits.max_24_hours) throw refusal('LimitExceededException');
    if (this.#sentSince(now_ms - 1000) + count > this.limits.max_send_rate) throw refusal('TooManyRequestsException');
    this.accepted.push({ at_ms: now_ms, count });
  }

  // GetAccount, of which senders read the limits; -1: none.
  #account() {
    const of = (limit) => (limit === Infinity ? -1 : limit);
    const { max_send_rate, max_24_hours } = this.limits;
    const account = {
      EnforcementStatus: 'HEALTHY',
      ProductionAccessEnabled: true,
      SendingEnabled: true,
      SendQuota: { Max24HourSend: of(max_24_hours), MaxSendRate: of(max_send_rate), SentLast24Hours: this.#sentSince(this.now_ms() - DAY_MS) },
    };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(account)) };
  }

  // A request of the front's.
  async handle(request) {
    const { method, path, body } = request;
    if (method === 'GET' && path === '/v2/email/account') return this.#account();
    if (method === 'POST' && SEND_PATHS.includes(path)) this.#accept(recipientsOf(body));
    return this.#pass(request);
  }

  #pass({ method, path, headers, body }) {
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
