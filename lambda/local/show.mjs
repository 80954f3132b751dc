// How the results are shown: a table for the terminal, figures for the page.
import { basename } from 'node:path';

// Width of text in terminal cells: Hangul and CJK take two.
const cells = (text) => [...text].reduce((sum, c) => sum + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(c) ? 2 : 1), 0);

// rows: [{key, object: {body, contentType, cacheControl, metadata}}].
export function table(rows) {
  const head = ['key', 'bytes', 'type', 'cache', 'metadata'];
  const lines = rows.map(({ key, object }) => [
    key,
    String(object.body.length),
    object.contentType,
    object.cacheControl ?? '-',
    Object.entries(object.metadata).map(([name, value]) => `${name}=${value}`).join(' '),
  ]);
  const widths = head.map((title, i) => Math.max(...[title, ...lines.map((line) => line[i])].map(cells)));
  const show = (line) =>
    line
      .map((text, i) => (i === 1 ? ' '.repeat(widths[i] - cells(text)) + text : text + ' '.repeat(widths[i] - cells(text))))
      .join('  ')
      .trimEnd();
  return [head, ...lines].map(show).join('\n');
}

export const escape = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

// The pictures, which lie in folders beside the page.
export const figures = (rows) =>
  rows.map(({ size, key, object }) => {
    const metadata = Object.entries(object.metadata).map(([name, value]) => `${escape(name)}: ${escape(value)}`);
    const path = escape(`${size}/${encodeURIComponent(basename(key))}`);
    return `<figure><a href="${path}"><img src="${path}" alt="${size}"></a>
<figcaption><b>${size}</b> ${object.body.length} bytes, ${escape(object.contentType)}<br>${metadata.join('<br>')}</figcaption></figure>`;
  }).join('\n');

// The words of a shell's line, quoted where they have to be.
export const shell = (words) => words.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
