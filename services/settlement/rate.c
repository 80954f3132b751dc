/* Rates: see rate.h. */
#include "services/settlement/rate.h"

#include <string.h>

static int compare(const struct settle_rate *row, const char *seller_id, const char *category) {
    const int by_seller = strcmp(row->seller_id, seller_id);
    return by_seller != 0 ? by_seller : strcmp(row->category, category);
}

enum svc_status settle_rates_check(const struct settle_rates *rates, struct settle_error *error) {
    if (rates->count > SETTLE_MAX_RATES) {
        return settle_refuse(error, SETTLE_REASON_TOO_LARGE, "rates", "are %zu, over their limit",
                             rates->count);
    }
    for (size_t i = 0; i < rates->count; i++) {
        const struct settle_rate *row = &rates->rows[i];
        if (row->rate_bp < 0 || row->rate_bp > SETTLE_MAX_RATE_BP) {
            return settle_refuse(error, SETTLE_REASON_BAD_FIELD, "rate_bp",
                                 "of row %zu is %d, not from 0 to %d", i, (int)row->rate_bp,
                                 SETTLE_MAX_RATE_BP);
        }
        if (row->from_ms >= row->to_ms) {
            return settle_refuse(error, SETTLE_REASON_BAD_FIELD, "to_ms",
                                 "of row %zu is not after its from_ms", i);
        }
        if (i == 0) {
            continue;
        }
        const int order = compare(&row[-1], row->seller_id, row->category);
        if (order > 0 || (order == 0 && row[-1].from_ms > row->from_ms)) {
            return settle_refuse(error, SETTLE_REASON_BAD_RATES, "rates", "are not sorted: row %zu",
                                 i);
        }
        if (order == 0 && row[-1].to_ms > row->from_ms) {
            return settle_refuse(error, SETTLE_REASON_BAD_RATES, "rates", "overlap: row %zu", i);
        }
    }
    return SVC_OK;
}

/* The row of exactly these texts at that time; NULL: none. */
static const struct settle_rate *find(const struct settle_rates *rates, const char *seller_id,
                                      const char *category, int64_t at_ms) {
    size_t low = 0, high = rates->count; /* the rows before `low` are at or before the key */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(&rates->rows[middle], seller_id, category);
        if (order < 0 || (order == 0 && rates->rows[middle].from_ms <= at_ms)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return NULL;
    }
    /* SETTLE_NO_END ends no period, not even at its own value. */
    const struct settle_rate *row = &rates->rows[low - 1];
    const bool holds = at_ms < row->to_ms || row->to_ms == SETTLE_NO_END;
    return holds && compare(row, seller_id, category) == 0 ? row : NULL;
}

int32_t settle_rate_find(const struct settle_rates *rates, const char *seller_id,
                         const char *category, int64_t ordered_at_ms, int32_t default_rate_bp) {
    const char *const keys[][2] = {
        {seller_id, category}, {seller_id, ""}, {"", category}, {"", ""}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const struct settle_rate *row = find(rates, keys[i][0], keys[i][1], ordered_at_ms);
        if (row != NULL) {
            return row->rate_bp;
        }
    }
    return default_rate_bp;
}

int32_t settle_rate_of(const struct settle_rules *rules, const struct settle_rates *rates,
                       const struct settle_line *line) {
    if (line->kind == SETTLE_SHIPPING || line->kind == SETTLE_SHIPPING_REFUND) {
        return rules->shipping_rate_bp;
    }
    return settle_rate_find(rates, line->seller_id, line->category, line->ordered_at_ms,
                            rules->default_rate_bp);
}
