/* Answers: which messages come again, what each task of a batch gets, when the invocation fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/image/answers.h"
#include "services/base/json.h"

struct answered {
    struct image_event event;
    struct image_report report;
    struct lrt_result answer;
    struct svc_json *json;
};

/* Reads `event`, gives task i the outcome i of `outcomes`, and writes the answer. */
static void answer(struct answered *answered, const char *event,
                   const enum image_outcome *outcomes) {
    memset(answered, 0, sizeof(*answered));
    svc_buf_init(&answered->answer.body, LRT_MAX_RESPONSE_BYTES);
    assert_int_equal(
        image_event_read((const uint8_t *)event, strlen(event), &answered->event, NULL), SVC_OK);
    assert_int_equal(image_report_init(&answered->event, &answered->report), SVC_OK);
    for (size_t i = 0; i < answered->event.task_count; i++) {
        struct image_result result;
        image_result_set(&result, outcomes[i], outcomes[i] == IMAGE_MADE ? "" : "REASON",
                         "because of %zu", i);
        image_report_add(&answered->event, &answered->event.tasks[i], &result, &answered->report);
    }
    image_answer_write(&answered->event, &answered->report, &answered->answer);
    if (!answered->answer.failed) {
        assert_int_equal(svc_json_parse(answered->answer.body.bytes,
                                        answered->answer.body.size_bytes, 0, &answered->json, NULL),
                         SVC_OK);
    }
}

static void clear(struct answered *answered) {
    svc_json_free(answered->json);
    svc_buf_clear(&answered->answer.body);
    image_report_clear(&answered->report);
    image_event_clear(&answered->event);
}

#define S3(key)                                                                                    \
    "{\"eventSource\":\"aws:s3\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"" key   \
    "\"}}}"

static void test_records_without_a_failure(void **state) {
    (void)state;
    struct answered answered;
    answer(&answered, "{\"Records\":[" S3("1") "," S3("2") "," S3("3") "," S3("4") "," S3("5") "]}",
           (const enum image_outcome[]){IMAGE_MADE, IMAGE_REJECTED, IMAGE_SKIPPED, IMAGE_GONE,
                                        IMAGE_ALREADY_MADE});
    assert_false(answered.answer.failed);
    assert_string_equal(svc_buf_text(&answered.answer.body),
                        "{\"made\":1,\"alreadyMade\":1,\"skipped\":1,\"gone\":1,\"rejected\":1,"
                        "\"failed\":0}");
    clear(&answered);
}

static void test_one_failure_fails_the_records(void **state) {
    (void)state;
    struct answered answered;
    answer(&answered, "{\"Records\":[" S3("uploads/1") "," S3("uploads/한글") "," S3("3") "]}",
           (const enum image_outcome[]){IMAGE_MADE, IMAGE_FAILED, IMAGE_FAILED});
    assert_true(answered.answer.failed);
    assert_string_equal(answered.answer.error_type, "Image.REASON");
    assert_string_equal(answered.answer.error_message,
                        "2 of 3 objects failed; the first, uploads/한글: because of 1");
    assert_int_equal(answered.answer.body.size_bytes, 0);
    clear(&answered);
}

#define MESSAGE(id, body)                                                                          \
    "{\"eventSource\":\"aws:sqs\",\"messageId\":\"" id "\",\"body\":\"" body "\"}"
#define IN_BODY                                                                                    \
    "{\\\"eventSource\\\":\\\"aws:s3\\\",\\\"s3\\\":{\\\"bucket\\\":{\\\"name\\\":\\\"b\\\"},"     \
    "\\\"object\\\":{\\\"key\\\":\\\"k\\\"}}}"
#define ONE "{\\\"Records\\\":[" IN_BODY "]}"
#define TWO "{\\\"Records\\\":[" IN_BODY "," IN_BODY "]}"

static void test_exactly_the_failed_messages(void **state) {
    (void)state;
    struct answered answered;
    answer(&answered,
           "{\"Records\":[" MESSAGE("m0", ONE) "," MESSAGE("m1", TWO) "," MESSAGE(
               "m2", "bad") "," MESSAGE("m3", TWO) "," MESSAGE("m4", ONE) "]}",
           (const enum image_outcome[]){IMAGE_MADE, IMAGE_FAILED, IMAGE_MADE, IMAGE_MADE,
                                        IMAGE_REJECTED, IMAGE_FAILED});
    assert_false(answered.answer.failed);
    assert_string_equal(svc_buf_text(&answered.answer.body),
                        "{\"batchItemFailures\":[{\"itemIdentifier\":\"m1\"},{\"itemIdentifier\":"
                        "\"m2\"},{\"itemIdentifier\":\"m4\"}]}");
    clear(&answered);
    answer(&answered, "{\"Records\":[" MESSAGE("m0", ONE) "]}",
           (const enum image_outcome[]){IMAGE_MADE});
    assert_string_equal(svc_buf_text(&answered.answer.body), "{\"batchItemFailures\":[]}");
    clear(&answered);
}

#define TASK(id) "{\"taskId\":\"" id "\",\"s3Key\":\"k\",\"s3Bucket\":\"b\"}"

static void test_every_task_of_a_batch(void **state) {
    (void)state;
    static const char *const codes[] = {"Succeeded",        "Succeeded",        "Succeeded",
                                        "PermanentFailure", "PermanentFailure", "TemporaryFailure",
                                        "PermanentFailure"};
    struct answered answered;
    answer(
        &answered,
        "{\"invocationSchemaVersion\":\"2.0\",\"invocationId\":\"\\uD55C\",\"tasks\":[" TASK("t0") "," TASK(
            "t1") "," TASK("t2") "," TASK("t3") "," TASK("t4") "," TASK("t5") "," TASK("t6") "]}",
        (const enum image_outcome[]){IMAGE_MADE, IMAGE_ALREADY_MADE, IMAGE_SKIPPED, IMAGE_GONE,
                                     IMAGE_REJECTED, IMAGE_FAILED, IMAGE_NO_BUCKET});
    assert_string_equal(svc_json_get_text(answered.json, "invocationSchemaVersion"), "2.0");
    assert_string_equal(svc_json_get_text(answered.json, "invocationId"), "한");
    assert_string_equal(svc_json_get_text(answered.json, "treatMissingKeysAs"), "TemporaryFailure");
    const struct svc_json *results = svc_json_get(answered.json, "results");
    assert_int_equal(svc_json_count(results), 7);
    for (size_t i = 0; i < 7; i++) {
        const struct svc_json *result = svc_json_at(results, i);
        char id[8];
        (void)snprintf(id, sizeof(id), "t%zu", i);
        assert_string_equal(svc_json_get_text(result, "taskId"), id);
        assert_string_equal(svc_json_get_text(result, "resultCode"), codes[i]);
    }
    assert_string_equal(svc_json_get_text(svc_json_at(results, 0), "resultString"), "made");
    assert_string_equal(svc_json_get_text(svc_json_at(results, 4), "resultString"),
                        "rejected: REASON: because of 4");
    assert_string_equal(svc_json_get_text(svc_json_at(results, 3), "resultString"),
                        "gone: REASON: because of 3");
    assert_string_equal(svc_json_get_text(svc_json_at(results, 6), "resultString"),
                        "no bucket: REASON: because of 6");
    clear(&answered);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_without_a_failure),
        cmocka_unit_test(test_one_failure_fails_the_records),
        cmocka_unit_test(test_exactly_the_failed_messages),
        cmocka_unit_test(test_every_task_of_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
