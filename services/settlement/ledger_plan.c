/* Planning: which sellers of a period have a report, in one transaction that holds the run's row.
 * Sellers are found by the server itself, so that nothing here grows with their number. */
#include <string.h>

#include "services/base/text.h"
#include "services/db/literal.h"
#include "services/settlement/ledger_internal.h"

struct planning {
    const struct settle_plan *plan;
    int64_t now_ms;
    struct settle_run_row found;
    enum settle_planned planned;
    uint32_t written; /* the generation that an attempt wrote; 0: none */
};

/* ---------------------------------------------------------------------- the decision */

/* A forced event repeated while its run is running goes on as well: it was killed and invoked
 * again. Forced again after the run has ended, it plans again. */
static enum settle_planned decide(const struct settle_plan *plan,
                                  const struct settle_run_row *found) {
    const bool is_running = found->run.state == SETTLE_RUN_RUNNING;
    const bool is_same = plan->has_event_time && found->has_event_time &&
                         plan->event_time_ms * 1000 == found->event_time_us;
    if (found->run.generation == 0) {
        return SETTLE_PLANNED;
    }
    if (plan->is_forced) {
        return is_running && found->run.is_forced && (is_same || !plan->has_event_time)
                   ? SETTLE_GOES_ON
                   : SETTLE_PLANNED;
    }
    if (is_same) {
        return found->run.state == SETTLE_RUN_CLOSED ? SETTLE_DONE_BEFORE : SETTLE_GOES_ON;
    }
    return is_running && !plan->has_event_time ? SETTLE_GOES_ON : SETTLE_PLANNED;
}

/* ---------------------------------------------------------------------- the sellers */

#define OPEN_AGAIN                                                                                 \
    " ON DUPLICATE KEY UPDATE generation = VALUES(generation), state = VALUES(state), "            \
    "failure = VALUES(failure), finished_at = VALUES(finished_at)"
#define INSERT_REPORTS                                                                             \
    "INSERT INTO settlement_reports (run_id, seller_id, generation, state, attempt, version, "     \
    "mailed_version, mail_due, failure, finished_at) "

/* Sellers whose report an earlier generation made: their lines may have gone since, and then a
 * corrected report follows. */
static enum svc_status reopen_reports(struct db *db, const struct settle_run *run,
                                      struct db_error *error) {
    static const struct db_statement reopen = {
        .sql = "UPDATE settlement_reports SET generation = ?, state = 'open', failure = NULL, "
               "finished_at = NULL WHERE run_id = ? AND version > 0"};
    const struct db_value values[] = {db_uint(run->generation), db_uint(run->run_id)};
    return settle_ledger_sql(db, &reopen, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

/* Ids are compared byte by byte, whatever the collation of the platform's column: 'a' and 'A' are
 * two reports. An id that no object and no message can have must not stop the others: it has failed
 * from the beginning, under a name that no valid id has, and that holds nothing of its text. */
static enum svc_status add_sellers(struct db *db, const struct settle_run *run, int64_t now_ms,
                                   struct db_error *error) {
    static const char add[] = INSERT_REPORTS
        "SELECT ?, IF(s.is_valid, s.id, CONCAT('?', LEFT(SHA2(s.id, 256), 16))), ?, "
        "IF(s.is_valid, 'open', 'failed'), 0, 0, 0, 0, IF(s.is_valid, NULL, ?), "
        "IF(s.is_valid, NULL, ?) FROM ("
        "SELECT t.id, t.id <> '' AND CHAR_LENGTH(t.id) <= 64 AND "
        "t.id NOT REGEXP '[^A-Za-z0-9_-]' AS is_valid FROM ("
        "SELECT CONVERT(b.id USING utf8mb4) COLLATE utf8mb4_bin AS id FROM ("
        "SELECT DISTINCT CAST(COALESCE(CAST(seller_id AS CHAR CHARACTER SET utf8mb4), '') "
        "AS BINARY) AS id FROM settlement_lines WHERE settled_at >= ";
    struct svc_buf sql;
    svc_buf_init(&sql, DB_MAX_SQL_BYTES);
    if (!svc_buf_append_text(&sql, add) || !db_literal_time(&sql, run->period.from_ms * 1000) ||
        !svc_buf_append_text(&sql, " AND settled_at < ") ||
        !db_literal_time(&sql, run->period.to_ms * 1000) ||
        !svc_buf_append_text(&sql, ") b) t) s" OPEN_AGAIN)) {
        svc_buf_clear(&sql);
        return db_fail(error, SVC_NO_MEMORY, DB_FAULT_OTHER, "no memory for a statement");
    }
    const struct db_statement statement = {.sql = svc_buf_text(&sql)};
    const struct db_value values[] = {
        db_uint(run->run_id), db_uint(run->generation),
        db_text("the seller's id is not 1 to 64 letters, digits, - and _; its name here is ? and "
                "LEFT(SHA2(seller_id, 256), 16)"),
        db_time(now_ms * 1000)};
    const enum svc_status status =
        settle_ledger_sql(db, &statement, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
    svc_buf_clear(&sql);
    return status;
}

/* Sellers with a debt of the period before. One whose report failed there has no figures of it: the
 * debt before that counts, as it does in a claim. */
static enum svc_status add_debtors(struct db *db, const struct settle_run *run,
                                   struct db_error *error) {
    static const struct db_statement add = {
        .sql = (INSERT_REPORTS
                "SELECT ?, r.seller_id, ?, 'open', 0, 0, 0, 0, NULL, NULL FROM settlement_runs p "
                "JOIN settlement_reports r ON r.run_id = p.run_id LEFT JOIN settlement_versions v "
                "ON v.run_id = r.run_id AND v.seller_id = r.seller_id AND v.version = r.version "
                "WHERE p.type = ? AND p.first_day = ? AND p.last_day = ? AND "
                "(v.carried_out_won < 0 OR (r.version = 0 AND r.seller_id NOT LIKE '?%' AND "
                "(" SETTLE_DEBT_SQL("r.seller_id") ") < 0))" OPEN_AGAIN)};
    struct settle_debt_days days;
    if (!settle_ledger_debt_days(&run->period, &days)) {
        return SVC_OK;
    }
    const char *type = settle_period_type_name(run->period.type);
    const struct db_value values[] = {
        db_uint(run->run_id),       db_uint(run->generation),  db_text(type),
        db_text(days.before_first), db_text(days.before_last), db_text(type),
        db_text(days.oldest),       db_text(days.first)};
    return settle_ledger_sql(db, &add, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

/* ---------------------------------------------------------------------- the counters */

static bool take_counts(void *user, const struct db_value *row) {
    struct settle_run *run = user;
    run->sellers = (uint32_t)row[0].integer;
    run->open_sellers = (uint32_t)row[1].integer;
    run->failed_sellers = (uint32_t)row[2].integer;
    return true;
}

static enum svc_status count_sellers(struct db *db, struct settle_run *run,
                                     struct db_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_INT}, {.type = DB_INT}, {.type = DB_INT}};
    static const struct db_statement count = {
        "SELECT COUNT(*), COUNT(CASE WHEN state = 'open' THEN 1 END), "
        "COUNT(CASE WHEN state = 'failed' THEN 1 END) FROM settlement_reports "
        "WHERE run_id = ? AND generation = ?",
        columns, SETTLE_COUNT(columns)};
    const struct db_value values[] = {db_uint(run->run_id), db_uint(run->generation)};
    return settle_ledger_sql(db, &count, values, SETTLE_COUNT(values), take_counts, run, NULL,
                             error);
}

static enum svc_status save_run(struct db *db, const struct planning *planning,
                                struct db_error *error) {
    static const struct db_statement save = {
        .sql = "UPDATE settlement_runs SET generation = ?, state = 'running', "
               "event_time = COALESCE(?, event_time), is_forced = ?, rules = ?, sellers = ?, "
               "open_sellers = ?, failed_sellers = ?, planned_at = ?, closed_at = NULL "
               "WHERE run_id = ?"};
    const struct settle_run *run = &planning->found.run;
    const struct settle_plan *plan = planning->plan;
    const struct db_value values[] = {db_uint(run->generation),
                                      plan->has_event_time ? db_time(plan->event_time_ms * 1000)
                                                           : db_null(),
                                      db_int(run->is_forced),
                                      db_text(run->rules),
                                      db_uint(run->sellers),
                                      db_uint(run->open_sellers),
                                      db_uint(run->failed_sellers),
                                      db_time(run->planned_ms * 1000),
                                      db_uint(run->run_id)};
    return settle_ledger_sql(db, &save, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

/* ---------------------------------------------------------------------- the transaction */

/* An incomplete run whose event is repeated: what is open is worked on again. */
static enum svc_status resume(struct db *db, struct planning *planning, struct db_error *error) {
    static const struct db_statement running = {
        .sql = "UPDATE settlement_runs SET state = 'running', planned_at = ?, closed_at = NULL "
               "WHERE run_id = ?"};
    struct settle_run *run = &planning->found.run;
    const struct db_value values[] = {db_time(planning->now_ms * 1000), db_uint(run->run_id)};
    run->state = SETTLE_RUN_RUNNING;
    run->planned_ms = planning->now_ms;
    return settle_ledger_sql(db, &running, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
}

static enum svc_status write_plan(struct db *db, struct planning *planning,
                                  struct db_error *error) {
    struct settle_run *run = &planning->found.run;
    run->generation++;
    run->state = SETTLE_RUN_RUNNING;
    run->is_forced = planning->plan->is_forced;
    run->planned_ms = planning->now_ms;
    (void)svc_copy_text(run->rules, sizeof(run->rules), planning->plan->rules);
    planning->written = run->generation;
    enum svc_status status = reopen_reports(db, run, error);
    if (status == SVC_OK) {
        status = add_sellers(db, run, planning->now_ms, error);
    }
    if (status == SVC_OK && planning->plan->carries_debt) {
        status = add_debtors(db, run, error);
    }
    if (status == SVC_OK) {
        status = count_sellers(db, run, error);
    }
    return status == SVC_OK ? save_run(db, planning, error) : status;
}

static enum svc_status plan_run(struct db *db, void *user, struct db_error *error) {
    struct planning *planning = user;
    const enum svc_status status =
        settle_ledger_lock_period(db, planning->plan->period, planning->plan->rules,
                                  planning->now_ms, &planning->found, error);
    if (status != SVC_OK) {
        return status;
    }
    planning->planned = decide(planning->plan, &planning->found);
    if (planning->planned == SETTLE_PLANNED) {
        return write_plan(db, planning, error);
    }
    return planning->planned == SETTLE_GOES_ON && planning->found.run.state == SETTLE_RUN_INCOMPLETE
               ? resume(db, planning, error)
               : SVC_OK;
}

enum svc_status settle_ledger_plan(struct settle_ledger *ledger, const struct settle_plan *plan,
                                   struct settle_run *run, enum settle_planned *planned,
                                   struct svc_error *error) {
    struct planning planning = {.plan = plan, .now_ms = settle_ledger_now_ms(ledger)};
    struct db_error failure;
    memset(run, 0, sizeof(*run));
    *planned = SETTLE_PLANNED;
    if (strlen(plan->rules) >= SETTLE_RULES_TEXT_BYTES) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the text of the rules is too long");
    }
    enum svc_status status = db_transaction(ledger->db, NULL, plan_run, &planning, &failure);
    if (status != SVC_OK && settle_ledger_is_unknown(&failure)) {
        /* If it was committed, the same plan finds itself there. */
        const uint32_t written = failure.maybe_done ? planning.written : 0;
        planning.written = 0;
        status = db_transaction(ledger->db, NULL, plan_run, &planning, &failure);
        if (status == SVC_OK && planning.planned == SETTLE_GOES_ON && written != 0 &&
            planning.found.run.generation == written) {
            planning.planned = SETTLE_PLANNED;
        }
    }
    if (status != SVC_OK) {
        return settle_ledger_fail_db(&failure, error);
    }
    *run = planning.found.run;
    *planned = planning.planned;
    return SVC_OK;
}

/* ---------------------------------------------------------------------- batches */

struct page {
    char (*ids)[SETTLE_MAX_SELLER_ID_BYTES + 1];
    size_t count, most;
};

static bool take_id(void *user, const struct db_value *row) {
    struct page *page = user;
    if (page->count >= page->most) {
        return false;
    }
    (void)svc_copy_text(page->ids[page->count++], sizeof(page->ids[0]), row[0].bytes);
    return true;
}

/* Along the primary key from where the last page ended: all pages together read the run once. */
#define OPEN_SELLERS                                                                               \
    "SELECT r.seller_id FROM settlement_reports r FORCE INDEX (PRIMARY) WHERE r.run_id = ? AND "   \
    "r.seller_id > ? AND (r.state = 'open' OR r.mail_due = 1) AND r.generation = "                 \
    "(SELECT generation FROM settlement_runs WHERE run_id = ?) "
#define IN_ORDER "ORDER BY r.seller_id LIMIT ?"

enum svc_status settle_ledger_open_sellers(struct settle_ledger *ledger, uint64_t run_id,
                                           const char *after, const char *upto, size_t most,
                                           char (*ids)[SETTLE_MAX_SELLER_ID_BYTES + 1],
                                           size_t *count, struct svc_error *error) {
    static const struct db_column columns[] = {
        {.type = DB_TEXT, .max_bytes = SETTLE_MAX_SELLER_ID_BYTES}};
    static const struct db_statement all = {OPEN_SELLERS IN_ORDER, columns, 1};
    static const struct db_statement some = {OPEN_SELLERS "AND r.seller_id <= ? " IN_ORDER, columns,
                                             1};
    const bool has_end = upto[0] != '\0';
    const struct db_value values[] = {db_uint(run_id), db_text(after), db_uint(run_id),
                                      has_end ? db_text(upto) : db_uint(most), db_uint(most)};
    struct page page = {ids, 0, most};
    struct db_error failure;
    *count = 0;
    if (settle_ledger_sql(ledger->db, has_end ? &some : &all, values, has_end ? 5 : 4, take_id,
                          &page, NULL, &failure) != SVC_OK) {
        return settle_ledger_fail_db(&failure, error);
    }
    *count = page.count;
    return SVC_OK;
}
