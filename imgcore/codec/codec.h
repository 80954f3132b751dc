/* Opens an encoded image of any supported format, or the pixels of one. Used by api/ only. */
#ifndef IC_CODEC_H
#define IC_CODEC_H

#include "imgcore/codec/reader.h"

/* Opens a reader by the first bytes of the input: UNSUPPORTED with a sentence for anything but JPEG
 * and PNG, TRUNCATED for an empty input. The input, mem and options->cancel must outlive the
 * reader. Checks the limits on pixels and sides: with TOO_LARGE, *header (may be NULL) still holds
 * what was read. */
enum imgcore_status ic_reader_open(struct ic_mem *mem, struct ic_input *input,
                                   const struct ic_open_options *options, struct ic_reader **reader,
                                   struct ic_header *header, struct imgcore_error *error);

/* Opens a reader of pixels whose sides, channels and stride are valid; they must outlive it.
 * `header` holds what they are, also with TOO_LARGE. */
enum imgcore_status ic_pixels_open(struct ic_mem *mem, const struct imgcore_pixels *pixels,
                                   const struct imgcore_limits *limits, struct ic_reader **reader,
                                   struct ic_header *header, struct imgcore_error *error);

#endif
