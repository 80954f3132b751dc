/* See failing_malloc.h. */
#include "tests/support/failing_malloc.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

struct failing_malloc failing_malloc;

void failing_malloc_arm(int n, bool goes_on) {
    failing_malloc.countdown = n;
    failing_malloc.goes_on = goes_on;
    failing_malloc.failures = 0;
    failing_malloc.is_armed = true;
}

int failing_malloc_disarm(void) {
    failing_malloc.is_armed = false;
    return failing_malloc.failures;
}

static bool must_fail(void) {
    if (!failing_malloc.is_armed) {
        return false;
    }
    failing_malloc.countdown--;
    const bool fails =
        failing_malloc.goes_on ? failing_malloc.countdown <= 0 : failing_malloc.countdown == 0;
    failing_malloc.failures += fails;
    return fails;
}

void *__wrap_malloc(size_t size) {
    void *block = must_fail() ? NULL : __real_malloc(size);
    failing_malloc.live += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t size) {
    void *block = must_fail() ? NULL : __real_calloc(count, size);
    failing_malloc.live += block != NULL;
    return block;
}

void *__wrap_realloc(void *block, size_t size) {
    void *grown = must_fail() ? NULL : __real_realloc(block, size);
    failing_malloc.live += block == NULL && grown != NULL;
    return grown;
}

void __wrap_free(void *block) {
    failing_malloc.live -= block != NULL;
    __real_free(block);
}
