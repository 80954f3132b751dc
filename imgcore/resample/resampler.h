/* Resizes one plane (or interleaved image), row by row.
 *
 * There are two processing paths:
 *   fixed point  8 bits in and out, vertical pass first; weights of 14 bits, rows of 16 bits
 *   between the passes. For everything without alpha and linear light whose ratio allows 14 bits.
 *   float        alpha (premultiplied), linear light, extreme ratios, and images for which the
 *                horizontal pass should run first.
 * Used by the pipeline and by imgcore_resize. */
#ifndef IC_RESAMPLER_H
#define IC_RESAMPLER_H

#include "imgcore/base/axis.h"
#include "imgcore/base/mem.h"
#include "imgcore/base/transfer.h"
#include "imgcore/kernels/kernels.h"
#include "imgcore/resample/weight_cache.h"

struct ic_resample_spec {
    struct ic_axis x, y;
    int channels;                       /* 1 to 4 */
    bool alpha;                         /* the last of 2 or 4 channels is straight alpha */
    const struct ic_transfer *transfer; /* linear light for the colour channels (3 curves: of RGB or
                                           RGBA); NULL: the values as they are */
    bool want_float;                    /* use the float path in any case: more accurate, slower */
    int level; /* the rows come from a reducer and were halved this often; 0: plain u8. The axes
                  describe the image before halving. 1 or 3 channels, no alpha, no transfer */
};

/* The processing path of a resampler, for tests. */
struct ic_resample_path {
    bool is_float;
    bool horizontal_first;
    bool alpha_vertical;                   /* float path: the vertical pass multiplies by alpha */
    bool skips_vertical, skips_horizontal; /* that direction needs no weights */
};

struct ic_resampler;

/* Creates a resampler that writes y.target rows of x.target pixels to `target` while their source
 * rows arrive. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_resampler_create(struct ic_weight_cache *cache,
                                        const struct ic_kernels *kernels,
                                        const struct ic_resample_spec *spec, uint8_t *target,
                                        ptrdiff_t target_stride_bytes,
                                        struct ic_resampler **resampler);

/* Processes the next `count` source rows from `first_row` on, in order, each once; x.source pixels
 * each. Nothing is read outside them. After the last row of the source every target row is written.
 */
void ic_resampler_push(struct ic_resampler *resampler, const uint8_t *rows, ptrdiff_t stride_bytes,
                       uint32_t first_row, uint32_t count);

/* The same for rows of a reducer (spec.level above 0), as passed to its emit function. */
void ic_resampler_push_level(struct ic_resampler *resampler, const int16_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count);

/* Whether every target row is written, as it must be after the last source row. (Of a resampler
 * that only copies, this is not known: true.) */
bool ic_resampler_is_complete(const struct ic_resampler *resampler);

/* Resizes an image that is in memory as a whole, as a resampler does with its rows. Those target
 * rows whose source rows are opaque take the fixed-point path, like an image without alpha, and
 * their alpha is 255. Errors: BUDGET, NO_MEMORY. */
enum imgcore_status ic_resample_image(struct ic_weight_cache *cache,
                                      const struct ic_kernels *kernels,
                                      const struct ic_resample_spec *spec, const uint8_t *source,
                                      ptrdiff_t stride_bytes, uint8_t *target,
                                      ptrdiff_t target_stride_bytes);

/* Returns the highest level whose rows are accurate enough for a resample (see reduced_weights.h),
 * 0 if none is: the same in both directions. */
int ic_resample_level(const struct ic_axis *x, const struct ic_axis *y);

struct ic_resample_path ic_resampler_path(const struct ic_resampler *resampler);

/* NULL is allowed. */
void ic_resampler_destroy(struct ic_resampler *resampler);

#endif
