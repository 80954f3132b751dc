/* What a bare 403, 400 or 404 to HEAD turns out to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3_denied.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;
static struct awsc_error error;

static int set_up(void **state) {
    aws_setup(state);
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":100},\"bucket/empty\":{\"size\":0}}}");
    return 0;
}

/* The status and code of a failed HEAD, once explained; `requests` counts HEAD and all. */
static void check(const char *bucket, const char *key, enum svc_status status, const char *code,
                  const char *message, size_t requests) {
    const struct awsc_s3_get get = {.bucket = bucket, .key = key};
    struct awsc_s3_info info;
    char text[AWSC_ERROR_TEXT_BYTES];
    aws_requests(&f);
    enum svc_status first = awsc_s3_head(f.client, &get, &info, &error);
    assert_true(first != SVC_OK);
    assert_string_equal(error.code, ""); /* HEAD itself gives no reason */
    enum svc_status found = awsc_s3_explain_denied(f.client, &get, &error);
    awsc_error_text(&error, text);
    if (found != status || error.status != status || strcmp(error.code, code) != 0 ||
        strstr(text, message) == NULL) {
        fail_msg("%s/%s: %s: %s", bucket, key, svc_status_name(found), text);
    }
    assert_int_equal(aws_requests(&f), requests);
    assert_string_equal(error.operation, "HeadObject");
    assert_null(strstr(text, "canary"));
}

static void test_a_denied_action_is_named_where_s3_names_it(void **state) {
    (void)state;
    aws_set(&f, "{\"denied\":[\"s3:GetObject\",\"named\"]}");
    check("bucket", "k", SVC_ACCESS_DENIED, "AccessDenied",
          "s3:GetObject is denied: User: arn:", 2);
    check("bucket", "missing", SVC_ACCESS_DENIED, "AccessDenied", "s3:GetObject is denied", 2);
    aws_set(&f, "{\"denied\":[\"s3:ListBucket\",\"named\"]}");
    check("bucket", "missing", SVC_ACCESS_DENIED, "AccessDenied", "s3:ListBucket is denied", 2);
}

static void test_a_denied_action_is_found_by_a_list_where_s3_names_none(void **state) {
    (void)state;
    aws_set(&f, "{\"denied\":[\"s3:GetObject\"]}");
    check("bucket", "k", SVC_ACCESS_DENIED, "AccessDenied",
          "s3:ListBucket is allowed, so s3:GetObject or kms:Decrypt is denied", 3);
    aws_set(&f, "{\"denied\":[\"s3:GetObject\",\"s3:ListBucket\"]}");
    check("bucket", "k", SVC_ACCESS_DENIED, "AccessDenied", "s3:ListBucket is denied, so a missing",
          3);
    aws_set(&f, "{\"denied\":[\"s3:ListBucket\"]}");
    check("bucket", "missing", SVC_ACCESS_DENIED, "AccessDenied", "check s3:ListBucket", 3);
}

static void test_a_wrong_secret_is_distinguished_from_a_missing_right(void **state) {
    (void)state;
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", "canary-wrong-secret");
    aws_new_client(&f);
    check("bucket", "k", SVC_ACCESS_DENIED, "SignatureDoesNotMatch", "the secret access key", 2);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", "AKIDOTHER");
    aws_new_client(&f);
    check("bucket", "k", SVC_ACCESS_DENIED, "InvalidAccessKeyId", "InvalidAccessKeyId (403)", 2);
}

static void test_an_expired_token_is_named(void **state) {
    (void)state;
    aws_set(&f, "{\"token\":\"canary-session-token-9\"}");
    check("bucket", "k", SVC_ACCESS_DENIED, "ExpiredToken", "token has expired", 3);
    aws_set(&f, "{\"token\":\"\"}");
}

static void test_a_missing_bucket_is_distinguished_from_a_missing_object(void **state) {
    (void)state;
    check("missing", "k", SVC_NO_RESOURCE, "NoSuchBucket", "bucket does not exist", 2);
    check("bucket", "missing", SVC_NOT_FOUND, "NoSuchKey", "key does not exist", 2);
}

/* HEAD alone is refused, whatever the reason. */
static void test_a_get_that_is_allowed_is_reported(void **state) {
    (void)state;
    aws_set(&f, "{\"faults\":[\"status:403:X\"]}");
    check("bucket", "k", SVC_ACCESS_DENIED, "", "a GET of the object is allowed now", 2);
    aws_set(&f, "{\"faults\":[\"status:403:X\"]}");
    check("bucket", "empty", SVC_ACCESS_DENIED, "", "a GET of the object is allowed now", 2);
}

static void test_a_complete_error_costs_no_request(void **state) {
    (void)state;
    const struct awsc_s3_get get = {.bucket = "bucket", .key = "missing"};
    struct awsc_s3_reader *reader;
    struct awsc_s3_info info;
    assert_int_equal(awsc_s3_get_open(f.client, &get, &reader, &info, &error), SVC_NOT_FOUND);
    aws_requests(&f);
    assert_int_equal(awsc_s3_explain_denied(f.client, &get, &error), SVC_NOT_FOUND);
    assert_string_equal(error.code, "NoSuchKey");
    awsc_error_clear(&error);
    awsc_fail(&error, SVC_DEADLINE, "late");
    assert_int_equal(awsc_s3_explain_denied(f.client, &get, &error), SVC_DEADLINE);
    assert_int_equal(aws_requests(&f), 0);
}

/* The probes fail too: the first error stays, with what to check. */
static void test_probes_that_fail_leave_the_error(void **state) {
    (void)state;
    const char *refused = "{\"faults\":[\"status:403:X\",\"status:501:Y\",\"status:501:Y\"]}";
    const struct awsc_s3_get get = {.bucket = "bucket", .key = "k"};
    struct awsc_s3_info info;
    aws_set(&f, refused);
    assert_int_equal(awsc_s3_head(f.client, &get, &info, &error), SVC_ACCESS_DENIED);
    assert_int_equal(awsc_s3_explain_denied(f.client, &get, &error), SVC_ACCESS_DENIED);
    assert_int_equal(error.http_status, 403);
    assert_non_null(strstr(error.message, "check s3:GetObject"));
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up, aws_teardown, &f)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_denied_action_is_named_where_s3_names_it),
        TEST(test_a_denied_action_is_found_by_a_list_where_s3_names_none),
        TEST(test_a_wrong_secret_is_distinguished_from_a_missing_right),
        TEST(test_an_expired_token_is_named),
        TEST(test_a_missing_bucket_is_distinguished_from_a_missing_object),
        TEST(test_a_get_that_is_allowed_is_reported),
        TEST(test_a_complete_error_costs_no_request),
        TEST(test_probes_that_fail_leave_the_error),
    };
    return AWS_RUN(tests);
}
