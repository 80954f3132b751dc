/* Objects that an event names, as tasks of the image function. lambda/events reads the events:
 * s3.h those of S3 and EventBridge, with or without SNS around them, s3_batch.h those of S3 Batch
 * Operations, sqs.h the messages of a queue. Pure. */
#ifndef IMAGE_EVENT_H
#define IMAGE_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lambda/events/s3.h"
#include "lambda/events/s3_batch.h"

/* An object to make outputs of. All pointers live as long as the event. */
struct image_task {
    struct lev_s3_object object;
    bool is_rerun;  /* of a back-fill: the tag of an earlier rejection is looked for */
    bool is_forced; /* the outputs are made anew even where they are current */
};

void image_task_from_object(const struct lev_s3_object *object, struct image_task *task);
/* Task `index` of a batch. */
void image_task_from_batch(const struct lev_s3_batch *batch, size_t index, bool is_forced,
                           struct image_task *task);

/* The argument "force" of a batch: "true" or "false", false if it is missing. Other arguments are
 * ignored. Returns false if it is anything else: what is wanted is then unclear. */
bool image_batch_force(const struct lev_s3_batch *batch, bool *is_forced);

#endif
