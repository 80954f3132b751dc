/* The custom runtime of AWS Lambda: what a function implements, and what the runtime provides.
 *
 *   int main(int argc, char **argv) { return lrt_main(&the_function, argc, argv); }
 *
 * In Lambda the program requests an event from the Runtime API, passes it to the function, posts
 * the function's result, and requests the next event. Outside of Lambda it handles one event from a
 * file
 * (--event), so that the same binary can be tried by hand.
 *
 * A function consists of three calls. Between events it keeps only what `create` made: settings,
 * clients, buffers. It is used by one thread. */
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
#include "services/base/json.h"
#include "services/base/log.h"
#include "services/base/trace.h"

/* Lambda's limit for a result. A larger one is replaced by an error. */
#define LRT_MAX_RESPONSE_BYTES  ((size_t)6 * 1024 * 1024)
#define LRT_ERROR_TYPE_BYTES    96
#define LRT_ERROR_MESSAGE_BYTES 1024
/* Subtracted from Lambda's deadline: time to post an error and to write the logs. */
#define LRT_RESERVE_MS 300

/* What a function may use. All of it outlives the function. */
struct lrt_services {
    const struct svc_environment *environment; /* settings are read from it */
    const struct svc_clock *clock;
    const struct svc_transport *transport; /* one set of kept connections for all clients */
    const struct svc_log *log;
    struct lrt_metrics *metrics; /* of the running invocation */
    struct svc_trace *trace;     /* the same; NULL is allowed in every call of trace.h */
};

/* One event. All pointers are borrowed until the handler returns. */
struct lrt_invocation {
    const char *request_id;
    const char *trace_id; /* as _X_AMZN_TRACE_ID would be, Lineage included; NULL: none. It is not
                             put into the environment: setenv never frees a value */
    int64_t deadline_ms;  /* of the monotonic clock, LRT_RESERVE_MS before Lambda's; or
                             SVC_NO_DEADLINE */
    const char *function_arn;     /* as invoked, with its version or alias; NULL: none */
    const char *client_context;   /* JSON of the caller's SDK; NULL: none */
    const char *cognito_identity; /* JSON; NULL: none */
    const char *tenant_id;        /* of a function with tenant isolation; NULL: none */
    const uint8_t *event;
    size_t event_bytes;
};

/* Whether at least `needed_ms` are left before the invocation's deadline. A function that takes
 * several records stops when it has no time for the next one. */
bool lrt_has_time(const struct lrt_invocation *invocation, const struct svc_clock *clock,
                  int64_t needed_ms);

/* The handler's result: JSON in body, or a failure by lrt_fail. */
struct lrt_result {
    struct svc_buf body; /* up to LRT_MAX_RESPONSE_BYTES; with more, the invocation fails */
    bool failed;
    char error_type[LRT_ERROR_TYPE_BYTES]; /* "Category.Reason", ASCII */
    char error_message[LRT_ERROR_MESSAGE_BYTES];
};

/* Makes the invocation fail: Lambda retries an asynchronous one, and then sends the event to the
 * function's dead-letter queue or destination. `error_type` becomes a header: only its printable
 * ASCII is kept. The message is UTF-8, is cut where it does not fit, and must hold no secret. */
void lrt_fail(struct lrt_result *result, const char *error_type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The event as a document, given back with svc_json_free. NULL: the event is not JSON, and the
 * invocation fails with this error type; or it is the document `null`. The readers of json.h take
 * NULL, so a handler may go on with it. */
struct svc_json *lrt_parse_event(const struct lrt_invocation *invocation, struct lrt_result *result,
                                 const char *error_type);

struct lrt_function {
    const char *name; /* of the program: "image-processor" */
    const char *help; /* the function and its environment variables, for --help */
    /* What *self is: the runtime allocates it, zeroed, before `create` and frees it after
     * `destroy`. 0: `create` makes *self and `destroy` frees it. */
    size_t self_bytes;
    /* Reads the settings and makes the clients. A failure is posted as an init error and the
     * process ends with status 1; *self is destroyed then as well, unless it is NULL. */
    enum svc_status (*create)(const struct lrt_services *services, void **self,
                              struct svc_error *error);
    void (*handle)(void *self, const struct lrt_invocation *invocation, struct lrt_result *result);
    void (*destroy)(void *self); /* NULL is allowed */
};

/* The entire program. Exit status: 0 ended by SIGTERM, or the event of --event succeeded; 1 a
 * failure of the event, the start or the Runtime API; 2 a wrong command line, or neither a Runtime
 * API nor --event. */
int lrt_main(const struct lrt_function *function, int argc, char **argv);

#endif
