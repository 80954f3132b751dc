/* The webhook function: HTTP requests of senders, schedules, and for the twin the queue of hints.
 */
#ifndef WEBHOOK_WEBHOOK_H
#define WEBHOOK_WEBHOOK_H

#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"

/* Handles one event; kinds of failure (error types):
 *   Webhook.MALFORMED      an event that cannot be read
 *   Webhook.UNKNOWN_EVENT  none of the events that this role of the function takes
 *   Webhook.NO_MEMORY      nothing was handled
 * and those of schedule.h and migrate.h. What a sender gets is never a failure: http.h. */
void webhook_handle(struct webhook_function *function, const struct lrt_invocation *invocation,
                    struct lrt_result *result);

#endif
