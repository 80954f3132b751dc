/* The figures of the page that are no tables of lines: summary, VAT return, control totals. See
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

static void put_card(const struct settle_html *html, const char *kind, const char *korean,
                     const char *english, int64_t won, struct svc_buf *out) {
    svc_buf_printf(out, "<div class=\"card%s\"><span>%s</span><strong>", kind,
                   html_word(html, korean, english));
    put_money(html, won, out);
    svc_buf_append_text(out, "</strong></div>\n");
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
    put_card(html, " net", "정산금액", "Net", total->net_won, out);
    put_card(html, "", "판매금액", "Sales", total->gross_won, out);
    put_card(html, "", "수수료", "Commission", total->commission_won, out);
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

/* ---------------------------------------------------------------------- control totals */

static void put_control(const struct settle_html *html, const char *korean, const char *english,
                        int64_t left_won, int64_t right_won, struct svc_buf *out) {
    const bool is_equal = left_won == right_won;
    svc_buf_printf(out, "<tr><th scope=\"row\">%s</th>", html_word(html, korean, english));
    html_put_number_cell(out, left_won);
    html_put_number_cell(out, right_won);
    svc_buf_printf(out, "<td class=\"%s\">%s</td></tr>\n", is_equal ? "good" : "bad",
                   is_equal ? html_word(html, "일치", "equal")
                            : html_word(html, "불일치", "DIFFERENT"));
}

static int64_t sum_of_days(const struct settle_html *html) {
    int64_t won = 0;
    for (int32_t i = 0; i <= html->facts.period.last_day - html->facts.period.first_day; i++) {
        won += html->days[i].amounts.net_won;
    }
    return won;
}

static int64_t sum_of_products(const struct settle_html *html) {
    int64_t won = html->other_products.amounts.net_won;
    for (size_t i = 0; i < html->product_count; i++) {
        won += html->products[i].sum.amounts.net_won;
    }
    return won;
}

void html_put_controls(const struct settle_html *html, struct svc_buf *out) {
    static const char *const columns[][2] = {{"검산 항목", "Control total"},
                                             {"#왼쪽", "#Left"},
                                             {"#오른쪽", "#Right"},
                                             {"결과", "Result"}};
    const struct settle_amounts *total = &html->totals->all.amounts;
    html_begin_section(html, "controls", "검산", "Control totals", out);
    html_begin_table(html, columns, COUNT(columns), out);
    put_control(html, "판매금액 = 수수료 + 정산금액", "Sales = commission + net", total->gross_won,
                total->commission_won + total->net_won, out);
    put_control(html, "수수료 = 공급가액 + 부가세", "Commission = supply value + VAT",
                total->commission_won, total->supply_won + total->vat_won, out);
    put_control(html, "할인 전 금액 = 판매금액 + 판매자 부담 할인",
                "Before discounts = sales + discounts borne by the seller", total->list_won,
                total->gross_won + total->seller_coupon_won + total->seller_points_won, out);
    put_control(html, "판매금액 = 결제금액 + 플랫폼 부담 할인",
                "Sales = paid + discounts borne by the platform", total->gross_won,
                total->paid_won + total->platform_coupon_won + total->platform_points_won, out);
    put_control(html, "정산금액 = 일자별 정산금액의 합", "Net = sum of the days", total->net_won,
                sum_of_days(html), out);
    put_control(html, "정산금액 = 상품별 정산금액의 합", "Net = sum of the products",
                total->net_won, sum_of_products(html), out);
    if (html->facts.has_payout) {
        const struct settle_payout *payout = &html->facts.payout;
        put_control(html, "정산금액 + 이전 이월 = 지급 예정 + 다음 이월",
                    "Net + carried in = to be paid + carried out",
                    total->net_won + payout->carried_in_won,
                    payout->payable_won + payout->carried_out_won, out);
    }
    html_end_table(out);
    svc_buf_append_text(out, "</section>\n");
}
