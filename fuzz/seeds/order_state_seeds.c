/* Sequences of up to 48 events. */
#include "fuzz/seeds/random_seeds.h"

void make_seeds(void) {
    write_random_seeds(40, 100);
}
