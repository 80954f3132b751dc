/* What a call returns: one enum, grouped by the origin of the failure, with a sentence for each
 * value. And the error that it describes. */
#ifndef IMGCORE_STATUS_H
#define IMGCORE_STATUS_H

#include <stdint.h>

#include "imgcore/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, group, sentence). Values are stable: a new status takes a new number. */
#define IMGCORE_STATUS_LIST(X)                                                                     \
    X(OK, 0, NONE, "done")                                                                         \
    X(INVALID_ARGUMENT, 10, CALLER, "an argument is outside its range")                            \
    X(CANCELLED, 11, CALLER, "the caller cancelled the call")                                      \
    X(UNKNOWN_FIELD, 12, CALLER,                                                                   \
      "the caller uses a field that this version of the library does not know")                    \
    X(TRUNCATED, 20, INPUT, "the file ends before the picture does")                               \
    X(CORRUPT, 21, INPUT, "the file is damaged")                                                   \
    X(UNSUPPORTED, 22, INPUT, "the file is of a kind that is not supported")                       \
    X(TOO_LARGE, 30, LIMIT, "the picture or a part of its file is larger than the limits allow")   \
    X(BUDGET, 31, LIMIT, "the picture needs more memory than the budget allows")                   \
    X(NO_MEMORY, 40, ENVIRONMENT, "the system has no memory left")                                 \
    X(READ_FAILED, 41, ENVIRONMENT, "reading the input failed")                                    \
    X(INTERNAL, 90, BUG, "a bug in imgcore; please report it")

enum imgcore_status {
#define IMGCORE_STATUS_ENUM(name, value, group, sentence) IMGCORE_##name = value,
    IMGCORE_STATUS_LIST(IMGCORE_STATUS_ENUM)
#undef IMGCORE_STATUS_ENUM
};

enum imgcore_status_group {
    IMGCORE_GROUP_NONE,        /* no failure */
    IMGCORE_GROUP_CALLER,      /* the calling code is wrong, or it cancelled the call */
    IMGCORE_GROUP_INPUT,       /* the file is wrong; a retry fails in the same way */
    IMGCORE_GROUP_LIMIT,       /* the file asks for more than the limits allow */
    IMGCORE_GROUP_ENVIRONMENT, /* the machine or the source failed; a retry may succeed */
    IMGCORE_GROUP_BUG          /* a defect of imgcore */
};

/* Returns the sentence for a status, "unknown status" for any other number. Static storage. */
IMGCORE_API const char *imgcore_status_message(enum imgcore_status status);

/* Returns the name of a status without its prefix ("TRUNCATED"), for logs and scripts. Static
 * storage. */
IMGCORE_API const char *imgcore_status_name(enum imgcore_status status);

/* Returns the origin of a failure. */
IMGCORE_API enum imgcore_status_group imgcore_status_group(enum imgcore_status status);

/* A failure described for a person: filled by a call that fails, cleared by one that succeeds. */
struct imgcore_error {
    enum imgcore_status status;
    char detail[200];     /* details in English; "" if the status says everything */
    uint64_t reserved[4]; /* set to 0 */
};

#ifdef __cplusplus
}
#endif

#endif
