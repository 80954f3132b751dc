/* Calls that must not be carried out twice (SendEmail): a second request follows only what is
 * certainly a refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "services/aws/ses.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static enum svc_status send_mail(struct awsc_error *error) {
    static const char *const to[] = {"customer@example.com"};
    const struct awsc_ses_email email = {
        .from = "shop@example.com", .to = to, .to_count = 1, .subject = "s", .text = "t"};
    char id[AWSC_SES_ID_BYTES];
    return awsc_ses_send(f.client, &email, id, error);
}

/* The next requests meet these faults (JSON strings, separated by commas). */
static void set_faults(const char *faults) {
    char line[256];
    snprintf(line, sizeof(line), "{\"faults\":[%s]}", faults);
    aws_set(&f, line);
}

/* Requests since the last report, and how many mails the service took in all. */
static void check_sent(size_t requests, size_t mails) {
    assert_int_equal(aws_requests(&f), requests);
    assert_int_equal(svc_json_count(svc_json_get(f.report, "mails")), mails);
}

static void test_a_server_error_is_not_followed_by_a_second_mail(void **state) {
    (void)state;
    static const char *const faults[] = {
        "\"status:500:InternalError\"",      "\"status:502:\"", "\"status:503:\"",
        "\"status:503:ServiceUnavailable\"", "\"status:504:\"", "\"status:400:RequestTimeout\"",
        "\"status:500:InternalError:1200\"", "\"badjson\""};
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        set_faults(faults[i]);
        assert_true(send_mail(&error) != SVC_OK);
        check_sent(1, 0);
        if (!error.maybe_done || error.attempts != 1) {
            fail_msg("%s: maybe_done %d, attempts %d", faults[i], error.maybe_done, error.attempts);
        }
        assert_true(error.retryable);
    }
}

static void test_a_mail_follows_a_certain_refusal(void **state) {
    (void)state;
    static const char *const faults[] = {"\"status:429:TooManyRequestsException\"",
                                         "\"status:429:\"",
                                         "\"status:400:ThrottlingException\"",
                                         "\"status:400:LimitExceededException\"",
                                         "\"status:503:SlowDown\"",
                                         "\"status:500:Throttling\""};
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        aws_end(&f);
        aws_begin(&f);
        set_faults(faults[i]);
        assert_int_equal(send_mail(&error), SVC_OK);
        assert_int_equal(error.attempts, 2);
        assert_false(error.maybe_done);
        check_sent(2, 1);
        /* Refused each time: certainly not sent. */
        set_faults("\"status:429:\",\"status:429:\",\"status:429:\"");
        assert_int_equal(send_mail(&error), SVC_THROTTLED);
        assert_false(error.maybe_done);
        check_sent(3, 1);
        /* Refused, then in doubt: no third attempt. */
        set_faults("\"status:429:\",\"status:502:\"");
        assert_int_equal(send_mail(&error), SVC_SERVER_ERROR);
        assert_true(error.maybe_done);
        check_sent(2, 1);
    }
    set_faults("\"status:400:BadRequestException\"");
    assert_int_equal(send_mail(&error), SVC_REJECTED);
    assert_false(error.maybe_done);
    check_sent(1, 1);
}

static void test_a_connection_ended_while_idle_costs_no_mail(void **state) {
    (void)state;
    static const char *const ends[] = {"{\"idle\":\"reset\"}", "{\"idle\":\"close\"}"};
    struct awsc_error error;
    for (size_t i = 0; i < 10; i++) {
        aws_end(&f);
        aws_begin(&f);
        assert_int_equal(send_mail(&error), SVC_OK);
        aws_set(&f, ends[i % 2]);
        assert_int_equal(send_mail(&error), SVC_OK);
        assert_int_equal(error.attempts, 1);
        assert_false(error.maybe_done);
        check_sent(1, 2);
        assert_int_equal(awsc_client_counts(f.client).connections_reused, 0);
        /* A connection that is not ended is used again. */
        assert_int_equal(send_mail(&error), SVC_OK);
        assert_int_equal(awsc_client_counts(f.client).connections_reused, 1);
    }
}

/* The request was read, then the connection ended: the outcome is unknown. */
static void test_a_request_that_left_is_in_doubt(void **state) {
    (void)state;
    static const char *const faults[] = {"\"reset\"", "\"close\"", "\"lost\"", "\"garbage\""};
    struct awsc_error error;
    size_t mails = 1;
    assert_int_equal(send_mail(&error), SVC_OK);
    check_sent(1, mails);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        /* Over a new connection first, then over a kept one. */
        for (int k = 0; k < 2; k++) {
            set_faults(faults[i]);
            assert_true(send_mail(&error) != SVC_OK);
            assert_true(error.maybe_done);
            assert_int_equal(error.attempts, 1);
            mails += strcmp(faults[i], "\"lost\"") == 0;
            check_sent(1, mails);
            assert_int_equal(send_mail(&error), SVC_OK);
            mails++;
            check_sent(1, mails);
        }
    }
}

static void test_a_refused_connection_is_not_in_doubt(void **state) {
    (void)state;
    struct awsc_error error;
    test_environment_set(&f.environment, "AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    aws_new_client(&f);
    assert_int_equal(send_mail(&error), SVC_CONNECT_FAILED);
    assert_int_equal(error.attempts, 3);
    assert_false(error.maybe_done);
}

/* A repeatable call is repeated, and still reports that it may have been carried out. */
static void test_an_object_is_put_again_after_a_server_error(void **state) {
    (void)state;
    const struct awsc_s3_put put = {
        .bucket = "bucket", .key = "k", .body = (const uint8_t *)"body", .body_bytes = 4};
    struct awsc_s3_put_result result;
    set_faults("\"status:500:InternalError\"");
    assert_int_equal(awsc_s3_put(f.client, &put, &result), SVC_OK);
    assert_int_equal(aws_requests(&f), 2);
    assert_false(result.error.maybe_done);
    set_faults("\"status:500:X\",\"status:500:X\",\"status:500:X\"");
    assert_int_equal(awsc_s3_put(f.client, &put, &result), SVC_SERVER_ERROR);
    assert_int_equal(aws_requests(&f), 3);
    assert_true(result.error.maybe_done);
}

/* Each of several kept connections is replaced, by the first attempt of its call. */
static void test_connections_ended_while_idle_are_replaced_at_once(void **state) {
    (void)state;
    struct awsc_s3_put puts[8];
    struct awsc_s3_put_result results[8];
    for (size_t i = 0; i < 8; i++) {
        puts[i] = (struct awsc_s3_put){
            .bucket = "bucket", .key = "k", .body = (const uint8_t *)"body", .body_bytes = 4};
    }
    for (size_t round = 0; round < 4; round++) {
        assert_int_equal(awsc_s3_put_many(f.client, puts, 8, results), SVC_OK);
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(results[i].error.attempts, 1);
        }
        assert_int_equal(aws_requests(&f), 8);
        aws_set(&f, round % 2 == 0 ? "{\"idle\":\"reset\"}" : "{\"idle\":\"close\"}");
    }
    assert_int_equal(awsc_client_counts(f.client).retries, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_server_error_is_not_followed_by_a_second_mail),
        AWS_TEST(test_a_mail_follows_a_certain_refusal),
        AWS_TEST(test_a_connection_ended_while_idle_costs_no_mail),
        AWS_TEST(test_a_request_that_left_is_in_doubt),
        AWS_TEST(test_a_refused_connection_is_not_in_doubt),
        AWS_TEST(test_connections_ended_while_idle_are_replaced_at_once),
        AWS_TEST(test_an_object_is_put_again_after_a_server_error),
    };
    return AWS_RUN(tests);
}
