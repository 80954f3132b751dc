/* What all checks use: see check.h. */
#include "lambda/handlers/deploy/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"

/* Of the results that are expected the largest is a settlement's dry run: 100 sellers. */
#define MAX_RESULT_BYTES ((size_t)1024 * 1024)
#define CUT_BYTES        ((size_t)200) /* of a function's own error message */

bool deploy_fail(struct deploy_check *check, const char *reason, const char *format, ...) {
    if (check->reason[0] == '\0') {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(check->detail, sizeof(check->detail), format, arguments);
        va_end(arguments);
        (void)svc_copy_text(check->reason, sizeof(check->reason), reason);
        svc_replace_controls(check->detail);
    }
    return false;
}

/* The error of a function that failed: {"errorType":...,"errorMessage":...}. */
static void fail_of_function(struct deploy_check *check, const struct svc_json *document) {
    const char *type = svc_json_get_text(document, "errorType");
    const char *message = svc_json_get_text(document, "errorMessage");
    message = message != NULL ? message : "";
    deploy_fail(check, "FUNCTION_ERROR", "the version failed: %s: %.*s",
                type != NULL ? type : "without a type", (int)svc_utf8_fit(message, CUT_BYTES),
                message);
}

static struct svc_json *read_result(struct deploy_check *check,
                                    const struct awsc_lambda_result *result) {
    struct svc_json *document = NULL;
    const enum svc_status status = svc_json_parse(result->payload.bytes, result->payload.size_bytes,
                                                  MAX_RESULT_BYTES, &document, NULL);
    if (result->has_failed) {
        fail_of_function(check, document);
    } else if (strcmp(result->version, check->target.version) != 0) {
        deploy_fail(check, "WRONG_VERSION", "version \"%s\" ran instead of %s", result->version,
                    check->target.version);
    } else if (status != SVC_OK || document == NULL) {
        deploy_fail(check, "RESULT", "the result is not JSON");
    } else {
        return document;
    }
    svc_json_free(document);
    return NULL;
}

/* NULL: the check has failed. */
static struct svc_json *invoke(struct deploy_check *check, const struct svc_buf *event) {
    const struct awsc_lambda_invoke invoke = {
        .function = check->target.function,
        .qualifier = check->target.version,
        .event = event->bytes,
        .event_bytes = event->size_bytes,
        .max_result_bytes = MAX_RESULT_BYTES,
        .deadline_ms = check->deadline_ms,
    };
    struct awsc_lambda_result result;
    struct awsc_error error;
    char line[AWSC_ERROR_TEXT_BYTES];
    if (svc_buf_status(event) != SVC_OK) {
        deploy_fail(check, "NO_MEMORY", "%s", svc_status_message(svc_buf_status(event)));
        return NULL;
    }
    const enum svc_status status =
        awsc_lambda_invoke(check->function->aws, &invoke, &result, &error);
    if (status != SVC_OK) {
        deploy_fail(check, status == SVC_DEADLINE ? "DEADLINE" : "INVOKE", "%s",
                    awsc_error_text(&error, line));
        return NULL;
    }
    struct svc_json *document = read_result(check, &result);
    awsc_lambda_result_clear(&result);
    return document;
}

bool deploy_invoke(struct deploy_check *check, struct svc_buf *event,
                   bool (*verify)(struct deploy_check *check, const struct svc_json *result,
                                  const void *user),
                   const void *user) {
    struct svc_json *result = invoke(check, event);
    const bool has_passed = result != NULL && verify(check, result, user);
    svc_json_free(result);
    svc_buf_clear(event);
    return has_passed;
}
