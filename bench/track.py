#!/usr/bin/env python3
"""Compares two commits, or two result files of `make bench`, and fails on a regression: a case whose
entire interval of the ratio is beyond the bound. See bench/README.md."""
import argparse
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import inputs as inputs_of, report, rounds, stats, suite  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
LEAST_SAMPLES = 5


def parse():
    parser = argparse.ArgumentParser(description=__doc__, epilog='exit status: 0 no regression, '
                                     '1 regression, 2 wrong usage or a side that does not build')
    parser.add_argument('base', help='a commit, or a result (.json)')
    parser.add_argument('head', nargs='?', default='HEAD',
                        help='the same for the other side; "." is the working tree (default: HEAD)')
    parser.add_argument('--bound', type=float, default=5.0, help='percent allowed (default 5)')
    parser.add_argument('--rounds', type=int, default=31)
    parser.add_argument('--level', type=float, default=0.99, help='of the interval')
    parser.add_argument('--only', default='pipeline,resize', help='of pipeline, resize')
    parser.add_argument('--work', default='build/bench', help='where worktrees and inputs are kept')
    parser.add_argument('--out', default='', help='write the comparison as JSON here')
    parser.add_argument('--images', nargs='*', default=[], help='photographs or folders')
    return parser.parse_args()


class Unusable(Exception):
    """A side cannot be measured; the text is the reason."""


def build(commit, work):
    """Builds the programs of a commit in a worktree with the bench of this tree, so that both sides
    are measured by the same programs."""
    if commit == '.':
        tree = TOP
    else:
        named = subprocess.run(['git', 'rev-parse', '--verify', '--quiet', commit + '^{commit}'],
                               cwd=TOP, capture_output=True, text=True).stdout.strip()
        if not named:
            raise Unusable(f'{commit} is neither a commit nor a file')
        tree = os.path.join(os.path.abspath(work), 'trees', named[:12])
        if not os.path.isdir(tree):
            subprocess.run(['git', 'worktree', 'prune'], cwd=TOP, check=True)
            subprocess.run(['git', 'worktree', 'add', '--detach', '--force', tree, named], cwd=TOP,
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(os.path.join(tree, 'bench'), ignore_errors=True)
        shutil.copytree(HERE, os.path.join(tree, 'bench'),
                        ignore=shutil.ignore_patterns('results', '__pycache__'))
    # Variables of the command line of this make do not apply to the other one.
    clean = {key: value for key, value in os.environ.items()
             if key not in ('MAKEFLAGS', 'MAKEOVERRIDES', 'MFLAGS', 'MAKELEVEL', 'BASE', 'HEAD')}
    done = subprocess.run(['make', '-f', 'Makefile', '-f', 'bench/bench.mk', 'bench-timed'],
                          cwd=tree, env=clean, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unusable(f'{commit} does not build with this bench:\n{done.stderr[-2000:]}')
    return suite.Programs(os.path.join(tree, 'build', 'release'))


def cases_of(programs, photos, sources, only):
    cases = []
    if 'pipeline' in only:
        for photo in photos:
            cases += [suite.pipeline_case(programs, photo, preset) for preset in suite.PRESETS]
    if 'resize' in only:
        cases += suite.resize_cases(programs, sources, [programs.targets()[0]])
    return cases


def measure(options):
    """Returns {name: (samples of base, samples of head)} of two commits."""
    base, head = build(options.base, options.work), build(options.head, options.work)
    maker = inputs_of.Maker(head.bench('bench_inputs'), os.path.join(options.work, 'inputs'))
    photos, source = inputs_of.prepare(maker, options.images)
    sources = inputs_of.resize_sources(maker, source)
    only = options.only.split(',')
    core = rounds.pick_core()
    pairs = {}
    for old, new in zip(cases_of(base, photos, sources, only),
                        cases_of(head, photos, sources, only)):
        rounds.run_rounds([old, new], options.rounds, core, on_round=rounds.progress(new.name))
        for case in (old, new):
            if case.missing:
                raise Unusable(f'{case.name}: {case.missing}')
        pairs[new.name.replace('/' + head.targets()[0], '')] = (old.samples_ms, new.samples_ms)
    return pairs


def from_files(options):
    """The same from two result files, which may have different cases."""
    def load(path):
        try:
            return {r['name']: r['samples_ms'] for r in report.read_json(path)['results']
                    if len(r.get('samples_ms', [])) >= LEAST_SAMPLES}
        except (OSError, ValueError, KeyError) as error:
            raise Unusable(str(error)) from None
    base, head = load(options.base), load(options.head)
    return {name: (base[name], head[name]) for name in head if name in base}


def classify(pairs, options):
    results = []
    bound = 1 + options.bound / 100
    for name, (base, head) in pairs.items():
        ratio, low, high = stats.ratio_interval(base, head, options.level)
        result = 'slower' if low > bound else 'faster' if high < 1 / bound else \
            'same' if 1 / bound <= low and high <= bound else 'unclear'
        results.append({'name': name, 'base_ms': round(stats.median(base), 4),
                        'head_ms': round(stats.median(head), 4), 'ratio': round(ratio, 4),
                        'low': round(low, 4), 'high': round(high, 4), 'result': result})
    return results


def main():
    options = parse()
    try:
        files = [side.endswith('.json') for side in (options.base, options.head)]
        if any(files) and not all(files):
            raise Unusable('either two results or two commits')
        results = classify(from_files(options) if all(files) else measure(options), options)
        if not results:
            raise Unusable('the two sides have no case in common')
    except (Unusable, FileNotFoundError) as why:
        print(f'bench-track: {why}', file=sys.stderr)
        return 2
    print(report.table(['case', 'base ms', 'head ms', 'ratio',
                        f'{options.level * 100:.0f} % interval', ''],
                       [[r['name'], report.number(r['base_ms'], 3), report.number(r['head_ms'], 3),
                         report.number(r['ratio'], 3), f'{r["low"]:.3f} to {r["high"]:.3f}',
                         r['result']] for r in results]))
    slower = [r['name'] for r in results if r['result'] == 'slower']
    if options.out:
        report.write_json(options.out, {'bound_percent': options.bound, 'base': options.base,
                                        'head': options.head, 'results': results})
    print(f'\n{len(slower)} of {len(results)} slower by more than {options.bound:g} %'
          + (': ' + ', '.join(slower) if slower else ''))
    return 1 if slower else 0


if __name__ == '__main__':
    sys.exit(main())
