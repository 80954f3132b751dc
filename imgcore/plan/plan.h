/* The plan of a transform: sizes, crops and scales, before any pixel is read. Pure functions of
 * numbers; used by the pipeline.
 *
 * There are two sets of axes: display axes (orientation applied) and stored axes (as in the file).
 * Options refer to display axes; resampling uses stored axes, since rotating a small result is
 * cheaper than rotating the source. */
#ifndef IC_PLAN_H
#define IC_PLAN_H

#include "imgcore/base/axis.h"
#include "imgcore/base/error.h"

/* A rectangle of the stored image. */
struct ic_crop {
    uint32_t left_px, top_px, width_px, height_px;
};

/* Converts the crop of the options, which is in display axes, to stored axes (plan/crop.c); without
 * one it is the entire image of width_px x height_px. Errors: INVALID_ARGUMENT (not inside). */
enum imgcore_status ic_plan_crop(const struct imgcore_options *options, uint32_t width_px,
                                 uint32_t height_px, int orientation, struct ic_crop *crop,
                                 struct imgcore_error *error);
bool ic_crop_is_all(const struct ic_crop *crop, uint32_t width_px, uint32_t height_px);
/* Whether each side of a crop lies between two blocks, or is one of the image. */
bool ic_crop_follows_blocks(const struct ic_crop *crop, uint32_t width_px, uint32_t height_px,
                            uint32_t block_width_px, uint32_t block_height_px);

struct ic_plan_input {
    uint32_t width_px, height_px; /* stored, of the crop */
    int orientation;              /* 1 to 8 */
    bool scalable;                /* the decoder can shrink on load */
    enum imgcore_preset preset;
};

struct ic_plan_output {
    uint32_t canvas_width_px, canvas_height_px; /* the output, in display axes */
    uint32_t left_px, top_px;                   /* the position of the image on the canvas */
    uint32_t width_px, height_px;               /* the size of the image on the canvas */
    /* in stored axes */
    uint32_t stored_width_px, stored_height_px;          /* the picture */
    double crop_left, crop_top, crop_width, crop_height; /* the part of the source that is used */
    bool mirrors_x, mirrors_y;
    enum imgcore_filter filter;
};

struct ic_plan {
    int scale_denom; /* 1, 2, 4, 8: the decoder reduces by this factor */
    struct ic_plan_output output[IMGCORE_MAX_OUTPUTS];
};

/* Computes the sizes and crop of one output in display axes (plan/fit.c). Rounding: a side is
 * rounded to the nearest pixel, halves up, never 0. Errors: TOO_LARGE (over max_pixels, or a side
 * over IC_MAX_RESIZE_SIDE_PX). */
struct ic_fit {
    uint32_t canvas_width_px, canvas_height_px;
    uint32_t left_px, top_px, width_px, height_px;
    double crop_left, crop_top, crop_width, crop_height; /* of the input, in display axes */
};
enum imgcore_status ic_fit_output(uint32_t width_px, uint32_t height_px,
                                  const struct imgcore_output *output, uint64_t max_pixels,
                                  struct ic_fit *fit, struct imgcore_error *error);

/* Plans `count` outputs, 1 to IMGCORE_MAX_OUTPUTS. Errors as ic_fit_output. */
enum imgcore_status ic_plan_make(const struct ic_plan_input *input,
                                 const struct imgcore_output *outputs, size_t count,
                                 uint64_t max_output_pixels, struct ic_plan *plan,
                                 struct imgcore_error *error);

/* One plane of the decoder's output, of an image of width_px x height_px. */
struct ic_plan_plane {
    uint32_t width, height;             /* samples delivered */
    double extent_width, extent_height; /* samples that the image covers, */
    double extent_left, extent_top;     /* from here on */
};

/* Computes the two axes that resize a plane to a plane of the output with one sample for factor_x x
 * factor_y output pixels, in stored axes (1 or 2 each). A chroma plane of an odd output extends
 * past the edge by half a sample: the right or lower edge in display axes, as JPEG's chroma siting
 * requires. */
void ic_plan_axes(const struct ic_plan_input *input, const struct ic_plan_output *output,
                  const struct ic_plan_plane *plane, int factor_x, int factor_y, struct ic_axis *x,
                  struct ic_axis *y);

#endif
