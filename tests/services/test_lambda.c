/* Lambda's Invoke: what is sent, what a result holds, and that nothing is invoked twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/lambda.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static enum svc_status invoke_text(const char *function, const char *qualifier, const char *event,
                                   size_t max_bytes, struct awsc_lambda_result *result,
                                   struct awsc_error *error) {
    const struct awsc_lambda_invoke invoke = {
        .function = function,
        .qualifier = qualifier,
        .event = event,
        .event_bytes = strlen(event),
        .max_result_bytes = max_bytes,
    };
    const enum svc_status status = awsc_lambda_invoke(f.client, &invoke, result, error);
    assert_int_equal(error->status, status);
    return status;
}

/* How many invocations the service took since the test began, by a new report. */
static size_t invoked(void) {
    aws_requests(&f);
    return svc_json_count(svc_json_get(f.report, "invoked"));
}

static const char *invoked_text(size_t i, const char *name) {
    return svc_json_get_text(svc_json_at(svc_json_get(f.report, "invoked"), i), name);
}

static void forget(void) {
    aws_set(&f, "{\"invoked\":[],\"function\":{\"result\":\"{}\"}}");
}

static void test_a_version_is_invoked_with_the_event_as_it_is(void **state) {
    (void)state;
    struct awsc_lambda_result result;
    struct awsc_error error;
    forget();
    aws_set(&f, "{\"function\":{\"result\":\"{\\\"made\\\":1}\",\"version\":\"7\"}}");
    assert_int_equal(
        invoke_text("shop-image", "7", "{\"a\" : \"\xed\x95\x9c\"}", 0, &result, &error), SVC_OK);
    assert_false(result.has_failed);
    assert_string_equal(result.version, "7");
    assert_string_equal(svc_buf_text(&result.payload), "{\"made\":1}");
    awsc_lambda_result_clear(&result);
    assert_int_equal(invoked(), 1);
    assert_string_equal(invoked_text(0, "function"), "shop-image");
    assert_string_equal(invoked_text(0, "qualifier"), "7");
    assert_string_equal(invoked_text(0, "type"), "RequestResponse");
    assert_string_equal(invoked_text(0, "event"), "{\"a\" : \"\xed\x95\x9c\"}");
    /* Signed with its '$' encoded; and without a qualifier. */
    assert_int_equal(invoke_text("f", "$LATEST", "{}", 0, &result, &error), SVC_OK);
    awsc_lambda_result_clear(&result);
    assert_int_equal(invoke_text("f", NULL, "", 0, &result, &error), SVC_OK);
    awsc_lambda_result_clear(&result);
    assert_int_equal(invoked(), 3);
    assert_string_equal(invoked_text(1, "qualifier"), "$LATEST");
    assert_string_equal(invoked_text(2, "qualifier"), "");
}

static void test_a_failed_function_is_a_result(void **state) {
    (void)state;
    struct awsc_lambda_result result;
    struct awsc_error error;
    forget();
    aws_set(&f, "{\"function\":{\"error\":\"Unhandled\",\"version\":\"3\",\"result\":"
                "\"{\\\"errorType\\\":\\\"Sandbox.Timedout\\\"}\"}}");
    assert_int_equal(invoke_text("f", "3", "{}", 0, &result, &error), SVC_OK);
    assert_true(result.has_failed);
    assert_string_equal(svc_buf_text(&result.payload), "{\"errorType\":\"Sandbox.Timedout\"}");
    awsc_lambda_result_clear(&result);
    /* A result that is no JSON, an empty one, and no version: left to the caller. */
    aws_set(&f, "{\"function\":{\"result\":\"\"}}");
    assert_int_equal(invoke_text("f", "3", "{}", 0, &result, &error), SVC_OK);
    assert_int_equal(result.payload.size_bytes, 0);
    assert_string_equal(result.version, "");
    awsc_lambda_result_clear(&result);
}

static void test_a_response_without_a_result_is_bad(void **state) {
    (void)state;
    static const char *const statuses[] = {"202", "204", "201"};
    struct awsc_lambda_result result;
    struct awsc_error error;
    for (size_t i = 0; i < 3; i++) {
        char line[96];
        forget();
        snprintf(line, sizeof(line), "{\"function\":{\"status\":%s,\"result\":\"\"}}", statuses[i]);
        aws_set(&f, line);
        assert_int_equal(invoke_text("f", "3", "{}", 0, &result, &error), SVC_BAD_RESPONSE);
        assert_true(error.maybe_done);
        assert_int_equal(invoked(), 1);
    }
}

static void test_names_are_checked_before_anything_is_sent(void **state) {
    (void)state;
    static const char *const names[] = {
        NULL,
        "",
        "a b",
        "a/b",
        "../x",
        "f:7",
        "arn:aws:lambda:ap-northeast-2:1:function:f",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct awsc_lambda_result result;
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(invoke_text(names[i], "1", "{}", 0, &result, &error),
                         SVC_INVALID_ARGUMENT);
    }
    static const char *const qualifiers[] = {"", "a&b", "1?x", "\xed\x95\x9c"};
    for (size_t i = 0; i < sizeof(qualifiers) / sizeof(qualifiers[0]); i++) {
        assert_int_equal(invoke_text("f", qualifiers[i], "{}", 0, &result, &error),
                         SVC_INVALID_ARGUMENT);
    }
    assert_int_equal(aws_requests(&f), 0);
    const struct awsc_lambda_invoke large = {
        .function = "f", .event = "{}", .event_bytes = AWSC_MAX_LAMBDA_EVENT_BYTES + 1};
    assert_int_equal(awsc_lambda_invoke(f.client, &large, &result, &error), SVC_TOO_LARGE);
    assert_int_equal(aws_requests(&f), 0);
}

static void test_errors_have_their_status(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum svc_status status;
    } cases[] = {{"status:403:AccessDeniedException", SVC_ACCESS_DENIED},
                 {"status:409:ResourceConflictException", SVC_CONFLICT},
                 {"status:400:InvalidRequestContentException", SVC_REJECTED}};
    struct awsc_lambda_result result;
    struct awsc_error error;
    assert_int_equal(invoke_text("absent", "3", "{}", 0, &result, &error), SVC_NO_RESOURCE);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        aws_set_fault(&f, cases[i].fault, 1);
        assert_int_equal(invoke_text("f", "3", "{}", 0, &result, &error), cases[i].status);
        assert_false(error.maybe_done);
    }
    aws_set_fault(&f, "big:2000", 1);
    assert_int_equal(invoke_text("f", "3", "{}", 1999, &result, &error), SVC_TOO_LARGE);
    assert_true(error.maybe_done);
}

/* Lambda may have run the function already: a second request would run it again. */
static void test_what_may_have_run_is_not_invoked_again(void **state) {
    (void)state;
    static const char *const faults[] = {"status:500:ServiceException",
                                         "status:502:ResourceNotReadyException",
                                         "status:503:",
                                         "status:504:",
                                         "reset",
                                         "close",
                                         "lost"};
    struct awsc_lambda_result result;
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        forget();
        aws_set_fault(&f, faults[i], 1);
        assert_int_not_equal(invoke_text("f", "3", "{}", 0, &result, &error), SVC_OK);
        assert_true(error.maybe_done);
        assert_int_equal(error.attempts, 1);
        assert_int_equal(invoked(), strcmp(faults[i], "lost") == 0);
    }
}

static void test_a_certain_refusal_is_followed_by_another_attempt(void **state) {
    (void)state;
    static const char *const faults[] = {"status:429:TooManyRequestsException",
                                         "status:502:EC2ThrottledException"};
    struct awsc_lambda_result result;
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        forget();
        aws_set_fault(&f, faults[i], 2);
        assert_int_equal(invoke_text("f", "3", "{}", 0, &result, &error), SVC_OK);
        awsc_lambda_result_clear(&result);
        assert_int_equal(error.attempts, 3);
        assert_int_equal(invoked(), 1);
    }
}

/* A transport that keeps what matters of a request, and sends nothing. */
static struct svc_http_request last_request;

static enum svc_status keep_request(void *self, const struct svc_http_request *request,
                                    struct svc_http_exchange **exchange) {
    (void)self;
    (void)exchange;
    last_request = *request;
    return SVC_CONNECT_FAILED;
}

/* Functions may run for 15 minutes without a byte, and another one may take the connection. */
static void test_no_stall_ends_an_invocation(void **state) {
    (void)state;
    const struct svc_transport transport = {.start = keep_request};
    const struct awsc_client_options options = {
        .environment = &f.environment.environment,
        .clock = &f.clock.clock,
        .transport = &transport,
        .max_attempts = 1,
    };
    const struct awsc_lambda_invoke invoke = {.function = "f", .event = "{}", .event_bytes = 2};
    struct awsc_lambda_result result;
    struct awsc_client *client = NULL;
    struct awsc_error error;
    assert_int_equal(awsc_client_create(&options, &client, &error), SVC_OK);
    assert_int_equal(awsc_lambda_invoke(client, &invoke, &result, &error), SVC_CONNECT_FAILED);
    assert_true(last_request.stall_timeout_ms < 0);
    assert_true(last_request.max_idle_s > 0 && last_request.max_idle_s <= 5);
    awsc_client_destroy(client);
}

/* A function is silent while it runs: only the deadline ends the wait. */
static void test_a_silent_function_is_waited_for_until_the_deadline(void **state) {
    (void)state;
    struct awsc_lambda_result result;
    struct awsc_error error;
    forget();
    aws_set_fault(&f, "hang", 1);
    const struct awsc_lambda_invoke invoke = {.function = "f",
                                              .event = "{}",
                                              .event_bytes = 2,
                                              .deadline_ms = svc_deadline_in(&f.clock.clock, 300)};
    assert_int_equal(awsc_lambda_invoke(f.client, &invoke, &result, &error), SVC_DEADLINE);
    assert_true(error.maybe_done);
    assert_int_equal(error.attempts, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_version_is_invoked_with_the_event_as_it_is),
        AWS_TEST(test_a_failed_function_is_a_result),
        AWS_TEST(test_a_response_without_a_result_is_bad),
        AWS_TEST(test_names_are_checked_before_anything_is_sent),
        AWS_TEST(test_errors_have_their_status),
        AWS_TEST(test_what_may_have_run_is_not_invoked_again),
        AWS_TEST(test_a_certain_refusal_is_followed_by_another_attempt),
        AWS_TEST(test_no_stall_ends_an_invocation),
        AWS_TEST(test_a_silent_function_is_waited_for_until_the_deadline),
    };
    return AWS_RUN(tests);
}
