/* Characters and hex: see chars.h. */
#include <string.h>

#include "services/base/chars.h"

bool svc_is_control(char c) {
    return (unsigned char)c < 0x20 || c == 0x7f;
}

bool svc_has_control(const char *text) {
    while (*text != '\0' && !svc_is_control(*text)) {
        text++;
    }
    return *text != '\0';
}

void svc_replace_controls(char *text) {
    for (; *text != '\0'; text++) {
        if (svc_is_control(*text)) {
            *text = '?';
        }
    }
}

bool svc_is_printable(const char *text) {
    while (*text >= ' ' && *text <= '~') {
        text++;
    }
    return *text == '\0';
}

void svc_hex(const uint8_t *bytes, size_t size_bytes, char *out) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size_bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size_bytes] = '\0';
}

int svc_hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool svc_hex_decode(const char *text, uint8_t *out, size_t size_bytes) {
    if (strlen(text) != 2 * size_bytes) {
        return false;
    }
    for (size_t i = 0; i < size_bytes; i++) {
        int high = svc_hex_digit(text[2 * i]);
        int low = svc_hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}
