/* Messages of the queue. What becomes of each:
 *
 *   sent, sent before, outdated    deleted
 *   refused, outcome unknown       moved to the dead-letter queue with the reason. If it cannot be
 *                                  put there, it comes again: nothing is dropped. Without
 *                                  DEAD_LETTER_QUEUE_URL it comes again until the redrive policy of
 *                                  the queue moves it
 *   to be tried again              comes again after the delay that the mailer asks for, by its
 *                                  visibility timeout
 *   nothing can be sent now        the same, and all messages after it too, without a request each
 *
 * A message whose body is an event of SES is reported, and deleted. */
#include "lambda/handlers/email/queue.h"

#include <string.h>

#include "lambda/events/sqs_batch.h"
#include "lambda/handlers/email/dead_letter.h"
#include "lambda/handlers/email/report.h"
#include "lambda/handlers/email/ses_report.h"
#include "lambda/handlers/email/visibility.h"
#include "services/base/text.h"

/* No further message is taken with less time left than this, or a fifth of the invocation's time if
 * that is less (sqs_batch.h). EMAIL_MIN_SEND_MS is what the mailer requires before it claims a
 * message: a mail that is cut off between SES and the last write of its record ends in the
 * dead-letter queue, so it is better not begun. The rest lets it parse and render first. */
#define MIN_LEFT_MS (EMAIL_MIN_SEND_MS + 500)

struct run {
    struct email_function *function;
    const struct lev_sqs_event *event;
    struct email_visibility visibility;
    int64_t deadline_ms;
};

/* ---------------------------------------------------------------------- attributes */

static bool is_id(const char *text, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f) {
            return false;
        }
    }
    return size_bytes >= 1 && size_bytes <= EMAIL_MAX_ID_BYTES;
}

/* A text of the sender's, with its NUL; NULL: there is none. */
static const char *attribute_of(const struct lev_sqs_record *record, const char *name) {
    struct lev_attribute attribute;
    const bool is_text = lev_sqs_attribute(record, name, &attribute) && !attribute.is_binary &&
                         strlen(attribute.value) == attribute.value_bytes;
    return is_text ? attribute.value : NULL;
}

static const char *first_id_of(const struct lev_sqs_record *record) {
    const char *id = attribute_of(record, EMAIL_ATTRIBUTE_FIRST_ID);
    return id != NULL && is_id(id, strlen(id)) ? id : record->message_id;
}

/* When the message was first queued. An attribute cannot make it later than the queue states. */
static int64_t queued_at_of(const struct lev_sqs_record *record) {
    const char *text = attribute_of(record, EMAIL_ATTRIBUTE_QUEUED_AT);
    uint64_t at_ms;
    const bool is_given = svc_parse_uint(text, INT64_MAX, &at_ms);
    return is_given && (record->sent_ms < 0 || (int64_t)at_ms < record->sent_ms) ? (int64_t)at_ms
                                                                                 : record->sent_ms;
}

static bool overrides_unknown(const struct lev_sqs_record *record) {
    const char *text = attribute_of(record, EMAIL_ATTRIBUTE_OVERRIDE);
    return text != NULL && strcmp(text, "yes") == 0;
}

/* ---------------------------------------------------------------------- what becomes of a message
 */

/* For a message that can never be sent, or only by a person's decision. */
static enum lev_sqs_result give_up(const struct run *run, const struct email_dead_letter *letter) {
    if (run->function->settings.dead_letter_url[0] == '\0') {
        return LEV_SQS_RETRY;
    }
    return email_dead_letter_send(run->function, letter, run->deadline_ms) ? LEV_SQS_DONE
                                                                           : LEV_SQS_RETRY;
}

/* This message and all after it wait; those before it are settled already. */
static enum lev_sqs_result stop(struct run *run, const struct lev_sqs_record *record,
                                const struct email_delivery *delivery) {
    /* The queue's own timeout is right for messages that only found no time. */
    if (strcmp(delivery->reason, "NO_TIME") != 0) {
        const struct lev_sqs_record *end = run->event->records + run->event->count;
        for (; record < end; record++) {
            email_visibility_add(&run->visibility, record, delivery->retry_s);
        }
    }
    return LEV_SQS_STOP;
}

static enum lev_sqs_result settle(struct run *run, const struct lev_sqs_record *record,
                                  const struct email_delivery *delivery) {
    const struct email_dead_letter letter = {
        .record = record,
        .reason = delivery->reason,
        .detail = delivery->detail,
        .template_name = email_report_template(delivery),
        .first_id = first_id_of(record),
        .record_key = delivery->outcome == EMAIL_UNKNOWN ? delivery->key : NULL,
        .queued_at_ms = queued_at_of(record),
    };
    switch (delivery->outcome) {
    case EMAIL_SENT:
    case EMAIL_SENT_BEFORE:
    case EMAIL_OUTDATED:
        return LEV_SQS_DONE;
    case EMAIL_REFUSED:
    case EMAIL_UNKNOWN:
        return give_up(run, &letter);
    case EMAIL_UNAVAILABLE:
        return stop(run, record, delivery);
    case EMAIL_RETRY:
        break;
    }
    email_visibility_add(&run->visibility, record, delivery->retry_s);
    return LEV_SQS_RETRY;
}

static enum lev_sqs_result deliver(struct run *run, const struct lev_sqs_record *record) {
    struct email_function *function = run->function;
    const struct email_job job = {
        .body = record->body != NULL ? record->body : "",
        .body_bytes = record->body_bytes,
        .queue_id = first_id_of(record),
        .queued_at_ms = queued_at_of(record),
        .receive_count = record->receive_count,
        .overrides_unknown = overrides_unknown(record),
        .deadline_ms = run->deadline_ms,
    };
    struct email_delivery delivery = {.outcome = EMAIL_RETRY};
    const int64_t begin_ms = svc_monotonic_ms(function->clock);
    email_deliver(&function->mailer, &job, &delivery);
    email_report_delivery(function, record, &delivery,
                          svc_monotonic_ms(function->clock) - begin_ms);
    return settle(run, record, &delivery);
}

static enum lev_sqs_result report_event(const struct run *run,
                                        const struct lev_sqs_record *record) {
    struct email_ses_event event = {.type = EMAIL_SES_OTHER};
    struct svc_json *document = NULL;
    struct svc_error error = {0};
    enum svc_status status = svc_json_parse(record->body, record->body_bytes,
                                            EMAIL_MAX_SES_EVENT_BYTES, &document, &error);
    if (status == SVC_OK) {
        status = email_ses_event_read(document, &event, &error);
    }
    enum lev_sqs_result result = LEV_SQS_RETRY;
    if (status == SVC_OK) {
        email_ses_report(run->function, &event);
        result = LEV_SQS_DONE;
    } else {
        svc_log_event(run->function->log, SVC_LOG_ERROR, "an event of SES cannot be read",
                      SVC_TEXT("messageId", record->message_id), SVC_TEXT("detail", error.detail));
        lrt_metrics_add(run->function->metrics, "MailEventsMalformed", LRT_COUNT, 1);
    }
    if (status == SVC_MALFORMED || status == SVC_TOO_LARGE) {
        const struct email_dead_letter letter = {.record = record,
                                                 .reason = "BAD_EVENT",
                                                 .detail = error.detail,
                                                 .first_id = first_id_of(record),
                                                 .queued_at_ms = queued_at_of(record)};
        result = give_up(run, &letter);
    }
    email_ses_event_clear(&event);
    svc_json_free(document);
    return result;
}

static enum lev_sqs_result handle_message(void *user, const struct lev_sqs_record *record) {
    struct run *run = user;
    return email_ses_event_is(record->body, record->body_bytes) ? report_event(run, record)
                                                                : deliver(run, record);
}

enum svc_status email_queue_handle(struct email_function *function, const struct svc_json *document,
                                   int64_t deadline_ms, struct lrt_result *result,
                                   struct svc_error *error) {
    struct lev_sqs_event event;
    struct run run = {.function = function, .event = &event, .deadline_ms = deadline_ms};
    const struct lev_sqs_driver driver = {
        .handle = handle_message,
        .user = &run,
        .clock = function->clock,
        .log = function->log,
        .deadline_ms = deadline_ms,
        .min_left_ms = MIN_LEFT_MS,
    };
    if (svc_remaining_ms(function->clock, deadline_ms) < EMAIL_MIN_SEND_MS) {
        svc_log_event(function->log, SVC_LOG_ERROR,
                      "the function's timeout is too short for a mail",
                      SVC_INT("neededMs", EMAIL_MIN_SEND_MS));
    }
    email_visibility_init(&run.visibility, function, deadline_ms);
    enum svc_status status = lev_sqs_read(document, &event, error);
    /* A result that is too large is held by its buffer, and reported by the runtime. */
    if (status == SVC_OK && lev_sqs_run(&event, &driver, &result->body, NULL) == SVC_NO_MEMORY) {
        status = SVC_NO_MEMORY;
    }
    email_visibility_flush(&run.visibility);
    lev_sqs_clear(&event);
    return status;
}
