/* A server that resets, truncates, stalls, throttles and returns wrong content: retries are counted
 * exactly, no operation is left half done, and no secret is exposed. */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "services/aws/ses.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static int tokens(void) {
    return awsc_client_counts(f.client).retry_tokens;
}

/* The wait before retry n (1 for the first) since the test began, as it is logged; -1: there was
 * none. (The clock's sleeps are shorter by the time that passed meanwhile.) */
static int64_t waited_ms(int n) {
    const char *line = svc_buf_text(&f.log.lines);
    int64_t delay = -1;
    for (int i = 0; i < n; i++) {
        line = strstr(line, "an AWS call is retried");
        if (line == NULL) {
            return -1;
        }
        line++;
    }
    const char *field = strstr(line, "\"delayMs\":");
    assert_non_null(field);
    assert_int_equal(sscanf(field, "\"delayMs\":%" SCNd64, &delay), 1);
    return delay;
}

static enum svc_status put(struct awsc_s3_put_result *result) {
    const struct awsc_s3_put what = {
        .bucket = "bucket", .key = "k", .body = (const uint8_t *)"body", .body_bytes = 4};
    return awsc_s3_put(f.client, &what, result);
}

static void test_transient_failures_are_tried_three_times(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum svc_status status;
    } cases[] = {
        {"reset", SVC_CONNECTION_LOST},
        {"close", SVC_CONNECTION_LOST},
        {"garbage", SVC_BAD_RESPONSE},
        {"status:500:InternalError", SVC_SERVER_ERROR},
        {"status:502:", SVC_SERVER_ERROR},
        {"status:503:ServiceUnavailable", SVC_SERVER_ERROR},
        {"status:504:", SVC_SERVER_ERROR},
        {"status:400:RequestTimeout", SVC_TIMED_OUT},
        {"error200:InternalError", SVC_SERVER_ERROR},
        {"many-headers", SVC_BAD_RESPONSE},
        {"long-header", SVC_BAD_RESPONSE},
    };
    struct awsc_s3_put_result result;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int times = 1; times <= 4; times++) {
            aws_end(&f);
            aws_begin(&f);
            aws_set_fault(&f, cases[i].fault, times);
            enum svc_status status = put(&result);
            if (status != (times < 3 ? SVC_OK : cases[i].status)) {
                fail_msg("%s %d times: %s, %s", cases[i].fault, times, svc_status_name(status),
                         result.error.message);
            }
            int attempts = times < 3 ? times + 1 : 3;
            assert_int_equal(result.error.attempts, attempts);
            assert_int_equal(aws_requests(&f), attempts);
            assert_string_equal(aws_request(&f, 0, "attempt"), "attempt=1; max=3");
            assert_string_equal(aws_request(&f, 1, "attempt"), "attempt=2; max=3");
            assert_string_equal(aws_request(&f, 0, "invocation"), aws_request(&f, 1, "invocation"));
            /* 0.5 x 50 ms, 0.5 x 100 ms. */
            assert_int_equal(waited_ms(1), 25);
            assert_int_equal(waited_ms(2), attempts < 3 ? -1 : 50);
            assert_int_equal(waited_ms(3), -1);
            assert_true(test_clock_slept_ms(&f.clock) <= 75);
            assert_int_equal(tokens(), times == 1 ? 500 : times == 2 ? 500 - 14 : 500 - 28);
            assert_int_equal(awsc_client_counts(f.client).retries, attempts - 1);
            assert_true(status == SVC_OK || result.error.retryable);
            assert_int_equal(aws_object(&f, "bucket/k") != NULL,
                             status == SVC_OK || strstr(cases[i].fault, "header") != NULL);
        }
    }
}

/* Unusual, but valid. */
static void test_slow_and_interim_responses_are_accepted(void **state) {
    (void)state;
    static const char *const faults[] = {"continue", "drip"};
    for (size_t i = 0; i < 2; i++) {
        struct awsc_s3_tags tags;
        struct awsc_error error;
        aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":1,\"tags\":[[\"a\",\"b\"]]}}}");
        aws_set_fault(&f, faults[i], 1);
        assert_int_equal(awsc_s3_get_tags(f.client, "bucket", "k", NULL, &tags, &error), SVC_OK);
        assert_string_equal(tags.tags[0].value, "b");
        assert_int_equal(error.attempts, 1);
    }
}

static size_t open_files(void) {
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

/* Hundreds of calls, half of which fail, leave no descriptor open. */
static void test_descriptors_do_not_accumulate(void **state) {
    (void)state;
    static const char *const faults[] = {"",         "reset",        "close",
                                         "truncate", "status:500:X", "garbage"};
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    struct svc_buf content;
    struct awsc_error error;
    size_t before = 0;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300000}}}");
    for (int i = 0; i < 180; i++) {
        aws_set_fault(&f, faults[i % 6], 1);
        svc_buf_init(&content, 1 << 20);
        awsc_s3_get_all(f.client, &what, &content, NULL, &error);
        svc_buf_clear(&content);
        if (i == 11) {
            before = open_files();
        }
    }
    assert_true(open_files() <= before);
}

static void test_throttling_waits_longer_and_costs_less(void **state) {
    (void)state;
    static const char *const faults[] = {"status:503:SlowDown", "status:429:Anything",
                                         "status:400:ThrottlingException", "error200:SlowDown"};
    struct awsc_s3_put_result result;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        aws_end(&f);
        aws_begin(&f);
        aws_set_fault(&f, faults[i], 3);
        assert_int_equal(put(&result), SVC_THROTTLED);
        assert_true(result.error.throttled && result.error.retryable);
        assert_int_equal(aws_requests(&f), 3);
        assert_int_equal(waited_ms(1), 500);
        assert_int_equal(waited_ms(2), 1000);
        /* It did wait, but for the time the requests themselves took. */
        assert_true(test_clock_slept_ms(&f.clock) > 500);
        assert_int_equal(tokens(), 490);
        assert_int_equal(awsc_client_counts(f.client).throttled, 3);
    }
}

static void test_refusals_are_not_retried(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum svc_status status;
    } cases[] = {
        {"status:400:InvalidRequest", SVC_REJECTED},
        {"status:403:AccessDenied", SVC_ACCESS_DENIED},
        {"status:403:SignatureDoesNotMatch", SVC_ACCESS_DENIED},
        {"status:404:NoSuchBucket", SVC_NO_RESOURCE},
        {"status:409:OperationAborted", SVC_CONFLICT},
        {"status:412:PreconditionFailed", SVC_PRECONDITION_FAILED},
        {"status:501:NotImplemented", SVC_SERVER_ERROR},
        {"redirect:http://127.0.0.1:9/elsewhere", SVC_REJECTED},
        {"status:301:PermanentRedirect", SVC_REJECTED},
    };
    struct awsc_s3_put_result result;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        aws_set_fault(&f, cases[i].fault, 1);
        assert_int_equal(put(&result), cases[i].status);
        assert_int_equal(aws_requests(&f), 1);
        assert_false(result.error.throttled);
        assert_null(aws_object(&f, "bucket/k"));
        assert_int_equal(tokens(), 500);
    }
}

static void test_the_retry_after_of_the_server_is_obeyed(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    static const struct {
        const char *fault;
        int64_t waited_ms;
    } cases[] = {{"status:500:InternalError:1200", 1200},
                 {"status:500:InternalError:1", 25},
                 {"status:500:InternalError:90000", 5025},
                 {"status:500:InternalError:soon", 25}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        aws_end(&f);
        aws_begin(&f);
        aws_set_fault(&f, cases[i].fault, 1);
        assert_int_equal(put(&result), SVC_OK);
        assert_int_equal(waited_ms(1), cases[i].waited_ms);
    }
}

static void test_retries_end_when_the_token_bucket_is_empty(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    size_t requests = 0;
    for (int i = 0; i < 17; i++) {
        aws_set_fault(&f, "status:500:InternalError", 3);
        assert_int_equal(put(&result), SVC_SERVER_ERROR);
        requests += aws_requests(&f);
    }
    assert_int_equal(requests, 17 * 3);
    assert_int_equal(tokens(), 500 - 17 * 28);
    /* 24 tokens: one retry more, then none. */
    static const int attempts[] = {2, 1, 1, 1};
    for (size_t i = 0; i < 4; i++) {
        aws_set_fault(&f, "status:500:InternalError", 3);
        assert_int_equal(put(&result), SVC_SERVER_ERROR);
        assert_int_equal(result.error.attempts, attempts[i]);
        assert_int_equal(aws_requests(&f), attempts[i]);
    }
    assert_int_equal(tokens(), 10);
    aws_set_fault(&f, "", 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(put(&result), SVC_OK);
    }
    assert_int_equal(tokens(), 14);
    aws_set_fault(&f, "status:500:InternalError", 1);
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(result.error.attempts, 2);
    assert_int_equal(tokens(), 14);
}

/* Each of four puts has its own attempts; what two of them suffer does not hold up the others. */
static void test_concurrent_puts_are_retried_separately(void **state) {
    (void)state;
    struct awsc_s3_put puts[4];
    struct awsc_s3_put_result results[4];
    static const char *const keys[] = {"a", "b", "c", "d"};
    for (int i = 0; i < 4; i++) {
        puts[i] = (struct awsc_s3_put){
            .bucket = "bucket", .key = keys[i], .body = (const uint8_t *)"x", .body_bytes = 1};
    }
    aws_set(&f, "{\"faults\":[\"reset\",\"status:503:SlowDown\",\"\",\"\",\"reset\"]}");
    assert_int_equal(awsc_s3_put_many(f.client, puts, 4, results), SVC_OK);
    assert_int_equal(aws_requests(&f), 7);
    int attempts = 0;
    for (int i = 0; i < 4; i++) {
        attempts += results[i].error.attempts;
    }
    assert_int_equal(attempts, 7);
    assert_int_equal(svc_json_count(svc_json_get(f.report, "objects")), 4);
}

static void test_the_trace_id_is_sent(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    static const char trace[] = "Root=1-5759e988-bd862e3fe1be46a994272793;"
                                "Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5";
    awsc_client_begin(f.client, SVC_NO_DEADLINE, trace);
    aws_set_fault(&f, "reset", 1);
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 2);
    assert_string_equal(aws_request(&f, 0, "trace"), trace);
    assert_string_equal(aws_request(&f, 1, "trace"), trace);
    awsc_client_begin(f.client, SVC_NO_DEADLINE, NULL);
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
    assert_string_equal(aws_request(&f, 0, "trace"), "");
    awsc_client_begin(f.client, SVC_NO_DEADLINE, "Root=1\r\nx-evil: 1");
    assert_int_equal(put(&result), SVC_OK);
}

static void test_the_number_of_attempts_is_a_setting(void **state) {
    (void)state;
    static const char *const settings[] = {"1", "2", "5"};
    struct awsc_s3_put_result result;
    for (size_t i = 0; i < 3; i++) {
        test_environment_set(&f.environment, "AWS_MAX_ATTEMPTS", settings[i]);
        aws_new_client(&f);
        aws_set_fault(&f, "status:500:InternalError", 9);
        assert_int_equal(put(&result), SVC_SERVER_ERROR);
        assert_int_equal(aws_requests(&f), settings[i][0] - '0');
        char header[32];
        snprintf(header, sizeof(header), "attempt=1; max=%s", settings[i]);
        assert_string_equal(aws_request(&f, 0, "attempt"), header);
    }
}

/* ---------------------------------------------------------------------- lost responses */

static void test_a_mail_is_not_sent_twice_for_a_lost_response(void **state) {
    (void)state;
    static const char *const to[] = {"customer@example.com"};
    const struct awsc_ses_email email = {
        .from = "shop@example.com", .to = to, .to_count = 1, .subject = "s", .text = "t"};
    char id[AWSC_SES_ID_BYTES];
    struct awsc_error error;
    aws_set_fault(&f, "lost", 1);
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_CONNECTION_LOST);
    assert_true(error.maybe_done);
    assert_int_equal(error.attempts, 1);
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(svc_json_count(svc_json_get(f.report, "mails")), 1);
    /* What was certainly refused is tried again. */
    aws_set_fault(&f, "status:429:TooManyRequestsException", 2);
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_OK);
    assert_int_equal(error.attempts, 3);
    /* An object written twice is the same object. */
    struct awsc_s3_put_result result;
    aws_set_fault(&f, "lost", 1);
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(result.error.attempts, 2);
}

static void test_a_refused_connection_is_retried(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    test_environment_set(&f.environment, "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1");
    aws_new_client(&f);
    assert_int_equal(put(&result), SVC_CONNECT_FAILED);
    assert_int_equal(result.error.attempts, 3);
    assert_false(result.error.maybe_done);
    test_environment_set(&f.environment, "AWS_ENDPOINT_URL_S3", "http://no-such-host.invalid");
    aws_new_client(&f);
    assert_int_equal(put(&result), SVC_CONNECT_FAILED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_transient_failures_are_tried_three_times),
        AWS_TEST(test_slow_and_interim_responses_are_accepted),
        AWS_TEST(test_descriptors_do_not_accumulate),
        AWS_TEST(test_throttling_waits_longer_and_costs_less),
        AWS_TEST(test_refusals_are_not_retried),
        AWS_TEST(test_the_retry_after_of_the_server_is_obeyed),
        AWS_TEST(test_retries_end_when_the_token_bucket_is_empty),
        AWS_TEST(test_concurrent_puts_are_retried_separately),
        AWS_TEST(test_the_trace_id_is_sent),
        AWS_TEST(test_the_number_of_attempts_is_a_setting),
        AWS_TEST(test_a_mail_is_not_sent_twice_for_a_lost_response),
        AWS_TEST(test_a_refused_connection_is_retried),
    };
    return AWS_RUN(tests);
}
