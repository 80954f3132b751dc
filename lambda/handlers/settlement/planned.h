/* A run for all sellers of a period. */
#ifndef SETTLEMENT_PLANNED_H
#define SETTLEMENT_PLANNED_H

#include "lambda/handlers/settlement/function.h"
#include "services/settlement/request.h"

/* With SETTLEMENT_QUEUE_URL plans and sends the batches; else plans, and works as long as time
 * allows. The same event again goes on. */
enum svc_status settlement_plan_all(struct settlement_function *function,
                                    const struct settle_request *request,
                                    const struct settle_period *period,
                                    const struct lrt_invocation *invocation,
                                    struct lrt_result *result, struct svc_error *error);
/* Figures of all sellers, as many as time allows; nothing is planned, written or mailed. */
enum svc_status settlement_dry_run_all(struct settlement_function *function,
                                       const struct settle_period *period,
                                       const struct lrt_invocation *invocation,
                                       struct lrt_result *result, struct svc_error *error);

#endif
