// Debian's MariaDB in a folder of its own that is removed at its end, on a free port of loopback, with TLS
// by a certificate authority made for it. Up in about three seconds.
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const START_MS = 120000;
// Another program may take a free port before the server does.
const PORTS_TRIED = 5;
const STOP_MS = 10000;
const SOCKET = 'socket';
const MAX_OUTPUT_BYTES = 64 << 20;

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

// Whether a server of MariaDB or MySQL accepts connections at its socket: it speaks first. The socket is
// a file of its own folder; at a port another program could answer.
export function isUp(path) {
  return new Promise((done) => {
    const socket = createConnection({ path });
    socket.once('error', () => done(false)).once('close', () => done(false)).once('data', () => {
      done(true);
      socket.destroy();
    });
  });
}

// A certificate authority and a certificate for these names below it, as files in folder: ca.pem,
// server.pem, server-key.pem.
export async function makeCertificates(folder, names = ['DNS:localhost', 'IP:127.0.0.1']) {
  const openssl = (...args) => run('openssl', args, { cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=local cloud CA');
  await openssl('req', ...key, '-keyout', 'server-key.pem', '-out', 'server.csr', '-subj', '/CN=localhost');
  await writeFile(join(folder, 'names'), `subjectAltName=${names.join(',')}\n`);
  await openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-out', 'server.pem', '-days', '2', '-extfile', 'names');
}

export class LocalDatabase {
  #root_password = randomBytes(18).toString('base64url');

  // choosePort: of the server; async.
  constructor({ choosePort = freePort } = {}) {
    this.choosePort = choosePort;
    this.user = 'openmarket';
    this.password = randomBytes(18).toString('base64url');
    this.name = 'openmarket';
    this.host = '127.0.0.1';
  }

  // The Debian packages put the server below /usr/sbin, which not every PATH has.
  static server() {
    return ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'].find(existsSync) ?? null;
  }

  async start() {
    if (!LocalDatabase.server()) throw new Error('mariadbd is not installed');
    this.folder = await mkdtemp(join(tmpdir(), 'local-db-'));
    try {
      await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #start() {
    // Seen from the folder: mariadb-install-db fails on blanks in paths.
    const data = 'data';
    const as_root = process.getuid() === 0 ? ['--user=root'] : [];
    const install = ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', `--datadir=./${data}`, ...as_root];
    const steps = [makeCertificates(this.folder), run('mariadb-install-db', install, { cwd: this.folder, env: this.#environment() })];
    // Both have ended before the folder is removed.
    const failed = (await Promise.allSettled(steps)).find((step) => step.status === 'rejected');
    if (failed) throw failed.reason;
    this.ca = join(this.folder, 'ca.pem');
    for (let left = PORTS_TRIED; !(await this.#startServer(data, as_root)); left -= 1) {
      if (left === 1 || !/Bind on TCP\/IP port/.test(this.log)) throw new Error(`mariadbd did not start: ${this.log}`);
    }
    await this.execute(`CREATE DATABASE ${this.name} CHARACTER SET utf8mb4;
      CREATE USER '${this.user}'@'%' IDENTIFIED BY '${this.password}' REQUIRE SSL;
      GRANT ALL ON ${this.name}.* TO '${this.user}'@'%';
      ALTER USER root@localhost IDENTIFIED BY '${this.#root_password}';`, { password: '' });
  }

  // Starts the server; false: it has ended.
  async #startServer(data, as_root) {
    this.port = await this.choosePort();
    const socket = join(this.folder, SOCKET);
    // It dies with this process, even if that is killed.
    const args = ['--pdeathsig', 'KILL', '--', LocalDatabase.server(), '--no-defaults', `--datadir=${join(this.folder, data)}`, `--socket=${socket}`,
      `--port=${this.port}`, '--bind-address=127.0.0.1', `--ssl-ca=${this.ca}`, `--ssl-cert=${join(this.folder, 'server.pem')}`,
      `--ssl-key=${join(this.folder, 'server-key.pem')}`, '--tls-version=TLSv1.2,TLSv1.3', '--skip-name-resolve',
      '--character-set-server=utf8mb4', '--innodb-buffer-pool-size=32M', ...as_root];
    this.process = spawn('setpriv', args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: this.#environment() });
    this.log = '';
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.log = (this.log + text).slice(-4000);
    });
    let has_ended = false;
    this.gone = new Promise((done) => this.process.once('close', () => {
      has_ended = true;
      done();
    }));
    const end_ms = Date.now() + START_MS;
    while (!has_ended) {
      if (await isUp(socket)) return true;
      if (Date.now() > end_ms) throw new Error(`mariadbd did not start: ${this.log}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    return false;
  }

  // Temporary tables are named by the process's number: two servers in containers that share /tmp would
  // remove each other's.
  #environment() {
    return { ...process.env, TMPDIR: this.folder };
  }

  // Runs SQL as root, by the client `mariadb` (DELIMITER works), and returns the rows of its SELECTs as
  // lists of texts.
  async execute(sql, { password = this.#root_password, database = '' } = {}) {
    const options = ['--no-defaults', `--socket=${join(this.folder, SOCKET)}`, '--user=root', '--default-character-set=utf8mb4', '--batch', '--skip-column-names', database];
    const client = run('mariadb', options.filter(Boolean), { env: { ...process.env, MYSQL_PWD: password }, maxBuffer: MAX_OUTPUT_BYTES });
    client.child.stdin.end(sql);
    const { stdout } = await client;
    return stdout === '' ? [] : stdout.slice(0, -1).split('\n').map((line) => line.split('\t'));
  }

  // What a function reads from Secrets Manager.
  get secret() {
    return { username: this.user, password: this.password, engine: 'mariadb', host: this.host, port: this.port, dbname: this.name };
  }

  async stop() {
    if (this.process) {
      this.process.kill('SIGTERM');
      const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
      await this.gone;
      clearTimeout(timer);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
