/* Why a call to the database failed. */
#ifndef DB_ERROR_H
#define DB_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/status.h"

/* What failed, where the status alone is too coarse for a decision. */
enum db_fault {
    DB_FAULT_NONE,
    DB_FAULT_ARGUMENT,   /* the caller's values, or the order of calls */
    DB_FAULT_SECRET,     /* the secret cannot be read, or is not a login */
    DB_FAULT_LOGIN,      /* the server refuses user or password, with every stage of the secret */
    DB_FAULT_TLS,        /* no TLS, or the server's certificate does not verify */
    DB_FAULT_SETTINGS,   /* the session's settings are not as they must be */
    DB_FAULT_CONNECTION, /* no connection, or it broke */
    DB_FAULT_TOO_MANY_CONNECTIONS, /* of the server or of this user */
    DB_FAULT_READ_ONLY,            /* a replica, or a server during a failover */
    DB_FAULT_DUPLICATE_KEY,        /* a unique key has this value already */
    DB_FAULT_CONSTRAINT,           /* a foreign key, CHECK or NOT NULL */
    DB_FAULT_VALUE,                /* a value does not fit into its column */
    DB_FAULT_DEADLOCK,             /* the server rolled the transaction back */
    DB_FAULT_LOCK_WAIT,            /* another transaction holds a lock for too long */
    DB_FAULT_TIMEOUT,   /* the statement took longer than its limit, or the deadline passed */
    DB_FAULT_PRIVILEGE, /* the user may not do this */
    DB_FAULT_STATEMENT, /* the server does not understand it, or its tables are not there */
    DB_FAULT_RESULT,    /* the result is not as the caller declares it */
    DB_FAULT_OTHER
};

/* Printable, bounded, without secrets and values of the data: may be logged. */
struct db_error {
    enum svc_status status;
    enum db_fault fault;
    unsigned code;     /* the server's or the Connector's number; 0: none */
    char sqlstate[6];  /* "23000"; "": none */
    char message[256]; /* one sentence; quoted parts of the server's text are masked */
    bool maybe_done;   /* a COMMIT, or a writing statement outside of a transaction, was sent, and
                          whether it took effect is not known */
    int attempts;      /* transactions begun for this call; 0 outside of db_transaction */
};

/* Zeroes; NULL is allowed, as in every call that takes one. */
void db_error_clear(struct db_error *error);
/* Sets status, fault and message (like printf) for a failure found here; returns `status`. */
enum svc_status db_fail(struct db_error *error, enum svc_status status, enum db_fault fault,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same for a failure with a number of the server (1000 to 1999, 3000 and above) or of the
 * Connector (2000 to 2999, 5000 to 5999): status and fault follow from it, the message from
 * `message`, masked. */
enum svc_status db_fail_code(struct db_error *error, unsigned code, const char *sqlstate,
                             const char *message);

/* "duplicate key", ...: a constant, for metrics and logs. */
const char *db_fault_name(enum db_fault fault);
/* One line for people: "duplicate key (1062, 23000): Duplicate entry '...' for key 'email'". */
#define DB_ERROR_TEXT_BYTES 400
const char *db_error_text(const struct db_error *error, char out[DB_ERROR_TEXT_BYTES]);

#endif
