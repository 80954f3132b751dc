/* The watchdog: {"task":"watch","time":"<aws.scheduler.scheduled-time>"}, on a schedule at 09:30
 * KST, half an hour after the runs are due. Looks whether the runs that were due on the day of that
 * time are there and closed: the daily one, on a Monday the weekly one, on the first of a month the
 * monthly one. And when the database's authorities (DB_CA_FILE) end. Changes nothing, and an
 * overdue run is no failure of the invocation: it is a metric and a line of the log.
 *
 * Metrics: SettlementOverdue (how many of the runs are not closed; also by ReportType: 0 or 1),
 * DatabaseCaDaysLeft (until the certificate that ends first). Without the ledger there is no
 * SettlementOverdue: the invocation fails, and is tried again. */
#ifndef SETTLEMENT_WATCH_H
#define SETTLEMENT_WATCH_H

#include "lambda/handlers/settlement/function.h"
#include "services/base/json.h"

/* Kinds of failure: Settlement.MALFORMED, Settlement.PERIOD, "Settlement.STATUS". */
void settlement_watch_handle(struct settlement_function *function, const struct svc_json *document,
                             struct lrt_result *result);

#endif
