/* What states the colours of a file: see file_colors.h. */
#include "imgcore/pipeline/file_colors.h"

#include <stdio.h>
#include <string.h>

#include "imgcore/color/icc_tags.h"

#define NAME_BYTES 48

static void name_cicp(const struct ic_color_tags *tags, char *out, size_t out_bytes) {
    snprintf(out, out_bytes, "cICP %u/%u/%u/%u", tags->primaries, tags->transfer, tags->matrix,
             tags->full_range);
}

static void name_gamma(const struct ic_color_tags *tags, bool with_primaries, char *out,
                       size_t out_bytes) {
    snprintf(out, out_bytes, "gAMA %u.%05u%s", tags->gamma / 100000, tags->gamma % 100000,
             with_primaries ? ", cHRM" : "");
}

/* Makes the profile of a space that the chunks state. *is_stated is false if lcms cannot. */
static enum imgcore_status take_space(struct ic_icc *icc, const struct ic_header *header,
                                      const struct ic_stated_space *space, const char *name,
                                      struct ic_file_colors *colors, bool *is_stated) {
    *is_stated = true;
    if (space->is_srgb) {
        return IMGCORE_OK;
    }
    colors->made.size_bytes = 0;
    enum imgcore_status status = ic_icc_of_space(icc, space, header->color, name, &colors->made);
    if (status == IMGCORE_OK) {
        status = ic_icc_classify(icc, colors->made.bytes, colors->made.size_bytes, header->color,
                                 &colors->kind);
    }
    *is_stated = colors->kind != IC_ICC_UNUSABLE;
    if (colors->kind == IC_ICC_CONVERT) {
        colors->profile = colors->made.bytes;
        colors->profile_bytes = colors->made.size_bytes;
    } else {
        colors->kind = IC_ICC_UNUSABLE;
    }
    return status;
}

static enum imgcore_status take_cicp(struct ic_icc *icc, const struct ic_header *header,
                                     struct ic_file_colors *colors, bool *is_stated) {
    struct ic_stated_space space;
    char name[NAME_BYTES];
    *is_stated = ic_cicp_space(&header->tags, header->color, &space);
    if (!*is_stated) {
        return IMGCORE_OK;
    }
    name_cicp(&header->tags, name, sizeof(name));
    colors->source = IMGCORE_COLOR_SOURCE_CICP;
    return take_space(icc, header, &space, name, colors, is_stated);
}

static enum imgcore_status take_profile(struct ic_icc *icc, const struct ic_header *header,
                                        struct ic_file_colors *colors, bool *is_stated) {
    enum imgcore_status status = IMGCORE_OK;
    if (header->icc != NULL) {
        status = ic_icc_classify(icc, header->icc, header->icc_bytes, header->color, &colors->kind);
    }
    *is_stated = colors->kind != IC_ICC_UNUSABLE;
    if (*is_stated) {
        colors->source = IMGCORE_COLOR_SOURCE_PROFILE;
        colors->profile = header->icc;
        colors->profile_bytes = header->icc_bytes;
    }
    return status;
}

static enum imgcore_status take_gamma(struct ic_icc *icc, const struct ic_header *header,
                                      struct ic_file_colors *colors, bool *is_stated) {
    struct ic_stated_space space;
    char name[NAME_BYTES];
    *is_stated = ic_gamma_space(&header->tags, header->color, &space);
    if (!*is_stated) {
        return IMGCORE_OK;
    }
    const bool with_primaries = ic_has_primaries(&header->tags);
    name_gamma(&header->tags, with_primaries, name, sizeof(name));
    colors->source = with_primaries ? IMGCORE_COLOR_SOURCE_GAMA_CHRM : IMGCORE_COLOR_SOURCE_GAMA;
    return take_space(icc, header, &space, name, colors, is_stated);
}

enum imgcore_status ic_find_file_colors(struct ic_icc *icc, struct ic_mem *mem,
                                        const struct ic_header *header,
                                        struct ic_file_colors *colors) {
    memset(colors, 0, sizeof(*colors));
    colors->made.mem = mem;
    colors->kind = IC_ICC_UNUSABLE;
    bool is_stated = false;
    enum imgcore_status status = take_cicp(icc, header, colors, &is_stated);
    if (status == IMGCORE_OK && !is_stated) {
        status = take_profile(icc, header, colors, &is_stated);
    }
    if (status == IMGCORE_OK && !is_stated && header->tags.has_srgb) {
        colors->source = IMGCORE_COLOR_SOURCE_SRGB;
        is_stated = true;
    }
    if (status == IMGCORE_OK && !is_stated) {
        status = take_gamma(icc, header, colors, &is_stated);
    }
    if (!is_stated) {
        colors->source = IMGCORE_COLOR_SOURCE_NONE;
    }
    return status;
}

void ic_file_colors_clear(struct ic_file_colors *colors) {
    ic_buf_clear(&colors->made);
}

void ic_describe_file_colors(const struct ic_header *header, const struct ic_file_colors *colors,
                             char *out, size_t out_bytes) {
    const struct ic_color_tags *tags = &header->tags;
    char name[NAME_BYTES] = "";
    char unused[NAME_BYTES] = "";
    switch (colors->source) {
    case IMGCORE_COLOR_SOURCE_CICP:
        name_cicp(tags, name, sizeof(name));
        break;
    case IMGCORE_COLOR_SOURCE_SRGB:
        snprintf(name, sizeof(name), "sRGB");
        break;
    case IMGCORE_COLOR_SOURCE_GAMA:
    case IMGCORE_COLOR_SOURCE_GAMA_CHRM:
        name_gamma(tags, colors->source == IMGCORE_COLOR_SOURCE_GAMA_CHRM, name, sizeof(name));
        break;
    case IMGCORE_COLOR_SOURCE_NONE:
    case IMGCORE_COLOR_SOURCE_PROFILE:
        break;
    }
    if (tags->has_cicp && colors->source != IMGCORE_COLOR_SOURCE_CICP) {
        name_cicp(tags, unused, sizeof(unused));
    }
    snprintf(out, out_bytes, "%s%s%s%s", unused, unused[0] != 0 ? " not used" : "",
             name[0] != 0 && unused[0] != 0 ? "; " : "", name);
}
