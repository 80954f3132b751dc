/* Transactions: see transaction.h. */
#include "services/db/transaction.h"

#include <string.h>

#include "services/db/internal.h"

static const struct db_transaction_options defaults = {0};

/* ---------------------------------------------------------------------- single steps */

static enum svc_status send_begin(struct db *db, const struct db_transaction_options *options,
                                  struct db_error *error) {
    enum svc_status status = SVC_OK;
    if (options->isolation == DB_REPEATABLE_READ) {
        status = db_command(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", error);
    } else if (options->isolation == DB_SERIALIZABLE) {
        status = db_command(db, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", error);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (options->is_snapshot) {
        return db_command(db,
                          options->is_read_only
                              ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
                              : "START TRANSACTION WITH CONSISTENT SNAPSHOT",
                          error);
    }
    return db_command(
        db, options->is_read_only ? "START TRANSACTION READ ONLY" : "START TRANSACTION", error);
}

enum svc_status db_begin(struct db *db, const struct db_transaction_options *options,
                         struct db_error *error) {
    enum svc_status status = SVC_OK;
    struct db_error own;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    options = options != NULL ? options : &defaults;
    if (db->in_transaction || (options->is_snapshot && options->isolation != DB_REPEATABLE_READ)) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       db->in_transaction ? "a transaction is open already"
                                          : "a snapshot needs REPEATABLE READ");
    }
    /* A begin has no effect, so it may be repeated on a new connection. */
    for (int attempt = 0; attempt < 2; attempt++) {
        status = db_ensure(db, error);
        if (status != SVC_OK) {
            return status;
        }
        const bool was_kept = db->is_kept;
        status = send_begin(db, options, error);
        if (status != SVC_CONNECTION_LOST || !was_kept) {
            break;
        }
    }
    if (status == SVC_OK) {
        db_error_clear(error);
        db->in_transaction = true;
        db->transaction_ended = false;
    }
    return status;
}

static void end(struct db *db) {
    db->in_transaction = false;
    db->transaction_ended = false;
}

enum svc_status db_commit(struct db *db, struct db_error *error) {
    struct db_error own;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    if (!db->in_transaction || db->is_reading) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT, "no transaction is open");
    }
    if (db->transaction_ended || db->connection == NULL) {
        db_rollback(db);
        return db_fail(error, SVC_CONNECTION_LOST, DB_FAULT_CONNECTION,
                       "the server has ended the transaction");
    }
    if (svc_remaining_ms(db->options.clock, db->deadline_ms) == 0) {
        db_rollback(db);
        return db_fail(error, SVC_DEADLINE, DB_FAULT_TIMEOUT, "no time is left to commit");
    }
    enum svc_status status = db_command(db, "COMMIT", error);
    if (status != SVC_OK) {
        /* A deadlock is a certain refusal. All else leaves the doubt, and a transaction that may be
         * open: without its connection it is not. */
        error->maybe_done = error->fault != DB_FAULT_DEADLOCK;
        db_disconnect(db);
    }
    end(db);
    return status;
}

void db_rollback(struct db *db) {
    struct db_error ignored;
    if (db->is_reading) {
        return;
    }
    if (db->in_transaction && db->connection != NULL &&
        db_command(db, "ROLLBACK", &ignored) != SVC_OK) {
        db_disconnect(db);
    }
    end(db);
}

/* ---------------------------------------------------------------------- repetition */

int64_t db_retry_delay_ms(int n, double unit) {
    int64_t most_ms = DB_RETRY_BASE_MS;
    for (int i = 1; i < n && most_ms < DB_RETRY_MAX_WAIT_MS; i++) {
        most_ms *= 2;
    }
    most_ms = most_ms < DB_RETRY_MAX_WAIT_MS ? most_ms : DB_RETRY_MAX_WAIT_MS;
    return (int64_t)(unit * (double)most_ms);
}

/* One attempt. */
static enum svc_status try_once(struct db *db, const struct db_transaction_options *options,
                                db_work_fn *work, void *user, struct db_error *error) {
    enum svc_status status = db_begin(db, options, error);
    if (status != SVC_OK) {
        return status;
    }
    status = work(db, user, error);
    if (status != SVC_OK) {
        error->status = status;
        db_rollback(db);
        return status;
    }
    return db_commit(db, error);
}

/* What follows a failed attempt. */
enum next { GIVE_UP, WAIT, AT_ONCE };

static enum next next_step(const struct db_error *error, bool has_begun_again) {
    if (error->maybe_done) {
        return GIVE_UP;
    }
    if (error->fault == DB_FAULT_DEADLOCK || error->fault == DB_FAULT_LOCK_WAIT) {
        return WAIT;
    }
    if (error->fault == DB_FAULT_CONNECTION && error->status == SVC_CONNECTION_LOST &&
        !has_begun_again) {
        return AT_ONCE;
    }
    return GIVE_UP;
}

enum svc_status db_transaction(struct db *db, const struct db_transaction_options *options,
                               db_work_fn *work, void *user, struct db_error *error) {
    struct db_error own;
    bool has_begun_again = false;
    error = error != NULL ? error : &own;
    db_error_clear(error);
    options = options != NULL ? options : &defaults;
    const int most = options->max_attempts > 0 ? options->max_attempts : DB_MAX_ATTEMPTS;
    if (db->in_transaction) {
        return db_fail(error, SVC_INVALID_ARGUMENT, DB_FAULT_ARGUMENT,
                       "a transaction is open already");
    }
    for (int attempt = 1;; attempt++) {
        db_error_clear(error);
        enum svc_status status = try_once(db, options, work, user, error);
        error->attempts = attempt;
        if (status == SVC_OK || attempt >= most) {
            return status;
        }
        const enum next next = next_step(error, has_begun_again);
        if (next == GIVE_UP) {
            return status;
        }
        has_begun_again |= next == AT_ONCE;
        if (next == WAIT) {
            const int64_t wait_ms = db_retry_delay_ms(attempt, svc_random_unit(db->options.random));
            if (wait_ms >= svc_remaining_ms(db->options.clock, db->deadline_ms)) {
                return status;
            }
            svc_sleep_ms(db->options.clock, wait_ms);
        }
        db->counts.retries++;
    }
}
