/* Cutting the data of a JPEG at its restart markers into segments, for jpeg_segments.c.
 *
 * The data after a restart marker does not depend on the data before it. So it is cut where a
 * marker stands at the beginning of a row of MCUs. */
#ifndef IC_JPEG_CUT_H
#define IC_JPEG_CUT_H

#include "imgcore/codec/jpeg_scan.h"

struct ic_jpeg_cut {
    const uint8_t *data;
    size_t *start; /* of the data of each segment, and the end of the last one, in `data`: a segment
                      ends with the marker before the next, the last one with the end marker */
    uint32_t count;      /* of segments, 2 or more */
    uint32_t lines;      /* rows of MCUs of every segment but the last */
    uint32_t last_lines; /* rows of MCUs of the last one */
    uint64_t markers;    /* restart markers of every segment but the last, its last one included */
};

/* Cuts the data of a picture of these tables; `data` begins with that of its only scan. Returns
 * false, with nothing to clear, if it cannot be cut, if its structure is unusual in any way, or if
 * there is no memory. line_px: the height of a row of MCUs. */
bool ic_jpeg_cut(struct ic_mem *mem, const struct ic_jpeg_tables *tables, uint32_t line_px,
                 const uint8_t *data, size_t size_bytes, struct ic_jpeg_cut *cut);
void ic_jpeg_cut_clear(struct ic_mem *mem, struct ic_jpeg_cut *cut);

#endif
