/* Reports: see report.h. */
#include "lambda/handlers/settlement/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void log_seller(const struct settlement_function *function,
                       const struct settle_seller_result *result, const struct svc_error *error) {
    const bool is_later = result->outcome == SETTLE_LATER;
    const char *detail = is_later                           ? error->detail
                         : result->outcome == SETTLE_FAILED ? result->failure
                                                            : NULL;
    const enum svc_log_level level = detail != NULL                ? SVC_LOG_WARN
                                     : result->version.version > 1 ? SVC_LOG_INFO
                                                                   : SVC_LOG_DEBUG;
    svc_log_event(
        function->log, level, "seller", SVC_TEXT("sellerId", result->seller_id),
        SVC_TEXT("outcome", settle_outcome_name(result->outcome)),
        SVC_INT("version", result->version.version),
        SVC_TEXT("change", result->outcome == SETTLE_MADE ? result->version.reason : NULL),
        SVC_INT("lines", result->version.all.lines), SVC_BOOL("mailed", result->is_mailed),
        SVC_TEXT("reason", detail != NULL ? svc_status_name(result->reason) : NULL),
        SVC_TEXT("detail", detail));
}

void settlement_report_seller(void *user, const struct settle_seller_result *result,
                              const struct svc_error *error) {
    const struct settlement_function *function = user;
    struct lrt_metrics *metrics = function->metrics;
    const char *reason = svc_status_name(result->reason);
    lrt_metrics_add_by(metrics, "SettlementReports", "Outcome",
                       settle_outcome_name(result->outcome), 1);
    if (result->outcome == SETTLE_FAILED) {
        lrt_metrics_add_by(metrics, "SettlementFailures", "Reason", reason, 1);
    } else if (result->outcome == SETTLE_LATER) {
        lrt_metrics_add_by(metrics, "SettlementsPostponed", "Reason", reason, 1);
    }
    if (result->is_mailed) {
        lrt_metrics_add(metrics, "SettlementMails", LRT_COUNT, 1);
    }
    if (result->lacks_mail) {
        lrt_metrics_add(metrics, "SettlementMailsNotMade", LRT_COUNT, 1);
    }
    if (result->rewritten > 0) {
        lrt_metrics_add(metrics, "SettlementObjectsRewritten", LRT_COUNT, result->rewritten);
    }
    log_seller(function, result, error);
}

/* "a, b, c" of the first open sellers. */
static const char *join_open(const struct settle_run_totals *totals, char *out, size_t out_bytes) {
    size_t size = 0;
    out[0] = '\0';
    for (int64_t i = 0; i < totals->open && i < SETTLE_NAMED_OPEN && size < out_bytes; i++) {
        const int written =
            snprintf(out + size, out_bytes - size, "%s%s", i > 0 ? ", " : "", totals->open_ids[i]);
        size += written > 0 ? (size_t)written : 0;
    }
    return totals->open > 0 ? out : NULL;
}

void settlement_report_run(const struct settlement_function *function, const struct settle_run *run,
                           enum settle_run_state state, const struct settle_run_totals *totals) {
    struct lrt_metrics *metrics = function->metrics;
    char run_id[24], period[SETTLE_PERIOD_NAME_BYTES];
    char open[SETTLE_NAMED_OPEN * (SETTLE_MAX_SELLER_ID_BYTES + 3)];
    const int64_t took_ms = svc_wall_ms(function->clock) - run->planned_ms;
    (void)snprintf(run_id, sizeof(run_id), "%" PRIu64, run->run_id);
    settle_period_name(&run->period, period);
    lrt_metrics_add_by(metrics, "SettlementRuns", "Status", settle_run_state_name(state), 1);
    lrt_metrics_add(metrics, "SettlementSellers", LRT_COUNT, totals->sellers);
    lrt_metrics_add(metrics, "SettlementSellersFailed", LRT_COUNT, totals->failed);
    lrt_metrics_add(metrics, "SettlementSellersOpen", LRT_COUNT, totals->open);
    lrt_metrics_add(metrics, "SettlementRunTime", LRT_MILLISECONDS, took_ms);
    svc_log_event(function->log,
                  state == SETTLE_RUN_INCOMPLETE ? SVC_LOG_ERROR
                  : totals->failed > 0           ? SVC_LOG_WARN
                                                 : SVC_LOG_INFO,
                  "run", SVC_TEXT("runId", run_id),
                  SVC_TEXT("reportType", settle_period_type_name(run->period.type)),
                  SVC_TEXT("period", period), SVC_INT("generation", run->generation),
                  SVC_TEXT("status", settle_run_state_name(state)),
                  SVC_INT("sellers", totals->sellers), SVC_INT("failed", totals->failed),
                  SVC_INT("open", totals->open),
                  SVC_TEXT("openSellers", join_open(totals, open, sizeof(open))),
                  SVC_INT("durationMs", took_ms));
}

void settlement_fail(struct lrt_result *result, enum svc_status status,
                     const struct svc_error *error) {
    char type[LRT_ERROR_TYPE_BYTES];
    (void)snprintf(type, sizeof(type), "Settlement.%s", svc_status_name(status));
    lrt_fail(result, type, "%s",
             error->detail[0] != '\0' ? error->detail : svc_status_message(status));
}
