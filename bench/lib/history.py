"""Recorded runs (results/history/*.json) and the page that plots them (results/index.html)."""
import glob
import os
from html import escape

from lib import plot, report


KEPT = ('name', 'group', 'about', 'median_ms', 'min_ms', 'spread', 'peak_mib', 'made_bytes')


def summary(document):
    """What is kept of a run: no single samples, and no kernels, which are most of it by far."""
    results = [{key: r[key] for key in KEPT if key in r} for r in document['results']
               if r['group'] != 'kernel' and 'missing' not in r]
    return {**document, 'results': results}


def record(folder, document):
    """Stores the summary of a result under its time and commit, writes the page again; returns the name."""
    made = document['machine']
    stamp = made['when'].replace(':', '').replace('-', '')
    name = f'{stamp}-{made["commit"] or "none"}{"-changed" if made["changed"] else ""}.json'
    report.write_json(os.path.join(folder, 'history', name), summary(document))
    write_page(folder)
    return name


def load(folder):
    documents = [report.read_json(path)
                 for path in glob.glob(os.path.join(folder, 'history', '*.json'))]
    return sorted(documents, key=lambda d: d['machine']['when'])


STYLE = ("body{font-family:sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
         "table{border-collapse:collapse}td,th{padding:.15rem .8rem;text-align:left}"
         "td.n{text-align:right;font-variant-numeric:tabular-nums}"
         "tbody tr:nth-child(odd){background:#f4f6f8}"
         "summary{font-size:1.2rem;margin:.8rem 0;cursor:pointer}svg{max-width:100%}")


def write_page(folder):
    """Writes the page: a part for each CPU, with a table of small plots for each group, and large
    plots for the pipeline."""
    documents = load(folder)
    parts = ['<!DOCTYPE html>', '<html lang="en">', '<head>', '<meta charset="utf-8">',
             '<title>imgcore: history of the bench</title>', f'<style>{STYLE}</style>',
             '</head>', '<body>', '<h1>imgcore: history of the bench</h1>',
             '<p>Medians in milliseconds of CPU time on one core. Runs of different machines do not '
             'compare: each CPU stands by itself. Every axis begins at zero.</p>']
    cpus = list(dict.fromkeys(d['machine']['cpu'] for d in documents))
    if not cpus:
        parts.append('<p>Nothing is recorded yet: <code>make bench RECORD=1</code>.</p>')
    for cpu in cpus:
        runs = [d for d in documents if d['machine']['cpu'] == cpu]
        parts += [f'<h2>{escape(cpu)}</h2>', '<table>', '<thead><tr><th>when</th><th>commit</th>'
                  '<th>compiler</th><th>load</th></tr></thead>', '<tbody>']
        for d in runs:
            m = d['machine']
            parts.append(f'<tr><td>{escape(m["when"])}</td><td>{escape(m["commit"])}'
                         f'{" and changes" if m["changed"] else ""}</td>'
                         f'<td>{escape(m["compiler"])}</td><td class="n">{m["load"][0]}</td></tr>')
        parts.append('</tbody></table>')
        parts += _groups(runs)
    parts += ['</body>', '</html>', '']
    report.write_text(os.path.join(folder, 'index.html'), '\n'.join(parts))


def _groups(runs):
    tables = [{r['name']: r for r in run['results'] if 'missing' not in r} for run in runs]
    groups = {}
    for name in dict.fromkeys(name for table in tables for name in table):
        # memory and quality have no time: no value, no row
        values = [table[name]['median_ms'] or None if name in table else None for table in tables]
        if any(value is not None for value in values):
            groups.setdefault(name.split('/')[0], {})[name] = values
    labels = [run['machine']['commit'] or run['machine']['when'] for run in runs]
    parts = []
    for group, members in groups.items():
        is_open = group == 'pipeline'
        parts += [f'<details{" open" if is_open else ""}>',
                  f'<summary>{escape(group)} ({len(members)})</summary>']
        if is_open and len(runs) > 1:
            parts += [plot.line(name, list(zip(labels, values)))
                      for name, values in members.items()]
        parts += ['<table>', '<thead><tr><th>case</th><th>last, ms</th><th>to the run before</th>'
                  '<th>least, ms</th><th>all runs</th></tr></thead>', '<tbody>']
        parts += [_row(name, values) for name, values in members.items()]
        parts += ['</tbody></table>', '</details>']
    return parts


def _row(name, values):
    known = [value for value in values if value is not None]
    change = f'{(known[-1] / known[-2] - 1) * 100:+.1f} %' if len(known) > 1 else ''
    return (f'<tr><td>{escape(name)}</td><td class="n">{known[-1]:.4g}</td>'
            f'<td class="n">{change}</td><td class="n">{min(known):.4g}</td>'
            f'<td>{plot.spark(values)}</td></tr>')
