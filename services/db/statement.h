/* Statements: prepared on first use, kept for the connection's life, with typed values in and typed
 * rows out. SQL is a constant of the code; data only ever travels as a parameter ('?'). */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "services/db/db.h"
#include "services/db/value.h"

#define DB_MAX_STATEMENTS 64 /* kept prepared; one more replaces the least recently used */
#define DB_MAX_SQL_BYTES  ((size_t)16 * 1024)
#define DB_MAX_PARAMETERS 64
#define DB_MAX_COLUMNS    64

/* Usually static const. */
struct db_statement {
    const char *sql;
    const struct db_column *columns; /* what it returns; NULL: no rows */
    size_t column_count;
};

/* Called for each row, as rows arrive; the values live until it returns. It may run no statement on
 * this db. false: no further rows are wanted; db_run ends with SVC_OK. */
typedef bool db_row_fn(void *user, const struct db_value *row);

struct db_query {
    const struct db_statement *statement;
    const struct db_value *values; /* one for each '?' */
    size_t value_count;
    db_row_fn *row; /* required if the statement has columns */
    void *user;     /* of `row` */
};

struct db_result {
    uint64_t affected_rows; /* changed, inserted, deleted; an UPDATE to the same values counts 0 */
    uint64_t last_insert_id;
    uint64_t rows; /* given to `row` */
};

/* Runs a statement: inside the open transaction, else by itself (autocommit). The first use of a
 * statement on a connection costs a round trip more. A statement outside of a transaction that only
 * reads (its text begins with SELECT) is repeated once on a new connection, if the kept one has
 * ended and no row was given out; so is any statement that was not sent yet. For other statements
 * the error has maybe_done.
 *
 * Texts must be UTF-8, in both directions. A row that does not fit its declaration ends the
 * statement with an error: text too long, NULL in a column that is not nullable, another type, a
 * decimal that is not whole at its scale, an integer beyond its range.
 * result: NULL is allowed; zeroed after a failure.
 * Errors: those of db_connect; INVALID_ARGUMENT (values, order of calls), TOO_LARGE, BAD_RESPONSE
 * (the result is not as declared), CONFLICT, REJECTED, TIMED_OUT, SERVER_ERROR, NO_RESOURCE,
 * ACCESS_DENIED; error->fault is more specific. */
enum svc_status db_run(struct db *db, const struct db_query *query, struct db_result *result,
                       struct db_error *error);

#endif
