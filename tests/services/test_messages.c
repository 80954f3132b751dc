/* SQS, SES and Secrets Manager against a server that holds requests against the services' models.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/secrets.h"
#include "services/aws/ses.h"
#include "services/aws/sqs.h"
#include "tests/services/aws_support.h"

#define QUEUE "https://sqs.ap-northeast-2.amazonaws.com/123456789012/queue"

static struct aws_fixture f;

static int start(void **state) {
    (void)state;
    return aws_start(&f);
}

static int stop(void **state) {
    (void)state;
    return aws_stop(&f);
}

static int begin(void **state) {
    (void)state;
    aws_begin(&f);
    return 0;
}

static int end(void **state) {
    (void)state;
    aws_end(&f);
    return 0;
}

/* ---------------------------------------------------------------------- SQS */

static void test_messages_go_and_come(void **state) {
    (void)state;
    static const char body[] = "{\"a\":\"\xed\x95\x9c\\n\"}\t\xf0\x9f\x98\x80\x01";
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
    assert_int_equal(
        awsc_sqs_delete(f.client, QUEUE, received.messages[0].receipt_handle, 0, &error), SVC_OK);
    awsc_sqs_received_clear(&received);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 1, 0, &received, 0, &error), SVC_OK);
    assert_int_equal(received.count, 0);
    awsc_sqs_received_clear(&received);
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
    char *large = malloc(AWSC_MAX_SQS_BYTES + 2);
    assert_non_null(large);
    memset(large, '"', AWSC_MAX_SQS_BYTES + 1);
    large[AWSC_MAX_SQS_BYTES + 1] = '\0';
    message = (struct awsc_sqs_message){.body = large};
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                     SVC_INVALID_ARGUMENT);
    large[AWSC_MAX_SQS_BYTES] = '\0';
    assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error), SVC_OK);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 10, 0, &received, 0, &error), SVC_OK);
    assert_string_equal(received.messages[0].body, large);
    awsc_sqs_received_clear(&received);
    free(large);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 0, 0, &received, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 11, 0, &received, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 1, 21, &received, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_delete(f.client, "http://x/none", "handle", 0, &error),
                     SVC_NO_RESOURCE);
    assert_string_equal(error.code, "QueueDoesNotExist");
    assert_string_equal(error.service, "sqs");
}

static void test_a_batch_tells_of_each_entry(void **state) {
    (void)state;
    struct awsc_sqs_message messages[11];
    struct awsc_sqs_sent sent[11];
    struct awsc_error error;
    for (int i = 0; i < 11; i++) {
        messages[i] = (struct awsc_sqs_message){.body = "good"};
    }
    messages[1].body = "bad";
    messages[4].body = "later"; /* fails once */
    messages[7].body = "never";
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 10, sent, 0, &error), SVC_OK);
    for (int i = 0; i < 10; i++) {
        enum svc_status expected = i == 1 ? SVC_REJECTED : i == 7 ? SVC_SERVER_ERROR : SVC_OK;
        assert_int_equal(sent[i].status, expected);
        assert_int_equal(sent[i].message_id[0] != '\0', expected == SVC_OK);
        assert_int_equal(sent[i].sender_fault, i == 1);
    }
    assert_string_equal(sent[1].code, "InvalidMessageContents");
    /* Three requests, and no message twice: ten, less two that failed. */
    assert_int_equal(aws_requests(&f), 3);
    struct awsc_sqs_received received;
    assert_int_equal(awsc_sqs_receive(f.client, QUEUE, 10, 0, &received, 0, &error), SVC_OK);
    assert_int_equal(received.count, 8);
    awsc_sqs_received_clear(&received);
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 11, sent, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_send_batch(f.client, QUEUE, messages, 0, sent, 0, &error),
                     SVC_INVALID_ARGUMENT);
    assert_int_equal(awsc_sqs_send_batch(f.client, "http://x/none", messages, 1, sent, 0, &error),
                     SVC_NO_RESOURCE);
}

static void test_an_answer_that_makes_no_sense_is_told(void **state) {
    (void)state;
    const struct awsc_sqs_message message = {.body = "x"};
    struct awsc_error error;
    static const char *const faults[] = {"badjson", "nojson"};
    for (size_t i = 0; i < 2; i++) {
        char line[80];
        snprintf(line, sizeof(line), "{\"faults\":[\"%s\",\"%s\",\"%s\"]}", faults[i], faults[i],
                 faults[i]);
        aws_tell(&f, line);
        assert_int_equal(awsc_sqs_send(f.client, QUEUE, &message, NULL, 0, &error),
                         SVC_BAD_RESPONSE);
        assert_int_equal(aws_requests(&f), 3);
    }
}

/* ---------------------------------------------------------------------- SES */

static void test_a_mail_has_all_its_parts(void **state) {
    (void)state;
    static const char *const to[] = {"\"Kim\" <customer@example.com>"};
    static const char *const bcc[] = {"archive@example.com"};
    static const char *const reply_to[] = {"help@example.com"};
    static const struct awsc_param headers[] = {
        {"List-Unsubscribe", "<https://shop.example/u?x=1>"},
        {"List-Unsubscribe-Post", "List-Unsubscribe=One-Click"}};
    static const struct awsc_param tags[] = {{"template", "PROMOTIONAL"}};
    const struct awsc_ses_email email = {
        .from = "OpenMarket <shop@example.com>",
        .to = to,
        .to_count = 1,
        .bcc = bcc,
        .bcc_count = 1,
        .reply_to = reply_to,
        .reply_to_count = 1,
        .subject = "(\xea\xb4\x91\xea\xb3\xa0) x",
        .html = "<p>\"x\"</p>\n",
        .text = "x\r\ny",
        .headers = headers,
        .header_count = 2,
        .tags = tags,
        .tag_count = 1,
        .configuration_set = "set",
    };
    char id[AWSC_SES_ID_BYTES];
    struct awsc_error error;
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_OK);
    assert_string_equal(id, "mail-1");
    aws_tell(&f, "{}");
    const struct svc_json *mail = svc_json_at(svc_json_get(f.report, "mails"), 0);
    const struct svc_json *simple = svc_json_get(svc_json_get(mail, "Content"), "Simple");
    assert_string_equal(svc_json_text(svc_json_at(
                            svc_json_get(svc_json_get(mail, "Destination"), "ToAddresses"), 0)),
                        to[0]);
    assert_string_equal(svc_json_get_text(svc_json_get(simple, "Subject"), "Data"), email.subject);
    assert_string_equal(
        svc_json_get_text(svc_json_get(svc_json_get(simple, "Body"), "Html"), "Data"), email.html);
    assert_string_equal(
        svc_json_get_text(svc_json_get(svc_json_get(simple, "Body"), "Text"), "Data"), email.text);
    assert_string_equal(svc_json_get_text(svc_json_at(svc_json_get(simple, "Headers"), 1), "Value"),
                        "List-Unsubscribe=One-Click");
    assert_string_equal(svc_json_get_text(svc_json_at(svc_json_get(mail, "EmailTags"), 0), "Name"),
                        "template");
    assert_string_equal(svc_json_get_text(mail, "ConfigurationSetName"), "set");
}

static void test_nothing_is_injected_into_a_mail(void **state) {
    (void)state;
    static const char *const good[] = {"customer@example.com"};
    static const char *const bad[] = {"a@example.com\r\nBcc: b@example.com",
                                      "a@example.com\n",
                                      "nobody",
                                      "@example.com",
                                      "a@",
                                      ""};
    struct awsc_ses_email email = {
        .from = "shop@example.com", .to = good, .to_count = 1, .subject = "s", .text = "t"};
    char id[AWSC_SES_ID_BYTES];
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        email.to = &bad[i];
        assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_INVALID_ARGUMENT);
        email.to = good;
        email.from = bad[i];
        assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_INVALID_ARGUMENT);
        email.from = "shop@example.com";
    }
    email.subject = "a\nBcc: b@example.com";
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_INVALID_ARGUMENT);
    email.subject = "s";
    static const struct awsc_param headers[] = {{"X", "a\r\nBcc: b"}, {"X: y", "a"}, {"X", NULL}};
    for (size_t i = 0; i < 3; i++) {
        email.headers = &headers[i];
        email.header_count = 1;
        assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_INVALID_ARGUMENT);
    }
    email.header_count = 0;
    email.text = NULL;
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_INVALID_ARGUMENT);
    email.text = "t";
    email.to_count = 0;
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(aws_requests(&f), 0);
    /* Addresses that SES repeats do not get into our errors. */
    static const char *const refused[] = {"refused@example.com"};
    email.to = refused;
    email.to_count = 1;
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_REJECTED);
    assert_string_equal(error.code, "MessageRejected");
    assert_null(strstr(error.message, "example.com"));
    assert_non_null(strstr(error.message, "not verified"));
}

/* ---------------------------------------------------------------------- secrets */

static void test_secrets_are_cached_and_refreshed(void **state) {
    (void)state;
    const char *value = NULL;
    size_t size = 0;
    struct awsc_error error;
    aws_tell(&f, "{\"secret\":\"canary-1\"}");
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error), SVC_OK);
    assert_string_equal(value, "{\"password\": \"canary-1\"}");
    assert_int_equal(size, strlen(value));
    aws_tell(&f, "{\"secret\":\"canary-2\"}");
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error), SVC_OK);
    assert_string_equal(value, "{\"password\": \"canary-1\"}");
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(awsc_secret_get(f.client, "db", true, &value, &size, 0, &error), SVC_OK);
    assert_string_equal(value, "{\"password\": \"canary-2\"}");
    aws_tell(&f, "{\"secret\":\"canary-3\"}");
    f.clock.monotonic_ms += AWSC_SECRET_TTL_MS;
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error), SVC_OK);
    assert_string_equal(value, "{\"password\": \"canary-3\"}");
    /* The service is down for a while: the old one does, unless a new one is wanted. */
    f.clock.monotonic_ms += AWSC_SECRET_TTL_MS;
    aws_tell(&f, "{\"faults\":[\"reset\",\"reset\",\"reset\",\"reset\",\"reset\",\"reset\"]}");
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error), SVC_OK);
    assert_string_equal(value, "{\"password\": \"canary-3\"}");
    assert_int_equal(awsc_secret_get(f.client, "db", true, &value, &size, 0, &error),
                     SVC_CONNECTION_LOST);
    assert_null(value);
    f.clock.monotonic_ms += 3600 * 1000;
    aws_tell(&f, "{\"faults\":[\"reset\",\"reset\",\"reset\"]}");
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error),
                     SVC_CONNECTION_LOST);
    assert_int_equal(awsc_secret_get(f.client, "absent", false, &value, &size, 0, &error),
                     SVC_NOT_FOUND);
    assert_int_equal(awsc_secret_get(f.client, "", false, &value, &size, 0, &error),
                     SVC_INVALID_ARGUMENT);
}

/* More names than the cache has places: the oldest goes. */
static void test_the_cache_of_secrets_is_bounded(void **state) {
    (void)state;
    const char *value = NULL;
    size_t size = 0;
    struct awsc_error error;
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error), SVC_OK);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "absent-%d", i);
        assert_int_equal(awsc_secret_get(f.client, name, false, &value, &size, 0, &error),
                         SVC_NOT_FOUND);
    }
    aws_requests(&f);
    assert_int_equal(awsc_secret_get(f.client, "db", false, &value, &size, 0, &error), SVC_OK);
    assert_int_equal(aws_requests(&f), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_messages_go_and_come),
        TEST(test_what_sqs_would_refuse_is_refused),
        TEST(test_a_batch_tells_of_each_entry),
        TEST(test_an_answer_that_makes_no_sense_is_told),
        TEST(test_a_mail_has_all_its_parts),
        TEST(test_nothing_is_injected_into_a_mail),
        TEST(test_secrets_are_cached_and_refreshed),
        TEST(test_the_cache_of_secrets_is_bounded),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
