/* One segment document of X-Ray, with the daemon's header line. Only trace_xray.c includes this. */
#ifndef LRT_TRACE_DOCUMENT_H
#define LRT_TRACE_DOCUMENT_H

#include "lambda/runtime/trace_xray.h"

/* Writes the span as an independent subsegment into xray->datagram, with the spans below it as its
 * subsegments, as far as they fit; the others are marked in xray->is_put_off. false: there is no
 * memory. */
bool lrt_xray_write(struct lrt_xray *xray, const struct svc_trace *trace,
                    const struct svc_span *span);

#endif
