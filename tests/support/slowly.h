/* How much of its work a test does where everything takes thirty times as long. */
#ifndef TESTS_SUPPORT_SLOWLY_H
#define TESTS_SUPPORT_SLOWLY_H

#include <stdbool.h>
#include <stdlib.h>

/* Whether times mean nothing: under valgrind, or emulated. */
static inline bool test_is_slow(void) {
    return getenv("TEST_SLOWLY") != NULL;
}

/* `all`, or where TEST_SLOWLY is set (valgrind) one `part`-th of it, at least 1. */
static inline int test_part(int all, int part) {
    if (!test_is_slow()) {
        return all;
    }
    return all / part > 1 ? all / part : 1;
}

#endif
