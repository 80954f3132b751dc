/* write_report csv|html|json: reads a report as JSON on standard input and writes it, for scripts
 * that read it with other parsers:
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

#include "services/base/crypto.h"
#include "services/base/file.h"
#include "services/base/json.h"
#include "services/settlement/compute.h"
#include "services/settlement/csv.h"
#include "services/settlement/html.h"
#include "services/settlement/json.h"
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

static void send(const struct svc_buf *out) {
    check(fwrite(out->bytes, 1, out->size_bytes, stdout) == out->size_bytes, "output", "write");
}

/* What is made of the lines. The CSV is sent on or, for the JSON, hashed. */
struct outputs {
    const char *form;
    struct settle_html *html;
    struct settle_totals totals;
    struct svc_buf csv;
    struct svc_hash *csv_hash;
    uint64_t csv_bytes;
};

static void pass_csv(struct outputs *outputs) {
    const struct svc_buf *csv = &outputs->csv;
    check(svc_buf_status(csv) == SVC_OK, "output", svc_status_message(svc_buf_status(csv)));
    if (strcmp(outputs->form, "csv") == 0) {
        send(csv);
    }
    svc_hash_add(outputs->csv_hash, csv->bytes, csv->size_bytes);
    outputs->csv_bytes += csv->size_bytes;
    svc_buf_reset(&outputs->csv);
}

static void take_lines(const struct svc_json *document, enum settle_moment moment,
                       struct outputs *outputs) {
    const struct svc_json *lines = svc_json_get(document, "lines");
    settle_csv_put_head(moment, &outputs->csv);
    pass_csv(outputs);
    for (int64_t copy = number(document, "copies", 1); copy > 0; copy--) {
        for (size_t i = 0; i < svc_json_count(lines); i++) {
            struct settle_line line;
            struct settle_error refusal;
            read_line(svc_json_at(lines, i), &line);
            check(settle_totals_add(&outputs->totals, &line, &refusal) == SVC_OK, "totals",
                  refusal.detail);
            if (strcmp(outputs->form, "html") != 0) {
                settle_csv_put_line(&line, &outputs->csv);
                pass_csv(outputs);
            }
            if (strcmp(outputs->form, "csv") != 0) {
                check(settle_html_add(outputs->html, &line) == SVC_OK, "html", "line");
            }
        }
    }
    settle_csv_put_totals(&outputs->totals, &outputs->csv);
    pass_csv(outputs);
}

static void write_json(struct outputs *outputs, const char *payout_state, struct svc_buf *out) {
    struct settle_rules rules;
    uint8_t sha256[SVC_MAX_HASH_BYTES];
    size_t hash_bytes = 0;
    settle_rules_default(&rules);
    check(svc_hash_finish(outputs->csv_hash, sha256, &hash_bytes) == SVC_OK, "json", "hash");
    const struct settle_json_facts facts = {.rules = &rules,
                                            .rules_text = "1 half-up down included gross 500 0",
                                            .payout_state = payout_state,
                                            .csv_bytes = outputs->csv_bytes,
                                            .csv_sha256 = sha256};
    check(settle_json_write(outputs->html, &outputs->totals, &facts, out) == SVC_OK, "json",
          "write");
}

static void write_page(const struct svc_json *document, struct outputs *outputs) {
    const struct svc_json *facts = svc_json_get(document, "facts");
    struct settle_payout payout;
    struct svc_error error;
    struct svc_buf out;
    svc_buf_init(&out, SETTLE_MAX_JSON_BYTES);
    if (settle_payout_compute(number(facts, "carriedIn", 1), outputs->totals.all.amounts.net_won,
                              &payout, NULL) == SVC_OK) {
        settle_html_set_payout(outputs->html, &payout);
    }
    check(settle_html_check(outputs->html, &outputs->totals, &error) == SVC_OK, "html",
          error.detail);
    if (strcmp(outputs->form, "json") == 0) {
        write_json(outputs, text(facts, "payoutCode"), &out);
    } else {
        check(settle_html_write(outputs->html, &outputs->totals, &out) == SVC_OK, "html", "write");
    }
    send(&out);
    svc_buf_clear(&out);
}

int main(int argc, char **argv) {
    struct svc_buf input;
    struct svc_error error;
    struct svc_json *document = NULL;
    struct settle_period period;
    struct outputs outputs = {.form = argc == 2 ? argv[1] : "csv"};
    svc_buf_init(&input, MAX_BYTES);
    svc_buf_init(&outputs.csv, SETTLE_MAX_CSV_APPEND_BYTES);
    check(svc_hash_create(SVC_HASH_SHA256, &outputs.csv_hash) == SVC_OK, "hash", "memory");
    check(svc_read_descriptor(STDIN_FILENO, &input) == SVC_OK, "input", "read");
    check(svc_json_parse(input.bytes, input.size_bytes, MAX_BYTES, &document, &error) == SVC_OK,
          "input", error.detail);
    check(settle_period_parse(text(document, "period"), MAX_TIME, &period, &error) == SVC_OK,
          "period", error.detail);
    const struct settle_html_facts facts = read_facts(document, &period);
    check(settle_html_create(&facts, &outputs.html) == SVC_OK, "html", "memory");
    take_lines(document, facts.moment, &outputs);
    if (strcmp(outputs.form, "csv") != 0) {
        write_page(document, &outputs);
    }
    settle_html_destroy(outputs.html);
    svc_json_free(document);
    svc_hash_destroy(outputs.csv_hash);
    svc_buf_clear(&input);
    svc_buf_clear(&outputs.csv);
    return 0;
}
