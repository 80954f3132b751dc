/* SQS against a server that checks requests against the service's model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/number.h"
#include "services/aws/sqs.h"
#include "tests/services/aws_support.h"

#define QUEUE "https://sqs.ap-northeast-2.amazonaws.com/123456789012/queue"

static struct aws_fixture f;

/* What the server has of message i, by the last report. */
static const struct svc_json *queued(size_t i) {
    return svc_json_at(svc_json_get(f.report, "queue"), i);
}

static size_t queue_size(void) {
    aws_set(&f, "{}");
    return svc_json_count(svc_json_get(f.report, "queue"));
}

static char *make_body(const char *pattern, size_t size_bytes) {
    char *body = malloc(size_bytes + 1);
    size_t length = strlen(pattern);
    assert_non_null(body);
    for (size_t i = 0; i < size_bytes; i++) {
        body[i] = pattern[i % length];
    }
    body[size_bytes] = '\0';
    return body;
}

/* ---------------------------------------------------------------------- one message */

static void test_a_message_is_sent_received_and_deleted(void **state) {
    (void)state;
    static const char body[] = "{\"a\":\"\xed\x95\x9c\\n\"}\t\r\n\x7f\xf0\x9f\x98\x80\xef\xbf\xbd";
    const struct awsc_sqs_message message = {.body = body, .delay_s = 0};
    char id[AWSC_SQS_ID_BYTES];
    struct awsc_error error;
    struct awsc_sqs_received received;
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, id, 0, &error), SVC_OK);
    assert_true(strncmp(id, "m-", 2) == 0);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 10, 1, &received, 0, &error), SVC_OK);
    assert_int_equal(received.count, 1);
    assert_string_equal(received.messages[0].body, body);
    assert_string_equal(received.messages[0].message_id, id);
    assert_int_equal(received.messages[0].receive_count, 1);
    assert_int_equal(received.messages[0].sent_wall_ms, 1790000000123);
    assert_null(received.messages[0].group_id);
    assert_int_equal(received.messages[0].attribute_count, 0);
    const char *handle = received.messages[0].receipt_handle;
    assert_int_equal(awsc_sqs_delete(f.client, QUEUE, handle, 0, &error), SVC_OK);
    assert_int_equal(awsc_sqs_delete(f.client, QUEUE, handle, 0, &error), SVC_REJECTED);
    assert_string_equal(error.code, "ReceiptHandleIsInvalid");
    assert_int_equal(awsc_sqs_delete(f.client, QUEUE, "", 0, &error), SVC_INVALID_ARGUMENT);
    awsc_sqs_received_clear(&received);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 1, 0, &received, 0, &error), SVC_OK);
    assert_int_equal(received.count, 0);
    awsc_sqs_received_clear(&received);
}

/* What concerns every message, as a missing right does, must not make anyone give up one. */
static void test_a_refusal_of_content_is_told_apart(void **state) {
    (void)state;
    static const struct {
        enum svc_status status;
        const char *code;
        bool is_content;
    } cases[] = {
        {SVC_MALFORMED, "", true},
        {SVC_TOO_LARGE, "", true},
        {SVC_REJECTED, "InvalidMessageContents", true},
        {SVC_REJECTED, "InvalidParameterValue", true},
        {SVC_REJECTED, "InvalidParameterValueException", true},
        {SVC_OK, "", false},
        {SVC_INVALID_ARGUMENT, "", false},
        {SVC_REJECTED, "", false},
        {SVC_REJECTED, "MissingParameter", false},
        {SVC_REJECTED, "InvalidAddress", false},
        {SVC_REJECTED, "UnsupportedOperation", false},
        {SVC_REJECTED, "KmsDisabled", false},
        {SVC_REJECTED, "KmsAccessDenied", false},
        {SVC_NO_RESOURCE, "AWS.SimpleQueueService.NonExistentQueue", false},
        {SVC_ACCESS_DENIED, "AccessDenied", false},
        {SVC_ACCESS_DENIED, "InvalidMessageContents", false},
        {SVC_THROTTLED, "RequestThrottled", false},
        {SVC_SERVER_ERROR, "InternalError", false},
        {SVC_BAD_RESPONSE, "", false},
        {SVC_TIMED_OUT, "", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(awsc_sqs_is_content_refusal(cases[i].status, cases[i].code),
                         cases[i].is_content);
    }
    struct awsc_error error;
    struct awsc_sqs_message message = {.body = "a\x01"};
    enum svc_status status = awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error);
    assert_true(awsc_sqs_is_content_refusal(status, error.code));
    message.body = "x";
    status = awsc_sqs_send(f.client, QUEUE "-absent", &message, NULL, 0, &error);
    assert_int_not_equal(status, SVC_OK);
    assert_false(awsc_sqs_is_content_refusal(status, error.code));
}

static void test_a_message_of_a_fifo_queue_has_its_ids(void **state) {
    (void)state;
    struct awsc_sqs_message message = {
        .body = "x", .group_id = "order-1", .deduplication_id = "event!7"};
    struct awsc_error error;
    struct awsc_sqs_received received;
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_OK);
    assert_int_equal(queue_size(), 1);
    assert_string_equal(svc_json_get_text(queued(0), "group"), "order-1");
    assert_string_equal(svc_json_get_text(queued(0), "deduplication"), "event!7");
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 1, 0, &received, 0, &error), SVC_OK);
    assert_string_equal(received.messages[0].group_id, "order-1");
    awsc_sqs_received_clear(&received);
    char *long_id = make_body("x", 129);
    const char *const bad[] = {"", "a b", "\xed\x95\x9c", "a\n", long_id};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        message = (struct awsc_sqs_message){.body = "x", .group_id = bad[i]};
        assert_int_equal(awsc_sqs_check(&message, &error), SVC_INVALID_ARGUMENT);
        message = (struct awsc_sqs_message){.body = "x", .deduplication_id = bad[i]};
        assert_int_equal(awsc_sqs_check(&message, &error), SVC_INVALID_ARGUMENT);
    }
    free(long_id);
}

static void test_attributes_go_along(void **state) {
    (void)state;
    static const struct awsc_sqs_attribute attributes[] = {
        {"zeta", AWSC_SQS_STRING, "\xed\x95\x9c \"x\"", 0},
        {"trace.id", AWSC_SQS_BINARY, "\0\xff\x80 ab", 6},
        {"Count", AWSC_SQS_NUMBER, "-12.50e3", 0},
        {"count", AWSC_SQS_NUMBER, "12345678901234567890123456789012345678", 0},
        {"empty-not", AWSC_SQS_BINARY, "\0", 1}};
    const struct awsc_sqs_message message = {
        .body = "x", .attributes = attributes, .attribute_count = 5};
    struct awsc_error error;
    struct awsc_sqs_received received;
    struct awsc_sqs_result result;
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_OK);
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, &message, 1, &result, 0, &error), SVC_OK);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 10, 0, &received, 0, &error), SVC_OK);
    assert_int_equal(received.count, 2);
    for (size_t m = 0; m < 2; m++) {
        assert_int_equal(received.messages[m].attribute_count, 5);
        for (size_t i = 0; i < 5; i++) {
            const struct awsc_sqs_attribute *there =
                awsc_sqs_find_attribute(&received.messages[m], attributes[i].name);
            size_t size = attributes[i].type == AWSC_SQS_BINARY ? attributes[i].value_bytes
                                                                : strlen(attributes[i].value);
            assert_non_null(there);
            assert_int_equal(there->type, attributes[i].type);
            assert_int_equal(there->value_bytes, size);
            assert_memory_equal(there->value, attributes[i].value, size);
        }
        assert_null(awsc_sqs_find_attribute(&received.messages[m], "absent"));
    }
    awsc_sqs_received_clear(&received);
    /* What SQS queued is compared with what was sent, attributes included. */
    static const char *const md5s[] = {"MD5OfMessageBody", "MD5OfMessageAttributes"};
    for (size_t i = 0; i < 2; i++) {
        char line[80];
        snprintf(line, sizeof(line), "{\"wrong_md5\":\"%s\"}", md5s[i]);
        aws_set(&f, line);
        assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                         SVC_BAD_RESPONSE);
        assert_true(error.maybe_done);
    }
}

static void test_bad_attributes_are_refused(void **state) {
    (void)state;
    char *long_name = make_body("n", 257);
    const struct awsc_sqs_attribute bad[] = {
        {NULL, AWSC_SQS_STRING, "x", 0},     {"", AWSC_SQS_STRING, "x", 0},
        {"a b", AWSC_SQS_STRING, "x", 0},    {".a", AWSC_SQS_STRING, "x", 0},
        {"a.", AWSC_SQS_STRING, "x", 0},     {"a..b", AWSC_SQS_STRING, "x", 0},
        {"AWS.x", AWSC_SQS_STRING, "x", 0},  {"amazon.x", AWSC_SQS_STRING, "x", 0},
        {"a\"b", AWSC_SQS_STRING, "x", 0},   {long_name, AWSC_SQS_STRING, "x", 0},
        {"a", AWSC_SQS_STRING, NULL, 0},     {"a", AWSC_SQS_STRING, "", 0},
        {"a", AWSC_SQS_BINARY, "x", 0},      {"a", AWSC_SQS_NUMBER, "", 0},
        {"a", AWSC_SQS_NUMBER, "0x10", 0},   {"a", AWSC_SQS_NUMBER, "1.", 0},
        {"a", AWSC_SQS_NUMBER, ".5", 0},     {"a", AWSC_SQS_NUMBER, "1e", 0},
        {"a", AWSC_SQS_NUMBER, "1e1000", 0}, {"a", AWSC_SQS_NUMBER, "--1", 0},
        {"a", AWSC_SQS_NUMBER, "NaN", 0},    {"a", AWSC_SQS_NUMBER, "1 ", 0}};
    struct awsc_error error;
    struct awsc_sqs_message message = {.body = "x", .attribute_count = 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        message.attributes = &bad[i];
        if (awsc_sqs_check(&message, &error) != SVC_INVALID_ARGUMENT) {
            fail_msg("attribute %zu is taken", i);
        }
    }
    free(long_name);
    assert_false(awsc_is_number("123456789012345678901234567890123456789"));
    assert_true(awsc_is_number("0000000012345678901234567890123456789012345678"));
    assert_false(awsc_is_number(NULL));
    const struct awsc_sqs_attribute text = {"a", AWSC_SQS_STRING, "x\x01", 0};
    message.attributes = &text;
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_MALFORMED);
    static struct awsc_sqs_attribute twice[11];
    for (size_t i = 0; i < 11; i++) {
        twice[i] = (struct awsc_sqs_attribute){i == 1 ? "Same" : "same", AWSC_SQS_STRING, "x", 0};
    }
    message.attributes = twice;
    message.attribute_count = 2;
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_OK);
    message.attribute_count = 3;
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_INVALID_ARGUMENT);
    message.attribute_count = 11;
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_INVALID_ARGUMENT);
    /* Attributes count for the size. */
    char *body = make_body("x", AWSC_MAX_SQS_BYTES - 8);
    message = (struct awsc_sqs_message){.body = body, .attributes = twice, .attribute_count = 1};
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_TOO_LARGE);
    message.attribute_count = 0;
    assert_int_equal(awsc_sqs_check(&message, &error), SVC_OK);
    free(body);
}

/* SQS would queue them altered, or refuse them after they were sent. */
static void test_a_body_that_sqs_refuses_is_not_sent(void **state) {
    (void)state;
    static const char *const bad[] = {
        "a\xff",        "\xc3",          "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "a\x01",        "\x1f",          "\x08",      "\x0b",         "\x0c",
        "\xef\xbf\xbe", "x\xef\xbf\xbf", "\x1b[0m",   "\x80",         "\xf0\x9f\x98",
    };
    static const char *const good[] = {"\t\n\r ",          "\x7f\xc2\x80",     "\xed\x9f\xbf",
                                       "\xee\x80\x80",     "\xef\xbf\xbd",     "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf", "\xf0\x9f\xbf\xbf", "\xef\xbe\xbf"};
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct awsc_sqs_message message = {.body = bad[i]};
        if (awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error) != SVC_MALFORMED) {
            fail_msg("body %zu: %s", i, svc_status_name(error.status));
        }
        assert_false(error.retryable || error.maybe_done);
    }
    assert_int_equal(aws_requests(&f), 0);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const struct awsc_sqs_message message = {.body = good[i]};
        assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_OK);
    }
}

static void test_what_sqs_would_refuse_is_refused(void **state) {
    (void)state;
    struct awsc_error error;
    struct awsc_sqs_received received;
    struct awsc_sqs_message message = {.body = ""};
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                     SVC_INVALID_ARGUMENT);
    message.body = NULL;
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                     SVC_INVALID_ARGUMENT);
    message.body = "x";
    message.delay_s = 901;
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                     SVC_INVALID_ARGUMENT);
    char *large = make_body("\"", AWSC_MAX_SQS_BYTES + 1);
    message = (struct awsc_sqs_message){.body = large};
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_TOO_LARGE);
    large[AWSC_MAX_SQS_BYTES] = '\0';
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_OK);
    free(large);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 0, 0, &received, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 11, 0, &received, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 1, 21, &received, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_delete(f.client, NULL, "handle", 0, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_delete(f.client, "", "handle", 0, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_delete(f.client, "http://x/none", "handle", 0, &error),
                     SVC_NO_RESOURCE);
    assert_string_equal(error.code, "QueueDoesNotExist");
    assert_string_equal(error.service, "sqs");
}

/* Ten messages of the largest size, of characters that JSON escapes. */
static void test_ten_of_the_largest_messages_are_received(void **state) {
    (void)state;
    static const char *const patterns[] = {"x", "\"\\", "\n\t\r", "\xed\x95\x9c", "\x7f<&>"};
    struct awsc_error error;
    struct awsc_sqs_received received;
    char *bodies[10];
    for (size_t i = 0; i < 10; i++) {
        bodies[i] = make_body(patterns[i % 5], AWSC_MAX_SQS_BYTES);
        if (i % 5 == 3) {
            bodies[i][AWSC_MAX_SQS_BYTES - 1] = '\0'; /* an integral number of characters */
        }
        const struct awsc_sqs_message message = {.body = bodies[i]};
        assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, SVC_NO_DEADLINE, &error),
                         SVC_OK);
    }
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 10, 0, &received, SVC_NO_DEADLINE, &error),
                     SVC_OK);
    assert_int_equal(error.attempts, 1);
    assert_int_equal(received.count, 10);
    for (size_t i = 0; i < 10; i++) {
        assert_string_equal(received.messages[i].body, bodies[i]);
        free(bodies[i]);
    }
    awsc_sqs_received_clear(&received);
}

static void test_a_reply_that_makes_no_sense_is_reported(void **state) {
    (void)state;
    const struct awsc_sqs_message message = {.body = "x"};
    struct awsc_error error;
    static const char *const faults[] = {"badjson", "nojson"};
    for (size_t i = 0; i < 2; i++) {
        char line[80];
        snprintf(line, sizeof(line), "{\"faults\":[\"%s\",\"%s\",\"%s\"]}", faults[i], faults[i],
                 faults[i]);
        aws_set(&f, line);
        assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                         SVC_BAD_RESPONSE);
        assert_int_equal(aws_requests(&f), 3);
    }
}

/* A lost response: repeated by default, and queued twice; not with send_once. */
static void test_a_message_may_be_sent_once_only(void **state) {
    (void)state;
    struct awsc_sqs_message message = {.body = "x"};
    struct awsc_sqs_result result;
    struct awsc_error error;
    aws_set(&f, "{\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_OK);
    assert_int_equal(queue_size(), 2);
    message.send_once = true;
    aws_set(&f, "{\"queue\":[],\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                     SVC_CONNECTION_LOST);
    assert_true(error.maybe_done);
    assert_int_equal(queue_size(), 1);
    aws_set(&f, "{\"queue\":[],\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, &message, 1, &result, 0, &error),
                     SVC_CONNECTION_LOST);
    assert_true(error.maybe_done && result.maybe_done);
    assert_int_equal(queue_size(), 1);
}

/* A failed entry of a batch, too, is sent again only if it was certainly refused. */
static void test_a_failed_entry_may_be_sent_once_only(void **state) {
    (void)state;
    const struct awsc_sqs_message messages[] = {{.body = "good", .send_once = true},
                                                {.body = "later", .send_once = true},
                                                {.body = "throttled", .send_once = true}};
    struct awsc_sqs_result results[3];
    struct awsc_error error;
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 3, results, 0, &error),
                     SVC_SERVER_ERROR);
    assert_int_equal(results[0].status, SVC_OK);
    assert_int_equal(results[1].status, SVC_SERVER_ERROR);
    assert_string_equal(results[1].code, "InternalError");
    assert_true(results[1].maybe_done && error.maybe_done);
    assert_int_equal(results[2].status, SVC_OK);
    assert_false(results[0].maybe_done || results[2].maybe_done);
    /* The second request has the throttled message alone. */
    assert_int_equal(aws_requests(&f), 2);
    assert_int_equal(queue_size(), 2);
}

/* Not mentioned, or with another MD5: it may be queued, and the same again would be no better. */
static void test_an_entry_of_unknown_outcome_is_not_sent_again(void **state) {
    (void)state;
    const struct awsc_sqs_message messages[] = {{.body = "good"}, {.body = "forgotten"}};
    struct awsc_sqs_result results[2];
    struct awsc_error error;
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 2, results, 0, &error),
                     SVC_BAD_RESPONSE);
    assert_int_equal(results[0].status, SVC_OK);
    assert_int_equal(results[1].status, SVC_BAD_RESPONSE);
    assert_true(error.maybe_done && results[1].maybe_done && !results[0].maybe_done);
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(queue_size(), 2);
    aws_set(&f, "{\"queue\":[],\"wrong_md5\":\"MD5OfMessageBody\"}");
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 1, results, 0, &error),
                     SVC_BAD_RESPONSE);
    assert_true(results[0].maybe_done);
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(queue_size(), 1);
}

/* ---------------------------------------------------------------------- batches */

static void test_a_batch_reports_each_entry(void **state) {
    (void)state;
    struct awsc_sqs_message messages[10];
    struct awsc_sqs_result results[10];
    struct awsc_error error;
    for (int i = 0; i < 10; i++) {
        messages[i] = (struct awsc_sqs_message){.body = "good"};
    }
    messages[1].body = "bad";
    messages[4].body = "later"; /* fails once */
    messages[7].body = "never";
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 10, results, 0, &error),
                     SVC_REJECTED);
    assert_string_equal(error.code, "InvalidMessageContents");
    for (int i = 0; i < 10; i++) {
        enum svc_status expected = i == 1 ? SVC_REJECTED : i == 7 ? SVC_SERVER_ERROR : SVC_OK;
        assert_int_equal(results[i].status, expected);
        assert_int_equal(results[i].message_id[0] != '\0', expected == SVC_OK);
        assert_int_equal(results[i].sender_fault, i == 1);
        assert_int_equal(results[i].maybe_done, i == 7);
    }
    assert_string_equal(results[1].code, "InvalidMessageContents");
    assert_string_equal(results[7].code, "InternalError");
    /* Three requests, and no message twice: ten, less two that failed. */
    assert_int_equal(aws_requests(&f), 3);
    assert_int_equal(queue_size(), 8);
    assert_int_equal(
        awsc_sqs_send_batch(f.client, "http://x/none", messages, 10, results, 0, &error),
        SVC_NO_RESOURCE);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(results[i].status, SVC_NO_RESOURCE);
        assert_string_equal(results[i].code, "QueueDoesNotExist");
    }
}

/* Every result is written, whatever the entries and their number are; good ones are sent. */
static void test_a_bad_entry_stops_no_other(void **state) {
    (void)state;
    struct awsc_sqs_message messages[12];
    struct awsc_sqs_result results[12];
    struct awsc_error error;
    char *large = make_body("x", AWSC_MAX_SQS_BYTES + 1);
    for (int i = 0; i < 12; i++) {
        messages[i] = (struct awsc_sqs_message){.body = "good"};
    }
    messages[0].body = "";
    messages[2].body = "\xff";
    messages[3].body = large;
    messages[5].delay_s = -1;
    messages[9].body = NULL;
    memset(results, 0x55, sizeof(results));
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 10, results, 0, &error),
                     SVC_INVALID_ARGUMENT);
    static const enum svc_status expected[] = {
        SVC_INVALID_ARGUMENT, SVC_OK, SVC_MALFORMED, SVC_TOO_LARGE, SVC_OK,
        SVC_INVALID_ARGUMENT, SVC_OK, SVC_OK,        SVC_OK,        SVC_INVALID_ARGUMENT};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(results[i].status, expected[i]);
        assert_int_equal(results[i].sender_fault, expected[i] != SVC_OK);
        assert_int_equal(results[i].message_id[0] != '\0', expected[i] == SVC_OK);
    }
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(queue_size(), 5);
    /* None is good: no request. */
    for (int i = 0; i < 10; i++) {
        messages[i].body = "\xff";
    }
    memset(results, 0x55, sizeof(results));
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 10, results, 0, &error),
                     SVC_MALFORMED);
    assert_int_equal(results[9].status, SVC_MALFORMED);
    assert_int_equal(aws_requests(&f), 0);
    /* Too many, or none. */
    for (size_t count = 11; count <= 12; count++) {
        memset(results, 0x55, sizeof(results));
        assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, count, results, 0, NULL),
                         SVC_INVALID_ARGUMENT);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(results[i].status, SVC_INVALID_ARGUMENT);
            assert_string_equal(results[i].message_id, "");
        }
    }
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 0, results, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(aws_requests(&f), 0);
    free(large);
}

/* A batch has the same limit as a message: what does not fit goes in another request. */
static void test_a_large_batch_goes_in_several_requests(void **state) {
    (void)state;
    struct awsc_sqs_message messages[10];
    struct awsc_sqs_result results[10];
    struct awsc_error error;
    char *half = make_body("x", AWSC_MAX_SQS_BYTES / 2);
    char *full = make_body("y", AWSC_MAX_SQS_BYTES);
    for (int i = 0; i < 10; i++) {
        messages[i] = (struct awsc_sqs_message){.body = i == 4 ? full : half};
    }
    assert_int_equal(
        awsc_sqs_send_batch(f.client, QUEUE, messages, 10, results, SVC_NO_DEADLINE, &error),
        SVC_OK);
    assert_int_equal(aws_requests(&f), 2 + 1 + 3);
    assert_int_equal(queue_size(), 10);
    /* A request that fails takes only its own entries with it. */
    aws_set(&f, "{\"queue\":[],\"faults\":[\"\",\"status:403:AccessDenied\"]}");
    assert_int_equal(
        awsc_sqs_send_batch(f.client, QUEUE, messages, 6, results, SVC_NO_DEADLINE, &error),
        SVC_ACCESS_DENIED);
    for (int i = 0; i < 6; i++) {
        bool is_lost = i == 2 || i == 3;
        assert_int_equal(results[i].status, is_lost ? SVC_ACCESS_DENIED : SVC_OK);
    }
    assert_int_equal(queue_size(), 4);
    free(half);
    free(full);
}

static void test_messages_are_deleted_and_delayed_in_batches(void **state) {
    (void)state;
    static const struct awsc_sqs_message message = {.body = "x"};
    const struct awsc_sqs_message messages[4] = {message, message, message, message};
    struct awsc_sqs_result results[11];
    struct awsc_sqs_received received;
    struct awsc_error error;
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 4, results, 0, &error), SVC_OK);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 10, 0, &received, 0, &error), SVC_OK);
    assert_int_equal(received.count, 4);
    const char *handles[5];
    for (int i = 0; i < 4; i++) {
        handles[i] = received.messages[i].receipt_handle;
    }
    assert_int_equal(awsc_sqs_change_visibility(f.client, QUEUE, handles[0], 43200, 0, &error),
                     SVC_OK);
    const struct awsc_sqs_visibility delays[] = {
        {handles[1], 600}, {"handle-none", 5}, {handles[2], 43201}, {handles[3], 0}};
    assert_int_equal(
        awsc_sqs_change_visibility_batch(f.client, QUEUE, delays, 4, results, 0, &error),
        SVC_INVALID_ARGUMENT);
    assert_int_equal(results[0].status, SVC_OK);
    assert_int_equal(results[1].status, SVC_REJECTED);
    assert_string_equal(results[1].code, "ReceiptHandleIsInvalid");
    assert_int_equal(results[2].status, SVC_INVALID_ARGUMENT);
    assert_int_equal(results[3].status, SVC_OK);
    static const int64_t visibilities[] = {43200, 600, 0, 0};
    assert_int_equal(queue_size(), 4);
    for (size_t i = 0; i < 4; i++) {
        int64_t visibility = -1;
        assert_true(svc_json_get_int(queued(i), "visibility", &visibility));
        assert_int_equal(visibility, visibilities[i]);
    }
    assert_int_equal(awsc_sqs_change_visibility(f.client, QUEUE, handles[0], 43201, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_change_visibility(f.client, QUEUE, handles[0], -1, 0, &error),
                     SVC_INVALID_ARGUMENT);
    handles[3] = NULL;
    handles[4] = "handle-none";
    aws_requests(&f);
    assert_int_equal(awsc_sqs_delete_batch(f.client, QUEUE, handles, 5, results, 0, &error),
                     SVC_INVALID_ARGUMENT);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(results[i].status, i < 3    ? SVC_OK
                                            : i == 3 ? SVC_INVALID_ARGUMENT
                                                     : SVC_REJECTED);
    }
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(queue_size(), 1);
    memset(results, 0x55, sizeof(results));
    assert_int_equal(awsc_sqs_delete_batch(f.client, QUEUE, handles, 11, results, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(results[10].status, SVC_INVALID_ARGUMENT);
    awsc_sqs_received_clear(&received);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_message_is_sent_received_and_deleted),
        AWS_TEST(test_a_refusal_of_content_is_told_apart),
        AWS_TEST(test_a_message_of_a_fifo_queue_has_its_ids),
        AWS_TEST(test_attributes_go_along),
        AWS_TEST(test_bad_attributes_are_refused),
        AWS_TEST(test_a_body_that_sqs_refuses_is_not_sent),
        AWS_TEST(test_what_sqs_would_refuse_is_refused),
        AWS_TEST(test_ten_of_the_largest_messages_are_received),
        AWS_TEST(test_a_reply_that_makes_no_sense_is_reported),
        AWS_TEST(test_a_message_may_be_sent_once_only),
        AWS_TEST(test_a_failed_entry_may_be_sent_once_only),
        AWS_TEST(test_an_entry_of_unknown_outcome_is_not_sent_again),
        AWS_TEST(test_a_batch_reports_each_entry),
        AWS_TEST(test_a_bad_entry_stops_no_other),
        AWS_TEST(test_a_large_batch_goes_in_several_requests),
        AWS_TEST(test_messages_are_deleted_and_delayed_in_batches),
    };
    return AWS_RUN(tests);
}
