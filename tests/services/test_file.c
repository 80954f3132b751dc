/* Files read into buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "services/base/file.h"

/* A file of `size_bytes` bytes with this content repeated; its path. */
static const char *make_file(const char *content, size_t size_bytes) {
    static char path[] = "/tmp/test_file_XXXXXX";
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    const int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < size_bytes; i++) {
        assert_int_not_equal(fputc(content[i % strlen(content)], file), EOF);
    }
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_a_file_is_appended_entirely(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *path = make_file("abcdefg", sizes[i]);
        struct svc_buf content;
        svc_buf_init(&content, 1 << 20);
        svc_buf_append_text(&content, "before ");
        assert_int_equal(svc_read_file(path, &content), SVC_OK);
        assert_int_equal(content.size_bytes, 7 + sizes[i]);
        for (size_t n = 0; n < sizes[i]; n++) {
            assert_int_equal(content.bytes[7 + n], "abcdefg"[n % 7]);
        }
        svc_buf_clear(&content);
        assert_int_equal(unlink(path), 0);
    }
}

static void test_a_file_over_the_limit_is_refused(void **state) {
    (void)state;
    const char *path = make_file("a", 20000);
    struct svc_buf content;
    svc_buf_init(&content, 19999);
    assert_int_equal(svc_read_file(path, &content), SVC_TOO_LARGE);
    svc_buf_clear(&content);
    svc_buf_init(&content, 20000);
    assert_int_equal(svc_read_file(path, &content), SVC_OK);
    svc_buf_clear(&content);
    assert_int_equal(unlink(path), 0);
}

static void test_what_cannot_be_read_is_an_io_failure(void **state) {
    (void)state;
    struct svc_buf content;
    svc_buf_init(&content, 1000);
    assert_int_equal(svc_read_file("/nonexistent/file", &content), SVC_IO);
    assert_int_equal(svc_read_file("/", &content), SVC_IO);
    assert_int_equal(svc_read_descriptor(-1, &content), SVC_IO);
    assert_int_equal(content.size_bytes, 0);
    svc_buf_clear(&content);
}

static void test_a_pipe_is_read_to_its_end(void **state) {
    (void)state;
    int ends[2];
    struct svc_buf content;
    svc_buf_init(&content, 1000);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "one ", 4), 4);
    assert_int_equal(write(ends[1], "two", 3), 3);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(svc_read_descriptor(ends[0], &content), SVC_OK);
    assert_string_equal(svc_buf_text(&content), "one two");
    assert_int_equal(close(ends[0]), 0);
    svc_buf_clear(&content);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_appended_entirely),
        cmocka_unit_test(test_a_file_over_the_limit_is_refused),
        cmocka_unit_test(test_what_cannot_be_read_is_an_io_failure),
        cmocka_unit_test(test_a_pipe_is_read_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
