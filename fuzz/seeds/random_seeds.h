/* Seeds for targets whose whole input is choices: `count` blocks of random bytes, the same ones
 * each time. */
#ifndef FUZZ_SEEDS_RANDOM_SEEDS_H
#define FUZZ_SEEDS_RANDOM_SEEDS_H

#include "fuzz/seeds/seeds.h"

#include <stdio.h>

enum { MAX_RANDOM_SEED_BYTES = 1024 };

/* size_bytes: at most MAX_RANDOM_SEED_BYTES. */
static inline void write_random_seeds(int count, size_t size_bytes) {
    uint32_t state = 1;
    for (int seed = 0; seed < count; seed++) {
        uint8_t bytes[MAX_RANDOM_SEED_BYTES];
        for (size_t i = 0; i < size_bytes; i++) {
            state = state * 1664525u + 1013904223u;
            bytes[i] = (uint8_t)(state >> 24);
        }
        char name[32];
        snprintf(name, sizeof name, "random_%02d", seed);
        seed_write(name, bytes, size_bytes, NULL, 0);
    }
}

#endif
