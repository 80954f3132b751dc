/* The Runtime API's four calls, over HTTP to the address in AWS_LAMBDA_RUNTIME_API.
 *
 * Format: "Using the Lambda runtime API for custom runtimes" in the Lambda developer guide. */
#ifndef LRT_API_H
#define LRT_API_H

#include <stdint.h>

#include "lambda/runtime/runtime.h"

#define LRT_MAX_API_HOST_BYTES   ((size_t)255)
#define LRT_MAX_REQUEST_ID_BYTES ((size_t)128)
#define LRT_MAX_TRACE_ID_BYTES   ((size_t)1024)

struct lrt_api {
    const struct svc_transport *transport;
    const struct svc_clock *clock;
    char base[64 + LRT_MAX_API_HOST_BYTES]; /* http://HOST:PORT/2018-06-01/runtime */
};

/* host: "127.0.0.1:9001". Errors: CONFIGURATION (not of that form). */
enum svc_status lrt_api_init(struct lrt_api *api, const char *host,
                             const struct svc_transport *transport, const struct svc_clock *clock,
                             struct svc_error *error);

/* An event, as it lies in its exchange. */
struct lrt_next {
    struct svc_http_exchange *exchange;
    char request_id[LRT_MAX_REQUEST_ID_BYTES +
                    1];                        /* letters, digits, - _ only: it goes into a URL */
    char trace_id[LRT_MAX_TRACE_ID_BYTES + 1]; /* "": none */
    int64_t deadline_wall_ms;                  /* 0: none told */
};

/* Waits for the next event, as long as it takes. next->exchange is closed by lrt_api_next_close.
 * Errors: those of svc_http_send; BAD_RESPONSE (no request id, not 200). */
enum svc_status lrt_api_next(const struct lrt_api *api, struct lrt_next *next,
                             struct svc_error *error);
void lrt_api_next_close(const struct lrt_api *api, struct lrt_next *next);

/* Posts the answer, tried again while the connection fails. Errors: TOO_LARGE (413), REJECTED
 * (another 4xx: the invocation is over for Lambda), SERVER_ERROR (5xx: the environment is lost);
 * those of svc_http_send. */
enum svc_status lrt_api_respond(const struct lrt_api *api, const char *request_id,
                                const uint8_t *body, size_t body_bytes, struct svc_error *error);
/* The same for a failure of this invocation. */
enum svc_status lrt_api_fail(const struct lrt_api *api, const char *request_id,
                             const char *error_type, const char *message, struct svc_error *error);
/* A failure to start at all; the process must end after it. */
enum svc_status lrt_api_init_fail(const struct lrt_api *api, const char *error_type,
                                  const char *message, struct svc_error *error);

#endif
