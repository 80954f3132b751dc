/* Reports of SES: see ses_report.h. */
#include "lambda/handlers/email/ses_report.h"

#include <stdio.h>
#include <string.h>

static enum svc_log_level level_of(const struct email_ses_event *event) {
    switch (event->type) {
    case EMAIL_SES_BOUNCE:
    case EMAIL_SES_COMPLAINT:
    case EMAIL_SES_REJECT:
    case EMAIL_SES_RENDERING_FAILURE:
        return SVC_LOG_WARN;
    default:
        return SVC_LOG_INFO;
    }
}

static void log_recipient(const struct email_function *function,
                          const struct email_ses_event *event, size_t index) {
    char hash[EMAIL_HASH_BYTES] = "";
    const char *address = email_ses_event_recipient(event, index);
    const bool is_bounce = event->type == EMAIL_SES_BOUNCE;
    if (address != NULL) {
        email_address_hash_of(&function->hash, address, hash);
    }
    svc_log_event(
        function->log, level_of(event), "mail event",
        SVC_TEXT("event", email_ses_event_name(event)),
        SVC_TEXT("sesMessageId", email_ses_event_message_id(event)),
        SVC_TEXT("template", email_ses_event_template(event)),
        SVC_TEXT("to", hash[0] != '\0' ? hash : NULL),
        SVC_TEXT("status", email_ses_event_status(event, index)),
        SVC_TEXT("bounceType", is_bounce ? email_ses_event_bounce_type(event) : NULL),
        SVC_TEXT("bounceSubType", is_bounce ? email_ses_event_bounce_subtype(event) : NULL),
        SVC_TEXT("feedbackType",
                 event->type == EMAIL_SES_COMPLAINT ? email_ses_event_feedback(event) : NULL));
}

static void add_bounces(const struct email_function *function, const struct email_ses_event *event,
                        int64_t count) {
    const char *type = email_ses_event_bounce_type(event);
    char value[LRT_DIMENSION_VALUE_BYTES];
    (void)snprintf(value, sizeof(value), "%s.%s", type, email_ses_event_bounce_subtype(event));
    lrt_metrics_add_by(function->metrics, "MailBounces", "BounceType", value, count);
    if (strcmp(type, "Permanent") == 0) {
        lrt_metrics_add(function->metrics, "MailsBounced", LRT_COUNT, count);
    }
}

void email_ses_report(const struct email_function *function, const struct email_ses_event *event) {
    const size_t recipients = email_ses_event_recipients(event);
    const int64_t count = recipients > 0 ? (int64_t)recipients : 1;
    const bool is_suppressed = email_ses_event_is_suppressed(event);
    for (int64_t i = 0; i < count; i++) {
        log_recipient(function, event, (size_t)i);
    }
    lrt_metrics_add_by(function->metrics, "MailEvents", "EventType",
                       is_suppressed ? "Suppressed" : email_ses_event_name(event), count);
    if (is_suppressed) {
        lrt_metrics_add(function->metrics, "MailsSuppressed", LRT_COUNT, count);
    } else if (event->type == EMAIL_SES_BOUNCE) {
        add_bounces(function, event, count);
    } else if (event->type == EMAIL_SES_COMPLAINT) {
        lrt_metrics_add(function->metrics, "MailsComplained", LRT_COUNT, count);
        lrt_metrics_add_by(function->metrics, "MailComplaints", "FeedbackType",
                           email_ses_event_feedback(event), count);
    }
}
