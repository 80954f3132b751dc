/* Refusals: see error.h. */
#include <stdarg.h>
#include <stdio.h>

#include "services/email/error.h"

const char *email_reason_name(enum email_reason reason) {
    switch (reason) {
#define CASE(name, sentence)                                                                       \
    case EMAIL_REASON_##name:                                                                      \
        return #name;
        EMAIL_REASON_LIST(CASE)
#undef CASE
    }
    return "INTERNAL";
}

const char *email_reason_message(enum email_reason reason) {
    switch (reason) {
#define CASE(name, sentence)                                                                       \
    case EMAIL_REASON_##name:                                                                      \
        return sentence;
        EMAIL_REASON_LIST(CASE)
#undef CASE
    }
    return "unknown reason";
}

void email_error_clear(struct email_error *error) {
    if (error != NULL) {
        *error = (struct email_error){.status = SVC_OK};
    }
}

static enum svc_status status_of(enum email_reason reason) {
    switch (reason) {
    case EMAIL_REASON_NONE:
        return SVC_OK;
    case EMAIL_REASON_NO_MEMORY:
        return SVC_NO_MEMORY;
    case EMAIL_REASON_INTERNAL:
        return SVC_INTERNAL;
    case EMAIL_REASON_BAD_SENDER:
        return SVC_CONFIGURATION;
    case EMAIL_REASON_TOO_LARGE:
    case EMAIL_REASON_OUTPUT_TOO_LARGE:
        return SVC_TOO_LARGE;
    default:
        return SVC_MALFORMED;
    }
}

enum svc_status email_refuse(struct email_error *error, enum email_reason reason, const char *field,
                             const char *format, ...) {
    enum svc_status status = status_of(reason);
    if (error != NULL) {
        va_list args;
        char sentence[sizeof(error->detail) - sizeof(error->field) - 1];
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

enum svc_status email_refuse_output(struct email_error *error, enum svc_status status,
                                    const char *what) {
    if (status == SVC_NO_MEMORY) {
        return email_refuse(error, EMAIL_REASON_NO_MEMORY, "", "no memory for %s", what);
    }
    if (status == SVC_TOO_LARGE) {
        return email_refuse(error, EMAIL_REASON_OUTPUT_TOO_LARGE, "", "%s is larger than its limit",
                            what);
    }
    return email_refuse(error, EMAIL_REASON_INTERNAL, "", "%s failed: %s", what,
                        svc_status_name(status));
}
