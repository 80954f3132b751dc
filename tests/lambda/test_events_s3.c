/* Objects of S3 in events: each form that AWS documents, what carries it, keys, and records that
 * are not well formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/s3.h"
#include "lambda/events/sqs.h"
#include "services/base/limits.h"
#include "tests/lambda/event_examples.h"

/* Reads a body, which is an example or JSON. */
static enum svc_status read_body(const char *example, struct lev_s3_event *event) {
    char *text = example_text(example);
    struct svc_error error = {0};
    const enum svc_status status = lev_s3_read_body(text, strlen(text), event, &error);
    assert_int_equal(error.status, status);
    assert_true(status == SVC_OK || error.detail[0] != '\0');
    free(text);
    return status;
}

static void check_key(const struct lev_s3_object *object, const char *expected) {
    struct svc_buf key;
    svc_buf_init(&key, 4096);
    assert_int_equal(lev_s3_key(object, &key), SVC_OK);
    assert_string_equal(svc_buf_text(&key), expected);
    svc_buf_clear(&key);
}

/* Object `index` is the one of EXAMPLE_S3. */
static void check_example(const struct lev_s3_event *event, size_t index) {
    assert_true(index < event->count);
    const struct lev_s3_object *object = &event->objects[index];
    assert_true(object->is_created);
    assert_string_equal(object->event_name, "ObjectCreated:Put");
    assert_string_equal(object->bucket, "amzn-s3-demo-bucket");
    assert_string_equal(object->etag, "d41d8cd98f00b204e9800998ecf8427e");
    assert_string_equal(object->version_id, "096fKKXTRTtl3on89fVO.nfljtsv6qko");
    assert_string_equal(object->sequencer, "0055AED6DCD90281E5");
    assert_int_equal(object->size_bytes, 1024);
    check_key(object, "Happy Face!.jpg");
}

static void test_a_notification(void **state) {
    (void)state;
    struct lev_s3_event event;
    struct svc_json *document = example_parse(EXAMPLE_S3);
    assert_int_equal(lev_s3_read(document, &event, NULL), SVC_OK);
    assert_int_equal(event.count, 1);
    check_example(&event, 0);
    lev_s3_clear(&event);
    svc_json_free(document);
}

static void test_every_record_of_a_notification(void **state) {
    (void)state;
    struct lev_s3_event event;
    assert_int_equal(
        read_body("{'Records':[" EXAMPLE_S3_RECORD("uploads/1") "," EXAMPLE_S3_RECORD(
                      "%ED%95%9C%EA%B8%80+%2B%26") "," EXAMPLE_S3_RECORD("uploads/3") "]}",
                  &event),
        SVC_OK);
    assert_int_equal(event.count, 3);
    check_key(&event.objects[0], "uploads/1");
    check_key(&event.objects[1], "한글 +&");
    check_key(&event.objects[2], "uploads/3");
    lev_s3_clear(&event);
}

static void test_events_other_than_a_creation(void **state) {
    (void)state;
    static const char *const names[] = {"ObjectRemoved:Delete", "ObjectTagging:Put",
                                        "ObjectRestore:Completed", "", "Created"};
    static const char *const created[] = {
        "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Post"};
    struct lev_s3_event event;
    char text[512];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "{'Records':[{'eventSource':'aws:s3','eventName':'%s','s3':{}}]}", names[i]);
        assert_int_equal(read_body(text, &event), SVC_OK);
        assert_int_equal(event.count, 1);
        assert_false(event.objects[0].is_created);
        lev_s3_clear(&event);
    }
    for (size_t i = 0; i < sizeof(created) / sizeof(created[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "{'Records':[{'eventSource':'aws:s3','eventName':'%s','s3':{}}]}",
                       created[i]);
        assert_int_equal(read_body(text, &event), SVC_OK);
        assert_true(event.objects[0].is_created);
        lev_s3_clear(&event);
    }
}

static void test_the_test_event_names_no_object(void **state) {
    (void)state;
    struct lev_s3_event event;
    assert_int_equal(read_body(EXAMPLE_S3_TEST, &event), SVC_OK);
    assert_int_equal(event.count, 0);
    lev_s3_clear(&event);
    assert_int_equal(read_body("{'Records':[]}", &event), SVC_OK);
    assert_int_equal(event.count, 0);
    lev_s3_clear(&event);
}

static void test_eventbridge_does_not_encode_keys(void **state) {
    (void)state;
    struct lev_s3_event event;
    assert_int_equal(read_body(EXAMPLE_S3_EVENTBRIDGE, &event), SVC_OK);
    assert_int_equal(event.count, 1);
    const struct lev_s3_object *object = &event.objects[0];
    assert_true(object->is_created);
    assert_string_equal(object->event_name, "Object Created");
    assert_string_equal(object->bucket, "amzn-s3-demo-bucket1");
    assert_string_equal(object->etag, "b1946ac92492d2347c6235b4d2611184");
    assert_string_equal(object->version_id, "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e");
    assert_string_equal(object->sequencer, "617f08299329d189");
    assert_int_equal(object->size_bytes, 5);
    check_key(object, "example+key %21");
    lev_s3_clear(&event);
    assert_int_equal(
        read_body("{'source':'aws.s3','detail-type':'Object Deleted','detail':{}}", &event),
        SVC_OK);
    assert_int_equal(event.count, 1);
    assert_false(event.objects[0].is_created);
    lev_s3_clear(&event);
}

/* ---------------------------------------------------------------------- through SNS */

static const char *const carried[] = {EXAMPLE_S3, EXAMPLE_S3_EVENTBRIDGE, EXAMPLE_S3_TEST};

static void test_sns_invokes_the_function(void **state) {
    (void)state;
    static const size_t counts[] = {1, 1, 0};
    for (size_t i = 0; i < 3; i++) {
        struct lev_s3_event event;
        char *text = example_wrap(EXAMPLE_SNS("@"), carried[i]);
        struct svc_json *document = example_parse(text);
        assert_int_equal(lev_s3_read(document, &event, NULL), SVC_OK);
        assert_int_equal(event.count, counts[i]);
        if (i == 0) {
            check_example(&event, 0);
        } else if (i == 1) {
            check_key(&event.objects[0], "example+key %21");
        }
        lev_s3_clear(&event);
        svc_json_free(document);
        free(text);
    }
}

/* A queue that has S3 -> SNS -> SQS without raw delivery: the body is the envelope of SNS. With raw
 * delivery it is what S3 wrote. */
static void test_sns_fills_a_queue(void **state) {
    (void)state;
    static const char queue[] = "{'Records':[{'messageId':'1','eventSource':'aws:sqs','body':@}]}";
    char *envelope = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), EXAMPLE_S3);
    const char *const bodies[] = {envelope, EXAMPLE_S3};
    for (size_t i = 0; i < 2; i++) {
        struct lev_sqs_event messages;
        struct lev_s3_event event;
        char *text = example_wrap(queue, bodies[i]);
        struct svc_json *document = example_parse(text);
        assert_int_equal(lev_sqs_read(document, &messages, NULL), SVC_OK);
        assert_int_equal(lev_s3_read_body(messages.records[0].body, messages.records[0].body_bytes,
                                          &event, NULL),
                         SVC_OK);
        assert_int_equal(event.count, 1);
        check_example(&event, 0);
        lev_s3_clear(&event);
        lev_sqs_clear(&messages);
        svc_json_free(document);
        free(text);
    }
    free(envelope);
}

static void test_eventbridge_by_an_sns_envelope(void **state) {
    (void)state;
    struct lev_s3_event event;
    char *envelope = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), EXAMPLE_S3_EVENTBRIDGE);
    assert_int_equal(read_body(envelope, &event), SVC_OK);
    assert_int_equal(event.count, 1);
    check_key(&event.objects[0], "example+key %21");
    lev_s3_clear(&event);
    free(envelope);
}

static void test_an_envelope_in_an_envelope_is_refused(void **state) {
    (void)state;
    struct lev_s3_event event;
    char *inner = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), EXAMPLE_S3);
    char *outer = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), inner);
    assert_int_equal(read_body(outer, &event), SVC_MALFORMED);
    assert_int_equal(event.count, 0);
    lev_s3_clear(&event);
    free(outer);
    free(inner);
}

/* ---------------------------------------------------------------------- what is not well formed */

static void test_what_does_not_name_objects_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "null",
        "17",
        "[]",
        "{}",
        "not json",
        "{'Records':{}}",
        "{'Records':null}",
        "{'Records':[17]}",
        "{'Records':[{'eventSource':'aws:ses'}]}",
        "{'Records':[{'eventSource':'aws:s3'},{'eventSource':'aws:sns'}]}",
        "{'Records':[{'eventSource':'aws:s3'},{'EventSource':'aws:sns'}]}",
        "{'Records':[{'EventSource':'aws:sns','Sns':{}}]}",
        ("{'Records':[{'EventSource':'aws:sns','Sns':{'Type':'Notification','MessageId':'1',"
         "'Message':'not json'}}]}"),
        "{'source':'aws.ec2','detail-type':'Object Created','detail':{}}",
        "{'source':'aws.s3','detail':{}}",
        "{'Type':'SubscriptionConfirmation','MessageId':'1','TopicArn':'a','Message':'hello'}",
        "{'Type':'Notification','MessageId':'1','TopicArn':'a'}",
        "{'Type':'Notification','MessageId':'1','TopicArn':'a','Message':'{}'}",
        "{'Records':[],'Records':[]}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lev_s3_event event;
        if (read_body(bad[i], &event) != SVC_MALFORMED) {
            fail_msg("%s", bad[i]);
        }
        lev_s3_clear(&event);
    }
    struct lev_s3_event event;
    assert_int_equal(lev_s3_read_body(NULL, 0, &event, NULL), SVC_MALFORMED);
    lev_s3_clear(&event);
    assert_int_equal(lev_s3_read(NULL, &event, NULL), SVC_MALFORMED);
    lev_s3_clear(&event);
}

static void test_a_bad_record_does_not_harm_the_others(void **state) {
    (void)state;
    struct lev_s3_event event;
    assert_int_equal(
        read_body("{'Records':[{'eventSource':'aws:s3'},{'eventSource':'aws:s3','s3':17},"
                  "{'eventSource':'aws:s3','s3':{'bucket':[],'object':{'key':{},'size':-5}}},"
                  "{'eventSource':'aws:s3','s3':{'bucket':{'name':'b'},"
                  "'object':{'key':'uploads/a\\u0000b','eTag':5}}}," EXAMPLE_S3_RECORD("good") "]}",
                  &event),
        SVC_OK);
    assert_int_equal(event.count, 5);
    for (size_t i = 0; i < 3; i++) {
        struct svc_buf key;
        svc_buf_init(&key, 100);
        assert_null(event.objects[i].bucket);
        assert_null(event.objects[i].raw_key);
        assert_int_equal(event.objects[i].size_bytes, -1);
        assert_int_equal(lev_s3_key(&event.objects[i], &key), SVC_MALFORMED);
        svc_buf_clear(&key);
    }
    assert_int_equal(event.objects[3].raw_key_bytes, strlen("uploads/a_b"));
    assert_null(event.objects[3].etag);
    check_key(&event.objects[4], "good");
    lev_s3_clear(&event);
}

static void test_a_flood_of_records_is_refused(void **state) {
    (void)state;
    static const char record[] = "{\"eventSource\":\"aws:s3\"}";
    const size_t count = LEV_MAX_S3_OBJECTS + 1;
    char *text = malloc(count * sizeof(record) + 64);
    assert_non_null(text);
    for (size_t n = count - 1; n <= count; n++) {
        size_t used = (size_t)sprintf(text, "{\"Records\":[");
        for (size_t i = 0; i < n; i++) {
            used += (size_t)sprintf(text + used, "%s%s", i > 0 ? "," : "", record);
        }
        (void)sprintf(text + used, "]}");
        struct lev_s3_event event;
        assert_int_equal(read_body(text, &event), n == count ? SVC_TOO_LARGE : SVC_OK);
        lev_s3_clear(&event);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_notification),
        cmocka_unit_test(test_every_record_of_a_notification),
        cmocka_unit_test(test_events_other_than_a_creation),
        cmocka_unit_test(test_the_test_event_names_no_object),
        cmocka_unit_test(test_eventbridge_does_not_encode_keys),
        cmocka_unit_test(test_sns_invokes_the_function),
        cmocka_unit_test(test_sns_fills_a_queue),
        cmocka_unit_test(test_eventbridge_by_an_sns_envelope),
        cmocka_unit_test(test_an_envelope_in_an_envelope_is_refused),
        cmocka_unit_test(test_what_does_not_name_objects_is_refused),
        cmocka_unit_test(test_a_bad_record_does_not_harm_the_others),
        cmocka_unit_test(test_a_flood_of_records_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
