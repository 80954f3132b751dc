/* The figures of a version as JSON, for results and summaries. */
#ifndef SETTLE_FIGURES_H
#define SETTLE_FIGURES_H

#include "services/base/json.h"
#include "services/settlement/ledger.h"

/* Sums over the newest versions of sellers. */
#define SETTLE_NAMED_OPEN 10
struct settle_run_totals {
    int64_t sellers, done, failed, open;
    char open_ids[SETTLE_NAMED_OPEN][SETTLE_MAX_SELLER_ID_BYTES + 1]; /* the first ones */
    struct settle_version sum; /* its sums alone: counts, amounts, payout */
};
/* Adds a seller; false: a sum would be beyond its limit (SETTLE_MAX_SUM_WON), and nothing was
 * added. */
bool settle_run_totals_add(struct settle_run_totals *totals,
                           const struct settle_run_seller *seller);

/* The members of a summary: "orders", "lines", "quantity", "listWon", ... into the open object;
 * balances only with a payout. */
void settle_figures_put(struct svc_json_writer *writer, const struct settle_version *version);
/* "reportType", "period", "firstDay", "lastDay" of a period. */
void settle_figures_put_period(struct svc_json_writer *writer, const struct settle_period *period);

#endif
