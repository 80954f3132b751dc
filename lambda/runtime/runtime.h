/* The custom runtime of AWS Lambda: what a function is to it, and what it gives a function.
 *
 *   int main(int argc, char **argv) { return lrt_main(&the_function, argc, argv); }
 *
 * In Lambda the program asks the Runtime API for an event, hands it to the function, posts what the
 * function answers, and asks again. Outside it runs one event from a file (--event), so that the
 * same binary can be tried by hand.
 *
 * A function is three calls and holds no state of its own between events but what `create` made:
 * clients and buffers. It is used by one thread. */
#ifndef LRT_RUNTIME_H
#define LRT_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambda/runtime/metrics.h"
#include "services/base/buf.h"
#include "services/base/clock.h"
#include "services/base/environment.h"
#include "services/base/http.h"
#include "services/base/log.h"

/* What Lambda takes as an answer: 6 MiB. A larger one is answered with an error instead. */
#define LRT_MAX_RESPONSE_BYTES  ((size_t)6 * 1024 * 1024)
#define LRT_ERROR_TYPE_BYTES    96
#define LRT_ERROR_MESSAGE_BYTES 1024
/* Taken off the time that Lambda gives: what it takes to post an error and to write the logs. */
#define LRT_RESERVE_MS 300

/* What a function may use; all of it outlives the function. */
struct lrt_services {
    const struct svc_environment *environment; /* what settings are read from */
    const struct svc_clock *clock;
    const struct svc_transport *transport; /* one set of kept connections for everything */
    const struct svc_log *log;
    struct lrt_metrics *metrics; /* of the running invocation */
};

/* One event. All is borrowed until the handler returns. */
struct lrt_invocation {
    const char *request_id;
    const char *trace_id; /* as _X_AMZN_TRACE_ID would be, Lineage included; NULL: none. It is not
                             put into the environment: setenv keeps every value it was given */
    int64_t deadline_ms;  /* of the monotonic clock, LRT_RESERVE_MS before Lambda's; or
                             SVC_NO_DEADLINE */
    const char *function_arn;     /* as invoked, with its version or alias; NULL: none */
    const char *client_context;   /* JSON of the caller's SDK; NULL: none */
    const char *cognito_identity; /* JSON; NULL: none */
    const char *tenant_id;        /* of a function with tenant isolation; NULL: none */
    const uint8_t *event;
    size_t event_bytes;
};

/* What the handler makes of it: JSON in body, or a failure by lrt_fail. */
struct lrt_result {
    struct svc_buf body; /* holds up to LRT_MAX_RESPONSE_BYTES; more is remembered and refused */
    bool failed;
    char error_type[LRT_ERROR_TYPE_BYTES]; /* "Category.Reason", ASCII */
    char error_message[LRT_ERROR_MESSAGE_BYTES];
};

/* The invocation fails: Lambda tries an asynchronous one again, and then gives the event to its
 * dead-letter queue or destination. `error_type` is cut to printable ASCII, for it goes into a
 * header; the message may be any UTF-8, is cut where it does not fit, and must hold no secret. */
void lrt_fail(struct lrt_result *result, const char *error_type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct lrt_function {
    const char *name; /* of the program: "image-processor" */
    const char *help; /* what --help says of the function and its environment variables */
    /* Makes *self. A failure is posted as an init error and the process ends with status 1. */
    enum svc_status (*create)(const struct lrt_services *services, void **self,
                              struct svc_error *error);
    void (*handle)(void *self, const struct lrt_invocation *invocation, struct lrt_result *result);
    void (*destroy)(void *self); /* NULL is allowed */
};

/* The whole program. Exit status: 0 ended by SIGTERM, or the event of --event succeeded; 1 it
 * failed, or the Runtime API did; 2 a wrong command line, or no Runtime API and no --event. */
int lrt_main(const struct lrt_function *function, int argc, char **argv);

#endif
