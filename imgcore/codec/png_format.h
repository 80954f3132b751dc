/* Sizes that the PNG format fixes. Used by png_*.c. */
#ifndef IC_PNG_FORMAT_H
#define IC_PNG_FORMAT_H

#include <stdint.h>

#define IC_PNG_CHUNK_HEAD_BYTES 8u /* length and type */
#define IC_PNG_CRC_BYTES        4u
#define IC_PNG_IHDR_BYTES       13u

/* The type of a chunk as a number. */
#define IC_PNG_TYPE(a, b, c, d)                                                                    \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

#endif
