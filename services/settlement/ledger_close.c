/* A run's end: its sellers for the summary, and the one call that closes it. */
#include <stdio.h>
#include <string.h>

#include "services/base/random.h"
#include "services/settlement/ledger_internal.h"

/* ---------------------------------------------------------------------- sellers */

struct streaming {
    settle_run_seller_fn *each;
    void *user;
    struct settle_version newest;
};

#define OWN_COLUMNS 3

static bool take_seller(void *user, const struct db_value *row) {
    struct streaming *streaming = user;
    const struct settle_run_seller seller = {
        .seller_id = row[0].bytes,
        .state = row[1].bytes,
        .failure = row[2].type != DB_NULL ? row[2].bytes : "",
        .newest = &streaming->newest,
    };
    settle_version_of_row(row + OWN_COLUMNS, &streaming->newest);
    return streaming->each(streaming->user, &seller);
}

enum svc_status settle_ledger_each_seller(struct settle_ledger *ledger,
                                          const struct settle_run *run, settle_run_seller_fn *each,
                                          void *user, struct svc_error *error) {
    struct db_column columns[OWN_COLUMNS + SETTLE_VERSION_COLUMN_COUNT] = {
        {.type = DB_TEXT, .max_bytes = SETTLE_MAX_SELLER_ID_BYTES},
        {.type = DB_TEXT, .max_bytes = 32},
        {.type = DB_TEXT, .nullable = true, .max_bytes = (size_t)4 * SETTLE_FAILURE_BYTES}};
    /* In the order of the primary key: nothing is sorted, whatever their number. */
    const struct db_statement read = {
        "SELECT r.seller_id, r.state, r.failure, " SETTLE_VERSION_COLUMNS
        " FROM settlement_reports r FORCE INDEX (PRIMARY) LEFT JOIN settlement_versions v ON "
        "v.run_id = r.run_id AND v.seller_id = r.seller_id AND v.version = r.version "
        "WHERE r.run_id = ? AND r.generation = ? ORDER BY r.seller_id",
        columns, SETTLE_COUNT(columns)};
    const struct db_value values[] = {db_uint(run->run_id), db_uint(run->generation)};
    struct streaming streaming = {.each = each, .user = user};
    struct db_error failure;
    memcpy(columns + OWN_COLUMNS, settle_version_columns, sizeof(settle_version_columns));
    return settle_ledger_sql(ledger->db, &read, values, SETTLE_COUNT(values), take_seller,
                             &streaming, NULL, &failure) == SVC_OK
               ? SVC_OK
               : settle_ledger_fail_db(&failure, error);
}

/* ---------------------------------------------------------------------- the end */

static enum svc_status update(struct db *db, const struct settle_run *run,
                              enum settle_run_state state, int64_t closed_at_us, bool *is_first,
                              struct db_error *error) {
    static const struct db_statement closed = {
        .sql = "UPDATE settlement_runs SET state = 'closed', closed_at = ? WHERE run_id = ? AND "
               "generation = ? AND state IN ('running', 'incomplete') AND open_sellers = 0"};
    static const struct db_statement incomplete = {
        .sql = "UPDATE settlement_runs SET state = 'incomplete', closed_at = ? WHERE run_id = ? "
               "AND generation = ? AND state = 'running' AND open_sellers > 0"};
    const struct db_value values[] = {db_time(closed_at_us), db_uint(run->run_id),
                                      db_uint(run->generation)};
    struct db_result result;
    const enum svc_status status =
        settle_ledger_sql(db, state == SETTLE_RUN_CLOSED ? &closed : &incomplete, values,
                          SETTLE_COUNT(values), NULL, NULL, &result, error);
    *is_first = status == SVC_OK && result.affected_rows == 1;
    return status;
}

enum svc_status settle_ledger_close(struct settle_ledger *ledger, const struct settle_run *run,
                                    enum settle_run_state state, bool *is_first,
                                    struct svc_error *error) {
    /* Microseconds of its own tell this call's change from another's of the same moment. */
    const int64_t closed_at_us = settle_ledger_now_ms(ledger) * 1000 +
                                 (int64_t)(svc_random_unit(svc_random_system()) * 1000);
    struct db_error failure;
    *is_first = false;
    if (state != SETTLE_RUN_CLOSED && state != SETTLE_RUN_INCOMPLETE) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "a run ends closed or incomplete");
    }
    enum svc_status status = update(ledger->db, run, state, closed_at_us, is_first, &failure);
    if (status != SVC_OK && settle_ledger_is_unknown(&failure)) {
        struct settle_run_row found;
        status = update(ledger->db, run, state, closed_at_us, is_first, &failure);
        if (status == SVC_OK && !*is_first) {
            status = settle_ledger_read_run(ledger->db, run->run_id, false, &found, &failure);
            *is_first = status == SVC_OK && found.run.state == state && found.has_closed_at &&
                        found.closed_at_us == closed_at_us;
        }
    }
    return status == SVC_OK ? status : settle_ledger_fail_db(&failure, error);
}
