/* The entropy-coded data of the scans of a progressive JPEG, decoded to coefficients; ITU-T T.81,
 * annex G.
 *
 * The data is read as by jpeg_blocks.h: without its stuffed bytes, and whatever is no proper data
 * is a doubt. */
#ifndef IC_JPEG_BANDS_H
#define IC_JPEG_BANDS_H

#include <stddef.h>

#include "imgcore/kernels/jpeg_codes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One code by the next IC_JPEG_LOOKUP_BITS bits. If its value is not zero and all of it is in these
 * bits: the value, the zeros before it, and the bits of both. Else `value` is 0, `zeros` is the
 * symbol, and `bits` is the length of the code, 0 if it is longer. */
struct ic_jpeg_run {
    int16_t value;
    uint8_t zeros, bits;
};

struct ic_jpeg_runs {
    struct ic_jpeg_run run[IC_JPEG_STEPS];
    struct ic_jpeg_code_list list;
    bool fits_dc; /* no symbol is over 15 */
};

/* Makes the table of a DHT segment (see ic_jpeg_codes_make). False: it is none that libjpeg takes.
 */
bool ic_jpeg_runs_make(struct ic_jpeg_runs *runs, const uint8_t counts[17], const uint8_t *symbols);

/* The position in the data, between two blocks. */
struct ic_jpeg_cursor {
    const uint8_t *at; /* the next byte to be loaded */
    uint64_t bits;     /* loaded and not used yet, from the highest bit on */
    unsigned bit_count;
    uint32_t ended_blocks; /* whose band has no further new coefficient (T.81: EOBRUN) */
};

/* What a scan codes. */
struct ic_jpeg_band {
    const struct ic_jpeg_runs *runs; /* NULL for a refinement of DC */
    unsigned first, last;            /* zigzag positions; 0 and 0: DC */
    unsigned shift;                  /* the bits that later scans refine: at most 13 */
    uint16_t
        most[64]; /* the most that the first scan may give for a position, without these bits */
};

/* The most bytes that a block loads past the position: as IC_JPEG_SLACK_BYTES. */
#define IC_JPEG_BAND_SLACK_BYTES 264

/* Decode the DC coefficients of `count` blocks: 64 coefficients each, row by row, at coefs + 64 *
 * i. *dc: the last value, without the bits that later scans refine. No block is begun past `limit`;
 * up to IC_JPEG_BAND_SLACK_BYTES past it are read. False: a doubt, and the coefficients are
 * undefined. The bands of AC coefficients are among the kernels (kernels.h). */
bool ic_jpeg_dc_first(const struct ic_jpeg_band *band, const struct ic_jpeg_runs *runs,
                      struct ic_jpeg_cursor *cursor, const uint8_t *limit, int *dc, int16_t *coefs,
                      size_t count);
bool ic_jpeg_dc_refine(const struct ic_jpeg_band *band, struct ic_jpeg_cursor *cursor,
                       const uint8_t *limit, int16_t *coefs, size_t count);

#ifdef __cplusplus
}
#endif

#endif
