/* Who decodes: what the context reports, and the switch that leaves every JPEG to libjpeg-turbo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imgcore/imgcore.h"
#include "tests/support/pictures.h"

#ifdef IC_NO_OWN_JPEG
#define OWN "libjpeg-turbo"
#else
#define OWN "imgcore"
#endif

static struct imgcore_context *create(const char *word) {
    struct imgcore_context *context;
    if (word == NULL) {
        unsetenv("IMGCORE_JPEG");
    } else {
        setenv("IMGCORE_JPEG", word, 1);
    }
    assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_OK);
    unsetenv("IMGCORE_JPEG");
    return context;
}

static bool uses_ref(const struct imgcore_context *context) {
    return strcmp(imgcore_context_target(context, IMGCORE_JOB_TRANSFORM), "ref") == 0;
}

static struct imgcore_output transform(struct imgcore_context *context, const uint8_t *bytes,
                                       size_t size) {
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_output output;
    imgcore_output_default(&output);
    output.width_px = 50;
    assert_int_equal(imgcore_transform(context, &source, NULL, &output, 1, NULL), IMGCORE_OK);
    return output;
}

static void a_word_switches_the_own_reader_off(void **state) {
    (void)state;
    static const struct {
        const char *word, *decoder;
    } cases[] = {{NULL, OWN}, {"", OWN}, {"own", OWN}, {"libjpeg", "libjpeg-turbo"}};
    const struct jpeg_spec spec = {.width = 90, .height = 70, .channels = 3, .h_samp = 2};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    struct imgcore_context *first = create(NULL);
    struct imgcore_output expected = transform(first, bytes, size);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct imgcore_context *context = create(cases[i].word);
        for (int again = 0; again < 2; again++) { /* as chosen, and once more by name */
            struct imgcore_output output = transform(context, bytes, size);
            assert_string_equal(imgcore_context_decoder(context),
                                uses_ref(context) ? "libjpeg-turbo" : cases[i].decoder);
            assert_null(imgcore_context_fallback(context));
            assert_int_equal(output.size_bytes, expected.size_bytes);
            assert_memory_equal(output.bytes, expected.bytes, output.size_bytes);
            imgcore_output_clear(context, &output, 1);
            assert_int_equal(imgcore_context_use_target(
                                 context, imgcore_context_target(context, IMGCORE_JOB_TRANSFORM)),
                             IMGCORE_OK);
        }
        imgcore_context_destroy(context);
    }
    imgcore_output_clear(first, &expected, 1);
    imgcore_context_destroy(first);
    free(bytes);
}

static void another_word_is_refused(void **state) {
    (void)state;
    static const char *const words[] = {"libjpeg-turbo", "Own", "no", " own"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct imgcore_context *context;
        setenv("IMGCORE_JPEG", words[i], 1);
        assert_int_equal(imgcore_context_create(NULL, &context), IMGCORE_INVALID_ARGUMENT);
        assert_null(context);
    }
    unsetenv("IMGCORE_JPEG");
}

static void the_last_call_is_reported(void **state) {
    (void)state;
    struct imgcore_context *context = create(NULL);
    struct imgcore_info info;
    const struct jpeg_spec jpeg = {.width = 90, .height = 70, .channels = 3, .h_samp = 2};
    const struct png_spec png = {.width = 90, .height = 70, .channels = 3};
    const struct jpeg_spec arithmetic = {
        .width = 90, .height = 70, .channels = 3, .arithmetic = true};
    size_t size;
    assert_null(imgcore_context_decoder(context));
    uint8_t *bytes = jpeg_make(&jpeg, &size);
    struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    bytes[size - 1] = 0xd8; /* no end marker */
    const enum imgcore_status status = imgcore_check(context, &source, NULL, NULL);
    assert_true(status == IMGCORE_CORRUPT || status == IMGCORE_TRUNCATED);
    assert_string_equal(imgcore_context_decoder(context), "libjpeg-turbo");
    if (!uses_ref(context) && strcmp(OWN, "imgcore") == 0) {
        assert_string_equal(imgcore_context_fallback(context), "MARKER");
    }
    imgcore_info_default(&info);
    assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
    assert_null(imgcore_context_decoder(context));
    assert_null(imgcore_context_fallback(context));
    free(bytes);
    bytes = png_make(&png, &size);
    source = (struct imgcore_source){.bytes = bytes, .size_bytes = size};
    assert_int_equal(imgcore_check(context, &source, NULL, NULL), IMGCORE_OK);
    assert_string_equal(imgcore_context_decoder(context), "imgcore");
    source.size_bytes = 4;
    assert_int_equal(imgcore_check(context, &source, NULL, NULL), IMGCORE_TRUNCATED);
    assert_null(imgcore_context_decoder(context));
    free(bytes);
    bytes = jpeg_make(&arithmetic, &size);
    source = (struct imgcore_source){.bytes = bytes, .size_bytes = size};
    assert_int_equal(imgcore_check(context, &source, NULL, NULL), IMGCORE_OK);
    assert_string_equal(imgcore_context_decoder(context), "libjpeg-turbo");
    assert_null(imgcore_context_fallback(context));
    free(bytes);
    imgcore_context_destroy(context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_switches_the_own_reader_off),
        cmocka_unit_test(another_word_is_refused),
        cmocka_unit_test(the_last_call_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
