/* One call of an AWS operation: signed, sent, its response classified, retried. What the files of
 * operations (s3*.c, sqs.c, ses.c, secrets.c, ...) are built on; only they include this.
 *
 * A call is described by its fields, run with awsc_calls_run (several run at once, each with its
 * own attempts), its result is read, it is cleared. */
#ifndef AWSC_CALL_H
#define AWSC_CALL_H

#include "services/aws/client_internal.h"
#include "services/aws/retry.h"
#include "services/aws/service.h"
#include "services/aws/sigv4.h"

#define AWSC_CALL_HEADERS     40 /* of the operation; signing and tracing add AWSC_CALL_OWN_HEADERS */
#define AWSC_CALL_OWN_HEADERS 8
#define AWSC_CALL_QUERY       6

enum awsc_call_state { AWSC_CALL_WAITING, AWSC_CALL_SENT, AWSC_CALL_DONE };

struct awsc_call {
    /* The operation. Strings are borrowed; those composed for the call are kept in `text`. */
    enum awsc_service service;
    const struct awsc_service_row *row; /* the service's */
    const char *operation;
    const char *method;
    struct svc_buf host; /* empty: the endpoint's */
    struct svc_buf path; /* encoded; empty: the endpoint's with "/" */
    struct awsc_param query[AWSC_CALL_QUERY];
    size_t query_count;
    struct svc_http_header headers[AWSC_CALL_HEADERS];
    size_t header_count;
    const uint8_t *body;
    size_t body_bytes;
    /* The call is done when the response's headers have arrived. The caller reads the body, and
     * after all of it returns the tokens (awsc_retry_give of last_cost). */
    bool streamed;
    uint64_t max_body_bytes;
    int64_t deadline_ms; /* 0: the client's */
    int stall_timeout_ms;
    int attempts_before;  /* of earlier calls for the same object; counted as this call's */
    bool is_unrepeatable; /* not retried once it may have been carried out (error.maybe_done) */
    /* Checks a complete response with a status below 300: OK, or why it is not acceptable; may set
     * error->code and error->http_status, which decide about a retry. NULL: no check. */
    enum svc_status (*check)(struct awsc_call *call, struct awsc_error *error);
    /* Reads a response with a status of 300 or above after `error` was filled from it, before it is
     * closed; may change status and code. NULL: nothing more is read. */
    void (*read_refusal)(struct awsc_call *call, struct awsc_error *error);
    void *user; /* of both */

    /* The result. */
    enum svc_status status;
    struct awsc_error error;
    struct svc_http_exchange *exchange; /* the response, after a success */
    int last_cost;                      /* tokens of the last retry */

    /* Internal state. */
    enum awsc_call_state state;
    int64_t due_ms, until_ms; /* the next attempt; the deadline in force */
    bool has_refreshed;       /* credentials, after ExpiredToken or a bare 400 to HEAD */
    uint64_t credentials_version;
    struct svc_span *span; /* from the first attempt to the result; NULL: not recorded */
    char payload_hash[SVC_SHA256_HEX_BYTES];
    char invocation_id[37], attempt_text[32], date[SVC_AMZ_DATE_BYTES];
    struct svc_buf text[AWSC_CALL_HEADERS]; /* see awsc_call_text */
    size_t text_count;
    struct svc_buf url, authorization;
    struct svc_http_header sent[AWSC_CALL_HEADERS + AWSC_CALL_OWN_HEADERS];
};

/* The struct is large: allocate several on the heap. Clear with awsc_call_clear. */
void awsc_call_init(struct awsc_call *call, enum awsc_service service, const char *operation,
                    const char *method);
void awsc_call_clear(struct awsc_client *client, struct awsc_call *call);

/* A header of the operation, a parameter of its query; value NULL: none. Too many, or a header's
 * value with control characters, make run fail with INVALID_ARGUMENT. */
void awsc_call_header(struct awsc_call *call, const char *name, const char *value);
void awsc_call_param(struct awsc_call *call, const char *name, const char *value);
/* A buffer that lives as long as the call, for composing a header's value; append to it. Never
 * NULL; one too many makes run fail. */
struct svc_buf *awsc_call_text(struct awsc_call *call);

/* Runs all calls until they are done; calls[i].status holds each result. Returns OK if all are OK,
 * else the first failure. Calls that failed before (status not OK) are not run. */
enum svc_status awsc_calls_run(struct awsc_client *client, struct awsc_call *const *calls,
                               size_t count);
/* The same for one; copies its error out (error NULL is allowed). */
enum svc_status awsc_call_run(struct awsc_client *client, struct awsc_call *call,
                              struct awsc_error *error);

/* The monotonic time by which a call must be done; 0 stands for the client's deadline. */
int64_t awsc_deadline(const struct awsc_client *client, int64_t deadline_ms);
/* Waits the delay of retry n if there are tokens and time for it; false: give up. *cost as in
 * awsc_retry_take. */
bool awsc_wait_for_retry(struct awsc_client *client, int n, enum awsc_retry_kind kind,
                         int64_t deadline_ms, int *cost);

#endif
