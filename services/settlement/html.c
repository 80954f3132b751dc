/* Gathering the figures of the page: see html.h. */
#include "services/settlement/html.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/amounts.h"
#include "services/settlement/html_internal.h"

/* A power of two, twice the products or more. */
#define SLOTS 4096
/* Of the written rows of a table: a row has three texts of up to 6 bytes a character, and marks. */
#define MAX_ROW_BYTES  ((size_t)3 * 6 * SETTLE_MAX_HTML_TEXT_CHARACTERS + 1024)
#define MAX_ROWS_BYTES (SETTLE_MAX_HTML_LINES * MAX_ROW_BYTES)

_Static_assert(SLOTS >= 2 * SETTLE_MAX_HTML_PRODUCTS, "the table of products is too full");
_Static_assert(SETTLE_MAX_HTML_PRODUCTS < UINT16_MAX, "a slot holds the index of a product");

enum svc_status settle_html_create(const struct settle_html_facts *facts,
                                   struct settle_html **html) {
    struct settle_html *made = calloc(1, sizeof(*made));
    *html = NULL;
    if (made == NULL) {
        return SVC_NO_MEMORY;
    }
    made->facts = *facts;
    svc_buf_init(&made->line_rows, MAX_ROWS_BYTES);
    svc_buf_init(&made->refund_rows, MAX_ROWS_BYTES);
    svc_buf_init(&made->line_json, MAX_ROWS_BYTES);
    svc_buf_init(&made->refund_json, MAX_ROWS_BYTES);
    made->days =
        calloc((size_t)(facts->period.last_day - facts->period.first_day) + 1, sizeof(*made->days));
    made->products = calloc(SETTLE_MAX_HTML_PRODUCTS, sizeof(*made->products));
    made->slots = calloc(SLOTS, sizeof(*made->slots));
    if (made->days == NULL || made->products == NULL || made->slots == NULL) {
        settle_html_destroy(made);
        return SVC_NO_MEMORY;
    }
    *html = made;
    return SVC_OK;
}

void settle_html_destroy(struct settle_html *html) {
    if (html == NULL) {
        return;
    }
    for (size_t i = 0; i < html->product_count; i++) {
        free(html->products[i].name);
    }
    free(html->products);
    free(html->slots);
    free(html->days);
    svc_buf_clear(&html->line_rows);
    svc_buf_clear(&html->refund_rows);
    svc_buf_clear(&html->line_json);
    svc_buf_clear(&html->refund_json);
    free(html);
}

void settle_html_set_payout(struct settle_html *html, const struct settle_payout *payout) {
    html->facts.has_payout = true;
    html->facts.payout = *payout;
}

void settle_html_set_order_count(struct settle_html *html, int64_t order_count) {
    html->facts.order_count = order_count;
}

void settle_html_set_version(struct settle_html *html, uint32_t version) {
    html->facts.version = version;
}

void html_sum_add(struct settle_sum *sum, const struct settle_sum *added) {
    sum->lines += added->lines;
    sum->quantity += added->quantity;
    settle_amounts_add(&sum->amounts, &added->amounts);
}

static uint64_t hash_of(const char *text) {
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    }
    return hash;
}

/* *sum is that of the product with this name; of other_products when there are too many. */
static enum svc_status find_product(struct settle_html *html, const char *name,
                                    struct settle_sum **sum) {
    const uint64_t hash = hash_of(name);
    size_t slot = hash % SLOTS;
    for (; html->slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        struct html_product *product = &html->products[html->slots[slot] - 1];
        if (product->hash == hash && strcmp(product->name, name) == 0) {
            *sum = &product->sum;
            return SVC_OK;
        }
    }
    if (html->product_count == SETTLE_MAX_HTML_PRODUCTS) {
        *sum = &html->other_products;
        return SVC_OK;
    }
    struct html_product *product = &html->products[html->product_count];
    product->name = svc_duplicate_text(name);
    if (product->name == NULL) {
        return SVC_NO_MEMORY;
    }
    product->hash = hash;
    html->slots[slot] = (uint16_t)++html->product_count;
    *sum = &product->sum;
    return SVC_OK;
}

static bool is_shipping(enum settle_kind kind) {
    return kind == SETTLE_SHIPPING || kind == SETTLE_SHIPPING_REFUND;
}

static bool is_refund(enum settle_kind kind) {
    return kind == SETTLE_REFUND || kind == SETTLE_CANCEL || kind == SETTLE_SHIPPING_REFUND;
}

static enum svc_status add_row(struct settle_html *html, const struct settle_line *line) {
    const bool is_apart = is_refund(line->kind);
    int64_t *count = is_apart ? &html->refund_count : &html->line_count;
    struct svc_buf *rows = is_apart ? &html->refund_rows : &html->line_rows;
    struct svc_buf *json = is_apart ? &html->refund_json : &html->line_json;
    if ((*count)++ < SETTLE_MAX_HTML_LINES) {
        html_put_line_row(html, line, rows);
        json_put_line(line, json);
    }
    return svc_buf_status(rows) != SVC_OK ? svc_buf_status(rows) : svc_buf_status(json);
}

enum svc_status settle_html_add(struct settle_html *html, const struct settle_line *line) {
    const struct settle_period *period = &html->facts.period;
    if (line->settled_at_ms < period->from_ms || line->settled_at_ms >= period->to_ms) {
        return SVC_INVALID_ARGUMENT;
    }
    const int64_t list_won = line->amounts.list_won;
    const int64_t volume_won = html->volume_won + (list_won < 0 ? -list_won : list_won);
    if (volume_won > SETTLE_MAX_HTML_WON) {
        return SVC_TOO_LARGE;
    }
    html->volume_won = volume_won;
    /* The long name is cut before it is compared, so that a name takes bounded memory. */
    char name[HTML_NAME_BYTES];
    const char *full = is_shipping(line->kind)
                           ? settle_kind_label(SETTLE_SHIPPING, html->facts.language)
                           : line->product_name;
    svc_copy_cut(name, sizeof(name), full);
    struct settle_sum *product = NULL;
    enum svc_status status = find_product(html, name, &product);
    if (status == SVC_OK) {
        status = add_row(html, line);
    }
    if (status != SVC_OK) {
        return status;
    }
    const struct settle_sum added = {1, line->quantity, line->amounts};
    html_sum_add(&html->days[settle_day_of(line->settled_at_ms) - period->first_day], &added);
    html_sum_add(product, &added);
    return SVC_OK;
}
