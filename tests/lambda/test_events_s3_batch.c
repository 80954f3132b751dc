/* Tasks of S3 Batch Operations: both schemas, what is not one, and the result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/s3_batch.h"
#include "tests/lambda/event_examples.h"

static void test_schema_1(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_S3_BATCH_1);
    struct lev_s3_batch batch;
    struct svc_buf key;
    assert_int_equal(lev_s3_batch_read(document, &batch, NULL), SVC_OK);
    assert_string_equal(batch.schema, "1.0");
    assert_string_equal(batch.invocation_id, "YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo");
    assert_string_equal(batch.job_id, "f3cc4f60-61f6-4a2b-8a21-d07600c373ce");
    assert_null(batch.arguments);
    assert_int_equal(batch.task_count, 1);
    assert_string_equal(batch.tasks[0].id, "dGFza2lkZ29lc2hlcmUK");
    assert_string_equal(batch.tasks[0].object.bucket, "amzn-s3-demo-bucket1");
    assert_string_equal(batch.tasks[0].object.version_id, "1");
    assert_true(batch.tasks[0].object.is_created);
    assert_null(batch.tasks[0].object.etag);
    svc_buf_init(&key, 100);
    assert_int_equal(lev_s3_key(&batch.tasks[0].object, &key), SVC_OK);
    assert_string_equal(svc_buf_text(&key), "customer Image1.jpg");
    svc_buf_clear(&key);
    lev_s3_batch_clear(&batch);
    svc_json_free(document);
}

static void test_schema_2_has_arguments(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_S3_BATCH_2);
    struct lev_s3_batch batch;
    assert_int_equal(lev_s3_batch_read(document, &batch, NULL), SVC_OK);
    assert_string_equal(batch.schema, "2.0");
    assert_string_equal(svc_json_get_text(batch.arguments, "k1"), "v1");
    assert_string_equal(svc_json_get_text(batch.arguments, "k2"), "v2");
    assert_string_equal(batch.tasks[0].object.bucket, "amzn-s3-demo-bucket1");
    assert_null(batch.tasks[0].object.version_id);
    lev_s3_batch_clear(&batch);
    svc_json_free(document);
}

#define BATCH(tasks) "{'invocationSchemaVersion':'1.0','invocationId':'i','tasks':[" tasks "]}"

static void test_buckets_and_keys_that_are_none(void **state) {
    (void)state;
    struct svc_json *document =
        example_parse(BATCH("{'taskId':'0','s3Key':'k','s3BucketArn':'arn:aws-cn:s3:::x'},"
                            "{'taskId':'1','s3Key':5,'s3BucketArn':'x'},"
                            "{'taskId':'2','s3BucketArn':'arn:aws:sqs:eu-west-1:1:x'},"
                            "{'taskId':'3','s3Bucket':[]}"));
    struct lev_s3_batch batch;
    assert_int_equal(lev_s3_batch_read(document, &batch, NULL), SVC_OK);
    assert_int_equal(batch.task_count, 4);
    assert_string_equal(batch.tasks[0].object.bucket, "x");
    for (size_t i = 1; i < 4; i++) {
        assert_null(batch.tasks[i].object.bucket);
        assert_null(batch.tasks[i].object.raw_key);
    }
    lev_s3_batch_clear(&batch);
    svc_json_free(document);
}

static void test_what_is_no_batch_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{'invocationSchemaVersion':'3.0','invocationId':'i','tasks':[]}",
        "{'invocationSchemaVersion':1.0,'invocationId':'i','tasks':[]}",
        "{'invocationSchemaVersion':'1.0','tasks':[]}",
        "{'invocationSchemaVersion':'1.0','invocationId':5,'tasks':[]}",
        "{'invocationSchemaVersion':'1.0','invocationId':'i'}",
        "{'invocationSchemaVersion':'1.0','invocationId':'i','tasks':{}}",
        BATCH("{}"),
        BATCH("{'taskId':'0'},{'taskId':1}"),
        BATCH("17"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_json *document = example_parse(bad[i]);
        struct lev_s3_batch batch;
        struct svc_error error;
        if (lev_s3_batch_read(document, &batch, &error) != SVC_MALFORMED) {
            fail_msg("%s", bad[i]);
        }
        assert_true(error.detail[0] != '\0');
        lev_s3_batch_clear(&batch);
        svc_json_free(document);
    }
}

static void test_too_many_tasks_are_refused(void **state) {
    (void)state;
    static const char task[] = ",{\"taskId\":\"t\"}";
    for (size_t count = LEV_MAX_S3_TASKS; count <= LEV_MAX_S3_TASKS + 1; count++) {
        char *text = malloc(count * sizeof(task) + 200);
        assert_non_null(text);
        size_t used = (size_t)sprintf(text, "{'invocationSchemaVersion':'1.0','invocationId':'i',"
                                            "'tasks':[{'taskId':'t'}");
        for (size_t i = 1; i < count; i++) {
            used += (size_t)sprintf(text + used, "%s", task);
        }
        (void)sprintf(text + used, "]}");
        struct svc_json *document = example_parse(text);
        struct lev_s3_batch batch;
        assert_int_equal(lev_s3_batch_read(document, &batch, NULL),
                         count > LEV_MAX_S3_TASKS ? SVC_TOO_LARGE : SVC_OK);
        lev_s3_batch_clear(&batch);
        svc_json_free(document);
        free(text);
    }
}

static void test_the_result(void **state) {
    (void)state;
    static const enum lev_s3_result results[] = {LEV_S3_SUCCEEDED, LEV_S3_TEMPORARY_FAILURE,
                                                 LEV_S3_PERMANENT_FAILURE};
    struct svc_json *document = example_parse(EXAMPLE_S3_BATCH_2);
    struct lev_s3_batch batch;
    struct svc_buf out;
    struct svc_json_writer writer;
    assert_int_equal(lev_s3_batch_read(document, &batch, NULL), SVC_OK);
    svc_buf_init(&out, 4096);
    svc_json_writer_init(&writer, &out);
    lev_s3_batch_begin(&writer, &batch);
    for (size_t i = 0; i < 3; i++) {
        lev_s3_batch_add(&writer, i == 0 ? "a" : i == 1 ? "b\"" : "c", results[i], "because");
    }
    lev_s3_batch_end(&writer);
    assert_int_equal(svc_json_writer_status(&writer), SVC_OK);
    char *expected = example_text(
        "{'invocationSchemaVersion':'2.0','treatMissingKeysAs':'TemporaryFailure',"
        "'invocationId':'YXNkbGZqYWRmaiBhc2RmdW9hZHNmZGpmaGFzbGtkaGZza2RmaAo','results':["
        "{'taskId':'a','resultCode':'Succeeded','resultString':'because'},"
        "{'taskId':'b\\\"','resultCode':'TemporaryFailure','resultString':'because'},"
        "{'taskId':'c','resultCode':'PermanentFailure','resultString':'because'}]}");
    assert_string_equal(svc_buf_text(&out), expected);
    free(expected);
    svc_buf_clear(&out);
    lev_s3_batch_clear(&batch);
    svc_json_free(document);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_1),
        cmocka_unit_test(test_schema_2_has_arguments),
        cmocka_unit_test(test_buckets_and_keys_that_are_none),
        cmocka_unit_test(test_what_is_no_batch_is_refused),
        cmocka_unit_test(test_too_many_tasks_are_refused),
        cmocka_unit_test(test_the_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
