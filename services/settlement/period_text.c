/* Days and periods as text, written and read: see period.h. */
#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"
#include "services/settlement/period.h"

#define MS_PER_DAY (INT64_C(24) * 60 * 60 * 1000)
#define KST_MS     (INT64_C(9) * 60 * 60 * 1000)

static struct svc_date date_of(int32_t day) {
    return svc_date_from_ms(day * MS_PER_DAY);
}

static int32_t day_of(int year, int month, int day) {
    const struct svc_date date = {.year = year, .month = month, .day = day};
    return (int32_t)(svc_date_to_ms(&date) / MS_PER_DAY);
}

/* ---------------------------------------------------------------------- days */

/* Exactly `digits` digits at *at, which moves past them. */
static bool take_digits(const char **at, int digits, int *number) {
    *number = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        *number = *number * 10 + (c - '0');
    }
    *at += digits;
    return true;
}

static bool take_char(const char **at, char c) {
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static bool take_day(const char **at, int32_t *day) {
    int year = 0, month = 0, day_of_month = 0;
    if (!take_digits(at, 4, &year) || !take_char(at, '-') || !take_digits(at, 2, &month) ||
        !take_char(at, '-') || !take_digits(at, 2, &day_of_month) || year < 1970 || year > 2199 ||
        month < 1 || month > 12 || day_of_month < 1 || day_of_month > 31) {
        return false;
    }
    /* A day that the month does not have becomes one of the next month. */
    *day = day_of(year, month, day_of_month);
    return date_of(*day).day == day_of_month;
}

bool settle_day_parse(const char *text, int32_t *day) {
    int32_t found = 0;
    if (text == NULL || !take_day(&text, &found) || *text != '\0') {
        return false;
    }
    *day = found;
    return true;
}

void settle_day_write(int32_t day, char out[SETTLE_DAY_BYTES]) {
    char text[SVC_ISO8601_BYTES];
    svc_format_iso8601(day * MS_PER_DAY, text);
    memcpy(out, text, SETTLE_DAY_BYTES - 1);
    out[SETTLE_DAY_BYTES - 1] = '\0';
}

void settle_kst_time_write(int64_t time_ms, char out[SETTLE_KST_TIME_BYTES]) {
    char text[SVC_ISO8601_BYTES];
    svc_format_iso8601(time_ms > INT64_MAX - KST_MS ? INT64_MAX : time_ms + KST_MS, text);
    text[SETTLE_DAY_BYTES - 1] = ' ';
    memcpy(out, text, SETTLE_KST_TIME_BYTES - 1);
    out[SETTLE_KST_TIME_BYTES - 1] = '\0';
}

/* ---------------------------------------------------------------------- names of periods */

/* The ISO week of a Monday: its year is that of the week's Thursday. */
static void iso_week_of(int32_t monday, int *year, int *week) {
    int32_t thursday = monday + 3;
    *year = date_of(thursday).year;
    *week = (int)(thursday - day_of(*year, 1, 1)) / 7 + 1;
}

void settle_period_name(const struct settle_period *period, char out[SETTLE_PERIOD_NAME_BYTES]) {
    char first[SETTLE_DAY_BYTES], last[SETTLE_DAY_BYTES];
    settle_day_write(period->first_day, first);
    settle_day_write(period->last_day, last);
    int year = 0, week = 0;
    switch (period->type) {
    case SETTLE_DAILY:
        snprintf(out, SETTLE_PERIOD_NAME_BYTES, "%s", first);
        break;
    case SETTLE_WEEKLY:
        iso_week_of(period->first_day, &year, &week);
        snprintf(out, SETTLE_PERIOD_NAME_BYTES, "%04d-W%02d", year, week);
        break;
    case SETTLE_MONTHLY:
        snprintf(out, SETTLE_PERIOD_NAME_BYTES, "%.7s", first);
        break;
    case SETTLE_CUSTOM:
        snprintf(out, SETTLE_PERIOD_NAME_BYTES, "%s..%s", first, last);
        break;
    }
}

/* "2026-W36": its Monday. The 4th of January is in week 1; a week 53 that the year does not have
 * belongs to the next year. */
static bool read_week(const char *text, int32_t *monday) {
    int year = 0, week = 0, found_year = 0, found_week = 0;
    if (!take_digits(&text, 4, &year) || !take_char(&text, '-') || !take_char(&text, 'W') ||
        !take_digits(&text, 2, &week) || *text != '\0' || year < 1970 || year > 2199 || week < 1) {
        return false;
    }
    int32_t fourth = day_of(year, 1, 4);
    *monday = fourth - (fourth + 3) % 7 + (week - 1) * 7;
    iso_week_of(*monday, &found_year, &found_week);
    return found_year == year && found_week == week;
}

static bool read_month(const char *text, int32_t *first_day) {
    char whole[SETTLE_DAY_BYTES];
    return strlen(text) == 7 &&
           snprintf(whole, sizeof(whole), "%s-01", text) == SETTLE_DAY_BYTES - 1 &&
           settle_day_parse(whole, first_day);
}

static bool read_range(const char *text, int32_t *first_day, int32_t *last_day) {
    return take_day(&text, first_day) && take_char(&text, '.') && take_char(&text, '.') &&
           settle_day_parse(text, last_day);
}

enum svc_status settle_period_parse(const char *name, int64_t time_ms, struct settle_period *period,
                                    struct svc_error *error) {
    int32_t day = 0, last_day = 0;
    if (settle_day_parse(name, &day)) {
        return settle_period_around(SETTLE_DAILY, day, time_ms, period, error);
    }
    if (read_week(name, &day)) {
        return settle_period_around(SETTLE_WEEKLY, day, time_ms, period, error);
    }
    if (read_month(name, &day)) {
        return settle_period_around(SETTLE_MONTHLY, day, time_ms, period, error);
    }
    if (read_range(name, &day, &last_day)) {
        return settle_period_custom(day, last_day, time_ms, period, error);
    }
    return svc_fail(error, SVC_MALFORMED,
                    "a period is named like 2026-09-01, 2026-W36, 2026-09 or "
                    "2026-09-01..2026-09-15");
}

/* ---------------------------------------------------------------------- for people */

static const char *month_name(int month) {
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    return names[month - 1];
}

bool settle_day_put_text(int32_t day, enum email_language language, struct svc_buf *out) {
    struct svc_date date = date_of(day);
    return language == EMAIL_EN
               ? svc_buf_printf(out, "%s %d, %d", month_name(date.month), date.day, date.year)
               : svc_buf_printf(out, "%d년 %d월 %d일", date.year, date.month, date.day);
}

bool settle_period_put_text(const struct settle_period *period, enum email_language language,
                            struct svc_buf *out) {
    if (period->first_day != period->last_day) {
        struct svc_date first = date_of(period->first_day);
        if (language == EMAIL_EN && first.year == date_of(period->last_day).year) {
            svc_buf_printf(out, "%s %d", month_name(first.month), first.day);
        } else {
            settle_day_put_text(period->first_day, language, out);
        }
        svc_buf_append_text(out, language == EMAIL_EN ? " – " : " ~ ");
    }
    return settle_day_put_text(period->last_day, language, out);
}
