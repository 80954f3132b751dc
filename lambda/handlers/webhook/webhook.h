/* The webhook function: HTTP requests of senders, schedules, and for the twin the queue of hints.
 */
#ifndef WEBHOOK_WEBHOOK_H
#define WEBHOOK_WEBHOOK_H

#include "lambda/clients/migrate.h"
#include "lambda/handlers/webhook/function.h"
#include "lambda/runtime/runtime.h"

/* Its tables and mappings of platforms. */
extern const struct lrt_migrations webhook_function_migrations;

/* Handles one event; kinds of failure (error types):
 *   Webhook.MALFORMED      an event that cannot be read
 *   Webhook.UNKNOWN_EVENT  none of the events that this role of the function takes
 *   Webhook.NO_MEMORY      nothing was handled
 * and those of schedule.h, and Webhook.MIGRATION. What a sender gets is never a failure: http.h. */
void webhook_handle(struct webhook_function *function, const struct lrt_invocation *invocation,
                    struct lrt_result *result);

#endif
