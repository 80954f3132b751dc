/* The own reader in front of libjpeg, for the planes of a JPEG whose data can be read again. Used
 * by jpeg_read.c and jpeg_start.c. */
#ifndef IC_JPEG_FAST_H
#define IC_JPEG_FAST_H

#include "imgcore/codec/jpeg_progressive.h"
#include "imgcore/codec/jpeg_scan.h"

struct ic_jpeg_fast;

/* `picture`, which was started unless it is progressive, has read no data, which begins at the
 * first byte of `input`: nothing of them changes here. Returns NULL if this is no picture for it or
 * there is no memory. */
struct ic_jpeg_fast *ic_jpeg_fast_open(struct ic_mem *mem, const struct ic_kernels *kernels,
                                       const struct jpeg_decompress_struct *picture,
                                       struct ic_input *input);

/* Reads what precedes the first row: all scans of a progressive picture, nothing of another one.
 * False: as for ic_jpeg_fast_read. */
bool ic_jpeg_fast_begin(struct ic_jpeg_fast *fast, struct ic_input *input, struct ic_cancel *cancel,
                        uint32_t max_scans);

/* Decodes the next row of MCUs: see ic_jpeg_scan_row. After the last one, the end marker is
 * checked. False: a doubt, and libjpeg must decode the data from its beginning; the input
 * has failed, or the call was cancelled. */
bool ic_jpeg_fast_read(struct ic_jpeg_fast *fast, uint8_t *const rows[IC_MAX_PLANES],
                       const size_t stride_bytes[IC_MAX_PLANES]);

/* Whether all rows are read. */
bool ic_jpeg_fast_done(const struct ic_jpeg_fast *fast);

/* See ic_jpeg_scan_doubt. */
const char *ic_jpeg_fast_doubt(const struct ic_jpeg_fast *fast);

void ic_jpeg_fast_close(struct ic_jpeg_fast *fast); /* NULL is allowed */

#endif
