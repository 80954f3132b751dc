/* Checks of the conversions to and from floats. */
#include "check.h"

#include <stdlib.h>

/* Each of these kernels converts n pixels from one buffer to another. */
typedef void (*to_float)(const uint8_t *in, float *out, size_t n);
typedef void (*to_bytes)(const float *in, uint8_t *out, size_t n);

static to_float to_float_of(const struct ic_kernels *kernels, int channels) {
    return channels == 1   ? kernels->load_u8_f32
           : channels == 2 ? kernels->premultiply_ga
                           : kernels->premultiply_rgba;
}

static to_bytes to_bytes_of(const struct ic_kernels *kernels, int channels) {
    return channels == 1   ? kernels->store_f32_u8
           : channels == 2 ? kernels->unpremultiply_ga
                           : kernels->unpremultiply_rgba;
}

static void run_to_float(struct check *check, int channels) {
    size_t n = check_size(check, 3000);
    size_t samples = n * (size_t)channels;
    uint8_t *in = check_source(check, 0, samples, 1);
    check_fill(check, in, samples);
    struct check_out out = check_output(check, samples * sizeof(float), sizeof(float));
    check_describe(check, "n %zu", n);
    to_float_of(check->ref, channels)(in, (float *)(void *)out.ref, n);
    to_float_of(check->tested, channels)(in, (float *)(void *)out.tested, n);
    check_compare(check, &out);
}

/* Values around the limits of rounding and clamping; for alpha, around those that become 0 and 1.
 */
static float pick_float(struct check *check, bool alpha) {
    switch (check_range(check, 0, 7)) {
    case 0:
        return (float)check_range(check, -3, 260) + 0.5f;
    case 1:
        return check_range(check, 0, 1) ? 0.0f : -0.0f;
    case 2:
        return check_float(check, -1e9f, 1e9f);
    case 3:
        return alpha ? 127.5f + (float)check_range(check, -2, 2) * 0.25f : 254.5f;
    case 4:
        return alpha ? (float)(check_range(check, 0, 255) * 255) : check_float(check, 0, 255);
    case 5:
        return check_float(check, -1e-6f, 1e-6f);
    default:
        return check_float(check, -600.0f, 66000.0f);
    }
}

static void run_to_bytes(struct check *check, int channels) {
    size_t n = check_size(check, 3000);
    size_t samples = n * (size_t)channels;
    float *in = check_source(check, 0, samples * sizeof(float), sizeof(float));
    for (size_t i = 0; i < samples; i++) {
        in[i] = pick_float(check, channels > 1 && i % (size_t)channels == (size_t)channels - 1);
        if (channels == 1 && check_range(check, 0, 1)) {
            in[i] = check_float(check, -20.0f, 280.0f);
        }
    }
    struct check_out out = check_output(check, samples, 1);
    check_describe(check, "n %zu", n);
    to_bytes_of(check->ref, channels)(in, out.ref, n);
    to_bytes_of(check->tested, channels)(in, out.tested, n);
    check_compare(check, &out);
}

/* ---- timing -------------------------------------------------------------------------------- */

enum { BENCH_PIXELS = 1200 };

struct bench {
    to_float to_float;
    to_bytes to_bytes;
    uint8_t bytes[BENCH_PIXELS * 4];
    float floats[BENCH_PIXELS * 4];
};

static void call_to_float(void *arg) {
    struct bench *b = arg;
    b->to_float(b->bytes, b->floats, BENCH_PIXELS);
}

static void call_to_bytes(void *arg) {
    struct bench *b = arg;
    b->to_bytes(b->floats, b->bytes, BENCH_PIXELS);
}

static void bench(struct check *check, int channels, void (*call)(void *)) {
    struct bench *b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return;
    }
    b->to_float = to_float_of(check->tested, channels);
    b->to_bytes = to_bytes_of(check->tested, channels);
    for (size_t i = 0; i < sizeof(b->bytes); i++) {
        b->bytes[i] = (uint8_t)check_random(check);
        b->floats[i] = check_float(check, 0.0f, channels > 1 ? 65025.0f : 255.0f);
    }
    check_time(check, "1200 pixels", (double)BENCH_PIXELS * channels, call, b);
    free(b);
}

static void bench_to_float(struct check *check, int channels) {
    bench(check, channels, call_to_float);
}

static void bench_to_bytes(struct check *check, int channels) {
    bench(check, channels, call_to_bytes);
}

#define SLOT(field)                                                                                \
    static check_slot slot_##field(const struct ic_kernels *kernels) {                             \
        return (check_slot)kernels->field;                                                         \
    }

SLOT(load_u8_f32)
SLOT(premultiply_ga)
SLOT(premultiply_rgba)
SLOT(store_f32_u8)
SLOT(unpremultiply_ga)
SLOT(unpremultiply_rgba)

const struct check_kernel check_float_kernels[] = {
    {"load_u8_f32", slot_load_u8_f32, run_to_float, bench_to_float, 1},
    {"premultiply_ga", slot_premultiply_ga, run_to_float, bench_to_float, 2},
    {"premultiply_rgba", slot_premultiply_rgba, run_to_float, bench_to_float, 4},
    {"store_f32_u8", slot_store_f32_u8, run_to_bytes, bench_to_bytes, 1},
    {"unpremultiply_ga", slot_unpremultiply_ga, run_to_bytes, bench_to_bytes, 2},
    {"unpremultiply_rgba", slot_unpremultiply_rgba, run_to_bytes, bench_to_bytes, 4},
    {0},
};
