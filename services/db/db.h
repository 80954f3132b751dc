/* The database: MariaDB or MySQL through MariaDB's Connector/C, which only this folder includes.
 * One `struct db` for each process, with one connection, used by one thread at a time.
 *
 *   struct db *db;
 *   db_create(&options, &db, &error);                          once; connects to nothing
 *   db_set_deadline(db, svc_deadline_at(clock, lambda_ms));    for each invocation
 *   db_run(db, &query, &result, &error);                       statement.h; connects when needed
 *   db_transaction(db, NULL, save_order, &order, &error);      transaction.h
 *
 * What holds for every connection, or it is refused:
 *   TLS 1.2 or newer, the certificate verified against ca_file, for the host of the secret.
 *   Set and read back: time zone +00:00, utf8mb4, strict SQL mode, READ COMMITTED, autocommit.
 *   LOAD DATA LOCAL and several statements in one text are off. Only mysql_native_password, ed25519
 *   and caching_sha2_password log in: no server can ask for the password in clear.
 *
 * Login: with the current secret; if the server refuses it, with the current one as it is now, then
 * the pending, then the previous, each once, and none that was refused already.
 *
 * The connection is kept between invocations. Before a transaction, or a statement outside of one,
 * it is checked: without a packet if it was used in the last DB_PING_AFTER_MS, else with a ping. It
 * is replaced if it has ended, and once more if it breaks before anything can have taken effect.
 *
 * RDS Proxy: a prepared statement pins the proxy's connection to this client until it disconnects,
 * so the proxy multiplexes nothing here. The database needs one connection for each concurrent
 * invocation: bound them (reserved concurrency) below max_connections. */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdint.h>

#include "services/base/clock.h"
#include "services/base/log.h"
#include "services/base/random.h"
#include "services/base/settings.h"
#include "services/base/trace.h"
#include "services/db/error.h"
#include "services/db/secret.h"

/* A kept connection that was idle for longer gets a ping, which must return in DB_PING_MS. */
#define DB_PING_AFTER_MS 30000
#define DB_PING_MS       2000
/* A call without a deadline has this long. */
#define DB_DEFAULT_MS 60000
/* Largest text or bytes, as parameter and in a column. The server's max_allowed_packet must be
 * larger than what is sent (16 MiB by default in MariaDB, 64 in MySQL). */
#define DB_MAX_VALUE_BYTES ((size_t)16 * 1024 * 1024)

/* The settings that come from the environment. */
struct db_settings {
    char secret_name[SVC_SECRET_NAME_BYTES]; /* DB_SECRET_NAME, required */
    char name[DB_MAX_NAME_BYTES + 1];        /* DB_NAME; "": the secret's dbname */
    char ca_file[1024];                      /* DB_CA_FILE; default DB_CA_FILE_DEFAULT */
    int64_t connect_ms;                      /* DB_CONNECT_TIMEOUT, 1s to 60s, default 5s */
    int64_t lock_wait_ms;                    /* DB_LOCK_WAIT, 1s to 60s, default 3s */
};
/* In the zip of a function. */
#define DB_CA_FILE_DEFAULT "/var/task/rds-ca.pem"
void db_settings_read(struct svc_settings *from, struct db_settings *settings);
/* The same with the secret named by another variable, for an account of its own. */
void db_settings_read_as(struct svc_settings *from, const char *secret_variable,
                         struct db_settings *settings);

struct db;

/* All is borrowed for the life of the db, but for `name` and `ca_file`, which are copied. */
struct db_options {
    struct db_secret_source secret;
    const char *name;                /* of the database; NULL or "": the secret's dbname */
    const char *ca_file;             /* authorities in PEM; required */
    const struct svc_clock *clock;   /* NULL: the system's */
    const struct svc_random *random; /* NULL: the system's */
    const struct svc_log *log;       /* NULL: silent. A line for each new connection at INFO */
    struct svc_trace *trace;         /* NULL: none. A span for each statement and connection */
    int64_t connect_ms;              /* 0: 5 s. Whole seconds, rounded up */
    int64_t lock_wait_ms;            /* 0: 3 s. Whole seconds, rounded up */
};

/* Errors: INVALID_ARGUMENT, NO_MEMORY. The Connector sets SIGPIPE to be ignored. */
enum svc_status db_create(const struct db_options *options, struct db **db, struct db_error *error);
void db_destroy(struct db *db); /* disconnects; NULL is allowed */

/* A monotonic time or SVC_NO_DEADLINE: no call waits beyond it, and the server ends statements that
 * take longer (MariaDB any, MySQL those that only read). Within it a silent server costs the rest
 * of the time; one that sends single bytes is bounded for each of them only. */
void db_set_deadline(struct db *db, int64_t deadline_ms);

/* Connects now, or checks the connection that is there. Errors: CONFIGURATION (secret, ca_file),
 * those of the secret's source, CONNECT_FAILED, CONNECTION_LOST, TLS_REFUSED, ACCESS_DENIED,
 * THROTTLED (too many connections), REJECTED (settings), DEADLINE, NO_MEMORY. */
enum svc_status db_connect(struct db *db, struct db_error *error);
/* Closes the connection; a transaction is rolled back by the server. Does nothing while rows are
 * read. */
void db_disconnect(struct db *db);

/* For tests and metrics, since db_create. */
struct db_counts {
    uint64_t connections; /* made, logged in and set up */
    uint64_t logins;      /* tried */
    uint64_t prepared;    /* statements prepared */
    uint64_t executed;    /* statements executed */
    uint64_t round_trips; /* waits for the server, those of connecting left out */
    uint64_t retries;     /* transactions repeated */
};
struct db_counts db_counts(const struct db *db);

#endif
