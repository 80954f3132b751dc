/* Several processes at once, as threads with a connection each: plans of one event, workers of one
 * run while it is planned again, the end of a run. */
#include <pthread.h>

#include "tests/services/ledger_support.h"

#define EVENT_MS (NOW_MS - 60000)
#define THREADS  4
#define SELLERS  40

struct process {
    pthread_t thread;
    struct settle_ledger ledger;
    uint64_t run_id;
    unsigned random;
    enum settle_planned planned;
    enum svc_status status;
    struct svc_error error;
    int firsts, conflicts;
};
static struct process processes[THREADS];

static int start(void **state) {
    if (ledger_start(state) != 0) {
        return -1;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        processes[i].ledger = (struct settle_ledger){db_of(&f), &wall.clock};
        processes[i].random = i * 7919 + 1;
    }
    return 0;
}

static int stop(void **state) {
    for (unsigned i = 0; i < THREADS; i++) {
        db_destroy(processes[i].ledger.db);
    }
    return ledger_stop(state);
}

static void set_up(void) {
    char sellers[512] = "";
    ledger_fresh(NULL);
    for (unsigned i = 0; i < SELLERS; i++) {
        snprintf(sellers + strlen(sellers), sizeof(sellers) - strlen(sellers), "s%u ", i);
    }
    sell(sellers, "2026-09");
    for (unsigned i = 0; i < THREADS; i++) {
        struct db_error error;
        db_set_deadline(processes[i].ledger.db, svc_deadline_in(svc_clock_system(), 60000));
        assert_int_equal(db_connect(processes[i].ledger.db, &error), SVC_OK);
        processes[i].status = SVC_OK;
        processes[i].firsts = processes[i].conflicts = 0;
    }
}

static void run_all(void *(*work)(void *)) {
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&processes[i].thread, NULL, work, &processes[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(processes[i].thread, NULL);
        if (processes[i].status != SVC_OK) {
            print_error("%s\n", processes[i].error.detail);
        }
        assert_int_equal(processes[i].status, SVC_OK);
    }
}

/* ---------------------------------------------------------------------- plans at once */

static int64_t event_ms;

static void *plan_it(void *user) {
    struct process *process = user;
    const struct settle_plan plan = plan_of(&september, event_ms);
    struct settle_run run;
    process->status =
        settle_ledger_plan(&process->ledger, &plan, &run, &process->planned, &process->error);
    process->run_id = run.run_id;
    return NULL;
}

/* Of a new run, then of one that is there. */
static void of_several_plans_at_once_one_plans(void **state) {
    (void)state;
    set_up();
    for (uint32_t generation = 1; generation <= 5; generation++) {
        int planned = 0;
        event_ms = EVENT_MS + generation;
        run_all(plan_it);
        for (unsigned i = 0; i < THREADS; i++) {
            planned += processes[i].planned == SETTLE_PLANNED;
            assert_true(processes[i].planned != SETTLE_DONE_BEFORE);
            assert_int_equal(processes[i].run_id, processes[0].run_id);
        }
        assert_int_equal(planned, 1);
        assert_counters(processes[0].run_id, SELLERS, SELLERS, 0, SETTLE_RUN_RUNNING);
        assert_int_equal(run_of(processes[0].run_id).generation, generation);
    }
}

/* ---------------------------------------------------------------------- workers at once */

static unsigned next(struct process *process, unsigned n) {
    process->random = process->random * 1103515245U + 12345U;
    return (process->random >> 16) % n;
}

/* Ends the report in one of the ways in which it can end; a lost claim is another's matter. */
static enum svc_status end_report(struct process *process, const struct settle_claim *claim,
                                  bool *is_last) {
    const struct settle_version made = version_of(claim->newest.version + 1, 1);
    struct settle_finished finished = {false};
    enum svc_status status;
    if (next(process, 5) == 0) {
        status = settle_ledger_fail(&process->ledger, claim, "no rate", &finished, &process->error);
    } else {
        status =
            settle_ledger_finish(&process->ledger, claim, &made, false, &finished, &process->error);
    }
    *is_last = finished.is_last;
    return status;
}

static void work_on(struct process *process, const char *seller_id, bool *is_closed) {
    struct settle_claim claim;
    bool is_last = false, is_first = false;
    process->status = settle_ledger_claim(&process->ledger, process->run_id, seller_id, false,
                                          &claim, &process->error);
    if (process->status == SVC_OK && claim.is_open) {
        if (next(process, 8) == 0) { /* killed: its lock ends, its attempt does not */
            db_disconnect(process->ledger.db);
            return;
        }
        process->status = end_report(process, &claim, &is_last);
    }
    if (process->status == SVC_CONFLICT) {
        process->conflicts++;
        process->status = SVC_OK;
    } else if (process->status == SVC_OK) {
        settle_ledger_release(&process->ledger, &claim);
    }
    if (process->status == SVC_OK && is_last) {
        process->status = settle_ledger_close(&process->ledger, &claim.run, SETTLE_RUN_CLOSED,
                                              &is_first, &process->error);
        process->firsts += is_first;
        *is_closed = true;
    }
}

/* Until no seller is open; the first thread plans the run again in the middle. */
static void *work_off(void *user) {
    struct process *process = user;
    static char ids[THREADS][SELLERS][SETTLE_MAX_SELLER_ID_BYTES + 1];
    const size_t index = (size_t)(process - processes);
    bool is_closed = false;
    for (int round = 0; process->status == SVC_OK; round++) {
        const bool plans = index == 0 && round <= 6;
        if (is_closed && !plans) {
            return NULL;
        }
        size_t count = 0;
        if (plans && (round == 3 || round == 6)) {
            const struct settle_plan plan = plan_of(&september, EVENT_MS + round);
            struct settle_run run;
            enum settle_planned planned;
            process->status =
                settle_ledger_plan(&process->ledger, &plan, &run, &planned, &process->error);
        }
        if (process->status == SVC_OK) {
            process->status =
                settle_ledger_open_sellers(&process->ledger, process->run_id, "", "", SELLERS,
                                           ids[index], &count, &process->error);
        }
        if (process->status == SVC_OK && count == 0 && !plans) {
            return NULL;
        }
        for (int i = 0; i < 3 && count > 0 && process->status == SVC_OK; i++) {
            work_on(process, ids[index][next(process, (unsigned)count)], &is_closed);
        }
    }
    return NULL;
}

static void workers_at_once_close_a_run_once(void **state) {
    (void)state;
    int firsts = 0;
    set_up();
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    for (unsigned i = 0; i < THREADS; i++) {
        processes[i].run_id = run.run_id;
    }
    run_all(work_off);
    for (unsigned i = 0; i < THREADS; i++) {
        firsts += processes[i].firsts;
    }
    const struct settle_run end = run_of(run.run_id);
    /* Planned three times in all; a plan in the middle may have begun after an early end. */
    assert_int_equal(end.generation, 3);
    assert_int_equal(end.state, SETTLE_RUN_CLOSED);
    assert_int_equal(end.open_sellers, 0);
    assert_in_range(firsts, 1, 3);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports WHERE generation = 3 "
                                   "AND state = 'failed'"),
                     end.failed_sellers);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports WHERE generation = 3 "
                                   "AND state <> 'open'"),
                     SELLERS);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports r WHERE r.version <> "
                                   "(SELECT COUNT(*) FROM settlement_versions v WHERE v.run_id = "
                                   "r.run_id AND v.seller_id = r.seller_id)"),
                     0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_several_plans_at_once_one_plans),
        cmocka_unit_test(workers_at_once_close_a_run_once),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
