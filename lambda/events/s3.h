/* Objects of S3 that an event names, whatever carried the event:
 *
 *   S3 notification        {"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put",
 *                          "s3":{"bucket":{"name":"..."},"object":{"key":"...","size":1024,
 *                          "eTag":"...","versionId":"...","sequencer":"..."}}}]}, keys form-encoded
 *   its test event         {"Service":"Amazon S3","Event":"s3:TestEvent",...}: names no object
 *   EventBridge            {"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":
 *                          {"name":"..."},"object":{"key":"...","size":5,"etag":"...",
 *                          "version-id":"...","sequencer":"..."}}}, keys as they are
 *   one of these by SNS    Records[].Sns.Message, or the envelope in the body of an SQS message
 *
 * In SQS each message fails by itself, so sqs.h reads the list of messages, and lev_s3_read_body
 * each body: one of the above, with or without the envelope of SNS (raw delivery).
 *
 * A record that lacks its bucket or key, or has them of the wrong type, is still listed, with NULL
 * there: its own failure, not that of the others. Format: "Event message structure" and "Using
 * EventBridge" in the S3 user guide. */
#ifndef LEV_S3_H
#define LEV_S3_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/json.h"
#include "services/base/status.h"

/* In one event. S3 sends one; a full SQS message of 1 MiB holds a few thousand. */
#define LEV_MAX_S3_OBJECTS ((size_t)20000)

/* All pointers live as long as the event. */
struct lev_s3_object {
    bool is_created;        /* false: an event of another kind, such as a removal */
    const char *event_name; /* "ObjectCreated:Put"; by EventBridge "Object Created"; NULL */
    const char *bucket;     /* NULL: not named */
    const char *raw_key;    /* as in the event, see lev_s3_key; NULL: not named */
    size_t raw_key_bytes;   /* may hold any byte, U+0000 included */
    bool is_encoded;        /* raw_key is form-encoded */
    const char *etag;       /* without quotes; NULL: not stated */
    const char *version_id; /* NULL: not stated */
    const char *sequencer;  /* hexadecimal: compared after padding with zeros on the right, the
                               larger is the later event of one key; NULL: not stated */
    int64_t size_bytes;     /* -1: not stated */
};

struct lev_s3_event {
    struct lev_s3_object *objects; /* in the event's order */
    size_t count, capacity;
    struct svc_json **documents; /* parsed out of messages, owned: what `objects` points into */
    size_t document_count, document_capacity;
};

/* Reads every form but SQS. `document` outlives `event`, which is cleared with lev_s3_clear, also
 * after a failure. Errors: MALFORMED (none of these forms, or a record of another service),
 * TOO_LARGE (LEV_MAX_S3_OBJECTS), NO_MEMORY. */
enum svc_status lev_s3_read(const struct svc_json *document, struct lev_s3_event *event,
                            struct svc_error *error);
/* The same from text, such as the body of an SQS message; bytes NULL is MALFORMED. `bytes` need not
 * outlive the call. */
enum svc_status lev_s3_read_body(const char *bytes, size_t size_bytes, struct lev_s3_event *event,
                                 struct svc_error *error);
void lev_s3_clear(struct lev_s3_event *event);

/* Appends the key as S3 has it. Errors: MALFORMED (no key, empty, a '%' that two hex digits do not
 * follow, a NUL, not UTF-8), TOO_LARGE (over AWSC_MAX_S3_KEY_BYTES), NO_MEMORY. */
enum svc_status lev_s3_key(const struct lev_s3_object *object, struct svc_buf *key);

#endif
