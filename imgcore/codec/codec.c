/* What the codecs share: facts about colours, the check of sizes, and the choice of a codec by the
 * first bytes of a file. Used by pipeline and api through codec.h. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "imgcore/codec/codec.h"

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

/* Whether all there is of the input could be the beginning of a JPEG or PNG file. */
static bool cut_in_signature(const struct ic_input *input) {
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff};
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    size_t have = input->window_bytes;
    return (have < sizeof(jpeg) && memcmp(input->window, jpeg, have) == 0) ||
           (have < sizeof(png) && memcmp(input->window, png, have) == 0);
}

static enum imgcore_status refuse_format(struct ic_input *input, struct imgcore_error *error) {
    if (ic_input_fill(input, 1) == 0) {
        return input->failed ? ic_fail(error, IMGCORE_READ_FAILED, "nothing could be read")
                             : ic_fail(error, IMGCORE_TRUNCATED, "the file is empty");
    }
    if (cut_in_signature(input)) {
        return ic_fail(error, ic_input_end_status(input), "the file ends within its first bytes");
    }
    return ic_fail(error, IMGCORE_UNSUPPORTED, "neither JPEG nor PNG; it looks like %s",
                   ic_sniff_name(input));
}

enum imgcore_status ic_reader_open(struct ic_mem *mem, struct ic_input *input,
                                   const struct ic_open_options *options, struct ic_reader **reader,
                                   struct ic_header *header, struct imgcore_error *error) {
    *reader = NULL;
    if (header != NULL) {
        memset(header, 0, sizeof(*header));
    }
    switch (ic_sniff(input)) {
    case IMGCORE_FORMAT_JPEG:
        return ic_jpeg_open(mem, input, options, reader, header, error);
    case IMGCORE_FORMAT_PNG:
        return ic_png_open(mem, input, options, reader, header, error);
    case IMGCORE_FORMAT_AUTO:
        break;
    }
    return refuse_format(input, error);
}
