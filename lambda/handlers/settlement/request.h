/* Requests of reports: {"reportType":...} of a schedule or by hand (services/settlement/request.h).
 */
#ifndef SETTLEMENT_REQUEST_H
#define SETTLEMENT_REQUEST_H

#include "lambda/handlers/settlement/function.h"
#include "services/base/json.h"

/* Kinds of failure: Settlement.MALFORMED (the event), Settlement.PERIOD (its days),
 * Settlement.UNKNOWN_SELLER, and "Settlement.STATUS" of what failed. */
void settlement_request_handle(struct settlement_function *function,
                               const struct svc_json *document,
                               const struct lrt_invocation *invocation, struct lrt_result *result);

#endif
