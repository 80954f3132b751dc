/* Schedules, the envelope of EventBridge, and which kind of event a document is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/eventbridge.h"
#include "lambda/events/fields.h"
#include "lambda/events/kind.h"
#include "lambda/events/schedule.h"
#include "tests/lambda/event_examples.h"

static void test_the_three_forms(void **state) {
    (void)state;
    static const struct {
        const char *example;
        int64_t time_ms;
        const char *report_type, *arn;
    } forms[] = {
        {EXAMPLE_SCHEDULE, INT64_C(1444323186000), NULL,
         "arn:aws:events:us-east-1:123456789012:rule/my-rule"},
        {EXAMPLE_SCHEDULER, INT64_C(1718281800000), NULL,
         "arn:aws:scheduler:us-east-2:123456789012:schedule/default/my-schedule"},
        {EXAMPLE_OWN_SCHEDULE, INT64_C(1767323045000), "daily", NULL},
        {"{'time':'2026-01-02T03:04:05.678Z','job':'sweep'}", INT64_C(1767323045678), NULL, NULL},
        {"{'source':'aws.events','detail-type':'Scheduled Event','time':'1970-01-01T00:00:00Z'}", 0,
         NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct svc_json *document = example_parse(forms[i].example);
        struct lev_schedule schedule;
        assert_int_equal(lev_kind_of(document), LEV_SCHEDULE);
        assert_int_equal(lev_schedule_read(document, &schedule, NULL), SVC_OK);
        assert_true(schedule.time_ms == forms[i].time_ms);
        if (forms[i].report_type != NULL) {
            assert_string_equal(schedule.report_type, forms[i].report_type);
        } else {
            assert_null(schedule.report_type);
        }
        if (forms[i].arn != NULL) {
            assert_string_equal(schedule.arn, forms[i].arn);
        } else {
            assert_null(schedule.arn);
        }
        svc_json_free(document);
    }
}

static void test_what_is_no_schedule_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *example, *detail;
    } bad[] = {
        {"[]", "no event of a schedule: not an object"},
        {"{}", "the event of a schedule has no time"},
        {"{'reportType':'daily'}", "the event of a schedule has no time"},
        {"{'reportType':5,'time':'2026-01-02T03:04:05Z'}", "the reportType is not a text"},
        {"{'reportType':null,'time':'2026-01-02T03:04:05Z'}", "the reportType is not a text"},
        {"{'time':1767323045}", "the time of a schedule is not like 2026-01-02T03:04:05Z"},
        {"{'time':null}", "the time of a schedule is not like 2026-01-02T03:04:05Z"},
        {"{'time':'<aws.scheduler.scheduled-time>'}",
         "the time of a schedule is not like 2026-01-02T03:04:05Z"},
        {"{'source':'aws.events','detail-type':'Scheduled Event'}",
         "the event of a schedule has no time"},
        {EXAMPLE_S3_EVENTBRIDGE, "an event of EventBridge that is not a schedule's"},
        {"{'source':'own','detail-type':'Scheduled Event','time':'2026-01-02T03:04:05Z'}",
         "an event of EventBridge that is not a schedule's"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_json *document = example_parse(bad[i].example);
        struct lev_schedule schedule;
        struct svc_error error = {0};
        assert_int_equal(lev_schedule_read(document, &schedule, &error), SVC_MALFORMED);
        assert_string_equal(error.detail, bad[i].detail);
        svc_json_free(document);
    }
    struct lev_schedule schedule;
    assert_int_equal(lev_schedule_read(NULL, &schedule, NULL), SVC_MALFORMED);
}

static void test_times_are_strict(void **state) {
    (void)state;
    static const char *const good[] = {"2026-01-02T03:04:05Z", "2024-02-29T23:59:59Z",
                                       "2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.678901234Z"};
    static const char *const bad[] = {"",
                                      "Z",
                                      "2026-01-02",
                                      "2026-01-02T03:04Z",
                                      "2026-01-02T03:04:05",
                                      "2026-01-02T03:04:05+00:00",
                                      "2026-01-02T03:04:05+09:00",
                                      "2026-01-02t03:04:05z",
                                      "2026-01-02 03:04:05Z",
                                      "2026-01-02T03:04:05.Z",
                                      "2026-01-02T03:04:05.6789012345Z",
                                      "2026-01-02T03:04:05ZZ",
                                      "2026-01-02T03:04:05Z ",
                                      " 2026-01-02T03:04:05Z",
                                      "2026-13-02T03:04:05Z",
                                      "2026-00-02T03:04:05Z",
                                      "2026-01-32T03:04:05Z",
                                      "2025-02-29T03:04:05Z",
                                      "1900-02-29T03:04:05Z",
                                      "2026-01-02T24:00:00Z",
                                      "2026-01-02T23:60:00Z",
                                      "2026-01-02T23:59:60Z",
                                      "2026-01-02T23:59:61Z",
                                      "+026-01-02T03:04:05Z",
                                      "12026-01-02T03:04:05Z",
                                      "2026-1-2T03:04:05Z"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t time_ms = -1;
        assert_true(lev_parse_time(good[i], &time_ms));
        assert_true(time_ms > 0);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t time_ms = 42;
        if (lev_parse_time(bad[i], &time_ms)) {
            fail_msg("%s", bad[i]);
        }
        assert_true(time_ms == 42);
    }
    int64_t time_ms = 42;
    assert_false(lev_parse_time(NULL, &time_ms));
    assert_true(lev_parse_time("2026-01-02T03:04:05.6Z", &time_ms));
    assert_true(time_ms == INT64_C(1767323045600));
}

static void test_an_event_of_eventbridge(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_SES_EVENTBRIDGE);
    struct lev_eventbridge event;
    assert_true(lev_eventbridge_read(document, &event));
    assert_string_equal(event.source, "aws.ses");
    assert_string_equal(event.detail_type, "Email Bounced");
    assert_string_equal(event.id, "8e8f1bd7-1234-5678-9abc-ded0eexample");
    assert_string_equal(event.resource, "arn:aws:ses:us-east-1:123456789012:configuration-set/c");
    assert_string_equal(svc_json_get_text(event.detail, "eventType"), "Bounce");
    assert_true(event.time_ms == INT64_C(1724708582000));
    svc_json_free(document);
    static const char *const bad[] = {"{}", "[]", "{'source':'a'}", "{'detail-type':'a'}",
                                      "{'source':5,'detail-type':'a'}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        document = example_parse(bad[i]);
        assert_false(lev_eventbridge_read(document, &event));
        svc_json_free(document);
    }
    document = example_parse("{'source':'a','detail-type':'b','time':'yesterday','resources':[]}");
    assert_true(lev_eventbridge_read(document, &event));
    assert_true(event.time_ms == LEV_NO_TIME);
    assert_null(event.resource);
    assert_null(event.detail);
    svc_json_free(document);
}

static void test_the_kind_of_each_example(void **state) {
    (void)state;
    static const struct {
        const char *example;
        enum lev_kind kind;
    } cases[] = {
        {EXAMPLE_S3, LEV_S3},
        {EXAMPLE_S3_TEST, LEV_S3},
        {EXAMPLE_S3_EVENTBRIDGE, LEV_EVENTBRIDGE},
        {EXAMPLE_SES_EVENTBRIDGE, LEV_EVENTBRIDGE},
        {EXAMPLE_S3_BATCH_1, LEV_S3_BATCH},
        {EXAMPLE_S3_BATCH_2, LEV_S3_BATCH},
        {EXAMPLE_SNS("'m'"), LEV_SNS},
        {EXAMPLE_SQS, LEV_SQS},
        {EXAMPLE_SQS_FIFO, LEV_SQS},
        {EXAMPLE_URL, LEV_FUNCTION_URL},
        {EXAMPLE_URL_BASE64, LEV_FUNCTION_URL},
        {EXAMPLE_SCHEDULE, LEV_SCHEDULE},
        {EXAMPLE_SCHEDULER, LEV_SCHEDULE},
        {EXAMPLE_OWN_SCHEDULE, LEV_SCHEDULE},
        {"{'reportType':'custom','startDate':'2026-01-01'}", LEV_OTHER},
        {"{}", LEV_OTHER},
        {"[]", LEV_OTHER},
        {"17", LEV_OTHER},
        {"{'Records':[]}", LEV_OTHER},
        {"{'Records':[{'eventSource':'aws:kinesis'}]}", LEV_OTHER},
        {"{'Records':5,'time':'2026-01-02T03:04:05Z'}", LEV_OTHER},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct svc_json *document = example_parse(cases[i].example);
        if (lev_kind_of(document) != cases[i].kind) {
            fail_msg("%s", cases[i].example);
        }
        svc_json_free(document);
    }
    assert_int_equal(lev_kind_of(NULL), LEV_OTHER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_three_forms),
        cmocka_unit_test(test_what_is_no_schedule_is_refused),
        cmocka_unit_test(test_times_are_strict),
        cmocka_unit_test(test_an_event_of_eventbridge),
        cmocka_unit_test(test_the_kind_of_each_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
