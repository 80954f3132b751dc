/* The span of a request to Toss, or to the function that stores what Toss confirmed. It has neither
 * the address nor anything that was sent. */
#ifndef WEBHOOK_REQUEST_SPAN_H
#define WEBHOOK_REQUEST_SPAN_H

#include "services/base/status.h"
#include "services/base/trace.h"

/* Ends a span of SVC_SPAN_REMOTE. http_status 0: there was no response. */
void webhook_span_end(struct svc_span *span, int http_status, enum svc_status status);

#endif
