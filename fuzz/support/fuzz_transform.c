/* Requests to imgcore_transform: see fuzz_transform.h. */
#include "fuzz/support/fuzz_transform.h"

#include <string.h>

#include "tests/support/cmyk_profile.h"

enum { MEMORY_BYTES = 48 << 20, MAX_PROFILE_FAULTS = 7 };

struct imgcore_source fuzz_source_of(const struct fuzz_request *request) {
    return (struct imgcore_source){.bytes = request->file.bytes,
                                   .size_bytes = request->file.size_bytes};
}

static void take_output(struct fuzz_input *input, struct imgcore_output *output) {
    imgcore_output_default(output);
    output->width_px = fuzz_take_range(input, 0, 96);
    output->height_px = fuzz_take_range(input, 0, 96);
    output->fit = (enum imgcore_fit)fuzz_take_range(input, 0, IMGCORE_FIT_OUTSIDE);
    output->gravity = (enum imgcore_gravity)fuzz_take_range(input, 0, IMGCORE_GRAVITY_NORTH_WEST);
    output->filter = (enum imgcore_filter)fuzz_take_range(input, 0, IMGCORE_FILTER_BOX);
    output->format = (enum imgcore_format)fuzz_take_range(input, 0, IMGCORE_FORMAT_PIXELS);
    output->quality = (int)fuzz_take_range(input, 1, 100);
    output->png_level = (int)fuzz_take_range(input, 0, 9);
    output->subsampling =
        (enum imgcore_subsampling)fuzz_take_range(input, 0, IMGCORE_SUBSAMPLING_AUTO);
    const uint8_t flags = fuzz_take_u8(input);
    output->enlarge = flags & 1;
    output->progressive = flags & 2;
    output->optimize = flags & 4;
    for (int i = 0; i < 4 && (flags & 8); i++)
        output->background[i] = fuzz_take_u8(input);
}

/* A profile for CMYK, made once and copied: some of the bytes behind its header become others,
 * those of its tags more often. */
static void take_profile(struct fuzz_input *input, struct imgcore_options *options, bool whole) {
    static uint8_t *made, *copy;
    static size_t size_bytes;
    if (!made) {
        made = cmyk_profile_make(&size_bytes);
        FUZZ_CHECK(size_bytes > 512, "no profile");
        memset(made + 24, 0, 12); /* the time of creation */
        copy = fuzz_alloc(size_bytes);
    }
    memcpy(copy, made, size_bytes);
    const uint32_t faults = whole ? 0 : fuzz_take_range(input, 1, MAX_PROFILE_FAULTS);
    for (uint32_t i = 0; i < faults; i++) {
        const uint32_t last = fuzz_take_bool(input) ? 383 : (uint32_t)size_bytes - 1;
        const uint32_t at = fuzz_take_range(input, 128, last);
        const uint8_t value = fuzz_take_u8(input);
        copy[at] = value;
    }
    options->cmyk_profile = copy;
    options->cmyk_profile_bytes = size_bytes;
}

/* Part of a side from the input, most of the time inside. */
static void take_span(struct fuzz_input *input, uint32_t side, uint32_t *start, uint32_t *length) {
    const uint32_t first = fuzz_take_u8(input), part = fuzz_take_u8(input);
    *start = first * side / 256;
    *length = part == 255 ? side : 1 + part * (side - *start) / 256;
}

static void take_crop(struct fuzz_input *input, struct imgcore_context *context,
                      struct fuzz_request *request) {
    const struct imgcore_source source = fuzz_source_of(request);
    struct imgcore_info info;
    imgcore_info_default(&info);
    imgcore_probe(context, &source, &request->options, &info, NULL);
    struct imgcore_options *options = &request->options;
    const bool is_stored = options->ignore_orientation;
    take_span(input, is_stored ? info.width_px : info.oriented_width_px, &options->crop_left_px,
              &options->crop_width_px);
    take_span(input, is_stored ? info.height_px : info.oriented_height_px, &options->crop_top_px,
              &options->crop_height_px);
}

void fuzz_take_request(struct fuzz_input *input, struct imgcore_context *context,
                       struct fuzz_request *request) {
    struct imgcore_options *options = &request->options;
    imgcore_options_default(options);
    const uint8_t flags = fuzz_take_u8(input);
    options->tolerant = flags & 1;
    options->linear = flags & 2;
    options->keep_icc = flags & 4;
    options->keep_copyright = flags & 8;
    options->ignore_orientation = flags & 16;
    options->preset = (enum imgcore_preset)fuzz_take_range(input, 0, IMGCORE_PRESET_FAST);
    options->limits.pixels = FUZZ_OUTPUT_PIXELS;
    options->limits.output_pixels = FUZZ_OUTPUT_PIXELS;
    options->limits.memory_bytes = MEMORY_BYTES;
    options->limits.scans = 12;
    request->count = fuzz_take_range(input, 1, FUZZ_MAX_OUTPUTS);
    for (size_t i = 0; i < request->count; i++)
        take_output(input, &request->outputs[i]);
    if (flags & 32)
        take_crop(input, context, request);
    if (flags & 64)
        take_profile(input, options, flags & 128);
}

struct fuzz_result fuzz_run_source(struct imgcore_context *context,
                                   const struct fuzz_request *request,
                                   const struct imgcore_options *options,
                                   const struct imgcore_source *source) {
    struct fuzz_result result;
    struct imgcore_error error;
    memcpy(result.outputs, request->outputs, sizeof result.outputs);
    result.status =
        imgcore_transform(context, source, options, result.outputs, request->count, &error);
    FUZZ_CHECK(result.status != IMGCORE_INTERNAL && result.status == error.status,
               "status %s, error %s: %s", imgcore_status_name(result.status),
               imgcore_status_name(error.status), error.detail);
    for (size_t i = 0; i < request->count; i++)
        FUZZ_CHECK((result.outputs[i].bytes != NULL) == (result.status == IMGCORE_OK),
                   "status %s, and output %zu %s", imgcore_status_name(result.status), i,
                   result.outputs[i].bytes ? "exists" : "does not");
    return result;
}

struct fuzz_result fuzz_run(struct imgcore_context *context, const struct fuzz_request *request,
                            const struct imgcore_options *options) {
    const struct imgcore_source source = fuzz_source_of(request);
    return fuzz_run_source(context, request, options, &source);
}

static bool is_fault(enum imgcore_status status) {
    return status == IMGCORE_CORRUPT || status == IMGCORE_TRUNCATED;
}

/* Below a crop a reader finds damage or not: it looks ahead by a few rows, or has read all scans.
 */
static bool is_damaged_below(const struct fuzz_request *request, const struct fuzz_result *a,
                             const struct fuzz_result *b) {
    const bool one_is_made = (a->status == IMGCORE_OK) != (b->status == IMGCORE_OK);
    return request->options.crop_height_px && one_is_made &&
           (is_fault(a->status) || is_fault(b->status));
}

void fuzz_check_same(const struct fuzz_request *request, const struct fuzz_result *expected,
                     const struct fuzz_result *result, const char *what) {
    if (is_damaged_below(request, expected, result))
        return;
    FUZZ_CHECK(result->status == expected->status, "%s: %s instead of %s", what,
               imgcore_status_name(result->status), imgcore_status_name(expected->status));
    for (size_t i = 0; i < request->count && result->status == IMGCORE_OK; i++) {
        const struct imgcore_output *a = &expected->outputs[i], *b = &result->outputs[i];
        FUZZ_CHECK(a->size_bytes == b->size_bytes && !memcmp(a->bytes, b->bytes, a->size_bytes),
                   "%s: output %zu differs", what, i);
    }
}
