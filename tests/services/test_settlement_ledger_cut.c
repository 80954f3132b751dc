/* The ledger's steps disturbed: the connection cut at each request and reply, a COMMIT whose
 * outcome is unknown, a server killed at work. Whatever happened, the next call leaves the same
 * tables as one without a disturbance, and each counter has changed once. */
#include <pthread.h>

#include "tests/services/ledger_support.h"

#define EVENT_MS (NOW_MS - 60000)

static struct db *proxied;

static int start(void **state) {
    if (ledger_start(state) != 0) {
        return -1;
    }
    proxied = db_of(&f);
    return 0;
}

static int stop(void **state) {
    db_destroy(proxied);
    return ledger_stop(state);
}

/* ---------------------------------------------------------------------- the steps */

struct scene {
    struct settle_run run;
    struct settle_claim claim;
};

/* What every step finds: "1" has a version and a mail that is due, "2" and "3" are open, August has
 * a debt. `claim` is of "2". */
static void set_scene(struct scene *scene) {
    ledger_fresh(NULL);
    sell("owes", "2026-08");
    sell("1 2 3", "2026-09");
    const struct settle_run before = plan_event(&august, EVENT_MS, SETTLE_PLANNED);
    make_report(before.run_id, "owes", 5);
    scene->run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    const struct settle_claim claim = claimed(scene->run.run_id, "1");
    const struct settle_version made = version_of(1, 1);
    finish_with(&claim, &made);
    settle_ledger_release(&ledger, &claim);
}

/* Kept and restored by the server, which is much faster than to make it again. */
static void keep_scene(void) {
    db_sql(&f, "CREATE OR REPLACE TABLE kept_runs AS SELECT * FROM settlement_runs; "
               "CREATE OR REPLACE TABLE kept_reports AS SELECT * FROM settlement_reports; "
               "CREATE OR REPLACE TABLE kept_versions AS SELECT * FROM settlement_versions");
}

static void restore_scene(void) {
    db_sql(&f, "BEGIN; DELETE FROM settlement_runs; DELETE FROM settlement_reports; "
               "DELETE FROM settlement_versions; "
               "INSERT INTO settlement_runs SELECT * FROM kept_runs; "
               "INSERT INTO settlement_reports SELECT * FROM kept_reports; "
               "INSERT INTO settlement_versions SELECT * FROM kept_versions; COMMIT");
}

/* A step as its caller sees it: the status, and what it returned as one number. */
typedef enum svc_status step_fn(struct scene *scene, int *result, struct svc_error *error);

static enum svc_status plan_step(struct scene *scene, int *result, struct svc_error *error) {
    struct settle_plan plan = plan_of(&september, EVENT_MS + 1);
    enum settle_planned planned;
    plan.carries_debt = true;
    const enum svc_status status = settle_ledger_plan(&ledger, &plan, &scene->run, &planned, error);
    *result = (int)planned * 1000 + (int)scene->run.open_sellers * 10 + (int)scene->run.generation;
    return status;
}

static enum svc_status forced_plan_step(struct scene *scene, int *result, struct svc_error *error) {
    struct settle_plan plan = plan_of(&september, 0);
    enum settle_planned planned;
    plan.is_forced = true;
    const enum svc_status status = settle_ledger_plan(&ledger, &plan, &scene->run, &planned, error);
    *result = (int)planned * 1000 + (int)scene->run.open_sellers * 10 + (int)scene->run.generation;
    return status;
}

static enum svc_status manual_step(struct scene *scene, int *result, struct svc_error *error) {
    (void)scene;
    struct settle_run run;
    const enum svc_status status = settle_ledger_open_manual(&ledger, &october, RULES, &run, error);
    *result = (int)run.state;
    return status;
}

static enum svc_status claim_step(struct scene *scene, int *result, struct svc_error *error) {
    struct settle_claim claim;
    const enum svc_status status =
        settle_ledger_claim(&ledger, scene->run.run_id, "1", false, &claim, error);
    *result = (int)(claim.newest.version * 10 + claim.is_open);
    return status;
}

static enum svc_status finish_step(struct scene *scene, int *result, struct svc_error *error) {
    const struct settle_version made = version_of(1, 2);
    struct settle_finished finished;
    const enum svc_status status =
        settle_ledger_finish(&ledger, &scene->claim, &made, true, &finished, error);
    *result = finished.is_last;
    return status;
}

static enum svc_status unchanged_step(struct scene *scene, int *result, struct svc_error *error) {
    struct settle_finished finished;
    const enum svc_status status =
        settle_ledger_finish(&ledger, &scene->claim, NULL, false, &finished, error);
    *result = finished.is_last;
    return status;
}

static enum svc_status fail_step(struct scene *scene, int *result, struct svc_error *error) {
    struct settle_finished finished;
    const enum svc_status status =
        settle_ledger_fail(&ledger, &scene->claim, "no rate", &finished, error);
    *result = finished.is_last;
    return status;
}

static enum svc_status mailed_step(struct scene *scene, int *result, struct svc_error *error) {
    struct settle_claim claim = {.run = scene->run, .seller_id = "1"};
    *result = 0;
    return settle_ledger_mailed(&ledger, &claim, 1, error);
}

static enum svc_status close_step(struct scene *scene, int *result, struct svc_error *error) {
    bool is_first;
    const enum svc_status status =
        settle_ledger_close(&ledger, &scene->run, SETTLE_RUN_INCOMPLETE, &is_first, error);
    *result = is_first;
    return status;
}

/* ---------------------------------------------------------------------- cuts */

struct step {
    const char *name;
    step_fn *take;
    bool needs_claim;
    int trips; /* requests of it, BEGIN and COMMIT included */
};

static const struct step steps[] = {
    {"plan", plan_step, false, 8},        {"forced plan", forced_plan_step, false, 7},
    {"manual", manual_step, false, 5},    {"claim", claim_step, false, 8},
    {"finish", finish_step, true, 7},     {"unchanged", unchanged_step, true, 6},
    {"fail", fail_step, true, 6},         {"mailed", mailed_step, false, 1},
    {"incomplete", close_step, false, 1},
};

/* The server ends a connection, and its locks, in its own time. */
static void wait_for_connections(const char *left) {
    db_command_of(&f, "cut no");
    db_wait_for(&f, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'", left);
}

static void disconnect_all(void) {
    db_disconnect(db);
    db_disconnect(proxied);
    wait_for_connections("0");
}

static void set_scene_again(const struct step *step, struct scene *scene,
                            const struct scene *kept) {
    restore_scene();
    *scene = *kept;
    if (step->needs_claim) {
        scene->claim = claimed(scene->run.run_id, "2");
    }
}

/* On a new connection through the proxy that has the step's statements prepared. */
static void set_proxied_scene(const struct step *step, struct scene *scene,
                              const struct scene *kept) {
    int ignored;
    struct svc_error error;
    disconnect_all();
    db_secrets_reset(&f, true);
    db_set_deadline(proxied, svc_deadline_in(svc_clock_system(), 60000));
    ledger.db = proxied;
    set_scene_again(step, scene, kept);
    assert_int_equal(step->take(scene, &ignored, &error), SVC_OK);
    set_scene_again(step, scene, kept);
}

static void assert_tables(const char *expected, const char *name, const char *kind, int n) {
    char *tables = all_tables();
    if (strcmp(tables, expected) != 0) {
        print_error("%s, %s %d\n", name, kind, n);
    }
    assert_string_equal(tables, expected);
    free(tables);
}

/* Until the cut comes later than the step needs. After each but that of the COMMIT the new
 * connection has all statements prepared as well: the step was repeated from its beginning. */
static int cut_everywhere(const struct step *step, const char *kind, const struct scene *kept,
                          const char *expected, int expected_result) {
    struct scene scene;
    int cuts = 0;
    set_proxied_scene(step, &scene, kept);
    for (bool is_cut = true; is_cut; cuts += is_cut) {
        struct svc_error error = {0};
        int result = 0;
        const uint64_t connections = db_counts(proxied).connections;
        db_command_of(&f, "cut %s %d", kind, cuts + 1);
        const enum svc_status status = step->take(&scene, &result, &error);
        is_cut = db_counts(proxied).connections > connections;
        if (status != SVC_OK) {
            print_error("%s, %s %d: %s\n", step->name, kind, cuts + 1, error.detail);
        }
        assert_int_equal(status, SVC_OK);
        assert_int_equal(result, expected_result);
        assert_tables(expected, step->name, kind, cuts + 1);
        if (cuts + 1 < step->trips) {
            wait_for_connections("1");
            set_scene_again(step, &scene, kept);
        } else {
            set_proxied_scene(step, &scene, kept);
        }
    }
    return cuts;
}

static void set_kept_scene(struct scene *kept) {
    disconnect_all();
    ledger.db = db;
    db_secrets_reset(&f, false);
    memset(kept, 0, sizeof(*kept));
    set_scene(kept);
    keep_scene();
}

/* What the step leaves without a disturbance; to be freed. */
static char *undisturbed(const struct step *step, const struct scene *kept, int *result) {
    struct scene scene = *kept;
    struct svc_error error;
    disconnect_all();
    db_secrets_reset(&f, false);
    ledger.db = db;
    restore_scene();
    if (step->needs_claim) {
        scene.claim = claimed(scene.run.run_id, "2");
    }
    assert_int_equal(step->take(&scene, result, &error), SVC_OK);
    return all_tables();
}

static void each_step_survives_a_cut_at_each_request_and_reply(void **state) {
    (void)state;
    struct scene kept;
    set_kept_scene(&kept);
    for (size_t i = 0; i < COUNT(steps); i++) {
        int result = 0;
        char *expected = undisturbed(&steps[i], &kept, &result);
        const int requests = cut_everywhere(&steps[i], "request", &kept, expected, result);
        const int replies = cut_everywhere(&steps[i], "reply", &kept, expected, result);
        assert_int_equal(requests, replies);
        assert_int_equal(requests, steps[i].trips);
        free(expected);
    }
    ledger.db = db;
}

/* ---------------------------------------------------------------------- unknown commits */

/* No new connection: the doubt stays. A later call, with the same claim, ends it. */
static void an_end_whose_commit_stays_unknown_is_called_again(void **state) {
    (void)state;
    static const char *const kinds[] = {"request", "reply"};
    const struct step *finish = &steps[4];
    struct scene kept;
    set_kept_scene(&kept);
    for (size_t kind = 0; kind < 2; kind++) {
        for (int trip = 1; trip <= finish->trips; trip++) {
            struct scene scene;
            struct svc_error error;
            int result = 0;
            set_proxied_scene(finish, &scene, &kept);
            db_command_of(&f, "cut %s %d", kinds[kind], trip);
            f.secrets.status = SVC_TIMED_OUT;
            assert_int_not_equal(finish_step(&scene, &result, &error), SVC_OK);
            f.secrets.status = SVC_OK;
            db_command_of(&f, "cut no");
            /* Before the call that ends the doubt. */
            assert_int_equal(db_number(db, "SELECT open_sellers FROM settlement_runs WHERE "
                                           "first_day = '2026-09-01'"),
                             trip == finish->trips && kind == 1 ? 1 : 2);
            assert_int_equal(finish_step(&scene, &result, &error), SVC_OK);
            assert_int_equal(finish_step(&scene, &result, &error), SVC_OK);
            assert_counters(scene.run.run_id, 3, 1, 0, SETTLE_RUN_RUNNING);
            assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_versions WHERE "
                                           "seller_id = '2'"),
                             1);
        }
    }
    ledger.db = db;
}

/* ---------------------------------------------------------------------- killed servers */

struct planner {
    pthread_t thread;
    struct scene scene;
    int result;
    enum svc_status status;
    struct svc_error error;
};

static void *plan_in_thread(void *user) {
    struct planner *planner = user;
    planner->status = plan_step(&planner->scene, &planner->result, &planner->error);
    return NULL;
}

/* Killed while it plans: nothing of the plan is there, and the same event plans. */
static void a_server_killed_while_it_plans_has_planned_nothing(void **state) {
    (void)state;
    struct planner planner = {0};
    ledger.db = db;
    db_secrets_reset(&f, false);
    set_scene(&planner.scene);
    char *before = all_tables();
    assert_int_equal(db_begin(proxied, NULL, NULL), SVC_OK);
    db_do(proxied, "UPDATE settlement_reports SET failure = failure WHERE seller_id = '3'");
    db_do(proxied, "UPDATE settlement_reports SET failure = 'held' WHERE seller_id = '3'");
    assert_int_equal(pthread_create(&planner.thread, NULL, plan_in_thread, &planner), 0);
    db_wait_for(&f,
                "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO "
                "settlement_reports%'",
                "1");
    db_command_of(&f, "kill");
    pthread_join(planner.thread, NULL);
    assert_int_not_equal(planner.status, SVC_OK);
    db_rollback(proxied);
    db_command_of(&f, "start");
    db_sql(&f, "USE shop");
    char *after = all_tables();
    assert_string_equal(before, after);
    assert_int_equal(plan_step(&planner.scene, &planner.result, &planner.error), SVC_OK);
    assert_int_equal(planner.result, SETTLE_PLANNED * 1000 + 42);
    free(before);
    free(after);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_survives_a_cut_at_each_request_and_reply),
        cmocka_unit_test(an_end_whose_commit_stays_unknown_is_called_again),
        cmocka_unit_test(a_server_killed_while_it_plans_has_planned_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
