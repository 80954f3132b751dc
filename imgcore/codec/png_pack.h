/* Pixels to PNG at once: filtered by the kernels, packed whole by libdeflate. Used by png_write.c
 * alone. */
#ifndef IC_PNG_PACK_H
#define IC_PNG_PACK_H

#include "imgcore/base/mem.h"
#include "imgcore/codec/writer.h"

/* Whether the picture is small enough to be packed whole; larger ones would need three times their
 * own size. */
bool ic_png_packs(const struct ic_picture *picture);

/* Appends the file to `out`. The picture is one that PNG can hold; `exif` (size 0: none) goes into
 * an eXIf chunk, options->icc into iCCP. Errors: BUDGET (then less would do for a writer that goes
 * row by row), NO_MEMORY. On failure `out` holds what it held before. */
enum imgcore_status ic_png_pack(struct ic_mem *mem, const struct ic_picture *picture,
                                const struct ic_write_options *options, const struct ic_buf *exif,
                                struct ic_buf *out, struct imgcore_error *error);

#endif
