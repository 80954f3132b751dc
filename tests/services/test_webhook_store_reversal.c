/* Deposits into virtual accounts that the provider takes back. */
#include "tests/services/webhook_store_support.h"

static struct webhook_change reversal(const char *key, const struct webhook_step *step,
                                      int64_t asked_ms) {
    struct webhook_change change = change_of(key, step, 1);
    change.sender = "toss";
    change.asked_ms = asked_ms;
    return change;
}

static void a_waiting_deposit_of_an_unpaid_order_is_pending(void **state) {
    (void)state;
    const struct webhook_step step = pay(WEBHOOK_ON_DEPOSIT_REVERSED, 5000);
    const struct webhook_change change = reversal("d1", &step, NOW_MS);
    assert_int_equal(stored_of(&change).step_outcome, WEBHOOK_MOVED);
    assert_sql("pending\tunpaid\tpending",
               "SELECT event, state_before, state_after FROM order_history");
}

static void a_reversal_waits_until_it_cannot_be_overtaken(void **state) {
    (void)state;
    const struct webhook_step step = pay(WEBHOOK_ON_DEPOSIT_REVERSED, 5000);
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    struct webhook_change change = reversal("d1", &step, NOW_MS + WEBHOOK_REVERSAL_AFTER_MS - 1);
    assert_change_refused(&change, WEBHOOK_STORED_TOO_EARLY);
    change.asked_ms = 0; /* nobody was asked: no signature can reverse a payment */
    assert_change_refused(&change, WEBHOOK_STORED_IMPOSSIBLE);
    /* What else happens to the order meanwhile does not matter. */
    wall.wall_ms += 1000;
    one("s1", ship(WEBHOOK_ON_PREPARING, ""));
    change.asked_ms = NOW_MS + WEBHOOK_REVERSAL_AFTER_MS;
    const struct webhook_stored stored = stored_of(&change);
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.effects, 0);
    assert_sql("pending\t0\tNULL", "SELECT payment_state, paid_won, paid_at FROM order_states");
    assert_sql("deposit_reversed\tpaid\tpending",
               "SELECT event, state_before, state_after FROM order_history WHERE event_key = 'd1'");
    assert_sql("pending\t0", "SELECT pay, paid FROM orders");
    /* The deposit comes after all: paid, but the confirmation was sent before. */
    const struct webhook_stored again = one("p2", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(again.step_outcome, WEBHOOK_MOVED);
    assert_int_equal(again.mail_count, 0);
    assert_sql("1", "SELECT COUNT(*) FROM outbox");
}

/* Toss's lastTransactionKey may be the same before a deposit and after its reversal. */
static void states_of_a_virtual_account_return_with_their_keys(void **state) {
    (void)state;
    const struct webhook_step waiting = pay(WEBHOOK_ON_DEPOSIT_REVERSED, 5000);
    const struct webhook_step deposit = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    for (int round = 0; round < 3; round++) {
        struct webhook_change change = reversal("waiting", &waiting, wall.wall_ms);
        assert_int_equal(stored_of(&change).outcome, WEBHOOK_STORED);
        assert_int_equal(stored_of(&change).outcome, WEBHOOK_STORED_BEFORE);
        change = reversal("deposit", &deposit, wall.wall_ms - 1);
        wall.wall_ms += 10;
        assert_change_refused(&change, WEBHOOK_STORED_TOO_EARLY);
        change.asked_ms = wall.wall_ms;
        assert_int_equal(stored_of(&change).outcome, WEBHOOK_STORED);
        assert_int_equal(stored_of(&change).outcome, WEBHOOK_STORED_BEFORE);
        assert_sql("paid\t5000", "SELECT payment_state, paid_won FROM order_states");
        change = reversal("waiting", &waiting, wall.wall_ms);
        assert_change_refused(&change, WEBHOOK_STORED_TOO_EARLY);
        wall.wall_ms += WEBHOOK_REVERSAL_AFTER_MS;
    }
    assert_sql("6\t6", "SELECT COUNT(*), (SELECT COUNT(*) FROM order_history) FROM inbox");
    assert_sql("1", "SELECT COUNT(*) FROM outbox");
}

static void a_reversal_of_shipped_goods_is_an_alarm(void **state) {
    (void)state;
    const struct webhook_step step = pay(WEBHOOK_ON_DEPOSIT_REVERSED, 5000);
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111"));
    const struct webhook_change change = reversal("d1", &step, NOW_MS + WEBHOOK_REVERSAL_AFTER_MS);
    assert_int_equal(stored_of(&change).effects, WEBHOOK_ALARM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_waiting_deposit_of_an_unpaid_order_is_pending),
        STORE_TEST(a_reversal_waits_until_it_cannot_be_overtaken),
        STORE_TEST(states_of_a_virtual_account_return_with_their_keys),
        STORE_TEST(a_reversal_of_shipped_goods_is_an_alarm),
    };
    return cmocka_run_group_tests(tests, store_start, store_stop);
}
