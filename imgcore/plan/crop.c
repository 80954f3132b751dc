/* The rectangle of the input that a call uses: see plan.h. */
#include "imgcore/base/orientation.h"
#include "imgcore/plan/plan.h"

bool ic_crop_is_all(const struct ic_crop *crop, uint32_t width_px, uint32_t height_px) {
    return crop->width_px == width_px && crop->height_px == height_px;
}

/* Whether [start, start + length) ends at limits of blocks, or at the edges of [0, side). */
static bool ends_at_blocks(uint32_t start_px, uint32_t length_px, uint32_t side_px,
                           uint32_t block_px) {
    const uint32_t end_px = start_px + length_px;
    return start_px % block_px == 0 && (end_px % block_px == 0 || end_px == side_px);
}

bool ic_crop_follows_blocks(const struct ic_crop *crop, uint32_t width_px, uint32_t height_px,
                            uint32_t block_width_px, uint32_t block_height_px) {
    return ends_at_blocks(crop->left_px, crop->width_px, width_px, block_width_px) &&
           ends_at_blocks(crop->top_px, crop->height_px, height_px, block_height_px);
}

static bool is_inside(uint32_t start_px, uint32_t length_px, uint32_t side_px) {
    return length_px <= side_px && start_px <= side_px - length_px;
}

enum imgcore_status ic_plan_crop(const struct imgcore_options *options, uint32_t width_px,
                                 uint32_t height_px, int orientation, struct ic_crop *crop,
                                 struct imgcore_error *error) {
    if (options->crop_width_px == 0) {
        *crop = (struct ic_crop){0, 0, width_px, height_px};
        return IMGCORE_OK;
    }
    const bool swap = ic_orientation_swaps(orientation);
    const uint32_t upright_width = swap ? height_px : width_px;
    const uint32_t upright_height = swap ? width_px : height_px;
    if (!is_inside(options->crop_left_px, options->crop_width_px, upright_width) ||
        !is_inside(options->crop_top_px, options->crop_height_px, upright_height)) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT,
                       "the crop of %u x %u pixels at %u, %u is not inside the picture of %u x %u",
                       (unsigned)options->crop_width_px, (unsigned)options->crop_height_px,
                       (unsigned)options->crop_left_px, (unsigned)options->crop_top_px,
                       (unsigned)upright_width, (unsigned)upright_height);
    }
    crop->left_px = swap ? options->crop_top_px : options->crop_left_px;
    crop->top_px = swap ? options->crop_left_px : options->crop_top_px;
    crop->width_px = swap ? options->crop_height_px : options->crop_width_px;
    crop->height_px = swap ? options->crop_width_px : options->crop_height_px;
    if (ic_orientation_mirrors_x(orientation)) {
        crop->left_px = width_px - crop->left_px - crop->width_px;
    }
    if (ic_orientation_mirrors_y(orientation)) {
        crop->top_px = height_px - crop->top_px - crop->height_px;
    }
    return IMGCORE_OK;
}
