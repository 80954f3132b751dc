/* Compositing a reduced image on a background: see compose.h. */
#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/color/compose.h"
#include "imgcore/color/convert.h"

static bool is_neutral(const uint8_t background[4]) {
    return background[0] == background[1] && background[1] == background[2];
}

bool ic_becomes_rgb(enum ic_color color, bool padded, bool flattened, const uint8_t background[4]) {
    switch (color) {
    case IC_COLOR_GREY:
        return padded && !(is_neutral(background) && background[3] == 255);
    case IC_COLOR_GREY_ALPHA:
        return padded || (flattened && !is_neutral(background));
    default:
        return true;
    }
}

static enum imgcore_status add_opaque_alpha(struct ic_mem *mem, struct ic_picture *picture) {
    struct ic_picture rgba;
    enum imgcore_status status =
        ic_picture_make(mem, IC_COLOR_RGBA, picture->width_px, picture->height_px, 1, 1, &rgba);
    if (status != IMGCORE_OK) {
        return status;
    }
    for (uint32_t y = 0; y < picture->height_px; y++) {
        const uint8_t *in = picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes;
        uint8_t *out = rgba.plane[0].rows + (ptrdiff_t)y * rgba.plane[0].stride_bytes;
        for (uint32_t x = 0; x < picture->width_px; x++, in += 3, out += 4) {
            memcpy(out, in, 3);
            out[3] = 255;
        }
    }
    ic_picture_clear(mem, picture);
    *picture = rgba;
    return IMGCORE_OK;
}

static void paint(struct ic_picture *canvas, const uint8_t background[4]) {
    const size_t channels = (size_t)canvas->plane[0].channels;
    for (uint32_t y = 0; y < canvas->height_px; y++) {
        uint8_t *row = canvas->plane[0].rows + (ptrdiff_t)y * canvas->plane[0].stride_bytes;
        for (uint32_t x = 0; x < canvas->width_px; x++) {
            memcpy(row + x * channels, background, channels);
        }
    }
}

enum imgcore_status ic_place_on_canvas(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       uint32_t canvas_width_px, uint32_t canvas_height_px,
                                       uint32_t left_px, uint32_t top_px,
                                       const uint8_t background[4], struct ic_picture *picture) {
    if (!IC_HOLDS(picture->width_px <= canvas_width_px &&
                  left_px <= canvas_width_px - picture->width_px) ||
        !IC_HOLDS(picture->height_px <= canvas_height_px &&
                  top_px <= canvas_height_px - picture->height_px)) {
        return IMGCORE_INTERNAL;
    }
    enum imgcore_status status = IMGCORE_OK;
    if (ic_becomes_rgb(picture->color, true, false, background)) {
        status = ic_to_rgb(mem, kernels, picture);
    }
    if (status == IMGCORE_OK && picture->color == IC_COLOR_RGB && background[3] != 255) {
        status = add_opaque_alpha(mem, picture);
    }
    struct ic_picture canvas;
    if (status == IMGCORE_OK) {
        status =
            ic_picture_make(mem, picture->color, canvas_width_px, canvas_height_px, 1, 1, &canvas);
    }
    if (status != IMGCORE_OK) {
        return status;
    }
    paint(&canvas, background);
    const size_t channels = (size_t)picture->plane[0].channels;
    for (uint32_t y = 0; y < picture->height_px; y++) {
        memcpy(canvas.plane[0].rows + (ptrdiff_t)(top_px + y) * canvas.plane[0].stride_bytes +
                   left_px * channels,
               picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes,
               picture->width_px * channels);
    }
    ic_picture_clear(mem, picture);
    *picture = canvas;
    return IMGCORE_OK;
}

/* The formula of the flatten kernel, for one channel. */
static void flatten_grey(const uint8_t *in, uint8_t background, uint8_t *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint32_t t =
            (uint32_t)in[2 * i] * in[2 * i + 1] + background * (255u - in[2 * i + 1]) + 128u;
        out[i] = (uint8_t)((t + (t >> 8)) >> 8);
    }
}

enum imgcore_status ic_flatten(struct ic_mem *mem, const struct ic_kernels *kernels,
                               const uint8_t background[4], struct ic_picture *picture) {
    enum imgcore_status status = IMGCORE_OK;
    if (picture->color == IC_COLOR_GREY_ALPHA &&
        ic_becomes_rgb(picture->color, false, true, background)) {
        status = ic_to_rgb(mem, kernels, picture);
    }
    if (status != IMGCORE_OK ||
        (picture->color != IC_COLOR_GREY_ALPHA && picture->color != IC_COLOR_RGBA)) {
        return status;
    }
    const bool grey = picture->color == IC_COLOR_GREY_ALPHA;
    struct ic_picture flat;
    status = ic_picture_make(mem, grey ? IC_COLOR_GREY : IC_COLOR_RGB, picture->width_px,
                             picture->height_px, 1, 1, &flat);
    if (status != IMGCORE_OK) {
        return status;
    }
    for (uint32_t y = 0; y < picture->height_px; y++) {
        const uint8_t *in = picture->plane[0].rows + (ptrdiff_t)y * picture->plane[0].stride_bytes;
        uint8_t *out = flat.plane[0].rows + (ptrdiff_t)y * flat.plane[0].stride_bytes;
        if (grey) {
            flatten_grey(in, background[0], out, picture->width_px);
        } else {
            kernels->flatten_rgba(in, background, out, picture->width_px);
        }
    }
    ic_picture_clear(mem, picture);
    *picture = flat;
    return IMGCORE_OK;
}
