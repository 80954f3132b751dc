/* The lookup of rates: precedence, dates, boundaries, and random tables against a search that reads
 * every row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/rate.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { DEFAULT_BP = 500 };

static const struct settle_rate few[] = {
    {"", "", 1000, SETTLE_NO_END, 450},
    {"", "fruit", 100, 200, 600},
    {"", "fruit", 200, 300, 700},
    {"", "fruit", 400, SETTLE_NO_END, 800},
    {"42", "", 150, 250, 300},
    {"42", "fruit", 160, 170, 100},
    {"7", "", INT64_MIN, SETTLE_NO_END, 0},
};
static const struct settle_rates table = {few, COUNT(few)};

static int32_t rate(const char *seller_id, const char *category, int64_t at_ms) {
    return settle_rate_find(&table, seller_id, category, at_ms, DEFAULT_BP);
}

static void test_seller_then_category_then_default(void **state) {
    (void)state;
    assert_int_equal(settle_rates_check(&table, NULL), SVC_OK);
    assert_int_equal(rate("42", "fruit", 165), 100);
    assert_int_equal(rate("42", "fruit", 155), 300);
    assert_int_equal(rate("42", "fish", 165), 300);
    assert_int_equal(rate("42", "", 165), 300);
    assert_int_equal(rate("43", "fruit", 165), 600);
    assert_int_equal(rate("43", "fish", 165), DEFAULT_BP);
    assert_int_equal(rate("43", "fish", 1000), 450);
    assert_int_equal(rate("43", "fruit", 1000), 800);
    assert_int_equal(rate("", "", 165), DEFAULT_BP);
    assert_int_equal(rate("7", "fruit", 165), 0); /* a rate of 0 is a rate */
    /* No prefix of a text, and no longer one. */
    assert_int_equal(rate("4", "frui", 165), DEFAULT_BP);
    assert_int_equal(rate("422", "fruits", 165), DEFAULT_BP);
}

static void test_the_first_moment_belongs_to_a_period_and_the_end_does_not(void **state) {
    (void)state;
    static const struct {
        int64_t at_ms;
        int32_t expected;
    } cases[] = {{INT64_MIN, DEFAULT_BP},
                 {99, DEFAULT_BP},
                 {100, 600},
                 {199, 600},
                 {200, 700},
                 {299, 700},
                 {300, DEFAULT_BP},
                 {399, DEFAULT_BP},
                 {400, 800},
                 {INT64_MAX - 1, 800},
                 {INT64_MAX, 800}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(rate("1", "fruit", cases[i].at_ms), cases[i].expected);
    }
    assert_int_equal(rate("7", "", INT64_MIN), 0);
}

static void test_an_empty_table_gives_the_default(void **state) {
    (void)state;
    const struct settle_rates none = {NULL, 0};
    assert_int_equal(settle_rates_check(&none, NULL), SVC_OK);
    assert_int_equal(settle_rate_find(&none, "42", "fruit", 0, 123), 123);
}

/* A refund has its order's rate, also when the rate has changed since; shipping has its own. */
static void test_the_time_of_the_order_decides(void **state) {
    (void)state;
    struct settle_rules rules;
    settle_rules_default(&rules);
    rules.shipping_rate_bp = 33;
    struct settle_line line = {.seller_id = "1",
                               .category = "fruit",
                               .kind = SETTLE_SALE,
                               .ordered_at_ms = 199,
                               .settled_at_ms = 250};
    assert_int_equal(settle_rate_of(&rules, &table, &line), 600);
    line.kind = SETTLE_REFUND;
    line.settled_at_ms = 100000;
    assert_int_equal(settle_rate_of(&rules, &table, &line), 600);
    line.kind = SETTLE_CANCEL;
    assert_int_equal(settle_rate_of(&rules, &table, &line), 600);
    line.kind = SETTLE_SHIPPING;
    assert_int_equal(settle_rate_of(&rules, &table, &line), 33);
    line.kind = SETTLE_SHIPPING_REFUND;
    assert_int_equal(settle_rate_of(&rules, &table, &line), 33);
    line.kind = SETTLE_SALE;
    line.category = "none";
    assert_int_equal(settle_rate_of(&rules, &table, &line), rules.default_rate_bp);
}

/* ---------------------------------------------------------------------- tables */

static void check_refused(struct settle_rate a, struct settle_rate b, enum settle_reason reason,
                          const char *detail) {
    const struct settle_rate rows[] = {a, b};
    const struct settle_rates rates = {rows, 2};
    struct settle_error error = {0};
    assert_int_equal(settle_rates_check(&rates, &error), SVC_MALFORMED);
    assert_int_equal(error.reason, reason);
    assert_string_equal(error.detail, detail);
}

static void test_tables_that_are_refused(void **state) {
    (void)state;
    const struct settle_rate first = {"1", "a", 100, 200, 500};
    struct settle_rate next = first;
    next.from_ms = 199;
    next.to_ms = 300;
    check_refused(first, next, SETTLE_REASON_BAD_RATES, "rates overlap: row 1");
    check_refused(first, first, SETTLE_REASON_BAD_RATES, "rates overlap: row 1");
    next.from_ms = 50;
    next.to_ms = 60;
    check_refused(first, next, SETTLE_REASON_BAD_RATES, "rates are not sorted: row 1");
    next = first;
    next.category = "A";
    check_refused(first, next, SETTLE_REASON_BAD_RATES, "rates are not sorted: row 1");
    next = first;
    next.seller_id = "";
    check_refused(first, next, SETTLE_REASON_BAD_RATES, "rates are not sorted: row 1");
    next = first;
    next.to_ms = next.from_ms;
    check_refused(next, first, SETTLE_REASON_BAD_FIELD, "to_ms of row 0 is not after its from_ms");
    next.to_ms = INT64_MIN;
    check_refused(first, next, SETTLE_REASON_BAD_FIELD, "to_ms of row 1 is not after its from_ms");
    next = first;
    next.rate_bp = -1;
    check_refused(first, next, SETTLE_REASON_BAD_FIELD,
                  "rate_bp of row 1 is -1, not from 0 to 10000");
    next.rate_bp = SETTLE_MAX_RATE_BP + 1;
    check_refused(first, next, SETTLE_REASON_BAD_FIELD,
                  "rate_bp of row 1 is 10001, not from 0 to 10000");
    const struct settle_rates large = {few, SETTLE_MAX_RATES + 1}; /* refused before it is read */
    assert_int_equal(settle_rates_check(&large, NULL), SVC_TOO_LARGE);
}

static int by_key(const void *a, const void *b) {
    const struct settle_rate *x = a, *y = b;
    const int seller = strcmp(x->seller_id, y->seller_id);
    const int category = seller != 0 ? seller : strcmp(x->category, y->category);
    return category != 0 ? category : (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms);
}

/* Reads every row: the most specific one that holds, by points. */
static int32_t slow_find(const struct settle_rates *rates, const char *seller_id,
                         const char *category, int64_t at_ms) {
    int best = -1;
    int32_t found = DEFAULT_BP;
    for (size_t i = 0; i < rates->count; i++) {
        const struct settle_rate *row = &rates->rows[i];
        const bool any_seller = *row->seller_id == '\0', any_category = *row->category == '\0';
        const int points = (any_seller ? 0 : 2) + (any_category ? 0 : 1);
        if ((any_seller || strcmp(row->seller_id, seller_id) == 0) &&
            (any_category || strcmp(row->category, category) == 0) && row->from_ms <= at_ms &&
            at_ms < row->to_ms && points > best) {
            best = points;
            found = row->rate_bp;
        }
    }
    return found;
}

static void test_random_tables_against_a_search_of_every_row(void **state) {
    (void)state;
    static const char *const sellers[] = {"", "1", "10", "2", "a"};
    static const char *const categories[] = {"", "x", "xy", "과일"};
    uint64_t seed = 21;
    size_t defaults = 0, others = 0;
    for (int run = test_part(400, 40); run > 0; run--) {
        struct settle_rate rows[200];
        struct settle_rates rates = {rows, 0};
        for (size_t i = 0; i < COUNT(sellers) * COUNT(categories); i++) {
            int64_t from = random_between(&seed, 0, 30);
            for (uint32_t n = random_between(&seed, 0, 5); n > 0; n--) {
                const int64_t to = from + random_between(&seed, 1, 20);
                rows[rates.count++] = (struct settle_rate){
                    sellers[i % COUNT(sellers)], categories[i / COUNT(sellers)], from, to,
                    (int32_t)random_between(&seed, 0, 10000)};
                from = to + (int64_t)random_between(&seed, 0, 1) * random_between(&seed, 0, 10);
            }
        }
        qsort(rows, rates.count, sizeof(rows[0]), by_key);
        assert_int_equal(settle_rates_check(&rates, NULL), SVC_OK);
        for (int i = 0; i < 200; i++) {
            const char *seller = sellers[random_between(&seed, 0, COUNT(sellers) - 1)];
            const char *category = categories[random_between(&seed, 0, COUNT(categories) - 1)];
            const int64_t at = random_between(&seed, 0, 130);
            const int32_t expected = slow_find(&rates, seller, category, at);
            assert_int_equal(settle_rate_find(&rates, seller, category, at, DEFAULT_BP), expected);
            *(expected == DEFAULT_BP ? &defaults : &others) += 1;
        }
    }
    assert_true(defaults > (defaults + others) / 10 && others > (defaults + others) / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seller_then_category_then_default),
        cmocka_unit_test(test_the_first_moment_belongs_to_a_period_and_the_end_does_not),
        cmocka_unit_test(test_an_empty_table_gives_the_default),
        cmocka_unit_test(test_the_time_of_the_order_decides),
        cmocka_unit_test(test_tables_that_are_refused),
        cmocka_unit_test(test_random_tables_against_a_search_of_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
