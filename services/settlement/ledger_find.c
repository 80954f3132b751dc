/* The run of a period, without a lock and without making one. */
#include <string.h>

#include "services/settlement/ledger_internal.h"

static bool take_found(void *user, const struct db_value *row) {
    struct settle_run_row *found = user;
    return settle_run_of_row(row, found);
}

enum svc_status settle_ledger_find(struct settle_ledger *ledger, const struct settle_period *period,
                                   struct settle_run *run, struct svc_error *error) {
    static const struct db_statement find = {
        "SELECT " SETTLE_RUN_COLUMNS
        " FROM settlement_runs WHERE type = ? AND first_day = ? AND last_day = ?",
        settle_run_columns, SETTLE_RUN_COLUMN_COUNT};
    char first[SETTLE_DAY_BYTES], last[SETTLE_DAY_BYTES];
    struct settle_run_row found = {.is_found = false};
    struct db_result result;
    struct db_error failure;
    settle_day_write(period->first_day, first);
    settle_day_write(period->last_day, last);
    memset(run, 0, sizeof(*run));
    const struct db_value values[] = {db_text(settle_period_type_name(period->type)),
                                      db_text(first), db_text(last)};
    if (settle_ledger_sql(ledger->db, &find, values, SETTLE_COUNT(values), take_found, &found,
                          &result, &failure) != SVC_OK) {
        return settle_ledger_fail_db(&failure, error);
    }
    if (!found.is_found) {
        return result.rows > 0
                   ? svc_fail(error, SVC_BAD_RESPONSE, "the ledger has a run of an unknown state")
                   : svc_fail(error, SVC_NOT_FOUND, "the ledger has no run of this period");
    }
    *run = found.run;
    return SVC_OK;
}
