// The sandbox that `make local` runs in (lambda/local/confine.c), tried by commands that do what it forbids.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { BUILD, isAlive, run, until } from '../support/lambda.mjs';

const CONFINE = join(BUILD, 'lambda/local/confine');
const NO_LANDLOCK = 'confine: this kernel has no Landlock: what is read and written is not restricted\n';
const folder = mkdtempSync(join(tmpdir(), 'confine '));
const at = (name) => join(folder, name);
let skip = false;

before(async () => {
  for (const name of ['own', 'other', 'temporary']) mkdirSync(at(name));
  writeFileSync(at('other/secret'), 'canary');
});
after(() => rmSync(folder, { recursive: true }));

const confined = (script, options = ['--write', at('own')]) => run(CONFINE, [...options, '--', 'sh', '-c', `cd "${folder}"; ${script}`]);
if ((await confined(':')).stderr !== '') skip = 'a kernel without Landlock';

// Each leaves the exit status 0 where it is possible.
const FORBIDDEN = {
  'a file is written beside its folder': 'echo x >other/new',
  'a file is changed': 'echo x >>other/secret',
  'a file is emptied': ': >other/secret',
  'a file is removed': 'rm -f other/secret',
  'a file is moved out': 'echo x >own/y; mv own/y other/y',
  'a folder is made': 'mkdir other/folder',
  'a file is read': 'cat other/secret',
  'a folder is listed': 'ls other',
  'a program of its own folder is run': 'cp /bin/true own/program && own/program',
  'a process outside is signalled': 'kill -0 $PARENT',
};

test('what the sandbox forbids is refused in it, and possible without it', { skip }, async (t) => {
  for (const [name, script] of Object.entries(FORBIDDEN)) {
    await t.test(name, async () => {
      const parent = `PARENT=${process.pid}; `;
      assert.notEqual((await confined(parent + script)).status, 0);
      assert.equal(readFileSync(at('other/secret'), 'utf8'), 'canary');
      const plain = await run('sh', ['-c', `cd "${folder}"; ${parent}${script}`]);
      assert.equal(plain.status, 0, plain.stderr);
      for (const one of ['own', 'other']) {
        rmSync(at(one), { recursive: true });
        mkdirSync(at(one));
      }
      writeFileSync(at('other/secret'), 'canary');
    });
  }
});

test('its own folder can be written, what is named can be read, and nothing gains privileges or leaves a core', async () => {
  const script = 'mkdir own/a && echo x >own/a/b && mv own/a/b own/c && cat own/c other/secret && grep NoNewPrivs /proc/self/status && ulimit -c';
  const { status, stdout } = await confined(script, ['--write', at('own'), '--read', at('other')]);
  assert.deepEqual([status, stdout], [0, 'x\ncanaryNoNewPrivs:\t1\n0\n']);
});

test('a temporary folder is TMPDIR, and is gone at the end, however that comes', async () => {
  const options = ['--temporary', at('temporary')];
  const { status, stdout } = await confined('echo x >"$TMPDIR/file" && mkdir "$TMPDIR/folder" && echo "$TMPDIR" && exit 7', options);
  assert.equal(status, 7);
  assert.ok(stdout.startsWith(at('temporary/local-')));
  assert.deepEqual(readdirSync(at('temporary')), []);
  for (const signal of ['SIGTERM', 'SIGHUP']) {
    const child = spawn(CONFINE, [...options, '--', 'sh', '-c', 'echo $$; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const inner = Number(await new Promise((done) => child.stdout.once('data', done)));
    child.kill(signal);
    const code = await new Promise((done) => child.once('close', done));
    assert.ok(code > 128);
    assert.ok(!isAlive(inner));
    assert.deepEqual(readdirSync(at('temporary')), []);
  }
});

test('a command whose parent is killed ends', async () => {
  const child = spawn(CONFINE, ['--temporary', at('temporary'), '--', 'sh', '-c', 'echo $$; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const inner = Number(await new Promise((done) => child.stdout.once('data', done)));
  child.kill('SIGKILL');
  await until(() => !isAlive(inner), 'the command has ended');
});

test('without Landlock it runs, and states that files are not restricted', async () => {
  const trace = ['-f', '-qqq', '-o', '/dev/null', '-e', 'trace=landlock_create_ruleset', '-e', 'inject=landlock_create_ruleset:error=ENOSYS'];
  const { status, stdout, stderr } = await run('strace', [...trace, CONFINE, '--write', at('own'), '--', 'cat', at('other/secret')]);
  assert.deepEqual([status, stdout, stderr], [0, 'canary', NO_LANDLOCK]);
});

test('a command line that is wrong is refused with the usage, and what cannot be run is reported', async () => {
  for (const args of [[], ['--'], ['ls'], ['--write', '--', 'ls'], ['--unknown', 'x', '--', 'ls'], ['--write', at('own')]]) {
    const { status, stderr } = await run(CONFINE, args);
    assert.equal(status, 2, args.join(' '));
    assert.match(stderr, /^usage: confine /);
  }
  const { status, stderr } = await run(CONFINE, ['--temporary', at('no such'), '--', 'ls']);
  assert.equal(status, 126);
  assert.match(stderr, /^confine: no folder can be made in /);
  assert.equal((await run(CONFINE, ['--', '/no/such/program'])).status, 126);
  assert.ok(!existsSync(at('no such')));
});
