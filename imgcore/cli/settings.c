/* The options for the results and for the accepted inputs: see settings.h. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "imgcore/cli/settings.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imgcore/cli/text.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The largest colour profile that is read from a file: those of presses have up to 3 MB. */
#define MAX_PROFILE_BYTES ((size_t)16 << 20)

enum output_id {
    FIT,
    GRAVITY,
    ENLARGE,
    FILTER,
    QUALITY,
    SUBSAMPLING,
    PROGRESSIVE,
    OPTIMIZE,
    PNG_LEVEL,
    BACKGROUND
};

const struct cli_option cli_output_options[] = {
    {FIT, 0, "fit", "HOW",
     "fit into the box: inside (default), cover (fills it, cropped),\n"
     "contain (padded), fill (stretched), outside"},
    {GRAVITY, 0, "gravity", "WHERE",
     "the part that cover keeps, the position in contain: centre\n"
     "(default), north, north-east, east, south-east, south, south-west,\n"
     "west, north-west"},
    {ENLARGE, 0, "enlarge", NULL, "allow the result to be larger than the input"},
    {FILTER, 0, "filter", "NAME",
     "lanczos3 (default), lanczos2, mitchell, catmull-rom, triangle, box"},
    {QUALITY, 0, "quality", "N", "quality of a JPEG, 1 to 100 (default 80)"},
    {SUBSAMPLING, 0, "subsampling", "KIND",
     "chroma of a JPEG: 420 (default), 422, 444, or auto: 444 where\n"
     "the loss would be visible at saturated edges"},
    {PROGRESSIVE, 0, "progressive", NULL, "write a progressive JPEG"},
    {OPTIMIZE, 0, "optimize", NULL, "compute the Huffman tables of a JPEG: smaller, slower"},
    {PNG_LEVEL, 0, "png-level", "N", "compression effort of a PNG, 0 to 9 (default 1)"},
    {BACKGROUND, 0, "background", "COLOUR",
     "#rrggbb or #rrggbbaa, behind transparency in a JPEG and around\n"
     "contain (default #ffffff)"},
    {0, 0, NULL, NULL, NULL}};

/* In the order of the library's enums. */
static const char *const fits[] = {"inside", "cover", "contain", "fill", "outside"};
static const char *const gravities[] = {"centre",     "north",      "north-east",
                                        "east",       "south-east", "south",
                                        "south-west", "west",       "north-west"};
static const char *const filters[] = {"lanczos3",    "lanczos2", "mitchell",
                                      "catmull-rom", "triangle", "box"};
static const char *const subsamplings[] = {"420", "422", "444", "auto"};
static const char *const presets[] = {"balanced", "quality", "fast"};
static const char *const formats[] = {"auto", "jpeg", "png", "raw"};

static bool take_int(const struct cli_word *word, int least, int most, int *number) {
    uint64_t n = 0;
    if (!cli_take_number(word, (uint64_t)least, (uint64_t)most, &n)) {
        return false;
    }
    *number = (int)n;
    return true;
}

bool cli_accept_output(void *target, int id, const struct cli_word *word) {
    struct imgcore_output *output = target;
    int index = 0;
    bool good = true;
    switch ((enum output_id)id) {
    case FIT:
        good = cli_take_choice(word, fits, COUNT(fits), &index);
        output->fit = (enum imgcore_fit)index;
        break;
    case GRAVITY:
        good = cli_take_choice(word, gravities, COUNT(gravities), &index);
        output->gravity = (enum imgcore_gravity)index;
        break;
    case ENLARGE:
        output->enlarge = true;
        break;
    case FILTER:
        good = cli_take_choice(word, filters, COUNT(filters), &index);
        output->filter = (enum imgcore_filter)index;
        break;
    case QUALITY:
        good = take_int(word, 1, 100, &output->quality);
        break;
    case SUBSAMPLING:
        good = cli_take_choice(word, subsamplings, COUNT(subsamplings), &index);
        output->subsampling = (enum imgcore_subsampling)index;
        break;
    case PROGRESSIVE:
        output->progressive = true;
        break;
    case OPTIMIZE:
        output->optimize = true;
        break;
    case PNG_LEVEL:
        good = take_int(word, 0, 9, &output->png_level);
        break;
    case BACKGROUND:
        good = cli_take_color(word, output->background);
        break;
    }
    return good;
}

enum input_id {
    CROP,
    PRESET,
    LINEAR,
    KEEP_ICC,
    CMYK_PROFILE,
    KEEP_COPYRIGHT,
    IGNORE_ORIENTATION,
    TOLERANT,
    MAX_PIXELS,
    MAX_SIDE,
    MAX_SCANS,
    MEMORY,
    MAX_METADATA,
    MAX_ICC,
    MAX_OUTPUT_PIXELS
};

const struct cli_option cli_processing_options[] = {
    {CROP, 0, "crop", "LEFT,TOP,WxH",
     "use only this rectangle of each upright image, in pixels; sizes\n"
     "count from it. An image that it is not inside is refused"},
    {PRESET, 0, "preset", "NAME",
     "speed for accuracy: balanced (default), quality (exact; within 1 of\n"
     "255), fast (a JPEG is decoded to just above the size of the result)"},
    {LINEAR, 0, "linear", NULL, "resize in linear light, by the curves of the file's profile"},
    {KEEP_ICC, 0, "keep-icc", NULL, "keep the colour profile instead of converting to sRGB"},
    {CMYK_PROFILE, 0, "cmyk-profile", "FILE",
     "the ICC profile of CMYK images that have none (default: inks on\n"
     "white, by formula)"},
    {KEEP_COPYRIGHT, 0, "keep-copyright", NULL, "keep the EXIF copyright line"},
    {IGNORE_ORIENTATION, 0, "ignore-orientation", NULL, "leave the image as stored"},
    {0, 0, NULL, NULL, NULL}};

const struct cli_option cli_limit_options[] = {
    {TOLERANT, 0, "tolerant", NULL,
     "use the part of a damaged or truncated file that can be decoded"},
    {MAX_PIXELS, 0, "max-pixels", "N", "width x height of an input (default 268402689)"},
    {MAX_SIDE, 0, "max-side", "N", "width or height of an input (default 65535)"},
    {MAX_SCANS, 0, "max-scans", "N", "scans of a JPEG (default 100)"},
    {MEMORY, 0, "memory", "MIB", "memory for one image, in MiB (default 400)"},
    {MAX_METADATA, 0, "max-metadata", "BYTES", "a larger EXIF block is ignored (default 1048576)"},
    {MAX_ICC, 0, "max-icc", "BYTES", "a larger colour profile is refused (default 4194304)"},
    {MAX_OUTPUT_PIXELS, 0, "max-output-pixels", "N",
     "width x height of a result (default 100000000)"},
    {0, 0, NULL, NULL, NULL}};

static bool take_u32(const struct cli_word *word, uint32_t *number) {
    uint64_t n = 0;
    if (!cli_take_number(word, 1, UINT32_MAX, &n)) {
        return false;
    }
    *number = (uint32_t)n;
    return true;
}

static bool take_bytes(const struct cli_word *word, unsigned shift, size_t *number) {
    uint64_t n = 0;
    if (!cli_take_number(word, 1, SIZE_MAX >> shift, &n)) {
        return false;
    }
    *number = (size_t)n << shift;
    return true;
}

static bool accept_limit(struct imgcore_limits *limits, enum input_id id,
                         const struct cli_word *word) {
    switch (id) {
    case MAX_PIXELS:
        return cli_take_number(word, 1, UINT64_MAX, &limits->pixels);
    case MAX_SIDE:
        return take_u32(word, &limits->side_px);
    case MAX_SCANS:
        return take_u32(word, &limits->scans);
    case MEMORY:
        return take_bytes(word, 20, &limits->memory_bytes);
    case MAX_METADATA:
        return take_bytes(word, 0, &limits->metadata_bytes);
    case MAX_ICC:
        return take_bytes(word, 0, &limits->icc_bytes);
    default:
        return cli_take_number(word, 1, UINT64_MAX, &limits->output_pixels);
    }
}

void cli_options_clear(struct imgcore_options *options) {
    free((void *)(uintptr_t)options->cmyk_profile);
    options->cmyk_profile = NULL;
}

/* Damage behind the header would otherwise be found at the first input of inks. */
static bool check_profile(const struct cli_word *word, const struct imgcore_options *options) {
    struct imgcore_error error;
    struct imgcore_context *context = cli_context_create();
    if (!context) {
        return false;
    }
    const enum imgcore_status status = imgcore_check_cmyk_profile(
        context, options->cmyk_profile, options->cmyk_profile_bytes, &error);
    imgcore_context_destroy(context);
    return status == IMGCORE_OK ||
           cli_usage_error(word->command, "%s: '%s': %s", word->option, word->text,
                           *error.detail ? error.detail : imgcore_status_message(status));
}

static bool take_profile(const struct cli_word *word, struct imgcore_options *options) {
    uint8_t *bytes = malloc(MAX_PROFILE_BYTES + 1);
    FILE *file = fopen(word->text, "rb");
    const size_t size_bytes = bytes && file ? fread(bytes, 1, MAX_PROFILE_BYTES + 1, file) : 0;
    const bool is_read = bytes && file && !ferror(file);
    if (file) {
        fclose(file);
    }
    cli_options_clear(options); /* of the option before */
    options->cmyk_profile = bytes;
    options->cmyk_profile_bytes = size_bytes;
    if (!is_read) {
        return cli_usage_error(word->command, "%s: '%s' cannot be read", word->option, word->text);
    }
    if (size_bytes > MAX_PROFILE_BYTES) {
        return cli_usage_error(word->command, "%s: '%s' is too large for a profile", word->option,
                               word->text);
    }
    return check_profile(word, options);
}

static bool take_crop(const struct cli_word *word, struct imgcore_options *options) {
    struct cli_rectangle crop;
    if (!cli_take_rectangle(word, &crop)) {
        return false;
    }
    options->crop_left_px = crop.left;
    options->crop_top_px = crop.top;
    options->crop_width_px = crop.width;
    options->crop_height_px = crop.height;
    return true;
}

bool cli_accept_input(void *target, int id, const struct cli_word *word) {
    struct imgcore_options *options = target;
    int index = 0;
    switch ((enum input_id)id) {
    case CROP:
        return take_crop(word, options);
    case PRESET:
        if (!cli_take_choice(word, presets, COUNT(presets), &index)) {
            return false;
        }
        options->preset = (enum imgcore_preset)index;
        return true;
    case LINEAR:
        options->linear = true;
        return true;
    case KEEP_ICC:
        options->keep_icc = true;
        return true;
    case CMYK_PROFILE:
        return take_profile(word, options);
    case KEEP_COPYRIGHT:
        options->keep_copyright = true;
        return true;
    case IGNORE_ORIENTATION:
        options->ignore_orientation = true;
        return true;
    case TOLERANT:
        options->tolerant = true;
        return true;
    default:
        return accept_limit(&options->limits, (enum input_id)id, word);
    }
}

uint32_t cli_usable_cpus(void) {
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef CPU_COUNT /* the CPUs that taskset, a container or a batch system allows */
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        cpus = CPU_COUNT(&set);
    }
#endif
    return cpus < 1 ? 1 : cpus < IMGCORE_MAX_THREADS ? (uint32_t)cpus : IMGCORE_MAX_THREADS;
}

bool cli_take_threads(const struct cli_word *word, uint32_t *threads) {
    uint64_t n = 0;
    if (!cli_take_number(word, 0, IMGCORE_MAX_THREADS, &n)) {
        return false;
    }
    *threads = n == 0 ? cli_usable_cpus() : (uint32_t)n;
    return true;
}

const char *cli_format_name(enum imgcore_format format) {
    return formats[format];
}

bool cli_take_format(const struct cli_word *word, enum imgcore_format *format) {
    int index = 0;
    if (!cli_take_choice(word, formats, COUNT(formats), &index)) {
        return false;
    }
    *format = (enum imgcore_format)index;
    return true;
}

struct imgcore_context *cli_context_create(void) {
    struct imgcore_context *context = NULL;
    enum imgcore_status status = imgcore_context_create(NULL, &context);
    if (status == IMGCORE_INVALID_ARGUMENT) {
        fputs("imgcore: IMGCORE_TARGETS names no target that this CPU can run (see imgcore "
              "targets), or IMGCORE_JPEG is neither own nor libjpeg\n",
              stderr);
    } else if (status != IMGCORE_OK) {
        fprintf(stderr, "imgcore: %s\n", imgcore_status_message(status));
    }
    return context;
}
