// The zips of the functions with a database, each doing its job in an empty root: a webhook becomes rows and a mail, a
// month becomes reports, over verified TLS to MariaDB, and no file is left; and that of deploy-check, which lets working
// versions of the others pass. Needs `make package` and root (for chroot).
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DeployCloud } from '../support/deploy.mjs';
import { EmptyRoot } from '../support/empty_root.mjs';
import { TOP } from '../support/lambda.mjs';
import { BUCKET, MONTHLY, SettlementCloud, expectedFigures, keyOf } from '../support/settlement.mjs';
import { WebhookCloud, orderId, payment } from '../support/webhook.mjs';

const wanted = (process.env.ARCHES ?? 'x86_64 arm64').split(' ');
const CA = 'database-ca.pem';
let folder;
let webhooks;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'package-jobs-'));
  // The function is not root: it must get to its root.
  chmodSync(folder, 0o755);
  webhooks = await WebhookCloud.start();
});
after(async () => {
  await webhooks?.stop();
  rmSync(folder, { recursive: true });
});

const makeRoot = (arch, name) => new EmptyRoot(folder, arch, join(TOP, 'build/package', arch, `${name}.zip`), null);
const trust = (root, one) => {
  copyFileSync(one.cloud.database.ca, join(root.folder, CA));
  chmodSync(join(root.folder, CA), 0o644);
};
// The webhook function in a root: its handler and URL.
async function webhookIn(root, environment) {
  const handler = webhooks.add({ environment, ...root.config });
  return { handler, url: await webhooks.cloud.addUrl(handler), tail: () => handler.log.slice(-12).join('\n') };
}

for (const arch of wanted) {
  // An order of its own for each architecture, and one that nobody pays.
  const [order, unpaid] = [1, 2].map((i) => 2 * wanted.indexOf(arch) + i);

  test(`${arch} webhook-handler: in an empty root a webhook becomes rows and a mail, a forged one nothing`, async () => {
    const root = makeRoot(arch, 'webhook-handler');
    trust(root, webhooks);
    const before_run = root.files();
    const { handler, url, tail } = await webhookIn(root, { DB_CA_FILE: `/${CA}` });
    const stored = await webhooks.count('inbox');
    const forged = await webhooks.post(payment(order), { url, secret: 'another' });
    assert.deepEqual([forged.status, await webhooks.count('inbox')], [401, stored], tail());
    const taken = await webhooks.post(payment(order), { url });
    assert.deepEqual([taken.status, taken.body], [200, '{"status":"ok"}'], tail());
    assert.deepEqual(await webhooks.query(`SELECT payment_state FROM order_states WHERE order_id = '${orderId(order)}'`), [['paid']]);
    assert.deepEqual((await webhooks.mails()).map(({ template }) => template), ['ORDER_CONFIRMATION']);
    assert.deepEqual(root.files(), before_run);
    await handler.stop();
  });

  test(`${arch} webhook-handler: an authority that did not sign the database's certificate is refused, and nothing is stored`, async () => {
    // Without DB_CA_FILE: the authorities in the zip, which are Amazon's.
    const { handler, url, tail } = await webhookIn(makeRoot(arch, 'webhook-handler'), { DB_CA_FILE: null });
    const stored = await webhooks.count('inbox');
    assert.equal((await webhooks.post(payment(unpaid), { url })).status, 500, tail());
    assert.equal(await webhooks.count('inbox'), stored);
    assert.match(tail(), /TLS_REFUSED/);
    await handler.stop();
  });

  test(`${arch} settlement-report: in an empty root a month becomes reports, mails and a closed run`, async () => {
    const root = makeRoot(arch, 'settlement-report');
    const one = await SettlementCloud.start({ sellers: 2, orders: 2, environment: { DB_CA_FILE: `/${CA}` }, config: root.config });
    try {
      trust(root, one);
      const before_run = root.files();
      const result = await one.handler.invoke(MONTHLY);
      assert.ok(!result.error, `${result.raw}\n${one.handler.log.slice(-12).join('\n')}`);
      assert.deepEqual([result.payload.status, result.payload.done, result.payload.totals.netWon], ['closed', 2, 2 * expectedFigures(2).netWon]);
      for (const seller of [1, 2]) {
        for (const format of ['csv', 'html', 'json']) assert.ok(one.cloud.s3.peek(BUCKET, keyOf(seller, format)), `${seller} ${format}`);
      }
      assert.equal(one.mailIds().length, 2);
      assert.deepEqual(root.files(), before_run);
    } finally {
      await one.stop();
    }
  });

  test(`${arch} deploy-check: in an empty root versions that work pass, and one that makes no outputs is refused`, async () => {
    const one = await DeployCloud.start();
    try {
      const root = makeRoot(arch, 'deploy-check');
      const before_run = root.files();
      const check = one.addCheck(root.config);
      const deploy = async (name, to) => {
        const { status, puts, reason, result } = await one.deploy(name, to, { check });
        assert.deepEqual([puts, result.error], [1, false], `${name}: ${result.raw}\n${result.logs.join('\n')}`);
        return [name, status, reason];
      };
      for (const name of ['image', 'email', 'settlement', 'webhook']) assert.deepEqual(await deploy(name, '2'), [name, 'Succeeded', '']);
      const idle = one.version('image', ({ tasks: [{ taskId }] }) => JSON.stringify({ results: [{ taskId, resultCode: 'Succeeded', resultString: 'made' }] }));
      assert.deepEqual(await deploy('image', idle), ['image', 'Failed', 'OUTPUT']);
      assert.deepEqual(root.files(), before_run);
    } finally {
      await one.stop();
    }
  });
}
