/* imgcore_options.on_stage: what a call reports that it works on. */
#include "transform_support.h"

/* Reports of each stage, and the order of the first and the last ones. */
struct reports {
    long decode, shrink, resize[4], encode[4];
    long first_encode, last_resize, last_decode, count;
    size_t last_encoded;
    bool is_wrong;
};

static void count_stage(void *user, enum imgcore_stage stage, size_t output) {
    struct reports *reports = user;
    const long at = ++reports->count;
    const bool has_output = stage == IMGCORE_STAGE_RESIZE || stage == IMGCORE_STAGE_ENCODE;
    reports->is_wrong |= output >= (has_output ? 4 : 1);
    switch (stage) {
    case IMGCORE_STAGE_DECODE:
        reports->decode++;
        reports->last_decode = at;
        break;
    case IMGCORE_STAGE_SHRINK:
        reports->shrink++;
        break;
    case IMGCORE_STAGE_RESIZE:
        reports->resize[output % 4]++;
        reports->last_resize = at;
        break;
    case IMGCORE_STAGE_ENCODE:
        reports->encode[output % 4]++;
        reports->first_encode = reports->first_encode == 0 ? at : reports->first_encode;
        reports->is_wrong |= at > reports->first_encode && output < reports->last_encoded;
        reports->last_encoded = output;
        break;
    }
}

static struct imgcore_options options_with(struct reports *reports) {
    struct imgcore_options options;
    memset(reports, 0, sizeof(*reports));
    imgcore_options_default(&options);
    options.on_stage = count_stage;
    options.stage_user = reports;
    return options;
}

static enum imgcore_status transform(const uint8_t *bytes, size_t size,
                                     const struct imgcore_options *options) {
    static const uint32_t sides[4] = {300, 200, 60, 20};
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    struct imgcore_output outputs[4];
    for (int i = 0; i < 4; i++) {
        outputs[i] = box(sides[i], sides[i], IMGCORE_FORMAT_AUTO);
    }
    const enum imgcore_status status =
        imgcore_transform(context, &source, options, outputs, 4, NULL);
    imgcore_output_clear(context, outputs, 4);
    return status;
}

static void check(const struct reports *reports, bool shrinks) {
    assert_false(reports->is_wrong);
    assert_true(reports->decode > 1);
    assert_int_equal(reports->shrink > 0, shrinks);
    for (int i = 0; i < 4; i++) {
        assert_true(reports->resize[i] > 1);
        assert_int_equal(reports->encode[i], 1);
    }
    assert_true(reports->first_encode > reports->last_resize);
    assert_true(reports->first_encode > reports->last_decode);
}

static void every_stage_of_every_output_is_reported(void **state) {
    (void)state;
    const struct jpeg_spec jpeg = {.width = 1600, .height = 1200, .channels = 3};
    const struct png_spec png = {.width = 640, .height = 480, .channels = 3};
    const struct png_spec png_alpha = {.width = 640, .height = 480, .channels = 4};
    struct reports reports;
    size_t size;
    uint8_t *bytes = jpeg_make(&jpeg, &size);
    struct imgcore_options options = options_with(&reports);
    assert_int_equal(transform(bytes, size, &options), IMGCORE_OK);
    check(&reports, true);
    options = options_with(&reports);
    options.preset = IMGCORE_PRESET_QUALITY; /* no halved rows */
    assert_int_equal(transform(bytes, size, &options), IMGCORE_OK);
    check(&reports, false);
    options = options_with(&reports);
    options.threads = 2;
    assert_int_equal(transform(bytes, size, &options), IMGCORE_OK);
    assert_int_equal(reports.count, 0);
    free(bytes);
    bytes = png_make(&png, &size);
    options = options_with(&reports);
    assert_int_equal(transform(bytes, size, &options), IMGCORE_OK);
    check(&reports, true);
    free(bytes);
    bytes = png_make(&png_alpha, &size); /* alpha: no halved rows */
    options = options_with(&reports);
    assert_int_equal(transform(bytes, size, &options), IMGCORE_OK);
    check(&reports, false);
    free(bytes);
}

/* The pointers behind an older caller's struct are not used. */
static void an_older_caller_gets_no_report(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 64, .height = 64, .channels = 3};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    const size_t sizes[] = {offsetof(struct imgcore_options, on_stage),
                            sizeof(struct imgcore_options)};
    for (size_t i = 0; i < 2; i++) {
        struct reports reports;
        struct imgcore_options options = options_with(&reports);
        options.struct_size_bytes = sizes[i];
        assert_int_equal(transform(bytes, size, &options), IMGCORE_OK);
        assert_int_equal(reports.count > 0, i > 0);
    }
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_of_every_output_is_reported),
        cmocka_unit_test(an_older_caller_gets_no_report),
    };
    return cmocka_run_group_tests_name("stages", tests, set_up, tear_down);
}
