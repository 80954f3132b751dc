/* Migrations: see migrate.h.
 *
 * Statements go as text: servers do not prepare all that defines views and procedures. Nothing of
 * them is data, and nothing here reconnects: a new connection would not hold the lock. */
#include "services/db/migrate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/crypto.h"
#include "services/base/text.h"
#include "services/db/internal.h"

/* The name of the lock counts for the whole server, and has at most 64 characters. */
#define LOCK "CONCAT('migrate:', LEFT(SHA2(DATABASE(), 256), 40))"

#define CREATE_TABLE                                                                               \
    "CREATE TABLE IF NOT EXISTS service_migrations ("                                              \
    "name VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY, "           \
    "checksum CHAR(64) CHARACTER SET ascii NOT NULL, "                                             \
    "applied_at DATETIME(6) NOT NULL) ENGINE = InnoDB"

#define NO_SUCH_TABLE          1146
#define DATABASE_ACCESS_DENIED 1044

/* What is recorded of a migration. */
struct record {
    char checksum[SVC_SHA256_HEX_BYTES]; /* of its present text */
    bool is_known;                       /* it has a row */
    bool is_same;                        /* with this checksum */
};

/* One call of db_migrate. */
struct run {
    struct db *db;
    const struct db_migration *migrations;
    size_t count;
    bool is_dry;
    struct record *records;
    const char *failed;
    db_migration_fn *report;
    void *user;
};

/* ---------------------------------------------------------------------- statements */

/* What is done with the rows of a text. */
struct rows {
    unsigned columns;
    void (*take)(void *user, MYSQL_ROW row);
    void *user;
};

static enum svc_status take_rows(struct db *db, const struct rows *rows, struct db_error *error) {
    MYSQL_RES *result = mysql_store_result(db->connection);
    if (result == NULL) {
        return db_fail_here(db, NULL, error);
    }
    if (mysql_num_fields(result) != rows->columns) {
        mysql_free_result(result);
        return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT,
                       "the result has not the columns that were asked for");
    }
    for (MYSQL_ROW row = mysql_fetch_row(result); row != NULL; row = mysql_fetch_row(result)) {
        rows->take(rows->user, row);
    }
    mysql_free_result(result);
    return SVC_OK;
}

/* Runs one text on the connection that is there. rows: NULL for a text without. */
static enum svc_status run_text(struct db *db, const char *sql, const struct rows *rows,
                                struct db_error *error) {
    enum svc_status status = db_prepare_wait(db, true, error);
    if (status != SVC_OK) {
        return status;
    }
    db->counts.round_trips++;
    if (mysql_real_query(db->connection, sql, (unsigned long)strlen(sql)) != 0) {
        status = db_fail_here(db, NULL, error);
        /* Here it is no login: the account may not create a procedure, for one. */
        if (error->code == DATABASE_ACCESS_DENIED) {
            error->fault = DB_FAULT_PRIVILEGE;
        }
        error->maybe_done = error->fault == DB_FAULT_CONNECTION || status == SVC_DEADLINE;
        return status;
    }
    db->counts.executed++;
    const bool has_rows = mysql_field_count(db->connection) > 0;
    if (has_rows && rows != NULL) {
        status = take_rows(db, rows, error);
    }
    if (status == SVC_OK && (has_rows != (rows != NULL) || mysql_more_results(db->connection))) {
        db_drop(db);
        status = db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT,
                         has_rows ? "the statement returns rows" : "the statement returns no rows");
    }
    if (status == SVC_OK) {
        db->used_ms = svc_monotonic_ms(db->options.clock);
    }
    return status;
}

/* ---------------------------------------------------------------------- the lock */

static void take_flag(void *user, MYSQL_ROW row) {
    *(bool *)user = row[0] != NULL && strcmp(row[0], "1") == 0;
}

static enum svc_status lock(struct db *db, struct db_error *error) {
    char sql[160];
    bool is_locked = false;
    /* Less than what is left: the server's limit for a statement is rounded down. */
    const int64_t wait_s = svc_remaining_ms(db->options.clock, db->deadline_ms) * 3 / 4 / 1000;
    snprintf(sql, sizeof(sql), "SELECT GET_LOCK(" LOCK ", %lld)", (long long)wait_s);
    const struct rows rows = {1, take_flag, &is_locked};
    enum svc_status status = run_text(db, sql, &rows, error);
    if (status == SVC_OK && !is_locked) {
        status = db_fail(error, SVC_DEADLINE, DB_FAULT_LOCK_WAIT,
                         "another run of the migrations holds the lock");
    }
    return status;
}

/* The connection is kept, so the lock would be as well. */
static void unlock(struct db *db) {
    struct db_error ignored;
    bool is_unlocked = false;
    const struct rows rows = {1, take_flag, &is_unlocked};
    db_error_clear(&ignored);
    if (db->connection != NULL) {
        (void)run_text(db, "SELECT RELEASE_LOCK(" LOCK ")", &rows, &ignored);
    }
    if (!is_unlocked && db->connection != NULL) {
        db_drop(db);
    }
}

/* ---------------------------------------------------------------------- what is recorded */

static void take_record(void *user, MYSQL_ROW row) {
    struct run *run = user;
    for (size_t i = 0; row[0] != NULL && row[1] != NULL && i < run->count; i++) {
        if (strcmp(run->migrations[i].name, row[0]) == 0) {
            run->records[i].is_known = true;
            run->records[i].is_same = strcmp(run->records[i].checksum, row[1]) == 0;
        }
    }
}

static enum svc_status read_records(struct run *run, struct db_error *error) {
    const struct rows rows = {2, take_record, run};
    run->failed = "service_migrations";
    enum svc_status status = SVC_OK;
    if (!run->is_dry) {
        status = run_text(run->db, CREATE_TABLE, NULL, error);
    }
    if (status == SVC_OK) {
        status = run_text(run->db, "SELECT name, checksum FROM service_migrations", &rows, error);
    }
    if (run->is_dry && status != SVC_OK && error->code == NO_SUCH_TABLE) {
        db_error_clear(error);
        status = SVC_OK;
    }
    return status;
}

/* Before anything is applied: a set that does not fit is refused whole. */
static enum svc_status check_records(struct run *run, struct db_error *error) {
    for (size_t i = 0; i < run->count; i++) {
        const struct db_migration *migration = &run->migrations[i];
        if (migration->kind == DB_MIGRATION_ONCE && run->records[i].is_known &&
            !run->records[i].is_same) {
            run->failed = migration->name;
            return db_fail(error, SVC_CONFLICT, DB_FAULT_STATEMENT,
                           "migration %s has changed since it was applied", migration->name);
        }
    }
    return SVC_OK;
}

static enum svc_status record(struct run *run, size_t i, struct db_error *error) {
    char sql[512];
    /* Neither part can hold a quote: check_migrations, and hexadecimal digits. */
    snprintf(sql, sizeof(sql),
             "INSERT INTO service_migrations (name, checksum, applied_at) "
             "VALUES ('%s', '%s', UTC_TIMESTAMP(6)) "
             "ON DUPLICATE KEY UPDATE checksum = VALUES(checksum), applied_at = VALUES(applied_at)",
             run->migrations[i].name, run->records[i].checksum);
    return run_text(run->db, sql, NULL, error);
}

/* ---------------------------------------------------------------------- applying */

/* Behind the comments and blanks that a file begins with. */
static const char *skip_comments(const char *sql) {
    for (;;) {
        sql += strspn(sql, " \t\r\n");
        if (strncmp(sql, "--", 2) == 0) {
            sql += strcspn(sql, "\n");
        } else if (strncmp(sql, "/*", 2) == 0 && strstr(sql, "*/") != NULL) {
            sql = strstr(sql, "*/") + 2;
        } else {
            return sql;
        }
    }
}

/* MySQL has no OR REPLACE for procedures: drops the old one, and creates. A call in between fails,
 * as a refusal of the server that callers repeat. */
static enum svc_status replace_procedure(struct db *db, const char *definition,
                                         struct db_error *error) {
    static const char drop[] = "DROP PROCEDURE IF EXISTS ", create[] = "CREATE PROCEDURE ";
    definition += strspn(definition, " \t\r\n");
    const size_t size = sizeof(drop) + strlen(definition);
    char *sql = malloc(size);
    if (sql == NULL) {
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for a migration");
    }
    snprintf(sql, size, "%s%.*s", drop, (int)strcspn(definition, " \t\r\n("), definition);
    enum svc_status status = run_text(db, sql, NULL, error);
    if (status == SVC_OK) {
        snprintf(sql, size, "%s%s", create, definition);
        status = run_text(db, sql, NULL, error);
    }
    free(sql);
    return status;
}

static enum svc_status apply(struct run *run, size_t i, struct db_error *error) {
    static const char replace[] = "CREATE OR REPLACE PROCEDURE ";
    const char *sql = skip_comments(run->migrations[i].sql);
    enum svc_status status = !run->db->is_mariadb && svc_begins_nocase(sql, replace)
                                 ? replace_procedure(run->db, sql + sizeof(replace) - 1, error)
                                 : run_text(run->db, run->migrations[i].sql, NULL, error);
    return status == SVC_OK ? record(run, i, error) : status;
}

static enum svc_status apply_missing(struct run *run, struct db_error *error) {
    enum svc_status status = read_records(run, error);
    if (status == SVC_OK) {
        status = check_records(run, error);
    }
    for (size_t i = 0; status == SVC_OK && i < run->count; i++) {
        const bool is_missing = !run->records[i].is_same;
        run->failed = run->migrations[i].name;
        if (is_missing && !run->is_dry) {
            status = apply(run, i, error);
        }
        if (status == SVC_OK && run->report != NULL) {
            run->report(run->user, run->failed,
                        is_missing ? DB_MIGRATION_APPLIED : DB_MIGRATION_UNCHANGED);
        }
    }
    return status;
}

/* ---------------------------------------------------------------------- checks */

static bool is_name(const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789_-/.";
    return name != NULL && name[0] != '\0' && strlen(name) <= DB_MAX_MIGRATION_NAME_BYTES &&
           name[strspn(name, allowed)] == '\0';
}

static enum svc_status check_migrations(struct run *run, struct db_error *error) {
    for (size_t i = 0; i < run->count; i++) {
        const struct db_migration *migration = &run->migrations[i];
        const char *why = NULL;
        if (!is_name(migration->name)) {
            why = "a migration's name is not one";
        } else if (migration->sql == NULL || *skip_comments(migration->sql) == '\0') {
            why = "a migration has no statement";
        } else if (strlen(migration->sql) > DB_MAX_MIGRATION_BYTES) {
            why = "a migration is too long";
        }
        for (size_t k = 0; why == NULL && k < i; k++) {
            if (strcmp(run->migrations[k].name, migration->name) == 0) {
                why = "two migrations have one name";
            }
        }
        if (why != NULL) {
            run->failed = is_name(migration->name) ? migration->name : NULL;
            return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "%s", why);
        }
        enum svc_status status =
            svc_sha256_hex(migration->sql, strlen(migration->sql), run->records[i].checksum);
        if (status != SVC_OK) {
            return db_fail(error, status, DB_FAULT_OTHER, "a migration cannot be hashed");
        }
    }
    return SVC_OK;
}

static enum svc_status migrate(struct run *run, struct db_error *error) {
    struct db *db = run->db;
    if (db->in_transaction) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "a transaction is open");
    }
    enum svc_status status = check_migrations(run, error);
    if (status == SVC_OK) {
        status = db_ensure(db, error);
    }
    /* A dry run changes nothing, so it waits for nobody. */
    if (status != SVC_OK || run->is_dry) {
        return status == SVC_OK ? apply_missing(run, error) : status;
    }
    status = lock(db, error);
    if (status == SVC_CONNECTION_LOST && db->is_kept) {
        /* It ended while it was idle: a lock that was not granted had no effect. */
        db_error_clear(error);
        status = db_ensure(db, error);
        status = status == SVC_OK ? lock(db, error) : status;
    }
    if (status == SVC_OK) {
        status = apply_missing(run, error);
        unlock(db);
    }
    return status;
}

enum svc_status db_migrate(struct db *db, const struct db_migration *migrations, size_t count,
                           bool is_dry, db_migration_fn *report, void *user, const char **failed,
                           struct db_error *error) {
    struct db_error own;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    struct run run = {
        .db = db,
        .migrations = migrations,
        .count = count,
        .is_dry = is_dry,
        .records = calloc(count + 1, sizeof(*run.records)),
        .report = report,
        .user = user,
    };
    enum svc_status status = run.records != NULL ? migrate(&run, error)
                                                 : db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER,
                                                           "no memory for the migrations");
    free(run.records);
    if (failed != NULL) {
        *failed = status == SVC_OK ? NULL : run.failed;
    }
    return status;
}
