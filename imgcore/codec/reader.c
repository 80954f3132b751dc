/* Checks that every reader makes: see reader.h. */
#include <inttypes.h>

#include "imgcore/codec/reader.h"

enum imgcore_status ic_check_size(const struct ic_header *header,
                                  const struct imgcore_limits *limits,
                                  struct imgcore_error *error) {
    uint32_t longer_px =
        header->width_px > header->height_px ? header->width_px : header->height_px;
    if (longer_px > limits->side_px) {
        return ic_fail(error, IMGCORE_TOO_LARGE,
                       "a side of %" PRIu32 " pixels is over the limit of %" PRIu32, longer_px,
                       limits->side_px);
    }
    uint64_t pixels = (uint64_t)header->width_px * header->height_px;
    if (pixels > limits->pixels) {
        return ic_fail(error, IMGCORE_TOO_LARGE,
                       "%" PRIu32 " x %" PRIu32 " are %" PRIu64
                       " pixels, over the limit of %" PRIu64,
                       header->width_px, header->height_px, pixels, limits->pixels);
    }
    return IMGCORE_OK;
}
