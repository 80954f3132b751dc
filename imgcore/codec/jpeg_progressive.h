/* The own decoder of progressive JPEGs (SOF2): all scans to planes.
 *
 * The data of all scans is held, and all scans are decoded for one row of MCUs after the other: the
 * coefficients of a row stay in the cache, and those of the whole picture are never held. Doubts:
 * see jpeg_scan.h; also an order of scans that T.81 does not allow, and coefficients that are not
 * known to the last bit. Used by jpeg_fast.c. */
#ifndef IC_JPEG_PROGRESSIVE_H
#define IC_JPEG_PROGRESSIVE_H

#include "imgcore/codec/jpeg_scan.h"

struct ic_jpeg_progressive;

/* Whether this decoder can read the picture, of which libjpeg has read the headers up to that of
 * the first scan and computed the output sizes. */
bool ic_jpeg_is_progressive(const struct jpeg_decompress_struct *picture);

/* Returns NULL without memory, or if a component is none that it reads. `picture`, which is started
 * or not, and the kernels must stay valid. */
struct ic_jpeg_progressive *ic_jpeg_progressive_open(struct ic_mem *mem,
                                                     const struct ic_kernels *kernels,
                                                     const struct jpeg_decompress_struct *picture);
void ic_jpeg_progressive_close(struct ic_jpeg_progressive *progressive); /* NULL is allowed */

/* Reads all scans up to the end marker, behind which `input` then is. False: a doubt, a call that
 * was cancelled, or an input that failed. */
bool ic_jpeg_progressive_read_scans(struct ic_jpeg_progressive *progressive, struct ic_input *input,
                                    struct ic_cancel *cancel, uint32_t max_scans);

/* As ic_jpeg_scan_row, but samples of blocks that only pad the picture are not written. After the
 * last row the ends of all scans are checked. */
bool ic_jpeg_progressive_row(struct ic_jpeg_progressive *progressive,
                             uint8_t *const rows[IC_MAX_PLANES],
                             const size_t stride_bytes[IC_MAX_PLANES]);

/* Rows of MCUs. */
uint32_t ic_jpeg_progressive_rows(const struct ic_jpeg_progressive *progressive);

/* See ic_jpeg_scan_doubt. */
const char *ic_jpeg_progressive_doubt(const struct ic_jpeg_progressive *progressive);

#endif
