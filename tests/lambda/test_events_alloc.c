/* Each allocation of the readers of events, of the batch driver and of the writers fails in turn,
 * once and from there on: NO_MEMORY, nothing left behind, no handler called for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/function_url.h"
#include "lambda/events/s3.h"
#include "lambda/events/s3_batch.h"
#include "lambda/events/sns.h"
#include "lambda/events/sqs_batch.h"
#include "tests/lambda/event_examples.h"
#include "tests/support/failing_malloc.h"

/* ---------------------------------------------------------------------- the work */

static struct svc_json *document; /* parsed before anything fails */
static char *body;
static size_t handled;

static enum svc_status read_s3(struct svc_error *error) {
    struct lev_s3_event event;
    struct svc_buf key;
    enum svc_status status = lev_s3_read_body(body, strlen(body), &event, error);
    if (status == SVC_OK) {
        assert_int_equal(event.count, 9);
        svc_buf_init(&key, 100);
        status = lev_s3_key(&event.objects[8], &key);
        svc_buf_clear(&key);
        if (status != SVC_OK) {
            svc_fail(error, status, "no key");
        }
    }
    lev_s3_clear(&event);
    return status;
}

static enum svc_status read_s3_batch(struct svc_error *error) {
    struct lev_s3_batch batch;
    const enum svc_status status = lev_s3_batch_read(document, &batch, error);
    lev_s3_batch_clear(&batch);
    return status;
}

static enum svc_status read_sns(struct svc_error *error) {
    struct lev_s3_event event;
    const enum svc_status status = lev_s3_read(document, &event, error);
    lev_s3_clear(&event);
    return status;
}

static enum lev_sqs_result handle(void *user, const struct lev_sqs_record *record) {
    (void)user;
    handled++;
    return record->receive_count == 1 ? LEV_SQS_RETRY : LEV_SQS_DONE;
}

static enum svc_status run_sqs(struct svc_error *error) {
    const struct lev_sqs_driver driver = {
        .handle = handle, .clock = svc_clock_system(), .deadline_ms = SVC_NO_DEADLINE};
    struct lev_sqs_event event;
    struct svc_buf result;
    handled = 0;
    svc_buf_init(&result, 1000);
    enum svc_status status = lev_sqs_read(document, &event, error);
    if (status == SVC_OK) {
        status = lev_sqs_run(&event, &driver, &result, NULL);
        svc_fail(error, status, "the driver");
        assert_int_equal(handled, status == SVC_OK ? 1 : 0);
    }
    svc_buf_clear(&result);
    lev_sqs_clear(&event);
    return status;
}

static enum svc_status read_request(struct svc_error *error) {
    struct lev_url_request request;
    const enum svc_status status = lev_url_request_read(document, &request, error);
    lev_url_request_clear(&request);
    return status;
}

/* A well-formed request is read, a malformed one gets its response, or `out` fails. */
static enum svc_status accept_request(struct svc_error *error) {
    struct lev_url_request request;
    struct svc_buf out;
    svc_buf_init(&out, 1000);
    const bool is_read = lev_url_request_accept(document, &request, &out);
    const enum svc_status status = svc_buf_status(&out);
    assert_true(!is_read || (status == SVC_OK && out.size_bytes == 0));
    assert_true(is_read || status != SVC_OK || out.size_bytes > 0);
    lev_url_request_clear(&request);
    svc_buf_clear(&out);
    return status == SVC_OK ? SVC_OK : svc_fail(error, status, "no memory");
}

static enum svc_status write_responses(struct svc_error *error) {
    static const struct lev_url_pair header = {"a", "b"};
    static const char *const cookie = "c=d";
    struct lev_url_response response = {.status_code = 200,
                                        .headers = &header,
                                        .header_count = 1,
                                        .cookies = &cookie,
                                        .cookie_count = 1,
                                        .body = "\xff",
                                        .body_bytes = 1};
    struct svc_buf out;
    svc_buf_init(&out, 1000);
    const enum svc_status status = lev_url_response_write(&response, &out, error);
    assert_int_equal(out.size_bytes == 0, status != SVC_OK);
    svc_buf_clear(&out);
    return status;
}

/* ---------------------------------------------------------------------- the failures */

/* At least `allocations` are there to fail. */
static void fail_each_in_turn(enum svc_status (*work)(struct svc_error *), int allocations) {
    for (int from_there_on = 0; from_there_on <= 1; from_there_on++) {
        for (int n = 1;; n++) {
            const long before = failing_malloc.live;
            struct svc_error error = {0};
            failing_malloc_arm(n, from_there_on == 1);
            const enum svc_status status = work(&error);
            const int failures = failing_malloc_disarm();
            assert_int_equal(failing_malloc.live, before);
            if (failures == 0) {
                assert_int_equal(status, SVC_OK);
                assert_true(n > allocations);
                break;
            }
            assert_int_equal(status, SVC_NO_MEMORY);
            assert_int_equal(error.status, SVC_NO_MEMORY);
            assert_true(error.detail[0] != '\0');
        }
    }
}

static void test_objects_in_an_envelope(void **state) {
    (void)state;
#define R EXAMPLE_S3_RECORD("a+b")
    body = example_wrap(EXAMPLE_SNS_ENVELOPE("@"), "{'Records':[" R "," R "," R "," R "," R "," R
                                                   "," R "," R "," R "],'emoji':'\\ud83d\\ude00'}");
    fail_each_in_turn(read_s3, 5);
    free(body);
}

static void on_example(const char *example, enum svc_status (*work)(struct svc_error *),
                       int allocations) {
    document = example_parse(example);
    fail_each_in_turn(work, allocations);
    svc_json_free(document);
}

static void test_tasks_of_a_batch(void **state) {
    (void)state;
    on_example(EXAMPLE_S3_BATCH_2, read_s3_batch, 1);
}

static void test_messages_of_sns(void **state) {
    (void)state;
    char *text = example_wrap(EXAMPLE_SNS("@"), EXAMPLE_S3);
    on_example(text, read_sns, 3);
    free(text);
}

static void test_messages_of_sqs(void **state) {
    (void)state;
    on_example(EXAMPLE_SQS, run_sqs, 4);
}

static void test_requests(void **state) {
    (void)state;
    on_example(EXAMPLE_URL, read_request, 3);
    on_example(EXAMPLE_URL_BASE64, read_request, 3);
    on_example(EXAMPLE_URL, accept_request, 3);
    on_example("{'version':'2.0','rawPath':'/','rawQueryString':'a=%ff','requestContext':{'http':"
               "{'method':'GET'}}}",
               accept_request, 2);
}

static void test_responses(void **state) {
    (void)state;
    fail_each_in_turn(write_responses, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_in_an_envelope),
        cmocka_unit_test(test_tasks_of_a_batch),
        cmocka_unit_test(test_messages_of_sns),
        cmocka_unit_test(test_messages_of_sqs),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_responses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
