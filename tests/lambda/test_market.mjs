// A day at the market: the four functions together in the local cloud, from a product's photograph to the
// settlement's reports, whose every figure is traced back to the orders; and that the tracing sees a
// difference of one won.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startCloud } from '../../lambda/local/cloud.mjs';
import { Market, PHOTOS } from '../../lambda/local/market.mjs';
import { reportProblems } from '../../lambda/local/market_check.mjs';
import { expectedLines, sumOf } from '../../lambda/local/market_figures.mjs';
import { Story } from '../../lambda/local/market_story.mjs';
import { AWS, BUILD, TOP, aws } from '../support/lambda.mjs';

const PATHS = {
  image: join(BUILD, 'lambda/image-processor'), webhook: join(BUILD, 'lambda/webhook-handler'), mail: join(BUILD, 'lambda/email-sender'),
  settlement: join(BUILD, 'lambda/settlement-report'), send: join(BUILD, 'bin/webhook-send'), platforms: join(TOP, 'tests/services/platforms'),
};

let folder;
let cloud;
let market;
let story;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'market-test-'));
  cloud = await startCloud({ ses: true, database: true, tracing: true });
  await cloud.ses.clear();
  market = await Market.open(cloud, PATHS, { hurry: false });
  story = new Story(market);
});
after(async () => {
  await cloud?.stop();
  await market?.close();
  rmSync(folder, { recursive: true });
});

// What a step has found wrong since the last one.
const problems = () => story.problems.splice(0);

test('a product\'s photograph is uploaded and has its four sizes', { skip: AWS ? false : 'Debian\'s aws is not there' }, async () => {
  const photo = join(folder, 'product.jpg');
  execFileSync(join(BUILD, 'tests/support/make_pictures'), [photo, '1600x1200', 'noise']);
  const { status, stderr } = await aws(cloud, ['s3', 'cp', photo, `s3://${PHOTOS}/uploads/products/`, '--no-progress']);
  assert.equal(status, 0, stderr);
  await cloud.settle();
  for (const size of ['large', 'medium', 'small', 'thumbnail']) {
    assert.equal(cloud.s3.peek(PHOTOS, `uploads/products/processed/${size}/product.jpg`)?.contentType, 'image/jpeg', size);
  }
});

test('orders are paid, shipped and partly refunded by signed webhooks: doubled, forged and late ones change nothing, and the customers have their mails', async () => {
  await story.trade();
  assert.deepEqual(problems(), []);
});

test('the next morning\'s schedule settles the day: every figure of CSV, HTML, JSON, ledger and mails is that of the orders, and each link opens', async () => {
  const reports = await story.settleDay();
  assert.deepEqual(problems(), []);
  assert.deepEqual([...reports.keys()], ['1', '2', '3', '4']);
  // By hand, at 3.50 %: 26,000 won less the 8,000 refunded (fee 910 - 280), 28,000 won (980), and a shipping fee.
  const { sum } = reports.get('1');
  assert.deepEqual([sum.lines, sum.gross, sum.commission, sum.net], [4, 49000n, 1610n, 47390n]);
});

test('the day again by hand: no object is written, no mail is sent', async () => {
  await story.rerun();
  assert.deepEqual(problems(), []);
});

test('a refund of that day that arrives late makes version 2 of the reports it concerns; the old ones are kept', async () => {
  await story.refundLate();
  assert.deepEqual(problems(), []);
});

test('without a page of the platform the link is a presigned URL that opens', async () => {
  await story.presign();
  assert.deepEqual(problems(), []);
});

test('the monthly schedule settles January, a thousand orders', async () => {
  await story.settleMonth();
  assert.deepEqual(problems(), []);
  const sums = [...story.reports.get('monthly')].map(([seller, { sum }]) => [seller, sum.lines, sum.gross, sum.commission, sum.net]);
  assert.deepEqual(sums, [
    ['1', 394, 2744870n, 90843n, 2654027n],
    ['2', 657, 5473595n, 327264n, 5146331n],
    ['3', 374, 3076806n, 146341n, 2930465n],
    ['4', 462, 3425769n, 303260n, 3122509n],
  ]);
});

test('the comparison sees one won in a row, a total, the JSON and the page, and a row too many or too few', async () => {
  const { day } = market.day;
  const lines = (await expectedLines(cloud.database, day, day)).get('2');
  const files = story.files('daily', day, '2');
  assert.deepEqual(reportProblems(files, lines), []);
  const { gross, net } = sumOf(lines);
  const spoilt = [
    { csv: files.csv.replace(/,(\d+),(\d+),판매,/, (_, fee, rest) => `,${Number(fee) + 1},${Number(rest) - 1},판매,`) },
    { csv: files.csv.replace(/^(합계,.*),(\d+),전체/m, (_, rest, total) => `${rest},${Number(total) + 1},전체`) },
    { csv: files.csv.replace(/^"'\d+".*\r\n/m, '') },
    { csv: files.csv.replace(/^("'\d+".*\r\n)/m, '$1$1') },
    { json: files.json.replace(`"netWon":${net}`, `"netWon":${net + 1n}`) },
    { html: files.html.replaceAll(gross.toLocaleString('en-US'), (gross + 1n).toLocaleString('en-US')) },
    { html: files.html.replace('</body>', '<script>1</script></body>') },
    { html: null },
  ];
  for (const change of spoilt) {
    const [[format, text]] = Object.entries(change);
    assert.notEqual(text, files[format], `${format} is spoilt`);
    assert.notDeepEqual(reportProblems({ ...files, ...change }, lines), [], `${format}: ${String(text).slice(0, 40)}`);
  }
});

test('a product\'s hostile name is text in the reports', () => {
  const { csv, html } = story.files('daily', market.day.day, '3');
  assert.match(csv, /"'=HYPERLINK\(""https/);
  assert.match(html, /&lt;script&gt;alert\(1\)/);
  assert.doesNotMatch(html, /<script/);
});

test('no event was dropped, no mail or batch is left, and no secret is in a log', async () => {
  for (const one of cloud.functions.values()) {
    assert.deepEqual(one.dead_letters, [], one.config.name);
    const log = one.log.join('\n');
    for (const secret of [market.secret, cloud.database.password]) assert.ok(!log.includes(secret), one.config.name);
  }
  for (const mapping of [market.mails, market.batches]) assert.ok(mapping.batches.every(({ received, done }) => received === done));
});

test('every invocation of the four functions has a valid trace, in which no person, order or secret is named', async () => {
  const { xray } = cloud;
  await xray.flush();
  assert.deepEqual(xray.problems(), []);
  const names = xray.datagrams.map(({ document }) => document.annotations?.function?.replace('-presigning', '')).filter(Boolean);
  assert.deepEqual([...new Set(names)].sort(), ['email-sender', 'image-processor', 'settlement-report', 'webhook-handler'].filter((name) => AWS || name !== 'image-processor'));
  const starts = [...cloud.functions.values()].flatMap(({ log }) => log.filter((line) => line.startsWith('START')));
  assert.equal(xray.traces().length, starts.length);
  const spans = xray.traces().flatMap((id) => xray.spans(id)).map(([span]) => span);
  const statements = new Set(spans.map(({ sql }) => sql?.sanitized_query).filter(Boolean));
  assert.ok([...statements].some((text) => text.startsWith('INSERT')) && statements.has('COMMIT'), [...statements].join('\n'));
  for (const name of ['connect database', 'render mail', 'database', 'SecretsManager', 'SQS', 'SES', 'DynamoDB', 'S3']) assert.ok(spans.some((span) => span.name === name), name);
  // Webhooks were doubled: a key that is there already is no failure.
  assert.ok(spans.some(({ metadata }) => metadata?.default.found === 'duplicate key'));
  assert.deepEqual(spans.filter(({ fault, error, sql }) => sql && (fault || error)).map(({ cause }) => cause.exceptions[0].type), []);
  const text = JSON.stringify(xray.datagrams);
  const people = ['@example.com', 'customer1', market.secret, cloud.database.password, cloud.credentials[0].secretAccessKey, 'HYPERLINK', 'alert(1)', ...market.day.confirmed.keys()];
  for (const word of people) assert.ok(!text.includes(word), word);
  for (const statement of statements) assert.doesNotMatch(statement, /['"]/);
});
