/* The twin's work: hints of the queue TOSS_CONFIRM_QUEUE_URL, each confirmed by Toss and posted to
 * TOSS_CONFIRMED_URL. */
#ifndef WEBHOOK_CONFIRM_QUEUE_H
#define WEBHOOK_CONFIRM_QUEUE_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

/* Writes {"batchItemFailures":[...]}. Errors: MALFORMED, TOO_LARGE (no event of SQS), NO_MEMORY: no
 * message was handled. */
enum svc_status webhook_confirm_queue_handle(struct webhook_function *function,
                                             const struct svc_json *document, int64_t deadline_ms,
                                             struct lrt_result *result, struct svc_error *error);

#endif
