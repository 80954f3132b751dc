#include "services/webhook/request_span.h"

static enum svc_span_result result_of(int http_status, enum svc_status status) {
    if (status == SVC_THROTTLED) {
        return SVC_SPAN_THROTTLED;
    }
    return http_status >= 400 && http_status < 500 ? SVC_SPAN_ERROR : SVC_SPAN_FAULT;
}

void webhook_span_end(struct svc_span *span, int http_status, enum svc_status status) {
    if (http_status != 0) {
        svc_span_set_number(span, SVC_SPAN_HTTP_STATUS, http_status);
    }
    if (status != SVC_OK) {
        svc_span_fail(span, result_of(http_status, status), svc_status_name(status),
                      svc_status_message(status));
    }
    svc_span_end(span);
}
