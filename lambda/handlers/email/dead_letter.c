/* Dead letters: see dead_letter.h. */
#include "lambda/handlers/email/dead_letter.h"

#include <stdio.h>
#include <string.h>

#include "services/aws/sqs.h"
#include "services/base/text.h"

/* A queue that does not respond must not hold up the mails of the batch: the message comes again.
 */
#define MAX_SEND_MS 5000
/* SQS's own limit for the ids of FIFO queues. */
#define MAX_FIFO_ID_BYTES ((size_t)128)

struct attributes {
    struct awsc_sqs_attribute list[AWSC_MAX_SQS_ATTRIBUTES];
    size_t count;
};

/* SQS refuses an attribute without a value. */
static void add(struct attributes *attributes, const char *name, const char *value) {
    if (value != NULL && value[0] != '\0') {
        attributes->list[attributes->count++] =
            (struct awsc_sqs_attribute){.name = name, .type = AWSC_SQS_STRING, .value = value};
    }
}

static void collect(const struct email_dead_letter *letter, char queued_at[24],
                    struct attributes *attributes) {
    add(attributes, EMAIL_ATTRIBUTE_REASON, letter->reason);
    add(attributes, EMAIL_ATTRIBUTE_DETAIL, letter->detail);
    add(attributes, EMAIL_ATTRIBUTE_TEMPLATE, letter->template_name);
    add(attributes, EMAIL_ATTRIBUTE_FIRST_ID, letter->first_id);
    add(attributes, EMAIL_ATTRIBUTE_SOURCE_QUEUE, letter->record->queue_arn);
    add(attributes, EMAIL_ATTRIBUTE_RECORD_KEY, letter->record_key);
    if (letter->queued_at_ms >= 0) {
        (void)snprintf(queued_at, 24, "%lld", (long long)letter->queued_at_ms);
        attributes->list[attributes->count++] = (struct awsc_sqs_attribute){
            .name = EMAIL_ATTRIBUTE_QUEUED_AT, .type = AWSC_SQS_NUMBER, .value = queued_at};
    }
}

bool email_dead_letter_send(const struct email_function *function,
                            const struct email_dead_letter *letter, int64_t deadline_ms) {
    const struct lev_sqs_record *record = letter->record;
    const char *url = function->settings.dead_letter_url;
    struct attributes attributes = {.count = 0};
    struct awsc_error error;
    char queued_at[24], id[AWSC_SQS_ID_BYTES] = "", text[AWSC_ERROR_TEXT_BYTES];
    collect(letter, queued_at, &attributes);
    struct awsc_sqs_message message = {
        .body = record->body,
        .attributes = attributes.list,
        .attribute_count = attributes.count,
    };
    if (svc_ends_with(url, ".fifo")) {
        /* A letter that is sent twice within five minutes is there once. */
        const bool fits = strlen(record->message_id) <= MAX_FIFO_ID_BYTES;
        message.group_id = record->group_id != NULL ? record->group_id : "email";
        message.deduplication_id = fits ? record->message_id : letter->first_id;
    }
    /* A body with U+0000 cannot have come from SQS, and cannot go there. */
    const bool is_whole = record->body != NULL && strlen(record->body) == record->body_bytes;
    enum svc_status status = SVC_OK;
    if (is_whole) {
        const int64_t most_ms = svc_deadline_in(function->clock, MAX_SEND_MS);
        status = awsc_sqs_send(function->aws, url, &message, id,
                               deadline_ms < most_ms ? deadline_ms : most_ms, &error);
    } else {
        status = awsc_fail(&error, SVC_MALFORMED, "the message has no body, or one with U+0000");
    }
    if (status != SVC_OK) {
        svc_log_event(function->log, SVC_LOG_ERROR, "the dead-letter queue does not take a message",
                      SVC_TEXT("messageId", record->message_id), SVC_TEXT("reason", letter->reason),
                      SVC_TEXT("error", awsc_error_text(&error, text)));
        lrt_metrics_add(function->metrics, "DeadLettersFailed", LRT_COUNT, 1);
        return false;
    }
    svc_log_event(function->log, SVC_LOG_WARN, "message moved to the dead-letter queue",
                  SVC_TEXT("messageId", record->message_id), SVC_TEXT("reason", letter->reason),
                  SVC_TEXT("deadLetterId", id));
    lrt_metrics_add(function->metrics, "DeadLettersSent", LRT_COUNT, 1);
    return true;
}
