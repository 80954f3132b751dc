/* One call: what it takes, what a response without a body does to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/call.h"
#include "services/aws/json_call.h"
#include "services/aws/s3.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;
static struct awsc_call call;

/* ---------------------------------------------------------------------- limits */

static void begin_call(void) {
    awsc_call_init(&call, AWSC_S3, "GetObject", "GET");
    svc_buf_append_text(&call.path, "/bucket/key");
}

static void test_every_parameter_of_the_query_is_sent_or_the_call_fails(void **state) {
    (void)state;
    char names[AWSC_CALL_QUERY + 1][24];
    struct awsc_error error;
    for (size_t count = AWSC_CALL_QUERY; count <= AWSC_CALL_QUERY + 1; count++) {
        begin_call();
        for (size_t i = 0; i < count; i++) {
            snprintf(names[i], sizeof(names[i]), "p%zu", i);
            awsc_call_param(&call, names[i], "1");
        }
        awsc_call_param(&call, "absent", NULL);
        enum svc_status status = awsc_call_run(f.client, &call, &error);
        if (count == AWSC_CALL_QUERY) {
            assert_int_equal(status, SVC_NOT_FOUND); /* signed and sent: there is no such object */
            assert_int_equal(aws_requests(&f), 1);
            for (size_t i = 0; i < count; i++) {
                assert_non_null(strstr(aws_request(&f, 0, "path"), names[i]));
            }
        } else {
            assert_int_equal(status, SVC_INVALID_ARGUMENT);
            assert_non_null(strstr(error.message, "query"));
            assert_int_equal(aws_requests(&f), 0);
        }
        awsc_call_clear(f.client, &call);
    }
}

static void test_every_header_is_sent_or_the_call_fails(void **state) {
    (void)state;
    char names[AWSC_CALL_HEADERS + 1][32];
    struct awsc_error error;
    for (size_t count = AWSC_CALL_HEADERS; count <= AWSC_CALL_HEADERS + 1; count++) {
        begin_call();
        for (size_t i = 0; i < count; i++) {
            snprintf(names[i], sizeof(names[i]), "x-amz-h%zu", i);
            awsc_call_header(&call, names[i], "1");
        }
        assert_int_equal(awsc_call_run(f.client, &call, &error),
                         count == AWSC_CALL_HEADERS ? SVC_NOT_FOUND : SVC_INVALID_ARGUMENT);
        assert_int_equal(aws_requests(&f), count == AWSC_CALL_HEADERS ? 1 : 0);
        awsc_call_clear(f.client, &call);
    }
    begin_call();
    awsc_call_header(&call, "x-amz-meta-a", "a\r\nx-evil: 1");
    assert_int_equal(awsc_call_run(f.client, &call, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(aws_requests(&f), 0);
    awsc_call_clear(f.client, &call);
}

/* ---------------------------------------------------------------------- JSON */

/* A call of a JSON service whose response is this fault's. */
static enum svc_status run_json(enum awsc_service service, const char *fault,
                                uint64_t max_body_bytes, struct awsc_error *error) {
    struct awsc_json_call json;
    char line[128];
    snprintf(line, sizeof(line), "{\"faults\":[\"%s\",\"%s\",\"%s\"]}", fault, fault, fault);
    aws_set(&f, line);
    awsc_json_begin(&json, service, "Anything", 1000);
    if (max_body_bytes != 0) {
        json.call.max_body_bytes = max_body_bytes;
    }
    enum svc_status status = awsc_json_run(f.client, &json, error);
    assert_int_equal(svc_json_has(json.response, "x"), status == SVC_OK);
    awsc_json_end(f.client, &json);
    aws_set(&f, "{\"faults\":[]}");
    return status;
}

/* What may be received is parsed, to the byte: beyond the limit that JSON has by itself too. */
static void test_a_response_is_parsed_up_to_the_call_s_own_limit(void **state) {
    (void)state;
    struct awsc_error error;
    assert_int_equal(run_json(AWSC_SQS, "big:12582912", 12582912, &error), SVC_OK);
    assert_int_equal(run_json(AWSC_SQS, "big:12582913", 12582912, &error), SVC_TOO_LARGE);
    assert_int_equal(error.attempts, 1);
    assert_int_equal(run_json(AWSC_SQS, "big:2000", 1000, &error), SVC_TOO_LARGE);
    assert_int_equal(run_json(AWSC_SQS, "big:8388608", 0, &error), SVC_OK);
    assert_int_equal(run_json(AWSC_SQS, "big:8388609", 0, &error), SVC_TOO_LARGE);
}

static void test_dynamodb_s_crc32_is_checked(void **state) {
    (void)state;
    struct awsc_error error;
    static const char *const bad[] = {"crc32:1", "crc32:x", "crc32:", "crc32:99999999999",
                                      "crc32:-1"};
    assert_int_equal(run_json(AWSC_DYNAMODB, "crc32:correct", 0, &error), SVC_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(run_json(AWSC_DYNAMODB, bad[i], 0, &error), SVC_CHECKSUM_MISMATCH);
        assert_int_equal(error.attempts, 3);
        assert_true(error.maybe_done);
    }
    /* Of other services the header means nothing. */
    assert_int_equal(run_json(AWSC_SQS, "crc32:1", 0, &error), SVC_OK);
}

/* ---------------------------------------------------------------------- a 400 for HEAD */

static enum svc_status head(struct awsc_error *error) {
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    struct awsc_s3_info info;
    enum svc_status status = awsc_s3_head(f.client, &what, &info, error);
    if (status == SVC_OK) {
        awsc_s3_info_clear(&info);
    }
    return status;
}

static void use_container(void) {
    char url[80];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/credentials", f.server.port);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", NULL);
    test_environment_set(&f.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    test_environment_set(&f.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    aws_new_client(&f);
}

static void test_a_bare_400_to_head_refreshes_credentials_once(void **state) {
    (void)state;
    struct awsc_error error;
    use_container();
    aws_set(&f, "{\"token\":\"canary-session-token-1\",\"object\":{\"bucket/k\":{\"size\":1}}}");
    assert_int_equal(head(&error), SVC_OK);
    assert_int_equal(aws_requests(&f), 2); /* the agent, and the HEAD */
    aws_set(&f, "{\"token\":\"canary-session-token-2\"}");
    assert_int_equal(head(&error), SVC_OK);
    assert_int_equal(error.attempts, 2);
    assert_int_equal(aws_requests(&f), 3);
    /* Once is enough: it was something else. */
    aws_set(&f, "{\"faults\":[\"status:400:X\",\"status:400:X\",\"status:400:X\"]}");
    assert_int_equal(head(&error), SVC_REJECTED);
    assert_int_equal(error.attempts, 2);
    assert_int_equal(error.http_status, 400);
    assert_int_equal(aws_requests(&f), 3);
    aws_set(&f, "{\"token\":\"\",\"faults\":[]}");
}

/* Those at once share the refresh of the first. */
static void test_heads_at_once_refresh_credentials_once(void **state) {
    (void)state;
    enum svc_status statuses[4];
    struct awsc_s3_info infos[4];
    struct awsc_s3_get gets[4];
    for (size_t i = 0; i < 4; i++) {
        gets[i] = (struct awsc_s3_get){.bucket = "bucket", .key = "k"};
    }
    use_container();
    aws_set(&f, "{\"token\":\"canary-session-token-1\",\"object\":{\"bucket/k\":{\"size\":1}}}");
    struct awsc_error error;
    assert_int_equal(head(&error), SVC_OK);
    aws_set(&f, "{\"token\":\"canary-session-token-2\",\"requests\":[]}");
    assert_int_equal(awsc_s3_head_many(f.client, gets, 4, statuses, infos, NULL), SVC_OK);
    assert_int_equal(aws_requests(&f), 4 + 1 + 4);
    for (size_t i = 0; i < 4; i++) {
        awsc_s3_info_clear(&infos[i]);
    }
    aws_set(&f, "{\"token\":\"\"}");
}

static void test_a_bare_400_to_head_is_final_with_static_credentials(void **state) {
    (void)state;
    struct awsc_error error;
    aws_set(&f, "{\"faults\":[\"status:400:X\"]}");
    assert_int_equal(head(&error), SVC_REJECTED);
    assert_int_equal(error.attempts, 1);
    assert_int_equal(aws_requests(&f), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_every_parameter_of_the_query_is_sent_or_the_call_fails),
        AWS_TEST(test_every_header_is_sent_or_the_call_fails),
        AWS_TEST(test_a_response_is_parsed_up_to_the_call_s_own_limit),
        AWS_TEST(test_dynamodb_s_crc32_is_checked),
        AWS_TEST(test_a_bare_400_to_head_refreshes_credentials_once),
        AWS_TEST(test_heads_at_once_refresh_credentials_once),
        AWS_TEST(test_a_bare_400_to_head_is_final_with_static_credentials),
    };
    return AWS_RUN(tests);
}
