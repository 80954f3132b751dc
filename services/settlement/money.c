/* Rounding and reading of numbers: see money.h. */
#include "services/settlement/money.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const rounding_names[SETTLE_ROUNDINGS] = {
#define NAME(name, text, sentence) [SETTLE_ROUND_##name] = (text),
    SETTLE_ROUNDING_LIST(NAME)
#undef NAME
};

const char *settle_rounding_name(enum settle_rounding rounding) {
    return (size_t)rounding < SETTLE_ROUNDINGS ? rounding_names[rounding] : "?";
}

bool settle_rounding_parse(const char *text, enum settle_rounding *rounding) {
    for (size_t i = 0; text != NULL && i < SETTLE_ROUNDINGS; i++) {
        if (strcmp(text, rounding_names[i]) == 0) {
            *rounding = (enum settle_rounding)i;
            return true;
        }
    }
    return false;
}

int64_t settle_divide(int64_t dividend, int64_t divisor, enum settle_rounding rounding) {
    assert(dividend != INT64_MIN && divisor > 0 && divisor <= 1000000000);
    const int64_t magnitude = dividend < 0 ? -dividend : dividend;
    const int64_t twice = 2 * (magnitude % divisor);
    int64_t quotient = magnitude / divisor;
    switch (rounding) {
    case SETTLE_ROUND_HALF_UP:
        quotient += twice >= divisor;
        break;
    case SETTLE_ROUND_HALF_EVEN:
        quotient += twice > divisor || (twice == divisor && quotient % 2 != 0);
        break;
    case SETTLE_ROUND_DOWN:
    case SETTLE_ROUNDINGS:
        break;
    }
    return dividend < 0 ? -quotient : quotient;
}

int64_t settle_fee(int64_t amount_won, int32_t rate_bp, enum settle_rounding rounding) {
    assert(amount_won >= -SETTLE_MAX_LINE_WON && amount_won <= SETTLE_MAX_LINE_WON);
    assert(rate_bp >= 0 && rate_bp <= SETTLE_MAX_RATE_BP);
    return settle_divide(amount_won * rate_bp, 10000, rounding);
}

int64_t settle_vat(int64_t fee_won, bool included, enum settle_rounding rounding) {
    assert(fee_won >= -SETTLE_MAX_LINE_WON && fee_won <= SETTLE_MAX_LINE_WON);
    return settle_divide(fee_won, included ? 11 : 10, rounding);
}

enum svc_status settle_won_from_double(double amount, const char *field, int64_t *won,
                                       struct settle_error *error) {
    if (amount != amount) {
        return settle_refuse(error, SETTLE_REASON_NOT_WHOLE, field, "is not a number");
    }
    /* Every whole number in this range is a double of its own. */
    if (!(amount >= (double)-SETTLE_MAX_LINE_WON && amount <= (double)SETTLE_MAX_LINE_WON)) {
        return settle_refuse(error, SETTLE_REASON_BAD_FIELD, field, "is outside its range");
    }
    const int64_t whole = (int64_t)amount;
    if ((double)whole != amount) {
        return settle_refuse(error, SETTLE_REASON_NOT_WHOLE, field, "is %.17g, not whole won",
                             amount);
    }
    *won = whole;
    return SVC_OK;
}

/* Reads unsigned decimal digits with a point between them: *value is the number times 10^scale.
 * NONE; BAD_FIELD: other text, or over `limit` (at most SETTLE_MAX_LINE_WON); NOT_WHOLE: a digit
 * that is not 0 after `scale` decimal places. */
static enum settle_reason read_decimal(const char *text, size_t scale, int64_t limit,
                                       int64_t *value) {
    enum { MAX_CHARACTERS = 40 };
    size_t decimals = 0, i = 0;
    bool has_point = false, is_whole = true;
    *value = 0;
    for (; text[i] != '\0'; i++) {
        const char c = text[i];
        const bool is_point = c == '.' && i > 0 && !has_point && text[i + 1] != '\0';
        if ((!is_point && (c < '0' || c > '9')) || i == MAX_CHARACTERS) {
            return SETTLE_REASON_BAD_FIELD;
        }
        if (is_point) {
            has_point = true;
        } else if (has_point && ++decimals > scale) {
            is_whole = is_whole && c == '0';
        } else if (*value <= limit) { /* then it stays too large: no overflow */
            *value = *value * 10 + (c - '0');
        }
    }
    for (; decimals < scale && *value <= limit; decimals++) {
        *value *= 10;
    }
    return i == 0 || *value > limit ? SETTLE_REASON_BAD_FIELD
           : is_whole               ? SETTLE_REASON_NONE
                                    : SETTLE_REASON_NOT_WHOLE;
}

enum svc_status settle_won_from_text(const char *amount, const char *field, int64_t *won,
                                     struct settle_error *error) {
    const bool is_negative = amount != NULL && *amount == '-';
    int64_t magnitude = 0;
    const enum settle_reason reason =
        amount == NULL ? SETTLE_REASON_BAD_FIELD
                       : read_decimal(amount + is_negative, 0, SETTLE_MAX_LINE_WON, &magnitude);
    if (reason != SETTLE_REASON_NONE) {
        return settle_refuse(error, reason, field, "is %s",
                             reason == SETTLE_REASON_NOT_WHOLE ? "not whole won"
                                                               : "no number, or outside its range");
    }
    *won = is_negative ? -magnitude : magnitude;
    return SVC_OK;
}

enum svc_status settle_rate_from_text(const char *percent, int32_t *rate_bp,
                                      struct settle_error *error) {
    int64_t value = 0;
    const enum settle_reason reason = percent == NULL
                                          ? SETTLE_REASON_BAD_FIELD
                                          : read_decimal(percent, 2, SETTLE_MAX_RATE_BP, &value);
    if (reason != SETTLE_REASON_NONE) {
        return settle_refuse(error, reason, "rate", "is %s",
                             reason == SETTLE_REASON_NOT_WHOLE ? "not whole basis points"
                                                               : "no number from 0 to 100");
    }
    *rate_bp = (int32_t)value;
    return SVC_OK;
}

enum svc_status settle_rate_from_double(double percent, int32_t *rate_bp,
                                        struct settle_error *error) {
    if (percent != percent) {
        return settle_refuse(error, SETTLE_REASON_NOT_WHOLE, "rate", "is not a number");
    }
    if (!(percent >= 0 && percent <= 100)) {
        return settle_refuse(error, SETTLE_REASON_BAD_FIELD, "rate", "is not from 0 to 100 %%");
    }
    const int32_t nearest = (int32_t)(percent * 100 + 0.5);
    const double difference = percent - nearest / 100.0;
    if (difference > 1e-6 || difference < -1e-6) {
        return settle_refuse(error, SETTLE_REASON_NOT_WHOLE, "rate",
                             "is %.17g %%, not whole basis points", percent);
    }
    *rate_bp = nearest;
    return SVC_OK;
}
