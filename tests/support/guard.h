/* Memory that ends at a guard page: a read past the end crashes in every build, not only under a
 * sanitizer. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* The most bytes that fit. */
#define GUARD_MAX_BYTES ((size_t)64 * 1024)

/* Returns a copy of `size_bytes` bytes whose end is the beginning of an inaccessible page. It is
 * valid until the next call. Aborts if the system has no memory. */
uint8_t *guard_copy(const void *bytes, size_t size_bytes);

#endif
