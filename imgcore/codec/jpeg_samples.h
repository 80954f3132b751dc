/* Blocks of coefficients to samples. Private to jpeg_scan.c and jpeg_progressive.c. */
#ifndef IC_JPEG_SAMPLES_H
#define IC_JPEG_SAMPLES_H

#include <string.h>

#include "imgcore/kernels/kernels.h"

#define IC_JPEG_GROUP_BLOCKS 240u

/* Blocks by how their samples are made. */
enum ic_jpeg_class {
    IC_CLASS_DC,
    IC_CLASS_FIRST_3,
    IC_CLASS_FIRST_10,
    IC_CLASS_ALL,
    IC_CLASSES,
};

/* Blocks of one class. */
struct ic_jpeg_group {
    size_t count;
    struct ic_jpeg_place place[IC_JPEG_GROUP_BLOCKS];
};

/* Of constant size, so that a row is one store. */
static inline void ic_jpeg_fill_rows(uint64_t samples, size_t size, uint8_t *out,
                                     size_t stride_bytes) {
    for (size_t y = 0; y < size; y++) {
        memcpy(out + y * stride_bytes, &samples, size);
    }
}

/* A block with DC alone has one value, whatever its size. False: see jpeg_idct in kernels.h. */
static inline bool ic_jpeg_fill_block(int product, int size, uint8_t *out, size_t stride_bytes) {
    const int sample = (product + 4) >> 3;
    const int clamped = sample < -128 ? 0 : sample > 127 ? 255 : sample + 128;
    const uint64_t samples = UINT64_C(0x0101010101010101) * (unsigned)clamped;
    switch (size) {
    case 8:
        ic_jpeg_fill_rows(samples, 8, out, stride_bytes);
        break;
    case 4:
        ic_jpeg_fill_rows(samples, 4, out, stride_bytes);
        break;
    case 2:
        ic_jpeg_fill_rows(samples, 2, out, stride_bytes);
        break;
    default:
        *out = (uint8_t)clamped;
        break;
    }
    return sample >= -512 && sample <= 511;
}

/* The inverse DCT of a class, but for DC, to blocks of size 8, 4 or 2. */
static inline enum ic_jpeg_idct ic_jpeg_idct_of(enum ic_jpeg_class of, int size) {
    const bool is_few = of != IC_CLASS_ALL;
    switch (size) {
    case 2:
        return is_few ? IC_IDCT_2_FIRST_10 : IC_IDCT_2;
    case 4:
        return is_few ? IC_IDCT_4_FIRST_10 : IC_IDCT_4;
    default:
        return of == IC_CLASS_FIRST_3 ? IC_IDCT_8_FIRST_3 : is_few ? IC_IDCT_8_FIRST_10 : IC_IDCT_8;
    }
}

/* Transforms the blocks of a group, clears them, and empties it. False: see jpeg_idct in kernels.h.
 */
static inline bool ic_jpeg_transform_group(const struct ic_kernels *kernels,
                                           struct ic_jpeg_group *group, enum ic_jpeg_idct idct,
                                           const int16_t *quant, size_t stride_bytes) {
    if (group->count == 0) {
        return true;
    }
    const bool good =
        kernels->jpeg_idct[idct](group->place, group->count, quant, (ptrdiff_t)stride_bytes);
    group->count = 0;
    return good;
}

#endif
