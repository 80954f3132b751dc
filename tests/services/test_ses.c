/* SES against a server that checks requests against the service's model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/ses.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

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
    aws_set(&f, "{}");
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

static const char *const good[] = {"customer@example.com"};

static struct awsc_ses_email make_email(void) {
    return (struct awsc_ses_email){
        .from = "shop@example.com", .to = good, .to_count = 1, .subject = "s", .text = "t"};
}

static void expect_refused(const struct awsc_ses_email *email, enum svc_status expected) {
    char id[AWSC_SES_ID_BYTES];
    struct awsc_error error;
    assert_int_equal(awsc_ses_send(f.client, email, id, &error), expected);
    assert_string_equal(id, "");
    assert_false(error.retryable || error.maybe_done);
}

static void test_only_one_mailbox_is_an_address(void **state) {
    (void)state;
    static const char *const boxes[] = {"a@b",
                                        "customer.name+tag@sub.example-1.co.kr",
                                        "o'brien@example.com",
                                        "<a@example.com>",
                                        "Open Market Inc. <a@example.com>",
                                        "\"Kim, \\\"the\\\" <x@y>\" <a@example.com>",
                                        "=?UTF-8?B?7ZWc6riA?= <a@example.com>",
                                        "a@xn--bj0bj06e.kr"};
    static const char *const others[] = {"",
                                         "nobody",
                                         "@example.com",
                                         "a@",
                                         "a@example.com\r\nBcc: b@example.com",
                                         "a@example.com\n",
                                         "a@example.com,b@example.com",
                                         "a@example.com, b@example.com",
                                         "a@example.com;b@example.com",
                                         "a@example.com b@example.com",
                                         "<a@example.com>,<b@example.com>",
                                         "<a@example.com> <b@example.com>",
                                         "A <a@example.com>, B <b@example.com>",
                                         "a@b@example.com",
                                         "a..b@example.com",
                                         ".a@example.com",
                                         "a.@example.com",
                                         "a@example..com",
                                         "a@.example.com",
                                         "a@example.com.",
                                         "a@-example.com",
                                         "a@example-.com",
                                         "a@[127.0.0.1]",
                                         "\"a b\"@example.com",
                                         "a(comment)@example.com",
                                         "group: a@example.com;",
                                         "\"open <a@example.com>",
                                         "\"a\" b\" <a@example.com>",
                                         "a, b <a@example.com>",
                                         "b@example.com <a@example.com>",
                                         "<a@example.com",
                                         "a@example.com>",
                                         "Kim <a@example.com> x",
                                         "\xed\x95\x9c <a@example.com>",
                                         "\xed\x95\x9c@example.com",
                                         "a@\xed\x95\x9c.kr",
                                         "\"\xed\x95\x9c\" <a@example.com>",
                                         "\"\\\xff\" <a@example.com>",
                                         "\"a\\\" <a@example.com>"};
    struct awsc_ses_email email = make_email();
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++) {
        if (!awsc_ses_is_mailbox(boxes[i])) {
            fail_msg("%s is refused", boxes[i]);
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (awsc_ses_is_mailbox(others[i])) {
            fail_msg("%s is accepted", others[i]);
        }
        email.from = others[i];
        assert_int_equal(awsc_ses_check(&email, &error), SVC_INVALID_ARGUMENT);
        email = make_email();
        email.to = &others[i];
        assert_int_equal(awsc_ses_check(&email, &error), SVC_INVALID_ARGUMENT);
        email = make_email();
        email.bcc = &others[i];
        email.bcc_count = 1;
        assert_int_equal(awsc_ses_check(&email, &error), SVC_INVALID_ARGUMENT);
        email = make_email();
        email.reply_to = &others[i];
        email.reply_to_count = 1;
        assert_int_equal(awsc_ses_check(&email, &error), SVC_INVALID_ARGUMENT);
        email = make_email();
    }
    assert_false(awsc_ses_is_mailbox(NULL));
    char local[80];
    memset(local, 'a', sizeof(local));
    strcpy(local + 65, "@b.kr");
    assert_false(awsc_ses_is_mailbox(local));
    assert_true(awsc_ses_is_mailbox(local + 1));
}

static void test_a_value_becomes_no_other_header(void **state) {
    (void)state;
    static char long_value[872], long_name[128], long_tag[258];
    memset(long_value, 'v', 871);
    memset(long_name, 'n', 127);
    memset(long_tag, 't', 257);
    const struct awsc_param bad[] = {{"X", "a\r\nBcc: b"},
                                     {"X", "a\n"},
                                     {"X: y", "a"},
                                     {"X", NULL},
                                     {"X", ""},
                                     {"", "a"},
                                     {NULL, "a"},
                                     {"X Y", "a"},
                                     {"X\n", "a"},
                                     {"X", "\x7f"},
                                     {"X", "\xed\x95\x9c"},
                                     {"\xed\x95\x9c", "a"},
                                     {"From", "a@b"},
                                     {"bCC", "a@b"},
                                     {"To", "a@b"},
                                     {"Subject", "x"},
                                     {"Reply-To", "a@b"},
                                     {"Date", "x"},
                                     {"Message-ID", "<x>"},
                                     {"Sender", "a@b"},
                                     {"Content-Type", "text"},
                                     {"content-", "x"},
                                     {"DKIM-Signature", "x"},
                                     {"X-SES-x", "y"},
                                     {"Resent-Bcc", "a@b"},
                                     {"X", long_value},
                                     {long_name, "x"}};
    const struct awsc_param bad_tags[] = {{"a b", "x"},         {"", "x"},       {"a", ""},
                                          {"a", "x y"},         {"a", NULL},     {NULL, "x"},
                                          {"a", "\n"},          {long_tag, "x"}, {"a", long_tag},
                                          {"a.b", "x"},         {"a", "x.y"},    {"a", "x@y"},
                                          {"a", "\xed\x95\x9c"}};
    struct awsc_ses_email email = make_email();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        email.headers = &bad[i];
        email.header_count = 1;
        expect_refused(&email, SVC_INVALID_ARGUMENT);
    }
    email = make_email();
    for (size_t i = 0; i < sizeof(bad_tags) / sizeof(bad_tags[0]); i++) {
        email.tags = &bad_tags[i];
        email.tag_count = 1;
        expect_refused(&email, SVC_INVALID_ARGUMENT);
    }
    static const char *const sets[] = {"", "a b", "a\n", "a.b"};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        email = make_email();
        email.configuration_set = sets[i];
        expect_refused(&email, SVC_INVALID_ARGUMENT);
    }
    static const char *const subjects[] = {"a\nBcc: b@example.com", "a\r", "\x7f", "", NULL};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        email = make_email();
        email.subject = subjects[i];
        expect_refused(&email, SVC_INVALID_ARGUMENT);
    }
    assert_int_equal(aws_requests(&f), 0);
}

static void test_a_mail_within_its_bounds_is_sent(void **state) {
    (void)state;
    struct awsc_ses_email email = make_email();
    const char *many[51];
    struct awsc_param headers[16], tags[51];
    char id[AWSC_SES_ID_BYTES];
    struct awsc_error error;
    for (size_t i = 0; i < 51; i++) {
        many[i] = "a@example.com";
        tags[i] = (struct awsc_param){"name", "value_1-x"};
        if (i < 16) {
            headers[i] = (struct awsc_param){"X-Any", "~ printable:!"};
        }
    }
    static char longest_name[127], longest_value[871];
    memset(longest_name, 'n', 126);
    memset(longest_value, 'v', 870);
    headers[14] = (struct awsc_param){longest_name, longest_value};
    email.to_count = 0;
    expect_refused(&email, SVC_INVALID_ARGUMENT);
    email = make_email();
    email.to = many;
    email.to_count = 51;
    expect_refused(&email, SVC_INVALID_ARGUMENT);
    email.to_count = 25;
    email.bcc = many;
    email.bcc_count = 26;
    expect_refused(&email, SVC_INVALID_ARGUMENT);
    email = make_email();
    email.text = NULL;
    expect_refused(&email, SVC_INVALID_ARGUMENT);
    static const char *const broken = "\xed\xa0\x80";
    email = make_email();
    email.text = broken;
    expect_refused(&email, SVC_MALFORMED);
    email = make_email();
    email.html = broken;
    expect_refused(&email, SVC_MALFORMED);
    email = make_email();
    email.subject = broken;
    expect_refused(&email, SVC_MALFORMED);
    email = make_email();
    email.headers = headers;
    email.tags = tags;
    email.header_count = 16;
    expect_refused(&email, SVC_INVALID_ARGUMENT);
    email.header_count = 15;
    email.tag_count = 51;
    expect_refused(&email, SVC_INVALID_ARGUMENT);
    email.tag_count = 50;
    email.to = many;
    email.to_count = 25;
    email.bcc = many;
    email.bcc_count = 25;
    email.html = "";
    email.text = NULL;
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
}

static void test_refusals_are_distinguished(void **state) {
    (void)state;
    static const char *const refused[] = {"refused@example.com"};
    static const struct {
        const char *reply; /* status, code, message */
        enum svc_status status;
        enum awsc_ses_refusal refusal;
        int attempts;
    } cases[] = {
        {"429,\"TooManyRequestsException\",\"Maximum sending rate exceeded.\"", SVC_THROTTLED,
         AWSC_SES_RATE_EXCEEDED, 3},
        {"429,\"TooManyRequestsException\",\"Daily message quota exceeded.\"", SVC_THROTTLED,
         AWSC_SES_QUOTA_EXCEEDED, 3},
        {"400,\"Throttling\",\"daily message quota exceeded\"", SVC_THROTTLED,
         AWSC_SES_QUOTA_EXCEEDED, 3},
        {"400,\"LimitExceededException\",\"\"", SVC_THROTTLED, AWSC_SES_QUOTA_EXCEEDED, 3},
        {"400,\"MessageRejected\",\"Illegal content\"", SVC_REJECTED, AWSC_SES_MESSAGE_REJECTED, 1},
        {"400,\"MessageRejected\",\"Email address is not verified. a@example.com\"", SVC_REJECTED,
         AWSC_SES_NOT_VERIFIED, 1},
        {"400,\"MailFromDomainNotVerifiedException\",\"x\"", SVC_REJECTED, AWSC_SES_NOT_VERIFIED,
         1},
        {"400,\"AccountSuspendedException\",\"x\"", SVC_REJECTED, AWSC_SES_ACCOUNT_SUSPENDED, 1},
        {"400,\"SendingPausedException\",\"x\"", SVC_REJECTED, AWSC_SES_SENDING_PAUSED, 1},
        {"404,\"NotFoundException\",\"Configuration set x\"", SVC_NOT_FOUND,
         AWSC_SES_NO_CONFIGURATION_SET, 1},
        {"400,\"BadRequestException\",\"x\"", SVC_REJECTED, AWSC_SES_NOT_REFUSED, 1},
        {"403,\"AccessDeniedException\",\"x\"", SVC_ACCESS_DENIED, AWSC_SES_NOT_REFUSED, 1},
    };
    struct awsc_ses_email email = make_email();
    char id[AWSC_SES_ID_BYTES], line[256];
    struct awsc_error error;
    email.to = refused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(line, sizeof(line), "{\"ses_refusal\":[%s]}", cases[i].reply);
        aws_set(&f, line);
        enum svc_status status = awsc_ses_send(f.client, &email, id, &error);
        if (status != cases[i].status || awsc_ses_refusal_of(&error) != cases[i].refusal) {
            fail_msg("%s: %s, refusal %d", cases[i].reply, svc_status_name(status),
                     awsc_ses_refusal_of(&error));
        }
        assert_int_equal(aws_requests(&f), cases[i].attempts);
        assert_false(error.maybe_done);
        /* Addresses that SES repeats do not get into our errors. */
        assert_null(strstr(error.message, "example.com"));
        assert_int_equal(svc_json_count(svc_json_get(f.report, "mails")), 0);
    }
    aws_set(&f, "{\"ses_refusal\":null}");
    awsc_error_clear(&error);
    assert_int_equal(awsc_ses_refusal_of(&error), AWSC_SES_NOT_REFUSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_mail_has_all_its_parts),
        AWS_TEST(test_only_one_mailbox_is_an_address),
        AWS_TEST(test_a_value_becomes_no_other_header),
        AWS_TEST(test_a_mail_within_its_bounds_is_sent),
        AWS_TEST(test_refusals_are_distinguished),
    };
    return AWS_RUN(tests);
}
