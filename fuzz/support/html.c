#include "fuzz/support/html.h"

#include <string.h>

#include "fuzz/support/fuzz.h"

#define MAX_HTML_BYTES ((size_t)16 << 20)

struct reader {
    const char *at, *end;
    struct fuzz_html *found;
    char raw[16]; /* the element whose content is raw text; "": none */
};

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* ---------------------------------------------------------------------- character references */

static void put_code_point(struct svc_buf *out, unsigned long code) {
    uint8_t bytes[4];
    size_t count = 1;
    bytes[0] = (uint8_t)code;
    if (code >= 0x10000) {
        count = 4;
        bytes[0] = (uint8_t)(0xf0 | (code >> 18 & 7));
    } else if (code >= 0x800) {
        count = 3;
        bytes[0] = (uint8_t)(0xe0 | code >> 12);
    } else if (code >= 0x80) {
        count = 2;
        bytes[0] = (uint8_t)(0xc0 | code >> 6);
    }
    for (size_t i = 1; i < count; i++)
        bytes[i] = (uint8_t)(0x80 | (code >> (6 * (count - 1 - i)) & 63));
    svc_buf_append(out, bytes, count);
}

/* "&#60;" and "&#x3c;", with or without the semicolon. Returns the bytes that it takes; 0: none. */
static size_t decode_number(const char *at, const char *end, struct svc_buf *out) {
    const char *begin = at;
    at += 2;
    const bool is_hex = at < end && lower(*at) == 'x';
    at += is_hex;
    unsigned long code = 0;
    size_t digits = 0;
    for (; at < end; at++, digits++) {
        const char c = lower(*at);
        if (c >= '0' && c <= '9')
            code = code * (is_hex ? 16 : 10) + (unsigned long)(c - '0');
        else if (is_hex && c >= 'a' && c <= 'f')
            code = code * 16 + (unsigned long)(c - 'a') + 10;
        else
            break;
        code = code > 0x10ffff ? 0x110000 : code;
    }
    if (digits == 0)
        return 0;
    put_code_point(out, code == 0 || code > 0x10ffff ? 0xfffd : code);
    return (size_t)(at - begin) + (at < end && *at == ';');
}

static size_t decode_name(const char *at, const char *end, struct svc_buf *out) {
    static const struct {
        const char *name; /* with a semicolon: it must be there */
        unsigned long code;
    } names[] = {
        {"amp", '&'},       {"lt", '<'},         {"gt", '>'},        {"quot", '"'},
        {"AMP", '&'},       {"LT", '<'},         {"GT", '>'},        {"QUOT", '"'},
        {"nbsp", 0xa0},     {"copy", 0xa9},      {"reg", 0xae},      {"middot", 0xb7},
        {"times", 0xd7},    {"apos;", '\''},     {"zwnj;", 0x200c},  {"Tab;", '\t'},
        {"NewLine;", 10},   {"colon;", ':'},     {"lpar;", '('},     {"ndash;", 0x2013},
        {"mdash;", 0x2014}, {"hellip;", 0x2026}, {"minus;", 0x2212}, {"sol;", '/'},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const size_t name_bytes = strlen(names[i].name);
        if ((size_t)(end - at) > name_bytes && !memcmp(at + 1, names[i].name, name_bytes)) {
            const char *behind = at + 1 + name_bytes;
            put_code_point(out, names[i].code);
            return name_bytes + 1 + (behind < end && *behind == ';');
        }
    }
    return 0;
}

static void decode(const char *at, const char *end, struct svc_buf *out) {
    while (at < end) {
        size_t taken = 0;
        if (*at == '&' && at + 1 < end)
            taken = at[1] == '#' ? decode_number(at, end, out) : decode_name(at, end, out);
        if (taken == 0)
            svc_buf_append_char(out, *at);
        at += taken ? taken : 1;
    }
}

/* ---------------------------------------------------------------------- tags */

static bool is_link(const char *name, size_t name_bytes) {
    static const char *const names[] = {"href", "src",    "action",     "formaction", "background",
                                        "cite", "poster", "xlink:href", "srcset",     "data"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == name_bytes && !memcmp(names[i], name, name_bytes))
            return true;
    return false;
}

/* Whether the value of an attribute is a program or a style. */
static bool is_code(const char *name, size_t name_bytes) {
    return (name_bytes == 5 && !memcmp(name, "style", 5)) ||
           (name_bytes > 2 && !memcmp(name, "on", 2));
}

/* The value behind '='. */
static void read_value(struct reader *reader, bool is_a_link, bool is_a_code) {
    const char quote = reader->at < reader->end ? *reader->at : '\0';
    const char *begin = reader->at, *end;
    if (quote == '"' || quote == '\'') {
        begin++;
        end = memchr(begin, quote, (size_t)(reader->end - begin));
        reader->found->faults += !end;
        end = end ? end : reader->end;
        reader->at = end < reader->end ? end + 1 : end;
    } else {
        reader->found->faults++;
        while (reader->at < reader->end && !is_space(*reader->at) && *reader->at != '>')
            reader->at++;
        end = reader->at;
    }
    struct svc_buf *out = is_a_link ? &reader->found->links : &reader->found->text;
    decode(begin, end, out);
    svc_buf_append_char(out, '\n');
    if (is_a_code)
        svc_buf_append(&reader->found->code, begin, (size_t)(end - begin));
}

static void skip_spaces(struct reader *reader) {
    while (reader->at < reader->end && is_space(*reader->at))
        reader->at++;
}

static void read_attribute(struct reader *reader) {
    struct svc_buf *out = &reader->found->structure;
    svc_buf_append_char(out, ' ');
    const size_t begin = out->size_bytes;
    do {
        svc_buf_append_char(out, lower(*reader->at++));
    } while (reader->at < reader->end && !is_space(*reader->at) && !strchr("/>=", *reader->at));
    const char *name = (char *)out->bytes + begin;
    const bool is_a_link = is_link(name, out->size_bytes - begin);
    const bool is_a_code = is_code(name, out->size_bytes - begin);
    skip_spaces(reader);
    if (reader->at < reader->end && *reader->at == '=') {
        reader->at++;
        skip_spaces(reader);
        read_value(reader, is_a_link, is_a_code);
        reader->found->faults +=
            reader->at < reader->end && !is_space(*reader->at) && !strchr("/>", *reader->at);
    }
}

/* Behind '<' or "</". */
static void read_tag(struct reader *reader, bool is_end) {
    static const char *const raw[] = {"script", "style",  "title",   "textarea",
                                      "xmp",    "iframe", "noembed", "noframes"};
    struct svc_buf *out = &reader->found->structure;
    svc_buf_append_text(out, is_end ? "</" : "<");
    char name[16] = "";
    for (size_t i = 0;
         reader->at < reader->end && !is_space(*reader->at) && !strchr("/>", *reader->at);
         i++, reader->at++) {
        svc_buf_append_char(out, lower(*reader->at));
        if (i < sizeof name - 1)
            name[i] = lower(*reader->at);
    }
    while (reader->at < reader->end && *reader->at != '>') {
        if (is_space(*reader->at) || *reader->at == '/')
            reader->at++;
        else
            read_attribute(reader);
    }
    reader->found->faults += reader->at == reader->end;
    reader->at += reader->at < reader->end;
    svc_buf_append_char(out, '>');
    reader->raw[0] = '\0';
    for (size_t i = 0; i < sizeof raw / sizeof *raw && !is_end; i++)
        if (!strcmp(raw[i], name))
            memcpy(reader->raw, name, sizeof name);
}

static bool begins(const char *at, const char *end, const char *text) {
    const size_t size_bytes = strlen(text);
    return (size_t)(end - at) >= size_bytes && !memcmp(at, text, size_bytes);
}

/* Behind the end of the comment whose content begins at `at`: "<!-->" and "<!--->" are complete. */
static const char *comment_end(const char *at, const char *end) {
    if (begins(at, end, ">") || begins(at, end, "->"))
        return at + (*at == '-') + 1;
    for (; at < end; at++)
        if (begins(at, end, "-->") || begins(at, end, "--!>"))
            return at + (at[2] == '!' ? 4 : 3);
    return NULL;
}

/* "<!--...-->", "<!DOCTYPE ...>" and what the standard calls a bogus comment: as it is. */
static void read_markup(struct reader *reader) {
    const char *begin = reader->at, *end;
    const size_t left = (size_t)(reader->end - begin);
    if (left >= 4 && !memcmp(begin, "<!--", 4)) {
        end = comment_end(begin + 4, reader->end);
    } else {
        end = memchr(begin, '>', left);
        end = end ? end + 1 : NULL;
    }
    reader->found->faults += !end;
    reader->at = end ? end : reader->end;
    svc_buf_append(&reader->found->structure, begin, (size_t)(reader->at - begin));
}

/* ---------------------------------------------------------------------- documents */

/* Text up to the end tag of reader->raw. References are decoded: of style and script they are not
 * by the standard, but what is the same in both documents stays the same. */
static void read_raw(struct reader *reader) {
    const char *begin = reader->at;
    const size_t name_bytes = strlen(reader->raw);
    for (; reader->at < reader->end; reader->at++) {
        if ((size_t)(reader->end - reader->at) < name_bytes + 3 || *reader->at != '<' ||
            reader->at[1] != '/')
            continue;
        size_t same = 0;
        while (same < name_bytes && lower(reader->at[2 + same]) == reader->raw[same])
            same++;
        const char behind = reader->at[2 + name_bytes];
        if (same == name_bytes && (is_space(behind) || behind == '/' || behind == '>'))
            break;
    }
    decode(begin, reader->at, &reader->found->text);
    if (strcmp(reader->raw, "title") != 0 && strcmp(reader->raw, "textarea") != 0)
        svc_buf_append(&reader->found->code, begin, (size_t)(reader->at - begin));
    reader->raw[0] = '\0';
}

void fuzz_html_read(const char *html, size_t size_bytes, struct fuzz_html *found) {
    svc_buf_init(&found->structure, MAX_HTML_BYTES);
    svc_buf_init(&found->text, MAX_HTML_BYTES);
    svc_buf_init(&found->links, MAX_HTML_BYTES);
    svc_buf_init(&found->code, MAX_HTML_BYTES);
    found->faults = 0;
    struct reader reader = {.at = html, .end = html + size_bytes, .found = found};
    while (reader.at < reader.end) {
        const char *begin = reader.at;
        if (reader.raw[0]) {
            read_raw(&reader);
            continue;
        }
        if (*begin != '<') {
            const char *end = memchr(begin, '<', (size_t)(reader.end - begin));
            reader.at = end ? end : reader.end;
            decode(begin, reader.at, &found->text);
            continue;
        }
        const char next = begin + 1 < reader.end ? begin[1] : '\0';
        const char after = begin + 2 < reader.end ? begin[2] : '\0';
        if (is_letter(next) || (next == '/' && is_letter(after))) {
            reader.at += next == '/' ? 2 : 1;
            read_tag(&reader, next == '/');
        } else if (next == '!' || next == '?' || next == '/') {
            read_markup(&reader);
        } else {
            found->faults++;
            svc_buf_append_char(&found->text, *reader.at++);
        }
    }
    FUZZ_CHECK(
        svc_buf_status(&found->structure) == SVC_OK && svc_buf_status(&found->text) == SVC_OK &&
            svc_buf_status(&found->links) == SVC_OK && svc_buf_status(&found->code) == SVC_OK,
        "no memory for a document");
}

void fuzz_html_clear(struct fuzz_html *html) {
    svc_buf_clear(&html->structure);
    svc_buf_clear(&html->text);
    svc_buf_clear(&html->links);
    svc_buf_clear(&html->code);
}

/* ---------------------------------------------------------------------- comparison */

static size_t count_lines(const struct svc_buf *text) {
    size_t lines = 0;
    for (size_t i = 0; i < text->size_bytes; i++)
        lines += text->bytes[i] == '\n';
    return lines;
}

void fuzz_html_check_same(const struct fuzz_html *hostile, const struct fuzz_html *harmless) {
    FUZZ_CHECK(hostile->faults == 0, "%zu faults", hostile->faults);
    const char *structure = svc_buf_text(&hostile->structure);
    const char *expected = svc_buf_text(&harmless->structure);
    size_t same = 0;
    while (structure[same] && structure[same] == expected[same])
        same++;
    FUZZ_CHECK(structure[same] == expected[same], "\"%.60s\" stands where \"%.60s\" should",
               structure + same, expected + same);
    FUZZ_CHECK(count_lines(&hostile->links) == count_lines(&harmless->links), "another link");
    const struct svc_buf *text = &hostile->text, *other = &harmless->text;
    FUZZ_CHECK(text->size_bytes == other->size_bytes, "%zu bytes of text, not %zu",
               text->size_bytes, other->size_bytes);
    for (size_t i = 0; i < text->size_bytes; i++)
        FUZZ_CHECK(other->bytes[i] == 'x' || text->bytes[i] == other->bytes[i],
                   "byte %zu of the text is 0x%02x, not 0x%02x", i, text->bytes[i],
                   other->bytes[i]);
}

void fuzz_html_check_links(const struct fuzz_html *html) {
    static const char *const schemes[] = {"https://", "mailto:", "tel:", "#"};
    const char *at = svc_buf_text(&html->links);
    while (*at) {
        const size_t size = strcspn(at, "\n");
        bool is_good = false;
        for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
            is_good |= !strncmp(at, schemes[i], strlen(schemes[i]));
        FUZZ_CHECK(is_good, "the link \"%.*s\"", (int)size, at);
        at += size + (at[size] == '\n');
    }
}
