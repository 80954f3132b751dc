/* The reference of every kernel: plain C, one sample after the other, no tricks.
 *
 * It defines the results of the vector versions to the last bit, and it runs on CPUs without a
 * compiled target. This file has the passes and the conversions to and from floats; colour and
 * orientation are in kernels_ref_color.c and kernels_ref_orient.c. Compiled without contraction of
 * float expressions. */
#include "imgcore/kernels/kernels_ref.h"

#include <math.h>
#include <string.h>

static uint8_t clamp_u8(int32_t v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Rounds halves to even, the default rounding mode. Clamped first, so that every float has an
 * integer. */
static uint8_t round_u8(float v) {
    float low = v > 0.0f ? v : 0.0f;
    return (uint8_t)lrintf(low < 255.0f ? low : 255.0f);
}

/* ---- vertical ------------------------------------------------------------------------------ */

static void vpass_u8_ref(const uint8_t *const *rows, const int16_t *weights, int taps,
                         int16_t *sums, size_t n, bool accumulate) {
    for (size_t i = 0; i < n; i++) {
        int32_t sum = accumulate ? sums[i] : 0;
        for (int k = 0; k < taps; k++) {
            sum += ((rows[k][i] << 7) * weights[k] + (1 << 14)) >> 15;
        }
        sums[i] = (int16_t)sum;
    }
}

static void vpass2_u8_ref(const uint8_t *const *rows, const struct ic_vpass_pair *pair, size_t n) {
    vpass_u8_ref(rows, pair->weights[0], pair->first_end, pair->sums[0], n, pair->accumulate[0]);
    vpass_u8_ref(rows + pair->second_begin, pair->weights[1], pair->taps - pair->second_begin,
                 pair->sums[1], n, pair->accumulate[1]);
}

static void narrow_i16_u8_ref(const int16_t *in, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        out[i] = clamp_u8((in[i] + (1 << (IC_INTER_BITS - 1))) >> IC_INTER_BITS);
    }
}

static void vpass_f32_ref(const float *const *rows, const float *weights, int taps, float *sums,
                          size_t n, bool accumulate) {
    for (size_t i = 0; i < n; i++) {
        float sum = accumulate ? sums[i] : 0.0f;
        for (int k = 0; k < taps; k++) {
            sum += rows[k][i] * weights[k];
        }
        sums[i] = sum;
    }
}

static void vpass_alpha(const uint8_t *const *rows, const struct ic_vpass_alpha_target *targets,
                        int target_count, size_t n, size_t channels) {
    const size_t padded = (n * channels + IC_VPASS_ALPHA_SAMPLES - 1) / IC_VPASS_ALPHA_SAMPLES *
                          IC_VPASS_ALPHA_SAMPLES;
    for (const struct ic_vpass_alpha_target *t = targets; t < targets + target_count; t++) {
        for (size_t i = 0; i < n * channels; i++) {
            const size_t of_alpha = i / channels * channels + channels - 1;
            float sum = t->accumulate ? t->sums[i] : 0.0f;
            for (int k = 0; k < t->taps; k++) {
                const uint8_t *row = rows[t->first + k];
                const int factor = i == of_alpha ? 255 : row[of_alpha];
                sum += (float)(row[i] * factor) * t->weights[k];
            }
            t->sums[i] = sum;
        }
        memset(t->sums + n * channels, 0, (padded - n * channels) * sizeof(float));
    }
}

static void vpass_alpha_x2_ref(const uint8_t *const *rows, int row_count,
                               const struct ic_vpass_alpha_target *targets, int target_count,
                               size_t n) {
    (void)row_count;
    vpass_alpha(rows, targets, target_count, n, 2);
}

static void vpass_alpha_x4_ref(const uint8_t *const *rows, int row_count,
                               const struct ic_vpass_alpha_target *targets, int target_count,
                               size_t n) {
    (void)row_count;
    vpass_alpha(rows, targets, target_count, n, 4);
}

static bool is_opaque(const uint8_t *pixels, size_t n, size_t channels) {
    for (size_t i = 0; i < n; i++) {
        if (pixels[i * channels + channels - 1] != 255) {
            return false;
        }
    }
    return true;
}

static bool is_opaque_x2_ref(const uint8_t *pixels, size_t n) {
    return is_opaque(pixels, n, 2);
}

static bool is_opaque_x4_ref(const uint8_t *pixels, size_t n) {
    return is_opaque(pixels, n, 4);
}

/* ---- horizontal ---------------------------------------------------------------------------- */

static void hpass_i16_row(const int16_t *in, uint8_t *out, const struct ic_taps_q14 *taps,
                          size_t channels) {
    const int shift = IC_INTER_BITS + IC_WEIGHT_BITS;
    for (size_t i = 0; i < taps->count; i++) {
        const int16_t *weight = taps->weight + i * taps->stride;
        const int16_t *first = in + (ptrdiff_t)taps->left[i] * (ptrdiff_t)channels;
        for (size_t c = 0; c < channels; c++) {
            int32_t sum = 1 << (shift - 1);
            for (size_t k = 0; k < (size_t)taps->taps; k++) {
                sum += weight[k] * first[k * channels + c];
            }
            out[i * channels + c] = clamp_u8(sum >> shift);
        }
    }
}

static void hpass_f32_row(const float *in, float *out, const struct ic_taps_f32 *taps,
                          size_t channels) {
    for (size_t i = 0; i < taps->count; i++) {
        const float *weight = taps->weight + i * taps->stride;
        const float *first = in + (ptrdiff_t)taps->left[i] * (ptrdiff_t)channels;
        for (size_t c = 0; c < channels; c++) {
            float partial[4] = {0.0f, 0.0f, 0.0f, 0.0f};
            for (size_t k = 0; k < (size_t)taps->taps; k++) {
                partial[k % 4] += weight[k] * first[k * channels + c];
            }
            out[i * channels + c] = (partial[0] + partial[2]) + (partial[1] + partial[3]);
        }
    }
}

#define HPASS_REF(channels)                                                                        \
    static void hpass_i16_u8x##channels##_ref(const int16_t *in, ptrdiff_t in_stride,              \
                                              uint8_t *out, ptrdiff_t out_stride, size_t rows,     \
                                              const struct ic_taps_q14 *taps) {                    \
        for (size_t y = 0; y < rows; y++) {                                                        \
            hpass_i16_row(in + (ptrdiff_t)y * in_stride, out + (ptrdiff_t)y * out_stride, taps,    \
                          channels);                                                               \
        }                                                                                          \
    }                                                                                              \
    static void hpass_f32x##channels##_ref(const float *in, ptrdiff_t in_stride, float *out,       \
                                           ptrdiff_t out_stride, size_t rows,                      \
                                           const struct ic_taps_f32 *taps) {                       \
        for (size_t y = 0; y < rows; y++) {                                                        \
            hpass_f32_row(in + (ptrdiff_t)y * in_stride, out + (ptrdiff_t)y * out_stride, taps,    \
                          channels);                                                               \
        }                                                                                          \
    }

HPASS_REF(1)
HPASS_REF(2)
HPASS_REF(3)
HPASS_REF(4)

/* ---- into and out of floats ---------------------------------------------------------------- */

static void load_u8_f32_ref(const uint8_t *in, float *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        out[i] = in[i];
    }
}

static void store_f32_u8_ref(const float *in, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        out[i] = round_u8(in[i]);
    }
}

static void premultiply(const uint8_t *in, float *out, size_t n, size_t channels) {
    for (size_t i = 0; i < n; i++, in += channels, out += channels) {
        int alpha = in[channels - 1];
        for (size_t c = 0; c < channels - 1; c++) {
            out[c] = (float)(in[c] * alpha);
        }
        out[channels - 1] = (float)(alpha * 255);
    }
}

static void unpremultiply(const float *in, uint8_t *out, size_t n, size_t channels) {
    for (size_t i = 0; i < n; i++, in += channels, out += channels) {
        float alpha = in[channels - 1];
        uint8_t alpha_u8 = round_u8(alpha / 255.0f);
        for (size_t c = 0; c < channels - 1; c++) {
            out[c] = alpha_u8 == 0 ? 0 : round_u8(in[c] * 255.0f / alpha);
        }
        out[channels - 1] = alpha_u8;
    }
}

static void premultiply_ga_ref(const uint8_t *in, float *out, size_t n) {
    premultiply(in, out, n, 2);
}

static void premultiply_rgba_ref(const uint8_t *in, float *out, size_t n) {
    premultiply(in, out, n, 4);
}

static void unpremultiply_ga_ref(const float *in, uint8_t *out, size_t n) {
    unpremultiply(in, out, n, 2);
}

static void unpremultiply_rgba_ref(const float *in, uint8_t *out, size_t n) {
    unpremultiply(in, out, n, 4);
}

void ic_kernels_ref(struct ic_kernels *kernels) {
    *kernels = (struct ic_kernels){
        .target = "ref",
        .vpass_u8 = vpass_u8_ref,
        .vpass2_u8 = vpass2_u8_ref,
        .narrow_i16_u8 = narrow_i16_u8_ref,
        .vpass_f32 = vpass_f32_ref,
        .vpass_alpha = {NULL, NULL, vpass_alpha_x2_ref, NULL, vpass_alpha_x4_ref},
        .is_opaque = {NULL, NULL, is_opaque_x2_ref, NULL, is_opaque_x4_ref},
        .hpass_i16_u8 = {NULL, hpass_i16_u8x1_ref, hpass_i16_u8x2_ref, hpass_i16_u8x3_ref,
                         hpass_i16_u8x4_ref},
        .hpass_f32 = {NULL, hpass_f32x1_ref, hpass_f32x2_ref, hpass_f32x3_ref, hpass_f32x4_ref},
        .load_u8_f32 = load_u8_f32_ref,
        .premultiply_ga = premultiply_ga_ref,
        .premultiply_rgba = premultiply_rgba_ref,
        .store_f32_u8 = store_f32_u8_ref,
        .unpremultiply_ga = unpremultiply_ga_ref,
        .unpremultiply_rgba = unpremultiply_rgba_ref,
    };
    ic_kernels_ref_color(kernels);
    ic_kernels_ref_orient(kernels);
    ic_kernels_ref_png(kernels);
    ic_kernels_ref_jpeg(kernels);
    ic_kernels_ref_reduce(kernels);
}
