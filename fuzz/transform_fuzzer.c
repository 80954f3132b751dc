/* imgcore_transform: files with options from the input. Each result decodes by the codecs' own
 * libraries and has the planned size; a crop gives what its pixels alone give; and one comparison,
 * chosen by the input: every CPU target, any number of threads, a streamed source, a fresh context,
 * write functions, pixels as the source, and interrupted calls (an allocation, a read, a budget, a
 * cancellation) end with a clear status, no output, no leak, and a context that works as before.
 * CMYK may get a profile, whole or damaged. The last OPTION_BYTES bytes are the choices, the rest
 * is the file. */
#include "fuzz/support/fit_oracle.h"
#include "fuzz/support/fuzz_transform.h"
#include "tests/support/pictures.h"

#include <string.h>

enum { OPTION_BYTES = 96, MAX_TARGETS = 16 };

/* A profile that is refused beforehand fails every call that needs it, and no other. A crop may be
 * an invalid argument, too. */
static void check_profile(struct imgcore_context *context, const struct imgcore_options *options,
                          enum imgcore_status status) {
    const bool has_crop = options->crop_width_px || options->crop_height_px;
    if (options->cmyk_profile && !has_crop && status == IMGCORE_INVALID_ARGUMENT)
        FUZZ_CHECK(imgcore_check_cmyk_profile(context, options->cmyk_profile,
                                              options->cmyk_profile_bytes,
                                              NULL) == IMGCORE_INVALID_ARGUMENT,
                   "a profile that is good fails");
}

/* ---- the results by themselves ------------------------------------------------------------- */

static void check_size(const struct fuzz_request *request, const struct imgcore_info *info,
                       const struct imgcore_output *output) {
    const struct imgcore_options *options = &request->options;
    uint32_t width = options->ignore_orientation ? info->width_px : info->oriented_width_px;
    uint32_t height = options->ignore_orientation ? info->height_px : info->oriented_height_px;
    if (options->crop_width_px) {
        FUZZ_CHECK((uint64_t)options->crop_left_px + options->crop_width_px <= width &&
                       (uint64_t)options->crop_top_px + options->crop_height_px <= height,
                   "a crop that is not inside");
        width = options->crop_width_px;
        height = options->crop_height_px;
    }
    FUZZ_CHECK((uint64_t)output->result_width_px * output->result_height_px <= FUZZ_OUTPUT_PIXELS,
               "an output over the limit");
    if (output->fit == IMGCORE_FIT_INSIDE) {
        uint64_t fit_width, fit_height;
        fit_oracle_inside(width, height, output->width_px, output->height_px, output->enlarge,
                          &fit_width, &fit_height);
        FUZZ_CHECK(output->result_width_px == fit_width && output->result_height_px == fit_height,
                   "%ux%u in %ux%u: %ux%u", width, height, output->width_px, output->height_px,
                   output->result_width_px, output->result_height_px);
    }
    if (!output->enlarge && output->fit != IMGCORE_FIT_CONTAIN)
        FUZZ_CHECK(output->result_width_px <= width && output->result_height_px <= height,
                   "%ux%u was enlarged to %ux%u", width, height, output->result_width_px,
                   output->result_height_px);
}

/* Returns the pixels of an output, decoded by the codec's own library; free() them. */
static uint8_t *decode_output(const struct imgcore_output *output, uint32_t *width,
                              uint32_t *height, int *channels) {
    if (output->result_format != IMGCORE_FORMAT_PIXELS)
        return (output->result_format == IMGCORE_FORMAT_JPEG ? jpeg_read : png_read)(
            output->bytes, output->size_bytes, width, height, channels);
    *width = output->result_width_px;
    *height = output->result_height_px;
    *channels = output->result_channels;
    FUZZ_CHECK(*channels >= 1 && *channels <= 4 &&
                   output->size_bytes == (size_t)*width * *height * (size_t)*channels,
               "%zu bytes of %ux%u pixels", output->size_bytes, *width, *height);
    return memcpy(fuzz_alloc(output->size_bytes), output->bytes, output->size_bytes);
}

static void check_outputs(struct imgcore_context *context, const struct fuzz_request *request,
                          const struct fuzz_result *result) {
    const struct imgcore_source source = fuzz_source_of(request);
    struct imgcore_info info;
    imgcore_info_default(&info);
    FUZZ_CHECK(imgcore_probe(context, &source, &request->options, &info, NULL) == IMGCORE_OK,
               "what can be transformed cannot be probed");
    for (size_t i = 0; i < request->count; i++) {
        const struct imgcore_output *output = &result->outputs[i];
        FUZZ_CHECK(output->result_format == (output->format ? output->format : info.format),
                   "another format");
        check_size(request, &info, output);
        uint32_t width, height;
        uint64_t sum = 0;
        int channels;
        uint8_t *pixels = decode_output(output, &width, &height, &channels);
        FUZZ_CHECK(pixels && width == output->result_width_px && height == output->result_height_px,
                   "output %zu decodes to %ux%u", i, width, height);
        /* Every byte and sample is read: an uninitialised one is seen by MSan. */
        for (size_t at = 0; at < (size_t)width * height * (size_t)channels; at++)
            sum += pixels[at];
        FUZZ_CHECK(sum <= UINT64_C(255) * 4 * FUZZ_OUTPUT_PIXELS, "more than all samples");
        free(pixels);
    }
}

/* ---- crops and pixels ---------------------------------------------------------------------- */

/* Runs the request on pixels. A format that follows the input would be that of pixels. */
static struct fuzz_result run_pixels(struct imgcore_context *context,
                                     const struct fuzz_request *request,
                                     const struct imgcore_pixels *pixels,
                                     enum imgcore_format input_format) {
    struct fuzz_request with = *request;
    for (size_t i = 0; i < with.count; i++)
        with.outputs[i].format = with.outputs[i].format ? with.outputs[i].format : input_format;
    const struct imgcore_source source = {.pixels = pixels};
    return fuzz_run_source(context, &with, &with.options, &source);
}

/* The entire input as pixels, and the rectangle of the request in them, give the same bytes as the
 * file: of a PNG, and of a grey JPEG without halved rows, which take the same path. Not with
 * colours to convert or a rotation, which come after the resizing. */
static void check_pixels(struct imgcore_context *context, const struct fuzz_request *request,
                         const struct fuzz_result *expected) {
    struct imgcore_info info;
    imgcore_info_default(&info);
    struct fuzz_request whole = {.file = request->file, .options = request->options, .count = 1};
    struct imgcore_options *options = &whole.options;
    options->crop_left_px = options->crop_top_px = 0;
    options->crop_width_px = options->crop_height_px = 0;
    options->info = &info;
    imgcore_output_default(&whole.outputs[0]);
    whole.outputs[0].format = IMGCORE_FORMAT_PIXELS;
    struct fuzz_result decoded = fuzz_run(context, &whole, options);
    const struct imgcore_output *all = &decoded.outputs[0];
    const bool is_same_path =
        info.format == IMGCORE_FORMAT_PNG ||
        (info.color_model == IMGCORE_COLOR_GREY && options->preset == IMGCORE_PRESET_QUALITY);
    const bool is_upright = options->ignore_orientation || info.orientation == 1;
    if (decoded.status == IMGCORE_OK && is_same_path && is_upright && info.icc_is_srgb &&
        !info.icc_bytes && !options->keep_copyright) {
        struct fuzz_request with = *request;
        const size_t channels = (size_t)all->result_channels, left = with.options.crop_left_px;
        const ptrdiff_t stride = (ptrdiff_t)(all->result_width_px * channels);
        struct imgcore_pixels pixels = {.first_row = all->bytes,
                                        .stride_bytes = stride,
                                        .width_px = all->result_width_px,
                                        .height_px = all->result_height_px,
                                        .channels = (uint32_t)channels};
        if (with.options.crop_width_px) {
            pixels.first_row += (ptrdiff_t)with.options.crop_top_px * stride;
            pixels.first_row += left * channels;
            pixels.width_px = with.options.crop_width_px;
            pixels.height_px = with.options.crop_height_px;
            with.options.crop_left_px = with.options.crop_top_px = 0;
            with.options.crop_width_px = with.options.crop_height_px = 0;
        }
        struct fuzz_result result = run_pixels(context, &with, &pixels, info.format);
        fuzz_check_same(request, expected, &result, "pixels");
        imgcore_output_clear(context, result.outputs, request->count);
    }
    imgcore_output_clear(context, decoded.outputs, 1);
}

struct taken {
    uint8_t *bytes;
    size_t size_bytes;
    uint32_t pieces_left; /* before it stops */
    bool has_stopped;
};

static bool take_bytes(void *user, const uint8_t *bytes, size_t size_bytes) {
    struct taken *taken = user;
    FUZZ_CHECK(size_bytes && !taken->has_stopped, "a call that is not due");
    taken->has_stopped = taken->pieces_left-- == 0;
    taken->bytes = realloc(taken->bytes, taken->size_bytes + size_bytes);
    FUZZ_CHECK(taken->bytes, "no memory");
    memcpy(taken->bytes + taken->size_bytes, bytes, size_bytes);
    taken->size_bytes += size_bytes;
    return !taken->has_stopped;
}

/* Write functions take the bytes that are collected without them, up to one that stops. */
static void check_write(struct fuzz_input *input, struct imgcore_context *context,
                        const struct fuzz_request *request, const struct fuzz_result *expected) {
    struct fuzz_request with = *request;
    struct taken taken[FUZZ_MAX_OUTPUTS];
    memset(taken, 0, sizeof taken);
    bool has_stopped = false;
    for (size_t i = 0; i < with.count; i++) {
        taken[i].pieces_left = fuzz_take_bool(input) ? fuzz_take_range(input, 0, 3) : UINT32_MAX;
        with.outputs[i].write = take_bytes;
        with.outputs[i].write_user = &taken[i];
    }
    with.options.threads = fuzz_take_range(input, 0, 3);
    const struct imgcore_source source = fuzz_source_of(request);
    const enum imgcore_status status =
        imgcore_transform(context, &source, &with.options, with.outputs, with.count, NULL);
    for (size_t i = 0; i < with.count; i++) {
        FUZZ_CHECK(!taken[i].size_bytes || (expected->status == IMGCORE_OK && !has_stopped),
                   "bytes of output %zu after the end of the call", i);
        has_stopped |= taken[i].has_stopped;
        const struct imgcore_output *output = &expected->outputs[i];
        FUZZ_CHECK(!with.outputs[i].bytes && taken[i].size_bytes <= output->size_bytes &&
                       (!taken[i].size_bytes ||
                        !memcmp(taken[i].bytes, output->bytes, taken[i].size_bytes)),
                   "output %zu through a function differs", i);
        FUZZ_CHECK(status != IMGCORE_OK || (taken[i].size_bytes == output->size_bytes &&
                                            with.outputs[i].size_bytes == output->size_bytes),
                   "output %zu through a function is incomplete", i);
        free(taken[i].bytes);
    }
    FUZZ_CHECK(status == (has_stopped ? IMGCORE_CANCELLED : expected->status), "functions: %s",
               imgcore_status_name(status));
}

/* ---- calls that are interrupted ------------------------------------------------------------ */

struct fault {
    uint32_t countdown; /* steps until it happens */
    bool stays;         /* and from there on */
    bool happened;
    long live; /* blocks */
    struct fuzz_file file;
    size_t read_bytes, most_bytes; /* so far; in one call */
    bool is_rewound;
};

static bool happens(struct fault *fault) {
    if (fault->countdown > 0) {
        fault->countdown--;
        return false;
    }
    const bool is_due = !fault->happened || fault->stays;
    fault->happened = true;
    return is_due;
}

static void *fault_alloc(void *user, size_t size_bytes) {
    struct fault *fault = user;
    void *block = happens(fault) ? NULL : malloc(size_bytes);
    fault->live += block != NULL;
    return block;
}

static void fault_free(void *user, void *block) {
    ((struct fault *)user)->live -= block != NULL;
    free(block);
}

static bool fault_cancel(void *user) {
    return happens(user);
}

static bool fault_read(void *user, uint8_t *buffer, size_t size_bytes, size_t *read_bytes) {
    struct fault *fault = user;
    if (happens(fault))
        return false;
    const size_t left = fault->file.size_bytes - fault->read_bytes;
    size_t count = size_bytes < fault->most_bytes ? size_bytes : fault->most_bytes;
    count = count < left ? count : left;
    if (count)
        memcpy(buffer, fault->file.bytes + fault->read_bytes, count);
    fault->read_bytes += count;
    *read_bytes = count;
    return true;
}

static bool fault_rewind(void *user) {
    struct fault *fault = user;
    FUZZ_CHECK(!fault->happened && !fault->is_rewound, "a rewind that nothing needs");
    fault->is_rewound = true;
    fault->read_bytes = 0;
    return !happens(fault);
}

/* A call that was interrupted ended with `status`; any other ended as without the fault. */
static void check_interrupted(const struct fuzz_request *request,
                              const struct fuzz_result *expected, const struct fuzz_result *result,
                              bool happened, enum imgcore_status status, const char *what) {
    if (happened && result->status == status)
        return;
    fuzz_check_same(request, expected, result, what);
}

static void check_allocation(struct fuzz_input *input, const struct fuzz_request *request,
                             const struct fuzz_result *expected) {
    struct fault fault = {.countdown = fuzz_take_u8(input)};
    fault.stays = fuzz_take_bool(input);
    const struct imgcore_allocator allocator = {fault_alloc, fault_free, &fault};
    struct imgcore_context *context;
    const enum imgcore_status status = imgcore_context_create(&allocator, &context);
    if (status != IMGCORE_OK) {
        FUZZ_CHECK(status == IMGCORE_NO_MEMORY && !context && fault.happened, "status %d", status);
    } else {
        struct fuzz_result result = fuzz_run(context, request, &request->options);
        check_interrupted(request, expected, &result, fault.happened, IMGCORE_NO_MEMORY,
                          "a failed allocation");
        imgcore_output_clear(context, result.outputs, request->count);
        fault.countdown = UINT32_MAX;
        result = fuzz_run(context, request, &request->options);
        fuzz_check_same(request, expected, &result, "after a failed allocation");
        imgcore_output_clear(context, result.outputs, request->count);
        imgcore_context_destroy(context);
    }
    FUZZ_CHECK(fault.live == 0, "%ld blocks leak", fault.live);
}

static void check_read(struct fuzz_input *input, struct imgcore_context *context,
                       const struct fuzz_request *request, const struct fuzz_result *expected) {
    const bool is_whole = fuzz_take_bool(input);
    struct fault fault = {.file = request->file, .stays = true};
    fault.countdown = is_whole ? UINT32_MAX : fuzz_take_range(input, 0, 40);
    fault.most_bytes = 1 + fuzz_take_u8(input) * (size_t)fuzz_take_u8(input);
    const struct imgcore_source source = {
        .read = fault_read, .user = &fault, .rewind = fuzz_take_bool(input) ? NULL : fault_rewind};
    struct fuzz_result result = fuzz_run_source(context, request, &request->options, &source);
    check_interrupted(request, expected, &result, fault.happened, IMGCORE_READ_FAILED,
                      "a streamed source");
    imgcore_output_clear(context, result.outputs, request->count);
}

static void check_cancel(struct fuzz_input *input, struct imgcore_context *context,
                         const struct fuzz_request *request, const struct fuzz_result *expected) {
    struct imgcore_options options = request->options;
    struct fault fault = {.countdown = fuzz_take_u8(input)};
    options.is_cancelled = fault_cancel;
    options.cancel_user = &fault;
    options.threads = fuzz_take_range(input, 0, 3);
    struct fuzz_result result = fuzz_run(context, request, &options);
    FUZZ_CHECK(fault.happened == (result.status == IMGCORE_CANCELLED), "cancelled: %s",
               imgcore_status_name(result.status));
    check_interrupted(request, expected, &result, fault.happened, IMGCORE_CANCELLED,
                      "a call with cancellation");
    imgcore_output_clear(context, result.outputs, request->count);
}

/* A small budget may choose another PNG encoder, whose bytes differ and whose pixels do not. */
static void check_same_pixels(const struct fuzz_request *request,
                              const struct fuzz_result *expected,
                              const struct fuzz_result *result) {
    FUZZ_CHECK(result->status == expected->status, "a small budget: %s instead of %s",
               imgcore_status_name(result->status), imgcore_status_name(expected->status));
    for (size_t i = 0; i < request->count && result->status == IMGCORE_OK; i++) {
        const struct imgcore_output *pair[2] = {&expected->outputs[i], &result->outputs[i]};
        uint32_t width[2], height[2];
        int channels[2];
        uint8_t *pixels[2];
        for (int k = 0; k < 2; k++)
            pixels[k] = decode_output(pair[k], &width[k], &height[k], &channels[k]);
        FUZZ_CHECK(
            width[0] == width[1] && height[0] == height[1] && channels[0] == channels[1] &&
                !memcmp(pixels[0], pixels[1], (size_t)width[0] * height[0] * (size_t)channels[0]),
            "a small budget: output %zu has other pixels", i);
        free(pixels[0]);
        free(pixels[1]);
    }
}

static void check_budget(struct fuzz_input *input, struct imgcore_context *context,
                         const struct fuzz_request *request, const struct fuzz_result *expected) {
    struct imgcore_options options = request->options;
    options.limits.memory_bytes = (size_t)1 + fuzz_take_range(input, 0, 4 << 20);
    struct fuzz_result result = fuzz_run(context, request, &options);
    if (result.status != IMGCORE_BUDGET)
        check_same_pixels(request, expected, &result);
    imgcore_output_clear(context, result.outputs, request->count);
}

/* ---- comparisons --------------------------------------------------------------------------- */

static void check_targets(struct fuzz_input *input, const struct fuzz_request *request,
                          const struct fuzz_result *expected) {
    const size_t target =
        fuzz_take_range(input, 0, (uint32_t)imgcore_target_count() - 1) % MAX_TARGETS;
    if (!imgcore_target_usable(target))
        return;
    static struct imgcore_context *contexts[MAX_TARGETS]; /* their tables take 1 ms to compute */
    struct imgcore_context **context = &contexts[target];
    if (!*context)
        FUZZ_CHECK(imgcore_context_create(NULL, context) == IMGCORE_OK &&
                       imgcore_context_use_target(*context, imgcore_target_name(target)) ==
                           IMGCORE_OK,
                   "no context");
    struct fuzz_result result = fuzz_run(*context, request, &request->options);
    fuzz_check_same(request, expected, &result, imgcore_target_name(target));
    imgcore_output_clear(*context, result.outputs, request->count);
}

static void check_threads(struct fuzz_input *input, struct imgcore_context *context,
                          const struct fuzz_request *request, const struct fuzz_result *expected) {
    struct imgcore_options options = request->options;
    options.threads = fuzz_take_range(input, 2, 4);
    struct fuzz_result result = fuzz_run(context, request, &options);
    fuzz_check_same(request, expected, &result, "threads");
    imgcore_output_clear(context, result.outputs, request->count);
}

static void check_one(struct fuzz_input *input, uint8_t comparison, struct imgcore_context *context,
                      const struct fuzz_request *request, const struct fuzz_result *expected) {
    switch (comparison % 7) {
    case 0:
        check_targets(input, request, expected);
        break;
    case 1:
        check_threads(input, context, request, expected);
        break;
    case 2:
        check_read(input, context, request, expected);
        break;
    case 3:
        check_cancel(input, context, request, expected);
        break;
    case 4:
        check_budget(input, context, request, expected);
        break;
    case 5:
        check_write(input, context, request, expected);
        break;
    default:
        check_allocation(input, request, expected);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    static struct imgcore_context *context; /* reused on purpose, also after failures */
    if (!context)
        FUZZ_CHECK(imgcore_context_create(NULL, &context) == IMGCORE_OK, "no context");
    const size_t option_bytes = size_bytes < OPTION_BYTES ? size_bytes : OPTION_BYTES;
    struct fuzz_input input = {data + (size_bytes - option_bytes), option_bytes};
    struct fuzz_request request;
    memset(&request, 0, sizeof request);
    const uint8_t comparison = fuzz_take_u8(&input);
    request.file = (struct fuzz_file){data, size_bytes - option_bytes};
    fuzz_take_request(&input, context, &request);
    struct fuzz_result expected = fuzz_run(context, &request, &request.options);
    if (expected.status == IMGCORE_OK) {
        check_outputs(context, &request, &expected);
        check_pixels(context, &request, &expected);
    }
    check_profile(context, &request.options, expected.status);
    check_one(&input, comparison, context, &request, &expected);
    /* The context works as before. */
    if (comparison >= 128) {
        struct fuzz_result again = fuzz_run(context, &request, &request.options);
        fuzz_check_same(&request, &expected, &again, "the same call again");
        imgcore_output_clear(context, again.outputs, request.count);
    }
    imgcore_output_clear(context, expected.outputs, request.count);
    return 0;
}
