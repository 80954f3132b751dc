/* Decimals as text, read in 128 bits: an oracle for services/db. */
#ifndef FUZZ_DECIMAL_ORACLE_H
#define FUZZ_DECIMAL_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Digits with at most one point and a sign, in units of 10^-scale. */
static inline bool decimal_oracle(const char *text, uint8_t scale, int64_t *units) {
    const bool is_negative = *text == '-';
    const char *whole = text + is_negative;
    const size_t wholes = strspn(whole, "0123456789");
    const char *fraction = whole[wholes] == '.' ? whole + wholes + 1 : whole + wholes;
    const size_t fractions = strspn(fraction, "0123456789");
    __int128 number = 0;
    if (wholes + fractions == 0 || fraction[fractions])
        return false;
    for (size_t i = 0; i < wholes + scale; i++) {
        const char digit = i < wholes               ? whole[i]
                           : i - wholes < fractions ? fraction[i - wholes]
                                                    : '0';
        number = number * 10 + (digit - '0');
        if (number > (__int128)1 << 64)
            return false;
    }
    for (size_t i = scale; i < fractions; i++)
        if (fraction[i] != '0')
            return false;
    number = is_negative ? -number : number;
    *units = (int64_t)number;
    return number >= INT64_MIN && number <= INT64_MAX;
}

#endif
