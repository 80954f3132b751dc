/* The frame of a JPEG: size, sampling, colours, and whether each component has data. Used by
 * jpeg_read.c. */
#include "imgcore/codec/jpeg_internal.h"

void ic_jpeg_fill_frame(const struct jpeg_decompress_struct *cinfo, struct ic_header *header) {
    header->format = IMGCORE_FORMAT_JPEG;
    header->orientation = 1;
    header->width_px = cinfo->image_width;
    header->height_px = cinfo->image_height;
    header->bits = cinfo->data_precision;
    header->progressive = cinfo->progressive_mode != 0;
    header->arithmetic = cinfo->arith_code != 0;
    header->components = cinfo->num_components;
    for (int i = 0; cinfo->comp_info != NULL && i < cinfo->num_components && i < 4; i++) {
        header->h_samp[i] = (uint8_t)cinfo->comp_info[i].h_samp_factor;
        header->v_samp[i] = (uint8_t)cinfo->comp_info[i].v_samp_factor;
    }
}

struct ic_jpeg_frame ic_jpeg_save_frame(const struct jpeg_decompress_struct *cinfo) {
    return (struct ic_jpeg_frame){.width_px = cinfo->image_width,
                                  .height_px = cinfo->image_height,
                                  .components = cinfo->num_components,
                                  .bits = cinfo->data_precision,
                                  .progressive = cinfo->progressive_mode,
                                  .arithmetic = cinfo->arith_code};
}

void ic_jpeg_restore_frame(j_decompress_ptr cinfo, const struct ic_jpeg_frame *frame) {
    cinfo->image_width = frame->width_px;
    cinfo->image_height = frame->height_px;
    cinfo->num_components = frame->components;
    cinfo->data_precision = frame->bits;
    cinfo->progressive_mode = frame->progressive;
    cinfo->arith_code = frame->arithmetic;
}

enum imgcore_status ic_jpeg_classify_color(const struct jpeg_decompress_struct *cinfo,
                                           struct ic_header *header, struct imgcore_error *error) {
    switch (cinfo->jpeg_color_space) {
    case JCS_GRAYSCALE:
        header->color = IC_COLOR_GREY;
        return IMGCORE_OK;
    case JCS_YCbCr:
        header->color = IC_COLOR_YCBCR;
        return IMGCORE_OK;
    case JCS_RGB:
        header->color = IC_COLOR_RGB;
        return IMGCORE_OK;
    case JCS_CMYK:
    case JCS_YCCK:
        header->color = IC_COLOR_CMYK;
        header->ycck = cinfo->jpeg_color_space == JCS_YCCK;
        return IMGCORE_OK;
    default:
        return ic_fail(error, IMGCORE_UNSUPPORTED, "a JPEG of %d components is not supported",
                       cinfo->num_components);
    }
}

J_COLOR_SPACE ic_jpeg_interleaved_color(enum ic_color color) {
    switch (color) {
    case IC_COLOR_GREY:
        return JCS_GRAYSCALE;
    case IC_COLOR_CMYK:
        return JCS_CMYK;
    default:
        return JCS_RGB;
    }
}

/* A file of several scans may end, with an end marker, before each component had a scan: libjpeg
 * leaves such a component grey without a warning. */
void ic_jpeg_check_components(const struct jpeg_decompress_struct *cinfo) {
    for (int i = 0; i < cinfo->num_components; i++) {
        if (cinfo->comp_info[i].quant_table == NULL ||
            (cinfo->progressive_mode && cinfo->coef_bits[i][0] < 0)) {
            ic_jpeg_raise(cinfo->err, IMGCORE_CORRUPT, "component %d of %d has no picture data",
                          i + 1, cinfo->num_components);
        }
    }
}
