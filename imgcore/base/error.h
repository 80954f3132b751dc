/* Failing with a status and a sentence. Used by every module.
 *
 * Functions that can fail return enum imgcore_status and, where there are details for a person,
 * fill the given imgcore_error (may be NULL). */
#ifndef IC_ERROR_H
#define IC_ERROR_H

#include "imgcore/imgcore.h"

/* Fills *error (may be NULL) and returns `status`, for use as `return ic_fail(...)`. The detail is
 * cut at the size of the field; control characters, which may come from a file, become '?'. */
enum imgcore_status ic_fail(struct imgcore_error *error, enum imgcore_status status,
                            const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Fails with CANCELLED, whose sentence needs no detail. */
enum imgcore_status ic_fail_cancelled(struct imgcore_error *error);

/* Clears *error (may be NULL). */
void ic_error_clear(struct imgcore_error *error);

#endif
