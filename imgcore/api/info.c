/* What a file is, for imgcore_info: see info.h. */
#include "imgcore/api/info.h"

#include <stdio.h>
#include <string.h>

#include "imgcore/api/versioned.h"
#include "imgcore/base/orientation.h"
#include "imgcore/pipeline/file_colors.h"

enum imgcore_color_model ic_info_color_model(enum ic_color color) {
    static const enum imgcore_color_model models[] = {
        [IC_COLOR_GREY] = IMGCORE_COLOR_GREY,   [IC_COLOR_GREY_ALPHA] = IMGCORE_COLOR_GREY_ALPHA,
        [IC_COLOR_RGB] = IMGCORE_COLOR_RGB,     [IC_COLOR_RGBA] = IMGCORE_COLOR_RGBA,
        [IC_COLOR_YCBCR] = IMGCORE_COLOR_YCBCR, [IC_COLOR_CMYK] = IMGCORE_COLOR_CMYK};
    return models[color];
}

static enum imgcore_color_model model_of(const struct ic_header *header) {
    return header->palette ? IMGCORE_COLOR_PALETTE
           : header->ycck  ? IMGCORE_COLOR_YCCK
                           : ic_info_color_model(header->color);
}

static const char *const color_names[] = {[IMGCORE_COLOR_UNKNOWN] = "",
                                          [IMGCORE_COLOR_GREY] = "grey",
                                          [IMGCORE_COLOR_GREY_ALPHA] = "grey+alpha",
                                          [IMGCORE_COLOR_PALETTE] = "palette",
                                          [IMGCORE_COLOR_RGB] = "rgb",
                                          [IMGCORE_COLOR_RGBA] = "rgba",
                                          [IMGCORE_COLOR_YCBCR] = "ycbcr",
                                          [IMGCORE_COLOR_CMYK] = "cmyk",
                                          [IMGCORE_COLOR_YCCK] = "ycck"};

/* The J:a:b names of the usual shapes of chroma; the sampling factors for the others. */
static enum imgcore_chroma name_subsampling(const struct ic_header *header, char *out,
                                            size_t size_bytes) {
    static const struct {
        uint8_t h, v;
        enum imgcore_chroma chroma;
        const char *name;
    } names[] = {{1, 1, IMGCORE_CHROMA_444, "4:4:4"}, {2, 1, IMGCORE_CHROMA_422, "4:2:2"},
                 {2, 2, IMGCORE_CHROMA_420, "4:2:0"}, {1, 2, IMGCORE_CHROMA_440, "4:4:0"},
                 {4, 1, IMGCORE_CHROMA_411, "4:1:1"}, {4, 2, IMGCORE_CHROMA_410, "4:1:0"}};
    const uint8_t *h = header->h_samp, *v = header->v_samp;
    if (header->components < 3) {
        return IMGCORE_CHROMA_NONE;
    }
    if (h[1] == 1 && h[2] == 1 && v[1] == 1 && v[2] == 1) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (names[i].h == h[0] && names[i].v == v[0]) {
                snprintf(out, size_bytes, "%s", names[i].name);
                return names[i].chroma;
            }
        }
    }
    snprintf(out, size_bytes, "%ux%u,%ux%u,%ux%u", h[0] & 15u, v[0] & 15u, h[1] & 15u, v[1] & 15u,
             h[2] & 15u, v[2] & 15u);
    return IMGCORE_CHROMA_OTHER;
}

static void fill(const struct ic_header *header, struct imgcore_info *info) {
    const bool swap = ic_orientation_swaps(header->orientation);
    info->format = header->format;
    info->width_px = header->width_px;
    info->height_px = header->height_px;
    info->orientation = header->orientation;
    info->oriented_width_px = swap ? header->height_px : header->width_px;
    info->oriented_height_px = swap ? header->width_px : header->height_px;
    info->bits = header->bits;
    info->has_alpha = header->color == IC_COLOR_GREY_ALPHA || header->color == IC_COLOR_RGBA;
    info->progressive = header->progressive;
    info->arithmetic = header->arithmetic;
    info->color_model = model_of(header);
    snprintf(info->color, sizeof(info->color), "%s", color_names[info->color_model]);
    info->chroma = name_subsampling(header, info->subsampling, sizeof(info->subsampling));
    info->icc_is_srgb = true;
}

static enum imgcore_status fill_colors(struct imgcore_context *context,
                                       const struct ic_header *header, struct imgcore_info *info,
                                       struct imgcore_error *error) {
    if (header->icc != NULL) {
        info->icc_bytes = header->icc_bytes;
        ic_icc_describe(context->icc, header->icc, header->icc_bytes, info->icc_description,
                        sizeof(info->icc_description));
    }
    struct ic_file_colors colors;
    const enum imgcore_status status =
        ic_find_file_colors(context->icc, &context->mem, header, &colors);
    if (status == IMGCORE_OK) {
        info->icc_is_srgb = colors.kind != IC_ICC_CONVERT;
        info->color_source = colors.source;
        ic_describe_file_colors(header, &colors, info->color_detail, sizeof(info->color_detail));
    }
    ic_file_colors_clear(&colors);
    return status == IMGCORE_OK ? status : ic_fail(error, status, "%s", "");
}

enum imgcore_status ic_info_fill(struct imgcore_context *context, const struct ic_header *header,
                                 bool is_open, struct imgcore_info *theirs,
                                 struct imgcore_error *error) {
    struct imgcore_info ours;
    enum imgcore_status status = IMGCORE_OK;
    imgcore_info_default(&ours);
    if (header->width_px != 0) {
        fill(header, &ours);
    }
    if (is_open) {
        status = fill_colors(context, header, &ours, error);
    }
    ic_versioned_write(&ic_versioned_info, &ours, sizeof(ours.struct_size_bytes), theirs);
    return status;
}
