/* Settings: what each role of the function requires, what is used when nothing is set, and a
 * sentence with the variable's name for what makes no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/webhook/settings.h"
#include "tests/services/support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct webhook_settings settings;

static const char *const store[][2] = {
    {"DB_SECRET_NAME", "openmarket/db"},
    {"EMAIL_QUEUE_URL", "https://sqs.ap-northeast-2.amazonaws.com/123456789012/mails"},
    {"WEBHOOK_SECRET", "s3cret"},
};
static const char *const twin[][2] = {
    {"TOSS_CONFIRMED_URL", "https://abc.lambda-url.ap-northeast-2.on.aws/webhooks/toss-confirmed"},
    {"WEBHOOK_SECRET_NAME", "openmarket/webhook"},
    {"TOSS_SECRET_NAME", "openmarket/toss"},
};

/* Those of a role, without `without`, and with one more. */
static enum svc_status read_with(const char *const role[][2], size_t count, const char *without,
                                 const char *name, const char *value, struct svc_error *error) {
    struct test_environment environment;
    test_environment_init(&environment);
    for (size_t i = 0; i < count; i++) {
        if (without == NULL || strcmp(role[i][0], without) != 0) {
            test_environment_set(&environment, role[i][0], role[i][1]);
        }
    }
    if (name != NULL) {
        test_environment_set(&environment, name, value);
    }
    return webhook_settings_read(&environment.environment, &settings, error);
}

static enum svc_status read_store(const char *without, const char *name, const char *value,
                                  struct svc_error *error) {
    return read_with(store, COUNT(store), without, name, value, error);
}

static enum svc_status read_twin(const char *without, const char *name, const char *value,
                                 struct svc_error *error) {
    return read_with(twin, COUNT(twin), without, name, value, error);
}

static void test_defaults(void **state) {
    (void)state;
    assert_int_equal(read_store(NULL, NULL, NULL, NULL), SVC_OK);
    assert_false(settings.is_twin);
    assert_string_equal(settings.db.secret_name, "openmarket/db");
    assert_string_equal(settings.mail_queue_url, store[1][1]);
    assert_string_equal(settings.secret, "s3cret");
    assert_string_equal(settings.secret_name, "");
    assert_string_equal(settings.toss_secret_name, "");
    assert_string_equal(settings.toss_url, "https://api.tosspayments.com");
    assert_string_equal(settings.confirm_queue_url, "");
    assert_string_equal(settings.bucket, "");
    assert_string_equal(settings.unsubscribe_secret_name, "");
    assert_string_equal(settings.migration.secret_name, "");
    assert_int_equal(settings.inbox_days, 90);
    assert_int_equal(settings.outbox_days, 90);
}

static void test_without_a_webhook_secret_there_is_no_start(void **state) {
    (void)state;
    struct svc_error error = {0};
    assert_int_equal(read_store("WEBHOOK_SECRET", NULL, NULL, &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "WEBHOOK_SECRET or WEBHOOK_SECRET_NAME is not set");
    assert_int_equal(read_store("WEBHOOK_SECRET", "WEBHOOK_SECRET", "", &error), SVC_CONFIGURATION);
    assert_int_equal(read_store("WEBHOOK_SECRET", "WEBHOOK_SECRET_NAME", "a/b", NULL), SVC_OK);
    assert_string_equal(settings.secret_name, "a/b");
    assert_string_equal(settings.secret, "");
}

static void test_what_each_role_requires(void **state) {
    (void)state;
    struct svc_error error = {0};
    assert_int_equal(read_store("DB_SECRET_NAME", NULL, NULL, &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "DB_SECRET_NAME is not set");
    assert_int_equal(read_store("EMAIL_QUEUE_URL", NULL, NULL, &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "EMAIL_QUEUE_URL is not set");
    assert_int_equal(read_twin(NULL, NULL, NULL, NULL), SVC_OK);
    assert_true(settings.is_twin);
    assert_string_equal(settings.confirmed_url, twin[0][1]);
    assert_string_equal(settings.transactions_url,
                        "https://abc.lambda-url.ap-northeast-2.on.aws/webhooks/toss-transactions");
    assert_string_equal(settings.mail_queue_url, "");
    assert_int_equal(read_twin("TOSS_SECRET_NAME", NULL, NULL, &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "TOSS_SECRET_NAME is not set");
    /* A secret that nothing internal is in would sign nothing. */
    assert_int_equal(read_twin("WEBHOOK_SECRET_NAME", "WEBHOOK_SECRET", "s3cret", &error),
                     SVC_CONFIGURATION);
    assert_string_equal(error.detail, "WEBHOOK_SECRET_NAME is not set");
    /* With a database it is the function, whatever else is set. */
    assert_int_equal(read_twin(NULL, "DB_SECRET_NAME", "openmarket/db", &error), SVC_CONFIGURATION);
    assert_string_equal(error.detail, "EMAIL_QUEUE_URL is not set");
}

static void test_what_can_be_set(void **state) {
    (void)state;
    static const char url[] = "https://sqs.eu-west-1.amazonaws.com/123456789012/hints";
    assert_int_equal(read_store(NULL, "TOSS_CONFIRM_QUEUE_URL", url, NULL), SVC_OK);
    assert_string_equal(settings.confirm_queue_url, url);
    assert_int_equal(read_store(NULL, "TOSS_API_URL", "http://127.0.0.1:8080", NULL), SVC_OK);
    assert_string_equal(settings.toss_url, "http://127.0.0.1:8080");
    assert_int_equal(read_store(NULL, "TOSS_API_URL", "https://toss.example/api", NULL), SVC_OK);
    assert_int_equal(read_store(NULL, "REPORTS_BUCKET", "openmarket-reports.kr", NULL), SVC_OK);
    assert_string_equal(settings.bucket, "openmarket-reports.kr");
    assert_int_equal(read_store(NULL, "UNSUBSCRIBE_SECRET_NAME", "a/unsubscribe", NULL), SVC_OK);
    assert_string_equal(settings.unsubscribe_secret_name, "a/unsubscribe");
    assert_int_equal(read_store(NULL, "INBOX_DAYS", "7", NULL), SVC_OK);
    assert_int_equal(settings.inbox_days, 7);
    assert_int_equal(read_store(NULL, "OUTBOX_DAYS", "3650", NULL), SVC_OK);
    assert_int_equal(settings.outbox_days, 3650);
}

static void test_nonsense_is_refused_by_name(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"DB_SECRET_NAME", "a secret"},
        {"EMAIL_QUEUE_URL", "mails"},
        {"EMAIL_QUEUE_URL", "ftp://sqs/1/mails"},
        {"WEBHOOK_SECRET_NAME", "a secret"},
        {"WEBHOOK_SECRET", "canary\n"},
        {"TOSS_SECRET_NAME", "canary canary"},
        {"TOSS_API_URL", "http://api.tosspayments.com"},
        {"TOSS_API_URL", "http://127.0.0.1.example.com"},
        {"TOSS_API_URL", "http://localhost.example.com/"},
        {"TOSS_API_URL", "https://canary:canary@api.tosspayments.com"},
        {"TOSS_CONFIRM_QUEUE_URL", "hints"},
        {"TOSS_CONFIRMED_URL", "http://example.com/webhooks/toss-confirmed"},
        {"TOSS_CONFIRMED_URL", "https://example.com/webhooks/toss"},
        {"REPORTS_BUCKET", "Reports"},
        {"REPORTS_BUCKET", "a/b"},
        {"UNSUBSCRIBE_SECRET_NAME", "a b"},
        {"MIGRATION_SECRET_NAME", "a b"},
        {"INBOX_DAYS", "6"},
        {"INBOX_DAYS", "3651"},
        {"OUTBOX_DAYS", "29"},
        {"OUTBOX_DAYS", "30d"},
        {"DB_CONNECT_TIMEOUT", "5"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct svc_error error = {0};
        if (read_store(NULL, bad[i][0], bad[i][1], &error) != SVC_CONFIGURATION ||
            strncmp(error.detail, bad[i][0], strlen(bad[i][0])) != 0 ||
            strstr(error.detail, "canary") != NULL) {
            fail_msg("%s=%s: %s", bad[i][0], bad[i][1], error.detail);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_without_a_webhook_secret_there_is_no_start),
        cmocka_unit_test(test_what_each_role_requires),
        cmocka_unit_test(test_what_can_be_set),
        cmocka_unit_test(test_nonsense_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
