/* Events that ask for reports: read, refused with a sentence, and the period they stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/settlement/request.h"

#define ARRIVED_MS INT64_C(1798761600000) /* 2027-01-01 00:00 UTC */

static enum svc_status read_text(const char *text, struct settle_request *request,
                                 struct svc_error *error) {
    struct svc_json *event = NULL;
    assert_int_equal(svc_json_parse(text, strlen(text), 0, &event, NULL), SVC_OK);
    enum svc_status status = settle_request_read(event, request, error);
    svc_json_free(event);
    return status;
}

static void check_period(const char *text, const char *expected) {
    struct settle_request request;
    struct settle_period period;
    char name[SETTLE_PERIOD_NAME_BYTES];
    struct svc_error error;
    assert_int_equal(read_text(text, &request, &error), SVC_OK);
    assert_int_equal(settle_request_period(&request, ARRIVED_MS, &period, &error), SVC_OK);
    settle_period_name(&period, name);
    assert_string_equal(name, expected);
}

static void the_time_of_the_event_decides_the_period(void **state) {
    (void)state;
    /* 09:00 KST of a Tuesday, the first of September. */
    check_period("{\"reportType\":\"daily\",\"time\":\"2026-09-01T00:00:00Z\"}", "2026-08-31");
    check_period("{\"reportType\":\"weekly\",\"time\":\"2026-09-01T00:00:00Z\"}", "2026-W35");
    check_period("{\"reportType\":\"monthly\",\"time\":\"2026-09-01T00:00:00Z\"}", "2026-08");
    /* Midnight in Seoul, and the moment before. */
    check_period("{\"reportType\":\"monthly\",\"time\":\"2026-08-31T15:00:00Z\"}", "2026-08");
    check_period("{\"reportType\":\"monthly\",\"time\":\"2026-08-31T14:59:59.999Z\"}", "2026-07");
    check_period("{\"reportType\":\"daily\",\"time\":\"2028-02-29T15:00:00Z\"}", "2028-02-29");
    check_period("{\"reportType\":\"daily\",\"time\":\"2026-09-01T00:00:00+09:00\"}", "2026-08-31");
    /* A schedule that runs a day late, at the border of a year. */
    check_period("{\"reportType\":\"weekly\",\"time\":\"2027-01-05T00:00:00Z\"}", "2026-W53");
    check_period("{\"reportType\":\"monthly\",\"time\":\"2027-01-02T00:00:00Z\"}", "2026-12");
}

static void days_of_the_event_decide_the_period(void **state) {
    (void)state;
    check_period("{\"reportType\":\"daily\",\"date\":\"2026-09-03\"}", "2026-09-03");
    check_period("{\"reportType\":\"weekly\",\"date\":\"2026-09-03\",\"time\":null}", "2026-W36");
    check_period("{\"reportType\":\"monthly\",\"date\":\"2026-09-03\","
                 "\"time\":\"2026-10-01T00:00:00Z\"}",
                 "2026-09");
    check_period("{\"reportType\":\"custom\",\"startDate\":\"2026-09-01\","
                 "\"endDate\":\"2026-09-15\"}",
                 "2026-09-01..2026-09-15");
}

static void check_no_period(const char *text, enum svc_status expected, const char *detail) {
    struct settle_request request;
    struct settle_period period;
    struct svc_error error;
    assert_int_equal(read_text(text, &request, &error), SVC_OK);
    assert_int_equal(settle_request_period(&request, ARRIVED_MS, &period, &error), expected);
    assert_non_null(strstr(error.detail, detail));
}

static void days_that_are_not_over_and_events_without_any_are_refused(void **state) {
    (void)state;
    check_no_period("{\"reportType\":\"daily\"}", SVC_MALFORMED, "neither a time nor a date");
    check_no_period("{\"reportType\":\"monthly\",\"date\":\"2026-09-30\","
                    "\"time\":\"2026-09-30T14:59:59Z\"}",
                    SVC_INVALID_ARGUMENT, "ends with 2026-09-30 (KST), which is not over");
    /* Without a time the arrival bounds: 09:00 KST of 2027-01-01. */
    check_no_period("{\"reportType\":\"daily\",\"date\":\"2027-01-01\"}", SVC_INVALID_ARGUMENT,
                    "not over");
    check_period("{\"reportType\":\"daily\",\"date\":\"2026-12-31\"}", "2026-12-31");
    check_no_period("{\"reportType\":\"custom\",\"startDate\":\"2026-09-02\","
                    "\"endDate\":\"2026-09-01\"}",
                    SVC_INVALID_ARGUMENT, "ends before it starts");
    check_no_period("{\"reportType\":\"custom\",\"startDate\":\"2025-01-01\","
                    "\"endDate\":\"2026-01-02\"}",
                    SVC_INVALID_ARGUMENT, "longer than 366 days");
    check_no_period("{\"reportType\":\"daily\",\"time\":\"9999-01-01T00:00:00Z\"}",
                    SVC_INVALID_ARGUMENT, "not within 1970 to 2199");
}

static void sellers_and_flags_are_read(void **state) {
    (void)state;
    struct settle_request request;
    assert_int_equal(read_text("{\"reportType\":\"daily\",\"sellerId\":42,\"force\":true,"
                               "\"dryRun\":false}",
                               &request, NULL),
                     SVC_OK);
    assert_string_equal(request.seller_id, "42");
    assert_true(request.force);
    assert_false(request.dry_run);
    assert_int_equal(read_text("{\"reportType\":\"daily\",\"sellerId\":9223372036854775807,"
                               "\"dryRun\":true}",
                               &request, NULL),
                     SVC_OK);
    assert_string_equal(request.seller_id, "9223372036854775807");
    assert_true(request.dry_run);
    assert_int_equal(
        read_text("{\"reportType\":\"daily\",\"sellerId\":\"clx_9-Z\"}", &request, NULL), SVC_OK);
    assert_string_equal(request.seller_id, "clx_9-Z");
    assert_int_equal(
        read_text("{\"reportType\":\"daily\",\"sellerId\":null,\"force\":null}", &request, NULL),
        SVC_OK);
    assert_string_equal(request.seller_id, "");
    assert_false(request.force);
}

static void events_that_are_not_exactly_right_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *detail;
    } cases[] = {
        {"null", "not an object"},
        {"[]", "not an object"},
        {"\"daily\"", "not an object"},
        {"{}", "the reportType is none of daily, weekly, monthly and custom"},
        {"{\"reportType\":\"yearly\"}", "the reportType is none of"},
        {"{\"reportType\":\"Daily\"}", "the reportType is none of"},
        {"{\"reportType\":\"daily \"}", "the reportType is none of"},
        {"{\"reportType\":\"daily\\u0000\"}", "the reportType is none of"},
        {"{\"reportType\":1}", "the reportType is none of"},
        {"{\"reportType\":[\"daily\"]}", "the reportType is none of"},
        {"{\"reportType\":\"daily\",\"sellerid\":1}", "a member other than"},
        {"{\"reportType\":\"daily\",\"\":1}", "a member other than"},
        {"{\"reportType\":\"daily\",\"sellerId\":-1}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":1.0}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":1e3}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":9223372036854775808}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":true}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":\"\"}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":\"a b\"}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":\"../1\"}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":\"1\\u0000\"}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":\"바다\"}", "sellerId"},
        {"{\"reportType\":\"daily\",\"sellerId\":"
         "\"01234567890123456789012345678901234567890123456789012345678901234\"}",
         "sellerId"},
        {"{\"reportType\":\"daily\",\"date\":\"2026-02-29\"}", "the date is not a day"},
        {"{\"reportType\":\"daily\",\"date\":20260901}", "the date is not a day"},
        {"{\"reportType\":\"daily\",\"time\":\"2026-09-01\"}", "the time is not like"},
        {"{\"reportType\":\"daily\",\"time\":\"<time>\"}", "the time is not like"},
        {"{\"reportType\":\"daily\",\"time\":1788188400}", "the time is not like"},
        {"{\"reportType\":\"custom\"}", "takes a startDate and an endDate"},
        {"{\"reportType\":\"custom\",\"startDate\":\"2026-09-01\"}", "takes a startDate"},
        {"{\"reportType\":\"custom\",\"endDate\":\"2026-09-01\"}", "takes a startDate"},
        {"{\"reportType\":\"custom\",\"startDate\":\"2026-09-01\",\"endDate\":\"2026-09-31\"}",
         "the endDate is not a day"},
        {"{\"reportType\":\"custom\",\"startDate\":\"2026-9-01\",\"endDate\":\"2026-09-30\"}",
         "the startDate is not a day"},
        {"{\"reportType\":\"custom\",\"startDate\":\"2026-09-01\",\"endDate\":\"2026-09-02\","
         "\"date\":\"2026-09-01\"}",
         "and no date"},
        {"{\"reportType\":\"daily\",\"startDate\":\"2026-09-01\"}", "only a custom report"},
        {"{\"reportType\":\"daily\",\"endDate\":\"2026-09-01\"}", "only a custom report"},
        {"{\"reportType\":\"daily\",\"force\":\"true\"}", "force is neither true nor false"},
        {"{\"reportType\":\"daily\",\"force\":1}", "force is neither true nor false"},
        {"{\"reportType\":\"daily\",\"dryRun\":0}", "dryRun is neither true nor false"},
    };
    static const struct settle_request empty;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_request request;
        struct svc_error error;
        memset(&request, 0x5a, sizeof(request));
        if (read_text(cases[i].text, &request, &error) != SVC_MALFORMED ||
            strstr(error.detail, cases[i].detail) == NULL) {
            fail_msg("%s: %s", cases[i].text, error.detail);
        }
        assert_memory_equal(&request, &empty, sizeof(request));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_of_the_event_decides_the_period),
        cmocka_unit_test(days_of_the_event_decide_the_period),
        cmocka_unit_test(days_that_are_not_over_and_events_without_any_are_refused),
        cmocka_unit_test(sellers_and_flags_are_read),
        cmocka_unit_test(events_that_are_not_exactly_right_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
