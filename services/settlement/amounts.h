/* Arithmetic on all amounts of a line or a sum at once; internal to the settlement's arithmetic. */
#ifndef SETTLE_AMOUNTS_H
#define SETTLE_AMOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "services/settlement/line.h"

#define SETTLE_AMOUNT_FIELDS(X)                                                                    \
    X(list_won)                                                                                    \
    X(seller_coupon_won)                                                                           \
    X(seller_points_won)                                                                           \
    X(platform_coupon_won)                                                                         \
    X(platform_points_won)                                                                         \
    X(gross_won)                                                                                   \
    X(paid_won)                                                                                    \
    X(commission_won)                                                                              \
    X(supply_won)                                                                                  \
    X(vat_won)                                                                                     \
    X(net_won)

enum { SETTLE_GIVEN_AMOUNTS = 5, SETTLE_AMOUNTS = 11 };

/* Amount number `i`, in the order above: the given ones are the first SETTLE_GIVEN_AMOUNTS. */
int64_t *settle_amount(struct settle_amounts *amounts, size_t i);
int64_t settle_amount_of(const struct settle_amounts *amounts, size_t i);
const char *settle_amount_name(size_t i); /* "list_won" */

/* Adds each to each. Both within +-2 * SETTLE_MAX_SUM_WON. */
void settle_amounts_add(struct settle_amounts *to, const struct settle_amounts *added);

/* The first amount beyond +-limit_won; SETTLE_AMOUNTS: none is. */
size_t settle_amounts_beyond(const struct settle_amounts *amounts, int64_t limit_won);

/* Whether gross = list - seller's part = commission + net, paid = gross - platform's part and
 * commission = supply + VAT. Amounts within +-SETTLE_MAX_SUM_WON. */
bool settle_amounts_balance(const struct settle_amounts *amounts);

#endif
