/* Lambda: Invoke, synchronous. Errors: as in s3.h; NO_RESOURCE: no such function or version. */
#ifndef AWSC_LAMBDA_H
#define AWSC_LAMBDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/aws/client.h"
#include "services/base/buf.h"
#include "services/base/limits.h"

#define AWSC_LAMBDA_NAME_BYTES    65  /* of a function, with the NUL: Lambda's limit */
#define AWSC_LAMBDA_VERSION_BYTES 129 /* of a version or an alias, with the NUL */

/* Whether a text is the name of a function: letters, digits, - and _. NULL is allowed. */
bool awsc_lambda_is_name(const char *text);

struct awsc_lambda_invoke {
    const char *function;  /* its name, not an ARN */
    const char *qualifier; /* a version ("7", "$LATEST") or an alias; NULL: $LATEST */
    const void *event;     /* JSON; at most AWSC_MAX_LAMBDA_EVENT_BYTES */
    size_t event_bytes;
    size_t max_result_bytes; /* a larger result is TOO_LARGE. 0: AWSC_MAX_LAMBDA_RESULT_BYTES */
    int64_t deadline_ms;     /* 0: the client's */
};

struct awsc_lambda_result {
    bool has_failed; /* the function failed, was ended or timed out: `payload` is its error,
                        {"errorType":...,"errorMessage":...} */
    char version[AWSC_LAMBDA_VERSION_BYTES]; /* that was executed; "": not stated */
    struct svc_buf payload;                  /* what the function returned, as it is */
};

/* Invokes and waits for the result. OK means that Lambda ran the function, and result->has_failed
 * whether the function failed; cleared with awsc_lambda_result_clear after OK.
 *
 * The event is sent again only if the first request certainly started nothing (throttled, refused,
 * never sent). Otherwise the failure has error->maybe_done, and the function may have run, or is
 * still running.
 * Errors: INVALID_ARGUMENT (a name or a qualifier that cannot be one), TOO_LARGE, BAD_RESPONSE. */
enum svc_status awsc_lambda_invoke(struct awsc_client *client,
                                   const struct awsc_lambda_invoke *invoke,
                                   struct awsc_lambda_result *result, struct awsc_error *error);
void awsc_lambda_result_clear(struct awsc_lambda_result *result);

#endif
