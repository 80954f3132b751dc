// A trace as a page: a waterfall of its subsegments, each a bar from its begin to its end, with what X-Ray's
// console would show beside it. Plain HTML with one SVG; no scripts.
import { escape } from './show.mjs';

const ROW = 22;
const NAME_WIDTH = 300;
const BAR_WIDTH = 560;
const TIME_WIDTH = 90;
const WIDTH = NAME_WIDTH + BAR_WIDTH + TIME_WIDTH;
const HEAD = 26;
const INDENT = 14;
const NAME_CHARACTERS = 40;

const STYLE = `body{font:15px/1.5 sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#222}h1{font-size:1.4em}
svg{max-width:100%;height:auto;font:12px sans-serif}text{fill:#222}.grid{stroke:#ddd}.axis{fill:#666}.zebra{fill:#f6f6f4}
.local{fill:#8aa0b4}.aws{fill:#d98a2b}.remote{fill:#6c8f4e}.busy{fill:#43617e}.bad{fill:#b8322a}.failed{fill:#b8322a;font-weight:bold}
table{border-collapse:collapse;margin:1em 0;font-size:.9em}th,td{padding:.2em .7em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}code{font-size:.95em;overflow-wrap:anywhere}
.key span{display:inline-block;width:1em;height:.8em;margin:0 .3em 0 1em}`;

const SWATCHES = [['#8aa0b4', 'work of the function'], ['#43617e', 'the time spent on this stage'], ['#d98a2b', 'a call to AWS'], ['#6c8f4e', 'a statement'], ['#b8322a', 'failed']];

// "12.3 ms", "0.04 ms".
export const milliseconds = (seconds) => {
  const ms = seconds * 1000;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 1 ? 1 : 2)} ms`;
};

// A round number of seconds for at most eight lines.
function step(total) {
  const rough = total / 8;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
}

// The subsegments in the order of a walk through the tree, siblings by their begin: [{span, depth}]. spans: as
// LocalXray.spans has them, from any number of documents.
export function treeOf(spans) {
  const ids = new Set(spans.map(([{ id }]) => id));
  const children = Map.groupBy(spans, ([, parent]) => (ids.has(parent) ? parent : null));
  const rows = [];
  const visit = (parent, depth) => {
    const below = (children.get(parent) ?? []).map(([span]) => span);
    below.sort((a, b) => a.start_time - b.start_time || a.end_time - b.end_time);
    for (const span of below) {
      rows.push({ span, depth });
      visit(span.id, depth + 1);
    }
  };
  visit(null, 0);
  return rows;
}

const title = ({ name, aws, sql }) => sql?.sanitized_query ?? `${name}${aws?.operation ? ` ${aws.operation}` : ''}`;
const kindOf = ({ namespace }) => namespace ?? 'local';
const hasFailed = ({ fault, error, throttle }) => Boolean(fault || error || throttle);
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
const valuesOf = ({ annotations = {}, metadata = {} }) => ({ ...annotations, ...metadata.default });

function bar(span, y, begin, scale) {
  const x = NAME_WIDTH + (span.start_time - begin) * scale;
  const width = Math.max(1.5, (span.end_time - span.start_time) * scale);
  const rect = (kind, wide, top, high) => `<rect class="${kind}" x="${x.toFixed(1)}" y="${top}" width="${wide.toFixed(1)}" height="${high}"/>`;
  const busy = valuesOf(span).busy_us;
  return [
    rect(hasFailed(span) ? 'bad' : kindOf(span), width, y + 5, ROW - 10),
    busy === undefined ? '' : rect('busy', Math.min(width, Math.max(1, (busy / 1e6) * scale)), y + 5, ROW - 10),
  ].join('');
}

function waterfall(rows) {
  const begin = Math.min(...rows.map(({ span }) => span.start_time));
  const total = Math.max(1e-6, Math.max(...rows.map(({ span }) => span.end_time)) - begin);
  const scale = BAR_WIDTH / total;
  const height = HEAD + rows.length * ROW + 4;
  const every = step(total);
  const lines = Array.from({ length: Math.floor(total / every) + 1 }, (_, i) => {
    const x = (NAME_WIDTH + i * every * scale).toFixed(1);
    return `<line class="grid" x1="${x}" y1="${HEAD - 4}" x2="${x}" y2="${height}"/><text class="axis" x="${x}" y="14" text-anchor="middle">${+(i * every * 1000).toPrecision(6)} ms</text>`;
  });
  const bars = rows.map(({ span, depth }, i) => {
    const y = HEAD + i * ROW;
    const text_y = y + ROW / 2 + 4;
    return `${i % 2 === 0 ? `<rect class="zebra" x="0" y="${y}" width="${WIDTH}" height="${ROW}"/>` : ''}<g><title>${escape(title(span))}</title>
<text x="${4 + depth * INDENT}" y="${text_y}"${hasFailed(span) ? ' class="failed"' : ''}>${escape(cut(title(span), NAME_CHARACTERS - depth * 2))}</text>BAR${i}<text x="${WIDTH - 4}" y="${text_y}" text-anchor="end">${milliseconds(span.end_time - span.start_time)}</text></g>`;
  });
  // The lines lie above the stripes and below the bars.
  const stripes = bars.map((one) => one.match(/^<rect class="zebra"[^>]*>/)?.[0] ?? '').join('\n');
  const rest = bars.map((one, i) => one.replace(/^<rect class="zebra"[^>]*>/, '').replace(`BAR${i}`, bar(rows[i].span, HEAD + i * ROW, begin, scale))).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
${stripes}\n${lines.join('\n')}\n${rest}\n</svg>`;
}

function detail(span) {
  const { aws = {}, http, sql, cause } = span;
  const parts = [];
  if (aws.region) parts.push(escape(aws.region));
  if (http?.response) parts.push(`HTTP ${http.response.status}`);
  if (aws.retries > 0) parts.push(`${aws.retries} ${aws.retries === 1 ? 'retry' : 'retries'}`);
  if (aws.request_id) parts.push(`request ${escape(aws.request_id)}`);
  if (sql) parts.push(`${escape(sql.database_type ?? '')}: <code>${escape(sql.sanitized_query ?? '')}</code>`);
  for (const [name, value] of Object.entries(valuesOf(span))) {
    parts.push(name.endsWith('_us') ? `${escape(name.slice(0, -3))} ${milliseconds(value / 1e6)}` : `${escape(name)} ${escape(String(value))}`);
  }
  for (const one of cause?.exceptions ?? []) parts.push(`<b>${escape(one.type ?? '')}</b> ${escape(one.message ?? '')}`);
  return parts.join(', ');
}

// name: of the function; spans: of one trace, as LocalXray.spans has them; back: {path, text} of a link.
export function tracePage({ name, trace_id, spans, back = null }) {
  const rows = treeOf(spans);
  const begin = Math.min(...rows.map(({ span }) => span.start_time));
  const table = rows.map(({ span, depth }) => `<tr><td style="padding-left:${0.5 + depth}em">${escape(span.name)}${span.aws?.operation ? ` ${escape(span.aws.operation)}` : ''}</td>
<td class="n">${milliseconds(span.start_time - begin)}</td><td class="n">${milliseconds(span.end_time - span.start_time)}</td><td>${detail(span)}</td></tr>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(name)}: trace</title>
<style>${STYLE}</style></head>
<body>${back ? `<p><a href="${escape(back.path)}">${escape(back.text)}</a></p>` : ''}
<h1>One invocation of ${escape(name)}</h1>
<p>Trace <code>${escape(trace_id)}</code>, ${new Date(begin * 1000).toISOString()}, ${rows.length} subsegments as the X-Ray daemon got them.</p>
<p class="key">${SWATCHES.map(([color, text]) => `<span style="background:${color}"></span>${text}`).join('')}</p>
${waterfall(rows)}
<table><thead><tr><th>subsegment</th><th class="n">begins after</th><th class="n">takes</th><th></th></tr></thead><tbody>
${table.join('\n')}
</tbody></table>
</body></html>
`;
}

// The pages of all traces that the daemon has, below the folder `out`, and their table: {rows, pages}. A row is
// {name, path, begin_s, seconds, count, failed}.
export function tracePages(xray, { back = null } = {}) {
  const rows = [];
  const pages = new Map();
  for (const trace_id of xray.traces()) {
    const spans = xray.spans(trace_id);
    const [first] = treeOf(spans);
    const name = first.span.annotations?.function ?? first.span.name;
    const path = `${String(rows.length + 1).padStart(3, '0')}-${name.replace(/[^\w-]/g, '_')}.html`;
    pages.set(path, tracePage({ name, trace_id, spans, back }));
    const seconds = first.span.end_time - first.span.start_time;
    rows.push({ name, path, begin_s: first.span.start_time, seconds, count: spans.length, failed: spans.some(([span]) => hasFailed(span)) });
  }
  return { rows, pages };
}
