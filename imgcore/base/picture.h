/* A reduced image in memory: input and output of the colour stages, input of the encoders. */
#ifndef IC_PICTURE_H
#define IC_PICTURE_H

#include "imgcore/base/mem.h"

/* The meaning of samples, always 8 bits each. */
enum ic_color {
    IC_COLOR_GREY,       /* 1 channel */
    IC_COLOR_GREY_ALPHA, /* 2 channels, straight alpha */
    IC_COLOR_RGB,        /* 3 channels */
    IC_COLOR_RGBA,       /* 4 channels, straight alpha */
    IC_COLOR_YCBCR, /* 3 planes of 1 channel, JFIF (full range BT.601), chroma may be smaller */
    IC_COLOR_CMYK /* 4 channels, 0 = no ink (inverted files, as Adobe writes them, are converted) */
};

/* The channels of an interleaved image of this colour (3 for YCBCR). */
int ic_color_channels(enum ic_color color);
bool ic_color_has_alpha(enum ic_color color);

/* An image in memory: one plane of interleaved channels, or the three planes of YCBCR. */
struct ic_picture {
    enum ic_color color;
    uint32_t width_px, height_px;
    int planes;
    struct {
        uint8_t *rows;
        ptrdiff_t stride_bytes;
        uint32_t width, height; /* samples; chroma: ceil(width_px / h_factor) and so on */
        int channels;
    } plane[3];
};

/* Allocates the rows of an image: one interleaved plane, or for YCBCR three planes with `chroma_h`
 * x `chroma_v` luma samples per chroma sample. Rows are IC_ALIGN_BYTES aligned, with slack. The
 * size must be at least 1x1. Errors: BUDGET, NO_MEMORY, and then *picture is empty. */
enum imgcore_status ic_picture_make(struct ic_mem *mem, enum ic_color color, uint32_t width_px,
                                    uint32_t height_px, int chroma_h, int chroma_v,
                                    struct ic_picture *picture);
/* Frees the rows and empties the image; an empty one is allowed. */
void ic_picture_clear(struct ic_mem *mem, struct ic_picture *picture);

#endif
