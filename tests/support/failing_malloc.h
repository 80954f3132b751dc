/* Counts the blocks that our own files allocate, and lets allocations fail. A program that links
 * this is linked with --wrap (WRAP_MALLOC in services/services.mk), which replaces malloc, calloc,
 * realloc and free in our own objects; allocations inside of libraries are not affected. For one
 * thread. */
#ifndef TESTS_SUPPORT_FAILING_MALLOC_H
#define TESTS_SUPPORT_FAILING_MALLOC_H

#include <stdbool.h>

struct failing_malloc {
    bool is_armed; /* allocations are numbered, and may fail */
    int countdown; /* at 1 the next one fails; 0 or less: none, but for goes_on */
    bool goes_on;  /* all that follow the first fail too */
    int failures;  /* so far */
    long live;     /* blocks allocated and not freed, armed or not */
};
extern struct failing_malloc failing_malloc;

/* From here on allocation n fails, n = 1 for the next; with goes_on all that follow it too. */
void failing_malloc_arm(int n, bool goes_on);
/* No allocation fails any more; returns how many did. */
int failing_malloc_disarm(void);

#endif
