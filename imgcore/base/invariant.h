/* Invariants: what is false only if the library has a bug. Used by every module. */
#ifndef IC_INVARIANT_H
#define IC_INVARIANT_H

#include <assert.h>

/* Whether an invariant holds. Where it does not, debug and sanitizer builds (IC_ABORT_ON_BUG) abort
 * at that place. In a release the caller ends its work safely, and the call fails with INTERNAL:
 * the other images of a service should not be lost for one. Memory that was overwritten already is
 * no such case: there, assert is used. */
#ifdef IC_ABORT_ON_BUG
#define IC_HOLDS(condition) (assert(condition), 1)
#else
#define IC_HOLDS(condition) __builtin_expect(!!(condition), 1)
#endif

#endif
