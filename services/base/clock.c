/* Time: see clock.h. The calendar is Howard Hinnant's days-from-civil arithmetic. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "services/base/clock.h"

#define MS_PER_DAY INT64_C(86400000)

static int64_t system_ms(clockid_t id) {
    struct timespec now;
    if (clock_gettime(id, &now) != 0) {
        return 0;
    }
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *user) {
    (void)user;
    return system_ms(CLOCK_REALTIME);
}

static int64_t system_monotonic_ms(void *user) {
    (void)user;
    return system_ms(CLOCK_MONOTONIC);
}

static void system_sleep_ms(void *user, int64_t duration_ms) {
    (void)user;
    if (duration_ms <= 0) {
        return;
    }
    struct timespec left = {(time_t)(duration_ms / 1000), (long)(duration_ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

const struct svc_clock *svc_clock_system(void) {
    static const struct svc_clock clock = {system_wall_ms, system_monotonic_ms, system_sleep_ms,
                                           NULL};
    return &clock;
}

int64_t svc_wall_ms(const struct svc_clock *clock) {
    return clock->wall_ms(clock->user);
}

int64_t svc_monotonic_ms(const struct svc_clock *clock) {
    return clock->monotonic_ms(clock->user);
}

void svc_sleep_ms(const struct svc_clock *clock, int64_t duration_ms) {
    clock->sleep_ms(clock->user, duration_ms);
}

static int64_t add_saturated(int64_t a, int64_t b) {
    if (b > 0 && a > INT64_MAX - b) {
        return INT64_MAX;
    }
    return b < 0 && a < INT64_MIN - b ? INT64_MIN : a + b;
}

int64_t svc_deadline_in(const struct svc_clock *clock, int64_t duration_ms) {
    return add_saturated(svc_monotonic_ms(clock), duration_ms);
}

int64_t svc_deadline_at(const struct svc_clock *clock, int64_t wall_ms) {
    return add_saturated(svc_monotonic_ms(clock), add_saturated(wall_ms, -svc_wall_ms(clock)));
}

int64_t svc_remaining_ms(const struct svc_clock *clock, int64_t deadline_ms) {
    if (deadline_ms == SVC_NO_DEADLINE) {
        return INT64_MAX;
    }
    int64_t now = svc_monotonic_ms(clock);
    return deadline_ms > now ? add_saturated(deadline_ms, -now) : 0;
}

/* Days since 1970-01-01; years counted from March, so that the leap day is the last. */
static int64_t days_from_civil(int64_t year, int month, int day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct svc_date svc_date_from_ms(int64_t wall_ms) {
    const int64_t first = INT64_C(-62167219200000), last = INT64_C(253402300799999);
    wall_ms = wall_ms < first ? first : wall_ms > last ? last : wall_ms;
    int64_t days = wall_ms / MS_PER_DAY;
    int64_t rest = wall_ms % MS_PER_DAY;
    if (rest < 0) {
        rest += MS_PER_DAY;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    struct svc_date date = {
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .hour = (int)(rest / 3600000),
        .minute = (int)(rest / 60000 % 60),
        .second = (int)(rest / 1000 % 60),
        .ms = (int)(rest % 1000),
    };
    return date;
}

int64_t svc_date_to_ms(const struct svc_date *date) {
    int64_t days = days_from_civil(date->year, date->month, date->day);
    int64_t seconds = ((int64_t)date->hour * 60 + date->minute) * 60 + date->second;
    return days * MS_PER_DAY + seconds * 1000 + date->ms;
}

void svc_format_iso8601(int64_t wall_ms, char out[SVC_ISO8601_BYTES]) {
    struct svc_date d = svc_date_from_ms(wall_ms);
    char text[96]; /* fits any int: the compiler cannot prove that they are small */
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", d.year, d.month, d.day,
             d.hour, d.minute, d.second, d.ms);
    memcpy(out, text, SVC_ISO8601_BYTES - 1);
    out[SVC_ISO8601_BYTES - 1] = '\0';
}

void svc_format_amz_date(int64_t wall_ms, char out[SVC_AMZ_DATE_BYTES]) {
    struct svc_date d = svc_date_from_ms(wall_ms);
    char text[96];
    snprintf(text, sizeof(text), "%04d%02d%02dT%02d%02d%02dZ", d.year, d.month, d.day, d.hour,
             d.minute, d.second);
    memcpy(out, text, SVC_AMZ_DATE_BYTES - 1);
    out[SVC_AMZ_DATE_BYTES - 1] = '\0';
}

/* ---------------------------------------------------------------------- parsing */

/* Exactly `digits` digits at *at, which moves past them. */
static bool take_number(const char **at, int digits, int *number) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *at += digits;
    *number = value;
    return true;
}

static bool take_char(const char **at, char c) {
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static bool take_time(const char **at, struct svc_date *date) {
    return take_number(at, 2, &date->hour) && take_char(at, ':') &&
           take_number(at, 2, &date->minute) && take_char(at, ':') &&
           take_number(at, 2, &date->second);
}

static bool date_valid(const struct svc_date *date) {
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date->month < 1 || date->month > 12 || date->day < 1 || date->day > days[date->month - 1] ||
        date->hour > 23 || date->minute > 59 || date->second > 60) {
        return false;
    }
    bool is_leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);
    return date->month != 2 || date->day < 29 || is_leap;
}

bool svc_parse_iso8601(const char *text, int64_t *wall_ms) {
    struct svc_date date = {0};
    const char *at = text;
    if (!take_number(&at, 4, &date.year) || !take_char(&at, '-') ||
        !take_number(&at, 2, &date.month) || !take_char(&at, '-') ||
        !take_number(&at, 2, &date.day) || !take_char(&at, 'T') || !take_time(&at, &date)) {
        return false;
    }
    if (take_char(&at, '.')) {
        int digit = 0, scale = 100, digits = 0;
        for (; digits < 9 && take_number(&at, 1, &digit); digits++) {
            date.ms += digit * scale;
            scale /= 10;
        }
        if (digits == 0) {
            return false;
        }
    }
    int64_t offset_minutes = 0;
    if (!take_char(&at, 'Z')) {
        int sign = *at == '-' ? -1 : 1;
        int hours = 0, minutes = 0;
        if ((*at != '+' && *at != '-') || (at++, !take_number(&at, 2, &hours))) {
            return false;
        }
        take_char(&at, ':');
        if (!take_number(&at, 2, &minutes) || hours > 23 || minutes > 59) {
            return false;
        }
        offset_minutes = sign * (hours * 60 + minutes);
    }
    if (*at != '\0' || !date_valid(&date)) {
        return false;
    }
    *wall_ms = svc_date_to_ms(&date) - offset_minutes * 60000;
    return true;
}

bool svc_parse_http_date(const char *text, int64_t *wall_ms) {
    static const char weekdays[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct svc_date date = {0};
    if (strlen(text) != sizeof("Fri, 02 Jan 2026 03:04:05 GMT") - 1) {
        return false;
    }
    bool is_weekday = false;
    for (int i = 0; i < 7; i++) {
        is_weekday |= memcmp(text, weekdays + 3 * i, 3) == 0;
    }
    for (int i = 0; i < 12; i++) {
        if (memcmp(text + 8, months + 3 * i, 3) == 0) {
            date.month = i + 1;
        }
    }
    const char *day = text + 5, *year = text + 12, *time = text + 17;
    if (!is_weekday || memcmp(text + 3, ", ", 2) != 0 || text[7] != ' ' || text[11] != ' ' ||
        text[16] != ' ' || !take_number(&day, 2, &date.day) || !take_number(&year, 4, &date.year) ||
        !take_time(&time, &date) || strcmp(time, " GMT") != 0 || !date_valid(&date)) {
        return false;
    }
    *wall_ms = svc_date_to_ms(&date);
    return true;
}
