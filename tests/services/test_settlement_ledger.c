/* The run ledger after a plan, step by step: who holds a report, what its end changes, how a run
 * ends. */
#include "tests/services/ledger_support.h"

#define EVENT_MS (NOW_MS - 60000)

static struct settle_claim claim_of_other(struct db *other, uint64_t run_id, const char *seller_id,
                                          enum svc_status expected) {
    struct settle_ledger another = {other, &wall.clock};
    struct settle_claim claim;
    struct svc_error error;
    assert_int_equal(settle_ledger_claim(&another, run_id, seller_id, false, &claim, &error),
                     expected);
    return claim;
}

/* ---------------------------------------------------------------------- one report */

static void a_version_is_read_as_it_was_written(void **state) {
    (void)state;
    sell("1", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    struct settle_claim claim = claimed(run.run_id, "1");
    assert_true(claim.is_open);
    assert_int_equal(claim.newest.version, 0);
    assert_string_equal(claim.newest.reason, "");
    assert_string_equal(claim.seller_id, "1");
    struct settle_version made = version_of(1, 1000);
    memset(made.seller_name, 'n', 500); /* the column holds 255 characters */
    made.seller_name[300] = '\xff';
    assert_true(finish_with(&claim, &made));
    settle_ledger_release(&ledger, &claim);
    claim = claimed(run.run_id, "1");
    assert_false(claim.is_open);
    assert_int_equal(claim.attempt, 2);
    assert_true(claim.mail_is_due);
    const struct settle_version *read = &claim.newest;
    assert_int_equal(read->version, 1);
    assert_int_equal(strlen(read->seller_name), 255);
    assert_string_equal(read->reason, "first");
    assert_string_equal(read->rules, RULES);
    assert_int_equal(read->made_ms, NOW_MS);
    assert_int_equal(read->order_count, made.order_count);
    assert_memory_equal(&read->all, &made.all, sizeof(made.all));
    assert_int_equal(read->refund_gross_won, made.refund_gross_won);
    assert_true(read->has_payout);
    assert_memory_equal(&read->payout, &made.payout, sizeof(made.payout));
    assert_memory_equal(read->sha256, made.sha256, sizeof(made.sha256));
    for (size_t i = 0; i < SETTLE_FORMATS; i++) {
        assert_string_equal(read->etags[i], made.etags[i]);
    }
    assert_int_equal(read->csv_bytes, made.csv_bytes);
    /* A second version, without a payout and with the longest texts. */
    struct settle_version next = version_of(2, 3);
    next.has_payout = false;
    next.seller_name[0] = '\0';
    for (int i = 0; i < 170; i++) {
        strcat(next.seller_name, "한");
    }
    memset(next.etags[0], 'e', SETTLE_ETAG_BYTES - 1);
    memset(next.rules, 'r', SETTLE_RULES_TEXT_BYTES - 1);
    finish_with(&claim, &next);
    settle_ledger_release(&ledger, &claim);
    claim = claimed(run.run_id, "1");
    assert_int_equal(claim.newest.version, 2);
    assert_false(claim.newest.has_payout);
    assert_string_equal(claim.newest.seller_name, next.seller_name);
    assert_string_equal(claim.newest.etags[0], next.etags[0]);
    assert_string_equal(claim.newest.rules, next.rules);
}

static void a_version_that_is_not_the_next_is_refused(void **state) {
    (void)state;
    struct settle_finished finished;
    struct svc_error error;
    sell("1", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    const struct settle_claim claim = claimed(run.run_id, "1");
    struct settle_version made = version_of(2, 1);
    assert_int_equal(settle_ledger_finish(&ledger, &claim, &made, true, &finished, &error),
                     SVC_INVALID_ARGUMENT);
    made = version_of(1, 1);
    made.reason = "because";
    assert_int_equal(settle_ledger_finish(&ledger, &claim, &made, true, &finished, &error),
                     SVC_INVALID_ARGUMENT);
    assert_counters(run.run_id, 1, 1, 0, SETTLE_RUN_RUNNING);
}

static void a_report_is_held_by_one_connection(void **state) {
    (void)state;
    struct db *other = db_of(&f);
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    struct settle_claim claim = claimed(run.run_id, "1");
    claim_of_other(other, run.run_id, "1", SVC_CONFLICT);
    claim_of_other(other, run.run_id, "2", SVC_OK);
    settle_ledger_release(&ledger, &claim);
    claim = claim_of_other(other, run.run_id, "1", SVC_OK);
    assert_int_equal(claim.attempt, 2); /* the refused one raised nothing */
    /* Claimed twice by one connection, released once. */
    claim = claim_of_other(other, run.run_id, "1", SVC_OK);
    assert_int_equal(claim.attempt, 3);
    struct settle_ledger another = {other, &wall.clock};
    settle_ledger_release(&another, &claim);
    claim = claimed(run.run_id, "1");
    assert_int_equal(claim.attempt, 4);
    /* The end of the connection releases as well. */
    db_disconnect(db);
    db_wait_for(&f, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'", "1");
    claim_of_other(other, run.run_id, "1", SVC_OK);
    db_destroy(other);
}

/* The lock went with its connection, and another process took the report. */
static void an_older_attempt_cannot_finish(void **state) {
    (void)state;
    struct db *other = db_of(&f);
    struct settle_finished finished = {true};
    struct svc_error error;
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    const struct settle_claim old = claimed(run.run_id, "1");
    db_disconnect(db);
    db_wait_for(&f, "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'", "0");
    const struct settle_claim new = claim_of_other(other, run.run_id, "1", SVC_OK);
    const struct settle_version made = version_of(1, 1), theirs = version_of(1, 2);
    assert_int_equal(settle_ledger_finish(&ledger, &old, &made, true, &finished, &error),
                     SVC_CONFLICT);
    assert_false(finished.is_last);
    assert_int_equal(settle_ledger_fail(&ledger, &old, "late", &finished, &error), SVC_CONFLICT);
    assert_counters(run.run_id, 2, 2, 0, SETTLE_RUN_RUNNING);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_versions"), 0);
    assert_false(finish_with(&new, &theirs));
    assert_int_equal(settle_ledger_finish(&ledger, &old, &made, true, &finished, &error),
                     SVC_CONFLICT);
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_RUNNING);
    db_destroy(other);
}

static void a_worker_of_an_older_plan_changes_no_counter(void **state) {
    (void)state;
    struct settle_finished finished;
    struct svc_error error;
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    const struct settle_claim old = claimed(run.run_id, "1");
    plan_event(&september, EVENT_MS + 1, SETTLE_PLANNED);
    const struct settle_version made = version_of(1, 1);
    assert_int_equal(settle_ledger_finish(&ledger, &old, &made, true, &finished, &error),
                     SVC_CONFLICT);
    assert_int_equal(settle_ledger_fail(&ledger, &old, "late", &finished, &error), SVC_CONFLICT);
    assert_counters(run.run_id, 2, 2, 0, SETTLE_RUN_RUNNING);
    assert_false(make_report(run.run_id, "1", 1));
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_RUNNING);
}

static void a_repeated_end_changes_nothing(void **state) {
    (void)state;
    struct settle_finished finished;
    struct svc_error error;
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    const struct settle_claim first = claimed(run.run_id, "1");
    const struct settle_version made = version_of(1, 1), other = version_of(1, 2);
    assert_false(finish_with(&first, &made));
    assert_int_equal(settle_ledger_mailed(&ledger, &first, 1, &error), SVC_OK);
    wall.wall_ms += 5000;
    assert_false(finish_with(&first, &made));
    assert_int_equal(settle_ledger_finish(&ledger, &first, &other, true, &finished, &error),
                     SVC_CONFLICT);
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_RUNNING);
    const struct settle_claim second = claimed(run.run_id, "2");
    assert_true(fail_with(&second, "an amount is not whole"));
    assert_true(fail_with(&second, "an amount is not whole"));
    assert_counters(run.run_id, 2, 0, 1, SETTLE_RUN_RUNNING);
    assert_true(finish_with(&first, &made)); /* the run is still to be closed */
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports WHERE mail_due = 0 AND "
                                   "mailed_version = 1"),
                     1);
    assert_true(close_run(&run, SETTLE_RUN_CLOSED));
    assert_false(finish_with(&first, &made));
    assert_false(fail_with(&second, "an amount is not whole"));
    wall.wall_ms = NOW_MS;
}

static void a_failed_seller_can_be_done_later(void **state) {
    (void)state;
    struct svc_error error;
    char long_failure[600];
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    struct settle_claim claim = claimed(run.run_id, "1");
    memset(long_failure, '\0', sizeof(long_failure));
    for (int i = 0; i < 150; i++) {
        strcat(long_failure, "값");
    }
    fail_with(&claim, long_failure);
    settle_ledger_release(&ledger, &claim);
    assert_int_equal(db_number(db, "SELECT CHAR_LENGTH(failure) FROM settlement_reports WHERE "
                                   "seller_id = '1'"),
                     85);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "2 ");
    assert_int_equal(settle_ledger_claim(&ledger, run.run_id, "1", true, &claim, &error), SVC_OK);
    const struct settle_version made = version_of(1, 1);
    assert_false(finish_with(&claim, &made));
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_RUNNING);
    /* A later failure of what is done does not undo it. */
    claim = claimed(run.run_id, "1");
    assert_false(fail_with(&claim, "S3 is down"));
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_RUNNING);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_reports WHERE state = 'done' "
                                   "AND failure IS NULL AND version = 1"),
                     1);
}

/* A sentence that was cut in the middle of a character must not keep the seller open for ever. */
static void any_failure_can_be_stored(void **state) {
    (void)state;
    static const struct {
        const char *failure, *stored;
    } cases[] = {{"", ""},
                 {"order \xed\x95", "order ??"},
                 {"a\xff\n\tb\xc0\x80", "a?  b??"},
                 {"\xf0\x9f\x8d\x8e 값", "\xf0\x9f\x8d\x8e 값"}};
    sell("1", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct settle_claim claim = claimed(run.run_id, "1");
        assert_true(fail_with(&claim, cases[i].failure));
        assert_string_equal(db_command_of(&f, "sql SELECT failure FROM settlement_reports"),
                            cases[i].stored);
    }
    assert_counters(run.run_id, 1, 0, 1, SETTLE_RUN_RUNNING);
}

static void a_mail_is_due_until_it_is_sent(void **state) {
    (void)state;
    struct settle_finished finished;
    struct svc_error error;
    sell("1", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    struct settle_claim claim = claimed(run.run_id, "1");
    struct settle_version made = version_of(1, 1);
    assert_int_equal(settle_ledger_finish(&ledger, &claim, &made, false, &finished, &error),
                     SVC_OK);
    claim = claimed(run.run_id, "1");
    assert_false(claim.mail_is_due);
    made = version_of(2, 2);
    finish_with(&claim, &made);
    claim = claimed(run.run_id, "1");
    assert_true(claim.mail_is_due);
    /* Unchanged, and no mail asked for: the one that is due stays so. */
    assert_int_equal(settle_ledger_finish(&ledger, &claim, NULL, false, &finished, &error), SVC_OK);
    claim = claimed(run.run_id, "1");
    assert_true(claim.mail_is_due);
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, 1, &error), SVC_OK); /* an older one */
    claim = claimed(run.run_id, "1");
    assert_true(claim.mail_is_due);
    assert_int_equal(claim.mailed_version, 1);
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, 2, &error), SVC_OK);
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, 2, &error), SVC_OK);
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, 1, &error), SVC_OK);
    claim = claimed(run.run_id, "1");
    assert_false(claim.mail_is_due);
    assert_int_equal(claim.mailed_version, 2);
    /* Unchanged: no second mail. */
    assert_int_equal(settle_ledger_finish(&ledger, &claim, NULL, true, &finished, &error), SVC_OK);
    assert_false(claimed(run.run_id, "1").mail_is_due);
    assert_int_equal(db_number(db, "SELECT mail_due FROM settlement_reports"), 0);
}

/* For a dry run and the command, which claim nothing. */
static void a_report_is_looked_at_without_a_trace(void **state) {
    (void)state;
    struct settle_version newest;
    int64_t carried_in_won = 1;
    struct svc_error error;
    assert_int_equal(settle_ledger_look(&ledger, &september, "1", &newest, &carried_in_won, &error),
                     SVC_OK);
    assert_int_equal(newest.version, 0);
    assert_int_equal(carried_in_won, 0);
    assert_int_equal(db_number(db, "SELECT COUNT(*) FROM settlement_runs"), 0);
    sell("1", "2026-08");
    sell("1", "2026-09");
    carry_out(plan_event(&august, EVENT_MS, SETTLE_PLANNED).run_id, "1", -300);
    make_report(plan_event(&september, EVENT_MS, SETTLE_PLANNED).run_id, "1", 7);
    assert_int_equal(settle_ledger_look(&ledger, &september, "1", &newest, &carried_in_won, &error),
                     SVC_OK);
    assert_int_equal(newest.version, 1);
    assert_int_equal(newest.order_count, 8);
    assert_int_equal(carried_in_won, -300);
    assert_int_equal(db_number(db, "SELECT MAX(attempt) + COUNT(*) FROM settlement_reports"), 3);
    db_sql(&f, "RENAME TABLE settlement_runs TO hidden");
    assert_int_equal(settle_ledger_look(&ledger, &september, "1", &newest, &carried_in_won, &error),
                     SVC_OK);
    assert_int_equal(newest.version, 0);
    assert_int_equal(carried_in_won, 0);
    db_sql(&f, "RENAME TABLE hidden TO settlement_runs");
}

/* Its mail was not sent: whoever goes on with the run finds it. */
static void a_seller_whose_mail_is_due_is_worked_on(void **state) {
    (void)state;
    struct svc_error error;
    sell("1 2 3", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    make_report(run.run_id, "1", 1);
    const struct settle_claim claim = claimed(run.run_id, "2");
    const struct settle_version made = version_of(1, 1);
    finish_with(&claim, &made);
    settle_ledger_release(&ledger, &claim);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "2 3 ");
    assert_int_equal(settle_ledger_mailed(&ledger, &claim, 1, &error), SVC_OK);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "3 ");
}

/* ---------------------------------------------------------------------- the end of a run */

static bool append_seller(void *user, const struct settle_run_seller *seller) {
    char *text = user;
    size_t used = strlen(text);
    snprintf(text + used, 400 - used, "%s %s v%u %lld %s|", seller->seller_id, seller->state,
             seller->newest->version, (long long)seller->newest->all.amounts.net_won,
             seller->failure);
    return strcmp(seller->seller_id, "3") != 0;
}

static void the_sellers_of_a_run_are_given_in_order(void **state) {
    (void)state;
    char text[400] = "";
    struct svc_error error;
    sell("1 2 3 4", "2026-09");
    struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    make_report(run.run_id, "2", 100);
    make_report(run.run_id, "2", 200);
    const struct settle_claim claim = claimed(run.run_id, "1");
    fail_with(&claim, "no rate");
    assert_int_equal(settle_ledger_each_seller(&ledger, &run, append_seller, text, &error), SVC_OK);
    assert_string_equal(text, "1 failed v0 0 no rate|2 done v2 214 |3 open v0 0 |");
    /* Of its generation alone. */
    db_sql(&f, "DELETE FROM settlement_lines WHERE seller_id IN ('1', '4')");
    run = plan_event(&september, EVENT_MS + 1, SETTLE_PLANNED);
    text[0] = '\0';
    assert_int_equal(settle_ledger_each_seller(&ledger, &run, append_seller, text, &error), SVC_OK);
    assert_string_equal(text, "2 open v2 214 |3 open v0 0 |");
}

static void an_incomplete_run_can_still_be_closed(void **state) {
    (void)state;
    struct settle_run overdue[4];
    size_t count = 0;
    struct svc_error error;
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    make_report(run.run_id, "1", 1);
    assert_false(close_run(&run, SETTLE_RUN_CLOSED));
    assert_int_equal(settle_ledger_overdue(&ledger, NOW_MS, 4, overdue, &count, &error), SVC_OK);
    assert_int_equal(count, 0);
    assert_int_equal(settle_ledger_overdue(&ledger, NOW_MS + 1, 4, overdue, &count, &error),
                     SVC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(overdue[0].run_id, run.run_id);
    assert_true(close_run(&overdue[0], SETTLE_RUN_INCOMPLETE));
    assert_false(close_run(&overdue[0], SETTLE_RUN_INCOMPLETE));
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_INCOMPLETE);
    assert_int_equal(settle_ledger_overdue(&ledger, NOW_MS + 1, 4, overdue, &count, &error),
                     SVC_OK);
    assert_int_equal(count, 0);
    /* Its batch is redriven from the dead-letter queue. */
    assert_true(make_report(run.run_id, "2", 1));
    assert_true(close_run(&run, SETTLE_RUN_CLOSED));
    assert_false(close_run(&run, SETTLE_RUN_CLOSED));
    assert_counters(run.run_id, 2, 0, 0, SETTLE_RUN_CLOSED);
    assert_false(close_run(&run, SETTLE_RUN_INCOMPLETE));
    assert_int_equal(settle_ledger_close(&ledger, &run, SETTLE_RUN_MANUAL, &(bool){false}, &error),
                     SVC_INVALID_ARGUMENT);
}

static void the_event_of_an_incomplete_run_takes_it_up_again(void **state) {
    (void)state;
    sell("1 2", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    make_report(run.run_id, "1", 1);
    assert_true(close_run(&run, SETTLE_RUN_INCOMPLETE));
    wall.wall_ms = NOW_MS + 7000;
    const struct settle_run again = plan_event(&september, EVENT_MS, SETTLE_GOES_ON);
    wall.wall_ms = NOW_MS;
    assert_int_equal(again.generation, 1);
    assert_int_equal(run_of(run.run_id).planned_ms, NOW_MS + 7000);
    assert_counters(run.run_id, 2, 1, 0, SETTLE_RUN_RUNNING);
    assert_string_equal(open_ids(run.run_id, "", "", 64), "2 ");
    assert_true(make_report(run.run_id, "2", 1));
    assert_true(close_run(&again, SETTLE_RUN_CLOSED));
}

/* A closer that is late must not end the plan that came after it. */
static void a_run_planned_again_is_not_closed_for_the_plan_before(void **state) {
    (void)state;
    sell("1", "2026-09");
    const struct settle_run run = plan_event(&september, EVENT_MS, SETTLE_PLANNED);
    assert_true(make_report(run.run_id, "1", 1));
    const struct settle_run again = plan_event(&september, EVENT_MS + 1, SETTLE_PLANNED);
    assert_false(close_run(&run, SETTLE_RUN_INCOMPLETE));
    assert_true(make_report(run.run_id, "1", 1));
    assert_false(close_run(&run, SETTLE_RUN_CLOSED));
    assert_true(close_run(&again, SETTLE_RUN_CLOSED));
}

static void no_sentence_of_an_error_holds_an_id(void **state) {
    (void)state;
    struct settle_claim claim;
    struct svc_error error;
    assert_int_equal(settle_ledger_claim(&ledger, 1, "secret-seller", false, &claim, &error),
                     SVC_NOT_FOUND);
    assert_null(strstr(error.detail, "secret"));
    assert_int_equal(settle_ledger_claim(&ledger, 1, "no@valid.kr", false, &claim, &error),
                     SVC_INVALID_ARGUMENT);
    assert_null(strstr(error.detail, "valid.kr"));
    assert_string_equal(claim.seller_id, "");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, ledger_fresh)
    const struct CMUnitTest tests[] = {
        TEST(a_version_is_read_as_it_was_written),
        TEST(a_version_that_is_not_the_next_is_refused),
        TEST(a_report_is_held_by_one_connection),
        TEST(an_older_attempt_cannot_finish),
        TEST(a_worker_of_an_older_plan_changes_no_counter),
        TEST(a_repeated_end_changes_nothing),
        TEST(a_failed_seller_can_be_done_later),
        TEST(any_failure_can_be_stored),
        TEST(a_mail_is_due_until_it_is_sent),
        TEST(a_report_is_looked_at_without_a_trace),
        TEST(a_seller_whose_mail_is_due_is_worked_on),
        TEST(the_sellers_of_a_run_are_given_in_order),
        TEST(an_incomplete_run_can_still_be_closed),
        TEST(the_event_of_an_incomplete_run_takes_it_up_again),
        TEST(a_run_planned_again_is_not_closed_for_the_plan_before),
        TEST(no_sentence_of_an_error_holds_an_id),
    };
    return cmocka_run_group_tests(tests, ledger_start, ledger_stop);
}
