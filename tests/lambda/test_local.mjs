// `make local` as its users see it: the demonstration, the command to copy, and Ctrl-C, after which
// nothing is left.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AWS, BUILD, TOP, isAlive, run, until } from '../support/lambda.mjs';

const skip = AWS ? false : 'Debian\'s aws is not there';
const START_MS = 240000;
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'make local '));
  execFileSync(join(BUILD, 'tests/support/make_pictures'), [join(folder, 'a photo.jpg'), '1600x1200', 'noise']);
});
after(() => rmSync(folder, { recursive: true }));

// Starts make in a process group of its own, as a terminal does.
function makeLocal(out, ...more) {
  const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...environment } = process.env;
  const child = spawn('make', ['--no-print-directory', 'local', `CONFIG=${process.env.CONFIG ?? 'release'}`, ...more], {
    cwd: TOP,
    detached: true,
    env: { ...environment, PACKAGES: 'no', IMG: join(folder, 'a photo.jpg'), OUT: out, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (child.text += text));
  child.ended = new Promise((done) => child.once('close', (code, signal) => done({ code, signal })));
  return child;
}

function descendants(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [pid];
  for (const one of found) for (const [child, parent] of parents) if (parent === one) found.push(child);
  return found;
}

const listens = (port) =>
  new Promise((done) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => done(true)).once('error', () => done(false));
    socket.on('error', () => {}).setTimeout(1000, () => done(false));
    socket.once('connect', () => socket.destroy());
  });

test('make local ONCE=1 shows the four sizes and a day at the market, and ends well', { skip }, async () => {
  const out = join(folder, 'out');
  const child = makeLocal(out, 'ONCE=1');
  const { code } = await child.ended;
  assert.equal(code, 0, child.text);
  for (const size of ['large', 'medium', 'small', 'thumbnail']) {
    assert.ok(statSync(join(out, 'local', size, 'a photo.jpg')).size > 0);
    assert.match(child.text, new RegExp(`processed/${size}/a photo\\.jpg +\\d+  image/jpeg  public, max-age=31536000  `));
  }
  const page = readFileSync(join(out, 'local/index.html'), 'utf8');
  assert.match(page, /<img src="large\/a%20photo\.jpg"/);
  assert.match(page, /Every figure of every report is that of the orders/);
  // Whatever it links to is there.
  const links = [...page.matchAll(/<a href="([^"]+)"/g)].map((match) => decodeURIComponent(match[1])).filter((link) => !link.startsWith('http'));
  for (const link of links) assert.ok(statSync(join(out, 'local', link)).size > 0, link);
  for (const wanted of [/^mails\/\d+\.html$/, /\/daily\/.*\/seller-1\.html$/, /\/seller-1\.v1\.html$/, /\/monthly\/2026-01-01\/seller-4\.csv$/]) {
    assert.ok(links.some((link) => wanted.test(link)), `${wanted}: ${links.join(' ')}`);
  }
  assert.match(child.text, /REPORT RequestId: \S+\tDuration/);
  assert.match(child.text, /^\$ WEBHOOK_SECRET=\S+ \S+webhook-send http:\S+ \S+.*$/m);
  assert.match(child.text, /^ +order \d+ +webhooks\/payment +401 +"paid", signed by somebody else$/m);
  assert.match(child.text, /^ +customer1@example\.com +.+$/m);
  assert.match(child.text, /^ +seller1@example\.com +.+ https:\/\/shop\.localhost:\d+\/settlements\/daily\/\S+\/1\.html$/m);
});

test('the aws command it shows works in another terminal, the skips are explained, and Ctrl-C ends every process, closes every port and leaves no folder', { skip }, async () => {
  const child = makeLocal(join(folder, 'out2'));
  try {
    await until(() => child.text.includes('Ctrl-C ends everything') || child.exitCode !== null, 'it is up', START_MS);
    assert.equal(child.exitCode, null, child.text);
    await copyAgain(child);
    await endIt(child);
  } finally {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGINT');
    await child.ended;
  }
});

async function copyAgain(child) {
  const [exports] = child.text.match(/^  export AWS_[^]*?[^\\]$/m);
  const [, command] = child.text.match(/^\$ (aws .*)$/m);
  const shown = child.text.length;
  const copied = await run('sh', ['-c', `set -eu\n${exports}\n${command}`], { env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', LANG: 'C.UTF-8' }, cwd: '/' });
  assert.deepEqual([copied.status, copied.stderr], [0, ''], `${exports}\n${command}`);
  const count = (pattern, text) => text.match(pattern)?.length ?? 0;
  await until(() => count(/^REPORT /gm, child.text.slice(shown)) === 5, 'the function has seen the upload and its outputs');
  assert.equal(count(/^REPORT /gm, child.text.slice(0, shown)), 5);
  assert.equal(count(/"message":"skipped"/g, child.text.slice(shown)), 4);
  assert.match(child.text, /The first invocation is the upload's\. The other four are those of the function's own outputs/);
}

async function endIt(child) {
  const pids = descendants(child.pid);
  const ports = new Set([...child.text.matchAll(/(?:127\.0\.0\.1|shop\.localhost):(\d+)/g)].map((match) => Number(match[1])));
  // make, node, the functions, the database at least; front, inbox, control, database, webhooks, sellers' page.
  assert.ok(pids.length >= 4 && ports.size >= 6, child.text);
  for (const port of ports) assert.ok(await listens(port), `${port} is open`);
  const [own, ...others] = readdirSync(folder).filter((name) => name.startsWith('local-'));
  assert.deepEqual(others, []);
  for (const part of ['local-db-', 'market-']) assert.ok(readdirSync(join(folder, own)).some((name) => name.startsWith(part)), part);
  // All but make and the parent of the sandbox are in it.
  for (const pid of pids.slice(2)) assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^NoNewPrivs:\t1$/m, String(pid));
  process.kill(-child.pid, 'SIGINT');
  await child.ended;
  await until(() => pids.every((pid) => !isAlive(pid)), 'every process is gone');
  for (const port of ports) assert.ok(!(await listens(port)), `${port} is closed`);
  assert.ok(!existsSync(join(folder, own)));
}

test('a missing photograph is reported before anything starts', async () => {
  const paths = ['--programs', BUILD, '--platforms', join(TOP, 'tests/services/platforms')];
  const { status, stderr } = await run(process.execPath, [join(TOP, 'lambda/local/local.mjs'), ...paths, '/no/such.jpg']);
  assert.deepEqual([status, stderr], [2, 'local: /no/such.jpg does not exist\n']);
});
