#include "fuzz/support/punycode_oracle.h"

#include <string.h>

/* Digits a-z are 0 to 25, 0-9 are 26 to 35; either case. 36: none. */
static uint64_t digit_value(char c) {
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    const char *found = c ? strchr(digits, c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) : NULL;
    return found ? (uint64_t)(found - digits) : 36;
}

/* Section 6.1. */
static uint64_t next_bias(uint64_t delta, uint64_t points, bool is_first) {
    uint64_t steps = 0;
    delta = is_first ? delta / 700 : delta / 2;
    for (delta += delta / points; delta > 455; delta /= 35)
        steps++;
    return 36 * steps + 36 * delta / (delta + 38);
}

bool punycode_oracle_decode(const char *text, size_t size_bytes, uint32_t *points, size_t *count) {
    const char *delimiter = NULL;
    for (size_t i = 0; i < size_bytes; i++)
        delimiter = text[i] == '-' ? text + i : delimiter;
    const char *at = delimiter ? delimiter + 1 : text, *end = text + size_bytes;
    size_t found = 0;
    for (const char *c = text; delimiter && c < delimiter; c++) {
        if ((unsigned char)*c >= 0x80 || found == *count)
            return false;
        points[found++] = (unsigned char)*c;
    }
    uint64_t bias = 72, position = 0, code = 128;
    bool is_first = true;
    while (at < end) {
        uint64_t weight = 1, delta = 0;
        for (uint64_t k = 36;; k += 36) {
            const uint64_t digit = at < end ? digit_value(*at++) : 36;
            const uint64_t threshold = k <= bias ? 1 : k - bias > 26 ? 26 : k - bias;
            if (digit == 36)
                return false;
            delta += digit * weight;
            if (position + delta > UINT32_MAX)
                return false;
            if (digit < threshold)
                break;
            weight *= 36 - threshold;
            if (weight > UINT32_MAX)
                return false;
        }
        const uint64_t places = found + 1, total = position + delta;
        bias = next_bias(delta, places, is_first);
        is_first = false;
        code += total / places;
        position = total % places;
        if (code > 0x10ffff || found == *count)
            return false;
        memmove(points + position + 1, points + position, (found - position) * sizeof *points);
        points[position++] = (uint32_t)code;
        found++;
    }
    *count = found;
    return true;
}
