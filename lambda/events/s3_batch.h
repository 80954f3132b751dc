/* Tasks of S3 Batch Operations, and the results that it reads:
 *
 *   {"invocationSchemaVersion":"1.0","invocationId":"...","job":{"id":"..."},"tasks":[{"taskId":
 *    "...","s3Key":"...","s3VersionId":"...","s3BucketArn":"arn:aws:s3:::NAME"}]}
 *
 * Schema 2.0 has "s3Bucket":"NAME" instead of the ARN, and "userArguments":{"NAME":"VALUE"} in the
 * job. Keys are form-encoded. The result of each task stands in the job's report; a task with a
 * temporary failure is tried again.
 *
 * Format: "Invoke AWS Lambda function" in the S3 user guide. */
#ifndef LEV_S3_BATCH_H
#define LEV_S3_BATCH_H

#include "lambda/events/s3.h"
#include "services/base/json.h"
#include "services/base/status.h"

#define LEV_MAX_S3_TASKS ((size_t)20000) /* S3 sends one in each event */

/* All pointers are borrowed from the document. */
struct lev_s3_task {
    const char *id;
    struct lev_s3_object object; /* is_created is true; no etag, no sequencer, no size */
};

struct lev_s3_batch {
    const char *schema; /* "1.0", "2.0" */
    const char *invocation_id;
    const char *job_id;               /* NULL: not stated */
    const struct svc_json *arguments; /* userArguments, an object; NULL: none */
    struct lev_s3_task *tasks;
    size_t task_count;
};

/* Reads a batch. `document` outlives `batch`, which is cleared with lev_s3_batch_clear, also after
 * a failure. Errors: MALFORMED (another schema; no invocationId, tasks or taskId), TOO_LARGE
 * (LEV_MAX_S3_TASKS), NO_MEMORY. */
enum svc_status lev_s3_batch_read(const struct svc_json *document, struct lev_s3_batch *batch,
                                  struct svc_error *error);
void lev_s3_batch_clear(struct lev_s3_batch *batch);

enum lev_s3_result {
    LEV_S3_SUCCEEDED,
    LEV_S3_TEMPORARY_FAILURE, /* S3 sends the task again */
    LEV_S3_PERMANENT_FAILURE  /* stands in the report as failed */
};

/* The result: begin, one call for each task, end. Errors are the writer's. */
void lev_s3_batch_begin(struct svc_json_writer *writer, const struct lev_s3_batch *batch);
void lev_s3_batch_add(struct svc_json_writer *writer, const char *task_id,
                      enum lev_s3_result result, const char *text);
void lev_s3_batch_end(struct svc_json_writer *writer);

#endif
