/* The plan of a transform: see plan.h. */
#include <math.h>
#include <string.h>

#include "imgcore/base/checked.h"
#include "imgcore/base/orientation.h"
#include "imgcore/plan/plan.h"

/* Source pixels per output pixel that must remain after shrinking on load. At 4 the result stays
 * within 56 dB of the exact one; other libraries go down to 1. */
#define KEEP_BALANCED 4.0
#define KEEP_FAST     1.0

/* Converts a crop from display to stored axes: swaps back, then mirrors back. */
static void store_crop(const struct ic_plan_input *input, const struct ic_fit *fit,
                       struct ic_plan_output *output) {
    const bool swap = ic_orientation_swaps(input->orientation);
    output->crop_left = swap ? fit->crop_top : fit->crop_left;
    output->crop_top = swap ? fit->crop_left : fit->crop_top;
    output->crop_width = swap ? fit->crop_height : fit->crop_width;
    output->crop_height = swap ? fit->crop_width : fit->crop_height;
    if (output->mirrors_x) {
        output->crop_left = input->width_px - output->crop_left - output->crop_width;
    }
    if (output->mirrors_y) {
        output->crop_top = input->height_px - output->crop_top - output->crop_height;
    }
    output->stored_width_px = swap ? fit->height_px : fit->width_px;
    output->stored_height_px = swap ? fit->width_px : fit->height_px;
}

static enum imgcore_status plan_output(const struct ic_plan_input *input,
                                       const struct imgcore_output *wanted, uint64_t max_pixels,
                                       struct ic_plan_output *output, struct imgcore_error *error) {
    const bool swap = ic_orientation_swaps(input->orientation);
    struct ic_fit fit;
    enum imgcore_status status =
        ic_fit_output(swap ? input->height_px : input->width_px,
                      swap ? input->width_px : input->height_px, wanted, max_pixels, &fit, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    memset(output, 0, sizeof(*output));
    output->canvas_width_px = fit.canvas_width_px;
    output->canvas_height_px = fit.canvas_height_px;
    output->left_px = fit.left_px;
    output->top_px = fit.top_px;
    output->width_px = fit.width_px;
    output->height_px = fit.height_px;
    output->mirrors_x = ic_orientation_mirrors_x(input->orientation);
    output->mirrors_y = ic_orientation_mirrors_y(input->orientation);
    output->filter = wanted->filter;
    store_crop(input, &fit, output);
    return IMGCORE_OK;
}

enum imgcore_status ic_plan_make(const struct ic_plan_input *input,
                                 const struct imgcore_output *outputs, size_t count,
                                 uint64_t max_output_pixels, struct ic_plan *plan,
                                 struct imgcore_error *error) {
    double smallest_ratio = INFINITY;
    for (size_t i = 0; i < count; i++) {
        struct ic_plan_output *output = &plan->output[i];
        enum imgcore_status status =
            plan_output(input, &outputs[i], max_output_pixels, output, error);
        if (status != IMGCORE_OK) {
            return status;
        }
        smallest_ratio = fmin(smallest_ratio, output->crop_width / output->stored_width_px);
        smallest_ratio = fmin(smallest_ratio, output->crop_height / output->stored_height_px);
    }
    plan->scale_denom = 1;
    if (input->scalable && input->preset != IMGCORE_PRESET_QUALITY) {
        const double keep = input->preset == IMGCORE_PRESET_FAST ? KEEP_FAST : KEEP_BALANCED;
        while (plan->scale_denom < 8 && smallest_ratio / (2 * plan->scale_denom) >= keep) {
            plan->scale_denom *= 2;
        }
    }
    return IMGCORE_OK;
}

/* Plans one axis: `target_px` output pixels show [crop_start, + crop_length) of `full_px` source
 * pixels, which cover [extent_start, + extent) of the samples. */
static struct ic_axis plan_axis(uint32_t full_px, uint32_t samples, double extent_start,
                                double extent, double crop_start, double crop_length,
                                uint32_t target_px, int factor, bool mirrored,
                                enum imgcore_filter filter) {
    struct ic_axis axis;
    const double samples_per_px = extent / full_px;
    const double source_per_target = crop_length / target_px;
    axis.source = samples;
    axis.target = ic_ceil_div_u32(target_px, (uint32_t)factor);
    /* the range of the target samples, in output pixels along the stored axis */
    const double covered = (double)axis.target * factor;
    const double first = mirrored ? target_px - covered : 0.0;
    axis.start = extent_start + (crop_start + first * source_per_target) * samples_per_px;
    axis.length = covered * source_per_target * samples_per_px;
    axis.filter = filter;
    return axis;
}

void ic_plan_axes(const struct ic_plan_input *input, const struct ic_plan_output *output,
                  const struct ic_plan_plane *plane, int factor_x, int factor_y, struct ic_axis *x,
                  struct ic_axis *y) {
    *x = plan_axis(input->width_px, plane->width, plane->extent_left, plane->extent_width,
                   output->crop_left, output->crop_width, output->stored_width_px, factor_x,
                   output->mirrors_x, output->filter);
    *y = plan_axis(input->height_px, plane->height, plane->extent_top, plane->extent_height,
                   output->crop_top, output->crop_height, output->stored_height_px, factor_y,
                   output->mirrors_y, output->filter);
}
