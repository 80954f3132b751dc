"""The photographs, and the inputs derived from them: see prepare()."""
import os
import subprocess

KINDS = ('.jpg', '.jpeg', '.png')
# Plain pixels for imgcore_resize: case, source, target.
RESIZE_CASES = (('A', (4928, 3279), (852, 567)), ('B', (4928, 3279), (1200, 798)),
                ('C', (2464, 1640), (800, 532)))
CHANNELS = (('RGB8', 3), ('L8', 1), ('RGBA8', 4))


class Input:
    """path; label (its name, without folder); kind: jpeg420, jpeg422, jpeg444, jpeg (other),
    progressive, png."""

    def __init__(self, path, label, kind, width, height):
        self.path, self.label, self.kind = path, label, kind
        self.width, self.height = width, height

    @property
    def megapixels(self):
        return self.width * self.height / 1e6


def read_head(path):
    """(kind, width, height) of a JPEG or PNG file, or None."""
    with open(path, 'rb') as file:
        data = file.read()
    if data[:8] == b'\x89PNG\r\n\x1a\n' and len(data) >= 24:
        return 'png', int.from_bytes(data[16:20], 'big'), int.from_bytes(data[20:24], 'big')
    if data[:2] != b'\xff\xd8':
        return None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xff:
            return None
        marker, length = data[at + 1], int.from_bytes(data[at + 2:at + 4], 'big')
        if 0xc0 <= marker <= 0xcf and marker not in (0xc4, 0xc8, 0xcc):
            height = int.from_bytes(data[at + 5:at + 7], 'big')
            width = int.from_bytes(data[at + 7:at + 9], 'big')
            parts = data[at + 9]
            first = data[at + 11] if parts > 1 else 0x11
            shape = {0x22: 'jpeg420', 0x21: 'jpeg422', 0x11: 'jpeg444'}.get(first, 'jpeg')
            return ('progressive' if marker in (0xc2, 0xca) else shape), width, height
        at += 1 if marker == 0xff else 2 + (0 if 0xd0 <= marker <= 0xd8 else length)
    return None


def find(words):
    """Returns the files named by `words`: files, and the photographs of folders."""
    paths = []
    for word in words:
        if os.path.isdir(word):
            paths += sorted(os.path.join(word, name) for name in os.listdir(word)
                            if name.lower().endswith(KINDS))
        elif os.path.exists(word):
            paths.append(word)
        else:
            raise FileNotFoundError(word)
    return paths


def default_photographs():
    """Returns the photographs of `make run`."""
    try:
        listed = subprocess.run(['dpkg-query', '-L', 'lomiri-wallpapers-20.04'], text=True,
                                capture_output=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        listed = []
    return [path for path in listed if path.lower().endswith(KINDS)]


class Maker:
    """Makes files with bench_inputs below a folder, once; they are kept for the next run."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        os.makedirs(folder, exist_ok=True)

    def make(self, source, name, kind, size=None):
        path = os.path.join(self.folder, name)
        newest = max(os.path.getmtime(self.program),
                     0 if source == 'chart' else os.path.getmtime(source))
        if not os.path.exists(path) or os.path.getmtime(path) < newest:
            extra = ['--width', str(size[0]), '--height', str(size[1])] if size else []
            subprocess.run([self.program, source, path + '.new', '--kind', kind, *extra],
                           check=True)
            os.replace(path + '.new', path)
        return path


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]


def prepare(maker, given, small=False):
    """Returns every given photograph as it is; derived from the first one, the kinds of file that are
    missing; and the chart, whose sides are odd. `small`: tiny ones, for the test of the bench."""
    inputs = []
    for path in find(given) if given else [] if small else default_photographs():
        head = read_head(path)
        if head:
            inputs.append(Input(path, os.path.basename(path), *head))
    # Files are derived from a baseline photograph of 4:2:0, the most common kind.
    order = ['jpeg420', 'jpeg422', 'jpeg444', 'jpeg', 'progressive', 'png']
    source = min(inputs, key=lambda i: order.index(i.kind)).path if inputs else 'chart'
    name = 'chart' if source == 'chart' else stem(source)
    size = (301, 203) if small else None
    present = {i.kind for i in inputs}
    for kind in ('jpeg420', 'progressive', 'jpeg444', 'png'):
        if kind not in present and source != 'chart':
            label = f'{name}-{kind}.{"png" if kind == "png" else "jpg"}'
            path = maker.make(source, label, kind, size)
            inputs.append(Input(path, label, *read_head(path)))
    path = maker.make('chart', 'chart-small.jpg' if small else 'chart.jpg', 'jpeg420',
                      size or (4931, 3277))
    inputs.append(Input(path, 'chart', *read_head(path)))
    return inputs, source


def resize_sources(maker, source, small=False):
    """{(case, channels name): path of a PAM}. One file serves cases that share a source."""
    paths = {}
    name = 'chart' if source == 'chart' else stem(source)
    for case, size, _ in RESIZE_CASES:
        size = (size[0] // 16, size[1] // 16) if small else size
        for kind, channels in CHANNELS:
            paths[case, kind] = maker.make(
                source, f'{name}-{kind}-{size[0]}x{size[1]}.pam', f'pam{channels}', size)
    return paths
