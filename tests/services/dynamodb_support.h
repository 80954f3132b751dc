/* The tables of the DynamoDB tests and requests on them. Included once by each test program. */
#ifndef TESTS_SERVICES_DYNAMODB_SUPPORT_H
#define TESTS_SERVICES_DYNAMODB_SUPPORT_H

#include "services/aws/dynamodb.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

#define TABLES                                                                                     \
    "{\"tables\":{\"locks\":{\"key\":[\"id\"],\"items\":[]},"                                      \
    "\"events\":{\"key\":[\"order\",\"at\"],\"items\":[]}}}"

static struct awsc_dynamodb_attribute key[1];

/* A request on the item of table locks with this id. */
static inline struct awsc_dynamodb_request request_for(const char *id) {
    key[0] = (struct awsc_dynamodb_attribute){"id", awsc_dynamodb_string(id)};
    return (struct awsc_dynamodb_request){
        .table = "locks", .attributes = key, .attribute_count = 1};
}

static inline enum svc_status put_owner(const char *id, const char *owner, int64_t until,
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

static inline size_t item_count(void) {
    aws_set(&f, "{}");
    return svc_json_count(
        svc_json_get(svc_json_get(svc_json_get(f.report, "tables"), "locks"), "items"));
}

/* The owner in the table is this one. */
static inline void expect_owner(const char *id, const char *owner) {
    struct awsc_dynamodb_request request = request_for(id);
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    request.is_consistent = true;
    assert_int_equal(awsc_dynamodb_get(f.client, &request, &item, &error), SVC_OK);
    assert_string_equal(awsc_dynamodb_get_string(&item, "owner_id"), owner);
    awsc_dynamodb_item_clear(&item);
}

static inline int set_up(void **state) {
    aws_setup(state);
    aws_set(&f, TABLES);
    return 0;
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, set_up, aws_teardown, &f)

#endif
