/* Converts rows of PNG samples as stored (1 to 16 bits, packed, big-endian, palette, colour key) to
 * rows of 8-bit interleaved channels. The results equal those of libpng's png_set_expand and
 * png_set_scale_16, bit for bit. Used by png_read.c and png_passes.c. */
#ifndef IC_PNG_EXPAND_H
#define IC_PNG_EXPAND_H

#include <spng.h>

#include "imgcore/base/picture.h"
#include "imgcore/kernels/kernels.h"

struct ic_png_expand {
    void (*row)(const struct ic_png_expand *expand, const uint8_t *raw, uint8_t *out);
    const struct ic_kernels *kernels; /* NULL: plain C */
    bool copies;                      /* rows need no conversion: `row` only copies */
    enum ic_color color;
    int channels; /* of the result */
    int depth;    /* bits per sample of the file */
    size_t width;
    size_t pixel_bytes;          /* of the file: 1 for packed samples, up to 8 */
    size_t raw_bytes, out_bytes; /* of one row */
    uint16_t key[3];             /* the colour that is transparent */
    uint8_t palette[256][4];     /* R G B A; past the end of PLTE opaque black, as in libpng */
};

/* kernels may be NULL. plte: only for the palette type, else NULL. trns NULL: none. False if the
 * size of a row does not fit size_t. */
bool ic_png_expand_init(struct ic_png_expand *expand, const struct ic_kernels *kernels,
                        const struct spng_ihdr *ihdr, const struct spng_plte *plte,
                        const struct spng_trns *trns);

/* Expands one row: reads raw_bytes, writes out_bytes. */
static inline void ic_png_expand_row(const struct ic_png_expand *expand, const uint8_t *raw,
                                     uint8_t *out) {
    expand->row(expand, raw, out);
}

#endif
