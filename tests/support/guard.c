/* Memory before a guard page: see guard.h. */
#include "tests/support/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Maps the memory once; returns its end, where the guard page begins. */
static uint8_t *guard_page(void) {
    static uint8_t *guard;
    if (guard == NULL) {
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        uint8_t *map = mmap(NULL, GUARD_MAX_BYTES + page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED || mprotect(map + GUARD_MAX_BYTES, page, PROT_NONE) != 0) {
            perror("guard page");
            abort();
        }
        guard = map + GUARD_MAX_BYTES;
    }
    return guard;
}

uint8_t *guard_copy(const void *bytes, size_t size_bytes) {
    uint8_t *guard = guard_page();
    if (size_bytes > GUARD_MAX_BYTES) {
        fprintf(stderr, "guard_copy: %zu bytes do not fit\n", size_bytes);
        abort();
    }
    memset(guard - GUARD_MAX_BYTES, 0xa5, GUARD_MAX_BYTES - size_bytes);
    memcpy(guard - size_bytes, bytes, size_bytes);
    return guard - size_bytes;
}
