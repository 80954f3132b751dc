/* What a signature depends on, against a server that refuses it: a wrong clock is corrected,
 * expired credentials are fetched again, and a secret that a service repeats reaches no error and
 * no log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "services/aws/sqs.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static enum svc_status put(struct awsc_s3_put_result *result) {
    const struct awsc_s3_put what = {
        .bucket = "bucket", .key = "k", .body = (const uint8_t *)"body", .body_bytes = 4};
    return awsc_s3_put(f.client, &what, result);
}

/* Credentials come from a container's agent from now on. */
static void use_agent(void) {
    char url[80];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/credentials", f.server.port);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", NULL);
    test_environment_set(&f.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    test_environment_set(&f.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    aws_new_client(&f);
}

static void test_a_wrong_clock_is_found_and_corrected(void **state) {
    (void)state;
    static const int skews[] = {3600, -3600, 86400 * 365};
    struct awsc_s3_put_result result;
    char line[64];
    for (size_t i = 0; i < 3; i++) {
        aws_end(&f);
        aws_begin(&f);
        snprintf(line, sizeof(line), "{\"skew\":%d}", skews[i]);
        aws_set(&f, line);
        assert_int_equal(put(&result), SVC_OK);
        assert_int_equal(result.error.attempts, 2);
        /* From then on at once. */
        assert_int_equal(put(&result), SVC_OK);
        assert_int_equal(result.error.attempts, 1);
        int64_t skew_ms = awsc_client_counts(f.client).skew_ms;
        assert_true(skew_ms > skews[i] * INT64_C(1000) - 3000 &&
                    skew_ms < skews[i] * INT64_C(1000) + 3000);
    }
    /* A small skew is remembered too, and nothing is tried again for it. */
    aws_end(&f);
    aws_begin(&f);
    aws_set(&f, "{\"skew\":200}");
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(result.error.attempts, 1);
    aws_set_fault(&f, "status:403:SignatureDoesNotMatch", 1);
    assert_int_equal(put(&result), SVC_ACCESS_DENIED);
    assert_int_equal(result.error.attempts, 1);
}

/* A response to HEAD has no body, so no code names the clock as the reason. */
static void test_a_wrong_clock_is_corrected_by_head_too(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    struct awsc_s3_info info;
    struct awsc_error error;
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    assert_int_equal(put(&result), SVC_OK);
    aws_set_fault(&f, "status:403:AccessDenied", 1); /* with a correct clock it is final */
    assert_int_equal(awsc_s3_head(f.client, &what, &info, &error), SVC_ACCESS_DENIED);
    assert_int_equal(error.attempts, 1);
    aws_set(&f, "{\"skew\":3600}");
    assert_int_equal(awsc_s3_head(f.client, &what, &info, &error), SVC_OK);
    assert_int_equal(aws_requests(&f), 2);
    awsc_s3_info_clear(&info);
}

static void test_a_wrong_secret_is_refused_once(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", "canary-wrong-secret");
    aws_new_client(&f);
    assert_int_equal(put(&result), SVC_ACCESS_DENIED);
    assert_string_equal(result.error.code, "SignatureDoesNotMatch");
    assert_string_equal(result.error.message, "the signature was not accepted");
    assert_int_equal(result.error.attempts, 1);
    aws_requests(&f);
    assert_null(aws_object(&f, "bucket/k"));
}

static void test_an_expired_token_is_refreshed_once(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    use_agent();
    aws_set(&f, "{\"token\":\"canary-session-token-1\"}");
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 2); /* the agent, and the put */
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
    /* The service accepts another token: fetched again, signed again. */
    aws_set(&f, "{\"token\":\"canary-session-token-2\"}");
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(result.error.attempts, 2);
    assert_int_equal(aws_requests(&f), 3);
    /* If that does not help, it is not repeated. */
    aws_set_fault(&f, "status:400:ExpiredToken", 2);
    assert_int_equal(put(&result), SVC_ACCESS_DENIED);
    assert_int_equal(result.error.attempts, 2);
    assert_string_equal(result.error.code, "ExpiredToken");
    assert_int_equal(aws_requests(&f), 3);
    aws_set(&f, "{\"token\":\"\"}");
}

/* Within five minutes of their end they are fetched again. */
static void test_credentials_are_refreshed_before_they_expire(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    use_agent();
    aws_set(&f, "{\"lifetime\":1000}");
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 2);
    f.clock.wall_ms += 690 * 1000;
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
    f.clock.wall_ms += 20 * 1000;
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 2);
    /* The agent is gone: what is left of their life is used, and not more. */
    test_environment_set(&f.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-bad-token");
    f.clock.wall_ms += 200 * 1000;
    assert_int_equal(put(&result), SVC_OK);
    f.clock.wall_ms += 300 * 1000;
    assert_int_equal(put(&result), SVC_NO_CREDENTIALS);
    assert_int_equal(result.error.attempts, 1);
    aws_set(&f, "{\"lifetime\":3600}");
}

/* What an agent's response has in a wrong form is not taken for absent. */
static void test_an_agent_s_damaged_credentials_are_refused(void **state) {
    (void)state;
    static const char *const damaged[] = {
        "{\"agent\":{\"Expiration\":1767323045}}",  "{\"agent\":{\"Expiration\":true}}",
        "{\"agent\":{\"Expiration\":{}}}",          "{\"agent\":{\"Expiration\":\"soon\"}}",
        "{\"agent\":{\"Expiration\":\"\\u0000\"}}", "{\"agent\":{\"Token\":7}}",
        "{\"agent\":{\"AccessKeyId\":\"\"}}",       "{\"agent\":{\"SecretAccessKey\":[]}}",
    };
    struct awsc_s3_put_result result;
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        use_agent();
        aws_set(&f, damaged[i]);
        if (put(&result) != SVC_NO_CREDENTIALS) {
            fail_msg("%s: %s", damaged[i], svc_status_name(result.error.status));
        }
        assert_int_equal(aws_requests(&f), 1);
    }
    aws_set(&f, "{\"agent\":{\"Expiration\":null,\"Token\":null}}");
    assert_int_equal(put(&result), SVC_OK);
    aws_set(&f, "{\"agent\":{}}");
}

static void test_secrets_repeated_by_a_service_are_dropped(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    struct awsc_error error;
    char text[AWSC_ERROR_TEXT_BYTES], id[AWSC_SQS_ID_BYTES];
    test_environment_set(&f.environment, "AWS_SESSION_TOKEN", "canary-session-token");
    aws_new_client(&f);
    aws_set(&f, "{\"token\":\"canary-session-token\"}");
    static const char *const faults[] = {"echo:403", "echo:400", "status:400:Whatever"};
    for (size_t i = 0; i < 3; i++) {
        aws_set_fault(&f, faults[i], 1);
        assert_int_not_equal(put(&result), SVC_OK);
        awsc_error_text(&result.error, text);
        assert_null(strstr(text, "canary"));
        aws_set_fault(&f, faults[i], 1);
        const struct awsc_sqs_message message = {.body = "canary-payload"};
        assert_int_not_equal(awsc_sqs_send(f.client, "http://x/queue", &message, id, 0, &error),
                             SVC_OK);
        awsc_error_text(&error, text);
        assert_null(strstr(text, "canary"));
    }
    aws_set(&f, "{\"token\":\"\"}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_wrong_clock_is_found_and_corrected),
        AWS_TEST(test_a_wrong_clock_is_corrected_by_head_too),
        AWS_TEST(test_a_wrong_secret_is_refused_once),
        AWS_TEST(test_an_expired_token_is_refreshed_once),
        AWS_TEST(test_credentials_are_refreshed_before_they_expire),
        AWS_TEST(test_an_agent_s_damaged_credentials_are_refused),
        AWS_TEST(test_secrets_repeated_by_a_service_are_dropped),
    };
    return AWS_RUN(tests);
}
