/* Running statements: see statement.h. */
#include "services/db/statement.h"

#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"
#include "services/db/internal.h"
#include "services/db/trace.h"

/* Larger cells are given back after a statement. */
#define KEPT_CELL_BYTES ((size_t)64 * 1024)

/* ---------------------------------------------------------------------- prepared statements */

static void forget(struct db_prepared *prepared) {
    if (prepared->handle != NULL) {
        (void)mysql_stmt_close(prepared->handle);
    }
    free(prepared->sql);
    *prepared = (struct db_prepared){0};
}

void db_forget_statements(struct db *db) {
    for (size_t i = 0; i < DB_MAX_STATEMENTS; i++) {
        forget(&db->prepared[i]);
    }
}

/* The slot of this text; else a free one, else that of the least recently used. */
static struct db_prepared *find_slot(struct db *db, const char *sql, size_t sql_bytes) {
    struct db_prepared *slot = &db->prepared[0];
    for (size_t i = 0; i < DB_MAX_STATEMENTS; i++) {
        struct db_prepared *prepared = &db->prepared[i];
        if (prepared->handle != NULL && prepared->sql_bytes == sql_bytes &&
            memcmp(prepared->sql, sql, sql_bytes) == 0) {
            return prepared;
        }
        if (prepared->used < slot->used) {
            slot = prepared; /* a free one was used at 0 */
        }
    }
    forget(slot);
    return slot;
}

static enum svc_status prepare(struct db *db, struct db_prepared *slot, const char *sql,
                               size_t sql_bytes, struct db_error *error) {
    enum svc_status status = db_prepare_wait(db, false, error);
    if (status != SVC_OK) {
        return status;
    }
    MYSQL_STMT *handle = mysql_stmt_init(db->connection);
    char *copy = svc_duplicate_text(sql);
    if (handle == NULL || copy == NULL) {
        free(copy);
        if (handle != NULL) {
            (void)mysql_stmt_close(handle);
        }
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for a statement");
    }
    db->counts.round_trips++;
    if (mysql_stmt_prepare(handle, sql, (unsigned long)sql_bytes) != 0) {
        /* After this the handle may have lost its connection: it is closed by itself. */
        status = db_fail_here(db, handle, error);
        (void)mysql_stmt_close(handle);
        free(copy);
        return status;
    }
    db->counts.prepared++;
    *slot = (struct db_prepared){.handle = handle, .sql = copy, .sql_bytes = sql_bytes};
    return SVC_OK;
}

static enum svc_status get_prepared(struct db *db, const char *sql, MYSQL_STMT **handle,
                                    struct db_error *error) {
    const size_t sql_bytes = strlen(sql);
    struct db_prepared *slot = find_slot(db, sql, sql_bytes);
    if (slot->handle == NULL) {
        enum svc_status status = prepare(db, slot, sql, sql_bytes, error);
        if (status != SVC_OK) {
            return status;
        }
    }
    slot->used = ++db->uses;
    *handle = slot->handle;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- rows */

/* Binds the columns to nothing: what was bound to them may be freed. */
static bool bind_nothing(MYSQL_STMT *handle) {
    MYSQL_BIND bind[DB_MAX_COLUMNS];
    const unsigned count = mysql_stmt_field_count(handle);
    if (count > DB_MAX_COLUMNS) {
        return false;
    }
    memset(bind, 0, sizeof(bind));
    for (unsigned i = 0; i < count; i++) {
        bind[i].buffer_type = MYSQL_TYPE_NULL;
        bind[i].flags = MADB_BIND_DUMMY;
    }
    return mysql_stmt_bind_result(handle, bind) == 0;
}

/* Reads what is left of a result, so that the connection can be used again; closes it if that
 * fails, or takes longer than the deadline allows. */
static void drain(struct db *db, MYSQL_STMT *handle) {
    struct db_error ignored;
    int got = 0;
    if (!bind_nothing(handle)) {
        db_drop(db);
        return;
    }
    while (got == 0 || got == MYSQL_DATA_TRUNCATED) {
        if (db_prepare_wait(db, false, &ignored) != SVC_OK) {
            db_drop(db);
            return;
        }
        got = mysql_stmt_fetch(handle);
    }
    if (got != MYSQL_NO_DATA) {
        (void)db_fail_here(db, handle, &ignored);
    } else {
        (void)mysql_stmt_free_result(handle);
    }
}

static enum svc_status read_rows(struct db *db, MYSQL_STMT *handle, const struct db_query *query,
                                 struct db_result *result, enum db_progress *progress,
                                 struct db_error *error) {
    struct db_value row[DB_MAX_COLUMNS];
    bool is_bound = false;
    for (;;) {
        enum svc_status status = SVC_OK;
        /* Bound for each row: a cell that grew has moved. */
        if (!is_bound) {
            status = db_bind_columns(db, handle, query, error);
        }
        if (status == SVC_OK) {
            status = db_prepare_wait(db, false, error);
        }
        if (status != SVC_OK) {
            if (db->connection != NULL) {
                drain(db, handle);
            }
            return status;
        }
        const int got = mysql_stmt_fetch(handle);
        if (got == MYSQL_NO_DATA) {
            (void)mysql_stmt_free_result(handle);
            return SVC_OK;
        }
        if (got != 0 && got != MYSQL_DATA_TRUNCATED) {
            return db_fail_here(db, handle, error);
        }
        is_bound = got == 0;
        status = db_take_row(db, handle, query, row, error);
        if (status != SVC_OK) {
            drain(db, handle);
            return status;
        }
        *progress = DB_ROWS_GIVEN;
        result->rows++;
        db->is_reading = true;
        const bool goes_on = query->row(query->user, row);
        db->is_reading = false;
        if (!goes_on) {
            drain(db, handle);
            return SVC_OK;
        }
    }
}

static void give_back_cells(struct db *db, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (db->cells[i].bytes.capacity_bytes > KEPT_CELL_BYTES) {
            svc_buf_clear(&db->cells[i].bytes);
        }
    }
}

/* ---------------------------------------------------------------------- running */

static enum svc_status check_end(struct db *db, struct db_error *error) {
    if (mysql_more_results(db->connection)) {
        db_drop(db);
        return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT,
                       "the statement has more than one result");
    }
    return SVC_OK;
}

/* The reply to a statement without columns. A statement that defines tables commits before it. */
static enum svc_status take_reply(struct db *db, MYSQL_STMT *handle, struct db_result *result,
                                  struct db_error *error) {
    result->affected_rows = mysql_stmt_affected_rows(handle);
    result->last_insert_id = mysql_stmt_insert_id(handle);
    if (db->in_transaction && (db->connection->server_status & SERVER_STATUS_IN_TRANS) == 0) {
        db->transaction_ended = true;
        (void)db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                      "the statement ended the transaction");
        if (error != NULL) {
            error->maybe_done = true;
        }
        return SVC_INVALID_ARGUMENT;
    }
    return check_end(db, error);
}

static enum svc_status execute(struct db *db, MYSQL_STMT *handle, const struct db_query *query,
                               enum db_progress *progress, struct db_error *error) {
    MYSQL_BIND bind[DB_MAX_PARAMETERS];
    char scratch[DB_MAX_PARAMETERS][DB_DECIMAL_BYTES];
    MYSQL_TIME times[DB_MAX_PARAMETERS];
    enum svc_status status = db_bind_values(handle, query, bind, scratch, times, error);
    if (status == SVC_OK) {
        status = db_prepare_wait(db, true, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    *progress = DB_SENT;
    db->counts.round_trips++;
    if (mysql_stmt_execute(handle) != 0) {
        return db_fail_here(db, handle, error);
    }
    db->counts.executed++;
    db->used_ms = svc_monotonic_ms(db->options.clock);
    return SVC_OK;
}

static enum svc_status run_once(struct db *db, const struct db_query *query,
                                struct db_result *result, enum db_progress *progress,
                                struct db_error *error) {
    MYSQL_STMT *handle = NULL;
    enum svc_status status = get_prepared(db, query->statement->sql, &handle, error);
    if (status == SVC_OK) {
        status = execute(db, handle, query, progress, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (mysql_stmt_field_count(handle) > 0) {
        status = read_rows(db, handle, query, result, progress, error);
        give_back_cells(db, query->statement->column_count);
        return status == SVC_OK && db->connection != NULL ? check_end(db, error) : status;
    }
    if (query->statement->column_count > 0) {
        return db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_RESULT, "the statement returned no rows");
    }
    return take_reply(db, handle, result, error);
}

static enum svc_status check_query(const struct db_query *query, struct db_error *error) {
    const struct db_statement *statement = query->statement;
    const char *why = NULL;
    if (statement == NULL || statement->sql == NULL || statement->sql[0] == '\0') {
        why = "there is no statement";
    } else if (strlen(statement->sql) > DB_MAX_SQL_BYTES) {
        why = "the statement is too long";
    } else if (query->value_count > DB_MAX_PARAMETERS || statement->column_count > DB_MAX_COLUMNS) {
        why = "the statement has too many values or columns";
    } else if (statement->column_count > 0 && (query->row == NULL || statement->columns == NULL)) {
        why = "the statement has columns, and nothing to give them to";
    } else if (query->value_count > 0 && query->values == NULL) {
        why = "the values are missing";
    }
    for (size_t i = 0; why == NULL && i < statement->column_count; i++) {
        const struct db_column *column = &statement->columns[i];
        const bool is_bytes = column->type == DB_TEXT || column->type == DB_BYTES;
        if (is_bytes && (column->max_bytes == 0 || column->max_bytes > DB_MAX_VALUE_BYTES)) {
            why = "a column of text or bytes has no size";
        } else if (column->scale > DB_MAX_SCALE) {
            why = "a column's scale is too large";
        }
    }
    return why == NULL ? SVC_OK
                       : db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "%s", why);
}

static bool only_reads(const struct db_statement *statement) {
    return svc_begins_nocase(statement->sql, "SELECT ");
}

static enum svc_status run_in_transaction(struct db *db, const struct db_query *query,
                                          struct db_result *result, struct db_error *error) {
    enum db_progress progress = DB_NOT_SENT;
    if (db->transaction_ended || db->connection == NULL) {
        return db_fail(error, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION,
                       "the server has ended the transaction");
    }
    return run_once(db, query, result, &progress, error);
}

static enum svc_status run_alone(struct db *db, const struct db_query *query,
                                 struct db_result *result, struct db_error *error) {
    enum svc_status status = SVC_OK;
    for (int attempt = 0; attempt < 2; attempt++) {
        enum db_progress progress = DB_NOT_SENT;
        status = db_ensure(db, error);
        if (status != SVC_OK) {
            return status;
        }
        const bool was_kept = db->is_kept;
        status = run_once(db, query, result, &progress, error);
        if (status == SVC_OK || db->connection != NULL) {
            return status;
        }
        const bool is_certain =
            progress == DB_NOT_SENT || (progress == DB_SENT && only_reads(query->statement));
        if (!is_certain && !only_reads(query->statement) && error != NULL) {
            error->maybe_done = true;
        }
        if (status != SVC_CONNECTION_LOST || !was_kept || !is_certain) {
            return status;
        }
    }
    return status;
}

enum svc_status db_run(struct db *db, const struct db_query *query, struct db_result *result,
                       struct db_error *error) {
    struct db_error own_error;
    struct db_result own_result;
    error = error != NULL ? error : &own_error;
    result = result != NULL ? result : &own_result;
    db_error_clear(error);
    memset(result, 0, sizeof(*result));
    enum svc_status status = check_query(query, error);
    if (status == SVC_OK && db->is_reading) {
        status = db_ensure(db, error); /* refuses, with the sentence */
    }
    if (status == SVC_OK) {
        struct svc_span *span = db_trace_begin(db, query->statement->sql);
        status = db->in_transaction ? run_in_transaction(db, query, result, error)
                                    : run_alone(db, query, result, error);
        svc_span_set_number(span, "rows", (int64_t)(result->rows + result->affected_rows));
        db_trace_end(db, span, status, error);
    }
    if (status != SVC_OK) {
        memset(result, 0, sizeof(*result));
    } else {
        db_error_clear(error); /* of an attempt that was repeated */
    }
    return status;
}
