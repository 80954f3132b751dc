/* An image that is in memory as a whole: rows that are opaque are resized without alpha.
 *
 * Two resamplers write the same target: one weighs by alpha, the other does not, in less than half
 * the time. Source rows are looked at just before they are used. At one that is not opaque the
 * other resampler takes over at the first target row that is not finished, from its first source
 * row on. */
#include "imgcore/base/invariant.h"
#include "imgcore/resample/resampler_internal.h"

/* Opaque rows after which the path without alpha pays again, in taps: for up to a taps' number of
 * rows both paths work. */
#define OPAQUE_TAPS 4u

struct image {
    struct ic_weight_cache *cache;
    const struct ic_kernels *kernels;
    const struct ic_resample_spec *spec;
    const uint8_t *source; /* the first pixel that has a weight */
    ptrdiff_t stride_bytes;
    uint32_t width, height; /* pixels that have a weight */
    uint8_t *target;
    ptrdiff_t target_stride_bytes;
    struct ic_resampler *opaque, *alpha; /* NULL until they are needed */
};

static const uint8_t *row_of(const struct image *image, uint32_t row) {
    return image->source + (ptrdiff_t)row * image->stride_bytes;
}

static bool row_is_opaque(const struct image *image, uint32_t row) {
    return image->kernels->is_opaque[image->spec->channels](row_of(image, row), image->width);
}

static enum imgcore_status open_resampler(const struct image *image, bool alpha,
                                          struct ic_resampler **resampler) {
    if (*resampler != NULL) {
        return IMGCORE_OK;
    }
    struct ic_resample_spec spec = *image->spec;
    spec.alpha = alpha;
    return ic_resampler_create(image->cache, image->kernels, &spec, image->target,
                               image->target_stride_bytes, resampler);
}

/* Sets the alpha of target rows [from, to): after many taps rounding can leave 254. */
static void set_opaque(const struct image *image, uint32_t from, uint32_t to) {
    const size_t channels = (size_t)image->spec->channels;
    for (uint32_t y = from; y < to; y++) {
        uint8_t *row = image->target + (ptrdiff_t)y * image->target_stride_bytes;
        for (size_t x = 0; x < image->spec->x.target; x++) {
            row[x * channels + channels - 1] = 255;
        }
    }
}

/* Pushes up to `count` rows from `row` on, up to one that is not opaque; returns how many. */
static uint32_t push_opaque(struct image *image, uint32_t row, uint32_t count) {
    struct ic_vpass *vpass = &image->opaque->vpass;
    uint32_t opaque = 0;
    while (opaque < count && row_is_opaque(image, row + opaque)) {
        opaque++;
    }
    const uint32_t before = vpass->emitted;
    ic_vpass_push(vpass, row_of(image, row), image->stride_bytes, row, opaque);
    set_opaque(image, before, vpass->emitted);
    return opaque;
}

static void stop_opaque(struct image *image, uint32_t *next) {
    struct ic_vpass *vpass = &image->opaque->vpass;
    const uint32_t before = vpass->emitted;
    *next = ic_vpass_stop(vpass);
    set_opaque(image, before, *next);
}

/* Pushes `count` rows; returns how many rows before row + count are opaque, if `opaque` before
 * `row` are. */
static uint32_t push_alpha(struct image *image, uint32_t row, uint32_t count, uint32_t opaque) {
    ic_vpass_push(&image->alpha->vpass, row_of(image, row), image->stride_bytes, row, count);
    for (uint32_t y = count; y-- > 0;) {
        if (!row_is_opaque(image, row + y)) {
            return count - 1 - y;
        }
    }
    return opaque + count;
}

static enum imgcore_status run(struct image *image) {
    const uint32_t pause = OPAQUE_TAPS * ic_axis_max_taps(&image->spec->y);
    uint32_t row = 0, opaque_rows = 0, next = 0;
    bool opaque = row_is_opaque(image, 0);
    enum imgcore_status status =
        open_resampler(image, !opaque, opaque ? &image->opaque : &image->alpha);
    while (status == IMGCORE_OK && row < image->height) {
        struct ic_vpass *vpass = opaque ? &image->opaque->vpass : &image->alpha->vpass;
        const uint32_t left = image->height - row;
        const uint32_t count = left < vpass->step_rows ? left : vpass->step_rows;
        if (opaque) {
            const uint32_t pushed = push_opaque(image, row, count);
            row += pushed;
            if (pushed == count) {
                continue;
            }
            stop_opaque(image, &next);
            status = open_resampler(image, true, &image->alpha);
            opaque_rows = 0;
        } else {
            opaque_rows = push_alpha(image, row, count, opaque_rows);
            row += count;
            if (opaque_rows < pause || row == image->height) {
                continue;
            }
            next = ic_vpass_stop(vpass);
            status = open_resampler(image, false, &image->opaque);
        }
        if (status != IMGCORE_OK || next == image->spec->y.target) {
            break;
        }
        opaque = !opaque;
        row = ic_vpass_restart(opaque ? &image->opaque->vpass : &image->alpha->vpass, next);
    }
    return status;
}

/* Whether both paths are possible: without alpha in fixed point, with alpha vertically first. */
static bool has_both_paths(const struct ic_resample_spec *spec) {
    struct ic_resample_spec plain = *spec;
    plain.alpha = false;
    const struct ic_resample_path path = ic_resample_path_of(&plain);
    return spec->alpha && spec->transfer == NULL && !path.is_float &&
           !(path.skips_horizontal && path.skips_vertical);
}

enum imgcore_status ic_resample_image(struct ic_weight_cache *cache,
                                      const struct ic_kernels *kernels,
                                      const struct ic_resample_spec *spec, const uint8_t *source,
                                      ptrdiff_t stride_bytes, uint8_t *target,
                                      ptrdiff_t target_stride_bytes) {
    struct ic_axis x = spec->x, y = spec->y;
    const uint32_t left = ic_resampler_crop_axis(&x), top = ic_resampler_crop_axis(&y);
    struct image image = {.cache = cache,
                          .kernels = kernels,
                          .spec = spec,
                          .source = source + (ptrdiff_t)top * stride_bytes +
                                    (size_t)left * (size_t)spec->channels,
                          .stride_bytes = stride_bytes,
                          .width = x.source,
                          .height = y.source,
                          .target = target,
                          .target_stride_bytes = target_stride_bytes};
    enum imgcore_status status;
    if (has_both_paths(spec)) {
        status = run(&image);
    } else {
        status = open_resampler(&image, spec->alpha, &image.alpha);
        if (status == IMGCORE_OK) {
            ic_resampler_push(image.alpha, source, stride_bytes, 0, spec->y.source);
        }
    }
    ic_resampler_destroy(image.opaque);
    ic_resampler_destroy(image.alpha);
    return status;
}
