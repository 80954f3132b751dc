/* write_report csv|html: reads a report as JSON on standard input and writes it, for scripts that
 * read it with other parsers:
 *
 *   {"period":"2026-09","language":"ko","facts":{"sellerName":...},"copies":1,
 *    "lines":[{"orderId":...,"kind":0,...,"list":10000,...}]}
 *
 * Only the given amounts of a line are read; the others are computed. "copies" repeats the lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "services/base/file.h"
#include "services/base/json.h"
#include "services/settlement/compute.h"
#include "services/settlement/csv.h"
#include "services/settlement/html.h"
#include "services/settlement/totals.h"

#define MAX_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_TIME  INT64_C(7258118400000) /* 2200: all periods are over */

static void check(bool is_good, const char *what, const char *why) {
    if (!is_good) {
        fprintf(stderr, "write_report: %s: %s\n", what, why);
        exit(1);
    }
}

static int64_t number(const struct svc_json *object, const char *name, int64_t fallback) {
    svc_json_get_int(object, name, &fallback);
    return fallback;
}

static const char *text(const struct svc_json *object, const char *name) {
    const char *found = svc_json_get_text(object, name);
    return found == NULL ? "" : found;
}

/* A refund takes a part of an item of which `sold` remained before it, a sale has nothing before
 * it. */
static void read_line(const struct svc_json *object, struct settle_line *line) {
    struct settle_rules rules;
    struct settle_error error;
    settle_rules_default(&rules);
    *line = (struct settle_line){
        .order_id = text(object, "orderId"),
        .product_name = text(object, "product"),
        .seller_id = "42",
        .category = text(object, "category"),
        .kind = (enum settle_kind)number(object, "kind", SETTLE_SALE),
        .tax = (enum settle_tax)number(object, "tax", SETTLE_TAXABLE),
        .payment = (enum settle_payment)number(object, "payment", SETTLE_PAID_BY_CARD),
        .ordered_at_ms = number(object, "orderedAt", 0),
        .settled_at_ms = number(object, "settledAt", 0),
        .quantity = number(object, "quantity", 1),
        .unit_price_won = number(object, "price", 0),
        .rate_bp = (int32_t)number(object, "rate", 500),
        .amounts = {.list_won = number(object, "list", 0),
                    .seller_coupon_won = number(object, "sellerCoupon", 0),
                    .seller_points_won = number(object, "sellerPoints", 0),
                    .platform_coupon_won = number(object, "platformCoupon", 0),
                    .platform_points_won = number(object, "platformPoints", 0)},
    };
    struct settle_amounts remaining = {0};
    if (line->amounts.list_won < 0) {
        remaining = (struct settle_amounts){
            .list_won = -line->amounts.list_won,
            .seller_coupon_won = -line->amounts.seller_coupon_won,
            .seller_points_won = -line->amounts.seller_points_won,
            .platform_coupon_won = -line->amounts.platform_coupon_won,
            .platform_points_won = -line->amounts.platform_points_won,
        };
    }
    check(settle_line_compute(&rules, &remaining, line, &error) == SVC_OK, "line", error.detail);
}

static struct settle_html_facts read_facts(const struct svc_json *document,
                                           const struct settle_period *period) {
    const struct svc_json *facts = svc_json_get(document, "facts");
    const struct settle_html_facts read = {
        .period = *period,
        .language = strcmp(text(document, "language"), "en") == 0 ? EMAIL_EN : EMAIL_KO,
        .seller_id = text(facts, "sellerId"),
        .seller_name = text(facts, "sellerName"),
        .business_name = text(facts, "businessName"),
        .business_number = text(facts, "businessNumber"),
        .platform_name = text(facts, "platformName"),
        .platform_business_number = text(facts, "platformNumber"),
        .csv_name = text(facts, "csvName"),
        .rules = text(facts, "rules"),
        .payout_state = text(facts, "payoutState"),
        .version = (uint32_t)number(facts, "version", 1),
        .order_count = number(facts, "orderCount", -1),
        .has_payout_day = svc_json_has(facts, "payoutDay"),
        .payout_day = (int32_t)number(facts, "payoutDay", 0),
    };
    return read;
}

static void send(struct svc_buf *out) {
    check(svc_buf_status(out) == SVC_OK, "output", svc_status_message(svc_buf_status(out)));
    check(fwrite(out->bytes, 1, out->size_bytes, stdout) == out->size_bytes, "output", "write");
    svc_buf_reset(out);
}

int main(int argc, char **argv) {
    const bool is_csv = argc == 2 && strcmp(argv[1], "csv") == 0;
    struct svc_buf input, out;
    struct svc_error error;
    struct svc_json *document = NULL;
    struct settle_period period;
    struct settle_html *html = NULL;
    struct settle_totals totals = {0};
    svc_buf_init(&input, MAX_BYTES);
    svc_buf_init(&out, is_csv ? SETTLE_MAX_CSV_APPEND_BYTES : SETTLE_MAX_HTML_BYTES);
    check(svc_read_descriptor(STDIN_FILENO, &input) == SVC_OK, "input", "read");
    check(svc_json_parse(input.bytes, input.size_bytes, MAX_BYTES, &document, &error) == SVC_OK,
          "input", error.detail);
    check(settle_period_parse(text(document, "period"), MAX_TIME, &period, &error) == SVC_OK,
          "period", error.detail);
    struct settle_html_facts facts = read_facts(document, &period);
    check(settle_html_create(&facts, &html) == SVC_OK, "html", "memory");
    if (is_csv) {
        settle_csv_put_head(facts.moment, &out);
        send(&out);
    }
    const struct svc_json *lines = svc_json_get(document, "lines");
    for (int64_t copy = number(document, "copies", 1); copy > 0; copy--) {
        for (size_t i = 0; i < svc_json_count(lines); i++) {
            struct settle_line line;
            struct settle_error refusal;
            read_line(svc_json_at(lines, i), &line);
            check(settle_totals_add(&totals, &line, &refusal) == SVC_OK, "totals", refusal.detail);
            if (is_csv) {
                settle_csv_put_line(&line, &out);
                send(&out);
            } else {
                check(settle_html_add(html, &line) == SVC_OK, "html", "line");
            }
        }
    }
    if (is_csv) {
        settle_csv_put_totals(&totals, &out);
    } else {
        struct settle_payout payout;
        const int64_t carried_in_won = number(svc_json_get(document, "facts"), "carriedIn", 1);
        if (settle_payout_compute(carried_in_won, totals.all.amounts.net_won, &payout, NULL) ==
            SVC_OK) {
            settle_html_set_payout(html, &payout);
        }
        check(settle_html_write(html, &totals, &out) == SVC_OK, "html", "write");
    }
    send(&out);
    settle_html_destroy(html);
    svc_json_free(document);
    svc_buf_clear(&input);
    svc_buf_clear(&out);
    return 0;
}
