/* How a platform settles: rounding, VAT, what the commission is computed on. One set of rules for a
 * run; the run ledger records their version, because figures computed by other rules differ. */
#ifndef SETTLE_RULES_H
#define SETTLE_RULES_H

#include "services/settlement/money.h"

/* X(name, text, sentence): the amount that the rate applies to. */
#define SETTLE_BASIS_LIST(X)                                                                       \
    X(GROSS, "gross",                                                                              \
      "the list amount without what the seller bears: what the seller is paid for")                \
    X(LIST, "list", "the list amount, before any discount")                                        \
    X(PAID, "paid", "what the buyer paid, after all discounts and points")

enum settle_basis {
#define SETTLE_BASIS_ENUM(name, text, sentence) SETTLE_ON_##name,
    SETTLE_BASIS_LIST(SETTLE_BASIS_ENUM)
#undef SETTLE_BASIS_ENUM
        SETTLE_BASES
};

struct settle_rules {
    enum settle_rounding fee_rounding; /* default half-up */
    enum settle_rounding vat_rounding; /* default down */
    bool rates_include_vat;   /* default true: VAT is taken out of the fee; false: on top */
    enum settle_basis basis;  /* default SETTLE_ON_GROSS */
    int32_t default_rate_bp;  /* 500 = 5.00 %: where the table has no rate */
    int32_t shipping_rate_bp; /* 0: no commission on shipping fees (default) */
};

/* "1 half-up down included gross 500 0": a version of the format and each rule, for the ledger:
 * equal texts, equal figures. `out` has SETTLE_RULES_TEXT_BYTES (ledger.h). */
void settle_rules_text(const struct settle_rules *rules, char *out, size_t out_bytes);
void settle_rules_default(struct settle_rules *rules);
/* CONFIGURATION: BAD_RULES with the field's name. Call it once, before the first line. */
enum svc_status settle_rules_check(const struct settle_rules *rules, struct settle_error *error);

const char *settle_basis_name(enum settle_basis basis); /* "gross"; "?" for none of them */
/* Exact, lower case. false: `text` (NULL is allowed) is none of them. */
bool settle_basis_parse(const char *text, enum settle_basis *basis);

#endif
