/* The plan of a transform: sizes, crops and scales, before any pixel is read. Pure functions of
 * numbers; used by the pipeline.
 *
 * Two sets of axes: the picture's own (as seen, orientation applied) and the stored ones (as the
 * file has them). Options speak of the first, resampling happens in the second, since turning a
 * small result is cheaper than turning the source. */
#ifndef IC_PLAN_H
#define IC_PLAN_H

#include "imgcore/base/axis.h"
#include "imgcore/base/error.h"

struct ic_plan_input {
    uint32_t width_px, height_px; /* stored */
    int orientation;              /* 1 to 8 */
    bool scalable;                /* the decoder can shrink on load */
    enum imgcore_preset preset;
};

struct ic_plan_output {
    uint32_t canvas_width_px, canvas_height_px; /* the output, as seen */
    uint32_t left_px, top_px;                   /* where the picture stands on it */
    uint32_t width_px, height_px;               /* the picture on it */
    /* in stored axes */
    uint32_t stored_width_px, stored_height_px;          /* the picture */
    double crop_left, crop_top, crop_width, crop_height; /* the part of the source it shows */
    bool mirrors_x, mirrors_y;
    enum imgcore_filter filter;
};

struct ic_plan {
    int scale_denom; /* 1, 2, 4, 8: what the decoder shrinks by */
    struct ic_plan_output output[IMGCORE_MAX_OUTPUTS];
};

/* Sizes and crop of one output (plan/fit.c), as seen: fills everything but the stored part.
 * Rounding: a side is the exact one rounded to the nearest pixel, halves up, never 0. Errors:
 * TOO_LARGE (over max_pixels, or a side over IC_MAX_RESIZE_SIDE_PX). */
struct ic_fit {
    uint32_t canvas_width_px, canvas_height_px;
    uint32_t left_px, top_px, width_px, height_px;
    double crop_left, crop_top, crop_width, crop_height; /* in the input's axes, as seen */
};
enum imgcore_status ic_fit_output(uint32_t width_px, uint32_t height_px,
                                  const struct imgcore_output *output, uint64_t max_pixels,
                                  struct ic_fit *fit, struct imgcore_error *error);

/* Plans `count` outputs, 1 to IMGCORE_MAX_OUTPUTS. Errors as ic_fit_output. */
enum imgcore_status ic_plan_make(const struct ic_plan_input *input,
                                 const struct imgcore_output *outputs, size_t count,
                                 uint64_t max_output_pixels, struct ic_plan *plan,
                                 struct imgcore_error *error);

/* What one plane of the decoder's output is, of a picture of width_px x height_px. */
struct ic_plan_plane {
    uint32_t width, height;             /* samples delivered */
    double extent_width, extent_height; /* samples the picture covers, from 0 */
};

/* The two axes by which a plane becomes a plane of the output that has one sample for factor_x x
 * factor_y output pixels, in stored axes (1 or 2 each). A chroma plane of an odd output hangs over
 * its edge by half a sample: the right or lower one as seen, so that JPEG's siting holds. */
void ic_plan_axes(const struct ic_plan_input *input, const struct ic_plan_output *output,
                  const struct ic_plan_plane *plane, int factor_x, int factor_y, struct ic_axis *x,
                  struct ic_axis *y);

#endif
