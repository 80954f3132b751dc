/* What an AWS call answers when it fails. */
#ifndef AWSC_ERROR_H
#define AWSC_ERROR_H

#include <stdbool.h>

#include "services/base/status.h"

/* Printable, bounded, without secrets and without anything of a payload: fit for a log. */
struct awsc_error {
    enum svc_status status;
    char service[24];     /* "s3", "sqs", "ses", "secretsmanager"; "" before one is known */
    char operation[32];   /* "PutObject", ... */
    int http_status;      /* 0: no answer came */
    char code[96];        /* the service's: "NoSuchKey", ...; "" if it gave none */
    char message[256];    /* the service's, or ours, cut */
    char request_id[128]; /* x-amz(n)-request(-)id; "" if none came */
    bool retryable;       /* trying later may help */
    bool throttled;       /* the service asked for fewer requests */
    bool maybe_done; /* an attempt left, and its response did not come or does not exclude that it
                        was carried out (5xx) */
    int attempts;    /* made for this call; 0: it never left */
};

/* Zeroes; NULL is allowed, as in every call that takes one. */
void awsc_error_clear(struct awsc_error *error);
/* For failures of our own: status and a message by printf's rules; answers `status`. */
enum svc_status awsc_fail(struct awsc_error *error, enum svc_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One line for people: "s3 PutObject: SlowDown (503), 3 attempts, request id ...: Please reduce
 * ...". Answers `out`. */
#define AWSC_ERROR_TEXT_BYTES 640
const char *awsc_error_text(const struct awsc_error *error, char out[AWSC_ERROR_TEXT_BYTES]);

#endif
