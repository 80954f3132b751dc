/* Text: see text.h. */
#include <stdlib.h>
#include <string.h>

#include "services/base/text.h"

size_t svc_utf8_length(const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes == 0) {
        return 0;
    }
    uint8_t first = bytes[0];
    if (first < 0x80) {
        return 1;
    }
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size_bytes < length) {
        return 0;
    }
    /* The second byte's range excludes overlong forms, surrogates and values past U+10FFFF. */
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (bytes[1] < low || bytes[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool svc_utf8_valid(const uint8_t *bytes, size_t size_bytes) {
    size_t at = 0;
    while (at < size_bytes) {
        size_t length = svc_utf8_length(bytes + at, size_bytes - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

size_t svc_utf8_encode(uint32_t code, uint8_t out[4]) {
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    const size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (uint8_t)(marks[length] | code);
    return length;
}

size_t svc_utf8_fit(const char *text, size_t most_bytes) {
    size_t size = strnlen(text, most_bytes + 1);
    if (size <= most_bytes) {
        return size;
    }
    /* The character that the cut would divide begins up to three bytes before it. */
    for (size_t back = 1; back <= 3 && back <= most_bytes; back++) {
        const char *first = text + most_bytes - back;
        if (svc_utf8_length((const uint8_t *)first, strnlen(first, 4)) > back) {
            return most_bytes - back;
        }
    }
    return most_bytes;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool svc_base64(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out) {
    for (size_t i = 0; i < size_bytes; i += 3) {
        size_t left = size_bytes - i;
        uint32_t group = (uint32_t)bytes[i] << 16;
        group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes[i + 2] : 0;
        char four[4] = {base64_digits[group >> 18], base64_digits[group >> 12 & 63],
                        left > 1 ? base64_digits[group >> 6 & 63] : '=',
                        left > 2 ? base64_digits[group & 63] : '='};
        svc_buf_append(out, four, sizeof(four));
    }
    return out->status == SVC_OK;
}

static int base64_digit(char c) {
    const char *found = c == '\0' ? NULL : strchr(base64_digits, c);
    return found == NULL ? -1 : (int)(found - base64_digits);
}

enum svc_status svc_base64_decode(const char *text, size_t size_bytes, struct svc_buf *out) {
    if (size_bytes % 4 != 0) {
        return SVC_MALFORMED;
    }
    for (size_t i = 0; i < size_bytes; i += 4) {
        const char *four = text + i;
        bool is_last = i + 4 == size_bytes;
        int padding = !is_last || four[3] != '=' ? 0 : four[2] != '=' ? 1 : 2;
        uint32_t group = 0;
        for (int k = 0; k < 4; k++) {
            int digit = k >= 4 - padding ? 0 : base64_digit(four[k]);
            if (digit < 0) {
                return SVC_MALFORMED;
            }
            group = group << 6 | (uint32_t)digit;
        }
        /* Unused bits must be 0, or several texts would decode to the same bytes. */
        if ((padding == 1 && (group & 0xff) != 0) || (padding == 2 && (group & 0xffff) != 0)) {
            return SVC_MALFORMED;
        }
        uint8_t three[3] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group};
        svc_buf_append(out, three, (size_t)(3 - padding));
    }
    return out->status;
}

static bool is_unreserved(uint8_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

bool svc_percent_encode(const void *bytes, size_t size_bytes, bool keep_slash,
                        struct svc_buf *out) {
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *from = bytes;
    for (size_t i = 0; i < size_bytes; i++) {
        if (is_unreserved(from[i]) || (keep_slash && from[i] == '/')) {
            svc_buf_append(out, from + i, 1);
        } else {
            char escape[3] = {'%', digits[from[i] >> 4], digits[from[i] & 15]};
            svc_buf_append(out, escape, sizeof(escape));
        }
    }
    return out->status == SVC_OK;
}

enum svc_status svc_percent_decode(const char *text, size_t size_bytes, bool form,
                                   struct svc_buf *out) {
    for (size_t i = 0; i < size_bytes; i++) {
        char c = text[i];
        if (c == '%') {
            int high = size_bytes - i > 2 ? svc_hex_digit(text[i + 1]) : -1;
            int low = size_bytes - i > 2 ? svc_hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return SVC_MALFORMED;
            }
            c = (char)(uint8_t)(high * 16 + low);
            i += 2;
        } else if (form && c == '+') {
            c = ' ';
        }
        svc_buf_append_char(out, c);
    }
    return out->status;
}

bool svc_read_number(const char **text, uint64_t low, uint64_t high, uint64_t *number) {
    const char *c = *text;
    uint64_t value = 0;
    while (*c >= '0' && *c <= '9') {
        const uint64_t digit = (uint64_t)(*c - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
        c++;
    }
    if (c == *text || value < low || value > high) {
        return false;
    }
    *text = c;
    *number = value;
    return true;
}

bool svc_parse_uint(const char *text, uint64_t high, uint64_t *number) {
    uint64_t value = 0;
    if (text == NULL || !svc_read_number(&text, 0, high, &value) || *text != '\0') {
        return false;
    }
    *number = value;
    return true;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool svc_equal_nocase(const char *a, const char *b) {
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool svc_begins_nocase(const char *text, const char *prefix) {
    while (*prefix != '\0' && lower(*text) == lower(*prefix)) {
        text++;
        prefix++;
    }
    return *prefix == '\0';
}

bool svc_ends_with(const char *text, const char *end) {
    const size_t text_bytes = strlen(text), end_bytes = strlen(end);
    return text_bytes >= end_bytes && strcmp(text + text_bytes - end_bytes, end) == 0;
}

bool svc_is_one_of(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool svc_copy_text(char *out, size_t out_bytes, const char *text) {
    size_t size = strlen(text);
    if (size >= out_bytes) {
        if (out_bytes > 0) {
            out[0] = '\0';
        }
        return false;
    }
    memcpy(out, text, size + 1);
    return true;
}

void svc_copy_cut(char *out, size_t out_bytes, const char *text) {
    const size_t size = svc_utf8_fit(text, out_bytes - 1);
    memcpy(out, text, size);
    out[size] = '\0';
}

char *svc_duplicate_text(const char *text) {
    const size_t size = strlen(text) + 1;
    char *copied = malloc(size);
    if (copied != NULL) {
        memcpy(copied, text, size);
    }
    return copied;
}
