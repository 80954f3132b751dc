/* Pixels and choices of the PNG writer. */
#include "fuzz/seeds/random_seeds.h"

void make_seeds(void) {
    write_random_seeds(20, 1024);
}
