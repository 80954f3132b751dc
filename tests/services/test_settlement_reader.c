/* Lines of a seller read from views over plain tables, which hold what no platform here has: broken
 * amounts, ids that a collation takes for others, orders too large, many pages; connections cut,
 * and changes between two statements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "services/settlement/compute.h"
#include "services/settlement/error.h"
#include "services/settlement/reader.h"
#include "services/settlement/seller.h"
#include "services/settlement/totals.h"
#include "tests/services/settlement_lines_support.h"
#include "tests/support/sanitized.h"

static struct settle_read_counts counts;
static struct settle_totals totals;
static char listing[8192]; /* "order kind paid commission|..." of the last reading */

/* Columns as an INSERT names them, and rows of values. */
static void put(const char *columns, const char *values) {
    db_sql(&f, "INSERT INTO shop.lines (%s) VALUES %s", columns, values);
}

static enum svc_status take_line(void *user, const struct settle_line *line,
                                 struct svc_error *why) {
    struct settle_error detail = {0};
    const size_t used = strlen(listing);
    (void)user;
    if (used < sizeof(listing) - 200) {
        snprintf(listing + used, sizeof(listing) - used, "%s%s %s %lld %lld", used == 0 ? "" : "|",
                 line->order_id, settle_kind_name(line->kind), (long long)line->amounts.paid_won,
                 (long long)line->amounts.commission_won);
    }
    return settle_totals_add(&totals, line, &detail) == SVC_OK
               ? SVC_OK
               : svc_fail(why, SVC_INTERNAL, "%s", detail.detail);
}

static enum svc_status read_of(const char *seller, const char *period_name) {
    struct settle_period period;
    const struct settle_read read = {&rules, &period, seller, take_line, NULL};
    assert_int_equal(settle_period_parse(period_name, NOW_MS, &period, NULL), SVC_OK);
    memset(&totals, 0, sizeof(totals));
    listing[0] = '\0';
    return settle_read_lines(db, &read, &counts, &error);
}

static void expect(const char *seller, const char *period, const char *expected) {
    if (read_of(seller, period) != SVC_OK) {
        fail_msg("%s", error.detail);
    }
    assert_string_equal(listing, expected);
}

static void expect_refusal(enum svc_status status, const char *part) {
    if (read_of("1", "2026-08") != status) {
        fail_msg("\"%s\" is not refused as %s: %s", part, svc_status_name(status), error.detail);
    }
    if (strstr(error.detail, part) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", part, error.detail);
    }
}

/* ---------------------------------------------------------------------- lines */

static void test_sales_by_time_then_what_was_taken_back(void **state) {
    (void)state;
    sell("1", "B", "1", "2026-08-02 00:00:00", 10000);
    sell("1", "A", "10", "2026-08-03 00:00:00", 1000);
    sell("1", "A", "9", "2026-08-03 00:00:00", 2000);
    sell("2", "A", "11", "2026-08-03 00:00:00", 5000);
    refund("1", "B", "1", "r1", "2026-08-04 00:00:00", 4000);
    refund("1", "A", "9", "r2", "2026-08-05 00:00:00", 500);
    expect("1", "2026-08",
           "B SALE 10000 500|A SALE 2000 100|A SALE 1000 50|A REFUND -500 -25|B REFUND -4000 -200");
    assert_int_equal(counts.lines, 5);
    assert_int_equal(counts.orders, 2);
    expect("2", "2026-08", "A SALE 5000 250");
    expect("3", "2026-08", "");
}

/* KST: 2026-07-31 15:00 UTC is the first moment of August. */
static void test_the_borders_of_a_period(void **state) {
    (void)state;
    sell("1", "before", "1", "2026-07-31 14:59:59.999999", 1);
    sell("1", "first", "1", "2026-07-31 15:00:00", 10);
    sell("1", "last", "1", "2026-08-31 14:59:59.999999", 100);
    sell("1", "after", "1", "2026-08-31 15:00:00", 1000);
    expect("1", "2026-08", "first SALE 10 1|last SALE 100 5");
}

/* The remaining fee: round(5 % of 1,010) = 51; of 505 after it: 25, so the refund gives 26 back. */
static void test_a_refund_in_a_later_period(void **state) {
    (void)state;
    sell("1", "A", "1", "2026-07-10 00:00:00", 1010);
    refund("1", "A", "1", "r1", "2026-08-10 00:00:00", 505);
    refund("1", "A", "1", "r2", "2026-09-10 00:00:00", 505);
    expect("1", "2026-07", "A SALE 1010 51");
    expect("1", "2026-08", "A REFUND -505 -26");
    assert_int_equal(counts.orders, 0);
    expect("1", "2026-09", "A REFUND -505 -25");
}

static void test_rates_by_the_date_of_the_order(void **state) {
    (void)state;
    db_sql(
        &f,
        "INSERT INTO shop.settlement_rates VALUES ('1', NULL, NULL, '2026-08-15', 3), ('1', NULL, "
        "'2026-08-15', NULL, 10), (NULL, 'fruit', NULL, NULL, 20), ('2', NULL, NULL, NULL, 50)");
    put("seller_id, order_id, item_id, settled_at, ordered_at, category, list_won, rate_percent",
        "('1', 'A', '1', '2026-08-20', '2026-08-14 23:59:59.999', 'fruit', 1000, NULL), "
        "('1', 'B', '1', '2026-08-20', '2026-08-15', 'fruit', 1000, NULL), "
        "('1', 'C', '1', '2026-08-20', '2026-08-15', 'fruit', 1000, 12.34), "
        "('3', 'D', '1', '2026-08-20', '2026-08-15', 'fruit', 1000, NULL), "
        "('3', 'E', '1', '2026-08-20', '2026-08-15', NULL, 1000, NULL)");
    refund("1", "A", "1", "r", "2026-08-25 00:00:00", 1000);
    expect("1", "2026-08", "A SALE 1000 30|B SALE 1000 100|C SALE 1000 123|A REFUND -1000 -30");
    expect("3", "2026-08", "D SALE 1000 200|E SALE 1000 50");
    db_sql(&f, "INSERT INTO shop.settlement_rates VALUES ('1', NULL, '2026-08-01', NULL, 4)");
    expect_refusal(SVC_MALFORMED, "the rates: ");
    db_sql(&f, "TRUNCATE shop.settlement_rates");
    db_sql(&f, "INSERT INTO shop.settlement_rates VALUES ('1', 'fruit', NULL, NULL, 4.005)");
    expect_refusal(SVC_MALFORMED, "a rate of category fruit: ");
}

static void test_the_shipping_fee_has_its_own_rate(void **state) {
    (void)state;
    rules.shipping_rate_bp = 300;
    sell("1", "A", "1", "2026-08-03 00:00:00", 1000);
    put("seller_id, order_id, item_id, kind, settled_at, list_won",
        "('1', 'A', 'shipping', 'shipping', '2026-08-03', 3000)");
    put("seller_id, order_id, item_id, event_id, kind, scope, settled_at, refund_won",
        "('1', 'A', '1', 'r', 'refund', 'order', '2026-08-03', 4000), "
        "('1', 'A', 'shipping', 'r', 'refund', 'order', '2026-08-03', 4000)");
    expect("1", "2026-08",
           "A SALE 1000 50|A SHIPPING 3000 90|A REFUND -1000 -50|A SHIPPING_REFUND -3000 -90");
}

static void test_days_sum_to_the_month(void **state) {
    (void)state;
    db_sql(
        &f,
        "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT '1', "
        "CONCAT('O', seq), '1', '2026-07-31 14:00:00' + INTERVAL seq * 3 HOUR, 100 + seq * 37 FROM "
        "shop.seq_0_to_260");
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, event_id, kind, settled_at, "
               "refund_won) "
               "SELECT '1', CONCAT('O', seq), '1', 'r', 'refund', '2026-07-31 14:00:00' + INTERVAL "
               "seq * 4 HOUR, "
               "seq + 1 FROM shop.seq_0_to_200");
    assert_int_equal(read_of("1", "2026-08"), SVC_OK);
    const struct settle_totals month = totals;
    struct settle_totals days = {0};
    int64_t orders = counts.orders, of_days = 0;
    for (int day = 1; day <= 31; day++) {
        char name[24];
        struct settle_error why = {0};
        snprintf(name, sizeof(name), "2026-08-%02d", day);
        assert_int_equal(read_of("1", name), SVC_OK);
        assert_int_equal(settle_totals_merge(&days, &totals, &why), SVC_OK);
        of_days += counts.orders;
    }
    struct settle_error why = {0};
    assert_int_equal(settle_totals_compare(&month, &days, &why), SVC_OK);
    assert_int_equal(orders, of_days);
    assert_true(month.all.lines > 400);
}

/* Three pages of orders that were refunded, whose ids differ from the collation's order. */
static void test_many_refunded_orders(void **state) {
    (void)state;
    db_sql(
        &f,
        "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT '1', "
        "CONCAT(IF(seq %% 2, 'o', 'O'), '-', seq), '1', '2026-08-01', 1000 FROM shop.seq_1_to_131");
    db_sql(&f,
           "INSERT INTO shop.lines (seller_id, order_id, item_id, event_id, kind, settled_at, "
           "refund_won) "
           "SELECT '1', CONCAT(IF(seq %% 2, 'o', 'O'), '-', seq), '1', CONCAT('r', n), 'refund', "
           "'2026-08-02', seq FROM shop.seq_1_to_131 JOIN (SELECT 1 AS n UNION SELECT 2) twice");
    const struct db_counts before = db_counts(db);
    assert_int_equal(read_of("1", "2026-08"), SVC_OK);
    assert_int_equal(totals.by_kind[SETTLE_REFUND].lines, 262);
    assert_int_equal(totals.by_kind[SETTLE_REFUND].amounts.paid_won, -131 * 132);
    /* Rates, sales, ids, and one for each page of 50 orders. */
    assert_int_equal(db_counts(db).executed - before.executed, 3 + 3);
}

/* ---------------------------------------------------------------------- broken rows */

static void test_broken_rows_are_named(void **state) {
    (void)state;
    static const struct {
        const char *columns, *values, *part;
    } cases[] = {
        {"list_won", "1000.5", "list_won"},
        {"list_won", "NULL", "list_won is missing"},
        {"list_won", "-1", "list_won"},
        {"list_won", "2e12", "list_won"},
        {"list_won, seller_coupon_won", "1000, 0.5", "seller_coupon_won"},
        {"list_won, seller_coupon_won", "1000, 1001", "discounts"},
        {"list_won, quantity", "1000, -1", "quantity"},
        {"list_won, kind", "1000, 'gift'", "kind is none"},
        {"list_won, payment", "1000, NULL", "payment is none"},
        {"list_won, tax", "1000, 'half'", "tax is none"},
        {"list_won, scope", "1000, 'all'", "scope is none"},
        {"list_won, ordered_at", "1000, NULL", "ordered_at"},
        {"list_won, rate_percent", "1000, 101", "rate"},
        {"list_won, rate_percent", "1000, 5.005", "rate"},
        {"refund_won, kind, event_id", "-1, 'refund', 'r'", "refund_won"},
        {"refund_won, kind, event_id", "0.5, 'refund', 'r'", "refund_won"},
        {"refund_won, kind, event_id", "5, 'refund', ''", "event_id is missing"},
        {"refund_won, kind, event_id", "5, 'refund', 'r'", "does not have"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fresh(NULL);
        db_sql(&f,
               "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, %s) VALUES ('1', "
               "'ORD-7', "
               "'3', '2026-08-03', %s)",
               cases[i].columns, cases[i].values);
        expect_refusal(SVC_MALFORMED, cases[i].part);
        assert_non_null(strstr(error.detail, "order ORD-7, item 3: "));
    }
    assert_int_equal(db_counts(db).connections, 1);
}

/* A FLOAT is cast to six digits by the server: 1,234,567 would be 1,234,570. */
static void test_amounts_of_every_type_are_exact(void **state) {
    (void)state;
    static const char *const types[] = {"FLOAT",  "DOUBLE",          "DECIMAL(24,6)",
                                        "BIGINT", "BIGINT UNSIGNED", "VARCHAR(40)"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        fresh(NULL);
        db_sql(&f, "ALTER TABLE shop.lines MODIFY list_won %s, MODIFY refund_won %s", types[i],
               types[i]);
        put("seller_id, order_id, item_id, settled_at, list_won",
            "('1', 'A', '1', '2026-08-03', 1234567), ('1', 'B', '1', '2026-08-03', 16777215)");
        refund("1", "B", "1", "r", "2026-08-04 00:00:00", 1234569);
        expect("1", "2026-08",
               "A SALE 1234567 61728|B SALE 16777215 838861|B REFUND -1234569 "
               "-61729");
        if (strstr(types[i], "INT") == NULL) {
            db_sql(&f, "UPDATE shop.lines SET list_won = 123456.5 WHERE order_id = 'A'");
            expect_refusal(SVC_MALFORMED, "order A, item 1: list_won");
        }
    }
    db_sql(&f, "UPDATE shop.lines SET list_won = 'free' WHERE order_id = 'A'");
    expect_refusal(SVC_MALFORMED, "order A, item 1: list_won");
    fresh(NULL);
    db_sql(&f, "ALTER TABLE shop.lines MODIFY list_won DECIMAL(40,10)");
    put("seller_id, order_id, item_id, settled_at, list_won",
        "('1', 'A', '1', '2026-08-03', '999999999999.0000000001')"); /* a double would lose it */
    expect_refusal(SVC_MALFORMED, "order A, item 1: list_won");
    fresh(NULL);
    db_sql(&f, "ALTER TABLE shop.lines MODIFY list_won DOUBLE, MODIFY refund_won DOUBLE");
}

static void test_an_item_that_a_view_gives_twice(void **state) {
    (void)state;
    sell("1", "A", "1", "2026-08-03 00:00:00", 1000);
    sell("1", "A", "1", "2026-08-03 00:00:00", 1000);
    expect_refusal(SVC_MALFORMED, "order A, item 1: it is sold twice");
}

/* A report of August can be made again whatever went wrong in September. */
static void test_later_events_change_nothing(void **state) {
    (void)state;
    sell("1", "A", "1", "2026-08-03 00:00:00", 1000);
    refund("1", "A", "1", "r1", "2026-08-04 00:00:00", 400);
    refund("1", "A", "1", "r2", "2026-09-04 00:00:00", 4000);
    put("seller_id, order_id, item_id, event_id, kind, settled_at, refund_won",
        "('1', 'A', '1', 'r3', 'refund', '2026-10-04', 0.5)");
    expect("1", "2026-08", "A SALE 1000 50|A REFUND -400 -20");
    assert_int_equal(read_of("1", "2026-09"), SVC_MALFORMED);
    assert_non_null(strstr(error.detail, "order A, item 1: refund_won"));
    put("seller_id, order_id, item_id, event_id, kind, settled_at, refund_won",
        "('1', 'A', '1', 'r4', 'refund', NULL, 1)");
    expect_refusal(SVC_MALFORMED, "settled_at is missing");
}

/* Numbers beyond 2^53, which a comparison as floating point takes for one another. */
static void test_order_ids_that_are_large_numbers(void **state) {
    (void)state;
    db_sql(&f, "ALTER TABLE shop.lines MODIFY order_id BIGINT");
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT "
               "'1', 9007199254740990 + seq, '1', '2026-08-01', 1000 FROM shop.seq_1_to_120");
    db_sql(&f,
           "INSERT INTO shop.lines (seller_id, order_id, item_id, event_id, kind, settled_at, "
           "refund_won) SELECT '1', 9007199254740990 + seq, '1', 'r', 'refund', '2026-08-02', 10 "
           "FROM shop.seq_1_to_120");
    assert_int_equal(read_of("1", "2026-08"), SVC_OK);
    assert_int_equal(totals.by_kind[SETTLE_REFUND].lines, 120);
    assert_int_equal(counts.orders, 120);
    fresh(NULL);
    db_sql(&f, "ALTER TABLE shop.lines MODIFY order_id VARCHAR(191)");
}

/* More than one portion of ids (5,000), which ends between two ids that the collation takes for
 * one; and ids so long that a page holds few of them. */
static void test_portions_of_refunded_orders(void **state) {
    (void)state;
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT "
               "'1', CONCAT(IF(seq %% 2, 'a', 'A'), REPEAT('x', IF(seq > 5050, 180, 1)), LPAD(seq "
               "DIV 2, 5, '0')), '1', '2026-08-01', 1000 FROM shop.seq_1_to_5100");
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, event_id, kind, settled_at, "
               "refund_won) SELECT '1', order_id, '1', 'r', 'refund', '2026-08-02', 10 FROM "
               "shop.lines");
    for (int shift = 0; shift < 2; shift++) {
        assert_int_equal(read_of("1", "2026-08"), SVC_OK);
        assert_int_equal(totals.by_kind[SETTLE_REFUND].lines, 5100 - shift);
        assert_int_equal(totals.by_kind[SETTLE_REFUND].amounts.paid_won, -10 * (5100 - shift));
        db_sql(&f, "DELETE FROM shop.lines WHERE order_id COLLATE utf8mb4_bin = 'ax00000'");
    }
}

static void test_hostile_texts(void **state) {
    (void)state;
    sell("1", "a\\'; DROP TABLE x; -- \\\\", "1", "2026-08-03 00:00:00", 1000);
    refund("1", "a\\'; DROP TABLE x; -- \\\\", "1", "r", "2026-08-04 00:00:00", 100);
    put("seller_id, order_id, item_id, settled_at, product_name, list_won",
        "('1', 'B', '1', '2026-08-05', REPEAT('가', 5000), 1000)");
    expect("1", "2026-08",
           "a'; DROP TABLE x; -- \\ SALE 1000 50|B SALE 1000 50|a'; DROP TABLE x; -- \\ REFUND "
           "-100 -5");
}

/* The platform's column compares without regard to case and to blanks at the end. */
static void test_ids_that_a_collation_takes_for_others(void **state) {
    (void)state;
    sell("a", "1", "1", "2026-08-03 00:00:00", 1000);
    sell("A", "2", "1", "2026-08-03 00:00:00", 2000);
    sell("a ", "3", "1", "2026-08-03 00:00:00", 3000);
    refund("A", "2", "1", "r", "2026-08-04 00:00:00", 100);
    expect("a", "2026-08", "1 SALE 1000 50");
    expect("A", "2026-08", "2 SALE 2000 100|2 REFUND -100 -5");
    refund("a", "1", "1", "r", "2026-08-05 00:00:00", 100);
    sell("a", "x", "1", "2026-08-03 00:00:00", 10);
    sell("a", "X", "1", "2026-08-03 00:00:00", 20);
    sell("a", "X ", "1", "2026-08-03 00:00:00", 30);
    refund("a", "x", "1", "r", "2026-08-04 00:00:00", 1);
    refund("a", "X", "1", "r", "2026-08-04 00:00:00", 2);
    expect("a", "2026-08",
           "1 SALE 1000 50|X SALE 20 1|X  SALE 30 2|x SALE 10 1|1 REFUND -100 -5|X REFUND -2 0|x "
           "REFUND -1 -1");
    assert_int_equal(counts.orders, 4);
    struct settle_seller seller;
    db_sql(&f, "INSERT INTO shop.settlement_sellers VALUES ('A', '큰', 'big@example.com', NULL, "
               "NULL, 'en'), ('a', "
               "REPEAT('가', 400), 'small@example.com', '상점', '123-45-67890', 'ko')");
    assert_int_equal(settle_seller_read(db, "a", &seller, &error), SVC_OK);
    assert_string_equal(seller.email, "small@example.com");
    assert_int_equal(strlen(seller.name), 170 * 3); /* whole characters */
    assert_int_equal(settle_seller_read(db, "A", &seller, &error), SVC_OK);
    assert_int_equal(seller.language, EMAIL_EN);
    assert_string_equal(seller.business_name, "");
    assert_int_equal(settle_seller_read(db, "b", &seller, &error), SVC_NOT_FOUND);
    assert_int_equal(settle_seller_read(db, "a' OR '1'='1", &seller, &error), SVC_NOT_FOUND);
}

static void test_an_order_that_is_too_large(void **state) {
    (void)state;
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT "
               "'1', 'big', "
               "seq, '2026-08-01', 10 FROM shop.seq_1_to_4096");
    assert_int_equal(read_of("1", "2026-08"), SVC_OK); /* sales alone have no limit */
    refund("1", "big", "1", "r", "2026-08-02 00:00:00", 1);
    expect_refusal(SVC_TOO_LARGE, "order big has more than 4096 rows");
}

/* ---------------------------------------------------------------------- disturbances */

static enum svc_status change_the_data(void *user, const struct settle_line *line,
                                       struct svc_error *why) {
    if (counts.lines == 1) {
        refund("1", "A", "1", "r9", "2026-08-04 00:00:00", 100);
    }
    return take_line(user, line, why);
}

static void test_a_change_during_the_reading_is_not_seen(void **state) {
    (void)state;
    struct settle_period period;
    const struct settle_read read = {&rules, &period, "1", change_the_data, NULL};
    sell("1", "A", "1", "2026-08-03 00:00:00", 1000);
    assert_int_equal(settle_period_parse("2026-08", NOW_MS, &period, NULL), SVC_OK);
    listing[0] = '\0';
    assert_int_equal(settle_read_lines(db, &read, &counts, &error), SVC_OK);
    assert_string_equal(listing, "A SALE 1000 50");
    expect("1", "2026-08", "A SALE 1000 50|A REFUND -100 -5");
}

static void test_the_connection_is_cut(void **state) {
    (void)state;
    static const char *const kinds[] = {"request", "reply"};
    int failures = 0;
    sell("1", "A", "1", "2026-08-03 00:00:00", 1000);
    refund("1", "A", "1", "r", "2026-08-04 00:00:00", 100);
    db_secrets_reset(&f, true);
    struct db *proxied = db_of(&f), *direct = db;
    db = proxied;
    for (size_t kind = 0; kind < 2; kind++) {
        for (int step = 1; step <= 12; step++) {
            db_command_of(&f, "cut no");
            db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
            expect("1", "2026-08", "A SALE 1000 50|A REFUND -100 -5");
            db_command_of(&f, "cut %s %d", kinds[kind], step);
            const enum svc_status status = read_of("1", "2026-08");
            if (status != SVC_OK) {
                assert_int_equal(svc_status_group(status), SVC_GROUP_TRANSIENT);
                failures++;
            } else {
                assert_string_equal(listing, "A SALE 1000 50|A REFUND -100 -5");
            }
        }
    }
    assert_true(failures >= 8);
    db_command_of(&f, "cut no");
    db = direct;
    db_destroy(proxied);
    db_secrets_reset(&f, false);
}

static void test_memory_does_not_grow_with_the_lines(void **state) {
    (void)state;
    struct rusage before, after;
    sell("1", "first", "1", "2026-08-01 00:00:00", 10);
    assert_int_equal(read_of("1", "2026-08"), SVC_OK);
    getrusage(RUSAGE_SELF, &before);
    db_sql(
        &f,
        "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT '1', "
        "CONCAT('ORD-', seq), '1', '2026-08-01', 1000 FROM shop.seq_1_to_50000");
    assert_int_equal(read_of("1", "2026-08"), SVC_OK);
    getrusage(RUSAGE_SELF, &after);
    assert_int_equal(counts.lines, 50001);
    assert_true(IS_SANITIZED ||
                after.ru_maxrss - before.ru_maxrss < 2048); /* all of them are 4 MB and more */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sales_by_time_then_what_was_taken_back, fresh),
        cmocka_unit_test_setup(test_the_borders_of_a_period, fresh),
        cmocka_unit_test_setup(test_a_refund_in_a_later_period, fresh),
        cmocka_unit_test_setup(test_rates_by_the_date_of_the_order, fresh),
        cmocka_unit_test_setup(test_the_shipping_fee_has_its_own_rate, fresh),
        cmocka_unit_test_setup(test_days_sum_to_the_month, fresh),
        cmocka_unit_test_setup(test_many_refunded_orders, fresh),
        cmocka_unit_test_setup(test_broken_rows_are_named, fresh),
        cmocka_unit_test_setup(test_amounts_of_every_type_are_exact, fresh),
        cmocka_unit_test_setup(test_an_item_that_a_view_gives_twice, fresh),
        cmocka_unit_test_setup(test_later_events_change_nothing, fresh),
        cmocka_unit_test_setup(test_order_ids_that_are_large_numbers, fresh),
        cmocka_unit_test_setup(test_portions_of_refunded_orders, fresh),
        cmocka_unit_test_setup(test_hostile_texts, fresh),
        cmocka_unit_test_setup(test_ids_that_a_collation_takes_for_others, fresh),
        cmocka_unit_test_setup(test_an_order_that_is_too_large, fresh),
        cmocka_unit_test_setup(test_a_change_during_the_reading_is_not_seen, fresh),
        cmocka_unit_test_setup(test_the_connection_is_cut, fresh),
        cmocka_unit_test_setup(test_memory_does_not_grow_with_the_lines, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
