/* options.keep_icc: which outputs have the profile of the file, and in which colours they are then.
 * An output that cannot keep it is what it is without the option. */
#include "tests/imgcore/transform_support.h"

#include "tests/support/icc_profile.h"

struct profile {
    uint8_t *bytes;
    size_t size_bytes;
};

static struct profile save(cmsHPROFILE profile) {
    struct profile saved;
    saved.bytes = icc_profile_bytes(profile, &saved.size_bytes);
    return saved;
}

static cmsInt32Number table_entry(const cmsUInt16Number in[], cmsUInt16Number out[], void *unused) {
    (void)unused;
    out[0] = (cmsUInt16Number)((in[0] * 2u + in[1] * 5u + in[2]) / 8u);
    out[1] = (cmsUInt16Number)(0x8000u + in[0] / 8u - in[1] / 8u);
    out[2] = (cmsUInt16Number)(0x8000u + in[1] / 8u - in[2] / 8u);
    return TRUE;
}

/* As that of a scanner: a table to Lab, and none back. */
static struct profile one_way_profile(void) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, 2.1);
    cmsSetDeviceClass(profile, cmsSigInputClass);
    cmsSetColorSpace(profile, cmsSigRgbData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 3, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 9, 3, 3, NULL);
    assert_true(cmsStageSampleCLut16bit(table, table_entry, NULL, 0));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_END, table));
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    cmsPipelineFree(pipeline);
    return save(profile);
}

/* What lcms2 makes of an sRGB colour in the profile. */
static void from_srgb(const struct profile *profile, bool grey, const uint8_t *in, uint8_t *out) {
    cmsToneCurve *curve = cmsBuildParametricToneCurve(
        NULL, 4, (const double[]){2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045});
    cmsHPROFILE from = grey ? cmsCreateGrayProfile(cmsD50_xyY(), curve) : cmsCreate_sRGBProfile();
    cmsHPROFILE to = cmsOpenProfileFromMem(profile->bytes, (cmsUInt32Number)profile->size_bytes);
    const cmsUInt32Number type = grey ? TYPE_GRAY_8 : TYPE_RGB_8;
    cmsHTRANSFORM transform = cmsCreateTransform(from, type, to, type, INTENT_PERCEPTUAL, 0);
    assert_non_null(transform);
    cmsDoTransform(transform, in, out, 1);
    cmsDeleteTransform(transform);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
    cmsFreeToneCurve(curve);
}

static uint8_t *png_with(int channels, const struct profile *profile, size_t *size) {
    const struct png_spec spec = {.width = 120,
                                  .height = 90,
                                  .channels = channels,
                                  .icc = profile->bytes,
                                  .icc_bytes = profile->size_bytes};
    return png_make(&spec, size);
}

static uint8_t *jpeg_with(int channels, const struct profile *profile, size_t *size) {
    const struct jpeg_spec spec = {.width = 120,
                                   .height = 90,
                                   .channels = channels,
                                   .icc = profile->bytes,
                                   .icc_bytes = profile->size_bytes};
    return jpeg_make(&spec, size);
}

static struct imgcore_output padded_box(const uint8_t background[4]) {
    struct imgcore_output output = box(64, 64, IMGCORE_FORMAT_PNG);
    output.fit = IMGCORE_FIT_CONTAIN;
    memcpy(output.background, background, 4);
    return output;
}

/* Makes an output with the option. */
static struct imgcore_output keep(const uint8_t *bytes, size_t size, struct imgcore_output output) {
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.keep_icc = true;
    must(bytes, size, &options, &output, 1);
    return output;
}

static struct imgcore_info info_of(const struct imgcore_output *output) {
    const struct imgcore_source source = {.bytes = output->bytes, .size_bytes = output->size_bytes};
    struct imgcore_info info;
    imgcore_info_default(&info);
    assert_int_equal(imgcore_probe(context, &source, NULL, &info, NULL), IMGCORE_OK);
    return info;
}

/* Checks that the output has no profile and is the same file as without the option. */
static void check_not_kept(const uint8_t *bytes, size_t size, struct imgcore_output output) {
    struct imgcore_output kept = keep(bytes, size, output), other = output;
    assert_int_equal(info_of(&kept).icc_bytes, 0);
    must(bytes, size, NULL, &other, 1);
    assert_int_equal(kept.size_bytes, other.size_bytes);
    assert_memory_equal(kept.bytes, other.bytes, other.size_bytes);
    imgcore_output_clear(context, &kept, 1);
    imgcore_output_clear(context, &other, 1);
}

/* Checks that the output has the profile and this colour in a corner, and clears it. */
static void check_kept(struct imgcore_output output, const struct profile *profile,
                       const char *color, const uint8_t *corner, int tolerance) {
    const struct imgcore_info info = info_of(&output);
    assert_int_equal(info.icc_bytes, profile->size_bytes);
    assert_false(info.icc_is_srgb); /* lcms2 opens it for an image of this colour */
    assert_string_equal(info.color, color);
    uint32_t width, height;
    int channels;
    uint8_t *pixels = output.result_format == IMGCORE_FORMAT_JPEG
                          ? jpeg_read(output.bytes, output.size_bytes, &width, &height, &channels)
                          : png_read(output.bytes, output.size_bytes, &width, &height, &channels);
    const uint8_t *last = pixels + ((size_t)width * height - 1) * (size_t)channels;
    for (int c = 0; corner != NULL && c < channels; c++) {
        assert_in_range(last[c], corner[c] < tolerance ? 0 : corner[c] - tolerance,
                        corner[c] + tolerance);
    }
    free(pixels);
    imgcore_output_clear(context, &output, 1);
}

static void the_background_is_in_the_colours_of_the_profile(void **state) {
    (void)state;
    static const uint8_t background[4] = {200, 30, 60, 255};
    const struct profile wide = save(icc_profile_wide(1.8));
    uint8_t corner[4] = {0, 0, 0, 255};
    from_srgb(&wide, false, background, corner);
    assert_true(abs(corner[0] - background[0]) > 10); /* else this shows nothing */
    size_t size;
    uint8_t *bytes = png_with(3, &wide, &size);
    check_kept(keep(bytes, size, padded_box(background)), &wide, "rgb", corner, 0);
    free(bytes);
    bytes = jpeg_with(3, &wide, &size);
    check_kept(keep(bytes, size, padded_box(background)), &wide, "rgb", corner, 0);
    free(bytes);
    bytes = png_with(4, &wide, &size);
    check_kept(keep(bytes, size, padded_box(background)), &wide, "rgba", corner, 0);
    /* The corner of the scene is transparent: the background of a JPEG. */
    struct imgcore_output flat = box(64, 64, IMGCORE_FORMAT_JPEG);
    flat.quality = 100;
    flat.subsampling = IMGCORE_SUBSAMPLING_444;
    memcpy(flat.background, background, 4);
    check_kept(keep(bytes, size, flat), &wide, "ycbcr", corner, 3);
    free(bytes);
    free(wide.bytes);
}

static void a_grey_profile_stays_on_grey_alone(void **state) {
    (void)state;
    static const uint8_t neutral[4] = {90, 90, 90, 255}, red[4] = {200, 30, 60, 255};
    const struct profile grey = save(icc_profile_grey(1.5));
    uint8_t corner[4];
    from_srgb(&grey, true, neutral, corner);
    assert_true(abs(corner[0] - neutral[0]) > 10);
    size_t size;
    for (int png = 0; png < 2; png++) {
        uint8_t *bytes = png ? png_with(1, &grey, &size) : jpeg_with(1, &grey, &size);
        check_kept(keep(bytes, size, box(64, 64, IMGCORE_FORMAT_AUTO)), &grey, "grey", NULL, 0);
        check_kept(keep(bytes, size, padded_box(neutral)), &grey, "grey", corner, 0);
        check_not_kept(bytes, size, padded_box(red));
        free(bytes);
    }
    uint8_t *bytes = png_with(2, &grey, &size);
    struct imgcore_output flat = box(64, 64, IMGCORE_FORMAT_JPEG);
    flat.quality = 100;
    memcpy(flat.background, neutral, 4);
    check_kept(keep(bytes, size, box(64, 64, IMGCORE_FORMAT_PNG)), &grey, "grey+alpha", NULL, 0);
    check_kept(keep(bytes, size, flat), &grey, "grey", corner, 2);
    memcpy(flat.background, red, 4);
    check_not_kept(bytes, size, flat);
    check_not_kept(bytes, size, padded_box(neutral)); /* becomes RGBA */
    free(bytes);
    free(grey.bytes);
}

static void a_profile_for_other_colours_is_dropped(void **state) {
    (void)state;
    const struct profile grey = save(icc_profile_grey(1.5)), wide = save(icc_profile_wide(1.8));
    size_t size;
    uint8_t *bytes = jpeg_with(3, &grey, &size);
    check_not_kept(bytes, size, box(64, 64, IMGCORE_FORMAT_JPEG));
    free(bytes);
    bytes = jpeg_with(1, &wide, &size);
    check_not_kept(bytes, size, box(64, 64, IMGCORE_FORMAT_PNG));
    free(bytes);
    free(grey.bytes);
    free(wide.bytes);
}

static void a_damaged_profile_is_dropped(void **state) {
    (void)state;
    struct profile wide = save(icc_profile_wide(1.8));
    wide.bytes[36] ^= 1; /* its signature */
    size_t size;
    uint8_t *bytes = jpeg_with(3, &wide, &size);
    check_not_kept(bytes, size, box(64, 64, IMGCORE_FORMAT_JPEG));
    free(bytes);
    free(wide.bytes);
}

static void a_profile_without_a_way_back_takes_no_background(void **state) {
    (void)state;
    static const uint8_t background[4] = {200, 30, 60, 255};
    const struct profile profile = one_way_profile();
    size_t size;
    uint8_t *bytes = jpeg_with(3, &profile, &size);
    check_kept(keep(bytes, size, box(64, 64, IMGCORE_FORMAT_JPEG)), &profile, "ycbcr", NULL, 0);
    check_not_kept(bytes, size, padded_box(background));
    free(bytes);
    free(profile.bytes);
}

/* What one output needs does not decide about the others. */
static void each_output_is_decided_for_itself(void **state) {
    (void)state;
    static const uint8_t red[4] = {200, 30, 60, 255};
    const struct profile grey = save(icc_profile_grey(1.5));
    size_t size;
    uint8_t *bytes = jpeg_with(1, &grey, &size);
    struct imgcore_output outputs[3] = {box(64, 64, IMGCORE_FORMAT_JPEG), padded_box(red),
                                        box(32, 32, IMGCORE_FORMAT_PNG)};
    struct imgcore_options options;
    imgcore_options_default(&options);
    options.keep_icc = true;
    must(bytes, size, &options, outputs, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(info_of(&outputs[i]).icc_bytes, i == 1 ? 0 : grey.size_bytes);
    }
    imgcore_output_clear(context, outputs, 3);
    free(bytes);
    free(grey.bytes);
}

/* They have no place for one: as the pixels of a PNG that was made without the option. */
static void pixels_keep_none(void **state) {
    (void)state;
    struct profile profile = save(icc_profile_wide(1.8));
    size_t size;
    uint8_t *bytes = jpeg_with(3, &profile, &size);
    struct imgcore_output output = keep(bytes, size, box(60, 45, IMGCORE_FORMAT_PIXELS));
    uint32_t width, height;
    int channels;
    uint8_t *converted =
        pixels_of(bytes, size, NULL, box(60, 45, IMGCORE_FORMAT_PNG), &width, &height, &channels);
    assert_int_equal(channels, output.result_channels);
    assert_memory_equal(output.bytes, converted, output.size_bytes);
    struct imgcore_output kept = keep(bytes, size, box(60, 45, IMGCORE_FORMAT_PNG));
    uint8_t *unconverted = png_read(kept.bytes, kept.size_bytes, &width, &height, &channels);
    assert_true(memcmp(output.bytes, unconverted, output.size_bytes) != 0);
    free(unconverted);
    free(converted);
    imgcore_output_clear(context, &kept, 1);
    imgcore_output_clear(context, &output, 1);
    free(bytes);
    free(profile.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_background_is_in_the_colours_of_the_profile),
        cmocka_unit_test(a_grey_profile_stays_on_grey_alone),
        cmocka_unit_test(a_profile_for_other_colours_is_dropped),
        cmocka_unit_test(a_damaged_profile_is_dropped),
        cmocka_unit_test(a_profile_without_a_way_back_takes_no_background),
        cmocka_unit_test(each_output_is_decided_for_itself),
        cmocka_unit_test(pixels_keep_none),
    };
    return cmocka_run_group_tests_name("keep icc", tests, set_up, tear_down);
}
