/* A settlement's page and its JSON, made twice of the same lines: once with hostile texts and once
 * with markers in their place. The pages have the same elements and attributes, and their texts and
 * the JSON's are the same once the markers are replaced by what each text must be shown as. The
 * sums of both are those of the lines in 128 bits. The input is thirteen texts, a line feed between
 * them; behind a NUL the amounts. */
#include <json-c/json.h>
#include <string.h>

#include "fuzz/support/html.h"
#include "fuzz/support/settlement_lines.h"
#include "services/base/text.h"
#include "services/settlement/compute.h"
#include "services/settlement/json.h"

enum {
    ORDER,
    PRODUCT,
    CATEGORY,
    SELLER_ID,
    SELLER_NAME,
    BUSINESS_NAME,
    BUSINESS_NUMBER,
    PLATFORM_NAME,
    PLATFORM_NUMBER,
    CSV_NAME,
    RULES,
    MORE_RULES,
    PAYOUT_STATE,
    TEXTS
};

struct report {
    const char *texts[TEXTS];
    struct settle_html_facts facts;
    struct fuzz_lines lines;
    struct svc_buf page, json;
};

/* ---------------------------------------------------------------------- what a text is shown as */

/* The character at `at`; -1: not UTF-8, one byte. */
static int32_t take_character(const char *at, size_t *size_bytes) {
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint8_t first = (uint8_t)*at;
    const int more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    *size_bytes = 1;
    if (more < 0 || first > 0xf4)
        return -1;
    int32_t code = more == 0 ? first : first & (0x3f >> more);
    for (int i = 1; i <= more; i++) {
        if (((uint8_t)at[i] & 0xc0) != 0x80)
            return -1;
        code = code * 64 + ((uint8_t)at[i] & 0x3f);
    }
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return -1;
    *size_bytes = (size_t)more + 1;
    return code;
}

static void put_shown(const char *text, bool in_html, size_t most, struct svc_buf *out) {
    for (size_t shown = 0; *text; shown++) {
        size_t size_bytes = 0;
        const int32_t code = take_character(text, &size_bytes);
        const bool is_none = (code >= 0x7f && code <= 0x9f) || (code >= 0xfdd0 && code <= 0xfdef) ||
                             (code & 0xfffe) == 0xfffe;
        if (shown == most) {
            svc_buf_append_text(out, "…");
            return;
        }
        if (code < 0 || (in_html && is_none))
            svc_buf_append_text(out, "\xef\xbf\xbd");
        else if (in_html && code < ' ')
            svc_buf_append_char(out, ' ');
        else
            svc_buf_append(out, text, size_bytes);
        text += size_bytes;
    }
}

/* "Zq0Zq" to "Zq12Zq": in no text of the page. */
static const char *marker(size_t i) {
    static char markers[TEXTS][8];
    snprintf(markers[i], sizeof(markers[i]), "Zq%zuZq", i);
    return markers[i];
}

/* Which marker begins here; TEXTS: none. */
static size_t marker_at(const char *at, size_t *size_bytes) {
    char *end = NULL;
    if (at[0] != 'Z' || at[1] != 'q')
        return TEXTS;
    const unsigned long i = strtoul(at + 2, &end, 10);
    *size_bytes = (size_t)(end - at) + 2;
    return end[0] == 'Z' && end[1] == 'q' && i < TEXTS ? i : TEXTS;
}

/* ---------------------------------------------------------------------- making both */

static void make(struct report *report) {
    static const uint8_t sha256[SVC_SHA256_BYTES] = {1, 2, 3};
    struct settle_html_facts *facts = &report->facts;
    struct settle_rules rules;
    struct settle_html *html = NULL;
    struct svc_error error;
    settle_rules_default(&rules);
    facts->seller_id = report->texts[SELLER_ID];
    facts->seller_name = report->texts[SELLER_NAME];
    facts->business_name = report->texts[BUSINESS_NAME];
    facts->business_number = report->texts[BUSINESS_NUMBER];
    facts->platform_name = report->texts[PLATFORM_NAME];
    facts->platform_business_number = report->texts[PLATFORM_NUMBER];
    facts->csv_name = report->texts[CSV_NAME];
    facts->rules = report->texts[RULES];
    facts->more_rules = report->texts[MORE_RULES];
    facts->payout_state = report->texts[PAYOUT_STATE];
    const struct settle_json_facts json = {&rules, "rules", report->texts[PAYOUT_STATE], 5, sha256};
    FUZZ_CHECK(settle_html_create(facts, &html) == SVC_OK, "no page");
    for (size_t i = 0; i < report->lines.count; i++) {
        struct settle_line line = report->lines.line[i];
        line.order_id = report->texts[ORDER];
        line.product_name = report->texts[PRODUCT];
        line.category = report->texts[CATEGORY];
        FUZZ_CHECK(settle_html_add(html, &line) == SVC_OK, "a line is refused");
    }
    FUZZ_CHECK(settle_html_check(html, &report->lines.totals, &error) == SVC_OK, "%s",
               error.detail);
    svc_buf_init(&report->page, SETTLE_MAX_HTML_BYTES);
    svc_buf_init(&report->json, SETTLE_MAX_JSON_BYTES);
    FUZZ_CHECK(settle_html_write(html, &report->lines.totals, &report->page) == SVC_OK, "no page");
    FUZZ_CHECK(settle_json_write(html, &report->lines.totals, &json, &report->json) == SVC_OK,
               "no JSON");
    settle_html_destroy(html);
}

static void take_facts(struct fuzz_input *input, struct report *report) {
    struct settle_html_facts *facts = &report->facts;
    const uint8_t flags = fuzz_take_u8(input);
    const int32_t day = (int32_t)fuzz_take_range(input, 20000, 20400);
    const enum settle_period_type type = (enum settle_period_type)(flags % SETTLE_PERIOD_TYPES);
    const int64_t far_ms = INT64_C(4000000000000);
    const enum svc_status status =
        type == SETTLE_CUSTOM
            ? settle_period_custom(day, day + flags / 8, far_ms, &facts->period, NULL)
            : settle_period_around(type, day, far_ms, &facts->period, NULL);
    FUZZ_CHECK(status == SVC_OK, "no period");
    facts->language = flags & 4 ? EMAIL_EN : EMAIL_KO;
    facts->moment = flags & 8 ? SETTLE_AT_PAYMENT : SETTLE_AT_CONFIRMATION;
    facts->has_payout = flags & 16;
    facts->has_payout_day = flags & 32;
    facts->payout_day = facts->period.last_day + 10;
    facts->version = flags >> 6;
    facts->order_count = fuzz_take_u8(input) - INT64_C(1);
    const int64_t carried_in_won = -(int64_t)(fuzz_take_u64(input) >> (5 + flags % 50));
    const struct settle_line model = {.order_id = "",
                                      .product_name = "",
                                      .seller_id = "1",
                                      .category = "",
                                      .settled_at_ms = facts->period.from_ms};
    fuzz_lines_take(input, &model, facts->period.last_day - facts->period.first_day + 1,
                    &report->lines);
    if (settle_payout_compute(carried_in_won, report->lines.totals.all.amounts.net_won,
                              &facts->payout, NULL) != SVC_OK)
        facts->has_payout = false;
}

/* ---------------------------------------------------------------------- the page */

/* "1,234" and its cell's class, as fuzz_html_read gives them. */
static void put_cell(int64_t number, struct svc_buf *out) {
    char digits[32], grouped[48];
    size_t used = 0;
    const int size = snprintf(digits, sizeof(digits), "%lld", (long long)number);
    const bool is_minus = number < 0;
    for (int i = is_minus; i < size; i++) {
        grouped[used++] = digits[i];
        if ((size - 1 - i) % 3 == 0 && i < size - 1)
            grouped[used++] = ',';
    }
    grouped[used] = '\0';
    svc_buf_printf(out, "%s%s%s", is_minus ? "n minus\n" : "n\n", is_minus ? "−" : "", grouped);
}

/* The row of a kind, or of all, in a table of the page. */
static void check_row(const struct report *report, const struct fuzz_html *page,
                      enum settle_kind kind) {
    const enum email_language language = report->facts.language;
    const char *label = kind < SETTLE_KINDS    ? settle_kind_label(kind, language)
                        : language == EMAIL_EN ? "Total"
                                               : "합계";
    struct svc_buf row;
    svc_buf_init(&row, 1024);
    svc_buf_append_text(&row, label);
    put_cell(fuzz_lines_count(&report->lines, kind), &row);
    put_cell(fuzz_lines_quantity(&report->lines, kind), &row);
    put_cell(fuzz_lines_sum(&report->lines, kind, 5), &row);
    put_cell(fuzz_lines_sum(&report->lines, kind, 7), &row);
    put_cell(fuzz_lines_sum(&report->lines, kind, 10), &row);
    FUZZ_CHECK(strstr(svc_buf_text(&page->text), svc_buf_text(&row)), "no row \"%s\"",
               svc_buf_text(&row));
    svc_buf_clear(&row);
}

/* The row of a line, from its product on. */
static void check_line(const struct fuzz_html *page, const char *product,
                       const struct settle_line *line) {
    struct svc_buf row;
    svc_buf_init(&row, 1024);
    svc_buf_append_text(&row, product);
    put_cell(line->quantity, &row);
    put_cell(line->unit_price_won, &row);
    put_cell(line->amounts.gross_won, &row);
    svc_buf_printf(&row, "n\n%.2f%%", line->rate_bp / 100.0);
    put_cell(line->amounts.commission_won, &row);
    put_cell(line->amounts.net_won, &row);
    FUZZ_CHECK(strstr(svc_buf_text(&page->text), svc_buf_text(&row)), "no row \"%s\"",
               svc_buf_text(&row));
    svc_buf_clear(&row);
}

static void check_rows(const struct report *marked, const struct fuzz_html *page) {
    for (int kind = 0; kind <= SETTLE_KINDS; kind++)
        if (kind == SETTLE_KINDS || fuzz_lines_count(&marked->lines, (enum settle_kind)kind) > 0)
            check_row(marked, page, (enum settle_kind)kind);
    for (size_t i = 0; i < marked->lines.count; i++)
        check_line(page, marked->texts[PRODUCT], &marked->lines.line[i]);
    FUZZ_CHECK(!strstr(svc_buf_text(&page->text), "불일치") &&
                   !strstr(svc_buf_text(&page->text), "DIFFERENT"),
               "a control total differs");
}

static void check_page(const struct report *hostile, const struct report *marked) {
    struct fuzz_html found, expected;
    struct svc_buf text;
    size_t size_bytes = 0;
    fuzz_html_read(svc_buf_text(&hostile->page), hostile->page.size_bytes, &found);
    fuzz_html_read(svc_buf_text(&marked->page), marked->page.size_bytes, &expected);
    FUZZ_CHECK(found.faults == 0 && expected.faults == 0, "%zu faults", found.faults);
    FUZZ_CHECK(!strcmp(svc_buf_text(&found.structure), svc_buf_text(&expected.structure)),
               "other elements or attributes");
    FUZZ_CHECK(found.links.size_bytes == 0, "a link");
    svc_buf_init(&text, SIZE_MAX);
    for (const char *at = svc_buf_text(&expected.text); *at; at += size_bytes) {
        const char *next = strchr(at + 1, 'Z');
        const size_t i = marker_at(at, &size_bytes);
        if (i < TEXTS) {
            put_shown(hostile->texts[i], true, SETTLE_MAX_HTML_TEXT_CHARACTERS, &text);
        } else {
            size_bytes = next ? (size_t)(next - at) : strlen(at);
            svc_buf_append(&text, at, size_bytes);
        }
    }
    const char *a = svc_buf_text(&found.text), *b = svc_buf_text(&text);
    size_t same = 0;
    while (a[same] && a[same] == b[same])
        same++;
    FUZZ_CHECK(a[same] == b[same], "\"%.60s\" is shown for \"%.60s\"", a + same, b + same);
    check_rows(marked, &expected);
    svc_buf_clear(&text);
    fuzz_html_clear(&found);
    fuzz_html_clear(&expected);
}

/* ---------------------------------------------------------------------- the JSON */

static void check_string(const struct report *hostile, json_object *found, json_object *marked) {
    const char *text = json_object_get_string(marked);
    size_t size_bytes = 0;
    const size_t i = marker_at(text, &size_bytes);
    struct svc_buf expected;
    svc_buf_init(&expected, SIZE_MAX);
    if (i < TEXTS)
        put_shown(hostile->texts[i], false,
                  i == CSV_NAME ? SIZE_MAX : SETTLE_MAX_HTML_TEXT_CHARACTERS, &expected);
    else
        svc_buf_append_text(&expected, text);
    FUZZ_CHECK(!strcmp(json_object_get_string(found), svc_buf_text(&expected)),
               "\"%s\" stands for \"%s\"", json_object_get_string(found), svc_buf_text(&expected));
    svc_buf_clear(&expected);
}

static void check_value(const struct report *hostile, json_object *found, json_object *marked) {
    FUZZ_CHECK(json_object_get_type(found) == json_object_get_type(marked), "another type");
    if (json_object_is_type(marked, json_type_object)) {
        FUZZ_CHECK(json_object_object_length(found) == json_object_object_length(marked),
                   "another member");
        json_object_object_foreach(marked, name, value) {
            check_value(hostile, json_object_object_get(found, name), value);
        }
    } else if (json_object_is_type(marked, json_type_array)) {
        const size_t count = json_object_array_length(marked);
        FUZZ_CHECK(json_object_array_length(found) == count, "another entry");
        for (size_t i = 0; i < count; i++)
            check_value(hostile, json_object_array_get_idx(found, i),
                        json_object_array_get_idx(marked, i));
    } else if (json_object_is_type(marked, json_type_string)) {
        check_string(hostile, found, marked);
    } else {
        FUZZ_CHECK(json_object_equal(found, marked), "another value");
    }
}

static int64_t int_of(json_object *object, const char *name) {
    json_object *member = json_object_object_get(object, name);
    FUZZ_CHECK(json_object_is_type(member, json_type_int), "no number %s", name);
    return json_object_get_int64(member);
}

static void check_sum(const struct fuzz_lines *lines, enum settle_kind kind, json_object *sum) {
    static const char *const names[SETTLE_AMOUNTS] = {
        "listWon",           "sellerCouponWon", "sellerPointsWon", "platformCouponWon",
        "platformPointsWon", "grossWon",        "paidWon",         "commissionWon",
        "supplyWon",         "vatWon",          "netWon"};
    FUZZ_CHECK(int_of(sum, "lines") == fuzz_lines_count(lines, kind) &&
                   int_of(sum, "quantity") == fuzz_lines_quantity(lines, kind),
               "another count");
    for (size_t i = 0; i < SETTLE_AMOUNTS; i++)
        FUZZ_CHECK(int_of(sum, names[i]) == fuzz_lines_sum(lines, kind, i), "%s is %lld, not %lld",
                   names[i], (long long)int_of(sum, names[i]),
                   (long long)fuzz_lines_sum(lines, kind, i));
}

/* That the entries of a list sum to all lines. */
static void check_list(const struct fuzz_lines *lines, json_object *list, int64_t net_won) {
    for (size_t i = 0; i < json_object_array_length(list); i++)
        net_won += int_of(json_object_array_get_idx(list, i), "netWon");
    FUZZ_CHECK(net_won == fuzz_lines_sum(lines, SETTLE_KINDS, 10), "the entries sum to %lld",
               (long long)net_won);
}

static void check_json(const struct report *hostile, const struct report *marked) {
    json_object *found = json_tokener_parse(svc_buf_text(&hostile->json));
    json_object *expected = json_tokener_parse(svc_buf_text(&marked->json));
    FUZZ_CHECK(found && expected, "no JSON");
    check_value(hostile, found, expected);
    check_sum(&hostile->lines, SETTLE_KINDS, json_object_object_get(found, "totals"));
    json_object *kinds = json_object_object_get(found, "byKind");
    for (int kind = 0; kind < SETTLE_KINDS; kind++)
        for (size_t i = 0; i < json_object_array_length(kinds); i++) {
            json_object *entry = json_object_array_get_idx(kinds, i);
            if (!strcmp(json_object_get_string(json_object_object_get(entry, "kind")),
                        settle_kind_name((enum settle_kind)kind)))
                check_sum(&hostile->lines, (enum settle_kind)kind, entry);
        }
    check_list(&hostile->lines, kinds, 0);
    check_list(&hostile->lines, json_object_object_get(found, "byDay"), 0);
    check_list(&hostile->lines, json_object_object_get(found, "byProduct"),
               int_of(json_object_object_get(found, "otherProducts"), "netWon"));
    FUZZ_CHECK((size_t)(int_of(json_object_object_get(found, "lines"), "count") +
                        int_of(json_object_object_get(found, "refunds"), "count")) ==
                   hostile->lines.count,
               "another count of lines");
    json_object_put(found);
    json_object_put(expected);
}

/* Whether shipping fees and the product are listed in the same order whatever the product's name:
 * it is neither that of the fees, nor are their sums equal. A long name that is not UTF-8 is cut at
 * any byte. */
static bool has_order(const struct report *report) {
    const int64_t shipping_won = fuzz_lines_sum(&report->lines, SETTLE_SHIPPING, 5) +
                                 fuzz_lines_sum(&report->lines, SETTLE_SHIPPING_REFUND, 5);
    const int64_t fees = fuzz_lines_count(&report->lines, SETTLE_SHIPPING) +
                         fuzz_lines_count(&report->lines, SETTLE_SHIPPING_REFUND);
    const bool is_tie = fees > 0 && fees < fuzz_lines_count(&report->lines, SETTLE_KINDS) &&
                        2 * shipping_won == fuzz_lines_sum(&report->lines, SETTLE_KINDS, 5);
    const char *product = report->texts[PRODUCT];
    const size_t size_bytes = strlen(product);
    return (size_bytes < 480 || svc_utf8_valid((const uint8_t *)product, size_bytes)) &&
           strcmp(product, settle_kind_label(SETTLE_SHIPPING, report->facts.language)) != 0 &&
           !is_tie;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static struct report hostile, marked;
    struct fuzz_input input = {data, size_bytes};
    char *text = fuzz_take_line(&input, '\0', NULL), *rest = text;
    for (size_t i = 0; i < TEXTS; i++) {
        hostile.texts[i] = rest ? strsep(&rest, "\n") : "";
        marked.texts[i] = *hostile.texts[i] ? marker(i) : "";
    }
    take_facts(&input, &hostile);
    marked.facts = hostile.facts;
    marked.lines = hostile.lines;
    if (has_order(&hostile)) {
        make(&hostile);
        make(&marked);
        check_page(&hostile, &marked);
        check_json(&hostile, &marked);
        svc_buf_clear(&hostile.page);
        svc_buf_clear(&hostile.json);
        svc_buf_clear(&marked.page);
        svc_buf_clear(&marked.json);
    }
    free(text);
    return 0;
}
