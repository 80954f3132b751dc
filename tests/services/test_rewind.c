/* Objects read a second time from their first byte: the same object, all of it checked, or a status
 * that says why not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "services/aws/s3.h"
#include "tests/services/aws_support.h"

#define OBJECT_BYTES 300000

static struct aws_fixture f;

struct reading {
    struct awsc_s3_reader *reader;
    uint8_t first[OBJECT_BYTES], second[OBJECT_BYTES];
};

static struct reading reading;

static void store(const char *checksum) {
    char line[128];
    snprintf(line, sizeof(line), "{\"object\":{\"bucket/k\":{\"size\":%d%s}}}", OBJECT_BYTES,
             checksum);
    aws_set(&f, line);
}

static void set_faults(const char *first, const char *second, const char *third) {
    char line[160];
    snprintf(line, sizeof(line), "{\"faults\":[\"%s\",\"%s\",\"%s\"]}", first, second, third);
    aws_set(&f, line);
}

static void open_object(void) {
    const struct awsc_s3_get what = {.bucket = "bucket", .key = "k"};
    struct awsc_s3_info info;
    assert_int_equal(awsc_s3_get_open(f.client, &what, &reading.reader, &info, NULL), SVC_OK);
    awsc_s3_info_clear(&info);
}

/* Reads up to `size_bytes` bytes; returns how many. */
static size_t read_bytes(uint8_t *out, size_t size_bytes) {
    size_t done = 0, got = 1;
    while (done < size_bytes && got > 0 &&
           awsc_s3_read(reading.reader, out + done, size_bytes - done, &got)) {
        done += got;
    }
    return done;
}

static enum svc_status finish(void) {
    struct awsc_error error;
    const enum svc_status status = awsc_s3_get_finish(reading.reader, &error);
    assert_int_equal(error.status, status);
    return status;
}

static const char *const checksums[] = {"", ",\"checksum\":{}"};

static void test_the_same_bytes_are_read_again(void **state) {
    (void)state;
    static const size_t firsts[] = {0, 1, 70000, OBJECT_BYTES, OBJECT_BYTES + 1};
    for (size_t i = 0; i < 10; i++) {
        store(checksums[i % 2]);
        open_object();
        const size_t want = firsts[i / 2] < OBJECT_BYTES ? firsts[i / 2] : OBJECT_BYTES;
        assert_int_equal(read_bytes(reading.first, want), want);
        if (firsts[i / 2] > OBJECT_BYTES) { /* sees the end, and with it the checksum */
            uint8_t more;
            assert_int_equal(read_bytes(&more, 1), 0);
        }
        assert_true(awsc_s3_rewind(reading.reader));
        assert_int_equal(read_bytes(reading.second, OBJECT_BYTES), OBJECT_BYTES);
        assert_memory_equal(reading.first, reading.second, want);
        assert_int_equal(finish(), SVC_OK);
        assert_int_equal(aws_requests(&f), 2);
    }
}

static void test_both_readings_are_resumed(void **state) {
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        store(checksums[i]);
        set_faults("truncate", "", "truncate");
        open_object();
        assert_int_equal(read_bytes(reading.first, 200000), 200000);
        assert_true(awsc_s3_rewind(reading.reader));
        assert_int_equal(read_bytes(reading.second, OBJECT_BYTES), OBJECT_BYTES);
        assert_memory_equal(reading.first, reading.second, 200000);
        assert_int_equal(finish(), SVC_OK);
        assert_int_equal(aws_requests(&f), 4);
    }
}

static void test_an_overwritten_object_is_not_read_again(void **state) {
    (void)state;
    store("");
    open_object();
    assert_int_equal(read_bytes(reading.first, 1000), 1000);
    aws_set(&f, "{\"object\":{\"bucket/k\":{\"size\":300001}}}");
    (void)aws_requests(&f); /* the ones before do not count */
    assert_false(awsc_s3_rewind(reading.reader));
    assert_false(awsc_s3_rewind(reading.reader)); /* without a request */
    assert_int_equal(read_bytes(reading.second, 1), 0);
    assert_int_equal(finish(), SVC_PRECONDITION_FAILED);
    assert_int_equal(aws_requests(&f), 1);
}

static void test_another_response_is_refused(void **state) {
    (void)state;
    static const char *const faults[] = {"again-etag", "again-no-etag", "again-shorter",
                                         "again-206"};
    for (size_t i = 0; i < 8; i++) {
        store(checksums[i % 2]);
        set_faults("", faults[i / 2], "");
        open_object();
        assert_int_equal(read_bytes(reading.first, 1000), 1000);
        assert_false(awsc_s3_rewind(reading.reader));
        assert_int_equal(finish(), SVC_BAD_RESPONSE);
        assert_int_equal(aws_requests(&f), 2);
    }
}

/* What was used of the first reading is part of what is checked. */
static void test_both_readings_are_checked(void **state) {
    (void)state;
    store("");
    set_faults("", "again-other", ""); /* another first byte, and the checksum for it */
    open_object();
    assert_int_equal(read_bytes(reading.first, 1000), 1000);
    assert_true(awsc_s3_rewind(reading.reader));
    assert_int_equal(finish(), SVC_CHECKSUM_MISMATCH);
    set_faults("", "flip", ""); /* another last byte, which the first reading did not reach */
    open_object();
    assert_int_equal(read_bytes(reading.first, 1000), 1000);
    assert_true(awsc_s3_rewind(reading.reader));
    assert_int_equal(finish(), SVC_CHECKSUM_MISMATCH);
}

static void test_a_failed_reading_is_not_repeated(void **state) {
    (void)state;
    store("");
    set_faults("flip", "", "");
    open_object();
    assert_int_equal(read_bytes(reading.first, OBJECT_BYTES), OBJECT_BYTES);
    uint8_t more;
    assert_int_equal(read_bytes(&more, 1), 0);
    assert_false(awsc_s3_rewind(reading.reader));
    assert_int_equal(finish(), SVC_CHECKSUM_MISMATCH);
    assert_int_equal(aws_requests(&f), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AWS_TEST(test_the_same_bytes_are_read_again),
        AWS_TEST(test_both_readings_are_resumed),
        AWS_TEST(test_an_overwritten_object_is_not_read_again),
        AWS_TEST(test_another_response_is_refused),
        AWS_TEST(test_both_readings_are_checked),
        AWS_TEST(test_a_failed_reading_is_not_repeated),
    };
    return AWS_RUN(tests);
}
