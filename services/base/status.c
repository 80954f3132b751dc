/* The sentences of the statuses, and failing with one. */
#include <stdarg.h>
#include <stdio.h>

#include "services/base/chars.h"
#include "services/base/status.h"

const char *svc_status_message(enum svc_status status) {
    switch (status) {
#define CASE(name, value, group, sentence)                                                         \
    case SVC_##name:                                                                               \
        return sentence;
        SVC_STATUS_LIST(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *svc_status_name(enum svc_status status) {
    switch (status) {
#define CASE(name, value, group, sentence)                                                         \
    case SVC_##name:                                                                               \
        return #name;
        SVC_STATUS_LIST(CASE)
#undef CASE
    }
    return "UNKNOWN";
}

enum svc_status_group svc_status_group(enum svc_status status) {
    switch (status) {
#define CASE(name, value, group, sentence)                                                         \
    case SVC_##name:                                                                               \
        return SVC_GROUP_##group;
        SVC_STATUS_LIST(CASE)
#undef CASE
    }
    return SVC_GROUP_BUG;
}

enum svc_status svc_fail(struct svc_error *error, enum svc_status status, const char *format, ...) {
    if (error != NULL) {
        va_list args;
        error->status = status;
        va_start(args, format);
        vsnprintf(error->detail, sizeof(error->detail), format, args);
        va_end(args);
        svc_replace_controls(error->detail);
    }
    return status;
}

void svc_error_clear(struct svc_error *error) {
    if (error != NULL) {
        error->status = SVC_OK;
        error->detail[0] = '\0';
    }
}
