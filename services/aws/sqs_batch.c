/* Batches of SQS: entries of which each has a status of its own. See sqs.h. */
#include <string.h>

#include "services/aws/call_retry.h"
#include "services/aws/responses.h"
#include "services/aws/sqs_message.h"
#include "services/base/text.h"

/* What the three operations differ in. An entry's id is its index in the caller's list. */
struct batch {
    const char *operation, *queue_url;
    const void *entries;
    size_t count;
    struct awsc_sqs_result *results;
    bool is_unrepeatable;
    int64_t deadline_ms;
    /* Why an entry is refused before anything is sent. */
    enum svc_status (*check)(const void *entries, size_t i, struct awsc_error *refusal);
    size_t (*size)(const void *entries, size_t i); /* counts for AWSC_MAX_SQS_BYTES */
    void (*write)(struct svc_json_writer *writer, const void *entries, size_t i);
    /* Whether SQS's result of an entry that succeeded makes sense. */
    bool (*read)(const struct svc_json *entry, const void *entries, size_t i,
                 struct awsc_sqs_result *result);
    bool is_settled[AWSC_MAX_SQS_BATCH]; /* not sent (again) */
    struct awsc_error first;             /* the first failure */
};

static void note_failure(struct batch *batch, const struct awsc_error *error) {
    if (batch->first.status == SVC_OK) {
        batch->first = *error;
    }
}

static void settle(struct batch *batch, size_t i, enum svc_status status) {
    batch->is_settled[i] = true;
    batch->results[i].status = status;
}

/* Sets every result and refuses bad entries; false if the count is none of a batch. */
static bool begin_batch(struct batch *batch, struct awsc_error *error) {
    struct awsc_error refusal;
    bool is_good = batch->count > 0 && batch->count <= AWSC_MAX_SQS_BATCH;
    memset(&batch->first, 0, sizeof(batch->first));
    memset(batch->is_settled, 0, sizeof(batch->is_settled));
    for (size_t i = 0; i < batch->count; i++) {
        memset(&batch->results[i], 0, sizeof(batch->results[i]));
        batch->results[i].status = is_good ? SVC_BAD_RESPONSE : SVC_INVALID_ARGUMENT;
        batch->results[i].sender_fault = !is_good;
    }
    if (!is_good) {
        awsc_fail(error, SVC_INVALID_ARGUMENT, "a batch has 1 to %d entries", AWSC_MAX_SQS_BATCH);
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        awsc_error_clear(&refusal);
        if (batch->check(batch->entries, i, &refusal) != SVC_OK) {
            settle(batch, i, refusal.status);
            batch->results[i].sender_fault = true;
            note_failure(batch, &refusal);
        }
    }
    return true;
}

/* ---------------------------------------------------------------------- one request */

static bool entry_index(const struct svc_json *entry, const bool *is_in, size_t *index) {
    const char *id = svc_json_get_text(entry, "Id");
    if (id == NULL || id[0] < '0' || id[0] > '9' || id[1] != '\0') {
        return false;
    }
    *index = (size_t)(id[0] - '0');
    return is_in[*index];
}

/* A failed entry counts as a response of its own: 400 if the fault is the sender's, else 500. An
 * entry that may have been carried out stays open only if it may be carried out twice. */
static void read_failed(struct batch *batch, const struct svc_json *entry, size_t i) {
    struct awsc_sqs_result *result = &batch->results[i];
    const char *code = svc_json_get_text(entry, "Code");
    struct awsc_error failure = {0};
    bool is_ours = false;
    svc_json_bool(svc_json_get(entry, "SenderFault"), &is_ours);
    svc_copy_text(result->code, sizeof(result->code), code != NULL ? code : "");
    svc_replace_controls(result->code);
    svc_copy_text(failure.code, sizeof(failure.code), result->code);
    failure.http_status = is_ours ? 400 : 500;
    result->status = awsc_status_of(awsc_service_row(AWSC_SQS), failure.http_status, result->code);
    result->sender_fault = is_ours;
    result->maybe_done |= !awsc_is_refusal(&failure);
    batch->is_settled[i] = is_ours || (batch->is_unrepeatable && result->maybe_done);
}

static void read_reply(struct batch *batch, const struct svc_json *reply, bool *is_in) {
    const struct svc_json *good = svc_json_get(reply, "Successful");
    const struct svc_json *bad = svc_json_get(reply, "Failed");
    size_t i = 0;
    for (size_t k = 0; k < svc_json_count(good); k++) {
        const struct svc_json *entry = svc_json_at(good, k);
        if (entry_index(entry, is_in, &i) &&
            batch->read(entry, batch->entries, i, &batch->results[i])) {
            settle(batch, i, SVC_OK);
            batch->results[i].code[0] = '\0';
            batch->results[i].maybe_done = false;
            is_in[i] = false;
        }
    }
    for (size_t k = 0; k < svc_json_count(bad); k++) {
        const struct svc_json *entry = svc_json_at(bad, k);
        if (entry_index(entry, is_in, &i)) {
            read_failed(batch, entry, i);
            is_in[i] = false;
        }
    }
    /* Entries that the reply does not mention, or reports with another MD5: they may be queued, so
     * they are not sent again. */
    for (i = 0; i < batch->count; i++) {
        if (is_in[i]) {
            settle(batch, i, SVC_BAD_RESPONSE);
            batch->results[i].maybe_done = true;
        }
    }
}

/* Sends the open entries from `from` on, as many as one request takes; returns where the next
 * request begins. */
static size_t send_some(struct awsc_client *client, struct batch *batch, size_t from,
                        int attempts_before, struct awsc_error *error) {
    struct awsc_json_call json;
    bool is_in[AWSC_MAX_SQS_BATCH] = {false};
    size_t bytes = 0, i = from;
    awsc_sqs_begin(&json, batch->operation, batch->queue_url, batch->deadline_ms);
    json.call.attempts_before = attempts_before;
    json.call.is_unrepeatable = batch->is_unrepeatable;
    svc_json_name(&json.writer, "Entries");
    svc_json_begin_array(&json.writer);
    for (; i < batch->count; i++) {
        if (batch->is_settled[i]) {
            continue;
        }
        bytes += batch->size(batch->entries, i);
        if (bytes > AWSC_MAX_SQS_BYTES) {
            break;
        }
        char id[2] = {(char)('0' + i), '\0'};
        is_in[i] = true;
        svc_json_begin_object(&json.writer);
        svc_json_add_text(&json.writer, "Id", id);
        batch->write(&json.writer, batch->entries, i);
        svc_json_end_object(&json.writer);
    }
    svc_json_end_array(&json.writer);
    enum svc_status status = awsc_json_run(client, &json, error);
    if (status == SVC_OK) {
        read_reply(batch, json.response, is_in);
    } else {
        note_failure(batch, error);
        for (size_t k = from; k < i; k++) {
            if (is_in[k]) {
                settle(batch, k, status);
                batch->results[k].maybe_done |= error->maybe_done;
                svc_copy_text(batch->results[k].code, sizeof(batch->results[k].code), error->code);
            }
        }
    }
    awsc_json_end(client, &json);
    return i;
}

/* ---------------------------------------------------------------------- all of it */

/* THROTTLED if any open entry was, else TRANSIENT if there is one. */
static enum awsc_retry_kind open_kind(const struct batch *batch) {
    enum awsc_retry_kind kind = AWSC_RETRY_NOT;
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->is_settled[i]) {
            kind = batch->results[i].status == SVC_THROTTLED || kind == AWSC_RETRY_THROTTLED
                       ? AWSC_RETRY_THROTTLED
                       : AWSC_RETRY_TRANSIENT;
        }
    }
    return kind;
}

/* OK, or the first failure: of a refused entry, of a request, else of an entry. */
static enum svc_status end_batch(struct batch *batch, struct awsc_error *error) {
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->results[i].status != SVC_OK && batch->first.status == SVC_OK) {
            batch->first = *error;
            awsc_fail(&batch->first, batch->results[i].status, "entry %zu failed", i);
            svc_copy_text(batch->first.code, sizeof(batch->first.code), batch->results[i].code);
            batch->first.maybe_done = batch->results[i].maybe_done;
        }
    }
    if (batch->first.status != SVC_OK) {
        *error = batch->first;
    }
    return batch->first.status;
}

static enum svc_status run_batch(struct awsc_client *client, struct batch *batch,
                                 struct awsc_error *error) {
    struct awsc_error own;
    int attempts = 0, cost = 0;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    if (!begin_batch(batch, error)) {
        return SVC_INVALID_ARGUMENT;
    }
    batch->deadline_ms = awsc_deadline(client, batch->deadline_ms);
    for (;;) {
        int before = attempts;
        size_t next = 0;
        while (next < batch->count) {
            while (next < batch->count && batch->is_settled[next]) {
                next++;
            }
            if (next < batch->count) {
                next = send_some(client, batch, next, before, error);
                attempts = error->attempts > attempts ? error->attempts : attempts;
            }
        }
        enum awsc_retry_kind kind = open_kind(batch);
        if (kind == AWSC_RETRY_NOT && cost > 0) {
            awsc_retry_give(&client->bucket, cost);
        }
        if (kind == AWSC_RETRY_NOT ||
            !awsc_wait_for_retry(client, attempts, kind, batch->deadline_ms, &cost)) {
            return end_batch(batch, error);
        }
    }
}

/* ---------------------------------------------------------------------- the operations */

static size_t no_size(const void *entries, size_t i) {
    (void)entries, (void)i;
    return 0;
}

static bool read_nothing(const struct svc_json *entry, const void *entries, size_t i,
                         struct awsc_sqs_result *result) {
    (void)entry, (void)entries, (void)i, (void)result;
    return true;
}

static enum svc_status check_message(const void *entries, size_t i, struct awsc_error *refusal) {
    return awsc_sqs_check((const struct awsc_sqs_message *)entries + i, refusal);
}

static size_t message_size(const void *entries, size_t i) {
    return awsc_sqs_size((const struct awsc_sqs_message *)entries + i);
}

static void write_message(struct svc_json_writer *writer, const void *entries, size_t i) {
    awsc_sqs_write_message(writer, (const struct awsc_sqs_message *)entries + i);
}

static bool read_message(const struct svc_json *entry, const void *entries, size_t i,
                         struct awsc_sqs_result *result) {
    const char *id = svc_json_get_text(entry, "MessageId");
    return id != NULL && awsc_sqs_md5_fits(entry, (const struct awsc_sqs_message *)entries + i) &&
           svc_copy_text(result->message_id, sizeof(result->message_id), id);
}

enum svc_status awsc_sqs_send_batch(struct awsc_client *client, const char *queue_url,
                                    const struct awsc_sqs_message *messages, size_t count,
                                    struct awsc_sqs_result *results, int64_t deadline_ms,
                                    struct awsc_error *error) {
    struct batch batch = {.operation = "SendMessageBatch",
                          .queue_url = queue_url,
                          .entries = messages,
                          .count = count,
                          .results = results,
                          .deadline_ms = deadline_ms,
                          .check = check_message,
                          .size = message_size,
                          .write = write_message,
                          .read = read_message};
    for (size_t i = 0; i < count && count <= AWSC_MAX_SQS_BATCH; i++) {
        batch.is_unrepeatable |= messages[i].send_once;
    }
    return run_batch(client, &batch, error);
}

static enum svc_status check_handle(const void *entries, size_t i, struct awsc_error *refusal) {
    return awsc_sqs_check_handle(((const char *const *)entries)[i], 0, refusal);
}

static void write_handle(struct svc_json_writer *writer, const void *entries, size_t i) {
    svc_json_add_text(writer, "ReceiptHandle", ((const char *const *)entries)[i]);
}

enum svc_status awsc_sqs_delete_batch(struct awsc_client *client, const char *queue_url,
                                      const char *const *receipt_handles, size_t count,
                                      struct awsc_sqs_result *results, int64_t deadline_ms,
                                      struct awsc_error *error) {
    struct batch batch = {.operation = "DeleteMessageBatch",
                          .queue_url = queue_url,
                          .entries = receipt_handles,
                          .count = count,
                          .results = results,
                          .deadline_ms = deadline_ms,
                          .check = check_handle,
                          .size = no_size,
                          .write = write_handle,
                          .read = read_nothing};
    return run_batch(client, &batch, error);
}

static enum svc_status check_visibility(const void *entries, size_t i, struct awsc_error *refusal) {
    const struct awsc_sqs_visibility *entry = (const struct awsc_sqs_visibility *)entries + i;
    return awsc_sqs_check_handle(entry->receipt_handle, entry->visibility_s, refusal);
}

static void write_visibility(struct svc_json_writer *writer, const void *entries, size_t i) {
    const struct awsc_sqs_visibility *entry = (const struct awsc_sqs_visibility *)entries + i;
    svc_json_add_text(writer, "ReceiptHandle", entry->receipt_handle);
    svc_json_add_int(writer, "VisibilityTimeout", entry->visibility_s);
}

enum svc_status awsc_sqs_change_visibility_batch(struct awsc_client *client, const char *queue_url,
                                                 const struct awsc_sqs_visibility *entries,
                                                 size_t count, struct awsc_sqs_result *results,
                                                 int64_t deadline_ms, struct awsc_error *error) {
    struct batch batch = {.operation = "ChangeMessageVisibilityBatch",
                          .queue_url = queue_url,
                          .entries = entries,
                          .count = count,
                          .results = results,
                          .deadline_ms = deadline_ms,
                          .check = check_visibility,
                          .size = no_size,
                          .write = write_visibility,
                          .read = read_nothing};
    return run_batch(client, &batch, error);
}
