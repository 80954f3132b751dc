#include "services/webhook/request_span.h"

void webhook_span_end(struct svc_span *span, int http_status, enum svc_status status) {
    if (http_status != 0) {
        svc_span_set_number(span, SVC_SPAN_HTTP_STATUS, http_status);
    }
    if (status != SVC_OK) {
        svc_span_fail(span, svc_span_result_of(http_status, status == SVC_THROTTLED),
                      svc_status_name(status), svc_status_message(status));
    }
    svc_span_end(span);
}
