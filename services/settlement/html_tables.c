/* The tables of the page: by kind, by day, by product, refunds and lines. See html_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "services/settlement/html_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The columns that html_put_sum_cells fills. */
#define SUM_COLUMNS                                                                                \
    {"#건수", "#Lines"}, {"#수량", "#Quantity"}, {"#판매금액", "#Sales"},                          \
        {"#수수료", "#Commission"}, {                                                              \
        "#정산금액", "#Net"                                                                        \
    }

static void put_total_row(const struct settle_html *html, const struct settle_sum *sum,
                          struct svc_buf *out) {
    svc_buf_printf(out, "<tr class=\"sum\"><th scope=\"row\">%s</th>",
                   html_word(html, "합계", "Total"));
    html_put_sum_cells(out, sum);
    svc_buf_append_text(out, "</tr>\n");
}

void html_put_kinds(const struct settle_html *html, struct svc_buf *out) {
    static const char *const columns[][2] = {{"구분", "Kind"}, SUM_COLUMNS};
    html_begin_section(html, "kinds", "구분별 내역", "By kind", out);
    html_begin_table(html, columns, COUNT(columns), out);
    for (int kind = 0; kind < SETTLE_KINDS; kind++) {
        if (html->totals->by_kind[kind].lines > 0) {
            svc_buf_printf(out, "<tr><th scope=\"row\">%s</th>",
                           settle_kind_label((enum settle_kind)kind, html->facts.language));
            html_put_sum_cells(out, &html->totals->by_kind[kind]);
            svc_buf_append_text(out, "</tr>\n");
        }
    }
    put_total_row(html, &html->totals->all, out);
    html_end_table(out);
    svc_buf_append_text(out, "</section>\n");
}

/* ---------------------------------------------------------------------- days */

void html_put_days(const struct settle_html *html, struct svc_buf *out) {
    static const char *const weekdays[7][2] = {{"월", "Mon"}, {"화", "Tue"}, {"수", "Wed"},
                                               {"목", "Thu"}, {"금", "Fri"}, {"토", "Sat"},
                                               {"일", "Sun"}};
    static const char *const columns[][2] = {{"일자", "Day"}, SUM_COLUMNS};
    const struct settle_period *period = &html->facts.period;
    if (period->first_day == period->last_day) {
        return;
    }
    html_begin_section(html, "days", "일자별 내역", "By day", out);
    html_begin_table(html, columns, COUNT(columns), out);
    for (int32_t day = period->first_day; day <= period->last_day; day++) {
        const struct settle_sum *sum = &html->days[day - period->first_day];
        const int32_t weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
        char date[SETTLE_DAY_BYTES];
        settle_day_write(day, date);
        svc_buf_printf(out, "<tr%s><th scope=\"row\">%s (%s)</th>",
                       sum->lines == 0 ? " class=\"none\"" : "", date,
                       html_word(html, weekdays[weekday][0], weekdays[weekday][1]));
        html_put_sum_cells(out, sum);
        svc_buf_append_text(out, "</tr>\n");
    }
    put_total_row(html, &html->totals->all, out);
    html_end_table(out);
    svc_buf_append_text(out, "</section>\n");
}

/* ---------------------------------------------------------------------- products */

/* The largest sales first; equal ones by name, so that the order is always the same. */
static int compare_products(const void *a, const void *b) {
    const struct html_product *const *first = a, *const *second = b;
    const int64_t x = (*first)->sum.amounts.gross_won, y = (*second)->sum.amounts.gross_won;
    return x != y ? (x < y ? 1 : -1) : strcmp((*first)->name, (*second)->name);
}

const struct html_product **html_sort_products(const struct settle_html *html, size_t *count,
                                               struct settle_sum *others) {
    const struct html_product **sorted = malloc((html->product_count + 1) * sizeof(const void *));
    *count = 0;
    *others = html->other_products;
    if (sorted == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < html->product_count; i++) {
        sorted[i] = &html->products[i];
    }
    qsort(sorted, html->product_count, sizeof(const void *), compare_products);
    for (size_t i = SETTLE_MAX_HTML_PRODUCT_ROWS; i < html->product_count; i++) {
        html_sum_add(others, &sorted[i]->sum);
    }
    *count = html->product_count < SETTLE_MAX_HTML_PRODUCT_ROWS ? html->product_count
                                                                : SETTLE_MAX_HTML_PRODUCT_ROWS;
    return sorted;
}

static void put_product_rows(const struct settle_html *html,
                             const struct html_product *const *sorted, size_t count,
                             const struct settle_sum *others, struct svc_buf *out) {
    for (size_t i = 0; i < count; i++) {
        svc_buf_append_text(out, "<tr><th scope=\"row\">");
        html_put_name(out, sorted[i]->name);
        svc_buf_append_text(out, "</th>");
        html_put_sum_cells(out, &sorted[i]->sum);
        svc_buf_append_text(out, "</tr>\n");
    }
    if (others->lines > 0) {
        svc_buf_printf(out, "<tr><th scope=\"row\">%s</th>",
                       html_word(html, "그 밖의 상품", "Other products"));
        html_put_sum_cells(out, others);
        svc_buf_append_text(out, "</tr>\n");
    }
    put_total_row(html, &html->totals->all, out);
}

void html_put_products(const struct settle_html *html, struct svc_buf *out) {
    static const char *const columns[][2] = {{"상품명", "Product"}, SUM_COLUMNS};
    if (html->product_count == 0) {
        return;
    }
    size_t count = 0;
    struct settle_sum others;
    const struct html_product **sorted = html_sort_products(html, &count, &others);
    if (sorted == NULL) {
        out->status = SVC_NO_MEMORY;
        return;
    }
    html_begin_section(html, "products", "상품별 내역", "By product", out);
    html_begin_table(html, columns, COUNT(columns), out);
    put_product_rows(html, sorted, count, &others, out);
    html_end_table(out);
    svc_buf_append_text(out, "</section>\n");
    free(sorted);
}

/* ---------------------------------------------------------------------- lines */

void html_put_line_row(const struct settle_html *html, const struct settle_line *line,
                       struct svc_buf *out) {
    char settled_at[SETTLE_KST_TIME_BYTES];
    settle_kst_time_write(line->settled_at_ms, settled_at);
    svc_buf_append_text(out, "<tr><td class=\"id\">");
    html_put_name(out, line->order_id);
    svc_buf_printf(out, "</td><td class=\"when\">%.16s</td><td>%s</td><td>", settled_at,
                   settle_kind_label(line->kind, html->facts.language));
    html_put_name(out, line->product_name);
    svc_buf_append_text(out, "</td>");
    html_put_number_cell(out, line->quantity);
    html_put_number_cell(out, line->unit_price_won);
    html_put_number_cell(out, line->amounts.gross_won);
    svc_buf_printf(out, "<td class=\"n\">%d.%02d%%</td>", line->rate_bp / 100, line->rate_bp % 100);
    html_put_number_cell(out, line->amounts.commission_won);
    html_put_number_cell(out, line->amounts.net_won);
    svc_buf_append_text(out, "</tr>\n");
}

/* A table whose rows are written; `count`: of all such lines. */
static void put_rows(const struct settle_html *html, const struct svc_buf *rows, int64_t count,
                     struct svc_buf *out) {
    const char *const columns[][2] = {
        {"주문번호", "Order"},
        {settle_moment_label(html->facts.moment, EMAIL_KO),
         settle_moment_label(html->facts.moment, EMAIL_EN)},
        {"구분", "Kind"},
        {"상품명", "Product"},
        {"#수량", "#Quantity"},
        {"#단가", "#Price"},
        {"#판매금액", "#Sales"},
        {"#수수료율", "#Rate"},
        {"#수수료", "#Commission"},
        {"#정산금액", "#Net"},
    };
    html_begin_table(html, columns, COUNT(columns), out);
    svc_buf_append(out, rows->bytes, rows->size_bytes);
    html_end_table(out);
    if (count > SETTLE_MAX_HTML_LINES) {
        svc_buf_append_text(out, "<p class=\"note\">");
        svc_buf_append_text(out, html_word(html, "전체 ", "The first "));
        html_put_number(out, html->facts.language == EMAIL_EN ? SETTLE_MAX_HTML_LINES : count);
        svc_buf_append_text(out, html_word(html, "건 중 처음 ", " of "));
        html_put_number(out, html->facts.language == EMAIL_EN ? count : SETTLE_MAX_HTML_LINES);
        svc_buf_append_text(out, html_word(html, "건입니다. 전체 내역은 CSV 파일",
                                           " lines. All of them are in the CSV file"));
        if (html->facts.csv_name != NULL && html->facts.csv_name[0] != '\0') {
            svc_buf_append_text(out, " <b>");
            html_put_name(out, html->facts.csv_name);
            svc_buf_append_text(out, "</b>");
        }
        svc_buf_append_text(out, html_word(html, "에 있습니다.</p>\n", ".</p>\n"));
    }
    svc_buf_append_text(out, "</section>\n");
}

void html_put_lines(const struct settle_html *html, struct svc_buf *out) {
    if (html->refund_count > 0) {
        html_begin_section(html, "refunds", "환불·취소 내역", "Refunds and cancellations", out);
        put_rows(html, &html->refund_rows, html->refund_count, out);
    }
    if (html->line_count > 0) {
        html_begin_section(html, "lines", "판매 내역", "Sales", out);
        put_rows(html, &html->line_rows, html->line_count, out);
    }
}
