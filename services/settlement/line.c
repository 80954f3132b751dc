/* Names and signs of what a line can be: see compute.h. */
#include <stddef.h>

#include "services/settlement/compute.h"

static const struct {
    const char *name;
    int sign;
} kinds[SETTLE_KINDS] = {
#define KIND(name, sign, sentence) [SETTLE_##name] = {#name, (sign)},
    SETTLE_KIND_LIST(KIND)
#undef KIND
};

int settle_kind_sign(enum settle_kind kind) {
    return (size_t)kind < SETTLE_KINDS ? kinds[kind].sign : 0;
}

const char *settle_kind_name(enum settle_kind kind) {
    return (size_t)kind < SETTLE_KINDS ? kinds[kind].name : "?";
}

const char *settle_tax_name(enum settle_tax tax) {
    static const char *const names[SETTLE_TAXES] = {"UNKNOWN", "TAXABLE", "EXEMPT"};
    return (size_t)tax < SETTLE_TAXES ? names[tax] : "?";
}

const char *settle_payment_name(enum settle_payment payment) {
    static const char *const names[SETTLE_PAYMENTS] = {"CARD", "CASH_RECEIPT", "OTHER"};
    return (size_t)payment < SETTLE_PAYMENTS ? names[payment] : "?";
}
