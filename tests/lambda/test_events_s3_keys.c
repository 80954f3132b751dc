/* Keys of S3 in events: the key that a text stands for is exactly that object's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/events/s3.h"
#include "services/base/text.h"
#include "tests/support/random.h"

static enum svc_status decode(const char *text, size_t size_bytes, bool is_encoded,
                              struct svc_buf *key) {
    const struct lev_s3_object object = {
        .raw_key = text, .raw_key_bytes = size_bytes, .is_encoded = is_encoded};
    svc_buf_init(key, 4096);
    return lev_s3_key(&object, key);
}

static void decodes_to(const char *text, const char *expected) {
    struct svc_buf key;
    assert_int_equal(decode(text, strlen(text), true, &key), SVC_OK);
    assert_string_equal(svc_buf_text(&key), expected);
    svc_buf_clear(&key);
}

static void is_refused(const char *text, size_t size_bytes, bool is_encoded,
                       enum svc_status expected) {
    struct svc_buf key;
    assert_int_equal(decode(text, size_bytes, is_encoded, &key), expected);
    svc_buf_clear(&key);
}

static void test_form_encoded_keys(void **state) {
    (void)state;
    decodes_to("uploads/a.jpg", "uploads/a.jpg");
    decodes_to("uploads/a+b.jpg", "uploads/a b.jpg");
    decodes_to("uploads/a%2Bb.jpg", "uploads/a+b.jpg");
    decodes_to("uploads/a%2bb.jpg", "uploads/a+b.jpg");
    decodes_to("uploads/%ED%95%9C%EA%B8%80+%EC%82%AC%EC%A7%84.jpg", "uploads/한글 사진.jpg");
    decodes_to("uploads/한글.jpg", "uploads/한글.jpg");
    decodes_to("uploads/100%25.jpg", "uploads/100%.jpg");
    decodes_to("uploads/%252e%252e/a.jpg", "uploads/%2e%2e/a.jpg");
    decodes_to("uploads/%2e%2e/a.jpg", "uploads/../a.jpg");
    decodes_to("uploads//a%0Ab.jpg", "uploads//a\nb.jpg");
    decodes_to("a%F0%9F%98%80", "a\xF0\x9F\x98\x80");
}

static void test_keys_as_they_are(void **state) {
    (void)state;
    struct svc_buf key;
    static const char text[] = "uploads/a+b %2B%.jpg";
    assert_int_equal(decode(text, strlen(text), false, &key), SVC_OK);
    assert_string_equal(svc_buf_text(&key), text);
    svc_buf_clear(&key);
}

static void test_bad_keys_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",        "a%",         "a%2",           "a%zz",    "a%+1", "%00",    "a%00b",  "a%ff",
        "a%C0%80", "a%ED%A0%80", "a%F5%80%80%80", "a%E3%81", "%",    "%c0%80", "%ED%95", "\xff",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        is_refused(bad[i], strlen(bad[i]), true, SVC_MALFORMED);
    }
    is_refused("", 0, false, SVC_MALFORMED);
    is_refused("a\0b", 3, false, SVC_MALFORMED);
    is_refused("a\0b", 3, true, SVC_MALFORMED);
    is_refused("a\xc3", 2, false, SVC_MALFORMED);
}

static void test_length_is_that_of_the_decoded_key(void **state) {
    (void)state;
    char text[3 * 1025];
    for (size_t i = 0; i < 1025; i++) {
        memcpy(text + 3 * i, "%61", 3);
    }
    struct svc_buf key;
    assert_int_equal(decode(text, 3 * 1024, true, &key), SVC_OK);
    assert_int_equal(key.size_bytes, 1024);
    svc_buf_clear(&key);
    is_refused(text, 3 * 1025, true, SVC_TOO_LARGE);
    memset(text, 'a', sizeof(text));
    assert_int_equal(decode(text, 1024, false, &key), SVC_OK);
    svc_buf_clear(&key);
    is_refused(text, 1025, false, SVC_TOO_LARGE);
    is_refused(text, 1025, true, SVC_TOO_LARGE);
}

/* What S3 encodes, byte by byte, must come back. */
static void test_every_key_survives_its_encoding(void **state) {
    (void)state;
    uint64_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[64];
        const size_t size_bytes = random_between(&seed, 1, sizeof(bytes));
        for (size_t i = 0; i < size_bytes; i++) {
            bytes[i] = (uint8_t)random_between(&seed, 1, round % 2 == 0 ? 127 : 255);
        }
        struct svc_buf encoded, key;
        svc_buf_init(&encoded, 1024);
        assert_true(svc_percent_encode(bytes, size_bytes, true, &encoded));
        const enum svc_status status =
            decode(svc_buf_text(&encoded), encoded.size_bytes, true, &key);
        if (svc_utf8_valid(bytes, size_bytes)) {
            assert_int_equal(status, SVC_OK);
            assert_int_equal(key.size_bytes, size_bytes);
            assert_memory_equal(key.bytes, bytes, size_bytes);
        } else {
            assert_int_equal(status, SVC_MALFORMED);
        }
        svc_buf_clear(&key);
        svc_buf_clear(&encoded);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_encoded_keys),
        cmocka_unit_test(test_keys_as_they_are),
        cmocka_unit_test(test_bad_keys_are_refused),
        cmocka_unit_test(test_length_is_that_of_the_decoded_key),
        cmocka_unit_test(test_every_key_survives_its_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
