/* The bits of the entropy-coded data of a JPEG. Private to the files that decode it in this folder.
 */
#ifndef IC_JPEG_BITS_INL_H
#define IC_JPEG_BITS_INL_H

#include <stdint.h>
#include <string.h>

/* Bits loaded and not used yet, from the highest one on. */
struct bits {
    uint64_t bits;
    unsigned count;
};

static inline uint64_t load_bits(const uint8_t *at) {
    uint64_t bits;
    memcpy(&bits, at, sizeof(bits));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    bits = __builtin_bswap64(bits);
#endif
    return bits;
}

/* Loads until 56 bits or more are there. Part of a byte is loaded, too, and loaded again next time:
 * the same bits, so that no mask is needed. */
static inline struct bits refill(struct bits from, const uint8_t **at) {
    const struct bits more = {from.bits | load_bits(*at) >> from.count, from.count | 56};
    *at += (63 - from.count) >> 3;
    return more;
}

static inline uint32_t take_bits(struct bits *from, unsigned count) {
    const uint64_t taken = from->bits >> 1 >> (63 - count);
    from->bits <<= count;
    from->count -= count;
    return (uint32_t)taken;
}

#endif
