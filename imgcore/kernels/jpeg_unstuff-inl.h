/* Unstuffing byte by byte: what is left behind the last whole vector, and the reference. */
#ifndef IC_JPEG_UNSTUFF_INL_H
#define IC_JPEG_UNSTUFF_INL_H

#include <stddef.h>
#include <stdint.h>

/* Goes on at in[i] and out[written]: see jpeg_unstuff in kernels.h. */
static inline size_t ic_jpeg_unstuff_rest(const uint8_t *in, size_t i, size_t n, uint8_t *out,
                                          size_t written, size_t *used) {
    while (i < n && (in[i] != 0xff || (i + 1 < n && in[i + 1] == 0))) {
        out[written++] = in[i];
        i += in[i] == 0xff ? 2 : 1;
    }
    *used = i;
    return written;
}

#endif
