/* An event's transaction: every outcome, what it stores, and how many statements it takes. */
#include "tests/services/webhook_store_support.h"

/* ---------------------------------------------------------------------- a payment */

static void a_payment_is_stored_with_all_its_effects(void **state) {
    (void)state;
    const struct webhook_stored stored = one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.step_outcome, WEBHOOK_MOVED);
    assert_int_equal(stored.effects, WEBHOOK_MAIL_CONFIRMATION);
    assert_int_equal(stored.mail_count, 1);
    assert_int_equal(stored.mails_not_made, 0);
    assert_sql("platform\tp1\tORD-1\trequest-1\t2026-09-21 14:13:20.000000", "SELECT * FROM inbox");
    assert_sql("ORD-1\tpaid\t5000\t0\t0\tcard\tT-1\t2026-09-21 14:13:15.000000\tplatform\t"
               "2026-09-21 14:13:20.000000\t2026-09-21 14:13:20.000000",
               "SELECT * FROM order_states");
    assert_sql("ORD-1\tplatform\tp1\tpayment\t\tcompleted\tmoved\tunpaid\tpaid\t5000\tNULL\t"
               "2026-09-21 14:13:15.000000\t2026-09-21 14:13:20.000000",
               "SELECT order_id, sender, event_key, subject, subject_id, event, outcome, "
               "state_before, state_after, amount_won, detail, happened_at, received_at FROM "
               "order_history");
    assert_sql("paid\t5000\t0\tcard\tT-1\t2026-09-21 14:13:15.000000\t1\t0",
               "SELECT pay, paid, refunded, method, transaction_ref, paid_at, pay_calls, "
               "ship_calls FROM orders");
    /* Claimed for this invocation, for as long as it lives. */
    assert_sql("order-ORD-1-paid\tORD-1\t0\t1\t2026-09-21 14:14:20.000000",
               "SELECT message_id, order_id, attempts, sent_at IS NULL, claimed_until FROM outbox");
    assert_int_equal(stored.mails[0], atoi(db_sql(&f, "SELECT id FROM outbox")));
    assert_sql("{\"template\":\"ORDER_CONFIRMATION\",\"toEmail\":\"canary-buyer@example.com\","
               "\"language\":\"en\",\"messageId\":\"order-ORD-1-paid\",\"data\":{\"customerName\":"
               "\"canary \u91d1\",\"orderNumber\":\"ORD-1\",\"items\":[{\"name\":\"hat\","
               "\"quantity\":2,\"price\":1000},{\"name\":\"scarf\",\"quantity\":1,\"price\":3000}],"
               "\"totalAmount\":5000}}",
               "SELECT JSON_COMPACT(body) FROM outbox");
}

static void a_repeat_changes_nothing(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    char *before = all_tables();
    /* Even if its body is another one: the id decides. */
    const struct webhook_stored again = one("p1", pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000));
    assert_int_equal(again.outcome, WEBHOOK_STORED_BEFORE);
    assert_int_equal(again.mail_count, 0);
    assert_int_equal(again.effects, 0);
    char *after = all_tables();
    assert_string_equal(after, before);
    free(before);
    free(after);
}

/* Another event that reports the same: in the history, without effect. */
static void a_second_report_is_history(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    const struct webhook_stored again = one("p2", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(again.outcome, WEBHOOK_STORED);
    assert_int_equal(again.step_outcome, WEBHOOK_REPEATED);
    assert_int_equal(again.mail_count, 0);
    assert_sql("2", "SELECT COUNT(*) FROM inbox");
    assert_sql("p1\tmoved|p2\trepeated",
               "SELECT event_key, outcome FROM order_history ORDER BY id");
    assert_sql("1", "SELECT COUNT(*) FROM outbox");
    assert_sql("1", "SELECT pay_calls FROM orders");
}

static void a_state_never_goes_back(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(one("p2", pay(WEBHOOK_ON_PAYMENT_PENDING, 5000)).step_outcome, WEBHOOK_LATE);
    assert_int_equal(one("p3", pay(WEBHOOK_ON_PAYMENT_FAILED, 5000)).step_outcome, WEBHOOK_LATE);
    assert_sql("paid\tcard\tT-1",
               "SELECT payment_state, payment_method, transaction_id FROM order_states");
    assert_sql(
        "p1\tmoved\tunpaid\tpaid|p2\tlate\tpaid\tpaid|p3\tlate\tpaid\tpaid",
        "SELECT event_key, outcome, state_before, state_after FROM order_history ORDER BY id");
    assert_sql("1", "SELECT pay_calls FROM orders");
}

/* ---------------------------------------------------------------------- refusals */

static void refuse_one(const char *key, struct webhook_step step,
                       enum webhook_stored_outcome expected) {
    const struct webhook_change change = change_of(key, &step, 1);
    assert_change_refused(&change, expected);
}

static void an_order_that_the_platform_lacks_is_refused(void **state) {
    (void)state;
    const struct webhook_step step = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    /* The platform's collation takes the second and third for ORD-1. */
    static const char *const ids[] = {"ORD-2", "ord-1", "\u00d3RD-1", "ORD-1 ", ""};
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct webhook_change change = change_of("p1", &step, 1);
        change.order_id = ids[i];
        assert_change_refused(&change, WEBHOOK_STORED_NO_ORDER);
    }
    assert_sql("1", "SELECT COUNT(*) FROM webhook_orders WHERE order_id = 'ord-1'");
}

static void another_amount_is_a_conflict(void **state) {
    (void)state;
    refuse_one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 4999), WEBHOOK_STORED_CONFLICT);
    refuse_one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 0), WEBHOOK_STORED_CONFLICT);
    /* The corrected event comes with the same id, and is stored. */
    assert_int_equal(one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000)).outcome, WEBHOOK_STORED);
    refuse_one("r1", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 5001), WEBHOOK_STORED_CONFLICT);
}

static void goods_of_an_unpaid_order_do_not_leave(void **state) {
    (void)state;
    refuse_one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111"), WEBHOOK_STORED_IMPOSSIBLE);
    refuse_one("r1", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 10), WEBHOOK_STORED_IMPOSSIBLE);
    assert_sql("0", "SELECT COUNT(*) FROM order_states");
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111")).outcome, WEBHOOK_STORED);
}

static void a_change_is_stored_whole_or_not_at_all(void **state) {
    (void)state;
    const struct webhook_step steps[] = {pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000),
                                         refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 3000),
                                         refund(WEBHOOK_ON_REFUND_COMPLETED, "R-2", 2001)};
    const struct webhook_change change = change_of("c1", steps, 3);
    assert_change_refused(&change, WEBHOOK_STORED_CONFLICT);
    const struct webhook_change part = change_of("c1", steps, 2);
    assert_int_equal(stored_of(&part).outcome, WEBHOOK_STORED);
    struct webhook_stored stored;
    struct db_error error;
    const struct webhook_change none = change_of("c2", steps, 0);
    assert_int_equal(webhook_store_change(&store, &none, &stored, &error), SVC_INVALID_ARGUMENT);
    const struct webhook_step mixed[] = {steps[1], ship(WEBHOOK_ON_PREPARING, "1")};
    const struct webhook_change both = change_of("c2", mixed, 2);
    assert_int_equal(webhook_store_change(&store, &both, &stored, &error), SVC_INVALID_ARGUMENT);
}

static void a_state_that_does_not_exist_is_a_failure(void **state) {
    (void)state;
    const struct webhook_step step = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    const struct webhook_change change = change_of("p1", &step, 1);
    struct webhook_stored stored;
    struct db_error error;
    db_sql(&f, "UPDATE orders SET pay = 'dispatched'");
    assert_int_equal(webhook_store_change(&store, &change, &stored, &error), SVC_BAD_RESPONSE);
    assert_int_equal(error.fault, DB_FAULT_RESULT);
    db_sql(&f, "UPDATE orders SET pay = 'unpaid', total = 5000.5");
    assert_int_equal(webhook_store_change(&store, &change, &stored, &error), SVC_BAD_RESPONSE);
    db_sql(&f, "UPDATE orders SET total = 5000");
    db_sql(&f, "CREATE OR REPLACE VIEW webhook_orders AS SELECT number AS order_id, total AS "
               "total_won, NULLIF(pay, 'unpaid') AS payment_state FROM orders");
    assert_int_equal(webhook_store_change(&store, &change, &stored, &error), SVC_BAD_RESPONSE);
    /* An order of another currency has no amount in won. */
    db_sql(&f, "CREATE OR REPLACE VIEW webhook_orders AS SELECT number AS order_id, NULLIF(total, "
               "5000) AS total_won, pay AS payment_state FROM orders");
    assert_change_refused(&change, WEBHOOK_STORED_CONFLICT);
    db_sql(&f, "CREATE OR REPLACE VIEW webhook_orders AS SELECT number AS order_id, total AS "
               "total_won, pay AS payment_state FROM orders");
    assert_int_equal(stored_of(&change).outcome, WEBHOOK_STORED);
}

/* ---------------------------------------------------------------------- the platform's state */

static void the_first_event_starts_from_the_platforms_state(void **state) {
    (void)state;
    db_sql(&f, "UPDATE orders SET pay = 'paid'");
    const struct webhook_stored stored = one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(stored.step_outcome, WEBHOOK_REPEATED);
    assert_int_equal(stored.mail_count, 0); /* the platform has confirmed it */
    assert_sql("paid\t5000\tcard\t2026-09-21 14:13:15.000000",
               "SELECT payment_state, paid_won, payment_method, paid_at FROM order_states");
    assert_int_equal(one("r1", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 5000)).outcome,
                     WEBHOOK_STORED);
    /* From then on its own state counts. */
    db_sql(&f, "UPDATE orders SET pay = 'unpaid'");
    assert_int_equal(one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111")).outcome, WEBHOOK_STORED);
}

static void the_platform_may_be_ahead_until_a_payment_is_known(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_PENDING, 5000));
    db_sql(&f, "UPDATE orders SET pay = 'cancelled'");
    const struct webhook_stored late = one("p2", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(late.effects, WEBHOOK_ALARM);
    assert_int_equal(late.mail_count, 0);
    assert_sql("cancelled\t5000", "SELECT payment_state, paid_won FROM order_states");
    assert_int_equal(one("r1", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 5000)).outcome,
                     WEBHOOK_STORED);
    store_fresh(NULL);
    one("p1", pay(WEBHOOK_ON_PAYMENT_FAILED, 5000));
    db_sql(&f, "UPDATE orders SET pay = 'paid'");
    assert_int_equal(one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111")).outcome, WEBHOOK_STORED);
    assert_sql("paid\t5000", "SELECT payment_state, paid_won FROM order_states");
    db_sql(&f, "UPDATE orders SET pay = 'cancelled'");
    assert_int_equal(one("s2", ship(WEBHOOK_ON_IN_TRANSIT, "222")).effects, WEBHOOK_MAIL_SHIPPING);
}

/* ---------------------------------------------------------------------- parcels */

static void each_parcel_has_its_state_and_mail(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    const struct webhook_stored stored = one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111"));
    assert_int_equal(stored.effects, WEBHOOK_MAIL_SHIPPING);
    assert_int_equal(stored.mail_count, 1);
    assert_int_equal(one("s2", ship(WEBHOOK_ON_IN_TRANSIT, "222")).mail_count, 1);
    assert_int_equal(one("s3", ship(WEBHOOK_ON_DELIVERED, "111")).mail_count, 0);
    assert_int_equal(one("s4", ship(WEBHOOK_ON_OUT_FOR_DELIVERY, "111")).step_outcome,
                     WEBHOOK_LATE);
    assert_sql("111\tdelivered\tCJ|222\tin_transit\tCJ",
               "SELECT tracking_number, state, carrier FROM order_parcels ORDER BY 1");
    assert_sql("1", "SELECT is_shipped FROM order_states");
    assert_sql("delivered\t111\tCJ\t3", "SELECT ship, tracking, carrier, ship_calls FROM orders");
    assert_sql("order-ORD-1-shipped-111|order-ORD-1-shipped-222",
               "SELECT message_id FROM outbox WHERE message_id LIKE '%%shipped%%' ORDER BY id");
    assert_sql("{\"template\":\"SHIPPING_NOTIFICATION\",\"toEmail\":\"canary-buyer@example.com\","
               "\"language\":\"en\",\"messageId\":\"order-ORD-1-shipped-111\",\"data\":{"
               "\"customerName\":\"canary \u91d1\",\"carrier\":\"CJ\",\"trackingNumber\":\"111\"}}",
               "SELECT JSON_COMPACT(body) FROM outbox WHERE message_id LIKE '%%111'");
    assert_sql("NULL\tSeoul",
               "SELECT DISTINCT amount_won, detail FROM order_history WHERE subject = 'parcel'");
}

/* Whether the number comes before or after the report without one, the same is stored. */
static void a_parcel_without_a_number_becomes_the_one_that_has_it(void **state) {
    (void)state;
    for (int is_late = 0; is_late < 2; is_late++) {
        store_fresh(NULL);
        one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
        if (!is_late) {
            assert_int_equal(one("s0", ship(WEBHOOK_ON_PREPARING, "")).step_outcome, WEBHOOK_MOVED);
            assert_sql("\tpreparing", "SELECT tracking_number, state FROM order_parcels");
            assert_sql("preparing\t", "SELECT ship, tracking FROM orders"); /* not NULL */
            assert_int_equal(one("s00", ship(WEBHOOK_ON_PREPARING, "")).step_outcome,
                             WEBHOOK_REPEATED);
        }
        assert_int_equal(one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111")).step_outcome, WEBHOOK_MOVED);
        if (is_late) {
            assert_int_equal(one("s0", ship(WEBHOOK_ON_PREPARING, "")).step_outcome, WEBHOOK_LATE);
        }
        assert_sql("111\tin_transit", "SELECT tracking_number, state FROM order_parcels");
        assert_sql("1", "SELECT COUNT(*) FROM outbox WHERE message_id LIKE '%%shipped%%'");
    }
}

static void goods_of_a_cancelled_order_are_an_alarm(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    one("p2", pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000));
    one("r1", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 5000));
    const struct webhook_stored stored = one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111"));
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.effects, WEBHOOK_ALARM); /* the money is back, the goods are not */
    assert_int_equal(stored.mail_count, 0);
}

/* ---------------------------------------------------------------------- refunds */

static void refunds_are_summed_and_never_above_what_was_paid(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    one("r1", refund(WEBHOOK_ON_REFUND_PENDING, "R-1", 3000));
    one("r2", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 3000));
    refuse_one("r3", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-2", 2001), WEBHOOK_STORED_CONFLICT);
    refuse_one("r3", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-1", 2999), WEBHOOK_STORED_CONFLICT);
    refuse_one("r3", refund(WEBHOOK_ON_REFUND_REJECTED, "R-1", 3000), WEBHOOK_STORED_IMPOSSIBLE);
    one("r4", refund(WEBHOOK_ON_REFUND_COMPLETED, "R-2", 2000));
    assert_sql("R-1\tcompleted\t3000\ttoo small\t2026-09-21 14:13:17.000000|R-2\tcompleted\t2000\t"
               "too small\t2026-09-21 14:13:17.000000",
               "SELECT refund_id, state, amount_won, reason, processed_at FROM order_refunds ORDER "
               "BY 1");
    assert_sql("5000\t5000", "SELECT paid_won, refunded_won FROM order_states");
    assert_sql("5000\t5000\t3", "SELECT paid, refunded, pay_calls FROM orders");
}

/* ---------------------------------------------------------------------- a provider's payment */

static void a_payment_with_its_cancellations_is_one_change(void **state) {
    (void)state;
    const struct webhook_step first[] = {pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000),
                                         refund(WEBHOOK_ON_REFUND_COMPLETED, "C-1", 1000)};
    const struct webhook_step second[] = {first[0], first[1],
                                          refund(WEBHOOK_ON_REFUND_COMPLETED, "C-2", 500)};
    struct webhook_change change = change_of("k:PARTIAL_CANCELED:1", first, 2);
    change.sender = "toss";
    change.asked_ms = NOW_MS;
    struct webhook_stored stored = stored_of(&change);
    assert_int_equal(stored.effects, WEBHOOK_MAIL_CONFIRMATION);
    assert_int_equal(stored.step_outcome, WEBHOOK_MOVED);
    change.event_key = "k:PARTIAL_CANCELED:2";
    change.steps = second;
    change.step_count = 3;
    stored = stored_of(&change);
    assert_int_equal(stored.effects, 0);
    assert_int_equal(stored.step_outcome, WEBHOOK_MOVED);
    assert_sql("paid\t5000\t1500",
               "SELECT payment_state, paid_won, refunded_won FROM order_states");
    /* What the second one repeats is not in the history again. */
    assert_sql("completed\t|completed\tC-1|completed\tC-2",
               "SELECT event, subject_id FROM order_history ORDER BY id");
    assert_sql("2", "SELECT pay_calls FROM orders");
    change.event_key = "k:PARTIAL_CANCELED:3"; /* nothing new in it: one row all the same */
    assert_int_equal(stored_of(&change).step_outcome, WEBHOOK_REPEATED);
    assert_sql("4", "SELECT COUNT(*) FROM order_history");
}

static void an_order_cancelled_by_the_same_change_gets_no_confirmation(void **state) {
    (void)state;
    const struct webhook_step steps[] = {pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000),
                                         refund(WEBHOOK_ON_REFUND_COMPLETED, "C-1", 5000),
                                         pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000)};
    const struct webhook_change change = change_of("k:CANCELED:1", steps, 3);
    const struct webhook_stored stored = stored_of(&change);
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.effects, 0);
    assert_sql("0", "SELECT COUNT(*) FROM outbox");
    assert_sql("cancelled\t5000\t5000\t1", "SELECT pay, paid, refunded, pay_calls FROM orders");
}

static void a_payment_of_a_cancelled_order_is_an_alarm_unless_it_is_refunded(void **state) {
    (void)state;
    one("p1", pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000));
    struct webhook_stored stored = one("p2", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    assert_int_equal(stored.step_outcome, WEBHOOK_LATE);
    assert_int_equal(stored.effects, WEBHOOK_ALARM);
    assert_sql("cancelled\t5000\t2", "SELECT pay, paid, pay_calls FROM orders");
    store_fresh(NULL);
    one("p1", pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000));
    const struct webhook_step steps[] = {pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000),
                                         refund(WEBHOOK_ON_REFUND_COMPLETED, "C-1", 5000)};
    const struct webhook_change change = change_of("k:CANCELED:1", steps, 2);
    stored = stored_of(&change);
    assert_int_equal(stored.effects, 0);
    assert_int_equal(stored.step_outcome, WEBHOOK_MOVED);
}

/* A provider's payment of ORD-1 with a key of its own. */
static struct webhook_stored of_payment(const char *key, const char *payment_key,
                                        const struct webhook_step *steps, size_t count) {
    struct webhook_step own[4];
    struct webhook_change change = change_of(key, own, count);
    memcpy(own, steps, count * sizeof(*own));
    for (size_t i = 0; i < count; i++) {
        own[i].reference = own[i].subject == WEBHOOK_SUBJECT_PAYMENT ? payment_key : NULL;
    }
    change.sender = "toss";
    change.asked_ms = NOW_MS + WEBHOOK_REVERSAL_AFTER_MS;
    return stored_of(&change);
}

static void another_payment_does_not_touch_the_order(void **state) {
    (void)state;
    const struct webhook_step completed = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    const struct webhook_step cancelled = pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000);
    const struct webhook_step waiting = pay(WEBHOOK_ON_DEPOSIT_REVERSED, 5000);
    const struct webhook_step returned[] = {
        completed, refund(WEBHOOK_ON_REFUND_COMPLETED, "C-1", 5000), cancelled};
    of_payment("a1", "key-a", &waiting, 1);
    assert_int_equal(of_payment("b1", "key-b", &completed, 1).mail_count, 1);
    assert_sql("paid\tkey-b\ttoss",
               "SELECT payment_state, transaction_id, paid_by FROM order_states");
    /* The account that the customer gave up waits on, then is cancelled. */
    struct webhook_stored stored = of_payment("a2", "key-a", &waiting, 1);
    assert_int_equal(stored.step_outcome, WEBHOOK_LATE);
    assert_int_equal(stored.effects, 0);
    assert_int_equal(of_payment("a3", "key-a", &cancelled, 1).effects, 0);
    assert_sql("paid\t5000", "SELECT payment_state, paid_won FROM order_states");
    /* It is paid as well, and given back. */
    assert_int_equal(of_payment("a4", "key-a", &completed, 1).effects, WEBHOOK_ALARM);
    assert_int_equal(of_payment("a5", "key-a", returned, 2).effects, 0);
    stored = of_payment("a6", "key-a", returned, 3);
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.effects, 0);
    assert_sql("paid\t5000\t0\tkey-b",
               "SELECT payment_state, paid_won, refunded_won, transaction_id FROM order_states");
    assert_sql("0", "SELECT COUNT(*) FROM order_refunds");
    assert_sql("pending\tlate\tpaid",
               "SELECT event, outcome, state_after FROM order_history WHERE event_key = 'a2'");
    assert_sql("paid\t2", "SELECT pay, pay_calls FROM orders");
    /* The order's own payment moves it. */
    assert_int_equal(of_payment("b2", "key-b", returned, 3).step_outcome, WEBHOOK_MOVED);
    assert_sql("cancelled\t5000", "SELECT payment_state, refunded_won FROM order_states");
}

/* The platform's own events have no key of the provider's, and are the platform's word. */
static void the_platform_may_cancel_what_a_provider_was_paid(void **state) {
    (void)state;
    const struct webhook_step completed = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    of_payment("b1", "key-b", &completed, 1);
    assert_int_equal(one("p1", pay(WEBHOOK_ON_PAYMENT_CANCELLED, 5000)).step_outcome,
                     WEBHOOK_MOVED);
    assert_sql("cancelled\tkey-b", "SELECT payment_state, transaction_id FROM order_states");
    store_fresh(NULL);
    one("p1", completed); /* by the platform, whose id T-1 is not the provider's */
    const struct webhook_step again[] = {completed,
                                         refund(WEBHOOK_ON_REFUND_COMPLETED, "C-1", 1000)};
    assert_int_equal(of_payment("b1", "key-b", again, 2).step_outcome, WEBHOOK_MOVED);
    assert_sql("1000", "SELECT refunded_won FROM order_states");
}

/* As many cancellations as a payment may have. */
static void a_hundred_cancellations_are_one_change(void **state) {
    (void)state;
    static char ids[WEBHOOK_MAX_CANCELS][16];
    static struct webhook_step steps[WEBHOOK_MAX_CANCELS + 1];
    steps[0] = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    for (size_t i = 0; i < WEBHOOK_MAX_CANCELS; i++) {
        snprintf(ids[i], sizeof(ids[i]), "C-%zu", i);
        steps[i + 1] = refund(WEBHOOK_ON_REFUND_COMPLETED, ids[i], 50);
    }
    const struct webhook_change change = change_of("k", steps, COUNT(steps));
    assert_int_equal(stored_of(&change).outcome, WEBHOOK_STORED);
    assert_sql("5000", "SELECT refunded_won FROM order_states");
    assert_sql("100\t5000", "SELECT COUNT(*), SUM(amount_won) FROM order_refunds");
    assert_sql("101", "SELECT COUNT(*) FROM order_history");
}

/* ---------------------------------------------------------------------- cost */

static void the_statements_of_an_event_are_counted(void **state) {
    (void)state;
    put_order("ORD-0", 9000);
    /* Once, so that all statements are prepared. */
    struct webhook_step steps[] = {pay(WEBHOOK_ON_PAYMENT_COMPLETED, 9000),
                                   ship(WEBHOOK_ON_IN_TRANSIT, "000")};
    struct webhook_change change = change_of("w1", &steps[0], 1);
    change.order_id = "ORD-0";
    stored_of(&change);
    stored_of(&change);
    change = change_of("w2", &steps[1], 1);
    change.order_id = "ORD-0";
    stored_of(&change);

    const struct db_counts at = db_counts(db);
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    const struct db_counts paid = db_counts(db);
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    const struct db_counts repeated = db_counts(db);
    one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111"));
    const struct db_counts shipped = db_counts(db);
    one("s2", ship(WEBHOOK_ON_IN_TRANSIT, "222"));
    const struct db_counts second = db_counts(db);
    assert_int_equal(paid.executed - at.executed, 7);
    assert_int_equal(paid.round_trips - at.round_trips, 9);
    assert_int_equal(repeated.executed - paid.executed, 0); /* the key refuses the only one */
    assert_int_equal(repeated.round_trips - paid.round_trips, 3);
    assert_int_equal(shipped.executed - repeated.executed, 8);
    assert_int_equal(shipped.round_trips - repeated.round_trips, 10);
    assert_int_equal(second.executed - shipped.executed, 7);
    assert_int_equal(second.round_trips - shipped.round_trips, 9);
}

/* ---------------------------------------------------------------------- retention */

static void old_rows_are_purged(void **state) {
    (void)state;
    uint64_t deleted = 0;
    struct db_error error;
    one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    one("s1", ship(WEBHOOK_ON_IN_TRANSIT, "111"));
    db_sql(&f,
           "UPDATE outbox SET sent_at = created_at, body = NULL WHERE message_id LIKE '%%paid'");
    wall.wall_ms += INT64_C(30) * 86400000;
    assert_int_equal(webhook_store_purge(&store, 30, 30, 100, &deleted, &error), SVC_OK);
    assert_int_equal(deleted, 0);
    wall.wall_ms += 1;
    assert_int_equal(webhook_store_purge(&store, 30, 30, 1, &deleted, &error), SVC_OK);
    assert_int_equal(deleted, 2); /* one of each */
    assert_int_equal(webhook_store_purge(&store, 30, 30, 100, &deleted, &error), SVC_OK);
    assert_int_equal(deleted, 1);
    assert_sql("order-ORD-1-shipped-111", "SELECT message_id FROM outbox"); /* it is owed still */
    /* A repetition after that meets the state. */
    assert_int_equal(one("p1", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000)).step_outcome,
                     WEBHOOK_REPEATED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_payment_is_stored_with_all_its_effects),
        STORE_TEST(a_repeat_changes_nothing),
        STORE_TEST(a_second_report_is_history),
        STORE_TEST(a_state_never_goes_back),
        STORE_TEST(an_order_that_the_platform_lacks_is_refused),
        STORE_TEST(another_amount_is_a_conflict),
        STORE_TEST(goods_of_an_unpaid_order_do_not_leave),
        STORE_TEST(a_change_is_stored_whole_or_not_at_all),
        STORE_TEST(a_state_that_does_not_exist_is_a_failure),
        STORE_TEST(the_first_event_starts_from_the_platforms_state),
        STORE_TEST(the_platform_may_be_ahead_until_a_payment_is_known),
        STORE_TEST(each_parcel_has_its_state_and_mail),
        STORE_TEST(a_parcel_without_a_number_becomes_the_one_that_has_it),
        STORE_TEST(goods_of_a_cancelled_order_are_an_alarm),
        STORE_TEST(refunds_are_summed_and_never_above_what_was_paid),
        STORE_TEST(a_payment_with_its_cancellations_is_one_change),
        STORE_TEST(an_order_cancelled_by_the_same_change_gets_no_confirmation),
        STORE_TEST(a_payment_of_a_cancelled_order_is_an_alarm_unless_it_is_refunded),
        STORE_TEST(another_payment_does_not_touch_the_order),
        STORE_TEST(the_platform_may_cancel_what_a_provider_was_paid),
        STORE_TEST(a_hundred_cancellations_are_one_change),
        STORE_TEST(the_statements_of_an_event_are_counted),
        STORE_TEST(old_rows_are_purged),
    };
    return cmocka_run_group_tests(tests, store_start, store_stop);
}
