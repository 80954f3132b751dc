/* The platforms' settlement views against MariaDB: what they contain of each order, what the
 * accounts may do, and that conditions reach the platforms' indexes. All of it by accounts with the
 * documented rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/db/literal.h"
#include "tests/services/platforms/platform.h"
#include "tests/services/settlement_platform_lines.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Enough that the optimizer uses indexes where it has them. */
#define ORDERS 2400

static struct db_fixture f;
static struct db *function;

struct platform {
    const char *name;
    const char *const *lines;
    const char *settle;  /* confirms all seeded orders, ten a day from 2026-01-02 on, and
                          * refunds each  a day later */
    const char *big[4];  /* aliases of tables with a row for each order */
    const char *seller;  /* of the plans */
    const char *sellers; /* all, of each the columns */
    const char *rates;
    const char *payment_1; /* of SET-1 */
    const char *tables[3]; /* of the platform */
};

static const struct platform platforms[] = {
    {
        .name = "snake_case",
        .lines = snake_case_lines,
        .settle = "UPDATE orders SET status = 'confirmed', confirmed_at = '2026-01-02' + INTERVAL "
                  "id * 8640 SECOND "
                  "WHERE id <= 2400; INSERT INTO refunds (order_id, amount, status, processed_at) "
                  "SELECT id, 100, "
                  "'completed', confirmed_at + INTERVAL 1 DAY FROM orders WHERE id <= 2400; "
                  "ANALYZE TABLE orders, "
                  "order_items, refunds, products",
        .big = {"o", "i", "r"},
        .seller = "2",
        .sellers =
            "1,김판매,seller1@example.com,하나상점,-,ko|2,이판매,seller2@example.com,두리상점,-,ko|"
            "3,박판매,seller3@example.com,세찬상점,-,ko|4,최판매,seller4@example.com,네모상점,-,ko",
        .rates =
            "-,1,-,-,10|-,2,-,-,5.5|-,4,-,-,10|-,5,-,-,1.25|-,6,-,-,1.25|-,7,-,-,0|1,-,-,-,3.5",
        .payment_1 = "SET-1,2026-02-01 00:00:00.000,4500,910",
        .tables = {"orders", "users", "sellers"},
    },
    {
        .name = "camel_case",
        .lines = camel_case_lines,
        .settle =
            "UPDATE `Order` SET orderStatus = 'CONFIRMED', confirmedAt = '2026-01-02' + INTERVAL "
            "SUBSTRING(orderNumber, 5) * 8640 SECOND WHERE orderNumber LIKE 'ORD-%'; INSERT INTO "
            "Refund (id, "
            "orderId, amount, status, processedAt) SELECT id, id, 100, 'COMPLETED', confirmedAt + "
            "INTERVAL 1 "
            "DAY FROM `Order` WHERE orderNumber LIKE 'ORD-%'; ANALYZE TABLE `Order`, OrderItem, "
            "Refund, Product",
        .big = {"o", "i", "r"},
        .seller = "seller-2",
        .sellers = "seller-1,김판매,seller1@example.com,하나상점,-,ko|seller-2,이판매,seller2@"
                   "example.com,두리상점,-,ko|"
                   "seller-3,박판매,seller3@example.com,세찬상점,-,ko|seller-4,최판매,seller4@"
                   "example.com,네모상점,-,ko",
        .rates =
            "-,CLOTHES,2025-01-01 00:00:00.000,2025-12-31 15:00:00.000,12|-,CLOTHES,2025-12-31 "
            "15:00:00.000,-,10|-,FOOD,2025-01-01 00:00:00.000,-,5.5|seller-1,-,2025-01-01 "
            "00:00:00.000,-,3.5",
        .payment_1 = "SET-1,2026-02-01 00:00:00.000,4500,910",
        .tables = {"Order", "User", "CommissionPolicy"},
    },
    {
        .name = "invented",
        .lines = invented_lines,
        .settle =
            "UPDATE TB_ORD_MST SET FIX_DT = '2026-01-02' + INTERVAL ORD_SEQ * 8640 SECOND "
            "WHERE ORD_SEQ <= 2400; "
            "INSERT INTO TB_VENDOR (VND_SEQ, VND_NM, MAIL_ADDR) VALUES (5, 'x', 'x'); INSERT INTO "
            "TB_GOODS (GDS_SEQ, VND_SEQ, CLS_CD, GDS_NM, UNIT_AMT) VALUES (9005, 5, 1, 'x', 1); "
            "UPDATE TB_ORD_DTL SET GDS_SEQ = 9005 WHERE ORD_SEQ MOD 100 = 0 AND LINE_NO = 1; "
            "INSERT INTO TB_RFND (ORD_SEQ, RFND_AMT, RFND_STS, RFND_DT) SELECT ORD_SEQ, 100, "
            "2, FIX_DT + "
            "INTERVAL 1 DAY FROM TB_ORD_MST WHERE ORD_SEQ <= 2400; ANALYZE TABLE TB_ORD_MST, "
            "TB_ORD_DTL, "
            "TB_RFND, TB_GOODS",
        .big = {"o", "d", "r", "t"},
        .seller = "5",
        .sellers = "1,하나상점,seller1@example.com,하나상점,-,ko|2,두리상점,seller2@example.com,"
                   "두리상점,-,ko|"
                   "3,세찬상점,seller3@example.com,세찬상점,-,ko|4,네모상점,seller4@example.com,"
                   "네모상점,-,ko",
        .rates = "-,1,-,-,10|-,2,-,-,5.5|1,-,-,-,3.5",
        .payment_1 = "SET-1,2026-02-01 00:00:00.000,2000,910",
        .tables = {"TB_ORD_MST", "TB_MEMBER", "TB_PAY"},
    },
};

/* ---------------------------------------------------------------------- set-up */

static void log_in_as(const char *user) {
    db_secrets_reset(&f, false);
    f.secrets.user = user;
}

static bool start(void) {
    if (!db_fixture_start(&f)) {
        return false;
    }
    db_sql(&f, "CREATE USER settlement_migration@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'; "
               "CREATE USER settlement@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'");
    return true;
}

static const struct platform *platform;

static int load(const struct platform *next) {
    platform = next;
    platform_load(&f, platform->name, ORDERS);
    db_sql(&f, "source " TEST_FILE("platforms/%s/settlement_cases.sql"), platform->name);
    db_sql(&f, "source services/settlement/sql/rights/1_migration.sql");
    log_in_as("settlement_migration");
    struct db *migration = db_of(&f);
    platform_migrate_settlement(migration, platform->name);
    platform_migrate_settlement(migration, platform->name);
    db_destroy(migration);
    db_sql(&f, "source services/settlement/sql/rights/2_function.sql");
    log_in_as("settlement");
    function = db_of(&f);
    return 0;
}

static int load_first(void **state) {
    (void)state;
    return load(&platforms[0]);
}
static int load_second(void **state) {
    (void)state;
    return load(&platforms[1]);
}
static int load_third(void **state) {
    (void)state;
    return load(&platforms[2]);
}

static int unload(void **state) {
    (void)state;
    db_destroy(function);
    return 0;
}

/* ---------------------------------------------------------------------- contents */

static const struct db_column text_column = {.type = DB_TEXT, .nullable = true, .max_bytes = 4096};

/* Rows of one text, joined by '|'; not for texts that hold one. */
static const char *texts_of(const char *sql) {
    static char joined[8192];
    struct db_kept kept = {0};
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    if (db_run_values(function, sql, &text_column, 1, NULL, 0, &kept, NULL, &error) != SVC_OK) {
        print_error("%s\n -> %s\n", sql, db_error_text(&error, text));
        fail();
    }
    joined[0] = '\0';
    for (size_t i = 0; i < kept.rows; i++) {
        const size_t used = strlen(joined);
        snprintf(joined + used, sizeof(joined) - used, "%s%s", i > 0 ? "|" : "", kept.texts[i][0]);
    }
    db_forget_rows(&kept);
    return joined;
}

/* Amounts as floating numbers: one form for all types, and never rounded. */
#define AMOUNT(column) "COALESCE(" column " + 0e0, '-')"

static void each_line_is_as_worked_out(void **state) {
    (void)state;
    static const char
        sql[] = "SELECT CONCAT_WS(' ', order_id, seller_id, item_id, CONCAT('[', event_id, ']'), "
                "kind, scope, ordered_at, "
                "settled_at, CONCAT('\"', product_name, '\"'), COALESCE(category, '-'), "
                "COALESCE(tax, '-'), payment, "
                "COALESCE(quantity, '-'), " AMOUNT("unit_price_won") ", '|', " AMOUNT("list_won") ", " AMOUNT("seller_coupon_won") ", " AMOUNT("seller_points_won") ", " AMOUNT(
                    "platform_coupon_won") ", " AMOUNT("platform_"
                                                       "points_"
                                                       "won") ", "
                                                              "'|'"
                                                              ","
                                                              " " AMOUNT("refund_won") ", " AMOUNT(
                                                                  "rate_percent") ") FROM "
                                                                                  "settlement_"
                                                                                  "lines "
                                                                                  "WHERE order_id "
                                                                                  "LIKE '%SET%' "
                                                                                  "ORDER BY "
                                                                                  "order_id, "
                                                                                  "settled_at, "
                                                                                  "kind = 'sale' "
                                                                                  "DESC, kind = "
                                                                                  "'shipping' "
                                                                                  "DESC, "
                                                                                  "LENGTH(event_id)"
                                                                                  ", event_id, "
                                                                                  "LENGTH(item_id),"
                                                                                  " item_id";
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(db_run_values(function, sql, &text_column, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    size_t i = 0;
    for (; platform->lines[i] != NULL && i < kept.rows; i++) {
        assert_string_equal(kept.texts[i][0], platform->lines[i]);
    }
    assert_int_equal(i, kept.rows);
    assert_null(platform->lines[i]);
    db_forget_rows(&kept);
}

static void sellers_rates_and_payments_are_read(void **state) {
    (void)state;
    assert_string_equal(
        texts_of("SELECT CONCAT_WS(',', seller_id, seller_name, email, business_name, "
                 "COALESCE(business_number, '-'), language) FROM settlement_sellers ORDER BY 1"),
        platform->sellers);
    if (strcmp(platform->name, "snake_case") == 0) {
        /* Children of category 1 and of one without a rate; a rate of 0 is one; a parent of its
         * own. */
        db_sql(&f, "INSERT INTO categories (id, parent_id, name, commission_rate) VALUES (4, 1, "
                   "'a', NULL), "
                   "(5, 4, 'b', 1.25), (6, 5, 'c', NULL), (7, 1, 'd', 0), (8, 3, 'e', NULL), (9, "
                   "9, 'f', 2)");
    }
    assert_string_equal(
        texts_of("SELECT CONCAT_WS(',', COALESCE(seller_id, '-'), COALESCE(category, '-'), "
                 "COALESCE(from_at, '-'), COALESCE(to_at, '-'), rate_percent + 0e0) FROM "
                 "settlement_rates ORDER BY seller_id, category, from_at"),
        platform->rates);
    assert_string_equal(
        texts_of(
            "SELECT CONCAT_WS(',', order_id, DATE_FORMAT(settled_at, '%Y-%m-%d %H:%i:%s.000'), "
            "paid_won + 0e0, refunded_won + 0e0) FROM settlement_payments WHERE order_id = "
            "'SET-1'"),
        platform->payment_1);
    assert_string_equal(
        texts_of("SELECT order_id FROM settlement_payments WHERE order_id = 'SET-2'"), "");
}

/* Over many orders of random amounts: the shares of an order sum to its discounts, and none exceeds
 * its price. */
static void shares_sum_to_the_discount(void **state) {
    (void)state;
    if (strcmp(platform->name, "invented") == 0) {
        return;
    }
    const bool is_snake = strcmp(platform->name, "snake_case") == 0;
    db_sql(&f, "source " TEST_FILE("platforms/%s/settlement_shares.sql"), platform->name);
    assert_int_equal(
        db_number(function,
                  "SELECT COUNT(*) FROM settlement_lines WHERE kind = 'sale' AND order_id LIKE "
                  "'ORD-%' AND (seller_coupon_won < 0 OR platform_coupon_won < 0 OR "
                  "platform_points_won < 0 OR list_won - seller_coupon_won - "
                  "platform_coupon_won - platform_points_won < 0)"),
        0);
    char sql[1024];
    snprintf(sql, sizeof(sql),
             "SELECT COUNT(*), SUM(s.c = %s AND s.p = %s), SUM(s.c > 0 AND s.p > 0) > 2000 FROM "
             "(SELECT order_id, "
             "SUM(seller_coupon_won + "
             "platform_coupon_won) AS c, SUM(platform_points_won) AS p FROM settlement_lines WHERE "
             "kind = 'sale' AND "
             "order_id LIKE 'ORD-%%' GROUP BY order_id) s JOIN %s o ON o.%s = s.order_id",
             is_snake ? "o.discount_amount" : "o.couponDiscount",
             is_snake ? "o.points_used" : "o.pointDiscount", is_snake ? "orders" : "`Order`",
             is_snake ? "order_number" : "orderNumber");
    assert_string_equal(db_sql(&f, "%s", sql), "2400\t2400\t1");
}

/* ---------------------------------------------------------------------- indexes */

#define EXPLAIN_COLUMNS 10

struct plan {
    char text[16384];
    int branches;  /* whose tables are read */
    int big_scans; /* of the big tables */
};

static bool take_plan(void *user, const struct db_value *row) {
    struct plan *plan = user;
    const char *table = row[2].type == DB_NULL ? "" : row[2].bytes;
    const char *type = row[3].type == DB_NULL ? "" : row[3].bytes;
    const char *key = row[5].type == DB_NULL ? "" : row[5].bytes;
    for (size_t i = 0; i < COUNT(platform->big) && platform->big[i] != NULL; i++) {
        if (strcmp(table, platform->big[i]) == 0) {
            plan->big_scans += strcmp(type, "ALL") == 0 || strcmp(type, "index") == 0;
            plan->branches += i == 0;
        }
    }
    const size_t used = strlen(plan->text);
    snprintf(plan->text + used, sizeof(plan->text) - used, "%s %s %s\n", table, type, key);
    return true;
}

/* The plan of a statement as the reader sends it. */
static struct plan explain(struct db *db, const char *sql) {
    static const struct db_column columns[EXPLAIN_COLUMNS] = {
        {.type = DB_INT, .nullable = true},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 4096},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 256},
        {.type = DB_TEXT, .nullable = true, .max_bytes = 1024}};
    struct plan plan = {.text = ""};
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    const struct db_statement statement = {sql, columns, EXPLAIN_COLUMNS};
    const struct db_query query = {&statement, NULL, 0, take_plan, &plan};
    if (db_run(db, &query, NULL, &error) != SVC_OK) {
        print_error("%s\n -> %s\n", sql, db_error_text(&error, text));
        fail();
    }
    return plan;
}

/* By an account that may see plans. */
static void conditions_reach_the_indexes(void **state) {
    (void)state;
    db_sql(&f, "%s", platform->settle);
    db_secrets_reset(&f, false);
    struct db *app = db_of(&f);
    const int64_t from_us = INT64_C(1768662000000000); /* 2026-01-17 15:00 UTC */
    char period[512], orders[512];
    struct svc_buf sql;
    svc_buf_init(&sql, sizeof(period));
    (void)svc_buf_append_text(&sql, "seller_id = ");
    (void)db_literal_text(&sql, platform->seller, strlen(platform->seller));
    (void)svc_buf_append_text(&sql, " AND settled_at >= ");
    (void)db_literal_time(&sql, from_us);
    (void)svc_buf_append_text(&sql, " AND settled_at < ");
    (void)db_literal_time(&sql, from_us + INT64_C(86400000000));
    snprintf(period, sizeof(period), "%s", svc_buf_text(&sql));
    svc_buf_reset(&sql);
    (void)db_literal_text(&sql, "ORD-000007", 10);
    (void)svc_buf_append_text(&sql, ", ");
    (void)db_literal_text(&sql, "ord-999999", 10);
    snprintf(orders, sizeof(orders), "order_id IN (%s)", svc_buf_text(&sql));
    svc_buf_clear(&sql);
    const struct {
        const char *select, *condition, *rest;
        int most_branches;
    } statements[] = {
        {"SELECT order_id, item_id, list_won, seller_coupon_won", period,
         "AND kind IN ('sale', 'shipping') ORDER BY settled_at, order_id, item_id", 2},
        {"SELECT DISTINCT order_id", period,
         "AND kind IN ('refund', 'cancel') ORDER BY order_id LIMIT 60", 8},
        {"SELECT order_id, item_id, event_id, list_won", orders, "ORDER BY order_id", 10},
    };
    for (size_t i = 0; i < COUNT(statements); i++) {
        char text[2048];
        snprintf(text, sizeof(text), "EXPLAIN %s FROM settlement_lines WHERE %s %s",
                 statements[i].select, statements[i].condition, statements[i].rest);
        const struct plan plan = explain(app, text);
        if (plan.big_scans != 0) {
            print_error("%s\n%s", text, plan.text);
        }
        assert_int_equal(plan.big_scans, 0);
        assert_in_range(plan.branches, 1, statements[i].most_branches);
    }
    db_destroy(app);
}

/* ---------------------------------------------------------------------- rights */

static enum svc_status run_alone(const char *sql, struct db_error *error) {
    const struct db_statement statement = {.sql = sql};
    const struct db_query query = {.statement = &statement};
    return db_run(function, &query, NULL, error);
}

/* The kinds of statements that planning, claiming, finishing and closing make. */
static void the_functions_account_can_do_its_work(void **state) {
    (void)state;
    static const char *const work[] = {
        ("INSERT INTO settlement_runs (type, first_day, last_day, generation, state, is_forced, "
         "rules, sellers, "
         "open_sellers, failed_sellers, planned_at) VALUES ('daily', '2026-02-01', '2026-02-01', "
         "1, 'running', 0, '', "
         "0, 0, 0, NOW(6))"),
        ("INSERT INTO settlement_reports (run_id, seller_id, generation, state, attempt, version, "
         "mailed_version, "
         "mail_due) SELECT DISTINCT 1, CAST(seller_id AS CHAR(64) CHARACTER SET utf8mb4), 1, "
         "'open', 0, 0, 0, 0 FROM "
         "settlement_lines WHERE settled_at >= '2026-02-01' AND settled_at < '2026-02-02' ON "
         "DUPLICATE KEY UPDATE "
         "generation = VALUES(generation)"),
        "UPDATE settlement_runs SET sellers = (SELECT COUNT(*) FROM settlement_reports WHERE "
        "run_id = 1)",
        "UPDATE settlement_reports SET attempt = attempt + 1 WHERE run_id = 1",
        ("INSERT INTO settlement_versions (run_id, seller_id, version, seller_name, reason, rules, "
         "made_at, order_count, "
         "line_count, quantity, list_won, seller_coupon_won, seller_points_won, "
         "platform_coupon_won, "
         "platform_points_won, gross_won, paid_won, commission_won, supply_won, vat_won, net_won, "
         "refund_gross_won, "
         "csv_sha256, html_sha256, json_sha256, csv_etag, html_etag, json_etag, csv_bytes) VALUES "
         "(1, '2', 1, '두리', "
         "'first', '', NOW(6), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '', '', '', '', "
         "'', 0)"),
        "UPDATE settlement_versions SET csv_etag = 'e'",
    };
    for (size_t i = 0; i < COUNT(work); i++) {
        struct db_error error;
        char text[DB_ERROR_TEXT_BYTES];
        if (run_alone(work[i], &error) != SVC_OK) {
            print_error("%s\n -> %s\n", work[i], db_error_text(&error, text));
            fail();
        }
    }
    assert_int_equal(db_number(function, "SELECT sellers FROM settlement_runs"), 2);
    assert_int_equal(db_number(function, "SELECT GET_LOCK('settlement', 0)"), 1);
    assert_int_equal(db_number(function, "SELECT RELEASE_LOCK('settlement')"), 1);
    /* Beside the webhooks' tables. */
    db_sql(&f, "CREATE TABLE payouts (payout_id VARCHAR(64) NOT NULL PRIMARY KEY); source "
               "services/settlement/sql/rights/3_payouts.sql");
    db_disconnect(function);
    assert_int_equal(db_number(function, "SELECT COUNT(*) FROM payouts"), 0);
}

static void the_functions_account_can_do_nothing_else(void **state) {
    (void)state;
    static const char *const refused[] = {
        "DELETE FROM settlement_versions",
        "DELETE FROM settlement_runs",
        "CREATE TABLE stolen (id INT)",
        "DROP VIEW settlement_lines",
        "CREATE OR REPLACE VIEW settlement_sellers AS SELECT 1",
        "UPDATE settlement_sellers SET email = 'x@example.com'",
        "SELECT checksum FROM service_migrations INTO @a",
    };
    struct db_error error;
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_int_equal(run_alone(refused[i], &error), SVC_ACCESS_DENIED);
        assert_int_equal(error.fault, DB_FAULT_PRIVILEGE);
    }
    for (size_t i = 0; i < COUNT(platform->tables); i++) {
        char sql[128];
        snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM `%s` INTO @a", platform->tables[i]);
        assert_int_equal(run_alone(sql, &error), SVC_ACCESS_DENIED);
        assert_int_equal(error.fault, DB_FAULT_PRIVILEGE);
    }
}

int main(void) {
    /* In this order: the later ones change the platform's tables. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_as_worked_out),
        cmocka_unit_test(sellers_rates_and_payments_are_read),
        cmocka_unit_test(the_functions_account_can_do_its_work),
        cmocka_unit_test(the_functions_account_can_do_nothing_else),
        cmocka_unit_test(conditions_reach_the_indexes),
        cmocka_unit_test(shares_sum_to_the_discount),
    };
    if (!start()) {
        return 1;
    }
    int failed = cmocka_run_group_tests_name("snake_case", tests, load_first, unload);
    failed += cmocka_run_group_tests_name("camel_case", tests, load_second, unload);
    failed += cmocka_run_group_tests_name("invented", tests, load_third, unload);
    db_fixture_stop(&f);
    return failed;
}
