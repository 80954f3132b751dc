/* Orders replayed: worked examples, every refusal, and random orders of which the sums are known
 * without computing a share. Other implementations are compared in tests/settlement/oracle_test.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/replay.h"
#include "services/settlement/totals.h"
#include "tests/support/random.h"
#include "tests/support/slowly.h"

#define MAX_LINES 512

static struct settle_rules rules;
static struct svc_error error;
static struct settle_row rows[MAX_LINES];
static size_t row_count;
static struct settle_line lines[MAX_LINES];
static size_t line_count;

static int setup(void **state) {
    (void)state;
    settle_rules_default(&rules);
    svc_error_clear(&error);
    row_count = 0;
    return 0;
}

static struct settle_row *add(enum settle_kind kind, const char *seller, const char *item,
                              const char *event, int64_t settled_at_ms) {
    struct settle_row *row = &rows[row_count++];
    *row = (struct settle_row){.item_id = item, .event_id = event};
    row->line = (struct settle_line){
        .order_id = "20261128000001",
        .product_name = "사과 5kg",
        .seller_id = seller,
        .category = "fruit",
        .kind = kind,
        .payment = SETTLE_PAID_OTHERWISE,
        .settled_at_ms = settled_at_ms,
        .rate_bp = 1000,
    };
    return row;
}

static struct settle_row *sell(const char *seller, const char *item, int64_t list_won) {
    struct settle_row *row =
        add(strcmp(item, SETTLE_SHIPPING_ITEM) == 0 ? SETTLE_SHIPPING : SETTLE_SALE, seller, item,
            "", 1000);
    row->line.quantity = 2;
    row->line.amounts.list_won = list_won;
    return row;
}

static void refund_item(const char *seller, const char *item, const char *event, int64_t at_ms,
                        int64_t won) {
    add(SETTLE_REFUND, seller, item, event, at_ms)->refund_won = won;
}

/* A row for each item that is sold. */
static void take_back_order(enum settle_kind kind, const char *event, int64_t at_ms, int64_t won) {
    const size_t sold = row_count;
    for (size_t i = 0; i < sold; i++) {
        if (rows[i].event_id[0] == '\0') {
            struct settle_row *row =
                add(kind, rows[i].line.seller_id, rows[i].item_id, event, at_ms);
            row->is_whole_order = true;
            row->refund_won = won;
        }
    }
}

static enum svc_status keep_line(void *user, const struct settle_line *line,
                                 struct svc_error *ignored) {
    (void)user;
    (void)ignored;
    assert_true(line_count < MAX_LINES);
    lines[line_count++] = *line;
    return SVC_OK;
}

static enum svc_status replay(const char *seller) {
    const struct settle_replay options = {&rules, "20261128000001", seller, keep_line, NULL};
    line_count = 0;
    return settle_replay_order(&options, rows, row_count, &error);
}

static void replay_well(const char *seller) {
    if (replay(seller) != SVC_OK) {
        fail_msg("%s", error.detail);
    }
}

static void expect_line(size_t i, enum settle_kind kind, int64_t paid_won, int64_t commission_won) {
    assert_true(i < line_count);
    assert_int_equal(lines[i].kind, kind);
    assert_int_equal(lines[i].amounts.paid_won, paid_won);
    assert_int_equal(lines[i].amounts.commission_won, commission_won);
}

static void expect_refusal(const char *part) {
    assert_int_equal(replay("1"), SVC_MALFORMED);
    if (strstr(error.detail, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, error.detail);
    }
}

/* ---------------------------------------------------------------------- worked examples */

static void test_a_sale_and_its_shipping_fee(void **state) {
    (void)state;
    rules.shipping_rate_bp = 0;
    sell("1", SETTLE_SHIPPING_ITEM, 3000)->line.rate_bp = 0;
    sell("1", "7", 10000);
    replay_well("1");
    assert_int_equal(line_count, 2);
    expect_line(0, SETTLE_SALE, 10000, 1000);
    expect_line(1, SETTLE_SHIPPING, 3000, 0);
}

/* 1,000 won of 10,000 + 20,000 + 30,000: floor(166.67), then up to floor(500), then the rest. */
static void test_a_refund_of_the_order_is_shared_over_its_products(void **state) {
    (void)state;
    sell("1", "1", 10000);
    sell("2", "2", 20000);
    sell("1", "10", 30000);
    sell("1", SETTLE_SHIPPING_ITEM, 3000)->line.rate_bp = 0;
    take_back_order(SETTLE_REFUND, "r", 2000, 1000);
    replay_well("1");
    assert_int_equal(line_count, 5);
    expect_line(3, SETTLE_REFUND, -166, -17); /* 1,000 - round(983.4) */
    expect_line(4, SETTLE_REFUND, -500, -50);
    replay_well("2");
    assert_int_equal(line_count, 2);
    expect_line(1, SETTLE_REFUND, -334, -33);
}

static void test_what_exceeds_the_products_takes_the_shipping_fee(void **state) {
    (void)state;
    sell("1", "1", 10000);
    sell("1", SETTLE_SHIPPING_ITEM, 3000)->line.rate_bp = 0;
    refund_item("1", "1", "1", 2000, 4000);
    take_back_order(SETTLE_REFUND, "2", 2000, 8500);
    replay_well("1");
    assert_int_equal(line_count, 5);
    expect_line(2, SETTLE_REFUND, -4000, -400);
    expect_line(3, SETTLE_REFUND, -6000, -600);
    expect_line(4, SETTLE_SHIPPING_REFUND, -2500, 0);
    assert_int_equal(lines[3].quantity, 0);
}

static void test_a_cancellation_takes_what_remains(void **state) {
    (void)state;
    struct settle_row *sale = sell("1", "1", 10000);
    sale->line.amounts.platform_coupon_won = 1000;
    sell("2", "2", 500);
    sell("1", SETTLE_SHIPPING_ITEM, 3000)->line.rate_bp = 0;
    take_back_order(SETTLE_CANCEL, "cancelled", 3000, 0);
    refund_item("1", "1", "9", 2000, 4500);
    take_back_order(SETTLE_CANCEL, "cancelled-again", 4000, 0);
    replay_well("1");
    assert_int_equal(line_count, 5);
    expect_line(2, SETTLE_REFUND, -4500, -500);
    expect_line(3, SETTLE_CANCEL, -4500, -500);
    assert_int_equal(lines[3].amounts.list_won, -5000);
    assert_int_equal(lines[3].quantity, -2);
    expect_line(4, SETTLE_SHIPPING_REFUND, -3000, 0);
}

/* "9" is before "10": of two events at one time the first takes its share first. */
static void test_events_are_in_order_of_time_and_number(void **state) {
    (void)state;
    sell("1", "1", 100);
    refund_item("1", "1", "10", 2000, 20);
    refund_item("1", "1", "9", 2000, 10);
    refund_item("1", "1", "11", 1500, 5);
    replay_well("1");
    assert_int_equal(line_count, 4);
    assert_int_equal(lines[1].amounts.paid_won, -5);
    assert_int_equal(lines[2].amounts.paid_won, -10);
    assert_int_equal(lines[3].amounts.paid_won, -20);
}

static void test_a_refund_of_nothing_makes_no_line(void **state) {
    (void)state;
    sell("1", "1", 100);
    refund_item("1", "1", "1", 2000, 0);
    take_back_order(SETTLE_REFUND, "2", 2000, 0);
    replay_well("1");
    assert_int_equal(line_count, 1);
}

static void test_the_rate_of_a_refund_is_that_of_the_sale(void **state) {
    (void)state;
    sell("1", "1", 10000)->line.rate_bp = 300;
    refund_item("1", "1", "r", 2000, 10000);
    replay_well("1");
    expect_line(1, SETTLE_REFUND, -10000, -300);
    assert_int_equal(lines[1].rate_bp, 300);
}

/* The check has no rates: what was paid is the same. */
static void test_all_sellers_are_replayed_without_rates(void **state) {
    (void)state;
    sell("1", "1", 10000);
    sell("2", "2", 20000);
    take_back_order(SETTLE_REFUND, "r", 2000, 100);
    replay_well(NULL);
    assert_int_equal(line_count, 4);
    expect_line(2, SETTLE_REFUND, -33, 0);
    expect_line(3, SETTLE_REFUND, -67, 0);
}

/* ---------------------------------------------------------------------- refusals */

static void test_more_than_was_paid(void **state) {
    (void)state;
    sell("1", "1", 10000);
    refund_item("1", "1", "r", 2000, 10001);
    expect_refusal("order 20261128000001, item 1: ");
    setup(NULL);
    sell("2", "2", 10000); /* of another seller: the order is in doubt for all of them */
    sell("1", "1", 10000);
    refund_item("2", "2", "r", 2000, 10001);
    expect_refusal("item 2: ");
    setup(NULL);
    sell("1", "1", 10000);
    take_back_order(SETTLE_REFUND, "r", 2000, 10001);
    expect_refusal("more than what remains paid of the order");
    setup(NULL);
    sell("1", "1", 10000);
    sell("1", SETTLE_SHIPPING_ITEM, 3000);
    take_back_order(SETTLE_REFUND, "r", 2000, 13001);
    expect_refusal("item shipping: ");
}

static void test_rows_that_contradict_each_other(void **state) {
    (void)state;
    sell("1", "1", 10000);
    sell("1", "1", 10000);
    expect_refusal("sold twice");
    setup(NULL);
    sell("1", "1", 10000);
    refund_item("1", "2", "r", 2000, 1);
    expect_refusal("that the order does not have");
    setup(NULL);
    sell("1", "1", 10000);
    sell("1", "2", 10000);
    take_back_order(SETTLE_REFUND, "r", 2000, 1);
    row_count--;
    expect_refusal("has not a row for each");
    setup(NULL);
    sell("1", "1", 10000);
    sell("1", "2", 10000);
    take_back_order(SETTLE_REFUND, "r", 2000, 1);
    rows[3].refund_won = 2;
    expect_refusal("differ");
    setup(NULL);
    sell("1", "1", 10000);
    sell("1", "2", 10000);
    take_back_order(SETTLE_REFUND, "r", 2000, 1);
    rows[3].is_whole_order = false;
    expect_refusal("differ");
    setup(NULL);
    sell("1", "1", 10000);
    refund_item("1", "1", "r", 2000, 1);
    refund_item("1", "1", "r", 2000, 1);
    expect_refusal("one event takes the item back twice");
    setup(NULL);
    sell("2", "1", 10000);
    refund_item("1", "1", "r", 2000, 1);
    expect_refusal("from another seller");
    setup(NULL);
    sell("1", SETTLE_SHIPPING_ITEM, 3000)->line.kind = SETTLE_SALE;
    expect_refusal("do not match");
    setup(NULL);
    sell("1", "1", 10000)->line.kind = SETTLE_SHIPPING;
    expect_refusal("do not match");
    setup(NULL);
    sell("1", "1", SETTLE_MAX_LINE_WON + 1);
    expect_refusal("list_won");
}

/* ---------------------------------------------------------------------- random orders */

static int64_t below(uint64_t *random, int64_t bound) {
    return random_between(random, 0, (uint32_t)(bound - 1));
}

/* What is known of any order: refunds of the order sum to their money, everything is taken back by
 * a cancellation, and the commission of all of an item's lines is that of nothing, 0. */
static void test_random_orders(void **state) {
    (void)state;
    static const char *const names[] = {"1", "2", "3", "10", "11", "100"};
    static const char *const events[] = {"1", "2", "3", "4", "5", "6"};
    uint64_t random = 20261128;
    const int rounds = test_part(20000, 20);
    for (int round = 0; round < rounds; round++) {
        int64_t paid_won = 0, refunded_won = 0;
        setup(NULL);
        rules.basis = (enum settle_basis)below(&random, SETTLE_BASES);
        rules.rates_include_vat = below(&random, 2) == 0;
        const int items = 1 + (int)below(&random, 6);
        for (int i = 0; i < items; i++) {
            struct settle_row *row = sell("1", names[i], below(&random, 100000));
            row->line.rate_bp = (int32_t)below(&random, 3000);
            struct settle_amounts *amounts = &row->line.amounts;
            amounts->seller_coupon_won = below(&random, amounts->list_won / 3 + 1);
            amounts->platform_points_won = below(&random, amounts->list_won / 3 + 1);
            paid_won +=
                amounts->list_won - amounts->seller_coupon_won - amounts->platform_points_won;
        }
        if (below(&random, 2) == 0) {
            const int64_t fee_won = below(&random, 5000);
            sell("1", SETTLE_SHIPPING_ITEM, fee_won)->line.rate_bp = 500;
            paid_won += fee_won;
        }
        for (int i = 0; i < 5 && paid_won > refunded_won; i++) {
            const int64_t won = 1 + below(&random, paid_won - refunded_won);
            take_back_order(SETTLE_REFUND, events[i], 2000 + i / 2, won);
            refunded_won += won;
        }
        take_back_order(SETTLE_CANCEL, events[5], 9000, 0);
        replay_well("1");
        int64_t refunds_won = 0;
        struct settle_totals totals = {0};
        for (size_t i = 0; i < line_count; i++) {
            struct settle_error why = {0};
            assert_int_equal(settle_totals_add(&totals, &lines[i], &why), SVC_OK);
            if (lines[i].kind == SETTLE_REFUND ||
                (lines[i].kind == SETTLE_SHIPPING_REFUND && lines[i].settled_at_ms < 9000)) {
                refunds_won -= lines[i].amounts.paid_won;
            }
        }
        assert_int_equal(refunds_won, refunded_won);
        assert_int_equal(totals.all.amounts.list_won, 0);
        assert_int_equal(totals.all.amounts.paid_won, 0);
        assert_int_equal(totals.all.amounts.commission_won, 0);
        assert_int_equal(totals.all.amounts.vat_won, 0);
        assert_int_equal(totals.all.amounts.net_won, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_sale_and_its_shipping_fee, setup),
        cmocka_unit_test_setup(test_a_refund_of_the_order_is_shared_over_its_products, setup),
        cmocka_unit_test_setup(test_what_exceeds_the_products_takes_the_shipping_fee, setup),
        cmocka_unit_test_setup(test_a_cancellation_takes_what_remains, setup),
        cmocka_unit_test_setup(test_events_are_in_order_of_time_and_number, setup),
        cmocka_unit_test_setup(test_a_refund_of_nothing_makes_no_line, setup),
        cmocka_unit_test_setup(test_the_rate_of_a_refund_is_that_of_the_sale, setup),
        cmocka_unit_test_setup(test_all_sellers_are_replayed_without_rates, setup),
        cmocka_unit_test_setup(test_more_than_was_paid, setup),
        cmocka_unit_test_setup(test_rows_that_contradict_each_other, setup),
        cmocka_unit_test_setup(test_random_orders, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
