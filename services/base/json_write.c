/* Writing JSON: see json.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/base/json.h"
#include "services/base/limits.h"
#include "services/base/text.h"

_Static_assert(SVC_MAX_JSON_DEPTH < 64, "a bit of is_object for each depth");

void svc_json_writer_init(struct svc_json_writer *writer, struct svc_buf *out) {
    memset(writer, 0, sizeof(*writer));
    writer->out = out;
}

static bool in_object(const struct svc_json_writer *writer) {
    return writer->depth > 0 && (writer->is_object >> writer->depth & 1) != 0;
}

/* Before each value: checks that a value is allowed here and writes the comma before it. */
static bool before_value(struct svc_json_writer *writer) {
    if (writer->broken || (in_object(writer) && !writer->after_name) ||
        (writer->depth == 0 && writer->need_comma)) {
        writer->broken = true;
        return false;
    }
    if (writer->need_comma && !writer->after_name) {
        svc_buf_append_char(writer->out, ',');
    }
    writer->after_name = false;
    writer->need_comma = true;
    return true;
}

static void begin(struct svc_json_writer *writer, bool is_object) {
    if (!before_value(writer)) {
        return;
    }
    if (writer->depth == SVC_MAX_JSON_DEPTH) {
        writer->broken = true;
        return;
    }
    writer->depth++;
    writer->is_object &= ~(UINT64_C(1) << writer->depth);
    writer->is_object |= (uint64_t)is_object << writer->depth;
    writer->need_comma = false;
    svc_buf_append_char(writer->out, is_object ? '{' : '[');
}

static void end(struct svc_json_writer *writer, bool is_object) {
    if (writer->broken || writer->depth == 0 || in_object(writer) != is_object ||
        writer->after_name) {
        writer->broken = true;
        return;
    }
    writer->depth--;
    writer->need_comma = true;
    svc_buf_append_char(writer->out, is_object ? '}' : ']');
}

void svc_json_begin_object(struct svc_json_writer *writer) {
    begin(writer, true);
}

void svc_json_end_object(struct svc_json_writer *writer) {
    end(writer, true);
}

void svc_json_begin_array(struct svc_json_writer *writer) {
    begin(writer, false);
}

void svc_json_end_array(struct svc_json_writer *writer) {
    end(writer, false);
}

static void put_escaped(struct svc_json_writer *writer, const uint8_t *at, size_t length) {
    if (length == 1) {
        switch (*at) {
        case '"':
            svc_buf_append_text(writer->out, "\\\"");
            return;
        case '\\':
            svc_buf_append_text(writer->out, "\\\\");
            return;
        case '\n':
            svc_buf_append_text(writer->out, "\\n");
            return;
        case '\r':
            svc_buf_append_text(writer->out, "\\r");
            return;
        case '\t':
            svc_buf_append_text(writer->out, "\\t");
            return;
        default:
            svc_buf_printf(writer->out, "\\u%04x", *at);
            return;
        }
    }
    uint32_t code = length == 2 ? at[0] & 0x1fu : length == 3 ? at[0] & 0x0fu : at[0] & 0x07u;
    for (size_t i = 1; i < length; i++) {
        code = code << 6 | (at[i] & 0x3fu);
    }
    if (code >= 0x10000) {
        code -= 0x10000;
        svc_buf_printf(writer->out, "\\u%04x\\u%04x", 0xd800 + (code >> 10),
                       0xdc00 + (code & 0x3ff));
    } else {
        svc_buf_printf(writer->out, "\\u%04x", code);
    }
}

/* U+2028, U+2029: some log readers take them for line ends. */
static bool is_line_end(const uint8_t *at, size_t length) {
    return length == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9);
}

/* C1 controls, U+0080 to U+009F: some terminals interpret them as escapes. */
static bool is_c1(const uint8_t *at, size_t length) {
    return length == 2 && at[0] == 0xc2 && at[1] < 0xa0;
}

static void put_string(struct svc_json_writer *writer, const char *text, size_t size_bytes) {
    static const uint8_t replacement[] = {0xef, 0xbf, 0xbd};
    const uint8_t *bytes = (const uint8_t *)text;
    size_t plain = 0; /* the start of the bytes that are copied unchanged */
    size_t at = 0;
    svc_buf_append_char(writer->out, '"');
    while (at < size_bytes) {
        size_t length = svc_utf8_length(bytes + at, size_bytes - at);
        bool is_valid = length > 0;
        bool is_plain = is_valid && (length > 1 ? !writer->ascii && !is_c1(bytes + at, length) &&
                                                      !is_line_end(bytes + at, length)
                                                : bytes[at] >= 0x20 && bytes[at] != '"' &&
                                                      bytes[at] != '\\' && bytes[at] != 0x7f);
        if (!is_plain) {
            svc_buf_append(writer->out, bytes + plain, at - plain);
            if (is_valid) {
                put_escaped(writer, bytes + at, length);
            } else if (writer->ascii) {
                put_escaped(writer, replacement, sizeof(replacement));
            } else {
                svc_buf_append(writer->out, replacement, sizeof(replacement));
            }
        }
        at += is_valid ? length : 1;
        plain = is_plain ? plain : at;
    }
    svc_buf_append(writer->out, bytes + plain, at - plain);
    svc_buf_append_char(writer->out, '"');
}

void svc_json_name(struct svc_json_writer *writer, const char *name) {
    if (writer->broken || !in_object(writer) || writer->after_name) {
        writer->broken = true;
        return;
    }
    if (writer->need_comma) {
        svc_buf_append_char(writer->out, ',');
    }
    put_string(writer, name, strlen(name));
    svc_buf_append_char(writer->out, ':');
    writer->after_name = true;
}

void svc_json_put_bytes(struct svc_json_writer *writer, const char *bytes, size_t size_bytes) {
    if (before_value(writer)) {
        put_string(writer, bytes, size_bytes);
    }
}

void svc_json_put_text(struct svc_json_writer *writer, const char *text) {
    if (text == NULL) {
        svc_json_put_null(writer);
    } else {
        svc_json_put_bytes(writer, text, strlen(text));
    }
}

void svc_json_put_int(struct svc_json_writer *writer, int64_t number) {
    if (before_value(writer)) {
        svc_buf_printf(writer->out, "%lld", (long long)number);
    }
}

void svc_json_put_double(struct svc_json_writer *writer, double number) {
    if (!isfinite(number)) {
        svc_json_put_null(writer);
        return;
    }
    if (!before_value(writer)) {
        return;
    }
    if (number == 0 && signbit(number)) {
        svc_buf_append_text(writer->out, "-0.0"); /* "-0" is read as the integer 0 */
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    svc_buf_append_text(writer->out, text);
}

void svc_json_put_millionths(struct svc_json_writer *writer, int64_t millionths) {
    if (before_value(writer)) {
        const uint64_t size = millionths < 0 ? -(uint64_t)millionths : (uint64_t)millionths;
        svc_buf_printf(writer->out, "%s%llu.%06llu", millionths < 0 ? "-" : "",
                       (unsigned long long)(size / 1000000), (unsigned long long)(size % 1000000));
    }
}

void svc_json_put_bool(struct svc_json_writer *writer, bool is_true) {
    if (before_value(writer)) {
        svc_buf_append_text(writer->out, is_true ? "true" : "false");
    }
}

void svc_json_put_null(struct svc_json_writer *writer) {
    if (before_value(writer)) {
        svc_buf_append_text(writer->out, "null");
    }
}

static bool put_member(void *user, const char *name, const struct svc_json *value) {
    struct svc_json_writer *writer = user;
    svc_json_name(writer, name);
    svc_json_put_value(writer, value);
    return !writer->broken;
}

/* Recursion is bounded by the scanner that accepted the document, and by `begin`. */
void svc_json_put_value(struct svc_json_writer *writer, const struct svc_json *value) {
    int64_t whole = 0;
    double number = 0;
    bool is_true = false;
    size_t size = 0;
    const char *text = NULL;
    switch (svc_json_type(value)) {
    case SVC_JSON_NULL:
        svc_json_put_null(writer);
        break;
    case SVC_JSON_BOOL:
        svc_json_bool(value, &is_true);
        svc_json_put_bool(writer, is_true);
        break;
    case SVC_JSON_INT:
        if (svc_json_int(value, &whole)) {
            svc_json_put_int(writer, whole);
        } else {
            writer->broken = true; /* the number cannot be written exactly */
        }
        break;
    case SVC_JSON_DOUBLE:
        if (svc_json_double(value, &number)) {
            svc_json_put_double(writer, number);
        } else {
            writer->broken = true;
        }
        break;
    case SVC_JSON_STRING:
        text = svc_json_bytes(value, &size);
        svc_json_put_bytes(writer, text, size);
        break;
    case SVC_JSON_ARRAY:
        svc_json_begin_array(writer);
        size = svc_json_count(value);
        for (size_t i = 0; i < size && !writer->broken; i++) {
            svc_json_put_value(writer, svc_json_at(value, i));
        }
        svc_json_end_array(writer);
        break;
    case SVC_JSON_OBJECT:
        svc_json_begin_object(writer);
        svc_json_members(value, put_member, writer);
        svc_json_end_object(writer);
        break;
    }
}

void svc_json_add_text(struct svc_json_writer *writer, const char *name, const char *text) {
    svc_json_name(writer, name);
    svc_json_put_text(writer, text);
}

void svc_json_add_base64(struct svc_json_writer *writer, const char *name, const void *bytes,
                         size_t size_bytes) {
    svc_json_name(writer, name);
    if (before_value(writer)) {
        svc_buf_append_char(writer->out, '"');
        svc_base64(bytes, size_bytes, writer->out);
        svc_buf_append_char(writer->out, '"');
    }
}

void svc_json_add_int(struct svc_json_writer *writer, const char *name, int64_t number) {
    svc_json_name(writer, name);
    svc_json_put_int(writer, number);
}

void svc_json_add_bool(struct svc_json_writer *writer, const char *name, bool is_true) {
    svc_json_name(writer, name);
    svc_json_put_bool(writer, is_true);
}

enum svc_status svc_json_writer_status(const struct svc_json_writer *writer) {
    if (svc_buf_status(writer->out) != SVC_OK) {
        return svc_buf_status(writer->out);
    }
    return writer->broken || writer->depth != 0 || !writer->need_comma ? SVC_INTERNAL : SVC_OK;
}
