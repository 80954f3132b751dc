/* Messages of the settlement's queue: each names a range of a run's sellers. */
#ifndef SETTLEMENT_BATCHES_H
#define SETTLEMENT_BATCHES_H

#include "lambda/handlers/settlement/function.h"
#include "services/base/json.h"

/* The result names the messages that have to come again: sellers of theirs are open. Fails with
 * "Settlement.STATUS" only if no message was handled. */
void settlement_batches_handle(struct settlement_function *function,
                               const struct svc_json *document,
                               const struct lrt_invocation *invocation, struct lrt_result *result);

#endif
