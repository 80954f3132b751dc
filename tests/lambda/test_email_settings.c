/* Settings: what is used when nothing is set, what can be set, and a sentence with the variable's
 * name for what makes no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/email/settings.h"
#include "tests/services/support.h"

#define DAY_MS INT64_C(86400000)

static struct email_settings settings; /* points into itself */

static enum svc_status read_with(const char *name, const char *value, struct svc_error *error) {
    struct test_environment environment;
    test_environment_init(&environment);
    test_environment_set(&environment, "FROM_EMAIL", "no-reply@example.com");
    if (name != NULL) {
        test_environment_set(&environment, name, value);
    }
    return email_settings_read(&environment.environment, &settings, error);
}

static void test_defaults(void **state) {
    (void)state;
    assert_int_equal(read_with(NULL, NULL, NULL), SVC_OK);
    assert_string_equal(settings.mailer.from, "no-reply@example.com");
    assert_null(settings.mailer.reply_to);
    assert_null(settings.mailer.bcc);
    assert_null(settings.mailer.configuration_set);
    assert_null(settings.mailer.environment);
    assert_string_equal(settings.mailer.sender.name, "");
    assert_int_equal(settings.rate_milli, 0);
    assert_string_equal(settings.table, "");
    assert_int_equal(settings.keep_ms, 30 * DAY_MS);
    assert_string_equal(settings.dead_letter_url, "");
    assert_string_equal(settings.hash_secret, "");
}

static void test_the_sender_must_be_set(void **state) {
    (void)state;
    struct test_environment environment;
    struct svc_error error = {0};
    test_environment_init(&environment);
    assert_int_equal(email_settings_read(&environment.environment, &settings, &error),
                     SVC_CONFIGURATION);
    assert_string_equal(error.detail, "FROM_EMAIL is not set");
}

static void test_what_can_be_set(void **state) {
    (void)state;
    assert_int_equal(read_with("FROM_EMAIL", "오픈마켓 <no-reply@시장.kr>", NULL), SVC_OK);
    assert_string_equal(settings.mailer.from,
                        "=?UTF-8?B?7Jik7ZSI66eI7LyT?= <no-reply@xn--vv4bo1g.kr>");
    assert_int_equal(read_with("REPLY_TO_EMAIL", "Help <help@example.com>", NULL), SVC_OK);
    assert_string_equal(settings.mailer.reply_to, "Help <help@example.com>");
    assert_int_equal(read_with("BCC_EMAIL", "copy@example.com", NULL), SVC_OK);
    assert_string_equal(settings.mailer.bcc, "copy@example.com");
    assert_int_equal(read_with("SES_CONFIGURATION_SET", "openmarket-prod_1", NULL), SVC_OK);
    assert_string_equal(settings.mailer.configuration_set, "openmarket-prod_1");
    assert_int_equal(read_with("ENVIRONMENT", "prod", NULL), SVC_OK);
    assert_string_equal(settings.mailer.environment, "prod");
    assert_int_equal(read_with("SENDER_ADDRESS", "서울특별시 중구", NULL), SVC_OK);
    assert_string_equal(settings.mailer.sender.address, "서울특별시 중구");
    assert_int_equal(read_with("IDEMPOTENCY_TABLE", "arn:aws:dynamodb:eu-west-1:1:table/a", NULL),
                     SVC_OK);
    assert_string_equal(settings.table, "arn:aws:dynamodb:eu-west-1:1:table/a");
    assert_int_equal(read_with("IDEMPOTENCY_DAYS", "28", NULL), SVC_OK);
    assert_int_equal(settings.keep_ms, 28 * DAY_MS);
    static const char url[] = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead";
    assert_int_equal(read_with("DEAD_LETTER_QUEUE_URL", url, NULL), SVC_OK);
    assert_string_equal(settings.dead_letter_url, url);
    assert_int_equal(read_with("ADDRESS_HASH_SECRET", "openmarket/hash", NULL), SVC_OK);
    assert_string_equal(settings.hash_secret, "openmarket/hash");
}

static void test_rates(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t rate_milli;
    } rates[] = {{"14", 14000}, {"0.5", 500},    {"0.05", 50},
                 {"0.001", 1},  {"1.25", 1250},  {"10000", 10000000},
                 {"3.0", 3000}, {"7.123", 7123}, {"9999.999", 9999999}};
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        assert_int_equal(read_with("SES_SEND_RATE", rates[i].text, NULL), SVC_OK);
        assert_int_equal(settings.rate_milli, rates[i].rate_milli);
    }
}

/* The longest name that fits, once encoded, fits as well. */
static void test_a_long_display_name(void **state) {
    (void)state;
    char text[EMAIL_MAX_MAILBOX_BYTES + 64] = "";
    size_t at = 0;
    while (at + 3 + strlen(" <a@example.com>") <= EMAIL_MAX_MAILBOX_BYTES) {
        memcpy(text + at, "가", 3);
        at += 3;
    }
    memcpy(text + at, " <a@example.com>", sizeof(" <a@example.com>"));
    assert_int_equal(read_with("FROM_EMAIL", text, NULL), SVC_OK);
    assert_true(strlen(settings.mailer.from) > 700);
    assert_non_null(strstr(settings.mailer.from, " <a@example.com>"));
}

static void test_nonsense_is_refused_by_name(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"FROM_EMAIL", "no address"},
        {"FROM_EMAIL", "a@example.com, b@example.com"},
        {"FROM_EMAIL", "a@example.com\r\nBcc: b@example.com"},
        {"FROM_EMAIL", "Shop <>"},
        {"FROM_EMAIL", "\xff <a@example.com>"},
        {"REPLY_TO_EMAIL", "a@"},
        {"BCC_EMAIL", "Copy <copy@example.com>"},
        {"BCC_EMAIL", "a@example.com,b@example.com"},
        {"SES_CONFIGURATION_SET", "a b"},
        {"SES_CONFIGURATION_SET", "\xed\x95\x9c"},
        {"SES_CONFIGURATION_SET",
         "a2345678901234567890123456789012345678901234567890123456789012345"},
        {"ENVIRONMENT", "prod/eu"},
        {"SES_SEND_RATE", "0"},
        {"SES_SEND_RATE", "0.000"},
        {"SES_SEND_RATE", "0.0001"},
        {"SES_SEND_RATE", "-1"},
        {"SES_SEND_RATE", "1."},
        {"SES_SEND_RATE", ".5"},
        {"SES_SEND_RATE", "1.5x"},
        {"SES_SEND_RATE", "1,5"},
        {"SES_SEND_RATE", "1e3"},
        {"SES_SEND_RATE", "10000.001"},
        {"SES_SEND_RATE", "18446744073709551616"},
        {"IDEMPOTENCY_TABLE", "a table"},
        {"IDEMPOTENCY_DAYS", "27"},
        {"IDEMPOTENCY_DAYS", "3651"},
        {"IDEMPOTENCY_DAYS", "30d"},
        {"DEAD_LETTER_QUEUE_URL", "openmarket-dead"},
        {"DEAD_LETTER_QUEUE_URL", "ftp://sqs/1/dead"},
        {"SENDER_NAME", "\xff"},
        {"SENDER_EMAIL", "Shop <shop@example.com>"},
        {"SENDER_PHONE", "02\n1234"},
        {"ADDRESS_HASH_SECRET", "a secret"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct svc_error error = {0};
        if (read_with(bad[i][0], bad[i][1], &error) != SVC_CONFIGURATION ||
            strstr(error.detail, bad[i][0]) == NULL) {
            fail_msg("%s=%s: %s", bad[i][0], bad[i][1], error.detail);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_the_sender_must_be_set),
        cmocka_unit_test(test_what_can_be_set),
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_a_long_display_name),
        cmocka_unit_test(test_nonsense_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
