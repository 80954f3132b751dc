/* The twin: see twin.h. */
#include "lambda/handlers/webhook/twin.h"

#include <string.h>

#include "lambda/events/schedule.h"
#include "lambda/handlers/webhook/reconcile.h"
#include "services/base/crypto.h"
#include "services/webhook/reconcile.h"

bool webhook_twin_prepare(struct webhook_function *function, int64_t deadline_ms,
                          char key[WEBHOOK_TOSS_KEY_BYTES], struct webhook_twin *twin) {
    const struct webhook_settings *settings = &function->settings;
    const struct webhook_secrets *internal = &function->keys.fetched.internal;
    struct svc_error error = {0};
    const enum svc_status status = webhook_toss_key_read(
        function->aws, settings->toss_secret_name, function->is_toss_key_refused, key, &error);
    if (status != SVC_OK) {
        svc_log_event(function->log, SVC_LOG_ERROR, "the key to ask Toss with cannot be read",
                      SVC_TEXT("reason", svc_status_name(status)),
                      SVC_TEXT("detail", error.detail));
        return false;
    }
    function->is_toss_key_refused = false;
    if (!webhook_keys_prepare(&function->keys, deadline_ms)) {
        return false; /* logged there */
    }
    if (internal->schemes[WEBHOOK_SCHEME_STANDARD].count == 0) {
        svc_log_event(function->log, SVC_LOG_ERROR, "the webhooks' secret has no \"internal\" one",
                      SVC_TEXT("reason", svc_status_name(SVC_CONFIGURATION)));
        return false;
    }
    *twin = (struct webhook_twin){
        .toss = &function->toss,
        .secret_key = key,
        .internal = internal,
        .confirmed_url = settings->confirmed_url,
        .transactions_url = settings->transactions_url,
        .transport = function->transport,
        .clock = function->clock,
        .log = function->log,
        .trace = function->toss.trace,
    };
    return true;
}

static void write_listed(const struct webhook_twin_listed *listed, const char *date,
                         struct lrt_result *result) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, &result->body);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "task", "reconcile");
    svc_json_add_text(&writer, "date", date);
    svc_json_add_int(&writer, "pages", (int64_t)listed->pages);
    svc_json_add_int(&writer, "transactions", (int64_t)listed->transactions);
    svc_json_end_object(&writer);
}

static void list(struct webhook_function *function, int64_t time_ms, int64_t deadline_ms,
                 struct lrt_result *result) {
    struct webhook_twin_listed listed = {0};
    struct webhook_twin twin;
    struct svc_error error = {0};
    char key[WEBHOOK_TOSS_KEY_BYTES];
    char date[WEBHOOK_DAY_BYTES];
    int64_t from_ms, to_ms;
    webhook_reconcile_day(time_ms, WEBHOOK_RECONCILE_DELAY_MS, &from_ms, &to_ms, date);
    if (!webhook_twin_prepare(function, deadline_ms, key, &twin)) {
        lrt_fail(result, "Webhook.RECONCILE", "a secret is not available");
    } else if (webhook_twin_list(&twin, from_ms, to_ms, deadline_ms, &listed, &error) == SVC_OK) {
        write_listed(&listed, date, result);
    } else {
        function->is_toss_key_refused = error.status == SVC_ACCESS_DENIED;
        lrt_fail(result, "Webhook.RECONCILE", "%s: %s", svc_status_name(error.status),
                 error.detail);
    }
    svc_wipe(key, sizeof(key));
}

void webhook_twin_schedule_handle(struct webhook_function *function,
                                  const struct svc_json *document,
                                  const struct lrt_invocation *invocation,
                                  struct lrt_result *result) {
    struct lev_schedule schedule;
    struct svc_error error = {0};
    const char *task = svc_json_get_text(document, "task");
    if (lev_schedule_read(document, &schedule, &error) != SVC_OK) {
        lrt_fail(result, "Webhook.MALFORMED", "the event cannot be read: %s", error.detail);
    } else if (task == NULL || strcmp(task, "reconcile") != 0) {
        lrt_fail(result, "Webhook.UNKNOWN_TASK", "the task of the twin is not reconcile");
    } else {
        list(function, schedule.time_ms, invocation->deadline_ms, result);
    }
}
