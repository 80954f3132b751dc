// Each function driven through everything that it asks of AWS, in local clouds that write down its calls: what the
// roles of the deployed functions are held against (infra/checks/rights.mjs). Every setting that names a resource is
// set, and no two have the same value, so that each call states which of them it is about.
import assert from 'node:assert/strict';
import { batchEvent, s3Event } from '../../lambda/local/events.mjs';
import { DeployCloud } from './deploy.mjs';
import { EmailCloud, message } from './email.mjs';
import { ImageCloud, outputKey, picture } from './image.mjs';
import { NO_HURRY } from './lambda.mjs';
import { MONTHLY, SettlementCloud, keyOf, refundSql } from './settlement.mjs';
import { SECRETS, WEBHOOK_HANDLER, WebhookCloud, orderId, payment } from './webhook.mjs';
import { LocalToss, statusChanged, tossPayment } from './webhook_toss.mjs';

const succeeded = (result, what) => {
  assert.equal(result.error, false, `${what}: ${result.raw}\n${result.logs.slice(-8).join('\n')}`);
  return result.payload;
};

// ---------------------------------------------------------------------- image-processor

// New and known sources, overwritten and missing outputs, rejections and their tags, S3 Batch; keys right below the
// prefix and deeper; buckets with and without versions.
export async function image(file) {
  const one = await ImageCloud.start();
  try {
    one.cloud.calls.file = file;
    const photo = picture('a.jpg', '300x200');
    const other = picture('b.jpg', '320x200');
    const small = one.add({ environment: { IMAGE_MAX_SOURCE_MB: '1' } });
    for (const bucket of ['photos', 'kept']) {
      for (const key of ['uploads/a.jpg', 'uploads/b/c/d.jpg']) {
        const created = await one.put(key, photo, { bucket });
        succeeded(await one.invoke(created), 'made');
        succeeded(await one.invoke(created), 'known');
        await one.remove(outputKey(key, 'large'), bucket);
        succeeded(await one.image.invoke(batchEvent([created])), 'a task');
        succeeded(await one.invoke(await one.put(key, other, { bucket })), 'overwritten');
        succeeded(await one.invoke(await one.put(key, Buffer.from('text'), { bucket })), 'rejected');
        succeeded(await one.image.invoke(batchEvent([await one.put(key, photo, { bucket, headers: { 'x-amz-tagging': 'image-status=rejected%3ABUDGET' } })])), 'accepted again');
        succeeded(await small.invoke(batchEvent([await one.put(key, Buffer.alloc((1 << 20) + 1), { bucket })])), 'too large');
        await one.remove(key, bucket);
        succeeded(await one.image.invoke(s3Event([created])), 'gone');
      }
    }
  } finally {
    await one.stop();
  }
}

// ---------------------------------------------------------------------- email-sender

export async function email(file) {
  const one = await EmailCloud.start();
  try {
    one.cloud.calls.file = file;
    one.cloud.createSecret('openmarket/test/hash', 'a-key-of-hashes-with-32-bytes-012');
    const sender = one.add({ environment: { ADDRESS_HASH_SECRET: 'openmarket/test/hash' } });
    const deliver = async (body, fault) => {
      await one.put(body);
      if (fault) one.fault({ service: 'ses', operation: 'SendEmail', ...fault });
      return one.deliver(sender);
    };
    succeeded(await deliver(message({ messageId: 'sent' })), 'sent');
    assert.equal(one.sent.length, 1);
    succeeded(await deliver(message({ messageId: 'sent' })), 'sent before');
    succeeded(await deliver({ template: 'NONE' }), 'refused');
    succeeded(await deliver(message({ messageId: 'rejected' }), { action: 'refuse', code: 'MessageRejected' }), 'rejected by SES');
    // SES's rate, until the time for it is over: the message comes again later.
    succeeded(await deliver(message({ messageId: 'throttled' }), { action: 'throttle', times: -1 }), 'throttled');
    one.cloud.front.faults.clear();
    assert.ok(one.left('mails-dead') >= 1);
  } finally {
    await one.stop();
  }
}

// ---------------------------------------------------------------------- settlement-report

// So many lines that each file is uploaded in parts.
const LINES = 800;
const manyLines = (seller, orders) => `INSERT INTO order_items (order_id, product_id, product_name, price, quantity, total_price)
  SELECT ${1000 * seller} + o.seq, ${seller}, REPEAT('긴', 190), 100, 1, 100 FROM seq_1_to_${orders} o JOIN seq_1_to_${LINES} l`;

// inputs: of schedules, whose times are those of the past.
export async function settlement(file, inputs = []) {
  const sellers = 2;
  const orders = 12;
  const one = await SettlementCloud.start({ sellers, orders, queue: true });
  try {
    one.cloud.calls.file = file;
    const { cloud } = one;
    cloud.createSecret('openmarket/test/migration', { ...cloud.database.secret, username: 'settlement_migration', password: one.password });
    const target = one.add({ environment: { MIGRATION_SECRET_NAME: 'openmarket/test/migration', REPORT_URL_TEMPLATE: null } });
    const invoke = async (event) => succeeded(await target.invoke(event), JSON.stringify(event));
    const batches = async () => {
      for (const body of one.queued('batches')) await invoke(one.batchEvent(body));
      await cloud.sqs.call('PurgeQueue', { QueueUrl: one.queue.url });
    };
    await invoke({ migrate: true, platform: 'snake_case' });
    await one.query(manyLines(1, orders));
    // A part is refused: the upload is aborted, and the batch comes again.
    cloud.front.faults.add({ service: 's3', operation: 'UploadPart', action: 'refuse', code: 'EntityTooSmall', status: 400, message: 'A fault on demand.' });
    const planned = await invoke(MONTHLY);
    const refused = one.queued('batches');
    for (const body of refused) await invoke(one.batchEvent(body));
    await batches();
    assert.equal((await one.run(planned.runId))[0], 'closed');
    assert.ok(cloud.front.counts['s3.AbortMultipartUpload']?.ok > 0, 'an upload is aborted');
    assert.ok(cloud.front.counts['s3.CompleteMultipartUpload']?.ok > 0, 'a file is uploaded in parts');
    // A late refund: the objects of before are kept as versions.
    await one.query(refundSql(1, 1, 1000));
    await one.query(refundSql(2, 1, 1000));
    await invoke({ reportType: 'monthly', date: '2025-10-01' });
    await batches();
    assert.ok(cloud.s3.peek('reports', keyOf(1, 'v1.csv')) !== null, 'the old version is kept');
    for (const [event] of [[{ reportType: 'daily', time: '2025-10-02T00:00:00Z' }], [{ reportType: 'weekly', time: '2025-10-06T00:00:00Z' }], [{ reportType: 'custom', startDate: '2025-10-01', endDate: '2025-10-03' }]]) {
      await invoke(event);
      await batches();
    }
    const { htmlUrl } = await invoke({ reportType: 'daily', date: '2025-10-01', sellerId: '2' });
    // The link is signed with the function's credentials, so its rights are the function's.
    assert.equal((await fetch(htmlUrl)).status, 200);
    await invoke({ task: 'check', period: '2025-10' });
    await invoke({ task: 'close' });
    for (const input of inputs) await invoke(input);
  } finally {
    await one.stop();
  }
}

// ---------------------------------------------------------------------- webhook-handler

export async function webhook(file, inputs = []) {
  const toss = await LocalToss.start();
  let one;
  try {
    one = await WebhookCloud.start({ orders: 20 });
    const { cloud } = one;
    cloud.calls.file = file;
    cloud.createBucket('reports');
    const hints = cloud.createQueue('hints', { VisibilityTimeout: '180' });
    cloud.createSecret('openmarket/test/toss', { secretKey: SECRETS.toss_key });
    cloud.createSecret('openmarket/test/migration', { ...cloud.database.secret, username: 'webhook_migration', password: one.password });
    cloud.createSecret('openmarket/test/unsubscribe', 'an-unsubscribe-secret-0123');
    const asking = { TOSS_SECRET_NAME: 'openmarket/test/toss', TOSS_API_URL: toss.url };
    const target = one.add({
      environment: { ...asking, REPORTS_BUCKET: 'reports', MIGRATION_SECRET_NAME: 'openmarket/test/migration', UNSUBSCRIBE_SECRET_NAME: 'openmarket/test/unsubscribe' },
    });
    const url = await cloud.addUrl(target);
    succeeded(await target.invoke({ migrate: true, platform: 'snake_case' }), 'migrate');
    assert.equal((await one.post(payment(1), { url })).status, 200);
    const hint = (i, more) => one.post(statusChanged(toss.put(tossPayment(i))), { scheme: 'none', path: `/webhooks/toss/${SECRETS.token}`, ...more });
    assert.equal((await hint(2, { url })).status, 200);
    await one.send('/unsubscribe?token=none', '', { method: 'GET', url });
    // A mail that the queue did not take is sent by the sweep.
    cloud.front.faults.add({ service: 'sqs', action: 'refuse', code: 'InvalidMessageContents', status: 400, message: 'A fault on demand.' });
    assert.equal((await one.post(payment(3), { url })).status, 200);
    succeeded(await one.sweep(target), 'sweep');
    toss.list(toss.put(tossPayment(4, { approvedAt: '2026-03-05T12:00:00+09:00' })));
    succeeded(await target.invoke({ task: 'reconcile', time: '2026-03-05T17:00:00Z' }), 'reconcile');
    assert.ok(cloud.s3.peek('reports', 'reconciliation/2026-03-05.json'));
    for (const input of inputs) succeeded(await target.invoke(input), input);
    // In subnets without a way out, with the twin outside of them.
    const inside = one.add({ environment: { TOSS_CONFIRM_QUEUE_URL: hints.url } });
    const inside_url = await cloud.addUrl(inside);
    const twin = cloud.addFunction({
      name: 'webhook-twin', command: WEBHOOK_HANDLER, memory_mb: 128, ...NO_HURRY,
      environment: { ...asking, TOSS_CONFIRMED_URL: `${inside_url}webhooks/toss-confirmed`, WEBHOOK_SECRET_NAME: 'openmarket/test/webhook' },
    });
    assert.equal((await hint(5, { url: inside_url })).status, 200);
    const mapping = cloud.mapQueue(hints, twin);
    await mapping.settle();
    assert.equal(Number(await one.count('order_states', `order_id = '${orderId(5)}' AND payment_state = 'paid'`)), 1);
    succeeded(await twin.invoke({ task: 'reconcile', time: '2026-03-05T17:00:00Z' }), 'the twin\'s reconcile');
  } finally {
    await one?.stop();
    await toss.stop();
  }
}

// ---------------------------------------------------------------------- deploy-check

export async function deploy(file) {
  const one = await DeployCloud.start();
  try {
    one.cloud.calls.file = file;
    for (const name of ['image', 'email', 'settlement', 'webhook']) {
      const { status, result } = await one.deploy(name, '2');
      assert.equal(status, 'Succeeded', `${name}: ${result.raw}\n${result.logs.join('\n')}`);
    }
  } finally {
    await one.stop();
  }
}

export const SCENARIOS = { image, email, settlement, webhook, deploy };
export const PROGRAMS = { image: 'image-processor', email: 'email-sender', settlement: 'settlement-report', webhook: 'webhook-handler', deploy: 'deploy-check' };
