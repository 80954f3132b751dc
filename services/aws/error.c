/* Errors of AWS calls: see error.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/aws/error.h"
#include "services/base/text.h"

void awsc_error_clear(struct awsc_error *error) {
    if (error != NULL) {
        memset(error, 0, sizeof(*error));
    }
}

enum svc_status awsc_fail(struct awsc_error *error, enum svc_status status, const char *format,
                          ...) {
    if (error == NULL) {
        return status;
    }
    va_list args;
    error->status = status;
    error->retryable = svc_status_group(status) == SVC_GROUP_TRANSIENT;
    va_start(args, format);
    vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    svc_replace_controls(error->message);
    return status;
}

const char *awsc_error_text(const struct awsc_error *error, char out[AWSC_ERROR_TEXT_BYTES]) {
    const char *what = error->code[0] != '\0' ? error->code : svc_status_name(error->status);
    char http[24] = "";
    if (error->http_status != 0) {
        snprintf(http, sizeof(http), " (%d)", error->http_status);
    }
    snprintf(out, AWSC_ERROR_TEXT_BYTES, "%s%s%s%s%s%s, %d attempt%s%s%s: %s", error->service,
             error->service[0] != '\0' ? " " : "", error->operation,
             error->operation[0] != '\0' ? ": " : "", what, http, error->attempts,
             error->attempts == 1 ? "" : "s", error->request_id[0] != '\0' ? ", request id " : "",
             error->request_id,
             error->message[0] != '\0' ? error->message : svc_status_message(error->status));
    return out;
}
