/* options.info: imgcore_transform and imgcore_check state what the input is, as imgcore_probe does.
 */
#include "tests/imgcore/transform_support.h"
#include "tests/support/guard.h"

static struct imgcore_source source_of(const uint8_t *bytes, size_t size_bytes) {
    return (struct imgcore_source){.bytes = bytes, .size_bytes = size_bytes};
}

/* Every byte, padding included: both begin as zeros. */
static struct imgcore_info zeros(void) {
    struct imgcore_info info;
    memset(&info, 0, sizeof(info));
    imgcore_info_default(&info);
    return info;
}

static void check_file(uint8_t *bytes, size_t size_bytes) {
    const struct imgcore_source source = source_of(bytes, size_bytes);
    struct imgcore_info probed = zeros(), checked = zeros();
    assert_int_equal(imgcore_probe(context, &source, NULL, &probed, NULL), IMGCORE_OK);
    assert_true(probed.width_px > 0);
    /* at a guard page: nothing is written behind it */
    struct imgcore_info *info = (void *)guard_copy(&checked, sizeof(checked));
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.info = info;
    struct imgcore_output output = box(7, 0, IMGCORE_FORMAT_JPEG);
    must(bytes, size_bytes, &options, &output, 1);
    imgcore_output_clear(context, &output, 1);
    assert_memory_equal(info, &probed, sizeof(probed));
    options.info = &checked;
    assert_int_equal(imgcore_check(context, &source, &options, NULL), IMGCORE_OK);
    assert_memory_equal(&checked, &probed, sizeof(probed));
    free(bytes);
}

static void it_is_what_a_probe_states(void **state) {
    (void)state;
    size_t size_bytes;
    const struct jpeg_spec jpegs[] = {
        {.width = 33, .height = 20, .channels = 3, .h_samp = 2, .v_samp = 2, .orientation = 6},
        {.width = 20, .height = 33, .channels = 1, .progressive = true},
        {.width = 20, .height = 33, .channels = 4, .ycck = true}};
    for (size_t i = 0; i < sizeof(jpegs) / sizeof(jpegs[0]); i++) {
        uint8_t *bytes = jpeg_make(&jpegs[i], &size_bytes);
        check_file(bytes, size_bytes);
    }
    for (int channels = 1; channels <= 4; channels++) {
        const struct png_spec png = {
            .width = 30, .height = 20, .channels = channels, .interlaced = channels == 3};
        uint8_t *bytes = png_make(&png, &size_bytes);
        check_file(bytes, size_bytes);
    }
}

static void a_failed_call_states_what_was_read(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 64, .height = 48, .channels = 3};
    size_t size_bytes;
    uint8_t *bytes = jpeg_make(&spec, &size_bytes);
    struct imgcore_info info = zeros();
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.info = &info;
    struct imgcore_output output = box(7, 0, IMGCORE_FORMAT_PNG);
    struct imgcore_source source = source_of(bytes, size_bytes);
    options.limits.pixels = 64 * 48 - 1;
    assert_int_equal(imgcore_transform(context, &source, &options, &output, 1, NULL),
                     IMGCORE_TOO_LARGE);
    assert_int_equal(info.width_px, 64);
    assert_int_equal(info.height_px, 48);
    /* the pixels are damaged, the header is not */
    options.limits.pixels = 0;
    source.size_bytes = size_bytes / 2;
    memset(&info.width_px, 0, sizeof(info.width_px));
    assert_int_equal(imgcore_transform(context, &source, &options, &output, 1, NULL),
                     IMGCORE_TRUNCATED);
    assert_int_equal(info.width_px, 64);
    assert_string_equal(info.color, "ycbcr");
    /* no header: nothing of the call before is left */
    source.size_bytes = 1;
    assert_int_equal(imgcore_transform(context, &source, &options, &output, 1, NULL),
                     IMGCORE_TRUNCATED);
    const struct imgcore_info nothing = zeros();
    assert_memory_equal(&info, &nothing, sizeof(info));
    info.width_px = 5;
    assert_int_equal(imgcore_transform(context, NULL, &options, &output, 1, NULL),
                     IMGCORE_INVALID_ARGUMENT);
    assert_memory_equal(&info, &nothing, sizeof(info));
    free(bytes);
}

static void an_info_that_was_not_filled_is_refused(void **state) {
    (void)state;
    struct imgcore_info info;
    memset(&info, 0, sizeof(info));
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.info = &info;
    struct imgcore_error error;
    struct imgcore_output output = box(7, 0, IMGCORE_FORMAT_PNG);
    const struct imgcore_source source = source_of((const uint8_t *)"", 0);
    assert_int_equal(imgcore_transform(context, &source, &options, &output, 1, &error),
                     IMGCORE_INVALID_ARGUMENT);
    assert_non_null(strstr(error.detail, "imgcore_info_default"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_a_probe_states),
        cmocka_unit_test(a_failed_call_states_what_was_read),
        cmocka_unit_test(an_info_that_was_not_filled_is_refused),
    };
    return cmocka_run_group_tests_name("transform info", tests, set_up, tear_down);
}
