/* DynamoDB requests that are refused before they are sent or by the server, and responses that are
 * damaged or lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/services/dynamodb_support.h"

/* The request is refused before it is sent; the next one is a good one again. */
#define REFUSED(operation, out)                                                                    \
    assert_int_equal(awsc_dynamodb_##operation(f.client, &request, out, &error),                   \
                     SVC_INVALID_ARGUMENT);                                                        \
    request = request_for("x")

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
    assert_int_equal(aws_requests(&f), 0);
    assert_int_equal(item_count(), 0);
}

static void test_fields_that_the_operation_does_not_have_are_refused(void **state) {
    (void)state;
    struct awsc_dynamodb_request request = request_for("x");
    struct awsc_dynamodb_item item;
    struct awsc_error error;
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
    assert_int_equal(aws_requests(&f), 0);
}

static void test_names_of_attributes_are_checked(void **state) {
    (void)state;
    struct awsc_dynamodb_request request = request_for("x");
    struct awsc_error error;
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

/* ---------------------------------------------------------------------- damaged and lost */

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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_what_dynamodb_would_refuse_is_refused),
        TEST(test_fields_that_the_operation_does_not_have_are_refused),
        TEST(test_names_of_attributes_are_checked),
        TEST(test_refusals_of_dynamodb_have_a_status_each),
        TEST(test_a_repeated_put_recognises_its_own_item),
        TEST(test_an_update_may_be_sent_once_only),
        TEST(test_a_damaged_response_is_noticed),
        TEST(test_a_damaged_refusal_is_noticed),
    };
    return AWS_RUN(tests);
}
