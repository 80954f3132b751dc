/* Pixels of any meaning resized, for programs that only need the resizer. */
#ifndef IMGCORE_RESIZE_H
#define IMGCORE_RESIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "imgcore/api.h"
#include "imgcore/context.h"
#include "imgcore/status.h"
#include "imgcore/vocabulary.h"

#ifdef __cplusplus
extern "C" {
#endif

enum imgcore_alpha {
    IMGCORE_ALPHA_NONE,         /* each channel on its own */
    IMGCORE_ALPHA_STRAIGHT,     /* the last channel is alpha; resized in premultiplied form */
    IMGCORE_ALPHA_PREMULTIPLIED /* already premultiplied: each channel on its own */
};

struct imgcore_resize_options {
    size_t struct_size_bytes;
    int channels;             /* 1 to 4, interleaved, 8 bits each */
    enum imgcore_alpha alpha; /* STRAIGHT needs 2 or 4 channels */
    enum imgcore_filter filter;
    bool linear; /* the colour channels are sRGB and resized in linear light; not PREMULTIPLIED */
    /* the part of the source to use, in source pixels, fractions allowed, inside the source; width
     * and height 0: the entire source */
    double box_left_px, box_top_px, box_width_px, box_height_px;
};

/* Fills with defaults: 3 channels without alpha, LANCZOS3, the entire source. */
IMGCORE_API void imgcore_resize_options_default_sized(struct imgcore_resize_options *options,
                                                      size_t struct_size_bytes);
#define imgcore_resize_options_default(options)                                                    \
    imgcore_resize_options_default_sized((options), sizeof(*(options)))

/* Resizes pixels: separable, with normalised weights, clamped once at the end; the result differs
 * from the exact one by at most 1. At the edges only taps inside the source are used, and
 * normalised.
 *   source  source_height_px rows of source_width_px pixels; only those bytes are read
 *   target  target_height_px rows of target_width_px pixels; only those bytes are written; must not
 *           overlap the source
 *   sides   1 to 2^24 - 1; |stride| at least width x channels
 * Allocates memory that grows with the widths, not with the area, and keeps it in the context for
 * the next call.
 * Errors: INVALID_ARGUMENT, UNKNOWN_FIELD, NO_MEMORY. */
IMGCORE_API enum imgcore_status
imgcore_resize(struct imgcore_context *context, const uint8_t *source, uint32_t source_width_px,
               uint32_t source_height_px, ptrdiff_t source_stride_bytes, uint8_t *target,
               uint32_t target_width_px, uint32_t target_height_px, ptrdiff_t target_stride_bytes,
               const struct imgcore_resize_options *options, struct imgcore_error *error);

#ifdef __cplusplus
}
#endif

#endif
