/* Punycode: see punycode.h. Names and parameters are those of RFC 3492, sections 5 and 6. */
#include <string.h>

#include "services/email/punycode.h"

enum {
    BASE = 36,
    T_MIN = 1,
    T_MAX = 26,
    SKEW = 38,
    DAMP = 700,
    INITIAL_BIAS = 72,
    INITIAL_N = 128
};

static uint32_t adapt(uint32_t delta, uint32_t points, bool is_first) {
    uint32_t k = 0;
    delta = is_first ? delta / DAMP : delta / 2;
    delta += delta / points;
    while (delta > ((BASE - T_MIN) * T_MAX) / 2) {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias) {
    return k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
}

static char digit_of(uint32_t value) {
    return (char)(value < 26 ? 'a' + value : '0' + (value - 26));
}

static uint32_t value_of(char c) {
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 26;
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a');
    }
    return c >= 'A' && c <= 'Z' ? (uint32_t)(c - 'A') : BASE;
}

/* Appends a generalised variable-length integer; false if it does not fit. */
static bool put_integer(uint32_t q, uint32_t bias, char *out, size_t out_bytes, size_t *used) {
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t t = threshold(k, bias);
        if (*used + 1 >= out_bytes) {
            return false;
        }
        if (q < t) {
            out[(*used)++] = digit_of(q);
            return true;
        }
        out[(*used)++] = digit_of(t + (q - t) % (BASE - t));
        q = (q - t) / (BASE - t);
    }
}

static uint32_t smallest_from(const uint32_t *points, size_t count, uint32_t n) {
    uint32_t smallest = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        if (points[i] >= n && points[i] < smallest) {
            smallest = points[i];
        }
    }
    return smallest;
}

bool email_punycode_encode(const uint32_t *points, size_t count, char *out, size_t out_bytes) {
    uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
    size_t used = 0;
    if (count > EMAIL_MAX_LABEL_POINTS || count + 2 > out_bytes) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (points[i] < 0x80) {
            out[used++] = (char)points[i];
        }
    }
    uint32_t basic = (uint32_t)used, handled = basic;
    if (basic > 0) {
        out[used++] = '-';
    }
    while (handled < count) {
        uint32_t m = smallest_from(points, count, n);
        if (m - n > (UINT32_MAX - delta) / (handled + 1)) {
            return false;
        }
        delta += (m - n) * (handled + 1);
        n = m;
        for (size_t i = 0; i < count; i++) {
            delta += points[i] < n;
            if (points[i] == n) {
                if (!put_integer(delta, bias, out, out_bytes, &used)) {
                    return false;
                }
                bias = adapt(delta, handled + 1, handled == basic);
                delta = 0;
                handled++;
            }
        }
        delta++;
        n++;
    }
    out[used] = '\0';
    return true;
}

/* Reads one integer at *at and adds it to *i; false if there is none, or it is too large. */
static bool take_integer(const char *text, size_t size_bytes, size_t *at, uint32_t bias,
                         uint32_t *i) {
    uint32_t weight = 1;
    for (uint32_t k = BASE;; k += BASE) {
        uint32_t digit = *at < size_bytes ? value_of(text[*at]) : BASE;
        if (digit >= BASE || digit > (UINT32_MAX - *i) / weight) {
            return false;
        }
        (*at)++;
        *i += digit * weight;
        uint32_t t = threshold(k, bias);
        if (digit < t) {
            return true;
        }
        if (weight > UINT32_MAX / (BASE - t)) {
            return false;
        }
        weight *= BASE - t;
    }
}

bool email_punycode_decode(const char *text, size_t size_bytes, uint32_t *points, size_t *count) {
    const size_t capacity = *count;
    uint32_t n = INITIAL_N, i = 0, bias = INITIAL_BIAS;
    size_t basic = size_bytes, at = 0, found = 0;
    while (basic > 0 && text[basic - 1] != '-') {
        basic--;
    }
    at = basic;
    basic -= basic > 0;
    for (; found < basic; found++) {
        if (found >= capacity || (unsigned char)text[found] >= 0x80) {
            return false;
        }
        points[found] = (unsigned char)text[found];
    }
    while (at < size_bytes) {
        uint32_t before = i, after = (uint32_t)found + 1;
        if (found >= capacity || !take_integer(text, size_bytes, &at, bias, &i)) {
            return false;
        }
        bias = adapt(i - before, after, before == 0);
        if (i / after > 0x10ffff - n) {
            return false;
        }
        n += i / after;
        i %= after;
        memmove(points + i + 1, points + i, (found - i) * sizeof(*points));
        points[i++] = n;
        found++;
    }
    *count = found;
    return true;
}
