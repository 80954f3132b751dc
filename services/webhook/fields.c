/* Typed fields of a JSON object: see fields.h. */
#include "services/webhook/fields.h"

#include <stdio.h>
#include <string.h>

#include "services/base/clock.h"
#include "services/base/text.h"
#include "services/webhook/limits.h"

enum svc_status webhook_parse_object(const void *bytes, size_t size_bytes,
                                     struct svc_json **document, struct webhook_error *error) {
    struct svc_error fault;
    *document = NULL;
    if (size_bytes > WEBHOOK_MAX_BODY_BYTES ||
        svc_json_exceeds(bytes, size_bytes, WEBHOOK_MAX_CONTAINERS, WEBHOOK_MAX_VALUES)) {
        return webhook_refuse(error, WEBHOOK_REASON_TOO_LARGE, "",
                              "a body with more than %zu bytes, %zu containers or %zu values",
                              WEBHOOK_MAX_BODY_BYTES, WEBHOOK_MAX_CONTAINERS, WEBHOOK_MAX_VALUES);
    }
    svc_error_clear(&fault);
    const enum svc_status status =
        svc_json_parse(bytes, size_bytes, WEBHOOK_MAX_BODY_BYTES, document, &fault);
    if (status == SVC_NO_MEMORY) {
        return webhook_refuse(error, WEBHOOK_REASON_NO_MEMORY, "", "no memory for a body");
    }
    if (status != SVC_OK) {
        return webhook_refuse(error, WEBHOOK_REASON_BAD_JSON, "", "%s", fault.detail);
    }
    if (svc_json_type(*document) != SVC_JSON_OBJECT) {
        svc_json_wipe(*document);
        *document = NULL;
        return webhook_refuse(error, WEBHOOK_REASON_BAD_JSON, "", "the body is not an object");
    }
    return SVC_OK;
}

bool webhook_field_refuse(struct webhook_fields *fields, enum webhook_reason reason,
                          const char *name, const char *what) {
    char path[sizeof(fields->error->field)];
    snprintf(path, sizeof(path), "%s%s", fields->prefix, name);
    fields->status = webhook_refuse(fields->error, reason, path, "%s", what);
    return false;
}

/* The text of a field: *text is NULL if it is absent. */
static bool read_text(struct webhook_fields *fields, const char *name,
                      enum webhook_presence presence, const char **text) {
    *text = NULL;
    if (fields->status != SVC_OK) {
        return false;
    }
    const struct svc_json *value = svc_json_get(fields->object, name);
    if (value != NULL) {
        *text = svc_json_text(value);
        if (*text == NULL) {
            return webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name,
                                        "is not a string, or contains U+0000");
        }
    }
    if (*text != NULL && **text == '\0') {
        *text = NULL;
    }
    if (*text == NULL && presence == WEBHOOK_REQUIRED) {
        return webhook_field_refuse(fields, WEBHOOK_REASON_MISSING_FIELD, name,
                                    "is required and missing or empty");
    }
    return true;
}

static bool is_id(const char *text) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    return text[strspn(text, letters)] == '\0';
}

bool webhook_field_id(struct webhook_fields *fields, const char *name,
                      enum webhook_presence presence, char *out, size_t out_bytes) {
    const char *text = NULL;
    out[0] = '\0';
    if (!read_text(fields, name, presence, &text) || text == NULL) {
        return fields->status == SVC_OK;
    }
    if (!is_id(text)) {
        return webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name,
                                    "has a character that no id has");
    }
    return svc_copy_text(out, out_bytes, text) ||
           webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name, "is too long");
}

/* C0, DEL and C1: none may reach a mail, a terminal or a log. */
static bool is_control_at(const char *text) {
    const unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];
    return svc_is_control(text[0]) || (first == 0xc2 && second < 0xa0);
}

bool webhook_field_name(struct webhook_fields *fields, const char *name,
                        enum webhook_presence presence, char *out, size_t out_bytes) {
    const char *text = NULL;
    out[0] = '\0';
    if (!read_text(fields, name, presence, &text) || text == NULL) {
        return fields->status == SVC_OK;
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (is_control_at(at)) {
            return webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name,
                                        "has a control character");
        }
    }
    return svc_copy_text(out, out_bytes, text) ||
           webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name, "is too long");
}

bool webhook_field_text(struct webhook_fields *fields, const char *name, char *out,
                        size_t out_bytes) {
    const char *text = NULL;
    out[0] = '\0';
    if (!read_text(fields, name, WEBHOOK_OPTIONAL, &text) || text == NULL) {
        return fields->status == SVC_OK;
    }
    const size_t size = svc_utf8_fit(text, out_bytes - 1);
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        const bool is_control = is_control_at(text + i);
        out[used++] = text[i];
        if (is_control) {
            out[used - 1] = ' ';
            i += (unsigned char)text[i] == 0xc2; /* a C1 control has two bytes */
        }
    }
    out[used] = '\0';
    return true;
}

bool webhook_field_won(struct webhook_fields *fields, const char *name, int64_t low,
                       int64_t *amount_won) {
    *amount_won = 0;
    if (fields->status != SVC_OK) {
        return false;
    }
    const struct svc_json *value = svc_json_get(fields->object, name);
    double number = 0;
    if (value == NULL) {
        return webhook_field_refuse(fields, WEBHOOK_REASON_MISSING_FIELD, name,
                                    "is required and missing");
    }
    if (!svc_json_double(value, &number)) {
        return webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name, "is not a number");
    }
    /* The range first: the conversion of a double that does not fit is undefined. All whole numbers
     * in it are exact as doubles. */
    if (number < (double)low || number > (double)WEBHOOK_MAX_AMOUNT_WON) {
        return webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name, "is outside its range");
    }
    const int64_t whole = (int64_t)number;
    if ((double)whole < number || (double)whole > number) {
        return webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name, "is not whole won");
    }
    *amount_won = whole;
    return true;
}

bool webhook_field_time(struct webhook_fields *fields, const char *name,
                        enum webhook_presence presence, int64_t *time_ms) {
    const char *text = NULL;
    *time_ms = WEBHOOK_NO_TIME;
    if (!read_text(fields, name, presence, &text) || text == NULL) {
        return fields->status == SVC_OK;
    }
    return svc_parse_iso8601(text, time_ms) ||
           webhook_field_refuse(fields, WEBHOOK_REASON_BAD_FIELD, name,
                                "is not a time of ISO 8601 with an offset");
}

bool webhook_field_word(struct webhook_fields *fields, const char *name, const char *const *words,
                        size_t count, int *index) {
    const char *text = NULL;
    *index = 0;
    if (!read_text(fields, name, WEBHOOK_REQUIRED, &text)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *index = (int)i;
            return true;
        }
    }
    return webhook_field_refuse(fields, WEBHOOK_REASON_UNKNOWN_STATUS, name,
                                "is none of the values listed");
}
