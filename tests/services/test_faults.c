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
#include "services/aws/sqs.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static int tokens(void) {
    return awsc_client_counts(f.client).retry_tokens;
}

/* The next `count` requests suffer `fault`. */
static void set_fault(const char *fault, int count) {
    char line[512];
    int size = snprintf(line, sizeof(line), "{\"faults\":[");
    for (int i = 0; i < count; i++) {
        size +=
            snprintf(line + size, sizeof(line) - (size_t)size, "%s\"%s\"", i > 0 ? "," : "", fault);
    }
    snprintf(line + size, sizeof(line) - (size_t)size, "]}");
    aws_set(&f, line);
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

static enum svc_status get(struct svc_buf *content, struct awsc_error *error) {
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    svc_buf_init(content, 1 << 20);
    return awsc_s3_get_all(f.client, &what, content, NULL, error);
}

static void store_object(void) {
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300000}}}");
}

/* ---------------------------------------------------------------------- counted */

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
            set_fault(cases[i].fault, times);
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
        set_fault(faults[i], 1);
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
    struct svc_buf content;
    struct awsc_error error;
    size_t before = 0;
    store_object();
    for (int i = 0; i < 180; i++) {
        set_fault(faults[i % 6], 1);
        get(&content, &error);
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
        set_fault(faults[i], 3);
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
        set_fault(cases[i].fault, 1);
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
        set_fault(cases[i].fault, 1);
        assert_int_equal(put(&result), SVC_OK);
        assert_int_equal(waited_ms(1), cases[i].waited_ms);
    }
}

static void test_retries_end_when_the_token_bucket_is_empty(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    size_t requests = 0;
    for (int i = 0; i < 17; i++) {
        set_fault("status:500:InternalError", 3);
        assert_int_equal(put(&result), SVC_SERVER_ERROR);
        requests += aws_requests(&f);
    }
    assert_int_equal(requests, 17 * 3);
    assert_int_equal(tokens(), 500 - 17 * 28);
    /* 24 tokens: one retry more, then none. */
    static const int attempts[] = {2, 1, 1, 1};
    for (size_t i = 0; i < 4; i++) {
        set_fault("status:500:InternalError", 3);
        assert_int_equal(put(&result), SVC_SERVER_ERROR);
        assert_int_equal(result.error.attempts, attempts[i]);
        assert_int_equal(aws_requests(&f), attempts[i]);
    }
    assert_int_equal(tokens(), 10);
    set_fault("", 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(put(&result), SVC_OK);
    }
    assert_int_equal(tokens(), 14);
    set_fault("status:500:InternalError", 1);
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

/* ---------------------------------------------------------------------- reading */

static void test_a_broken_read_is_resumed(void **state) {
    (void)state;
    static const char *const faults[] = {"truncate", "truncate-reset"};
    struct svc_buf content;
    struct awsc_error error;
    for (size_t i = 0; i < 2; i++) {
        for (int times = 1; times <= 3; times++) {
            aws_end(&f);
            aws_begin(&f);
            store_object();
            set_fault(faults[i], times);
            enum svc_status status = get(&content, &error);
            assert_int_equal(status, times < 3 ? SVC_OK : SVC_CONNECTION_LOST);
            assert_int_equal(aws_requests(&f), times < 3 ? times + 1 : 3);
            assert_int_equal(content.size_bytes, times < 3 ? 300000 : 0);
            assert_int_equal(tokens(), times == 3 ? 500 - 28 : times == 2 ? 500 - 14 : 500);
            svc_buf_clear(&content);
        }
    }
}

static void test_an_overwrite_during_a_read_is_reported(void **state) {
    (void)state;
    struct svc_buf content;
    struct awsc_error error;
    store_object();
    aws_set(&f, "{\"faults\":[\"truncate\",\"status:412:PreconditionFailed\"]}");
    assert_int_equal(get(&content, &error), SVC_PRECONDITION_FAILED);
    assert_int_equal(aws_requests(&f), 2);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

static void test_damaged_content_is_found_and_fetched_again(void **state) {
    (void)state;
    static const char *const faults[] = {"flip", "checksum"};
    struct svc_buf content;
    struct awsc_error error;
    for (size_t i = 0; i < 2; i++) {
        store_object();
        set_fault(faults[i], 1);
        assert_int_equal(get(&content, &error), SVC_OK);
        assert_int_equal(content.size_bytes, 300000);
        assert_int_equal(aws_requests(&f), 2);
        svc_buf_clear(&content);
        set_fault(faults[i], 3);
        assert_int_equal(get(&content, &error), SVC_CHECKSUM_MISMATCH);
        assert_int_equal(content.size_bytes, 0);
        assert_int_equal(aws_requests(&f), 3);
        svc_buf_clear(&content);
    }
    /* As a stream: whoever read on only learns it from finish. */
    struct awsc_s3_reader *reader;
    struct awsc_s3_info info;
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    set_fault("flip", 1);
    assert_int_equal(awsc_s3_get_open(f.client, &what, &reader, &info, &error), SVC_OK);
    assert_int_equal(awsc_s3_get_finish(reader, &error), SVC_CHECKSUM_MISMATCH);
    assert_true(error.retryable);
    awsc_s3_info_clear(&info);
}

/* The checksum that S3 computes for an object whose writer sent none. */
static void test_crc64nvme_is_checked(void **state) {
    (void)state;
    struct svc_buf content;
    struct awsc_error error;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":1003,\"crc64nvme\":\"right\"}}}");
    assert_int_equal(get(&content, &error), SVC_OK);
    assert_int_equal(content.size_bytes, 1003);
    svc_buf_clear(&content);
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":1003,\"crc64nvme\":\"wrong\"}}}");
    assert_int_equal(get(&content, &error), SVC_CHECKSUM_MISMATCH);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

/* Content-Length 10 too high: the connection ends early, and the read is resumed with a range. */
static void test_a_wrong_length_is_a_broken_connection(void **state) {
    (void)state;
    struct svc_buf content;
    struct awsc_error error;
    store_object();
    set_fault("longer", 1);
    assert_int_not_equal(get(&content, &error), SVC_OK);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

static void test_a_hanging_server_ends_at_the_deadline(void **state) {
    (void)state;
    static const char *const faults[] = {"hang", "stall"};
    struct svc_buf content;
    struct awsc_error error;
    for (size_t i = 0; i < 2; i++) {
        store_object();
        set_fault(faults[i], 3);
        int64_t before = svc_monotonic_ms(svc_clock_system());
        awsc_client_begin(f.client, svc_deadline_in(&f.clock.clock, 300), NULL);
        assert_int_equal(get(&content, &error), SVC_DEADLINE);
        int64_t took = svc_monotonic_ms(svc_clock_system()) - before;
        assert_true(took >= 290 && took < 3000);
        assert_true(error.retryable);
        assert_int_equal(aws_requests(&f), 1);
        svc_buf_clear(&content);
    }
    set_fault("", 0);
    struct awsc_s3_put_result result;
    /* No time left: nothing is sent. */
    awsc_client_begin(f.client, svc_deadline_in(&f.clock.clock, 0), NULL);
    assert_int_equal(put(&result), SVC_DEADLINE);
    assert_int_equal(aws_requests(&f), 0);
    /* A wait that would end after the deadline is not begun. */
    set_fault("status:500:InternalError:4000", 1);
    awsc_client_begin(f.client, svc_deadline_in(&f.clock.clock, 3000), NULL);
    assert_int_equal(put(&result), SVC_SERVER_ERROR);
    assert_int_equal(result.error.attempts, 1);
    assert_int_equal(tokens(), 500);
}

/* ---------------------------------------------------------------------- clock, credentials */

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
    set_fault("status:403:SignatureDoesNotMatch", 1);
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
    set_fault("status:403:AccessDenied", 1); /* with a correct clock it is final */
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
    char url[80];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/credentials", f.server.port);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f.environment, "AWS_SECRET_ACCESS_KEY", NULL);
    test_environment_set(&f.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    test_environment_set(&f.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    aws_new_client(&f);
    aws_set(&f, "{\"token\":\"canary-session-token-1\"}");
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 2); /* the agent, and the put */
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(aws_requests(&f), 1);
    /* The service changes its mind: asked again, signed again. */
    aws_set(&f, "{\"token\":\"canary-session-token-2\"}");
    assert_int_equal(put(&result), SVC_OK);
    assert_int_equal(result.error.attempts, 2);
    assert_int_equal(aws_requests(&f), 3);
    /* And if that does not help, once is enough. */
    set_fault("status:400:ExpiredToken", 2);
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
    char url[80];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/credentials", f.server.port);
    test_environment_set(&f.environment, "AWS_ACCESS_KEY_ID", NULL);
    test_environment_set(&f.environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    test_environment_set(&f.environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    aws_new_client(&f);
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

/* ---------------------------------------------------------------------- leaks */

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
        set_fault(faults[i], 1);
        assert_int_not_equal(put(&result), SVC_OK);
        awsc_error_text(&result.error, text);
        assert_null(strstr(text, "canary"));
        set_fault(faults[i], 1);
        const struct awsc_sqs_message message = {.body = "canary-payload"};
        assert_int_not_equal(awsc_sqs_send(f.client, "http://x/queue", &message, id, 0, &error),
                             SVC_OK);
        awsc_error_text(&error, text);
        assert_null(strstr(text, "canary"));
    }
    aws_set(&f, "{\"token\":\"\"}");
}

static void test_the_trace_id_is_sent(void **state) {
    (void)state;
    struct awsc_s3_put_result result;
    static const char trace[] = "Root=1-5759e988-bd862e3fe1be46a994272793;"
                                "Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1|68fd508a:5";
    awsc_client_begin(f.client, SVC_NO_DEADLINE, trace);
    set_fault("reset", 1);
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
        set_fault("status:500:InternalError", 9);
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
    set_fault("lost", 1);
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_CONNECTION_LOST);
    assert_true(error.maybe_done);
    assert_int_equal(error.attempts, 1);
    assert_int_equal(aws_requests(&f), 1);
    assert_int_equal(svc_json_count(svc_json_get(f.report, "mails")), 1);
    /* What was certainly refused is tried again. */
    set_fault("status:429:TooManyRequestsException", 2);
    assert_int_equal(awsc_ses_send(f.client, &email, id, &error), SVC_OK);
    assert_int_equal(error.attempts, 3);
    /* An object written twice is the same object. */
    struct awsc_s3_put_result result;
    set_fault("lost", 1);
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
        AWS_TEST(test_a_broken_read_is_resumed),
        AWS_TEST(test_an_overwrite_during_a_read_is_reported),
        AWS_TEST(test_damaged_content_is_found_and_fetched_again),
        AWS_TEST(test_a_wrong_length_is_a_broken_connection),
        AWS_TEST(test_a_hanging_server_ends_at_the_deadline),
        AWS_TEST(test_a_wrong_clock_is_found_and_corrected),
        AWS_TEST(test_a_wrong_clock_is_corrected_by_head_too),
        AWS_TEST(test_crc64nvme_is_checked),
        AWS_TEST(test_a_wrong_secret_is_refused_once),
        AWS_TEST(test_an_expired_token_is_refreshed_once),
        AWS_TEST(test_credentials_are_refreshed_before_they_expire),
        AWS_TEST(test_secrets_repeated_by_a_service_are_dropped),
        AWS_TEST(test_the_trace_id_is_sent),
        AWS_TEST(test_the_number_of_attempts_is_a_setting),
        AWS_TEST(test_a_mail_is_not_sent_twice_for_a_lost_response),
        AWS_TEST(test_a_refused_connection_is_retried),
    };
    return AWS_RUN(tests);
}
