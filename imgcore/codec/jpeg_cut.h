/* Cutting a JPEG at its restart markers into segments that are files of their own. Included by
 * jpeg_cut.c and jpeg_segments.c.
 *
 * The data after a restart marker does not depend on the data before it. So the data is cut where a
 * marker stands at the beginning of a row of MCUs; a segment gets the tables of the image, its own
 * height, its data with the markers renumbered from 0, and an end marker. */
#ifndef IC_JPEG_CUT_H
#define IC_JPEG_CUT_H

#include "imgcore/codec/jpeg_internal.h"

/* The largest head of a segment: for each of three components a quantisation table of 16 bits and
 * two Huffman tables of 256 codes, and the frame. */
#define IC_JPEG_HEAD_BYTES 2304u

struct ic_jpeg_cut {
    const uint8_t *data;
    size_t *start;       /* of the data of each segment, and the end of the last one, in `data` */
    uint32_t count;      /* of segments, 2 or more */
    uint32_t lines;      /* rows of MCUs of every segment but the last */
    uint32_t last_lines; /* rows of MCUs of the last one */
    size_t most_bytes;   /* size of the largest segment as a file */
    uint8_t head[IC_JPEG_HEAD_BYTES];
    size_t head_bytes, height_at;
    uint32_t line_px, height_px;
};

/* Cuts the image of a decompressor that was started and has read no data, all of which is in memory
 * at its source. Returns false, with nothing to clear, if it cannot be cut, if its structure is
 * unusual in any way, or if there is no memory. */
bool ic_jpeg_cut(struct ic_mem *mem, const struct jpeg_decompress_struct *cinfo,
                 struct ic_jpeg_cut *cut);
void ic_jpeg_cut_clear(struct ic_mem *mem, struct ic_jpeg_cut *cut);

/* Writes a segment as a file to `out`, which has space for most_bytes; returns its size. */
size_t ic_jpeg_cut_file(const struct ic_jpeg_cut *cut, uint32_t segment, uint8_t *out);

#endif
