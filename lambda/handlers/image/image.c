/* One event: read it, make the outputs of each object it names, write the result. One object's
 * failure stops no other. */
#include "lambda/handlers/image/image.h"

#include "lambda/clients/clients.h"
#include "lambda/events/kind.h"
#include "lambda/events/sqs_batch.h"
#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/report.h"
#include "lambda/handlers/image/result.h"
#include "lambda/handlers/image/work.h"
#include "services/base/limits.h"

/* No further object is started with less time left than this, or a fifth of the invocation's time
 * if that is less (sqs_batch.h). A photograph of 16 million pixels takes 0.9 s at 128 MB from a
 * cold start (lambda/README.md); four writes, one of them retried, take the other second. An object
 * that is cut off by the deadline is billed for nothing. */
#define MIN_LEFT_MS 2000

/* One invocation. */
struct run {
    const struct image_clients *clients;
    int64_t deadline_ms;
    int64_t min_left_ms; /* what must be left for a further object */
};

static enum svc_log_level log_level(enum image_outcome outcome) {
    switch (outcome) {
    case IMAGE_REJECTED:
        return SVC_LOG_WARN;
    case IMAGE_FAILED:
    case IMAGE_NO_BUCKET:
        return SVC_LOG_ERROR;
    case IMAGE_MADE:
    case IMAGE_ALREADY_MADE:
    case IMAGE_SKIPPED:
    case IMAGE_GONE:
        break;
    }
    return SVC_LOG_INFO;
}

/* Logs the key as S3 has it, so that people can read it, or as the event has it if it is no key. */
static void log_result(const struct image_clients *clients, const struct image_task *task,
                       const struct image_result *result, int64_t duration_ms) {
    struct svc_buf decoded;
    svc_buf_init(&decoded, 3 * AWSC_MAX_S3_KEY_BYTES + 1);
    const char *key = lev_s3_key(&task->object, &decoded) == SVC_OK ? svc_buf_text(&decoded)
                                                                    : task->object.raw_key;
    svc_log_event(clients->log, log_level(result->outcome), image_outcome_name(result->outcome),
                  SVC_TEXT("bucket", task->object.bucket), SVC_TEXT("key", key),
                  SVC_TEXT("reason", result->reason), SVC_TEXT("detail", result->detail),
                  SVC_INT("durationMs", duration_ms));
    svc_buf_clear(&decoded);
}

static void record_result(const struct image_clients *clients, const struct image_task *task,
                          const struct image_result *result, int64_t duration_ms) {
    static const char *const metric_names[IMAGE_OUTCOMES] = {
        [IMAGE_MADE] = "Made",          [IMAGE_ALREADY_MADE] = "AlreadyMade",
        [IMAGE_SKIPPED] = "Skipped",    [IMAGE_GONE] = "Gone",
        [IMAGE_REJECTED] = "Rejected",  [IMAGE_FAILED] = "Failed",
        [IMAGE_NO_BUCKET] = "NoBucket",
    };
    log_result(clients, task, result, duration_ms);
    lrt_metrics_add(clients->metrics, metric_names[result->outcome], LRT_COUNT, 1);
    if (result->outcome == IMAGE_REJECTED) {
        lrt_metrics_add_by(clients->metrics, "Rejects", "Reason", result->reason, 1);
    }
}

static void work_on(const struct run *run, const struct image_task *task,
                    struct image_result *result) {
    const struct svc_clock *clock = run->clients->clock;
    const int64_t begin_ms = svc_monotonic_ms(clock);
    struct svc_span *span =
        svc_span_enter(awsc_client_trace(run->clients->aws), SVC_SPAN_LOCAL, "image");
    result->outcome = IMAGE_FAILED;
    image_work(run->clients, task, run->deadline_ms, result);
    svc_span_set_constant(span, "outcome", image_outcome_name(result->outcome));
    if (result->outcome == IMAGE_FAILED || result->outcome == IMAGE_NO_BUCKET) {
        svc_span_fail(span, SVC_SPAN_FAULT, result->reason, image_outcome_name(result->outcome));
    } else if (result->outcome == IMAGE_REJECTED) {
        svc_span_fail(span, SVC_SPAN_ERROR, result->reason, image_outcome_name(result->outcome));
    }
    svc_span_end(span);
    record_result(run->clients, task, result, svc_monotonic_ms(clock) - begin_ms);
}

static bool has_time(const struct run *run, size_t taken) {
    return lev_time_for_next(run->clients->clock, run->deadline_ms, run->min_left_ms, taken);
}

static void log_untouched(const struct run *run, size_t untouched, size_t total) {
    if (untouched > 0) {
        svc_log_event(run->clients->log, SVC_LOG_WARN, "objects are not started",
                      SVC_INT("count", untouched), SVC_INT("of", total),
                      SVC_INT("minLeftMs", run->min_left_ms));
    }
}

/* Adds what became of the objects to `report`, in the event's order. */
static void work_on_objects(const struct run *run, const struct lev_s3_event *event,
                            struct image_report *report) {
    for (size_t i = 0; i < event->count; i++) {
        struct image_task task;
        struct image_result result = {0};
        if (!has_time(run, i)) {
            report->untouched += event->count - i;
            return;
        }
        image_task_from_object(&event->objects[i], &task);
        work_on(run, &task, &result);
        image_report_add(&task, &result, report);
    }
}

/* ---------------------------------------------------------------------- kinds of events */

/* A notification of S3 or an event of EventBridge: all of it succeeds or fails. */
static enum svc_status handle_objects(const struct run *run, const struct svc_json *document,
                                      struct lrt_result *result, struct svc_error *error) {
    struct lev_s3_event event;
    const enum svc_status status = lev_s3_read(document, &event, error);
    if (status == SVC_OK) {
        struct image_report report = {0};
        work_on_objects(run, &event, &report);
        log_untouched(run, report.untouched, event.count);
        image_report_write(&report, result);
    }
    lev_s3_clear(&event);
    return status;
}

/* All of a message is retried: the objects that are finished cost little the next time. */
static enum lev_sqs_result handle_message(void *user, const struct lev_sqs_record *record) {
    const struct run *run = user;
    struct lev_s3_event event;
    struct svc_error error = {0};
    enum lev_sqs_result result = LEV_SQS_RETRY;
    if (lev_s3_read_body(record->body, record->body_bytes, &event, &error) == SVC_OK) {
        struct image_report report = {0};
        work_on_objects(run, &event, &report);
        result = report.untouched > 0  ? LEV_SQS_STOP
                 : report.failures > 0 ? LEV_SQS_RETRY
                                       : LEV_SQS_DONE;
    } else {
        svc_log_event(run->clients->log, SVC_LOG_ERROR, "a message cannot be read",
                      SVC_TEXT("messageId", record->message_id), SVC_TEXT("detail", error.detail));
    }
    lev_s3_clear(&event);
    return result;
}

static enum svc_status handle_queue(struct run *run, const struct svc_json *document,
                                    struct lrt_result *result, struct svc_error *error) {
    const struct lev_sqs_driver driver = {
        .handle = handle_message,
        .user = run,
        .clock = run->clients->clock,
        .log = run->clients->log,
        .deadline_ms = run->deadline_ms,
        .min_left_ms = run->min_left_ms,
    };
    struct lev_sqs_event event;
    enum svc_status status = lev_sqs_read(document, &event, error);
    /* A result that is too large is held by its buffer, and reported by the runtime. */
    if (status == SVC_OK && lev_sqs_run(&event, &driver, &result->body, NULL) == SVC_NO_MEMORY) {
        status = SVC_NO_MEMORY;
    }
    lev_sqs_clear(&event);
    return status;
}

static void handle_task(const struct run *run, const struct image_task *task, bool is_valid,
                        struct image_result *result) {
    if (is_valid) {
        work_on(run, task, result);
        return;
    }
    image_result_set(result, IMAGE_REJECTED, "INVALID_ARGUMENT",
                     "the job's argument force is neither \"true\" nor \"false\"");
    record_result(run->clients, task, result, 0);
}

static enum svc_status handle_batch(const struct run *run, const struct svc_json *document,
                                    struct lrt_result *result, struct svc_error *error) {
    struct lev_s3_batch batch;
    const enum svc_status status = lev_s3_batch_read(document, &batch, error);
    if (status == SVC_OK) {
        struct svc_json_writer writer;
        bool is_forced;
        const bool is_valid = image_batch_force(&batch, &is_forced);
        size_t untouched = 0;
        svc_json_writer_init(&writer, &result->body);
        lev_s3_batch_begin(&writer, &batch);
        for (size_t i = 0; i < batch.task_count; i++) {
            struct image_task task;
            struct image_result became = {0};
            if (untouched == 0 && has_time(run, i)) {
                image_task_from_batch(&batch, i, is_forced, &task);
                handle_task(run, &task, is_valid, &became);
            } else {
                untouched++;
                image_result_set(&became, IMAGE_FAILED, "DEADLINE",
                                 "not started: too little time was left");
            }
            image_batch_add(&writer, batch.tasks[i].id, &became);
        }
        lev_s3_batch_end(&writer);
        log_untouched(run, untouched, batch.task_count);
    }
    lev_s3_batch_clear(&batch);
    return status;
}

void image_handle(const struct image_clients *clients, const struct lrt_invocation *invocation,
                  struct lrt_result *result) {
    struct run run = {
        .clients = clients,
        .deadline_ms = invocation->deadline_ms,
        .min_left_ms = lev_min_left_ms(clients->clock, invocation->deadline_ms, MIN_LEFT_MS),
    };
    struct svc_json *document = NULL;
    struct svc_error error = {0};
    lrt_aws_client_begin(clients->aws, invocation);
    enum svc_status status =
        svc_json_parse(invocation->event, invocation->event_bytes, 0, &document, &error);
    if (status == SVC_OK) {
        switch (lev_kind_of(document)) {
        case LEV_SQS:
            status = handle_queue(&run, document, result, &error);
            break;
        case LEV_S3_BATCH:
            status = handle_batch(&run, document, result, &error);
            break;
        default: /* reports what it cannot read */
            status = handle_objects(&run, document, result, &error);
            break;
        }
    }
    if (status == SVC_MALFORMED || status == SVC_TOO_LARGE) {
        lrt_fail(result, "Image.UnknownEvent", "the event cannot be read: %s", error.detail);
    } else if (status != SVC_OK) {
        lrt_fail(result, "Image.NO_MEMORY", "%s", svc_status_message(status));
    }
    svc_json_free(document);
}
