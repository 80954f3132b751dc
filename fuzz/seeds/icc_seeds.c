/* Profiles that lcms2 makes: sRGB, another RGB with matrix and curves, grey, and one with tables
 * for ink. The last byte chooses the
 * colours (RGB, RGBA, grey, grey with alpha, CMYK) and the comparison, the byte before it the
 * budget. */
#include "fuzz/seeds/seeds.h"

#include <stdio.h>

#include "tests/support/icc_profile.h"

enum { COMPARISONS = 5 };

static void write_profile(const char *name, cmsHPROFILE profile, uint8_t colors) {
    size_t size_bytes;
    uint8_t *bytes = icc_profile_bytes(profile, &size_bytes);
    /* The time of creation is the only part that differs from run to run. */
    for (size_t i = 24; i < 36 && i < size_bytes; i++)
        bytes[i] = 0;
    for (uint8_t comparison = 0; comparison < COMPARISONS; comparison++) {
        const uint8_t options[2] = {(uint8_t)(60 * comparison), (uint8_t)(colors + 5 * comparison)};
        char full[32];
        snprintf(full, sizeof full, "%s_%d", name, comparison);
        seed_write(full, bytes, size_bytes, options, sizeof options);
    }
    free(bytes);
}

static cmsInt32Number ink_to_lab(const cmsUInt16Number in[], cmsUInt16Number out[], void *user) {
    (void)user;
    const unsigned black = in[3];
    out[0] = (cmsUInt16Number)((65535u - in[1]) * (65535u - black) / 65535u);
    out[1] = (cmsUInt16Number)(32768u + in[1] / 4 - in[0] / 4);
    out[2] = (cmsUInt16Number)(32768u + in[2] / 4 - in[0] / 4);
    return 1;
}

static cmsHPROFILE make_ink(void) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, 2.1);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 3, 4, 3, NULL);
    cmsStageSampleCLut16bit(table, ink_to_lab, NULL, 0);
    cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, table);
    cmsWriteTag(profile, cmsSigAToB0Tag, pipeline);
    cmsPipelineFree(pipeline);
    return profile;
}

void make_seeds(void) {
    write_profile("srgb", cmsCreate_sRGBProfile(), 0);
    write_profile("srgb_alpha", cmsCreate_sRGBProfile(), 1);
    write_profile("wide", icc_profile_wide(1.8), 0);
    write_profile("wide_alpha", icc_profile_wide(2.6), 1);
    write_profile("grey", icc_profile_grey(1.8), 2);
    write_profile("grey_alpha", icc_profile_grey(1.0), 3);
    write_profile("ink", make_ink(), 4);
}
