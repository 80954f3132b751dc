/* Answers as Lambda's event sources read them. */
#include "lambda/handlers/image/answers.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/json.h"

enum svc_status image_report_init(const struct image_event *event, struct image_report *report) {
    memset(report, 0, sizeof(*report));
    const size_t count = event->group_count > 0 ? event->group_count : 1;
    report->failed = calloc(count, sizeof(*report->failed));
    if (event->kind == IMAGE_EVENT_BATCH) {
        report->results = calloc(count, sizeof(*report->results));
    }
    if (report->failed == NULL || (event->kind == IMAGE_EVENT_BATCH && report->results == NULL)) {
        image_report_clear(report);
        return SVC_NO_MEMORY;
    }
    for (size_t i = 0; i < event->group_count; i++) {
        if (event->groups[i].problem != NULL) {
            report->failed[i] = true;
            report->unreadable++;
        }
    }
    return SVC_OK;
}

void image_report_clear(struct image_report *report) {
    free(report->failed);
    free(report->results);
    report->failed = NULL;
    report->results = NULL;
}

void image_report_add(const struct image_event *event, const struct image_task *task,
                      const struct image_result *result, struct image_report *report) {
    report->counts[result->outcome]++;
    if (event->kind == IMAGE_EVENT_BATCH) {
        report->results[task->group] = *result;
    }
    if (result->outcome != IMAGE_FAILED && result->outcome != IMAGE_NO_BUCKET) {
        return;
    }
    report->failed[task->group] = true;
    if (report->counts[IMAGE_FAILED] + report->counts[IMAGE_NO_BUCKET] == 1) {
        report->first_failure = *result;
        const size_t room = sizeof(report->first_failed_key) - 1;
        const size_t key_bytes = task->raw_key_bytes < room ? task->raw_key_bytes : room;
        memcpy(report->first_failed_key, task->raw_key, key_bytes);
        report->first_failed_key[key_bytes] = '\0';
    }
}

static void write_counts(const struct image_report *report, struct svc_json_writer *writer) {
    static const char *const names[IMAGE_OUTCOMES] = {
        [IMAGE_MADE] = "made", [IMAGE_ALREADY_MADE] = "alreadyMade", [IMAGE_SKIPPED] = "skipped",
        [IMAGE_GONE] = "gone", [IMAGE_REJECTED] = "rejected",        [IMAGE_FAILED] = "failed",
    };
    svc_json_begin_object(writer);
    for (size_t i = 0; i <= IMAGE_FAILED; i++) {
        svc_json_add_int(writer, names[i], (int64_t)report->counts[i]);
    }
    svc_json_end_object(writer);
}

static void write_queue(const struct image_event *event, const struct image_report *report,
                        struct svc_json_writer *writer) {
    svc_json_begin_object(writer);
    svc_json_name(writer, "batchItemFailures");
    svc_json_begin_array(writer);
    for (size_t i = 0; i < event->group_count; i++) {
        if (report->failed[i]) {
            svc_json_begin_object(writer);
            svc_json_add_text(writer, "itemIdentifier", event->groups[i].id);
            svc_json_end_object(writer);
        }
    }
    svc_json_end_array(writer);
    svc_json_end_object(writer);
}

static const char *result_code(enum image_outcome outcome) {
    switch (outcome) {
    case IMAGE_MADE:
    case IMAGE_ALREADY_MADE:
    case IMAGE_SKIPPED:
        return "Succeeded";
    case IMAGE_GONE:
    case IMAGE_REJECTED:
    case IMAGE_NO_BUCKET:
        return "PermanentFailure";
    case IMAGE_FAILED:
        break;
    }
    return "TemporaryFailure";
}

/* "rejected: TRUNCATED: the file ends before the picture does" */
static void write_result_text(const struct image_result *result, struct svc_json_writer *writer) {
    struct svc_buf text;
    svc_buf_init(&text, IMAGE_DETAIL_BYTES + 2 * IMAGE_REASON_BYTES);
    svc_buf_append_text(&text, image_outcome_name(result->outcome));
    if (result->reason[0] != '\0') {
        svc_buf_printf(&text, ": %s: %s", result->reason, result->detail);
    }
    svc_json_add_text(writer, "resultString", svc_buf_text(&text));
    svc_buf_clear(&text);
}

static void write_batch(const struct image_event *event, const struct image_report *report,
                        struct svc_json_writer *writer) {
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "invocationSchemaVersion", event->schema);
    /* A task that the answer would not name. There is none. */
    svc_json_add_text(writer, "treatMissingKeysAs", "TemporaryFailure");
    svc_json_add_text(writer, "invocationId", event->invocation_id);
    svc_json_name(writer, "results");
    svc_json_begin_array(writer);
    for (size_t i = 0; i < event->group_count; i++) {
        svc_json_begin_object(writer);
        svc_json_add_text(writer, "taskId", event->groups[i].id);
        svc_json_add_text(writer, "resultCode", result_code(report->results[i].outcome));
        write_result_text(&report->results[i], writer);
        svc_json_end_object(writer);
    }
    svc_json_end_array(writer);
    svc_json_end_object(writer);
}

void image_answer_write(const struct image_event *event, const struct image_report *report,
                        struct lrt_result *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    switch (event->kind) {
    case IMAGE_EVENT_RECORDS:
        if (report->counts[IMAGE_FAILED] + report->counts[IMAGE_NO_BUCKET] > 0) {
            char type[LRT_ERROR_TYPE_BYTES] = "Image.";
            memcpy(type + strlen(type), report->first_failure.reason,
                   sizeof(report->first_failure.reason));
            lrt_fail(result, type, "%zu of %zu objects failed; the first, %s: %s",
                     report->counts[IMAGE_FAILED] + report->counts[IMAGE_NO_BUCKET],
                     event->task_count, report->first_failed_key, report->first_failure.detail);
            return;
        }
        write_counts(report, &writer);
        break;
    case IMAGE_EVENT_QUEUE:
        write_queue(event, report, &writer);
        break;
    case IMAGE_EVENT_BATCH:
        write_batch(event, report, &writer);
        break;
    }
}
