/* The figures of the page that are no tables of lines: summary and VAT return. See
 * html_internal.h. */
#include "services/settlement/html_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

static void put_money(const struct settle_html *html, int64_t won, struct svc_buf *out) {
    html_put_number(out, won);
    svc_buf_append_text(out, html_word(html, "<small>원</small>", "<small> KRW</small>"));
}

/* A row of the account: `kind` is a class of the style, "" for a plain row. */
static void put_step(const struct settle_html *html, const char *kind, const char *korean,
                     const char *english, int64_t won, struct svc_buf *out) {
    svc_buf_printf(out, "<tr%s%s%s><th scope=\"row\">%s</th><td class=\"n%s\">",
                   kind[0] != '\0' ? " class=\"" : "", kind, kind[0] != '\0' ? "\"" : "",
                   html_word(html, korean, english), won < 0 ? " minus" : "");
    put_money(html, won, out);
    svc_buf_append_text(out, "</td></tr>\n");
}

static void put_card(const struct settle_html *html, const char *korean, const char *english,
                     int64_t won, struct svc_buf *out) {
    svc_buf_printf(out, "<div class=\"card\"><span>%s</span><strong>",
                   html_word(html, korean, english));
    put_money(html, won, out);
    svc_buf_append_text(out, "</strong></div>\n");
}

/* What is paid, and when: the first thing a seller looks for. */
static void put_payout(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_html_facts *facts = &html->facts;
    const struct settle_payout *payout = &facts->payout;
    svc_buf_append_text(out, "<p>");
    if (payout->payable_won == 0 && payout->carried_out_won < 0) {
        svc_buf_append_text(out, html_word(html, "지급액 없음, 다음 정산으로 이월 ",
                                           "Nothing to be paid, carried over to the next: "));
        put_money(html, -payout->carried_out_won, out);
    } else {
        if (is_set(facts->payout_state)) {
            html_put_name(out, facts->payout_state);
        } else {
            svc_buf_append_text(out, html_word(html, "지급 예정", "To be paid"));
        }
        svc_buf_append_char(out, ' ');
        put_money(html, payout->payable_won, out);
        if (facts->has_payout_day) {
            svc_buf_append_text(out, " · ");
            settle_day_put_text(facts->payout_day, facts->language, out);
        }
    }
    svc_buf_append_text(out, "</p>\n");
}

static void put_net_card(const struct settle_html *html, struct svc_buf *out) {
    svc_buf_printf(out, "<div class=\"card net\"><span>%s</span><strong>",
                   html_word(html, "정산금액", "Net"));
    put_money(html, html->totals->all.amounts.net_won, out);
    svc_buf_append_text(out, "</strong>\n");
    if (html->facts.has_payout) {
        put_payout(html, out);
    }
    svc_buf_append_text(out, "</div>\n");
}

static void put_account(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_amounts *total = &html->totals->all.amounts;
    svc_buf_append_text(out, "<table class=\"account\"><tbody>\n");
    put_step(html, "", "할인 전 금액", "Before discounts", total->list_won, out);
    if (total->seller_coupon_won != 0) {
        put_step(html, "", "쿠폰 (판매자 부담)", "Coupons (borne by the seller)",
                 -total->seller_coupon_won, out);
    }
    if (total->seller_points_won != 0) {
        put_step(html, "", "포인트 (판매자 부담)", "Points (borne by the seller)",
                 -total->seller_points_won, out);
    }
    put_step(html, "sum", "판매금액", "Sales", total->gross_won, out);
    put_step(html, "", "수수료 공급가액", "Commission, supply value", -total->supply_won, out);
    put_step(html, "", "수수료 부가세", "Commission, VAT", -total->vat_won, out);
    put_step(html, "sum", "정산금액", "Net", total->net_won, out);
    if (html->facts.has_payout) {
        const struct settle_payout *payout = &html->facts.payout;
        put_step(html, "", "지난 정산에서 이월", "Carried in from before", payout->carried_in_won,
                 out);
        put_step(html, "", "다음 정산으로 이월", "Carried over to the next",
                 -payout->carried_out_won, out);
        put_step(html, "sum", "지급 예정 금액", "To be paid", payout->payable_won, out);
    }
    svc_buf_append_text(out, "</tbody></table>\n");
}

static void put_notes(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_html_facts *facts = &html->facts;
    const struct settle_amounts *total = &html->totals->all.amounts;
    svc_buf_append_text(out, "<table class=\"account\"><tbody>\n");
    put_step(html, "", "구매자 결제금액", "Paid by buyers", total->paid_won, out);
    put_step(html, "", "쿠폰 (플랫폼 부담)", "Coupons (borne by the platform)",
             total->platform_coupon_won, out);
    put_step(html, "", "포인트 (플랫폼 부담)", "Points (borne by the platform)",
             total->platform_points_won, out);
    if (facts->order_count >= 0) {
        svc_buf_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
                       html_word(html, "주문 건수", "Orders"));
        html_put_number(out, facts->order_count);
        svc_buf_append_text(out, "</td></tr>\n");
    }
    svc_buf_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">%s</td></tr>\n",
                   html_word(html, "정산 기준", "Counted by"),
                   settle_moment_label(facts->moment, facts->language));
    if (facts->has_payout_day) {
        svc_buf_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
                       html_word(html, "지급일", "Payout on"));
        settle_day_put_text(facts->payout_day, facts->language, out);
        svc_buf_append_text(out, "</td></tr>\n");
    }
    if (is_set(facts->payout_state)) {
        svc_buf_printf(out, "<tr><th scope=\"row\">%s</th><td class=\"n\">",
                       html_word(html, "지급 상태", "Payout state"));
        html_put_name(out, facts->payout_state);
        svc_buf_append_text(out, "</td></tr>\n");
    }
    svc_buf_append_text(out, "</tbody></table>\n");
}

void html_put_summary(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_amounts *total = &html->totals->all.amounts;
    svc_buf_append_text(out, "<section id=\"summary\">\n<div class=\"cards\">\n");
    put_net_card(html, out);
    put_card(html, "판매금액", "Sales", total->gross_won, out);
    put_card(html, "수수료", "Commission", total->commission_won, out);
    svc_buf_append_text(out, "</div>\n");
    html_put_chart(html, out);
    svc_buf_append_text(out, "<div class=\"pair\">\n");
    put_account(html, out);
    put_notes(html, out);
    svc_buf_append_text(out, "</div>\n</section>\n");
}

/* ---------------------------------------------------------------------- VAT return */

static void put_tax_cells(const int64_t won[SETTLE_TAXES], struct svc_buf *out) {
    html_put_number_cell(out, won[SETTLE_TAXABLE]);
    html_put_number_cell(out, won[SETTLE_TAX_EXEMPT]);
    html_put_number_cell(out, won[SETTLE_TAX_UNKNOWN]);
    html_put_number_cell(out,
                         won[SETTLE_TAXABLE] + won[SETTLE_TAX_EXEMPT] + won[SETTLE_TAX_UNKNOWN]);
    svc_buf_append_text(out, "</tr>\n");
}

static void put_sales_by_payment(const struct settle_html *html, struct svc_buf *out) {
    int64_t all_won[SETTLE_TAXES] = {0};
    for (int payment = 0; payment < SETTLE_PAYMENTS; payment++) {
        int64_t won[SETTLE_TAXES];
        for (int tax = 0; tax < SETTLE_TAXES; tax++) {
            won[tax] = html->totals->sales_won[tax][payment];
            all_won[tax] += won[tax];
        }
        svc_buf_printf(out, "<tr><th scope=\"row\">%s%s</th>",
                       settle_payment_label((enum settle_payment)payment, html->facts.language),
                       payment == SETTLE_PAID_OTHERWISE
                           ? html_word(html, " (플랫폼 부담 할인 포함)",
                                       " (with discounts borne by the platform)")
                           : "");
        put_tax_cells(won, out);
    }
    svc_buf_printf(out, "<tr class=\"sum\"><th scope=\"row\">%s</th>",
                   html_word(html, "합계", "Total"));
    put_tax_cells(all_won, out);
}

static void put_party(const char *role, const char *name, const char *number, struct svc_buf *out) {
    if (!is_set(number)) {
        return;
    }
    svc_buf_printf(out, "<li>%s: ", role);
    if (is_set(name)) {
        html_put_name(out, name);
        svc_buf_append_char(out, ' ');
    }
    html_put_name(out, number);
    svc_buf_append_text(out, "</li>\n");
}

void html_put_vat_return(const struct settle_html *html, struct svc_buf *out) {
    static const char *const columns[][2] = {{"매출 구분", "Sales by payment"},
                                             {"#과세", "#Taxable"},
                                             {"#면세", "#Exempt"},
                                             {"#미구분", "#Not recorded"},
                                             {"#합계", "#Total"}};
    static const char *const fees[][2] = {{"매입 구분", "Purchases"},
                                          {"#공급가액", "#Supply value"},
                                          {"#부가세", "#VAT"},
                                          {"#합계", "#Total"}};
    const struct settle_html_facts *facts = &html->facts;
    const struct settle_amounts *total = &html->totals->all.amounts;
    if (facts->period.type != SETTLE_MONTHLY) {
        return;
    }
    html_begin_section(html, "vat", "부가가치세 신고 자료", "Figures for the VAT return", out);
    html_begin_table(html, columns, COUNT(columns), out);
    put_sales_by_payment(html, out);
    html_end_table(out);
    html_begin_table(html, fees, COUNT(fees), out);
    svc_buf_printf(out, "<tr><th scope=\"row\">%s</th>",
                   html_word(html, "판매 수수료", "Sales commission"));
    html_put_number_cell(out, total->supply_won);
    html_put_number_cell(out, total->vat_won);
    html_put_number_cell(out, total->commission_won);
    svc_buf_append_text(out, "</tr>\n");
    html_end_table(out);
    if (is_set(facts->business_number) || is_set(facts->platform_business_number)) {
        svc_buf_append_text(out, "<ul class=\"note\">\n");
        put_party(html_word(html, "판매자 사업자등록번호", "Business number of the seller"),
                  facts->business_name, facts->business_number, out);
        put_party(html_word(html, "플랫폼 사업자등록번호", "Business number of the platform"),
                  facts->platform_name, facts->platform_business_number, out);
        svc_buf_append_text(out, "</ul>\n");
    }
    svc_buf_append_text(out, "</section>\n");
}
