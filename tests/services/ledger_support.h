/* What the tests of the run ledger share: a MariaDB server with the module's tables and a table
 * that stands for the view settlement_lines, plans and versions, and the tables as one text. */
#ifndef TESTS_SERVICES_LEDGER_SUPPORT_H
#define TESTS_SERVICES_LEDGER_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/base/text.h"
#include "services/settlement/ledger.h"
#include "services/settlement/migrations.h"
#include "tests/services/db_support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NOW_MS INT64_C(1790000000000)
#define RULES  "1 half-up down included gross 500 0"

static struct db_fixture f;
static struct db *db;
static struct test_clock wall;
static struct settle_ledger ledger;
static struct settle_period august, september, october;

/* The platform's ids do not distinguish upper and lower case. */
static inline void ledger_tables(void) {
    size_t count = 0;
    struct db_migration *migrations = settle_migrations(NULL, &count);
    struct db_error error;
    assert_non_null(migrations);
    assert_int_equal(db_migrate(db, migrations, count, false, NULL, NULL, NULL, &error), SVC_OK);
    free(migrations);
    db_sql(&f, "USE shop; CREATE TABLE settlement_lines (seller_id VARCHAR(100) CHARACTER SET "
               "utf8mb4 COLLATE utf8mb4_general_ci, settled_at DATETIME NOT NULL, KEY (seller_id), "
               "KEY (settled_at))");
}

static inline int ledger_start(void **state) {
    (void)state;
    struct svc_error error;
    if (!db_fixture_start(&f)) {
        return -1;
    }
    db = db_of(&f);
    test_clock_init(&wall, NOW_MS);
    ledger = (struct settle_ledger){db, &wall.clock};
    ledger_tables();
    return settle_period_parse("2026-08", NOW_MS * 2, &august, &error) == SVC_OK &&
                   settle_period_parse("2026-09", NOW_MS * 2, &september, &error) == SVC_OK &&
                   settle_period_parse("2026-10", NOW_MS * 2, &october, &error) == SVC_OK
               ? 0
               : -1;
}

static inline int ledger_stop(void **state) {
    (void)state;
    db_destroy(db);
    db_fixture_stop(&f);
    return 0;
}

/* For each test: no rows, half a minute. */
static inline int ledger_fresh(void **state) {
    (void)state;
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 30000));
    db_do(db, "DELETE FROM settlement_runs");
    db_do(db, "DELETE FROM settlement_reports");
    db_do(db, "DELETE FROM settlement_versions");
    db_do(db, "DELETE FROM settlement_lines");
    return 0;
}

/* A line of each of these sellers, in the middle of a month. */
static inline void sell(const char *sellers, const char *month) {
    while (*sellers != '\0') {
        const int id_bytes = (int)strcspn(sellers, " ");
        db_sql(&f, "INSERT INTO settlement_lines VALUES ('%.*s', '%s-10 01:02:03')", id_bytes,
               sellers, month);
        sellers += id_bytes + (sellers[id_bytes] == ' ');
    }
}

/* ---------------------------------------------------------------------- plans */

static inline struct settle_plan plan_of(const struct settle_period *period, int64_t event_ms) {
    return (struct settle_plan){
        .period = period,
        .has_event_time = event_ms != 0,
        .event_time_ms = event_ms,
        .rules = RULES,
    };
}

static inline struct settle_run planned_as(const struct settle_plan *plan,
                                           enum settle_planned expected) {
    struct settle_run run;
    enum settle_planned planned;
    struct svc_error error = {0};
    if (settle_ledger_plan(&ledger, plan, &run, &planned, &error) != SVC_OK) {
        print_error("%s\n", error.detail);
        fail();
    }
    assert_int_equal(planned, expected);
    return run;
}

static inline struct settle_run plan_event(const struct settle_period *period, int64_t event_ms,
                                           enum settle_planned expected) {
    const struct settle_plan plan = plan_of(period, event_ms);
    return planned_as(&plan, expected);
}

static inline struct settle_run run_of(uint64_t run_id) {
    struct settle_run run;
    struct svc_error error;
    assert_int_equal(settle_ledger_run(&ledger, run_id, &run, &error), SVC_OK);
    return run;
}

static inline void assert_counters(uint64_t run_id, uint32_t sellers, uint32_t open,
                                   uint32_t failed, enum settle_run_state state) {
    const struct settle_run run = run_of(run_id);
    assert_int_equal(run.sellers, sellers);
    assert_int_equal(run.open_sellers, open);
    assert_int_equal(run.failed_sellers, failed);
    assert_string_equal(settle_run_state_name(run.state), settle_run_state_name(state));
}

/* Ids in one text, each followed by a blank. */
static inline const char *open_ids(uint64_t run_id, const char *after, const char *upto,
                                   size_t most) {
    static char text[4096];
    static char ids[64][SETTLE_MAX_SELLER_ID_BYTES + 1];
    size_t count = 99, used = 0;
    struct svc_error error;
    assert_true(most <= COUNT(ids));
    assert_int_equal(
        settle_ledger_open_sellers(&ledger, run_id, after, upto, most, ids, &count, &error),
        SVC_OK);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ", ids[i]);
    }
    return text;
}

/* ---------------------------------------------------------------------- reports */

static inline struct settle_claim claimed(uint64_t run_id, const char *seller_id) {
    struct settle_claim claim;
    struct svc_error error = {0};
    if (settle_ledger_claim(&ledger, run_id, seller_id, false, &claim, &error) != SVC_OK) {
        print_error("%s\n", error.detail);
        fail();
    }
    return claim;
}

/* A version whose every figure differs, by `seed`. */
static inline struct settle_version version_of(uint32_t version, int64_t seed) {
    struct settle_version made = {
        .version = version,
        .rules = RULES,
        .seller_name = "바다상회",
        .reason = version == 1 ? "first" : "lines",
        .order_count = seed + 1,
        .all = {.lines = seed + 2,
                .quantity = seed + 3,
                .amounts = {seed + 4, seed + 5, seed + 6, seed + 7, seed + 8, seed + 9, seed + 10,
                            seed + 11, seed + 12, seed + 13, seed + 14}},
        .refund_gross_won = -seed,
        .has_payout = true,
        .payout = {-seed, seed + 14, 0, -seed - 1},
        .csv_bytes = UINT64_C(1) << 40,
    };
    for (size_t i = 0; i < SETTLE_FORMATS; i++) {
        memset(made.sha256[i], (int)(seed + (int64_t)i + 1) & 0xff, SETTLE_SHA256_BYTES);
        snprintf(made.etags[i], sizeof(made.etags[i]), "\"%d-%lld\"", (int)i, (long long)seed);
    }
    return made;
}

static inline bool finish_with(const struct settle_claim *claim,
                               const struct settle_version *made) {
    struct settle_finished finished;
    struct svc_error error = {0};
    if (settle_ledger_finish(&ledger, claim, made, true, &finished, &error) != SVC_OK) {
        print_error("%s\n", error.detail);
        fail();
    }
    return finished.is_last;
}

static inline bool fail_with(const struct settle_claim *claim, const char *failure) {
    struct settle_finished finished;
    struct svc_error error = {0};
    if (settle_ledger_fail(&ledger, claim, failure, &finished, &error) != SVC_OK) {
        print_error("%s\n", error.detail);
        fail();
    }
    return finished.is_last;
}

/* Claims, makes a version, sends its mail and releases. Returns whether it was the last seller. */
static inline bool make_report(uint64_t run_id, const char *seller_id, int64_t seed) {
    const struct settle_claim claim = claimed(run_id, seller_id);
    const struct settle_version made = version_of(claim.newest.version + 1, seed);
    const bool is_last = finish_with(&claim, &made);
    struct svc_error error;
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, made.version, &error), SVC_OK);
    settle_ledger_release(&ledger, &claim);
    return is_last;
}

/* Makes a report that carries so much out. */
static inline void carry_out(uint64_t run_id, const char *seller_id, int64_t won) {
    const struct settle_claim claim = claimed(run_id, seller_id);
    struct settle_version made = version_of(claim.newest.version + 1, 1);
    made.payout.carried_out_won = won;
    finish_with(&claim, &made);
    settle_ledger_release(&ledger, &claim);
}

static inline bool close_run(const struct settle_run *run, enum settle_run_state state) {
    bool is_first = false;
    struct svc_error error = {0};
    assert_int_equal(settle_ledger_close(&ledger, run, state, &is_first, &error), SVC_OK);
    return is_first;
}

/* ---------------------------------------------------------------------- the tables */

/* All that is stored, without run ids and attempts; to be freed. */
static inline char *all_tables(void) {
    static const char *const queries[] = {
        "SELECT type, first_day, last_day, generation, state, event_time, is_forced, rules, "
        "sellers, open_sellers, failed_sellers, planned_at, closed_at IS NULL FROM "
        "settlement_runs ORDER BY run_id",
        "SELECT seller_id, generation, state, version, mailed_version, mail_due, failure, "
        "finished_at FROM settlement_reports ORDER BY run_id, seller_id",
        "SELECT seller_id, version, reason, rules, made_at, net_won, HEX(csv_sha256), json_etag "
        "FROM settlement_versions ORDER BY run_id, seller_id, version",
    };
    char *text = calloc(1, 65536);
    size_t used = 0;
    assert_non_null(text);
    for (size_t i = 0; i < COUNT(queries); i++) {
        used += (size_t)snprintf(text + used, 65536 - used, "%s\n",
                                 db_command_of(&f, "sql %s", queries[i]));
        assert_true(used < 65536);
    }
    return text;
}

#endif
