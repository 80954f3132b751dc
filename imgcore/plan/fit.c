/* The fit of an image into the requested box: see plan.h. */
#include <math.h>

#include "imgcore/base/limits.h"
#include "imgcore/plan/plan.h"

/* The position of the image in the free space: 0 left or top, 1 right or bottom. */
static void gravity_of(enum imgcore_gravity gravity, double *x, double *y) {
    static const double at[9][2] = {{0.5, 0.5}, {0.5, 0.0}, {1.0, 0.0}, {1.0, 0.5}, {1.0, 1.0},
                                    {0.5, 1.0}, {0.0, 1.0}, {0.0, 0.5}, {0.0, 0.0}};
    *x = at[gravity][0];
    *y = at[gravity][1];
}

/* Rounds a side to pixels. A side over the limit stays over it, so that the check detects it. */
static uint32_t side_px(double exact) {
    const double rounded = floor(exact + 0.5);
    if (rounded < 1.0) {
        return 1;
    }
    return rounded > IC_MAX_RESIZE_SIDE_PX ? IC_MAX_RESIZE_SIDE_PX + 1 : (uint32_t)rounded;
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* A scale as a fraction of two sides. A side times the one is exact, and so is a half that remains
 * of the division by the other: rounded quotients would make some halves smaller. */
struct scale {
    double to, from;
};

static double scaled(double side, struct scale scale) {
    return side * scale.to / scale.from;
}

/* Returns the scale at which width x height fits the box: the smaller or the larger one of the two
 * sides. A side of 0 sets no bound. */
static struct scale scale_to(double width, double height, uint32_t box_width, uint32_t box_height,
                             bool larger) {
    const struct scale x = {box_width, width}, y = {box_height, height}, none = {1.0, 1.0};
    if (box_width == 0 && box_height == 0) {
        return none;
    }
    if (box_width == 0 || box_height == 0) {
        return box_width == 0 ? y : x;
    }
    return (x.to / x.from > y.to / y.from) == larger ? x : y;
}

static void fit_cover(uint32_t width_px, uint32_t height_px, const struct imgcore_output *output,
                      struct scale scale, struct ic_fit *fit) {
    double gravity_x, gravity_y;
    gravity_of(output->gravity, &gravity_x, &gravity_y);
    fit->width_px = smaller(side_px(scaled(width_px, scale)), output->width_px);
    fit->height_px = smaller(side_px(scaled(height_px, scale)), output->height_px);
    const struct scale back = {scale.from, scale.to};
    fit->crop_width = fmin(width_px, scaled(fit->width_px, back));
    fit->crop_height = fmin(height_px, scaled(fit->height_px, back));
    fit->crop_left = (width_px - fit->crop_width) * gravity_x;
    fit->crop_top = (height_px - fit->crop_height) * gravity_y;
}

enum imgcore_status ic_fit_output(uint32_t width_px, uint32_t height_px,
                                  const struct imgcore_output *output, uint64_t max_pixels,
                                  struct ic_fit *fit, struct imgcore_error *error) {
    enum imgcore_fit kind = output->fit;
    if (output->width_px == 0 || output->height_px == 0) {
        /* with one side unbounded, all but `outside` are equivalent */
        kind = kind == IMGCORE_FIT_OUTSIDE ? kind : IMGCORE_FIT_INSIDE;
    }
    const bool larger = kind == IMGCORE_FIT_COVER || kind == IMGCORE_FIT_OUTSIDE;
    struct scale scale = scale_to(width_px, height_px, output->width_px, output->height_px, larger);
    if (!output->enlarge && scale.to > scale.from) {
        scale.to = scale.from;
    }
    fit->crop_left = fit->crop_top = 0.0;
    fit->crop_width = width_px;
    fit->crop_height = height_px;
    fit->width_px = side_px(scaled(width_px, scale));
    fit->height_px = side_px(scaled(height_px, scale));
    if (kind == IMGCORE_FIT_FILL) {
        fit->width_px = output->enlarge ? output->width_px : smaller(output->width_px, width_px);
        fit->height_px =
            output->enlarge ? output->height_px : smaller(output->height_px, height_px);
    } else if (kind == IMGCORE_FIT_COVER) {
        fit_cover(width_px, height_px, output, scale, fit);
    }
    fit->canvas_width_px = fit->width_px;
    fit->canvas_height_px = fit->height_px;
    fit->left_px = fit->top_px = 0;
    if (kind == IMGCORE_FIT_CONTAIN) {
        double gravity_x, gravity_y;
        gravity_of(output->gravity, &gravity_x, &gravity_y);
        fit->canvas_width_px = output->width_px;
        fit->canvas_height_px = output->height_px;
        fit->width_px = smaller(fit->width_px, output->width_px);
        fit->height_px = smaller(fit->height_px, output->height_px);
        fit->left_px = (uint32_t)((output->width_px - fit->width_px) * gravity_x);
        fit->top_px = (uint32_t)((output->height_px - fit->height_px) * gravity_y);
    }
    if (fit->canvas_width_px > IC_MAX_RESIZE_SIDE_PX ||
        fit->canvas_height_px > IC_MAX_RESIZE_SIDE_PX ||
        (uint64_t)fit->canvas_width_px * fit->canvas_height_px > max_pixels) {
        return ic_fail(error, IMGCORE_TOO_LARGE, "an output of %u x %u pixels is over the limit",
                       (unsigned)fit->canvas_width_px, (unsigned)fit->canvas_height_px);
    }
    return IMGCORE_OK;
}
