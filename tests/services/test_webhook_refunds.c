/* The platforms' own refunds, kept in step by their procedure webhook_store_payment: the settlement
 * reads them. By accounts with the documented rights. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/services/platforms/platform.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct db_fixture f;
static struct db *function;

struct platform {
    const char *name;
    /* Refunds of order 3 by the platform: 100 won completed, 300 in work, 300 asked for. */
    const char *enter;
    const char *complete; /* an UPDATE of the second of them: completed now */
    /* Those of order 3: of a line, amount, completed, of this minute. */
    const char *refunds;
};

static const struct platform platforms[] = {
    {
        .name = "snake_case",
        .enter = "DELETE FROM refunds; INSERT INTO refunds (order_id, order_item_id, amount, "
                 "status, processed_at) "
                 "SELECT 3, id, 100, 'completed', '2026-01-05' FROM order_items WHERE order_id = "
                 "3; INSERT INTO "
                 "refunds (order_id, order_item_id, amount, status) SELECT 3, id, 300, "
                 "'processing' FROM order_items "
                 "WHERE order_id = 3; INSERT INTO refunds (order_id, amount, status) VALUES (3, "
                 "300, 'pending')",
        .complete = "UPDATE refunds SET status = 'completed', processed_at = UTC_TIMESTAMP() WHERE "
                    "order_id = 3 AND "
                    "status = 'processing'",
        .refunds = "SELECT order_item_id IS NOT NULL, amount + 0e0, status = 'completed', "
                   "COALESCE(ABS(TIMESTAMPDIFF("
                   "SECOND, processed_at, UTC_TIMESTAMP())) < 60, 0) FROM refunds WHERE order_id = "
                   "3 ORDER BY id",
    },
    {
        .name = "camel_case",
        .enter = "DELETE FROM Refund; INSERT INTO Refund (id, orderId, orderItemId, amount, "
                 "status, processedAt) VALUES "
                 "('!1', 'order-3', 'item-3-1', 100, 'COMPLETED', '2026-01-05'), ('!2', 'order-3', "
                 "'item-3-1', 300, "
                 "'PROCESSING', NULL), ('!3', 'order-3', NULL, 300, 'REQUESTED', NULL)",
        .complete = "UPDATE Refund SET status = 'COMPLETED', processedAt = UTC_TIMESTAMP(3) WHERE "
                    "id = '!2'",
        .refunds = "SELECT orderItemId IS NOT NULL, amount, status = 'COMPLETED', "
                   "COALESCE(ABS(TIMESTAMPDIFF(SECOND, "
                   "processedAt, UTC_TIMESTAMP())) < 60, 0) FROM Refund WHERE orderId = 'order-3' "
                   "ORDER BY "
                   "LEFT(id, 1) <> '!', id",
    },
    {
        .name = "invented",
        .enter = "DELETE FROM TB_RFND; INSERT INTO TB_RFND (ORD_SEQ, LINE_NO, RFND_AMT, RFND_STS, "
                 "RFND_DT) VALUES (3, 1, "
                 "100, 2, '2026-01-05'), (3, 1, 300, 1, NULL), (3, NULL, 300, 0, NULL)",
        .complete = "UPDATE TB_RFND SET RFND_STS = 2, RFND_DT = UTC_TIMESTAMP() + INTERVAL 9 HOUR "
                    "WHERE ORD_SEQ = 3 AND "
                    "RFND_STS = 1",
        .refunds = "SELECT LINE_NO IS NOT NULL, RFND_AMT + 0e0, RFND_STS = 2, "
                   "COALESCE(ABS(TIMESTAMPDIFF(SECOND, RFND_DT, "
                   "UTC_TIMESTAMP() + INTERVAL 9 HOUR)) < 60, 0) FROM TB_RFND WHERE ORD_SEQ = 3 "
                   "ORDER BY RFND_SEQ",
    },
};

/* ---------------------------------------------------------------------- set-up */

static const struct platform *platform;

static bool start(void) {
    if (!db_fixture_start(&f)) {
        return false;
    }
    db_sql(&f, "CREATE USER webhook_migration@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'; "
               "CREATE USER webhook@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'");
    return true;
}

static int load(const struct platform *next) {
    platform = next;
    platform_load(&f, platform->name, 10);
    db_sql(&f, "source services/webhook/sql/rights/1_migration.sql");
    db_secrets_reset(&f, false);
    f.secrets.user = "webhook_migration";
    struct db *migration = db_of(&f);
    platform_migrate(migration, platform->name);
    db_destroy(migration);
    db_sql(&f, "source services/webhook/sql/rights/2_function.sql");
    f.secrets.user = "webhook";
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

static enum svc_status store(const char *order_id, int64_t paid_won, int64_t refunded_won) {
    const struct db_value values[] = {db_text(order_id),
                                      db_text(refunded_won < paid_won ? "paid" : "cancelled"),
                                      db_int(paid_won),
                                      db_int(refunded_won),
                                      db_text("card"),
                                      db_text("tx-1"),
                                      db_time(INT64_C(1770091506789000))};
    struct db_error error;
    return db_run_values(function, "CALL webhook_store_payment(?, ?, ?, ?, ?, ?, ?)", NULL, 0,
                         values, COUNT(values), NULL, NULL, &error);
}

/* ---------------------------------------------------------------------- */

/* The difference to the sum completes a refund in work of that amount, or becomes a refund of the
 * whole order. The same sum again, or a lower one, changes nothing. */
static void refunds_follow_the_sum(void **state) {
    (void)state;
    static const struct {
        int64_t refunded_won;
        const char *expected;
    } steps[] = {
        {0, "1\t100\t1\t0|1\t300\t0\t0|0\t300\t0\t0"},
        {100, "1\t100\t1\t0|1\t300\t0\t0|0\t300\t0\t0"},
        {400, "1\t100\t1\t0|1\t300\t1\t1|0\t300\t0\t0"},
        {400, "1\t100\t1\t0|1\t300\t1\t1|0\t300\t0\t0"},
        {650, "1\t100\t1\t0|1\t300\t1\t1|0\t300\t0\t0|0\t250\t1\t1"},
        {500, "1\t100\t1\t0|1\t300\t1\t1|0\t300\t0\t0|0\t250\t1\t1"},
        {950, "1\t100\t1\t0|1\t300\t1\t1|0\t300\t1\t1|0\t250\t1\t1"},
    };
    db_sql(&f, "%s", platform->enter);
    for (size_t i = 0; i < COUNT(steps); i++) {
        assert_int_equal(store("ORD-000003", 10300, steps[i].refunded_won), SVC_OK);
        assert_string_equal(db_sql(&f, "%s", platform->refunds), steps[i].expected);
    }
    /* The refund of another order is another one. */
    assert_int_equal(store("ORD-000004", 15400, 15400), SVC_OK);
    assert_string_equal(db_sql(&f, "%s", platform->refunds), steps[COUNT(steps) - 1].expected);
}

static void a_refund_goes_back_with_its_transaction(void **state) {
    (void)state;
    struct db_error error;
    db_sql(&f, "%s", platform->enter);
    assert_int_equal(db_begin(function, NULL, &error), SVC_OK);
    assert_int_equal(store("ORD-000003", 10300, 250), SVC_OK);
    db_rollback(function);
    assert_string_equal(db_sql(&f, "%s", platform->refunds),
                        "1\t100\t1\t0|1\t300\t0\t0|0\t300\t0\t0");
}

/* The server renews that table only if it was not read for 100 ms. */
static void await_lock_wait(void) {
    const char *waiting = "0";
    for (int tries = 0; tries < 15 && waiting[0] == '0'; tries++) {
        svc_sleep_ms(svc_clock_system(), 150);
        waiting = db_sql(
            &f, "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'");
    }
    assert_string_equal(waiting, "1");
}

static void *store_400(void *status) {
    *(enum svc_status *)status = store("ORD-000003", 10300, 400);
    return NULL;
}

/* The platform completes its refund itself, and commits while the event is stored: it is counted.
 */
static void a_refund_that_is_being_completed_is_counted(void **state) {
    (void)state;
    enum svc_status status = SVC_INTERNAL;
    pthread_t thread;
    db_sql(&f, "%s", platform->enter);
    db_sql(&f, "BEGIN");
    db_sql(&f, "%s", platform->complete);
    assert_int_equal(pthread_create(&thread, NULL, store_400, &status), 0);
    await_lock_wait();
    db_sql(&f, "COMMIT");
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status, SVC_OK);
    assert_string_equal(db_sql(&f, "%s", platform->refunds),
                        "1\t100\t1\t0|1\t300\t1\t1|0\t300\t0\t0");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refunds_follow_the_sum),
        cmocka_unit_test(a_refund_goes_back_with_its_transaction),
        cmocka_unit_test(a_refund_that_is_being_completed_is_counted),
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
