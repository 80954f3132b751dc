/* Cleaning of text: see clean.h. */
#include <string.h>

#include "services/base/text.h"
#include "services/email/clean.h"
#include "services/email/limits.h"

uint32_t email_code_point(const char *text, size_t size_bytes, size_t *length) {
    const uint8_t *bytes = (const uint8_t *)text;
    *length = svc_utf8_length(bytes, size_bytes);
    if (*length <= 1) {
        return *length == 1 ? bytes[0] : 0;
    }
    uint32_t point = bytes[0] & (0xffu >> (*length + 1));
    for (size_t i = 1; i < *length; i++) {
        point = point << 6 | (bytes[i] & 0x3fu);
    }
    return point;
}

size_t email_put_code_point(uint32_t point, char *out) {
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)(uint8_t)((0xf00u >> length) | point);
    return length;
}

size_t email_count_characters(const char *text, size_t size_bytes) {
    size_t count = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    }
    return count;
}

size_t email_prefix_bytes(const char *text, size_t size_bytes, size_t characters) {
    size_t at = 0;
    while (at < size_bytes && characters > 0) {
        at++;
        while (at < size_bytes && ((uint8_t)text[at] & 0xc0) == 0x80) {
            at++;
        }
        characters--;
    }
    return at;
}

enum kind { PLAIN, BLANK, BREAK, CONTROL, COMBINING, DROPPED };

/* Combining marks of the scripts that floods are made of: general, Cyrillic, for symbols, half
 * marks, kana voicing, Arabic and Hebrew points. */
static bool is_combining(uint32_t c) {
    static const uint32_t ranges[][2] = {
        {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
        {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
        {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe20, 0xfe2f}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

static enum kind kind_of(uint32_t c) {
    if (c == ' ') {
        return BLANK;
    }
    if (c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029) {
        return BREAK;
    }
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
        return CONTROL;
    }
    if (c < 0x300) {
        return PLAIN;
    }
    if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
        (c >= 0xfff9 && c <= 0xfffb)) {
        return DROPPED;
    }
    return is_combining(c) ? COMBINING : PLAIN;
}

/* A run of blanks that has been read and not yet written. */
struct gap {
    size_t blanks, breaks;
    bool has_control;
};

/* Writes what a run between two texts becomes; it takes no more bytes than were read. */
static size_t put_gap(const struct gap *gap, bool keep_lines, char *out) {
    if (keep_lines && gap->breaks > 0) {
        size_t breaks = gap->breaks > 2 ? 2 : gap->breaks;
        memset(out, '\n', breaks);
        return breaks;
    }
    size_t blanks = gap->has_control || gap->breaks > 0 ? 1 : gap->blanks;
    memset(out, ' ', blanks);
    return blanks;
}

size_t email_clean(const char *text, size_t size_bytes, bool keep_lines, char *out) {
    struct gap gap = {0};
    size_t used = 0, marks = 0;
    uint32_t before = 0;
    for (size_t at = 0, length = 0; at < size_bytes; at += length) {
        uint32_t point = email_code_point(text + at, size_bytes - at, &length);
        if (length == 0) {
            break;
        }
        enum kind kind = kind_of(point);
        marks = kind == COMBINING ? marks + 1 : kind == DROPPED ? marks : 0;
        if (kind == BLANK) {
            gap.blanks++;
        } else if (kind == BREAK) {
            gap.breaks += !(point == '\n' && before == '\r'); /* CRLF is one */
        } else if (kind == CONTROL) {
            gap.has_control = true;
        } else if (kind != DROPPED && marks <= EMAIL_MAX_COMBINING_MARKS) {
            if (used > 0) {
                used += put_gap(&gap, keep_lines, out + used);
            }
            gap = (struct gap){0};
            memmove(out + used, text + at, length);
            used += length;
        }
        before = point;
    }
    out[used] = '\0';
    return used;
}

static bool take(const char **at, const char *word) {
    size_t size = strlen(word);
    if (strncmp(*at, word, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

static void skip_blanks(const char **at) {
    while (take(at, " ") || take(at, "\xc2\xa0") || take(at, "\xe3\x80\x80")) {
    }
}

/* The end of the mark that begins at `at`; NULL if none does. */
static const char *mark_end(const char *at) {
    static const char *const opens[] = {"(", "[", "\uff08", "\uff3b", "\u3010"};
    static const char *const closes[] = {")", "]", "\uff09", "\uff3d", "\u3011"};
    for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
        const char *end = at;
        if (take(&end, opens[i])) {
            skip_blanks(&end);
            if (!take(&end, "광")) {
                return NULL;
            }
            skip_blanks(&end);
            if (!take(&end, "고")) {
                return NULL;
            }
            skip_blanks(&end);
            return take(&end, closes[i]) ? end : NULL;
        }
    }
    return NULL;
}

size_t email_drop_ad_marks(char *text) {
    /* Dropping one may join the halves of another: "((광고)광고)". */
    for (bool found = true; found;) {
        found = false;
        size_t used = 0;
        for (const char *at = text; *at != '\0';) {
            const char *end = mark_end(at);
            if (end == NULL) {
                text[used++] = *at++;
                continue;
            }
            found = true;
            skip_blanks(&end);
            at = end;
        }
        text[used] = '\0';
    }
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == ' ') {
        text[--size] = '\0';
    }
    size_t lead = strspn(text, " ");
    memmove(text, text + lead, size - lead + 1);
    return size - lead;
}
