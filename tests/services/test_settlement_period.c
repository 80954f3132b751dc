/* Periods against an independent calendar: every day from 1970 to 2100 is counted one by one, and
 * ISO weeks are those of the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "services/base/text.h"
#include "services/settlement/object_key.h"
#include "services/settlement/period.h"

#define DAY_MS  INT64_C(86400000)
#define KST_MS  INT64_C(32400000)
#define FOREVER (SETTLE_LAST_DAY * DAY_MS + 2 * DAY_MS) /* all periods are over */

/* ---------------------------------------------------------------------- a calendar */

struct calendar {
    int32_t day; /* since 1970-01-01 */
    int year, month, day_of_month;
    int32_t month_first, last_month_first; /* of this month, of the month before */
    int32_t monday;                        /* of this week */
};

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] +
           (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0) ? 1 : 0);
}

/* 1970-01-01 was a Thursday, after a December of 31 days. */
static struct calendar start_of_1970(void) {
    return (struct calendar){
        .year = 1970, .month = 1, .day_of_month = 1, .last_month_first = -31, .monday = -3};
}

static void next_day(struct calendar *calendar) {
    calendar->day++;
    if (calendar->day - calendar->monday == 7) {
        calendar->monday = calendar->day;
    }
    if (calendar->day_of_month++ == days_in(calendar->year, calendar->month)) {
        calendar->day_of_month = 1;
        calendar->month = calendar->month % 12 + 1;
        calendar->year += calendar->month == 1;
        calendar->last_month_first = calendar->month_first;
        calendar->month_first = calendar->day;
    }
}

/* ---------------------------------------------------------------------- checks */

static void check(const struct settle_period *period, enum settle_period_type type, int32_t first,
                  int32_t last) {
    assert_int_equal(period->type, type);
    assert_int_equal(period->first_day, first);
    assert_int_equal(period->last_day, last);
    /* Midnight in Seoul is 15:00 UTC of the day before. */
    assert_int_equal(period->from_ms, (first - 1) * DAY_MS + 15 * INT64_C(3600000));
    assert_int_equal(period->to_ms, last * DAY_MS + 15 * INT64_C(3600000));
}

static void check_before(enum settle_period_type type, int64_t time_ms, int32_t first,
                         int32_t last) {
    struct settle_period period;
    struct svc_error error;
    enum svc_status status = settle_period_before(type, time_ms, &period, &error);
    if (first < 0) {
        assert_int_equal(status, SVC_INVALID_ARGUMENT);
        return;
    }
    assert_int_equal(status, SVC_OK);
    check(&period, type, first, last);
    assert_true(period.to_ms <= time_ms);
}

static void check_name(const struct settle_period *period, const char *expected) {
    char name[SETTLE_PERIOD_NAME_BYTES];
    struct settle_period again;
    settle_period_name(period, name);
    assert_string_equal(name, expected);
    assert_int_equal(settle_period_parse(name, period->to_ms, &again, NULL), SVC_OK);
    check(&again, period->type, period->first_day, period->last_day);
    assert_int_equal(settle_period_parse(name, period->to_ms - 1, &again, NULL),
                     SVC_INVALID_ARGUMENT);
}

static void check_around(const struct calendar *calendar) {
    struct settle_period period;
    char expected[64];
    const time_t noon = (time_t)(calendar->day * DAY_MS / 1000 + 43200);
    struct tm parts;
    assert_non_null(gmtime_r(&noon, &parts));

    assert_int_equal(settle_period_around(SETTLE_DAILY, calendar->day, FOREVER, &period, NULL),
                     SVC_OK);
    check(&period, SETTLE_DAILY, calendar->day, calendar->day);
    assert_true(strftime(expected, sizeof(expected), "%Y-%m-%d", &parts) > 0);
    check_name(&period, expected);

    if (calendar->monday >= 0) {
        assert_int_equal(settle_period_around(SETTLE_WEEKLY, calendar->day, FOREVER, &period, NULL),
                         SVC_OK);
        check(&period, SETTLE_WEEKLY, calendar->monday, calendar->monday + 6);
        assert_true(strftime(expected, sizeof(expected), "%G-W%V", &parts) > 0);
        check_name(&period, expected);
    }

    assert_int_equal(settle_period_around(SETTLE_MONTHLY, calendar->day, FOREVER, &period, NULL),
                     SVC_OK);
    check(&period, SETTLE_MONTHLY, calendar->month_first,
          calendar->month_first + days_in(calendar->year, calendar->month) - 1);
    assert_true(strftime(expected, sizeof(expected), "%Y-%m", &parts) > 0);
    check_name(&period, expected);
}

static void every_day_of_1970_to_2100_belongs_to_the_periods_of_the_calendar(void **state) {
    (void)state;
    struct calendar calendar = start_of_1970();
    static const int64_t offsets_ms[] = {0, 1, 9 * INT64_C(3600000), DAY_MS - 1};
    int32_t days = 0;
    for (; calendar.year <= 2100; next_day(&calendar), days++) {
        for (size_t i = 0; i < sizeof(offsets_ms) / sizeof(offsets_ms[0]); i++) {
            int64_t time_ms = calendar.day * DAY_MS - KST_MS + offsets_ms[i];
            assert_int_equal(settle_day_of(time_ms), calendar.day);
            check_before(SETTLE_DAILY, time_ms, calendar.day - 1, calendar.day - 1);
            check_before(SETTLE_WEEKLY, time_ms, calendar.monday - 7, calendar.monday - 1);
            check_before(SETTLE_MONTHLY, time_ms, calendar.last_month_first,
                         calendar.month_first - 1);
        }
        check_around(&calendar);
    }
    assert_int_equal(days, 47847);
}

static void days_are_read_and_written(void **state) {
    (void)state;
    struct calendar calendar = start_of_1970();
    for (; calendar.day <= SETTLE_LAST_DAY; next_day(&calendar)) {
        char expected[64], written[SETTLE_DAY_BYTES];
        int32_t day = -1;
        snprintf(expected, sizeof(expected), "%04d-%02d-%02d", calendar.year, calendar.month,
                 calendar.day_of_month);
        settle_day_write(calendar.day, written);
        assert_string_equal(written, expected);
        assert_true(settle_day_parse(expected, &day));
        assert_int_equal(day, calendar.day);
    }
    assert_int_equal(calendar.year, 2200);
    static const char *const none[] = {"",
                                       "2026",
                                       "2026-09",
                                       "2026-9-1",
                                       "2026-09-1",
                                       "2026-09-01 ",
                                       " 2026-09-01",
                                       "2026-09-31",
                                       "2026-02-29",
                                       "2100-02-29",
                                       "2026-00-01",
                                       "2026-13-01",
                                       "2026-09-00",
                                       "2026/09/01",
                                       "20260901",
                                       "2026-09-01T",
                                       "1969-12-31",
                                       "2200-01-01",
                                       "+026-09-01",
                                       "2026-09--1",
                                       "２０２６-09-01",
                                       "2026-09-32",
                                       "0000-00-00",
                                       "9999-12-31"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        int32_t day = -7;
        assert_false(settle_day_parse(none[i], &day));
        assert_int_equal(day, -7);
    }
    assert_false(settle_day_parse(NULL, &(int32_t){0}));
}

static void times_are_written_in_kst(void **state) {
    (void)state;
    static const struct {
        int64_t time_ms;
        const char *expected;
    } cases[] = {
        {0, "1970-01-01 09:00:00"},
        {-1, "1970-01-01 08:59:59"},
        {-KST_MS, "1970-01-01 00:00:00"},
        {-KST_MS - 1, "1969-12-31 23:59:59"},
        {INT64_C(1788188400000), "2026-09-01 00:00:00"},
        {INT64_C(1788188399999), "2026-08-31 23:59:59"},
        {INT64_C(1835362799000), "2028-02-28 23:59:59"},
        {INT64_C(1835362800000), "2028-02-29 00:00:00"},
        {INT64_MAX, "9999-12-31 23:59:59"},
        {INT64_MIN, "0000-01-01 00:00:00"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char written[SETTLE_KST_TIME_BYTES];
        settle_kst_time_write(cases[i].time_ms, written);
        assert_string_equal(written, cases[i].expected);
    }
    assert_int_equal(settle_day_of(INT64_MIN), INT32_MIN);
    assert_int_equal(settle_day_of(INT64_MAX), INT32_MAX);
}

static int32_t day(const char *text) {
    int32_t found = -1;
    assert_true(settle_day_parse(text, &found));
    return found;
}

static void custom_periods_are_bounded_ordered_and_over(void **state) {
    (void)state;
    struct settle_period period;
    struct svc_error error;
    const int32_t first = day("2028-02-29");
    const int64_t end_ms = (first + 1) * DAY_MS - KST_MS; /* of a period of this day alone */

    assert_int_equal(settle_period_custom(first, first, end_ms, &period, &error), SVC_OK);
    check(&period, SETTLE_CUSTOM, first, first);
    check_name(&period, "2028-02-29..2028-02-29");

    memset(&period, 0x5a, sizeof(period));
    struct settle_period untouched = period;
    assert_int_equal(settle_period_custom(first, first, end_ms - 1, &period, &error),
                     SVC_INVALID_ARGUMENT);
    assert_string_equal(error.detail, "the period ends with 2028-02-29 (KST), which is not over at "
                                      "the time of the event");
    assert_int_equal(settle_period_custom(first, first - 1, FOREVER, &period, &error),
                     SVC_INVALID_ARGUMENT);
    assert_string_equal(error.detail, "the period ends before it starts");
    assert_int_equal(settle_period_custom(first, first + 366, FOREVER, &period, &error),
                     SVC_INVALID_ARGUMENT);
    assert_string_equal(error.detail, "the period is longer than 366 days");
    assert_int_equal(settle_period_custom(-1, 0, FOREVER, &period, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(
        settle_period_custom(SETTLE_LAST_DAY, SETTLE_LAST_DAY + 1, INT64_MAX, &period, &error),
        SVC_INVALID_ARGUMENT);
    assert_int_equal(settle_period_custom(INT32_MIN, INT32_MAX, INT64_MAX, &period, &error),
                     SVC_INVALID_ARGUMENT);
    assert_memory_equal(&period, &untouched, sizeof(period));

    assert_int_equal(settle_period_custom(first, first + 365, FOREVER, &period, &error), SVC_OK);
    check(&period, SETTLE_CUSTOM, first, day("2029-02-28"));
    assert_int_equal(
        settle_period_custom(SETTLE_LAST_DAY, SETTLE_LAST_DAY, FOREVER, &period, &error), SVC_OK);
}

static void times_and_types_that_have_no_period_are_refused(void **state) {
    (void)state;
    static const int64_t times[] = {INT64_MIN, INT64_MAX, -KST_MS - 1, FOREVER};
    struct settle_period period;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        for (int type = 0; type < SETTLE_PERIOD_TYPES; type++) {
            assert_int_equal(
                settle_period_before((enum settle_period_type)type, times[i], &period, NULL),
                SVC_INVALID_ARGUMENT);
        }
    }
    assert_int_equal(settle_period_before(SETTLE_CUSTOM, INT64_C(1788188400000), &period, NULL),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(settle_period_around(SETTLE_CUSTOM, 20000, FOREVER, &period, NULL),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(settle_period_around(SETTLE_DAILY, INT32_MIN, FOREVER, &period, NULL),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(settle_period_around(SETTLE_MONTHLY, INT32_MAX, FOREVER, &period, NULL),
                     SVC_INVALID_ARGUMENT);
    static const char *const names[] = {"",
                                        "2026",
                                        "2026-W00",
                                        "2026-W54",
                                        "2025-W53",
                                        "2026-w01",
                                        "2026-W1",
                                        "2026-W01x",
                                        "2026-13",
                                        "2026-09-",
                                        "2026-09..",
                                        "2026-09-01..",
                                        "2026-02-29",
                                        "2026-09-01...2026-09-02",
                                        "2026-09-01..2026-09-02 ",
                                        "..",
                                        "daily"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(settle_period_parse(names[i], FOREVER, &period, NULL), SVC_MALFORMED);
    }
}

/* ---------------------------------------------------------------------- for people */

static void check_text(const char *name, const char *korean, const char *english) {
    struct settle_period period;
    struct svc_buf text;
    svc_buf_init(&text, 256);
    assert_int_equal(settle_period_parse(name, FOREVER, &period, NULL), SVC_OK);
    assert_true(settle_period_put_text(&period, EMAIL_KO, &text));
    assert_string_equal(svc_buf_text(&text), korean);
    svc_buf_reset(&text);
    assert_true(settle_period_put_text(&period, EMAIL_EN, &text));
    assert_string_equal(svc_buf_text(&text), english);
    svc_buf_clear(&text);
    struct svc_buf full;
    svc_buf_init(&full, 8);
    assert_false(settle_period_put_text(&period, EMAIL_KO, &full));
    svc_buf_clear(&full);
}

static void periods_are_written_in_korean_and_english(void **state) {
    (void)state;
    check_text("2026-09", "2026년 9월 1일 ~ 2026년 9월 30일", "September 1 – September 30, 2026");
    check_text("2026-09-01", "2026년 9월 1일", "September 1, 2026");
    check_text("2026-W53", "2026년 12월 28일 ~ 2027년 1월 3일",
               "December 28, 2026 – January 3, 2027");
    check_text("2028-02-29..2028-02-29", "2028년 2월 29일", "February 29, 2028");
}

/* ---------------------------------------------------------------------- objects */

static void objects_are_named_by_type_first_day_and_seller(void **state) {
    (void)state;
    static const struct {
        const char *period, *seller;
        enum settle_format format;
        uint32_t version;
        const char *expected;
    } cases[] = {
        {"2026-09-01", "42", SETTLE_CSV, 0, "settlements/daily/2026-09-01/seller-42.csv"},
        {"2026-W36", "42", SETTLE_HTML, 0, "settlements/weekly/2026-08-31/seller-42.html"},
        {"2026-09", "a-B_9", SETTLE_JSON, 1, "settlements/monthly/2026-09-01/seller-a-B_9.v1.json"},
        {"2026-09-01..2026-09-15", "42", SETTLE_CSV, 0,
         "settlements/custom/2026-09-01/seller-42.csv"},
        {"2026-09-01..2026-09-15", "42", SETTLE_CSV, 4294967295U,
         "settlements/custom/2026-09-01/seller-42.2026-09-15.v4294967295.csv"},
        {"2026-09", "", SETTLE_CSV, 0, ""},
        {"2026-09", "../1", SETTLE_CSV, 0, ""},
        {"2026-09", "1.v2", SETTLE_CSV, 0, ""},
        {"2026-09", "1/2", SETTLE_CSV, 0, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settle_period period;
        char key[SETTLE_OBJECT_KEY_BYTES];
        assert_int_equal(settle_period_parse(cases[i].period, FOREVER, &period, NULL), SVC_OK);
        assert_int_equal(
            settle_object_key(&period, cases[i].seller, cases[i].format, cases[i].version, key),
            cases[i].expected[0] != '\0');
        assert_string_equal(key, cases[i].expected);
    }
    struct settle_period period;
    char key[SETTLE_OBJECT_KEY_BYTES],
        longest[] = "0123456789012345678901234567890123456789012345678901234567890123";
    assert_int_equal(settle_period_parse("2026-09-01..2026-09-15", FOREVER, &period, NULL), SVC_OK);
    assert_true(settle_object_key(&period, longest, SETTLE_HTML, UINT32_MAX, key));
    assert_string_equal(settle_format_content_type(SETTLE_CSV), "text/csv; charset=utf-8");
}

static void check_file_name(const char *business, const char *expected) {
    struct settle_period period;
    struct svc_buf name;
    svc_buf_init(&name, 4096);
    assert_int_equal(settle_period_parse("2026-09", FOREVER, &period, NULL), SVC_OK);
    assert_true(settle_put_file_name(&period, business, SETTLE_CSV, &name));
    assert_string_equal(svc_buf_text(&name), expected);
    assert_true(svc_utf8_valid(name.bytes, name.size_bytes));
    svc_buf_clear(&name);
}

static void file_names_hold_nothing_that_file_systems_forbid(void **state) {
    (void)state;
    check_file_name("", "정산_2026-09.csv");
    check_file_name("바다 상회", "정산_2026-09_바다 상회.csv");
    check_file_name("a\r\nX: y\"/../\\:*?<>|%b", "정산_2026-09_aX y..b.csv");
    check_file_name("\u202egnp\u2066\xff\xed\xa0\x80\xc2\x85'", "정산_2026-09_gnp'.csv");
    check_file_name("0123456789012345678901234567890123456789overflow",
                    "정산_2026-09_0123456789012345678901234567890123456789.csv");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_1970_to_2100_belongs_to_the_periods_of_the_calendar),
        cmocka_unit_test(days_are_read_and_written),
        cmocka_unit_test(times_are_written_in_kst),
        cmocka_unit_test(custom_periods_are_bounded_ordered_and_over),
        cmocka_unit_test(times_and_types_that_have_no_period_are_refused),
        cmocka_unit_test(periods_are_written_in_korean_and_english),
        cmocka_unit_test(objects_are_named_by_type_first_day_and_seller),
        cmocka_unit_test(file_names_hold_nothing_that_file_systems_forbid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
