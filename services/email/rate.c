/* The token bucket: see rate.h. Pure but for the clock.
 *
 * A mail costs the time between two mails, rounded up to a microsecond: what leaves is never more
 * than the rate, and less by at most a microsecond for each mail. */
#include "services/email/rate.h"

static int64_t cost_us(const struct email_rate *rate) {
    return (INT64_C(1000000000) + rate->rate_milli - 1) / rate->rate_milli;
}

static int64_t capacity_us(const struct email_rate *rate) {
    const int64_t mails = rate->rate_milli / 1000;
    return cost_us(rate) * (mails > 1 ? mails : 1);
}

static void fill(struct email_rate *rate, const struct svc_clock *clock) {
    const int64_t now_ms = svc_monotonic_ms(clock), capacity = capacity_us(rate);
    const int64_t passed_ms = now_ms - rate->filled_ms;
    if (passed_ms <= 0) {
        return;
    }
    rate->filled_ms = now_ms;
    /* Divided, because the product may be beyond 64 bits. */
    const bool is_full = passed_ms >= (capacity - rate->level_us + 999) / 1000;
    rate->level_us = is_full ? capacity : rate->level_us + passed_ms * 1000;
}

void email_rate_init(struct email_rate *rate, int64_t rate_milli, const struct svc_clock *clock) {
    rate->rate_milli = rate_milli < 0                      ? 0
                       : rate_milli > EMAIL_MAX_RATE_MILLI ? EMAIL_MAX_RATE_MILLI
                                                           : rate_milli;
    rate->level_us = rate->rate_milli > 0 ? capacity_us(rate) : 0;
    rate->filled_ms = svc_monotonic_ms(clock);
}

int64_t email_rate_wait_ms(struct email_rate *rate, const struct svc_clock *clock) {
    if (rate->rate_milli == 0) {
        return 0;
    }
    fill(rate, clock);
    const int64_t lacking_us = cost_us(rate) - rate->level_us;
    return lacking_us > 0 ? (lacking_us + 999) / 1000 : 0;
}

void email_rate_take(struct email_rate *rate, const struct svc_clock *clock) {
    if (rate->rate_milli > 0) {
        fill(rate, clock);
        rate->level_us -= cost_us(rate);
    }
}

void email_rate_empty(struct email_rate *rate, const struct svc_clock *clock) {
    if (rate->rate_milli > 0) {
        fill(rate, clock);
        rate->level_us = rate->level_us < 0 ? rate->level_us : 0;
    }
}
