/* Single symbols of the entropy-coded data of a JPEG. Private to the files of jpeg_blocks. */
#ifndef IC_JPEG_SYMBOL_INL_H
#define IC_JPEG_SYMBOL_INL_H

#include <stdlib.h>

#include "imgcore/kernels/jpeg_bits-inl.h"
#include "imgcore/kernels/jpeg_blocks.h"

#define ZEROS_16 0xf0 /* the symbol of sixteen zeros */

enum symbol_result { SYMBOL_DOUBT, SYMBOL_MORE, SYMBOL_LAST };

/* Takes a code that was found, of code_bits bits (0: none was), and its value; 31 bits must be
 * there. *covered: coefficients known so far; 0: the symbol is one for DC. LAST: the block is
 * complete.
 *
 * A value whose product with its quantiser is over 16 bits has no defined picture: libjpeg-turbo's
 * plain and its SIMD inverse DCT differ there. */
static inline enum symbol_result take_symbol(struct bits *from, const struct ic_jpeg_kind *kind,
                                             unsigned code_bits, unsigned symbol, int16_t *coefs,
                                             unsigned *covered) {
    if (code_bits == 0) {
        return SYMBOL_DOUBT;
    }
    take_bits(from, code_bits);
    const bool dc = *covered == 0;
    if (!dc && symbol == 0) {
        return SYMBOL_LAST;
    }
    const unsigned size = dc ? symbol : symbol & 15;
    const unsigned place = dc ? 0 : *covered + (symbol >> 4);
    if (place > 63 || (!dc && size == 0 && symbol != ZEROS_16)) {
        return SYMBOL_DOUBT;
    }
    const int value = ic_jpeg_extend(take_bits(from, size), (int)size);
    if (!dc && abs(value) * kind->quant[place] > INT16_MAX) {
        return SYMBOL_DOUBT;
    }
    coefs[IC_JPEG_ZIGZAG[place]] = (int16_t)value;
    *covered = place + 1;
    return place == 63 ? SYMBOL_LAST : SYMBOL_MORE;
}

#endif
