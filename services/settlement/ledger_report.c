/* A report's end: its version, its state and the run's counters change in one transaction. It locks
 * the run's row first, as a plan does, so that the two never wait for each other. */
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/ledger_internal.h"

struct finishing {
    const struct settle_claim *claim;
    const struct settle_version *made; /* NULL: none */
    const char *failure;               /* NULL: it is done */
    bool with_mail;
    int64_t now_ms;
    struct settle_finished *finished;
};

/* ---------------------------------------------------------------------- the row */

static bool take_report(void *user, const struct db_value *row) {
    struct settle_report_row *found = user;
    *found = (struct settle_report_row){
        .is_found = true,
        .generation = (uint32_t)row[0].unsigned_integer,
        .attempt = (uint32_t)row[2].unsigned_integer,
        .version = (uint32_t)row[3].unsigned_integer,
        .mailed_version = (uint32_t)row[4].unsigned_integer,
        .is_open = strcmp(row[1].bytes, "open") == 0,
        .is_failed = strcmp(row[1].bytes, "failed") == 0,
        .mail_due = row[5].integer != 0,
    };
    return true;
}

enum svc_status settle_ledger_lock_report(struct db *db, uint64_t run_id, const char *seller_id,
                                          struct settle_report_row *found, struct db_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_UINT}, {.type = DB_TEXT, .max_bytes = 32},
        {.type = DB_UINT}, {.type = DB_UINT},
        {.type = DB_UINT}, {.type = DB_INT}};
    static const struct db_statement lock = {
        "SELECT generation, state, attempt, version, mailed_version, mail_due "
        "FROM settlement_reports WHERE run_id = ? AND seller_id = ? FOR UPDATE",
        columns, SETTLE_COUNT(columns)};
    const struct db_value values[] = {db_uint(run_id), db_text(seller_id)};
    memset(found, 0, sizeof(*found));
    const enum svc_status status =
        settle_ledger_sql(db, &lock, values, SETTLE_COUNT(values), take_report, found, NULL, error);
    return status != SVC_OK || found->is_found ? status
                                               : db_fail(error, SVC_NOT_FOUND, DB_FAULT_NONE,
                                                         "the run has no report for this seller");
}

/* ---------------------------------------------------------------------- changes */

/* Printable UTF-8, whatever it is made of: a sentence that the database refuses would leave the
 * seller open for ever. */
static struct db_value failure_of(const char *text, char out[SETTLE_FAILURE_BYTES]) {
    size_t size = 0;
    while (*text != '\0') {
        const uint8_t *bytes = (const uint8_t *)text;
        const size_t length = svc_utf8_length(bytes, strnlen(text, 4));
        const size_t taken = length > 0 ? length : 1;
        if (size + taken >= SETTLE_FAILURE_BYTES) {
            break;
        }
        if (length > 1) {
            memcpy(out + size, text, length);
        } else {
            out[size] = (char)(length == 0 ? '?' : *bytes < 0x20 || *bytes == 0x7f ? ' ' : *bytes);
        }
        size += taken;
        text += taken;
    }
    return db_text_of(out, size);
}

static enum svc_status save_report(struct db *db, const struct finishing *finishing,
                                   const struct settle_report_row *report, struct db_error *error) {
    static const struct db_statement done = {
        .sql = "UPDATE settlement_reports SET state = 'done', version = ?, mail_due = ?, "
               "failure = NULL, finished_at = ? WHERE run_id = ? AND seller_id = ? AND "
               "attempt = ?"};
    static const struct db_statement failed = {
        .sql = "UPDATE settlement_reports SET state = 'failed', failure = ?, finished_at = ? "
               "WHERE run_id = ? AND seller_id = ? AND attempt = ?"};
    const struct settle_claim *claim = finishing->claim;
    const struct db_value row[] = {db_time(finishing->now_ms * 1000), db_uint(claim->run.run_id),
                                   db_text(claim->seller_id), db_uint(claim->attempt)};
    if (finishing->failure != NULL) {
        char text[SETTLE_FAILURE_BYTES];
        const struct db_value values[] = {failure_of(finishing->failure, text), row[0], row[1],
                                          row[2], row[3]};
        return settle_ledger_sql(db, &failed, values, SETTLE_COUNT(values), NULL, NULL, NULL,
                                 error);
    }
    const uint32_t version = finishing->made != NULL ? finishing->made->version : report->version;
    /* A mail that is due stays due until it is sent; one that was sent is not due again. */
    const bool is_due =
        (finishing->with_mail || report->mail_due) && report->mailed_version < version;
    const struct db_value values[] = {db_uint(version), db_int(is_due), row[0],
                                      row[1],           row[2],         row[3]};
    return settle_ledger_sql(db, &done, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

/* By how much the counters change: of a seller of the run's generation alone. */
static enum svc_status save_counters(struct db *db, const struct finishing *finishing,
                                     const struct settle_report_row *report, struct settle_run *run,
                                     struct db_error *error) {
    static const struct db_statement save = {
        .sql = "UPDATE settlement_runs SET open_sellers = ?, failed_sellers = ? WHERE run_id = ?"};
    const bool is_failure = finishing->failure != NULL;
    if (run->generation == 0 || report->generation != run->generation ||
        (!report->is_open && is_failure == report->is_failed)) {
        return SVC_OK;
    }
    run->open_sellers -= report->is_open;
    run->failed_sellers += is_failure;
    run->failed_sellers -= report->is_failed;
    const struct db_value values[] = {db_uint(run->open_sellers), db_uint(run->failed_sellers),
                                      db_uint(run->run_id)};
    return settle_ledger_sql(db, &save, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

/* Whether an earlier call of this attempt has stored the version: its COMMIT was not confirmed. */
static enum svc_status find_stored(struct db *db, const struct finishing *finishing,
                                   const struct settle_report_row *report, bool *is_stored,
                                   struct db_error *error) {
    const struct settle_claim *claim = finishing->claim;
    struct settle_version stored;
    *is_stored = false;
    if (report->version == claim->newest.version) {
        return SVC_OK;
    }
    if (finishing->made == NULL || report->version != finishing->made->version) {
        return db_fail(error, SVC_CONFLICT, DB_FAULT_NONE, "the report has another version");
    }
    const enum svc_status status = settle_ledger_read_version(
        db, claim->run.run_id, claim->seller_id, report->version, &stored, error);
    *is_stored = status == SVC_OK && settle_version_is_stored(finishing->made, &stored);
    return status != SVC_OK || *is_stored
               ? status
               : db_fail(error, SVC_CONFLICT, DB_FAULT_NONE,
                         "the ledger has other figures for this version");
}

/* ---------------------------------------------------------------------- the transaction */

/* Locks both rows. CONFLICT: a later attempt has the report, or a later plan. */
static enum svc_status lock_both(struct db *db, const struct settle_claim *claim,
                                 struct settle_run_row *run, struct settle_report_row *report,
                                 struct db_error *error) {
    enum svc_status status = settle_ledger_read_run(db, claim->run.run_id, true, run, error);
    if (status == SVC_OK) {
        status = settle_ledger_lock_report(db, claim->run.run_id, claim->seller_id, report, error);
    }
    if (status != SVC_OK) {
        return status;
    }
    if (report->attempt != claim->attempt) {
        return db_fail(error, SVC_CONFLICT, DB_FAULT_NONE, "a later attempt has the report");
    }
    return run->run.generation == claim->run.generation
               ? SVC_OK
               : db_fail(error, SVC_CONFLICT, DB_FAULT_NONE,
                         "the run was planned again since the report was claimed");
}

static enum svc_status finish_report(struct db *db, void *user, struct db_error *error) {
    struct finishing *finishing = user;
    const struct settle_claim *claim = finishing->claim;
    struct settle_run_row run;
    struct settle_report_row report = {0};
    bool is_stored = false;
    enum svc_status status = lock_both(db, claim, &run, &report, error);
    /* A later attempt at what is done: the report that is there stays the run's result. */
    const bool keeps_done = finishing->failure != NULL && !report.is_open && !report.is_failed;
    if (status == SVC_OK && finishing->failure == NULL) {
        status = find_stored(db, finishing, &report, &is_stored, error);
    }
    if (status == SVC_OK && finishing->made != NULL && !is_stored) {
        status = settle_ledger_insert_version(db, claim->run.run_id, claim->seller_id,
                                              finishing->made, finishing->now_ms, error);
    }
    if (status == SVC_OK && !is_stored && !keeps_done) {
        status = save_report(db, finishing, &report, error);
        if (status == SVC_OK) {
            status = save_counters(db, finishing, &report, &run.run, error);
        }
    }
    finishing->finished->is_last =
        status == SVC_OK && run.run.open_sellers == 0 &&
        (run.run.state == SETTLE_RUN_RUNNING || run.run.state == SETTLE_RUN_INCOMPLETE);
    return status;
}

static enum svc_status end_report(struct settle_ledger *ledger, struct finishing *finishing,
                                  struct svc_error *error) {
    struct db_error failure;
    enum svc_status status = SVC_INVALID_ARGUMENT;
    finishing->now_ms = settle_ledger_now_ms(ledger);
    /* If it was committed, the repetition finds the rows as it would leave them. */
    for (int i = 0; i < 2; i++) {
        status = db_transaction(ledger->db, NULL, finish_report, finishing, &failure);
        if (status == SVC_OK) {
            return status;
        }
        if (!settle_ledger_is_unknown(&failure)) {
            break;
        }
    }
    finishing->finished->is_last = false;
    return settle_ledger_fail_db(&failure, error);
}

enum svc_status settle_ledger_finish(struct settle_ledger *ledger, const struct settle_claim *claim,
                                     const struct settle_version *made, bool with_mail,
                                     struct settle_finished *finished, struct svc_error *error) {
    struct finishing finishing = {
        .claim = claim, .made = made, .with_mail = with_mail, .finished = finished};
    finished->is_last = false;
    if (made != NULL &&
        (!settle_version_is_valid(made) || made->version != claim->newest.version + 1)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT,
                        "a new version is the newest and one, with a "
                        "reason");
    }
    return end_report(ledger, &finishing, error);
}

enum svc_status settle_ledger_fail(struct settle_ledger *ledger, const struct settle_claim *claim,
                                   const char *failure, struct settle_finished *finished,
                                   struct svc_error *error) {
    struct finishing finishing = {.claim = claim, .failure = failure, .finished = finished};
    finished->is_last = false;
    return end_report(ledger, &finishing, error);
}

/* True whoever sent it: no attempt is asked. */
enum svc_status settle_ledger_mailed(struct settle_ledger *ledger, const struct settle_claim *claim,
                                     uint32_t version, struct svc_error *error) {
    static const struct db_statement mailed = {
        .sql = "UPDATE settlement_reports SET mailed_version = GREATEST(mailed_version, ?), "
               "mail_due = CASE WHEN version <= ? THEN 0 ELSE mail_due END "
               "WHERE run_id = ? AND seller_id = ?"};
    const struct db_value values[] = {db_uint(version), db_uint(version),
                                      db_uint(claim->run.run_id), db_text(claim->seller_id)};
    struct db_error failure;
    for (int i = 0; i < 2; i++) {
        if (settle_ledger_sql(ledger->db, &mailed, values, SETTLE_COUNT(values), NULL, NULL, NULL,
                              &failure) == SVC_OK) {
            return SVC_OK;
        }
        if (!settle_ledger_is_unknown(&failure)) {
            break;
        }
    }
    return settle_ledger_fail_db(&failure, error);
}
