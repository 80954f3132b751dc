/* The control totals of the page: see html_internal.h. */
#include <inttypes.h>

#include "services/settlement/html_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

size_t html_controls(const struct settle_html *html, struct html_control out[HTML_MAX_CONTROLS]) {
    const struct settle_amounts *total = &html->totals->all.amounts;
    const struct settle_payout *payout = &html->facts.payout;
    const struct html_control controls[HTML_MAX_CONTROLS] = {
        {"판매금액 = 수수료 + 정산금액", "Sales = commission + net", total->gross_won,
         total->commission_won + total->net_won},
        {"수수료 = 공급가액 + 부가세", "Commission = supply value + VAT", total->commission_won,
         total->supply_won + total->vat_won},
        {"할인 전 금액 = 판매금액 + 판매자 부담 할인",
         "Before discounts = sales + discounts borne by the seller", total->list_won,
         total->gross_won + total->seller_coupon_won + total->seller_points_won},
        {"판매금액 = 결제금액 + 플랫폼 부담 할인", "Sales = paid + discounts borne by the platform",
         total->gross_won,
         total->paid_won + total->platform_coupon_won + total->platform_points_won},
        {"정산금액 = 일자별 정산금액의 합", "Net = sum of the days", total->net_won,
         sum_of_days(html)},
        {"정산금액 = 상품별 정산금액의 합", "Net = sum of the products", total->net_won,
         sum_of_products(html)},
        {"정산금액 + 이전 이월 = 지급 예정 + 다음 이월",
         "Net + carried in = to be paid + carried out", total->net_won + payout->carried_in_won,
         payout->payable_won + payout->carried_out_won},
    };
    const size_t count = html->facts.has_payout ? COUNT(controls) : COUNT(controls) - 1;
    for (size_t i = 0; i < count; i++) {
        out[i] = controls[i];
    }
    return count;
}

enum svc_status settle_html_check(struct settle_html *html, const struct settle_totals *totals,
                                  struct svc_error *error) {
    struct html_control controls[HTML_MAX_CONTROLS];
    html->totals = totals;
    const size_t count = html_controls(html, controls);
    html->totals = NULL;
    for (size_t i = 0; i < count; i++) {
        if (controls[i].left_won != controls[i].right_won) {
            return svc_fail(error, SVC_INTERNAL,
                            "control total \"%s\" differs: %" PRId64 " and %" PRId64,
                            controls[i].english, controls[i].left_won, controls[i].right_won);
        }
    }
    return SVC_OK;
}

static void put_control(const struct settle_html *html, const struct html_control *control,
                        struct svc_buf *out) {
    const bool is_equal = control->left_won == control->right_won;
    svc_buf_printf(out, "<tr><th scope=\"row\">%s</th>",
                   html_word(html, control->korean, control->english));
    html_put_number_cell(out, control->left_won);
    html_put_number_cell(out, control->right_won);
    svc_buf_printf(out, "<td class=\"%s\">%s</td></tr>\n", is_equal ? "good" : "bad",
                   is_equal ? html_word(html, "일치", "equal")
                            : html_word(html, "불일치", "DIFFERENT"));
}

void html_put_controls(const struct settle_html *html, struct svc_buf *out) {
    static const char *const columns[][2] = {{"검산 항목", "Control total"},
                                             {"#왼쪽", "#Left"},
                                             {"#오른쪽", "#Right"},
                                             {"결과", "Result"}};
    struct html_control controls[HTML_MAX_CONTROLS];
    const size_t count = html_controls(html, controls);
    html_begin_section(html, "controls", "검산", "Control totals", out);
    html_begin_table(html, columns, COUNT(columns), out);
    for (size_t i = 0; i < count; i++) {
        put_control(html, &controls[i], out);
    }
    html_end_table(out);
    svc_buf_append_text(out, "</section>\n");
}
