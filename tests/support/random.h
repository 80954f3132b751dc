/* Repeatable random numbers for tests: the same seed gives the same sequence everywhere. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>

/* splitmix64: one 64-bit state, every seed is valid. */
static inline uint64_t random_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Returns a number from `low` to `high`, both included. */
static inline uint32_t random_between(uint64_t *state, uint32_t low, uint32_t high) {
    return low + (uint32_t)(random_next(state) % ((uint64_t)high - low + 1));
}

#endif
