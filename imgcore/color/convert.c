/* Conversion of a reduced image between colours: see convert.h. */
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/color/convert.h"

static const uint8_t *row_of(const struct ic_picture *picture, int plane, uint32_t y) {
    return picture->plane[plane].rows + (ptrdiff_t)y * picture->plane[plane].stride_bytes;
}

static uint8_t *row_to(struct ic_picture *picture, int plane, uint32_t y) {
    return picture->plane[plane].rows + (ptrdiff_t)y * picture->plane[plane].stride_bytes;
}

/* Grey is rare here (a coloured canvas, a profile), so it has no kernel. */
static void grey_to_rgb(const uint8_t *in, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        memset(out + 3 * i, in[i], 3);
    }
}

static void grey_alpha_to_rgba(const uint8_t *in, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        memset(out + 4 * i, in[2 * i], 3);
        out[4 * i + 3] = in[2 * i + 1];
    }
}

enum imgcore_status ic_to_rgb(struct ic_mem *mem, const struct ic_kernels *kernels,
                              struct ic_picture *picture) {
    if (picture->color == IC_COLOR_RGB || picture->color == IC_COLOR_RGBA) {
        return IMGCORE_OK;
    }
    if (!IC_HOLDS(picture->color != IC_COLOR_YCBCR ||
                  picture->plane[1].width == picture->width_px)) {
        return IMGCORE_INTERNAL;
    }
    struct ic_picture rgb;
    const enum ic_color color =
        picture->color == IC_COLOR_GREY_ALPHA ? IC_COLOR_RGBA : IC_COLOR_RGB;
    enum imgcore_status status =
        ic_picture_make(mem, color, picture->width_px, picture->height_px, 1, 1, &rgb);
    if (status != IMGCORE_OK) {
        return status;
    }
    const size_t width = picture->width_px;
    for (uint32_t y = 0; y < picture->height_px; y++) {
        const uint8_t *in = row_of(picture, 0, y);
        uint8_t *out = row_to(&rgb, 0, y);
        switch (picture->color) {
        case IC_COLOR_YCBCR:
            kernels->ycc_to_rgb(in, row_of(picture, 1, y), row_of(picture, 2, y), out, width);
            break;
        case IC_COLOR_CMYK:
            kernels->cmyk_to_rgb(in, out, width);
            break;
        case IC_COLOR_GREY:
            grey_to_rgb(in, out, width);
            break;
        case IC_COLOR_GREY_ALPHA:
            grey_alpha_to_rgba(in, out, width);
            break;
        case IC_COLOR_RGB:
        case IC_COLOR_RGBA:
            break;
        }
    }
    ic_picture_clear(mem, picture);
    *picture = rgb;
    return IMGCORE_OK;
}

/* Cb and Cr of one pixel, with the weights of JFIF. */
static void chroma_at(const struct ic_picture *picture, uint32_t x, uint32_t y, int chroma[2]) {
    if (picture->color == IC_COLOR_YCBCR) {
        chroma[0] = row_of(picture, 1, y)[x];
        chroma[1] = row_of(picture, 2, y)[x];
        return;
    }
    const uint8_t *rgb = row_of(picture, 0, y) + 3 * (size_t)x;
    chroma[0] = (-43 * rgb[0] - 85 * rgb[1] + 128 * rgb[2]) / 256 + 128;
    chroma[1] = (128 * rgb[0] - 107 * rgb[1] - 21 * rgb[2]) / 256 + 128;
}

static bool block_is_harmed(const struct ic_picture *picture, uint32_t x, uint32_t y) {
    int chroma[4][2], sum[2] = {0, 0};
    for (uint32_t k = 0; k < 4; k++) {
        chroma_at(picture, x + k % 2, y + k / 2, chroma[k]);
        sum[0] += chroma[k][0];
        sum[1] += chroma[k][1];
    }
    for (int k = 0; k < 4; k++) {
        if (abs(4 * chroma[k][0] - sum[0]) > 4 * IC_CHROMA_STEP ||
            abs(4 * chroma[k][1] - sum[1]) > 4 * IC_CHROMA_STEP) {
            return true;
        }
    }
    return false;
}

bool ic_needs_full_chroma(const struct ic_picture *picture) {
    if (picture->color != IC_COLOR_RGB &&
        !(picture->color == IC_COLOR_YCBCR && picture->plane[1].width == picture->width_px)) {
        return false;
    }
    uint64_t blocks = 0, harmed = 0;
    for (uint32_t y = 0; y + 1 < picture->height_px; y += 2) {
        for (uint32_t x = 0; x + 1 < picture->width_px; x += 2) {
            blocks++;
            harmed += block_is_harmed(picture, x, y);
        }
    }
    return (double)harmed > (double)blocks * IC_CHROMA_HARM;
}

/* Past an odd edge the last row or column is repeated. */
static void halve_plane(const struct ic_picture *from, struct ic_picture *to, int plane) {
    const uint32_t width = from->plane[plane].width, height = from->plane[plane].height;
    for (uint32_t y = 0; y < to->plane[plane].height; y++) {
        const uint8_t *above = row_of(from, plane, 2 * y);
        const uint8_t *below = row_of(from, plane, 2 * y + 1 < height ? 2 * y + 1 : 2 * y);
        uint8_t *out = row_to(to, plane, y);
        for (uint32_t x = 0; x < to->plane[plane].width; x++) {
            const uint32_t left = 2 * x, right = left + 1 < width ? left + 1 : left;
            out[x] = (uint8_t)((above[left] + above[right] + below[left] + below[right] + 2) >> 2);
        }
    }
}

enum imgcore_status ic_halve_chroma(struct ic_mem *mem, struct ic_picture *picture) {
    if (!IC_HOLDS(picture->color == IC_COLOR_YCBCR &&
                  picture->plane[1].width == picture->width_px)) {
        return IMGCORE_INTERNAL;
    }
    struct ic_picture half;
    enum imgcore_status status =
        ic_picture_make(mem, IC_COLOR_YCBCR, picture->width_px, picture->height_px, 2, 2, &half);
    if (status != IMGCORE_OK) {
        return status;
    }
    for (uint32_t y = 0; y < picture->height_px; y++) {
        memcpy(row_to(&half, 0, y), row_of(picture, 0, y), picture->width_px);
    }
    halve_plane(picture, &half, 1);
    halve_plane(picture, &half, 2);
    ic_picture_clear(mem, picture);
    *picture = half;
    return IMGCORE_OK;
}
