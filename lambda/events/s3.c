/* Objects of S3 in events: see s3.h. */
#include "lambda/events/s3.h"

#include <stdlib.h>
#include <string.h>

#include "lambda/events/eventbridge.h"
#include "lambda/events/fields.h"
#include "lambda/events/sns.h"
#include "services/base/limits.h"
#include "services/base/text.h"

/* Makes space for one more element in a growing array. */
static bool grow(void **elements, size_t count, size_t *capacity, size_t element_bytes) {
    if (count < *capacity) {
        return true;
    }
    const size_t wanted = *capacity == 0 ? 4 : 2 * *capacity;
    void *grown = realloc(*elements, wanted * element_bytes);
    if (grown == NULL) {
        return false;
    }
    *elements = grown;
    *capacity = wanted;
    return true;
}

static enum svc_status add_object(struct lev_s3_event *event, const struct lev_s3_object *object,
                                  struct svc_error *error) {
    if (event->count == LEV_MAX_S3_OBJECTS) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu objects of S3", LEV_MAX_S3_OBJECTS);
    }
    void *objects = event->objects;
    if (!grow(&objects, event->count, &event->capacity, sizeof(*event->objects))) {
        return lev_no_memory(error);
    }
    event->objects = objects;
    event->objects[event->count++] = *object;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- one object */

static int64_t size_of(const struct svc_json *object) {
    int64_t size_bytes = -1;
    return svc_json_get_int(object, "size", &size_bytes) && size_bytes >= 0 ? size_bytes : -1;
}

static struct lev_s3_object object_of_record(const struct svc_json *record) {
    const struct svc_json *s3 = svc_json_get(record, "s3");
    const struct svc_json *from = svc_json_get(s3, "object");
    const char *name = svc_json_get_text(record, "eventName");
    struct lev_s3_object object = {
        .event_name = name,
        .is_created = name == NULL || lev_begins_with(name, "ObjectCreated:") ||
                      lev_begins_with(name, "s3:ObjectCreated:"),
        .bucket = svc_json_get_text(svc_json_get(s3, "bucket"), "name"),
        .is_encoded = true,
        .etag = svc_json_get_text(from, "eTag"),
        .version_id = svc_json_get_text(from, "versionId"),
        .sequencer = svc_json_get_text(from, "sequencer"),
        .size_bytes = size_of(from),
    };
    object.raw_key = svc_json_bytes(svc_json_get(from, "key"), &object.raw_key_bytes);
    return object;
}

static struct lev_s3_object object_of_bridge(const struct lev_eventbridge *bridge) {
    const struct svc_json *from = svc_json_get(bridge->detail, "object");
    struct lev_s3_object object = {
        .event_name = bridge->detail_type,
        .is_created = strcmp(bridge->detail_type, "Object Created") == 0,
        .bucket = svc_json_get_text(svc_json_get(bridge->detail, "bucket"), "name"),
        .is_encoded = false,
        .etag = svc_json_get_text(from, "etag"),
        .version_id = svc_json_get_text(from, "version-id"),
        .sequencer = svc_json_get_text(from, "sequencer"),
        .size_bytes = size_of(from),
    };
    object.raw_key = svc_json_bytes(svc_json_get(from, "key"), &object.raw_key_bytes);
    return object;
}

enum svc_status lev_s3_key(const struct lev_s3_object *object, struct svc_buf *key) {
    if (object->raw_key == NULL) {
        return SVC_MALFORMED;
    }
    /* Each byte takes at most three characters: what is longer is too large in any case. */
    if (object->raw_key_bytes > 3 * AWSC_MAX_S3_KEY_BYTES) {
        return SVC_TOO_LARGE;
    }
    const size_t before_bytes = key->size_bytes;
    enum svc_status status = SVC_OK;
    if (object->is_encoded) {
        status = svc_percent_decode(object->raw_key, object->raw_key_bytes, true, key);
    } else if (!svc_buf_append(key, object->raw_key, object->raw_key_bytes)) {
        status = svc_buf_status(key);
    }
    if (status != SVC_OK) {
        return status;
    }
    const size_t key_bytes = key->size_bytes - before_bytes;
    if (key_bytes > AWSC_MAX_S3_KEY_BYTES) {
        return SVC_TOO_LARGE;
    }
    if (key_bytes == 0 || memchr(key->bytes + before_bytes, '\0', key_bytes) != NULL ||
        !svc_utf8_valid(key->bytes + before_bytes, key_bytes)) {
        return SVC_MALFORMED;
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- one document */

/* What S3 or EventBridge wrote, without what carried it. */
static enum svc_status read_bare(const struct svc_json *document, struct lev_s3_event *event,
                                 struct svc_error *error) {
    const struct svc_json *records = svc_json_get(document, "Records");
    struct lev_eventbridge bridge;
    if (lev_is_text(document, "Event", "s3:TestEvent")) {
        return SVC_OK;
    }
    if (lev_is_text(document, "source", "aws.s3") && lev_eventbridge_read(document, &bridge)) {
        const struct lev_s3_object object = object_of_bridge(&bridge);
        return add_object(event, &object, error);
    }
    if (svc_json_type(records) != SVC_JSON_ARRAY) {
        return svc_fail(error, SVC_MALFORMED,
                        "neither a notification of S3 nor an event of EventBridge about S3");
    }
    const size_t count = svc_json_count(records);
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < count && status == SVC_OK; i++) {
        const struct svc_json *record = svc_json_at(records, i);
        if (!lev_is_text(record, "eventSource", "aws:s3")) {
            return svc_fail(error, SVC_MALFORMED, "a record is not from S3");
        }
        const struct lev_s3_object object = object_of_record(record);
        status = add_object(event, &object, error);
    }
    return status;
}

/* Parses text into a document that the event owns. */
static enum svc_status parse(const char *bytes, size_t size_bytes, const char *what,
                             struct lev_s3_event *event, struct svc_json **document,
                             struct svc_error *error) {
    void *documents = event->documents;
    if (!grow(&documents, event->document_count, &event->document_capacity,
              sizeof(*event->documents))) {
        return lev_no_memory(error);
    }
    event->documents = documents;
    const enum svc_status status = svc_json_parse(bytes, size_bytes, 0, document, error);
    if (status == SVC_MALFORMED) {
        return svc_fail(error, status, "%s is not JSON", what);
    }
    if (status == SVC_OK) {
        event->documents[event->document_count++] = *document;
    }
    return status;
}

/* A message of SNS carries bare events only: nothing is unwrapped twice. */
static enum svc_status read_message(const struct lev_sns_message *message,
                                    struct lev_s3_event *event, struct svc_error *error) {
    struct svc_json *document = NULL;
    const enum svc_status status = parse(message->message, message->message_bytes,
                                         "the message of SNS", event, &document, error);
    return status == SVC_OK ? read_bare(document, event, error) : status;
}

static enum svc_status read_sns(const struct svc_json *document, struct lev_s3_event *event,
                                struct svc_error *error) {
    struct lev_sns_event messages;
    enum svc_status status = lev_sns_read(document, &messages, error);
    for (size_t i = 0; i < messages.count && status == SVC_OK; i++) {
        status = read_message(&messages.messages[i], event, error);
    }
    lev_sns_clear(&messages);
    return status;
}

static enum svc_status read_document(const struct svc_json *document, struct lev_s3_event *event,
                                     struct svc_error *error) {
    const struct svc_json *first = svc_json_at(svc_json_get(document, "Records"), 0);
    if (lev_is_text(first, "EventSource", "aws:sns")) {
        return read_sns(document, event, error);
    }
    if (lev_sns_is_envelope(document)) {
        struct lev_sns_message message;
        const enum svc_status status = lev_sns_read_envelope(document, &message, error);
        return status == SVC_OK ? read_message(&message, event, error) : status;
    }
    return read_bare(document, event, error);
}

enum svc_status lev_s3_read(const struct svc_json *document, struct lev_s3_event *event,
                            struct svc_error *error) {
    memset(event, 0, sizeof(*event));
    return read_document(document, event, error);
}

enum svc_status lev_s3_read_body(const char *bytes, size_t size_bytes, struct lev_s3_event *event,
                                 struct svc_error *error) {
    struct svc_json *document = NULL;
    memset(event, 0, sizeof(*event));
    if (bytes == NULL) {
        return svc_fail(error, SVC_MALFORMED, "the message has no body");
    }
    const enum svc_status status = parse(bytes, size_bytes, "the body", event, &document, error);
    return status == SVC_OK ? read_document(document, event, error) : status;
}

void lev_s3_clear(struct lev_s3_event *event) {
    for (size_t i = 0; i < event->document_count; i++) {
        svc_json_free(event->documents[i]);
    }
    free(event->documents);
    free(event->objects);
    memset(event, 0, sizeof(*event));
}
