/* Which keys are worked on, and the keys of the outputs: exactly that place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lambda/handlers/image/keys.h"

static void test_what_is_worked_on(void **state) {
    (void)state;
    static const struct {
        const char *key;
        enum image_key_kind kind;
    } examples[] = {
        {"uploads/a.jpg", IMAGE_KEY_SOURCE},
        {"uploads/a", IMAGE_KEY_SOURCE},
        {"uploads/b/c/a.jpg", IMAGE_KEY_SOURCE},
        {"uploads/../a.jpg", IMAGE_KEY_SOURCE},
        {"uploads/processed.jpg", IMAGE_KEY_SOURCE},
        {"uploads/processed", IMAGE_KEY_SOURCE},
        {"uploads/unprocessed/a.jpg", IMAGE_KEY_SOURCE},
        {"uploads/processed2/a.jpg", IMAGE_KEY_SOURCE},
        {"uploads/Processed/a.jpg", IMAGE_KEY_SOURCE},
        {"uploads/processed/large/a.jpg", IMAGE_KEY_OUTPUT},
        {"uploads/processed/a.jpg", IMAGE_KEY_OUTPUT},
        {"uploads/b/processed/small/a.jpg", IMAGE_KEY_OUTPUT},
        {"uploads/processed/", IMAGE_KEY_OUTPUT},
        {"processed/large/a.jpg", IMAGE_KEY_OUTPUT},
        {"elsewhere/processed/a.jpg", IMAGE_KEY_OUTPUT},
        {"uploads/thumbs/a.jpg", IMAGE_KEY_OUTPUT},
        {"uploads/", IMAGE_KEY_FOLDER},
        {"uploads/b/", IMAGE_KEY_FOLDER},
        {"a.jpg", IMAGE_KEY_ELSEWHERE},
        {"upload/a.jpg", IMAGE_KEY_ELSEWHERE},
        {"../uploads/a.jpg", IMAGE_KEY_ELSEWHERE},
        {"reports/", IMAGE_KEY_ELSEWHERE},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        if (image_key_kind(examples[i].key, "uploads/", "thumbs") != examples[i].kind) {
            fail_msg("%s", examples[i].key);
        }
    }
    assert_int_equal(image_key_kind("a.jpg", "", "processed"), IMAGE_KEY_SOURCE);
}

static void becomes(const char *key, const char *expected) {
    struct svc_buf out;
    svc_buf_init(&out, 4096);
    assert_int_equal(image_output_key(key, "processed", "large", &out), SVC_OK);
    assert_string_equal(svc_buf_text(&out), expected);
    svc_buf_clear(&out);
}

static void test_names_of_outputs(void **state) {
    (void)state;
    becomes("uploads/a.jpg", "uploads/processed/large/a.jpg");
    becomes("uploads/한글 사진+1.png", "uploads/processed/large/한글 사진+1.png");
    becomes("uploads/b/c/noextension", "uploads/b/c/processed/large/noextension");
    becomes("uploads/../a.jpg", "uploads/../processed/large/a.jpg");
    becomes("uploads/b//a.jpg", "uploads/b//processed/large/a.jpg");
    becomes("uploads/%2e%2e/..", "uploads/%2e%2e/processed/large/..");
    becomes("a.jpg", "processed/large/a.jpg");
    becomes("/a.jpg", "/processed/large/a.jpg");
}

static void test_a_name_that_becomes_too_long(void **state) {
    (void)state;
    char key[1025];
    struct svc_buf out;
    memset(key, 'a', sizeof(key));
    memcpy(key, "uploads/", 8);
    /* "processed/large/" takes 16. */
    key[1008] = '\0';
    svc_buf_init(&out, 4096);
    assert_int_equal(image_output_key(key, "processed", "large", &out), SVC_OK);
    assert_int_equal(out.size_bytes, 1024);
    svc_buf_reset(&out);
    key[1008] = 'a';
    key[1009] = '\0';
    assert_int_equal(image_output_key(key, "processed", "large", &out), SVC_TOO_LARGE);
    svc_buf_clear(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_worked_on),
        cmocka_unit_test(test_names_of_outputs),
        cmocka_unit_test(test_a_name_that_becomes_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
