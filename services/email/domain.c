/* Domains: see domain.h. */
#include <stdint.h>
#include <string.h>

#include "services/email/clean.h"
#include "services/email/domain.h"
#include "services/email/punycode.h"

struct label {
    uint32_t points[EMAIL_MAX_LABEL_POINTS];
    size_t count;
    bool is_ascii;
};

static uint32_t to_small(uint32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
        (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f)) {
        return c + 32;
    }
    return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

static bool is_dot(uint32_t c) {
    return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

/* What no label may have: by blocks, coarser than IDNA's tables. */
static bool is_refused(uint32_t c) {
    static const uint32_t ranges[][2] = {
        {0x0080, 0x00b6},   {0x00b8, 0x00bf}, {0x00d7, 0x00d7},   {0x00f7, 0x00f7},
        {0x02b0, 0x02ff},   {0x034f, 0x034f}, {0x061c, 0x061c},   {0x115f, 0x1160},
        {0x1680, 0x1680},   {0x17b4, 0x17b5}, {0x180b, 0x180e},   {0x2000, 0x2bff},
        {0x2e00, 0x2e7f},   {0x2ff0, 0x3004}, {0x3008, 0x3020},   {0x3164, 0x3164},
        {0x3200, 0x33ff},   {0xd800, 0xf8ff}, {0xfb00, 0xfb4f},   {0xfdd0, 0xfdef},
        {0xfe00, 0xfe6f},   {0xfeff, 0xffff}, {0x1d000, 0x1d7ff}, {0x1f000, 0x1faff},
        {0xe0000, 0x10ffff}};
    if (c < 0x80) {
        return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-');
    }
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

/* The syllable of two code points (Unicode, 3.12); 0 if they make none. */
static uint32_t compose_hangul(uint32_t first, uint32_t second) {
    enum {
        S = 0xac00,
        L = 0x1100,
        V = 0x1161,
        T = 0x11a7,
        L_COUNT = 19,
        V_COUNT = 21,
        T_COUNT = 28
    };
    if (first >= L && first < L + L_COUNT && second >= V && second < V + V_COUNT) {
        return S + ((first - L) * V_COUNT + (second - V)) * T_COUNT;
    }
    if (first >= S && first < S + L_COUNT * V_COUNT * T_COUNT && (first - S) % T_COUNT == 0 &&
        second > T && second < T + T_COUNT) {
        return first + (second - T);
    }
    return 0;
}

static bool add_point(struct label *label, uint32_t point) {
    if (label->count > 0) {
        uint32_t composed = compose_hangul(label->points[label->count - 1], point);
        if (composed != 0) {
            label->points[label->count - 1] = composed;
            return true;
        }
    }
    if (label->count == EMAIL_MAX_LABEL_POINTS) {
        return false;
    }
    label->points[label->count++] = point;
    label->is_ascii = label->is_ascii && point < 0x80;
    return true;
}

/* An "xn--" label must be one that something encodes to: what its code points would be mapped or
 * composed to has another encoded form, and would be a second name of the same domain. */
static bool is_encoded_label(const char *text) {
    uint32_t points[EMAIL_MAX_LABEL_POINTS];
    size_t count = EMAIL_MAX_LABEL_POINTS;
    char again[EMAIL_MAX_LABEL_BYTES + 1];
    struct label label = {.is_ascii = true};
    if (!email_punycode_decode(text, strlen(text), points, &count)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_refused(points[i]) || to_small(points[i]) != points[i] ||
            !add_point(&label, points[i])) {
            return false;
        }
    }
    return !label.is_ascii && label.count == count && points[0] != '-' &&
           points[count - 1] != '-' && email_punycode_encode(points, count, again, sizeof(again)) &&
           strcmp(again, text) == 0;
}

/* Appends a label to `out`; returns a sentence if it is not valid, else NULL. */
static const char *put_label(const struct label *label, char *out, size_t *used) {
    char text[EMAIL_MAX_LABEL_BYTES + 2];
    size_t size = 0;
    if (label->count == 0) {
        return "a label of the domain is empty";
    }
    for (size_t i = 0; i < label->count; i++) {
        if (is_refused(label->points[i])) {
            return "the domain contains a character that domains do not allow";
        }
    }
    if (label->points[0] == '-' || label->points[label->count - 1] == '-') {
        return "a label of the domain begins or ends with a hyphen";
    }
    if (label->is_ascii) {
        for (; size < label->count && size <= EMAIL_MAX_LABEL_BYTES; size++) {
            text[size] = (char)label->points[size];
        }
        text[size] = '\0';
        if (size <= EMAIL_MAX_LABEL_BYTES && strncmp(text, "xn--", 4) == 0 &&
            !is_encoded_label(text + 4)) {
            return "a label of the domain begins with xn-- and is not Punycode";
        }
    } else {
        memcpy(text, "xn--", 4);
        if (!email_punycode_encode(label->points, label->count, text + 4, sizeof(text) - 4)) {
            return "a label of the domain is longer than 63 bytes";
        }
        size = strlen(text);
    }
    if (size > EMAIL_MAX_LABEL_BYTES) {
        return "a label of the domain is longer than 63 bytes";
    }
    if (size + (*used > 0) > EMAIL_MAX_DOMAIN_BYTES - *used) {
        return "the domain is longer than 253 bytes";
    }
    if (*used > 0) {
        out[(*used)++] = '.';
    }
    memcpy(out + *used, text, size + 1);
    *used += size;
    return NULL;
}

static const char *read_labels(const char *text, size_t size_bytes, char *out) {
    struct label label = {.is_ascii = true};
    const char *fault = NULL;
    size_t used = 0, labels = 0;
    for (size_t at = 0, length = 0; at < size_bytes; at += length) {
        uint32_t point = email_code_point(text + at, size_bytes - at, &length);
        if (length == 0) {
            return "the domain is not UTF-8";
        }
        if (is_dot(point)) {
            fault = put_label(&label, out, &used);
            labels++;
            label.count = 0;
            label.is_ascii = true;
        } else if (!add_point(&label, to_small(point))) {
            fault = "a label of the domain is longer than 63 bytes";
        }
        if (fault != NULL) {
            return fault;
        }
    }
    fault = put_label(&label, out, &used);
    if (fault != NULL) {
        return fault;
    }
    if (labels == 0) {
        return "the domain has one label only";
    }
    const char *last = strrchr(out, '.') + 1;
    return strspn(last, "0123456789") == strlen(last) ? "the domain ends with a number" : NULL;
}

bool email_domain_to_ascii(const char *text, size_t size_bytes, char out[EMAIL_DOMAIN_BYTES],
                           const char **why) {
    out[0] = '\0';
    *why = read_labels(text, size_bytes, out);
    return *why == NULL;
}
