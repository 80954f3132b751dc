/* Text output: see text.h. */
#define _GNU_SOURCE /* vasprintf */
#include "imgcore/cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void no_memory(void) {
    fputs("imgcore: the system has no memory left\n", stderr);
    exit(1);
}

void *cli_alloc(size_t count, size_t size_bytes) {
    void *block = calloc(count ? count : 1, size_bytes);
    if (!block) {
        no_memory();
    }
    return block;
}

char *cli_format(const char *format, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) {
        no_memory();
    }
    va_end(arguments);
    return text;
}

int32_t cli_utf8_next(const char *text, size_t *bytes) {
    const unsigned char *p = (const unsigned char *)text;
    *bytes = 1;
    if (p[0] < 0x80) {
        return p[0];
    }
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return -1;
    }
    int32_t code = p[0] & (0xff >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) { /* the terminating NUL ends the sequence here too */
            return -1;
        }
        code = code << 6 | (p[i] & 0x3f);
    }
    static const int32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return -1;
    }
    *bytes = length;
    return code;
}

bool cli_is_control(int32_t code) {
    return (code >= 0 && code < 0x20) || (code >= 0x7f && code < 0xa0);
}

/* Whether a code point is shown as an escape. */
static bool must_escape(int32_t code) {
    return cli_is_control(code) || code == 0x200e || code == 0x200f ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

/* Returns the columns of a printable code point: East Asian wide ones take two, combining marks
 * take none. Approximate, but correct for usual file names. */
static int code_width(int32_t code) {
    if ((code >= 0x300 && code <= 0x36f) || code == 0x200b || code == 0x200d ||
        (code >= 0xfe00 && code <= 0xfe0f)) {
        return 0;
    }
    bool wide = (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
                (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) ||
                (code >= 0xfe30 && code <= 0xfe6f) || (code >= 0xff00 && code <= 0xff60) ||
                (code >= 0xffe0 && code <= 0xffe6) || (code >= 0x1f300 && code <= 0x1faff) ||
                (code >= 0x20000 && code <= 0x3fffd);
    return wide ? 2 : 1;
}

/* Prints to `out` if it is not NULL; returns the number of columns in any case. */
static int show_safe(FILE *out, const char *text) {
    int columns = 0;
    size_t bytes = 0;
    for (const char *c = text; *c; c += bytes) {
        int32_t code = cli_utf8_next(c, &bytes);
        char escape[16];
        if (code >= 0 && !must_escape(code)) {
            columns += code_width(code);
            if (out) {
                fwrite(c, 1, bytes, out);
            }
            continue;
        }
        if (code < 0x80) {
            snprintf(escape, sizeof escape, "\\x%02x", (unsigned)(unsigned char)*c);
        } else {
            snprintf(escape, sizeof escape, "\\u{%04x}", (unsigned)code);
        }
        columns += (int)strlen(escape);
        if (out) {
            fputs(escape, out);
        }
    }
    return columns;
}

void cli_print_safe(FILE *out, const char *text) {
    show_safe(out, text);
}

int cli_safe_width(const char *text) {
    return show_safe(NULL, text);
}

void cli_print_padded(FILE *out, const char *text, int columns) {
    int width = show_safe(out, text);
    fprintf(out, "%*s", width < columns ? columns - width : 0, "");
}

const char *cli_grouped(uint64_t number, char *text) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *out = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            *out++ = ',';
        }
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}
