/* Checks of the vertical kernels. */
#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TAPS = 150 };

/* Makes weights that keep every partial sum within 16 bits: a Lanczos window in 14 bits, one
 * extreme weight, or random ones with a sufficiently small sum of magnitudes. */
static void fill_weights(struct check *check, int16_t *weights, int taps) {
    int kind = check_range(check, 0, 3);
    if (kind == 0 && taps > 0) {
        memset(weights, 0, (size_t)taps * sizeof(weights[0]));
        weights[check_range(check, 0, taps - 1)] = check_range(check, 0, 1) ? 32767 : -32767;
        return;
    }
    for (int k = 0; k < taps; k++) {
        if (kind == 1 && taps >= 6) {
            double x = (k + 0.5 - taps / 2.0) * 6.0 / taps * 3.14159265358979;
            double sinc = fabs(x) < 1e-9 ? 1.0 : sin(x) / x * sin(x / 3) / (x / 3);
            weights[k] = (int16_t)lrint(sinc * 6.0 / taps * 16384.0);
        } else {
            int most = 32000 / taps;
            weights[k] = (int16_t)check_range(check, -most, most);
        }
    }
}

static void run_vpass_u8(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 6000);
    int taps =
        check_range(check, 0, 9) == 0 ? check_range(check, 0, MAX_TAPS) : check_range(check, 0, 40);
    bool accumulate = check_range(check, 0, 1);
    int16_t weights[MAX_TAPS];
    const uint8_t *rows[MAX_TAPS];
    fill_weights(check, weights, taps);
    for (int i = 0; i < CHECK_SOURCES; i++) {
        check_fill(check, check->source[i], 8192);
        check_fill(check, check->source[i] + CHECK_AREA_BYTES - 8192, 8192);
    }
    for (int k = 0; k < taps; k++) {
        rows[k] = check_source(check, k % CHECK_SOURCES, n, 1);
    }
    struct check_out out = check_output(check, n * sizeof(int16_t), sizeof(int16_t));
    check_describe(check, "n %zu, taps %d, accumulate %d", n, taps, accumulate);
    check->ref->vpass_u8(rows, weights, taps, (int16_t *)(void *)out.ref, n, accumulate);
    check->tested->vpass_u8(rows, weights, taps, (int16_t *)(void *)out.tested, n, accumulate);
    check_compare(check, &out);
}

static void run_vpass2_u8(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 6000);
    int most = check_range(check, 0, 9) == 0 ? MAX_TAPS : 40;
    struct ic_vpass_pair pair;
    pair.taps = check_range(check, 0, most);
    pair.first_end = check_range(check, 0, pair.taps);
    pair.second_begin = check_range(check, 0, pair.first_end);
    int16_t weights[2][MAX_TAPS];
    const uint8_t *rows[MAX_TAPS];
    fill_weights(check, weights[0], pair.first_end);
    fill_weights(check, weights[1], pair.taps - pair.second_begin);
    for (int i = 0; i < CHECK_SOURCES; i++) {
        check_fill(check, check->source[i], 8192);
        check_fill(check, check->source[i] + CHECK_AREA_BYTES - 8192, 8192);
    }
    for (int k = 0; k < pair.taps; k++) {
        rows[k] = check_source(check, k % CHECK_SOURCES, n, 1);
    }
    /* the sums of the second target directly after those of the first */
    struct check_out out = check_output(check, 2 * n * sizeof(int16_t), sizeof(int16_t));
    for (int j = 0; j < 2; j++) {
        pair.weights[j] = weights[j];
        pair.accumulate[j] = check_range(check, 0, 1);
        pair.sums[j] = (int16_t *)(void *)out.ref + (size_t)j * n;
    }
    check_describe(check, "n %zu, rows %d, first to %d, second from %d, accumulate %d %d", n,
                   pair.taps, pair.first_end, pair.second_begin, pair.accumulate[0],
                   pair.accumulate[1]);
    check->ref->vpass2_u8(rows, &pair, n);
    for (int j = 0; j < 2; j++) {
        pair.sums[j] = (int16_t *)(void *)out.tested + (size_t)j * n;
    }
    check->tested->vpass2_u8(rows, &pair, n);
    check_compare(check, &out);
}

static void run_narrow(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 6000);
    int16_t *in = check_source(check, 0, n * sizeof(int16_t), sizeof(int16_t));
    int reach = check_range(check, 0, 1) ? 32767 : 20000;
    for (size_t i = 0; i < n; i++) {
        in[i] = (int16_t)check_range(check, -reach - 1, reach);
    }
    struct check_out out = check_output(check, n, 1);
    check_describe(check, "n %zu", n);
    check->ref->narrow_i16_u8(in, out.ref, n);
    check->tested->narrow_i16_u8(in, out.tested, n);
    check_compare(check, &out);
}

/* Both positions of every source at which a row of n may be placed. */
static void fill_floats(struct check *check, size_t n) {
    for (int source = 0; source < CHECK_SOURCES; source++) {
        float *begin = (float *)(void *)check->source[source];
        float *end = begin + CHECK_AREA_BYTES / sizeof(float) - n;
        float most = check_range(check, 0, 1) ? 65025.0f : 1e-3f;
        for (size_t i = 0; i < n; i++) {
            begin[i] = check_float(check, -most, most);
            end[i] = check_float(check, -most, most);
        }
    }
}

static void run_vpass_f32(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 3000);
    int taps = check_range(check, 0, 40);
    bool accumulate = check_range(check, 0, 1);
    float weights[40];
    const float *rows[40];
    fill_floats(check, n);
    for (int k = 0; k < taps; k++) {
        weights[k] = check_float(check, -1.5f, 1.5f);
        rows[k] = check_source(check, k % CHECK_SOURCES, n * sizeof(float), sizeof(float));
    }
    struct check_out out = check_output(check, n * sizeof(float), sizeof(float));
    for (size_t i = 0; i < n; i++) { /* valid sums instead of canaries */
        float old = check_float(check, -1000.0f, 1000.0f);
        memcpy(out.ref + i * sizeof(old), &old, sizeof(old));
        memcpy(out.tested + i * sizeof(old), &old, sizeof(old));
    }
    check_describe(check, "n %zu, taps %d, accumulate %d", n, taps, accumulate);
    check->ref->vpass_f32(rows, weights, taps, (float *)(void *)out.ref, n, accumulate);
    check->tested->vpass_f32(rows, weights, taps, (float *)(void *)out.tested, n, accumulate);
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

struct bench {
    const struct ic_kernels *kernels;
    const uint8_t *rows[48];
    const float *float_rows[48];
    int16_t weights[48];
    float float_weights[48];
    int16_t *sums;
    float *float_sums;
    uint8_t *bytes;
    size_t n;
    int taps;
    bool accumulate;
};

static void call_vpass_u8(void *arg) {
    struct bench *b = arg;
    b->kernels->vpass_u8(b->rows, b->weights, b->taps, b->sums, b->n, b->accumulate);
}

static void call_vpass2_u8(void *arg) {
    struct bench *b = arg;
    const struct ic_vpass_pair pair = {.weights = {b->weights, b->weights},
                                       .sums = {b->sums, b->sums + b->n},
                                       .accumulate = {true, true},
                                       .second_begin = 2,
                                       .first_end = b->taps - 2,
                                       .taps = b->taps};
    b->kernels->vpass2_u8(b->rows, &pair, b->n);
}

static void call_vpass_f32(void *arg) {
    struct bench *b = arg;
    b->kernels->vpass_f32(b->float_rows, b->float_weights, b->taps, b->float_sums, b->n,
                          b->accumulate);
}

static void call_narrow(void *arg) {
    struct bench *b = arg;
    b->kernels->narrow_i16_u8(b->sums, b->bytes, b->n);
}

static void bench_vpass_u8(struct check *check, int channels) {
    (void)channels;
    static const struct {
        size_t n;
        int taps;
        bool accumulate;
    } sizes[] = {{4928, 1, true},  {4928, 6, true},   {4928, 16, true},  {14784, 6, true},
                 {14784, 8, true}, {14784, 16, true}, {14784, 36, false}};
    struct bench b = {.kernels = check->tested};
    const size_t row_bytes = 14784 + 64; /* rows start at cache lines, as in the library */
    uint8_t *data = aligned_alloc(64, 36 * row_bytes);
    b.sums = aligned_alloc(64, row_bytes * sizeof(int16_t));
    if (data != NULL && b.sums != NULL) {
        check_fill(check, data, 36 * row_bytes);
        memset(b.sums, 0, row_bytes * sizeof(int16_t));
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            b.n = sizes[i].n;
            b.taps = sizes[i].taps;
            b.accumulate = sizes[i].accumulate;
            for (int k = 0; k < b.taps; k++) {
                b.rows[k] = data + (size_t)k * row_bytes;
                b.weights[k] = (int16_t)check_range(check, -600, 900);
            }
            char label[48];
            snprintf(label, sizeof(label), "n %zu, taps %d%s", b.n, b.taps,
                     b.accumulate ? ", added" : "");
            check_time(check, label, (double)b.n * b.taps, call_vpass_u8, &b);
        }
    }
    free(data);
    free(b.sums);
}

static void bench_vpass2_u8(struct check *check, int channels) {
    (void)channels;
    struct bench b = {.kernels = check->tested, .n = 14784, .taps = 16};
    const size_t row_bytes = 14784 + 64;
    uint8_t *data = aligned_alloc(64, 16 * row_bytes);
    b.sums = aligned_alloc(64, 2 * row_bytes * sizeof(int16_t));
    if (data != NULL && b.sums != NULL) {
        check_fill(check, data, 16 * row_bytes);
        memset(b.sums, 0, 2 * row_bytes * sizeof(int16_t));
        for (int k = 0; k < b.taps; k++) {
            b.rows[k] = data + (size_t)k * row_bytes;
            b.weights[k] = (int16_t)check_range(check, -600, 900);
        }
        check_time(check, "n 14784, taps 14 of 16, added", (double)b.n * 2.0 * (b.taps - 2),
                   call_vpass2_u8, &b);
    }
    free(data);
    free(b.sums);
}

static void bench_narrow(struct check *check, int channels) {
    (void)channels;
    struct bench b = {.kernels = check->tested, .n = 4928};
    b.sums = calloc(b.n, sizeof(int16_t));
    b.bytes = malloc(b.n);
    if (b.sums != NULL && b.bytes != NULL) {
        check_time(check, "n 4928", (double)b.n, call_narrow, &b);
    }
    free(b.sums);
    free(b.bytes);
}

static void bench_vpass_f32(struct check *check, int channels) {
    (void)channels;
    struct bench b = {.kernels = check->tested, .n = 4928, .taps = 8, .accumulate = true};
    size_t row_bytes = b.n * sizeof(float);
    float *data = aligned_alloc(64, (size_t)b.taps * row_bytes);
    b.float_sums = aligned_alloc(64, row_bytes);
    if (data != NULL && b.float_sums != NULL) {
        memset(data, 0, (size_t)b.taps * row_bytes);
        memset(b.float_sums, 0, row_bytes);
        for (int k = 0; k < b.taps; k++) {
            b.float_rows[k] = data + (size_t)k * b.n;
            b.float_weights[k] = 0.125f;
        }
        check_time(check, "n 4928, taps 8, added", (double)b.n * b.taps, call_vpass_f32, &b);
        b.n = 512; /* rows that stay in L1 */
        check_time(check, "n 512, taps 8, added", (double)b.n * b.taps, call_vpass_f32, &b);
    }
    free(data);
    free(b.float_sums);
}

static check_slot slot_vpass_u8(const struct ic_kernels *kernels) {
    return (check_slot)kernels->vpass_u8;
}

static check_slot slot_vpass2_u8(const struct ic_kernels *kernels) {
    return (check_slot)kernels->vpass2_u8;
}

static check_slot slot_narrow(const struct ic_kernels *kernels) {
    return (check_slot)kernels->narrow_i16_u8;
}

static check_slot slot_vpass_f32(const struct ic_kernels *kernels) {
    return (check_slot)kernels->vpass_f32;
}

const struct check_kernel check_vpass_kernels[] = {
    {"vpass_u8", slot_vpass_u8, run_vpass_u8, bench_vpass_u8, 0},
    {"vpass2_u8", slot_vpass2_u8, run_vpass2_u8, bench_vpass2_u8, 0},
    {"narrow_i16_u8", slot_narrow, run_narrow, bench_narrow, 0},
    {"vpass_f32", slot_vpass_f32, run_vpass_f32, bench_vpass_f32, 0},
    {0},
};
