/* Options: their defaults, and the merging of a caller's options with them. */
#include <string.h>

#include "imgcore/api/context_contents.h"
#include "imgcore/api/versioned.h"

void imgcore_options_default_sized(struct imgcore_options *options, size_t struct_size_bytes) {
    ic_versioned_default(&ic_versioned_options, options, struct_size_bytes);
}

void imgcore_output_default_sized(struct imgcore_output *output, size_t struct_size_bytes) {
    ic_versioned_default(&ic_versioned_output, output, struct_size_bytes);
}

void imgcore_info_default_sized(struct imgcore_info *info, size_t struct_size_bytes) {
    ic_versioned_default(&ic_versioned_info, info, struct_size_bytes);
}

void imgcore_resize_options_default_sized(struct imgcore_resize_options *options,
                                          size_t struct_size_bytes) {
    ic_versioned_default(&ic_versioned_resize_options, options, struct_size_bytes);
}

struct imgcore_limits ic_limits_resolve(const struct imgcore_limits *limits) {
    struct imgcore_limits ours = *limits;
    ours.pixels = ours.pixels != 0 ? ours.pixels : IMGCORE_DEFAULT_PIXELS;
    ours.side_px = ours.side_px != 0 ? ours.side_px : IMGCORE_DEFAULT_SIDE_PX;
    ours.scans = ours.scans != 0 ? ours.scans : IMGCORE_DEFAULT_SCANS;
    ours.memory_bytes = ours.memory_bytes != 0 ? ours.memory_bytes : IMGCORE_DEFAULT_MEMORY_BYTES;
    ours.metadata_bytes =
        ours.metadata_bytes != 0 ? ours.metadata_bytes : IMGCORE_DEFAULT_METADATA_BYTES;
    ours.icc_bytes = ours.icc_bytes != 0 ? ours.icc_bytes : IMGCORE_DEFAULT_ICC_BYTES;
    ours.output_pixels =
        ours.output_pixels != 0 ? ours.output_pixels : IMGCORE_DEFAULT_OUTPUT_PIXELS;
    return ours;
}

/* Checks the few bytes that show a profile of another kind, or none. The rest is checked when it is
 * needed, or by imgcore_check_cmyk_profile, since that costs more than most calls. */
static enum imgcore_status check_cmyk_header(const uint8_t *profile, size_t size_bytes,
                                             struct imgcore_error *error) {
    if (size_bytes >= IC_ICC_HEADER_BYTES && memcmp(profile + 16, "CMYK", 4) == 0 &&
        memcmp(profile + 36, "acsp", 4) == 0) {
        return IMGCORE_OK;
    }
    return ic_fail(error, IMGCORE_INVALID_ARGUMENT,
                   "the default profile for CMYK is no ICC profile of CMYK");
}

enum imgcore_status imgcore_check_cmyk_profile(struct imgcore_context *context,
                                               const uint8_t *profile, size_t size_bytes,
                                               struct imgcore_error *error) {
    ic_error_clear(error);
    if (context == NULL || profile == NULL) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "there is no context, or no profile");
    }
    enum imgcore_status status = check_cmyk_header(profile, size_bytes, error);
    if (status != IMGCORE_OK) {
        return status;
    }
    bool is_usable;
    ic_mem_set_budget(&context->mem, SIZE_MAX / 2);
    status = ic_icc_check(context->icc, profile, size_bytes, IC_COLOR_CMYK, &is_usable);
    if (status != IMGCORE_OK) {
        return ic_fail(error, status, "%s", "");
    }
    return is_usable ? IMGCORE_OK
                     : ic_fail(error, IMGCORE_INVALID_ARGUMENT, "%s", IC_CMYK_PROFILE_DAMAGED);
}

enum imgcore_status ic_options_resolve(const struct imgcore_options *options,
                                       struct imgcore_options *ours, struct imgcore_error *error) {
    imgcore_options_default(ours);
    if (options != NULL) {
        const enum imgcore_status status =
            ic_versioned_read(&ic_versioned_options, "the options", options, ours, error);
        if (status != IMGCORE_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < sizeof(ours->limits.reserved) / sizeof(ours->limits.reserved[0]); i++) {
        if (ours->limits.reserved[i] != 0) {
            return ic_fail(error, IMGCORE_UNKNOWN_FIELD,
                           "the limits: reserved word %zu is set, which version %s does not know",
                           i, IMGCORE_VERSION_STRING);
        }
    }
    if ((int)ours->preset < IMGCORE_PRESET_BALANCED || ours->preset > IMGCORE_PRESET_FAST) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "the preset is none");
    }
    if (ours->threads > IMGCORE_MAX_THREADS) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "more than %d threads",
                       IMGCORE_MAX_THREADS);
    }
    if ((ours->crop_width_px == 0) != (ours->crop_height_px == 0) ||
        (ours->crop_width_px == 0 && (ours->crop_left_px != 0 || ours->crop_top_px != 0))) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "a side of the crop is 0");
    }
    if (ours->info != NULL &&
        !ic_versioned_has_size(&ic_versioned_info, ours->info->struct_size_bytes)) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT,
                       "the info of the options was not filled by imgcore_info_default");
    }
    ours->limits = ic_limits_resolve(&ours->limits);
    return ours->cmyk_profile == NULL
               ? IMGCORE_OK
               : check_cmyk_header(ours->cmyk_profile, ours->cmyk_profile_bytes, error);
}
