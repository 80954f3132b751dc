/* The entropy-coded data of a baseline JPEG, decoded to blocks of coefficients; ITU-T T.81, F.2.
 *
 * The data is read without its stuffed zero bytes, from one marker to the next. Everything that is
 * no proper data is a doubt: another reader decides what it means. */
#ifndef IC_JPEG_BLOCKS_H
#define IC_JPEG_BLOCKS_H

#include "imgcore/kernels/jpeg_codes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the blocks of one place in an MCU are coded. `next` is the kind of the next block; that of an
 * MCU's last block is the first one. */
struct ic_jpeg_kind {
    const struct ic_jpeg_codes *dc, *ac;
    const struct ic_jpeg_kind *next;
    /* What the steps load at once: next->dc and &ac->table[1]. */
    const struct ic_jpeg_codes *next_dc;
    const struct ic_jpeg_step_table *second;
    const uint16_t *quant; /* in zigzag order, each at most 32767 */
};

/* Sets the kind that follows, and what is loaded at once, of a kind whose codes are set. */
static inline void ic_jpeg_kind_link(struct ic_jpeg_kind *kind, const struct ic_jpeg_kind *next) {
    kind->next = next;
    kind->next_dc = next->dc;
    kind->second = &kind->ac->table[1];
}

/* The position in the data, at the beginning of a block. */
struct ic_jpeg_position {
    const uint8_t *at;               /* the next byte to be loaded */
    uint64_t bits;                   /* loaded and not used yet, from the highest bit on */
    unsigned bit_count;              /* of them, at most 63 */
    const struct ic_jpeg_kind *kind; /* of the next block */
};

/* The most bytes that a block loads: 64 codes of 16 bits and values of 15 bits, and what is loaded
 * ahead. */
#define IC_JPEG_SLACK_BYTES 264

/* Index in a block of the coefficient at a zigzag position, 0 to 63. It stands 64 bytes behind a
 * multiple of 256: past its end, the lower byte of an address, as a signed one, is negative. The
 * bytes there can be read. */
extern const uint8_t ic_jpeg_zigzag_table[3][64];
#define IC_JPEG_ZIGZAG (ic_jpeg_zigzag_table[1])

#ifdef __cplusplus
}
#endif

#endif
