/* Overflow-checked arithmetic on sizes. Used by every module for every size that comes from
 * outside. */
#ifndef IC_CHECKED_H
#define IC_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets *sum to a + b; returns false, and leaves *sum unchanged, if that does not fit. */
static inline bool ic_add_size(size_t a, size_t b, size_t *sum) {
    if (a > SIZE_MAX - b) {
        return false;
    }
    *sum = a + b;
    return true;
}

/* Sets *product to a * b; returns false, and leaves *product unchanged, if that does not fit. */
static inline bool ic_mul_size(size_t a, size_t b, size_t *product) {
    if (b != 0 && a > SIZE_MAX / b) {
        return false;
    }
    *product = a * b;
    return true;
}

/* Returns the smallest multiple of `unit` (a power of two) that is at least `n`. The result must
 * fit. */
static inline size_t ic_round_up(size_t n, size_t unit) {
    return (n + unit - 1) & ~(unit - 1);
}

static inline uint32_t ic_ceil_div_u32(uint32_t n, uint32_t d) {
    return n / d + (n % d != 0);
}

#endif
