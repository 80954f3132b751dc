/* Reports of requests: see report.h. */
#include "lambda/handlers/webhook/report.h"

#include <string.h>

static const struct {
    const char *outcome, *metric;
} by_sender[] = {
    {"stored", "WebhooksStored"}, {"late", "WebhooksLate"},       {"repeated", "WebhooksRepeated"},
    {"queued", "WebhooksQueued"}, {"ignored", "WebhooksIgnored"},
};

static void count(struct lrt_metrics *metrics, const char *name, uint64_t number) {
    if (number > 0) {
        lrt_metrics_add(metrics, name, LRT_COUNT, (int64_t)number);
    }
}

static void add_metrics(struct lrt_metrics *metrics, const struct webhook_reply *reply,
                        int64_t duration_ms) {
    const struct webhook_stored *stored = &reply->stored;
    for (size_t i = 0; i < sizeof(by_sender) / sizeof(by_sender[0]); i++) {
        if (strcmp(by_sender[i].outcome, reply->outcome) == 0) {
            lrt_metrics_add_by(metrics, by_sender[i].metric, "Sender", reply->sender, 1);
        }
    }
    if (reply->is_signature) {
        lrt_metrics_add(metrics, "SignaturesRefused", LRT_COUNT, 1);
        lrt_metrics_add_by(metrics, "SignaturesRefused", "Reason", reply->reason, 1);
    } else if (reply->http_status >= 500) {
        lrt_metrics_add_by(metrics, "WebhooksFailed", "Reason", reply->reason, 1);
    } else if (reply->reason != NULL) {
        lrt_metrics_add_by(metrics, "WebhooksRefused", "Reason", reply->reason, 1);
    }
    count(metrics, "MailsOwed", stored->mail_count);
    count(metrics, "MailsSent", reply->mails.sent);
    count(metrics, "MailsNotMade", stored->mails_not_made);
    count(metrics, "Alarms", (stored->effects & WEBHOOK_ALARM) != 0);
    lrt_metrics_add(metrics, "ResponseTime", LRT_MILLISECONDS, duration_ms);
}

static enum svc_log_level level_of(const struct webhook_reply *reply) {
    if (reply->http_status >= 500) {
        return SVC_LOG_ERROR;
    }
    const bool is_for_people = (reply->stored.effects & WEBHOOK_ALARM) != 0 ||
                               reply->stored.mails_not_made > 0 || reply->http_status == 409;
    return is_for_people ? SVC_LOG_WARN : SVC_LOG_INFO;
}

void webhook_report(const struct webhook_function *function, const struct webhook_reply *reply,
                    const struct db_counts *before, int64_t duration_ms) {
    const struct db_counts after = db_counts(function->db);
    svc_log_event(
        function->log, level_of(reply), "webhook", SVC_TEXT("sender", reply->sender),
        SVC_TEXT("event", reply->event), SVC_TEXT("outcome", reply->outcome),
        SVC_INT("httpStatus", reply->http_status), SVC_TEXT("reason", reply->reason),
        SVC_TEXT("detail", reply->detail[0] != '\0' ? reply->detail : NULL),
        SVC_INT("mailsOwed", reply->stored.mail_count), SVC_INT("mailsSent", reply->mails.sent),
        SVC_INT("mailsNotMade", reply->stored.mails_not_made),
        SVC_BOOL("alarm", (reply->stored.effects & WEBHOOK_ALARM) != 0),
        SVC_INT("connections", after.connections - before->connections),
        SVC_INT("statements", after.executed - before->executed),
        SVC_INT("roundTrips", after.round_trips - before->round_trips),
        SVC_INT("retries", after.retries - before->retries), SVC_INT("durationMs", duration_ms));
    add_metrics(function->metrics, reply, duration_ms);
}
