// The smallest function, as CONTRIBUTING.md shows it: what it does in the local cloud, how long it
// is, and that the text shows exactly this file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { BUILD, TOP } from '../support/lambda.mjs';

const SOURCE = 'tests/lambda/hello/hello.c';
const read = (path) => readFileSync(join(TOP, path), 'utf8');

let cloud;
before(async () => {
  cloud = await startCloud();
});
after(() => cloud.stop());

const addHello = (name, environment = {}) => cloud.addFunction({ name, command: join(BUILD, 'tests/lambda/hello/hello'), environment });

test('it greets the name of an event', async () => {
  const { error, payload } = await addHello('plain').invoke({ name: '한글 "quoted"' });
  assert.deepEqual([error, payload], [false, { greeting: 'Hello', name: '한글 "quoted"' }]);
});

test('it greets the name of a Function URL\'s query', async () => {
  const url = await cloud.addUrl(addHello('url', { GREETING: '안녕' }));
  const response = await fetch(`${url}?name=${encodeURIComponent('한글 & more')}`);
  assert.deepEqual([response.status, response.headers.get('content-type')], [200, 'application/json']);
  assert.deepEqual(await response.json(), { greeting: '안녕', name: '한글 & more' });
});

test('a request that cannot be read is refused with 400 and gets no greeting', async () => {
  const url = await cloud.addUrl(addHello('refusing'));
  for (const query of ['?name=%ff', '?name=%00', '?name=%2']) {
    const response = await fetch(`${url}${query}`);
    assert.deepEqual([response.status, await response.text()], [400, ''], query);
  }
  assert.equal((await fetch(`${url}?name=Ann`)).status, 200);
});

test('what is not valid fails: an event, a setting', async () => {
  const malformed = await addHello('malformed').invoke('{"name":');
  assert.deepEqual([malformed.error, malformed.payload.errorType], [true, 'Hello.Malformed']);
  const refused = await addHello('refused', { GREETING: 'x'.repeat(64) }).invoke({ name: 'Ann' });
  assert.deepEqual([refused.error, refused.payload.errorType], [true, 'Init.CONFIGURATION']);
  assert.match(refused.payload.errorMessage, /^GREETING is not /);
});

test('it is shorter than 40 lines of C', () => {
  const code = read(SOURCE).replace(/\/\*[\s\S]*?\*\//g, '').split('\n').filter((line) => line.trim());
  assert.ok(code.length > 20 && code.length < 40, `${code.length} lines`);
});

test('CONTRIBUTING.md shows this file, and its line of the Makefile', () => {
  const shown = read('CONTRIBUTING.md').match(/<!-- hello\.c -->\n```c\n([\s\S]*?)```\n<!-- end of hello\.c -->/);
  assert.ok(shown, 'the markers');
  assert.equal(shown[1], read(SOURCE));
  const [line] = read('lambda/functions.mk').match(/^\$\(eval \$\(call test_function,.*hello.*$/m);
  assert.ok(read('CONTRIBUTING.md').includes(`\n    ${line}\n`), line);
});
