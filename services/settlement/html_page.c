/* The page from its head to its foot: see html.h. */
#include "services/settlement/html_internal.h"

static bool is_set(const char *text) {
    return text != NULL && text[0] != '\0';
}

static const char *title_of(const struct settle_html *html) {
    static const char *const titles[SETTLE_PERIOD_TYPES][EMAIL_LANGUAGES] = {
        [SETTLE_DAILY] = {"일간 정산 리포트", "Daily settlement report"},
        [SETTLE_WEEKLY] = {"주간 정산 리포트", "Weekly settlement report"},
        [SETTLE_MONTHLY] = {"월간 정산 리포트", "Monthly settlement report"},
        [SETTLE_CUSTOM] = {"정산 리포트", "Settlement report"},
    };
    return titles[html->facts.period.type][html->facts.language];
}

static void put_fact(const struct settle_html *html, const char *korean, const char *english,
                     const char *text, struct svc_buf *out) {
    if (is_set(text)) {
        svc_buf_printf(out, "<dt>%s</dt><dd>", html_word(html, korean, english));
        html_put_name(out, text);
        svc_buf_append_text(out, "</dd>\n");
    }
}

/* The policy forbids scripts and everything that would be loaded, should an escape ever be missing.
 */
static void put_head(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_html_facts *facts = &html->facts;
    svc_buf_printf(out,
                   "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                   "style-src 'unsafe-inline'\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta name=\"robots\" content=\"noindex\">\n<title>%s · ",
                   html_word(html, "ko", "en"), title_of(html));
    settle_period_put_text(&facts->period, facts->language, out);
    svc_buf_append_text(out, "</title>\n<style>\n");
    svc_buf_append_text(out, html_style);
    svc_buf_printf(out, "</style>\n</head>\n<body>\n<main>\n<header>\n<div><h1>%s</h1>\n<p>",
                   title_of(html));
    settle_period_put_text(&facts->period, facts->language, out);
    if (facts->version > 1) {
        svc_buf_printf(out, " <b class=\"mark\">%s %u</b>",
                       html_word(html, "정정본, 버전", "Corrected, version"),
                       (unsigned)facts->version);
    }
    svc_buf_append_text(out, "</p></div>\n<dl>\n");
    put_fact(html, "상호", "Business", facts->business_name, out);
    put_fact(html, "판매자", "Seller", facts->seller_name, out);
    put_fact(html, "사업자등록번호", "Business number", facts->business_number, out);
    put_fact(html, "판매자 번호", "Seller id", facts->seller_id, out);
    svc_buf_append_text(out, "</dl>\n</header>\n");
}

static void put_foot(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_html_facts *facts = &html->facts;
    svc_buf_printf(
        out, "<footer>\n<p>%s</p>\n",
        html_word(html,
                  "모든 시각은 한국 표준시(KST)이고 금액은 부가세를 포함한 원 단위입니다. "
                  "정산금액 = 판매금액 − 수수료",
                  "All times are in Korean Standard Time (KST), all amounts in whole won "
                  "with VAT included. Net = sales − commission"));
    if (is_set(facts->rules)) {
        svc_buf_append_text(out, "<p>");
        html_put_text(out, facts->rules);
        svc_buf_append_text(out, "</p>\n");
    }
    if (is_set(facts->more_rules)) {
        svc_buf_append_text(out, "<p>");
        html_put_text(out, facts->more_rules);
        svc_buf_append_text(out, "</p>\n");
    }
    if (is_set(facts->platform_name)) {
        svc_buf_append_text(out, "<p>");
        html_put_name(out, facts->platform_name);
        svc_buf_append_text(out, "</p>\n");
    }
    svc_buf_append_text(out, "</footer>\n</main>\n</body>\n</html>\n");
}

enum svc_status settle_html_write(struct settle_html *html, const struct settle_totals *totals,
                                  struct svc_buf *out) {
    html->totals = totals;
    put_head(html, out);
    html_put_summary(html, out);
    if (html->totals->all.lines == 0) {
        svc_buf_printf(out, "<p class=\"empty\">%s</p>\n",
                       html_word(html, "이 기간에는 정산할 내역이 없습니다.",
                                 "There is nothing to settle in this period."));
    }
    html_put_kinds(html, out);
    html_put_vat_return(html, out);
    html_put_days(html, out);
    html_put_products(html, out);
    html_put_lines(html, out);
    html_put_controls(html, out);
    put_foot(html, out);
    html->totals = NULL;
    return svc_buf_status(out);
}
