/* The span of a call: see call_trace.h. It has nothing of what was sent: no bucket, key, address or
 * message, and of a failure the code only. A streamed response's body is read after its span. */
#include "services/aws/call_trace.h"

#include "services/aws/responses.h"

void awsc_trace_begin(struct awsc_client *client, struct awsc_call *call) {
    call->span = svc_span_begin(client->trace, SVC_SPAN_AWS, call->row->trace_name);
    svc_span_set_constant(call->span, SVC_SPAN_OPERATION, call->operation);
    svc_span_set_constant(call->span, SVC_SPAN_REGION, client->region);
}

/* Results that callers ask for: whether an object exists, has changed, is in an expected state. */
static bool is_result(enum svc_status status) {
    return status == SVC_OK || status == SVC_NOT_FOUND || status == SVC_NOT_MODIFIED ||
           status == SVC_PRECONDITION_FAILED;
}

static bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The service's code if it is a word as codes are, else our status. */
static const char *type_of(const struct awsc_error *error) {
    const char *c = error->code;
    while (is_alphanumeric(*c) || *c == '.' || *c == '_') {
        c++;
    }
    return c != error->code && *c == '\0' ? error->code : svc_status_name(error->status);
}

void awsc_trace_end_recorded(struct awsc_call *call) {
    struct svc_span *span = call->span;
    const struct awsc_error *error = &call->error;
    int http_status = error->http_status;
    const char *request_id = error->request_id;
    if (call->exchange != NULL && call->exchange->http_status != 0) {
        http_status = call->exchange->http_status;
        request_id = awsc_request_id(call->exchange);
    }
    call->span = NULL;
    svc_span_set_number(span, SVC_SPAN_ATTEMPTS, error->attempts);
    if (http_status != 0) {
        svc_span_set_number(span, SVC_SPAN_HTTP_STATUS, http_status);
    }
    if (request_id != NULL && request_id[0] != '\0') {
        svc_span_set_text(span, SVC_SPAN_REQUEST_ID, request_id);
    }
    if (!is_result(call->status)) {
        svc_span_fail(span, svc_span_result_of(error->http_status, error->throttled),
                      type_of(error), svc_status_message(call->status));
    }
    svc_span_end(span);
}
