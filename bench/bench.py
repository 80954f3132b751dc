#!/usr/bin/env python3
"""Measures imgcore alone: kernels, resizes, the pipeline, its lower bound, memory, start-up. Writes
a table, JSON and a plot. See bench/README.md."""
import argparse
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import history, inputs as inputs_of, machine, plot, report, rounds, suite  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = ('pipeline', 'resize', 'kernel', 'memory', 'start', 'quality')


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', default='build/release', help='the build to measure')
    parser.add_argument('--work', default='build/bench', help='where derived inputs are kept')
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--only', default=','.join(GROUPS), help='of ' + ', '.join(GROUPS))
    parser.add_argument('--targets', default='', help='CPU targets, by commas (default: all)')
    parser.add_argument('--small', action='store_true', help='tiny inputs: a test of the bench')
    parser.add_argument('--out', default='bench/results/latest',
                        help='results: this name with .json, .txt and .svg')
    parser.add_argument('--record', action='store_true',
                        help='keep the result in bench/results/history too')
    parser.add_argument('images', nargs='*', help='photographs or folders (default: make run\'s)')
    return parser.parse_args(arguments)


def gather(programs, options, core):
    """All results of one build."""
    only = options.only.split(',')
    unknown = [word for word in only if word not in GROUPS]
    if unknown:
        raise ValueError(f'no such part for --only: {unknown[0]}')
    maker = inputs_of.Maker(programs.bench('bench_inputs'), os.path.join(options.work, 'inputs'))
    photos, source = inputs_of.prepare(maker, options.images, options.small)
    targets = options.targets.split(',') if options.targets else programs.targets()
    results, quality = [], []
    for photo in photos if 'pipeline' in only else []:
        cases = suite.pipeline_cases(programs, photo, targets)
        few = options.rounds if photo.kind != 'png' else max(2, options.rounds // 3)
        rounds.run_rounds(cases, few, core, on_round=rounds.progress(photo.label))
        results += [report.as_result(case) for case in cases]
    if 'resize' in only:
        sources = inputs_of.resize_sources(maker, source, options.small)
        cases = suite.resize_cases(programs, sources, targets, options.small)
        # Two cases with one image at a time: with all of them together the memory would not be warm.
        for kind, _ in inputs_of.CHANNELS:
            part = [c for c in cases if c.words['subject'].startswith(kind + ' ')]
            rounds.run_rounds(part, options.rounds, core, on_round=rounds.progress('resize ' + kind))
            results += [report.as_result(case) for case in part]
    if 'kernel' in only:
        results += [report.finish(r) for r in suite.time_kernels(programs)]
    if 'memory' in only:
        photo = min(photos, key=lambda p: p.kind != 'jpeg420')
        for case in suite.memory_cases(programs, maker, photo, source, options.small):
            suite.peak_memory(case, core)
            results.append(report.as_result(case))
    if 'start' in only:
        results += [report.as_result(c) for c in suite.start_ups(programs, options.rounds, core)]
    if 'quality' in only:
        quality = suite.qualities(programs, photos)
    return results, quality


def quality_rows(quality):
    rows = []
    for q in quality:
        rows.append([f'{q["subject"]}/{q["preset"]}'] + [report.number(s['all'], 1)
                                                         for s in q['sizes']]
                    + [report.number(min(min(s['planes']) for s in q['sizes']), 1)])
    return rows


QUALITY_HEAD = ['PSNR dB before encoding', '1200', '800', '400', '200', 'worst plane']


def as_plot(document):
    rows = []
    for r in document['results']:
        if r['group'] in ('pipeline', 'floor', 'resize') and 'missing' not in r:
            note = f'({r["mp_per_s"]:.0f} MP/s)' if 'mp_per_s' in r else ''
            rows.append((re.sub(r'^(pipeline|resize)/', '', r['name']), r['median_ms'],
                         r['group'] != 'floor', note))
    return plot.bars('imgcore: medians, CPU time on one core', rows)


def main():
    options = parse()
    programs = suite.Programs(options.build)
    if not os.path.exists(programs.bench('bench_pipeline')):
        print('bench: build first: make bench-programs', file=sys.stderr)
        return 2
    core = rounds.pick_core()
    document = {'format': 1,
                'machine': machine.describe(os.path.dirname(HERE), os.environ.get('CC', 'gcc')),
                'rounds': options.rounds, 'pinned': core is not None}
    try:
        document['results'], document['quality'] = gather(programs, options, core)
    except (FileNotFoundError, ValueError) as error:
        print(f'bench: {error}', file=sys.stderr)
        return 2
    document['machine']['load_after'] = [round(x, 2) for x in os.getloadavg()]
    text = report.table(report.RESULT_HEAD, report.result_rows(document['results']))
    document['fallbacks'] = report.count_fallbacks(document['results'])
    text += '\n\ncases left to the library by the own decoder: ' + (
        ', '.join(f'{reason} {count}' for reason, count in document['fallbacks'].items()) or 'none')
    if document['quality']:
        text += '\n\n' + report.table(QUALITY_HEAD, quality_rows(document['quality']))
    print(text)
    report.write_json(options.out + '.json', document)
    report.write_text(options.out + '.txt', text + '\n')
    report.write_text(options.out + '.svg', as_plot(document))
    message = f'\n{options.out}.json, .txt and .svg hold it.'
    if options.record:
        message += f' Recorded as {history.record(os.path.join(HERE, "results"), document)}.'
    print(message)
    missing = [r for r in document['results'] if 'missing' in r]
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
