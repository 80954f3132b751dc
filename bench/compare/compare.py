#!/usr/bin/env python3
"""Measures imgcore and other libraries, interleaved in one run on one core, checks sizes and accuracy,
and compares with the goals. See bench/README.md."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from lib import inputs as inputs_of, machine, plot, report, rounds, stats, suite  # noqa: E402
from lib.rounds import Case  # noqa: E402
import marks as marks_of  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(os.path.join(HERE, '..', '..'))
# One thread everywhere: the comparison is per thread.
ONE_THREAD = {'VIPS_CONCURRENCY': '1', 'OMP_NUM_THREADS': '1', 'OPENCV_FOR_THREADS_NUM': '1',
              'UV_THREADPOOL_SIZE': '1', 'RAYON_NUM_THREADS': '1', 'MAGICK_THREAD_LIMIT': '1'}


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--build', default='build/release', help='our build folder')
    parser.add_argument('--modules', default='build/bench', help='folder that holds node_modules')
    parser.add_argument('--node', default='node', help='the node to run')
    parser.add_argument('--work', default='build/bench', help='where derived inputs are kept')
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--only', default='pipeline,decode,resize,memory,start',
                        help='of pipeline, decode, resize, memory, start')
    parser.add_argument('--peers', default='', help='only peers whose names hold one of these')
    parser.add_argument('--subjects', default='', help='only inputs whose names hold one of these')
    parser.add_argument('--small', action='store_true', help='tiny inputs: a test of this script')
    parser.add_argument('--out', default='bench/results/compare',
                        help='results: this name with .json, .md and .svg')
    parser.add_argument('--record', action='store_true',
                        help='keep the report and its plot as bench/results/peers.{md,svg} too')
    parser.add_argument('images', nargs='*', help='photographs or folders (default: make run\'s)')
    return parser.parse_args()


def has_word(text, words):
    return not words or any(word in text for word in words.split(','))


def peers_of_pipeline(options, programs, photo, form):
    """imgcore first, then every other library: four images of one photograph."""
    def case(peer, argv, **words):
        return Case(peer, argv, photo.megapixels, ONE_THREAD, peer=peer, **words)

    node = [options.node, os.path.join(HERE, 'run_npm.mjs'), '--modules', options.modules,
            '--input', photo.path, '--format', form]
    cases = [suite.pipeline_case(programs, photo, preset, form, name=name) for name, preset in
             (('imgcore', 'balanced'), ('imgcore quality', 'quality'), ('imgcore fast', 'fast'))]
    if form == 'jpeg':
        cases.append(suite.pipeline_case(programs, photo, name='imgcore, optimised tables',
                                         optimize=1))
    for c in cases:
        c.words['peer'] = c.name
    if photo.kind != 'png' and form == 'jpeg':
        for name, part, decoder in (('floor', 'both', 'own'), ('floor, decode alone', 'decode', 'own'),
                                    ('floor, libjpeg-turbo\'s decode alone', 'decode', 'libjpeg')):
            cases.append(suite.floor_case(programs, photo, name=name, part=part, decoder=decoder))
            cases[-1].words['peer'] = name
    cases.append(case('sharp x4', node + ['--peer', 'sharp-x4']))
    cases.append(case('sharp cascade', node + ['--peer', 'sharp-cascade']))
    if form == 'jpeg':
        cases.append(case('sharp x4, plain tables',
                          node + ['--peer', 'sharp-x4', '--optimize', '0']))
        cases.append(case('sharp cascade, plain tables',
                          node + ['--peer', 'sharp-cascade', '--optimize', '0']))
    cases.append(case('@napi-rs/image', node + ['--peer', 'napi-x4'], few=True))
    tail = ['--input', photo.path, '--format', form]
    for way in ('x4', 'cascade'):
        cases.append(case(f'libvips C {way}', [programs.bench('run_vips'), '--way', way, *tail]))
        cases.append(case(f'Pillow {way}', ['/usr/bin/python3', os.path.join(HERE, 'run_pillow.py'),
                                            '--way', way, *tail], few=True))
    if photo.kind != 'png' and form == 'jpeg':
        cases.append(case('OpenCV reduced', [programs.bench('run_opencv'), '--way', 'reduced',
                                             *tail]))
    cases.append(case('OpenCV full', [programs.bench('run_opencv'), '--way', 'full', *tail]))
    cases.append(case('GraphicsMagick', [programs.bench('run_gm'), *tail], few=True))
    return [c for c in cases if has_word(c.name, options.peers)]


def peers_of_resize(options, programs, case, kind, path, source, size):
    dims = ['--input', path, '--width', str(size[0]), '--height', str(size[1])]
    mp = source[0] * source[1] / 1e6

    def rival(peer, argv, **words):
        return Case(peer, argv, mp, ONE_THREAD, peer=peer, **words)

    targets = programs.targets()
    cases = [suite.resize_case(programs, case, kind, path, source, size, target,
                               name=f'imgcore {target}') for target in targets if target != 'ref']
    for c in cases:
        c.words['peer'] = c.name
    cases += [rival('zimg', [programs.bench('run_zimg'), *dims]),
              rival('zimg avx2', [programs.bench('run_zimg'), *dims, '--cpu', 'avx2']),
              rival('swscale', [programs.bench('run_swscale'), *dims]),
              rival('libvips reduce', [programs.bench('run_vips'), '--way', 'resize', *dims]),
              rival('OpenCV LANCZOS4', [programs.bench('run_opencv'), '--way', 'lanczos', *dims]),
              rival('OpenCV AREA', [programs.bench('run_opencv'), '--way', 'area', *dims]),
              rival('Pillow', ['/usr/bin/python3', os.path.join(HERE, 'run_pillow.py'), '--way',
                               'resize', *dims], few=True),
              rival('sharp raw', [options.node, os.path.join(HERE, 'run_npm.mjs'), '--modules',
                                  options.modules, '--peer', 'sharp-resize', *dims]),
              rival('GraphicsMagick', [programs.bench('run_gm'), '--way', 'resize', *dims],
                    few=True)]
    return [c for c in cases if has_word(c.name, options.peers)]


def ask_quality(programs, *words):
    done = subprocess.run([programs.bench('bench_quality'), *words], capture_output=True, text=True)
    try:
        return json.loads(done.stdout) if done.returncode == 0 else None
    except ValueError:
        return None


def expected_sizes(photo):
    """Returns the fitted sizes as imgcore computes them; a peer may round a side differently."""
    sizes = []
    for box in (1200, 800, 400, 200):
        if max(photo.width, photo.height) <= box:
            sizes.append((photo.width, photo.height))
        elif photo.width >= photo.height:
            sizes.append((box, max(1, int(photo.height * box / photo.width + 0.5))))
        else:
            sizes.append((max(1, int(photo.width * box / photo.height + 0.5)), box))
    return sizes


def made_sizes(folder, photo, form):
    """Compares the sizes of a peer's files: 'same', or the difference."""
    end = 'png' if form == 'png' else 'jpg'
    found = []
    for i in range(4):
        path = os.path.join(folder, f'{i}.{end}')
        head = inputs_of.read_head(path) if os.path.exists(path) else None
        if head is None:
            return 'none'
        found.append(head[1:])
    wanted = expected_sizes(photo)
    if found == wanted or found == [(h, w) for w, h in wanted]:
        return 'same'
    return ' '.join(f'{w}x{h}' for (w, h), want in zip(found, wanted) if (w, h) != want)


def measure(cases, options, core, folder, what):
    """Runs the cases; slow rivals (`few`) take part in every third round only."""
    few = [c for c in cases if c.words.get('few')]
    steady = [c for c in cases if not c.words.get('few')]

    def save(case):
        return None if case.name.startswith('floor') else folder_of(folder, case)
    # A PNG takes ten times as long as a JPEG, and its times vary less.
    count = max(3, options.rounds // 3) if '.png' in what else options.rounds
    rounds.run_rounds(steady, count, core, save=save, on_round=rounds.progress(what))
    ours = [suite_copy(c) for c in steady[:1]]
    if few:
        # A slow library would leave the caches cold for the others: these run separately, together
        # with imgcore.
        rounds.run_rounds(ours + few, max(2, options.rounds // 3), core, warmup=1, save=save)
    return ours


def folder_of(folder, case):
    return os.path.join(folder, case.name.replace('/', '_'))


def suite_copy(case):
    return Case(case.name, case.argv, case.megapixels, case.env, **case.words)


def as_rows(cases, ours, ours_slow):
    """Adds ratios to `ours`: of the minima, and the median of the ratios of the rounds."""
    results = []
    for case in cases:
        result = report.as_result(case)
        result['peer'] = case.name
        base = ours_slow if case.words.get('few') else ours
        if 'missing' not in result and base is not None and base.samples_ms:
            result['ratio'] = round(min(case.samples_ms) / min(base.samples_ms), 3)
            pairs = [a / b for a, b in zip(case.samples_ms, base.samples_ms)]
            result['ratio_median'] = round(stats.median(pairs), 3)
        results.append(result)
    return results


def compare_pipeline(options, programs, photo, form, core):
    cases = peers_of_pipeline(options, programs, photo, form)
    with tempfile.TemporaryDirectory() as folder:
        slow = measure(cases, options, core, folder, f'{photo.label} to {form}')
        results = as_rows(cases, cases[0], slow[0] if slow else None)
        for case, result in zip(cases, results):
            if 'missing' in result or case.name.startswith('floor'):
                continue
            made = folder_of(folder, case)
            result['sizes'] = made_sizes(made, photo, form)
            if case.name.startswith('imgcore'):
                quality = ask_quality(programs, 'preset', photo.path, '--preset',
                                      case.words['preset'])
            else:
                quality = ask_quality(programs, 'results', photo.path, made)
            if quality:
                result['psnr'] = [size['all'] for size in quality['sizes']]
                result['psnr_luma'] = [size.get('luma') for size in quality['sizes']]
            shutil.rmtree(made, ignore_errors=True)
    return {'kind': 'pipeline', 'subject': photo.label, 'form': form, 'input': photo.kind,
            'width': photo.width, 'height': photo.height, 'results': results}


def compare_resize(options, programs, case, kind, path, source, size, core):
    cases = peers_of_resize(options, programs, case, kind, path, source, size)
    with tempfile.TemporaryDirectory() as folder:
        slow = measure(cases, options, core, folder, f'{kind} {case}')
        results = as_rows(cases, cases[0], slow[0] if slow else None)
        for one, result in zip(cases, results):
            if 'missing' in result:
                continue
            # Libraries that do not weight by alpha are compared with the result that they compute.
            plain = ['--plain', '1'] if one.name.startswith(('zimg', 'swscale', 'OpenCV')) else []
            made = os.path.join(folder_of(folder, one), '0.pam')
            quality = ask_quality(programs, 'pixels', path, made, *plain)
            if quality:
                result['exact'] = quality
                result['sizes'] = 'same' if (quality['width'], quality['height']) == size else 'no'
                result['plain_alpha'] = bool(plain) and kind == 'RGBA8'
            shutil.rmtree(os.path.dirname(made), ignore_errors=True)
    return {'kind': 'resize', 'subject': f'{kind} {case}', 'results': results,
            'form': f'{source[0]}x{source[1]} to {size[0]}x{size[1]}'}


SCALES = (1, 2, 4, 8)


def compare_decode(options, programs, photo, core):
    """A JPEG to planes at each scale: libjpeg-turbo, and imgcore on each target."""
    scales = []
    for denom in SCALES:
        cases = [suite.floor_case(programs, photo, name='libjpeg-turbo', part='decode',
                                  decoder='libjpeg', denom=denom)]
        cases += [suite.floor_case(programs, photo, name=f'imgcore {target}', part='decode',
                                   denom=denom, target=target)
                  for target in programs.targets() if target != 'ref']
        rounds.run_rounds(cases, options.rounds, core,
                          on_round=rounds.progress(f'{photo.label} to planes at 1/{denom}'))
        scales.append({'denom': denom, 'results': as_rows(cases, cases[0], None)})
    return {'kind': 'decode', 'subject': photo.label, 'form': 'planes', 'input': photo.kind,
            'scales': scales}


def decode_table(block):
    names = [r['peer'] for r in block['scales'][0]['results']]
    head = ['scale', f'{names[0]} ms']
    for name in names[1:]:
        head += [f'{name} ms', 'times', 'rounds']
    rows = []
    for scale in block['scales']:
        row = [f'1/{scale["denom"]}']
        for r in scale['results']:
            row.append(report.number(r.get('min_ms'), 1))
            if r['peer'] != names[0]:
                row += [report.number(1 / r[key]) if r.get(key) else ''
                        for key in ('ratio', 'ratio_median')]
        rows.append(row)
    return head, rows


def pipeline_table(block):
    head = ['peer', 'min ms', 'median', 'clock', 'ratio', 'rounds', 'MiB', 'KB', 'sizes',
            'PSNR dB at 1200', '800', '400', '200', 'luma at 1200']
    rows = []
    for r in block['results']:
        if 'missing' in r:
            rows.append([f'{r["peer"]} (missing: {r["missing"]})'] + [''] * 13)
            continue
        psnr = [report.number(x, 1) for x in r.get('psnr', [None] * 4)]
        rows.append([r['peer'], report.number(r['min_ms'], 1), report.number(r['median_ms'], 1),
                     report.number(r['wall_median_ms'], 1), report.number(r.get('ratio')), report.number(r.get('ratio_median')),
                     report.number(r['peak_mib'], 0), round(r['made_bytes'] / 1000),
                     r.get('sizes', ''), *psnr,
                     report.number(r.get('psnr_luma', [None])[0], 1)])
    return head, rows


def resize_table(block):
    head = ['peer', 'min ms', 'median', 'clock', 'ratio', 'rounds', 'MiB', 'PSNR dB', 'worst',
            'PSNR inside', 'worst inside', 'note']
    rows = []
    for r in block['results']:
        if 'missing' in r:
            rows.append([f'{r["peer"]} (missing: {r["missing"]})'] + [''] * 11)
            continue
        exact = r.get('exact') or {}
        rows.append([r['peer'], report.number(r['min_ms']), report.number(r['median_ms']),
                     report.number(r['wall_median_ms']),
                     report.number(r.get('ratio')), report.number(r.get('ratio_median')),
                     report.number(r['peak_mib'], 0), report.number(exact.get('psnr_seen'), 1),
                     report.number(exact.get('worst')), report.number(exact.get('psnr_inside'), 1),
                     report.number(exact.get('worst_inside')),
                     'alpha not weighed' if r.get('plain_alpha') else ''])
    return head, rows


TABLES = {'pipeline': pipeline_table, 'decode': decode_table, 'resize': resize_table}


def title(block):
    between = ': ' if block['kind'] == 'resize' else ' to '
    return block['subject'] + between + block['form']


def as_text(document, form):
    """Returns the entire report, with a function that formats a table."""
    d = document['machine']
    lines = ['# imgcore and its peers', '',
             f'{d["when"]}, commit {d["commit"]}{" and changes" if d["changed"] else ""}; '
             f'{d["cpu"]} ({", ".join(d["vectors"])}); {d["compiler"]}; load {d["load"][0]} at the '
             'start.',
             f'One thread, {document["rounds"]} interleaved rounds'
             f'{"" if document["pinned"] else ", NOT pinned to a core"}. Times are CPU times of the '
             'process, all threads; clock: median by the clock, disturbances included. '
             'ratio: minimum to our minimum; rounds: median of the rounds\' ratios to ours '
             '(over 1: slower than imgcore). PSNR before encoding, all channels or planes, against '
             'the exact resize of the full decode; with alpha, colours count as far as they are seen.', '']
    for block in document['blocks']:
        lines += [f'## {title(block)}', '', form(*TABLES[block['kind']](block)), '']
    if document['memory']:
        lines += ['## Memory: peak of a process that reads the file as a stream', '',
                  form(['case', 'peak MiB', 'ms'],
                       [[m['name'], report.number(m.get('peak_mib'), 1),
                         report.number(m.get('median_ms'), 0)] for m in document['memory']]), '']
    if document['start']:
        lines += ['## Start: from the start of the process to its end, by the clock', '',
                  form(['case', 'median ms', 'min ms'],
                       [[s['name'], report.number(s.get('median_ms')), report.number(s.get('min_ms'))]
                        for s in document['start']]), '']
    reached = sum(1 for mark in document['marks'] if mark['reached'])
    lines += [f'## Marks: {reached} of {len(document["marks"])} reached', '',
              form(['mark', 'wanted', 'figure', 'by rounds', 'reached'],
                   [[m['name'], m['wanted'], m['figure'], m['by_rounds'],
                     'yes' if m['reached'] else 'NO'] for m in document['marks']]), '']
    return '\n'.join(lines)


def as_plot(document):
    """Plots the peers of every pipeline as bars, imgcore first, then the fastest."""
    parts = []
    for block in document['blocks']:
        if block['kind'] == 'pipeline':
            there = [r for r in block['results'] if 'missing' not in r]
            there.sort(key=lambda r: (not r['peer'].startswith('imgcore'), r['min_ms']))
            parts.append((f'{block["subject"]} ({block["width"]}x{block["height"]}) to four '
                          f'{block["form"].upper()}',
                          [(r['peer'], r['min_ms'], r['peer'].startswith('imgcore'), '')
                           for r in there]))
    return plot.stacked_bars(parts)


def main():
    options = parse()
    programs = suite.Programs(options.build)
    if not os.path.exists(programs.bench('bench_pipeline')):
        print('compare: build first: make bench-programs', file=sys.stderr)
        return 2
    core = rounds.pick_core()
    maker = inputs_of.Maker(programs.bench('bench_inputs'), os.path.join(options.work, 'inputs'))
    try:
        photos, source = inputs_of.prepare(maker, options.images, options.small)
    except FileNotFoundError as error:
        print(f'compare: there is no {error}', file=sys.stderr)
        return 2
    only = options.only.split(',')
    document = {'format': 1, 'machine': machine.describe(TOP, os.environ.get('CC', 'gcc')),
                'rounds': options.rounds, 'pinned': core is not None, 'blocks': [], 'memory': [],
                'start': []}
    wanted = [p for p in photos if has_word(p.label, options.subjects)]
    for photo in wanted if 'pipeline' in only else []:
        for form in ('jpeg', 'png') if photo.kind == 'png' else ('jpeg',):
            document['blocks'].append(compare_pipeline(options, programs, photo, form, core))
            show(document['blocks'][-1])
    for photo in wanted if 'decode' in only else []:
        if photo.kind != 'png':
            document['blocks'].append(compare_decode(options, programs, photo, core))
            show(document['blocks'][-1])
    if 'resize' in only:
        sources = inputs_of.resize_sources(maker, source, options.small)
        for case, size_from, size in suite.small_resize_cases(options.small):
            for kind, _ in inputs_of.CHANNELS:
                if has_word(f'{kind} {case}', options.subjects):
                    document['blocks'].append(compare_resize(
                        options, programs, case, kind, sources[case, kind], size_from, size, core))
                    show(document['blocks'][-1])
    if 'memory' in only:
        photo = min(photos, key=lambda p: p.kind != 'jpeg420')
        for case in suite.memory_cases(programs, maker, photo, source, options.small):
            suite.peak_memory(case, core)
            document['memory'].append(report.as_result(case))
    if 'start' in only:
        document['start'] = [report.as_result(c) for c in suite.start_ups(programs, 30, core)]
    document['marks'] = marks_of.evaluate(document)
    report.write_json(options.out + '.json', document)
    report.write_text(options.out + '.md', as_text(document, report.markdown))
    report.write_text(options.out + '.svg', as_plot(document))
    if options.record:
        for end in ('.md', '.svg'):
            shutil.copyfile(options.out + end, os.path.join(TOP, 'bench', 'results', 'peers' + end))
    text = as_text(document, report.table)
    print(text[text.index('## Marks'):] if document['blocks'] else text)
    print(f'{options.out}.md, .svg and .json hold it all.')
    return 0


def show(block):
    print(f'\n{title(block)}')
    print(report.table(*TABLES[block['kind']](block)), flush=True)


if __name__ == '__main__':
    sys.exit(main())
