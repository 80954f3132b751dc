/* Words of reports: see labels.h. */
#include "services/settlement/labels.h"

const char *settle_kind_label(enum settle_kind kind, enum email_language language) {
    static const char *const labels[SETTLE_KINDS][EMAIL_LANGUAGES] = {
        [SETTLE_SALE] = {"판매", "Sale"},
        [SETTLE_REFUND] = {"환불", "Refund"},
        [SETTLE_CANCEL] = {"취소", "Cancellation"},
        [SETTLE_SHIPPING] = {"배송비", "Shipping fee"},
        [SETTLE_SHIPPING_REFUND] = {"배송비 환불", "Shipping refund"},
    };
    return labels[kind][language];
}

const char *settle_tax_label(enum settle_tax tax, enum email_language language) {
    static const char *const labels[SETTLE_TAXES][EMAIL_LANGUAGES] = {
        [SETTLE_TAX_UNKNOWN] = {"미구분", "Not recorded"},
        [SETTLE_TAXABLE] = {"과세", "Taxable"},
        [SETTLE_TAX_EXEMPT] = {"면세", "Exempt"},
    };
    return labels[tax][language];
}

const char *settle_payment_label(enum settle_payment payment, enum email_language language) {
    static const char *const labels[SETTLE_PAYMENTS][EMAIL_LANGUAGES] = {
        [SETTLE_PAID_BY_CARD] = {"카드", "Card"},
        [SETTLE_PAID_WITH_CASH_RECEIPT] = {"현금영수증", "Cash receipt"},
        [SETTLE_PAID_OTHERWISE] = {"기타", "Other"},
    };
    return labels[payment][language];
}

const char *settle_moment_label(enum settle_moment moment, enum email_language language) {
    static const char *const labels[][EMAIL_LANGUAGES] = {
        [SETTLE_AT_CONFIRMATION] = {"구매확정일시", "Purchase confirmed at"},
        [SETTLE_AT_PAYMENT] = {"결제일시", "Paid at"},
    };
    return labels[moment][language];
}
