/* The summary object of a run between MariaDB and S3: whichever of two ends comes later, the object
 * is that of the later plan. */
#include "services/aws/s3.h"
#include "services/settlement/summary.h"
#include "tests/services/aws_support.h"
#include "tests/services/ledger_support.h"

static struct aws_fixture aws;

static int start(void **state) {
    return aws_start(&aws) == 0 ? ledger_start(state) : -1;
}

static int stop(void **state) {
    aws_stop(&aws);
    return ledger_stop(state);
}

static int fresh(void **state) {
    ledger_fresh(state);
    wall.wall_ms = NOW_MS;
    aws_begin(&aws);
    sell("a b", "2026-09");
    return 0;
}

static int end(void **state) {
    (void)state;
    aws_end(&aws);
    return 0;
}

/* ---------------------------------------------------------------------- runs and objects */

static struct settle_run plan_forced(void) {
    wall.wall_ms += 60000;
    struct settle_plan plan = plan_of(&september, wall.wall_ms);
    plan.is_forced = true;
    const struct settle_run planned = planned_as(&plan, SETTLE_PLANNED);
    return run_of(planned.run_id);
}

static void make_both(const struct settle_run *run, int64_t seed) {
    make_report(run->run_id, "a", seed);
    make_report(run->run_id, "b", seed + 1);
}

static enum svc_status write_as(const struct settle_run *run, enum settle_run_state state,
                                struct settle_run_totals *totals) {
    struct svc_error error = {0};
    const enum svc_status status =
        settle_summary_write(&ledger, aws.client, "bucket", run, state, 0, totals, &error);
    if (status != SVC_OK && status != SVC_CONFLICT) {
        print_error("%s\n", error.detail);
    }
    return status;
}

static void written_as(const struct settle_run *run, enum settle_run_state state) {
    struct settle_run_totals totals;
    assert_int_equal(write_as(run, state, &totals), SVC_OK);
}

/* The object, parsed; freed with svc_json_free. */
static struct svc_json *summary(void) {
    const struct awsc_s3_get get = {.bucket = "bucket",
                                    .key = "settlements/monthly/2026-09-01/summary.json"};
    struct svc_buf text;
    struct svc_json *document = NULL;
    svc_buf_init(&text, 1 << 20);
    assert_int_equal(awsc_s3_get_all(aws.client, &get, &text, NULL, NULL), SVC_OK);
    assert_int_equal(svc_json_parse(text.bytes, text.size_bytes, 0, &document, NULL), SVC_OK);
    svc_buf_clear(&text);
    return document;
}

static void assert_summary(int64_t generation, const char *state, int64_t done, int64_t version) {
    struct svc_json *document = summary();
    const struct svc_json *first = svc_json_at(svc_json_get(document, "sellers"), 0);
    int64_t number = 0;
    assert_true(svc_json_get_int(document, "generation", &number));
    assert_int_equal(number, generation);
    assert_string_equal(svc_json_get_text(document, "status"), state);
    assert_true(svc_json_get_int(svc_json_get(document, "counts"), "done", &number));
    assert_int_equal(number, done);
    assert_true(svc_json_get_int(first, "version", &number));
    assert_int_equal(number, version);
    svc_json_free(document);
}

static void assert_requests(const char *const *methods, size_t count) {
    assert_int_equal(aws_requests(&aws), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(aws_request(&aws, i, "method"), methods[i]);
    }
}

/* ---------------------------------------------------------------------- tests */

static void a_first_end_is_one_request(void **state) {
    (void)state;
    const struct settle_run run = plan_forced();
    struct settle_run_totals totals;
    make_both(&run, 10);
    aws_requests(&aws);
    assert_int_equal(write_as(&run, SETTLE_RUN_CLOSED, &totals), SVC_OK);
    assert_int_equal(totals.done, 2);
    assert_requests((const char *const[]){"PUT"}, 1);
    assert_summary(1, "closed", 2, 1);
    /* An end that was killed before it closed the run is repeated. */
    written_as(&run, SETTLE_RUN_CLOSED);
    assert_summary(1, "closed", 2, 1);
    struct svc_json *document = summary();
    assert_string_equal(svc_json_get_text(document, "plannedAt"), "2026-09-21T14:14:20.000Z");
    svc_json_free(document);
}

/* Two closers reordered: the first one's plan is over, but it does not know that. */
static void the_end_of_an_earlier_plan_comes_too_late(void **state) {
    (void)state;
    const struct settle_run stalled = plan_forced();
    make_both(&stalled, 10);
    const struct settle_run later = plan_forced();
    make_both(&later, 20);
    written_as(&later, SETTLE_RUN_CLOSED);
    assert_true(close_run(&later, SETTLE_RUN_CLOSED));
    assert_int_equal(later.generation, stalled.generation + 1);
    written_as(&stalled, SETTLE_RUN_CLOSED);
    assert_false(close_run(&stalled, SETTLE_RUN_CLOSED));
    assert_summary(2, "closed", 2, 2);
    written_as(&stalled, SETTLE_RUN_INCOMPLETE);
    assert_summary(2, "closed", 2, 2);
    /* In the order of the plans each replaces the one before. */
    const struct settle_run last = plan_forced();
    make_both(&last, 30);
    written_as(&last, SETTLE_RUN_CLOSED);
    assert_summary(3, "closed", 2, 3);
}

static void a_closed_run_does_not_become_incomplete_again(void **state) {
    (void)state;
    const struct settle_run open = plan_forced();
    make_report(open.run_id, "a", 10);
    struct settle_run stalled = run_of(open.run_id);
    written_as(&stalled, SETTLE_RUN_INCOMPLETE);
    assert_summary(1, "incomplete", 1, 1);
    make_report(open.run_id, "b", 10);
    const struct settle_run done = run_of(open.run_id);
    written_as(&done, SETTLE_RUN_CLOSED);
    assert_summary(1, "closed", 2, 1);
    written_as(&stalled, SETTLE_RUN_INCOMPLETE);
    assert_summary(1, "closed", 2, 1);
}

/* Another writer came between the look and the write: it looks again, and reads the ledger again.
 */
static void a_lost_race_is_repeated(void **state) {
    (void)state;
    static const char *const methods[] = {"HEAD", "PUT", "HEAD", "PUT"};
    written_as(&(struct settle_run){.run_id = 1, .period = september, .generation = 1},
               SETTLE_RUN_CLOSED);
    plan_forced();
    const struct settle_run run = plan_forced();
    make_both(&run, 10);
    aws_set(&aws, "{\"faults\":[\"\",\"status:412:PreconditionFailed\"]}");
    written_as(&run, SETTLE_RUN_CLOSED);
    assert_requests(methods, COUNT(methods));
    assert_summary(2, "closed", 2, 1);
    struct settle_run_totals totals;
    aws_set(&aws, "{\"faults\":[\"\",\"status:412:PreconditionFailed\",\"\","
                  "\"status:412:PreconditionFailed\",\"\",\"status:412:PreconditionFailed\",\"\","
                  "\"status:412:PreconditionFailed\"]}");
    assert_int_equal(write_as(&run, SETTLE_RUN_CLOSED, &totals), SVC_CONFLICT);
    assert_int_equal(aws_requests(&aws), 8);
    written_as(&run, SETTLE_RUN_CLOSED);
}

/* The ledger was set up anew beside objects that are there: its first plan counts from 1. */
static void a_new_ledger_replaces_the_objects_of_an_old_one(void **state) {
    (void)state;
    const struct settle_run run = plan_forced();
    struct settle_run old = run;
    old.generation = 7;
    old.planned_ms -= 1;
    written_as(&old, SETTLE_RUN_CLOSED);
    make_both(&run, 10);
    written_as(&run, SETTLE_RUN_CLOSED);
    assert_summary(1, "closed", 2, 1);
    old = run;
    old.run_id += 5;
    old.generation = 7;
    old.planned_ms += 1000;
    written_as(&old, SETTLE_RUN_CLOSED);
    written_as(&run, SETTLE_RUN_CLOSED);
    assert_summary(1, "closed", 2, 1);
}

static void an_object_without_a_stamp_is_replaced(void **state) {
    (void)state;
    static const uint8_t body[] = "{}";
    const struct awsc_s3_put put = {.bucket = "bucket",
                                    .key = "settlements/monthly/2026-09-01/summary.json",
                                    .body = body,
                                    .body_bytes = 2};
    struct awsc_s3_put_result result;
    const struct settle_run run = plan_forced();
    make_both(&run, 10);
    assert_int_equal(awsc_s3_put(aws.client, &put, &result), SVC_OK);
    written_as(&run, SETTLE_RUN_CLOSED);
    assert_summary(1, "closed", 2, 1);
}

#define SUMMARY_TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        SUMMARY_TEST(a_first_end_is_one_request),
        SUMMARY_TEST(the_end_of_an_earlier_plan_comes_too_late),
        SUMMARY_TEST(a_closed_run_does_not_become_incomplete_again),
        SUMMARY_TEST(a_lost_race_is_repeated),
        SUMMARY_TEST(a_new_ledger_replaces_the_objects_of_an_old_one),
        SUMMARY_TEST(an_object_without_a_stamp_is_replaced),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
