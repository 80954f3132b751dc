/* Events of a schedule: see schedule.h. */
#include "lambda/handlers/webhook/schedule.h"

#include <string.h>

#include "lambda/events/schedule.h"
#include "lambda/handlers/webhook/changes.h"
#include "lambda/handlers/webhook/reconcile.h"

/* Old rows that one sweep deletes of a table: at one sweep a minute, 1.4 million a day. */
#define PURGE_ROWS 1000
/* No rows are deleted with less time left. */
#define PURGE_MS 3000

static void report_sweep(struct webhook_function *function,
                         const struct webhook_outbox_counts *counts, uint64_t deleted) {
    struct lrt_metrics *metrics = function->metrics;
    lrt_metrics_add(metrics, "MailsSent", LRT_COUNT, (int64_t)counts->sent);
    lrt_metrics_add(metrics, "MailsFailed", LRT_COUNT, (int64_t)counts->failed);
    lrt_metrics_add(metrics, "OutboxLeft", LRT_COUNT, (int64_t)counts->left);
    lrt_metrics_add(metrics, "OutboxKept", LRT_COUNT, (int64_t)counts->kept);
    lrt_metrics_add(metrics, "OutboxOldestSeconds", LRT_COUNT, counts->oldest_ms / 1000);
    lrt_metrics_add(metrics, "RowsDeleted", LRT_COUNT, (int64_t)deleted);
    svc_log_event(function->log, counts->failed > 0 ? SVC_LOG_WARN : SVC_LOG_INFO, "sweep",
                  SVC_INT("sent", counts->sent), SVC_INT("failed", counts->failed),
                  SVC_INT("left", counts->left), SVC_INT("kept", counts->kept),
                  SVC_INT("oldestMs", counts->oldest_ms), SVC_INT("rowsDeleted", deleted));
}

static void write_sweep(const struct webhook_outbox_counts *counts, uint64_t deleted,
                        struct lrt_result *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "task", "sweep");
    svc_json_add_int(&writer, "sent", (int64_t)counts->sent);
    svc_json_add_int(&writer, "failed", (int64_t)counts->failed);
    svc_json_add_int(&writer, "left", (int64_t)counts->left);
    svc_json_add_int(&writer, "kept", (int64_t)counts->kept);
    svc_json_add_int(&writer, "rowsDeleted", (int64_t)deleted);
    svc_json_end_object(&writer);
}

static void sweep(struct webhook_function *function, const struct lrt_invocation *invocation,
                  struct lrt_result *result) {
    const struct webhook_outbox outbox = webhook_outbox_for(function);
    const struct webhook_store store = webhook_store_for(function, invocation->deadline_ms);
    const struct webhook_settings *settings = &function->settings;
    struct webhook_outbox_counts counts = {0};
    uint64_t deleted = 0;
    struct db_error error = {0};
    db_set_deadline(function->db, invocation->deadline_ms);
    enum svc_status status =
        webhook_outbox_sweep(&outbox, invocation->deadline_ms, &counts, &error);
    if (status == SVC_OK && lrt_has_time(invocation, function->clock, PURGE_MS)) {
        status = webhook_store_purge(&store, settings->inbox_days, settings->outbox_days,
                                     PURGE_ROWS, &deleted, &error);
    }
    report_sweep(function, &counts, deleted);
    if (status == SVC_OK) {
        write_sweep(&counts, deleted, result);
    } else {
        char line[DB_ERROR_TEXT_BYTES];
        lrt_fail(result, "Webhook.SWEEP", "%s", db_error_text(&error, line));
    }
}

void webhook_schedule_handle(struct webhook_function *function, const struct svc_json *document,
                             const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct lev_schedule schedule;
    struct svc_error error = {0};
    const char *task = svc_json_get_text(document, "task");
    if (lev_schedule_read(document, &schedule, &error) != SVC_OK) {
        lrt_fail(result, "Webhook.MALFORMED", "the event cannot be read: %s", error.detail);
    } else if (task != NULL ? strcmp(task, "sweep") == 0 : !svc_json_has(document, "task")) {
        sweep(function, invocation, result);
    } else if (task != NULL && strcmp(task, "reconcile") == 0) {
        webhook_reconcile_handle(function, schedule.time_ms, invocation, result);
    } else {
        lrt_fail(result, "Webhook.UNKNOWN_TASK", "the task is neither sweep nor reconcile");
    }
}
