/* See db_support.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/json.h"
#include "tests/services/db_support.h"

static char reply[65536];

const char *db_command_of(struct db_fixture *fixture, const char *format, ...) {
    char line[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (!test_server_send(&fixture->server, line, reply, sizeof(reply)) ||
        strncmp(reply, "ERROR", 5) == 0) {
        print_error("%s\n -> %s\n", line, reply);
        fail();
    }
    return reply;
}

void db_wait_for(struct db_fixture *fixture, const char *sql, const char *expected) {
    const int64_t end_ms = svc_deadline_in(svc_clock_system(), 20000);
    while (strcmp(db_command_of(fixture, "sql %s", sql), expected) != 0 &&
           svc_remaining_ms(svc_clock_system(), end_ms) > 0) {
        svc_sleep_ms(svc_clock_system(), 20);
    }
    assert_string_equal(db_command_of(fixture, "sql %s", sql), expected);
}

static enum svc_status get_secret(void *user, enum db_secret_stage stage, bool refresh,
                                  struct svc_buf *out, struct svc_error *error) {
    struct db_secrets *secrets = user;
    const char *password = stage == DB_SECRET_CURRENT   ? secrets->current
                           : stage == DB_SECRET_PENDING ? secrets->pending
                                                        : secrets->previous;
    secrets->gets++;
    secrets->refreshes += refresh;
    if (secrets->status != SVC_OK) {
        return svc_fail(error, secrets->status, "the secret's source is down");
    }
    if (stage == DB_SECRET_CURRENT && !refresh && secrets->cached != NULL) {
        password = secrets->cached;
    }
    if (password == NULL) {
        return svc_fail(error, SVC_NOT_FOUND, "no such version");
    }
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "username", secrets->user);
    svc_json_add_text(&writer, "password", password);
    svc_json_add_text(&writer, "engine", "mariadb");
    svc_json_add_text(&writer, "host", secrets->host);
    svc_json_add_int(&writer, "port", secrets->port);
    svc_json_add_text(&writer, "dbname", "shop");
    svc_json_end_object(&writer);
    return svc_json_writer_status(&writer);
}

void db_secrets_reset(struct db_fixture *fixture, bool through_proxy) {
    fixture->secrets = (struct db_secrets){
        .current = DB_PASSWORD,
        .user = "app",
        .host = "localhost",
        .port = through_proxy ? fixture->proxy_port : fixture->server.port,
    };
}

struct db_options db_options_of(struct db_fixture *fixture) {
    return (struct db_options){
        .secret = {get_secret, &fixture->secrets},
        .ca_file = fixture->ca_file,
        .log = &fixture->log.log,
        .lock_wait_ms = 1000,
    };
}

struct db *db_of(struct db_fixture *fixture) {
    struct db *db = NULL;
    struct db_error error;
    const struct db_options options = db_options_of(fixture);
    assert_int_equal(db_create(&options, &db, &error), SVC_OK);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    return db;
}

bool db_fixture_start(struct db_fixture *fixture) {
    memset(fixture, 0, sizeof(*fixture));
    test_log_init(&fixture->log, svc_clock_system());
    const char *const argv[] = {test_python(), TEST_FILE("db_server.py"), NULL};
    if (!test_server_start(&fixture->server, argv)) {
        return false;
    }
    fixture->proxy_port = atoi(db_command_of(fixture, "proxy"));
    snprintf(fixture->folder, sizeof(fixture->folder), "%s", db_command_of(fixture, "folder"));
    snprintf(fixture->ca_file, sizeof(fixture->ca_file), "%s/ca.pem", fixture->folder);
    db_secrets_reset(fixture, false);
    db_sql(fixture, "CREATE DATABASE shop CHARACTER SET utf8mb4; "
                    "CREATE USER app@'%%' IDENTIFIED BY 'canary-Pa55word\\'\"\\\\' REQUIRE SSL; "
                    "GRANT ALL ON shop.* TO app@'%%'");
    return true;
}

void db_fixture_stop(struct db_fixture *fixture) {
    test_server_stop(&fixture->server);
    test_log_clear(&fixture->log);
}

void db_do(struct db *db, const char *sql) {
    const struct db_statement statement = {.sql = sql};
    const struct db_query query = {.statement = &statement};
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    if (db_run(db, &query, NULL, &error) != SVC_OK) {
        print_error("%s: %s\n", sql, db_error_text(&error, text));
        fail();
    }
}

static bool take_number(void *user, const struct db_value *row) {
    *(int64_t *)user = row[0].integer;
    return true;
}

int64_t db_number(struct db *db, const char *sql) {
    static const struct db_column columns[] = {{.type = DB_INT}};
    const struct db_statement statement = {sql, columns, 1};
    int64_t number = INT64_MIN;
    const struct db_query query = {.statement = &statement, .row = take_number, .user = &number};
    struct db_result result;
    struct db_error error;
    char text[DB_ERROR_TEXT_BYTES];
    if (db_run(db, &query, &result, &error) != SVC_OK) {
        print_error("%s: %s\n", sql, db_error_text(&error, text));
        fail();
    }
    assert_int_equal(result.rows, 1);
    return number;
}

static bool keep(void *user, const struct db_value *row) {
    struct db_kept *kept = user;
    assert_true(kept->rows < DB_KEPT_ROWS);
    for (size_t i = 0; i < kept->columns; i++) {
        kept->values[kept->rows][i] = row[i];
        if (row[i].bytes != NULL) {
            assert_int_equal(row[i].bytes[row[i].size_bytes], '\0');
            kept->texts[kept->rows][i] = malloc(row[i].size_bytes + 1);
            memcpy(kept->texts[kept->rows][i], row[i].bytes, row[i].size_bytes + 1);
            kept->values[kept->rows][i].bytes = kept->texts[kept->rows][i];
        }
    }
    kept->rows++;
    return kept->most == 0 || kept->rows < kept->most;
}

void db_forget_rows(struct db_kept *kept) {
    for (size_t i = 0; i < DB_KEPT_ROWS; i++) {
        for (size_t k = 0; k < DB_KEPT_COLUMNS; k++) {
            free(kept->texts[i][k]);
        }
    }
    memset(kept, 0, sizeof(*kept));
}

enum svc_status db_run_values(struct db *db, const char *sql, const struct db_column *columns,
                              size_t column_count, const struct db_value *values,
                              size_t value_count, struct db_kept *kept, struct db_result *result,
                              struct db_error *error) {
    const struct db_statement statement = {sql, columns, column_count};
    const struct db_query query = {&statement, values, value_count, column_count > 0 ? keep : NULL,
                                   kept};
    if (kept != NULL) {
        kept->columns = column_count;
    }
    return db_run(db, &query, result, error);
}
