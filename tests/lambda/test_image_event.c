/* Objects of events as tasks of the image function, and the arguments of a back-fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/image/event.h"
#include "tests/lambda/event_examples.h"

static void test_a_notification_becomes_a_task(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_S3);
    struct lev_s3_event event;
    struct image_task task;
    assert_int_equal(lev_s3_read(document, &event, NULL), SVC_OK);
    image_task_from_object(&event.objects[0], &task);
    assert_string_equal(task.object.bucket, "amzn-s3-demo-bucket");
    assert_int_equal(task.object.raw_key_bytes, strlen("Happy+Face%21.jpg"));
    assert_memory_equal(task.object.raw_key, "Happy+Face%21.jpg", task.object.raw_key_bytes);
    assert_true(task.object.is_encoded);
    assert_true(task.object.is_created);
    assert_false(task.is_rerun);
    assert_false(task.is_forced);
    assert_string_equal(task.object.etag, "d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(task.object.version_id, "096fKKXTRTtl3on89fVO.nfljtsv6qko");
    lev_s3_clear(&event);
    svc_json_free(document);
}

static void test_an_event_of_eventbridge_becomes_a_task(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_S3_EVENTBRIDGE);
    struct lev_s3_event event;
    struct image_task task;
    assert_int_equal(lev_s3_read(document, &event, NULL), SVC_OK);
    image_task_from_object(&event.objects[0], &task);
    assert_false(task.object.is_encoded);
    assert_true(task.object.is_created);
    assert_string_equal(task.object.version_id, "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e");
    lev_s3_clear(&event);
    svc_json_free(document);
}

static void test_a_task_of_a_batch_is_a_rerun(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_S3_BATCH_1);
    struct lev_s3_batch batch;
    struct image_task task;
    assert_int_equal(lev_s3_batch_read(document, &batch, NULL), SVC_OK);
    image_task_from_batch(&batch, 0, false, &task);
    assert_string_equal(task.object.bucket, "amzn-s3-demo-bucket1");
    assert_true(task.object.is_encoded);
    assert_true(task.object.is_created);
    assert_true(task.is_rerun);
    assert_false(task.is_forced);
    assert_string_equal(task.object.version_id, "1");
    assert_null(task.object.etag);
    image_task_from_batch(&batch, 0, true, &task);
    assert_true(task.is_forced);
    lev_s3_batch_clear(&batch);
    svc_json_free(document);
}

static void test_the_argument_force(void **state) {
    (void)state;
    static const struct {
        const char *arguments;
        bool is_valid, is_forced;
    } cases[] = {
        {"{'force':'true'}", true, true},
        {"{'force':'true','other':'x'}", true, true},
        {"{'force':'false'}", true, false},
        {"{'other':'true'}", true, false},
        {"{}", true, false},
        {"null", true, false},
        {"{'force':'yes'}", false, false},
        {"{'force':'True'}", false, false},
        {"{'force':''}", false, false},
        {"{'force':true}", false, false},
        {"{'force':null}", false, false},
        {"{'force':'true\\u0000'}", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300];
        (void)snprintf(text, sizeof(text),
                       "{'invocationSchemaVersion':'2.0','invocationId':'i','tasks':[],"
                       "'job':{'userArguments':%s}}",
                       cases[i].arguments);
        struct svc_json *document = example_parse(text);
        struct lev_s3_batch batch;
        bool is_forced = true;
        assert_int_equal(lev_s3_batch_read(document, &batch, NULL), SVC_OK);
        assert_int_equal(image_batch_force(&batch, &is_forced), cases[i].is_valid);
        assert_int_equal(is_forced, cases[i].is_forced);
        lev_s3_batch_clear(&batch);
        svc_json_free(document);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_notification_becomes_a_task),
        cmocka_unit_test(test_an_event_of_eventbridge_becomes_a_task),
        cmocka_unit_test(test_a_task_of_a_batch_is_a_rerun),
        cmocka_unit_test(test_the_argument_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
