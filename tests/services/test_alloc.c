/* Each allocation of the services fails in turn, once and from there on: a clear status, no crash,
 * no leak. The transport is the test's own, so that a run takes no
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "services/aws/codedeploy.h"
#include "services/aws/dynamodb.h"
#include "services/aws/lambda.h"
#include "services/aws/s3.h"
#include "services/aws/s3_denied.h"
#include "services/aws/secrets.h"
#include "services/aws/ses.h"
#include "services/aws/sqs.h"
#include "tests/services/support.h"
#include "tests/support/failing_malloc.h"

void __real_curl_slist_free_all(struct curl_slist *list);
void __wrap_curl_slist_free_all(struct curl_slist *list);

static int headers_freed, headers_not_wiped;

void __wrap_curl_slist_free_all(struct curl_slist *list) {
    for (const struct curl_slist *line = list; line != NULL; line = line->next) {
        headers_freed++;
        headers_not_wiped += line->data[0] != '\0';
    }
    __real_curl_slist_free_all(list);
}

/* ---------------------------------------------------------------------- a transport of our own */

static const char *response_to(const struct svc_http_request *request) {
    if (strstr(request->url, "denied") != NULL) {
        return "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    }
    if (strstr(request->url, "tagging") != NULL) {
        return "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    }
    if (strstr(request->url, "secretsmanager") != NULL) {
        return "{\"SecretString\":\"\\ud83d\\ude00 secret\"}";
    }
    if (strstr(request->url, "sqs") != NULL) {
        return "{\"MessageId\":\"m\",\"Successful\":[{\"Id\":\"0\",\"MessageId\":\"m\"}],"
               "\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"h\",\"Body\":\"b\","
               "\"MessageAttributes\":{\"a\":{\"DataType\":\"Binary\",\"BinaryValue\":\"AAE=\"}}}]"
               "}";
    }
    if (strstr(request->url, "codedeploy") != NULL) {
        return "{\"deploymentInfo\":{\"revision\":{\"appSpecContent\":{\"content\":\"{}\"}}}}";
    }
    if (strstr(request->url, "lambda") != NULL) {
        return "{\"result\":1}";
    }
    if (strstr(request->url, "dynamodb") != NULL) {
        return "{\"__type\":\"x#ConditionalCheckFailedException\",\"Item\":{\"id\":{\"S\":\"x\"}},"
               "\"Attributes\":{\"id\":{\"S\":\"x\"}}}";
    }
    if (strstr(request->url, "list-type") != NULL) {
        return "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
               "<NextContinuationToken>t</NextContinuationToken><Contents><Key>a%20b</Key>"
               "<LastModified>2026-03-04T05:06:07.000Z</LastModified><ETag>e</ETag><Size>1</Size>"
               "</Contents><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>";
    }
    if (strstr(request->url, "email") != NULL) {
        return "{\"MessageId\":\"m\"}";
    }
    return strcmp(request->method, "GET") == 0 ? "content" : "";
}

static enum svc_status fake_start(void *self, const struct svc_http_request *request,
                                  struct svc_http_exchange **out) {
    (void)self;
    const char *response = response_to(request);
    struct svc_http_exchange *exchange = calloc(1, sizeof(*exchange));
    *out = exchange;
    if (exchange == NULL) {
        return SVC_NO_MEMORY;
    }
    svc_buf_init(&exchange->headers, 4096);
    svc_buf_init(&exchange->body, 4096);
    svc_buf_printf(&exchange->headers, "Content-Length%c%zu%cETag%c\"e\"%cx-amz-meta-a%cb%c", 0,
                   strlen(response), 0, 0, 0, 0, 0);
    svc_buf_append_text(&exchange->body, response);
    exchange->http_status = strstr(request->url, "denied") != NULL ? 403 : 200;
    if (request->body != NULL && strstr((const char *)request->body, "ConditionExp") != NULL) {
        exchange->http_status = 400;
    }
    exchange->state = SVC_HTTP_DONE;
    exchange->status = svc_buf_status(&exchange->headers) != SVC_OK
                           ? svc_buf_status(&exchange->headers)
                           : svc_buf_status(&exchange->body);
    return SVC_OK;
}

static enum svc_status fake_poll(void *self, int64_t until_ms) {
    (void)self, (void)until_ms;
    return SVC_INTERNAL; /* no call waits */
}

static void fake_close(void *self, struct svc_http_exchange *exchange) {
    (void)self;
    if (exchange != NULL) {
        svc_buf_clear(&exchange->headers);
        svc_buf_clear(&exchange->body);
        free(exchange);
    }
}

static const struct svc_transport fake = {NULL, fake_start, fake_poll, fake_close};

/* ---------------------------------------------------------------------- the work */

static const struct awsc_param pair = {"name", "value"};

static enum svc_status write_objects(struct awsc_client *client) {
    static const uint8_t body[] = "body";
    struct awsc_s3_put put = {.bucket = "bucket",
                              .key = "key",
                              .body = body,
                              .body_bytes = 4,
                              .metadata = &pair,
                              .metadata_count = 1};
    struct awsc_s3_put puts[2] = {put, put};
    struct awsc_s3_put_result results[2];
    struct awsc_s3_upload *upload;
    enum svc_status status = awsc_s3_put_many(client, puts, 2, results);
    for (int i = 0; i < 2 && status != SVC_OK; i++) {
        assert_int_equal(results[i].error.status, results[i].status);
    }
    if (status == SVC_OK) {
        status = awsc_s3_upload_open(client, &put, 0, &upload, NULL);
    }
    if (status == SVC_OK) {
        awsc_s3_upload_write(upload, body, 4);
        status = awsc_s3_upload_finish(upload, results);
    }
    return status;
}

static enum svc_status read_objects(struct awsc_client *client) {
    const struct awsc_s3_get get = {
        .bucket = "bucket", .key = "key", .version_id = "v", .if_match = "e"};
    struct awsc_s3_info infos[2];
    struct awsc_error error;
    struct svc_buf content;
    enum svc_status statuses[2];
    const struct awsc_s3_get gets[2] = {get, get};
    svc_buf_init(&content, 100);
    enum svc_status status = awsc_s3_get_all(client, &get, &content, &infos[0], &error);
    if (status == SVC_OK) {
        assert_string_equal(svc_buf_text(&content), "content");
        awsc_s3_info_clear(&infos[0]);
        status = awsc_s3_head_many(client, gets, 2, statuses, infos, NULL);
        for (int i = 0; i < 2; i++) {
            if (statuses[i] == SVC_OK) {
                awsc_s3_info_clear(&infos[i]);
            }
        }
    }
    svc_buf_clear(&content);
    if (status == SVC_OK) {
        status = awsc_s3_set_tag(client, "bucket", "key", NULL, "c", "d", &error);
    }
    if (status == SVC_OK) {
        svc_buf_init(&content, 4096);
        status = awsc_s3_presign_get(client, "bucket", "key", 60, &content, NULL, &error);
        svc_buf_clear(&content);
    }
    return status;
}

static enum svc_status send_messages(struct awsc_client *client) {
    static const char *const to[] = {"a@example.com"};
    const struct awsc_sqs_message message = {.body = "b"};
    const struct awsc_ses_email email = {
        .from = "b@example.com", .to = to, .to_count = 1, .subject = "s", .text = "t"};
    struct awsc_sqs_result sent;
    struct awsc_sqs_received received;
    struct awsc_error error;
    char id[AWSC_SES_ID_BYTES];
    struct svc_buf secret;
    const struct awsc_secret_get secret_get = {.name = "s"};
    enum svc_status status = awsc_sqs_send_batch(client, "q", &message, 1, &sent, 0, &error);
    if (status == SVC_OK) {
        status = sent.status;
    }
    if (status == SVC_OK) {
        status = awsc_sqs_receive(client, "q", 1, 0, &received, 0, &error);
        if (status == SVC_OK) {
            awsc_sqs_received_clear(&received);
        }
    }
    if (status == SVC_OK) {
        status = awsc_ses_send(client, &email, id, &error);
    }
    if (status == SVC_OK) {
        svc_buf_init(&secret, AWSC_MAX_SECRET_VALUE_BYTES);
        status = awsc_secret_get(client, &secret_get, &secret, &error);
        svc_buf_wipe(&secret);
    }
    return status;
}

static bool count_key(void *user, const struct awsc_s3_listed *entry) {
    *(int *)user += entry->key[0] == 'a' || entry->is_prefix;
    return true;
}

static enum svc_status list_and_delete_objects(struct awsc_client *client) {
    const struct awsc_s3_delete drop = {.bucket = "bucket", .key = "key", .if_match = "e"};
    const struct awsc_s3_list list = {.bucket = "bucket", .prefix = "p"};
    struct awsc_s3_deleted deleted;
    struct awsc_error error;
    struct svc_buf next, name;
    int count = 0;
    svc_buf_init(&next, 100);
    svc_buf_init(&name, 100);
    enum svc_status status = awsc_s3_list(client, &list, count_key, &count, &next, &error);
    assert_int_equal(count, status == SVC_OK ? 2 : count);
    assert_string_equal(svc_buf_text(&next), status == SVC_OK ? "t" : "");
    if (status == SVC_OK) {
        status = awsc_s3_delete(client, &drop, &deleted, &error);
    }
    if (status == SVC_OK) {
        status = awsc_s3_attachment("x", &name);
    }
    svc_buf_clear(&next);
    svc_buf_clear(&name);
    return status;
}

static enum svc_status handle_messages(struct awsc_client *client) {
    static const struct awsc_sqs_attribute attribute = {"a", AWSC_SQS_BINARY, "\0\1", 2};
    static const struct awsc_sqs_visibility delay = {"h", 1};
    static const char *const handle = "h";
    const struct awsc_sqs_message message = {
        .body = "b", .attributes = &attribute, .attribute_count = 1};
    struct awsc_sqs_result result;
    struct awsc_error error;
    enum svc_status status = awsc_sqs_send(client, "q", &message, NULL, 0, &error);
    if (status == SVC_OK) {
        status = awsc_sqs_change_visibility(client, "q", "h", 1, 0, &error);
    }
    if (status == SVC_OK) {
        status = awsc_sqs_change_visibility_batch(client, "q", &delay, 1, &result, 0, &error);
        assert_int_equal(result.status, status);
    }
    if (status == SVC_OK) {
        status = awsc_sqs_delete_batch(client, "q", &handle, 1, &result, 0, &error);
        assert_int_equal(result.status, status);
    }
    return status;
}

static enum svc_status use_items(struct awsc_client *client) {
    const struct awsc_dynamodb_attribute key = {"id", awsc_dynamodb_binary("x", 1)};
    struct awsc_dynamodb_request request = {.table = "t", .attributes = &key, .attribute_count = 1};
    struct awsc_dynamodb_item item;
    struct awsc_error error;
    enum svc_status status = awsc_dynamodb_get(client, &request, &item, &error);
    awsc_dynamodb_item_clear(&item);
    if (status == SVC_OK) {
        request.returns = AWSC_DYNAMODB_RETURNS_OLD;
        status = awsc_dynamodb_put(client, &request, &item, &error);
        awsc_dynamodb_item_clear(&item);
    }
    if (status == SVC_OK) {
        request.condition = "attribute_exists(id)";
        request.returns_refused = true;
        status = awsc_dynamodb_delete(client, &request, &item, &error);
        if (status == SVC_PRECONDITION_FAILED) {
            assert_string_equal(awsc_dynamodb_get_string(&item, "id"), "x");
            status = SVC_OK;
        }
        awsc_dynamodb_item_clear(&item);
    }
    return status;
}

static enum svc_status check_deployment(struct awsc_client *client) {
    const struct awsc_lambda_invoke invoke = {
        .function = "f", .qualifier = "1", .event = "{}", .event_bytes = 2};
    const struct awsc_codedeploy_hook hook = {.deployment_id = "d", .execution_id = "e"};
    struct awsc_lambda_result result;
    struct awsc_error error;
    struct svc_buf appspec;
    svc_buf_init(&appspec, AWSC_MAX_APPSPEC_BYTES);
    enum svc_status status = awsc_codedeploy_appspec(client, "d", &appspec, 0, &error);
    svc_buf_clear(&appspec);
    if (status == SVC_OK) {
        status = awsc_lambda_invoke(client, &invoke, &result, &error);
        if (status == SVC_OK) {
            awsc_lambda_result_clear(&result);
        }
    }
    if (status == SVC_OK) {
        status = awsc_codedeploy_put_hook_status(client, &hook, &error);
    }
    return status;
}

static enum svc_status work(const struct test_environment *environment, struct test_clock *clock) {
    struct test_log log;
    struct awsc_client *client = NULL;
    struct awsc_error error;
    const struct awsc_client_options options = {.environment = &environment->environment,
                                                .clock = &clock->clock,
                                                .transport = &fake,
                                                .log = &log.log};
    test_log_init(&log, &clock->clock);
    enum svc_status status = awsc_client_create(&options, &client, &error);
    if (status == SVC_OK) {
        status = write_objects(client);
    }
    if (status == SVC_OK) {
        status = read_objects(client);
    }
    if (status == SVC_OK) {
        status = send_messages(client);
    }
    if (status == SVC_OK) {
        status = list_and_delete_objects(client);
    }
    if (status == SVC_OK) {
        status = handle_messages(client);
    }
    if (status == SVC_OK) {
        status = use_items(client);
    }
    if (status == SVC_OK) {
        status = check_deployment(client);
    }
    awsc_client_destroy(client);
    test_log_clear(&log);
    return status;
}

static void fail_each_in_turn(bool from_there_on) {
    struct test_environment environment;
    struct test_clock clock;
    test_environment_init(&environment);
    test_environment_set(&environment, "AWS_REGION", "eu-west-1");
    test_environment_set(&environment, "AWS_ACCESS_KEY_ID", "id");
    test_environment_set(&environment, "AWS_SECRET_ACCESS_KEY", "secret");
    int failed_calls = 0;
    for (int n = 1;; n++) {
        const long before = failing_malloc.live;
        test_clock_init(&clock, 1000000);
        failing_malloc_arm(n, from_there_on);
        enum svc_status status = work(&environment, &clock);
        const int failures = failing_malloc_disarm();
        assert_int_equal(failing_malloc.live, before);
        if (failures == 0) {
            assert_int_equal(status, SVC_OK);
            assert_true(n > 250); /* there were that many to fail */
            break;
        }
        /* OK is correct where only a line of the log was lost. A check of an incomplete text may
         * find it invalid. */
        if (status != SVC_OK && status != SVC_NO_MEMORY && status != SVC_BAD_RESPONSE) {
            fail_msg("allocation %d: %s", n, svc_status_name(status));
        }
        failed_calls += status != SVC_OK;
    }
    assert_true(failed_calls > 200);
}

static void test_each_allocation_failing_once(void **state) {
    (void)state;
    fail_each_in_turn(false);
}

static void test_every_allocation_failing_from_one_on(void **state) {
    (void)state;
    fail_each_in_turn(true);
}

/* A region and credentials of a profile, then a denied HEAD that is explained. */
static enum svc_status explain_denied(const struct test_environment *environment,
                                      struct test_clock *clock, struct awsc_error *error) {
    const struct awsc_s3_get get = {.bucket = "denied", .key = "key"};
    const struct awsc_client_options options = {
        .environment = &environment->environment, .clock = &clock->clock, .transport = &fake};
    struct awsc_client *client = NULL;
    struct awsc_s3_info info;
    enum svc_status status = awsc_client_create(&options, &client, error);
    if (status == SVC_OK) {
        status = awsc_s3_head(client, &get, &info, error);
    }
    if (status == SVC_ACCESS_DENIED) {
        error->code[0] = '\0'; /* the transport gives HEAD a body */
        status = awsc_s3_explain_denied(client, &get, error);
    }
    awsc_client_destroy(client);
    return status;
}

static void test_explaining_a_refusal_without_memory(void **state) {
    (void)state;
    char folder[] = "/tmp/test_alloc_XXXXXX", path[64];
    struct test_environment environment;
    struct test_clock clock;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/config", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("[default]\nregion=eu-west-1\naws_access_key_id=id\naws_secret_access_key=secret\n",
          file);
    fclose(file);
    test_environment_init(&environment);
    test_environment_set(&environment, "AWS_CONFIG_FILE", path);
    for (int pass = 0; pass < 2; pass++) {
        int failed = 0;
        for (int n = 1;; n++) {
            struct awsc_error error;
            const long before = failing_malloc.live;
            test_clock_init(&clock, 1000000);
            failing_malloc_arm(n, pass == 1);
            enum svc_status status = explain_denied(&environment, &clock, &error);
            const int failures = failing_malloc_disarm();
            assert_int_equal(failing_malloc.live, before);
            assert_int_equal(error.status, status);
            if (failures == 0) {
                assert_int_equal(status, SVC_ACCESS_DENIED);
                assert_non_null(strstr(error.message, "s3:ListBucket is denied"));
                assert_true(n > 40);
                break;
            }
            /* A probe that fails leaves the refusal as it was. */
            if (status != SVC_NO_MEMORY && status != SVC_ACCESS_DENIED) {
                fail_msg("allocation %d: %s", n, svc_status_name(status));
            }
            failed += status == SVC_NO_MEMORY;
        }
        assert_true(failed > 15);
    }
    unlink(path);
    rmdir(folder);
}

/* The real transport, up to a refused connection, with libcurl's allocations: some it takes for a
 * connection that failed. Headers, the session token among them, are wiped whatever fails: the
 * second needs an allocation after the first is in the list. */
static void test_the_real_transport_without_memory(void **state) {
    (void)state;
    const struct svc_http_options options = {.user_agent = "test"};
    static char long_value[4097];
    memset(long_value, 'v', sizeof(long_value) - 1);
    headers_freed = headers_not_wiped = 0;
    int without_memory = 0;
    for (int n = 1;; n++) {
        const long before = failing_malloc.live;
        struct svc_transport *transport = NULL;
        struct svc_http_exchange *exchange = NULL;
        const struct svc_http_header headers[] = {{"X-Test", "value"}, {"X-Long", long_value}};
        const struct svc_http_request request = {.method = "GET",
                                                 .url = "http://127.0.0.1:1/",
                                                 .headers = headers,
                                                 .header_count = 2,
                                                 .deadline_ms = SVC_NO_DEADLINE};
        failing_malloc_arm(n, false);
        enum svc_status status = svc_http_create(&options, &transport, NULL);
        if (status == SVC_OK) {
            status = svc_http_send(transport, &request, &exchange);
            transport->close(transport->self, exchange);
        }
        svc_http_destroy(transport);
        const int failures = failing_malloc_disarm();
        assert_int_equal(failing_malloc.live, before);
        if (failures == 0 || status != SVC_NO_MEMORY) {
            assert_int_equal(status, SVC_CONNECT_FAILED);
        }
        without_memory += status == SVC_NO_MEMORY;
        assert_int_equal(headers_not_wiped, 0);
        if (failures == 0) {
            break;
        }
    }
    assert_true(without_memory > 40);
    assert_true(headers_freed > 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_failing_once),
        cmocka_unit_test(test_every_allocation_failing_from_one_on),
        cmocka_unit_test(test_explaining_a_refusal_without_memory),
        cmocka_unit_test(test_the_real_transport_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
