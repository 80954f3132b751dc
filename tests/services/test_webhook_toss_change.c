/* The steps of a payment that Toss confirmed: every status, and random lives of payments whose
 * snapshots arrive in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/webhook/toss_change.h"
#include "tests/services/webhook_support.h"
#include "tests/support/random.h"

static struct webhook_step steps[WEBHOOK_MAX_STEPS];

static struct webhook_toss_payment payment_of(enum webhook_toss_status status, bool is_approved) {
    return (struct webhook_toss_payment){.payment_key = "pk-1",
                                         .order_id = "ORD-1",
                                         .status = status,
                                         .method = "카드",
                                         .last_transaction_key = "T-1",
                                         .total_won = 1000,
                                         .balance_won = 1000,
                                         .approved_at_ms = is_approved ? 5 : WEBHOOK_NO_TIME};
}

static void add_cancel(struct webhook_toss_payment *payment, const char *key, int64_t won,
                       enum webhook_cancel_status status) {
    struct webhook_toss_cancel *cancel = &payment->cancels[payment->cancel_count++];
    snprintf(cancel->transaction_key, sizeof(cancel->transaction_key), "%s", key);
    snprintf(cancel->reason, sizeof(cancel->reason), "why %s", key);
    cancel->amount_won = won;
    cancel->status = status;
    cancel->canceled_at_ms = 10 + (int64_t)payment->cancel_count;
    payment->balance_won -= status == WEBHOOK_CANCEL_DONE ? won : 0;
}

static void test_each_status_has_its_step(void **state) {
    (void)state;
    static const struct {
        enum webhook_toss_status status;
        bool is_approved;
        enum webhook_payment_event event;
        int64_t happened_ms;
    } cases[] = {
        {WEBHOOK_TOSS_READY, false, WEBHOOK_ON_PAYMENT_PENDING, WEBHOOK_NO_TIME},
        {WEBHOOK_TOSS_IN_PROGRESS, false, WEBHOOK_ON_PAYMENT_PENDING, WEBHOOK_NO_TIME},
        {WEBHOOK_TOSS_WAITING_FOR_DEPOSIT, false, WEBHOOK_ON_DEPOSIT_REVERSED, WEBHOOK_NO_TIME},
        {WEBHOOK_TOSS_DONE, true, WEBHOOK_ON_PAYMENT_COMPLETED, 5},
        {WEBHOOK_TOSS_CANCELED, false, WEBHOOK_ON_PAYMENT_CANCELLED, WEBHOOK_NO_TIME},
        {WEBHOOK_TOSS_ABORTED, false, WEBHOOK_ON_PAYMENT_FAILED, WEBHOOK_NO_TIME},
        {WEBHOOK_TOSS_EXPIRED, false, WEBHOOK_ON_PAYMENT_FAILED, WEBHOOK_NO_TIME},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct webhook_toss_payment payment =
            payment_of(cases[i].status, cases[i].is_approved);
        assert_int_equal(webhook_toss_steps(&payment, steps), 1);
        assert_int_equal(steps[0].subject, WEBHOOK_SUBJECT_PAYMENT);
        assert_int_equal(steps[0].event, cases[i].event);
        assert_int_equal(steps[0].amount_won, 1000);
        assert_true(steps[0].happened_ms == cases[i].happened_ms);
        assert_string_equal(steps[0].id, "");
        assert_string_equal(steps[0].name, "카드");
        assert_string_equal(steps[0].reference, "pk-1");
    }
}

static void test_cancellations_that_are_done_are_refunds(void **state) {
    (void)state;
    struct webhook_toss_payment payment = payment_of(WEBHOOK_TOSS_PARTIAL_CANCELED, true);
    add_cancel(&payment, "T-2", 300, WEBHOOK_CANCEL_DONE);
    add_cancel(&payment, "T-3", 100, WEBHOOK_CANCEL_IN_PROGRESS);
    add_cancel(&payment, "T-4", 200, WEBHOOK_CANCEL_DONE);
    add_cancel(&payment, "T-5", 50, WEBHOOK_CANCEL_ABORTED);
    assert_int_equal(webhook_toss_steps(&payment, steps), 3);
    assert_int_equal(steps[0].event, WEBHOOK_ON_PAYMENT_COMPLETED);
    assert_int_equal(steps[1].subject, WEBHOOK_SUBJECT_REFUND);
    assert_int_equal(steps[1].event, WEBHOOK_ON_REFUND_COMPLETED);
    assert_string_equal(steps[1].id, "T-2");
    assert_string_equal(steps[1].detail, "why T-2");
    assert_int_equal(steps[1].amount_won, 300);
    assert_int_equal(steps[1].happened_ms, 11);
    assert_string_equal(steps[2].id, "T-4");
    assert_int_equal(steps[2].amount_won, 200);

    add_cancel(&payment, "T-6", 500, WEBHOOK_CANCEL_DONE);
    payment.status = WEBHOOK_TOSS_CANCELED;
    assert_int_equal(webhook_toss_steps(&payment, steps), 5);
    assert_string_equal(steps[3].id, "T-6");
    assert_int_equal(steps[4].subject, WEBHOOK_SUBJECT_PAYMENT);
    assert_int_equal(steps[4].event, WEBHOOK_ON_PAYMENT_CANCELLED);
    assert_int_equal(steps[4].happened_ms, 15);

    /* A virtual account closed before its deposit: nothing was paid, nothing is given back. */
    payment.approved_at_ms = WEBHOOK_NO_TIME;
    assert_int_equal(webhook_toss_steps(&payment, steps), 1);
    assert_int_equal(steps[0].event, WEBHOOK_ON_PAYMENT_CANCELLED);
}

static void test_the_most_cancellations_fit(void **state) {
    (void)state;
    static struct webhook_toss_payment payment;
    payment = payment_of(WEBHOOK_TOSS_CANCELED, true);
    for (size_t i = 0; i < WEBHOOK_MAX_CANCELS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "T-%zu", i + 2);
        add_cancel(&payment, key, 10, WEBHOOK_CANCEL_DONE);
    }
    assert_int_equal(webhook_toss_steps(&payment, steps), WEBHOOK_MAX_STEPS);
}

/* ---------------------------------------------------------------------- any order of arrival */

#define MAX_LIFE    12
#define MAX_REFUNDS 5

/* What the store keeps of an order. */
struct kept {
    struct webhook_order order;
    struct webhook_order_refund refunds[MAX_REFUNDS];
    size_t stored_at; /* the snapshot's place in the life that was stored last as paid */
};

static struct webhook_toss_payment life[MAX_LIFE];
static size_t life_size;

static void append(const struct webhook_toss_payment *now) {
    life[life_size++] = *now;
}

/* A payment from its start to some end: a card or a virtual account, cancelled in part or in
 * whole, before the deposit or not at all. */
static void live(uint64_t *random) {
    static struct webhook_toss_payment now;
    const bool is_account = random_between(random, 0, 1) == 1;
    life_size = 0;
    now = payment_of(is_account ? WEBHOOK_TOSS_WAITING_FOR_DEPOSIT : WEBHOOK_TOSS_READY, false);
    append(&now);
    if (!is_account && random_between(random, 0, 1) == 1) {
        now.status = WEBHOOK_TOSS_IN_PROGRESS;
        append(&now);
    }
    switch (random_between(random, 0, 5)) {
    case 0:
        now.status = is_account ? WEBHOOK_TOSS_CANCELED : WEBHOOK_TOSS_ABORTED;
        append(&now);
        return;
    case 1:
        now.status = WEBHOOK_TOSS_EXPIRED;
        append(&now);
        return;
    default:
        break;
    }
    now.status = WEBHOOK_TOSS_DONE;
    now.approved_at_ms = 5;
    append(&now);
    for (int i = 0; i < MAX_REFUNDS && now.balance_won > 0; i++) {
        char key[16];
        if (random_between(random, 0, 2) == 0) {
            return;
        }
        const bool is_all = i == MAX_REFUNDS - 1 || random_between(random, 0, 2) == 0;
        snprintf(key, sizeof(key), "T-%d", i);
        add_cancel(&now, key,
                   is_all ? now.balance_won
                          : (int64_t)random_between(random, 1, (uint32_t)now.balance_won),
                   WEBHOOK_CANCEL_DONE);
        now.status = now.balance_won == 0 ? WEBHOOK_TOSS_CANCELED : WEBHOOK_TOSS_PARTIAL_CANCELED;
        append(&now);
    }
}

/* As the store applies a snapshot: all steps or none. A WAITING_FOR_DEPOSIT is a reversal only of
 * an order that is paid, and there it is refused if Toss was asked before the payment was stored.
 */
static void apply(struct kept *kept, size_t place) {
    struct kept next = *kept;
    const size_t count = webhook_toss_steps(&life[place], steps);
    for (size_t i = 0; i < count; i++) {
        struct webhook_decision decision;
        if (steps[i].subject == WEBHOOK_SUBJECT_REFUND) {
            decision = webhook_apply_refund(&next.order, &next.refunds[steps[i].id[2] - '0'],
                                            (enum webhook_refund_event)steps[i].event,
                                            steps[i].amount_won);
        } else {
            enum webhook_payment_event event = (enum webhook_payment_event)steps[i].event;
            if (event == WEBHOOK_ON_DEPOSIT_REVERSED) {
                if (next.order.payment == WEBHOOK_PAID) {
                    assert_true(place < next.stored_at); /* these lives have no reversal */
                    return;
                }
                event = WEBHOOK_ON_PAYMENT_PENDING;
            }
            decision = webhook_apply_payment(&next.order, event, steps[i].amount_won);
            assert_int_equal(decision.effects & WEBHOOK_ALARM, 0);
        }
        assert_true(decision.outcome != WEBHOOK_IMPOSSIBLE &&
                    decision.outcome != WEBHOOK_AMOUNT_CONFLICT);
    }
    next.stored_at = place > next.stored_at ? place : next.stored_at;
    *kept = next;
}

static void assert_same(const struct kept *a, const struct kept *b) {
    assert_int_equal(a->order.payment, b->order.payment);
    assert_int_equal(a->order.paid_won, b->order.paid_won);
    assert_int_equal(a->order.refunded_won, b->order.refunded_won);
    for (size_t i = 0; i < MAX_REFUNDS; i++) {
        assert_int_equal(a->refunds[i].state, b->refunds[i].state);
        assert_int_equal(a->refunds[i].amount_won, b->refunds[i].amount_won);
    }
}

/* Snapshots in any order, some twice, the last among them: the order ends as the last one says. */
static void test_snapshots_in_any_order_end_in_the_last(void **state) {
    (void)state;
    uint64_t random = 20261128;
    size_t ends[WEBHOOK_PAYMENT_STATES] = {0};
    for (int run = 0; run < 4000; run++) {
        size_t arrivals[2 * MAX_LIFE], count = 0;
        struct kept mixed = {.order = {.total_won = 1000}}, last = mixed;
        live(&random);
        for (size_t i = 0; i < life_size; i++) {
            for (uint32_t n = random_between(&random, 0, 2) + (i + 1 == life_size); n > 0; n--) {
                arrivals[count++] = i;
            }
        }
        for (size_t i = count; i > 1; i--) {
            const size_t other = random_between(&random, 0, (uint32_t)i - 1);
            const size_t kept = arrivals[other];
            arrivals[other] = arrivals[i - 1];
            arrivals[i - 1] = kept;
        }
        for (size_t i = 0; i < count && i < COUNT(arrivals); i++) {
            apply(&mixed, arrivals[i]);
        }
        apply(&last, life_size - 1);
        assert_same(&mixed, &last);
        ends[last.order.payment]++;
    }
    assert_true(ends[WEBHOOK_PAID] > 100 && ends[WEBHOOK_CANCELLED] > 100 &&
                ends[WEBHOOK_PAYMENT_HAS_FAILED] > 100);
}

/* A deposit that was an error: after it the order waits again, and what was refunded stays paid. */
static void test_a_reversed_deposit(void **state) {
    (void)state;
    struct webhook_order order = {.total_won = 1000};
    const struct webhook_toss_payment done = payment_of(WEBHOOK_TOSS_DONE, true);
    const struct webhook_toss_payment waiting = payment_of(WEBHOOK_TOSS_WAITING_FOR_DEPOSIT, false);
    assert_int_equal(webhook_toss_steps(&done, steps), 1);
    assert_int_equal(webhook_apply_payment(&order, (enum webhook_payment_event)steps[0].event,
                                           steps[0].amount_won)
                         .outcome,
                     WEBHOOK_MOVED);
    assert_int_equal(webhook_toss_steps(&waiting, steps), 1);
    order.is_shipped = true;
    const struct webhook_decision decision = webhook_apply_payment(
        &order, (enum webhook_payment_event)steps[0].event, steps[0].amount_won);
    assert_int_equal(decision.outcome, WEBHOOK_MOVED);
    assert_int_equal(decision.effects, WEBHOOK_ALARM);
    assert_string_equal(webhook_payment_state_name(order.payment), "pending");
    assert_int_equal(order.paid_won, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_status_has_its_step),
        cmocka_unit_test(test_cancellations_that_are_done_are_refunds),
        cmocka_unit_test(test_the_most_cancellations_fit),
        cmocka_unit_test(test_snapshots_in_any_order_end_in_the_last),
        cmocka_unit_test(test_a_reversed_deposit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
