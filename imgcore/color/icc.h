/* ICC profiles to sRGB, by lcms2: the only file that includes it is icc.c.
 *
 * A context remembers the last profile, since cameras embed the same one in every picture. */
#ifndef IC_ICC_H
#define IC_ICC_H

#include "imgcore/base/cancel.h"
#include "imgcore/base/picture.h"

enum ic_icc_kind {
    IC_ICC_UNUSABLE, /* damaged, or for other colours than the picture's: as if there were none */
    IC_ICC_SRGB,     /* converting to sRGB would change nothing by more than one step of 255 */
    IC_ICC_CONVERT   /* colours change */
};

struct ic_icc;

/* NULL: no memory. */
struct ic_icc *ic_icc_create(struct ic_mem *mem);
void ic_icc_destroy(struct ic_icc *icc); /* NULL is allowed */

/* What a profile means for a picture whose samples are `color` (YCBCR counts as RGB). Remembers
 * the profile and its transform. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_icc_classify(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                                    enum ic_color color, enum ic_icc_kind *kind);

/* Converts a picture (RGB, RGBA, GREY, GREY_ALPHA in place; CMYK becomes RGB) by the profile that
 * was classified last, which must have said CONVERT for that colour. Alpha is left alone; grey
 * stays grey. Perceptual intent. `mem` is the picture's. Several threads may convert pictures at
 * once, if all of them or none have alpha. `cancel` (may be NULL) is checked every 16 rows. Errors:
 * NO_MEMORY, BUDGET, CANCELLED; then the picture is as it was, in part converted. */
enum imgcore_status ic_icc_to_srgb(struct ic_icc *icc, struct ic_mem *mem, struct ic_cancel *cancel,
                                   struct ic_picture *picture);

/* The profile's own description, printable ASCII, cut to fit; "" if there is none. */
void ic_icc_describe(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes, char *out,
                     size_t out_bytes);

#endif
