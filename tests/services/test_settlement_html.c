/* What the page takes and refuses, bounded memory, and every allocation failing in turn. What it
 * shows is checked by tests/settlement/html_report.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/compute.h"
#include "services/settlement/html.h"
#include "tests/support/failing_malloc.h"

#define FIRST_MS INT64_C(1788188400000) /* 2026-09-01 00:00 in Seoul */
#define DAY_MS   INT64_C(86400000)

static struct settle_html_facts some_facts(void) {
    struct settle_html_facts facts = {.language = EMAIL_KO, .order_count = -1};
    assert_int_equal(settle_period_parse("2026-09", INT64_C(2000000000000), &facts.period, NULL),
                     SVC_OK);
    return facts;
}

static struct settle_line some_line(const char *product, int64_t settled_at_ms, int64_t won) {
    struct settle_rules rules;
    struct settle_amounts remaining = {0};
    struct settle_line line = {.order_id = "ORD-1",
                               .product_name = product,
                               .seller_id = "42",
                               .category = "",
                               .settled_at_ms = settled_at_ms,
                               .quantity = 1,
                               .unit_price_won = won,
                               .rate_bp = 500,
                               .amounts = {.list_won = won}};
    settle_rules_default(&rules);
    assert_int_equal(settle_line_compute(&rules, &remaining, &line, NULL), SVC_OK);
    return line;
}

static void lines_of_another_period_are_refused(void **state) {
    (void)state;
    static const struct {
        int64_t settled_at_ms;
        enum svc_status expected;
    } cases[] = {
        {FIRST_MS - 1, SVC_INVALID_ARGUMENT}, {FIRST_MS, SVC_OK},
        {FIRST_MS + 30 * DAY_MS - 1, SVC_OK}, {FIRST_MS + 30 * DAY_MS, SVC_INVALID_ARGUMENT},
        {INT64_MIN, SVC_INVALID_ARGUMENT},    {INT64_MAX, SVC_INVALID_ARGUMENT},
    };
    const struct settle_html_facts facts = some_facts();
    struct settle_html *html = NULL;
    assert_int_equal(settle_html_create(&facts, &html), SVC_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct settle_line line = some_line("a", cases[i].settled_at_ms, 1000);
        assert_int_equal(settle_html_add(html, &line), cases[i].expected);
    }
    settle_html_destroy(html);
    settle_html_destroy(NULL);
}

/* Lines larger than any that passes the totals, of both signs: no sum of some of them may overflow.
 */
static void sums_cannot_overflow(void **state) {
    (void)state;
    const struct settle_html_facts facts = some_facts();
    struct settle_html *html = NULL;
    struct settle_line line = some_line("a", FIRST_MS, 1000);
    int64_t lines = 0;
    line.amounts.list_won = SETTLE_MAX_SUM_WON / 10;
    assert_int_equal(settle_html_create(&facts, &html), SVC_OK);
    while (settle_html_add(html, &line) == SVC_OK) {
        lines++;
        line.amounts.list_won = -line.amounts.list_won;
        assert_true(lines <= 40);
    }
    assert_int_equal(lines, 40); /* SETTLE_MAX_HTML_WON / (SETTLE_MAX_SUM_WON / 10) */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(settle_html_add(html, &line), SVC_TOO_LARGE);
    }
    settle_html_destroy(html);
}

/* A page with as much of everything as it takes; its texts are all entities. */
static struct settle_html *largest_page(struct settle_totals *totals) {
    static char text[400];
    memset(text, '"', sizeof(text) - 1);
    struct settle_html_facts facts = some_facts();
    struct settle_html *html = NULL;
    facts.seller_name = facts.business_name = facts.business_number = facts.seller_id = text;
    facts.platform_name = facts.platform_business_number = facts.csv_name = facts.rules = text;
    facts.payout_state = text;
    assert_int_equal(settle_period_custom(facts.period.first_day, facts.period.first_day + 365,
                                          INT64_C(2000000000000), &facts.period, NULL),
                     SVC_OK);
    assert_int_equal(settle_html_create(&facts, &html), SVC_OK);
    for (int i = 0; i < 3000; i++) {
        char name[400];
        snprintf(name, sizeof(name), "%.300s%d", text, i);
        struct settle_line line = some_line(name, FIRST_MS + i % 366 * DAY_MS, 1000000000000);
        line.order_id = text;
        assert_int_equal(settle_totals_add(totals, &line, NULL), SVC_OK);
        assert_int_equal(settle_html_add(html, &line), SVC_OK);
    }
    return html;
}

static void the_largest_page_fits_into_its_bound(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    struct settle_html *html = largest_page(&totals);
    struct svc_buf page, again;
    svc_buf_init(&page, SETTLE_MAX_HTML_BYTES);
    svc_buf_init(&again, SETTLE_MAX_HTML_BYTES);
    assert_int_equal(settle_html_write(html, &totals, &page), SVC_OK);
    assert_int_equal(settle_html_write(html, &totals, &again), SVC_OK);
    assert_string_equal(svc_buf_text(&page), svc_buf_text(&again));
    struct svc_buf small;
    svc_buf_init(&small, page.size_bytes - 1);
    assert_int_equal(settle_html_write(html, &totals, &small), SVC_TOO_LARGE);
    svc_buf_clear(&small);
    svc_buf_clear(&again);
    svc_buf_clear(&page);
    settle_html_destroy(html);
}

static void many_lines_take_no_more_memory(void **state) {
    (void)state;
    struct settle_totals totals = {0};
    struct settle_html *html = largest_page(&totals);
    failing_malloc_arm(1, true); /* from here on no memory is needed */
    for (int i = 0; i < 20000; i++) {
        const struct settle_line line = some_line("another", FIRST_MS, 1000);
        if (settle_html_add(html, &line) != SVC_OK) {
            break;
        }
    }
    assert_int_equal(failing_malloc_disarm(), 0);
    settle_html_destroy(html);
}

static void totals_that_differ_are_shown_as_different(void **state) {
    (void)state;
    const struct settle_html_facts facts = some_facts();
    struct settle_totals totals = {0};
    struct settle_html *html = NULL;
    struct svc_buf page;
    svc_buf_init(&page, SETTLE_MAX_HTML_BYTES);
    const struct settle_line line = some_line("a", FIRST_MS, 1000);
    assert_int_equal(settle_html_create(&facts, &html), SVC_OK);
    assert_int_equal(settle_html_add(html, &line), SVC_OK);
    assert_int_equal(settle_totals_add(&totals, &line, NULL), SVC_OK);
    assert_int_equal(settle_html_write(html, &totals, &page), SVC_OK);
    assert_null(strstr(svc_buf_text(&page), "불일치"));
    svc_buf_reset(&page);
    assert_int_equal(settle_totals_add(&totals, &line, NULL), SVC_OK);
    assert_int_equal(settle_html_write(html, &totals, &page), SVC_OK);
    assert_non_null(strstr(svc_buf_text(&page), "불일치"));
    svc_buf_clear(&page);
    settle_html_destroy(html);
}

/* Of the widest characters too, in both tables of the page. */
static void a_cut_name_ends_with_a_mark(void **state) {
    (void)state;
    static const char *const characters[] = {"a", "é", "가", "😀"};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        const struct settle_html_facts facts = some_facts();
        struct settle_totals totals = {0};
        struct settle_html *html = NULL;
        struct svc_buf page;
        char name[1024] = "", end[64];
        for (int n = 0; n < SETTLE_MAX_HTML_TEXT_CHARACTERS + 1; n++) {
            strcat(name, characters[i]);
        }
        const struct settle_line line = some_line(name, FIRST_MS, 1000);
        snprintf(end, sizeof(end), "%s…</bdi></th>", characters[i]);
        svc_buf_init(&page, SETTLE_MAX_HTML_BYTES);
        assert_int_equal(settle_html_create(&facts, &html), SVC_OK);
        assert_int_equal(settle_html_add(html, &line), SVC_OK);
        assert_int_equal(settle_totals_add(&totals, &line, NULL), SVC_OK);
        assert_int_equal(settle_html_write(html, &totals, &page), SVC_OK);
        assert_non_null(strstr(svc_buf_text(&page), end));
        end[strlen(end) - 2] = 'd'; /* of the line */
        assert_non_null(strstr(svc_buf_text(&page), end));
        svc_buf_clear(&page);
        settle_html_destroy(html);
    }
}

static enum svc_status write_small_page(void) {
    const struct settle_html_facts facts = some_facts();
    const struct settle_line line = some_line("a", FIRST_MS, 1000);
    struct settle_totals totals = {0};
    struct settle_html *html = NULL;
    struct svc_buf page;
    svc_buf_init(&page, SETTLE_MAX_HTML_BYTES);
    enum svc_status status = settle_html_create(&facts, &html);
    if (status == SVC_OK) {
        status = settle_html_add(html, &line);
    }
    if (status == SVC_OK) {
        (void)settle_totals_add(&totals, &line, NULL);
        status = settle_html_write(html, &totals, &page);
    }
    settle_html_destroy(html);
    svc_buf_clear(&page);
    return status;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (int goes_on = 0; goes_on < 2; goes_on++) {
        const long live = failing_malloc.live;
        int n = 1;
        for (;; n++) {
            failing_malloc_arm(n, goes_on != 0);
            const enum svc_status status = write_small_page();
            const int failures = failing_malloc_disarm();
            assert_int_equal(failing_malloc.live, live);
            assert_int_equal(status, failures == 0 ? SVC_OK : SVC_NO_MEMORY);
            if (failures == 0) {
                break;
            }
        }
        assert_true(n > 6);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_another_period_are_refused),
        cmocka_unit_test(sums_cannot_overflow),
        cmocka_unit_test(the_largest_page_fits_into_its_bound),
        cmocka_unit_test(many_lines_take_no_more_memory),
        cmocka_unit_test(totals_that_differ_are_shown_as_different),
        cmocka_unit_test(a_cut_name_ends_with_a_mark),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
