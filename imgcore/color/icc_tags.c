/* The colours that PNG's chunks state: see icc_tags.h. */
#include "imgcore/color/icc_tags.h"

#include <math.h>
#include <string.h>

#include "imgcore/base/bytes.h"
#include "imgcore/base/limits.h"
#include "imgcore/color/icc_internal.h"

#define UNIT 100000.0

/* 1/2.2, which stands for the curve of sRGB, as the PNG specification says. Within 500 of it no
 * 8-bit sample changes by more than 1. */
#define SRGB_GAMMA           45455
#define SRGB_GAMMA_TOLERANCE 500
/* Rounding, and whites of four digits. */
#define SRGB_XY_TOLERANCE 0.001

static const struct ic_stated_curve srgb_curve = {2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92,
                                                  0.04045};

/* The inverse of BT.709's curve (and of BT.601's and BT.2020's), as browsers use it. */
#define BT709_ALPHA 1.09929682680944
#define BT709_BETA  0.018053968510807
static const struct ic_stated_curve bt709_curve = {
    1.0 / 0.45, 1.0 / BT709_ALPHA, (BT709_ALPHA - 1.0) / BT709_ALPHA, 1.0 / 4.5, 4.5 * BT709_BETA};

static const struct ic_stated_curve smpte240_curve = {1.0 / 0.45, 1.0 / 1.1115, 0.1115 / 1.1115,
                                                      1.0 / 4.0, 4.0 * 0.0228};

static struct ic_stated_curve power(double g) {
    return (struct ic_stated_curve){.g = g, .a = 1.0};
}

#define D65 0.3127, 0.3290
#define C   0.310, 0.316

/* Table 2 of H.273: white, red, green, blue. */
static const struct {
    uint8_t code;
    double xy[8];
} primaries[] = {
    {1, {D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060}},
    {4, {C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08}},
    {5, {D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06}},
    {6, {D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},
    {7, {D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},
    {8, {C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049}},
    {9, {D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046}},
    {11, {0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
    {12, {D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
    {22, {D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077}},
};
#define SRGB_XY (primaries[0].xy)

/* Table 3 of H.273. */
static bool find_curve(uint8_t code, struct ic_stated_curve *curve) {
    switch (code) {
    case 1:
    case 6:
    case 14:
    case 15:
        *curve = bt709_curve;
        return true;
    case 4:
        *curve = power(2.2);
        return true;
    case 5:
        *curve = power(2.8);
        return true;
    case 7:
        *curve = smpte240_curve;
        return true;
    case 8:
        *curve = power(1.0);
        return true;
    case 13:
        *curve = srgb_curve;
        return true;
    default:
        return false;
    }
}

bool ic_cicp_space(const struct ic_color_tags *tags, enum ic_color color,
                   struct ic_stated_space *space) {
    if (!tags->has_cicp || tags->matrix != 0 || tags->full_range != 1 ||
        !find_curve(tags->transfer, &space->curve)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(primaries) / sizeof(primaries[0]); i++) {
        if (primaries[i].code == tags->primaries) {
            memcpy(space->xy, primaries[i].xy, sizeof(space->xy));
            space->is_srgb = tags->transfer == 13 && (i == 0 || ic_icc_is_grey(color));
            return true;
        }
    }
    return false;
}

/* Twice the signed area of a triangle. */
static double area(const double *a, const double *b, const double *c) {
    return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
}

/* Whether the white is one of a display or a light, and lies well inside the triangle of primaries:
 * otherwise the matrix of a profile has no values, or infinite ones. */
static bool are_possible(const double xy[8]) {
    for (int i = 2; i < 8; i++) {
        if (xy[i] > 1.0) {
            return false;
        }
    }
    if (xy[0] < 0.2 || xy[0] > 0.5 || xy[1] < 0.25 || xy[1] > 0.5 || xy[0] + xy[1] > 0.9) {
        return false;
    }
    const double *white = xy, *red = xy + 2, *green = xy + 4, *blue = xy + 6;
    const double whole = area(red, green, blue);
    const double least = 0.01 * fabs(whole), sign = whole < 0.0 ? -1.0 : 1.0;
    return fabs(whole) > 0.001 && sign * area(white, green, blue) > least &&
           sign * area(red, white, blue) > least && sign * area(red, green, white) > least;
}

static bool find_primaries(const struct ic_color_tags *tags, double xy[8]) {
    for (int i = 0; i < 8; i++) {
        xy[i] = tags->chromaticities[i] / UNIT;
    }
    return tags->has_chromaticities && are_possible(xy);
}

bool ic_has_primaries(const struct ic_color_tags *tags) {
    double xy[8];
    return find_primaries(tags, xy);
}

bool ic_gamma_space(const struct ic_color_tags *tags, enum ic_color color,
                    struct ic_stated_space *space) {
    if (!tags->has_gamma || tags->gamma < IC_MIN_PNG_GAMMA || tags->gamma > IC_MAX_PNG_GAMMA) {
        return false;
    }
    space->curve = power(UNIT / tags->gamma);
    if (ic_icc_is_grey(color) || !find_primaries(tags, space->xy)) {
        memcpy(space->xy, SRGB_XY, sizeof(space->xy));
    }
    space->is_srgb = tags->gamma >= SRGB_GAMMA - SRGB_GAMMA_TOLERANCE &&
                     tags->gamma <= SRGB_GAMMA + SRGB_GAMMA_TOLERANCE;
    for (int i = 0; i < 8; i++) {
        space->is_srgb = space->is_srgb && fabs(space->xy[i] - SRGB_XY[i]) <= SRGB_XY_TOLERANCE;
    }
    return true;
}

static cmsToneCurve *make_curve(cmsContext lcms, const struct ic_stated_curve *curve) {
    const cmsFloat64Number parameters[5] = {curve->g, curve->a, curve->b, curve->c, curve->d};
    return cmsBuildParametricToneCurve(lcms, curve->d > 0.0 ? 4 : 1, parameters);
}

static cmsHPROFILE make_profile(cmsContext lcms, const struct ic_stated_space *space,
                                enum ic_color color) {
    const cmsCIExyY white = {space->xy[0], space->xy[1], 1.0};
    const cmsCIExyYTRIPLE three = {{space->xy[2], space->xy[3], 1.0},
                                   {space->xy[4], space->xy[5], 1.0},
                                   {space->xy[6], space->xy[7], 1.0}};
    cmsToneCurve *curve = make_curve(lcms, &space->curve);
    if (curve == NULL) {
        return NULL;
    }
    cmsToneCurve *const curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = ic_icc_is_grey(color)
                              ? cmsCreateGrayProfileTHR(lcms, cmsD50_xyY(), curve)
                              : cmsCreateRGBProfileTHR(lcms, &white, &three, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

static void set_name(cmsContext lcms, cmsHPROFILE profile, const char *name) {
    cmsMLU *text = cmsMLUalloc(lcms, 1);
    if (text != NULL) {
        cmsMLUsetASCII(text, "en", "US", name);
        cmsWriteTag(profile, cmsSigProfileDescriptionTag, text);
        cmsMLUfree(text);
    }
}

/* The time of creation, as the profile states it: always the same. */
static void set_time(uint8_t *profile) {
    enum { TIME_AT = 24, YEAR = 2000 };
    memset(profile + TIME_AT, 0, 12);
    ic_put_u32be(profile + TIME_AT, (uint32_t)YEAR << 16 | 1); /* year, month */
    profile[TIME_AT + 5] = 1;                                  /* day */
}

enum imgcore_status ic_icc_of_space(struct ic_icc *icc, const struct ic_stated_space *space,
                                    enum ic_color color, const char *name, struct ic_buf *profile) {
    const enum imgcore_status status = ic_icc_enter(icc);
    if (status != IMGCORE_OK) {
        return status;
    }
    if (setjmp(icc->out_of_memory) != 0) {
        return ic_icc_drop_lcms(icc);
    }
    icc->can_jump = true;
    uint8_t bytes[IC_MAX_STATED_PROFILE_BYTES];
    cmsUInt32Number size_bytes = 0;
    bool is_made = false;
    cmsHPROFILE made = make_profile(icc->lcms, space, color);
    if (made != NULL) {
        set_name(icc->lcms, made, name);
        is_made = cmsSaveProfileToMem(made, NULL, &size_bytes) && size_bytes <= sizeof(bytes) &&
                  cmsSaveProfileToMem(made, bytes, &size_bytes);
        cmsCloseProfile(made);
    }
    icc->can_jump = false;
    if (is_made && size_bytes >= IC_ICC_HEADER_BYTES) {
        set_time(bytes);
        if (!ic_buf_append(profile, bytes, size_bytes)) {
            return profile->mem->status;
        }
    }
    return IMGCORE_OK;
}
