/* The task "reconcile": see reconcile.h. */
#include "lambda/handlers/webhook/reconcile.h"

#include <stdio.h>

#include "lambda/handlers/webhook/toss_key.h"
#include "services/aws/s3.h"
#include "services/base/crypto.h"
#include "services/webhook/reconcile.h"

/* Kept for the report and the result. */
#define WRITE_MS 3000

static enum svc_status put_report(const struct webhook_function *function, const char *date,
                                  const struct svc_buf *report, struct svc_error *error) {
    char key[64];
    char line[AWSC_ERROR_TEXT_BYTES];
    (void)snprintf(key, sizeof(key), "reconciliation/%s.json", date);
    const struct awsc_s3_put put = {
        .bucket = function->settings.bucket,
        .key = key,
        .body = report->bytes,
        .body_bytes = report->size_bytes,
        .content_type = "application/json",
    };
    struct awsc_s3_put_result result;
    const enum svc_status status = awsc_s3_put(function->aws, &put, &result);
    return status == SVC_OK ? SVC_OK
                            : svc_fail(error, status, "%s", awsc_error_text(&result.error, line));
}

static void add_metrics(const struct webhook_function *function,
                        const struct webhook_reconciled *found) {
    struct lrt_metrics *metrics = function->metrics;
    lrt_metrics_add(metrics, "ReconciledPayments", LRT_COUNT, (int64_t)found->payments);
    lrt_metrics_add(metrics, "ReconciledRefunds", LRT_COUNT, (int64_t)found->refunds);
    for (int i = 0; i < WEBHOOK_DIFFERENCES; i++) {
        lrt_metrics_add_by(metrics, "ReconciliationDifferences", "Difference",
                           webhook_difference_name((enum webhook_difference)i),
                           (int64_t)found->differences[i]);
    }
}

static void write_result(const struct webhook_reconciled *found, const char *date,
                         struct lrt_result *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "task", "reconcile");
    svc_json_add_text(&writer, "date", date);
    svc_json_add_int(&writer, "payments", (int64_t)found->payments);
    svc_json_add_int(&writer, "refunds", (int64_t)found->refunds);
    svc_json_name(&writer, "differences");
    svc_json_begin_object(&writer);
    for (int i = 0; i < WEBHOOK_DIFFERENCES; i++) {
        svc_json_add_int(&writer, webhook_difference_name((enum webhook_difference)i),
                         (int64_t)found->differences[i]);
    }
    svc_json_end_object(&writer);
    svc_json_end_object(&writer);
}

enum svc_status webhook_reconcile_take_page(struct webhook_function *function, const void *page,
                                            size_t page_bytes, int64_t deadline_ms,
                                            struct svc_error *error) {
    const struct webhook_reconciliation options = {
        .db = function->db,
        .clock = function->clock,
        .log = function->log,
        .deadline_ms = deadline_ms,
    };
    struct webhook_reconciled found;
    db_set_deadline(function->db, deadline_ms);
    const enum svc_status status =
        webhook_reconcile_page(&options, page, page_bytes, &found, error);
    if (status == SVC_OK) {
        add_metrics(function, &found);
    }
    return status;
}

static enum svc_status run(struct webhook_function *function, const char *key, int64_t time_ms,
                           const struct lrt_invocation *invocation, struct lrt_result *result,
                           struct svc_error *error) {
    struct webhook_reconciliation reconciliation = {
        .toss = &function->toss,
        .secret_key = key,
        .db = function->db,
        .clock = function->clock,
        .log = function->log,
        .deadline_ms = invocation->deadline_ms != SVC_NO_DEADLINE
                           ? invocation->deadline_ms - WRITE_MS
                           : SVC_NO_DEADLINE,
    };
    struct webhook_reconciled found;
    struct svc_buf report;
    char date[WEBHOOK_DAY_BYTES];
    webhook_reconcile_day(time_ms, WEBHOOK_RECONCILE_DELAY_MS, &reconciliation.from_ms,
                          &reconciliation.to_ms, date);
    svc_buf_init(&report, WEBHOOK_MAX_REPORT_BYTES);
    db_set_deadline(function->db, reconciliation.deadline_ms);
    enum svc_status status = webhook_reconcile(&reconciliation, &found, &report, error);
    if (status == SVC_OK && function->settings.bucket[0] != '\0') {
        status = put_report(function, date, &report, error);
    }
    if (status == SVC_OK) {
        add_metrics(function, &found);
        write_result(&found, date, result);
    }
    svc_buf_clear(&report);
    return status;
}

void webhook_reconcile_handle(struct webhook_function *function, int64_t time_ms,
                              const struct lrt_invocation *invocation, struct lrt_result *result) {
    char key[WEBHOOK_TOSS_KEY_BYTES] = "";
    struct svc_error error = {0};
    enum svc_status status;
    if (function->settings.toss_secret_name[0] == '\0') {
        status = svc_fail(&error, SVC_CONFIGURATION, "TOSS_SECRET_NAME is not set");
    } else {
        status = webhook_toss_key_read(function->aws, function->settings.toss_secret_name,
                                       function->is_toss_key_refused, key, &error);
    }
    if (status == SVC_OK) {
        status = run(function, key, time_ms, invocation, result, &error);
        function->is_toss_key_refused = status == SVC_ACCESS_DENIED;
    }
    svc_wipe(key, sizeof(key));
    if (status != SVC_OK) {
        lrt_fail(result, "Webhook.RECONCILE", "%s: %s", svc_status_name(status), error.detail);
    }
}
