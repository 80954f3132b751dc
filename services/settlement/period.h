/* Periods of settlement reports: whole days in KST (UTC+9, without daylight saving), over times
 * that are stored in UTC. Day D is [D-1 15:00Z, D 15:00Z).
 *
 *   daily     the day before the event's
 *   weekly    the seven days before the event's Monday (an ISO week: Monday to Sunday)
 *   monthly   the calendar month before the event's
 *   custom    any days, at most SETTLE_MAX_CUSTOM_DAYS
 *
 * The time of the event decides, never the clock: a schedule that runs late or twice gets the same
 * days. No period may end after that time. Pure, nothing is allocated. */
#ifndef SETTLE_PERIOD_H
#define SETTLE_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#include "services/base/buf.h"
#include "services/base/status.h"
#include "services/email/schema.h"

#define SETTLE_MAX_CUSTOM_DAYS 366
/* Days in KST since 1970-01-01. A period lies within these days, both included. */
#define SETTLE_FIRST_DAY 0
#define SETTLE_LAST_DAY  84005 /* 2199-12-31 */

#define SETTLE_DAY_BYTES         sizeof("2026-09-01")
#define SETTLE_PERIOD_NAME_BYTES sizeof("2026-09-01..2026-09-30")
#define SETTLE_KST_TIME_BYTES    sizeof("2026-09-01 00:00:00")

enum settle_period_type { SETTLE_DAILY, SETTLE_WEEKLY, SETTLE_MONTHLY, SETTLE_CUSTOM };
#define SETTLE_PERIOD_TYPES 4

struct settle_period {
    enum settle_period_type type;
    int32_t first_day, last_day; /* in KST, since 1970-01-01; both belong to it */
    int64_t from_ms, to_ms;      /* UTC, since 1970: from_ms <= t < to_ms; µs: times 1000 */
};

/* "daily", "weekly", "monthly", "custom"; false: `text` (NULL is allowed) is none of them. */
const char *settle_period_type_name(enum settle_period_type type);
bool settle_period_type_parse(const char *text, enum settle_period_type *type);

/* The last period of that type that is over at `time_ms` (UTC, since 1970). Errors:
 * INVALID_ARGUMENT (SETTLE_CUSTOM, or days outside the bounds above). */
enum svc_status settle_period_before(enum settle_period_type type, int64_t time_ms,
                                     struct settle_period *period, struct svc_error *error);
/* The period that contains `day`. Errors: the same, and INVALID_ARGUMENT (not over at `time_ms`).
 */
enum svc_status settle_period_around(enum settle_period_type type, int32_t day, int64_t time_ms,
                                     struct settle_period *period, struct svc_error *error);
/* Errors: INVALID_ARGUMENT (first > last, more than SETTLE_MAX_CUSTOM_DAYS, outside the bounds, not
 * over at `time_ms`). */
enum svc_status settle_period_custom(int32_t first_day, int32_t last_day, int64_t time_ms,
                                     struct settle_period *period, struct svc_error *error);

/* The day in KST of a time in UTC. */
int32_t settle_day_of(int64_t time_ms);
/* "2026-09-01", a day within the bounds above, and nothing else. */
bool settle_day_parse(const char *text, int32_t *day);
void settle_day_write(int32_t day, char out[SETTLE_DAY_BYTES]);
/* A time in KST, "2026-09-01 00:00:00"; fractions of a second are dropped. */
void settle_kst_time_write(int64_t time_ms, char out[SETTLE_KST_TIME_BYTES]);

/* A period's short name: "2026-09-01", "2026-W36" (ISO 8601), "2026-09", "2026-09-01..2026-09-15".
 */
void settle_period_name(const struct settle_period *period, char out[SETTLE_PERIOD_NAME_BYTES]);
/* Undoes it. Errors: MALFORMED (no such name), INVALID_ARGUMENT (as above). */
enum svc_status settle_period_parse(const char *name, int64_t time_ms, struct settle_period *period,
                                    struct svc_error *error);

/* For people: "2026년 9월 1일 ~ 2026년 9월 30일", "September 1 – September 30, 2026",
 * "December 28, 2026 – January 3, 2027"; a single day: "2026년 9월 1일", "September 1, 2026".
 * false: `out` is full. */
bool settle_period_put_text(const struct settle_period *period, enum email_language language,
                            struct svc_buf *out);
bool settle_day_put_text(int32_t day, enum email_language language, struct svc_buf *out);

#endif
