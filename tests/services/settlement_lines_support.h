/* Shared by the tests of what reads a platform: a MariaDB server with the settlement's views over
 * plain tables, which can hold what no platform here has. The columns compare without regard to
 * case and to blanks at the end. */
#ifndef TESTS_SERVICES_SETTLEMENT_LINES_SUPPORT_H
#define TESTS_SERVICES_SETTLEMENT_LINES_SUPPORT_H

#include "services/settlement/period.h"
#include "services/settlement/rules.h"
#include "tests/services/db_support.h"

#define NOW_MS INT64_C(4102444800000) /* 2100 */

static struct db_fixture f;
static struct db *db;
static struct settle_rules rules;
static struct svc_error error;

static inline int start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    db_sql(
        &f,
        "CREATE TABLE shop.lines (seller_id VARCHAR(64), order_id VARCHAR(191), item_id "
        "VARCHAR(64), "
        "event_id VARCHAR(64) NOT NULL DEFAULT '', kind VARCHAR(16) NOT NULL DEFAULT 'sale', scope "
        "VARCHAR(16) NOT NULL DEFAULT 'item', ordered_at DATETIME(6) DEFAULT '2026-08-01', "
        "settled_at "
        "DATETIME(6), product_name VARCHAR(5000) DEFAULT '사과', category VARCHAR(64), tax "
        "VARCHAR(16), "
        "payment VARCHAR(16) DEFAULT 'other', quantity INT DEFAULT 1, unit_price_won DOUBLE "
        "DEFAULT 1000, "
        "list_won DOUBLE, seller_coupon_won DECIMAL(20,4) DEFAULT 0, seller_points_won INT DEFAULT "
        "0, "
        "platform_coupon_won INT DEFAULT 0, platform_points_won INT DEFAULT 0, refund_won DOUBLE, "
        "rate_percent DOUBLE, KEY (order_id), KEY (seller_id, settled_at)) CHARACTER SET utf8mb4 "
        "COLLATE "
        "utf8mb4_general_ci");
    db_sql(&f, "CREATE VIEW shop.settlement_lines AS SELECT * FROM shop.lines");
    db_sql(
        &f,
        "CREATE TABLE shop.settlement_rates (seller_id VARCHAR(64), category VARCHAR(64), from_at "
        "DATETIME(6), to_at DATETIME(6), rate_percent DOUBLE) COLLATE utf8mb4_general_ci");
    db_sql(&f, "CREATE TABLE shop.settlement_sellers (seller_id VARCHAR(64), seller_name TEXT, "
               "email TEXT, "
               "business_name TEXT, business_number TEXT, language VARCHAR(8)) COLLATE "
               "utf8mb4_general_ci");
    db_sql(&f, "CREATE TABLE shop.settlement_payments (order_id VARCHAR(191), settled_at "
               "DATETIME(6), paid_won "
               "DOUBLE, refunded_won DOUBLE, KEY (settled_at)) COLLATE utf8mb4_general_ci");
    db = db_of(&f);
    return 0;
}

static inline int stop(void **state) {
    (void)state;
    db_destroy(db);
    db_fixture_stop(&f);
    return 0;
}

static inline int fresh(void **state) {
    (void)state;
    db_command_of(&f, "cut no");
    for (size_t i = 0; i < 4; i++) {
        static const char *const tables[] = {"lines", "settlement_rates", "settlement_sellers",
                                             "settlement_payments"};
        db_sql(&f, "TRUNCATE shop.%s", tables[i]);
    }
    settle_rules_default(&rules);
    svc_error_clear(&error);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    return 0;
}

static inline void sell(const char *seller, const char *order, const char *item,
                        const char *settled_at, int won) {
    db_sql(&f,
           "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) VALUES "
           "('%s', '%s', "
           "'%s', '%s', %d)",
           seller, order, item, settled_at, won);
}

static inline void refund(const char *seller, const char *order, const char *item,
                          const char *event, const char *settled_at, int won) {
    db_sql(&f,
           "INSERT INTO shop.lines (seller_id, order_id, item_id, event_id, kind, settled_at, "
           "refund_won, "
           "quantity) VALUES ('%s', '%s', '%s', '%s', 'refund', '%s', %d, 0)",
           seller, order, item, event, settled_at, won);
}

#endif
