/* Visibility timeouts: see visibility.h. */
#include "lambda/handlers/email/visibility.h"

#include <string.h>

#include "services/base/random.h"

/* A batch of messages that fail must not spend the invocation's time on this. */
#define MAX_CHANGE_MS   2000
#define MAX_QUEUE_BYTES ((size_t)1024)

void email_visibility_init(struct email_visibility *visibility,
                           const struct email_function *function, int64_t deadline_ms) {
    memset(visibility, 0, sizeof(*visibility));
    visibility->function = function;
    visibility->deadline_ms = deadline_ms;
}

/* A quarter more at most. */
static int with_jitter(int retry_s) {
    const int most_s = retry_s / 4 + 1;
    const int wait_s = retry_s + (int)(svc_random_unit(svc_random_system()) * (double)(most_s + 1));
    return wait_s < AWSC_SQS_MAX_VISIBILITY_S ? wait_s : AWSC_SQS_MAX_VISIBILITY_S;
}

void email_visibility_add(struct email_visibility *visibility, const struct lev_sqs_record *record,
                          int retry_s) {
    if (record->receipt_handle == NULL || record->queue_arn == NULL) {
        return;
    }
    const bool is_other_queue =
        visibility->count > 0 && strcmp(visibility->of->queue_arn, record->queue_arn) != 0;
    if (visibility->count == AWSC_MAX_SQS_BATCH || is_other_queue) {
        email_visibility_flush(visibility);
    }
    visibility->of = record;
    visibility->entries[visibility->count++] = (struct awsc_sqs_visibility){
        .receipt_handle = record->receipt_handle, .visibility_s = with_jitter(retry_s)};
}

static void log_failure(const struct email_visibility *visibility, enum svc_status status,
                        const struct awsc_error *error) {
    char text[AWSC_ERROR_TEXT_BYTES];
    svc_log_event(visibility->function->log, SVC_LOG_WARN,
                  "the visibility of messages is not changed", SVC_INT("count", visibility->count),
                  SVC_TEXT("reason", svc_status_name(status)),
                  SVC_TEXT("error", awsc_error_text(error, text)));
    lrt_metrics_add(visibility->function->metrics, "VisibilityFailed", LRT_COUNT, 1);
}

static bool has_changed(const struct awsc_sqs_result *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (results[i].status == SVC_OK) {
            return true;
        }
    }
    return false;
}

void email_visibility_flush(struct email_visibility *visibility) {
    const struct email_function *function = visibility->function;
    const size_t count = visibility->count;
    struct awsc_sqs_result results[AWSC_MAX_SQS_BATCH];
    struct awsc_error error = {0};
    struct svc_buf url;
    if (count == 0 || visibility->is_given_up) {
        visibility->count = 0;
        return;
    }
    const int64_t most_ms = svc_deadline_in(function->clock, MAX_CHANGE_MS);
    const int64_t deadline_ms =
        visibility->deadline_ms < most_ms ? visibility->deadline_ms : most_ms;
    svc_buf_init(&url, MAX_QUEUE_BYTES);
    enum svc_status status = lev_sqs_queue_url(visibility->of, &url);
    visibility->is_given_up = status != SVC_OK;
    if (status == SVC_OK) {
        status =
            awsc_sqs_change_visibility_batch(function->aws, svc_buf_text(&url), visibility->entries,
                                             count, results, deadline_ms, &error);
        visibility->is_given_up = !has_changed(results, count);
    }
    if (status != SVC_OK) {
        log_failure(visibility, status, &error);
    }
    svc_buf_clear(&url);
    visibility->count = 0;
}
