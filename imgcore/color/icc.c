/* ICC profiles to sRGB: see icc.h. */
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/text.h"
#include "imgcore/color/icc_internal.h"

/* Rows between two checks for cancellation. */
#define CANCEL_ROWS 16u

/* A grey profile with the tone curve of sRGB, so that grey images stay grey. */
static cmsHPROFILE grey_srgb_profile(cmsContext lcms) {
    const cmsFloat64Number parameters[5] = {2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045};
    cmsToneCurve *curve = cmsBuildParametricToneCurve(lcms, 4, parameters);
    if (curve == NULL) {
        return NULL;
    }
    cmsHPROFILE profile = cmsCreateGrayProfileTHR(lcms, cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return profile;
}

static cmsColorSpaceSignature space_of(enum ic_color color) {
    if (ic_icc_is_grey(color)) {
        return cmsSigGrayData;
    }
    return color == IC_COLOR_CMYK ? cmsSigCmykData : cmsSigRgbData;
}

static void formats_of(enum ic_color color, bool alpha, cmsUInt32Number *in, cmsUInt32Number *out) {
    if (ic_icc_is_grey(color)) {
        *in = *out = TYPE_GRAY_8; /* alpha is not converted */
    } else if (color == IC_COLOR_CMYK) {
        *in = TYPE_CMYK_8;
        *out = TYPE_RGB_8;
    } else {
        *in = *out = alpha ? TYPE_RGBA_8 : TYPE_RGB_8;
    }
}

enum purpose { TO_SRGB, TO_SRGB_WITH_ALPHA, FROM_SRGB /* not of CMYK */, CHECK };

/* Returns NULL if the profile is unusable for it. Of grey, lcms would make 33 points with straight
 * lines between them, which misses shades near black by up to 6 of 255: it is not optimised, and
 * used for the 256 samples alone. Nor is a transform that is only checked: the table of CMYK takes
 * 50 ms. */
static cmsHTRANSFORM make_transform(struct ic_icc *icc, const uint8_t *bytes, size_t size_bytes,
                                    enum ic_color color, enum purpose purpose) {
    const bool alpha = purpose == TO_SRGB_WITH_ALPHA, back = purpose == FROM_SRGB;
    const bool optimised = purpose != CHECK && !ic_icc_is_grey(color);
    cmsHTRANSFORM transform = NULL;
    cmsHPROFILE profile = cmsOpenProfileFromMemTHR(icc->lcms, bytes, (cmsUInt32Number)size_bytes);
    cmsHPROFILE srgb =
        ic_icc_is_grey(color) ? grey_srgb_profile(icc->lcms) : cmsCreate_sRGBProfileTHR(icc->lcms);
    if (profile != NULL && srgb != NULL && cmsGetColorSpace(profile) == space_of(color)) {
        cmsUInt32Number in, out;
        formats_of(color, alpha, &in, &out);
        transform = cmsCreateTransformTHR(
            icc->lcms, back ? srgb : profile, in, back ? profile : srgb, out, INTENT_PERCEPTUAL,
            (alpha ? cmsFLAGS_COPY_ALPHA : 0) | (optimised ? 0 : cmsFLAGS_NOOPTIMIZE));
    }
    if (profile != NULL) {
        cmsCloseProfile(profile);
    }
    if (srgb != NULL) {
        cmsCloseProfile(srgb);
    }
    return transform;
}

static bool differ(const uint8_t *a, const uint8_t *b, size_t samples) {
    for (size_t i = 0; i < samples; i++) {
        if (abs((int)a[i] - (int)b[i]) > 1) {
            return true;
        }
    }
    return false;
}

/* Whether a transform of RGB changes no colour of a grid by more than one step. */
static bool changes_nothing(cmsHTRANSFORM transform) {
    enum { STEPS = 9, PIXELS = STEPS * STEPS * STEPS };
    uint8_t in[PIXELS * 3], out[sizeof(in)];
    for (size_t i = 0; i < PIXELS; i++) {
        in[3 * i] = (uint8_t)(255 * (i / (STEPS * STEPS)) / (STEPS - 1));
        in[3 * i + 1] = (uint8_t)(255 * (i / STEPS % STEPS) / (STEPS - 1));
        in[3 * i + 2] = (uint8_t)(255 * (i % STEPS) / (STEPS - 1));
    }
    cmsDoTransform(transform, in, out, PIXELS);
    return !differ(in, out, sizeof(in));
}

/* Converts every grey sample; whether none changes by more than one step. */
static bool fill_grey(struct ic_icc *icc) {
    uint8_t in[256];
    for (size_t i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)i;
    }
    cmsDoTransform(icc->opaque, in, icc->grey, sizeof(in));
    return !differ(in, icc->grey, sizeof(in));
}

static enum ic_icc_kind kind_of(struct ic_icc *icc) {
    if (icc->opaque == NULL) {
        return IC_ICC_UNUSABLE;
    }
    if (icc->color == IC_COLOR_CMYK) {
        return IC_ICC_CONVERT;
    }
    const bool is_srgb = ic_icc_is_grey(icc->color) ? fill_grey(icc) : changes_nothing(icc->opaque);
    return is_srgb ? IC_ICC_SRGB : IC_ICC_CONVERT;
}

static bool has_possible_size(size_t size_bytes) {
    return size_bytes >= IC_ICC_HEADER_BYTES && size_bytes <= UINT32_MAX / 2;
}

enum imgcore_status ic_icc_check(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                                 enum ic_color color, bool *is_usable) {
    *is_usable = false;
    const enum imgcore_status status = ic_icc_enter(icc);
    if (status != IMGCORE_OK || !has_possible_size(size_bytes)) {
        return status;
    }
    if (setjmp(icc->out_of_memory) != 0) {
        return ic_icc_drop_lcms(icc);
    }
    icc->can_jump = true;
    cmsHTRANSFORM transform = make_transform(icc, profile, size_bytes, color, CHECK);
    if (transform != NULL) {
        *is_usable = true;
        cmsDeleteTransform(transform);
    }
    icc->can_jump = false;
    return IMGCORE_OK;
}

enum imgcore_status ic_icc_classify(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                                    enum ic_color color, enum ic_icc_kind *kind) {
    if (icc->profile != NULL && icc->profile_bytes == size_bytes &&
        space_of(icc->color) == space_of(color) && memcmp(icc->profile, profile, size_bytes) == 0) {
        *kind = icc->kind;
        return IMGCORE_OK;
    }
    *kind = IC_ICC_UNUSABLE;
    const enum imgcore_status status = ic_icc_enter(icc);
    if (status != IMGCORE_OK) {
        return status;
    }
    ic_icc_forget_profile(icc);
    if (!has_possible_size(size_bytes)) {
        return IMGCORE_OK;
    }
    icc->profile = ic_alloc(icc->mem, size_bytes);
    if (icc->profile == NULL) {
        return icc->mem->status;
    }
    memcpy(icc->profile, profile, size_bytes);
    icc->profile_bytes = size_bytes;
    icc->color = color;
    if (setjmp(icc->out_of_memory) != 0) {
        return ic_icc_drop_lcms(icc);
    }
    icc->can_jump = true;
    icc->opaque = make_transform(icc, icc->profile, size_bytes, color, TO_SRGB);
    icc->can_jump = false;
    *kind = icc->kind = kind_of(icc);
    return IMGCORE_OK;
}

/* Creates the transform with alpha, when it is first needed. */
static enum imgcore_status make_with_alpha(struct ic_icc *icc, enum ic_color color) {
    if (setjmp(icc->out_of_memory) != 0) {
        return ic_icc_drop_lcms(icc);
    }
    icc->can_jump = true;
    icc->with_alpha =
        make_transform(icc, icc->profile, icc->profile_bytes, color, TO_SRGB_WITH_ALPHA);
    icc->can_jump = false;
    /* The profile is valid: the opaque transform was created from it. */
    return IC_HOLDS(icc->with_alpha != NULL) ? IMGCORE_OK : IMGCORE_INTERNAL;
}

/* All allocation happens here, in one thread at a time; if memory runs out, all transforms are
 * freed, and later calls find none. None is in use then, since all threads that use one have alpha,
 * like the one that failed. */
enum imgcore_status ic_icc_open_rows(struct ic_icc *icc, enum ic_color color) {
    const bool alpha = color == IC_COLOR_RGBA; /* grey has its table */
    enum imgcore_status status = IMGCORE_OK;
    ic_icc_enter_thread(icc);
    pthread_mutex_lock(&icc->making);
    if (icc->opaque == NULL) {
        status = IMGCORE_NO_MEMORY;
    } else if (alpha && icc->with_alpha == NULL) {
        status = make_with_alpha(icc, color);
    }
    pthread_mutex_unlock(&icc->making);
    return status;
}

static void map_grey(const uint8_t table[256], bool alpha, const uint8_t *in, uint8_t *out,
                     size_t pixels) {
    const size_t channels = alpha ? 2 : 1;
    for (size_t i = 0; i < pixels * channels; i += channels) {
        out[i] = table[in[i]];
        if (alpha) {
            out[i + 1] = in[i + 1];
        }
    }
}

void ic_icc_convert_row(struct ic_icc *icc, enum ic_color color, const uint8_t *in, uint8_t *out,
                        uint32_t pixels) {
    if (ic_icc_is_grey(color)) {
        map_grey(icc->grey, color == IC_COLOR_GREY_ALPHA, in, out, pixels);
        return;
    }
    ic_icc_enter_thread(icc);
    cmsDoTransform(color == IC_COLOR_RGBA ? icc->with_alpha : icc->opaque, in, out, pixels);
}

/* Converts the rows of `from` to those of `to`, which may be the same image. */
static enum imgcore_status convert_rows(struct ic_icc *icc, struct ic_cancel *cancel,
                                        const struct ic_picture *from, struct ic_picture *to) {
    for (uint32_t y = 0; y < from->height_px; y++) {
        if (y % CANCEL_ROWS == 0 && ic_is_cancelled(cancel)) {
            return IMGCORE_CANCELLED;
        }
        ic_icc_convert_row(
            icc, from->color, from->plane[0].rows + (ptrdiff_t)y * from->plane[0].stride_bytes,
            to->plane[0].rows + (ptrdiff_t)y * to->plane[0].stride_bytes, from->width_px);
    }
    return IMGCORE_OK;
}

static enum imgcore_status cmyk_to_rgb(struct ic_icc *icc, struct ic_mem *mem,
                                       struct ic_cancel *cancel, struct ic_picture *picture) {
    struct ic_picture rgb;
    enum imgcore_status status =
        ic_picture_make(mem, IC_COLOR_RGB, picture->width_px, picture->height_px, 1, 1, &rgb);
    if (status == IMGCORE_OK) {
        status = convert_rows(icc, cancel, picture, &rgb);
    }
    if (status != IMGCORE_OK) {
        ic_picture_clear(mem, &rgb);
        return status;
    }
    ic_picture_clear(mem, picture);
    *picture = rgb;
    return IMGCORE_OK;
}

enum imgcore_status ic_icc_to_srgb(struct ic_icc *icc, struct ic_mem *mem, struct ic_cancel *cancel,
                                   struct ic_picture *picture) {
    if (!IC_HOLDS(picture->planes == 1)) {
        return IMGCORE_INTERNAL;
    }
    const enum imgcore_status status = ic_icc_open_rows(icc, picture->color);
    if (status != IMGCORE_OK) {
        return status;
    }
    if (picture->color == IC_COLOR_CMYK) {
        return cmyk_to_rgb(icc, mem, cancel, picture);
    }
    return convert_rows(icc, cancel, picture, picture);
}

enum imgcore_status ic_icc_from_srgb(struct ic_icc *icc, enum ic_color color, const uint8_t srgb[3],
                                     uint8_t converted[3], bool *is_converted) {
    *is_converted = false;
    const enum imgcore_status status = ic_icc_enter(icc);
    if (status != IMGCORE_OK) {
        return status;
    }
    if (setjmp(icc->out_of_memory) != 0) {
        return ic_icc_drop_lcms(icc);
    }
    icc->can_jump = true;
    cmsHTRANSFORM transform =
        make_transform(icc, icc->profile, icc->profile_bytes, color, FROM_SRGB);
    if (transform != NULL) {
        cmsDoTransform(transform, srgb, converted, 1);
        if (ic_icc_is_grey(color)) {
            converted[1] = converted[2] = converted[0];
        }
        *is_converted = true;
        cmsDeleteTransform(transform);
    }
    icc->can_jump = false;
    return IMGCORE_OK;
}

/* A function of its own, so that no variable of the caller is modified across the longjmp. */
static bool read_description(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                             char *out, size_t out_bytes) {
    if (setjmp(icc->out_of_memory) != 0) {
        ic_icc_drop_lcms(icc);
        return false;
    }
    icc->can_jump = true;
    cmsHPROFILE opened = cmsOpenProfileFromMemTHR(icc->lcms, profile, (cmsUInt32Number)size_bytes);
    if (opened != NULL) {
        cmsGetProfileInfoASCII(opened, cmsInfoDescription, "en", "US", out,
                               (cmsUInt32Number)out_bytes);
        cmsCloseProfile(opened);
    }
    icc->can_jump = false;
    return true;
}

void ic_icc_describe(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes, char *out,
                     size_t out_bytes) {
    memset(out, 0, out_bytes);
    if (!has_possible_size(size_bytes) || ic_icc_enter(icc) != IMGCORE_OK ||
        !read_description(icc, profile, size_bytes, out, out_bytes)) {
        out[0] = '\0';
        return;
    }
    out[out_bytes - 1] = '\0';
    for (char *c = out; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (ic_is_control(byte) || byte >= 0x80) {
            *c = '?';
        }
    }
}
