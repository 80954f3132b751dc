/* The exact resize: see exact_fast.h. Rows are converted to doubles when they are first needed and
 * kept in a ring; the vertical sums are computed first, then the horizontal ones: in doubles the
 * order does not matter. */
#include "bench/exact_fast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 4 };

struct taps {
    uint32_t first, count;
    double *weight;
};

struct axis {
    uint32_t target, most; /* most: the largest number of taps */
    struct taps *taps;
    double *weights;
};

static double lanczos3(double x) {
    const double t = 3.14159265358979323846 * x;
    if (fabs(x) >= 3.0) {
        return 0.0;
    }
    return fabs(t) < 1e-12 ? 1.0 : sin(t) / t * (sin(t / 3.0) / (t / 3.0));
}

static void axis_clear(struct axis *axis) {
    free(axis->taps);
    free(axis->weights);
}

static bool axis_make(struct axis *axis, uint32_t source, double source_extent, uint32_t target,
                      double target_extent) {
    const double ratio = source_extent / target_extent, widening = fmax(ratio, 1.0);
    const uint32_t max_taps = (uint32_t)ceil(6.0 * widening) + 2;
    axis->target = target;
    axis->most = 0;
    axis->taps = calloc(target, sizeof(struct taps));
    axis->weights = calloc((size_t)target * max_taps, sizeof(double));
    if (axis->taps == NULL || axis->weights == NULL) {
        axis_clear(axis);
        return false;
    }
    for (uint32_t i = 0; i < target; i++) {
        const double centre = (i + 0.5) * ratio;
        const double low = fmax(0.0, floor(centre - 3.0 * widening - 0.5));
        struct taps *taps = &axis->taps[i];
        taps->first = (uint32_t)fmin(low, source - 1.0);
        taps->weight = axis->weights + (size_t)i * max_taps;
        double sum = 0.0;
        for (uint32_t k = 0; k < max_taps && taps->first + k < source; k++) {
            taps->weight[k] = lanczos3((taps->first + k + 0.5 - centre) / widening);
            sum += taps->weight[k];
            taps->count = k + 1;
        }
        for (uint32_t k = 0; k < taps->count; k++) {
            taps->weight[k] /= sum;
        }
        axis->most = taps->count > axis->most ? taps->count : axis->most;
    }
    return true;
}

static void convert_row(const uint8_t *in, double *out, size_t pixels, int channels, bool alpha) {
    if (!alpha) {
        for (size_t i = 0; i < pixels * (size_t)channels; i++) {
            out[i] = in[i];
        }
        return;
    }
    for (size_t i = 0; i < pixels; i++, in += channels, out += channels) {
        const double a = in[channels - 1];
        for (int c = 0; c < channels - 1; c++) {
            out[c] = in[c] * a / 255.0;
        }
        out[channels - 1] = a;
    }
}

static void sum_row(const struct axis *x, const double *in, double *out, int channels) {
    for (uint32_t i = 0; i < x->target; i++) {
        const struct taps *taps = &x->taps[i];
        for (int c = 0; c < channels; c++) {
            double sum = 0.0;
            for (uint32_t k = 0; k < taps->count; k++) {
                sum +=
                    taps->weight[k] * in[(size_t)(taps->first + k) * (size_t)channels + (size_t)c];
            }
            out[(size_t)i * (size_t)channels + (size_t)c] = sum;
        }
    }
}

static void settle_row(double *row, size_t pixels, int channels, bool alpha) {
    for (size_t i = 0; i < pixels; i++, row += channels) {
        const double a = alpha ? row[channels - 1] : 255.0;
        for (int c = 0; c < channels; c++) {
            double v = row[c];
            if (alpha && a < 0.5) {
                v = 0.0;
            } else if (alpha && c < channels - 1) {
                v = v * 255.0 / a;
            }
            row[c] = fmin(fmax(v, 0.0), 255.0);
        }
    }
}

double *exact_fast(const uint8_t *rows, ptrdiff_t stride_bytes, const struct exact_plane *source,
                   const struct exact_plane *target, int channels, bool alpha) {
    struct axis x = {0}, y = {0};
    const size_t row_values = (size_t)source->width * (size_t)channels;
    const size_t out_values = (size_t)target->width * (size_t)channels;
    double *ring = NULL, *sums = NULL, *result = NULL;
    if (axis_make(&x, source->width, source->extent_width, target->width, target->extent_width) &&
        axis_make(&y, source->height, source->extent_height, target->height,
                  target->extent_height)) {
        ring = malloc(row_values * y.most * sizeof(double));
        sums = malloc(row_values * sizeof(double));
        result = malloc(out_values * target->height * sizeof(double));
    }
    const bool ok = ring != NULL && sums != NULL && result != NULL;
    uint32_t converted = 0;
    for (uint32_t i = 0; ok && i < target->height; i++) {
        const struct taps *taps = &y.taps[i];
        for (; converted < taps->first + taps->count; converted++) {
            convert_row(rows + (ptrdiff_t)converted * stride_bytes,
                        ring + converted % y.most * row_values, source->width, channels, alpha);
        }
        memset(sums, 0, row_values * sizeof(double));
        for (uint32_t k = 0; k < taps->count; k++) {
            const double *restrict row = ring + (taps->first + k) % y.most * row_values;
            const double weight = taps->weight[k];
            double *restrict into = sums;
            for (size_t at = 0; at < row_values; at++) {
                into[at] += weight * row[at];
            }
        }
        sum_row(&x, sums, result + i * out_values, channels);
        settle_row(result + i * out_values, target->width, channels, alpha);
    }
    if (!ok) {
        free(result);
        result = NULL;
    }
    free(ring);
    free(sums);
    axis_clear(&x);
    axis_clear(&y);
    return result;
}

static double to_psnr(double sum, double n) {
    return sum <= 0.0 || n <= 0.0 ? 99.0 : 10.0 * log10(255.0 * 255.0 * n / sum);
}

struct exact_distance exact_compare(const double *exact, const uint8_t *rows,
                                    ptrdiff_t stride_bytes, uint32_t width, uint32_t height,
                                    int channels, bool alpha) {
    struct exact_distance distance = {0.0, 0.0, 0.0, 0.0, 0.0};
    double sum = 0.0, inside_sum = 0.0, inside_n = 0.0, seen_sum = 0.0;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            const bool inside =
                x >= MARGIN && y >= MARGIN && x + MARGIN < width && y + MARGIN < height;
            const double *wanted = exact + ((size_t)y * width + x) * (size_t)channels;
            const uint8_t *found = rows + (ptrdiff_t)y * stride_bytes + (ptrdiff_t)x * channels;
            for (int c = 0; c < channels; c++) {
                const double off = fabs(wanted[c] - found[c]);
                const double weight =
                    alpha && c < channels - 1 ? wanted[channels - 1] / 255.0 : 1.0;
                sum += off * off;
                seen_sum += off * off * weight * weight;
                distance.worst = fmax(distance.worst, off);
                if (inside) {
                    inside_sum += off * off;
                    inside_n += 1.0;
                    distance.worst_inside = fmax(distance.worst_inside, off);
                }
            }
        }
    }
    const double n = (double)width * height * channels;
    distance.psnr = to_psnr(sum, n);
    distance.psnr_seen = to_psnr(seen_sum, n);
    distance.psnr_inside = to_psnr(inside_sum, inside_n);
    return distance;
}
