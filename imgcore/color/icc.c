/* ICC profiles to sRGB: see icc.h. */
#include <lcms2.h>
#include <lcms2_plugin.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/base/limits.h"
#include "imgcore/base/text.h"
#include "imgcore/color/icc.h"

#if LCMS_VERSION < 2120
#error "imgcore needs lcms2 2.12 or newer"
#endif

/* Rows between two checks for cancellation. */
#define CANCEL_ROWS 16u

struct ic_icc {
    struct ic_mem *mem;
    cmsContext lcms;           /* NULL after memory ran out, until needed again */
    struct lcms_block *blocks; /* all allocations of lcms */
    bool can_jump;             /* out_of_memory is set */
    jmp_buf out_of_memory;
    uint8_t *profile; /* the last profile, and its classification */
    size_t profile_bytes;
    enum ic_color color;
    enum ic_icc_kind kind;
    cmsHTRANSFORM opaque, with_alpha; /* created when needed */
    pthread_mutex_t making; /* held while ic_icc_to_srgb looks up or creates one of them */
};

/* lcms cannot handle a failed allocation: it returns NULL as for a broken profile, or dereferences
 * a NULL pointer itself. So it uses ic_alloc, which counts against the budget; if an allocation
 * fails, the call is left by longjmp and everything that lcms holds is freed. */
struct lcms_block {
    struct lcms_block *previous, *next;
    size_t size_bytes;
    size_t padding; /* aligns the block behind it to 16 */
};

/* lcms passes its handlers no user pointer while a context is created, hence a variable of the
 * thread: set before every use of lcms. */
static _Thread_local struct ic_icc *entered;

static void *lcms_malloc(cmsContext lcms, cmsUInt32Number size) {
    (void)lcms;
    struct ic_icc *icc = entered;
    struct lcms_block *block = ic_alloc(icc->mem, sizeof(*block) + size);
    if (block == NULL) {
        if (icc->can_jump) {
            longjmp(icc->out_of_memory, 1);
        }
        return NULL;
    }
    block->size_bytes = size;
    block->previous = NULL;
    block->next = icc->blocks;
    if (icc->blocks != NULL) {
        icc->blocks->previous = block;
    }
    icc->blocks = block;
    return block + 1;
}

static void lcms_free(cmsContext lcms, void *user_block) {
    (void)lcms;
    if (user_block == NULL) {
        return;
    }
    struct lcms_block *block = (struct lcms_block *)user_block - 1;
    if (block->previous != NULL) {
        block->previous->next = block->next;
    } else {
        entered->blocks = block->next;
    }
    if (block->next != NULL) {
        block->next->previous = block->previous;
    }
    ic_free(entered->mem, block);
}

static void *lcms_realloc(cmsContext lcms, void *old, cmsUInt32Number size) {
    void *grown = lcms_malloc(lcms, size);
    if (old != NULL && grown != NULL) {
        const size_t had = ((struct lcms_block *)old - 1)->size_bytes;
        memcpy(grown, old, had < size ? had : size);
        lcms_free(lcms, old);
    }
    return grown;
}

/* Neither does lcms check whether a mutex was allocated. A context is used by one thread at a time,
 * so a mutex that does nothing is correct. */
static void *no_mutex(cmsContext lcms) {
    return lcms;
}

static void no_destroy(cmsContext lcms, void *mutex) {
    (void)lcms;
    (void)mutex;
}

static cmsBool no_lock(cmsContext lcms, void *mutex) {
    (void)lcms;
    (void)mutex;
    return TRUE;
}

static void no_unlock(cmsContext lcms, void *mutex) {
    (void)lcms;
    (void)mutex;
}

static cmsContext make_lcms(void) {
    cmsPluginMutex mutex;
    memset(&mutex, 0, sizeof(mutex));
    mutex.base.Magic = cmsPluginMagicNumber;
    mutex.base.ExpectedVersion = 2060;
    mutex.base.Type = cmsPluginMutexSig;
    mutex.CreateMutexPtr = no_mutex;
    mutex.DestroyMutexPtr = no_destroy;
    mutex.LockMutexPtr = no_lock;
    mutex.UnlockMutexPtr = no_unlock;
    cmsPluginMemHandler handler;
    memset(&handler, 0, sizeof(handler));
    handler.base.Next = &mutex.base;
    handler.base.Magic = cmsPluginMagicNumber;
    handler.base.ExpectedVersion = 2060;
    handler.base.Type = cmsPluginMemHandlerSig;
    handler.MallocPtr = lcms_malloc;
    handler.FreePtr = lcms_free;
    handler.ReallocPtr = lcms_realloc;
    return cmsCreateContext(&handler, NULL);
}

struct ic_icc *ic_icc_create(struct ic_mem *mem) {
    struct ic_icc *icc = ic_calloc(mem, 1, sizeof(*icc));
    if (icc == NULL) {
        return NULL;
    }
    icc->mem = mem;
    entered = icc;
    icc->lcms = make_lcms();
    if (icc->lcms == NULL) {
        ic_free(mem, icc);
        return NULL;
    }
    pthread_mutex_init(&icc->making, NULL); /* does not fail: a default mutex allocates nothing */
    return icc;
}

static void forget_profile(struct ic_icc *icc) {
    if (icc->opaque != NULL) {
        cmsDeleteTransform(icc->opaque);
    }
    if (icc->with_alpha != NULL) {
        cmsDeleteTransform(icc->with_alpha);
    }
    ic_free(icc->mem, icc->profile);
    icc->opaque = icc->with_alpha = NULL;
    icc->profile = NULL;
    icc->profile_bytes = 0;
}

/* After a longjmp: frees everything of lcms, since none of it may be used any more. */
static enum imgcore_status drop_lcms(struct ic_icc *icc) {
    const enum imgcore_status status = icc->mem->status;
    icc->can_jump = false;
    icc->opaque = icc->with_alpha = NULL;
    forget_profile(icc);
    cmsDeleteContext(icc->lcms); /* removes it from lcms's list of contexts */
    icc->lcms = NULL;
    while (icc->blocks != NULL) {
        lcms_free(NULL, icc->blocks + 1);
    }
    return status;
}

/* Called before every use of lcms. NO_MEMORY: its context cannot be created. */
static enum imgcore_status enter(struct ic_icc *icc) {
    entered = icc;
    if (icc->lcms == NULL) {
        icc->lcms = make_lcms();
    }
    return icc->lcms != NULL ? IMGCORE_OK : icc->mem->status;
}

void ic_icc_destroy(struct ic_icc *icc) {
    if (icc == NULL) {
        return;
    }
    entered = icc;
    forget_profile(icc);
    if (icc->lcms != NULL) {
        cmsDeleteContext(icc->lcms);
    }
    pthread_mutex_destroy(&icc->making);
    ic_free(icc->mem, icc);
}

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

static bool is_grey(enum ic_color color) {
    return color == IC_COLOR_GREY || color == IC_COLOR_GREY_ALPHA;
}

static cmsColorSpaceSignature space_of(enum ic_color color) {
    if (is_grey(color)) {
        return cmsSigGrayData;
    }
    return color == IC_COLOR_CMYK ? cmsSigCmykData : cmsSigRgbData;
}

static void formats_of(enum ic_color color, bool alpha, cmsUInt32Number *in, cmsUInt32Number *out) {
    if (is_grey(color)) {
        *in = *out = alpha ? TYPE_GRAYA_8 : TYPE_GRAY_8;
    } else if (color == IC_COLOR_CMYK) {
        *in = TYPE_CMYK_8;
        *out = TYPE_RGB_8;
    } else {
        *in = *out = alpha ? TYPE_RGBA_8 : TYPE_RGB_8;
    }
}

/* From the profile to sRGB, or back (not for CMYK). Returns NULL if the profile is unusable for it.
 */
static cmsHTRANSFORM make_transform(struct ic_icc *icc, enum ic_color color, bool alpha,
                                    bool back) {
    cmsHTRANSFORM transform = NULL;
    cmsHPROFILE profile =
        cmsOpenProfileFromMemTHR(icc->lcms, icc->profile, (cmsUInt32Number)icc->profile_bytes);
    cmsHPROFILE srgb =
        is_grey(color) ? grey_srgb_profile(icc->lcms) : cmsCreate_sRGBProfileTHR(icc->lcms);
    if (profile != NULL && srgb != NULL && cmsGetColorSpace(profile) == space_of(color)) {
        cmsUInt32Number in, out;
        formats_of(color, alpha, &in, &out);
        transform =
            cmsCreateTransformTHR(icc->lcms, back ? srgb : profile, in, back ? profile : srgb, out,
                                  INTENT_PERCEPTUAL, alpha ? cmsFLAGS_COPY_ALPHA : 0);
    }
    if (profile != NULL) {
        cmsCloseProfile(profile);
    }
    if (srgb != NULL) {
        cmsCloseProfile(srgb);
    }
    return transform;
}

/* Whether a transform changes no colour of a grid by more than one step. */
static bool changes_nothing(cmsHTRANSFORM transform, enum ic_color color) {
    enum { STEPS = 9 };
    uint8_t in[STEPS * STEPS * STEPS * 3], out[sizeof(in)];
    size_t pixels = 0;
    if (color == IC_COLOR_CMYK) {
        return false;
    }
    if (is_grey(color)) {
        for (pixels = 0; pixels < 256; pixels++) {
            in[pixels] = (uint8_t)pixels;
        }
    } else {
        for (int r = 0; r < STEPS; r++) {
            for (int g = 0; g < STEPS; g++) {
                for (int b = 0; b < STEPS; b++, pixels++) {
                    in[3 * pixels] = (uint8_t)(255 * r / (STEPS - 1));
                    in[3 * pixels + 1] = (uint8_t)(255 * g / (STEPS - 1));
                    in[3 * pixels + 2] = (uint8_t)(255 * b / (STEPS - 1));
                }
            }
        }
    }
    cmsDoTransform(transform, in, out, (cmsUInt32Number)pixels);
    const size_t samples = is_grey(color) ? pixels : 3 * pixels;
    for (size_t i = 0; i < samples; i++) {
        if (abs((int)in[i] - (int)out[i]) > 1) {
            return false;
        }
    }
    return true;
}

enum imgcore_status ic_icc_classify(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                                    enum ic_color color, enum ic_icc_kind *kind) {
    if (icc->profile != NULL && icc->profile_bytes == size_bytes &&
        space_of(icc->color) == space_of(color) && memcmp(icc->profile, profile, size_bytes) == 0) {
        *kind = icc->kind;
        return IMGCORE_OK;
    }
    *kind = IC_ICC_UNUSABLE;
    const enum imgcore_status status = enter(icc);
    if (status != IMGCORE_OK) {
        return status;
    }
    forget_profile(icc);
    if (size_bytes < IC_ICC_HEADER_BYTES || size_bytes > UINT32_MAX / 2) {
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
        return drop_lcms(icc);
    }
    icc->can_jump = true;
    icc->opaque = make_transform(icc, color, false, false);
    icc->can_jump = false;
    if (icc->opaque == NULL) {
        icc->kind = IC_ICC_UNUSABLE;
    } else {
        icc->kind = changes_nothing(icc->opaque, color) ? IC_ICC_SRGB : IC_ICC_CONVERT;
    }
    *kind = icc->kind;
    return IMGCORE_OK;
}

/* Converts the rows of `from` to those of `to`, which may be the same image. */
static enum imgcore_status convert_rows(cmsHTRANSFORM transform, struct ic_cancel *cancel,
                                        const struct ic_picture *from, struct ic_picture *to) {
    for (uint32_t y = 0; y < from->height_px; y++) {
        if (y % CANCEL_ROWS == 0 && ic_is_cancelled(cancel)) {
            return IMGCORE_CANCELLED;
        }
        cmsDoTransform(transform, from->plane[0].rows + (ptrdiff_t)y * from->plane[0].stride_bytes,
                       to->plane[0].rows + (ptrdiff_t)y * to->plane[0].stride_bytes,
                       from->width_px);
    }
    return IMGCORE_OK;
}

static enum imgcore_status cmyk_to_rgb(struct ic_mem *mem, cmsHTRANSFORM transform,
                                       struct ic_cancel *cancel, struct ic_picture *picture) {
    struct ic_picture rgb;
    enum imgcore_status status =
        ic_picture_make(mem, IC_COLOR_RGB, picture->width_px, picture->height_px, 1, 1, &rgb);
    if (status == IMGCORE_OK) {
        status = convert_rows(transform, cancel, picture, &rgb);
    }
    if (status != IMGCORE_OK) {
        ic_picture_clear(mem, &rgb);
        return status;
    }
    ic_picture_clear(mem, picture);
    *picture = rgb;
    return IMGCORE_OK;
}

/* Creates the transform with alpha, when it is first needed. */
static enum imgcore_status make_with_alpha(struct ic_icc *icc, enum ic_color color) {
    if (setjmp(icc->out_of_memory) != 0) {
        return drop_lcms(icc);
    }
    icc->can_jump = true;
    icc->with_alpha = make_transform(icc, color, true, false);
    icc->can_jump = false;
    /* The profile is valid: the opaque transform was created from it. */
    return IC_HOLDS(icc->with_alpha != NULL) ? IMGCORE_OK : IMGCORE_INTERNAL;
}

/* Finds the transform for an image. All allocation happens here, in one thread at a time; if memory
 * runs out, all transforms are freed, and later calls find none. None is in use then, since all
 * threads that use one have alpha, like the one that failed. */
static enum imgcore_status find_transform(struct ic_icc *icc, enum ic_color color, bool alpha,
                                          cmsHTRANSFORM *transform) {
    enum imgcore_status status = IMGCORE_OK;
    pthread_mutex_lock(&icc->making);
    if (icc->opaque == NULL) {
        status = IMGCORE_NO_MEMORY;
    } else if (alpha && icc->with_alpha == NULL) {
        status = make_with_alpha(icc, color);
    }
    *transform = alpha ? icc->with_alpha : icc->opaque;
    pthread_mutex_unlock(&icc->making);
    return status;
}

enum imgcore_status ic_icc_to_srgb(struct ic_icc *icc, struct ic_mem *mem, struct ic_cancel *cancel,
                                   struct ic_picture *picture) {
    if (!IC_HOLDS(picture->planes == 1)) {
        return IMGCORE_INTERNAL;
    }
    const bool alpha = picture->color == IC_COLOR_RGBA || picture->color == IC_COLOR_GREY_ALPHA;
    entered = icc;
    cmsHTRANSFORM transform;
    const enum imgcore_status status = find_transform(icc, picture->color, alpha, &transform);
    if (status != IMGCORE_OK) {
        return status;
    }
    if (picture->color == IC_COLOR_CMYK) {
        return cmyk_to_rgb(mem, transform, cancel, picture);
    }
    return convert_rows(transform, cancel, picture, picture);
}

enum imgcore_status ic_icc_from_srgb(struct ic_icc *icc, enum ic_color color, const uint8_t srgb[3],
                                     uint8_t converted[3], bool *is_converted) {
    *is_converted = false;
    const enum imgcore_status status = enter(icc);
    if (status != IMGCORE_OK) {
        return status;
    }
    if (setjmp(icc->out_of_memory) != 0) {
        return drop_lcms(icc);
    }
    icc->can_jump = true;
    cmsHTRANSFORM transform = make_transform(icc, color, false, true);
    if (transform != NULL) {
        cmsDoTransform(transform, srgb, converted, 1);
        if (is_grey(color)) {
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
        drop_lcms(icc);
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
    if (size_bytes < IC_ICC_HEADER_BYTES || size_bytes > UINT32_MAX / 2 ||
        enter(icc) != IMGCORE_OK || !read_description(icc, profile, size_bytes, out, out_bytes)) {
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
