/* A message: what SQS would refuse, how it is written, and the MD5s that SQS returns for it. */
#include <string.h>

#include "services/aws/number.h"
#include "services/aws/sqs_message.h"
#include "services/base/crypto.h"
#include "services/base/text.h"

#define MAX_NAME_BYTES 256
#define MAX_ID_BYTES   128

const char *awsc_sqs_type_name(enum awsc_sqs_type type) {
    return type == AWSC_SQS_BINARY ? "Binary" : type == AWSC_SQS_NUMBER ? "Number" : "String";
}

static size_t value_size(const struct awsc_sqs_attribute *attribute) {
    return attribute->type == AWSC_SQS_BINARY ? attribute->value_bytes : strlen(attribute->value);
}

size_t awsc_sqs_size(const struct awsc_sqs_message *message) {
    size_t size = strlen(message->body);
    for (size_t i = 0; i < message->attribute_count; i++) {
        const struct awsc_sqs_attribute *attribute = &message->attributes[i];
        size += strlen(attribute->name) + strlen(awsc_sqs_type_name(attribute->type)) +
                value_size(attribute);
    }
    return size;
}

/* ---------------------------------------------------------------------- what is refused */

/* UTF-8 of the characters that SQS takes, which are those of XML 1.0. */
static bool is_sqs_text(const char *text) {
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text);
    while (left > 0) {
        size_t length = svc_utf8_length(at, left);
        if (length == 0 ||
            (length == 1 && *at < 0x20 && *at != '\t' && *at != '\n' && *at != '\r') ||
            (length == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe)) { /* U+FFFE, U+FFFF */
            return false;
        }
        at += length;
        left -= length;
    }
    return true;
}

static bool is_attribute_name(const char *name) {
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
    size_t size = name != NULL ? strlen(name) : 0;
    return size > 0 && size <= MAX_NAME_BYTES && name[strspn(name, allowed)] == '\0' &&
           name[0] != '.' && name[size - 1] != '.' && strstr(name, "..") == NULL &&
           !svc_begins_nocase(name, "Amazon.") && !svc_begins_nocase(name, "AWS.");
}

static bool is_id(const char *id) {
    return id[0] != '\0' && strlen(id) <= MAX_ID_BYTES && svc_is_printable(id) &&
           strchr(id, ' ') == NULL;
}

static enum svc_status check_attributes(const struct awsc_sqs_message *message,
                                        struct awsc_error *error) {
    if (message->attribute_count > AWSC_MAX_SQS_ATTRIBUTES) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "a message has at most %d attributes",
                         AWSC_MAX_SQS_ATTRIBUTES);
    }
    for (size_t i = 0; i < message->attribute_count; i++) {
        const struct awsc_sqs_attribute *attribute = &message->attributes[i];
        bool is_good = is_attribute_name(attribute->name) && attribute->value != NULL &&
                       value_size(attribute) > 0 &&
                       (attribute->type != AWSC_SQS_NUMBER || awsc_is_number(attribute->value));
        for (size_t k = 0; k < i && is_good; k++) {
            is_good = strcmp(message->attributes[k].name, attribute->name) != 0;
        }
        if (!is_good) {
            return awsc_fail(error, SVC_INVALID_ARGUMENT,
                             "attribute %zu has no valid name or value", i);
        }
        if (attribute->type == AWSC_SQS_STRING && !is_sqs_text(attribute->value)) {
            return awsc_fail(error, SVC_MALFORMED, "attribute %zu has characters that SQS refuses",
                             i);
        }
    }
    return SVC_OK;
}

enum svc_status awsc_sqs_check(const struct awsc_sqs_message *message, struct awsc_error *error) {
    awsc_error_clear(error);
    if (message->body == NULL || message->body[0] == '\0' || message->delay_s < 0 ||
        message->delay_s > AWSC_SQS_MAX_DELAY_S) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT,
                         "a message has a body and a delay of 0 to %d s", AWSC_SQS_MAX_DELAY_S);
    }
    if ((message->group_id != NULL && !is_id(message->group_id)) ||
        (message->deduplication_id != NULL && !is_id(message->deduplication_id))) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT,
                         "a group or deduplication id has 1 to %d "
                         "printable ASCII characters",
                         MAX_ID_BYTES);
    }
    enum svc_status status = check_attributes(message, error);
    if (status != SVC_OK) {
        return status;
    }
    if (awsc_sqs_size(message) > AWSC_MAX_SQS_BYTES) {
        return awsc_fail(error, SVC_TOO_LARGE, "a message has at most %zu bytes",
                         AWSC_MAX_SQS_BYTES);
    }
    if (!is_sqs_text(message->body)) {
        return awsc_fail(error, SVC_MALFORMED,
                         "the body is not UTF-8 or has characters that SQS refuses");
    }
    return SVC_OK;
}

enum svc_status awsc_sqs_check_handle(const char *receipt_handle, int visibility_s,
                                      struct awsc_error *error) {
    if (receipt_handle == NULL || receipt_handle[0] == '\0' || visibility_s < 0 ||
        visibility_s > AWSC_SQS_MAX_VISIBILITY_S) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT,
                         "a receipt handle is needed, and a visibility timeout of 0 to %d s",
                         AWSC_SQS_MAX_VISIBILITY_S);
    }
    return SVC_OK;
}

/* ---------------------------------------------------------------------- writing */

static void write_attribute(struct svc_json_writer *writer,
                            const struct awsc_sqs_attribute *attribute) {
    svc_json_name(writer, attribute->name);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "DataType", awsc_sqs_type_name(attribute->type));
    if (attribute->type == AWSC_SQS_BINARY) {
        svc_json_add_base64(writer, "BinaryValue", attribute->value, attribute->value_bytes);
    } else {
        svc_json_add_text(writer, "StringValue", attribute->value);
    }
    svc_json_end_object(writer);
}

void awsc_sqs_write_message(struct svc_json_writer *writer,
                            const struct awsc_sqs_message *message) {
    svc_json_add_text(writer, "MessageBody", message->body);
    if (message->delay_s > 0) {
        svc_json_add_int(writer, "DelaySeconds", message->delay_s);
    }
    if (message->group_id != NULL) {
        svc_json_add_text(writer, "MessageGroupId", message->group_id);
    }
    if (message->deduplication_id != NULL) {
        svc_json_add_text(writer, "MessageDeduplicationId", message->deduplication_id);
    }
    if (message->attribute_count > 0) {
        svc_json_name(writer, "MessageAttributes");
        svc_json_begin_object(writer);
        for (size_t i = 0; i < message->attribute_count; i++) {
            write_attribute(writer, &message->attributes[i]);
        }
        svc_json_end_object(writer);
    }
}

/* ---------------------------------------------------------------------- MD5 */

static void add_counted(struct svc_hash *hash, const void *bytes, size_t size_bytes) {
    const uint8_t count[4] = {(uint8_t)(size_bytes >> 24), (uint8_t)(size_bytes >> 16),
                              (uint8_t)(size_bytes >> 8), (uint8_t)size_bytes};
    svc_hash_add(hash, count, sizeof(count));
    svc_hash_add(hash, bytes, size_bytes);
}

/* In the order of their names: each name, type and value with its size in front (32 bits,
 * big-endian), and 1 (text) or 2 (binary) before the value. */
static void hash_attributes(struct svc_hash *hash, const struct awsc_sqs_message *message) {
    const struct awsc_sqs_attribute *last = NULL;
    for (size_t n = 0; n < message->attribute_count; n++) {
        const struct awsc_sqs_attribute *next = NULL;
        for (size_t i = 0; i < message->attribute_count; i++) {
            const struct awsc_sqs_attribute *one = &message->attributes[i];
            if ((last == NULL || strcmp(one->name, last->name) > 0) &&
                (next == NULL || strcmp(one->name, next->name) < 0)) {
                next = one;
            }
        }
        if (next == NULL) {
            return;
        }
        const char *type = awsc_sqs_type_name(next->type);
        add_counted(hash, next->name, strlen(next->name));
        add_counted(hash, type, strlen(type));
        svc_hash_add(hash, next->type == AWSC_SQS_BINARY ? "\2" : "\1", 1);
        add_counted(hash, next->value, value_size(next));
        last = next;
    }
}

bool awsc_sqs_md5_fits(const struct svc_json *reply, const struct awsc_sqs_message *message) {
    const char *of_body = svc_json_get_text(reply, "MD5OfMessageBody");
    const char *of_attributes = svc_json_get_text(reply, "MD5OfMessageAttributes");
    uint8_t md5[SVC_MAX_HASH_BYTES];
    char hex[2 * SVC_MAX_HASH_BYTES + 1];
    size_t size = 0;
    struct svc_hash *hash = NULL;
    if (of_body != NULL) {
        if (svc_hash_of(SVC_HASH_MD5, message->body, strlen(message->body), md5, &size) != SVC_OK) {
            return true; /* a system without MD5 (FIPS) has only TLS to rely on */
        }
        svc_hex(md5, size, hex);
        if (strcmp(hex, of_body) != 0) {
            return false;
        }
    }
    if (of_attributes == NULL || message->attribute_count == 0 ||
        svc_hash_create(SVC_HASH_MD5, &hash) != SVC_OK) {
        return true;
    }
    hash_attributes(hash, message);
    bool is_same = true;
    if (svc_hash_finish(hash, md5, &size) == SVC_OK) {
        svc_hex(md5, size, hex);
        is_same = strcmp(hex, of_attributes) == 0;
    }
    svc_hash_destroy(hash);
    return is_same;
}
