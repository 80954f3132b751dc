/* One plane (or interleaved picture) to one smaller or larger one, row by row.
 *
 * Two paths, chosen by what is asked:
 *   fixed point  8 bits in and out, vertical pass first; weights of 14 bits, rows of 16 bits
 * between the passes. For everything without alpha or linear light and with ratios for which 14
 * bits are enough. float        alpha (premultiplied), linear light, extreme ratios, and pictures
 * for which the horizontal pass should come first. Used by the pipeline and by imgcore_resize. */
#ifndef IC_RESAMPLER_H
#define IC_RESAMPLER_H

#include "imgcore/base/axis.h"
#include "imgcore/base/mem.h"
#include "imgcore/base/transfer.h"
#include "imgcore/kernels/kernels.h"
#include "imgcore/resample/weight_cache.h"

struct ic_resample_spec {
    struct ic_axis x, y;
    int channels; /* 1 to 4 */
    bool alpha;   /* the last of 2 or 4 channels is straight alpha */
    const struct ic_transfer
        *transfer;   /* linear light for the colour channels; NULL: as they are */
    bool want_float; /* take the float path in any case: the more exact of the two, slower */
    int level; /* the rows that come are those of a reducer, halved so often; 0: plain u8. The axes
                  speak of the plane before. One channel, no alpha, no transfer */
};

/* What a resampler does, for tests and for the curious. */
struct ic_resample_path {
    bool is_float;
    bool horizontal_first;
    bool alpha_vertical; /* float path: alpha is multiplied in by the vertical pass itself */
    bool skips_vertical, skips_horizontal; /* no weights at all in that direction */
};

struct ic_resampler;

/* Makes a resampler that writes y.target rows of x.target pixels to `target` as their source rows
 * come in. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_resampler_create(struct ic_weight_cache *cache,
                                        const struct ic_kernels *kernels,
                                        const struct ic_resample_spec *spec, uint8_t *target,
                                        ptrdiff_t target_stride_bytes,
                                        struct ic_resampler **resampler);

/* The next `count` source rows from `first_row` on, in order, each once; x.source pixels each.
 * Nothing is read outside them. After the last row of the source every target row is written. */
void ic_resampler_push(struct ic_resampler *resampler, const uint8_t *rows, ptrdiff_t stride_bytes,
                       uint32_t first_row, uint32_t count);

/* The same for rows of a reducer (spec.level above 0), as its emit function gets them. */
void ic_resampler_push_level(struct ic_resampler *resampler, const int16_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count);

/* The level at which rows serve a resample with little enough loss (see reduced_weights.h), 0 if
 * none does: the same in both directions. */
int ic_resample_level(const struct ic_axis *x, const struct ic_axis *y);

struct ic_resample_path ic_resampler_path(const struct ic_resampler *resampler);

/* NULL is allowed. */
void ic_resampler_destroy(struct ic_resampler *resampler);

#endif
