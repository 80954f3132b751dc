/* Opens a file by its first bytes: see codec.h. */
#include <string.h>

#include "imgcore/codec/codec.h"
#include "imgcore/codec/formats.h"
#include "imgcore/codec/sniff.h"

/* Whether the entire input is a proper prefix of a JPEG or PNG signature. */
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
    case IMGCORE_FORMAT_PIXELS: /* they are no file */
        break;
    }
    return refuse_format(input, error);
}
