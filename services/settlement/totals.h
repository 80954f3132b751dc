/* Sums of lines, of a seller, a day, a report, a run; their control; and what is paid out. Pure,
 * nothing is allocated. */
#ifndef SETTLE_TOTALS_H
#define SETTLE_TOTALS_H

#include "services/settlement/error.h"
#include "services/settlement/limits.h"
#include "services/settlement/line.h"

struct settle_sum {
    int64_t lines;
    int64_t quantity;
    struct settle_amounts amounts; /* each within +-SETTLE_MAX_SUM_WON */
};

/* All zeros: no line yet. */
struct settle_totals {
    struct settle_sum all;
    struct settle_sum by_kind[SETTLE_KINDS]; /* sums to `all` */
    /* For the seller's VAT return: sums to all.gross. What the buyer paid stands under the line's
     * kind of payment; what the platform bears (gross - paid) under SETTLE_PAID_OTHERWISE, because
     * neither a card slip nor a cash receipt was issued for it. */
    int64_t sales_won[SETTLE_TAXES][SETTLE_PAYMENTS];
};

/* Adds a computed line. Fails like settle_line_check; TOO_LARGE: a sum would be beyond
 * +-SETTLE_MAX_SUM_WON, or lines over SETTLE_MAX_LINES. `totals` is unchanged on failure. */
enum svc_status settle_totals_add(struct settle_totals *totals, const struct settle_line *line,
                                  struct settle_error *error);

/* Adds totals to totals: days to a month, sellers to a run. Both are controlled first
 * (settle_totals_check); TOO_LARGE as above. `to` is unchanged on failure. */
enum svc_status settle_totals_merge(struct settle_totals *to, const struct settle_totals *from,
                                    struct settle_error *error);

/* The control totals, also in release builds; a report is not written if it fails:
 *   gross = commission + net, commission = supply + vat, gross = list - seller's part,
 *   paid = gross - platform's part, in `all` and for each kind; the kinds sum to `all` in each
 *   amount, lines and quantity; sales_won sums to all.gross.
 * Any values are allowed. INTERNAL: UNBALANCED; TOO_LARGE: a sum beyond its limit. */
enum svc_status settle_totals_check(const struct settle_totals *totals, struct settle_error *error);

/* The same as an assertion, for code that has just summed. Nothing with NDEBUG. */
void settle_totals_assert(const struct settle_totals *totals);

/* Whether two totals of the same lines are equal: days and month, first run and rerun. INTERNAL:
 * UNBALANCED with the first field that differs. */
enum svc_status settle_totals_compare(const struct settle_totals *a, const struct settle_totals *b,
                                      struct settle_error *error);

/* What a payout cycle pays. Outside gross = commission + net: an old debt is no cost of the period.
 *   balance = carried in + net;  payable = max(balance, 0);  carried out = min(balance, 0) */
struct settle_payout {
    int64_t carried_in_won;  /* -SETTLE_MAX_SUM_WON to 0: the debt of earlier periods */
    int64_t net_won;         /* of this period */
    int64_t payable_won;     /* at least 0 */
    int64_t carried_out_won; /* at most 0: the next period's carried_in_won */
};

/* Call it for the reports of one payout cycle only (say, monthly), in order: a debt carried by
 * daily and monthly reports alike would be counted twice. MALFORMED: BAD_FIELD, carried_in_won is
 * positive or one of both is out of range; TOO_LARGE: the debt would be. `payout` is unchanged
 * then. */
enum svc_status settle_payout_compute(int64_t carried_in_won, int64_t net_won,
                                      struct settle_payout *payout, struct settle_error *error);

#endif
