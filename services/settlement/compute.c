/* The amounts of a line: see compute.h. */
#include "services/settlement/compute.h"

#include <assert.h>

#include "services/settlement/amounts.h"

/* Commission and net of a full line with VAT on top of 100 %. */
#define MAX_COMPUTED_WON (SETTLE_MAX_LINE_WON + SETTLE_MAX_LINE_WON / 10)

/* Fills the computed amounts of what remains of an item. All given ones are 0 to
 * SETTLE_MAX_LINE_WON. */
static void derive(struct settle_amounts *r) {
    r->gross_won = r->list_won - r->seller_coupon_won - r->seller_points_won;
    r->paid_won = r->gross_won - r->platform_coupon_won - r->platform_points_won;
}

static void price(const struct settle_rules *rules, int32_t rate_bp, struct settle_amounts *r) {
    const int64_t basis = rules->basis == SETTLE_ON_LIST   ? r->list_won
                          : rules->basis == SETTLE_ON_PAID ? r->paid_won
                                                           : r->gross_won;
    const int64_t fee = settle_fee(basis, rate_bp, rules->fee_rounding);
    r->vat_won = settle_vat(fee, rules->rates_include_vat, rules->vat_rounding);
    r->supply_won = rules->rates_include_vat ? fee - r->vat_won : fee;
    r->commission_won = r->supply_won + r->vat_won;
    r->net_won = r->gross_won - r->commission_won;
}

static bool within(int64_t value, int64_t low, int64_t high) {
    return value >= low && value <= high;
}

static enum svc_status bad_field(struct settle_error *error, const char *field, int64_t value) {
    return settle_refuse(error, SETTLE_REASON_BAD_FIELD, field,
                         "is %lld: outside its range, or of the wrong sign", (long long)value);
}

static enum svc_status check_enums(const struct settle_line *line, struct settle_error *error) {
    if ((size_t)line->kind >= SETTLE_KINDS) {
        return bad_field(error, "kind", line->kind);
    }
    if ((size_t)line->tax >= SETTLE_TAXES) {
        return bad_field(error, "tax", line->tax);
    }
    if ((size_t)line->payment >= SETTLE_PAYMENTS) {
        return bad_field(error, "payment", line->payment);
    }
    if (!within(line->rate_bp, 0, SETTLE_MAX_RATE_BP)) {
        return bad_field(error, "rate_bp", line->rate_bp);
    }
    return SVC_OK;
}

static enum svc_status check_given(const struct settle_line *line, struct settle_error *error) {
    const int sign = settle_kind_sign(line->kind);
    /* A negation of INT64_MIN would overflow: the ranges are those of the sign. */
    const int64_t units = SETTLE_MAX_QUANTITY, won = SETTLE_MAX_LINE_WON;
    if (!within(line->quantity, sign > 0 ? 0 : -units, sign > 0 ? units : 0)) {
        return bad_field(error, "quantity", line->quantity);
    }
    if (!within(line->unit_price_won, 0, won)) {
        return bad_field(error, "unit_price_won", line->unit_price_won);
    }
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        const int64_t amount = settle_amount_of(&line->amounts, i);
        if (!within(amount, sign > 0 ? 0 : -won, sign > 0 ? won : 0)) {
            return bad_field(error, settle_amount_name(i), amount);
        }
    }
    return SVC_OK;
}

/* The given amounts of something that remains: 0 to SETTLE_MAX_LINE_WON, and its discounts at most
 * the list amount. `before` gets them with gross and paid. */
static enum svc_status read_remaining(const struct settle_amounts *remaining,
                                      struct settle_amounts *before, struct settle_error *error) {
    *before = (struct settle_amounts){0};
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        const int64_t amount = settle_amount_of(remaining, i);
        if (!within(amount, 0, SETTLE_MAX_LINE_WON)) {
            return settle_refuse(error, SETTLE_REASON_BAD_FIELD, settle_amount_name(i),
                                 "remaining of the item is %lld: outside its range",
                                 (long long)amount);
        }
        *settle_amount(before, i) = amount;
    }
    derive(before);
    if (before->gross_won < 0 || before->paid_won < 0) {
        return settle_refuse(
            error, SETTLE_REASON_DISCOUNT_TOO_LARGE, "", "discounts of %lld won remain on %lld won",
            (long long)(before->list_won - before->paid_won), (long long)before->list_won);
    }
    return SVC_OK;
}

/* What remains after the line; all of it in range. */
static enum svc_status apply(const struct settle_line *line, const struct settle_amounts *before,
                             struct settle_amounts *after, struct settle_error *error) {
    const int sign = settle_kind_sign(line->kind);
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        const int64_t had = settle_amount_of(before, i);
        const int64_t amount = settle_amount_of(&line->amounts, i);
        if (sign > 0 && had != 0) {
            return settle_refuse(error, SETTLE_REASON_SOLD_TWICE, settle_amount_name(i),
                                 "is %lld before the item is sold", (long long)had);
        }
        if (had + amount < 0) {
            return settle_refuse(error, SETTLE_REASON_REFUND_TOO_LARGE, settle_amount_name(i),
                                 "is %lld where %lld remain", (long long)amount, (long long)had);
        }
        *settle_amount(after, i) = had + amount;
    }
    derive(after);
    if (after->gross_won < 0 || after->paid_won < 0) {
        return settle_refuse(error, SETTLE_REASON_DISCOUNT_TOO_LARGE, "",
                             "discounts of %lld won would be on %lld won",
                             (long long)(after->list_won - after->paid_won),
                             (long long)after->list_won);
    }
    /* A refund that took back more discount than goods would pay the seller for it. */
    if (sign < 0 && after->gross_won > before->gross_won) {
        return bad_field(error, "gross_won", after->gross_won - before->gross_won);
    }
    if (sign < 0 && after->paid_won > before->paid_won) {
        return bad_field(error, "paid_won", after->paid_won - before->paid_won);
    }
    return SVC_OK;
}

enum svc_status settle_line_compute(const struct settle_rules *rules,
                                    struct settle_amounts *remaining, struct settle_line *line,
                                    struct settle_error *error) {
    struct settle_amounts before, after = {0};
    enum svc_status status = check_enums(line, error);
    status = status != SVC_OK ? status : check_given(line, error);
    status = status != SVC_OK ? status : read_remaining(remaining, &before, error);
    status = status != SVC_OK ? status : apply(line, &before, &after, error);
    if (status != SVC_OK) {
        return status;
    }
    price(rules, line->rate_bp, &before);
    price(rules, line->rate_bp, &after);
    struct settle_line computed = *line;
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        *settle_amount(&computed.amounts, i) =
            settle_amount_of(&after, i) - settle_amount_of(&before, i);
    }
    status = settle_line_check(&computed, error);
    assert(status == SVC_OK);
    if (status == SVC_OK) {
        *line = computed;
        *remaining = after;
    }
    return status;
}

enum svc_status settle_line_check(const struct settle_line *line, struct settle_error *error) {
    const enum svc_status status = check_enums(line, error);
    if (status != SVC_OK) {
        return status;
    }
    const size_t beyond = settle_amounts_beyond(&line->amounts, MAX_COMPUTED_WON);
    if (beyond < SETTLE_AMOUNTS) {
        return bad_field(error, settle_amount_name(beyond),
                         settle_amount_of(&line->amounts, beyond));
    }
    if (!settle_amounts_balance(&line->amounts)) {
        return settle_refuse(error, SETTLE_REASON_UNBALANCED, "",
                             "gross %lld is not commission %lld + net %lld, or its parts differ",
                             (long long)line->amounts.gross_won,
                             (long long)line->amounts.commission_won,
                             (long long)line->amounts.net_won);
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- refunds of money */

/* floor(part * numerator / denominator): the product is at most 1e24. */
static int64_t share(int64_t part, int64_t numerator, int64_t denominator) {
    return (int64_t)((unsigned __int128)part * (uint64_t)numerator / (uint64_t)denominator);
}

enum svc_status settle_refund_amounts(const struct settle_amounts *original,
                                      const struct settle_amounts *remaining, int64_t refund_won,
                                      struct settle_amounts *refund, struct settle_error *error) {
    struct settle_amounts sold, before, taken = {0};
    enum svc_status status = read_remaining(original, &sold, error);
    status = status != SVC_OK ? status : read_remaining(remaining, &before, error);
    if (status != SVC_OK) {
        return status;
    }
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        if (settle_amount_of(&before, i) > settle_amount_of(&sold, i)) {
            return bad_field(error, settle_amount_name(i), settle_amount_of(&before, i));
        }
    }
    if (refund_won < 1 || before.paid_won > sold.paid_won) {
        return bad_field(error, "refund_won", refund_won);
    }
    if (refund_won > before.paid_won) {
        return settle_refuse(error, SETTLE_REASON_REFUND_TOO_LARGE, "refund_won",
                             "is %lld where the buyer has paid %lld", (long long)refund_won,
                             (long long)before.paid_won);
    }
    const int64_t paid_after = before.paid_won - refund_won;
    taken.list_won = -refund_won;
    for (size_t i = 1; i < SETTLE_GIVEN_AMOUNTS;
         i++) { /* the discounts; the list amount is first */
        const int64_t had = settle_amount_of(&before, i);
        const int64_t kept = share(settle_amount_of(&sold, i), paid_after, sold.paid_won);
        /* Refunds with discounts of their own may have taken back more already. */
        *settle_amount(&taken, i) = kept < had ? kept - had : 0;
        taken.list_won += settle_amount_of(&taken, i);
    }
    *refund = taken;
    return SVC_OK;
}

struct settle_amounts settle_cancel_amounts(const struct settle_amounts *remaining) {
    struct settle_amounts taken = {0};
    for (size_t i = 0; i < SETTLE_GIVEN_AMOUNTS; i++) {
        *settle_amount(&taken, i) = -settle_amount_of(remaining, i);
    }
    return taken;
}
