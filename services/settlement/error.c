/* Refusals: see error.h. */
#include "services/settlement/error.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *message;
    enum svc_status status;
} reasons[] = {
#define ROW(name, status, sentence) [SETTLE_REASON_##name] = {#name, (sentence), (status)},
    SETTLE_REASON_LIST(ROW)
#undef ROW
};

static enum settle_reason known(enum settle_reason reason) {
    return (size_t)reason < sizeof(reasons) / sizeof(reasons[0]) ? reason
                                                                 : SETTLE_REASON_UNBALANCED;
}

const char *settle_reason_name(enum settle_reason reason) {
    return reasons[known(reason)].name;
}

const char *settle_reason_message(enum settle_reason reason) {
    return reasons[known(reason)].message;
}

void settle_error_clear(struct settle_error *error) {
    if (error != NULL) {
        *error = (struct settle_error){.status = SVC_OK};
    }
}

enum svc_status settle_refuse(struct settle_error *error, enum settle_reason reason,
                              const char *field, const char *format, ...) {
    const enum svc_status status = reasons[known(reason)].status;
    if (error != NULL) {
        char sentence[sizeof(error->detail) - sizeof(error->field) - 1];
        va_list args;
        error->status = status;
        error->reason = known(reason);
        snprintf(error->field, sizeof(error->field), "%s", field);
        va_start(args, format);
        vsnprintf(sentence, sizeof(sentence), format, args);
        va_end(args);
        snprintf(error->detail, sizeof(error->detail), "%s%s%s", error->field,
                 *error->field != '\0' ? " " : "", sentence);
    }
    return status;
}
