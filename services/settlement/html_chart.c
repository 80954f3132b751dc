/* The chart of the page: sales less refunds of each day as bars, in SVG. Integer arithmetic alone,
 * so that every machine draws the same. See html_internal.h. */
#include <inttypes.h>

#include "services/settlement/html_internal.h"

/* In units of the view box: hundredths of a pixel. */
#define WIDTH  72000
#define HEIGHT 18000
#define LABELS 2600 /* below the bars */
#define BORDER 1800 /* left and right, for half a date */

/* part / whole * length without overflow: sums have up to 1e18. */
static int64_t scaled(int64_t part_won, int64_t whole_won, int64_t length) {
    while (whole_won > INT64_MAX / WIDTH) {
        part_won /= 2;
        whole_won /= 2;
    }
    return whole_won == 0 ? 0 : part_won * length / whole_won;
}

static void put_bars(const struct settle_html *html, int64_t days, int64_t span_won, int64_t zero,
                     struct svc_buf *out) {
    const int64_t step = WIDTH / days, gap = step / 5;
    for (int64_t i = 0; i < days; i++) {
        const int64_t won = html->days[i].amounts.gross_won;
        const int64_t height = scaled(won < 0 ? -won : won, span_won, HEIGHT);
        char date[SETTLE_DAY_BYTES];
        if (won == 0) {
            continue;
        }
        settle_day_write(html->facts.period.first_day + (int32_t)i, date);
        svc_buf_printf(out,
                       "<rect%s x=\"%" PRId64 "\" y=\"%" PRId64 "\" width=\"%" PRId64
                       "\" height=\"%" PRId64 "\"><title>%s: ",
                       won < 0 ? " class=\"below\"" : "", i * step + gap / 2,
                       won < 0 ? zero : zero - height, step - gap, height, date);
        html_put_number(out, won);
        svc_buf_append_text(out, "</title></rect>\n");
    }
}

/* At most about ten dates below the bars, "9/1" in both languages. */
static void put_dates(const struct settle_html *html, int64_t days, struct svc_buf *out) {
    const int64_t step = WIDTH / days, every = (days + 9) / 10;
    for (int64_t i = 0; i < days; i += every) {
        char date[SETTLE_DAY_BYTES];
        settle_day_write(html->facts.period.first_day + (int32_t)i, date);
        svc_buf_printf(out, "<text x=\"%" PRId64 "\" y=\"%d\">%.2s/%.2s</text>\n",
                       i * step + step / 2, HEIGHT + LABELS - 700, date + 5, date + 8);
    }
}

void html_put_chart(const struct settle_html *html, struct svc_buf *out) {
    const struct settle_period *period = &html->facts.period;
    const int64_t days = (int64_t)period->last_day - period->first_day + 1;
    int64_t high_won = 0, low_won = 0;
    int32_t high_day = 0;
    for (int32_t i = 0; i < days; i++) {
        const int64_t won = html->days[i].amounts.gross_won;
        high_day = won > high_won ? period->first_day + i : high_day;
        high_won = won > high_won ? won : high_won;
        low_won = won < low_won ? won : low_won;
    }
    const int64_t span_won = high_won - low_won;
    if (days == 1 || span_won == 0) {
        return;
    }
    const int64_t zero = scaled(high_won, span_won, HEIGHT);
    const char *title = html_word(html, "일자별 판매금액", "Sales by day");
    svc_buf_printf(out, "<figure><figcaption>%s", title);
    if (high_won > 0) { /* the scale: there is no axis */
        svc_buf_append_text(out, html_word(html, " · 최고 ", " · highest: "));
        html_put_number(out, high_won);
        svc_buf_append_text(out, html_word(html, "원, ", " KRW on "));
        settle_day_put_text(high_day, html->facts.language, out);
    }
    svc_buf_printf(out,
                   "</figcaption>\n<svg viewBox=\"%d 0 %d %d\" role=\"img\" "
                   "aria-label=\"%s\">\n",
                   -BORDER, WIDTH + 2 * BORDER, HEIGHT + LABELS, title);
    put_bars(html, days, span_won, zero, out);
    svc_buf_printf(out, "<path d=\"M0 %" PRId64 "H%d\"/>\n", zero, WIDTH);
    put_dates(html, days, out);
    svc_buf_append_text(out, "</svg></figure>\n");
}
