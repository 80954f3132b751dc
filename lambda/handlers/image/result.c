/* Results: see result.h. */
#include "lambda/handlers/image/result.h"

#include <stdarg.h>
#include <stdio.h>

const char *image_outcome_name(enum image_outcome outcome) {
    static const char *const names[IMAGE_OUTCOMES] = {
        [IMAGE_MADE] = "made",           [IMAGE_ALREADY_MADE] = "already made",
        [IMAGE_SKIPPED] = "skipped",     [IMAGE_GONE] = "gone",
        [IMAGE_REJECTED] = "rejected",   [IMAGE_FAILED] = "failed",
        [IMAGE_NO_BUCKET] = "no bucket",
    };
    return names[outcome];
}

void image_result_set(struct image_result *result, enum image_outcome outcome, const char *reason,
                      const char *format, ...) {
    result->outcome = outcome;
    (void)snprintf(result->reason, sizeof(result->reason), "%s", reason);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(result->detail, sizeof(result->detail), format, arguments);
    va_end(arguments);
}

void image_result_fail(struct image_result *result, const struct awsc_error *error) {
    char text[AWSC_ERROR_TEXT_BYTES];
    image_result_set(result, IMAGE_FAILED, svc_status_name(error->status), "%s",
                     awsc_error_text(error, text));
}
