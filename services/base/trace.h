/* What an invocation spent its time on: a tree of spans. Neutral: which invocations are recorded,
 * and in what format and where the spans go, is the business of a svc_trace_exporter
 * (lambda/runtime/trace_xray.h).
 *
 *   struct svc_span *span = svc_span_begin(trace, SVC_SPAN_AWS, "S3");
 *   svc_span_set_constant(span, SVC_SPAN_OPERATION, "GetObject");
 *   svc_span_end(span);
 *
 * Every function accepts NULL for a trace, a span and a text, and does nothing then: nothing is
 * recorded outside of a recorded invocation, and a span beyond SVC_TRACE_MAX_SPANS is counted only.
 * No failure is reported: tracing must not change the result of the work.
 *
 * Spans are sent to another service, so they hold no secrets, no values of SQL statements, no keys
 * of objects, no addresses and nothing of a payload. One thread at a time. */
#ifndef SVC_TRACE_H
#define SVC_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/random.h"

#define SVC_TRACE_MAX_SPANS  256                 /* of an invocation; the rest is counted */
#define SVC_TRACE_TEXT_BYTES ((size_t)64 * 1024) /* all copied texts of an invocation */
#define SVC_SPAN_NAME_BYTES  64                  /* with the NUL; longer names are cut */
#define SVC_SPAN_VALUES      8                   /* of a span; more are dropped */
#define SVC_SPAN_MAX_TEXT    ((size_t)250)       /* a copied text; a longer one is cut */

enum svc_span_kind {
    SVC_SPAN_LOCAL,    /* work of this process */
    SVC_SPAN_AWS,      /* a call to an AWS service, retries included */
    SVC_SPAN_DATABASE, /* a statement, or the making of a connection */
    SVC_SPAN_REMOTE    /* a request to a server that is not AWS's */
};

enum svc_span_result {
    SVC_SPAN_OK,
    SVC_SPAN_ERROR,     /* the caller's: the peer refuses the request */
    SVC_SPAN_THROTTLED, /* the peer refuses it for its rate */
    SVC_SPAN_FAULT      /* the peer's, the network's or our own */
};

/* Names of values that exporters give a place of their own. */
#define SVC_SPAN_OPERATION   "operation"
#define SVC_SPAN_REGION      "region"
#define SVC_SPAN_REQUEST_ID  "request_id"
#define SVC_SPAN_ATTEMPTS    "attempts"
#define SVC_SPAN_HTTP_STATUS "http_status"
#define SVC_SPAN_STATEMENT   "statement" /* SQL with '?' for each value */
#define SVC_SPAN_DATABASE_IS "database"  /* "MariaDB", "MySQL" */

struct svc_span_value {
    const char *name; /* a constant of the code: letters, digits and _ */
    const char *text; /* NULL: `number` is the value */
    int64_t number;
};

struct svc_span {
    struct svc_trace *trace;
    struct svc_span *parent; /* NULL: the first one, which stands for the invocation */
    uint64_t id;             /* random */
    enum svc_span_kind kind;
    enum svc_span_result result;
    int64_t begin_us, end_us; /* since 1970; end_us 0: not ended */
    const char *error_type;   /* of the failure; NULL: none stated */
    const char *error_message;
    size_t value_count;
    struct svc_span_value values[SVC_SPAN_VALUES];
    char name[SVC_SPAN_NAME_BYTES];
};

/* Both in microseconds; the monotonic one from any start. */
struct svc_trace_clock {
    int64_t (*wall_us)(void *user);
    int64_t (*monotonic_us)(void *user);
    void *user;
};

/* The memory is taken at the first recorded invocation and kept for the next ones. */
struct svc_trace {
    bool is_on;               /* the running invocation is recorded */
    struct svc_span *spans;   /* in the order of their begin: a parent comes before its children */
    size_t count;             /* spans */
    size_t dropped;           /* spans that found no place */
    struct svc_span *current; /* the parent of the next span */
    char *text;
    size_t text_bytes;
    int64_t offset_us; /* from the monotonic clock to the time since 1970 */
    const struct svc_trace_clock *clock;
    const struct svc_random *random;
};

/* clock, random NULL: the system's. Takes no memory. */
void svc_trace_init(struct svc_trace *trace, const struct svc_trace_clock *clock,
                    const struct svc_random *random);
void svc_trace_clear(struct svc_trace *trace);

/* Begins the recording of an invocation, with its first span; nothing of the one before is left.
 * Without memory or random numbers the invocation is not recorded. */
void svc_trace_start(struct svc_trace *trace, const char *name);
/* Ends every open span, and the recording: the spans stay until the next start. */
void svc_trace_stop(struct svc_trace *trace);

/* The time since 1970, which never goes back within an invocation. */
int64_t svc_trace_now_us(const struct svc_trace *trace);

/* Use the two functions below, which cost two comparisons where nothing is recorded. */
struct svc_span *svc_span_add(struct svc_trace *trace, enum svc_span_kind kind, const char *name);

/* Begins a span below the current one. The name is copied. */
static inline struct svc_span *svc_span_begin(struct svc_trace *trace, enum svc_span_kind kind,
                                              const char *name) {
    return trace != NULL && trace->is_on ? svc_span_add(trace, kind, name) : NULL;
}
/* The same for work that consists of spans: it becomes the current one until it ends. */
struct svc_span *svc_span_enter(struct svc_trace *trace, enum svc_span_kind kind, const char *name);
void svc_span_end(struct svc_span *span);
/* Sets the times of a span that was measured by other means. */
void svc_span_set_times(struct svc_span *span, int64_t begin_us, int64_t end_us);

/* A value, which replaces one of the same name; `text` is copied, up to SVC_SPAN_MAX_TEXT bytes of
 * it. */
void svc_span_set_text(struct svc_span *span, const char *name, const char *text);
/* The same for a text that lives until the invocation ends. */
void svc_span_set_constant(struct svc_span *span, const char *name, const char *text);
void svc_span_set_number(struct svc_span *span, const char *name, int64_t number);
/* That the work failed. `type` is copied; `message` is a constant of the code, as a peer's message
 * may repeat what was sent to it. */
void svc_span_fail(struct svc_span *span, enum svc_span_result result, const char *type,
                   const char *message);

/* What a failure means whose response has that status (0: there was none). */
enum svc_span_result svc_span_result_of(int http_status, bool is_throttled);

/* Which invocations are recorded, and what becomes of the spans. */
struct svc_trace_exporter {
    void *self;
    /* Whether the invocation with this trace context (as the caller sent it; NULL: none) is
     * recorded. Called before svc_trace_start. */
    bool (*begin)(void *self, const char *context);
    /* Sends the spans of the invocation that `begin` accepted, without waiting for anybody. */
    void (*send)(void *self, const struct svc_trace *trace);
};

#endif
