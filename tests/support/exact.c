/* The exact resize: see exact.h. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/exact.h"

static double sinc(double x) {
    const double t = 3.14159265358979323846 * x;
    return fabs(t) < 1e-12 ? 1.0 : sin(t) / t;
}

/* A cubic of the family of Mitchell and Netravali, as in the paper. */
static double cubic(double b, double c, double x) {
    const double a = fabs(x), a2 = a * a, a3 = a2 * a;
    if (a < 1.0) {
        return ((12 - 9 * b - 6 * c) * a3 + (-18 + 12 * b + 6 * c) * a2 + 6 - 2 * b) / 6;
    }
    return a < 2.0 ? ((-b - 6 * c) * a3 + (6 * b + 30 * c) * a2 - (12 * b + 48 * c) * a + 8 * b +
                      24 * c) /
                         6
                   : 0.0;
}

static double filter_at(enum imgcore_filter filter, double x) {
    switch (filter) {
    case IMGCORE_FILTER_LANCZOS3:
        return fabs(x) < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
    case IMGCORE_FILTER_LANCZOS2:
        return fabs(x) < 2.0 ? sinc(x) * sinc(x / 2.0) : 0.0;
    case IMGCORE_FILTER_MITCHELL:
        return cubic(1.0 / 3.0, 1.0 / 3.0, x);
    case IMGCORE_FILTER_CATMULL_ROM:
        return cubic(0.0, 0.5, x);
    case IMGCORE_FILTER_TRIANGLE:
        return fmax(0.0, 1.0 - fabs(x));
    case IMGCORE_FILTER_BOX:
        return x >= -0.5 - 1e-9 && x < 0.5 - 1e-9 ? 1.0 : 0.0; /* ties belong to the left */
    }
    return 0.0;
}

/* Fills weights[i * source + k], a dense matrix. */
static double *dense_weights(uint32_t source, uint32_t target, double start, double length,
                             enum imgcore_filter filter) {
    double *weights = calloc((size_t)source * target, sizeof(double));
    assert(weights != NULL);
    const double ratio = length / target, widening = fmax(ratio, 1.0);
    for (uint32_t i = 0; i < target; i++) {
        const double centre = start + (i + 0.5) * ratio;
        double *row = weights + (size_t)i * source, sum = 0.0;
        for (uint32_t k = 0; k < source; k++) {
            row[k] = filter_at(filter, (k + 0.5 - centre) / widening);
            sum += row[k];
        }
        for (uint32_t k = 0; k < source; k++) {
            row[k] /= sum;
        }
    }
    return weights;
}

static double srgb_to_linear(double v) {
    v /= 255.0;
    return 255.0 * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
}

static double linear_to_srgb(double v) {
    v = fmin(fmax(v / 255.0, 0.0), 1.0);
    return 255.0 * (v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1.0 / 2.4) - 0.055);
}

static double *load(const struct exact_spec *spec, const uint8_t *source) {
    const size_t pixels = (size_t)spec->source_width * spec->source_height;
    const size_t channels = (size_t)spec->channels, colors = spec->alpha ? channels - 1 : channels;
    double *values = malloc(pixels * channels * sizeof(double));
    assert(values != NULL);
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < channels; c++) {
            double v = source[i * channels + c];
            if (c < colors && spec->linear) {
                v = srgb_to_linear(v);
            }
            if (c < colors && spec->alpha) {
                v *= source[i * channels + colors] / 255.0;
            }
            values[i * channels + c] = v;
        }
    }
    return values;
}

static void store(const struct exact_spec *spec, double *values) {
    const size_t pixels = (size_t)spec->target_width * spec->target_height;
    const size_t channels = (size_t)spec->channels, colors = spec->alpha ? channels - 1 : channels;
    for (size_t i = 0; i < pixels; i++) {
        double *pixel = values + i * channels;
        const double alpha = spec->alpha ? pixel[colors] : 255.0;
        for (size_t c = 0; c < channels; c++) {
            double v = pixel[c];
            if (spec->alpha && alpha < 0.5) {
                v = 0.0;
            } else if (c < colors) {
                v = v * 255.0 / alpha;
                v = spec->linear ? linear_to_srgb(v) : v;
            }
            pixel[c] = fmin(fmax(v, 0.0), 255.0);
        }
    }
}

double *exact_resize(const struct exact_spec *spec, const uint8_t *source) {
    const size_t channels = (size_t)spec->channels;
    const uint32_t sw = spec->source_width, sh = spec->source_height;
    const uint32_t tw = spec->target_width, th = spec->target_height;
    double *values = load(spec, source);
    double *x = dense_weights(sw, tw, spec->left, spec->width, spec->filter);
    double *y = dense_weights(sh, th, spec->top, spec->height, spec->filter);
    double *rows = calloc((size_t)tw * sh * channels, sizeof(double));
    double *result = calloc((size_t)tw * th * channels, sizeof(double));
    assert(rows != NULL && result != NULL);
    for (uint32_t r = 0; r < sh; r++) {
        for (uint32_t i = 0; i < tw; i++) {
            for (uint32_t k = 0; k < sw; k++) {
                const double w = x[(size_t)i * sw + k];
                for (size_t c = 0; w != 0.0 && c < channels; c++) {
                    rows[((size_t)r * tw + i) * channels + c] +=
                        w * values[((size_t)r * sw + k) * channels + c];
                }
            }
        }
    }
    for (uint32_t i = 0; i < th; i++) {
        for (uint32_t k = 0; k < sh; k++) {
            const double w = y[(size_t)i * sh + k];
            for (size_t at = 0; w != 0.0 && at < tw * channels; at++) {
                result[i * tw * channels + at] += w * rows[k * tw * channels + at];
            }
        }
    }
    store(spec, result);
    free(values);
    free(x);
    free(y);
    free(rows);
    return result;
}

double exact_worst(const double *exact, const uint8_t *result, size_t n) {
    double worst = 0.0;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs(exact[i] - result[i]));
    }
    return worst;
}

double exact_psnr(const double *exact, const uint8_t *result, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (exact[i] - result[i]) * (exact[i] - result[i]);
    }
    return sum == 0.0 ? INFINITY : 10.0 * log10(255.0 * 255.0 * (double)n / sum);
}
