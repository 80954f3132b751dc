/* Which commission rate applies to a line: a lookup in a sorted table that the caller holds. Pure.
 */
#ifndef SETTLE_RATE_H
#define SETTLE_RATE_H

#include <stddef.h>

#include "services/settlement/line.h"
#include "services/settlement/rules.h"

#define SETTLE_NO_END INT64_MAX

/* A rate, for orders with from_ms <= ordered_at_ms < to_ms. Texts are borrowed, never NULL; ""
 * stands for any seller, or any category. */
struct settle_rate {
    const char *seller_id;
    const char *category;
    int64_t from_ms; /* UTC, since 1970 */
    int64_t to_ms;   /* the first moment it no longer holds; SETTLE_NO_END: it has no end */
    int32_t rate_bp; /* 0 to SETTLE_MAX_RATE_BP */
};

/* Ascending by seller_id, category (both as strcmp orders them) and from_ms. */
struct settle_rates {
    const struct settle_rate *rows;
    size_t count; /* at most SETTLE_MAX_RATES */
};

/* Checks that the table is sorted, that no two periods of one seller and category overlap, and that
 * each has from_ms < to_ms and a rate in its range. Call it once for each table: the lookup relies
 * on it. MALFORMED: BAD_RATES, BAD_FIELD, with the number of the row, from 0; TOO_LARGE. */
enum svc_status settle_rates_check(const struct settle_rates *rates, struct settle_error *error);

/* The rate of an order of that time: the first of these that the table has
 *   1. seller and category      2. seller, any category
 *   3. any seller, category     4. any seller, any category (a default with dates)
 * or `default_rate_bp`. A text "" matches only rows for any. O(log n), nothing is allocated. */
int32_t settle_rate_find(const struct settle_rates *rates, const char *seller_id,
                         const char *category, int64_t ordered_at_ms, int32_t default_rate_bp);

/* The rate of a line: of shipping fees and their refunds the rules' own, else the table's at
 * line->ordered_at_ms, that is, a refund has the rate of its order, whenever it happens. */
int32_t settle_rate_of(const struct settle_rules *rules, const struct settle_rates *rates,
                       const struct settle_line *line);

#endif
