/* Statements against MariaDB: what is refused, rows, the cache of prepared statements, time. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/db_table_support.h"

/* ---------------------------------------------------------------------- refusals */

static void a_longer_text_than_declared_is_an_error(void **state) {
    (void)state;
    static const struct db_column fits[] = {{.type = DB_TEXT, .max_bytes = 600}};
    static const struct db_column shorter[] = {{.type = DB_TEXT, .max_bytes = 599}};
    static const struct db_column small[] = {{.type = DB_TEXT, .max_bytes = 3}};
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(run("SELECT REPEAT('x', 600)", fits, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    assert_int_equal(kept.values[0][0].size_bytes, 600);
    db_forget_rows(&kept);
    assert_int_equal(run("SELECT REPEAT('x', 600)", shorter, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_non_null(strstr(error.message, "longer than its limit"));
    assert_int_equal(run("SELECT 'four'", small, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(run("SELECT '\xed\x95\x9c'", small, 1, NULL, 0, &kept, NULL, &error), SVC_OK);
    db_forget_rows(&kept);
}

static void long_and_short_texts_alternate(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT},
                                               {.type = DB_TEXT, .max_bytes = 100000}};
    struct db_kept kept = {0};
    struct db_error error;
    assert_int_equal(run("SELECT seq, REPEAT(CHAR(64 + seq), IF(seq % 3 = 0, 5 + seq * 900, seq)) "
                         "FROM seq_1_to_20",
                         columns, 2, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE); /* CHAR() is binary: not TEXT */
    assert_int_equal(
        run("SELECT seq, REPEAT(CHAR(64 + seq USING utf8mb4), IF(seq % 3 = 0, 5 + seq * 900, seq)) "
            "FROM seq_1_to_20",
            columns, 2, NULL, 0, &kept, NULL, &error),
        SVC_OK);
    assert_int_equal(kept.rows, 20);
    for (size_t i = 0; i < 20; i++) {
        const size_t n = i + 1;
        assert_int_equal(kept.values[i][1].size_bytes, n % 3 == 0 ? 5 + n * 900 : n);
        for (size_t k = 0; k < kept.values[i][1].size_bytes; k++) {
            assert_int_equal(kept.values[i][1].bytes[k], (char)(64 + n));
        }
    }
    db_forget_rows(&kept);
}

static void a_value_too_long_for_its_column_is_refused_by_the_server(void **state) {
    (void)state;
    struct db_error error;
    db_do(db, "CREATE TABLE narrow (t VARCHAR(3), n TINYINT, m DECIMAL(3,1))");
    const struct db_value text[] = {db_text("secret-value-4711")};
    assert_int_equal(run("INSERT INTO narrow (t) VALUES (?)", NULL, 0, text, 1, NULL, NULL, &error),
                     SVC_REJECTED);
    assert_int_equal(error.fault, DB_FAULT_VALUE);
    assert_null(strstr(error.message, "4711"));
    const struct db_value number[] = {db_int(128)};
    assert_int_equal(
        run("INSERT INTO narrow (n) VALUES (?)", NULL, 0, number, 1, NULL, NULL, &error),
        SVC_REJECTED);
    const struct db_value word[] = {db_text("canary-word")};
    assert_int_equal(run("INSERT INTO narrow (n) VALUES (?)", NULL, 0, word, 1, NULL, NULL, &error),
                     SVC_REJECTED);
    assert_null(strstr(error.message, "canary"));
    const struct db_value amount[] = {db_decimal(10000, 1)};
    assert_int_equal(
        run("INSERT INTO narrow (m) VALUES (?)", NULL, 0, amount, 1, NULL, NULL, &error),
        SVC_REJECTED);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM narrow"), 0);
}

static void faults_of_the_server_are_classified(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        enum svc_status status;
        enum db_fault fault;
    } rows[] = {
        {"INSERT INTO faults VALUES (1, 1, 'x@example.com')", SVC_CONFLICT, DB_FAULT_DUPLICATE_KEY},
        {"INSERT INTO faults VALUES (2, 99, 'y')", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"INSERT INTO faults VALUES (2, NULL, 'y')", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"INSERT INTO faults (id) VALUES (5)", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"INSERT INTO faults VALUES (3, 1, '')", SVC_REJECTED, DB_FAULT_CONSTRAINT},
        {"SELEC 1", SVC_REJECTED, DB_FAULT_STATEMENT},
        {"DELETE FROM nothing_here", SVC_NO_RESOURCE, DB_FAULT_STATEMENT},
        {"UPDATE faults SET nothing = 1", SVC_REJECTED, DB_FAULT_STATEMENT},
        {"CREATE USER intruder", SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
        {"DELETE FROM mysql.user", SVC_ACCESS_DENIED, DB_FAULT_PRIVILEGE},
        {"DO SLEEP(0); DO SLEEP(0)", SVC_REJECTED, DB_FAULT_STATEMENT},
    };
    struct db_error error;
    db_do(db, "CREATE TABLE parents (id INT PRIMARY KEY)");
    db_do(
        db,
        "CREATE TABLE faults (id INT PRIMARY KEY, parent INT NOT NULL, email VARCHAR(50) NOT NULL, "
        "UNIQUE KEY by_email (email), CHECK (email <> ''), "
        "FOREIGN KEY (parent) REFERENCES parents (id))");
    db_do(db, "INSERT INTO parents VALUES (1)");
    db_do(db, "INSERT INTO faults VALUES (1, 1, 'it''s@example.com')");
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(run(rows[i].sql, NULL, 0, NULL, 0, NULL, NULL, &error), rows[i].status);
        assert_int_equal(error.fault, rows[i].fault);
        assert_false(error.maybe_done);
        assert_null(strstr(error.message, "example.com"));
    }
    const struct db_value values[] = {db_text("it's@example.com")};
    assert_int_equal(
        run("INSERT INTO faults VALUES (9, 1, ?)", NULL, 0, values, 1, NULL, NULL, &error),
        SVC_CONFLICT);
    assert_string_equal(error.message, "Duplicate entry '...' for key 'by_email'");
    assert_int_equal(db_counts(db).connections, 1); /* none of them costs the connection */
}

static void results_that_are_not_as_declared_are_refused(void **state) {
    (void)state;
    static const struct db_column text[] = {{.type = DB_TEXT, .max_bytes = 100}};
    static const struct db_column number[] = {{.type = DB_INT}};
    static const struct db_column time[] = {{.type = DB_TIME}};
    static const struct db_column two[] = {{.type = DB_INT}, {.type = DB_INT}};
    static const struct {
        const char *sql;
        const struct db_column *columns;
        size_t count;
    } rows[] = {
        {"SELECT 1", text, 1},     {"SELECT 'a'", number, 1},
        {"SELECT 1.5", number, 1}, {"SELECT 1e0", number, 1},
        {"SELECT NOW()", text, 1}, {"SELECT CURRENT_TIME()", time, 1},
        {"SELECT 1", two, 2},      {"SELECT 1, 2", number, 1},
        {"SELECT x'ff'", text, 1}, {"SELECT 1 FROM seq_1_to_5000", text, 1},
        {"DO 1", number, 1},       {"SELECT 1", NULL, 0},
    };
    struct db_kept kept = {0};
    struct db_error error;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const enum svc_status status =
            run(rows[i].sql, rows[i].columns, rows[i].count, NULL, 0, &kept, NULL, &error);
        if (status != SVC_BAD_RESPONSE || error.fault != DB_FAULT_RESULT) {
            print_error("%s\n", rows[i].sql);
        }
        assert_int_equal(status, SVC_BAD_RESPONSE);
        assert_int_equal(error.fault, DB_FAULT_RESULT);
        assert_int_equal(kept.rows, 0);
        assert_int_equal(db_number(db, "SELECT 7"), 7);
    }
}

static void wrong_arguments_are_refused(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    static const struct db_column no_size[] = {{.type = DB_TEXT}};
    static const struct db_column deep[] = {{.type = DB_DECIMAL, .scale = 19}};
    struct db_value many[DB_MAX_PARAMETERS + 1];
    struct db_kept kept = {0};
    struct db_error error;
    for (size_t i = 0; i < COUNT(many); i++) {
        many[i] = db_int(1);
    }
    const struct db_value scale[] = {db_decimal(1, 19)};
    assert_int_equal(run("DO ?", NULL, 0, many, 2, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("DO ?", NULL, 0, many, 0, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("DO 1", NULL, 0, many, COUNT(many), NULL, NULL, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(run("", NULL, 0, NULL, 0, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("DO ?", NULL, 0, scale, 1, NULL, NULL, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(run("SELECT 'a'", no_size, 1, NULL, 0, &kept, NULL, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(run("SELECT 1", deep, 1, NULL, 0, &kept, NULL, &error), SVC_INVALID_ARGUMENT);
    const struct db_statement statement = {"SELECT 1", column, 1};
    const struct db_query query = {.statement = &statement};
    assert_int_equal(db_run(db, &query, NULL, &error), SVC_INVALID_ARGUMENT); /* no row function */
}

/* ---------------------------------------------------------------------- rows and statements */

static enum svc_status inner_status;

static bool run_inside(void *user, const struct db_value *row) {
    struct db_error error;
    (void)row;
    (void)user;
    inner_status = run("DO 1", NULL, 0, NULL, 0, NULL, NULL, &error);
    return true;
}

static void no_statement_runs_while_rows_are_read(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    static const struct db_statement statement = {"SELECT seq FROM seq_1_to_3", column, 1};
    const struct db_query query = {.statement = &statement, .row = run_inside};
    struct db_error error;
    struct db_result result;
    assert_int_equal(db_run(db, &query, &result, &error), SVC_OK);
    assert_int_equal(result.rows, 3);
    assert_int_equal(inner_status, SVC_INVALID_ARGUMENT);
}

static void reading_can_be_ended_early(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    struct db_kept kept = {.most = 2};
    struct db_result result;
    struct db_error error;
    assert_int_equal(run("SELECT CAST(seq AS SIGNED) FROM seq_1_to_20000", column, 1, NULL, 0,
                         &kept, &result, &error),
                     SVC_OK);
    assert_int_equal(result.rows, 2);
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    assert_int_equal(db_counts(db).connections, 1);
}

static bool sum(void *user, const struct db_value *row) {
    *(int64_t *)user += row[0].integer;
    return true;
}

static void many_rows_stream(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT},
                                               {.type = DB_TEXT, .max_bytes = 50}};
    static const struct db_statement statement = {
        "SELECT seq, CONCAT('row ', seq) FROM seq_1_to_100000", columns, 2};
    int64_t total = 0;
    const struct db_query query = {.statement = &statement, .row = sum, .user = &total};
    struct db_result result;
    struct db_error error;
    assert_int_equal(db_run(db, &query, &result, &error), SVC_OK);
    assert_int_equal(result.rows, 100000);
    assert_true(total == INT64_C(5000050000));
}

static void a_statement_is_prepared_once(void **state) {
    (void)state;
    const struct db_counts before = db_counts(db);
    char copy[64];
    for (int i = 0; i < 10; i++) {
        /* By its text, wherever that stands. */
        snprintf(copy, sizeof(copy), "SELECT 4711 + %d", i % 2);
        assert_int_equal(db_number(db, copy), 4711 + i % 2);
    }
    const struct db_counts after = db_counts(db);
    assert_int_equal(after.prepared - before.prepared, 2);
    assert_int_equal(after.executed - before.executed, 10);
    assert_true(after.round_trips - before.round_trips <= 13); /* and the limit of time */
}

static void the_least_recently_used_statement_is_replaced(void **state) {
    (void)state;
    char sql[64];
    db_disconnect(db); /* none is prepared */
    for (int i = 0; i < 3 * DB_MAX_STATEMENTS; i++) {
        snprintf(sql, sizeof(sql), "SELECT %d", i);
        assert_int_equal(db_number(db, sql), i);
        assert_int_equal(db_number(db, "SELECT 1000000"), 1000000); /* in use all the time */
    }
    const uint64_t prepared = db_counts(db).prepared;
    assert_int_equal(db_number(db, "SELECT 1000000"), 1000000);
    assert_true(db_counts(db).prepared == prepared);
    assert_int_equal(db_number(db, "SELECT 0"), 0); /* was replaced */
    assert_true(db_counts(db).prepared == prepared + 1);
    db_wait_for(&f, "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'", "Prepared_stmt_count\t64");
}

static void rows_and_ids_are_counted(void **state) {
    (void)state;
    struct db_result result;
    struct db_error error;
    db_do(db, "CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL)");
    assert_int_equal(run("INSERT INTO counted (n) VALUES (1), (2), (3)", NULL, 0, NULL, 0, NULL,
                         &result, &error),
                     SVC_OK);
    assert_int_equal(result.affected_rows, 3);
    assert_int_equal(result.last_insert_id, 1);
    assert_int_equal(run("UPDATE counted SET n = 2", NULL, 0, NULL, 0, NULL, &result, &error),
                     SVC_OK);
    assert_int_equal(result.affected_rows, 2); /* those that changed */
    assert_int_equal(run("DELETE FROM counted", NULL, 0, NULL, 0, NULL, &result, &error), SVC_OK);
    assert_int_equal(result.affected_rows, 3);
}

static void an_altered_table_is_seen(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}};
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE altered (a INT NOT NULL)");
    db_do(db, "INSERT INTO altered VALUES (5)");
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    db_sql(&f, "ALTER TABLE shop.altered MODIFY a VARCHAR(10) NOT NULL");
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    db_sql(&f, "ALTER TABLE shop.altered MODIFY a INT NOT NULL, ADD b INT NOT NULL DEFAULT 1");
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    db_sql(&f, "ALTER TABLE shop.altered DROP b");
    kept.rows = 0;
    assert_int_equal(run("SELECT * FROM altered", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.values[0][0].integer, 5);
}

/* Rows that are only read to their end are put nowhere: the cells that were bound are gone. */
static void rows_that_are_not_wanted_are_put_nowhere(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 200000}};
    struct db_kept kept = {0};
    struct db_error error;
    db_do(db, "CREATE TABLE unwanted (a MEDIUMTEXT NOT NULL)");
    db_do(db, "INSERT INTO unwanted VALUES (REPEAT('x', 200000)), (REPEAT('y', 200000))");
    assert_int_equal(run("SELECT * FROM unwanted", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_OK);
    assert_int_equal(kept.rows, 2);
    db_forget_rows(&kept);
    db_sql(&f, "ALTER TABLE shop.unwanted MODIFY a MEDIUMBLOB NOT NULL");
    assert_int_equal(run("SELECT * FROM unwanted", columns, 1, NULL, 0, &kept, NULL, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(kept.rows, 0);
    assert_int_equal(db_number(db, "SELECT 7"), 7);
}

static bool end_inside(void *user, const struct db_value *row) {
    (void)user;
    (void)row;
    db_rollback(db);
    db_disconnect(db);
    return true;
}

static void the_connection_stays_while_rows_are_read(void **state) {
    (void)state;
    static const struct db_column column[] = {{.type = DB_INT}};
    static const struct db_statement statement = {"SELECT seq FROM seq_1_to_3", column, 1};
    const struct db_query query = {.statement = &statement, .row = end_inside};
    struct db_error error;
    struct db_result result;
    assert_int_equal(db_begin(db, NULL, &error), SVC_OK);
    assert_int_equal(db_run(db, &query, &result, &error), SVC_OK);
    assert_int_equal(result.rows, 3);
    assert_int_equal(db_commit(db, &error), SVC_OK);
}

static void a_slow_statement_ends_with_its_deadline(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_INT}};
    struct db_kept kept = {0};
    struct db_error error;
    const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 400));
    const enum svc_status status =
        run("SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE a.seq + b.seq = 0",
            columns, 1, NULL, 0, &kept, NULL, &error);
    const int64_t took_ms = svc_monotonic_ms(svc_clock_system()) - begin_ms;
    assert_true(status == SVC_TIMED_OUT || status == SVC_DEADLINE);
    assert_int_equal(error.fault, DB_FAULT_TIMEOUT);
    assert_in_range(took_ms, 200, 5000);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), -1));
    assert_int_equal(run("DO 1", NULL, 0, NULL, 0, NULL, NULL, &error), SVC_DEADLINE);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    assert_int_equal(db_number(db, "SELECT 7"), 7);
    /* The server has ended it too: nothing of it runs on. */
    db_wait_for(
        &f,
        "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT COUNT(*) "
        "FROM seq_1_to%'",
        "0");
}

static void nothing_of_the_data_is_in_the_log(void **state) {
    (void)state;
    const char *lines = svc_buf_text(&f.log.lines);
    assert_non_null(strstr(lines, "database connected"));
    assert_null(strstr(lines, "canary"));
    assert_null(strstr(lines, "app"));
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_longer_text_than_declared_is_an_error),
        TEST(long_and_short_texts_alternate),
        TEST(a_value_too_long_for_its_column_is_refused_by_the_server),
        TEST(faults_of_the_server_are_classified),
        TEST(results_that_are_not_as_declared_are_refused),
        TEST(wrong_arguments_are_refused),
        TEST(no_statement_runs_while_rows_are_read),
        TEST(reading_can_be_ended_early),
        TEST(many_rows_stream),
        TEST(a_statement_is_prepared_once),
        TEST(the_least_recently_used_statement_is_replaced),
        TEST(rows_and_ids_are_counted),
        TEST(an_altered_table_is_seen),
        TEST(rows_that_are_not_wanted_are_put_nowhere),
        TEST(the_connection_stays_while_rows_are_read),
        TEST(a_slow_statement_ends_with_its_deadline),
        TEST(nothing_of_the_data_is_in_the_log),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
