/* Transactions against MariaDB: repetition, lost connections at each statement, doubts. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/db_support.h"

static struct db_fixture f;
static struct db *direct, *proxied;

/* By itself it sends nothing: each test connects it anew. */
static struct db *through_proxy(void) {
    db_disconnect(proxied);
    db_secrets_reset(&f, true);
    struct db_error error;
    assert_int_equal(db_connect(proxied, &error), SVC_OK);
    return proxied;
}

static int start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    direct = db_of(&f);
    proxied = db_of(&f);
    db_do(direct, "CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL)");
    return 0;
}

static int stop(void **state) {
    (void)state;
    db_destroy(direct);
    db_destroy(proxied);
    db_fixture_stop(&f);
    return 0;
}

static int fresh(void **state) {
    (void)state;
    db_secrets_reset(&f, false);
    db_command_of(&f, "cut no");
    db_set_deadline(direct, svc_deadline_in(svc_clock_system(), 30000));
    db_set_deadline(proxied, svc_deadline_in(svc_clock_system(), 30000));
    db_rollback(direct);
    db_rollback(proxied);
    db_do(direct, "DELETE FROM t");
    db_do(direct, "INSERT INTO t VALUES (1, 0), (2, 0)");
    return 0;
}

static enum svc_status run(struct db *db, const char *sql, struct db_error *error) {
    const struct db_statement statement = {.sql = sql};
    const struct db_query query = {.statement = &statement};
    return db_run(db, &query, NULL, error);
}

static int64_t n_of(int id) {
    return atoll(db_sql(&f, "SELECT n FROM shop.t WHERE id = %d", id));
}

/* ---------------------------------------------------------------------- the plain ways */

struct job {
    int calls, fail_first; /* the first so many calls return REJECTED */
    enum svc_status (*extra)(struct db *db, int call, struct db_error *error);
};

/* Two updates, and what a test adds between them. */
static enum svc_status work(struct db *db, void *user, struct db_error *error) {
    struct job *job = user;
    job->calls++;
    enum svc_status status = run(db, "UPDATE t SET n = n + 1 WHERE id = 1", error);
    if (status == SVC_OK && job->extra != NULL) {
        status = job->extra(db, job->calls, error);
    }
    if (status == SVC_OK) {
        status = run(db, "UPDATE t SET n = n + 1 WHERE id = 2", error);
    }
    return status == SVC_OK && job->calls <= job->fail_first
               ? db_fail(error, SVC_REJECTED, DB_FAULT_OTHER, "not today")
               : status;
}

static void a_transaction_is_committed(void **state) {
    (void)state;
    struct job job = {0};
    struct db_error error;
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_OK);
    assert_int_equal(error.attempts, 1);
    assert_int_equal(n_of(1), 1);
    assert_int_equal(n_of(2), 1);
}

static void a_refused_transaction_leaves_nothing(void **state) {
    (void)state;
    struct job job = {.fail_first = 1};
    struct db_error error;
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_REJECTED);
    assert_string_equal(error.message, "not today");
    assert_int_equal(job.calls, 1);
    assert_int_equal(n_of(1), 0);
    assert_int_equal(db_number(direct, "SELECT COUNT(*) FROM t"), 2); /* and goes on */
}

static void single_steps_are_kept_in_order(void **state) {
    (void)state;
    struct db_error error;
    const struct db_transaction_options snapshot = {.is_snapshot = true};
    assert_int_equal(db_commit(direct, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(db_begin(direct, &snapshot, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(db_begin(direct, NULL, &error), SVC_OK);
    assert_int_equal(db_begin(direct, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(db_connect(direct, &error), SVC_INVALID_ARGUMENT);
    struct job job = {0};
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_INVALID_ARGUMENT);
    db_do(direct, "UPDATE t SET n = 5 WHERE id = 1");
    assert_int_equal(n_of(1), 0);
    assert_int_equal(db_commit(direct, &error), SVC_OK);
    assert_int_equal(n_of(1), 5);
}

static void the_isolation_is_the_stated_one(void **state) {
    (void)state;
    static const struct db_transaction_options snapshot = {
        .isolation = DB_REPEATABLE_READ, .is_read_only = true, .is_snapshot = true};
    struct db_error error;
    /* READ COMMITTED sees what others commit meanwhile, a snapshot does not. */
    assert_int_equal(db_begin(direct, NULL, &error), SVC_OK);
    assert_int_equal(db_number(direct, "SELECT n FROM t WHERE id = 1"), 0);
    db_sql(&f, "UPDATE shop.t SET n = 1 WHERE id = 1");
    assert_int_equal(db_number(direct, "SELECT n FROM t WHERE id = 1"), 1);
    assert_int_equal(db_commit(direct, &error), SVC_OK);
    assert_int_equal(db_begin(direct, &snapshot, &error), SVC_OK);
    db_sql(&f, "UPDATE shop.t SET n = 2 WHERE id = 1");
    assert_int_equal(db_number(direct, "SELECT n FROM t WHERE id = 1"), 1);
    assert_int_equal(run(direct, "UPDATE t SET n = 9 WHERE id = 1", &error), SVC_REJECTED);
    assert_int_equal(error.fault, DB_FAULT_STATEMENT);
    db_rollback(direct);
    /* The next one is READ COMMITTED again. */
    assert_int_equal(db_begin(direct, NULL, &error), SVC_OK);
    assert_int_equal(db_number(direct, "SELECT n FROM t WHERE id = 1"), 2);
    db_sql(&f, "UPDATE shop.t SET n = 3 WHERE id = 1");
    assert_int_equal(db_number(direct, "SELECT n FROM t WHERE id = 1"), 3);
    db_rollback(direct);
}

static enum svc_status define_a_table(struct db *db, int call, struct db_error *error) {
    (void)call;
    return run(db, "CREATE TABLE IF NOT EXISTS implicit (id INT)", error);
}

static void a_statement_that_commits_by_itself_is_found(void **state) {
    (void)state;
    struct job job = {.extra = define_a_table};
    struct db_error error;
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_INVALID_ARGUMENT);
    assert_true(error.maybe_done);
    assert_int_equal(job.calls, 1);
    assert_int_equal(n_of(2), 0);
}

/* ---------------------------------------------------------------------- locks */

struct rival {
    pthread_barrier_t *both_hold_one;
    struct db *db;
    const char *before; /* a statement that comes first; NULL: none */
    int first, second, calls;
    enum svc_status status;
    struct db_error error;
};

static enum svc_status cross(struct db *db, void *user, struct db_error *error) {
    struct rival *rival = user;
    char sql[80];
    rival->calls++;
    snprintf(sql, sizeof(sql), "UPDATE t SET n = n + 1 WHERE id = %d", rival->first);
    enum svc_status status = rival->before != NULL ? run(db, rival->before, error) : SVC_OK;
    status = status == SVC_OK ? run(db, sql, error) : status;
    if (rival->calls == 1) {
        pthread_barrier_wait(rival->both_hold_one);
    }
    snprintf(sql, sizeof(sql), "UPDATE t SET n = n + 1 WHERE id = %d", rival->second);
    return status == SVC_OK ? run(db, sql, error) : status;
}

static void *race(void *user) {
    struct rival *rival = user;
    rival->status = db_transaction(rival->db, NULL, cross, rival, &rival->error);
    return NULL;
}

static void a_deadlock_is_repeated(void **state) {
    (void)state;
    pthread_barrier_t barrier;
    pthread_t thread;
    struct rival a = {.both_hold_one = &barrier, .db = direct, .first = 1, .second = 2};
    struct rival b = {.both_hold_one = &barrier, .db = proxied, .first = 2, .second = 1};
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, race, &a), 0);
    race(&b);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
    assert_int_equal(a.status, SVC_OK);
    assert_int_equal(b.status, SVC_OK);
    assert_int_equal(a.calls + b.calls, 3); /* one of them was the victim, once */
    assert_int_equal(a.error.attempts + b.error.attempts, 3);
    assert_int_equal(n_of(1), 2);
    assert_int_equal(n_of(2), 2);
}

/* Ignores what the server says, and goes on. */
static enum svc_status cross_and_ignore(struct db *db, void *user, struct db_error *error) {
    struct rival *rival = user;
    struct db_error ignored;
    (void)cross(db, rival, &ignored);
    (void)run(db, "INSERT INTO t VALUES (50, 1)", &ignored);
    db_error_clear(error);
    return SVC_OK;
}

/* After a deadlock a statement would be in no transaction: it would stay, whatever follows. */
static void after_a_deadlock_nothing_is_run_outside_of_the_transaction(void **state) {
    (void)state;
    static const struct db_transaction_options once = {.max_attempts = 1};
    pthread_barrier_t barrier;
    pthread_t thread;
    struct rival heavy = {.both_hold_one = &barrier, .db = proxied, .first = 1, .second = 2};
    struct rival victim = {.both_hold_one = &barrier, .db = direct, .first = 2, .second = 1};
    struct db_error error;
    /* The server chooses the one that has changed less. */
    db_do(direct, "INSERT INTO t SELECT seq, 0 FROM seq_100_to_200");
    heavy.before = "UPDATE t SET n = 1 WHERE id >= 100";
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    assert_int_equal(pthread_create(&thread, NULL, race, &heavy), 0);
    assert_int_not_equal(db_transaction(direct, &once, cross_and_ignore, &victim, &error), SVC_OK);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
    assert_int_equal(heavy.status, SVC_OK);
    assert_int_equal(heavy.calls, 1);
    assert_false(error.maybe_done);
    assert_int_equal(n_of(1), 1);
    assert_int_equal(n_of(2), 1);
    assert_int_equal(db_number(direct, "SELECT COUNT(*) FROM t WHERE id = 50"), 0);
}

/* Raises the server's deadlock for the first so many calls. */
static int deadlocks;
static enum svc_status raise_deadlock(struct db *db, int call, struct db_error *error) {
    return call <= deadlocks ? run(db, "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213", error)
                             : SVC_OK;
}

static void repetition_ends(void **state) {
    (void)state;
    static const struct db_transaction_options three = {.max_attempts = 3};
    struct job job = {.extra = raise_deadlock};
    struct db_error error;
    deadlocks = 2;
    assert_int_equal(db_transaction(direct, &three, work, &job, &error), SVC_OK);
    assert_int_equal(error.attempts, 3);
    assert_int_equal(n_of(1), 1); /* not 3: each attempt was rolled back */
    deadlocks = 100;
    job.calls = 0;
    assert_int_equal(db_transaction(direct, &three, work, &job, &error), SVC_SERVER_ERROR);
    assert_int_equal(error.fault, DB_FAULT_DEADLOCK);
    assert_int_equal(error.attempts, 3);
    assert_false(error.maybe_done);
    assert_int_equal(job.calls, 3);
    job.calls = 0;
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_SERVER_ERROR);
    assert_int_equal(job.calls, DB_MAX_ATTEMPTS);
}

/* On a clock that only the waits move: none is begun that would outlast the deadline. */
static void waits_end_before_the_deadline(void **state) {
    (void)state;
    static const struct db_transaction_options many = {.max_attempts = 100};
    struct test_clock clock;
    struct test_random random;
    struct db_options options = db_options_of(&f);
    struct job job = {.extra = raise_deadlock};
    struct db_error error;
    struct db *db = NULL;
    test_clock_init(&clock, 0);
    test_random_init(&random, 0.999);
    options.clock = &clock.clock;
    options.random = &random.random;
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    const int64_t deadline_ms = svc_deadline_in(&clock.clock, 5000);
    db_set_deadline(db, deadline_ms);
    deadlocks = 1000;
    assert_int_equal(db_transaction(db, &many, work, &job, &error), SVC_SERVER_ERROR);
    assert_int_equal(error.fault, DB_FAULT_DEADLOCK);
    /* 19, 39, 79, 159, 319, 639, and 999 for as long as they fit. */
    assert_int_equal(clock.slept_ms[0], 19);
    assert_int_equal(clock.slept_ms[5], 639);
    assert_int_equal(clock.slept_ms[6], 999);
    assert_int_equal(clock.sleeps, 9);
    assert_int_equal(error.attempts, 10);
    assert_true(svc_remaining_ms(&clock.clock, deadline_ms) > 0);
    db_destroy(db);
}

static enum svc_status swallow_deadlock(struct db *db, int call, struct db_error *error) {
    (void)raise_deadlock(db, call, error);
    return SVC_OK;
}

static void a_deadlock_that_the_work_ignores_is_not_committed(void **state) {
    (void)state;
    static const struct db_transaction_options once = {.max_attempts = 1};
    struct job job = {.extra = swallow_deadlock};
    struct db_error error;
    deadlocks = 1;
    assert_int_not_equal(db_transaction(direct, &once, work, &job, &error), SVC_OK);
    assert_int_equal(n_of(1), 0);
    assert_int_equal(n_of(2), 0);
    job.calls = 0;
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_OK);
    assert_int_equal(job.calls, 2);
    assert_int_equal(n_of(1), 1);
    assert_int_equal(n_of(2), 1);
}

static struct db *holder;
static enum svc_status release(struct db *db, int call, struct db_error *error) {
    if (call == 2) {
        db_rollback(holder); /* the lock is free for the second attempt's second update */
    }
    (void)db;
    (void)error;
    return SVC_OK;
}

static void a_lock_wait_is_repeated_and_bounded(void **state) {
    (void)state;
    struct job job = {.extra = release};
    struct db_error error;
    holder = proxied;
    assert_int_equal(db_begin(proxied, NULL, &error), SVC_OK);
    db_do(proxied, "UPDATE t SET n = 100 WHERE id = 2");
    const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_OK);
    assert_in_range(svc_monotonic_ms(svc_clock_system()) - begin_ms, 900, 10000);
    assert_int_equal(error.attempts, 2);
    assert_int_equal(n_of(1), 1);
    assert_int_equal(n_of(2), 1);
    /* Without the time for another attempt it is reported. */
    assert_int_equal(db_begin(proxied, NULL, &error), SVC_OK);
    db_do(proxied, "UPDATE t SET n = 100 WHERE id = 2");
    db_set_deadline(direct, svc_deadline_in(svc_clock_system(), 600));
    job = (struct job){0};
    const enum svc_status status = db_transaction(direct, NULL, work, &job, &error);
    assert_true(status == SVC_TIMED_OUT || status == SVC_DEADLINE);
    assert_false(error.maybe_done);
    db_rollback(proxied);
    assert_int_equal(n_of(1), 1);
}

static void waits_grow_and_are_random(void **state) {
    (void)state;
    assert_int_equal(db_retry_delay_ms(1, 0.0), 0);
    assert_int_equal(db_retry_delay_ms(1, 0.5), 10);
    assert_int_equal(db_retry_delay_ms(2, 0.5), 20);
    assert_int_equal(db_retry_delay_ms(4, 0.5), 80);
    assert_int_equal(db_retry_delay_ms(7, 0.5), 500);
    assert_int_equal(db_retry_delay_ms(1000, 0.5), 500);
}

/* ---------------------------------------------------------------------- lost connections */

/* The steps of `work`, as requests on a connection that has all prepared: BEGIN, 2 updates, COMMIT.
 */
enum { REQUESTS = 4, COMMIT_REQUEST = 4 };

static void warm(struct db *db) {
    struct job job = {0};
    struct db_error error;
    assert_int_equal(db_transaction(db, NULL, work, &job, &error), SVC_OK);
    fresh(NULL);
    db_secrets_reset(&f, true);
}

static void a_connection_cut_at_each_request_changes_nothing_twice(void **state) {
    (void)state;
    for (int step = 1; step <= REQUESTS; step++) {
        struct db *db = through_proxy();
        struct job job = {0};
        struct db_error error;
        warm(db);
        db_command_of(&f, "cut request %d", step);
        const enum svc_status status = db_transaction(db, NULL, work, &job, &error);
        if (step < COMMIT_REQUEST) {
            /* Certainly not done, so it was repeated on a new connection. */
            assert_int_equal(status, SVC_OK);
            assert_int_equal(n_of(1), 1);
            assert_int_equal(n_of(2), 1);
        } else {
            assert_int_equal(status, SVC_CONNECTION_LOST);
            assert_true(error.maybe_done);
            assert_int_equal(n_of(1), 0); /* this time it was not */
            assert_int_equal(n_of(2), 0);
        }
        assert_int_equal(job.calls, step == 1 || step == COMMIT_REQUEST ? 1 : 2);
    }
}

static void a_connection_cut_at_each_reply_changes_nothing_twice(void **state) {
    (void)state;
    for (int step = 1; step <= REQUESTS; step++) {
        struct db *db = through_proxy();
        struct job job = {0};
        struct db_error error;
        warm(db);
        db_command_of(&f, "cut reply %d", step);
        const enum svc_status status = db_transaction(db, NULL, work, &job, &error);
        if (step < COMMIT_REQUEST) {
            assert_int_equal(status, SVC_OK);
        } else {
            assert_int_equal(status, SVC_CONNECTION_LOST);
            assert_true(error.maybe_done); /* and it was */
        }
        assert_int_equal(n_of(1), 1);
        assert_int_equal(n_of(2), 1);
    }
}

static void only_reading_statements_are_repeated(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = through_proxy();
    assert_int_equal(db_number(db, "SELECT n FROM t WHERE id = 1"), 0);
    db_do(db, "UPDATE t SET n = n + 1 WHERE id = 1"); /* prepared on this connection */
    assert_int_equal(db_number(db, "SELECT n FROM t WHERE id = 1"), 1);
    db_command_of(&f, "cut request 1");
    assert_int_equal(db_number(db, "SELECT n FROM t WHERE id = 1"), 1);
    db_command_of(&f, "cut reply 1");
    assert_int_equal(db_number(db, "SELECT n FROM t WHERE id = 1"), 1);
    /* Not prepared on the new connection: the request that is lost is the one that prepares. */
    db_command_of(&f, "cut reply 1");
    assert_int_equal(run(db, "UPDATE t SET n = n + 1 WHERE id = 1", &error), SVC_OK);
    assert_int_equal(n_of(1), 2);
    db_command_of(&f, "cut reply 1");
    assert_int_equal(run(db, "UPDATE t SET n = n + 1 WHERE id = 1", &error), SVC_CONNECTION_LOST);
    assert_true(error.maybe_done);
    assert_int_equal(n_of(1), 3);
}

static bool count_row(void *user, const struct db_value *row) {
    (void)row;
    ++*(int *)user;
    return true;
}

static void rows_are_not_given_out_twice(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT},
                                               {.type = DB_TEXT, .max_bytes = 20000}};
    static const struct db_statement statement = {
        "SELECT seq, REPEAT('x', 20000) FROM seq_1_to_2000", columns, 2};
    int rows = 0;
    const struct db_query query = {.statement = &statement, .row = count_row, .user = &rows};
    struct db *db = through_proxy();
    struct db_error error;
    assert_int_equal(db_run(db, &query, NULL, &error), SVC_OK);
    assert_int_equal(rows, 2000);
    rows = 0;
    db_command_of(&f, "break 3000000");
    assert_int_equal(db_run(db, &query, NULL, &error), SVC_CONNECTION_LOST);
    assert_in_range(rows, 1, 1999);
    assert_false(error.maybe_done);
}

static enum svc_status kill_at_step(struct db *db, int call, struct db_error *error) {
    (void)db;
    (void)error;
    if (call == 1) {
        db_command_of(&f, "kill");
        db_command_of(&f, "start");
    }
    return SVC_OK;
}

static void a_killed_server_leaves_the_transaction_undone(void **state) {
    (void)state;
    struct job job = {.extra = kill_at_step};
    struct db_error error;
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_OK);
    assert_int_equal(job.calls, 2);
    assert_int_equal(n_of(1), 1);
    assert_int_equal(n_of(2), 1);
}

/* As after a failover, when the old address leads to a replica: the connection is not kept. */
static void a_read_only_server_is_left(void **state) {
    (void)state;
    struct db_error error;
    struct job job = {0};
    db_sql(&f, "GRANT ALL ON shop.* TO app@'%%'; SET GLOBAL read_only = 1");
    const uint64_t before = db_counts(direct).connections;
    const enum svc_status status = db_transaction(direct, NULL, work, &job, &error);
    db_sql(&f, "SET GLOBAL read_only = 0");
    assert_int_equal(status, SVC_SERVER_ERROR);
    assert_int_equal(error.fault, DB_FAULT_READ_ONLY);
    assert_false(error.maybe_done);
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_OK);
    assert_int_equal(db_counts(direct).connections, before + 1);
    assert_int_equal(n_of(1), 1);
}

static void a_killed_connection_is_replaced_once(void **state) {
    (void)state;
    struct db_error error;
    struct job job = {0};
    const uint64_t before = db_counts(direct).connections;
    db_sql(&f, "KILL %d", (int)db_number(direct, "SELECT CONNECTION_ID()"));
    assert_int_equal(db_transaction(direct, NULL, work, &job, &error), SVC_OK);
    assert_int_equal(error.attempts, 1); /* found before the BEGIN */
    assert_int_equal(db_counts(direct).connections, before + 1);
    assert_int_equal(n_of(1), 1);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_transaction_is_committed),
        TEST(a_refused_transaction_leaves_nothing),
        TEST(single_steps_are_kept_in_order),
        TEST(the_isolation_is_the_stated_one),
        TEST(a_statement_that_commits_by_itself_is_found),
        TEST(a_deadlock_is_repeated),
        TEST(after_a_deadlock_nothing_is_run_outside_of_the_transaction),
        TEST(repetition_ends),
        TEST(waits_end_before_the_deadline),
        TEST(a_deadlock_that_the_work_ignores_is_not_committed),
        TEST(a_lock_wait_is_repeated_and_bounded),
        TEST(waits_grow_and_are_random),
        TEST(a_connection_cut_at_each_request_changes_nothing_twice),
        TEST(a_connection_cut_at_each_reply_changes_nothing_twice),
        TEST(only_reading_statements_are_repeated),
        TEST(rows_are_not_given_out_twice),
        TEST(a_read_only_server_is_left),
        TEST(a_killed_connection_is_replaced_once),
        TEST(a_killed_server_leaves_the_transaction_undone),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
