/* Reading and escaping S3's XML: see xml.h. */
#include "services/aws/xml.h"

#include <stdio.h>
#include <string.h>

#include "services/base/text.h"

static const char *find(const char *text, size_t size, const char *what, size_t what_bytes) {
    while (size >= what_bytes) {
        const char *first = memchr(text, what[0], size - what_bytes + 1);
        if (first == NULL) {
            return NULL;
        }
        if (memcmp(first, what, what_bytes) == 0) {
            return first;
        }
        size -= (size_t)(first + 1 - text);
        text = first + 1;
    }
    return NULL;
}

/* Appends the character of "#123;" or "#xab;" (the '&' was read); returns the bytes used, 0 if it
 * is not one. */
static size_t decode_number(const char *text, size_t size, struct svc_buf *out) {
    uint32_t code = 0;
    bool is_hex = size > 2 && text[1] == 'x';
    size_t start = is_hex ? 2 : 1, at = start;
    for (; at < size && at < start + 8 && text[at] != ';'; at++) {
        int digit = svc_hex_digit(text[at]);
        if (digit < 0 || (!is_hex && digit > 9)) {
            return 0;
        }
        code = code * (is_hex ? 16 : 10) + (uint32_t)digit;
    }
    if (at == start || at >= size || text[at] != ';' || code == 0 || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    uint8_t bytes[4];
    svc_buf_append(out, bytes, svc_utf8_encode(code, bytes));
    return at + 1;
}

static void unescape(const char *text, size_t size, struct svc_buf *out) {
    static const struct {
        const char *name;
        char value;
    } entities[] = {{"lt;", '<'}, {"gt;", '>'}, {"amp;", '&'}, {"quot;", '"'}, {"apos;", '\''}};
    size_t at = 0;
    while (at < size) {
        size_t used = 0;
        if (text[at] == '&') {
            size_t left = size - at - 1;
            for (size_t i = 0; i < 5 && used == 0; i++) {
                size_t length = strlen(entities[i].name);
                if (left >= length && memcmp(text + at + 1, entities[i].name, length) == 0) {
                    svc_buf_append_char(out, entities[i].value);
                    used = length;
                }
            }
            if (used == 0 && left > 0 && text[at + 1] == '#') {
                used = decode_number(text + at + 1, left, out);
            }
        }
        if (used == 0) {
            svc_buf_append_char(out, text[at]);
        }
        at += used + 1;
    }
}

bool awsc_xml_element(const char *document, size_t document_bytes, const char *name, size_t *at,
                      const char **inner, size_t *inner_bytes) {
    char tag[64];
    int tag_size = snprintf(tag, sizeof(tag), "</%s>", name);
    if (tag_size < 0 || (size_t)tag_size >= sizeof(tag) || *at > document_bytes) {
        return false;
    }
    size_t name_bytes = strlen(name);
    const char *end = document + document_bytes;
    const char *open = document + *at;
    for (;; open++) {
        open = find(open, (size_t)(end - open), "<", 1);
        if (open == NULL) {
            return false;
        }
        if ((size_t)(end - open) > name_bytes + 1 && memcmp(open + 1, name, name_bytes) == 0 &&
            strchr("> \t\r\n/", open[name_bytes + 1]) != NULL && open[name_bytes + 1] != '\0') {
            break;
        }
    }
    const char *text = memchr(open, '>', (size_t)(end - open));
    if (text == NULL) {
        return false;
    }
    *inner = ++text;
    *inner_bytes = 0;
    if (text[-2] == '/') { /* <Name/> */
        *at = (size_t)(text - document);
        return true;
    }
    const char *close = find(text, (size_t)(end - text), tag, (size_t)tag_size);
    if (close == NULL) {
        return false;
    }
    *inner_bytes = (size_t)(close - text);
    *at = (size_t)(close - document) + (size_t)tag_size;
    return true;
}

bool awsc_xml_text(const char *document, size_t document_bytes, const char *name,
                   struct svc_buf *out) {
    const char *inner = NULL;
    size_t at = 0, inner_bytes = 0;
    if (!awsc_xml_element(document, document_bytes, name, &at, &inner, &inner_bytes)) {
        return false;
    }
    unescape(inner, inner_bytes, out);
    return svc_buf_status(out) == SVC_OK;
}

bool awsc_xml_escape(const char *text, struct svc_buf *out) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            svc_buf_append_text(out, "&lt;");
            break;
        case '>':
            svc_buf_append_text(out, "&gt;");
            break;
        case '&':
            svc_buf_append_text(out, "&amp;");
            break;
        case '"':
            svc_buf_append_text(out, "&quot;");
            break;
        case '\r': /* a parser would turn it into a newline */
            svc_buf_append_text(out, "&#13;");
            break;
        default:
            svc_buf_append_char(out, *text);
            break;
        }
    }
    return svc_buf_status(out) == SVC_OK;
}
