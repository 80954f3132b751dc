/* Conversions of values: see value.h. */
#include "services/db/value.h"

#include <math.h>
#include <stdio.h>

static const int64_t powers[DB_MAX_SCALE + 1] = {
    INT64_C(1),
    INT64_C(10),
    INT64_C(100),
    INT64_C(1000),
    INT64_C(10000),
    INT64_C(100000),
    INT64_C(1000000),
    INT64_C(10000000),
    INT64_C(100000000),
    INT64_C(1000000000),
    INT64_C(10000000000),
    INT64_C(100000000000),
    INT64_C(1000000000000),
    INT64_C(10000000000000),
    INT64_C(100000000000000),
    INT64_C(1000000000000000),
    INT64_C(10000000000000000),
    INT64_C(100000000000000000),
    INT64_C(1000000000000000000),
};

/* Appends a digit to a magnitude of at most 2^63. */
static bool add_digit(uint64_t *magnitude, unsigned digit) {
    const uint64_t most = UINT64_C(1) << 63;
    if (*magnitude > most / 10 || *magnitude * 10 > most - digit) {
        return false;
    }
    *magnitude = *magnitude * 10 + digit;
    return true;
}

bool db_decimal_parse(const char *text, size_t size_bytes, uint8_t scale, int64_t *units) {
    size_t i = 0, digits = 0;
    uint64_t magnitude = 0;
    unsigned fraction = 0;
    bool is_fraction = false;
    const bool is_negative = size_bytes > 0 && text[0] == '-';
    if (scale > DB_MAX_SCALE) {
        return false;
    }
    for (i = is_negative ? 1 : 0; i < size_bytes; i++) {
        if (text[i] == '.' && !is_fraction) {
            is_fraction = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        const unsigned digit = (unsigned)(text[i] - '0');
        digits++;
        if (is_fraction && fraction == scale) {
            if (digit != 0) {
                return false; /* not whole in these units */
            }
            continue;
        }
        fraction += is_fraction;
        if (!add_digit(&magnitude, digit)) {
            return false;
        }
    }
    for (; fraction < scale; fraction++) {
        if (!add_digit(&magnitude, 0)) {
            return false;
        }
    }
    if (digits == 0 || (!is_negative && magnitude > INT64_MAX)) {
        return false;
    }
    /* -(2^63) has no positive counterpart. */
    *units = is_negative ? -(int64_t)(magnitude - (magnitude > INT64_MAX)) - (magnitude > INT64_MAX)
                         : (int64_t)magnitude;
    return true;
}

size_t db_decimal_format(int64_t units, uint8_t scale, char out[DB_DECIMAL_BYTES]) {
    const uint64_t magnitude = units < 0 ? UINT64_C(0) - (uint64_t)units : (uint64_t)units;
    const uint64_t power = (uint64_t)powers[scale <= DB_MAX_SCALE ? scale : 0];
    const char *sign = units < 0 ? "-" : "";
    int size;
    if (power == 1) {
        size = snprintf(out, DB_DECIMAL_BYTES, "%s%llu", sign, (unsigned long long)magnitude);
    } else {
        size = snprintf(out, DB_DECIMAL_BYTES, "%s%llu.%0*llu", sign,
                        (unsigned long long)(magnitude / power), (int)scale,
                        (unsigned long long)(magnitude % power));
    }
    return size > 0 ? (size_t)size : 0;
}

bool db_decimal_from_double(double number, bool is_single, uint8_t scale, int64_t *units) {
    const double limit = is_single ? 0x1p24 : 0x1p53;
    if (scale > DB_MAX_SCALE || !isfinite(number)) {
        return false;
    }
    /* A power up to 10^18 is exact in a double: 5^18 is below 2^53. */
    const double power = (double)powers[scale];
    const double rounded = round(number * power);
    if (!(fabs(rounded) < limit)) {
        return false;
    }
    const double back = rounded / power;
    if (is_single ? (float)back != (float)number : back != number) {
        return false;
    }
    *units = (int64_t)rounded;
    return true;
}
