/* imgcore_transform: files with options from the input. Each result decodes by the codecs' own
 * libraries and has the planned size; and one comparison, chosen by the input: every CPU target,
 * any number of threads, a streamed source, a fresh context, and interrupted calls (an allocation,
 * a read, a budget, a cancellation) end with a clear status, no output, no leak, and a context that
 * works as before. CMYK may get a profile, whole or damaged. The last OPTION_BYTES bytes are the
 * choices, the rest is the file. */
#include "fuzz/support/fit_oracle.h"
#include "fuzz/support/fuzz.h"
#include "imgcore/imgcore.h"
#include "tests/support/cmyk_profile.h"
#include "tests/support/pictures.h"

#include <string.h>

enum {
    OPTION_BYTES = 96,
    MAX_PROFILE_FAULTS = 7,
    MAX_OUTPUTS = 3,
    MAX_TARGETS = 16,
    MAX_PIXELS = 1 << 16,
    MEMORY_BYTES = 48 << 20
};

struct file {
    const uint8_t *bytes;
    size_t size_bytes;
};

struct result {
    enum imgcore_status status;
    struct imgcore_output outputs[MAX_OUTPUTS];
};

struct request {
    struct file file;
    struct imgcore_options options;
    struct imgcore_output outputs[MAX_OUTPUTS];
    size_t count;
};

/* ---- the request --------------------------------------------------------------------------- */

static void take_output(struct fuzz_input *input, struct imgcore_output *output) {
    imgcore_output_default(output);
    output->width_px = fuzz_take_range(input, 0, 96);
    output->height_px = fuzz_take_range(input, 0, 96);
    output->fit = (enum imgcore_fit)fuzz_take_range(input, 0, IMGCORE_FIT_OUTSIDE);
    output->gravity = (enum imgcore_gravity)fuzz_take_range(input, 0, IMGCORE_GRAVITY_NORTH_WEST);
    output->filter = (enum imgcore_filter)fuzz_take_range(input, 0, IMGCORE_FILTER_BOX);
    output->format = (enum imgcore_format)fuzz_take_range(input, 0, IMGCORE_FORMAT_PNG);
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
        FUZZ_CHECK(made && size_bytes > 512, "no profile");
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

/* A profile that is refused beforehand fails every call that needs it, and no other. */
static void check_profile(struct imgcore_context *context, const struct imgcore_options *options,
                          enum imgcore_status status) {
    if (options->cmyk_profile && status == IMGCORE_INVALID_ARGUMENT)
        FUZZ_CHECK(imgcore_check_cmyk_profile(context, options->cmyk_profile,
                                              options->cmyk_profile_bytes,
                                              NULL) == IMGCORE_INVALID_ARGUMENT,
                   "a profile that is good fails");
}

static void take_request(struct fuzz_input *input, struct request *request) {
    struct imgcore_options *options = &request->options;
    imgcore_options_default(options);
    const uint8_t flags = fuzz_take_u8(input);
    options->tolerant = flags & 1;
    options->linear = flags & 2;
    options->keep_icc = flags & 4;
    options->keep_copyright = flags & 8;
    options->ignore_orientation = flags & 16;
    options->preset = (enum imgcore_preset)fuzz_take_range(input, 0, IMGCORE_PRESET_FAST);
    options->limits.pixels = MAX_PIXELS;
    options->limits.output_pixels = MAX_PIXELS;
    options->limits.memory_bytes = MEMORY_BYTES;
    options->limits.scans = 12;
    request->count = fuzz_take_range(input, 1, MAX_OUTPUTS);
    for (size_t i = 0; i < request->count; i++)
        take_output(input, &request->outputs[i]);
    if (flags & 32)
        take_profile(input, options, flags & 64);
}

/* ---- one call ------------------------------------------------------------------------------ */

static struct result run_source(struct imgcore_context *context, const struct request *request,
                                const struct imgcore_options *options,
                                const struct imgcore_source *source) {
    struct result result;
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

static struct result run(struct imgcore_context *context, const struct request *request,
                         const struct imgcore_options *options) {
    const struct imgcore_source source = {.bytes = request->file.bytes,
                                          .size_bytes = request->file.size_bytes};
    return run_source(context, request, options, &source);
}

static void check_same(const struct request *request, const struct result *expected,
                       const struct result *result, const char *what) {
    FUZZ_CHECK(result->status == expected->status, "%s: %s instead of %s", what,
               imgcore_status_name(result->status), imgcore_status_name(expected->status));
    for (size_t i = 0; i < request->count && result->status == IMGCORE_OK; i++) {
        const struct imgcore_output *a = &expected->outputs[i], *b = &result->outputs[i];
        FUZZ_CHECK(a->size_bytes == b->size_bytes && !memcmp(a->bytes, b->bytes, a->size_bytes),
                   "%s: output %zu differs", what, i);
    }
}

/* ---- the results by themselves ------------------------------------------------------------- */

static void check_size(const struct request *request, const struct imgcore_info *info,
                       const struct imgcore_output *output) {
    const uint32_t width =
        request->options.ignore_orientation ? info->width_px : info->oriented_width_px;
    const uint32_t height =
        request->options.ignore_orientation ? info->height_px : info->oriented_height_px;
    FUZZ_CHECK((uint64_t)output->result_width_px * output->result_height_px <= MAX_PIXELS,
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

static void check_outputs(struct imgcore_context *context, const struct request *request,
                          const struct result *result) {
    const struct imgcore_source source = {.bytes = request->file.bytes,
                                          .size_bytes = request->file.size_bytes};
    struct imgcore_info info;
    imgcore_info_default(&info);
    FUZZ_CHECK(imgcore_probe(context, &source, &request->options, &info, NULL) == IMGCORE_OK,
               "what can be transformed cannot be probed");
    for (size_t i = 0; i < request->count; i++) {
        const struct imgcore_output *output = &result->outputs[i];
        const bool is_jpeg = output->result_format == IMGCORE_FORMAT_JPEG;
        FUZZ_CHECK(output->result_format == (output->format ? output->format : info.format),
                   "another format");
        check_size(request, &info, output);
        uint32_t width, height;
        uint64_t sum = 0;
        int channels;
        uint8_t *pixels = (is_jpeg ? jpeg_read : png_read)(output->bytes, output->size_bytes,
                                                           &width, &height, &channels);
        FUZZ_CHECK(pixels && width == output->result_width_px && height == output->result_height_px,
                   "output %zu decodes to %ux%u", i, width, height);
        /* Every byte and sample is read: an uninitialised one is seen by MSan. */
        for (size_t at = 0; at < (size_t)width * height * (size_t)channels; at++)
            sum += pixels[at];
        FUZZ_CHECK(sum <= UINT64_C(255) * 4 * MAX_PIXELS, "more than all samples");
        free(pixels);
    }
}

/* ---- calls that are interrupted ------------------------------------------------------------ */

struct fault {
    uint32_t countdown; /* steps until it happens */
    bool stays;         /* and from there on */
    bool happened;
    long live; /* blocks */
    struct file file;
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
static void check_interrupted(const struct request *request, const struct result *expected,
                              const struct result *result, bool happened,
                              enum imgcore_status status, const char *what) {
    if (happened && result->status == status)
        return;
    check_same(request, expected, result, what);
}

static void check_allocation(struct fuzz_input *input, const struct request *request,
                             const struct result *expected) {
    struct fault fault = {.countdown = fuzz_take_u8(input)};
    fault.stays = fuzz_take_bool(input);
    const struct imgcore_allocator allocator = {fault_alloc, fault_free, &fault};
    struct imgcore_context *context;
    const enum imgcore_status status = imgcore_context_create(&allocator, &context);
    if (status != IMGCORE_OK) {
        FUZZ_CHECK(status == IMGCORE_NO_MEMORY && !context && fault.happened, "status %d", status);
    } else {
        struct result result = run(context, request, &request->options);
        check_interrupted(request, expected, &result, fault.happened, IMGCORE_NO_MEMORY,
                          "a failed allocation");
        imgcore_output_clear(context, result.outputs, request->count);
        fault.countdown = UINT32_MAX;
        result = run(context, request, &request->options);
        check_same(request, expected, &result, "after a failed allocation");
        imgcore_output_clear(context, result.outputs, request->count);
        imgcore_context_destroy(context);
    }
    FUZZ_CHECK(fault.live == 0, "%ld blocks leak", fault.live);
}

static void check_read(struct fuzz_input *input, struct imgcore_context *context,
                       const struct request *request, const struct result *expected) {
    const bool is_whole = fuzz_take_bool(input);
    struct fault fault = {.file = request->file, .stays = true};
    fault.countdown = is_whole ? UINT32_MAX : fuzz_take_range(input, 0, 40);
    fault.most_bytes = 1 + fuzz_take_u8(input) * (size_t)fuzz_take_u8(input);
    const struct imgcore_source source = {
        .read = fault_read, .user = &fault, .rewind = fuzz_take_bool(input) ? NULL : fault_rewind};
    struct result result = run_source(context, request, &request->options, &source);
    check_interrupted(request, expected, &result, fault.happened, IMGCORE_READ_FAILED,
                      "a streamed source");
    imgcore_output_clear(context, result.outputs, request->count);
}

static void check_cancel(struct fuzz_input *input, struct imgcore_context *context,
                         const struct request *request, const struct result *expected) {
    struct imgcore_options options = request->options;
    struct fault fault = {.countdown = fuzz_take_u8(input)};
    options.is_cancelled = fault_cancel;
    options.cancel_user = &fault;
    options.threads = fuzz_take_range(input, 0, 3);
    struct result result = run(context, request, &options);
    FUZZ_CHECK(fault.happened == (result.status == IMGCORE_CANCELLED), "cancelled: %s",
               imgcore_status_name(result.status));
    check_interrupted(request, expected, &result, fault.happened, IMGCORE_CANCELLED,
                      "a call with cancellation");
    imgcore_output_clear(context, result.outputs, request->count);
}

/* A small budget may choose another PNG encoder, whose bytes differ and whose pixels do not. */
static void check_same_pixels(const struct request *request, const struct result *expected,
                              const struct result *result) {
    FUZZ_CHECK(result->status == expected->status, "a small budget: %s instead of %s",
               imgcore_status_name(result->status), imgcore_status_name(expected->status));
    for (size_t i = 0; i < request->count && result->status == IMGCORE_OK; i++) {
        const struct imgcore_output *pair[2] = {&expected->outputs[i], &result->outputs[i]};
        uint32_t width[2], height[2];
        int channels[2];
        uint8_t *pixels[2];
        for (int k = 0; k < 2; k++)
            pixels[k] = (pair[k]->result_format == IMGCORE_FORMAT_JPEG ? jpeg_read : png_read)(
                pair[k]->bytes, pair[k]->size_bytes, &width[k], &height[k], &channels[k]);
        FUZZ_CHECK(
            width[0] == width[1] && height[0] == height[1] && channels[0] == channels[1] &&
                !memcmp(pixels[0], pixels[1], (size_t)width[0] * height[0] * (size_t)channels[0]),
            "a small budget: output %zu has other pixels", i);
        free(pixels[0]);
        free(pixels[1]);
    }
}

static void check_budget(struct fuzz_input *input, struct imgcore_context *context,
                         const struct request *request, const struct result *expected) {
    struct imgcore_options options = request->options;
    options.limits.memory_bytes = (size_t)1 + fuzz_take_range(input, 0, 4 << 20);
    struct result result = run(context, request, &options);
    if (result.status != IMGCORE_BUDGET)
        check_same_pixels(request, expected, &result);
    imgcore_output_clear(context, result.outputs, request->count);
}

/* ---- comparisons --------------------------------------------------------------------------- */

static void check_targets(struct fuzz_input *input, const struct request *request,
                          const struct result *expected) {
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
    struct result result = run(*context, request, &request->options);
    check_same(request, expected, &result, imgcore_target_name(target));
    imgcore_output_clear(*context, result.outputs, request->count);
}

static void check_threads(struct fuzz_input *input, struct imgcore_context *context,
                          const struct request *request, const struct result *expected) {
    struct imgcore_options options = request->options;
    options.threads = fuzz_take_range(input, 2, 4);
    struct result result = run(context, request, &options);
    check_same(request, expected, &result, "threads");
    imgcore_output_clear(context, result.outputs, request->count);
}

static void check_one(struct fuzz_input *input, uint8_t comparison, struct imgcore_context *context,
                      const struct request *request, const struct result *expected) {
    switch (comparison % 6) {
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
    struct request request;
    memset(&request, 0, sizeof request);
    const uint8_t comparison = fuzz_take_u8(&input);
    take_request(&input, &request);
    request.file = (struct file){data, size_bytes - option_bytes};
    struct result expected = run(context, &request, &request.options);
    if (expected.status == IMGCORE_OK)
        check_outputs(context, &request, &expected);
    check_profile(context, &request.options, expected.status);
    check_one(&input, comparison, context, &request, &expected);
    /* The context works as before. */
    if (comparison >= 128) {
        struct result again = run(context, &request, &request.options);
        check_same(&request, &expected, &again, "the same call again");
        imgcore_output_clear(context, again.outputs, request.count);
    }
    imgcore_output_clear(context, expected.outputs, request.count);
    return 0;
}
