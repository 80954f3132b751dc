/* Checks of PNG's filters. */
#include "check.h"

#include <string.h>

/* Fills the bytes of a row: random, or a small gradient, where the predictions are close to each
 * other. */
static void fill_row(struct check *check, uint8_t *row, size_t n) {
    if (check_range(check, 0, 1) == 0) {
        check_fill(check, row, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        row[i] = (uint8_t)(i / 7 + (size_t)check_range(check, 0, 3));
    }
}

static void run_unfilter(struct check *check, int channels) {
    const size_t pixel = (size_t)channels;
    const size_t n = check_size(check, 1500) * pixel;
    const size_t rows = (size_t)check_range(check, 0, 13);
    const size_t in_stride = n + 1 + (size_t)check_range(check, 0, 2);
    const size_t out_stride = n + (size_t)check_range(check, 0, 40);
    const size_t in_bytes = rows == 0 ? 1 : (rows - 1) * in_stride + n + 1;
    uint8_t *in = check_source(check, 0, in_bytes, 1);
    uint8_t *above = check_source(check, 1, n, 1);
    fill_row(check, in, in_bytes);
    fill_row(check, above, n);
    const int kind = check_range(check, 0, 2); /* mostly one filter, sometimes another */
    const int common = check_range(check, 0, 4);
    for (size_t y = 0; y < rows; y++) {
        const bool other = kind == 0 || (kind == 1 && check_range(check, 0, 3) == 0);
        in[y * in_stride] = (uint8_t)(other ? check_range(check, 0, 4) : common);
    }
    const size_t out_bytes = rows == 0 ? 0 : (rows - 1) * out_stride + n;
    struct check_out out = check_output(check, out_bytes, 1);
    check_describe(check, "n %zu, rows %zu, strides %zu %zu, filter %d, kind %d", n, rows,
                   in_stride, out_stride, common, kind);
    check->ref->png_unfilter[channels](in + 1, (ptrdiff_t)in_stride, above, out.ref,
                                       (ptrdiff_t)out_stride, rows, n);
    check->tested->png_unfilter[channels](in + 1, (ptrdiff_t)in_stride, above, out.tested,
                                          (ptrdiff_t)out_stride, rows, n);
    check_compare(check, &out);
}

static void run_narrow(struct check *check, int channels) {
    (void)channels;
    const size_t n = check_size(check, 5000);
    uint8_t *in = check_source(check, 0, 2 * n, 1);
    check_fill(check, in, 2 * n);
    for (size_t i = 0; i < n; i++) { /* mostly near the limits of rounding */
        if (check_range(check, 0, 3) > 0) {
            in[2 * i + 1] = (uint8_t)(in[2 * i] + 128 + check_range(check, -2, 2));
        }
    }
    struct check_out out = check_output(check, n, 1);
    check_describe(check, "n %zu", n);
    check->ref->png_narrow_u16(in, out.ref, n);
    check->tested->png_narrow_u16(in, out.tested, n);
    check_compare(check, &out);
}

static void run_filter(struct check *check, int channels) {
    const size_t n = check_size(check, 1500) * (size_t)channels;
    uint8_t *row = check_source(check, 0, n, 1);
    uint8_t *above = check_source(check, 1, n, 1);
    fill_row(check, row, n);
    fill_row(check, above, n);
    /* The three rows, followed by their costs, so that all of it is compared. */
    struct check_out out = check_output(check, 3 * n + 3 * sizeof(uint64_t), 1);
    check_describe(check, "n %zu", n);
    for (int k = 0; k < 2; k++) {
        const struct ic_kernels *kernels = k == 0 ? check->ref : check->tested;
        uint8_t *bytes = k == 0 ? out.ref : out.tested;
        uint8_t *const rows[3] = {bytes, bytes + n, bytes + 2 * n};
        uint64_t cost[3];
        kernels->png_filter[channels](row, above, rows, cost, n);
        memcpy(bytes + 3 * n, cost, sizeof(cost));
    }
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_PIXELS = 4928, BENCH_ROWS = 8 };

struct bench {
    const struct ic_kernels *kernels;
    int channels;
    uint8_t *in, *above, *out;
};

static size_t row_bytes(const struct bench *b) {
    return BENCH_PIXELS * (size_t)b->channels;
}

static void call_unfilter(void *arg) {
    struct bench *b = arg;
    const size_t n = row_bytes(b);
    b->kernels->png_unfilter[b->channels](b->in + 1, (ptrdiff_t)n + 1, b->above, b->out,
                                          (ptrdiff_t)n, BENCH_ROWS, n);
}

static void call_filter(void *arg) {
    struct bench *b = arg;
    const size_t n = row_bytes(b);
    uint8_t *const out[3] = {b->out, b->out + n, b->out + 2 * n};
    uint64_t cost[3];
    b->kernels->png_filter[b->channels](b->in, b->above, out, cost, n);
}

static struct bench open_bench(struct check *check, int channels) {
    struct bench b = {.kernels = check->tested, .channels = channels};
    const size_t n = row_bytes(&b), in_bytes = (n + 1) * BENCH_ROWS;
    b.in = check_source(check, 0, in_bytes, 1);
    b.above = check_source(check, 1, n, 1);
    b.out = check_output(check, n * BENCH_ROWS, 1).tested;
    for (size_t i = 0; i < in_bytes; i++) {
        b.in[i] = (uint8_t)check_random(check);
    }
    return b;
}

static void bench_unfilter(struct check *check, int channels) {
    static const struct {
        const char *label;
        int first, second;
    } cases[] = {{"up", 2, 2}, {"sub", 1, 1}, {"average", 3, 3}, {"paeth", 4, 4}, {"mixed", 4, 3}};
    struct bench b = open_bench(check, channels);
    const size_t n = row_bytes(&b);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t y = 0; y < BENCH_ROWS; y++) {
            b.in[y * (n + 1)] = (uint8_t)(y % 2 == 0 ? cases[i].first : cases[i].second);
        }
        check_time(check, cases[i].label, (double)n * BENCH_ROWS, call_unfilter, &b);
    }
}

static void bench_filter(struct check *check, int channels) {
    struct bench b = open_bench(check, channels);
    check_time(check, "row", (double)row_bytes(&b), call_filter, &b);
}

static void call_narrow(void *arg) {
    struct bench *b = arg;
    b->kernels->png_narrow_u16(b->in, b->out, row_bytes(b) / 2);
}

static void bench_narrow(struct check *check, int channels) {
    (void)channels;
    struct bench b = open_bench(check, 2);
    check_time(check, "row", (double)row_bytes(&b) / 2, call_narrow, &b);
}

static check_slot slot_png_narrow_u16(const struct ic_kernels *kernels) {
    return (check_slot)kernels->png_narrow_u16;
}

#define SLOT(member, bytes)                                                                        \
    static check_slot slot_##member##bytes(const struct ic_kernels *kernels) {                     \
        return (check_slot)kernels->member[bytes];                                                 \
    }
SLOT(png_unfilter, 1)
SLOT(png_unfilter, 2)
SLOT(png_unfilter, 3)
SLOT(png_unfilter, 4)
SLOT(png_unfilter, 6)
SLOT(png_unfilter, 8)
SLOT(png_filter, 1)
SLOT(png_filter, 2)
SLOT(png_filter, 3)
SLOT(png_filter, 4)

const struct check_kernel check_png_kernels[] = {
    {"png_unfilter1", slot_png_unfilter1, run_unfilter, bench_unfilter, 1},
    {"png_unfilter2", slot_png_unfilter2, run_unfilter, bench_unfilter, 2},
    {"png_unfilter3", slot_png_unfilter3, run_unfilter, bench_unfilter, 3},
    {"png_unfilter4", slot_png_unfilter4, run_unfilter, bench_unfilter, 4},
    {"png_unfilter6", slot_png_unfilter6, run_unfilter, bench_unfilter, 6},
    {"png_unfilter8", slot_png_unfilter8, run_unfilter, bench_unfilter, 8},
    {"png_narrow_u16", slot_png_narrow_u16, run_narrow, bench_narrow, 0},
    {"png_filter1", slot_png_filter1, run_filter, bench_filter, 1},
    {"png_filter2", slot_png_filter2, run_filter, bench_filter, 2},
    {"png_filter3", slot_png_filter3, run_filter, bench_filter, 3},
    {"png_filter4", slot_png_filter4, run_filter, bench_filter, 4},
    {NULL, NULL, NULL, NULL, 0},
};
