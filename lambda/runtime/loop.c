/* The loop around the handler. Nothing of one event is left when the next one is requested: its
 * exchange is closed, its result freed, request id and metrics reset. */
#include "lambda/runtime/loop.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lambda/runtime/process.h"
#include "services/base/text.h"

#define TRACE_NAME "handler" /* of the span that all others are below */

void lrt_fail(struct lrt_result *result, const char *error_type, const char *format, ...) {
    result->failed = true;
    size_t n = 0;
    for (const char *c = error_type; *c != '\0' && n + 1 < sizeof(result->error_type); c++) {
        if (*c > 0x20 && *c < 0x7f) {
            result->error_type[n++] = *c;
        }
    }
    result->error_type[n] = '\0';
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(result->error_message, sizeof(result->error_message), format, arguments);
    va_end(arguments);
    /* Where this cuts a character in two, the JSON writer puts U+FFFD. */
}

void lrt_result_clear(struct lrt_result *result) {
    svc_buf_clear(&result->body);
}

struct svc_json *lrt_parse_event(const struct lrt_invocation *invocation, struct lrt_result *result,
                                 const char *error_type) {
    struct svc_json *document = NULL;
    struct svc_error error;
    svc_error_clear(&error);
    if (svc_json_parse(invocation->event, invocation->event_bytes, 0, &document, &error) !=
        SVC_OK) {
        lrt_fail(result, error_type, "the event cannot be read: %s", error.detail);
    }
    return document;
}

bool lrt_has_time(const struct lrt_invocation *invocation, const struct svc_clock *clock,
                  int64_t needed_ms) {
    return svc_remaining_ms(clock, invocation->deadline_ms) >= needed_ms;
}

static void write_metrics(const struct lrt_loop *loop, const char *request_id) {
    struct svc_buf lines;
    svc_buf_init(&lines, LRT_MAX_METRICS_LINES_BYTES);
    const enum svc_status status =
        lrt_metrics_format(loop->services->metrics, loop->name_space, loop->function_name,
                           request_id, svc_wall_ms(loop->services->clock), &lines);
    if (status != SVC_OK) {
        svc_log_event(loop->services->log, SVC_LOG_WARN, "the metrics cannot be written",
                      SVC_TEXT("detail", svc_status_message(status)));
    } else if (lines.size_bytes > 0) {
        svc_log_to_stderr(NULL, svc_buf_text(&lines), lines.size_bytes);
    }
    svc_buf_clear(&lines);
}

/* Whether the invocation is recorded. */
static bool begin_trace(const struct lrt_loop *loop, const struct lrt_invocation *invocation) {
    const struct svc_trace_exporter *exporter = loop->exporter;
    if (exporter == NULL || !exporter->begin(exporter->self, invocation->trace_id)) {
        return false;
    }
    svc_trace_start(loop->services->trace, TRACE_NAME);
    return loop->services->trace->is_on;
}

/* The error's message may repeat parts of the event, so the span has its type alone. */
static void end_trace(const struct lrt_loop *loop, const struct lrt_result *result) {
    struct svc_trace *trace = loop->services->trace;
    struct svc_span *whole = &trace->spans[0];
    svc_span_set_constant(whole, "function", loop->function_name);
    svc_span_set_number(whole, "cold_start", loop->init_ms >= 0 ? 1 : 0);
    if (result->failed) {
        svc_span_fail(whole, SVC_SPAN_FAULT, result->error_type, "the invocation failed");
    }
    svc_trace_stop(trace);
    loop->exporter->send(loop->exporter->self, trace);
}

void lrt_loop_handle(struct lrt_loop *loop, const struct lrt_invocation *invocation,
                     struct lrt_result *result) {
    const struct lrt_services *services = loop->services;
    memset(result, 0, sizeof(*result));
    svc_buf_init(&result->body, LRT_MAX_RESPONSE_BYTES);
    svc_log_set_request_id(loop->log, invocation->request_id);
    lrt_metrics_reset(services->metrics);
    const bool is_traced = begin_trace(loop, invocation);
    const int64_t begin_ms = svc_monotonic_ms(services->clock);
    loop->function->handle(loop->self, invocation, result);
    const enum svc_status status = svc_buf_status(&result->body);
    if (!result->failed && status != SVC_OK) {
        if (status == SVC_TOO_LARGE) {
            lrt_fail(result, "Function.ResponseSizeTooLarge",
                     "the response is larger than the %zu bytes that Lambda accepts",
                     LRT_MAX_RESPONSE_BYTES);
        } else {
            lrt_fail(result, "Runtime.OutOfMemory", "%s", svc_status_message(status));
        }
    }
    if (result->failed) {
        svc_log_event(services->log, SVC_LOG_ERROR, "the invocation failed",
                      SVC_TEXT("errorType", result->error_type),
                      SVC_TEXT("errorMessage", result->error_message));
    }
    if (is_traced) {
        end_trace(loop, result);
    }
    lrt_metrics_add(services->metrics, "Failures", LRT_COUNT, result->failed ? 1 : 0);
    lrt_metrics_add(services->metrics, "Duration", LRT_MILLISECONDS,
                    svc_monotonic_ms(services->clock) - begin_ms);
    if (loop->init_ms >= 0) {
        lrt_metrics_add(services->metrics, "ColdStarts", LRT_COUNT, 1);
        lrt_metrics_add(services->metrics, "InitDuration", LRT_MILLISECONDS, loop->init_ms);
        if (lrt_process_may_gain_privileges()) {
            lrt_metrics_add(services->metrics, "NoNewPrivsRefused", LRT_COUNT, 1);
        }
        loop->init_ms = -1;
    }
    if (loop->name_space != NULL) {
        write_metrics(loop, invocation->request_id);
    }
}

/* OK also if Lambda refuses the result and the loop can go on. */
static enum svc_status post_result(const struct lrt_loop *loop, const struct lrt_api *api,
                                   const char *request_id, const struct lrt_result *result,
                                   struct svc_error *error) {
    enum svc_status status;
    if (result->failed) {
        status = lrt_api_fail(api, request_id, result->error_type, result->error_message, error);
    } else {
        status =
            lrt_api_respond(api, request_id, result->body.bytes, result->body.size_bytes, error);
    }
    if (status == SVC_TOO_LARGE && !result->failed) {
        svc_log_event(loop->services->log, SVC_LOG_ERROR,
                      "Lambda refuses the response for its size",
                      SVC_INT("bytes", result->body.size_bytes));
        /* Some implementations end the invocation with the 413, others wait for an error: a refusal
         * of this post is no failure. */
        status = lrt_api_fail(api, request_id, "Function.ResponseSizeTooLarge",
                              "the response is larger than Lambda accepts", error);
    }
    if (status == SVC_REJECTED || status == SVC_TOO_LARGE) {
        svc_log_event(loop->services->log, SVC_LOG_WARN, "Lambda refuses the response",
                      SVC_TEXT("detail", error->detail));
        status = SVC_OK;
    }
    return status;
}

static struct lrt_invocation invocation_of(const struct lrt_next *next,
                                           const struct svc_clock *clock) {
    return (struct lrt_invocation){
        .request_id = next->request_id,
        .trace_id = next->trace_id,
        .deadline_ms = next->deadline_wall_ms > 0
                           ? svc_deadline_at(clock, next->deadline_wall_ms - LRT_RESERVE_MS)
                           : SVC_NO_DEADLINE,
        .function_arn = next->function_arn,
        .client_context = next->client_context,
        .cognito_identity = next->cognito_identity,
        .tenant_id = next->tenant_id,
        .event = next->exchange->body.bytes,
        .event_bytes = next->exchange->body.size_bytes,
    };
}

enum svc_status lrt_loop_run(struct lrt_loop *loop, const struct lrt_api *api,
                             struct svc_error *error) {
    const struct svc_clock *clock = loop->services->clock;
    enum svc_status status = SVC_OK;
    while (status == SVC_OK && !lrt_process_is_stopping()) {
        struct lrt_next next;
        lrt_process_set_idle(true);
        status = lrt_api_next(api, &next, error);
        lrt_process_set_idle(false);
        if (status != SVC_OK) {
            break;
        }
        const struct lrt_invocation invocation = invocation_of(&next, clock);
        struct lrt_result result;
        lrt_loop_handle(loop, &invocation, &result);
        status = post_result(loop, api, next.request_id, &result, error);
        lrt_result_clear(&result);
        lrt_api_next_close(api, &next);
        svc_log_set_request_id(loop->log, NULL);
    }
    return status;
}
