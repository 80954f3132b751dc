/* Settings: what the function requires, what is used when nothing is set, and a sentence with the
 * variable's name for each that is missing or wrong, all of them at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/settlement/settings.h"
#include "tests/services/support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct settlement_settings settings;

static const char *const required[][2] = {
    {"DB_SECRET_NAME", "openmarket/db"},
    {"REPORTS_BUCKET", "openmarket-reports"},
    {"EMAIL_QUEUE_URL", "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mails"},
};

/* The required ones without `without`, and `more`: pairs, ended by NULL. */
static enum svc_status read_with(const char *without, const char *const *more,
                                 struct svc_error *error) {
    struct test_environment environment;
    test_environment_init(&environment);
    for (size_t i = 0; i < COUNT(required); i++) {
        if (without == NULL || strcmp(required[i][0], without) != 0) {
            test_environment_set(&environment, required[i][0], required[i][1]);
        }
    }
    for (; more != NULL && *more != NULL; more += 2) {
        test_environment_set(&environment, more[0], more[1]);
    }
    return settlement_settings_read(&environment.environment, &settings, error);
}

static enum svc_status read_one(const char *name, const char *value, struct svc_error *error) {
    const char *const more[] = {name, value, NULL};
    return read_with(NULL, more, error);
}

static void test_defaults(void **state) {
    (void)state;
    assert_int_equal(read_with(NULL, NULL, NULL), SVC_OK);
    assert_string_equal(settings.db.secret_name, "openmarket/db");
    assert_string_equal(settings.migration.secret_name, "");
    assert_string_equal(settings.bucket, "openmarket-reports");
    assert_string_equal(settings.mail_queue_url, required[2][1]);
    assert_string_equal(settings.queue_url, "");
    assert_string_equal(settings.link_template, "");
    assert_false(settings.is_prod);
    assert_int_equal(settings.batch_sellers, 100);
    assert_int_equal(settings.close_after_ms, 6 * 3600 * 1000);
    const struct settle_policy *policy = &settings.policy;
    assert_string_equal(policy->rules_text, "1 half-up down included gross 500 0");
    assert_int_equal(policy->moment, SETTLE_AT_CONFIRMATION);
    assert_true(policy->has_cycle);
    assert_int_equal(policy->cycle, SETTLE_MONTHLY);
    assert_false(policy->has_payout_day);
    assert_string_equal(policy->platform_name, "");
    assert_string_equal(policy->platform_business_number, "");
}

static void test_what_is_required(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(required); i++) {
        struct svc_error error = {0};
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "%s is not set", required[i][0]);
        assert_int_equal(read_with(required[i][0], NULL, &error), SVC_CONFIGURATION);
        assert_string_equal(error.detail, expected);
    }
}

static void test_all_mistakes_are_reported_at_once(void **state) {
    (void)state;
    static const char *const more[] = {"SETTLEMENT_VAT",
                                       "maybe",
                                       "SETTLEMENT_BATCH_SELLERS",
                                       "0",
                                       "PAYOUT_DAY",
                                       "soon",
                                       "EMAIL_QUEUE_URL",
                                       "",
                                       NULL};
    struct svc_error error = {0};
    assert_int_equal(read_with("REPORTS_BUCKET", more, &error), SVC_CONFIGURATION);
    assert_string_equal(
        error.detail, "REPORTS_BUCKET is not set; EMAIL_QUEUE_URL is not set; "
                      "SETTLEMENT_BATCH_SELLERS is not a number from 1 to 1000; SETTLEMENT_VAT is "
                      "not included or excluded; PAYOUT_DAY is not a number from 0 to 366");
}

static void test_prod_needs_a_link_that_lasts(void **state) {
    (void)state;
    static const char template_text[] = "https://shop.example/seller/{sellerId}/{period}";
    static const char *const prod[] = {"ENVIRONMENT", "prod", "REPORT_URL_TEMPLATE", template_text,
                                       NULL};
    struct svc_error error = {0};
    assert_int_equal(read_one("ENVIRONMENT", "prod", &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "REPORT_URL_TEMPLATE is not set");
    assert_int_equal(read_with(NULL, prod, NULL), SVC_OK);
    assert_true(settings.is_prod);
    assert_string_equal(settings.link_template, template_text);
    assert_int_equal(read_one("ENVIRONMENT", "dev", NULL), SVC_OK);
    assert_int_equal(read_one("ENVIRONMENT", "staging", &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "ENVIRONMENT is not dev or prod");
    assert_int_equal(read_one("REPORT_URL_TEMPLATE", "https://shop.example/{seller}", &error),
                     SVC_CONFIGURATION);
    assert_int_equal(read_one("REPORT_URL_TEMPLATE", "shop.example/{sellerId}", NULL),
                     SVC_CONFIGURATION);
}

static void test_the_rules(void **state) {
    (void)state;
    static const char *const all[] = {"SETTLEMENT_FEE_ROUNDING",
                                      "half-even",
                                      "SETTLEMENT_VAT_ROUNDING",
                                      "half-up",
                                      "SETTLEMENT_VAT",
                                      "excluded",
                                      "SETTLEMENT_BASIS",
                                      "paid",
                                      "SETTLEMENT_DEFAULT_RATE",
                                      "7.25",
                                      "SETTLEMENT_SHIPPING_RATE",
                                      "3",
                                      "SETTLEMENT_MOMENT",
                                      "payment",
                                      "PAYOUT_CYCLE",
                                      "weekly",
                                      "PAYOUT_DAY",
                                      "3",
                                      "PLATFORM_NAME",
                                      "오픈마켓",
                                      "PLATFORM_BUSINESS_NUMBER",
                                      "123-45-67890",
                                      NULL};
    const struct settle_policy *policy = &settings.policy;
    assert_int_equal(read_with(NULL, all, NULL), SVC_OK);
    assert_string_equal(policy->rules_text, "1 half-even half-up excluded paid 725 300");
    assert_int_equal(policy->moment, SETTLE_AT_PAYMENT);
    assert_true(policy->has_cycle);
    assert_int_equal(policy->cycle, SETTLE_WEEKLY);
    assert_true(policy->has_payout_day);
    assert_int_equal(policy->payout_days, 3);
    assert_string_equal(policy->platform_name, "오픈마켓");
    assert_string_equal(policy->platform_business_number, "123-45-67890");
    assert_int_equal(read_one("PAYOUT_CYCLE", "none", NULL), SVC_OK);
    assert_false(policy->has_cycle);
}

static void test_what_makes_no_sense(void **state) {
    (void)state;
    static const char *const wrong[][2] = {
        {"SETTLEMENT_FEE_ROUNDING", "up"},
        {"SETTLEMENT_VAT_ROUNDING", "Down"},
        {"SETTLEMENT_BASIS", "net"},
        {"SETTLEMENT_DEFAULT_RATE", "5.255"},
        {"SETTLEMENT_DEFAULT_RATE", "100.01"},
        {"SETTLEMENT_DEFAULT_RATE", "-1"},
        {"SETTLEMENT_SHIPPING_RATE", "5%"},
        {"SETTLEMENT_MOMENT", "shipping"},
        {"PAYOUT_CYCLE", "yearly"},
        {"PAYOUT_CYCLE", "custom"},
        {"PAYOUT_DAY", "367"},
        {"SETTLEMENT_BATCH_SELLERS", "1001"},
        {"SETTLEMENT_CLOSE_AFTER", "10s"},
        {"SETTLEMENT_CLOSE_AFTER", "15d"},
        {"REPORTS_BUCKET", "s3://reports"},
        {"SETTLEMENT_QUEUE_URL", "queue"},
        {"PLATFORM_NAME", "a\nb"},
        {"MIGRATION_SECRET_NAME", "a b"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct svc_error error = {0};
        assert_int_equal(read_one(wrong[i][0], wrong[i][1], &error), SVC_CONFIGURATION);
        assert_ptr_equal(strstr(error.detail, wrong[i][0]), error.detail);
    }
    assert_int_equal(read_one("SETTLEMENT_CLOSE_AFTER", "2h", NULL), SVC_OK);
    assert_int_equal(settings.close_after_ms, 2 * 3600 * 1000);
    assert_int_equal(read_one("MIGRATION_SECRET_NAME", "a/b", NULL), SVC_OK);
    assert_string_equal(settings.migration.secret_name, "a/b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_what_is_required),
        cmocka_unit_test(test_all_mistakes_are_reported_at_once),
        cmocka_unit_test(test_prod_needs_a_link_that_lasts),
        cmocka_unit_test(test_the_rules),
        cmocka_unit_test(test_what_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
