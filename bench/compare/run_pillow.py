#!/usr/bin/env python3
"""Pillow: photographs to four files, and its resize of plain pixels. Implements the line protocol of
bench/runner.h."""
import argparse
import io
import os
import sys
import time

BOXES = (1200, 800, 400, 200)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--input', required=True)
    parser.add_argument('--way', choices=('x4', 'cascade', 'resize'), default='x4',
                        help='decode for each size (with draft mode); once, each size from the '
                        'one before; or plain pixels to plain pixels')
    parser.add_argument('--format', choices=('jpeg', 'png'), default='jpeg')
    parser.add_argument('--width', type=int)
    parser.add_argument('--height', type=int)
    return parser.parse_args()


def fit(size, box):
    width, height = size
    if max(width, height) <= box:
        return width, height
    if width >= height:
        return box, max(1, int(height * box / width + 0.5))
    return max(1, int(width * box / height + 0.5)), box


def write_pam(path, picture):
    kinds = {1: 'GRAYSCALE', 3: 'RGB', 4: 'RGB_ALPHA'}
    channels = len(picture.getbands())
    with open(path, 'wb') as file:
        file.write(f'P7\nWIDTH {picture.width}\nHEIGHT {picture.height}\nDEPTH {channels}\n'
                   f'MAXVAL 255\nTUPLTYPE {kinds[channels]}\nENDHDR\n'.encode())
        file.write(picture.tobytes())


def read_pam(image, path):
    with open(path, 'rb') as file:
        data = file.read()
    end = data.index(b'ENDHDR\n') + 7
    head = dict(line.split(' ', 1) for line in data[:end].decode().splitlines() if ' ' in line)
    mode = {1: 'L', 3: 'RGB', 4: 'RGBA'}[int(head['DEPTH'])]
    return image.frombytes(mode, (int(head['WIDTH']), int(head['HEIGHT'])), data[end:])


class Photograph:
    def __init__(self, image, options):
        self.image, self.options = image, options
        with open(options.input, 'rb') as file:
            self.bytes = file.read()

    def open(self, box):
        picture = self.image.open(io.BytesIO(self.bytes))
        size = picture.size
        # Reduces on load as long as at least the size remains, as recommended for Pillow.
        picture.draft(None, fit(size, box))
        return picture, size

    def pictures(self):
        made = []
        size = None
        for box in BOXES:
            if made and self.options.way == 'cascade':
                picture = made[-1]
            else:
                picture, size = self.open(box)
            made.append(picture.resize(fit(size, box), self.image.LANCZOS))
        return made

    def run(self):
        files = []
        for picture in self.pictures():
            out = io.BytesIO()
            if self.options.format == 'png':
                picture.save(out, 'PNG')
            else:
                picture.save(out, 'JPEG', quality=80, subsampling='4:2:0')
            files.append(out.getvalue())
        return files


class Pixels:
    def __init__(self, image, options):
        self.image, self.size = image, (options.width, options.height)
        self.source = read_pam(image, options.input)

    def pictures(self):
        return [self.source.resize(self.size, self.image.LANCZOS)]

    def run(self):
        return [b'\0' * (self.size[0] * self.size[1]) for _ in self.pictures()]


def main():
    options = parse()
    try:
        from PIL import Image, __version__
    except ImportError:
        print('missing\tpython3-pil is not installed')
        return 1
    Image.MAX_IMAGE_PIXELS = None
    work = (Pixels if options.way == 'resize' else Photograph)(Image, options)
    print(f'ready\tPillow {__version__}, {options.way}', flush=True)
    for line in sys.stdin:
        line = line.rstrip('\n')
        try:
            if line == 'run':
                cpu_start, start = time.process_time_ns(), time.monotonic_ns()
                files = work.run()
                took, cpu = time.monotonic_ns() - start, time.process_time_ns() - cpu_start
                print(f'done\t{took}\t{sum(map(len, files))}\t{cpu}', flush=True)
            elif line.startswith('save '):
                for i, picture in enumerate(work.pictures()):
                    write_pam(os.path.join(line[5:], f'{i}.pam'), picture)
                end = 'png' if options.format == 'png' else 'jpg'
                for i, data in enumerate(work.run() if options.way != 'resize' else []):
                    with open(os.path.join(line[5:], f'{i}.{end}'), 'wb') as file:
                        file.write(data)
                print('saved', flush=True)
            else:
                print('failed\tneither run nor save', flush=True)
        except (OSError, ValueError) as error:
            print('failed\t' + str(error).replace('\n', ' '), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
