/* The report of an invocation: see report.h. */
#include "lambda/handlers/image/report.h"

#include <string.h>

#include "services/base/json.h"

bool image_outcome_is_failure(enum image_outcome outcome) {
    return outcome == IMAGE_FAILED || outcome == IMAGE_NO_BUCKET;
}

void image_report_add(const struct image_task *task, const struct image_result *result,
                      struct image_report *report) {
    report->counts[result->outcome]++;
    if (!image_outcome_is_failure(result->outcome)) {
        return;
    }
    report->failures++;
    if (report->failures == 1) {
        report->first_failure = *result;
        const size_t max_bytes = sizeof(report->first_failed_key) - 1;
        const size_t key_bytes =
            task->object.raw_key_bytes < max_bytes ? task->object.raw_key_bytes : max_bytes;
        if (key_bytes > 0) {
            memcpy(report->first_failed_key, task->object.raw_key, key_bytes);
        }
        report->first_failed_key[key_bytes] = '\0';
    }
}

static void fail(const struct image_report *report, struct lrt_result *result) {
    size_t total = report->untouched;
    for (size_t i = 0; i < IMAGE_OUTCOMES; i++) {
        total += report->counts[i];
    }
    if (report->failures == 0) {
        lrt_fail(result, "Image.DEADLINE",
                 "%zu of %zu objects were not started: too little time was left", report->untouched,
                 total);
        return;
    }
    char type[LRT_ERROR_TYPE_BYTES] = "Image.";
    memcpy(type + strlen(type), report->first_failure.reason, sizeof(report->first_failure.reason));
    if (report->untouched > 0) {
        lrt_fail(result, type,
                 "%zu of %zu objects failed, %zu were not started; the first failure, %s: %s",
                 report->failures, total, report->untouched, report->first_failed_key,
                 report->first_failure.detail);
    } else {
        lrt_fail(result, type, "%zu of %zu objects failed; the first, %s: %s", report->failures,
                 total, report->first_failed_key, report->first_failure.detail);
    }
}

void image_report_write(const struct image_report *report, struct lrt_result *result) {
    /* Without IMAGE_NO_BUCKET: it never stands in a result that succeeds. */
    static const char *const names[IMAGE_OUTCOMES] = {
        [IMAGE_MADE] = "made", [IMAGE_ALREADY_MADE] = "alreadyMade", [IMAGE_SKIPPED] = "skipped",
        [IMAGE_GONE] = "gone", [IMAGE_REJECTED] = "rejected",        [IMAGE_FAILED] = "failed",
    };
    if (report->failures > 0 || report->untouched > 0) {
        fail(report, result);
        return;
    }
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    for (size_t i = 0; i < IMAGE_OUTCOMES; i++) {
        if (names[i] != NULL) {
            svc_json_add_int(&writer, names[i], (int64_t)report->counts[i]);
        }
    }
    svc_json_end_object(&writer);
}

static enum lev_s3_result batch_result(enum image_outcome outcome) {
    switch (outcome) {
    case IMAGE_MADE:
    case IMAGE_ALREADY_MADE:
    case IMAGE_SKIPPED:
        return LEV_S3_SUCCEEDED;
    case IMAGE_GONE:
    case IMAGE_REJECTED:
    case IMAGE_NO_BUCKET:
        return LEV_S3_PERMANENT_FAILURE;
    case IMAGE_FAILED:
        break;
    }
    return LEV_S3_TEMPORARY_FAILURE;
}

void image_batch_add(struct svc_json_writer *writer, const char *task_id,
                     const struct image_result *result) {
    /* "rejected: TRUNCATED: the file ends before the picture does" */
    struct svc_buf text;
    svc_buf_init(&text, IMAGE_DETAIL_BYTES + 2 * IMAGE_REASON_BYTES);
    svc_buf_append_text(&text, image_outcome_name(result->outcome));
    if (result->reason[0] != '\0') {
        svc_buf_printf(&text, ": %s: %s", result->reason, result->detail);
    }
    lev_s3_batch_add(writer, task_id, batch_result(result->outcome), svc_buf_text(&text));
    svc_buf_clear(&text);
}
