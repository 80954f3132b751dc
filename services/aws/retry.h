/* When to try again, and when to stop: the AWS SDKs' standard mode (as of November 2026). Pure: the
 * clock's and the random number's values are given.
 *
 *   attempts   3
 *   delay      random(0,1) x min(base x 2^(n-1), 20 s); base 50 ms, throttled 1,000 ms
 *   bucket     500 tokens; a retry costs 14, throttled 5; success after a retry gives back what
 *              that retry cost; success at once gives 1
 *   server     x-amz-retry-after (ms) is obeyed within [delay, delay + 5 s] */
#ifndef AWSC_RETRY_H
#define AWSC_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/status.h"

#define AWSC_MAX_ATTEMPTS         3   /* unless AWS_MAX_ATTEMPTS says otherwise */
#define AWSC_MOST_ATTEMPTS        100 /* that it may say */
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

/* By what the transport said (status), and if an answer came, by its HTTP status and error code
 * ("" if it had none). */
enum awsc_retry_kind awsc_retry_classify(enum svc_status status, int http_status, const char *code);

/* Ms to wait before retry n (1 for the first). unit: random, at least 0, below 1.
 * retry_after_ms: the header's value, negative if there is none. */
int64_t awsc_retry_delay_ms(int n, enum awsc_retry_kind kind, double unit, int64_t retry_after_ms);
/* The header's value; -1 if text is NULL or no whole number of ms. */
int64_t awsc_retry_after_parse(const char *text);

struct awsc_retry_bucket {
    int tokens; /* 0 to AWSC_RETRY_BUCKET_TOKENS; starts full */
};
void awsc_retry_bucket_init(struct awsc_retry_bucket *bucket);
/* Takes the cost of a retry; 0 if there are not that many tokens: no retry then. */
int awsc_retry_take(struct awsc_retry_bucket *bucket, enum awsc_retry_kind kind);
/* After a success; cost of the last retry, 0 if there was none. */
void awsc_retry_give(struct awsc_retry_bucket *bucket, int cost);

/* Clock skew in ms: what to add to our clock to have the service's. From the Date header, sent and
 * received by our clock; false (and *skew_ms untouched) if it tells nothing: no or no valid Date,
 * an Age header, more than AWSC_SKEW_MAX_ROUND_MS between. */
bool awsc_skew(const char *date, const char *age, int64_t sent_wall_ms, int64_t received_wall_ms,
               int64_t *skew_ms);
/* Whether the code is one that a wrong clock causes, and the skew large enough for it: the request
 * is then signed and sent again. */
bool awsc_skew_retry(const char *code, int64_t skew_ms);
/* ExpiredToken and its kin: credentials are fetched anew, once. */
bool awsc_is_expired_token(const char *code);

#endif
