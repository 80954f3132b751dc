/* Weight tables: see weights.h. */
#include <math.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/invariant.h"
#include "imgcore/resample/filter.h"
#include "imgcore/resample/weights.h"

/* Rows of floats start at a multiple of this many samples for the horizontal kernels: four pixels
 * of RGBA are a cache line, and loads that cross lines take twice as long. A resize of RGBA from
 * 4928x3279 to 1200x798 by AVX-512 takes 18.0 ms, without this 18.5. */
#define FLOAT_ALIGN 4

/* The most odd weights of a row. The vertical pass rounds the product of an odd weight and mid
 * grey, 128, which is a half, up to a 64th: so many add up to 3/8 of a sample, and do not change
 * it. */
#define MOST_ODD_WEIGHTS 48

/* Returns the value of one in a fixed-point type. */
static int one_of(enum ic_weight_type type) {
    return type == IC_WEIGHT_Q14 ? 1 << IC_WEIGHT_BITS : 1 << (IC_WEIGHT_BITS + 1);
}

/* The taps of one target sample: those inside the support and inside the source. */
struct tap_range {
    int64_t first, last;
    double centre;
    double widening;
};

static struct tap_range tap_range(const struct ic_axis *axis, uint32_t i) {
    const double ratio = axis->length / axis->target;
    struct tap_range range;
    range.widening = ratio > 1.0 ? ratio : 1.0;
    range.centre = axis->start + (i + 0.5) * ratio;
    /* slightly more, so that for a sample on the edge the filter decides, not a rounding error */
    const double support = ic_filter_support(axis->filter) * range.widening + 1e-6;
    range.first = (int64_t)ceil(range.centre - support - 0.5);
    range.last = (int64_t)floor(range.centre + support - 0.5);
    if (range.first < 0) {
        range.first = 0;
    }
    if (range.last > (int64_t)axis->source - 1) {
        range.last = (int64_t)axis->source - 1;
    }
    if (range.first > range.last) { /* no sample within the support: use the nearest one */
        int64_t nearest = (int64_t)floor(range.centre);
        nearest = nearest < 0 ? 0 : nearest;
        nearest = nearest > (int64_t)axis->source - 1 ? (int64_t)axis->source - 1 : nearest;
        range.first = range.last = nearest;
    }
    return range;
}

uint32_t ic_axis_max_taps(const struct ic_axis *axis) {
    const double ratio = axis->length / axis->target;
    const double taps = 2.0 * ic_filter_support(axis->filter) * (ratio > 1.0 ? ratio : 1.0) + 2.0;
    return taps < axis->source ? (uint32_t)taps : axis->source;
}

void ic_axis_needed(const struct ic_axis *axis, uint32_t *first, uint32_t *count) {
    const struct tap_range top = tap_range(axis, 0), bottom = tap_range(axis, axis->target - 1);
    *first = (uint32_t)top.first;
    *count = (uint32_t)(bottom.last - top.first + 1);
}

/* Computes the exact weights of one row, whose sum is one; returns how many. */
static int exact_row(const struct ic_axis *axis, const struct tap_range *range, double *row) {
    const int taps = (int)(range->last - range->first + 1);
    double sum = 0.0;
    ic_filter_row(axis->filter, ((double)range->first + 0.5 - range->centre) / range->widening,
                  1.0 / range->widening, taps, row);
    for (int k = 0; k < taps; k++) {
        sum += row[k];
    }
    if (fabs(sum) < 1e-6) { /* only zeros of the filter: use the nearest sample */
        int64_t nearest = (int64_t)floor(range->centre) - range->first;
        nearest = nearest < 0 ? 0 : (nearest >= taps ? taps - 1 : nearest);
        memset(row, 0, (size_t)taps * sizeof(*row));
        row[nearest] = 1.0;
        return taps;
    }
    for (int k = 0; k < taps; k++) {
        row[k] /= sum;
    }
    return taps;
}

void ic_axis_taps(const struct ic_axis *axis, uint32_t i, int64_t *first, int *taps) {
    const struct tap_range range = tap_range(axis, i);
    *first = range.first;
    *taps = (int)(range.last - range.first + 1);
}

int ic_axis_exact_row(const struct ic_axis *axis, uint32_t i, double *row, int64_t *first) {
    const struct tap_range range = tap_range(axis, i);
    *first = range.first;
    return exact_row(axis, &range, row);
}

static bool is_symmetric(const double *row, int taps) {
    for (int k = 0; k < taps / 2; k++) {
        if (fabs(row[k] - row[taps - 1 - k]) > 1e-12) {
            return false;
        }
    }
    return true;
}

/* Rounds a row to fractions of `one` and distributes the difference of the sum from one, step by
 * step, to the taps with the largest rounding error in that direction; in pairs where the row is
 * symmetric, so that it stays symmetric. The error of a tap stays below two steps. */
static void round_row(const double *row, int taps, int one, int16_t *fixed) {
    int sum = 0;
    for (int k = 0; k < taps; k++) {
        fixed[k] = (int16_t)lrint(row[k] * one);
        sum += fixed[k];
    }
    int missing = one - sum;
    const bool symmetric = is_symmetric(row, taps);
    if (symmetric && missing % 2 != 0 && taps % 2 != 0) {
        const int step = missing > 0 ? 1 : -1;
        fixed[taps / 2] = (int16_t)(fixed[taps / 2] + step);
        missing -= step;
    }
    const bool pairs = symmetric && missing % 2 == 0 && taps >= 2;
    while (missing != 0) {
        const int step = missing > 0 ? 1 : -1;
        const int end = pairs ? taps / 2 : taps;
        int best = 0;
        double best_error = -1e30;
        for (int k = 0; k < end; k++) {
            const double error = (row[k] * one - fixed[k]) * step;
            if (error > best_error) {
                best_error = error;
                best = k;
            }
        }
        fixed[best] = (int16_t)(fixed[best] + step);
        missing -= step;
        if (pairs) {
            fixed[taps - 1 - best] = (int16_t)(fixed[taps - 1 - best] + step);
            missing -= step;
        }
    }
}

static bool is_mirrored(const int16_t *fixed, int taps) {
    for (int k = 0; k < taps / 2; k++) {
        if (fixed[k] != fixed[taps - 1 - k]) {
            return false;
        }
    }
    return true;
}

/* Finds the tap among [0, end) that a step to a multiple of four costs least: up, or down.
 * Multiples of four, since half the product of 64 or 192 is left by the other even weights. -1:
 * none. */
static int cheapest_step(const double *row, int end, int one, const int16_t *fixed, bool up) {
    int best = -1;
    double best_error = -1e30;
    for (int k = 0; k < end; k++) {
        const double error = (row[k] * one - fixed[k]) * (up ? 1 : -1);
        if ((fixed[k] & 3) == (up ? 3 : 1) && error > best_error) {
            best_error = error;
            best = k;
        }
    }
    return best;
}

/* Makes odd weights even until few are left, one up for each down, so that the sum stays, and in
 * pairs where the row is mirrored. */
static void limit_odd_weights(const double *row, int taps, int one, int16_t *fixed) {
    int odd = 0;
    for (int k = 0; k < taps; k++) {
        odd += fixed[k] & 1;
    }
    if (odd <= MOST_ODD_WEIGHTS) {
        return;
    }
    const bool pairs = is_mirrored(fixed, taps);
    const int end = pairs ? taps / 2 : taps;
    while (odd > MOST_ODD_WEIGHTS) {
        const int up = cheapest_step(row, end, one, fixed, true);
        const int down = cheapest_step(row, end, one, fixed, false);
        if (up < 0 || down < 0) {
            return;
        }
        fixed[up] = (int16_t)(fixed[up] + 1);
        fixed[down] = (int16_t)(fixed[down] - 1);
        odd -= 2;
        if (pairs) {
            fixed[taps - 1 - up] = fixed[up];
            fixed[taps - 1 - down] = fixed[down];
            odd -= 2;
        }
    }
}

/* Stores a row in the table without the zeros at its ends. */
void ic_weights_store_row(struct ic_weights *weights, uint32_t i, int64_t first, int taps,
                          const double *row, int16_t *rounded) {
    int from = 0, to = taps;
    if (weights->type != IC_WEIGHT_F32) {
        round_row(row, taps, one_of(weights->type), rounded);
        limit_odd_weights(row, taps, one_of(weights->type), rounded);
        while (to - from > 1 && rounded[from] == 0) {
            from++;
        }
        while (to - from > 1 && rounded[to - 1] == 0) {
            to--;
        }
        memcpy(weights->fixed + i * weights->stride, rounded + from,
               (size_t)(to - from) * sizeof(*rounded));
    } else {
        while (to - from > 1 && fabs(row[from]) < 1e-9) {
            from++;
        }
        while (to - from > 1 && fabs(row[to - 1]) < 1e-9) {
            to--;
        }
        for (int k = from; k < to; k++) {
            weights->f32[i * weights->stride + (size_t)(k - from)] = (float)row[k];
        }
    }
    weights->left[i] = (int32_t)(first + from);
    weights->count[i] = to - from;
}

void ic_weights_repeat_row(struct ic_weights *weights, uint32_t i, uint32_t like, int64_t moved) {
    const size_t from = like * weights->stride, to = i * weights->stride;
    const size_t count = (size_t)weights->count[like];
    if (weights->type == IC_WEIGHT_F32) {
        memcpy(weights->f32 + to, weights->f32 + from, count * sizeof(float));
    } else {
        memcpy(weights->fixed + to, weights->fixed + from, count * sizeof(int16_t));
    }
    weights->count[i] = weights->count[like];
    weights->left[i] = weights->left[like] + (int32_t)moved;
}

/* Row i of a centred target is row target - 1 - i reversed. */
static void mirror_row(struct ic_weights *weights, uint32_t i, uint32_t source) {
    const uint32_t twin = weights->target - 1 - i;
    const int32_t count = weights->count[twin];
    weights->count[i] = count;
    weights->left[i] = (int32_t)source - weights->left[twin] - count;
    for (int32_t k = 0; k < count; k++) {
        const size_t to = i * weights->stride + (size_t)k;
        const size_t from = twin * weights->stride + (size_t)(count - 1 - k);
        if (weights->type != IC_WEIGHT_F32) {
            weights->fixed[to] = weights->fixed[from];
        } else {
            weights->f32[to] = weights->f32[from];
        }
    }
}

/* Makes row i start `by` samples earlier, with zero weights there. */
static void shift_row(struct ic_weights *weights, uint32_t i, int32_t by) {
    const size_t size = weights->type != IC_WEIGHT_F32 ? sizeof(int16_t) : sizeof(float);
    char *row = weights->type != IC_WEIGHT_F32 ? (char *)(weights->fixed + i * weights->stride)
                                               : (char *)(weights->f32 + i * weights->stride);
    if (!IC_HOLDS((size_t)(weights->count[i] + by) <= weights->stride)) {
        return;
    }
    memmove(row + (size_t)by * size, row, (size_t)weights->count[i] * size);
    memset(row, 0, (size_t)by * size);
    weights->left[i] -= by;
    weights->count[i] += by;
}

/* Streaming needs rows whose start and end never decrease. Removing zeros can leave a row that
 * starts before, or ends after, its neighbour by a tap; adding one zero weight corrects that. */
static void make_monotonic(struct ic_weights *weights) {
    for (uint32_t i = weights->target - 1; i-- > 0;) {
        const int32_t late = weights->left[i] - weights->left[i + 1];
        if (late > 0) {
            shift_row(weights, i, late);
        }
    }
    for (uint32_t i = 1; i < weights->target; i++) {
        const int32_t before = weights->left[i - 1] + weights->count[i - 1];
        if (weights->left[i] + weights->count[i] < before) {
            weights->count[i] = before - weights->left[i];
        }
    }
}

enum imgcore_status ic_weights_allocate(struct ic_mem *mem, uint32_t target, uint32_t taps,
                                        enum ic_weight_type type, struct ic_weights *weights) {
    memset(weights, 0, sizeof(*weights));
    weights->type = type;
    weights->target = target;
    /* space for the taps and for the zeros that make_monotonic may add */
    weights->stride = ic_round_up((size_t)taps + 4, 16);
    weights->left = ic_calloc(mem, target, sizeof(int32_t));
    weights->count = ic_calloc(mem, target, sizeof(int32_t));
    size_t cells;
    if (!ic_mul_size(target, weights->stride, &cells)) {
        ic_weights_clear(mem, weights);
        return IMGCORE_NO_MEMORY;
    }
    weights->size_bytes = cells * (type == IC_WEIGHT_F32 ? sizeof(float) : sizeof(int16_t)) +
                          2 * target * sizeof(int32_t);
    if (type != IC_WEIGHT_F32) {
        weights->fixed = ic_calloc(mem, cells, sizeof(int16_t));
    } else {
        weights->f32 = ic_calloc(mem, cells, sizeof(float));
    }
    if (weights->left == NULL || weights->count == NULL ||
        (weights->fixed == NULL && weights->f32 == NULL)) {
        ic_weights_clear(mem, weights);
        return mem->status;
    }
    return IMGCORE_OK;
}

/* Stores the rows as densely as the longest of them allows: the kernels read entire strides. */
static void close_up(struct ic_weights *weights) {
    const size_t align = weights->type == IC_WEIGHT_F32 ? FLOAT_ALIGN - 1 : 0;
    const size_t wanted = ic_round_up((size_t)weights->max_taps + align, 16);
    const size_t stride = wanted < weights->stride ? wanted : weights->stride;
    const size_t size = weights->type == IC_WEIGHT_F32 ? sizeof(float) : sizeof(int16_t);
    char *table = weights->type == IC_WEIGHT_F32 ? (char *)weights->f32 : (char *)weights->fixed;
    for (size_t i = 1; i < weights->target; i++) {
        memmove(table + i * stride * size, table + i * weights->stride * size, stride * size);
    }
    weights->stride = stride;
}

void ic_weights_finish(struct ic_weights *weights, uint32_t source) {
    make_monotonic(weights);
    weights->identity = source == weights->target;
    for (uint32_t i = 0; i < weights->target; i++) {
        if (weights->count[i] > weights->max_taps) {
            weights->max_taps = weights->count[i];
        }
        if (weights->count[i] != 1 || weights->left[i] != (int32_t)i) {
            weights->identity = false;
        }
    }
    close_up(weights);
}

enum imgcore_status ic_weights_make(struct ic_mem *mem, const struct ic_axis *axis,
                                    enum ic_weight_type type, struct ic_weights *weights) {
    enum imgcore_status status =
        ic_weights_allocate(mem, axis->target, ic_axis_max_taps(axis), type, weights);
    if (status != IMGCORE_OK) {
        return status;
    }
    double *row = ic_alloc(mem, weights->stride * sizeof(double));
    int16_t *rounded = ic_alloc(mem, weights->stride * sizeof(int16_t));
    if (row == NULL || rounded == NULL) {
        status = mem->status;
        ic_weights_clear(mem, weights);
        goto cleanup;
    }
    const double from_right = (double)axis->source - (axis->start + axis->length);
    const bool centred =
        fabs(axis->start - from_right) < 1e-9 * axis->source && axis->filter != IMGCORE_FILTER_BOX;
    for (uint32_t i = 0; i < axis->target; i++) {
        if (centred && i >= axis->target - axis->target / 2) {
            mirror_row(weights, i, axis->source);
            continue;
        }
        int64_t first;
        const int taps = ic_axis_exact_row(axis, i, row, &first);
        if (!IC_HOLDS((size_t)taps + 2 <= weights->stride)) {
            status = IMGCORE_INTERNAL;
            ic_weights_clear(mem, weights);
            goto cleanup;
        }
        ic_weights_store_row(weights, i, first, taps, row, rounded);
    }
    ic_weights_finish(weights, axis->source);
cleanup:
    ic_free(mem, row);
    ic_free(mem, rounded);
    return status;
}

void ic_weights_clear(struct ic_mem *mem, struct ic_weights *weights) {
    ic_free(mem, weights->left);
    ic_free(mem, weights->count);
    ic_free(mem, weights->fixed);
    ic_free(mem, weights->f32);
    memset(weights, 0, sizeof(*weights));
}

size_t ic_weights_row_samples(const struct ic_weights *weights, uint32_t source) {
    return source > weights->stride ? source : weights->stride;
}

void ic_weights_fit_rows(struct ic_weights *weights, uint32_t source) {
    const int32_t length = (int32_t)ic_weights_row_samples(weights, source);
    for (uint32_t i = 0; i < weights->target; i++) {
        const int32_t over = weights->left[i] + (int32_t)weights->stride - length;
        if (over > 0) {
            shift_row(weights, i, over);
        }
        const int32_t past = weights->left[i] % FLOAT_ALIGN;
        if (weights->type == IC_WEIGHT_F32 &&
            (size_t)(weights->count[i] + past) <= weights->stride) {
            shift_row(weights, i, past);
        }
        if (weights->count[i] > weights->max_taps) {
            weights->max_taps = weights->count[i];
        }
    }
}

struct ic_taps_q14 ic_weights_taps_q14(const struct ic_weights *weights) {
    struct ic_taps_q14 taps = {weights->left, weights->fixed, weights->stride, weights->target,
                               (weights->max_taps + 1) & ~1};
    return taps;
}

struct ic_taps_f32 ic_weights_taps_f32(const struct ic_weights *weights) {
    struct ic_taps_f32 taps = {weights->left, weights->f32, weights->stride, weights->target,
                               (weights->max_taps + 3) & ~3};
    return taps;
}
