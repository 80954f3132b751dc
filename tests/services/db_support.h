/* Shared by the tests of the database: a MariaDB server of their own (db_server.py), a secret that
 * the test sets, and a db that uses both. */
#ifndef TESTS_SERVICES_DB_SUPPORT_H
#define TESTS_SERVICES_DB_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "services/db/statement.h"
#include "services/db/transaction.h"
#include "tests/services/support.h"

#define DB_PASSWORD "canary-Pa55word'\"\\"

/* Each stage's password; NULL: there is no such version. `cached` is what a get without refresh
 * returns for the current stage. */
struct db_secrets {
    const char *current, *pending, *previous, *cached;
    const char *user, *host;
    int port;
    int gets, refreshes;
    enum svc_status status; /* not OK: every get fails so */
};

struct db_fixture {
    struct test_server server;
    int proxy_port;
    char folder[128], ca_file[160];
    struct db_secrets secrets;
    struct test_log log;
};

/* Starts the server with the database `shop`, empty, and the user `app` with DB_PASSWORD. */
bool db_fixture_start(struct db_fixture *fixture);
void db_fixture_stop(struct db_fixture *fixture);
/* A command of db_server.py; fails the test if the reply is an error. The reply lives until the
 * next command. */
const char *db_command_of(struct db_fixture *fixture, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "sql ..." by the mariadb command, as root. */
#define db_sql(fixture, ...) db_command_of((fixture), "sql " __VA_ARGS__)

/* Asks until the reply is `expected`: the server ends connections and statements in its own time.
 */
void db_wait_for(struct db_fixture *fixture, const char *sql, const char *expected);

/* The secret of the server itself, or of the proxy in front of it. */
void db_secrets_reset(struct db_fixture *fixture, bool through_proxy);
struct db_options db_options_of(struct db_fixture *fixture);
/* A db with 30 s; fails the test if it cannot be made. */
struct db *db_of(struct db_fixture *fixture);
/* Runs a statement without parameters and rows, which must succeed. */
void db_do(struct db *db, const char *sql);
/* The one integer that a statement returns. */
int64_t db_number(struct db *db, const char *sql);

/* Rows as they came, texts copied. Zeroed at first; given back with db_forget_rows. */
#define DB_KEPT_ROWS    64
#define DB_KEPT_COLUMNS 8
struct db_kept {
    struct db_value values[DB_KEPT_ROWS][DB_KEPT_COLUMNS];
    char *texts[DB_KEPT_ROWS][DB_KEPT_COLUMNS];
    size_t columns, rows, most; /* most: reading ends with so many; 0: all */
};
void db_forget_rows(struct db_kept *kept);
/* Runs a statement; kept: NULL if it has no columns. */
enum svc_status db_run_values(struct db *db, const char *sql, const struct db_column *columns,
                              size_t column_count, const struct db_value *values,
                              size_t value_count, struct db_kept *kept, struct db_result *result,
                              struct db_error *error);

#endif
