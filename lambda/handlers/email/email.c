/* One event, by its kind: see email.h. */
#include "lambda/handlers/email/email.h"

#include <string.h>

#include "lambda/clients/clients.h"
#include "lambda/events/kind.h"
#include "lambda/events/sns.h"
#include "lambda/handlers/email/queue.h"
#include "lambda/handlers/email/ses_report.h"

/* The result of events of SES: {"events":2}. */
static void write_count(size_t count, struct lrt_result *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_int(&writer, "events", (int64_t)count);
    svc_json_end_object(&writer);
}

/* Reports the event if it could be read. */
static enum svc_status report(const struct email_function *function, enum svc_status status,
                              struct email_ses_event *event) {
    if (status == SVC_OK) {
        email_ses_report(function, event);
    } else {
        lrt_metrics_add(function->metrics, "MailEventsMalformed", LRT_COUNT, 1);
    }
    email_ses_event_clear(event);
    return status;
}

/* One that cannot be read stops no other; the first failure is that of the invocation. */
static enum svc_status handle_topic(const struct email_function *function,
                                    const struct svc_json *document, struct lrt_result *result,
                                    struct svc_error *error) {
    struct lev_sns_event messages;
    enum svc_status first = lev_sns_read(document, &messages, error);
    for (size_t i = 0; i < messages.count; i++) {
        const struct lev_sns_message *message = &messages.messages[i];
        struct email_ses_event event;
        struct svc_error own = {0};
        const enum svc_status status =
            email_ses_event_parse(message->message, message->message_bytes, &event, &own);
        if (report(function, status, &event) != SVC_OK && first == SVC_OK) {
            first = status;
            *error = own;
        }
    }
    if (first == SVC_OK) {
        write_count(messages.count, result);
    }
    lev_sns_clear(&messages);
    return first;
}

static enum svc_status handle_ses_event(const struct email_function *function,
                                        const struct svc_json *document, struct lrt_result *result,
                                        struct svc_error *error) {
    struct email_ses_event event;
    const enum svc_status status =
        report(function, email_ses_event_read(document, &event, error), &event);
    if (status == SVC_OK) {
        write_count(1, result);
    }
    return status;
}

static bool is_ses_event(const struct svc_json *document) {
    const char *source = svc_json_get_text(document, "source");
    if (lev_kind_of(document) == LEV_EVENTBRIDGE) {
        return strcmp(source, "aws.ses") == 0;
    }
    return svc_json_get_text(document, "eventType") != NULL ||
           svc_json_get_text(document, "notificationType") != NULL;
}

static void fail(enum svc_status status, const struct svc_error *error, struct lrt_result *result) {
    if (status == SVC_NO_MEMORY) {
        lrt_fail(result, "Email.NO_MEMORY", "%s", svc_status_message(status));
    } else if (status != SVC_OK) {
        lrt_fail(result, "Email.MALFORMED", "the event cannot be read: %s", error->detail);
    }
}

void email_handle(struct email_function *function, const struct lrt_invocation *invocation,
                  struct lrt_result *result) {
    struct svc_error error = {0};
    lrt_aws_client_begin(function->aws, invocation);
    email_address_hash_prepare(&function->hash, function->aws, function->settings.hash_secret,
                               function->clock, function->log, invocation->deadline_ms);
    struct svc_json *document = lrt_parse_event(invocation, result, "Email.MALFORMED");
    if (result->failed) {
        return;
    }
    switch (lev_kind_of(document)) {
    case LEV_SQS:
        fail(email_queue_handle(function, document, invocation->deadline_ms, result, &error),
             &error, result);
        break;
    case LEV_SNS:
        fail(handle_topic(function, document, result, &error), &error, result);
        break;
    default:
        if (is_ses_event(document)) {
            fail(handle_ses_event(function, document, result, &error), &error, result);
        } else {
            lrt_fail(result, "Email.UNKNOWN_EVENT",
                     "neither messages of SQS nor events of SES (SNS, EventBridge)");
        }
        break;
    }
    svc_json_free(document);
}
