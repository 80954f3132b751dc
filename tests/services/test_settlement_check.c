/* The reconciliation check over plain tables: payments recorded against the lines of their orders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/check.h"
#include "tests/services/settlement_lines_support.h"

static char differences[4096];

static enum svc_status take_difference(void *user, const struct settle_difference *difference,
                                       struct svc_error *why) {
    const size_t used = strlen(differences);
    (void)user;
    (void)why;
    snprintf(differences + used, sizeof(differences) - used, "%s %lld/%lld %lld/%lld%s|",
             difference->order_id, (long long)difference->paid_won,
             (long long)difference->settled_paid_won, (long long)difference->refunded_won,
             (long long)difference->settled_refunded_won,
             difference->failure[0] != '\0' ? " refused" : "");
    return SVC_OK;
}

static void test_the_check_lists_differences(void **state) {
    (void)state;
    struct settle_period period;
    struct settle_check_counts check = {0};
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT "
               "seq %% 3, "
               "CONCAT('ORD-', LPAD(seq, 4, '0')), '1', '2026-08-01', 1000 FROM shop.seq_1_to_120");
    db_sql(&f, "INSERT INTO shop.settlement_payments SELECT CONCAT('ORD-', LPAD(seq, 4, '0')), "
               "'2026-08-01', 1000, "
               "NULL FROM shop.seq_1_to_120");
    assert_int_equal(settle_period_parse("2026-08", NOW_MS, &period, NULL), SVC_OK);
    differences[0] = '\0';
    assert_int_equal(
        settle_check_payments(db, &rules, &period, take_difference, NULL, &check, &error), SVC_OK);
    assert_string_equal(differences, "");
    assert_int_equal(check.orders, 120);
    assert_int_equal(check.settled_paid_won, 120000);
    refund("1", "ORD-0001", "1", "r", "2026-08-04 00:00:00", 300);
    refund("2", "ORD-0002", "1", "r", "2026-09-04 00:00:00", 300); /* later */
    refund("0", "ORD-0003", "1", "r", "2026-08-04 00:00:00", 1001);
    db_sql(&f, "UPDATE shop.settlement_payments SET paid_won = 999 WHERE order_id = 'ORD-0060'");
    db_sql(&f, "INSERT INTO shop.settlement_payments VALUES ('ORD-9999', '2026-08-01', 5, 0)");
    assert_int_equal(
        settle_check_payments(db, &rules, &period, take_difference, NULL, &check, &error), SVC_OK);
    assert_string_equal(differences, "ORD-0001 1000/1000 0/300|ORD-0003 1000/0 0/0 refused|"
                                     "ORD-0060 999/1000 0/0|ORD-9999 5/0 0/0|");
    assert_int_equal(check.differences, 4);
    db_sql(&f, "UPDATE shop.settlement_payments SET paid_won = 0.5 WHERE order_id = 'ORD-0060'");
    differences[0] = '\0';
    assert_int_equal(
        settle_check_payments(db, &rules, &period, take_difference, NULL, &check, &error), SVC_OK);
    assert_non_null(strstr(differences, "ORD-0060 0/1000 0/0 refused|"));
}

/* Pages of 50 end between two ids that the collation takes for one; an amount in a FLOAT column is
 * exact; what is broken after the period's end does not matter. */
static void test_the_check_leaves_no_order_out(void **state) {
    (void)state;
    struct settle_period period;
    struct settle_check_counts check = {0};
    db_sql(&f, "ALTER TABLE shop.settlement_payments MODIFY paid_won FLOAT");
    db_sql(&f, "INSERT INTO shop.lines (seller_id, order_id, item_id, settled_at, list_won) SELECT "
               "'1', CONCAT(IF(seq %% 2, 'a', 'A'), LPAD(seq DIV 2, 4, '0')), '1', '2026-08-01', "
               "1234567 FROM shop.seq_1_to_260");
    db_sql(&f, "INSERT INTO shop.settlement_payments SELECT order_id, settled_at, list_won, 0 FROM "
               "shop.lines");
    refund("1", "a0000", "1", "r", "2026-09-04 00:00:00", 99999999);
    assert_int_equal(settle_period_parse("2026-08", NOW_MS, &period, NULL), SVC_OK);
    for (int64_t orders = 260; orders >= 259; orders--) {
        differences[0] = '\0';
        assert_int_equal(
            settle_check_payments(db, &rules, &period, take_difference, NULL, &check, &error),
            SVC_OK);
        assert_string_equal(differences, "");
        assert_int_equal(check.orders, orders);
        assert_int_equal(check.settled_paid_won, orders * 1234567);
        db_sql(&f, "DELETE FROM shop.settlement_payments WHERE order_id = 'a0000'");
    }
    db_sql(&f, "ALTER TABLE shop.settlement_payments MODIFY paid_won DOUBLE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_check_lists_differences, fresh),
        cmocka_unit_test_setup(test_the_check_leaves_no_order_out, fresh),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
