/* When to retry: see retry.h. */
#include <stddef.h>
#include <string.h>

#include "services/aws/retry.h"
#include "services/base/clock.h"
#include "services/base/text.h"

#define MAX_RETRY_AFTER_MS UINT64_C(999999999999) /* more is no time */

static bool is_throttling(const char *code) {
    static const char *const codes[] = {
        "Throttling",
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
        "EC2ThrottledException",
    };
    return SVC_IS_ONE_OF(code, codes);
}

enum awsc_retry_kind awsc_retry_classify(enum svc_status status, int http_status,
                                         const char *code) {
    static const char *const transient[] = {"RequestTimeout", "RequestTimeoutException",
                                            "PriorRequestNotComplete"};
    if (is_throttling(code) || http_status == 429) {
        return AWSC_RETRY_THROTTLED;
    }
    if (SVC_IS_ONE_OF(code, transient) || http_status == 500 || http_status == 502 ||
        http_status == 503 || http_status == 504) {
        return AWSC_RETRY_TRANSIENT;
    }
    switch (status) {
    case SVC_CONNECT_FAILED:
    case SVC_CONNECTION_LOST:
    case SVC_TIMED_OUT:
    case SVC_BAD_RESPONSE:
    case SVC_CHECKSUM_MISMATCH:
        return AWSC_RETRY_TRANSIENT;
    default:
        return AWSC_RETRY_NOT;
    }
}

int64_t awsc_retry_delay_ms(int n, enum awsc_retry_kind kind, double unit, int64_t retry_after_ms) {
    int64_t most = kind == AWSC_RETRY_THROTTLED ? AWSC_RETRY_THROTTLED_MS : AWSC_RETRY_BASE_MS;
    for (int i = 1; i < n && most < AWSC_RETRY_MAX_DELAY_MS; i++) {
        most *= 2;
    }
    if (most > AWSC_RETRY_MAX_DELAY_MS) {
        most = AWSC_RETRY_MAX_DELAY_MS;
    }
    int64_t delay = (int64_t)(unit * (double)most);
    if (retry_after_ms < 0 || retry_after_ms < delay) {
        return delay;
    }
    int64_t longest = delay + AWSC_RETRY_AFTER_SPAN_MS;
    return retry_after_ms > longest ? longest : retry_after_ms;
}

int64_t awsc_retry_after_parse(const char *text) {
    uint64_t value = 0;
    return svc_parse_uint(text, MAX_RETRY_AFTER_MS, &value) ? (int64_t)value : -1;
}

void awsc_retry_bucket_init(struct awsc_retry_bucket *bucket) {
    bucket->tokens = AWSC_RETRY_BUCKET_TOKENS;
}

int awsc_retry_take(struct awsc_retry_bucket *bucket, enum awsc_retry_kind kind) {
    int cost = kind == AWSC_RETRY_THROTTLED ? AWSC_RETRY_COST_THROTTLED : AWSC_RETRY_COST;
    if (bucket->tokens < cost) {
        return 0;
    }
    bucket->tokens -= cost;
    return cost;
}

void awsc_retry_give(struct awsc_retry_bucket *bucket, int cost) {
    bucket->tokens += cost > 0 ? cost : 1;
    if (bucket->tokens > AWSC_RETRY_BUCKET_TOKENS) {
        bucket->tokens = AWSC_RETRY_BUCKET_TOKENS;
    }
}

bool awsc_skew(const char *date, const char *age, int64_t sent_wall_ms, int64_t received_wall_ms,
               int64_t *skew_ms) {
    int64_t there_ms = 0;
    if (date == NULL || age != NULL || !svc_parse_http_date(date, &there_ms) ||
        received_wall_ms < sent_wall_ms ||
        received_wall_ms - sent_wall_ms > AWSC_SKEW_MAX_ROUND_MS) {
        return false;
    }
    *skew_ms = there_ms - (sent_wall_ms + (received_wall_ms - sent_wall_ms) / 2);
    return true;
}

bool awsc_skew_retry(const char *code, int64_t skew_ms) {
    static const char *const codes[] = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                        "AuthFailure", "RequestTimeTooSkewed",
                                        "AccessDeniedException"};
    return (skew_ms > AWSC_SKEW_RETRY_MS || skew_ms < -AWSC_SKEW_RETRY_MS) &&
           SVC_IS_ONE_OF(code, codes);
}

bool awsc_is_expired_token(const char *code) {
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException"};
    return SVC_IS_ONE_OF(code, codes);
}
