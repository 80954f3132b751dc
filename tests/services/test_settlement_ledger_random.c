/* The ledger against a model of it: random plans, claims, ends, repetitions, releases, killed
 * workers and cut connections, over several sellers and two workers; after each step every counter
 * and state is the model's. And workers at once, in threads. TEST_SEED and TEST_STEPS in the
 * environment give another run. */
#include <pthread.h>

#include "tests/services/ledger_support.h"

#define SELLERS 6
#define WORKERS 2
#define CLAIMS  4
#define ROUNDS  200 /* steps before the tables are emptied */

static uint64_t seed;

static unsigned below(unsigned n) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

static uint64_t number_of(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* ---------------------------------------------------------------------- the model */

enum row_state { ABSENT, OPEN, DONE, FAILED };

static struct model {
    bool has_lines[SELLERS];
    struct {
        enum row_state state;
        unsigned generation, attempt, version, mailed;
        bool is_due;
    } rows[SELLERS];
    unsigned generation;
    enum settle_run_state state;
    bool is_there, is_forced;
    int64_t event_ms;     /* 0: none yet */
    int held_by[SELLERS]; /* worker, or -1 */
} m;

static struct worker {
    struct db *db;
    bool is_proxied;
} workers[WORKERS];

/* Claims that were made, with what they saw: also of workers that have died since. */
static struct kept_claim {
    bool is_used;
    struct settle_claim claim;
    unsigned seller, generation, attempt, newest;
    int64_t made_seed; /* of the version that it has stored; 0: none */
} kept[CLAIMS];

static struct settle_run plans[4]; /* as they were returned, for closers that are late */

static unsigned count_rows(enum row_state state) {
    unsigned count = 0;
    for (unsigned i = 0; i < SELLERS && m.generation > 0; i++) {
        count += m.rows[i].state == state && m.rows[i].generation == m.generation;
    }
    return count;
}

static bool model_is_last(void) {
    return count_rows(OPEN) == 0 &&
           (m.state == SETTLE_RUN_RUNNING || m.state == SETTLE_RUN_INCOMPLETE);
}

static const char *id_of(unsigned seller) {
    static const char *const ids[SELLERS] = {"0", "10", "9", "A", "a", "z-_"};
    return ids[seller];
}

/* ---------------------------------------------------------------------- comparison */

static const char *state_name(enum row_state state) {
    return state == OPEN ? "open" : state == DONE ? "done" : "failed";
}

static void compare_with_model(const char *step) {
    char expected[4096];
    size_t used = 0;
    expected[0] = '\0';
    if (m.is_there) {
        used = (size_t)snprintf(expected, sizeof(expected), "%s g%u %s s%u o%u f%u %d",
                                settle_run_state_name(m.state), m.generation,
                                m.event_ms != 0 ? "event" : "none",
                                count_rows(OPEN) + count_rows(DONE) + count_rows(FAILED),
                                count_rows(OPEN), count_rows(FAILED), m.is_forced);
    }
    for (unsigned i = 0; i < SELLERS; i++) {
        if (m.rows[i].state != ABSENT) {
            used += (size_t)snprintf(expected + used, sizeof(expected) - used,
                                     "|%s g%u %s a%u v%u m%u %d", id_of(i), m.rows[i].generation,
                                     state_name(m.rows[i].state), m.rows[i].attempt,
                                     m.rows[i].version, m.rows[i].mailed, m.rows[i].is_due);
        }
    }
    const char *stored = db_command_of(
        &f, "sql SELECT CONCAT(state, ' g', generation, IF(event_time IS NULL, ' none', ' event'), "
            "' s', sellers, ' o', open_sellers, ' f', failed_sellers, ' ', is_forced) FROM "
            "settlement_runs UNION ALL (SELECT CONCAT(seller_id, ' g', generation, ' ', state, ' "
            "a', attempt, ' v', version, ' m', mailed_version, ' ', mail_due) FROM "
            "settlement_reports ORDER BY seller_id LIMIT 100)");
    if (strcmp(stored, expected) != 0) {
        print_error("after %s\n", step);
    }
    assert_string_equal(stored, expected);
    const char *versions = db_command_of(&f, "sql SELECT COUNT(*) FROM settlement_versions");
    unsigned sum = 0;
    for (unsigned i = 0; i < SELLERS; i++) {
        sum += m.rows[i].version;
    }
    assert_int_equal(atoi(versions), sum);
}

/* ---------------------------------------------------------------------- disturbances */

/* The worker's connection is cut somewhere in the next step, or not. */
static uint64_t disturb(struct worker *worker) {
    if (worker->is_proxied && below(3) == 0) {
        db_command_of(&f, "cut %s %u", below(2) ? "request" : "reply", 1 + below(9));
    }
    ledger.db = worker->db;
    return db_counts(worker->db).connections;
}

/* The server ends a connection, and its locks, in its own time. */
static void wait_for_locks(void) {
    char alive[32];
    snprintf(alive, sizeof(alive), "%d", WORKERS + 1); /* and db */
    db_wait_for(&f, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'",
                alive);
}

/* Its locks are gone if it was. */
static void end_disturbance(unsigned index, uint64_t connections) {
    struct db_error error;
    if (workers[index].is_proxied) {
        db_command_of(&f, "cut no");
    }
    assert_int_equal(db_connect(workers[index].db, &error), SVC_OK); /* after a cut ROLLBACK */
    const bool is_cut = db_counts(workers[index].db).connections > connections;
    for (unsigned i = 0; is_cut && i < SELLERS; i++) {
        m.held_by[i] = m.held_by[i] == (int)index ? -1 : m.held_by[i];
    }
    if (is_cut) {
        wait_for_locks();
    }
}

/* Killed, and another takes its place. */
static void kill_worker(void) {
    const unsigned index = below(WORKERS);
    struct db_error error;
    db_disconnect(workers[index].db);
    assert_int_equal(db_connect(workers[index].db, &error), SVC_OK);
    for (unsigned i = 0; i < SELLERS; i++) {
        m.held_by[i] = m.held_by[i] == (int)index ? -1 : m.held_by[i];
    }
    wait_for_locks();
}

/* ---------------------------------------------------------------------- steps */

static void change_lines(void) {
    const unsigned seller = below(SELLERS);
    m.has_lines[seller] = !m.has_lines[seller];
    if (m.has_lines[seller]) {
        sell(id_of(seller), "2026-09");
    } else {
        db_sql(&f, "DELETE FROM settlement_lines WHERE BINARY seller_id = '%s'", id_of(seller));
    }
}

static void model_plan(const struct settle_plan *plan) {
    m.generation++;
    m.state = SETTLE_RUN_RUNNING;
    m.is_forced = plan->is_forced;
    m.event_ms = plan->has_event_time ? plan->event_time_ms : m.event_ms;
    for (unsigned i = 0; i < SELLERS; i++) {
        if (m.has_lines[i] || m.rows[i].version > 0) {
            m.rows[i].state = OPEN;
            m.rows[i].generation = m.generation;
        }
    }
}

static enum settle_planned model_event(const struct settle_plan *plan) {
    const bool is_same = plan->has_event_time && plan->event_time_ms == m.event_ms;
    const bool is_by_hand = !plan->has_event_time;
    bool goes_on = false;
    if (m.generation > 0 && m.state == SETTLE_RUN_RUNNING) {
        goes_on = (is_same || is_by_hand) && (!plan->is_forced || m.is_forced);
    } else if (m.generation > 0 && m.state == SETTLE_RUN_INCOMPLETE) {
        goes_on = is_same && !plan->is_forced;
    } else if (m.generation > 0 && is_same && !plan->is_forced) {
        return SETTLE_DONE_BEFORE;
    }
    if (goes_on) {
        m.state = SETTLE_RUN_RUNNING;
        return SETTLE_GOES_ON;
    }
    model_plan(plan);
    return SETTLE_PLANNED;
}

static void plan_again(void) {
    struct settle_plan plan = plan_of(&september, below(3) == 0 ? 0 : NOW_MS + below(3));
    const unsigned index = below(WORKERS);
    plan.is_forced = below(4) == 0;
    m.is_there = true;
    const enum settle_planned expected = model_event(&plan);
    const uint64_t connections = disturb(&workers[index]);
    const struct settle_run run = planned_as(&plan, expected);
    end_disturbance(index, connections);
    assert_int_equal(run.generation, m.generation);
    assert_int_equal(run.open_sellers, count_rows(OPEN));
    plans[below(COUNT(plans))] = run;
}

static void check_claim(const struct kept_claim *made) {
    const unsigned seller = made->seller;
    assert_int_equal(made->claim.newest.version, m.rows[seller].version);
    assert_int_equal(made->claim.is_open,
                     m.rows[seller].state == OPEN && m.rows[seller].generation == m.generation);
    assert_int_equal(made->claim.mailed_version, m.rows[seller].mailed);
    assert_int_equal(made->claim.mail_is_due, m.rows[seller].is_due);
    assert_int_equal(made->claim.run.generation, m.generation);
}

static void claim_one(void) {
    const unsigned seller = below(SELLERS), index = below(WORKERS);
    const bool is_manual = m.is_there && below(4) == 0;
    struct kept_claim *made = &kept[below(CLAIMS)];
    struct svc_error error;
    enum svc_status expected = SVC_OK;
    if (m.held_by[seller] >= 0 && m.held_by[seller] != (int)index) {
        expected = SVC_CONFLICT;
    } else if (m.rows[seller].state == ABSENT && !is_manual) {
        expected = SVC_NOT_FOUND;
    }
    memset(made, 0, sizeof(*made));
    const uint64_t run_id = m.is_there ? (uint64_t)db_number(db, "SELECT run_id FROM "
                                                                 "settlement_runs")
                                       : 0;
    const uint64_t connections = disturb(&workers[index]);
    const enum svc_status status =
        settle_ledger_claim(&ledger, run_id, id_of(seller), is_manual, &made->claim, &error);
    end_disturbance(index, connections);
    assert_int_equal(status, expected);
    if (status == SVC_NOT_FOUND) {
        m.held_by[seller] = -1; /* it would be its own */
    }
    if (status != SVC_OK) {
        return;
    }
    if (m.rows[seller].state == ABSENT) {
        m.rows[seller].state = OPEN;
    }
    /* Once, or twice if a COMMIT was not confirmed. */
    assert_in_range(made->claim.attempt, m.rows[seller].attempt + 1, m.rows[seller].attempt + 2);
    m.rows[seller].attempt = made->claim.attempt;
    m.held_by[seller] = (int)index;
    made->is_used = true;
    made->seller = seller;
    made->generation = m.generation;
    made->attempt = made->claim.attempt;
    made->newest = m.rows[seller].version;
    check_claim(made);
}

/* What the end of a claim does; CONFLICT if it no longer has the report. */
static enum svc_status model_finish(struct kept_claim *claim, int64_t made_seed, bool with_mail) {
    const unsigned i = claim->seller;
    if (m.rows[i].attempt != claim->attempt || m.generation != claim->generation) {
        return SVC_CONFLICT;
    }
    if (claim->made_seed != 0) {
        return claim->made_seed == made_seed ? SVC_OK : SVC_CONFLICT;
    }
    m.rows[i].state = DONE;
    m.rows[i].version += made_seed != 0;
    m.rows[i].is_due = (m.rows[i].is_due || with_mail) && m.rows[i].mailed < m.rows[i].version;
    claim->made_seed = made_seed;
    return SVC_OK;
}

static enum svc_status model_fail(const struct kept_claim *claim) {
    const unsigned i = claim->seller;
    if (m.rows[i].attempt != claim->attempt || m.generation != claim->generation) {
        return SVC_CONFLICT;
    }
    m.rows[i].state = m.rows[i].state == DONE ? DONE : FAILED;
    return SVC_OK;
}

static struct kept_claim *a_claim(void) {
    struct kept_claim *claim = &kept[below(CLAIMS)];
    return claim->is_used ? claim : NULL;
}

static void end_one(bool is_failure) {
    struct kept_claim *claim = a_claim();
    const unsigned index = below(WORKERS);
    const bool with_mail = below(2);
    const int64_t made_seed = below(4) == 0 ? 0 : 1 + below(2);
    struct settle_finished finished;
    struct svc_error error;
    if (claim == NULL) {
        return;
    }
    const struct settle_version made = version_of(claim->newest + 1, made_seed);
    const enum svc_status expected =
        is_failure ? model_fail(claim) : model_finish(claim, made_seed, with_mail);
    const uint64_t connections = disturb(&workers[index]);
    const enum svc_status status =
        is_failure ? settle_ledger_fail(&ledger, &claim->claim, "no rate", &finished, &error)
                   : settle_ledger_finish(&ledger, &claim->claim, made_seed != 0 ? &made : NULL,
                                          with_mail, &finished, &error);
    end_disturbance(index, connections);
    assert_int_equal(status, expected);
    assert_int_equal(finished.is_last, status == SVC_OK && model_is_last());
}

static void mail_one(void) {
    struct kept_claim *claim = a_claim();
    const unsigned index = below(WORKERS);
    struct svc_error error;
    if (claim == NULL || m.rows[claim->seller].version == 0) {
        return;
    }
    const unsigned version = 1 + below(m.rows[claim->seller].version);
    const uint64_t connections = disturb(&workers[index]);
    assert_int_equal(settle_ledger_mailed(&ledger, &claim->claim, version, &error), SVC_OK);
    end_disturbance(index, connections);
    if (version > m.rows[claim->seller].mailed) {
        m.rows[claim->seller].mailed = version;
    }
    m.rows[claim->seller].is_due &= version < m.rows[claim->seller].version;
}

static void release_one(void) {
    struct kept_claim *claim = a_claim();
    const unsigned index = below(WORKERS);
    if (claim == NULL) {
        return;
    }
    ledger.db = workers[index].db; /* of another worker's it changes nothing */
    settle_ledger_release(&ledger, &claim->claim);
    if (m.held_by[claim->seller] == (int)index) {
        m.held_by[claim->seller] = -1;
    }
}

static void close_one(void) {
    const struct settle_run *run = &plans[below(COUNT(plans))];
    const enum settle_run_state state = below(2) ? SETTLE_RUN_CLOSED : SETTLE_RUN_INCOMPLETE;
    const unsigned index = below(WORKERS);
    bool is_first;
    struct svc_error error;
    const bool is_open = count_rows(OPEN) > 0;
    if (run->run_id == 0) {
        return;
    }
    const bool expected =
        run->generation == m.generation &&
        (state == SETTLE_RUN_CLOSED ? model_is_last() : is_open && m.state == SETTLE_RUN_RUNNING);
    const uint64_t connections = disturb(&workers[index]);
    assert_int_equal(settle_ledger_close(&ledger, run, state, &is_first, &error), SVC_OK);
    end_disturbance(index, connections);
    assert_int_equal(is_first, expected);
    m.state = expected ? state : m.state;
}

static void list_open(void) {
    char expected[256] = "";
    if (!m.is_there) {
        return;
    }
    for (unsigned i = 0; i < SELLERS; i++) {
        if ((m.rows[i].state == OPEN || m.rows[i].is_due) && m.rows[i].generation == m.generation) {
            strcat(strcat(expected, id_of(i)), " ");
        }
    }
    ledger.db = workers[0].db;
    const uint64_t run_id = (uint64_t)db_number(db, "SELECT run_id FROM settlement_runs");
    assert_string_equal(open_ids(run_id, "", "", SELLERS), expected);
}

/* ---------------------------------------------------------------------- the run */

static int start(void **state) {
    if (ledger_start(state) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].is_proxied = i == 1;
        workers[i].db = db_of(&f);
    }
    return 0;
}

static int stop(void **state) {
    for (unsigned i = 0; i < WORKERS; i++) {
        db_destroy(workers[i].db);
    }
    return ledger_stop(state);
}

static void begin_again(void) {
    ledger_fresh(NULL);
    db_set_deadline(db, svc_deadline_in(svc_clock_system(), 120000));
    memset(&m, 0, sizeof(m));
    memset(kept, 0, sizeof(kept));
    memset(plans, 0, sizeof(plans));
    for (unsigned i = 0; i < SELLERS; i++) {
        m.held_by[i] = -1;
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        struct db_error error;
        db_disconnect(workers[i].db);
        db_secrets_reset(&f, workers[i].is_proxied);
        db_set_deadline(workers[i].db, svc_deadline_in(svc_clock_system(), 120000));
        assert_int_equal(db_connect(workers[i].db, &error), SVC_OK);
    }
}

static void take_step(void) {
    static const char *const names[] = {"lines", "plan",    "claim", "finish", "fail",
                                        "mail",  "release", "close", "kill",   "list"};
    static const unsigned weights[] = {2, 2, 14, 12, 8, 4, 5, 6, 2, 2};
    unsigned at = below(57), step = 0;
    while (at >= weights[step]) {
        at -= weights[step++];
    }
    switch (step) {
    case 0:
        change_lines();
        break;
    case 1:
        plan_again();
        break;
    case 2:
        claim_one();
        break;
    case 3:
        end_one(false);
        break;
    case 4:
        end_one(true);
        break;
    case 5:
        mail_one();
        break;
    case 6:
        release_one();
        break;
    case 7:
        close_one();
        break;
    case 8:
        kill_worker();
        break;
    default:
        list_open();
        break;
    }
    compare_with_model(names[step]);
}

static void a_random_run_equals_its_model(void **state) {
    (void)state;
    const uint64_t first = number_of("TEST_SEED", 11), steps = number_of("TEST_STEPS", 400);
    seed = first;
    for (uint64_t i = 0; i < steps; i++) {
        if (i % ROUNDS == 0) {
            begin_again();
        }
        take_step();
    }
    ledger.db = db;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_random_run_equals_its_model),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
