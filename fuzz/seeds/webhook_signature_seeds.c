/* Bodies and the choices of how they are signed. */
#include "fuzz/seeds/random_seeds.h"

void make_seeds(void) {
    write_random_seeds(40, 64);
}
