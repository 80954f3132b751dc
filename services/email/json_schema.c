/* JSON Schema of the messages: see json_schema.h. */
#include <stdio.h>
#include <string.h>

#include "services/base/json.h"
#include "services/email/json_schema.h"
#include "services/email/limits.h"
#include "services/email/schema.h"
#include "services/email/value.h"

#define MAX_SCHEMA_BYTES ((size_t)256 * 1024)

#define ATEXT       "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
#define LABEL       "[^\\u0000-\\u002c\\u002e\\u002f\\u003a-\\u0040\\u005b-\\u0060\\u007b-\\u00a0]{1,63}"
#define ADDRESS     "^(?!.*=[?])" ATEXT "(\\." ATEXT ")*@" LABEL "(\\." LABEL ")+$"
#define URL         "^[Hh][Tt][Tt][Pp][Ss]://[^\\u0000-\\u0020/?#@\\\\]+([/?#][^\\u0000-\\u001f\\u007f]*)?$"
#define WITHOUT_NUL "^[^\\u0000]*$"
#define NOT_BLANK   "^[^\\u0000]*[^\\u0000-\\u0020][^\\u0000]*$"

static void put_string_type(struct svc_json_writer *json, const char *pattern, int64_t low,
                            int64_t high) {
    svc_json_add_text(json, "type", "string");
    if (low > 0) {
        svc_json_add_int(json, "minLength", low);
    }
    if (high > 0) {
        svc_json_add_int(json, "maxLength", high);
    }
    svc_json_add_text(json, "pattern", pattern);
}

/* One alternative of a number: digits in a string. */
static void put_digits(struct svc_json_writer *json, const struct email_field *field) {
    struct svc_buf pattern;
    svc_buf_init(&pattern, 1024);
    svc_json_begin_object(json);
    if (email_put_pattern(field, &pattern)) {
        put_string_type(json, svc_buf_text(&pattern), 0, 0);
    } else {
        json->out->status = svc_buf_status(&pattern);
    }
    svc_json_end_object(json);
    svc_buf_clear(&pattern);
}

static void put_one_type(struct svc_json_writer *json, const char *type) {
    svc_json_begin_object(json);
    svc_json_add_text(json, "type", type);
    svc_json_end_object(json);
}

static void put_item(struct svc_json_writer *json);

static void put_alternatives(struct svc_json_writer *json, const struct email_field *field) {
    bool is_number = email_type_is_number(field->type);
    if (is_number && field->type != EMAIL_DATE) {
        svc_json_begin_object(json);
        svc_json_add_text(json, "type", "integer");
        svc_json_add_int(json, "minimum", field->low);
        svc_json_add_int(json, "maximum", field->high);
        svc_json_end_object(json);
    }
    if (is_number) {
        put_digits(json, field);
    } else if (field->type == EMAIL_ITEM_LIST) {
        svc_json_begin_object(json);
        svc_json_add_text(json, "type", "array");
        svc_json_add_int(json, "maxItems", field->high);
        svc_json_name(json, "items");
        put_item(json);
        svc_json_end_object(json);
    } else {
        const char *text_pattern = field->is_required ? NOT_BLANK : WITHOUT_NUL;
        svc_json_begin_object(json);
        put_string_type(json, field->type == EMAIL_URL ? URL : text_pattern,
                        field->is_required ? field->low : 0, field->high);
        svc_json_end_object(json);
    }
    if (!field->is_required) {
        put_one_type(json, "null");
        if (field->type != EMAIL_ITEM_LIST) {
            svc_json_begin_object(json);
            svc_json_add_text(json, "const", "");
            svc_json_end_object(json);
        }
    }
}

static void put_field(struct svc_json_writer *json, const struct email_field *field) {
    svc_json_name(json, field->name);
    svc_json_begin_object(json);
    svc_json_add_text(json, "description", field->meaning);
    svc_json_name(json, "anyOf");
    svc_json_begin_array(json);
    put_alternatives(json, field);
    svc_json_end_array(json);
    svc_json_end_object(json);
}

/* The members of an object's schema. */
static void put_fields(struct svc_json_writer *json, const struct email_field *fields,
                       size_t count) {
    svc_json_add_text(json, "type", "object");
    svc_json_name(json, "required");
    svc_json_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].is_required) {
            svc_json_put_text(json, fields[i].name);
        }
    }
    svc_json_end_array(json);
    svc_json_name(json, "properties");
    svc_json_begin_object(json);
    for (size_t i = 0; i < count; i++) {
        put_field(json, &fields[i]);
    }
    svc_json_end_object(json);
}

static void put_item(struct svc_json_writer *json) {
    svc_json_begin_object(json);
    put_fields(json, email_item_fields, EMAIL_ITEM_FIELDS);
    svc_json_end_object(json);
}

/* "template", "toEmail", "language", "messageId", "data". */
static void put_properties(struct svc_json_writer *json) {
    svc_json_name(json, "template");
    svc_json_begin_object(json);
    svc_json_name(json, "enum");
    svc_json_begin_array(json);
    for (int i = 0; i < EMAIL_TEMPLATES; i++) {
        svc_json_put_text(json, email_template_info((enum email_template)i)->name);
    }
    svc_json_end_array(json);
    svc_json_end_object(json);
    svc_json_name(json, "toEmail");
    svc_json_begin_object(json);
    svc_json_add_text(json, "description", "exactly one address; the domain may be international");
    put_string_type(json, ADDRESS, 0, (int64_t)EMAIL_MAX_ADDRESS_BYTES);
    svc_json_end_object(json);
    svc_json_name(json, "language");
    svc_json_begin_object(json);
    svc_json_add_text(json, "description", "of the mail; ko if it is missing");
    svc_json_name(json, "enum");
    svc_json_begin_array(json);
    for (int i = 0; i < EMAIL_LANGUAGES; i++) {
        svc_json_put_text(json, email_language_name((enum email_language)i));
    }
    svc_json_put_null(json);
    svc_json_end_array(json);
    svc_json_end_object(json);
    svc_json_name(json, "messageId");
    svc_json_begin_object(json);
    svc_json_add_text(json, "description", "the same for every repetition of one message");
    svc_json_name(json, "anyOf");
    svc_json_begin_array(json);
    svc_json_begin_object(json);
    put_string_type(json, "^[!-~]+$", 1, (int64_t)EMAIL_MAX_ID_BYTES);
    svc_json_end_object(json);
    put_one_type(json, "null");
    svc_json_end_array(json);
    svc_json_end_object(json);
    svc_json_name(json, "data");
    put_one_type(json, "object");
}

/* {"if": the template is this one, "then": its data is that}. */
static void put_condition(struct svc_json_writer *json, const char *name) {
    char reference[64];
    snprintf(reference, sizeof(reference), "#/$defs/%s", name);
    svc_json_begin_object(json);
    svc_json_name(json, "if");
    svc_json_begin_object(json);
    svc_json_name(json, "properties");
    svc_json_begin_object(json);
    svc_json_name(json, "template");
    svc_json_begin_object(json);
    svc_json_add_text(json, "const", name);
    svc_json_end_object(json);
    svc_json_end_object(json);
    svc_json_end_object(json);
    svc_json_name(json, "then");
    svc_json_begin_object(json);
    svc_json_name(json, "properties");
    svc_json_begin_object(json);
    svc_json_name(json, "data");
    svc_json_begin_object(json);
    svc_json_add_text(json, "$ref", reference);
    svc_json_end_object(json);
    svc_json_end_object(json);
    svc_json_end_object(json);
    svc_json_end_object(json);
}

static void put_document(struct svc_json_writer *json) {
    static const char *const required[] = {"template", "toEmail", "data"};
    svc_json_begin_object(json);
    svc_json_add_text(json, "$schema", "https://json-schema.org/draft/2020-12/schema");
    svc_json_add_text(json, "$id", "urn:openmarket:email-message");
    svc_json_add_text(json, "title", "A message of the e-mail queue");
    svc_json_add_text(json, "type", "object");
    svc_json_name(json, "required");
    svc_json_begin_array(json);
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        svc_json_put_text(json, required[i]);
    }
    svc_json_end_array(json);
    svc_json_name(json, "properties");
    svc_json_begin_object(json);
    put_properties(json);
    svc_json_end_object(json);
    svc_json_name(json, "allOf");
    svc_json_begin_array(json);
    for (int i = 0; i < EMAIL_TEMPLATES; i++) {
        put_condition(json, email_template_info((enum email_template)i)->name);
    }
    svc_json_end_array(json);
    svc_json_name(json, "$defs");
    svc_json_begin_object(json);
    for (int i = 0; i < EMAIL_TEMPLATES; i++) {
        const struct email_template_info *info = email_template_info((enum email_template)i);
        svc_json_name(json, info->name);
        svc_json_begin_object(json);
        put_fields(json, info->fields, info->field_count);
        svc_json_end_object(json);
    }
    svc_json_end_object(json);
    svc_json_end_object(json);
}

static void put_line(struct svc_buf *out, int depth) {
    svc_buf_append_char(out, '\n');
    for (int i = 0; i < depth; i++) {
        svc_buf_append_text(out, "  ");
    }
}

/* JSON on one line, laid out for people. */
static void put_indented(const char *text, struct svc_buf *out) {
    bool in_string = false;
    int depth = 0;
    for (; *text != '\0'; text++) {
        char c = *text;
        if (in_string && c == '\\') {
            svc_buf_append(out, text, 2);
            text++;
            continue;
        }
        in_string = in_string != (c == '"');
        if (in_string || c == '"') {
            svc_buf_append_char(out, c);
        } else if (c == '{' || c == '[') {
            svc_buf_append_char(out, c);
            put_line(out, ++depth);
        } else if (c == '}' || c == ']') {
            put_line(out, --depth);
            svc_buf_append_char(out, c);
        } else if (c == ',') {
            svc_buf_append_char(out, c);
            put_line(out, depth);
        } else {
            svc_buf_append_text(out, c == ':' ? ": " : (const char[]){c, '\0'});
        }
    }
    svc_buf_append_char(out, '\n');
}

enum svc_status email_write_json_schema(struct svc_buf *out) {
    struct svc_buf line;
    struct svc_json_writer json;
    svc_buf_init(&line, MAX_SCHEMA_BYTES);
    svc_json_writer_init(&json, &line);
    put_document(&json);
    enum svc_status status = svc_json_writer_status(&json);
    if (status == SVC_OK) {
        put_indented(svc_buf_text(&line), out);
        status = svc_buf_status(out);
    }
    svc_buf_clear(&line);
    return status;
}
