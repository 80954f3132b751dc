/* The options of the encoders. */
#ifndef IC_WRITER_H
#define IC_WRITER_H

#include "imgcore/base/cancel.h"
#include "imgcore/base/error.h"
#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

struct ic_write_options {
    const struct ic_kernels *kernels; /* NULL: libspng alone writes PNG */
    struct ic_cancel *cancel;         /* NULL: the call cannot be cancelled */
    int quality;
    int chroma_h, chroma_v; /* JPEG: luma samples per chroma sample, 1 or 2, in each direction. The
                               planes of a YCBCR image must already have that shape */
    bool progressive, optimize;
    int png_level;      /* 0 to 9 */
    const uint8_t *icc; /* NULL: none */
    size_t icc_bytes;
    const char *copyright; /* NULL: none */
};

#endif
