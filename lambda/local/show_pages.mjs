// What `make local` leaves in OUT: the mails and reports as files, and index.html, which links to all of it.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { REPORTS } from './market.mjs';
import { JANUARY } from './market_day.mjs';
import { FORMATS, wonText } from './market_story.mjs';
import { escape, figures } from './show.mjs';
import { milliseconds, tracePages } from './trace_page.mjs';

const STYLE = `body{font:15px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222}h1{font-size:1.6em}h2{margin-top:2em;font-size:1.2em;border-bottom:1px solid #ccc}
figure{display:inline-block;vertical-align:top}img{max-width:15em;display:block}figure{margin:0 1em 1em 0}figcaption{color:#444;width:15em;font-size:.85em;overflow-wrap:anywhere}
table{border-collapse:collapse;margin:1em 0}th,td{padding:.25em .8em;border-bottom:1px solid #ddd;text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.good{color:#060}.bad{color:#b00}li{overflow-wrap:anywhere}`;

const link = (path, text) => `<a href="${escape(path.split('/').map(encodeURIComponent).join('/'))}">${escape(text)}</a>`;
const row = (cells, tag = 'td') => `<tr>${cells.map(([text, is_number]) => `<${tag}${is_number ? ' class="n"' : ''}>${text}</${tag}>`).join('')}</tr>`;
const grid = (head, rows) => `<table><thead>${row(head, 'th')}</thead><tbody>\n${rows.map((cells) => row(cells)).join('\n')}\n</tbody></table>`;

// The mails as pages: rows for the table.
async function saveMails(out, mails) {
  await mkdir(join(out, 'mails'), { recursive: true });
  return Promise.all(mails.map(async ({ destination: { to }, subject, body }, i) => {
    const name = `mails/${String(i + 1).padStart(2, '0')}`;
    await writeFile(join(out, `${name}.html`), body.html);
    await writeFile(join(out, `${name}.txt`), body.text);
    return [[escape(to.join(', '))], [escape(subject)], [`${link(`${name}.html`, 'HTML')} ${link(`${name}.txt`, 'text')}`]];
  }));
}

async function saveObjects(out, s3) {
  const keys = s3.keys(REPORTS);
  for (const key of keys) {
    const path = join(out, 'reports', key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, s3.peek(REPORTS, key).body);
  }
  return keys;
}

// A page for each invocation, and one with all of them. Returns the invocation of each function that has most
// to show, as a table.
async function saveTraces(out, xray) {
  await xray.flush();
  await mkdir(join(out, 'traces'), { recursive: true });
  const { rows, pages } = tracePages(xray, { back: { path: 'index.html', text: 'all invocations' } });
  for (const [path, page] of pages) await writeFile(join(out, 'traces', path), page);
  const table = (some, folder) => grid([['function'], ['began'], ['took', true], ['subsegments', true], ['']], some.map(({ name, path, begin_s, seconds, count, failed }) => [
    [link(`${folder}${path}`, name)], [new Date(begin_s * 1000).toISOString().slice(11, 23)], [milliseconds(seconds), true], [String(count), true], [failed ? 'with a failed call' : ''],
  ]));
  await writeFile(join(out, 'traces', 'index.html'), `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Traces</title>
<style>${STYLE}</style></head>
<body><p>${link('../index.html', 'A day at the market')}</p><h1>Every invocation as X-Ray's daemon got it</h1>
${table(rows, '')}
</body></html>
`);
  const shown = ['image-processor', 'webhook-handler', 'email-sender', 'settlement-report'].flatMap((function_name) => rows.filter(({ name }) => name === function_name).sort((a, b) => b.count - a.count).slice(0, 1));
  return `<p>What one invocation of each function spent its time on; ${link('traces/index.html', `all ${rows.length} invocations`)}.</p>\n${table(shown, 'traces/')}`;
}

function reportTable(reports, prefix, keys) {
  const links = (seller, version) => FORMATS.map((format) => [`${prefix}seller-${seller}${version ? `.v${version}` : ''}.${format}`, format])
    .filter(([key]) => keys.includes(key)).map(([key, format]) => link(`reports/${key}`, format.toUpperCase())).join(' ');
  const rows = [...reports].map(([seller, { version, sum }]) => [
    [escape(seller)], [String(version), true], [String(sum.lines), true], ...[sum.gross, sum.commission, sum.net].map((one) => [wonText(one), true]),
    [links(seller)], [version > 1 ? links(seller, 1) : ''],
  ]);
  return grid([['seller'], ['version', true], ['lines', true], ['gross', true], ['commission', true], ['net', true], ['report'], ['version 1']], rows);
}

const summaries = (prefix, keys) => keys.filter((key) => key.startsWith(prefix) && !key.startsWith(`${prefix}seller-`)).map((key) => link(`reports/${key}`, basename(key))).join(', ');

// pictures: {key, rows}; story: one that has been told; problems: sentences.
export async function savePages(out, { pictures, story, problems }) {
  const { cloud, day, page } = story.market;
  await Promise.all(['mails', 'reports', 'traces'].map((name) => rm(join(out, name), { recursive: true, force: true })));
  await mkdir(out, { recursive: true });
  const mails = await saveMails(out, await cloud.ses.mails());
  const keys = await saveObjects(out, cloud.s3);
  const traces = await saveTraces(out, cloud.xray);
  await writeFile(join(out, 'ca.pem'), page.ca);
  const period = (type, first_day) => {
    const prefix = `settlements/${type}/${first_day}/`;
    return `${reportTable(story.reports.get(type) ?? new Map(), prefix, keys)}\n<p>Of the run: ${summaries(prefix, keys) || 'nothing'}</p>`;
  };
  await writeFile(join(out, 'index.html'), `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A day at the market</title>
<style>${STYLE}</style></head>
<body><h1>A day at the market</h1>
${problems.length === 0 ? '<p class="good">Every figure of every report is that of the orders.</p>' : `<ul class="bad">${problems.map((one) => `<li>${escape(one)}</li>`).join('')}</ul>`}
<h2>A product's photograph: ${escape(pictures.key)}</h2>
${figures(pictures.rows)}
<h2>The traces</h2>
${traces}
<h2>The mails</h2>
<p>The inbox itself, while the local cloud runs: <a href="${escape(cloud.ses.url)}">${escape(cloud.ses.url)}</a></p>
${grid([['to'], ['subject'], ['']], mails)}
<h2>The settlement of ${escape(day.day)}</h2>
<p>Made by the daily schedule of the next morning, and again after a late refund. The links of the mails open
while the local cloud runs, in a browser that trusts ${link('ca.pem', 'its authority')} or is told to go on.${story.presigned ? ` Without
the platform's page it is a <a href="${escape(story.presigned)}">presigned URL</a>.` : ''}</p>
${period('daily', day.day)}
<h2>The settlement of January</h2>
<p>A thousand orders with coupons, points, shipping fees, refunds and cancellations.</p>
${period('monthly', JANUARY.day)}
</body></html>
`);
}
