/* When to retry, and when to stop: the AWS SDKs' standard mode (as of November 2026). Pure
 * functions: times and random numbers are arguments.
 *
 *   attempts   3
 *   delay      random(0,1) x min(base x 2^(n-1), 20 s); base 50 ms, throttled 1,000 ms
 *   bucket     500 tokens; a retry costs 14, throttled 5; success after a retry returns the cost
 *              of that retry; success of the first attempt adds 1
 *   server     x-amz-retry-after (ms) is obeyed within [delay, delay + 5 s] */
#ifndef AWSC_RETRY_H
#define AWSC_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/status.h"

#define AWSC_MAX_ATTEMPTS         3   /* unless AWS_MAX_ATTEMPTS is set */
#define AWSC_MOST_ATTEMPTS        100 /* the largest AWS_MAX_ATTEMPTS */
#define AWSC_RETRY_BASE_MS        50
#define AWSC_RETRY_THROTTLED_MS   1000
#define AWSC_RETRY_MAX_DELAY_MS   20000
#define AWSC_RETRY_AFTER_SPAN_MS  5000
#define AWSC_RETRY_BUCKET_TOKENS  500
#define AWSC_RETRY_COST           14
#define AWSC_RETRY_COST_THROTTLED 5
#define AWSC_SKEW_RETRY_MS        240000
#define AWSC_SKEW_MAX_ROUND_MS    900000

enum awsc_retry_kind { AWSC_RETRY_NOT, AWSC_RETRY_TRANSIENT, AWSC_RETRY_THROTTLED };

/* By the transport's result (status) and, if there was a response, by its HTTP status and error
 * code ("": none). */
enum awsc_retry_kind awsc_retry_classify(enum svc_status status, int http_status, const char *code);

/* The delay in ms before retry n (1 for the first). unit: random, at least 0, below 1.
 * retry_after_ms: the header's value, negative if there is none. */
int64_t awsc_retry_delay_ms(int n, enum awsc_retry_kind kind, double unit, int64_t retry_after_ms);
/* The header's value; -1 if text is NULL or not a number of ms. */
int64_t awsc_retry_after_parse(const char *text);

struct awsc_retry_bucket {
    int tokens; /* 0 to AWSC_RETRY_BUCKET_TOKENS; starts full */
};
void awsc_retry_bucket_init(struct awsc_retry_bucket *bucket);
/* Takes the cost of a retry and returns it; 0 if there are too few tokens: no retry then. */
int awsc_retry_take(struct awsc_retry_bucket *bucket, enum awsc_retry_kind kind);
/* After a success. cost: of the last retry, 0 if there was none. */
void awsc_retry_give(struct awsc_retry_bucket *bucket, int cost);

/* The clock skew in ms: the service's clock minus ours. Computed from the Date header and the times
 * of sending and receiving by our clock; false, and *skew_ms unchanged, without a valid Date, with
 * an Age header, or with more than AWSC_SKEW_MAX_ROUND_MS between them. */
bool awsc_skew(const char *date, const char *age, int64_t sent_wall_ms, int64_t received_wall_ms,
               int64_t *skew_ms);
/* Whether the code can be due to a wrong clock, and the skew is large enough for that: the request
 * is then signed again and retried. */
bool awsc_skew_retry(const char *code, int64_t skew_ms);
/* ExpiredToken, ExpiredTokenException: new credentials are fetched, once. */
bool awsc_is_expired_token(const char *code);

#endif
