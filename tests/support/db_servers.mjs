// Servers for tests of logins: Debian's MariaDB (tests/services/db_server.py), MySQL of Debian's unstable
// release (tests/services/db_parts.sh), and a proxy that counts bytes. Each on loopback, on a free port.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PYTHON, TOP, sleep } from './lambda.mjs';

const PARTS = join(TOP, 'build/db-servers');
const START_MS = 120_000;

// Why this part of db_parts.sh is not there; false: it is.
export function missingPart(name) {
  if (existsSync(join(PARTS, `${name}.ready`))) return false;
  const reason = join(PARTS, `${name}.missing`);
  return existsSync(reason) ? readFileSync(reason, 'utf8').trim() : 'tests/services/db_parts.sh was not run';
}

export class MariaDb {
  static async start() {
    const server = new MariaDb();
    const environment = missingPart('plugin') ? {} : { DB_PLUGIN_DIR: join(PARTS, 'plugin') };
    server.process = spawn(PYTHON, ['tests/services/db_server.py'], { cwd: TOP, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } });
    server.lines = createInterface({ input: server.process.stdout })[Symbol.asyncIterator]();
    const first = (await server.lines.next()).value;
    server.port = Number(/^PORT (\d+)$/.exec(first)?.[1]);
    if (!server.port) throw new Error(`db_server.py: ${first}`);
    server.folder = await server.command('folder');
    return server;
  }

  async command(line) {
    this.process.stdin.write(`${line}\n`);
    const reply = (await this.lines.next()).value;
    if (reply === undefined || reply.startsWith('ERROR')) throw new Error(`${line}: ${reply}`);
    return reply;
  }

  sql(statement) {
    return this.command(`sql ${statement}`);
  }

  async stop() {
    const gone = new Promise((done) => this.process.once('close', done));
    this.process.stdin.end();
    await gone;
  }
}

export class MySql {
  // sql: run at the start, a statement each. It dies with this process, even if that is killed.
  static async start(sql) {
    const server = new MySql();
    server.folder = mkdtempSync(join(tmpdir(), 'mysql-'));
    const file = (name) => join(server.folder, name);
    execFileSync('sh', [join(TOP, 'tests/services/make_certificates.sh'), server.folder]);
    cpSync(join(PARTS, 'mysql/data'), file('data'), { recursive: true });
    writeFileSync(file('init.sql'), sql.map((statement) => `${statement};\n`).join(''));
    const probe = createServer();
    await new Promise((done) => probe.listen(0, '127.0.0.1', done));
    server.port = probe.address().port;
    await new Promise((done) => probe.close(done));
    const options = [`--datadir=${file('data')}`, `--socket=${file('socket')}`, `--pid-file=${file('pid')}`, `--port=${server.port}`, '--bind-address=127.0.0.1',
      `--ssl-ca=${file('ca.pem')}`, `--ssl-cert=${file('good.pem')}`, `--ssl-key=${file('good.key')}`, `--init-file=${file('init.sql')}`];
    server.process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', join(PARTS, 'mysql/run'), ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
    server.gone = new Promise((done) => server.process.once('close', done));
    let log = '';
    server.process.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
    const end_ms = Date.now() + START_MS;
    while (!log.includes('ready for connections')) {
      if (server.process.exitCode !== null || Date.now() > end_ms) {
        await server.stop();
        throw new Error(`MySQL did not start: ${log.slice(-2000)}`);
      }
      await sleep(20);
    }
    return server;
  }

  async stop() {
    this.process.kill('SIGKILL');
    await this.gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// In front of a server; `sent_bytes` is what clients have sent: inside of TLS little else can be seen.
export class CountingProxy {
  static async start(port) {
    const proxy = new CountingProxy();
    proxy.sent_bytes = 0;
    proxy.server = createServer((client) => {
      const server = createConnection({ host: '127.0.0.1', port });
      client.on('data', (bytes) => {
        proxy.sent_bytes += bytes.length;
        server.write(bytes);
      });
      server.on('data', (bytes) => client.write(bytes));
      for (const [one, other] of [[client, server], [server, client]]) one.on('close', () => other.destroy()).on('error', () => {});
    });
    await new Promise((done) => proxy.server.listen(0, '127.0.0.1', done));
    proxy.port = proxy.server.address().port;
    return proxy;
  }

  stop() {
    this.server.close();
  }
}
