/* Conversion by ICC profiles to sRGB with lcms2; only the icc*.c files include lcms2.
 *
 * A context keeps the last profile, since cameras embed the same one in every image. */
#ifndef IC_ICC_H
#define IC_ICC_H

#include "imgcore/base/cancel.h"
#include "imgcore/base/picture.h"

enum ic_icc_kind {
    IC_ICC_UNUSABLE, /* damaged, or for other colours than those of the image: treated as missing */
    IC_ICC_SRGB,     /* a conversion to sRGB would change no sample by more than one step of 255 */
    IC_ICC_CONVERT   /* the conversion changes colours */
};

struct ic_icc;
struct ic_transfer;

/* Returns NULL if there is no memory. */
struct ic_icc *ic_icc_create(struct ic_mem *mem);
void ic_icc_destroy(struct ic_icc *icc); /* NULL is allowed */

/* Classifies a profile for an image whose samples are `color` (YCBCR counts as RGB). Keeps the
 * profile and its transform. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_icc_classify(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                                    enum ic_color color, enum ic_icc_kind *kind);

/* Whether ic_icc_classify would find a profile usable. Keeps nothing, and takes a fraction of the
 * time. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_icc_check(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes,
                                 enum ic_color color, bool *is_usable);

/* Converts an image (RGB, RGBA, GREY, GREY_ALPHA in place; CMYK becomes RGB) by the last classified
 * profile, which must be CONVERT for that colour. Alpha is unchanged; grey stays grey. Perceptual
 * intent. `mem` is the allocator of the image. Several threads may convert images at the same time
 * if all of them or none have alpha. `cancel` (may be NULL) is checked every 16 rows. Errors:
 * NO_MEMORY, BUDGET, CANCELLED, after which the image may be converted in part. */
enum imgcore_status ic_icc_to_srgb(struct ic_icc *icc, struct ic_mem *mem, struct ic_cancel *cancel,
                                   struct ic_picture *picture);

/* Makes rows convertible: creates what ic_icc_convert_row uses for images of `color` (RGB, RGBA,
 * GREY, GREY_ALPHA, CMYK). The last classified profile must be CONVERT for it. Errors: NO_MEMORY,
 * BUDGET. */
enum imgcore_status ic_icc_open_rows(struct ic_icc *icc, enum ic_color color);

/* Converts a row, of CMYK to RGB, as ic_icc_to_srgb does; ic_icc_open_rows has succeeded since the
 * last classification. `out` is `in` or does not overlap it
 * (CMYK: the latter). */
void ic_icc_convert_row(struct ic_icc *icc, enum ic_color color, const uint8_t *in, uint8_t *out,
                        uint32_t pixels);

/* The tone curves of the last classified profile, which must not be UNUSABLE, valid until another
 * is classified. NULL: it has none by which it is converted (CMYK, tables of colours), or one that
 * decreases. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_icc_transfer(struct ic_icc *icc, const struct ic_transfer **transfer);

/* Converts one sRGB colour (a neutral one for GREY and GREY_ALPHA) to the colours of the last
 * classified profile, which must not be UNUSABLE nor that of CMYK. *is_converted is false if the
 * profile has no way back, as those of scanners. Errors: NO_MEMORY, BUDGET. */
enum imgcore_status ic_icc_from_srgb(struct ic_icc *icc, enum ic_color color, const uint8_t srgb[3],
                                     uint8_t converted[3], bool *is_converted);

/* Writes the description in the profile to `out`: printable ASCII, cut to fit; "" if there is none.
 */
void ic_icc_describe(struct ic_icc *icc, const uint8_t *profile, size_t size_bytes, char *out,
                     size_t out_bytes);

#endif
