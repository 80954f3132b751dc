/* Time, through a clock that tests can replace.
 *
 * There are two clocks: the wall clock, in ms since 1970 (signing, logs), and the monotonic clock,
 * in ms since an arbitrary start (deadlines, timeouts). A deadline is a monotonic time. */
#ifndef SVC_CLOCK_H
#define SVC_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct svc_clock {
    int64_t (*wall_ms)(void *user);
    int64_t (*monotonic_ms)(void *user);
    void (*sleep_ms)(void *user, int64_t duration_ms); /* <= 0: returns at once */
    void *user;
};

/* The system's; constant, usable from any thread. */
const struct svc_clock *svc_clock_system(void);

int64_t svc_wall_ms(const struct svc_clock *clock);
int64_t svc_monotonic_ms(const struct svc_clock *clock);
void svc_sleep_ms(const struct svc_clock *clock, int64_t duration_ms);

#define SVC_NO_DEADLINE INT64_MAX

/* The deadline `duration_ms` from now. */
int64_t svc_deadline_in(const struct svc_clock *clock, int64_t duration_ms);
/* The deadline at a time of the wall clock, such as Lambda-Runtime-Deadline-Ms. */
int64_t svc_deadline_at(const struct svc_clock *clock, int64_t wall_ms);
/* Ms until the deadline, never below 0; INT64_MAX for SVC_NO_DEADLINE. */
int64_t svc_remaining_ms(const struct svc_clock *clock, int64_t deadline_ms);

/* A moment in UTC. */
struct svc_date {
    int year, month, day, hour, minute, second, ms; /* month 1 to 12, day 1 to 31 */
};
struct svc_date svc_date_from_ms(int64_t wall_ms); /* years 0 to 9999 */
int64_t svc_date_to_ms(const struct svc_date *date);

#define SVC_ISO8601_BYTES  sizeof("2026-01-02T03:04:05.678Z")
#define SVC_AMZ_DATE_BYTES sizeof("20260102T030405Z")
void svc_format_iso8601(int64_t wall_ms,
                        char out[SVC_ISO8601_BYTES]); /* 2026-01-02T03:04:05.678Z */
void svc_format_amz_date(int64_t wall_ms, char out[SVC_AMZ_DATE_BYTES]); /* 20260102T030405Z */

/* "2026-01-02T03:04:05Z" with optional fraction and Z or an offset; false if it is anything else.
 */
bool svc_parse_iso8601(const char *text, int64_t *wall_ms);
/* HTTP's date, "Fri, 02 Jan 2026 03:04:05 GMT"; false if it is anything else. */
bool svc_parse_http_date(const char *text, int64_t *wall_ms);

#endif
