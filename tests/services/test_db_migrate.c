/* Migrations against MariaDB: order, once, changed texts, two runs at once, connections that are
 * cut at each statement. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/db/migrate.h"
#include "tests/services/db_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LOCK         "CONCAT('migrate:', LEFT(SHA2('shop', 256), 40))"

static struct db_fixture f;
static struct db *direct, *other;

#define TABLE_A "-- A comment; with a semicolon.\nCREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY)"
#define TABLE_B "CREATE TABLE IF NOT EXISTS b (id INT PRIMARY KEY, a_id INT, KEY b_a (a_id))"
#define COLUMN  "ALTER TABLE a ADD COLUMN IF NOT EXISTS name VARCHAR(20) NOT NULL DEFAULT 'x'"
#define VIEW    "CREATE OR REPLACE VIEW v AS SELECT id, name FROM a"
#define PROCEDURE                                                                                  \
    "CREATE OR REPLACE PROCEDURE p(IN x INT)\nBEGIN\n    INSERT INTO a (id) VALUES (x);\n"         \
    "    INSERT INTO b (id) VALUES (x);\nEND"

static const struct db_migration schema[] = {
    {"0001_a", TABLE_A, DB_MIGRATION_ONCE},          {"0002_b", TABLE_B, DB_MIGRATION_ONCE},
    {"0003_column", COLUMN, DB_MIGRATION_ONCE},      {"views/v", VIEW, DB_MIGRATION_REPEATABLE},
    {"views/p", PROCEDURE, DB_MIGRATION_REPEATABLE},
};

static int start(void **state) {
    (void)state;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    direct = db_of(&f);
    other = db_of(&f);
    return 0;
}

static int stop(void **state) {
    (void)state;
    db_destroy(direct);
    db_destroy(other);
    db_fixture_stop(&f);
    return 0;
}

static void empty(void) {
    db_sql(&f, "DROP DATABASE shop; CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop");
}

static int fresh(void **state) {
    (void)state;
    db_command_of(&f, "cut no");
    db_secrets_reset(&f, false);
    empty();
    db_disconnect(direct);
    db_disconnect(other);
    db_set_deadline(direct, svc_deadline_in(svc_clock_system(), 30000));
    db_set_deadline(other, svc_deadline_in(svc_clock_system(), 30000));
    return 0;
}

/* ---------------------------------------------------------------------- what a run reports */

struct seen {
    char text[512]; /* "+0001_a =0002_b": applied, unchanged */
};

static void see(void *user, const char *name, enum db_migration_result result) {
    struct seen *seen = user;
    const size_t size = strlen(seen->text);
    snprintf(seen->text + size, sizeof(seen->text) - size, "%s%c%s", size > 0 ? " " : "",
             result == DB_MIGRATION_APPLIED ? '+' : '=', name);
}

/* Runs the migrations; what they report, and the status, must be as expected. */
static const char *run(struct db *db, const struct db_migration *migrations, size_t count,
                       bool is_dry, enum svc_status expected, const char *reports,
                       struct db_error *error) {
    struct seen seen = {{0}};
    const char *failed = "unset";
    char text[DB_ERROR_TEXT_BYTES];
    const enum svc_status status =
        db_migrate(db, migrations, count, is_dry, see, &seen, &failed, error);
    if (status != expected) {
        print_error("%s: %s\n", failed, db_error_text(error, text));
    }
    assert_int_equal(status, expected);
    if (reports != NULL) {
        assert_string_equal(seen.text, reports);
    }
    return failed;
}

/* All that the migrations make, as one text. */
static void describe(char out[8192]) {
    snprintf(out, 8192, "%s",
             db_sql(&f, "SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, "
                        "column_key) FROM information_schema.columns WHERE table_schema = 'shop' "
                        "UNION ALL SELECT CONCAT_WS(' ', table_name, view_definition) FROM "
                        "information_schema.views WHERE table_schema = 'shop' "
                        "UNION ALL SELECT CONCAT_WS(' ', routine_name, MD5(routine_definition)) "
                        "FROM information_schema.routines WHERE routine_schema = 'shop' "
                        "UNION ALL SELECT CONCAT_WS(' ', name, checksum) FROM "
                        "shop.service_migrations ORDER BY 1"));
}

/* With a connection that was dropped the server releases it in its own time. */
static void assert_unlocked(void) {
    db_wait_for(&f, "SELECT IS_FREE_LOCK(" LOCK ")", "1");
}

/* ---------------------------------------------------------------------- plain runs */

static void each_is_applied_once_and_in_order(void **state) {
    (void)state;
    struct db_error error;
    assert_null(run(direct, schema, 2, false, SVC_OK, "+0001_a +0002_b", &error));
    assert_null(run(direct, schema, 5, false, SVC_OK,
                    "=0001_a =0002_b +0003_column +views/v +views/p", &error));
    assert_unlocked();
    assert_string_equal(db_sql(&f, "CALL p(7); SELECT id, name FROM v"), "7\tx");
    assert_string_equal(
        db_sql(&f, "SELECT COUNT(*), COUNT(DISTINCT checksum), MIN(LENGTH(checksum)), "
                   "MAX(ABS(TIMESTAMPDIFF(SECOND, applied_at, UTC_TIMESTAMP()))) < 100 FROM "
                   "service_migrations"),
        "5\t5\t64\t1");
    /* Recorded, so not looked at again. */
    db_sql(&f, "DROP VIEW v");
    (void)run(other, schema, 5, false, SVC_OK, "=0001_a =0002_b =0003_column =views/v =views/p",
              &error);
    assert_string_equal(db_sql(&f, "SELECT COUNT(*) FROM information_schema.views WHERE "
                                   "table_schema = 'shop'"),
                        "0");
    /* What no migration has a name for is left alone; no migrations are no failure. */
    (void)run(direct, schema, 1, false, SVC_OK, "=0001_a", &error);
    (void)run(direct, NULL, 0, false, SVC_OK, "", &error);
    assert_string_equal(db_sql(&f, "SELECT COUNT(*) FROM service_migrations"), "5");
}

static void a_changed_text_is_a_conflict_before_anything_is_applied(void **state) {
    (void)state;
    const struct db_migration changed[] = {
        {"0000_earlier", "CREATE TABLE earlier (id INT)", DB_MIGRATION_ONCE},
        schema[0],
        {"0002_b", TABLE_B " ", DB_MIGRATION_ONCE},
    };
    struct db_error error;
    (void)run(direct, schema, 2, false, SVC_OK, NULL, &error);
    for (int dry = 0; dry < 2; dry++) {
        assert_string_equal(run(direct, changed, 3, dry == 1, SVC_CONFLICT, "", &error), "0002_b");
        assert_non_null(strstr(error.message, "0002_b"));
    }
    assert_unlocked();
    assert_string_equal(db_sql(&f, "SHOW TABLES LIKE 'earlier'"), "");
    (void)run(direct, schema, 2, false, SVC_OK, "=0001_a =0002_b", &error);
}

static void a_repeatable_one_runs_again_when_its_text_has_changed(void **state) {
    (void)state;
    struct db_migration changed[COUNT(schema)];
    struct db_error error;
    memcpy(changed, schema, sizeof(schema));
    changed[3].sql = "CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id, name FROM a";
    changed[4].sql = "CREATE OR REPLACE PROCEDURE p(IN x INT) INSERT INTO a (id) VALUES (x * 10)";
    (void)run(direct, schema, 5, false, SVC_OK, NULL, &error);
    /* A grant on the procedure outlives its replacement. */
    db_sql(&f,
           "CREATE OR REPLACE USER caller@'%%'; GRANT EXECUTE ON PROCEDURE shop.p TO caller@'%%'");
    (void)run(direct, changed, 5, false, SVC_OK, "=0001_a =0002_b =0003_column +views/v +views/p",
              &error);
    (void)run(direct, changed, 5, false, SVC_OK, "=0001_a =0002_b =0003_column =views/v =views/p",
              &error);
    assert_string_equal(db_sql(&f, "CALL p(7); SELECT id, name FROM v"), "71\tx");
    assert_non_null(strstr(db_sql(&f, "SHOW GRANTS FOR caller@'%%'"), "PROCEDURE `shop`.`p`"));
    (void)run(direct, schema, 5, false, SVC_OK, "=0001_a =0002_b =0003_column +views/v +views/p",
              &error);
    assert_string_equal(db_sql(&f, "SELECT id, name FROM v"), "70\tx");
}

static void a_dry_run_changes_nothing(void **state) {
    (void)state;
    struct db_error error;
    assert_null(run(direct, schema, 5, true, SVC_OK,
                    "+0001_a +0002_b +0003_column +views/v +views/p", &error));
    assert_int_equal(error.status, SVC_OK);
    assert_string_equal(db_sql(&f, "SHOW TABLES"), "");
    (void)run(direct, schema, 2, false, SVC_OK, NULL, &error);
    /* It waits for no other run. */
    db_sql(&f, "DO GET_LOCK(" LOCK ", 0)");
    assert_null(run(direct, schema, 5, true, SVC_OK,
                    "=0001_a =0002_b +0003_column +views/v +views/p", &error));
    db_sql(&f, "DO RELEASE_LOCK(" LOCK ")");
    assert_string_equal(db_sql(&f, "SHOW TABLES"), "a|b|service_migrations");
}

/* ---------------------------------------------------------------------- two at once */

static const struct db_migration counted[] = {
    {"1", "CREATE TABLE IF NOT EXISTS runs (name CHAR(1))", DB_MIGRATION_ONCE},
    {"2", "INSERT INTO runs VALUES ('2')", DB_MIGRATION_ONCE},
    {"3", "INSERT INTO runs VALUES ('3')", DB_MIGRATION_REPEATABLE},
};

struct rival {
    struct db *db;
    struct seen seen;
    enum svc_status status;
};

static void *race(void *user) {
    struct rival *rival = user;
    struct db_error error;
    rival->status =
        db_migrate(rival->db, counted, COUNT(counted), false, see, &rival->seen, NULL, &error);
    return NULL;
}

static void two_runs_at_once_apply_each_once(void **state) {
    (void)state;
    struct rival rivals[2] = {{.db = direct}, {.db = other}};
    pthread_t threads[2];
    /* Both wait before either goes on. */
    db_sql(&f, "DO GET_LOCK(" LOCK ", 0)");
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, race, &rivals[i]), 0);
    }
    db_wait_for(&f,
                "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app' AND "
                "state = 'User lock'",
                "2");
    db_sql(&f, "DO RELEASE_LOCK(" LOCK ")");
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(rivals[i].status, SVC_OK);
    }
    const size_t first = rivals[0].seen.text[0] == '+' ? 0 : 1;
    assert_string_equal(rivals[first].seen.text, "+1 +2 +3");
    assert_string_equal(rivals[1 - first].seen.text, "=1 =2 =3");
    assert_string_equal(db_sql(&f, "SELECT name FROM runs ORDER BY 1"), "2|3");
    assert_unlocked();
}

static void a_lock_that_stays_taken_ends_the_run(void **state) {
    (void)state;
    struct db_error error;
    db_sql(&f, "DO GET_LOCK(" LOCK ", 0)");
    assert_int_equal(db_connect(direct, &error), SVC_OK);
    db_set_deadline(direct, svc_deadline_in(svc_clock_system(), 2600));
    assert_null(run(direct, schema, 5, false, SVC_DEADLINE, "", &error));
    assert_int_equal(error.fault, DB_FAULT_LOCK_WAIT);
    assert_non_null(strstr(error.message, "another run"));
    assert_string_equal(db_sql(&f, "SHOW TABLES"), "");
    /* The lock of another database is another one. */
    db_sql(&f, "CREATE OR REPLACE DATABASE shop2; GRANT ALL ON shop2.* TO app@'%%'");
    struct db_options options = db_options_of(&f);
    struct db *second = NULL;
    options.name = "shop2";
    assert_int_equal(db_create(&options, &second, &error), SVC_OK);
    (void)run(second, schema, 1, false, SVC_OK, "+0001_a", &error);
    db_destroy(second);
    db_sql(&f, "DO RELEASE_LOCK(" LOCK ")");
}

/* In the function a run ends with the invocation's time. */
static void a_run_without_time_ends_at_a_statement(void **state) {
    (void)state;
    static const struct db_migration slow[] = {
        {"0001_a", TABLE_A, DB_MIGRATION_ONCE},
        {"0002_slow", "INSERT INTO a SELECT SLEEP(20)", DB_MIGRATION_ONCE},
        {"0003_b", TABLE_B, DB_MIGRATION_ONCE},
    };
    struct db_error error;
    const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
    (void)run(direct, slow, 1, false, SVC_OK, "+0001_a", &error);
    db_set_deadline(direct, svc_deadline_in(svc_clock_system(), 2500));
    const char *failed = NULL;
    const enum svc_status status =
        db_migrate(direct, slow, COUNT(slow), false, NULL, NULL, &failed, &error);
    /* The server's limit for the statement, or the socket's. */
    assert_true(status == SVC_TIMED_OUT || status == SVC_DEADLINE);
    assert_int_equal(error.fault, DB_FAULT_TIMEOUT);
    assert_string_equal(failed, "0002_slow");
    assert_true(svc_monotonic_ms(svc_clock_system()) - begin_ms < 15000);
    assert_unlocked();
    assert_string_equal(db_sql(&f, "SELECT name FROM service_migrations"), "0001_a");
    db_set_deadline(direct, svc_deadline_in(svc_clock_system(), 30000));
    (void)run(direct, schema, 2, false, SVC_OK, "=0001_a +0002_b", &error);
}

/* ---------------------------------------------------------------------- cut at each step */

/* One of each kind: files of tables take their time. */
static const struct db_migration few[] = {
    {"0001_a", "CREATE TABLE IF NOT EXISTS a (id INT PRIMARY KEY, name INT)", DB_MIGRATION_ONCE},
    {"views/v", VIEW, DB_MIGRATION_REPEATABLE},
    {"views/p", PROCEDURE, DB_MIGRATION_REPEATABLE},
};

/* Cuts at the nth request or reply, runs again, and compares the schema. */
static void cut_at(const char *kind, int n, const char *whole, int *losses) {
    struct db_error error;
    char left[8192];
    const char *failed = NULL;
    empty();
    db_disconnect(other);
    db_secrets_reset(&f, true);
    /* With so much time the limit of a statement is sent once, however slow the machine is. */
    db_set_deadline(other, svc_deadline_in(svc_clock_system(), 36000000));
    assert_int_equal(db_connect(other, &error), SVC_OK);
    db_command_of(&f, "cut %s %d", kind, n);
    const enum svc_status cut =
        db_migrate(other, few, COUNT(few), false, NULL, NULL, &failed, &error);
    if (cut != SVC_OK) {
        assert_int_equal(cut, SVC_CONNECTION_LOST);
        assert_int_equal(error.fault, DB_FAULT_CONNECTION);
        assert_non_null(failed);
        (*losses)++;
    }
    db_command_of(&f, "cut no");
    db_secrets_reset(&f, false);
    (void)run(direct, few, COUNT(few), false, SVC_OK, NULL, &error);
    describe(left);
    assert_string_equal(left, whole);
    /* And once more by the connection that was cut. */
    (void)run(other, few, COUNT(few), false, SVC_OK, "=0001_a =views/v =views/p", &error);
    assert_unlocked();
}

static void a_run_that_is_cut_at_each_statement_is_completed_by_the_next(void **state) {
    (void)state;
    char whole[8192];
    struct db_error error;
    (void)run(direct, few, COUNT(few), false, SVC_OK, NULL, &error);
    describe(whole);
    assert_non_null(strstr(whole, "views/p"));
    /* 1 the limit, 2 the lock: both are repeated on a new connection. 3 the table of records, 4
     * what it holds, then two for each migration. 11 the unlock: its loss is no failure. */
    int losses = 0;
    for (int n = 1; n <= 12; n++) {
        cut_at("reply", n, whole, &losses);
    }
    assert_int_equal(losses, 2 + 2 * (int)COUNT(few));
    /* To the server a request that does not arrive is the reply before it. */
    losses = 0;
    for (int n = 1; n <= 10; n += 3) {
        cut_at("request", n, whole, &losses);
    }
    assert_int_equal(losses, 3);
}

static void a_killed_server_is_found_and_the_next_run_completes(void **state) {
    (void)state;
    char whole[8192], left[8192];
    struct db_error error;
    (void)run(direct, schema, COUNT(schema), false, SVC_OK, NULL, &error);
    describe(whole);
    empty();
    (void)run(direct, schema, 2, false, SVC_OK, NULL, &error);
    db_command_of(&f, "kill");
    assert_int_equal(db_migrate(direct, schema, COUNT(schema), false, NULL, NULL, NULL, &error),
                     SVC_CONNECT_FAILED);
    db_command_of(&f, "start");
    (void)run(direct, schema, COUNT(schema), false, SVC_OK,
              "=0001_a =0002_b +0003_column +views/v +views/p", &error);
    describe(left);
    assert_string_equal(left, whole);
}

/* ---------------------------------------------------------------------- refusals */

static void a_failing_statement_is_named(void **state) {
    (void)state;
    static const struct {
        const char *sql;
        enum svc_status status;
    } cases[] = {
        {"CREATE TABEL x (id INT)", SVC_REJECTED},
        {"CREATE TABLE x (id INT); CREATE TABLE y (id INT)", SVC_REJECTED},
        {"CREATE OR REPLACE VIEW x AS SELECT id FROM nowhere", SVC_NO_RESOURCE},
        {"SELECT 1", SVC_BAD_RESPONSE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct db_migration migrations[] = {
            schema[0], {"0002_bad", cases[i].sql, DB_MIGRATION_ONCE}, schema[2]};
        struct db_error error;
        empty();
        db_disconnect(direct);
        assert_string_equal(run(direct, migrations, 3, false, cases[i].status, "+0001_a", &error),
                            "0002_bad");
        assert_string_equal(db_sql(&f, "SELECT name FROM service_migrations"), "0001_a");
        assert_string_equal(db_sql(&f, "SHOW TABLES"), "a|service_migrations");
        assert_unlocked();
        (void)run(direct, schema, 3, false, SVC_OK, "=0001_a +0002_b +0003_column", &error);
    }
}

static void names_and_texts_are_checked(void **state) {
    (void)state;
    static char long_name[DB_MAX_MIGRATION_NAME_BYTES + 2], long_text[DB_MAX_MIGRATION_BYTES + 2];
    memset(long_name, 'n', sizeof(long_name) - 1);
    memset(long_text, 'x', sizeof(long_text) - 1);
    const struct db_migration bad[] = {
        {"it's", TABLE_A, DB_MIGRATION_ONCE},
        {"", TABLE_A, DB_MIGRATION_ONCE},
        {NULL, TABLE_A, DB_MIGRATION_ONCE},
        {"back\\slash", TABLE_A, DB_MIGRATION_ONCE},
        {long_name, TABLE_A, DB_MIGRATION_ONCE},
        {"none", NULL, DB_MIGRATION_ONCE},
        {"blank", "-- nothing\n ", DB_MIGRATION_ONCE},
        {"long", long_text, DB_MIGRATION_ONCE},
        {"0001_a", TABLE_B, DB_MIGRATION_REPEATABLE},
    };
    struct db_error error;
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct db_migration migrations[] = {schema[0], bad[i]};
        (void)run(direct, migrations, 2, false, SVC_INVALID_ARGUMENT, "", &error);
    }
    assert_int_equal(db_begin(direct, NULL, &error), SVC_OK);
    (void)run(direct, schema, 1, false, SVC_INVALID_ARGUMENT, "", &error);
    db_rollback(direct);
    assert_string_equal(db_sql(&f, "SHOW TABLES"), "");
}

static void an_account_without_the_rights_is_refused_by_name(void **state) {
    (void)state;
    struct db_error error;
    db_sql(&f, "CREATE OR REPLACE USER few@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\'; "
               "GRANT SELECT ON shop.* TO few@'%%'");
    f.secrets.user = "few";
    assert_string_equal(run(direct, schema, 5, false, SVC_ACCESS_DENIED, "", &error),
                        "service_migrations");
    assert_int_equal(error.fault, DB_FAULT_PRIVILEGE);
    assert_unlocked();
    /* A procedure takes a right of its own. */
    db_sql(&f, "GRANT SELECT, INSERT, UPDATE, CREATE, ALTER, DROP, INDEX, CREATE VIEW ON shop.* TO "
               "few@'%%'");
    db_disconnect(direct);
    assert_string_equal(run(direct, schema, 5, false, SVC_ACCESS_DENIED,
                            "+0001_a +0002_b +0003_column +views/v", &error),
                        "views/p");
    assert_int_equal(error.fault, DB_FAULT_PRIVILEGE);
    assert_unlocked();
    db_sql(&f, "GRANT CREATE ROUTINE, ALTER ROUTINE ON shop.* TO few@'%%'");
    db_disconnect(direct);
    (void)run(direct, schema, 5, false, SVC_OK, "=0001_a =0002_b =0003_column =views/v +views/p",
              &error);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_is_applied_once_and_in_order),
        TEST(a_changed_text_is_a_conflict_before_anything_is_applied),
        TEST(a_repeatable_one_runs_again_when_its_text_has_changed),
        TEST(a_dry_run_changes_nothing),
        TEST(two_runs_at_once_apply_each_once),
        TEST(a_lock_that_stays_taken_ends_the_run),
        TEST(a_run_without_time_ends_at_a_statement),
        TEST(a_run_that_is_cut_at_each_statement_is_completed_by_the_next),
        TEST(a_killed_server_is_found_and_the_next_run_completes),
        TEST(a_failing_statement_is_named),
        TEST(names_and_texts_are_checked),
        TEST(an_account_without_the_rights_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
