/* Writing the report for machines: see json.h. */
#include "services/settlement/json.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/json.h"
#include "services/base/text.h"
#include "services/settlement/amounts.h"
#include "services/settlement/compute.h"
#include "services/settlement/html_internal.h"

/* ---------------------------------------------------------------------- values */

/* "list_won" -> "listWon". */
static void add_amounts(struct svc_json_writer *writer, const struct settle_amounts *amounts) {
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++) {
        char name[32];
        size_t size = 0;
        for (const char *from = settle_amount_name(i); *from != '\0' && size + 1 < sizeof(name);) {
            const bool is_start = *from == '_';
            from += is_start;
            name[size++] = (char)(is_start ? *from - 'a' + 'A' : *from);
            from++;
        }
        name[size] = '\0';
        svc_json_add_int(writer, name, settle_amount_of(amounts, i));
    }
}

static void add_sum(struct svc_json_writer *writer, const struct settle_sum *sum) {
    svc_json_add_int(writer, "lines", sum->lines);
    svc_json_add_int(writer, "quantity", sum->quantity);
    add_amounts(writer, &sum->amounts);
}

/* As long as on the page. */
static void add_name(struct svc_json_writer *writer, const char *name, const char *text) {
    static const char mark[] = "…";
    char cut[HTML_NAME_BYTES + sizeof(mark)];
    size_t size = 0, left = strlen(text);
    int characters = 0;
    while (left > 0 && characters < SETTLE_MAX_HTML_TEXT_CHARACTERS) {
        const size_t length = svc_utf8_length((const uint8_t *)text + size, left);
        const size_t step = length == 0 ? 1 : length;
        memcpy(cut + size, text + size, step);
        size += step;
        left -= step;
        characters++;
    }
    if (left > 0) {
        memcpy(cut + size, mark, sizeof(mark) - 1);
        size += sizeof(mark) - 1;
    }
    svc_json_name(writer, name);
    svc_json_put_bytes(writer, cut, size);
}

/* null if it is not known. */
static void add_fact(struct svc_json_writer *writer, const char *name, const char *text) {
    if (text == NULL || text[0] == '\0') {
        svc_json_add_text(writer, name, NULL);
    } else {
        add_name(writer, name, text);
    }
}

static void add_time(struct svc_json_writer *writer, const char *name, int64_t time_ms) {
    char text[SVC_ISO8601_BYTES];
    svc_format_iso8601(time_ms, text);
    svc_json_add_text(writer, name, text);
}

static void add_day(struct svc_json_writer *writer, const char *name, int32_t day) {
    char text[SETTLE_DAY_BYTES];
    settle_day_write(day, text);
    svc_json_add_text(writer, name, text);
}

void json_put_line(const struct settle_line *line, struct svc_buf *out) {
    struct svc_json_writer writer;
    if (out->size_bytes > 0) {
        svc_buf_append_char(out, ',');
    }
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    add_name(&writer, "orderId", line->order_id);
    svc_json_add_text(&writer, "kind", settle_kind_name(line->kind));
    add_name(&writer, "productName", line->product_name);
    add_fact(&writer, "category", line->category);
    svc_json_add_text(&writer, "tax", settle_tax_name(line->tax));
    svc_json_add_text(&writer, "payment", settle_payment_name(line->payment));
    add_time(&writer, "orderedAt", line->ordered_at_ms);
    add_time(&writer, "settledAt", line->settled_at_ms);
    svc_json_add_int(&writer, "quantity", line->quantity);
    svc_json_add_int(&writer, "unitPriceWon", line->unit_price_won);
    svc_json_add_int(&writer, "rateBp", line->rate_bp);
    add_amounts(&writer, &line->amounts);
    svc_json_end_object(&writer);
}

/* ---------------------------------------------------------------------- head */

static void put_period(const struct settle_html *html, struct svc_json_writer *writer) {
    const struct settle_period *period = &html->facts.period;
    char name[SETTLE_PERIOD_NAME_BYTES];
    settle_period_name(period, name);
    svc_json_name(writer, "period");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "type", settle_period_type_name(period->type));
    svc_json_add_text(writer, "name", name);
    add_day(writer, "firstDay", period->first_day);
    add_day(writer, "lastDay", period->last_day);
    svc_json_add_text(writer, "timeZone", "Asia/Seoul");
    add_time(writer, "from", period->from_ms);
    add_time(writer, "to", period->to_ms);
    svc_json_end_object(writer);
}

static void put_parties(const struct settle_html *html, struct svc_json_writer *writer) {
    const struct settle_html_facts *facts = &html->facts;
    svc_json_name(writer, "seller");
    svc_json_begin_object(writer);
    add_name(writer, "id", facts->seller_id);
    add_fact(writer, "name", facts->seller_name);
    add_fact(writer, "businessName", facts->business_name);
    add_fact(writer, "businessNumber", facts->business_number);
    svc_json_end_object(writer);
    svc_json_name(writer, "platform");
    svc_json_begin_object(writer);
    add_fact(writer, "name", facts->platform_name);
    add_fact(writer, "businessNumber", facts->platform_business_number);
    svc_json_end_object(writer);
}

static void put_rules(const struct settle_html *html, const struct settle_json_facts *facts,
                      struct svc_json_writer *writer) {
    const struct settle_rules *rules = facts->rules;
    svc_json_name(writer, "rules");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "text", facts->rules_text);
    svc_json_add_text(writer, "feeRounding", settle_rounding_name(rules->fee_rounding));
    svc_json_add_text(writer, "vatRounding", settle_rounding_name(rules->vat_rounding));
    svc_json_add_bool(writer, "ratesIncludeVat", rules->rates_include_vat);
    svc_json_add_text(writer, "basis", settle_basis_name(rules->basis));
    svc_json_add_int(writer, "defaultRateBp", rules->default_rate_bp);
    svc_json_add_int(writer, "shippingRateBp", rules->shipping_rate_bp);
    svc_json_add_text(writer, "moment",
                      html->facts.moment == SETTLE_AT_PAYMENT ? "payment" : "confirmation");
    svc_json_end_object(writer);
}

static void put_payout(const struct settle_html *html, const struct settle_json_facts *facts,
                       struct svc_json_writer *writer) {
    const struct settle_payout *payout = &html->facts.payout;
    svc_json_name(writer, "payout");
    svc_json_begin_object(writer);
    svc_json_name(writer, "balance");
    if (html->facts.has_payout) {
        svc_json_begin_object(writer);
        svc_json_add_int(writer, "carriedInWon", payout->carried_in_won);
        svc_json_add_int(writer, "netWon", payout->net_won);
        svc_json_add_int(writer, "payableWon", payout->payable_won);
        svc_json_add_int(writer, "carriedOutWon", payout->carried_out_won);
        svc_json_end_object(writer);
    } else {
        svc_json_put_null(writer);
    }
    if (html->facts.has_payout_day) {
        add_day(writer, "day", html->facts.payout_day);
    } else {
        svc_json_add_text(writer, "day", NULL);
    }
    add_fact(writer, "state", facts->payout_state);
    svc_json_end_object(writer);
}

/* ---------------------------------------------------------------------- figures */

static void put_kinds(const struct settle_html *html, struct svc_json_writer *writer) {
    svc_json_name(writer, "byKind");
    svc_json_begin_array(writer);
    for (int kind = 0; kind < SETTLE_KINDS; kind++) {
        if (html->totals->by_kind[kind].lines > 0) {
            svc_json_begin_object(writer);
            svc_json_add_text(writer, "kind", settle_kind_name((enum settle_kind)kind));
            add_sum(writer, &html->totals->by_kind[kind]);
            svc_json_end_object(writer);
        }
    }
    svc_json_end_array(writer);
}

static void put_days(const struct settle_html *html, struct svc_json_writer *writer) {
    const struct settle_period *period = &html->facts.period;
    svc_json_name(writer, "byDay");
    svc_json_begin_array(writer);
    for (int32_t day = period->first_day; day <= period->last_day; day++) {
        svc_json_begin_object(writer);
        add_day(writer, "day", day);
        add_sum(writer, &html->days[day - period->first_day]);
        svc_json_end_object(writer);
    }
    svc_json_end_array(writer);
}

static enum svc_status put_products(const struct settle_html *html,
                                    struct svc_json_writer *writer) {
    struct settle_sum others;
    size_t count = 0;
    const struct html_product **sorted = html_sort_products(html, &count, &others);
    if (sorted == NULL) {
        return SVC_NO_MEMORY;
    }
    svc_json_name(writer, "byProduct");
    svc_json_begin_array(writer);
    for (size_t i = 0; i < count; i++) {
        svc_json_begin_object(writer);
        add_name(writer, "name", sorted[i]->name);
        add_sum(writer, &sorted[i]->sum);
        svc_json_end_object(writer);
    }
    svc_json_end_array(writer);
    svc_json_name(writer, "otherProducts");
    svc_json_begin_object(writer);
    add_sum(writer, &others);
    svc_json_end_object(writer);
    free(sorted);
    return SVC_OK;
}

static void put_vat_return(const struct settle_html *html, struct svc_json_writer *writer) {
    const struct settle_amounts *total = &html->totals->all.amounts;
    svc_json_name(writer, "vatReturn");
    svc_json_begin_object(writer);
    svc_json_name(writer, "sales");
    svc_json_begin_array(writer);
    for (int payment = 0; payment < SETTLE_PAYMENTS; payment++) {
        const int64_t taxable_won = html->totals->sales_won[SETTLE_TAXABLE][payment];
        const int64_t exempt_won = html->totals->sales_won[SETTLE_TAX_EXEMPT][payment];
        const int64_t unknown_won = html->totals->sales_won[SETTLE_TAX_UNKNOWN][payment];
        svc_json_begin_object(writer);
        svc_json_add_text(writer, "payment", settle_payment_name((enum settle_payment)payment));
        svc_json_add_int(writer, "taxableWon", taxable_won);
        svc_json_add_int(writer, "exemptWon", exempt_won);
        svc_json_add_int(writer, "unknownWon", unknown_won);
        svc_json_add_int(writer, "totalWon", taxable_won + exempt_won + unknown_won);
        svc_json_end_object(writer);
    }
    svc_json_end_array(writer);
    svc_json_name(writer, "commission");
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "supplyWon", total->supply_won);
    svc_json_add_int(writer, "vatWon", total->vat_won);
    svc_json_add_int(writer, "totalWon", total->commission_won);
    svc_json_end_object(writer);
    svc_json_end_object(writer);
}

static void put_controls(const struct settle_html *html, struct svc_json_writer *writer) {
    struct html_control controls[HTML_MAX_CONTROLS];
    const size_t count = html_controls(html, controls);
    svc_json_name(writer, "controls");
    svc_json_begin_array(writer);
    for (size_t i = 0; i < count; i++) {
        svc_json_begin_object(writer);
        svc_json_add_text(writer, "name", controls[i].english);
        svc_json_add_int(writer, "leftWon", controls[i].left_won);
        svc_json_add_int(writer, "rightWon", controls[i].right_won);
        svc_json_add_bool(writer, "isEqual", controls[i].left_won == controls[i].right_won);
        svc_json_end_object(writer);
    }
    svc_json_end_array(writer);
}

/* `rows`: objects that are written already. */
static void put_lines(const char *name, int64_t count, const struct svc_buf *rows,
                      struct svc_json_writer *writer) {
    svc_json_name(writer, name);
    svc_json_begin_object(writer);
    svc_json_add_int(writer, "count", count);
    svc_json_name(writer, "listed");
    svc_json_begin_array(writer);
    svc_buf_append(writer->out, rows->bytes, rows->size_bytes);
    svc_json_end_array(writer);
    svc_json_end_object(writer);
}

static void put_csv(const struct settle_html *html, const struct settle_json_facts *facts,
                    struct svc_json_writer *writer) {
    char sha256[SVC_SHA256_HEX_BYTES];
    svc_hex(facts->csv_sha256, SVC_SHA256_BYTES, sha256);
    svc_json_name(writer, "csv");
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "name", html->facts.csv_name);
    svc_json_add_int(writer, "bytes", (int64_t)facts->csv_bytes);
    svc_json_add_text(writer, "sha256", sha256);
    svc_json_end_object(writer);
}

enum svc_status settle_json_write(struct settle_html *html, const struct settle_totals *totals,
                                  const struct settle_json_facts *facts, struct svc_buf *out) {
    struct svc_json_writer writer;
    html->totals = totals;
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_int(&writer, "formatVersion", 1);
    svc_json_add_int(&writer, "version", html->facts.version);
    put_period(html, &writer);
    put_parties(html, &writer);
    put_rules(html, facts, &writer);
    svc_json_add_int(&writer, "orderCount", html->facts.order_count);
    svc_json_name(&writer, "totals");
    svc_json_begin_object(&writer);
    add_sum(&writer, &totals->all);
    svc_json_end_object(&writer);
    put_payout(html, facts, &writer);
    put_kinds(html, &writer);
    put_days(html, &writer);
    enum svc_status status = put_products(html, &writer);
    put_vat_return(html, &writer);
    put_controls(html, &writer);
    put_lines("lines", html->line_count, &html->line_json, &writer);
    put_lines("refunds", html->refund_count, &html->refund_json, &writer);
    put_csv(html, facts, &writer);
    svc_json_end_object(&writer);
    html->totals = NULL;
    status = status == SVC_OK ? svc_json_writer_status(&writer) : status;
    svc_buf_append_char(out, '\n');
    return status == SVC_OK ? svc_buf_status(out) : status;
}
