/* One event, by its kind: see settlement.h. */
#include "lambda/handlers/settlement/settlement.h"

#include <string.h>

#include "lambda/clients/clients.h"
#include "lambda/events/kind.h"
#include "lambda/handlers/settlement/batches.h"
#include "lambda/handlers/settlement/check.h"
#include "lambda/handlers/settlement/closing.h"
#include "lambda/handlers/settlement/request.h"
#include "lambda/handlers/settlement/watch.h"
#include "services/settlement/migrations.h"

const struct lrt_migrations settlement_migrations = {
    .sql = &settlement_sql,
    .error_type = "Settlement.MIGRATION",
    .program = "settlement-report",
    .subject = "settlement",
    .objects = "views",
};

static void migrate(struct settlement_function *function, const struct svc_json *document,
                    const struct lrt_invocation *invocation, struct lrt_result *result) {
    const struct lrt_migrate what = {
        .migrations = &settlement_migrations,
        .settings = &function->settings.migration,
        .aws = function->aws,
        .clock = function->clock,
        .log = function->log,
    };
    lrt_migrate_handle(&what, document, invocation, result);
}

static void handle_task(struct settlement_function *function, const struct svc_json *document,
                        const struct lrt_invocation *invocation, struct lrt_result *result) {
    const char *task = svc_json_get_text(document, "task");
    const size_t members = svc_json_has(document, "time") ? 2 : 1;
    if (task != NULL && strcmp(task, "check") == 0) {
        settlement_check_handle(function, document, invocation, result);
    } else if (task != NULL && strcmp(task, "watch") == 0) {
        settlement_watch_handle(function, document, result);
    } else if (task == NULL || strcmp(task, "close") != 0) {
        lrt_fail(result, "Settlement.UNKNOWN_TASK", "the task is none of close, check and watch");
    } else if (svc_json_count(document) != members) {
        lrt_fail(result, "Settlement.MALFORMED", "the task close has no member but time");
    } else {
        settlement_close_handle(function, invocation, result);
    }
}

void settlement_handle(struct settlement_function *function,
                       const struct lrt_invocation *invocation, struct lrt_result *result) {
    lrt_aws_client_begin(function->aws, invocation);
    db_set_deadline(function->db, invocation->deadline_ms);
    struct svc_json *document = lrt_parse_event(invocation, result, "Settlement.MALFORMED");
    if (result->failed) {
        return;
    }
    if (lev_kind_of(document) == LEV_SQS) {
        settlement_batches_handle(function, document, invocation, result);
    } else if (svc_json_has(document, "reportType") && !svc_json_has(document, "task")) {
        settlement_request_handle(function, document, invocation, result);
    } else if (svc_json_has(document, "task")) {
        handle_task(function, document, invocation, result);
    } else if (db_migrate_is_event(document)) {
        migrate(function, document, invocation, result);
    } else {
        lrt_fail(result, "Settlement.UNKNOWN_EVENT",
                 "none of {\"reportType\":...}, messages of the settlement's queue, "
                 "{\"task\":...} and {\"migrate\":true}");
    }
    svc_json_free(document);
}
