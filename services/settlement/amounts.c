/* Arithmetic on all amounts: see amounts.h. */
#include "services/settlement/amounts.h"

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
#define FIELD(name) {#name, offsetof(struct settle_amounts, name)},
    SETTLE_AMOUNT_FIELDS(FIELD)
#undef FIELD
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) == SETTLE_AMOUNTS, "every field has a row");
_Static_assert(sizeof(struct settle_amounts) == SETTLE_AMOUNTS * sizeof(int64_t),
               "every amount has a row");
_Static_assert(offsetof(struct settle_amounts, gross_won) == SETTLE_GIVEN_AMOUNTS * sizeof(int64_t),
               "the given amounts come first");

int64_t *settle_amount(struct settle_amounts *amounts, size_t i) {
    return (int64_t *)(void *)((char *)amounts + fields[i].offset);
}

int64_t settle_amount_of(const struct settle_amounts *amounts, size_t i) {
    return *(const int64_t *)(const void *)((const char *)amounts + fields[i].offset);
}

const char *settle_amount_name(size_t i) {
    return fields[i].name;
}

void settle_amounts_add(struct settle_amounts *to, const struct settle_amounts *added) {
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        *settle_amount(to, i) += settle_amount_of(added, i);
    }
}

size_t settle_amounts_beyond(const struct settle_amounts *amounts, int64_t limit_won) {
    size_t i = 0;
    while (i < SETTLE_AMOUNTS && settle_amount_of(amounts, i) <= limit_won &&
           settle_amount_of(amounts, i) >= -limit_won) {
        i++;
    }
    return i;
}

bool settle_amounts_balance(const struct settle_amounts *amounts) {
    return amounts->gross_won ==
               amounts->list_won - amounts->seller_coupon_won - amounts->seller_points_won &&
           amounts->paid_won ==
               amounts->gross_won - amounts->platform_coupon_won - amounts->platform_points_won &&
           amounts->commission_won == amounts->supply_won + amounts->vat_won &&
           amounts->gross_won == amounts->commission_won + amounts->net_won;
}
