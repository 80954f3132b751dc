/* SQS: see sqs.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/aws/json_call.h"
#include "services/aws/sqs.h"
#include "services/base/text.h"

/* Escapes may make six bytes of one. */
#define MAX_REQUEST_BYTES (6 * AWSC_MAX_SQS_BYTES + (size_t)64 * 1024)

static void begin(struct awsc_json_call *json, const char *operation, const char *queue_url,
                  int64_t deadline_ms) {
    awsc_json_begin(json, AWSC_SQS, operation, MAX_REQUEST_BYTES);
    json->call.deadline_ms = deadline_ms;
    svc_json_add_text(&json->writer, "QueueUrl", queue_url);
}

static void add_message(struct svc_json_writer *writer, const struct awsc_sqs_message *message) {
    svc_json_add_text(writer, "MessageBody", message->body);
    if (message->delay_s > 0) {
        svc_json_add_int(writer, "DelaySeconds", message->delay_s);
    }
    if (message->group_id != NULL) {
        svc_json_add_text(writer, "MessageGroupId", message->group_id);
    }
    if (message->deduplication_id != NULL) {
        svc_json_add_text(writer, "MessageDeduplicationId", message->deduplication_id);
    }
}

static enum svc_status check_message(const struct awsc_sqs_message *message, size_t *bytes,
                                     struct awsc_error *error) {
    size_t size = message->body != NULL ? strlen(message->body) : 0;
    *bytes += size;
    if (size == 0 || *bytes > AWSC_MAX_SQS_BYTES || message->delay_s < 0 ||
        message->delay_s > 900) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT,
                         "a message has 1 to %zu bytes and a delay of 0 to 900 s",
                         AWSC_MAX_SQS_BYTES);
    }
    return SVC_OK;
}

/* SQS answers with the MD5 of the body it stored. */
static bool md5_fits(const struct svc_json *answer, const char *body) {
    const char *told = svc_json_get_text(answer, "MD5OfMessageBody");
    uint8_t hash[SVC_MAX_HASH_BYTES];
    char hex[2 * SVC_MAX_HASH_BYTES + 1];
    size_t size = 0;
    if (told == NULL) {
        return true;
    }
    if (svc_hash_of(SVC_HASH_MD5, body, strlen(body), hash, &size) != SVC_OK) {
        return true; /* where MD5 is not to be had, TLS has to do */
    }
    svc_hex(hash, size, hex);
    return strcmp(hex, told) == 0;
}

enum svc_status awsc_sqs_send(struct awsc_client *client, const char *queue_url,
                              const struct awsc_sqs_message *message,
                              char message_id[AWSC_SQS_ID_BYTES], int64_t deadline_ms,
                              struct awsc_error *error) {
    struct awsc_json_call json;
    size_t bytes = 0;
    awsc_error_clear(error);
    enum svc_status status = check_message(message, &bytes, error);
    if (status != SVC_OK) {
        return status;
    }
    begin(&json, "SendMessage", queue_url, deadline_ms);
    add_message(&json.writer, message);
    status = awsc_json_run(client, &json, error);
    const char *id = svc_json_get_text(json.response, "MessageId");
    if (status == SVC_OK && (id == NULL || !md5_fits(json.response, message->body))) {
        status = awsc_fail(error, SVC_BAD_RESPONSE,
                           id == NULL ? "no MessageId" : "what was queued is not what was sent");
    }
    if (message_id != NULL &&
        !svc_copy_text(message_id, AWSC_SQS_ID_BYTES, status == SVC_OK ? id : "")) {
        message_id[0] = '\0';
    }
    awsc_json_end(client, &json);
    return status;
}

/* ---------------------------------------------------------------------- batches */

/* An entry's id is its place in the caller's list. */
static bool entry_index(const struct svc_json *entry, size_t count, size_t *index) {
    const char *id = svc_json_get_text(entry, "Id");
    if (id == NULL || id[0] == '\0' || strlen(id) > 4 || id[strspn(id, "0123456789")] != '\0') {
        return false;
    }
    *index = (size_t)atoi(id);
    return *index < count;
}

static void read_batch(const struct svc_json *answer, const struct awsc_sqs_message *messages,
                       size_t count, struct awsc_sqs_sent *sent) {
    const struct svc_json *good = svc_json_get(answer, "Successful");
    const struct svc_json *bad = svc_json_get(answer, "Failed");
    size_t index = 0;
    for (size_t i = 0; i < svc_json_count(good); i++) {
        const struct svc_json *entry = svc_json_at(good, i);
        const char *id = svc_json_get_text(entry, "MessageId");
        if (entry_index(entry, count, &index) && id != NULL &&
            md5_fits(entry, messages[index].body) &&
            svc_copy_text(sent[index].message_id, sizeof(sent[index].message_id), id)) {
            sent[index].status = SVC_OK;
            sent[index].code[0] = '\0';
        }
    }
    for (size_t i = 0; i < svc_json_count(bad); i++) {
        const struct svc_json *entry = svc_json_at(bad, i);
        const char *code = svc_json_get_text(entry, "Code");
        if (entry_index(entry, count, &index) && sent[index].status != SVC_OK) {
            bool is_ours = false;
            svc_json_bool(svc_json_get(entry, "SenderFault"), &is_ours);
            svc_copy_text(sent[index].code, sizeof(sent[index].code), code != NULL ? code : "");
            sent[index].sender_fault = is_ours;
            sent[index].status =
                awsc_status_of(awsc_service_row(AWSC_SQS), is_ours ? 400 : 500, sent[index].code);
        }
    }
}

/* Those that are not sent yet and may still be. */
static enum svc_status send_rest(struct awsc_client *client, const char *queue_url,
                                 const struct awsc_sqs_message *messages, size_t count,
                                 struct awsc_sqs_sent *sent, int attempts_before,
                                 int64_t deadline_ms, struct awsc_error *error) {
    struct awsc_json_call json;
    begin(&json, "SendMessageBatch", queue_url, deadline_ms);
    json.call.attempts_before = attempts_before;
    svc_json_name(&json.writer, "Entries");
    svc_json_begin_array(&json.writer);
    for (size_t i = 0; i < count; i++) {
        if (sent[i].status != SVC_OK && !sent[i].sender_fault) {
            char id[8];
            snprintf(id, sizeof(id), "%zu", i % 10000);
            svc_json_begin_object(&json.writer);
            svc_json_add_text(&json.writer, "Id", id);
            add_message(&json.writer, &messages[i]);
            svc_json_end_object(&json.writer);
        }
    }
    svc_json_end_array(&json.writer);
    enum svc_status status = awsc_json_run(client, &json, error);
    if (status == SVC_OK) {
        read_batch(json.response, messages, count, sent);
    }
    awsc_json_end(client, &json);
    return status;
}

/* THROTTLED if any entry that may be sent again was, else TRANSIENT if there is one. */
static enum awsc_retry_kind rest_kind(const struct awsc_sqs_sent *sent, size_t count) {
    enum awsc_retry_kind kind = AWSC_RETRY_NOT;
    for (size_t i = 0; i < count; i++) {
        if (sent[i].status == SVC_OK || sent[i].sender_fault) {
            continue;
        }
        kind = sent[i].status == SVC_THROTTLED ? AWSC_RETRY_THROTTLED
               : kind == AWSC_RETRY_NOT        ? AWSC_RETRY_TRANSIENT
                                               : kind;
    }
    return kind;
}

enum svc_status awsc_sqs_send_batch(struct awsc_client *client, const char *queue_url,
                                    const struct awsc_sqs_message *messages, size_t count,
                                    struct awsc_sqs_sent *sent, int64_t deadline_ms,
                                    struct awsc_error *error) {
    struct awsc_error own;
    size_t bytes = 0;
    int cost = 0;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    if (count == 0 || count > AWSC_MAX_SQS_BATCH) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a batch has 1 to %d messages",
                         AWSC_MAX_SQS_BATCH);
    }
    deadline_ms = awsc_deadline(client, deadline_ms);
    for (size_t i = 0; i < count; i++) {
        memset(&sent[i], 0, sizeof(sent[i]));
        sent[i].status = SVC_BAD_RESPONSE; /* until the answer tells of it */
        enum svc_status status = check_message(&messages[i], &bytes, error);
        if (status != SVC_OK) {
            return status;
        }
    }
    for (bool is_first = true;; is_first = false) {
        enum svc_status status = send_rest(client, queue_url, messages, count, sent,
                                           error->attempts, deadline_ms, error);
        if (status != SVC_OK) {
            /* Of an earlier round some may be queued: then their own statuses count. */
            return is_first ? status : SVC_OK;
        }
        enum awsc_retry_kind kind = rest_kind(sent, count);
        if (kind == AWSC_RETRY_NOT ||
            !awsc_wait_for_retry(client, error->attempts, kind, deadline_ms, &cost)) {
            if (kind == AWSC_RETRY_NOT && cost > 0) {
                awsc_retry_give(&client->bucket, cost);
            }
            return SVC_OK;
        }
    }
}

/* ---------------------------------------------------------------------- receiving */

static enum svc_status read_messages(const struct svc_json *answer,
                                     struct awsc_sqs_received *received, struct awsc_error *error) {
    const struct svc_json *messages = svc_json_get(answer, "Messages");
    size_t count = svc_json_count(messages);
    if (count > AWSC_MAX_SQS_BATCH) {
        return awsc_fail(error, SVC_BAD_RESPONSE, "more messages than were asked for");
    }
    for (size_t i = 0; i < count; i++) {
        const struct svc_json *message = svc_json_at(messages, i);
        const struct svc_json *attributes = svc_json_get(message, "Attributes");
        const char *times = svc_json_get_text(attributes, "ApproximateReceiveCount");
        received->messages[i].message_id = svc_json_get_text(message, "MessageId");
        received->messages[i].receipt_handle = svc_json_get_text(message, "ReceiptHandle");
        received->messages[i].body = svc_json_get_text(message, "Body");
        received->messages[i].receive_count =
            times != NULL && strlen(times) < 10 ? strtol(times, NULL, 10) : 0;
        if (received->messages[i].message_id == NULL ||
            received->messages[i].receipt_handle == NULL || received->messages[i].body == NULL) {
            return awsc_fail(error, SVC_BAD_RESPONSE, "a message without id, handle or body");
        }
    }
    received->count = count;
    return SVC_OK;
}

enum svc_status awsc_sqs_receive(struct awsc_client *client, const char *queue_url,
                                 int max_messages, int wait_s, struct awsc_sqs_received *received,
                                 int64_t deadline_ms, struct awsc_error *error) {
    struct awsc_json_call json;
    awsc_error_clear(error);
    memset(received, 0, sizeof(*received));
    if (max_messages < 1 || max_messages > AWSC_MAX_SQS_BATCH || wait_s < 0 || wait_s > 20) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "1 to %d messages, 0 to 20 s",
                         AWSC_MAX_SQS_BATCH);
    }
    begin(&json, "ReceiveMessage", queue_url, deadline_ms);
    svc_json_add_int(&json.writer, "MaxNumberOfMessages", max_messages);
    svc_json_add_int(&json.writer, "WaitTimeSeconds", wait_s);
    svc_json_name(&json.writer, "AttributeNames");
    svc_json_begin_array(&json.writer);
    svc_json_put_text(&json.writer, "ApproximateReceiveCount");
    svc_json_end_array(&json.writer);
    json.call.stall_timeout_ms = (wait_s + 10) * 1000; /* nothing moves while SQS waits */
    /* Ten messages of the largest size, with every byte escaped. */
    json.call.max_body_bytes = (uint64_t)AWSC_MAX_SQS_BATCH * MAX_REQUEST_BYTES;
    enum svc_status status = awsc_json_run(client, &json, error);
    if (status == SVC_OK) {
        status = read_messages(json.response, received, error);
    }
    if (status == SVC_OK) {
        received->document = json.response;
        json.response = NULL;
    }
    awsc_json_end(client, &json);
    return status;
}

void awsc_sqs_received_clear(struct awsc_sqs_received *received) {
    svc_json_free(received->document);
    memset(received, 0, sizeof(*received));
}

enum svc_status awsc_sqs_delete(struct awsc_client *client, const char *queue_url,
                                const char *receipt_handle, int64_t deadline_ms,
                                struct awsc_error *error) {
    struct awsc_json_call json;
    begin(&json, "DeleteMessage", queue_url, deadline_ms);
    svc_json_add_text(&json.writer, "ReceiptHandle", receipt_handle);
    enum svc_status status = awsc_json_run(client, &json, error);
    awsc_json_end(client, &json);
    return status;
}
