/* CodeDeploy: the AppSpec of a deployment, and the status of a hook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/codedeploy.h"
#include "services/base/limits.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static enum svc_status get_appspec(const char *id, const char *expected, struct awsc_error *error) {
    struct svc_buf appspec;
    svc_buf_init(&appspec, AWSC_MAX_APPSPEC_BYTES);
    const enum svc_status status = awsc_codedeploy_appspec(f.client, id, &appspec, 0, error);
    assert_int_equal(error->status, status);
    assert_string_equal(svc_buf_text(&appspec), expected);
    svc_buf_clear(&appspec);
    return status;
}

static enum svc_status put_status(const char *deployment, const char *execution, bool has_succeeded,
                                  struct awsc_error *error) {
    const struct awsc_codedeploy_hook hook = {
        .deployment_id = deployment, .execution_id = execution, .has_succeeded = has_succeeded};
    const enum svc_status status = awsc_codedeploy_put_hook_status(f.client, &hook, error);
    assert_int_equal(error->status, status);
    return status;
}

/* The status that CodeDeploy has of an execution; NULL: none. */
static const char *status_of(const char *execution) {
    aws_requests(&f);
    return svc_json_get_text(svc_json_get(f.report, "hooks"), execution);
}

static void test_the_appspec_is_read_from_either_kind_of_revision(void **state) {
    (void)state;
    struct awsc_error error;
    aws_set(&f, "{\"revisions\":{"
                "\"d-1\":{\"revisionType\":\"AppSpecContent\",\"appSpecContent\":{\"content\":"
                "\"{\\\"a\\\":1}\"}},"
                "\"d-2\":{\"revisionType\":\"String\",\"string\":{\"content\":\"version: 0.0\"}},"
                "\"d-3\":{\"revisionType\":\"S3\",\"s3Location\":{\"bucket\":\"b\"}},"
                "\"d-4\":{\"revisionType\":\"AppSpecContent\",\"appSpecContent\":{\"sha256\":"
                "\"x\"}}}}");
    assert_int_equal(get_appspec("d-1", "{\"a\":1}", &error), SVC_OK);
    assert_int_equal(get_appspec("d-2", "version: 0.0", &error), SVC_OK);
    assert_int_equal(get_appspec("d-3", "", &error), SVC_BAD_RESPONSE);
    assert_int_equal(get_appspec("d-4", "", &error), SVC_BAD_RESPONSE);
    assert_int_equal(get_appspec("d-5", "", &error), SVC_NOT_FOUND);
    aws_requests(&f);
    assert_int_equal(get_appspec("", "", &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(get_appspec(NULL, "", &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(aws_requests(&f), 0);
    /* Responses that are none. */
    aws_set_fault(&f, "nojson", 3);
    assert_int_equal(get_appspec("d-1", "", &error), SVC_BAD_RESPONSE);
    /* A read is repeated. */
    aws_set_fault(&f, "status:500:InternalError", 2);
    assert_int_equal(get_appspec("d-1", "{\"a\":1}", &error), SVC_OK);
    assert_int_equal(error.attempts, 3);
}

static void test_a_status_is_put_once(void **state) {
    (void)state;
    struct awsc_error error;
    aws_set(&f, "{\"revisions\":{\"d-1\":{}},\"hooks\":{}}");
    assert_int_equal(put_status("d-1", "e-1", true, &error), SVC_OK);
    assert_string_equal(status_of("e-1"), "Succeeded");
    assert_int_equal(put_status("d-1", "e-2", false, &error), SVC_OK);
    assert_string_equal(status_of("e-2"), "Failed");
    /* The second one changes nothing, and is reported. */
    assert_int_equal(put_status("d-1", "e-2", true, &error), SVC_CONFLICT);
    assert_false(error.maybe_done);
    assert_string_equal(status_of("e-2"), "Failed");
    assert_int_equal(put_status("d-9", "e-3", true, &error), SVC_NOT_FOUND);
    assert_int_equal(put_status("d-1", "", true, &error), SVC_INVALID_ARGUMENT);
    assert_int_equal(put_status(NULL, "e-3", true, &error), SVC_INVALID_ARGUMENT);
    assert_null(status_of("e-3"));
}

/* An error names the operation, whose name is the longest of all. */
static void test_an_error_names_the_operation(void **state) {
    (void)state;
    struct awsc_error error;
    aws_set(&f, "{\"revisions\":{\"d-1\":{}},\"hooks\":{}}");
    aws_set_fault(&f, "status:400:InvalidDeploymentIdException", 1);
    assert_int_equal(put_status("d-1", "e-1", true, &error), SVC_REJECTED);
    assert_string_equal(error.operation, "PutLifecycleEventHookExecutionStatus");
}

static void test_a_lost_response_is_followed_by_another_attempt(void **state) {
    (void)state;
    static const char *const before[] = {"status:500:InternalError", "status:503:", "reset",
                                         "status:400:ThrottlingException"};
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        aws_set(&f, "{\"revisions\":{\"d-1\":{}},\"hooks\":{}}");
        aws_set_fault(&f, before[i], 2);
        assert_int_equal(put_status("d-1", "e-1", false, &error), SVC_OK);
        assert_int_equal(error.attempts, 3);
        assert_string_equal(status_of("e-1"), "Failed");
    }
    /* The first attempt was carried out: the second finds its status. */
    aws_set(&f, "{\"hooks\":{}}");
    aws_set_fault(&f, "lost", 1);
    assert_int_equal(put_status("d-1", "e-1", true, &error), SVC_CONFLICT);
    assert_true(error.maybe_done);
    assert_string_equal(status_of("e-1"), "Succeeded");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_the_appspec_is_read_from_either_kind_of_revision),
        AWS_TEST(test_a_status_is_put_once),
        AWS_TEST(test_an_error_names_the_operation),
        AWS_TEST(test_a_lost_response_is_followed_by_another_attempt),
    };
    return AWS_RUN(tests);
}
