#include "fuzz/support/mime.h"

#include <string.h>
#include <strings.h>

#include "fuzz/support/fuzz.h"
#include "services/base/text.h"

enum { MAX_LINE_BYTES = 998, MAX_WORD_LINE_BYTES = 76, MAX_WORD_BYTES = 75, MAX_BYTES = 1 << 23 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The end of the line at `at`: where its CRLF stands. */
static const char *line_end(const char *at, const char *end) {
    const char *feed = memchr(at, '\n', (size_t)(end - at));
    FUZZ_CHECK(feed && feed > at && feed[-1] == '\r', "a line does not end with CRLF");
    const size_t size_bytes = (size_t)(feed - 1 - at);
    FUZZ_CHECK(size_bytes <= MAX_LINE_BYTES, "a line of %zu bytes", size_bytes);
    FUZZ_CHECK(!memchr(at, '\r', size_bytes) && !memchr(at, '\0', size_bytes),
               "a bare CR or a NUL in a line");
    return feed - 1;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* ---------------------------------------------------------------------- fields */

static void check_line(const char *line, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++)
        FUZZ_CHECK((line[i] >= ' ' && line[i] < 0x7f) || line[i] == '\t', "0x%02x in a field",
                   (unsigned char)line[i]);
    FUZZ_CHECK(!memmem(line, size_bytes, "=?", 2) || size_bytes <= MAX_WORD_LINE_BYTES,
               "a line of %zu bytes with an encoded word: %.*s", size_bytes, (int)size_bytes, line);
}

static void begin_field(struct fuzz_mime *mail, const char *line, size_t size_bytes) {
    FUZZ_CHECK(mail->field_count < FUZZ_MIME_MAX_FIELDS, "too many fields");
    struct fuzz_mime_field *field = &mail->fields[mail->field_count++];
    svc_buf_init(&field->value, MAX_BYTES);
    size_t name_bytes = 0;
    while (name_bytes < size_bytes && line[name_bytes] > ' ' && line[name_bytes] != ':')
        name_bytes++;
    FUZZ_CHECK(name_bytes > 0 && name_bytes < sizeof field->name && name_bytes < size_bytes &&
                   line[name_bytes] == ':',
               "no field: %.*s", (int)size_bytes, line);
    memcpy(field->name, line, name_bytes);
    field->name[name_bytes] = '\0';
    const size_t skipped =
        name_bytes + 1 + (size_bytes > name_bytes + 1 && line[name_bytes + 1] == ' ');
    svc_buf_append(&field->value, line + skipped, size_bytes - skipped);
}

void fuzz_mime_read(const char *text, size_t size_bytes, struct fuzz_mime *mail) {
    const char *at = text, *end = text + size_bytes;
    memset(mail, 0, sizeof *mail);
    while (true) {
        const char *stop = line_end(at, end);
        const size_t line_bytes = (size_t)(stop - at);
        if (line_bytes == 0)
            break;
        check_line(at, line_bytes);
        if (is_blank(*at)) {
            size_t blanks = 0;
            while (blanks < line_bytes && is_blank(at[blanks]))
                blanks++;
            FUZZ_CHECK(mail->field_count > 0 && blanks < line_bytes, "a folded line without text");
            svc_buf_append(&mail->fields[mail->field_count - 1].value, at, line_bytes);
        } else {
            begin_field(mail, at, line_bytes);
        }
        at = stop + 2;
    }
    mail->body = at + 2;
    mail->body_bytes = (size_t)(end - mail->body);
}

void fuzz_mime_clear(struct fuzz_mime *mail) {
    for (size_t i = 0; i < mail->field_count; i++)
        svc_buf_clear(&mail->fields[i].value);
    mail->field_count = 0;
}

const char *fuzz_mime_value(const struct fuzz_mime *mail, const char *name) {
    const char *value = NULL;
    for (size_t i = 0; i < mail->field_count; i++) {
        if (strcasecmp(mail->fields[i].name, name) != 0)
            continue;
        FUZZ_CHECK(!value, "two fields %s", name);
        value = svc_buf_text(&mail->fields[i].value);
    }
    return value;
}

/* ---------------------------------------------------------------------- encodings */

static void decode_base64(const char *text, size_t size_bytes, struct svc_buf *out) {
    uint32_t bits = 0;
    size_t count = 0, padding = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        const char *found = text[i] == '=' ? alphabet : memchr(alphabet, text[i], 64);
        FUZZ_CHECK(found && (text[i] == '=' || padding == 0), "0x%02x in base64",
                   (unsigned char)text[i]);
        padding += text[i] == '=';
        bits = bits << 6 | (uint32_t)(found - alphabet);
        if (++count % 4 == 0) {
            const uint8_t bytes[3] = {(uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
            FUZZ_CHECK(padding <= 2, "padding alone");
            svc_buf_append(out, bytes, 3 - padding);
            bits = 0;
        }
    }
    FUZZ_CHECK(count % 4 == 0, "base64 of %zu characters", count);
}

void fuzz_mime_decode_base64(const char *text, size_t size_bytes, struct svc_buf *out) {
    const char *at = text, *end = text + size_bytes;
    while (at < end) {
        const char *stop = line_end(at, end);
        FUZZ_CHECK(stop - at <= 76 && stop > at, "a line of %d characters of base64",
                   (int)(stop - at));
        FUZZ_CHECK(stop + 2 == end || !memchr(at, '=', (size_t)(stop - at)), "padding inside");
        decode_base64(at, (size_t)(stop - at), out);
        at = stop + 2;
    }
}

/* The end of the encoded word at `at`; NULL: none stands there. */
static const char *decode_word(const char *at, const char *end, struct svc_buf *out) {
    static const char begin[] = "=?UTF-8?B?";
    const size_t begin_bytes = sizeof begin - 1;
    if ((size_t)(end - at) < begin_bytes || strncasecmp(at, begin, begin_bytes) != 0) {
        FUZZ_CHECK(end - at < 2 || memcmp(at, "=?", 2) != 0, "a word of another kind: %.20s", at);
        return NULL;
    }
    const char *stop = memmem(at + begin_bytes, (size_t)(end - at) - begin_bytes, "?=", 2);
    FUZZ_CHECK(stop && stop + 2 - at <= MAX_WORD_BYTES, "an encoded word is too long");
    FUZZ_CHECK(stop + 2 == end || is_blank(stop[2]), "text right behind an encoded word");
    const size_t before = out->size_bytes;
    decode_base64(at + begin_bytes, (size_t)(stop - at) - begin_bytes, out);
    FUZZ_CHECK(out->size_bytes > before &&
                   svc_utf8_valid(out->bytes + before, out->size_bytes - before),
               "an encoded word of half a character");
    return stop + 2;
}

void fuzz_mime_decode_words(const char *text, size_t size_bytes, struct svc_buf *out) {
    const char *at = text, *end = text + size_bytes;
    const char *behind = NULL; /* of the last word, while only blanks follow */
    while (at < end) {
        const size_t blanks_at = out->size_bytes;
        if (is_blank(*at)) {
            const char *next = at;
            while (next < end && is_blank(*next))
                next++;
            const bool is_between = behind == at && end - next >= 2 && !memcmp(next, "=?", 2);
            if (!is_between)
                svc_buf_append(out, at, (size_t)(next - at));
            at = next;
            continue;
        }
        const char *stop = decode_word(at, end, out);
        FUZZ_CHECK(!stop || at == text || is_blank(at[-1]), "text before an encoded word");
        if (!stop)
            svc_buf_append_char(out, *at);
        behind = stop;
        at = stop ? stop : at + 1;
        FUZZ_CHECK(out->size_bytes > blanks_at, "no memory for a text");
    }
}

void fuzz_mime_mailbox(const char *text, struct svc_buf *name, struct svc_buf *address) {
    const char *open = strrchr(text, '<');
    if (!open) {
        svc_buf_append_text(address, text);
        return;
    }
    const size_t size_bytes = strlen(open);
    FUZZ_CHECK(open > text && open[-1] == ' ' && open[size_bytes - 1] == '>', "the mailbox %s",
               text);
    svc_buf_append(address, open + 1, size_bytes - 2);
    const char *end = open - 1;
    if (*text != '"') {
        fuzz_mime_decode_words(text, (size_t)(end - text), name);
        return;
    }
    for (text++; *text != '"'; text++) {
        text += *text == '\\';
        FUZZ_CHECK(text < end && *text, "a quoted name does not end");
        svc_buf_append_char(name, *text);
    }
    FUZZ_CHECK(text + 1 == end, "text behind a quoted name: %s", text);
}

/* ---------------------------------------------------------------------- parts */

bool fuzz_mime_next_part(const struct fuzz_mime *mail, const char *boundary, const char **at,
                         struct fuzz_mime *part) {
    const char *end = mail->body + mail->body_bytes;
    const size_t boundary_bytes = strlen(boundary);
    const char *line = *at ? *at : mail->body;
    const char *stop = line_end(line, end);
    FUZZ_CHECK((size_t)(stop - line) >= boundary_bytes + 2 && !memcmp(line, "--", 2) &&
                   !memcmp(line + 2, boundary, boundary_bytes),
               "text outside of the parts");
    if ((size_t)(stop - line) == boundary_bytes + 4) {
        FUZZ_CHECK(!memcmp(stop - 2, "--", 2) && stop + 2 == end, "no closing line");
        return false;
    }
    FUZZ_CHECK((size_t)(stop - line) == boundary_bytes + 2, "text behind a boundary");
    const char *begin = stop + 2;
    for (line = begin;
         memcmp(line, "--", 2) != 0 || memcmp(line + 2, boundary, boundary_bytes) != 0;
         line = line_end(line, end) + 2)
        FUZZ_CHECK((size_t)(end - line) > boundary_bytes + 4, "the parts do not end");
    fuzz_mime_read(begin, (size_t)(line - begin), part);
    *at = line;
    return true;
}
