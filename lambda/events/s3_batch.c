/* Tasks of S3 Batch Operations: see s3_batch.h. */
#include "lambda/events/s3_batch.h"

#include <stdlib.h>
#include <string.h>

#include "lambda/events/fields.h"

/* The name at the end of arn:PARTITION:s3:::NAME. */
static const char *bucket_of_arn(const char *arn) {
    if (arn == NULL || !lev_begins_with(arn, "arn:")) {
        return NULL;
    }
    const char *mark = strstr(arn, ":s3:::");
    return mark != NULL ? mark + strlen(":s3:::") : NULL;
}

static void read_task(const struct svc_json *from, struct lev_s3_task *task) {
    const char *bucket = svc_json_get_text(from, "s3Bucket");
    task->id = svc_json_get_text(from, "taskId");
    task->object = (struct lev_s3_object){
        .is_created = true,
        .bucket = bucket != NULL ? bucket : bucket_of_arn(svc_json_get_text(from, "s3BucketArn")),
        .is_encoded = true,
        .version_id = svc_json_get_text(from, "s3VersionId"),
        .size_bytes = -1,
    };
    task->object.raw_key = svc_json_bytes(svc_json_get(from, "s3Key"), &task->object.raw_key_bytes);
}

enum svc_status lev_s3_batch_read(const struct svc_json *document, struct lev_s3_batch *batch,
                                  struct svc_error *error) {
    const struct svc_json *job = svc_json_get(document, "job");
    const struct svc_json *tasks = svc_json_get(document, "tasks");
    const size_t count = svc_json_count(tasks);
    memset(batch, 0, sizeof(*batch));
    batch->schema = svc_json_get_text(document, "invocationSchemaVersion");
    batch->invocation_id = svc_json_get_text(document, "invocationId");
    batch->job_id = svc_json_get_text(job, "id");
    batch->arguments = svc_json_get(job, "userArguments");
    if (!lev_is_text(document, "invocationSchemaVersion", "1.0") &&
        !lev_is_text(document, "invocationSchemaVersion", "2.0")) {
        return svc_fail(error, SVC_MALFORMED, "the invocationSchemaVersion is neither 1.0 nor 2.0");
    }
    if (batch->invocation_id == NULL || svc_json_type(tasks) != SVC_JSON_ARRAY) {
        return svc_fail(error, SVC_MALFORMED, "the batch has no invocationId or no tasks");
    }
    if (count > LEV_MAX_S3_TASKS) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu tasks", LEV_MAX_S3_TASKS);
    }
    batch->tasks = calloc(count > 0 ? count : 1, sizeof(*batch->tasks));
    if (batch->tasks == NULL) {
        return lev_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        read_task(svc_json_at(tasks, i), &batch->tasks[i]);
        if (batch->tasks[i].id == NULL) {
            return svc_fail(error, SVC_MALFORMED, "task %zu has no taskId", i);
        }
        batch->task_count++;
    }
    return SVC_OK;
}

void lev_s3_batch_clear(struct lev_s3_batch *batch) {
    free(batch->tasks);
    memset(batch, 0, sizeof(*batch));
}

void lev_s3_batch_begin(struct svc_json_writer *writer, const struct lev_s3_batch *batch) {
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "invocationSchemaVersion", batch->schema);
    /* For tasks without a result. There are none: every task gets one. */
    svc_json_add_text(writer, "treatMissingKeysAs", "TemporaryFailure");
    svc_json_add_text(writer, "invocationId", batch->invocation_id);
    svc_json_name(writer, "results");
    svc_json_begin_array(writer);
}

void lev_s3_batch_add(struct svc_json_writer *writer, const char *task_id,
                      enum lev_s3_result result, const char *text) {
    static const char *const codes[] = {
        [LEV_S3_SUCCEEDED] = "Succeeded",
        [LEV_S3_TEMPORARY_FAILURE] = "TemporaryFailure",
        [LEV_S3_PERMANENT_FAILURE] = "PermanentFailure",
    };
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "taskId", task_id);
    svc_json_add_text(writer, "resultCode", codes[result]);
    svc_json_add_text(writer, "resultString", text);
    svc_json_end_object(writer);
}

void lev_s3_batch_end(struct svc_json_writer *writer) {
    svc_json_end_array(writer);
    svc_json_end_object(writer);
}
