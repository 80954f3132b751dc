"""The cases of imgcore's own programs, for bench.py, track.py and compare.py."""
import json
import os
import re
import subprocess

from lib import inputs as inputs_of
from lib.rounds import Case, Missing, run_rounds

PRESETS = ('balanced', 'quality', 'fast')


class Programs:
    """The programs of one build folder."""

    def __init__(self, build):
        self.build = build

    def bench(self, name):
        return os.path.join(self.build, 'bench', name)

    @property
    def command(self):
        return os.path.join(self.build, 'bin', 'imgcore')

    @property
    def check_kernels(self):
        return os.path.join(self.build, 'tests', 'kernels', 'check_kernels')

    def targets(self):
        """Returns the targets that this CPU runs, best first."""
        output = subprocess.run([self.command, 'targets', '--json'], capture_output=True, text=True,
                              check=True).stdout
        return [t['name'] for t in json.loads(output)['targets'] if t['usable']]


def words_of(options):
    return [word for key, value in options.items() for word in ('--' + key, str(value))]


def pipeline_case(programs, photo, preset='balanced', form='jpeg', name=None, **more):
    argv = [programs.bench('bench_pipeline'), '--input', photo.path, '--preset', preset,
            '--format', form, *words_of(more)]
    tail = '/'.join(f'{key}={value}' for key, value in more.items())
    return Case(name or f'pipeline/{photo.label}/{form}/{preset}' + (f'/{tail}' if tail else ''),
                argv, photo.megapixels, group='pipeline', subject=photo.label, preset=preset,
                form=form)


def floor_case(programs, photo, preset='balanced', part='both', name=None, decoder='own', **more):
    tail = '' if decoder == 'own' else f'/{decoder}'
    argv = [programs.bench('bench_floor'), '--input', photo.path, '--preset', preset,
            '--part', part, '--decoder', decoder, *words_of(more)]
    return Case(name or f'floor/{photo.label}/{preset}/{part}{tail}', argv, photo.megapixels,
                group='floor', subject=photo.label)


def resize_case(programs, case, kind, path, source, size, target=None, name=None, plain=0):
    argv = [programs.bench('bench_resize'), '--input', path, '--width', str(size[0]),
            '--height', str(size[1]), '--plain', str(plain)]
    if target:
        argv += ['--target', target]
    return Case(name or f'resize/{kind}/{case}/{target or "best"}', argv,
                source[0] * source[1] / 1e6, group='resize', subject=f'{kind} {case}')


def small_resize_cases(small):
    """The resize cases, with sides a sixteenth as long for the test of the bench itself."""
    for case, source, size in inputs_of.RESIZE_CASES:
        if small:
            source = (source[0] // 16, source[1] // 16)
            size = (size[0] // 16, size[1] // 16)
        yield case, source, size


def resize_cases(programs, sources, targets, small=False):
    return [resize_case(programs, case, kind, sources[case, kind], source, size, target)
            for case, source, size in small_resize_cases(small)
            for kind, _ in inputs_of.CHANNELS for target in targets]


def pipeline_cases(programs, photo, targets):
    """One photograph: the default preset to both formats and on each target, the others to JPEG, and the
    lower bound."""
    cases = [pipeline_case(programs, photo, preset) for preset in PRESETS]
    cases += [pipeline_case(programs, photo, target=target) for target in targets]
    if photo.kind == 'png' or photo.kind == 'jpeg420':
        cases.append(pipeline_case(programs, photo, form='png'))
    if photo.kind != 'png':
        cases.append(floor_case(programs, photo))
        cases.append(floor_case(programs, photo, part='decode'))
        cases.append(floor_case(programs, photo, part='decode', decoder='libjpeg'))
    return cases


def time_kernels(programs, runs=3):
    """[{name, samples_ms}] of every kernel on every target, by the kernels' own checker."""
    rows = {}
    for _ in range(runs):
        output = subprocess.run([programs.check_kernels, '--bench', '--json', '--quick'],
                              capture_output=True, text=True, check=True).stdout
        for row in json.loads(output[output.index('['):]):
            size = re.sub(r'\s+', ' ', row['size'].strip())
            name = f'kernel/{row["kernel"]}/{size}/{row["target"]}'
            rows.setdefault(name, []).append(row['ns'] / 1e6)
    return [{'name': name, 'group': 'kernel', 'samples_ms': times}
            for name, times in rows.items()]


def start_ups(programs, runs, core):
    """Returns the elapsed times from the start to the end of `imgcore --version` and `imgcore targets`."""
    cases = [Case('start/imgcore ' + word,
                  [programs.bench('bench_start'), os.path.abspath(programs.command), word],
                  group='start') for word in ('--version', 'targets')]
    run_rounds(cases, runs, core)
    for case in cases:
        case.peak_mib = None  # of the starter, not of the command
    return cases


def peak_memory(case, core, runs=2):
    """The peak of a fresh process that does the case `runs` times; None if it cannot."""
    try:
        case.start(core)
        for _ in range(runs):
            case.samples_ms.append(case.run()[0])
        case.read_peak()
    except Missing as why:
        case.missing = str(why)
    finally:
        case.stop()
    return case.peak_mib


def memory_cases(programs, maker, photo, source, small=False):
    """Peaks with the file read as a stream: the photograph, and a picture of 100 megapixels."""
    size = (640, 401) if small else (12240, 8171)
    cases = []
    for kind in ('jpeg420', 'progressive'):
        path = maker.make(source, f'large-{kind}-{size[0]}x{size[1]}.jpg', kind, size)
        large = inputs_of.Input(path, f'{size[0] * size[1] / 1e6:.0f} MP {kind}', kind, *size)
        cases.append(pipeline_case(programs, large, name=f'memory/{large.label}', stream=1))
    cases.append(pipeline_case(programs, photo, name=f'memory/{photo.label}', stream=1))
    for case in cases:
        case.words['group'] = 'memory'
    return cases


def qualities(programs, photos):
    """PSNR before encoding of each photograph and preset; kinds that are not measured are left
    out."""
    results = []
    for photo in photos:
        for preset in PRESETS if photo.kind != 'png' else PRESETS[:1]:
            done = subprocess.run([programs.bench('bench_quality'), 'preset', photo.path,
                                   '--preset', preset], capture_output=True, text=True)
            if done.returncode == 0:
                results.append({'subject': photo.label, 'preset': preset,
                                **json.loads(done.stdout)})
    return results
