/* What holds for a program with any version of the header, older.h or newer.h, one of which is
 * included before. Included once by each test program. */
#ifndef TESTS_ABI_SUPPORT_H
#define TESTS_ABI_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/guard.h"
#include "tests/support/pictures.h"

enum { OUTPUTS = 3, CANARY_BYTES = 256, CANARY = 0x55 };

static struct imgcore_context *context;
static uint8_t *file;
static size_t file_bytes;

static inline int set_up(void **state) {
    const struct jpeg_spec spec = {.width = 64, .height = 48, .channels = 3};
    (void)state;
    file = jpeg_make(&spec, &file_bytes);
    return imgcore_context_create(NULL, &context) == IMGCORE_OK ? 0 : -1;
}

static inline int tear_down(void **state) {
    (void)state;
    imgcore_context_destroy(context);
    free(file);
    return 0;
}

/* As the public macros do it. */
#define DEFAULT(kind, pointer) imgcore_##kind##_default_sized(KNOWN(pointer), sizeof(*(pointer)))

static inline void check_canary(const uint8_t *bytes) {
    for (size_t i = 0; i < CANARY_BYTES; i++) {
        assert_int_equal(bytes[i], CANARY);
    }
}

static inline enum imgcore_status transform(const OPTIONS *options, OUTPUT *outputs, size_t count,
                                            struct imgcore_error *error) {
    const struct imgcore_source source = {.bytes = file, .size_bytes = file_bytes};
    return imgcore_transform(context, &source, options == NULL ? NULL : KNOWN(options),
                             KNOWN(outputs), count, error);
}

static inline void fill_outputs(OUTPUT *outputs) {
    for (size_t i = 0; i < OUTPUTS; i++) {
        DEFAULT(output, &outputs[i]);
        KNOWN(&outputs[i])->width_px = (uint32_t)(8 * (i + 1));
        KNOWN(&outputs[i])->height_px = (uint32_t)(6 * (i + 1));
    }
}

/* Each is filled to its end, and no byte behind it. */
#define CHECK_DEFAULT(kind, type)                                                                  \
    do {                                                                                           \
        struct {                                                                                   \
            type it;                                                                               \
            uint8_t canary[CANARY_BYTES];                                                          \
        } filled;                                                                                  \
        memset(&filled, CANARY, sizeof(filled));                                                   \
        DEFAULT(kind, &filled.it);                                                                 \
        check_canary(filled.canary);                                                               \
        assert_int_equal(KNOWN(&filled.it)->struct_size_bytes, sizeof(filled.it));                 \
        const uint8_t *last = (const uint8_t *)(&filled.it + 1) - 1;                               \
        assert_int_equal(*last, 0);                                                                \
    } while (0)

static inline void defaults_fill_a_struct_of_any_size(void **state) {
    (void)state;
    CHECK_DEFAULT(info, INFO);
    CHECK_DEFAULT(options, OPTIONS);
    CHECK_DEFAULT(output, OUTPUT);
    struct {
        RESIZE_OPTIONS it;
        uint8_t canary[CANARY_BYTES];
    } resize;
    memset(&resize, CANARY, sizeof(resize));
    DEFAULT(resize_options, &resize.it);
    check_canary(resize.canary);
    OUTPUT output;
    DEFAULT(output, &output);
    assert_int_equal(KNOWN(&output)->quality, 80);
    assert_int_equal(KNOWN(&output)->background[3], 255);
    assert_int_equal(KNOWN(&resize.it)->channels, 3);
    /* Not even the size fits. */
    uint8_t bytes[CANARY_BYTES];
    memset(bytes, CANARY, sizeof(bytes));
    imgcore_output_default_sized((void *)bytes, sizeof(size_t) - 1);
    check_canary(bytes);
}

/* At a guard page: reading behind the struct crashes. */
static inline void nothing_is_read_behind_a_struct(void **state) {
    (void)state;
    OPTIONS options;
    DEFAULT(options, &options);
    OUTPUT outputs[OUTPUTS];
    fill_outputs(outputs);
    const OPTIONS *at_end = (const void *)guard_copy(&options, sizeof(options));
    assert_int_equal(transform(at_end, outputs, OUTPUTS, NULL), IMGCORE_OK);
    imgcore_output_clear(context, KNOWN(outputs), OUTPUTS);
    OUTPUT *outputs_at_end = (void *)guard_copy(outputs, sizeof(outputs));
    assert_int_equal(transform(NULL, outputs_at_end, OUTPUTS, NULL), IMGCORE_OK);
    imgcore_output_clear(context, KNOWN(outputs_at_end), OUTPUTS);
    RESIZE_OPTIONS resize;
    DEFAULT(resize_options, &resize);
    const RESIZE_OPTIONS *resize_at_end = (const void *)guard_copy(&resize, sizeof(resize));
    const uint8_t pixels[12] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
    uint8_t pixel[3];
    assert_int_equal(
        imgcore_resize(context, pixels, 2, 2, 6, pixel, 1, 1, 3, KNOWN(resize_at_end), NULL),
        IMGCORE_OK);
    assert_int_equal(pixel[2], 3);
}

static inline void outputs_lie_one_struct_apart(void **state) {
    (void)state;
    struct {
        OUTPUT outputs[OUTPUTS];
        uint8_t canary[CANARY_BYTES];
    } made;
    memset(&made, CANARY, sizeof(made));
    fill_outputs(made.outputs);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(transform(NULL, made.outputs, OUTPUTS, NULL), IMGCORE_OK);
        check_canary(made.canary);
        for (uint32_t i = 0; i < OUTPUTS; i++) {
            uint32_t width, height;
            int channels;
            OUTPUT *output = &made.outputs[i];
            uint8_t *pixels = jpeg_read(KNOWN(output)->bytes, KNOWN(output)->size_bytes, &width,
                                        &height, &channels);
            free(pixels);
            assert_int_equal(width, 8 * (i + 1));
            assert_int_equal(height, 6 * (i + 1));
            assert_int_equal(KNOWN(output)->result_height_px, height);
            assert_int_equal(KNOWN(output)->result_format, IMGCORE_FORMAT_JPEG);
            assert_int_equal(KNOWN(output)->struct_size_bytes, sizeof(OUTPUT));
        }
        imgcore_output_clear(context, KNOWN(made.outputs), OUTPUTS);
        check_canary(made.canary);
        for (size_t i = 0; i < OUTPUTS; i++) {
            assert_null(KNOWN(&made.outputs[i])->bytes);
        }
    }
}

static inline void a_probe_fills_the_struct_and_no_more(void **state) {
    (void)state;
    const struct imgcore_source source = {.bytes = file, .size_bytes = file_bytes};
    OPTIONS options;
    DEFAULT(options, &options);
    for (int is_refused = 0; is_refused < 2; is_refused++) {
        struct {
            INFO info;
            uint8_t canary[CANARY_BYTES];
        } probed;
        memset(&probed, CANARY, sizeof(probed));
        KNOWN(&probed.info)->struct_size_bytes = sizeof(probed.info);
        KNOWN(&options)->limits.pixels = (uint64_t)is_refused;
        assert_int_equal(
            imgcore_probe(context, &source, KNOWN(&options), KNOWN(&probed.info), NULL),
            is_refused ? IMGCORE_TOO_LARGE : IMGCORE_OK);
        check_canary(probed.canary);
        assert_int_equal(KNOWN(&probed.info)->struct_size_bytes, sizeof(probed.info));
        assert_int_equal(KNOWN(&probed.info)->width_px, 64);
        assert_int_equal(KNOWN(&probed.info)->height_px, 48);
        assert_string_equal(KNOWN(&probed.info)->color, "ycbcr");
        const uint8_t *last = (const uint8_t *)(&probed.info + 1) - 1;
        assert_int_equal(*last, 0);
    }
}

static inline void check_refused(const OPTIONS *options, OUTPUT *outputs,
                                 enum imgcore_status expected) {
    struct imgcore_error error;
    memset(&error, CANARY, sizeof(error));
    assert_int_equal(transform(options, outputs, OUTPUTS, &error), expected);
    assert_int_equal(error.status, expected);
    assert_true(error.detail[0] != '\0');
    for (size_t i = 0; i < sizeof(error.reserved) / sizeof(error.reserved[0]); i++) {
        assert_int_equal(error.reserved[i], 0);
    }
    assert_null(KNOWN(&outputs[0])->bytes);
}

static inline void sizes_of_no_version_are_refused(void **state) {
    (void)state;
    const size_t wrong[] = {0, 1, sizeof(size_t), sizeof(OUTPUT) + 1, (size_t)1 << 20, SIZE_MAX};
    OUTPUT outputs[OUTPUTS + 1];
    OPTIONS options;
    DEFAULT(options, &options);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        fill_outputs(outputs);
        KNOWN(&outputs[0])->struct_size_bytes = wrong[i];
        check_refused(NULL, outputs, IMGCORE_INVALID_ARGUMENT);
        /* Frees nothing, and reads nothing. */
        imgcore_output_clear(context, KNOWN(outputs), OUTPUTS);
        fill_outputs(outputs);
        KNOWN(&options)->struct_size_bytes = wrong[i];
        check_refused(&options, outputs, IMGCORE_INVALID_ARGUMENT);
    }
    for (size_t i = 1; i < OUTPUTS; i++) {
        fill_outputs(outputs);
        KNOWN(&outputs[i])->struct_size_bytes += sizeof(uint64_t);
        check_refused(NULL, outputs, IMGCORE_INVALID_ARGUMENT);
    }
}

static inline void reserved_words_are_refused(void **state) {
    (void)state;
    OUTPUT outputs[OUTPUTS];
    OPTIONS options;
    DEFAULT(options, &options);
    for (size_t i = 0; i < 8; i++) {
        fill_outputs(outputs);
        KNOWN(&options)->limits.reserved[i] = 1;
        check_refused(&options, outputs, IMGCORE_UNKNOWN_FIELD);
        KNOWN(&options)->limits.reserved[i] = 0;
    }
    for (size_t i = 0; i < OUTPUTS; i++) {
        fill_outputs(outputs);
        KNOWN(&outputs[i])->reserved = 1;
        check_refused(&options, outputs, IMGCORE_UNKNOWN_FIELD);
    }
}

#endif
