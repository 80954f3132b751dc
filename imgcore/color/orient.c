/* EXIF orientation of a reduced image: see orient.h. */
#include <string.h>

#include "imgcore/base/orientation.h"
#include "imgcore/color/orient.h"

/* Reverses the rows of one plane by a negative stride: no pixel moves. */
static const uint8_t *first_row(const struct ic_picture *picture, int plane, bool mirrored,
                                ptrdiff_t *stride_bytes) {
    const uint8_t *rows = picture->plane[plane].rows;
    *stride_bytes = picture->plane[plane].stride_bytes;
    if (mirrored) {
        rows += (ptrdiff_t)(picture->plane[plane].height - 1) * *stride_bytes;
        *stride_bytes = -*stride_bytes;
    }
    return rows;
}

/* Mirroring x before a swap equals mirroring the rows after it, so a transpose needs only reversed
 * strides on both sides. */
static void rotate_plane(const struct ic_kernels *kernels, const struct ic_picture *from,
                         struct ic_picture *to, int plane, int orientation) {
    const int channels = from->plane[plane].channels;
    const uint32_t width = from->plane[plane].width, height = from->plane[plane].height;
    ptrdiff_t in_stride, out_stride = to->plane[plane].stride_bytes;
    const uint8_t *in = first_row(from, plane, ic_orientation_mirrors_y(orientation), &in_stride);
    uint8_t *out = to->plane[plane].rows;
    if (ic_orientation_swaps(orientation)) {
        if (ic_orientation_mirrors_x(orientation)) {
            out += (ptrdiff_t)(width - 1) * out_stride;
            out_stride = -out_stride;
        }
        kernels->transpose_u8[channels](in, in_stride, out, out_stride, width, height);
        return;
    }
    for (uint32_t y = 0; y < height; y++, in += in_stride, out += out_stride) {
        if (ic_orientation_mirrors_x(orientation)) {
            kernels->mirror_u8[channels](in, out, width);
        } else {
            memcpy(out, in, (size_t)width * (size_t)channels);
        }
    }
}

enum imgcore_status ic_orient(struct ic_mem *mem, const struct ic_kernels *kernels, int orientation,
                              struct ic_picture *picture) {
    if (orientation <= 1 || orientation > 8) {
        return IMGCORE_OK;
    }
    const bool swap = ic_orientation_swaps(orientation);
    struct ic_picture rotated;
    int chroma_h = 1, chroma_v = 1;
    if (picture->planes ==
        3) { /* the subsampling of the chroma, in the axes of the rotated image */
        const bool half_w = picture->plane[1].width < picture->plane[0].width;
        const bool half_h = picture->plane[1].height < picture->plane[0].height;
        chroma_h = (swap ? half_h : half_w) ? 2 : 1;
        chroma_v = (swap ? half_w : half_h) ? 2 : 1;
    }
    enum imgcore_status status = ic_picture_make(
        mem, picture->color, swap ? picture->height_px : picture->width_px,
        swap ? picture->width_px : picture->height_px, chroma_h, chroma_v, &rotated);
    if (status != IMGCORE_OK) {
        return status;
    }
    for (int p = 0; p < picture->planes; p++) {
        rotate_plane(kernels, picture, &rotated, p, orientation);
    }
    ic_picture_clear(mem, picture);
    *picture = rotated;
    return IMGCORE_OK;
}
