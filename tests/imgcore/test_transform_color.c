/* imgcore_transform: orientation, profiles, inks, transparency, linear light, metadata. */
#include "tests/imgcore/transform_support.h"

#include "tests/support/icc_profile.h"

static void orientation_is_applied(void **state) {
    (void)state;
    for (int png = 0; png < 2; png++) {
        for (int orientation = 1; orientation <= 8; orientation++) {
            size_t size;
            uint8_t *bytes;
            if (png) {
                const struct png_spec spec = {
                    .width = 121, .height = 83, .channels = 4, .orientation = orientation};
                bytes = png_make(&spec, &size);
            } else {
                const struct jpeg_spec spec = {
                    .width = 121, .height = 83, .channels = 3, .orientation = orientation};
                bytes = jpeg_make(&spec, &size);
            }
            const bool swap = orientation >= 5;
            struct imgcore_options as_stored;
            imgcore_options_default(&as_stored);
            as_stored.ignore_orientation = true;
            uint32_t sw, sh, width, height;
            int channels;
            uint8_t *stored = pixels_of(bytes, size, &as_stored, box(50, 50, IMGCORE_FORMAT_PNG),
                                        &sw, &sh, &channels);
            uint8_t *seen = pixels_of(bytes, size, NULL, box(50, 50, IMGCORE_FORMAT_PNG), &width,
                                      &height, &channels);
            assert_int_equal(width, swap ? sh : sw);
            assert_int_equal(height, swap ? sw : sh);
            const bool flip_x =
                orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
            const bool flip_y =
                orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
            for (uint32_t y = 0; y < height; y++) {
                for (uint32_t x = 0; x < width; x++) {
                    const uint32_t a = swap ? y : x, b = swap ? x : y;
                    const uint32_t from_x = flip_x ? sw - 1 - a : a;
                    const uint32_t from_y = flip_y ? sh - 1 - b : b;
                    assert_memory_equal(seen + (y * width + x) * (size_t)channels,
                                        stored + (from_y * sw + from_x) * (size_t)channels,
                                        (size_t)channels);
                }
            }
            free(stored);
            free(seen);
            free(bytes);
        }
    }
}

static void rotated_chroma_of_odd_size_has_the_correct_position(void **state) {
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        const struct jpeg_spec spec = {
            .width = 243, .height = 189, .channels = 3, .quality = 97, .orientation = orientation};
        size_t size;
        uint8_t *bytes = jpeg_make(&spec, &size);
        uint32_t width, height;
        int channels;
        struct imgcore_output half = box(81, 81, IMGCORE_FORMAT_JPEG);
        half.quality = 97;
        uint8_t *want = pixels_of(bytes, size, NULL, box(81, 81, IMGCORE_FORMAT_PNG), &width,
                                  &height, &channels);
        uint8_t *got = pixels_of(bytes, size, NULL, half, &width, &height, &channels);
        const double psnr = psnr_between(want, got, (size_t)width * height * 3);
        if (psnr < 28.0) {
            fail_msg("orientation %d: %.1f dB", orientation, psnr);
        }
        free(want);
        free(got);
        free(bytes);
    }
}

static void profiles_become_srgb_or_are_kept(void **state) {
    (void)state;
    size_t icc_bytes, size;
    uint8_t *icc = icc_profile_bytes(icc_profile_wide(1.8), &icc_bytes);
    cmsHPROFILE from = cmsOpenProfileFromMem(icc, (cmsUInt32Number)icc_bytes);
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    cmsHTRANSFORM direct =
        cmsCreateTransform(from, TYPE_RGB_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    for (int png = 0; png < 2; png++) {
        uint8_t *bytes;
        if (png) {
            const struct png_spec spec = {
                .width = 200, .height = 150, .channels = 3, .icc = icc, .icc_bytes = icc_bytes};
            bytes = png_make(&spec, &size);
        } else {
            const struct jpeg_spec spec = {
                .width = 200, .height = 150, .channels = 3, .icc = icc, .icc_bytes = icc_bytes};
            bytes = jpeg_make(&spec, &size);
        }
        struct imgcore_options keep;
        imgcore_options_default(&keep);
        keep.keep_icc = true;
        uint32_t width, height;
        int channels;
        uint8_t *kept = pixels_of(bytes, size, &keep, box(90, 90, IMGCORE_FORMAT_PNG), &width,
                                  &height, &channels);
        uint8_t *converted = pixels_of(bytes, size, NULL, box(90, 90, IMGCORE_FORMAT_PNG), &width,
                                       &height, &channels);
        assert_true(psnr_between(kept, converted, (size_t)width * height * 3) < 40.0);
        cmsDoTransform(direct, kept, kept, width * height);
        assert_memory_equal(kept, converted, (size_t)width * height * 3);
        free(kept);
        free(converted);
        for (int format = IMGCORE_FORMAT_JPEG; format <= IMGCORE_FORMAT_PNG; format++) {
            for (int keeping = 0; keeping < 2; keeping++) { /* is the profile in the output? */
                struct imgcore_output output = box(90, 90, (enum imgcore_format)format);
                must(bytes, size, keeping ? &keep : NULL, &output, 1);
                const struct imgcore_source again = {.bytes = output.bytes,
                                                     .size_bytes = output.size_bytes};
                struct imgcore_info info;
                imgcore_info_default(&info);
                assert_int_equal(imgcore_probe(context, &again, NULL, &info, NULL), IMGCORE_OK);
                assert_int_equal(info.icc_bytes, keeping ? icc_bytes : 0);
                imgcore_output_clear(context, &output, 1);
            }
        }
        free(bytes);
    }
    cmsDeleteTransform(direct);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    free(icc);
}

static bool contains(const uint8_t *bytes, size_t size, const char *text) {
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void metadata_is_left_behind(void **state) {
    (void)state;
    const struct jpeg_spec spec = {.width = 90,
                                   .height = 60,
                                   .channels = 3,
                                   .orientation = 6,
                                   .copyright = "(c) A Photographer"};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    assert_true(contains(bytes, size, "A Photographer"));
    for (int format = IMGCORE_FORMAT_JPEG; format <= IMGCORE_FORMAT_PNG; format++) {
        for (int keep = 0; keep < 2; keep++) {
            struct imgcore_options options;
            imgcore_options_default(&options);
            options.keep_copyright = keep != 0;
            struct imgcore_output output = box(45, 45, (enum imgcore_format)format);
            must(bytes, size, &options, &output, 1);
            assert_int_equal(contains(output.bytes, output.size_bytes, "(c) A Photographer"), keep);
            const struct imgcore_source again = {.bytes = output.bytes,
                                                 .size_bytes = output.size_bytes};
            struct imgcore_info info;
            imgcore_info_default(&info);
            assert_int_equal(imgcore_probe(context, &again, NULL, &info, NULL), IMGCORE_OK);
            assert_int_equal(info.orientation, 1);
            imgcore_output_clear(context, &output, 1);
        }
    }
    free(bytes);
}

static void cmyk_and_ycck_become_rgb(void **state) {
    (void)state;
    /* inverted, as in Adobe's files: white paper with a red stripe of full magenta and yellow */
    enum { W = 64, H = 48 };
    static uint8_t inks[W * H * 4];
    for (size_t i = 0; i < (size_t)W * H; i++) {
        memset(inks + 4 * i, 255, 4);
        if (i % W >= W / 2) {
            inks[4 * i + 1] = inks[4 * i + 2] = 0;
        }
    }
    for (int ycck = 0; ycck < 2; ycck++) {
        const struct jpeg_spec spec = {.width = W,
                                       .height = H,
                                       .channels = 4,
                                       .pixels = inks,
                                       .quality = 98,
                                       .ycck = ycck != 0};
        size_t size;
        uint8_t *bytes = jpeg_make(&spec, &size);
        uint32_t width, height;
        int channels;
        uint8_t *result = pixels_of(bytes, size, NULL, box(32, 32, IMGCORE_FORMAT_JPEG), &width,
                                    &height, &channels);
        assert_int_equal(channels, 3);
        const uint8_t *paper = result + (height / 2 * width + 4) * 3;
        const uint8_t *red = result + (height / 2 * width + width - 5) * 3;
        assert_true(paper[0] > 245 && paper[1] > 245 && paper[2] > 245);
        assert_true(red[0] > 240 && red[1] < 15 && red[2] < 15);
        free(result);
        free(bytes);
    }
}

static void transparency_lies_on_the_background_in_a_jpeg(void **state) {
    (void)state;
    const struct png_spec spec = {.width = 160, .height = 120, .channels = 4};
    size_t size;
    uint8_t *bytes = png_make(&spec, &size);
    struct imgcore_output output = box(80, 80, IMGCORE_FORMAT_JPEG);
    output.background[0] = 10;
    output.background[1] = 200;
    output.background[2] = 30;
    uint32_t width, height;
    int channels;
    uint8_t *result = pixels_of(bytes, size, NULL, output, &width, &height, &channels);
    const uint8_t *corner = result + (height / 2 * width + width - 2) * 3; /* alpha 0 there */
    assert_true(abs(corner[0] - 10) < 8 && abs(corner[1] - 200) < 8 && abs(corner[2] - 30) < 8);
    free(result);
    free(bytes);
}

static void linear_light_keeps_the_light_of_thin_lines(void **state) {
    (void)state;
    /* every other column white: half the light is 188 in sRGB, half the code is 128 */
    enum { W = 256, H = 64 };
    static uint8_t stripes[W * H];
    for (size_t i = 0; i < sizeof(stripes); i++) {
        stripes[i] = i % 2 ? 255 : 0;
    }
    const struct png_spec spec = {.width = W, .height = H, .channels = 1, .pixels = stripes};
    size_t size;
    uint8_t *bytes = png_make(&spec, &size);
    for (int linear = 0; linear < 2; linear++) {
        struct imgcore_options options;
        imgcore_options_default(&options);
        options.linear = linear != 0;
        uint32_t width, height;
        int channels;
        uint8_t *result = pixels_of(bytes, size, &options, box(32, 32, IMGCORE_FORMAT_PNG), &width,
                                    &height, &channels);
        assert_true(abs(result[3 * width + width / 2] - (linear ? 188 : 128)) <= 2);
        free(result);
    }
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orientation_is_applied),
        cmocka_unit_test(rotated_chroma_of_odd_size_has_the_correct_position),
        cmocka_unit_test(profiles_become_srgb_or_are_kept),
        cmocka_unit_test(metadata_is_left_behind),
        cmocka_unit_test(cmyk_and_ycck_become_rgb),
        cmocka_unit_test(transparency_lies_on_the_background_in_a_jpeg),
        cmocka_unit_test(linear_light_keeps_the_light_of_thin_lines),
    };
    return cmocka_run_group_tests_name("transform_color", tests, set_up, tear_down);
}
