/* Comparison of two sorted lists of payments or refunds: Toss's and the stored ones. Pure. For
 * reconcile.c. */
#ifndef WEBHOOK_RECONCILE_COMPARE_H
#define WEBHOOK_RECONCILE_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "services/webhook/limits.h"
#include "services/webhook/reconcile.h"

struct webhook_record {
    char order_id[WEBHOOK_MAX_ORDER_ID_BYTES + 1];
    char id[WEBHOOK_MAX_ID_BYTES + 1]; /* of a refund; "" for a payment */
    int64_t amount_won, time_ms;
};

/* By order and id, byte for byte, as the database sorts its binary collation; then by time. */
int webhook_record_compare(const void *a, const void *b);

/* A difference: toss or stored is NULL where it is missing. */
typedef void webhook_difference_fn(void *user, enum webhook_difference difference,
                                   const struct webhook_record *toss,
                                   const struct webhook_record *stored);

/* Both lists may reach beyond the time: a record is missing only if its own time is from from_ms on
 * and before to_ms. */
struct webhook_comparison {
    const struct webhook_record *records; /* Toss's, sorted, no two of one order and id */
    size_t count, at;
    int64_t from_ms, to_ms;
    webhook_difference_fn *report;
    void *user;
};

/* Called for each stored record in order, then with NULL at the end. */
void webhook_compare_next(struct webhook_comparison *comparison,
                          const struct webhook_record *stored);

#endif
