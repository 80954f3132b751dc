/* Encodes a PNG in one piece: filtered by the kernels, compressed by libdeflate. Used by
 * png_write.c only. */
#ifndef IC_PNG_PACK_H
#define IC_PNG_PACK_H

#include "imgcore/base/mem.h"
#include "imgcore/codec/writer.h"

/* Whether the image has at most `most_bytes` of filtered rows, and so is small enough to be
 * compressed in one piece, which takes three times its size. */
bool ic_png_packs(const struct ic_picture *picture, size_t most_bytes);

/* Appends the file to `out`. The image must have colours that PNG supports; `exif` (size 0: none)
 * goes into an eXIf chunk, options->icc into iCCP. Errors: BUDGET (an encoder that works row by row
 * needs less), NO_MEMORY, CANCELLED. On failure the content of `out` is as before. */
enum imgcore_status ic_png_pack(struct ic_mem *mem, const struct ic_picture *picture,
                                const struct ic_write_options *options, const struct ic_buf *exif,
                                struct ic_buf *out, struct imgcore_error *error);

#endif
