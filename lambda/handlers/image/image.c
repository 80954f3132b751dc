/* One event: read it, look after each object it names, result. One object's failure stops no
 * other. */
#include "lambda/handlers/image/image.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lambda/clients/clients.h"
#include "lambda/handlers/image/answers.h"
#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/keys.h"
#include "lambda/handlers/image/work.h"
#include "services/base/limits.h"

const char *image_outcome_name(enum image_outcome outcome) {
    static const char *const names[IMAGE_OUTCOMES] = {
        [IMAGE_MADE] = "made", [IMAGE_ALREADY_MADE] = "already made", [IMAGE_SKIPPED] = "skipped",
        [IMAGE_GONE] = "gone", [IMAGE_REJECTED] = "rejected",         [IMAGE_FAILED] = "failed",
    };
    return names[outcome];
}

void image_result_set(struct image_result *result, enum image_outcome outcome, const char *reason,
                      const char *format, ...) {
    result->outcome = outcome;
    (void)snprintf(result->reason, sizeof(result->reason), "%s", reason);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(result->detail, sizeof(result->detail), format, arguments);
    va_end(arguments);
}

void image_result_fail(struct image_result *result, const struct awsc_error *error) {
    char text[AWSC_ERROR_TEXT_BYTES];
    image_result_set(result, IMAGE_FAILED, svc_status_name(error->status), "%s",
                     awsc_error_text(error, text));
}

static enum svc_log_level log_level(enum image_outcome outcome) {
    switch (outcome) {
    case IMAGE_REJECTED:
        return SVC_LOG_WARN;
    case IMAGE_FAILED:
        return SVC_LOG_ERROR;
    case IMAGE_MADE:
    case IMAGE_ALREADY_MADE:
    case IMAGE_SKIPPED:
    case IMAGE_GONE:
        break;
    }
    return SVC_LOG_INFO;
}

/* The key as S3 has it, so that people can read it; as the event has it if it is none. */
static void log_result(const struct image_clients *clients, const struct image_task *task,
                       const struct image_result *result, int64_t duration_ms) {
    struct svc_buf decoded;
    svc_buf_init(&decoded, 3 * AWSC_MAX_S3_KEY_BYTES + 1);
    const char *key = task->raw_key;
    if (key != NULL &&
        image_key_decode(key, task->raw_key_bytes, task->is_encoded, &decoded) == SVC_OK) {
        key = svc_buf_text(&decoded);
    }
    svc_log_event(clients->log, log_level(result->outcome), image_outcome_name(result->outcome),
                  SVC_TEXT("bucket", task->bucket), SVC_TEXT("key", key),
                  SVC_TEXT("reason", result->reason), SVC_TEXT("detail", result->detail),
                  SVC_INT("durationMs", duration_ms));
    svc_buf_clear(&decoded);
}

static void work_on(const struct image_clients *clients, const struct image_event *event,
                    struct image_report *report) {
    static const char *const metric_names[IMAGE_OUTCOMES] = {
        [IMAGE_MADE] = "Made", [IMAGE_ALREADY_MADE] = "AlreadyMade", [IMAGE_SKIPPED] = "Skipped",
        [IMAGE_GONE] = "Gone", [IMAGE_REJECTED] = "Rejected",        [IMAGE_FAILED] = "Failed",
    };
    for (size_t i = 0; i < event->task_count; i++) {
        const struct image_task *task = &event->tasks[i];
        struct image_result result = {.outcome = IMAGE_FAILED};
        const int64_t begin_ms = svc_monotonic_ms(clients->clock);
        image_work(clients, task, &result);
        log_result(clients, task, &result, svc_monotonic_ms(clients->clock) - begin_ms);
        lrt_metrics_add(clients->metrics, metric_names[result.outcome], LRT_COUNT, 1);
        if (result.outcome == IMAGE_REJECTED) {
            lrt_metrics_add_by(clients->metrics, "Rejects", "Reason", result.reason, 1);
        }
        image_report_add(event, task, &result, report);
    }
}

static void log_unreadable(const struct image_clients *clients, const struct image_event *event) {
    for (size_t i = 0; i < event->group_count; i++) {
        if (event->groups[i].problem != NULL) {
            svc_log_event(clients->log, SVC_LOG_ERROR, "a message cannot be read",
                          SVC_TEXT("messageId", event->groups[i].id),
                          SVC_TEXT("detail", event->groups[i].problem));
        }
    }
}

void image_handle(const struct image_clients *clients, const struct lrt_invocation *invocation,
                  struct lrt_result *result) {
    struct image_event event;
    struct image_report report = {0};
    struct svc_error error = {0};
    lrt_aws_client_begin(clients->aws, invocation);
    enum svc_status status =
        image_event_read(invocation->event, invocation->event_bytes, &event, &error);
    if (status == SVC_MALFORMED || status == SVC_TOO_LARGE) {
        lrt_fail(result, "Image.UnknownEvent", "the event cannot be read: %s", error.detail);
        goto cleanup;
    }
    if (status == SVC_OK) {
        status = image_report_init(&event, &report);
    }
    if (status != SVC_OK) {
        lrt_fail(result, "Image.NO_MEMORY", "%s", svc_status_message(status));
        goto cleanup;
    }
    log_unreadable(clients, &event);
    work_on(clients, &event, &report);
    image_answer_write(&event, &report, result);

cleanup:
    image_report_clear(&report);
    image_event_clear(&event);
}
