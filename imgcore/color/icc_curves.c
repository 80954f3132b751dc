/* The tone curves of a profile as tables, for resizing in linear light: see icc.h. */
#include <math.h>
#include <string.h>

#include "imgcore/base/transfer.h"
#include "imgcore/color/icc_internal.h"

struct profile_curve {
    const cmsToneCurve *curve;
    bool is_lightness; /* it leads to L* of CIELAB, not to light */
};

static double to_light(void *user, double sample) {
    const struct profile_curve *profile = user;
    const double value = cmsEvalToneCurveFloat(profile->curve, (cmsFloat32Number)sample);
    if (!(value > 0.0)) {
        return 0.0; /* as lcms clamps it; so is what is no number */
    }
    if (value > 1.0) {
        return 1.0;
    }
    if (!profile->is_lightness) {
        return value;
    }
    return value > 0.08 ? pow((value * 100.0 + 16.0) / 116.0, 3.0) : value * 2700.0 / 24389.0;
}

/* Whether the profile converts by tables of colours, which lcms prefers to curves. */
static bool has_tables(cmsHPROFILE profile) {
    return cmsIsTag(profile, cmsSigAToB0Tag) || cmsIsTag(profile, cmsSigDToB0Tag);
}

static bool read_curves(cmsHPROFILE profile, bool is_grey, struct ic_transfer *transfer) {
    static const cmsTagSignature rgb[3] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};
    if (has_tables(profile)) {
        return false;
    }
    transfer->curves = is_grey ? 1 : 3;
    for (int c = 0; c < transfer->curves; c++) {
        struct profile_curve read = {
            .curve = cmsReadTag(profile, is_grey ? cmsSigGrayTRCTag : rgb[c]),
            .is_lightness = is_grey && cmsGetPCS(profile) == cmsSigLabData};
        if (read.curve == NULL || !ic_transfer_curve_make(&transfer->curve[c], to_light, &read)) {
            return false;
        }
    }
    const struct ic_transfer_curve *curve = transfer->curve;
    if (!is_grey && memcmp(&curve[0], &curve[1], sizeof(curve[0])) == 0 &&
        memcmp(&curve[0], &curve[2], sizeof(curve[0])) == 0) {
        transfer->curves = 1;
    }
    return true;
}

static enum imgcore_status make_transfer(struct ic_icc *icc) {
    icc->transfer = ic_calloc(icc->mem, 1, ic_transfer_bytes(3));
    if (icc->transfer == NULL) {
        return icc->mem->status;
    }
    if (setjmp(icc->out_of_memory) != 0) {
        return ic_icc_drop_lcms(icc);
    }
    icc->can_jump = true;
    bool has_curves = false;
    cmsHPROFILE profile =
        cmsOpenProfileFromMemTHR(icc->lcms, icc->profile, (cmsUInt32Number)icc->profile_bytes);
    if (profile != NULL) {
        has_curves = read_curves(profile, ic_icc_is_grey(icc->color), icc->transfer);
        cmsCloseProfile(profile);
    }
    icc->can_jump = false;
    if (!has_curves) {
        ic_free(icc->mem, icc->transfer);
        icc->transfer = NULL;
        icc->has_no_curves = true;
    }
    return IMGCORE_OK;
}

enum imgcore_status ic_icc_transfer(struct ic_icc *icc, const struct ic_transfer **transfer) {
    enum imgcore_status status = IMGCORE_OK;
    if (icc->transfer == NULL && !icc->has_no_curves && icc->color != IC_COLOR_CMYK) {
        status = ic_icc_enter(icc);
        if (status == IMGCORE_OK) {
            status = make_transfer(icc);
        }
    }
    *transfer = icc->transfer;
    return status;
}
