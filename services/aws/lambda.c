/* Lambda: see lambda.h. The event and the result are bytes of the caller and of the function, so
 * this is no call of json_call.h. */
#include "services/aws/lambda.h"

#include <string.h>

#include "services/aws/call.h"
#include "services/base/text.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static bool has_only(const char *text, const char *characters, size_t most_bytes) {
    const size_t size = text != NULL ? strlen(text) : 0;
    return size > 0 && size < most_bytes && text[strspn(text, characters)] == '\0';
}

bool awsc_lambda_is_name(const char *text) {
    return has_only(text, NAME_CHARACTERS, AWSC_LAMBDA_NAME_BYTES);
}

static enum svc_status check_arguments(const struct awsc_lambda_invoke *invoke,
                                       struct awsc_error *error) {
    if (!awsc_lambda_is_name(invoke->function)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not the name of a function");
    }
    if (invoke->qualifier != NULL &&
        !has_only(invoke->qualifier, NAME_CHARACTERS "$", AWSC_LAMBDA_VERSION_BYTES)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "neither a version nor an alias");
    }
    if (invoke->event_bytes > AWSC_MAX_LAMBDA_EVENT_BYTES) {
        return awsc_fail(error, SVC_TOO_LARGE, "the event is larger than Lambda takes");
    }
    return SVC_OK;
}

/* 202 and 204 are responses to the other types of invocation: they have no result. */
static enum svc_status check_response(struct awsc_call *call, struct awsc_error *error) {
    return call->exchange->http_status == 200
               ? SVC_OK
               : awsc_fail(error, SVC_BAD_RESPONSE, "the response of status %d has no result",
                           call->exchange->http_status);
}

static enum svc_status take_result(const struct svc_http_exchange *exchange,
                                   struct awsc_lambda_result *result, struct awsc_error *error) {
    const char *version = svc_http_header_value(exchange, "x-amz-executed-version");
    const char *failure = svc_http_header_value(exchange, "x-amz-function-error");
    result->has_failed = failure != NULL;
    if (version != NULL) {
        /* One that does not fit is none of Lambda's. */
        (void)svc_copy_text(result->version, sizeof(result->version), version);
    }
    if (!svc_buf_append(&result->payload, svc_buf_text(&exchange->body),
                        exchange->body.size_bytes)) {
        const enum svc_status status = svc_buf_status(&result->payload);
        svc_buf_clear(&result->payload);
        return awsc_fail(error, status, "%s", svc_status_message(status));
    }
    return SVC_OK;
}

enum svc_status awsc_lambda_invoke(struct awsc_client *client,
                                   const struct awsc_lambda_invoke *invoke,
                                   struct awsc_lambda_result *result, struct awsc_error *error) {
    const size_t max_bytes =
        invoke->max_result_bytes > 0 ? invoke->max_result_bytes : AWSC_MAX_LAMBDA_RESULT_BYTES;
    struct awsc_call call;
    struct awsc_error own;
    error = error != NULL ? error : &own;
    memset(result, 0, sizeof(*result));
    svc_buf_init(&result->payload, max_bytes);
    awsc_error_clear(error);
    enum svc_status status = check_arguments(invoke, error);
    if (status != SVC_OK) {
        return status;
    }
    awsc_call_init(&call, AWSC_LAMBDA, "Invoke", "POST");
    svc_buf_printf(&call.path, "%s/2015-03-31/functions/%s/invocations",
                   client->endpoints[AWSC_LAMBDA].path, invoke->function);
    awsc_call_param(&call, "Qualifier", invoke->qualifier);
    awsc_call_header(&call, "Content-Type", call.row->content_type);
    awsc_call_header(&call, "X-Amz-Invocation-Type", "RequestResponse");
    call.body = invoke->event;
    call.body_bytes = invoke->event_bytes;
    call.max_body_bytes = max_bytes;
    call.deadline_ms = invoke->deadline_ms;
    call.stall_timeout_ms = -1; /* nothing is sent while the function runs */
    call.is_unrepeatable = true;
    call.check = check_response;
    status = awsc_call_run(client, &call, error);
    if (status == SVC_OK) {
        status = take_result(call.exchange, result, error);
    }
    awsc_call_clear(client, &call);
    return status;
}

void awsc_lambda_result_clear(struct awsc_lambda_result *result) {
    svc_buf_clear(&result->payload);
}
