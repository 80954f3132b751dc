/* The settings of a session: set, read back and compared, or the connection is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/internal.h"

/* Strict for all tables: what does not fit is refused, never cut or replaced by a zero. */
#define SQL_MODE                                                                                   \
    "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"                   \
    "NO_ENGINE_SUBSTITUTION"
static const char *const modes[] = {"STRICT_ALL_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE",
                                    "ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"};

/* Whether `word` stands between commas in the list. */
static bool has_word(const char *list, const char *word) {
    const size_t size = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, size) == 0 && (at[size] == ',' || at[size] == '\0')) {
            return true;
        }
    }
    return false;
}

static enum svc_status refuse(struct db_error *error, const char *what) {
    return db_fail(error, SVC_REJECTED, DB_FAULT_SETTINGS,
                   "the server did not take the session's setting: %s", what);
}

/* The row of the query in verify. */
enum { ZONE, MODE, CLIENT, CONNECTION, RESULTS, ISOLATION, AUTOCOMMIT, LOCK_WAIT, COLUMNS };

static enum svc_status check_row(const struct db *db, const char *const *row,
                                 struct db_error *error) {
    uint64_t lock_wait_s = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (row[i] == NULL) {
            return refuse(error, "one of them is NULL");
        }
    }
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (!has_word(row[MODE], modes[i])) {
            return refuse(error, "sql_mode");
        }
    }
    /* With it a backslash in a constant of the code would mean something else. */
    if (has_word(row[MODE], "NO_BACKSLASH_ESCAPES") || has_word(row[MODE], "ANSI_QUOTES")) {
        return refuse(error, "sql_mode");
    }
    if (strcmp(row[ZONE], "+00:00") != 0) {
        return refuse(error, "time_zone");
    }
    if (strcmp(row[CLIENT], "utf8mb4") != 0 || strcmp(row[CONNECTION], "utf8mb4") != 0 ||
        strcmp(row[RESULTS], "utf8mb4") != 0) {
        return refuse(error, "character set");
    }
    if (strcmp(row[ISOLATION], "READ-COMMITTED") != 0) {
        return refuse(error, "transaction isolation");
    }
    if (strcmp(row[AUTOCOMMIT], "1") != 0) {
        return refuse(error, "autocommit");
    }
    if (!svc_parse_uint(row[LOCK_WAIT], UINT32_MAX, &lock_wait_s) ||
        (int64_t)lock_wait_s * 1000 > db->options.lock_wait_ms + 999) {
        return refuse(error, "innodb_lock_wait_timeout");
    }
    return SVC_OK;
}

static enum svc_status verify(struct db *db, const char *isolation, struct db_error *error) {
    char sql[512];
    snprintf(sql, sizeof(sql),
             "SELECT @@SESSION.time_zone, @@SESSION.sql_mode, @@SESSION.character_set_client, "
             "@@SESSION.character_set_connection, @@SESSION.character_set_results, "
             "@@SESSION.%s, @@SESSION.autocommit, @@SESSION.innodb_lock_wait_timeout",
             isolation);
    enum svc_status status = db_command(db, sql, error);
    if (status != SVC_OK) {
        return status;
    }
    MYSQL_RES *result = mysql_store_result(db->connection);
    if (result == NULL) {
        return mysql_errno(db->connection) != 0 ? db_fail_here(db, NULL, error)
                                                : refuse(error, "no row of settings");
    }
    MYSQL_ROW row = mysql_num_fields(result) == COLUMNS ? mysql_fetch_row(result) : NULL;
    status = row != NULL ? check_row(db, (const char *const *)row, error)
                         : refuse(error, "no row of settings");
    mysql_free_result(result);
    return status;
}

enum svc_status db_set_session(struct db *db, struct db_error *error) {
    /* MariaDB has the one name in every version, MySQL 8 only the other. */
    const char *isolation = db->is_mariadb ? "tx_isolation" : "transaction_isolation";
    const int64_t lock_wait_s = (db->options.lock_wait_ms + 999) / 1000;
    char sql[512];
    snprintf(sql, sizeof(sql),
             "SET SESSION sql_mode='" SQL_MODE "', SESSION time_zone='+00:00', "
             "SESSION autocommit=1, SESSION innodb_lock_wait_timeout=%lld, "
             "SESSION lock_wait_timeout=%lld, SESSION %s='READ-COMMITTED'",
             (long long)lock_wait_s, (long long)lock_wait_s, isolation);
    enum svc_status status = db_command(db, sql, error);
    return status == SVC_OK ? verify(db, isolation, error) : status;
}

/* The limit is rounded down to an eighth of its power of two, so that it is sent again only when
 * the time that is left has changed by so much: not for each statement, and for most invocations
 * not at all. */
static int64_t round_limit(int64_t limit_ms) {
    int64_t step = 1;
    while (step * 16 <= limit_ms) {
        step *= 2;
    }
    return limit_ms / step * step;
}

enum svc_status db_limit_statement(struct db *db, int64_t limit_ms, struct db_error *error) {
    const int64_t rounded_ms = round_limit(limit_ms);
    char sql[128];
    if (rounded_ms == db->statement_ms) {
        return SVC_OK;
    }
    if (db->is_mariadb) {
        snprintf(sql, sizeof(sql), "SET SESSION max_statement_time=%lld.%03lld",
                 (long long)(rounded_ms / 1000), (long long)(rounded_ms % 1000));
    } else {
        snprintf(sql, sizeof(sql), "SET SESSION max_execution_time=%lld", (long long)rounded_ms);
    }
    /* Before it is sent: a session whose limit is unknown gets it again. */
    db->statement_ms = 0;
    enum svc_status status = db_command(db, sql, error);
    if (status == SVC_OK) {
        db->statement_ms = rounded_ms;
    }
    return status;
}
