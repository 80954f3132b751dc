/* The HTML page of a report, for the seller: summary and chart first, then tables by kind, by day
 * and by product, refunds apart, the first lines with a pointer to the CSV for all of them, the
 * figures of a VAT return on a monthly report, and control totals. One file without scripts and
 * without anything to load, readable on a telephone and printable on A4. Every text is escaped. The
 * same lines give the same bytes.
 *
 * Lines are added one by one; what is kept of them is bounded (about 3 MiB), however many there
 * are. */
#ifndef SETTLE_HTML_H
#define SETTLE_HTML_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/status.h"
#include "services/settlement/labels.h"
#include "services/settlement/line.h"
#include "services/settlement/period.h"
#include "services/settlement/totals.h"

/* Lines on the page, and refunds and cancellations apart from them. */
#define SETTLE_MAX_HTML_LINES 200
/* Products that are counted; lines of further ones are counted together. */
#define SETTLE_MAX_HTML_PRODUCTS 2000
/* Products on the page, the others in one row. */
#define SETTLE_MAX_HTML_PRODUCT_ROWS 50
/* A text on the page; longer ones end with "…". */
#define SETTLE_MAX_HTML_TEXT_CHARACTERS 120
/* The list amounts of all lines together, whatever their sign: no sum of some of them overflows. */
#define SETTLE_MAX_HTML_WON   (4 * SETTLE_MAX_SUM_WON)
#define SETTLE_MAX_HTML_BYTES ((size_t)1024 * 1024)

/* What the page says besides the lines. Texts are copied by nothing: they are borrowed until the
 * page is written. NULL and "": not known, left out. */
struct settle_html_facts {
    struct settle_period period;
    enum email_language language;
    enum settle_moment moment;
    const char *seller_id, *seller_name, *business_name;
    const char *business_number;                          /* of the seller */
    const char *platform_name, *platform_business_number; /* who issues the commission's invoice */
    const char *csv_name;                                 /* the file with all lines */
    const char *rules, *more_rules; /* how amounts are rounded, in the page's language */
    uint32_t version;               /* 1: the first of this report */
    int64_t order_count;            /* -1: not known */
    bool has_payout;                /* a cycle that carries balances: */
    struct settle_payout payout;
    bool has_payout_day;
    int32_t payout_day;
    const char *payout_state; /* in the page's language */
};

struct settle_html;

/* Errors: NO_MEMORY. `facts` is copied, its texts are not. */
enum svc_status settle_html_create(const struct settle_html_facts *facts,
                                   struct settle_html **html);
/* Errors: INVALID_ARGUMENT (the line is not of the period), TOO_LARGE (over SETTLE_MAX_HTML_WON),
 * NO_MEMORY. */
enum svc_status settle_html_add(struct settle_html *html, const struct settle_line *line);
/* What is known when all lines are read, of the facts given before. */
void settle_html_set_payout(struct settle_html *html, const struct settle_payout *payout);
void settle_html_set_order_count(struct settle_html *html, int64_t order_count);
void settle_html_set_version(struct settle_html *html, uint32_t version);
/* The control totals that the page prints: `totals` in itself and against the sums of the days and
 * products that were gathered. INTERNAL with the first that differs. */
enum svc_status settle_html_check(struct settle_html *html, const struct settle_totals *totals,
                                  struct svc_error *error);
/* Appends the page. `totals`: of the same lines; the page compares them with what it has gathered.
 * Errors: TOO_LARGE, NO_MEMORY of `out` (SETTLE_MAX_HTML_BYTES suffice). */
enum svc_status settle_html_write(struct settle_html *html, const struct settle_totals *totals,
                                  struct svc_buf *out);
void settle_html_destroy(struct settle_html *html); /* NULL is allowed */

#endif
