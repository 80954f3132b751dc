/* A seller's report is claimed by one process: the server's named lock keeps others from the same
 * work, and the attempt, raised by each claim, decides who may finish. The lock ends with its
 * connection; the attempt does not. */
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/ledger_internal.h"

/* A name of at most 64 characters (MySQL), for each database, because locks are the server's. */
#define LOCK_NAME "CONCAT('settlement.', LEFT(SHA2(CONCAT_WS('/', DATABASE(), ?, ?), 256), 48))"

/* The connection of an attempt that broke may still hold the lock for a moment. */
#define WAIT_AGAIN_S 2

struct claiming {
    uint64_t run_id;
    const char *seller_id;
    bool is_manual;
    int tries;
    struct settle_claim *claim;
};

/* ---------------------------------------------------------------------- the lock */

static bool take_flag(void *user, const struct db_value *row) {
    *(bool *)user = row[0].type != DB_NULL && row[0].integer == 1;
    return true;
}

/* Locks are counted: one that this connection has already is not taken a second time. */
static enum svc_status lock(struct db *db, const struct claiming *claiming,
                            struct db_error *error) {
    static const struct db_column columns[] = {{.type = DB_INT, .nullable = true}};
    static const struct db_statement get = {"SELECT CASE WHEN IS_USED_LOCK(" LOCK_NAME
                                            ") = CONNECTION_ID() THEN 1 ELSE GET_LOCK(" LOCK_NAME
                                            ", ?) END",
                                            columns, 1};
    const struct db_value values[] = {db_uint(claiming->run_id), db_text(claiming->seller_id),
                                      db_uint(claiming->run_id), db_text(claiming->seller_id),
                                      db_int(claiming->tries > 1 ? WAIT_AGAIN_S : 0)};
    bool is_ours = false;
    const enum svc_status status =
        settle_ledger_sql(db, &get, values, SETTLE_COUNT(values), take_flag, &is_ours, NULL, error);
    return status != SVC_OK || is_ours ? status
                                       : db_fail(error, SVC_CONFLICT, DB_FAULT_NONE,
                                                 "another process is making this report");
}

static void release(struct db *db, uint64_t run_id, const char *seller_id) {
    static const struct db_column columns[] = {{.type = DB_INT, .nullable = true}};
    static const struct db_statement give = {"SELECT RELEASE_LOCK(" LOCK_NAME ")", columns, 1};
    const struct db_value values[] = {db_uint(run_id), db_text(seller_id)};
    struct db_error ignored;
    bool was_ours = false;
    (void)settle_ledger_sql(db, &give, values, SETTLE_COUNT(values), take_flag, &was_ours, NULL,
                            &ignored);
}

void settle_ledger_release(struct settle_ledger *ledger, const struct settle_claim *claim) {
    release(ledger->db, claim->run.run_id, claim->seller_id);
}

/* ---------------------------------------------------------------------- the claim */

/* A seller that no plan has. Of generation 0, so that no counter includes it. */
static enum svc_status make_row(struct db *db, const struct claiming *claiming,
                                struct db_error *error) {
    static const struct db_statement make = {
        .sql = "INSERT INTO settlement_reports (run_id, seller_id, generation, state, attempt, "
               "version, mailed_version, mail_due) VALUES (?, ?, 0, 'open', 0, 0, 0, 0) "
               "ON DUPLICATE KEY UPDATE attempt = attempt"};
    const struct db_value values[] = {db_uint(claiming->run_id), db_text(claiming->seller_id)};
    return settle_ledger_sql(db, &make, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

static enum svc_status raise_attempt(struct db *db, const struct claiming *claiming,
                                     struct db_error *error) {
    static const struct db_statement raise = {
        .sql = "UPDATE settlement_reports SET attempt = attempt + 1 "
               "WHERE run_id = ? AND seller_id = ?"};
    const struct db_value values[] = {db_uint(claiming->run_id), db_text(claiming->seller_id)};
    struct db_result result;
    const enum svc_status status =
        settle_ledger_sql(db, &raise, values, SETTLE_COUNT(values), NULL, NULL, &result, error);
    return status != SVC_OK || result.affected_rows == 1
               ? status
               : db_fail(error, SVC_NOT_FOUND, DB_FAULT_NONE,
                         "the run has no report for this seller");
}

static enum svc_status claim_report(struct db *db, void *user, struct db_error *error) {
    struct claiming *claiming = user;
    struct settle_claim *claim = claiming->claim;
    struct settle_run_row run = {0};
    struct settle_report_row report = {0};
    claiming->tries++;
    enum svc_status status = lock(db, claiming, error);
    if (status == SVC_OK && claiming->is_manual) {
        status = make_row(db, claiming, error);
    }
    if (status == SVC_OK) {
        status = raise_attempt(db, claiming, error);
    }
    if (status == SVC_OK) {
        status =
            settle_ledger_lock_report(db, claiming->run_id, claiming->seller_id, &report, error);
    }
    /* With the report locked: a plan that has just changed it is seen in the run as well. */
    if (status == SVC_OK) {
        status = settle_ledger_read_run(db, claiming->run_id, false, &run, error);
    }
    if (status == SVC_OK && report.version > 0) {
        status = settle_ledger_read_version(db, claiming->run_id, claiming->seller_id,
                                            report.version, &claim->newest, error);
    }
    if (status == SVC_OK) {
        status = settle_ledger_read_debt(db, &run.run.period, claiming->seller_id,
                                         &claim->carried_in_won, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    claim->run = run.run;
    claim->attempt = report.attempt;
    claim->is_open = report.is_open && report.generation == run.run.generation;
    claim->mailed_version = report.mailed_version;
    claim->mail_is_due = report.mail_due && report.mailed_version < report.version;
    return SVC_OK;
}

static void clear(struct settle_claim *claim, const char *seller_id) {
    memset(claim, 0, sizeof(*claim));
    claim->newest.reason = "";
    (void)svc_copy_text(claim->seller_id, sizeof(claim->seller_id), seller_id);
}

enum svc_status settle_ledger_claim(struct settle_ledger *ledger, uint64_t run_id,
                                    const char *seller_id, bool is_manual,
                                    struct settle_claim *claim, struct svc_error *error) {
    struct claiming claiming = {run_id, seller_id, is_manual, 0, claim};
    struct db_error failure;
    enum svc_status status = SVC_INVALID_ARGUMENT;
    clear(claim, "");
    if (!settle_seller_id_valid(seller_id)) {
        return svc_fail(error, status, "no report can have this seller's id");
    }
    /* Whether the attempt was raised is not known after a lost COMMIT: raised twice, it is as good.
     */
    for (int i = 0; i < 2; i++) {
        clear(claim, seller_id);
        status = db_transaction(ledger->db, NULL, claim_report, &claiming, &failure);
        if (status == SVC_OK) {
            return status;
        }
        if (!settle_ledger_is_unknown(&failure)) {
            break;
        }
    }
    if (status != SVC_CONFLICT && failure.fault != DB_FAULT_CONNECTION) {
        release(ledger->db, run_id, seller_id);
    }
    clear(claim, "");
    return settle_ledger_fail_db(&failure, error);
}

/* ---------------------------------------------------------------------- without a claim */

static bool take_uint(void *user, const struct db_value *row) {
    uint64_t *number = user;
    number[0] = row[0].unsigned_integer;
    number[1] = row[1].unsigned_integer;
    return true;
}

/* The run and the newest version of a seller's report; 0: none. */
static enum svc_status find_report(struct db *db, const struct settle_period *period,
                                   const char *seller_id, uint64_t run_and_version[2],
                                   struct db_error *error) {
    static const struct db_column columns[] = {{.type = DB_UINT}, {.type = DB_UINT}};
    static const struct db_statement find = {
        "SELECT r.run_id, r.version FROM settlement_runs p JOIN settlement_reports r ON r.run_id = "
        "p.run_id WHERE p.type = ? AND p.first_day = ? AND p.last_day = ? AND r.seller_id = ?",
        columns, SETTLE_COUNT(columns)};
    char first[SETTLE_DAY_BYTES], last[SETTLE_DAY_BYTES];
    settle_day_write(period->first_day, first);
    settle_day_write(period->last_day, last);
    const struct db_value values[] = {db_text(settle_period_type_name(period->type)),
                                      db_text(first), db_text(last), db_text(seller_id)};
    run_and_version[0] = run_and_version[1] = 0;
    return settle_ledger_sql(db, &find, values, SETTLE_COUNT(values), take_uint, run_and_version,
                             NULL, error);
}

enum svc_status settle_ledger_look(struct settle_ledger *ledger, const struct settle_period *period,
                                   const char *seller_id, struct settle_version *newest,
                                   int64_t *carried_in_won, struct svc_error *error) {
    uint64_t found[2];
    struct db_error failure;
    memset(newest, 0, sizeof(*newest));
    newest->reason = "";
    *carried_in_won = 0;
    enum svc_status status = find_report(ledger->db, period, seller_id, found, &failure);
    if (status == SVC_OK && found[1] > 0) {
        status = settle_ledger_read_version(ledger->db, found[0], seller_id, (uint32_t)found[1],
                                            newest, &failure);
    }
    if (status == SVC_OK) {
        status = settle_ledger_read_debt(ledger->db, period, seller_id, carried_in_won, &failure);
    }
    /* An account that may read the views alone is refused also where there are no tables. */
    return status == SVC_OK || failure.fault == DB_FAULT_STATEMENT ||
                   failure.fault == DB_FAULT_PRIVILEGE
               ? SVC_OK
               : settle_ledger_fail_db(&failure, error);
}
