/* Checks of transposing and mirroring. */
#include "check.h"

#include <stdlib.h>

static size_t extent(size_t rows, size_t row, ptrdiff_t stride) {
    size_t step = (size_t)(stride < 0 ? -stride : stride);
    return rows == 0 ? 0 : (rows - 1) * step + row;
}

static size_t first_row(size_t rows, ptrdiff_t stride) {
    return stride < 0 && rows > 0 ? (rows - 1) * (size_t)-stride : 0;
}

static ptrdiff_t pick_stride(struct check *check, size_t row) {
    ptrdiff_t stride = (ptrdiff_t)row + check_range(check, 0, 40);
    return check_range(check, 0, 2) == 0 ? -stride : stride;
}

static void run_transpose(struct check *check, int channels) {
    size_t c = (size_t)channels;
    size_t width = check_size(check, 90), height = check_size(check, 90);
    ptrdiff_t in_stride = pick_stride(check, width * c);
    ptrdiff_t out_stride = pick_stride(check, height * c);
    size_t in_size = extent(height, width * c, in_stride);
    uint8_t *in = check_source(check, 0, in_size, 1);
    check_fill(check, in, in_size);
    struct check_out out = check_output(check, extent(width, height * c, out_stride), 1);
    const uint8_t *first = in + first_row(height, in_stride);
    size_t out_first = first_row(width, out_stride);
    check_describe(check, "%zux%zu, strides %td %td", width, height, in_stride, out_stride);
    check->ref->transpose_u8[c](first, in_stride, out.ref + out_first, out_stride, width, height);
    check->tested->transpose_u8[c](first, in_stride, out.tested + out_first, out_stride, width,
                                   height);
    check_compare(check, &out);
}

static void run_mirror(struct check *check, int channels) {
    size_t c = (size_t)channels;
    size_t width = check_size(check, 3000);
    uint8_t *in = check_source(check, 0, width * c, 1);
    check_fill(check, in, width * c);
    struct check_out out = check_output(check, width * c, 1);
    check_describe(check, "width %zu", width);
    check->ref->mirror_u8[c](in, out.ref, width);
    check->tested->mirror_u8[c](in, out.tested, width);
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_WIDTH = 800, BENCH_HEIGHT = 532 };

struct bench {
    const struct ic_kernels *kernels;
    size_t channels;
    uint8_t in[BENCH_WIDTH * BENCH_HEIGHT * 4];
    uint8_t out[BENCH_WIDTH * BENCH_HEIGHT * 4];
};

static void call_transpose(void *arg) {
    struct bench *b = arg;
    b->kernels->transpose_u8[b->channels](b->in, (ptrdiff_t)(BENCH_WIDTH * b->channels), b->out,
                                          (ptrdiff_t)(BENCH_HEIGHT * b->channels), BENCH_WIDTH,
                                          BENCH_HEIGHT);
}

static void call_mirror(void *arg) {
    struct bench *b = arg;
    b->kernels->mirror_u8[b->channels](b->in, b->out, BENCH_WIDTH);
}

static void bench_transpose(struct check *check, int channels) {
    struct bench *b = calloc(1, sizeof(*b));
    if (b != NULL) {
        b->kernels = check->tested;
        b->channels = (size_t)channels;
        check_time(check, "800x532", (double)BENCH_WIDTH * BENCH_HEIGHT * channels, call_transpose,
                   b);
    }
    free(b);
}

static void bench_mirror(struct check *check, int channels) {
    struct bench *b = calloc(1, sizeof(*b));
    if (b != NULL) {
        b->kernels = check->tested;
        b->channels = (size_t)channels;
        check_time(check, "800 pixels", (double)BENCH_WIDTH * channels, call_mirror, b);
    }
    free(b);
}

#define SLOTS(channels)                                                                            \
    static check_slot slot_transpose_x##channels(const struct ic_kernels *kernels) {               \
        return (check_slot)kernels->transpose_u8[channels];                                        \
    }                                                                                              \
    static check_slot slot_mirror_x##channels(const struct ic_kernels *kernels) {                  \
        return (check_slot)kernels->mirror_u8[channels];                                           \
    }

SLOTS(1)
SLOTS(2)
SLOTS(3)
SLOTS(4)

const struct check_kernel check_orient_kernels[] = {
    {"transpose_u8x1", slot_transpose_x1, run_transpose, bench_transpose, 1},
    {"transpose_u8x2", slot_transpose_x2, run_transpose, bench_transpose, 2},
    {"transpose_u8x3", slot_transpose_x3, run_transpose, bench_transpose, 3},
    {"transpose_u8x4", slot_transpose_x4, run_transpose, bench_transpose, 4},
    {"mirror_u8x1", slot_mirror_x1, run_mirror, bench_mirror, 1},
    {"mirror_u8x2", slot_mirror_x2, run_mirror, bench_mirror, 2},
    {"mirror_u8x3", slot_mirror_x3, run_mirror, bench_mirror, 3},
    {"mirror_u8x4", slot_mirror_x4, run_mirror, bench_mirror, 4},
    {0},
};
