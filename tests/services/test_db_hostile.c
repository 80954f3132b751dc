/* Servers that are not what they should be (db_fake.py), and secrets that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/base/chars.h"
#include "services/db/migrate.h"
#include "tests/services/db_support.h"
#include "tests/support/memory_copies.h"

static char folder[] = "/tmp/test_db_hostile_XXXXXX";
static struct db_fixture f; /* no server of its own: `f.server` is a fake one at a time */

static int run_shell(const char *format) {
    char command[512];
    snprintf(command, sizeof(command), format, folder, folder);
    return system(command);
}

static int start(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL || run_shell("sh " TEST_FILE("make_certificates.sh") " %s") != 0 ||
        run_shell("echo canary-file >%s/private") != 0) {
        return -1;
    }
    /* Set before OpenSSL reads it, so that our own setting refuses old protocols, not the
     * distribution's. */
    char lax[128];
    snprintf(lax, sizeof(lax), "%s/lax.cnf", folder);
    setenv("OPENSSL_CONF", lax, 1);
    snprintf(f.ca_file, sizeof(f.ca_file), "%s/ca.pem", folder);
    test_log_init(&f.log, svc_clock_system());
    char pem[128], key[128];
    snprintf(pem, sizeof(pem), "%s/good.pem", folder);
    snprintf(key, sizeof(key), "%s/good.key", folder);
    const char *const argv[] = {test_python(), TEST_FILE("db_fake.py"), pem, key, NULL};
    return test_server_start(&f.server, argv) ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    test_server_stop(&f.server);
    test_log_clear(&f.log);
    return run_shell("rm -r %s");
}

/* A db of the fake server in this mode; the words of the mode may be NULL. */
static struct db *fake(const char *mode, const char *first, const char *second) {
    char line[512], reply[64];
    snprintf(line, sizeof(line), "mode\t%s%s%s%s%s", mode, first != NULL ? "\t" : "",
             first != NULL ? first : "", second != NULL ? "\t" : "", second != NULL ? second : "");
    assert_true(test_server_send(&f.server, line, reply, sizeof(reply)));
    db_secrets_reset(&f, false);
    f.secrets.current = "canary-password";
    return db_of(&f);
}

static const char *seen(void) {
    static char reply[4096];
    assert_true(test_server_send(&f.server, "seen", reply, sizeof(reply)));
    return reply + strlen("seen ");
}

/* The error of a connection to a server of this mode. */
static struct db_error error_of(const char *mode, const char *first, const char *second) {
    struct db_error error;
    struct db *db = fake(mode, first, second);
    (void)db_connect(db, &error);
    assert_null(strstr(error.message, "canary"));
    db_destroy(db);
    return error;
}

static enum svc_status run(struct db *db, const char *sql, struct db_error *error) {
    const struct db_statement statement = {.sql = sql};
    const struct db_query query = {.statement = &statement};
    return db_run(db, &query, NULL, error);
}

static void the_fake_server_serves(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = fake("plain", NULL, NULL);
    assert_int_equal(db_connect(db, &error), SVC_OK);
    assert_int_equal(run(db, "DO 1", &error), SVC_OK);
    db_destroy(db);
}

static void a_server_without_tls_is_refused(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = fake("notls", NULL, NULL);
    assert_int_equal(db_connect(db, &error), SVC_TLS_REFUSED);
    assert_int_equal(error.fault, DB_FAULT_TLS);
    assert_string_equal(error.message, "the server offers no TLS (host localhost)");
    assert_string_equal(seen(), ""); /* no login was sent */
    db_destroy(db);
}

static void old_tls_is_refused(void **state) {
    (void)state;
    struct db_error error = error_of("oldtls", NULL, NULL);
    assert_int_equal(error.status, SVC_TLS_REFUSED);
    assert_string_equal(error.message,
                        "the server does not speak TLS 1.2 or newer (host localhost)");
}

static void the_password_is_never_sent_in_clear(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = fake("cleartext", NULL, NULL);
    assert_int_not_equal(db_connect(db, &error), SVC_OK);
    assert_string_equal(seen(), "");
    db_destroy(db);
}

/* The plugins of the Connector, found in its folder. */
static void the_plugins_of_logins_work(void **state) {
    (void)state;
    static const struct {
        const char *mode, *argument;
    } rows[] = {{"ed25519", NULL}, {"sha2", "3"}, {"sha2", "4"}};
    struct db_error error;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct db *db = fake(rows[i].mode, rows[i].argument, NULL);
        f.secrets.current = "secret";
        assert_int_equal(db_connect(db, &error), SVC_OK);
        db_disconnect(db);
        f.secrets.current = "Secret";
        assert_int_equal(db_connect(db, &error), SVC_ACCESS_DENIED);
        db_destroy(db);
    }
}

static void no_file_is_sent(void **state) {
    (void)state;
    char path[128];
    struct db_error error;
    snprintf(path, sizeof(path), "%s/private", folder);
    struct db *db = fake("early", path, NULL);
    assert_int_not_equal(db_connect(db, &error), SVC_OK);
    assert_string_equal(seen(), "");
    db_destroy(db);
    db = fake("infile", path, NULL);
    assert_int_equal(db_connect(db, &error), SVC_OK);
    assert_int_not_equal(run(db, "DO 1", &error), SVC_OK);
    assert_string_equal(seen(), "");
    assert_true(error.maybe_done);
    db_destroy(db);
}

static void settings_that_are_not_taken_are_refused(void **state) {
    (void)state;
    static const char *const wrong[][3] = {
        {"0", "SYSTEM", "time_zone"},
        {"0", "+09:00", "time_zone"},
        {"1", "", "sql_mode"},
        {"1", "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
         "sql_mode"},
        {"1",
         "NOT_STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
         "NO_ENGINE_SUBSTITUTION",
         "sql_mode"},
        {"1",
         "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
         "NO_ENGINE_SUBSTITUTION,NO_BACKSLASH_ESCAPES",
         "sql_mode"},
        {"2", "latin1", "character set"},
        {"3", "utf8mb3", "character set"},
        {"4", "binary", "character set"},
        {"5", "READ-UNCOMMITTED", "transaction isolation"},
        {"6", "0", "autocommit"},
        {"7", "50", "innodb_lock_wait_timeout"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct db_error error = error_of("setting", wrong[i][0], wrong[i][1]);
        assert_int_equal(error.status, SVC_REJECTED);
        assert_int_equal(error.fault, DB_FAULT_SETTINGS);
        assert_non_null(strstr(error.message, wrong[i][2]));
    }
}

static void a_full_server_and_an_absent_one_are_distinguished(void **state) {
    (void)state;
    struct db_error error = error_of("crowded", NULL, NULL);
    assert_int_equal(error.status, SVC_THROTTLED);
    assert_int_equal(error.fault, DB_FAULT_TOO_MANY_CONNECTIONS);
    struct db *db = fake("plain", NULL, NULL);
    f.secrets.port = 1; /* nothing listens there */
    assert_int_equal(db_connect(db, &error), SVC_CONNECT_FAILED);
    assert_int_equal(error.fault, DB_FAULT_CONNECTION);
    db_destroy(db);
}

static void a_refused_login_shows_no_user(void **state) {
    (void)state;
    struct db_error error = error_of("login", "1045", NULL);
    assert_int_equal(error.status, SVC_ACCESS_DENIED);
    assert_int_equal(error.fault, DB_FAULT_LOGIN);
    assert_null(strstr(error.message, "app"));
}

static void a_silent_server_costs_bounded_time(void **state) {
    (void)state;
    static const char *const stalls[] = {"1", "2", "3", "4", "5"};
    struct db_error error;
    for (size_t i = 0; i <= sizeof(stalls) / sizeof(stalls[0]); i++) {
        struct db *db = i == 0 ? fake("silent", NULL, NULL) : fake("stall", stalls[i - 1], NULL);
        const int64_t begin_ms = svc_monotonic_ms(svc_clock_system());
        db_set_deadline(db, svc_deadline_in(svc_clock_system(), i == 0 ? 1500 : 300));
        const enum svc_status status = run(db, "DO 1", &error);
        const int64_t took_ms = svc_monotonic_ms(svc_clock_system()) - begin_ms;
        assert_int_not_equal(status, SVC_OK);
        assert_int_equal(svc_status_group(status), SVC_GROUP_TRANSIENT);
        if (i > 0) { /* silent, and not broken */
            assert_int_equal(status, SVC_DEADLINE);
        }
        assert_in_range(took_ms, 250, 5000);
        /* Packets: settings, reading them back, prepare, the limit of time, execute. */
        assert_int_equal(error.maybe_done, i == 5);
        db_destroy(db);
    }
}

static void a_second_result_is_refused(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = fake("second", NULL, NULL);
    assert_int_equal(run(db, "DO 1", &error), SVC_BAD_RESPONSE);
    assert_non_null(strstr(error.message, "more than one result"));
    db_destroy(db);
}

static void mysql_gets_its_own_settings(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = fake("mysql", NULL, NULL);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 8000));
    assert_int_equal(run(db, "DO 1", &error), SVC_OK);
    char text[2048] = "";
    const char *hex = seen();
    assert_true(svc_hex_decode(hex, (uint8_t *)text, strlen(hex) / 2));
    assert_non_null(strstr(text, "SESSION transaction_isolation='READ-COMMITTED'"));
    assert_non_null(strstr(text, "@@SESSION.transaction_isolation"));
    assert_non_null(strstr(text, "SET SESSION max_execution_time=7"));
    assert_null(strstr(text, "tx_isolation"));
    assert_null(strstr(text, "max_statement_time"));
    db_destroy(db);
}

/* MySQL has no OR REPLACE for procedures. */
static void mysql_gets_a_procedure_dropped_and_created(void **state) {
    (void)state;
    static const struct db_migration migrations[] = {
        {"1", "-- A comment.\n create or replace PROCEDURE  p(IN x INT)\nDO x", DB_MIGRATION_ONCE},
        {"2", "CREATE OR REPLACE VIEW v AS SELECT 1", DB_MIGRATION_ONCE}};
    struct db_error error;
    struct db *db = fake("mysql", NULL, NULL);
    assert_int_equal(db_migrate(db, migrations, 2, false, NULL, NULL, NULL, &error), SVC_OK);
    char text[4096] = "";
    const char *hex = seen();
    assert_true(strlen(hex) / 2 < sizeof(text));
    assert_true(svc_hex_decode(hex, (uint8_t *)text, strlen(hex) / 2));
    const char *drop = strstr(text, "DROP PROCEDURE IF EXISTS p\n");
    assert_non_null(drop);
    assert_non_null(
        strstr(drop, "\nCREATE PROCEDURE p(IN x INT)\nDO x\nINSERT INTO service_migrations"));
    assert_non_null(strstr(drop, "\nCREATE OR REPLACE VIEW v AS SELECT 1\n"));
    assert_null(strstr(text, "replace PROCEDURE"));
    db_destroy(db);
}

static void a_record_without_its_columns_is_refused(void **state) {
    (void)state;
    static const struct db_migration one = {"1", "DO 1", DB_MIGRATION_ONCE};
    struct db_error error;
    struct db *db = fake("mysql", "1", NULL);
    assert_int_equal(db_migrate(db, &one, 1, false, NULL, NULL, NULL, &error), SVC_BAD_RESPONSE);
    assert_int_equal(error.fault, DB_FAULT_RESULT);
    db_destroy(db);
}

static bool accept_row(void *user, const struct db_value *row) {
    (void)user;
    (void)row;
    return true;
}

static void a_text_that_is_not_utf8_is_refused(void **state) {
    (void)state;
    static const struct db_column columns[] = {{.type = DB_TEXT, .max_bytes = 100}};
    static const struct db_statement statement = {"SELECT v", columns, 1};
    const struct db_query query = {.statement = &statement, .row = accept_row};
    struct db_error error;
    struct db *db = fake("latin", NULL, NULL);
    assert_int_equal(db_run(db, &query, NULL, &error), SVC_BAD_RESPONSE);
    assert_non_null(strstr(error.message, "not UTF-8"));
    db_destroy(db);
}

/* ---------------------------------------------------------------------- secrets */

static void secrets_that_are_none_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *what;
    } rows[] = {
        {"canary", "not JSON"},
        {"[]", "not an object"},
        {"{}", "username"},
        {"{\"username\":\"u\"}", "password"},
        {"{\"username\":\"u\",\"password\":\"\",\"host\":\"h\"}", "password"},
        {"{\"username\":\"u\",\"password\":\"canary\"}", "host"},
        {"{\"username\":7,\"password\":\"canary\",\"host\":\"h\"}", "username"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h,evil\"}", "host"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"/tmp/socket\"}", "host"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h\",\"port\":0}", "port"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h\",\"port\":65536}", "port"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h\",\"port\":\"33o6\"}", "port"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h\",\"port\":1.5}", "port"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h\",\"engine\":\"postgres\"}",
         "engine"},
        {"{\"username\":\"u\",\"password\":\"canary\",\"host\":\"h\",\"dbname\":[]}", "dbname"},
        {"{\"username\":\"u\",\"username\":\"v\",\"password\":\"canary\",\"host\":\"h\"}",
         "not JSON"},
    };
    struct db_login login;
    struct db_error error;
    struct svc_buf text;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        svc_buf_init(&text, 4096);
        assert_true(svc_buf_append_text(&text, rows[i].text));
        assert_int_equal(db_login_parse(&text, &login, &error), SVC_CONFIGURATION);
        assert_int_equal(error.fault, DB_FAULT_SECRET);
        assert_non_null(strstr(error.message, rows[i].what));
        assert_null(strstr(error.message, "canary"));
        assert_int_equal(login.password[0], '\0');
        svc_buf_clear(&text);
    }
}

static void a_secret_is_read(void **state) {
    (void)state;
    struct db_login login;
    struct db_error error;
    struct svc_buf text;
    svc_buf_init(&text, 4096);
    assert_true(svc_buf_append_text(&text, "{\"username\":\"u\",\"password\":\"p\\u00e9\\\"\","
                                           "\"host\":\"db.example.com\",\"port\":\"3307\","
                                           "\"engine\":\"mysql\",\"dbInstanceIdentifier\":\"x\"}"));
    assert_int_equal(db_login_parse(&text, &login, &error), SVC_OK);
    assert_string_equal(login.user, "u");
    assert_string_equal(login.password, "p\xc3\xa9\"");
    assert_string_equal(login.host, "db.example.com");
    assert_string_equal(login.name, "");
    assert_int_equal(login.port, 3307);
    svc_buf_clear(&text);
}

/* The password, hidden before it is sought, so that only copies are found. Sought is a part of it:
 * of a freed block malloc overwrites the first 16 bytes, and 32 bytes are json-c's first buffer. */
static char needle[] = "a-long-canary-password-4711-and-more-of-it-than-fits-into-a-first-buffer";
#define SOUGHT       16
#define SOUGHT_BYTES 12

static enum svc_status get_hidden(void *user, enum db_secret_stage stage, bool refresh,
                                  struct svc_buf *out, struct svc_error *error) {
    const bool *has_name = user;
    (void)stage;
    (void)refresh;
    (void)error;
    svc_buf_printf(out,
                   "{\"username\":\"app\",\"host\":\"localhost\",\"port\":%d,%s\"password\":\"",
                   f.server.port, *has_name ? "\"dbname\":\"shop\"," : "");
    const size_t begin = out->size_bytes;
    svc_buf_append(out, needle, sizeof(needle) - 1);
    memory_copies_hide((char *)out->bytes + begin, sizeof(needle) - 1);
    svc_buf_append_text(out, "\"}");
    return svc_buf_status(out);
}

static int count_copies(void) {
    return memory_copies_count(needle + SOUGHT, SOUGHT_BYTES);
}

static void no_copy_of_the_password_stays(void **state) {
    (void)state;
    struct db_error error;
    struct db *db = NULL;
    db_destroy(fake("plain", NULL, NULL)); /* sets the mode */
    struct db_options options = db_options_of(&f);
    bool has_name = true;
    options.secret = (struct db_secret_source){get_hidden, &has_name};
    memory_copies_hide(needle, sizeof(needle) - 1);
    assert_int_equal(count_copies(), 0);
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    assert_int_equal(db_connect(db, &error), SVC_OK);
    assert_int_equal(run(db, "DO 1", &error), SVC_OK);
    assert_int_equal(count_copies(), 0);
    db_destroy(db);
    assert_int_equal(count_copies(), 0);
    /* Looked for before other calls overwrite what this one leaves on the stack and the heap. */
    has_name = false;
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    assert_int_equal(db_connect(db, &error), SVC_CONFIGURATION);
    assert_int_equal(count_copies(), 0);
    db_destroy(db);
    struct svc_buf text; /* that a copy is found */
    svc_buf_init(&text, 4096);
    assert_int_equal(get_hidden(&has_name, DB_SECRET_CURRENT, false, &text, NULL), SVC_OK);
    assert_int_equal(count_copies(), 1);
    svc_buf_wipe(&text);
}

static void settings_are_read(void **state) {
    (void)state;
    struct test_environment environment;
    struct svc_settings from;
    struct svc_error error;
    struct db_settings settings;
    test_environment_init(&environment);
    svc_settings_init(&from, &environment.environment, &error);
    db_settings_read(&from, &settings);
    assert_int_equal(from.status, SVC_CONFIGURATION);
    assert_string_equal(error.detail, "DB_SECRET_NAME is not set");
    test_environment_set(&environment, "DB_SECRET_NAME", "openmarket/dev/db");
    svc_settings_init(&from, &environment.environment, &error);
    db_settings_read(&from, &settings);
    assert_int_equal(from.status, SVC_OK);
    assert_string_equal(settings.ca_file, DB_CA_FILE_DEFAULT);
    assert_int_equal(settings.connect_ms, 5000);
    test_environment_set(&environment, "DB_LOCK_WAIT", "10ms");
    svc_settings_init(&from, &environment.environment, &error);
    db_settings_read(&from, &settings);
    assert_int_equal(from.status, SVC_CONFIGURATION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fake_server_serves),
        cmocka_unit_test(a_server_without_tls_is_refused),
        cmocka_unit_test(old_tls_is_refused),
        cmocka_unit_test(the_password_is_never_sent_in_clear),
        cmocka_unit_test(the_plugins_of_logins_work),
        cmocka_unit_test(no_file_is_sent),
        cmocka_unit_test(settings_that_are_not_taken_are_refused),
        cmocka_unit_test(a_full_server_and_an_absent_one_are_distinguished),
        cmocka_unit_test(a_refused_login_shows_no_user),
        cmocka_unit_test(a_silent_server_costs_bounded_time),
        cmocka_unit_test(mysql_gets_its_own_settings),
        cmocka_unit_test(mysql_gets_a_procedure_dropped_and_created),
        cmocka_unit_test(a_record_without_its_columns_is_refused),
        cmocka_unit_test(a_second_result_is_refused),
        cmocka_unit_test(a_text_that_is_not_utf8_is_refused),
        cmocka_unit_test(secrets_that_are_none_are_refused),
        cmocka_unit_test(a_secret_is_read),
        cmocka_unit_test(no_copy_of_the_password_stays),
        cmocka_unit_test(settings_are_read),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
