/* Checks of a caller's pixels: see pixels.h. */
#include "imgcore/api/pixels.h"

#include "imgcore/base/checked.h"
#include "imgcore/base/limits.h"

const char *ic_pixels_what_is_wrong(const struct imgcore_pixels *pixels) {
    size_t row_bytes;
    if (pixels->first_row == NULL) {
        return "there are no pixels";
    }
    if (pixels->width_px < 1 || pixels->width_px > IC_MAX_RESIZE_SIDE_PX || pixels->height_px < 1 ||
        pixels->height_px > IC_MAX_RESIZE_SIDE_PX) {
        return "a side is not between 1 and 16777215 pixels";
    }
    if (pixels->channels < 1 || pixels->channels > IC_MAX_CHANNELS) {
        return "the number of channels is not between 1 and 4";
    }
    if (!ic_mul_size(pixels->width_px, pixels->channels, &row_bytes) || row_bytes > PTRDIFF_MAX) {
        return "a row does not fit the address space";
    }
    if (pixels->stride_bytes < (ptrdiff_t)row_bytes &&
        pixels->stride_bytes > -(ptrdiff_t)row_bytes) {
        return "the stride is shorter than a row";
    }
    return NULL;
}
