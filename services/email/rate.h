/* How many mails a second leave: a token bucket. SES's rate is the account's, so each environment
 * of the function has the account's rate divided by how many run at once. */
#ifndef EMAIL_RATE_H
#define EMAIL_RATE_H

#include <stdint.h>

#include "services/base/clock.h"

/* Rates are in thousandths of a mail per second: 200 is one mail in five seconds. */
#define EMAIL_MAX_RATE_MILLI INT64_C(10000000)

struct email_rate {
    int64_t rate_milli; /* 0: no limit */
    int64_t level_us;   /* how far the bucket is filled, in microseconds of waiting */
    int64_t filled_ms;  /* monotonic time of that level */
};

/* The bucket holds the mails of one second, at least one, and begins full. */
void email_rate_init(struct email_rate *rate, int64_t rate_milli, const struct svc_clock *clock);
/* Ms until the next mail may leave; 0: now. Takes nothing. */
int64_t email_rate_wait_ms(struct email_rate *rate, const struct svc_clock *clock);
/* Takes one mail; the wait must be over. */
void email_rate_take(struct email_rate *rate, const struct svc_clock *clock);
/* SES refused for its rate: the bucket is empty. */
void email_rate_empty(struct email_rate *rate, const struct svc_clock *clock);

#endif
