/* Plans of the run ledger: which sellers they have, what an event that is repeated does, runs by
 * hand, debts of the period before. */
#include "tests/services/ledger_support.h"

#define EVENT_MS (NOW_MS - 60000)

/* Member by member: between them is padding, which no assignment has to copy. */
static void assert_period(const struct settle_period *period,
                          const struct settle_period *expected) {
    assert_int_equal(period->type, expected->type);
    assert_int_equal(period->first_day, expected->first_day);
    assert_int_equal(period->last_day, expected->last_day);
    assert_int_equal(period->from_ms, expected->from_ms);
    assert_int_equal(period->to_ms, expected->to_ms);
}

/* ---------------------------------------------------------------------- plans */

static void a_plan_has_each_seller_of_the_period_once(void **state) {
    (void)state;
    sell("1 2 2 10", "2026-09");
    sell("3", "2026-08");
    /* The period's ends, in UTC: the first is part of it. */
    db_sql(&f, "INSERT INTO settlement_lines VALUES ('4', '2026-08-31 15:00:00'), "
               "('5', '2026-08-31 14:59:59'), ('6', '2026-09-30 14:59:59'), "
               "('7', '2026-09-30 15:00:00')");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    assert_int_equal(run.generation, 1);
    assert_int_equal(run.sellers, 5);
    assert_int_equal(run.open_sellers, 5);
    assert_int_equal(run.state, SETTLE_RUN_RUNNING);
    assert_int_equal(run.planned_ms, NOW_MS);
    assert_string_equal(run.rules, RULES);
    assert_period(&run.period, &september);
    const struct settle_run read = run_of(run.run_id);
    assert_period(&read.period, &september);
    assert_int_equal(read.planned_ms, NOW_MS);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "1 10 2 4 6 ");
    assert_string_equal(open_ids(run.run_id, "10", "", 2), "2 4 ");
    assert_string_equal(open_ids(run.run_id, "", "10", 64), "1 10 ");
    assert_string_equal(open_ids(run.run_id, "6", "", 64), "");
}

static void a_plan_without_sellers_is_closed_by_its_planner(void **state) {
    (void)state;
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    assert_int_equal(run.sellers, 0);
    assert_int_equal(run.open_sellers, 0);
    assert_true(close_run(&run, SETTLE_RUN_CLOSED));
    assert_false(close_run(&run, SETTLE_RUN_CLOSED));
    plan_event(&september, EVENT_MS, SETTLE_DONE_BEFORE);
}

/* The platform's column holds 'a' and 'A' to be equal; objects and reports do not. */
static void ids_that_differ_in_case_are_two_reports(void **state) {
    (void)state;
    sell("a A a B", "2026-09");
    const struct settle_run run = plan_event(&september, 0, SETTLE_PLANNED);
    assert_int_equal(run.sellers, 3);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "A B a ");
    make_report(run.run_id, "a", 1);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "A B ");
}

static bool count_failures(void *user, const struct settle_run_seller *seller) {
    int *failures = user;
    if (strcmp(seller->state, "failed") == 0) {
        assert_int_equal(seller->seller_id[0], '?');
        assert_int_equal(strlen(seller->seller_id), 17);
        assert_non_null(strstr(seller->failure, "not 1 to 64 letters"));
        ++*failures;
    }
    return true;
}

/* Ids that no object can have, too long ones, none at all: each failed from the beginning. */
static void an_invalid_id_stops_no_other_seller(void **state) {
    (void)state;
    char longest[65], too_long[66], almost[66];
    struct svc_error error;
    struct settle_claim claim;
    int failures = 0;
    memset(longest, 'x', 64);
    memset(too_long, 'x', 65);
    memset(almost, 'x', 64);
    longest[64] = too_long[65] = almost[65] = '\0';
    almost[64] = 'y';
    sell("good ../../evil kim@shop.kr 한글 a\\'b", "2026-09");
    db_sql(&f,
           "INSERT INTO settlement_lines VALUES ('%s', '2026-09-10'), ('%s', '2026-09-10'), "
           "('%s', '2026-09-10'), (NULL, '2026-09-10'), ('', '2026-09-10'), ('good ', "
           "'2026-09-10'), ('line\\n', '2026-09-10')",
           longest, too_long, almost);
    const struct settle_run run = plan_event(&september, 0, SETTLE_PLANNED);
    assert_int_equal(run.open_sellers, 2);
    assert_int_equal(run.failed_sellers, 9);
    assert_int_equal(run.sellers, 11);
    char both[80];
    snprintf(both, sizeof(both), "good %s ", longest);
    assert_string_equal(open_ids(run.run_id, "", "", 64), both);
    assert_int_equal(settle_ledger_each_seller(&ledger, &run, count_failures, &failures, &error),
                     SVC_OK);
    assert_int_equal(failures, 9);
    assert_int_equal(settle_ledger_claim(&ledger, run.run_id, "kim@shop.kr", true, &claim, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports WHERE seller_id LIKE "
                                   "'%kim%'"),
                     0);
    /* Planned again they have failed again. */
    make_report(run.run_id, "good", 1);
    const struct settle_run again = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    assert_int_equal(again.open_sellers, 2);
    assert_int_equal(again.failed_sellers, 9);
}

static void a_seller_whose_lines_have_gone_gets_a_corrected_report(void **state) {
    (void)state;
    sell("1 2 3", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    make_report(run.run_id, "1", 1);
    make_report(run.run_id, "2", 1);
    db_sql(&f, "DELETE FROM settlement_lines WHERE seller_id IN ('1', '3')");
    sell("4", "2026-09");
    const struct settle_run again = plan_event(&september, EVENT_MS + 1, SETTLE_PLANNED);
    assert_int_equal(again.run_id, run.run_id);
    assert_int_equal(again.generation, 2);
    /* 3 never had a report, and is no longer planned: it stays open in its generation. */
    assert_string_equal(open_ids(run.run_id, "", "", 64), "1 2 4 ");
    assert_counters(run.run_id, 3, 3, 0, SETTLE_RUN_RUNNING);
    const struct settle_claim claim = claimed(run.run_id, "3");
    assert_false(claim.is_open);
    assert_false(fail_with(&claim, "too late"));
    assert_counters(run.run_id, 3, 3, 0, SETTLE_RUN_RUNNING);
}

static void the_same_event_again_goes_on_or_is_done(void **state) {
    (void)state;
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    sell("3", "2026-09");
    assert_int_equal(plan_event(&september, EVENT_MS, SETTLE_GOES_ON).sellers, 2);
    plan_event(&september, 0, SETTLE_GOES_ON); /* by hand, while it is running */
    assert_false(make_report(run.run_id, "1", 1));
    assert_true(make_report(run.run_id, "2", 2));
    assert_true(close_run(&run, SETTLE_RUN_CLOSED));
    const struct settle_run done = plan_event(&september, EVENT_MS, SETTLE_DONE_BEFORE);
    assert_int_equal(done.generation, 1);
    assert_int_equal(done.state, SETTLE_RUN_CLOSED);
    /* By hand it is planned again; the schedule's event is still known afterwards. */
    assert_int_equal(plan_event(&september, 0, SETTLE_PLANNED).sellers, 3);
    plan_event(&september, EVENT_MS, SETTLE_GOES_ON);
    /* Another event plans again, also while the run is running. */
    assert_int_equal(plan_event(&september, EVENT_MS + 1, SETTLE_PLANNED).generation, 3);
    assert_counters(run.run_id, 3, 3, 0, SETTLE_RUN_RUNNING);
}

static void a_forced_event_plans_again_but_not_what_it_has_just_planned(void **state) {
    (void)state;
    sell("1", "2026-09");
    struct settle_plan plan = plan_of(&september, EVENT_MS);
    planned_as(&plan, SETTLE_PLANNED);
    plan.is_forced = true;
    struct settle_run run = planned_as(&plan, SETTLE_PLANNED);
    assert_true(run.is_forced);
    assert_int_equal(run.generation, 2);
    planned_as(&plan, SETTLE_GOES_ON);
    plan.has_event_time = false;
    planned_as(&plan, SETTLE_GOES_ON);
    make_report(run.run_id, "1", 1);
    assert_true(close_run(&run, SETTLE_RUN_CLOSED));
    assert_int_equal(planned_as(&plan, SETTLE_PLANNED).generation, 3);
    /* Not forced again: the run's next plan is not forced either. */
    assert_false(plan_event(&september, EVENT_MS + 1, SETTLE_PLANNED).is_forced);
}

static void other_periods_are_other_runs(void **state) {
    (void)state;
    struct settle_period week, custom, longer;
    struct svc_error error;
    sell("1", "2026-09");
    assert_int_equal(settle_period_parse("2026-W37", NOW_MS, &week, &error), SVC_OK);
    assert_int_equal(settle_period_parse("2026-09-01..2026-09-15", NOW_MS, &custom, &error),
                     SVC_OK);
    assert_int_equal(settle_period_parse("2026-09-01..2026-09-16", NOW_MS, &longer, &error),
                     SVC_OK);
    const uint64_t ids[] = {plan_event(&september, EVENT_MS, SETTLE_PLANNED).run_id,
                            plan_event(&week, EVENT_MS, SETTLE_PLANNED).run_id,
                            plan_event(&custom, EVENT_MS, SETTLE_PLANNED).run_id,
                            plan_event(&longer, EVENT_MS, SETTLE_PLANNED).run_id};
    for (size_t i = 0; i < COUNT(ids); i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(ids[i] != ids[k]);
        }
    }
    struct settle_run run = run_of(ids[1]);
    assert_period(&run.period, &week);
    run = run_of(ids[3]);
    assert_period(&run.period, &longer);
}

static void a_run_by_hand_counts_no_seller(void **state) {
    (void)state;
    struct settle_run run, again;
    struct settle_claim claim;
    struct svc_error error;
    sell("1 2", "2026-09");
    assert_int_equal(settle_ledger_open_manual(&ledger, &september, RULES, &run, &error), SVC_OK);
    assert_int_equal(run.state, SETTLE_RUN_MANUAL);
    assert_int_equal(run.generation, 0);
    assert_int_equal(settle_ledger_open_manual(&ledger, &september, "other", &again, &error),
                     SVC_OK);
    assert_int_equal(again.run_id, run.run_id);
    assert_string_equal(again.rules, RULES);
    assert_int_equal(settle_ledger_claim(&ledger, run.run_id, "1", false, &claim, &error),
                     SVC_NOT_FOUND);
    assert_int_equal(settle_ledger_claim(&ledger, run.run_id, "1", true, &claim, &error), SVC_OK);
    assert_int_equal(claim.attempt, 1);
    assert_int_equal(claim.newest.version, 0);
    const struct settle_version made = version_of(1, 5);
    assert_false(finish_with(&claim, &made));
    settle_ledger_release(&ledger, &claim);
    assert_counters(run.run_id, 0, 0, 0, SETTLE_RUN_MANUAL);
    /* A schedule's plan has both. */
    plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    assert_counters(run.run_id, 2, 2, 0, SETTLE_RUN_RUNNING);
    /* A seller whom the plan does not have: no counter changes, and it is not the last. */
    assert_int_equal(settle_ledger_claim(&ledger, run.run_id, "9", true, &claim, &error), SVC_OK);
    assert_false(claim.is_open);
    assert_false(finish_with(&claim, &made));
    settle_ledger_release(&ledger, &claim);
    assert_counters(run.run_id, 2, 2, 0, SETTLE_RUN_RUNNING);
    assert_int_equal(settle_ledger_claim(&ledger, 12345, "9", true, &claim, &error), SVC_NOT_FOUND);
    assert_int_equal(settle_ledger_run(&ledger, 12345, &run, &error), SVC_NOT_FOUND);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports"), 3);
}

/* ---------------------------------------------------------------------- debts */

static int64_t carried_in(uint64_t run_id, const char *seller_id) {
    const struct settle_claim claim = claimed(run_id, seller_id);
    settle_ledger_release(&ledger, &claim);
    return claim.carried_in_won;
}

static void a_debt_is_carried_into_the_next_period(void **state) {
    (void)state;
    sell("owes paid twice", "2026-08");
    sell("paid twice", "2026-09");
    const struct settle_run before = plan_event(&august, EVENT_MS, SETTLE_PLANNED);
    carry_out(before.run_id, "owes", -500);
    carry_out(before.run_id, "paid", 0);
    carry_out(before.run_id, "twice", -1);
    carry_out(before.run_id, "twice", -700); /* a corrected version: the newest counts */
    struct settle_plan plan = plan_of(&september, EVENT_MS);
    struct settle_run run = planned_as(&plan, SETTLE_PLANNED);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "paid twice ");
    plan.carries_debt = true;
    plan.event_time_ms++;
    run = planned_as(&plan, SETTLE_PLANNED);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "owes paid twice ");
    assert_counters(run.run_id, 3, 3, 0, SETTLE_RUN_RUNNING);
    assert_int_equal(carried_in(run.run_id, "owes"), -500);
    assert_int_equal(carried_in(run.run_id, "paid"), 0);
    assert_int_equal(carried_in(run.run_id, "twice"), -700);
    assert_int_equal(carried_in(before.run_id, "twice"), 0);
    /* Another type has balances of its own. */
    struct settle_period week;
    struct svc_error error;
    assert_int_equal(settle_period_parse("2026-W37", NOW_MS, &week, &error), SVC_OK);
    plan = plan_of(&week, EVENT_MS);
    plan.carries_debt = true;
    assert_int_equal(carried_in(planned_as(&plan, SETTLE_PLANNED).run_id, "twice"), 0);
}

/* September's report failed: it has no balance, but August's is still owed. */
static void a_failed_period_forgives_no_debt(void **state) {
    (void)state;
    sell("1 2 3", "2026-08");
    sell("2 3", "2026-09");
    sell("2", "2026-10");
    const struct settle_run before = plan_event(&august, EVENT_MS, SETTLE_PLANNED);
    carry_out(before.run_id, "1", -500);
    carry_out(before.run_id, "2", -600);
    carry_out(before.run_id, "3", 0);
    struct settle_plan plan = plan_of(&september, EVENT_MS);
    plan.carries_debt = true;
    const struct settle_run failed = planned_as(&plan, SETTLE_PLANNED);
    assert_int_equal(failed.open_sellers, 3);
    for (int i = 0; i < 3; i++) {
        static const char *const ids[] = {"1", "2", "3"};
        const struct settle_claim claim = claimed(failed.run_id, ids[i]);
        fail_with(&claim, "an amount is not whole");
        settle_ledger_release(&ledger, &claim);
    }
    plan = plan_of(&october, EVENT_MS);
    plan.carries_debt = true;
    const struct settle_run run = planned_as(&plan, SETTLE_PLANNED);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "1 2 ");
    assert_int_equal(carried_in(run.run_id, "1"), -500);
    assert_int_equal(carried_in(run.run_id, "2"), -600);
    /* The report is made after all, and pays: nothing is owed. */
    carry_out(failed.run_id, "1", 0);
    assert_int_equal(carried_in(run.run_id, "1"), 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, ledger_fresh)
    const struct CMUnitTest tests[] = {
        TEST(a_plan_has_each_seller_of_the_period_once),
        TEST(a_plan_without_sellers_is_closed_by_its_planner),
        TEST(ids_that_differ_in_case_are_two_reports),
        TEST(an_invalid_id_stops_no_other_seller),
        TEST(a_seller_whose_lines_have_gone_gets_a_corrected_report),
        TEST(the_same_event_again_goes_on_or_is_done),
        TEST(a_forced_event_plans_again_but_not_what_it_has_just_planned),
        TEST(other_periods_are_other_runs),
        TEST(a_run_by_hand_counts_no_seller),
        TEST(a_debt_is_carried_into_the_next_period),
        TEST(a_failed_period_forgives_no_debt),
    };
    return cmocka_run_group_tests(tests, ledger_start, ledger_stop);
}
