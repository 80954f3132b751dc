/* A parameter of each type, a column of each type of the database, and texts in both. */
#include "fuzz/seeds/random_seeds.h"

#include <stdio.h>
#include <string.h>

/* The options in the order in which the target takes them. */
static void write(const char *name, const char *front, const uint8_t *options, size_t count) {
    uint8_t reversed[64];
    for (size_t i = 0; i < count; i++)
        reversed[i] = options[count - 1 - i];
    seed_write(name, front, strlen(front), reversed, count);
}

void make_seeds(void) {
    char name[64];
    for (uint8_t type = 0; type < 8; type++) {
        /* parameters, one, of this count, its size, type, scale, number, near */
        const uint8_t options[] = {1, 1, 0, 9, type, 2, 0, 0, 0, 1, 2, 3, 4, 5, 0};
        snprintf(name, sizeof name, "parameter_%d", type);
        write(name, "some text", options, sizeof options);
    }
    for (uint8_t type = 0; type < 23; type++) {
        /* columns, one, of this count, its type, flags, choice, size, scale, number: 2026-08-05 */
        const uint8_t options[] = {0,    0,    0,    type, 32,   0,    7, 2,
                                   0x07, 0xea, 0x81, 0x4a, 0x08, 0x30, 0, 5};
        snprintf(name, sizeof name, "column_%d", type);
        write(name, "1234.50", options, sizeof options);
    }
    write_random_seeds(20, 120);
}
