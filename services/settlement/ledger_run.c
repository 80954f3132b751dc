/* Rows of settlement_runs, and the calls to the database that all files of the ledger use. */
#include <stdio.h>
#include <string.h>

#include "services/base/text.h"
#include "services/settlement/ledger_internal.h"

#define MS_PER_DAY INT64_C(86400000)
#define KST_MS     (INT64_C(9) * 3600000)

static const char *const state_names[] = {"manual", "running", "closed", "incomplete"};

const char *settle_run_state_name(enum settle_run_state state) {
    return state_names[state];
}

/* ---------------------------------------------------------------------- calls */

enum svc_status settle_ledger_sql(struct db *db, const struct db_statement *statement,
                                  const struct db_value *values, size_t count, db_row_fn *row,
                                  void *user, struct db_result *result, struct db_error *error) {
    const struct db_query query = {statement, values, count, row, user};
    return db_run(db, &query, result, error);
}

bool settle_ledger_is_unknown(const struct db_error *error) {
    return error->maybe_done || error->status == SVC_CONNECTION_LOST;
}

enum svc_status settle_ledger_fail_db(const struct db_error *from, struct svc_error *error) {
    char text[DB_ERROR_TEXT_BYTES];
    return svc_fail(error, from->status, "%s",
                    from->fault == DB_FAULT_NONE ? from->message : db_error_text(from, text));
}

int64_t settle_ledger_now_ms(const struct settle_ledger *ledger) {
    return svc_wall_ms(ledger->clock != NULL ? ledger->clock : svc_clock_system());
}

/* ---------------------------------------------------------------------- rows */

enum {
    RUN_ID,
    TYPE,
    FIRST_DAY,
    LAST_DAY,
    GENERATION,
    STATE,
    IS_FORCED,
    RULES,
    SELLERS,
    OPEN_SELLERS,
    FAILED_SELLERS,
    PLANNED_AT,
    EVENT_TIME,
    CLOSED_AT
};

const struct db_column settle_run_columns[SETTLE_RUN_COLUMN_COUNT] = {
    [RUN_ID] = {.type = DB_UINT},
    [TYPE] = {.type = DB_TEXT, .max_bytes = 32},
    [FIRST_DAY] = {.type = DB_TIME},
    [LAST_DAY] = {.type = DB_TIME},
    [GENERATION] = {.type = DB_UINT},
    [STATE] = {.type = DB_TEXT, .max_bytes = 48},
    [IS_FORCED] = {.type = DB_INT},
    [RULES] = {.type = DB_TEXT, .max_bytes = SETTLE_RULES_TEXT_BYTES - 1},
    [SELLERS] = {.type = DB_UINT},
    [OPEN_SELLERS] = {.type = DB_UINT},
    [FAILED_SELLERS] = {.type = DB_UINT},
    [PLANNED_AT] = {.type = DB_TIME},
    [EVENT_TIME] = {.type = DB_TIME, .nullable = true},
    [CLOSED_AT] = {.type = DB_TIME, .nullable = true},
};

static bool state_of(const char *text, enum settle_run_state *state) {
    for (size_t i = 0; i < SETTLE_COUNT(state_names); i++) {
        if (strcmp(text, state_names[i]) == 0) {
            *state = (enum settle_run_state)i;
            return true;
        }
    }
    return false;
}

bool settle_run_of_row(const struct db_value *row, struct settle_run_row *found) {
    struct settle_run *run = &found->run;
    memset(found, 0, sizeof(*found));
    run->run_id = row[RUN_ID].unsigned_integer;
    run->period.first_day = (int32_t)(row[FIRST_DAY].integer / 1000 / MS_PER_DAY);
    run->period.last_day = (int32_t)(row[LAST_DAY].integer / 1000 / MS_PER_DAY);
    run->period.from_ms = run->period.first_day * MS_PER_DAY - KST_MS;
    run->period.to_ms = (run->period.last_day + 1) * MS_PER_DAY - KST_MS;
    run->generation = (uint32_t)row[GENERATION].unsigned_integer;
    run->is_forced = row[IS_FORCED].integer != 0;
    run->sellers = (uint32_t)row[SELLERS].unsigned_integer;
    run->open_sellers = (uint32_t)row[OPEN_SELLERS].unsigned_integer;
    run->failed_sellers = (uint32_t)row[FAILED_SELLERS].unsigned_integer;
    run->planned_ms = row[PLANNED_AT].integer / 1000;
    found->is_found = settle_period_type_parse(row[TYPE].bytes, &run->period.type) &&
                      state_of(row[STATE].bytes, &run->state) &&
                      svc_copy_text(run->rules, sizeof(run->rules), row[RULES].bytes);
    found->has_event_time = row[EVENT_TIME].type != DB_NULL;
    found->event_time_us = found->has_event_time ? row[EVENT_TIME].integer : 0;
    found->has_closed_at = row[CLOSED_AT].type != DB_NULL;
    found->closed_at_us = found->has_closed_at ? row[CLOSED_AT].integer : 0;
    return found->is_found;
}

static bool take_run(void *user, const struct db_value *row) {
    return settle_run_of_row(row, user);
}

/* ---------------------------------------------------------------------- one run */

static enum svc_status read_one(struct db *db, const struct db_statement *statement,
                                const struct db_value *values, size_t count,
                                struct settle_run_row *found, struct db_error *error) {
    struct db_result result;
    memset(found, 0, sizeof(*found));
    const enum svc_status status =
        settle_ledger_sql(db, statement, values, count, take_run, found, &result, error);
    if (status != SVC_OK || found->is_found) {
        return status;
    }
    return result.rows > 0 ? db_fail(error, SVC_BAD_RESPONSE, DB_FAULT_NONE,
                                     "the ledger has a run with an unknown type or state")
                           : db_fail(error, SVC_NOT_FOUND, DB_FAULT_NONE,
                                     "the ledger has no run of this number or period");
}

enum svc_status settle_ledger_read_run(struct db *db, uint64_t run_id, bool is_locked,
                                       struct settle_run_row *found, struct db_error *error) {
    static const struct db_statement plain = {"SELECT " SETTLE_RUN_COLUMNS
                                              " FROM settlement_runs WHERE run_id = ?",
                                              settle_run_columns, SETTLE_RUN_COLUMN_COUNT};
    static const struct db_statement locked = {"SELECT " SETTLE_RUN_COLUMNS
                                               " FROM settlement_runs WHERE run_id = ? FOR UPDATE",
                                               settle_run_columns, SETTLE_RUN_COLUMN_COUNT};
    const struct db_value values[] = {db_uint(run_id)};
    return read_one(db, is_locked ? &locked : &plain, values, SETTLE_COUNT(values), found, error);
}

enum svc_status settle_ledger_lock_period(struct db *db, const struct settle_period *period,
                                          const char *rules, int64_t now_ms,
                                          struct settle_run_row *found, struct db_error *error) {
    static const struct db_statement lock = {
        "SELECT " SETTLE_RUN_COLUMNS
        " FROM settlement_runs WHERE type = ? AND first_day = ? AND last_day = ? FOR UPDATE",
        settle_run_columns, SETTLE_RUN_COLUMN_COUNT};
    /* Two at once: the second waits here and then finds the row. */
    static const struct db_statement make = {
        .sql = "INSERT INTO settlement_runs (type, first_day, last_day, generation, state, "
               "is_forced, rules, sellers, open_sellers, failed_sellers, planned_at) "
               "VALUES (?, ?, ?, 0, 'manual', 0, ?, 0, 0, 0, ?) "
               "ON DUPLICATE KEY UPDATE generation = generation"};
    char first[SETTLE_DAY_BYTES], last[SETTLE_DAY_BYTES];
    settle_day_write(period->first_day, first);
    settle_day_write(period->last_day, last);
    const struct db_value values[] = {db_text(settle_period_type_name(period->type)),
                                      db_text(first), db_text(last), db_text(rules),
                                      db_time(now_ms * 1000)};
    enum svc_status status = read_one(db, &lock, values, 3, found, error);
    if (status != SVC_NOT_FOUND) {
        return status;
    }
    status = settle_ledger_sql(db, &make, values, SETTLE_COUNT(values), NULL, NULL, NULL, error);
    return status == SVC_OK ? read_one(db, &lock, values, 3, found, error) : status;
}

enum svc_status settle_ledger_run(struct settle_ledger *ledger, uint64_t run_id,
                                  struct settle_run *run, struct svc_error *error) {
    struct settle_run_row found;
    struct db_error failure;
    const enum svc_status status =
        settle_ledger_read_run(ledger->db, run_id, false, &found, &failure);
    *run = found.run;
    return status == SVC_OK ? status : settle_ledger_fail_db(&failure, error);
}

/* ---------------------------------------------------------------------- a run by hand */

struct opening {
    const struct settle_period *period;
    const char *rules;
    int64_t now_ms;
    struct settle_run_row found;
};

static enum svc_status open_manual(struct db *db, void *user, struct db_error *error) {
    struct opening *opening = user;
    return settle_ledger_lock_period(db, opening->period, opening->rules, opening->now_ms,
                                     &opening->found, error);
}

enum svc_status settle_ledger_open_manual(struct settle_ledger *ledger,
                                          const struct settle_period *period, const char *rules,
                                          struct settle_run *run, struct svc_error *error) {
    struct opening opening = {
        .period = period, .rules = rules, .now_ms = settle_ledger_now_ms(ledger)};
    struct db_error failure;
    enum svc_status status = SVC_INVALID_ARGUMENT;
    memset(run, 0, sizeof(*run));
    for (int i = 0; i < 2; i++) {
        status = db_transaction(ledger->db, NULL, open_manual, &opening, &failure);
        if (status == SVC_OK) {
            *run = opening.found.run;
            return status;
        }
        if (!settle_ledger_is_unknown(&failure)) {
            break;
        }
    }
    return settle_ledger_fail_db(&failure, error);
}

/* ---------------------------------------------------------------------- overdue runs */

struct listing {
    struct settle_run *runs;
    size_t count, most;
    bool is_bad;
};

static bool take_overdue(void *user, const struct db_value *row) {
    struct listing *listing = user;
    struct settle_run_row found;
    listing->is_bad = !settle_run_of_row(row, &found);
    if (listing->is_bad || listing->count >= listing->most) {
        return false;
    }
    listing->runs[listing->count++] = found.run;
    return true;
}

enum svc_status settle_ledger_overdue(struct settle_ledger *ledger, int64_t planned_before_ms,
                                      size_t most, struct settle_run *runs, size_t *count,
                                      struct svc_error *error) {
    static const struct db_statement overdue = {
        "SELECT " SETTLE_RUN_COLUMNS " FROM settlement_runs WHERE state = 'running' AND "
        "planned_at < ? ORDER BY planned_at, run_id LIMIT ?",
        settle_run_columns, SETTLE_RUN_COLUMN_COUNT};
    const struct db_value values[] = {db_time(planned_before_ms * 1000), db_uint(most)};
    struct listing listing = {runs, 0, most, false};
    struct db_error failure;
    *count = 0;
    if (settle_ledger_sql(ledger->db, &overdue, values, SETTLE_COUNT(values), take_overdue,
                          &listing, NULL, &failure) != SVC_OK) {
        return settle_ledger_fail_db(&failure, error);
    }
    if (listing.is_bad) {
        return svc_fail(error, SVC_BAD_RESPONSE, "the ledger has a run with an unknown type");
    }
    *count = listing.count;
    return SVC_OK;
}
