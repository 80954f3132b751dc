/* Events into tasks. Only what is used is looked at; what is missing or of the wrong type makes its
 * own record bad, not the event. */
#include "lambda/handlers/image/event.h"

#include <stdlib.h>
#include <string.h>

static struct image_task *add_task(struct image_event *event, size_t group) {
    if (event->task_count == event->task_capacity) {
        const size_t capacity = event->task_capacity == 0 ? 16 : 2 * event->task_capacity;
        struct image_task *tasks = realloc(event->tasks, capacity * sizeof(*tasks));
        if (tasks == NULL) {
            return NULL;
        }
        event->tasks = tasks;
        event->task_capacity = capacity;
    }
    struct image_task *task = &event->tasks[event->task_count++];
    memset(task, 0, sizeof(*task));
    task->group = group;
    return task;
}

static enum svc_status make_groups(struct image_event *event, size_t count) {
    event->groups = calloc(count > 0 ? count : 1, sizeof(*event->groups));
    if (event->groups == NULL) {
        return SVC_NO_MEMORY;
    }
    event->group_count = count;
    for (size_t i = 0; i < count; i++) {
        event->groups[i].id = "";
    }
    return SVC_OK;
}

static bool is_text(const struct svc_json *object, const char *name, const char *expected) {
    const char *text = svc_json_get_text(object, name);
    return text != NULL && strcmp(text, expected) == 0;
}

static bool begins_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

/* A record of a notification. */
static void read_record(const struct svc_json *record, struct image_task *task) {
    const struct svc_json *s3 = svc_json_get(record, "s3");
    const struct svc_json *object = svc_json_get(s3, "object");
    const char *name = svc_json_get_text(record, "eventName");
    task->is_created = name == NULL || begins_with(name, "ObjectCreated:") ||
                       begins_with(name, "s3:ObjectCreated:");
    task->bucket = svc_json_get_text(svc_json_get(s3, "bucket"), "name");
    task->raw_key = svc_json_bytes(svc_json_get(object, "key"), &task->raw_key_bytes);
    task->is_encoded = true;
    task->etag = svc_json_get_text(object, "eTag");
    task->version_id = svc_json_get_text(object, "versionId");
}

static void read_bridge(const struct svc_json *document, struct image_task *task) {
    const struct svc_json *detail = svc_json_get(document, "detail");
    const struct svc_json *object = svc_json_get(detail, "object");
    task->is_created = is_text(document, "detail-type", "Object Created");
    task->bucket = svc_json_get_text(svc_json_get(detail, "bucket"), "name");
    task->raw_key = svc_json_bytes(svc_json_get(object, "key"), &task->raw_key_bytes);
    task->is_encoded = false;
    task->etag = svc_json_get_text(object, "etag");
    task->version_id = svc_json_get_text(object, "version-id");
}

/* What S3 itself or EventBridge says, alone or in a message. *problem says what is wrong. */
static enum svc_status read_notification(const struct svc_json *document, size_t group,
                                         struct image_event *event, const char **problem) {
    const struct svc_json *records = svc_json_get(document, "Records");
    *problem = NULL;
    if (is_text(document, "Event", "s3:TestEvent")) {
        return SVC_OK;
    }
    if (is_text(document, "source", "aws.s3")) {
        struct image_task *task = add_task(event, group);
        if (task == NULL) {
            return SVC_NO_MEMORY;
        }
        read_bridge(document, task);
        return SVC_OK;
    }
    if (svc_json_type(records) != SVC_JSON_ARRAY) {
        *problem = "neither a notification of S3 nor an event of EventBridge about S3";
        return SVC_MALFORMED;
    }
    const size_t count = svc_json_count(records);
    if (count > IMAGE_MAX_TASKS - event->task_count) {
        *problem = "too many records";
        return SVC_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct svc_json *record = svc_json_at(records, i);
        if (!is_text(record, "eventSource", "aws:s3")) {
            *problem = "a record is not from S3";
            return SVC_MALFORMED;
        }
        struct image_task *task = add_task(event, group);
        if (task == NULL) {
            return SVC_NO_MEMORY;
        }
        read_record(record, task);
    }
    return SVC_OK;
}

/* A message that cannot be read keeps its place, so that it can be answered as failed. */
static enum svc_status read_message(const struct svc_json *record, size_t index,
                                    struct image_event *event, struct svc_error *error) {
    struct image_group *group = &event->groups[index];
    const size_t tasks_before = event->task_count;
    const char *id = svc_json_get_text(record, "messageId");
    if (!is_text(record, "eventSource", "aws:sqs") || id == NULL) {
        return svc_fail(error, SVC_MALFORMED, "record %zu is no message of SQS", index);
    }
    group->id = id;
    size_t body_bytes = 0;
    const char *body = svc_json_bytes(svc_json_get(record, "body"), &body_bytes);
    if (body == NULL) {
        group->problem = "the message has no body";
        return SVC_OK;
    }
    enum svc_status status = svc_json_parse(body, body_bytes, 0, &group->body, NULL);
    if (status == SVC_OK) {
        status = read_notification(group->body, index, event, &group->problem);
    } else if (status != SVC_NO_MEMORY) {
        group->problem = "the body is not JSON";
    }
    if (status == SVC_NO_MEMORY) {
        return svc_fail(error, status, "%s", svc_status_message(status));
    }
    if (group->problem != NULL) {
        /* All of a message or nothing: it will come again as a whole. */
        event->task_count = tasks_before;
    }
    return SVC_OK;
}

static enum svc_status read_queue(const struct svc_json *records, struct image_event *event,
                                  struct svc_error *error) {
    const size_t count = svc_json_count(records);
    event->kind = IMAGE_EVENT_QUEUE;
    if (count > IMAGE_MAX_TASKS) {
        return svc_fail(error, SVC_TOO_LARGE, "too many messages");
    }
    enum svc_status status = make_groups(event, count);
    for (size_t i = 0; i < count && status == SVC_OK; i++) {
        status = read_message(svc_json_at(records, i), i, event, error);
    }
    return status;
}

/* The name at the end of arn:PARTITION:s3:::NAME. */
static const char *bucket_of_arn(const char *arn) {
    if (arn == NULL || !begins_with(arn, "arn:")) {
        return NULL;
    }
    const char *mark = strstr(arn, ":s3:::");
    return mark != NULL ? mark + strlen(":s3:::") : NULL;
}

static enum svc_status read_batch(const struct svc_json *document, struct image_event *event,
                                  struct svc_error *error) {
    const struct svc_json *tasks = svc_json_get(document, "tasks");
    const size_t count = svc_json_count(tasks);
    event->kind = IMAGE_EVENT_BATCH;
    event->schema = svc_json_get_text(document, "invocationSchemaVersion");
    event->invocation_id = svc_json_get_text(document, "invocationId");
    if (event->schema == NULL ||
        (strcmp(event->schema, "1.0") != 0 && strcmp(event->schema, "2.0") != 0)) {
        return svc_fail(error, SVC_MALFORMED, "the invocationSchemaVersion is neither 1.0 nor 2.0");
    }
    if (event->invocation_id == NULL || svc_json_type(tasks) != SVC_JSON_ARRAY) {
        return svc_fail(error, SVC_MALFORMED, "the batch has no invocationId or no tasks");
    }
    if (count > IMAGE_MAX_TASKS) {
        return svc_fail(error, SVC_TOO_LARGE, "too many tasks");
    }
    enum svc_status status = make_groups(event, count);
    for (size_t i = 0; i < count && status == SVC_OK; i++) {
        const struct svc_json *from = svc_json_at(tasks, i);
        const char *id = svc_json_get_text(from, "taskId");
        if (id == NULL) {
            return svc_fail(error, SVC_MALFORMED, "task %zu has no taskId", i);
        }
        struct image_task *task = add_task(event, i);
        if (task == NULL) {
            return SVC_NO_MEMORY;
        }
        event->groups[i].id = id;
        const char *bucket = svc_json_get_text(from, "s3Bucket");
        task->bucket =
            bucket != NULL ? bucket : bucket_of_arn(svc_json_get_text(from, "s3BucketArn"));
        task->raw_key = svc_json_bytes(svc_json_get(from, "s3Key"), &task->raw_key_bytes);
        task->is_encoded = true;
        task->is_created = true;
        task->is_rerun = true;
        task->version_id = svc_json_get_text(from, "s3VersionId");
    }
    return status;
}

enum svc_status image_event_read(const uint8_t *bytes, size_t size_bytes, struct image_event *event,
                                 struct svc_error *error) {
    memset(event, 0, sizeof(*event));
    enum svc_status status = svc_json_parse(bytes, size_bytes, 0, &event->document, error);
    if (status != SVC_OK) {
        return status;
    }
    const struct svc_json *records = svc_json_get(event->document, "Records");
    if (svc_json_has(event->document, "invocationSchemaVersion")) {
        status = read_batch(event->document, event, error);
    } else if (is_text(svc_json_at(records, 0), "eventSource", "aws:sqs")) {
        status = read_queue(records, event, error);
    } else {
        const char *problem = NULL;
        event->kind = IMAGE_EVENT_RECORDS;
        status = make_groups(event, 1);
        if (status == SVC_OK) {
            status = read_notification(event->document, 0, event, &problem);
        }
        if (problem != NULL) {
            return svc_fail(error, status, "%s", problem);
        }
    }
    if (status == SVC_NO_MEMORY) {
        svc_fail(error, status, "%s", svc_status_message(status));
    }
    return status;
}

void image_event_clear(struct image_event *event) {
    for (size_t i = 0; i < event->group_count; i++) {
        svc_json_free(event->groups[i].body);
    }
    free(event->groups);
    free(event->tasks);
    svc_json_free(event->document);
    memset(event, 0, sizeof(*event));
}
