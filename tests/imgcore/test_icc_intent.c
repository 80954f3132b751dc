/* The rendering intent of ICC conversions: profiles whose lookup tables differ from intent to
 * intent are converted as lcms2 itself converts them with the perceptual intent. A profile of
 * primaries and curves has no intents and cannot show a wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/color/icc.h"
#include "tests/support/icc_profile.h"
#include "tests/support/random.h"

#define WIDTH  50
#define HEIGHT 40
#define PIXELS (WIDTH * HEIGHT)

static struct ic_mem mem;

/* Computes an entry of a lookup table: from device values to Lab as 16 bits, darker and yellower by
 * `strength` percent. */
static cmsInt32Number rgb_entry(const cmsUInt16Number in[], cmsUInt16Number out[], void *strength) {
    const unsigned grey = (in[0] * 2u + in[1] * 5u + in[2]) / 8u, percent = *(unsigned *)strength;
    out[0] = (cmsUInt16Number)(grey * (100 - percent) / 100);
    out[1] = (cmsUInt16Number)(0x8000u + in[0] / 8u - in[1] / 8u);
    out[2] = (cmsUInt16Number)(0x8000u + in[1] / 8u - in[2] / 8u + percent * 100u);
    return TRUE;
}

static cmsInt32Number cmyk_entry(const cmsUInt16Number in[], cmsUInt16Number out[],
                                 void *strength) {
    const unsigned white = 65535u - in[3];
    cmsUInt16Number rgb[3];
    for (int i = 0; i < 3; i++) {
        rgb[i] = (cmsUInt16Number)((65535u - in[i]) * (uint64_t)white / 65535u);
    }
    return rgb_entry(rgb, out, strength);
}

static void add_table(cmsHPROFILE profile, cmsTagSignature tag, bool cmyk, unsigned strength) {
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, cmyk ? 4 : 3, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 9, cmyk ? 4 : 3, 3, NULL);
    assert_true(cmsStageSampleCLut16bit(table, cmyk ? cmyk_entry : rgb_entry, &strength, 0));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_END, table));
    assert_true(cmsWriteTag(profile, tag, pipeline));
    cmsPipelineFree(pipeline);
}

/* Returns a profile with a table for each intent, as bytes. */
static uint8_t *profile_make(bool cmyk, size_t *size_bytes) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, 2.1);
    cmsSetDeviceClass(profile, cmyk ? cmsSigOutputClass : cmsSigInputClass);
    cmsSetColorSpace(profile, cmyk ? cmsSigCmykData : cmsSigRgbData);
    cmsSetPCS(profile, cmsSigLabData);
    const cmsCIEXYZ paper = {0.80, 0.83, 0.60}; /* only the absolute intent reproduces it */
    assert_true(cmsWriteTag(profile, cmsSigMediaWhitePointTag, &paper));
    add_table(profile, cmsSigAToB0Tag, cmyk, 5);  /* perceptual */
    add_table(profile, cmsSigAToB1Tag, cmyk, 20); /* colorimetric, relative and absolute */
    add_table(profile, cmsSigAToB2Tag, cmyk, 40); /* saturation */
    return icc_profile_bytes(profile, size_bytes);
}

/* Converts `in` by lcms2 itself with an intent. */
static void convert_directly(const uint8_t *profile, size_t size_bytes, bool cmyk,
                             cmsUInt32Number intent, const uint8_t *in, uint8_t *out) {
    cmsHPROFILE from = cmsOpenProfileFromMem(profile, (cmsUInt32Number)size_bytes),
                to = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform =
        cmsCreateTransform(from, cmyk ? TYPE_CMYK_8 : TYPE_RGB_8, to, TYPE_RGB_8, intent, 0);
    assert_non_null(transform);
    cmsDoTransform(transform, in, out, PIXELS);
    cmsDeleteTransform(transform);
    cmsCloseProfile(from);
    cmsCloseProfile(to);
}

static struct ic_picture picture_of(const uint8_t *in, bool cmyk) {
    struct ic_picture picture;
    const size_t row_bytes = WIDTH * (cmyk ? 4u : 3u);
    assert_int_equal(
        ic_picture_make(&mem, cmyk ? IC_COLOR_CMYK : IC_COLOR_RGB, WIDTH, HEIGHT, 1, 1, &picture),
        IMGCORE_OK);
    for (size_t y = 0; y < HEIGHT; y++) {
        memcpy(picture.plane[0].rows + (ptrdiff_t)y * picture.plane[0].stride_bytes,
               in + y * row_bytes, row_bytes);
    }
    return picture;
}

static void assert_perceptual(bool cmyk) {
    size_t size_bytes;
    uint8_t *profile = profile_make(cmyk, &size_bytes);
    static const cmsUInt32Number others[] = {INTENT_RELATIVE_COLORIMETRIC, INTENT_SATURATION,
                                             INTENT_ABSOLUTE_COLORIMETRIC};
    uint8_t in[PIXELS * 4], want[PIXELS * 3], other[PIXELS * 3];
    uint64_t seed = 11;
    for (size_t i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)random_between(&seed, 0, 255);
    }
    convert_directly(profile, size_bytes, cmyk, INTENT_PERCEPTUAL, in, want);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        convert_directly(profile, size_bytes, cmyk, others[i], in, other);
        assert_memory_not_equal(other, want,
                                sizeof(want)); /* otherwise the comparison below proves nothing */
    }
    struct ic_icc *icc = ic_icc_create(&mem);
    assert_non_null(icc);
    struct ic_picture picture = picture_of(in, cmyk);
    enum ic_icc_kind kind;
    assert_int_equal(ic_icc_classify(icc, profile, size_bytes, picture.color, &kind), IMGCORE_OK);
    assert_int_equal(kind, IC_ICC_CONVERT);
    assert_int_equal(ic_icc_to_srgb(icc, &mem, NULL, &picture), IMGCORE_OK);
    assert_int_equal(picture.color, IC_COLOR_RGB);
    for (size_t y = 0; y < HEIGHT; y++) {
        assert_memory_equal(picture.plane[0].rows + (ptrdiff_t)y * picture.plane[0].stride_bytes,
                            want + y * WIDTH * 3, WIDTH * 3);
    }
    ic_picture_clear(&mem, &picture);
    ic_icc_destroy(icc);
    free(profile);
}

static void an_rgb_profile_is_converted_perceptually(void **state) {
    (void)state;
    assert_perceptual(false);
}

static void a_cmyk_profile_is_converted_perceptually(void **state) {
    (void)state;
    assert_perceptual(true);
}

static int set_up(void **state) {
    (void)state;
    ic_mem_init(&mem, NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    ic_mem_clear(&mem);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_rgb_profile_is_converted_perceptually),
        cmocka_unit_test(a_cmyk_profile_is_converted_perceptually),
    };
    return cmocka_run_group_tests_name("icc_intent", tests, set_up, tear_down);
}
