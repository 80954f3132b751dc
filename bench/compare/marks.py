"""The performance goals of imgcore: ratios within one run. The ratio of minima decides; the median
of the rounds' ratios is shown beside it."""


from lib.machine import kind


def find(block, peer):
    for result in block['results']:
        if result['peer'] == peer and 'missing' not in result:
            return result
    return None


def ratio(block, ours, other):
    """Returns imgcore / other: by minima, and by medians."""
    a, b = find(block, ours), find(block, other)
    if a is None or b is None:
        return None
    return a['min_ms'] / b['min_ms'], a['median_ms'] / b['median_ms']


def mark(name, limit, pair, at_least=False):
    """Returns one line. `at_least`: the goal is how many times faster imgcore is."""
    by_min, by_median = (1 / pair[0], 1 / pair[1]) if at_least else pair
    return {'name': name, 'wanted': f'{">=" if at_least else "<="} {limit:.2f}',
            'figure': f'{by_min:.3f}', 'by_rounds': f'{by_median:.3f}',
            'reached': by_min >= limit if at_least else by_min <= limit}


def plain_mark(name, wanted, figure, reached, digits=2):
    return {'name': name, 'wanted': wanted, 'figure': f'{figure:.{digits}f}', 'by_rounds': '',
            'reached': reached}


def best_of_ours(block, limited):
    """Returns the result of imgcore with the widest vectors, or the best one for AVX2."""
    names = [r['peer'] for r in block['results']
             if r['peer'].startswith('imgcore ') and 'missing' not in r]
    if limited:
        names = [name for name in names if 'avx3' not in name]
    return names[0] if names else None


def resize_marks(block):
    kind, case = block['subject'].split()
    marks = []
    wide, avx2 = best_of_ours(block, False), best_of_ours(block, True)
    limits = {'RGB8': 0.42, 'L8': 0.55, 'RGBA8': 0.60}

    def add(ours, peers, limit, text):
        pairs = [p for p in (ratio(block, ours, peer) for peer in peers) if p] if ours else []
        if pairs and case in 'AB':
            # the fastest peer has the worst ratio
            marks.append(mark(f'resize {block["subject"]}: {text}', limit,
                              max(pairs, key=lambda pair: pair[0])))

    if wide and 'avx3' in wide:
        add(wide, ('zimg', 'zimg avx2'), limits[kind], f'{wide} to the faster zimg')
    if kind == 'RGB8':
        add(avx2, ('zimg avx2',), 0.65, f'{avx2} to zimg limited to AVX2')
    for name in dict.fromkeys((wide, avx2)):
        exact = (find(block, name) or {}).get('exact') if name else None
        if exact:
            # With alpha the colour of a nearly transparent pixel has no meaning after the division:
            # there the tests check the accuracy, not a PSNR over all values.
            if kind != 'RGBA8':
                marks.append(plain_mark(f'resize {block["subject"]}: {name}, PSNR dB', '>= 58.80',
                                        exact['psnr'], exact['psnr'] >= 58.8))
            marks.append(plain_mark(f'resize {block["subject"]}: {name}, largest error', '<= 1',
                                    exact['worst'], exact['worst'] <= 1.0, 3))
    return marks


# Times faster than sharp as normally written and than its cascade, and the most of the floor, by the kind
# of CPU (lib/machine.py). The second is an Intel core before Ice Lake.
PIPELINE = {'AVX-512': (7.0, 3.0, 1.25), 'slow AVX-512': (5.5, 2.5, 1.40), 'narrower': (5.5, 2.5, 1.40)}


def pipeline_marks(block, cpu_kind):
    marks = []
    x4, cascade, floor = PIPELINE[cpu_kind]
    name = f'{block["subject"]} to {block["form"]}'

    def add(text, limit, other, at_least):
        pair = ratio(block, 'imgcore', other)
        if pair:
            marks.append(mark(f'{name}: {text}', limit, pair, at_least))

    if block['input'] == 'png':
        add('to sharp cascade', 0.5, 'sharp cascade', False)
    elif block['input'] in ('progressive', 'jpeg444'):
        add('times faster than sharp cascade', 1.0, 'sharp cascade', True)
        add('to the floor (no mark for this kind)', 99, 'floor', False)
    else:
        add('times faster than sharp x4', x4, 'sharp x4', True)
        add('times faster than sharp cascade', cascade, 'sharp cascade', True)
        add('to the floor', floor, 'floor', False)
    ours = find(block, 'imgcore')
    if ours and ours.get('psnr') and block['form'] == 'jpeg':
        least = min(ours['psnr'] + [x for x in ours['psnr_luma'] if x is not None])
        marks.append(plain_mark(f'{name}: least PSNR dB of the four sizes', '>= 54.00', least,
                                least >= 54.0))
    return [m for m in marks if 'no mark' not in m['name']]


# Times as fast as libjpeg-turbo, by the target's vectors; for the decoder of sequential JPEGs.
DECODER = (('avx3', 2.5), ('avx2', 2.2), ('sse4', 2.0))


def decode_marks(block):
    """The least of all scales, for the best target of each kind."""
    marks, done = [], set()
    for result in block['scales'][0]['results']:
        peer = result['peer']
        wanted = [one for one in DECODER if peer.startswith(f'imgcore {one[0]}')]
        if block['input'] == 'progressive' or not wanted or wanted[0] in done:
            continue
        done.add(wanted[0])
        pairs = [ratio(scale, peer, 'libjpeg-turbo') for scale in block['scales']]
        if all(pairs):
            marks.append(mark(f'{block["subject"]} to planes: {peer}, least times faster than '
                              'libjpeg-turbo of all scales', wanted[0][1], max(pairs), True))
    return marks


def memory_marks(memory):
    marks = []
    for result in memory:
        if 'missing' in result or not result.get('peak_mib'):
            continue
        limit, why = 25.0, ''
        if 'progressive' in result['name'] or 'prog' in result['name']:
            # 2 bytes for each sample of 4:2:0, in entire blocks
            megapixels = result['mp_per_s'] * result['median_ms'] / 1000
            limit += megapixels * 1e6 * 1.5 * 2 / (1 << 20)
            why = ' (coefficients + 25)'
        marks.append(plain_mark(f'{result["name"]}, peak MiB{why}', f'<= {limit:.0f}',
                                result['peak_mib'], result['peak_mib'] <= limit, 1))
    return marks


def evaluate(document):
    marks = []
    cpu_kind = kind(document['machine']['vectors'])
    for block in document['blocks']:
        if block['kind'] == 'pipeline':
            marks += pipeline_marks(block, cpu_kind)
        else:
            marks += decode_marks(block) if block['kind'] == 'decode' else resize_marks(block)
    return marks + memory_marks(document['memory'])
