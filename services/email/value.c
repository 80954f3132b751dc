/* Values read from JSON, and their patterns: see value.h. */
#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/email/value.h"

#define MAX_EXACT      9007199254740992.0 /* 2^53: above it doubles are no longer whole won */
#define MAX_DIGITS     15
#define MAX_DATE_BYTES 48

/* Digits, with commas between groups of three if is_grouped and one is there. */
static bool read_digits(const char *text, bool is_grouped, int64_t *number) {
    bool has_commas = is_grouped && strchr(text, ',') != NULL;
    size_t size = strlen(text), digits = 0;
    *number = 0;
    for (size_t i = 0; i < size; i++) {
        if (has_commas && (size - i) % 4 == 0) {
            if (text[i] != ',' || i == 0) {
                return false;
            }
        } else if (text[i] < '0' || text[i] > '9' || ++digits > MAX_DIGITS) {
            return false;
        } else {
            *number = *number * 10 + (text[i] - '0');
        }
    }
    return digits > 0 && (text[0] != '0' || size == 1);
}

static bool in_bounds(const struct email_field *field, int64_t number, const char **why) {
    if (number < field->low || number > field->high) {
        *why = "is out of range";
        return false;
    }
    return true;
}

bool email_read_digits(const struct email_field *field, const char *text, int64_t *number,
                       const char **why) {
    char digits[MAX_DIGITS + 8];
    bool is_negative = *text == '-' && field->low < 0;
    text += is_negative;
    size_t size = strlen(text);
    if (field->type == EMAIL_PERCENT && size > 0 && text[size - 1] == '%') {
        size--;
    }
    *why = "is not a whole number";
    if (size >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text, size);
    digits[size] = '\0';
    if (!read_digits(digits, field->type == EMAIL_MONEY || field->type == EMAIL_COUNT, number)) {
        return false;
    }
    *number = is_negative ? -*number : *number;
    return in_bounds(field, *number, why);
}

/* Two digits at *at. */
static bool two_digits(const char **at, int *number) {
    if ((*at)[0] < '0' || (*at)[0] > '9' || (*at)[1] < '0' || (*at)[1] > '9') {
        return false;
    }
    *number = ((*at)[0] - '0') * 10 + ((*at)[1] - '0');
    *at += 2;
    return true;
}

/* "YYYY-MM-DD", "YYYY-MM-DD HH:MM", also with T, seconds, a fraction and an offset, is brought into
 * the one form that svc_parse_iso8601 takes. */
bool email_read_date(const char *text, int64_t *wall_ms) {
    char whole[MAX_DATE_BYTES + 16];
    size_t size = strlen(text);
    if (size < 10 || size > MAX_DATE_BYTES || text[0] < '1' || text[0] > '2') {
        return false;
    }
    if (size == 10) {
        snprintf(whole, sizeof(whole), "%sT00:00:00+09:00", text);
        return svc_parse_iso8601(whole, wall_ms);
    }
    const char *at = text + 11;
    int hour = 0, minute = 0;
    if ((text[10] != 'T' && text[10] != ' ') || !two_digits(&at, &hour) || *at++ != ':' ||
        !two_digits(&at, &minute)) {
        return false;
    }
    const char *offset = at + strcspn(at, "Z+-");
    bool has_seconds = *at == ':';
    snprintf(whole, sizeof(whole), "%.10sT%02d:%02d%s%.*s%s", text, hour, minute,
             has_seconds ? "" : ":00", (int)(offset - at), at, *offset != '\0' ? offset : "+09:00");
    return svc_parse_iso8601(whole, wall_ms);
}

bool email_read_number(const struct email_field *field, const struct svc_json *value,
                       int64_t *number, const char **why) {
    const char *text = svc_json_text(value);
    double real = 0;
    if (field->type == EMAIL_DATE) {
        *why = "is not a date such as 2026-10-05 or 2026-10-05T01:20:00Z";
        return text != NULL && email_read_date(text, number);
    }
    if (text != NULL) {
        return email_read_digits(field, text, number, why);
    }
    *why = "is not a whole number";
    if (svc_json_int(value, number)) {
        return in_bounds(field, *number, why);
    }
    if (!svc_json_double(value, &real) || real > MAX_EXACT || real < -MAX_EXACT ||
        real != (double)(int64_t)real) {
        return false;
    }
    *number = (int64_t)real;
    return in_bounds(field, *number, why);
}

bool email_put_pattern(const struct email_field *field, struct svc_buf *out) {
    int digits = 0;
    for (int64_t n = field->high; n > 0; n /= 10) {
        digits++;
    }
    const char *sign = field->low < 0 ? "-?" : "";
    const char *zero = field->low <= 0 ? "0|" : "";
    switch (field->type) {
    case EMAIL_MONEY:
    case EMAIL_COUNT:
        return svc_buf_printf(out, "^%s(%s[1-9][0-9]{0,%d}|[1-9][0-9]{0,2}(,[0-9]{3}){1,%d})$",
                              sign, zero, digits - 1, digits / 3 - 1);
    case EMAIL_MINUTES:
        return svc_buf_printf(out, "^[1-9][0-9]{0,%d}$", digits - 1);
    case EMAIL_PERCENT:
        return svc_buf_append_text(out, "^([1-9][0-9]?|100)%?$");
    case EMAIL_DATE:
        return svc_buf_append_text(
            out, "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
                 "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:([0-5][0-9]|60)([.][0-9]{1,9})?)?"
                 "(Z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?)?$");
    default:
        return true;
    }
}
