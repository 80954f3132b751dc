/* The reader of a caller's pixels: its strips are their rows, where they lie. */
#include <string.h>

#include "imgcore/codec/codec.h"

/* The rows of a strip: enough to make the cost of a call small. */
#define STRIP_ROWS 64u

struct pixels_reader {
    struct ic_reader base;
    struct ic_mem *mem;
    struct imgcore_pixels pixels;
    uint32_t next_row;
};

static enum imgcore_status pixels_start(struct ic_reader *base,
                                        const struct ic_read_request *request,
                                        struct ic_read_layout *layout,
                                        struct imgcore_error *error) {
    const struct imgcore_pixels *pixels = &((struct pixels_reader *)base)->pixels;
    if (request->planes || request->scale_denom != 1) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "pixels have no planes and no scales");
    }
    memset(layout, 0, sizeof(*layout));
    layout->planes = 1;
    layout->plane[0].width = pixels->width_px;
    layout->plane[0].height = pixels->height_px;
    layout->plane[0].channels = (int)pixels->channels;
    layout->plane[0].extent_width = pixels->width_px;
    layout->plane[0].extent_height = pixels->height_px;
    return IMGCORE_OK;
}

static enum imgcore_status pixels_read(struct ic_reader *base, struct ic_strip *strip,
                                       struct imgcore_error *error) {
    (void)error;
    struct pixels_reader *reader = (struct pixels_reader *)base;
    const struct imgcore_pixels *pixels = &reader->pixels;
    const uint32_t left = pixels->height_px - reader->next_row;
    strip->plane[0].rows = pixels->first_row + (ptrdiff_t)reader->next_row * pixels->stride_bytes;
    strip->plane[0].stride_bytes = pixels->stride_bytes;
    strip->plane[0].first_row = reader->next_row;
    strip->plane[0].row_count = left < STRIP_ROWS ? left : STRIP_ROWS;
    reader->next_row += strip->plane[0].row_count;
    strip->done = reader->next_row == pixels->height_px;
    return IMGCORE_OK;
}

static enum imgcore_status pixels_finish(struct ic_reader *base, struct imgcore_error *error) {
    (void)base;
    (void)error;
    return IMGCORE_OK;
}

static void pixels_destroy(struct ic_reader *base) {
    struct pixels_reader *reader = (struct pixels_reader *)base;
    ic_free(reader->mem, reader);
}

static const struct ic_reader_ops pixels_ops = {
    .start = pixels_start, .read = pixels_read, .finish = pixels_finish, .destroy = pixels_destroy};

enum imgcore_status ic_pixels_open(struct ic_mem *mem, const struct imgcore_pixels *pixels,
                                   const struct imgcore_limits *limits, struct ic_reader **out,
                                   struct ic_header *header, struct imgcore_error *error) {
    static const enum ic_color colors[] = {IC_COLOR_GREY, IC_COLOR_GREY_ALPHA, IC_COLOR_RGB,
                                           IC_COLOR_RGBA};
    *out = NULL;
    memset(header, 0, sizeof(*header));
    header->format = IMGCORE_FORMAT_PIXELS;
    header->width_px = pixels->width_px;
    header->height_px = pixels->height_px;
    header->bits = 8;
    header->color = colors[pixels->channels - 1];
    header->orientation = 1;
    const enum imgcore_status status = ic_check_size(header, limits, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    struct pixels_reader *reader = ic_calloc(mem, 1, sizeof(*reader));
    if (reader == NULL) {
        return ic_fail(error, mem->status, "not enough memory for a reader of pixels");
    }
    reader->base.ops = &pixels_ops;
    reader->base.header = *header;
    reader->mem = mem;
    reader->pixels = *pixels;
    *out = &reader->base;
    return IMGCORE_OK;
}
