#include "fuzz/seeds/random_seeds.h"

void make_seeds(void) {
    write_random_seeds(60, 1024);
}
