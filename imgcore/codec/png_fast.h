/* The fast way through a PNG's pixels: igzip unpacks the IDATs as they come, the kernels undo the
 * filters of several rows at once. For pictures that are not interlaced, of 1 to 4 bytes a pixel.
 *
 * It takes over from libspng at the first IDAT, and faults are told as libspng's codes, in the
 * order in which libspng would meet them. Where a file may be read again its verdict is libspng's:
 * see png_read.c. Used by png_read.c alone. */
#ifndef IC_PNG_FAST_H
#define IC_PNG_FAST_H

#include "imgcore/codec/png_chunks.h"
#include "imgcore/kernels/kernels.h"

struct ic_png_fast;

struct ic_png_fast_setup {
    const struct ic_kernels *kernels;
    size_t row_bytes;   /* of one row, without its filter; see ic_png_fast_takes */
    size_t pixel_bytes; /* 1 to 4, rounded up */
    uint32_t rows;      /* of the picture, 1 or more */
};

/* Whether rows of this length can be taken at all. */
bool ic_png_fast_takes(size_t row_bytes);

/* Unpacks the first row's filter, so that a file without data ends here, before memory for rows is
 * asked for. `chunks` stands behind the head of the first IDAT. Answers 0 or a code of libspng
 * (SPNG_EMEM: mem->status says which; SPNG_IO_ERROR: chunks->status); *fast is NULL then. */
int ic_png_fast_open(struct ic_mem *mem, struct ic_png_chunks *chunks,
                     const struct ic_png_fast_setup *setup, struct ic_png_fast **fast);

/* Room for reading up to `strip_rows` rows at once. False: mem->status. */
bool ic_png_fast_allocate(struct ic_png_fast *fast, uint32_t strip_rows);

/* The next `count` rows (at most strip_rows, and no more than are left), each row_bytes long, to
 * `out`. Codes as above. */
int ic_png_fast_rows(struct ic_png_fast *fast, uint32_t count, uint8_t *out,
                     ptrdiff_t stride_bytes);

/* After the last row: the rest of the file. `strict`: data that does not end with the picture, and
 * any chunk but IEND, is a fault too (SPNG_EIDAT_TOO_SHORT, SPNG_EIDAT_STREAM, ...) though libspng
 * may have its reasons to accept it. */
int ic_png_fast_finish(struct ic_png_fast *fast, bool strict);

void ic_png_fast_destroy(struct ic_png_fast *fast); /* NULL is allowed */

#endif
