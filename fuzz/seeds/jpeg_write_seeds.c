/* Pixels and choices of the JPEG writer. */
#include "fuzz/seeds/random_seeds.h"

void make_seeds(void) {
    write_random_seeds(40, 512);
}
