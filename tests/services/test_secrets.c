/* Secrets Manager, and the cache of secrets in the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/secrets.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

/* Gets the secret; after OK the value must be the one expected. */
static enum svc_status ask(const char *name, const char *stage, bool refresh,
                           const char *password) {
    const struct awsc_secret_get get = {.name = name, .stage = stage, .refresh = refresh};
    struct awsc_error error;
    struct svc_buf value;
    char expected[80];
    svc_buf_init(&value, AWSC_MAX_SECRET_VALUE_BYTES);
    enum svc_status status = awsc_secret_get(f.client, &get, &value, &error);
    assert_int_equal(error.status, status);
    assert_true(status != SVC_OK || (error.message[0] == '\0' && !error.maybe_done));
    snprintf(expected, sizeof(expected), "{\"password\": \"%s\"}", password);
    assert_string_equal(svc_buf_text(&value), status == SVC_OK ? expected : "");
    svc_buf_wipe(&value);
    return status;
}

static void set_resets(int count) {
    char line[128] = "{\"faults\":[\"reset\"";
    for (int i = 1; i < count; i++) {
        strcat(line, ",\"reset\"");
    }
    strcat(line, "]}");
    aws_set(&f, line);
}

static void test_secrets_are_cached_and_refreshed(void **state) {
    (void)state;
    aws_set(&f, "{\"secret\":\"canary-1\"}");
    assert_int_equal(ask("db", NULL, false, "canary-1"), SVC_OK);
    aws_set(&f, "{\"secret\":\"canary-2\"}");
    assert_int_equal(ask("db", NULL, false, "canary-1"), SVC_OK);
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(ask("db", NULL, true, "canary-2"), SVC_OK);
    aws_set(&f, "{\"secret\":\"canary-3\"}");
    f.clock.monotonic_ms += AWSC_SECRET_TTL_MS;
    assert_int_equal(ask("db", NULL, false, "canary-3"), SVC_OK);
    /* The service is down for a while: the old value is used, unless a new one is wanted. */
    f.clock.monotonic_ms += AWSC_SECRET_TTL_MS;
    set_resets(6);
    assert_int_equal(ask("db", NULL, false, "canary-3"), SVC_OK);
    assert_int_equal(ask("db", NULL, true, ""), SVC_CONNECTION_LOST);
    f.clock.monotonic_ms += AWSC_SECRET_STALE_MS;
    set_resets(3);
    assert_int_equal(ask("db", NULL, false, ""), SVC_CONNECTION_LOST);
    assert_int_equal(ask("absent", NULL, false, ""), SVC_NOT_FOUND);
    assert_int_equal(ask("", NULL, false, ""), SVC_INVALID_ARGUMENT);
    assert_int_equal(ask(NULL, NULL, false, ""), SVC_INVALID_ARGUMENT);
    assert_int_equal(ask("db", "", false, ""), SVC_INVALID_ARGUMENT);
}

/* During a rotation the versions of one secret are different secrets. */
static void test_each_stage_is_a_secret_of_its_own(void **state) {
    (void)state;
    aws_set(&f, "{\"secret\":\"canary-now\",\"secrets\":{\"db/AWSPREVIOUS\":\"canary-before\"}}");
    assert_int_equal(ask("db", NULL, false, "canary-now"), SVC_OK);
    assert_int_equal(ask("db", AWSC_SECRET_PREVIOUS, false, "canary-before"), SVC_OK);
    assert_int_equal(ask("db", AWSC_SECRET_PENDING, false, ""), SVC_NOT_FOUND);
    assert_int_equal(aws_requests(&f), 3);
    assert_int_equal(ask("db", AWSC_SECRET_CURRENT, false, "canary-now"), SVC_OK);
    assert_int_equal(ask("db", AWSC_SECRET_PREVIOUS, false, "canary-before"), SVC_OK);
    assert_int_equal(aws_requests(&f), 0);
    /* The rotation ends: only what is fetched again changes. */
    aws_set(&f, "{\"secret\":\"canary-new\",\"secrets\":{\"db/AWSPREVIOUS\":\"canary-now\"}}");
    assert_int_equal(ask("db", AWSC_SECRET_CURRENT, true, "canary-new"), SVC_OK);
    assert_int_equal(ask("db", AWSC_SECRET_PREVIOUS, false, "canary-before"), SVC_OK);
    assert_int_equal(ask("db", AWSC_SECRET_PREVIOUS, true, "canary-now"), SVC_OK);
}

/* A value that was handed out stays as it is, whatever is fetched later. */
static void test_a_ninth_secret_changes_no_value_in_use(void **state) {
    (void)state;
    struct svc_buf values[12];
    struct awsc_error error;
    char line[1024] = "{\"secrets\":{", name[32];
    for (int i = 0; i < 12; i++) {
        size_t size = strlen(line);
        snprintf(line + size, sizeof(line) - size, "%s\"s%d/AWSCURRENT\":\"canary-%d\"",
                 i > 0 ? "," : "", i, i);
    }
    strcat(line, "}}");
    aws_set(&f, line);
    for (int i = 0; i < 12; i++) {
        const struct awsc_secret_get get = {.name = name};
        snprintf(name, sizeof(name), "s%d", i);
        svc_buf_init(&values[i], AWSC_MAX_SECRET_VALUE_BYTES);
        assert_int_equal(awsc_secret_get(f.client, &get, &values[i], &error), SVC_OK);
        f.clock.monotonic_ms += 10;
        /* The first is used all the time, and stays in the cache. */
        assert_int_equal(ask("s0", NULL, false, "canary-0"), SVC_OK);
    }
    assert_int_equal(aws_requests(&f), 12);
    assert_int_equal(ask("s0", NULL, true, "canary-0"), SVC_OK);
    for (int i = 0; i < 12; i++) {
        char expected[40];
        snprintf(expected, sizeof(expected), "{\"password\": \"canary-%d\"}", i);
        assert_string_equal(svc_buf_text(&values[i]), expected);
        svc_buf_wipe(&values[i]);
    }
    /* Cached are the first and the last seven; another is fetched again. */
    aws_requests(&f);
    for (int i = 5; i < 12; i++) {
        char password[32];
        snprintf(name, sizeof(name), "s%d", i);
        snprintf(password, sizeof(password), "canary-%d", i);
        assert_int_equal(ask(name, NULL, false, password), SVC_OK);
    }
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(ask("s4", NULL, false, "canary-4"), SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
}

/* Names that do not exist take no place in the cache. */
static void test_absent_secrets_replace_nothing(void **state) {
    (void)state;
    assert_int_equal(ask("db", NULL, false, "canary-password"), SVC_OK);
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof(name), "absent-%d", i);
        assert_int_equal(ask(name, NULL, false, ""), SVC_NOT_FOUND);
    }
    aws_requests(&f);
    assert_int_equal(ask("db", NULL, false, "canary-password"), SVC_OK);
    assert_int_equal(aws_requests(&f), 0);
}

/* A secret that is deleted is not used any longer than its time to live. */
static void test_a_deleted_secret_leaves_the_cache(void **state) {
    (void)state;
    aws_set(&f, "{\"secrets\":{\"gone/AWSCURRENT\":\"canary-gone\"}}");
    assert_int_equal(ask("gone", NULL, false, "canary-gone"), SVC_OK);
    aws_set(&f, "{\"secrets\":{}}");
    assert_int_equal(ask("gone", NULL, true, ""), SVC_NOT_FOUND);
    assert_int_equal(ask("gone", NULL, false, ""), SVC_NOT_FOUND);
}

/* The value is too large for the caller's buffer: nothing of it is there. */
static void test_a_buffer_that_is_too_small_stays_empty(void **state) {
    (void)state;
    const struct awsc_secret_get get = {.name = "db"};
    struct awsc_error error;
    struct svc_buf value;
    svc_buf_init(&value, 5);
    assert_int_equal(awsc_secret_get(f.client, &get, &value, &error), SVC_TOO_LARGE);
    assert_int_equal(value.size_bytes, 0);
    svc_buf_wipe(&value);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_secrets_are_cached_and_refreshed),
        AWS_TEST(test_each_stage_is_a_secret_of_its_own),
        AWS_TEST(test_a_ninth_secret_changes_no_value_in_use),
        AWS_TEST(test_absent_secrets_replace_nothing),
        AWS_TEST(test_a_deleted_secret_leaves_the_cache),
        AWS_TEST(test_a_buffer_that_is_too_small_stays_empty),
    };
    return AWS_RUN(tests);
}
