/* Why an AWS call failed. */
#ifndef AWSC_ERROR_H
#define AWSC_ERROR_H

#include <stdbool.h>

#include "services/base/status.h"

/* Printable, bounded, without secrets and parts of payloads: may be logged. */
struct awsc_error {
    enum svc_status status;
    char service[24];     /* "s3", "sqs", ...: its signing name; "" if no call was made */
    char operation[40];   /* "PutObject", ... */
    int http_status;      /* 0: no response */
    char code[96];        /* the service's: "NoSuchKey", ...; "": none */
    char message[256];    /* the service's, or ours, cut */
    char request_id[128]; /* x-amz(n)-request(-)id; "": none */
    bool retryable;       /* a retry later may help */
    bool throttled;       /* the service throttled the request */
    bool maybe_done; /* an attempt left, and its response did not come or does not exclude that it
                        was carried out (5xx) */
    int attempts;    /* made for this call; 0: nothing was sent */
};

/* Zeroes; NULL is allowed, as in every call that takes one. */
void awsc_error_clear(struct awsc_error *error);
/* Sets status and message (like printf) for a failure found here; returns `status`. */
enum svc_status awsc_fail(struct awsc_error *error, enum svc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One line for people: "s3 PutObject: SlowDown (503), 3 attempts, request id ...: Please reduce
 * ...". Returns `out`. */
#define AWSC_ERROR_TEXT_BYTES 640
const char *awsc_error_text(const struct awsc_error *error, char out[AWSC_ERROR_TEXT_BYTES]);

#endif
