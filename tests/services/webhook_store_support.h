/* What the tests of the webhooks' store share: a MariaDB server with the module's tables and a
 * small platform of the tests' own, events, and all that is stored as one text. */
#ifndef TESTS_SERVICES_WEBHOOK_STORE_SUPPORT_H
#define TESTS_SERVICES_WEBHOOK_STORE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/text.h"
#include "services/webhook/migrations.h"
#include "services/webhook/store.h"
#include "tests/services/db_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct db_fixture f;
static struct db *db;
static struct test_clock wall; /* of the store: what it stores is known to the millisecond */
static struct webhook_store store;

#define NOW_MS INT64_C(1790000000000)

/* ---------------------------------------------------------------------- the tables */

static inline void make_tables(void) {
    size_t count = 0;
    struct db_migration *migrations = webhook_migrations(NULL, &count);
    struct db_error error;
    assert_non_null(migrations);
    assert_int_equal(db_migrate(db, migrations, count, false, NULL, NULL, NULL, &error), SVC_OK);
    free(migrations);
}

/* Its ids do not distinguish upper and lower case, its prices are floating. The procedures count
 * their calls, and wait as long as `pause_s` holds. */
static inline void make_platform(void) {
    db_sql(&f,
           "USE shop; CREATE TABLE orders (number VARCHAR(64) COLLATE utf8mb4_general_ci PRIMARY "
           "KEY, total DECIMAL(14,2) NOT NULL, pay VARCHAR(16) NOT NULL DEFAULT 'unpaid', paid "
           "BIGINT, refunded BIGINT, method VARCHAR(64), transaction_ref VARCHAR(200), paid_at "
           "DATETIME(6), pay_calls INT NOT NULL DEFAULT 0, ship VARCHAR(24), tracking "
           "VARCHAR(64), carrier VARCHAR(64), ship_calls INT NOT NULL DEFAULT 0, email "
           "VARCHAR(300), customer VARCHAR(300), lang VARCHAR(8))");
    db_sql(&f, "CREATE TABLE items (number VARCHAR(64) COLLATE utf8mb4_general_ci, line INT, name "
               "VARCHAR(300), pieces INT, price DOUBLE, PRIMARY KEY (number, line))");
    db_sql(&f, "CREATE TABLE pauses (pause_s DOUBLE NOT NULL); INSERT INTO pauses VALUES (0)");
    db_sql(&f,
           "CREATE VIEW webhook_orders AS SELECT number AS order_id, total AS total_won, pay AS "
           "payment_state FROM orders");
    db_sql(&f,
           "CREATE VIEW webhook_contacts AS SELECT number AS order_id, email, customer AS name, "
           "lang AS language FROM orders");
    db_sql(&f, "CREATE VIEW webhook_items AS SELECT number AS order_id, line AS position, name, "
               "pieces AS quantity, price AS price_won FROM items");
    db_sql(&f,
           "CREATE PROCEDURE webhook_store_payment(IN a VARCHAR(64) CHARSET utf8mb4, IN b "
           "VARCHAR(16) CHARSET utf8mb4, IN c BIGINT, IN d BIGINT, IN e VARCHAR(64) CHARSET "
           "utf8mb4, IN g VARCHAR(200) CHARSET utf8mb4, IN h DATETIME(6)) UPDATE orders SET pay "
           "= b, paid = c, refunded = d, method = e, transaction_ref = g, paid_at = h, pay_calls "
           "= pay_calls + 1 + (SELECT SLEEP(pause_s) FROM pauses) WHERE number = a");
    db_sql(&f,
           "CREATE PROCEDURE webhook_store_shipping(IN a VARCHAR(64) CHARSET utf8mb4, IN b "
           "VARCHAR(24) CHARSET utf8mb4, IN c VARCHAR(64) CHARSET utf8mb4, IN d VARCHAR(64) "
           "CHARSET utf8mb4, IN e DATETIME(6)) UPDATE orders SET ship = b, tracking = c, carrier "
           "= d, ship_calls = ship_calls + 1 WHERE number = a");
}

static inline int store_start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    db = db_of(&f);
    make_tables();
    make_platform();
    return 0;
}

static inline int store_stop(void **state) {
    (void)state;
    db_destroy(db);
    db_fixture_stop(&f);
    return 0;
}

static inline void put_order(const char *id, int64_t total_won) {
    db_command_of(
        &f,
        "sql INSERT INTO orders (number, total, email, customer, lang) VALUES ('%s', %lld, "
        "'canary-buyer@example.com', 'canary \u91d1', 'en'); INSERT INTO items VALUES "
        "('%s', 1, 'hat', 2, 1000), ('%s', 2, 'scarf', 1, %lld)",
        id, (long long)total_won, id, id, (long long)(total_won - 2000));
}

static inline void empty_tables(void) {
    db_sql(&f,
           "USE shop; DELETE FROM inbox; DELETE FROM order_states; DELETE FROM order_parcels; "
           "DELETE FROM order_refunds; DELETE FROM order_history; DELETE FROM outbox; DELETE "
           "FROM payouts; DELETE FROM orders; DELETE FROM items; UPDATE pauses SET pause_s = 0");
}

/* One order of 5000 won that is not paid. */
static inline int store_fresh(void **state) {
    (void)state;
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    db_secrets_reset(&f, false);
    test_log_clear(&f.log);
    test_log_init(&f.log, svc_clock_system());
    test_clock_init(&wall, NOW_MS);
    store = (struct webhook_store){
        .db = db, .clock = &wall.clock, .log = &f.log.log, .claim_ms = 60000};
    empty_tables();
    put_order("ORD-1", 5000);
    return 0;
}

/* Rows of the module's tables and the platform's; without ids, times and requests, which differ
 * when an event is stored at the second attempt. */
static inline char *all_tables(void) {
    static const char *const queries[] = {
        "SELECT sender, event_key, order_id FROM inbox ORDER BY sender, event_key",
        "SELECT order_id, payment_state, paid_won, refunded_won, is_shipped, payment_method, "
        "transaction_id, paid_at FROM order_states ORDER BY order_id",
        "SELECT order_id, tracking_number, state, carrier FROM order_parcels ORDER BY order_id, "
        "tracking_number",
        "SELECT order_id, refund_id, state, amount_won, reason FROM order_refunds ORDER BY "
        "order_id, "
        "refund_id",
        "SELECT order_id, sender, event_key, subject, subject_id, event, outcome, state_before, "
        "state_after, amount_won, detail, happened_at FROM order_history ORDER BY order_id, "
        "event_key, subject, subject_id, id",
        "SELECT message_id, order_id, body, attempts, sent_at FROM outbox ORDER BY message_id",
        "SELECT payout_id, reference, seller_id, state, amount_won, changed_at FROM payouts ORDER "
        "BY payout_id",
        "SELECT number, pay, paid, refunded, method, transaction_ref, paid_at, pay_calls, ship, "
        "tracking, carrier, ship_calls FROM orders ORDER BY number",
    };
    struct svc_buf text;
    svc_buf_init(&text, 1 << 20);
    for (size_t i = 0; i < COUNT(queries); i++) {
        svc_buf_printf(&text, "%s\n", db_command_of(&f, "sql %s", queries[i]));
    }
    assert_int_equal(svc_buf_status(&text), SVC_OK);
    char *copy = svc_duplicate_text(svc_buf_text(&text));
    svc_buf_clear(&text);
    return copy;
}

#define assert_sql(expected, ...) assert_string_equal(db_sql(&f, __VA_ARGS__), expected)

/* ---------------------------------------------------------------------- events */

static inline struct webhook_step pay(enum webhook_payment_event event, int64_t amount_won) {
    return (struct webhook_step){.subject = WEBHOOK_SUBJECT_PAYMENT,
                                 .event = (int)event,
                                 .amount_won = amount_won,
                                 .happened_ms = NOW_MS - 5000,
                                 .id = "",
                                 .name = "card",
                                 .reference = "T-1",
                                 .detail = ""};
}

static inline struct webhook_step ship(enum webhook_parcel_event event, const char *number) {
    return (struct webhook_step){.subject = WEBHOOK_SUBJECT_PARCEL,
                                 .event = (int)event,
                                 .happened_ms = NOW_MS - 4000,
                                 .id = number,
                                 .name = "CJ",
                                 .detail = "Seoul"};
}

static inline struct webhook_step refund(enum webhook_refund_event event, const char *id,
                                         int64_t amount_won) {
    return (struct webhook_step){.subject = WEBHOOK_SUBJECT_REFUND,
                                 .event = (int)event,
                                 .amount_won = amount_won,
                                 .happened_ms = NOW_MS - 3000,
                                 .id = id,
                                 .detail = "too small"};
}

/* A change of ORD-1 by the platform. */
static inline struct webhook_change change_of(const char *key, const struct webhook_step *steps,
                                              size_t count) {
    return (struct webhook_change){.sender = "platform",
                                   .event_key = key,
                                   .request_id = "request-1",
                                   .order_id = "ORD-1",
                                   .steps = steps,
                                   .step_count = count};
}

static inline struct webhook_stored stored_of(const struct webhook_change *change) {
    struct webhook_stored stored;
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    if (webhook_store_change(&store, change, &stored, &error) != SVC_OK) {
        print_error("%s: %s\n", change->event_key, db_error_text(&error, text));
        fail();
    }
    return stored;
}

static inline struct webhook_stored one(const char *key, struct webhook_step step) {
    const struct webhook_change change = change_of(key, &step, 1);
    return stored_of(&change);
}

#define STORE_TEST(name) cmocka_unit_test_setup(name, store_fresh)

static inline void assert_change_refused(const struct webhook_change *change,
                                         enum webhook_stored_outcome expected) {
    char *before = all_tables();
    const struct webhook_stored stored = stored_of(change);
    char *after = all_tables();
    assert_int_equal(stored.outcome, expected);
    assert_int_equal(stored.mail_count, 0);
    assert_int_equal(stored.effects, 0);
    assert_string_equal(after, before);
    free(before);
    free(after);
}

#endif
