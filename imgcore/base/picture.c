/* A reduced image in memory: see picture.h. */
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/picture.h"

int ic_color_channels(enum ic_color color) {
    switch (color) {
    case IC_COLOR_GREY:
        return 1;
    case IC_COLOR_GREY_ALPHA:
        return 2;
    case IC_COLOR_RGB:
    case IC_COLOR_YCBCR:
        return 3;
    case IC_COLOR_RGBA:
    case IC_COLOR_CMYK:
        return 4;
    }
    return 0;
}

bool ic_color_has_alpha(enum ic_color color) {
    return color == IC_COLOR_GREY_ALPHA || color == IC_COLOR_RGBA;
}

enum imgcore_status ic_picture_make(struct ic_mem *mem, enum ic_color color, uint32_t width_px,
                                    uint32_t height_px, int chroma_h, int chroma_v,
                                    struct ic_picture *picture) {
    memset(picture, 0, sizeof(*picture));
    picture->color = color;
    picture->width_px = width_px;
    picture->height_px = height_px;
    picture->planes = color == IC_COLOR_YCBCR ? 3 : 1;
    for (int p = 0; p < picture->planes; p++) {
        const uint32_t width = p == 0 ? width_px : ic_ceil_div_u32(width_px, (uint32_t)chroma_h);
        const uint32_t height = p == 0 ? height_px : ic_ceil_div_u32(height_px, (uint32_t)chroma_v);
        const int channels = color == IC_COLOR_YCBCR ? 1 : ic_color_channels(color);
        size_t stride, bytes;
        if (!ic_mul_size(width, (size_t)channels, &stride) || stride > SIZE_MAX / 4) {
            ic_picture_clear(mem, picture);
            return IMGCORE_NO_MEMORY;
        }
        stride = ic_round_up(stride + IC_ROW_SLACK_BYTES, IC_ALIGN_BYTES);
        if (!ic_mul_size(stride, height, &bytes)) {
            ic_picture_clear(mem, picture);
            return IMGCORE_NO_MEMORY;
        }
        picture->plane[p].rows = ic_alloc(mem, bytes);
        if (picture->plane[p].rows == NULL) {
            ic_picture_clear(mem, picture);
            return mem->status;
        }
        picture->plane[p].stride_bytes = (ptrdiff_t)stride;
        picture->plane[p].width = width;
        picture->plane[p].height = height;
        picture->plane[p].channels = channels;
    }
    return IMGCORE_OK;
}

void ic_picture_clear(struct ic_mem *mem, struct ic_picture *picture) {
    for (int p = 0; p < 3; p++) {
        ic_free(mem, picture->plane[p].rows);
    }
    memset(picture, 0, sizeof(*picture));
}
