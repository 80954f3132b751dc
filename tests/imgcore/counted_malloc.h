/* Counts the blocks allocated by malloc and by the library's allocator hooks, and lets allocations
 * fail. malloc itself is replaced, so that the memory of libjpeg, libspng, zlib and lcms2 is
 * counted too. Included once by each test program. */
#ifndef TESTS_COUNTED_MALLOC_H
#define TESTS_COUNTED_MALLOC_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

/* Sanitizers replace malloc themselves; there only the library's allocator hooks are counted. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

static struct {
    atomic_bool armed;
    atomic_bool from_there_on;
    atomic_long countdown; /* allocations until the one that fails */
    atomic_long seen;
    atomic_long live; /* blocks allocated while armed and not freed yet */
} faults;

static inline bool fails_now(void) {
    if (!faults.armed) {
        return false;
    }
    faults.seen++;
    const long left = atomic_fetch_sub(&faults.countdown, 1);
    return left == 0 || (left < 0 && faults.from_there_on);
}

#if OWN_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

void *malloc(size_t size) {
    if (fails_now()) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = __libc_malloc(size);
    faults.live += faults.armed && block != NULL;
    return block;
}

void *calloc(size_t count, size_t size) {
    if (fails_now()) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = __libc_calloc(count, size);
    faults.live += faults.armed && block != NULL;
    return block;
}

void *realloc(void *old, size_t size) {
    if (fails_now()) {
        errno = ENOMEM;
        return NULL;
    }
    void *block = __libc_realloc(old, size);
    faults.live += faults.armed && old == NULL && block != NULL;
    return block;
}

void free(void *block) {
    faults.live -= faults.armed && block != NULL;
    __libc_free(block);
}
#endif

static inline void *hooked_alloc(void *user, size_t size_bytes) {
    (void)user;
#if OWN_MALLOC
    return malloc(size_bytes);
#else
    void *block = fails_now() ? NULL : malloc(size_bytes);
    faults.live += faults.armed && block != NULL;
    return block;
#endif
}

static inline void hooked_free(void *user, void *block) {
    (void)user;
#if !OWN_MALLOC
    faults.live -= faults.armed && block != NULL;
#endif
    free(block);
}

#endif
