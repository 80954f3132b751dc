/* Periods: see period.h. */
#include "services/settlement/period.h"

#include <string.h>

#include "services/base/clock.h"

#define MS_PER_DAY (INT64_C(24) * 60 * 60 * 1000)
#define KST_MS     (INT64_C(9) * 60 * 60 * 1000)

static const char *const type_names[SETTLE_PERIOD_TYPES] = {"daily", "weekly", "monthly", "custom"};

const char *settle_period_type_name(enum settle_period_type type) {
    return type_names[type];
}

bool settle_period_type_parse(const char *text, enum settle_period_type *type) {
    for (int i = 0; text != NULL && i < SETTLE_PERIOD_TYPES; i++) {
        if (strcmp(text, type_names[i]) == 0) {
            *type = (enum settle_period_type)i;
            return true;
        }
    }
    return false;
}

/* Towards minus infinity: a time before 1970 belongs to a day before it. Two steps, so that no time
 * overflows. */
int32_t settle_day_of(int64_t time_ms) {
    int64_t day = time_ms / MS_PER_DAY, rest_ms = time_ms % MS_PER_DAY;
    if (rest_ms < 0) {
        rest_ms += MS_PER_DAY;
        day--;
    }
    day += rest_ms + KST_MS >= MS_PER_DAY;
    return day < INT32_MIN ? INT32_MIN : day > INT32_MAX ? INT32_MAX : (int32_t)day;
}

static int64_t start_ms(int32_t day) {
    return day * MS_PER_DAY - KST_MS;
}

/* 0: Monday. 1970-01-01 was a Thursday. */
static int32_t weekday_of(int32_t day) {
    return (day + 3) % 7;
}

static int32_t first_of_month(int32_t day) {
    return day - (svc_date_from_ms(day * MS_PER_DAY).day - 1);
}

static int32_t last_of_month(int32_t day) {
    /* 31 days after its first day lies in the next month. */
    return first_of_month(first_of_month(day) + 31) - 1;
}

static bool within_bounds(int32_t day) {
    return day >= SETTLE_FIRST_DAY && day <= SETTLE_LAST_DAY;
}

/* Writes the days after the checks that all periods share. */
static enum svc_status make(enum settle_period_type type, int32_t first_day, int32_t last_day,
                            int64_t time_ms, struct settle_period *period,
                            struct svc_error *error) {
    if (!within_bounds(first_day) || !within_bounds(last_day)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT,
                        "the period is not within 1970-01-01 to 2199-12-31");
    }
    if (start_ms(last_day + 1) > time_ms) {
        char last[SETTLE_DAY_BYTES];
        settle_day_write(last_day, last);
        return svc_fail(error, SVC_INVALID_ARGUMENT,
                        "the period ends with %s (KST), which is not over at the time of the event",
                        last);
    }
    *period = (struct settle_period){
        .type = type,
        .first_day = first_day,
        .last_day = last_day,
        .from_ms = start_ms(first_day),
        .to_ms = start_ms(last_day + 1),
    };
    return SVC_OK;
}

enum svc_status settle_period_around(enum settle_period_type type, int32_t day, int64_t time_ms,
                                     struct settle_period *period, struct svc_error *error) {
    if (!within_bounds(day)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT,
                        "the day is not within 1970-01-01 to 2199-12-31");
    }
    switch (type) {
    case SETTLE_DAILY:
        return make(type, day, day, time_ms, period, error);
    case SETTLE_WEEKLY: {
        int32_t monday = day - weekday_of(day);
        return make(type, monday, monday + 6, time_ms, period, error);
    }
    case SETTLE_MONTHLY:
        return make(type, first_of_month(day), last_of_month(day), time_ms, period, error);
    case SETTLE_CUSTOM:
        break;
    }
    return svc_fail(error, SVC_INVALID_ARGUMENT, "a custom period needs its first and last day");
}

enum svc_status settle_period_before(enum settle_period_type type, int64_t time_ms,
                                     struct settle_period *period, struct svc_error *error) {
    int32_t today = settle_day_of(time_ms);
    if (!within_bounds(today)) {
        return svc_fail(error, SVC_INVALID_ARGUMENT,
                        "the time of the event is not within 1970 to 2199");
    }
    /* The day before the period that contains today. */
    int32_t day = type == SETTLE_WEEKLY    ? today - weekday_of(today) - 1
                  : type == SETTLE_MONTHLY ? first_of_month(today) - 1
                                           : today - 1;
    return settle_period_around(type, day, time_ms, period, error);
}

enum svc_status settle_period_custom(int32_t first_day, int32_t last_day, int64_t time_ms,
                                     struct settle_period *period, struct svc_error *error) {
    if (first_day > last_day) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the period ends before it starts");
    }
    if ((int64_t)last_day - first_day >= SETTLE_MAX_CUSTOM_DAYS) {
        return svc_fail(error, SVC_INVALID_ARGUMENT, "the period is longer than %d days",
                        SETTLE_MAX_CUSTOM_DAYS);
    }
    return make(SETTLE_CUSTOM, first_day, last_day, time_ms, period, error);
}
