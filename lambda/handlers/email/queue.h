/* The messages of an SQS event: each is sent, moved to the dead-letter queue, or comes again. */
#ifndef EMAIL_QUEUE_H
#define EMAIL_QUEUE_H

#include "lambda/handlers/email/function.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

/* Writes {"batchItemFailures":[...]}. Errors: MALFORMED, TOO_LARGE (no event of SQS), NO_MEMORY: no
 * message was handled. */
enum svc_status email_queue_handle(struct email_function *function, const struct svc_json *document,
                                   int64_t deadline_ms, struct lrt_result *result,
                                   struct svc_error *error);

#endif
