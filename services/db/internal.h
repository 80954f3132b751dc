/* What the files of this folder share: the connection and its parts. Not for callers. */
#ifndef DB_INTERNAL_H
#define DB_INTERNAL_H

#include <mariadb/mysql.h>
#include <stdbool.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/db/statement.h"
#include "services/db/transaction.h"

/* A statement that is prepared on the present connection. */
struct db_prepared {
    MYSQL_STMT *handle; /* NULL: the slot is free */
    char *sql;          /* a copy: the caller's text may be gone or changed */
    size_t sql_bytes;
    uint64_t used; /* db->uses at its last use */
};

/* Where the Connector puts the columns of a row. */
struct db_cell {
    union {
        int64_t integer;
        uint64_t unsigned_integer;
        float single;
        double number;
        MYSQL_TIME time;
        char decimal[DB_DECIMAL_BYTES * 3]; /* DECIMAL(65,30) has 67 characters */
    } as;
    struct svc_buf bytes; /* of a text or of bytes */
    unsigned long size_bytes;
    my_bool is_null, is_cut;
};

/* How far a statement has come: whether a failure leaves a doubt. */
enum db_progress { DB_NOT_SENT, DB_SENT, DB_ROWS_GIVEN };

struct db {
    struct db_options options; /* name and ca_file point to the copies below */
    char name[DB_MAX_NAME_BYTES + 1];
    char ca_file[1024];
    int64_t deadline_ms;

    MYSQL *connection;    /* NULL: none */
    bool is_mariadb;      /* the server; else MySQL */
    bool is_kept;         /* the connection was there before the present call */
    int64_t used_ms;      /* monotonic time of the last reply */
    int64_t timeout_ms;   /* that the socket has */
    int64_t statement_ms; /* the server's limit for a statement; 0: none set */

    bool is_reading;        /* a row callback runs */
    bool in_transaction;    /* between begin and commit or rollback */
    bool transaction_ended; /* the server ended it: deadlock, or the connection broke */

    struct db_prepared prepared[DB_MAX_STATEMENTS];
    uint64_t uses;
    struct db_cell cells[DB_MAX_COLUMNS];
    struct db_counts counts;
};

/* connect.c */
/* Ensures a connection that was checked in this call; DB_FAULT_ARGUMENT while rows are read. */
enum svc_status db_ensure(struct db *db, struct db_error *error);
/* Sets the socket's timeouts, and with for_statement the server's limit, to what the deadline
 * leaves. DEADLINE if nothing is left. */
enum svc_status db_prepare_wait(struct db *db, bool for_statement, struct db_error *error);
/* A failure that the Connector reports; closes the connection if it is not usable any more. code 0:
 * the connection's own. */
enum svc_status db_fail_here(struct db *db, MYSQL_STMT *statement, struct db_error *error);
/* Closes a connection that is broken, or in an unknown state: nothing more is sent on it. */
void db_drop(struct db *db);
/* Runs a constant text that returns no rows. */
enum svc_status db_command(struct db *db, const char *sql, struct db_error *error);

/* session.c */
/* Sets the session up and verifies it, on a new connection. */
enum svc_status db_set_session(struct db *db, struct db_error *error);
/* The server's limit for one statement. */
enum svc_status db_limit_statement(struct db *db, int64_t limit_ms, struct db_error *error);

/* bind.c */
/* Checks the values and binds them. */
enum svc_status db_bind_values(MYSQL_STMT *statement, const struct db_query *query,
                               MYSQL_BIND bind[DB_MAX_PARAMETERS],
                               char scratch[DB_MAX_PARAMETERS][DB_DECIMAL_BYTES],
                               MYSQL_TIME times[DB_MAX_PARAMETERS], struct db_error *error);
/* Checks the result's columns against the declaration and binds the cells. */
enum svc_status db_bind_columns(struct db *db, MYSQL_STMT *statement, const struct db_query *query,
                                struct db_error *error);
/* The fetched row as values. */
enum svc_status db_take_row(struct db *db, MYSQL_STMT *statement, const struct db_query *query,
                            struct db_value row[DB_MAX_COLUMNS], struct db_error *error);

/* statement.c */
/* Closes them; after the connection was closed that sends nothing. */
void db_forget_statements(struct db *db);

#endif
