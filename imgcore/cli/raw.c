/* Raw samples as an input: see raw.h. */
#include "imgcore/cli/raw.h"

#include <stdlib.h>
#include <string.h>

#include "imgcore/cli/text.h"

/* Below 2^50: a side has 24 bits. */
static uint64_t bytes_of(const struct imgcore_pixels *pixels) {
    return (uint64_t)pixels->width_px * pixels->height_px * pixels->channels;
}

/* Applies the limits before a byte is allocated. */
static bool check_limits(struct imgcore_context *context, const struct cli_input *input,
                         struct imgcore_options *options, const struct imgcore_pixels *pixels,
                         struct cli_failure *failure) {
    static const uint8_t no_row; /* a probe reads no sample */
    struct imgcore_pixels claimed = *pixels;
    const struct imgcore_source source = {.pixels = &claimed};
    struct imgcore_info info;
    struct imgcore_error error;
    claimed.first_row = &no_row;
    imgcore_info_default(&info);
    const enum imgcore_status status = imgcore_probe(context, &source, options, &info, &error);
    if (status != IMGCORE_OK) {
        return cli_fail_library(failure, status, &error, input);
    }
    size_t *memory_bytes = &options->limits.memory_bytes;
    const size_t most_bytes = *memory_bytes ? *memory_bytes : IMGCORE_DEFAULT_MEMORY_BYTES;
    if (bytes_of(pixels) >= most_bytes) { /* none would be left, and 0 is the default */
        char bytes[CLI_GROUPED_BYTES];
        return cli_fail(
            failure, imgcore_status_name(IMGCORE_BUDGET), "%s: its samples alone are %s bytes",
            imgcore_status_message(IMGCORE_BUDGET), cli_grouped(bytes_of(pixels), bytes));
    }
    *memory_bytes = most_bytes - (size_t)bytes_of(pixels);
    return true;
}

/* Reads `size_bytes` bytes and, unless it is tolerated, the end behind them. */
static bool read_samples(struct cli_input *input, const struct imgcore_pixels *pixels,
                         uint8_t *samples, bool tolerant, struct cli_failure *failure) {
    const size_t size_bytes = (size_t)bytes_of(pixels);
    size_t got_bytes = 0;
    size_t more_bytes = 0;
    uint8_t more;
    if (!cli_input_read(input, samples, size_bytes, &got_bytes, failure)) {
        return false;
    }
    if (tolerant) {
        memset(samples + got_bytes, 0, size_bytes - got_bytes);
        return true;
    }
    if (got_bytes == size_bytes && !cli_input_read(input, &more, 1, &more_bytes, failure)) {
        return false;
    }
    if (got_bytes < size_bytes || more_bytes > 0) {
        const enum imgcore_status status = more_bytes > 0 ? IMGCORE_CORRUPT : IMGCORE_TRUNCATED;
        char expected[CLI_GROUPED_BYTES];
        char got[CLI_GROUPED_BYTES];
        return cli_fail(failure, imgcore_status_name(status),
                        "has %s%s bytes, but %ux%u pixels of %u channels are %s",
                        more_bytes > 0 ? "more than " : "", cli_grouped(got_bytes, got),
                        pixels->width_px, pixels->height_px, pixels->channels,
                        cli_grouped(size_bytes, expected));
    }
    return true;
}

bool cli_raw_read(struct imgcore_context *context, struct cli_input *input,
                  const struct cli_layout *layout, struct imgcore_options *options,
                  struct imgcore_pixels *pixels, struct cli_failure *failure) {
    *pixels = (struct imgcore_pixels){.stride_bytes = (ptrdiff_t)layout->width * layout->channels,
                                      .width_px = layout->width,
                                      .height_px = layout->height,
                                      .channels = layout->channels};
    if (!check_limits(context, input, options, pixels, failure)) {
        return false;
    }
    uint8_t *samples = malloc((size_t)bytes_of(pixels));
    pixels->first_row = samples;
    if (!samples) {
        return cli_fail(failure, imgcore_status_name(IMGCORE_NO_MEMORY), "%s",
                        imgcore_status_message(IMGCORE_NO_MEMORY));
    }
    return read_samples(input, pixels, samples, options->tolerant, failure);
}

void cli_raw_clear(struct imgcore_pixels *pixels) {
    free((void *)(uintptr_t)pixels->first_row);
    pixels->first_row = NULL;
}
