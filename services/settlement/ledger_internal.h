/* What the files of the ledger share. Not for callers: see ledger.h. */
#ifndef SETTLE_LEDGER_INTERNAL_H
#define SETTLE_LEDGER_INTERNAL_H

#include "services/db/statement.h"
#include "services/db/transaction.h"
#include "services/settlement/ledger.h"

#define SETTLE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---------------------------------------------------------------------- ledger_run.c */

/* Runs a statement. row, result: NULL is allowed. */
enum svc_status settle_ledger_sql(struct db *db, const struct db_statement *statement,
                                  const struct db_value *values, size_t count, db_row_fn *row,
                                  void *user, struct db_result *result, struct db_error *error);
/* Whether something may have taken effect, or was lost with its connection: the caller repeats it,
 * once, and finds out. */
bool settle_ledger_is_unknown(const struct db_error *error);
/* A failure of the database as one of the ledger's; returns its status. */
enum svc_status settle_ledger_fail_db(const struct db_error *from, struct svc_error *error);
int64_t settle_ledger_now_ms(const struct settle_ledger *ledger);

/* What a row of settlement_runs contains. */
struct settle_run_row {
    struct settle_run run;
    bool is_found;
    bool has_event_time, has_closed_at;
    int64_t event_time_us, closed_at_us;
};
#define SETTLE_RUN_COLUMNS                                                                         \
    "run_id, type, first_day, last_day, generation, state, is_forced, rules, sellers, "            \
    "open_sellers, failed_sellers, planned_at, event_time, closed_at"
#define SETTLE_RUN_COLUMN_COUNT 14
extern const struct db_column settle_run_columns[SETTLE_RUN_COLUMN_COUNT];
/* false: a value is none that the ledger writes. */
bool settle_run_of_row(const struct db_value *row, struct settle_run_row *found);

/* Reads a run, with is_locked in an open transaction. Errors: NOT_FOUND; BAD_RESPONSE. */
enum svc_status settle_ledger_read_run(struct db *db, uint64_t run_id, bool is_locked,
                                       struct settle_run_row *found, struct db_error *error);
/* Locks the run of a period, in an open transaction; makes it in SETTLE_RUN_MANUAL if it is new. */
enum svc_status settle_ledger_lock_period(struct db *db, const struct settle_period *period,
                                          const char *rules, int64_t now_ms,
                                          struct settle_run_row *found, struct db_error *error);

/* ---------------------------------------------------------------------- ledger_debt.c */

/* Days as the database compares them. */
struct settle_debt_days {
    char before_first[SETTLE_DAY_BYTES], before_last[SETTLE_DAY_BYTES]; /* the period before */
    char oldest[SETTLE_DAY_BYTES]; /* how far back a debt is looked for */
    char first[SETTLE_DAY_BYTES];  /* of the period itself */
};
/* false: no period is before it (custom days, the first day of all). */
bool settle_ledger_debt_days(const struct settle_period *period, struct settle_debt_days *days);
/* The newest balance that a seller carried out of a period of a type (?) that begins on a day (?)
 * or later and ends before another (?). */
#define SETTLE_DEBT_SQL(seller)                                                                    \
    "SELECT w.carried_out_won FROM settlement_runs q JOIN settlement_reports e ON "                \
    "e.run_id = q.run_id JOIN settlement_versions w ON w.run_id = e.run_id AND "                   \
    "w.seller_id = e.seller_id AND w.version = e.version WHERE q.type = ? AND "                    \
    "q.first_day >= ? AND q.last_day < ? AND e.seller_id = " seller                                \
    " ORDER BY q.first_day DESC LIMIT 1"
/* 0 if there is none. */
enum svc_status settle_ledger_read_debt(struct db *db, const struct settle_period *period,
                                        const char *seller_id, int64_t *debt_won,
                                        struct db_error *error);

/* ---------------------------------------------------------------------- ledger_report.c */

/* A row of settlement_reports. */
struct settle_report_row {
    bool is_found;
    uint32_t generation, attempt, version, mailed_version;
    bool is_open, is_failed, mail_due;
};
/* Errors: NOT_FOUND (no such row). Locks it, in an open transaction. */
enum svc_status settle_ledger_lock_report(struct db *db, uint64_t run_id, const char *seller_id,
                                          struct settle_report_row *found, struct db_error *error);

/* ---------------------------------------------------------------------- ledger_version.c */

#define SETTLE_VERSION_COLUMNS                                                                     \
    "v.version, v.seller_name, v.reason, v.rules, v.made_at, v.order_count, v.line_count, "        \
    "v.quantity, v.list_won, v.seller_coupon_won, v.seller_points_won, v.platform_coupon_won, "    \
    "v.platform_points_won, v.gross_won, v.paid_won, v.commission_won, v.supply_won, v.vat_won, "  \
    "v.net_won, v.refund_gross_won, v.carried_in_won, v.payable_won, v.carried_out_won, "          \
    "v.csv_sha256, v.html_sha256, v.json_sha256, v.csv_etag, v.html_etag, v.json_etag, "           \
    "v.csv_bytes"
#define SETTLE_VERSION_COLUMN_COUNT 30
/* All of them may be NULL, of a LEFT JOIN. */
extern const struct db_column settle_version_columns[SETTLE_VERSION_COLUMN_COUNT];
/* version NULL: the zeroes of "none yet". */
void settle_version_of_row(const struct db_value *row, struct settle_version *version);

/* version 0: NOT_FOUND. */
enum svc_status settle_ledger_read_version(struct db *db, uint64_t run_id, const char *seller_id,
                                           uint32_t version, struct settle_version *found,
                                           struct db_error *error);
enum svc_status settle_ledger_insert_version(struct db *db, uint64_t run_id, const char *seller_id,
                                             const struct settle_version *made, int64_t now_ms,
                                             struct db_error *error);
/* Whether the row `stored` is what insert_version makes of `made`, the time of it left out. */
bool settle_version_is_stored(const struct settle_version *made,
                              const struct settle_version *stored);
bool settle_version_is_valid(const struct settle_version *made);

#endif
