/* DynamoDB against a server that checks requests by the service's model and evaluates conditions.
 * test_dynamodb_refusals.c has what is refused, damaged and lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/dynamodb_support.h"

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
    };
    return AWS_RUN(tests);
}
