/* The strict scanner: see json_scan.h. */
#include <stdbool.h>
#include <string.h>

#include "services/base/json.h"
#include "services/base/json_scan.h"
#include "services/base/limits.h"
#include "services/base/text.h"

struct scan {
    const uint8_t *at, *start, *end;
    struct svc_json_facts facts;
    int depth;
    const char *fault; /* why it stopped */
    bool too_many;
};

static bool stop(struct scan *scan, const char *fault) {
    if (scan->fault == NULL) {
        scan->fault = fault;
    }
    return false;
}

static void skip_blanks(struct scan *scan) {
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r')) {
        scan->at++;
    }
}

static bool take(struct scan *scan, char c) {
    if (scan->at < scan->end && *scan->at == (uint8_t)c) {
        scan->at++;
        return true;
    }
    return false;
}

static bool take_word(struct scan *scan, const char *word) {
    size_t size = strlen(word);
    if ((size_t)(scan->end - scan->at) < size || memcmp(scan->at, word, size) != 0) {
        return stop(scan, "a value is expected");
    }
    scan->at += size;
    return true;
}

static size_t take_digits(struct scan *scan) {
    const uint8_t *from = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') {
        scan->at++;
    }
    return (size_t)(scan->at - from);
}

static bool scan_number(struct scan *scan) {
    take(scan, '-');
    bool is_zero = scan->at < scan->end && *scan->at == '0';
    size_t digits = take_digits(scan);
    if (digits == 0 || (is_zero && digits > 1)) {
        return stop(scan, "not a number");
    }
    if (take(scan, '.') && take_digits(scan) == 0) {
        return stop(scan, "a digit is expected after the point");
    }
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '+')) {
            take(scan, '-');
        }
        if (take_digits(scan) == 0) {
            return stop(scan, "a digit is expected in the exponent");
        }
    }
    return true;
}

/* The four digits after \u; -1 if they are none. */
static int take_hex4(struct scan *scan) {
    int value = 0;
    if (scan->end - scan->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const int digit = svc_hex_digit((char)*scan->at++);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool scan_escape(struct scan *scan, bool is_name) {
    if (scan->at == scan->end) {
        return stop(scan, "the text ends in a string");
    }
    uint8_t c = *scan->at++;
    if (c != 'u') {
        return (c != '\0' && strchr("\"\\/bfnrt", c) != NULL) || stop(scan, "an unknown escape");
    }
    int unit = take_hex4(scan);
    if (unit < 0) {
        return stop(scan, "four hex digits are expected");
    }
    if (unit == 0 && is_name) {
        return stop(scan, "U+0000 in a name");
    }
    if (unit >= 0xdc00 && unit <= 0xdfff) {
        return stop(scan, "half of a surrogate pair");
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
        int low = take(scan, '\\') && take(scan, 'u') ? take_hex4(scan) : -1;
        if (low < 0xdc00 || low > 0xdfff) {
            return stop(scan, "half of a surrogate pair");
        }
        scan->facts.has_pairs = true;
    }
    return true;
}

static bool scan_string(struct scan *scan, bool is_name) {
    if (!take(scan, '"')) {
        return stop(scan, "a string is expected");
    }
    while (scan->at < scan->end) {
        uint8_t c = *scan->at;
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c < 0x20) {
            return stop(scan, "a control character in a string");
        }
        if (c == '\\') {
            scan->at++;
            if (!scan_escape(scan, is_name)) {
                return false;
            }
            continue;
        }
        size_t length = svc_utf8_length(scan->at, (size_t)(scan->end - scan->at));
        if (length == 0) {
            return stop(scan, "not UTF-8");
        }
        scan->at += length;
    }
    return stop(scan, "the text ends in a string");
}

static bool scan_value(struct scan *scan);

static bool scan_member(struct scan *scan) {
    skip_blanks(scan);
    if (!scan_string(scan, true)) {
        return false;
    }
    if (++scan->facts.members > SVC_MAX_JSON_MEMBERS) {
        scan->too_many = true;
        return stop(scan, "too many members");
    }
    skip_blanks(scan);
    if (!take(scan, ':')) {
        return stop(scan, "a colon is expected");
    }
    return scan_value(scan);
}

/* The content of an array or object and its closing bracket; the opening one was read. */
static bool scan_container(struct scan *scan, bool is_object) {
    char close = is_object ? '}' : ']';
    if (++scan->depth > SVC_MAX_JSON_DEPTH) {
        return stop(scan, "too deep");
    }
    skip_blanks(scan);
    if (!take(scan, close)) {
        do {
            if (!(is_object ? scan_member(scan) : scan_value(scan))) {
                return false;
            }
            skip_blanks(scan);
        } while (take(scan, ','));
        if (!take(scan, close)) {
            return stop(scan, is_object ? "a comma or } is expected" : "a comma or ] is expected");
        }
    }
    scan->depth--;
    return true;
}

static bool scan_value(struct scan *scan) {
    skip_blanks(scan);
    if (scan->at == scan->end) {
        return stop(scan, "the text ends before its value");
    }
    switch (*scan->at) {
    case '{':
        scan->at++;
        return scan_container(scan, true);
    case '[':
        scan->at++;
        return scan_container(scan, false);
    case '"':
        return scan_string(scan, false);
    case 't':
        return take_word(scan, "true");
    case 'f':
        return take_word(scan, "false");
    case 'n':
        return take_word(scan, "null");
    default:
        return scan_number(scan);
    }
}

enum svc_status svc_json_scan(const uint8_t *bytes, size_t size_bytes, struct svc_json_facts *facts,
                              struct svc_error *error) {
    /* No bytes may be NULL, to which nothing may be added. */
    const uint8_t *end = size_bytes > 0 ? bytes + size_bytes : bytes;
    struct scan scan = {.at = bytes, .start = bytes, .end = end};
    if (scan_value(&scan)) {
        skip_blanks(&scan);
        if (scan.at != scan.end) {
            stop(&scan, "something follows the value");
        }
    }
    *facts = scan.facts;
    if (scan.fault != NULL) {
        return svc_fail(error, scan.too_many ? SVC_TOO_LARGE : SVC_MALFORMED,
                        "not JSON at byte %zu: %s", (size_t)(scan.at - scan.start), scan.fault);
    }
    return SVC_OK;
}

bool svc_json_join_pairs(const uint8_t *bytes, size_t size_bytes, struct svc_buf *out) {
    /* No bytes may be NULL, to which nothing may be added. */
    const uint8_t *end = size_bytes > 0 ? bytes + size_bytes : bytes;
    struct scan scan = {.at = bytes, .start = bytes, .end = end};
    while (scan.at < scan.end) {
        const uint8_t *escape = memchr(scan.at, '\\', (size_t)(scan.end - scan.at));
        if (escape == NULL) {
            escape = scan.end;
        }
        svc_buf_append(out, scan.at, (size_t)(escape - scan.at));
        scan.at = escape;
        if (escape == scan.end) {
            break;
        }
        scan.at += 2;
        int high = escape[1] == 'u' ? take_hex4(&scan) : 0;
        if (high < 0xd800 || high > 0xdbff) {
            svc_buf_append(out, escape, (size_t)(scan.at - escape));
            continue;
        }
        scan.at += 2;
        uint32_t code = 0x10000 + (((uint32_t)high & 0x3ff) << 10);
        code |= (uint32_t)take_hex4(&scan) & 0x3ff;
        uint8_t bytes_of_code[4];
        svc_buf_append(out, bytes_of_code, svc_utf8_encode(code, bytes_of_code));
    }
    return svc_buf_status(out) == SVC_OK;
}

bool svc_json_exceeds(const char *text, size_t size_bytes, size_t max_containers,
                      size_t max_values) {
    size_t containers = 0, commas = 0;
    bool in_string = false;
    for (size_t i = 0; i < size_bytes; i++) {
        if (in_string && text[i] == '\\') {
            i++;
        } else if (text[i] == '"') {
            in_string = !in_string;
        } else if (!in_string) {
            containers += text[i] == '{' || text[i] == '[';
            commas += text[i] == ',';
        }
    }
    return containers > max_containers || containers + commas > max_values;
}
