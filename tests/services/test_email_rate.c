/* The token bucket of services/email/rate.h on a clock that stands still: exact times, and for
 * random rates and times a count over every window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/email/rate.h"
#include "tests/services/support.h"
#include "tests/support/random.h"

#define MAX_MAILS 400

static struct test_clock clock;
static struct email_rate rate;

static void begin(int64_t rate_milli) {
    test_clock_init(&clock, 0);
    email_rate_init(&rate, rate_milli, &clock.clock);
}

/* Sends a mail as soon as the rate allows it; returns how long that took. */
static int64_t send(void) {
    const int64_t wait_ms = email_rate_wait_ms(&rate, &clock.clock);
    clock.monotonic_ms += wait_ms;
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 0);
    email_rate_take(&rate, &clock.clock);
    return wait_ms;
}

static void test_mails_leave_at_exact_times(void **state) {
    (void)state;
    static const struct {
        int64_t rate_milli;
        int burst;
        int64_t then_ms[4]; /* the waits after the burst */
    } cases[] = {
        {1000, 1, {1000, 1000, 1000, 1000}}, {200, 1, {5000, 5000, 5000, 5000}},
        {1, 1, {1000000, 1000000, 1000000}}, {14000, 14, {72, 71, 72, 71}},
        {4000, 4, {250, 250, 250, 250}},     {1500, 1, {667, 667, 667, 667}},
        {999, 1, {1002, 1002, 1002, 1002}},  {300, 1, {3334, 3334, 3334, 3334}},
        {1000000, 1000, {1, 1, 1, 1}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(cases[i].rate_milli);
        for (int k = 0; k < cases[i].burst; k++) {
            assert_int_equal(send(), 0);
        }
        for (int k = 0; k < 4 && cases[i].then_ms[k] > 0; k++) {
            const int64_t wait_ms = send();
            if (wait_ms != cases[i].then_ms[k]) {
                fail_msg("case %zu, mail %d: %lld ms", i, k, (long long)wait_ms);
            }
        }
    }
}

static void test_a_wait_takes_nothing_and_passes_with_time(void **state) {
    (void)state;
    begin(200);
    send();
    for (int i = 0; i < 50; i++) {
        assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 5000 - 100 * i);
        clock.monotonic_ms += 100;
    }
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 0);
    clock.monotonic_ms += 86400000; /* a night: no more than the burst */
    assert_int_equal(send(), 0);
    assert_int_equal(send(), 5000);
}

static void test_an_empty_bucket_waits_for_a_whole_mail(void **state) {
    (void)state;
    begin(10000);
    email_rate_empty(&rate, &clock.clock);
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 100);
    clock.monotonic_ms += 99;
    email_rate_empty(&rate, &clock.clock);
    assert_int_equal(send(), 100);
    assert_int_equal(send(), 100);
}

static void test_no_rate_never_waits(void **state) {
    (void)state;
    static const int64_t none[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        begin(none[i]);
        for (int k = 0; k < 100; k++) {
            assert_int_equal(send(), 0);
        }
        email_rate_empty(&rate, &clock.clock);
        assert_int_equal(send(), 0);
    }
}

static void test_times_and_rates_at_their_ends(void **state) {
    (void)state;
    begin(INT64_MAX);
    assert_int_equal(rate.rate_milli, EMAIL_MAX_RATE_MILLI);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(send(), 0);
    }
    assert_int_equal(send(), 1);
    begin(1);
    send();
    clock.monotonic_ms = INT64_MAX;
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 0);
    begin(1000);
    send();
    clock.monotonic_ms -= 500; /* the clock stands or goes back: no mail is won */
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 1000);
    clock.monotonic_ms += 500;
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 1000);
    /* A mail that did not wait is paid for later. */
    begin(1000);
    email_rate_take(&rate, &clock.clock);
    email_rate_take(&rate, &clock.clock);
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 2000);
    email_rate_empty(&rate, &clock.clock);
    assert_int_equal(email_rate_wait_ms(&rate, &clock.clock), 2000);
}

/* Over any window of t there are at most rate x t + burst mails, and never fewer than a waiting
 * sender is owed but for the rounding. */
static void test_no_window_has_more_than_the_rate(void **state) {
    (void)state;
    uint64_t random = 20261128;
    static int64_t sent_ms[MAX_MAILS];
    for (int run = 0; run < 200; run++) {
        static const int64_t most[] = {1000, 5000, 50000, 500000};
        const int64_t milli = 1 + (int64_t)(random_next(&random) % (uint64_t)most[run % 4]);
        const int64_t burst = milli > 2000 ? milli / 1000 : 1;
        begin(milli);
        for (int i = 0; i < MAX_MAILS; i++) {
            if (random_next(&random) % 3 == 0) { /* idle for up to four mails */
                clock.monotonic_ms +=
                    (int64_t)(random_next(&random) % (uint64_t)(4000000 / milli + 1));
            }
            send();
            sent_ms[i] = clock.monotonic_ms;
        }
        for (int a = 0; a < MAX_MAILS; a++) {
            for (int b = a; b < MAX_MAILS; b++) {
                const int64_t window_ms = sent_ms[b] - sent_ms[a];
                if ((b - a + 1) * INT64_C(1000000) > milli * window_ms + burst * 1000000) {
                    fail_msg("%d mails in %lld ms at %lld/1000 per second", b - a + 1,
                             (long long)window_ms, (long long)milli);
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mails_leave_at_exact_times),
        cmocka_unit_test(test_a_wait_takes_nothing_and_passes_with_time),
        cmocka_unit_test(test_an_empty_bucket_waits_for_a_whole_mail),
        cmocka_unit_test(test_no_rate_never_waits),
        cmocka_unit_test(test_times_and_rates_at_their_ends),
        cmocka_unit_test(test_no_window_has_more_than_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
