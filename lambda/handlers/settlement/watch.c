/* The watchdog: see watch.h. */
#include "lambda/handlers/settlement/watch.h"

#include "lambda/events/schedule.h"
#include "lambda/handlers/settlement/report.h"
#include "services/base/certificate.h"
#include "services/base/file.h"

/* Of AWS's bundles: 165 KB with the certificates of all regions. */
#define MAX_BUNDLE_BYTES ((size_t)4 * 1024 * 1024)
#define WATCHED_TYPES    3

static const char missing[] = "missing";

/* ---------------------------------------------------------------------- certificates */

static void put_certificates(struct svc_json_writer *writer,
                             const struct svc_certificates *certificates, int64_t days) {
    char end[SVC_ISO8601_BYTES];
    svc_format_iso8601(certificates->first_end_wall_ms, end);
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "count", (int64_t)certificates->count);
    svc_json_add_text(writer, "first", certificates->first_name);
    svc_json_add_text(writer, "ends", end);
    svc_json_add_int(writer, "daysLeft", days);
    svc_json_end_object(writer);
}

static void watch_certificates(const struct settlement_function *function,
                               struct svc_json_writer *writer) {
    struct svc_certificates certificates;
    struct svc_buf pem;
    struct svc_error error = {0};
    svc_buf_init(&pem, MAX_BUNDLE_BYTES);
    enum svc_status status = svc_read_file(function->settings.db.ca_file, &pem);
    if (status != SVC_OK) {
        (void)svc_fail(&error, status, "%s", svc_status_message(status));
    } else {
        status = svc_certificates_read(pem.bytes, pem.size_bytes, &certificates, &error);
    }
    svc_json_name(writer, "certificates");
    if (status == SVC_OK) {
        const int64_t days =
            svc_days_until(certificates.first_end_wall_ms, svc_wall_ms(function->clock));
        put_certificates(writer, &certificates, days);
        lrt_metrics_add(function->metrics, "DatabaseCaDaysLeft", LRT_COUNT, days);
        svc_log_event(function->log, SVC_LOG_INFO, "certificates",
                      SVC_TEXT("first", certificates.first_name), SVC_INT("daysLeft", days));
    } else {
        svc_json_put_null(writer);
        svc_log_event(function->log, SVC_LOG_ERROR, "certificates cannot be read",
                      SVC_TEXT("file", function->settings.db.ca_file),
                      SVC_TEXT("detail", error.detail));
    }
    svc_buf_clear(&pem);
}

/* ---------------------------------------------------------------------- runs */

static void report_run(const struct settlement_function *function,
                       const struct settle_period *period, const struct settle_run *run,
                       const char *state, struct svc_json_writer *writer) {
    const char *type = settle_period_type_name(period->type);
    const bool is_overdue = state == missing || run->state != SETTLE_RUN_CLOSED;
    char name[SETTLE_PERIOD_NAME_BYTES];
    settle_period_name(period, name);
    lrt_metrics_add(function->metrics, "SettlementOverdue", LRT_COUNT, is_overdue);
    lrt_metrics_add_by(function->metrics, "SettlementOverdue", "ReportType", type, is_overdue);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "reportType", type);
    svc_json_add_text(writer, "period", name);
    svc_json_add_text(writer, "state", state);
    svc_json_add_bool(writer, "overdue", is_overdue);
    svc_json_end_object(writer);
    if (is_overdue) {
        svc_log_event(function->log, SVC_LOG_ERROR, "run overdue", SVC_TEXT("reportType", type),
                      SVC_TEXT("period", name), SVC_TEXT("state", state),
                      SVC_INT("runId", run->run_id), SVC_INT("sellers", run->sellers),
                      SVC_INT("openSellers", run->open_sellers));
    }
}

/* Whether the run of the period was due on the day of the event. */
static bool was_due(const struct settle_period *period, int64_t time_ms) {
    return period->last_day == settle_day_of(time_ms) - 1;
}

static enum svc_status watch_run(struct settlement_function *function, enum settle_period_type type,
                                 int64_t time_ms, struct svc_json_writer *writer,
                                 struct svc_error *error) {
    struct settle_ledger ledger = settlement_ledger(function);
    struct settle_period period;
    struct settle_run run;
    enum svc_status status = settle_period_before(type, time_ms, &period, error);
    if (status != SVC_OK || !was_due(&period, time_ms)) {
        return status;
    }
    status = settle_ledger_find(&ledger, &period, &run, error);
    if (status == SVC_OK || status == SVC_NOT_FOUND) {
        const char *state = status == SVC_OK ? settle_run_state_name(run.state) : missing;
        report_run(function, &period, &run, state, writer);
        status = SVC_OK;
    }
    return status;
}

/* ---------------------------------------------------------------------- the event */

void settlement_watch_handle(struct settlement_function *function, const struct svc_json *document,
                             struct lrt_result *result) {
    static const enum settle_period_type types[WATCHED_TYPES] = {SETTLE_DAILY, SETTLE_WEEKLY,
                                                                 SETTLE_MONTHLY};
    struct lev_schedule schedule;
    struct svc_json_writer writer;
    struct svc_error error = {0};
    if (lev_schedule_read(document, &schedule, &error) != SVC_OK || svc_json_count(document) != 2) {
        lrt_fail(result, "Settlement.MALFORMED",
                 "the task watch has a time, in UTC, and no other member");
        return;
    }
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "task", "watch");
    watch_certificates(function, &writer);
    svc_json_name(&writer, "runs");
    svc_json_begin_array(&writer);
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < WATCHED_TYPES && status == SVC_OK; i++) {
        status = watch_run(function, types[i], schedule.time_ms, &writer, &error);
    }
    svc_json_end_array(&writer);
    svc_json_end_object(&writer);
    if (status == SVC_INVALID_ARGUMENT) {
        lrt_fail(result, "Settlement.PERIOD", "%s", error.detail);
    } else if (status != SVC_OK) {
        settlement_fail(result, status, &error);
    }
}
