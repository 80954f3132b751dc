/* The rules: see rules.h. */
#include "services/settlement/rules.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const basis_names[SETTLE_BASES] = {
#define NAME(name, text, sentence) [SETTLE_ON_##name] = (text),
    SETTLE_BASIS_LIST(NAME)
#undef NAME
};

void settle_rules_default(struct settle_rules *rules) {
    *rules = (struct settle_rules){
        .fee_rounding = SETTLE_ROUND_HALF_UP,
        .vat_rounding = SETTLE_ROUND_DOWN,
        .rates_include_vat = true,
        .basis = SETTLE_ON_GROSS,
        .default_rate_bp = 500,
        .shipping_rate_bp = 0,
    };
}

void settle_rules_text(const struct settle_rules *rules, char *out, size_t out_bytes) {
    snprintf(out, out_bytes, "1 %s %s %s %s %d %d", settle_rounding_name(rules->fee_rounding),
             settle_rounding_name(rules->vat_rounding),
             rules->rates_include_vat ? "included" : "excluded", settle_basis_name(rules->basis),
             (int)rules->default_rate_bp, (int)rules->shipping_rate_bp);
}

static bool is_rate(int32_t rate_bp) {
    return rate_bp >= 0 && rate_bp <= SETTLE_MAX_RATE_BP;
}

enum svc_status settle_rules_check(const struct settle_rules *rules, struct settle_error *error) {
    const char *field = (size_t)rules->fee_rounding >= SETTLE_ROUNDINGS   ? "fee_rounding"
                        : (size_t)rules->vat_rounding >= SETTLE_ROUNDINGS ? "vat_rounding"
                        : (size_t)rules->basis >= SETTLE_BASES            ? "basis"
                        : !is_rate(rules->default_rate_bp)                ? "default_rate_bp"
                        : !is_rate(rules->shipping_rate_bp)               ? "shipping_rate_bp"
                                                                          : NULL;
    return field == NULL ? SVC_OK
                         : settle_refuse(error, SETTLE_REASON_BAD_RULES, field,
                                         "is none of its values or outside its range");
}

const char *settle_basis_name(enum settle_basis basis) {
    return (size_t)basis < SETTLE_BASES ? basis_names[basis] : "?";
}

bool settle_basis_parse(const char *text, enum settle_basis *basis) {
    for (size_t i = 0; text != NULL && i < SETTLE_BASES; i++) {
        if (strcmp(text, basis_names[i]) == 0) {
            *basis = (enum settle_basis)i;
            return true;
        }
    }
    return false;
}
