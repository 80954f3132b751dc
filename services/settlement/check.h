/* The reconciliation check: what the platform's payment records say of each order that was settled
 * in a period (view settlement_payments), against the sum of its lines. Settled are all lines of
 * the order, of every seller, up to the end of the period. */
#ifndef SETTLE_CHECK_H
#define SETTLE_CHECK_H

#include "services/settlement/reader.h"

struct settle_difference {
    const char *order_id;
    int64_t settled_at_ms;
    int64_t paid_won, settled_paid_won; /* recorded, and the sum of sales and shipping fees */
    int64_t refunded_won, settled_refunded_won; /* the same of what went back; at least 0 */
    const char *failure;                        /* "": the lines were computed; else why not */
};
typedef enum svc_status settle_difference_fn(void *user, const struct settle_difference *difference,
                                             struct svc_error *error);

struct settle_check_counts {
    int64_t orders, differences;
    int64_t paid_won, settled_paid_won, refunded_won, settled_refunded_won;
};

/* Gives each difference, by order id; an order that cannot be computed is one. */
enum svc_status settle_check_payments(struct db *db, const struct settle_rules *rules,
                                      const struct settle_period *period,
                                      settle_difference_fn *take, void *user,
                                      struct settle_check_counts *counts, struct svc_error *error);

#endif
