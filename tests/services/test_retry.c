/* When to try again: the arithmetic, by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/aws/retry.h"

static void test_delays_double_up_to_twenty_seconds(void **state) {
    (void)state;
    static const int64_t transient[] = {50,   100,  200,   400,   800,  1600,
                                        3200, 6400, 12800, 20000, 20000};
    static const int64_t throttled[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000};
    for (int n = 1; n <= 11; n++) {
        int64_t most = transient[n - 1];
        assert_int_equal(awsc_retry_delay_ms(n, AWSC_RETRY_TRANSIENT, 0, -1), 0);
        assert_int_equal(awsc_retry_delay_ms(n, AWSC_RETRY_TRANSIENT, 0.5, -1), most / 2);
        assert_int_equal(awsc_retry_delay_ms(n, AWSC_RETRY_TRANSIENT, 0x1.fffffffffffffp-1, -1),
                         most - 1);
    }
    for (int n = 1; n <= 7; n++) {
        assert_int_equal(awsc_retry_delay_ms(n, AWSC_RETRY_THROTTLED, 0.25, -1),
                         throttled[n - 1] / 4);
    }
    assert_int_equal(awsc_retry_delay_ms(1000000, AWSC_RETRY_TRANSIENT, 0.5, -1), 10000);
}

static void test_retry_after_counts_between_the_delay_and_five_seconds_more(void **state) {
    (void)state;
    static const int64_t cases[][2] = {{0, 25},      {24, 25},     {25, 25},     {26, 26},
                                       {5024, 5024}, {5025, 5025}, {5026, 5025}, {999999, 5025}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(awsc_retry_delay_ms(1, AWSC_RETRY_TRANSIENT, 0.5, cases[i][0]),
                         cases[i][1]);
    }
    assert_int_equal(awsc_retry_after_parse("120"), 120);
    assert_int_equal(awsc_retry_after_parse("0"), 0);
    static const char *const bad[] = {"", "-1", "1.5", "1s", " 1", "9999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(awsc_retry_after_parse(bad[i]), -1);
    }
    assert_int_equal(awsc_retry_after_parse(NULL), -1);
}

static void test_the_bucket_empties_and_recovers(void **state) {
    (void)state;
    struct awsc_retry_bucket bucket;
    awsc_retry_bucket_init(&bucket);
    assert_int_equal(bucket.tokens, 500);
    for (int i = 0; i < 35; i++) {
        assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_TRANSIENT), 14);
    }
    assert_int_equal(bucket.tokens, 10);
    assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_TRANSIENT), 0);
    assert_int_equal(bucket.tokens, 10);
    assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_THROTTLED), 5);
    assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_THROTTLED), 5);
    assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_THROTTLED), 0);
    for (int i = 0; i < 13; i++) {
        awsc_retry_give(&bucket, 0);
    }
    assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_TRANSIENT), 0);
    awsc_retry_give(&bucket, 0);
    assert_int_equal(awsc_retry_take(&bucket, AWSC_RETRY_TRANSIENT), 14);
    awsc_retry_give(&bucket, 14);
    assert_int_equal(bucket.tokens, 14);
    awsc_retry_give(&bucket, 499);
    assert_int_equal(bucket.tokens, 500);
}

static void test_which_failures_are_retried(void **state) {
    (void)state;
    static const char *const throttling[] = {"Throttling",
                                             "ThrottlingException",
                                             "ThrottledException",
                                             "RequestThrottledException",
                                             "TooManyRequestsException",
                                             "ProvisionedThroughputExceededException",
                                             "TransactionInProgressException",
                                             "RequestLimitExceeded",
                                             "BandwidthLimitExceeded",
                                             "LimitExceededException",
                                             "RequestThrottled",
                                             "SlowDown",
                                             "EC2ThrottledException"};
    static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException",
                                            "PriorRequestNotComplete"};
    for (size_t i = 0; i < sizeof(throttling) / sizeof(throttling[0]); i++) {
        assert_int_equal(awsc_retry_classify(SVC_REJECTED, 400, throttling[i]),
                         AWSC_RETRY_THROTTLED);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(awsc_retry_classify(SVC_REJECTED, 400, transient[i]),
                         AWSC_RETRY_TRANSIENT);
    }
    for (int status = 300; status < 600; status++) {
        enum awsc_retry_kind kind = awsc_retry_classify(SVC_REJECTED, status, "Anything");
        bool is_transient = status == 500 || status == 502 || status == 503 || status == 504;
        assert_int_equal(kind, status == 429  ? AWSC_RETRY_THROTTLED
                               : is_transient ? AWSC_RETRY_TRANSIENT
                                              : AWSC_RETRY_NOT);
    }
    static const enum svc_status never[] = {
        SVC_OK,        SVC_INVALID_ARGUMENT, SVC_TOO_LARGE, SVC_DEADLINE, SVC_TLS_REFUSED,
        SVC_NO_MEMORY, SVC_NO_CREDENTIALS,   SVC_NOT_FOUND, SVC_INTERNAL, SVC_CONFIGURATION};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        assert_int_equal(awsc_retry_classify(never[i], 0, ""), AWSC_RETRY_NOT);
    }
    assert_int_equal(awsc_retry_classify(SVC_CONNECT_FAILED, 0, ""), AWSC_RETRY_TRANSIENT);
    assert_int_equal(awsc_retry_classify(SVC_CONNECTION_LOST, 0, ""), AWSC_RETRY_TRANSIENT);
    assert_int_equal(awsc_retry_classify(SVC_TIMED_OUT, 0, ""), AWSC_RETRY_TRANSIENT);
}

#define DATE    "Fri, 02 Jan 2026 03:04:05 GMT"
#define DATE_MS INT64_C(1767323045000)

static void test_skew_is_the_date_minus_the_midpoint(void **state) {
    (void)state;
    int64_t skew = 7;
    assert_true(awsc_skew(DATE, NULL, DATE_MS - 1000, DATE_MS + 3000, &skew));
    assert_int_equal(skew, -1000);
    assert_true(awsc_skew(DATE, NULL, DATE_MS - 600000, DATE_MS - 600000, &skew));
    assert_int_equal(skew, 600000);
    /* A round trip of 900 s is used, a longer one is not. */
    assert_true(awsc_skew(DATE, NULL, DATE_MS, DATE_MS + 900000, &skew));
    assert_int_equal(skew, -450000);
    assert_false(awsc_skew(DATE, NULL, DATE_MS, DATE_MS + 900001, &skew));
    assert_false(awsc_skew(DATE, "0", DATE_MS, DATE_MS, &skew));
    assert_false(awsc_skew(NULL, NULL, DATE_MS, DATE_MS, &skew));
    assert_false(awsc_skew("yesterday", NULL, DATE_MS, DATE_MS, &skew));
    assert_false(awsc_skew(DATE, NULL, DATE_MS + 1, DATE_MS, &skew));
    assert_int_equal(skew, -450000);
}

static void test_only_a_large_skew_and_its_codes_are_retried(void **state) {
    (void)state;
    static const char *const codes[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                        "AuthFailure", "RequestTimeTooSkewed",
                                        "AccessDeniedException"};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        assert_true(awsc_skew_retry(codes[i], 240001));
        assert_true(awsc_skew_retry(codes[i], -240001));
        assert_false(awsc_skew_retry(codes[i], 240000));
        assert_false(awsc_skew_retry(codes[i], -240000));
    }
    assert_false(awsc_skew_retry("AccessDenied", 999999));
    assert_false(awsc_skew_retry("", 999999));
    assert_true(awsc_is_expired_token("ExpiredToken"));
    assert_true(awsc_is_expired_token("ExpiredTokenException"));
    assert_false(awsc_is_expired_token("InvalidToken"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delays_double_up_to_twenty_seconds),
        cmocka_unit_test(test_retry_after_counts_between_the_delay_and_five_seconds_more),
        cmocka_unit_test(test_the_bucket_empties_and_recovers),
        cmocka_unit_test(test_which_failures_are_retried),
        cmocka_unit_test(test_skew_is_the_date_minus_the_midpoint),
        cmocka_unit_test(test_only_a_large_skew_and_its_codes_are_retried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
