/* One line of a settlement: what was sold or taken back, what the platform keeps of it, and what
 * the seller gets. A line is filled by a reader (the given fields), computed by settle_line_compute
 * (compute.h) and then only read: by totals.h and by the writers of reports. Plain data. */
#ifndef SETTLE_LINE_H
#define SETTLE_LINE_H

#include <stdint.h>

/* X(name, sign, sentence). The sign is that of all amounts of such a line: 1 for at least 0, -1 for
 * at most 0. */
#define SETTLE_KIND_LIST(X)                                                                        \
    X(SALE, 1, "a product that was sold")                                                          \
    X(REFUND, -1, "a product taken back, or money returned, after the settlement or before it")    \
    X(CANCEL, -1, "a sale cancelled before it was shipped, in whole or in part")                   \
    X(SHIPPING, 1, "a shipping fee that the buyer paid")                                           \
    X(SHIPPING_REFUND, -1, "a shipping fee returned")

enum settle_kind {
#define SETTLE_KIND_ENUM(name, sign, sentence) SETTLE_##name,
    SETTLE_KIND_LIST(SETTLE_KIND_ENUM)
#undef SETTLE_KIND_ENUM
        SETTLE_KINDS /* how many there are */
};

/* VAT of what the seller sold; the platform's commission always has VAT. */
enum settle_tax {
    SETTLE_TAX_UNKNOWN, /* the platform does not record it */
    SETTLE_TAXABLE,
    SETTLE_TAX_EXEMPT,
    SETTLE_TAXES
};

/* How the buyer paid, as the seller's VAT return has it. */
enum settle_payment {
    SETTLE_PAID_BY_CARD,
    SETTLE_PAID_WITH_CASH_RECEIPT,
    SETTLE_PAID_OTHERWISE,
    SETTLE_PAYMENTS
};

/* Amounts in won, tax included, each within +-SETTLE_MAX_LINE_WON in a line (commission and net:
 * 1.1 times that) and within +-SETTLE_MAX_SUM_WON in a sum. Of a line all given ones have the sign
 * of its kind: a discount of a sale is positive, one taken back negative. */
struct settle_amounts {
    /* given */
    int64_t list_won;          /* quantity * unit price, before any discount */
    int64_t seller_coupon_won; /* discounts borne by the seller */
    int64_t seller_points_won; /* points borne by the seller */
    int64_t
        platform_coupon_won; /* discounts borne by the platform, which pays them to the seller */
    int64_t platform_points_won; /* points borne by the platform */
    /* computed */
    int64_t gross_won;      /* = list - seller coupon - seller points = commission + net */
    int64_t paid_won;       /* = gross - platform coupon - platform points: what the buyer paid */
    int64_t commission_won; /* = supply + vat: what the platform keeps */
    int64_t supply_won;     /* the commission's supply value */
    int64_t vat_won;        /* the commission's VAT */
    int64_t net_won;        /* = gross - commission: what the seller gets */
};

/* Texts are borrowed, UTF-8, never NULL ("" if absent), and valid as long as their reader states:
 * usually until the next row. They may hold any character: writers escape them. */
struct settle_line {
    const char *order_id; /* may be all digits: a text nevertheless */
    const char *product_name;
    const char *seller_id;
    const char *category; /* its code */

    enum settle_kind kind;
    enum settle_tax tax;
    enum settle_payment payment;

    int64_t ordered_at_ms; /* UTC, since 1970: of a refund its order's, which decides the rate */
    int64_t settled_at_ms; /* UTC, since 1970: decides the period */

    int64_t quantity;       /* has the kind's sign; 0 where only money is returned */
    int64_t unit_price_won; /* 0 to SETTLE_MAX_LINE_WON, of a refund as well; for display: the
                             * amounts are in `amounts` */
    int32_t rate_bp;        /* commission in basis points, 0 to SETTLE_MAX_RATE_BP: 500 is 5.00 % */
    struct settle_amounts amounts;
};

#endif
