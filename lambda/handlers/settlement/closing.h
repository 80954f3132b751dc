/* The end of a run: the summary object, then its state, then metrics and a line of the log, by
 * whoever comes first. */
#ifndef SETTLEMENT_CLOSING_H
#define SETTLEMENT_CLOSING_H

#include "lambda/handlers/settlement/function.h"
#include "services/base/json.h"

/* Reads the run anew into `run`, and closes it if no seller of it is open. Called after any work on
 * it: an invocation that was killed between the last seller and this leaves it to the next one. */
enum svc_status settlement_close_if_done(struct settlement_function *function,
                                         const struct lrt_invocation *invocation, uint64_t run_id,
                                         struct settle_run *run, struct svc_error *error);

/* {"task":"close"}: runs that were planned more than SETTLEMENT_CLOSE_AFTER ago end as they are:
 * incomplete if sellers are open. Fails with "Settlement.STATUS". */
void settlement_close_handle(struct settlement_function *function,
                             const struct lrt_invocation *invocation, struct lrt_result *result);

#endif
