/* The states of an order, exhaustively: every sequence of events up to a length, against rules that
 * are written down here once more and share nothing with the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/order_state.h"
#include "tests/support/random.h"

#define TOTAL 58000

static struct webhook_order new_order(void) {
    return (struct webhook_order){.total_won = TOTAL};
}

/* Calls `each` with all sequences of `length` of the numbers below `count`. */
static void all_sequences(int count, int length, void (*each)(const int *events, int length)) {
    int events[8] = {0};
    for (;;) {
        each(events, length);
        int i = 0;
        while (i < length && ++events[i] == count) {
            events[i++] = 0;
        }
        if (i == length) {
            return;
        }
    }
}

/* ---------------------------------------------------------------------- payment */

static bool has_event(const int *events, int length, int event) {
    for (int i = 0; i < length; i++) {
        if (events[i] == event) {
            return true;
        }
    }
    return false;
}

/* Without reversed deposits the final state follows from the set of events. */
static enum webhook_payment_state expected_payment(const int *events, int length) {
    return has_event(events, length, WEBHOOK_ON_PAYMENT_CANCELLED)   ? WEBHOOK_CANCELLED
           : has_event(events, length, WEBHOOK_ON_PAYMENT_COMPLETED) ? WEBHOOK_PAID
           : has_event(events, length, WEBHOOK_ON_PAYMENT_FAILED)    ? WEBHOOK_PAYMENT_HAS_FAILED
           : length > 0                                              ? WEBHOOK_PAYMENT_IS_PENDING
                                                                     : WEBHOOK_UNPAID;
}

static int rank_of_payment(enum webhook_payment_state state) {
    return state == WEBHOOK_UNPAID               ? 0
           : state == WEBHOOK_PAYMENT_IS_PENDING ? 1
           : state == WEBHOOK_PAYMENT_HAS_FAILED ? 2
           : state == WEBHOOK_PAID               ? 3
                                                 : 4;
}

static void check_payment(const int *events, int length) {
    struct webhook_order order = new_order();
    int mails = 0, reversals = 0, alarms = 0;
    for (int i = 0; i < length; i++) {
        const struct webhook_order before = order;
        const struct webhook_decision decision =
            webhook_apply_payment(&order, (enum webhook_payment_event)events[i], TOTAL);
        mails += (decision.effects & WEBHOOK_MAIL_CONFIRMATION) != 0;
        alarms += (decision.effects & WEBHOOK_ALARM) != 0;
        const bool moved = decision.outcome == WEBHOOK_MOVED;
        assert_int_not_equal(decision.outcome, WEBHOOK_IMPOSSIBLE);
        assert_true(moved || order.payment == before.payment);
        assert_true(!moved || order.payment != before.payment);
        if (events[i] == WEBHOOK_ON_DEPOSIT_REVERSED) {
            reversals += before.payment == WEBHOOK_PAID && moved;
        } else {
            assert_true(rank_of_payment(order.payment) >= rank_of_payment(before.payment));
        }
        assert_true(order.paid_won == 0 || order.paid_won == TOTAL);
        assert_true(order.payment != WEBHOOK_PAID || order.paid_won == TOTAL);
    }
    assert_true(mails <= 1 + reversals);
    assert_true(alarms <= 1);
    if (!has_event(events, length, WEBHOOK_ON_DEPOSIT_REVERSED)) {
        assert_int_equal(order.payment, expected_payment(events, length));
        assert_int_equal(order.paid_won,
                         has_event(events, length, WEBHOOK_ON_PAYMENT_COMPLETED) ? TOTAL : 0);
    }
}

static void every_sequence_of_payment_events_ends_as_it_must(void **state) {
    (void)state;
    for (int length = 0; length <= 7; length++) {
        if (length > 0) {
            all_sequences(WEBHOOK_PAYMENT_EVENTS, length, check_payment);
        }
    }
}

static void a_paid_amount_must_be_the_total(void **state) {
    (void)state;
    static const int64_t wrong[] = {0, -TOTAL, TOTAL - 1, TOTAL + 1, INT64_MAX, INT64_MIN};
    for (int before = 0; before < WEBHOOK_PAYMENT_STATES; before++) {
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            struct webhook_order order = new_order();
            order.payment = (enum webhook_payment_state)before;
            const struct webhook_order kept = order;
            const struct webhook_decision decision =
                webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, wrong[i]);
            assert_int_equal(decision.outcome, WEBHOOK_AMOUNT_CONFLICT);
            assert_int_equal(decision.effects, 0);
            assert_memory_equal(&order, &kept, sizeof(order));
        }
    }
}

static void a_reversed_deposit_is_explicit(void **state) {
    (void)state;
    struct webhook_order order = new_order();
    struct webhook_order_parcel parcel = {0};
    (void)webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL);
    (void)webhook_apply_parcel(&order, &parcel, WEBHOOK_ON_IN_TRANSIT);
    struct webhook_decision decision =
        webhook_apply_payment(&order, WEBHOOK_ON_DEPOSIT_REVERSED, TOTAL);
    assert_int_equal(decision.outcome, WEBHOOK_MOVED);
    assert_int_equal(decision.effects, WEBHOOK_ALARM); /* the goods have left */
    assert_int_equal(order.payment, WEBHOOK_PAYMENT_IS_PENDING);
    assert_int_equal(order.paid_won, 0);
    /* The parcel goes on, others do not leave. */
    struct webhook_order_parcel other = {0};
    assert_int_equal(webhook_apply_parcel(&order, &parcel, WEBHOOK_ON_DELIVERED).outcome,
                     WEBHOOK_MOVED);
    assert_int_equal(webhook_apply_parcel(&order, &other, WEBHOOK_ON_IN_TRANSIT).outcome,
                     WEBHOOK_IMPOSSIBLE);
    /* Not of money that is on its way back already. */
    struct webhook_order_refund refund = {0};
    (void)webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL);
    (void)webhook_apply_refund(&order, &refund, WEBHOOK_ON_REFUND_COMPLETED, 1);
    decision = webhook_apply_payment(&order, WEBHOOK_ON_DEPOSIT_REVERSED, TOTAL);
    assert_int_equal(decision.outcome, WEBHOOK_IMPOSSIBLE);
    assert_int_equal(order.paid_won, TOTAL);
}

/* ---------------------------------------------------------------------- parcels */

static void check_parcel(const int *events, int length) {
    /* The order of the events in the world, failed attempts before the delivery. */
    static const int ranks[] = {[WEBHOOK_ON_PREPARING] = 1,
                                [WEBHOOK_ON_IN_TRANSIT] = 2,
                                [WEBHOOK_ON_OUT_FOR_DELIVERY] = 3,
                                [WEBHOOK_ON_DELIVERY_FAILED] = 4,
                                [WEBHOOK_ON_DELIVERED] = 5};
    static const enum webhook_parcel_state states[] = {
        WEBHOOK_PARCEL_UNKNOWN,   WEBHOOK_PREPARING,       WEBHOOK_IN_TRANSIT,
        WEBHOOK_OUT_FOR_DELIVERY, WEBHOOK_DELIVERY_FAILED, WEBHOOK_DELIVERED};
    struct webhook_order order = new_order();
    struct webhook_order_parcel parcel = {0};
    int highest = 0, mails = 0;
    (void)webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL);
    for (int i = 0; i < length; i++) {
        const int rank = ranks[events[i]];
        const struct webhook_decision decision =
            webhook_apply_parcel(&order, &parcel, (enum webhook_parcel_event)events[i]);
        assert_int_equal(decision.outcome, rank > highest    ? WEBHOOK_MOVED
                                           : rank == highest ? WEBHOOK_REPEATED
                                                             : WEBHOOK_LATE);
        highest = rank > highest ? rank : highest;
        assert_int_equal(parcel.state, states[highest]);
        assert_int_equal(order.is_shipped, highest >= 2);
        mails += (decision.effects & WEBHOOK_MAIL_SHIPPING) != 0;
        assert_int_equal(decision.effects & ~(unsigned)WEBHOOK_MAIL_SHIPPING, 0);
        if (events[i] == WEBHOOK_ON_IN_TRANSIT && decision.outcome == WEBHOOK_MOVED) {
            assert_int_equal(mails, 1);
        }
    }
    assert_true(mails <= 1);
}

static void every_sequence_of_parcel_events_ends_at_the_furthest(void **state) {
    (void)state;
    for (int length = 1; length <= 7; length++) {
        all_sequences(WEBHOOK_PARCEL_EVENTS, length, check_parcel);
    }
}

static void unpaid_goods_do_not_leave(void **state) {
    (void)state;
    for (int payment = 0; payment < WEBHOOK_PAYMENT_STATES; payment++) {
        for (int event = 0; event < WEBHOOK_PARCEL_EVENTS; event++) {
            struct webhook_order order = new_order();
            struct webhook_order_parcel parcel = {0};
            order.payment = (enum webhook_payment_state)payment;
            const struct webhook_decision decision =
                webhook_apply_parcel(&order, &parcel, (enum webhook_parcel_event)event);
            const bool leaves = event != WEBHOOK_ON_PREPARING;
            const bool may = !leaves || payment == WEBHOOK_PAID || payment == WEBHOOK_CANCELLED;
            assert_int_equal(decision.outcome, may ? WEBHOOK_MOVED : WEBHOOK_IMPOSSIBLE);
            assert_int_equal(parcel.state == WEBHOOK_PARCEL_UNKNOWN, !may);
            assert_int_equal(order.is_shipped, may && leaves);
            if (payment == WEBHOOK_CANCELLED) {
                assert_int_equal(decision.effects, leaves ? WEBHOOK_ALARM : 0);
            }
        }
    }
}

/* ---------------------------------------------------------------------- refunds */

static void check_refund(const int *events, int length) {
    struct webhook_order order = new_order();
    struct webhook_order_refund refund = {0};
    bool is_completed = false, is_rejected = false;
    (void)webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL);
    for (int i = 0; i < length; i++) {
        const struct webhook_decision decision =
            webhook_apply_refund(&order, &refund, (enum webhook_refund_event)events[i], 1000);
        const bool contradicts = (events[i] == WEBHOOK_ON_REFUND_COMPLETED && is_rejected) ||
                                 (events[i] == WEBHOOK_ON_REFUND_REJECTED && is_completed);
        assert_int_equal(decision.outcome == WEBHOOK_IMPOSSIBLE, contradicts);
        is_completed |= events[i] == WEBHOOK_ON_REFUND_COMPLETED && !is_rejected;
        is_rejected |= events[i] == WEBHOOK_ON_REFUND_REJECTED && !is_completed;
        assert_int_equal(order.refunded_won, is_completed ? 1000 : 0);
        assert_int_equal(refund.state == WEBHOOK_REFUND_IS_COMPLETED, is_completed);
        assert_int_equal(refund.state == WEBHOOK_REFUND_IS_REJECTED, is_rejected);
    }
}

static void every_sequence_of_refund_events_counts_once(void **state) {
    (void)state;
    for (int length = 1; length <= 8; length++) {
        all_sequences(WEBHOOK_REFUND_EVENTS, length, check_refund);
    }
}

static void refunds_stay_within_what_was_paid(void **state) {
    (void)state;
    static const int64_t wrong[] = {0, -1, TOTAL + 1, INT64_MAX, INT64_MIN};
    struct webhook_order order = new_order();
    struct webhook_order_refund refunds[3] = {{0}};
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[0], WEBHOOK_ON_REFUND_PENDING, 1).outcome,
        WEBHOOK_IMPOSSIBLE); /* nothing is paid */
    (void)webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(
            webhook_apply_refund(&order, &refunds[0], WEBHOOK_ON_REFUND_COMPLETED, wrong[i])
                .outcome,
            WEBHOOK_AMOUNT_CONFLICT);
    }
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[0], WEBHOOK_ON_REFUND_PENDING, 8000).outcome,
        WEBHOOK_MOVED);
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[0], WEBHOOK_ON_REFUND_COMPLETED, 8001).outcome,
        WEBHOOK_AMOUNT_CONFLICT); /* another amount than its first event's */
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[0], WEBHOOK_ON_REFUND_COMPLETED, 8000).outcome,
        WEBHOOK_MOVED);
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[1], WEBHOOK_ON_REFUND_COMPLETED, TOTAL - 7999)
            .outcome,
        WEBHOOK_AMOUNT_CONFLICT);
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[1], WEBHOOK_ON_REFUND_COMPLETED, TOTAL - 8000)
            .outcome,
        WEBHOOK_MOVED);
    assert_int_equal(
        webhook_apply_refund(&order, &refunds[2], WEBHOOK_ON_REFUND_COMPLETED, 1).outcome,
        WEBHOOK_AMOUNT_CONFLICT);
    assert_int_equal(order.refunded_won, TOTAL);
}

/* ---------------------------------------------------------------------- all together */

/* Random orders with two parcels and three refunds; after each step what must always hold. */
static void the_invariants_hold_in_random_runs(void **state) {
    (void)state;
    uint64_t random = 4711;
    for (int run = 0; run < 20000; run++) {
        struct webhook_order order = new_order();
        struct webhook_order_parcel parcels[2] = {{0}};
        struct webhook_order_refund refunds[3] = {{0}};
        for (int step = 0; step < 30; step++) {
            const uint32_t kind = random_between(&random, 0, 2);
            const int64_t amount = random_between(&random, 0, 3) == 0
                                       ? TOTAL
                                       : (int64_t)random_between(&random, 0, TOTAL);
            if (kind == 0) {
                (void)webhook_apply_payment(&order,
                                            (enum webhook_payment_event)random_between(
                                                &random, 0, WEBHOOK_PAYMENT_EVENTS - 1),
                                            amount);
            } else if (kind == 1) {
                (void)webhook_apply_parcel(&order, &parcels[random_between(&random, 0, 1)],
                                           (enum webhook_parcel_event)random_between(
                                               &random, 0, WEBHOOK_PARCEL_EVENTS - 1));
            } else {
                (void)webhook_apply_refund(&order, &refunds[random_between(&random, 0, 2)],
                                           (enum webhook_refund_event)random_between(
                                               &random, 0, WEBHOOK_REFUND_EVENTS - 1),
                                           amount);
            }
            int64_t sum = 0;
            for (int i = 0; i < 3; i++) {
                sum += refunds[i].state == WEBHOOK_REFUND_IS_COMPLETED ? refunds[i].amount_won : 0;
            }
            assert_int_equal(order.refunded_won, sum);
            assert_true(order.refunded_won <= order.paid_won);
            assert_true(order.payment != WEBHOOK_PAID || order.paid_won == TOTAL);
            assert_int_equal(order.is_shipped, parcels[0].state >= WEBHOOK_IN_TRANSIT ||
                                                   parcels[1].state >= WEBHOOK_IN_TRANSIT);
        }
    }
}

static void numbers_out_of_range_are_impossible(void **state) {
    (void)state;
    struct webhook_order order = new_order();
    struct webhook_order_parcel parcel = {0};
    struct webhook_order_refund refund = {0};
    assert_int_equal(
        webhook_apply_payment(&order, (enum webhook_payment_event)WEBHOOK_PAYMENT_EVENTS, TOTAL)
            .outcome,
        WEBHOOK_IMPOSSIBLE);
    order.payment = (enum webhook_payment_state)99; /* as a damaged row may have it */
    assert_int_equal(webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL).outcome,
                     WEBHOOK_IMPOSSIBLE);
    order = new_order();
    (void)webhook_apply_payment(&order, WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL);
    parcel.state = (enum webhook_parcel_state)99;
    refund.state = (enum webhook_refund_state)99;
    assert_int_equal(webhook_apply_parcel(&order, &parcel, WEBHOOK_ON_DELIVERED).outcome,
                     WEBHOOK_IMPOSSIBLE);
    assert_int_equal(webhook_apply_refund(&order, &refund, WEBHOOK_ON_REFUND_PENDING, 1).outcome,
                     WEBHOOK_IMPOSSIBLE);
    assert_null(webhook_payment_state_name(order.payment + 50));
    assert_string_equal(webhook_payment_state_name(WEBHOOK_PAID), "paid");
    assert_string_equal(webhook_parcel_state_name(WEBHOOK_DELIVERED), "delivered");
    assert_string_equal(webhook_refund_state_name(WEBHOOK_REFUND_IS_REJECTED), "rejected");
}

static void the_diagrams_show_the_moves(void **state) {
    (void)state;
    struct svc_buf out;
    svc_buf_init(&out, 65536);
    assert_true(webhook_write_diagrams(&out));
    const char *text = svc_buf_text(&out);
    assert_non_null(strstr(text, "title: payment"));
    assert_non_null(strstr(text, "    pending --> paid: completed / mail\n"));
    assert_non_null(strstr(text, "    paid --> pending: deposit_reversed\n"));
    assert_non_null(strstr(text, "    failed --> delivered: delivered\n"));
    assert_non_null(strstr(text, "    processing --> rejected: rejected\n"));
    assert_null(strstr(text, " paid --> failed"));
    assert_null(strstr(text, "cancelled --> "));
    svc_buf_clear(&out);
    svc_buf_init(&out, 100);
    assert_false(webhook_write_diagrams(&out));
    svc_buf_clear(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_payment_events_ends_as_it_must),
        cmocka_unit_test(a_paid_amount_must_be_the_total),
        cmocka_unit_test(a_reversed_deposit_is_explicit),
        cmocka_unit_test(every_sequence_of_parcel_events_ends_at_the_furthest),
        cmocka_unit_test(unpaid_goods_do_not_leave),
        cmocka_unit_test(every_sequence_of_refund_events_counts_once),
        cmocka_unit_test(refunds_stay_within_what_was_paid),
        cmocka_unit_test(the_invariants_hold_in_random_runs),
        cmocka_unit_test(numbers_out_of_range_are_impossible),
        cmocka_unit_test(the_diagrams_show_the_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
