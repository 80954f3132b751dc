/* A function of the tests' own that keeps items in DynamoDB, by services/aws/dynamodb.h:
 *
 *   {"do":"put","table":T,"id":I,"owner":O}     if there is none yet
 *   {"do":"get","table":T,"id":I}
 *   {"do":"update","table":T,"id":I,"from":S,"to":S}   the state, if it is `from`
 *   {"do":"delete","table":T,"id":I,"from":S}   if the state is `from`
 *
 * The result has the status, what the error holds, and the item: the refused one after
 * PRECONDITION_FAILED, null if there is none. */
#include <string.h>

#include "lambda/clients/clients.h"
#include "lambda/runtime/runtime.h"
#include "services/aws/dynamodb.h"
#include "services/base/json.h"
#include "services/base/text.h"

struct store {
    struct awsc_client *aws;
};

/* Bytes that are no text. */
static const uint8_t digest[] = {0x00, 0xff, 0x80, '"'};

static void write_item(struct svc_json_writer *writer, const struct awsc_dynamodb_item *item) {
    int64_t tries = -1;
    bool is_paid = false;
    struct svc_buf bytes, text;
    svc_json_name(writer, "item");
    if (item->attributes == NULL) {
        svc_json_put_null(writer);
        return;
    }
    svc_buf_init(&bytes, 100);
    svc_buf_init(&text, 200);
    svc_json_begin_object(writer);
    svc_json_add_text(writer, "id", awsc_dynamodb_get_string(item, "id"));
    svc_json_add_text(writer, "owner", awsc_dynamodb_get_string(item, "owner"));
    svc_json_add_text(writer, "state", awsc_dynamodb_get_string(item, "state"));
    svc_json_add_text(writer, "amount", awsc_dynamodb_get_number(item, "amount"));
    (void)awsc_dynamodb_get_int(item, "tries", &tries);
    svc_json_add_int(writer, "tries", tries);
    (void)awsc_dynamodb_get_bool(item, "paid", &is_paid);
    svc_json_add_bool(writer, "paid", is_paid);
    if (awsc_dynamodb_get_binary(item, "digest", &bytes) == SVC_OK) {
        svc_base64(bytes.bytes, bytes.size_bytes, &text);
    }
    svc_json_add_text(writer, "digest", svc_buf_text(&text));
    svc_json_end_object(writer);
    svc_buf_clear(&text);
    svc_buf_clear(&bytes);
}

static void write_result(enum svc_status status, const struct awsc_error *error,
                         const struct awsc_dynamodb_item *item, struct svc_buf *out) {
    struct svc_json_writer writer;
    svc_json_writer_init(&writer, out);
    svc_json_begin_object(&writer);
    svc_json_add_text(&writer, "status", svc_status_name(status));
    svc_json_add_text(&writer, "code", error->code);
    svc_json_add_bool(&writer, "maybeDone", error->maybe_done);
    write_item(&writer, item);
    svc_json_end_object(&writer);
}

static enum svc_status put(struct awsc_client *aws, const struct svc_json *event,
                           struct awsc_dynamodb_request *request, struct awsc_dynamodb_item *item,
                           struct awsc_error *error) {
    const struct awsc_dynamodb_attribute attributes[] = {
        {"id", awsc_dynamodb_string(svc_json_get_text(event, "id"))},
        {"owner", awsc_dynamodb_string(svc_json_get_text(event, "owner"))},
        {"state", awsc_dynamodb_string("started")},
        {"amount", awsc_dynamodb_number("1234567890.12345678901234567890")},
        {"tries", awsc_dynamodb_int(INT64_C(9007199254740993))}, /* not a double */
        {"paid", awsc_dynamodb_bool(true)},
        {"digest", awsc_dynamodb_binary(digest, sizeof(digest))},
    };
    request->attributes = attributes;
    request->attribute_count = sizeof(attributes) / sizeof(attributes[0]);
    request->condition = "attribute_not_exists(id)";
    return awsc_dynamodb_put(aws, request, item, error);
}

/* A change of an item in the state `from`: an update to the state `to`, or without it a delete. */
static enum svc_status change(struct awsc_client *aws, const struct svc_json *event,
                              struct awsc_dynamodb_request *request,
                              struct awsc_dynamodb_item *item, struct awsc_error *error) {
    static const struct awsc_param names[] = {{"#state", "state"}}; /* a reserved word */
    const char *to = svc_json_get_text(event, "to");
    const struct awsc_dynamodb_attribute values[] = {
        {":from", awsc_dynamodb_string(svc_json_get_text(event, "from"))},
        {":to", awsc_dynamodb_string(to)},
    };
    request->condition = "#state = :from";
    request->names = names;
    request->name_count = 1;
    request->values = values;
    request->value_count = to != NULL ? 2 : 1;
    if (to == NULL) {
        request->returns = AWSC_DYNAMODB_RETURNS_OLD;
        return awsc_dynamodb_delete(aws, request, item, error);
    }
    request->update = "SET #state = :to";
    request->returns = AWSC_DYNAMODB_RETURNS_NEW;
    return awsc_dynamodb_update(aws, request, item, error);
}

static void handle(void *self, const struct lrt_invocation *invocation, struct lrt_result *result) {
    const struct store *store = self;
    struct svc_json *event = lrt_parse_event(invocation, result, "Store.Malformed");
    const char *what = svc_json_get_text(event, "do");
    const struct awsc_dynamodb_attribute key = {
        "id", awsc_dynamodb_string(svc_json_get_text(event, "id"))};
    struct awsc_dynamodb_request request = {
        .table = svc_json_get_text(event, "table"),
        .attributes = &key,
        .attribute_count = 1,
    };
    struct awsc_dynamodb_item item = {0};
    struct awsc_error error = {0};
    enum svc_status status;
    lrt_aws_client_begin(store->aws, invocation);
    if (what != NULL && strcmp(what, "get") == 0) {
        request.is_consistent = true;
        status = awsc_dynamodb_get(store->aws, &request, &item, &error);
    } else {
        request.returns_refused = true;
        status = what != NULL && strcmp(what, "put") == 0
                     ? put(store->aws, event, &request, &item, &error)
                     : change(store->aws, event, &request, &item, &error);
    }
    write_result(status, &error, &item, &result->body);
    awsc_dynamodb_item_clear(&item);
    svc_json_free(event);
}

static enum svc_status create(const struct lrt_services *services, void **self,
                              struct svc_error *error) {
    struct store *store = *self;
    return lrt_aws_client_create(services, &store->aws, error);
}

static void destroy(void *self) {
    struct store *store = self;
    awsc_client_destroy(store->aws);
}

int main(int argc, char **argv) {
    static const struct lrt_function function = {
        .name = "test-store",
        .help = "\nKeeps items in DynamoDB.\n",
        .self_bytes = sizeof(struct store),
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return lrt_main(&function, argc, argv);
}
