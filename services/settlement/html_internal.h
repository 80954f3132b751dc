/* What the files of the HTML page share: the figures that are gathered, and how text, numbers and
 * rows are written. */
#ifndef SETTLE_HTML_INTERNAL_H
#define SETTLE_HTML_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "services/settlement/html.h"

/* A character more than is shown, so that a name that is cut still ends with a mark. */
#define HTML_NAME_BYTES (4 * (SETTLE_MAX_HTML_TEXT_CHARACTERS + 1) + 1)

struct html_product {
    char *name;
    uint64_t hash;
    struct settle_sum sum;
};

struct settle_html {
    struct settle_html_facts facts;
    const struct settle_totals *totals; /* while the page is written */
    struct settle_sum *days;            /* of the period, in order */
    int64_t volume_won;                 /* of all lines, whatever their sign: bounds every sum */
    struct html_product *products;
    size_t product_count;
    uint16_t *slots; /* a hash table: index + 1 in `products`, 0: free */
    struct settle_sum other_products;
    struct svc_buf line_rows, refund_rows; /* the rows, written */
    struct svc_buf line_json, refund_json; /* the same lines as JSON objects, parted by commas */
    int64_t line_count, refund_count;      /* of all lines, on the page or not */
};

void html_sum_add(struct settle_sum *sum, const struct settle_sum *added);

/* ---------------------------------------------------------------------- html_write.c */

/* The text of the page's language. */
const char *html_word(const struct settle_html *html, const char *korean, const char *english);
/* Text between tags or in a quoted attribute: & < > " ' as entities, controls as blanks, what is
 * not UTF-8 or no character of HTML as U+FFFD; at most SETTLE_MAX_HTML_TEXT_CHARACTERS. */
void html_put_text(struct svc_buf *out, const char *text);
/* A name of somebody's: the same, isolated, so that it cannot change the direction of what follows.
 */
void html_put_name(struct svc_buf *out, const char *text);
/* 1,234,500 with a minus sign (U+2212) if it is negative. */
void html_put_number(struct svc_buf *out, int64_t number);

void html_begin_section(const struct settle_html *html, const char *id, const char *korean,
                        const char *english, struct svc_buf *out);
/* A table with its head; columns: pairs of Korean and English, those that begin with '#' are
 * columns of numbers. */
void html_begin_table(const struct settle_html *html, const char *const (*columns)[2], size_t count,
                      struct svc_buf *out);
void html_end_table(struct svc_buf *out);
void html_put_number_cell(struct svc_buf *out, int64_t number);
/* Cells of a sum: lines, quantity, gross, commission, net. */
void html_put_sum_cells(struct svc_buf *out, const struct settle_sum *sum);

/* ---------------------------------------------------------------------- parts of the page */

extern const char html_style[];                                                /* html_style.c */
void html_put_chart(const struct settle_html *html, struct svc_buf *out);      /* html_chart.c */
void html_put_summary(const struct settle_html *html, struct svc_buf *out);    /* html_summary.c */
void html_put_vat_return(const struct settle_html *html, struct svc_buf *out); /* html_summary.c */
void html_put_controls(const struct settle_html *html, struct svc_buf *out);   /* html_controls.c */
void html_put_kinds(const struct settle_html *html, struct svc_buf *out);      /* html_tables.c */
void html_put_days(const struct settle_html *html, struct svc_buf *out);       /* html_tables.c */
void html_put_products(const struct settle_html *html, struct svc_buf *out);   /* html_tables.c */
void html_put_lines(const struct settle_html *html, struct svc_buf *out);      /* html_tables.c */
/* The products as the page lists them, the largest sales first; to be freed. *count: those that
 * have a row; *others: the sum of the rest. NULL: out of memory. */
const struct html_product **html_sort_products(const struct settle_html *html, size_t *count,
                                               struct settle_sum *others);
/* The row of a line, for html_put_lines. */
void html_put_line_row(const struct settle_html *html, const struct settle_line *line,
                       struct svc_buf *out);

/* ---------------------------------------------------------------------- control totals */

struct html_control {
    const char *korean, *english;
    int64_t left_won, right_won;
};
#define HTML_MAX_CONTROLS 7
/* How many there are: without a payout one less. */
size_t html_controls(const struct settle_html *html, struct html_control out[HTML_MAX_CONTROLS]);

/* ---------------------------------------------------------------------- json.c */

/* Appends the object of a line, behind a comma unless it is the first. */
void json_put_line(const struct settle_line *line, struct svc_buf *out);

#endif
