/* What the function answers: a report of what became of each group of an event (a message, a task,
 * all records together), in the form that the event's sender wants. Pure. */
#ifndef IMAGE_ANSWERS_H
#define IMAGE_ANSWERS_H

#include "lambda/handlers/image/event.h"
#include "lambda/handlers/image/result.h"
#include "lambda/runtime/runtime.h"

struct image_report {
    size_t counts[IMAGE_OUTCOMES]; /* tasks by their outcome */
    size_t unreadable;             /* messages without tasks */
    bool *failed;                  /* for each group: to be tried again */
    struct image_result *results;  /* for each group the last result; only of a batch, else NULL */
    struct image_result first_failure;
    char first_failed_key[256]; /* for people; cut */
};

/* For `event`; cleared with image_report_clear. Errors: NO_MEMORY. */
enum svc_status image_report_init(const struct image_event *event, struct image_report *report);
void image_report_clear(struct image_report *report);
/* Takes down what became of a task. */
void image_report_add(const struct image_event *event, const struct image_task *task,
                      const struct image_result *result, struct image_report *report);

/* Writes the answer:
 *   records  {"made":1,"alreadyMade":0,...}, or the invocation fails if any task did
 *   queue    {"batchItemFailures":[{"itemIdentifier":"<messageId>"}]}, the messages to try again
 *   batch    {"invocationSchemaVersion":...,"results":[{"taskId":...,"resultCode":"Succeeded" |
 *            "TemporaryFailure" | "PermanentFailure","resultString":...}]} */
void image_answer_write(const struct image_event *event, const struct image_report *report,
                        struct lrt_result *result);

#endif
