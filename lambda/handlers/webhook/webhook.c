/* One event, by its kind: see webhook.h. */
#include "lambda/handlers/webhook/webhook.h"

#include "lambda/clients/clients.h"
#include "lambda/clients/migrate.h"
#include "lambda/events/kind.h"
#include "lambda/handlers/webhook/confirm_queue.h"
#include "lambda/handlers/webhook/http.h"
#include "lambda/handlers/webhook/schedule.h"
#include "lambda/handlers/webhook/twin.h"
#include "services/webhook/migrations.h"

const struct lrt_migrations webhook_function_migrations = {
    .sql = &webhook_sql,
    .error_type = "Webhook.MIGRATION",
    .program = "webhook-handler",
    .subject = "webhooks",
    .objects = "views and procedures",
};

static void migrate(struct webhook_function *function, const struct svc_json *document,
                    const struct lrt_invocation *invocation, struct lrt_result *result) {
    const struct lrt_migrate what = {
        .migrations = &webhook_function_migrations,
        .settings = &function->settings.migration,
        .aws = function->aws,
        .clock = function->clock,
        .log = function->log,
    };
    lrt_migrate_handle(&what, document, invocation, result);
}

static void refuse(const struct webhook_function *function, struct lrt_result *result) {
    lrt_fail(result, "Webhook.UNKNOWN_EVENT",
             function->settings.is_twin
                 ? "neither messages of the queue of hints nor a schedule"
                 : "none of a request of a Function URL, a schedule and {\"migrate\":true}");
}

static void handle_as_store(struct webhook_function *function, const struct svc_json *document,
                            const struct lrt_invocation *invocation, struct lrt_result *result) {
    switch (lev_kind_of(document)) {
    case LEV_FUNCTION_URL:
        webhook_http_handle(function, document, invocation, result);
        break;
    case LEV_SCHEDULE:
        webhook_schedule_handle(function, document, invocation, result);
        break;
    default:
        if (db_migrate_is_event(document)) {
            migrate(function, document, invocation, result);
        } else {
            refuse(function, result);
        }
        break;
    }
}

static void handle_as_twin(struct webhook_function *function, const struct svc_json *document,
                           const struct lrt_invocation *invocation, struct lrt_result *result) {
    struct svc_error error = {0};
    const enum lev_kind kind = lev_kind_of(document);
    if (kind == LEV_SCHEDULE) {
        webhook_twin_schedule_handle(function, document, invocation, result);
        return;
    }
    if (kind != LEV_SQS) {
        refuse(function, result);
        return;
    }
    const enum svc_status status =
        webhook_confirm_queue_handle(function, document, invocation->deadline_ms, result, &error);
    if (status == SVC_NO_MEMORY) {
        lrt_fail(result, "Webhook.NO_MEMORY", "%s", svc_status_message(status));
    } else if (status != SVC_OK) {
        lrt_fail(result, "Webhook.MALFORMED", "the event cannot be read: %s", error.detail);
    }
}

void webhook_handle(struct webhook_function *function, const struct lrt_invocation *invocation,
                    struct lrt_result *result) {
    lrt_aws_client_begin(function->aws, invocation);
    struct svc_json *document = lrt_parse_event(invocation, result, "Webhook.MALFORMED");
    if (result->failed) {
        return;
    }
    if (function->settings.is_twin) {
        handle_as_twin(function, document, invocation, result);
    } else {
        handle_as_store(function, document, invocation, result);
    }
    /* A body may hold a payment's secret. */
    svc_json_wipe(document);
}
