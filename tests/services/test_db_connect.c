/* Connections to MariaDB: TLS, logins while a password is rotated, kept connections, settings. */
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

static int start(void **state) {
    (void)state;
    return db_fixture_start(&f) ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    db_fixture_stop(&f);
    return 0;
}

static int fresh(void **state) {
    (void)state;
    db_secrets_reset(&f, false);
    return 0;
}

#define SET_PASSWORD(password) db_sql(&f, "ALTER USER app@'%%' IDENTIFIED BY '" password "'")

/* The error of one connection. */
static struct db_error connect_once(struct db_counts *counts) {
    struct db_error error;
    struct db *db = db_of(&f);
    (void)db_connect(db, &error);
    if (counts != NULL) {
        *counts = db_counts(db);
    }
    db_destroy(db);
    assert_null(strstr(error.message, "canary"));
    assert_null(strstr(svc_buf_text(&f.log.lines), "canary"));
    return error;
}

/* ---------------------------------------------------------------------- TLS */

static void certificates_are_verified(void **state) {
    (void)state;
    static const struct {
        const char *certificate, *sentence;
    } rows[] = {
        {"wrong", "the server's certificate is for another host name (host localhost)"},
        {"expired", "the server's certificate has expired (host localhost)"},
        {"self", "the server's certificate is by none of the authorities in DB_CA_FILE (host "
                 "localhost)"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        db_command_of(&f, "certificate %s", rows[i].certificate);
        struct db_error error = connect_once(NULL);
        assert_int_equal(error.status, SVC_TLS_REFUSED);
        assert_int_equal(error.fault, DB_FAULT_TLS);
        assert_string_equal(error.message, rows[i].sentence);
    }
    db_command_of(&f, "certificate good");
    assert_int_equal(connect_once(NULL).status, SVC_OK);
}

static void another_authority_is_refused(void **state) {
    (void)state;
    char own[sizeof(f.ca_file)];
    snprintf(own, sizeof(own), "%s", f.ca_file);
    snprintf(f.ca_file, sizeof(f.ca_file), "%s/other-ca.pem", f.folder);
    struct db_error error = connect_once(NULL);
    assert_int_equal(error.status, SVC_TLS_REFUSED);
    assert_non_null(strstr(error.message, "none of the authorities"));
    snprintf(f.ca_file, sizeof(f.ca_file), "%s/nothing.pem", f.folder);
    error = connect_once(NULL);
    assert_int_equal(error.status, SVC_CONFIGURATION);
    assert_non_null(strstr(error.message, "DB_CA_FILE"));
    /* A file without a certificate does not mean that any is good. */
    snprintf(f.ca_file, sizeof(f.ca_file), "%s/good.key", f.folder);
    assert_int_equal(connect_once(NULL).status, SVC_TLS_REFUSED);
    memcpy(f.ca_file, own, sizeof(own));
    assert_int_equal(connect_once(NULL).status, SVC_OK);
}

static void an_address_that_the_certificate_does_not_name_is_refused(void **state) {
    (void)state;
    f.secrets.host = "127.0.0.1";
    struct db_error error = connect_once(NULL);
    assert_int_equal(error.status, SVC_TLS_REFUSED);
    assert_non_null(strstr(error.message, "another host name"));
}

static void the_connection_has_new_tls(void **state) {
    (void)state;
    struct db *db = db_of(&f);
    assert_int_equal(db_number(db, "SELECT VARIABLE_VALUE IN ('TLSv1.2', 'TLSv1.3') FROM "
                                   "information_schema.SESSION_STATUS WHERE VARIABLE_NAME = "
                                   "'Ssl_version'"),
                     1);
    db_destroy(db);
}

/* ---------------------------------------------------------------------- logins */

static void a_new_password_is_found_by_the_first_refusal(void **state) {
    (void)state;
    struct db_counts counts;
    SET_PASSWORD("second-canary");
    f.secrets.cached = DB_PASSWORD;
    f.secrets.current = "second-canary";
    struct db_error error = connect_once(&counts);
    assert_int_equal(error.status, SVC_OK);
    assert_int_equal(counts.logins, 2);
    assert_int_equal(f.secrets.gets, 2);
    assert_int_equal(f.secrets.refreshes, 1);
}

static void the_pending_password_is_tried_and_then_the_previous(void **state) {
    (void)state;
    struct db_counts counts;
    /* The rotation has set the database's password, and not yet made it current. */
    SET_PASSWORD("third-canary");
    f.secrets.current = "second-canary";
    f.secrets.pending = "third-canary";
    f.secrets.previous = "first-canary";
    assert_int_equal(connect_once(&counts).status, SVC_OK);
    assert_int_equal(counts.logins, 2); /* the refreshed current one is the same: not again */
    assert_int_equal(f.secrets.gets, 3);
    /* The secret is ahead of the database. */
    f.secrets.current = f.secrets.pending = "fourth-canary";
    f.secrets.previous = "third-canary";
    f.secrets.gets = 0;
    assert_int_equal(connect_once(&counts).status, SVC_OK);
    assert_int_equal(counts.logins, 2);
    assert_int_equal(f.secrets.gets, 4);
    /* No stage fits. */
    f.secrets.previous = "fifth-canary";
    f.secrets.gets = 0;
    struct db_error error = connect_once(&counts);
    assert_int_equal(error.status, SVC_ACCESS_DENIED);
    assert_int_equal(error.fault, DB_FAULT_LOGIN);
    assert_int_equal(error.code, 1045);
    assert_int_equal(counts.logins, 2);
    assert_int_equal(f.secrets.gets, 4);
    /* Nor are there others. */
    f.secrets.pending = f.secrets.previous = NULL;
    error = connect_once(&counts);
    assert_int_equal(error.status, SVC_ACCESS_DENIED);
    assert_int_equal(counts.logins, 1);
    SET_PASSWORD("canary-Pa55word\\'\"\\\\");
}

static void a_secret_that_cannot_be_read_is_reported(void **state) {
    (void)state;
    f.secrets.status = SVC_TIMED_OUT;
    struct db_error error = connect_once(NULL);
    assert_int_equal(error.status, SVC_TIMED_OUT);
    assert_int_equal(error.fault, DB_FAULT_SECRET);
    assert_string_equal(error.message, "the secret cannot be read: the secret's source is down");
    f.secrets.status = SVC_ACCESS_DENIED;
    error = connect_once(NULL);
    assert_int_equal(error.status, SVC_ACCESS_DENIED);
    assert_int_equal(error.fault, DB_FAULT_SECRET);
}

static void a_database_that_is_not_there_is_reported(void **state) {
    (void)state;
    struct db_options options = db_options_of(&f);
    struct db *db = NULL;
    struct db_error error;
    options.name = "elsewhere";
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    assert_int_equal(db_connect(db, &error), SVC_ACCESS_DENIED);
    assert_int_equal(error.code, 1044);
    db_destroy(db);
    options.name = "a name that is longer than the sixty-four characters that a name may have";
    assert_int_equal(db_create(&options, &db, &error), SVC_INVALID_ARGUMENT);
    assert_null(db);
}

/* ---------------------------------------------------------------------- kept connections */

static void the_session_is_as_promised(void **state) {
    (void)state;
    struct db *db = db_of(&f);
    /* Whatever the server's own are. */
    db_sql(&f, "SET GLOBAL sql_mode = '', GLOBAL time_zone = '+09:00', GLOBAL tx_isolation = "
               "'SERIALIZABLE', GLOBAL character_set_client = latin1");
    assert_int_equal(db_number(db,
                               "SELECT @@time_zone = '+00:00' AND FIND_IN_SET('STRICT_ALL_TABLES', "
                               "@@sql_mode) > 0 AND @@tx_isolation = 'READ-COMMITTED' AND "
                               "@@character_set_client = 'utf8mb4' AND @@autocommit = 1"),
                     1);
    assert_int_equal(db_number(db, "SELECT UNIX_TIMESTAMP('2026-01-01 00:00:00') = 1767225600"), 1);
    db_destroy(db);
}

static void an_idle_connection_is_checked_without_a_packet(void **state) {
    (void)state;
    struct db *db = db_of(&f);
    struct db_error error;
    assert_int_equal(db_connect(db, &error), SVC_OK);
    const uint64_t before = db_counts(db).round_trips;
    assert_int_equal(db_connect(db, &error), SVC_OK);
    assert_true(db_counts(db).round_trips == before);
    assert_int_equal(db_counts(db).connections, 1);
    /* One that the server ended while it was idle is replaced. */
    db_sql(&f, "KILL %d", (int)db_number(db, "SELECT CONNECTION_ID()"));
    assert_int_equal(db_connect(db, &error), SVC_OK);
    assert_int_equal(db_counts(db).connections, 2);
    /* So is it by a statement. */
    db_sql(&f, "KILL %d", (int)db_number(db, "SELECT CONNECTION_ID()"));
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    assert_int_equal(db_counts(db).connections, 3);
    db_destroy(db);
}

static void a_long_idle_connection_is_pinged(void **state) {
    (void)state;
    struct test_clock clock;
    struct db_options options = db_options_of(&f);
    struct db *db = NULL;
    struct db_error error;
    test_clock_init(&clock, 0);
    clock.real = true;
    options.clock = &clock.clock;
    db_secrets_reset(&f, true);
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    assert_int_equal(db_connect(db, &error), SVC_OK);
    uint64_t before = db_counts(db).round_trips;
    clock.monotonic_ms += DB_PING_AFTER_MS + 1;
    db_set_deadline(db, svc_deadline_in(&clock.clock, 10000));
    assert_int_equal(db_connect(db, &error), SVC_OK);
    assert_true(db_counts(db).round_trips == before + 1);
    assert_int_equal(db_counts(db).connections, 1);
    /* A path that swallows packets, as a NAT that forgot the connection: the ping is lost. */
    clock.monotonic_ms += DB_PING_AFTER_MS + 1;
    db_set_deadline(db, svc_deadline_in(&clock.clock, 10000));
    db_command_of(&f, "cut request 1");
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    assert_int_equal(db_counts(db).connections, 2);
    db_destroy(db);
}

static void a_server_that_is_frozen_costs_the_deadline(void **state) {
    (void)state;
    struct db *db = db_of(&f);
    struct db_error error;
    static const struct db_statement statement = {.sql = "DO 1"};
    static const struct db_query query = {.statement = &statement};
    db_do(db, "DO 1");
    db_command_of(&f, "freeze");
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 500));
    const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
    const enum svc_status status = db_run(db, &query, NULL, &error);
    const int64_t took_ms = svc_monotonic_ms(svc_clock_system()) - begin_ms;
    db_command_of(&f, "thaw");
    assert_int_equal(status, SVC_DEADLINE);
    assert_int_equal(error.fault, DB_FAULT_TIMEOUT);
    assert_in_range(took_ms, 400, 3000);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    db_destroy(db);
}

/* The Connector's own timeout, of a second, is not what counts. */
static void a_slow_reply_is_waited_for(void **state) {
    (void)state;
    struct db *db = db_of(&f);
    db_do(db, "DO SLEEP(1.2)");
    assert_int_equal(db_counts(db).connections, 1);
    db_destroy(db);
}

static void the_limit_of_time_is_sent_seldom(void **state) {
    (void)state;
    struct test_clock clock;
    struct db_options options = db_options_of(&f);
    struct db *db = NULL;
    struct db_error error;
    test_clock_init(&clock, 0);
    options.clock = &clock.clock;
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    db_set_deadline(db, svc_deadline_in(&clock.clock, 8000));
    db_do(db, "DO 1");
    const uint64_t before = db_counts(db).round_trips;
    for (int i = 0; i < 100; i++) {
        clock.monotonic_ms += 3; /* an event of a few ms, */
        db_do(db, "DO 1");
        db_set_deadline(db, svc_deadline_in(&clock.clock, 8000)); /* and the next */
        clock.monotonic_ms += 3;
        db_do(db, "DO 1");
    }
    assert_true(db_counts(db).round_trips - before <= 201);
    assert_int_equal(db_number(db, "SELECT @@max_statement_time > 7 AND @@max_statement_time < 8"),
                     1);
    db_set_deadline(db, svc_deadline_in(&clock.clock, 150));
    assert_int_equal(db_number(db, "SELECT @@max_statement_time > 0.13 AND @@max_statement_time <= "
                                   "0.15"),
                     1);
    db_destroy(db);
}

static void many_connections_leave_nothing_open(void **state) {
    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(connect_once(NULL).status, SVC_OK);
        f.secrets.current = "canary-wrong";
        assert_int_equal(connect_once(NULL).status, SVC_ACCESS_DENIED);
        db_secrets_reset(&f, false);
    }
    assert_string_equal(db_sql(&f,
                               "SELECT COUNT(*) FROM information_schema.processlist WHERE user = "
                               "'app' AND command <> 'Killed'"),
                        "0");
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(certificates_are_verified),
        TEST(another_authority_is_refused),
        TEST(an_address_that_the_certificate_does_not_name_is_refused),
        TEST(the_connection_has_new_tls),
        TEST(a_new_password_is_found_by_the_first_refusal),
        TEST(the_pending_password_is_tried_and_then_the_previous),
        TEST(a_secret_that_cannot_be_read_is_reported),
        TEST(a_database_that_is_not_there_is_reported),
        TEST(the_session_is_as_promised),
        TEST(an_idle_connection_is_checked_without_a_packet),
        TEST(a_long_idle_connection_is_pinged),
        TEST(a_server_that_is_frozen_costs_the_deadline),
        TEST(a_slow_reply_is_waited_for),
        TEST(the_limit_of_time_is_sent_seldom),
        TEST(many_connections_leave_nothing_open),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
