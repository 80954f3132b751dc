// The local cloud's database starts although another program takes the port that was free: one that never speaks,
// as a server of HTTP does.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { LocalDatabase, freePort } from '../../lambda/local/database.mjs';

const silent = async () => {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server;
};

test('a port that another program has taken is not waited for, and the next one is used', { timeout: 120000 }, async () => {
  const taken = await silent();
  const ports = [taken.address().port];
  const database = new LocalDatabase({ choosePort: async () => ports.shift() ?? freePort() });
  try {
    await database.start();
    assert.notEqual(database.port, taken.address().port);
    assert.deepEqual(await database.execute('SELECT @@port'), [[String(database.port)]]);
  } finally {
    await database.stop();
    taken.close();
  }
});

test('a server that cannot start for another reason is an error at once', { timeout: 120000 }, async () => {
  const database = new LocalDatabase({ choosePort: async () => 'none' });
  await assert.rejects(database.start(), /mariadbd did not start: .*port/s);
});
