/* Parsing of messages: see message.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/email/clean.h"
#include "services/email/message.h"
#include "services/email/url.h"
#include "services/email/value.h"

struct parse {
    struct email_message *message;
    struct email_error *error;
};

static enum svc_status missing(struct parse *parse, const char *path) {
    return email_refuse(parse->error, EMAIL_REASON_MISSING_FIELD, path,
                        "is required and missing or empty");
}

/* Texts are taken in turn from one block that was sized for all of them. */
static char *next_text(struct email_message *message, size_t size_bytes) {
    if (size_bytes >= message->texts_bytes - message->texts_used) {
        return NULL;
    }
    char *text = message->texts + message->texts_used;
    message->texts_used += size_bytes + 1;
    return text;
}

static enum svc_status read_text(struct parse *parse, const struct email_field *field,
                                 const char *path, const struct svc_json *json,
                                 struct email_value *value) {
    const char *text = svc_json_text(json);
    if (text == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path,
                            "is not a string, or contains U+0000");
    }
    size_t size = strlen(text);
    if (email_count_characters(text, size) > (size_t)field->high) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path,
                            "is longer than %lld characters", (long long)field->high);
    }
    char *copy = next_text(parse->message, size);
    if (copy == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_INTERNAL, path, "does not fit");
    }
    size_t cleaned = email_clean(text, size, field->type == EMAIL_LINES, copy);
    if (field->type == EMAIL_SUBJECT) {
        cleaned = email_drop_ad_marks(copy);
    }
    value->text = copy;
    value->is_set = cleaned > 0;
    return SVC_OK;
}

static enum svc_status read_url(struct parse *parse, const struct email_field *field,
                                const char *path, const struct svc_json *json,
                                struct email_value *value) {
    char url[EMAIL_URL_BYTES];
    const char *text = svc_json_text(json), *why = NULL;
    if (text == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path,
                            "is not a string, or contains U+0000");
    }
    if (*text == '\0') {
        return SVC_OK;
    }
    if (!email_url_check(text, strlen(text), (size_t)field->high, url, &why)) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path,
                            "is not a URL that a mail may link to: %s", why);
    }
    char *copy = next_text(parse->message, strlen(url));
    if (copy == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_INTERNAL, path, "does not fit");
    }
    memcpy(copy, url, strlen(url) + 1);
    value->text = copy;
    value->is_set = true;
    return SVC_OK;
}

/* A field that is not a list. */
static enum svc_status read_value(struct parse *parse, const struct email_field *field,
                                  const char *path, const struct svc_json *json,
                                  struct email_value *value) {
    enum svc_status status = SVC_OK;
    const char *why = NULL, *text = svc_json_text(json);
    if (svc_json_type(json) == SVC_JSON_NULL || (text != NULL && *text == '\0')) {
        /* An empty string stands for no value, whatever the type. */
    } else if (email_type_is_text(field->type)) {
        status = read_text(parse, field, path, json, value);
    } else if (field->type == EMAIL_URL) {
        status = read_url(parse, field, path, json, value);
    } else if (email_read_number(field, json, &value->number, &why)) {
        value->is_set = true;
    } else {
        status = email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path, "%s", why);
    }
    if (status == SVC_OK && !value->is_set && field->is_required) {
        status = missing(parse, path);
    }
    return status;
}

static enum svc_status read_item(struct parse *parse, const char *path, const struct svc_json *json,
                                 struct email_item *item) {
    if (svc_json_type(json) != SVC_JSON_OBJECT) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path, "is not an object");
    }
    struct email_value values[EMAIL_ITEM_FIELDS] = {{0}};
    for (size_t i = 0; i < EMAIL_ITEM_FIELDS; i++) {
        const struct email_field *field = &email_item_fields[i];
        char member[96];
        snprintf(member, sizeof(member), "%s.%s", path, field->name);
        enum svc_status status =
            read_value(parse, field, member, svc_json_get(json, field->name), &values[i]);
        if (status != SVC_OK) {
            return status;
        }
    }
    item->name = values[EMAIL_ITEM_NAME].text;
    item->quantity = values[EMAIL_ITEM_QUANTITY].number;
    item->price = values[EMAIL_ITEM_PRICE].number;
    return SVC_OK;
}

static enum svc_status read_items(struct parse *parse, const struct email_field *field,
                                  const char *path, const struct svc_json *json,
                                  struct email_value *value) {
    struct email_message *message = parse->message;
    size_t count = svc_json_count(json);
    if (svc_json_type(json) == SVC_JSON_NULL) {
        return field->is_required ? missing(parse, path) : SVC_OK;
    }
    if (svc_json_type(json) != SVC_JSON_ARRAY) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path, "is not an array");
    }
    if (count > (size_t)field->high) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, path,
                            "has more than %lld entries", (long long)field->high);
    }
    if (count == 0) {
        return SVC_OK;
    }
    message->items = calloc(count, sizeof(*message->items));
    if (message->items == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_NO_MEMORY, "", "no memory for a message");
    }
    for (size_t i = 0; i < count; i++) {
        char entry[72];
        snprintf(entry, sizeof(entry), "%s[%zu]", path, i);
        enum svc_status status = read_item(parse, entry, svc_json_at(json, i), &message->items[i]);
        if (status != SVC_OK) {
            return status;
        }
    }
    message->item_count = count;
    value->is_set = true;
    return SVC_OK;
}

static enum svc_status read_data(struct parse *parse, const struct svc_json *data) {
    const struct email_template_info *info = email_template_info(parse->message->template_id);
    enum svc_status status = SVC_OK;
    for (size_t i = 0; i < info->field_count && status == SVC_OK; i++) {
        const struct email_field *field = &info->fields[i];
        const struct svc_json *json = svc_json_get(data, field->name);
        char path[40];
        snprintf(path, sizeof(path), "data.%s", field->name);
        status = field->type == EMAIL_ITEM_LIST
                     ? read_items(parse, field, path, json, &parse->message->values[i])
                     : read_value(parse, field, path, json, &parse->message->values[i]);
    }
    return status;
}

/* ---------------------------------------------------------------------- the message's own fields
 */

static enum svc_status read_recipient(struct parse *parse, const struct svc_json *json) {
    size_t size = 0;
    const char *why = NULL, *text = svc_json_bytes(json, &size);
    if (svc_json_type(json) == SVC_JSON_NULL || (text != NULL && size == 0)) {
        return missing(parse, "toEmail");
    }
    if (text == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_ADDRESS, "toEmail", "is not a string");
    }
    if (!email_address_check(text, size, parse->message->to, &why)) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_ADDRESS, "toEmail",
                            "is not exactly one address: %s", why);
    }
    return SVC_OK;
}

static enum svc_status read_options(struct parse *parse, const struct svc_json *document) {
    struct email_message *message = parse->message;
    if (svc_json_get(document, "language") != NULL) {
        const char *language = svc_json_get_text(document, "language");
        if (language == NULL || !email_language_find(language, &message->language)) {
            return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, "language",
                                "is neither ko nor en");
        }
    }
    const struct svc_json *json = svc_json_get(document, "messageId");
    if (json == NULL) {
        return SVC_OK;
    }
    const char *id = svc_json_text(json);
    size_t size = id != NULL ? strlen(id) : 0;
    bool is_good = size >= 1 && size <= EMAIL_MAX_ID_BYTES;
    for (size_t i = 0; i < size && is_good; i++) {
        is_good = id[i] > 0x20 && id[i] < 0x7f;
    }
    if (!is_good) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, "messageId",
                            "is not 1 to %zu printable ASCII characters without blanks",
                            EMAIL_MAX_ID_BYTES);
    }
    memcpy(message->id, id, size + 1);
    return SVC_OK;
}

static enum svc_status read_message(struct parse *parse, const struct svc_json *document,
                                    size_t size_bytes) {
    struct email_message *message = parse->message;
    if (svc_json_type(document) != SVC_JSON_OBJECT) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_JSON, "",
                            "the body is not a JSON object");
    }
    if (svc_json_get(document, "template") == NULL) {
        return missing(parse, "template");
    }
    const char *name = svc_json_get_text(document, "template");
    if (name == NULL || !email_template_find(name, &message->template_id)) {
        return email_refuse(parse->error, EMAIL_REASON_UNKNOWN_TEMPLATE, "template",
                            "is not the name of a template");
    }
    enum svc_status status = read_recipient(parse, svc_json_get(document, "toEmail"));
    if (status == SVC_OK) {
        status = read_options(parse, document);
    }
    if (status != SVC_OK) {
        return status;
    }
    const struct svc_json *data = svc_json_get(document, "data");
    if (data == NULL) {
        return missing(parse, "data");
    }
    if (svc_json_type(data) != SVC_JSON_OBJECT) {
        return email_refuse(parse->error, EMAIL_REASON_BAD_FIELD, "data", "is not an object");
    }
    /* Texts only shrink, and in JSON each takes two quotes more; URLs may grow. */
    message->texts_bytes = size_bytes + 2 * EMAIL_URL_BYTES;
    message->texts = malloc(message->texts_bytes);
    if (message->texts == NULL) {
        return email_refuse(parse->error, EMAIL_REASON_NO_MEMORY, "", "no memory for a message");
    }
    return read_data(parse, data);
}

enum svc_status email_message_read(const struct svc_json *document, size_t size_bytes,
                                   struct email_message *message, struct email_error *error) {
    struct parse parse = {message, error};
    memset(message, 0, sizeof(*message));
    email_error_clear(error);
    enum svc_status status = read_message(&parse, document, size_bytes);
    if (status != SVC_OK) {
        email_message_clear(message);
    }
    return status;
}

bool email_has_too_many_values(const char *text, size_t size_bytes) {
    return svc_json_exceeds(text, size_bytes, EMAIL_MAX_MESSAGE_CONTAINERS,
                            EMAIL_MAX_MESSAGE_VALUES);
}

enum svc_status email_message_parse(const void *bytes, size_t size_bytes,
                                    struct email_message *message, struct email_error *error) {
    struct svc_json *document = NULL;
    struct svc_error fault;
    memset(message, 0, sizeof(*message));
    svc_error_clear(&fault);
    if (size_bytes <= EMAIL_MAX_MESSAGE_BYTES && email_has_too_many_values(bytes, size_bytes)) {
        return email_refuse(error, EMAIL_REASON_TOO_LARGE, "",
                            "a message with more than %zu objects and lists, or %zu values",
                            EMAIL_MAX_MESSAGE_CONTAINERS, EMAIL_MAX_MESSAGE_VALUES);
    }
    enum svc_status status =
        svc_json_parse(bytes, size_bytes, EMAIL_MAX_MESSAGE_BYTES, &document, &fault);
    if (status == SVC_NO_MEMORY) {
        return email_refuse(error, EMAIL_REASON_NO_MEMORY, "", "no memory for a message");
    }
    if (status != SVC_OK) {
        return email_refuse(
            error, status == SVC_TOO_LARGE ? EMAIL_REASON_TOO_LARGE : EMAIL_REASON_BAD_JSON, "",
            "%s", fault.detail);
    }
    status = email_message_read(document, size_bytes, message, error);
    svc_json_free(document);
    return status;
}

void email_message_clear(struct email_message *message) {
    free(message->items);
    free(message->texts);
    memset(message, 0, sizeof(*message));
}

const struct email_value *email_message_value(const struct email_message *message,
                                              const char *name) {
    int index = email_field_find(email_template_info(message->template_id), name);
    return index >= 0 && message->values[index].is_set ? &message->values[index] : NULL;
}

bool email_message_expired(const struct email_message *message, int64_t queued_at_ms,
                           int64_t now_ms) {
    const struct email_value *minutes = message->template_id == EMAIL_PASSWORD_RESET
                                            ? email_message_value(message, "expiresIn")
                                            : NULL;
    return minutes != NULL && now_ms - queued_at_ms >= minutes->number * 60000;
}
