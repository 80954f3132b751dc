// The functions with a database under failing system calls, as in test_system_calls.mjs: judged by the rows, the
// objects and the queue.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { failingConfig, faultsAtWork, underEachFault } from '../support/failing_function.mjs';
import { BUCKET, SETTLEMENT_REPORT, SettlementCloud, keyOf, refundSql } from '../support/settlement.mjs';
import { WEBHOOK_HANDLER, WebhookCloud, orderId, payment, totalOf } from '../support/webhook.mjs';
import { queuedMails } from '../support/webhook_random.mjs';

test('webhook: a payment is stored once with its one mail, and 200 promises it', async (t) => {
  const one = await WebhookCloud.start({ orders: 400 });
  let order = 0;
  const attempt = async (target, url) => {
    const before = target.log.length;
    const { status } = await one.post(payment(order), { url });
    return { status, raw: target.log.slice(before).join('\n') };
  };
  const check = async (what) => {
    const id = orderId(order);
    const rows = async (columns, table) => (await one.query(`SELECT ${columns} FROM ${table} WHERE order_id = '${id}'`)).map((row) => row.join());
    assert.deepEqual(await rows('payment_state, paid_won', 'order_states'), [`paid,${totalOf(order)}`], what);
    assert.deepEqual(await rows('event', 'order_history'), ['completed'], what);
    assert.equal(await one.count('inbox', `order_id = '${id}'`), 1, what);
    assert.deepEqual(await rows('message_id', 'outbox'), [`order-${id}-paid`], what);
  };
  try {
    const faults = await faultsAtWork(WEBHOOK_HANDLER, async (config) => {
      const target = one.add(config);
      order += 1;
      assert.equal((await attempt(target, await one.cloud.addUrl(target))).status, 200);
      return target;
    });
    await underEachFault(t, faults, async (fault, flag) => {
      const target = one.add(failingConfig(fault, WEBHOOK_HANDLER, flag));
      const url = await one.cloud.addUrl(target);
      order += 1;
      const first = await attempt(target, url);
      if (first.status === 200) await check('a 200');
      let { status } = first;
      for (let tries = 1; status !== 200; tries += 1) {
        assert.ok(tries < 5, `${status} to the last: ${first.raw}`);
        ({ status } = await (tries < 3 ? attempt(target, url) : attempt(one.handler, one.url)));
      }
      await check('at the end');
      return { result: { error: first.status !== 200, raw: first.raw }, target };
    });
    // What is still owed goes with the sweep; a mail may be queued twice, with one id, and no other is.
    await one.query("UPDATE outbox SET claimed_until = '2026-01-01' WHERE sent_at IS NULL");
    assert.equal((await one.sweep()).payload.left, 0);
    const ids = new Set(queuedMails(one).map(({ messageId }) => messageId));
    assert.deepEqual([...ids].sort(), Array.from({ length: order }, (_, i) => `order-${orderId(i + 1)}-paid`));
  } finally {
    await one.stop();
  }
});

test('settlement: one new version, the old ones kept, the run closed, no mail twice', async (t) => {
  const one = await SettlementCloud.start({ sellers: 2, orders: 28 });
  let reruns = 0;
  const event = () => ({ reportType: 'monthly', time: `2025-11-01T${new Date(reruns * 1000).toISOString().slice(11, 19)}Z` });
  const next = async () => {
    reruns += 1;
    if (reruns > 1) await one.query(refundSql(1, 1 + (reruns % 28), 10 + reruns));
  };
  const check = async () => {
    const rows = await one.query('SELECT seller_id, version, HEX(csv_sha256), HEX(html_sha256), HEX(json_sha256) FROM settlement_versions ORDER BY seller_id, version');
    assert.deepEqual(rows.map(([seller, version]) => `${seller}.${version}`), [...Array.from({ length: reruns }, (_, i) => `1.${i + 1}`), '2.1']);
    for (const [seller, version, ...sums] of rows.filter(([seller, version]) => seller === '2' || Number(version) > reruns - 2)) {
      const suffix = Number(version) === (seller === '1' ? reruns : 1) ? '' : `v${version}.`;
      ['csv', 'html', 'json'].forEach((format, i) => {
        const object = one.cloud.s3.peek(BUCKET, keyOf(seller, suffix + format));
        assert.equal(createHash('sha256').update(object?.body ?? '').digest('hex').toUpperCase(), sums[i], `seller ${seller} version ${version} ${format}`);
      });
    }
    assert.equal(one.cloud.s3.keys(BUCKET).length, 3 * rows.length + 1);
    assert.deepEqual(await one.query('SELECT state, generation, open_sellers, failed_sellers FROM settlement_runs'), [['closed', String(reruns), '0', '0']]);
    assert.deepEqual([...new Set(one.mailIds())], ['settlement-1-1-v1', 'settlement-1-2-v1']);
    assert.equal(await one.count('settlement_reports', "state <> 'done' OR mail_due = 1"), 0);
  };
  try {
    const faults = await faultsAtWork(SETTLEMENT_REPORT, async (config) => {
      const target = one.add(config);
      await next();
      assert.equal((await target.invoke(event())).payload.status, 'closed');
      await check();
      return target;
    });
    await underEachFault(t, faults, async (fault, flag) => {
      const target = one.add(failingConfig(fault, SETTLEMENT_REPORT, flag));
      await next();
      const result = await target.invoke(event());
      let last = result;
      for (let tries = 1; last.error || last.payload.status !== 'closed'; tries += 1) {
        assert.ok(tries < 6, `never closed: ${last.raw}`);
        last = await (tries < 3 ? target : one.handler).invoke(event());
      }
      await check();
      return { result, target };
    });
  } finally {
    await one.stop();
  }
});
