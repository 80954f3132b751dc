/* Checks of the horizontal kernels. */
#include "check.h"

#include "imgcore/base/limits.h"

#include <stdlib.h>
#include <string.h>

struct shape {
    size_t width, rows, count, stride; /* stride: of the weights */
    int taps;
    ptrdiff_t in_stride, out_stride; /* in samples */
};

/* unit: taps are a multiple of it; slack: samples after each row. */
static struct shape pick_shape(struct check *check, int channels, int unit, size_t slack) {
    struct shape s;
    s.taps = unit * (check_range(check, 0, 7) == 0 ? check_range(check, 1, 240 / unit)
                                                   : check_range(check, 1, 48 / unit));
    s.width = (size_t)s.taps + check_size(check, 1500);
    s.rows =
        (size_t)(check_range(check, 0, 2) ? check_range(check, 0, 9) : check_range(check, 0, 19));
    s.count = check_size(check, 200);
    s.stride = ((size_t)s.taps + 15) / 16 * 16 + (check_range(check, 0, 3) == 0 ? 16 : 0);
    size_t in_row = s.width * (size_t)channels + slack;
    size_t out_row = s.count * (size_t)channels;
    s.in_stride = (ptrdiff_t)(in_row + (size_t)check_range(check, 0, 9));
    s.out_stride = (ptrdiff_t)(out_row + (size_t)check_range(check, 0, 9));
    if (check_range(check, 0, 3) == 0) {
        s.in_stride = -s.in_stride;
    }
    if (check_range(check, 0, 3) == 0) {
        s.out_stride = -s.out_stride;
    }
    return s;
}

/* Returns the samples from the start of the first row to the end of the last one, for either sign
 * of the stride. */
static size_t extent(size_t rows, size_t row, ptrdiff_t stride) {
    size_t step = (size_t)(stride < 0 ? -stride : stride);
    return rows == 0 ? 0 : (rows - 1) * step + row;
}

static size_t first_row(size_t rows, ptrdiff_t stride) {
    return stride < 0 && rows > 0 ? (rows - 1) * (size_t)-stride : 0;
}

/* Positions are random, or ascending with the gaps of a ratio of up to 9. */
static int32_t *pick_left(struct check *check, const struct shape *s) {
    int32_t *left = check_source(check, 1, s->count * sizeof(int32_t), sizeof(int32_t));
    const int last = (int)s->width - s->taps;
    const bool in_order = check_range(check, 0, 3) != 0;
    const int gap = check_range(check, 0, 8);
    int at = check_range(check, 0, last / 4);
    for (size_t i = 0; i < s->count; i++) {
        left[i] = in_order ? at : check_range(check, 0, last);
        at += gap + check_range(check, 0, 1);
        at = at < last ? at : last;
    }
    if (s->count > 0) {
        left[s->count - 1] = last;
    }
    return left;
}

static void describe(struct check *check, const struct shape *s) {
    check_describe(check,
                   "width %zu, rows %zu, outputs %zu, taps %d, weights' stride %zu, strides %td "
                   "%td",
                   s->width, s->rows, s->count, s->taps, s->stride, s->in_stride, s->out_stride);
}

/* Makes the weights of one output, with a sum of magnitudes of at most `sum`, followed by zeros. */
static void fill_weights(struct check *check, int16_t *weight, const struct shape *s, int sum) {
    memset(weight, 0, s->stride * sizeof(weight[0]));
    int most = sum / s->taps > 32767 ? 32767 : sum / s->taps;
    int kind = check_range(check, 0, 2);
    for (int k = 0; k < s->taps; k++) {
        weight[k] = (int16_t)(kind == 0   ? most
                              : kind == 1 ? (k % 2 ? -most : most)
                                          : check_range(check, -most, most));
    }
}

static void run_hpass_i16(struct check *check, int channels) {
    size_t c = (size_t)channels;
    size_t slack = IC_ROW_SLACK_BYTES / sizeof(int16_t);
    struct shape s = pick_shape(check, channels, 2, slack);
    int16_t *weight = check_source(check, 0, s.count * s.stride * sizeof(int16_t), 2);
    bool extreme = check_range(check, 0, 1);
    for (size_t i = 0; i < s.count; i++) {
        fill_weights(check, weight + i * s.stride, &s, extreme ? 65000 : 20000);
    }
    size_t in_size = extent(s.rows, s.width * c + slack, s.in_stride);
    int16_t *in = check_source(check, 2, in_size * sizeof(int16_t), 2);
    int kind = check_range(check, 0, 3);
    for (size_t i = 0; i < in_size; i++) {
        in[i] = (int16_t)(kind == 0   ? -32768
                          : kind == 1 ? (i % 2 ? -32768 : 32767)
                          : kind == 2 ? check_range(check, -32768, 32767)
                                      : check_range(check, -3000, 19000));
    }
    struct ic_taps_q14 taps = {pick_left(check, &s), weight, s.stride, s.count, s.taps};
    struct check_out out = check_output(check, extent(s.rows, s.count * c, s.out_stride), 1);
    describe(check, &s);
    const int16_t *first = in + first_row(s.rows, s.in_stride);
    size_t out_first = first_row(s.rows, s.out_stride);
    check->ref->hpass_i16_u8[c](first, s.in_stride, out.ref + out_first, s.out_stride, s.rows,
                                &taps);
    check->tested->hpass_i16_u8[c](first, s.in_stride, out.tested + out_first, s.out_stride, s.rows,
                                   &taps);
    check_compare(check, &out);
}

static void run_hpass_f32(struct check *check, int channels) {
    size_t c = (size_t)channels;
    size_t slack = IC_ROW_SLACK_BYTES / sizeof(float);
    struct shape s = pick_shape(check, channels, 4, slack);
    s.rows = s.rows > 9 ? 9 : s.rows;
    float *weight = check_source(check, 0, s.count * s.stride * sizeof(float), sizeof(float));
    for (size_t i = 0; i < s.count * s.stride; i++) {
        weight[i] = i % s.stride < (size_t)s.taps ? check_float(check, -1.0f, 1.0f) : 0.0f;
    }
    size_t in_size = extent(s.rows, s.width * c + slack, s.in_stride);
    float *in = check_source(check, 2, in_size * sizeof(float), sizeof(float));
    memset(in, 0, in_size * sizeof(float));
    const float most = check_range(check, 0, 1) ? 65025.0f : 1e-20f;
    const float *first = in + first_row(s.rows, s.in_stride);
    for (size_t y = 0; y < s.rows; y++) {
        float *row = in + y * (size_t)(s.in_stride < 0 ? -s.in_stride : s.in_stride);
        for (size_t i = 0; i < s.width * c; i++) {
            row[i] = check_float(check, -most / 8.0f, most);
        }
    }
    struct ic_taps_f32 taps = {pick_left(check, &s), weight, s.stride, s.count, s.taps};
    struct check_out out = check_output(
        check, extent(s.rows, s.count * c, s.out_stride) * sizeof(float), sizeof(float));
    describe(check, &s);
    size_t out_first = first_row(s.rows, s.out_stride);
    check->ref->hpass_f32[c](first, s.in_stride, (float *)(void *)out.ref + out_first, s.out_stride,
                             s.rows, &taps);
    check->tested->hpass_f32[c](first, s.in_stride, (float *)(void *)out.tested + out_first,
                                s.out_stride, s.rows, &taps);
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_WIDTH = 4928, BENCH_OUTPUTS = 1200, BENCH_ROWS = 16, BENCH_STRIDE = 160 };

struct bench {
    const struct ic_kernels *kernels;
    int32_t left[BENCH_OUTPUTS];
    int16_t weight[BENCH_OUTPUTS * BENCH_STRIDE];
    float weight_f32[BENCH_OUTPUTS * BENCH_STRIDE];
    int16_t in[BENCH_ROWS * (BENCH_WIDTH * 4 + 64)];
    float in_f32[4 * (BENCH_WIDTH * 4 + 64)];
    uint8_t out[BENCH_ROWS * BENCH_OUTPUTS * 4];
    float out_f32[4 * BENCH_OUTPUTS * 4];
    struct ic_taps_q14 taps;
    struct ic_taps_f32 taps_f32;
    size_t rows;
    int channels;
};

static void call_hpass_i16(void *arg) {
    struct bench *b = arg;
    b->kernels->hpass_i16_u8[b->channels](b->in, BENCH_WIDTH * b->channels + 64, b->out,
                                          BENCH_OUTPUTS * b->channels, b->rows, &b->taps);
}

static void call_hpass_f32(void *arg) {
    struct bench *b = arg;
    b->kernels->hpass_f32[b->channels](b->in_f32, BENCH_WIDTH * b->channels + 64, b->out_f32,
                                       BENCH_OUTPUTS * b->channels, b->rows, &b->taps_f32);
}

static void bench_hpass(struct check *check, int channels, bool f32) {
    static const struct {
        int width, outputs, taps;
        size_t rows;
    } sizes[] = {{4928, 1200, 26, 4}, {4928, 1200, 26, 1}, {4928, 852, 36, 4},  {4928, 800, 38, 4},
                 {4928, 400, 74, 4},  {4928, 200, 148, 4}, {4928, 1200, 26, 3}, {4928, 1200, 26, 8},
                 {2464, 1200, 14, 8}, {2464, 800, 20, 8},  {2464, 616, 26, 8},  {1232, 600, 14, 8},
                 {1232, 400, 20, 8},  {616, 200, 20, 8}};
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return;
    }
    b->kernels = check->tested;
    b->channels = channels;
    for (size_t i = 0; i < sizeof(b->in) / sizeof(b->in[0]); i++) {
        b->in[i] = (int16_t)check_range(check, 0, 16320);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int outputs = sizes[i].outputs;
        int taps = f32 ? (sizes[i].taps + 3) / 4 * 4 : sizes[i].taps;
        size_t stride = ((size_t)taps + 15) / 16 * 16;
        b->rows = f32 && sizes[i].rows > 4 ? 4 : sizes[i].rows;
        memset(b->weight, 0, sizeof(b->weight));
        for (int o = 0; o < outputs; o++) {
            b->left[o] = (int32_t)((sizes[i].width - taps) * (int64_t)o / outputs);
            for (int k = 0; k < taps; k++) {
                b->weight[(size_t)o * stride + (size_t)k] = (int16_t)check_range(check, -50, 200);
            }
        }
        b->taps = (struct ic_taps_q14){b->left, b->weight, stride, (size_t)outputs, taps};
        b->taps_f32 = (struct ic_taps_f32){b->left, b->weight_f32, stride, (size_t)outputs, taps};
        char label[48];
        snprintf(label, sizeof(label), "%d outputs, taps %d, rows %zu", outputs, taps, b->rows);
        double samples = (double)outputs * (double)b->rows * channels;
        check_time(check, label, samples, f32 ? call_hpass_f32 : call_hpass_i16, b);
    }
    free(b);
}

static void bench_hpass_i16(struct check *check, int channels) {
    bench_hpass(check, channels, false);
}

static void bench_hpass_f32(struct check *check, int channels) {
    bench_hpass(check, channels, true);
}

#define SLOTS(channels)                                                                            \
    static check_slot slot_i16x##channels(const struct ic_kernels *kernels) {                      \
        return (check_slot)kernels->hpass_i16_u8[channels];                                        \
    }                                                                                              \
    static check_slot slot_f32x##channels(const struct ic_kernels *kernels) {                      \
        return (check_slot)kernels->hpass_f32[channels];                                           \
    }

SLOTS(1)
SLOTS(2)
SLOTS(3)
SLOTS(4)

const struct check_kernel check_hpass_kernels[] = {
    {"hpass_i16_u8x1", slot_i16x1, run_hpass_i16, bench_hpass_i16, 1},
    {"hpass_i16_u8x2", slot_i16x2, run_hpass_i16, bench_hpass_i16, 2},
    {"hpass_i16_u8x3", slot_i16x3, run_hpass_i16, bench_hpass_i16, 3},
    {"hpass_i16_u8x4", slot_i16x4, run_hpass_i16, bench_hpass_i16, 4},
    {"hpass_f32x1", slot_f32x1, run_hpass_f32, bench_hpass_f32, 1},
    {"hpass_f32x2", slot_f32x2, run_hpass_f32, bench_hpass_f32, 2},
    {"hpass_f32x3", slot_f32x3, run_hpass_f32, bench_hpass_f32, 3},
    {"hpass_f32x4", slot_f32x4, run_hpass_f32, bench_hpass_f32, 4},
    {0},
};
