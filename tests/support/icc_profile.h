/* ICC profiles that tests embed, made by lcms2, and their bytes. */
#ifndef TESTS_ICC_PROFILE_H
#define TESTS_ICC_PROFILE_H

#include <lcms2.h>
#include <stdint.h>
#include <stdlib.h>

/* Closes a profile and returns its bytes; free() them. It ends the program on a failure, which is
 * no result of any test. */
static inline uint8_t *icc_profile_bytes(cmsHPROFILE profile, size_t *size_bytes) {
    cmsUInt32Number size = 0;
    if (profile == NULL || !cmsSaveProfileToMem(profile, NULL, &size)) {
        abort();
    }
    uint8_t *bytes = malloc(size);
    if (bytes == NULL || !cmsSaveProfileToMem(profile, bytes, &size)) {
        abort();
    }
    cmsCloseProfile(profile);
    *size_bytes = size;
    return bytes;
}

/* RGB of these primaries with the white of D65, and one curve for the three channels. */
static inline cmsHPROFILE icc_profile_rgb(const cmsCIExyYTRIPLE *primaries, double gamma) {
    const cmsCIExyY white = {0.3127, 0.3290, 1.0};
    cmsToneCurve *curve = cmsBuildGamma(NULL, gamma);
    cmsToneCurve *const curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, primaries, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

/* As icc_profile_rgb, with the primaries of Display P3, which no picture of sRGB has by chance. */
static inline cmsHPROFILE icc_profile_wide(double gamma) {
    const cmsCIExyYTRIPLE primaries = {
        {0.680, 0.320, 1.0}, {0.265, 0.690, 1.0}, {0.150, 0.060, 1.0}};
    return icc_profile_rgb(&primaries, gamma);
}

static inline cmsHPROFILE icc_profile_grey(double gamma) {
    cmsToneCurve *curve = cmsBuildGamma(NULL, gamma);
    cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return profile;
}

#endif
