/* What makes the seeds of a fuzz target: fuzz/seeds/<thing>_seeds.c defines make_seeds; linked with
 * make_seeds.c it is the program build/CONFIG/fuzz/seeds/<thing>_seeds FOLDER. Seeds that are text
 * stand as files in fuzz/seeds/<thing>/ instead, or besides. */
#ifndef FUZZ_SEEDS_SEEDS_H
#define FUZZ_SEEDS_SEEDS_H

#include <stddef.h>
#include <stdint.h>

/* Writes one seed as the file `name`: data, then the options (may be NULL with 0), which the target
 * takes from the end: the last byte first (fuzz/support/fuzz.h). Ends the program if it cannot. */
void seed_write(const char *name, const void *data, size_t size_bytes, const void *options,
                size_t options_bytes);

/* Writes all seeds of the target, the same ones each time. */
void make_seeds(void);

#endif
