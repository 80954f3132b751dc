/* What became of sellers and runs, as lines of the log and as metrics. No line has a name, an
 * address or an amount of a seller. */
#ifndef SETTLEMENT_REPORT_H
#define SETTLEMENT_REPORT_H

#include "lambda/handlers/settlement/function.h"
#include "services/settlement/figures.h"

/* Metrics, of each seller:
 *   SettlementReports            by Outcome: made, unchanged, failed, later
 *   SettlementFailures           by Reason: MALFORMED, TOO_LARGE, ...: the seller's data
 *   SettlementsPostponed         by Reason: CONFLICT, CONNECTION_LOST, ...
 *   SettlementMails, SettlementMailsNotMade, SettlementObjectsRewritten
 * A settle_worked_fn; user: struct settlement_function. */
void settlement_report_seller(void *user, const struct settle_seller_result *result,
                              const struct svc_error *error);

/* Metrics, of each run once: SettlementRuns by Status (closed, incomplete), SettlementSellers,
 * SettlementSellersFailed, SettlementSellersOpen, SettlementRunTime (ms, since it was planned). */
void settlement_report_run(const struct settlement_function *function, const struct settle_run *run,
                           enum settle_run_state state, const struct settle_run_totals *totals);

/* Makes the invocation fail with "Settlement.STATUS". */
void settlement_fail(struct lrt_result *result, enum svc_status status,
                     const struct svc_error *error);

#endif
