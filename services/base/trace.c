/* Recording spans: see trace.h. Exporting them is not done here. */
#include "services/base/trace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "services/base/text.h"

/* Identifiers are drawn so many at a time: one system call for most invocations. The kernel returns
 * up to 256 bytes without a break. */
#define IDS_AT_ONCE 32

static int64_t read_us(clockid_t id) {
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_us(void *user) {
    (void)user;
    return read_us(CLOCK_REALTIME);
}

static int64_t system_monotonic_us(void *user) {
    (void)user;
    return read_us(CLOCK_MONOTONIC);
}

void svc_trace_init(struct svc_trace *trace, const struct svc_trace_clock *clock,
                    const struct svc_random *random) {
    static const struct svc_trace_clock system_clock = {system_wall_us, system_monotonic_us, NULL};
    memset(trace, 0, sizeof(*trace));
    trace->clock = clock != NULL ? clock : &system_clock;
    trace->random = random != NULL ? random : svc_random_system();
}

void svc_trace_clear(struct svc_trace *trace) {
    if (trace != NULL) {
        free(trace->spans);
        free(trace->text);
        svc_trace_init(trace, trace->clock, trace->random);
    }
}

int64_t svc_trace_now_us(const struct svc_trace *trace) {
    return trace->offset_us + trace->clock->monotonic_us(trace->clock->user);
}

static bool take_memory(struct svc_trace *trace) {
    if (trace->spans == NULL) {
        trace->spans = calloc(SVC_TRACE_MAX_SPANS, sizeof(*trace->spans));
    }
    if (trace->text == NULL) {
        trace->text = malloc(SVC_TRACE_TEXT_BYTES);
    }
    return trace->spans != NULL && trace->text != NULL;
}

/* Fills in the identifiers of the spans from `first` on; false: the source failed. */
static bool draw_ids(struct svc_trace *trace, size_t first) {
    uint64_t ids[IDS_AT_ONCE];
    if (!svc_random_fill(trace->random, ids, sizeof(ids))) {
        return false;
    }
    for (size_t i = 0; i < IDS_AT_ONCE && first + i < SVC_TRACE_MAX_SPANS; i++) {
        trace->spans[first + i].id = ids[i] != 0 ? ids[i] : 1; /* 0 is no identifier */
    }
    return true;
}

void svc_trace_start(struct svc_trace *trace, const char *name) {
    if (trace == NULL) {
        return;
    }
    trace->count = trace->dropped = trace->text_bytes = 0;
    trace->current = NULL;
    trace->is_on = take_memory(trace);
    if (trace->is_on) {
        trace->offset_us = trace->clock->wall_us(trace->clock->user) -
                           trace->clock->monotonic_us(trace->clock->user);
        trace->is_on = svc_span_enter(trace, SVC_SPAN_LOCAL, name) != NULL;
    }
}

void svc_trace_stop(struct svc_trace *trace) {
    if (trace == NULL || !trace->is_on) {
        return;
    }
    const int64_t now_us = svc_trace_now_us(trace);
    for (size_t i = 0; i < trace->count; i++) {
        if (trace->spans[i].end_us == 0) {
            trace->spans[i].end_us = now_us;
        }
    }
    trace->current = NULL;
    trace->is_on = false;
}

struct svc_span *svc_span_add(struct svc_trace *trace, enum svc_span_kind kind, const char *name) {
    if (trace->count == SVC_TRACE_MAX_SPANS ||
        (trace->count % IDS_AT_ONCE == 0 && !draw_ids(trace, trace->count))) {
        trace->dropped++;
        return NULL;
    }
    struct svc_span *span = &trace->spans[trace->count++];
    span->trace = trace;
    span->parent = trace->current;
    span->kind = kind;
    span->result = SVC_SPAN_OK;
    span->begin_us = svc_trace_now_us(trace);
    span->end_us = 0;
    span->error_type = span->error_message = NULL;
    span->value_count = 0;
    svc_copy_cut(span->name, sizeof(span->name), name != NULL ? name : "");
    return span;
}

struct svc_span *svc_span_enter(struct svc_trace *trace, enum svc_span_kind kind,
                                const char *name) {
    struct svc_span *span = svc_span_begin(trace, kind, name);
    if (span != NULL) {
        trace->current = span;
    }
    return span;
}

void svc_span_end(struct svc_span *span) {
    if (span == NULL || !span->trace->is_on || span->end_us != 0) {
        return;
    }
    span->end_us = svc_trace_now_us(span->trace);
    /* Spans that were entered below this one and not ended are not current any more, either. */
    for (const struct svc_span *at = span->trace->current; at != NULL; at = at->parent) {
        if (at == span) {
            span->trace->current = span->parent;
            return;
        }
    }
}

void svc_span_set_times(struct svc_span *span, int64_t begin_us, int64_t end_us) {
    if (span != NULL) {
        span->begin_us = begin_us;
        span->end_us = end_us > begin_us ? end_us : begin_us;
    }
}

/* A copy that lives as long as the invocation's spans; NULL: there is no more space. */
static const char *keep_text(struct svc_trace *trace, const char *text) {
    const size_t left = SVC_TRACE_TEXT_BYTES - trace->text_bytes;
    const size_t size = svc_utf8_fit(text, SVC_SPAN_MAX_TEXT);
    if (size + 1 > left) {
        return NULL;
    }
    char *copy = trace->text + trace->text_bytes;
    svc_copy_cut(copy, size + 1, text);
    trace->text_bytes += size + 1;
    return copy;
}

static void set(struct svc_span *span, const char *name, const char *text, int64_t number) {
    for (size_t i = 0; i < span->value_count; i++) {
        if (strcmp(span->values[i].name, name) == 0) {
            span->values[i] = (struct svc_span_value){name, text, number};
            return;
        }
    }
    if (span->value_count < SVC_SPAN_VALUES) {
        span->values[span->value_count++] = (struct svc_span_value){name, text, number};
    }
}

void svc_span_set_text(struct svc_span *span, const char *name, const char *text) {
    const char *copy = span != NULL && text != NULL ? keep_text(span->trace, text) : NULL;
    if (copy != NULL) {
        set(span, name, copy, 0);
    }
}

void svc_span_set_constant(struct svc_span *span, const char *name, const char *text) {
    if (span != NULL && text != NULL) {
        set(span, name, text, 0);
    }
}

void svc_span_set_number(struct svc_span *span, const char *name, int64_t number) {
    if (span != NULL) {
        set(span, name, NULL, number);
    }
}

void svc_span_fail(struct svc_span *span, enum svc_span_result result, const char *type,
                   const char *message) {
    if (span != NULL) {
        span->result = result;
        span->error_type = type != NULL ? keep_text(span->trace, type) : NULL;
        span->error_message = message;
    }
}

enum svc_span_result svc_span_result_of(int http_status, bool is_throttled) {
    if (is_throttled) {
        return SVC_SPAN_THROTTLED;
    }
    return http_status >= 400 && http_status < 500 ? SVC_SPAN_ERROR : SVC_SPAN_FAULT;
}
