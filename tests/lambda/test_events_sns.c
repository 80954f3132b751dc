/* Messages of SNS: as SNS invokes a function, and as a queue holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/sns.h"
#include "tests/lambda/event_examples.h"

static void check_attributes(const struct lev_sns_message *message) {
    struct lev_attribute attribute;
    assert_true(lev_sns_attribute(message, "Test", &attribute));
    assert_string_equal(attribute.type, "String");
    assert_string_equal(attribute.value, "TestString");
    assert_int_equal(attribute.value_bytes, strlen("TestString"));
    assert_false(attribute.is_binary);
    assert_false(lev_sns_attribute(message, "test", &attribute));
}

static void test_a_direct_invocation(void **state) {
    (void)state;
    struct svc_json *document = example_parse(EXAMPLE_SNS("'Hello\\u0000 from SNS!'"));
    struct lev_sns_event event;
    struct lev_attribute attribute;
    assert_int_equal(lev_sns_read(document, &event, NULL), SVC_OK);
    assert_int_equal(event.count, 1);
    const struct lev_sns_message *message = &event.messages[0];
    assert_string_equal(message->id, "95df01b4-ee98-5cb9-9903-4c221d41eb5e");
    assert_string_equal(message->topic_arn, "arn:aws:sns:us-east-1:123456789012:sns-lambda");
    assert_string_equal(message->subject, "TestInvoke");
    assert_int_equal(message->message_bytes, strlen("Hello from SNS!") + 1);
    assert_memory_equal(message->message, "Hello\0 from SNS!", message->message_bytes);
    check_attributes(message);
    assert_true(lev_sns_attribute(message, "TestBinary", &attribute));
    assert_true(attribute.is_binary);
    assert_string_equal(attribute.value, "VGVzdEJpbmFyeQ==");
    lev_sns_clear(&event);
    svc_json_free(document);
}

static void test_an_envelope(void **state) {
    (void)state;
    struct svc_json *body = example_parse(EXAMPLE_SNS_ENVELOPE("'Hello world!'"));
    struct lev_sns_message message;
    assert_true(lev_sns_is_envelope(body));
    assert_int_equal(lev_sns_read_envelope(body, &message, NULL), SVC_OK);
    assert_string_equal(message.id, "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324");
    assert_string_equal(message.topic_arn, "arn:aws:sns:us-west-2:123456789012:MyTopic");
    assert_string_equal(message.subject, "Amazon S3 Notification");
    assert_string_equal(message.message, "Hello world!");
    check_attributes(&message);
    svc_json_free(body);
}

static void test_what_is_no_envelope(void **state) {
    (void)state;
    static const char *const others[] = {"{}",
                                         "[]",
                                         "17",
                                         EXAMPLE_S3,
                                         EXAMPLE_S3_TEST,
                                         EXAMPLE_S3_EVENTBRIDGE,
                                         "{'Type':'Notification'}"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct svc_json *body = example_parse(others[i]);
        assert_false(lev_sns_is_envelope(body));
        svc_json_free(body);
    }
    assert_false(lev_sns_is_envelope(NULL));
}

static void test_envelopes_that_carry_no_message(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{'Type':'SubscriptionConfirmation','MessageId':'i','TopicArn':'t','Message':'m'}",
        "{'Type':'Notification','TopicArn':'t','Message':'m'}",
        "{'Type':'Notification','MessageId':'i','TopicArn':'t','Message':{}}",
        "{'Type':'Notification','MessageId':'i','TopicArn':'t'}",
        "{'MessageId':'i','TopicArn':'t','Message':'m'}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_json *body = example_parse(bad[i]);
        struct lev_sns_message message;
        struct svc_error error = {0};
        assert_int_equal(lev_sns_read_envelope(body, &message, &error), SVC_MALFORMED);
        assert_true(error.detail[0] != '\0');
        svc_json_free(body);
    }
}

static void test_optional_members(void **state) {
    (void)state;
    struct svc_json *document = example_parse("{'Records':[{'EventSource':'aws:sns','Sns':{'Type':"
                                              "'Notification','MessageId':'i','Message':'',"
                                              "'Subject':null,'MessageAttributes':{'a':{'Type':"
                                              "'String'},'b':17}}}]}");
    struct lev_sns_event event;
    struct lev_attribute attribute;
    assert_int_equal(lev_sns_read(document, &event, NULL), SVC_OK);
    assert_null(event.messages[0].subject);
    assert_null(event.messages[0].topic_arn);
    assert_int_equal(event.messages[0].message_bytes, 0);
    assert_false(lev_sns_attribute(&event.messages[0], "a", &attribute));
    assert_false(lev_sns_attribute(&event.messages[0], "b", &attribute));
    lev_sns_clear(&event);
    svc_json_free(document);
}

static void test_what_is_no_event_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{}",
        "[]",
        "{'Records':{}}",
        "{'Records':[17]}",
        "{'Records':[{'EventSource':'aws:s3'}]}",
        ("{'Records':[{'eventSource':'aws:sns','Sns':{'Type':'Notification','MessageId':'i',"
         "'Message':'m'}}]}"),
        "{'Records':[{'EventSource':'aws:sns'}]}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_json *document = example_parse(bad[i]);
        struct lev_sns_event event;
        struct svc_error error = {0};
        assert_int_equal(lev_sns_read(document, &event, &error), SVC_MALFORMED);
        assert_true(error.detail[0] != '\0');
        lev_sns_clear(&event);
        svc_json_free(document);
    }
}

static void test_too_many_records_are_refused(void **state) {
    (void)state;
    static const char record[] = "{\"EventSource\":\"aws:sns\",\"Sns\":{\"Type\":\"Notification\","
                                 "\"MessageId\":\"i\",\"Message\":\"m\"}}";
    char *text = malloc((LEV_MAX_SNS_RECORDS + 1) * (sizeof(record) + 1) + 64);
    assert_non_null(text);
    for (size_t count = LEV_MAX_SNS_RECORDS; count <= LEV_MAX_SNS_RECORDS + 1; count++) {
        size_t used = (size_t)sprintf(text, "{'Records':[%s", record);
        for (size_t i = 1; i < count; i++) {
            used += (size_t)sprintf(text + used, ",%s", record);
        }
        (void)sprintf(text + used, "]}");
        struct svc_json *document = example_parse(text);
        struct lev_sns_event event;
        assert_int_equal(lev_sns_read(document, &event, NULL),
                         count > LEV_MAX_SNS_RECORDS ? SVC_TOO_LARGE : SVC_OK);
        lev_sns_clear(&event);
        svc_json_free(document);
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_direct_invocation),
        cmocka_unit_test(test_an_envelope),
        cmocka_unit_test(test_what_is_no_envelope),
        cmocka_unit_test(test_envelopes_that_carry_no_message),
        cmocka_unit_test(test_optional_members),
        cmocka_unit_test(test_what_is_no_event_is_refused),
        cmocka_unit_test(test_too_many_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
