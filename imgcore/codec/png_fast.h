/* The fast reader for the pixels of a PNG: igzip decompresses the IDATs as they arrive, the kernels
 * undo the filters of several rows together. For images that are not interlaced.
 *
 * It takes over from libspng at the first IDAT, and reports faults as libspng's codes, in the order
 * in which libspng would find them. If a file can be read again, libspng decides about its faults:
 * see png_read.c. Used by png_read.c only. */
#ifndef IC_PNG_FAST_H
#define IC_PNG_FAST_H

#include "imgcore/codec/png_chunks.h"
#include "imgcore/kernels/kernels.h"

struct ic_png_fast;

struct ic_png_fast_setup {
    const struct ic_kernels *kernels;
    size_t row_bytes;   /* of one row, without its filter byte; see ic_png_fast_takes */
    size_t pixel_bytes; /* 1 to 4, 6 or 8; rounded up */
    uint32_t rows;      /* of the image, 1 or more */
};

/* Whether rows of this length are supported. */
bool ic_png_fast_takes(size_t row_bytes);

/* Decompresses the filter byte of the first row, so that a file without data fails here, before
 * memory for rows is allocated. `chunks` is at the first byte of the first IDAT's data. Returns 0
 * or a code of libspng (SPNG_EMEM: see mem->status; SPNG_IO_ERROR: see chunks->status); *fast is
 * NULL then. */
int ic_png_fast_open(struct ic_mem *mem, struct ic_png_chunks *chunks,
                     const struct ic_png_fast_setup *setup, struct ic_png_fast **fast);

/* Allocates memory to read up to `strip_rows` rows per call. False: mem->status. */
bool ic_png_fast_allocate(struct ic_png_fast *fast, uint32_t strip_rows);

/* Reads the next `count` rows (at most strip_rows, and no more than are left), each row_bytes long,
 * to `out`. Codes as above. */
int ic_png_fast_rows(struct ic_png_fast *fast, uint32_t count, uint8_t *out,
                     ptrdiff_t stride_bytes);

/* After the last row: checks the rest of the file. `strict`: data that does not end with the image,
 * and any chunk but IEND, is a fault too (SPNG_EIDAT_TOO_SHORT, SPNG_EIDAT_STREAM, ...), although
 * libspng may accept it. */
int ic_png_fast_finish(struct ic_png_fast *fast, bool strict);

void ic_png_fast_destroy(struct ic_png_fast *fast); /* NULL is allowed */

#endif
