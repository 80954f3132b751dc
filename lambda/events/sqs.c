/* Messages of SQS: see sqs.h. */
#include "lambda/events/sqs.h"

#include <stdlib.h>
#include <string.h>

#include "lambda/events/fields.h"
#include "services/base/partition.h"
#include "services/base/text.h"

#define MAX_ARN_BYTES 512 /* a queue's name has 80 at most */

static void read_record(const struct svc_json *from, struct lev_sqs_record *record) {
    const struct svc_json *system = svc_json_get(from, "attributes");
    *record = (struct lev_sqs_record){
        .message_id = svc_json_get_text(from, "messageId"),
        .receipt_handle = svc_json_get_text(from, "receiptHandle"),
        .group_id = svc_json_get_text(system, "MessageGroupId"),
        .queue_arn = svc_json_get_text(from, "eventSourceARN"),
        .sent_ms = -1,
        .first_received_ms = -1,
        .attributes = svc_json_get(from, "messageAttributes"),
    };
    record->body = svc_json_bytes(svc_json_get(from, "body"), &record->body_bytes);
    lev_get_decimal(system, "ApproximateReceiveCount", &record->receive_count);
    lev_get_decimal(system, "SentTimestamp", &record->sent_ms);
    lev_get_decimal(system, "ApproximateFirstReceiveTimestamp", &record->first_received_ms);
    record->is_fifo = svc_ends_with(lev_sqs_queue_name(record), ".fifo");
}

enum svc_status lev_sqs_read(const struct svc_json *document, struct lev_sqs_event *event,
                             struct svc_error *error) {
    const struct svc_json *records = svc_json_get(document, "Records");
    const size_t count = svc_json_count(records);
    memset(event, 0, sizeof(*event));
    if (svc_json_type(records) != SVC_JSON_ARRAY) {
        return svc_fail(error, SVC_MALFORMED, "no event of SQS: there is no list of records");
    }
    if (count > LEV_MAX_SQS_RECORDS) {
        return svc_fail(error, SVC_TOO_LARGE, "more than %zu messages", LEV_MAX_SQS_RECORDS);
    }
    event->records = calloc(count > 0 ? count : 1, sizeof(*event->records));
    if (event->records == NULL) {
        return lev_no_memory(error);
    }
    for (size_t i = 0; i < count; i++) {
        const struct svc_json *from = svc_json_at(records, i);
        read_record(from, &event->records[i]);
        if (!lev_is_text(from, "eventSource", "aws:sqs") || event->records[i].message_id == NULL) {
            return svc_fail(error, SVC_MALFORMED, "record %zu is not a message of SQS", i);
        }
        event->count++;
    }
    return SVC_OK;
}

void lev_sqs_clear(struct lev_sqs_event *event) {
    free(event->records);
    memset(event, 0, sizeof(*event));
}

const char *lev_sqs_queue_name(const struct lev_sqs_record *record) {
    if (record->queue_arn == NULL) {
        return "";
    }
    const char *colon = strrchr(record->queue_arn, ':');
    return colon != NULL ? colon + 1 : record->queue_arn;
}

/* The parts of arn:PARTITION:sqs:REGION:ACCOUNT:QUEUE: where each begins, and how long it is. */
enum part { ARN, PARTITION, SERVICE, REGION, ACCOUNT, QUEUE, PARTS };
struct slice {
    const char *text;
    int size_bytes;
};

/* Only characters that mean nothing in a URL; false also for an empty part. */
static bool is_plain(const struct slice *slice) {
    for (int i = 0; i < slice->size_bytes; i++) {
        const char c = slice->text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.')) {
            return false;
        }
    }
    return slice->size_bytes > 0;
}

static bool split_arn(const char *arn, struct slice parts[PARTS]) {
    const char *at = arn;
    if (at == NULL || strlen(at) > MAX_ARN_BYTES) {
        return false;
    }
    for (int i = 0; i < PARTS; i++) {
        parts[i] = (struct slice){at, (int)strcspn(at, ":")};
        at += parts[i].size_bytes;
        if (!is_plain(&parts[i]) || *at != (i + 1 < PARTS ? ':' : '\0')) {
            return false;
        }
        at += i + 1 < PARTS;
    }
    return true;
}

static bool equals(const struct slice *slice, const char *text) {
    return (size_t)slice->size_bytes == strlen(text) &&
           memcmp(slice->text, text, strlen(text)) == 0;
}

enum svc_status lev_sqs_queue_url(const struct lev_sqs_record *record, struct svc_buf *url) {
    struct slice parts[PARTS];
    if (!split_arn(record->queue_arn, parts) || !equals(&parts[ARN], "arn") ||
        !equals(&parts[SERVICE], "sqs")) {
        return SVC_MALFORMED;
    }
    const struct svc_partition *partition =
        svc_partition_named(parts[PARTITION].text, (size_t)parts[PARTITION].size_bytes);
    if (partition == NULL) {
        return SVC_MALFORMED;
    }
    svc_buf_printf(url, "https://sqs.%.*s.%s/%.*s/%.*s", parts[REGION].size_bytes,
                   parts[REGION].text, partition->dns_suffix, parts[ACCOUNT].size_bytes,
                   parts[ACCOUNT].text, parts[QUEUE].size_bytes, parts[QUEUE].text);
    return svc_buf_status(url);
}

bool lev_sqs_attribute(const struct lev_sqs_record *record, const char *name,
                       struct lev_attribute *attribute) {
    const struct svc_json *found = svc_json_get(record->attributes, name);
    memset(attribute, 0, sizeof(*attribute));
    attribute->type = svc_json_get_text(found, "dataType");
    attribute->is_binary = attribute->type != NULL && lev_begins_with(attribute->type, "Binary");
    attribute->value =
        svc_json_bytes(svc_json_get(found, attribute->is_binary ? "binaryValue" : "stringValue"),
                       &attribute->value_bytes);
    return attribute->type != NULL && attribute->value != NULL;
}
