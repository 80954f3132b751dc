/* The "encoder" of pixels: the rows of an image, one behind the other. */
#include "imgcore/base/checked.h"
#include "imgcore/codec/formats.h"

/* Rows between two checks for cancellation. */
#define CANCEL_ROWS 16u

enum imgcore_status ic_pixels_write(struct ic_mem *mem, const struct ic_picture *picture,
                                    const struct ic_write_options *options, struct ic_buf *out,
                                    struct imgcore_error *error) {
    size_t row_bytes, total_bytes;
    if (picture->planes != 1 || picture->color == IC_COLOR_CMYK) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "pixels cannot have these colours");
    }
    if (!ic_mul_size(picture->width_px, (size_t)ic_color_channels(picture->color), &row_bytes) ||
        !ic_mul_size(row_bytes, picture->height_px, &total_bytes)) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "the pixels do not fit the address space");
    }
    enum imgcore_status status = IMGCORE_OK;
    if (out->sink == NULL && !ic_buf_reserve_exactly(out, total_bytes)) {
        status = ic_fail(error, mem->status, "the pixels need %s", ic_mem_explain(mem).text);
    }
    const uint8_t *row = picture->plane[0].rows;
    for (uint32_t y = 0; status == IMGCORE_OK && y < picture->height_px; y++) {
        if ((y % CANCEL_ROWS == 0 && ic_is_cancelled(options->cancel)) ||
            !ic_buf_drain(out, IC_SINK_BYTES)) {
            status = ic_fail_cancelled(error);
        } else if (!ic_buf_append(out, row, row_bytes)) {
            status = ic_fail(error, mem->status, "a row needs %s", ic_mem_explain(mem).text);
        }
        row += picture->plane[0].stride_bytes;
    }
    if (status == IMGCORE_OK && !ic_buf_drain(out, 0)) {
        status = ic_fail_cancelled(error);
    }
    if (status != IMGCORE_OK) {
        ic_buf_clear(out);
    }
    return status;
}
