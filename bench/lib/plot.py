"""Plots of results as plain SVG: bars for one run, lines for a history."""
from html import escape

INK, OURS, OTHERS, GRID = '#222222', '#1b6ca8', '#9aa7b1', '#dddddd'


def _number(value):
    """Formats three digits, or all digits before the point."""
    return f'{value:.0f}' if value >= 100 else f'{value:.3g}'


def _head(width, height):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>']


def bars(title, rows, unit='ms'):
    """rows: (label, value, is imgcore, note). The longest bar fills the width."""
    return stacked_bars([(title, rows)], unit)


def stacked_bars(parts, unit='ms'):
    """Some plots of bars, one below the other: (title, rows) each, as bars takes them."""
    label_width, bar_width, row_height, top = 300, 440, 20, 36
    out = _head(label_width + bar_width + 130,
                sum(top + row_height * len(rows) + 12 for _, rows in parts) or 1)
    y = 0
    for title, rows in parts:
        longest = max((value for _, value, _, _ in rows), default=1) or 1
        out.append(f'<text x="12" y="{y + 22}" font-size="15" fill="{INK}">{escape(title)}</text>')
        y += top
        for label, value, ours, note in rows:
            length = max(1.0, bar_width * value / longest)
            out.append(f'<text x="{label_width - 8}" y="{y + 14}" text-anchor="end" fill="{INK}">'
                       f'{escape(label)}</text>')
            out.append(f'<rect x="{label_width}" y="{y + 2}" width="{length:.1f}" '
                       f'height="{row_height - 5}" fill="{OURS if ours else OTHERS}"/>')
            out.append(f'<text x="{label_width + length + 6:.1f}" y="{y + 14}" fill="{INK}">'
                       f'{_number(value)} {unit}{escape(" " + note if note else "")}</text>')
            y += row_height
        y += 12
    out.append('</svg>\n')
    return '\n'.join(out)


def line(title, points, width=560, height=170):
    """points: (label below, value in ms or None). The axis starts at zero, so that a change of
    1 % looks small."""
    values = [value for _, value in points if value is not None]
    if not values:
        return ''
    left, right, top, bottom = 60, 12, 30, 34
    most = max(values) * 1.1
    out = _head(width, height)
    out.append(f'<text x="8" y="18" font-size="13" fill="{INK}">{escape(title)}</text>')

    def at(i, value):
        x = left + (width - left - right) * (i + 0.5) / len(points)
        return x, height - bottom - (height - top - bottom) * value / most

    for part in (0, 0.5, 1):
        value = max(values) * part
        y = at(0, value)[1]
        out.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" '
                   f'stroke="{GRID}"/><text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" '
                   f'fill="{INK}">{value:.3g}</text>')
    places = [(i, *at(i, value)) for i, (_, value) in enumerate(points) if value is not None]
    path = ' '.join(f'{x:.1f},{y:.1f}' for _, x, y in places)
    out.append(f'<polyline points="{path}" fill="none" stroke="{OURS}" stroke-width="1.5"/>')
    for i, x, y in places:
        label, value = points[i]
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{OURS}">'
                   f'<title>{escape(label)}: {value:.4g} ms</title></circle>')
    step = max(1, len(points) // 6)
    for i in range(0, len(points), step):
        x = at(i, 0)[0]
        out.append(f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" font-size="10" '
                   f'fill="{INK}">{escape(points[i][0][:10])}</text>')
    out.append('</svg>\n')
    return '\n'.join(out)


def spark(values, width=120, height=18):
    """A sparkline: values in ms or None, from zero to slightly above the maximum."""
    most = max(value for value in values if value is not None) * 1.1
    places = [((i + 0.5) * width / len(values), height - height * value / most)
              for i, value in enumerate(values) if value is not None]
    path = ' '.join(f'{x:.0f},{y:.1f}' for x, y in places)
    x, y = places[-1]
    return (f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
            f'<polyline points="{path}" fill="none" stroke="{OURS}"/>'
            f'<circle cx="{x:.0f}" cy="{y:.1f}" r="2" fill="{OURS}"/></svg>')
