/* Escaping: see escape.h. */
#include <string.h>

#include "services/email/escape.h"

static const char *entity_of(char c, enum email_escape escape) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\n':
        return escape == EMAIL_ESCAPE_HTML ? "<br>\n" : " ";
    default:
        return NULL;
    }
}

static bool put_html(const char *text, size_t size_bytes, enum email_escape escape,
                     struct svc_buf *out) {
    size_t plain = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        const char *entity = entity_of(text[i], escape);
        if (entity != NULL) {
            svc_buf_append(out, text + plain, i - plain);
            svc_buf_append_text(out, entity);
            plain = i + 1;
        }
    }
    return svc_buf_append(out, text + plain, size_bytes - plain);
}

/* All but unreserved characters, the @ of an address and the + of a number. */
static bool put_url_part(const char *text, size_t size_bytes, struct svc_buf *out) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size_bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~@+", c) != NULL);
        if (is_plain) {
            svc_buf_append(out, text + i, 1);
        } else {
            const char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
            svc_buf_append(out, escaped, sizeof(escaped));
        }
    }
    return svc_buf_status(out) == SVC_OK;
}

bool email_put_escaped(const char *text, size_t size_bytes, enum email_escape escape,
                       struct svc_buf *out) {
    switch (escape) {
    case EMAIL_ESCAPE_HTML:
    case EMAIL_ESCAPE_ATTRIBUTE:
    case EMAIL_ESCAPE_URL:
        return put_html(text, size_bytes, escape, out);
    case EMAIL_ESCAPE_URL_PART:
        return put_url_part(text, size_bytes, out);
    case EMAIL_ESCAPE_SUBJECT:
        for (size_t i = 0; i < size_bytes; i++) {
            svc_buf_append_char(out, (unsigned char)text[i] < 0x20 ? ' ' : text[i]);
        }
        return svc_buf_status(out) == SVC_OK;
    case EMAIL_ESCAPE_NONE:
    case EMAIL_ESCAPE_PLAIN:
        break;
    }
    return svc_buf_append(out, text, size_bytes);
}
