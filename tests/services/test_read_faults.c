/* Reading from a server that truncates, damages, overwrites and stalls: a read is resumed, its
 * content is checked, and it ends at the deadline. test_resume.c has the ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

static int tokens(void) {
    return awsc_client_counts(f.client).retry_tokens;
}

static enum svc_status put(struct awsc_s3_put_result *result) {
    const struct awsc_s3_put what = {
        .bucket = "bucket", .key = "k", .body = (const uint8_t *)"body", .body_bytes = 4};
    return awsc_s3_put(f.client, &what, result);
}

static enum svc_status get(struct svc_buf *content, struct awsc_error *error) {
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    svc_buf_init(content, 1 << 20);
    return awsc_s3_get_all(f.client, &what, content, NULL, error);
}

static void store_object(void) {
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300000}}}");
}

static void test_a_broken_read_is_resumed(void **state) {
    (void)state;
    static const char *const faults[] = {"truncate", "truncate-reset"};
    struct svc_buf content;
    struct awsc_error error;
    for (size_t i = 0; i < 2; i++) {
        for (int times = 1; times <= 3; times++) {
            aws_end(&f);
            aws_begin(&f);
            store_object();
            aws_set_fault(&f, faults[i], times);
            enum svc_status status = get(&content, &error);
            assert_int_equal(status, times < 3 ? SVC_OK : SVC_CONNECTION_LOST);
            assert_int_equal(aws_requests(&f), times < 3 ? times + 1 : 3);
            assert_int_equal(content.size_bytes, times < 3 ? 300000 : 0);
            assert_int_equal(tokens(), times == 3 ? 500 - 28 : times == 2 ? 500 - 14 : 500);
            svc_buf_clear(&content);
        }
    }
}

static void test_an_overwrite_during_a_read_is_reported(void **state) {
    (void)state;
    struct svc_buf content;
    struct awsc_error error;
    store_object();
    aws_set(&f, "{\"faults\":[\"truncate\",\"status:412:PreconditionFailed\"]}");
    assert_int_equal(get(&content, &error), SVC_PRECONDITION_FAILED);
    assert_int_equal(aws_requests(&f), 2);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

static void test_damaged_content_is_found_and_fetched_again(void **state) {
    (void)state;
    static const char *const faults[] = {"flip", "checksum"};
    struct svc_buf content;
    struct awsc_error error;
    for (size_t i = 0; i < 2; i++) {
        store_object();
        aws_set_fault(&f, faults[i], 1);
        assert_int_equal(get(&content, &error), SVC_OK);
        assert_int_equal(content.size_bytes, 300000);
        assert_int_equal(aws_requests(&f), 2);
        svc_buf_clear(&content);
        aws_set_fault(&f, faults[i], 3);
        assert_int_equal(get(&content, &error), SVC_CHECKSUM_MISMATCH);
        assert_int_equal(content.size_bytes, 0);
        assert_int_equal(aws_requests(&f), 3);
        svc_buf_clear(&content);
    }
    /* As a stream: only finish reports it. */
    struct awsc_s3_reader *reader;
    struct awsc_s3_info info;
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    aws_set_fault(&f, "flip", 1);
    assert_int_equal(awsc_s3_get_open(f.client, &what, &reader, &info, &error), SVC_OK);
    assert_int_equal(awsc_s3_get_finish(reader, &error), SVC_CHECKSUM_MISMATCH);
    assert_true(error.retryable);
    awsc_s3_info_clear(&info);
}

/* The checksum that S3 computes for an object whose writer sent none. */
static void test_crc64nvme_is_checked(void **state) {
    (void)state;
    struct svc_buf content;
    struct awsc_error error;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":1003,\"crc64nvme\":\"correct\"}}}");
    assert_int_equal(get(&content, &error), SVC_OK);
    assert_int_equal(content.size_bytes, 1003);
    svc_buf_clear(&content);
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":1003,\"crc64nvme\":\"wrong\"}}}");
    assert_int_equal(get(&content, &error), SVC_CHECKSUM_MISMATCH);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

/* Content-Length 10 too high: the connection ends early, and the read is resumed with a range. */
static void test_a_wrong_length_is_a_broken_connection(void **state) {
    (void)state;
    struct svc_buf content;
    struct awsc_error error;
    store_object();
    aws_set_fault(&f, "longer", 1);
    assert_int_not_equal(get(&content, &error), SVC_OK);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

static void test_a_hanging_server_ends_at_the_deadline(void **state) {
    (void)state;
    static const char *const faults[] = {"hang", "stall"};
    struct svc_buf content;
    struct awsc_error error;
    for (size_t i = 0; i < 2; i++) {
        store_object();
        aws_set_fault(&f, faults[i], 3);
        int64_t before = svc_monotonic_ms(svc_clock_system());
        awsc_client_begin(f.client, svc_deadline_in(&f.clock.clock, 300), NULL);
        assert_int_equal(get(&content, &error), SVC_DEADLINE);
        int64_t took = svc_monotonic_ms(svc_clock_system()) - before;
        assert_true(took >= 290 && took < 3000);
        assert_true(error.retryable);
        assert_int_equal(aws_requests(&f), 1);
        svc_buf_clear(&content);
    }
    aws_set_fault(&f, "", 0);
    struct awsc_s3_put_result result;
    /* No time left: nothing is sent. */
    awsc_client_begin(f.client, svc_deadline_in(&f.clock.clock, 0), NULL);
    assert_int_equal(put(&result), SVC_DEADLINE);
    assert_int_equal(aws_requests(&f), 0);
    /* A wait that would end after the deadline is not begun. */
    aws_set_fault(&f, "status:500:InternalError:4000", 1);
    awsc_client_begin(f.client, svc_deadline_in(&f.clock.clock, 3000), NULL);
    assert_int_equal(put(&result), SVC_SERVER_ERROR);
    assert_int_equal(result.error.attempts, 1);
    assert_int_equal(tokens(), 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_a_broken_read_is_resumed),
        AWS_TEST(test_an_overwrite_during_a_read_is_reported),
        AWS_TEST(test_damaged_content_is_found_and_fetched_again),
        AWS_TEST(test_crc64nvme_is_checked),
        AWS_TEST(test_a_wrong_length_is_a_broken_connection),
        AWS_TEST(test_a_hanging_server_ends_at_the_deadline),
    };
    return AWS_RUN(tests);
}
