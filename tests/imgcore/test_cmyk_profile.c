/* options.cmyk_profile: the colours of CMYK images that have no profile of their own. */
#include "tests/imgcore/transform_support.h"

#include "tests/support/cmyk_profile.h"

struct press {
    uint8_t *profile;
    size_t profile_bytes;
    cmsHTRANSFORM to_srgb;
};

static struct press open_press(void) {
    struct press press;
    press.profile = cmyk_profile_make(&press.profile_bytes);
    assert_non_null(press.profile);
    cmsHPROFILE from = cmsOpenProfileFromMem(press.profile, (cmsUInt32Number)press.profile_bytes);
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    press.to_srgb = cmsCreateTransform(from, TYPE_CMYK_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    assert_non_null(press.to_srgb);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    return press;
}

static void close_press(struct press *press) {
    cmsDeleteTransform(press->to_srgb);
    free(press->profile);
}

/* One colour everywhere, inverted as in Adobe's files. */
static uint8_t *inks_make(const uint8_t inks[4], const uint8_t *icc, size_t icc_bytes,
                          size_t *size) {
    static uint8_t pixels[32 * 24 * 4];
    for (size_t i = 0; i < sizeof(pixels); i++) {
        pixels[i] = (uint8_t)(255 - inks[i % 4]);
    }
    const struct jpeg_spec spec = {.width = 32,
                                   .height = 24,
                                   .channels = 4,
                                   .pixels = pixels,
                                   .quality = 100,
                                   .icc = icc,
                                   .icc_bytes = icc_bytes};
    return jpeg_make(&spec, size);
}

static void check_color(const uint8_t *bytes, size_t size, const struct imgcore_options *options,
                        const uint8_t expected[3], int tolerance) {
    uint32_t width, height;
    int channels;
    uint8_t *pixels = pixels_of(bytes, size, options, box(16, 16, IMGCORE_FORMAT_PNG), &width,
                                &height, &channels);
    assert_int_equal(channels, 3);
    for (size_t i = 0; i < 3 * (size_t)width * height; i++) {
        if (abs((int)pixels[i] - (int)expected[i % 3]) > tolerance) {
            fail_msg("sample %zu is %d, not %d", i, pixels[i], expected[i % 3]);
        }
    }
    free(pixels);
}

static void inks_have_the_colours_of_the_given_profile(void **state) {
    (void)state;
    static const uint8_t inks[][4] = {
        {0, 0, 0, 0}, {255, 0, 0, 0}, {0, 255, 0, 0}, {0, 0, 255, 0}, {40, 90, 160, 30}};
    struct press press = open_press();
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.cmyk_profile = press.profile;
    options.cmyk_profile_bytes = press.profile_bytes;
    for (size_t i = 0; i < sizeof(inks) / sizeof(inks[0]); i++) {
        uint8_t expected[3], by_formula[3];
        size_t size;
        uint8_t *bytes = inks_make(inks[i], NULL, 0, &size);
        cmsDoTransform(press.to_srgb, inks[i], expected, 1);
        check_color(bytes, size, &options, expected, 3);
        for (int keep = 0; keep < 2; keep++) { /* that of CMYK is never kept */
            options.keep_icc = keep != 0;
            struct imgcore_output output = box(16, 16, IMGCORE_FORMAT_JPEG);
            must(bytes, size, &options, &output, 1);
            const struct imgcore_source source = {.bytes = output.bytes,
                                                  .size_bytes = output.size_bytes};
            struct imgcore_info info;
            imgcore_info_default(&info);
            assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
            assert_int_equal(info.icc_bytes, 0);
            imgcore_output_clear(context, &output, 1);
        }
        options.keep_icc = false;
        for (int c = 0; c < 3; c++) {
            by_formula[c] = (uint8_t)((255 - inks[i][c]) * (255 - inks[i][3]) / 255);
        }
        check_color(bytes, size, NULL, by_formula, 3);
        free(bytes);
    }
    close_press(&press);
}

/* The profile of a file counts, unless it cannot be used. */
static void a_profile_of_the_file_counts(void **state) {
    (void)state;
    static const uint8_t inks[4] = {40, 90, 160, 30};
    struct press press = open_press();
    uint8_t expected[3];
    size_t size, other_bytes;
    cmsDoTransform(press.to_srgb, inks, expected, 1);
    struct imgcore_options options;
    imgcore_options_default(&options);
    uint8_t *bytes = inks_make(inks, press.profile, press.profile_bytes, &size);
    check_color(bytes, size, NULL, expected, 3);
    /* One of CMYK by its header, without a tag that is right. */
    uint8_t *damaged = cmyk_profile_make(&other_bytes);
    memset(damaged + 128, 0xff, other_bytes - 128);
    options.cmyk_profile = damaged;
    options.cmyk_profile_bytes = other_bytes;
    check_color(bytes, size, &options, expected, 3); /* not looked at */
    free(bytes);
    bytes = inks_make(inks, damaged, other_bytes, &size);
    options.cmyk_profile = press.profile;
    options.cmyk_profile_bytes = press.profile_bytes;
    check_color(bytes, size, &options, expected, 3);
    free(bytes);
    free(damaged);
    close_press(&press);
}

static void what_is_no_profile_of_cmyk_is_refused(void **state) {
    (void)state;
    static const uint8_t inks[4] = {40, 90, 160, 30};
    struct press press = open_press();
    struct imgcore_options options;
    struct imgcore_error error;
    size_t size;
    uint8_t *bytes = inks_make(inks, NULL, 0, &size);
    const struct imgcore_source source = {.bytes = bytes, .size_bytes = size};
    imgcore_options_default(&options);
    options.cmyk_profile = press.profile;
    for (int fault = 0; fault < 4; fault++) {
        struct imgcore_output output = box(16, 16, IMGCORE_FORMAT_PNG);
        const size_t at = fault == 0 ? 16 : fault == 1 ? 36 : 128 + 8; /* space, mark, a tag */
        options.cmyk_profile_bytes = fault == 3 ? 127 : press.profile_bytes;
        if (fault < 3) {
            press.profile[at] ^= 0xff;
        }
        assert_int_equal(imgcore_transform(context, &source, &options, &output, 1, &error),
                         IMGCORE_INVALID_ARGUMENT);
        assert_non_null(strstr(error.detail, "CMYK"));
        assert_null(output.bytes);
        if (fault < 3) {
            press.profile[at] ^= 0xff;
        }
    }
    free(bytes);
    close_press(&press);
}

static void a_profile_is_checked_before_it_is_needed(void **state) {
    (void)state;
    struct press press = open_press();
    struct imgcore_error error;
    const size_t whole = press.profile_bytes;
    assert_int_equal(imgcore_check_cmyk_profile(context, press.profile, whole, &error), IMGCORE_OK);
    assert_string_equal(error.detail, "");
    assert_int_equal(imgcore_check_cmyk_profile(context, press.profile, whole, NULL), IMGCORE_OK);
    assert_int_equal(imgcore_check_cmyk_profile(NULL, press.profile, whole, &error),
                     IMGCORE_INVALID_ARGUMENT);
    assert_int_equal(imgcore_check_cmyk_profile(context, NULL, whole, &error),
                     IMGCORE_INVALID_ARGUMENT);
    /* space, mark; the number of tags, the first tag's name and offset: found by no header */
    static const size_t faults[] = {16, 36, 128, 128 + 4, 128 + 8};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        press.profile[faults[i]] ^= 0xff;
        assert_int_equal(imgcore_check_cmyk_profile(context, press.profile, whole, &error),
                         IMGCORE_INVALID_ARGUMENT);
        assert_int_equal(error.status, IMGCORE_INVALID_ARGUMENT);
        assert_non_null(strstr(error.detail, i < 2 ? "no ICC profile of CMYK" : "damaged"));
        press.profile[faults[i]] ^= 0xff;
    }
    static const size_t cuts[] = {0, 127, 128, 140, 200};
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        assert_int_equal(imgcore_check_cmyk_profile(context, press.profile, cuts[i], NULL),
                         IMGCORE_INVALID_ARGUMENT);
    }
    assert_int_equal(imgcore_check_cmyk_profile(context, press.profile, whole, &error), IMGCORE_OK);
    close_press(&press);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inks_have_the_colours_of_the_given_profile),
        cmocka_unit_test(a_profile_of_the_file_counts),
        cmocka_unit_test(what_is_no_profile_of_cmyk_is_refused),
        cmocka_unit_test(a_profile_is_checked_before_it_is_needed),
    };
    return cmocka_run_group_tests_name("cmyk profile", tests, set_up, tear_down);
}
