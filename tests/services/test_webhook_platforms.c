/* The platforms' mappings against MariaDB: what the webhooks read and store of three platforms, two
 * that are built in and one that is invented. All of it by accounts with the documented rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/migrations.h"
#include "tests/services/platforms/platform.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ORDERS       120

/* 2026-02-03 04:05:06.789 UTC. */
#define PAID_US INT64_C(1770091506789000)

static struct db_fixture f;
static struct db *function, *rival;

/* ---------------------------------------------------------------------- the platforms */

/* A payment that is stored, and what the platform's own columns hold then. */
struct payment_case {
    const char *state;
    int64_t paid_won, refunded_won;
    const char *expected;
};
struct shipping_case {
    const char *state, *number, *expected;
};

struct platform {
    const char *name;
    const char *payment, *shipping; /* SELECTs of what the procedures set */
    struct payment_case payments[8];
    struct shipping_case parcels[10];
    /* UPDATEs of order 9 by the platform, each of a total that is not whole won. */
    const char *not_whole[3];
    const char *change_order_6; /* an UPDATE of order 6 */
    const char *customers;      /* an UPDATE of every customer */
    const char *explained;      /* the table, as EXPLAIN calls it */
};

static const struct platform platforms[] = {
    {
        .name = "snake_case",
        .payment = "SELECT status, payment_status, paid_amount, refunded_amount, payment_method, "
                   "transaction_id, paid_at FROM orders WHERE id = 5",
        .shipping =
            "SELECT status, tracking_number, shipping_carrier, shipped_at, delivered_at FROM "
            "orders WHERE id = 7",
        .payments =
            {
                {"pending", 0, 0, "pending\tpending\t0.00\t0.00\tcard\ttx-1\tNULL"},
                {"paid", 10500, 0,
                 "paid\tcompleted\t10500.00\t0.00\tcard\ttx-1\t2026-02-03 04:05:06"},
                {"pending", 0, 0, "pending\tpending\t0.00\t0.00\tcard\ttx-1\tNULL"},
                {"paid", 10500, 1,
                 "paid\tpartially_refunded\t10500.00\t1.00\tcard\ttx-1\t2026-02-03 04:05:06"},
                {"cancelled", 10500, 10500,
                 "refunded\trefunded\t10500.00\t10500.00\tcard\ttx-1\t2026-02-03 04:05:06"},
            },
        .parcels =
            {
                {"preparing", "", "preparing\tNULL\tCJ\tNULL\tNULL"},
                {"in_transit", "T-1", "shipped\tT-1\tCJ\t2026-02-03 04:05:06\tNULL"},
                {"preparing", "T-2", "shipped\tT-2\tCJ\t2026-02-03 04:05:06\tNULL"},
                {"delivered", "T-2",
                 "delivered\tT-2\tCJ\t2026-02-03 04:05:06\t2026-02-03 04:05:06"},
            },
        .not_whole = {"UPDATE orders SET total_amount = 10900.50 WHERE id = 9",
                      "UPDATE orders SET total_amount = 10900.01 WHERE id = 9"},
        .change_order_6 = "UPDATE orders SET shipping_fee = 1 WHERE id = 6",
        .customers = "UPDATE users SET phone = '1'",
        .explained = "orders",
    },
    {
        .name = "camel_case",
        .payment = "SELECT orderStatus, paymentStatus, paidAmount, refundedAmount, paymentMethod, "
                   "paymentKey, paidAt FROM `Order` WHERE id = 'order-5'",
        .shipping =
            "SELECT o.orderStatus, GROUP_CONCAT(CONCAT(s.trackingNumber, ' ', s.carrier, ' ', "
            "s.status) ORDER BY s.trackingNumber), o.deliveredAt FROM `Order` o JOIN "
            "Shipment s ON s.orderId = o.id WHERE o.id = 'order-7' GROUP BY o.id",
        .payments =
            {
                {"pending", 0, 0, "PENDING\tWAITING\tNULL\t0\tcard\ttx-1\tNULL"},
                {"paid", 10500, 0, "PAID\tPAID\t10500\t0\tcard\ttx-1\t2026-02-03 04:05:06.789"},
                {"failed", 0, 0, "PENDING\tFAILED\tNULL\t0\tcard\ttx-1\tNULL"},
                {"paid", 10500, 1,
                 "PAID\tPARTIAL_REFUNDED\t10500\t1\tcard\ttx-1\t2026-02-03 04:05:06.789"},
                {"cancelled", 10500, 10500,
                 "REFUNDED\tREFUNDED\t10500\t10500\tcard\ttx-1\t2026-02-03 04:05:06.789"},
            },
        .parcels =
            {
                {"preparing", "", "PREPARING\t CJ READY\tNULL"},
                {"in_transit", "T-1", "SHIPPED\tT-1 CJ SHIPPING\tNULL"},
                {"preparing", "T-2", "SHIPPED\tT-1 CJ SHIPPING,T-2 CJ READY\tNULL"},
                {"delivered", "T-1", "SHIPPED\tT-1 CJ DELIVERED,T-2 CJ READY\tNULL"},
                {"out_for_delivery", "T-2",
                 "SHIPPED\tT-1 CJ DELIVERED,T-2 CJ OUT_FOR_DELIVERY\tNULL"},
                {"delivered", "T-2",
                 "DELIVERED\tT-1 CJ DELIVERED,T-2 CJ DELIVERED\t2026-02-03 04:05:06.789"},
                /* A parcel that left without a number is one more. */
                {"in_transit", "",
                 "DELIVERED\t CJ SHIPPING,T-1 CJ DELIVERED,T-2 CJ DELIVERED\t2026-02-03 "
                 "04:05:06.789"},
                {"delivered", "T-2",
                 "DELIVERED\t CJ SHIPPING,T-1 CJ DELIVERED,T-2 CJ DELIVERED\t2026-02-03 "
                 "04:05:06.789"},
            },
        .not_whole = {"UPDATE `Order` SET finalAmount = 10900.5 WHERE id = 'order-9'",
                      "UPDATE `Order` SET finalAmount = 10900 + 1e-9 WHERE id = 'order-9'",
                      "UPDATE `Order` SET finalAmount = 9007199254740993 WHERE id = 'order-9'"},
        .change_order_6 = "UPDATE `Order` SET shippingFee = 1 WHERE id = 'order-6'",
        .customers = "UPDATE `User` SET name = name",
        .explained = "Order",
    },
    {
        .name = "invented",
        .payment =
            "SELECT PAY_STS, PAY_AMT, RFND_AMT, PAY_KIND, PG_TID, PAY_DT FROM TB_ORD_MST JOIN "
            "TB_PAY USING (ORD_SEQ) WHERE ORD_SEQ = 5",
        .shipping = "SELECT DLV_STS, DLV_NO, DLV_COMP, DLV_DT FROM TB_ORD_MST WHERE ORD_SEQ = 7",
        .payments =
            {
                {"pending", 0, 0, "10\t0.0000\t0.0000\tcard\ttx-1\tNULL"},
                {"paid", 10500, 0, "20\t10500.0000\t0.0000\tcard\ttx-1\t2026-02-03 13:05:06"},
                {"failed", 0, 0, "19\t0.0000\t0.0000\tcard\ttx-1\tNULL"},
                {"paid", 10500, 1, "20\t10500.0000\t1.0000\tcard\ttx-1\t2026-02-03 13:05:06"},
                {"cancelled", 10500, 10500,
                 "95\t10500.0000\t10500.0000\tcard\ttx-1\t2026-02-03 13:05:06"},
            },
        .parcels =
            {
                {"preparing", "", "1\tNULL\tCJ\tNULL"},
                {"in_transit", "T-1", "2\tT-1\tCJ\tNULL"},
                {"failed", "T-1", "8\tT-1\tCJ\tNULL"},
                {"delivered", "T-1", "9\tT-1\tCJ\t2026-02-03 13:05:06"},
            },
        .not_whole = {"UPDATE TB_ORD_MST SET ORD_AMT = 10900.5 WHERE ORD_SEQ = 9",
                      "UPDATE TB_ORD_MST SET ORD_AMT = 10900.0001 WHERE ORD_SEQ = 9",
                      "UPDATE TB_ORD_MST SET ORD_AMT = 10900, CUR_CD = 'USD' WHERE ORD_SEQ = 9"},
        .change_order_6 = "UPDATE TB_ORD_MST SET DLV_NO = '1' WHERE ORD_SEQ = 6",
        .customers = "UPDATE TB_MEMBER SET GIVEN_NM = GIVEN_NM",
        .explained = "TB_ORD_MST",
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
    db_sql(&f, "CREATE USER webhook_migration@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'; "
               "CREATE USER webhook@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'");
    function = db_of(&f);
    rival = db_of(&f);
    return true;
}

static void stop(void) {
    db_destroy(function);
    db_destroy(rival);
    db_fixture_stop(&f);
}

static const struct platform *platform;

/* The platform's tables and mapping, by the account of the migrations; the tests log in with that
 * of the function. They share the orders: each changes its own. */
static int load(const struct platform *next) {
    platform = next;
    db_disconnect(function);
    db_disconnect(rival);
    platform_load(&f, platform->name, ORDERS);
    db_sql(&f, "source services/webhook/sql/rights/1_migration.sql");
    log_in_as("webhook_migration");
    struct db *migration = db_of(&f);
    platform_migrate(migration, platform->name);
    db_destroy(migration);
    db_sql(&f, "source services/webhook/sql/rights/2_function.sql");
    log_in_as("webhook");
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

static int fresh(void **state) {
    (void)state;
    db_rollback(function);
    db_rollback(rival);
    db_set_deadline(function, svc_deadline_in(svc_clock_system(), 30000));
    db_set_deadline(rival, svc_deadline_in(svc_clock_system(), 30000));
    return 0;
}

/* ---------------------------------------------------------------------- reading */

static const struct db_column order_columns[] = {
    {.type = DB_TEXT, .max_bytes = 64}, {.type = DB_DECIMAL}, {.type = DB_TEXT, .max_bytes = 16}};
#define SELECT_ORDER                                                                               \
    "SELECT order_id, total_won, payment_state FROM webhook_orders WHERE order_id = ? FOR UPDATE"

static enum svc_status read_order(struct db *db, const char *order_id, struct db_kept *kept,
                                  struct db_error *error) {
    const struct db_value values[] = {db_text(order_id)};
    return db_run_values(db, SELECT_ORDER, order_columns, COUNT(order_columns), values, 1, kept,
                         NULL, error);
}

static int64_t expected_total(int i) {
    return 10000 + 100 * (i % 50) + (i % 2 == 0 ? 5000 : 0);
}

static void orders_are_read_with_exact_amounts(void **state) {
    (void)state;
    for (int i = 1; i <= ORDERS; i++) {
        char order_id[16];
        struct db_kept kept = {0};
        struct db_error error;
        snprintf(order_id, sizeof(order_id), "ORD-%06d", i);
        assert_int_equal(read_order(function, order_id, &kept, &error), SVC_OK);
        assert_int_equal(kept.rows, 1);
        assert_string_equal(kept.texts[0][0], order_id);
        assert_int_equal(kept.values[0][1].integer, expected_total(i));
        assert_string_equal(kept.texts[0][2], "unpaid");
        db_forget_rows(&kept);
    }
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(read_order(function, "ORD-000121", &kept, &error), SVC_OK);
    assert_int_equal(kept.rows, 0);
    /* Ids that the bodies' reader lets pass. */
    assert_int_equal(read_order(function, "-_.=", &kept, &error), SVC_OK);
    assert_int_equal(read_order(function, "ORD-00000%", &kept, &error), SVC_OK);
    assert_int_equal(read_order(function, "0", &kept, &error), SVC_OK);
    assert_int_equal(kept.rows, 0);
}

static void amounts_that_are_not_whole_won_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(platform->not_whole) && platform->not_whole[i] != NULL; i++) {
        struct db_kept kept = {0};
        struct db_error error;
        db_sql(&f, "%s", platform->not_whole[i]);
        assert_int_equal(read_order(function, "ORD-000009", &kept, &error), SVC_BAD_RESPONSE);
        assert_int_equal(error.fault, DB_FAULT_RESULT);
        assert_int_equal(kept.rows, 0);
        /* The others are read. */
        assert_int_equal(read_order(function, "ORD-000006", &kept, &error), SVC_OK);
        assert_int_equal(kept.rows, 1);
        db_forget_rows(&kept);
    }
}

static void contacts_and_items_are_read(void **state) {
    (void)state;
    static const struct db_column contact[] = {{.type = DB_TEXT, .max_bytes = 64},
                                               {.type = DB_TEXT, .max_bytes = 254},
                                               {.type = DB_TEXT, .max_bytes = 200},
                                               {.type = DB_TEXT, .max_bytes = 2}};
    static const struct db_column item[] = {{.type = DB_INT},
                                            {.type = DB_TEXT, .max_bytes = 400},
                                            {.type = DB_INT},
                                            {.type = DB_DECIMAL}};
    const bool is_invented = strcmp(platform->name, "invented") == 0;
    for (int i = 1; i <= 4; i++) {
        char order_id[16], email[40], name[40];
        struct db_kept kept = {0};
        struct db_error error;
        snprintf(order_id, sizeof(order_id), "ORD-%06d", i);
        snprintf(email, sizeof(email), "customer%d@example.com", i);
        /* The invented platform has two columns, and English puts the family's name last. */
        snprintf(name, sizeof(name), is_invented && i % 2 == 0 ? "%d 고객" : "고객 %d", i);
        const struct db_value values[] = {db_text(order_id)};
        assert_int_equal(
            db_run_values(function,
                          "SELECT order_id, email, name, language FROM webhook_contacts WHERE "
                          "order_id = ?",
                          contact, COUNT(contact), values, 1, &kept, NULL, &error),
            SVC_OK);
        assert_int_equal(kept.rows, 1);
        assert_string_equal(kept.texts[0][1], email);
        assert_string_equal(kept.texts[0][2], name);
        assert_string_equal(kept.texts[0][3], i % 2 == 0 ? "en" : "ko");
        db_forget_rows(&kept);
        assert_int_equal(
            db_run_values(function,
                          "SELECT position, name, quantity, price_won FROM webhook_items WHERE "
                          "order_id = ? ORDER BY position",
                          item, COUNT(item), values, 1, &kept, NULL, &error),
            SVC_OK);
        assert_int_equal(kept.rows, i % 2 == 0 ? 2 : 1);
        int64_t sum = 0;
        for (size_t row = 0; row < kept.rows; row++) {
            sum += kept.values[row][2].integer * kept.values[row][3].integer;
        }
        assert_int_equal(sum, expected_total(i));
        snprintf(name, sizeof(name), "상품 %d", 1 + i % 5);
        assert_string_equal(kept.texts[0][1], name);
        db_forget_rows(&kept);
    }
}

/* ---------------------------------------------------------------------- locking */

static void a_read_order_is_locked_alone(void **state) {
    (void)state;
    static const struct db_column id[] = {{.type = DB_TEXT, .max_bytes = 64}};
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(db_begin(function, NULL, &error), SVC_OK);
    assert_int_equal(read_order(function, "ORD-000005", &kept, &error), SVC_OK);
    db_forget_rows(&kept);
    const struct db_value same[] = {db_text("ORD-000005")};
    assert_int_equal(db_run_values(rival,
                                   "SELECT order_id FROM webhook_orders WHERE order_id = ? FOR "
                                   "UPDATE NOWAIT",
                                   id, 1, same, 1, &kept, NULL, &error),
                     SVC_TIMED_OUT);
    assert_int_equal(error.fault, DB_FAULT_LOCK_WAIT);
    /* All others are free. */
    assert_int_equal(db_number(rival, "SELECT COUNT(*) FROM webhook_orders FOR UPDATE SKIP LOCKED"),
                     ORDERS - 1);
    /* The platform goes on: other orders, and customers. */
    db_sql(&f, "SET SESSION innodb_lock_wait_timeout = 0");
    db_sql(&f, "%s", platform->change_order_6);
    db_sql(&f, "%s", platform->customers);
    assert_int_equal(db_commit(function, &error), SVC_OK);
    assert_int_equal(db_run_values(rival,
                                   "SELECT order_id FROM webhook_orders WHERE order_id = ? FOR "
                                   "UPDATE NOWAIT",
                                   id, 1, same, 1, &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.rows, 1);
    db_forget_rows(&kept);
}

/* Where the platform compares without case, so do its views: the id comes back as the platform has
 * it. The key is used, prepared or not. */
static void an_order_is_found_by_the_platforms_key(void **state) {
    (void)state;
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(read_order(function, "ord-000005", &kept, &error), SVC_OK);
    assert_int_equal(kept.rows, 1);
    assert_string_equal(kept.texts[0][0], "ORD-000005");
    db_forget_rows(&kept);
    char expected[64];
    snprintf(expected, sizeof(expected), "1\tSIMPLE\t%s\tconst\t", platform->explained);
    const char *plan =
        db_sql(&f, "PREPARE s FROM 'EXPLAIN SELECT order_id, total_won, payment_state FROM "
                   "webhook_orders WHERE order_id = ? FOR UPDATE'; SET @id = 'ORD-000005'; "
                   "EXECUTE s USING @id");
    assert_memory_equal(plan, expected, strlen(expected));
    assert_non_null(strstr(db_sql(&f, "EXPLAIN SELECT * FROM webhook_items WHERE order_id = "
                                      "'ORD-000005'"),
                           "\to\tconst\t"));
    assert_non_null(strstr(db_sql(&f, "EXPLAIN SELECT * FROM webhook_contacts WHERE order_id = "
                                      "'ORD-000005'"),
                           "\to\tconst\t"));
}

/* ---------------------------------------------------------------------- storing */

static enum svc_status store_payment(const char *order_id, const struct payment_case *payment,
                                     struct db_error *error) {
    const struct db_value values[] = {
        db_text(order_id),
        db_text(payment->state),
        db_int(payment->paid_won),
        db_int(payment->refunded_won),
        db_text("card"),
        db_text("tx-1"),
        payment->paid_won > 0 ? db_time(PAID_US) : db_null(),
    };
    return db_run_values(function, "CALL webhook_store_payment(?, ?, ?, ?, ?, ?, ?)", NULL, 0,
                         values, COUNT(values), NULL, NULL, error);
}

static enum svc_status store_parcel(const char *order_id, const struct shipping_case *parcel,
                                    struct db_error *error) {
    const struct db_value values[] = {db_text(order_id), db_text(parcel->state),
                                      db_text(parcel->number), db_text("CJ"), db_time(PAID_US)};
    return db_run_values(function, "CALL webhook_store_shipping(?, ?, ?, ?, ?)", NULL, 0, values,
                         COUNT(values), NULL, NULL, error);
}

static void payments_reach_the_platforms_own_columns(void **state) {
    (void)state;
    struct db_error error;
    for (size_t i = 0; platform->payments[i].state != NULL; i++) {
        const struct payment_case *payment = &platform->payments[i];
        assert_int_equal(db_begin(function, NULL, &error), SVC_OK);
        assert_int_equal(store_payment("ORD-000005", payment, &error), SVC_OK);
        assert_int_equal(db_commit(function, &error), SVC_OK);
        assert_string_equal(db_sql(&f, "%s", platform->payment), payment->expected);
        /* And back through the view. */
        struct db_kept kept = {0};
        assert_int_equal(read_order(function, "ORD-000005", &kept, &error), SVC_OK);
        assert_int_equal(kept.values[0][1].integer, 10500);
        assert_string_equal(kept.texts[0][2], payment->state);
        db_forget_rows(&kept);
    }
    assert_string_equal(
        db_sql(&f, "SELECT COUNT(*) FROM webhook_orders WHERE payment_state <> 'unpaid'"), "1");
    const struct payment_case unknown = {"no such state", 0, 0, NULL};
    assert_int_equal(store_payment("ORD-000005", &unknown, &error), SVC_REJECTED);
}

static void parcels_reach_the_platforms_own_columns(void **state) {
    (void)state;
    struct db_error error;
    for (size_t i = 0; platform->parcels[i].state != NULL; i++) {
        const struct shipping_case *parcel = &platform->parcels[i];
        assert_int_equal(db_begin(function, NULL, &error), SVC_OK);
        assert_int_equal(store_parcel("ORD-000007", parcel, &error), SVC_OK);
        assert_int_equal(db_commit(function, &error), SVC_OK);
        assert_string_equal(db_sql(&f, "%s", platform->shipping), parcel->expected);
    }
}

static void procedures_take_part_in_the_transaction(void **state) {
    (void)state;
    const struct payment_case paid = {"paid", 11100, 0, NULL};
    const struct shipping_case left = {"in_transit", "T-9", NULL};
    struct db_error error;
    char before[1024];
    db_do(function, "INSERT INTO outbox (message_id, created_at) VALUES ('before', NOW())");
    snprintf(before, sizeof(before), "%s", db_sql(&f, "CHECKSUM TABLE `%s`", platform->explained));
    assert_int_equal(db_begin(function, NULL, &error), SVC_OK);
    db_do(function, "INSERT INTO outbox (message_id, created_at) VALUES ('inside', NOW())");
    assert_int_equal(store_payment("ORD-000011", &paid, &error), SVC_OK);
    assert_int_equal(store_parcel("ORD-000011", &left, &error), SVC_OK);
    db_rollback(function);
    assert_string_equal(db_sql(&f, "CHECKSUM TABLE `%s`", platform->explained), before);
    assert_string_equal(db_sql(&f, "SELECT message_id FROM outbox"), "before");
}

/* ---------------------------------------------------------------------- rights */

/* The kinds of statements that the store, the outbox, the purge, the reconciliation and
 * unsubscribing make of the module's own tables. */
static void the_functions_account_can_do_its_work(void **state) {
    (void)state;
    static const char *const work[] = {
        "INSERT INTO inbox VALUES ('toss', 'key', 'ORD-1', 'request', NOW())",
        "DELETE FROM inbox WHERE received_at < NOW() + INTERVAL 1 DAY ORDER BY received_at LIMIT 1",
        "INSERT INTO order_states (order_id, payment_state, updated_at) VALUES ('1', 'paid', "
        "NOW())",
        "UPDATE order_states SET payment_state = 'cancelled' WHERE order_id = '1'",
        "INSERT INTO order_parcels VALUES ('1', '', 'preparing', NULL, NOW())",
        "UPDATE order_parcels SET carrier = COALESCE('CJ', carrier) WHERE order_id = '1'",
        "DELETE FROM order_parcels WHERE order_id = '1' AND tracking_number = ''",
        "INSERT INTO order_refunds VALUES ('1', 'r', 'pending', 5, NULL, NULL, NOW())",
        "UPDATE order_refunds SET state = 'completed' WHERE order_id = '1'",
        "INSERT INTO order_history (order_id, sender, event_key, subject, subject_id, event, "
        "outcome, "
        "state_before, state_after, received_at) VALUES ('1', 's', 'k', 'payment', '', 'e', "
        "'moved', "
        "'a', 'b', NOW())",
        "INSERT INTO outbox (message_id, created_at) VALUES ('work', NOW())",
        "UPDATE outbox SET attempts = attempts + 1 WHERE message_id = 'work'",
        "DELETE FROM outbox WHERE created_at < NOW() + INTERVAL 1 DAY AND message_id = 'work'",
        "INSERT INTO payouts VALUES ('p', 'r', 's', 'held', 5, NOW(), NOW()) ON DUPLICATE KEY "
        "UPDATE "
        "payout_id = payouts.payout_id",
        "UPDATE payouts SET state = 'paid' WHERE payout_id = 'p'",
        "INSERT INTO unsubscribes (email, source, created_at) VALUES ('a@b.c', 'page', NOW()) ON "
        "DUPLICATE KEY UPDATE id = id",
    };
    for (size_t i = 0; i < COUNT(work); i++) {
        db_do(function, work[i]);
    }
    assert_int_equal(db_number(function,
                               "SELECT COUNT(*) FROM order_states s JOIN order_history h ON "
                               "h.order_id = s.order_id JOIN webhook_orders o FOR UPDATE"),
                     ORDERS);
}

static void the_functions_account_can_do_nothing_else(void **state) {
    (void)state;
    char direct[160], change[] = "UPDATE webhook_orders SET total_won = 1";
    snprintf(direct, sizeof(direct), "SELECT 1 FROM `%s` LIMIT 1", platform->explained);
    const char *const refused[] = {
        direct,
        change,
        "DELETE FROM webhook_orders",
        "INSERT INTO webhook_contacts (email) VALUES ('x')",
        "DELETE FROM order_history",
        "UPDATE order_history SET event = 'x'",
        "CREATE TABLE more (id INT)",
        "DROP TABLE inbox",
        "DROP VIEW webhook_orders",
        "DROP PROCEDURE webhook_store_payment",
        "SELECT 1 FROM service_migrations",
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct db_error error;
        const struct db_statement statement = {.sql = refused[i]};
        const struct db_query query = {.statement = &statement};
        assert_int_equal(db_run(function, &query, NULL, &error), SVC_ACCESS_DENIED);
        assert_int_equal(error.fault, DB_FAULT_PRIVILEGE);
    }
}

/* ---------------------------------------------------------------------- the list */

static void platforms_are_listed_and_found_by_name(void **state) {
    (void)state;
    size_t own = 0, count = 0;
    assert_string_equal(webhook_platform_name(0), "camel_case");
    assert_string_equal(webhook_platform_name(1), "snake_case");
    assert_string_equal(webhook_platform_name(2), "invented");
    assert_null(webhook_platform_name(3));
    assert_null(webhook_platform_name(SIZE_MAX));
    struct db_migration *migrations = webhook_migrations("", &own);
    assert_non_null(migrations);
    assert_string_equal(migrations[0].name, "0001_inbox");
    for (size_t i = 0; i < own; i++) {
        assert_int_equal(migrations[i].kind, DB_MIGRATION_ONCE);
    }
    free(migrations);
    migrations = webhook_migrations("invented", &count);
    assert_int_equal(count, own + 5);
    assert_string_equal(migrations[own].name, "mapping/01_webhook_orders");
    assert_int_equal(migrations[own].kind, DB_MIGRATION_REPEATABLE);
    free(migrations);
    assert_null(webhook_migrations("nobody", &count));
    assert_int_equal(count, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest lists[] = {cmocka_unit_test(platforms_are_listed_and_found_by_name)};
    const struct CMUnitTest tests[] = {
        TEST(orders_are_read_with_exact_amounts),
        TEST(contacts_and_items_are_read),
        TEST(amounts_that_are_not_whole_won_are_refused),
        TEST(a_read_order_is_locked_alone),
        TEST(an_order_is_found_by_the_platforms_key),
        TEST(payments_reach_the_platforms_own_columns),
        TEST(parcels_reach_the_platforms_own_columns),
        TEST(procedures_take_part_in_the_transaction),
        TEST(the_functions_account_can_do_its_work),
        TEST(the_functions_account_can_do_nothing_else),
    };
    int failed = cmocka_run_group_tests(lists, NULL, NULL);
    if (!start()) {
        return 1;
    }
    failed += cmocka_run_group_tests_name("snake_case", tests, load_first, NULL);
    failed += cmocka_run_group_tests_name("camel_case", tests, load_second, NULL);
    failed += cmocka_run_group_tests_name("invented", tests, load_third, NULL);
    stop();
    return failed;
}
