// What arrives: mails of all templates in both languages, and with hostile values in every text, through
// the queue and the function to the local SES, composed there (nodemailer), and read by Python's email
// (tests/email/received.py). And what must not leave as a mail at all.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { EmailCloud, message, sample } from '../support/email.mjs';
import { PYTHON, TOP, run } from '../support/lambda.mjs';

// As tests/email/mail.py renders for comparison.
const SENDER = {
  FROM_EMAIL: '오픈마켓 <no-reply@openmarket.example>', SENDER_NAME: '오픈마켓', SENDER_EMAIL: 'help@openmarket.example',
  SENDER_PHONE: '02-0000-0000', SENDER_ADDRESS: '서울특별시 중구 세종대로 110', BCC_EMAIL: null, IDEMPOTENCY_TABLE: null,
};
const SCRIPT = join(TOP, 'tests/email/received.py');

let one;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'received-'));
  one = await EmailCloud.start({ environment: SENDER });
});
after(async () => {
  await one.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => one.forget());

async function deliverAll(bodies) {
  for (const body of bodies) await one.put(body);
  while (one.left() > 0) {
    const result = await one.deliver();
    assert.deepEqual(result.failed, [], result.raw);
  }
}

test('mails as received are what was rendered, and hostile values are text', async (t) => {
  const listed = await run(PYTHON, [SCRIPT, 'messages']);
  assert.equal(listed.status, 0, listed.stderr);
  const bodies = listed.stdout.trimEnd().split('\n');
  assert.ok(bodies.length > 250, `${bodies.length} messages`);
  await deliverAll(bodies);
  assert.deepEqual(await one.letters(), []);
  assert.equal(one.sent.length, bodies.length);
  const target = join(folder, 'mails');
  mkdirSync(target);
  for (const mail of await one.cloud.ses.mails()) {
    const [, n] = mail.destination.to[0].match(/^c(\d+)@example\.com$/);
    const { body } = await (await fetch(`${one.cloud.ses.url}/get-emlContent?messageId=${encodeURIComponent(mail.messageId)}`)).json();
    // SES puts the address that it was given into the header as it is; nodemailer takes its encoded name
    // for plain text and quotes it.
    const eml = Buffer.from(body.data).toString('latin1').replace(/^From: .*(\r\n[ \t].*)*/m, `From: ${mail.from}`);
    writeFileSync(join(target, `${n}.eml`), eml, 'latin1');
  }
  const checked = await run(PYTHON, [SCRIPT, 'check', target], { env: process.env });
  checked.stdout.trimEnd().split('\n').forEach((line) => t.diagnostic(line));
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
});

test('what is no good message leaves as none: lone surrogates, U+0000, 100 kB in a field, several recipients', async () => {
  const data = sample('SHIPPING_NOTIFICATION');
  const text = (more) => JSON.stringify(message({ data: { ...data, ...more } }));
  const cases = [
    [text({ customerName: '@' }).replace('"@"', '"\\ud800"'), 'BAD_JSON'],
    [text({ customerName: '@' }).replace('"@"', '"\\udc00\\ud800"'), 'BAD_JSON'],
    [text({ customerName: 'a\0b' }), 'BAD_FIELD'],
    [text({ customerName: '가'.repeat(34000) }), 'BAD_FIELD'],
    [text({ trackingUrl: `https://a.kr/${'x'.repeat(100000)}` }), 'BAD_FIELD'],
    [text({ trackingUrl: 'javascript:alert(1)' }), 'BAD_FIELD'],
    [`{"a":"${'x'.repeat(300000)}"}`, 'TOO_LARGE'],
    ['['.repeat(100), 'BAD_JSON'],
    ['['.repeat(2000), 'TOO_LARGE'],
    ...['a@b.kr,c@d.kr', 'a@b.kr\r\nBcc: c@d.kr', '"a" <a@b.kr>', 'a@b.kr;c@d.kr', 'a@', '', 'a@b.kr\0', 'a b@c.kr'].map((toEmail) => [JSON.stringify(message({ toEmail })), toEmail === '' ? 'MISSING_FIELD' : 'BAD_ADDRESS']),
  ];
  await deliverAll(cases.map(([body]) => body));
  assert.equal(one.sent.length, 0);
  const letters = await one.letters();
  assert.deepEqual(letters.map(({ reason }) => reason), cases.map(([, reason]) => reason));
  for (const letter of letters) assert.ok(!/b\.kr|alert|xxx/.test(letter.detail), letter.detail);
});
