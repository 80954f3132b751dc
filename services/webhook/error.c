/* Refusals: see error.h. */
#include "services/webhook/error.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *message;
    int http_status;
} reasons[] = {
#define ROW(name, http_status, sentence) [WEBHOOK_REASON_##name] = {#name, (sentence), http_status},
    WEBHOOK_REASON_LIST(ROW)
#undef ROW
};

static enum webhook_reason known(enum webhook_reason reason) {
    return (size_t)reason < sizeof(reasons) / sizeof(reasons[0]) ? reason : WEBHOOK_REASON_INTERNAL;
}

const char *webhook_reason_name(enum webhook_reason reason) {
    return reasons[known(reason)].name;
}

const char *webhook_reason_message(enum webhook_reason reason) {
    return reasons[known(reason)].message;
}

int webhook_http_status(enum webhook_reason reason) {
    return reasons[known(reason)].http_status;
}

void webhook_error_clear(struct webhook_error *error) {
    if (error != NULL) {
        *error = (struct webhook_error){.status = SVC_OK};
    }
}

static enum svc_status status_of(enum webhook_reason reason) {
    switch (reason) {
    case WEBHOOK_REASON_NONE:
        return SVC_OK;
    case WEBHOOK_REASON_TOO_LARGE:
        return SVC_TOO_LARGE;
    case WEBHOOK_REASON_NO_MEMORY:
        return SVC_NO_MEMORY;
    case WEBHOOK_REASON_INTERNAL:
        return SVC_INTERNAL;
    default:
        return SVC_MALFORMED;
    }
}

enum svc_status webhook_refuse(struct webhook_error *error, enum webhook_reason reason,
                               const char *field, const char *format, ...) {
    const enum svc_status status = status_of(reason);
    if (error != NULL) {
        char sentence[sizeof(error->detail) - sizeof(error->field) - 1];
        va_list args;
        error->status = status;
        error->reason = reason;
        snprintf(error->field, sizeof(error->field), "%s", field);
        va_start(args, format);
        vsnprintf(sentence, sizeof(sentence), format, args);
        va_end(args);
        snprintf(error->detail, sizeof(error->detail), "%s%s%s", error->field,
                 *error->field != '\0' ? " " : "", sentence);
    }
    return status;
}
