/* Chooses the processing path of a resampler, and does the plain copy: see resampler.h. */
#include <math.h>
#include <string.h>

#include "imgcore/base/invariant.h"
#include "imgcore/resample/reduced_weights.h"
#include "imgcore/resample/resampler_internal.h"

/* With more taps, weights of 14 bits are too coarse, and so are the rounding errors of the sums;
 * 200 taps are a reduction by 33 with Lanczos3. */
#define FIXED_MAX_TAPS 200u
/* The same for weights that are all alike: where the image is flat, their products are rounded in
 * the same direction, by up to half a 64th each, so that so many stay below half a sample. */
#define FIXED_MAX_EQUAL_TAPS 63u

/* The most taps of a row of weights after a reducer; more means that the reduction by 32 is not
 * enough. */
#define REDUCED_MAX_TAPS 56u

/* The vertical pass is cheaper per tap; the horizontal pass runs first only if that saves at least
 * this factor. */
#define HORIZONTAL_FIRST_GAIN 3.0

static bool is_identity(const struct ic_axis *axis) {
    return axis->source == axis->target && axis->start == 0.0 &&
           axis->length == (double)axis->source && axis->filter != IMGCORE_FILTER_MITCHELL;
}

uint32_t ic_resampler_crop_axis(struct ic_axis *axis) {
    uint32_t first, count;
    if (axis->length == (double)axis->target && axis->start == floor(axis->start) &&
        axis->start >= 0.0 && axis->start + axis->length <= axis->source &&
        axis->filter != IMGCORE_FILTER_MITCHELL) {
        first = (uint32_t)axis->start;
        count = axis->target; /* pixel for pixel: no neighbour has a weight */
    } else {
        ic_axis_needed(axis, &first, &count);
    }
    axis->source = count;
    axis->start -= first;
    return first;
}

/* Whether the horizontal pass first saves enough multiplications. */
static bool horizontal_first_pays(const struct ic_resample_spec *spec) {
    const double x_taps = ic_axis_max_taps(&spec->x), y_taps = ic_axis_max_taps(&spec->y);
    const double x_source = spec->x.source, y_source = spec->y.source;
    const double x_target = spec->x.target, y_target = spec->y.target;
    const double vertical_first = x_source * y_target * y_taps + y_target * x_target * x_taps;
    const double horizontal_first = y_source * x_target * x_taps + y_target * x_target * y_taps;
    return vertical_first > HORIZONTAL_FIRST_GAIN * horizontal_first;
}

int ic_resample_level(const struct ic_axis *x, const struct ic_axis *y) {
    const int x_level = ic_axis_level(x), y_level = ic_axis_level(y);
    const int level = x_level < y_level ? x_level : y_level;
    /* very long rows of weights use the float path */
    const uint32_t most =
        ic_axis_max_taps(x) > ic_axis_max_taps(y) ? ic_axis_max_taps(x) : ic_axis_max_taps(y);
    return most >> level <= REDUCED_MAX_TAPS ? level : 0;
}

/* The weights of a box are alike, and those of any filter that is wider than the source: there only
 * its flat middle is used. */
static bool fits_fixed_point(const struct ic_axis *axis) {
    const uint32_t taps = ic_axis_max_taps(axis);
    const bool are_alike = axis->filter == IMGCORE_FILTER_BOX || taps == axis->source;
    return taps <= (are_alike ? FIXED_MAX_EQUAL_TAPS : FIXED_MAX_TAPS);
}

/* Chooses the path for cropped axes. */
static struct ic_resample_path path_of(const struct ic_resample_spec *spec) {
    struct ic_resample_path path = {.skips_horizontal = is_identity(&spec->x),
                                    .skips_vertical = is_identity(&spec->y)};
    path.horizontal_first = !path.skips_horizontal && horizontal_first_pays(spec);
    path.is_float = spec->want_float || spec->alpha || spec->transfer != NULL ||
                    path.horizontal_first || !fits_fixed_point(&spec->x) ||
                    !fits_fixed_point(&spec->y);
    path.alpha_vertical = spec->alpha && spec->transfer == NULL && !path.horizontal_first;
    return path;
}

struct ic_resample_path ic_resample_path_of(const struct ic_resample_spec *spec) {
    struct ic_resample_spec cropped = *spec;
    ic_resampler_crop_axis(&cropped.x);
    ic_resampler_crop_axis(&cropped.y);
    return path_of(&cropped);
}

static bool can_be_reduced(const struct ic_resample_spec *spec) {
    return (spec->channels == 1 || spec->channels == 3) && !spec->alpha && spec->transfer == NULL &&
           !spec->want_float;
}

enum imgcore_status ic_resampler_create(struct ic_weight_cache *cache,
                                        const struct ic_kernels *kernels,
                                        const struct ic_resample_spec *spec, uint8_t *target,
                                        ptrdiff_t target_stride_bytes,
                                        struct ic_resampler **result) {
    *result = NULL;
    if (!IC_HOLDS(spec->channels >= 1 && spec->channels <= 4) ||
        !IC_HOLDS(!spec->alpha || spec->channels % 2 == 0) ||
        !IC_HOLDS(spec->level == 0 || can_be_reduced(spec))) {
        return IMGCORE_INTERNAL;
    }
    struct ic_mem *mem = cache->mem;
    struct ic_resampler *resampler = ic_calloc(mem, 1, sizeof(*resampler));
    if (resampler == NULL) {
        return mem->status;
    }
    resampler->mem = mem;
    resampler->cache = cache;
    resampler->kernels = kernels;
    resampler->spec = *spec;
    resampler->target = target;
    resampler->target_stride_bytes = target_stride_bytes;
    if (spec->level == 0) {
        resampler->skipped_columns = ic_resampler_crop_axis(&resampler->spec.x);
        resampler->first_row = ic_resampler_crop_axis(&resampler->spec.y);
        resampler->row_count = resampler->spec.y.source;
    }
    spec = &resampler->spec;
    struct ic_resample_path *path = &resampler->path;
    if (spec->level > 0) {
        const enum imgcore_status status = ic_resampler_open_fixed(resampler);
        if (status != IMGCORE_OK) {
            ic_resampler_destroy(resampler);
            return status;
        }
        *result = resampler;
        return IMGCORE_OK;
    }
    *path = path_of(spec);
    if (path->skips_horizontal && path->skips_vertical) {
        path->is_float = path->alpha_vertical = false; /* plain copy */
        *result = resampler;
        return IMGCORE_OK;
    }
    enum imgcore_status status =
        path->is_float ? ic_resampler_open_float(resampler) : ic_resampler_open_fixed(resampler);
    if (status != IMGCORE_OK) {
        ic_resampler_destroy(resampler);
        return status;
    }
    *result = resampler;
    return IMGCORE_OK;
}

static void copy_rows(struct ic_resampler *resampler, const uint8_t *rows, ptrdiff_t stride_bytes,
                      uint32_t first_row, uint32_t count) {
    const size_t row_bytes = (size_t)resampler->spec.x.target * (size_t)resampler->spec.channels;
    for (uint32_t y = 0; y < count; y++) {
        memcpy(resampler->target + (ptrdiff_t)(first_row + y) * resampler->target_stride_bytes,
               rows + (ptrdiff_t)y * stride_bytes, row_bytes);
    }
}

void ic_resampler_push(struct ic_resampler *resampler, const uint8_t *rows, ptrdiff_t stride_bytes,
                       uint32_t first_row, uint32_t count) {
    if (first_row < resampler->first_row) {
        const uint32_t above = resampler->first_row - first_row;
        if (count <= above) {
            return;
        }
        rows += (ptrdiff_t)above * stride_bytes;
        first_row += above;
        count -= above;
    }
    first_row -= resampler->first_row;
    if (first_row >= resampler->row_count) {
        return;
    }
    count = count < resampler->row_count - first_row ? count : resampler->row_count - first_row;
    rows += (size_t)resampler->skipped_columns * (size_t)resampler->spec.channels;
    if (resampler->path.skips_horizontal && resampler->path.skips_vertical) {
        copy_rows(resampler, rows, stride_bytes, first_row, count);
    } else if (resampler->path.is_float) {
        ic_resampler_push_float(resampler, rows, stride_bytes, first_row, count);
    } else {
        ic_resampler_push_fixed(resampler, rows, stride_bytes, first_row, count);
    }
}

void ic_resampler_push_level(struct ic_resampler *resampler, const int16_t *rows,
                             ptrdiff_t stride_bytes, uint32_t first_row, uint32_t count) {
    if (!IC_HOLDS(resampler->spec.level > 0)) {
        return;
    }
    ic_vpass_push(&resampler->vpass, rows, stride_bytes, first_row, count);
}

bool ic_resampler_is_complete(const struct ic_resampler *resampler) {
    const struct ic_vpass *vpass = &resampler->vpass;
    return vpass->weights == NULL || vpass->emitted == vpass->weights->target;
}

struct ic_resample_path ic_resampler_path(const struct ic_resampler *resampler) {
    return resampler->path;
}

void ic_resampler_destroy(struct ic_resampler *resampler) {
    if (resampler == NULL) {
        return;
    }
    struct ic_mem *mem = resampler->mem;
    ic_vpass_close(&resampler->vpass);
    ic_weight_cache_put(resampler->cache, resampler->x_weights);
    ic_free(mem, resampler->loaded);
    ic_free(mem, resampler->widened);
    ic_free(mem, resampler);
}
