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

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_mail_has_all_its_parts),
        AWS_TEST(test_nothing_is_injected_into_a_mail),
    };
    return AWS_RUN(tests);
}
