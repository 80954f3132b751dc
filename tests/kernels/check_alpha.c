/* Checks of the vertical pass over pixels with alpha, and of the search for opaque rows. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TAPS = 3 * IC_VPASS_ALPHA_ROWS, MOST_ROWS = IC_VPASS_ALPHA_ROWS };

struct pass {
    struct ic_vpass_alpha_target targets[IC_VPASS_ALPHA_TARGETS];
    int first[IC_VPASS_ALPHA_TARGETS], taps[IC_VPASS_ALPHA_TARGETS]; /* in terms of all rows */
    float weights[IC_VPASS_ALPHA_TARGETS][MOST_TAPS];
    int count, rows;
};

/* Makes targets like those of a vertical pass: each starts and ends no earlier than the one before.
 */
static void make_pass(struct check *check, struct pass *pass) {
    pass->rows = check_range(check, 1, MOST_TAPS);
    pass->count = check_range(check, 1, 5);
    if (check_range(check, 0, 20) == 0) {
        pass->count = IC_VPASS_ALPHA_TARGETS;
    }
    int first = 0, end = 1;
    for (int t = 0; t < pass->count; t++) {
        first = check_range(check, first, first + check_range(check, 0, 8));
        first = first < pass->rows ? first : pass->rows - 1;
        end = end > first ? end : first + 1;
        end = check_range(check, end, end + check_range(check, 0, 40));
        end = end < pass->rows ? end : pass->rows;
        pass->first[t] = first;
        pass->taps[t] = end - first;
        for (int k = 0; k < end - first; k++) {
            pass->weights[t][k] = check_float(check, -1.5f, 1.5f);
        }
    }
}

/* Processes all rows, several at a time, into `out`. */
static void run_pass(struct pass *pass, const struct ic_kernels *kernels, int channels,
                     const uint8_t *const *rows, size_t n, size_t stride, float *out, int step) {
    for (int y = 0; y < pass->rows; y += step) {
        const int some = pass->rows - y < step ? pass->rows - y : step;
        int count = 0;
        for (int t = 0; t < pass->count; t++) {
            const int first = pass->first[t], end = first + pass->taps[t];
            const int from = first > y ? first : y, to = end < y + some ? end : y + some;
            if (from < to) {
                pass->targets[count++] =
                    (struct ic_vpass_alpha_target){.weights = pass->weights[t] + (from - first),
                                                   .first = from - y,
                                                   .taps = to - from,
                                                   .sums = out + (size_t)t * stride,
                                                   .accumulate = from > first};
            }
        }
        if (count > 0) {
            kernels->vpass_alpha[channels](rows + y, some, pass->targets, count, n);
        }
    }
}

static void run_vpass_alpha(struct check *check, int channels) {
    static struct pass pass;
    make_pass(check, &pass);
    const size_t n = check_size(check, 300), samples = n * (size_t)channels;
    const size_t padded =
        (samples + IC_VPASS_ALPHA_SAMPLES - 1) / IC_VPASS_ALPHA_SAMPLES * IC_VPASS_ALPHA_SAMPLES;
    const uint8_t *rows[MOST_TAPS];
    /* in one round of two pixels [from, to) are transparent in all rows, perhaps but for one pixel
     */
    const int from = check_range(check, 0, (int)n), to = check_range(check, from, (int)n);
    const bool some_transparent = check_range(check, 0, 1);
    const uint8_t *sources[CHECK_SOURCES];
    for (int i = 0; i < CHECK_SOURCES; i++) {
        uint8_t *source = check_source(check, i, samples, 1);
        sources[i] = source;
        check_fill(check, source, samples);
        for (int x = from; some_transparent && x < to; x++) {
            source[(x + 1) * channels - 1] = 0;
        }
        if (to > from && check_range(check, 0, 9) == 0) {
            source[check_range(check, from + 1, to) * channels - 1] = 1;
        }
    }
    for (int k = 0; k < pass.rows; k++) {
        rows[k] = sources[k % CHECK_SOURCES];
    }
    const int step = check_range(check, 1, MOST_ROWS);
    struct check_out out =
        check_output(check, (size_t)pass.count * padded * sizeof(float), sizeof(float));
    check_describe(check, "n %zu, rows %d, %d at a time, targets %d", n, pass.rows, step,
                   pass.count);
    run_pass(&pass, check->ref, channels, rows, n, padded, (float *)(void *)out.ref, step);
    run_pass(&pass, check->tested, channels, rows, n, padded, (float *)(void *)out.tested, step);
    check_compare(check, &out);
}

/* Pixels that are opaque but for one, or none, or random ones. */
static void run_is_opaque(struct check *check, int channels) {
    const size_t n = check_size(check, 300), samples = n * (size_t)channels;
    uint8_t *pixels = check_source(check, 0, samples, 1);
    check_fill(check, pixels, samples);
    const int kind = check_range(check, 0, 3);
    for (size_t i = 0; kind > 0 && i < n; i++) {
        pixels[i * (size_t)channels + (size_t)channels - 1] = 255;
    }
    if (kind > 1 && n > 0) {
        const size_t at = (size_t)check_range(check, 0, (int)n - 1);
        pixels[at * (size_t)channels + (size_t)channels - 1] = (uint8_t)check_range(check, 0, 255);
    }
    check_describe(check, "n %zu, kind %d", n, kind);
    const bool wanted = check->ref->is_opaque[channels](pixels, n);
    if (check->tested->is_opaque[channels](pixels, n) != wanted) {
        check_fail(check, "not %d", wanted);
    }
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_SAMPLES = 4096, BENCH_TARGETS = 9 };

struct bench {
    const struct ic_kernels *kernels;
    const uint8_t *rows[MOST_ROWS];
    struct ic_vpass_alpha_target targets[BENCH_TARGETS];
    float weights[MOST_ROWS];
    uint8_t bytes[MOST_ROWS][BENCH_SAMPLES];
    float sums[BENCH_TARGETS][BENCH_SAMPLES];
    int channels;
};

static void call_vpass_alpha(void *arg) {
    struct bench *b = arg;
    b->kernels->vpass_alpha[b->channels](b->rows, MOST_ROWS, b->targets, BENCH_TARGETS,
                                         BENCH_SAMPLES / (size_t)b->channels);
}

/* 16 rows and the targets of a reduction by 5.8: some that started before, and some that continue.
 */
static void bench_vpass_alpha(struct check *check, int channels) {
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return;
    }
    b->kernels = check->tested;
    b->channels = channels;
    double taps = 0;
    for (int k = 0; k < MOST_ROWS; k++) {
        b->weights[k] = check_float(check, -0.1f, 0.2f);
        b->rows[k] = b->bytes[k];
        check_fill(check, b->bytes[k], BENCH_SAMPLES);
    }
    for (int t = 0; t < BENCH_TARGETS; t++) {
        const int first = t * 58 / 10 - 32, end = first + 35;
        struct ic_vpass_alpha_target *target = &b->targets[t];
        target->weights = b->weights;
        target->first = first < 0 ? 0 : first;
        target->taps = (end < MOST_ROWS ? end : MOST_ROWS) - target->first;
        target->sums = b->sums[t];
        target->accumulate = first < 0;
        taps += target->taps;
    }
    check_time(check, "4096 samples, 16 rows, 9 targets", taps * BENCH_SAMPLES, call_vpass_alpha,
               b);
    free(b);
}

static void call_is_opaque(void *arg) {
    struct bench *b = arg;
    b->kernels->is_opaque[b->channels](b->bytes[0], BENCH_SAMPLES / (size_t)b->channels);
}

static void bench_is_opaque(struct check *check, int channels) {
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return;
    }
    b->kernels = check->tested;
    b->channels = channels;
    memset(b->bytes[0], 255, BENCH_SAMPLES);
    check_time(check, "4096 opaque samples", BENCH_SAMPLES, call_is_opaque, b);
    free(b);
}

static check_slot slot_is_opaque_x2(const struct ic_kernels *kernels) {
    return (check_slot)kernels->is_opaque[2];
}

static check_slot slot_is_opaque_x4(const struct ic_kernels *kernels) {
    return (check_slot)kernels->is_opaque[4];
}

static check_slot slot_vpass_alpha_x2(const struct ic_kernels *kernels) {
    return (check_slot)kernels->vpass_alpha[2];
}

static check_slot slot_vpass_alpha_x4(const struct ic_kernels *kernels) {
    return (check_slot)kernels->vpass_alpha[4];
}

const struct check_kernel check_alpha_kernels[] = {
    {"vpass_alpha_x2", slot_vpass_alpha_x2, run_vpass_alpha, bench_vpass_alpha, 2},
    {"vpass_alpha_x4", slot_vpass_alpha_x4, run_vpass_alpha, bench_vpass_alpha, 4},
    {"is_opaque_x2", slot_is_opaque_x2, run_is_opaque, bench_is_opaque, 2},
    {"is_opaque_x4", slot_is_opaque_x4, run_is_opaque, bench_is_opaque, 4},
    {0},
};
