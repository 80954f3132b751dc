/* Events of the same orders, shuffled and doubled, from eight connections at once. The expected end
 * comes from the rules as contract and headers state them, not from the tables of order_state.c:
 * for each order, which events were sent decides, not when.
 *
 *   payment   cancelled if that was sent, else paid, else failed, else pending
 *   parcel    the furthest of its events; goods leave only if the order was paid or cancelled
 *   refund    completed or rejected, else the furthest; only if the order was paid
 *
 * What is refused (409) is sent again, as senders do, until nothing more is accepted. */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/services/webhook_store_support.h"
#include "tests/support/random.h"

enum { THREADS = 8, ORDERS = 5, MAX_EVENTS = 200, ROUNDS = 4, TOTAL = 5000 };

struct event {
    int order;
    char key[32], order_id[16];
    struct webhook_step step;
    atomic_int stored; /* times that it was STORED: once, or never */
};

static struct event events[MAX_EVENTS];
static size_t event_count;
static struct db *dbs[THREADS];

/* The deliveries of a pass: indices of events. */
static size_t deliveries[2 * MAX_EVENTS];
static size_t delivery_count;
static atomic_size_t next_delivery;
static atomic_int failures;

/* Whether a thread kills connections meanwhile. */
static bool is_killing;
static atomic_bool has_ended;
static int kills;

/* ---------------------------------------------------------------------- events */

static void add(int order, struct webhook_step step) {
    assert_true(event_count < MAX_EVENTS);
    struct event *event = &events[event_count];
    event->order = order;
    event->step = step;
    atomic_init(&event->stored, 0);
    snprintf(event->key, sizeof(event->key), "event-%zu", event_count);
    snprintf(event->order_id, sizeof(event->order_id), "ORD-%d", order);
    event_count++;
}

static bool chance(uint64_t *random, uint32_t percent) {
    return random_between(random, 1, 100) <= percent;
}

static void make_events(uint64_t *random) {
    static const char *const numbers[] = {"111", "222"};
    static const char *const refunds[] = {"R-1", "R-2"};
    event_count = 0;
    for (int order = 0; order < ORDERS; order++) {
        for (int event = 0; event <= WEBHOOK_ON_PAYMENT_CANCELLED; event++) {
            static const uint32_t percents[] = {50, 30, 85, 25};
            if (chance(random, percents[event])) {
                add(order, pay((enum webhook_payment_event)event, TOTAL));
            }
        }
        add(order, pay(WEBHOOK_ON_PAYMENT_COMPLETED, TOTAL - 1)); /* never accepted */
        if (chance(random, 50)) {
            add(order, ship(WEBHOOK_ON_PREPARING, ""));
        }
        for (size_t i = 0; i < COUNT(numbers); i++) {
            for (int event = 0; event < WEBHOOK_PARCEL_EVENTS; event++) {
                if (chance(random, 40)) {
                    add(order, ship((enum webhook_parcel_event)event, numbers[i]));
                }
            }
        }
        for (size_t i = 0; i < COUNT(refunds); i++) {
            const int last =
                chance(random, 70) ? WEBHOOK_ON_REFUND_COMPLETED : WEBHOOK_ON_REFUND_REJECTED;
            const int of_refund[] = {WEBHOOK_ON_REFUND_PENDING, WEBHOOK_ON_REFUND_PROCESSING, last};
            for (size_t k = 0; k < COUNT(of_refund); k++) {
                if (chance(random, 60)) {
                    add(order, refund((enum webhook_refund_event)of_refund[k], refunds[i],
                                      i == 0 ? 1000 : 500));
                }
            }
        }
    }
}

/* ---------------------------------------------------------------------- delivery */

static void *deliver(void *user) {
    struct webhook_store own = store;
    own.db = user;
    own.log = NULL; /* for one thread */
    for (;;) {
        const size_t at = atomic_fetch_add(&next_delivery, 1);
        if (at >= delivery_count) {
            return NULL;
        }
        struct event *event = &events[deliveries[at]];
        struct webhook_change change = change_of(event->key, &event->step, 1);
        struct webhook_stored stored;
        struct db_error error;
        change.order_id = event->order_id;
        enum svc_status status = webhook_store_change(&own, &change, &stored, &error);
        /* A sender that gets an error delivers again. */
        int errors = 0;
        for (; status != SVC_OK && is_killing && errors < 100; errors++) {
            status = webhook_store_change(&own, &change, &stored, &error);
        }
        if (status != SVC_OK) {
            char text[DB_ERROR_TEXT_BYTES];
            print_error("%s: %s\n", event->key, db_error_text(&error, text));
            atomic_fetch_add(&failures, 1);
        } else if (stored.outcome == WEBHOOK_STORED ||
                   (stored.outcome == WEBHOOK_STORED_BEFORE && errors > 0)) {
            atomic_fetch_add(&event->stored, 1);
        }
    }
}

/* Some connection of the function's account, again and again. */
static void *kill_connections(void *user) {
    (void)user;
    while (!atomic_load(&has_ended)) {
        const int id = atoi(db_sql(&f, "SELECT id FROM information_schema.processlist WHERE user = "
                                       "'app' AND info IS NOT NULL ORDER BY RAND() LIMIT 1"));
        char line[64], reply[256];
        snprintf(line, sizeof(line), "sql KILL %d", id);
        /* It may have ended by itself. */
        kills += id > 0 && test_server_send(&f.server, line, reply, sizeof(reply)) &&
                 strncmp(reply, "ERROR", 5) != 0;
        svc_sleep_ms(svc_clock_system(), 5);
    }
    return NULL;
}

static void deliver_all(uint64_t *random) {
    pthread_t threads[THREADS], killer;
    for (size_t i = delivery_count; i > 1; i--) {
        const size_t k = random_between(random, 0, (uint32_t)i - 1);
        const size_t other = deliveries[k];
        deliveries[k] = deliveries[i - 1];
        deliveries[i - 1] = other;
    }
    atomic_store(&next_delivery, 0);
    for (int i = 0; i < THREADS; i++) {
        db_set_deadline(dbs[i], svc_deadline_in(svc_clock_system(), 30000));
        assert_int_equal(pthread_create(&threads[i], NULL, deliver, dbs[i]), 0);
    }
    atomic_store(&has_ended, false);
    if (is_killing) {
        assert_int_equal(pthread_create(&killer, NULL, kill_connections, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    atomic_store(&has_ended, true);
    if (is_killing) {
        pthread_join(killer, NULL);
    }
    assert_int_equal(atomic_load(&failures), 0);
}

static size_t accepted(void) {
    size_t count = 0;
    for (size_t i = 0; i < event_count; i++) {
        count += atomic_load(&events[i].stored) > 0;
    }
    return count;
}

static void deliver_until_nothing_changes(uint64_t *random) {
    size_t before;
    delivery_count = 0;
    for (size_t i = 0; i < event_count; i++) {
        deliveries[delivery_count++] = i;
        deliveries[delivery_count++] = i;
    }
    deliver_all(random);
    do {
        before = accepted();
        delivery_count = 0;
        for (size_t i = 0; i < event_count; i++) {
            if (atomic_load(&events[i].stored) == 0) {
                deliveries[delivery_count++] = i;
            }
        }
        deliver_all(random);
    } while (accepted() > before);
}

/* ---------------------------------------------------------------------- the model */

/* Whether such an event was sent for the order; id NULL: any. */
static bool was_sent(int order, enum webhook_subject subject, int event, const char *id) {
    for (size_t i = 0; i < event_count; i++) {
        const struct webhook_step *step = &events[i].step;
        const bool is_wrong = step->subject == WEBHOOK_SUBJECT_PAYMENT && step->amount_won != TOTAL;
        if (events[i].order == order && !is_wrong && step->subject == subject &&
            step->event == event && (id == NULL || strcmp(step->id, id) == 0)) {
            return true;
        }
    }
    return false;
}

struct expected {
    const char *payment;
    bool is_paid, is_cancelled, is_shipped;
    int refunded;
    char parcels[200], refunds[200];
    int confirmations[2], shippings[2]; /* least and most */
};

static void expect_parcel(int order, const char *number, struct expected *expected) {
    static const char *const names[] = {"preparing", "in_transit", "out_for_delivery", "failed",
                                        "delivered"};
    const bool may_leave = expected->is_paid || expected->is_cancelled;
    int furthest = -1, sent = 0;
    for (int event = 0; event < WEBHOOK_PARCEL_EVENTS; event++) {
        if (was_sent(order, WEBHOOK_SUBJECT_PARCEL, event, number) && (event == 0 || may_leave)) {
            furthest = event;
            sent |= 1 << event;
        }
    }
    if (furthest < 0) {
        return;
    }
    const size_t used = strlen(expected->parcels);
    snprintf(expected->parcels + used, sizeof(expected->parcels) - used, "%s%s\t%s",
             used > 0 ? "|" : "", number, names[furthest]);
    expected->is_shipped |= furthest >= WEBHOOK_ON_IN_TRANSIT;
    /* Reported on its way: one mail, unless a later report or a cancellation came before. */
    if ((sent & (1 << WEBHOOK_ON_IN_TRANSIT | 1 << WEBHOOK_ON_OUT_FOR_DELIVERY)) != 0) {
        expected->shippings[1]++;
        expected->shippings[0] +=
            furthest < WEBHOOK_ON_DELIVERY_FAILED && !expected->is_cancelled ? 1 : 0;
    }
}

static void expect_refund(int order, const char *id, int amount_won, struct expected *expected) {
    static const char *const names[] = {"pending", "processing", "completed", "rejected"};
    int furthest = -1;
    for (int event = 0; event < WEBHOOK_REFUND_EVENTS; event++) {
        furthest = was_sent(order, WEBHOOK_SUBJECT_REFUND, event, id) ? event : furthest;
    }
    if (furthest < 0 || !expected->is_paid) {
        return;
    }
    const size_t used = strlen(expected->refunds);
    snprintf(expected->refunds + used, sizeof(expected->refunds) - used, "%s%s\t%s\t%d",
             used > 0 ? "|" : "", id, names[furthest], amount_won);
    expected->refunded += furthest == WEBHOOK_ON_REFUND_COMPLETED ? amount_won : 0;
}

static struct expected expect(int order) {
    struct expected expected = {0};
    const enum webhook_subject payment = WEBHOOK_SUBJECT_PAYMENT;
    expected.is_paid = was_sent(order, payment, WEBHOOK_ON_PAYMENT_COMPLETED, NULL);
    expected.is_cancelled = was_sent(order, payment, WEBHOOK_ON_PAYMENT_CANCELLED, NULL);
    expected.payment = expected.is_cancelled                                        ? "cancelled"
                       : expected.is_paid                                           ? "paid"
                       : was_sent(order, payment, WEBHOOK_ON_PAYMENT_FAILED, NULL)  ? "failed"
                       : was_sent(order, payment, WEBHOOK_ON_PAYMENT_PENDING, NULL) ? "pending"
                                                                                    : "unpaid";
    expected.confirmations[1] = expected.is_paid;
    expected.confirmations[0] = expected.is_paid && !expected.is_cancelled;
    expect_parcel(order, "111", &expected);
    expect_parcel(order, "222", &expected);
    if (expected.parcels[0] == '\0') {
        expect_parcel(order, "", &expected);
    }
    expect_refund(order, "R-1", 1000, &expected);
    expect_refund(order, "R-2", 500, &expected);
    return expected;
}

static void assert_between(const int bounds[2], int number) {
    assert_in_range(number, bounds[0], bounds[1]);
}

static void check_order(int order) {
    const struct expected expected = expect(order);
    char text[200];
    snprintf(text, sizeof(text), "%s\t%d\t%d\t%d", expected.payment, expected.is_paid ? TOTAL : 0,
             expected.refunded, expected.is_shipped);
    /* No row if no event of the order was accepted. */
    const char *states = db_sql(&f,
                                "SELECT payment_state, paid_won, refunded_won, is_shipped FROM "
                                "order_states WHERE order_id = 'ORD-%d'",
                                order);
    assert_string_equal(states[0] == '\0' ? "unpaid\t0\t0\t0" : states, text);
    assert_string_equal(
        db_sql(&f,
               "SELECT tracking_number, state FROM order_parcels WHERE order_id = 'ORD-%d' "
               "ORDER BY 1",
               order),
        expected.parcels);
    assert_string_equal(db_sql(&f,
                               "SELECT refund_id, state, amount_won FROM order_refunds WHERE "
                               "order_id = 'ORD-%d' ORDER BY 1",
                               order),
                        expected.refunds);
    snprintf(text, sizeof(text), "%s\t%d\t%d", expected.payment, expected.is_paid ? TOTAL : 0,
             expected.refunded);
    assert_string_equal(db_sql(&f,
                               "SELECT pay, COALESCE(paid, 0), COALESCE(refunded, 0) FROM orders "
                               "WHERE number = 'ORD-%d'",
                               order),
                        text);
    assert_between(
        expected.confirmations,
        atoi(db_sql(&f, "SELECT COUNT(*) FROM outbox WHERE message_id = 'order-ORD-%d-paid'",
                    order)));
    assert_between(expected.shippings, atoi(db_sql(&f,
                                                   "SELECT COUNT(*) FROM outbox WHERE message_id "
                                                   "LIKE 'order-ORD-%d-shipped-%%'",
                                                   order)));
}

/* Nothing is lost or doubled on the way: an event has one row of the inbox and one of the history,
 * and each state follows from the one before. */
static void check_history(void) {
    char text[32];
    snprintf(text, sizeof(text), "%zu\t%zu", accepted(), accepted());
    assert_string_equal(
        db_sql(&f, "SELECT (SELECT COUNT(*) FROM inbox), (SELECT COUNT(*) FROM order_history)"),
        text);
    assert_string_equal(
        db_sql(&f, "SELECT COUNT(*) FROM (SELECT state_before, LAG(state_after) OVER (PARTITION BY "
                   "order_id, subject, subject_id ORDER BY id) AS last FROM order_history WHERE "
                   "subject_id != '' OR subject = 'payment') h WHERE last != state_before"),
        "0");
    for (size_t i = 0; i < event_count; i++) {
        /* After an error it may be told twice that it is stored. */
        assert_true(is_killing || atomic_load(&events[i].stored) <= 1);
    }
}

static void run_rounds(uint64_t first_seed, int rounds) {
    for (uint64_t seed = first_seed; seed < first_seed + (uint64_t)rounds; seed++) {
        uint64_t random = seed;
        print_message("seed %d\n", (int)seed);
        store_fresh(NULL);
        empty_tables();
        for (int order = 0; order < ORDERS; order++) {
            char id[16];
            snprintf(id, sizeof(id), "ORD-%d", order);
            put_order(id, TOTAL);
        }
        make_events(&random);
        deliver_until_nothing_changes(&random);
        for (int order = 0; order < ORDERS; order++) {
            check_order(order);
        }
        check_history();
    }
}

static void the_end_is_that_of_the_model_whatever_the_order(void **state) {
    (void)state;
    run_rounds(1, ROUNDS);
}

static void the_end_is_the_same_while_connections_are_killed(void **state) {
    (void)state;
    is_killing = true;
    kills = 0;
    run_rounds(100, 2);
    is_killing = false;
    print_message("%d connections killed\n", kills);
    assert_true(kills > 0);
}

/* One event from all at once: one of them stores it, and the others learn that it is stored. */
static void one_event_from_all_is_stored_once(void **state) {
    (void)state;
    store_fresh(NULL);
    for (int round = 0; round < 10; round++) {
        uint64_t random = (uint64_t)round;
        event_count = 0;
        add(1, pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
        snprintf(events[0].key, sizeof(events[0].key), "round-%d", round);
        for (delivery_count = 0; delivery_count < THREADS; delivery_count++) {
            deliveries[delivery_count] = 0;
        }
        deliver_all(&random);
        assert_int_equal(accepted(), 1);
    }
    assert_sql("10\t10\t1", "SELECT (SELECT COUNT(*) FROM inbox), (SELECT COUNT(*) FROM "
                            "order_history), (SELECT COUNT(*) FROM outbox)");
}

static int start(void **state) {
    if (store_start(state) != 0) {
        return -1;
    }
    struct db_options options = db_options_of(&f);
    options.log = NULL;
    options.lock_wait_ms = 5000;
    for (int i = 0; i < THREADS; i++) {
        struct db_error error;
        if (db_create(&options, &dbs[i], &error) != SVC_OK ||
            db_connect(dbs[i], &error) != SVC_OK) {
            return -1;
        }
    }
    return 0;
}

static int stop(void **state) {
    for (int i = 0; i < THREADS; i++) {
        db_destroy(dbs[i]);
    }
    return store_stop(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_event_from_all_is_stored_once),
        cmocka_unit_test(the_end_is_that_of_the_model_whatever_the_order),
        cmocka_unit_test(the_end_is_the_same_while_connections_are_killed),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
