/* Reads that continue after a broken connection: what is accepted as the rest of an object, and how
 * long the wait before it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "tests/services/aws_support.h"

static struct aws_fixture f;

/* Reads the object to its end: the status of finish, and how much was handed out. */
static enum svc_status read_object(uint64_t *read_bytes, struct awsc_error *error) {
    static uint8_t piece[70001];
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    struct awsc_s3_reader *reader;
    struct awsc_s3_info info;
    size_t got = 0;
    *read_bytes = 0;
    assert_int_equal(awsc_s3_get_open(f.client, &what, &reader, &info, error), SVC_OK);
    awsc_s3_info_clear(&info);
    while (awsc_s3_read(reader, piece, sizeof(piece), &got) && got > 0) {
        *read_bytes += got;
    }
    return awsc_s3_get_finish(reader, error);
}

static void set_faults(const char *first, const char *second) {
    char line[128];
    snprintf(line, sizeof(line), "{\"faults\":[\"%s\",\"%s\"]}", first, second);
    aws_set(&f, line);
}

/* S3 has a checksum of the entire object: it is verified over both parts of the read. */
static void test_the_checksum_is_verified_over_a_resumed_read(void **state) {
    (void)state;
    struct awsc_error error;
    uint64_t read_bytes = 0;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300000}}}");
    set_faults("truncate", "");
    assert_int_equal(read_object(&read_bytes, &error), SVC_OK);
    assert_int_equal(read_bytes, 300000);
    set_faults("truncate", "flip"); /* a damaged byte after the break */
    assert_int_equal(read_object(&read_bytes, &error), SVC_CHECKSUM_MISMATCH);
    set_faults("flip-truncate", ""); /* and before it */
    assert_int_equal(read_object(&read_bytes, &error), SVC_CHECKSUM_MISMATCH);
    assert_int_equal(aws_requests(&f), 2);
}

/* Where no checksum exists, only status, range and ETag show that it is the rest of the object. */
static void test_only_the_rest_of_the_same_object_continues_a_read(void **state) {
    (void)state;
    static const char *const faults[] = {
        "resume-200",   "resume-status", "resume-entire", "resume-before",   "resume-after",
        "resume-short", "resume-total",  "resume-etag",   "resume-no-range", "resume-no-etag"};
    struct awsc_error error;
    uint64_t read_bytes = 0;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300000,\"checksum\":{}}}}");
    set_faults("truncate", "");
    assert_int_equal(read_object(&read_bytes, &error), SVC_OK);
    assert_int_equal(read_bytes, 300000);
    assert_int_equal(aws_requests(&f), 2);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        set_faults("truncate", faults[i]);
        enum svc_status status = read_object(&read_bytes, &error);
        if (status != SVC_BAD_RESPONSE || read_bytes != 150000) {
            fail_msg("%s: %s after %llu bytes", faults[i], svc_status_name(status),
                     (unsigned long long)read_bytes);
        }
        assert_int_equal(aws_requests(&f), 2);
    }
}

static void test_the_wait_before_a_resume_has_jitter(void **state) {
    (void)state;
    static const double units[] = {0, 0.25, 0.5, 0.96875};
    struct awsc_error error;
    uint64_t read_bytes = 0;
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300000}}}");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        f.clock.sleeps = 0;
        memset(f.clock.slept_ms, 0, sizeof(f.clock.slept_ms));
        f.random.unit = units[i];
        set_faults("truncate", "truncate-reset");
        assert_int_equal(read_object(&read_bytes, &error), SVC_OK);
        assert_int_equal(f.clock.slept_ms[0], (int64_t)(units[i] * 50));
        assert_int_equal(f.clock.slept_ms[1], (int64_t)(units[i] * 100));
        assert_int_equal(aws_requests(&f), 3);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_the_checksum_is_verified_over_a_resumed_read),
        AWS_TEST(test_only_the_rest_of_the_same_object_continues_a_read),
        AWS_TEST(test_the_wait_before_a_resume_has_jitter),
    };
    return AWS_RUN(tests);
}
