/* An event's transaction that is disturbed: the connection cut at each request and reply, a COMMIT
 * whose outcome is unknown, a server killed, memory exhausted. Whatever happened, the sender's next
 * delivery leaves the same tables as one delivery without a disturbance. */
#include <pthread.h>

#include "tests/services/webhook_store_support.h"
#include "tests/support/failing_malloc.h"

static struct db *proxied;
/* BEGIN, 7 statements, COMMIT. */
enum { PAYMENT_TRIPS = 9, SHIPPING_TRIPS = 10 };

static int start(void **state) {
    if (store_start(state) != 0) {
        return -1;
    }
    proxied = db_of(&f);
    return 0;
}

static int stop(void **state) {
    db_destroy(proxied);
    return store_stop(state);
}

static const struct webhook_change *the_change(bool is_shipping) {
    static struct webhook_step steps[2];
    static struct webhook_change change;
    steps[0] = pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000);
    steps[1] = ship(WEBHOOK_ON_IN_TRANSIT, "111");
    change = change_of(is_shipping ? "s1" : "p1", &steps[is_shipping], 1);
    return &change;
}

/* A fresh order, paid if the change is the parcel's. */
static void prepare(bool is_shipping) {
    store_fresh(NULL);
    if (is_shipping) {
        one("p0", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    }
}

/* The same through the proxy, on a new connection that has all statements prepared. */
static void prepare_proxied(bool is_shipping) {
    db_command_of(&f, "cut no");
    db_disconnect(proxied);
    store_fresh(NULL);
    db_secrets_reset(&f, true);
    db_set_deadline(proxied, svc_deadline_in(svc_clock_system(), 30000));
    store.db = proxied;
    one("p0", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    one("s0", ship(WEBHOOK_ON_IN_TRANSIT, "000"));
    empty_tables();
    put_order("ORD-1", 5000);
    if (is_shipping) {
        one("p0", pay(WEBHOOK_ON_PAYMENT_COMPLETED, 5000));
    }
}

static char *undisturbed(bool is_shipping) {
    prepare(is_shipping);
    assert_int_equal(stored_of(the_change(is_shipping)).outcome, WEBHOOK_STORED);
    return all_tables();
}

static void assert_tables(const char *expected) {
    char *tables = all_tables();
    assert_string_equal(tables, expected);
    free(tables);
}

/* What the sender does: again, through a good connection. Returns whether the first delivery had
 * stored it. */
static bool deliver_again(bool is_shipping) {
    db_command_of(&f, "cut no");
    store.db = db;
    const struct webhook_stored stored = stored_of(the_change(is_shipping));
    assert_true(stored.outcome == WEBHOOK_STORED || stored.outcome == WEBHOOK_STORED_BEFORE);
    return stored.outcome == WEBHOOK_STORED_BEFORE;
}

/* ---------------------------------------------------------------------- cuts */

static void cut_everywhere(bool is_shipping, int trips) {
    char *expected = undisturbed(is_shipping);
    static const char *const kinds[] = {"request", "reply"};
    int failures = 0;
    for (size_t kind = 0; kind < 2; kind++) {
        for (int step = 1; step <= trips; step++) {
            struct webhook_stored stored;
            struct db_error error;
            prepare_proxied(is_shipping);
            db_command_of(&f, "cut %s %d", kinds[kind], step);
            const enum svc_status status =
                webhook_store_change(&store, the_change(is_shipping), &stored, &error);
            const bool is_commit = step == trips;
            /* Before the COMMIT it is repeated at once; after it, the inbox is asked. */
            assert_int_equal(status == SVC_OK, !(is_commit && kind == 0));
            assert_false(error.maybe_done);
            if (status == SVC_OK) {
                assert_int_equal(stored.outcome, WEBHOOK_STORED);
                assert_int_equal(stored.mail_count, 1);
                assert_tables(expected);
            } else {
                assert_int_equal(svc_status_group(status), SVC_GROUP_TRANSIENT);
                assert_int_equal(stored.mail_count, 0);
                failures++;
            }
            assert_int_equal(deliver_again(is_shipping), status == SVC_OK);
            assert_tables(expected);
        }
    }
    assert_int_equal(failures, 1);
    free(expected);
}

static void a_payment_survives_a_cut_at_each_step(void **state) {
    (void)state;
    cut_everywhere(false, PAYMENT_TRIPS);
}

static void a_parcel_survives_a_cut_at_each_step(void **state) {
    (void)state;
    cut_everywhere(true, SHIPPING_TRIPS);
}

/* ---------------------------------------------------------------------- unknown commits */

/* The inbox cannot be asked either: the doubt is returned, and a delivery ends it. */
static void a_commit_stays_unknown_while_there_is_no_connection(void **state) {
    (void)state;
    static const char *const kinds[] = {"request", "reply"};
    char *expected = undisturbed(false);
    for (size_t kind = 0; kind < 2; kind++) {
        struct webhook_stored stored;
        struct db_error error;
        prepare_proxied(false);
        db_command_of(&f, "cut %s %d", kinds[kind], PAYMENT_TRIPS);
        f.secrets.status = SVC_TIMED_OUT; /* no new connection */
        assert_int_not_equal(webhook_store_change(&store, the_change(false), &stored, &error),
                             SVC_OK);
        assert_true(error.maybe_done);
        assert_int_equal(stored.mail_count, 0);
        f.secrets.status = SVC_OK;
        assert_int_equal(deliver_again(false), kind == 1);
        assert_tables(expected);
    }
    free(expected);
}

/* The first question fails, the second is answered. */
static enum svc_status (*get_secret)(void *, enum db_secret_stage, bool, struct svc_buf *,
                                     struct svc_error *);
static int refusals;

static enum svc_status refuse_first(void *user, enum db_secret_stage stage, bool refresh,
                                    struct svc_buf *out, struct svc_error *error) {
    if (refusals > 0) {
        refusals--;
        return svc_fail(error, SVC_TIMED_OUT, "not now");
    }
    return get_secret(user, stage, refresh, out, error);
}

static void the_inbox_is_asked_twice(void **state) {
    (void)state;
    char *expected = undisturbed(false);
    struct db_options options = db_options_of(&f);
    struct db *kept = proxied;
    struct webhook_stored stored;
    struct db_error error;
    get_secret = options.secret.get;
    options.secret.get = refuse_first;
    proxied = NULL;
    assert_int_equal(db_create(&options, &proxied, &error), SVC_OK);
    prepare_proxied(false);
    db_command_of(&f, "cut reply %d", PAYMENT_TRIPS);
    refusals = 1;
    assert_int_equal(webhook_store_change(&store, the_change(false), &stored, &error), SVC_OK);
    assert_int_equal(refusals, 0);
    assert_int_equal(stored.outcome, WEBHOOK_STORED);
    assert_int_equal(stored.mail_count, 1);
    assert_tables(expected);
    db_destroy(proxied);
    proxied = kept;
    free(expected);
}

/* Another delivery stored it meanwhile: that one sends the mails. */
static void a_commit_that_another_delivery_made_is_told_apart(void **state) {
    (void)state;
    struct webhook_stored stored;
    struct db_error error;
    prepare_proxied(false);
    db_command_of(&f, "cut reply %d", PAYMENT_TRIPS);
    /* The row is that of another request as soon as it is there. */
    db_sql(&f, "CREATE TRIGGER other BEFORE INSERT ON inbox FOR EACH ROW SET NEW.request_id = "
               "'request-2'");
    const enum svc_status status = webhook_store_change(&store, the_change(false), &stored, &error);
    db_sql(&f, "DROP TRIGGER other");
    assert_int_equal(status, SVC_OK);
    assert_int_equal(stored.outcome, WEBHOOK_STORED_BEFORE);
    assert_int_equal(stored.mail_count, 0);
}

/* ---------------------------------------------------------------------- killed servers */

struct delivery {
    pthread_t thread;
    enum svc_status status;
    struct webhook_stored stored;
    struct db_error error;
};

static void *deliver(void *user) {
    struct delivery *delivery = user;
    delivery->status =
        webhook_store_change(&store, the_change(false), &delivery->stored, &delivery->error);
    return NULL;
}

static void start_again(void) {
    db_command_of(&f, "start");
    db_sql(&f, "USE shop");
}

/* Killed while the event waits for the order's lock, and while the platform's procedure runs. */
static void a_server_killed_at_work_has_stored_nothing(void **state) {
    (void)state;
    char *expected = undisturbed(false);
    for (int is_late = 0; is_late < 2; is_late++) {
        struct delivery delivery = {0};
        prepare_proxied(false);
        if (is_late) {
            db_sql(&f, "UPDATE pauses SET pause_s = 60");
        } else {
            assert_int_equal(db_begin(db, NULL, NULL), SVC_OK);
            db_do(db, "UPDATE orders SET lang = lang WHERE number = 'ORD-1'");
        }
        assert_int_equal(pthread_create(&delivery.thread, NULL, deliver, &delivery), 0);
        db_wait_for(&f,
                    is_late ? "SELECT COUNT(*) FROM information_schema.processlist WHERE state = "
                              "'User sleep'"
                            : "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE "
                              "'SELECT o.order_id%'",
                    "1");
        db_command_of(&f, "kill");
        pthread_join(delivery.thread, NULL);
        assert_int_not_equal(delivery.status, SVC_OK);
        assert_false(delivery.error.maybe_done);
        db_rollback(db);
        start_again();
        db_sql(&f, "UPDATE pauses SET pause_s = 0");
        assert_false(deliver_again(false));
        assert_tables(expected);
    }
    free(expected);
}

/* Killed right after the COMMIT, whose reply is lost. */
static void a_server_killed_after_the_commit_has_stored_all(void **state) {
    (void)state;
    char *expected = undisturbed(false);
    struct webhook_stored stored;
    struct db_error error;
    prepare_proxied(false);
    db_command_of(&f, "cut reply %d", PAYMENT_TRIPS);
    f.secrets.status = SVC_TIMED_OUT;
    assert_int_not_equal(webhook_store_change(&store, the_change(false), &stored, &error), SVC_OK);
    db_command_of(&f, "kill");
    start_again();
    f.secrets.status = SVC_OK;
    assert_true(deliver_again(false));
    assert_tables(expected);
    free(expected);
}

/* ---------------------------------------------------------------------- memory */

static void exhausted_memory_changes_nothing(void **state) {
    (void)state;
    for (int is_shipping = 0; is_shipping < 2; is_shipping++) {
        char *expected = undisturbed(is_shipping);
        int n = 1, failures = 0;
        for (bool has_failed = true; has_failed; n++) {
            struct webhook_stored stored;
            struct db_error error;
            prepare(is_shipping);
            const long live = failing_malloc.live;
            failing_malloc_arm(n, false);
            const enum svc_status status =
                webhook_store_change(&store, the_change(is_shipping), &stored, &error);
            has_failed = failing_malloc_disarm() > 0;
            if (status != SVC_OK) {
                assert_int_equal(status, SVC_NO_MEMORY);
                assert_false(error.maybe_done);
                assert_int_equal(stored.mail_count, 0);
                failures++;
            } else {
                assert_int_equal(stored.mails_not_made, 0);
            }
            assert_in_range(failing_malloc.live - live, 0, 16); /* statements may stay prepared */
            assert_int_equal(deliver_again(is_shipping), status == SVC_OK);
            assert_tables(expected);
        }
        assert_true(failures >= 3);
        free(expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payment_survives_a_cut_at_each_step),
        cmocka_unit_test(a_parcel_survives_a_cut_at_each_step),
        cmocka_unit_test(a_commit_stays_unknown_while_there_is_no_connection),
        cmocka_unit_test(the_inbox_is_asked_twice),
        cmocka_unit_test(a_commit_that_another_delivery_made_is_told_apart),
        cmocka_unit_test(a_server_killed_at_work_has_stored_nothing),
        cmocka_unit_test(a_server_killed_after_the_commit_has_stored_all),
        cmocka_unit_test(exhausted_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
