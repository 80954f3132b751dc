"""The description of the machine and time of a result. No host name, no user, no path."""
import datetime
import os
import platform
import subprocess


def output_of(*command, cwd=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=cwd).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ''


def cpu():
    """Returns the name of the CPU and its relevant vector extensions."""
    name, flags = platform.machine(), set()
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as info:
            for line in info:
                key, _, value = line.partition(':')
                if key.strip() == 'model name':
                    name = value.strip()
                elif key.strip() in ('flags', 'Features'):
                    flags = set(value.split())
    except OSError:
        pass
    known = ['sse4_1', 'avx2', 'avx512bw', 'avx512_vnni', 'avx512_vbmi2', 'avx_vnni', 'asimd', 'asimddp', 'sve']
    return name, [flag for flag in known if flag in flags]


def kind(vectors):
    """The kind of CPU that goals are for: by the width of vectors that it runs at its full clock."""
    if 'avx512bw' in vectors and 'avx512_vbmi2' not in vectors:
        return 'slow AVX-512'
    return 'AVX-512' if 'avx512bw' in vectors else 'narrower'


def describe(top, compiler):
    name, vectors = cpu()
    commit = output_of('git', 'rev-parse', '--short=12', 'HEAD', cwd=top)
    return {
        'when': datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ'),
        'commit': commit,
        'changed': bool(output_of('git', 'status', '--porcelain', '--', 'imgcore', cwd=top)),
        'cpu': name,
        'vectors': vectors,
        'cores': os.cpu_count(),
        'system': f'{platform.system()} {platform.machine()}',
        'compiler': (output_of(*compiler.split(), '--version').splitlines() or [''])[0],
        'load': [round(x, 2) for x in os.getloadavg()],
    }
