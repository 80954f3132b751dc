/* Values written for people: see value.h. */
#include <stdio.h>

#include "services/base/clock.h"
#include "services/email/value.h"

#define KST_MS (INT64_C(9) * 60 * 60 * 1000)

/* Grouped by thousands. */
static bool put_grouped(int64_t number, struct svc_buf *out) {
    char digits[24];
    uint64_t size_of_number = number < 0 ? -(uint64_t)number : (uint64_t)number;
    int size = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)size_of_number);
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            svc_buf_append_char(out, ',');
        }
        svc_buf_append_char(out, digits[i]);
    }
    return svc_buf_status(out) == SVC_OK;
}

static bool put_minutes(int64_t number, enum email_language language, struct svc_buf *out) {
    long long hours = number / 60, minutes = number % 60;
    if (language == EMAIL_KO) {
        if (hours > 0) {
            svc_buf_printf(out, "%lld시간%s", hours, minutes > 0 ? " " : "");
        }
        return hours > 0 && minutes == 0 ? svc_buf_status(out) == SVC_OK
                                         : svc_buf_printf(out, "%lld분", minutes);
    }
    if (hours > 0) {
        svc_buf_printf(out, "%lld hour%s%s", hours, hours == 1 ? "" : "s", minutes > 0 ? " " : "");
    }
    return hours > 0 && minutes == 0
               ? svc_buf_status(out) == SVC_OK
               : svc_buf_printf(out, "%lld minute%s", minutes, minutes == 1 ? "" : "s");
}

static bool put_date(int64_t wall_ms, enum email_language language, struct svc_buf *out) {
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    struct svc_date date = svc_date_from_ms(wall_ms + KST_MS);
    if (language == EMAIL_KO) {
        return svc_buf_printf(out, "%d년 %d월 %d일", date.year, date.month, date.day);
    }
    return svc_buf_printf(out, "%s %d, %d", months[date.month - 1], date.day, date.year);
}

bool email_put_number(enum email_type type, int64_t number, enum email_language language,
                      struct svc_buf *out) {
    switch (type) {
    case EMAIL_MINUTES:
        return put_minutes(number, language, out);
    case EMAIL_DATE:
        return put_date(number, language, out);
    case EMAIL_PERCENT:
        return svc_buf_printf(out, "%lld%%", (long long)number);
    default:
        break;
    }
    if (number < 0) {
        svc_buf_append_char(out, '-');
    }
    if (type == EMAIL_MONEY && language == EMAIL_EN) {
        svc_buf_append_text(out, "₩");
    }
    put_grouped(number, out);
    if (type == EMAIL_MONEY && language == EMAIL_KO) {
        svc_buf_append_text(out, "원");
    }
    return svc_buf_status(out) == SVC_OK;
}
