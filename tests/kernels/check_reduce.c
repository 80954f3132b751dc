/* Checks of the kernels of the pyramid. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TAPS = 60 };

static void fill_rows(struct check *check, int16_t *row, size_t n, int most) {
    const int kind = check_range(check, 0, 3);
    for (size_t i = 0; i < n; i++) {
        row[i] = (int16_t)(kind == 0   ? 0
                           : kind == 1 ? most
                           : kind == 2 ? (i % 2 != 0 ? most : 0)
                                       : check_range(check, 0, most));
    }
}

static void run_halve_u8(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 6000) + 1;
    uint8_t *in = check_source(check, 0, n, 1);
    check_fill(check, in, n);
    const size_t count = (n + 1) / 2;
    struct check_out out = check_output(check, count * sizeof(int16_t), sizeof(int16_t));
    check_describe(check, "n %zu", n);
    check->ref->halve_row_u8(in, (int16_t *)(void *)out.ref, n);
    check->tested->halve_row_u8(in, (int16_t *)(void *)out.tested, n);
    check_compare(check, &out);
}

static void run_halve_i16(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 6000) + 1;
    int16_t *in = check_source(check, 0, n * sizeof(int16_t), sizeof(int16_t));
    fill_rows(check, in, n, 16320);
    const size_t count = (n + 1) / 2;
    struct check_out out = check_output(check, count * sizeof(int16_t), sizeof(int16_t));
    check_describe(check, "n %zu", n);
    check->ref->halve_row_i16(in, (int16_t *)(void *)out.ref, n);
    check->tested->halve_row_i16(in, (int16_t *)(void *)out.tested, n);
    check_compare(check, &out);
}

static void run_halve_rgb_u8(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 2000), count = (n + 1) / 2 * 3;
    uint8_t *in = check_source(check, 0, n * 3, 1);
    check_fill(check, in, n * 3);
    struct check_out out = check_output(check, count * sizeof(int16_t), sizeof(int16_t));
    check_describe(check, "n %zu", n);
    check->ref->halve_rgb_u8(in, (int16_t *)(void *)out.ref, n);
    check->tested->halve_rgb_u8(in, (int16_t *)(void *)out.tested, n);
    check_compare(check, &out);
}

static void run_halve_rgb_i16(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 2000), count = (n + 1) / 2 * 3;
    int16_t *in = check_source(check, 0, n * 3 * sizeof(int16_t), sizeof(int16_t));
    fill_rows(check, in, n * 3, 16320);
    struct check_out out = check_output(check, count * sizeof(int16_t), sizeof(int16_t));
    check_describe(check, "n %zu", n);
    check->ref->halve_rgb_i16(in, (int16_t *)(void *)out.ref, n);
    check->tested->halve_rgb_i16(in, (int16_t *)(void *)out.tested, n);
    check_compare(check, &out);
}

/* Makes four rows in four areas, between 0 and `most`. */
static void take_rows(struct check *check, const int16_t *rows[4], size_t n, int most) {
    for (int k = 0; k < 4; k++) {
        int16_t *row = check_source(check, k, n * sizeof(int16_t), sizeof(int16_t));
        fill_rows(check, row, n, most);
        rows[k] = row;
    }
}

static void run_mean(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 3000);
    const int16_t *rows[4];
    take_rows(check, rows, n, 16320);
    struct check_out out = check_output(check, n * sizeof(int16_t), sizeof(int16_t));
    const int outer = check_range(check, 0, 32), inner = 32 - outer;
    check_describe(check, "n %zu, outer %d", n, outer);
    check->ref->mean_rows_i16(rows, outer, inner, (int16_t *)(void *)out.ref, n);
    check->tested->mean_rows_i16(rows, outer, inner, (int16_t *)(void *)out.tested, n);
    check_compare(check, &out);
}

static void run_vpass_i16(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 3000);
    const int taps = check_range(check, 0, check_range(check, 0, 9) == 0 ? MAX_TAPS : 24);
    const bool accumulate = check_range(check, 0, 1);
    int16_t weights[MAX_TAPS];
    const int16_t *rows[MAX_TAPS];
    for (int k = 0; k < taps; k++) {
        const int most = 32000 / taps;
        int16_t *row = check_source(check, k % CHECK_SOURCES, n * sizeof(int16_t), sizeof(int16_t));
        fill_rows(check, row, n, 16320);
        rows[k] = row;
        weights[k] = (int16_t)check_range(check, -most, most);
    }
    struct check_out out = check_output(check, n * sizeof(int16_t), sizeof(int16_t));
    check_describe(check, "n %zu, taps %d, accumulate %d", n, taps, accumulate);
    check->ref->vpass_i16(rows, weights, taps, (int16_t *)(void *)out.ref, n, accumulate);
    check->tested->vpass_i16(rows, weights, taps, (int16_t *)(void *)out.tested, n, accumulate);
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_N = 4928 };

struct bench {
    const struct ic_kernels *kernels;
    const int16_t *rows[16];
    int16_t weights[16];
    uint8_t *bytes;
    int16_t *out;
};

static void call_halve_u8(void *arg) {
    struct bench *b = arg;
    b->kernels->halve_row_u8(b->bytes, b->out, BENCH_N);
}

static void call_halve_i16(void *arg) {
    struct bench *b = arg;
    b->kernels->halve_row_i16(b->rows[0], b->out, BENCH_N / 2);
}

static void call_mean(void *arg) {
    struct bench *b = arg;
    b->kernels->mean_rows_i16(b->rows, 9, 23, b->out, BENCH_N / 2);
}

static void call_vpass_i16(void *arg) {
    struct bench *b = arg;
    b->kernels->vpass_i16(b->rows, b->weights, 8, b->out, BENCH_N / 2, true);
}

static void call_halve_rgb_u8(void *arg) {
    struct bench *b = arg;
    b->kernels->halve_rgb_u8(b->bytes, b->out, BENCH_N / 3);
}

static void call_halve_rgb_i16(void *arg) {
    struct bench *b = arg;
    b->kernels->halve_rgb_i16(b->rows[0], b->out, BENCH_N / 3);
}

static void bench_with(struct check *check, const char *label, double samples,
                       void (*call)(void *)) {
    struct bench b = {.kernels = check->tested};
    int16_t *data = aligned_alloc(64, sizeof(int16_t) * BENCH_N * 16);
    b.bytes = aligned_alloc(64, BENCH_N);
    b.out = aligned_alloc(64, sizeof(int16_t) * BENCH_N);
    if (data != NULL && b.bytes != NULL && b.out != NULL) {
        memset(data, 1, sizeof(int16_t) * BENCH_N * 16);
        memset(b.bytes, 1, BENCH_N);
        memset(b.out, 0, sizeof(int16_t) * BENCH_N);
        for (int k = 0; k < 16; k++) {
            b.rows[k] = data + (size_t)k * BENCH_N;
            b.weights[k] = 1000;
        }
        check_time(check, label, samples, call, &b);
    }
    free(data);
    free(b.bytes);
    free(b.out);
}

static void bench_halve_u8(struct check *check, int channels) {
    (void)channels;
    bench_with(check, "n 4928", BENCH_N, call_halve_u8);
}

static void bench_halve_i16(struct check *check, int channels) {
    (void)channels;
    bench_with(check, "n 2464", BENCH_N / 2, call_halve_i16);
}

static void bench_mean(struct check *check, int channels) {
    (void)channels;
    bench_with(check, "n 2464", BENCH_N / 2, call_mean);
}

static void bench_vpass_i16(struct check *check, int channels) {
    (void)channels;
    bench_with(check, "n 2464, taps 8, added", BENCH_N / 2 * 8.0, call_vpass_i16);
}

static void bench_halve_rgb_u8(struct check *check, int channels) {
    (void)channels;
    bench_with(check, "n 1642", BENCH_N, call_halve_rgb_u8);
}

static void bench_halve_rgb_i16(struct check *check, int channels) {
    (void)channels;
    bench_with(check, "n 1642", BENCH_N, call_halve_rgb_i16);
}

static check_slot slot_halve_u8(const struct ic_kernels *kernels) {
    return (check_slot)kernels->halve_row_u8;
}

static check_slot slot_halve_i16(const struct ic_kernels *kernels) {
    return (check_slot)kernels->halve_row_i16;
}

static check_slot slot_mean(const struct ic_kernels *kernels) {
    return (check_slot)kernels->mean_rows_i16;
}

static check_slot slot_vpass_i16(const struct ic_kernels *kernels) {
    return (check_slot)kernels->vpass_i16;
}

static check_slot slot_halve_rgb_u8(const struct ic_kernels *kernels) {
    return (check_slot)kernels->halve_rgb_u8;
}

static check_slot slot_halve_rgb_i16(const struct ic_kernels *kernels) {
    return (check_slot)kernels->halve_rgb_i16;
}

const struct check_kernel check_reduce_kernels[] = {
    {"halve_row_u8", slot_halve_u8, run_halve_u8, bench_halve_u8, 0},
    {"halve_row_i16", slot_halve_i16, run_halve_i16, bench_halve_i16, 0},
    {"mean_rows_i16", slot_mean, run_mean, bench_mean, 0},
    {"vpass_i16", slot_vpass_i16, run_vpass_i16, bench_vpass_i16, 0},
    {"halve_rgb_u8", slot_halve_rgb_u8, run_halve_rgb_u8, bench_halve_rgb_u8, 0},
    {"halve_rgb_i16", slot_halve_rgb_i16, run_halve_rgb_i16, bench_halve_rgb_i16, 0},
    {NULL, NULL, NULL, NULL, 0},
};
