/* Error responses of each service: code, message and the status they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/responses.h"
#include "services/aws/xml.h"
#include "services/base/limits.h"
#include "services/base/partition.h"
#include "services/base/text.h"

static struct awsc_error error;

/* Reads a response with one header ("Name: value"; NULL: none). */
static void read_error(enum awsc_service service, int http_status, const char *header,
                       const char *body) {
    struct svc_http_exchange exchange = {.http_status = http_status};
    svc_buf_init(&exchange.headers, SVC_MAX_RESPONSE_HEADER_BYTES);
    svc_buf_init(&exchange.body, SVC_MAX_RESPONSE_BODY_BYTES);
    svc_buf_append_text(&exchange.body, body);
    if (header != NULL) {
        assert_int_equal(svc_http_keep_header(&exchange, header, strlen(header)), SVC_OK);
    }
    awsc_error_clear(&error);
    awsc_read_error(awsc_service_row(service), &exchange, &error);
    svc_buf_clear(&exchange.headers);
    svc_buf_clear(&exchange.body);
}

static void test_codes_have_the_meaning_of_their_service(void **state) {
    (void)state;
    static const struct {
        enum awsc_service service;
        int http_status;
        const char *code;
        enum svc_status status;
    } cases[] = {
        {AWSC_S3, 404, "NoSuchBucket", SVC_NO_RESOURCE},
        {AWSC_S3, 404, "NoSuchKey", SVC_NOT_FOUND},
        {AWSC_S3, 404, "NoSuchVersion", SVC_NOT_FOUND},
        {AWSC_S3, 404, "", SVC_NOT_FOUND},
        {AWSC_S3, 400, "ResourceNotFoundException", SVC_REJECTED},
        {AWSC_S3, 403, "AccessDenied", SVC_ACCESS_DENIED},
        {AWSC_S3, 400, "ExpiredToken", SVC_ACCESS_DENIED},
        {AWSC_S3, 409, "OperationAborted", SVC_CONFLICT},
        {AWSC_S3, 412, "PreconditionFailed", SVC_PRECONDITION_FAILED},
        {AWSC_S3, 503, "SlowDown", SVC_THROTTLED},
        {AWSC_S3, 400, "RequestTimeout", SVC_TIMED_OUT},
        {AWSC_SQS, 400, "QueueDoesNotExist", SVC_NO_RESOURCE},
        {AWSC_SQS, 400, "AWS.SimpleQueueService.NonExistentQueue", SVC_NO_RESOURCE},
        {AWSC_SQS, 400, "KmsAccessDenied", SVC_ACCESS_DENIED},
        {AWSC_SQS, 403, "AccessDeniedException", SVC_ACCESS_DENIED},
        {AWSC_SQS, 400, "RequestThrottled", SVC_THROTTLED},
        {AWSC_SECRETS_MANAGER, 400, "ResourceNotFoundException", SVC_NOT_FOUND},
        {AWSC_SES, 404, "NotFoundException", SVC_NOT_FOUND},
        {AWSC_SES, 429, "TooManyRequestsException", SVC_THROTTLED},
        {AWSC_DYNAMODB, 400, "ResourceNotFoundException", SVC_NO_RESOURCE},
        {AWSC_DYNAMODB, 400, "ConditionalCheckFailedException", SVC_PRECONDITION_FAILED},
        {AWSC_DYNAMODB, 400, "ProvisionedThroughputExceededException", SVC_THROTTLED},
        {AWSC_DYNAMODB, 400, "RequestLimitExceeded", SVC_THROTTLED},
        {AWSC_DYNAMODB, 400, "ThrottlingException", SVC_THROTTLED},
        {AWSC_DYNAMODB, 400, "TransactionConflictException", SVC_CONFLICT},
        {AWSC_DYNAMODB, 400, "UnrecognizedClientException", SVC_ACCESS_DENIED},
        {AWSC_DYNAMODB, 400, "ValidationException", SVC_REJECTED},
        {AWSC_DYNAMODB, 500, "InternalServerError", SVC_SERVER_ERROR},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[256];
        const bool is_xml = cases[i].service == AWSC_S3;
        snprintf(body, sizeof(body),
                 is_xml ? "<Error><Code>%s</Code><Message>m</Message></Error>"
                        : "{\"__type\":\"com.amazonaws.any.v20120810#%s\",\"message\":\"m\"}",
                 cases[i].code);
        read_error(cases[i].service, cases[i].http_status, NULL, body);
        if (error.status != cases[i].status) {
            fail_msg("%s (%d): %s", cases[i].code, cases[i].http_status,
                     svc_status_name(error.status));
        }
        assert_string_equal(error.code, cases[i].code);
        assert_string_equal(error.message, "m");
        assert_int_equal(error.http_status, cases[i].http_status);
    }
}

static void test_no_resource_is_the_remote_s_fault_and_final(void **state) {
    (void)state;
    assert_int_equal(SVC_NO_RESOURCE, 26);
    assert_int_equal(svc_status_group(SVC_NO_RESOURCE), SVC_GROUP_REMOTE);
    assert_string_equal(svc_status_name(SVC_NO_RESOURCE), "NO_RESOURCE");
}

static void test_codes_are_found_where_services_put_them(void **state) {
    (void)state;
    read_error(AWSC_SES, 400, "x-amzn-ErrorType: MessageRejected:http://internal.amazon.com/",
               "{\"message\":\"no\"}");
    assert_string_equal(error.code, "MessageRejected");
    assert_string_equal(error.message, "no");
    read_error(AWSC_SES, 400, "x-amzn-ErrorType: MessageRejected:http://internal.amazon.com/#x",
               "{\"message\":\"no\"}");
    assert_string_equal(error.code, "MessageRejected");
    read_error(AWSC_SES, 400, NULL, "{\"code\":\"BadRequestException\",\"Message\":\"no\"}");
    assert_string_equal(error.code, "BadRequestException");
    assert_string_equal(error.message, "no");
    read_error(AWSC_DYNAMODB, 400, "x-amzn-requestid: ABC", "{\"__type\":\"Bare\"}");
    assert_string_equal(error.code, "Bare");
    assert_string_equal(error.request_id, "ABC");
    read_error(AWSC_S3, 500, "x-amz-request-id: R1",
               "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>a &lt;b&gt; "
               "&#x26; &#99;</Message></Error>");
    assert_string_equal(error.message, "a <b> & c");
    assert_string_equal(error.request_id, "R1");
    read_error(AWSC_S3, 405, "x-amz-delete-marker: true", "");
    assert_int_equal(error.status, SVC_NOT_FOUND);
}

static void test_a_header_with_a_nul_does_not_become_two(void **state) {
    (void)state;
    static const char line[] = "x-a: b\0x-amz-delete-marker";
    struct svc_http_exchange exchange = {0};
    const char *name = NULL, *value = NULL;
    size_t position = 0;
    svc_buf_init(&exchange.headers, 1000);
    assert_int_equal(svc_http_keep_header(&exchange, line, sizeof(line) - 1), SVC_BAD_RESPONSE);
    assert_false(svc_http_next_header(&exchange, &position, &name, &value));
    svc_buf_clear(&exchange.headers);
}

/* Not in the format that was expected, or cut, or hostile: a status by HTTP, nothing odd. */
static void test_odd_bodies_give_the_status_of_http(void **state) {
    (void)state;
    static const char *const bodies[] = {"",
                                         "<html>Bad Gateway</html>",
                                         "{\"__type\":",
                                         "[]",
                                         "{\"__type\":7,\"message\":{}}",
                                         "<Error><Code>Cut",
                                         "<Error><Code/></Error>",
                                         "<Code",
                                         "\x01\xff"};
    for (int service = 0; service < AWSC_SERVICES; service++) {
        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
            read_error((enum awsc_service)service, 502, NULL, bodies[i]);
            assert_int_equal(error.status, SVC_SERVER_ERROR);
            assert_string_equal(error.code, "");
        }
    }
}

static void test_messages_are_fit_for_a_log(void **state) {
    (void)state;
    static const char denied[] =
        "{\"__type\":\"MessageRejected\",\"message\":\"Email address is not "
        "verified: who@example.com <a@b>\"}";
    read_error(AWSC_SES, 400, NULL, denied);
    assert_string_equal(error.message, "Email address is not verified: (left out)");
    read_error(AWSC_SQS, 400, NULL, denied); /* other services do not speak of mail */
    assert_non_null(strstr(error.message, "who@example.com"));
    read_error(AWSC_SQS, 403, NULL,
               "{\"__type\":\"SignatureDoesNotMatch\",\"message\":\"canary token\"}");
    assert_string_equal(error.message, "the signature was not accepted");
    read_error(AWSC_SQS, 400, NULL, "{\"__type\":\"X\",\"message\":\"a\\nb\\u001b[1m\"}");
    assert_string_equal(error.message, "a?b?[1m");
    /* Cut between characters. */
    char body[800] = "{\"__type\":\"X\",\"message\":\"a";
    for (size_t i = 0; i < 200; i++) {
        strcat(body, "\xed\x95\x9c");
    }
    strcat(body, "\"}");
    read_error(AWSC_SQS, 400, NULL, body);
    assert_int_equal(strlen(error.message), 253); /* 1 + 84 x 3 */
}

/* SES repeats what it refuses: names of persons as well as addresses. */
static void test_a_message_of_ses_names_nobody(void **state) {
    (void)state;
    static const struct {
        const char *code, *message, *kept;
    } cases[] = {
        {"MessageRejected",
         "Email address is not verified. The following identities failed the check in region "
         "US-EAST-1: Kim Minsoo <kim@example.com>, kim@example.com",
         "Email address is not verified. The following identities failed the check in region "
         "US-EAST-1: (left out)"},
        {"MessageRejected", "Email address is not verified. Kim Minsoo <kim@example.com>",
         "Email address is not verified. (left out)"},
        {"MessageRejected", "Kim Minsoo <kim@example.com> is blacklisted", "(left out)"},
        {"BadRequestException", "Illegal address: Kim Minsoo", "Illegal address: (left out)"},
        {"BadRequestException", "Local address \\\"Kim Minsoo\\\" has a space", "(left out)"},
        {"BadRequestException", "Illegal name \xea\xb9\x80: x", "(left out)"},
        {"MessageRejected", "", ""},
        {"MessageRejected", ": ", ": "},
        {"MessageRejected", "@", "(left out)"},
        {"LimitExceededException", "Daily message quota exceeded.",
         "Daily message quota exceeded."},
        {"AccessDeniedException",
         "User: arn:aws:sts::1:assumed-role/mail/x is not authorized to perform: ses:SendEmail on "
         "resource: arn:aws:ses:r:1:identity/kim@example.com",
         "User: arn:aws:sts::1:assumed-role/mail/x is not authorized to perform: ses:SendEmail on "
         "resource: ****************************************"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[512];
        snprintf(body, sizeof(body), "{\"__type\":\"%s\",\"message\":\"%s\"}", cases[i].code,
                 cases[i].message);
        read_error(AWSC_SES, 400, NULL, body);
        assert_string_equal(error.message, cases[i].kept);
    }
}

static void test_a_row_is_complete(void **state) {
    (void)state;
    for (int i = 0; i < AWSC_SERVICES; i++) {
        const struct awsc_service_row *row = awsc_service_row((enum awsc_service)i);
        assert_non_null(row->signing_name);
        assert_true(strlen(row->signing_name) < sizeof(error.service));
        assert_non_null(row->trace_name);
        assert_non_null(row->endpoint_setting);
        assert_non_null(row->host);
        assert_non_null(row->dualstack_host);
        assert_non_null(row->fips_host);
        assert_non_null(row->fips_dualstack_host);
        assert_non_null(row->codes);
        assert_true(row->error_format == AWSC_ERROR_XML || row->content_type != NULL);
    }
}

static void test_partitions_are_found_by_region_and_name(void **state) {
    (void)state;
    static const char *const cases[][3] = {{"aws", "ap-northeast-2", "amazonaws.com"},
                                           {"aws-us-gov", "us-gov-west-1", "amazonaws.com"},
                                           {"aws-cn", "cn-north-1", "amazonaws.com.cn"},
                                           {"aws-eusc", "eusc-de-east-1", "amazonaws.eu"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *name = cases[i][0];
        const struct svc_partition *found = svc_partition_named(name, strlen(name));
        assert_non_null(found);
        assert_ptr_equal(found, svc_partition_of_region(cases[i][1]));
        assert_string_equal(found->dns_suffix, cases[i][2]);
    }
    assert_null(svc_partition_named("", 0));
    assert_null(svc_partition_named("aw", 2));
    assert_null(svc_partition_named("aws-", 4));
    assert_ptr_equal(svc_partition_named("aws:sqs", 3), svc_partition_named("aws", 3));
}

static void test_texts_are_compared_and_read_whole(void **state) {
    (void)state;
    static const char *const bad[] = {"",   "x",  "1x",  " 1",
                                      "+1", "-1", "101", "18446744073709551616"};
    uint64_t number = 7;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(svc_parse_uint(bad[i], 100, &number));
    }
    assert_false(svc_parse_uint(NULL, 100, &number));
    assert_int_equal(number, 7);
    assert_true(svc_parse_uint("0100", 100, &number));
    assert_int_equal(number, 100);
    assert_true(svc_begins_nocase("X-AMZ-meta-", "x-amz-"));
    assert_true(svc_begins_nocase("a", "") && svc_begins_nocase("", ""));
    assert_false(svc_begins_nocase("x-am", "x-amz-"));
    assert_false(svc_begins_nocase("x@", "x`")); /* not letters, though 32 apart */
    assert_true(svc_is_printable("") && svc_is_printable(" ~"));
    assert_false(svc_is_printable("a\x1f") || svc_is_printable("\x7f") || svc_is_printable("\xff"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_have_the_meaning_of_their_service),
        cmocka_unit_test(test_no_resource_is_the_remote_s_fault_and_final),
        cmocka_unit_test(test_codes_are_found_where_services_put_them),
        cmocka_unit_test(test_a_header_with_a_nul_does_not_become_two),
        cmocka_unit_test(test_odd_bodies_give_the_status_of_http),
        cmocka_unit_test(test_messages_are_fit_for_a_log),
        cmocka_unit_test(test_a_message_of_ses_names_nobody),
        cmocka_unit_test(test_partitions_are_found_by_region_and_name),
        cmocka_unit_test(test_texts_are_compared_and_read_whole),
        cmocka_unit_test(test_a_row_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
