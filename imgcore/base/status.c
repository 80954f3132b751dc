/* The names and sentences of the statuses, and failing with one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "imgcore/base/error.h"
#include "imgcore/base/text.h"

const char *imgcore_status_message(enum imgcore_status status) {
    switch (status) {
#define CASE(name, value, group, sentence)                                                         \
    case IMGCORE_##name:                                                                           \
        return sentence;
        IMGCORE_STATUS_LIST(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *imgcore_status_name(enum imgcore_status status) {
    switch (status) {
#define CASE(name, value, group, sentence)                                                         \
    case IMGCORE_##name:                                                                           \
        return #name;
        IMGCORE_STATUS_LIST(CASE)
#undef CASE
    }
    return "UNKNOWN";
}

enum imgcore_status_group imgcore_status_group(enum imgcore_status status) {
    switch (status) {
#define CASE(name, value, group, sentence)                                                         \
    case IMGCORE_##name:                                                                           \
        return IMGCORE_GROUP_##group;
        IMGCORE_STATUS_LIST(CASE)
#undef CASE
    }
    return IMGCORE_GROUP_BUG;
}

const char *imgcore_version(void) {
    return IMGCORE_VERSION_STRING;
}

enum imgcore_status ic_fail(struct imgcore_error *error, enum imgcore_status status,
                            const char *format, ...) {
    if (error != NULL) {
        va_list args;
        memset(error->reserved, 0, sizeof(error->reserved));
        error->status = status;
        va_start(args, format);
        vsnprintf(error->detail, sizeof(error->detail), format, args);
        va_end(args);
        for (char *c = error->detail; *c != '\0'; c++) {
            if (ic_is_control((unsigned char)*c)) {
                *c = '?';
            }
        }
    }
    return status;
}

enum imgcore_status ic_fail_cancelled(struct imgcore_error *error) {
    return ic_fail(error, IMGCORE_CANCELLED, "%s", "");
}

void ic_error_clear(struct imgcore_error *error) {
    if (error != NULL) {
        error->status = IMGCORE_OK;
        error->detail[0] = '\0';
        memset(error->reserved, 0, sizeof(error->reserved));
    }
}
