/* The events the function takes, brought into one form: a list of tasks, one for each object.
 *
 *   S3 notification         Records[] of eventSource aws:s3; s3:TestEvent
 *   EventBridge             source aws.s3, detail-type "Object Created"; the key is not encoded
 *   SQS                     Records[] of eventSource aws:sqs, each body one of the two above
 *   S3 Batch Operations     invocationSchemaVersion 1.0 and 2.0; keys are form-encoded
 *
 * Pure. Format: the Lambda and S3 user guides. */
#ifndef IMAGE_EVENT_H
#define IMAGE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/json.h"
#include "services/base/status.h"

/* Objects in one event. S3 sends 1, Batch up to 1, SQS up to 10 messages, or 10,000 in a window. */
#define IMAGE_MAX_TASKS ((size_t)20000)

enum image_event_kind {
    IMAGE_EVENT_RECORDS, /* S3 notification, EventBridge, test event: fails as a whole */
    IMAGE_EVENT_QUEUE,   /* SQS: the failed messages are answered */
    IMAGE_EVENT_BATCH    /* Batch Operations: a result for each task */
};

/* What of an event can fail by itself: a message, a task of a batch; all records of the others
 * together. */
struct image_group {
    const char *id;        /* messageId, taskId; "" */
    struct svc_json *body; /* of a message: what its tasks point into */
    const char *problem;   /* NULL, or why it could not be read: no tasks come from it then */
};

/* An object to look after. All pointers live as long as the event. */
struct image_task {
    size_t group;
    const char *bucket;     /* NULL: the record names none */
    const char *raw_key;    /* as in the event; NULL: the record names none */
    size_t raw_key_bytes;   /* may hold any byte, U+0000 included */
    bool is_encoded;        /* see image_key_decode */
    bool is_created;        /* false: an event of another kind, such as a removal: ignored */
    bool is_rerun;          /* somebody has it done anew: an earlier rejection is looked for */
    bool is_forced;         /* the outputs are made anew even where they are current */
    const char *etag;       /* without quotes; NULL: not told */
    const char *version_id; /* NULL: not told */
};

struct image_event {
    enum image_event_kind kind;
    const char *schema, *invocation_id; /* of a batch */
    struct image_group *groups;
    size_t group_count;
    struct image_task *tasks; /* in the event's order */
    size_t task_count, task_capacity;
    struct svc_json *document;
};

/* Reads `bytes` into `event`, to be cleared with image_event_clear, also after a failure.
 * Errors: MALFORMED (not JSON, none of these events), TOO_LARGE (IMAGE_MAX_TASKS), NO_MEMORY. */
enum svc_status image_event_read(const uint8_t *bytes, size_t size_bytes, struct image_event *event,
                                 struct svc_error *error);
void image_event_clear(struct image_event *event);

#endif
