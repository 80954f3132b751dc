/* Hints of the queue: see confirm_queue.h. */
#include "lambda/handlers/webhook/confirm_queue.h"

#include "lambda/events/sqs_batch.h"
#include "lambda/handlers/webhook/twin.h"
#include "services/base/crypto.h"

/* No further message is taken with less left: a request to Toss and a post, if neither stalls. */
#define MIN_LEFT_MS 3000

struct run {
    struct webhook_function *function;
    struct webhook_twin twin;
    int64_t deadline_ms;
    bool is_ready; /* there is a key to ask with, and one to sign with */
};

static const struct {
    enum lev_sqs_result result;
    enum svc_log_level level;
    const char *metric;
} outcomes[] = {
    [WEBHOOK_TWIN_DONE] = {LEV_SQS_DONE, SVC_LOG_INFO, "TossConfirmed"},
    [WEBHOOK_TWIN_FORGED] = {LEV_SQS_DONE, SVC_LOG_WARN, "TossForged"},
    [WEBHOOK_TWIN_REFUSED] = {LEV_SQS_DONE, SVC_LOG_ERROR, "TossRefused"},
    [WEBHOOK_TWIN_FAILED] = {LEV_SQS_RETRY, SVC_LOG_WARN, "TossUnconfirmed"},
};

static enum lev_sqs_result confirm(void *user, const struct lev_sqs_record *record) {
    struct run *run = user;
    struct webhook_function *function = run->function;
    struct svc_error error = {0};
    if (!run->is_ready) {
        return LEV_SQS_STOP;
    }
    const enum webhook_twin_result found =
        webhook_twin_handle(&run->twin, record->body != NULL ? record->body : "",
                            record->body_bytes, run->deadline_ms, &error);
    if (found == WEBHOOK_TWIN_FAILED && error.status == SVC_ACCESS_DENIED) {
        function->is_toss_key_refused = true;
    } else if (found == WEBHOOK_TWIN_FAILED && error.status == SVC_NO_CREDENTIALS) {
        /* The function refuses the internal secret: it may have been rotated. */
        (void)webhook_keys_refresh(&function->keys, run->deadline_ms);
    }
    lrt_metrics_add(function->metrics, outcomes[found].metric, LRT_COUNT, 1);
    svc_log_event(
        function->log, outcomes[found].level, "hint", SVC_TEXT("messageId", record->message_id),
        SVC_TEXT("outcome", webhook_twin_result_name(found)),
        SVC_TEXT("reason", found != WEBHOOK_TWIN_DONE ? svc_status_name(error.status) : NULL),
        SVC_TEXT("detail", found != WEBHOOK_TWIN_DONE ? error.detail : NULL),
        SVC_INT("receiveCount", record->receive_count));
    return outcomes[found].result;
}

enum svc_status webhook_confirm_queue_handle(struct webhook_function *function,
                                             const struct svc_json *document, int64_t deadline_ms,
                                             struct lrt_result *result, struct svc_error *error) {
    struct lev_sqs_event event;
    char key[WEBHOOK_TOSS_KEY_BYTES];
    enum svc_status status = lev_sqs_read(document, &event, error);
    if (status == SVC_OK) {
        struct run run = {
            .function = function,
            .deadline_ms = deadline_ms,
        };
        run.is_ready = webhook_twin_prepare(function, deadline_ms, key, &run.twin);
        const struct lev_sqs_driver driver = {
            .handle = confirm,
            .user = &run,
            .clock = function->clock,
            .log = function->log,
            .deadline_ms = deadline_ms,
            .min_left_ms = MIN_LEFT_MS,
        };
        status = lev_sqs_run(&event, &driver, &result->body, NULL);
        svc_wipe(key, sizeof(key));
    }
    lev_sqs_clear(&event);
    return status;
}
