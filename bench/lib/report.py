"""Tables, and results as JSON."""
import collections
import json
import os
import re

from lib import stats


def table(head, rows):
    """Formats columns: the first is left-aligned text, the others are right-aligned."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append('  '.join(cells).rstrip())
    lines.insert(1, '-' * len(lines[0]))
    return '\n'.join(lines)


def markdown(head, rows):
    lines = ['| ' + ' | '.join(str(cell) for cell in row) + ' |' for row in [head, *rows]]
    lines.insert(1, '|' + '---|' + '---:|' * (len(head) - 1))
    return '\n'.join(lines)


def number(value, digits=2):
    return '' if value is None else f'{value:.{digits}f}'


def as_result(case):
    """Returns the record of a case that ran, or of one that could not."""
    result = {'name': case.name, 'group': case.words.get('group', ''),
              'subject': case.words.get('subject', '')}
    if case.missing is not None:
        return {**result, 'missing': case.missing}
    return finish({**result, 'about': case.about, 'made_bytes': case.made_bytes,
                   'peak_mib': round(case.peak_mib, 2) if case.peak_mib else None,
                   'wall_median_ms': round(stats.median(case.wall_ms), 4) if case.wall_ms else None,
                   'samples_ms': case.samples_ms}, case.megapixels)


def finish(result, megapixels=0.0):
    samples = result['samples_ms']
    result.update(stats.summary(samples))
    if megapixels:
        result['mp_per_s'] = round(megapixels / result['median_ms'] * 1000, 1)
    result['samples_ms'] = [round(x, 5) for x in samples]
    return result


def result_rows(results):
    rows = []
    for r in results:
        if 'missing' in r:
            rows.append([r['name'], '', '', '', '', '', '', 'missing: ' + r['missing']])
        else:
            digits = 2 if r['median_ms'] >= 1 else 4
            rows.append([r['name'], number(r['median_ms'], digits), number(r['min_ms'], digits),
                         number(r.get('wall_median_ms'), digits), f'{r["spread"] * 100:.1f} %', number(r.get('mp_per_s'), 0),
                         number(r.get('peak_mib'), 1), r.get('about', '')])
    return rows


RESULT_HEAD = ['case', 'median ms', 'min ms', 'by the clock', 'spread', 'MP/s', 'peak MiB', 'by']


def count_fallbacks(results):
    """How many cases read a file that the own decoder left to the library, by its reason."""
    reasons = [reason for r in results
               for reason in re.findall(r' after a doubt: (\w+)', r.get('about', ''))]
    return dict(sorted(collections.Counter(reasons).items()))


def write_json(path, document):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=1)
        file.write('\n')
    os.replace(path + '.new', path)


def read_json(path):
    with open(path, encoding='utf-8') as file:
        document = json.load(file)
    if not isinstance(document, dict) or 'results' not in document:
        raise ValueError(f'{path} is no result of the bench')
    return document


def write_text(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
