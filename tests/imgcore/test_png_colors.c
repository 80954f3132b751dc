/* The colours that the chunks of a PNG state: cICP, gAMA, cHRM. */
#include <stdio.h>

#include "tests/imgcore/png_colors.h"

static const double bt2020_xy[8] = {0.3127, 0.3290, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046};
static const double ntsc_xy[8] = {0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08};

static void gamma_and_primaries_are_converted(void **state) {
    (void)state;
    static const uint32_t gammas[] = {100000, 55556, 35714, 50000, 47500};
    for (size_t i = 0; i < sizeof(gammas) / sizeof(gammas[0]); i++) {
        for (int channels = 1; channels <= 4; channels++) {
            const struct chunk chunks[2] = {gamma_chunk(gammas[i]), chrm_chunk(ntsc_xy)};
            struct file file = file_with(channels, chunks, 1);
            check_colors(&file, channels, power, 100000.0 / gammas[i], srgb_xy);
            struct imgcore_info info = info_of(file.bytes, file.size);
            assert_int_equal(info.color_source, IMGCORE_COLOR_SOURCE_GAMA);
            assert_int_equal(info.icc_bytes, 0);
            free(file.bytes);
            file = file_with(channels, chunks, 2);
            check_colors(&file, channels, power, 100000.0 / gammas[i], ntsc_xy);
            info = info_of(file.bytes, file.size);
            assert_int_equal(info.color_source, IMGCORE_COLOR_SOURCE_GAMA_CHRM);
            free(file.bytes);
        }
    }
    /* The gamma of sRGB with other primaries is a power. */
    const struct chunk chunks[2] = {chrm_chunk(p3_xy), gamma_chunk(45455)};
    struct file file = file_with(3, chunks, 2);
    check_colors(&file, 3, power, 1.0 / 0.45455, p3_xy);
    assert_string_equal(info_of(file.bytes, file.size).color_detail, "gAMA 0.45455, cHRM");
    free(file.bytes);
}

static void what_is_srgb_is_left_alone(void **state) {
    (void)state;
    static const uint32_t gammas[] = {45455, 45454, 45000, 45900};
    struct file plain = plain_file(3, NULL, 0);
    struct imgcore_output before = box(9, 9, IMGCORE_FORMAT_JPEG), after = before;
    must(plain.bytes, plain.size, NULL, &before, 1);
    for (size_t i = 0; i < sizeof(gammas) / sizeof(gammas[0]); i++) {
        const struct chunk chunks[2] = {gamma_chunk(gammas[i]), chrm_chunk(srgb_xy)};
        for (size_t count = 1; count <= 2; count++) {
            struct file file = file_with(3, chunks, count);
            check_unchanged(
                &file, 3, count == 1 ? IMGCORE_COLOR_SOURCE_GAMA : IMGCORE_COLOR_SOURCE_GAMA_CHRM);
            must(file.bytes, file.size, NULL, &after, 1);
            assert_int_equal(before.size_bytes, after.size_bytes);
            assert_memory_equal(before.bytes, after.bytes, before.size_bytes);
            imgcore_output_clear(context, &after, 1);
            free(file.bytes);
        }
    }
    /* Grey has no primaries. */
    const struct chunk grey[2] = {gamma_chunk(45455), chrm_chunk(bt2020_xy)};
    struct file file = file_with(1, grey, 2);
    check_unchanged(&file, 1, IMGCORE_COLOR_SOURCE_GAMA_CHRM);
    free(file.bytes);
    /* Primaries alone do not say how light a sample is. */
    file = file_with(3, grey + 1, 1);
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_NONE);
    free(file.bytes);
    const struct chunk cicp = cicp_chunk(1, 13, 0, 1);
    file = file_with(3, &cicp, 1);
    check_unchanged(&file, 3, IMGCORE_COLOR_SOURCE_CICP);
    free(file.bytes);
    imgcore_output_clear(context, &before, 1);
    free(plain.bytes);
}

static void code_points_are_converted(void **state) {
    (void)state;
    static const double m470_xy[8] = {0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08};
    static const double bg470_xy[8] = {0.3127, 0.3290, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06};
    static const double smpte_xy[8] = {0.3127, 0.3290, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070};
    static const double film_xy[8] = {0.310, 0.316, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049};
    static const double dci_xy[8] = {0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060};
    static const double ebu_xy[8] = {0.3127, 0.3290, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077};
    static const struct {
        int primaries, transfer;
        curve_fn *curve;
        double exponent;
        const double *xy;
    } points[] = {
        {12, 13, srgb, 0, p3_xy},      {9, 1, bt709, 0, bt2020_xy},  {9, 14, bt709, 0, bt2020_xy},
        {9, 15, bt709, 0, bt2020_xy},  {1, 6, bt709, 0, srgb_xy},    {1, 8, power, 1.0, srgb_xy},
        {4, 4, power, 2.2, m470_xy},   {5, 5, power, 2.8, bg470_xy}, {6, 13, srgb, 0, smpte_xy},
        {7, 7, smpte240, 0, smpte_xy}, {8, 4, power, 2.2, film_xy},  {11, 8, power, 1.0, dci_xy},
        {22, 1, bt709, 0, ebu_xy},
    };
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        const struct chunk chunk = cicp_chunk(points[i].primaries, points[i].transfer, 0, 1);
        for (int channels = 1; channels <= 4; channels++) {
            struct file file = file_with(channels, &chunk, 1);
            if (channels >= 3 || points[i].transfer != 13) {
                check_colors(&file, channels, points[i].curve, points[i].exponent, points[i].xy);
            } else {
                check_unchanged(&file, channels, IMGCORE_COLOR_SOURCE_CICP);
            }
            char detail[64];
            snprintf(detail, sizeof(detail), "cICP %d/%d/0/1", points[i].primaries,
                     points[i].transfer);
            assert_string_equal(info_of(file.bytes, file.size).color_detail, detail);
            free(file.bytes);
        }
    }
}

/* Kept colours have a profile that describes them: converted by it, they are those that are
 * converted at once. */
static void kept_colours_have_a_profile(void **state) {
    (void)state;
    const struct chunk kinds[2] = {cicp_chunk(12, 13, 0, 1), gamma_chunk(55556)};
    struct imgcore_options keep;
    imgcore_options_default(&keep);
    keep.keep_icc = true;
    for (int i = 0; i < 2; i++) {
        for (int channels = 1; channels <= 4; channels++) {
            const bool same = i == 0 && channels <= 2; /* grey by the curve of sRGB */
            struct file file = file_with(channels, &kinds[i], 1);
            uint8_t *kept = as_stored(&file, &keep, channels);
            assert_memory_equal(kept, shades(channels), PIXELS * (size_t)channels);
            struct imgcore_output output[2] = {box(SIDE, SIDE, IMGCORE_FORMAT_PNG),
                                               box(SIDE, SIDE, IMGCORE_FORMAT_PNG)};
            must(file.bytes, file.size, &keep, &output[0], 1);
            must(file.bytes, file.size, &keep, &output[1], 1);
            assert_int_equal(output[0].size_bytes, output[1].size_bytes);
            assert_memory_equal(output[0].bytes, output[1].bytes, output[0].size_bytes);
            const struct imgcore_info info = info_of(output[0].bytes, output[0].size_bytes);
            assert_int_equal(info.icc_bytes != 0, !same);
            assert_string_equal(info.icc_description, same     ? ""
                                                      : i == 0 ? "cICP 12/13/0/1"
                                                               : "gAMA 0.55556");
            const struct file again = {output[0].bytes, output[0].size_bytes};
            uint8_t *later = as_stored(&again, NULL, channels);
            uint8_t *at_once = as_stored(&file, NULL, channels);
            assert_memory_equal(later, at_once, PIXELS * (size_t)channels);
            free(later);
            free(at_once);
            free(kept);
            imgcore_output_clear(context, output, 2);
            free(file.bytes);
        }
    }
    const struct chunk srgb_gamma = gamma_chunk(45455);
    struct file file = file_with(3, &srgb_gamma, 1);
    struct imgcore_output output = box(SIDE, SIDE, IMGCORE_FORMAT_JPEG);
    must(file.bytes, file.size, &keep, &output, 1);
    assert_int_equal(info_of(output.bytes, output.size_bytes).icc_bytes, 0);
    imgcore_output_clear(context, &output, 1);
    free(file.bytes);
}

/* The mean of neighbours in the light that gAMA states. */
static void linear_light_is_that_of_gamma(void **state) {
    (void)state;
    const struct chunk chunk = gamma_chunk(55556);
    struct file file = file_with(1, &chunk, 1);
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.keep_icc = options.linear = true;
    struct imgcore_output half = box(SIDE / 2, SIDE, IMGCORE_FORMAT_PNG);
    half.filter = IMGCORE_FILTER_BOX;
    half.fit = IMGCORE_FIT_FILL;
    uint32_t width, height;
    int channels;
    uint8_t *result = pixels_of(file.bytes, file.size, &options, half, &width, &height, &channels);
    const uint8_t *from = shades(1);
    for (size_t i = 0; i < PIXELS / 2; i++) {
        const double exponent = 100000.0 / 55556.0;
        const double sum =
            pow(from[2 * i] / 255.0, exponent) + pow(from[2 * i + 1] / 255.0, exponent);
        assert_true(fabs(result[i] - 255.0 * pow(sum / 2.0, 1.0 / exponent)) <= 0.51);
    }
    free(result);
    free(file.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gamma_and_primaries_are_converted),
        cmocka_unit_test(what_is_srgb_is_left_alone),
        cmocka_unit_test(code_points_are_converted),
        cmocka_unit_test(kept_colours_have_a_profile),
        cmocka_unit_test(linear_light_is_that_of_gamma),
    };
    return cmocka_run_group_tests_name("png colours", tests, set_up, tear_down);
}
