/* The settlement function: requests of reports, batches of its own queue, tasks, migrations. */
#ifndef SETTLEMENT_SETTLEMENT_H
#define SETTLEMENT_SETTLEMENT_H

#include "lambda/clients/migrate.h"
#include "lambda/handlers/settlement/function.h"

/* Its tables and mappings of platforms. */
extern const struct lrt_migrations settlement_migrations;

/* Handles one event; kinds of failure (error types):
 *   Settlement.MALFORMED      an event that cannot be read
 *   Settlement.UNKNOWN_EVENT  none of the events that the function takes
 *   Settlement.UNKNOWN_TASK   none of close, check and watch
 *   Settlement.MIGRATION
 * and those of request.h, closing.h, check.h, watch.h and batches.h. */
void settlement_handle(struct settlement_function *function,
                       const struct lrt_invocation *invocation, struct lrt_result *result);

#endif
