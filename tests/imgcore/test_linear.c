/* Linear light by the curves of the file: expected values are sums in double precision, over the
 * formulas of the curves and lcms's own conversions. Pictures are halved by the box filter, so that
 * every pixel is the mean of four. */
#include "tests/imgcore/transform_support.h"

#include "tests/support/cmyk_profile.h"
#include "tests/support/icc_profile.h"
#include "tests/support/random.h"

enum { SIDE = 64, HALF = SIDE / 2, MOST = SIDE * SIDE * 4 };

typedef double curve_fn(double sample, int channel);

static double srgb_light(double v, int channel) {
    (void)channel;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static const double gammas[3] = {1.8, 2.2, 2.6};

static double gamma_light(double v, int channel) {
    return pow(v, gammas[channel]);
}

static double gamma18_light(double v, int channel) {
    (void)channel;
    return pow(v, 1.8);
}

/* A curve to L*, as a grey profile of CIELAB has it. */
static double lightness_light(double v, int channel) {
    (void)channel;
    const double lightness = 100.0 * pow(v, 1.2);
    return lightness > 8.0 ? pow((lightness + 16.0) / 116.0, 3.0) : lightness * 27.0 / 24389.0;
}

/* The sample of a light, by bisection of the curve; not rounded. */
static double sample_of(double light, curve_fn *curve, int channel) {
    double low = 0.0, high = 1.0;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2.0;
        if (curve(middle, channel) < light) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 255.0 * low;
}

/* The mean of four pixels in linear light, not rounded. */
static double mean(const uint8_t *pixels, int channels, bool alpha, uint32_t x, uint32_t y, int c,
                   curve_fn *curve) {
    double sum = 0.0, weights = 0.0;
    for (uint32_t i = 0; i < 4; i++) {
        const uint8_t *pixel = pixels + ((2 * y + i / 2) * SIDE + 2 * x + i % 2) * (size_t)channels;
        const double weight = alpha ? pixel[channels - 1] : 1.0;
        sum += weight * curve(pixel[c] / 255.0, c);
        weights += weight;
    }
    return weights == 0.0 ? 0.0 : sample_of(sum / weights, curve, c);
}

static void check_means(const uint8_t *source, const uint8_t *result, int channels, bool alpha,
                        curve_fn *curve, double tolerance) {
    for (uint32_t y = 0; y < HALF; y++) {
        for (uint32_t x = 0; x < HALF; x++) {
            for (int c = 0; c < channels - alpha; c++) {
                const double expected = mean(source, channels, alpha, x, y, c, curve);
                const int got = result[(y * HALF + x) * (size_t)channels + (size_t)c];
                if (fabs(got - expected) > tolerance) {
                    fail_msg("(%u, %u) channel %d is %d, not %.3f", x, y, c, got, expected);
                }
            }
        }
    }
}

static uint8_t *rgb_profile(const double exponents[3], size_t *size_bytes) {
    const cmsCIExyY white = {0.3127, 0.3290, 1.0};
    const cmsCIExyYTRIPLE wide = {{0.680, 0.320, 1.0}, {0.265, 0.690, 1.0}, {0.150, 0.060, 1.0}};
    cmsToneCurve *curves[3];
    for (int c = 0; c < 3; c++) {
        curves[c] = cmsBuildGamma(NULL, exponents[c]);
    }
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &wide, curves);
    cmsFreeToneCurveTriple(curves);
    return icc_profile_bytes(profile, size_bytes);
}

static uint8_t *grey_profile(double exponent, bool lightness, size_t *size_bytes) {
    cmsHPROFILE profile = icc_profile_grey(exponent);
    if (lightness) {
        cmsSetPCS(profile, cmsSigLabData);
    }
    return icc_profile_bytes(profile, size_bytes);
}

/* RGB to Lab by a table: duller than any matrix makes it. */
static cmsInt32Number table_cell(const cmsUInt16Number in[], cmsUInt16Number out[], void *unused) {
    (void)unused;
    out[0] = (cmsUInt16Number)((in[0] * 3u + in[1] * 6u + in[2]) / 10u);
    out[1] = (cmsUInt16Number)(0x8000u + in[0] / 6u - in[1] / 6u);
    out[2] = (cmsUInt16Number)(0x8000u + in[1] / 6u - in[2] / 6u);
    return TRUE;
}

static void add_table(cmsHPROFILE profile) {
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 3, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 9, 3, 3, NULL);
    cmsStageSampleCLut16bit(table, table_cell, NULL, 0);
    cmsPipelineInsertStage(pipeline, cmsAT_END, table);
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    cmsPipelineFree(pipeline);
}

enum { TABLE, TABLE_AND_CURVES, FALLING, TABLE_KINDS };

/* A profile whose curves cannot be used. */
static uint8_t *profile_without_curves(int kind, size_t *size_bytes) {
    static const double exponents[3] = {3.0, 3.0, 3.0};
    uint8_t *bytes = rgb_profile(exponents, size_bytes);
    cmsHPROFILE profile = cmsOpenProfileFromMem(bytes, (cmsUInt32Number)*size_bytes);
    if (kind == TABLE) {
        cmsCloseProfile(profile);
        profile = cmsCreateProfilePlaceholder(NULL);
        cmsSetDeviceClass(profile, cmsSigInputClass);
        cmsSetColorSpace(profile, cmsSigRgbData);
    }
    cmsSetProfileVersion(profile, 2.1);
    if (kind == FALLING) {
        static const cmsUInt16Number falling[3] = {65535, 20000, 0};
        cmsToneCurve *curve = cmsBuildTabulatedToneCurve16(NULL, 3, falling);
        assert_true(cmsWriteTag(profile, cmsSigGreenTRCTag, curve));
        cmsFreeToneCurve(curve);
    } else {
        cmsSetPCS(profile, cmsSigLabData);
        add_table(profile);
    }
    free(bytes);
    return icc_profile_bytes(profile, size_bytes);
}

static void fill_noise(uint8_t *pixels, size_t bytes, uint64_t seed) {
    for (size_t i = 0; i < bytes; i++) {
        pixels[i] = (uint8_t)random_between(&seed, 0, 255);
    }
}

static uint8_t *halved(const uint8_t *bytes, size_t size, bool keep, bool linear, uint32_t threads,
                       int channels) {
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.linear = linear;
    options.keep_icc = keep;
    options.threads = threads;
    struct imgcore_output output = box(HALF, HALF, IMGCORE_FORMAT_PNG);
    output.filter = IMGCORE_FILTER_BOX;
    uint32_t width, height;
    int got_channels;
    uint8_t *pixels = pixels_of(bytes, size, &options, output, &width, &height, &got_channels);
    assert_int_equal(width, HALF);
    assert_int_equal(height, HALF);
    assert_int_equal(got_channels, channels);
    return pixels;
}

/* Kept, the result has the curves of the profile; converted, it is what lcms makes of that. */
static void check_profile(const uint8_t *icc, size_t icc_bytes, int channels, curve_fn *curve) {
    static uint8_t noise[MOST];
    const bool alpha = channels % 2 == 0;
    fill_noise(noise, (size_t)SIDE * SIDE * (size_t)channels, 7);
    const struct png_spec spec = {.width = SIDE,
                                  .height = SIDE,
                                  .channels = channels,
                                  .pixels = noise,
                                  .icc = icc,
                                  .icc_bytes = icc_bytes};
    size_t size;
    uint8_t *bytes = png_make(&spec, &size);
    uint8_t *kept = halved(bytes, size, true, true, 1, channels);
    check_means(noise, kept, channels, alpha, curve, 0.51);
    uint8_t *threaded = halved(bytes, size, true, true, 3, channels);
    assert_memory_equal(threaded, kept, (size_t)HALF * HALF * (size_t)channels);
    if (channels == 3) {
        uint8_t *converted = halved(bytes, size, false, true, 1, 3);
        cmsHPROFILE from = cmsOpenProfileFromMem(icc, (cmsUInt32Number)icc_bytes);
        cmsHPROFILE to = cmsCreate_sRGBProfile();
        cmsHTRANSFORM direct =
            cmsCreateTransform(from, TYPE_RGB_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
        cmsDoTransform(direct, kept, kept, HALF * HALF);
        assert_memory_equal(converted, kept, (size_t)HALF * HALF * 3);
        cmsDeleteTransform(direct);
        cmsCloseProfile(from);
        cmsCloseProfile(to);
        free(converted);
    }
    free(threaded);
    free(kept);
    free(bytes);
}

static void the_curves_are_those_of_the_profile(void **state) {
    (void)state;
    static const double same[3] = {1.8, 1.8, 1.8};
    size_t icc_bytes;
    uint8_t *icc = rgb_profile(same, &icc_bytes);
    check_profile(icc, icc_bytes, 3, gamma18_light);
    check_profile(icc, icc_bytes, 4, gamma18_light);
    free(icc);
    icc = rgb_profile(gammas, &icc_bytes); /* each channel has its own */
    check_profile(icc, icc_bytes, 3, gamma_light);
    check_profile(icc, icc_bytes, 4, gamma_light);
    free(icc);
    icc = grey_profile(1.8, false, &icc_bytes);
    check_profile(icc, icc_bytes, 1, gamma18_light);
    check_profile(icc, icc_bytes, 2, gamma18_light);
    free(icc);
    icc = grey_profile(1.2, true, &icc_bytes);
    check_profile(icc, icc_bytes, 1, lightness_light);
    free(icc);
}

static void without_a_profile_they_are_those_of_srgb(void **state) {
    (void)state;
    check_profile(NULL, 0, 1, srgb_light);
    check_profile(NULL, 0, 2, srgb_light);
    check_profile(NULL, 0, 4, srgb_light);
}

/* Near black a step of linear light holds several samples of a steep curve. */
static void every_flat_shade_stays(void **state) {
    (void)state;
    static uint8_t shades[SIDE * SIDE * 3];
    for (size_t i = 0; i < sizeof(shades); i++) {
        const size_t pixel = i / 3, x = pixel % SIDE / 4, y = pixel / SIDE / 4;
        shades[i] = (uint8_t)(y * (SIDE / 4) + x);
    }
    for (int steep = 0; steep < 2; steep++) {
        const double exponents[3] = {steep ? 4.0 : 2.2, 2.2, 2.6};
        size_t icc_bytes, size;
        uint8_t *icc = rgb_profile(exponents, &icc_bytes);
        const struct png_spec spec = {.width = SIDE,
                                      .height = SIDE,
                                      .channels = 3,
                                      .pixels = shades,
                                      .icc = icc,
                                      .icc_bytes = icc_bytes};
        uint8_t *bytes = png_make(&spec, &size);
        uint8_t *result = halved(bytes, size, true, true, 1, 3);
        for (size_t i = 0; i < (size_t)HALF * HALF * 3; i++) {
            const size_t pixel = i / 3, x = pixel % HALF, y = pixel / HALF;
            assert_int_equal(result[i], shades[(2 * y * SIDE + 2 * x) * 3]);
        }
        free(result);
        free(bytes);
        free(icc);
    }
}

static void assert_no_profile(const uint8_t *bytes, size_t size) {
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.linear = options.keep_icc = true;
    struct imgcore_output output = box(HALF, HALF, IMGCORE_FORMAT_PNG);
    must(bytes, size, &options, &output, 1);
    const struct imgcore_source made = {.bytes = output.bytes, .size_bytes = output.size_bytes};
    struct imgcore_info info;
    imgcore_info_default(&info);
    assert_int_equal(imgcore_probe(context, &made, NULL, &info, NULL), IMGCORE_OK);
    assert_int_equal(info.icc_bytes, 0);
    imgcore_output_clear(context, &output, 1);
}

static void rows_are_converted_where_the_profile_has_no_curves(void **state) {
    (void)state;
    static uint8_t noise[MOST], srgb[MOST];
    for (int kind = 0; kind < TABLE_KINDS; kind++) {
        for (int channels = 3; channels <= 4; channels++) {
            size_t icc_bytes, size;
            uint8_t *icc = profile_without_curves(kind, &icc_bytes);
            const bool alpha = channels == 4;
            const cmsUInt32Number format = alpha ? TYPE_RGBA_8 : TYPE_RGB_8;
            fill_noise(noise, (size_t)SIDE * SIDE * (size_t)channels, 9);
            cmsHPROFILE from = cmsOpenProfileFromMem(icc, (cmsUInt32Number)icc_bytes);
            cmsHPROFILE to = cmsCreate_sRGBProfile();
            cmsHTRANSFORM direct = cmsCreateTransform(from, format, to, format, INTENT_PERCEPTUAL,
                                                      alpha ? cmsFLAGS_COPY_ALPHA : 0);
            assert_non_null(direct);
            cmsDoTransform(direct, noise, srgb, SIDE * SIDE);
            const struct png_spec spec = {.width = SIDE,
                                          .height = SIDE,
                                          .channels = channels,
                                          .pixels = noise,
                                          .icc = icc,
                                          .icc_bytes = icc_bytes};
            uint8_t *bytes = png_make(&spec, &size);
            for (int keep = 0; keep < 2; keep++) { /* such a profile is not kept */
                uint8_t *result = halved(bytes, size, keep, true, keep ? 3 : 1, channels);
                check_means(srgb, result, channels, alpha, srgb_light, 0.51);
                free(result);
            }
            assert_no_profile(bytes, size);
            cmsDeleteTransform(direct);
            cmsCloseProfile(from);
            cmsCloseProfile(to);
            free(bytes);
            free(icc);
        }
    }
}

/* 0: mixed by formula; 1: by the profile of the file; 2: by a given one. */
static void check_inks(int by, const uint8_t *press, size_t press_bytes) {
    static uint8_t noise[SIDE * SIDE * 4], srgb[SIDE * SIDE * 3];
    fill_noise(noise, sizeof(noise), 11);
    const struct jpeg_spec spec = {.width = SIDE,
                                   .height = SIDE,
                                   .channels = 4,
                                   .pixels = noise,
                                   .quality = 100,
                                   .icc = by == 1 ? press : NULL,
                                   .icc_bytes = by == 1 ? press_bytes : 0};
    size_t size;
    uint8_t *bytes = jpeg_make(&spec, &size);
    uint32_t width, height;
    int channels;
    uint8_t *inks = jpeg_read(bytes, size, &width, &height, &channels);
    assert_int_equal(channels, 4);
    for (size_t i = 0; i < sizeof(noise); i++) {
        inks[i] = (uint8_t)(255 - inks[i]); /* Adobe's are inverted */
    }
    cmsHPROFILE from = cmsOpenProfileFromMem(press, (cmsUInt32Number)press_bytes);
    cmsHPROFILE to = cmsCreate_sRGBProfile();
    cmsHTRANSFORM direct =
        cmsCreateTransform(from, TYPE_CMYK_8, to, TYPE_RGB_8, INTENT_PERCEPTUAL, 0);
    cmsDoTransform(direct, inks, srgb, SIDE * SIDE);
    for (size_t i = 0; by == 0 && i < sizeof(srgb); i++) {
        const uint8_t *pixel = inks + i / 3 * 4;
        srgb[i] = (uint8_t)lround((255 - pixel[i % 3]) * (255 - pixel[3]) / 255.0);
    }
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.linear = true;
    options.cmyk_profile = by == 2 ? press : NULL;
    options.cmyk_profile_bytes = by == 2 ? press_bytes : 0;
    for (int threads = 1; threads <= 2; threads++) {
        struct imgcore_output output = box(HALF, HALF, IMGCORE_FORMAT_PNG);
        output.filter = IMGCORE_FILTER_BOX;
        options.threads = (uint32_t)threads;
        uint8_t *result = pixels_of(bytes, size, &options, output, &width, &height, &channels);
        assert_int_equal(channels, 3);
        check_means(srgb, result, 3, false, srgb_light, 0.51);
        free(result);
    }
    cmsDeleteTransform(direct);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    free(inks);
    free(bytes);
}

static void inks_become_srgb_first(void **state) {
    (void)state;
    size_t press_bytes;
    uint8_t *press = cmyk_profile_make(&press_bytes);
    for (int by = 0; by < 3; by++) {
        check_inks(by, press, press_bytes);
    }
    free(press);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_curves_are_those_of_the_profile),
        cmocka_unit_test(without_a_profile_they_are_those_of_srgb),
        cmocka_unit_test(every_flat_shade_stays),
        cmocka_unit_test(rows_are_converted_where_the_profile_has_no_curves),
        cmocka_unit_test(inks_become_srgb_first),
    };
    return cmocka_run_group_tests_name("linear", tests, set_up, tear_down);
}
