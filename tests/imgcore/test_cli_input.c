/* Inputs of the command as sources of the library (imgcore/cli/files.h): read again from the first
 * byte only if that is possible and the file is the same. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "imgcore/cli/files.h"
#include "tests/support/pictures.h"

static char path[] = "/tmp/imgcore-input-XXXXXX";

static int set_up(void **state) {
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
    (void)state;
    return unlink(path);
}

static void write_file(const void *bytes, size_t size_bytes) {
    const int fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size_bytes), size_bytes);
    close(fd);
}

static void open_input(struct cli_input *input) {
    struct cli_failure failure;
    assert_true(cli_input_open(input, path, false, &failure));
}

static void assert_reads(const struct imgcore_source *source, const char *text) {
    uint8_t buffer[16];
    size_t got = 0;
    assert_true(source->read(source->user, buffer, strlen(text), &got));
    assert_int_equal(got, strlen(text));
    assert_memory_equal(buffer, text, got);
}

static void a_file_is_read_again(void **state) {
    (void)state;
    struct cli_input input;
    write_file("0123456789", 10);
    open_input(&input);
    const struct imgcore_source source = cli_input_source(&input);
    assert_reads(&source, "0123");
    assert_true(source.rewind(source.user));
    assert_reads(&source, "0123456789");
    assert_true(source.rewind(source.user));
    assert_reads(&source, "01");
    cli_input_close(&input);
}

static void a_file_that_has_changed_is_not(void **state) {
    (void)state;
    for (int change = 0; change < 4; change++) {
        struct cli_input input;
        write_file("0123456789", 10);
        open_input(&input);
        const struct imgcore_source source = cli_input_source(&input);
        struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, input.modified};
        if (change == 0) {
            times[1].tv_sec -= 1000;
        } else if (change == 1) {
            times[1].tv_nsec ^= 1;
        } else {
            write_file("0123456789a", change == 2 ? 4 : 11);
        }
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_false(source.rewind(source.user));
        cli_input_close(&input);
    }
}

static void a_pipe_is_not(void **state) {
    (void)state;
    struct cli_input input;
    struct cli_failure failure;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const int own_stdin = dup(STDIN_FILENO);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    assert_true(cli_input_open(&input, "-", false, &failure));
    const struct imgcore_source source = cli_input_source(&input);
    assert_non_null(source.read);
    assert_null(source.rewind);
    cli_input_close(&input);
    dup2(own_stdin, STDIN_FILENO);
    close(own_stdin);
    close(ends[0]);
    close(ends[1]);
}

/* Shortens the file after its first read. */
struct shortened {
    struct imgcore_source source;
    bool is_done;
};

static bool read_and_shorten(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct shortened *shortened = user;
    const bool good =
        shortened->source.read(shortened->source.user, buffer, size_bytes, read_bytes);
    if (!shortened->is_done) {
        shortened->is_done = true;
        assert_int_equal(truncate(path, (off_t)*read_bytes), 0);
    }
    return good;
}

static bool rewind_shortened(void *user) {
    const struct shortened *shortened = user;
    return shortened->source.rewind(shortened->source.user);
}

static void a_file_cut_while_it_is_read_is_refused(void **state) {
    (void)state;
    static uint8_t pixels[600 * 600 * 3];
    const struct jpeg_spec spec = {
        .width = 600, .height = 600, .channels = 3, .pixels = pixels, .h_samp = 2};
    size_t size;
    for (size_t i = 0; i < sizeof(pixels); i++) {
        pixels[i] = (uint8_t)((i * 2654435761u) >> 13);
    }
    uint8_t *bytes = jpeg_make(&spec, &size);
    struct cli_input input;
    struct imgcore_context *context;
    struct imgcore_error error;
    assert_true(size > 3 * 65536);
    write_file(bytes, size);
    open_input(&input);
    struct shortened shortened = {.source = cli_input_source(&input)};
    const struct imgcore_source source = {
        .read = read_and_shorten, .rewind = rewind_shortened, .user = &shortened};
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    assert_int_equal(imgcore_check(context, &source, NULL, &error), IMGCORE_READ_FAILED);
    assert_string_equal(error.detail, "the source cannot be read again");
    imgcore_context_destroy(context);
    cli_input_close(&input);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_again),
        cmocka_unit_test(a_file_that_has_changed_is_not),
        cmocka_unit_test(a_pipe_is_not),
        cmocka_unit_test(a_file_cut_while_it_is_read_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
