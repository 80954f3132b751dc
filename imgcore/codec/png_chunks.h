/* The chunks of a PNG, filtered before libspng sees them.
 *
 * libspng treats its limits on text, profiles and the like as fatal, and keeps what it reads. So it
 * gets only what the pixels need: IHDR, the palette of a palette image (not its entries that no
 * pixel can name, for which it rejects a file), tRNS, IDAT, IEND, and unknown critical chunks,
 * which it rejects. png_metadata.c reads eXIf and the chunks that state colours; all others are
 * skipped. Used by png_read.c and png_fast.c. */
#ifndef IC_PNG_CHUNKS_H
#define IC_PNG_CHUNKS_H

#include "imgcore/base/color_tags.h"
#include "imgcore/base/input.h"
#include "imgcore/codec/png_format.h"
#include "imgcore/codec/reader.h"

struct ic_png_chunks {
    struct ic_mem *mem;
    struct ic_input *input;
    struct imgcore_limits limits;
    bool tolerant;
    bool want_copyright;
    struct ic_cancel *cancel;
    unsigned steps; /* since the last check of `cancel` */

    /* Read here; complete once the first IDAT has been passed on. */
    int orientation;
    char *copyright;   /* NULL: none */
    struct ic_buf icc; /* size 0: none */
    struct ic_color_tags tags;

    /* The reason of the last read that returned false. */
    enum imgcore_status status;
    const char *detail; /* static storage */

    /* The position in the file. Passed on next: `head`, then `through_bytes` of the input, then
     * `tail`; then `skip_bytes` of the input are skipped. */
    uint8_t head[8], tail[4];
    size_t head_left_bytes, tail_left_bytes;
    uint64_t through_bytes, skip_bytes;
    uint64_t idat_left_bytes; /* tolerant: bytes of the current IDAT that are not passed on yet */
    bool idat_crc_next;       /* tolerant: the CRC of that IDAT in the file comes next */
    uint32_t chunk_count;
    uint8_t color_type, bit_depth;
    bool seen_plte, seen_idat, idat_over;
    bool seen_exif, seen_icc, seen_cicp, seen_srgb, seen_gamma, seen_chromaticities;
    bool keeps_metadata; /* it has been read already */
};

/* `options` is not used after the call. Nothing is read yet. */
void ic_png_chunks_init(struct ic_png_chunks *chunks, struct ic_mem *mem, struct ic_input *input,
                        const struct ic_open_options *options);
/* Returns to the beginning; the input must be there again. Metadata is kept, and not read a second
 * time. */
void ic_png_chunks_rewind(struct ic_png_chunks *chunks);
void ic_png_chunks_clear(struct ic_png_chunks *chunks);

/* Fills `out` with the next `size_bytes` of the filtered file; false: see status and detail. */
bool ic_png_chunks_read(struct ic_png_chunks *chunks, uint8_t *out, size_t size_bytes);
/* Checks for cancellation; true: status is CANCELLED. */
bool ic_png_chunks_cancelled(struct ic_png_chunks *chunks);
/* Sets status and detail. Returns false. */
bool ic_png_chunks_fail(struct ic_png_chunks *chunks, enum imgcore_status status,
                        const char *detail);
/* The same for an input that has ended or failed. */
bool ic_png_chunks_fail_end(struct ic_png_chunks *chunks);
/* Skips bytes of the input. False: it ends before. */
bool ic_png_chunks_skip(struct ic_png_chunks *chunks, uint64_t size_bytes);

/* Reads or skips an ancillary chunk that libspng does not get, behind its head (png_metadata.c).
 * False: see status and detail. */
bool ic_png_metadata_take(struct ic_png_chunks *chunks, uint32_t type, uint32_t length,
                          const uint8_t head[IC_PNG_CHUNK_HEAD_BYTES]);

#endif
