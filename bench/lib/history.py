"""Recorded runs (results/history/*.json) and the page that plots them (results/index.html)."""
import glob
import os
from html import escape

from lib import plot, report


def record(folder, document):
    """Keeps a result under the time and commit it is of, makes the page anew; answers the name."""
    made = document['machine']
    stamp = made['when'].replace(':', '').replace('-', '')
    name = f'{stamp}-{made["commit"] or "none"}{"-changed" if made["changed"] else ""}.json'
    report.write_json(os.path.join(folder, 'history', name), document)
    write_page(folder)
    return name


def load(folder):
    documents = [report.read_json(path)
                 for path in glob.glob(os.path.join(folder, 'history', '*.json'))]
    return sorted(documents, key=lambda d: d['machine']['when'])


def write_page(folder):
    """One plot for each case, the runs side by side; runs on different CPUs apart from each other."""
    documents = load(folder)
    parts = ['<!DOCTYPE html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
             '<title>imgcore: history of the bench</title>',
             '<style>body{font-family:sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}'
             'svg{margin:.3rem;max-width:100%}table{border-collapse:collapse}'
             'td,th{padding:.2rem .8rem;text-align:left}summary{font-size:1.2rem;margin:.6rem 0}'
             '</style>',
             '</head>', '<body>', '<h1>imgcore: history of the bench</h1>',
             '<p>Medians in milliseconds of CPU time on one core. Runs of different machines do not '
             'compare: each CPU has its own plots. The axis begins at zero.</p>']
    cpus = list(dict.fromkeys(d['machine']['cpu'] for d in documents))
    if not cpus:
        parts.append('<p>Nothing is recorded yet: <code>make bench RECORD=1</code>.</p>')
    for cpu in cpus:
        runs = [d for d in documents if d['machine']['cpu'] == cpu]
        parts += [f'<h2>{escape(cpu)}</h2>', '<table>',
                  '<tr><th>when</th><th>commit</th><th>compiler</th><th>load</th></tr>']
        for d in runs:
            m = d['machine']
            parts.append(f'<tr><td>{escape(m["when"])}</td><td>{escape(m["commit"])}'
                         f'{" and changes" if m["changed"] else ""}</td>'
                         f'<td>{escape(m["compiler"])}</td><td>{m["load"][0]}</td></tr>')
        parts.append('</table>')
        parts += _plots(runs)
    parts += ['</body>', '</html>', '']
    report.write_text(os.path.join(folder, 'index.html'), '\n'.join(parts))


def _plots(runs):
    tables = [{r['name']: r for r in run['results'] if 'missing' not in r} for run in runs]
    names = list(dict.fromkeys(name for table in tables for name in table))
    groups = {}
    for name in names:
        groups.setdefault(name.split('/')[0], []).append(name)
    parts = []
    for group, members in groups.items():
        parts += [f'<details{" open" if group == "pipeline" else ""}>',
                  f'<summary>{escape(group)}</summary>']
        for name in members:
            # memory and quality have no time: no value, no plot
            points = [(run['machine']['commit'] or run['machine']['when'],
                       table[name]['median_ms'] or None if name in table else None)
                      for run, table in zip(runs, tables)]
            parts.append(plot.line(name, points))
        parts.append('</details>')
    return parts
