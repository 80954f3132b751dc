/* The reconciliation check (services/settlement/check.h): {"task":"check","period":"2026-10"}, or
 * of a schedule {"task":"check","reportType":"monthly","time":"<aws.scheduler.scheduled-time>"}.
 * Changes nothing. All differences are an object, settlements/checks/PERIOD.json; the first ones
 * stand in the result. */
#ifndef SETTLEMENT_CHECK_H
#define SETTLEMENT_CHECK_H

#include "lambda/handlers/settlement/function.h"
#include "services/base/json.h"
#include "services/settlement/check.h"

/* Differences in the result. */
#define SETTLEMENT_MAX_DIFFERENCES 100

/* Kinds of failure: Settlement.MALFORMED, Settlement.PERIOD, "Settlement.STATUS". */
void settlement_check_handle(struct settlement_function *function, const struct svc_json *document,
                             const struct lrt_invocation *invocation, struct lrt_result *result);

/* Also for the command: an entry of a list of differences, and the counts. */
void settlement_put_difference(struct svc_json_writer *writer,
                               const struct settle_difference *difference);
void settlement_put_check_counts(struct svc_json_writer *writer,
                                 const struct settle_check_counts *counts);

#endif
