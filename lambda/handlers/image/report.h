/* What became of the objects of an event, and the invocation's result made from it, in the form
 * that the event's sender reads. That of a queue is written by lambda/events/sqs_batch.h. Pure. */
#ifndef IMAGE_REPORT_H
#define IMAGE_REPORT_H

#include "lambda/events/s3_batch.h"
#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/result.h"
#include "lambda/runtime/runtime.h"

/* What became of the objects of one event. Begins zeroed. */
struct image_report {
    size_t counts[IMAGE_OUTCOMES]; /* objects by their outcome */
    size_t failures;               /* of these, the ones to be retried */
    size_t untouched;              /* objects not started: too little time was left */
    struct image_result first_failure;
    char first_failed_key[256]; /* for people; cut */
};

/* Whether an event, other than a batch, has to come again for an object with this outcome. */
bool image_outcome_is_failure(enum image_outcome outcome);
/* Counts the result of one object. */
void image_report_add(const struct image_task *task, const struct image_result *result,
                      struct image_report *report);

/* The result of an event without a result for each object: {"made":1,"alreadyMade":0,...}; the
 * invocation fails if an object failed or was not started. */
void image_report_write(const struct image_report *report, struct lrt_result *result);

/* Adds the result of a task of a batch: "Succeeded", "TemporaryFailure" or "PermanentFailure", and
 * the reason. A key or a bucket that does not exist is a permanent failure there: the manifest is
 * wrong. */
void image_batch_add(struct svc_json_writer *writer, const char *task_id,
                     const struct image_result *result);

#endif
