/* Writing the CSV: see csv.h. */
#include "services/settlement/csv.h"

#include <inttypes.h>
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/period.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* ---------------------------------------------------------------------- text cells */

/* Blanks that spreadsheets skip before they look for a formula: space, no-break space, ideographic
 * space, zero-width space, byte order mark. */
static size_t blank_length(const char *text) {
    static const char *const blanks[] = {" ", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\x8b",
                                         "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
        if (strncmp(text, blanks[i], strlen(blanks[i])) == 0) {
            return strlen(blanks[i]);
        }
    }
    return 0;
}

/* = + - @ as they are and full-width, which East Asian versions take for the same. */
static bool begins_formula(const char *text) {
    static const char *const wide[] = {"＝", "＋", "－", "＠"};
    for (size_t blank; (blank = blank_length(text)) > 0;) {
        text += blank;
    }
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        if (strncmp(text, wide[i], strlen(wide[i])) == 0) {
            return true;
        }
    }
    return svc_is_control(*text) ? *text != '\0' : *text != '\0' && strchr("=+-@", *text) != NULL;
}

/* Digits alone, a number with an exponent, or a short text of digits and the separators of dates,
 * times and numbers. */
static bool looks_like_number(const char *text) {
    const size_t size = strlen(text), digits = strspn(text, "0123456789");
    if (size == 0 || strspn(text, "0123456789.") == 0) {
        return false;
    }
    if (digits == size || (size <= 12 && strspn(text, "0123456789.,:/- %") == size)) {
        return true;
    }
    const char *exponent = text + strspn(text, "0123456789.,");
    if (*exponent != 'e' && *exponent != 'E') {
        return false;
    }
    exponent++;
    exponent += *exponent == '+' || *exponent == '-';
    return *exponent != '\0' && strspn(exponent, "0123456789") == strlen(exponent);
}

static void put_text(struct svc_buf *out, const char *text) {
    size_t left = svc_utf8_fit(text, SETTLE_MAX_CSV_TEXT_BYTES);
    const bool is_cut = text[left] != '\0';
    svc_buf_append_char(out, '"');
    if (*text == '\'' || begins_formula(text) || looks_like_number(text)) {
        svc_buf_append_char(out, '\'');
    }
    /* In runs of characters that are written as they are. */
    const char *run = text;
    while (left > 0) {
        size_t size = svc_utf8_length((const uint8_t *)text, left);
        if (size == 0) {
            svc_buf_append(out, run, (size_t)(text - run));
            svc_buf_append_text(out, REPLACEMENT);
            size = 1;
            run = text + 1;
        } else if (*text == '"') { /* doubled: it ends one run and begins the next */
            svc_buf_append(out, run, (size_t)(text - run) + 1);
            run = text;
        }
        text += size;
        left -= size;
    }
    svc_buf_append(out, run, (size_t)(text - run));
    svc_buf_append_text(out, is_cut ? "…\"" : "\"");
}

/* ---------------------------------------------------------------------- rows */

static void put_number(struct svc_buf *out, int64_t number) {
    svc_buf_printf(out, ",%" PRId64, number);
}

/* The amounts behind the tax columns; the same order as the names of the columns. */
static void put_discounts(struct svc_buf *out, const struct settle_amounts *amounts) {
    put_number(out, amounts->list_won);
    put_number(out, amounts->seller_coupon_won);
    put_number(out, amounts->seller_points_won);
    put_number(out, amounts->platform_coupon_won);
    put_number(out, amounts->platform_points_won);
    put_number(out, amounts->paid_won);
}

bool settle_csv_put_head(enum settle_moment moment, struct svc_buf *out) {
    return svc_buf_printf(
        out,
        "\xef\xbb\xbf주문번호,주문일시,상품명,수량,단가,판매금액,수수료율(%%),수수료,정산금액,"
        "구분,공급가액,부가세,과세구분,결제수단,할인 전 금액,쿠폰(판매자 부담),"
        "포인트(판매자 부담),쿠폰(플랫폼 부담),포인트(플랫폼 부담),결제금액,카테고리,%s\r\n",
        settle_moment_label(moment, EMAIL_KO));
}

bool settle_csv_put_line(const struct settle_line *line, struct svc_buf *out) {
    char ordered_at[SETTLE_KST_TIME_BYTES], settled_at[SETTLE_KST_TIME_BYTES];
    settle_kst_time_write(line->ordered_at_ms, ordered_at);
    settle_kst_time_write(line->settled_at_ms, settled_at);
    put_text(out, line->order_id);
    svc_buf_printf(out, ",%s,", ordered_at);
    put_text(out, line->product_name);
    put_number(out, line->quantity);
    put_number(out, line->unit_price_won);
    put_number(out, line->amounts.gross_won);
    svc_buf_printf(out, ",%d.%02d", line->rate_bp / 100, line->rate_bp % 100);
    put_number(out, line->amounts.commission_won);
    put_number(out, line->amounts.net_won);
    svc_buf_printf(out, ",%s", settle_kind_label(line->kind, EMAIL_KO));
    put_number(out, line->amounts.supply_won);
    put_number(out, line->amounts.vat_won);
    svc_buf_printf(out, ",%s,%s", settle_tax_label(line->tax, EMAIL_KO),
                   settle_payment_label(line->payment, EMAIL_KO));
    put_discounts(out, &line->amounts);
    svc_buf_append_char(out, ',');
    put_text(out, line->category);
    svc_buf_printf(out, ",%s\r\n", settled_at);
    return svc_buf_status(out) == SVC_OK;
}

/* ---------------------------------------------------------------------- totals */

static void put_sum(struct svc_buf *out, const char *name, const char *kind,
                    const struct settle_sum *sum) {
    const struct settle_amounts *amounts = &sum->amounts;
    svc_buf_printf(out, "%s,,%" PRId64 "건,%" PRId64 ",,%" PRId64 ",,%" PRId64 ",%" PRId64 ",%s",
                   name, sum->lines, sum->quantity, amounts->gross_won, amounts->commission_won,
                   amounts->net_won, kind);
    put_number(out, amounts->supply_won);
    put_number(out, amounts->vat_won);
    svc_buf_append_text(out, ",,");
    put_discounts(out, amounts);
    svc_buf_append_text(out, ",,\r\n");
}

bool settle_csv_put_totals(const struct settle_totals *totals, struct svc_buf *out) {
    for (int kind = 0; kind < SETTLE_KINDS; kind++) {
        if (totals->by_kind[kind].lines > 0) {
            put_sum(out, "소계", settle_kind_label((enum settle_kind)kind, EMAIL_KO),
                    &totals->by_kind[kind]);
        }
    }
    put_sum(out, "합계", "전체", &totals->all);
    const struct settle_amounts *amounts = &totals->all.amounts;
    const int64_t difference = amounts->gross_won - amounts->commission_won - amounts->net_won;
    return svc_buf_printf(out,
                          "검산,,판매금액 - 수수료 - 정산금액,,,,,,%" PRId64 ",%s,,,,,,,,,,,,\r\n",
                          difference, difference == 0 ? "일치" : "불일치");
}
