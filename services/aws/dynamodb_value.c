/* Typed values of DynamoDB: made, checked, written and read. See dynamodb.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "services/aws/dynamodb_value.h"
#include "services/aws/number.h"
#include "services/base/limits.h"
#include "services/base/text.h"

#define MAX_NAME_BYTES 255

struct awsc_dynamodb_value awsc_dynamodb_string(const char *text) {
    return (struct awsc_dynamodb_value){.type = AWSC_DYNAMODB_STRING, .text = text};
}

struct awsc_dynamodb_value awsc_dynamodb_number(const char *text) {
    return (struct awsc_dynamodb_value){.type = AWSC_DYNAMODB_NUMBER, .text = text};
}

struct awsc_dynamodb_value awsc_dynamodb_int(int64_t integer) {
    return (struct awsc_dynamodb_value){.type = AWSC_DYNAMODB_INT, .integer = integer};
}

struct awsc_dynamodb_value awsc_dynamodb_bool(bool is_true) {
    return (struct awsc_dynamodb_value){.type = AWSC_DYNAMODB_BOOL, .is_true = is_true};
}

struct awsc_dynamodb_value awsc_dynamodb_null(void) {
    return (struct awsc_dynamodb_value){.type = AWSC_DYNAMODB_NULL};
}

struct awsc_dynamodb_value awsc_dynamodb_binary(const void *bytes, size_t size_bytes) {
    return (struct awsc_dynamodb_value){
        .type = AWSC_DYNAMODB_BINARY, .text = bytes, .size_bytes = size_bytes};
}

/* ---------------------------------------------------------------------- checking */

static bool is_utf8(const char *text) {
    return svc_utf8_valid((const uint8_t *)text, strlen(text));
}

static bool is_name(const char *name) {
    return name != NULL && name[0] != '\0' && strlen(name) <= MAX_NAME_BYTES && is_utf8(name);
}

/* As DynamoDB counts it: text by its bytes, a number by half its digits. */
static size_t value_size(const struct awsc_dynamodb_value *value) {
    switch (value->type) {
    case AWSC_DYNAMODB_STRING:
        return strlen(value->text);
    case AWSC_DYNAMODB_NUMBER:
        return strlen(value->text) / 2 + 1;
    case AWSC_DYNAMODB_INT:
        return 11;
    case AWSC_DYNAMODB_BINARY:
        return value->size_bytes;
    default:
        return 1;
    }
}

static enum svc_status check_value(const struct awsc_dynamodb_value *value) {
    switch (value->type) {
    case AWSC_DYNAMODB_STRING:
        return value->text == NULL     ? SVC_INVALID_ARGUMENT
               : !is_utf8(value->text) ? SVC_MALFORMED
                                       : SVC_OK;
    case AWSC_DYNAMODB_NUMBER:
        return awsc_is_number(value->text) ? SVC_OK : SVC_INVALID_ARGUMENT;
    case AWSC_DYNAMODB_BINARY:
        return value->text != NULL || value->size_bytes == 0 ? SVC_OK : SVC_INVALID_ARGUMENT;
    case AWSC_DYNAMODB_NULL:
    case AWSC_DYNAMODB_BOOL:
    case AWSC_DYNAMODB_INT:
        return SVC_OK;
    default:
        return SVC_INVALID_ARGUMENT;
    }
}

enum svc_status awsc_dynamodb_check(const struct awsc_dynamodb_attribute *attributes, size_t count,
                                    const char *kind, struct awsc_error *error) {
    size_t size = 0;
    if (count > AWSC_MAX_DYNAMODB_ATTRIBUTES) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "more than %d %ss",
                         AWSC_MAX_DYNAMODB_ATTRIBUTES, kind);
    }
    for (size_t i = 0; i < count; i++) {
        bool is_good = is_name(attributes[i].name);
        for (size_t k = 0; k < i && is_good; k++) {
            is_good = strcmp(attributes[k].name, attributes[i].name) != 0;
        }
        enum svc_status status = is_good ? check_value(&attributes[i].value) : SVC_INVALID_ARGUMENT;
        if (status != SVC_OK) {
            return awsc_fail(error, status, "%s %zu has a bad name or value", kind, i);
        }
        size += strlen(attributes[i].name) + value_size(&attributes[i].value);
        if (size > AWSC_MAX_DYNAMODB_ITEM_BYTES) {
            return awsc_fail(error, SVC_TOO_LARGE, "the %ss have more than %zu bytes", kind,
                             AWSC_MAX_DYNAMODB_ITEM_BYTES);
        }
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- writing */

static void write_value(struct svc_json_writer *writer, const struct awsc_dynamodb_value *value) {
    char digits[24];
    svc_json_begin_object(writer);
    switch (value->type) {
    case AWSC_DYNAMODB_STRING:
        svc_json_add_text(writer, "S", value->text);
        break;
    case AWSC_DYNAMODB_NUMBER:
        svc_json_add_text(writer, "N", value->text);
        break;
    case AWSC_DYNAMODB_INT:
        snprintf(digits, sizeof(digits), "%" PRId64, value->integer);
        svc_json_add_text(writer, "N", digits);
        break;
    case AWSC_DYNAMODB_BOOL:
        svc_json_add_bool(writer, "BOOL", value->is_true);
        break;
    case AWSC_DYNAMODB_BINARY:
        svc_json_add_base64(writer, "B", value->text, value->size_bytes);
        break;
    default:
        svc_json_add_bool(writer, "NULL", true);
        break;
    }
    svc_json_end_object(writer);
}

void awsc_dynamodb_write(struct svc_json_writer *writer, const char *name,
                         const struct awsc_dynamodb_attribute *attributes, size_t count) {
    if (count == 0) {
        return;
    }
    svc_json_name(writer, name);
    svc_json_begin_object(writer);
    for (size_t i = 0; i < count; i++) {
        svc_json_name(writer, attributes[i].name);
        write_value(writer, &attributes[i].value);
    }
    svc_json_end_object(writer);
}

/* ---------------------------------------------------------------------- reading */

void awsc_dynamodb_item_clear(struct awsc_dynamodb_item *item) {
    svc_json_free(item->document);
    memset(item, 0, sizeof(*item));
}

static const struct svc_json *find(const struct awsc_dynamodb_item *item, const char *name,
                                   const char *type) {
    return svc_json_get(svc_json_get(item->attributes, name), type);
}

enum awsc_dynamodb_type awsc_dynamodb_type_of(const struct awsc_dynamodb_item *item,
                                              const char *name) {
    static const struct {
        const char *name;
        enum awsc_dynamodb_type type;
    } types[] = {{"S", AWSC_DYNAMODB_STRING},
                 {"N", AWSC_DYNAMODB_NUMBER},
                 {"BOOL", AWSC_DYNAMODB_BOOL},
                 {"NULL", AWSC_DYNAMODB_NULL},
                 {"B", AWSC_DYNAMODB_BINARY}};
    const struct svc_json *value = svc_json_get(item->attributes, name);
    if (value == NULL) {
        return AWSC_DYNAMODB_ABSENT;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (svc_json_has(value, types[i].name)) {
            return types[i].type;
        }
    }
    return AWSC_DYNAMODB_OTHER;
}

const char *awsc_dynamodb_get_string(const struct awsc_dynamodb_item *item, const char *name) {
    return svc_json_text(find(item, name, "S"));
}

const char *awsc_dynamodb_get_number(const struct awsc_dynamodb_item *item, const char *name) {
    const char *text = svc_json_text(find(item, name, "N"));
    return awsc_is_number(text) ? text : NULL;
}

bool awsc_dynamodb_get_int(const struct awsc_dynamodb_item *item, const char *name,
                           int64_t *number) {
    const char *text = awsc_dynamodb_get_number(item, name);
    uint64_t value = 0;
    if (text == NULL) {
        return false;
    }
    bool is_negative = *text == '-';
    const uint64_t most = (uint64_t)INT64_MAX + is_negative;
    if (!svc_parse_uint(text + is_negative, most, &value)) {
        return false;
    }
    *number = !is_negative ? (int64_t)value : value == 0 ? 0 : -(int64_t)(value - 1) - 1;
    return true;
}

bool awsc_dynamodb_get_bool(const struct awsc_dynamodb_item *item, const char *name,
                            bool *is_true) {
    return svc_json_bool(find(item, name, "BOOL"), is_true);
}

enum svc_status awsc_dynamodb_get_binary(const struct awsc_dynamodb_item *item, const char *name,
                                         struct svc_buf *out) {
    const char *base64 = svc_json_text(find(item, name, "B"));
    return base64 == NULL ? SVC_NOT_FOUND : svc_base64_decode(base64, strlen(base64), out);
}
