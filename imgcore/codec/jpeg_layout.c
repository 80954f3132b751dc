/* The sizes of a JPEG's planes or rows at the scale that libjpeg has chosen for each component.
 * Used by jpeg_read.c. */
#include "imgcore/base/checked.h"
#include "imgcore/codec/jpeg_internal.h"

/* Returns the exact extent of a side in samples of a component. */
static double extent_of(uint32_t side_px, int samp, int dct_size, int max_samp) {
    return (double)side_px * samp * dct_size / ((double)max_samp * DCTSIZE);
}

static uint32_t whole_samples(uint32_t side_px, int samp, int dct_size, int max_samp) {
    return ic_ceil_div_u32(side_px * (uint32_t)(samp * dct_size), (uint32_t)(max_samp * DCTSIZE));
}

static void lay_out_planes(const struct jpeg_decompress_struct *cinfo,
                           struct ic_read_layout *layout) {
    layout->planes = cinfo->num_components;
    for (int i = 0; i < cinfo->num_components; i++) {
        /* a component may be scaled less than the others: libjpeg lets the inverse DCT replace the
         * upsampling */
        const jpeg_component_info *component = &cinfo->comp_info[i];
        struct ic_plane_layout *plane = &layout->plane[i];
        int h = component->h_samp_factor;
        int v = component->v_samp_factor;
        plane->channels = 1;
        plane->width =
            whole_samples(cinfo->image_width, h, IC_DCT_H(component), cinfo->max_h_samp_factor);
        plane->height =
            whole_samples(cinfo->image_height, v, IC_DCT_V(component), cinfo->max_v_samp_factor);
        plane->extent_width =
            extent_of(cinfo->image_width, h, IC_DCT_H(component), cinfo->max_h_samp_factor);
        plane->extent_height =
            extent_of(cinfo->image_height, v, IC_DCT_V(component), cinfo->max_v_samp_factor);
    }
}

static void lay_out_interleaved(const struct jpeg_decompress_struct *cinfo,
                                struct ic_read_layout *layout) {
    struct ic_plane_layout *plane = &layout->plane[0];
    layout->planes = 1;
    plane->channels = cinfo->output_components;
    plane->width = cinfo->output_width;
    plane->height = cinfo->output_height;
    plane->extent_width = extent_of(cinfo->image_width, 1, IC_MIN_DCT_H(cinfo), 1);
    plane->extent_height = extent_of(cinfo->image_height, 1, IC_MIN_DCT_V(cinfo), 1);
}

size_t ic_jpeg_plane_stride(const struct jpeg_decompress_struct *cinfo, int plane) {
    const jpeg_component_info *component = &cinfo->comp_info[plane];
    /* entire MCUs: libjpeg skips the blocks that only pad them, but does not document it */
    const size_t blocks =
        (size_t)ic_ceil_div_u32(cinfo->image_width, (uint32_t)cinfo->max_h_samp_factor * DCTSIZE) *
        (size_t)component->h_samp_factor;
    return ic_round_up(blocks * (size_t)IC_DCT_H(component) + IC_ROW_SLACK_BYTES, IC_ALIGN_BYTES);
}

void ic_jpeg_lay_out(const struct jpeg_decompress_struct *cinfo, struct ic_read_layout *layout) {
    if (cinfo->raw_data_out) {
        lay_out_planes(cinfo, layout);
    } else {
        lay_out_interleaved(cinfo, layout);
    }
}
