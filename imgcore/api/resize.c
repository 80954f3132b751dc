/* imgcore_resize: plain pixels to plain pixels. */
#include <math.h>
#include <string.h>

#include "imgcore/api/context_contents.h"
#include "imgcore/api/pixels.h"
#include "imgcore/api/versioned.h"
#include "imgcore/resample/resampler.h"

static const char *what_is_wrong(const struct imgcore_resize_options *options, uint32_t width_px,
                                 uint32_t height_px) {
    if ((int)options->filter < 0 || options->filter > IMGCORE_FILTER_BOX) {
        return "the filter is none";
    }
    if ((int)options->alpha < 0 || options->alpha > IMGCORE_ALPHA_PREMULTIPLIED) {
        return "the kind of alpha is none";
    }
    if (options->alpha == IMGCORE_ALPHA_STRAIGHT && options->channels % 2 != 0) {
        return "straight alpha needs 2 or 4 channels";
    }
    if (options->linear && options->alpha == IMGCORE_ALPHA_PREMULTIPLIED) {
        return "linear light needs colours that are not premultiplied";
    }
    const double left = options->box_left_px, top = options->box_top_px;
    const double width = options->box_width_px, height = options->box_height_px;
    if (width == 0.0 && height == 0.0) {
        return NULL;
    }
    /* written so that NaN fails */
    if (!(left >= 0.0 && top >= 0.0 && width > 0.0 && height > 0.0 && left + width <= width_px &&
          top + height <= height_px)) {
        return "the box is empty or not inside the source";
    }
    return NULL;
}

static void make_axes(const struct imgcore_resize_options *options,
                      const struct imgcore_pixels *source, const struct imgcore_pixels *target,
                      struct ic_resample_spec *spec) {
    const bool whole = options->box_width_px == 0.0 && options->box_height_px == 0.0;
    spec->x.source = source->width_px;
    spec->x.target = target->width_px;
    spec->x.start = whole ? 0.0 : options->box_left_px;
    spec->x.length = whole ? source->width_px : options->box_width_px;
    spec->y.source = source->height_px;
    spec->y.target = target->height_px;
    spec->y.start = whole ? 0.0 : options->box_top_px;
    spec->y.length = whole ? source->height_px : options->box_height_px;
    spec->x.filter = spec->y.filter = options->filter;
}

enum imgcore_status
imgcore_resize(struct imgcore_context *context, const uint8_t *source, uint32_t source_width_px,
               uint32_t source_height_px, ptrdiff_t source_stride_bytes, uint8_t *target,
               uint32_t target_width_px, uint32_t target_height_px, ptrdiff_t target_stride_bytes,
               const struct imgcore_resize_options *options, struct imgcore_error *error) {
    ic_error_clear(error);
    struct imgcore_resize_options ours;
    if (context == NULL || options == NULL) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "no context, or no options");
    }
    enum imgcore_status status =
        ic_versioned_read(&ic_versioned_resize_options, "the options", options, &ours, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    const char *wrong = what_is_wrong(&ours, source_width_px, source_height_px);
    const struct imgcore_pixels from = {.first_row = source,
                                        .stride_bytes = source_stride_bytes,
                                        .width_px = source_width_px,
                                        .height_px = source_height_px,
                                        .channels = (uint32_t)ours.channels};
    const struct imgcore_pixels to = {.first_row = target,
                                      .stride_bytes = target_stride_bytes,
                                      .width_px = target_width_px,
                                      .height_px = target_height_px,
                                      .channels = (uint32_t)ours.channels};
    if (wrong == NULL) {
        wrong = ic_pixels_what_is_wrong(&from);
    }
    if (wrong == NULL) {
        wrong = ic_pixels_what_is_wrong(&to);
    }
    if (wrong != NULL) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "%s", wrong);
    }
    ic_mem_set_budget(&context->mem, SIZE_MAX / 2);
    struct ic_resample_spec spec;
    memset(&spec, 0, sizeof(spec));
    make_axes(&ours, &from, &to, &spec);
    spec.channels = ours.channels;
    spec.alpha = ours.alpha == IMGCORE_ALPHA_STRAIGHT;
    if (ours.linear) {
        spec.transfer = ic_context_transfer(context);
        if (spec.transfer == NULL) {
            return ic_fail(error, context->mem.status, "%s", "");
        }
    }
    status = ic_resample_image(&context->weights, &context->resize_kernels, &spec, source,
                               source_stride_bytes, target, target_stride_bytes);
    if (status != IMGCORE_OK) {
        return ic_fail(error, status, "%s", "");
    }
    return IMGCORE_OK;
}
