// The settlement function disturbed at every step of a rerun: killed before and after each of its requests to
// S3 and SQS, its connection to the database cut and the function killed at packets between them, the database
// itself killed. Then the event comes again, as Lambda repeats it. Always the same end: one new version, the old
// ones kept, checksums as the ledger has them, the run closed once, no mail twice.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isUp } from '../../lambda/local/database.mjs';
import { until } from './lambda.mjs';
import { CuttingProxy } from './tcp_proxy.mjs';
import { BUCKET, SettlementCloud, keyOf, refundSql } from './settlement.mjs';

const SELLERS = 3;
const MAX_STEPS = 200;
let one;
let proxy;
let reruns = 0; // one more each time: a version of seller 1, and an event's time
before(async () => {
  one = await SettlementCloud.start({ sellers: SELLERS, orders: 28 });
  proxy = await CuttingProxy.start(one.cloud.database.port);
  one.cloud.createSecret('openmarket/test/proxied', { ...one.cloud.database.secret, username: 'settlement', password: one.password, port: proxy.port });
  one.handler = one.add({ environment: { DB_SECRET_NAME: 'openmarket/test/proxied' } });
});
after(async () => {
  await one?.stop();
  await proxy?.stop();
});

const kill = () => [...one.handler.all].filter(({ state }) => state === 'busy').forEach((environment) => environment.process.kill('SIGKILL'));
const event = () => ({ reportType: 'monthly', time: `2025-11-01T00:${String(Math.floor(reruns / 60)).padStart(2, '0')}:${String(reruns % 60).padStart(2, '0')}Z` });

// As Lambda does after a failure: the same event.
async function finish(what) {
  for (let tries = 1; ; tries += 1) {
    const { error, payload, raw } = await one.handler.invoke(event());
    if (!error && payload.status === 'closed') return payload;
    assert.ok(tries < 6, `${what}: ${raw}`);
  }
}

async function check(what) {
  const rows = await one.query('SELECT seller_id, version, HEX(csv_sha256), HEX(html_sha256), HEX(json_sha256) FROM settlement_versions ORDER BY seller_id, version');
  const newest = Object.fromEntries(rows.map(([seller, version]) => [seller, Number(version)]));
  assert.deepEqual(newest, { 1: reruns, 2: 1, 3: 1 }, what);
  for (const [seller, version, ...sums] of rows) {
    const suffix = Number(version) === newest[seller] ? '' : `v${version}.`;
    ['csv', 'html', 'json'].forEach((format, i) => {
      const object = one.cloud.s3.peek(BUCKET, keyOf(seller, `${suffix}${format}`));
      assert.equal(createHash('sha256').update(object?.body ?? '').digest('hex').toUpperCase(), sums[i], `${what}: seller ${seller} version ${version} ${format}`);
    });
    assert.equal(one.json(keyOf(seller, `${suffix}json`)).version, Number(version), what);
  }
  assert.equal(one.cloud.s3.keys(BUCKET).length, 3 * rows.length + 1, what);
  assert.deepEqual(await one.query('SELECT state, generation, open_sellers, failed_sellers FROM settlement_runs'), [['closed', String(reruns), '0', '0']], what);
  assert.equal(await one.count('settlement_reports', "state <> 'done' OR mail_due = 1"), 0, what);
  const mails = one.mailIds();
  assert.deepEqual([...new Set(mails)], ['settlement-1-1-v1', 'settlement-1-2-v1', 'settlement-1-3-v1'], what);
  const closings = one.lines(one.handler, 'run').filter(({ generation }) => generation === reruns);
  assert.ok(closings.length <= 1, `${what}: closed ${closings.length} times`);
}

// One more refund of seller 1, and its rerun, disturbed by `arm`, which returns how to end that and whether it
// happened.
async function rerun(what, arm) {
  reruns += 1;
  if (reruns > 1) await one.query(refundSql(1, 1 + (reruns % 28), 10 + reruns));
  const { end, isHit } = arm();
  const { error } = await one.handler.invoke(event());
  end();
  const is_hit = isHit();
  await finish(what);
  await check(what);
  return { is_hit, error };
}
const calm = () => ({ end: () => {}, isHit: () => false });

// Kills the function at its request number `at` to S3 or SQS: before it is performed, or after.
function killAtRequest(at, when) {
  const { services } = one.cloud.front;
  const originals = { s3: services.s3, sqs: services.sqs };
  let seen = 0;
  for (const [name, original] of Object.entries(originals)) {
    services[name] = async (request) => {
      if (seen++ !== at) return original(request);
      const reply = when === 'after' ? await original(request) : null;
      kill();
      return reply ?? new Promise(() => {});
    };
  }
  return { end: () => Object.assign(services, originals), isHit: () => seen > at };
}

// The server as it is after a power cut: its process killed, and started again on the same files.
async function killDatabase() {
  const { database } = one.cloud;
  const { spawnargs, spawnfile } = database.process;
  database.process.kill('SIGKILL');
  await database.gone;
  database.process = spawn(spawnfile, spawnargs.slice(1), { stdio: ['ignore', 'ignore', 'ignore'], detached: true, env: { ...process.env, TMPDIR: database.folder } });
  database.gone = new Promise((done) => database.process.once('close', done));
  await until(() => isUp(join(database.folder, 'socket')), 'the database is back');
}

// A rerun has about 20 requests and 200 packets; every so many of them is disturbed.
export function killTests({ request_step, packet_step, database_kills }) {
  test('a first run, killed at each of its requests', async () => {
    // The mails of a first run: every other request of it, so that both kinds of it are met.
    await rerun('the first', () => killAtRequest(4, 'after'));
    assert.equal(one.mailIds().length, SELLERS);
  });

  for (const when of ['before', 'after']) {
    test(`killed ${when} each request to S3`, async () => {
      let at = 0;
      while ((await rerun(`${when} request ${at}`, () => killAtRequest(at, when))).is_hit) {
        at += request_step;
        assert.ok(at < MAX_STEPS, 'the number of requests has a bound');
      }
      assert.ok(at > 8, `${at} requests`);
    });
  }

  for (const [action, when] of [['cut', 'before'], ['cut', 'after'], ['kill', 'before']]) {
    test(`the database: ${action} ${when} a packet`, async () => {
      for (let step = 0; ; step += 1) {
        assert.ok(step < MAX_STEPS, 'the number of packets has a bound');
        const { is_hit } = await rerun(`${action} ${when} packet ${step * packet_step + 1}`, () => {
          const armed = proxy.arm(step * packet_step + 1, when, action === 'kill' ? kill : () => {});
          return { isHit: () => armed.is_hit, end: () => (proxy.armed = null) };
        });
        if (!is_hit) {
          assert.ok(step * packet_step > 50, `${step} steps`);
          break;
        }
      }
    });
  }

  test('the database is killed in the middle', async () => {
    const { services } = one.cloud.front;
    for (const at of database_kills) {
      const { s3 } = services;
      let seen = 0;
      let back;
      await rerun(`the database killed at request ${at}`, () => {
        services.s3 = async (request) => {
          if (seen++ === at) {
            back = killDatabase();
            await back;
          }
          return s3(request);
        };
        return { isHit: () => seen > at, end: () => (services.s3 = s3) };
      });
      assert.ok(back, 'it was killed');
    }
    await rerun('undisturbed', calm);
  });
}
