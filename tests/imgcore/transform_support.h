/* Shared by the tests of imgcore_transform: a context, a call that must succeed, and the pixels of
 * the result, decoded by the codec's own library. Included once by each test program. */
#ifndef TESTS_TRANSFORM_SUPPORT_H
#define TESTS_TRANSFORM_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/imgcore.h"
#include "tests/support/exact.h"
#include "tests/support/pictures.h"

static struct imgcore_context *context;

static inline int set_up(void **state) {
    (void)state;
    return imgcore_context_create(NULL, &context) == IMGCORE_OK ? 0 : -1;
}

static inline int tear_down(void **state) {
    (void)state;
    imgcore_context_destroy(context);
    return 0;
}

static inline struct imgcore_output box(uint32_t width, uint32_t height,
                                        enum imgcore_format format) {
    struct imgcore_output output;
    imgcore_output_default(&output);
    output.width_px = width;
    output.height_px = height;
    output.format = format;
    return output;
}

static inline void must(const uint8_t *bytes, size_t size, const struct imgcore_options *options,
                        struct imgcore_output *outputs, size_t count) {
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_error error;
    const enum imgcore_status status =
        imgcore_transform(context, &source, options, outputs, count, &error);
    if (status != IMGCORE_OK) {
        fail_msg("%s: %s", imgcore_status_name(status), error.detail);
    }
}

/* Returns one output as pixels, decoded by the codec's own library. */
static inline uint8_t *pixels_of(const uint8_t *bytes, size_t size,
                                 const struct imgcore_options *options,
                                 struct imgcore_output output, uint32_t *width, uint32_t *height,
                                 int *channels) {
    must(bytes, size, options, &output, 1);
    uint8_t *pixels = output.result_format == IMGCORE_FORMAT_JPEG
                          ? jpeg_read(output.bytes, output.size_bytes, width, height, channels)
                          : png_read(output.bytes, output.size_bytes, width, height, channels);
    assert_int_equal(*width, output.result_width_px);
    assert_int_equal(*height, output.result_height_px);
    imgcore_output_clear(context, &output, 1);
    assert_null(output.bytes);
    return pixels;
}

static inline double psnr_between(const uint8_t *a, const uint8_t *b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
    }
    return sum == 0.0 ? 99.0 : 10.0 * log10(255.0 * 255.0 * (double)n / sum);
}

#endif
