/* An interlaced PNG: decoded entirely in the samples as stored, then expanded row by row. */
#include <string.h>

#include "imgcore/codec/png_internal.h"

/* Decodes all passes into png->raw. A row is cleared in the first pass that has pixels in it
 * (libspng sets bits, it does not clear them), so that a truncated image does not use the memory
 * that it claims: pages that are never written are not allocated. */
enum imgcore_status ic_png_decode_passes(struct png_reader *png, struct imgcore_error *error) {
    struct spng_row_info info;
    while (!png->damaged && spng_get_row_info(png->spng, &info) == 0) {
        if (ic_is_cancelled(png->cancel)) {
            return ic_fail_cancelled(error);
        }
        uint8_t *raw = png->raw + info.row_num * png->expand.raw_bytes;
        if (info.pass == 0 || info.pass == 2 || info.pass == 4) {
            memset(raw, 0, png->expand.raw_bytes);
        }
        png->damage_pass = info.pass;
        png->damage_row = info.row_num;
        bool ended;
        enum imgcore_status status = ic_png_decode_row(png, raw, &ended, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        if (ended) {
            break;
        }
    }
    return IMGCORE_OK;
}

/* Whether the data ended before pixel (x, y) of an interlaced picture. */
static bool is_missing(const struct png_reader *png, size_t x, uint32_t y) {
    static const uint8_t pass_of[8][8] = {{0, 5, 3, 5, 1, 5, 3, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                          {4, 5, 4, 5, 4, 5, 4, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                          {2, 5, 3, 5, 2, 5, 3, 5}, {6, 6, 6, 6, 6, 6, 6, 6},
                                          {4, 5, 4, 5, 4, 5, 4, 5}, {6, 6, 6, 6, 6, 6, 6, 6}};
    int pass = pass_of[y & 7][x & 7];
    return pass > png->damage_pass || (pass == png->damage_pass && y >= png->damage_row);
}

static void expand_damaged(const struct png_reader *png, uint32_t y, uint8_t *out) {
    /* The leftmost pixel belongs to the first pass of the row: if it is missing, so is the entire
     * row. */
    if (is_missing(png, 0, y)) {
        memset(out, 0, png->expand.out_bytes);
        return;
    }
    ic_png_expand_row(&png->expand, png->raw + y * png->expand.raw_bytes, out);
    const size_t channels = (size_t)png->expand.channels;
    for (size_t x = 0; x < png->expand.width; x++) {
        if (is_missing(png, x, y)) {
            memset(out + x * channels, 0, channels);
        }
    }
}

void ic_png_interlaced_row(const struct png_reader *png, uint8_t *out, uint32_t y) {
    if (png->damaged) {
        expand_damaged(png, y, out);
    } else {
        const uint8_t *raw = png->raw + y * png->expand.raw_bytes;
        ic_png_expand_row(&png->expand, raw, out);
    }
}
