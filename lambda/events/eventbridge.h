/* The envelope that EventBridge puts around every event: who sent it, what it is, when.
 *
 *   {"version":"0","id":"...","detail-type":"Email Bounced","source":"aws.ses",
 *    "account":"123456789012","time":"2026-01-02T03:04:05Z","region":"eu-west-1",
 *    "resources":["arn:..."],"detail":{...}}
 *
 * It arrives in an invocation, in the body of an SQS message, or in an SNS message. Format:
 * "Events" in the EventBridge user guide. Pure, nothing is allocated. */
#ifndef LEV_EVENTBRIDGE_H
#define LEV_EVENTBRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/json.h"

#define LEV_NO_TIME INT64_MIN

/* All pointers are borrowed from the document. */
struct lev_eventbridge {
    const char *source;            /* "aws.s3" */
    const char *detail_type;       /* "Object Created" */
    const char *id;                /* the same for every delivery of one event; NULL: not stated */
    const char *resource;          /* the first of the resources, an ARN; NULL: none */
    const struct svc_json *detail; /* what happened; NULL: not there */
    int64_t time_ms;               /* since 1970; LEV_NO_TIME: missing, or not in UTC by RFC 3339 */
};

/* Fills `event`. false: the document has no source or no detail-type, so it is no event of
 * EventBridge. */
bool lev_eventbridge_read(const struct svc_json *document, struct lev_eventbridge *event);

#endif
