/* A small ICC profile of inks, made by code: for CMYK images that have none. */
#ifndef TESTS_CMYK_PROFILE_H
#define TESTS_CMYK_PROFILE_H

#include "tests/support/icc_profile.h"

/* A cell of the table, from inks to Lab in 16 bits: duller and yellower than inks on white by
 * formula. */
static inline cmsInt32Number cmyk_profile_cell(const cmsUInt16Number in[], cmsUInt16Number out[],
                                               void *unused) {
    (void)unused;
    const unsigned c = in[0], m = in[1], y = in[2], white = 65535u - in[3];
    out[0] = (cmsUInt16Number)((uint64_t)(65535u - (c + 2u * m + y) / 5u) * white / 70000u);
    out[1] = (cmsUInt16Number)(0x8000u + m / 6u - c / 6u);
    out[2] = (cmsUInt16Number)(0x8400u + y / 4u - c / 8u);
    return TRUE;
}

/* Returns the profile; free() it. */
static inline uint8_t *cmyk_profile_make(size_t *size_bytes) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 5, 4, 3, NULL);
    cmsSetProfileVersion(profile, 2.1);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsStageSampleCLut16bit(table, cmyk_profile_cell, NULL, 0);
    cmsPipelineInsertStage(pipeline, cmsAT_END, table);
    cmsWriteTag(profile, cmsSigAToB0Tag, pipeline);
    cmsPipelineFree(pipeline);
    return icc_profile_bytes(profile, size_bytes);
}

#endif
