// The control interface of the local cloud: HTTP and JSON on a loopback port of its own, unsigned, for
// tests written in other languages and for curl. The README lists the requests.
import { createServer } from 'node:http';

const routes = (cloud) => ({
  'GET /': () => cloud.describe(),
  'GET /counts': () => cloud.front.counts,
  'GET /log': () => cloud.front.log,
  'POST /forget': () => cloud.front.forget(),
  'GET /faults': () => cloud.front.faults.rules,
  'POST /faults': (body) => [body].flat().forEach((rule) => cloud.front.faults.add(rule)),
  'DELETE /faults': () => cloud.front.faults.clear(),
  'POST /clock': (body) => {
    if (!Number.isFinite(body.offset_s)) throw new Error('offset_s is a number of seconds');
    cloud.front.clock_offset_s = body.offset_s;
    cloud.schedules.tick();
  },
  'POST /settle': () => cloud.settle(),
  'POST /buckets': (body) => cloud.createBucket(body.name, body),
  'POST /queues': (body) => cloud.createQueue(body.name, body.attributes),
  'POST /tables': (body) => cloud.createTable(body.name, body.key).then(() => ({})),
  'POST /secrets': (body) => cloud.createSecret(body.name, body.value),
  'POST /events': (body) => cloud.publish(body),
  'POST /ses-limits': (body) => sesOf(cloud).setLimits(body),
});

function sesOf({ ses }) {
  if (!ses) throw new Error('this cloud has no SES');
  return ses;
}

const functionRoutes = {
  'POST invoke': (one, body) => one.invoke(body),
  'POST invoke-async': (one, body) => void one.invokeAsync(body),
  'GET stats': (one) => one.stats(),
  'GET log': (one) => one.log,
  'GET dead-letters': (one) => one.dead_letters,
};

async function respond(cloud, table, request, body) {
  const route = table[`${request.method} ${request.url}`];
  if (route) return route(body);
  const [, kind, name, verb] = request.url.match(/^\/(functions|schedules)\/([^/]+)\/([a-z-]+)$/) ?? [];
  if (kind === 'schedules' && `${request.method} ${verb}` === 'POST fire') return void cloud.schedules.fire(name, body.time);
  const one = kind === 'functions' ? cloud.functions.get(name) : undefined;
  const of_function = functionRoutes[`${request.method} ${verb}`];
  if (one && of_function) return of_function(one, body);
  throw Object.assign(new Error(`there is no ${request.method} ${request.url} here`), { status: 404 });
}

export class Control {
  constructor(cloud) {
    const table = routes(cloud);
    this.server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, async (request, response) => {
      const reply = (status, content) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(content ?? {})}\n`);
      try {
        const parts = [];
        for await (const part of request) parts.push(part);
        const text = Buffer.concat(parts).toString('utf8');
        reply(200, await respond(cloud, table, request, text ? JSON.parse(text) : {}));
      } catch (error) {
        reply(error.status ?? 400, { error: error.message });
      }
    });
  }

  async start() {
    await new Promise((done, failed) => this.server.once('error', failed).listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
  }

  async stop() {
    const closed = new Promise((done) => this.server.close(done));
    this.server.closeAllConnections();
    await closed;
  }
}
