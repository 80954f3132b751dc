/* Addresses: see address.h. */
#include <string.h>

#include "services/base/chars.h"
#include "services/base/text.h"
#include "services/email/address.h"
#include "services/email/clean.h"
#include "services/email/domain.h"

static bool is_atext(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static const char *check_local(const char *text, size_t size_bytes) {
    if (size_bytes == 0) {
        return "nothing stands before the @";
    }
    if (size_bytes > EMAIL_MAX_LOCAL_BYTES) {
        return "the part before the @ is longer than 64 bytes";
    }
    for (size_t i = 0; i < size_bytes; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            return "the part before the @ is not ASCII";
        }
        if (text[i] == '.') {
            if (i == 0 || i == size_bytes - 1 || text[i - 1] == '.') {
                return "the part before the @ has a dot at an end, or two in a row";
            }
        } else if (!is_atext(text[i])) {
            return "the part before the @ has a character that needs quoting";
        } else if (text[i] == '?' && i > 0 && text[i - 1] == '=') {
            /* Atext, but servers on the way may decode it, to any characters at all. */
            return "the part before the @ looks like an encoded word";
        }
    }
    return NULL;
}

static const char *check_address(const char *text, size_t size_bytes, char *out) {
    char domain[EMAIL_DOMAIN_BYTES];
    /* A domain in UTF-8 may be longer than its ASCII form, but not by so much. */
    if (size_bytes > 4 * EMAIL_MAX_ADDRESS_BYTES) {
        return "the address is longer than 254 bytes";
    }
    const char *at = memchr(text, '@', size_bytes);
    if (at == NULL) {
        return "there is no @";
    }
    size_t local_bytes = (size_t)(at - text);
    size_t rest = size_bytes - local_bytes - 1;
    if (memchr(at + 1, '@', rest) != NULL) {
        return "there is more than one @";
    }
    const char *fault = check_local(text, local_bytes);
    if (fault != NULL || !email_domain_to_ascii(at + 1, rest, domain, &fault)) {
        return fault;
    }
    if (local_bytes + 1 + strlen(domain) > EMAIL_MAX_ADDRESS_BYTES) {
        return "the address is longer than 254 bytes";
    }
    memcpy(out, text, local_bytes + 1);
    memcpy(out + local_bytes + 1, domain, strlen(domain) + 1);
    return NULL;
}

bool email_address_check(const char *text, size_t size_bytes, char out[EMAIL_ADDRESS_BYTES],
                         const char **why) {
    out[0] = '\0';
    *why = check_address(text, size_bytes, out);
    return *why == NULL;
}

/* ---------------------------------------------------------------------- RFC 2047 */

/* "=?UTF-8?B?" and "?=" leave 63 of 75 bytes: 60 of base64, which is 45 of text. */
enum { WORD_TEXT_BYTES = 45, WORD_FRAME_BYTES = 12, LINE_BYTES = 76 };

/* The bytes of text that a word at `column` takes: whole code points. */
static size_t word_bytes(const char *text, size_t size_bytes, size_t column) {
    size_t limit = WORD_TEXT_BYTES;
    if (column + WORD_FRAME_BYTES + 4 <= LINE_BYTES) {
        size_t base64 = (LINE_BYTES - column - WORD_FRAME_BYTES) / 4 * 3;
        limit = base64 < limit ? base64 : limit;
    }
    size_t used = 0, length = 0;
    while (used < size_bytes) {
        email_code_point(text + used, size_bytes - used, &length);
        length = length == 0 ? 1 : length;
        if (used > 0 && used + length > limit) {
            break;
        }
        used += length;
    }
    return used;
}

static bool put_words(const char *text, size_t column, bool fold, struct svc_buf *out) {
    size_t size = strlen(text), at = 0;
    while (at < size) {
        /* Where lines are folded the first word fills its line; else each may be as long as the
         * next. */
        size_t bytes = word_bytes(text + at, size - at, fold ? (at == 0 ? column : 1) : 0);
        if (at > 0) {
            svc_buf_append_text(out, fold ? "\r\n " : " ");
        }
        svc_buf_append_text(out, "=?UTF-8?B?");
        svc_base64((const uint8_t *)text + at, bytes, out);
        svc_buf_append_text(out, "?=");
        at += bytes;
    }
    return svc_buf_status(out) == SVC_OK;
}

/* The bytes of the line that `out` ends with. */
static size_t column_of(const struct svc_buf *out) {
    size_t column = 0;
    while (column < out->size_bytes && out->bytes[out->size_bytes - 1 - column] != '\n') {
        column++;
    }
    return column;
}

static bool is_atoms(const char *text) {
    if (*text == '\0' || *text == ' ' || text[strlen(text) - 1] == ' ' || strstr(text, "  ")) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (!is_atext(*text) && *text != ' ') {
            return false;
        }
    }
    return true;
}

bool email_put_phrase(const char *name, bool fold, struct svc_buf *out) {
    if (!svc_is_printable(name) || strstr(name, "=?") != NULL || strlen(name) > LINE_BYTES) {
        return put_words(name, column_of(out), fold, out);
    }
    if (is_atoms(name)) {
        return svc_buf_append_text(out, name);
    }
    svc_buf_append_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\') {
            svc_buf_append_char(out, '\\');
        }
        svc_buf_append_char(out, *name);
    }
    return svc_buf_append_char(out, '"');
}

bool email_put_unstructured(const char *text, size_t column, bool fold, struct svc_buf *out) {
    if (svc_is_printable(text) && strstr(text, "=?") == NULL &&
        column + strlen(text) <= LINE_BYTES) {
        return svc_buf_append_text(out, text);
    }
    return put_words(text, column, fold, out);
}

/* ---------------------------------------------------------------------- mailboxes */

/* The name in front of an address, cleaned and without its quotes, into `name`. */
static const char *read_name(const char *text, size_t size_bytes, char *name) {
    for (size_t i = 0; i < size_bytes; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return "the name has a control character";
        }
    }
    size_t used = email_clean(text, size_bytes, false, name);
    if (used >= 2 && name[0] == '"' && name[used - 1] == '"') {
        size_t kept = 0;
        for (size_t i = 1; i + 1 < used; i++) {
            i += name[i] == '\\' && i + 2 < used;
            name[kept++] = name[i];
        }
        name[kept] = '\0';
    } else if (strpbrk(name, "<>\"\\") != NULL) {
        return "the name has a character that needs quotes";
    }
    return NULL;
}

static const char *put_mailbox(const char *text, bool fold, struct svc_buf *out) {
    char address[EMAIL_ADDRESS_BYTES], name[EMAIL_MAX_MAILBOX_BYTES + 1];
    const char *fault = NULL;
    size_t size = strlen(text);
    if (size > EMAIL_MAX_MAILBOX_BYTES || !svc_utf8_valid((const uint8_t *)text, size)) {
        return "the mailbox is longer than 512 bytes, or not UTF-8";
    }
    if (size == 0 || text[size - 1] != '>') {
        return email_address_check(text, size, address, &fault)
                   ? (svc_buf_append_text(out, address), NULL)
                   : fault;
    }
    const char *open = strrchr(text, '<');
    if (open == NULL) {
        return "there is a > without its <";
    }
    fault = read_name(text, (size_t)(open - text), name);
    if (fault != NULL ||
        !email_address_check(open + 1, size - (size_t)(open - text) - 2, address, &fault)) {
        return fault;
    }
    if (name[0] == '\0') {
        svc_buf_append_text(out, address);
        return NULL;
    }
    email_put_phrase(name, fold, out);
    /* RFC 2047 limits each line that has an encoded word, not the word alone. */
    const bool is_new_line =
        fold && column_of(out) + sizeof(" <>") - 1 + strlen(address) > LINE_BYTES;
    svc_buf_append_text(out, is_new_line ? "\r\n <" : " <");
    svc_buf_append_text(out, address);
    svc_buf_append_char(out, '>');
    return NULL;
}

bool email_put_mailbox(const char *text, bool fold, struct svc_buf *out, const char **why) {
    size_t before = out->size_bytes;
    *why = put_mailbox(text, fold, out);
    if (*why == NULL && svc_buf_status(out) != SVC_OK) {
        *why = "the encoded mailbox does not fit";
    }
    if (*why != NULL && svc_buf_status(out) == SVC_OK) {
        out->size_bytes = before;
    }
    return *why == NULL;
}
