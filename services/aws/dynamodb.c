/* The operations on items: see dynamodb.h. */
#include <string.h>

#include "services/aws/dynamodb_value.h"
#include "services/aws/json_call.h"
#include "services/base/text.h"

#define MAX_TABLE_BYTES 1024 /* an ARN's */
#define CONDITION_CODE  "ConditionalCheckFailedException"

/* What an operation has besides table and attributes. */
struct operation {
    const char *name;
    bool is_put, has_condition, has_update, has_projection;
    enum awsc_dynamodb_returns most_returned;
};

static const struct operation put_item = {
    .name = "PutItem",
    .is_put = true,
    .has_condition = true,
    .most_returned = AWSC_DYNAMODB_RETURNS_OLD,
};
static const struct operation update_item = {
    .name = "UpdateItem",
    .has_condition = true,
    .has_update = true,
    .most_returned = AWSC_DYNAMODB_RETURNS_NEW,
};
static const struct operation delete_item = {
    .name = "DeleteItem",
    .has_condition = true,
    .most_returned = AWSC_DYNAMODB_RETURNS_OLD,
};
static const struct operation get_item = {
    .name = "GetItem",
    .has_projection = true,
    .most_returned = AWSC_DYNAMODB_RETURNS_NOTHING,
};

/* ---------------------------------------------------------------------- checking */

#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"

static bool is_table(const char *table) {
    size_t size = table != NULL ? strlen(table) : 0;
    return size > 0 && size <= MAX_TABLE_BYTES && strspn(table, WORD "-.:/") == size;
}

/* "#name" or ":value". */
static bool is_placeholder(const char *text, char mark) {
    return text != NULL && text[0] == mark && text[1] != '\0' &&
           text[1 + strspn(text + 1, WORD)] == '\0';
}

static bool is_expression(const char *text, bool is_allowed) {
    return text == NULL ||
           (is_allowed && text[0] != '\0' && strlen(text) <= AWSC_MAX_DYNAMODB_EXPRESSION_BYTES &&
            svc_utf8_valid((const uint8_t *)text, strlen(text)));
}

static enum svc_status check_key(const struct awsc_dynamodb_request *request,
                                 struct awsc_error *error) {
    for (size_t i = 0; i < request->attribute_count; i++) {
        const struct awsc_dynamodb_value *value = &request->attributes[i].value;
        bool is_good = value->type == AWSC_DYNAMODB_INT || value->type == AWSC_DYNAMODB_NUMBER ||
                       (value->type == AWSC_DYNAMODB_STRING && value->text[0] != '\0') ||
                       (value->type == AWSC_DYNAMODB_BINARY && value->size_bytes > 0);
        if (!is_good || request->attribute_count > 2) {
            return awsc_fail(error, SVC_INVALID_ARGUMENT,
                             "a key has one or two strings, numbers or binaries");
        }
    }
    return SVC_OK;
}

static enum svc_status check_expressions(const struct operation *operation,
                                         const struct awsc_dynamodb_request *request,
                                         struct awsc_error *error) {
    bool is_good = is_expression(request->condition, operation->has_condition) &&
                   is_expression(request->update, operation->has_update) &&
                   is_expression(request->projection, operation->has_projection) &&
                   request->name_count <= AWSC_MAX_DYNAMODB_ATTRIBUTES;
    for (size_t i = 0; i < request->name_count && is_good; i++) {
        const char *value = request->names[i].value;
        is_good = is_placeholder(request->names[i].name, '#') && value != NULL &&
                  value[0] != '\0' && svc_utf8_valid((const uint8_t *)value, strlen(value));
        for (size_t k = 0; k < i && is_good; k++) {
            is_good = strcmp(request->names[k].name, request->names[i].name) != 0;
        }
    }
    for (size_t i = 0; i < request->value_count && is_good; i++) {
        is_good = is_placeholder(request->values[i].name, ':');
    }
    return is_good ? SVC_OK
                   : awsc_fail(error, SVC_INVALID_ARGUMENT,
                               "an expression, or one of its names or values, is not allowed");
}

static enum svc_status check_request(const struct operation *operation,
                                     const struct awsc_dynamodb_request *request, bool takes_item,
                                     struct awsc_error *error) {
    bool wants_item = request->returns != AWSC_DYNAMODB_RETURNS_NOTHING || request->returns_refused;
    if (!is_table(request->table)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "not the name of a table");
    }
    if (request->attribute_count == 0) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "an item has at least its key");
    }
    if (request->returns > operation->most_returned ||
        (request->returns_refused && request->condition == NULL) || (wants_item && !takes_item) ||
        (request->is_consistent && !operation->has_projection)) {
        return awsc_fail(error, SVC_INVALID_ARGUMENT, "%s cannot return that", operation->name);
    }
    enum svc_status status =
        awsc_dynamodb_check(request->attributes, request->attribute_count, "attribute", error);
    if (status == SVC_OK) {
        status = awsc_dynamodb_check(request->values, request->value_count, "value", error);
    }
    if (status == SVC_OK && !operation->is_put) {
        status = check_key(request, error);
    }
    return status == SVC_OK ? check_expressions(operation, request, error) : status;
}

/* ---------------------------------------------------------------------- requests */

static void add_expression(struct svc_json_writer *writer, const char *name, const char *text) {
    if (text != NULL) {
        svc_json_add_text(writer, name, text);
    }
}

static void write_request(struct svc_json_writer *writer, const struct operation *operation,
                          const struct awsc_dynamodb_request *request) {
    svc_json_add_text(writer, "TableName", request->table);
    awsc_dynamodb_write(writer, operation->is_put ? "Item" : "Key", request->attributes,
                        request->attribute_count);
    add_expression(writer, "ConditionExpression", request->condition);
    add_expression(writer, "UpdateExpression", request->update);
    add_expression(writer, "ProjectionExpression", request->projection);
    if (request->name_count > 0) {
        svc_json_name(writer, "ExpressionAttributeNames");
        svc_json_begin_object(writer);
        for (size_t i = 0; i < request->name_count; i++) {
            svc_json_add_text(writer, request->names[i].name, request->names[i].value);
        }
        svc_json_end_object(writer);
    }
    awsc_dynamodb_write(writer, "ExpressionAttributeValues", request->values, request->value_count);
    if (request->is_consistent) {
        svc_json_add_bool(writer, "ConsistentRead", true);
    }
    if (request->returns != AWSC_DYNAMODB_RETURNS_NOTHING) {
        svc_json_add_text(writer, "ReturnValues",
                          request->returns == AWSC_DYNAMODB_RETURNS_OLD ? "ALL_OLD" : "ALL_NEW");
    }
    if (request->returns_refused) {
        svc_json_add_text(writer, "ReturnValuesOnConditionCheckFailure", "ALL_OLD");
    }
}

/* A refused item makes the error's body as large as an item, more than is read of errors elsewhere:
 * code and item are taken from all of it. */
static void read_refusal(struct awsc_call *call, struct awsc_error *error) {
    struct awsc_json_call *json = call->user;
    const struct svc_buf *body = &call->exchange->body;
    if (!awsc_json_check_refusal(call, error) || call->exchange->http_status != 400) {
        return;
    }
    svc_json_free(json->response);
    json->response = NULL;
    enum svc_status status = svc_json_parse(body->bytes, body->size_bytes,
                                            (size_t)call->max_body_bytes, &json->response, NULL);
    if (status == SVC_NO_MEMORY) {
        awsc_fail(error, SVC_NO_MEMORY, "no memory for a refused item");
        return;
    }
    const char *type = svc_json_get_text(json->response, "__type");
    const char *code = type != NULL ? strrchr(type, '#') : NULL;
    if (code != NULL && strcmp(code + 1, CONDITION_CODE) == 0) {
        svc_copy_text(error->code, sizeof(error->code), CONDITION_CODE);
        error->status = SVC_PRECONDITION_FAILED;
    }
}

static enum svc_status run(struct awsc_client *client, const struct operation *operation,
                           const struct awsc_dynamodb_request *request,
                           struct awsc_dynamodb_item *item, struct awsc_error *error) {
    struct awsc_json_call json;
    struct awsc_error own;
    error = error != NULL ? error : &own;
    awsc_error_clear(error);
    if (item != NULL) {
        memset(item, 0, sizeof(*item));
    }
    enum svc_status status = check_request(operation, request, item != NULL, error);
    if (status != SVC_OK) {
        return status;
    }
    awsc_json_begin(&json, AWSC_DYNAMODB, operation->name, AWSC_MAX_DYNAMODB_JSON_BYTES);
    json.call.deadline_ms = request->deadline_ms;
    json.call.is_unrepeatable = request->send_once;
    json.call.max_body_bytes = AWSC_MAX_DYNAMODB_JSON_BYTES;
    if (request->returns_refused) {
        json.call.read_refusal = read_refusal;
    }
    write_request(&json.writer, operation, request);
    status = awsc_json_run(client, &json, error);
    if (item != NULL && (status == SVC_OK || status == SVC_PRECONDITION_FAILED)) {
        bool is_item = operation->has_projection || status != SVC_OK;
        item->attributes = svc_json_get(json.response, is_item ? "Item" : "Attributes");
        if (item->attributes != NULL) {
            item->document = json.response;
            json.response = NULL;
        }
    }
    awsc_json_end(client, &json);
    return status;
}

enum svc_status awsc_dynamodb_put(struct awsc_client *client,
                                  const struct awsc_dynamodb_request *request,
                                  struct awsc_dynamodb_item *item, struct awsc_error *error) {
    return run(client, &put_item, request, item, error);
}

enum svc_status awsc_dynamodb_update(struct awsc_client *client,
                                     const struct awsc_dynamodb_request *request,
                                     struct awsc_dynamodb_item *item, struct awsc_error *error) {
    return run(client, &update_item, request, item, error);
}

enum svc_status awsc_dynamodb_delete(struct awsc_client *client,
                                     const struct awsc_dynamodb_request *request,
                                     struct awsc_dynamodb_item *item, struct awsc_error *error) {
    return run(client, &delete_item, request, item, error);
}

enum svc_status awsc_dynamodb_get(struct awsc_client *client,
                                  const struct awsc_dynamodb_request *request,
                                  struct awsc_dynamodb_item *item, struct awsc_error *error) {
    enum svc_status status = run(client, &get_item, request, item, error);
    if (status == SVC_OK && item != NULL && item->attributes == NULL) {
        status = awsc_fail(error, SVC_NOT_FOUND, "no item with this key");
    }
    return status;
}
