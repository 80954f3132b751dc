/* Transactions, READ COMMITTED unless stated otherwise. */
#ifndef DB_TRANSACTION_H
#define DB_TRANSACTION_H

#include "services/db/db.h"

enum db_isolation { DB_READ_COMMITTED, DB_REPEATABLE_READ, DB_SERIALIZABLE };

struct db_transaction_options {
    enum db_isolation isolation; /* a stronger one costs a round trip more */
    bool is_read_only;           /* the server refuses changes */
    bool is_snapshot; /* all reads see the moment of the begin; needs DB_REPEATABLE_READ */
    int max_attempts; /* of db_transaction; 0: DB_MAX_ATTEMPTS */
};

#define DB_MAX_ATTEMPTS      5
#define DB_RETRY_BASE_MS     20
#define DB_RETRY_MAX_WAIT_MS 1000

/* What a transaction does. Returns SVC_OK to have it committed; anything else rolls it back, with
 * `error` filled. May be called several times, each time in a new transaction: it changes nothing
 * but the database, or starts over. */
typedef enum svc_status db_work_fn(struct db *db, void *user, struct db_error *error);

/* Begins, calls, commits. Repeated, after a wait of random(0,1) x min(20 ms x 2^(n-1), 1 s) and
 * while the deadline leaves time for it, if the server ended the transaction with a deadlock or a
 * lock took too long; once more without a wait if the connection broke before the COMMIT was sent.
 * If the response to a COMMIT does not arrive, error->maybe_done is set and nothing is repeated:
 * the caller finds out by a unique key of its own (transactions here write one: an event id, a run
 * key). options: NULL for the defaults. Errors: those of db_run, and what `work` returns. A
 * transaction that the server ended under a `work` that returned SVC_OK nevertheless is not
 * committed, and counts as failed. */
enum svc_status db_transaction(struct db *db, const struct db_transaction_options *options,
                               db_work_fn *work, void *user, struct db_error *error);

/* The same in single steps, without repetition. A begin connects if needed. A begin inside of a
 * transaction, and a commit outside of one, are INVALID_ARGUMENT. After a commit or rollback,
 * whatever it returned, no transaction is open. */
enum svc_status db_begin(struct db *db, const struct db_transaction_options *options,
                         struct db_error *error);
enum svc_status db_commit(struct db *db, struct db_error *error);
/* Closes the connection if the server does not confirm: then the server rolls back by itself. Does
 * nothing while rows are read. */
void db_rollback(struct db *db);

/* The wait in ms before attempt n + 1 (n: 1 for the first). unit: random, at least 0, below 1. */
int64_t db_retry_delay_ms(int n, double unit);

#endif
