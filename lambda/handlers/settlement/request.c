/* Requests of reports: see request.h. */
#include "lambda/handlers/settlement/request.h"

#include "lambda/handlers/settlement/closing.h"
#include "lambda/handlers/settlement/planned.h"
#include "lambda/handlers/settlement/report.h"
#include "lambda/handlers/settlement/result.h"
#include "services/settlement/request.h"
#include "services/settlement/seller.h"

static void write_one(const struct settlement_function *function,
                      const struct settle_period *period, const struct settle_seller_result *one,
                      bool is_dry, struct lrt_result *result) {
    const struct settlement_seller seller = {
        .seller_id = one->seller_id,
        .status = is_dry                          ? "dryRun"
                  : one->outcome == SETTLE_FAILED ? "failed"
                                                  : "done",
        .outcome = settle_outcome_name(one->outcome),
        .failure = one->failure,
        .version = &one->version,
        .has_links = !is_dry,
    };
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    settlement_put_seller(function, period, &seller, &writer);
}

static enum svc_status settle_one(struct settlement_function *function,
                                  const struct settle_request *request,
                                  const struct settle_period *period,
                                  const struct lrt_invocation *invocation,
                                  struct settle_seller_result *one, struct svc_error *error) {
    struct settle_ledger ledger = settlement_ledger(function);
    struct settle_runner runner = settlement_runner(function, invocation);
    struct settle_run run;
    enum svc_status status = settle_ledger_open_manual(
        &ledger, period, function->settings.policy.rules_text, &run, error);
    if (status != SVC_OK) {
        return status;
    }
    status = settle_seller_run(&runner, &run, request->seller_id, true, request->force, one, error);
    settlement_report_seller(function, one, error);
    /* It may have been the last open one of a run. */
    return status == SVC_OK
               ? settlement_close_if_done(function, invocation, run.run_id, &run, error)
               : status;
}

static void handle_one(struct settlement_function *function, const struct settle_request *request,
                       const struct settle_period *period, const struct lrt_invocation *invocation,
                       struct lrt_result *result) {
    struct settle_seller_result one = {0};
    struct settle_seller seller;
    struct svc_error error = {0};
    /* An id that is mistyped must leave no trace in the ledger. */
    enum svc_status status = settle_seller_read(function->db, request->seller_id, &seller, &error);
    if (status == SVC_NOT_FOUND) {
        lrt_fail(result, "Settlement.UNKNOWN_SELLER", "no seller has the id %s",
                 request->seller_id);
        return;
    }
    if (status == SVC_OK && request->dry_run) {
        struct settle_runner runner = settlement_runner(function, invocation);
        status = settle_seller_figures(&runner, period, request->seller_id, &one, NULL, &error);
    } else if (status == SVC_OK) {
        status = settle_one(function, request, period, invocation, &one, &error);
    }
    if (status == SVC_OK) {
        write_one(function, period, &one, request->dry_run, result);
    } else {
        settlement_fail(result, status, &error);
    }
}

void settlement_request_handle(struct settlement_function *function,
                               const struct svc_json *document,
                               const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct settle_request request;
    struct settle_period period;
    struct svc_error error = {0};
    if (settle_request_read(document, &request, &error) != SVC_OK) {
        lrt_fail(result, "Settlement.MALFORMED", "the event cannot be read: %s", error.detail);
        return;
    }
    if (settle_request_period(&request, svc_wall_ms(function->clock), &period, &error) != SVC_OK) {
        lrt_fail(result, "Settlement.PERIOD", "%s", error.detail);
        return;
    }
    if (request.seller_id[0] != '\0') {
        handle_one(function, &request, &period, invocation, result);
        return;
    }
    const enum svc_status status =
        request.dry_run
            ? settlement_dry_run_all(function, &period, invocation, result, &error)
            : settlement_plan_all(function, &request, &period, invocation, result, &error);
    if (status != SVC_OK) {
        settlement_fail(result, status, &error);
    }
}
