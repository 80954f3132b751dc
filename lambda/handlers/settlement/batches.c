/* Messages of the queue: see batches.h. */
#include "lambda/handlers/settlement/batches.h"

#include <inttypes.h>
#include <stdio.h>

#include "lambda/events/sqs_batch.h"
#include "lambda/handlers/settlement/closing.h"
#include "lambda/handlers/settlement/report.h"
#include "services/settlement/batch.h"

/* No further message is taken with less time left. */
#define MIN_LEFT_MS 10000
/* Kept for closing the run and for the result. */
#define RESERVE_MS 3000

struct handling {
    struct settlement_function *function;
    const struct lrt_invocation *invocation;
};

static void log_batch(const struct settlement_function *function,
                      const struct lev_sqs_record *record, const struct settle_batch *batch,
                      const struct settle_worked *worked, const char *outcome,
                      const struct svc_error *error) {
    char run_id[24];
    const bool is_failure = error->detail[0] != '\0';
    (void)snprintf(run_id, sizeof(run_id), "%" PRIu64, batch->run_id);
    svc_log_event(function->log, is_failure ? SVC_LOG_ERROR : SVC_LOG_INFO, "batch",
                  SVC_TEXT("messageId", record->message_id),
                  SVC_INT("receiveCount", record->receive_count), SVC_TEXT("runId", run_id),
                  SVC_INT("generation", batch->generation), SVC_TEXT("outcome", outcome),
                  SVC_INT("made", worked->made), SVC_INT("unchanged", worked->unchanged),
                  SVC_INT("failed", worked->failed), SVC_INT("later", worked->later),
                  SVC_INT("mails", worked->mails), SVC_INT("slowestMs", worked->slowest_ms),
                  SVC_TEXT("reason", is_failure ? svc_status_name(error->status) : NULL),
                  SVC_TEXT("detail", is_failure ? error->detail : NULL));
}

/* *is_stale: a later plan of the run has batches of its own. */
static enum svc_status work(const struct handling *handling, const struct settle_batch *batch,
                            struct settle_worked *worked, bool *is_stale, struct svc_error *error) {
    struct settlement_function *function = handling->function;
    struct settle_ledger ledger = settlement_ledger(function);
    struct settle_runner runner = settlement_runner(function, handling->invocation);
    struct settle_run run;
    enum svc_status status = settle_ledger_run(&ledger, batch->run_id, &run, error);
    *is_stale = status == SVC_OK && run.generation != batch->generation;
    if (status != SVC_OK || *is_stale) {
        return status;
    }
    status = settle_work_sellers(&runner, &run, batch->after, batch->upto, RESERVE_MS,
                                 settlement_report_seller, function, worked, error);
    return status == SVC_OK ? settlement_close_if_done(function, handling->invocation,
                                                       batch->run_id, &run, error)
                            : status;
}

static enum lev_sqs_result handle(void *user, const struct lev_sqs_record *record) {
    const struct handling *handling = user;
    struct settle_batch batch;
    struct settle_worked worked = {0};
    struct svc_error error = {0};
    bool is_stale = false;
    enum svc_status status = settle_batch_parse(record->body != NULL ? record->body : "",
                                                record->body_bytes, &batch, &error);
    const bool is_read = status == SVC_OK;
    if (is_read) {
        status = work(handling, &batch, &worked, &is_stale, &error);
    }
    enum lev_sqs_result result = LEV_SQS_DONE;
    const char *outcome = is_stale ? "stale" : "done";
    if (status != SVC_OK) {
        /* One that can never succeed ends in the dead-letter queue, where a person finds it. */
        const bool is_its_own = !is_read || status == SVC_NOT_FOUND;
        result = is_its_own ? LEV_SQS_RETRY : LEV_SQS_STOP;
        outcome = "failed";
    } else if (worked.is_stopped || worked.is_out_of_time) {
        result = LEV_SQS_STOP;
        outcome = worked.is_stopped ? "stopped" : "out of time";
    } else if (worked.later > 0) {
        result = LEV_SQS_RETRY;
        outcome = "sellers left";
    }
    log_batch(handling->function, record, &batch, &worked, outcome, &error);
    return result;
}

void settlement_batches_handle(struct settlement_function *function,
                               const struct svc_json *document,
                               const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct lev_sqs_event event;
    struct svc_error error = {0};
    struct handling handling = {function, invocation};
    enum svc_status status = lev_sqs_read(document, &event, &error);
    if (status == SVC_OK) {
        const struct lev_sqs_driver driver = {
            .handle = handle,
            .user = &handling,
            .clock = function->clock,
            .log = function->log,
            .deadline_ms = invocation->deadline_ms,
            .min_left_ms = MIN_LEFT_MS,
        };
        status = lev_sqs_run(&event, &driver, &result->body, NULL);
    }
    lev_sqs_clear(&event);
    if (status != SVC_OK) {
        settlement_fail(result, status, &error);
    }
}
