/* The span of a call. Included by call.c alone. */
#ifndef AWSC_CALL_TRACE_H
#define AWSC_CALL_TRACE_H

#include "services/aws/call.h"

/* Before the first attempt; call->span stays NULL if nothing is recorded. */
void awsc_trace_begin(struct awsc_client *client, struct awsc_call *call);

/* With the result, before the exchange is closed. */
void awsc_trace_end_recorded(struct awsc_call *call);
static inline void awsc_trace_end(struct awsc_call *call) {
    if (call->span != NULL) {
        awsc_trace_end_recorded(call);
    }
}

#endif
