/* The runtime's parts that need no Runtime API: metrics, log lines as text, the form of a failure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/runtime/logs.h"
#include "lambda/runtime/metrics.h"
#include "lambda/runtime/runtime.h"
#include "services/base/json.h"

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
    svc_buf_init(&out, LRT_MAX_METRICS_LINE_BYTES);
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

static void test_rejects_have_a_line_for_each_reason(void **state) {
    (void)state;
    struct lrt_metrics metrics;
    struct svc_buf out;
    svc_buf_init(&out, LRT_MAX_METRICS_LINE_BYTES);
    lrt_metrics_reset(&metrics);
    lrt_metrics_reject(&metrics, "TRUNCATED");
    lrt_metrics_reject(&metrics, "CORRUPT");
    lrt_metrics_reject(&metrics, "TRUNCATED");
    lrt_metrics_reject(NULL, "TRUNCATED");
    assert_int_equal(lrt_metrics_format(&metrics, "Shop", "image", "", 1, &out), SVC_OK);
    const char *text = svc_buf_text(&out);
    const char *end = strchr(text, '\n');
    assert_non_null(end);
    struct svc_json *line = parse_line(text, (size_t)(end - text) + 1);
    int64_t number;
    assert_string_equal(svc_json_get_text(line, "Reason"), "TRUNCATED");
    assert_true(svc_json_get_int(line, "Rejects", &number));
    assert_int_equal(number, 2);
    assert_false(svc_json_has(line, "requestId"));
    svc_json_free(line);
    line = parse_line(end + 1, out.size_bytes - (size_t)(end + 1 - text));
    assert_string_equal(svc_json_get_text(line, "Reason"), "CORRUPT");
    svc_json_free(line);
    svc_buf_clear(&out);
}

static void test_metrics_are_bounded(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                        "j", "k", "l", "m", "n", "o", "p", "q", "r",
                                        "s", "t", "u", "v", "w", "x", "y", "z"};
    struct lrt_metrics metrics;
    struct svc_buf out;
    lrt_metrics_reset(&metrics);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        lrt_metrics_add(&metrics, names[i], LRT_COUNT, INT64_MAX / 2);
        lrt_metrics_reject(&metrics, names[i]);
    }
    lrt_metrics_reject(&metrics, "a reason that is far too long to be one of the code's own");
    assert_int_equal(metrics.count, LRT_MAX_METRICS);
    assert_int_equal(metrics.reason_count, LRT_MAX_REASONS);
    svc_buf_init(&out, LRT_MAX_METRICS_LINE_BYTES);
    assert_int_equal(lrt_metrics_format(&metrics, "OpenMarket", "image-processor", "id", 1, &out),
                     SVC_OK);
    svc_buf_clear(&out);
    lrt_metrics_reset(&metrics);
    assert_int_equal(lrt_metrics_format(&metrics, "Shop", "image", "", 1, &out), SVC_OK);
    assert_int_equal(out.size_bytes, 0);
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

static void test_the_log_level_is_lambdas(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum svc_log_level level;
    } examples[] = {{NULL, SVC_LOG_INFO},     {"DEBUG", SVC_LOG_DEBUG}, {"error", SVC_LOG_ERROR},
                    {"FATAL", SVC_LOG_FATAL}, {"loud", SVC_LOG_INFO},   {"", SVC_LOG_INFO}};
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct svc_log log;
        lrt_logs_init(&log, examples[i].text, NULL, svc_clock_system());
        assert_int_equal(log.level, examples[i].level);
    }
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
        cmocka_unit_test(test_rejects_have_a_line_for_each_reason),
        cmocka_unit_test(test_metrics_are_bounded),
        cmocka_unit_test(test_log_lines_as_text),
        cmocka_unit_test(test_the_log_level_is_lambdas),
        cmocka_unit_test(test_failures_are_cut_and_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
