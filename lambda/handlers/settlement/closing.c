/* The end of a run: see closing.h. */
#include "lambda/handlers/settlement/closing.h"

#include "lambda/handlers/settlement/report.h"
#include "lambda/handlers/settlement/result.h"
#include "services/aws/s3.h"
#include "services/settlement/summary.h"

/* Runs that one event of the schedule ends. */
#define MAX_OVERDUE 16
/* No further one is begun with less time left: a summary of 100,000 sellers. */
#define CLOSE_MS 20000

static enum svc_status close_as(struct settlement_function *function,
                                const struct lrt_invocation *invocation,
                                const struct settle_run *run, enum settle_run_state state,
                                struct settle_run_totals *totals, struct svc_error *error) {
    struct settle_ledger ledger = settlement_ledger(function);
    const int64_t deadline_ms = invocation->deadline_ms != SVC_NO_DEADLINE
                                    ? invocation->deadline_ms - AWSC_S3_ABORT_MS
                                    : SVC_NO_DEADLINE;
    bool is_first = false;
    enum svc_status status = settle_summary_write(&ledger, function->aws, function->settings.bucket,
                                                  run, state, deadline_ms, totals, error);
    if (status == SVC_OK) {
        status = settle_ledger_close(&ledger, run, state, &is_first, error);
    }
    if (status == SVC_OK && is_first) {
        settlement_report_run(function, run, state, totals);
    }
    return status;
}

enum svc_status settlement_close_if_done(struct settlement_function *function,
                                         const struct lrt_invocation *invocation, uint64_t run_id,
                                         struct settle_run *run, struct svc_error *error) {
    struct settle_ledger ledger = settlement_ledger(function);
    struct settle_run_totals totals;
    enum svc_status status = settle_ledger_run(&ledger, run_id, run, error);
    const bool is_open = run->state == SETTLE_RUN_RUNNING || run->state == SETTLE_RUN_INCOMPLETE;
    if (status != SVC_OK || !is_open || run->open_sellers > 0) {
        return status;
    }
    status = close_as(function, invocation, run, SETTLE_RUN_CLOSED, &totals, error);
    return status == SVC_OK ? settle_ledger_run(&ledger, run_id, run, error) : status;
}

/* ---------------------------------------------------------------------- the schedule */

static void put_ended(const struct settle_run *run, enum settle_run_state state,
                      const struct settle_run_totals *totals, struct svc_json_writer *writer) {
    svc_json_begin_object(writer);
    settlement_put_run(run, writer);
    svc_json_add_text(writer, "status", settle_run_state_name(state));
    svc_json_add_int(writer, "sellers", totals->sellers);
    svc_json_add_int(writer, "failed", totals->failed);
    svc_json_add_int(writer, "open", totals->open);
    svc_json_name(writer, "openSellers");
    svc_json_begin_array(writer);
    for (int64_t i = 0; i < totals->open && i < SETTLE_NAMED_OPEN; i++) {
        svc_json_put_text(writer, totals->open_ids[i]);
    }
    svc_json_end_array(writer);
    svc_json_end_object(writer);
}

static enum svc_status end_overdue(struct settlement_function *function,
                                   const struct lrt_invocation *invocation,
                                   struct svc_json_writer *writer, struct svc_error *error) {
    struct settle_ledger ledger = settlement_ledger(function);
    struct settle_run runs[MAX_OVERDUE];
    size_t count = 0;
    const int64_t before_ms = svc_wall_ms(function->clock) - function->settings.close_after_ms;
    enum svc_status status =
        settle_ledger_overdue(&ledger, before_ms, MAX_OVERDUE, runs, &count, error);
    for (size_t i = 0; i < count && status == SVC_OK; i++) {
        struct settle_run_totals totals;
        const enum settle_run_state state =
            runs[i].open_sellers > 0 ? SETTLE_RUN_INCOMPLETE : SETTLE_RUN_CLOSED;
        if (i > 0 && !lrt_has_time(invocation, function->clock, CLOSE_MS)) {
            break; /* the next event goes on with the oldest */
        }
        status = close_as(function, invocation, &runs[i], state, &totals, error);
        if (status == SVC_OK) {
            put_ended(&runs[i], state, &totals, writer);
        }
    }
    return status;
}

void settlement_close_handle(struct settlement_function *function,
                             const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct svc_json_writer writer;
    struct svc_error error = {0};
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "task", "close");
    svc_json_name(&writer, "runs");
    svc_json_begin_array(&writer);
    const enum svc_status status = end_overdue(function, invocation, &writer, &error);
    svc_json_end_array(&writer);
    svc_json_end_object(&writer);
    if (status != SVC_OK) {
        settlement_fail(result, status, &error);
    }
}
