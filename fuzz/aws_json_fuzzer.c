/* Any response of the services with JSON (SQS, SES, DynamoDB, Secrets Manager, Lambda, CodeDeploy),
 * to each operation: what is read is what the document says, what cannot be taken back is sent
 * once, and errors and logs are as fuzz_client.h checks them. */
#include <string.h>

#include "fuzz/support/fuzz_client.h"
#include "services/aws/codedeploy.h"
#include "services/aws/dynamodb.h"
#include "services/aws/lambda.h"
#include "services/aws/number.h"
#include "services/aws/secrets.h"
#include "services/aws/ses.h"
#include "services/aws/sqs.h"
#include "services/base/text.h"

#define QUEUE_URL "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"

/* The response's body; NULL: it is no document. svc_json_free. */
static struct svc_json *document_of(const struct fuzz_client *fuzz) {
    struct svc_json *document = NULL;
    svc_json_parse(fuzz->body, fuzz->body_bytes, 0, &document, NULL);
    return document;
}

static void check_member(const struct svc_json *object, const char *name, const char *text) {
    const char *expected = svc_json_get_text(object, name);
    FUZZ_CHECK((expected == NULL) == (text == NULL) && (!text || !strcmp(text, expected)),
               "%s is \"%s\"", name, text ? text : "(none)");
}

/* ---------------------------------------------------------------------- SQS */

static void check_attribute(const struct svc_json *attributes,
                            const struct awsc_sqs_attribute *attribute) {
    struct svc_buf base64;
    const struct svc_json *from = svc_json_get(attributes, attribute->name);
    svc_buf_init(&base64, (size_t)1 << 20);
    FUZZ_CHECK(attribute->value != NULL, "an attribute without its value");
    if (attribute->type == AWSC_SQS_BINARY) {
        svc_base64((const uint8_t *)attribute->value, attribute->value_bytes, &base64);
        check_member(from, "BinaryValue", svc_buf_text(&base64));
    } else {
        FUZZ_CHECK(attribute->value_bytes == strlen(attribute->value), "its size");
        check_member(from, "StringValue", attribute->value);
    }
    svc_buf_clear(&base64);
}

static void check_received(const struct awsc_sqs_received *received, const struct svc_json *body) {
    const struct svc_json *messages = svc_json_get(body, "Messages");
    FUZZ_CHECK(received->count <= AWSC_MAX_SQS_BATCH && received->count == svc_json_count(messages),
               "%zu messages", received->count);
    for (size_t i = 0; i < received->count; i++) {
        const struct awsc_sqs_received_message *message = &received->messages[i];
        const struct svc_json *from = svc_json_at(messages, i);
        check_member(from, "MessageId", message->message_id);
        check_member(from, "ReceiptHandle", message->receipt_handle);
        check_member(from, "Body", message->body);
        FUZZ_CHECK(message->message_id && message->receipt_handle && message->body,
                   "a message that cannot be handled");
        FUZZ_CHECK(message->receive_count >= 0 && message->sent_wall_ms >= 0, "a negative number");
        for (size_t k = 0; k < message->attribute_count; k++) {
            check_attribute(svc_json_get(from, "MessageAttributes"), &message->attributes[k]);
            FUZZ_CHECK(awsc_sqs_find_attribute(message, message->attributes[k].name) ==
                           &message->attributes[k],
                       "an attribute is not found");
        }
    }
}

static void receive(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct awsc_sqs_received received;
    const enum svc_status status =
        awsc_sqs_receive(fuzz->client, QUEUE_URL, 10, 0, &received, 0, error);
    fuzz_client_check(fuzz, status, error);
    if (status == SVC_OK) {
        struct svc_json *document = document_of(fuzz);
        check_received(&received, document);
        svc_json_free(document);
        awsc_sqs_received_clear(&received);
    }
}

static void send_message(struct fuzz_client *fuzz, struct awsc_error *error) {
    char id[AWSC_SQS_ID_BYTES] = "";
    const struct awsc_sqs_message message = {.body = "body", .send_once = true};
    const enum svc_status status = awsc_sqs_send(fuzz->client, QUEUE_URL, &message, id, 0, error);
    fuzz_client_check(fuzz, status, error);
    fuzz_client_check_once(fuzz, error);
    FUZZ_CHECK(strlen(id) < sizeof(id), "an id without its end");
}

/* Entries that the reply does not name are open, but never sent again. */
static void send_batch(struct fuzz_client *fuzz, struct awsc_error *error) {
    const struct awsc_sqs_message messages[3] = {
        {.body = "a", .send_once = true}, {.body = "b"}, {.body = "c"}};
    struct awsc_sqs_result results[3];
    const enum svc_status status =
        awsc_sqs_send_batch(fuzz->client, QUEUE_URL, messages, 3, results, 0, error);
    fuzz_client_check(fuzz, status, error);
    bool is_all = true;
    for (size_t i = 0; i < 3; i++) {
        is_all = is_all && results[i].status == SVC_OK;
        FUZZ_CHECK(results[i].status != SVC_INTERNAL, "INTERNAL");
        FUZZ_CHECK(strlen(results[i].message_id) < AWSC_SQS_ID_BYTES &&
                       strlen(results[i].code) < sizeof(results[i].code),
                   "a text without its end");
        FUZZ_CHECK(results[i].status != SVC_OK ||
                       (!results[i].maybe_done && results[i].code[0] == '\0'),
                   "a success with an error");
        FUZZ_CHECK(!svc_has_control(results[i].code), "a control character in a code");
        FUZZ_CHECK(!results[i].maybe_done || fuzz->requests == 1, "sent again, and may be done");
    }
    FUZZ_CHECK(is_all == (status == SVC_OK), "%s", svc_status_name(status));
}

static void delete_batch(struct fuzz_client *fuzz, struct awsc_error *error) {
    const char *const handles[2] = {"first", "second"};
    struct awsc_sqs_result results[2];
    const enum svc_status status =
        awsc_sqs_delete_batch(fuzz->client, QUEUE_URL, handles, 2, results, 0, error);
    fuzz_client_check(fuzz, status, error);
    FUZZ_CHECK((results[0].status == SVC_OK && results[1].status == SVC_OK) == (status == SVC_OK),
               "%s", svc_status_name(status));
}

/* ---------------------------------------------------------------------- the others */

static void send_mail(struct fuzz_client *fuzz, struct awsc_error *error) {
    char id[AWSC_SES_ID_BYTES];
    const char *const to[] = {"to@example.com"};
    const struct awsc_ses_email email = {
        .from = "from@example.com", .to = to, .to_count = 1, .subject = "s", .text = "t"};
    const enum svc_status status = awsc_ses_send(fuzz->client, &email, id, error);
    fuzz_client_check(fuzz, status, error);
    fuzz_client_check_once(fuzz, error);
    FUZZ_CHECK(strlen(id) < sizeof(id) && (status == SVC_OK || id[0] == '\0'), "an id");
    if (fuzz->failure == SVC_OK && fuzz->http_status >= 300)
        FUZZ_CHECK(!strchr(error->message, '@') || error->status == SVC_ACCESS_DENIED,
                   "a mailbox in an error: %s", error->message);
}

static bool check_value(void *user, const char *name, const struct svc_json *value) {
    const struct awsc_dynamodb_item *item = user;
    struct svc_buf binary, base64;
    int64_t number = 0;
    bool is_true = false;
    const char *text = awsc_dynamodb_get_number(item, name);
    svc_buf_init(&binary, (size_t)1 << 20);
    svc_buf_init(&base64, (size_t)1 << 20);
    const bool is_absent = awsc_dynamodb_type_of(item, name) == AWSC_DYNAMODB_ABSENT;
    FUZZ_CHECK(is_absent == (value == NULL), "present or not");
    check_member(value, "S", awsc_dynamodb_get_string(item, name));
    FUZZ_CHECK(!text || (awsc_is_number(text) && !strcmp(text, svc_json_get_text(value, "N"))),
               "not a number");
    if (awsc_dynamodb_get_int(item, name, &number))
        FUZZ_CHECK(text && strtoll(text, NULL, 10) == number && !strpbrk(text, ".eE"), "%s: %lld",
                   text, (long long)number);
    if (awsc_dynamodb_get_bool(item, name, &is_true))
        FUZZ_CHECK(svc_json_type(svc_json_get(value, "BOOL")) == SVC_JSON_BOOL, "no truth");
    if (awsc_dynamodb_get_binary(item, name, &binary) == SVC_OK) {
        svc_base64(binary.bytes, binary.size_bytes, &base64);
        check_member(value, "B", svc_buf_text(&base64));
    }
    svc_buf_clear(&binary);
    svc_buf_clear(&base64);
    return true;
}

static void get_item(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct awsc_dynamodb_item item;
    const struct awsc_dynamodb_attribute key = {"id", awsc_dynamodb_string("1")};
    const struct awsc_dynamodb_request request = {
        .table = "table", .attributes = &key, .attribute_count = 1};
    const enum svc_status status = awsc_dynamodb_get(fuzz->client, &request, &item, error);
    fuzz_client_check(fuzz, status, error);
    FUZZ_CHECK((status == SVC_OK) == (item.attributes != NULL), "an item or none: %s",
               svc_status_name(status));
    svc_json_members(item.attributes, check_value, &item);
    awsc_dynamodb_item_clear(&item);
}

static void put_item(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct awsc_dynamodb_item item;
    const struct awsc_dynamodb_attribute attribute = {"id", awsc_dynamodb_string("1")};
    const struct awsc_dynamodb_request request = {.table = "table",
                                                  .attributes = &attribute,
                                                  .attribute_count = 1,
                                                  .condition = "attribute_not_exists(id)",
                                                  .returns_refused = true,
                                                  .send_once = true};
    const enum svc_status status = awsc_dynamodb_put(fuzz->client, &request, &item, error);
    fuzz_client_check(fuzz, status, error);
    fuzz_client_check_once(fuzz, error);
    FUZZ_CHECK(!item.attributes || status == SVC_PRECONDITION_FAILED, "an item with %s",
               svc_status_name(status));
    svc_json_members(item.attributes, check_value, &item);
    awsc_dynamodb_item_clear(&item);
}

static void get_secret(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct svc_buf value;
    const struct awsc_secret_get get = {.name = "secret"};
    svc_buf_init(&value, AWSC_MAX_SECRET_VALUE_BYTES);
    for (int i = 0; i < 2; i++) { /* the second from the cache, if the first is there */
        svc_buf_reset(&value);
        fuzz->requests = 0;
        const enum svc_status status = awsc_secret_get(fuzz->client, &get, &value, error);
        fuzz_client_check(fuzz, status, error);
        FUZZ_CHECK(status != SVC_OK || i == 0 || fuzz->requests == 0, "asked again");
        if (status == SVC_OK) {
            struct svc_json *document = document_of(fuzz);
            size_t expected_bytes = 0;
            const char *expected =
                svc_json_bytes(svc_json_get(document, "SecretString"), &expected_bytes);
            FUZZ_CHECK(expected && expected_bytes == value.size_bytes &&
                           !memcmp(expected, svc_buf_text(&value), expected_bytes),
                       "another secret");
            svc_json_free(document);
        }
    }
    svc_buf_wipe(&value);
}

static void invoke(struct fuzz_client *fuzz, struct awsc_error *error) {
    struct awsc_lambda_result result;
    const struct awsc_lambda_invoke invoke = {.function = "name", .event = "{}", .event_bytes = 2};
    const enum svc_status status = awsc_lambda_invoke(fuzz->client, &invoke, &result, error);
    fuzz_client_check(fuzz, status, error);
    fuzz_client_check_once(fuzz, error);
    if (status == SVC_OK) {
        FUZZ_CHECK(result.payload.size_bytes == fuzz->body_bytes &&
                       !memcmp(svc_buf_text(&result.payload), fuzz->body, fuzz->body_bytes),
                   "another result");
        awsc_lambda_result_clear(&result);
    }
}

static void put_hook(struct fuzz_client *fuzz, struct awsc_error *error) {
    const struct awsc_codedeploy_hook hook = {.deployment_id = "d-1", .execution_id = "e"};
    fuzz_client_check(fuzz, awsc_codedeploy_put_hook_status(fuzz->client, &hook, error), error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    typedef void operation_fn(struct fuzz_client * fuzz, struct awsc_error * error);
    static operation_fn *const operations[] = {receive,   send_message, send_batch, delete_batch,
                                               send_mail, get_item,     put_item,   get_secret,
                                               invoke,    put_hook};
    struct fuzz_input input = {data, size_bytes};
    const uint8_t operation = fuzz_take_u8(&input);
    struct awsc_error error = {0};
    struct fuzz_client fuzz;
    fuzz_client_open(&fuzz, &input);
    operations[operation % (sizeof(operations) / sizeof(operations[0]))](&fuzz, &error);
    fuzz_client_close(&fuzz);
    return 0;
}
