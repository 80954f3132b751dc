/* Reports of deliveries: see report.h. */
#include "lambda/handlers/email/report.h"

#include <string.h>

#include "services/base/text.h"

struct outcome {
    enum svc_log_level level;
    const char *message, *metric;
};

static const struct outcome outcomes[] = {
    [EMAIL_SENT] = {SVC_LOG_INFO, "mail sent", "MailsSent"},
    [EMAIL_SENT_BEFORE] = {SVC_LOG_INFO, "mail was sent before", "MailsDuplicate"},
    [EMAIL_OUTDATED] = {SVC_LOG_INFO, "mail is outdated", "MailsOutdated"},
    [EMAIL_REFUSED] = {SVC_LOG_ERROR, "message refused", "MailsRefused"},
    [EMAIL_UNKNOWN] = {SVC_LOG_ERROR, "mail may have been sent", "MailsUnknown"},
    [EMAIL_RETRY] = {SVC_LOG_WARN, "mail is tried again later", "MailsRetried"},
    [EMAIL_UNAVAILABLE] = {SVC_LOG_ERROR, "no mail can be sent now", "MailsUnavailable"},
};

static const char *or_null(const char *text) {
    return text[0] != '\0' ? text : NULL;
}

const char *email_report_template(const struct email_delivery *delivery) {
    return delivery->has_template ? email_template_info(delivery->template_id)->name : NULL;
}

static void add_metrics(struct lrt_metrics *metrics, const struct email_delivery *delivery) {
    static const char *const throttled[] = {"SES_RATE", "SES_QUOTA"};
    lrt_metrics_add(metrics, outcomes[delivery->outcome].metric, LRT_COUNT, 1);
    if (delivery->outcome == EMAIL_SENT) {
        lrt_metrics_add_by(metrics, "MailsSent", "Template", email_report_template(delivery), 1);
    }
    if (delivery->outcome == EMAIL_REFUSED) {
        lrt_metrics_add_by(metrics, "MailsRefused", "Reason", delivery->reason, 1);
    }
    if (SVC_IS_ONE_OF(delivery->reason, throttled)) {
        lrt_metrics_add(metrics, "ThrottledBySes", LRT_COUNT, 1);
    }
    if (delivery->is_record_incomplete) {
        lrt_metrics_add(metrics, "RecordIncomplete", LRT_COUNT, 1);
    }
}

void email_report_delivery(const struct email_function *function,
                           const struct lev_sqs_record *record,
                           const struct email_delivery *delivery, int64_t duration_ms) {
    const struct outcome *outcome = &outcomes[delivery->outcome];
    const bool is_incomplete = delivery->is_record_incomplete;
    /* Running out of time is a matter of the batch's size, not of what mails need. */
    const bool is_late = strcmp(delivery->reason, "NO_TIME") == 0;
    char hash[EMAIL_HASH_BYTES] = "";
    email_address_hash_of(&function->hash, delivery->to, hash);
    svc_log_event(function->log, is_incomplete || is_late ? SVC_LOG_WARN : outcome->level,
                  outcome->message, SVC_TEXT("messageId", record->message_id),
                  SVC_TEXT("template", email_report_template(delivery)),
                  SVC_TEXT("language",
                           delivery->has_template ? email_language_name(delivery->language) : NULL),
                  SVC_TEXT("id", or_null(delivery->key)), SVC_TEXT("to", or_null(hash)),
                  SVC_TEXT("reason", or_null(delivery->reason)),
                  SVC_TEXT("detail", or_null(delivery->detail)),
                  SVC_TEXT("sesMessageId", or_null(delivery->ses_message_id)),
                  SVC_BOOL("recordIncomplete", is_incomplete), SVC_INT("retryS", delivery->retry_s),
                  SVC_INT("receiveCount", record->receive_count),
                  SVC_INT("durationMs", duration_ms));
    add_metrics(function->metrics, delivery);
}
