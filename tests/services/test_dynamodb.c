/* DynamoDB against a server that checks requests by the service's model and evaluates conditions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/dynamodb.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

#define TABLES                                                                                     \
    "{\"tables\":{\"locks\":{\"key\":[\"id\"],\"items\":[]},"                                      \
    "\"events\":{\"key\":[\"order\",\"at\"],\"items\":[]}}}"

static struct awsc_dynamodb_attribute key[1];

/* A request on the item of table locks with this id. */
static struct awsc_dynamodb_request request_for(const char *id) {
    key[0] = (struct awsc_dynamodb_attribute){"id", awsc_dynamodb_string(id)};
    return (struct awsc_dynamodb_request){
        .table = "locks", .attributes = key, .attribute_count = 1};
}

static enum svc_status put_owner(const char *id, const char *owner, int64_t until,
                                 const char *condition) {
    const struct awsc_dynamodb_attribute item[] = {{"id", awsc_dynamodb_string(id)},
                                                   {"owner_id", awsc_dynamodb_string(owner)},
                                                   {"until", awsc_dynamodb_int(until)}};
    const struct awsc_dynamodb_request request = {
        .table = "locks", .attributes = item, .attribute_count = 3, .condition = condition};
    struct awsc_error error;
    enum svc_status status = awsc_dynamodb_put(f.client, &request, NULL, &error);
    assert_true(status == SVC_OK || error.status == status);
    return status;
}

static size_t item_count(void) {
    aws_set(&f, "{}");
    return svc_json_count(
        svc_json_get(svc_json_get(svc_json_get(f.report, "tables"), "locks"), "items"));
}

/* The owner in the table, compared. */
static void expect_owner(const char *id, const char *owner) {
    struct awsc_dynamodb_request request = request_for(id);
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    request.is_consistent = true;
    assert_int_equal(awsc_dynamodb_get(f.client, &request, &item, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&item, "owner_id"), owner);
    awsc_dynamodb_item_clear(&item);
}

/* ---------------------------------------------------------------------- values */

static void test_values_come_back_as_they_went(void **state) {
    (void)state;
    static const char text[] = "\xed\x95\x9c \"quoted\"\n\x01\t\xf0\x9f\x98\x80";
    static const char number[] = "-1234567890123456789012345678.9012345678";
    static const uint8_t bytes[] = {0, 1, 0xff, 0x80, '"'};
    const struct awsc_dynamodb_attribute attributes[] = {
        {"id", awsc_dynamodb_string("values")},
        {"text", awsc_dynamodb_string(text)},
        {"empty", awsc_dynamodb_string("")},
        {"number", awsc_dynamodb_number(number)},
        {"exponent", awsc_dynamodb_number("12.5e3")},
        {"least", awsc_dynamodb_int(INT64_MIN)},
        {"most", awsc_dynamodb_int(INT64_MAX)},
        {"zero", awsc_dynamodb_int(0)},
        {"too much", awsc_dynamodb_number("9223372036854775808")},
        {"too little", awsc_dynamodb_number("-9223372036854775809")},
        {"half", awsc_dynamodb_number("0.5")},
        {"yes", awsc_dynamodb_bool(true)},
        {"no", awsc_dynamodb_bool(false)},
        {"null", awsc_dynamodb_null()},
        {"bytes", awsc_dynamodb_binary(bytes, sizeof(bytes))},
        {"no bytes", awsc_dynamodb_binary(NULL, 0)},
        {"\xed\x95\x9c", awsc_dynamodb_string("x")},
    };
    const struct awsc_dynamodb_request put = {.table = "locks",
                                              .attributes = attributes,
                                              .attribute_count =
                                                  sizeof(attributes) / sizeof(attributes[0])};
    struct awsc_dynamodb_request get = request_for("values");
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    struct svc_buf binary;
    int64_t value = 7;
    bool is_true = false;
    assert_int_equal(awsc_dynamodb_put(f.client, &put, NULL, &error), SVC_OK);
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&item, "text"), text);
    assert_string_equal(awsc_dynamodb_get_string(&item, "empty"), "");
    assert_string_equal(awsc_dynamodb_get_string(&item, "\xed\x95\x9c"), "x");
    assert_string_equal(awsc_dynamodb_get_number(&item, "number"), number);
    assert_string_equal(awsc_dynamodb_get_number(&item, "exponent"), "12500");
    assert_true(awsc_dynamodb_get_int(&item, "exponent", &value) && value == 12500);
    assert_true(awsc_dynamodb_get_int(&item, "least", &value) && value == INT64_MIN);
    assert_true(awsc_dynamodb_get_int(&item, "most", &value) && value == INT64_MAX);
    assert_true(awsc_dynamodb_get_int(&item, "zero", &value) && value == 0);
    static const char *const no_ints[] = {"number", "too much", "too little", "half",
                                          "text",   "absent",   "yes"};
    value = 7;
    for (size_t i = 0; i < sizeof(no_ints) / sizeof(no_ints[0]); i++) {
        assert_false(awsc_dynamodb_get_int(&item, no_ints[i], &value));
    }
    assert_int_equal(value, 7);
    assert_true(awsc_dynamodb_get_bool(&item, "yes", &is_true) && is_true);
    assert_true(awsc_dynamodb_get_bool(&item, "no", &is_true) && !is_true);
    assert_false(awsc_dynamodb_get_bool(&item, "text", &is_true));
    assert_int_equal(awsc_dynamodb_type_of(&item, "null"), AWSC_DYNAMODB_NULL);
    assert_int_equal(awsc_dynamodb_type_of(&item, "yes"), AWSC_DYNAMODB_BOOL);
    assert_int_equal(awsc_dynamodb_type_of(&item, "text"), AWSC_DYNAMODB_STRING);
    assert_int_equal(awsc_dynamodb_type_of(&item, "least"), AWSC_DYNAMODB_NUMBER);
    assert_int_equal(awsc_dynamodb_type_of(&item, "bytes"), AWSC_DYNAMODB_BINARY);
    assert_int_equal(awsc_dynamodb_type_of(&item, "absent"), AWSC_DYNAMODB_ABSENT);
    assert_null(awsc_dynamodb_get_string(&item, "number"));
    assert_null(awsc_dynamodb_get_number(&item, "text"));
    svc_buf_init(&binary, 100);
    assert_int_equal(awsc_dynamodb_get_binary(&item, "bytes", &binary), SVC_OK);
    assert_int_equal(binary.size_bytes, sizeof(bytes));
    assert_memory_equal(binary.bytes, bytes, sizeof(bytes));
    assert_int_equal(awsc_dynamodb_get_binary(&item, "text", &binary), SVC_NOT_FOUND);
    svc_buf_clear(&binary);
    awsc_dynamodb_item_clear(&item);
    assert_null(awsc_dynamodb_get_string(&item, "text"));
    assert_int_equal(awsc_dynamodb_type_of(&item, "text"), AWSC_DYNAMODB_ABSENT);
}

/* What another writer stored: kinds that are not read, and values that make no sense. */
static void test_values_of_others_are_read_with_care(void **state) {
    (void)state;
    struct awsc_dynamodb_request get = request_for("a");
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    struct svc_buf binary;
    int64_t value = 0;
    aws_set(&f, "{\"tables\":{\"locks\":{\"key\":[\"id\"],\"items\":[{\"id\":{\"S\":\"a\"},"
                "\"map\":{\"M\":{\"x\":{\"N\":\"1\"}}},\"list\":{\"L\":[]},"
                "\"set\":{\"SS\":[\"x\"]},\"nul\":{\"S\":\"a\\u0000b\"},\"odd\":{\"N\":\"1x\"},"
                "\"minus\":{\"N\":\"-0\"},\"bad\":{\"B\":\"%%%\"},\"text\":\"bare\"}]}}}");
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_OK);
    assert_int_equal(awsc_dynamodb_type_of(&item, "map"), AWSC_DYNAMODB_OTHER);
    assert_int_equal(awsc_dynamodb_type_of(&item, "list"), AWSC_DYNAMODB_OTHER);
    assert_int_equal(awsc_dynamodb_type_of(&item, "set"), AWSC_DYNAMODB_OTHER);
    assert_int_equal(awsc_dynamodb_type_of(&item, "text"), AWSC_DYNAMODB_OTHER);
    assert_null(awsc_dynamodb_get_string(&item, "nul"));
    assert_null(awsc_dynamodb_get_string(&item, "text"));
    assert_null(awsc_dynamodb_get_number(&item, "odd"));
    assert_true(awsc_dynamodb_get_int(&item, "minus", &value) && value == 0);
    svc_buf_init(&binary, 100);
    assert_int_equal(awsc_dynamodb_get_binary(&item, "bad", &binary), SVC_MALFORMED);
    svc_buf_clear(&binary);
    awsc_dynamodb_item_clear(&item);
}

/* ---------------------------------------------------------------------- conditions */

static void test_only_the_first_put_of_an_item_succeeds(void **state) {
    (void)state;
    assert_int_equal(put_owner("job", "first", 100, "attribute_not_exists(id)"), SVC_OK);
    assert_int_equal(put_owner("job", "second", 200, "attribute_not_exists(id)"),
                     SVC_PRECONDITION_FAILED);
    expect_owner("job", "first");
    assert_int_equal(aws_requests(&f), 3); /* none was tried again */
    assert_int_equal(put_owner("job", "third", 300, NULL), SVC_OK);
    expect_owner("job", "third");
}

/* A lock that is free, or whose holder is late, is taken over. */
static void test_a_condition_compares_with_values(void **state) {
    (void)state;
    static const struct awsc_param names[] = {{"#o", "owner_id"}, {"#u", "until"}};
    const struct awsc_dynamodb_attribute item[] = {{"id", awsc_dynamodb_string("job")},
                                                   {"owner_id", awsc_dynamodb_string("new")},
                                                   {"until", awsc_dynamodb_int(900)}};
    struct awsc_dynamodb_attribute values[] = {{":now", awsc_dynamodb_int(99)},
                                               {":me", awsc_dynamodb_string("new")}};
    struct awsc_dynamodb_request put = {
        .table = "locks",
        .attributes = item,
        .attribute_count = 3,
        .condition = "attribute_not_exists(id) OR #u < :now OR (#o = :me AND #u = :now)",
        .names = names,
        .name_count = 2,
        .values = values,
        .value_count = 2,
        .returns_refused = true};
    struct awsc_dynamodb_item refused;
    struct awsc_error error;
    int64_t until = 0;
    assert_int_equal(put_owner("job", "old", 100, NULL), SVC_OK);
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_PRECONDITION_FAILED);
    assert_string_equal(error.code, "ConditionalCheckFailedException");
    assert_string_equal(error.service, "dynamodb");
    assert_string_equal(error.operation, "PutItem");
    assert_false(error.retryable || error.maybe_done);
    assert_string_equal(awsc_dynamodb_get_string(&refused, "owner_id"), "old");
    assert_true(awsc_dynamodb_get_int(&refused, "until", &until) && until == 100);
    awsc_dynamodb_item_clear(&refused);
    values[0].value = awsc_dynamodb_number("100.5");
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_OK);
    assert_null(refused.attributes);
    expect_owner("job", "new");
    values[0].value = awsc_dynamodb_int(900); /* the third alternative */
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_OK);
    values[1].value = awsc_dynamodb_string("other");
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_PRECONDITION_FAILED);
    awsc_dynamodb_item_clear(&refused);
    /* A condition that needs an item, where there is none: nothing to return. */
    put.condition = "attribute_exists(id) AND #u < :now AND #o = :me";
    const struct awsc_dynamodb_attribute absent[] = {{"id", awsc_dynamodb_string("absent")}};
    put.attributes = absent;
    put.attribute_count = 1;
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_PRECONDITION_FAILED);
    assert_null(refused.attributes);
    awsc_dynamodb_item_clear(&refused);
}

/* A refused item of 400 KiB is more than is read of errors elsewhere. */
static void test_a_large_refused_item_comes_back(void **state) {
    (void)state;
    struct awsc_dynamodb_item refused;
    struct awsc_error error;
    size_t size = AWSC_MAX_DYNAMODB_ITEM_BYTES - 20;
    char *large = malloc(size + 1);
    assert_non_null(large);
    memset(large, '"', size);
    large[size] = '\0';
    struct awsc_dynamodb_attribute item[] = {{"id", awsc_dynamodb_string("large")},
                                             {"text", awsc_dynamodb_string(large)}};
    struct awsc_dynamodb_request put = {.table = "locks",
                                        .attributes = item,
                                        .attribute_count = 2,
                                        .condition = "attribute_not_exists(id)",
                                        .returns_refused = true};
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_OK);
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_PRECONDITION_FAILED);
    assert_string_equal(error.code, "ConditionalCheckFailedException");
    assert_string_equal(awsc_dynamodb_get_string(&refused, "text"), large);
    awsc_dynamodb_item_clear(&refused);
    free(large);
    /* A little more is refused before it is sent. */
    aws_requests(&f);
    large = malloc(AWSC_MAX_DYNAMODB_ITEM_BYTES);
    assert_non_null(large);
    memset(large, 'x', AWSC_MAX_DYNAMODB_ITEM_BYTES);
    large[AWSC_MAX_DYNAMODB_ITEM_BYTES - 1] = '\0';
    item[1].value = awsc_dynamodb_string(large);
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_TOO_LARGE);
    assert_int_equal(aws_requests(&f), 0);
    free(large);
}

/* ---------------------------------------------------------------------- the operations */

static void test_an_item_is_updated_in_place(void **state) {
    (void)state;
    static const struct awsc_param names[] = {{"#s", "status"}};
    struct awsc_dynamodb_attribute values[] = {{":one", awsc_dynamodb_int(1)},
                                               {":sent", awsc_dynamodb_string("SENT")}};
    struct awsc_dynamodb_request update = request_for("mail");
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    int64_t count = 0;
    update.update = "SET #s = :sent, attempts = if_not_exists(attempts, :one) + :one REMOVE note";
    update.names = names;
    update.name_count = 1;
    update.values = values;
    update.value_count = 2;
    update.returns = AWSC_DYNAMODB_RETURNS_NEW;
    /* There is none yet: it is made. */
    assert_int_equal(awsc_dynamodb_update(f.client, &update, &item, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&item, "id"), "mail");
    assert_true(awsc_dynamodb_get_int(&item, "attempts", &count) && count == 2);
    awsc_dynamodb_item_clear(&item);
    values[1].value = awsc_dynamodb_string("DONE");
    update.returns = AWSC_DYNAMODB_RETURNS_OLD;
    assert_int_equal(awsc_dynamodb_update(f.client, &update, &item, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&item, "status"), "SENT");
    awsc_dynamodb_item_clear(&item);
    update.condition = "#s = :sent AND attempts > :one";
    assert_int_equal(awsc_dynamodb_update(f.client, &update, &item, &error), SVC_OK);
    awsc_dynamodb_item_clear(&item);
    values[1].value = awsc_dynamodb_string("OTHER");
    assert_int_equal(awsc_dynamodb_update(f.client, &update, &item, &error),
                     SVC_PRECONDITION_FAILED);
    assert_null(item.attributes); /* it was not requested */
    update.returns = AWSC_DYNAMODB_RETURNS_NOTHING;
    update.condition = NULL;
    update.update = "ADD attempts :one";
    update.name_count = 0;
    update.value_count = 1;
    assert_int_equal(awsc_dynamodb_update(f.client, &update, NULL, &error), SVC_OK);
    struct awsc_dynamodb_request get = request_for("mail");
    get.projection = "attempts, #s";
    get.names = names;
    get.name_count = 1;
    get.is_consistent = true;
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_OK);
    assert_true(awsc_dynamodb_get_int(&item, "attempts", &count) && count == 5);
    assert_string_equal(awsc_dynamodb_get_string(&item, "status"), "DONE");
    assert_null(awsc_dynamodb_get_string(&item, "id"));
    awsc_dynamodb_item_clear(&item);
}

static void test_an_item_is_deleted_under_a_condition(void **state) {
    (void)state;
    const struct awsc_dynamodb_attribute values[] = {{":me", awsc_dynamodb_string("second")}};
    struct awsc_dynamodb_request drop = request_for("job");
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    assert_int_equal(put_owner("job", "first", 100, NULL), SVC_OK);
    drop.condition = "owner_id = :me";
    drop.values = values;
    drop.value_count = 1;
    drop.returns = AWSC_DYNAMODB_RETURNS_OLD;
    drop.returns_refused = true;
    assert_int_equal(awsc_dynamodb_delete(f.client, &drop, &item, &error), SVC_PRECONDITION_FAILED);
    assert_string_equal(awsc_dynamodb_get_string(&item, "owner_id"), "first");
    awsc_dynamodb_item_clear(&item);
    assert_int_equal(item_count(), 1);
    assert_int_equal(put_owner("job", "second", 100, NULL), SVC_OK);
    assert_int_equal(awsc_dynamodb_delete(f.client, &drop, &item, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&item, "owner_id"), "second");
    awsc_dynamodb_item_clear(&item);
    assert_int_equal(item_count(), 0);
    struct awsc_dynamodb_request again = request_for("job");
    assert_int_equal(awsc_dynamodb_delete(f.client, &again, NULL, &error), SVC_OK);
    assert_int_equal(awsc_dynamodb_get(f.client, &again, &item, &error), SVC_NOT_FOUND);
    assert_null(item.attributes);
    assert_string_equal(error.code, "");
}

static void test_a_key_has_one_or_two_parts(void **state) {
    (void)state;
    const struct awsc_dynamodb_attribute item[] = {{"order", awsc_dynamodb_string("o-1")},
                                                   {"at", awsc_dynamodb_int(-5)},
                                                   {"text", awsc_dynamodb_string("x")}};
    struct awsc_dynamodb_request request = {
        .table = "events", .attributes = item, .attribute_count = 3};
    struct awsc_dynamodb_item found;
    struct awsc_error error;
    assert_int_equal(awsc_dynamodb_put(f.client, &request, NULL, &error), SVC_OK);
    request.attribute_count = 2;
    assert_int_equal(awsc_dynamodb_get(f.client, &request, &found, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&found, "text"), "x");
    awsc_dynamodb_item_clear(&found);
    request.attribute_count = 1; /* as DynamoDB reports it */
    assert_int_equal(awsc_dynamodb_get(f.client, &request, &found, &error), SVC_REJECTED);
    assert_string_equal(error.code, "ValidationException");
    request.attribute_count = 3;
    assert_int_equal(awsc_dynamodb_get(f.client, &request, &found, &error), SVC_INVALID_ARGUMENT);
}

/* ---------------------------------------------------------------------- refused */

static void test_what_dynamodb_would_refuse_is_refused(void **state) {
    (void)state;
    static char long_text[5000];
    memset(long_text, 'a', sizeof(long_text) - 1);
    char *long_name = long_text + sizeof(long_text) - 1 - 256;
    const struct awsc_dynamodb_attribute bad[] = {
        {NULL, awsc_dynamodb_string("x")},    {"", awsc_dynamodb_string("x")},
        {"\xff", awsc_dynamodb_string("x")},  {long_name, awsc_dynamodb_string("x")},
        {"id", awsc_dynamodb_string("x")},    {"a", awsc_dynamodb_string(NULL)},
        {"a", awsc_dynamodb_number(NULL)},    {"a", awsc_dynamodb_number("")},
        {"a", awsc_dynamodb_number("1,5")},   {"a", awsc_dynamodb_number("Infinity")},
        {"a", awsc_dynamodb_binary(NULL, 1)}, {"a", {.type = AWSC_DYNAMODB_OTHER}},
        {"a", {.type = AWSC_DYNAMODB_ABSENT}}};
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct awsc_dynamodb_attribute two[] = {{"id", awsc_dynamodb_string("x")}, bad[i]};
        const struct awsc_dynamodb_request put = {
            .table = "locks", .attributes = two, .attribute_count = 2};
        if (awsc_dynamodb_put(f.client, &put, NULL, &error) != SVC_INVALID_ARGUMENT) {
            fail_msg("attribute %zu: %s", i, svc_status_name(error.status));
        }
    }
    const struct awsc_dynamodb_attribute broken[] = {{"id", awsc_dynamodb_string("\xc3")}};
    struct awsc_dynamodb_request request = request_for("x");
    request.attributes = broken;
    assert_int_equal(awsc_dynamodb_put(f.client, &request, NULL, &error), SVC_MALFORMED);
#define REFUSED(operation, out)                                                                    \
    assert_int_equal(awsc_dynamodb_##operation(f.client, &request, out, &error),                   \
                     SVC_INVALID_ARGUMENT);                                                        \
    request = request_for("x")
    static const char *const tables[] = {NULL, "", "a b", "a\"b", "\xed\x95\x9c"};
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        request = request_for("x");
        request.table = tables[i];
        REFUSED(put, NULL);
    }
    request.attribute_count = 0;
    REFUSED(put, NULL);
    request = request_for("");
    REFUSED(get, &item);
    request.condition = "";
    REFUSED(put, NULL);
    request.condition = long_text;
    REFUSED(put, NULL);
    request.condition = "a = \xff";
    REFUSED(put, NULL);
    /* Fields that the operation does not have. */
    request.update = "SET a = b";
    REFUSED(put, NULL);
    request.projection = "a";
    REFUSED(update, NULL);
    request.condition = "attribute_exists(id)";
    REFUSED(get, &item);
    request.is_consistent = true;
    REFUSED(put, NULL);
    request.returns = AWSC_DYNAMODB_RETURNS_NEW;
    REFUSED(put, &item);
    request.returns = AWSC_DYNAMODB_RETURNS_OLD;
    REFUSED(get, &item);
    request.returns = AWSC_DYNAMODB_RETURNS_OLD; /* and nowhere to put it */
    REFUSED(put, NULL);
    request.returns_refused = true; /* without a condition */
    REFUSED(put, &item);
    static const struct awsc_param names[] = {{"s", "status"}, {"#", "x"},     {"#a b", "x"},
                                              {"#a", NULL},    {"#a", "\xff"}, {"#a", ""},
                                              {NULL, "x"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        request.names = &names[i];
        request.name_count = 1;
        REFUSED(put, NULL);
    }
    static const struct awsc_param twice[] = {{"#a", "x"}, {"#a", "y"}};
    request.names = twice;
    request.name_count = 2;
    REFUSED(put, NULL);
    const struct awsc_dynamodb_attribute values[] = {{"v", awsc_dynamodb_int(1)}};
    request.values = values;
    request.value_count = 1;
    REFUSED(put, NULL);
#undef REFUSED
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(item_count(), 0);
}

static void test_refusals_of_dynamodb_have_a_status_each(void **state) {
    (void)state;
    static const struct {
        const char *fault;
        enum svc_status status;
        int requests;
    } cases[] = {
        {"status:400:ProvisionedThroughputExceededException", SVC_THROTTLED, 3},
        {"status:400:ThrottlingException", SVC_THROTTLED, 3},
        {"status:400:RequestLimitExceeded", SVC_THROTTLED, 3},
        {"status:500:InternalServerError", SVC_SERVER_ERROR, 3},
        {"status:400:TransactionConflictException", SVC_CONFLICT, 1},
        {"status:400:ResourceNotFoundException", SVC_NO_RESOURCE, 1},
        {"status:400:AccessDeniedException", SVC_ACCESS_DENIED, 1},
        {"status:400:ValidationException", SVC_REJECTED, 1},
        {"status:400:ConditionalCheckFailedException", SVC_PRECONDITION_FAILED, 1},
    };
    char line[256];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(line, sizeof(line), "{\"faults\":[\"%s\",\"%s\",\"%s\"]}", cases[i].fault,
                 cases[i].fault, cases[i].fault);
        aws_set(&f, line);
        assert_int_equal(put_owner("x", "y", 1, NULL), cases[i].status);
        assert_int_equal(aws_requests(&f), cases[i].requests);
    }
    aws_set(&f, "{\"faults\":[\"status:400:ThrottlingException\"]}");
    assert_int_equal(put_owner("x", "y", 1, NULL), SVC_OK);
    struct awsc_dynamodb_request request = request_for("x");
    struct awsc_error error;
    request.table = "absent";
    assert_int_equal(awsc_dynamodb_put(f.client, &request, NULL, &error), SVC_NO_RESOURCE);
    assert_string_equal(error.code, "ResourceNotFoundException");
    /* DynamoDB's own check of expressions, as the server does it. */
    request = request_for("x");
    request.condition = "status = :absent";
    assert_int_equal(awsc_dynamodb_put(f.client, &request, NULL, &error), SVC_REJECTED);
    assert_string_equal(error.code, "ValidationException");
}

/* ---------------------------------------------------------------------- done, and not heard of */

/* The response is lost and the request repeated: it finds its own item, and the caller can see that
 * it is. */
static void test_a_repeated_put_recognises_its_own_item(void **state) {
    (void)state;
    const struct awsc_dynamodb_attribute item[] = {{"id", awsc_dynamodb_string("job")},
                                                   {"owner_id", awsc_dynamodb_string("me-7")}};
    struct awsc_dynamodb_request put = {.table = "locks",
                                        .attributes = item,
                                        .attribute_count = 2,
                                        .condition = "attribute_not_exists(id)",
                                        .returns_refused = true};
    struct awsc_dynamodb_item refused;
    struct awsc_error error;
    aws_set(&f, "{\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error), SVC_PRECONDITION_FAILED);
    assert_int_equal(error.attempts, 2);
    assert_true(error.maybe_done);
    assert_string_equal(awsc_dynamodb_get_string(&refused, "owner_id"), "me-7");
    awsc_dynamodb_item_clear(&refused);
    assert_int_equal(item_count(), 1);
}

static void test_an_update_may_be_sent_once_only(void **state) {
    (void)state;
    const struct awsc_dynamodb_attribute values[] = {{":one", awsc_dynamodb_int(1)}};
    struct awsc_dynamodb_request update = request_for("count");
    struct awsc_dynamodb_request get = update;
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    int64_t count = 0;
    update.update = "ADD n :one";
    update.values = values;
    update.value_count = 1;
    aws_set(&f, "{\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_dynamodb_update(f.client, &update, NULL, &error), SVC_OK);
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_OK);
    assert_true(awsc_dynamodb_get_int(&item, "n", &count) && count == 2); /* repeated */
    awsc_dynamodb_item_clear(&item);
    update.send_once = true;
    aws_set(&f, "{\"faults\":[\"lost\"]}");
    assert_int_equal(awsc_dynamodb_update(f.client, &update, NULL, &error), SVC_CONNECTION_LOST);
    assert_true(error.maybe_done);
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_OK);
    assert_true(awsc_dynamodb_get_int(&item, "n", &count) && count == 3);
    awsc_dynamodb_item_clear(&item);
}

/* x-amz-crc32 is compared: for a damaged response the request is repeated. */
static void test_a_damaged_response_is_noticed(void **state) {
    (void)state;
    struct awsc_dynamodb_request get = request_for("job");
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    assert_int_equal(put_owner("job", "me", 1, NULL), SVC_OK);
    aws_set(&f, "{\"faults\":[\"flip\"]}");
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_OK);
    assert_int_equal(error.attempts, 2);
    awsc_dynamodb_item_clear(&item);
    aws_set(&f, "{\"faults\":[\"flip\",\"flip\",\"flip\"]}");
    assert_int_equal(awsc_dynamodb_get(f.client, &get, &item, &error), SVC_CHECKSUM_MISMATCH);
    assert_null(item.attributes);
}

/* So is that of a refusal, which may have an item. */
static void test_a_damaged_refusal_is_noticed(void **state) {
    (void)state;
    struct awsc_dynamodb_attribute item[] = {{"id", awsc_dynamodb_string("job")},
                                             {"owner", awsc_dynamodb_string("me")}};
    struct awsc_dynamodb_request put = {.table = "locks",
                                        .attributes = item,
                                        .attribute_count = 2,
                                        .condition = "attribute_not_exists(id)"};
    struct awsc_dynamodb_item refused;
    struct awsc_error error;
    assert_int_equal(put_owner("job", "me", 1, NULL), SVC_OK);
    for (int i = 0; i < 2; i++) {
        put.returns_refused = i == 1;
        put.send_once = false;
        aws_set(&f, "{\"faults\":[\"flip\"]}");
        assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error),
                         SVC_PRECONDITION_FAILED);
        assert_int_equal(error.attempts, 2);
        assert_int_equal(refused.attributes != NULL, put.returns_refused);
        awsc_dynamodb_item_clear(&refused);
        put.send_once = true; /* what was refused, if anything, is unknown */
        aws_set(&f, "{\"faults\":[\"flip\"]}");
        assert_int_equal(awsc_dynamodb_put(f.client, &put, &refused, &error),
                         SVC_CHECKSUM_MISMATCH);
        assert_int_equal(error.attempts, 1);
        assert_true(error.maybe_done);
        assert_null(refused.attributes);
    }
}

static int set_up(void **state) {
    aws_setup(state);
    aws_set(&f, TABLES);
    return 0;
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up, aws_teardown, &f)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_values_come_back_as_they_went),
        TEST(test_values_of_others_are_read_with_care),
        TEST(test_only_the_first_put_of_an_item_succeeds),
        TEST(test_a_condition_compares_with_values),
        TEST(test_a_large_refused_item_comes_back),
        TEST(test_an_item_is_updated_in_place),
        TEST(test_an_item_is_deleted_under_a_condition),
        TEST(test_a_key_has_one_or_two_parts),
        TEST(test_what_dynamodb_would_refuse_is_refused),
        TEST(test_refusals_of_dynamodb_have_a_status_each),
        TEST(test_a_repeated_put_recognises_its_own_item),
        TEST(test_an_update_may_be_sent_once_only),
        TEST(test_a_damaged_response_is_noticed),
        TEST(test_a_damaged_refusal_is_noticed),
    };
    return AWS_RUN(tests);
}
