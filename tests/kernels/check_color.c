/* Checks of the colour kernels. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

static void run_ycc(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 3000);
    uint8_t *planes[3];
    for (int i = 0; i < 3; i++) {
        planes[i] = check_source(check, i, n, 1);
        check_fill(check, planes[i], n);
    }
    struct check_out out = check_output(check, 3 * n, 1);
    check_describe(check, "n %zu", n);
    check->ref->ycc_to_rgb(planes[0], planes[1], planes[2], out.ref, n);
    check->tested->ycc_to_rgb(planes[0], planes[1], planes[2], out.tested, n);
    check_compare(check, &out);
}

static void run_cmyk(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 3000);
    uint8_t *in = check_source(check, 0, 4 * n, 1);
    check_fill(check, in, 4 * n);
    struct check_out out = check_output(check, 3 * n, 1);
    check_describe(check, "n %zu", n);
    check->ref->cmyk_to_rgb(in, out.ref, n);
    check->tested->cmyk_to_rgb(in, out.tested, n);
    check_compare(check, &out);
}

static void run_flatten(struct check *check, int channels) {
    (void)channels;
    size_t n = check_size(check, 3000);
    uint8_t *in = check_source(check, 0, 4 * n, 1);
    uint8_t *background = check_source(check, 1, 3, 1);
    check_fill(check, in, 4 * n);
    check_fill(check, background, 3);
    struct check_out out = check_output(check, 3 * n, 1);
    check_describe(check, "n %zu, background %u %u %u", n, background[0], background[1],
                   background[2]);
    check->ref->flatten_rgba(in, background, out.ref, n);
    check->tested->flatten_rgba(in, background, out.tested, n);
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_PIXELS = 1200 };

struct bench {
    const struct ic_kernels *kernels;
    uint8_t in[4][BENCH_PIXELS];
    uint8_t out[BENCH_PIXELS * 3];
};

static void call_ycc(void *arg) {
    struct bench *b = arg;
    b->kernels->ycc_to_rgb(b->in[0], b->in[1], b->in[2], b->out, BENCH_PIXELS);
}

static void call_cmyk(void *arg) {
    struct bench *b = arg;
    b->kernels->cmyk_to_rgb(b->in[0], b->out, BENCH_PIXELS);
}

static void call_flatten(void *arg) {
    static const uint8_t background[3] = {255, 250, 240};
    struct bench *b = arg;
    b->kernels->flatten_rgba(b->in[0], background, b->out, BENCH_PIXELS);
}

static void bench(struct check *check, void (*call)(void *)) {
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return;
    }
    b->kernels = check->tested;
    for (size_t i = 0; i < BENCH_PIXELS; i++) {
        for (size_t c = 0; c < 4; c++) {
            b->in[c][i] = (uint8_t)check_random(check);
        }
    }
    check_time(check, "1200 pixels of 3", (double)BENCH_PIXELS * 3, call, b);
    free(b);
}

static void bench_ycc(struct check *check, int channels) {
    (void)channels;
    bench(check, call_ycc);
}

static void bench_cmyk(struct check *check, int channels) {
    (void)channels;
    bench(check, call_cmyk);
}

static void bench_flatten(struct check *check, int channels) {
    (void)channels;
    bench(check, call_flatten);
}

#define SLOT(field)                                                                                \
    static check_slot slot_##field(const struct ic_kernels *kernels) {                             \
        return (check_slot)kernels->field;                                                         \
    }

SLOT(ycc_to_rgb)
SLOT(cmyk_to_rgb)
SLOT(flatten_rgba)

const struct check_kernel check_color_kernels[] = {
    {"ycc_to_rgb", slot_ycc_to_rgb, run_ycc, bench_ycc, 0},
    {"cmyk_to_rgb", slot_cmyk_to_rgb, run_cmyk, bench_cmyk, 0},
    {"flatten_rgba", slot_flatten_rgba, run_flatten, bench_flatten, 0},
    {0},
};
