/* The reference of the colour kernels: plain C, see kernels_ref.c. */
#include "imgcore/kernels/kernels_ref.h"

static uint8_t clamp_u8(int32_t v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Returns t / 255 rounded to nearest, for t up to 255 * 255. */
static uint8_t div_255(int32_t t) {
    t += 128;
    return (uint8_t)((t + (t >> 8)) >> 8);
}

static void ycc_to_rgb_ref(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, uint8_t *rgb,
                           size_t n) {
    const int32_t half = 1 << 15;
    for (size_t i = 0; i < n; i++, rgb += 3) {
        int32_t blue = cb[i] - 128;
        int32_t red = cr[i] - 128;
        rgb[0] = clamp_u8(y[i] + ((91881 * red + half) >> 16));
        rgb[1] = clamp_u8(y[i] + ((-22554 * blue - 46802 * red + half) >> 16));
        rgb[2] = clamp_u8(y[i] + ((116130 * blue + half) >> 16));
    }
}

static void cmyk_to_rgb_ref(const uint8_t *cmyk, uint8_t *rgb, size_t n) {
    for (size_t i = 0; i < n; i++, cmyk += 4, rgb += 3) {
        for (size_t c = 0; c < 3; c++) {
            rgb[c] = div_255((255 - cmyk[c]) * (255 - cmyk[3]));
        }
    }
}

static void flatten_rgba_ref(const uint8_t *rgba, const uint8_t background[3], uint8_t *rgb,
                             size_t n) {
    for (size_t i = 0; i < n; i++, rgba += 4, rgb += 3) {
        for (size_t c = 0; c < 3; c++) {
            rgb[c] = div_255(rgba[c] * rgba[3] + background[c] * (255 - rgba[3]));
        }
    }
}

void ic_kernels_ref_color(struct ic_kernels *kernels) {
    kernels->ycc_to_rgb = ycc_to_rgb_ref;
    kernels->cmyk_to_rgb = cmyk_to_rgb_ref;
    kernels->flatten_rgba = flatten_rgba_ref;
}
