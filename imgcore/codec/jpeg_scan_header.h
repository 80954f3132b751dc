/* Headers of the scans of a progressive JPEG, and what their sequence makes known; ITU-T T.81,
 * B.2.3 and G.1.1. Only what a careful encoder writes is accepted. Used by jpeg_scan_list.c and
 * jpeg_progressive.c. */
#ifndef IC_JPEG_SCAN_HEADER_H
#define IC_JPEG_SCAN_HEADER_H

#include "imgcore/codec/jpeg_internal.h"

struct ic_jpeg_scan_header {
    int components;
    int index[IC_MAX_PLANES]; /* of the components in the frame, rising */
    uint8_t dc_table[IC_MAX_PLANES], ac_table[IC_MAX_PLANES]; /* 0 to 3 */
    unsigned first, last;                                     /* zigzag positions; 0 and 0: DC */
    unsigned high, low; /* bits that were, and will be, left to later scans; high 0: the first */
};

/* The header that libjpeg has just read. False: it is not accepted. */
bool ic_jpeg_scan_header_take(const struct jpeg_decompress_struct *picture,
                              struct ic_jpeg_scan_header *header);

/* The content of a SOS segment, without its length. False: it is not accepted. */
bool ic_jpeg_scan_header_parse(const struct jpeg_decompress_struct *picture, const uint8_t *bytes,
                               size_t size_bytes, struct ic_jpeg_scan_header *header);

/* The bits of each coefficient that are not known yet; -1: all of it. */
struct ic_jpeg_progress {
    int8_t unknown[IC_MAX_PLANES][64];
};

void ic_jpeg_progress_init(struct ic_jpeg_progress *progress);
/* False: the scan does not follow from those before it. */
bool ic_jpeg_progress_add(struct ic_jpeg_progress *progress,
                          const struct ic_jpeg_scan_header *header);
/* Whether all bits of all coefficients are known. */
bool ic_jpeg_progress_is_complete(const struct ic_jpeg_progress *progress, int components);

#endif
