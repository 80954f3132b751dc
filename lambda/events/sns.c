/* Messages of SNS: see sns.h. */
#include "lambda/events/sns.h"

#include <stdlib.h>
#include <string.h>

#include "lambda/events/fields.h"

bool lev_sns_is_envelope(const struct svc_json *body) {
    return svc_json_get_text(body, "Type") != NULL &&
           svc_json_get_text(body, "MessageId") != NULL &&
           svc_json_get_text(body, "TopicArn") != NULL;
}

enum svc_status lev_sns_read_envelope(const struct svc_json *body, struct lev_sns_message *message,
                                      struct svc_error *error) {
    memset(message, 0, sizeof(*message));
    if (!lev_is_text(body, "Type", "Notification")) {
        return svc_fail(error, SVC_MALFORMED, "a message of SNS that is not a Notification");
    }
    message->id = svc_json_get_text(body, "MessageId");
    message->topic_arn = svc_json_get_text(body, "TopicArn");
    message->subject = svc_json_get_text(body, "Subject");
    message->message = svc_json_bytes(svc_json_get(body, "Message"), &message->message_bytes);
    message->attributes = svc_json_get(body, "MessageAttributes");
    if (message->id == NULL || message->message == NULL) {
        return svc_fail(error, SVC_MALFORMED, "a message of SNS without MessageId or Message");
    }
    return SVC_OK;
}

enum svc_status lev_sns_read(const struct svc_json *document, struct lev_sns_event *event,
                             struct svc_error *error) {
    const struct svc_json *records = svc_json_get(document, "Records");
    const size_t count = svc_json_count(records);
    memset(event, 0, sizeof(*event));
    if (svc_json_type(records) != SVC_JSON_ARRAY) {
        return svc_fail(error, SVC_MALFORMED, "no event of SNS: there is no list of records");
    }
    if (count > LEV_MAX_SNS_RECORDS) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu records of SNS", LEV_MAX_SNS_RECORDS);
    }
    event->messages = calloc(count > 0 ? count : 1, sizeof(*event->messages));
    if (event->messages == NULL) {
        return lev_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        const struct svc_json *record = svc_json_at(records, i);
        if (!lev_is_text(record, "EventSource", "aws:sns")) {
            return svc_fail(error, SVC_MALFORMED, "record %zu is not from SNS", i);
        }
        const enum svc_status status =
            lev_sns_read_envelope(svc_json_get(record, "Sns"), &event->messages[i], error);
        if (status != SVC_OK) {
            return status;
        }
        event->count++;
    }
    return SVC_OK;
}

void lev_sns_clear(struct lev_sns_event *event) {
    free(event->messages);
    memset(event, 0, sizeof(*event));
}

bool lev_sns_attribute(const struct lev_sns_message *message, const char *name,
                       struct lev_attribute *attribute) {
    const struct svc_json *found = svc_json_get(message->attributes, name);
    memset(attribute, 0, sizeof(*attribute));
    attribute->type = svc_json_get_text(found, "Type");
    attribute->value = svc_json_bytes(svc_json_get(found, "Value"), &attribute->value_bytes);
    attribute->is_binary = attribute->type != NULL && lev_begins_with(attribute->type, "Binary");
    return attribute->type != NULL && attribute->value != NULL;
}
