"""Medians, spreads and intervals. No means: the size of an outlier must not matter."""
import random


def quantile(samples, part):
    ordered = sorted(samples)
    at = part * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(samples):
    return quantile(samples, 0.5)


def summary(samples):
    """Of times in ms. spread: half of the samples lie within this fraction of the median."""
    middle = median(samples)
    return {'median_ms': round(middle, 4), 'min_ms': round(min(samples), 4),
            'spread': round((quantile(samples, 0.75) - quantile(samples, 0.25)) / middle, 4)
            if middle else 0.0}


def ratio_interval(base, head, level=0.99, resamples=2000, seed=1):
    """Ratio of the medians head / base and its bootstrap interval. Samples are resampled round by
    round if both have the same number: a disturbance affects both samples of a round."""
    ratio = median(head) / median(base)
    source = random.Random(seed)
    paired = len(base) == len(head)
    ratios = []
    for _ in range(resamples):
        rows = [source.randrange(len(base)) for _ in base]
        others = rows if paired else [source.randrange(len(head)) for _ in head]
        ratios.append(median([head[i] for i in others]) / median([base[i] for i in rows]))
    tail = (1 - level) / 2
    return ratio, quantile(ratios, tail), quantile(ratios, 1 - tail)
