/* Results: when the invocation fails and with which words, what each task of a batch gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/image/report.h"
#include "services/base/json.h"

/* Reports objects with these outcomes, `untouched` more that were not started, and writes. */
static void write_report(const enum image_outcome *outcomes, size_t count, size_t untouched,
                         struct lrt_result *written) {
    static const char *const keys[] = {"uploads/1", "uploads/한글", "uploads/3"};
    struct image_report report = {.untouched = untouched};
    memset(written, 0, sizeof(*written));
    svc_buf_init(&written->body, LRT_MAX_RESPONSE_BYTES);
    for (size_t i = 0; i < count; i++) {
        const char *key = keys[i % 3];
        const struct image_task task = {.object = {.raw_key = key, .raw_key_bytes = strlen(key)}};
        struct image_result result;
        image_result_set(&result, outcomes[i], outcomes[i] == IMAGE_MADE ? "" : "REASON",
                         "because of %zu", i);
        image_report_add(&task, &result, &report);
    }
    image_report_write(&report, written);
}

static void test_counts_without_a_failure(void **state) {
    (void)state;
    struct lrt_result written;
    write_report((const enum image_outcome[]){IMAGE_MADE, IMAGE_REJECTED, IMAGE_SKIPPED, IMAGE_GONE,
                                              IMAGE_ALREADY_MADE},
                 5, 0, &written);
    assert_false(written.failed);
    assert_string_equal(svc_buf_text(&written.body),
                        "{\"made\":1,\"alreadyMade\":1,\"skipped\":1,\"gone\":1,\"rejected\":1,"
                        "\"failed\":0}");
    svc_buf_clear(&written.body);
}

static void check_failure(const enum image_outcome *outcomes, size_t count, size_t untouched,
                          const char *type, const char *message) {
    struct lrt_result written;
    write_report(outcomes, count, untouched, &written);
    assert_true(written.failed);
    assert_string_equal(written.error_type, type);
    assert_string_equal(written.error_message, message);
    assert_int_equal(written.body.size_bytes, 0);
    svc_buf_clear(&written.body);
}

static void test_one_failure_fails_the_invocation(void **state) {
    (void)state;
    check_failure((const enum image_outcome[]){IMAGE_MADE, IMAGE_FAILED, IMAGE_FAILED}, 3, 0,
                  "Image.REASON", "2 of 3 objects failed; the first, uploads/한글: because of 1");
}

static void test_a_missing_bucket_fails_the_invocation(void **state) {
    (void)state;
    check_failure((const enum image_outcome[]){IMAGE_NO_BUCKET, IMAGE_FAILED, IMAGE_GONE}, 3, 0,
                  "Image.REASON", "2 of 3 objects failed; the first, uploads/1: because of 0");
}

static void test_objects_that_were_not_started_fail_the_invocation(void **state) {
    (void)state;
    check_failure((const enum image_outcome[]){IMAGE_MADE, IMAGE_SKIPPED}, 2, 3, "Image.DEADLINE",
                  "3 of 5 objects were not started: too little time was left");
    check_failure((const enum image_outcome[]){IMAGE_MADE, IMAGE_FAILED}, 2, 3, "Image.REASON",
                  "1 of 5 objects failed, 3 were not started; the first failure, uploads/한글: "
                  "because of 1");
}

static void test_a_long_key_is_cut(void **state) {
    (void)state;
    char key[1000];
    memset(key, 'k', sizeof(key));
    const struct image_task task = {.object = {.raw_key = key, .raw_key_bytes = sizeof(key)}};
    struct image_report report = {0};
    struct image_result result;
    image_result_set(&result, IMAGE_FAILED, "REASON", "%s", "because");
    image_report_add(&task, &result, &report);
    assert_int_equal(strlen(report.first_failed_key), sizeof(report.first_failed_key) - 1);
    const struct image_task none = {0};
    struct image_report other = {0};
    image_report_add(&none, &result, &other);
    assert_string_equal(other.first_failed_key, "");
}

static void test_every_outcome_of_a_task(void **state) {
    (void)state;
    static const struct {
        enum image_outcome outcome;
        const char *code, *text;
    } cases[] = {
        {IMAGE_MADE, "Succeeded", "made"},
        {IMAGE_ALREADY_MADE, "Succeeded", "already made: REASON: because"},
        {IMAGE_SKIPPED, "Succeeded", "skipped: REASON: because"},
        {IMAGE_GONE, "PermanentFailure", "gone: REASON: because"},
        {IMAGE_REJECTED, "PermanentFailure", "rejected: REASON: because"},
        {IMAGE_NO_BUCKET, "PermanentFailure", "no bucket: REASON: because"},
        {IMAGE_FAILED, "TemporaryFailure", "failed: REASON: because"},
    };
    assert_int_equal(sizeof(cases) / sizeof(cases[0]), IMAGE_OUTCOMES);
    for (size_t i = 0; i < IMAGE_OUTCOMES; i++) {
        struct svc_buf out;
        struct svc_json_writer writer;
        struct svc_json *json = NULL;
        struct image_result result;
        svc_buf_init(&out, 4096);
        svc_json_writer_init(&writer, &out);
        image_result_set(&result, cases[i].outcome, cases[i].outcome == IMAGE_MADE ? "" : "REASON",
                         "%s", "because");
        image_batch_add(&writer, "t0", &result);
        assert_int_equal(svc_json_parse(out.bytes, out.size_bytes, 0, &json, NULL), SVC_OK);
        assert_string_equal(svc_json_get_text(json, "taskId"), "t0");
        assert_string_equal(svc_json_get_text(json, "resultCode"), cases[i].code);
        assert_string_equal(svc_json_get_text(json, "resultString"), cases[i].text);
        svc_json_free(json);
        svc_buf_clear(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_without_a_failure),
        cmocka_unit_test(test_one_failure_fails_the_invocation),
        cmocka_unit_test(test_a_missing_bucket_fails_the_invocation),
        cmocka_unit_test(test_objects_that_were_not_started_fail_the_invocation),
        cmocka_unit_test(test_a_long_key_is_cut),
        cmocka_unit_test(test_every_outcome_of_a_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
