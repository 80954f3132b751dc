/* The reference of the orientation kernels: plain C, see kernels_ref.c. */
#include "imgcore/kernels/kernels_ref.h"

static void copy_pixel(const uint8_t *in, uint8_t *out, size_t channels) {
    for (size_t c = 0; c < channels; c++) {
        out[c] = in[c];
    }
}

static void transpose(const uint8_t *in, ptrdiff_t in_stride, uint8_t *out, ptrdiff_t out_stride,
                      size_t width, size_t height, size_t channels) {
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            copy_pixel(in + (ptrdiff_t)y * in_stride + x * channels,
                       out + (ptrdiff_t)x * out_stride + y * channels, channels);
        }
    }
}

static void mirror(const uint8_t *in, uint8_t *out, size_t width, size_t channels) {
    for (size_t x = 0; x < width; x++) {
        copy_pixel(in + (width - 1 - x) * channels, out + x * channels, channels);
    }
}

#define ORIENT_REF(channels)                                                                       \
    static void transpose_u8x##channels##_ref(const uint8_t *in, ptrdiff_t in_stride,              \
                                              uint8_t *out, ptrdiff_t out_stride, size_t width,    \
                                              size_t height) {                                     \
        transpose(in, in_stride, out, out_stride, width, height, channels);                        \
    }                                                                                              \
    static void mirror_u8x##channels##_ref(const uint8_t *in, uint8_t *out, size_t width) {        \
        mirror(in, out, width, channels);                                                          \
    }

ORIENT_REF(1)
ORIENT_REF(2)
ORIENT_REF(3)
ORIENT_REF(4)

void ic_kernels_ref_orient(struct ic_kernels *kernels) {
    kernels->transpose_u8[0] = NULL;
    kernels->transpose_u8[1] = transpose_u8x1_ref;
    kernels->transpose_u8[2] = transpose_u8x2_ref;
    kernels->transpose_u8[3] = transpose_u8x3_ref;
    kernels->transpose_u8[4] = transpose_u8x4_ref;
    kernels->mirror_u8[0] = NULL;
    kernels->mirror_u8[1] = mirror_u8x1_ref;
    kernels->mirror_u8[2] = mirror_u8x2_ref;
    kernels->mirror_u8[3] = mirror_u8x3_ref;
    kernels->mirror_u8[4] = mirror_u8x4_ref;
}
