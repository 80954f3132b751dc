/* The wall time since the process began, for the metric InitDuration.
 *
 * The system states the process's start only in clock ticks (10 ms), too coarse for a start of 3
 * ms. So the time up to main is taken from the CPU time spent until then, which is exact but leaves
 * out waiting (for pages of the program, for the C library), and is corrected where the system's
 * start time shows that more or less has passed. */
#ifndef LRT_AGE_H
#define LRT_AGE_H

#include <stdbool.h>
#include <stdint.h>

struct lrt_age {
    int64_t before_main_ns; /* CPU time */
    int64_t main_ns;        /* when main began, monotonic */
};

/* The first call of main. */
void lrt_age_begin(struct lrt_age *age);
/* Ms since exec. Reads /proc/self/stat; without it only the CPU time counts before main. */
int64_t lrt_age_ms(const struct lrt_age *age);

/* ---------------------------------------------------------------------- parts, for tests */

/* The start time of a line of /proc/PID/stat, in clock ticks since boot; false: not such a line. */
bool lrt_age_parse_stat(const char *stat, int64_t *start_ticks);
/* The measured age, moved into what the system's start time allows: system_ms is the time since
 * that start, rounded up by less than tick_ms. */
int64_t lrt_age_correct(int64_t measured_ms, int64_t system_ms, int64_t tick_ms);

#endif
