/* Options: their defaults, and the merging of a caller's options with them. */
#include <string.h>

#include "imgcore/api/context.h"

void imgcore_options_default_sized(struct imgcore_options *options, size_t struct_size_bytes) {
    memset(options, 0, struct_size_bytes);
    options->struct_size_bytes = struct_size_bytes;
}

/* In parentheses, so that the macro does not apply. The struct of version 0.1 ended before the
 * first field of version 0.2. */
void(imgcore_options_default)(struct imgcore_options *options) {
    imgcore_options_default_sized(options, offsetof(struct imgcore_options, is_cancelled));
}

void imgcore_output_default(struct imgcore_output *output) {
    memset(output, 0, sizeof(*output));
    output->struct_size_bytes = sizeof(*output);
    output->quality = 80;
    output->png_level = 1;
    memset(output->background, 255, sizeof(output->background));
}

void imgcore_info_default(struct imgcore_info *info) {
    memset(info, 0, sizeof(*info));
    info->struct_size_bytes = sizeof(*info);
}

void imgcore_resize_options_default(struct imgcore_resize_options *options) {
    memset(options, 0, sizeof(*options));
    options->struct_size_bytes = sizeof(*options);
    options->channels = 3;
}

bool ic_copy_versioned(void *ours, size_t our_bytes, const void *theirs, size_t their_bytes,
                       size_t least_bytes) {
    /* a size that is far too large means an uninitialised struct */
    if (their_bytes < least_bytes || their_bytes > 65536) {
        return false;
    }
    memcpy(ours, theirs, their_bytes < our_bytes ? their_bytes : our_bytes);
    return true;
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

enum imgcore_status ic_options_resolve(const struct imgcore_options *options,
                                       struct imgcore_options *ours, struct imgcore_error *error) {
    imgcore_options_default(ours);
    if (options != NULL &&
        !ic_copy_versioned(ours, sizeof(*ours), options, options->struct_size_bytes,
                           offsetof(struct imgcore_options, preset))) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT,
                       "the options were not filled by imgcore_options_default");
    }
    /* An older header, or the struct ends inside a pointer. */
    if (options != NULL &&
        options->struct_size_bytes < offsetof(struct imgcore_options, on_stage)) {
        ours->is_cancelled = NULL;
        ours->cancel_user = NULL;
    }
    if (options != NULL && options->struct_size_bytes < sizeof(*ours)) {
        ours->on_stage = NULL;
        ours->stage_user = NULL;
    }
    if ((int)ours->preset < IMGCORE_PRESET_BALANCED || ours->preset > IMGCORE_PRESET_FAST) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "the preset is none");
    }
    if (ours->threads > IMGCORE_MAX_THREADS) {
        return ic_fail(error, IMGCORE_INVALID_ARGUMENT, "more than %d threads",
                       IMGCORE_MAX_THREADS);
    }
    ours->limits = ic_limits_resolve(&ours->limits);
    return IMGCORE_OK;
}
