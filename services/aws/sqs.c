/* SQS, one message at a time, and receiving: see sqs.h. */
#include <string.h>

#include "services/aws/sqs_message.h"
#include "services/base/text.h"

void awsc_sqs_begin(struct awsc_json_call *json, const char *operation, const char *queue_url,
                    int64_t deadline_ms) {
    awsc_json_begin(json, AWSC_SQS, operation, AWSC_MAX_SQS_JSON_BYTES);
    json->call.deadline_ms = deadline_ms;
    if (queue_url == NULL || queue_url[0] == '\0') {
        json->call.status = awsc_fail(&json->call.error, SVC_INVALID_ARGUMENT, "no URL of a queue");
    }
    svc_json_add_text(&json->writer, "QueueUrl", queue_url);
}

enum svc_status awsc_sqs_send(struct awsc_client *client, const char *queue_url,
                              const struct awsc_sqs_message *message,
                              char message_id[AWSC_SQS_ID_BYTES], int64_t deadline_ms,
                              struct awsc_error *error) {
    struct awsc_json_call json;
    struct awsc_error own;
    error = error != NULL ? error : &own;
    if (message_id != NULL) {
        message_id[0] = '\0';
    }
    enum svc_status status = awsc_sqs_check(message, error);
    if (status != SVC_OK) {
        return status;
    }
    awsc_sqs_begin(&json, "SendMessage", queue_url, deadline_ms);
    json.call.is_unrepeatable = message->send_once;
    awsc_sqs_write_message(&json.writer, message);
    status = awsc_json_run(client, &json, error);
    const char *id = svc_json_get_text(json.response, "MessageId");
    if (status == SVC_OK && (id == NULL || !awsc_sqs_md5_fits(json.response, message))) {
        status = awsc_fail(error, SVC_BAD_RESPONSE, "%s",
                           id == NULL ? "no MessageId" : "SQS queued something else");
        error->maybe_done = true;
    }
    if (message_id != NULL && status == SVC_OK) {
        svc_copy_text(message_id, AWSC_SQS_ID_BYTES, id);
    }
    awsc_json_end(client, &json);
    return status;
}

bool awsc_sqs_is_content_refusal(enum svc_status status, const char *code) {
    static const char *const codes[] = {"InvalidMessageContents", "InvalidParameterValue",
                                        "InvalidParameterValueException"};
    return status == SVC_MALFORMED || status == SVC_TOO_LARGE ||
           (status == SVC_REJECTED && SVC_IS_ONE_OF(code, codes));
}

enum svc_status awsc_sqs_delete(struct awsc_client *client, const char *queue_url,
                                const char *receipt_handle, int64_t deadline_ms,
                                struct awsc_error *error) {
    struct awsc_json_call json;
    awsc_error_clear(error);
    enum svc_status status = awsc_sqs_check_handle(receipt_handle, 0, error);
    if (status != SVC_OK) {
        return status;
    }
    awsc_sqs_begin(&json, "DeleteMessage", queue_url, deadline_ms);
    svc_json_add_text(&json.writer, "ReceiptHandle", receipt_handle);
    status = awsc_json_run(client, &json, error);
    awsc_json_end(client, &json);
    return status;
}

enum svc_status awsc_sqs_change_visibility(struct awsc_client *client, const char *queue_url,
                                           const char *receipt_handle, int visibility_s,
                                           int64_t deadline_ms, struct awsc_error *error) {
    struct awsc_json_call json;
    awsc_error_clear(error);
    enum svc_status status = awsc_sqs_check_handle(receipt_handle, visibility_s, error);
    if (status != SVC_OK) {
        return status;
    }
    awsc_sqs_begin(&json, "ChangeMessageVisibility", queue_url, deadline_ms);
    svc_json_add_text(&json.writer, "ReceiptHandle", receipt_handle);
    svc_json_add_int(&json.writer, "VisibilityTimeout", visibility_s);
    status = awsc_json_run(client, &json, error);
    awsc_json_end(client, &json);
    return status;
}

/* ---------------------------------------------------------------------- receiving */

struct reading {
    struct awsc_sqs_received_message *message;
    struct svc_buf *binary; /* large enough for all: what points into it stays valid */
};

/* Adds the attribute; false: it is malformed. */
static bool read_attribute(void *user, const char *name, const struct svc_json *value) {
    const struct reading *reading = user;
    struct awsc_sqs_received_message *message = reading->message;
    const char *type = svc_json_get_text(value, "DataType");
    if (message->attribute_count == AWSC_MAX_SQS_ATTRIBUTES || type == NULL) {
        return false;
    }
    struct awsc_sqs_attribute *attribute = &message->attributes[message->attribute_count++];
    attribute->name = name;
    if (strncmp(type, "Binary", 6) != 0) { /* "Number.int" and other labels of a caller's */
        attribute->type = strncmp(type, "Number", 6) == 0 ? AWSC_SQS_NUMBER : AWSC_SQS_STRING;
        attribute->value = svc_json_get_text(value, "StringValue");
        attribute->value_bytes = attribute->value != NULL ? strlen(attribute->value) : 0;
        return attribute->value != NULL;
    }
    const char *base64 = svc_json_get_text(value, "BinaryValue");
    size_t before = reading->binary->size_bytes;
    if (base64 == NULL || svc_base64_decode(base64, strlen(base64), reading->binary) != SVC_OK) {
        return false;
    }
    attribute->type = AWSC_SQS_BINARY;
    attribute->value = svc_buf_text(reading->binary) + before; /* "" if all are empty */
    attribute->value_bytes = reading->binary->size_bytes - before;
    return true;
}

static bool add_binary_size(void *user, const char *name, const struct svc_json *value) {
    size_t *size = user;
    const char *base64 = svc_json_get_text(value, "BinaryValue");
    (void)name;
    *size += base64 != NULL ? strlen(base64) : 0;
    return true;
}

static int64_t read_number(const struct svc_json *attributes, const char *name) {
    uint64_t number = 0;
    svc_parse_uint(svc_json_get_text(attributes, name), INT64_MAX, &number);
    return (int64_t)number;
}

static enum svc_status read_messages(const struct svc_json *reply,
                                     struct awsc_sqs_received *received, struct awsc_error *error) {
    const struct svc_json *messages = svc_json_get(reply, "Messages");
    size_t count = svc_json_count(messages), binary_bytes = 0;
    if (count > AWSC_MAX_SQS_BATCH) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "more messages than were asked for");
    }
    for (size_t i = 0; i < count; i++) {
        svc_json_members(svc_json_get(svc_json_at(messages, i), "MessageAttributes"),
                         add_binary_size, &binary_bytes);
    }
    if (binary_bytes > 0 && !svc_buf_reserve(&received->binary, binary_bytes)) {
        enum svc_status status = svc_buf_status(&received->binary);
        return awsc_fail(error, status, "%s", svc_status_message(status));
    }
    for (size_t i = 0; i < count; i++) {
        const struct svc_json *message = svc_json_at(messages, i);
        const struct svc_json *attributes = svc_json_get(message, "Attributes");
        const struct svc_json *own = svc_json_get(message, "MessageAttributes");
        struct awsc_sqs_received_message *out = &received->messages[i];
        struct reading reading = {out, &received->binary};
        out->message_id = svc_json_get_text(message, "MessageId");
        out->receipt_handle = svc_json_get_text(message, "ReceiptHandle");
        out->body = svc_json_get_text(message, "Body");
        out->group_id = svc_json_get_text(attributes, "MessageGroupId");
        out->receive_count = read_number(attributes, "ApproximateReceiveCount");
        out->sent_wall_ms = read_number(attributes, "SentTimestamp");
        if (out->message_id == NULL || out->receipt_handle == NULL || out->body == NULL ||
            (own != NULL && !svc_json_members(own, read_attribute, &reading))) {
            return awsc_fail(error, SVC_BAD_RESPONSE,
                             "a message without id, handle or body, or with a malformed attribute");
        }
    }
    received->count = count;
    return SVC_OK;
}

static void write_list(struct svc_json_writer *writer, const char *name, const char *const *texts,
                       size_t count) {
    svc_json_name(writer, name);
    svc_json_begin_array(writer);
    for (size_t i = 0; i < count; i++) {
        svc_json_put_text(writer, texts[i]);
    }
    svc_json_end_array(writer);
}

enum svc_status awsc_sqs_receive(struct awsc_client *client, const char *queue_url,
                                 int max_messages, int wait_s, struct awsc_sqs_received *received,
                                 int64_t deadline_ms, struct awsc_error *error) {
    static const char *const system[] = {"ApproximateReceiveCount", "SentTimestamp",
                                         "MessageGroupId"};
    static const char *const all[] = {"All"};
    struct awsc_json_call json;
    awsc_error_clear(error);
    memset(received, 0, sizeof(*received));
    svc_buf_init(&received->binary, AWSC_MAX_SQS_RESPONSE_BYTES);
    if (max_messages < 1 || max_messages > AWSC_MAX_SQS_BATCH || wait_s < 0 || wait_s > 20) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "1 to %d messages, 0 to 20 s",
                         AWSC_MAX_SQS_BATCH);
    }
    awsc_sqs_begin(&json, "ReceiveMessage", queue_url, deadline_ms);
    svc_json_add_int(&json.writer, "MaxNumberOfMessages", max_messages);
    svc_json_add_int(&json.writer, "WaitTimeSeconds", wait_s);
    write_list(&json.writer, "AttributeNames", system, sizeof(system) / sizeof(system[0]));
    write_list(&json.writer, "MessageAttributeNames", all, 1);
    json.call.stall_timeout_ms = (wait_s + 10) * 1000; /* nothing is sent while SQS waits */
    json.call.max_body_bytes = AWSC_MAX_SQS_RESPONSE_BYTES;
    enum svc_status status = awsc_json_run(client, &json, error);
    if (status == SVC_OK) {
        status = read_messages(json.response, received, error);
    }
    if (status == SVC_OK) {
        received->document = json.response;
        json.response = NULL;
    } else {
        awsc_sqs_received_clear(received);
    }
    awsc_json_end(client, &json);
    return status;
}

void awsc_sqs_received_clear(struct awsc_sqs_received *received) {
    svc_json_free(received->document);
    svc_buf_clear(&received->binary);
    memset(received, 0, sizeof(*received));
}

const struct awsc_sqs_attribute *
awsc_sqs_find_attribute(const struct awsc_sqs_received_message *message, const char *name) {
    for (size_t i = 0; i < message->attribute_count; i++) {
        if (strcmp(message->attributes[i].name, name) == 0) {
            return &message->attributes[i];
        }
    }
    return NULL;
}
