/* A run for all sellers: see planned.h. */
#include "lambda/handlers/settlement/planned.h"

#include <string.h>

#include "lambda/handlers/settlement/closing.h"
#include "lambda/handlers/settlement/report.h"
#include "lambda/handlers/settlement/result.h"
#include "services/base/text.h"
#include "services/settlement/batch.h"

/* Kept for the end of a run: the summary object, and 50 µs for each seller in it. */
#define RESERVE_MS       3000
#define SELLERS_PER_MS   20
#define DRY_PAGE_SELLERS 100
#define DRY_RESERVE_MS   1000

/* ---------------------------------------------------------------------- with the queue */

static enum svc_status send_batches(struct settlement_function *function,
                                    const struct lrt_invocation *invocation, struct settle_run *run,
                                    struct lrt_result *result, struct svc_error *error) {
    const struct settlement_settings *settings = &function->settings;
    struct settle_ledger ledger = settlement_ledger(function);
    struct svc_json_writer writer;
    uint64_t batches = 0;
    enum svc_status status =
        settle_batches_send(&ledger, function->aws, settings->queue_url, run,
                            settings->batch_sellers, invocation->deadline_ms, &batches, error);
    if (status == SVC_OK) {
        /* A period without sellers has no batch that would do it. */
        status = settlement_close_if_done(function, invocation, run->run_id, run, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    svc_log_event(function->log, SVC_LOG_INFO, "planned",
                  SVC_TEXT("reportType", settle_period_type_name(run->period.type)),
                  SVC_INT("generation", run->generation), SVC_INT("sellers", run->sellers),
                  SVC_INT("batches", batches));
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "status", "planned");
    settlement_put_run(run, &writer);
    svc_json_add_int(&writer, "sellers", run->sellers);
    svc_json_add_int(&writer, "batches", (int64_t)batches);
    svc_json_end_object(&writer);
    return SVC_OK;
}

/* ---------------------------------------------------------------------- without it */

static enum svc_status work_through(struct settlement_function *function,
                                    const struct lrt_invocation *invocation, struct settle_run *run,
                                    struct lrt_result *result, struct svc_error *error) {
    struct settle_runner runner = settlement_runner(function, invocation);
    struct settle_worked worked;
    const int64_t reserve_ms = RESERVE_MS + (int64_t)run->sellers / SELLERS_PER_MS;
    enum svc_status status = settle_work_sellers(
        &runner, run, "", "", reserve_ms, settlement_report_seller, function, &worked, error);
    if (status == SVC_OK) {
        status = settlement_close_if_done(function, invocation, run->run_id, run, error);
    }
    if (status == SVC_OK && worked.is_stopped) {
        /* A failure, so that Lambda tries the event again. */
        return svc_fail(error, SVC_SERVER_ERROR,
                        "the last %d sellers could not be settled, for reasons in the log; %u are "
                        "open",
                        SETTLE_MAX_LATER_IN_A_ROW, (unsigned)run->open_sellers);
    }
    return status == SVC_OK ? settlement_put_ledger(
                                  function, run, settle_run_state_name(run->state), result, error)
                            : status;
}

enum svc_status settlement_plan_all(struct settlement_function *function,
                                    const struct settle_request *request,
                                    const struct settle_period *period,
                                    const struct lrt_invocation *invocation,
                                    struct lrt_result *result, struct svc_error *error) {
    const struct settle_policy *policy = &function->settings.policy;
    struct settle_ledger ledger = settlement_ledger(function);
    struct settle_run run;
    enum settle_planned planned;
    const struct settle_plan plan = {
        .period = period,
        .has_event_time = request->has_time,
        .event_time_ms = request->time_ms,
        .is_forced = request->force,
        .carries_debt = policy->has_cycle && policy->cycle == period->type,
        .rules = policy->rules_text,
    };
    const enum svc_status status = settle_ledger_plan(&ledger, &plan, &run, &planned, error);
    if (status != SVC_OK) {
        return status;
    }
    return function->settings.queue_url[0] != '\0' && planned != SETTLE_DONE_BEFORE
               ? send_batches(function, invocation, &run, result, error)
               : work_through(function, invocation, &run, result, error);
}

/* ---------------------------------------------------------------------- dry runs */

struct dry {
    struct settle_runner runner;
    const struct settle_period *period;
    struct settlement_gathered gathered;
    int64_t slowest_ms, taken, left;
};

static bool has_time(const struct dry *dry) {
    return dry->taken == 0 || svc_remaining_ms(dry->runner.clock, dry->runner.deadline_ms) >=
                                  3 * dry->slowest_ms + DRY_RESERVE_MS;
}

static enum svc_status dry_one(struct dry *dry, const char *id, struct svc_error *error) {
    struct settle_seller_result one = {0};
    if (dry->left > 0 || !has_time(dry)) {
        dry->left++;
        return SVC_OK;
    }
    const int64_t begin_ms = svc_monotonic_ms(dry->runner.clock);
    const enum svc_status status =
        settle_seller_id_valid(id)
            ? settle_seller_figures(&dry->runner, dry->period, id, &one, NULL, error)
            : svc_fail(error, SVC_MALFORMED,
                       "the seller's id is not 1 to 64 letters, digits, - and _");
    const int64_t took_ms = svc_monotonic_ms(dry->runner.clock) - begin_ms;
    dry->slowest_ms = took_ms > dry->slowest_ms ? took_ms : dry->slowest_ms;
    dry->taken++;
    if (status != SVC_OK && !settle_is_sellers_failure(status)) {
        return status;
    }
    const struct settlement_seller seller = {
        .seller_id = id,
        .status = status == SVC_OK ? "done" : "failed",
        .outcome = status == SVC_OK ? settle_outcome_name(one.outcome) : NULL,
        .failure = status == SVC_OK ? "" : error->detail,
        .version = &one.version,
    };
    settlement_gather(&dry->gathered, &seller);
    return SVC_OK;
}

static enum svc_status dry_all(struct dry *dry, struct svc_error *error) {
    char ids[DRY_PAGE_SELLERS][SETTLE_MAX_SELLER_ID_BYTES + 1];
    char last[SETTLE_MAX_SELLER_ID_BYTES + 1] = "";
    size_t count = DRY_PAGE_SELLERS;
    while (count == DRY_PAGE_SELLERS) {
        enum svc_status status = settle_list_sellers(dry->runner.db, dry->period, last,
                                                     DRY_PAGE_SELLERS, ids, &count, error);
        for (size_t i = 0; i < count && status == SVC_OK; i++) {
            status = dry_one(dry, ids[i], error);
        }
        if (status != SVC_OK) {
            return status;
        }
        if (count > 0) {
            memcpy(last, ids[count - 1], sizeof(last));
        }
    }
    return SVC_OK;
}

enum svc_status settlement_dry_run_all(struct settlement_function *function,
                                       const struct settle_period *period,
                                       const struct lrt_invocation *invocation,
                                       struct lrt_result *result, struct svc_error *error) {
    struct dry dry = {.runner = settlement_runner(function, invocation), .period = period};
    struct svc_json_writer writer;
    settlement_gather_begin(&dry.gathered, function, period, true);
    enum svc_status status = dry_all(&dry, error);
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "status", "dryRun");
    settle_figures_put_period(&writer, period);
    const enum svc_status gathering = settlement_gather_end(&dry.gathered, dry.left, &writer);
    svc_json_end_object(&writer);
    if (status == SVC_OK && gathering != SVC_OK) {
        status = svc_fail(error, gathering, "a total of the run is beyond its limit");
    }
    return status;
}
