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
#define LRT_MAX_ARN_BYTES        ((size_t)1024)
/* Client context, identity and tenant id. AWS's own limits: 3,583 bytes of base64; 256. */
#define LRT_MAX_CONTEXT_BYTES   ((size_t)8 * 1024)
#define LRT_MAX_TENANT_ID_BYTES ((size_t)256)
/* A response of the API that has begun and then stays silent for so long is given up: the API is on
 * the same machine. Before its first byte, the wait for the next event has no limit. */
#define LRT_API_STALL_MS 5000

struct lrt_api {
    const struct svc_transport *transport;
    const struct svc_clock *clock;
    char base[64 + LRT_MAX_API_HOST_BYTES]; /* http://HOST:PORT/2018-06-01/runtime */
};

/* host: "127.0.0.1:9001". Errors: CONFIGURATION (not of that form). */
enum svc_status lrt_api_init(struct lrt_api *api, const char *host,
                             const struct svc_transport *transport, const struct svc_clock *clock,
                             struct svc_error *error);

/* An event; all texts stay in the exchange, until it is closed. */
struct lrt_next {
    struct svc_http_exchange *exchange;
    const char *request_id; /* letters, digits, - _ only: it goes into a URL */
    /* NULL: the event has none */
    const char *trace_id, *function_arn, *client_context, *cognito_identity, *tenant_id;
    int64_t deadline_wall_ms; /* 0: none */
};

/* Waits for the next event, as long as it takes; a response that has begun must not stall for
 * LRT_API_STALL_MS. next->exchange is closed by lrt_api_next_close. Errors: those of svc_http_send;
 * BAD_RESPONSE (not 200; no request id; a header longer than its limit, except the trace id, which
 * is then left out: an event without its tenant id would be another event). */
enum svc_status lrt_api_next(const struct lrt_api *api, struct lrt_next *next,
                             struct svc_error *error);
void lrt_api_next_close(const struct lrt_api *api, struct lrt_next *next);

/* Posts the result, again if the connection fails. Errors: TOO_LARGE (413), REJECTED (another 4xx:
 * Lambda has ended the invocation), SERVER_ERROR (5xx: the environment is lost); those of
 * svc_http_send. */
enum svc_status lrt_api_respond(const struct lrt_api *api, const char *request_id,
                                const uint8_t *body, size_t body_bytes, struct svc_error *error);
/* The same for a failure of this invocation. */
enum svc_status lrt_api_fail(const struct lrt_api *api, const char *request_id,
                             const char *error_type, const char *message, struct svc_error *error);
/* A failure to start at all; the process must end after it. */
enum svc_status lrt_api_init_fail(const struct lrt_api *api, const char *error_type,
                                  const char *message, struct svc_error *error);

#endif
