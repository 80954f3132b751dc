/* The runtime's parts that need no Runtime API: metrics, log lines as text, settings, the process's
 * age, the time left, the form of a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/runtime/age.h"
#include "lambda/runtime/logs.h"
#include "lambda/runtime/metrics.h"
#include "lambda/runtime/program.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

static void keep_line(void *user, const char *line, size_t size_bytes) {
    svc_buf_append(user, line, size_bytes);
}

static struct svc_json *parse_line(const char *line, size_t size_bytes) {
    struct svc_json *document;
    assert_true(size_bytes > 0 && line[size_bytes - 1] == '\n');
    assert_int_equal(svc_json_parse(line, size_bytes, 0, &document, NULL), SVC_OK);
    return document;
}

static void test_metrics_in_the_embedded_format(void **state) {
    (void)state;
    struct lrt_metrics metrics;
    struct svc_buf out;
    svc_buf_init(&out, LRT_MAX_METRICS_LINES_BYTES);
    lrt_metrics_reset(&metrics);
    lrt_metrics_add(&metrics, "Duration", LRT_MILLISECONDS, 40);
    lrt_metrics_add(&metrics, "Duration", LRT_MILLISECONDS, 2);
    lrt_metrics_add(&metrics, "BytesIn", LRT_BYTES, INT64_C(5000000000));
    lrt_metrics_add(NULL, "BytesIn", LRT_BYTES, 1);
    assert_int_equal(
        lrt_metrics_format(&metrics, "Shop", "image \"한글\"", "id-1", 1700000000123, &out),
        SVC_OK);
    struct svc_json *line = parse_line(svc_buf_text(&out), out.size_bytes);
    const struct svc_json *aws = svc_json_get(line, "_aws");
    int64_t number;
    assert_true(svc_json_get_int(aws, "Timestamp", &number));
    assert_int_equal(number, 1700000000123);
    const struct svc_json *directive = svc_json_at(svc_json_get(aws, "CloudWatchMetrics"), 0);
    assert_string_equal(svc_json_get_text(directive, "Namespace"), "Shop");
    const struct svc_json *dimensions = svc_json_at(svc_json_get(directive, "Dimensions"), 0);
    assert_int_equal(svc_json_count(dimensions), 1);
    assert_string_equal(svc_json_text(svc_json_at(dimensions, 0)), "FunctionName");
    const struct svc_json *definitions = svc_json_get(directive, "Metrics");
    assert_int_equal(svc_json_count(definitions), 2);
    assert_string_equal(svc_json_get_text(svc_json_at(definitions, 0), "Unit"), "Milliseconds");
    assert_string_equal(svc_json_get_text(svc_json_at(definitions, 1), "Unit"), "Bytes");
    assert_string_equal(svc_json_get_text(line, "FunctionName"), "image \"한글\"");
    assert_string_equal(svc_json_get_text(line, "requestId"), "id-1");
    assert_true(svc_json_get_int(line, "Duration", &number));
    assert_int_equal(number, 42);
    assert_true(svc_json_get_int(line, "BytesIn", &number));
    assert_int_equal(number, INT64_C(5000000000));
    svc_json_free(line);
    svc_buf_clear(&out);
}

/* The next line of the text, which moves behind it. */
static struct svc_json *next_line(const char **text) {
    const char *end = strchr(*text, '\n');
    assert_non_null(end);
    struct svc_json *line = parse_line(*text, (size_t)(end - *text) + 1);
    *text = end + 1;
    return line;
}

/* That the line has exactly these names as dimensions and these metrics, and a value of each. */
static void check_line(const struct svc_json *line, const char *const *dimensions,
                       const char *const *metrics, const int64_t *values) {
    const struct svc_json *directive =
        svc_json_at(svc_json_get(svc_json_get(line, "_aws"), "CloudWatchMetrics"), 0);
    const struct svc_json *sets = svc_json_get(directive, "Dimensions");
    assert_int_equal(svc_json_count(sets), 1);
    size_t n = 0;
    for (; dimensions[n] != NULL; n++) {
        assert_string_equal(svc_json_text(svc_json_at(svc_json_at(sets, 0), n)), dimensions[n]);
        assert_non_null(svc_json_get_text(line, dimensions[n]));
    }
    assert_int_equal(svc_json_count(svc_json_at(sets, 0)), n);
    const struct svc_json *definitions = svc_json_get(directive, "Metrics");
    for (n = 0; metrics[n] != NULL; n++) {
        int64_t number = 0;
        assert_string_equal(svc_json_get_text(svc_json_at(definitions, n), "Name"), metrics[n]);
        assert_true(svc_json_get_int(line, metrics[n], &number));
        assert_int_equal(number, values[n]);
    }
    assert_int_equal(svc_json_count(definitions), n);
}

#define NAMES(...)   ((const char *const[]){__VA_ARGS__, NULL})
#define NUMBERS(...) ((const int64_t[]){__VA_ARGS__})

static void test_each_dimension_and_value_has_a_line(void **state) {
    (void)state;
    struct lrt_metrics metrics;
    struct svc_buf out;
    svc_buf_init(&out, LRT_MAX_METRICS_LINES_BYTES);
    lrt_metrics_reset(&metrics);
    lrt_metrics_add(&metrics, "Failures", LRT_COUNT, 0);
    lrt_metrics_add_by(&metrics, "Rejects", "Reason", "TRUNCATED", 1);
    lrt_metrics_add_by(&metrics, "Mails", "Template", "WELCOME", 3);
    lrt_metrics_add_by(&metrics, "Rejects", "Reason", "CORRUPT", 1);
    lrt_metrics_add_by(&metrics, "Retries", "Reason", "TRUNCATED", 5);
    lrt_metrics_add_by(&metrics, "Rejects", "Reason", "TRUNCATED", 2);
    lrt_metrics_add_by(&metrics, "Mails", "Reason", "WELCOME", 7);
    lrt_metrics_add_by(NULL, "Rejects", "Reason", "TRUNCATED", 1);
    assert_int_equal(lrt_metrics_format(&metrics, "Shop", "image", "", 1, &out), SVC_OK);
    const char *text = svc_buf_text(&out);
    struct svc_json *line = next_line(&text);
    check_line(line, NAMES("FunctionName"), NAMES("Failures"), NUMBERS(0));
    assert_false(svc_json_has(line, "requestId"));
    svc_json_free(line);
    line = next_line(&text);
    check_line(line, NAMES("FunctionName", "Reason"), NAMES("Rejects", "Retries"), NUMBERS(3, 5));
    assert_string_equal(svc_json_get_text(line, "Reason"), "TRUNCATED");
    svc_json_free(line);
    line = next_line(&text);
    check_line(line, NAMES("FunctionName", "Template"), NAMES("Mails"), NUMBERS(3));
    assert_string_equal(svc_json_get_text(line, "Template"), "WELCOME");
    assert_false(svc_json_has(line, "Reason"));
    svc_json_free(line);
    line = next_line(&text);
    check_line(line, NAMES("FunctionName", "Reason"), NAMES("Rejects"), NUMBERS(1));
    assert_string_equal(svc_json_get_text(line, "Reason"), "CORRUPT");
    svc_json_free(line);
    line = next_line(&text);
    check_line(line, NAMES("FunctionName", "Reason"), NAMES("Mails"), NUMBERS(7));
    assert_string_equal(svc_json_get_text(line, "Reason"), "WELCOME");
    svc_json_free(line);
    assert_string_equal(text, "");
    svc_buf_clear(&out);
}

static const char *const letters[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                      "j", "k", "l", "m", "n", "o", "p", "q", "r",
                                      "s", "t", "u", "v", "w", "x", "y", "z"};
#define LETTERS (sizeof(letters) / sizeof(letters[0]))

static int64_t dropped_of(const struct lrt_metrics *metrics) {
    struct svc_buf out;
    char function_name[256];
    memset(function_name, '"', sizeof(function_name) - 1);
    function_name[sizeof(function_name) - 1] = '\0';
    svc_buf_init(&out, LRT_MAX_METRICS_LINES_BYTES);
    /* Whatever the tables hold fits the buffer. */
    assert_int_equal(
        lrt_metrics_format(metrics, function_name, function_name, function_name, 1, &out), SVC_OK);
    int64_t number = 0;
    const char *text = svc_buf_text(&out);
    struct svc_json *line = next_line(&text);
    (void)svc_json_get_int(line, "MetricsDropped", &number);
    svc_json_free(line);
    svc_buf_clear(&out);
    return number;
}

static void test_metrics_that_find_no_place_are_counted(void **state) {
    (void)state;
    struct lrt_metrics metrics;
    lrt_metrics_reset(&metrics);
    for (size_t i = 0; i < LRT_MAX_METRICS; i++) {
        lrt_metrics_add(&metrics, letters[i], LRT_COUNT, 1);
    }
    for (size_t i = 0; i < LRT_MAX_METRICS_BY; i++) {
        lrt_metrics_add_by(&metrics, i < LETTERS ? "One" : "Two", "Reason", letters[i % LETTERS],
                           1);
    }
    assert_int_equal(dropped_of(&metrics), 0);
    lrt_metrics_add(&metrics, "Another", LRT_COUNT, 1);
    lrt_metrics_add(&metrics, letters[0], LRT_COUNT, 1); /* has a place */
    lrt_metrics_add_by(&metrics, "Another", "Reason", "a", 1);
    lrt_metrics_add_by(&metrics, "One", "Another", "a", 1);
    lrt_metrics_add_by(&metrics, "Two", "Reason", "z", 1);
    lrt_metrics_add_by(&metrics, "One", "Reason", "z", 1); /* has a place */
    assert_int_equal(dropped_of(&metrics), 4);
    lrt_metrics_reset(&metrics);
    lrt_metrics_add(&metrics, "Failures", LRT_COUNT, 1);
    assert_int_equal(dropped_of(&metrics), 0);
}

static void test_a_dimension_value_is_what_cloudwatch_accepts(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int64_t dropped;
    } examples[] = {
        {"NO_SUCH_KEY", 0},
        {"two words", 0},
        {"", 1},
        {"  ", 1},
        {":reserved", 1},
        {"한글", 1},
        {"a\nb", 1},
        {"63 bytes....................................................xxx", 0},
        {"64 bytes....................................................xxxx", 1},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct lrt_metrics metrics;
        lrt_metrics_reset(&metrics);
        lrt_metrics_add_by(&metrics, "Rejects", "Reason", examples[i].value, 1);
        assert_int_equal(dropped_of(&metrics), examples[i].dropped);
        assert_int_equal(metrics.by_count, 1 - examples[i].dropped);
    }
}

static void test_a_metric_stays_at_its_ends(void **state) {
    (void)state;
    struct lrt_metrics metrics;
    lrt_metrics_reset(&metrics);
    for (int i = 0; i < 3; i++) {
        lrt_metrics_add(&metrics, "High", LRT_COUNT, INT64_MAX / 2);
        lrt_metrics_add(&metrics, "Low", LRT_COUNT, INT64_MIN / 2);
        lrt_metrics_add_by(&metrics, "High", "Reason", "a", INT64_MAX / 2);
    }
    assert_int_equal(metrics.values[0].value, INT64_MAX);
    assert_int_equal(metrics.values[1].value, INT64_MIN);
    assert_int_equal(metrics.by[0].value, INT64_MAX);
}

static void test_without_metrics_there_is_no_line(void **state) {
    (void)state;
    struct lrt_metrics metrics;
    struct svc_buf out;
    svc_buf_init(&out, LRT_MAX_METRICS_LINES_BYTES);
    lrt_metrics_reset(&metrics);
    assert_int_equal(lrt_metrics_format(&metrics, "Shop", "image", "", 1, &out), SVC_OK);
    assert_int_equal(out.size_bytes, 0);
    svc_buf_clear(&out);
}

static void test_log_lines_as_text(void **state) {
    (void)state;
    static const char line[] =
        "{\"timestamp\":\"2026-01-02T03:04:05.678Z\",\"level\":\"WARN\",\"message\":\"a picture is "
        "rejected\",\"requestId\":\"id-1\",\"key\":\"uploads/한글.jpg\",\"detail\":\"two "
        "words\",\"evil\":\"a\\nb\\tc\",\"empty\":\"\",\"bytes\":17,\"good\":true,\"none\":null}\n";
    struct svc_buf out;
    svc_buf_init(&out, 4096);
    lrt_logs_to_text(line, strlen(line), &out);
    assert_string_equal(svc_buf_text(&out),
                        "2026-01-02T03:04:05.678Z\tid-1\tWARN\ta picture is rejected\t"
                        "key=uploads/한글.jpg\tdetail=\"two words\"\tevil=\"a\\nb\\tc\"\t"
                        "empty=\"\"\tbytes=17\tgood=true\tnone=null\n");
    svc_buf_reset(&out);
    lrt_logs_to_text("not json\n", 9, &out);
    assert_string_equal(svc_buf_text(&out), "not json\n");
    svc_buf_clear(&out);
}

static void test_a_text_line_has_no_controls_and_no_line_ends(void **state) {
    (void)state;
    static const struct {
        const char *raw, *escaped;
    } examples[] = {
        {"a\xe2\x80\xa8"
         "b",
         "\"a\\u2028b\""}, /* line separator */
        {"a\xe2\x80\xa9"
         "b",
         "\"a\\u2029b\""}, /* paragraph separator */
        {"a\xc2\x80"
         "b",
         "\"a\\u0080b\""},
        {"a\xc2\x85"
         "b",
         "\"a\\u0085b\""}, /* next line */
        {"a\xc2\x9b"
         "31m",
         "\"a\\u009b31m\""}, /* begins a terminal's escape sequence */
        {"a\xc2\x9f"
         "b",
         "\"a\\u009fb\""},
        {"a\x7f"
         "b",
         "\"a\\u007fb\""},
        {"a\x1b"
         "[31m",
         "\"a\\u001b[31m\""},
        {"a\xc2\xa0"
         "b",
         "a\xc2\xa0"
         "b"},                                                    /* the first behind C1 */
        {"\xe2\x80\xa7\xe2\x80\xaa", "\xe2\x80\xa7\xe2\x80\xaa"}, /* U+2027, U+202A */
    };
    struct svc_log log;
    struct svc_buf json, text;
    svc_log_init(&log, svc_clock_system(), keep_line, &json);
    svc_buf_init(&json, 4096);
    svc_buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        char expected[64];
        svc_buf_reset(&json);
        svc_buf_reset(&text);
        svc_log_event(&log, SVC_LOG_INFO, examples[i].raw, SVC_TEXT("key", examples[i].raw));
        lrt_logs_to_text(svc_buf_text(&json), json.size_bytes, &text);
        (void)snprintf(expected, sizeof(expected), "\tINFO\t%s\tkey=%s\n", examples[i].escaped,
                       examples[i].escaped);
        assert_non_null(strstr(svc_buf_text(&text), expected));
        /* The JSON line has them escaped as well. */
        if (examples[i].escaped[0] == '"') {
            assert_null(strstr(svc_buf_text(&json), examples[i].raw));
            assert_non_null(strstr(svc_buf_text(&json), examples[i].escaped));
        }
    }
    svc_buf_clear(&json);
    svc_buf_clear(&text);
}

/* An environment of one variable. */
static const char *get_one(void *user, const char *name) {
    const char *const *variable = user;
    return strcmp(name, variable[0]) == 0 ? variable[1] : NULL;
}

static void test_log_settings_are_lambdas(void **state) {
    (void)state;
    static const struct {
        const char *variable[2];
        enum svc_log_level level;
        const char *error;
    } examples[] = {
        {{"OTHER", "x"}, SVC_LOG_INFO, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", ""}, SVC_LOG_INFO, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "DEBUG"}, SVC_LOG_DEBUG, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "TRACE"}, SVC_LOG_TRACE, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "INFO"}, SVC_LOG_INFO, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "WARN"}, SVC_LOG_WARN, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "ERROR"}, SVC_LOG_ERROR, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "FATAL"}, SVC_LOG_FATAL, NULL},
        {{"AWS_LAMBDA_LOG_LEVEL", "loud"},
         SVC_LOG_INFO,
         "AWS_LAMBDA_LOG_LEVEL is not TRACE, DEBUG, INFO, WARN, ERROR or FATAL"},
        {{"AWS_LAMBDA_LOG_FORMAT", "Text"}, SVC_LOG_INFO, NULL},
        {{"AWS_LAMBDA_LOG_FORMAT", "JSON"}, SVC_LOG_INFO, NULL},
        {{"AWS_LAMBDA_LOG_FORMAT", "xml"},
         SVC_LOG_INFO,
         "AWS_LAMBDA_LOG_FORMAT is not JSON or Text"},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const char *variable[] = {examples[i].variable[0], examples[i].variable[1]};
        const struct svc_environment environment = {get_one, variable};
        struct svc_settings from;
        struct svc_error error;
        struct svc_log log;
        svc_error_clear(&error);
        svc_settings_init(&from, &environment, &error);
        svc_log_init(&log, svc_clock_system(), NULL, NULL);
        lrt_logs_read_settings(&from, &log);
        assert_int_equal(log.level, examples[i].level);
        assert_int_equal(from.status, examples[i].error != NULL ? SVC_CONFIGURATION : SVC_OK);
        assert_string_equal(error.detail, examples[i].error != NULL ? examples[i].error : "");
        const bool is_text = strcmp(examples[i].variable[1], "Text") == 0;
        assert_int_equal(log.sink != svc_log_to_stderr, is_text);
    }
}

/* The transport takes its settings from the environment that it is given, not from the process. */
static void test_the_transport_reads_the_injected_environment(void **state) {
    (void)state;
    static const struct lrt_function function = {.name = "test"};
    const char *variable[] = {"AWS_CA_BUNDLE", "/nonexistent/bundle.pem"};
    const struct svc_environment environment = {get_one, variable};
    struct lrt_program program;
    struct svc_error error;
    svc_error_clear(&error);
    assert_int_equal(lrt_program_open(&program, &function, &environment, &error),
                     SVC_CONFIGURATION);
    assert_non_null(strstr(error.detail, "/nonexistent/bundle.pem"));
    lrt_program_close(&program);
}

static void test_the_age_is_within_what_the_system_states(void **state) {
    (void)state;
    /* A start time in ticks of 10 ms leaves an interval of 10 ms. */
    assert_int_equal(lrt_age_correct(3, 3, 10), 3);
    assert_int_equal(lrt_age_correct(3, 12, 10), 3);
    assert_int_equal(lrt_age_correct(3, 13, 10), 3);
    /* The program waited before main: for its pages, for a wrapper. */
    assert_int_equal(lrt_age_correct(3, 250, 10), 240);
    /* More CPU time than wall time, as of several threads. */
    assert_int_equal(lrt_age_correct(9, 4, 10), 4);
    struct lrt_age age;
    lrt_age_begin(&age);
    const int64_t first_ms = lrt_age_ms(&age);
    svc_sleep_ms(svc_clock_system(), 30);
    assert_true(first_ms >= 0 && lrt_age_ms(&age) >= first_ms + 20);
}

static void test_the_start_time_stands_in_field_22(void **state) {
    (void)state;
    int64_t ticks = 0;
    assert_true(lrt_age_parse_stat(
        "4321 (a) (b c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654 20 21\n", &ticks));
    assert_int_equal(ticks, 987654);
    assert_false(lrt_age_parse_stat("", &ticks));
    assert_false(lrt_age_parse_stat("4321 (a) S 1 2 3", &ticks));
    assert_false(lrt_age_parse_stat(
        "4321 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99999999999999999999 20", &ticks));
    assert_false(lrt_age_parse_stat("4321 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 -5 20",
                                    &ticks));
}

static int64_t frozen_ms(void *user) {
    return *(const int64_t *)user;
}

static void test_there_is_time_until_the_deadline(void **state) {
    (void)state;
    int64_t now_ms = 1000;
    const struct svc_clock clock = {frozen_ms, frozen_ms, NULL, &now_ms};
    struct lrt_invocation invocation = {.deadline_ms = 5000};
    assert_true(lrt_has_time(&invocation, &clock, 4000));
    assert_false(lrt_has_time(&invocation, &clock, 4001));
    now_ms = 6000;
    assert_false(lrt_has_time(&invocation, &clock, 1));
    invocation.deadline_ms = SVC_NO_DEADLINE;
    assert_true(lrt_has_time(&invocation, &clock, INT64_MAX));
}

static void test_failures_are_cut_and_clean(void **state) {
    (void)state;
    struct lrt_result result = {0};
    char long_text[2 * LRT_ERROR_MESSAGE_BYTES];
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    lrt_fail(&result, "Image.Bad\r\nX-Evil: 1 한", "%s", long_text);
    assert_true(result.failed);
    assert_string_equal(result.error_type, "Image.BadX-Evil:1");
    assert_int_equal(strlen(result.error_message), LRT_ERROR_MESSAGE_BYTES - 1);
    lrt_fail(&result, long_text, "한글");
    assert_int_equal(strlen(result.error_type), LRT_ERROR_TYPE_BYTES - 1);
    assert_string_equal(result.error_message, "한글");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics_in_the_embedded_format),
        cmocka_unit_test(test_each_dimension_and_value_has_a_line),
        cmocka_unit_test(test_metrics_that_find_no_place_are_counted),
        cmocka_unit_test(test_a_dimension_value_is_what_cloudwatch_accepts),
        cmocka_unit_test(test_a_metric_stays_at_its_ends),
        cmocka_unit_test(test_without_metrics_there_is_no_line),
        cmocka_unit_test(test_log_lines_as_text),
        cmocka_unit_test(test_a_text_line_has_no_controls_and_no_line_ends),
        cmocka_unit_test(test_log_settings_are_lambdas),
        cmocka_unit_test(test_the_transport_reads_the_injected_environment),
        cmocka_unit_test(test_the_age_is_within_what_the_system_states),
        cmocka_unit_test(test_the_start_time_stands_in_field_22),
        cmocka_unit_test(test_there_is_time_until_the_deadline),
        cmocka_unit_test(test_failures_are_cut_and_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
